/*
 * The emulator's threads. They are made inside the locks, which therefore hold for all of them.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <time.h>

#include "base/fault.h"
#include "drill/attack/emulate.h"

enum {
	LOOK_MS = 50,
	BEAT_MS = 200,
	SLEEP_MS = 20,
	/* Looks for a lease once it is over, before it counts as lost. They are turns of this
	 * process: where the whole host stood still, the conductor has its turn meanwhile, and
	 * renews it. */
	LOOKS_AFTER_LEASE = 4,
	LEASE_WAIT_MS = 5,
	LEASE_WAITS_MAX = 200, /* a control thread that is stuck decides nothing */
	STACK_BYTES = 256 * 1024
};

void emulation_end(struct emulation *em, enum emulate_end why)
{
	int none = EMULATE_GOES_ON;
	(void)atomic_compare_exchange_strong(&em->end, &none, (int)why);
	(void)pthread_mutex_lock(&em->lock);
	(void)pthread_cond_broadcast(&em->moved);
	(void)pthread_mutex_unlock(&em->lock);
}

bool emulation_is_over(struct emulation *em)
{
	/* The lease is looked at by whoever is about to begin a file, so that no stuck thread can
	 * outlive it. Without one nothing is begun; whether it is lost is the control thread's to
	 * say. */
	for (int n = 0; n < LEASE_WAITS_MAX; n++) {
		if (atomic_load_explicit(&em->end, memory_order_relaxed) != EMULATE_GOES_ON)
			return true;
		if (clock_boot_ns(NULL) <= atomic_load(&em->lease_boot_ns))
			return false;
		clock_sleep_ns(LEASE_WAIT_MS * NS_PER_MS);
	}
	emulation_end(em, EMULATE_LEASE_OVER);
	return true;
}

/* --- control --- */

static void take_packet(struct emulation *em, const struct packet *packet, int64_t *lease_boot_ns)
{
	struct unpack u;
	struct wire_committed committed;
	struct wire_lease lease;
	unpack_init(&u, packet->body);
	switch (packet->type) {
	case WIRE_COMMITTED:
		if (!wire_committed_read(&u, &committed) || !pack_end(&u))
			break;
		(void)pthread_mutex_lock(&em->lock);
		em->committed = committed.sequence;
		(void)pthread_cond_broadcast(&em->moved);
		(void)pthread_mutex_unlock(&em->lock);
		return;
	case WIRE_LEASE:
		if (!wire_lease_read(&u, &lease) || !pack_end(&u))
			break;
		*lease_boot_ns = lease.until_boot_ns;
		return;
	case WIRE_STOP:
		emulation_end(em, EMULATE_STOPPED);
		return;
	default:
		break;
	}
	emulation_end(
		em, EMULATE_CHANNEL_LOST); /* no such message: whoever this is, not our parent */
}

/* Waits a moment for a packet and takes all that have come. Of leases the last counts: where this
 * process was kept from reading (by a large manifest, by a busy host), older ones wait before it
 * that are over by now. E_ABSENT: the conductor is gone. */
static enum status take_packets(struct emulation *em, struct packet *packet)
{
	int64_t lease_boot_ns = -1;
	bool got = true;
	for (int wait_ms = LOOK_MS; got; wait_ms = 0) {
		TRY(packet_receive(ROLE_CHANNEL_FD, wait_ms, packet, &got, NULL));
		if (got)
			take_packet(em, packet, &lease_boot_ns);
	}
	if (lease_boot_ns >= 0)
		atomic_store(&em->lease_boot_ns, lease_boot_ns);
	return OK;
}

/* Never waits: a conductor that does not read is a dead one, and the lease will say so. */
static void beat(struct emulation *em)
{
	struct pollfd p = { .fd = ROLE_CHANNEL_FD, .events = POLLOUT };
	if (poll(&p, 1, 0) != 1 || (p.revents & POLLOUT) == 0)
		return;
	AUTO_BUF struct buf body;
	buf_init(&body, 64);
	struct wire_beat m = { clock_boot_ns(NULL), atomic_load(&em->n_files),
		atomic_load(&em->n_bytes) };
	wire_beat_write(&body, &m);
	if (packet_send(ROLE_CHANNEL_FD, WIRE_BEAT, buf_view(&body), NULL) != OK)
		emulation_end(em, EMULATE_CHANNEL_LOST);
}

