/*
 * The role that works in the arena for undo and assessment: reads manifest and journal as foreign
 * bytes, inside the locks, and goes through them decoy by decoy. It never lists a folder.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fault.h"
#include "drill/undo/twin_sweep.h"
#include "drill/undo/undo_wire.h"
#include "sys/confine.h"

enum { EXIT_FAULTY = 1, EXIT_REFUSED = 2, BEAT_MS = 100, TOLD_BYTES_MAX = 48 * 1024 };
#define POOL_BYTES (2 * GIB)

struct undo_role_state {
	struct undo_call call;
	struct manifest manifest;
	struct undo_plan plan;
	struct scenario scenario;
	struct undo_work work;
	int arena_fd;
	struct pool *pool;
	struct packet *packet;
	struct decoy_finding *findings; /* undo: n_files */
	struct buf told;		/* records of `says`, not sent yet */
	enum undo_says says;
	struct wire_beat beat;
	int64_t beat_ns;
	bool is_stopped;
	struct error fault; /* the channel broke in a callback */
	size_t n_named;
};

/* --- speaking --- */

static enum status say(uint16_t type, const struct buf *body, struct error *e)
{
	TRY(buf_check(body, "message", e));
	return packet_send(ROLE_CHANNEL_FD, type, buf_view(body), e);
}

static enum status flush_told(struct undo_role_state *s, struct error *e)
{
	if (s->told.len == 0)
		return OK;
	enum status status = say(WIRE_RESULT, &s->told, e);
	buf_reset(&s->told);
	return status;
}

/* Room for one more record of this kind. */
static enum status begin_told(struct undo_role_state *s, enum undo_says says, struct error *e)
{
	if (s->told.len > 0 && (s->says != says || s->told.len > TOLD_BYTES_MAX))
		TRY(flush_told(s, e));
	s->says = says;
	if (s->told.len == 0)
		pack_put_u8(&s->told, (uint8_t)says);
	return OK;
}

static enum status tell_decoy(
	struct undo_role_state *s, uint32_t place, const struct decoy_finding *f, struct error *e)
{
	TRY(begin_told(s, UNDO_SAYS_DECOYS, e));
	struct undo_decoy_told m = { .place = place,
		.state = (uint8_t)f->state,
		.reason = (uint8_t)f->reason,
		.errno_value = (uint32_t)f->errno_value,
		.answer = f->answer };
	undo_decoy_told_write(&s->told, &m);
	return OK;
}

static enum status tell_phase(
	struct undo_role_state *s, const struct undo_phase_told *m, struct error *e)
{
	TRY(flush_told(s, e));
	TRY(begin_told(s, UNDO_SAYS_PHASE, e));
	undo_phase_told_write(&s->told, m);
	return flush_told(s, e);
}

static void tell_left(struct removal *r, enum undo_left what, uint32_t index, enum undo_reason why,
	int errno_value)
{
	struct undo_role_state *s = r->context;
	if (s->n_named == UNDO_NAMED_MAX)
		return;
	s->n_named++;
	if (begin_told(s, UNDO_SAYS_LEFT, &s->fault) != OK)
		return; /* the next look at the channel tells */
	struct undo_left_told m = { .what = (uint8_t)what,
		.index = index,
		.reason = (uint8_t)why,
		.errno_value = (uint32_t)errno_value };
	undo_left_told_write(&s->told, &m);
}

static enum status send_beat(struct undo_role_state *s, struct error *e)
{
	int64_t now_ns = clock_boot_ns(NULL);
	if (now_ns - s->beat_ns < BEAT_MS * NS_PER_MS)
		return OK;
	AUTO_BUF struct buf body;
	buf_init(&body, 64);
	s->beat_ns = now_ns;
	s->beat.at_boot_ns = now_ns;
	s->beat.n_bytes = s->work.n_bytes;
	wire_beat_write(&body, &s->beat);
	return say(WIRE_BEAT, &body, e);
}

