/*
 * Databases that cannot be written: a full disk, a read-only file system, a folder of others. What
 * was committed can be read, whatever a crash left beside the file; writing is refused in words.
 */
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "store/store.h"
#include "tests/lib/small_disk.h"
#include "tests/lib/test.h"

#define SMALL ((size_t)512 * KIB)

static const struct migration rows[] = {
	{ 1, "things", "CREATE TABLE t_thing (n BIGINT NOT NULL PRIMARY KEY)" },
	{ 2, "others", "CREATE TABLE t_other (n BIGINT NOT NULL PRIMARY KEY)" },
};
static const struct migration_area area = { "t", rows, 1 };
static const struct migration_area newer = { "t", rows, 2 };

static enum status put(struct store *s, int64_t n, struct error *e)
{
	AUTO(statement_free) struct statement *q = NULL;
	TRY(STORE_SQL(s, "INSERT INTO t_thing VALUES (?)", &q, e));
	bind_int(q, 1, n);
	return statement_run(q, e);
}

static int64_t count(struct store *s)
{
	AUTO(statement_free) struct statement *q = NULL;
	struct error e = ERROR_NONE;
	bool row = false;
	REQUIRE_OK(STORE_SQL(s, "SELECT count(*) FROM t_thing", &q, &e), e);
	REQUIRE_OK(statement_step(q, &row, &e), e);
	return column_int(q, 0);
}

/* How the last user of a database went away. */
enum left { LEFT_CLOSED, LEFT_LOG, LEFT_LOG_ALONE };

/* Three rows; a process that is killed leaves the last two in the log. */
static void make(const char *path, enum left left)
{
	char index[4096];
	struct store *s = NULL;
	struct error e = ERROR_NONE;
	REQUIRE_OK(store_open(path, &area, 1, &s, &e), e);
	REQUIRE_OK(put(s, 1, &e), e);
	store_close(s);
	(void)fflush(stdout);
	const pid_t pid = fork();
	REQUIRE(pid >= 0);
	if (pid == 0) {
		if (store_open(path, &area, 1, &s, &e) != OK || put(s, 2, &e) != OK ||
			put(s, 3, &e) != OK)
			_exit(1);
		if (left == LEFT_CLOSED)
			store_close(s);
		_exit(0);
	}
	int status = 0;
	REQUIRE(waitpid(pid, &status, 0) == pid);
	CHECK_INT(status, 0);
	(void)snprintf(index, sizeof index, "%s-shm", path);
	CHECK_INT(access(index, F_OK) == 0, left != LEFT_CLOSED);
	if (left == LEFT_LOG_ALONE)
		REQUIRE(unlink(index) == 0);
}

static void check_refused(struct store *s, const char *path, enum status why, const char *words)
{
	AUTO_TRANSACTION struct transaction t = { NULL, false };
	struct error begun = ERROR_NONE, e = ERROR_NONE, rehearsed = ERROR_NONE;
	CHECK_INT(transaction_begin(s, &t, &begun), why);
	CHECK(strstr(begun.text, path) != NULL && strstr(begun.text, words) != NULL);
	CHECK_INT(put(s, 9, &e), why);
	CHECK_TEXT(e.text, begun.text);
	CHECK_INT(store_rehearse(s, &rehearsed), why);
	CHECK_TEXT(rehearsed.text, begun.text);
	CHECK_INT(store_check_writable(s, &e), why);
}

/* All three rows are read, and none is added. */
static void check_read_only(const char *path, enum status why, const char *words)
{
	AUTO(store_close) struct store *s = NULL;
	struct error e = ERROR_NONE;
	REQUIRE_OK(store_open(path, &area, 1, &s, &e), e);
	REQUIRE(store_read_only(s) != NULL);
	CHECK_TEXT(store_read_only(s), words);
	CHECK_INT(count(s), 3);
	check_refused(s, path, why, words);
	CHECK_INT(count(s), 3);
}

static void check_writable(const char *path)
{
	AUTO(store_close) struct store *s = NULL;
	struct error e = ERROR_NONE;
	REQUIRE_OK(store_open(path, &area, 1, &s, &e), e);
	CHECK(store_read_only(s) == NULL);
	REQUIRE_OK(store_check_writable(s, &e), e);
	CHECK_INT(count(s), 3);
	REQUIRE_OK(put(s, 4, &e), e);
}

static void fill_and_read(enum left left)
{
	small_disk("disk", SMALL);
	const char *path = test_path("disk/a.db");
	make(path, left);
	small_disk_fill("disk");
	for (int i = 0; i < 3; i++) /* each leaves nothing that hinders the next */
		check_read_only(path, E_NO_SPACE, "the disk is full");
	small_disk_free("disk");
	check_writable(path);
}

TEST(on_a_full_disk_everything_can_still_be_read)
{
	fill_and_read(LEFT_CLOSED);
}

