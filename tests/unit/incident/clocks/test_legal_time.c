/*
 * Steps of the wall clock, injected.
 */
#include "incident/clocks/legal_time.h"

#include "incident/clocks/clocks.h"
#include "tests/lib/faults.h"
#include "tests/lib/test.h"

#define MINUTE_NS (60 * NS_PER_S)

struct hands {
	int64_t wall_ns, boot_ns;
};

static int64_t wall(void *context)
{
	return ((struct hands *)context)->wall_ns;
}

static int64_t boot(void *context)
{
	return ((struct hands *)context)->boot_ns;
}

struct fixture {
	struct hands hands;
	struct clock clock;
	struct store *store;
	struct error e;
};

static struct fixture *start(void)
{
	static struct fixture f;
	f = (struct fixture){ .hands = { 1800000000 * NS_PER_S, 500 * NS_PER_S } };
	f.clock = (struct clock){ wall, boot, &f.hands };
	REQUIRE_OK(
		store_open(test_path("t.db"), &incident_clock_migrations, 1, &f.store, &f.e), f.e);
	return &f;
}

static struct legal_now note(struct fixture *f, const char *boot_id)
{
	struct legal_now now;
	REQUIRE_OK(legal_time_note(f->store, &f->clock, boot_id, &now, &f->e), f->e);
	return now;
}

static size_t steps(struct fixture *f, int64_t *out_last_by_ns)
{
	struct pool *p = pool_new(MIB);
	struct time_step *rows = NULL;
	size_t n = 0;
	REQUIRE_OK(legal_time_steps(f->store, p, &rows, &n, &f->e), f->e);
	*out_last_by_ns = n == 0 ? 0 : rows[0].by_ns;
	pool_free(p);
	return n;
}

static void pass(struct fixture *f, int64_t ns)
{
	f->hands.wall_ns += ns;
	f->hands.boot_ns += ns;
}

TEST(time_that_passes_on_both_clocks_is_no_step)
{
	struct fixture *f = start();
	int64_t by_ns = 0;
	note(f, "boot-a");
	pass(f, 3 * MINUTE_NS);
	const struct legal_now now = note(f, "boot-a");
	CHECK_INT(now.latest_ns, f->hands.wall_ns);
	CHECK(!now.stepped);
	CHECK_INT(steps(f, &by_ns), 0);
	store_close(f->store);
}

TEST(a_clock_put_back_is_recorded_and_wins_no_minute)
{
	struct fixture *f = start();
	int64_t by_ns = 0;
	note(f, "boot-a");
	pass(f, MINUTE_NS);
	const int64_t truth_ns = f->hands.wall_ns;
	f->hands.wall_ns -= 60 * MINUTE_NS;
	struct legal_now now = note(f, "boot-a");
	CHECK(now.stepped);
	CHECK_INT(now.wall_ns, truth_ns - 60 * MINUTE_NS);
	CHECK_INT(now.latest_ns, truth_ns);
	CHECK_INT(steps(f, &by_ns), 1);
	CHECK_INT(by_ns, -60 * MINUTE_NS);
	pass(f, 5 * MINUTE_NS);
	now = note(f, "boot-a");
	CHECK_INT(now.latest_ns, truth_ns + 5 * MINUTE_NS);
	CHECK_INT(steps(f, &by_ns), 1);
	store_close(f->store);
}

TEST(a_clock_put_forward_counts_at_once_and_putting_it_right_is_a_step_too)
{
	struct fixture *f = start();
	int64_t by_ns = 0;
	note(f, "boot-a");
	f->hands.wall_ns += 10 * MINUTE_NS;
	struct legal_now now = note(f, "boot-a");
	CHECK_INT(now.latest_ns, now.wall_ns);
	f->hands.wall_ns -= 10 * MINUTE_NS;
	now = note(f, "boot-a");
	CHECK_INT(now.latest_ns, now.wall_ns);
	CHECK_INT(steps(f, &by_ns), 2);
	store_close(f->store);
}

TEST(slow_drift_is_no_step)
{
	struct fixture *f = start();
	int64_t by_ns = 0;
	note(f, "boot-a");
	for (int i = 0; i < 24; i++) {
		pass(f, 60 * MINUTE_NS);
		f->hands.wall_ns += NS_PER_S; /* 278 ppm: NTP slewing */
		const struct legal_now now = note(f, "boot-a");
		CHECK_INT(now.latest_ns, f->hands.wall_ns);
	}
	CHECK_INT(steps(f, &by_ns), 0);
	pass(f, 24 * 60 * MINUTE_NS); /* nobody looked for a day: 500 ppm of it are 43.2 s */
	f->hands.wall_ns += 40 * NS_PER_S;
	CHECK(!note(f, "boot-a").stepped);
	pass(f, 24 * 60 * MINUTE_NS);
	f->hands.wall_ns += 46 * NS_PER_S;
	CHECK(note(f, "boot-a").stepped);
	store_close(f->store);
}

TEST(a_reboot_starts_anew_and_a_clock_that_went_back_over_it_is_recorded)
{
	struct fixture *f = start();
	int64_t by_ns = 0;
	note(f, "boot-a");
	pass(f, MINUTE_NS);
	f->hands.boot_ns = 3 * NS_PER_S;
	struct legal_now now = note(f, "boot-b");
	CHECK_INT(now.latest_ns, now.wall_ns);
	CHECK_INT(steps(f, &by_ns), 0);
	f->hands.wall_ns -= 1000 * MINUTE_NS;
	f->hands.boot_ns = 2 * NS_PER_S;
	now = note(f, "boot-c");
	CHECK(now.stepped);
	CHECK_INT(steps(f, &by_ns), 1);
	CHECK_INT(by_ns, -1000 * MINUTE_NS);
	store_close(f->store);
}

TEST(the_kernels_own_boot_id_is_taken_where_none_is_given)
{
	struct fixture *f = start();
	const struct legal_now now = note(f, NULL);
	CHECK_INT(now.wall_ns, f->hands.wall_ns);
	store_close(f->store);
}

/* Another process may hold the lock; a full disk is the same to it. */
TEST(where_nothing_can_be_written_time_is_told_and_a_step_is_found_later)
{
	NEEDS_FAULTS();
	struct fixture *f = start();
	int64_t by_ns = 0;
	note(f, "boot-a");
	pass(f, MINUTE_NS);
	const int64_t truth_ns = f->hands.wall_ns;
	f->hands.wall_ns -= 60 * MINUTE_NS;
	fault_arm("store_commit", 1);
	struct legal_now now = note(f, "boot-a");
	fault_disarm();
	CHECK(now.stepped);
	CHECK_INT(now.latest_ns, truth_ns);
	CHECK_INT(steps(f, &by_ns), 0);
	now = note(f, "boot-a");
	CHECK_INT(now.latest_ns, truth_ns);
	CHECK_INT(steps(f, &by_ns), 1);
	store_close(f->store);
}
