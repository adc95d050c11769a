/*
 * Patterns that write a new file and then do away with the original. For a whole batch the new
 * files and their folders are brought to the disk before the first original goes: at any instant,
 * power cut included, a decoy's content is at its planted name, or complete in the new file, or in
 * both.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/random.h"
#include "drill/attack/emulate.h"
#include "sys/file.h"

enum { CALLS_BETWEEN_LOOKS = 4096 };

static void close_pair(struct task *t)
{
	if (t->old_fd >= 0)
		(void)close(t->old_fd); /* what must be on disk was synced before */
	if (t->new_fd >= 0)
		(void)close(t->new_fd);
	if (t->folder_fd >= 0)
		(void)close(t->folder_fd);
	t->old_fd = t->new_fd = t->folder_fd = -1;
}

/* Where the new file stands now. */
static const char *name_of(const struct task *t, char working[256])
{
	return t->at_working_name && journal_working_name(t->new_name, working) ? working
										: t->new_name;
}

/* The new file again from the folder, where it is still the one that we made. */
static void abandon(struct task *t)
{
	char working[256];
	const char *name = name_of(t, working);
	if (t->new_fd >= 0 && name_leads_to(t->folder_fd, name, t->new_fd))
		(void)unlinkat(t->folder_fd, name, 0); /* else undo finds it by its intent */
	close_pair(t);
}

/* Where the copy stands: inside an extent, or in the stretch before the next one. */
struct cover {
	struct extent_walk walk;
	struct extent now;
	bool has;
};

static void cover_start(struct cover *c, const struct region *region, uint64_t size_bytes)
{
	extent_walk_start(&c->walk, region, size_bytes);
	c->has = extent_walk_next(&c->walk, &c->now);
}

/* How much the next call takes, and whether it is changed: what lies in an extent goes in calls of
 * the scenario's size, what lies between is copied in large ones. */
static size_t cover_step(struct cover *c, const struct worker *w, uint64_t at, uint64_t size_bytes,
	bool *out_changes)
{
	if (c->has && at >= c->now.offset + c->now.len)
		c->has = extent_walk_next(&c->walk, &c->now);
	*out_changes = c->has && at >= c->now.offset;
	uint64_t end = size_bytes;
	if (c->has)
		end = *out_changes ? c->now.offset + c->now.len : c->now.offset;
	size_t most = *out_changes ? w->emulation->scenario->io_bytes : w->n_bytes;
	return end - at < most ? (size_t)(end - at) : most;
}

static enum file_result copy_changed(struct worker *w, struct task *t, uint64_t size_bytes)
{
	struct cover cover;
	cover_start(&cover, t->region, size_bytes);
	unsigned n_calls = 0;
	for (uint64_t at = 0; at < size_bytes;) {
		bool changes = false;
		size_t n = cover_step(&cover, w, at, size_bytes, &changes);
		/* The original is whole as yet, so a long copy can be given up in between. */
		if (++n_calls % CALLS_BETWEEN_LOOKS == 0 && emulation_is_over(w->emulation))
			return FILE_SKIPPED;
		enum file_result result = read_at(t->old_fd, at, w->bytes, n);
		if (result != FILE_CHANGED)
			return result;
		if (changes) {
			keystream_apply(w->keystream, at, w->bytes, n);
			t->bytes_changed += n;
		}
		result = write_at(t->new_fd, at, w->bytes, n, NULL);
		if (result != FILE_CHANGED)
			return result;
		at += n;
	}
	return FILE_CHANGED;
}

enum file_result emulate_new_write(struct worker *w, struct task *t)
{
	const struct manifest_file *f = &w->emulation->manifest->files[t->step.index];
	bool overwrites = w->emulation->scenario->write == WRITE_NEW_OVERWRITE_UNLINK;
	struct error e = ERROR_NONE;
	enum file_result result;
	char working[256];
	int folder_fd = -1;
	t->at_working_name = w->emulation->scenario->rename == RENAME_AFTER;
	if (!worker_open_file(w, t, overwrites ? O_RDWR : O_RDONLY, &t->old_fd, &result))
		return result;
	emulation_mark_t0(w->emulation);
	if (worker_folder(w, f->folder, &folder_fd, &e) != OK ||
		file_open_beneath(folder_fd, ".", O_RDONLY | O_DIRECTORY, 0, &t->folder_fd, &e) !=
			OK ||
		file_open_beneath(t->folder_fd, name_of(t, working), O_RDWR | O_CREAT | O_EXCL,
			0600, &t->new_fd, &e) != OK) {
		close_pair(t);
		return result_of(&e);
	}
	keystream_file(w->keystream, w->emulation->request.escrow.bytes, t->step.index);
	result = copy_changed(w, t, f->size_bytes);
	if (result == FILE_CHANGED)
		result = write_footer(w, f->size_bytes, t->new_fd, NULL);
	if (result != FILE_CHANGED) {
		t->bytes_changed = 0;
		abandon(t);
	}
	return result;
}

