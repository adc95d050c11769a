/*
 * The scoring rule of docs/scoring.md, number by number, and what must hold for any result.
 */
#include <math.h>
#include <string.h>

#include "drill/score/score.h"
#include "tests/lib/drill_fixture.h"
#include "tests/lib/test.h"

static struct pool *pool;
static struct error e;

static struct drill_result scored(enum fixture_run run)
{
	struct drill_result r;
	e = ERROR_NONE;
	if (pool == NULL)
		pool = pool_new(64 * MIB);
	REQUIRE(pool != NULL);
	fixture_result(run, pool, &r);
	REQUIRE_OK(drill_score(&r, pool, &e), e);
	return r;
}

static bool near(double x, double wanted, double tolerance)
{
	bool ok = fabs(x - wanted) <= tolerance;
	if (!ok)
		test_fail(__FILE__, __LINE__, "%g is not %g", x, wanted);
	return ok;
}

TEST(the_curve_gives_the_published_check_values)
{
	static const struct {
		double x, full, zero, share;
	} rows[] = {
		{ 30, 10, 2572, 0.80 },
		{ 60, 10, 2572, 0.68 },
		{ 300, 10, 2572, 0.39 },
		{ 900, 10, 2572, 0.19 },
		{ 0.01, 0.002, 1, 0.74 },
		{ 0.05, 0.002, 1, 0.48 },
		{ 0.10, 0.002, 1, 0.37 },
		{ 0.50, 0.002, 1, 0.11 },
		{ 300, 60, 3600, 0.61 },
		{ 900, 60, 3600, 0.34 },
		{ 1.5, 1, 4, 0.71 },
		{ 2, 1, 4, 0.50 },
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		CHECK(near(
			score_curve(rows[i].x, rows[i].full, rows[i].zero), rows[i].share, 0.005));
}

TEST(the_curve_is_clamped_at_both_ends)
{
	CHECK(score_curve(10, 10, 2572) == 1);
	CHECK(score_curve(0, 10, 2572) == 1);
	CHECK(score_curve(-5, 10, 2572) == 1);
	CHECK(score_curve(2572, 10, 2572) == 0);
	CHECK(score_curve(1e300, 10, 2572) == 0);
	CHECK(score_curve(HUGE_VAL, 10, 2572) == 0);
	CHECK(score_curve((double)NAN, 10, 2572) == 0);
}

static void check_parts(const struct drill_result *r, const double wanted[PARTS])
{
	for (int i = 0; i < PARTS; i++)
		CHECK(near(r->parts[i].points, wanted[i], 0.05));
}

TEST(stopped_at_once_with_a_clean_restore_is_100)
{
	struct drill_result r = scored(FIXTURE_CLEAN);
	check_parts(&r, (double[PARTS]){ 20, 25, 15, 25, 15 });
	CHECK(near(r.score, 100, 0));
	CHECK(near(r.coverage, 100, 0));
	CHECK_TEXT(r.grade, "A");
	CHECK(r.to_next_grade == 0);
	CHECK_INT(r.n_improvements, 0);
	for (int i = 0; i < PARTS; i++)
		CHECK_INT(r.parts[i].rating, RATING_P);
}

TEST(the_middling_example_is_62_point_8)
{
	struct drill_result r = scored(FIXTURE_MIDDLING);
	check_parts(&r, (double[PARTS]){ 13.9, 10.7, 6.6, 19.9, 11.7 });
	CHECK(near(r.score, 62.8, 1e-9));
	CHECK_TEXT(r.grade, "C");
	CHECK(near(r.to_next_grade, 7.2, 1e-9));
	CHECK(!r.capped);
}

TEST(the_overrun_example_is_12_point_1)
{
	struct drill_result r = scored(FIXTURE_OVERRUN);
	check_parts(&r, (double[PARTS]){ 4.0, 0, 0, 4.9, 3.3 });
	CHECK(near(r.score, 12.1, 1e-9));
	CHECK_TEXT(r.grade, "E");
	CHECK(near(r.to_next_grade, 27.9, 1e-9));
}

TEST(a_blocker_that_cannot_restore_is_capped_at_59)
{
	struct drill_result r = scored(FIXTURE_BLOCKER);
	check_parts(&r, (double[PARTS]){ 20, 25, 15, 0, 14.2 });
	double points = 0;
	for (int i = 0; i < PARTS; i++)
		points += r.parts[i].points;
	CHECK(near(points, 74.2, 0.05));
	CHECK(r.capped);
	CHECK(near(r.score, 59, 0));
	CHECK_TEXT(r.grade, "D");
}

TEST(a_cap_that_changes_nothing_is_not_announced)
{
	struct drill_result r = scored(FIXTURE_OVERRUN);
	CHECK(r.parts[PART_RECOVER].share < 0.4);
	CHECK(!r.capped);
}

TEST(what_is_not_assessed_lowers_coverage_and_takes_the_grade_not_the_score)
{
	struct drill_result r = scored(FIXTURE_UNASSESSED);
	CHECK(near(r.coverage, 40, 0));
	CHECK(r.grade == NULL);
	CHECK(!r.parts[PART_DETECT].assessed && !r.parts[PART_RECOVER].assessed &&
		!r.parts[PART_PEOPLE].assessed);
	CHECK(r.parts[PART_DAMAGE].assessed && r.parts[PART_CONTAIN].assessed);
	CHECK_INT(r.parts[PART_RECOVER].rating, RATING_NOT_ASSESSED);

	r.restore = (struct drill_restore){ .assessed = true,
		.n_sample = 10,
		.n_identical = 10,
		.rto_ns = NS_PER_S,
		.rto_target_s = 900 };
	REQUIRE_OK(drill_score(&r, pool, &e), e);
	CHECK(near(r.coverage, 55, 0)); /* of Recover 15: there was no RPO to measure */
	CHECK(r.grade == NULL);
	CHECK(near(r.score, 27.3, 1e-9)); /* 15 of 55 */
	r.restore.rpo_assessed = true;
	r.restore.rpo_target_s = 86400;
	REQUIRE_OK(drill_score(&r, pool, &e), e);
	CHECK(near(r.coverage, 65, 0));
	CHECK(r.grade != NULL);
	CHECK(near(r.score, 38.5, 1e-9)); /* 25 of 65 */
}

TEST(an_rpo_that_was_not_assessed_takes_its_share_of_recover_out_of_points_and_coverage)
{
	struct drill_result r = scored(FIXTURE_CLEAN);
	r.restore.rpo_assessed = false;
	r.restore.rpo_ns = -1;
	r.restore.rto_ns = (int64_t)(1.5 * 900) * NS_PER_S;
	REQUIRE_OK(drill_score(&r, pool, &e), e);
	CHECK(near(r.parts[PART_RECOVER].share, 0.7075, 0.0005));
	CHECK(near(r.parts[PART_RECOVER].weight_assessed, 15, 0));
	CHECK(near(r.parts[PART_RECOVER].points, 10.6, 0.05));
	CHECK(near(r.coverage, 90, 0));
	CHECK_INT(r.parts[PART_RECOVER].rating, RATING_M);
}

TEST(a_void_run_has_neither_score_nor_grade)
{
	struct drill_result r = scored(FIXTURE_VOID);
	CHECK(r.score == 0);
	CHECK(r.coverage == 0);
	CHECK(r.grade == NULL);
	CHECK(!r.capped);
	for (int i = 0; i < PARTS; i++)
		CHECK(!r.parts[i].assessed);
	CHECK_INT(r.n_improvements, 1);
}

TEST(a_run_that_its_operator_stopped_gets_no_grade)
{
	struct drill_result r = scored(FIXTURE_STOPPED);
	r.channels_named = true;
	r.restore = (struct drill_restore){
		.assessed = true, .n_sample = 1, .n_identical = 1, .rto_target_s = 1
	};
	REQUIRE_OK(drill_score(&r, pool, &e), e);
	CHECK(r.coverage >= 60);
	CHECK(r.grade == NULL);
	CHECK_INT(r.parts[PART_DAMAGE].rating, RATING_M);
	CHECK_INT(r.parts[PART_CONTAIN].rating, RATING_U);
}

TEST(a_stop_after_the_attack_costs_the_grade_and_excuses_nothing)
{
	struct drill_result r = scored(FIXTURE_CLEAN);
	const double points = r.parts[PART_CONTAIN].points;
	REQUIRE(r.grade != NULL && r.verdict == DRILL_CONTAINED);
	r.stopped = (struct drill_stopped){ "stop-file", "people" };
	REQUIRE_OK(drill_score(&r, pool, &e), e);
	CHECK(r.grade == NULL && drill_has_score(&r));
	CHECK(r.parts[PART_CONTAIN].points == points);
	CHECK_INT(r.parts[PART_CONTAIN].rating, RATING_P);
	/* Nobody contained it: the stop came when it had ended by itself. */
	r.verdict = DRILL_STOPPED;
	r.contain = CONTAIN_NONE;
	REQUIRE_OK(drill_score(&r, pool, &e), e);
	CHECK_INT(r.parts[PART_DAMAGE].rating, RATING_P);
	CHECK_INT(r.parts[PART_CONTAIN].rating, RATING_U);
	CHECK(strstr(r.parts[PART_CONTAIN].why.en, "it ran to its end") != NULL);
	r.stopped.during = "attack";
	REQUIRE_OK(drill_score(&r, pool, &e), e);
	CHECK_INT(r.parts[PART_DAMAGE].rating, RATING_M);
	CHECK(strstr(r.parts[PART_CONTAIN].why.en, "before the run was stopped") != NULL);
}

TEST(false_alarms_cost_two_points_each_and_ten_at_most)
{
	struct drill_result r = scored(FIXTURE_CLEAN);
	static const struct {
		uint32_t n;
		double score;
	} rows[] = { { 0, 100 }, { 1, 98 }, { 5, 90 }, { 6, 90 }, { UINT32_MAX, 90 } };
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		r.false_alarms = rows[i].n;
		REQUIRE_OK(drill_score(&r, pool, &e), e);
		CHECK(near(r.score, rows[i].score, 0));
	}
	CHECK_INT(r.parts[PART_DETECT].rating, RATING_M);
	r = scored(FIXTURE_UNASSESSED);
	r.false_alarms = 9;
	REQUIRE_OK(drill_score(&r, pool, &e), e);
	CHECK(r.score == 0);
}

