/*
 * What the files of this folder share; nobody else includes it.
 */
#ifndef STORE_INTERNAL_H
#define STORE_INTERNAL_H

#include <sqlite3.h>

#include "store/store.h"

struct store {
	sqlite3 *db;
	char *path;	/* for messages */
	bool rehearsal; /* inside a transaction that is never committed */
	bool nested;	/* and within it one of the caller's runs */
};

struct statement {
	struct store *store;
	sqlite3_stmt *stmt;
	int bind_result; /* the first bind that did not work, SQLITE_OK otherwise */
};

/* The status and the sentence for a result code of SQLite. */
enum status store_fail(const struct store *s, int result, const char *doing, struct error *e);
/* Runs literal statements that give no rows. */
enum status store_exec(
	struct store *s, const char *sql, const char *doing, struct error *e) MUST_CHECK;
enum status store_migrate(struct store *s, const struct migration_area *areas, size_t n_areas,
	struct error *e) MUST_CHECK;

#endif
