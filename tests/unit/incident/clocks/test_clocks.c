/*
 * Running clocks in the store: opened, moved, discharged, ceased; acknowledged and silenced without
 * being stopped.
 */
#include "incident/clocks/clocks.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "tests/lib/test.h"

#define MINUTE_NS (60 * NS_PER_S)
#define TEXTS .text = { "tell them", "报告" }, .instrument = "TEST-1", .certainty = 'A'

static const struct duty duties[] = {
	{ .id = "phone",
		.stage = "first_notice",
		.owes = "local_regulator",
		.to = "ministry",
		.medium = "telephone",
		.row = "1",
		.worst_grade = 1,
		.kind = CLOCK_WITHIN,
		.from = MOMENT_DISCOVERED,
		.from_if_unknown = MOMENT_DISCOVERED,
		.amount = 10,
		.target_minutes = 5,
		TEXTS },
	{ .id = "notice",
		.stage = "first_notice",
		.owes = "company",
		.to = "ministry",
		.medium = "any",
		.row = "2",
		.worst_grade = -1,
		.kind = CLOCK_WITHIN,
		.from = MOMENT_OCCURRED,
		.from_if_unknown = MOMENT_DISCOVERED,
		.amount = 10,
		.target_minutes = -1,
		TEXTS },
	{ .id = "now",
		.stage = "first_notice",
		.owes = "company",
		.to = "police",
		.medium = "any",
		.row = "3",
		.worst_grade = -1,
		.kind = CLOCK_IMMEDIATELY,
		.from = MOMENT_DISCOVERED,
		.from_if_unknown = MOMENT_DISCOVERED,
		.target_minutes = 3,
		TEXTS },
	{ .id = "progress",
		.stage = "follow_up",
		.owes = "company",
		.to = "ministry",
		.medium = "any",
		.row = "4",
		.worst_grade = 2,
		.kind = CLOCK_EVERY,
		.from = MOMENT_DISCOVERED,
		.from_if_unknown = MOMENT_DISCOVERED,
		.amount = 120,
		.target_minutes = -1,
		TEXTS },
	{ .id = "summary",
		.stage = "summary",
		.owes = "company",
		.to = "local_regulator",
		.medium = "written",
		.row = "5",
		.worst_grade = -1,
		.kind = CLOCK_WORKING_DAYS,
		.from = MOMENT_HANDLING_ENDED,
		.from_if_unknown = MOMENT_HANDLING_ENDED,
		.amount = 5,
		.target_minutes = -1,
		TEXTS },
	{ .id = "answer",
		.stage = "follow_up",
		.owes = "company",
		.to = "csirt",
		.medium = "any",
		.row = "6",
		.worst_grade = -1,
		.kind = CLOCK_ON_REQUEST,
		.from = MOMENT_REQUESTED,
		.from_if_unknown = MOMENT_REQUESTED,
		.target_minutes = 60,
		TEXTS },
};
static const struct profile regime = { .id = "test",
	.utc_offset_minutes = 8 * 60,
	.calendar = "cn",
	.duties = duties,
	.n_duties = sizeof duties / sizeof duties[0] };

struct fixture {
	struct store *store;
	struct pool *p;
	struct moments m;
	struct facts facts;
	struct clocks_sync sync;
	struct legal_now now;
	struct error e;
};

static struct fixture *start(void)
{
	static struct fixture f;
	f = (struct fixture){ .p = pool_new(4 * MIB) };
	REQUIRE_OK(
		store_open(test_path("t.db"), &incident_clock_migrations, 1, &f.store, &f.e), f.e);
	for (int i = 0; i < MOMENT_SUBMITTED; i++)
		f.m.at[i] = -1;
	f.m.last_period_ns = -1;
	f.now.latest_ns = 1795000000 * NS_PER_S;
	f.m.at[MOMENT_DISCOVERED] = f.now.latest_ns;
	facts_clear(&f.facts);
	f.sync = (struct clocks_sync){ .incident = id_new(f.now.latest_ns),
		.profile = &regime,
		.facts = &f.facts,
		.standing = { .grade = 3 },
		.moments = &f.m,
		.now_ns = f.now.latest_ns };
	return &f;
}

