/*
 * Undo, from the conductor's side. Two phases with a point of no return between them:
 *
 *   1. the role puts every changed decoy back and proves it; syncfs; the journal says REMOVE
 *   2. the role removes what was planted and made; the conductor removes the arena; UNDONE
 *
 * Before REMOVE is on disk nothing is ever removed, so an undo that was cut short finds everything
 * that it needs. After it, what is missing was removed by us.
 */
#include "drill/undo/undo.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/i18n.h"
#include "drill/keep/keep.h"
#include "drill/plain.h"
#include "drill/undo/undo_wire.h"

enum { LEFT_LINE_MAX = 8 * 1024 };

struct undoing {
	const struct undo_request *request;
	struct manifest manifest; /* the request's, with the device as it is now */
	struct undo_plan plan;
	struct pool *pool;
	struct buf journal_bytes;
	struct journal *journal;
	struct drill_undone done;
	uint32_t n_unproven; /* by this undo */
	bool is_stopped;
	int parent_fd; /* the folder that holds the arena */
	const char *arena_name;
	int arena_fd; /* -1: it is gone */
};

static void undoing_done(struct undoing *u)
{
	buf_done(&u->journal_bytes);
	journal_close(u->journal);
	if (u->parent_fd >= 0)
		(void)close(u->parent_fd); /* opened for reading, as the next */
	if (u->arena_fd >= 0)
		(void)close(u->arena_fd);
}

/* --- what is there --- */

static enum status read_journal(struct undoing *u, struct error *e)
{
	const struct undo_request *r = u->request;
	enum status status = file_read_all(
		r->keep_folder_fd, KEEP_JOURNAL, JOURNAL_BYTES_MAX, &u->journal_bytes, e);
	if (status != OK && status != E_ABSENT)
		return status;
	TRY(undo_plan_read(buf_view(&u->journal_bytes), r->manifest, u->pool, &u->plan, e));
	if (!u->plan.started)
		return OK;
	if (r->partial || !digest_equal(&u->plan.manifest, &r->manifest->hash))
		return error_set(e, E_INVALID, "the journal belongs to another planting");
	if (u->plan.uid != r->manifest->uid)
		return error_set(e, E_INVALID, "the journal names another user than the manifest");
	for (uint32_t i = 0; i < r->manifest->n_files; i++)
		if (u->plan.decoys[i].intended && (r->escrow == NULL || r->scenario == NULL))
			return error_set(e, E_INVALID,
				"decoys were changed, and the key or the scenario of the run is "
				"missing");
	return undo_check_names(&u->plan, r, e);
}

/* Opens a folder by its absolute path; no component of it may be a link. */
static int open_without_links(const char *path)
{
	struct open_how how = { .flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW,
		.resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS };
	return (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof how);
}

static enum status split_arena(struct undoing *u, const char **out_parent, struct error *e)
{
	const char *path = u->manifest.arena;
	const char *slash = path == NULL ? NULL : strrchr(path, '/');
	if (slash == NULL || path[0] != '/' || !file_is_single_name(view_of(slash + 1)))
		return error_set(e, E_INVALID, "the manifest's arena is not an absolute path");
	size_t len = slash == path ? 1 : (size_t)(slash - path);
	*out_parent = pool_text(u->pool, (struct view){ path, len });
	if (*out_parent == NULL)
		return error_set(e, E_NO_SPACE, "memory is short");
	u->arena_name = slash + 1;
	return OK;
}

/* Not even its inode came on record: it is empty, and has its first name. */
static bool is_unknown(const struct undoing *u)
{
	return u->request->partial && u->manifest.arena_inode == 0;
}

/* A restore that makes the folder anew does this, or whoever moved it and put a link there. */
static enum status not_the_planted(const struct undoing *u, struct error *e)
{
	return error_set(e, E_DENIED,
		"'%.300s' is not the folder that was planted: somebody, or a restore, put another "
		"in its place. It is left as it is; put the planted one back and undo again, or "
		"remove it yourself once nothing in it is needed",
		u->manifest.arena);
}

