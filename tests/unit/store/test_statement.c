/*
 * Values in and out, running a statement again, and the words for what goes wrong.
 */
#include <float.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "store/store.h"
#include "tests/lib/test.h"

static const struct migration rows[] = {
	{ 1, "values",
		"CREATE TABLE t_value (place BIGINT NOT NULL PRIMARY KEY, x);"
		"CREATE TABLE t_child (parent BIGINT REFERENCES t_value (place));" },
};
static const struct migration_area area = { "t", rows, 1 };

static struct store *new_store(void)
{
	struct store *s = NULL;
	struct error e = ERROR_NONE;
	REQUIRE_OK(store_open(test_path("a.db"), &area, 1, &s, &e), e);
	return s;
}

TEST(values_come_back_as_they_went_in)
{
	AUTO(store_close) struct store *s = new_store();
	struct error e = ERROR_NONE;
	AUTO(statement_free) struct statement *put = NULL;
	AUTO(statement_free) struct statement *get = NULL;
	static const char zeros[] = "a\0b";
	REQUIRE_OK(STORE_SQL(s, "INSERT INTO t_value VALUES (?, ?)", &put, &e), e);
	for (int i = 0; i < 8; i++) {
		bind_int(put, 1, i);
		switch (i) {
		case 0:
			bind_int(put, 2, INT64_MIN);
			break;
		case 1:
			bind_int(put, 2, INT64_MAX);
			break;
		case 2:
			bind_real(put, 2, DBL_MIN);
			break;
		case 3:
			bind_text(put, 2, "警钟'; DROP TABLE t_value; --");
			break;
		case 4:
			bind_bytes(put, 2, (struct view){ zeros, 3 });
			break;
		case 5:
			bind_text(put, 2, NULL);
			break;
		case 6:
			bind_view(put, 2, VIEW_NONE);
			break;
		default:
			bind_bytes(put, 2, VIEW_NONE);
			break;
		}
		REQUIRE_OK(statement_run(put, &e), e);
		CHECK_INT(store_changes(s), 1);
	}
	bool row = false;
	REQUIRE_OK(STORE_SQL(s, "SELECT x FROM t_value ORDER BY place", &get, &e), e);
	for (int i = 0; i < 8; i++) {
		REQUIRE_OK(statement_step(get, &row, &e), e);
		REQUIRE(row);
		if (i == 0)
			CHECK(column_int(get, 0) == INT64_MIN);
		if (i == 1)
			CHECK(column_int(get, 0) == INT64_MAX);
		if (i == 2)
			CHECK(column_real(get, 0) >= DBL_MIN && column_real(get, 0) <= DBL_MIN);
		if (i == 3)
			CHECK(view_is(column_text(get, 0), "警钟'; DROP TABLE t_value; --"));
		if (i == 4)
			CHECK(view_equal(column_bytes(get, 0), (struct view){ zeros, 3 }));
		CHECK_INT(column_is_null(get, 0), i == 5);
		if (i > 4)
			CHECK_INT(column_text(get, 0).len, 0);
	}
	REQUIRE_OK(statement_step(get, &row, &e), e);
	CHECK(!row);
}

TEST(a_statement_runs_again_after_its_last_row)
{
	AUTO(store_close) struct store *s = new_store();
	struct error e = ERROR_NONE;
	AUTO(statement_free) struct statement *q = NULL;
	bool row = false;
	REQUIRE_OK(STORE_SQL(s, "SELECT ? + 1", &q, &e), e);
	for (int i = 0; i < 3; i++) {
		bind_int(q, 1, i);
		REQUIRE_OK(statement_step(q, &row, &e), e);
		CHECK(row && column_int(q, 0) == i + 1);
		REQUIRE_OK(statement_step(q, &row, &e), e);
		CHECK(!row);
	}
	REQUIRE_OK(statement_step(q, &row, &e), e);
	statement_reset(q); /* in the middle of its rows */
	bind_int(q, 1, 9);
	REQUIRE_OK(statement_step(q, &row, &e), e);
	CHECK_INT(column_int(q, 0), 10);
}

TEST(a_constraint_that_says_no_is_a_conflict_and_the_statement_lives_on)
{
	AUTO(store_close) struct store *s = new_store();
	struct error e = ERROR_NONE;
	AUTO(statement_free) struct statement *q = NULL;
	REQUIRE_OK(STORE_SQL(s, "INSERT INTO t_value (place) VALUES (?)", &q, &e), e);
	bind_int(q, 1, 1);
	REQUIRE_OK(statement_run(q, &e), e);
	CHECK_INT(statement_run(q, &e), E_CONFLICT);
	bind_int(q, 1, 2);
	REQUIRE_OK(statement_run(q, &e), e);
}

TEST(foreign_keys_are_kept)
{
	AUTO(store_close) struct store *s = new_store();
	struct error e = ERROR_NONE;
	AUTO(statement_free) struct statement *q = NULL;
	REQUIRE_OK(STORE_SQL(s, "INSERT INTO t_child VALUES (?)", &q, &e), e);
	bind_int(q, 1, 42);
	CHECK_INT(statement_run(q, &e), E_CONFLICT);
}

TEST(a_value_over_the_ceiling_shows_at_the_step)
{
	AUTO(store_close) struct store *s = new_store();
	struct error e = ERROR_NONE;
	AUTO(statement_free) struct statement *q = NULL;
	size_t n = 65 * MIB;
	AUTO_FREE char *big = calloc(1, n);
	REQUIRE(big != NULL);
	REQUIRE_OK(STORE_SQL(s, "INSERT INTO t_value VALUES (1, ?)", &q, &e), e);
	bind_bytes(q, 1, (struct view){ big, n });
	CHECK_INT(statement_run(q, &e), E_TOO_BIG);
	bind_bytes(q, 1, (struct view){ big, 10 });
	REQUIRE_OK(statement_run(q, &e), e);
}

TEST(wrong_sql_says_what_is_wrong)
{
	AUTO(store_close) struct store *s = new_store();
	struct error e = ERROR_NONE;
	struct statement *q = NULL;
	CHECK_INT(STORE_SQL(s, "SELECT no_such FROM t_value", &q, &e), E_FAILED);
	CHECK(strstr(e.text, "no_such") != NULL);
	CHECK(q == NULL);
	/* Text in double quotes is never taken for a value. */
	CHECK_INT(STORE_SQL(s, "SELECT \"no such\"", &q, &e), E_FAILED);
}
