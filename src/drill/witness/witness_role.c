/*
 * The witness itself: takes its request, puts on its locks (it can read everywhere and write
 * nowhere but to its channel), looks once, and again whenever it is asked.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "drill/wire.h"
#include "drill/witness/sentinel.h"
#include "drill/witness/witness.h"
#include "drill/witness/witness_sample.h"
#include "drill/witness/witness_wire.h"

PACK_CODE(witness_request_wire, WITNESS_REQUEST_FIELDS)
PACK_CODE(witness_sight_wire, WITNESS_SIGHT_FIELDS)
PACK_CODE(witness_look_wire, WITNESS_LOOK_FIELDS)
PACK_CODE(witness_finding_wire, WITNESS_FINDING_FIELDS)
PACK_CODE(witness_summary_wire, WITNESS_SUMMARY_FIELDS)

#define POOL_BYTES (32 * MIB)
#define SAMPLE_TIME_NS (3 * NS_PER_S)
#define SAMPLE_FILE_BYTES_MAX (4 * MIB)
enum { PATH_BYTES_MAX = 4096, MARKS_MAX = 40000 };

/* Something outside that belonged to the emulator's uid before the attack began. */
struct mark {
	uint64_t device;
	uint64_t inode;
	int64_t changed_ns;
};

struct sentinel_sight {
	const char *name;
	bool there;
	struct sight first;
};

struct sentinel_folder {
	const char *path;
	int fd;
	struct sight first; /* of the folder: who alone */
	struct sentinel_sight files[SENTINEL_FILES];
};

struct watcher {
	struct witness_request_wire request;
	struct pool *pool;
	struct packet *packet;
	struct witness_eye eye;
	struct sentinel_folder sentinels[SENTINEL_PLACES];
	struct witness_sight_wire given[SENTINEL_SIGHTS_MAX]; /* by an earlier witness */
	uint32_t n_sentinels;
	int sample_fds[WITNESS_FOLDERS_MAX];
	const char *sample_paths[WITNESS_FOLDERS_MAX];
	struct sample_file *files; /* files_max */
	uint32_t n_files;
	uint32_t n_room;       /* for further files of the folder in hand */
	uint32_t n_chosen;     /* of them, behind n_files */
	uint64_t n_bytes;      /* of n_files */
	uint32_t n_candidates; /* in that folder so far, for an even choice */
	struct mark *marks;    /* MARKS_MAX */
	uint32_t n_marks;
	struct file_identity *left_out; /* the arena, the home, the sentinels, what was asked for */
	size_t n_left_out;
	struct witness_summary_wire sum;
	uint32_t n_told;
};

/* --- the request --- */

static enum status read_paths(struct watcher *w, struct unpack *u, struct error *e)
{
	const struct witness_request_wire *r = &w->request;
	if (r->n_sentinel_folders > SENTINEL_PLACES || r->n_sample_folders > WITNESS_FOLDERS_MAX ||
		r->n_left_out > WITNESS_LEFT_OUT_MAX ||
		(r->n_sights != 0 && r->n_sights != r->n_sentinel_folders * (1 + SENTINEL_FILES)))
		return error_set(e, E_INVALID, "too many folders to watch");
	for (uint32_t i = 0; i < r->n_sentinel_folders; i++)
		w->sentinels[i].path = pool_text(w->pool, pack_get_text(u));
	for (uint32_t i = 0; i < r->n_sample_folders; i++)
		w->sample_paths[i] = pool_text(w->pool, pack_get_text(u));
	for (uint32_t i = 0; i < r->n_left_out; i++) {
		struct file_identity *one = &w->left_out[w->n_left_out++];
		one->device = pack_get_u64(u);
		one->inode = pack_get_u64(u);
	}
	for (uint32_t i = 0; i < r->n_sights; i++)
		if (!witness_sight_wire_read(u, &w->given[i]))
			break;
	if (!pack_end(u))
		return error_set(e, E_INVALID, "the request to the witness is damaged");
	return OK;
}

