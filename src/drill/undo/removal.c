/*
 * Removing what the planting and the run made, and nothing else: an object goes only where its
 * identity is the manifest's, or it is a proven restored file, or it stands at a name that the
 * journal gave and could only have been made by the run. Whatever else is met stays and is named.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/fault.h"
#include "drill/undo/undo_proof.h"
#include "drill/undo/undo_work.h"

enum { NOTE_BYTES_MAX = 64 * 1024 };

struct target {
	enum undo_left what;
	uint32_t index;
};

static void leave(struct removal *r, struct target t, enum undo_reason why, int errno_value)
{
	r->n_left++;
	r->left(r, t.what, t.index, why, errno_value);
}

static void remove_name(
	int folder_fd, const char *name, int flags, struct target t, struct removal *r)
{
	int done = FAULT("undo_unlink") ? (errno = EIO, -1) : unlinkat(folder_fd, name, flags);
	if (done == 0)
		r->n_removed++;
	else if (errno == ENOTEMPTY || errno == EEXIST)
		leave(r, t, REASON_NOT_EMPTY, 0);
	else if (errno != ENOENT)
		leave(r, t, REASON_SYSTEM, errno);
}

/* A decoy that is not accounted for stays, so that somebody can look at it. */
static bool accounted_for(const struct undo_work *w, uint32_t file, const struct decoy_finding *f)
{
	return w->partial || undo_is_excused(w, file, f) || f->proven_inode != 0;
}

static bool is_proven(const struct sight *s, const struct decoy_finding *f)
{
	return f->proven_inode != 0 && s->identity.inode == f->proven_inode &&
	       s->identity.changed_ns == f->proven_changed_ns;
}

/* The original of a new-file pattern was unlinked by the run; its inode can be anybody's by now. */
static bool may_be_another(const struct undo_work *w, struct target t)
{
	const struct undo_decoy *plan = &w->plan->decoys[t.index];
	return t.what == LEFT_DECOY && plan->makes_new_file && !plan->destroyed && !w->partial;
}

static void remove_at(struct undo_work *w, const struct look *l, const struct decoy_finding *f,
	struct target t, struct removal *r)
{
	AUTO_SIGHT struct sight s;
	undo_look(w, l, &s);
	switch (s.thing) {
	case THING_NONE:
		return;
	case THING_FOREIGN:
		leave(r, t, s.reason, s.errno_value);
		return;
	case THING_OURS:
	case THING_MADE:
		if (is_proven(&s, f) || (accounted_for(w, l->file, f) && !may_be_another(w, t)))
			remove_name(s.folder_fd, l->name, 0, t, r);
		else
			leave(r, t, f->reason == REASON_NONE ? REASON_OTHER : f->reason,
				f->errno_value);
		return;
	case THING_OTHER:
	case THING_LINKED: /* the other link, and with it the content, stays whose it is */
		if (is_proven(&s, f))
			remove_name(s.folder_fd, l->name, 0, t, r);
		else
			leave(r, t, s.thing == THING_LINKED ? s.reason : REASON_OTHER, 0);
		return;
	}
}

void removal_decoy(
	struct undo_work *w, uint32_t file, const struct decoy_finding *f, struct removal *r)
{
	const struct undo_decoy *plan = &w->plan->decoys[file];
	const struct manifest_file *planted = &w->manifest->files[file];
	struct look l = {
		.folder = planted->folder, .file = file, .name = planted->name, .only_names = true
	};
	remove_at(w, &l, f, (struct target){ LEFT_DECOY, file }, r);
	l.made = plan->makes_new_file;
	l.name = plan->new_name;
	if (l.name != NULL)
		remove_at(w, &l, f, (struct target){ LEFT_NEW_NAME, file }, r);
	/* An unfinished copy: its original was not touched as yet. */
	l.name = plan->working_name;
	if (l.name != NULL)
		remove_at(w, &l, f, (struct target){ LEFT_WORKING_NAME, file }, r);
}

/* One write makes a note, so after a kill or a power cut it is whole, empty, or never got its
 * bytes. */
static bool is_note(struct undo_work *w, const struct undo_note *note, const struct sight *s)
{
	if (s->thing != THING_MADE || s->identity.size_bytes > NOTE_BYTES_MAX)
		return false;
	size_t n = s->identity.size_bytes;
	if (!undo_read_at(s->fd, w->chunk, n, 0))
		return false;
	struct digest got = digest_of(w->chunk, n);
	return digest_equal(&got, &note->content) || block_is_zero(w->chunk, n);
}

void removal_note(struct undo_work *w, size_t index, struct removal *r)
{
	const struct undo_note *note = &w->plan->notes[index];
	struct look l = {
		.folder = note->folder, .file = NO_FILE, .name = note->name, .made = true
	};
	struct target t = { LEFT_NOTE, (uint32_t)index };
	AUTO_SIGHT struct sight s;
	undo_look(w, &l, &s);
	if (s.thing == THING_NONE)
		return;
	if (s.thing == THING_FOREIGN)
		leave(r, t, s.reason, s.errno_value);
	else if (is_note(w, note, &s))
		remove_name(s.folder_fd, l.name, 0, t, r);
	else
		leave(r, t, REASON_NOTE, 0);
}

void removal_folder(struct undo_work *w, uint32_t folder, struct removal *r)
{
	const struct manifest_folder *f = &w->manifest->folders[folder];
	struct target t = { LEFT_FOLDER, folder };
	struct error e = ERROR_NONE;
	int fd = -1;
	int parent_fd = -1;
	enum status status = arena_folder(&w->view, folder, &fd, &e);
	if (status == OK)
		status = arena_folder(&w->view, f->parent, &parent_fd, &e);
	if (status == E_ABSENT)
		return;
	if (status != OK) {
		leave(r, t, e.errno_value == 0 ? REASON_FOLDER : REASON_SYSTEM, e.errno_value);
		return;
	}
	remove_name(parent_fd, f->name, AT_REMOVEDIR, t, r);
}
