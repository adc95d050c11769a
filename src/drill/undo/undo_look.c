/*
 * Looking at a name without trusting it: opened one single name beneath a checked folder, first
 * only as a handle, and opened for writing only where it is the planted object or can be a file of
 * the run.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/fault.h"
#include "drill/undo/undo_proof.h"
#include "drill/undo/undo_whole.h"
#include "drill/undo/undo_work.h"

/* 2^24 hashes of a block are 10 to 60 s: the most that files which nothing explains can cost a job.
 */
#define SEARCH_UNDO (UINT64_C(1) << 24)
#define SEARCH_ASSESS (UINT64_C(1) << 21)

void sight_done(struct sight *s)
{
	if (s->fd >= 0)
		(void)close(s->fd); /* what counts is synced by the conductor */
	s->fd = -1;
}

static void foreign(struct sight *s, enum undo_reason reason, int errno_value)
{
	s->thing = THING_FOREIGN;
	s->reason = reason;
	s->errno_value = errno_value;
}

static enum thing tell(
	const struct undo_work *w, const struct look *l, const struct file_identity *id)
{
	const struct manifest *m = w->manifest;
	if (id->uid != m->uid)
		return THING_OTHER;
	uint64_t planted = l->file == NO_FILE ? 0 : m->files[l->file].inode;
	/* An unfinished planting knows the names that it was going to make, not yet the inodes. */
	bool by_name = w->partial && l->file != NO_FILE && planted == 0;
	if (by_name || (planted != 0 && id->inode == planted))
		return THING_OURS;
	bool fits = !l->sized || id->size_bytes == m->files[l->file].size_bytes;
	return l->made && fits ? THING_MADE : THING_OTHER;
}

/* Sets `thing`. False where it is nothing that could be opened safely. A planted decoy that a
 * backup linked to a second name is still the planted one: it can be read, and our name of it
 * removed. */
static bool check_kind(const struct undo_work *w, const struct look *l, struct sight *s)
{
	const struct file_identity *id = &s->identity;
	if (S_ISREG(id->mode) && id->device == w->manifest->device &&
		id->mount_id == w->view.root_mount_id) {
		s->thing = tell(w, l, id);
		if (id->n_links == 1)
			return true;
		if (s->thing == THING_OURS && !w->partial) {
			s->thing = THING_LINKED;
			s->reason = REASON_KIND;
			return true;
		}
	}
	foreign(s, REASON_KIND, 0);
	return false;
}

static void open_for_use(struct undo_work *w, const struct look *l, struct sight *s)
{
	struct error e = ERROR_NONE;
	struct file_identity again;
	bool writes = l->writes && w->writes && (s->thing == THING_OURS || s->thing == THING_MADE);
	int flags = (writes ? O_RDWR : O_RDONLY) | O_NONBLOCK | O_NOCTTY;
	if (file_open_beneath(s->folder_fd, l->name, flags, 0, &s->fd, &e) != OK) {
		foreign(s, REASON_SYSTEM, e.errno_value);
		return;
	}
	if (file_identify(s->fd, &again, &e) != OK || again.inode != s->identity.inode ||
		again.device != s->identity.device || again.uid != s->identity.uid ||
		(again.n_links != 1 && s->thing != THING_LINKED)) {
		sight_done(s);
		foreign(s, REASON_OTHER, 0);
	}
}

/* Why a folder or a name could not be opened: not there, not what was planted, or the system. */
static void not_opened(struct sight *s, enum status status, const struct error *e, bool folder)
{
	if (status == E_ABSENT)
		s->thing = THING_NONE;
	else if (folder && e->errno_value == 0)
		foreign(s, REASON_FOLDER, 0);
	else if (e->errno_value == ELOOP || e->errno_value == EXDEV || e->errno_value == ENOTDIR)
		foreign(s, folder ? REASON_FOLDER : REASON_KIND, 0);
	else
		foreign(s, REASON_SYSTEM, e->errno_value);
}

void undo_look(struct undo_work *w, const struct look *l, struct sight *out)
{
	struct error e = ERROR_NONE;
	*out = (struct sight){ .thing = THING_NONE, .fd = -1, .folder_fd = -1 };
	enum status status = arena_folder(&w->view, l->folder, &out->folder_fd, &e);
	if (status != OK) {
		out->folder_fd = -1;
		not_opened(out, status, &e, true);
		return;
	}
	AUTO_FD int handle = -1;
	status = file_open_beneath(out->folder_fd, l->name, O_PATH, 0, &handle, &e);
	if (status != OK) {
		not_opened(out, status, &e, false);
		return;
	}
	if (file_identify(handle, &out->identity, &e) != OK) {
		foreign(out, REASON_SYSTEM, e.errno_value);
		return;
	}
	if (!check_kind(w, l, out) || l->only_names)
		return;
	open_for_use(w, l, out);
}

void undo_shared_start(struct undo_shared *s, bool writes)
{
	uint64_t search = writes ? SEARCH_UNDO : SEARCH_ASSESS;
	atomic_store(&s->search_left, search);
	atomic_store(&s->n_bytes, 0);
	s->search_kept = search / 2;
}

enum status undo_work_start(struct undo_work *w, int arena_fd, struct pool *p, struct error *e)
{
	const struct manifest *m = w->manifest;
	TRY(arena_view_open(arena_fd, m, p, &w->view, e));
	w->view.any_inode = w->partial;
	w->view.n_open_max = w->n_folders_open_max;
	TRY(keystream_new(&w->keystream, e));
	w->solver = block_solver_new();
	w->digester = digester_new();
	w->whole =
		FAULT("undo_whole") ? NULL : malloc(WHOLE_BYTES_MAX); /* touched as far as needed */
	w->stream = pool_take(p, 1, WHOLE_STREAM_BYTES);
	w->chunk = pool_take(p, 1, UNDO_CHUNK_BYTES);
	w->block = pool_take(p, 1, BLOCK_BYTES);
	w->pieces = pool_take(p, BLOCK_BYTES, sizeof *w->pieces);
	if (w->solver == NULL || w->digester == NULL || w->whole == NULL || w->stream == NULL ||
		w->chunk == NULL || w->block == NULL || w->pieces == NULL)
		return error_set(e, E_NO_SPACE, "memory is short");
	return OK;
}

void undo_work_done(struct undo_work *w)
{
	arena_view_close(&w->view);
	keystream_free(w->keystream);
	block_solver_free(w->solver);
	digester_free(w->digester);
	free(w->whole);
	w->whole = NULL;
	w->keystream = NULL;
	w->solver = NULL;
	w->digester = NULL;
}
