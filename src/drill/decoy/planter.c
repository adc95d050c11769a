/*
 * The planter: makes the planned folders and files in the arena, in the same locks as the emulator.
 * What stands there already is never opened: everything is made with create-exclusive, or it is an
 * error.
 *
 * The randomness behind the contents comes from the kernel, lives in this process alone and is
 * wiped: nobody can make the same decoys again, so a restore cannot be faked.
 *
 * Decoys are made, hashed and written by several threads, each one by one of them; folders before,
 * by the first.
 */
#include "drill/decoy/planter.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/random.h"
#include "drill/decoy/corpus.h"
#include "drill/decoy/planting.h"
#include "drill/wire.h"
#include "sys/crew.h"
#include "sys/file.h"

PACK_CODE(planter_order, PLANTER_ORDER_FIELDS)
PACK_CODE(planter_folder, PLANTER_FOLDER_FIELDS)
PACK_CODE(planter_file, PLANTER_FILE_FIELDS)

enum { REPORT_EVERY_MS = 100, RUNS_MOST = 256, TAGS_MOST = 3000 };
#define POOL_BYTES (1 * GIB)

/* One decoy while it is being written: its bytes are hashed as they come. One for each thread. */
struct writing {
	struct dice dice;
	struct digester *whole;
	struct digester *tag;
	int fd;
	uint64_t at;   /* where the next byte is expected */
	size_t n_held; /* of a block that is not full yet */
	unsigned char held[BLOCK_BYTES];
	struct manifest_run runs[RUNS_MOST];
	uint32_t n_runs;
	unsigned char tags[TAGS_MOST][TAG_BYTES];
	uint32_t n_tags;
};

struct planter {
	struct planter_order order;
	struct manifest manifest;
	struct pool *pool;
	struct writing *writings[CREW_MAX];
	size_t n_writings;
	struct crew *crew;

	pthread_mutex_t lock; /* guards the rest while the crew works */
	struct arena_view view;
	struct buf report; /* entries not sent yet */
	int64_t reported_boot_ns;
};

static enum status too_many(struct error *e)
{
	return error_set(e, E_TOO_BIG, "a decoy has more blocks than can be reported");
}

static enum status add_tag(struct writing *w, const void *bytes, size_t n_bytes, struct error *e)
{
	if (w->n_tags == TAGS_MOST)
		return too_many(e);
	block_tag_by(w->tag, bytes, n_bytes, w->tags[w->n_tags++]);
	w->runs[w->n_runs - 1].n++;
	return OK;
}

static enum status start_run(struct writing *w, uint64_t offset, struct error *e)
{
	if (offset % BLOCK_BYTES != 0 || w->n_held != 0 || offset < w->at)
		return error_set(e, E_FAILED, "a decoy's content was made out of order");
	if (w->n_runs == RUNS_MOST)
		return too_many(e);
	w->runs[w->n_runs++] = (struct manifest_run){ .first = offset / BLOCK_BYTES };
	w->at = offset;
	return OK;
}

static enum status hash_bytes(
	struct writing *w, const unsigned char *from, size_t n, struct error *e)
{
	digester_add(w->whole, from, n);
	w->at += n;
	while (n > 0) {
		if (w->n_held == 0 && n >= BLOCK_BYTES) {
			TRY(add_tag(w, from, BLOCK_BYTES, e));
			from += BLOCK_BYTES;
			n -= BLOCK_BYTES;
			continue;
		}
		size_t part = BLOCK_BYTES - w->n_held;
		part = part > n ? n : part;
		memcpy(w->held + w->n_held, from, part);
		w->n_held += part;
		from += part;
		n -= part;
		if (w->n_held == BLOCK_BYTES) {
			TRY(add_tag(w, w->held, BLOCK_BYTES, e));
			w->n_held = 0;
		}
	}
	return OK;
}

static enum status write_piece(
	uint64_t offset, const void *bytes, size_t n, void *context, struct error *e)
{
	struct writing *w = context;
	if (w->n_runs == 0 || offset != w->at)
		TRY(start_run(w, offset, e));
	TRY(hash_bytes(w, bytes, n, e));
	const char *from = bytes;
	while (n > 0) {
		if (FAULT("planter_write"))
			return error_sys(e, E_FAILED, ENOSPC, "write a decoy");
		ssize_t done = pwrite(w->fd, from, n, (off_t)offset);
		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return error_sys(e, E_FAILED, done == 0 ? EIO : errno, "write a decoy");
		from += done;
		offset += (uint64_t)done;
		n -= (size_t)done;
	}
	return OK;
}

