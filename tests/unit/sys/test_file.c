/*
 * Files by descriptor: what opens, what is refused, and that replacing is all or nothing.
 */
#include "sys/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "tests/lib/faults.h"
#include "tests/lib/test.h"

static int open_test_folder(void)
{
	struct error e;
	int fd = -1;
	REQUIRE_OK(file_open_folder(test_folder(), &fd, &e), e);
	return fd;
}

TEST(a_file_is_opened_beneath_its_folder)
{
	struct error e;
	int fd = -1;
	int folder_fd = open_test_folder();
	REQUIRE(mkdir(test_path("a"), 0700) == 0);
	test_write_file(test_path("a/b"), "x", 1);
	REQUIRE_OK(file_open_beneath(folder_fd, "a/b", O_RDONLY, 0, &fd, &e), e);
	CHECK((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
	CHECK_INT(file_open_beneath(folder_fd, "a/c", O_RDONLY, 0, &fd, &e), E_ABSENT);
	CHECK_INT(e.errno_value, ENOENT);
	CHECK_INT(file_open_beneath(folder_fd, "a/b", O_WRONLY | O_CREAT | O_EXCL, 0600, &fd, &e),
		E_CONFLICT);
}

TEST(no_way_leads_out_of_the_folder)
{
	struct error e;
	int fd = -1;
	int folder_fd = open_test_folder();
	REQUIRE(mkdir(test_path("in"), 0700) == 0);
	test_write_file(test_path("outside"), "x", 1);
	int in_fd = openat(folder_fd, "in", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	REQUIRE(in_fd >= 0);
	REQUIRE(symlink("../outside", test_path("in/link")) == 0);
	REQUIRE(symlink("..", test_path("in/up")) == 0);
	REQUIRE(symlink("/proc/self/root", test_path("in/magic")) == 0);
	static const char *const names[] = { "../outside", "link", "up/outside", "magic/etc/passwd",
		"/etc/passwd", "" };
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		enum status status = file_open_beneath(in_fd, names[i], O_RDONLY, 0, &fd, &e);
		CHECK(status == E_DENIED || status == E_INVALID);
		CHECK(e.text[0] != '\0');
	}
}

TEST(another_mount_is_not_crossed)
{
	struct error e;
	int fd = -1;
	int root_fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	REQUIRE(root_fd >= 0);
	CHECK_INT(file_open_beneath(root_fd, "proc/version", O_RDONLY, 0, &fd, &e), E_DENIED);
	CHECK_INT(e.errno_value, EXDEV);
}

TEST(a_file_is_known_by_device_inode_mount_and_links)
{
	struct error e;
	struct file_identity a;
	struct stat st;
	test_write_file(test_path("f"), "12345", 5);
	REQUIRE(link(test_path("f"), test_path("g")) == 0);
	int fd = open(test_path("f"), O_RDONLY | O_CLOEXEC);
	REQUIRE(fd >= 0 && fstat(fd, &st) == 0);
	REQUIRE_OK(file_identify(fd, &a, &e), e);
	CHECK(a.device == st.st_dev && a.inode == st.st_ino && a.mode == st.st_mode);
	CHECK_INT(a.n_links, 2);
	CHECK_INT(a.size_bytes, 5);
	CHECK(a.mount_id != 0);
	CHECK_INT(file_identify(-1, &a, &e), E_FAILED);
}

TEST(a_single_name_is_one_component)
{
	char long_name[257];
	memset(long_name, 'a', sizeof long_name);
	CHECK(file_is_single_name(VIEW("a")));
	CHECK(file_is_single_name(VIEW("...")));
	CHECK(file_is_single_name((struct view){ long_name, 255 }));
	CHECK(!file_is_single_name((struct view){ long_name, 256 }));
	CHECK(!file_is_single_name(VIEW("")));
	CHECK(!file_is_single_name(VIEW(".")));
	CHECK(!file_is_single_name(VIEW("..")));
	CHECK(!file_is_single_name(VIEW("a/b")));
	CHECK(!file_is_single_name(VIEW("a\0b")));
}

TEST(folders_are_made_with_their_parents_and_again_without_harm)
{
	struct error e;
	struct stat st;
	REQUIRE_OK(file_make_folders(test_path("a//b/c/"), &e), e);
	REQUIRE_OK(file_make_folders(test_path("a/b/c"), &e), e);
	REQUIRE(stat(test_path("a/b/c"), &st) == 0);
	CHECK_INT(st.st_mode & 07777, 0700);
	test_write_file(test_path("file"), "", 0);
	CHECK_INT(file_make_folders(test_path("file"), &e), E_INVALID);
	CHECK(file_make_folders(test_path("file/below"), &e) != OK);
	CHECK_INT(file_make_folders("", &e), E_INVALID);
}

TEST(no_folder_is_made_or_used_through_a_link)
{
	struct error e;
	struct stat st;
	REQUIRE(mkdir(test_path("victim"), 0755) == 0);
	REQUIRE(symlink("victim", test_path("link")) == 0);
	CHECK_INT(file_make_folders(test_path("link"), &e), E_DENIED);
	CHECK_INT(file_make_folders(test_path("link/below"), &e), E_DENIED);
	CHECK_INT(file_check_own_folder(test_path("link"), &e), E_DENIED);
	CHECK(strstr(e.text, "symbolic link") != NULL);
	CHECK(lstat(test_path("victim/below"), &st) != 0);
	REQUIRE(symlink("nowhere", test_path("dangling")) == 0);
	CHECK_INT(file_make_folders(test_path("dangling"), &e), E_DENIED);
	CHECK(lstat(test_path("nowhere"), &st) != 0);
}

TEST(a_folder_to_write_in_is_written_by_its_owner_alone)
{
	struct error e;
	REQUIRE(mkdir(test_path("a"), 0700) == 0);
	REQUIRE_OK(file_check_own_folder(test_path("a"), &e), e);
	REQUIRE_OK(file_check_own_folder(test_path("a/not/yet"), &e), e);
	REQUIRE(chmod(test_path("a"), 01777) == 0); /* good enough above, not here */
	REQUIRE_OK(file_check_own_folder(test_path("a/b"), &e), e);
	REQUIRE_OK(file_make_folders(test_path("a/b"), &e), e);
	CHECK_INT(file_check_own_folder(test_path("a"), &e), E_DENIED);
	CHECK(strstr(e.text, "1777") != NULL);
	CHECK_INT(file_make_folders(test_path("a"), &e), E_DENIED);
	if (!test_is_root())
		return;
	REQUIRE(chown(test_path("a/b"), 4711, 4711) == 0);
	CHECK_INT(file_check_own_folder(test_path("a/b"), &e), E_DENIED);
	CHECK_INT(file_make_folders(test_path("a/b/c"), &e), E_DENIED);
	CHECK(strstr(e.text, "4711") != NULL);
}

TEST(only_regular_files_are_read_and_none_is_waited_for)
{
	struct error e;
	AUTO_BUF struct buf b = { .ceiling = 0 };
	REQUIRE(mkfifo(test_path("fifo"), 0600) == 0);
	REQUIRE(symlink("fifo", test_path("to-fifo")) == 0);
	CHECK_INT(file_read_all(AT_FDCWD, test_path("to-fifo"), 10, &b, &e), E_INVALID);
	CHECK_INT(file_read_all(AT_FDCWD, "/dev/zero", 10, &b, &e), E_INVALID);
	CHECK_INT(file_read_all(AT_FDCWD, test_folder(), 10, &b, &e), E_INVALID);
}

TEST(a_file_is_read_up_to_its_ceiling_and_not_a_byte_beyond)
{
	struct error e;
	AUTO_BUF struct buf b = { .ceiling = 0 };
	char *bytes = malloc(200000);
	REQUIRE(bytes != NULL);
	memset(bytes, 'z', 200000);
	test_write_file(test_path("f"), bytes, 200000);
	REQUIRE_OK(file_read_all(AT_FDCWD, test_path("f"), 200000, &b, &e), e);
	CHECK_INT(b.len, 200000);
	CHECK(memcmp(b.at, bytes, 200000) == 0);
	free(bytes);
	CHECK_INT(file_read_all(AT_FDCWD, test_path("f"), 199999, &b, &e), E_TOO_BIG);
	CHECK_INT(b.len, 200000); /* written only on success */
	CHECK_INT(file_read_all(AT_FDCWD, test_path("none"), 10, &b, &e), E_ABSENT);
	test_write_file(test_path("empty"), "", 0);
	REQUIRE_OK(file_read_all(AT_FDCWD, test_path("empty"), 0, &b, &e), e);
	CHECK_INT(b.len, 0);
	REQUIRE_OK(file_read_all(AT_FDCWD, "/proc/self/status", 65536, &b, &e), e);
	CHECK(b.len > 100);
}

TEST(replacing_changes_content_and_mode_together)
{
	struct error e;
	struct stat st;
	AUTO_BUF struct buf b = { .ceiling = 0 };
	int folder_fd = open_test_folder();
	REQUIRE_OK(file_replace(folder_fd, "f", VIEW("one"), 0640, &e), e);
	REQUIRE_OK(file_replace(folder_fd, "f", VIEW("two"), 0600, &e), e);
	REQUIRE_OK(file_read_all(folder_fd, "f", 10, &b, &e), e);
	CHECK_TEXT(buf_text(&b), "two");
	REQUIRE(stat(test_path("f"), &st) == 0);
	CHECK_INT(st.st_mode & 07777, 0600);
	CHECK_INT(file_replace(folder_fd, "../f", VIEW("x"), 0600, &e), E_INVALID);
}

TEST(replacing_that_fails_anywhere_leaves_the_old_content_and_no_rest)
{
	NEEDS_FAULTS();
	struct error e;
	int folder_fd = open_test_folder();
	REQUIRE(mkdir(test_path("d"), 0700) == 0);
	int fd = openat(folder_fd, "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	REQUIRE_OK(file_replace(fd, "f", VIEW("old"), 0600, &e), e);
	int n_failed = 0;
	for (long nth = 1; nth < 50; nth++) {
		AUTO_BUF struct buf b = { .ceiling = 0 };
		fault_arm("", nth);
		enum status status = file_replace(fd, "f", VIEW("new"), 0600, &e);
		fault_disarm();
		REQUIRE_OK(file_read_all(fd, "f", 10, &b, &e), e);
		if (status == OK)
			break;
		n_failed++;
		bool renamed =
			strcmp(buf_text(&b), "new") == 0; /* only the folder's flush failed */
		CHECK(renamed || strcmp(buf_text(&b), "old") == 0);
		REQUIRE(unlinkat(fd, "f", 0) == 0);
		CHECK(unlinkat(folder_fd, "d", AT_REMOVEDIR) == 0);
		(void)close(fd);
		REQUIRE(mkdirat(folder_fd, "d", 0700) == 0);
		fd = openat(folder_fd, "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		REQUIRE_OK(file_replace(fd, "f", VIEW("old"), 0600, &e), e);
	}
	CHECK(n_failed >= 3);
}

TEST(a_file_in_memory_is_sealed)
{
	struct error e;
	int fd = -1;
	char bytes[8] = "";
	REQUIRE_OK(file_memory("x", VIEW("content"), &fd, &e), e);
	CHECK_INT(read(fd, bytes, sizeof bytes), 7);
	CHECK(memcmp(bytes, "content", 7) == 0);
	CHECK(pwrite(fd, "X", 1, 0) < 0 && errno == EPERM);
	CHECK(ftruncate(fd, 0) < 0);
	CHECK(mmap(NULL, 7, PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED);
}

TEST(a_file_system_is_named_and_proc_takes_no_arena)
{
	struct error e;
	struct file_system fs;
	int fd = open_test_folder();
	REQUIRE_OK(file_system_of(fd, &fs, &e), e);
	CHECK(fs.kind[0] != '\0');
	CHECK(fs.total_bytes >= fs.free_bytes);
	int proc_fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	REQUIRE_OK(file_system_of(proc_fd, &fs, &e), e);
	CHECK_TEXT(fs.kind, "proc");
	CHECK(!fs.allowed);
}

TEST(parents_that_others_could_exchange_are_refused)
{
	struct error e;
	REQUIRE(mkdir(test_path("a"), 0700) == 0 && mkdir(test_path("a/b"), 0700) == 0);
	REQUIRE_OK(file_check_parents(test_path("a/b"), &e), e);
	REQUIRE_OK(file_check_parents(test_path("a/b/not/there/yet"), &e), e);
	REQUIRE(chmod(test_path("a"), 0702) == 0);
	CHECK_INT(file_check_parents(test_path("a/b"), &e), E_DENIED);
	CHECK(strstr(e.text, test_path("a")) != NULL);
	REQUIRE(chmod(test_path("a"), 0707) == 0);
	CHECK_INT(file_check_parents(test_path("a/b"), &e), E_DENIED);
	REQUIRE(chmod(test_path("a"), 01777) == 0);
	REQUIRE_OK(file_check_parents(test_path("a/b"), &e), e);
	REQUIRE(symlink("a", test_path("link")) == 0);
	CHECK_INT(file_check_parents(test_path("link/b"), &e), E_DENIED);
	CHECK(strstr(e.text, "symbolic link") != NULL);
	test_write_file(test_path("file"), "", 0);
	CHECK_INT(file_check_parents(test_path("file/b"), &e), E_INVALID);
	CHECK_INT(file_check_parents("relative", &e), E_INVALID);
	CHECK_INT(file_check_parents(test_path("a/../a"), &e), E_DENIED);
}

TEST(a_parent_of_another_user_is_refused)
{
	if (!test_is_root())
		test_skip("only root can give a folder away");
	struct error e;
	REQUIRE(mkdir(test_path("a"), 0700) == 0 && mkdir(test_path("a/b"), 0700) == 0);
	REQUIRE(chown(test_path("a"), 4711, 4711) == 0);
	CHECK_INT(file_check_parents(test_path("a/b"), &e), E_DENIED);
	CHECK(strstr(e.text, "4711") != NULL);
}