static void alive(struct undo_work *w)
{
	struct undo_role_state *s = w->context;
	if (s->fault.status == OK)
		(void)send_beat(s, &s->fault); /* kept in s->fault, seen between two files */
}

static void say_fault(const struct error *why)
{
	AUTO_BUF struct buf body;
	buf_init(&body, 2 * KIB);
	struct wire_fault m = { .status = (uint8_t)why->status,
		.errno_value = (uint32_t)why->errno_value,
		.sentence = view_of(why->text) };
	wire_fault_write(&body, &m);
	/* Nobody is left to tell where this fails: the process ends either way. */
	(void)say(WIRE_FAULT, &body, NULL);
}

/* --- listening --- */

/* `wait`: for the word that removal may begin. Otherwise only looks whether a stop was asked. */
static enum status listen(struct undo_role_state *s, bool wait, struct error *e)
{
	if (s->fault.status != OK) {
		*e = s->fault;
		return s->fault.status;
	}
	bool got = false;
	TRY(packet_receive(ROLE_CHANNEL_FD, wait ? -1 : 0, s->packet, &got, e));
	if (!got)
		return OK;
	struct unpack u;
	unpack_init(&u, s->packet->body);
	struct wire_stop stop;
	struct wire_committed go_on;
	if (s->packet->type == WIRE_STOP && wire_stop_read(&u, &stop) && pack_end(&u))
		s->is_stopped = true;
	else if (!wait || s->packet->type != WIRE_COMMITTED || !wire_committed_read(&u, &go_on))
		return undo_talk_garbled(e);
	return OK;
}

/* Between two files: never inside one. */
static enum status between(struct undo_role_state *s, struct error *e)
{
	s->beat.n_files++;
	TRY(send_beat(s, e));
	return listen(s, false, e);
}

/* --- the tasks --- */

static enum status assess(struct undo_role_state *s, struct error *e)
{
	struct unpack u;
	unpack_init(&u, s->call.files);
	uint32_t n = s->call.files.len == 0 ? s->manifest.n_files
					    : (uint32_t)(s->call.files.len / sizeof(uint32_t));
	for (uint32_t i = 0; i < n && !s->is_stopped; i++) {
		uint32_t file = s->call.files.len == 0 ? i : pack_get_u32(&u);
		if (u.failed || file >= s->manifest.n_files)
			return error_set(e, E_INVALID, "a decoy that the manifest does not hold");
		struct decoy_finding f;
		undo_decoy(&s->work, file, &f);
		TRY(tell_decoy(s, i, &f, e));
		TRY(between(s, e));
	}
	return flush_told(s, e);
}

static enum status restore_one(
	struct undo_role_state *s, uint32_t file, struct undo_phase_told *out, struct error *e)
{
	struct decoy_finding *f = &s->findings[file];
	(void)FAULT("undo_decoy"); /* a place to die at */
	undo_decoy(&s->work, file, f);
	bool removed_before = s->call.removing && f->state == DECOY_MISSING;
	if (f->restored)
		out->n_restored++;
	if (f->proven_inode == 0 && !f->waits && !undo_is_excused(&s->work, file, f) &&
		!removed_before) {
		out->n_unproven++;
		if (out->n_unproven <= UNDO_NAMED_MAX)
			TRY(tell_decoy(s, file, f, e));
	}
	return between(s, e);
}

/* Contents first, for the whole arena; what gets a name then has been brought to the disk. */
static enum status restore(struct undo_role_state *s, struct undo_phase_told *out, struct error *e)
{
	bool waiting = false;
	s->work.contents_only = true;
	for (uint32_t i = 0; i < s->manifest.n_files && !s->is_stopped; i++) {
		TRY(restore_one(s, i, out, e));
		waiting = waiting || s->findings[i].waits;
	}
	s->work.contents_only = false;
	if (!waiting || s->is_stopped)
		return OK;
	if (FAULT("undo_contents") ? (errno = EIO, true) : syncfs(s->arena_fd) != 0)
		return error_sys(e, E_FAILED, errno, "bring the contents to the disk");
	for (uint32_t i = 0; i < s->manifest.n_files && !s->is_stopped; i++)
		if (s->findings[i].waits)
			TRY(restore_one(s, i, out, e));
	return OK;
}

