/*
 * Planting, from the conductor's side: plan, record, make the arena, start the planter, keep what
 * it tells.
 *
 * What is written when (all sealed, by atomic replacement, flushed): "planting" with the plan
 * before the arena is made; again once the arena's inode is known, before it gets its name;
 * "manifest" once everything is on disk; then "planting" goes. So there is no moment at which
 * something stands in the arena that undo could not find, and none at which undo would have to go
 * by a name that somebody else may have given: until its inode is on record the arena's name holds
 * the drill's id.
 */
#include "drill/decoy/planting.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/i18n.h"
#include "drill/decoy/corpus.h"
#include "drill/decoy/planter.h"
#include "drill/keep/seal.h"
#include "drill/wire.h"
#include "sys/file.h"

#define RECORD_PLAN "planting"
#define RECORD_DONE "manifest"
#define RECORD_BYTES_MAX (MANIFEST_BYTES_MAX + SEAL_BYTES)
/* Free space that a planting leaves to others, beside what it takes. */
#define SPACE_LEFT_BYTES (16 * MIB)
enum { TICK_MS = 100, INODES_LEFT = 1000, FAREWELL_MS = 2000 };

struct planting {
	const struct planting_request *r;
	struct pool *pool;
	struct manifest m;
	uint32_t first_folder, first_file; /* of this generation */
	int arena_fd;
	struct role_process process;
	struct confine_locks locks;
	uint32_t n_folders_made, n_files_made;
	uint64_t n_bytes_made;
	int64_t started_boot_ns, told_boot_ns;
	bool finished;
};

/* --- records in the drill's folder --- */

static enum status keep(int keep_folder_fd, const char *name, struct manifest *m, struct error *e)
{
	AUTO_BUF struct buf bytes;
	buf_init(&bytes, RECORD_BYTES_MAX);
	TRY(manifest_write(m, &bytes, e));
	TRY(seal_add(keep_folder_fd, name, &bytes, e));
	if (FAULT("planting_keep"))
		return error_sys(e, E_FAILED, ENOSPC, "keep the %s", name);
	return file_replace(keep_folder_fd, name, buf_view(&bytes), 0600, e);
}

/* A device's number is good until the next start or mount: the arena is known by inode and owner,
 * and its device is taken as it is now. Where something else stands there the old number stays, and
 * whoever opens the arena finds it to be another folder. The hash stays that of the record. */
