/*
 * Transactions: all or nothing, one writer, and what a killed writer leaves.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "store/store.h"
#include "sys/file.h"
#include "tests/lib/faults.h"
#include "tests/lib/test.h"

static const struct migration rows[] = {
	{ 1, "numbers", "CREATE TABLE t_number (n BIGINT NOT NULL PRIMARY KEY)" },
};
static const struct migration_area area = { "t", rows, 1 };

static struct store *open_it(void)
{
	struct store *s = NULL;
	struct error e = ERROR_NONE;
	REQUIRE_OK(store_open(test_path("a.db"), &area, 1, &s, &e), e);
	return s;
}

static enum status put(struct store *s, int64_t n, struct error *e)
{
	AUTO(statement_free) struct statement *q = NULL;
	TRY(STORE_SQL(s, "INSERT INTO t_number VALUES (?)", &q, e));
	bind_int(q, 1, n);
	return statement_run(q, e);
}

static int64_t count(struct store *s)
{
	AUTO(statement_free) struct statement *q = NULL;
	struct error e = ERROR_NONE;
	bool row = false;
	REQUIRE_OK(STORE_SQL(s, "SELECT count(*) FROM t_number", &q, &e), e);
	REQUIRE_OK(statement_step(q, &row, &e), e);
	return column_int(q, 0);
}

/* Two rows in one transaction; the second may break it. */
static enum status put_two(struct store *s, int64_t a, int64_t b, struct error *e)
{
	AUTO_TRANSACTION struct transaction t = { NULL, false };
	TRY(transaction_begin(s, &t, e));
	TRY(put(s, a, e));
	TRY(put(s, b, e));
	return transaction_commit(&t, e);
}

static enum status roll_back(struct store *s, struct error *e)
{
	AUTO(statement_free) struct statement *q = NULL;
	TRY(STORE_SQL(s, "ROLLBACK", &q, e));
	return statement_run(q, e);
}

static enum status same_bytes(struct view before, struct error *e)
{
	AUTO_BUF struct buf now = { .ceiling = (size_t)MIB };
	TRY(file_read_all(AT_FDCWD, test_path("a.db"), MIB, &now, e));
	return view_equal(before, buf_view(&now)) ? OK : error_set(e, E_FAILED, "it changed");
}

TEST(a_rehearsal_sees_what_it_writes_and_leaves_every_byte_as_it_was)
{
	struct error e = ERROR_NONE;
	AUTO_BUF struct buf before = { .ceiling = (size_t)MIB };
	struct store *s = open_it();
	REQUIRE_OK(put_two(s, 1, 2, &e), e);
	store_close(s);
	REQUIRE_OK(file_read_all(AT_FDCWD, test_path("a.db"), MIB, &before, &e), e);
	s = open_it();
	REQUIRE_OK(store_rehearse(s, &e), e);
	REQUIRE_OK(put_two(s, 3, 4, &e), e);
	CHECK_INT(put_two(s, 5, 5, &e), E_CONFLICT); /* takes back itself alone */
	REQUIRE_OK(put(s, 6, &e), e);
	CHECK_INT(count(s), 5);
	store_close(s);
	REQUIRE_OK(same_bytes(buf_view(&before), &e), e);
	CHECK_INT(access(test_path("a.db-wal"), F_OK), -1);
	s = open_it();
	CHECK_INT(count(s), 2);
	store_close(s);
}

TEST(a_rehearsal_whose_transaction_was_lost_still_keeps_nothing)
{
	struct error e = ERROR_NONE;
	struct store *s = open_it();
	REQUIRE_OK(store_rehearse(s, &e), e);
	REQUIRE_OK(roll_back(s, &e), e); /* as SQLite does by itself on a full disk */
	CHECK(put(s, 7, &e) != OK);
	store_close(s);
	s = open_it();
	CHECK_INT(count(s), 0);
	store_close(s);
}

