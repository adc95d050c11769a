/*
 * What a defender, a full disk or a villain in the arena may do while the attack runs, or before: a
 * clear end, and nothing outside is ever touched.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "drill/attack/emulate.h"
#include "sys/command.h"
#include "sys/file.h"
#include "tests/lib/arena_fixture.h"
#include "tests/lib/snapshot.h"
#include "tests/lib/test.h"

int (*test_role_main)(int argc, char **argv) = arena_fixture_role;

enum { N_FILES = 120, SIZE = 6000 };

/* Does something once, 300 ms after the first change. */
struct event {
	struct arena_fixture *a;
	void (*act)(struct arena_fixture *a);
	bool has_acted;
};

static bool on_tick(int64_t t0_boot_ns, void *context)
{
	struct event *v = context;
	if (v->has_acted || t0_boot_ns < 0 || clock_boot_ns(NULL) - t0_boot_ns < 300 * NS_PER_MS)
		return false;
	v->has_acted = true;
	v->act(v->a);
	return false;
}

static struct arena_fixture *arena_at(const char *path, const char *scenario)
{
	AUTO(pool_free) struct pool *p = pool_new(4 * MIB);
	return arena_fixture_make(scenario, path, arena_fixture_many(p, N_FILES, SIZE), N_FILES);
}

static struct attack_outcome run(
	struct arena_fixture *a, double rate, void (*act)(struct arena_fixture *a))
{
	struct error e = ERROR_NONE;
	struct attack_outcome out;
	struct attack_request r = arena_fixture_request(a);
	struct event event = { a, act, false };
	r.rate_files_per_s = rate;
	if (act != NULL) {
		r.tick = on_tick;
		r.tick_context = &event;
	}
	REQUIRE_OK(attack_run(&r, a->pool, &out, &e), e);
	CHECK(act == NULL || event.has_acted);
	return out;
}

/* --- the defender --- */

static void delete_all(struct arena_fixture *a)
{
	char line[600];
	char **argv = NULL;
	struct error e = ERROR_NONE;
	struct command_result result;
	AUTO_BUF struct buf output;
	buf_init(&output, 4096);
	(void)snprintf(line, sizeof line, "rm -rf '%s'", a->path);
	REQUIRE_OK(command_split(line, &argv, &e), e);
	struct command c = { .argv = argv, .limit_ns = 10 * NS_PER_S };
	REQUIRE_OK(command_run(&c, &output, &result, &e), e);
	free(argv);
}

TEST(an_arena_deleted_under_the_run_ends_it)
{
	struct arena_fixture *a = arena_at(test_path("arena"), fixture_header_only);
	struct attack_outcome out = run(a, 60, delete_all);
	CHECK_INT(out.end, ATTACK_BLOCKED);
	CHECK(out.n_missing >= BLOCKED_IN_A_ROW && out.n_changed < N_FILES);
	CHECK(out.sentence[0] != '\0');
	arena_fixture_done(a);
}

/* No right to write for anybody but root, whom the emulator is not. */
static void take_rights_away(struct arena_fixture *a)
{
	for (uint32_t i = 0; i < N_FILES; i++) {
		if (chmod(fixture_path(a, i, NULL), 0) != 0)
			CHECK(chmod(fixture_path(a, i, fixture_new_name(a, i)), 0) == 0 ||
				errno == ENOENT);
	}
}

TEST(decoys_that_refuse_end_it)
{
	struct arena_fixture *a = arena_at(test_path("arena"), fixture_header_only);
	struct attack_outcome out = run(a, 60, take_rights_away);
	CHECK_INT(out.end, ATTACK_BLOCKED);
	CHECK(out.n_refused >= BLOCKED_IN_A_ROW);
	arena_fixture_done(a);
}

/* Nothing can be unlinked from a folder that nobody may write to. */
static void freeze_folders(struct arena_fixture *a)
{
	for (uint32_t i = 0; i < N_FILES; i++) {
		const char *path = fixture_path(a, i, NULL);
		const char *slash = strrchr(path, '/');
		CHECK(chmod(pool_text(a->pool, (struct view){ path, (size_t)(slash - path) }),
			      0500) == 0);
	}
}

