/*
 * The outbox in the store: putting items in, and looking at them. What happens to them on their way
 * stands in outbox_queue.c.
 */
#include "record/outbox.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "base/phrase.h"
#include "record/envelope.h"
#include "record/internal.h"

const char *outbox_state_name(enum outbox_state state)
{
	switch (state) {
	case OUTBOX_QUEUED:
		return "queued";
	case OUTBOX_DELIVERED:
		return "delivered";
	case OUTBOX_REFUSED:
		return "refused";
	}
	abort();
}
_Static_assert(OUTBOX_QUEUED == 0 && OUTBOX_DELIVERED == 1 && OUTBOX_REFUSED == 2,
	"the statements of this folder say so");

/* --- putting --- */

/* A drill's envelope is told by its type, which is signed; the flag is what the queue reads. Both
 * must say the same, or a drill could reach a real inbox. */
static enum status check_envelope(const struct outbox_item *item, struct error *e)
{
	AUTO_JSON json_t *envelope = NULL;
	const char *type = NULL;
	TRY(json_read(item->envelope, OUTBOX_BYTES_MAX, "outbox: envelope", &envelope, e));
	struct json_place place = { envelope, "outbox: envelope" };
	TRY(json_get_text(place, "payloadType", JSON_REQUIRED, &type, e));
	bool is_drill = envelope_type_is_drill(view_of(type));
	if (is_drill && !item->drill)
		return error_set(e, E_INVALID,
			"outbox: put as real, but its payload type '%.*s' is a drill's",
			text_cut(type, 80), type);
	if (!is_drill && item->drill)
		return error_set(e, E_INVALID,
			"outbox: put as a drill, but its payload type '%.*s' is a real one",
			text_cut(type, 80), type);
	return OK;
}

static enum status check_item(const struct outbox_item *item, struct error *e)
{
	struct id parsed;
	if (!id_parse(view_of(item->id.text), &parsed))
		return error_set(e, E_INVALID, "outbox: an item needs an id");
	if (item->envelope_id.text[0] != '\0' &&
		!id_parse(view_of(item->envelope_id.text), &parsed))
		return error_set(e, E_INVALID, "outbox: not the id of an envelope");
	if (item->subject == NULL || item->route == NULL || item->route[0] == '\0')
		return error_set(e, E_INVALID, "outbox: an item needs a subject and a route");
	if (item->envelope.len > OUTBOX_BYTES_MAX)
		return error_set(e, E_TOO_BIG, "outbox: an item of %zu bytes, %zu are allowed",
			item->envelope.len, (size_t)OUTBOX_BYTES_MAX);
	return item->kind == DELIVERY_ENVELOPE ? check_envelope(item, e) : OK;
}

static const char *envelope_id_of(const struct outbox_item *item)
{
	return item->envelope_id.text[0] == '\0' ? item->id.text : item->envelope_id.text;
}

static enum status check_same(struct store *s, const struct outbox_item *item, struct error *e)
{
	AUTO(statement_free) struct statement *q = NULL;
	bool row = false;
	TRY(STORE_SQL(s,
		"SELECT envelope, subject, kind, drill FROM record_outbox"
		" WHERE envelope_id = ? AND route = ?",
		&q, e));
	bind_text(q, 1, envelope_id_of(item));
	bind_text(q, 2, item->route);
	TRY(statement_step(q, &row, e));
	if (row && view_equal(column_text(q, 0), item->envelope) &&
		view_is(column_text(q, 1), item->subject) &&
		column_int(q, 2) == (int64_t)item->kind && (column_int(q, 3) != 0) == item->drill)
		return OK;
	return error_set(e, E_CONFLICT, "outbox: %s is there already with another content",
		envelope_id_of(item));
}

enum status outbox_put(struct store *s, const struct outbox_item *item, struct error *e)
{
	AUTO(statement_free) struct statement *q = NULL;
	TRY(check_item(item, e));
	TRY(STORE_SQL(s,
		"INSERT INTO record_outbox (id, envelope_id, subject, route, kind, drill, "
		"envelope, state, queued_ns, next_try_ns, n_tries)"
		" VALUES (?, ?, ?, ?, ?, ?, ?, 0, ?, ?, 0) ON CONFLICT DO NOTHING",
		&q, e));
	bind_text(q, 1, item->id.text);
	bind_text(q, 2, envelope_id_of(item));
	bind_text(q, 3, item->subject);
	bind_text(q, 4, item->route);
	bind_int(q, 5, (int64_t)item->kind);
	bind_int(q, 6, item->drill);
	bind_view(q, 7, item->envelope);
	bind_int(q, 8, item->queued_ns);
	bind_int(q, 9, item->next_try_ns);
	TRY(statement_run(q, e));
	return store_changes(s) == 1 ? OK : check_same(s, item, e);
}

