/*
 * Undo on arenas that the emulator really changed, in the real locks: every scenario, every place
 * to be killed at, and what users and other programs do meanwhile.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "drill/attack/attack.h"
#include "drill/decoy/planting.h"
#include "drill/undo/undo.h"
#include "tests/lib/arena_fixture.h"
#include "tests/lib/faults.h"
#include "tests/lib/snapshot.h"
#include "tests/lib/test.h"

static const struct role roles[] = { { "emulator", emulator_role }, { "undo", undo_role } };
static int enter(int argc, char **argv)
{
	int code = 2;
	fault_from_environment();
	(void)role_dispatch(argc, argv, roles, COUNT_OF(roles), &code);
	return code;
}
int (*test_role_main)(int argc, char **argv) = enter;

static const struct fixture_file assorted[] = {
	{ "", "Top.txt", 1 },
	{ "a", "Small.csv", 17 },
	{ "a", "Small.docx", 700 },
	{ "a/b", "Block.txt", 4096 },
	{ "a/b", "Block+1.txt", 4097 },
	{ "a/b/c", "合同.xlsx", 70001 },
	{ "d", "Plan.mdf", 600000 },
	{ "d", "Image.bmp", 1048576 },
	{ "d", "Image+1.bmp", 1048577 },
	{ "d/e", "Big.wav", 5242881 },
	{ "d/e", "Disk.vmdk", 45000001 },
};

static struct undo_request undo_of(const struct arena_fixture *a)
{
	return (struct undo_request){ .manifest = &a->manifest,
		.keep_folder_fd = a->keep_fd,
		.escrow = a->escrow,
		.scenario = &a->scenario };
}

static void attack(struct arena_fixture *a, struct attack_outcome *out)
{
	struct error e = ERROR_NONE;
	struct attack_request r = arena_fixture_request(a);
	REQUIRE_OK(attack_run(&r, a->pool, out, &e), e);
	journal_close(a->journal);
	a->journal = NULL;
}

static void undo_wholly(struct arena_fixture *a, uint32_t n_restored)
{
	struct error e = ERROR_NONE;
	struct undo_request r = undo_of(a);
	struct drill_undone done;
	enum status status = undo_run(&r, a->pool, &done, &e);
	for (size_t i = 0; status == E_PARTLY && i < done.n_left_named; i++)
		printf("# left: %s\n", done.left[i]);
	REQUIRE_OK(status, e);
	if (n_restored != UINT32_MAX)
		CHECK_INT(done.n_restored, n_restored);
	CHECK(done.verified);
	CHECK_INT(done.n_left, 0);
	CHECK(access(a->path, F_OK) != 0 && errno == ENOENT);
}

/* Runs undo in a process of its own that a fault point ends; `role_fault` is for the role, as in
 * TOCSIN_FAULT. True where it was ended by it, false where the fault was never met. */
