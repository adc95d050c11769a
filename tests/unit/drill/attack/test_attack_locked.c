/*
 * Decoys or folders that a defender locks while the attack runs: it is blocked, and what was
 * changed until then counts as changed, whatever became of its name.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "drill/attack/emulate.h"
#include "tests/lib/arena_fixture.h"
#include "tests/lib/faults.h"

int (*test_role_main)(int argc, char **argv) = arena_fixture_role;

enum { N_FILES = 120, SIZE = 6000 };

static struct arena_fixture *arena_of(const char *write)
{
	AUTO(pool_free) struct pool *p = pool_new(4 * MIB);
	REQUIRE(p != NULL);
	return arena_fixture_make(fixture_whole_files(p, write), test_path("arena"),
		arena_fixture_many(p, N_FILES, SIZE), N_FILES);
}

/* --- locks --- */

static bool set_immutable(const char *path, bool on)
{
	int flags = 0;
	AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || ioctl(fd, FS_IOC_GETFLAGS, &flags) != 0)
		return false;
	flags = on ? flags | FS_IMMUTABLE_FL : flags & ~FS_IMMUTABLE_FL;
	return ioctl(fd, FS_IOC_SETFLAGS, &flags) == 0;
}

static bool set_read_only(const char *path, bool on)
{
	return chmod(path, on ? 0500 : 0700) == 0;
}

typedef bool lock_folder(const char *path, bool on);

static bool lock_all_folders(struct arena_fixture *a, lock_folder *lock, bool on)
{
	bool all = lock(a->path, on);
	for (uint32_t i = 0; i < a->manifest.n_folders; i++) {
		const char *path = a->manifest.folders[i].name;
		uint32_t at = a->manifest.folders[i].parent;
		for (; at != FOLDER_ROOT; at = a->manifest.folders[at].parent)
			path = pool_textf(a->pool, "%s/%s", a->manifest.folders[at].name, path);
		all = lock(pool_textf(a->pool, "%s/%s", a->path, path), on) && all;
	}
	return all;
}

/* Locks every folder 300 ms after the first change. */
struct event {
	struct arena_fixture *a;
	lock_folder *lock;
	bool has_acted;
};

static bool on_tick(int64_t t0_boot_ns, void *context)
{
	struct event *v = context;
	if (v->has_acted || t0_boot_ns < 0 || clock_boot_ns(NULL) - t0_boot_ns < 300 * NS_PER_MS)
		return false;
	v->has_acted = true;
	CHECK(lock_all_folders(v->a, v->lock, true));
	return false;
}

/* --- what the disk says --- */

static uint32_t count_not_planted(const struct arena_fixture *a)
{
	uint32_t n = 0;
	for (uint32_t i = 0; i < a->manifest.n_files; i++)
		n += !fixture_is_planted(a, i, fixture_path(a, i, NULL));
	return n;
}

static void run_and_lock(struct arena_fixture *a, lock_folder *lock, struct attack_outcome *out)
{
	struct error e = ERROR_NONE;
	struct attack_request r = arena_fixture_request(a);
	struct event event = { a, lock, false };
	r.rate_files_per_s = 60;
	r.tick = on_tick;
	r.tick_context = &event;
	REQUIRE_OK(attack_run(&r, a->pool, out, &e), e);
	CHECK(event.has_acted);
	CHECK(lock_all_folders(a, lock, false));
}

/* The content can still be written, only the names cannot be changed any more. */
static void folders_are_locked(lock_folder *lock)
{
	struct attack_outcome out;
	struct arena_fixture *a = arena_of("in-place");
	run_and_lock(a, lock, &out);
	CHECK_INT(out.end, ATTACK_BLOCKED);
	CHECK(out.n_refused >= BLOCKED_IN_A_ROW);
	CHECK_INT(out.n_unfinished, out.n_refused);
	CHECK(out.n_changed > out.n_unfinished && out.n_changed < N_FILES);
	CHECK_INT(out.n_changed, count_not_planted(a));
	CHECK(out.bytes_changed >= (uint64_t)out.n_changed * SIZE);
	arena_fixture_done(a);
}

TEST(folders_without_the_right_to_write_block_renames_and_changed_decoys_count)
{
	folders_are_locked(set_read_only);
}

static void needs_immutable(void)
{
	if (!test_is_root())
		test_skip("only root can make a folder immutable");
	if (!set_immutable(test_folder(), true))
		test_skip("this file system knows no immutable folders");
	REQUIRE(set_immutable(test_folder(), false));
}

TEST(immutable_folders_block_renames_and_changed_decoys_count)
{
	needs_immutable();
	folders_are_locked(set_immutable);
}