TEST(alerts_before_the_first_change_cost_as_much_and_share_the_ten)
{
	struct drill_result r = scored(FIXTURE_CLEAN);
	r.early_alerts = 2;
	REQUIRE_OK(drill_score(&r, pool, &e), e);
	CHECK(near(r.score, 96, 0));
	CHECK_INT(r.parts[PART_DETECT].rating, RATING_M);
	CHECK(strstr(r.parts[PART_DETECT].why.en, "before it changed anything") != NULL);
	r.false_alarms = 4;
	REQUIRE_OK(drill_score(&r, pool, &e), e);
	CHECK(near(r.score, 90, 0));
	CHECK(strstr(r.parts[PART_DETECT].why.en, "ordinary work") != NULL);
}

TEST(without_a_control_run_nobody_claims_that_ordinary_work_stays_silent)
{
	struct drill_result r = scored(FIXTURE_CLEAN);
	CHECK_INT(r.parts[PART_DETECT].rating, RATING_P);
	r.control_ns = -1;
	REQUIRE_OK(drill_score(&r, pool, &e), e);
	CHECK(near(r.score, 100, 0));
	CHECK_INT(r.parts[PART_DETECT].rating, RATING_S);
	REQUIRE(r.n_improvements == 1);
	CHECK(strstr(r.improvements[0].action.en, "benign-twin") != NULL);
}