static void look_at_lease(struct emulation *em, int *n_looks)
{
	if (clock_boot_ns(NULL) <= atomic_load(&em->lease_boot_ns))
		*n_looks = 0;
	else if (++*n_looks > LOOKS_AFTER_LEASE)
		emulation_end(em, EMULATE_LEASE_OVER);
}

/* A fault for tests: no thread gets on, and none is stopped. */
static void hang(struct emulation *em)
{
	(void)pthread_mutex_lock(&em->lock);
	clock_sleep_ns(60 * NS_PER_S);
	(void)pthread_mutex_unlock(&em->lock);
}

static void *control(void *context)
{
	struct emulation *em = context;
	AUTO_FREE struct packet *packet = malloc(sizeof *packet);
	int64_t beat_ns = 0;
	int n_looks = 0;
	if (packet == NULL) {
		emulation_end(em, EMULATE_CHANNEL_LOST);
		return NULL;
	}
	while (!atomic_load(&em->is_leaving)) {
		if (take_packets(em, packet) != OK) {
			emulation_end(em, EMULATE_CHANNEL_LOST);
			return NULL;
		}
		look_at_lease(em, &n_looks);
		int64_t now_ns = clock_boot_ns(NULL);
		if (now_ns >= beat_ns) {
			if (FAULT_BY_NAME("emulate_hang"))
				hang(em);
			beat(em);
			beat_ns = now_ns + BEAT_MS * NS_PER_MS;
		}
	}
	return NULL;
}

/* --- work --- */

static void sleep_until(struct emulation *em, int64_t due_ns)
{
	for (;;) {
		int64_t left = due_ns - clock_boot_ns(NULL);
		if (left <= 0 || emulation_is_over(em))
			return;
		clock_sleep_ns(left < SLEEP_MS * NS_PER_MS ? left : SLEEP_MS * NS_PER_MS);
	}
}

void emulation_weigh(struct emulation *em, enum file_result result)
{
	switch (result) {
	case FILE_CHANGED:
		atomic_store(&em->n_in_a_row, 0);
		return;
	case FILE_MISSING:
	case FILE_REFUSED:
	case FILE_FOREIGN:
		if (atomic_fetch_add(&em->n_in_a_row, 1) + 1 >= BLOCKED_IN_A_ROW)
			emulation_end(em, EMULATE_BLOCKED);
		return;
	case FILE_READ_ONLY:
		emulation_end(em, EMULATE_READ_ONLY);
		return;
	case FILE_NO_SPACE:
		emulation_end(em, EMULATE_NO_SPACE);
		return;
	case FILE_SKIPPED:
	case FILE_FAILED:
		return;
	}
}

void emulation_conclude(struct emulation *em)
{
	if (atomic_load(&em->n_in_a_row) >= BLOCKED_AT_THE_END)
		emulation_end(em, EMULATE_BLOCKED);
}

static void do_task(struct worker *w, struct task *t)
{
	struct emulation *em = w->emulation;
	t->was_done = true;
	if (t->step.kind != STEP_FILE) {
		t->result = emulate_note(w, t);
		if (t->result == FILE_READ_ONLY || t->result == FILE_NO_SPACE)
			emulation_weigh(em, t->result);
		return;
	}
	const struct stopwatch started = stopwatch_start();
	if (t->region == NULL) {
		t->result = FILE_SKIPPED;
	} else if (scenario_makes_new_files(em->scenario)) {
		t->result = emulate_new_write(w, t);
		t->was_done = t->result != FILE_SKIPPED;
	} else {
		t->result = emulate_in_place(w, t);
	}
	stopwatch_add(&started, t);
	t->at_boot_ns = clock_boot_ns(NULL);
	/* A copy alone is no success yet: see emulate_new_settle. */
	if (t->result != FILE_CHANGED || !scenario_makes_new_files(em->scenario))
		emulation_weigh(em, t->result);
	if (t->result == FILE_CHANGED || t->touched)
		(void)atomic_fetch_add(&em->n_files, 1);
	(void)atomic_fetch_add(&em->n_bytes, t->bytes_changed);
}

