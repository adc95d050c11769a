/*
 * Whole drills with a backup before and a restore behind the attack, by real tools and by liars;
 * dated generations.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/command.h"
#include "sys/file.h"
#include "tests/lib/conduct_fixture.h"

static void need(const char *program)
{
	if (!conduct_fixture_exists(fixture_text("/usr/bin/%s", program)))
		test_skip(fixture_text("%s is not installed", program));
}

static void run(const char *line)
{
	AUTO_FREE char **argv = NULL;
	struct error e = ERROR_NONE;
	struct command_result result;
	AUTO_BUF struct buf output;
	buf_init(&output, 4096);
	REQUIRE_OK(command_split(line, &argv, &e), e);
	struct command command = { .argv = argv, .limit_ns = 30 * NS_PER_S };
	REQUIRE_OK(command_run(&command, &output, &result, &e), e);
	CHECK_INT(result.exit_status, 0);
}

/* Restored, proven, scored, undone. */
static void check_restored(struct conduct_fixture *f)
{
	REQUIRE_OK(conduct_fixture_run(f), f->e);
	const struct drill_restore *r = &f->result.restore;
	CHECK_INT(f->result.verdict, DRILL_COMPLETED);
	CHECK(r->assessed && !r->timed_out);
	CHECK_INT(r->exit_status, 0);
	CHECK_INT(f->result.n_destroyed, 8);
	CHECK_INT(r->n_sample, 8);
	CHECK_INT(r->n_identical, 8);
	if (r->n_identical < 8)
		(void)printf("# %s\n# said: %s\n", r->output, f->said);
	CHECK(fabs(r->integrity - 1) < 1e-9);
	CHECK(r->rto_ns > 0 && r->rto_ns < 60 * NS_PER_S);
	CHECK(!r->rpo_assessed);
	CHECK_INT(strlen(r->nonce), 64);
	CHECK(fabs(f->result.coverage - 65) < 0.01);
	CHECK(strstr(conduct_fixture_evidence(f, f->result.id), "\"challenge\"") != NULL);
	conduct_fixture_undo(f, f->result.id);
}

TEST_WITHIN(rsync_restores_a_drill, 90)
{
	need("rsync");
	struct conduct_fixture *f = conduct_fixture_new();
	REQUIRE_OK(file_make_folders(test_path("copy"), &f->e), f->e);
	f->request.backup = fixture_text("rsync -aR {arena}/ %s/", test_path("copy"));
	f->request.restore = fixture_text(
		"rsync -a --no-implied-dirs --files-from={list} %s/ /", test_path("copy"));
	check_restored(f);
}

TEST_WITHIN(restic_restores_a_drill, 90)
{
	need("restic");
	struct conduct_fixture *f = conduct_fixture_new();
	const char *repository = test_path("repo");
	CHECK_INT(setenv("RESTIC_PASSWORD", "drill", 1), 0);
	f->request.backup =
		fixture_text("sh -c 'restic --no-cache -q -r %s init && restic --no-cache"
			     " -q -r %s backup \"$TOCSIN_ARENA\"'",
			repository, repository);
	f->request.restore = fixture_text("restic --no-cache -q -r %s restore latest --target /"
					  " --include {arena}",
		repository);
	check_restored(f);
}

TEST_WITHIN(borg_restores_a_drill, 90)
{
	need("borg");
	struct conduct_fixture *f = conduct_fixture_new();
	const char *repository = test_path("repo");
	CHECK_INT(setenv("BORG_PASSPHRASE", "drill", 1), 0);
	CHECK_INT(setenv("BORG_BASE_DIR", test_path("borg"), 1), 0);
	f->request.backup = fixture_text("sh -c 'borg init -e repokey %s && borg create %s::one"
					 " \"$TOCSIN_ARENA\"'",
		repository, repository);
	f->request.restore = fixture_text("borg extract %s::one", repository);
	check_restored(f);
}