TEST(a_control_run_is_neither_scored_nor_graded)
{
	struct drill_result r = scored(FIXTURE_CONTROL);
	CHECK(drill_is_control(&r) && !drill_has_score(&r));
	CHECK(r.grade == NULL && r.coverage == 0 && r.lost_at_lockbit == 0);
	for (int i = 0; i < PARTS; i++)
		CHECK(!r.parts[i].assessed && r.parts[i].rating == RATING_NOT_ASSESSED);
	REQUIRE(r.n_improvements == 1);
	CHECK(strstr(r.improvements[0].action.en, "until it stays silent") != NULL);
	r = scored(FIXTURE_CONTROL_SILENT);
	CHECK_INT(r.n_improvements, 0);
	r = scored(FIXTURE_CONTROL_DEAF);
	REQUIRE(r.n_improvements == 1);
	CHECK(strstr(r.improvements[0].action.en, "--channel") != NULL);
}

TEST(a_control_run_measured_something_where_a_channel_lasted_or_heard)
{
	struct drill_result r = scored(FIXTURE_CONTROL_SILENT);
	CHECK(drill_control_measured(&r));
	r.channels[0].broken = true;
	CHECK(!drill_control_measured(&r));
	r.false_alarms = 1;
	CHECK(drill_control_measured(&r));
	r = scored(FIXTURE_CONTROL_DEAF);
	CHECK(!drill_control_measured(&r));
	r = scored(FIXTURE_CLEAN);
	CHECK(!drill_control_measured(&r));
}

