/*
 * What became of the envelopes: receipts and refusals out of the outbox into the history, and the
 * clocks that they discharge. And the envelopes that found no route when they were made.
 */
#include <string.h>

#include "base/fault.h"
#include "base/phrase.h"
#include "incident/cases/spool.h"

enum { BATCH = 64 };

/* One recipient that is not settled yet. */
struct waiting {
	struct id incident, submission;
	const char *role, *route;
	enum outbox_state state;
};

/* A batch of: incident, submission, role, route, state. */
static enum status read_waiting(const struct desk *d, struct statement *q, struct waiting *rows,
	size_t *out_n, struct error *e)
{
	bool more = false;
	bool failed = false;
	for (*out_n = 0; *out_n < BATCH; (*out_n)++) {
		TRY(statement_step(q, &more, e));
		if (!more)
			break;
		struct waiting *w = &rows[*out_n];
		if (!id_parse(column_text(q, 0), &w->incident) ||
			!id_parse(column_text(q, 1), &w->submission))
			return error_set(e, E_INVALID, "a row of an incident is damaged");
		w->role = case_column(d->pool, q, 2, &failed);
		w->route = case_column(d->pool, q, 3, &failed);
		w->state = (enum outbox_state)column_int(q, 4);
	}
	return failed ? case_no_memory(e) : OK;
}

/* --- routing ---------------------------------------------------------------------------------- */

static enum status list_unrouted(const struct desk *d, struct waiting *rows, size_t *out_n,
	const char *after, struct error *e)
{
	AUTO(statement_free) struct statement *q = NULL;
	TRY(STORE_SQL(d->c->store,
		"SELECT incident, submission, role, '', 0 FROM incident_recipient"
		" WHERE company = ? AND state = 0 AND route = '' AND submission || role > ?"
		" ORDER BY submission || role LIMIT ?",
		&q, e));
	bind_text(q, 1, d->company);
	bind_text(q, 2, after);
	bind_int(q, 3, BATCH);
	return read_waiting(d, q, rows, out_n, e);
}

static enum status read_envelope(
	const struct desk *d, const struct waiting *w, struct spooled *out, struct error *e)
{
	AUTO(statement_free) struct statement *q = NULL;
	bool there = false;
	TRY(STORE_SQL(d->c->store,
		"SELECT drill, envelope FROM incident_submission WHERE company = ? AND id = ?", &q,
		e));
	bind_text(q, 1, d->company);
	bind_text(q, 2, w->submission.text);
	TRY(statement_step(q, &there, e));
	if (!there)
		return error_set(e, E_INVALID, "a row of an incident is damaged");
	const struct view text = column_text(q, 1);
	out->incident = w->incident;
	out->submission = w->submission;
	out->drill = column_int(q, 0) != 0;
	out->envelope = (struct view){ pool_text(d->pool, text), text.len };
	return out->envelope.at == NULL ? case_no_memory(e) : OK;
}

static enum status route_one(
	const struct desk *d, const struct waiting *w, size_t *n, struct error *e)
{
	AUTO_TRANSACTION struct transaction t = { NULL, false };
	struct spooled s;
	TRY(transaction_begin(d->c->store, &t, e));
	TRY(read_envelope(d, w, &s, e));
	const struct route *route = route_for(d->routes, w->role, s.drill);
	if (route == NULL)
		return OK;
	TRY(spool_route(d, &s, w->role, route, e));
	TRY(history_add(d, &w->incident, d->now.wall_ns, "routed",
		json_pack("{s:s, s:s, s:s}", "submission", w->submission.text, "role", w->role,
			"route", route->name),
		e));
	TRY(transaction_commit(&t, e));
	(*n)++;
	return OK;
}

static enum status route_all(const struct desk *d, size_t *out_n, struct error *e)
{
	struct waiting rows[BATCH];
	const char *after = "";
	size_t n = 0;
	if (d->routes == NULL || routes_count(d->routes) == 0)
		return OK;
	do {
		TRY(list_unrouted(d, rows, &n, after, e));
		for (size_t i = 0; i < n; i++)
			TRY(route_one(d, &rows[i], out_n, e));
		if (n > 0)
			after = pool_textf(
				d->pool, "%s%s", rows[n - 1].submission.text, rows[n - 1].role);
		if (after == NULL)
			return case_no_memory(e);
	} while (n == BATCH);
	return OK;
}

