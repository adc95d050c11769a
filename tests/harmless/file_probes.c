/*
 * Probes that aim at files outside.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/clock.h"
#include "drill/decoy/planting.h"
#include "sys/file.h"
#include "tests/harmless/probe.h"

struct spot {
	char path[PATH_MAX + 64];
};

static struct spot outside(const struct probe_place *p, const char *name)
{
	struct spot s;
	(void)snprintf(s.path, sizeof s.path, "%s/%s", p->order->outside, name);
	return s;
}

static int answer(long result)
{
	return result < 0 ? errno : 0;
}

/* openat2(2) with no restriction at all: what hostile code in the role would call. */
static long open_any(int folder_fd, const char *path, int flags)
{
	struct open_how how = { .flags = (unsigned)flags | O_CLOEXEC };
	if ((flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE)
		how.mode = 0666;
	return syscall(SYS_openat2, folder_fd, path, &how, sizeof how);
}

static int write_through(long fd)
{
	if (fd < 0)
		return errno;
	int result = answer(write((int)fd, "harm", 4));
	(void)close((int)fd);
	return result;
}

static int open_write(const struct probe_place *p)
{
	return write_through(open_any(AT_FDCWD, outside(p, "victim").path, O_WRONLY));
}

static int open_read_write(const struct probe_place *p)
{
	return write_through(open_any(AT_FDCWD, outside(p, "victim").path, O_RDWR | O_APPEND));
}

static int open_plain(const struct probe_place *p)
{
	return write_through(
		syscall(SYS_openat, AT_FDCWD, outside(p, "victim").path, O_WRONLY | O_CLOEXEC, 0));
}

static int open_create(const struct probe_place *p)
{
	return write_through(
		open_any(AT_FDCWD, outside(p, "made").path, O_WRONLY | O_CREAT | O_EXCL));
}

static int open_unnamed(const struct probe_place *p)
{
	return write_through(open_any(AT_FDCWD, p->order->outside, O_TMPFILE | O_RDWR));
}

static int open_truncating(const struct probe_place *p)
{
	return answer(open_any(AT_FDCWD, outside(p, "victim").path, O_WRONLY | O_TRUNC));
}

static int open_above(const struct probe_place *p)
{
	return write_through(open_any(p->arena_fd, "../outside/victim", O_WRONLY));
}

static int open_far_above(const struct probe_place *p)
{
	char path[PATH_MAX + 128] = "../../../../../../../../../../../../../../../..";
	size_t n = strlen(path);
	(void)snprintf(path + n, sizeof path - n, "%s", outside(p, "victim").path);
	return write_through(open_any(p->arena_fd, path, O_WRONLY));
}

static int call_truncate(const struct probe_place *p)
{
	return answer(truncate(outside(p, "victim").path, 1));
}

static int call_unlink(const struct probe_place *p)
{
	return answer(unlinkat(AT_FDCWD, outside(p, "victim").path, 0));
}

static int call_rmdir(const struct probe_place *p)
{
	return answer(unlinkat(AT_FDCWD, outside(p, "empty").path, AT_REMOVEDIR));
}

static int call_mkdir(const struct probe_place *p)
{
	return answer(mkdirat(AT_FDCWD, outside(p, "made").path, 0700));
}

static int call_mknod(const struct probe_place *p)
{
	return answer(mknodat(AT_FDCWD, outside(p, "made").path, S_IFIFO | 0600, 0));
}

static int call_symlink(const struct probe_place *p)
{
	return answer(symlinkat("victim", AT_FDCWD, outside(p, "made").path));
}

static int rename_outside(const struct probe_place *p)
{
	return answer(renameat2(AT_FDCWD, outside(p, "victim").path, AT_FDCWD,
		outside(p, "victim.locked").path, 0));
}

static int rename_in(const struct probe_place *p)
{
	return answer(renameat2(
		AT_FDCWD, outside(p, "victim").path, p->arena_fd, "taken", RENAME_NOREPLACE));
}

static int rename_out(const struct probe_place *p)
{
	return answer(renameat2(p->arena_fd, "decoy", AT_FDCWD, outside(p, "victim").path, 0));
}

static int rename_exchange(const struct probe_place *p)
{
	return answer(renameat2(
		p->arena_fd, "decoy", AT_FDCWD, outside(p, "victim").path, RENAME_EXCHANGE));
}

static int link_in(const struct probe_place *p)
{
	return answer(linkat(AT_FDCWD, outside(p, "victim").path, p->arena_fd, "linked", 0));
}

static int link_out(const struct probe_place *p)
{
	return answer(linkat(p->arena_fd, "decoy", AT_FDCWD, outside(p, "made").path, 0));
}

/* --- descriptors that were open before the locks --- */

/* Behind the locks the number may be the arena's by now. */
static int leaked(const struct probe_place *p, int fd)
{
	return fd == p->arena_fd ? -1 : fd;
}

static int leaked_write(const struct probe_place *p)
{
	return answer(pwrite(leaked(p, FD_LEAKED_FILE), "harm", 4, 0));
}

static int leaked_truncate(const struct probe_place *p)
{
	return answer(ftruncate(leaked(p, FD_LEAKED_FILE), 1));
}

static int leaked_allocate(const struct probe_place *p)
{
	return answer(fallocate(leaked(p, FD_LEAKED_FILE), 0, 0, 1 << 20));
}

static int leaked_map(const struct probe_place *p)
{
	char *at =
		mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, leaked(p, FD_LEAKED_FILE), 0);
	if (at == MAP_FAILED)
		return errno;
	at[0] = '!';
	return answer(msync(at, 4096, MS_SYNC));
}