/* The complete file gets the name under which it stays. */
static bool rename_new(struct task *t)
{
	char working[256];
	if (!t->at_working_name)
		return true;
	if (!name_leads_to(t->folder_fd, name_of(t, working), t->new_fd) ||
		renameat2(t->folder_fd, working, t->folder_fd, t->new_name, RENAME_NOREPLACE) != 0)
		return false;
	t->at_working_name = false;
	(void)FAULT("emulate_rename_new"); /* a place to die at */
	return true;
}

/* True where new file, its name and its folder are on the disk. */
static bool make_durable(struct task *t)
{
	return !FAULT("emulate_sync") && fdatasync(t->new_fd) == 0 && rename_new(t) &&
	       fsync(t->folder_fd) == 0;
}

/* Over the original, in the scenario's calls, with a stream that nobody keeps. */
static enum file_result overwrite(struct worker *w, struct task *t, uint64_t size_bytes)
{
	unsigned char key[ESCROW_KEY_BYTES];
	size_t call = w->emulation->scenario->io_bytes;
	random_bytes(key, sizeof key);
	keystream_file(w->keystream, key, t->step.index);
	for (uint64_t at = 0; at < size_bytes;) {
		size_t n = size_bytes - at < call ? (size_t)(size_bytes - at) : call;
		memset(w->bytes, 0, n);
		keystream_apply(w->keystream, at, w->bytes, n);
		enum file_result result = write_at(t->old_fd, at, w->bytes, n, &t->touched);
		if (result != FILE_CHANGED)
			return result;
		at += n;
	}
	return FILE_CHANGED;
}

static enum file_result end_original(struct worker *w, struct task *t)
{
	const struct manifest_file *f = &w->emulation->manifest->files[t->step.index];
	struct error e = ERROR_NONE;
	enum file_result result = FILE_CHANGED;
	if (!name_leads_to(t->folder_fd, f->name, t->old_fd))
		return FILE_FOREIGN;
	(void)FAULT("emulate_original"); /* a place to die at */
	if (w->emulation->scenario->write == WRITE_NEW_OVERWRITE_UNLINK)
		result = overwrite(w, t, f->size_bytes);
	if (result == FILE_CHANGED && unlinkat(t->folder_fd, f->name, 0) != 0) {
		(void)error_sys(&e, E_FAILED, errno, "unlink");
		result = result_of(&e);
	}
	t->touched = t->touched || result == FILE_CHANGED;
	return result;
}

/* What was not made durable because the run is over goes with the rest: see emulate_new_settle. */
void emulate_new_make_durable(struct worker *w, struct task *tasks, size_t n_tasks)
{
	for (size_t i = 0; i < n_tasks && !emulation_is_over(w->emulation); i++)
		if (tasks[i].new_fd >= 0 && !make_durable(&tasks[i])) {
			tasks[i].result = FILE_FAILED;
			tasks[i].bytes_changed = 0;
			abandon(&tasks[i]);
		}
}

void emulate_new_settle(struct worker *w, struct task *t)
{
	if (t->new_fd < 0)
		return;
	if (emulation_is_over(w->emulation)) {
		t->was_done = false;
		t->bytes_changed = 0;
		abandon(t);
		return;
	}
	const struct stopwatch started = stopwatch_start();
	t->result = end_original(w, t);
	stopwatch_add(&started, t);
	t->at_boot_ns = clock_boot_ns(NULL);
	emulation_weigh(w->emulation, t->result);
	/* The new file of an original that stays as it was (exchanged, or held by somebody) goes
	 * again. One that was overwritten, even in part, has only the new file. */
	if (!t->touched) {
		t->bytes_changed = 0;
		abandon(t);
	}
	close_pair(t);
}
