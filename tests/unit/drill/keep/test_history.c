/*
 * States and rows of drills, the home's lock, what a drill keeps.
 */
#include "drill/keep/history.h"

#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fault.h"
#include "drill/keep/keep.h"
#include "sys/file.h"
#include "tests/lib/test.h"

struct fixture {
	struct drill_context c;
	struct pool *p;
	struct error e;
};

static struct fixture start(void)
{
	static struct pool *pool; /* until the process of the test ends */
	pool = pool_new(8 * MIB);
	struct fixture f = { .c = { .home = test_path("home") }, .p = pool };
	REQUIRE_OK(file_make_folders(f.c.home, &f.e), f.e);
	REQUIRE_OK(store_open(test_path("home/tocsin.db"), &drill_migrations, 1, &f.c.store, &f.e),
		f.e);
	return f;
}

static const char *new_id(struct fixture *f, int64_t wall_ns)
{
	struct id id = id_new(wall_ns);
	return pool_text(f->p, view_of(id.text));
}

static void begin(struct fixture *f, const char *id, const char *arena, int64_t at_ns)
{
	struct history_start s = { id, "standard", "drill", arena, 40, at_ns };
	REQUIRE_OK(history_begin(f->c.store, &s, &f->e), f->e);
}

static void finish(struct fixture *f, const char *id, enum drill_verdict verdict, double score)
{
	struct drill_result r = { .id = id,
		.verdict = verdict,
		.score = score,
		.coverage = 65,
		.grade = "C",
		.n_planted = 100,
		.n_lost = 7 };
	REQUIRE_OK(history_finish(f->c.store, &r, &f->e), f->e);
}