static enum status read_request(struct watcher *w, struct error *e)
{
	AUTO_BUF struct buf b;
	buf_init(&b, WITNESS_REQUEST_BYTES_MAX);
	char *room = buf_extend(&b, WITNESS_REQUEST_BYTES_MAX);
	if (room == NULL)
		return error_sys(e, E_NO_SPACE, ENOMEM, "read the request");
	ssize_t n = pread(ROLE_FIRST_FD, room, WITNESS_REQUEST_BYTES_MAX, 0);
	if (n < 0)
		return error_sys(e, E_FAILED, errno, "read the request");
	struct unpack u;
	unpack_init(&u, (struct view){ room, (size_t)n });
	if (!witness_request_wire_read(&u, &w->request))
		return error_set(e, E_INVALID, "the request to the witness is damaged");
	if (w->request.files_max > 4096)
		w->request.files_max = 4096;
	w->files = pool_take(w->pool, w->request.files_max + 1, sizeof *w->files);
	w->marks = pool_take(w->pool, MARKS_MAX, sizeof *w->marks);
	w->left_out =
		pool_take(w->pool, 2 + SENTINEL_PLACES + WITNESS_LEFT_OUT_MAX, sizeof *w->left_out);
	if (w->files == NULL || w->marks == NULL || w->left_out == NULL)
		return error_sys(e, E_NO_SPACE, ENOMEM, "remember files");
	w->left_out[w->n_left_out++] = (struct file_identity){ .device = w->request.arena_device,
		.inode = w->request.arena_inode };
	w->left_out[w->n_left_out++] = (struct file_identity){ .device = w->request.home_device,
		.inode = w->request.home_inode };
	return read_paths(w, &u, e);
}

static enum status put_on_locks(struct watcher *w, struct confine_locks *locks, struct error *e)
{
	const int kept[] = { ROLE_CHANNEL_FD };
	const struct confine_request r = {
		.calls = CONFINE_CALLS_WITNESS,
		.reach = CONFINE_REACH_READ_ALL,
		.folder_fd = -1,
		.uid = w->request.uid,
		.gid = w->request.gid,
		.max_file_bytes = 0,
		.parent = role_parent(),
		.keep_fds = kept,
		.n_keep_fds = COUNT_OF(kept),
	};
	int none = -1;
	TRY(confine_enter(&r, locks, &none, e));
	w->eye.read_only_mounts = locks->mount_namespace;
	return OK;
}

/* --- the first look --- */

static enum status see(struct watcher *w, int folder_fd, const char *path, bool own,
	struct sight *out, struct error *e)
{
	AUTO_FD int fd = -1;
	TRY(witness_open(&w->eye, folder_fd, path, 0, own, &fd, e));
	return sight_take(fd, out, e);
}

static enum status see_folder(int fd, struct sight *out, struct error *e)
{
	memset(out, 0, sizeof *out);
	return file_identify(fd, &out->who, e);
}

static struct sight sight_of_wire(const struct witness_sight_wire *m)
{
	return (struct sight){ .who = { .device = m->device,
				       .inode = m->inode,
				       .uid = m->uid,
				       .gid = m->gid,
				       .mode = m->mode,
				       .n_links = m->n_links,
				       .size_bytes = m->size_bytes,
				       .changed_ns = m->changed_ns,
				       .modified_ns = m->modified_ns },
		.content = m->content,
		.attributes = m->attributes };
}

/* Kept by the conductor, for another witness to go by where this one is ended. */
static enum status send_sight(const struct sight *s, struct error *e)
{
	const struct witness_sight_wire m = { .device = s->who.device,
		.inode = s->who.inode,
		.uid = s->who.uid,
		.gid = s->who.gid,
		.mode = s->who.mode,
		.n_links = s->who.n_links,
		.size_bytes = s->who.size_bytes,
		.changed_ns = s->who.changed_ns,
		.modified_ns = s->who.modified_ns,
		.content = s->content,
		.attributes = s->attributes };
	AUTO_BUF struct buf b;
	buf_init(&b, PACKET_BYTES_MAX);
	witness_sight_wire_write(&b, &m);
	TRY(buf_check(&b, "sight", e));
	return packet_send(ROLE_CHANNEL_FD, WITNESS_SIGHT, buf_view(&b), e);
}

/* What an earlier witness saw stands for our own first look. A folder that is not there any more is
 * a change to be told, not a reason to give up. */