TEST(grades_begin_at_their_borders)
{
	/* Damage and Contain full, Recover sets the score: 40 + 25 x share of 65 assessed points.
	 */
	static const struct {
		double rto_ratio;
		const char *grade;
	} rows[] = { { 1, "A" }, { 1.6, "A" }, { 2.6, "D" }, { 4, "D" } };
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct drill_result r = scored(FIXTURE_CLEAN);
		r.channels_named = false;
		r.people_assessed = false;
		r.restore.rpo_ns = (int64_t)(rows[i].rto_ratio * 86400 * (double)NS_PER_S);
		r.restore.rto_ns = (int64_t)(rows[i].rto_ratio * 900 * (double)NS_PER_S);
		REQUIRE_OK(drill_score(&r, pool, &e), e);
		CHECK_TEXT(r.grade, rows[i].grade);
	}
}

TEST(containment_without_an_alert_counts_from_the_first_change)
{
	struct drill_result r = scored(FIXTURE_MIDDLING);
	r.detect = DETECT_NONE;
	r.n_alerts = 0;
	r.detect_ns = -1;
	r.contain_ns = 300 * NS_PER_S;
	REQUIRE_OK(drill_score(&r, pool, &e), e);
	CHECK(near(r.parts[PART_CONTAIN].share, 0.61, 0.005));
	CHECK(r.parts[PART_DETECT].points == 0);
	CHECK_INT(r.parts[PART_CONTAIN].rating, RATING_M);
}

static bool plans(const struct drill_result *r, const char *code)
{
	for (size_t i = 0; i < r->n_improvements; i++)
		if (strcmp(r->improvements[i].code, code) == 0)
			return true;
	return false;
}

TEST(a_channel_that_could_not_have_spoken_leaves_detect_unknown_and_unlocks_no_grade)
{
	struct drill_result r = scored(FIXTURE_UNASSESSED);
	struct drill_channel channels[2] = {
		{ .spec = "file:/var/log/never.log:x", .problem = "", .never_opened = true },
		{ .spec = "webhook:7070", .problem = "", .broken = true }
	};
	r.channels_named = true;
	r.channels = channels;
	r.n_channels = 2;
	REQUIRE_OK(drill_score(&r, pool, &e), e);
	CHECK(!r.parts[PART_DETECT].assessed && r.grade == NULL);
	CHECK(near(r.coverage, 40, 0));
	CHECK_INT(r.parts[PART_DETECT].rating, RATING_NOT_ASSESSED);
	CHECK(strstr(r.parts[PART_DETECT].why.en, "could have spoken") != NULL);
	CHECK(plans(&r, "channel-dead") && !plans(&r, "not-reported") && !plans(&r, "no-channel"));
	/* One that heard something before it broke spoke after all; one that was there and kept
	 * silent says that nobody was told. */
	r.detect = DETECT_ALERTED;
	REQUIRE_OK(drill_score(&r, pool, &e), e);
	CHECK(r.parts[PART_DETECT].assessed);
	r.detect = DETECT_NONE;
	channels[0].never_opened = false;
	REQUIRE_OK(drill_score(&r, pool, &e), e);
	CHECK(r.parts[PART_DETECT].assessed && near(r.coverage, 60, 0));
	CHECK(plans(&r, "not-reported") && !plans(&r, "channel-dead"));
	/* Readable no more: its silence says nothing either. */
	channels[0].problem = "permission denied";
	REQUIRE_OK(drill_score(&r, pool, &e), e);
	CHECK(!r.parts[PART_DETECT].assessed);
}