static void end(struct fixture *f)
{
	store_close(f->store);
	pool_free(f->p);
}

static void sync_clocks(struct fixture *f)
{
	REQUIRE_OK(clocks_sync(f->store, NULL, &f->sync, &f->e), f->e);
}

static size_t list(struct fixture *f, bool all, struct clock_row **out)
{
	const struct clock_filter filter = { .incident = &f->sync.incident, .all = all };
	size_t n = 0;
	REQUIRE_OK(clocks_list(f->store, &filter, &f->now, f->p, out, &n, &f->e), f->e);
	return n;
}

static const struct clock_row *find(struct fixture *f, const char *duty, int64_t n_period)
{
	struct clock_row *rows = NULL;
	const size_t n = list(f, true, &rows);
	for (size_t i = 0; i < n; i++)
		if (strcmp(rows[i].duty, duty) == 0 && rows[i].n_period == n_period)
			return &rows[i];
	return NULL;
}

static size_t discharge(
	struct fixture *f, const char *stage, const char *to, const char *medium, int64_t at_ns)
{
	const struct discharge d = { .incident = f->sync.incident,
		.profile = "",
		.stage = stage,
		.to = to,
		.medium = medium,
		.by = "letter-1",
		.at_ns = at_ns };
	size_t n = 0;
	REQUIRE_OK(clocks_discharge(f->store, &d, &n, &f->e), f->e);
	return n;
}

TEST(a_duty_that_applies_has_a_clock_and_one_that_does_not_has_none)
{
	struct fixture *f = start();
	struct clock_row *rows = NULL;
	sync_clocks(f);
	CHECK_INT(list(f, true, &rows), 4);
	CHECK(find(f, "phone", 1) == NULL);
	CHECK(find(f, "progress", 1) == NULL);
	CHECK_INT(find(f, "summary", 1)->state, CLOCK_WAITING);
	CHECK_TEXT(find(f, "now", 1)->to, "police");
	CHECK_TEXT(find(f, "now", 1)->text.zh, "报告");
	end(f);
}

TEST(the_same_sync_twice_changes_nothing)
{
	struct fixture *f = start();
	struct clock_row *rows = NULL;
	sync_clocks(f);
	const struct id first = find(f, "notice", 1)->id;
	sync_clocks(f);
	CHECK_INT(list(f, true, &rows), 4);
	CHECK_TEXT(find(f, "notice", 1)->id.text, first.text);
	end(f);
}

TEST(the_most_urgent_stands_first_and_what_waits_last)
{
	struct fixture *f = start();
	struct clock_row *rows = NULL;
	f->sync.standing.grade = 0;
	sync_clocks(f);
	f->now.latest_ns += 9 * MINUTE_NS;
	const size_t n = list(f, false, &rows);
	CHECK_INT(n, 6);
	CHECK_TEXT(
		rows[0].duty, "now"); /* at once: by its own target, not behind what is far off */
	CHECK_INT(rows[0].remaining_ns, -6 * MINUTE_NS);
	CHECK_INT(rows[0].state, CLOCK_RUNNING);
	CHECK_INT(rows[1].remaining_ns, MINUTE_NS);
	CHECK_TEXT(rows[3].duty, "progress");
	CHECK_INT(rows[5].state, CLOCK_WAITING);
	CHECK(rows[5].remaining_ns == INT64_MAX);
	end(f);
}

