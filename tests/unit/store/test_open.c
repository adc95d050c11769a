/*
 * Which files are taken, which are refused, and what an opened database is set to.
 */
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/store.h"
#include "tests/lib/faults.h"
#include "tests/lib/test.h"

static const struct migration rows[] = {
	{ 1, "things", "CREATE TABLE t_thing (name TEXT NOT NULL PRIMARY KEY, n BIGINT)" },
};
static const struct migration_area area = { "t", rows, 1 };

static int64_t number_of(struct store *s, const char *sql)
{
	AUTO(statement_free) struct statement *q = NULL;
	struct error e = ERROR_NONE;
	bool row = false;
	REQUIRE_OK(store_prepare(s, sql, &q, &e), e);
	REQUIRE_OK(statement_step(q, &row, &e), e);
	REQUIRE(row);
	return column_int(q, 0);
}

static void make_foreign(const char *path, const char *sql)
{
	sqlite3 *db = NULL;
	REQUIRE(sqlite3_open(path, &db) == SQLITE_OK);
	REQUIRE(sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK);
	REQUIRE(sqlite3_close(db) == SQLITE_OK);
	REQUIRE(chmod(path, 0600) == 0);
}

TEST(a_new_database_is_private_whatever_the_umask)
{
	AUTO(store_close) struct store *s = NULL;
	struct error e = ERROR_NONE;
	struct stat st;
	const char *path = test_path("a.db");
	(void)umask(0);
	REQUIRE_OK(store_open(path, &area, 1, &s, &e), e);
	REQUIRE(stat(path, &st) == 0);
	CHECK_INT(st.st_mode & 07777, 0600);
	REQUIRE(stat(test_path("a.db-wal"), &st) == 0);
	CHECK_INT(st.st_mode & 07777, 0600);
}

TEST(an_opened_database_logs_ahead_and_flushes_every_commit)
{
	AUTO(store_close) struct store *s = NULL;
	struct error e = ERROR_NONE;
	REQUIRE_OK(store_open(test_path("a.db"), &area, 1, &s, &e), e);
	AUTO(statement_free) struct statement *q = NULL;
	bool row = false;
	REQUIRE_OK(STORE_SQL(s, "PRAGMA journal_mode", &q, &e), e);
	REQUIRE_OK(statement_step(q, &row, &e), e);
	CHECK(view_is(column_text(q, 0), "wal"));
	CHECK_INT(number_of(s, "PRAGMA synchronous"), 2);
	CHECK_INT(number_of(s, "PRAGMA foreign_keys"), 1);
	CHECK_INT(number_of(s, "PRAGMA trusted_schema"), 0);
	CHECK_INT(number_of(s, "PRAGMA application_id"), 0x5463736e);
	CHECK_INT(number_of(s, "PRAGMA busy_timeout"), STORE_LOCK_WAIT_NS / NS_PER_MS);
}

TEST(the_schema_cannot_be_written_by_hand)
{
	AUTO(store_close) struct store *s = NULL;
	struct error e = ERROR_NONE;
	REQUIRE_OK(store_open(test_path("a.db"), &area, 1, &s, &e), e);
	(void)number_of(s, "PRAGMA cell_size_check");
	AUTO(statement_free) struct statement *q = NULL;
	CHECK(STORE_SQL(s, "DELETE FROM sqlite_schema", &q, &e) != OK);
	AUTO(statement_free) struct statement *attach = NULL;
	bool row = false;
	REQUIRE_OK(STORE_SQL(s, "ATTACH ':memory:' AS other", &attach, &e), e);
	CHECK(statement_step(attach, &row, &e) != OK);
}

TEST(what_was_written_is_there_after_opening_again)
{
	struct error e = ERROR_NONE;
	for (int i = 0; i < 3; i++) {
		AUTO(store_close) struct store *s = NULL;
		AUTO(statement_free) struct statement *q = NULL;
		REQUIRE_OK(store_open(test_path("a.db"), &area, 1, &s, &e), e);
		CHECK_INT(number_of(s, "SELECT count(*) FROM t_thing"), i);
		REQUIRE_OK(STORE_SQL(s, "INSERT INTO t_thing VALUES (?, ?)", &q, &e), e);
		bind_text(q, 1, i == 0 ? "a" : i == 1 ? "b" : "c");
		bind_int(q, 2, i);
		REQUIRE_OK(statement_run(q, &e), e);
	}
}

TEST(a_file_that_is_no_database_is_refused_and_left_as_it_is)
{
	AUTO(store_close) struct store *s = NULL;
	struct error e = ERROR_NONE;
	char text[4096];
	char again[4096] = "";
	(void)memset(text, 'x', sizeof text);
	const char *path = test_path("letter.txt");
	test_write_file(path, text, sizeof text);
	REQUIRE(chmod(path, 0600) == 0);
	CHECK_INT(store_open(path, &area, 1, &s, &e), E_INVALID);
	AUTO_FILE FILE *f = fopen(path, "r");
	REQUIRE(f != NULL && fread(again, 1, sizeof again, f) == sizeof again);
	CHECK(memcmp(text, again, sizeof text) == 0);
}

TEST(the_database_of_another_program_is_refused_and_left_as_it_is)
{
	AUTO(store_close) struct store *s = NULL;
	struct error e = ERROR_NONE;
	make_foreign(test_path("empty-id.db"), "CREATE TABLE notes (x)");
	CHECK_INT(store_open(test_path("empty-id.db"), &area, 1, &s, &e), E_INVALID);
	CHECK(strstr(e.text, "another program") != NULL);
	make_foreign(test_path("id.db"), "PRAGMA application_id = 77; CREATE TABLE notes (x)");
	CHECK_INT(store_open(test_path("id.db"), &area, 1, &s, &e), E_INVALID);
	struct stat st;
	CHECK(stat(test_path("id.db-wal"), &st) != 0);
	CHECK(s == NULL);
}

