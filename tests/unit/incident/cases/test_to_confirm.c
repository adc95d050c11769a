/*
 * What is owed while the class is undecided, and what a decision of persons covers.
 */
#include <string.h>

#include "tests/lib/incident_fixture.h"

static struct incident filed(struct incident_fixture *f, const char *profile, const char *facts)
{
	const char *const only[] = { profile };
	fixture_pass(f, MINUTES_NS(1)); /* so that it is the latest */
	struct first_notice n = fixture_notice(f);
	n.kind = "outage"; /* which decides nothing */
	n.ongoing = "no";
	n.profiles = only;
	n.n_profiles = 1;
	n.more = fixture_json(f, facts);
	(void)fixture_new(f, &n);
	return fixture_read(f, "latest");
}

static struct incident learnt(struct incident_fixture *f, const char *facts)
{
	struct regrade_result out;
	const struct regrade what = { .new_facts = fixture_json(f, facts),
		.grade = REGRADE_BY_RULES };
	f->faults = (struct field_faults){ .n = 0 };
	fixture_pass(f, MINUTES_NS(1));
	REQUIRE_OK(
		incident_regrade(&f->c, "latest", &what, f->pool, &out, &f->faults, &f->e), f->e);
	return fixture_read(f, "latest");
}

static bool has_clock(const struct incident *i, const char *duty)
{
	for (size_t k = 0; k < i->n_clocks; k++)
		if (strcmp(i->clocks[k].duty, duty) == 0)
			return true;
	return false;
}

static bool has_history(const struct incident *i, const char *undecided)
{
	for (size_t k = 0; k < i->n_events; k++) {
		json_t *step = json_array_get(json_object_get(i->events[k].detail, "grades"), 0);
		const char *word = json_string_value(json_object_get(step, "undecided"));
		if (word != NULL && strcmp(word, undecided) == 0)
			return true;
	}
	return false;
}

TEST(each_regime_that_cannot_be_decided_yet_runs_its_first_duty_to_be_confirmed)
{
	static const struct {
		const char *profile, *duty, *facts;
		int64_t minutes; /* from the discovery */
	} rows[] = {
		{ "eu-nis2", "early_warning", "{\"ransomware\":true}", 1440 },
		{ "eu-nis2", "notification", "{}", 4320 },
		{ "eu-gdpr", "authority", "{\"data_leaked_or_stolen\":true}", 4320 },
		/* The four hours count from a classification, which nobody has made. */
		{ "eu-dora", "initial", "{\"ransomware\":true}", 1440 },
		{ "eu-cra", "incident_early_warning", "{}", 1440 },
		{ "in-cert", "incident", "{}", 360 },
		{ "us-circia", "covered_incident", "{}", 4320 },
		{ "cn-cac-2025", "first_report_cii", "{}", 60 },
		{ "cn-cac-2025", "first_report_other", "{\"ransomware\":true}", 240 },
	};
	AUTO_FIXTURE struct incident_fixture f;
	fixture_open(&f);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		const struct incident k = filed(&f, rows[i].profile, rows[i].facts);
		const struct clock_row *c = fixture_clock(&k, rows[i].profile, rows[i].duty);
		REQUIRE(c != NULL);
		CHECK_INT(c->state, CLOCK_RUNNING);
		CHECK((c->flags & DUE_TO_CONFIRM) != 0);
		CHECK_INT(c->due_ns, f.wall_ns - MINUTES_NS(5) + MINUTES_NS(rows[i].minutes));
	}
}

TEST(what_a_kind_decides_is_owed_and_needs_no_confirming)
{
	static const struct {
		const char *kind;
	} rows[] = { { "ransomware" }, { "leak" } };
	AUTO_FIXTURE struct incident_fixture f;
	fixture_open(&f);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		static const char *const only[] = { "in-cert" };
		fixture_pass(&f, MINUTES_NS(1));
		struct first_notice n = fixture_notice(&f);
		n.kind = rows[i].kind;
		n.profiles = only;
		n.n_profiles = 1;
		(void)fixture_new(&f, &n);
		const struct incident k = fixture_read(&f, "latest");
		const struct clock_row *c = fixture_clock(&k, "in-cert", "incident");
		REQUIRE(c != NULL);
		CHECK_INT(c->state, CLOCK_RUNNING);
		CHECK((c->flags & DUE_TO_CONFIRM) == 0);
		CHECK_INT(k.grades[0].grade, 0);
	}
}