static int leaked_times(const struct probe_place *p)
{
	const struct timespec times[2] = { { 1, 0 }, { 1, 0 } };
	return answer(syscall(SYS_utimensat, leaked(p, FD_LEAKED_FILE), NULL, times, 0));
}

static int leaked_folder_open(const struct probe_place *p)
{
	return write_through(open_any(leaked(p, FD_LEAKED_FOLDER), "victim", O_WRONLY));
}

static int leaked_folder_unlink(const struct probe_place *p)
{
	return answer(unlinkat(leaked(p, FD_LEAKED_FOLDER), "victim", 0));
}

static int any_number_write(const struct probe_place *p)
{
	(void)p;
	int result = EBADF;
	for (int fd = FD_LEAKED_FILE; fd < 1024; fd++)
		if (pwrite(fd, "harm", 4, 0) == 4)
			result = 0;
	return result;
}

static int path_descriptor_unlink(const struct probe_place *p)
{
	long fd = open_any(AT_FDCWD, p->order->outside, O_PATH | O_DIRECTORY);
	return fd < 0 ? errno : answer(unlinkat((int)fd, "victim", 0));
}

static int path_descriptor_rename(const struct probe_place *p)
{
	long fd = open_any(AT_FDCWD, p->order->outside, O_PATH | O_DIRECTORY);
	return fd < 0 ? errno : answer(renameat((int)fd, "victim", (int)fd, "victim.locked"));
}

static int path_descriptor_reopen(const struct probe_place *p)
{
	char path[64];
	long fd = open_any(AT_FDCWD, outside(p, "victim").path, O_PATH);
	if (fd < 0)
		return errno;
	(void)snprintf(path, sizeof path, "/proc/self/fd/%ld", fd);
	return write_through(open_any(AT_FDCWD, path, O_WRONLY));
}

/* --- what is known of a file --- */

static int call_chmod(const struct probe_place *p)
{
	return answer(fchmodat(AT_FDCWD, outside(p, "victim").path, 0604, 0));
}

static int call_chown(const struct probe_place *p)
{
	return answer(fchownat(AT_FDCWD, outside(p, "victim").path, 4711, 4711, 0));
}

static int call_times(const struct probe_place *p)
{
	const struct timespec times[2] = { { 1, 0 }, { 1, 0 } };
	return answer(utimensat(AT_FDCWD, outside(p, "victim").path, times, 0));
}

