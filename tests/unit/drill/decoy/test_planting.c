/*
 * Planting as a whole: the planter in its locks, the records, every refusal, and what is left where
 * it is killed.
 */
#include "base/clock.h"
#include "base/fault.h"
#include "drill/decoy/corpus.h"
#include "drill/decoy/planting.h"
#include "drill/keep/seal.h"
#include "sys/command.h"
#include "sys/confine.h"
#include "sys/file.h"
#include "tests/lib/test.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define POOL_BYTES (256 * MIB)

static int as_role(int argc, char **argv)
{
	static const struct role rows[] = { { "planter", planter_role } };
	int status = 1;
	return role_dispatch(argc, argv, rows, COUNT_OF(rows), &status) ? status : 1;
}
int (*test_role_main)(int argc, char **argv) = as_role;

/* <test>/home/drills/a is the drill's folder, <test>/arena the arena. */
struct fixture {
	struct scenario *s;
	struct pool *pool;
	int keep_fd;
	struct planting_request r;
	struct manifest m;
	struct confine_locks locks;
	struct error e;
};

static void make_fixture(struct fixture *f)
{
	static struct scenario scenario;
	scenario = (struct scenario){ .id = "small",
		.n_size_classes = 3,
		.size_classes = { 0, 17, 20 * MIB },
		.size_class_types = { NULL, NULL, "vmdk" } };
	*f = (struct fixture){ .s = &scenario, .pool = pool_new(POOL_BYTES), .keep_fd = -1 };
	REQUIRE_OK(file_make_folders(test_path("home/drills/a"), &f->e), f->e);
	REQUIRE_OK(file_open_folder(test_path("home/drills/a"), &f->keep_fd, &f->e), f->e);
	f->r = (struct planting_request){ .scenario = f->s,
		.arena = test_path("arena"),
		.id = "018f0000-0000-7000-8000-000000000001",
		.n_decoys = 40,
		.seed = 3,
		.wall_ns = 1764000000000000000,
		.keep_folder_fd = f->keep_fd };
}

static void drop_fixture(struct fixture *f)
{
	(void)close(f->keep_fd);
	pool_free(f->pool);
}

static enum status plant(struct fixture *f)
{
	f->e = ERROR_NONE;
	return planting_make(&f->r, f->pool, &f->m, &f->locks, &f->e);
}

static bool kept(const char *name)
{
	char path[100];
	struct stat st;
	(void)snprintf(path, sizeof path, "home/drills/a/%s", name);
	return stat(test_path(path), &st) == 0;
}

/* Every decoy, block by block, against the manifest. */
static void check_planted(struct fixture *f, const struct manifest *m)
{
	static unsigned char block[BLOCK_BYTES];
	struct arena_view v;
	AUTO_FD int root = -1;
	REQUIRE_OK(file_open_folder(m->arena, &root, &f->e), f->e);
	REQUIRE_OK(arena_view_open(root, m, f->pool, &v, &f->e), f->e);
	AUTO(digester_free) struct digester *whole = digester_new();
	for (uint32_t i = 0; i < m->n_files; i++) {
		AUTO_FD int fd = -1;
		struct stat st;
		REQUIRE_OK(arena_open_file(&v, i, NULL, O_RDONLY, &fd, &f->e), f->e);
		REQUIRE(fstat(fd, &st) == 0);
		CHECK_INT(st.st_size, m->files[i].size_bytes);
		CHECK_INT(st.st_mode & 07777, 0600);
		for (uint64_t k = 0; k < manifest_n_blocks(&m->files[i]); k++) {
			bool hole = false;
			unsigned char tag[TAG_BYTES];
			ssize_t n = pread(fd, block, sizeof block, (off_t)(k * BLOCK_BYTES));
			REQUIRE(n > 0);
			const unsigned char *wanted = manifest_tag(&m->files[i], k, &hole);
			block_tag(block, (size_t)n, tag);
			if (hole)
				CHECK(block_is_zero(block, (size_t)n));
			else
				digester_add(whole, block, (size_t)n);
			CHECK(hole || (wanted != NULL && memcmp(wanted, tag, TAG_BYTES) == 0));
		}
		struct digest got = digester_result(whole);
		CHECK(digest_equal(&got, &m->files[i].whole));
	}
	arena_view_close(&v);
}