static void *work(void *context)
{
	struct worker *w = context;
	struct emulation *em = w->emulation;
	(void)pthread_mutex_lock(&em->lock);
	for (;;) {
		while (em->next_task == em->n_tasks && !em->no_more_tasks)
			(void)pthread_cond_wait(&em->moved, &em->lock);
		if (em->next_task == em->n_tasks)
			break;
		struct task *t = &em->tasks[em->next_task++];
		int64_t due_ns = t->is_paced ? pace_next(&em->pace, clock_boot_ns(NULL)) : 0;
		(void)pthread_mutex_unlock(&em->lock);
		sleep_until(em, due_ns);
		if (!emulation_is_over(em))
			do_task(w, t);
		(void)pthread_mutex_lock(&em->lock);
		t->is_over = t->new_fd < 0; /* else its original's end follows */
		if (++em->n_finished == em->n_tasks)
			(void)pthread_cond_broadcast(&em->moved);
	}
	(void)pthread_mutex_unlock(&em->lock);
	return NULL;
}

void emulation_hand_over(struct emulation *em, struct task *tasks, size_t n_tasks)
{
	(void)pthread_mutex_lock(&em->lock);
	em->tasks = tasks;
	em->n_tasks = n_tasks;
	em->next_task = 0;
	em->n_finished = 0;
	(void)pthread_cond_broadcast(&em->moved);
	(void)pthread_mutex_unlock(&em->lock);
}

bool emulation_wait_finished(struct emulation *em)
{
	struct timespec until;
	(void)clock_gettime(CLOCK_MONOTONIC, &until); /* the clock of pthread_cond_clockwait */
	until.tv_nsec += REPORT_MS * (long)NS_PER_MS;
	if (until.tv_nsec >= (long)NS_PER_S) {
		until.tv_nsec -= (long)NS_PER_S;
		until.tv_sec++;
	}
	int outcome = 0;
	(void)pthread_mutex_lock(&em->lock);
	while (em->n_finished < em->n_tasks && outcome == 0)
		outcome = pthread_cond_clockwait(&em->moved, &em->lock, CLOCK_MONOTONIC, &until);
	bool is_finished = em->n_finished == em->n_tasks;
	(void)pthread_mutex_unlock(&em->lock);
	return is_finished;
}

bool emulation_wait_committed(struct emulation *em, uint64_t number)
{
	(void)pthread_mutex_lock(&em->lock);
	while (em->committed < number && atomic_load(&em->end) == EMULATE_GOES_ON)
		(void)pthread_cond_wait(&em->moved, &em->lock);
	bool is_there = em->committed >= number && atomic_load(&em->end) == EMULATE_GOES_ON;
	(void)pthread_mutex_unlock(&em->lock);
	return is_there;
}

uint64_t emulation_committed(struct emulation *em)
{
	(void)pthread_mutex_lock(&em->lock);
	uint64_t committed = em->committed;
	(void)pthread_mutex_unlock(&em->lock);
	return committed;
}

/* --- life --- */

static enum status start_thread(
	pthread_t *out, void *(*run)(void *), void *context, struct error *e)
{
	pthread_attr_t attributes;
	(void)pthread_attr_init(&attributes);
	(void)pthread_attr_setstacksize(&attributes, STACK_BYTES);
	int errno_value =
		FAULT("emulator_thread") ? EAGAIN : pthread_create(out, &attributes, run, context);
	(void)pthread_attr_destroy(&attributes);
	if (errno_value != 0)
		return error_sys(e, E_FAILED, errno_value, "start a thread of the emulator");
	return OK;
}

enum status emulation_start_control(struct emulation *em, struct error *e)
{
	TRY(start_thread(&em->threads[THREADS_MAX], control, em, e));
	em->has_control = true;
	return OK;
}

enum status emulation_start_workers(struct emulation *em, size_t n, struct error *e)
{
	while (em->n_workers < n) {
		struct worker *w = &em->workers[em->n_workers];
		enum status status = worker_init(w, em, e);
		if (status == OK)
			status = start_thread(&em->threads[em->n_workers], work, w, e);
		if (status != OK) {
			worker_done(w);
			return status;
		}
		em->n_workers++;
	}
	return OK;
}

void emulation_join(struct emulation *em)
{
	(void)pthread_mutex_lock(&em->lock);
	em->no_more_tasks = true;
	(void)pthread_cond_broadcast(&em->moved);
	(void)pthread_mutex_unlock(&em->lock);
	for (size_t i = 0; i < em->n_workers; i++) {
		(void)pthread_join(em->threads[i], NULL);
		worker_done(&em->workers[i]);
	}
	em->n_workers = 0;
	atomic_store(&em->is_leaving, true);
	if (em->has_control)
		(void)pthread_join(em->threads[THREADS_MAX], NULL);
	em->has_control = false;
}