/* --- reading a row --- */

enum status outbox_no_memory(struct error *e)
{
	return error_sys(e, E_NO_SPACE, ENOMEM, "read the outbox");
}

static enum status copy(
	struct pool *p, struct statement *q, int column, const char **out, struct error *e)
{
	*out = NULL;
	if (column_is_null(q, column))
		return OK;
	*out = pool_text(p, column_text(q, column));
	return *out == NULL ? outbox_no_memory(e) : OK;
}

static enum status copy_view(
	struct pool *p, struct statement *q, int column, struct view *out, struct error *e)
{
	const char *text = NULL;
	TRY(copy(p, q, column, &text, e));
	*out = text == NULL ? VIEW_NONE : (struct view){ text, column_text(q, column).len };
	return OK;
}

static int64_t int_or(struct statement *q, int column, int64_t absent)
{
	return column_is_null(q, column) ? absent : column_int(q, column);
}

enum status outbox_row(
	struct statement *q, struct pool *p, struct outbox_item *out, struct error *e)
{
	struct outbox_item i = { .state = OUTBOX_QUEUED };
	int64_t state = column_int(q, 6);
	int64_t kind = column_int(q, 4);
	if (!id_parse(column_text(q, 0), &i.id) || !id_parse(column_text(q, 1), &i.envelope_id) ||
		state < OUTBOX_QUEUED || state > OUTBOX_REFUSED || kind < DELIVERY_ENVELOPE ||
		kind > DELIVERY_SYSLOG)
		return error_set(e, E_INVALID, "an outbox row in the database is damaged");
	i.state = (enum outbox_state)state;
	i.kind = (enum delivery_kind)kind;
	TRY(copy(p, q, 2, &i.subject, e));
	TRY(copy(p, q, 3, &i.route, e));
	i.drill = column_int(q, 5) != 0;
	i.queued_ns = column_int(q, 7);
	i.next_try_ns = column_int(q, 8);
	i.n_tries = column_int(q, 9);
	TRY(copy(p, q, 10, &i.last_phrase, e));
	i.last_error = i.last_phrase == NULL ? NULL : phrase_words(p, i.last_phrase);
	if (i.last_phrase != NULL && i.last_error == NULL)
		return outbox_no_memory(e);
	TRY(copy(p, q, 11, &i.way, e));
	i.http_status = (int)column_int(q, 12);
	i.tried_ns = int_or(q, 13, -1);
	i.exported_ns = int_or(q, 14, -1);
	i.ended_ns = int_or(q, 15, -1);
	i.received_ns = int_or(q, 16, -1);
	TRY(copy(p, q, 17, &i.server, e));
	i.place = column_int(q, 18);
	TRY(copy_view(p, q, 19, &i.envelope, e));
	TRY(copy_view(p, q, 20, &i.receipt, e));
	*out = i;
	return OK;
}

enum status outbox_read(struct store *s, const struct id *id, struct pool *p,
	struct outbox_item *out, struct error *e)
{
	AUTO(statement_free) struct statement *q = NULL;
	bool row = false;
	TRY(STORE_SQL(s,
		"SELECT " OUTBOX_COLUMNS ", envelope, receipt FROM record_outbox WHERE id = ?", &q,
		e));
	bind_text(q, 1, id->text);
	TRY(statement_step(q, &row, e));
	if (!row)
		return error_set(e, E_ABSENT, "outbox: no item %s", id->text);
	return outbox_row(q, p, out, e);
}

/* --- several rows --- */

static enum status read_rows(struct statement *q, size_t most, struct pool *p,
	struct outbox_item **out, size_t *out_n, struct error *e)
{
	AUTO_FREE struct outbox_item *rows = NULL;
	size_t n = 0;
	size_t room = 0;
	bool row = false;
	for (;;) {
		TRY(statement_step(q, &row, e));
		if (!row || n == most)
			break;
		if (n == room) {
			room = room == 0 ? 16 : room * 2;
			struct outbox_item *more = FAULT("outbox_rows")
							   ? NULL
							   : reallocarray(rows, room, sizeof *more);
			if (more == NULL)
				return outbox_no_memory(e);
			rows = more;
		}
		TRY(outbox_row(q, p, &rows[n], e));
		n++;
	}
	*out = pool_take(p, n == 0 ? 1 : n, sizeof **out);
	if (*out == NULL)
		return outbox_no_memory(e);
	if (n > 0)
		memcpy(*out, rows, n * sizeof *rows);
	*out_n = n;
	return OK;
}

