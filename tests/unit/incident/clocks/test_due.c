/*
 * Each kind of clock, at its edges.
 */
#include "incident/clocks/due.h"

#include <string.h>

#include "base/clock.h"
#include "tests/lib/test.h"

static struct error e;
static const struct profile beijing = {
	.id = "test", .utc_offset_minutes = 8 * 60, .calendar = "cn"
};
static const struct profile brussels = { .id = "test", .calendar = "weekdays" };

static int64_t at(const char *time)
{
	int64_t ns = 0;
	REQUIRE(time_parse(view_of(time), &ns));
	return ns;
}

static struct moments nothing_yet(void)
{
	struct moments m = { .submitted = NULL, .last_period_ns = -1 };
	for (int i = 0; i < MOMENT_SUBMITTED; i++)
		m.at[i] = -1;
	return m;
}

static struct due due_of(const struct profile *p, const struct duty *d, const struct moments *m)
{
	struct calendar *c = NULL;
	struct due due;
	REQUIRE_OK(calendar_load(NULL, p->calendar, &c, &e), e);
	duty_due(p, d, m, c, &due);
	calendar_free(c);
	return due;
}

#define DUTY(...)                                                                                  \
	{                                                                                          \
		.worst_grade = -1, __VA_ARGS__                                                     \
	}

TEST(minutes_count_from_their_moment)
{
	const struct duty d = DUTY(.kind = CLOCK_WITHIN, .from = MOMENT_OCCURRED,
		.from_if_unknown = MOMENT_DISCOVERED, .amount = 10, .target_minutes = -1);
	struct moments m = nothing_yet();
	m.at[MOMENT_OCCURRED] = at("2026-11-27T03:00:00Z");
	m.at[MOMENT_DISCOVERED] = at("2026-11-27T03:04:00Z");
	const struct due due = due_of(&beijing, &d, &m);
	CHECK(due.running);
	CHECK_INT(due.due_ns, at("2026-11-27T03:10:00Z"));
	CHECK_INT(due.flags, 0);
	CHECK_INT(due.target_ns, -1);
}

TEST(an_unknown_occurrence_counts_from_discovery_and_is_flagged)
{
	const struct duty d = DUTY(.kind = CLOCK_WITHIN, .from = MOMENT_OCCURRED,
		.from_if_unknown = MOMENT_DISCOVERED, .amount = 10);
	struct moments m = nothing_yet();
	m.at[MOMENT_DISCOVERED] = at("2026-11-27T03:04:00Z");
	const struct due due = due_of(&beijing, &d, &m);
	CHECK_INT(due.due_ns, at("2026-11-27T03:14:00Z"));
	CHECK_INT(due.flags, DUE_START_ASSUMED);
}

TEST(a_moment_that_has_not_come_leaves_the_clock_waiting)
{
	static const enum clock_kind kinds[] = { CLOCK_WITHIN, CLOCK_IMMEDIATELY, CLOCK_EARLIEST,
		CLOCK_EVERY, CLOCK_DAYS, CLOCK_WORKING_DAYS, CLOCK_MONTHS, CLOCK_YEAR_END,
		CLOCK_ON_REQUEST };
	const struct moments m = nothing_yet();
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		const struct duty d = DUTY(.kind = kinds[i], .from = MOMENT_HANDLING_ENDED,
			.from_if_unknown = MOMENT_HANDLING_ENDED, .cap_from = MOMENT_DISCOVERED,
			.amount = 5, .cap_minutes = 60, .month = 12, .day = 31);
		const struct due due = due_of(&beijing, &d, &m);
		CHECK(!due.running);
		CHECK_INT(due.due_ns, -1);
		CHECK_INT(due.target_ns, -1);
	}
}

TEST(immediately_has_no_due_time_but_a_target)
{
	const struct duty d = DUTY(.kind = CLOCK_IMMEDIATELY, .from = MOMENT_DISCOVERED,
		.from_if_unknown = MOMENT_DISCOVERED, .target_minutes = 10);
	struct moments m = nothing_yet();
	m.at[MOMENT_DISCOVERED] = at("2026-11-27T03:00:00Z");
	struct due due = due_of(&beijing, &d, &m);
	CHECK(due.running);
	CHECK_INT(due.due_ns, -1);
	CHECK_INT(due.target_ns, at("2026-11-27T03:10:00Z"));
}