TEST(folders_that_refuse_end_a_new_file_pattern_too)
{
	AUTO(pool_free) struct pool *p = pool_new(MIB);
	struct arena_fixture *a =
		arena_at(test_path("arena"), fixture_whole_files(p, "new-then-unlink"));
	struct attack_outcome out = run(a, 60, freeze_folders);
	CHECK_INT(out.end, ATTACK_BLOCKED);
	CHECK(out.n_refused >= BLOCKED_IN_A_ROW);
	CHECK_INT(fixture_count_changed(a), out.n_changed);
	for (uint32_t i = 0; i < a->manifest.n_folders; i++) {
		const char *path = a->manifest.folders[i].name;
		uint32_t at = a->manifest.folders[i].parent;
		for (; at != FOLDER_ROOT; at = a->manifest.folders[at].parent)
			path = pool_textf(a->pool, "%s/%s", a->manifest.folders[at].name, path);
		CHECK(chmod(pool_textf(a->pool, "%s/%s", a->path, path), 0700) == 0);
	}
	arena_fixture_done(a);
}

static void quarantine_one(struct arena_fixture *a)
{
	uint32_t n = 0;
	for (uint32_t i = 0; i < N_FILES && n < 5; i++)
		n += rename(fixture_path(a, i, NULL), test_path("quarantine")) == 0;
	CHECK_INT(n, 5);
}

TEST(a_quarantined_decoy_is_counted_as_missing_and_the_run_goes_on)
{
	struct arena_fixture *a = arena_at(test_path("arena"), fixture_header_only);
	struct attack_outcome out = run(a, 100, quarantine_one);
	CHECK_INT(out.end, ATTACK_COMPLETED);
	CHECK_INT(out.n_missing, 5);
	CHECK_INT(out.n_changed, N_FILES - 5);
	arena_fixture_done(a);
}

/* --- a file system of its own --- */

static bool run_line(const char *line)
{
	char **argv = NULL;
	struct error e = ERROR_NONE;
	struct command_result result = { .exit_status = 1 };
	AUTO_BUF struct buf output;
	buf_init(&output, 4096);
	REQUIRE_OK(command_split(line, &argv, &e), e);
	struct command c = { .argv = argv, .limit_ns = 20 * NS_PER_S };
	enum status status = command_run(&c, &output, &result, &e);
	free(argv);
	return status == OK && result.exit_status == 0;
}

/* Mounts a small ext4 file at <test folder>/disk; its "arena" is the path that is returned. */
static const char *small_disk(const char *size)
{
	char line[1200];
	if (!test_is_root())
		test_skip("mounting a file system needs root");
	(void)snprintf(line, sizeof line, "truncate -s %s '%s'", size, test_path("image"));
	REQUIRE(run_line(line));
	(void)snprintf(line, sizeof line, "mkfs.ext4 -q -m 0 '%s'", test_path("image"));
	if (!run_line(line))
		test_skip("mkfs.ext4 is not there");
	REQUIRE(mkdir(test_path("disk"), 0755) == 0);
	(void)snprintf(line, sizeof line, "mount -o loop '%s' '%s'", test_path("image"),
		test_path("disk"));
	if (!run_line(line))
		test_skip("no loop device can be mounted here");
	return test_path("disk/arena");
}

static void let_go(struct arena_fixture *a)
{
	arena_fixture_done(a);
	CHECK(umount(test_path("disk")) == 0 || umount2(test_path("disk"), MNT_DETACH) == 0);
}

/* The file system as a whole, as `mount -o remount,ro` does; busy for as long as a decoy is open.
 */
static void make_read_only(struct arena_fixture *a)
{
	(void)a;
	for (int i = 0; i < 1000; i++) {
		if (mount(NULL, test_path("disk"), NULL, MS_REMOUNT | MS_RDONLY, NULL) == 0)
			return;
		clock_sleep_ns(NS_PER_MS);
	}
	test_fail(__FILE__, __LINE__, "remount read-only: %s", strerror(errno));
}

TEST(an_arena_made_read_only_ends_it)
{
	const char *path = small_disk("64M");
	struct arena_fixture *a = arena_at(path, fixture_header_only);
	/* The journal goes on elsewhere. */
	struct error e = ERROR_NONE;
	struct journal *elsewhere = NULL;
	AUTO_FD int folder_fd = -1;
	REQUIRE_OK(file_open_folder(test_folder(), &folder_fd, &e), e);
	REQUIRE_OK(journal_create(folder_fd, "journal", &elsewhere, &e), e);
	journal_close(a->journal);
	a->journal = elsewhere;
	struct attack_request r = arena_fixture_request(a);
	struct attack_outcome out;
	struct event event = { a, make_read_only, false };
	r.rate_files_per_s = 60;
	r.tick = on_tick;
	r.tick_context = &event;
	enum status status = attack_run(&r, a->pool, &out, &e);
	CHECK(event.has_acted);
	CHECK_INT(status, OK);
	if (status == OK)
		CHECK_INT(out.end, ATTACK_READ_ONLY);
	let_go(a);
}

