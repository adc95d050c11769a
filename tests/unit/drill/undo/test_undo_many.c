/*
 * Undo of so many decoys that several threads divide them: the same outcome as with one, whatever
 * happens to some of them or to the process.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "drill/attack/attack.h"
#include "drill/undo/undo.h"
#include "sys/file.h"
#include "tests/lib/arena_fixture.h"
#include "tests/lib/faults.h"
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

enum { N_FILES = 300, SIZE = 9000 };

static struct arena_fixture *changed(const char *scenario, const char *name)
{
	struct error e = ERROR_NONE;
	struct attack_outcome out;
	AUTO(pool_free) struct pool *p = pool_new(4 * MIB);
	REQUIRE(p != NULL);
	struct arena_fixture *a = arena_fixture_make(
		scenario, test_path(name), arena_fixture_many(p, N_FILES, SIZE), N_FILES);
	struct attack_request r = arena_fixture_request(a);
	REQUIRE_OK(attack_run(&r, a->pool, &out, &e), e);
	CHECK_INT(out.n_changed, N_FILES);
	journal_close(a->journal);
	a->journal = NULL;
	return a;
}

static enum status undo(struct arena_fixture *a, struct drill_undone *out, struct error *e)
{
	const struct undo_request r = { .manifest = &a->manifest,
		.keep_folder_fd = a->keep_fd,
		.escrow = a->escrow,
		.scenario = &a->scenario };
	return undo_run(&r, a->pool, out, e);
}

static void undo_wholly(struct arena_fixture *a)
{
	struct error e = ERROR_NONE;
	struct drill_undone done;
	REQUIRE_OK(undo(a, &done, &e), e);
	CHECK(done.verified && done.is_over);
	CHECK_INT(done.n_left, 0);
	CHECK(access(a->path, F_OK) != 0 && errno == ENOENT);
}

/* In a process of its own, of which a fault ends the role. */
static void undo_killed(struct arena_fixture *a, const char *fault)
{
	(void)fflush(stdout);
	pid_t pid = fork();
	if (pid == 0) {
		struct error e = ERROR_NONE;
		struct drill_undone done;
		(void)setenv("TOCSIN_FAULT", fault, 1);
		_exit(undo(a, &done, &e) == OK ? 0 : 1);
	}
	int status = 0;
	REQUIRE(pid > 0 && waitpid(pid, &status, 0) == pid);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 1);
}

static bool is_named(const struct drill_undone *d, const char *name)
{
	for (size_t i = 0; i < d->n_left_named; i++)
		if (strstr(d->left[i], name) != NULL)
			return true;
	return false;
}

static void damage(struct arena_fixture *a, uint32_t file)
{
	AUTO_FD int fd =
		open(fixture_path(a, file, fixture_new_name(a, file)), O_WRONLY | O_CLOEXEC);
	REQUIRE(fd >= 0 && pwrite(fd, "somebody", 8, 5000) == 8);
}

TEST(those_that_somebody_damaged_or_took_are_told_and_all_others_are_brought_back)
{
	struct error e = ERROR_NONE;
	struct drill_undone done = { .n_left = 0 };
	struct arena_fixture *a = changed(fixture_header_only, "arena");
	static const uint32_t damaged[] = { 3, 150, 299 };
	static const uint32_t taken[] = { 7, 200 };
	for (size_t i = 0; i < COUNT_OF(damaged); i++)
		damage(a, damaged[i]);
	for (size_t i = 0; i < COUNT_OF(taken); i++)
		REQUIRE(unlink(fixture_path(a, taken[i], fixture_new_name(a, taken[i]))) == 0);
	CHECK_INT(undo(a, &done, &e), E_PARTLY);
	CHECK_INT(done.n_restored, N_FILES - 5);
	CHECK(!done.verified && !done.is_over);
	for (size_t i = 0; i < COUNT_OF(damaged); i++)
		CHECK(is_named(&done, a->manifest.files[damaged[i]].name));
	for (size_t i = 0; i < COUNT_OF(taken); i++)
		CHECK(is_named(&done, a->manifest.files[taken[i]].name));
	/* A name that is part of another one's. */
	CHECK(done.n_left_named >= 5);
	for (uint32_t i = 0; i < N_FILES; i++)
		if (i != 3 && i != 150 && i != 299)
			CHECK(access(fixture_path(a, i, NULL), F_OK) != 0);
	arena_fixture_done(a);
}

TEST_WITHIN(an_undo_of_many_that_is_killed_anywhere_is_finished_by_the_next_one, 120)
{
	NEEDS_FAULTS();
	static const char *const faults[] = { "undo_decoy:180:kill", "undo_write:90:kill",
		"undo_truncate:250:kill", "undo_rename:200:kill", "undo_unlink:120:kill",
		"undo_unlink:290:kill" };
	static const char *const scenarios[] = { "header-one-chunk", "copy-then-destroy" };
	for (size_t k = 0; k < COUNT_OF(scenarios); k++)
		for (size_t i = 0; i < COUNT_OF(faults); i++) {
			char name[32];
			(void)snprintf(name, sizeof name, "arena-%zu-%zu", k, i);
			if (k == 1 && strncmp(faults[i], "undo_write", 10) != 0)
				continue;
			struct arena_fixture *a = changed(scenarios[k], name);
			undo_killed(a, faults[i]);
			undo_wholly(a);
			arena_fixture_done(a);
		}
}

TEST(threads_that_cannot_be_started_are_done_without)
{
	NEEDS_FAULTS();
	for (int nth = 1; nth <= 2; nth++) {
		char name[32];
		char fault[32];
		(void)snprintf(name, sizeof name, "arena-%d", nth);
		(void)snprintf(fault, sizeof fault, "crew_thread:%d", nth);
		struct arena_fixture *a = changed(fixture_header_only, name);
		REQUIRE(setenv("TOCSIN_FAULT", fault, 1) == 0);
		undo_wholly(a);
		REQUIRE(unsetenv("TOCSIN_FAULT") == 0);
		arena_fixture_done(a);
	}
}

TEST(every_decoy_is_assessed_in_the_order_of_the_list)
{
	struct error e = ERROR_NONE;
	struct assess_outcome found;
	uint32_t files[N_FILES];
	AUTO_BUF struct buf journal;
	struct arena_fixture *a = changed(fixture_header_only, "arena");
	buf_init(&journal, 16 * MIB);
	REQUIRE_OK(file_read_all(a->keep_fd, "journal", 16 * MIB, &journal, &e), e);
	for (uint32_t i = 0; i < N_FILES; i++)
		files[i] = N_FILES - 1 - i;
	REQUIRE(unlink(fixture_path(a, 11, fixture_new_name(a, 11))) == 0);
	damage(a, 12);
	const struct assess_request r = { .manifest = &a->manifest,
		.journal = buf_view(&journal),
		.arena_fd = a->fd,
		.escrow = a->escrow,
		.scenario = &a->scenario,
		.files = files,
		.n_files = N_FILES };
	REQUIRE_OK(undo_assess(&r, a->pool, &found, &e), e);
	CHECK_INT(found.n_changed, N_FILES - 2);
	CHECK_INT(found.states[N_FILES - 1 - 11], DECOY_MISSING);
	CHECK_INT(found.states[N_FILES - 1 - 12], DECOY_LOST);
	arena_fixture_done(a);
}
