/*
 * Every way to stop an attack: between two files, within a second, and the latency is measured.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "drill/attack/emulate.h"
#include "sys/file.h"
#include "tests/lib/arena_fixture.h"
#include "tests/lib/test.h"

int (*test_role_main)(int argc, char **argv) = arena_fixture_role;

enum { FILES_PER_S = 60 };

struct asker {
	uint64_t n_done, n_before; /* files told of so far, and when the stop was asked for */
	int64_t t0_ns;
	const char *stop_file;
	bool by_tick;
	int64_t asked_ns;
};

static bool is_time(struct asker *k)
{
	if (k->t0_ns <= 0 || clock_boot_ns(NULL) - k->t0_ns < 300 * NS_PER_MS)
		return false;
	if (k->asked_ns == 0) {
		k->n_before = k->n_done;
		k->asked_ns = clock_boot_ns(NULL);
	}
	return true;
}

static bool on_tick(int64_t t0_boot_ns, void *context)
{
	struct asker *k = context;
	k->t0_ns = t0_boot_ns;
	if (!is_time(k))
		return false;
	if (k->stop_file != NULL)
		test_write_file(k->stop_file, "", 0);
	return k->by_tick;
}

static bool wants_stop(void *context)
{
	return is_time(context);
}

static void on_progress(const struct drill_progress *now, void *context)
{
	struct asker *k = context;
	k->n_done = now->n_done;
}

/* Within a second by the emulator's own work: a clock would measure the host too. What it had done
 * and not told of yet is less than a quarter of a second's work. */
static void check_stopped_soon(const struct asker *k, const struct attack_outcome *out)
{
	CHECK(k->asked_ns > 0 && out->end_boot_ns >= k->asked_ns);
	CHECK(out->stop_latency_ns >= 0);
	CHECK(out->n_changed >= k->n_before);
	CHECK(out->n_changed - k->n_before <= FILES_PER_S + FILES_PER_S / 4);
}

static struct attack_outcome stop_by(
	const char *scenario, struct asker *k, bool by_watch, size_t n_files, size_t size)
{
	struct error e = ERROR_NONE;
	struct attack_outcome out;
	AUTO(pool_free) struct pool *p = pool_new(8 * MIB);
	struct arena_fixture *a = arena_fixture_make(
		scenario, test_path("arena"), arena_fixture_many(p, n_files, size), n_files);
	struct drill_watch watch = {
		.stop_wanted = by_watch ? wants_stop : NULL, .progress = on_progress, .context = k
	};
	struct attack_request r = arena_fixture_request(a);
	r.rate_files_per_s = FILES_PER_S;
	r.tick = on_tick;
	r.tick_context = k;
	r.watch = &watch;
	r.stop_file = k->stop_file;
	REQUIRE_OK(attack_run(&r, a->pool, &out, &e), e);
	CHECK_INT(out.end, ATTACK_STOP_ASKED);
	check_stopped_soon(k, &out);
	CHECK(out.sentence[0] != '\0');
	CHECK(out.n_changed > 0 && out.n_changed < n_files / 2);
	CHECK_INT(fixture_count_changed(a), out.n_changed); /* none half-changed */
	arena_fixture_done(a);
	return out;
}

TEST(the_user_can_stop_it)
{
	struct asker k = { 0 };
	struct attack_outcome out = stop_by(fixture_header_only, &k, true, 200, 6000);
	CHECK_TEXT(out.sentence, "the user asked to stop");
}

TEST(a_stop_file_stops_it)
{
	struct asker k = { .stop_file = test_path("stop") };
	struct attack_outcome out = stop_by(fixture_header_only, &k, false, 200, 6000);
	CHECK_TEXT(out.sentence, "the stop file was made");
}

TEST(what_watches_the_channels_can_end_it)
{
	struct asker k = { .by_tick = true };
	struct attack_outcome out = stop_by(fixture_header_only, &k, false, 200, 6000);
	CHECK_TEXT(out.sentence, "contained from outside");
}

TEST(new_file_patterns_leave_no_decoy_in_between_either)
{
	static const char *const modes[] = { "new-then-unlink",
		"new-then-overwrite-original-then-unlink" };
	AUTO(pool_free) struct pool *p = pool_new(MIB);
	for (size_t i = 0; i < COUNT_OF(modes); i++) {
		struct asker k = { 0 };
		const char *scenario = fixture_whole_files(p, modes[i]);
		if (i == 1)
			REQUIRE(rename(test_path("arena"), test_path("arena-0")) == 0 &&
				rename(test_path("arena.keep"), test_path("keep-0")) == 0);
		(void)stop_by(scenario, &k, true, 200, 100000);
	}
}

static struct attack_outcome run_with_budget(void (*change)(struct drill_budget *b))
{
	struct error e = ERROR_NONE;
	struct attack_outcome out;
	AUTO(pool_free) struct pool *p = pool_new(8 * MIB);
	struct arena_fixture *a = arena_fixture_make(
		fixture_header_only, test_path("arena"), arena_fixture_many(p, 300, 6000), 300);
	struct attack_request r = arena_fixture_request(a);
	r.rate_files_per_s = 100;
	change(&a->budget);
	REQUIRE_OK(attack_run(&r, a->pool, &out, &e), e);
	CHECK_INT(out.end, ATTACK_BUDGET);
	CHECK(out.n_changed < 200);
	CHECK_INT(fixture_count_changed(a), out.n_changed);
	arena_fixture_done(a);
	return out;
}

static void half_a_second(struct drill_budget *b)
{
	b->seconds = 0.5;
}

static void twenty_files_of_bytes(struct drill_budget *b)
{
	b->bytes_changed = 20 * 4096 + 100;
}

static void all_space(struct drill_budget *b)
{
	b->free_kept_bytes = UINT64_MAX / 2;
}

TEST(the_budget_of_seconds_ends_it)
{
	struct attack_outcome out = run_with_budget(half_a_second);
	CHECK_TEXT(out.sentence, "the budget of seconds is used up");
	CHECK(out.stop_latency_ns >= 0);
}

TEST(the_budget_of_bytes_ends_it_before_it_is_exceeded)
{
	struct attack_outcome out = run_with_budget(twenty_files_of_bytes);
	CHECK_INT(out.n_changed, 20);
	CHECK(out.bytes_changed <= 20 * 4096 + 100);
}

TEST(the_free_space_floor_ends_it)
{
	struct attack_outcome out = run_with_budget(all_space);
	CHECK_TEXT(out.sentence, "free space fell to what must be kept on the disk");
}
