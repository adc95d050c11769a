/*
 * The life of a case: moments, close, open again, purge; and its history.
 */
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/lib/faults.h"
#include "tests/lib/incident_fixture.h"

static void start(struct incident_fixture *f)
{
	fixture_open(f);
	struct first_notice n = fixture_notice(f);
	n.more = fixture_json(f, "{\"data_class\":\"general\",\"user_rights_harmed\":false}");
	(void)fixture_new(f, &n);
}

static enum status mark(struct incident_fixture *f, enum moment m, int64_t at_ns)
{
	f->e = ERROR_NONE;
	return incident_moment(&f->c, "latest", m, at_ns, "", &f->e);
}

static enum status close_it(struct incident_fixture *f, const char *reason, bool anyway)
{
	f->e = ERROR_NONE;
	return incident_close(&f->c, "latest", reason, anyway, &f->e);
}

static enum life life_of(struct incident_fixture *f)
{
	return fixture_read(f, "latest").life;
}

static const char *number_of(struct incident_fixture *f, const char *typed)
{
	struct incident i;
	f->e = ERROR_NONE;
	return incident_read(&f->c, typed, f->pool, &i, &f->e) == OK ? i.number : "";
}

TEST(latest_is_refused_where_it_may_mean_a_drill_or_a_real_incident_that_runs)
{
	AUTO_FIXTURE struct incident_fixture f;
	fixture_open(&f);
	struct first_notice n = fixture_notice(&f);
	CHECK_TEXT(number_of(&f, "latest-drill"), "");
	CHECK_INT(f.e.status, E_ABSENT);
	n.drill = true;
	(void)fixture_new(&f, &n);
	CHECK_TEXT(number_of(&f, "latest-real"), "");
	CHECK_INT(f.e.status, E_ABSENT);
	CHECK(number_of(&f, "latest")[0] == 'D'); /* there is nothing else */
	n.drill = false;
	f.wall_ns += MINUTES_NS(1);
	(void)fixture_new(&f, &n);
	CHECK_TEXT(number_of(&f, "latest"), number_of(&f, "latest-real"));
	CHECK(number_of(&f, "latest-drill")[0] == 'D');
	n.drill = true;
	f.wall_ns += MINUTES_NS(1);
	(void)fixture_new(&f, &n);
	CHECK_TEXT(number_of(&f, "latest"), "");
	CHECK_INT(f.e.status, E_CONFLICT);
	CHECK(strstr(f.e.text, "latest-real or latest-drill") != NULL);
	CHECK(number_of(&f, "latest-real")[0] != 'D');
	CHECK(number_of(&f, "latest-drill")[6] == '0');
}

TEST(a_case_is_handled_then_closed_then_opened_again)
{
	AUTO_FIXTURE struct incident_fixture f;
	start(&f);
	CHECK_INT(close_it(&f, "x", true), E_CONFLICT);
	CHECK(strstr(f.e.text, "has not ended") != NULL);
	CHECK_INT(mark(&f, MOMENT_HANDLING_ENDED, f.wall_ns - MINUTES_NS(1)), OK);
	CHECK_INT(life_of(&f), LIFE_HANDLED);
	CHECK_INT(mark(&f, MOMENT_HANDLING_ENDED, f.wall_ns), E_CONFLICT);
	CHECK_INT(close_it(&f, "", false), E_CONFLICT);
	CHECK(strstr(f.e.text, "still owed") != NULL);
	CHECK(strstr(f.e.text, "First notice (cn-miit)") != NULL);
	CHECK_INT(close_it(&f, "", true), E_INVALID); /* anyway needs a reason */
	CHECK_INT(life_of(&f), LIFE_HANDLED);
	CHECK_INT(close_it(&f, "报告已当面提交", true), OK);
	CHECK_INT(life_of(&f), LIFE_CLOSED);
	CHECK_INT(close_it(&f, "x", true), E_CONFLICT);
	CHECK_INT(incident_reopen(&f.c, "latest", "", &f.e), E_INVALID);
	CHECK_INT(incident_reopen(&f.c, "latest", "又发现加密文件", &f.e), OK);
	CHECK_INT(life_of(&f), LIFE_OPEN);
	CHECK_INT(incident_reopen(&f.c, "latest", "x", &f.e), E_CONFLICT);
	CHECK_INT(mark(&f, MOMENT_HANDLING_ENDED, f.wall_ns), OK);
	CHECK_INT(life_of(&f), LIFE_HANDLED);
	const struct incident i = fixture_read(&f, "latest");
	static const char *const kinds[] = { "notice", "moment-handling-ended", "closed",
		"reopened", "moment-handling-ended" };
	REQUIRE(i.n_events == 5);
	for (size_t k = 0; k < 5; k++)
		CHECK_TEXT(i.events[k].kind, kinds[k]);
	CHECK_INT(i.first_bad_event, -1);
}