TEST(what_is_planted_is_what_the_manifest_says)
{
	struct fixture f;
	make_fixture(&f);
	REQUIRE_OK(plant(&f), f.e);
	CHECK_INT(f.m.n_files, 43);
	check_planted(&f, &f.m);
	struct manifest loaded;
	REQUIRE_OK(planting_load(f.keep_fd, f.pool, &loaded, &f.e), f.e);
	CHECK(digest_equal(&loaded.hash, &f.m.hash));
	bool partial = true;
	REQUIRE_OK(planting_load_partial(f.keep_fd, f.pool, &loaded, &partial, &f.e), f.e);
	CHECK(!partial);
	CHECK(!kept("planting"));
	drop_fixture(&f);
}

TEST(the_planter_works_in_its_locks_and_the_arena_is_its_users_alone)
{
	struct fixture f;
	struct stat st;
	make_fixture(&f);
	REQUIRE_OK(plant(&f), f.e);
	CHECK(f.locks.seccomp);
	CHECK(f.locks.no_new_privileges);
	CHECK(f.locks.landlock_abi >= 3 || f.locks.mount_namespace);
	REQUIRE(stat(f.r.arena, &st) == 0);
	CHECK_INT(st.st_mode & 07777, 0700);
	CHECK_INT(st.st_uid, f.m.uid);
	CHECK_INT(f.locks.own_uid, test_is_root());
	if (test_is_root())
		CHECK(confine_is_drill_uid(f.m.uid));
	else
		CHECK_INT(f.m.uid, getuid());
	drop_fixture(&f);
}

TEST(a_sparse_decoy_takes_little_of_the_disk)
{
	struct fixture f;
	make_fixture(&f);
	REQUIRE_OK(plant(&f), f.e);
	AUTO_BUF struct buf path;
	struct stat st;
	buf_init(&path, 8 * KIB);
	buf_addf(&path, "%s/", f.r.arena);
	REQUIRE_OK(manifest_path(&f.m, 42, &path, &f.e), f.e);
	REQUIRE(stat(buf_text(&path), &st) == 0);
	CHECK_INT(st.st_size, 20 * MIB);
	CHECK(st.st_blocks <= (blkcnt_t)(2 * MIB / 512));
	drop_fixture(&f);
}

/* The plan follows the seed, the content never does. */
TEST(the_same_seed_plants_the_same_names_with_other_contents)
{
	struct fixture f;
	make_fixture(&f);
	REQUIRE_OK(plant(&f), f.e);
	struct manifest first = f.m;
	f.r.arena = test_path("second");
	REQUIRE_OK(plant(&f), f.e);
	REQUIRE(f.m.n_files == first.n_files);
	for (uint32_t i = 0; i < first.n_files; i++) {
		CHECK_TEXT(f.m.files[i].name, first.files[i].name);
		CHECK_INT(f.m.files[i].size_bytes, first.files[i].size_bytes);
		if (first.files[i].size_bytes > 200)
			CHECK(!digest_equal(&f.m.files[i].whole, &first.files[i].whole));
	}
	drop_fixture(&f);
}

