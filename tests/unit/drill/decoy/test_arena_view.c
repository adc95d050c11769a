/*
 * The view of an arena opens what was planted and nothing that was put in its place.
 */
#include "drill/decoy/planting.h"
#include "sys/file.h"
#include "tests/lib/test.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

/* arena/outer/inner/decoy.txt and arena/top.txt, with a manifest that fits. */
struct fixture {
	struct manifest m;
	struct manifest_generation generation;
	struct manifest_folder folders[2];
	struct manifest_file files[2];
	struct pool *pool;
	int root_fd;
	struct arena_view v;
};

static struct file_identity identity_of(const char *name)
{
	struct file_identity id;
	struct error e = ERROR_NONE;
	AUTO_FD int fd = open(test_path(name), O_PATH | O_NOFOLLOW | O_CLOEXEC);
	REQUIRE(fd >= 0);
	REQUIRE_OK(file_identify(fd, &id, &e), e);
	return id;
}

static void make_fixture(struct fixture *f)
{
	struct error e = ERROR_NONE;
	*f = (struct fixture){ .generation = { 1, 2 } };
	REQUIRE(mkdir(test_path("arena"), 0700) == 0);
	REQUIRE(mkdir(test_path("arena/outer"), 0700) == 0);
	REQUIRE(mkdir(test_path("arena/outer/inner"), 0700) == 0);
	test_write_file(test_path("arena/outer/inner/decoy.txt"), "decoy", 5);
	test_write_file(test_path("arena/top.txt"), "top", 3);
	test_write_file(test_path("outside.txt"), "outside", 7);
	struct file_identity root = identity_of("arena");
	f->folders[0] =
		(struct manifest_folder){ FOLDER_ROOT, "outer", identity_of("arena/outer").inode };
	f->folders[1] =
		(struct manifest_folder){ 0, "inner", identity_of("arena/outer/inner").inode };
	f->files[0] = (struct manifest_file){ .folder = 1,
		.name = "decoy.txt",
		.size_bytes = 5,
		.inode = identity_of("arena/outer/inner/decoy.txt").inode };
	f->files[1] = (struct manifest_file){ .folder = FOLDER_ROOT,
		.name = "top.txt",
		.size_bytes = 3,
		.inode = identity_of("arena/top.txt").inode };
	f->m = (struct manifest){ .id = "a",
		.device = root.device,
		.arena_inode = root.inode,
		.uid = geteuid(),
		.arena = "/a",
		.generations = &f->generation,
		.n_generations = 1,
		.folders = f->folders,
		.n_folders = 2,
		.files = f->files,
		.n_files = 2 };
	f->pool = pool_new(1 * MIB);
	f->root_fd = open(test_path("arena"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	REQUIRE(f->root_fd >= 0 && f->pool != NULL);
	REQUIRE_OK(arena_view_open(f->root_fd, &f->m, f->pool, &f->v, &e), e);
}

static void drop_fixture(struct fixture *f)
{
	arena_view_close(&f->v);
	(void)close(f->root_fd);
	pool_free(f->pool);
}

static enum status open_decoy(struct fixture *f, int flags, struct error *e)
{
	AUTO_FD int fd = -1;
	*e = ERROR_NONE;
	return arena_open_file(&f->v, 0, NULL, flags, &fd, e);
}

/* Refused because it is foreign, in every way of opening. */
static void check_foreign(struct fixture *f)
{
	static const int ways[] = { O_RDONLY, O_RDWR, O_WRONLY };
	for (size_t i = 0; i < COUNT_OF(ways); i++) {
		struct error e;
		CHECK_INT(open_decoy(f, ways[i], &e), E_DENIED);
		CHECK_INT(e.errno_value, 0);
		CHECK(e.text[0] != '\0');
	}
}

static void check_outside_untouched(void)
{
	AUTO_BUF struct buf b;
	struct error e = ERROR_NONE;
	buf_init(&b, 100);
	REQUIRE_OK(file_read_all(AT_FDCWD, test_path("outside.txt"), 100, &b, &e), e);
	CHECK_TEXT(buf_text(&b), "outside");
}

TEST(planted_files_open_through_their_folders)
{
	struct fixture f;
	struct error e = ERROR_NONE;
	char bytes[8] = "";
	make_fixture(&f);
	AUTO_FD int fd = -1;
	REQUIRE_OK(arena_open_file(&f.v, 0, NULL, O_RDWR, &fd, &e), e);
	CHECK_INT(read(fd, bytes, sizeof bytes), 5);
	CHECK_TEXT(bytes, "decoy");
	AUTO_FD int top = -1;
	REQUIRE_OK(arena_open_file(&f.v, 1, NULL, O_RDONLY, &top, &e), e);
	int root = -1;
	REQUIRE_OK(arena_folder(&f.v, FOLDER_ROOT, &root, &e), e);
	CHECK_INT(root, f.root_fd);
	drop_fixture(&f);
}

TEST(a_renamed_decoy_opens_by_its_new_name)
{
	struct fixture f;
	struct error e = ERROR_NONE;
	make_fixture(&f);
	REQUIRE(rename(test_path("arena/outer/inner/decoy.txt"),
			test_path("arena/outer/inner/decoy.txt.locked")) == 0);
	CHECK_INT(open_decoy(&f, O_RDONLY, &e), E_ABSENT);
	AUTO_FD int fd = -1;
	REQUIRE_OK(arena_open_file(&f.v, 0, "decoy.txt.locked", O_RDWR, &fd, &e), e);
	static const char *const bad[] = { "", ".", "..", "a/b", "/etc/passwd" };
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		int other = -1;
		CHECK_INT(arena_open_file(&f.v, 0, bad[i], O_RDONLY, &other, &e), E_INVALID);
	}
	drop_fixture(&f);
}

TEST(another_folder_is_not_the_arena)
{
	struct fixture f;
	struct arena_view v;
	struct error e = ERROR_NONE;
	make_fixture(&f);
	AUTO_FD int other = open(test_path("arena/outer"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK_INT(arena_view_open(other, &f.m, f.pool, &v, &e), E_DENIED);
	f.m.device++;
	CHECK_INT(arena_view_open(f.root_fd, &f.m, f.pool, &v, &e), E_DENIED);
	f.m.device--;
	f.m.uid++;
	CHECK_INT(arena_view_open(f.root_fd, &f.m, f.pool, &v, &e), E_DENIED);
	f.m.uid--;
	drop_fixture(&f);
}

TEST(a_symbolic_link_in_a_decoys_place_is_foreign)
{
	struct fixture f;
	make_fixture(&f);
	REQUIRE(unlink(test_path("arena/outer/inner/decoy.txt")) == 0);
	REQUIRE(symlink(test_path("outside.txt"), test_path("arena/outer/inner/decoy.txt")) == 0);
	check_foreign(&f);
	check_outside_untouched();
	drop_fixture(&f);
}

TEST(a_symbolic_link_in_a_folders_place_is_foreign)
{
	struct fixture f;
	make_fixture(&f);
	REQUIRE(rename(test_path("arena/outer/inner"), test_path("moved")) == 0);
	REQUIRE(symlink(test_path("moved"), test_path("arena/outer/inner")) == 0);
	check_foreign(&f);
	drop_fixture(&f);
}

TEST(a_magic_link_is_foreign)
{
	struct fixture f;
	char target[64];
	make_fixture(&f);
	AUTO_FD int outside = open(test_path("outside.txt"), O_RDWR | O_CLOEXEC);
	(void)snprintf(target, sizeof target, "/proc/%d/fd/%d", (int)getpid(), outside);
	REQUIRE(unlink(test_path("arena/outer/inner/decoy.txt")) == 0);
	REQUIRE(symlink(target, test_path("arena/outer/inner/decoy.txt")) == 0);
	check_foreign(&f);
	drop_fixture(&f);
}

TEST(a_hard_link_to_an_outside_file_is_foreign)
{
	struct fixture f;
	make_fixture(&f);
	REQUIRE(unlink(test_path("arena/outer/inner/decoy.txt")) == 0);
	REQUIRE(link(test_path("outside.txt"), test_path("arena/outer/inner/decoy.txt")) == 0);
	check_foreign(&f);
	f.v.any_inode = true;
	check_foreign(&f); /* two links, whatever the inode */
	check_outside_untouched();
	drop_fixture(&f);
}

TEST(a_decoy_with_a_second_link_outside_is_foreign)
{
	struct fixture f;
	make_fixture(&f);
	REQUIRE(link(test_path("arena/outer/inner/decoy.txt"), test_path("second")) == 0);
	check_foreign(&f);
	drop_fixture(&f);
}

TEST(a_replaced_file_is_foreign_unless_any_inode_will_do)
{
	struct fixture f;
	struct error e;
	make_fixture(&f);
	REQUIRE(rename(test_path("outside.txt"), test_path("arena/outer/inner/decoy.txt")) == 0);
	check_foreign(&f);
	f.v.unfinished = true;
	check_foreign(&f); /* the manifest knows an inode, so only that one fits */
	f.v.any_inode = true;
	CHECK_INT(open_decoy(&f, O_RDONLY, &e), OK);
	drop_fixture(&f);
}

TEST(a_planned_file_without_an_inode_opens_only_in_an_unfinished_view)
{
	struct fixture f;
	struct error e;
	make_fixture(&f);
	f.files[0].inode = 0;
	check_foreign(&f);
	f.v.unfinished = true;
	CHECK_INT(open_decoy(&f, O_RDONLY, &e), OK);
	drop_fixture(&f);
}

TEST(a_replaced_folder_is_foreign)
{
	struct fixture f;
	make_fixture(&f);
	REQUIRE(rename(test_path("arena/outer"), test_path("elsewhere")) == 0);
	REQUIRE(mkdir(test_path("arena/outer"), 0700) == 0);
	REQUIRE(rename(test_path("elsewhere/inner"), test_path("arena/outer/inner")) == 0);
	check_foreign(&f);
	drop_fixture(&f);
}

TEST(a_file_in_a_folders_place_is_foreign)
{
	struct fixture f;
	make_fixture(&f);
	REQUIRE(rename(test_path("arena/outer/inner"), test_path("elsewhere")) == 0);
	test_write_file(test_path("arena/outer/inner"), "x", 1);
	check_foreign(&f);
	drop_fixture(&f);
}

TEST(a_folder_in_a_files_place_is_foreign)
{
	struct fixture f;
	make_fixture(&f);
	REQUIRE(unlink(test_path("arena/outer/inner/decoy.txt")) == 0);
	REQUIRE(mkdir(test_path("arena/outer/inner/decoy.txt"), 0700) == 0);
	check_foreign(&f);
	f.v.any_inode = true;
	check_foreign(&f);
	drop_fixture(&f);
}

/* Would block for ever where it were opened as a file, or let a reader of it go on. */
TEST_WITHIN(a_pipe_is_foreign_and_nobody_waits_for_it, 10)
{
	struct fixture f;
	make_fixture(&f);
	REQUIRE(unlink(test_path("arena/outer/inner/decoy.txt")) == 0);
	REQUIRE(mkfifo(test_path("arena/outer/inner/decoy.txt"), 0600) == 0);
	check_foreign(&f);
	f.v.any_inode = true;
	check_foreign(&f);
	drop_fixture(&f);
}

TEST(a_device_is_foreign)
{
	struct fixture f;
	if (!test_is_root())
		test_skip("only root can make a device");
	make_fixture(&f);
	REQUIRE(unlink(test_path("arena/outer/inner/decoy.txt")) == 0);
	if (mknod(test_path("arena/outer/inner/decoy.txt"), S_IFCHR | 0600, 0x103) != 0)
		test_skip("this system makes no devices");
	f.v.any_inode = true;
	check_foreign(&f);
	drop_fixture(&f);
}

TEST(a_bind_mount_over_a_decoy_is_foreign)
{
	struct fixture f;
	if (!test_is_root())
		test_skip("only root can mount");
	make_fixture(&f);
	if (mount(test_path("outside.txt"), test_path("arena/outer/inner/decoy.txt"), NULL, MS_BIND,
		    NULL) != 0)
		test_skip("this system does not let us mount");
	f.v.any_inode = true;
	check_foreign(&f);
	CHECK(umount2(test_path("arena/outer/inner/decoy.txt"), MNT_DETACH) == 0);
	check_outside_untouched();
	drop_fixture(&f);
}

TEST(a_bind_mount_over_a_folder_is_foreign)
{
	struct fixture f;
	if (!test_is_root())
		test_skip("only root can mount");
	make_fixture(&f);
	REQUIRE(mkdir(test_path("victim"), 0700) == 0);
	test_write_file(test_path("victim/decoy.txt"), "victim", 6);
	if (mount(test_path("victim"), test_path("arena/outer/inner"), NULL, MS_BIND, NULL) != 0)
		test_skip("this system does not let us mount");
	f.v.any_inode = true;
	check_foreign(&f);
	CHECK(umount2(test_path("arena/outer/inner"), MNT_DETACH) == 0);
	drop_fixture(&f);
}

/* Even the same folder, mounted over itself: the inode fits, the mount does not. */
TEST(the_same_folder_mounted_over_itself_is_foreign)
{
	struct fixture f;
	if (!test_is_root())
		test_skip("only root can mount");
	make_fixture(&f);
	if (mount(test_path("arena/outer/inner"), test_path("arena/outer/inner"), NULL, MS_BIND,
		    NULL) != 0)
		test_skip("this system does not let us mount");
	check_foreign(&f);
	CHECK(umount2(test_path("arena/outer/inner"), MNT_DETACH) == 0);
	drop_fixture(&f);
}

/* The kernel is asked for no crossing of mounts already; this is the second look. */
TEST(a_file_on_another_mount_than_the_arenas_is_foreign)
{
	struct fixture f;
	struct error e;
	make_fixture(&f);
	f.v.root_mount_id++;
	check_foreign(&f);
	f.v.root_mount_id--;
	REQUIRE_OK(open_decoy(&f, O_RDWR, &e), e);
	drop_fixture(&f);
}

TEST(a_decoy_of_another_owner_is_foreign)
{
	struct fixture f;
	if (!test_is_root())
		test_skip("only root can give files away");
	make_fixture(&f);
	REQUIRE(chown(test_path("arena/outer/inner/decoy.txt"), 65534, 65534) == 0);
	check_foreign(&f);
	REQUIRE(chown(test_path("arena/outer/inner/decoy.txt"), 0, 0) == 0);
	REQUIRE(chown(test_path("arena/outer/inner"), 65534, 65534) == 0);
	arena_view_close(&f.v); /* a folder that is open is that folder, whoever owns it now */
	check_foreign(&f);
	drop_fixture(&f);
}

TEST(what_the_kernel_refuses_keeps_its_errno)
{
	struct fixture f;
	struct error e;
	if (test_is_root())
		test_skip("root is refused nothing");
	make_fixture(&f);
	REQUIRE(chmod(test_path("arena/outer/inner/decoy.txt"), 0400) == 0);
	CHECK_INT(open_decoy(&f, O_RDWR, &e), E_DENIED);
	CHECK_INT(e.errno_value, EACCES);
	CHECK_INT(open_decoy(&f, O_RDONLY, &e), OK);
	drop_fixture(&f);
}

TEST(a_missing_folder_is_absent)
{
	struct fixture f;
	struct error e;
	make_fixture(&f);
	REQUIRE(rename(test_path("arena/outer"), test_path("elsewhere")) == 0);
	CHECK_INT(open_decoy(&f, O_RDONLY, &e), E_ABSENT);
	drop_fixture(&f);
}

/* More folders than a view keeps open: the longest unused are closed, and open again when needed.
 */
TEST(many_folders_do_not_need_as_many_descriptors)
{
	enum { FOLDERS = ARENA_FOLDERS_OPEN_MAX + 100 };
	static struct manifest_folder folders[FOLDERS];
	static char names[FOLDERS][16];
	struct error e = ERROR_NONE;
	AUTO(pool_free) struct pool *p = pool_new(1 * MIB);
	REQUIRE(mkdir(test_path("many"), 0700) == 0);
	struct file_identity root = identity_of("many");
	for (uint32_t i = 0; i < FOLDERS; i++) {
		char path[32];
		(void)snprintf(names[i], sizeof names[i], "f%u", i);
		(void)snprintf(path, sizeof path, "many/%s", names[i]);
		REQUIRE(mkdir(test_path(path), 0700) == 0);
		folders[i] =
			(struct manifest_folder){ FOLDER_ROOT, names[i], identity_of(path).inode };
	}
	struct manifest m = { .device = root.device,
		.arena_inode = root.inode,
		.uid = geteuid(),
		.folders = folders,
		.n_folders = FOLDERS };
	AUTO_FD int root_fd = open(test_path("many"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct arena_view v;
	REQUIRE_OK(arena_view_open(root_fd, &m, p, &v, &e), e);
	for (int round = 0; round < 3; round++)
		for (uint32_t i = 0; i < FOLDERS; i++) {
			int fd = -1;
			struct file_identity id;
			REQUIRE_OK(arena_folder(&v, i, &fd, &e), e);
			REQUIRE_OK(file_identify(fd, &id, &e), e);
			CHECK_INT(id.inode, folders[i].inode);
			CHECK(v.n_open <= ARENA_FOLDERS_OPEN_MAX);
		}
	arena_view_close(&v);
	CHECK_INT(v.n_open, 0);
}