TEST(what_is_done_lets_a_case_close_without_a_word)
{
	static const char *const lines[] = { "capital: ministry local_regulator" };
	AUTO_FIXTURE struct incident_fixture f;
	fixture_open(&f);
	fixture_routes(lines, 1);
	struct first_notice n = fixture_notice(&f);
	n.more = fixture_json(&f, "{\"data_class\":\"general\",\"user_rights_harmed\":false}");
	(void)fixture_new(&f, &n);
	CHECK_INT(fixture_deliver(&f, "capital", f.wall_ns), 1);
	CHECK_INT(mark(&f, MOMENT_HANDLING_ENDED, f.wall_ns), OK);
	CHECK_INT(close_it(&f, NULL, false), OK);
	struct incident_row *rows = NULL;
	size_t n_rows = 9;
	REQUIRE_OK(incident_list(&f.c, false, f.pool, &rows, &n_rows, &f.e), f.e);
	CHECK_INT(n_rows, 0);
	REQUIRE_OK(incident_list(&f.c, true, f.pool, &rows, &n_rows, &f.e), f.e);
	CHECK_INT(n_rows, 1);
}

TEST(the_end_of_handling_starts_the_summary_and_opening_again_stops_it)
{
	AUTO_FIXTURE struct incident_fixture f;
	fixture_open(&f);
	struct first_notice n = fixture_notice(&f);
	n.more = fixture_json(&f, "{\"direct_loss_fen\":10000000000}");
	(void)fixture_new(&f, &n);
	struct incident i = fixture_read(&f, "latest");
	CHECK_INT(fixture_clock(&i, "cn-miit", "summary")->state, CLOCK_WAITING);
	CHECK_INT(mark(&f, MOMENT_HANDLING_ENDED, f.wall_ns), OK);
	i = fixture_read(&f, "latest");
	CHECK_INT(fixture_clock(&i, "cn-miit", "summary")->state, CLOCK_RUNNING);
	/* Five working days after Tuesday 24 November: the end of Tuesday 1 December in China. */
	CHECK_INT(fixture_clock(&i, "cn-miit", "summary")->due_ns,
		INCIDENT_START_NS + DAYS_NS(7) + HOURS_NS(10) - NS_PER_S);
	CHECK_INT(incident_reopen(&f.c, "latest", "again", &f.e), OK);
	i = fixture_read(&f, "latest");
	CHECK_INT(fixture_clock(&i, "cn-miit", "summary")->state, CLOCK_WAITING);
}

