/*
 * What the files of this folder share; nobody else includes it.
 */
#ifndef STORE_INTERNAL_H
#define STORE_INTERNAL_H

#include <sqlite3.h>
#include <sys/types.h>

#include "store/store.h"

/* "Tcsn": written into byte 68 of the file, where file(1) and we look for it. */
#define APPLICATION_ID 0x5463736e

/* What bars us from writing. */
enum bar {
	BAR_NONE,
	BAR_DISK_FULL,
	BAR_READ_ONLY_SYSTEM,
	BAR_NOT_ALLOWED,
	BAR_OTHER /* something of the disk's; `other` has SQLite's words for it */
};
enum { BAR_WORDS_MAX = 120 };

struct file_mode {
	unsigned loose; /* what let others in, 0 nothing */
	bool mended;	/* and does not any more */
};

struct store {
	sqlite3 *db;
	char *path; /* for messages */
	int64_t wait_ns;
	bool rehearsal;		   /* inside a transaction that is never committed */
	bool nested;		   /* and within it one of the caller's runs */
	enum bar bar;		   /* BAR_NONE: it can be written */
	char other[BAR_WORDS_MAX]; /* for BAR_OTHER */
	struct file_mode mode;
	enum bar met; /* by the last failure of a call, BAR_NONE where it was another */
};

struct statement {
	struct store *store;
	sqlite3_stmt *stmt;
	int bind_result; /* the first bind that did not work, SQLITE_OK otherwise */
};

/* --- trouble.c --- */

/* The status and the sentence for a result code of SQLite; notes in s->met what bars us. */
enum status store_fail(struct store *s, int result, const char *doing, struct error *e);
/* That it cannot be written, by s->bar, which is set. */
enum status store_barred(const struct store *s, struct error *e);
/* The same of one that none of the ways to read opens either. */
enum status store_unreadable(const struct store *s, struct error *e);
/* The clause for s->bar, which is set. */
const char *store_bar_words(const struct store *s);
enum status store_bar_status(enum bar bar);
/* What bars us from writing the file, where the library answered `result` (errno_value: the
 * system's word at that moment, 0 unknown); BAR_NONE where it is about something else. */
enum bar store_bar_of(const char *path, int result, int errno_value);

/* --- holder.c --- */

struct lock_holder {
	pid_t pid;
	char name[64];
};
/* Who, beside us, holds a lock for writing on the database, as /proc/locks tells; false where it
 * does not. Opens neither file: closing one would drop this process' own locks on it. */
bool store_holder(const char *path, struct lock_holder *out);

/* --- database_file.c --- */

/* Makes it where absent; what is there must be an ordinary file, and is taken out of other users'
 * reach. Opens no existing file. */
enum status store_make_file(const char *path, struct file_mode *out, struct error *e) MUST_CHECK;

/* --- store.c, read_only.c, migrate.c --- */

/* Runs literal statements that give no rows. */
enum status store_exec(
	struct store *s, const char *sql, const char *doing, struct error *e) MUST_CHECK;
/* One number out of a pragma or a count. */
enum status store_number(
	struct store *s, const char *sql, int64_t *out, struct error *e) MUST_CHECK;
/* Everything that a hostile or damaged file could use against us is off. */
enum status store_harden(struct store *s, struct error *e) MUST_CHECK;
/* Opens anew, to read only, what s->bar keeps from being written; the connection is exchanged. */
enum status store_connect_to_read(struct store *s, const struct migration_area *areas,
	size_t n_areas, struct error *e) MUST_CHECK;
/* Only looks where s->bar is set: an area that is behind is then refused. */
enum status store_migrate(struct store *s, const struct migration_area *areas, size_t n_areas,
	struct error *e) MUST_CHECK;

#endif