/* The number of a disk may change with a restart; nothing else of the arena's identity may. Inodes,
 * owners and names are compared with the manifest all the way down, and content is proven. */
static enum status check_arena(struct undoing *u, struct error *e)
{
	const struct manifest *m = &u->manifest;
	struct file_identity id;
	TRY(file_identify(u->arena_fd, &id, e));
	if (id.inode != m->arena_inode)
		return not_the_planted(u, e);
	if (id.uid != m->uid)
		return error_set(e, E_DENIED,
			"'%.300s' was given to uid %u, and the drill works as uid %u: give it "
			"back, "
			"as root, with chown -R %u:%u '%.300s' and undo again",
			m->arena, (unsigned)id.uid, (unsigned)m->uid, (unsigned)m->uid,
			(unsigned)m->gid, m->arena);
	u->manifest.device = id.device;
	return OK;
}

static enum status open_named(
	const struct undoing *u, const char *name, int *out_fd, struct error *e)
{
	enum status status = file_open_beneath(
		u->parent_fd, name, O_RDONLY | O_DIRECTORY | O_NONBLOCK, 0, out_fd, e);
	if (status == OK || status == E_ABSENT)
		return OK;
	/* A link or a file. */
	bool is_other = e->errno_value == ELOOP || e->errno_value == ENOTDIR;
	return is_other ? not_the_planted(u, e) : status;
}

/* A planting that was cut short may not have given the arena its name yet: whatever bears that name
 * then is somebody else's. */
static enum status open_under_first_name(struct undoing *u, struct error *e)
{
	char first[PLANTING_NAME_BYTES];
	AUTO_FD int fd = -1;
	struct file_identity id;
	planting_first_name(&u->manifest, first);
	TRY(open_named(u, first, &fd, e));
	if (fd < 0)
		return OK;
	TRY(file_identify(fd, &id, e));
	if (!is_unknown(u) && id.inode != u->manifest.arena_inode)
		return OK;
	u->arena_name = pool_text(u->pool, view_of(first));
	if (u->arena_name == NULL)
		return error_set(e, E_NO_SPACE, "memory is short");
	u->arena_fd = TAKE_FD(fd);
	return OK;
}

static enum status open_arena(struct undoing *u, struct error *e)
{
	const char *parent = NULL;
	TRY(split_arena(u, &parent, e));
	u->parent_fd = open_without_links(parent);
	if (u->parent_fd < 0 && errno == ENOENT)
		return OK;
	/* ENOTDIR: a link in the last place. */
	if (u->parent_fd < 0)
		return error_sys(e, errno == ELOOP || errno == ENOTDIR ? E_DENIED : E_FAILED, errno,
			"open '%s' without following links", parent);
	if (u->request->partial) {
		TRY(open_under_first_name(u, e));
		if (u->arena_fd >= 0 || is_unknown(u))
			return OK;
	}
	return open_named(u, u->arena_name, &u->arena_fd, e);
}

/* --- what is left, in words --- */

static const char *reason_text(enum undo_reason reason, int errno_value)
{
	switch (reason) {
	case REASON_NONE:
		return _("not proven");
	case REASON_MISSING:
		return _("nothing is there: moved away or deleted by somebody else");
	case REASON_CONTENT:
		return _("its content is neither the planted one nor explained by the run");
	case REASON_OTHER:
		return _("another object has this name");
	case REASON_KIND:
		return _("it is a link, a folder, a device, or a file with a second link");
	case REASON_FOLDER:
		return _("its folder is not the one that was planted");
	case REASON_NOTE:
		return _("a note whose text is not the run's");
	case REASON_NOT_EMPTY:
		return _("the folder holds something that the drill did not make");
	case REASON_SYSTEM:
		return i18n_text(strerror(errno_value));
	}
	return "";
}