TEST(moments_that_are_facts_become_a_revision_of_them)
{
	AUTO_FIXTURE struct incident_fixture f;
	start(&f);
	fixture_pass(&f, MINUTES_NS(1));
	CHECK_INT(mark(&f, MOMENT_OCCURRED, f.wall_ns - MINUTES_NS(20)), OK);
	struct incident i = fixture_read(&f, "latest");
	CHECK_TEXT(json_string_value(json_object_get(i.facts, "occurred_at")),
		"2026-11-24T05:41:00.000Z");
	CHECK_TEXT(i.events[1].kind, "facts");
	/* The ten minutes run from the occurrence, now that it is known. */
	CHECK_INT(fixture_clock(&i, "cn-miit", "first_notice")->due_ns, f.wall_ns - MINUTES_NS(10));
	CHECK_INT(mark(&f, MOMENT_OCCURRED, f.wall_ns), E_INVALID); /* after its discovery */
	CHECK_INT(mark(&f, MOMENT_JUDGED, f.wall_ns + HOURS_NS(1)), E_INVALID);
	CHECK_INT(mark(&f, MOMENT_SUBMITTED, f.wall_ns), E_INVALID);
	CHECK_INT(fixture_read(&f, "latest").n_events, i.n_events);
}

TEST(a_moment_lies_between_the_day_before_discovery_and_now)
{
	AUTO_FIXTURE struct incident_fixture f;
	start(&f);
	static const enum moment moments[] = { MOMENT_REQUESTED, MOMENT_PAID, MOMENT_REMEDY,
		MOMENT_RECEIPT, MOMENT_NEW_FACTS };
	for (size_t k = 0; k < sizeof moments / sizeof moments[0]; k++) {
		CHECK_INT(mark(&f, moments[k], f.wall_ns + MINUTES_NS(6)), E_INVALID);
		CHECK_INT(mark(&f, moments[k], f.wall_ns - DAYS_NS(1) - MINUTES_NS(6)), E_INVALID);
		CHECK_INT(mark(&f, moments[k], f.wall_ns - HOURS_NS(23)), OK);
		CHECK_INT(mark(&f, moments[k], -1), OK);
	}
	CHECK_INT(fixture_read(&f, "latest").n_events, 11);
}

/* --- history ---------------------------------------------------------------------------------- */

TEST(a_call_may_come_before_a_discovery_that_nobody_told)
{
	AUTO_FIXTURE struct incident_fixture f;
	struct call_result out;
	fixture_open(&f);
	struct first_notice n = fixture_notice(&f);
	n.discovered_ns = -1;
	(void)fixture_new(&f, &n);
	const struct incident_call first = { .to = "ministry",
		.at_ns = f.wall_ns - MINUTES_NS(20) };
	REQUIRE_OK(incident_call(&f.c, "latest", &first, f.pool, &out, &f.faults, &f.e), f.e);
	CHECK_INT(out.n_discharged, 1);
}

TEST(a_line_of_the_history_that_somebody_changed_is_found)
{
	static const struct {
		const char *sql;
		int64_t bad;
	} rows[] = {
		{ "UPDATE incident_event SET detail = '{}' WHERE n = 2", 2 },
		{ "UPDATE incident_event SET by_whom = 'nobody' WHERE n = 3", 3 },
		{ "UPDATE incident_event SET at_ns = at_ns - 1 WHERE n = 1", 1 },
		{ "UPDATE incident_event SET claimed_ns = 0 WHERE n = 4", 4 },
		{ "DELETE FROM incident_event WHERE n = 2", 3 },
		{ "UPDATE incident_event SET kind = 'moment-paid' WHERE n = 2", 2 },
	};
	for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
		AUTO_FIXTURE struct incident_fixture f;
		start(&f);
		for (int i = 0; i < 3; i++)
			CHECK_INT(mark(&f, MOMENT_REQUESTED, -1), OK);
		CHECK_INT(fixture_read(&f, "latest").first_bad_event, -1);
		AUTO(statement_free) struct statement *q = NULL;
		REQUIRE_OK(store_prepare(f.store, rows[k].sql, &q, &f.e), f.e);
		REQUIRE_OK(statement_run(q, &f.e), f.e);
		CHECK_INT(fixture_read(&f, "latest").first_bad_event, rows[k].bad);
		statement_free(TAKE(q));
		/* The file is used again: begin anew. */
		store_close(f.store);
		f.store = NULL;
		(void)remove(test_path("tocsin.db"));
		(void)remove(test_path("tocsin.db-wal"));
		(void)remove(test_path("tocsin.db-shm"));
	}
}

