/*
 * What a release lets an arena lie on. Test builds let a tmpfs pass too, so the table is compiled
 * here as a release has it.
 */
#undef TOCSIN_FAULTS
#include "sys/file_system.c"

#include <fcntl.h>
#include <unistd.h>

#include "base/auto.h"
#include "tests/lib/test.h"

static struct file_system look_at(const char *path)
{
	struct error e = ERROR_NONE;
	struct file_system fs = { .free_bytes = 0 };
	AUTO_FD int fd = open(path, O_PATH | O_CLOEXEC);
	REQUIRE(fd >= 0);
	REQUIRE_OK(file_system_of(fd, &fs, &e), e);
	return fs;
}

TEST(a_release_refuses_a_tmpfs)
{
	struct file_system fs = look_at("/dev/shm");
	if (strcmp(fs.kind, "tmpfs") != 0)
		test_skip("/dev/shm is no tmpfs here");
	CHECK(!fs.allowed);
}

TEST(what_has_no_disk_is_named_and_refused)
{
	struct file_system fs = look_at("/proc");
	CHECK_TEXT(fs.kind, "proc");
	CHECK(!fs.allowed);
	CHECK_INT(fs.free_bytes, 0);
}

TEST(only_the_three_file_systems_on_which_undo_was_proven_are_allowed)
{
	size_t n = 0;
	for (size_t i = 0; i < COUNT_OF(file_systems); i++)
		n += file_systems[i].allowed;
	CHECK_INT(n, 3);
	static const char *const kinds[] = { "ext4", "xfs", "btrfs" };
	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		CHECK_TEXT(file_systems[i].kind, kinds[i]);
		CHECK(file_systems[i].allowed);
	}
}
