/*
 * Bad days: a failure at every step of a first notice, of a report and of a receipt, and the power
 * cut between any two writes. Afterwards everything is there or nothing is.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/digest.h"
#include "tests/lib/faults.h"
#include "tests/lib/incident_fixture.h"

enum { STEPS_MAX = 3000 };

static const char *const tables[] = { "incident_case", "incident_number", "incident_profile",
	"incident_revision", "incident_grade", "incident_submission", "incident_recipient",
	"incident_attachment", "incident_call", "incident_event", "incident_clock",
	"record_outbox" };
enum { N_TABLES = sizeof tables / sizeof tables[0] };

struct counts {
	int64_t rows[N_TABLES];
};

static struct counts count_all(struct incident_fixture *f)
{
	struct counts c;
	for (size_t i = 0; i < N_TABLES; i++) {
		char sql[80];
		(void)snprintf(sql, sizeof sql, "SELECT COUNT(*) FROM %s", tables[i]);
		c.rows[i] = fixture_count(f, sql);
	}
	return c;
}

static void check_same(const struct counts *a, const struct counts *b, long step)
{
	for (size_t i = 0; i < N_TABLES; i++)
		if (a->rows[i] != b->rows[i])
			test_fail(__FILE__, __LINE__, "step %ld: %s has %lld rows, not %lld", step,
				tables[i], (long long)b->rows[i], (long long)a->rows[i]);
}

/* What must hold of a store in which every case is whole. */
static void check_whole(struct incident_fixture *f)
{
	static const struct {
		const char *sql, *what;
	} rows[] = {
		{ "SELECT COUNT(*) FROM incident_case c WHERE NOT EXISTS (SELECT 1 FROM"
		  " incident_revision r WHERE r.incident = c.id AND r.n = c.n_revision)",
			"a case without its revision" },
		{ "SELECT COUNT(*) FROM incident_case c WHERE NOT EXISTS (SELECT 1 FROM"
		  " incident_grade g WHERE g.incident = c.id)",
			"a case without a grade" },
		{ "SELECT COUNT(*) FROM incident_case c WHERE NOT EXISTS (SELECT 1 FROM"
		  " incident_event v WHERE v.incident = c.id AND v.n = 1 AND v.kind = 'notice')",
			"a case without its first event" },
		{ "SELECT COUNT(*) FROM incident_case c WHERE NOT EXISTS (SELECT 1 FROM"
		  " incident_clock k WHERE k.incident = c.id)",
			"a case without clocks" },
		{ "SELECT COUNT(*) FROM incident_submission s WHERE s.draft = 0 AND"
		  " (SELECT COUNT(*) FROM incident_event v WHERE v.incident = s.incident"
		  " AND (v.kind = 'notice' OR v.detail LIKE '%' || s.id || '%')) = 0",
			"a submission that the history does not know" },
		{ "SELECT COUNT(*) FROM incident_recipient r WHERE r.route <> '' AND NOT EXISTS"
		  " (SELECT 1 FROM record_outbox o WHERE o.envelope_id = r.submission"
		  " AND o.route = r.route)",
			"a recipient whose item is not in the outbox" },
		{ "SELECT COUNT(*) FROM record_outbox o WHERE NOT EXISTS (SELECT 1 FROM"
		  " incident_submission s WHERE s.id = o.envelope_id AND s.envelope = o.envelope)",
			"an item in the outbox that no submission has" },
		{ "SELECT COUNT(*) FROM incident_recipient r WHERE r.state = 1 AND"
		  " r.received_ns < 0",
			"a delivery without its time" },
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (fixture_count(f, rows[i].sql) != 0)
			test_fail(__FILE__, __LINE__, "%s", rows[i].what);
}

static void open_home(struct incident_fixture *f)
{
	static const char *const lines[] = { "capital: ministry", "province: local_regulator" };
	fixture_open(f);
	fixture_routes(lines, 2);
}

static enum status file_notice(struct incident_fixture *f, struct pool *p, struct error *e)
{
	struct field_faults faults = { .n = 0 };
	struct incident_receipt receipt;
	struct first_notice n = fixture_notice(f);
	AUTO_JSON json_t *more =
		json_loads("{\"data_class\":\"important\",\"threat\":\"serious\"}", 0, NULL);
	n.more = more;
	return incident_new(&f->c, &n, p, &receipt, &faults, e);
}

static enum status hand_in(struct incident_fixture *f, struct pool *p, struct error *e)
{
	struct field_faults faults = { .n = 0 };
	struct submission_row row;
	const char *const files[] = { test_path("proof.txt") };
	AUTO_JSON json_t *changes = json_loads(
		"{\"s1\":\"a\",\"s2\":\"b\",\"s3\":\"c\",\"s4\":\"d\",\"s5\":\"e\"}", 0, NULL);
	const struct stage_submission what = { .stage = "summary",
		.what_changed = "over",
		.changes = changes,
		.files = files,
		.n_files = 1 };
	return incident_submit(&f->c, "latest", &what, p, &row, &faults, e);
}

static enum status take_receipts(struct incident_fixture *f, struct pool *p, struct error *e)
{
	size_t n = 0;
	(void)p;
	return incident_take_receipts(&f->c, &n, e);
}

static enum status regrade(struct incident_fixture *f, struct pool *p, struct error *e)
{
	struct field_faults faults = { .n = 0 };
	struct regrade_result out;
	AUTO_JSON json_t *facts = json_pack("{s:I}", "direct_loss_fen", (json_int_t)(1 + random()));
	const struct regrade what = { .new_facts = facts, .grade = -1 };
	return incident_regrade(&f->c, "latest", &what, p, &out, &faults, e);
}

typedef enum status act(struct incident_fixture *f, struct pool *p, struct error *e);

/* After fault_arm("", n): was the n-th step never reached? */
static bool fault_left(long n)
{
	for (long i = 0; i < n; i++)
		if (fault_hit("what is left"))
			return true;
	return false;
}

/* How many steps it has in which something can fail. */
static long count_steps(struct incident_fixture *f, act *does)
{
	enum { FAR = 1000000 };
	AUTO(pool_free) struct pool *p = pool_new(64 * MIB);
	struct error e = ERROR_NONE;
	long left = 1;
	fault_arm("", FAR);
	REQUIRE_OK(does(f, p, &e), e);
	while (!fault_hit("what is left"))
		left++;
	return FAR - left;
}

/* Fails at each of its steps in turn. Where it says that it failed, the store is as it was; where a
 * failure could be borne (routes that cannot be read), all of it is there. */
static long fail_everywhere(struct incident_fixture *f, act *does)
{
	const long n_steps = count_steps(f, does);
	long n_failed = 0;
	struct counts before = count_all(f);
	for (long n = 1; n <= n_steps; n++) {
		AUTO(pool_free) struct pool *p = pool_new(64 * MIB);
		struct error e = ERROR_NONE;
		fault_arm("", n);
		const enum status status = does(f, p, &e);
		fault_disarm();
		const struct counts after = count_all(f);
		if (status != OK) {
			n_failed++;
			if (e.text[0] == '\0')
				test_fail(__FILE__, __LINE__, "step %ld failed without a word", n);
			check_same(&before, &after, n);
		}
		before = after;
	}
	check_whole(f);
	return n_failed;
}

TEST_WITHIN(a_failure_at_any_step_of_a_first_notice_leaves_nothing, 200)
{
	NEEDS_FAULTS();
	AUTO_FIXTURE struct incident_fixture f;
	open_home(&f);
	CHECK(fail_everywhere(&f, file_notice) > 50);
	CHECK_INT(fixture_read(&f, "latest").first_bad_event, -1);
	/* No number was lost to a failure. */
	CHECK_INT(fixture_count(&f, "SELECT last FROM incident_number"),
		fixture_count(&f, "SELECT COUNT(*) FROM incident_case"));
}

TEST_WITHIN(a_failure_at_any_step_of_a_report_leaves_nothing, 200)
{
	NEEDS_FAULTS();
	AUTO_FIXTURE struct incident_fixture f;
	struct error e = ERROR_NONE;
	open_home(&f);
	test_write_file(test_path("proof.txt"), "proof", 5);
	REQUIRE_OK(file_notice(&f, f.pool, &e), e);
	CHECK(fail_everywhere(&f, hand_in) > 50);
	const struct incident i = fixture_read(&f, "latest");
	for (size_t k = 0; k < i.n_submissions; k++)
		CHECK_INT(i.submissions[k].n, k + 1);
	CHECK_INT(i.first_bad_event, -1);
}

TEST_WITHIN(a_failure_at_any_step_of_a_regrade_leaves_nothing, 200)
{
	NEEDS_FAULTS();
	AUTO_FIXTURE struct incident_fixture f;
	struct error e = ERROR_NONE;
	open_home(&f);
	REQUIRE_OK(file_notice(&f, f.pool, &e), e);
	CHECK(fail_everywhere(&f, regrade) > 30);
	check_whole(&f);
	CHECK_INT(fixture_read(&f, "latest").first_bad_event, -1);
}

/* A receipt is a row of another folder's: whatever happens while it is taken in, the next time does
 * it, once. */
TEST_WITHIN(a_failure_at_any_step_of_taking_receipts_loses_none_and_doubles_none, 200)
{
	NEEDS_FAULTS();
	AUTO_FIXTURE struct incident_fixture f;
	struct error e = ERROR_NONE;
	open_home(&f);
	long n_failed = 0, n_rounds = 0;
	bool past = false;
	/* Every third step: each takes ten commits, and the power cut below takes every one. */
	for (long n = 1; n < STEPS_MAX && !past; n += 3) {
		n_rounds++;
		REQUIRE_OK(file_notice(&f, f.pool, &e), e);
		fixture_answer(&f, "capital", f.wall_ns);
		fixture_answer(&f, "province", f.wall_ns + NS_PER_S);
		fault_arm("", n);
		n_failed += take_receipts(&f, NULL, &e) == OK ? 0 : 1;
		past = fault_left(n);
		fault_disarm();
		REQUIRE_OK(take_receipts(&f, NULL, &e), e);
		CHECK_INT(fixture_count(
				  &f, "SELECT COUNT(*) FROM incident_recipient WHERE state <> 1"),
			0);
		CHECK_INT(fixture_count(
				  &f, "SELECT COUNT(*) FROM incident_event WHERE kind = 'receipt'"),
			2 * n_rounds);
		CHECK_INT(fixture_read(&f, "latest").first_bad_event, -1);
	}
	CHECK(past && n_failed > 20);
	check_whole(&f);
}

/* --- power cuts ------------------------------------------------------------------------------- */

/* One act in a process of its own that is killed at its n-th step; true where it lived. */
static bool act_and_die(struct incident_fixture *f, act *does, long n)
{
	int status = 0;
	store_close(f->store);
	f->store = NULL;
	(void)fflush(stdout);
	const pid_t pid = fork();
	if (pid == 0) {
		struct error e = ERROR_NONE;
		fixture_reopen(f);
		fault_arm_kill("", n);
		const enum status done = does(f, f->pool, &e);
		fault_disarm();
		_exit(done == OK ? 0 : 3);
	}
	REQUIRE(pid > 0 && waitpid(pid, &status, 0) == pid);
	fixture_reopen(f);
	if (WIFEXITED(status))
		CHECK_INT(WEXITSTATUS(status), 0);
	else
		CHECK_INT(WTERMSIG(status), SIGKILL);
	return WIFEXITED(status);
}

static void die_everywhere(struct incident_fixture *f, act *does)
{
	for (long n = 1; n < STEPS_MAX; n++) {
		const bool lived = act_and_die(f, does, n);
		check_whole(f);
		if (lived)
			return;
	}
	test_fail(__FILE__, __LINE__, "it never lived");
}

TEST_WITHIN(a_power_cut_between_any_two_writes_of_a_first_notice_leaves_it_whole_or_not_there, 200)
{
	NEEDS_FAULTS();
	AUTO_FIXTURE struct incident_fixture f;
	open_home(&f);
	die_everywhere(&f, file_notice);
	CHECK_INT(fixture_read(&f, "latest").first_bad_event, -1);
	/* Those that were cut after the commit are there, numbered without a gap. */
	const int64_t n = fixture_count(&f, "SELECT COUNT(*) FROM incident_case");
	CHECK_INT(fixture_count(&f, "SELECT last FROM incident_number"), n);
	CHECK(n >= 1);
}

TEST_WITHIN(a_power_cut_between_any_two_writes_of_a_report_leaves_it_whole_or_not_there, 200)
{
	NEEDS_FAULTS();
	AUTO_FIXTURE struct incident_fixture f;
	struct error e = ERROR_NONE;
	open_home(&f);
	test_write_file(test_path("proof.txt"), "proof", 5);
	REQUIRE_OK(file_notice(&f, f.pool, &e), e);
	die_everywhere(&f, hand_in);
	CHECK_INT(fixture_read(&f, "latest").first_bad_event, -1);
}

TEST_WITHIN(a_power_cut_while_a_receipt_is_taken_in_loses_and_doubles_nothing, 200)
{
	NEEDS_FAULTS();
	AUTO_FIXTURE struct incident_fixture f;
	struct error e = ERROR_NONE;
	open_home(&f);
	REQUIRE_OK(file_notice(&f, f.pool, &e), e);
	fixture_answer(&f, "capital", f.wall_ns);
	die_everywhere(&f, take_receipts);
	const struct incident i = fixture_read(&f, "latest");
	CHECK_INT(fixture_clock(&i, "cn-miit", "first_notice")->state, CLOCK_DONE);
	CHECK_INT(
		fixture_count(&f, "SELECT COUNT(*) FROM incident_event WHERE kind = 'receipt'"), 1);
	CHECK_INT(i.first_bad_event, -1);
}
