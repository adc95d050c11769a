/*
 * The emulator: the one process of a drill that changes decoys. It puts its locks on before it
 * reads a byte of what it was handed, takes nothing on trust in there, tells the conductor what it
 * is going to do, and does it when the answer says that this is on disk.
 */
#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fault.h"
#include "drill/attack/emulate.h"
#include "sys/confine.h"
#include "sys/file.h"

#define POOL_BYTES_MAX (2 * GIB)
#define TEXT_BYTES_MAX (1 * MIB)

/* One batch of tasks and the packet that announces it. */
struct batch {
	struct task *tasks; /* BATCH_TASKS_MAX */
	size_t n;
	uint64_t number;
	struct buf packet;
};

struct plan {
	struct emulation *em;
	struct step *steps;
	size_t n_steps, next;
	uint64_t n_files, n_bytes; /* announced so far */
	size_t n_paced_max;	   /* files in a batch */
	struct batch ring[BATCHES_AHEAD + 1];
	uint64_t n_announced, n_worked; /* batches; the next to be worked on is n_worked */
	struct worker settler;		/* the main thread's own, for new-file patterns */
	bool is_over_budget;
};

/* --- what was handed over --- */

static enum status read_memory(int fd, size_t ceiling, struct buf *out, struct error *e)
{
	struct stat st;
	if (fstat(fd, &st) != 0)
		return error_sys(e, E_FAILED, errno, "read what the conductor handed over");
	buf_init(out, ceiling);
	char *at = st.st_size < 0 ? NULL : buf_extend(out, (size_t)st.st_size);
	if (at == NULL)
		return error_set(e, E_TOO_BIG, "what the conductor handed over is too large");
	if (read_at(fd, 0, at, (size_t)st.st_size) != FILE_CHANGED)
		return error_set(e, E_FAILED, "what the conductor handed over cannot be read");
	return OK;
}