static int call_setxattr(const struct probe_place *p)
{
	return answer(
		syscall(SYS_setxattr, outside(p, "victim").path, "user.harm", "1", (size_t)1, 0));
}

static int call_removexattr(const struct probe_place *p)
{
	return answer(syscall(SYS_removexattr, outside(p, "victim").path, "user.mark"));
}

static int call_set_flags(const struct probe_place *p)
{
	int flags = 0;
	long fd = p->arena_fd >= 0 ? p->arena_fd : open_any(AT_FDCWD, p->order->outside, O_RDONLY);
	return answer(ioctl((int)fd, FS_IOC_GETFLAGS, &flags));
}

/* --- planted in the arena --- */

static int planted_symlink(const struct probe_place *p)
{
	return write_through(open_any(p->arena_fd, "link-file", O_WRONLY));
}

static int planted_folder_symlink(const struct probe_place *p)
{
	return write_through(open_any(p->arena_fd, "link-folder/victim", O_WRONLY));
}

static int planted_symlink_unlink(const struct probe_place *p)
{
	return answer(unlinkat(p->arena_fd, "link-folder/victim", 0));
}

static int planted_symlink_truncate(const struct probe_place *p)
{
	return answer(open_any(p->arena_fd, "link-file", O_WRONLY | O_TRUNC));
}

static int planted_magic_root(const struct probe_place *p)
{
	return write_through(open_any(p->arena_fd, "magic-root", O_WRONLY));
}

static int planted_magic_cwd(const struct probe_place *p)
{
	return write_through(open_any(p->arena_fd, "magic-cwd", O_WRONLY));
}

static int planted_magic_fd(const struct probe_place *p)
{
	return write_through(open_any(p->arena_fd, "magic-fd", O_WRONLY));
}

/* Through the product's own opening from here on: Landlock sees a mount in the arena as part of it,
 * and no lock of the kernel tells one hard link from another; the checks at opening do. */
static int opened_beneath(const struct probe_place *p, const char *name)
{
	struct error e = ERROR_NONE;
	int fd = -1;
	if (file_open_beneath(p->arena_fd, name, O_WRONLY, 0, &fd, &e) != OK)
		return e.errno_value != 0 ? e.errno_value : EPERM;
	return write_through(fd);
}

static int beneath_symlink(const struct probe_place *p)
{
	return opened_beneath(p, "link-file");
}

static int beneath_folder_symlink(const struct probe_place *p)
{
	return opened_beneath(p, "link-folder/victim");
}

static int beneath_magic(const struct probe_place *p)
{
	return opened_beneath(p, "magic-cwd");
}

static int beneath_above(const struct probe_place *p)
{
	return opened_beneath(p, "../outside/victim");
}

static int beneath_absolute(const struct probe_place *p)
{
	return opened_beneath(p, outside(p, "victim").path);
}

static int beneath_bind_mount(const struct probe_place *p)
{
	return opened_beneath(p, "bind/victim");
}

/* The mount namespace clones the arena's mount alone, so the planted mount is not in it at all. */
static int raw_bind_mount(const struct probe_place *p)
{
	return write_through(open_any(p->arena_fd, "bind/victim", O_WRONLY));
}

static int raw_bind_mount_unlink(const struct probe_place *p)
{
	return answer(unlinkat(p->arena_fd, "bind/victim", 0));
}

