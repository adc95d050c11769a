/*
 * Opening the database: what the file must be and how the connection is set. What is done where it
 * cannot be written (read_only.c), the words for failures (trouble.c), migrations, statements and
 * transactions stand in files of their own.
 */
#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/fault.h"
#include "store/internal.h"

enum { WAL_PAUSE_MS = 20, VALUE_BYTES_MAX = 64 * 1024 * 1024 };

enum status store_exec(struct store *s, const char *sql, const char *doing, struct error *e)
{
	int result = FAULT("store_exec") ? SQLITE_FULL : sqlite3_exec(s->db, sql, NULL, NULL, NULL);
	return result == SQLITE_OK ? OK : store_fail(s, result, doing, e);
}

enum status store_number(struct store *s, const char *sql, int64_t *out, struct error *e)
{
	AUTO(statement_free) struct statement *q = NULL;
	bool row = false;
	TRY(store_prepare(s, sql, &q, e));
	TRY(statement_step(q, &row, e));
	*out = row ? column_int(q, 0) : 0;
	return OK;
}

enum status store_harden(struct store *s, struct error *e)
{
	static const struct {
		int what;
		int value;
	} switches[] = {
		{ SQLITE_DBCONFIG_DEFENSIVE, 1 },
		{ SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0 },
		{ SQLITE_DBCONFIG_ENABLE_FKEY, 1 },
		{ SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0 },
		{ SQLITE_DBCONFIG_DQS_DML, 0 },
		{ SQLITE_DBCONFIG_DQS_DDL, 0 },
	};
	(void)sqlite3_extended_result_codes(s->db, 1);
	for (size_t i = 0; i < COUNT_OF(switches); i++) {
		int result = sqlite3_db_config(s->db, switches[i].what, switches[i].value, NULL);
		if (result != SQLITE_OK)
			return store_fail(s, result, "set the connection", e);
	}
	(void)sqlite3_limit(s->db, SQLITE_LIMIT_ATTACHED, 0);
	(void)sqlite3_limit(s->db, SQLITE_LIMIT_LENGTH, VALUE_BYTES_MAX);
	int result = sqlite3_busy_timeout(s->db, (int)(s->wait_ns / NS_PER_MS));
	return result == SQLITE_OK ? OK : store_fail(s, result, "set the time limit", e);
}

/* Ours, or empty: then it becomes ours. Nothing is written to a file that is neither. */
static enum status claim(struct store *s, struct error *e)
{
	int64_t id = 0;
	int64_t n_objects = 0;
	TRY(store_number(s, "PRAGMA application_id", &id, e));
	if (id == APPLICATION_ID)
		return OK;
	AUTO_TRANSACTION struct transaction t = { NULL, false };
	TRY(transaction_begin(s, &t, e));
	/* Again, under the write lock: another process may just have made it. */
	TRY(store_number(s, "PRAGMA application_id", &id, e));
	if (id == APPLICATION_ID)
		return OK;
	TRY(store_number(s, "SELECT count(*) FROM sqlite_master", &n_objects, e));
	if (id != 0 || n_objects != 0)
		return error_set(e, E_INVALID,
			"database '%s': made by another program, left as it is", s->path);
	TRY(store_exec(s,
		"PRAGMA application_id = 1415803758;"
		"CREATE TABLE schema_migration ("
		" area TEXT NOT NULL, number INTEGER NOT NULL, what TEXT NOT NULL,"
		" applied_ns INTEGER NOT NULL, PRIMARY KEY (area, number));",
		"make the first table", e));
	return transaction_commit(&t, e);
}
_Static_assert(APPLICATION_ID == 1415803758, "the pragma takes a literal only");

/*
 * WAL is a property of the file. Switching needs the file alone for a moment and SQLite does not
 * always wait for that, so it is tried for as long as the busy limit.
 */
static enum status use_wal(struct store *s, struct error *e)
{
	const int64_t until_ns = clock_boot_ns(NULL) + s->wait_ns;
	do {
		AUTO(statement_free) struct statement *q = NULL;
		bool row = false;
		struct error busy = ERROR_NONE;
		enum status status = store_prepare(s, "PRAGMA journal_mode = WAL", &q, &busy);
		if (status == OK)
			status = statement_step(q, &row, &busy);
		if (status == OK && row && view_is(column_text(q, 0), "wal"))
			return OK;
		if (status != OK && (sqlite3_errcode(s->db) & 0xff) != SQLITE_BUSY)
			return store_fail(s, sqlite3_extended_errcode(s->db), "use a log", e);
		clock_sleep_ns(WAL_PAUSE_MS * NS_PER_MS);
	} while (clock_boot_ns(NULL) < until_ns);
	return store_fail(s, SQLITE_BUSY, "use a log", e);
}