TEST(further_generations_join_the_arena_and_the_manifest)
{
	struct fixture f;
	make_fixture(&f);
	REQUIRE_OK(plant(&f), f.e);
	for (uint32_t generation = 1; generation <= 2; generation++) {
		struct manifest so_far;
		REQUIRE_OK(planting_load(f.keep_fd, f.pool, &so_far, &f.e), f.e);
		f.r.so_far = &so_far;
		f.r.generation = generation;
		f.r.n_decoys = 10;
		f.r.wall_ns += 86400000000000;
		REQUIRE_OK(plant(&f), f.e);
		CHECK_INT(f.m.n_generations, generation + 1);
		CHECK_INT(f.m.n_files, 43 + 10 * generation);
		CHECK_INT(f.m.uid, so_far.uid);
		check_planted(&f, &f.m);
	}
	drop_fixture(&f);
}

TEST(an_empty_folder_of_ours_becomes_the_arena)
{
	struct fixture f;
	make_fixture(&f);
	REQUIRE(mkdir(f.r.arena, 0755) == 0);
	REQUIRE_OK(plant(&f), f.e);
	check_planted(&f, &f.m);
	drop_fixture(&f);
}

/* The user's own empty folder goes only when the arena takes its place. */
#ifdef TOCSIN_FAULTS
TEST(an_empty_folder_of_ours_stays_where_the_planting_does_not_come_to_its_name)
{
	static const char *const points[] = { "planting_keep", "planting_arena", "planting_name" };
	for (size_t i = 0; i < COUNT_OF(points); i++) {
		struct fixture f;
		struct stat before;
		struct stat after;
		make_fixture(&f);
		REQUIRE(mkdir(f.r.arena, 0755) == 0 && stat(f.r.arena, &before) == 0);
		fault_arm(points[i], 1);
		CHECK(plant(&f) != OK);
		fault_disarm();
		CHECK(stat(f.r.arena, &after) == 0 && after.st_ino == before.st_ino);
		CHECK(rmdir(f.r.arena) == 0);
		(void)unlink(test_path("home/drills/a/planting"));
		(void)rmdir(test_path(".tocsin-arena-018f0000-0000-7000-8000-000000000001"));
		drop_fixture(&f);
	}
}
#endif

TEST(what_comes_into_the_folder_that_is_to_become_the_arena_is_not_lost)
{
	struct fixture f;
	make_fixture(&f);
	REQUIRE(mkdir(f.r.arena, 0755) == 0);
	test_write_file(test_path("arena/mine"), "mine", 4);
	CHECK_INT(plant(&f), E_CONFLICT);
	CHECK(access(test_path("arena/mine"), F_OK) == 0);
	drop_fixture(&f);
}

/* --- the seal --- */

static bool watch_stops(void *context)
{
	(void)context;
	return true;
}

/* A record as anybody could write one: whole, with its closing hash, and with true inodes. */
static void write_record(struct fixture *f, const char *name, struct manifest *m,
	const char *ending, size_t n_ending)
{
	AUTO_BUF struct buf bytes;
	buf_init(&bytes, MIB);
	REQUIRE_OK(manifest_write(m, &bytes, &f->e), f->e);
	buf_add(&bytes, (struct view){ ending, n_ending });
	REQUIRE_OK(file_replace(f->keep_fd, name, buf_view(&bytes), 0600, &f->e), f->e);
}

TEST(a_record_that_this_state_folder_did_not_seal_is_believed_by_nobody)
{
	static const char none[SEAL_BYTES] = SEAL_MAGIC;
	static const char *const names[] = { "manifest", "planting" };
	struct fixture f;
	make_fixture(&f);
	REQUIRE_OK(plant(&f), f.e);
	struct manifest forged = f.m;
	struct manifest_generation two[2] = { { 1, f.m.n_files }, { 2, 0 } };
	forged.generations = two;
	forged.n_generations = 2;
	for (size_t i = 0; i < COUNT_OF(names) * 2; i++) {
		struct manifest loaded;
		bool partial = false;
		write_record(&f, names[i % 2], &forged, none, i < 2 ? 0 : sizeof none);
		CHECK_INT(planting_load_partial(f.keep_fd, f.pool, &loaded, &partial, &f.e),
			E_DENIED);
		CHECK(strstr(f.e.text, names[i % 2]) != NULL);
		CHECK(strstr(f.e.text, "Nothing was touched") != NULL);
		CHECK(strstr(f.e.text, f.r.arena) == NULL); /* a forger's word is not passed on */
		if (i % 2 == 0)
			CHECK_INT(planting_load(f.keep_fd, f.pool, &loaded, &f.e), E_DENIED);
		REQUIRE(unlinkat(f.keep_fd, names[i % 2], 0) == 0);
	}
	drop_fixture(&f);
}

