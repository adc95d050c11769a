/*
 * Stages: the form that opens, what is refused, what is kept, what was received, what was told by
 * telephone.
 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/lib/incident_fixture.h"

static const char *value_of(json_t *filled, const char *key)
{
	json_t *one = json_object_get(json_object_get(filled, "fields"), key);
	const char *text = json_string_value(json_object_get(one, "value"));
	return text == NULL ? "" : text;
}

static enum status submit(
	struct incident_fixture *f, const struct stage_submission *what, struct submission_row *out)
{
	f->faults = (struct field_faults){ .n = 0 };
	f->e = ERROR_NONE;
	return incident_submit(&f->c, "latest", what, f->pool, out, &f->faults, &f->e);
}

/* Everything that the ministry's form asks for and no fact gives. */
#define THE_REST                                                                                     \
	"\"event.occurred_at\":\"2026-11-24T13:50:00+08:00\",\"event.source\":\"own_monitoring\","   \
	"\"event.cause\":\"弱口令\",\"event.data_type\":[\"production\"],"                        \
	"\"event.data_level\":[\"general\"],\"event.data_volume\":\"300 条\",\"event.pi\":\"无\"," \
	"\"event.system_address\":{\"unknown_reason\":\"内网\"},"                                  \
	"\"impact.subject\":{\"unknown_reason\":\"正在核实\"},"                                  \
	"\"impact.scope\":{\"unknown_reason\":\"正在核实\"}"

static void start(struct incident_fixture *f)
{
	static const char *const lines[] = { "capital: ministry", "province: local_regulator" };
	fixture_open(f);
	fixture_routes(lines, 2);
	struct first_notice n = fixture_notice(f);
	n.more = fixture_json(f, "{\"data_class\":\"general\",\"direct_loss_fen\":10000000000}");
	(void)fixture_new(f, &n);
}

TEST(the_next_form_opens_filled_with_what_the_notice_said)
{
	AUTO_FIXTURE struct incident_fixture f;
	start(&f);
	const struct form *form = NULL;
	json_t *filled = NULL;
	const struct stage_submission what = { .stage = "written" };
	REQUIRE_OK(incident_form(&f.c, "latest", &what, f.pool, &form, &filled, &f.e), f.e);
	CHECK_TEXT(form->id, "miit-incident-report");
	CHECK_TEXT(value_of(filled, "reporter.name"), "华东制造有限公司");
	CHECK_TEXT(value_of(filled, "reporter.contact"), "张三");
	CHECK_TEXT(value_of(filled, "reporter.phone"), "13800138000");
	CHECK_TEXT(value_of(filled, "event.system"), "MES 生产执行系统");
	CHECK_TEXT(value_of(filled, "event.tier"), "serious");
	CHECK_TEXT(json_string_value(json_object_get(filled, "form")), "miit-incident-report");
	CHECK_INT(fixture_count(&f, "SELECT COUNT(*) FROM incident_submission"), 1);
}

TEST(a_copy_for_12387_is_ready_also_where_its_profile_does_not_run)
{
	AUTO_FIXTURE struct incident_fixture f;
	start(&f);
	const struct form *form = NULL;
	json_t *filled = NULL;
	const struct stage_submission what = {
		.profile = "cn-cac-2025", .stage = "first_notice", .form = "cac-2025-report"
	};
	REQUIRE_OK(incident_form(&f.c, "latest", &what, f.pool, &form, &filled, &f.e), f.e);
	CHECK(strstr(value_of(filled, "unit"), "涉事单位：华东制造有限公司") != NULL);
	CHECK(strstr(value_of(filled, "event"), "事件类型：勒索攻击") != NULL);
	CHECK(strstr(value_of(filled, "event"), "事件级别：") != NULL);
	CHECK(strstr(value_of(filled, "event"), "2026年11月24日 13:55（UTC+08:00）") != NULL);
	const struct form_occasion when = { "first_report", 1, f.wall_ns };
	CHECK(form_field_required(form, form_field_named(form, "ransom"), filled, &when));
}

TEST(a_report_that_lacks_something_is_refused_with_every_field_and_nothing_is_kept)
{
	AUTO_FIXTURE struct incident_fixture f;
	start(&f);
	struct submission_row row;
	const struct stage_submission what = { .stage = "written",
		.changes =
			fixture_json(&f, "{\"reporter.phone\":\"call me\",\"colour\":\"red\"}") };
	CHECK_INT(submit(&f, &what, &row), E_INVALID);
	CHECK(fixture_fault(&f, "colour")[0] != '\0');
	CHECK(fixture_fault(&f, "reporter.phone")[0] != '\0');
	CHECK(fixture_fault(&f, "event.cause")[0] != '\0');
	CHECK(fixture_fault(&f, "signature")[0] != '\0'); /* tier II */
	CHECK(strstr(fixture_fault(&f, "what_changed"), "what changed") != NULL);
	CHECK(fixture_fault(&f, "event.system")[0] == '\0');
	CHECK_INT(fixture_count(&f, "SELECT COUNT(*) FROM incident_submission"), 1);
	CHECK_INT(fixture_count(&f, "SELECT COUNT(*) FROM incident_event"), 1);
}

