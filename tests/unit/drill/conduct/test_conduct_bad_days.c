/*
 * Drills on bad days: refused before anything is made, stopped or killed at any stage, disks that
 * are full, arenas that vanish. Whatever happens, undo leaves nothing.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fault.h"
#include "drill/keep/keep.h"
#include "sys/command.h"
#include "sys/file.h"
#include "tests/lib/conduct_fixture.h"

/* --- refused --- */

static void check_refused(struct conduct_fixture *f, enum status wanted, const char *says)
{
	CHECK_INT(conduct_fixture_run(f), wanted);
	if (strstr(f->e.text, says) == NULL)
		test_fail(__FILE__, __LINE__, "\"%s\" does not say \"%s\"", f->e.text, says);
	CHECK_TEXT(conduct_fixture_newest(f), "");
	CHECK(!f->seen[DRILL_STAGE_PLANT]);
}

TEST_WITHIN(what_is_wrong_is_refused_before_anything_is_made, 60)
{
	struct conduct_fixture *f = conduct_fixture_new();
	const struct drill_request good = f->request;
	const char *channels[] = { "file:/none:" };
	f->request.channels = channels;
	f->request.n_channels = 1;
	check_refused(f, E_INVALID, "pattern is empty");
	channels[0] = fixture_text("file:%s/none/x.log:x", test_folder());
	check_refused(f, E_INVALID, "folder does not exist");
	f->request = good;
	f->request.restore = "restic restore; rm -rf /";
	check_refused(f, E_INVALID, "--restore");
	f->request.restore = "true /backup/{arean}";
	check_refused(f, E_INVALID, "--restore: nothing replaces {arean}; known are {arena}");
	f->request = good;
	f->request.backup = "a | b";
	check_refused(f, E_INVALID, "--backup");
	f->request = good;
	f->request.people_file = test_path("none.yaml");
	check_refused(f, E_ABSENT, "none.yaml");
	static const char early[] = "steps: [{step: isolate, done: true, after: 7}]";
	f->request.people_file = test_path("people.yaml");
	test_write_file(f->request.people_file, early, sizeof early - 1);
	check_refused(f, E_INVALID, "isolate is said to be done 7 s after the attack began");
	f->request = good;
	f->request.scenario = "no-such-scenario";
	check_refused(f, E_ABSENT, "no-such-scenario");
	f->request = good;
	f->request.n_decoys = 0;
	check_refused(f, E_INVALID, "decoys");
	f->request = good;
	const char *writes[] = { "relative" };
	f->request.restore_writes = writes;
	f->request.n_restore_writes = 1;
	check_refused(f, E_INVALID, "relative");
	CHECK(!conduct_fixture_exists(f->request.arena));
}

TEST_WITHIN(outside_its_window_a_drill_does_not_begin, 60)
{
	struct conduct_fixture *f = conduct_fixture_new();
	int64_t now_ns = clock_wall_ns(NULL);
	f->request.authority.window_from_ns = now_ns + 3600 * NS_PER_S;
	check_refused(f, E_DENIED, "opens");
	f->request.authority.window_from_ns = -1;
	f->request.authority.window_to_ns = now_ns - NS_PER_S;
	check_refused(f, E_DENIED, "closed");
	f->request.authority.window_to_ns = clock_wall_ns(NULL) + 15 * NS_PER_S;
	f->request.rate_files_per_s = 1; /* 24 s of attack do not fit */
	check_refused(f, E_DENIED, "closes before");
	f->request.authority.window_from_ns = now_ns + 10;
	f->request.authority.window_to_ns = now_ns + 5;
	check_refused(f, E_INVALID, "before it begins");
}

TEST_WITHIN(an_arena_that_is_not_ours_is_refused_and_untouched, 60)
{
	struct conduct_fixture *f = conduct_fixture_new();
	CHECK_INT(mkdir(f->request.arena, 0700), 0);
	test_write_file(fixture_text("%s/mine.txt", f->request.arena), "mine", 4);
	CHECK(conduct_fixture_run(f) != OK);
	CHECK_TEXT(conduct_fixture_newest(f), "");
	AUTO_BUF struct buf text;
	buf_init(&text, 100);
	REQUIRE_OK(file_read_all(AT_FDCWD, fixture_text("%s/mine.txt", f->request.arena), 99, &text,
			   &f->e),
		f->e);
	CHECK_TEXT(buf_text(&text), "mine");
	f->request.arena = fixture_text("%s/arena", f->context.home); /* in the state folder */
	CHECK(conduct_fixture_run(f) != OK);
	f->request.arena = "/proc/tocsin-test-arena"; /* not a disk */
	CHECK(conduct_fixture_run(f) != OK);
}