static enum status remove_all(
	struct undo_role_state *s, struct undo_phase_told *out, struct error *e)
{
	struct removal r = { .left = tell_left, .context = s };
	s->work.writes = false;
	for (uint32_t i = 0; i < s->manifest.n_files && !s->is_stopped; i++) {
		removal_decoy(&s->work, i, &s->findings[i], &r);
		TRY(between(s, e));
	}
	for (size_t i = 0; i < s->plan.n_notes && !s->is_stopped; i++) {
		removal_note(&s->work, i, &r);
		TRY(between(s, e));
	}
	/* Parents stand before their children: backwards is bottom-up. */
	for (uint32_t i = s->manifest.n_folders; i > 0 && !s->is_stopped; i--) {
		removal_folder(&s->work, i - 1, &r);
		TRY(between(s, e));
	}
	out->n_removed = r.n_removed;
	out->n_left = r.n_left;
	return OK;
}

static enum status undo(struct undo_role_state *s, struct error *e)
{
	struct undo_phase_told phase = { .is_stopped = 0 };
	s->findings = pool_take(s->pool, s->manifest.n_files, sizeof *s->findings);
	if (s->findings == NULL)
		return error_set(e, E_NO_SPACE, "memory is short");
	/* An unfinished planting was never run: nothing to restore, and no hash to prove it by. */
	if (!s->call.partial && s->call.twin != 0)
		TRY(twin_sweep(&s->work.view, e));
	if (!s->call.partial)
		TRY(restore(s, &phase, e));
	phase.is_stopped = s->is_stopped;
	TRY(tell_phase(s, &phase, e));
	if (s->is_stopped)
		return OK;
	TRY(listen(s, true, e));
	TRY(remove_all(s, &phase, e));
	phase.is_stopped = s->is_stopped;
	return tell_phase(s, &phase, e);
}

/* --- the beginning --- */

static enum status map_fd(enum undo_fd which, struct view *out, struct error *e)
{
	struct stat st;
	int fd = ROLE_FIRST_FD + (int)which;
	if (fstat(fd, &st) != 0)
		return error_sys(e, E_FAILED, errno, "look at descriptor %d", fd);
	*out = VIEW("");
	if (st.st_size == 0)
		return OK;
	void *at = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (at == MAP_FAILED)
		return error_sys(e, E_NO_SPACE, errno, "map descriptor %d", fd);
	*out = (struct view){ at, (size_t)st.st_size };
	return OK;
}

static enum status read_call(struct undo_role_state *s, struct error *e)
{
	struct view bytes;
	struct unpack u;
	TRY(map_fd(UNDO_FD_REQUEST, &bytes, e));
	unpack_init(&u, bytes);
	if (!undo_call_read(&u, &s->call) || !pack_end(&u) ||
		(s->call.escrow.len != 0 && s->call.escrow.len != ESCROW_KEY_BYTES) ||
		(s->call.nonce.len != 0 && s->call.nonce.len != DIGEST_BYTES))
		return undo_talk_garbled(e);
	return OK;
}