static void given_sentinels(struct watcher *w)
{
	const struct witness_sight_wire *next = w->given;
	for (uint32_t i = 0; i < w->request.n_sentinel_folders; i++) {
		struct sentinel_folder *f = &w->sentinels[i];
		struct error unused;
		if (file_open_folder(f->path, &f->fd, &unused) != OK)
			f->fd = -1;
		f->first = sight_of_wire(next++);
		w->left_out[w->n_left_out++] = f->first.who;
		for (size_t k = 0; k < SENTINEL_FILES; k++) {
			f->files[k].name = sentinel_name(k);
			f->files[k].first = sight_of_wire(next++);
			f->files[k].there = true;
			w->n_sentinels++;
		}
	}
}

static enum status first_sentinels(struct watcher *w, struct error *e)
{
	for (uint32_t i = 0; i < w->request.n_sentinel_folders; i++) {
		struct sentinel_folder *f = &w->sentinels[i];
		TRY(file_open_folder(f->path, &f->fd, e));
		TRY(see_folder(f->fd, &f->first, e));
		TRY(send_sight(&f->first, e));
		w->left_out[w->n_left_out++] = f->first.who;
		for (size_t k = 0; k < SENTINEL_FILES; k++) {
			f->files[k].name = sentinel_name(k);
			TRY(see(w, f->fd, f->files[k].name, true, &f->files[k].first, e));
			TRY(send_sight(&f->files[k].first, e));
			f->files[k].there = true;
			w->n_sentinels++;
		}
	}
	return OK;
}

/* Every candidate of a folder has the same chance (Vitter's reservoir), within the ceiling on bytes
 * below. */
static void choose(struct sample_walk *walk, const char *path, const struct file_identity *who)
{
	struct watcher *w = walk->context;
	if (!S_ISREG(who->mode) || who->size_bytes > SAMPLE_FILE_BYTES_MAX || w->n_room == 0)
		return;
	uint64_t at = w->n_candidates++;
	if (at >= w->n_room) {
		at = dice_below(&walk->dice, at + 1);
		if (at >= w->n_room)
			return;
	}
	const char *kept = pool_text(w->pool, view_of(path));
	if (kept == NULL)
		return;
	w->files[w->n_files + at] = (struct sample_file){
		.folder_fd = walk->folder_fd,
		.shown = walk->shown,
		.path = kept,
	};
	if (at >= w->n_chosen)
		w->n_chosen = (uint32_t)at + 1;
}

/* A file that cannot be read is no sample. */
static void keep_chosen(struct watcher *w, uint64_t n_bytes_max)
{
	struct error e = ERROR_NONE;
	uint32_t from = w->n_files;
	for (uint32_t i = from; i < from + w->n_chosen; i++) {
		struct sample_file f = w->files[i];
		if (see(w, f.folder_fd, f.path, false, &f.first, &e) != OK ||
			f.first.who.size_bytes > n_bytes_max - w->n_bytes)
			continue;
		w->n_bytes += f.first.who.size_bytes;
		w->files[w->n_files++] = f;
	}
	w->n_chosen = 0;
}

/* Each folder gets an even share of entries, time, files and bytes that are left: a large one does
 * not use up what the others need, and a small one leaves its rest to them. */
static void walk_samples(struct watcher *w,
	void (*each)(struct sample_walk *, const char *, const struct file_identity *))
{
	struct sample_walk walk = {
		.eye = &w->eye,
		.pool = w->pool,
		.left_out = w->left_out,
		.n_left_out = w->n_left_out,
		.each = each,
		.context = w,
	};
	const int64_t end_boot_ns = clock_boot_ns(NULL) + SAMPLE_TIME_NS;
	dice_init(&walk.dice, w->request.seed);
	for (uint32_t i = 0; i < w->request.n_sample_folders; i++) {
		const uint32_t n_left = w->request.n_sample_folders - i;
		const int64_t now_ns = clock_boot_ns(NULL);
		walk.folder_fd = w->sample_fds[i];
		walk.shown = w->sample_paths[i];
		walk.n_seen_max = walk.n_seen + (SAMPLE_ENTRIES_MAX - walk.n_seen) / n_left;
		walk.deadline_boot_ns = now_ns + (end_boot_ns - now_ns) / n_left;
		w->n_room = (w->request.files_max - w->n_files) / n_left;
		w->n_candidates = 0;
		if (walk.folder_fd < 0)
			continue;
		sample_walk(&walk);
		keep_chosen(w, w->n_bytes + (w->request.bytes_max - w->n_bytes) / n_left);
	}
}