enum status incident_route(const struct incident_context *c, size_t *out_n, struct error *e)
{
	AUTO(pool_free) struct pool *p = pool_new(256 * MIB);
	AUTO_DESK struct desk d = { .routes = NULL };
	*out_n = 0;
	if (p == NULL)
		return case_no_memory(e);
	TRY(desk_open(c, p, true, &d, e));
	return route_all(&d, out_n, e);
}

static enum status read_unrouted(
	const struct desk *d, struct statement *q, struct unrouted_row *out, struct error *e)
{
	bool failed = false;
	if (!id_parse(column_text(q, 0), &out->incident) ||
		!id_parse(column_text(q, 1), &out->envelope))
		return error_set(e, E_INVALID, "a row of an incident is damaged");
	out->number = case_column(d->pool, q, 2, &failed);
	out->role = case_column(d->pool, q, 3, &failed);
	out->at_ns = column_int(q, 4);
	out->drill = column_int(q, 5) != 0;
	return failed ? case_no_memory(e) : OK;
}

enum status incident_unrouted(const struct incident_context *c, struct pool *p,
	struct unrouted_row **out, size_t *out_n, struct error *e)
{
	AUTO_DESK struct desk d = { .routes = NULL };
	AUTO(statement_free) struct statement *q = NULL;
	bool more = false;
	size_t n = 0;
	TRY(desk_open(c, p, false, &d, e));
	struct unrouted_row *rows = pool_take(p, INCIDENT_LIST_MAX, sizeof *rows);
	if (rows == NULL)
		return case_no_memory(e);
	TRY(STORE_SQL(c->store,
		"SELECT r.incident, r.submission, c.number, r.role, s.at_ns, s.drill"
		" FROM incident_recipient r JOIN incident_submission s"
		" ON s.company = r.company AND s.id = r.submission JOIN incident_case c"
		" ON c.company = r.company AND c.id = r.incident"
		" WHERE r.company = ? AND r.state = 0 AND r.route = '' ORDER BY s.at_ns, r.role"
		" LIMIT ?",
		&q, e));
	bind_text(q, 1, d.company);
	bind_int(q, 2, INCIDENT_LIST_MAX);
	for (n = 0; n < INCIDENT_LIST_MAX; n++) {
		TRY(statement_step(q, &more, e));
		if (!more)
			break;
		TRY(read_unrouted(&d, q, &rows[n], e));
	}
	*out = rows;
	*out_n = n;
	return OK;
}

/* --- receipts --------------------------------------------------------------------------------- */

/* Recipients on a route whose end is not known here, one row for each submission and route. */
static enum status list_waiting(const struct desk *d, struct waiting *rows, size_t *out_n,
	const char *after, struct error *e)
{
	AUTO(statement_free) struct statement *q = NULL;
	TRY(STORE_SQL(d->c->store,
		"SELECT incident, submission, '', route, MAX(state) FROM incident_recipient"
		" WHERE company = ? AND state <> ? AND route <> '' AND submission || route > ?"
		" GROUP BY incident, submission, route ORDER BY submission || route LIMIT ?",
		&q, e));
	bind_text(q, 1, d->company);
	bind_int(q, 2, OUTBOX_DELIVERED);
	bind_text(q, 3, after);
	bind_int(q, 4, BATCH);
	return read_waiting(d, q, rows, out_n, e);
}

/* The sender checked it before it was stored. It is checked once more against the key that is
 * pinned now, so that a row that somebody wrote into the database by hand proves nothing. */
static enum status check_proof(const struct desk *d, const struct route *route,
	const struct waiting *w, const struct outbox_item *item, struct receipt *out,
	struct error *e)
{
	const struct receipt_subject of = { &w->submission, item->envelope };
	return receipt_check(
		item->receipt, route->server_keys, route->n_server_keys, &of, d->pool, out, e);
}

/* How one recipient ended. */
struct ending {
	enum outbox_state state;
	const char *server, *trouble;
	int64_t at_ns; /* -1 not received */
	unsigned flags;
};

