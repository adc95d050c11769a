/*
 * The history of a case: events that are only added, each holding the hash of all before it, so
 * that a line which somebody took out or changed in the database is found.
 */
#include <assert.h>
#include <string.h>

#include "base/digest.h"
#include "base/fault.h"
#include "base/phrase.h"
#include "incident/cases/case.h"

enum { EVENTS_MAX = 100000, FIRST_ROOM = 32 };
#define LINE_BYTES_MAX (9 * MIB)

struct link {
	int64_t n, at_ns, claimed_ns;
	const char *kind, *by;
	struct view detail;
};

/* Each part stands on a line of its own; only the detail may be long, and it is last. */
static enum status chain_of(
	const char *before, const struct link *l, char out[CHAIN_TEXT_MAX], struct error *e)
{
	AUTO_BUF struct buf text;
	buf_init(&text, LINE_BYTES_MAX);
	buf_addf(&text, "%s\n%lld\n%lld\n%lld\n%s\n%s\n", before, (long long)l->n,
		(long long)l->at_ns, (long long)l->claimed_ns, l->kind, l->by);
	buf_add(&text, l->detail);
	TRY(buf_check(&text, "event", e));
	const struct digest d = digest_of(text.at, text.len);
	(void)digest_hex(&d, out);
	return OK;
}
_Static_assert(CHAIN_TEXT_MAX == DIGEST_HEX_LEN + 1, "a chain is a SHA-256 in hex");

static enum status last_link(const struct desk *d, const struct id *incident, int64_t *out_n,
	char out[CHAIN_TEXT_MAX], struct error *e)
{
	AUTO(statement_free) struct statement *q = NULL;
	bool row = false;
	*out_n = 0;
	out[0] = '\0';
	TRY(STORE_SQL(d->c->store,
		"SELECT n, chain FROM incident_event WHERE company = ? AND incident = ?"
		" ORDER BY n DESC LIMIT 1",
		&q, e));
	bind_text(q, 1, d->company);
	bind_text(q, 2, incident->text);
	TRY(statement_step(q, &row, e));
	if (!row)
		return OK;
	const struct view chain = column_text(q, 1);
	if (chain.len != CHAIN_TEXT_MAX - 1)
		return error_set(e, E_INVALID, "a row of an incident is damaged");
	*out_n = column_int(q, 0);
	memcpy(out, chain.at, chain.len);
	out[chain.len] = '\0';
	return OK;
}

enum status history_head(
	const struct desk *d, const struct id *incident, char out[CHAIN_TEXT_MAX], struct error *e)
{
	int64_t n = 0;
	return last_link(d, incident, &n, out, e);
}

enum status history_add(const struct desk *d, const struct id *incident, int64_t claimed_ns,
	const char *kind, json_t *detail, struct error *e)
{
	AUTO(statement_free) struct statement *q = NULL;
	struct link l = {
		.at_ns = d->now.wall_ns, .claimed_ns = claimed_ns, .kind = kind, .by = d->by
	};
	char before[CHAIN_TEXT_MAX], chain[CHAIN_TEXT_MAX];
	TRY(json_keep(d->pool, detail, e));
	if (FAULT("history_add"))
		return case_no_memory(e);
	TRY(case_json_text(d->pool, detail, &l.detail, e));
	TRY(last_link(d, incident, &l.n, before, e));
	l.n++;
	TRY(chain_of(before, &l, chain, e));
	TRY(STORE_SQL(d->c->store,
		"INSERT INTO incident_event (company, incident, n, at_ns, claimed_ns, kind, "
		"by_whom,"
		" detail, chain) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
		&q, e));
	bind_text(q, 1, d->company);
	bind_text(q, 2, incident->text);
	bind_int(q, 3, l.n);
	bind_int(q, 4, l.at_ns);
	bind_int(q, 5, l.claimed_ns);
	bind_text(q, 6, l.kind);
	bind_text(q, 7, l.by);
	bind_view(q, 8, l.detail);
	bind_text(q, 9, chain);
	return statement_run(q, e);
}

/* --- reading ---------------------------------------------------------------------------------- */