static enum status enter(struct undo_role_state *s, int *out_arena_fd, struct error *e)
{
	static const int keep[] = { ROLE_CHANNEL_FD, ROLE_FIRST_FD + UNDO_FD_MANIFEST,
		ROLE_FIRST_FD + UNDO_FD_JOURNAL, ROLE_FIRST_FD + UNDO_FD_SCENARIO,
		ROLE_FIRST_FD + UNDO_FD_REQUEST };
	bool assesses = s->call.task == UNDO_TASK_ASSESS;
	struct confine_request request = {
		/* Looking needs no call that writes, and no file size above 0. */
		.calls = assesses ? CONFINE_CALLS_WITNESS : CONFINE_CALLS_UNDO,
		.reach = CONFINE_REACH_FOLDER,
		.folder_fd = ROLE_FIRST_FD + UNDO_FD_ARENA,
		.uid = s->call.uid,
		.gid = s->call.gid,
		.max_file_bytes = assesses ? 0 : s->call.max_file_bytes,
		.parent = role_parent(),
		.keep_fds = keep,
		.n_keep_fds = COUNT_OF(keep),
	};
	struct confine_locks locks;
	TRY(confine_enter(&request, &locks, out_arena_fd, e));
	AUTO_BUF struct buf body;
	buf_init(&body, 64);
	struct wire_ready m = { .landlock_abi = (uint32_t)locks.landlock_abi,
		.mount_namespace = locks.mount_namespace,
		.seccomp = locks.seccomp,
		.own_uid = locks.own_uid,
		.no_new_privileges = locks.no_new_privileges };
	wire_ready_write(&body, &m);
	return say(WIRE_READY, &body, e);
}

static enum status read_inputs(struct undo_role_state *s, struct error *e)
{
	struct view manifest;
	struct view journal;
	struct view scenario;
	TRY(map_fd(UNDO_FD_MANIFEST, &manifest, e));
	TRY(map_fd(UNDO_FD_JOURNAL, &journal, e));
	TRY(map_fd(UNDO_FD_SCENARIO, &scenario, e));
	TRY(manifest_read(manifest, s->pool, &s->manifest, e));
	TRY(undo_plan_read(journal, &s->manifest, s->pool, &s->plan, e));
	if (scenario.len > 0)
		TRY(scenario_parse(scenario, "scenario", s->pool, &s->scenario, e));
	s->work = (struct undo_work){
		.manifest = &s->manifest,
		.plan = &s->plan,
		.scenario = scenario.len > 0 ? &s->scenario : NULL,
		.escrow = s->call.escrow.len == 0 ? NULL : (const unsigned char *)s->call.escrow.at,
		.nonce = s->call.nonce.len == 0 ? NULL : (const unsigned char *)s->call.nonce.at,
		.writes = s->call.task == UNDO_TASK_UNDO,
		.partial = s->call.partial != 0,
		.alive = alive,
		.context = s,
	};
	return OK;
}

static enum status work(struct undo_role_state *s, struct error *e)
{
	s->pool = pool_new(POOL_BYTES);
	s->packet = malloc(sizeof *s->packet);
	buf_init(&s->told, PACKET_BYTES_MAX);
	if (s->pool == NULL || s->packet == NULL)
		return error_set(e, E_NO_SPACE, "memory is short");
	TRY(read_call(s, e));
	TRY(enter(s, &s->arena_fd, e));
	TRY(read_inputs(s, e));
	TRY(undo_work_start(&s->work, s->arena_fd, s->pool, e));
	if (s->call.task == UNDO_TASK_ASSESS)
		TRY(assess(s, e));
	else
		TRY(undo(s, e));
	AUTO_BUF struct buf body;
	buf_init(&body, 64);
	struct wire_finished m = { .reason = s->is_stopped,
		.stopped_boot_ns = clock_boot_ns(NULL) };
	wire_finished_write(&body, &m);
	return say(WIRE_FINISHED, &body, e);
}

int undo_role(size_t n_fds)
{
	if (n_fds != UNDO_FDS)
		return EXIT_REFUSED;
	struct error e = ERROR_NONE;
	struct undo_role_state *s = calloc(1, sizeof *s);
	if (s == NULL)
		return EXIT_FAULTY;
	enum status status = work(s, &e);
	if (status != OK)
		say_fault(&e);
	undo_work_done(&s->work);
	buf_done(&s->told);
	free(s->packet);
	pool_free(s->pool);
	free(s);
	return status == OK ? 0 : EXIT_FAULTY;
}