TEST(a_plan_that_was_sealed_does_not_pass_for_a_manifest)
{
	struct fixture f;
	struct drill_watch w = { .stop_wanted = watch_stops };
	struct manifest loaded;
	make_fixture(&f);
	f.r.watch = &w;
	CHECK_INT(plant(&f), E_STOPPED);
	REQUIRE(renameat(f.keep_fd, "planting", f.keep_fd, "manifest") == 0);
	CHECK_INT(planting_load(f.keep_fd, f.pool, &loaded, &f.e), E_DENIED);
	drop_fixture(&f);
}

TEST(a_stop_ends_the_planting_and_leaves_a_truthful_record)
{
	struct fixture f;
	struct drill_watch w = { .stop_wanted = watch_stops };
	bool partial = false;
	make_fixture(&f);
	f.r.watch = &w;
	CHECK_INT(plant(&f), E_STOPPED);
	struct manifest left;
	REQUIRE_OK(planting_load_partial(f.keep_fd, f.pool, &left, &partial, &f.e), f.e);
	CHECK(partial);
	CHECK(left.arena_inode != 0);
	drop_fixture(&f);
}

static void count_progress(const struct drill_progress *now, void *context)
{
	uint64_t *most = context;
	CHECK_INT(now->stage, DRILL_STAGE_PLANT);
	CHECK(now->n_done <= now->n_total);
	*most = now->n_total;
}

TEST(progress_is_told)
{
	struct fixture f;
	uint64_t n_total = 0;
	struct drill_watch w = { .progress = count_progress, .context = &n_total };
	make_fixture(&f);
	f.r.watch = &w;
	REQUIRE_OK(plant(&f), f.e);
	CHECK_INT(n_total, 43);
	drop_fixture(&f);
}

/* --- refusals --- */

static void check_refused(struct fixture *f, enum status wanted, const char *because)
{
	CHECK_INT(plant(f), wanted);
	if (strstr(f->e.text, because) == NULL)
		test_fail(__FILE__, __LINE__, "'%s' does not tell of '%s'", f->e.text, because);
	CHECK(!kept("manifest"));
	CHECK(!kept("planting"));
}

TEST(paths_that_are_not_plain_are_refused)
{
	static const char *const paths[] = { "", "/", "arena", "./arena", "/var/tmp/../tmp/arena",
		"/var/tmp//arena", "/var/tmp/arena/", "/var/tmp/./arena", "/var/tmp/.." };
	struct fixture f;
	make_fixture(&f);
	for (size_t i = 0; i < COUNT_OF(paths); i++) {
		f.r.arena = paths[i];
		check_refused(&f, E_INVALID, "plain absolute path");
	}
	drop_fixture(&f);
}

TEST(a_folder_that_holds_something_is_refused)
{
	struct fixture f;
	make_fixture(&f);
	REQUIRE(mkdir(f.r.arena, 0700) == 0);
	test_write_file(test_path("arena/precious.txt"), "mine", 4);
	check_refused(&f, E_CONFLICT, "not empty");
	struct stat st;
	CHECK(stat(test_path("arena/precious.txt"), &st) == 0);
	drop_fixture(&f);
}

TEST(a_file_in_the_arenas_place_is_refused)
{
	struct fixture f;
	make_fixture(&f);
	test_write_file(test_path("arena"), "x", 1);
	check_refused(&f, E_CONFLICT, "no folder");
	drop_fixture(&f);
}