/* --- telling the conductor --- */

static enum status send_report(struct planter *pl, struct error *e)
{
	TRY(buf_check(&pl->report, "report", e));
	if (pl->report.len == 0)
		return OK;
	if (FAULT("planter_report"))
		return error_set(e, E_FAILED, "the report to the conductor is lost");
	TRY(packet_send(ROLE_CHANNEL_FD, WIRE_RESULT, buf_view(&pl->report), e));
	buf_reset(&pl->report);
	pl->reported_boot_ns = clock_boot_ns(NULL);
	return OK;
}

/* An entry goes whole into one packet. With the lock held. */
static enum status put_report(struct planter *pl, const struct buf *entry, struct error *e)
{
	if (entry->len > pl->report.ceiling - pl->report.len)
		TRY(send_report(pl, e));
	buf_add(&pl->report, buf_view(entry));
	if (clock_boot_ns(NULL) - pl->reported_boot_ns >= REPORT_EVERY_MS * NS_PER_MS)
		return send_report(pl, e);
	return OK;
}

static enum status add_report(struct planter *pl, const struct buf *entry, struct error *e)
{
	TRY(buf_check(entry, "report", e));
	(void)pthread_mutex_lock(&pl->lock);
	enum status status = put_report(pl, entry, e);
	(void)pthread_mutex_unlock(&pl->lock);
	return status;
}

static enum status report_folder(
	struct planter *pl, uint32_t index, uint64_t inode, struct error *e)
{
	AUTO_BUF struct buf entry;
	buf_init(&entry, PACKET_BYTES_MAX);
	struct planter_folder m = { .index = index, .inode = inode };
	pack_put_u8(&entry, PLANTER_MADE_FOLDER);
	planter_folder_write(&entry, &m);
	return add_report(pl, &entry, e);
}

static enum status report_file(struct planter *pl, uint32_t index, uint64_t inode,
	const struct writing *w, struct error *e)
{
	AUTO_BUF struct buf entry;
	buf_init(&entry, PACKET_BYTES_MAX);
	struct planter_file m = { .index = index,
		.inode = inode,
		.whole = digester_result(w->whole),
		.n_runs = w->n_runs };
	pack_put_u8(&entry, PLANTER_MADE_FILE);
	planter_file_write(&entry, &m);
	uint64_t tag = 0;
	for (uint32_t i = 0; i < w->n_runs; i++) {
		pack_put_u64(&entry, w->runs[i].first);
		pack_put_u64(&entry, w->runs[i].n);
		buf_add_bytes(&entry, w->tags[tag], w->runs[i].n * TAG_BYTES);
		tag += w->runs[i].n;
	}
	return add_report(pl, &entry, e);
}

/* --- making --- */

static enum status make_folder(struct planter *pl, uint32_t index, struct error *e)
{
	struct manifest_folder *f = &pl->manifest.folders[index];
	int parent_fd = -1;
	TRY(arena_folder(&pl->view, f->parent, &parent_fd, e));
	if (FAULT("planter_folder"))
		return error_sys(e, E_FAILED, ENOSPC, "make the folder '%s'", f->name);
	if (mkdirat(parent_fd, f->name, 0700) != 0)
		return error_sys(e, errno == EEXIST ? E_CONFLICT : E_FAILED, errno,
			"make the folder '%s'", f->name);
	int fd = -1;
	struct file_identity id;
	TRY(arena_folder(&pl->view, index, &fd, e));
	TRY(file_identify(fd, &id, e));
	f->inode = id.inode;
	return report_folder(pl, index, id.inode, e);
}

static enum status fill(struct planter *pl, uint32_t index, struct writing *w, struct error *e)
{
	const struct manifest_file *f = &pl->manifest.files[index];
	TRY(content_make(f, &w->dice, write_piece, w, e));
	if (w->n_held > 0)
		TRY(add_tag(w, w->held, w->n_held, e));
	/* Starts the disk while the next decoy is made; whether it worked is told by the flush. */
	(void)sync_file_range(w->fd, 0, 0, SYNC_FILE_RANGE_WRITE);
	struct file_identity id;
	TRY(file_identify(w->fd, &id, e));
	if (id.size_bytes != f->size_bytes)
		return error_set(e, E_FAILED, "it came out %llu bytes long instead of %llu",
			(unsigned long long)id.size_bytes, (unsigned long long)f->size_bytes);
	return report_file(pl, index, id.inode, w, e);
}