static const char *reason_word(enum undo_reason reason)
{
	switch (reason) {
	case REASON_NONE:
		break;
	case REASON_MISSING:
		return "missing";
	case REASON_CONTENT:
		return "content";
	case REASON_OTHER:
		return "other-object";
	case REASON_KIND:
		return "kind";
	case REASON_FOLDER:
		return "folder";
	case REASON_NOTE:
		return "note";
	case REASON_NOT_EMPTY:
		return "not-empty";
	case REASON_SYSTEM:
		return "system";
	}
	return "";
}

static enum status folder_path(
	const struct manifest *m, uint32_t folder, struct buf *out, struct error *e)
{
	uint32_t chain[MANIFEST_DEPTH_MAX];
	size_t depth = 0;
	for (uint32_t at = folder; at != FOLDER_ROOT && depth < MANIFEST_DEPTH_MAX;
		at = m->folders[at].parent)
		chain[depth++] = at;
	while (depth > 0)
		buf_addf(out, "%s/", m->folders[chain[--depth]].name);
	return buf_check(out, "path", e);
}

static enum status place_text(const struct undoing *u, enum undo_left what, uint32_t index,
	struct buf *out, struct error *e)
{
	const struct manifest *m = &u->manifest;
	switch (what) {
	case LEFT_DECOY:
		return manifest_path(m, index, out, e);
	case LEFT_NEW_NAME:
		TRY(folder_path(m, m->files[index].folder, out, e));
		buf_add_text(out, u->plan.decoys[index].new_name);
		return OK;
	case LEFT_WORKING_NAME:
		TRY(folder_path(m, m->files[index].folder, out, e));
		buf_add_text(out, u->plan.decoys[index].working_name);
		return OK;
	case LEFT_NOTE:
		TRY(folder_path(m, u->plan.notes[index].folder, out, e));
		buf_add_text(out, u->plan.notes[index].name);
		return OK;
	case LEFT_FOLDER:
		return folder_path(m, index, out, e);
	}
	return OK;
}

static bool place_exists(const struct undoing *u, enum undo_left what, uint32_t index)
{
	switch (what) {
	case LEFT_DECOY:
		return index < u->manifest.n_files;
	case LEFT_NEW_NAME:
		return index < u->manifest.n_files && u->plan.decoys[index].new_name != NULL;
	case LEFT_WORKING_NAME:
		return index < u->manifest.n_files && u->plan.decoys[index].working_name != NULL;
	case LEFT_NOTE:
		return index < u->plan.n_notes;
	case LEFT_FOLDER:
		return index < u->manifest.n_folders;
	}
	return false;
}

/* A name that came from a bent manifest or journal is no text for a terminal as it is. */
enum status undone_name_left(
	struct drill_undone *d, struct pool *p, struct view line, const char *code, struct error *e)
{
	if (d->n_left_named == UNDO_NAMED_MAX)
		return OK;
	AUTO_BUF struct buf shown;
	buf_init(&shown, 2 * LEFT_LINE_MAX);
	plain_add(&shown, line, LEFT_LINE_MAX, false);
	TRY(buf_check(&shown, "path", e));
	if (d->left == NULL)
		d->left = pool_take(p, UNDO_NAMED_MAX, sizeof *d->left);
	if (d->left_codes == NULL)
		d->left_codes = pool_take(p, UNDO_NAMED_MAX, sizeof *d->left_codes);
	const char *text = pool_text(p, buf_view(&shown));
	if (d->left == NULL || d->left_codes == NULL || text == NULL)
		return error_set(e, E_NO_SPACE, "memory is short");
	d->left_codes[d->n_left_named] = code;
	d->left[d->n_left_named++] = text;
	return OK;
}

