/*
 * Grading anew: facts raise, persons raise with a reason, and only two persons lower.
 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/lib/incident_fixture.h"

static enum status regrade(struct incident_fixture *f, const char *id, const struct regrade *what,
	struct regrade_result *out)
{
	f->faults = (struct field_faults){ .n = 0 };
	f->e = ERROR_NONE;
	return incident_regrade(&f->c, id, what, f->pool, out, &f->faults, &f->e);
}

static int tier_in_force(struct incident_fixture *f, const char *id)
{
	const struct incident i = fixture_read(f, id);
	return (int)json_integer_value(json_object_get(i.grades[0].classification, "tier"));
}

/* Tier II: 100 million yuan. */
static struct incident_receipt serious(struct incident_fixture *f)
{
	struct first_notice n = fixture_notice(f);
	n.more = fixture_json(f, "{\"direct_loss_fen\":10000000000}");
	return fixture_new(f, &n);
}

TEST(new_facts_raise_by_themselves_and_the_clocks_follow)
{
	AUTO_FIXTURE struct incident_fixture f;
	fixture_open(&f);
	const struct first_notice n = fixture_notice(&f);
	const struct incident_receipt r = fixture_new(&f, &n);
	struct regrade_result out;
	CHECK_INT(tier_in_force(&f, "latest"), 4);
	fixture_pass(&f, MINUTES_NS(3));
	const struct regrade what = {
		.new_facts = fixture_json(&f, "{\"direct_loss_fen\":10000000000}"), .grade = -1
	};
	CHECK_INT(regrade(&f, r.incident.text, &what, &out), OK);
	CHECK_INT(tier_in_force(&f, "latest"), 2);
	CHECK_INT(out.grade->grade, 1);
	CHECK_INT(out.grade->by_rules, 1);
	CHECK(!out.grade->by_person);
	CHECK(out.n_after > out.n_before);
	const struct incident i = fixture_read(&f, "latest");
	CHECK_INT(i.n_grade_history, 2);
	CHECK_INT(json_integer_value(json_object_get(i.facts, "direct_loss_fen")), 10000000000);
	REQUIRE(i.n_events == 3);
	CHECK_TEXT(i.events[1].kind, "facts");
	json_t *change = json_array_get(json_object_get(i.events[1].detail, "changes"), 0);
	CHECK_TEXT(json_string_value(json_object_get(change, "field")), "direct_loss_fen");
	CHECK(json_is_null(json_object_get(change, "before")));
	CHECK_INT(i.events[1].at_ns, INCIDENT_START_NS + MINUTES_NS(3));
	CHECK_TEXT(i.events[2].kind, "grade");
	struct incident_row *rows = NULL;
	size_t n_rows = 0;
	REQUIRE_OK(incident_list(&f.c, false, f.pool, &rows, &n_rows, &f.e), f.e);
	CHECK_INT(rows[0].tier, 2);
}

TEST(weaker_facts_do_not_lower_by_themselves)
{
	AUTO_FIXTURE struct incident_fixture f;
	fixture_open(&f);
	(void)serious(&f);
	struct regrade_result out;
	const struct regrade what = { .new_facts = fixture_json(&f, "{\"direct_loss_fen\":100}"),
		.grade = -1 };
	CHECK_INT(regrade(&f, "latest", &what, &out), OK);
	CHECK_INT(out.grade->grade, 1);
	CHECK_INT(out.grade->by_rules, 3);
	CHECK_INT(tier_in_force(&f, "latest"), 2);
	json_t *by_rules = json_object_get(out.grade->classification, "by_rules");
	CHECK_INT(json_integer_value(json_object_get(by_rules, "tier")), 4);
	const struct regrade unknown = {
		.new_facts = fixture_json(&f, "{\"direct_loss_fen\":null}"), .grade = -1
	};
	CHECK_INT(regrade(&f, "latest", &unknown, &out), OK);
	CHECK_INT(tier_in_force(&f, "latest"), 2);
}

TEST(bad_new_facts_are_named_and_change_nothing)
{
	AUTO_FIXTURE struct incident_fixture f;
	fixture_open(&f);
	(void)serious(&f);
	struct regrade_result out;
	static const struct {
		const char *facts, *field;
	} rows[] = {
		{ "{\"direct_loss_fen\":-1}", "direct_loss_fen" },
		{ "{\"direct_los_fen\":1}", "direct_los_fen" },
		{ "{\"occurred_at\":\"2026-11-24T05:59:00Z\"}",
			"occurred_at" }, /* after discovery */
		{ "{\"judged_at\":\"1990-01-01T00:00:00Z\"}", "judged_at" },
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct regrade what = { .new_facts = fixture_json(&f, rows[i].facts),
			.grade = -1 };
		CHECK_INT(regrade(&f, "latest", &what, &out), E_INVALID);
		CHECK(fixture_fault(&f, rows[i].field)[0] != '\0');
		const struct incident k = fixture_read(&f, "latest");
		CHECK_INT(k.n_events, 1);
		CHECK_INT(k.n_grade_history, 1);
	}
}

