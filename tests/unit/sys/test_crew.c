/*
 * Jobs divided among threads: each is done once, and an end comes when it is asked for.
 */
#include "sys/crew.h"

#include <stdatomic.h>
#include <string.h>

#include "base/clock.h"
#include "tests/lib/faults.h"
#include "tests/lib/test.h"

enum { N_JOBS = 5000 };

struct tally {
	unsigned char n_done[N_JOBS];
	atomic_int n_at_once[CREW_MAX]; /* of one worker: never two */
	atomic_bool was_twice;
	uint32_t last_told;
	uint32_t stop_at;   /* `between` says stop from so many on; 0: never */
	uint32_t broken_at; /* this job fails; UINT32_MAX: none */
	atomic_uint n_begun;
};

static enum status job(size_t worker, uint32_t index, void *context, struct error *e)
{
	struct tally *t = context;
	if (atomic_fetch_add(&t->n_at_once[worker], 1) != 0)
		atomic_store(&t->was_twice, true);
	t->n_done[index]++;
	(void)atomic_fetch_add(&t->n_begun, 1);
	(void)atomic_fetch_sub(&t->n_at_once[worker], 1);
	return index == t->broken_at ? error_set(e, E_CONFLICT, "job %u is broken", index) : OK;
}

static enum status between(uint32_t n_done, void *context, struct error *e)
{
	struct tally *t = context;
	CHECK(n_done >= t->last_told);
	t->last_told = n_done;
	return t->stop_at != 0 && n_done >= t->stop_at ? error_set(e, E_STOPPED, "enough") : OK;
}

static enum status run(struct crew *c, struct tally *t, uint32_t n, struct error *e)
{
	const struct crew_task task = { n, job, between, t };
	memset(t->n_done, 0, sizeof t->n_done);
	t->last_told = 0;
	return crew_run(c, &task, e);
}

static struct crew *crew_of(size_t n_workers)
{
	struct crew *c = NULL;
	struct error e = ERROR_NONE;
	REQUIRE_OK(crew_new(n_workers, &c, &e), e);
	return c;
}

static uint32_t count_done(const struct tally *t)
{
	uint32_t n = 0;
	for (uint32_t i = 0; i < N_JOBS; i++) {
		CHECK(t->n_done[i] <= 1);
		n += t->n_done[i];
	}
	return n;
}

TEST(every_job_is_done_once_by_however_many_in_task_after_task)
{
	static struct tally t = { .broken_at = UINT32_MAX };
	struct error e = ERROR_NONE;
	for (size_t n = 1; n <= CREW_MAX; n++) {
		struct crew *c = crew_of(n);
		for (uint32_t n_jobs = 0; n_jobs <= N_JOBS; n_jobs += 1250) {
			REQUIRE_OK(run(c, &t, n_jobs, &e), e);
			CHECK_INT(count_done(&t), n_jobs);
			CHECK_INT(t.last_told, n_jobs);
		}
		crew_free(c);
	}
	CHECK(!atomic_load(&t.was_twice));
}

TEST(after_a_stop_no_job_is_begun)
{
	static struct tally t = { .broken_at = UINT32_MAX, .stop_at = 1 };
	struct error e = ERROR_NONE;
	struct crew *c = crew_of(1);
	CHECK_INT(run(c, &t, N_JOBS, &e), E_STOPPED);
	CHECK_TEXT(e.text, "enough");
	CHECK_INT(count_done(&t), 1);
	crew_free(c);
	c = crew_of(3);
	t.stop_at = UINT32_MAX; /* the others are told at their end at the latest */
	REQUIRE_OK(run(c, &t, N_JOBS, &e), e);
	crew_free(c);
}

TEST(the_first_job_that_fails_ends_the_task_with_its_sentence)
{
	static struct tally t = { .broken_at = 700 };
	for (size_t n = 1; n <= CREW_MAX; n++) {
		struct error e = ERROR_NONE;
		struct crew *c = crew_of(n);
		CHECK_INT(run(c, &t, N_JOBS, &e), E_CONFLICT);
		CHECK_TEXT(e.text, "job 700 is broken");
		CHECK_INT(t.n_done[700], 1);
		CHECK(n > 1 || count_done(&t) == 701); /* others may have got far */
		/* And the next one is none the worse for it. */
		REQUIRE_OK(run(c, &t, 600, &e), e);
		CHECK_INT(count_done(&t), 600);
		crew_free(c);
	}
}

/* Jobs that wait until the caller has been asked: so it is, while they run. */
static enum status wait_for_the_caller(
	size_t worker, uint32_t index, void *context, struct error *e)
{
	struct tally *t = context;
	(void)worker;
	(void)index;
	(void)e;
	(void)atomic_fetch_add(&t->n_begun, 1);
	while (!atomic_load(&t->was_twice))
		clock_sleep_ns(NS_PER_MS);
	return OK;
}

static enum status let_go(uint32_t n_done, void *context, struct error *e)
{
	struct tally *t = context;
	(void)n_done;
	atomic_store(&t->was_twice, true);
	return error_set(e, E_STOPPED, "seen");
}

TEST(the_caller_is_asked_while_jobs_run_and_waits_for_those_at_work)
{
	static struct tally t;
	struct error e = ERROR_NONE;
	struct crew *c = crew_of(2);
	const struct crew_task task = { 1000, wait_for_the_caller, let_go, &t };
	CHECK_INT(crew_run(c, &task, &e), E_STOPPED);
	CHECK(atomic_load(&t.n_begun) >= 1 && atomic_load(&t.n_begun) < 1000);
	crew_free(c);
}

TEST(without_threads_the_caller_does_the_work)
{
	NEEDS_FAULTS();
	static struct tally t = { .broken_at = UINT32_MAX };
	struct error e = ERROR_NONE;
	for (long nth = 1; nth <= 3; nth++) {
		fault_arm("crew_thread", nth);
		struct crew *c = crew_of(3);
		fault_disarm();
		REQUIRE_OK(run(c, &t, N_JOBS, &e), e);
		CHECK_INT(count_done(&t), N_JOBS);
		crew_free(c);
	}
}

TEST(few_jobs_need_no_crew)
{
	CHECK_INT(crew_size(0), 1);
	CHECK_INT(crew_size(31), 1);
	CHECK(crew_size(1000000) >= 1 && crew_size(1000000) <= CREW_MAX);
}
