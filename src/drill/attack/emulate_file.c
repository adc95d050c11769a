/*
 * One decoy changed in place. The order of the steps is what undo relies on: the intent is on disk
 * (the conductor answered), then rename, footer and extents one after the other as the scenario has
 * them. At any instant the file has its planted size or up to one footer more, and every block is a
 * planted one with the extents before some point changed: see docs/modules/drill-attack.md.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fault.h"
#include "drill/attack/emulate.h"

#define WINDOW_BYTES (8 * MIB) /* of a mapping: bounds the address space that threads need */

/* Reads, changes and writes in calls of the scenario's size. */
static enum file_result change_by_calls(
	struct worker *w, struct task *t, int fd, const struct extent *x)
{
	size_t call = w->emulation->scenario->io_bytes;
	uint64_t end = x->offset + x->len;
	for (uint64_t at = x->offset; at < end;) {
		size_t n = end - at < call ? (size_t)(end - at) : call;
		enum file_result result = read_at(fd, at, w->bytes, n);
		if (result != FILE_CHANGED)
			return result;
		keystream_apply(w->keystream, at, w->bytes, n);
		result = write_at(fd, at, w->bytes, n, &t->touched);
		if (result != FILE_CHANGED)
			return result;
		t->bytes_changed += n;
		at += n;
	}
	return FILE_CHANGED;
}

/* A part of the file that is mapped; the one before is given back. */
struct window {
	unsigned char *at;
	uint64_t offset;
	size_t len;
};

static void window_close(struct window *v)
{
	if (v->at != NULL)
		(void)munmap(v->at, v->len); /* cannot fail for what mmap gave */
	v->at = NULL;
}

static bool window_move(struct window *v, int fd, uint64_t offset, uint64_t size_bytes)
{
	window_close(v);
	v->offset = offset - offset % WINDOW_BYTES;
	v->len = size_bytes - v->offset < WINDOW_BYTES ? (size_t)(size_bytes - v->offset)
						       : (size_t)WINDOW_BYTES;
	void *at = mmap(NULL, v->len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)v->offset);
	v->at = at == MAP_FAILED ? NULL : at;
	return v->at != NULL;
}

/* Stores into a shared mapping: hardly any write call is seen. */
static bool change_by_stores(
	struct worker *w, int fd, struct window *v, const struct extent *x, uint64_t size_bytes)
{
	uint64_t end = x->offset + x->len;
	for (uint64_t at = x->offset; at < end;) {
		if (v->at == NULL || at < v->offset || at >= v->offset + v->len) {
			if (!window_move(v, fd, at, size_bytes))
				return false;
		}
		uint64_t left = v->offset + v->len - at;
		size_t n = end - at < left ? (size_t)(end - at) : (size_t)left;
		keystream_apply(w->keystream, at, v->at + (at - v->offset), n);
		at += n;
	}
	return true;
}

static enum file_result change_extents(struct worker *w, struct task *t, int fd)
{
	uint64_t size = w->emulation->manifest->files[t->step.index].size_bytes;
	bool maps = w->emulation->scenario->write == WRITE_IN_PLACE_MMAP;
	struct extent_walk walk;
	struct extent x;
	struct window window = { NULL, 0, 0 };
	enum file_result result = FILE_CHANGED;
	extent_walk_start(&walk, t->region, size);
	while (result == FILE_CHANGED && extent_walk_next(&walk, &x)) {
		(void)FAULT("emulate_extent"); /* a place to die at */
		if (!maps) {
			result = change_by_calls(w, t, fd, &x);
		} else if (change_by_stores(w, fd, &window, &x, size)) {
			t->touched = true;
			t->bytes_changed += x.len;
		} else {
			result = errno == EACCES || errno == EPERM ? FILE_REFUSED : FILE_FAILED;
		}
	}
	window_close(&window);
	return result;
}

static enum file_result rename_now(struct worker *w, const struct task *t, int fd)
{
	struct error e = ERROR_NONE;
	const char *name = w->emulation->manifest->files[t->step.index].name;
	int folder_fd = -1;
	if (worker_folder(w, w->emulation->manifest->files[t->step.index].folder, &folder_fd, &e) !=
		OK)
		return result_of(&e);
	if (!name_leads_to(folder_fd, name, fd))
		return FILE_FOREIGN;
	if (renameat2(folder_fd, name, folder_fd, t->new_name, RENAME_NOREPLACE) == 0)
		return FILE_CHANGED;
	(void)error_sys(&e, E_FAILED, errno, "rename");
	return errno == EEXIST ? FILE_FOREIGN : result_of(&e);
}

/* Faults that tests provoke to see how their signals are told apart. */
static void provoke(const struct worker *w, int fd)
{
	if (FAULT("emulate_size_limit") && ftruncate(fd, INT64_MAX) != 0)
		return;
	if (FAULT("emulate_forbidden_call"))
		(void)syscall(SYS_ptrace, 0, 0, 0, 0);
	if (FAULT("emulate_crash"))
		/* cppcheck-suppress nullPointer */
		*(volatile unsigned char *)(uintptr_t)(w->n_bytes & 1) = 0;
}

enum file_result emulate_in_place(struct worker *w, struct task *t)
{
	const struct scenario *s = w->emulation->scenario;
	const struct manifest_file *f = &w->emulation->manifest->files[t->step.index];
	enum file_result result;
	AUTO_FD int fd = -1;
	if (!worker_open_file(w, t, O_RDWR, &fd, &result))
		return result;
	keystream_file(w->keystream, w->emulation->request.escrow.bytes, t->step.index);
	emulation_mark_t0(w->emulation);
	provoke(w, fd);
	result = FILE_CHANGED;
	if (s->rename == RENAME_BEFORE)
		result = rename_now(w, t, fd);
	if (result == FILE_CHANGED && s->footer_first)
		result = write_footer(w, f->size_bytes, fd, &t->touched);
	if (result == FILE_CHANGED)
		result = change_extents(w, t, fd);
	if (result == FILE_CHANGED && !s->footer_first)
		result = write_footer(w, f->size_bytes, fd, &t->touched);
	if (result == FILE_CHANGED && s->rename == RENAME_AFTER)
		result = rename_now(w, t, fd);
	t->touched = t->touched || result == FILE_CHANGED;
	return result;
}