static enum status set_up(
	struct store *s, const struct migration_area *areas, size_t n_areas, struct error *e)
{
	TRY(store_harden(s, e));
	TRY(claim(s, e));
	TRY(use_wal(s, e));
	/* FULL: a commit that was acknowledged is on disk, also after a power cut. */
	TRY(store_exec(s, "PRAGMA synchronous = FULL; PRAGMA cell_size_check = ON",
		"set the connection", e));
	return store_migrate(s, areas, n_areas, e);
}

static enum status new_store(const char *path, struct store **out, struct error *e)
{
	AUTO(store_close) struct store *s = FAULT("store_open") ? NULL : calloc(1, sizeof *s);
	if (s == NULL)
		return error_sys(e, E_NO_SPACE, ENOMEM, "open database '%s'", path);
	s->path = FAULT("store_open") ? NULL : strdup(path);
	if (s->path == NULL)
		return error_sys(e, E_NO_SPACE, ENOMEM, "open database '%s'", path);
	s->wait_ns = STORE_LOCK_WAIT_NS;
	*out = TAKE(s);
	return OK;
}

static enum status connect_to_write(
	struct store *s, const struct migration_area *areas, size_t n_areas, struct error *e)
{
	int result = sqlite3_open_v2(s->path, &s->db,
		SQLITE_OPEN_READWRITE | SQLITE_OPEN_FULLMUTEX | SQLITE_OPEN_PRIVATECACHE, NULL);
	if (result != SQLITE_OK)
		return store_fail(s, result, "open", e);
	/* It takes what it gets: a file that cannot be written is opened to read, without a word.
	 */
	if (sqlite3_db_readonly(s->db, "main") == 1)
		return store_fail(s, SQLITE_READONLY, "open", e);
	return set_up(s, areas, n_areas, e);
}

enum status store_open(const char *path, const struct migration_area *areas, size_t n_areas,
	struct store **out, struct error *e)
{
	AUTO(store_close) struct store *s = NULL;
	struct error why = ERROR_NONE;
	struct file_mode mode = { 0, false };
	TRY(store_make_file(path, &mode, e));
	TRY(new_store(path, &s, e));
	s->mode = mode;
	enum status status = connect_to_write(s, areas, n_areas, &why);
	if (status != OK && s->met != BAR_NONE) {
		s->bar = s->met;
		status = store_connect_to_read(s, areas, n_areas, &why);
	}
	if (status != OK) {
		if (e != NULL)
			*e = why;
		return status;
	}
	*out = TAKE(s);
	return OK;
}

enum status store_open_in_memory(
	const struct migration_area *areas, size_t n_areas, struct store **out, struct error *e)
{
	AUTO(store_close) struct store *s = NULL;
	TRY(new_store(":memory:", &s, e));
	int result = sqlite3_open_v2(s->path, &s->db,
		SQLITE_OPEN_READWRITE | SQLITE_OPEN_FULLMUTEX | SQLITE_OPEN_MEMORY, NULL);
	if (result != SQLITE_OK)
		return store_fail(s, result, "open", e);
	TRY(store_harden(s, e));
	TRY(claim(s, e));
	TRY(store_migrate(s, areas, n_areas, e));
	*out = TAKE(s);
	return OK;
}

const char *store_read_only(const struct store *s)
{
	return s->bar == BAR_NONE ? NULL : store_bar_words(s);
}

unsigned store_loose_mode(const struct store *s, bool *out_mended)
{
	*out_mended = s->mode.mended;
	return s->mode.loose;
}

enum status store_check_writable(const struct store *s, struct error *e)
{
	return s->bar == BAR_NONE ? OK : store_barred(s, e);
}

int64_t store_wait_for_lock(struct store *s, int64_t wait_ns)
{
	const int64_t before = s->wait_ns;
	s->wait_ns = wait_ns;
	(void)sqlite3_busy_timeout(s->db, (int)(wait_ns / NS_PER_MS)); /* OK on an open one */
	return before;
}

void store_close(struct store *s)
{
	if (s == NULL)
		return;
	(void)sqlite3_close_v2(s->db); /* OK also for NULL; what was committed is on disk already */
	free(s->path);
	free(s);
}

int64_t store_changes(struct store *s)
{
	return sqlite3_changes64(s->db);
}