TEST(what_was_given_beside_a_fault_is_not_called_missing)
{
	AUTO_FIXTURE struct incident_fixture f;
	start(&f);
	struct submission_row row;
	const struct stage_submission what = { .stage = "written",
		.what_changed = "a",
		.changes = fixture_json(
			&f, "{\"event.source\":\"hearsay\",\"event.cause\":\"弱口令\"}") };
	CHECK_INT(submit(&f, &what, &row), E_INVALID);
	CHECK(strstr(fixture_fault(&f, "event.source"), "none of") != NULL);
	CHECK_TEXT(fixture_fault(&f, "event.cause"), "");
	CHECK(fixture_fault(&f, "event.data_type")[0] != '\0');
}

TEST(a_report_that_no_duty_asks_for_goes_to_no_authority_of_another_stage)
{
	AUTO_FIXTURE struct incident_fixture f;
	struct submission_row row;
	start(&f);
	const struct stage_submission what = { .profile = "cn-miit",
		.stage = "notification",
		.what_changed = "x",
		.changes = fixture_json(
			&f, "{\"to\":\"SA\",\"contact\":\"a 1\",\"measures\":\"x\"}") };
	REQUIRE_OK(submit(&f, &what, &row), f.e);
	const struct incident i = fixture_read(&f, "latest");
	REQUIRE(i.n_submissions == 2);
	CHECK_INT(i.submissions[1].n_recipients, 0);
}

TEST(a_follow_up_that_no_duty_asks_for_goes_to_those_who_have_the_notice)
{
	AUTO_FIXTURE struct incident_fixture f;
	start(&f);
	struct submission_row row;
	const struct stage_submission what = { .stage = "follow_up",
		.what_changed = "数量已核实",
		.changes = fixture_json(&f, "{" THE_REST ",\"signature\":\"李总\"}") };
	REQUIRE_OK(submit(&f, &what, &row), f.e);
	const struct incident i = fixture_read(&f, "latest");
	REQUIRE(i.n_submissions == 2);
	REQUIRE(i.submissions[1].n_recipients == i.submissions[0].n_recipients);
	CHECK(i.submissions[1].n_recipients > 0);
	for (size_t k = 0; k < i.submissions[1].n_recipients; k++) {
		CHECK_TEXT(
			i.submissions[1].recipients[k].role, i.submissions[0].recipients[k].role);
		CHECK_TEXT(
			i.submissions[1].recipients[k].route, i.submissions[0].recipients[k].route);
	}
	/* It answers no duty that asks for another stage. */
	CHECK(fixture_deliver(&f, "province", f.wall_ns) > 0);
	const struct incident after = fixture_read(&f, "latest");
	CHECK_INT(fixture_clock(&after, "cn-miit", "written_report")->state, CLOCK_RUNNING);
}

TEST(each_report_is_a_revision_that_says_what_changed)
{
	AUTO_FIXTURE struct incident_fixture f;
	start(&f);
	struct submission_row first, second;
	const struct stage_submission written = { .stage = "written",
		.what_changed = "  系统和数据已核实  ",
		.changes = fixture_json(&f, "{" THE_REST ",\"signature\":\"李总\"}") };
	REQUIRE_OK(submit(&f, &written, &first), f.e);
	CHECK_INT(first.n, 2);
	CHECK_TEXT(first.what_changed, "系统和数据已核实");
	CHECK_TEXT(first.form, "miit-incident-report");
	CHECK_INT(first.delivery, OUTBOX_QUEUED);
	fixture_pass(&f, HOURS_NS(2));
	const struct stage_submission follow = { .stage = "follow_up",
		.what_changed = "数量减少",
		.changes = fixture_json(&f, "{\"event.data_volume\":\"20 条\"}") };
	REQUIRE_OK(submit(&f, &follow, &second), f.e);
	CHECK_INT(second.n, 3);
	const struct incident i = fixture_read(&f, "latest");
	REQUIRE(i.n_submissions == 3);
	CHECK_TEXT(i.submissions[1].id.text, first.id.text);
	const struct form *form = NULL;
	struct form_change *changes = NULL;
	size_t n = 0;
	REQUIRE_OK(form_find(f.forms, second.form, &form, &f.e), f.e);
	REQUIRE_OK(form_difference(form, i.submissions[1].filled, i.submissions[2].filled, f.pool,
			   &changes, &n, &f.e),
		f.e);
	REQUIRE(n == 1);
	CHECK_TEXT(changes[0].field->key, "event.data_volume");
	CHECK_TEXT(changes[0].before, "300 records");
	CHECK_TEXT(changes[0].after, "20 records");
	json_t *list = json_object_get(i.events[i.n_events - 1].detail, "changes");
	CHECK_INT(json_array_size(list), 1);
	CHECK_INT(i.events[i.n_events - 1].at_ns, f.wall_ns);
	/* The envelopes of one regime are a chain: each names the hash of the one before. */
	CHECK_INT(fixture_count(&f,
			  "SELECT COUNT(DISTINCT sha256) FROM incident_submission WHERE sha256 <> "
			  "''"),
		3);
}

