/*
 * Prepare, bind, step, column. A bind that fails is remembered and shows at the step, so that a row
 * of binds needs no checks.
 */
#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "base/fault.h"
#include "store/internal.h"

enum status store_prepare(struct store *s, const char *sql, struct statement **out, struct error *e)
{
	AUTO(statement_free)
	struct statement *q = FAULT("store_prepare") ? NULL : calloc(1, sizeof *q);
	if (q == NULL)
		return error_sys(e, E_NO_SPACE, ENOMEM, "prepare a statement");
	const char *tail = NULL;
	q->store = s;
	int result = sqlite3_prepare_v2(s->db, sql, -1, &q->stmt, &tail);
	if (result != SQLITE_OK)
		return store_fail(s, result, "prepare", e);
	assert(q->stmt != NULL &&
		tail[strspn(tail, " \n\t;")] == '\0'); /* one statement, all of it */
	*out = TAKE(q);
	return OK;
}

void statement_free(struct statement *q)
{
	if (q == NULL)
		return;
	(void)sqlite3_finalize(q->stmt); /* repeats the last step's result, which was told */
	free(q);
}

void statement_reset(struct statement *q)
{
	(void)sqlite3_reset(q->stmt); /* as for finalize */
	q->bind_result = SQLITE_OK;
}

static void note(struct statement *q, int result)
{
	assert(result != SQLITE_RANGE && result != SQLITE_MISUSE); /* a place that the text lacks */
	if (q->bind_result == SQLITE_OK)
		q->bind_result = result;
}

void bind_text(struct statement *q, int place, const char *text)
{
	if (text == NULL)
		bind_null(q, place);
	else
		bind_view(q, place, view_of(text));
}

void bind_view(struct statement *q, int place, struct view v)
{
	note(q, sqlite3_bind_text64(q->stmt, place, v.len == 0 ? "" : v.at, v.len, SQLITE_TRANSIENT,
			SQLITE_UTF8));
}

void bind_bytes(struct statement *q, int place, struct view v)
{
	note(q, sqlite3_bind_blob64(
			q->stmt, place, v.len == 0 ? "" : v.at, v.len, SQLITE_TRANSIENT));
}

void bind_int(struct statement *q, int place, int64_t x)
{
	note(q, sqlite3_bind_int64(q->stmt, place, x));
}

void bind_real(struct statement *q, int place, double x)
{
	note(q, sqlite3_bind_double(q->stmt, place, x));
}

void bind_null(struct statement *q, int place)
{
	note(q, sqlite3_bind_null(q->stmt, place));
}

enum status statement_step(struct statement *q, bool *out_row, struct error *e)
{
	int result = q->bind_result;
	if (result == SQLITE_OK && FAULT("store_step"))
		result = SQLITE_FULL;
	if (result == SQLITE_OK)
		result = sqlite3_step(q->stmt);
	if (result == SQLITE_ROW) {
		*out_row = true;
		return OK;
	}
	enum status status =
		result == SQLITE_DONE ? OK : store_fail(q->store, result, "run a statement", e);
	statement_reset(q);
	if (status == OK)
		*out_row = false;
	return status;
}

enum status statement_run(struct statement *q, struct error *e)
{
	bool row = false;
	TRY(statement_step(q, &row, e));
	assert(!row);
	return OK;
}

int64_t column_int(struct statement *q, int column)
{
	return sqlite3_column_int64(q->stmt, column);
}

double column_real(struct statement *q, int column)
{
	return sqlite3_column_double(q->stmt, column);
}

/* The bytes are asked for before their number: the first call may convert the value. */
struct view column_text(struct statement *q, int column)
{
	const char *at = (const char *)sqlite3_column_text(q->stmt, column);
	if (at == NULL)
		return VIEW_NONE;
	return (struct view){ at, (size_t)sqlite3_column_bytes(q->stmt, column) };
}

struct view column_bytes(struct statement *q, int column)
{
	const char *at = sqlite3_column_blob(q->stmt, column);
	if (at == NULL)
		return VIEW_NONE;
	return (struct view){ at, (size_t)sqlite3_column_bytes(q->stmt, column) };
}

bool column_is_null(struct statement *q, int column)
{
	return sqlite3_column_type(q->stmt, column) == SQLITE_NULL;
}
