/*
 * Migrations: order, one transaction each, newer schemas, damaged lists.
 */
#include <stdio.h>
#include <string.h>

#include "store/store.h"
#include "tests/lib/faults.h"
#include "tests/lib/test.h"

static const struct migration drill_rows[] = {
	{ 1, "runs", "CREATE TABLE d_run (id BIGINT NOT NULL PRIMARY KEY)" },
	{ 2, "names",
		"ALTER TABLE d_run ADD COLUMN name TEXT; INSERT INTO d_run VALUES (1, 'x');" },
	{ 3, "more", "INSERT INTO d_run VALUES (2, 'y'); INSERT INTO d_run VALUES (3, 'z');" },
};
static const struct migration broken_rows[] = {
	{ 1, "runs", "CREATE TABLE d_run (id BIGINT NOT NULL PRIMARY KEY)" },
	{ 2, "half", "CREATE TABLE d_half (x BIGINT); INSERT INTO d_nowhere VALUES (1);" },
};
static const struct migration other_rows[] = {
	{ 1, "other", "CREATE TABLE o_other (x BIGINT)" },
};

static struct store *open_with(const struct migration_area *areas, size_t n)
{
	struct store *s = NULL;
	struct error e = ERROR_NONE;
	REQUIRE_OK(store_open(test_path("a.db"), areas, n, &s, &e), e);
	return s;
}

static int64_t number_of(struct store *s, const char *sql)
{
	AUTO(statement_free) struct statement *q = NULL;
	struct error e = ERROR_NONE;
	bool row = false;
	REQUIRE_OK(store_prepare(s, sql, &q, &e), e);
	REQUIRE_OK(statement_step(q, &row, &e), e);
	return column_int(q, 0);
}

TEST(an_old_database_is_brought_up_step_by_step)
{
	for (size_t level = 1; level <= 3; level++) {
		const struct migration_area area = { "drill", drill_rows, level };
		AUTO(store_close) struct store *s = open_with(&area, 1);
		CHECK_INT(number_of(s, "SELECT count(*) FROM schema_migration"), (int)level);
	}
	const struct migration_area area = { "drill", drill_rows, 3 };
	AUTO(store_close) struct store *s = open_with(&area, 1);
	CHECK_INT(number_of(s, "SELECT count(*) FROM d_run"), 3);
	CHECK_INT(number_of(s, "SELECT count(*) FROM schema_migration WHERE applied_ns > 0"), 3);
}

TEST(areas_are_numbered_each_on_its_own)
{
	const struct migration_area areas[] = { { "drill", drill_rows, 3 },
		{ "other", other_rows, 1 } };
	AUTO(store_close) struct store *s = open_with(areas, 2);
	CHECK_INT(number_of(s, "SELECT number FROM schema_migration WHERE area = 'other'"), 1);
	CHECK_INT(number_of(s, "SELECT max(number) FROM schema_migration WHERE area = 'drill'"), 3);
}

TEST(a_newer_schema_is_refused_in_plain_words_and_nothing_is_written)
{
	const struct migration_area newer = { "drill", drill_rows, 3 };
	const struct migration_area older[] = { { "other", other_rows, 1 },
		{ "drill", drill_rows, 2 } };
	struct error e = ERROR_NONE;
	store_close(open_with(&newer, 1));
	struct store *s = NULL;
	CHECK_INT(store_open(test_path("a.db"), older, 2, &s, &e), E_CONFLICT);
	CHECK(strstr(e.text, "newer version of this program") != NULL);
	CHECK(strstr(e.text, "step 3") != NULL);
	AUTO(store_close) struct store *again = open_with(&newer, 1);
	CHECK_INT(number_of(again, "SELECT count(*) FROM schema_migration"), 3);
}

TEST(a_migration_that_fails_leaves_nothing_of_itself)
{
	const struct migration_area broken = { "drill", broken_rows, 2 };
	const struct migration_area good = { "drill", drill_rows, 1 };
	struct store *s = NULL;
	struct error e = ERROR_NONE;
	CHECK_INT(store_open(test_path("a.db"), &broken, 1, &s, &e), E_FAILED);
	CHECK(strstr(e.text, "migration drill 2") != NULL);
	AUTO(store_close) struct store *again = open_with(&good, 1);
	CHECK_INT(number_of(again, "SELECT count(*) FROM sqlite_master WHERE name = 'd_half'"), 0);
	CHECK_INT(number_of(again, "SELECT count(*) FROM schema_migration"), 1);
}

TEST(a_list_of_migrations_with_gaps_is_refused)
{
	const struct migration_area area = { "drill", drill_rows, 3 };
	struct store *s = open_with(&area, 1);
	struct error e = ERROR_NONE;
	AUTO(statement_free) struct statement *q = NULL;
	REQUIRE_OK(STORE_SQL(s, "DELETE FROM schema_migration WHERE number = 2", &q, &e), e);
	REQUIRE_OK(statement_run(q, &e), e);
	statement_free(TAKE(q));
	store_close(s);
	CHECK_INT(store_open(test_path("a.db"), &area, 1, &s, &e), E_INVALID);
	CHECK(strstr(e.text, "gaps") != NULL);
}

TEST(whatever_fails_in_a_migration_it_is_done_wholly_or_not_at_all)
{
	NEEDS_FAULTS();
	for (int n = 1;; n++) {
		const struct migration_area first = { "drill", drill_rows, 1 };
		const struct migration_area all = { "drill", drill_rows, 3 };
		struct store *s = NULL;
		struct error e = ERROR_NONE;
		REQUIRE(n < 200);
		store_close(open_with(&first, 1));
		fault_arm("", n);
		enum status status = store_open(test_path("a.db"), &all, 1, &s, &e);
		fault_disarm();
		bool done = status == OK;
		if (!done)
			s = open_with(&all, 1);
		CHECK_INT(number_of(s, "SELECT count(*) FROM d_run"), 3);
		store_close(s);
		if (done)
			return;
		REQUIRE(remove(test_path("a.db")) == 0);
	}
}