TEST(on_a_full_disk_what_a_killed_process_left_in_its_log_is_read_too)
{
	fill_and_read(LEFT_LOG_ALONE);
}

/* Its index is there already, so the disk is found full by the write. */
TEST(a_write_that_finds_the_disk_full_says_so_and_takes_itself_back)
{
	struct store *s = NULL;
	struct error e = ERROR_NONE;
	small_disk("disk", SMALL);
	const char *path = test_path("disk/a.db");
	make(path, LEFT_LOG);
	small_disk_fill("disk");
	REQUIRE_OK(store_open(path, &area, 1, &s, &e), e);
	enum status status = OK;
	for (int64_t n = 10; status == OK && n < 10000; n++)
		status = put(s, n, &e);
	CHECK_INT(status, E_NO_SPACE);
	CHECK(strstr(e.text, path) != NULL && strstr(e.text, "the disk is full") != NULL);
	const int64_t n = count(s);
	store_close(s);
	small_disk_free("disk");
	REQUIRE_OK(store_open(path, &area, 1, &s, &e), e);
	CHECK_INT(count(s), n);
	store_close(s);
}

TEST(on_a_read_only_file_system_everything_can_be_read_whatever_a_crash_left)
{
	static const enum left ends[] = { LEFT_CLOSED, LEFT_LOG, LEFT_LOG_ALONE };
	static const char *const names[] = { "disk/a.db", "disk/b.db", "disk/c.db" };
	small_disk("disk", SMALL);
	for (size_t i = 0; i < 3; i++)
		make(test_path(names[i]), ends[i]);
	small_disk_read_only("disk");
	for (size_t i = 0; i < 3; i++)
		check_read_only(test_path(names[i]), E_DENIED, "the file system is read-only");
	small_disk_writable("disk");
	for (size_t i = 0; i < 3; i++)
		check_writable(test_path(names[i]));
}

TEST(in_a_folder_that_we_may_not_write_in_everything_can_be_read)
{
	static const char words[] = "this user may not write there";
	REQUIRE(mkdir(test_path("a"), 0700) == 0 && mkdir(test_path("b"), 0700) == 0 &&
		mkdir(test_path("c"), 0700) == 0);
	const char *closed = test_path("a/a.db"), *log = test_path("b/a.db");
	const char *file = test_path("c/a.db");
	make(closed, LEFT_CLOSED);
	make(log, LEFT_LOG_ALONE);
	make(file, LEFT_CLOSED);
	small_disk_drop_root();
	REQUIRE(chmod(test_path("a"), 0500) == 0 && chmod(test_path("b"), 0500) == 0 &&
		chmod(file, 0400) == 0);
	check_read_only(closed, E_DENIED, words);
	check_read_only(log, E_DENIED, words);
	check_read_only(file, E_DENIED, words);
	REQUIRE(chmod(test_path("a"), 0700) == 0 && chmod(test_path("b"), 0700) == 0 &&
		chmod(file, 0600) == 0);
	check_writable(closed);
	check_writable(log);
	check_writable(file);
}

TEST(a_name_with_marks_of_an_address_is_opened_all_the_same)
{
	small_disk("disk", SMALL);
	REQUIRE(mkdir(test_path("disk/a b?c#d%41&e=f"), 0700) == 0);
	const char *path = test_path("disk/a b?c#d%41&e=f/a?.db");
	make(path, LEFT_LOG_ALONE);
	small_disk_read_only("disk");
	check_read_only(path, E_DENIED, "the file system is read-only");
}

TEST(a_database_that_must_be_brought_up_to_date_is_refused_where_it_cannot_be_written)
{
	struct store *s = NULL;
	struct error e = ERROR_NONE;
	small_disk("disk", SMALL);
	const char *path = test_path("disk/a.db");
	make(path, LEFT_CLOSED);
	small_disk_read_only("disk");
	CHECK_INT(store_open(path, &newer, 1, &s, &e), E_DENIED);
	CHECK(strstr(e.text, "older version") != NULL &&
		strstr(e.text, "the file system is read-only") != NULL);
	small_disk_writable("disk");
	small_disk_fill("disk");
	CHECK_INT(store_open(path, &newer, 1, &s, &e), E_NO_SPACE);
	CHECK(strstr(e.text, "older version") != NULL &&
		strstr(e.text, "the disk is full") != NULL);
	small_disk_free("disk");
	REQUIRE_OK(store_open(path, &newer, 1, &s, &e), e);
	store_close(TAKE(s));
	small_disk_read_only("disk");
	CHECK_INT(store_open(path, &area, 1, &s, &e), E_CONFLICT);
	CHECK(strstr(e.text, "newer version") != NULL);
	CHECK(s == NULL);
}