/* The view is everybody's; the new file is the caller's alone. */
static enum status open_new(struct planter *pl, uint32_t index, int *out_fd, struct error *e)
{
	const struct manifest_file *f = &pl->manifest.files[index];
	int folder_fd = -1;
	(void)pthread_mutex_lock(&pl->lock);
	enum status status = arena_folder(&pl->view, f->folder, &folder_fd, e);
	if (status == OK && FAULT("planter_file"))
		status = error_sys(e, E_FAILED, ENOSPC, "make the file '%s'", f->name);
	if (status == OK)
		status = file_open_beneath(
			folder_fd, f->name, O_WRONLY | O_CREAT | O_EXCL, 0600, out_fd, e);
	(void)pthread_mutex_unlock(&pl->lock);
	return status;
}

static enum status make_file(size_t worker, uint32_t number, void *context, struct error *e)
{
	struct planter *pl = context;
	struct writing *w = pl->writings[worker];
	uint32_t index = pl->order.first_file + number;
	AUTO_FD int fd = -1;
	TRY(open_new(pl, index, &fd, e));
	w->fd = fd;
	w->at = 0;
	w->n_held = 0;
	w->n_runs = 0;
	w->n_tags = 0;
	if (fill(pl, index, w, e) != OK)
		return error_wrap(e, "plant '%s'", pl->manifest.files[index].name);
	return OK;
}

/* What is made is told as it is made; the conductor ends this process where it must stop. */
static enum status go_on(uint32_t n_done, void *context, struct error *e)
{
	(void)n_done;
	(void)context;
	(void)e;
	return OK;
}

static enum status make_all(struct planter *pl, struct error *e)
{
	for (uint32_t i = pl->order.first_folder; i < pl->manifest.n_folders; i++)
		TRY(make_folder(pl, i, e));
	const struct crew_task task = { pl->manifest.n_files - pl->order.first_file, make_file,
		go_on, pl };
	TRY(crew_run(pl->crew, &task, e));
	/* One flush for everything, before the conductor calls the planting done: a flush a file
	 * would cost a journal commit each. */
	if (FAULT("planter_sync") || syncfs(pl->view.root_fd) != 0)
		return error_sys(e, E_FAILED, errno, "flush the decoys to disk");
	return send_report(pl, e);
}

/* --- entering --- */

static enum status read_order(struct planter_order *out, struct error *e)
{
	unsigned char bytes[PLANTER_ORDER_BYTES];
	struct unpack u;
	if (read(PLANTER_ORDER_FD, bytes, sizeof bytes) != (ssize_t)sizeof bytes)
		return error_set(e, E_INVALID, "the planter was started without an order");
	unpack_init(&u, (struct view){ (const char *)bytes, sizeof bytes });
	if (!planter_order_read(&u, out) || !pack_end(&u) || out->magic != PLANTER_MAGIC)
		return error_set(e, E_INVALID, "the planter was started without an order");
	return OK;
}

static enum status read_plan(struct planter *pl, struct error *e)
{
	AUTO_BUF struct buf bytes;
	buf_init(&bytes, MANIFEST_BYTES_MAX);
	for (;;) {
		char *room = buf_extend(&bytes, 64 * KIB);
		TRY(buf_check(&bytes, "plan", e));
		ssize_t n = read(PLANTER_ORDER_FD, room, 64 * KIB);
		if (n < 0)
			return error_sys(e, E_FAILED, errno, "read the plan");
		bytes.len -= 64 * KIB - (size_t)n;
		if (n == 0)
			break;
	}
	TRY(manifest_read(buf_view(&bytes), pl->pool, &pl->manifest, e));
	if (pl->order.first_folder > pl->manifest.n_folders ||
		pl->order.first_file > pl->manifest.n_files)
		return error_set(e, E_INVALID, "the order does not fit its plan");
	return OK;
}

/* Libraries that look at files when first used do so before the locks. */
static enum status warm_up(struct planter *pl, struct error *e)
{
	(void)mallopt(M_ARENA_MAX, 1); /* further arenas would look at /proc when they shrink */
	pl->pool = pool_new(POOL_BYTES);
	if (pl->pool == NULL)
		return error_set(e, E_NO_SPACE, "memory for planting is short");
	(void)digest_of("", 0);
	buf_init(&pl->report, PACKET_BYTES_MAX);
	return OK;
}