TEST(a_person_raises_with_a_reason_and_a_name)
{
	AUTO_FIXTURE struct incident_fixture f;
	fixture_open(&f);
	(void)serious(&f);
	struct regrade_result out;
	struct regrade what = { .grade = 0 };
	CHECK_INT(regrade(&f, "latest", &what, &out), E_INVALID);
	CHECK(strstr(f.e.text, "reason") != NULL);
	what.reason = "core data may be involved";
	CHECK_INT(regrade(&f, "latest", &what, &out), E_INVALID);
	CHECK(strstr(f.e.text, "person") != NULL);
	what.person = "张三";
	CHECK_INT(regrade(&f, "latest", &what, &out), OK);
	CHECK_INT(out.grade->grade, 0);
	CHECK_INT(out.grade->by_rules, 1);
	CHECK(out.grade->by_person);
	CHECK_TEXT(out.grade->person, "张三");
	CHECK_TEXT(out.grade->reason, "core data may be involved");
	CHECK_TEXT(json_string_value(json_object_get(out.grade->classification, "decided_by")),
		"person");
	CHECK_INT(regrade(&f, "latest", &what, &out), E_CONFLICT);
	/* What the person decided stays when later facts say less. */
	const struct regrade more = { .new_facts = fixture_json(&f, "{\"direct_loss_fen\":1}"),
		.grade = -1 };
	CHECK_INT(regrade(&f, "latest", &more, &out), OK);
	CHECK_INT(out.grade->grade, 0);
	CHECK(out.grade->by_person);
	what.grade = 7;
	CHECK_INT(regrade(&f, "latest", &what, &out), E_INVALID);
	what.profile = "eu-dora";
	what.grade = 0;
	CHECK_INT(regrade(&f, "latest", &what, &out), E_ABSENT);
}

/* --- lowering --------------------------------------------------------------------------------- */

static const struct regrade to_third = {
	.grade = 2, .reason = "the loss was counted twice", .person = "张三"
};

TEST(two_persons_lower_a_grade_and_the_approvals_stay_with_it)
{
	AUTO_FIXTURE struct incident_fixture f;
	fixture_open(&f);
	AUTO(key_free) struct key *wang = fixture_person("wang");
	AUTO(key_free) struct key *li = fixture_person("li");
	(void)serious(&f);
	struct regrade what = to_third;
	struct regrade_result out;
	const char *const files[] = { fixture_approve(&f, "latest", &what, wang, "a.json"),
		fixture_approve(&f, "latest", &what, li, "b.json") };
	const struct incident before = fixture_read(&f, "latest");
	CHECK_INT(regrade(&f, "latest", &what, &out), E_DENIED);
	CHECK(strstr(f.e.text, "two different persons; there are 0") != NULL);
	what.approvals = files;
	what.n_approvals = 1;
	CHECK_INT(regrade(&f, "latest", &what, &out), E_DENIED);
	what.n_approvals = 2;
	CHECK_INT(regrade(&f, "latest", &what, &out), OK);
	CHECK_INT(tier_in_force(&f, "latest"), 3);
	CHECK(out.grade->by_person);
	CHECK_INT(out.grade->by_rules, 1);
	CHECK(before.n_events + 1 == fixture_read(&f, "latest").n_events);
	CHECK_INT(fixture_count(&f,
			  "SELECT COUNT(*) FROM incident_grade WHERE approvals LIKE '%wang%'"
			  " AND approvals LIKE '%li%'"),
		1);
	/* The ten-minute duties of tier II no longer apply to the regulator. */
	bool ceased = false;
	for (size_t i = 0; i < out.n_after; i++)
		ceased = ceased || out.after[i].state == CLOCK_CEASED;
	CHECK(ceased);
	/* The same approvals again, after it was raised again: they were for that one step. */
	const struct regrade raise = {
		.grade = 1, .reason = "on second thoughts", .person = "李四"
	};
	CHECK_INT(regrade(&f, "latest", &raise, &out), OK);
	CHECK_INT(regrade(&f, "latest", &what, &out), E_DENIED);
	CHECK(strstr(f.e.text, "another statement") != NULL);
	CHECK_INT(tier_in_force(&f, "latest"), 2);
}

