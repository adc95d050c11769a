/*
 * The database as a file: made by us and not by SQLite, which would take the umask's mode, and out
 * of other users' reach.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/fault.h"
#include "store/internal.h"

static enum status status_of_errno(int errno_value)
{
	switch (errno_value) {
	case ENOENT:
		return E_ABSENT;
	case EACCES:
	case EPERM:
	case EROFS:
		return E_DENIED;
	case ENOTDIR:
	case ELOOP:
	case ENAMETOOLONG:
		return E_INVALID;
	default: /* ENOSPC and its like become E_NO_SPACE */
		return E_FAILED;
	}
}

/* By a descriptor that reads and writes nothing (O_PATH): closing another would drop the locks of
 * this process on the file (POSIX locks belong to the process). */
static bool close_to_others(const char *path)
{
	char name[64];
	AUTO_FD int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	(void)snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
	return fd >= 0 && !FAULT("store_mode") && chmod(name, 0600) == 0;
}

/* The log and its index have the database's mode, and are closed with it. */
static void close_beside(const char *path)
{
	static const char *const endings[] = { "-wal", "-shm" };
	for (size_t i = 0; i < COUNT_OF(endings); i++) {
		char name[PATH_MAX];
		struct stat st;
		(void)snprintf(name, sizeof name, "%s%s", path, endings[i]);
		if (lstat(name, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & 077) != 0)
			(void)close_to_others(
				name); /* the folder keeps them out where this fails */
	}
}

static enum status check_mode(
	const char *path, const struct stat *st, struct file_mode *out, struct error *e)
{
	if ((st->st_mode & 077) == 0)
		return OK;
	if (st->st_uid != geteuid())
		return error_set(e, E_DENIED,
			"database '%s': belongs to uid %u, and other users may read or write it; "
			"set its mode to 0600",
			path, st->st_uid);
	out->loose = st->st_mode & 07777;
	out->mended = close_to_others(path);
	if (!out->mended && errno != EROFS) /* there it can be read at least */
		return error_sys(e, E_DENIED, errno,
			"database '%s': take it out of other users' reach", path);
	close_beside(path);
	return OK;
}

enum status store_make_file(const char *path, struct file_mode *out, struct error *e)
{
	int fd = open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd >= 0) {
		(void)close(fd); /* an empty file: there is nothing to lose */
		return OK;
	}
	/* Which of several reasons an existing file meets is the file system's choice. */
	const int why = errno;
	struct stat st;
	if (lstat(path, &st) != 0)
		return error_sys(e, status_of_errno(why == EEXIST ? errno : why),
			why == EEXIST ? errno : why, "make database '%s'", path);
	if (!S_ISREG(st.st_mode))
		return error_set(e, E_INVALID, "database '%s': not an ordinary file", path);
	return check_mode(path, &st, out, e);
}
