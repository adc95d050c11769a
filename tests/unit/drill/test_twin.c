/*
 * The benign twin: ordinary programs over a planted arena, and what counts as a false alarm.
 */
#include "drill/twin.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/lib/conduct_fixture.h"

static struct conduct_fixture *benign(void)
{
	struct conduct_fixture *f = conduct_fixture_new();
	f->request.scenario = "tiny-benign";
	return f;
}

TEST_WITHIN(ordinary_programs_change_no_decoy_and_leave_nothing, 120)
{
	struct conduct_fixture *f = benign();
	REQUIRE_OK(conduct_fixture_run(f), f->e);
	const struct drill_result *r = &f->result;
	CHECK_INT(r->verdict, DRILL_COMPLETED);
	CHECK_INT(r->n_planted, 24);
	CHECK_INT(r->n_changed, 0);
	CHECK_INT(r->n_lost, 0);
	CHECK_INT(r->false_alarms, 0);
	CHECK(r->grade == NULL && r->coverage < 0.01);
	CHECK_INT(r->safety.n_sentinels_changed, 0);
	const char *evidence = conduct_fixture_evidence(f, r->id);
	CHECK(strstr(evidence, "\"twin-ended\"") != NULL);
	CHECK(strstr(evidence, "\"failed\":0") != NULL);
	CHECK(strstr(f->said, "not installed") != NULL ||
		strstr(evidence, "\"missing\":\"\"") != NULL);
	conduct_fixture_verify(f, r->id);
	conduct_fixture_undo(f, r->id);
}

static void false_alarm(struct conduct_fixture *f, const struct drill_progress *now)
{
	if (now->stage != DRILL_STAGE_ATTACK || f->acted)
		return;
	FILE *log = fopen(f->file, "a");
	REQUIRE(log != NULL);
	CHECK(fputs("ransomware!\n", log) >= 0);
	CHECK_INT(fclose(log), 0);
	f->acted = true;
}

TEST_WITHIN(an_alert_during_it_is_a_false_alarm_that_later_runs_pay_for, 120)
{
	struct conduct_fixture *f = benign();
	f->file = test_path("edr.log");
	const char *channels[] = { fixture_text("file:%s:ransom", f->file) };
	f->request.channels = channels;
	f->request.n_channels = 1;
	f->on_progress = false_alarm;
	REQUIRE_OK(conduct_fixture_run(f), f->e);
	CHECK_INT(f->result.false_alarms, 1);
	CHECK_INT(f->result.detect, DETECT_NONE);
	conduct_fixture_undo(f, f->result.id);
	f->on_progress = NULL;
	f->request.scenario = "tiny";
	f->request.n_channels = 0;
	REQUIRE_OK(conduct_fixture_run(f), f->e);
	CHECK_INT(f->result.false_alarms, 1);
	conduct_fixture_undo(f, f->result.id);
}

static void die_in_twin(struct conduct_fixture *f, const struct drill_progress *now)
{
	if (now->stage == DRILL_STAGE_ATTACK && now->n_done >= 1)
		(void)kill(getpid(), SIGKILL);
	(void)f;
}

TEST_WITHIN(a_twin_that_was_killed_is_swept_and_undone, 120)
{
	struct conduct_fixture *f = benign();
	f->on_progress = die_in_twin;
	pid_t pid = fork();
	if (pid == 0) {
		(void)conduct_fixture_run(f);
		_exit(7);
	}
	int status = 0;
	REQUIRE(waitpid(pid, &status, 0) == pid);
	CHECK(WIFSIGNALED(status));
	f->on_progress = NULL;
	conduct_fixture_reopen(f);
	CHECK_TEXT(conduct_fixture_newest(f), "interrupted");
	/* As if the kill had come a moment earlier: an archive half made. */
	const char *left = fixture_text("%s/tocsin-twin.zip", f->request.arena);
	struct stat st;
	REQUIRE(stat(f->request.arena, &st) == 0);
	test_write_file(left, "PK", 2);
	CHECK_INT(chown(left, st.st_uid, st.st_gid), 0);
	conduct_fixture_undo(f, f->id);
}

static void stop_in_twin(struct conduct_fixture *f, const struct drill_progress *now)
{
	f->stop = f->stop || (now->stage == DRILL_STAGE_ATTACK && now->n_done >= 1);
}

TEST_WITHIN(a_twin_that_is_stopped_gives_pictures_their_names_back, 120)
{
	struct conduct_fixture *f = benign();
	f->on_progress = stop_in_twin;
	REQUIRE_OK(conduct_fixture_run(f), f->e);
	CHECK_INT(f->result.verdict, DRILL_STOPPED);
	CHECK_INT(f->result.n_lost, 0);
	f->stop = false;
	f->on_progress = NULL;
	conduct_fixture_undo(f, f->result.id);
}