TEST_WITHIN(two_drills_of_one_home_do_not_run_at_once, 60)
{
	struct conduct_fixture *f = conduct_fixture_new();
	struct id other = id_new(NS_PER_S);
	AUTO_FD int lock = -1;
	REQUIRE_OK(keep_lock(f->context.home, other.text, &lock, &f->e), f->e);
	check_refused(f, E_CONFLICT, other.text);
	CHECK(!conduct_fixture_exists(f->request.arena));
}

/* --- stopped, killed --- */

static enum drill_stage wanted_stage;

static void stop_at_stage(struct conduct_fixture *f, const struct drill_progress *now)
{
	f->stop = f->stop || now->stage == wanted_stage;
}

TEST_WITHIN(a_stop_at_any_stage_leaves_nothing_or_a_result_that_is_undone, 240)
{
	struct conduct_fixture *f = conduct_fixture_new();
	f->on_progress = stop_at_stage;
	f->request.backup = "sleep 0.2";
	f->request.restore = "sleep 0.3";
	f->request.rate_files_per_s = 60;
	for (int stage = DRILL_STAGE_PLANT; stage <= DRILL_STAGE_SCORE; stage++) {
		if (stage == DRILL_STAGE_PEOPLE)
			continue; /* nobody is asked here */
		wanted_stage = (enum drill_stage)stage;
		f->stop = false;
		enum status status = conduct_fixture_run(f);
		if (stage < DRILL_STAGE_ATTACK) {
			CHECK_INT(status, E_STOPPED);
			CHECK_TEXT(conduct_fixture_newest(f), "undone");
			CHECK(!conduct_fixture_exists(f->request.arena));
			continue;
		}
		REQUIRE_OK(status, f->e);
		if (stage <= DRILL_STAGE_RESTORE)
			CHECK_INT(f->result.verdict, DRILL_STOPPED);
		f->stop = false;
		conduct_fixture_undo(f, f->result.id);
	}
}

static void die_at_stage(struct conduct_fixture *f, const struct drill_progress *now)
{
	(void)f;
	if (now->stage == wanted_stage)
		(void)kill(getpid(), SIGKILL);
}

static int run_in_child(struct conduct_fixture *f)
{
	pid_t pid = fork();
	if (pid == 0) {
		conduct_fixture_reopen(f); /* a database belongs to one process */
		_exit(conduct_fixture_run(f) == OK ? 0 : 1);
	}
	int status = 0;
	REQUIRE(waitpid(pid, &status, 0) == pid);
	return status;
}

TEST_WITHIN(a_conductor_killed_at_any_stage_is_shown_as_interrupted_and_undone, 240)
{
	struct conduct_fixture *f = conduct_fixture_new();
	f->on_progress = die_at_stage;
	f->request.backup = "true";
	f->request.restore = "true";
	f->request.rate_files_per_s = 100;
	for (int stage = DRILL_STAGE_PLANT; stage <= DRILL_STAGE_SCORE; stage++) {
		if (stage == DRILL_STAGE_PEOPLE)
			continue;
		wanted_stage = (enum drill_stage)stage;
		int status = run_in_child(f);
		CHECK(WIFSIGNALED(status));
		conduct_fixture_reopen(f);
		CHECK_TEXT(conduct_fixture_newest(f), "interrupted");
		conduct_fixture_undo(f, f->id);
		CHECK_TEXT(conduct_fixture_newest(f), "undone");
	}
}

/* --- the disk
 * -----------------------------------------------------------------------------------------------
 */

#ifdef TOCSIN_FAULTS
/* A run whose channels are silent listens on for seconds after its attack: this one speaks. */
static void speak(struct conduct_fixture *f, const struct drill_progress *now)
{
	(void)f;
	if (now->stage != DRILL_STAGE_ATTACK || now->n_done == 0)
		return;
	FILE *desk = fopen(test_path("desk"), "a");
	REQUIRE(desk != NULL);
	CHECK(fputs("seen\n", desk) >= 0);
	CHECK_INT(fclose(desk), 0);
}
#endif