enum status outbox_of_envelope(struct store *s, const struct id *envelope_id, struct pool *p,
	struct outbox_item **out, size_t *out_n, struct error *e)
{
	AUTO(statement_free) struct statement *q = NULL;
	TRY(STORE_SQL(s,
		"SELECT " OUTBOX_COLUMNS ", envelope, receipt FROM record_outbox"
		" WHERE envelope_id = ? ORDER BY place",
		&q, e));
	bind_text(q, 1, envelope_id->text);
	return read_rows(q, OUTBOX_LIST_MAX, p, out, out_n, e);
}

static void bind_choice(struct statement *q, int place, const char *text)
{
	bind_int(q, place, text != NULL);
	bind_text(q, place + 1, text == NULL ? "" : text);
}

enum status outbox_list(struct store *s, const struct outbox_filter *f, struct pool *p,
	struct outbox_item **out, size_t *out_n, struct error *e)
{
	AUTO(statement_free) struct statement *q = NULL;
	bool is_limited = f->limit > 0 && f->limit < OUTBOX_LIST_MAX;
	size_t most = is_limited ? (size_t)f->limit : (size_t)OUTBOX_LIST_MAX;
	TRY(STORE_SQL(s,
		"SELECT " OUTBOX_COLUMNS ", NULL, NULL FROM record_outbox"
		" WHERE (? = 0 OR subject = ?) AND (? = 0 OR route = ?)"
		" AND (? & (1 << state)) <> 0 AND place > ? ORDER BY place LIMIT ?",
		&q, e));
	bind_choice(q, 1, f->subject);
	bind_choice(q, 3, f->route);
	bind_int(q, 5, f->states == 0 ? INT32_MAX : (int64_t)f->states);
	bind_int(q, 6, f->after_place);
	bind_int(q, 7, (int64_t)most);
	return read_rows(q, most, p, out, out_n, e);
}

enum status outbox_count(
	struct store *s, const struct outbox_filter *f, struct outbox_counts *out, struct error *e)
{
	AUTO(statement_free) struct statement *q = NULL;
	struct outbox_counts n = { .oldest_queued_ns = -1, .next_try_ns = -1 };
	bool row = false;
	TRY(STORE_SQL(s,
		"SELECT state, count(*), count(exported_ns), min(queued_ns), min(next_try_ns)"
		" FROM record_outbox WHERE (? = 0 OR subject = ?) AND (? = 0 OR route = ?)"
		" GROUP BY state",
		&q, e));
	bind_choice(q, 1, f->subject);
	bind_choice(q, 3, f->route);
	for (;;) {
		TRY(statement_step(q, &row, e));
		if (!row)
			break;
		int64_t state = column_int(q, 0);
		if (state == OUTBOX_DELIVERED)
			n.n_delivered = column_int(q, 1);
		else if (state == OUTBOX_REFUSED)
			n.n_refused = column_int(q, 1);
		else {
			n.n_queued = column_int(q, 1);
			n.n_exported = column_int(q, 2);
			n.oldest_queued_ns = column_int(q, 3);
			n.next_try_ns = column_int(q, 4);
		}
	}
	*out = n;
	return OK;
}

enum status outbox_waiting(struct store *s, const char *subject, int64_t *out_n, struct error *e)
{
	AUTO(statement_free) struct statement *q = NULL;
	bool row = false;
	TRY(STORE_SQL(s,
		"SELECT count(*) FROM record_outbox WHERE state = 0 AND (? = 0 OR subject = ?)", &q,
		e));
	bind_choice(q, 1, subject);
	TRY(statement_step(q, &row, e));
	*out_n = row ? column_int(q, 0) : 0;
	return OK;
}

/* --- by a person --- */

enum status outbox_again(struct store *s, const struct id *id, int64_t now_ns, struct error *e)
{
	AUTO(statement_free) struct statement *q = NULL;
	TRY(STORE_SQL(s,
		"UPDATE record_outbox SET state = 0, next_try_ns = ?, ended_ns = NULL"
		" WHERE id = ? AND state = 2",
		&q, e));
	bind_int(q, 1, now_ns);
	bind_text(q, 2, id->text);
	return outbox_run_on_one(s, q, id, e);
}

enum status outbox_forget(struct store *s, const char *subject, struct error *e)
{
	AUTO(statement_free) struct statement *q = NULL;
	AUTO(statement_free) struct statement *remove = NULL;
	bool row = false;
	TRY(STORE_SQL(
		s, "SELECT count(*) FROM record_outbox WHERE subject = ? AND state = 0", &q, e));
	bind_text(q, 1, subject);
	TRY(statement_step(q, &row, e));
	if (row && column_int(q, 0) > 0)
		return error_set(e, E_CONFLICT, "outbox: %lld of its items are not delivered yet",
			(long long)column_int(q, 0));
	TRY(STORE_SQL(s, "DELETE FROM record_outbox WHERE subject = ? AND state <> 0", &remove, e));
	bind_text(remove, 1, subject);
	return statement_run(remove, e);
}