static enum status enter_locks(struct planter *pl, int *out_arena_fd, struct error *e)
{
	static const int keep[] = { ROLE_CHANNEL_FD, PLANTER_ORDER_FD };
	struct confine_request request = {
		.calls = CONFINE_CALLS_PLANTER,
		.reach = CONFINE_REACH_FOLDER,
		.folder_fd = PLANTER_ARENA_FD,
		.uid = pl->order.uid,
		.gid = pl->order.gid,
		.max_file_bytes = pl->order.max_file_bytes,
		.parent = role_parent(),
		.keep_fds = keep,
		.n_keep_fds = COUNT_OF(keep),
	};
	struct confine_locks locks;
	TRY(confine_enter(&request, &locks, out_arena_fd, e));
	AUTO_BUF struct buf body;
	buf_init(&body, 64);
	struct wire_ready m = { (uint32_t)locks.landlock_abi, locks.mount_namespace, locks.seccomp,
		locks.own_uid, locks.no_new_privileges };
	wire_ready_write(&body, &m);
	return packet_send(ROLE_CHANNEL_FD, WIRE_READY, buf_view(&body), e);
}

/* Each thread has randomness of its own, of which nothing is kept. */
static enum status start_crew(struct planter *pl, struct error *e)
{
	size_t n = crew_size(pl->manifest.n_files - pl->order.first_file);
	while (pl->n_writings < n) {
		struct writing *w = FAULT("planter_writing") ? NULL : calloc(1, sizeof *w);
		if (w == NULL)
			return error_set(e, E_NO_SPACE, "memory for planting is short");
		pl->writings[pl->n_writings++] = w;
		w->whole = digester_new();
		w->tag = digester_new();
		if (w->whole == NULL || w->tag == NULL)
			return error_set(e, E_NO_SPACE, "memory for planting is short");
		random_bytes(&w->dice, sizeof w->dice);
	}
	return crew_new(n, &pl->crew, e);
}

static void end_crew(struct planter *pl)
{
	crew_free(pl->crew);
	for (size_t i = 0; i < pl->n_writings; i++) {
		struct writing *w = pl->writings[i];
		explicit_bzero(&w->dice, sizeof w->dice);
		digester_free(w->whole);
		digester_free(w->tag);
		free(w);
	}
}

static enum status plant(struct planter *pl, struct error *e)
{
	TRY(read_order(&pl->order, e));
	TRY(warm_up(pl, e));
	int arena_fd = -1;
	TRY(enter_locks(pl, &arena_fd, e));
	TRY(read_plan(pl, e));
	TRY(arena_view_open(arena_fd, &pl->manifest, pl->pool, &pl->view, e));
	pl->view.unfinished = true; /* a folder's inode is learnt right after it was made */
	TRY(start_crew(pl, e));
	return make_all(pl, e);
}

static void tell_fault(const struct error *e)
{
	AUTO_BUF struct buf body;
	buf_init(&body, PACKET_BYTES_MAX);
	struct wire_fault m = { (uint8_t)e->status, (uint32_t)e->errno_value, view_of(e->text) };
	struct error unused;
	wire_fault_write(&body, &m);
	if (packet_send(ROLE_CHANNEL_FD, WIRE_FAULT, buf_view(&body), &unused) != OK)
		return; /* a conductor that is gone cannot be told */
}

int planter_role(size_t n_fds)
{
	struct planter pl = { .pool = NULL };
	struct error e = ERROR_NONE;
	fault_from_environment();
	(void)pthread_mutex_init(&pl.lock, NULL); /* cannot fail with default attributes */
	enum status status =
		n_fds == PLANTER_FDS
			? plant(&pl, &e)
			: error_set(&e, E_INVALID, "the planter was started without an order");
	end_crew(&pl);
	if (status != OK) {
		tell_fault(&e);
	} else {
		AUTO_BUF struct buf body;
		buf_init(&body, 64);
		struct wire_finished m = { 0, -1 };
		wire_finished_write(&body, &m);
		status = packet_send(ROLE_CHANNEL_FD, WIRE_FINISHED, buf_view(&body), &e);
	}
	arena_view_close(&pl.view);
	buf_done(&pl.report);
	(void)pthread_mutex_destroy(&pl.lock);
	pool_free(pl.pool);
	return status == OK ? 0 : 1;
}
