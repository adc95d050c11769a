/*
 * Memory that runs out inside SQLite: its own allocator is replaced through its own interface by
 * one that fails at the n-th call.
 */
#include <sqlite3.h>
#include <stdlib.h>
#include <unistd.h>

#include "store/store.h"
#include "tests/lib/test.h"

static const struct migration rows[] = {
	{ 1, "things", "CREATE TABLE t_thing (name TEXT NOT NULL PRIMARY KEY)" },
};
static const struct migration_area area = { "t", rows, 1 };

static sqlite3_mem_methods usual;
static long calls_left; /* 0: never fails */

static bool fails(void)
{
	return calls_left > 0 && --calls_left == 0;
}

static void *fail_malloc(int n)
{
	return fails() ? NULL : usual.xMalloc(n);
}

static void *fail_realloc(void *p, int n)
{
	return fails() ? NULL : usual.xRealloc(p, n);
}

static void use_failing_memory(void)
{
	REQUIRE(sqlite3_config(SQLITE_CONFIG_GETMALLOC, &usual) == SQLITE_OK);
	sqlite3_mem_methods mine = usual;
	mine.xMalloc = fail_malloc;
	mine.xRealloc = fail_realloc;
	REQUIRE(sqlite3_config(SQLITE_CONFIG_MALLOC, &mine) == SQLITE_OK);
}

static enum status use(struct store *s, struct error *e)
{
	AUTO_TRANSACTION struct transaction t = { NULL, false };
	AUTO(statement_free) struct statement *q = NULL;
	TRY(transaction_begin(s, &t, e));
	TRY(STORE_SQL(s, "INSERT INTO t_thing VALUES (?)", &q, e));
	bind_text(q, 1, "a text that is long enough to need memory of its own in the database");
	TRY(statement_run(q, e));
	return transaction_commit(&t, e);
}

static enum status open_and_use(struct error *e)
{
	AUTO(store_close) struct store *s = NULL;
	TRY(store_open(test_path("a.db"), &area, 1, &s, e));
	return use(s, e);
}

TEST_WITHIN(a_failed_allocation_in_the_library_is_an_error_and_no_more, 240)
{
	use_failing_memory();
	int n_failed = 0;
	for (long n = 1; n < 4000; n++) {
		struct error e = ERROR_NONE;
		calls_left = n;
		enum status status = open_and_use(&e);
		bool fired = calls_left == 0;
		calls_left = 0;
		n_failed += status != OK;
		if (status != OK)
			CHECK(e.text[0] != '\0');
		struct store *s = NULL;
		REQUIRE_OK(store_open(test_path("a.db"), &area, 1, &s, &e), e);
		store_close(s);
		REQUIRE(unlink(test_path("a.db")) == 0);
		if (!fired) {
			CHECK_INT(status, OK);
			CHECK(n_failed > 50);
			return;
		}
		if (n > 200)
			n += n / 16; /* the later calls repeat what the earlier ones showed */
	}
	test_fail(__FILE__, __LINE__, "it never ended");
}