TEST(facts_that_decide_confirm_what_ran_or_make_it_cease_and_the_history_says_so)
{
	AUTO_FIXTURE struct incident_fixture f;
	fixture_open(&f);
	struct incident i = filed(&f, "eu-nis2", "{}");
	const struct clock_row *c = fixture_clock(&i, "eu-nis2", "early_warning");
	REQUIRE(c != NULL);
	const int64_t due_ns = c->due_ns;
	i = learnt(&f, "{\"trade_secrets_exfiltrated\":true}");
	c = fixture_clock(&i, "eu-nis2", "early_warning");
	CHECK_INT(c->state, CLOCK_RUNNING);
	CHECK((c->flags & DUE_TO_CONFIRM) == 0);
	CHECK_INT(c->due_ns, due_ns);
	CHECK(has_history(&i, "ended"));

	(void)filed(&f, "eu-nis2", "{}");
	i = learnt(&f, "{\"planned_maintenance\":true}");
	c = fixture_clock(&i, "eu-nis2", "early_warning");
	CHECK_INT(c->state, CLOCK_CEASED);
	CHECK_INT(c->done_ns, f.wall_ns);
	CHECK(has_history(&i, "ended"));
	CHECK(json_is_null(json_object_get(i.grades[0].classification, "to_be_confirmed")));
	/* And back again, where that was a slip of the pen. */
	i = learnt(&f, "{\"planned_maintenance\":null}");
	c = fixture_clock(&i, "eu-nis2", "early_warning");
	CHECK_INT(c->state, CLOCK_RUNNING);
	CHECK((c->flags & DUE_TO_CONFIRM) != 0);
	CHECK(has_history(&i, "begun"));
}

TEST(a_regime_that_is_ruled_out_from_the_start_stays_quiet)
{
	static const struct {
		const char *profile, *facts;
	} rows[] = { { "eu-nis2", "{\"planned_maintenance\":true}" },
		{ "eu-gdpr", "{\"personal_data_breach\":false}" },
		{ "in-cert", "{\"cert_in_type\":\"none\"}" },
		{ "us-circia", "{\"circia_covered_entity\":false}" } };
	AUTO_FIXTURE struct incident_fixture f;
	fixture_open(&f);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		const struct incident k = filed(&f, rows[i].profile, rows[i].facts);
		CHECK_INT(k.n_clocks, 0);
	}
}

TEST(the_four_hours_of_dora_begin_with_the_classification)
{
	AUTO_FIXTURE struct incident_fixture f;
	fixture_open(&f);
	(void)filed(&f, "eu-dora", "{}");
	fixture_pass(&f, HOURS_NS(10));
	const struct incident i = learnt(
		&f, "{\"critical_service_affected\":true,\"malicious_access_data_loss\":true}");
	const struct clock_row *c = fixture_clock(&i, "eu-dora", "initial");
	REQUIRE(c != NULL);
	CHECK((c->flags & DUE_TO_CONFIRM) == 0);
	CHECK_INT(c->due_ns, f.wall_ns + HOURS_NS(4));
}

TEST(a_report_that_may_be_owed_goes_to_whom_it_may_be_owed)
{
	static const char *const lines[] = { "cert: csirt" };
	AUTO_FIXTURE struct incident_fixture f;
	fixture_open(&f);
	fixture_routes(lines, 1);
	(void)filed(&f, "eu-nis2", "{}");
	const struct stage_submission what = { .profile = "eu-nis2",
		.stage = "notification",
		.draft = false,
		.what_changed = "x",
		.changes = fixture_json(&f,
			"{\"incident.malicious\":{\"unknown_reason\":\"logs\"},"
			"\"incident.cross_border_possible\":{\"unknown_reason\":\"logs\"},"
			"\"assessment.severity\":\"not known yet\","
			"\"assessment.indicators\":{\"unknown_reason\":\"logs\"}}") };
	struct submission_row row;
	f.faults = (struct field_faults){ .n = 0 };
	REQUIRE_OK(incident_submit(&f.c, "latest", &what, f.pool, &row, &f.faults, &f.e), f.e);
	const struct incident i = fixture_read(&f, "latest");
	const struct submission_row *last = &i.submissions[i.n_submissions - 1];
	CHECK_TEXT(last->stage, "notification");
	REQUIRE(last->n_recipients == 1);
	CHECK_TEXT(last->recipients[0].role, "csirt");
}