/* A sample folder that is not there is no sample. */
static void first_samples(struct watcher *w)
{
	struct error e = ERROR_NONE;
	for (uint32_t i = 0; i < w->request.n_sample_folders; i++)
		if (file_open_folder(w->sample_paths[i], &w->sample_fds[i], &e) != OK)
			w->sample_fds[i] = -1;
	walk_samples(w, choose);
}

/* --- later looks --- */

struct noticed {
	const char *folder;
	const char *name;
	enum sight_change what;
	bool is_sentinel;
	bool attributed;
};

static void count(struct watcher *w, const struct noticed *n)
{
	if (n->is_sentinel)
		w->sum.n_sentinels_changed++;
	else if (n->attributed)
		w->sum.n_attributed++;
	else
		w->sum.n_unattributed++;
}

static enum status tell(struct watcher *w, const struct noticed *n, struct error *e)
{
	count(w, n);
	if (w->n_told++ >= WITNESS_FINDINGS_MAX)
		return OK;
	char path[2 * PATH_BYTES_MAX];
	(void)snprintf(
		path, sizeof path, n->name[0] == '\0' ? "%s%s" : "%s/%s", n->folder, n->name);
	const struct witness_finding_wire m = {
		.path = view_of(path),
		.what = (uint8_t)n->what,
		.is_sentinel = n->is_sentinel,
		.attributed = n->attributed,
	};
	AUTO_BUF struct buf b;
	buf_init(&b, PACKET_BYTES_MAX);
	witness_finding_wire_write(&b, &m);
	TRY(buf_check(&b, "finding", e));
	return packet_send(ROLE_CHANNEL_FD, WITNESS_FINDING, buf_view(&b), e);
}

/* Where the emulator's uid is the user's own too (a user start), an owner tells nothing. */
static bool is_emulators(const struct watcher *w, const struct file_identity *who)
{
	return w->request.may_attribute != 0 && who->uid == w->request.emulator_uid;
}

/* What differs between the file's first sight and now. */
static enum sight_change look_again(struct watcher *w, int folder_fd, const char *path, bool own,
	const struct sight *first, struct sight *now)
{
	struct error e = ERROR_NONE;
	memset(now, 0, sizeof *now);
	enum status status = see(w, folder_fd, path, own, now, &e);
	if (status == E_ABSENT)
		return SIGHT_GONE;
	if (status == E_DENIED && (e.errno_value == ELOOP || e.errno_value == EXDEV))
		return SIGHT_NAME; /* a link stands in its place, or a mount */
	if (status != OK)
		return SIGHT_MODE; /* it could be read before */
	return sight_compare(first, now);
}

static bool is_sentinel_name(const char *name)
{
	for (size_t i = 0; i < SENTINEL_FILES; i++)
		if (strcmp(name, sentinel_name(i)) == 0)
			return true;
	return false;
}

struct strangers {
	struct watcher *watcher;
	struct sentinel_folder *folder;
	struct error *e;
	enum status status;
};

static void notice_stranger(
	struct sample_walk *walk, const char *path, const struct file_identity *who)
{
	struct strangers *s = walk->context;
	(void)who;
	if (s->status != OK || is_sentinel_name(path))
		return;
	const struct noticed n = { s->folder->path, path, SIGHT_NEW, true, false };
	s->status = tell(s->watcher, &n, s->e);
}

/* Something beside the planted files: whoever put it there, it was not there before. */
static enum status look_for_strangers(struct watcher *w, struct sentinel_folder *f, struct error *e)
{
	struct strangers s = { .watcher = w, .folder = f, .e = e, .status = OK };
	struct witness_eye eye = { .read_only_mounts = true }; /* its access time does not count */
	struct sample_walk walk = {
		.eye = &eye,
		.folder_fd = f->fd,
		.shown = f->path,
		.deadline_boot_ns = clock_boot_ns(NULL) + SAMPLE_TIME_NS,
		.n_seen_max = SAMPLE_ENTRIES_MAX,
		.each = notice_stranger,
		.context = &s,
	};
	sample_walk(&walk);
	return s.status;
}