TEST(of_two_that_are_due_at_one_moment_the_limit_of_the_law_stands_first)
{
	struct fixture *f = start();
	struct clock_row *rows = NULL;
	struct duty both[] = { duties[2], duties[1] }; /* at once; within ten minutes */
	struct profile one = regime;
	one.duties = both;
	one.n_duties = COUNT_OF(both);
	both[0].target_minutes = both[1].amount;
	f->sync.profile = &one;
	sync_clocks(f);
	REQUIRE(list(f, false, &rows) == 2);
	CHECK_INT(rows[0].due_ns, rows[1].target_ns);
	CHECK_TEXT(rows[0].duty, "notice");
	CHECK_TEXT(rows[1].duty, "now");
	end(f);
}

TEST(a_clock_past_its_due_time_is_overdue_and_at_it_is_not)
{
	struct fixture *f = start();
	sync_clocks(f);
	f->now.latest_ns += 10 * MINUTE_NS;
	CHECK_INT(find(f, "notice", 1)->state, CLOCK_RUNNING);
	f->now.latest_ns += 1;
	CHECK_INT(find(f, "notice", 1)->state, CLOCK_OVERDUE);
	CHECK_INT(find(f, "notice", 1)->remaining_ns, -1);
	end(f);
}

TEST(what_was_told_in_time_is_done_and_after_it_done_late)
{
	struct fixture *f = start();
	sync_clocks(f);
	const int64_t due_ns = find(f, "notice", 1)->due_ns;
	CHECK_INT(discharge(f, "first_notice", "ministry", "written", due_ns), 1);
	CHECK_INT(find(f, "notice", 1)->state, CLOCK_DONE);
	CHECK_TEXT(find(f, "notice", 1)->done_by, "letter-1");
	CHECK_INT(discharge(f, "first_notice", NULL, "written", due_ns + 1), 1); /* the police */
	CHECK_INT(find(f, "now", 1)->state, CLOCK_DONE); /* without a due time nothing is late */
	end(f);
	f = start();
	f->sync.incident = id_new(f->now.latest_ns);
	sync_clocks(f);
	discharge(f, "first_notice", "ministry", "written", due_ns + 1);
	CHECK_INT(find(f, "notice", 1)->state, CLOCK_DONE_LATE);
	end(f);
}

TEST(a_telephone_duty_wants_a_call)
{
	struct fixture *f = start();
	f->sync.standing.grade = 1;
	sync_clocks(f);
	discharge(f, "first_notice", "ministry", "written", f->now.latest_ns);
	CHECK_INT(find(f, "phone", 1)->state, CLOCK_RUNNING);
	discharge(f, "first_notice", "ministry", "telephone", f->now.latest_ns);
	CHECK_INT(find(f, "phone", 1)->state, CLOCK_DONE);
	end(f);
}

TEST(a_summary_before_the_end_of_handling_answers_no_duty)
{
	struct fixture *f = start();
	sync_clocks(f);
	CHECK_INT(discharge(f, "summary", NULL, "written", f->now.latest_ns), 0);
	f->m.at[MOMENT_HANDLING_ENDED] = f->now.latest_ns;
	sync_clocks(f);
	CHECK_INT(find(f, "summary", 1)->state, CLOCK_RUNNING);
	CHECK_INT(discharge(f, "summary", NULL, "written", f->now.latest_ns), 1);
	end(f);
}

TEST(a_recurring_duty_opens_its_next_period_and_ends_with_the_handling)
{
	struct fixture *f = start();
	f->sync.standing.grade = 2;
	sync_clocks(f);
	const int64_t told_ns = f->now.latest_ns + 100 * MINUTE_NS;
	CHECK_INT(discharge(f, "follow_up", "ministry", "any", told_ns), 1);
	CHECK_INT(find(f, "progress", 1)->state, CLOCK_DONE);
	CHECK_INT(find(f, "progress", 2)->due_ns, told_ns + 120 * MINUTE_NS);
	sync_clocks(f);
	CHECK_INT(find(f, "progress", 2)->due_ns, told_ns + 120 * MINUTE_NS);
	f->m.at[MOMENT_HANDLING_ENDED] = told_ns;
	sync_clocks(f);
	CHECK_INT(find(f, "progress", 2)->state, CLOCK_CEASED);
	CHECK(find(f, "progress", 3) == NULL);
	end(f);
}