TEST(who_acts_is_in_the_history_and_must_be_one_line)
{
	AUTO_FIXTURE struct incident_fixture f;
	start(&f);
	f.c.by = "";
	CHECK_INT(mark(&f, MOMENT_REQUESTED, -1), OK);
	CHECK(strncmp(fixture_read(&f, "latest").events[1].by, "uid ", 4) == 0);
	f.c.by = "two\nlines";
	CHECK_INT(mark(&f, MOMENT_REQUESTED, -1), E_INVALID);
	CHECK(strstr(f.e.text, "by") != NULL);
}

/* --- purge ------------------------------------------------------------------------------------ */

#define THREE_YEARS_NS DAYS_NS(3 * 365 + 1)

TEST(records_are_kept_for_three_years_after_the_last_of_them)
{
	AUTO_FIXTURE struct incident_fixture f;
	start(&f);
	CHECK_INT(incident_purge(&f.c, "latest", &f.e), E_CONFLICT);
	CHECK_INT(mark(&f, MOMENT_HANDLING_ENDED, -1), OK);
	CHECK_INT(close_it(&f, "done by hand", true), OK);
	CHECK_INT(incident_purge(&f.c, "latest", &f.e), E_DENIED);
	fixture_pass(&f, DAYS_NS(30));
	CHECK_INT(mark(&f, MOMENT_REQUESTED, -1), OK); /* written to once more */
	fixture_pass(&f, THREE_YEARS_NS - NS_PER_S);
	CHECK_INT(incident_purge(&f.c, "latest", &f.e), E_DENIED);
	CHECK(strstr(f.e.text, "three years") != NULL);
	fixture_pass(&f, NS_PER_S);
	CHECK_INT(incident_purge(&f.c, "2026-0001", &f.e), OK);
	static const char *const counts[] = { "SELECT COUNT(*) FROM incident_case",
		"SELECT COUNT(*) FROM incident_revision", "SELECT COUNT(*) FROM incident_event",
		"SELECT COUNT(*) FROM incident_grade", "SELECT COUNT(*) FROM incident_submission",
		"SELECT COUNT(*) FROM incident_recipient", "SELECT COUNT(*) FROM incident_profile",
		"SELECT COUNT(*) FROM incident_clock" };
	for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
		CHECK_INT(fixture_count(&f, counts[i]), 0);
	CHECK_INT(fixture_count(&f, "SELECT COUNT(*) FROM incident_purged WHERE number = "
				    "'2026-0001'"),
		1);
	/* Its number is not given again. */
	const struct first_notice n = fixture_notice(&f);
	CHECK_TEXT(fixture_new(&f, &n).number, "2029-0001");
}

TEST(a_clock_set_forward_purges_nothing)
{
	AUTO_FIXTURE struct incident_fixture f;
	start(&f);
	CHECK_INT(mark(&f, MOMENT_HANDLING_ENDED, -1), OK);
	CHECK_INT(close_it(&f, "done by hand", true), OK);
	f.wall_ns += THREE_YEARS_NS + DAYS_NS(1); /* boot time does not go along */
	CHECK_INT(incident_purge(&f.c, "latest", &f.e), E_DENIED);
	CHECK(strstr(f.e.text, "clock of this host was set") != NULL);
	CHECK_INT(fixture_count(&f, "SELECT COUNT(*) FROM incident_case"), 1);
}

