/*
 * What SQLite's answers mean for a person: which file, what is wrong, what to do. Its own words are
 * kept where we know none better.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/i18n.h"
#include "store/internal.h"

/* With less, the index of a log (32 KiB) and a page do not fit. */
enum { ROOM_LEAST_BYTES = 64 * 1024 };

static enum status status_of(int result)
{
	switch (result & 0xff) { /* extended codes carry the primary one in the low byte */
	case SQLITE_CONSTRAINT:
		return E_CONFLICT;
	case SQLITE_FULL:
	case SQLITE_NOMEM:
		return E_NO_SPACE;
	case SQLITE_NOTADB:
	case SQLITE_CORRUPT:
		return E_INVALID;
	case SQLITE_PERM:
	case SQLITE_READONLY:
	case SQLITE_AUTH:
		return E_DENIED;
	case SQLITE_TOOBIG:
		return E_TOO_BIG;
	default:
		return E_FAILED;
	}
}

/* --- what bars us from writing ------------------------------------------------------------------
 */

/* Results that tell of reading, of memory or of damage are no question of writing. */
static bool is_about_writing(int result)
{
	switch (result) {
	case SQLITE_IOERR_READ:
	case SQLITE_IOERR_SHORT_READ:
	case SQLITE_IOERR_NOMEM:
	case SQLITE_IOERR_CORRUPTFS:
	case SQLITE_IOERR_DATA:
		return false;
	default:
		break;
	}
	const int primary = result & 0xff;
	return primary == SQLITE_FULL || primary == SQLITE_IOERR || primary == SQLITE_CANTOPEN ||
	       primary == SQLITE_READONLY || primary == SQLITE_PERM;
}

static bool is_full(const char *folder)
{
	struct statvfs f;
	if (statvfs(folder, &f) != 0)
		return false;
	return (uint64_t)f.f_bavail * f.f_frsize < ROOM_LEAST_BYTES ||
	       (f.f_files > 0 && f.f_favail == 0);
}

/* 0 where we may write it, or where it is not there. */
static int refusal_of(const char *path, const char *ending)
{
	char name[PATH_MAX];
	int len = snprintf(name, sizeof name, "%s%s", path, ending);
	if (len < 0 || (size_t)len >= sizeof name)
		return 0; /* no such file can be opened */
	if (faccessat(AT_FDCWD, name, ending[0] == '/' ? W_OK | X_OK : W_OK, AT_EACCESS) == 0)
		return 0;
	return errno == EROFS || errno == EACCES || errno == EPERM ? errno : 0;
}

/* None of the files is opened: closing one would drop this process' locks on it. */
static enum bar bar_of_access(const char *path, const char *folder)
{
	static const char *const files[] = { "", "-wal", "-shm" };
	int errno_value = refusal_of(folder, "/");
	for (size_t i = 0; i < COUNT_OF(files) && errno_value == 0; i++)
		errno_value = refusal_of(path, files[i]);
	if (errno_value == EROFS)
		return BAR_READ_ONLY_SYSTEM;
	return errno_value == 0 ? BAR_NONE : BAR_NOT_ALLOWED;
}

enum bar store_bar_of(const char *path, int result, int errno_value)
{
	char folder[PATH_MAX];
	const char *slash = strrchr(path, '/');
	if (!is_about_writing(result))
		return BAR_NONE;
	if ((result & 0xff) == SQLITE_FULL)
		return BAR_DISK_FULL;
	(void)snprintf(folder, sizeof folder, "%.*s", slash == NULL ? 1 : (int)(slash - path + 1),
		slash == NULL ? "." : path);
	const enum bar bar = bar_of_access(path, folder);
	if (bar != BAR_NONE)
		return bar;
	const bool said = (result & 0xff) == SQLITE_IOERR || (result & 0xff) == SQLITE_CANTOPEN;
	if (said && (errno_value == ENOSPC || errno_value == EDQUOT))
		return BAR_DISK_FULL;
	return is_full(folder) ? BAR_DISK_FULL : BAR_OTHER;
}

const char *store_bar_words(const struct store *s)
{
	switch (s->bar) {
	case BAR_NONE:
		break;
	case BAR_DISK_FULL:
		return _("the disk is full");
	case BAR_READ_ONLY_SYSTEM:
		return _("the file system is read-only");
	case BAR_NOT_ALLOWED:
		return _("this user may not write there");
	case BAR_OTHER:
		break;
	}
	return s->other;
}

enum status store_bar_status(enum bar bar)
{
	switch (bar) {
	case BAR_DISK_FULL:
		return E_NO_SPACE;
	case BAR_READ_ONLY_SYSTEM:
	case BAR_NOT_ALLOWED:
		return E_DENIED;
	case BAR_NONE:
	case BAR_OTHER:
		break;
	}
	return E_FAILED;
}

enum status store_barred(const struct store *s, struct error *e)
{
	return error_set(e, store_bar_status(s->bar), "database '%s' cannot be written: %s",
		s->path, store_bar_words(s));
}

enum status store_unreadable(const struct store *s, struct error *e)
{
	return error_set(e, store_bar_status(s->bar),
		"database '%s' cannot be written: %s; and without that it cannot be read either",
		s->path, store_bar_words(s));
}

/* --- the sentence -------------------------------------------------------------------------------
 */

static enum status fail_busy(const struct store *s, struct error *e)
{
	struct lock_holder who;
	if (!store_holder(s->path, &who))
		return error_set(e, E_FAILED,
			"database '%s': another process holds it; wait until it is done or end it "
			"(fuser -v shows which), then try again",
			s->path);
	return error_set(e, E_FAILED,
		"database '%s': another process holds it (%s, process %d); wait until it is done "
		"or end it, then try again",
		s->path, who.name, (int)who.pid);
}

enum status store_fail(struct store *s, int result, const char *doing, struct error *e)
{
	const int known = s->db == NULL ? SQLITE_OK : sqlite3_extended_errcode(s->db);
	const int errno_value = s->db == NULL ? 0 : sqlite3_system_errno(s->db);
	const char *why = known == result ? sqlite3_errmsg(s->db) : sqlite3_errstr(result);
	s->met = BAR_NONE;
	if ((result & 0xff) == SQLITE_BUSY)
		return fail_busy(s, e);
	if (s->bar != BAR_NONE && (result & 0xff) == SQLITE_READONLY) {
		s->met = s->bar;
		return store_barred(s, e);
	}
	s->met = store_bar_of(s->path, result, errno_value);
	if (s->met == BAR_OTHER)
		(void)snprintf(s->other, sizeof s->other, "%s", why);
	if (s->met == BAR_NONE || s->met == BAR_OTHER)
		return error_set(
			e, status_of(result), "database '%s': %s: %s", s->path, doing, why);
	const struct store barred = { .path = s->path, .bar = s->met };
	return store_barred(&barred, e);
}