TEST(a_store_in_memory_holds_the_same_tables_and_makes_no_file)
{
	struct error e = ERROR_NONE;
	AUTO(store_close) struct store *s = NULL;
	REQUIRE_OK(store_open_in_memory(&area, 1, &s, &e), e);
	REQUIRE_OK(put_two(s, 1, 2, &e), e);
	CHECK_INT(count(s), 2);
	CHECK_INT(access(test_path(":memory:"), F_OK), -1);
	CHECK_INT(access(":memory:", F_OK), -1);
}

TEST(a_scope_that_ends_early_takes_everything_back)
{
	AUTO(store_close) struct store *s = open_it();
	struct error e = ERROR_NONE;
	REQUIRE_OK(put_two(s, 1, 2, &e), e);
	CHECK_INT(put_two(s, 3, 1, &e), E_CONFLICT);
	CHECK_INT(count(s), 2);
	REQUIRE_OK(put_two(s, 3, 4, &e), e);
	CHECK_INT(count(s), 4);
}

TEST(another_connection_sees_a_transaction_whole_or_not)
{
	AUTO(store_close) struct store *writer = open_it();
	AUTO(store_close) struct store *reader = open_it();
	struct error e = ERROR_NONE;
	AUTO_TRANSACTION struct transaction t = { NULL, false };
	REQUIRE_OK(transaction_begin(writer, &t, &e), e);
	REQUIRE_OK(put(writer, 1, &e), e);
	CHECK_INT(count(reader), 0);
	REQUIRE_OK(transaction_commit(&t, &e), e);
	CHECK_INT(count(reader), 1);
}

TEST(an_open_transaction_is_rolled_back_when_its_process_is_killed)
{
	int ready[2];
	REQUIRE(pipe2(ready, O_CLOEXEC) == 0);
	pid_t pid = fork();
	if (pid == 0) {
		struct error e = ERROR_NONE;
		struct store *s = open_it();
		struct transaction t;
		if (put(s, 1, &e) != OK || transaction_begin(s, &t, &e) != OK ||
			put(s, 2, &e) != OK)
			_exit(1);
		(void)!write(ready[1], "x", 1);
		(void)pause();
	}
	char c;
	REQUIRE(read(ready[0], &c, 1) == 1);
	REQUIRE(kill(pid, SIGKILL) == 0 && waitpid(pid, NULL, 0) == pid);
	AUTO(store_close) struct store *s = open_it();
	CHECK_INT(count(s), 1);
}

/* A child that reports each commit after it; whatever it reported must be there. */
TEST_WITHIN(what_was_acknowledged_survives_a_kill_at_any_moment, 120)
{
	int64_t acknowledged = 0;
	for (int round = 0; round < 8; round++) {
		int channel[2];
		REQUIRE(pipe2(channel, O_CLOEXEC) == 0);
		pid_t pid = fork();
		if (pid == 0) {
			struct error e = ERROR_NONE;
			struct store *s = open_it();
			for (int64_t n = count(s) + 1;; n++) {
				if (put(s, n, &e) != OK)
					_exit(1);
				(void)!write(channel[1], &n, sizeof n);
			}
		}
		(void)close(channel[1]);
		int64_t n = 0;
		for (int i = 0; i < 5 + 7 * round && read(channel[0], &n, sizeof n) == sizeof n;
			i++)
			acknowledged = n;
		REQUIRE(kill(pid, SIGKILL) == 0 && waitpid(pid, NULL, 0) == pid);
		while (read(channel[0], &n, sizeof n) == sizeof n)
			acknowledged = n;
		(void)close(channel[0]);
		AUTO(store_close) struct store *s = open_it();
		CHECK(count(s) >= acknowledged);
	}
	CHECK(acknowledged > 100);
}

TEST(whatever_fails_in_a_transaction_nothing_of_it_stays)
{
	NEEDS_FAULTS();
	AUTO(store_close) struct store *s = open_it();
	int n = 1;
	for (;; n++) {
		struct error e = ERROR_NONE;
		REQUIRE(n < 50);
		fault_arm("", n);
		enum status status = put_two(s, 2 * n, 2 * n + 1, &e);
		fault_disarm();
		if (status == OK)
			break;
		CHECK_INT(status, E_NO_SPACE);
		CHECK_INT(count(s), 0);
	}
	CHECK(n > 5);
	CHECK_INT(count(s), 2);
}