TEST(of_two_limits_the_nearer_counts)
{
	/* DORA: 4 h from classification, 24 h from awareness at most. */
	const struct duty d = DUTY(.kind = CLOCK_EARLIEST, .from = MOMENT_JUDGED,
		.from_if_unknown = MOMENT_JUDGED, .amount = 240, .cap_from = MOMENT_DISCOVERED,
		.cap_minutes = 1440);
	struct moments m = nothing_yet();
	m.at[MOMENT_DISCOVERED] = at("2026-11-25T08:00:00Z");
	struct due due = due_of(&brussels, &d, &m);
	CHECK_INT(due.due_ns, at("2026-11-26T08:00:00Z"));
	CHECK_INT(due.flags, DUE_CAPPED);
	m.at[MOMENT_JUDGED] = at("2026-11-25T20:00:00Z"); /* both at once: the first is named */
	due = due_of(&brussels, &d, &m);
	CHECK_INT(due.due_ns, at("2026-11-26T00:00:00Z"));
	CHECK_INT(due.flags, 0);
	m.at[MOMENT_JUDGED] = at("2026-11-26T04:00:00Z");
	due = due_of(&brussels, &d, &m);
	CHECK_INT(due.due_ns, at("2026-11-26T08:00:00Z"));
	CHECK_INT(due.flags, 0);
	m.at[MOMENT_JUDGED] = at("2026-11-26T04:00:01Z");
	due = due_of(&brussels, &d, &m);
	CHECK_INT(due.due_ns, at("2026-11-26T08:00:00Z"));
	CHECK_INT(due.flags, DUE_CAPPED);
}

TEST(a_recurring_duty_counts_from_its_last_period_and_ends_with_the_handling)
{
	const struct duty d = DUTY(.kind = CLOCK_EVERY, .from = MOMENT_DISCOVERED,
		.from_if_unknown = MOMENT_DISCOVERED, .amount = 120);
	struct moments m = nothing_yet();
	m.at[MOMENT_DISCOVERED] = at("2026-11-27T03:00:00Z");
	CHECK_INT(due_of(&beijing, &d, &m).due_ns, at("2026-11-27T05:00:00Z"));
	m.last_period_ns = at("2026-11-27T04:30:00Z");
	CHECK_INT(due_of(&beijing, &d, &m).due_ns, at("2026-11-27T06:30:00Z"));
	m.at[MOMENT_HANDLING_ENDED] = at("2026-11-27T06:00:00Z");
	CHECK(!due_of(&beijing, &d, &m).running);
}

TEST(working_days_end_with_their_day_in_the_regimes_zone)
{
	const struct duty d = DUTY(.kind = CLOCK_WORKING_DAYS, .from = MOMENT_HANDLING_ENDED,
		.from_if_unknown = MOMENT_HANDLING_ENDED, .amount = 5);
	struct moments m = nothing_yet();
	/* 30 September, 23:30 in Beijing; the fifth working day is Tuesday 13 October. */
	m.at[MOMENT_HANDLING_ENDED] = at("2026-09-30T15:30:00Z");
	struct due due = due_of(&beijing, &d, &m);
	CHECK_INT(due.due_ns, at("2026-10-13T15:59:59Z"));
	CHECK_INT(due.flags, 0);
	m.at[MOMENT_HANDLING_ENDED] = at("2026-12-29T01:00:00Z");
	due = due_of(&beijing, &d, &m);
	CHECK_INT(due.flags, DUE_ESTIMATED);
}

TEST(days_and_months_keep_the_time_of_day)
{
	struct duty d = DUTY(.kind = CLOCK_DAYS, .from = MOMENT_HANDLING_ENDED,
		.from_if_unknown = MOMENT_HANDLING_ENDED, .amount = 30);
	struct moments m = nothing_yet();
	m.at[MOMENT_HANDLING_ENDED] = at("2026-01-31T09:30:00Z");
	CHECK_INT(due_of(&beijing, &d, &m).due_ns, at("2026-03-02T09:30:00Z"));
	d.kind = CLOCK_MONTHS;
	d.amount = 1;
	CHECK_INT(due_of(&beijing, &d, &m).due_ns, at("2026-02-28T09:30:00Z"));
}

TEST(the_next_stage_counts_from_the_first_submission_of_the_one_before_unless_the_rule_says_the_latest)
{
	struct duty d = DUTY(.kind = CLOCK_MONTHS, .from = MOMENT_SUBMITTED,
		.from_if_unknown = MOMENT_SUBMITTED, .after = "intermediate", .amount = 1);
	const struct submitted_stage sent[] = { { "initial", at("2026-11-01T00:00:00Z"),
							at("2026-11-02T00:00:00Z") },
		{ "intermediate", at("2026-11-04T00:00:00Z"), at("2026-11-07T00:00:00Z") },
		{ "intermediate", at("2026-11-03T00:00:00Z"), at("2026-11-09T00:00:00Z") } };
	struct moments m = nothing_yet();
	m.submitted = sent;
	m.n_submitted = 1;
	CHECK(!due_of(&brussels, &d, &m).running);
	m.n_submitted = 3;
	CHECK_INT(due_of(&brussels, &d, &m).due_ns, at("2026-12-03T00:00:00Z"));
	d.after_latest = true;
	CHECK_INT(due_of(&brussels, &d, &m).due_ns, at("2026-12-09T00:00:00Z"));
}