TEST(a_draft_is_kept_unchecked_and_sent_to_nobody)
{
	AUTO_FIXTURE struct incident_fixture f;
	start(&f);
	struct submission_row row;
	const int64_t n_before = fixture_count(&f, "SELECT COUNT(*) FROM record_outbox");
	struct stage_submission what = { .stage = "written",
		.draft = true,
		.changes = fixture_json(&f, "{\"event.cause\":\"弱口令\"}") };
	REQUIRE_OK(submit(&f, &what, &row), f.e);
	CHECK(row.draft);
	CHECK_TEXT(row.sha256, "");
	what.changes = fixture_json(&f, "{\"event.cause\":\"钓鱼邮件\"}");
	REQUIRE_OK(submit(&f, &what, &row), f.e);
	CHECK_INT(fixture_count(&f, "SELECT COUNT(*) FROM record_outbox"), n_before);
	CHECK_INT(fixture_count(&f, "SELECT COUNT(*) FROM incident_submission WHERE draft = 1"), 1);
	const struct form *form = NULL;
	json_t *filled = NULL;
	REQUIRE_OK(incident_form(&f.c, "latest", &what, f.pool, &form, &filled, &f.e), f.e);
	CHECK_TEXT(value_of(filled, "event.cause"), "钓鱼邮件");
	/* A draft may be bad in what it lacks, not in what it says. */
	what.changes = fixture_json(&f, "{\"reporter.phone\":\"x\"}");
	CHECK_INT(submit(&f, &what, &row), E_INVALID);
	const struct stage_submission written = { .stage = "written",
		.what_changed = "x",
		.changes = fixture_json(&f, "{" THE_REST ",\"signature\":\"李总\"}") };
	REQUIRE_OK(submit(&f, &written, &row), f.e);
	CHECK_INT(fixture_count(&f, "SELECT COUNT(*) FROM incident_submission WHERE draft = 1"), 0);
}

TEST(what_a_profile_has_no_form_for_takes_the_general_one)
{
	AUTO_FIXTURE struct incident_fixture f;
	start(&f);
	struct submission_row row;
	const struct stage_submission notice = { .stage = "user_notice",
		.what_changed = "告知用户",
		.changes = fixture_json(&f, "{\"to\":\"全体用户\"}") };
	REQUIRE_OK(submit(&f, &notice, &row), f.e);
	CHECK_TEXT(row.form, "general-report");
	const struct stage_submission wrong = { .stage = "noon" };
	CHECK_INT(submit(&f, &wrong, &row), E_INVALID);
	CHECK(strstr(f.e.text, "noon") != NULL);
	const struct stage_submission other = { .profile = "eu-dora", .stage = "initial" };
	CHECK_INT(submit(&f, &other, &row), E_INVALID);
	CHECK(fixture_fault(&f, "profile")[0] != '\0');
	const struct stage_submission nobody = { .profile = "xx-nobody", .stage = "initial" };
	CHECK_INT(submit(&f, &nobody, &row), E_ABSENT);
}

/* --- files ------------------------------------------------------------------------------------ */

#define SUMMARY "{\"s1\":\"a\",\"s2\":\"b\",\"s3\":\"c\",\"s4\":\"d\",\"s5\":\"无\"}"