TEST(a_second_request_is_a_duty_of_its_own)
{
	struct fixture *f = start();
	sync_clocks(f);
	f->m.at[MOMENT_REQUESTED] = f->now.latest_ns;
	sync_clocks(f);
	CHECK_INT(discharge(f, "follow_up", "csirt", "any", f->now.latest_ns + MINUTE_NS), 1);
	sync_clocks(f);
	CHECK(find(f, "answer", 2) == NULL);
	f->m.at[MOMENT_REQUESTED] = f->now.latest_ns + 2 * MINUTE_NS;
	sync_clocks(f);
	CHECK_INT(find(f, "answer", 2)->state, CLOCK_RUNNING);
	end(f);
}

TEST(what_a_lower_grade_no_longer_owes_does_not_come_again)
{
	struct fixture *f = start();
	struct profile own = regime;
	struct duty answer = { .id = NULL };
	for (size_t i = 0; i < regime.n_duties; i++)
		if (strcmp(regime.duties[i].id, "answer") == 0)
			answer = regime.duties[i];
	answer.worst_grade = 1;
	own.duties = &answer;
	own.n_duties = 1;
	f->sync.profile = &own;
	f->sync.standing.grade = 1;
	f->m.at[MOMENT_REQUESTED] = f->now.latest_ns;
	sync_clocks(f);
	CHECK_INT(discharge(f, "follow_up", "csirt", "any", f->now.latest_ns + MINUTE_NS), 1);
	f->sync.standing.grade = 2;
	f->m.at[MOMENT_REQUESTED] = f->now.latest_ns + 2 * MINUTE_NS;
	sync_clocks(f);
	CHECK(find(f, "answer", 2) == NULL);
	end(f);
}

TEST(a_lower_grade_ceases_a_clock_and_a_higher_one_runs_it_again)
{
	struct fixture *f = start();
	f->sync.standing.grade = 1;
	sync_clocks(f);
	f->sync.standing.grade = 2;
	sync_clocks(f);
	CHECK_INT(find(f, "phone", 1)->state, CLOCK_CEASED);
	f->sync.standing.grade = 0;
	sync_clocks(f);
	CHECK_INT(find(f, "phone", 1)->state, CLOCK_RUNNING);
	end(f);
}

TEST(a_known_occurrence_moves_the_due_time_and_takes_the_flag_away)
{
	struct fixture *f = start();
	sync_clocks(f);
	CHECK_INT(find(f, "notice", 1)->flags, DUE_START_ASSUMED);
	f->m.at[MOMENT_OCCURRED] = f->now.latest_ns - 4 * MINUTE_NS;
	sync_clocks(f);
	CHECK_INT(find(f, "notice", 1)->flags, 0);
	CHECK_INT(find(f, "notice", 1)->remaining_ns, 6 * MINUTE_NS);
	end(f);
}

TEST(acknowledging_names_a_person_expires_and_stops_nothing)
{
	struct fixture *f = start();
	sync_clocks(f);
	const struct clock_row *c = find(f, "notice", 1);
	const int64_t now_ns = f->now.latest_ns;
	REQUIRE_OK(clocks_acknowledge(f->store, c->id.text + 30, "duty officer", now_ns,
			   now_ns + 5 * MINUTE_NS, &f->e),
		f->e);
	c = find(f, "notice", 1);
	CHECK_TEXT(c->acknowledged_by, "duty officer");
	CHECK_INT(c->state, CLOCK_RUNNING);
	CHECK_INT(c->remaining_ns, 10 * MINUTE_NS);
	f->now.latest_ns += 5 * MINUTE_NS;
	c = find(f, "notice", 1);
	CHECK_TEXT(c->acknowledged_by, "");
	CHECK_INT(c->remaining_ns, 5 * MINUTE_NS);
	end(f);
}

