/*
 * A small door to the database: open, migrate, prepare, bind, step, transaction. It knows no
 * table's meaning. SQLite now (WAL, synchronous=FULL, one connection); PostgreSQL will stand behind
 * the same calls, so SQL here is the common subset and placeholders are "?".
 *
 * Only literals become SQL: STORE_SQL pastes "" around its argument, which does not compile for a
 * variable. Values go through bind.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/view.h"

struct store;
struct statement;

/* Append-only, numbered from 1 without gaps within an area; each runs in one transaction. */
struct migration {
	int number;
	const char *what;
	const char *sql;
};
struct migration_area {
	const char *name; /* "drill"; its tables carry it as a prefix */
	const struct migration *rows;
	size_t n_rows;
};

/* Opens <path>, makes it (0600) where absent, and migrates every area. A database that a newer
 * program made is refused in plain words (E_CONFLICT), a file that is none of ours E_INVALID.
 *
 * One that is there but cannot be written (the disk is full, the file system is read-only, we may
 * not write there) is opened to read only: store_read_only tells. It must be up to date then, since
 * migrating means writing; E_NO_SPACE or E_DENIED otherwise. */
enum status store_open(const char *path, const struct migration_area *areas, size_t n_areas,
	struct store **out, struct error *e) MUST_CHECK;
/* Why this database can only be read ("the disk is full"), in the language of i18n_use; NULL where
 * it can be written. */
const char *store_read_only(const struct store *s);
/* The mode of the file that let other users read or write it when it was opened; 0: none did.
 * *out_mended: they cannot any more (a read-only file system keeps it as it is). */
unsigned store_loose_mode(const struct store *s, bool *out_mended);
/* What every write on a database that can only be read answers, before anything is tried:
 * E_NO_SPACE or E_DENIED with a sentence that names the file and the cause; OK on another. */
enum status store_check_writable(const struct store *s, struct error *e) MUST_CHECK;
/* A database in memory, which goes with store_close: to try what a home that is not there yet would
 * hold. */
enum status store_open_in_memory(const struct migration_area *areas, size_t n_areas,
	struct store **out, struct error *e) MUST_CHECK;
void store_close(struct store *s);
AUTO_TYPE(store_close, struct store *)

/* How long a lock of another process is waited for, from here on. Returns what it was. */
int64_t store_wait_for_lock(struct store *s, int64_t wait_ns);
#define STORE_LOCK_WAIT_NS (5 * NS_PER_S) /* from the start: longer than a slow disk's flush */

/* From here on nothing is kept (--dry-run): the same code runs, each transaction sees what those
 * before it wrote, and all of it is gone with store_close. The file does not change by a byte.
 * Takes the write lock, so that what is found could be done now. */
enum status store_rehearse(struct store *s, struct error *e) MUST_CHECK;

enum status store_prepare(
	struct store *s, const char *sql, struct statement **out, struct error *e) MUST_CHECK;
#define STORE_SQL(s, literal, out, e) store_prepare((s), "" literal "", (out), (e))
void statement_free(struct statement *q);
AUTO_TYPE(statement_free, struct statement *)

/* Places count from 1. Text and bytes are copied. A failed bind shows at the step. */
void bind_text(struct statement *q, int place, const char *text); /* NULL: SQL NULL */
void bind_view(struct statement *q, int place, struct view v);
void bind_bytes(struct statement *q, int place, struct view v);
void bind_int(struct statement *q, int place, int64_t x);
void bind_real(struct statement *q, int place, double x);
void bind_null(struct statement *q, int place);

/* *out_row: a row is there. After the last row the statement may be bound and run again. */
enum status statement_step(struct statement *q, bool *out_row, struct error *e) MUST_CHECK;
/* For statements that give no row. E_CONFLICT where a constraint says no. */
enum status statement_run(struct statement *q, struct error *e) MUST_CHECK;
void statement_reset(struct statement *q);
/* Columns count from 0; views live until the next step. */
int64_t column_int(struct statement *q, int column);
double column_real(struct statement *q, int column);
struct view column_text(struct statement *q, int column);
struct view column_bytes(struct statement *q, int column);
bool column_is_null(struct statement *q, int column);
int64_t store_changes(struct store *s); /* rows of the last statement */

/* Takes the write lock at once (BEGIN IMMEDIATE). Not nested. A transaction that is neither
 * committed nor rolled back when the scope ends is rolled back. */
struct transaction {
	struct store *store;
	bool open;
};
enum status transaction_begin(struct store *s, struct transaction *out, struct error *e) MUST_CHECK;
enum status transaction_commit(struct transaction *t, struct error *e) MUST_CHECK;
void transaction_done(struct transaction *t);
#define AUTO_TRANSACTION __attribute__((cleanup(transaction_done)))

#endif
