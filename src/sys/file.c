/*
 * Files by descriptor. What a role uses comes first: it opens nothing but through
 * file_open_beneath. Not for deciding what may be touched: that is the caller's manifest.
 */
#include "sys/file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/random.h"

enum { OPEN_TRIES = 32, READ_STEP_BYTES = 64 * 1024, TEMPORARY_NAME_MAX = 300 };

static int64_t statx_ns(const struct statx_timestamp *t)
{
	return t->tv_sec * NS_PER_S + t->tv_nsec;
}

enum status file_identify(int fd, struct file_identity *out, struct error *e)
{
	struct statx x;
	if (FAULT("file_identify") ||
		statx(fd, "", AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT,
			STATX_BASIC_STATS | STATX_MNT_ID, &x) != 0)
		return error_sys(e, E_FAILED, errno, "look at descriptor %d", fd);
	*out = (struct file_identity){
		.device = makedev(x.stx_dev_major, x.stx_dev_minor),
		.inode = x.stx_ino,
		.mount_id = (x.stx_mask & STATX_MNT_ID) != 0 ? x.stx_mnt_id : 0,
		.uid = x.stx_uid,
		.gid = x.stx_gid,
		.mode = x.stx_mode,
		.n_links = x.stx_nlink,
		.size_bytes = x.stx_size,
		.blocks = x.stx_blocks,
		.changed_ns = statx_ns(&x.stx_ctime),
		.modified_ns = statx_ns(&x.stx_mtime),
	};
	return OK;
}

static enum status open_failed(struct error *e, int errno_value, const char *name)
{
	switch (errno_value) {
	case ENOENT:
		return error_sys(e, E_ABSENT, errno_value, "'%s'", name);
	case EEXIST:
		return error_sys(e, E_CONFLICT, errno_value, "'%s'", name);
	case ELOOP:
		return error_sys(e, E_DENIED, errno_value, "'%s' is reached through a link", name);
	case EXDEV:
		return error_sys(e, E_DENIED, errno_value,
			"'%s' leads out of its folder or into another mount", name);
	case EACCES:
	case EPERM:
	case EROFS:
		return error_sys(e, E_DENIED, errno_value, "open '%s'", name);
	case ENOTDIR:
		return error_sys(e, E_INVALID, errno_value, "open '%s'", name);
	default:
		return error_sys(e, E_FAILED, errno_value, "open '%s'", name);
	}
}

enum status file_open_beneath(
	int folder_fd, const char *name, int flags, mode_t mode, int *out, struct error *e)
{
	if (name[0] == '\0' || name[0] == '/')
		return error_set(e, E_INVALID, "'%s' is not a relative name", name);
	struct open_how how = {
		.flags = (uint64_t)(unsigned)(flags | O_CLOEXEC | O_NOFOLLOW),
		.mode = (flags & O_CREAT) != 0 ? mode : 0,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS |
			   RESOLVE_NO_XDEV,
	};
	if (FAULT("file_open"))
		return open_failed(e, EIO, name);
	/* EAGAIN: something was renamed while ".." was being resolved (openat2(2)). */
	for (int i = 0; i < OPEN_TRIES; i++) {
		long fd = syscall(SYS_openat2, folder_fd, name, &how, sizeof how);
		if (fd >= 0) {
			*out = (int)fd;
			return OK;
		}
		if (errno != EAGAIN && errno != EINTR)
			break;
	}
	return open_failed(e, errno, name);
}

bool file_is_single_name(struct view name)
{
	if (name.len == 0 || name.len > 255 || view_is(name, ".") || view_is(name, ".."))
		return false;
	return memchr(name.at, '/', name.len) == NULL && memchr(name.at, '\0', name.len) == NULL;
}

/* By openat2(2) too, so that the witness can use it behind its locks. */
enum status file_open_folder(const char *path, int *out, struct error *e)
{
	struct open_how how = { .flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC };
	long fd = syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof how);
	if (fd < 0)
		return open_failed(e, errno, path);
	*out = (int)fd;
	return OK;
}

