/*
 * Who holds a lock on the database: a person at three in the morning needs a name, not a wait.
 * Out of /proc/locks (proc_locks(5)), which everybody may read:
 *
 *   1: POSIX  ADVISORY  WRITE 3568 fd:00:2531452 120 120
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "store/internal.h"
#include "sys/file.h"

enum { LOCKS_BYTES_MAX = 4 * 1024 * 1024, FIELDS = 8, PLACE_MAX = 64 };
/* The byte of the -shm file that a writer locks (SQLite's walformat, "WAL_WRITE_LOCK"). */
enum { WRITE_LOCK_BYTE = 120 };

/* As the kernel writes it. Some file systems (btrfs) show another device there than to stat(2):
 * then the holder stays unnamed. */
static bool place_of(const char *path, const char *ending, char out[PLACE_MAX])
{
	AUTO_BUF struct buf name;
	struct stat st;
	buf_init(&name, 8 * KIB);
	buf_addf(&name, "%s%s", path, ending);
	if (name.failed || stat(buf_text(&name), &st) != 0)
		return false;
	(void)snprintf(out, PLACE_MAX, "%02x:%02x:%llu", major(st.st_dev), minor(st.st_dev),
		(unsigned long long)st.st_ino);
	return true;
}

/* The fields of a line, without empty ones; a line of somebody who only waits has an arrow. */
static size_t split(struct view line, struct view out[FIELDS])
{
	size_t n = 0;
	while (line.len > 0 && n < FIELDS) {
		const struct view field = view_cut(&line, ' ');
		if (field.len > 0)
			out[n++] = field;
	}
	return n;
}

static bool covers(struct view from, struct view to, unsigned long long byte)
{
	unsigned long long first = 0, last = 0;
	if (!view_to_u64(from, &first) || first > byte)
		return false;
	return view_is(to, "EOF") || (view_to_u64(to, &last) && last >= byte);
}

/* "?" where it is hidden from us. */
static void read_name(pid_t pid, char out[64])
{
	char path[64];
	AUTO_BUF struct buf text;
	struct error unknown = ERROR_NONE;
	buf_init(&text, 4 * KIB);
	(void)snprintf(path, sizeof path, "/proc/%d/comm", (int)pid);
	(void)snprintf(out, 64, "?");
	if (file_read_all(AT_FDCWD, path, 4 * KIB, &text, &unknown) != OK)
		return;
	const struct view name = view_trim(buf_view(&text));
	(void)snprintf(out, 64, "%.*s", name.len > 63 ? 63 : (int)name.len, name.at);
}

bool store_holder(const char *path, struct lock_holder *out)
{
	enum { KIND = 1, MODE = 3, PID = 4, PLACE = 5, FROM = 6, TO = 7 };
	char database[PLACE_MAX] = "", log[PLACE_MAX] = "";
	AUTO_BUF struct buf text;
	struct error unknown = ERROR_NONE;
	buf_init(&text, LOCKS_BYTES_MAX);
	if (!place_of(path, "", database))
		return false;
	(void)place_of(path, "-shm", log); /* none: nobody uses the log, the database is locked */
	if (file_read_all(AT_FDCWD, "/proc/locks", LOCKS_BYTES_MAX, &text, &unknown) != OK)
		return false;
	struct view rest = buf_view(&text);
	while (rest.len > 0) {
		struct view f[FIELDS];
		unsigned long long pid = 0;
		const size_t n = split(view_cut(&rest, '\n'), f);
		if (n < FIELDS || !view_is(f[KIND], "POSIX") || !view_is(f[MODE], "WRITE") ||
			!view_to_u64(f[PID], &pid) || pid == 0 || (pid_t)pid == getpid())
			continue;
		const bool writer = log[0] != '\0' && view_is(f[PLACE], log) &&
				    covers(f[FROM], f[TO], WRITE_LOCK_BYTE);
		if (!writer && !view_is(f[PLACE], database))
			continue;
		out->pid = (pid_t)pid;
		read_name(out->pid, out->name);
		return true;
	}
	return false;
}
