/*
 * The role that works in the arena for undo and assessment: reads manifest and journal as foreign
 * bytes, inside the locks, and goes through them decoy by decoy. It never lists a folder.
 */
#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fault.h"
#include "drill/undo/twin_sweep.h"
#include "drill/undo/undo_wire.h"
#include "sys/confine.h"
#include "sys/crew.h"

enum { EXIT_FAULTY = 1, EXIT_REFUSED = 2, BEAT_MS = 100, TOLD_BYTES_MAX = 48 * 1024 };
#define POOL_BYTES (2 * GIB)

struct undo_role_state {
	struct undo_call call;
	struct manifest manifest;
	struct undo_plan plan;
	struct scenario scenario;
	struct undo_work works[CREW_MAX]; /* one for each worker of the crew */
	size_t n_works;
	struct undo_shared shared;
	struct crew *crew;
	int arena_fd;
	struct pool *pool;
	struct packet *packet;
	const uint32_t *queue;		/* files that the crew is at, NULL: all, by their number */
	struct decoy_finding *findings; /* by number in the queue in an assessment, else by file */
	struct removal removals[CREW_MAX];
	pthread_mutex_t told_lock; /* of what the crew's threads tell themselves: tell_left */
	struct buf told;	   /* records of `says`, not sent yet */
	enum undo_says says;
	struct wire_beat beat;
	uint32_t n_before; /* files of the beat, before the crew's task */
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
	struct undo_left_told m = { .what = (uint8_t)what,
		.index = index,
		.reason = (uint8_t)why,
		.errno_value = (uint32_t)errno_value };
	(void)pthread_mutex_lock(&s->told_lock);
	/* All that may be named fits one message: nothing is sent from here. */
	if (s->n_named < UNDO_NAMED_MAX) {
		s->n_named++;
		if (s->told.len == 0)
			pack_put_u8(&s->told, UNDO_SAYS_LEFT);
		s->says = UNDO_SAYS_LEFT;
		undo_left_told_write(&s->told, &m);
	}
	(void)pthread_mutex_unlock(&s->told_lock);
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
	s->beat.n_bytes = atomic_load(&s->shared.n_bytes);
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

/* Between two files, never inside one: E_STOPPED once a stop was asked. */
static enum status between(uint32_t n_done, void *context, struct error *e)
{
	struct undo_role_state *s = context;
	s->beat.n_files = s->n_before + n_done;
	TRY(send_beat(s, e));
	TRY(listen(s, false, e));
	return s->is_stopped ? error_set(e, E_STOPPED, "stopped on request") : OK;
}

/* Lets the crew work `n` jobs off. A stop is not an error: s->is_stopped tells. */
static enum status let_work(struct undo_role_state *s, uint32_t n,
	enum status (*job)(size_t, uint32_t, void *, struct error *), struct error *e)
{
	const struct crew_task task = { n, job, between, s };
	/* A stop may have come instead of the word that removal may begin. */
	if (s->is_stopped)
		return OK;
	enum status status = crew_run(s->crew, &task, e);
	s->n_before = s->beat.n_files;
	if (status == E_STOPPED && s->is_stopped)
		return OK;
	return status;
}

/* --- the tasks --- */

static uint32_t file_of(const struct undo_role_state *s, uint32_t index)
{
	return s->queue == NULL ? index : s->queue[index];
}

static enum status assess_one(size_t worker, uint32_t index, void *context, struct error *e)
{
	struct undo_role_state *s = context;
	struct undo_work *w = &s->works[worker];
	(void)e; /* what cannot be done is in the finding */
	undo_decoy(w, file_of(s, index), &s->findings[index]);
	return OK;
}

static enum status read_queue(struct undo_role_state *s, uint32_t *out_n, struct error *e)
{
	struct unpack u;
	*out_n = s->manifest.n_files;
	if (s->call.files.len == 0)
		return OK;
	*out_n = (uint32_t)(s->call.files.len / sizeof(uint32_t));
	uint32_t *queue = pool_take(s->pool, *out_n, sizeof *queue);
	if (queue == NULL)
		return error_set(e, E_NO_SPACE, "memory is short");
	unpack_init(&u, s->call.files);
	for (uint32_t i = 0; i < *out_n; i++) {
		queue[i] = pack_get_u32(&u);
		if (u.failed || queue[i] >= s->manifest.n_files)
			return error_set(e, E_INVALID, "a decoy that the manifest does not hold");
	}
	s->queue = queue;
	return OK;
}

static enum status assess(struct undo_role_state *s, struct error *e)
{
	uint32_t n = 0;
	TRY(read_queue(s, &n, e));
	s->findings = pool_take(s->pool, n, sizeof *s->findings);
	if (s->findings == NULL)
		return error_set(e, E_NO_SPACE, "memory is short");
	TRY(let_work(s, n, assess_one, e));
	/* In the order of the list, as the conductor expects them. */
	for (uint32_t i = 0; i < n && s->findings[i].decided; i++)
		TRY(tell_decoy(s, i, &s->findings[i], e));
	return flush_told(s, e);
}

static enum status restore_one(size_t worker, uint32_t index, void *context, struct error *e)
{
	struct undo_role_state *s = context;
	struct undo_work *w = &s->works[worker];
	(void)e; /* what cannot be done is in the finding */
	uint32_t file = file_of(s, index);
	(void)FAULT("undo_decoy"); /* a place to die at */
	undo_decoy(w, file, &s->findings[file]);
	return OK;
}

static void set_works(struct undo_role_state *s, bool writes, bool contents_only)
{
	for (size_t i = 0; i < s->n_works; i++) {
		s->works[i].writes = writes;
		s->works[i].contents_only = contents_only;
	}
}

static enum status count_restored(
	struct undo_role_state *s, struct undo_phase_told *out, struct error *e)
{
	for (uint32_t i = 0; i < s->manifest.n_files; i++) {
		const struct decoy_finding *f = &s->findings[i];
		bool removed_before = s->call.removing && f->state == DECOY_MISSING;
		if (!f->decided)
			continue;
		if (f->restored)
			out->n_restored++;
		if (f->proven_inode != 0 || f->waits || removed_before ||
			undo_is_excused(&s->works[0], i, f))
			continue;
		out->n_unproven++;
		if (out->n_unproven <= UNDO_NAMED_MAX)
			TRY(tell_decoy(s, i, f, e));
	}
	return OK;
}

/* Those whose contents are right and whose names come next. */
static enum status queue_waiting(struct undo_role_state *s, uint32_t *out_n, struct error *e)
{
	uint32_t *queue = pool_take(s->pool, s->manifest.n_files, sizeof *queue);
	*out_n = 0;
	if (queue == NULL)
		return error_set(e, E_NO_SPACE, "memory is short");
	for (uint32_t i = 0; i < s->manifest.n_files; i++)
		if (s->findings[i].waits)
			queue[(*out_n)++] = i;
	s->queue = queue;
	return OK;
}

/* Contents first, for the whole arena; what gets a name then has been brought to the disk. */
static enum status restore(struct undo_role_state *s, struct undo_phase_told *out, struct error *e)
{
	uint32_t n_waiting = 0;
	set_works(s, true, true);
	TRY(let_work(s, s->manifest.n_files, restore_one, e));
	TRY(queue_waiting(s, &n_waiting, e));
	if (n_waiting > 0 && !s->is_stopped) {
		if (FAULT("undo_contents") ? (errno = EIO, true) : syncfs(s->arena_fd) != 0)
			return error_sys(e, E_FAILED, errno, "bring the contents to the disk");
		set_works(s, true, false);
		TRY(let_work(s, n_waiting, restore_one, e));
	}
	s->queue = NULL;
	return count_restored(s, out, e);
}

static enum status remove_decoy(size_t worker, uint32_t index, void *context, struct error *e)
{
	struct undo_role_state *s = context;
	struct undo_work *w = &s->works[worker];
	(void)e; /* what cannot be done is in the finding */
	removal_decoy(w, index, &s->findings[index], &s->removals[worker]);
	return OK;
}

static enum status remove_note(size_t worker, uint32_t index, void *context, struct error *e)
{
	struct undo_role_state *s = context;
	struct undo_work *w = &s->works[worker];
	(void)e; /* what cannot be done is in the finding */
	removal_note(w, index, &s->removals[worker]);
	return OK;
}

static enum status remove_all(
	struct undo_role_state *s, struct undo_phase_told *out, struct error *e)
{
	struct removal *first = &s->removals[0];
	for (size_t i = 0; i < CREW_MAX; i++)
		s->removals[i] = (struct removal){ .left = tell_left, .context = s };
	set_works(s, false, false);
	TRY(let_work(s, s->manifest.n_files, remove_decoy, e));
	TRY(let_work(s, (uint32_t)s->plan.n_notes, remove_note, e));
	/* Parents stand before their children: backwards is bottom-up. */
	for (uint32_t i = s->manifest.n_folders; i > 0 && !s->is_stopped; i--) {
		removal_folder(&s->works[0], i - 1, first);
		enum status status = between(1, s, e);
		s->n_before++;
		if (status != E_STOPPED)
			TRY(status);
	}
	for (size_t i = 0; i < CREW_MAX; i++) {
		out->n_removed += s->removals[i].n_removed;
		out->n_left += s->removals[i].n_left;
	}
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
		TRY(twin_sweep(&s->works[0].view, e));
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

static enum status start_works(struct undo_role_state *s, bool ran, struct error *e)
{
	/* Who only looks has no call that makes threads, and asks for few decoys mostly. */
	size_t n = s->call.task == UNDO_TASK_UNDO ? crew_size(s->manifest.n_files) : 1;
	undo_shared_start(&s->shared, s->call.task == UNDO_TASK_UNDO);
	const struct undo_work model = {
		.manifest = &s->manifest,
		.plan = &s->plan,
		.scenario = ran ? &s->scenario : NULL,
		.escrow = s->call.escrow.len == 0 ? NULL : (const unsigned char *)s->call.escrow.at,
		.nonce = s->call.nonce.len == 0 ? NULL : (const unsigned char *)s->call.nonce.at,
		.writes = s->call.task == UNDO_TASK_UNDO,
		.partial = s->call.partial != 0,
		.shared = &s->shared,
		.n_folders_open_max = (uint32_t)(ARENA_FOLDERS_OPEN_MAX / n),
		.alive = n == 1 ? alive : NULL,
		.context = s,
	};
	while (s->n_works < n) {
		struct undo_work *w = &s->works[s->n_works++];
		*w = model;
		TRY(undo_work_start(w, s->arena_fd, s->pool, e));
	}
	return crew_new(n, &s->crew, e);
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
	return start_works(s, scenario.len > 0, e);
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
	(void)pthread_mutex_init(&s->told_lock, NULL); /* cannot fail with default attributes */
	(void)mallopt(M_ARENA_MAX, 1); /* further arenas would look at /proc when they shrink */
	enum status status = work(s, &e);
	if (status != OK)
		say_fault(&e);
	crew_free(s->crew);
	for (size_t i = 0; i < s->n_works; i++)
		undo_work_done(&s->works[i]);
	(void)pthread_mutex_destroy(&s->told_lock);
	buf_done(&s->told);
	free(s->packet);
	pool_free(s->pool);
	free(s);
	return status == OK ? 0 : EXIT_FAULTY;
}