TEST(a_restore_that_was_cut_short_is_not_said_to_have_lacked_a_command)
{
	struct drill_result r = scored(FIXTURE_UNASSESSED);
	CHECK(strstr(r.parts[PART_RECOVER].why.en, "no restore command was given") != NULL);
	CHECK(plans(&r, "restore-not-tested"));
	r.restore.command = "restic restore latest --target /";
	r.verdict = DRILL_STOPPED;
	r.stopped = (struct drill_stopped){ "user", "restore" };
	REQUIRE_OK(drill_score(&r, pool, &e), e);
	CHECK(strstr(r.parts[PART_RECOVER].why.en, "stopped before the restore was over") != NULL);
	CHECK(plans(&r, "restore-cut-short") && !plans(&r, "restore-not-tested"));
	r.verdict = DRILL_COMPLETED;
	r.stopped = (struct drill_stopped){ NULL, NULL };
	REQUIRE_OK(drill_score(&r, pool, &e), e);
	CHECK(strstr(r.parts[PART_RECOVER].why.en, "no decoy could be destroyed") != NULL);
	CHECK(plans(&r, "restore-without-sample") && !plans(&r, "restore-not-tested"));
}

TEST(an_attack_that_the_drill_itself_ended_says_by_what)
{
	static const struct {
		const char *by, *word;
	} rows[] = { { "user", "by its operator" }, { "stop-file", "by its operator" },
		{ "window", "time window" }, { "lease", "lost its lease" },
		{ "budget", "by its budget" }, { "pressure", "under pressure" },
		{ "unknown", "before the run was stopped." } };
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct drill_result r = scored(FIXTURE_UNASSESSED);
		r.verdict = DRILL_STOPPED;
		r.n_lost = 2;
		r.stopped = (struct drill_stopped){ rows[i].by, "attack" };
		REQUIRE_OK(drill_score(&r, pool, &e), e);
		CHECK(strstr(r.parts[PART_CONTAIN].why.en, rows[i].word) != NULL);
		CHECK_INT(r.parts[PART_DAMAGE].rating, RATING_M);
		CHECK(r.parts[PART_DAMAGE].why.zh[0] != '\0');
	}
}

TEST(one_quarantined_file_in_a_run_that_went_on_is_no_containment)
{
	struct drill_result r = scored(FIXTURE_MIDDLING);
	r.verdict = DRILL_COMPLETED;
	r.contain = CONTAIN_QUARANTINED;
	REQUIRE_OK(drill_score(&r, pool, &e), e);
	CHECK(r.parts[PART_CONTAIN].points == 0);
}

TEST(the_counterfactual_is_reaction_time_by_published_rate)
{
	struct drill_result r = scored(FIXTURE_MIDDLING);
	r.contain_ns = 0;
	REQUIRE_OK(drill_score(&r, pool, &e), e);
	CHECK_INT(r.lost_at_lockbit, 26752); /* 95 s at 281.6 files a second */
	CHECK_INT(r.lost_at_headline, 3638); /* at 38.3 */
	r = scored(FIXTURE_CLEAN);
	CHECK_INT(r.lost_at_lockbit, 0);
}

TEST(a_step_out_of_order_does_not_count)
{
	struct drill_result r = scored(FIXTURE_CLEAN);
	r.steps[4].after_ns = 0; /* the authority before anybody recognised anything */
	REQUIRE_OK(drill_score(&r, pool, &e), e);
	CHECK(near(r.parts[PART_PEOPLE].share, 0.9, 1e-9));
	CHECK_INT(r.parts[PART_PEOPLE].rating, RATING_M);
	CHECK(r.n_improvements > 0);
}