static enum status name_left(struct undoing *u, enum undo_left what, uint32_t index,
	enum undo_reason reason, int errno_value, struct error *e)
{
	AUTO_BUF struct buf line;
	buf_init(&line, LEFT_LINE_MAX);
	TRY(place_text(u, what, index, &line, e));
	buf_addf(&line, ": %s", reason_text(reason, errno_value));
	TRY(buf_check(&line, "path", e));
	return undone_name_left(&u->done, u->pool, buf_view(&line), reason_word(reason), e);
}

/* --- what the role says --- */

static enum status take_decoys(struct undoing *u, struct unpack *in, struct error *e)
{
	while (in->left > 0) {
		struct undo_decoy_told m;
		if (!undo_decoy_told_read(in, &m) || m.place >= u->manifest.n_files ||
			m.reason > REASON_SYSTEM)
			return undo_talk_garbled(e);
		/* What is there but not proven is left in phase two, and named then. */
		if (m.state == DECOY_MISSING)
			TRY(name_left(u, LEFT_DECOY, m.place, REASON_MISSING, 0, e));
	}
	return OK;
}

static enum status take_left(struct undoing *u, struct unpack *in, struct error *e)
{
	while (in->left > 0) {
		struct undo_left_told m;
		if (!undo_left_told_read(in, &m) || m.what > LEFT_FOLDER ||
			m.reason > REASON_SYSTEM ||
			!place_exists(u, (enum undo_left)m.what, m.index))
			return undo_talk_garbled(e);
		TRY(name_left(u, (enum undo_left)m.what, m.index, (enum undo_reason)m.reason,
			(int)m.errno_value, e));
	}
	return OK;
}

static enum status take_phase(struct undoing *u, struct unpack *in, struct error *e)
{
	struct undo_phase_told m;
	if (!undo_phase_told_read(in, &m))
		return undo_talk_garbled(e);
	u->is_stopped = m.is_stopped != 0;
	u->done.n_restored = m.n_restored;
	u->done.n_removed = m.n_removed;
	u->done.n_left = m.n_left;
	u->n_unproven = m.n_unproven;
	return OK;
}

/* Until the role has come to the end of a phase. */
static enum status listen_to_phase(struct undoing *u, struct undo_talk *t, struct error *e)
{
	uint8_t says = 0;
	while (says != UNDO_SAYS_PHASE) {
		struct unpack in;
		TRY(undo_talk_next(t, e));
		if (t->packet->type != WIRE_RESULT)
			return undo_talk_garbled(e);
		unpack_init(&in, t->packet->body);
		says = pack_get_u8(&in);
		if (says == UNDO_SAYS_DECOYS)
			TRY(take_decoys(u, &in, e));
		else if (says == UNDO_SAYS_LEFT)
			TRY(take_left(u, &in, e));
		else if (says == UNDO_SAYS_PHASE)
			TRY(take_phase(u, &in, e));
		else
			return undo_talk_garbled(e);
		if (!pack_end(&in))
			return undo_talk_garbled(e);
	}
	if (u->is_stopped)
		return error_set(e, E_STOPPED, "stopped on request; undo can be called again");
	return OK;
}

/* --- the journal --- */

static enum status open_journal(struct undoing *u, struct error *e)
{
	int keep_fd = u->request->keep_folder_fd;
	if (u->journal != NULL)
		return OK;
	enum status status = journal_resume(keep_fd, KEEP_JOURNAL, &u->journal, e);
	return status == E_ABSENT ? journal_create(keep_fd, KEEP_JOURNAL, &u->journal, e) : status;
}

static enum status commit(
	struct undoing *u, enum journal_kind kind, const struct buf *body, struct error *e)
{
	TRY(buf_check(body, "journal record", e));
	TRY(open_journal(u, e));
	TRY(journal_add(u->journal, kind, buf_view(body), e));
	(void)FAULT("undo_journal"); /* a place to die at */
	return journal_commit(u->journal, e);
}

static enum status flush_arena(const struct undoing *u, struct error *e)
{
	int done = FAULT("undo_sync") ? (errno = EIO, -1) : syncfs(u->arena_fd);
	if (done != 0)
		return error_sys(e, E_FAILED, errno, "bring the arena to the disk");
	return OK;
}