TEST(nothing_is_purged_while_something_waits_to_be_sent)
{
	static const char *const lines[] = { "capital: ministry" };
	AUTO_FIXTURE struct incident_fixture f;
	fixture_open(&f);
	fixture_routes(lines, 1);
	const struct first_notice n = fixture_notice(&f);
	(void)fixture_new(&f, &n);
	CHECK_INT(mark(&f, MOMENT_HANDLING_ENDED, -1), OK);
	CHECK_INT(close_it(&f, "done by hand", true), OK);
	fixture_pass(&f, THREE_YEARS_NS + DAYS_NS(1));
	CHECK_INT(incident_purge(&f.c, "latest", &f.e), E_CONFLICT);
	CHECK_INT(fixture_count(&f, "SELECT COUNT(*) FROM incident_case"), 1);
	CHECK_INT(fixture_count(&f, "SELECT COUNT(*) FROM incident_clock") > 0, 1);
	CHECK_INT(fixture_deliver(&f, "capital", f.wall_ns), 1);
	fixture_pass(&f, THREE_YEARS_NS + DAYS_NS(1));
	CHECK_INT(incident_purge(&f.c, "latest", &f.e), OK);
	CHECK_INT(fixture_count(&f, "SELECT COUNT(*) FROM record_outbox"), 0);
}

/* Closed and old enough, with a copy of an attached file. Returns the folder of its copies. */
static const char *start_old_with_a_file(struct incident_fixture *f)
{
	struct field_faults faults = { .n = 0 };
	struct submission_row row;
	start(f);
	test_write_file(test_path("proof.txt"), "proof", 5);
	const char *const files[] = { test_path("proof.txt") };
	const struct stage_submission what = { .stage = "summary",
		.what_changed = "over",
		.changes = fixture_json(
			f, "{\"s1\":\"a\",\"s2\":\"b\",\"s3\":\"c\",\"s4\":\"d\",\"s5\":\"e\"}"),
		.files = files,
		.n_files = 1 };
	CHECK_INT(mark(f, MOMENT_HANDLING_ENDED, -1), OK);
	REQUIRE_OK(incident_submit(&f->c, "latest", &what, f->pool, &row, &faults, &f->e), f->e);
	CHECK_INT(close_it(f, "done by hand", true), OK);
	fixture_pass(f, THREE_YEARS_NS + DAYS_NS(1));
	const char *folder = pool_textf(
		f->pool, "%s/incidents/%s", test_folder(), fixture_read(f, "latest").id.text);
	REQUIRE(folder != NULL && access(folder, F_OK) == 0);
	return folder;
}

TEST(a_purge_that_died_before_the_copies_went_is_finished_by_the_same_call)
{
	NEEDS_FAULTS();
	AUTO_FIXTURE struct incident_fixture f;
	const char *folder = start_old_with_a_file(&f);
	fault_arm("attach_remove", 1);
	CHECK_INT(incident_purge(&f.c, "2026-0001", &f.e), E_FAILED);
	fault_disarm();
	CHECK_INT(fixture_count(&f, "SELECT COUNT(*) FROM incident_case"), 0);
	CHECK_INT(access(folder, F_OK), 0);
	f.e = ERROR_NONE;
	REQUIRE_OK(incident_purge(&f.c, "2026-0001", &f.e), f.e);
	CHECK(access(folder, F_OK) != 0);
	REQUIRE_OK(incident_purge(&f.c, "2026-0001", &f.e), f.e); /* nothing is left to do */
	CHECK_INT(fixture_count(&f, "SELECT COUNT(*) FROM incident_purged"), 1);
	CHECK_INT(incident_purge(&f.c, "2026-0002", &f.e), E_ABSENT);
}

TEST(a_rehearsed_purge_removes_nothing_and_says_what_a_purge_would)
{
	AUTO_FIXTURE struct incident_fixture f;
	const char *folder = start_old_with_a_file(&f);
	REQUIRE_OK(store_rehearse(f.store, &f.e), f.e);
	f.c.rehearsal = true;
	REQUIRE_OK(incident_purge(&f.c, "2026-0001", &f.e), f.e);
	CHECK_INT(incident_purge(&f.c, "2026-0002", &f.e), E_ABSENT);
	CHECK_INT(access(folder, F_OK), 0);
	fixture_reopen(&f);
	f.c.rehearsal = false;
	CHECK_INT(fixture_count(&f, "SELECT COUNT(*) FROM incident_case"), 1);
	CHECK_INT(fixture_count(&f, "SELECT COUNT(*) FROM incident_purged"), 0);
}
