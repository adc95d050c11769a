/*
 * Undo on arenas that the emulator really changed, in the real locks: every scenario, every place to be
 * killed at, and what users and other programs do meanwhile.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "drill/attack.h"
#include "drill/undo.h"
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
	for (size_t i = 0; i < n_ids; i++) {
		struct arena_fixture *a = arena_fixture_make(
			ids[i], test_path(ids[i]), assorted, COUNT_OF(assorted));
		if (a->scenario.kind == SCENARIO_BENIGN) {
			arena_fixture_done(a);
			continue;
		}
		struct attack_outcome o;
		attack(a, &o);
		CHECK(o.end == ATTACK_COMPLETED);
		CHECK(o.n_changed > 0);
		/* Ended when everything is back and nothing removed yet, to look at it. */
		REQUIRE(undo_killed_at(a, "undo_journal", 1, NULL));
		all_are_planted(a);
		undo_wholly(a, UINT32_MAX);
		arena_fixture_done(a);
	}
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