TEST(two_persons_end_what_runs_to_be_confirmed)
{
	AUTO_FIXTURE struct incident_fixture f;
	fixture_open(&f);
	AUTO(key_free) struct key *wang = fixture_person("wang");
	AUTO(key_free) struct key *li = fixture_person("li");
	(void)filed(&f, "eu-nis2", "{}");
	struct regrade what = { .grade = REGRADE_NONE,
		.reason = "a test system without users",
		.person = "张三",
		.profile = "eu-nis2" };
	struct regrade_result out;
	CHECK_INT(incident_regrade(&f.c, "latest", &what, f.pool, &out, &f.faults, &f.e), E_DENIED);
	const char *const files[] = { fixture_approve(&f, "latest", &what, wang, "a.json"),
		fixture_approve(&f, "latest", &what, li, "b.json") };
	what.approvals = files;
	what.n_approvals = 2;
	REQUIRE_OK(incident_regrade(&f.c, "latest", &what, f.pool, &out, &f.faults, &f.e), f.e);
	struct incident i = fixture_read(&f, "latest");
	CHECK_INT(fixture_clock(&i, "eu-nis2", "early_warning")->state, CLOCK_CEASED);
	CHECK(i.grades[0].by_person);
	CHECK(has_history(&i, "ended"));
	what.n_approvals = 0;
	CHECK_INT(
		incident_regrade(&f.c, "latest", &what, f.pool, &out, &f.faults, &f.e), E_CONFLICT);
	/* What decides it otherwise later counts. */
	i = learnt(&f, "{\"similar_incidents_6_months\":0}");
	CHECK_INT(fixture_clock(&i, "eu-nis2", "early_warning")->state, CLOCK_CEASED);
	i = learnt(&f, "{\"death_caused\":true}");
	CHECK_INT(fixture_clock(&i, "eu-nis2", "early_warning")->state, CLOCK_RUNNING);
	/* Where every incident has a grade there is no "none". */
	(void)filed(&f, "cn-miit", "{}");
	what.profile = "cn-miit";
	CHECK_INT(
		incident_regrade(&f.c, "latest", &what, f.pool, &out, &f.faults, &f.e), E_INVALID);
	CHECK(strstr(f.e.text, "name its lowest") != NULL);
}

/* --- what persons lowered --------------------------------------------------------------------- */

static void lower_to_third(struct incident_fixture *f)
{
	AUTO(key_free) struct key *wang = fixture_person("wang");
	AUTO(key_free) struct key *li = fixture_person("li");
	struct regrade what = { .grade = 2, .reason = "the loss was wrong", .person = "张三" };
	struct regrade_result out;
	const char *const files[] = { fixture_approve(f, "latest", &what, wang, "a.json"),
		fixture_approve(f, "latest", &what, li, "b.json") };
	what.approvals = files;
	what.n_approvals = 2;
	REQUIRE_OK(
		incident_regrade(&f->c, "latest", &what, f->pool, &out, &f->faults, &f->e), f->e);
}

TEST(a_graver_row_that_persons_never_saw_raises_what_they_lowered)
{
	AUTO_FIXTURE struct incident_fixture f;
	fixture_open(&f);
	(void)filed(&f, "cn-miit", "{\"direct_loss_fen\":100000000000}");
	lower_to_third(&f);
	const struct incident i = learnt(&f,
		"{\"personal_information_persons\":100000000,\"sensitive_pi_persons\":20000000,"
		"\"data_class\":\"core\",\"threat\":\"especially_serious\"}");
	CHECK_INT(i.grades[0].grade, 0);
	CHECK(!i.grades[0].by_person);
}

TEST(other_facts_under_what_persons_lowered_ask_for_a_person)
{
	AUTO_FIXTURE struct incident_fixture f;
	fixture_open(&f);
	(void)filed(&f, "cn-miit", "{\"direct_loss_fen\":100000000000}");
	lower_to_third(&f);
	const struct incident i = learnt(&f, "{\"direct_loss_fen\":200000000000}");
	CHECK_INT(i.grades[0].grade, 2);
	CHECK(json_is_true(json_object_get(i.grades[0].classification, "needs_review")));
	json_t *review = json_object_get(i.grades[0].classification, "review");
	bool said = false;
	for (size_t k = 0; k < json_array_size(review); k++)
		said = said || strcmp(json_string_value(
					      json_object_get(json_array_get(review, k), "reason")),
				       "facts-changed") == 0;
	CHECK(said);
}

TEST(a_higher_tier_by_a_person_is_news_that_pboc_hears_at_once)
{
	AUTO_FIXTURE struct incident_fixture f;
	fixture_open(&f);
	struct incident i = filed(&f, "cn-pboc-2025", "{\"affected_people\":1000000}");
	CHECK_INT(fixture_clock(&i, "cn-pboc-2025", "progress_new_facts")->state, CLOCK_WAITING);
	fixture_pass(&f, MINUTES_NS(7));
	const struct regrade what = {
		.grade = 0, .reason = "more", .person = "A", .profile = "cn-pboc-2025"
	};
	struct regrade_result out;
	REQUIRE_OK(incident_regrade(&f.c, "latest", &what, f.pool, &out, &f.faults, &f.e), f.e);
	i = fixture_read(&f, "latest");
	const struct clock_row *c = fixture_clock(&i, "cn-pboc-2025", "progress_new_facts");
	CHECK_INT(c->state, CLOCK_RUNNING);
	CHECK_INT(c->started_ns, f.wall_ns);
}

