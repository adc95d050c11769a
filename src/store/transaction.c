/*
 * Transactions: the write lock is taken at the start, so that a job never finds out at its end that
 * somebody else was writing.
 */
#include <assert.h>

#include "base/fault.h"
#include "store/internal.h"

enum status transaction_begin(struct store *s, struct transaction *out, struct error *e)
{
	assert(sqlite3_get_autocommit(s->db) != 0); /* not nested */
	TRY(store_exec(s, "BEGIN IMMEDIATE", "begin", e));
	*out = (struct transaction){ s, true };
	return OK;
}

enum status transaction_commit(struct transaction *t, struct error *e)
{
	assert(t->open);
	if (FAULT("store_commit"))
		return store_fail(t->store, SQLITE_FULL, "commit", e);
	TRY(store_exec(t->store, "COMMIT", "commit", e));
	t->open = false;
	return OK;
}

void transaction_done(struct transaction *t)
{
	if (!t->open)
		return;
	t->open = false;
	/* SQLite may have rolled back by itself (disk full, out of memory): nothing is left to do.
	 */
	if (sqlite3_get_autocommit(t->store->db) == 0)
		(void)sqlite3_exec(t->store->db, "ROLLBACK", NULL, NULL, NULL);
}
