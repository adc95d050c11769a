/*
 * The folder of a home's keys: made whole by one rename, and set aside whole where what lies in it
 * is damaged. Not for what the keys are worth: that is keyring.c.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/clock.h"
#include "base/fault.h"
#include "record/internal.h"
#include "sys/file.h"

#define FOLDER "keys"
#define NEW_FOLDER ".keys-new"

enum { ASIDE_MAX = 100 }; /* in one second */

/* <sys/file.h>, which declares flock(2), is hidden by our own header of that name. */
bool keys_lock(int fd, int operation)
{
	return syscall(SYS_flock, fd, operation) == 0;
}

const char *key_file_name(const char *id, char out[KEY_FILE_NAME_MAX])
{
	(void)snprintf(out, KEY_FILE_NAME_MAX, "%.*s.pem", KEY_ID_LEN, id);
	return out;
}

enum status key_write_private(int folder_fd, const struct key *k, struct error *e)
{
	char name[KEY_FILE_NAME_MAX];
	AUTO_SECRET struct buf pem = { .ceiling = PEM_BYTES_MAX };
	TRY(key_private_pem(k, &pem, e));
	return file_replace(folder_fd, key_file_name(key_id(k), name), buf_view(&pem), 0600, e);
}

/* What a process left that died while it made the folder: files only, no links followed. */
static void remove_leftover(int home_fd)
{
	int fd = openat(home_fd, NEW_FOLDER, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *folder = fd < 0 ? NULL : fdopendir(fd);
	if (folder == NULL) {
		auto_fd(&fd);
		return;
	}
	for (struct dirent *row = readdir(folder); row != NULL; row = readdir(folder))
		(void)unlinkat(fd, row->d_name, 0); /* "." and ".." say no; rmdir tells the rest */
	(void)closedir(folder);
	(void)unlinkat(home_fd, NEW_FOLDER, AT_REMOVEDIR);
}

static enum status fill_folder(int fd, struct error *e)
{
	AUTO(key_free) struct key *k = NULL;
	AUTO_BUF struct buf first = { .ceiling = 128 };
	TRY(key_make(&k, e));
	buf_addf(&first, "%s\n", key_id(k));
	TRY(buf_check(&first, "key id", e));
	TRY(file_replace(
		fd, "first", buf_view(&first), 0600, e)); /* first: it names what to remove */
	return key_write_private(fd, k, e);
}

/* What the system forbids is no failure of ours: exit 4, not 1. */
static enum status status_of(int errno_value)
{
	return errno_value == EACCES || errno_value == EPERM || errno_value == EROFS ? E_DENIED
										     : E_FAILED;
}

enum status keys_make(int home_fd, bool *out_made, struct error *e)
{
	struct stat st;
	if (!keys_lock(home_fd, LOCK_EX))
		return error_sys(e, E_FAILED, errno, "lock the home folder");
	*out_made = false;
	if (fstatat(home_fd, FOLDER, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return OK; /* another process was faster; the lock goes with the descriptor */
	remove_leftover(home_fd);
	if (mkdirat(home_fd, NEW_FOLDER, 0700) != 0)
		return error_sys(e, status_of(errno), errno, "make the folder of the keys");
	AUTO_FD int fd = -1;
	enum status status =
		file_open_beneath(home_fd, NEW_FOLDER, O_RDONLY | O_DIRECTORY, 0, &fd, e);
	if (status == OK)
		status = fill_folder(fd, e);
	if (status == OK &&
		(FAULT("keyring_rename") || renameat(home_fd, NEW_FOLDER, home_fd, FOLDER) != 0))
		status = error_sys(e, status_of(errno), errno, "put the keys in place");
	if (status != OK) {
		remove_leftover(home_fd);
		return status;
	}
	*out_made = true;
	return file_sync_folder(home_fd, e);
}

enum status keys_set_aside(
	int home_fd, int64_t wall_ns, char out_name[KEYS_ASIDE_NAME_MAX], struct error *e)
{
	char at[TIME_TEXT_MAX]; /* 2026-11-28T03:10:00.000Z */
	struct stat st;
	(void)time_text(wall_ns, at);
	for (int i = 1; i < ASIDE_MAX; i++) {
		char more[8] = "";
		if (i > 1)
			(void)snprintf(more, sizeof more, "-%d", i);
		(void)snprintf(out_name, KEYS_ASIDE_NAME_MAX,
			FOLDER "-damaged-%.4s%.2s%.2sT%.2s%.2s%.2sZ%s", at, at + 5, at + 8, at + 11,
			at + 14, at + 17, more);
		if (fstatat(home_fd, out_name, &st, AT_SYMLINK_NOFOLLOW) == 0)
			continue;
		if (!FAULT("keys_set_aside") && renameat(home_fd, FOLDER, home_fd, out_name) == 0)
			return OK; /* keys_make flushes the home */
		break;
	}
	return error_sys(e, status_of(errno), errno, "set the damaged keys aside");
}

void keys_put_back(int home_fd, const char *name)
{
	struct stat st;
	if (fstatat(home_fd, FOLDER, &st, AT_SYMLINK_NOFOLLOW) != 0)
		(void)renameat(home_fd, name, home_fd, FOLDER); /* it keeps the other name then */
}
