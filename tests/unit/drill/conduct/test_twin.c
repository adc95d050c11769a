/*
 * The benign twin: ordinary programs over a planted arena, and what counts as a false alarm.
 */
#include "drill/conduct/twin.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "drill/decoy/planting.h"
#include "drill/keep/keep.h"
#include "drill/keep/seal.h"
#include "sys/file.h"
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
	CHECK(!drill_has_score(r) && !drill_control_measured(r));
	CHECK_TEXT(r->parts[PART_DAMAGE].why.en,
		"A control run attacks nothing: there is nothing to assess.");
	CHECK(r->control.n_programs > 0 && r->control.n_files > 0);
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

/* --- a manifest that lies --- */

/* A killed twin's home whose manifest now names somebody's folder, and the pictures in it. Sealed:
 * as if the forger had the key; what stands behind the seal must hold as well. */
static void hostile_manifest(
	struct conduct_fixture *f, const struct manifest *real, const char *victim, bool sealed)
{
	AUTO_FD int keep = -1;
	struct manifest m = *real;
	struct stat st;
	AUTO_BUF struct buf bytes;
	buf_init(&bytes, MANIFEST_BYTES_MAX);
	REQUIRE_OK(keep_open(f->context.home, f->id, &keep, &f->e), f->e);
	REQUIRE(stat(victim, &st) == 0);
	m.arena = victim;
	m.device = st.st_dev;
	m.arena_inode = st.st_ino;
	m.uid = m.gid = st.st_uid;
	m.n_folders = 0;
	m.n_generations = m.n_files = 1;
	m.generations[0].n_files = 1;
	m.files[0].folder = FOLDER_ROOT;
	m.files[0].generation = 0;
	m.files[0].kind = DECOY_PNG;
	m.files[0].name = "cat.png";
	REQUIRE(stat(fixture_text("%s/twin-cat.png", victim), &st) == 0);
	m.files[0].inode = st.st_ino;
	REQUIRE_OK(manifest_write(&m, &bytes, &f->e), f->e);
	if (sealed)
		REQUIRE_OK(seal_add(keep, KEEP_MANIFEST, &bytes, &f->e), f->e);
	REQUIRE_OK(file_replace(keep, KEEP_MANIFEST, buf_view(&bytes), 0600, &f->e), f->e);
}

static void kill_in_twin(struct conduct_fixture *f)
{
	f->on_progress = die_in_twin;
	pid_t pid = fork();
	if (pid == 0) {
		(void)conduct_fixture_run(f);
		_exit(7);
	}
	REQUIRE(waitpid(pid, NULL, 0) == pid);
	f->on_progress = NULL;
	conduct_fixture_reopen(f);
	CHECK_TEXT(conduct_fixture_newest(f), "interrupted");
}

static void check_victim(const char *victim, const struct stat *before)
{
	static const char *const names[] = { "twin-cat.png", "tocsin-twin.zip", "tocsin-twin.tgz",
		"tocsin-twin.sql" };
	struct stat st;
	for (size_t i = 0; i < COUNT_OF(names); i++)
		CHECK(stat(fixture_text("%s/%s", victim, names[i]), &st) == 0 && st.st_size == 4);
	CHECK(stat(fixture_text("%s/cat.png", victim), &st) != 0);
	CHECK(stat(victim, &st) == 0 && st.st_mtim.tv_sec == before->st_mtim.tv_sec &&
		st.st_mtim.tv_nsec == before->st_mtim.tv_nsec);
}

TEST_WITHIN(a_manifest_that_names_somebodys_folder_moves_nothing_there, 120)
{
	if (!test_is_root())
		test_skip("as a user, only his own files could be named");
	struct conduct_fixture *f = benign();
	kill_in_twin(f);
	static const uint32_t uids[] = { 0, 1000, 65534 };
	AUTO_FD int keep = -1;
	struct manifest real;
	REQUIRE_OK(keep_open(f->context.home, f->id, &keep, &f->e), f->e);
	REQUIRE_OK(planting_load(keep, f->pool, &real, &f->e), f->e);
	for (size_t i = 0; i < COUNT_OF(uids); i++) {
		const char *victim = test_path(fixture_text("data/victim%zu", i));
		static const char *const names[] = { "twin-cat.png", "tocsin-twin.zip",
			"tocsin-twin.tgz", "tocsin-twin.sql" };
		struct drill_undone undone = { 0 };
		struct stat before;
		REQUIRE(mkdir(victim, 0755) == 0);
		for (size_t k = 0; k < COUNT_OF(names); k++) {
			const char *path = fixture_text("%s/%s", victim, names[k]);
			test_write_file(path, "mine", 4);
			CHECK_INT(chown(path, uids[i], uids[i]), 0);
		}
		CHECK_INT(chown(victim, uids[i], uids[i]), 0);
		REQUIRE(stat(victim, &before) == 0);
		for (int sealed = 0; sealed < 2; sealed++) {
			hostile_manifest(f, &real, victim, sealed == 1);
			CHECK_INT(drill_undo(&f->context, f->id, NULL, f->pool, &undone, &f->e),
				E_DENIED);
			check_victim(victim, &before);
		}
	}
}

TEST_WITHIN(what_is_not_the_twins_stays_where_it_is, 120)
{
	struct conduct_fixture *f = benign();
	kill_in_twin(f);
	const char *kept = test_path("data/kept");
	const char *soft = fixture_text("%s/tocsin-twin.tgz", f->request.arena);
	const char *linked = fixture_text("%s/tocsin-twin.sql", f->request.arena);
	test_write_file(kept, "mine", 4);
	REQUIRE(symlink(kept, soft) == 0);
	REQUIRE(link(kept, linked) == 0);
	struct drill_undone undone = { 0 };
	CHECK_INT(drill_undo(&f->context, f->id, NULL, f->pool, &undone, &f->e), E_PARTLY);
	struct stat st;
	CHECK(lstat(soft, &st) == 0 && S_ISLNK(st.st_mode));
	CHECK(stat(linked, &st) == 0 && st.st_nlink == 2);
	CHECK(stat(kept, &st) == 0 && st.st_size == 4);
	CHECK(unlink(soft) == 0 && unlink(linked) == 0);
	conduct_fixture_undo(f, f->id);
}

TEST_WITHIN(the_callers_path_does_not_choose_what_runs, 120)
{
	static const char *const names[] = { "mv", "zip", "tar", "sqlite3", "setpriv", "rm" };
	struct conduct_fixture *f = benign();
	const char *bin = test_path("bin");
	const char *ran = test_path("ran");
	const char *script = fixture_text("#!/bin/sh\n: > %s\n", ran);
	REQUIRE(mkdir(bin, 0755) == 0);
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		const char *path = fixture_text("%s/%s", bin, names[i]);
		test_write_file(path, script, strlen(script));
		CHECK_INT(chmod(path, 0755), 0);
	}
	CHECK_INT(setenv("PATH", fixture_text("%s:/usr/bin:/bin", bin), 1), 0);
	REQUIRE_OK(conduct_fixture_run(f), f->e);
	CHECK(!conduct_fixture_exists(ran));
	conduct_fixture_undo(f, f->result.id);
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