static enum status read_head(struct emulate_head *out, struct error *e)
{
	char bytes[EMULATE_HEAD_BYTES];
	struct unpack u;
	if (pread(EMULATE_REQUEST_FD, bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
		return error_set(e, E_INVALID, "the emulator was started without a request");
	unpack_init(&u, (struct view){ bytes, sizeof bytes });
	if (!emulate_head_read(&u, out) || !pack_end(&u) || out->magic != EMULATE_MAGIC)
		return error_set(e, E_INVALID, "the emulator was started without a request");
	return OK;
}

/* Whatever reads files or the processor count at its first use does so before the locks. */
static enum status warm_up(struct error *e)
{
	AUTO(keystream_free) struct keystream *k = NULL;
	(void)mallopt(M_ARENA_MAX, 1); /* further arenas would look at /proc when they shrink */
	(void)digest_hmac("", 0, "", 0);
	(void)digest_of("", 0);
	return keystream_new(&k, e);
}

static enum status enter_locks(int *out_arena_fd, struct error *e)
{
	static const int keep[] = { ROLE_CHANNEL_FD, EMULATE_SCENARIO_FD, EMULATE_MANIFEST_FD,
		EMULATE_REQUEST_FD };
	struct emulate_head head;
	struct confine_locks locks;
	TRY(read_head(&head, e));
	struct confine_request request = {
		.calls = CONFINE_CALLS_EMULATOR,
		.reach = CONFINE_REACH_FOLDER,
		.folder_fd = EMULATE_ARENA_FD,
		.uid = head.uid,
		.gid = head.gid,
		.max_file_bytes = head.max_file_bytes,
		.parent = role_parent(),
		.keep_fds = keep,
		.n_keep_fds = COUNT_OF(keep),
	};
	TRY(confine_enter(&request, &locks, out_arena_fd, e));
	AUTO_BUF struct buf body;
	buf_init(&body, 64);
	struct wire_ready m = { (uint32_t)locks.landlock_abi, locks.mount_namespace, locks.seccomp,
		locks.own_uid, locks.no_new_privileges };
	wire_ready_write(&body, &m);
	return packet_send(ROLE_CHANNEL_FD, WIRE_READY, buf_view(&body), e);
}

/* The three texts, kept for as long as what was parsed from them borrows. */
struct handed {
	struct buf request, scenario_text, manifest_bytes;
	struct scenario scenario;
	struct manifest manifest;
};

static void handed_done(struct handed **at)
{
	struct handed *h = *at;
	if (h == NULL)
		return;
	buf_done(&h->request);
	buf_done(&h->scenario_text);
	buf_done(&h->manifest_bytes);
}

static enum status check_scenario(const struct scenario *s, struct error *e)
{
	if (s->io_bytes == 0 || s->io_bytes > 8 * MIB || s->footer_bytes > FOOTER_BYTES_MAX ||
		s->kind == SCENARIO_BENIGN)
		return error_set(e, E_INVALID, "the scenario is none that the emulator can run");
	return OK;
}

static enum status read_handed(
	struct emulation *em, struct handed *h, struct pool *p, struct error *e)
{
	struct unpack u;
	TRY(read_memory(EMULATE_REQUEST_FD, 4 * MIB, &h->request, e));
	TRY(read_memory(EMULATE_SCENARIO_FD, TEXT_BYTES_MAX, &h->scenario_text, e));
	TRY(read_memory(EMULATE_MANIFEST_FD, MANIFEST_BYTES_MAX, &h->manifest_bytes, e));
	unpack_init(&u, buf_view(&h->request));
	(void)pack_get_raw(&u, EMULATE_HEAD_BYTES);
	if (!emulate_request_read(&u, &em->request) || !pack_end(&u) || em->request.id.len > 64)
		return error_set(e, E_INVALID, "the emulator's request is damaged");
	TRY(scenario_parse(buf_view(&h->scenario_text), "scenario", p, &h->scenario, e));
	TRY(check_scenario(&h->scenario, e));
	TRY(manifest_read(buf_view(&h->manifest_bytes), p, &h->manifest, e));
	if (!digest_equal(&h->manifest.hash, &em->request.manifest) ||
		!digest_equal(&h->scenario.hash, &em->request.scenario))
		return error_set(e, E_INVALID,
			"scenario or manifest are not those that the drill was planned with");
	em->scenario = &h->scenario;
	em->manifest = &h->manifest;
	atomic_store(&em->lease_boot_ns, em->request.lease_boot_ns);
	return OK;
}

/* --- batches --- */

static bool add_note(
	const struct plan *plan, struct batch *b, const struct task *t, struct buf *record)
{
	const struct emulation *em = plan->em;
	bool is_probe = t->step.kind == STEP_PROBE;
	struct journal_note m = {
		.folder = t->step.index,
		.name = view_of(is_probe ? probe_name : em->note_name),
		.content = is_probe ? digest_of("", 0) : em->note_digest,
		.is_probe = is_probe,
	};
	journal_note_write(record, &m);
	pack_put_u8(&b->packet, JOURNAL_NOTE);
	return true;
}

/* False where the budget is spent. */
static bool add_file(struct plan *plan, struct batch *b, struct task *t, struct buf *record)
{
	const struct emulation *em = plan->em;
	const struct scenario *s = em->scenario;
	const struct manifest_file *f = &em->manifest->files[t->step.index];
	struct error e = ERROR_NONE;
	char type[16];
	t->region = scenario_region(s, f->size_bytes, manifest_type(f, type));
	if (t->region == NULL || t->region->skip) {
		t->region = NULL;
		return true;
	}
	uint64_t n_bytes = region_bytes(t->region, f->size_bytes);
	if (plan->n_files >= em->request.max_files ||
		n_bytes > em->request.max_bytes - plan->n_bytes)
		return false;
	if (scenario_renames(s) && attack_new_name(s, em->request.escrow.bytes, t->step.index,
					   f->name, t->new_name, &e) != OK) {
		t->region = NULL; /* no other name: left alone */
		return true;
	}
	struct journal_intent m = {
		.file = t->step.index,
		.write = (uint8_t)s->write,
		.rename = (uint8_t)s->rename,
		.new_name = view_of(t->new_name),
		.footer_bytes = s->footer_bytes,
	};
	journal_intent_write(record, &m);
	pack_put_u8(&b->packet, JOURNAL_INTENT);
	t->is_paced = true;
	plan->n_files++;
	plan->n_bytes += n_bytes;
	return true;
}

/* Takes the next steps of the plan, as many as make one group commit. */
static enum status fill_batch(struct plan *plan, struct batch *b, struct error *e)
{
	size_t n_paced = 0;
	AUTO_BUF struct buf record;
	buf_init(&record, 4096);
	b->n = 0;
	b->number = plan->n_announced + 1;
	buf_reset(&b->packet);
	pack_put_u64(&b->packet, b->number);
	while (plan->next < plan->n_steps && b->n < BATCH_TASKS_MAX &&
		n_paced < plan->n_paced_max && b->packet.len < BATCH_PACKET_BYTES) {
		struct task *t = &b->tasks[b->n];
		*t = (struct task){
			.step = plan->steps[plan->next], .old_fd = -1, .new_fd = -1, .folder_fd = -1
		};
		buf_reset(&record);
		bool fits = t->step.kind == STEP_FILE ? add_file(plan, b, t, &record)
						      : add_note(plan, b, t, &record);
		if (!fits) {
			plan->is_over_budget = true;
			plan->next = plan->n_steps;
			break;
		}
		if (record.len > 0)
			pack_put_text(&b->packet, buf_view(&record));
		n_paced += t->is_paced;
		plan->next++;
		b->n++;
	}
	return buf_check(&b->packet, "batch", e);
}

static enum status announce(const struct batch *b, struct error *e)
{
	return packet_send(ROLE_CHANNEL_FD, WIRE_BATCH, buf_view(&b->packet), e);
}

static bool has_news(const struct task *t)
{
	return t->is_over && !t->was_told && t->was_done && t->step.kind != STEP_PROBE;
}

/* Packs what was done with since the last report. Returns how many. */
static size_t pack_news(struct batch *b, struct buf *body, struct buf *record)
{
	size_t n_news = 0;
	uint32_t n_notes = 0;
	for (size_t i = 0; i < b->n; i++)
		if (has_news(&b->tasks[i]))
			n_notes += b->tasks[i].step.kind == STEP_NOTE &&
				   b->tasks[i].result == FILE_CHANGED;
	pack_put_u32(body, n_notes);
	for (size_t i = 0; i < b->n; i++) {
		struct task *t = &b->tasks[i];
		if (!has_news(t))
			continue;
		n_news++;
		t->was_told = true;
		if (t->step.kind != STEP_FILE)
			continue;
		struct journal_done m = {
			.file = t->step.index,
			.result = (uint8_t)t->result,
			.touched = t->touched,
			.bytes_changed = t->bytes_changed,
			.at_boot_ns = t->at_boot_ns,
			.took_ns = (uint64_t)t->took_ns,
			.cpu_ns = (uint64_t)t->cpu_ns,
		};
		buf_reset(record);
		journal_done_write(record, &m);
		pack_put_text(body, buf_view(record));
	}
	return n_news;
}

static enum status report_done(struct emulation *em, struct batch *b, struct error *e)
{
	AUTO_BUF struct buf body;
	AUTO_BUF struct buf record;
	buf_init(&body, PACKET_BYTES_MAX);
	buf_init(&record, 256);
	(void)pthread_mutex_lock(&em->lock); /* the workers may be at other tasks of the batch */
	size_t n_news = pack_news(b, &body, &record);
	(void)pthread_mutex_unlock(&em->lock);
	if (n_news == 0)
		return OK;
	TRY(buf_check(&body, "report", e));
	return packet_send(ROLE_CHANNEL_FD, WIRE_DONE, buf_view(&body), e);
}

/* The ends of the originals, one after the other, reported as they go. */
static enum status settle_batch(struct plan *plan, struct batch *b, struct error *e)
{
	int64_t told_ns = clock_boot_ns(NULL);
	emulate_new_make_durable(&plan->settler, b->tasks, b->n);
	for (size_t i = 0; i < b->n; i++) {
		emulate_new_settle(&plan->settler, &b->tasks[i]);
		b->tasks[i].is_over = true; /* the workers are done with this batch */
		if (clock_boot_ns(NULL) - told_ns < REPORT_MS * NS_PER_MS)
			continue;
		TRY(report_done(plan->em, b, e));
		told_ns = clock_boot_ns(NULL);
	}
	return OK;
}

/* Waits for the batch in the workers' hands and tells what becomes of it: in between too, so that
 * one who kills the emulator finds it told what was changed until then. */
static enum status finish_batch(struct plan *plan, struct batch *b, struct error *e)
{
	while (!emulation_wait_finished(plan->em))
		TRY(report_done(plan->em, b, e));
	return scenario_makes_new_files(plan->em->scenario) ? settle_batch(plan, b, e) : OK;
}

static struct batch *batch_at(struct plan *plan, uint64_t index)
{
	return &plan->ring[index % COUNT_OF(plan->ring)];
}

static size_t bytes_in_flight(struct plan *plan)
{
	size_t n = 0;
	for (uint64_t i = emulation_committed(plan->em); i < plan->n_announced; i++)
		n += batch_at(plan, i)->packet.len;
	return n;
}

/* Announces what fits ahead of the batch in hand: while that is worked on, the others are on their
 * way to the disk, as many in one write as have come. */
static enum status announce_ahead(struct plan *plan, struct error *e)
{
	while (plan->next < plan->n_steps && plan->n_announced - plan->n_worked <= BATCHES_AHEAD) {
		struct batch *b = batch_at(plan, plan->n_announced);
		if (plan->n_announced > plan->n_worked + 1 &&
			bytes_in_flight(plan) >= AHEAD_BYTES_MAX)
			return OK;
		TRY(fill_batch(plan, b, e));
		if (b->n == 0)
			return OK;
		TRY(announce(b, e));
		plan->n_announced++;
	}
	return OK;
}

/* Hands over one batch after the other. What became of the one before is told once the next is at
 * work, unless that must wait for the disk. */
static enum status run_batches(struct plan *plan, struct error *e)
{
	struct emulation *em = plan->em;
	struct batch *untold = NULL;
	TRY(announce_ahead(plan, e));
	while (plan->n_worked < plan->n_announced) {
		struct batch *b = batch_at(plan, plan->n_worked);
		if (untold != NULL && emulation_committed(em) < b->number)
			TRY(report_done(em, TAKE(untold), e));
		if (!emulation_wait_committed(em, b->number))
			break;
		if (plan->n_worked == 0)
			pace_start(&em->pace, (double)em->request.rate_micro / 1e6,
				clock_boot_ns(NULL));
		emulation_hand_over(em, b->tasks, b->n);
		if (untold != NULL)
			TRY(report_done(em, untold, e));
		TRY(announce_ahead(plan, e));
		TRY(finish_batch(plan, b, e));
		untold = b;
		plan->n_worked++;
	}
	if (untold != NULL)
		TRY(report_done(em, untold, e));
	if (plan->n_worked < plan->n_announced)
		return OK;
	if (plan->is_over_budget)
		emulation_end(em, EMULATE_OVER_BUDGET);
	emulation_conclude(em);
	return OK;
}

/* Small where the pace is slow, so that it is smooth; large where it is free, so that one
 * synchronous write carries many files. */
static size_t batch_size(const struct emulation *em)
{
	double rate = (double)em->request.rate_micro / 1e6;
	size_t most =
		scenario_makes_new_files(em->scenario) ? BATCH_NEW_FILES_MAX : BATCH_TASKS_MAX;
	if (rate <= 0 || rate * BATCH_MS / 1000 >= (double)most)
		return most;
	size_t n = (size_t)(rate * BATCH_MS / 1000);
	return n == 0 ? 1 : n;
}

static enum status prepare_notes(struct emulation *em, struct error *e)
{
	char id[65];
	(void)snprintf(id, sizeof id, "%.*s", VIEW_ARGS(em->request.id));
	buf_init(&em->note, NOTE_BYTES_MAX);
	if (em->scenario->note_place == NOTE_NONE)
		return OK;
	TRY(note_name(em->scenario, em->request.escrow.bytes, em->note_name, e));
	TRY(note_text(em->scenario, id, em->request.call, &em->note, e));
	em->note_digest = digest_of(em->note.at, em->note.len);
	return OK;
}

static size_t thread_count(const struct scenario *s, long n_processors)
{
	size_t n = s->threads;
	if (n == 0)
		n = (n_processors > 0 ? (size_t)n_processors : 1) * s->threads_per_processor;
	if (s->threads_max > 0 && n > s->threads_max)
		n = s->threads_max;
	return n < THREADS_MAX ? n : THREADS_MAX;
}

static enum status attack(struct emulation *em, size_t n_threads, struct pool *p, struct error *e)
{
	struct plan plan = { .em = em };
	for (size_t i = 0; i < COUNT_OF(plan.ring); i++) {
		plan.ring[i].tasks = pool_take(p, BATCH_TASKS_MAX, sizeof *plan.ring[i].tasks);
		if (plan.ring[i].tasks == NULL)
			return error_set(e, E_NO_SPACE, "memory is short");
		buf_init(&plan.ring[i].packet, PACKET_BYTES_MAX);
	}
	TRY(prepare_notes(em, e));
	TRY(order_make(em->scenario, em->manifest, em->request.order_seed, p, &plan.steps,
		&plan.n_steps, e));
	plan.n_paced_max = batch_size(em);
	TRY(worker_init(&plan.settler, em, e));
	enum status status = emulation_start_workers(em, n_threads, e);
	if (status == OK)
		status = run_batches(&plan, e);
	if (status != OK)
		emulation_end(em, EMULATE_FAULTY);
	emulation_join(em);
	worker_done(&plan.settler);
	for (size_t i = 0; i < COUNT_OF(plan.ring); i++)
		buf_done(&plan.ring[i].packet);
	return status;
}

/* --- the role --- */

static enum status tell_finished(struct emulation *em, int64_t stopped_boot_ns, struct error *e)
{
	AUTO_BUF struct buf body;
	int end = atomic_load(&em->end);
	buf_init(&body, 64);
	struct wire_finished m = { (uint8_t)(end == EMULATE_GOES_ON ? EMULATE_COMPLETED : end),
		stopped_boot_ns };
	wire_finished_write(&body, &m);
	return packet_send(ROLE_CHANNEL_FD, WIRE_FINISHED, buf_view(&body), e);
}

static enum status run_task(struct emulation *em, int arena_fd, long n_processors, struct error *e)
{
	AUTO(pool_free) struct pool *p = pool_new(POOL_BYTES_MAX);
	__attribute__((cleanup(handed_done))) struct handed *handed = NULL;
	handed = p == NULL ? NULL : pool_take(p, 1, sizeof *handed);
	if (handed == NULL)
		return error_set(e, E_NO_SPACE, "memory is short");
	TRY(read_handed(em, handed, p, e));
	if (FAULT("emulate_slow_start")) /* as a very large manifest is */
		clock_sleep_ns(2 * NS_PER_S);
	TRY(emulation_start_control(em, e));
	enum status status = arena_view_open(arena_fd, em->manifest, p, &em->view, e);
	if (status == OK && em->request.task == EMULATE_ATTACK)
		status = attack(em, thread_count(em->scenario, n_processors), p, e);
	else if (status == OK)
		status = destroy_files(em, e);
	int64_t stopped_boot_ns = clock_boot_ns(NULL);
	emulation_join(em);
	arena_view_close(&em->view);
	TRY(status);
	return tell_finished(em, stopped_boot_ns, e);
}

static enum status run(size_t n_fds, struct error *e)
{
	AUTO_FREE struct emulation *em = FAULT("emulator_memory") ? NULL : calloc(1, sizeof *em);
	int arena_fd = -1;
	if (em == NULL)
		return error_set(e, E_NO_SPACE, "memory is short");
	if (n_fds != EMULATE_FDS)
		return error_set(e, E_INVALID, "the emulator was started without a request");
	long n_processors = sysconf(_SC_NPROCESSORS_ONLN);
	TRY(warm_up(e));
	TRY(enter_locks(&arena_fd, e));
	(void)pthread_mutex_init(&em->lock, NULL); /* cannot fail with default attributes */
	(void)pthread_mutex_init(&em->arena_lock, NULL);
	(void)pthread_cond_init(&em->moved, NULL);
	atomic_store(&em->t0_boot_ns, -1);
	enum status status = run_task(em, arena_fd, n_processors, e);
	buf_done(&em->note);
	return status;
}

int emulator_role(size_t n_fds)
{
	struct error e = ERROR_NONE;
	if (run(n_fds, &e) == OK)
		return 0;
	AUTO_BUF struct buf body;
	buf_init(&body, 2 * ERROR_TEXT_MAX);
	struct wire_fault m = { (uint8_t)e.status, (uint32_t)e.errno_value, view_of(e.text) };
	wire_fault_write(&body, &m);
	if (packet_send(ROLE_CHANNEL_FD, WIRE_FAULT, buf_view(&body), NULL) != OK)
		return 2; /* nobody listens any more */
	return 1;
}