TEST(a_step_by_another_role_is_done_but_does_not_count)
{
	struct drill_result r = scored(FIXTURE_CLEAN);
	r.steps[1].by_right_role = false;
	REQUIRE_OK(drill_score(&r, pool, &e), e);
	CHECK(near(r.parts[PART_PEOPLE].share, 0.9, 1e-9));
	CHECK_INT(r.parts[PART_PEOPLE].rating, RATING_M);
	CHECK(strstr(r.parts[PART_PEOPLE].why.en, "by the role") != NULL);
	bool planned = false;
	for (size_t i = 0; i < r.n_improvements; i++)
		planned = planned || strstr(r.improvements[i].action.en, "who holds each role");
	CHECK(planned);
}

TEST(a_notice_that_is_due_before_the_class_does_not_wait_for_it)
{
	struct drill_result r = scored(FIXTURE_CLEAN);
	r.steps[2].after_ns = 900 * NS_PER_S; /* classified after the notice at 600 s */
	REQUIRE_OK(drill_score(&r, pool, &e), e);
	CHECK(near(r.parts[PART_PEOPLE].share, 0.9, 1e-9)); /* the class is due first */
	r.steps[4].due_ns = 600 * NS_PER_S;
	REQUIRE_OK(drill_score(&r, pool, &e), e);
	CHECK(near(r.parts[PART_PEOPLE].share, 1, 1e-9));
	CHECK_INT(r.parts[PART_PEOPLE].rating, RATING_P);
}

TEST(a_step_after_its_due_time_counts_but_is_an_improvement_to_note)
{
	struct drill_result r = scored(FIXTURE_CLEAN);
	r.steps[1].after_ns = r.steps[1].due_ns + 1;
	REQUIRE_OK(drill_score(&r, pool, &e), e);
	CHECK(near(r.parts[PART_PEOPLE].share, 1, 1e-9));
	CHECK_INT(r.parts[PART_PEOPLE].rating, RATING_S);
}

TEST(people_count_only_when_somebody_answered)
{
	struct drill_result r = scored(FIXTURE_CLEAN);
	for (size_t i = 0; i < r.n_steps; i++)
		r.steps[i].answered = false;
	REQUIRE_OK(drill_score(&r, pool, &e), e);
	CHECK(!r.parts[PART_PEOPLE].assessed);
}

TEST(every_weakness_has_an_action_an_owner_a_date_and_both_languages)
{
	for (int run = 0; run < FIXTURE_RUNS; run++) {
		struct drill_result r = scored((enum fixture_run)run);
		for (size_t i = 0; i < r.n_improvements; i++) {
			const struct drill_improvement *x = &r.improvements[i];
			CHECK(strlen(x->action.en) > 20 && strlen(x->action.zh) > 20);
			CHECK(x->owner[0] != '\0');
			CHECK(x->due_ns > r.ended_ns);
			CHECK_TEXT(x->status, "open");
			CHECK(strspn(x->code, "abcdefghijklmnopqrstuvwxyz-") == strlen(x->code) &&
				x->code[0] != '\0');
			for (size_t k = 0; k < i; k++)
				CHECK(strcmp(r.improvements[k].code, x->code) != 0);
		}
		for (int i = 0; i < PARTS && drill_has_score(&r); i++) {
			bool weak = r.parts[i].rating != RATING_P;
			bool named = false;
			for (size_t k = 0; k < r.n_improvements; k++)
				named |= (int)r.improvements[k].part == i;
			CHECK(!weak || named || (run == FIXTURE_STOPPED && i == PART_DAMAGE));
		}
	}
}

static void check_bounds(const struct drill_result *r)
{
	CHECK(isfinite(r->score) && r->score >= 0 && r->score <= 100);
	CHECK(r->coverage >= 0 && r->coverage <= 100);
	CHECK(r->to_next_grade >= 0 && r->to_next_grade <= 60);
	for (int i = 0; i < PARTS; i++) {
		const struct drill_part *part = &r->parts[i];
		CHECK(isfinite(part->share) && part->share >= 0 && part->share <= 1);
		CHECK(part->points >= 0 && part->points <= part->weight);
		CHECK(part->assessed == (part->rating != RATING_NOT_ASSESSED));
		CHECK(part->why.en != NULL && part->why.en[0] != '\0');
		CHECK(part->why.zh != NULL && part->why.zh[0] != '\0');
	}
	if (r->grade != NULL)
		CHECK(r->coverage >= 60 && r->verdict != DRILL_VOIDED);
}