/* The name itself may lead elsewhere now, while our descriptor still sees the old folder. */
static bool folder_changed(const struct sentinel_folder *f, enum sight_change *out)
{
	AUTO_FD int fd = -1;
	struct sight now;
	struct error e = ERROR_NONE;
	if (file_open_folder(f->path, &fd, &e) != OK || see_folder(fd, &now, &e) != OK) {
		*out = SIGHT_GONE;
		return true;
	}
	*out = sight_compare(&f->first, &now);
	return *out != SIGHT_SAME;
}

static enum status look_at_sentinels(struct watcher *w, struct error *e)
{
	w->sum.n_sentinels = w->n_sentinels;
	for (uint32_t i = 0; i < w->request.n_sentinel_folders; i++) {
		struct sentinel_folder *f = &w->sentinels[i];
		uint32_t before = w->sum.n_sentinels_changed;
		struct noticed n = { .folder = f->path, .is_sentinel = true };
		struct sight now;
		for (size_t k = 0; k < SENTINEL_FILES; k++) {
			n.name = f->files[k].name;
			n.what = f->fd < 0 ? SIGHT_GONE
					   : look_again(w, f->fd, n.name, true, &f->files[k].first,
						     &now);
			if (n.what != SIGHT_SAME)
				TRY(tell(w, &n, e));
		}
		if (f->fd >= 0)
			TRY(look_for_strangers(w, f, e));
		n.name = "";
		if (folder_changed(f, &n.what) && w->sum.n_sentinels_changed == before)
			TRY(tell(w, &n, e));
	}
	return OK;
}

static void mark(struct sample_walk *walk, const char *path, const struct file_identity *who)
{
	struct watcher *w = walk->context;
	(void)path;
	if (is_emulators(w, who) && w->n_marks < MARKS_MAX)
		w->marks[w->n_marks++] = (struct mark){ who->device, who->inode, who->changed_ns };
}

static int compare_marks(const void *a, const void *b)
{
	const struct mark *left = a;
	const struct mark *right = b;
	if (left->inode != right->inode)
		return left->inode < right->inode ? -1 : 1;
	return (left->device > right->device) - (left->device < right->device);
}

static void take_marks(struct watcher *w)
{
	w->n_marks = 0;
	if (w->request.may_attribute == 0)
		return;
	walk_samples(w, mark);
	qsort(w->marks, w->n_marks, sizeof *w->marks, compare_marks);
}

static bool is_marked(const struct watcher *w, const struct file_identity *who)
{
	const struct mark wanted = { who->device, who->inode, who->changed_ns };
	const struct mark *found =
		bsearch(&wanted, w->marks, w->n_marks, sizeof *w->marks, compare_marks);
	return found != NULL && found->changed_ns == who->changed_ns;
}

static bool is_sampled(const struct watcher *w, const char *shown, const char *path)
{
	for (uint32_t i = 0; i < w->n_files; i++)
		if (w->files[i].shown == shown && strcmp(w->files[i].path, path) == 0)
			return true;
	return false;
}

/* Something new that belongs to the emulator's uid proves nothing: a backup or a copy that keeps
 * owners makes the same. It is told, and not held against the emulator. */
static void notice_foreign_uid(
	struct sample_walk *walk, const char *path, const struct file_identity *who)
{
	struct watcher *w = walk->context;
	struct error e = ERROR_NONE;
	if (!is_emulators(w, who) || is_marked(w, who) || is_sampled(w, walk->shown, path))
		return;
	const struct noticed n = { walk->shown, path, SIGHT_NEW, false, false };
	(void)tell(w, &n, &e); /* a channel that is gone shows at the summary */
}

static enum status look_at_user_files(struct watcher *w, struct error *e)
{
	w->sum.n_user_files = w->n_files;
	for (uint32_t i = 0; i < w->n_files; i++) {
		const struct sample_file *f = &w->files[i];
		struct sight now;
		struct noticed n = { .folder = f->shown, .name = f->path };
		n.what = look_again(w, f->folder_fd, f->path, false, &f->first, &now);
		/* The emulator's work is a file that was somebody else's before and is its own now.
		 */
		n.attributed = is_emulators(w, &now.who) && !is_emulators(w, &f->first.who);
		if (n.what != SIGHT_SAME && !(is_emulators(w, &now.who) && is_marked(w, &now.who)))
			TRY(tell(w, &n, e));
	}
	if (w->request.may_attribute != 0)
		walk_samples(w, notice_foreign_uid);
	return OK;
}