TEST(silencing_is_apart_from_acknowledging)
{
	struct fixture *f = start();
	sync_clocks(f);
	const struct clock_row *c = find(f, "notice", 1);
	const int64_t now_ns = f->now.latest_ns;
	REQUIRE_OK(clocks_silence(f->store, c->id.text, "duty officer", "on the telephone", now_ns,
			   now_ns + MINUTE_NS, &f->e),
		f->e);
	c = find(f, "notice", 1);
	CHECK_TEXT(c->acknowledged_by, "");
	CHECK_INT(c->silenced_until_ns, now_ns + MINUTE_NS);
	f->now.latest_ns += MINUTE_NS;
	CHECK_INT(find(f, "notice", 1)->silenced_until_ns, -1);
	end(f);
}

TEST(nobody_nowhere_and_never_are_refused)
{
	struct fixture *f = start();
	sync_clocks(f);
	const char *id = find(f, "notice", 1)->id.text;
	const int64_t now_ns = f->now.latest_ns;
	struct store *s = f->store;
	CHECK_INT(clocks_acknowledge(s, id, "  ", now_ns, now_ns + 1, &f->e), E_INVALID);
	CHECK_INT(clocks_acknowledge(s, id, "a", now_ns, now_ns, &f->e), E_INVALID);
	CHECK_INT(clocks_acknowledge(s, id, "a", now_ns, now_ns + 1441 * MINUTE_NS, &f->e),
		E_INVALID);
	CHECK_INT(clocks_acknowledge(s, id, "\x1b[31ma", now_ns, now_ns + 1, &f->e), E_INVALID);
	CHECK_INT(clocks_acknowledge(s, id, "\xff", now_ns, now_ns + 1, &f->e), E_INVALID);
	CHECK_INT(clocks_silence(s, id, "a", "\xff", now_ns, now_ns + 1, &f->e), E_INVALID);
	CHECK_INT(clocks_acknowledge(s, "zzzz", "a", now_ns, now_ns + 1, &f->e), E_INVALID);
	CHECK_INT(clocks_acknowledge(s, "%", "a", now_ns, now_ns + 1, &f->e), E_INVALID);
	CHECK_INT(clocks_acknowledge(s, "00000000-0000-7000-8000-000000000000", "a", now_ns,
			  now_ns + 1, &f->e),
		E_ABSENT);
	discharge(f, "first_notice", "ministry", "any", now_ns);
	CHECK_INT(clocks_acknowledge(s, id, "a", now_ns, now_ns + 1, &f->e), E_CONFLICT);
	end(f);
}

TEST(due_times_survive_a_kill_at_any_moment)
{
	struct fixture *f = start();
	f->sync.standing.grade = 0;
	sync_clocks(f);
	const int64_t due_ns = find(f, "notice", 1)->due_ns;
	for (int round = 0; round < 20; round++) {
		const pid_t pid = fork();
		if (pid == 0) {
			struct store *s = NULL;
			if (store_open(test_path("t.db"), &incident_clock_migrations, 1, &s,
				    &f->e) != OK)
				_exit(1);
			for (int i = 0; i < 10000; i++) {
				f->sync.standing.grade = i % 4;
				if (clocks_sync(s, NULL, &f->sync, &f->e) != OK)
					_exit(2);
			}
			_exit(3);
		}
		REQUIRE(pid > 0);
		clock_sleep_ns((round + 1) * NS_PER_MS); /* any moment will do */
		kill(pid, SIGKILL);
		int status = 0;
		waitpid(pid, &status, 0);
		CHECK(WIFSIGNALED(status));
		CHECK_INT(find(f, "notice", 1)->due_ns, due_ns);
		CHECK_INT(find(f, "notice", 1)->state, CLOCK_RUNNING);
	}
	end(f);
}
