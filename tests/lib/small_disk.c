/*
 * Mounts, modes and users for bad days of a disk. The test is a process of its own, so nothing of
 * it needs to be undone.
 */
#include "tests/lib/small_disk.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <grp.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "tests/lib/test.h"

enum { NOBODY = 65534, PATH_BYTES = 4096, CHUNK = 4096 };

static void write_map(const char *path, const char *text)
{
	AUTO_FD int fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		test_skip("no user namespace can be set up here");
}

static void enter_namespace(void)
{
	char map[64];
	const uid_t uid = geteuid();
	const gid_t gid = getegid();
	if (unshare(uid == 0 ? CLONE_NEWNS : CLONE_NEWNS | CLONE_NEWUSER) != 0)
		test_skip("needs root, or namespaces that a user may make");
	if (uid != 0) {
		(void)snprintf(map, sizeof map, "%u %u 1", uid, uid);
		write_map("/proc/self/uid_map", map);
		write_map("/proc/self/setgroups", "deny");
		(void)snprintf(map, sizeof map, "%u %u 1", gid, gid);
		write_map("/proc/self/gid_map", map);
	}
	REQUIRE(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
}

void small_disk(const char *name, size_t n_bytes)
{
	char options[128];
	enter_namespace();
	(void)snprintf(options, sizeof options, "size=%zu,mode=0700", n_bytes);
	REQUIRE(mkdir(test_path(name), 0700) == 0);
	if (mount("tmpfs", test_path(name), "tmpfs", MS_NODEV | MS_NOSUID, options) != 0)
		test_skip("a small file system cannot be mounted here");
}

static const char *filler_of(const char *name)
{
	char path[PATH_BYTES];
	(void)snprintf(path, sizeof path, "%s/filler", name);
	return test_path(path);
}

void small_disk_fill(const char *name)
{
	static const char zeros[CHUNK];
	AUTO_FD int fd = open(filler_of(name), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	REQUIRE(fd >= 0);
	ssize_t n = 1;
	while (n > 0)
		n = write(fd, zeros, sizeof zeros);
	CHECK_INT(errno, ENOSPC);
}

void small_disk_free(const char *name)
{
	REQUIRE(unlink(filler_of(name)) == 0);
}

static void remount(const char *name, unsigned long flags)
{
	REQUIRE(mount(NULL, test_path(name), NULL, MS_REMOUNT | MS_NODEV | MS_NOSUID | flags,
			NULL) == 0);
}

void small_disk_read_only(const char *name)
{
	remount(name, MS_RDONLY);
}

void small_disk_writable(const char *name)
{
	remount(name, 0);
}

static int give_away(const char *path, const struct stat *st, int kind, struct FTW *where)
{
	(void)st;
	(void)kind;
	(void)where;
	return lchown(path, NOBODY, NOBODY);
}

void small_disk_drop_root(void)
{
	if (geteuid() != 0)
		return;
	REQUIRE(nftw(test_folder(), give_away, 16, FTW_PHYS) == 0);
	REQUIRE(setgroups(0, NULL) == 0 && setresgid(NOBODY, NOBODY, NOBODY) == 0 &&
		setresuid(NOBODY, NOBODY, NOBODY) == 0);
}