TEST_WITHIN(files_that_come_back_under_another_owner_count_too, 90)
{
	if (!test_is_root())
		test_skip("only root makes files of another owner");
	struct conduct_fixture *f = conduct_fixture_new();
	const char *copy = test_path("copy.tar");
	f->request.backup = fixture_text("tar -C {arena} -cf %s .", copy);
	f->request.restore =
		fixture_text("tar -C {arena} --no-same-owner --no-overwrite-dir -xf %s", copy);
	check_restored(f);
}

TEST_WITHIN(a_tool_that_says_yes_and_does_nothing_has_no_integrity, 60)
{
	struct conduct_fixture *f = conduct_fixture_new();
	f->request.restore = "echo all 8 files restored";
	REQUIRE_OK(conduct_fixture_run(f), f->e);
	CHECK(f->result.restore.assessed);
	CHECK_INT(f->result.restore.n_identical, 0);
	CHECK_INT(f->result.restore.rto_ns, -1);
	CHECK_TEXT(f->result.restore.output, "all 8 files restored");
	CHECK(f->result.parts[PART_RECOVER].assessed);
	CHECK(fabs(f->result.parts[PART_RECOVER].points) < 1e-9);
	CHECK(f->result.score <= 59);
	conduct_fixture_undo(f, f->result.id);
}

TEST_WITHIN(a_tool_that_makes_files_of_the_right_size_does_not_pass, 60)
{
	struct conduct_fixture *f = conduct_fixture_new();
	f->request.restore = "sh -c 'while read -r f; do head -c 4096 /dev/zero > \"$f\"; done <"
			     " \"$TOCSIN_LIST\"'";
	REQUIRE_OK(conduct_fixture_run(f), f->e);
	CHECK_INT(f->result.restore.n_identical, 0);
	struct drill_undone undone = { 0 };
	/* What the tool left is not ours to remove. */
	enum status status = drill_undo(&f->context, f->result.id, NULL, f->pool, &undone, &f->e);
	CHECK(status == OK || status == E_PARTLY);
}

TEST_WITHIN(a_tool_that_is_absent_or_fails_or_hangs_is_a_result, 90)
{
	struct conduct_fixture *f = conduct_fixture_new();
	static const struct {
		const char *line;
		int exit_status; /* -1: not asked */
		bool timed_out;
	} rows[] = {
		{ "no-such-tool-at-all {arena}", 127, false },
		{ "sh -c 'exit 9'", 9, false },
		{ "sleep 100", -1, true },
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		f->request.restore = rows[i].line;
		f->request.restore_limit_ns = NS_PER_S;
		REQUIRE_OK(conduct_fixture_run(f), f->e);
		CHECK(f->result.restore.assessed);
		CHECK(f->result.restore.timed_out == rows[i].timed_out);
		if (rows[i].exit_status >= 0)
			CHECK_INT(f->result.restore.exit_status, rows[i].exit_status);
		CHECK_INT(f->result.restore.n_identical, 0);
		conduct_fixture_undo(f, f->result.id);
	}
}

TEST_WITHIN(what_a_restore_changes_outside_is_counted_unless_it_was_named, 90)
{
	struct conduct_fixture *f = conduct_fixture_new();
	const char *log = test_path("data/beside.log");
	f->request.restore = fixture_text("touch %s", log);
	REQUIRE_OK(conduct_fixture_run(f), f->e);
	CHECK(f->result.restore.n_changed_outside >= 1);
	CHECK_INT(f->result.safety.n_attributed, 0);
	CHECK_INT(f->result.verdict, DRILL_COMPLETED);
	conduct_fixture_undo(f, f->result.id);
	if (test_is_root())
		return; /* other programs may work in /etc or /home meanwhile */
	const char *writes[] = { test_path("data") };
	f->request.restore_writes = writes;
	f->request.n_restore_writes = 1;
	f->request.restore = fixture_text("rm %s", log);
	REQUIRE_OK(conduct_fixture_run(f), f->e);
	CHECK_INT(f->result.restore.n_changed_outside, 0);
	conduct_fixture_undo(f, f->result.id);
}

/* --- generations --- */