TEST(the_states_follow_their_table_and_no_other)
{
	static const struct {
		enum drill_state from;
		const char *may; /* one digit for each next state, in the enum's order */
	} rows[] = {
		{ STATE_RUNNING, "011111" },
		{ STATE_PLANTED, "100001" },
		{ STATE_FINISHED, "000001" },
		{ STATE_VOIDED, "000001" },
		{ STATE_INTERRUPTED, "000001" },
		{ STATE_UNDONE, "000001" },
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		for (int next = 0; next < 6; next++)
			CHECK(drill_state_may_follow(rows[i].from, (enum drill_state)next) ==
				(rows[i].may[next] == '1'));
	for (int s = 0; s < 6; s++) {
		enum drill_state back = STATE_RUNNING;
		CHECK(drill_state_find(view_of(drill_state_name((enum drill_state)s)), &back));
		CHECK_INT(back, s);
	}
}

TEST(a_planting_is_found_by_its_arena_and_run_once)
{
	struct fixture f = start();
	const char *id = new_id(&f, NS_PER_S);
	const char *found = NULL;
	enum drill_state state = STATE_UNDONE;
	begin(&f, id, "/a", 1);
	REQUIRE_OK(history_move(f.c.store, id, STATE_PLANTED, &f.e), f.e);
	REQUIRE_OK(history_of_arena(f.c.store, "/a", f.p, &found, &state, &f.e), f.e);
	CHECK_TEXT(found, id);
	CHECK_INT(state, STATE_PLANTED);
	begin(&f, id, "/a", 2); /* planted goes back to running */
	finish(&f, id, DRILL_COMPLETED, 50);
	struct history_start again = { id, "standard", "drill", "/a", 40, 3 };
	CHECK_INT(history_begin(f.c.store, &again, &f.e), E_CONFLICT);
	CHECK(strstr(f.e.text, "finished") != NULL);
	REQUIRE_OK(history_move(f.c.store, id, STATE_UNDONE, &f.e), f.e);
	REQUIRE_OK(history_move(f.c.store, id, STATE_UNDONE, &f.e), f.e); /* twice is fine */
	REQUIRE_OK(history_of_arena(f.c.store, "/a", f.p, &found, &state, &f.e), f.e);
	CHECK(found == NULL);
	CHECK_INT(history_move(f.c.store, "none", STATE_UNDONE, &f.e), E_ABSENT);
	store_close(f.c.store);
}

TEST(a_row_that_claims_to_run_is_interrupted_unless_the_lock_is_held)
{
	struct fixture f = start();
	const char *id = new_id(&f, NS_PER_S);
	begin(&f, id, "/a", 1);
	struct drill_row *rows = NULL;
	size_t n = 0;
	REQUIRE_OK(drill_history(&f.c, f.p, &rows, &n, &f.e), f.e);
	REQUIRE(n == 1);
	CHECK_TEXT(rows[0].state, "interrupted");
	AUTO_FD int lock = -1;
	REQUIRE_OK(keep_lock(f.c.home, id, &lock, &f.e), f.e);
	REQUIRE_OK(drill_history(&f.c, f.p, &rows, &n, &f.e), f.e);
	CHECK_TEXT(rows[0].state, "running");
	store_close(f.c.store);
}

TEST(a_second_drill_is_refused_and_told_which_one_runs)
{
	struct fixture f = start();
	const char *first = new_id(&f, NS_PER_S);
	const char *second = new_id(&f, 2 * NS_PER_S);
	int lock = -1;
	int other = -1;
	struct id holder;
	CHECK(!keep_locked(f.c.home, &holder));
	REQUIRE_OK(keep_lock(f.c.home, first, &lock, &f.e), f.e);
	CHECK_INT(keep_lock(f.c.home, second, &other, &f.e), E_CONFLICT);
	CHECK(strstr(f.e.text, first) != NULL);
	CHECK(keep_locked(f.c.home, &holder) && strcmp(holder.text, first) == 0);
	CHECK_INT(close(lock), 0);
	CHECK(!keep_locked(f.c.home, &holder));
	REQUIRE_OK(keep_lock(f.c.home, second, &other, &f.e), f.e);
	CHECK_INT(close(other), 0);
	store_close(f.c.store);
}

TEST(the_lock_ends_with_a_killed_process)
{
	struct fixture f = start();
	const char *id = new_id(&f, NS_PER_S);
	int pipe_fds[2];
	REQUIRE(pipe(pipe_fds) == 0);
	pid_t pid = fork();
	if (pid == 0) {
		int lock = -1;
		if (keep_lock(f.c.home, id, &lock, &f.e) == OK)
			(void)!write(pipe_fds[1], "x", 1);
		for (;;)
			(void)pause();
	}
	char byte = 0;
	REQUIRE(read(pipe_fds[0], &byte, 1) == 1);
	struct id holder;
	CHECK(keep_locked(f.c.home, &holder));
	CHECK_INT(kill(pid, SIGKILL), 0);
	CHECK(waitpid(pid, NULL, 0) == pid);
	CHECK(!keep_locked(f.c.home, &holder));
	store_close(f.c.store);
}

TEST(history_is_newest_first_and_holds_what_a_result_said)
{
	struct fixture f = start();
	for (int i = 1; i <= 3; i++) {
		const char *id = new_id(&f, i * NS_PER_S);
		begin(&f, id, "/a", i * NS_PER_S);
		finish(&f, id, i == 3 ? DRILL_VOIDED : DRILL_COMPLETED, 40 + i);
	}
	struct drill_row *rows = NULL;
	size_t n = 0;
	REQUIRE_OK(drill_history(&f.c, f.p, &rows, &n, &f.e), f.e);
	REQUIRE(n == 3);
	CHECK_TEXT(rows[0].state, "voided");
	CHECK_TEXT(rows[0].verdict, "voided");
	CHECK_TEXT(rows[1].state, "finished");
	CHECK(fabs(rows[1].score - 42) < 1e-9);
	CHECK_TEXT(rows[1].grade, "C");
	CHECK_INT(rows[2].at_ns, NS_PER_S);
	store_close(f.c.store);
}

TEST(the_previous_run_has_equal_scenario_and_rate_and_counted)
{
	struct fixture f = start();
	struct drill_previous previous;
	REQUIRE_OK(history_previous(f.c.store, "standard", 40, f.p, &previous, &f.e), f.e);
	CHECK(previous.id == NULL);
	static const enum drill_verdict verdicts[] = { DRILL_CONTAINED, DRILL_STOPPED,
		DRILL_VOIDED };
	for (int i = 0; i < 3; i++) {
		const char *id = new_id(&f, (i + 1) * NS_PER_S);
		begin(&f, id, "/a", (i + 1) * NS_PER_S);
		finish(&f, id, verdicts[i], 50 + i);
	}
	REQUIRE_OK(history_previous(f.c.store, "standard", 40, f.p, &previous, &f.e), f.e);
	REQUIRE(previous.id != NULL);
	CHECK(fabs(previous.score - 50) < 1e-9);
	CHECK(fabs(previous.files_lost_share - 0.07) < 1e-9);
	/* Contained, and then stopped in a later stage: its score says how far it got. */
	const char *cut = new_id(&f, 9 * NS_PER_S);
	begin(&f, cut, "/a", 9 * NS_PER_S);
	const struct drill_result r = { .id = cut,
		.scenario.kind = "drill",
		.verdict = DRILL_CONTAINED,
		.score = 60,
		.stopped = { "stop-file", "people" } };
	REQUIRE_OK(history_finish(f.c.store, &r, &f.e), f.e);
	REQUIRE_OK(history_previous(f.c.store, "standard", 40, f.p, &previous, &f.e), f.e);
	CHECK(fabs(previous.score - 50) < 1e-9);
	REQUIRE_OK(history_previous(f.c.store, "standard", 41, f.p, &previous, &f.e), f.e);
	CHECK(previous.id == NULL);
	store_close(f.c.store);
}

TEST(false_alarms_are_those_of_the_last_benign_run_that_heard_a_channel)
{
	struct fixture f = start();
	uint32_t n = 9;
	int64_t at_ns = 0;
	REQUIRE_OK(history_last_control(f.c.store, &n, &at_ns, &f.e), f.e);
	CHECK_INT(n, 0);
	CHECK_INT(at_ns, -1);
	struct drill_channel heard = { .spec = "operator", .n_alerts = 9, .n_false = 9 };
	for (int i = 1; i <= 3; i++) {
		const char *id = new_id(&f, i * NS_PER_S);
		struct history_start s = { id, "benign-twin", "benign", "/a", 40, i * NS_PER_S };
		REQUIRE_OK(history_begin(f.c.store, &s, &f.e), f.e);
		struct drill_result r = { .id = id, .scenario.kind = "benign" };
		/* The third named no channel. */
		if (i < 3) {
			r.false_alarms = (uint32_t)(5 - i);
			r.channels = &heard;
			r.n_channels = 1;
		}
		REQUIRE_OK(history_finish(f.c.store, &r, &f.e), f.e);
	}
	REQUIRE_OK(history_last_control(f.c.store, &n, &at_ns, &f.e), f.e);
	CHECK_INT(n, 3);
	CHECK_INT(at_ns, 2 * NS_PER_S);
	struct drill_row *rows;
	size_t n_rows;
	REQUIRE_OK(drill_history(&f.c, f.p, &rows, &n_rows, &f.e), f.e);
	REQUIRE(n_rows == 3);
	CHECK(!rows[0].has_score && rows[0].false_alarms == -1);
	CHECK(!rows[1].has_score && rows[1].false_alarms == 3);
	store_close(f.c.store);
}

TEST(reports_are_kept_beside_the_result)
{
	struct fixture f = start();
	const char *id = new_id(&f, NS_PER_S);
	begin(&f, id, "/a", NS_PER_S);
	finish(&f, id, DRILL_COMPLETED, 50);
	AUTO_FD int keep = -1;
	REQUIRE_OK(keep_make(f.c.home, id, &keep, &f.e), f.e);
	struct drill_result r = {
		.id = id, .score = 50, .host = "h", .system = "s", .kernel = "k"
	};
	AUTO_JSON json_t *value = drill_result_json(&r);
	AUTO_BUF struct buf text;
	buf_init(&text, MIB);
	REQUIRE_OK(json_write(value, &text, &f.e), f.e);
	REQUIRE_OK(file_replace(keep, KEEP_RESULT, buf_view(&text), 0600, &f.e), f.e);
	struct drill_report_paths paths = { .html = "/r/a.html", .json = "/r/a.json" };
	CHECK_INT(drill_set_reports(&f.c, "none", &paths, &f.e), E_ABSENT);
	REQUIRE_OK(drill_set_reports(&f.c, id, &paths, &f.e), f.e);
	REQUIRE_OK(history_move(f.c.store, id, STATE_UNDONE, &f.e), f.e);
	struct drill_result shown;
	REQUIRE_OK(drill_show(&f.c, NULL, f.p, &shown, &f.e), f.e);
	CHECK_TEXT(shown.id, id);
	CHECK_TEXT(shown.report.html, "/r/a.html");
	CHECK(shown.report.pdf == NULL && shown.undone);
	store_close(f.c.store);
}

TEST(what_is_not_there_is_not_shown)
{
	struct fixture f = start();
	struct drill_result shown;
	CHECK_INT(drill_show(&f.c, NULL, f.p, &shown, &f.e), E_ABSENT);
	CHECK_INT(drill_show(&f.c, "../../etc", f.p, &shown, &f.e), E_ABSENT);
	CHECK_INT(drill_show(&f.c, new_id(&f, 1), f.p, &shown, &f.e), E_ABSENT);
	CHECK_INT(drill_stop(&f.c, "..", &f.e), E_ABSENT);
	store_close(f.c.store);
}

TEST(a_stop_reaches_only_a_drill_that_runs)
{
	struct fixture f = start();
	const char *id = new_id(&f, NS_PER_S);
	AUTO_FD int keep = -1;
	REQUIRE_OK(keep_make(f.c.home, id, &keep, &f.e), f.e);
	CHECK_INT(drill_stop(&f.c, id, &f.e), E_CONFLICT);
	AUTO_FD int lock = -1;
	REQUIRE_OK(keep_lock(f.c.home, id, &lock, &f.e), f.e);
	REQUIRE_OK(drill_stop(&f.c, id, &f.e), f.e);
	struct stat st;
	CHECK_INT(fstatat(keep, KEEP_STOP, &st, 0), 0);
	store_close(f.c.store);
}

TEST(the_escrow_key_is_whole_private_and_made_once)
{
	struct fixture f = start();
	const char *id = new_id(&f, NS_PER_S);
	AUTO_FD int keep = -1;
	REQUIRE_OK(keep_make(f.c.home, id, &keep, &f.e), f.e);
	unsigned char made[ESCROW_KEY_BYTES];
	unsigned char read[ESCROW_KEY_BYTES];
	bool there = true;
	REQUIRE_OK(keep_escrow_read(keep, read, &there, &f.e), f.e);
	CHECK(!there);
#ifdef TOCSIN_FAULTS
	fault_arm("escrow_write", 1);
	CHECK(keep_escrow_make(keep, made, &f.e) != OK);
	fault_disarm();
	REQUIRE_OK(keep_escrow_read(keep, read, &there, &f.e), f.e);
	CHECK(!there); /* nothing half-written stays */
#endif
	REQUIRE_OK(keep_escrow_make(keep, made, &f.e), f.e);
	REQUIRE_OK(keep_escrow_read(keep, read, &there, &f.e), f.e);
	CHECK(there && memcmp(made, read, sizeof made) == 0);
	struct stat st;
	CHECK_INT(fstatat(keep, KEEP_ESCROW, &st, 0), 0);
	CHECK_INT(st.st_mode & 0777, 0600);
	CHECK(keep_escrow_make(keep, made, &f.e) != OK);
	CHECK_INT(keep_make(f.c.home, id, &keep, &f.e), E_CONFLICT);
	store_close(f.c.store);
}
