/*
 * The token pace, on a clock of the test's own.
 */
#include <math.h>

#include "base/random.h"
#include "drill/attack/emulate.h"
#include "tests/lib/test.h"

/* Plays `n` files through a pace; each costs `cost_ns`, and every `stall_every` files the machine
 * stands still for `stall_ns`. Returns the mean rate; *out_burst the most files within 50 ms. */
static double play(double rate, size_t n, int64_t cost_ns, size_t stall_every, int64_t stall_ns,
	size_t *out_burst)
{
	static int64_t at[20000];
	struct pace p;
	int64_t now = 1000;
	pace_start(&p, rate, now);
	for (size_t i = 0; i < n; i++) {
		int64_t due = pace_next(&p, now);
		CHECK(due >= now);
		now = due;
		at[i] = now;
		now += cost_ns;
		if (stall_every > 0 && i % stall_every == stall_every - 1)
			now += stall_ns;
	}
	*out_burst = 0;
	for (size_t i = 0, from = 0; i < n; i++) {
		while (at[i] - at[from] > BATCH_MS * NS_PER_MS)
			from++;
		if (i - from + 1 > *out_burst)
			*out_burst = i - from + 1;
	}
	return (double)(n - 1) * 1e9 / (double)(at[n - 1] - at[0]);
}

TEST(the_mean_rate_is_the_asked_one)
{
	static const double rates[] = { 0.5, 14.3, 40, 282, 5000 };
	for (size_t i = 0; i < COUNT_OF(rates); i++) {
		size_t burst;
		double got = play(rates[i], 10000, 100000, 0, 0, &burst);
		CHECK(fabs(got / rates[i] - 1) < 0.001);
		CHECK((double)burst <= rates[i] * 0.05 + 2);
	}
}

TEST(short_stalls_are_caught_up_and_long_ones_without_a_burst)
{
	size_t burst;
	double got = play(282, 20000, 200000, 500, 40 * NS_PER_MS, &burst);
	CHECK(fabs(got / 282 - 1) < 0.002);
	got = play(282, 20000, 200000, 4000, 800 * NS_PER_MS, &burst);
	CHECK(fabs(got / 282 - 1) < 0.01);
	/* What was due within 50 ms, and the next 50 ms a tenth faster. */
	CHECK((double)burst <= 282 * 0.05 * (1 + 1 / 0.9) + 2);
}

TEST(no_rate_means_no_waiting)
{
	struct pace p;
	pace_start(&p, 0, 5);
	CHECK_INT(pace_next(&p, 77), 77);
	CHECK_INT(pace_next(&p, 77), 77);
}