static enum status settle(
	const struct desk *d, const struct waiting *w, const struct ending *end, struct error *e)
{
	AUTO(statement_free) struct statement *q = NULL;
	TRY(STORE_SQL(d->c->store,
		"UPDATE incident_recipient SET state = ?, server = ?, received_ns = ?, trouble = ?,"
		" flags = ? WHERE company = ? AND submission = ? AND route = ?",
		&q, e));
	bind_int(q, 1, end->state);
	bind_text(q, 2, end->server);
	bind_int(q, 3, end->at_ns);
	bind_text(q, 4, end->trouble);
	bind_int(q, 5, end->flags);
	bind_text(q, 6, d->company);
	bind_text(q, 7, w->submission.text);
	bind_text(q, 8, w->route);
	return statement_run(q, e);
}

struct answered {
	const char *profile, *stage;
	int64_t made_ns; /* when the envelope was made here */
	const char *roles[RECIPIENTS_MAX];
	size_t n_roles;
};

static enum status read_answered(
	const struct desk *d, const struct waiting *w, struct answered *out, struct error *e)
{
	AUTO(statement_free) struct statement *q = NULL;
	bool more = false;
	bool failed = false;
	TRY(STORE_SQL(d->c->store,
		"SELECT s.profile, s.stage, r.role, s.at_ns FROM incident_submission s"
		" JOIN incident_recipient r ON r.company = s.company AND r.submission = s.id"
		" WHERE s.company = ? AND s.id = ? AND r.route = ? ORDER BY r.role",
		&q, e));
	bind_text(q, 1, d->company);
	bind_text(q, 2, w->submission.text);
	bind_text(q, 3, w->route);
	for (out->n_roles = 0; out->n_roles < RECIPIENTS_MAX; out->n_roles++) {
		TRY(statement_step(q, &more, e));
		if (!more)
			break;
		out->profile = case_column(d->pool, q, 0, &failed);
		out->stage = case_column(d->pool, q, 1, &failed);
		out->roles[out->n_roles] = case_column(d->pool, q, 2, &failed);
		out->made_ns = column_int(q, 3);
	}
	return failed ? case_no_memory(e) : OK;
}

/* Nothing is received before it was made. A server whose clock is behind would else turn a late
 * notice into one in time, and put a report before the facts that it tells; its own time stays in
 * the history and in the proof. Receipts may be in whole seconds. */
static struct ending ending_of(const struct answered *a, const struct receipt *r)
{
	const bool before = r->received_ns + NS_PER_S <= a->made_ns;
	return (struct ending){ .state = OUTBOX_DELIVERED,
		.server = r->server,
		.trouble = "",
		.at_ns = r->received_ns < a->made_ns ? a->made_ns : r->received_ns,
		.flags = (r->late ? RECEIPT_SAYS_LATE : 0U) |
			 (before ? RECEIPT_BEFORE_ENVELOPE : 0U) };
}

static enum status note_receipt(const struct desk *d, const struct waiting *w,
	const struct answered *a, const struct receipt *r, int64_t n_answered, struct error *e)
{
	char at[TIME_TEXT_MAX];
	const struct ending end = ending_of(a, r);
	json_t *event = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:I}", "submission",
		w->submission.text, "route", w->route, "stage", a->stage, "server", r->server,
		"sha256", r->sha256, "received_at", time_text(r->received_ns, at),
		"duties_answered", (json_int_t)n_answered);
	if (event != NULL && (end.flags & RECEIPT_SAYS_LATE) != 0)
		(void)json_object_set_new(event, "late", json_true());
	if (event != NULL && (end.flags & RECEIPT_BEFORE_ENVELOPE) != 0)
		(void)json_object_set_new(event, "before_envelope", json_true());
	return history_add(d, &w->incident, end.at_ns, "receipt", event, e);
}

static enum status discharge_all(const struct desk *d, const struct waiting *w,
	const struct answered *a, int64_t at_ns, size_t *out_n, struct error *e)
{
	for (size_t i = 0; i < a->n_roles; i++) {
		size_t n = 0;
		const struct discharge discharge = { .incident = w->incident,
			.profile = a->profile,
			.stage = a->stage,
			.to = a->roles[i],
			.medium = "written",
			.by = w->submission.text,
			.at_ns = at_ns };
		TRY(clocks_discharge(d->c->store, &discharge, &n, e));
		*out_n += n;
	}
	return OK;
}