TEST(links_are_refused_as_arena_and_on_the_way_to_it)
{
	struct fixture f;
	make_fixture(&f);
	REQUIRE(mkdir(test_path("real"), 0700) == 0);
	REQUIRE(symlink(test_path("real"), test_path("arena")) == 0);
	check_refused(&f, E_DENIED, "symbolic link");
	f.r.arena = test_path("arena/inside");
	check_refused(&f, E_DENIED, "symbolic link");
	drop_fixture(&f);
}

TEST(a_parent_that_is_not_there_is_named)
{
	struct fixture f;
	make_fixture(&f);
	f.r.arena = test_path("nowhere/arena");
	check_refused(&f, E_ABSENT, "does not exist");
	drop_fixture(&f);
}

TEST(a_parent_that_others_may_write_is_refused)
{
	struct fixture f;
	make_fixture(&f);
	REQUIRE(mkdir(test_path("shared"), 0700) == 0);
	REQUIRE(chmod(test_path("shared"), 0777) == 0);
	f.r.arena = test_path("shared/arena");
	check_refused(&f, E_DENIED, "shared");
	drop_fixture(&f);
}

TEST(the_state_folder_is_no_place_for_an_arena)
{
	struct fixture f;
	make_fixture(&f);
	f.r.arena = test_path("home/arena");
	check_refused(&f, E_DENIED, "state folder");
	f.r.arena = test_path("home/drills/a/arena");
	check_refused(&f, E_DENIED, "state folder");
	drop_fixture(&f);
}

TEST(proc_and_its_like_are_refused_by_the_kind_of_file_system)
{
	struct fixture f;
	make_fixture(&f);
	f.r.arena = "/proc/sys/arena";
	check_refused(&f, E_DENIED, "proc");
	drop_fixture(&f);
}

TEST(an_arena_that_belongs_to_another_user_is_refused)
{
	struct fixture f;
	if (!test_is_root())
		test_skip("only root can give folders away");
	make_fixture(&f);
	REQUIRE(mkdir(f.r.arena, 0700) == 0 && chown(f.r.arena, 65534, 65534) == 0);
	check_refused(&f, E_DENIED, "belongs to uid 65534");
	drop_fixture(&f);
}

TEST(mounts_are_refused_as_arena)
{
	struct fixture f;
	if (!test_is_root())
		test_skip("only root can mount");
	make_fixture(&f);
	REQUIRE(mkdir(f.r.arena, 0700) == 0);
	if (mount("none", f.r.arena, "tmpfs", 0, "size=1m") != 0)
		test_skip("this system does not let us mount");
	check_refused(&f, E_DENIED, "mounted");
	CHECK(umount2(f.r.arena, MNT_DETACH) == 0);
	drop_fixture(&f);
}

TEST(another_folder_in_the_arenas_place_gets_no_further_generation)
{
	struct fixture f;
	make_fixture(&f);
	REQUIRE_OK(plant(&f), f.e);
	struct manifest so_far = f.m;
	f.r.so_far = &so_far;
	f.r.generation = 1;
	REQUIRE(rename(f.r.arena, test_path("moved")) == 0);
	CHECK_INT(plant(&f), E_ABSENT);
	REQUIRE(mkdir(f.r.arena, 0700) == 0);
	CHECK_INT(plant(&f), E_CONFLICT);
	CHECK(rmdir(f.r.arena) == 0);
	drop_fixture(&f);
}

/* --- a full disk --- */

