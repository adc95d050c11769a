/*
 * The queue in the store: put, due, and the three ends of a try.
 */
#include "record/outbox.h"

#include <errno.h>
#include <string.h>

static enum status check_same(struct store *s, const struct outbox_item *item, struct error *e)
{
	AUTO(statement_free) struct statement *q = NULL;
	bool row = false;
	TRY(STORE_SQL(s, "SELECT envelope FROM record_outbox WHERE id = ?", &q, e));
	bind_text(q, 1, item->id.text);
	TRY(statement_step(q, &row, e));
	if (row && view_equal(column_text(q, 0), item->envelope))
		return OK;
	return error_set(
		e, E_CONFLICT, "outbox: %s is there already with another content", item->id.text);
}

enum status outbox_put(struct store *s, const struct outbox_item *item, struct error *e)
{
	AUTO(statement_free) struct statement *q = NULL;
	TRY(STORE_SQL(s,
		"INSERT INTO record_outbox (id, subject, route, envelope, state, queued_ns, "
		"next_try_ns,"
		" n_tries) VALUES (?, ?, ?, ?, ?, ?, ?, 0) ON CONFLICT (id) DO NOTHING",
		&q, e));
	bind_text(q, 1, item->id.text);
	bind_text(q, 2, item->subject);
	bind_text(q, 3, item->route);
	bind_view(q, 4, item->envelope);
	bind_int(q, 5, OUTBOX_QUEUED);
	bind_int(q, 6, item->queued_ns);
	bind_int(q, 7, item->next_try_ns);
	TRY(statement_run(q, e));
	return store_changes(s) == 1 ? OK : check_same(s, item, e);
}

static enum status no_memory(struct error *e)
{
	return error_sys(e, E_NO_SPACE, ENOMEM, "read the outbox");
}

static enum status copy(
	struct pool *p, struct statement *q, int column, const char **out, struct error *e)
{
	*out = pool_text(p, column_text(q, column));
	return *out == NULL ? no_memory(e) : OK;
}

static enum status read_row(
	struct statement *q, struct pool *p, struct outbox_item *out, struct error *e)
{
	const char *envelope = NULL;
	if (!id_parse(column_text(q, 0), &out->id))
		return error_set(e, E_INVALID, "an outbox row in the database is damaged");
	TRY(copy(p, q, 1, &out->subject, e));
	TRY(copy(p, q, 2, &out->route, e));
	TRY(copy(p, q, 3, &envelope, e));
	out->envelope = (struct view){ envelope, column_text(q, 3).len };
	out->state = OUTBOX_QUEUED;
	out->queued_ns = column_int(q, 4);
	out->next_try_ns = column_int(q, 5);
	out->n_tries = column_int(q, 6);
	if (!column_is_null(q, 7))
		TRY(copy(p, q, 7, &out->last_error, e));
	return OK;
}

enum status outbox_due(struct store *s, int64_t now_ns, int64_t limit, struct pool *p,
	struct outbox_item **out, size_t *out_n, struct error *e)
{
	enum { LIMIT_MAX = 10000 };
	AUTO(statement_free) struct statement *q = NULL;
	bool row = false;
	size_t n = 0;
	if (limit < 0)
		limit = 0;
	if (limit > LIMIT_MAX)
		limit = LIMIT_MAX;
	struct outbox_item *items = pool_take(p, (size_t)limit, sizeof *items);
	if (items == NULL)
		return no_memory(e);
	/* A subject whose first item waits holds back all of its later ones. */
	TRY(STORE_SQL(s,
		"SELECT o.id, o.subject, o.route, o.envelope, o.queued_ns, o.next_try_ns, "
		"o.n_tries,"
		" o.last_error FROM record_outbox o WHERE o.state = 0 AND o.next_try_ns <= ?"
		" AND NOT EXISTS (SELECT 1 FROM record_outbox f WHERE f.state = 0"
		" AND f.subject = o.subject AND f.place < o.place) ORDER BY o.place LIMIT ?",
		&q, e));
	bind_int(q, 1, now_ns);
	bind_int(q, 2, limit);
	for (;;) {
		TRY(statement_step(q, &row, e));
		if (!row)
			break;
		TRY(read_row(q, p, &items[n], e));
		n++;
	}
	*out = items;
	*out_n = n;
	return OK;
}
_Static_assert(OUTBOX_QUEUED == 0, "the query above says so");