TEST_WITHIN(a_write_that_fails_anywhere_is_an_error_and_undo_leaves_nothing, 280)
{
#ifdef TOCSIN_FAULTS
	struct conduct_fixture *f = conduct_fixture_new();
	static const char *const points[] = { "keep_make", "keep_write_state", "escrow_write",
		"channels_open", "outside_look", "challenge_piece", "phase_record" };
	const char *channels[] = { fixture_text("operator:%s", test_path("desk")) };
	f->request.channels = channels;
	f->request.n_channels = 1;
	f->request.restore = "true";
	f->request.rate_files_per_s = 100;
	f->on_progress = speak;
	for (size_t i = 0; i < COUNT_OF(points); i++) {
		fault_arm(points[i], 1);
		enum status status = conduct_fixture_run(f);
		fault_disarm();
		if (status == OK) {
			conduct_fixture_undo(f, f->result.id);
			continue;
		}
		CHECK(f->e.text[0] != '\0');
		const char *state = conduct_fixture_newest(f);
		if (strcmp(state, "") != 0)
			conduct_fixture_undo(f, f->id);
		CHECK(!conduct_fixture_exists(f->request.arena));
	}
	/* Any point at all: the n-th allocation or write of the conductor. */
	for (long nth = 1; nth < 4000; nth = nth * 2 + 1) {
		fault_arm("", nth);
		enum status status = conduct_fixture_run(f);
		fault_disarm();
		const char *state = conduct_fixture_newest(f);
		CHECK(status == OK || f->e.text[0] != '\0');
		if (strcmp(state, "") != 0)
			conduct_fixture_undo(f, f->id);
		CHECK(!conduct_fixture_exists(f->request.arena));
	}
#else
	test_skip("built without fault points");
#endif
}

/* --- the arena --- */

static void act_once(struct conduct_fixture *f, const struct drill_progress *now, const char *line)
{
	if (now->stage != DRILL_STAGE_ATTACK || now->n_done < 2 || f->acted)
		return;
	f->acted = true;
	AUTO_FREE char **argv = NULL;
	struct error e = ERROR_NONE;
	struct command_result result;
	AUTO_BUF struct buf output;
	buf_init(&output, 4096);
	REQUIRE_OK(command_split(line, &argv, &e), e);
	struct command command = { .argv = argv, .limit_ns = 30 * NS_PER_S };
	REQUIRE_OK(command_run(&command, &output, &result, &e), e);
}

static void delete_arena(struct conduct_fixture *f, const struct drill_progress *now)
{
	act_once(f, now, fixture_text("rm -rf %s", f->request.arena));
}

TEST_WITHIN(an_arena_deleted_under_the_run_ends_it_and_undo_has_nothing_to_do, 60)
{
	struct conduct_fixture *f = conduct_fixture_new();
	f->request.rate_files_per_s = 10;
	f->request.restore = "true";
	f->on_progress = delete_arena;
	enum status status = conduct_fixture_run(f);
	(void)conduct_fixture_newest(f);
	if (status == OK)
		CHECK(f->result.n_lost > 20 || f->result.contain != CONTAIN_NONE);
	else
		CHECK(f->e.text[0] != '\0');
	struct drill_undone undone = { 0 };
	status = drill_undo(&f->context, f->id, NULL, f->pool, &undone, &f->e);
	CHECK(status == OK || status == E_PARTLY);
	CHECK(!conduct_fixture_exists(f->request.arena));
}

static void change_a_sentinel(struct conduct_fixture *f, const struct drill_progress *now)
{
	act_once(f, now,
		fixture_text("find %s -path %s -prune -o -type f -exec touch -d @1 {} \\;",
			test_path("data"), f->request.arena));
}

TEST_WITHIN(a_sentinel_that_changes_voids_the_run, 60)
{
	struct conduct_fixture *f = conduct_fixture_new();
	f->request.rate_files_per_s = 30;
	f->on_progress = change_a_sentinel;
	REQUIRE_OK(conduct_fixture_run(f), f->e);
	CHECK_INT(f->result.verdict, DRILL_VOIDED);
	CHECK(f->result.safety.n_sentinels_changed > 0);
	CHECK(f->result.safety.void_reason != NULL);
	CHECK_TEXT(f->result.safety.void_code, "sentinel-changed");
	CHECK(f->result.grade == NULL && f->result.score < 0.001);
	CHECK_TEXT(conduct_fixture_newest(f), "voided");
	conduct_fixture_verify(f, f->result.id);
	conduct_fixture_undo(f, f->result.id);
}

static void crash_emulator(struct conduct_fixture *f, const struct drill_progress *now)
{
	act_once(f, now, fixture_text("pkill -SEGV -x tocsin-emulator -P %d", (int)getpid()));
}

