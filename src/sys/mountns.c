/*
 * A mount namespace of our own in which the folder is the root and the only mount. For the witness,
 * which must read everywhere: one in which every mount is read-only.
 *
 * The folder is cloned alone (not recursively), so that a mount that somebody put into it is not
 * there afterwards; pivot_root(2) with "." twice and a detached unmount then leave nothing above or
 * beside it. A user start gets the right to do so from a user namespace that maps its own ids only.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/fault.h"
#include "sys/file.h"
#include "sys/locks.h"

#ifndef MOUNT_ATTR_NOSYMFOLLOW
#define MOUNT_ATTR_NOSYMFOLLOW 0x00200000
#endif
enum { CALL_LISTMOUNT = 458 }; /* Linux 6.8 */

static enum status denied(struct error *e, const char *what)
{
	return error_sys(e, E_DENIED, errno, "%s", what);
}

static enum status write_map(const char *path, const char *text, struct error *e)
{
	AUTO_FD int fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return error_sys(e, E_DENIED, errno, "open %s", path);
	size_t n = strlen(text);
	if (write(fd, text, n) != (ssize_t)n)
		return error_sys(e, E_DENIED, errno, "write %s", path);
	return OK;
}

/* Our ids stay what they are inside, so that owners of files read the same; nobody else is mapped.
 */
static enum status map_own_ids(uid_t uid, gid_t gid, struct error *e)
{
	char line[64];
	TRY(write_map("/proc/self/setgroups", "deny", e));
	(void)snprintf(line, sizeof line, "%u %u 1\n", uid, uid);
	TRY(write_map("/proc/self/uid_map", line, e));
	(void)snprintf(line, sizeof line, "%u %u 1\n", gid, gid);
	return write_map("/proc/self/gid_map", line, e);
}

static enum status leave_namespace(struct error *e)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();
	if (uid == 0) {
		if (unshare(CLONE_NEWNS) != 0)
			return denied(e, "leave the mount namespace");
	} else {
		if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0)
			return denied(e, "make a user namespace");
		TRY(map_own_ids(uid, gid, e));
	}
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
		return denied(e, "make the mounts private");
	return OK;
}

/* For kernels before 5.12: flags by a remount, keeping what is set (a user namespace may not clear
 * any). The mount is attached at ".". */
static enum status restrict_by_remount(struct error *e)
{
	struct statvfs fs;
	if (statvfs(".", &fs) != 0)
		return denied(e, "look at the new mount");
	unsigned long kept = fs.f_flag & (ST_RDONLY | ST_NOATIME | ST_NODIRATIME | ST_RELATIME);
	unsigned long flags = MS_REMOUNT | MS_BIND | MS_NOSUID | MS_NODEV | MS_NOEXEC;
	flags |= (kept & ST_RDONLY) != 0 ? MS_RDONLY : 0;
	flags |= (kept & ST_NOATIME) != 0 ? MS_NOATIME : 0;
	flags |= (kept & ST_NODIRATIME) != 0 ? MS_NODIRATIME : 0;
	flags |= (kept & ST_RELATIME) != 0 ? MS_RELATIME : 0;
	if (mount(NULL, ".", NULL, flags, NULL) != 0)
		return denied(e, "restrict the new mount");
	return OK;
}

/* *out_done is false where the kernel has no mount_setattr(2). */
static enum status restrict_tree(int tree, bool *out_done, struct error *e)
{
	struct mount_attr a = {
		.attr_set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC |
			    MOUNT_ATTR_NOSYMFOLLOW,
		.propagation = MS_PRIVATE,
	};
	*out_done = true;
	if (mount_setattr(tree, "", AT_EMPTY_PATH, &a, sizeof a) == 0)
		return OK;
	a.attr_set &= ~(uint64_t)MOUNT_ATTR_NOSYMFOLLOW; /* Linux 5.14 */
	if (errno == EINVAL && mount_setattr(tree, "", AT_EMPTY_PATH, &a, sizeof a) == 0)
		return OK;
	if (errno != ENOSYS)
		return denied(e, "restrict the new mount");
	*out_done = false;
	return OK;
}

/* listmount(2): nothing may be mounted besides the root. Kernels without it skip this look. */
static enum status check_no_other_mount(struct error *e)
{
	struct {
		uint32_t size;
		uint32_t spare;
		uint64_t mount_id;
		uint64_t param;
	} request = { .size = sizeof request, .mount_id = UINT64_MAX /* LSMT_ROOT */ };
	uint64_t ids[4];
	struct statx root;
	enum { STATX_MNT_ID_UNIQUE_ = 0x4000 };
	long n = syscall(CALL_LISTMOUNT, &request, ids, COUNT_OF(ids), 0U);
	if (n <= 0)
		return OK;
	if (statx(AT_FDCWD, "/", 0, STATX_MNT_ID_UNIQUE_, &root) != 0)
		return denied(e, "look at the new root");
	for (long i = 0; i < n; i++)
		if (ids[i] != root.stx_mnt_id)
			return error_set(e, E_DENIED, "another mount is left in the namespace");
	return OK;
}