TEST(a_relay_counts_from_the_receipt_of_who_relays)
{
	const struct duty d = DUTY(.kind = CLOCK_WITHIN, .from = MOMENT_RECEIPT,
		.from_if_unknown = MOMENT_RECEIPT, .received_by = "provincial_cac", .amount = 60);
	const struct received_report received[] = { { "ministry", at("2026-11-01T00:00:00Z") },
		{ "provincial_cac", at("2026-11-03T00:00:00Z") } };
	struct moments m = nothing_yet();
	m.received = received;
	m.n_received = 1;
	CHECK(!due_of(&brussels, &d, &m).running);
	m.n_received = 2;
	CHECK_INT(due_of(&brussels, &d, &m).due_ns, at("2026-11-03T01:00:00Z"));
	m.at[MOMENT_RECEIPT] = at("2026-11-04T00:00:00Z"); /* marked by a person */
	CHECK_INT(due_of(&brussels, &d, &m).due_ns, at("2026-11-04T01:00:00Z"));
}

TEST(while_the_class_is_undecided_the_duties_that_may_be_owed_are_to_be_confirmed)
{
	struct duty d = DUTY(.kind = CLOCK_WITHIN, .amount = 60);
	const struct duty always = DUTY(.kind = CLOCK_WITHIN, .amount = 60);
	d.worst_grade = 1;
	struct facts f;
	facts_clear(&f);
	struct standing s = { .grade = -1, .undecided = true, .might_be = 1 };
	CHECK_INT(duty_hold(&brussels, &d, &f, &s), DUTY_TO_CONFIRM);
	CHECK_INT(duty_hold(&brussels, &always, &f, &s), DUTY_OWED);
	s.might_be = 2; /* a grade that does not owe it */
	CHECK_INT(duty_hold(&brussels, &d, &f, &s), DUTY_NOT_OWED);
	s = (struct standing){ .grade = -1 };
	CHECK_INT(duty_hold(&brussels, &d, &f, &s), DUTY_NOT_OWED);
	s.grade = 0;
	CHECK_INT(duty_hold(&brussels, &d, &f, &s), DUTY_OWED);
}

TEST(a_due_time_on_a_day_off_moves_to_noon_of_the_next_working_day)
{
	const struct duty d = DUTY(.kind = CLOCK_WITHIN, .from = MOMENT_DISCOVERED,
		.from_if_unknown = MOMENT_DISCOVERED, .amount = 1440, .next_working_noon = true);
	struct moments m = nothing_yet();
	m.at[MOMENT_DISCOVERED] = at("2026-11-27T08:00:00Z"); /* a Friday */
	struct due due = due_of(&brussels, &d, &m);
	CHECK_INT(due.due_ns, at("2026-11-30T12:00:00Z"));
	CHECK((due.flags & DUE_MOVED) != 0);
	m.at[MOMENT_DISCOVERED] = at("2026-11-25T08:00:00Z");
	due = due_of(&brussels, &d, &m);
	CHECK_INT(due.due_ns, at("2026-11-26T08:00:00Z"));
	CHECK((due.flags & DUE_MOVED) == 0);
}

TEST(a_yearly_date_is_the_next_one_that_is_not_past)
{
	const struct duty d = DUTY(.kind = CLOCK_YEAR_END, .from = MOMENT_DISCOVERED,
		.from_if_unknown = MOMENT_DISCOVERED, .month = 11, .day = 30);
	struct moments m = nothing_yet();
	m.at[MOMENT_DISCOVERED] = at("2026-11-30T15:00:00Z"); /* 23:00 in Beijing */
	CHECK_INT(due_of(&beijing, &d, &m).due_ns, at("2026-11-30T15:59:59Z"));
	m.at[MOMENT_DISCOVERED] = at("2026-11-30T16:00:00Z");
	CHECK_INT(due_of(&beijing, &d, &m).due_ns, at("2027-11-30T15:59:59Z"));
}

TEST(a_duty_applies_from_its_grade_upwards)
{
	struct duty d = DUTY(.kind = CLOCK_WITHIN, .amount = 10);
	struct facts f;
	facts_clear(&f);
	d.worst_grade = 1;
	CHECK(duty_applies(&beijing, &d, &f, 0));
	CHECK(duty_applies(&beijing, &d, &f, 1));
	CHECK(!duty_applies(&beijing, &d, &f, 2));
	CHECK(!duty_applies(&beijing, &d, &f, -1));
	d.worst_grade = -1;
	CHECK(duty_applies(&beijing, &d, &f, -1));
	CHECK(duty_applies(&beijing, &d, &f, 3));
}