struct event_list {
	struct incident_event *rows;
	size_t n, room;
	char chain[CHAIN_TEXT_MAX];
	int64_t first_bad;
};

static enum status grow(struct event_list *l, struct pool *p, struct error *e)
{
	if (l->n < l->room)
		return OK;
	const size_t room = l->room == 0 ? FIRST_ROOM : l->room * 2;
	struct incident_event *rows = pool_take(p, room, sizeof *rows);
	if (rows == NULL || room > EVENTS_MAX)
		return case_no_memory(e);
	if (l->n > 0)
		memcpy(rows, l->rows, l->n * sizeof *rows);
	l->rows = rows;
	l->room = room;
	return OK;
}

/* Why something was refused is kept without a language (receive.c). */
static enum status word_reason(json_t *detail, struct error *e)
{
	json_t *why = json_object_get(detail, "why");
	if (!json_is_array(why))
		return OK;
	return json_object_set_new(detail, "why", phrase_json_words(why)) != 0 ? case_no_memory(e)
									       : OK;
}

static enum status take_event(
	const struct desk *d, struct statement *q, struct event_list *l, struct error *e)
{
	bool failed = false;
	TRY(grow(l, d->pool, e));
	assert(l->rows != NULL); /* grow made room */
	struct incident_event *out = &l->rows[l->n];
	*out = (struct incident_event){ .n = column_int(q, 0),
		.at_ns = column_int(q, 1),
		.claimed_ns = column_int(q, 2),
		.kind = case_column(d->pool, q, 3, &failed),
		.by = case_column(d->pool, q, 4, &failed) };
	if (failed)
		return case_no_memory(e);
	const struct link link = { out->n, out->at_ns, out->claimed_ns, out->kind, out->by,
		column_text(q, 5) };
	TRY(chain_of(l->chain, &link, l->chain, e));
	if (l->first_bad < 0 &&
		(out->n != (int64_t)l->n + 1 || !view_is(column_text(q, 6), l->chain)))
		l->first_bad = out->n;
	TRY(case_json_of(d->pool, column_text(q, 5), &out->detail, e));
	TRY(word_reason(out->detail, e));
	l->n++;
	return OK;
}

enum status history_read(const struct desk *d, const struct id *incident,
	struct incident_event **out, size_t *out_n, int64_t *out_first_bad, struct error *e)
{
	AUTO(statement_free) struct statement *q = NULL;
	struct event_list l = { .first_bad = -1 };
	bool row = false;
	TRY(STORE_SQL(d->c->store,
		"SELECT n, at_ns, claimed_ns, kind, by_whom, detail, chain FROM incident_event"
		" WHERE company = ? AND incident = ? ORDER BY n",
		&q, e));
	bind_text(q, 1, d->company);
	bind_text(q, 2, incident->text);
	for (;;) {
		TRY(statement_step(q, &row, e));
		if (!row)
			break;
		TRY(take_event(d, q, &l, e));
	}
	*out = l.rows;
	*out_n = l.n;
	*out_first_bad = l.first_bad;
	return OK;
}

static enum status add_change(
	json_t *list, const char *field, json_t *before, json_t *after, struct error *e)
{
	json_t *was = before == NULL ? json_null() : before;
	json_t *is = after == NULL ? json_null() : after;
	if (json_equal(was, is))
		return OK;
	return json_array_append_new(list, json_pack("{s:s, s:O, s:O}", "field", field, "before",
						   was, "after", is)) != 0
		       ? case_no_memory(e)
		       : OK;
}

enum status history_changes(json_t *before, json_t *after, json_t **out, struct error *e)
{
	AUTO_JSON json_t *list = json_array();
	const char *key;
	json_t *value;
	if (list == NULL)
		return case_no_memory(e);
	json_object_foreach(after, key, value)
		TRY(add_change(list, key, json_object_get(before, key), value, e));
	json_object_foreach(before, key, value)
	{
		if (json_object_get(after, key) == NULL)
			TRY(add_change(list, key, value, NULL, e));
	}
	*out = TAKE(list);
	return OK;
}