static enum status identify_path(const char *path, struct file_identity *out, struct error *e)
{
	AUTO_FD int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return error_sys(e, E_DENIED, errno, "open %s", path);
	return file_identify(fd, out, e);
}

/* What the lock promises, read back from the kernel. */
static enum status check_alone(const struct file_identity *folder, struct error *e)
{
	struct file_identity root = { 0 };
	struct file_identity above = { 0 };
	TRY(identify_path("/", &root, e));
	TRY(identify_path("/..", &above, e));
	if (root.device != folder->device || root.inode != folder->inode)
		return error_set(e, E_DENIED, "the root is another folder than the arena");
	if (above.device != root.device || above.inode != root.inode ||
		above.mount_id != root.mount_id)
		return error_set(e, E_DENIED, "there is something above the root");
	struct file_identity proc = { 0 };
	struct error ignored = ERROR_NONE;
	if (identify_path("/proc", &proc, &ignored) == OK && proc.mount_id != root.mount_id)
		return error_set(e, E_DENIED, "/proc is still there");
	return check_no_other_mount(e);
}

static enum status enter_folder(int folder_fd, int *out_fd, struct error *e)
{
	struct file_identity folder;
	TRY(file_identify(folder_fd, &folder, e));
	/* The working folder moves into the new namespace with us; the descriptor does not. */
	if (fchdir(folder_fd) != 0)
		return denied(e, "enter the folder");
	TRY(leave_namespace(e));
	AUTO_FD int tree =
		open_tree(AT_FDCWD, ".", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_NO_AUTOMOUNT);
	if (tree < 0)
		return denied(e, "clone the folder's mount");
	bool restricted = false;
	TRY(restrict_tree(tree, &restricted, e));
	if (move_mount(tree, "", AT_FDCWD, ".", MOVE_MOUNT_F_EMPTY_PATH) != 0)
		return denied(e, "attach the folder's mount");
	if (fchdir(tree) != 0)
		return denied(e, "enter the new mount");
	if (!restricted)
		TRY(restrict_by_remount(e));
	if (FAULT("pivot_root") || syscall(SYS_pivot_root, ".", ".") != 0)
		return denied(e, "make the folder the root");
	if (umount2(".", MNT_DETACH) != 0 || chdir("/") != 0)
		return denied(e, "let go of the old root");
	TRY(check_alone(&folder, e));
	int fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return denied(e, "open the new root");
	*out_fd = fd;
	return OK;
}

static enum status make_all_read_only(struct error *e)
{
	TRY(leave_namespace(e));
	struct mount_attr a = {
		.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
			    MOUNT_ATTR_NOEXEC,
	};
	if (mount_setattr(AT_FDCWD, "/", AT_RECURSIVE, &a, sizeof a) != 0)
		return denied(e, "make every mount read-only");
	struct statvfs fs;
	if (statvfs("/", &fs) != 0 || (fs.f_flag & ST_RDONLY) == 0)
		return error_set(e, E_DENIED, "the root can still be written");
	return OK;
}

static enum status enter(int folder_fd, enum confine_reach reach, int *out_fd, struct error *e)
{
	*out_fd = -1;
	if (reach == CONFINE_REACH_READ_ALL)
		return make_all_read_only(e);
	return enter_folder(folder_fd, out_fd, e);
}

/* The whole way in a child that then ends: an answer without a half-changed process. */
static void try_in_child(int folder_fd, enum confine_reach reach, struct error *e)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) != 0) {
		(void)error_sys(e, E_DENIED, errno, "make a pipe");
		return;
	}
	AUTO_FD int read_end = ends[0];
	AUTO_FD int write_end = ends[1];
	pid_t pid = FAULT("mountns_fork") ? -1 : fork();
	if (pid == 0) {
		int fd = -1;
		(void)enter(folder_fd, reach, &fd, e);
		ssize_t n = write(write_end, e, sizeof *e);
		_exit(n == (ssize_t)sizeof *e ? 0 : 1);
	}
	if (pid < 0) {
		(void)error_sys(e, E_DENIED, errno, "start a trial process");
		return;
	}
	(void)close(TAKE_FD(write_end));
	ssize_t n;
	do
		n = read(read_end, e, sizeof *e);
	while (n < 0 && errno == EINTR);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		continue;
	if (n != (ssize_t)sizeof *e)
		(void)error_set(e, E_DENIED, "the trial process did not answer");
}

enum status mountns_lock(
	int folder_fd, enum confine_reach reach, struct mountns *out, struct error *e)
{
	struct error trial = ERROR_NONE;
	*out = (struct mountns){ .folder_fd = -1 };
	try_in_child(folder_fd, reach, &trial);
	if (trial.status != OK) {
		(void)snprintf(out->why_not, sizeof out->why_not, "%.200s", trial.text);
		return OK;
	}
	int fd = -1;
	TRY(enter(folder_fd, reach, &fd, e));
	out->folder_fd = fd;
	out->in_force = true;
	return OK;
}
