/*
 * Whole drills with a backup before and a restore behind the attack, by real tools and by liars;
 * dated generations.
 */
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/command.h"
#include "sys/file.h"
#include "tests/lib/conduct_fixture.h"

static void need(const char *program)
{
	if (!conduct_fixture_exists(fixture_text("/usr/bin/%s", program)))
		test_skip(fixture_text("%s is not installed", program));
}

static bool shell_says(const char *line)
{
	int status = 0;
	pid_t pid = fork();
	if (pid == 0) {
		(void)execlp("sh", "sh", "-c", line, NULL);
		_exit(127);
	}
	return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
	       WEXITSTATUS(status) == 0;
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
	CHECK(fabs(f->result.coverage - 55) < 0.01); /* no RPO without generations */
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

/* A backup that keeps no owner, restored by a tool that sets it: arena, folders and files become
 * root's. The answer is right all the same, and undo leaves nothing. */
TEST_WITHIN(a_restore_that_makes_the_folders_roots_counts_and_is_undone, 90)
{
	if (!test_is_root())
		test_skip("only root gives folders away");
	need("rsync");
	struct conduct_fixture *f = conduct_fixture_new();
	const char *copy = test_path("copy");
	REQUIRE_OK(file_make_folders(copy, &f->e), f->e);
	f->request.backup = fixture_text("rsync -rlt {arena}/ %s/", copy);
	f->request.restore = fixture_text("rsync -a %s/ {arena}/", copy);
	check_restored(f);
}

/* What an administrator does with a folder full of changed files: away with it, and the copy in its
 * place. Undo, however, touches no folder that it did not plant. */
static void check_made_anew(struct conduct_fixture *f)
{
	REQUIRE_OK(conduct_fixture_run(f), f->e);
	CHECK(f->result.restore.assessed);
	CHECK_INT(f->result.restore.n_sample, 8);
	CHECK_INT(f->result.restore.n_identical, 8);
	CHECK(f->result.restore.rto_ns > 0);
}

TEST_WITHIN(a_restore_that_puts_another_folder_in_the_place_of_the_arena_counts, 90)
{
	struct conduct_fixture *f = conduct_fixture_new();
	struct drill_undone undone;
	const char *copy = test_path("copy");
	f->request.backup = fixture_text("cp -a {arena} %s", copy);
	f->request.restore = fixture_text(
		"sh -c 'rm -rf \"$TOCSIN_ARENA\" && cp -a %s \"$TOCSIN_ARENA\"'", copy);
	check_made_anew(f);
	CHECK_INT(drill_undo(&f->context, f->result.id, NULL, f->pool, &undone, &f->e), E_DENIED);
	CHECK(strstr(f->e.text, "put another in its place") != NULL);
	CHECK(conduct_fixture_exists(f->request.arena));
	run(fixture_text("rm -rf %s", f->request.arena));
	CHECK_INT(symlink(copy, f->request.arena), 0);
	CHECK_INT(drill_undo(&f->context, f->result.id, NULL, f->pool, &undone, &f->e), E_DENIED);
	CHECK(strstr(f->e.text, "put another in its place") != NULL);
	CHECK(conduct_fixture_exists(copy));
}

TEST_WITHIN(a_restore_that_makes_the_folders_in_the_arena_anew_counts, 90)
{
	struct conduct_fixture *f = conduct_fixture_new();
	const char *copy = test_path("copy");
	f->request.backup = fixture_text("cp -a {arena} %s", copy);
	f->request.restore = fixture_text("sh -c 'rm -rf \"$TOCSIN_ARENA\"/* &&"
					  " cp -a %s/. \"$TOCSIN_ARENA\"/'",
		copy);
	check_made_anew(f);
}

/* Somebody's chown after the run: of the arena alone, or of all that is in it, as it was changed.
 * Another account's is not taken from it: the words say what to do. */
static void undo_after_chown(const char *words)
{
	struct drill_undone undone;
	struct conduct_fixture *f = conduct_fixture_new();
	REQUIRE_OK(conduct_fixture_run(f), f->e);
	run(fixture_text("chown %s4711 %s", words, f->request.arena));
	CHECK_INT(drill_undo(&f->context, f->result.id, NULL, f->pool, &undone, &f->e), E_DENIED);
	const char *command = strstr(f->e.text, "chown -R ");
	const char *end = strstr(f->e.text, " and undo again");
	REQUIRE(command != NULL && end != NULL);
	const char *advice = fixture_text("%.*s", (int)(end - command), command);
	if (words[0] == '\0')
		run(advice);
	else
		run(fixture_text("chown %sroot %s", words, f->request.arena));
	conduct_fixture_undo(f, f->result.id);
}

TEST_WITHIN(an_arena_that_was_given_away_is_undone_by_the_advice, 90)
{
	if (!test_is_root())
		test_skip("only root gives folders away");
	undo_after_chown("");
}

TEST_WITHIN(an_arena_that_was_made_roots_with_all_that_is_in_it_is_undone, 90)
{
	if (!test_is_root())
		test_skip("only root gives folders away");
	undo_after_chown("-R ");
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

TEST_WITHIN(a_tool_that_fails_or_hangs_is_a_result, 90)
{
	struct conduct_fixture *f = conduct_fixture_new();
	static const struct {
		const char *line;
		int64_t limit_ns;
		int exit_status; /* -1: not asked */
		bool timed_out;
	} rows[] = {
		{ "sh -c 'exit 9'", 60 * NS_PER_S, 9, false },
		{ "sleep 100", NS_PER_S, -1, true },
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		f->request.restore = rows[i].line;
		f->request.restore_limit_ns = rows[i].limit_ns;
		REQUIRE_OK(conduct_fixture_run(f), f->e);
		CHECK(f->result.restore.assessed);
		CHECK(f->result.restore.timed_out == rows[i].timed_out);
		if (rows[i].exit_status >= 0)
			CHECK_INT(f->result.restore.exit_status, rows[i].exit_status);
		CHECK_INT(f->result.restore.n_identical, 0);
		conduct_fixture_undo(f, f->result.id);
	}
}

static bool is_named(const struct drill_restore *r, const char *path)
{
	for (size_t i = 0; i < r->n_changed_named; i++)
		if (strcmp(r->changed_outside[i], path) == 0)
			return true;
	return false;
}

TEST_WITHIN(what_a_restore_changes_outside_is_counted_and_named_unless_it_was_named, 90)
{
	struct conduct_fixture *f = conduct_fixture_new();
	const char *log = test_path("data/beside.log");
	f->request.restore = fixture_text("touch %s", log);
	REQUIRE_OK(conduct_fixture_run(f), f->e);
	CHECK(f->result.restore.n_changed_outside >= 1);
	CHECK(is_named(&f->result.restore, log));
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

/* The product that is being rehearsed writes it, also while the tool runs. */
TEST_WITHIN(the_file_of_a_channel_is_not_counted_as_changed_by_the_restore, 90)
{
	if (test_is_root())
		test_skip("other programs may work in /etc or /home meanwhile");
	struct conduct_fixture *f = conduct_fixture_new();
	const char *log = test_path("data/beside.log");
	const char *channels[] = { fixture_text("file:%s:alarm", log) };
	run(fixture_text("touch %s", log));
	f->request.channels = channels;
	f->request.n_channels = 1;
	f->request.restore = fixture_text("sh -c 'echo quiet >> %s'", log);
	REQUIRE_OK(conduct_fixture_run(f), f->e);
	CHECK(f->result.restore.assessed);
	CHECK_INT(f->result.restore.n_changed_outside, 0);
	conduct_fixture_undo(f, f->result.id);
}

/* --- a sample that stays --- */

/* Until the link is gone no decoy may be touched. */
static void link_all(struct conduct_fixture *f, const struct drill_progress *now)
{
	if (now->stage != DRILL_STAGE_WITNESS || f->acted)
		return;
	f->acted = true;
	run(fixture_text("cp -al %s %s", f->request.arena, test_path("data/links")));
}

TEST_WITHIN(a_sample_that_could_not_be_destroyed_restores_nothing, 90)
{
	struct conduct_fixture *f = conduct_fixture_new();
	f->on_progress = link_all;
	f->request.restore = fixture_text("rm -rf %s", test_path("data/links"));
	REQUIRE_OK(conduct_fixture_run(f), f->e);
	const struct drill_result *r = &f->result;
	CHECK_INT(r->n_changed, 0);
	CHECK_INT(r->n_destroyed, 0);
	CHECK(!r->restore.assessed);
	CHECK_INT(r->restore.n_identical, 0);
	CHECK(!r->parts[PART_RECOVER].assessed);
	CHECK(strstr(f->said, "not destroyed") != NULL);
	CHECK(conduct_fixture_exists(test_path("data/links"))); /* the command did not run */
	run(f->request.restore);
	conduct_fixture_undo(f, r->id);
}

/* Every second decoy of the arena has a second name. */
static void link_some(struct conduct_fixture *f, const struct drill_progress *now)
{
	if (now->stage != DRILL_STAGE_WITNESS || f->acted)
		return;
	f->acted = true;
	run(fixture_text("sh -c 'mkdir %s; find %s -type f | sort | { n=0; while read -r f; do "
			 "n=\"$((n+1))\"; [ \"$((n%%2))\" = 0 ] && ln \"$f\" %s/$n; done; :; }'",
		test_path("data/links"), f->request.arena, test_path("data/links")));
}

TEST_WITHIN(only_what_was_destroyed_is_the_sample, 90)
{
	struct conduct_fixture *f = conduct_fixture_new();
	f->on_progress = link_some;
	f->request.restore = fixture_text("rm -rf %s", test_path("data/links"));
	REQUIRE_OK(conduct_fixture_run(f), f->e);
	const struct drill_result *r = &f->result;
	CHECK(r->n_destroyed < 8);
	CHECK_INT(r->restore.n_sample, r->n_destroyed);
	CHECK_INT(r->restore.n_identical, 0);
	CHECK(r->restore.assessed == (r->n_destroyed > 0));
	CHECK(strstr(f->said, "destroyed") != NULL);
	struct drill_undone undone = { 0 };
	enum status status = drill_undo(&f->context, r->id, NULL, f->pool, &undone, &f->e);
	CHECK(status == OK || status == E_PARTLY);
}

TEST_WITHIN(a_backup_of_hard_links_ends_the_run_before_the_attack, 90)
{
	struct conduct_fixture *f = conduct_fixture_new();
	f->request.backup = fixture_text("cp -al {arena} %s", test_path("data/links"));
	CHECK_INT(conduct_fixture_run(f), E_CONFLICT);
	CHECK(strstr(f->e.text, "hard links") != NULL);
	CHECK(!f->seen[DRILL_STAGE_ATTACK]);
	run(fixture_text("rm -rf %s", test_path("data/links")));
	(void)conduct_fixture_newest(f);
	conduct_fixture_undo(f, f->id);
}

/* --- a stop, and a kill, while the restore runs --- */

static bool stop_in_restore(void *context)
{
	struct conduct_fixture *f = context;
	return conduct_fixture_exists(f->file);
}

TEST_WITHIN(a_stop_in_a_restore_that_will_not_end_is_measured, 90)
{
	struct conduct_fixture *f = conduct_fixture_new();
	f->file = test_path("running");
	f->watch.stop_wanted = stop_in_restore;
	f->request.restore = fixture_text(
		"sh -c 'trap \"\" TERM; : > %s; while :; do sleep 0.1; done'", f->file);
	REQUIRE_OK(conduct_fixture_run(f), f->e);
	CHECK_INT(f->result.verdict, DRILL_STOPPED);
	CHECK_TEXT(f->result.stopped.during, "restore");
	CHECK(!f->result.restore.assessed);
	CHECK_TEXT(f->result.parts[PART_RECOVER].why.en,
		"Not assessed: the run was stopped before the restore was over.");
	CHECK_TEXT(f->result.attack_end, "completed");
	CHECK(f->result.safety.stop_latency_ns > 0); /* 0.7 s on a host at rest */
	CHECK(f->result.safety.stop_latency_ns < f->result.ended_ns - f->result.started_ns);
	f->watch.stop_wanted = NULL;
	conduct_fixture_undo(f, f->result.id);
}

TEST_WITHIN(where_the_conductor_is_killed_no_restore_goes_on, 90)
{
	struct conduct_fixture *f = conduct_fixture_new();
	f->file = test_path("running");
	f->request.restore = fixture_text("sh -c 'sleep 77 & echo $! > %s; wait'", f->file);
	pid_t conductor = fork();
	if (conductor == 0) {
		(void)conduct_fixture_run(f);
		_exit(7);
	}
	struct stat st;
	for (int i = 0; i < 6000 && (stat(f->file, &st) != 0 || st.st_size == 0); i++)
		clock_sleep_ns(10 * NS_PER_MS);
	(void)kill(conductor, SIGKILL);
	REQUIRE(waitpid(conductor, NULL, 0) == conductor);
	int pid = 0;
	FILE *file = fopen(f->file, "r");
	REQUIRE(file != NULL && fscanf(file, "%d", &pid) == 1 && pid > 1);
	CHECK_INT(fclose(file), 0);
	char comm[64] = "sleep";
	for (int i = 0; i < 1000 && strncmp(comm, "sleep", 5) == 0; i++) {
		file = fopen(fixture_text("/proc/%d/comm", pid), "r");
		if (file == NULL || fgets(comm, sizeof comm, file) == NULL)
			comm[0] = '\0';
		if (file != NULL)
			(void)fclose(file);
		clock_sleep_ns(10 * NS_PER_MS);
	}
	CHECK(strncmp(comm, "sleep", 5) != 0);
	conduct_fixture_reopen(f);
	CHECK_TEXT(conduct_fixture_newest(f), "interrupted");
	conduct_fixture_undo(f, f->id);
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

/* Mounts the image on a loop device that it was not mounted on before: another st_dev. */
static bool mount_anew(const char *image, const char *at)
{
	return shell_says(fixture_text("losetup -f --show '%s' >> '%s.loops' && mount "
				       "\"$(tail -n1 '%s.loops')\" '%s'",
		image, image, image, at));
}

TEST_WITHIN(generations_survive_a_start_that_gives_the_disk_another_number, 120)
{
	if (!test_is_root())
		test_skip("only root can mount");
	struct conduct_fixture *f = conduct_fixture_new();
	const char *image = test_path("disk.img");
	const char *at = test_path("disk");
	struct drill_planting planted;
	struct drill_undone undone;
	REQUIRE(mkdir(at, 0755) == 0);
	if (!shell_says(fixture_text("truncate -s 2G '%s' && mkfs.ext4 -q '%s'", image, image)) ||
		!mount_anew(image, at))
		test_skip("this system does not let us mount images");
	f->request.arena = fixture_text("%s/arena", at);
	REQUIRE_OK(
		drill_plant(&f->context, &f->request, &f->watch, f->pool, &planted, &f->e), f->e);
	const char *id = planted.id;
	struct stat before, after;
	REQUIRE(stat(at, &before) == 0);
	REQUIRE(umount2(at, 0) == 0 && mount_anew(image, at) && stat(at, &after) == 0);
	CHECK(before.st_dev != after.st_dev);
	enum status preview = drill_undo_preview(&f->context, id, f->pool, &undone, &f->e);
	enum status second =
		drill_plant(&f->context, &f->request, &f->watch, f->pool, &planted, &f->e);
	bool again = umount2(at, 0) == 0 && mount_anew(image, at);
	struct error e = ERROR_NONE;
	enum status ran = conduct_fixture_run(f);
	enum status undo = drill_undo(&f->context, id, &f->watch, f->pool, &undone, &e);
	CHECK(umount2(at, MNT_DETACH) == 0);
	CHECK(shell_says(fixture_text("xargs -n1 losetup -d < '%s.loops'", image)));
	CHECK_INT(preview, OK);
	CHECK_INT(second, OK);
	CHECK_INT(planted.generation, 2);
	CHECK(again);
	REQUIRE_OK(ran, f->e);
	CHECK_TEXT(f->result.id, id);
	CHECK_INT(f->result.verdict, DRILL_COMPLETED);
	CHECK_INT(f->result.n_changed, f->result.n_lost);
	CHECK(f->result.n_changed > 0);
	REQUIRE_OK(undo, e);
	CHECK(undone.verified);
	CHECK_INT(undone.n_left, 0);
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