TEST_WITHIN(an_emulator_that_crashes_voids_the_run_and_tests_no_restore, 60)
{
	struct conduct_fixture *f = conduct_fixture_new();
	f->request.rate_files_per_s = 10;
	f->request.restore = "true";
	f->on_progress = crash_emulator;
	REQUIRE_OK(conduct_fixture_run(f), f->e);
	if (f->result.verdict == DRILL_COMPLETED)
		test_skip("pkill is not installed");
	CHECK_INT(f->result.verdict, DRILL_VOIDED);
	CHECK_INT(f->result.contain, CONTAIN_NONE);
	CHECK(f->result.safety.void_reason != NULL);
	CHECK_TEXT(f->result.safety.void_code, "emulator-crashed");
	CHECK(!f->result.restore.assessed);
	CHECK_INT(f->result.n_destroyed, 0);
	conduct_fixture_undo(f, f->result.id);
}

#ifdef TOCSIN_FAULTS
/* Less than a batch in: reports had hardly time to come. */
TEST_WITHIN(an_emulator_killed_at_once_is_not_said_to_have_changed_nothing, 60)
{
	struct conduct_fixture *f = conduct_fixture_new();
	f->request.rate_files_per_s = 0;
	REQUIRE(setenv("TOCSIN_FAULT", "emulate_extent:10:kill", 1) == 0);
	enum status status = conduct_fixture_run(f);
	REQUIRE(unsetenv("TOCSIN_FAULT") == 0);
	REQUIRE_OK(status, f->e);
	CHECK_INT(f->result.verdict, DRILL_CONTAINED);
	CHECK_INT(f->result.contain, CONTAIN_KILLED);
	CHECK(f->result.t0_ns >= 0);
	CHECK(f->result.n_changed > 0 && f->result.n_changed <= f->result.n_lost);
	CHECK(f->result.detect != DETECT_PREVENTED);
	conduct_fixture_undo(f, f->result.id);
}
#endif

static void lock_arena(struct conduct_fixture *f, const struct drill_progress *now)
{
	act_once(f, now, fixture_text("chattr -R +i %s", f->request.arena));
}

TEST_WITHIN(an_arena_made_immutable_contains_the_attack, 60)
{
	if (!test_is_root())
		test_skip("only root can make files immutable");
	struct conduct_fixture *f = conduct_fixture_new();
	f->request.rate_files_per_s = 10;
	f->request.restore = "true";
	f->on_progress = lock_arena;
	enum status status = conduct_fixture_run(f);
	f->acted = false;
	struct drill_progress as_before = { .stage = DRILL_STAGE_ATTACK, .n_done = 2 };
	act_once(f, &as_before, fixture_text("chattr -R -i %s", f->request.arena));
	REQUIRE_OK(status, f->e);
	CHECK_INT(f->result.verdict, DRILL_CONTAINED);
	CHECK_INT(f->result.contain, CONTAIN_BLOCKED);
	CHECK(f->result.n_changed >= 2 && f->result.n_changed < 24);
	conduct_fixture_undo(f, f->result.id);
}

TEST_WITHIN(a_failed_backup_ends_the_run_before_the_attack, 60)
{
	struct conduct_fixture *f = conduct_fixture_new();
	f->request.backup = "sh -c 'echo repository is locked; exit 3'";
	CHECK_INT(conduct_fixture_run(f), E_FAILED);
	CHECK(strstr(f->e.text, "repository is locked") != NULL);
	CHECK(!conduct_fixture_exists(f->request.arena));
	CHECK_TEXT(conduct_fixture_newest(f), "undone");
}

TEST_WITHIN(generations_planted_earlier_survive_a_run_that_ends_before_its_attack, 90)
{
	struct conduct_fixture *f = conduct_fixture_new();
	struct drill_planting planted = { 0 };
	REQUIRE_OK(
		drill_plant(&f->context, &f->request, &f->watch, f->pool, &planted, &f->e), f->e);
	f->request.backup = "false";
	CHECK_INT(conduct_fixture_run(f), E_FAILED);
	CHECK_TEXT(conduct_fixture_newest(f), "planted");
	CHECK(conduct_fixture_exists(f->request.arena));
	f->request.backup = NULL;
	REQUIRE_OK(conduct_fixture_run(f), f->e);
	CHECK_TEXT(f->result.id, planted.id);
	conduct_fixture_undo(f, planted.id);
}
