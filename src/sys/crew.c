/*
 * The crew: see crew.h.
 */
#include "sys/crew.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/fault.h"

enum { STACK_BYTES = 512 * 1024, LOOK_MS = 50, JOBS_EACH = 16 };

/* One thread, and its number. */
struct member {
	struct crew *crew;
	size_t number;
	pthread_t thread;
};

struct crew {
	struct member members[CREW_MAX];
	size_t n_members; /* started; 0: the caller works */

	pthread_mutex_t lock; /* guards the rest */
	pthread_cond_t moved; /* there is a task, or nothing more will come */
	pthread_cond_t done;  /* for the caller: the task is over */
	const struct crew_task *task;
	uint32_t next; /* not begun yet */
	uint32_t n_begun, n_ended;
	struct error fault; /* of the first job that was not OK */
	bool no_more;
};

size_t crew_size(uint32_t n_jobs)
{
	cpu_set_t set;
	size_t n = sched_getaffinity(0, sizeof set, &set) == 0 ? (size_t)CPU_COUNT(&set) : 1;
	size_t useful = n_jobs / JOBS_EACH;
	n = n < useful ? n : useful;
	n = n < CREW_MAX ? n : CREW_MAX;
	return n == 0 ? 1 : n;
}

/* --- in the threads --- */

/* With the lock held, before and after. */
static void work_off(struct crew *c, size_t number)
{
	const struct crew_task *t = c->task;
	while (c->next < t->n) {
		struct error e = ERROR_NONE;
		uint32_t index = c->next++;
		c->n_begun++;
		(void)pthread_mutex_unlock(&c->lock);
		enum status status = t->job(number, index, t->context, &e);
		(void)pthread_mutex_lock(&c->lock);
		c->n_ended++;
		if (status == OK)
			continue;
		if (c->fault.status == OK)
			c->fault = e;
		c->next = t->n; /* none is begun any more */
	}
	if (c->n_ended == c->n_begun)
		(void)pthread_cond_signal(&c->done);
}

static void *serve(void *context)
{
	const struct member *m = context;
	struct crew *c = m->crew;
	(void)pthread_mutex_lock(&c->lock);
	for (;;) {
		while (!c->no_more && (c->task == NULL || c->next >= c->task->n))
			(void)pthread_cond_wait(&c->moved, &c->lock);
		if (c->no_more)
			break;
		work_off(c, m->number);
	}
	(void)pthread_mutex_unlock(&c->lock);
	return NULL;
}

/* --- for the caller --- */

static enum status run_alone(const struct crew_task *t, struct error *e)
{
	for (uint32_t i = 0; i < t->n; i++) {
		TRY(t->job(0, i, t->context, e));
		TRY(t->between(i + 1, t->context, e));
	}
	return OK;
}

/* With the lock held: until the task is over, or a little later. */
static bool wait_a_little(struct crew *c)
{
	struct timespec until;
	(void)clock_gettime(CLOCK_MONOTONIC, &until); /* the clock of pthread_cond_clockwait */
	until.tv_nsec += LOOK_MS * (long)NS_PER_MS;
	until.tv_sec += until.tv_nsec / (long)NS_PER_S;
	until.tv_nsec %= (long)NS_PER_S;
	int outcome = 0;
	while ((c->next < c->task->n || c->n_ended < c->n_begun) && outcome == 0)
		outcome = pthread_cond_clockwait(&c->done, &c->lock, CLOCK_MONOTONIC, &until);
	return c->next >= c->task->n && c->n_ended == c->n_begun;
}

enum status crew_run(struct crew *c, const struct crew_task *t, struct error *e)
{
	if (c->n_members == 0)
		return run_alone(t, e);
	enum status status = OK;
	bool is_over = false;
	(void)pthread_mutex_lock(&c->lock);
	c->task = t;
	c->next = c->n_begun = c->n_ended = 0;
	c->fault = ERROR_NONE;
	(void)pthread_cond_broadcast(&c->moved);
	while (!is_over) {
		is_over = wait_a_little(c);
		uint32_t n_done = c->n_ended;
		(void)pthread_mutex_unlock(&c->lock);
		if (status == OK)
			status = t->between(n_done, t->context, e);
		(void)pthread_mutex_lock(&c->lock);
		if (status != OK)
			c->next = t->n;
	}
	c->task = NULL;
	if (c->fault.status != OK) {
		status = c->fault.status;
		if (e != NULL)
			*e = c->fault;
	}
	(void)pthread_mutex_unlock(&c->lock);
	return status;
}

/* --- life --- */

static bool start_member(struct crew *c, size_t number)
{
	struct member *m = &c->members[number];
	pthread_attr_t attributes;
	*m = (struct member){ .crew = c, .number = number };
	(void)pthread_attr_init(&attributes);
	(void)pthread_attr_setstacksize(&attributes, STACK_BYTES);
	bool started =
		!FAULT("crew_thread") && pthread_create(&m->thread, &attributes, serve, m) == 0;
	(void)pthread_attr_destroy(&attributes);
	return started;
}

enum status crew_new(size_t n_workers, struct crew **out, struct error *e)
{
	assert(n_workers >= 1 && n_workers <= CREW_MAX);
	struct crew *c = FAULT("crew_new") ? NULL : calloc(1, sizeof *c);
	if (c == NULL)
		return error_set(e, E_NO_SPACE, "memory is short");
	(void)pthread_mutex_init(&c->lock, NULL); /* cannot fail with default attributes */
	(void)pthread_cond_init(&c->moved, NULL);
	(void)pthread_cond_init(&c->done, NULL);
	while (n_workers > 1 && c->n_members < n_workers && start_member(c, c->n_members))
		c->n_members++;
	*out = c;
	return OK;
}

void crew_free(struct crew *c)
{
	if (c == NULL)
		return;
	(void)pthread_mutex_lock(&c->lock);
	c->no_more = true;
	(void)pthread_cond_broadcast(&c->moved);
	(void)pthread_mutex_unlock(&c->lock);
	for (size_t i = 0; i < c->n_members; i++)
		(void)pthread_join(c->members[i].thread, NULL);
	(void)pthread_cond_destroy(&c->done);
	(void)pthread_cond_destroy(&c->moved);
	(void)pthread_mutex_destroy(&c->lock);
	free(c);
}