TEST(a_disk_that_fills_up_ends_it_and_no_decoy_is_lost)
{
	AUTO(pool_free) struct pool *p = pool_new(MIB);
	const char *path = small_disk("12M");
	struct arena_fixture *a;
	{
		AUTO(pool_free) struct pool *names = pool_new(4 * MIB);
		a = arena_fixture_make(fixture_whole_files(p, "new-then-unlink"), path,
			arena_fixture_many(names, 30, 200000), 30);
	}
	/* What is left is taken by somebody else. */
	AUTO_FD int fd = open(test_path("disk/filler"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	static char block[4096];
	REQUIRE(fd >= 0);
	memset(block, 1, sizeof block);
	while (write(fd, block, sizeof block) == (ssize_t)sizeof block)
		continue;
	struct error e = ERROR_NONE;
	struct attack_outcome out = { .end = ATTACK_COMPLETED };
	struct attack_request r = arena_fixture_request(a);
	enum status status = attack_run(&r, a->pool, &out, &e);
	/* Either the journal or the first new file finds no room. */
	CHECK(status == E_NO_SPACE || (status == OK && out.end == ATTACK_BUDGET));
	CHECK(e.text[0] != '\0' || out.sentence[0] != '\0');
	CHECK_INT(fixture_count_changed(a), out.n_changed);
	let_go(a);
}

/* --- the villain --- */

/* Replaces a decoy or a folder by something that leads outside, and remembers what was there. */
enum trap {
	TRAP_SYMLINK,
	TRAP_HARD_LINK,
	TRAP_FOLDER_LINK,
	TRAP_BIND_FILE,
	TRAP_BIND_FOLDER,
	TRAPS
};

static void set_trap(struct arena_fixture *a, enum trap trap)
{
	const char *decoy = fixture_path(a, N_FILES - 1, NULL);
	const char *outside_file = test_path("outside/precious.txt");
	const char *folder = pool_textf(a->pool, "%s/hall-1", a->path);
	switch (trap) {
	case TRAP_SYMLINK:
		CHECK(rename(decoy, test_path("kept")) == 0);
		CHECK(symlink(outside_file, decoy) == 0);
		break;
	case TRAP_HARD_LINK:
		CHECK(rename(decoy, test_path("kept")) == 0);
		CHECK(link(outside_file, decoy) == 0);
		break;
	case TRAP_FOLDER_LINK:
		CHECK(rename(folder, test_path("kept")) == 0);
		CHECK(symlink(test_path("outside"), folder) == 0);
		break;
	case TRAP_BIND_FILE:
		CHECK(mount(outside_file, decoy, NULL, MS_BIND, NULL) == 0);
		break;
	case TRAP_BIND_FOLDER:
		CHECK(mount(test_path("outside"), folder, NULL, MS_BIND, NULL) == 0);
		break;
	case TRAPS:
		break;
	}
}

static void clear_trap(struct arena_fixture *a, enum trap trap)
{
	const char *folder = pool_textf(a->pool, "%s/hall-1", a->path);
	/* A role in a mount namespace of its own may have renamed the decoy beneath the mount. */
	if (trap == TRAP_BIND_FILE)
		CHECK(umount(fixture_path(a, N_FILES - 1, NULL)) == 0 ||
			umount(fixture_path(a, N_FILES - 1, fixture_new_name(a, N_FILES - 1))) ==
				0);
	if (trap == TRAP_BIND_FOLDER)
		CHECK(umount(folder) == 0);
}

static enum trap *trap_in_hand(void)
{
	static enum trap trap;
	return &trap;
}

static void set_trap_in_hand(struct arena_fixture *a)
{
	set_trap(a, *trap_in_hand());
}

/* The outside folder mirrors a part of the arena, so that every name that the emulator asks for is
 * there: only its checks keep it away. */
static void make_outside(const struct arena_fixture *a)
{
	REQUIRE(mkdir(test_path("outside"), 0755) == 0);
	test_write_file(test_path("outside/precious.txt"), "precious", 8);
	REQUIRE(chown(test_path("outside/precious.txt"), a->manifest.uid, a->manifest.gid) == 0);
	for (uint32_t i = 0; i < 5; i++) {
		char path[700];
		(void)snprintf(path, sizeof path, "%s/line-%u", test_path("outside"), i);
		REQUIRE(mkdir(path, 0755) == 0);
		(void)snprintf(path, sizeof path, "%s/line-%u/plans", test_path("outside"), i);
		REQUIRE(mkdir(path, 0755) == 0);
	}
	REQUIRE(chown(test_path("outside"), a->manifest.uid, a->manifest.gid) == 0);
}

static void check_trap(enum trap trap, bool while_running)
{
	char name[64];
	bool needs_root = trap == TRAP_BIND_FILE || trap == TRAP_BIND_FOLDER;
	if (needs_root && !test_is_root())
		return;
	(void)snprintf(name, sizeof name, "arena-%d-%d", (int)trap, while_running);
	struct arena_fixture *a = arena_at(test_path(name), fixture_header_only);
	make_outside(a);
	if (!while_running)
		set_trap(a, trap);
	AUTO(snapshot_free) struct snapshot *before = snapshot_take(test_path("outside"));
	*trap_in_hand() = trap;
	struct attack_outcome out =
		run(a, while_running ? 100 : 0, while_running ? set_trap_in_hand : NULL);
	AUTO(snapshot_free) struct snapshot *after = snapshot_take(test_path("outside"));
	/* A link made meanwhile is the test's own doing. */
	unsigned ignore = while_running && trap == TRAP_HARD_LINK
				  ? SNAPSHOT_IGNORE_LINKS_AND_CHANGE_TIME
				  : SNAPSHOT_COMPARE_ALL;
	CHECK_INT(snapshot_compare(before, after, ignore), 0);
	/* Mounts are not there at all for a role with a mount namespace of its own. */
	if (!while_running && !needs_root)
		CHECK(out.n_foreign > 0);
	if (trap != TRAP_FOLDER_LINK)
		CHECK(out.n_changed > 0);
	clear_trap(a, trap);
	arena_fixture_done(a);
	char line[1200];
	(void)snprintf(
		line, sizeof line, "rm -rf '%s' '%s'", test_path("outside"), test_path("kept"));
	REQUIRE(run_line(line));
}

TEST(nothing_that_was_put_in_a_decoys_place_before_the_run_is_touched)
{
	for (int trap = 0; trap < TRAPS; trap++)
		check_trap((enum trap)trap, false);
}

TEST(nothing_that_is_put_in_a_decoys_place_during_the_run_is_touched)
{
	for (int trap = 0; trap < TRAPS; trap++)
		check_trap((enum trap)trap, true);
}

/* While its content is being changed the decoy is moved away, and somebody's file gets its name. */
struct exchange {
	const char *decoy;
	const char *aside;
	bool done;
};

static bool exchange_once(int64_t t0_boot_ns, void *context)
{
	struct exchange *x = context;
	if (t0_boot_ns < 0 || x->done)
		return false;
	x->done = true;
	CHECK(rename(x->decoy, x->aside) == 0);
	test_write_file(x->decoy, "somebody's own", 14);
	return false;
}

/* Was it kept? False too where the exchange came too late to matter. */
static bool exchanged_file_is_kept(struct pool *p, const char *scenario, int try)
{
	struct error e = ERROR_NONE;
	struct attack_outcome out;
	struct stat st;
	struct arena_fixture *a = arena_fixture_make(scenario,
		test_path(pool_textf(p, "arena-%d", try)), arena_fixture_many(p, 1, 16 * MIB), 1);
	struct exchange x = { fixture_path(a, 0, NULL), pool_textf(p, "%s.aside", a->path), false };
	struct attack_request r = arena_fixture_request(a);
	r.tick = exchange_once;
	r.tick_context = &x;
	REQUIRE_OK(attack_run(&r, a->pool, &out, &e), e);
	const bool kept = x.done && out.n_foreign == 1 && stat(x.decoy, &st) == 0 &&
			  st.st_size == 14 &&
			  stat(fixture_path(a, 0, fixture_new_name(a, 0)), &st) != 0;
	arena_fixture_done(a);
	return kept;
}

/* Five tries: this process may be kept from running while the decoy is in hand. */
TEST_WITHIN(a_file_that_took_a_decoys_name_meanwhile_keeps_it, 120)
{
	AUTO(pool_free) struct pool *p = pool_new(MIB);
	/* A million small calls: the decoy is in hand for longer than it takes to look. */
	char *scenario = pool_textf(p, "%s", fixture_whole_files(p, "in-place"));
	char *io = strstr(scenario, "io: 64 KiB");
	REQUIRE(io != NULL);
	memcpy(io, "io: 16    ", 10);
	bool kept = false;
	for (int try = 0; try < 5 && !kept; try++)
		kept = exchanged_file_is_kept(p, scenario, try);
	CHECK(kept);
}
