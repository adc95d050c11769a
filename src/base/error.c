/*
 * The three verbs of failure. Nothing here allocates, so running out of memory can be told too.
 */
#include "base/error.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/i18n.h"

static enum status refine(enum status status, int errno_value)
{
	if (errno_value == ENOSPC || errno_value == EDQUOT || errno_value == ENOMEM)
		return E_NO_SPACE;
	return status;
}

/* The longest beginning of at most `most` bytes that does not end within a UTF-8 sequence. */
static int utf8_prefix(const char *text, size_t most)
{
	size_t n = strnlen(text, most + 1);
	if (n <= most)
		return (int)n;
	n = most;
	while (n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80)
		n--;
	return (int)n;
}

/* A long sentence is cut at the end, never in the middle of a character. */
static void trim_partial_utf8(char *text, size_t size_bytes)
{
	size_t end = strnlen(text, size_bytes);
	if (end + 1 < size_bytes)
		return;
	size_t at = end;
	while (at > 0 && ((unsigned char)text[at - 1] & 0xc0) == 0x80)
		at--;
	if (at > 0 && ((unsigned char)text[at - 1] & 0x80) != 0)
		text[at - 1] = '\0';
}

/* The reasons that people meet. The C library has them too, but in Chinese only where its own
 * catalogues are installed, which a small server has not. */
static const char *known_reason(int errno_value)
{
	static const struct {
		int value;
		const char *reason;
	} rows[] = {
		{ EPERM, N_("Operation not permitted") },
		{ ENOENT, N_("No such file or directory") },
		{ EINTR, N_("Interrupted system call") },
		{ EIO, N_("Input/output error") },
		{ EBADF, N_("Bad file descriptor") },
		{ EAGAIN, N_("Resource temporarily unavailable") },
		{ ENOMEM, N_("Cannot allocate memory") },
		{ EACCES, N_("Permission denied") },
		{ EBUSY, N_("Device or resource busy") },
		{ EEXIST, N_("File exists") },
		{ EXDEV, N_("Invalid cross-device link") },
		{ ENOTDIR, N_("Not a directory") },
		{ EISDIR, N_("Is a directory") },
		{ EINVAL, N_("Invalid argument") },
		{ ENFILE, N_("Too many open files in system") },
		{ EMFILE, N_("Too many open files") },
		{ ETXTBSY, N_("Text file busy") },
		{ EFBIG, N_("File too large") },
		{ ENOSPC, N_("No space left on device") },
		{ EROFS, N_("Read-only file system") },
		{ EPIPE, N_("Broken pipe") },
		{ ENAMETOOLONG, N_("File name too long") },
		{ ENOSYS, N_("Function not implemented") },
		{ ENOTEMPTY, N_("Directory not empty") },
		{ ELOOP, N_("Too many levels of symbolic links") },
		{ EOPNOTSUPP, N_("Operation not supported") },
		{ EADDRINUSE, N_("Address already in use") },
		{ ECONNRESET, N_("Connection reset by peer") },
		{ ETIMEDOUT, N_("Connection timed out") },
		{ ECONNREFUSED, N_("Connection refused") },
		{ EDQUOT, N_("Disk quota exceeded") },
		{ ESTALE, N_("Stale file handle") },
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (rows[i].value == errno_value)
			return i18n_text(rows[i].reason);
	return NULL;
}

/* What the macros of these names call. */
#undef error_set
#undef error_sys
#undef error_wrap

enum status error_set(struct error *e, enum status status, const char *format, ...)
{
	if (e != NULL) {
		va_list args;
		va_start(args, format);
		(void)vsnprintf(e->text, sizeof e->text, i18n_text(format), args);
		va_end(args);
		trim_partial_utf8(e->text, sizeof e->text);
		e->status = status;
		e->errno_value = 0;
	}
	return status;
}

enum status error_sys(struct error *e, enum status status, int errno_value, const char *format, ...)
{
	status = refine(status, errno_value);
	if (e != NULL) {
		char what[ERROR_TEXT_MAX];
		char reason[128];
		va_list args;
		va_start(args, format);
		(void)vsnprintf(what, sizeof what, i18n_text(format), args);
		va_end(args);
		const char *why = known_reason(errno_value);
		if (why == NULL)
			why = strerror_r(errno_value, reason, sizeof reason);
		(void)snprintf(e->text, sizeof e->text, _("%.*s: %.*s"), utf8_prefix(what, 600),
			what, utf8_prefix(why, 120), why);
		e->status = status;
		e->errno_value = errno_value;
	}
	return status;
}

enum status error_wrap(struct error *e, const char *format, ...)
{
	if (e == NULL)
		return E_FAILED;
	char inner[ERROR_TEXT_MAX];
	char outer[256];
	memcpy(inner, e->text, sizeof inner);
	va_list args;
	va_start(args, format);
	(void)vsnprintf(outer, sizeof outer, i18n_text(format), args);
	va_end(args);
	trim_partial_utf8(outer, sizeof outer);
	(void)snprintf(
		e->text, sizeof e->text, _("%s: %.*s"), outer, utf8_prefix(inner, 500), inner);
	return e->status;
}

const char *status_name(enum status status)
{
	switch (status) {
	case OK:
		return "ok";
	case E_FAILED:
		return "failed";
	case E_USAGE:
		return "usage";
	case E_PARTLY:
		return "partly";
	case E_DENIED:
		return "not-allowed";
	case E_ABSENT:
		return "not-found";
	case E_CONFLICT:
		return "conflict";
	case E_INVALID:
		return "invalid";
	case E_TOO_BIG:
		return "too-big";
	case E_NO_SPACE:
		return "no-space";
	case E_STOPPED:
		return "stopped";
	case E_VOIDED:
		return "voided";
	case E_INTERRUPTED:
		return "interrupted";
	case E_QUEUED:
		return "queued";
	case E_LATE:
		return "late";
	}
	return "unknown";
}