TEST(what_two_persons_lowered_stays_until_the_rules_find_more_than_they_did)
{
	AUTO_FIXTURE struct incident_fixture f;
	fixture_open(&f);
	AUTO(key_free) struct key *wang = fixture_person("wang");
	AUTO(key_free) struct key *li = fixture_person("li");
	(void)serious(&f);
	struct regrade what = to_third;
	struct regrade_result out;
	const char *const files[] = { fixture_approve(&f, "latest", &what, wang, "a.json"),
		fixture_approve(&f, "latest", &what, li, "b.json") };
	what.approvals = files;
	what.n_approvals = 2;
	CHECK_INT(regrade(&f, "latest", &what, &out), OK);
	const struct regrade aside = { .new_facts = fixture_json(
					       &f, "{\"occurred_at\":\"2026-11-24T05:00:00Z\"}"),
		.grade = -1 };
	CHECK_INT(regrade(&f, "latest", &aside, &out), OK);
	CHECK_INT(tier_in_force(&f, "latest"), 3);
	CHECK(out.grade->by_person);
	CHECK_INT(out.grade->by_rules, 1);
	const struct regrade graver = {
		.new_facts = fixture_json(&f, "{\"direct_loss_fen\":100000000000}"), .grade = -1
	};
	CHECK_INT(regrade(&f, "latest", &graver, &out), OK);
	CHECK_INT(tier_in_force(&f, "latest"), 1);
	CHECK(!out.grade->by_person);
}

TEST(one_person_with_two_files_is_refused)
{
	AUTO_FIXTURE struct incident_fixture f;
	fixture_open(&f);
	AUTO(key_free) struct key *wang = fixture_person("wang");
	AUTO(key_free) struct key *li = fixture_person("li");
	(void)serious(&f);
	struct regrade what = to_third;
	struct regrade_result out;
	const char *const files[] = { fixture_approve(&f, "latest", &what, wang, "a.json"),
		fixture_approve(&f, "latest", &what, wang, "b.json") };
	what.approvals = files;
	what.n_approvals = 2;
	CHECK_INT(regrade(&f, "latest", &what, &out), E_DENIED);
	CHECK(strstr(f.e.text, "there are 1") != NULL);
	CHECK_INT(tier_in_force(&f, "latest"), 2);
	const char *const twice[] = { files[0], files[0] };
	what.approvals = twice;
	CHECK_INT(regrade(&f, "latest", &what, &out), E_DENIED);
}

static void copy_key(const char *from, const char *to)
{
	AUTO_FILE FILE *in = fopen(test_path(from), "re");
	char text[4096];
	REQUIRE(in != NULL);
	const size_t n = fread(text, 1, sizeof text, in);
	test_write_file(test_path(to), text, n);
}

TEST(one_person_with_two_keys_counts_once)
{
	AUTO_FIXTURE struct incident_fixture f;
	fixture_open(&f);
	AUTO(key_free) struct key *first = fixture_person("wang");
	AUTO(key_free) struct key *second = fixture_person("wang-token");
	(void)serious(&f);
	struct regrade what = to_third;
	struct regrade_result out;
	const char *const files[] = { fixture_approve(&f, "latest", &what, first, "a.json"),
		fixture_approve(&f, "latest", &what, second, "b.json") };
	what.approvals = files;
	what.n_approvals = 2;
	REQUIRE(mkdir(test_path("persons/wang"), 0700) == 0);
	copy_key("persons/wang.pem", "persons/wang/laptop.pem");
	copy_key("persons/wang-token.pem", "persons/wang/token.pem");
	REQUIRE(unlink(test_path("persons/wang.pem")) == 0);
	REQUIRE(unlink(test_path("persons/wang-token.pem")) == 0);
	CHECK_INT(regrade(&f, "latest", &what, &out), E_DENIED);
	CHECK(strstr(f.e.text, "there are 1") != NULL);
}

TEST(one_key_under_two_names_counts_for_nobody)
{
	AUTO_FIXTURE struct incident_fixture f;
	fixture_open(&f);
	AUTO(key_free) struct key *wang = fixture_person("wang");
	(void)serious(&f);
	struct regrade what = to_third;
	struct regrade_result out;
	const char *const files[] = { fixture_approve(&f, "latest", &what, wang, "a.json") };
	what.approvals = files;
	what.n_approvals = 1;
	copy_key("persons/wang.pem", "persons/li.pem");
	CHECK_INT(regrade(&f, "latest", &what, &out), E_INVALID);
	CHECK(strstr(f.e.text, "have the same key") != NULL);
}

TEST(the_homes_own_key_approves_nothing)
{
	AUTO_FIXTURE struct incident_fixture f;
	fixture_open(&f);
	AUTO(key_free) struct key *wang = fixture_person("wang");
	(void)serious(&f);
	struct regrade what = to_third;
	struct regrade_result out;
	AUTO_BUF struct buf pem;
	buf_init(&pem, 4096);
	const struct key *own = keyring_current(f.keys);
	const char *const files[] = { fixture_approve(&f, "latest", &what, wang, "a.json"),
		fixture_approve(&f, "latest", &what, own, "b.json") };
	what.approvals = files;
	what.n_approvals = 2;
	CHECK_INT(regrade(&f, "latest", &what, &out), E_DENIED); /* signed by nobody there */
	CHECK(strstr(f.e.text, "signed by nobody") != NULL);
	REQUIRE_OK(key_public_pem(own, &pem, &f.e), f.e);
	test_write_file(test_path("persons/machine.pem"), pem.at, pem.len);
	CHECK_INT(regrade(&f, "latest", &what, &out), E_INVALID);
	CHECK(strstr(f.e.text, "own key") != NULL);
}