TEST(a_database_that_others_may_read_is_taken_out_of_their_reach_and_that_is_told_once)
{
	struct error e = ERROR_NONE;
	struct stat st;
	const char *path = test_path("a.db");
	struct store *s = NULL;
	bool mended = false;
	REQUIRE_OK(store_open(path, &area, 1, &s, &e), e);
	CHECK_INT(store_loose_mode(s, &mended), 0);
	REQUIRE(chmod(path, 0644) == 0 && chmod(test_path("a.db-wal"), 0666) == 0);
	AUTO(store_close) struct store *again = NULL;
	REQUIRE_OK(store_open(path, &area, 1, &again, &e), e);
	CHECK_INT(store_loose_mode(again, &mended), 0644);
	CHECK(mended);
	REQUIRE(stat(path, &st) == 0);
	CHECK_INT(st.st_mode & 07777, 0600);
	REQUIRE(stat(test_path("a.db-wal"), &st) == 0);
	CHECK_INT(st.st_mode & 07777, 0600);
	store_close(s);
	REQUIRE_OK(store_open(path, &area, 1, &s, &e), e);
	CHECK_INT(store_loose_mode(s, &mended), 0);
	store_close(s);
}

TEST(a_database_of_another_user_that_others_may_read_is_refused)
{
	struct error e = ERROR_NONE;
	const char *path = test_path("a.db");
	struct store *s = NULL;
	if (!test_is_root())
		test_skip("needs root, to give a file away");
	REQUIRE_OK(store_open(path, &area, 1, &s, &e), e);
	store_close(s);
	REQUIRE(chown(path, 65534, 65534) == 0 && chmod(path, 0640) == 0);
	CHECK_INT(store_open(path, &area, 1, &s, &e), E_DENIED);
	CHECK(strstr(e.text, "0600") != NULL);
}

TEST(links_and_folders_are_refused)
{
	struct store *s = NULL;
	struct error e = ERROR_NONE;
	REQUIRE_OK(store_open(test_path("a.db"), &area, 1, &s, &e), e);
	store_close(s);
	REQUIRE(symlink("a.db", test_path("link.db")) == 0);
	REQUIRE(mkdir(test_path("folder.db"), 0700) == 0);
	CHECK_INT(store_open(test_path("link.db"), &area, 1, &s, &e), E_INVALID);
	CHECK_INT(store_open(test_path("folder.db"), &area, 1, &s, &e), E_INVALID);
	CHECK_INT(store_open(test_path("no/such/a.db"), &area, 1, &s, &e), E_ABSENT);
}

TEST(a_damaged_database_is_told_as_invalid)
{
	struct store *s = NULL;
	struct error e = ERROR_NONE;
	const char *path = test_path("a.db");
	REQUIRE_OK(store_open(path, &area, 1, &s, &e), e);
	store_close(s);
	AUTO_FD int fd = open(path, O_WRONLY | O_CLOEXEC);
	char junk[2000];
	(void)memset(junk, 0x5a, sizeof junk);
	REQUIRE(pwrite(fd, junk, sizeof junk, 100) == (ssize_t)sizeof junk);
	CHECK_INT(store_open(path, &area, 1, &s, &e), E_INVALID);
}

TEST_WITHIN(many_processes_may_make_the_same_database_at_once, 120)
{
	enum { PROCESSES = 8 };
	const char *path = test_path("a.db");
	int gate[2];
	REQUIRE(pipe2(gate, O_CLOEXEC) == 0);
	pid_t pids[PROCESSES];
	for (int i = 0; i < PROCESSES; i++) {
		pids[i] = fork();
		REQUIRE(pids[i] >= 0);
		if (pids[i] == 0) {
			char c;
			(void)close(gate[1]);
			(void)!read(gate[0], &c, 1); /* all start when the gate is closed */
			struct store *s = NULL;
			struct error e = ERROR_NONE;
			enum status status = store_open(path, &area, 1, &s, &e);
			if (status != OK)
				(void)printf("# %s\n", e.text);
			store_close(s);
			(void)fflush(stdout);
			_exit(status == OK ? 0 : 1);
		}
	}
	(void)close(gate[1]);
	for (int i = 0; i < PROCESSES; i++) {
		int status = 0;
		REQUIRE(waitpid(pids[i], &status, 0) == pids[i]);
		CHECK_INT(status, 0);
	}
	AUTO(store_close) struct store *s = NULL;
	struct error e = ERROR_NONE;
	REQUIRE_OK(store_open(path, &area, 1, &s, &e), e);
	CHECK_INT(number_of(s, "SELECT count(*) FROM schema_migration"), 1);
}

TEST(whatever_fails_while_opening_the_next_try_succeeds)
{
	NEEDS_FAULTS();
	const char *path = test_path("a.db");
	int n = 1;
	for (;; n++) {
		struct store *s = NULL;
		struct error e = ERROR_NONE;
		REQUIRE(n < 200);
		fault_arm("", n);
		enum status status = store_open(path, &area, 1, &s, &e);
		fault_disarm();
		/* A failure to write, once all is there to read, is taken for a full disk. */
		const bool to_read = status == OK && store_read_only(s) != NULL;
		if (status == OK) {
			store_close(TAKE(s));
			if (!to_read)
				break;
		}
		CHECK(s == NULL && (to_read || e.text[0] != '\0'));
		REQUIRE_OK(store_open(path, &area, 1, &s, &e), e);
		CHECK_INT(number_of(s, "SELECT count(*) FROM schema_migration"), 1);
		store_close(s);
		REQUIRE(unlink(path) == 0);
	}
	CHECK(n > 10);
}