/* Nothing was changed: it is absent, or no longer queued. */
static enum status explain(struct store *s, const struct id *id, struct error *e)
{
	AUTO(statement_free) struct statement *q = NULL;
	bool row = false;
	TRY(STORE_SQL(s, "SELECT state FROM record_outbox WHERE id = ?", &q, e));
	bind_text(q, 1, id->text);
	TRY(statement_step(q, &row, e));
	if (!row)
		return error_set(e, E_ABSENT, "outbox: no item %s", id->text);
	if (column_int(q, 0) == OUTBOX_DELIVERED)
		return error_set(e, E_CONFLICT, "outbox: %s is delivered already", id->text);
	return error_set(e, E_CONFLICT, "outbox: %s is refused already", id->text);
}

static enum status run_on_one(
	struct store *s, struct statement *q, const struct id *id, struct error *e)
{
	TRY(statement_run(q, e));
	return store_changes(s) == 1 ? OK : explain(s, id, e);
}

enum status outbox_delivered(
	struct store *s, const struct id *id, struct view receipt, struct error *e)
{
	AUTO(statement_free) struct statement *q = NULL;
	/* The same receipt again is fine: the sender may have died before it noted the first. */
	TRY(STORE_SQL(s,
		"UPDATE record_outbox SET state = 1, receipt = ?, n_tries = n_tries + 1 - state,"
		" last_error = NULL WHERE id = ? AND (state = 0 OR (state = 1 AND receipt = ?))",
		&q, e));
	bind_view(q, 1, receipt);
	bind_text(q, 2, id->text);
	bind_view(q, 3, receipt);
	return run_on_one(s, q, id, e);
}
_Static_assert(OUTBOX_DELIVERED == 1 && OUTBOX_REFUSED == 2, "the statements here say so");

enum status outbox_retry(
	struct store *s, const struct id *id, int64_t next_try_ns, const char *why, struct error *e)
{
	AUTO(statement_free) struct statement *q = NULL;
	TRY(STORE_SQL(s,
		"UPDATE record_outbox SET next_try_ns = ?, last_error = ?, n_tries = n_tries + 1"
		" WHERE id = ? AND state = 0",
		&q, e));
	bind_int(q, 1, next_try_ns);
	bind_text(q, 2, why);
	bind_text(q, 3, id->text);
	return run_on_one(s, q, id, e);
}

enum status outbox_refused(struct store *s, const struct id *id, const char *why, struct error *e)
{
	AUTO(statement_free) struct statement *q = NULL;
	TRY(STORE_SQL(s,
		"UPDATE record_outbox SET state = 2, last_error = ?, n_tries = n_tries + 1"
		" WHERE id = ? AND state = 0",
		&q, e));
	bind_text(q, 1, why);
	bind_text(q, 2, id->text);
	return run_on_one(s, q, id, e);
}

int64_t outbox_backoff_ns(int64_t n_tries, int64_t first_ns, int64_t cap_ns, uint64_t random)
{
	int64_t most_ns = first_ns;
	for (int64_t i = 0; i < n_tries && most_ns < cap_ns; i++)
		if (__builtin_mul_overflow(most_ns, 2, &most_ns))
			most_ns = cap_ns;
	if (most_ns > cap_ns)
		most_ns = cap_ns;
	return most_ns <= 0 ? 0 : (int64_t)(random % ((uint64_t)most_ns + 1));
}