static enum status journal_remove(struct undoing *u, struct error *e)
{
	uint32_t n = u->n_unproven;
	if (u->plan.removing) {
		/* What has to be restored now was not proven then; what is missing may be either.
		 */
		uint32_t before = u->plan.found.n_unproven;
		uint32_t left = before > u->done.n_restored ? before - u->done.n_restored : 0;
		n = n > left ? n : left;
		if (n == before)
			return OK;
	}
	AUTO_BUF struct buf body;
	buf_init(&body, 64);
	u->plan.found = (struct undo_remove){ .verified = n == 0, .n_unproven = n };
	undo_remove_write(&body, &u->plan.found);
	return commit(u, JOURNAL_REMOVE, &body, e);
}

static enum status journal_undone(struct undoing *u, struct error *e)
{
	AUTO_BUF struct buf body;
	buf_init(&body, 64);
	struct journal_phase_record m = { .phase = PHASE_UNDONE,
		.at_ns = clock_wall_ns(NULL),
		.at_boot_ns = clock_boot_ns(NULL) };
	journal_phase_record_write(&body, &m);
	return commit(u, JOURNAL_PHASE, &body, e);
}

/* --- the two phases --- */

static enum status work_in_arena(struct undoing *u, struct error *e)
{
	const struct undo_request *r = u->request;
	struct undo_talk_start start = {
		.task = UNDO_TASK_UNDO,
		.manifest = &u->manifest,
		.journal = buf_view(&u->journal_bytes),
		.scenario = r->scenario,
		.escrow = r->escrow,
		.partial = r->partial,
		.twin = r->twin,
		.removing = u->plan.removing,
		.arena_fd = u->arena_fd,
		.watch = r->watch,
		.stage = DRILL_STAGE_UNDO,
	};
	AUTO_UNDO_TALK struct undo_talk talk = { .process = ROLE_PROCESS_NONE };
	TRY(undo_talk_open(&start, &talk, e));
	TRY(listen_to_phase(u, &talk, e));
	TRY(flush_arena(u, e));
	TRY(journal_remove(u, e));
	TRY(undo_talk_go_on(&talk, e));
	TRY(listen_to_phase(u, &talk, e));
	TRY(undo_talk_next(&talk, e));
	return talk.packet->type == WIRE_FINISHED ? OK : undo_talk_garbled(e);
}

/* rmdir takes nothing but an empty folder; that it is ours was checked on the open descriptor, and
 * the name must still lead to it. */
static enum status remove_arena(struct undoing *u, struct error *e)
{
	struct file_identity opened;
	struct file_identity named;
	AUTO_FD int fd = -1;
	TRY(flush_arena(u, e));
	enum status status =
		file_open_beneath(u->parent_fd, u->arena_name, O_RDONLY | O_DIRECTORY, 0, &fd, e);
	if (status == E_ABSENT)
		return OK;
	TRY(status);
	TRY(file_identify(u->arena_fd, &opened, e));
	TRY(file_identify(fd, &named, e));
	if (opened.inode != named.inode || opened.device != named.device)
		return error_set(e, E_CONFLICT, "'%s' was exchanged meanwhile", u->manifest.arena);
	(void)FAULT("undo_arena"); /* a place to die at */
	if (unlinkat(u->parent_fd, u->arena_name, AT_REMOVEDIR) == 0) {
		u->done.n_removed++;
		return file_sync_folder(u->parent_fd, e);
	}
	int errno_value = errno;
	AUTO_BUF struct buf line;
	buf_init(&line, LEFT_LINE_MAX);
	enum undo_reason why = errno_value == ENOTEMPTY ? REASON_NOT_EMPTY : REASON_SYSTEM;
	buf_addf(&line, "%s: %s", u->manifest.arena, reason_text(why, errno_value));
	TRY(buf_check(&line, "path", e));
	u->done.n_left++;
	return undone_name_left(&u->done, u->pool, buf_view(&line), reason_word(why), e);
}