TEST(attached_files_are_copied_named_by_hash_and_stand_on_the_form)
{
	AUTO_FIXTURE struct incident_fixture f;
	start(&f);
	struct submission_row row;
	test_write_file(test_path("证明.txt"), "abc", 3);
	const char *const files[] = { test_path("证明.txt") };
	struct stage_submission what = { .stage = "summary",
		.what_changed = "处置结束",
		.changes = fixture_json(&f, SUMMARY),
		.files = files,
		.n_files = 1 };
	REQUIRE_OK(submit(&f, &what, &row), f.e);
	json_t *annex = json_object_get(
		json_object_get(json_object_get(row.filled, "fields"), "annex"), "value");
	json_t *one = json_array_get(annex, 0);
	const char *sha256 = json_string_value(json_object_get(one, "sha256"));
	CHECK_TEXT(sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	CHECK_TEXT(json_string_value(json_object_get(one, "name")), "证明.txt");
	CHECK_INT(json_integer_value(json_object_get(one, "bytes")), 3);
	const struct incident i = fixture_read(&f, "latest");
	char path[200];
	struct stat st;
	(void)snprintf(path, sizeof path, "incidents/%s/%s", i.id.text, sha256);
	REQUIRE(stat(test_path(path), &st) == 0);
	CHECK_INT(st.st_size, 3);
	CHECK_INT(st.st_mode & 0777, 0600);
	CHECK_INT(fixture_count(&f, "SELECT COUNT(*) FROM incident_attachment"), 1);
}

TEST(a_file_that_cannot_go_along_is_named_and_nothing_is_handed_in)
{
	AUTO_FIXTURE struct incident_fixture f;
	start(&f);
	struct submission_row row;
	const char *const files[] = { test_path("absent.txt"), test_folder() };
	const struct stage_submission what = { .stage = "summary",
		.what_changed = "x",
		.changes = fixture_json(&f, SUMMARY),
		.files = files,
		.n_files = 2 };
	CHECK_INT(submit(&f, &what, &row), E_INVALID);
	CHECK(strstr(f.faults.at[0].what, "absent.txt") != NULL);
	CHECK(strstr(f.faults.at[1].what, "not a regular file") != NULL);
	CHECK_INT(fixture_count(&f, "SELECT COUNT(*) FROM incident_submission"), 1);
}

/* --- receipts --------------------------------------------------------------------------------- */

TEST(a_receipt_discharges_the_duty_at_the_servers_time)
{
	AUTO_FIXTURE struct incident_fixture f;
	start(&f);
	fixture_pass(&f, MINUTES_NS(2));
	CHECK_INT(fixture_deliver(&f, "capital", f.wall_ns - 7 * NS_PER_S), 1);
	struct incident i = fixture_read(&f, "latest");
	const struct clock_row *ten = fixture_clock(&i, "cn-miit", "first_notice");
	CHECK_INT(ten->state, CLOCK_DONE);
	CHECK_INT(ten->done_ns, f.wall_ns - 7 * NS_PER_S);
	CHECK_TEXT(ten->done_by, i.submissions[0].id.text);
	/* The regulator of the place has not answered yet, so it is not with everybody. */
	CHECK_INT(i.submissions[0].delivery, OUTBOX_QUEUED);
	REQUIRE(i.submissions[0].n_recipients == 2);
	CHECK_TEXT(i.submissions[0].recipients[0].role, "local_regulator");
	CHECK_INT(i.submissions[0].recipients[0].state, OUTBOX_QUEUED);
	CHECK_INT(i.submissions[0].recipients[1].state, OUTBOX_DELIVERED);
	CHECK_TEXT(i.submissions[0].received_by, "report.example.org");
	CHECK_INT(i.submissions[0].received_ns, f.wall_ns - 7 * NS_PER_S);
	CHECK_TEXT(i.events[1].kind, "receipt");
	CHECK_INT(i.events[1].claimed_ns, f.wall_ns - 7 * NS_PER_S);
	CHECK_INT(json_integer_value(json_object_get(i.events[1].detail, "duties_answered")), 1);
	size_t n = 9;
	REQUIRE_OK(incident_take_receipts(&f.c, &n, &f.e), f.e);
	CHECK_INT(n, 0);
	CHECK_INT(fixture_read(&f, "latest").n_events, i.n_events);
	CHECK_INT(fixture_deliver(&f, "province", f.wall_ns), 1);
	CHECK_INT(fixture_read(&f, "latest").submissions[0].delivery, OUTBOX_DELIVERED);
}

TEST(a_receipt_after_the_due_time_is_late)
{
	AUTO_FIXTURE struct incident_fixture f;
	start(&f);
	fixture_pass(&f, MINUTES_NS(30));
	CHECK_INT(fixture_deliver(&f, "capital", f.wall_ns), 1);
	const struct incident i = fixture_read(&f, "latest");
	CHECK_INT(fixture_clock(&i, "cn-miit", "first_notice")->state, CLOCK_DONE_LATE);
}

TEST(a_server_whose_clock_is_behind_makes_no_late_notice_one_in_time)
{
	static const char *const lines[] = { "capital: ministry local_regulator" };
	AUTO_FIXTURE struct incident_fixture f;
	fixture_open(&f);
	fixture_routes(lines, 1);
	struct first_notice n = fixture_notice(&f);
	n.discovered_ns = f.wall_ns - MINUTES_NS(30);
	(void)fixture_new(&f, &n);
	const int64_t made_ns = f.wall_ns;
	fixture_pass(&f, NS_PER_S);
	CHECK_INT(fixture_deliver(&f, "capital", f.wall_ns - HOURS_NS(2)), 1);
	const struct incident i = fixture_read(&f, "latest");
	const struct clock_row *ten = fixture_clock(&i, "cn-miit", "first_notice");
	CHECK_INT(ten->state, CLOCK_DONE_LATE);
	CHECK_INT(ten->done_ns, made_ns);
	CHECK_INT(i.submissions[0].received_ns, made_ns);
	CHECK_INT(i.submissions[0].recipients[0].flags, RECEIPT_BEFORE_ENVELOPE);
	CHECK_INT(i.events[1].claimed_ns, made_ns);
	CHECK(json_is_true(json_object_get(i.events[1].detail, "before_envelope")));
	CHECK(json_object_get(i.events[1].detail, "received_at") != NULL);
}

TEST(a_receipt_in_whole_seconds_does_not_ask_again_for_the_progress_that_it_is_for)
{
	static const char *const lines[] = { "bank: pboc" };
	static const char *const only[] = { "cn-pboc-2025" };
	AUTO_FIXTURE struct incident_fixture f;
	fixture_open(&f);
	fixture_routes(lines, 1);
	struct first_notice n = fixture_notice(&f);
	n.profiles = only;
	n.n_profiles = 1;
	n.more = fixture_json(&f, "{\"direct_loss_fen\":500000000000,\"personal_information_"
				  "persons\":100000000,\"data_leaked_or_stolen\":true}");
	(void)fixture_new(&f, &n);
	CHECK_INT(fixture_deliver(&f, "bank", f.wall_ns), 1);
	fixture_pass(&f, NS_PER_S * 7 / 10);
	REQUIRE_OK(incident_moment(&f.c, "latest", MOMENT_NEW_FACTS, f.wall_ns, "", &f.e), f.e);
	struct incident i = fixture_read(&f, "latest");
	REQUIRE(fixture_clock(&i, "cn-pboc-2025", "progress_new_facts")->state == CLOCK_RUNNING);
	struct submission_row row;
	const struct stage_submission what = { .stage = "progress",
		.what_changed = "x",
		.changes = fixture_json(
			&f, "{\"to\":\"PBOC\",\"contact\":\"a 1\",\"measures\":\"x\"}") };
	REQUIRE_OK(submit(&f, &what, &row), f.e);
	CHECK_INT(fixture_deliver(&f, "bank", f.wall_ns / NS_PER_S * NS_PER_S), 1);
	i = fixture_read(&f, "latest");
	for (size_t k = 0; k < i.n_clocks; k++)
		if (strcmp(i.clocks[k].duty, "progress_new_facts") == 0)
			CHECK_INT(i.clocks[k].state, CLOCK_DONE);
	/* Less than a second is how receipts are written, and nobody's clock is wrong. */
	CHECK_INT(i.submissions[1].recipients[0].flags, 0);
}

TEST(what_a_server_signs_of_lateness_is_kept_beside_its_receipt)
{
	AUTO_FIXTURE struct incident_fixture f;
	start(&f);
	f.says_late = true;
	CHECK_INT(fixture_deliver(&f, "capital", f.wall_ns), 1);
	const struct incident i = fixture_read(&f, "latest");
	CHECK_INT(i.submissions[0].recipients[1].flags, RECEIPT_SAYS_LATE);
	CHECK_INT(i.submissions[0].recipients[0].flags, 0);
	CHECK(json_is_true(json_object_get(i.events[1].detail, "late")));
	/* Our own clocks are by our own reading of the rules. */
	CHECK_INT(fixture_clock(&i, "cn-miit", "first_notice")->state, CLOCK_DONE);
}

TEST(a_refusal_is_told_once_and_a_later_receipt_outweighs_it)
{
	AUTO_FIXTURE struct incident_fixture f;
	start(&f);
	CHECK_INT(fixture_refuse(&f, "capital", "unknown company"), 1);
	struct incident i = fixture_read(&f, "latest");
	CHECK_INT(i.submissions[0].delivery, OUTBOX_REFUSED);
	CHECK_TEXT(i.submissions[0].recipients[1].trouble, "unknown company");
	CHECK_TEXT(i.events[1].kind, "refused");
	CHECK_INT(fixture_clock(&i, "cn-miit", "first_notice")->state, CLOCK_RUNNING);
	CHECK_INT(fixture_refuse(&f, "capital", "again"), 0);
	CHECK_INT(fixture_read(&f, "latest").n_events, i.n_events);
	struct outbox_item *items = NULL;
	size_t n = 0;
	REQUIRE_OK(
		outbox_of_envelope(f.store, &i.submissions[0].id, f.pool, &items, &n, &f.e), f.e);
	const size_t k = strcmp(items[0].route, "capital") == 0 ? 0 : 1;
	REQUIRE_OK(outbox_again(f.store, &items[k].id, f.wall_ns, &f.e), f.e);
	CHECK_INT(fixture_deliver(&f, "capital", f.wall_ns), 1);
	i = fixture_read(&f, "latest");
	CHECK_INT(i.submissions[0].recipients[1].state, OUTBOX_DELIVERED);
	CHECK_TEXT(i.submissions[0].recipients[1].trouble, "");
	CHECK_INT(fixture_clock(&i, "cn-miit", "first_notice")->state, CLOCK_DONE);
}

TEST(a_receipt_that_the_pinned_key_does_not_bear_out_proves_nothing)
{
	AUTO_FIXTURE struct incident_fixture f;
	start(&f);
	struct outbox_item *rows = NULL;
	size_t n = 0, n_taken = 0;
	const struct outbox_filter filter = { .route = "capital" };
	REQUIRE_OK(outbox_list(f.store, &filter, f.pool, &rows, &n, &f.e), f.e);
	/* Somebody wrote into the database by hand. */
	const struct outbox_try t = { .at_ns = f.wall_ns, .way = "x", .why = "" };
	const struct outbox_proof forged = { view_of("{\"payload\":\"e30=\"}"), f.wall_ns, "x" };
	REQUIRE_OK(outbox_delivered(f.store, &rows[0].id, &t, &forged, &f.e), f.e);
	REQUIRE_OK(incident_take_receipts(&f.c, &n_taken, &f.e), f.e);
	CHECK_INT(n_taken, 0);
	const struct incident i = fixture_read(&f, "latest");
	CHECK_INT(fixture_clock(&i, "cn-miit", "first_notice")->state, CLOCK_RUNNING);
	CHECK_TEXT(i.events[1].kind, "refused");
}

TEST(the_moment_of_the_receipt_starts_what_the_other_side_owes)
{
	static const char *const lines[] = { "cac: provincial_cac" };
	static const char *const only[] = { "cn-cac-2025" };
	AUTO_FIXTURE struct incident_fixture f;
	fixture_open(&f);
	fixture_routes(lines, 1);
	struct first_notice n = fixture_notice(&f);
	n.profiles = only;
	n.n_profiles = 1;
	n.more = fixture_json(
		&f, "{\"cii\":false,\"operator_kind\":\"other\",\"direct_loss_fen\":10000000000}");
	(void)fixture_new(&f, &n);
	fixture_pass(&f, MINUTES_NS(10));
	CHECK_INT(fixture_deliver(&f, "cac", f.wall_ns), 1);
	const struct incident i = fixture_read(&f, "latest");
	bool relayed = false;
	for (size_t k = 0; k < i.n_clocks; k++)
		if (strcmp(i.clocks[k].owes, "provincial_cac") == 0 &&
			strcmp(i.clocks[k].stage, "relay") == 0)
			relayed = i.clocks[k].due_ns == f.wall_ns + MINUTES_NS(60);
	CHECK(relayed);
}

/* --- calls ------------------------------------------------------------------------------------ */

static enum status call(
	struct incident_fixture *f, const struct incident_call *what, struct call_result *out)
{
	f->faults = (struct field_faults){ .n = 0 };
	f->e = ERROR_NONE;
	return incident_call(&f->c, "latest", what, f->pool, out, &f->faults, &f->e);
}

TEST(a_call_answers_the_duty_to_that_role_and_leaves_the_written_one)
{
	AUTO_FIXTURE struct incident_fixture f;
	start(&f);
	struct call_result out;
	const struct incident_call what = { .to = "ministry",
		.person = "值班员 李",
		.number = "010-12345678",
		.at_ns = f.wall_ns - MINUTES_NS(1),
		.said = "勒索攻击，MES 停摆" };
	REQUIRE_OK(call(&f, &what, &out), f.e);
	CHECK_INT(out.n_discharged, 1);
	const struct incident i = fixture_read(&f, "latest");
	CHECK_INT(fixture_clock(&i, "cn-miit", "first_notice")->state, CLOCK_DONE);
	CHECK_INT(fixture_clock(&i, "cn-miit", "first_notice")->done_ns, f.wall_ns - MINUTES_NS(1));
	CHECK_INT(fixture_clock(&i, "cn-miit", "written_report")->state, CLOCK_RUNNING);
	CHECK_TEXT(i.events[1].kind, "call");
	CHECK_INT(i.events[1].claimed_ns, f.wall_ns - MINUTES_NS(1));
	CHECK_INT(fixture_count(&f, "SELECT COUNT(*) FROM incident_call"), 1);
}

TEST(a_call_without_a_stage_is_what_its_role_is_owed_first)
{
	static const char *const two[] = { "cn-miit", "cn-cac-2025" };
	AUTO_FIXTURE struct incident_fixture f;
	fixture_open(&f);
	struct first_notice n = fixture_notice(&f);
	n.profiles = two;
	n.n_profiles = 2;
	n.more = fixture_json(
		&f, "{\"cii\":false,\"operator_kind\":\"other\",\"direct_loss_fen\":10000000000}");
	(void)fixture_new(&f, &n);
	struct call_result out;
	const struct incident_call cac = { .to = "provincial_cac", .at_ns = -1 };
	REQUIRE_OK(call(&f, &cac, &out), f.e);
	CHECK_INT(out.n_discharged, 1);
	CHECK_TEXT(out.stage, "first_report");
	CHECK_TEXT(out.role, "provincial_cac");
	struct incident i = fixture_read(&f, "latest");
	CHECK_INT(fixture_clock(&i, "cn-cac-2025", "first_report_other")->state, CLOCK_DONE);
	CHECK_INT(fixture_clock(&i, "cn-miit", "first_notice")->state, CLOCK_RUNNING);
	const struct incident_call ministry = { .to = "ministry", .at_ns = -1 };
	REQUIRE_OK(call(&f, &ministry, &out), f.e);
	CHECK_TEXT(out.stage, "first_notice");
	i = fixture_read(&f, "latest");
	CHECK_INT(fixture_clock(&i, "cn-miit", "first_notice")->state, CLOCK_DONE);
}

TEST(a_role_may_be_called_by_its_name_and_a_stranger_answers_nothing)
{
	AUTO_FIXTURE struct incident_fixture f;
	start(&f);
	struct call_result out;
	const struct incident_call police = { .to = "派出所", .at_ns = -1 };
	REQUIRE_OK(call(&f, &police, &out), f.e);
	CHECK_INT(out.n_discharged, 0);
	const struct rule_word *ministry = profile_word(f.profiles, RULE_ROLES, "ministry");
	const struct incident_call by_name = { .to = ministry->name.zh, .at_ns = -1 };
	REQUIRE_OK(call(&f, &by_name, &out), f.e);
	CHECK_INT(out.n_discharged, 1);
	REQUIRE_OK(call(&f, &by_name, &out), f.e);
	CHECK_INT(out.n_discharged, 0);
}

TEST(what_was_handed_over_on_paper_answers_a_written_duty)
{
	AUTO_FIXTURE struct incident_fixture f;
	start(&f);
	struct call_result out;
	const struct incident_call paper = {
		.to = "local_regulator", .stage = "written", .medium = "written", .at_ns = -1
	};
	REQUIRE_OK(call(&f, &paper, &out), f.e);
	CHECK_INT(out.n_discharged, 1);
	const struct incident i = fixture_read(&f, "latest");
	CHECK_INT(fixture_clock(&i, "cn-miit", "written_report")->state, CLOCK_DONE);
}

TEST(a_call_in_the_future_or_with_bad_words_is_refused_whole)
{
	AUTO_FIXTURE struct incident_fixture f;
	start(&f);
	struct call_result out;
	const struct incident_call bad = { .to = "",
		.person = "\x01",
		.stage = "noon",
		.profile = "eu-dora",
		.medium = "smoke",
		.at_ns = f.wall_ns + HOURS_NS(1) };
	CHECK_INT(call(&f, &bad, &out), E_INVALID);
	CHECK(fixture_fault(&f, "to")[0] != '\0');
	CHECK(fixture_fault(&f, "person")[0] != '\0');
	CHECK(fixture_fault(&f, "stage")[0] != '\0');
	CHECK(fixture_fault(&f, "profile")[0] != '\0');
	CHECK(fixture_fault(&f, "medium")[0] != '\0');
	CHECK(fixture_fault(&f, "at")[0] != '\0');
	const struct incident_call early = { .to = "ministry",
		.at_ns = f.wall_ns - DAYS_NS(1) - MINUTES_NS(6) };
	CHECK_INT(call(&f, &early, &out), E_INVALID);
	/* Discovered five minutes ago, and clocks differ by five more. */
	const struct incident_call unknown_yet = { .to = "ministry",
		.at_ns = f.wall_ns - MINUTES_NS(10) - NS_PER_S };
	CHECK_INT(call(&f, &unknown_yet, &out), E_INVALID);
	CHECK(strstr(fixture_fault(&f, "at"), "before the incident was discovered") != NULL);
	CHECK_INT(fixture_count(&f, "SELECT COUNT(*) FROM incident_call"), 0);
	CHECK_INT(fixture_read(&f, "latest").n_events, 1);
}

/* --- one truth -------------------------------------------------------------------------------- */

static const char *fact(const struct incident *i, const char *key)
{
	const char *text = json_string_value(json_object_get(i->facts, key));
	return text == NULL ? "" : text;
}

TEST(what_a_report_says_of_facts_becomes_the_facts_and_the_grade_follows)
{
	AUTO_FIXTURE struct incident_fixture f;
	static const char *const lines[] = { "capital: ministry local_regulator" };
	fixture_open(&f);
	fixture_routes(lines, 1);
	struct first_notice n = fixture_notice(&f);
	n.more = fixture_json(&f, "{\"threat\":\"especially_serious\"}");
	(void)fixture_new(&f, &n);
	struct incident i = fixture_read(&f, "latest");
	CHECK_TEXT(fact(&i, "data_class"), "");
	const int64_t due_before = fixture_clock(&i, "cn-miit", "first_notice")->due_ns;
	struct submission_row row;
	const struct stage_submission what = { .stage = "written",
		.what_changed = "x",
		.changes = fixture_json(&f,
			"{\"event.occurred_at\":\"2026-11-24T13:40:00+08:00\","
			"\"event.source\":\"own_monitoring\",\"event.cause\":\"弱口令\","
			"\"event.data_type\":[\"production\"],"
			"\"event.data_level\":[\"一般\",\"重要\"],\"event.data_volume\":\"300 条\","
			"\"event.pi\":\"7 条个人信息\","
			"\"event.system_address\":{\"unknown_reason\":\"内网\"},"
			"\"impact.subject\":{\"unknown_reason\":\"核实\"},\"impact.scope\":"
			"\"本厂\","
			"\"signature\":\"李总\"}") };
	REQUIRE_OK(submit(&f, &what, &row), f.e);
	i = fixture_read(&f, "latest");
	CHECK_TEXT(fact(&i, "data_class"), "important"); /* the gravest of the two */
	CHECK_TEXT(fact(&i, "occurred_at"), "2026-11-24T05:40:00.000Z");
	CHECK_INT(json_integer_value(json_object_get(i.facts, "pi_records")), 7);
	CHECK_INT(json_integer_value(json_object_get(i.grades[0].classification, "tier")), 1);
	CHECK_TEXT(value_of(row.filled, "event.tier"), "especially_serious");
	json_t *levels = json_object_get(
		json_object_get(json_object_get(row.filled, "fields"), "event.data_level"),
		"value");
	CHECK_INT(json_array_size(levels), 2); /* as the person said it */
	CHECK(fixture_clock(&i, "cn-miit", "first_notice")->due_ns < due_before);
	static const char *const kinds[] = { "notice", "facts", "grade", "submission" };
	REQUIRE(i.n_events == 4);
	for (size_t k = 0; k < 4; k++)
		CHECK_TEXT(i.events[k].kind, kinds[k]);
	CHECK_TEXT(json_string_value(json_object_get(i.events[1].detail, "note")),
		"miit-incident-report");
}

TEST(what_became_known_meanwhile_stands_in_the_next_form)
{
	AUTO_FIXTURE struct incident_fixture f;
	start(&f);
	struct submission_row row;
	struct regrade_result out;
	const struct stage_submission written = { .stage = "written",
		.what_changed = "x",
		.changes = fixture_json(&f, "{" THE_REST ",\"signature\":\"李总\"}") };
	REQUIRE_OK(submit(&f, &written, &row), f.e);
	CHECK_TEXT(value_of(row.filled, "event.tier"), "serious");
	const struct regrade what = {
		.new_facts = fixture_json(&f,
			"{\"direct_loss_fen\":100000000000,\"data_class\":\"core\","
			"\"occurred_at\":\"2026-11-24T05:45:00Z\"}"),
		.grade = -1
	};
	REQUIRE_OK(incident_regrade(&f.c, "latest", &what, f.pool, &out, &f.faults, &f.e), f.e);
	const struct form *form = NULL;
	json_t *filled = NULL;
	const struct stage_submission next = { .stage = "follow_up" };
	REQUIRE_OK(incident_form(&f.c, "latest", &next, f.pool, &form, &filled, &f.e), f.e);
	CHECK_TEXT(value_of(filled, "event.tier"), "especially_serious");
	CHECK_TEXT(value_of(filled, "event.occurred_at"), "2026-11-24T13:45:00+08:00");
	CHECK_TEXT(value_of(filled, "event.cause"), "弱口令");
	json_t *levels = json_object_get(
		json_object_get(json_object_get(filled, "fields"), "event.data_level"), "value");
	CHECK_TEXT(json_string_value(json_array_get(levels, 0)), "core");
	CHECK_INT(json_array_size(levels), 1);
}

/* Of the form of the cyberspace authority, whose second field is put together from ten sources. */
static const char *event_of(struct incident_fixture *f, const struct stage_submission *what)
{
	const struct form *form = NULL;
	json_t *filled = NULL;
	REQUIRE_OK(incident_form(&f->c, "latest", what, f->pool, &form, &filled, &f->e), f->e);
	return value_of(filled, "event");
}

TEST(lines_that_nobody_touched_follow_the_grade_and_the_facts)
{
	AUTO_FIXTURE struct incident_fixture f;
	static const char *const profiles[] = { "cn-cac-2025" };
	const struct stage_submission next = { .profile = "cn-cac-2025", .stage = "follow_up" };
	struct regrade_result out;
	fixture_open(&f);
	struct first_notice n = fixture_notice(&f);
	n.profiles = profiles;
	n.n_profiles = 1;
	n.more = fixture_json(&f,
		"{\"personal_information_persons\":1000000,\"data_leaked_or_stolen\":true,"
		"\"occurred_at\":\"2026-11-24T05:30:00Z\"}");
	(void)fixture_new(&f, &n);
	const char *before = event_of(&f, &next);
	CHECK(strstr(before, "\n事件级别：较大\n") != NULL);
	CHECK(strstr(before, "发生时间：2026年11月24日 13:30（UTC+08:00）\n") != NULL);
	const struct regrade what = { .new_facts = fixture_json(&f,
					      "{\"personal_information_persons\":100000000,"
					      "\"occurred_at\":\"2026-11-24T05:10:00Z\"}"),
		.grade = -1 };
	REQUIRE_OK(incident_regrade(&f.c, "latest", &what, f.pool, &out, &f.faults, &f.e), f.e);
	const char *after = event_of(&f, &next);
	CHECK(strstr(after, "\n事件级别：特别重大\n") != NULL);
	CHECK(strstr(after, "发生时间：2026年11月24日 13:10（UTC+08:00）\n") != NULL);
	CHECK(strstr(after, "较大") == NULL);
}

#define OPEN(key) "\"" key "\":{\"unknown_reason\":\"x\"}"

TEST(a_line_that_a_person_wrote_stays)
{
	AUTO_FIXTURE struct incident_fixture f;
	static const char *const profiles[] = { "cn-cac-2025" };
	const struct stage_submission next = { .profile = "cn-cac-2025", .stage = "follow_up" };
	struct submission_row row;
	struct regrade_result out;
	fixture_open(&f);
	struct first_notice n = fixture_notice(&f);
	n.profiles = profiles;
	n.n_profiles = 1;
	(void)fixture_new(&f, &n);
	const struct stage_submission own = {
		.profile = "cn-cac-2025",
		.stage = "follow_up",
		.what_changed = "x",
		.changes = fixture_json(&f,
			"{\"event\":"
			"\"事件级别：较大（省厅初判）\\n当时的事件级别：较大\""
			"," OPEN("ransom") "," OPEN("trend") "," OPEN("cause") "," OPEN(
				"trace") "," OPEN("plan") "," OPEN("scene") "," OPEN("other") "}")
	};
	REQUIRE_OK(submit(&f, &own, &row), f.e);
	const struct regrade what = {
		.new_facts = fixture_json(&f, "{\"direct_loss_fen\":10000000000}"), .grade = -1
	};
	REQUIRE_OK(incident_regrade(&f.c, "latest", &what, f.pool, &out, &f.faults, &f.e), f.e);
	CHECK_TEXT(event_of(&f, &next), "事件级别：较大（省厅初判）\n当时的事件级别：较大");
}

TEST(a_report_cannot_name_another_tier_than_the_one_in_force_or_contradict_itself)
{
	AUTO_FIXTURE struct incident_fixture f;
	start(&f);
	struct submission_row row;
	const struct stage_submission lower = { .stage = "written",
		.what_changed = "x",
		.changes = fixture_json(
			&f, "{" THE_REST ",\"signature\":\"李总\",\"event.tier\":\"一般\"}") };
	CHECK_INT(submit(&f, &lower, &row), E_INVALID);
	CHECK(strstr(fixture_fault(&f, "event.tier"), "grade in force (serious)") != NULL);
	const struct stage_submission later = { .stage = "written",
		.what_changed = "x",
		.changes =
			fixture_json(&f, "{\"event.occurred_at\":\"2026-11-24T13:59:00+08:00\"}") };
	CHECK_INT(submit(&f, &later, &row), E_INVALID); /* it was discovered at 13:55 */
	CHECK(fixture_fault(&f, "event.occurred_at")[0] != '\0');
	const struct incident i = fixture_read(&f, "latest");
	CHECK_INT(i.n_events, 1);
	CHECK_TEXT(fact(&i, "occurred_at"), "");
}

TEST(a_draft_teaches_nobody_anything)
{
	AUTO_FIXTURE struct incident_fixture f;
	start(&f);
	struct submission_row row;
	const struct stage_submission draft = { .stage = "written",
		.draft = true,
		.changes =
			fixture_json(&f, "{\"event.occurred_at\":\"2026-11-24T13:40:00+08:00\"}") };
	REQUIRE_OK(submit(&f, &draft, &row), f.e);
	const struct incident i = fixture_read(&f, "latest");
	CHECK_TEXT(fact(&i, "occurred_at"), "");
	const struct form *form = NULL;
	json_t *filled = NULL;
	const struct stage_submission next = { .stage = "written" };
	REQUIRE_OK(incident_form(&f.c, "latest", &next, f.pool, &form, &filled, &f.e), f.e);
	CHECK_TEXT(value_of(filled, "event.occurred_at"), "2026-11-24T13:40:00+08:00");
}