TEST(a_ransom_that_was_paid_runs_though_nobody_said_when)
{
	AUTO_FIXTURE struct incident_fixture f;
	fixture_open(&f);
	const struct incident i =
		filed(&f, "us-circia", "{\"ransom_demanded\":true,\"ransom_paid\":true}");
	const struct clock_row *c = fixture_clock(&i, "us-circia", "ransom_payment");
	REQUIRE(c != NULL);
	CHECK_INT(c->state, CLOCK_RUNNING);
	CHECK_INT(c->flags, DUE_START_ASSUMED);
	CHECK_INT(c->due_ns, f.wall_ns - MINUTES_NS(5) + HOURS_NS(24));
}

TEST(a_risk_alone_starts_no_duty_of_an_incident)
{
	static const char *const profiles[] = { "cn-miit", "cn-miit-166-2022" };
	static const char *const duties[] = { "important_data_first_report",
		"incident_first_report", "user_notice", "annual_incident_report", "first_notice" };
	AUTO_FIXTURE struct incident_fixture f;
	fixture_open(&f);
	for (size_t p = 0; p < COUNT_OF(profiles); p++) {
		const struct incident i = filed(&f, profiles[p],
			"{\"risk_only\":true,\"data_class\":\"important\",\"threat\":\"serious\"}");
		for (size_t k = 0; k < COUNT_OF(duties); k++)
			CHECK(!has_clock(&i, duties[k]));
	}
}

/* --- receipts and submissions ----------------------------------------------------------------- */

TEST(a_receipt_under_one_regime_starts_no_relay_of_another)
{
	static const char *const lines[] = { "miit: ministry local_regulator" };
	static const char *const both[] = { "cn-miit", "cn-cac-2025" };
	AUTO_FIXTURE struct incident_fixture f;
	fixture_open(&f);
	fixture_routes(lines, 1);
	struct first_notice n = fixture_notice(&f);
	n.profiles = both;
	n.n_profiles = 2;
	n.more = fixture_json(&f, "{\"cii\":true,\"cii_total_outage_minutes\":400,\"direct_loss_"
				  "fen\":1000000000000}");
	(void)fixture_new(&f, &n);
	fixture_pass(&f, MINUTES_NS(1));
	CHECK(fixture_deliver(&f, "miit", f.wall_ns) > 0);
	const struct incident i = fixture_read(&f, "latest");
	const struct clock_row *relay = fixture_clock(&i, "cn-cac-2025", "relay_cii");
	REQUIRE(relay != NULL);
	CHECK_INT(relay->state, CLOCK_WAITING);
}

TEST(handing_in_again_does_not_move_the_next_limit_save_where_the_rule_says_the_latest)
{
	static const struct {
		const char *profile, *facts, *stage, *next;
		bool moves;
	} rows[] = {
		{ "eu-nis2", "{\"death_caused\":true}", "notification", "final", false },
		{ "eu-dora",
			"{\"critical_service_affected\":true,\"malicious_access_data_loss\":true}",
			"initial", "intermediate", false },
		{ "eu-dora",
			"{\"critical_service_affected\":true,\"malicious_access_data_loss\":true}",
			"intermediate", "final", true },
	};
	AUTO_FIXTURE struct incident_fixture f;
	fixture_open(&f);
	for (size_t k = 0; k < COUNT_OF(rows); k++) {
		int64_t due_ns[2];
		(void)filed(&f, rows[k].profile, rows[k].facts);
		for (size_t n = 0; n < 2; n++) {
			const struct incident_call call = { .to = "csirt",
				.person = "x",
				.said = "as above",
				.stage = rows[k].stage,
				.profile = rows[k].profile,
				.at_ns = -1 };
			struct call_result answered;
			fixture_pass(&f, MINUTES_NS(10));
			f.faults = (struct field_faults){ .n = 0 };
			REQUIRE_OK(incident_call(&f.c, "latest", &call, f.pool, &answered,
					   &f.faults, &f.e),
				f.e);
			const struct incident i = fixture_read(&f, "latest");
			due_ns[n] = fixture_clock(&i, rows[k].profile, rows[k].next)->due_ns;
		}
		CHECK(due_ns[0] >= 0);
		CHECK((due_ns[1] > due_ns[0]) == rows[k].moves);
	}
}