TEST(any_result_gives_a_bounded_score)
{
	struct dice d;
	dice_init(&d, 1);
	for (int i = 0; i < 20000; i++) {
		AUTO(pool_free) struct pool *p = pool_new(4 * MIB);
		struct drill_result r;
		fixture_random(&d, p, &r);
		REQUIRE_OK(drill_score(&r, p, &e), e);
		check_bounds(&r);
	}
}

/* Makes one thing worse; false where this one does not apply. */
static bool worsen(struct drill_result *r, int which)
{
	switch (which) {
	case 0:
		if (r->n_lost > UINT32_MAX / 2)
			return false;
		r->n_lost += r->n_lost / 3 + 1;
		return r->n_lost <= r->n_planted;
	case 1:
		if (r->detect_ns < 0 || r->contain_ns < 0 || r->people_assessed)
			return false;
		r->detect_ns = r->detect_ns * 2 + NS_PER_S;
		return true;
	case 2:
		if (r->contain_ns < 0)
			return false;
		r->contain_ns = r->contain_ns * 2 + NS_PER_S;
		return true;
	case 3:
		if (r->restore.n_identical == 0)
			return false;
		r->restore.n_identical--;
		return true;
	case 4:
		if (r->restore.rto_ns < 0)
			return false;
		r->restore.rto_ns = r->restore.rto_ns * 2 + NS_PER_S;
		return true;
	case 5:
		r->false_alarms++;
		return r->false_alarms != 0;
	default:
		if (r->detect == DETECT_NONE || r->detect_ns < 0)
			return false;
		r->detect = (enum drill_detect)((int)r->detect - 1);
		return r->detect != DETECT_NONE;
	}
}

TEST(a_worse_fact_never_raises_the_score)
{
	struct dice d;
	dice_init(&d, 2);
	for (int i = 0; i < 20000; i++) {
		AUTO(pool_free) struct pool *p = pool_new(4 * MIB);
		struct drill_result r;
		fixture_random(&d, p, &r);
		r.n_changed = r.n_changed == 0 ? 1 : r.n_changed;
		REQUIRE_OK(drill_score(&r, p, &e), e);
		struct drill_result worse = r;
		if (r.detect_ns > INT64_MAX / 4 || r.contain_ns > INT64_MAX / 4 ||
			r.restore.rto_ns > INT64_MAX / 4 || !worsen(&worse, i % 7))
			continue;
		REQUIRE_OK(drill_score(&worse, p, &e), e);
		CHECK(worse.score <= r.score);
		if (worse.score > r.score)
			test_fail(__FILE__, __LINE__, "way %d: %g became %g", i % 7, r.score,
				worse.score);
	}
}

TEST(absent_and_huge_inputs_give_numbers)
{
	struct drill_result r = { .id = "x" };
	AUTO(pool_free) struct pool *p = pool_new(MIB);
	r.restore.assessed = r.channels_named = r.people_assessed = true;
	REQUIRE_OK(drill_score(&r, p, &e), e);
	check_bounds(&r);
	r = (struct drill_result){ .id = "x", .detect = DETECT_ALERTED, .contain = CONTAIN_KILLED };
	r.n_planted = r.n_lost = r.n_changed = UINT32_MAX;
	r.detect_ns = r.contain_ns = r.attack_ns = r.ended_ns = INT64_MAX;
	r.restore = (struct drill_restore){ .assessed = true,
		.n_sample = UINT32_MAX,
		.n_identical = UINT32_MAX,
		.rto_ns = INT64_MAX,
		.rpo_assessed = true,
		.rpo_ns = INT64_MAX,
		.rto_target_s = 1e-300,
		.rpo_target_s = (double)NAN };
	REQUIRE_OK(drill_score(&r, p, &e), e);
	check_bounds(&r);
	CHECK(r.lost_at_lockbit > r.lost_at_headline);
}

TEST(short_memory_is_told)
{
	struct drill_result r;
	AUTO(pool_free) struct pool *p = pool_new(64 * KIB);
	AUTO(pool_free) struct pool *tiny = pool_new(16);
	fixture_result(FIXTURE_UNASSESSED, p, &r);
	CHECK_INT(drill_score(&r, tiny, &e), E_NO_SPACE);
}