static void settle_device(struct manifest *m)
{
	AUTO_FD int fd = openat(AT_FDCWD, m->arena, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct error unused;
	struct file_identity id;
	if (fd >= 0 && file_identify(fd, &id, &unused) == OK && id.inode == m->arena_inode &&
		id.uid == m->uid)
		m->device = id.device;
}

static enum status load(
	int keep_folder_fd, const char *name, struct pool *p, struct manifest *out, struct error *e)
{
	AUTO_BUF struct buf bytes;
	buf_init(&bytes, 0);
	struct view content;
	TRY(file_read_all(keep_folder_fd, name, RECORD_BYTES_MAX, &bytes, e));
	TRY(seal_check(keep_folder_fd, name, buf_view(&bytes), &content, e));
	TRY(manifest_read(content, p, out, e));
	settle_device(out);
	return OK;
}

enum status planting_load(int keep_folder_fd, struct pool *p, struct manifest *out, struct error *e)
{
	return load(keep_folder_fd, RECORD_DONE, p, out, e);
}

enum status planting_load_partial(int keep_folder_fd, struct pool *p, struct manifest *out,
	bool *out_partial, struct error *e)
{
	struct manifest done;
	struct manifest plan;
	enum status has_done = load(keep_folder_fd, RECORD_DONE, p, &done, e);
	if (has_done != OK && has_done != E_ABSENT)
		return has_done;
	enum status has_plan = load(keep_folder_fd, RECORD_PLAN, p, &plan, e);
	if (has_plan != OK && has_plan != E_ABSENT)
		return has_plan;
	if (has_done != OK && has_plan != OK)
		return error_set(e, E_ABSENT, "nothing was planted");
	/* A plan that is not ahead of the manifest is a leftover: its planting came to its end. */
	bool partial =
		has_plan == OK && (has_done != OK || plan.n_generations > done.n_generations);
	*out = partial ? plan : done;
	*out_partial = partial;
	return OK;
}

static enum status drop_plan(int keep_folder_fd, struct error *e)
{
	if (unlinkat(keep_folder_fd, RECORD_PLAN, 0) != 0 && errno != ENOENT)
		return error_sys(e, E_FAILED, errno, "remove the plan of the planting");
	return file_sync_folder(keep_folder_fd, e);
}

/* --- before --- */

static enum status make_plan(struct planting *pl, struct error *e)
{
	const struct planting_request *r = pl->r;
	struct dice d;
	dice_init(&d, r->seed);
	struct corpus_request plan = { r->scenario, r->n_decoys, r->generation, r->wall_ns,
		r->so_far };
	TRY(corpus_plan(&plan, &d, pl->pool, &pl->m, e));
	if (r->so_far != NULL) {
		pl->first_folder = r->so_far->n_folders;
		pl->first_file = r->so_far->n_files;
		return OK;
	}
	if (strlen(r->id) >= sizeof pl->m.id)
		return error_set(e, E_INVALID, "'%.60s' is no id of a planting", r->id);
	memcpy(pl->m.id, r->id, strlen(r->id) + 1);
	pl->m.arena = pool_text(pl->pool, view_of(r->arena));
	if (pl->m.arena == NULL)
		return error_set(e, E_NO_SPACE, "memory for planting is short");
	uid_t uid;
	gid_t gid;
	TRY(confine_pick_uid(r->seed, &uid, &gid, e));
	pl->m.uid = uid;
	pl->m.gid = gid;
	return OK;
}

static uint64_t bytes_needed(const struct planting *pl)
{
	uint64_t n = (uint64_t)(pl->m.n_folders - pl->first_folder) * BLOCK_BYTES;
	for (uint32_t i = pl->first_file; i < pl->m.n_files; i++)
		n += decoy_disk_bytes(&pl->m.files[i]);
	return n;
}

static enum status check_space(
	const struct planting *pl, const struct file_system *fs, struct error *e)
{
	uint64_t needed = bytes_needed(pl);
	uint64_t n_objects = pl->m.n_folders - pl->first_folder + pl->m.n_files - pl->first_file;
	if (fs->free_bytes < needed || fs->free_bytes - needed < SPACE_LEFT_BYTES)
		return error_set(e, E_NO_SPACE,
			"the decoys need %llu MiB and %llu MiB must stay free, but '%s' has %llu "
			"MiB",
			(unsigned long long)(needed / MIB + 1),
			(unsigned long long)(SPACE_LEFT_BYTES / MIB), pl->r->arena,
			(unsigned long long)(fs->free_bytes / MIB));
	/* Btrfs has no fixed number of inodes and says 0. */
	if (strcmp(fs->kind, "btrfs") != 0 && fs->free_inodes < n_objects + INODES_LEFT)
		return error_set(e, E_NO_SPACE,
			"the decoys need %llu files and folders, but '%s' has room for %llu",
			(unsigned long long)n_objects, pl->r->arena,
			(unsigned long long)fs->free_inodes);
	return OK;
}

/* The drill's folder is <home>/drills/<id>; the arena must lie outside the home. */
static enum status check_place(const struct planting *pl, struct file_system *fs, struct error *e)
{
	char link[64];
	char home[PATH_MAX];
	(void)snprintf(link, sizeof link, "/proc/self/fd/%d", pl->r->keep_folder_fd);
	ssize_t n = readlink(link, home, sizeof home - 1);
	home[n < 0 ? 0 : n] = '\0';
	char *id = strrchr(home, '/');
	if (id != NULL)
		*id = '\0';
	char *drills = id == NULL ? NULL : strrchr(home, '/');
	bool known = drills != NULL && drills != home && strcmp(drills, "/drills") == 0;
	if (known)
		*drills = '\0';
	return planting_check(pl->r->arena, known ? home : NULL, pl->r->so_far, fs, e);
}

/* --- the arena --- */

static enum status open_parent(const char *arena, int *out_fd, struct error *e)
{
	AUTO_FREE char *parent = strdup(arena);
	if (parent == NULL)
		return error_set(e, E_NO_SPACE, "memory for planting is short");
	char *slash = strrchr(parent, '/');
	*(slash == parent ? slash + 1 : slash) = '\0';
	return file_open_folder(parent, out_fd, e);
}

static enum status own_arena(struct planting *pl, int fd, struct error *e)
{
	struct file_identity id;
	if (fchmod(fd, 0700) != 0 || (geteuid() == 0 && fchown(fd, pl->m.uid, pl->m.gid) != 0))
		return error_sys(e, E_FAILED, errno, "hand the arena to its user");
	TRY(file_identify(fd, &id, e));
	if (!S_ISDIR(id.mode) || id.uid != pl->m.uid)
		return error_set(e, E_DENIED, "'%s' was exchanged while it was made", pl->r->arena);
	pl->m.device = id.device;
	pl->m.arena_inode = id.inode;
	return OK;
}

void planting_first_name(const struct manifest *m, char out[PLANTING_NAME_BYTES])
{
	(void)snprintf(out, PLANTING_NAME_BYTES, ".tocsin-arena-%s", m->id);
}

/* Under a name that nobody else gives, so that a planting which ends here can be told from
 * anybody's empty folder. */
static enum status make_arena(struct planting *pl, int parent_fd, struct error *e)
{
	char name[PLANTING_NAME_BYTES];
	AUTO_FD int fd = -1;
	planting_first_name(&pl->m, name);
	if (FAULT("planting_arena"))
		return error_sys(e, E_FAILED, ENOSPC, "make the arena '%s'", pl->r->arena);
	if (mkdirat(parent_fd, name, 0700) != 0)
		return error_sys(e, E_FAILED, errno, "make the arena '%s'", pl->r->arena);
	TRY(file_open_beneath(parent_fd, name, O_RDONLY | O_DIRECTORY, 0, &fd, e));
	TRY(own_arena(pl, fd, e));
	TRY(file_sync_folder(parent_fd, e));
	pl->arena_fd = TAKE_FD(fd);
	return OK;
}

/* An empty folder of ours that stands there is replaced, so that the arena is always the run's own:
 * rename(2) takes no other. The planter's flush brings the name to the disk. */
static enum status name_arena(struct planting *pl, int parent_fd, struct error *e)
{
	char first[PLANTING_NAME_BYTES];
	const char *name = strrchr(pl->r->arena, '/') + 1;
	planting_first_name(&pl->m, first);
	if (FAULT("planting_name"))
		return error_sys(e, E_FAILED, ENOSPC, "make the arena '%s'", pl->r->arena);
	if (renameat(parent_fd, first, parent_fd, name) != 0)
		return error_sys(e,
			errno == ENOTEMPTY || errno == EEXIST || errno == ENOTDIR ? E_CONFLICT
										  : E_FAILED,
			errno, "make the arena '%s'", pl->r->arena);
	return OK;
}

/* An empty subvolume that stands there: another file system number than its parent's, and no rename
 * replaces it. *out_fd stays -1 where there is none. */
static enum status find_subvolume(
	const struct planting *pl, int parent_fd, int *out_fd, struct error *e)
{
	AUTO_FD int fd = -1;
	struct file_identity id;
	struct file_identity parent;
	const char *name = strrchr(pl->r->arena, '/') + 1;
	enum status status = file_open_beneath(parent_fd, name, O_RDONLY | O_DIRECTORY, 0, &fd, e);
	if (status == E_ABSENT)
		return OK;
	TRY(status);
	TRY(file_identify(fd, &id, e));
	TRY(file_identify(parent_fd, &parent, e));
	if (id.device == parent.device || id.uid != geteuid())
		return OK;
	*out_fd = TAKE_FD(fd);
	return OK;
}

/* It cannot be made anew, so it is taken as it is: recorded first, then handed over. */
static enum status take_subvolume(struct planting *pl, int fd, struct error *e)
{
	struct file_identity id;
	TRY(planting_check_empty(fd, pl->r->arena, e));
	TRY(file_identify(fd, &id, e));
	pl->m.device = id.device;
	pl->m.arena_inode = id.inode;
	TRY(keep(pl->r->keep_folder_fd, RECORD_PLAN, &pl->m, e));
	return own_arena(pl, fd, e);
}

static enum status open_arena(struct planting *pl, struct error *e)
{
	AUTO_FD int parent_fd = -1;
	AUTO_FD int fd = -1;
	struct file_identity id;
	TRY(open_parent(pl->r->arena, &parent_fd, e));
	TRY(file_open_beneath(
		parent_fd, strrchr(pl->r->arena, '/') + 1, O_RDONLY | O_DIRECTORY, 0, &fd, e));
	TRY(file_identify(fd, &id, e));
	if (id.device != pl->m.device || id.inode != pl->m.arena_inode || id.uid != pl->m.uid)
		return error_set(e, E_CONFLICT, "'%s' is not the arena that was planted earlier",
			pl->r->arena);
	pl->arena_fd = TAKE_FD(fd);
	return OK;
}

static enum status prepare_arena(struct planting *pl, struct error *e)
{
	if (pl->r->so_far != NULL) {
		TRY(open_arena(pl, e));
		return keep(pl->r->keep_folder_fd, RECORD_PLAN, &pl->m, e);
	}
	AUTO_FD int parent_fd = -1;
	AUTO_FD int subvolume_fd = -1;
	TRY(open_parent(pl->r->arena, &parent_fd, e));
	TRY(find_subvolume(pl, parent_fd, &subvolume_fd, e));
	if (subvolume_fd >= 0) {
		TRY(take_subvolume(pl, subvolume_fd, e));
		pl->arena_fd = TAKE_FD(subvolume_fd);
		return OK;
	}
	TRY(keep(pl->r->keep_folder_fd, RECORD_PLAN, &pl->m, e));
	TRY(make_arena(pl, parent_fd, e));
	TRY(keep(pl->r->keep_folder_fd, RECORD_PLAN, &pl->m, e));
	return name_arena(pl, parent_fd, e);
}

/* --- the planter --- */

static enum status start_planter(struct planting *pl, struct error *e)
{
	struct planter_order order = { .magic = PLANTER_MAGIC,
		.uid = pl->m.uid,
		.gid = pl->m.gid,
		.first_folder = pl->first_folder,
		.first_file = pl->first_file };
	for (uint32_t i = pl->first_file; i < pl->m.n_files; i++)
		if (pl->m.files[i].size_bytes > order.max_file_bytes)
			order.max_file_bytes = pl->m.files[i].size_bytes;
	AUTO_BUF struct buf bytes;
	buf_init(&bytes, MANIFEST_BYTES_MAX);
	planter_order_write(&bytes, &order);
	TRY(manifest_write(&pl->m, &bytes, e));
	AUTO_FD int order_fd = -1;
	TRY(file_memory("tocsin-plan", buf_view(&bytes), &order_fd, e));
	struct role_start start = { .role = "planter",
		.process_name = "tocsin-planter",
		.fds = { order_fd, pl->arena_fd },
		.n_fds = PLANTER_FDS };
	return role_spawn(&start, &pl->process, e);
}

static enum status garbled(struct error *e)
{
	return error_set(e, E_FAILED, "the planter's report does not fit the plan");
}

static enum status take_folder(struct planting *pl, struct unpack *u, struct error *e)
{
	struct planter_folder made;
	if (!planter_folder_read(u, &made) || made.index < pl->first_folder ||
		made.index >= pl->m.n_folders || made.inode == 0 ||
		pl->m.folders[made.index].inode != 0)
		return garbled(e);
	pl->m.folders[made.index].inode = made.inode;
	pl->n_folders_made++;
	return OK;
}

static enum status take_runs(
	struct planting *pl, struct unpack *u, struct manifest_file *f, struct error *e)
{
	struct manifest_run *runs = pool_take(pl->pool, f->n_runs, sizeof *runs);
	if (runs == NULL)
		return error_set(e, E_NO_SPACE, "memory for planting is short");
	for (uint32_t i = 0; i < f->n_runs; i++) {
		runs[i].first = pack_get_u64(u);
		runs[i].n = pack_get_u64(u);
		if (u->failed || runs[i].n > u->left / TAG_BYTES)
			return garbled(e);
		size_t n_bytes = (size_t)runs[i].n * TAG_BYTES;
		const unsigned char *tags = pack_get_raw(u, n_bytes);
		unsigned char *kept = pool_take(pl->pool, 1, n_bytes);
		if (kept == NULL)
			return error_set(e, E_NO_SPACE, "memory for planting is short");
		if (n_bytes > 0)
			memcpy(kept, tags, n_bytes);
		runs[i].tags = kept;
	}
	f->runs = runs;
	return OK;
}

static enum status take_file(struct planting *pl, struct unpack *u, struct error *e)
{
	struct planter_file made;
	if (!planter_file_read(u, &made) || made.index < pl->first_file ||
		made.index >= pl->m.n_files || made.inode == 0 ||
		pl->m.files[made.index].inode != 0 || made.n_runs > u->left)
		return garbled(e);
	struct manifest_file *f = &pl->m.files[made.index];
	f->inode = made.inode;
	f->whole = made.whole;
	f->n_runs = made.n_runs;
	TRY(take_runs(pl, u, f, e));
	pl->n_files_made++;
	pl->n_bytes_made += f->size_bytes;
	return OK;
}

static enum status take_result(struct planting *pl, struct view body, struct error *e)
{
	struct unpack u;
	unpack_init(&u, body);
	while (!u.failed && u.left > 0) {
		uint8_t made = pack_get_u8(&u);
		if (made == PLANTER_MADE_FOLDER)
			TRY(take_folder(pl, &u, e));
		else if (made == PLANTER_MADE_FILE)
			TRY(take_file(pl, &u, e));
		else
			return garbled(e);
	}
	return u.failed ? garbled(e) : OK;
}

static enum status take_fault(struct view body, struct error *e)
{
	struct wire_fault m;
	struct unpack u;
	unpack_init(&u, body);
	if (!wire_fault_read(&u, &m) || !pack_end(&u) || m.status == OK || m.status > E_INTERRUPTED)
		return garbled(e);
	(void)error_set(e, (enum status)m.status, "%.*s", VIEW_ARGS(m.sentence));
	e->errno_value = (int)m.errno_value;
	return e->status;
}

static enum status take_packet(struct planting *pl, const struct packet *packet, struct error *e)
{
	struct wire_ready ready;
	struct unpack u;
	unpack_init(&u, packet->body);
	switch (packet->type) {
	case WIRE_READY:
		if (!wire_ready_read(&u, &ready) || !pack_end(&u))
			return garbled(e);
		pl->locks = (struct confine_locks){ (int)ready.landlock_abi,
			ready.mount_namespace != 0, ready.seccomp != 0, ready.own_uid != 0,
			ready.no_new_privileges != 0 };
		return OK;
	case WIRE_RESULT:
		return take_result(pl, packet->body, e);
	case WIRE_FAULT:
		return take_fault(packet->body, e);
	case WIRE_FINISHED:
		pl->finished = true;
		return OK;
	default:
		return garbled(e);
	}
}

/* The channel is gone before the work was done: say what became of the process. */
static enum status tell_end(const struct planting *pl, struct error *e)
{
	siginfo_t info = { .si_pid = 0 };
	for (int waited = 0; waited < FAREWELL_MS && info.si_pid == 0; waited += TICK_MS) {
		if (waitid(P_PIDFD, (id_t)pl->process.pid_fd, &info, WEXITED | WNOWAIT | WNOHANG) !=
			0)
			break;
		if (info.si_pid == 0)
			clock_sleep_ns(TICK_MS * NS_PER_MS);
	}
	if (info.si_pid != 0 && info.si_code != CLD_EXITED)
		return error_set(e, E_FAILED, "the planter was ended by signal %d (%s)",
			info.si_status, strsignal(info.si_status));
	return error_set(e, E_FAILED, "the planter ended before its work was done");
}

static enum status watch(struct planting *pl, struct error *e)
{
	const struct drill_watch *w = pl->r->watch;
	if (w == NULL)
		return OK;
	if (w->stop_wanted != NULL && w->stop_wanted(w->context))
		return error_set(e, E_STOPPED, "the planting was stopped on request");
	int64_t now = clock_boot_ns(NULL);
	if (w->progress == NULL || now - pl->told_boot_ns < TICK_MS * NS_PER_MS)
		return OK;
	pl->told_boot_ns = now;
	struct drill_progress progress = { .stage = DRILL_STAGE_PLANT,
		.id = pl->r->id,
		.elapsed_ns = now - pl->started_boot_ns,
		.n_done = pl->n_files_made,
		.n_total = pl->m.n_files - pl->first_file,
		.n_bytes = pl->n_bytes_made,
		.locks = &pl->locks };
	int64_t elapsed_ms = progress.elapsed_ns / NS_PER_MS;
	if (elapsed_ms > 0)
		progress.rate_per_s = (double)progress.n_done * 1000 / (double)elapsed_ms;
	w->progress(&progress, w->context);
	return OK;
}

static enum status follow_planter(struct planting *pl, struct error *e)
{
	AUTO_FREE struct packet *packet = FAULT("planting_packet") ? NULL : malloc(sizeof *packet);
	if (packet == NULL)
		return error_set(e, E_NO_SPACE, "memory for planting is short");
	pl->started_boot_ns = clock_boot_ns(NULL);
	while (!pl->finished) {
		bool got = false;
		TRY(watch(pl, e));
		enum status status =
			packet_receive(pl->process.channel_fd, TICK_MS, packet, &got, e);
		if (status == E_ABSENT)
			return tell_end(pl, e);
		TRY(status);
		if (got)
			TRY(take_packet(pl, packet, e));
	}
	if (pl->n_folders_made != pl->m.n_folders - pl->first_folder ||
		pl->n_files_made != pl->m.n_files - pl->first_file)
		return garbled(e);
	return OK;
}

static enum status run_planter(struct planting *pl, struct error *e)
{
	TRY(start_planter(pl, e));
	TRY(follow_planter(pl, e));
	/* The planter flushed what it made. From here on the planting stands. */
	TRY(keep(pl->r->keep_folder_fd, RECORD_DONE, &pl->m, e));
	return drop_plan(pl->r->keep_folder_fd, e);
}

enum status planting_make(const struct planting_request *r, struct pool *p, struct manifest *out,
	struct confine_locks *out_locks, struct error *e)
{
	struct planting pl = { .r = r, .pool = p, .arena_fd = -1, .process = ROLE_PROCESS_NONE };
	struct file_system fs;
	TRY(check_place(&pl, &fs, e));
	TRY(make_plan(&pl, e));
	TRY(check_space(&pl, &fs, e));
	enum status status = prepare_arena(&pl, e);
	if (status == OK)
		status = run_planter(&pl, e);
	role_end(&pl.process);
	if (pl.arena_fd >= 0)
		(void)close(pl.arena_fd); /* a folder's; nothing is written through it */
	TRY(status);
	*out = pl.m;
	*out_locks = pl.locks;
	return OK;
}