TEST(approvals_of_another_step_or_of_none_are_refused)
{
	AUTO_FIXTURE struct incident_fixture f;
	fixture_open(&f);
	AUTO(key_free) struct key *wang = fixture_person("wang");
	AUTO(key_free) struct key *li = fixture_person("li");
	(void)serious(&f);
	struct regrade what = to_third;
	struct regrade other = to_third;
	struct regrade_result out;
	other.grade = 3;
	test_write_file(test_path("junk.json"), "{\"payload\":1}", 13);
	test_write_file(test_path("text.json"), "hello", 5);
	const char *const good = fixture_approve(&f, "latest", &what, wang, "a.json");
	const struct {
		const char *file;
		enum status status;
	} rows[] = { { fixture_approve(&f, "latest", &other, li, "b.json"), E_DENIED },
		{ test_path("junk.json"), E_INVALID }, { test_path("text.json"), E_INVALID },
		{ test_path("absent.json"), E_ABSENT } };
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const char *const files[] = { good, rows[i].file };
		what.approvals = files;
		what.n_approvals = 2;
		CHECK_INT(regrade(&f, "latest", &what, &out), rows[i].status);
		CHECK_INT(tier_in_force(&f, "latest"), 2);
	}
}

TEST(facts_and_a_lower_grade_are_two_steps)
{
	AUTO_FIXTURE struct incident_fixture f;
	fixture_open(&f);
	AUTO(key_free) struct key *wang = fixture_person("wang");
	AUTO(key_free) struct key *li = fixture_person("li");
	(void)serious(&f);
	struct regrade_result out;
	struct regrade what = { .grade = -1, .reason = "the loss was counted twice" };
	struct regrade facts = { .new_facts = fixture_json(&f, "{\"direct_loss_fen\":100}"),
		.grade = -1 };
	CHECK_INT(regrade(&f, "latest", &facts, &out), OK);
	const char *const files[] = { fixture_approve(&f, "latest", &what, wang, "a.json"),
		fixture_approve(&f, "latest", &what, li, "b.json") };
	what.approvals = files;
	what.n_approvals = 2;
	what.new_facts = fixture_json(&f, "{\"direct_loss_fen\":5}");
	CHECK_INT(regrade(&f, "latest", &what, &out), E_INVALID);
	CHECK(strstr(f.e.text, "change them first") != NULL);
	what.new_facts = NULL;
	CHECK_INT(regrade(&f, "latest", &what, &out), OK); /* to what the rules say */
	CHECK_INT(tier_in_force(&f, "latest"), 4);
}

TEST(the_statement_names_everything_that_is_agreed_to)
{
	AUTO_FIXTURE struct incident_fixture f;
	fixture_open(&f);
	const struct incident_receipt r = serious(&f);
	AUTO_BUF struct buf text;
	buf_init(&text, MIB);
	REQUIRE_OK(regrade_statement(&f.c, "2026-0001", &to_third, &text, &f.e), f.e);
	json_t *s = fixture_json(&f, buf_text(&text));
	CHECK_TEXT(json_string_value(json_object_get(s, "incident")), r.incident.text);
	CHECK_TEXT(json_string_value(json_object_get(s, "number")), "2026-0001");
	CHECK_TEXT(json_string_value(json_object_get(s, "profile")), "cn-miit");
	CHECK_TEXT(json_string_value(json_object_get(s, "reason")), "the loss was counted twice");
	CHECK_TEXT(json_string_value(json_object_get(json_object_get(s, "from"), "zh")), "重大");
	CHECK_TEXT(json_string_value(json_object_get(json_object_get(s, "to"), "zh")), "较大");
	CHECK_INT(json_integer_value(json_object_get(s, "after_grade")), 1);
	const struct regrade same = { .grade = 1, .reason = "x" };
	CHECK_INT(regrade_statement(&f.c, "latest", &same, &text, &f.e), E_CONFLICT);
	const struct regrade up = { .grade = 0, .reason = "x" };
	CHECK_INT(regrade_statement(&f.c, "latest", &up, &text, &f.e), E_CONFLICT);
	const struct regrade silent = { .grade = 3 };
	CHECK_INT(regrade_statement(&f.c, "latest", &silent, &text, &f.e), E_INVALID);
}