/* A manifest that says that `name` is a decoy, with the true inode: as hostile as one can be. */
static int opened_as_decoy(const struct probe_place *p, const char *name)
{
	struct error e = ERROR_NONE;
	struct file_identity root;
	struct stat st;
	if (file_identify(p->arena_fd, &root, &e) != OK || fstatat(p->arena_fd, name, &st, 0) != 0)
		return errno;
	struct manifest_file file = { .folder = FOLDER_ROOT, .name = name, .mode = 0666 };
	file.inode = st.st_ino;
	file.size_bytes = (uint64_t)st.st_size;
	struct manifest m = { .device = root.device, .arena_inode = root.inode };
	m.uid = st.st_uid;
	m.gid = st.st_gid;
	m.files = &file;
	m.n_files = 1;
	struct arena_view view;
	int fd = -1;
	struct pool *pool = pool_new(1 << 20);
	if (pool == NULL)
		return ENOMEM;
	int result = EPERM;
	if (arena_view_open(p->arena_fd, &m, pool, &view, &e) == OK &&
		arena_open_file(&view, 0, NULL, O_RDWR, &fd, &e) == OK)
		result = write_through(fd);
	pool_free(pool);
	return result;
}

static int decoy_is_hard_link(const struct probe_place *p)
{
	return p->order->mode == MODE_FREE ? write_through(open_any(p->arena_fd, "hard", O_WRONLY))
					   : opened_as_decoy(p, "hard");
}

static int decoy_is_symlink(const struct probe_place *p)
{
	return opened_as_decoy(p, "link-file");
}

static int unlink_own_link(const struct probe_place *p)
{
	return answer(unlinkat(p->arena_fd, "hard", 0)) == 0 ? EPERM : errno;
}

/* For a second: what opens is written to. Without locks some of it lands outside. */
static int race(const struct probe_place *p, int (*try_once)(const struct probe_place *))
{
	int64_t end_ns = clock_boot_ns(NULL) + NS_PER_S;
	unsigned n_opened = 0;
	unsigned n_refused = 0;
	while (clock_boot_ns(NULL) < end_ns) {
		if (try_once(p) == 0)
			n_opened++;
		else
			n_refused++;
	}
	/* Both must have happened, or there was no race. */
	return n_opened > 0 && (n_refused > 0 || p->order->mode == MODE_FREE) ? EPERM : 0;
}

static int race_beneath(const struct probe_place *p)
{
	return opened_beneath(p, "race/victim");
}

static int race_bare(const struct probe_place *p)
{
	return write_through(open_any(p->arena_fd, "race/victim", O_WRONLY));
}

static int swapped_beneath(const struct probe_place *p)
{
	return race(p, race_beneath);
}

static int swapped_bare(const struct probe_place *p)
{
	return race(p, race_bare);
}