static bool mount_small_disk(const char *size)
{
	AUTO_BUF struct buf script;
	AUTO_BUF struct buf output;
	struct command_result result;
	struct error e = ERROR_NONE;
	char program[] = "sh";
	char option[] = "-c";
	buf_init(&script, 8 * KIB);
	buf_init(&output, 8 * KIB);
	buf_addf(&script,
		"cd '%s' && mkdir disk && truncate -s %s image && mkfs.ext4 -q -F image && "
		"mount -o loop image disk && rmdir disk/lost+found",
		test_folder(), size);
	char *argv[] = { program, option, script.at, NULL };
	struct command c = { .argv = argv, .limit_ns = 30 * 1000000000LL };
	return command_run(&c, &output, &result, &e) == OK && result.exit_status == 0;
}

TEST(a_disk_that_is_too_small_is_told_before_anything_is_made)
{
	struct fixture f;
	if (!test_is_root())
		test_skip("only root can mount a small disk");
	make_fixture(&f);
	if (!mount_small_disk("24M"))
		test_skip("this system has no loop devices");
	f.r.arena = test_path("disk/arena");
	f.r.n_decoys = 200;
	check_refused(&f, E_NO_SPACE, "must stay free");
	CHECK(umount2(test_path("disk"), MNT_DETACH) == 0);
	drop_fixture(&f);
}