/* Copies are refused, and between two moments an overwritten original cannot be unlinked. */
TEST(immutable_folders_block_a_new_file_pattern_and_an_overwritten_original_counts)
{
	needs_immutable();
	struct attack_outcome out;
	struct arena_fixture *a = arena_of("new-then-overwrite-original-then-unlink");
	run_and_lock(a, set_immutable, &out);
	CHECK_INT(out.end, ATTACK_BLOCKED);
	CHECK(out.n_refused >= BLOCKED_IN_A_ROW);
	CHECK_INT(out.n_changed, count_not_planted(a));
	arena_fixture_done(a);
}

/* One worker that writes nothing but decoys. */
static const char one_worker[] =
	"id: test-pattern\nversion: 1\nkind: pattern\n"
	"name: { en: Test, zh: 测试 }\nsummary: { en: Test., zh: 测试。 }\n"
	"source: test\nattack: [T1486]\norder: depth-first\nwrite: in-place\nio: 64 KiB\n"
	"region:\n  - label: full\n    full: true\nrename: after\nsuffix: .locked\n"
	"threads: 1\nrate: unlimited\ndecoys: 10\nsize_classes: []\n"
	"max_files: 30000\nmax_bytes: 8 GiB\nmax_seconds: 900\n";

static struct arena_fixture *arena_of_one_worker(const char *name, size_t n, uint64_t size_bytes)
{
	AUTO(pool_free) struct pool *p = pool_new(4 * MIB);
	REQUIRE(p != NULL);
	return arena_fixture_make(
		one_worker, test_path(name), arena_fixture_many(p, n, size_bytes), n);
}

/* --- the last decoys --- */

/* The n decoys that come last in the attack's order refuse to be opened. */
static enum attack_end end_with_last_locked(uint32_t n, const char *name)
{
	struct error e = ERROR_NONE;
	struct attack_outcome out;
	struct step *steps = NULL;
	size_t n_steps = 0;
	struct arena_fixture *a = arena_of_one_worker(name, N_FILES, SIZE);
	struct attack_request r = arena_fixture_request(a);
	REQUIRE_OK(
		order_make(&a->scenario, &a->manifest, r.order_seed, a->pool, &steps, &n_steps, &e),
		e);
	uint32_t left = n;
	for (size_t i = n_steps; left > 0; i--)
		if (steps[i - 1].kind == STEP_FILE) {
			CHECK_INT(chmod(fixture_path(a, steps[i - 1].index, NULL), 0), 0);
			left--;
		}
	REQUIRE_OK(attack_run(&r, a->pool, &out, &e), e);
	CHECK_INT(out.n_refused, n);
	CHECK_INT(out.n_changed, N_FILES - n);
	CHECK((out.end == ATTACK_COMPLETED) == (out.sentence[0] == '\0'));
	arena_fixture_done(a);
	return out.end;
}

TEST(an_attack_whose_last_decoys_all_resisted_was_blocked)
{
	CHECK_INT(end_with_last_locked(BLOCKED_AT_THE_END, "one"), ATTACK_BLOCKED);
	CHECK_INT(end_with_last_locked(BLOCKED_AT_THE_END - 1, "two"), ATTACK_COMPLETED);
}

/* --- in the middle of a file --- */

static struct attack_outcome run_with_fault(struct arena_fixture *a, const char *fault)
{
	struct error e = ERROR_NONE;
	struct attack_outcome out;
	struct attack_request r = arena_fixture_request(a);
	REQUIRE(setenv("TOCSIN_FAULT", fault, 1) == 0);
	REQUIRE_OK(attack_run(&r, a->pool, &out, &e), e);
	REQUIRE(unsetenv("TOCSIN_FAULT") == 0);
	return out;
}

TEST(a_decoy_counts_as_changed_from_its_first_changed_byte_on)
{
	NEEDS_FAULTS();
	struct arena_fixture *a = arena_of_one_worker("arena", 10, 200000); /* four calls each */
	struct attack_outcome out = run_with_fault(a, "emulate_write:2");
	CHECK_INT(out.n_failed, 1);
	CHECK_INT(out.n_unfinished, 1);
	CHECK_INT(out.n_changed, 10);
	CHECK_INT(out.n_changed, count_not_planted(a));
	arena_fixture_done(a);
}

TEST(a_decoy_whose_first_write_is_refused_is_not_changed)
{
	NEEDS_FAULTS();
	struct arena_fixture *a = arena_of_one_worker("arena", 10, 200000); /* four calls each */
	struct attack_outcome out = run_with_fault(a, "emulate_write:1");
	CHECK_INT(out.n_failed, 1);
	CHECK_INT(out.n_unfinished, 0);
	CHECK_INT(out.n_changed, 10 - 1);
	CHECK_INT(out.n_changed, count_not_planted(a));
	arena_fixture_done(a);
}