const struct probe_row file_probes[] = {
	{ "open for writing", open_write, PROBE_TRACE },
	{ "open for appending", open_read_write, PROBE_TRACE },
	{ "open by the plain call", open_plain, PROBE_TRACE },
	{ "create", open_create, PROBE_TRACE },
	{ "create without a name", open_unnamed, 0 },
	{ "open with truncation", open_truncating, PROBE_TRACE },
	{ "open above the arena", open_above, PROBE_TRACE | PROBE_ARENA },
	{ "open far above the arena", open_far_above, PROBE_TRACE | PROBE_ARENA },
	{ "truncate", call_truncate, PROBE_TRACE },
	{ "unlink", call_unlink, PROBE_TRACE },
	{ "remove a folder", call_rmdir, PROBE_TRACE },
	{ "make a folder", call_mkdir, PROBE_TRACE },
	{ "make a FIFO", call_mknod, PROBE_TRACE },
	{ "make a symbolic link", call_symlink, PROBE_TRACE },
	{ "rename outside", rename_outside, PROBE_TRACE },
	{ "rename into the arena", rename_in, PROBE_TRACE | PROBE_ARENA },
	{ "rename out of the arena", rename_out, PROBE_TRACE | PROBE_ARENA },
	{ "exchange with a decoy", rename_exchange, PROBE_TRACE | PROBE_ARENA | PROBE_ARENA },
	{ "hard link into the arena", link_in, PROBE_TRACE | PROBE_ARENA },
	{ "hard link out of the arena", link_out, PROBE_TRACE | PROBE_ARENA },
	{ "write to an inherited descriptor", leaked_write, PROBE_TRACE },
	{ "truncate an inherited descriptor", leaked_truncate, PROBE_TRACE },
	{ "allocate in an inherited descriptor", leaked_allocate, PROBE_TRACE },
	{ "map an inherited descriptor", leaked_map, PROBE_TRACE },
	{ "set times of an inherited descriptor", leaked_times, PROBE_TRACE },
	{ "open through an inherited folder", leaked_folder_open, PROBE_TRACE },
	{ "unlink through an inherited folder", leaked_folder_unlink, PROBE_TRACE },
	{ "write to every descriptor number", any_number_write, PROBE_TRACE },
	{ "unlink through a path descriptor", path_descriptor_unlink, PROBE_TRACE },
	{ "rename through a path descriptor", path_descriptor_rename, PROBE_TRACE },
	{ "reopen a path descriptor", path_descriptor_reopen, PROBE_TRACE },
	{ "change a mode", call_chmod, PROBE_TRACE },
	{ "change an owner", call_chown, PROBE_TRACE | PROBE_ROOT },
	{ "change times", call_times, PROBE_TRACE },
	{ "set an attribute", call_setxattr, PROBE_TRACE | PROBE_MAYBE },
	{ "remove an attribute", call_removexattr, PROBE_TRACE | PROBE_MAYBE },
	{ "ioctl on a file", call_set_flags, PROBE_MAYBE },
	{ "planted symbolic link", planted_symlink, PROBE_TRACE | PROBE_ARENA },
	{ "planted symbolic link to a folder", planted_folder_symlink, PROBE_TRACE | PROBE_ARENA },
	{ "unlink through a planted symbolic link", planted_symlink_unlink,
		PROBE_TRACE | PROBE_ARENA },
	{ "truncate through a planted symbolic link", planted_symlink_truncate,
		PROBE_TRACE | PROBE_ARENA },
	{ "planted magic link to a root", planted_magic_root, PROBE_TRACE | PROBE_ARENA },
	{ "planted magic link to the working folder", planted_magic_cwd,
		PROBE_TRACE | PROBE_ARENA },
	{ "planted magic link to a descriptor", planted_magic_fd, PROBE_TRACE | PROBE_ARENA },
	{ "planted bind mount, bare calls", raw_bind_mount,
		PROBE_TRACE | PROBE_ROOT | PROBE_MOUNT_LOCK | PROBE_ARENA },
	{ "unlink in a planted bind mount, bare calls", raw_bind_mount_unlink,
		PROBE_TRACE | PROBE_ROOT | PROBE_MOUNT_LOCK | PROBE_ARENA },
	{ "planted symbolic link, own opening", beneath_symlink, PROBE_MAYBE | PROBE_ARENA },
	{ "planted symbolic link to a folder, own opening", beneath_folder_symlink,
		PROBE_MAYBE | PROBE_ARENA },
	{ "planted magic link, own opening", beneath_magic, PROBE_MAYBE | PROBE_ARENA },
	{ "above the arena, own opening", beneath_above, PROBE_MAYBE | PROBE_ARENA },
	{ "absolute path, own opening", beneath_absolute, PROBE_MAYBE | PROBE_ARENA },
	{ "planted bind mount, own opening", beneath_bind_mount, PROBE_MAYBE | PROBE_ARENA },
	{ "hard link named as a decoy", decoy_is_hard_link, PROBE_TRACE | PROBE_ARENA },
	{ "symbolic link named as a decoy", decoy_is_symlink, PROBE_MAYBE | PROBE_ARENA },
	{ "folder swapped for a link, own opening", swapped_beneath,
		PROBE_RACE | PROBE_MAYBE | PROBE_ARENA },
	{ "folder swapped for a link, bare calls", swapped_bare,
		PROBE_RACE | PROBE_TRACE | PROBE_ARENA },
	{ "unlink the arena's own name of an outside file", unlink_own_link,
		PROBE_MAYBE | PROBE_OWN_LINK | PROBE_ARENA },
};
const size_t n_file_probes = sizeof file_probes / sizeof file_probes[0];