TEST(what_is_not_ours_is_refused_to_readers_too)
{
	struct store *s = NULL;
	struct error e = ERROR_NONE;
	sqlite3 *db = NULL;
	small_disk("disk", SMALL);
	const char *path = test_path("disk/a.db");
	REQUIRE(sqlite3_open(path, &db) == SQLITE_OK);
	REQUIRE(sqlite3_exec(db, "CREATE TABLE notes (x)", NULL, NULL, NULL) == SQLITE_OK);
	REQUIRE(sqlite3_close(db) == SQLITE_OK && chmod(path, 0600) == 0);
	small_disk_read_only("disk");
	CHECK_INT(store_open(path, &area, 1, &s, &e), E_INVALID);
	CHECK(strstr(e.text, "another program") != NULL);
}

TEST(a_new_database_that_cannot_be_set_up_says_why)
{
	struct store *s = NULL;
	struct error e = ERROR_NONE;
	small_disk("disk", SMALL);
	const char *path = test_path("disk/a.db");
	small_disk_fill("disk");
	CHECK_INT(store_open(path, &area, 1, &s, &e), E_NO_SPACE);
	CHECK(strstr(e.text, "the disk is full") != NULL);
	small_disk_free("disk");
	REQUIRE_OK(store_open(path, &area, 1, &s, &e), e);
	store_close(s);
}

/* A page was overwritten and its old content lies in the journal: to read would be to guess. */
TEST(what_must_be_undone_first_is_not_read_where_that_cannot_be_done)
{
	struct store *s = NULL;
	struct error e = ERROR_NONE;
	small_disk("disk", 2 * SMALL);
	const char *path = test_path("disk/a.db");
	make(path, LEFT_CLOSED);
	(void)fflush(stdout);
	const pid_t pid = fork();
	REQUIRE(pid >= 0);
	if (pid == 0) {
		sqlite3 *db = NULL;
		const int done = sqlite3_open(path, &db) == SQLITE_OK &&
				 sqlite3_exec(db,
					 "PRAGMA journal_mode = DELETE; PRAGMA cache_size = 1;"
					 "BEGIN; DELETE FROM t_thing; CREATE TABLE big (x);"
					 "INSERT INTO big VALUES (zeroblob(200000));",
					 NULL, NULL, NULL) == SQLITE_OK;
		_exit(done ? 0 : 1);
	}
	int status = 0;
	struct stat st;
	REQUIRE(waitpid(pid, &status, 0) == pid);
	CHECK_INT(status, 0);
	REQUIRE(stat(test_path("disk/a.db-journal"), &st) == 0 && st.st_size > 0);
	small_disk_read_only("disk");
	CHECK_INT(store_open(path, &area, 1, &s, &e), E_DENIED);
	CHECK(strstr(e.text, "cannot be read either") != NULL);
	small_disk_writable("disk");
	check_writable(path);
}

TEST(a_database_that_cannot_be_made_says_why)
{
	struct store *s = NULL;
	struct error e = ERROR_NONE;
	test_write_file(test_path("file"), "x", 1);
	CHECK_INT(store_open(test_path("file/a.db"), &area, 1, &s, &e), E_INVALID);
	CHECK_INT(store_open(test_path("none/a.db"), &area, 1, &s, &e), E_ABSENT);
	REQUIRE(mkdir(test_path("closed"), 0700) == 0 && mkdir(test_path("deep"), 0700) == 0);
	small_disk_drop_root();
	REQUIRE(chmod(test_path("closed"), 0500) == 0);
	CHECK_INT(store_open(test_path("closed/a.db"), &area, 1, &s, &e), E_DENIED);
	CHECK(strstr(e.text, "Permission denied") != NULL);
	REQUIRE(chmod(test_path("closed"), 0000) == 0);
	CHECK_INT(store_open(test_path("closed/a.db"), &area, 1, &s, &e), E_DENIED);
	CHECK(s == NULL);
}

TEST(a_mode_that_cannot_be_set_right_keeps_nobody_from_reading)
{
	AUTO(store_close) struct store *s = NULL;
	struct error e = ERROR_NONE;
	bool mended = true;
	small_disk("disk", SMALL);
	const char *path = test_path("disk/a.db");
	make(path, LEFT_CLOSED);
	REQUIRE(chmod(path, 0644) == 0);
	small_disk_read_only("disk");
	REQUIRE_OK(store_open(path, &area, 1, &s, &e), e);
	CHECK_INT(store_loose_mode(s, &mended), 0644);
	CHECK(!mended);
	CHECK_INT(count(s), 3);
}

TEST(a_database_on_a_read_only_file_system_is_not_made)
{
	struct store *s = NULL;
	struct error e = ERROR_NONE;
	small_disk("disk", SMALL);
	small_disk_read_only("disk");
	CHECK_INT(store_open(test_path("disk/a.db"), &area, 1, &s, &e), E_DENIED);
	CHECK(strstr(e.text, "Read-only file system") != NULL);
}
