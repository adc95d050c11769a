/*
 * Another process holds the lock: it is named, and what to do is said.
 */
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/store.h"
#include "tests/lib/test.h"

static const struct migration rows[] = {
	{ 1, "things", "CREATE TABLE t_thing (n BIGINT NOT NULL PRIMARY KEY)" },
};
static const struct migration_area area = { "t", rows, 1 };

static struct store *open_it(void)
{
	struct store *s = NULL;
	struct error e = ERROR_NONE;
	REQUIRE_OK(store_open(test_path("a.db"), &area, 1, &s, &e), e);
	return s;
}

/* A process that runs `sql` on the database, says so, and keeps what it holds until it is killed.
 */
static pid_t hold(const char *sql)
{
	int ready[2];
	char c = 0;
	REQUIRE(pipe2(ready, O_CLOEXEC) == 0);
	(void)fflush(stdout);
	const pid_t pid = fork();
	REQUIRE(pid >= 0);
	if (pid == 0) {
		sqlite3 *db = NULL;
		const int done = sqlite3_open(test_path("a.db"), &db) == SQLITE_OK &&
				 sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK;
		(void)!write(ready[1], done ? "y" : "n", 1);
		for (;;)
			(void)pause();
	}
	(void)close(ready[1]);
	REQUIRE(read(ready[0], &c, 1) == 1 && c == 'y');
	(void)close(ready[0]);
	return pid;
}

static void let_go(pid_t pid)
{
	int status = 0;
	REQUIRE(kill(pid, SIGKILL) == 0 && waitpid(pid, &status, 0) == pid);
}

static void check_names(const struct error *e, pid_t pid)
{
	char process[64];
	(void)snprintf(process, sizeof process, "process %d)", (int)pid);
	CHECK(strstr(e->text, "another process holds it") != NULL);
	CHECK(strstr(e->text, process) != NULL);
	CHECK(strstr(e->text, "test_store_busy") != NULL);
	CHECK(strstr(e->text, test_path("a.db")) != NULL);
}

TEST(a_process_that_holds_the_write_lock_is_named)
{
	AUTO(store_close) struct store *s = open_it();
	struct error e = ERROR_NONE;
	const pid_t pid = hold("BEGIN IMMEDIATE");
	AUTO_TRANSACTION struct transaction t = { NULL, false };
	CHECK_INT(store_wait_for_lock(s, 0), STORE_LOCK_WAIT_NS);
	CHECK_INT(transaction_begin(s, &t, &e), E_FAILED);
	check_names(&e, pid);
	let_go(pid);
	CHECK_INT(store_wait_for_lock(s, STORE_LOCK_WAIT_NS), 0);
	REQUIRE_OK(transaction_begin(s, &t, &e), e);
	REQUIRE_OK(transaction_commit(&t, &e), e);
}

TEST(a_process_that_keeps_the_whole_database_to_itself_is_named)
{
	struct store *s = open_it();
	struct error e = ERROR_NONE;
	store_close(TAKE(s));
	const pid_t pid =
		hold("PRAGMA locking_mode = EXCLUSIVE; BEGIN IMMEDIATE; INSERT INTO t_thing VALUES "
		     "(1); COMMIT;");
	CHECK_INT(store_open(test_path("a.db"), &area, 1, &s, &e), E_FAILED);
	check_names(&e, pid);
	CHECK(s == NULL);
	let_go(pid);
	store_close(open_it());
}

/* Its own locks do not show as another's. */
TEST(a_second_connection_of_the_same_process_is_not_taken_for_another_process)
{
	AUTO(store_close) struct store *a = open_it();
	AUTO(store_close) struct store *b = open_it();
	struct error e = ERROR_NONE;
	AUTO_TRANSACTION struct transaction first = { NULL, false };
	AUTO_TRANSACTION struct transaction second = { NULL, false };
	(void)store_wait_for_lock(b, 0);
	REQUIRE_OK(transaction_begin(a, &first, &e), e);
	CHECK_INT(transaction_begin(b, &second, &e), E_FAILED);
	CHECK(strstr(e.text, "fuser") != NULL);
}