/* One read; the room that was not needed is given back. */
static enum status read_step(
	int fd, const char *path, size_t ceiling_bytes, struct buf *b, struct error *e)
{
	size_t want = ceiling_bytes - b->len;
	if (want > READ_STEP_BYTES)
		want = READ_STEP_BYTES;
	/* One byte over the ceiling tells a file that ends there from one that goes on. */
	char *room = buf_extend(b, want + 1);
	if (room == NULL)
		return error_sys(e, E_NO_SPACE, ENOMEM, "read '%s'", path);
	ssize_t n = FAULT("file_read") ? -1 : read(fd, room, want + 1);
	b->len -= want + 1;
	if (n < 0)
		return errno == EINTR ? OK : error_sys(e, E_FAILED, errno, "read '%s'", path);
	b->len += (size_t)n;
	b->at[b->len] = '\0';
	if (b->len > ceiling_bytes)
		return error_set(
			e, E_TOO_BIG, "'%s' is larger than %zu bytes", path, ceiling_bytes);
	return n == 0 ? E_ABSENT : OK;
}

enum status file_read_all(
	int folder_fd, const char *path, size_t ceiling_bytes, struct buf *out, struct error *e)
{
	/* Not to wait for whoever may write into a FIFO, nor to act on a device by reading it. */
	AUTO_FD int fd = openat(folder_fd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return open_failed(e, errno, path);
	struct stat st;
	if (fstat(fd, &st) != 0)
		return error_sys(e, E_FAILED, errno, "look at '%s'", path);
	if (!S_ISREG(st.st_mode))
		return error_set(e, E_INVALID, "'%s' is not a regular file", path);
	AUTO_BUF struct buf b;
	buf_init(&b, ceiling_bytes + 1);
	enum status status = OK;
	while (status == OK)
		status = read_step(fd, path, ceiling_bytes, &b, e);
	if (status != E_ABSENT) /* here: the end of the file */
		return status;
	b.ceiling = ceiling_bytes;
	buf_done(out);
	*out = b;
	b = (struct buf){ .ceiling = 0 };
	return OK;
}

enum status file_write_all(int fd, const void *bytes, size_t n_bytes, struct error *e)
{
	const char *at = bytes;
	while (n_bytes > 0) {
		if (FAULT("file_write")) {
			errno = ENOSPC;
			return error_sys(e, E_FAILED, errno, "write");
		}
		ssize_t n = write(fd, at, n_bytes);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return error_sys(e, E_FAILED, n == 0 ? EIO : errno, "write");
		at += n;
		n_bytes -= (size_t)n;
	}
	return OK;
}

enum status file_sync_folder(int folder_fd, struct error *e)
{
	if (FAULT("file_sync_folder") || fsync(folder_fd) != 0)
		return error_sys(e, E_FAILED, errno, "flush a folder to disk");
	return OK;
}

static enum status fill_temporary(
	int folder_fd, const char *temporary, struct view content, mode_t mode, struct error *e)
{
	AUTO_FD int fd = openat(
		folder_fd, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
	if (fd < 0)
		return open_failed(e, errno, temporary);
	if (fchmod(fd, mode) != 0) /* whatever the umask is */
		return error_sys(e, E_FAILED, errno, "set the mode");
	TRY(file_write_all(fd, content.at, content.len, e));
	if (FAULT("file_replace_sync") || fsync(fd) != 0)
		return error_sys(e, E_FAILED, errno, "flush to disk");
	return OK;
}

enum status file_replace(
	int folder_fd, const char *name, struct view content, mode_t mode, struct error *e)
{
	if (!file_is_single_name(view_of(name)))
		return error_set(e, E_INVALID, "'%s' is not a single name", name);
	uint64_t number;
	random_bytes(&number, sizeof number);
	char temporary[TEMPORARY_NAME_MAX];
	(void)snprintf(
		temporary, sizeof temporary, ".%.200s.%016llx", name, (unsigned long long)number);
	enum status status = fill_temporary(folder_fd, temporary, content, mode, e);
	if (status == OK && (FAULT("file_replace_rename") ||
				    renameat(folder_fd, temporary, folder_fd, name) != 0))
		status = error_sys(e, E_FAILED, errno, "rename");
	if (status != OK) {
		/* May be gone or never made; the error to tell is the first one. */
		(void)unlinkat(folder_fd, temporary, 0);
		return error_wrap(e, "replace '%s'", name);
	}
	return file_sync_folder(folder_fd, e);
}

enum status file_memory(const char *name, struct view content, int *out, struct error *e)
{
	AUTO_FD int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (FAULT("file_memory") || fd < 0)
		return error_sys(e, E_FAILED, errno, "make a file in memory");
	TRY(file_write_all(fd, content.at, content.len, e));
	if (lseek(fd, 0, SEEK_SET) != 0 ||
		fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) !=
			0)
		return error_sys(e, E_FAILED, errno, "seal a file in memory");
	*out = TAKE_FD(fd);
	return OK;
}