static bool undo_killed_at(
	struct arena_fixture *a, const char *conductor_fault, long nth, const char *role_fault)
{
	(void)fflush(stdout);
	pid_t pid = fork();
	if (pid == 0) {
		struct error e = ERROR_NONE;
		struct undo_request r = undo_of(a);
		struct drill_undone done;
		if (role_fault != NULL)
			(void)setenv("TOCSIN_FAULT", role_fault, 1);
		if (conductor_fault != NULL)
			fault_arm_kill(conductor_fault, nth);
		_exit(undo_run(&r, a->pool, &done, &e) == OK ? 0 : 1);
	}
	int status = 0;
	REQUIRE(pid > 0 && waitpid(pid, &status, 0) == pid);
	return !(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void all_are_planted(const struct arena_fixture *a)
{
	for (uint32_t i = 0; i < a->manifest.n_files; i++)
		if (!fixture_is_planted(a, i, fixture_path(a, i, NULL)))
			test_fail(__FILE__, __LINE__, "%s: %s is not as planted", a->scenario.id,
				a->manifest.files[i].name);
}

TEST_WITHIN(every_scenario_is_undone_bit_exactly, 280)
{
	NEEDS_FAULTS();
	struct error e = ERROR_NONE;
	struct pool *p = pool_new(64 * MIB);
	const char **ids = NULL;
	size_t n_ids = 0;
	REQUIRE_OK(scenario_ids(test_folder(), p, &ids, &n_ids, &e), e);
	REQUIRE(n_ids >= 20);
	size_t n_completed = 0;
	for (size_t i = 0; i < n_ids; i++) {
		struct arena_fixture *a =
			arena_fixture_make(ids[i], test_path(ids[i]), assorted, COUNT_OF(assorted));
		if (a->scenario.kind == SCENARIO_BENIGN) {
			arena_fixture_done(a);
			continue;
		}
		struct attack_outcome o;
		attack(a, &o);
		/* A crowded machine may cost the attack its lease; undo has to do with what it did.
		 */
		n_completed += o.end == ATTACK_COMPLETED && o.n_changed > 0;
		/* Ended when everything is back and nothing removed yet, to look at it. */
		REQUIRE(undo_killed_at(a, "undo_journal", 1, NULL));
		all_are_planted(a);
		undo_wholly(a, UINT32_MAX);
		arena_fixture_done(a);
	}
	CHECK(n_completed > n_ids / 2);
	pool_free(p);
}

TEST_WITHIN(undo_counts_what_it_did_and_the_second_time_does_nothing, 120)
{
	struct arena_fixture *a =
		arena_fixture_make("size-class", test_path("arena"), assorted, COUNT_OF(assorted));
	struct attack_outcome o;
	attack(a, &o);
	undo_wholly(a, o.n_changed);
	struct error e = ERROR_NONE;
	struct undo_request r = undo_of(a);
	struct drill_undone done;
	REQUIRE_OK(undo_run(&r, a->pool, &done, &e), e);
	CHECK_INT(done.n_restored, 0);
	CHECK_INT(done.n_removed, 0);
	CHECK(done.verified);
	arena_fixture_done(a);
}

TEST(an_arena_that_was_planted_and_never_run_is_removed)
{
	struct error e = ERROR_NONE;
	struct arena_fixture *a =
		arena_fixture_make("size-class", test_path("arena"), assorted, COUNT_OF(assorted));
	REQUIRE(unlinkat(a->keep_fd, "journal", 0) == 0);
	struct undo_request r = { .manifest = &a->manifest, .keep_folder_fd = a->keep_fd };
	struct drill_undone done;
	REQUIRE_OK(undo_run(&r, a->pool, &done, &e), e);
	CHECK_INT(done.n_restored, 0);
	CHECK_INT(done.n_removed, a->manifest.n_files + a->manifest.n_folders + 1);
	CHECK(done.verified);
	CHECK(access(a->path, F_OK) != 0);
	REQUIRE_OK(undo_run(&r, a->pool, &done, &e), e);
	CHECK_INT(done.n_removed, 0);
	CHECK(done.verified);
	arena_fixture_done(a);
}

/* --- killed --- */

static struct arena_fixture *changed_arena(const char *scenario, const char *name, size_t n)
{
	struct attack_outcome o;
	struct pool *p = pool_new(16 * MIB);
	struct fixture_file *files = arena_fixture_many(p, n, 40000);
	struct arena_fixture *a = arena_fixture_make(scenario, test_path(name), files, n);
	a->names = p;
	attack(a, &o);
	REQUIRE(o.n_changed > 0);
	return a;
}

TEST_WITHIN(undo_killed_anywhere_is_finished_by_the_next_one, 280)
{
	NEEDS_FAULTS();
	static const struct {
		const char *scenario, *conductor, *role;
		long nth;
	} kills[] = {
		{ "size-class", NULL, "undo_decoy:1:kill", 0 },
		{ "size-class", NULL, "undo_decoy:5:kill", 0 },
		{ "small-dots", NULL, "undo_write:1:kill", 0 },
		{ "small-dots", NULL, "undo_write:4:kill", 0 },
		{ "alternate-16", NULL, "undo_write:3:kill", 0 },
		{ "size-class", NULL, "undo_truncate:2:kill", 0 },
		{ "size-class", NULL, "undo_rename:1:kill", 0 },
		{ "rename-first", NULL, "undo_rename:3:kill", 0 },
		{ "copy-then-destroy", NULL, "undo_write:2:kill", 0 },
		{ "copy-then-destroy", NULL, "undo_rename:2:kill", 0 },
		{ "copy-then-destroy", NULL, "undo_unlink:1:kill", 0 },
		{ "size-class", NULL, "undo_unlink:1:kill", 0 },
		{ "size-class", NULL, "undo_unlink:9:kill", 0 },
		{ "size-class", NULL, "undo_unlink:14:kill", 0 },
		{ "size-class", "undo_sync", NULL, 1 },
		{ "size-class", "undo_journal", NULL, 1 },
		{ "size-class", "undo_arena", NULL, 1 },
		{ "size-class", "undo_finish", NULL, 1 },
		{ "size-class", "undo_journal", NULL, 2 },
		{ "tiny-read-new-file", "undo_sync", NULL, 2 },
	};
	for (size_t i = 0; i < COUNT_OF(kills); i++) {
		char name[32];
		(void)snprintf(name, sizeof name, "arena-%zu", i);
		struct arena_fixture *a = changed_arena(kills[i].scenario, name, 12);
		if (!undo_killed_at(a, kills[i].conductor, kills[i].nth, kills[i].role))
			test_fail(__FILE__, __LINE__, "kill %zu (%s) was never met", i,
				kills[i].role == NULL ? kills[i].conductor : kills[i].role);
		undo_wholly(a, UINT32_MAX);
		arena_fixture_done(a);
	}
}

TEST_WITHIN(undo_killed_again_and_again_at_later_places_comes_to_its_end, 120)
{
	NEEDS_FAULTS();
	struct arena_fixture *a = changed_arena("size-class", "arena", 12);
	static const char *const kills[] = { "undo_decoy:2:kill", "undo_write:2:kill",
		"undo_rename:2:kill", "undo_unlink:2:kill", "undo_unlink:2:kill" };
	for (size_t i = 0; i < COUNT_OF(kills); i++)
		CHECK(undo_killed_at(a, NULL, 0, kills[i]));
	undo_wholly(a, UINT32_MAX);
	arena_fixture_done(a);
}

/* The attack ends in a process of its own, at a fault point of the emulator. */
static void attack_killed_at(struct arena_fixture *a, const char *role_fault)
{
	(void)fflush(stdout);
	pid_t pid = fork();
	if (pid == 0) {
		struct error e = ERROR_NONE;
		struct attack_request r = arena_fixture_request(a);
		struct attack_outcome o;
		(void)setenv("TOCSIN_FAULT", role_fault, 1);
		(void)!attack_run(&r, a->pool, &o, &e);
		_exit(0);
	}
	int status = 0;
	REQUIRE(pid > 0 && waitpid(pid, &status, 0) == pid);
	journal_close(a->journal);
	a->journal = NULL;
}

TEST_WITHIN(an_attack_killed_inside_a_file_is_undone, 200)
{
	NEEDS_FAULTS();
	static const struct {
		const char *scenario, *fault;
	} kills[] = {
		{ "size-class", "emulate_extent:3:kill" },
		{ "small-dots", "emulate_extent:100:kill" },
		{ "alternate-16", "emulate_extent:777:kill" },
		{ "small-dots", "emulate_write:50:kill" },
		{ "mode-switch", "emulate_write:9:kill" },
		{ "tiny-read-new-file", "emulate_write:7:kill" },
		{ "tiny-read-new-file", "emulate_original:3:kill" },
		{ "copy-then-destroy", "emulate_original:2:kill" },
		{ "copy-then-destroy", "emulate_write:16:kill" },
		{ "copy-then-destroy", "emulate_sync:2:kill" },
		{ "copy-then-destroy", "emulate_rename_new:2:kill" },
		{ "tiny-read-new-file", "emulate_rename_new:3:kill" },
	};
	for (size_t i = 0; i < COUNT_OF(kills); i++) {
		char name[32];
		(void)snprintf(name, sizeof name, "arena-%zu", i);
		struct pool *p = pool_new(16 * MIB);
		struct fixture_file *files = arena_fixture_many(p, 20, 50000);
		struct arena_fixture *a =
			arena_fixture_make(kills[i].scenario, test_path(name), files, 20);
		attack_killed_at(a, kills[i].fault);
		REQUIRE(undo_killed_at(a, "undo_journal", 1, NULL));
		all_are_planted(a);
		undo_wholly(a, UINT32_MAX);
		arena_fixture_done(a);
		pool_free(p);
	}
}

/* --- failures that are told --- */

TEST_WITHIN(a_failing_disk_is_named_and_the_next_undo_finishes, 120)
{
	NEEDS_FAULTS();
	static const char *const faults[] = { "undo_write:1", "undo_truncate:1", "undo_rename:1",
		"undo_read_back:1", "undo_unlink:1", "undo_unlink:12" };
	for (size_t i = 0; i < COUNT_OF(faults); i++) {
		char name[32];
		struct error e = ERROR_NONE;
		struct drill_undone done = { .n_left = 0 };
		(void)snprintf(name, sizeof name, "arena-%zu", i);
		struct arena_fixture *a = changed_arena("size-class", name, 8);
		struct undo_request r = undo_of(a);
		(void)setenv("TOCSIN_FAULT", faults[i], 1);
		CHECK_INT(undo_run(&r, a->pool, &done, &e), E_PARTLY);
		(void)unsetenv("TOCSIN_FAULT");
		CHECK(done.n_left > 0);
		REQUIRE(done.n_left_named > 0);
		CHECK(strstr(done.left[0], "Input/output error") != NULL);
		CHECK_TEXT(done.left_codes[0], "system");
		enum status status = undo_run(&r, a->pool, &done, &e);
		CHECK_INT(status, OK);
		CHECK_INT(done.n_left, 0);
		CHECK(access(a->path, F_OK) != 0);
		arena_fixture_done(a);
	}
}

TEST_WITHIN(nothing_is_removed_where_arena_or_journal_cannot_be_brought_to_the_disk, 60)
{
	NEEDS_FAULTS();
	static const char *const faults[] = { "undo_sync", "journal_sync", "journal_write",
		"undo_talk" };
	for (size_t i = 0; i < COUNT_OF(faults); i++) {
		char name[32];
		struct error e = ERROR_NONE;
		struct drill_undone done;
		(void)snprintf(name, sizeof name, "arena-%zu", i);
		struct arena_fixture *a = changed_arena("size-class", name, 6);
		struct undo_request r = undo_of(a);
		fault_arm(faults[i], 1);
		CHECK(undo_run(&r, a->pool, &done, &e) != OK);
		fault_disarm();
		if (strcmp(faults[i], "undo_talk") != 0)
			all_are_planted(a);
		undo_wholly(a, UINT32_MAX);
		arena_fixture_done(a);
	}
}

/* --- what others do meanwhile --- */

static void copy_file(const char *from, const char *to, uid_t uid)
{
	char bytes[8192];
	AUTO_FD int in = open(from, O_RDONLY | O_CLOEXEC);
	AUTO_FD int out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	REQUIRE(in >= 0 && out >= 0);
	for (ssize_t n; (n = read(in, bytes, sizeof bytes)) > 0;)
		REQUIRE(write(out, bytes, (size_t)n) == n);
	REQUIRE(!test_is_root() || fchown(out, uid, uid) == 0);
}

TEST(files_that_the_users_restore_made_are_accepted_only_with_the_planted_content)
{
	struct error e = ERROR_NONE;
	struct pool *p = pool_new(MIB);
	struct fixture_file *files = arena_fixture_many(p, 3, 40000);
	struct arena_fixture *a = arena_fixture_make("size-class", test_path("arena"), files, 3);
	a->names = p;
	const char *saved[3];
	for (uint32_t i = 0; i < 3; i++) {
		saved[i] = test_path(pool_textf(p, "saved-%u", (unsigned)i));
		copy_file(fixture_path(a, i, NULL), saved[i], a->manifest.uid);
	}
	struct attack_outcome o;
	attack(a, &o);
	CHECK_INT(o.n_changed, 3);
	/* One restored, by another owner even; one "restored" wrongly; one left to the key. */
	copy_file(saved[0], fixture_path(a, 0, NULL), test_is_root() ? 0 : a->manifest.uid);
	test_write_file(fixture_path(a, 1, NULL), "not what was planted", 20);
	REQUIRE(chmod(fixture_path(a, 1, NULL), 0644) == 0);
	struct undo_request r = undo_of(a);
	struct drill_undone done = { .n_left = 0 };
	CHECK_INT(undo_run(&r, a->pool, &done, &e), E_PARTLY);
	CHECK_INT(done.n_restored, 2);
	CHECK(done.verified);	 /* the second decoy was proven at the name that the run gave it */
	CHECK(done.n_left >= 2); /* the stranger and its folders */
	REQUIRE(done.n_left_named >= 1);
	CHECK(strstr(done.left[0], a->manifest.files[1].name) != NULL);
	CHECK_TEXT(done.left_codes[0], "other-object");
	CHECK(access(fixture_path(a, 1, NULL), F_OK) == 0);
	CHECK(access(fixture_path(a, 0, NULL), F_OK) != 0);
	CHECK(access(fixture_path(a, 2, NULL), F_OK) != 0);
	/* Once it is gone, so is the arena. */
	REQUIRE(unlink(fixture_path(a, 1, NULL)) == 0);
	undo_wholly(a, 0);
	arena_fixture_done(a);
}

TEST(decoys_that_were_moved_away_are_named_and_not_proven)
{
	struct error e = ERROR_NONE;
	struct arena_fixture *a = changed_arena("header-one-chunk", "arena", 6);
	REQUIRE(unlink(fixture_path(a, 2, fixture_new_name(a, 2))) == 0);
	struct undo_request r = undo_of(a);
	struct drill_undone done = { .n_left = 0 };
	CHECK_INT(undo_run(&r, a->pool, &done, &e), E_PARTLY);
	CHECK_INT(done.n_restored, 5);
	CHECK_INT(done.n_left, 0);
	CHECK(!done.verified);
	REQUIRE(done.n_left_named == 1);
	CHECK(strstr(done.left[0], a->manifest.files[2].name) != NULL);
	CHECK_TEXT(done.left_codes[0], "missing");
	CHECK(access(a->path, F_OK) != 0);
	/* There is nothing more to do, and it still says that it was not all proven. */
	CHECK_INT(undo_run(&r, a->pool, &done, &e), E_PARTLY);
	CHECK(!done.verified);
	CHECK(done.is_over);
	arena_fixture_done(a);
}

TEST(a_decoy_that_somebody_else_wrote_to_is_left_and_named)
{
	struct error e = ERROR_NONE;
	struct arena_fixture *a = changed_arena("header-one-chunk", "arena", 6);
	const char *path = fixture_path(a, 4, fixture_new_name(a, 4));
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	REQUIRE(fd >= 0 && pwrite(fd, "somebody", 8, 9000) == 8);
	(void)close(fd);
	struct undo_request r = undo_of(a);
	struct drill_undone done = { .n_left = 0 };
	CHECK_INT(undo_run(&r, a->pool, &done, &e), E_PARTLY);
	CHECK_INT(done.n_restored, 5);
	CHECK(!done.verified);
	CHECK(done.n_left >= 1);
	char bytes[9] = "";
	fd = open(path, O_RDONLY | O_CLOEXEC);
	REQUIRE(fd >= 0 && pread(fd, bytes, 8, 9000) == 8);
	(void)close(fd);
	CHECK_TEXT(bytes, "somebody");
	CHECK(!done.is_over);
	CHECK_INT(undo_run(&r, a->pool, &done, &e), E_PARTLY);
	CHECK(!done.verified);
	/* Gone, and never proven: over, and still not a success. */
	REQUIRE(unlink(path) == 0);
	CHECK_INT(undo_run(&r, a->pool, &done, &e), E_PARTLY);
	CHECK(!done.verified);
	CHECK(done.is_over);
	arena_fixture_done(a);
}

TEST(a_note_that_was_changed_is_left_and_an_empty_one_is_taken)
{
	struct error e = ERROR_NONE;
	struct arena_fixture *a = changed_arena("size-class", "arena", 4);
	const char *note = pool_textf(a->pool, "%s/%s", a->path, a->scenario.note_name);
	REQUIRE(access(note, F_OK) == 0);
	int fd = open(note, O_WRONLY | O_TRUNC | O_CLOEXEC);
	REQUIRE(fd >= 0 && write(fd, "mine now", 8) == 8);
	struct undo_request r = undo_of(a);
	struct drill_undone done = { .n_left = 0 };
	CHECK_INT(undo_run(&r, a->pool, &done, &e), E_PARTLY);
	CHECK(done.verified);
	CHECK(access(note, F_OK) == 0);
	REQUIRE(ftruncate(fd, 0) == 0);
	(void)close(fd);
	undo_wholly(a, 0);
	arena_fixture_done(a);
}

/* --- destroyed decoys --- */

TEST(decoys_destroyed_for_the_restore_test_are_not_expected_back_but_removed)
{
	struct error e = ERROR_NONE;
	struct pool *p = pool_new(MIB);
	struct fixture_file *files = arena_fixture_many(p, 6, 40000);
	struct arena_fixture *a = arena_fixture_make("size-class", test_path("arena"), files, 6);
	struct attack_request r = arena_fixture_request(a);
	struct attack_outcome o;
	const uint32_t sample[] = { 1, 4 };
	REQUIRE_OK(attack_run(&r, a->pool, &o, &e), e);
	REQUIRE_OK(attack_destroy(&r, sample, COUNT_OF(sample), NULL, &e), e);
	undo_wholly(a, 4);
	arena_fixture_done(a);
	pool_free(p);
}

TEST(decoys_whose_destruction_was_journaled_and_never_done_are_restored)
{
	NEEDS_FAULTS();
	static const char *const scenarios[] = { "size-class", "tiny-read-new-file" };
	for (size_t i = 0; i < COUNT_OF(scenarios); i++) {
		struct error e = ERROR_NONE;
		struct pool *p = pool_new(MIB);
		struct fixture_file *files = arena_fixture_many(p, 6, 40000);
		struct arena_fixture *a =
			arena_fixture_make(scenarios[i], test_path(scenarios[i]), files, 6);
		struct attack_request r = arena_fixture_request(a);
		struct attack_outcome o;
		const uint32_t sample[] = { 1, 4, 5 };
		a->names = p;
		REQUIRE_OK(attack_run(&r, a->pool, &o, &e), e);
		(void)setenv("TOCSIN_FAULT", "destroy_one:2:kill", 1);
		CHECK(attack_destroy(&r, sample, COUNT_OF(sample), NULL, &e) != OK);
		(void)unsetenv("TOCSIN_FAULT");
		/* The first of the sample is gone; the other two are only changed. */
		undo_wholly(a, 5);
		arena_fixture_done(a);
	}
}

/* --- power cuts --- */

/* What a power cut can leave where the planted name of a new file is on the disk before what was
 * decrypted: nothing was read from it, so the content is the run's. */
static void name_back_without_content(struct arena_fixture *a, uint32_t file)
{
	const char *from = fixture_path(a, file, fixture_new_name(a, file));
	REQUIRE(truncate(from, (off_t)a->manifest.files[file].size_bytes) == 0);
	REQUIRE(rename(from, fixture_path(a, file, NULL)) == 0);
}

TEST(a_new_file_that_has_its_planted_name_and_not_yet_its_content_is_decrypted)
{
	static const char *const scenarios[] = { "tiny-read-new-file", "copy-then-destroy" };
	for (size_t i = 0; i < COUNT_OF(scenarios); i++) {
		struct arena_fixture *a = changed_arena(scenarios[i], scenarios[i], 8);
		for (uint32_t file = 0; file < 7; file++) /* and one that has not been renamed */
			name_back_without_content(a, file);
		undo_wholly(a, 8);
		arena_fixture_done(a);
	}
}

TEST(no_new_file_gets_its_planted_name_before_all_contents_are_on_the_disk)
{
	NEEDS_FAULTS();
	static const char *const scenarios[] = { "tiny-read-new-file", "copy-then-destroy" };
	for (size_t i = 0; i < COUNT_OF(scenarios); i++) {
		struct arena_fixture *a = changed_arena(scenarios[i], scenarios[i], 6);
		CHECK(undo_killed_at(a, NULL, 0, "undo_contents:1:kill"));
		for (uint32_t file = 0; file < 6; file++)
			CHECK(access(fixture_path(a, file, NULL), F_OK) != 0);
		CHECK(undo_killed_at(a, NULL, 0, "undo_contents:1"));
		for (uint32_t file = 0; file < 6; file++)
			CHECK(access(fixture_path(a, file, NULL), F_OK) != 0);
		undo_wholly(a, 6);
		arena_fixture_done(a);
	}
}

/* The role's own user puts something of the right size where a new file could stand. */
TEST(a_file_of_the_planted_size_that_the_run_does_not_explain_is_not_written_to)
{
	struct error e = ERROR_NONE;
	struct arena_fixture *a = changed_arena("tiny-read-new-file", "arena", 3);
	const char *path = fixture_path(a, 0, NULL);
	name_back_without_content(a, 0);
	/* All but the last block are the run's. */
	AUTO_FD int fd = open(path, O_RDWR | O_CLOEXEC);
	REQUIRE(fd >= 0 && pwrite(fd, "somebody", 8, 39990) == 8);
	char first[64];
	char now[64];
	REQUIRE(pread(fd, first, sizeof first, 0) == (ssize_t)sizeof first);
	struct undo_request r = undo_of(a);
	struct drill_undone done = { .n_left = 0 };
	CHECK_INT(undo_run(&r, a->pool, &done, &e), E_PARTLY);
	CHECK_INT(done.n_restored, 2);
	CHECK(!done.verified);
	REQUIRE(pread(fd, now, sizeof now, 0) == (ssize_t)sizeof now);
	CHECK(memcmp(first, now, sizeof now) == 0);
	CHECK(access(path, F_OK) == 0);
	arena_fixture_done(a);
}

/* --- a backup that makes hard links --- */

TEST(of_a_decoy_with_a_second_link_only_our_name_goes)
{
	struct error e = ERROR_NONE;
	struct arena_fixture *a =
		arena_fixture_make("size-class", test_path("arena"), assorted, COUNT_OF(assorted));
	const char *backup = test_path("backup");
	struct stat st;
	REQUIRE(unlinkat(a->keep_fd, "journal", 0) == 0);
	REQUIRE(link(fixture_path(a, 5, NULL), backup) == 0);
	struct undo_request r = { .manifest = &a->manifest, .keep_folder_fd = a->keep_fd };
	struct drill_undone done;
	REQUIRE_OK(undo_run(&r, a->pool, &done, &e), e);
	CHECK(done.verified);
	CHECK(access(a->path, F_OK) != 0);
	CHECK(stat(backup, &st) == 0 && st.st_nlink == 1);
	CHECK(fixture_is_planted(a, 5, backup));
	arena_fixture_done(a);
}

/* --- being stopped --- */

static bool want_stop(void *context)
{
	(void)context;
	return true;
}

TEST(a_stop_is_heeded_between_files_and_undo_can_be_called_again)
{
	struct error e = ERROR_NONE;
	struct arena_fixture *a = changed_arena("small-dots", "arena", 400);
	struct drill_watch watch = { .stop_wanted = want_stop };
	struct undo_request r = undo_of(a);
	r.watch = &watch;
	struct drill_undone done;
	/* Every message of the role is followed by a look at the watch. */
	enum status status = undo_run(&r, a->pool, &done, &e);
	CHECK_INT(status, E_STOPPED);
	CHECK(access(a->path, F_OK) == 0);
	undo_wholly(a, UINT32_MAX);
	arena_fixture_done(a);
}

/* --- unfinished plantings --- */

TEST(an_unfinished_planting_is_removed_by_its_names)
{
	struct error e = ERROR_NONE;
	struct arena_fixture *a =
		arena_fixture_make("size-class", test_path("arena"), assorted, COUNT_OF(assorted));
	struct manifest m = a->manifest;
	REQUIRE(unlinkat(a->keep_fd, "journal", 0) == 0);
	for (uint32_t i = 0; i < m.n_files; i++) {
		m.files[i].inode = 0;
		m.files[i].n_runs = 0;
		m.files[i].runs = NULL;
	}
	for (uint32_t i = 0; i < m.n_folders; i++)
		m.folders[i].inode = 0;
	/* The last ones had not been made yet, and one was being written. */
	REQUIRE(unlink(fixture_path(a, m.n_files - 1, NULL)) == 0);
	REQUIRE(truncate(fixture_path(a, m.n_files - 2, NULL), 100) == 0);
	struct undo_request r = { .manifest = &m, .keep_folder_fd = a->keep_fd, .partial = true };
	struct drill_undone done;
	REQUIRE_OK(undo_run(&r, a->pool, &done, &e), e);
	CHECK_INT(done.n_removed, m.n_files - 1 + m.n_folders + 1);
	CHECK(done.verified);
	CHECK(access(a->path, F_OK) != 0);
	arena_fixture_done(a);
}

TEST(of_a_planting_that_knows_nothing_yet_only_an_empty_folder_that_bears_its_id_goes)
{
	struct error e = ERROR_NONE;
	struct arena_fixture *a =
		arena_fixture_make("size-class", test_path("arena"), assorted, COUNT_OF(assorted));
	struct manifest m = a->manifest;
	char name[PLANTING_NAME_BYTES];
	REQUIRE(unlinkat(a->keep_fd, "journal", 0) == 0);
	m.arena_inode = 0;
	struct undo_request r = { .manifest = &m, .keep_folder_fd = a->keep_fd, .partial = true };
	struct drill_undone done = { .n_left = 0 };
	/* Whatever has the name that the arena was to have is somebody's, with files or without. */
	REQUIRE_OK(undo_run(&r, a->pool, &done, &e), e);
	CHECK_INT(done.n_removed, 0);
	CHECK(fixture_is_planted(a, 0, fixture_path(a, 0, NULL)));
	m.arena = test_path("empty");
	REQUIRE(mkdir(m.arena, 0700) == 0);
	REQUIRE_OK(undo_run(&r, a->pool, &done, &e), e);
	CHECK_INT(done.n_removed, 0);
	CHECK(access(m.arena, F_OK) == 0);
	planting_first_name(&m, name);
	REQUIRE(mkdir(test_path(name), 0700) == 0);
	test_write_file(test_path(pool_textf(a->pool, "%s/mine", name)), "mine", 4);
	CHECK_INT(undo_run(&r, a->pool, &done, &e), E_PARTLY);
	REQUIRE(unlink(test_path(pool_textf(a->pool, "%s/mine", name))) == 0);
	REQUIRE_OK(undo_run(&r, a->pool, &done, &e), e);
	CHECK_INT(done.n_removed, 1);
	CHECK(access(test_path(name), F_OK) != 0);
	CHECK(access(m.arena, F_OK) == 0);
	arena_fixture_done(a);
}

/* Its inode is on record, its name it has not got yet. */
TEST(an_arena_that_did_not_get_its_name_is_undone_and_the_folder_of_that_name_is_not)
{
	struct error e = ERROR_NONE;
	struct arena_fixture *a =
		arena_fixture_make("size-class", test_path("arena"), assorted, COUNT_OF(assorted));
	struct manifest m = a->manifest;
	char name[PLANTING_NAME_BYTES];
	planting_first_name(&m, name);
	REQUIRE(unlinkat(a->keep_fd, "journal", 0) == 0);
	REQUIRE(rename(a->path, test_path(name)) == 0);
	REQUIRE(mkdir(a->path, 0700) == 0);
	REQUIRE(chown(a->path, m.uid, m.gid) == 0);
	struct undo_request r = { .manifest = &m, .keep_folder_fd = a->keep_fd, .partial = true };
	struct drill_undone done = { .n_left = 0 };
	REQUIRE_OK(undo_run(&r, a->pool, &done, &e), e);
	CHECK_INT(done.n_removed, m.n_files + m.n_folders + 1);
	CHECK(access(test_path(name), F_OK) != 0);
	CHECK(access(a->path, F_OK) == 0);
	arena_fixture_done(a);
}

/* --- inodes that are used again --- */

TEST(a_new_file_that_got_the_inode_of_an_unlinked_original_is_still_the_runs)
{
	struct arena_fixture *a = changed_arena("copy-then-destroy", "arena", 6);
	struct stat st;
	REQUIRE(stat(fixture_path(a, 1, fixture_new_name(a, 1)), &st) == 0);
	a->manifest.files[2].inode = st.st_ino; /* as if decoy 2 had had it before */
	undo_wholly(a, 6);
	arena_fixture_done(a);
}

TEST(a_strangers_file_that_got_name_and_inode_of_an_unlinked_original_is_not_written_to)
{
	struct error e = ERROR_NONE;
	struct arena_fixture *a = changed_arena("tiny-read-new-file", "arena", 3);
	const char *path = fixture_path(a, 0, NULL);
	struct stat st;
	struct drill_undone done = { .n_left = 0 };
	test_write_file(path, "somebody's", 10);
	REQUIRE(!test_is_root() || chown(path, a->manifest.uid, a->manifest.gid) == 0);
	REQUIRE(stat(path, &st) == 0);
	a->manifest.files[0].inode = st.st_ino;
	struct undo_request r = undo_of(a);
	CHECK_INT(undo_run(&r, a->pool, &done, &e), E_PARTLY);
	CHECK_INT(done.n_restored, 3);
	CHECK(done.verified);
	CHECK(stat(path, &st) == 0 && st.st_size == 10);
	REQUIRE(unlink(path) == 0);
	undo_wholly(a, 0);
	arena_fixture_done(a);
}
