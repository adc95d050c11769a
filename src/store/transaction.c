/*
 * Transactions: the write lock is taken at the start, so that a job never finds out at its end that
 * somebody else was writing. And rehearsals: one transaction around all others that is never
 * committed.
 */
#include <assert.h>

#include "base/fault.h"
#include "store/internal.h"

/* Whatever asks SQLite to commit in a rehearsal, also after it rolled back by itself (disk full),
 * gets a rollback. */
static int refuse_commit(void *unused)
{
	(void)unused;
	return 1;
}

enum status store_rehearse(struct store *s, struct error *e)
{
	assert(!s->rehearsal && sqlite3_get_autocommit(s->db) != 0);
	TRY(store_check_writable(s, e));
	/* Pages that do not fit into the cache would go to the log before their commit. */
	TRY(store_exec(s, "PRAGMA cache_spill = OFF; BEGIN IMMEDIATE", "begin", e));
	(void)sqlite3_commit_hook(s->db, refuse_commit, NULL);
	s->rehearsal = true;
	return OK;
}

enum status transaction_begin(struct store *s, struct transaction *out, struct error *e)
{
	assert(!s->nested && (s->rehearsal || sqlite3_get_autocommit(s->db) != 0));
	TRY(store_check_writable(s, e));
	TRY(store_exec(s, s->rehearsal ? "SAVEPOINT rehearsed" : "BEGIN IMMEDIATE", "begin", e));
	s->nested = true;
	*out = (struct transaction){ s, true };
	return OK;
}

enum status transaction_commit(struct transaction *t, struct error *e)
{
	assert(t->open);
	if (FAULT("store_commit"))
		return store_fail(t->store, SQLITE_FULL, "commit", e);
	TRY(store_exec(
		t->store, t->store->rehearsal ? "RELEASE rehearsed" : "COMMIT", "commit", e));
	t->open = false;
	t->store->nested = false;
	return OK;
}

void transaction_done(struct transaction *t)
{
	if (!t->open)
		return;
	t->open = false;
	t->store->nested = false;
	/* SQLite may have rolled back by itself (disk full, out of memory): nothing is left to do.
	 */
	if (sqlite3_get_autocommit(t->store->db) == 0)
		(void)sqlite3_exec(t->store->db,
			t->store->rehearsal ? "ROLLBACK TO rehearsed; RELEASE rehearsed"
					    : "ROLLBACK",
			NULL, NULL, NULL);
}