static int64_t day;
static int64_t shifted_wall(void *context)
{
	(void)context;
	return clock_wall_ns(NULL) + day * 86400 * NS_PER_S;
}

TEST_WITHIN(generations_of_different_days_give_a_recovery_point, 120)
{
	need("rsync");
	struct conduct_fixture *f = conduct_fixture_new();
	struct clock clock = { .wall_ns = shifted_wall };
	struct drill_planting planted = { 0 };
	f->context.clock = &clock;
	day = -3;
	REQUIRE_OK(
		drill_plant(&f->context, &f->request, &f->watch, f->pool, &planted, &f->e), f->e);
	CHECK_INT(planted.generation, 1);
	CHECK_INT(planted.n_files, 24);
	CHECK_TEXT(conduct_fixture_newest(f), "planted");
	/* The last backup ran after the first generation only. */
	const char *command =
		fixture_text("rsync -aR %s/ %s/", f->request.arena, test_path("copy"));
	REQUIRE_OK(file_make_folders(test_path("copy"), &f->e), f->e);
	run(command);
	day = -1;
	const char *id = planted.id;
	REQUIRE_OK(
		drill_plant(&f->context, &f->request, &f->watch, f->pool, &planted, &f->e), f->e);
	CHECK_INT(planted.generation, 2);
	CHECK_TEXT(planted.id, id);
	const char *arena = NULL;
	REQUIRE_OK(drill_planted_arena(&f->context, id, f->pool, &arena, &f->e), f->e);
	CHECK_TEXT(arena, f->request.arena);
	day = 0;
	f->request.restore =
		fixture_text("rsync -a %s%s/ {arena}/", test_path("copy"), f->request.arena);
	REQUIRE_OK(conduct_fixture_run(f), f->e);
	CHECK_TEXT(f->result.id, id);
	CHECK_INT(f->result.n_planted, 48);
	CHECK(f->result.restore.rpo_assessed);
	CHECK(f->result.restore.n_identical > 0 && f->result.restore.n_identical < 8);
	CHECK(llabs(f->result.restore.rpo_ns - 3 * 86400 * NS_PER_S) < 600 * NS_PER_S);
	/* It was run: no further generation. */
	CHECK_INT(drill_plant(&f->context, &f->request, &f->watch, f->pool, &planted, &f->e),
		E_CONFLICT);
	CHECK_INT(drill_planted_arena(&f->context, id, f->pool, &arena, &f->e), E_CONFLICT);
	conduct_fixture_undo(f, id);
}

TEST_WITHIN(an_arena_planted_and_never_run_is_undone, 60)
{
	struct conduct_fixture *f = conduct_fixture_new();
	struct drill_planting planted = { 0 };
	REQUIRE_OK(
		drill_plant(&f->context, &f->request, &f->watch, f->pool, &planted, &f->e), f->e);
	struct drill_undone preview = { 0 };
	REQUIRE_OK(drill_undo_preview(&f->context, planted.id, f->pool, &preview, &f->e), f->e);
	CHECK(preview.verified);
	CHECK_INT(preview.n_restored, 0);
	CHECK(conduct_fixture_exists(f->request.arena));
	conduct_fixture_undo(f, planted.id);
	CHECK_TEXT(conduct_fixture_newest(f), "undone");
}

TEST_WITHIN(a_preview_of_undo_tells_and_touches_nothing, 60)
{
	struct conduct_fixture *f = conduct_fixture_new();
	REQUIRE_OK(conduct_fixture_run(f), f->e);
	struct drill_undone preview = { 0 };
	for (int i = 0; i < 2; i++) {
		REQUIRE_OK(drill_undo_preview(&f->context, f->result.id, f->pool, &preview, &f->e),
			f->e);
		CHECK_INT(preview.n_restored, 24);
		CHECK(preview.verified);
	}
	conduct_fixture_undo(f, f->result.id);
	REQUIRE_OK(drill_undo_preview(&f->context, f->result.id, f->pool, &preview, &f->e), f->e);
	CHECK_INT(preview.n_restored, 0);
}