static enum status conclude(struct undoing *u, struct error *e)
{
	const struct drill_undone *d = &u->done;
	uint32_t before = u->plan.found.n_unproven; /* earlier undos count as well */
	uint32_t n_unproven = u->n_unproven > before ? u->n_unproven : before;
	if (d->n_left == 0 && n_unproven == 0)
		return OK;
	if (d->n_left == 0)
		return error_set(
			e, E_PARTLY, "%u decoys were not there to be proven", (unsigned)n_unproven);
	return error_set(e, E_PARTLY,
		"%u objects were left where they are, %u decoys are not proven",
		(unsigned)d->n_left, (unsigned)n_unproven);
}

/* The arena's folder is gone: by an undo that was cut short, or not by us. */
static enum status without_arena(struct undoing *u, struct error *e)
{
	if (u->plan.removing) {
		if (u->parent_fd >= 0)
			TRY(file_sync_folder(u->parent_fd, e));
		u->done.verified = u->plan.found.verified != 0;
		u->done.is_over = true;
		TRY(journal_undone(u, e));
		return conclude(u, e);
	}
	if (u->request->partial) {
		u->done.verified = true;
		u->done.is_over = true;
		return OK;
	}
	/* Perhaps its disk is not mounted. Nothing is journaled, so that a later undo can do it
	 * all. */
	u->n_unproven = u->manifest.n_files;
	AUTO_BUF struct buf line;
	buf_init(&line, LEFT_LINE_MAX);
	buf_addf(&line, "%s: %s", u->manifest.arena, reason_text(REASON_MISSING, 0));
	TRY(buf_check(&line, "path", e));
	TRY(undone_name_left(&u->done, u->pool, buf_view(&line), reason_word(REASON_MISSING), e));
	return conclude(u, e);
}

/* A planting that ended before it knew what it had made: only an empty folder of ours goes. */
static enum status remove_unknown_arena(struct undoing *u, struct error *e)
{
	struct file_identity id;
	TRY(file_identify(u->arena_fd, &id, e));
	u->done.verified = true;
	if (id.uid != u->manifest.uid && id.uid != geteuid())
		return not_the_planted(u, e);
	TRY(remove_arena(u, e));
	u->done.is_over = u->done.n_left == 0;
	return conclude(u, e);
}

static enum status undo_all(struct undoing *u, struct error *e)
{
	TRY(read_journal(u, e));
	if (u->plan.undone) {
		u->done.verified = u->plan.found.verified != 0;
		u->done.is_over = true;
		return conclude(u, e);
	}
	TRY(open_arena(u, e));
	if (u->arena_fd < 0)
		return without_arena(u, e);
	/* Asked here, too, for the folder that goes without a role. */
	TRY(undo_check_uid(&u->manifest, e));
	if (is_unknown(u))
		return remove_unknown_arena(u, e);
	TRY(check_arena(u, e));
	TRY(work_in_arena(u, e));
	u->done.verified = u->plan.found.verified != 0 && u->n_unproven == 0;
	TRY(remove_arena(u, e));
	(void)FAULT("undo_finish"); /* a place to die at */
	u->done.is_over = u->done.n_left == 0;
	if (u->done.is_over)
		TRY(journal_undone(u, e));
	return conclude(u, e);
}

enum status undo_run(
	const struct undo_request *r, struct pool *p, struct drill_undone *out, struct error *e)
{
	__attribute__((cleanup(undoing_done))) struct undoing u = {
		.request = r, .manifest = *r->manifest, .pool = p, .parent_fd = -1, .arena_fd = -1
	};
	buf_init(&u.journal_bytes, JOURNAL_BYTES_MAX);
	enum status status = undo_all(&u, e);
	/* What was left or not proven is named: the outcome counts there too. */
	if (status == OK || status == E_PARTLY)
		*out = u.done;
	return status;
}
