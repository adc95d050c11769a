/*
 * Reading a case whole.
 */
#include <string.h>

#include "base/phrase.h"
#include "incident/cases/grades.h"

enum { SUBMISSIONS_MAX = 10000, RECIPIENTS_OF_ONE_MAX = 16 };

static enum status read_recipients(const struct desk *d, struct submission_row *s, struct error *e)
{
	AUTO(statement_free) struct statement *q = NULL;
	bool more = false;
	bool failed = false;
	struct recipient_row *rows = pool_take(d->pool, RECIPIENTS_OF_ONE_MAX, sizeof *rows);
	if (rows == NULL)
		return case_no_memory(e);
	TRY(STORE_SQL(d->c->store,
		"SELECT role, route, state, server, received_ns, trouble, flags"
		" FROM incident_recipient"
		" WHERE company = ? AND submission = ? ORDER BY role",
		&q, e));
	bind_text(q, 1, d->company);
	bind_text(q, 2, s->id.text);
	for (s->n_recipients = 0; s->n_recipients < RECIPIENTS_OF_ONE_MAX; s->n_recipients++) {
		TRY(statement_step(q, &more, e));
		if (!more)
			break;
		rows[s->n_recipients] = (struct recipient_row){
			.role = case_column(d->pool, q, 0, &failed),
			.route = case_column(d->pool, q, 1, &failed),
			.state = (enum outbox_state)column_int(q, 2),
			.server = case_column(d->pool, q, 3, &failed),
			.received_ns = column_int(q, 4),
			.flags = (unsigned)column_int(q, 6),
			.trouble = phrase_words(d->pool, case_column(d->pool, q, 5, &failed)),
		};
		failed = failed || rows[s->n_recipients].trouble == NULL;
	}
	s->recipients = rows;
	return failed ? case_no_memory(e) : OK;
}

/* The worst of its recipients': refused, then still queued; and the first that has it. */
static void sum_up(struct submission_row *s)
{
	bool queued = s->n_recipients == 0, refused = false;
	s->received_by = "";
	s->received_ns = -1;
	for (size_t i = 0; i < s->n_recipients; i++) {
		const struct recipient_row *r = &s->recipients[i];
		queued = queued || r->state == OUTBOX_QUEUED;
		refused = refused || r->state == OUTBOX_REFUSED;
		if (r->state != OUTBOX_DELIVERED)
			continue;
		if (s->received_ns < 0 || r->received_ns < s->received_ns) {
			s->received_by = r->server;
			s->received_ns = r->received_ns;
		}
	}
	s->delivery = refused ? OUTBOX_REFUSED : queued ? OUTBOX_QUEUED : OUTBOX_DELIVERED;
}

static enum status read_submission(
	const struct desk *d, struct statement *q, struct submission_row *out, struct error *e)
{
	bool failed = false;
	*out = (struct submission_row){ .n = column_int(q, 1),
		.at_ns = column_int(q, 2),
		.profile = case_column(d->pool, q, 3, &failed),
		.stage = case_column(d->pool, q, 4, &failed),
		.form = case_column(d->pool, q, 5, &failed),
		.what_changed = case_column(d->pool, q, 6, &failed),
		.draft = column_int(q, 8) != 0,
		.drill = column_int(q, 9) != 0,
		.sha256 = case_column(d->pool, q, 10, &failed) };
	if (failed)
		return case_no_memory(e);
	if (!id_parse(column_text(q, 0), &out->id))
		return error_set(e, E_INVALID, "a row of an incident is damaged");
	TRY(case_json_of(d->pool, column_text(q, 7), &out->filled, e));
	TRY(read_recipients(d, out, e));
	sum_up(out);
	return OK;
}

static enum status count_submissions(
	const struct desk *d, const struct id *incident, size_t *out, struct error *e)
{
	AUTO(statement_free) struct statement *q = NULL;
	bool row = false;
	TRY(STORE_SQL(d->c->store,
		"SELECT COUNT(*) FROM incident_submission WHERE company = ? AND incident = ?", &q,
		e));
	bind_text(q, 1, d->company);
	bind_text(q, 2, incident->text);
	TRY(statement_step(q, &row, e));
	const int64_t n = row ? column_int(q, 0) : 0;
	if (n > SUBMISSIONS_MAX)
		return error_set(
			e, E_TOO_BIG, "an incident has more than %d submissions", SUBMISSIONS_MAX);
	*out = (size_t)n;
	return OK;
}

static enum status read_submissions(
	const struct desk *d, const struct case_row *row, struct incident *out, struct error *e)
{
	AUTO(statement_free) struct statement *q = NULL;
	bool more = false;
	size_t n = 0, n_most = 0;
	TRY(count_submissions(d, &row->id, &n_most, e));
	struct submission_row *rows = pool_take(d->pool, n_most + 1, sizeof *rows);
	if (rows == NULL)
		return case_no_memory(e);
	TRY(STORE_SQL(d->c->store,
		"SELECT id, n, at_ns, profile, stage, form, what_changed, filled, draft, drill,"
		" sha256 FROM incident_submission WHERE company = ? AND incident = ? ORDER BY n"
		" LIMIT ?",
		&q, e));
	bind_text(q, 1, d->company);
	bind_text(q, 2, row->id.text);
	bind_int(q, 3, (int64_t)n_most);
	for (;;) {
		TRY(statement_step(q, &more, e));
		if (!more)
			break;
		TRY(read_submission(d, q, &rows[n], e));
		n++;
	}
	out->submissions = rows;
	out->n_submissions = n;
	return OK;
}

static enum status read_grades(
	const struct desk *d, const struct case_row *row, struct incident *out, struct error *e)
{
	struct grade_row *history = NULL;
	struct grade_row *present = pool_take(d->pool, CASE_PROFILES_MAX, sizeof *present);
	if (present == NULL)
		return case_no_memory(e);
	for (size_t i = 0; i < row->n_profiles; i++) {
		bool there = false;
		TRY(grade_in_force(
			d, &row->id, row->profiles[i], &present[out->n_grades], &there, e));
		out->n_grades += there ? 1 : 0;
	}
	out->grades = present;
	TRY(grade_history(d, &row->id, &history, &out->n_grade_history, e));
	out->grade_history = history;
	return OK;
}

enum status incident_read(const struct incident_context *c, const char *id, struct pool *p,
	struct incident *out, struct error *e)
{
	AUTO_DESK struct desk d = { .routes = NULL };
	struct case_row row;
	struct clock_row *clocks = NULL;
	struct incident_event *events = NULL;
	TRY(desk_open(c, p, false, &d, e));
	TRY(case_find(&d, id, &row, e));
	struct incident i = { .id = row.id,
		.number = row.number,
		.life = row.life,
		.drill = row.drill,
		.drill_id = row.drill_id,
		.tlp = row.tlp,
		.created_ns = row.created_ns,
		.notice = row.notice,
		.facts = row.facts,
		.now = d.now };
	const struct clock_filter filter = { .incident = &row.id, .all = true };
	TRY(read_grades(&d, &row, &i, e));
	TRY(read_submissions(&d, &row, &i, e));
	TRY(clocks_list(c->store, &filter, &d.now, p, &clocks, &i.n_clocks, e));
	TRY(history_read(&d, &row.id, &events, &i.n_events, &i.first_bad_event, e));
	i.clocks = clocks;
	i.events = events;
	*out = i;
	return OK;
}