static void fill_disk(const struct drill_progress *now, void *context)
{
	bool *filled = context;
	static char junk[1 * MIB];
	(void)now;
	if (*filled)
		return;
	*filled = true;
	AUTO_FD int fd = open(test_path("disk/junk"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	memset(junk, 7, sizeof junk);
	for (int i = 0; i < 400 && write(fd, junk, sizeof junk) > 0; i++)
		;
}

/* Somebody else fills it while the planter works. */
TEST(a_disk_that_fills_up_on_the_way_is_a_clear_error_and_can_be_undone)
{
	struct fixture f;
	bool filled = false;
	bool partial = false;
	struct drill_watch w = { .progress = fill_disk, .context = &filled };
	if (!test_is_root())
		test_skip("only root can mount a small disk");
	make_fixture(&f);
	if (!mount_small_disk("300M"))
		test_skip("this system has no loop devices");
	f.r.arena = test_path("disk/arena");
	f.r.n_decoys = 1000;
	f.r.watch = &w;
	CHECK_INT(plant(&f), E_NO_SPACE);
	CHECK(strstr(f.e.text, "No space left") != NULL);
	struct manifest left;
	REQUIRE_OK(planting_load_partial(f.keep_fd, f.pool, &left, &partial, &f.e), f.e);
	CHECK(partial);
	CHECK(umount2(test_path("disk"), MNT_DETACH) == 0);
	drop_fixture(&f);
}

/* --- killed --- */

#ifdef TOCSIN_FAULTS

struct tree_count {
	uint32_t n_known, n_unknown;
};

/* Everything beneath `fd` must be an object that the manifest plans in that folder. */
static void count_tree(const struct manifest *m, uint32_t folder, int fd, struct tree_count *n)
{
	DIR *dir = fdopendir(fd);
	REQUIRE(dir != NULL);
	for (const struct dirent *d = readdir(dir); d != NULL; d = readdir(dir)) {
		if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
			continue;
		bool known = false;
		for (uint32_t i = 0; i < m->n_files; i++)
			known |= m->files[i].folder == folder &&
				 strcmp(m->files[i].name, d->d_name) == 0;
		for (uint32_t i = 0; i < m->n_folders; i++) {
			if (m->folders[i].parent != folder ||
				strcmp(m->folders[i].name, d->d_name) != 0)
				continue;
			known = true;
			int child =
				openat(dirfd(dir), d->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
			REQUIRE(child >= 0);
			count_tree(m, i, child, n);
		}
		n->n_known += known;
		n->n_unknown += !known;
	}
	(void)closedir(dir);
}

/* The arena before it got its name. */
static const char *first_path(const struct fixture *f)
{
	struct manifest m = { .n_files = 0 };
	char name[PLANTING_NAME_BYTES];
	(void)snprintf(m.id, sizeof m.id, "%s", f->r.id);
	planting_first_name(&m, name);
	return test_path(name);
}

/* What the record says covers all that stands in the arena. */
static void check_record(struct fixture *f, struct tree_count *n)
{
	struct manifest left;
	bool partial = false;
	struct error e = ERROR_NONE;
	*n = (struct tree_count){ 0 };
	struct stat st;
	struct stat first;
	bool unnamed = stat(first_path(f), &first) == 0;
	bool stands = stat(f->r.arena, &st) == 0;
	enum status status = planting_load_partial(f->keep_fd, f->pool, &left, &partial, &e);
	if (status == E_ABSENT) {
		CHECK(!stands && !unnamed);
		return;
	}
	REQUIRE_OK(status, e);
	if (unnamed) { /* empty, and known by its inode or by the id in its name alone */
		CHECK(partial && !stands);
		CHECK(left.arena_inode == 0 || left.arena_inode == first.st_ino);
		CHECK(rmdir(first_path(f)) == 0);
	}
	CHECK_TEXT(left.arena, f->r.arena);
	if (!stands)
		return;
	int fd = -1;
	REQUIRE_OK(file_open_folder(f->r.arena, &fd, &e), e);
	count_tree(&left, FOLDER_ROOT, fd, n);
	CHECK_INT(n->n_unknown, 0);
	CHECK(n->n_known == 0 || left.arena_inode == st.st_ino);
	if (!partial)
		CHECK_INT(n->n_known, left.n_files + left.n_folders);
}

static void check_fault(const char *point, long nth, bool kills)
{
	struct fixture f;
	struct tree_count n;
	char fault[100];
	make_fixture(&f);
	char name[100];
	(void)snprintf(name, sizeof name, "arena-%s-%ld-%d", point, nth, kills);
	f.r.arena = test_path(name);
	(void)snprintf(fault, sizeof fault, "%s:%ld%s", point, nth, kills ? ":kill" : "");
	REQUIRE(setenv("TOCSIN_FAULT", fault, 1) == 0);
	enum status status = plant(&f);
	REQUIRE(unsetenv("TOCSIN_FAULT") == 0);
	if (status == OK || f.e.text[0] == '\0')
		test_fail(__FILE__, __LINE__, "%s: nothing went wrong", fault);
	/* The locks refuse even kill(2) on itself: either signal ends it on the spot. */
	if (kills && strstr(f.e.text, "ended by signal") == NULL)
		test_fail(__FILE__, __LINE__, "%s: %s", fault, f.e.text);
	check_record(&f, &n);
	drop_fixture(&f);
}

TEST(a_planter_killed_anywhere_leaves_only_what_the_record_names)
{
	static const struct {
		const char *point;
		long nth;
	} kills[] = { { "planter_folder", 1 }, { "planter_folder", 4 }, { "planter_file", 1 },
		{ "planter_file", 20 }, { "planter_file", 43 }, { "planter_write", 1 },
		{ "planter_write", 33 }, { "planter_sync", 1 }, { "content_output", 10 } };
	for (size_t i = 0; i < COUNT_OF(kills); i++)
		check_fault(kills[i].point, kills[i].nth, true);
}

TEST(a_planter_that_fails_anywhere_says_so)
{
	static const struct {
		const char *point;
		long nth;
	} faults[] = { { "planter_folder", 2 }, { "planter_file", 7 }, { "planter_write", 5 },
		{ "planter_writing", 1 }, { "planter_report", 1 }, { "planter_sync", 1 },
		{ "content_output", 3 }, { "content_archive", 2 }, { "pool_take", 1 } };
	for (size_t i = 0; i < COUNT_OF(faults); i++)
		check_fault(faults[i].point, faults[i].nth, false);
}

/* The conductor itself fails at its own points: in this process, so that each can be reached. */
TEST_WITHIN(a_conductor_that_fails_anywhere_leaves_a_record_or_nothing, 120)
{
	static const char *const points[] = { "planting_keep", "planting_arena", "planting_name",
		"planting_packet", "seal_key", "seal_place", "file_replace_sync",
		"file_replace_rename", "file_sync_folder", "file_memory", "file_identify" };
	for (size_t i = 0; i < COUNT_OF(points); i++) {
		enum status status = E_FAILED;
		for (long nth = 1; nth < 12 && status != OK; nth++) {
			struct fixture f;
			struct tree_count n;
			char name[64];
			make_fixture(&f);
			(void)unlink(test_path("home/drills/a/manifest"));
			(void)unlink(test_path("home/drills/a/planting"));
			(void)unlink(test_path("home/drills/" SEAL_KEY));
			(void)snprintf(name, sizeof name, "arena-%s-%ld", points[i], nth);
			f.r.arena = test_path(name);
			f.r.n_decoys = 5;
			fault_arm(points[i], nth);
			status = plant(&f);
			fault_disarm();
			CHECK(status == OK || f.e.text[0] != '\0');
			check_record(&f, &n);
			drop_fixture(&f);
		}
		CHECK_INT(status, OK);
	}
}

/* The conductor is killed between the steps of its records. */
TEST(a_conductor_killed_between_its_records_leaves_a_truthful_one)
{
	static const struct {
		const char *point;
		long nth;
	} kills[] = { { "planting_keep", 1 }, { "planting_arena", 1 }, { "planting_keep", 2 },
		{ "planting_name", 1 }, { "planting_packet", 1 }, { "planting_keep", 3 },
		{ "file_replace_rename", 3 }, { "file_sync_folder", 4 },
		{ "file_sync_folder", 5 } };
	REQUIRE(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0);
	for (size_t i = 0; i < COUNT_OF(kills); i++) {
		struct fixture f;
		struct tree_count n;
		char name[32];
		make_fixture(&f);
		(void)unlink(test_path("home/drills/a/manifest"));
		(void)unlink(test_path("home/drills/a/planting"));
		(void)snprintf(name, sizeof name, "arena-%zu", i);
		f.r.arena = test_path(name);
		pid_t pid = fork();
		REQUIRE(pid >= 0);
		if (pid == 0) {
			fault_arm_kill(kills[i].point, kills[i].nth);
			(void)plant(&f);
			_exit(0);
		}
		int status = 0;
		REQUIRE(waitpid(pid, &status, 0) == pid);
		CHECK(WIFSIGNALED(status));
		/* Its planter dies with it, by PDEATHSIG, and is then a child of ours. */
		while (waitpid(-1, NULL, 0) > 0)
			continue;
		check_record(&f, &n);
		drop_fixture(&f);
	}
}

TEST(a_killed_further_generation_keeps_the_old_manifest)
{
	struct fixture f;
	bool partial = false;
	make_fixture(&f);
	REQUIRE_OK(plant(&f), f.e);
	struct manifest so_far = f.m;
	f.r.so_far = &so_far;
	f.r.generation = 1;
	f.r.n_decoys = 10;
	REQUIRE(setenv("TOCSIN_FAULT", "planter_file:5:kill", 1) == 0);
	CHECK_INT(plant(&f), E_FAILED);
	REQUIRE(unsetenv("TOCSIN_FAULT") == 0);
	struct manifest old;
	REQUIRE_OK(planting_load(f.keep_fd, f.pool, &old, &f.e), f.e);
	CHECK(digest_equal(&old.hash, &so_far.hash));
	check_planted(&f, &old);
	struct manifest left;
	REQUIRE_OK(planting_load_partial(f.keep_fd, f.pool, &left, &partial, &f.e), f.e);
	CHECK(partial);
	CHECK_INT(left.n_files, 53);
	CHECK(left.files[0].inode != 0);
	CHECK_INT(left.files[52].inode, 0);
	struct tree_count n;
	check_record(&f, &n);
	drop_fixture(&f);
}
#endif
