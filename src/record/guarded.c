/*
 * Reading what the routes name: keys, certificates, authorities. The mode is looked at on the
 * descriptor that is then read, so that nothing can be exchanged between the two. Links are
 * followed: certificates are often kept behind one; the home and its parents are the caller's to
 * check.
 */
#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fault.h"
#include "record/internal.h"
#include "sys/file.h"

static enum status check_guard(int fd, const char *path, enum guard guard, struct error *e)
{
	struct file_identity who;
	TRY(file_identify(fd, &who, e));
	if (!S_ISREG(who.mode))
		return error_set(e, E_INVALID, "'%s' is not a regular file", path);
	if (who.uid != geteuid() && who.uid != 0)
		return error_set(e, E_DENIED, "'%s' belongs to another user", path);
	if (guard == GUARD_SECRET && (who.mode & 077) != 0)
		return error_set(e, E_DENIED, "others may read '%s'; set its mode to 0600", path);
	if (guard == GUARD_TRUSTED && (who.mode & 022) != 0)
		return error_set(
			e, E_DENIED, "others may write in '%s'; set its mode to 0644", path);
	return OK;
}

/* Room for all of it at once, so that no copy of a secret stays behind where a buffer grew. */
enum status guarded_read(
	const char *path, enum guard guard, size_t ceiling, struct buf *out, struct error *e)
{
	AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return error_sys(e, errno == ENOENT ? E_ABSENT : E_FAILED, errno, "'%s'", path);
	TRY(check_guard(fd, path, guard, e));
	buf_done(out);
	buf_init(out, ceiling + 1);
	char *room = buf_extend(out, ceiling + 1);
	if (room == NULL)
		return error_sys(e, E_NO_SPACE, ENOMEM, "read '%s'", path);
	size_t n_read = 0;
	while (n_read <= ceiling) {
		ssize_t n =
			FAULT("guarded_read") ? -1 : read(fd, room + n_read, ceiling + 1 - n_read);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_sys(e, E_FAILED, errno, "read '%s'", path);
		if (n == 0)
			break;
		n_read += (size_t)n;
	}
	out->len = n_read;
	out->at[n_read] = '\0';
	if (n_read > ceiling)
		return error_set(e, E_TOO_BIG, "'%s' is larger than %zu bytes", path, ceiling);
	return OK;
}

int text_cut(const char *text, size_t most)
{
	size_t n = strnlen(text, most + 1);
	if (n <= most)
		return (int)n;
	for (n = most; n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80;)
		n--;
	return (int)n;
}

void buf_wipe(struct buf *b)
{
	if (b->at != NULL)
		OPENSSL_cleanse(b->at, b->capacity);
	buf_done(b);
}