static enum status take_receipt(
	const struct desk *d, const struct waiting *w, const struct receipt *r, struct error *e)
{
	AUTO_TRANSACTION struct transaction t = { NULL, false };
	struct answered a = { .n_roles = 0 };
	struct case_row row;
	size_t n_answered = 0;
	TRY(transaction_begin(d->c->store, &t, e));
	TRY(case_find(d, w->incident.text, &row, e));
	TRY(read_answered(d, w, &a, e));
	const struct ending end = ending_of(&a, r);
	TRY(settle(d, w, &end, e));
	TRY(discharge_all(d, w, &a, end.at_ns, &n_answered, e));
	TRY(note_receipt(d, w, &a, r, (int64_t)n_answered, e));
	if (FAULT("take_receipt"))
		return case_no_memory(e);
	TRY(case_sync(d, &row, e));
	return transaction_commit(&t, e);
}

/* Told once: not again while the reason stays the same. `trouble` is a phrase, so that whoever
 * reads it later sees it in their own language. */
static enum status take_trouble(const struct desk *d, const struct waiting *w,
	const struct outbox_item *item, const char *trouble, struct error *e)
{
	AUTO_TRANSACTION struct transaction t = { NULL, false };
	if (w->state == OUTBOX_REFUSED)
		return OK;
	TRY(transaction_begin(d->c->store, &t, e));
	const struct ending end = {
		.state = OUTBOX_REFUSED, .server = "", .trouble = trouble, .at_ns = -1
	};
	TRY(settle(d, w, &end, e));
	TRY(history_add(d, &w->incident, d->now.wall_ns, "refused",
		json_pack("{s:s, s:s, s:s, s:o, s:i}", "submission", w->submission.text, "route",
			w->route, "way", item->way == NULL ? "" : item->way, "why",
			phrase_to_json(trouble), "http_status", item->http_status),
		e));
	return transaction_commit(&t, e);
}

static enum status take_item(const struct desk *d, const struct waiting *w,
	const struct outbox_item *item, size_t *n, struct error *e)
{
	const struct route *route = route_named(d->routes, w->route);
	struct error why = ERROR_NONE;
	struct receipt receipt;
	switch (item->state) {
	case OUTBOX_QUEUED:
		return OK;
	case OUTBOX_REFUSED:
		return take_trouble(
			d, w, item, item->last_phrase == NULL ? "" : item->last_phrase, e);
	case OUTBOX_DELIVERED:
		/* A route whose key is out of reach just now says nothing against the receipt. */
		if (route == NULL || route->n_server_keys == 0)
			return OK;
		if (check_proof(d, route, w, item, &receipt, &why) != OK)
			return why.status == E_NO_SPACE ? (*e = why, why.status)
							: take_trouble(d, w, item, why.text, e);
		(*n)++;
		return take_receipt(d, w, &receipt, e);
	}
	return OK;
}

static enum status take_one(
	const struct desk *d, const struct waiting *w, size_t *n, struct error *e)
{
	struct outbox_item *items = NULL;
	size_t n_items = 0;
	TRY(outbox_of_envelope(d->c->store, &w->submission, d->pool, &items, &n_items, e));
	for (size_t i = 0; i < n_items; i++)
		if (strcmp(items[i].route, w->route) == 0)
			return take_item(d, w, &items[i], n, e);
	return OK;
}

enum status incident_take_receipts(const struct incident_context *c, size_t *out_n, struct error *e)
{
	AUTO(pool_free) struct pool *p = pool_new(256 * MIB);
	AUTO_DESK struct desk d = { .routes = NULL };
	struct waiting rows[BATCH];
	const char *after = "";
	size_t n = 0, n_routed = 0;
	*out_n = 0;
	if (p == NULL)
		return case_no_memory(e);
	TRY(desk_open(c, p, true, &d, e));
	if (d.routes == NULL)
		return error_set(e, E_FAILED, "receipts cannot be checked: %s", d.trouble);
	TRY(route_all(&d, &n_routed, e));
	do {
		TRY(list_waiting(&d, rows, &n, after, e));
		for (size_t i = 0; i < n; i++)
			TRY(take_one(&d, &rows[i], out_n, e));
		if (n > 0)
			after = pool_textf(
				p, "%s%s", rows[n - 1].submission.text, rows[n - 1].route);
		if (after == NULL)
			return case_no_memory(e);
	} while (n == BATCH);
	return OK;
}