static enum status send_summary(const struct watcher *w, struct error *e)
{
	AUTO_BUF struct buf b;
	buf_init(&b, PACKET_BYTES_MAX);
	witness_summary_wire_write(&b, &w->sum);
	TRY(buf_check(&b, "summary", e));
	return packet_send(ROLE_CHANNEL_FD, WITNESS_SUMMARY, buf_view(&b), e);
}

static enum status answer_mark(struct watcher *w, struct error *e)
{
	take_marks(w);
	memset(&w->sum, 0, sizeof w->sum);
	return send_summary(w, e);
}

static enum status answer_look(struct watcher *w, struct error *e)
{
	struct unpack u;
	struct witness_look_wire look;
	unpack_init(&u, w->packet->body);
	if (!witness_look_wire_read(&u, &look) || !pack_end(&u))
		return error_set(e, E_INVALID, "a damaged message to the witness");
	memset(&w->sum, 0, sizeof w->sum);
	w->n_told = 0;
	TRY(look_at_sentinels(w, e));
	if (look.user_files != 0)
		TRY(look_at_user_files(w, e));
	return send_summary(w, e);
}

/* --- life --- */

static enum status say_ready(const struct confine_locks *locks, struct error *e)
{
	const struct wire_ready m = {
		.landlock_abi = (uint32_t)locks->landlock_abi,
		.mount_namespace = locks->mount_namespace,
		.seccomp = locks->seccomp,
		.own_uid = locks->own_uid,
		.no_new_privileges = locks->no_new_privileges,
	};
	AUTO_BUF struct buf b;
	buf_init(&b, PACKET_BYTES_MAX);
	wire_ready_write(&b, &m);
	TRY(buf_check(&b, "message", e));
	return packet_send(ROLE_CHANNEL_FD, WIRE_READY, buf_view(&b), e);
}

static enum status serve(struct watcher *w, struct error *e)
{
	struct confine_locks locks;
	TRY(read_request(w, e));
	TRY(put_on_locks(w, &locks, e));
	if (w->request.n_sights > 0)
		given_sentinels(w);
	else
		TRY(first_sentinels(w, e));
	first_samples(w);
	take_marks(w);
	TRY(say_ready(&locks, e));
	for (;;) {
		bool got = false;
		enum status status = packet_receive(ROLE_CHANNEL_FD, -1, w->packet, &got, e);
		if (status == E_ABSENT)
			return OK; /* the conductor has ended it */
		TRY(status);
		if (got && w->packet->type == WITNESS_LOOK)
			TRY(answer_look(w, e));
		if (got && w->packet->type == WITNESS_MARK)
			TRY(answer_mark(w, e));
	}
}

static enum status say_fault(const struct error *why)
{
	const struct wire_fault m = {
		.status = (uint8_t)why->status,
		.errno_value = (uint32_t)why->errno_value,
		.sentence = view_of(why->text),
	};
	AUTO_BUF struct buf b;
	buf_init(&b, PACKET_BYTES_MAX);
	wire_fault_write(&b, &m);
	TRY(buf_check(&b, "message", NULL));
	return packet_send(ROLE_CHANNEL_FD, WIRE_FAULT, buf_view(&b), NULL);
}

int witness_role(size_t n_fds)
{
	struct error e = ERROR_NONE;
	AUTO(pool_free) struct pool *pool = pool_new(POOL_BYTES);
	if (n_fds != 1 || pool == NULL)
		return 1;
	struct watcher *w = pool_take(pool, 1, sizeof *w);
	struct packet *packet = pool_take(pool, 1, sizeof *packet);
	if (w == NULL || packet == NULL)
		return 1;
	w->pool = pool;
	w->packet = packet;
	if (serve(w, &e) == OK)
		return 0;
	return say_fault(&e) == OK ? 1 : 2; /* 2: nobody is there to hear it */
}
