/*
 * Clocks in the store: opened, moved and ceased as the facts and the grade say; discharged by what
 * was sent or told.
 */
#include "incident/clocks/clocks.h"

#include <string.h>

#include "incident/clocks/clock_row.h"

#define NS_PER_MINUTE (60 * NS_PER_S)

const char *clock_state_name(enum clock_state s)
{
	switch (s) {
	case CLOCK_WAITING:
		return "waiting";
	case CLOCK_RUNNING:
		return "running";
	case CLOCK_OVERDUE:
		return "overdue";
	case CLOCK_DONE:
		return "done";
	case CLOCK_DONE_LATE:
		return "done-late";
	case CLOCK_CEASED:
		return "ceased";
	}
	return "unknown";
}

enum status clock_latest(struct store *s, const struct clocks_sync *what, const struct duty *d,
	struct kept_clock *out, bool *out_there, struct error *e)
{
	AUTO(statement_free) struct statement *q = NULL;
	TRY(STORE_SQL(s,
		"SELECT id, n_period, state, done_ns FROM incident_clock"
		" WHERE incident = ? AND profile = ? AND duty = ? ORDER BY n_period DESC LIMIT 1",
		&q, e));
	bind_text(q, 1, what->incident.text);
	bind_text(q, 2, what->profile->id);
	bind_text(q, 3, d->id);
	TRY(statement_step(q, out_there, e));
	if (!*out_there)
		return OK;
	if (!id_parse(column_text(q, 0), &out->id))
		return error_set(e, E_INVALID, "a clock in the database is damaged");
	out->n_period = column_int(q, 1);
	out->state = (enum clock_state)column_int(q, 2);
	out->done_ns = column_int(q, 3);
	return OK;
}

/* May what answers it come before its own moment? What waits for the end of handling, a request, a
 * payment or a remedy may not: there is nothing yet to tell. */
static bool may_be_early(const struct duty *d)
{
	switch (d->from) {
	case MOMENT_OCCURRED:
	case MOMENT_DISCOVERED:
	case MOMENT_JUDGED:
	case MOMENT_RECEIPT:
	case MOMENT_SUBMITTED:
		return d->kind != CLOCK_EVERY && d->kind != CLOCK_ON_REQUEST;
	case MOMENT_HANDLING_ENDED:
	case MOMENT_REQUESTED:
	case MOMENT_PAID:
	case MOMENT_REMEDY:
	case MOMENT_NEW_FACTS:
		return false;
	}
	return false;
}

static enum status open_clock(struct store *s, const struct clocks_sync *what, const struct duty *d,
	const struct due *due, int64_t n_period, struct error *e)
{
	AUTO(statement_free) struct statement *q = NULL;
	const struct id id = id_new(what->now_ns);
	const char certainty[2] = { d->certainty, '\0' };
	TRY(STORE_SQL(s,
		"INSERT INTO incident_clock (id, company, incident, profile, duty, n_period, stage,"
		" owes, owed_to, medium, instrument, instrument_row, certainty, text_en, text_zh,"
		" opened_ns, started_ns, due_ns, target_ns, flags, state, early, every_minutes,"
		" done_ns, done_by, drill)"
		" VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, -1,"
		" '', ?)",
		&q, e));
	bind_text(q, 1, id.text);
	bind_text(q, 2, what->company == NULL ? "" : what->company);
	bind_text(q, 3, what->incident.text);
	bind_text(q, 4, what->profile->id);
	bind_text(q, 5, d->id);
	bind_int(q, 6, n_period);
	bind_text(q, 7, d->stage);
	bind_text(q, 8, d->owes);
	bind_text(q, 9, d->to);
	bind_text(q, 10, d->medium);
	bind_text(q, 11, d->instrument);
	bind_text(q, 12, d->row);
	bind_text(q, 13, certainty);
	bind_text(q, 14, d->text.en);
	bind_text(q, 15, d->text.zh);
	bind_int(q, 16, what->now_ns);
	bind_int(q, 17, due->started_ns);
	bind_int(q, 18, due->due_ns);
	bind_int(q, 19, due->target_ns);
	bind_int(q, 20, due->flags);
	bind_int(q, 21, due->running ? CLOCK_RUNNING : CLOCK_WAITING);
	bind_int(q, 22, may_be_early(d) ? 1 : 0);
	bind_int(q, 23, d->kind == CLOCK_EVERY ? d->amount : 0);
	bind_int(q, 24, what->drill ? 1 : 0);
	return statement_run(q, e);
}

static enum status move_clock(struct store *s, const struct kept_clock *kept, const struct due *due,
	enum clock_state state, struct error *e)
{
	AUTO(statement_free) struct statement *q = NULL;
	TRY(STORE_SQL(s,
		"UPDATE incident_clock SET started_ns = ?, due_ns = ?, target_ns = ?, flags = ?,"
		" state = ?, done_ns = -1 WHERE id = ?",
		&q, e));
	bind_int(q, 1, due->started_ns);
	bind_int(q, 2, due->due_ns);
	bind_int(q, 3, due->target_ns);
	bind_int(q, 4, due->flags);
	bind_int(q, 5, state);
	bind_text(q, 6, kept->id.text);
	return statement_run(q, e);
}

static enum status cease_clock(
	struct store *s, const struct kept_clock *kept, int64_t now_ns, struct error *e)
{
	AUTO(statement_free) struct statement *q = NULL;
	TRY(STORE_SQL(s,
		"UPDATE incident_clock SET state = ?, done_ns = ? WHERE id = ? AND state "
		"IN " CLOCK_OPEN_STATES,
		&q, e));
	bind_int(q, 1, CLOCK_CEASED);
	bind_int(q, 2, now_ns);
	bind_text(q, 3, kept->id.text);
	return statement_run(q, e);
}

/* The end of the last period of a recurring duty, -1 before the first is done. */
static enum status last_period_ns(struct store *s, const struct clocks_sync *what,
	const struct duty *d, int64_t *out_ns, struct error *e)
{
	AUTO(statement_free) struct statement *q = NULL;
	bool row = false;
	TRY(STORE_SQL(s,
		"SELECT MAX(done_ns) FROM incident_clock WHERE incident = ? AND profile = ?"
		" AND duty = ? AND state IN (?, ?)",
		&q, e));
	bind_text(q, 1, what->incident.text);
	bind_text(q, 2, what->profile->id);
	bind_text(q, 3, d->id);
	bind_int(q, 4, CLOCK_DONE);
	bind_int(q, 5, CLOCK_DONE_LATE);
	TRY(statement_step(q, &row, e));
	*out_ns = row && !column_is_null(q, 0) ? column_int(q, 0) : -1;
	return OK;
}

static bool comes_again(const struct duty *d, const struct moments *m, int64_t done_ns)
{
	switch (d->from) {
	case MOMENT_REQUESTED:
	case MOMENT_PAID:
	case MOMENT_NEW_FACTS:
		return m->at[d->from] > done_ns;
	case MOMENT_OCCURRED:
	case MOMENT_DISCOVERED:
	case MOMENT_JUDGED:
	case MOMENT_RECEIPT:
	case MOMENT_HANDLING_ENDED:
	case MOMENT_REMEDY:
	case MOMENT_SUBMITTED:
		return false;
	}
	return false;
}

static enum status sync_duty(struct store *s, const struct clocks_sync *what, const struct duty *d,
	const struct calendar *c, struct error *e)
{
	struct kept_clock kept = { .n_period = 0 };
	struct moments moments = *what->moments;
	struct due due;
	bool there = false;
	TRY(clock_latest(s, what, d, &kept, &there, e));
	const enum duty_hold hold = duty_hold(what->profile, d, what->facts, &what->standing);
	const bool applies = hold != DUTY_NOT_OWED;
	const unsigned unsure = hold == DUTY_TO_CONFIRM ? DUE_TO_CONFIRM : 0U;
	if (there && (kept.state == CLOCK_DONE || kept.state == CLOCK_DONE_LATE)) {
		/* What is done stays done; a new request or new facts are a duty of their own. */
		if (!applies || !comes_again(d, &moments, kept.done_ns))
			return OK;
		duty_due(what->profile, d, &moments, c, &due);
		due.flags |= unsure;
		return open_clock(s, what, d, &due, kept.n_period + 1, e);
	}
	if (!applies)
		return there && kept.state != CLOCK_CEASED ? cease_clock(s, &kept, what->now_ns, e)
							   : OK;
	TRY(last_period_ns(s, what, d, &moments.last_period_ns, e));
	duty_due(what->profile, d, &moments, c, &due);
	due.flags |= unsure;
	const bool over = d->kind == CLOCK_EVERY && moments.at[MOMENT_HANDLING_ENDED] >= 0;
	if (over) /* nothing more to tell until the summary */
		return there && kept.state != CLOCK_CEASED ? cease_clock(s, &kept, what->now_ns, e)
							   : OK;
	if (!there)
		return open_clock(s, what, d, &due, 1, e);
	return move_clock(s, &kept, &due, due.running ? CLOCK_RUNNING : CLOCK_WAITING, e);
}

enum status clocks_sync(
	struct store *s, const char *home, const struct clocks_sync *what, struct error *e)
{
	AUTO(calendar_free) struct calendar *calendar = NULL;
	TRY(calendar_load(home, what->profile->calendar, &calendar, e));
	for (size_t i = 0; i < what->profile->n_duties; i++)
		TRY(sync_duty(s, what, &what->profile->duties[i], calendar, e));
	return OK;
}

/* --- discharge -------------------------------------------------------------------------------- */

static enum status open_next_period(
	struct store *s, const struct id *clock, int64_t at_ns, struct error *e)
{
	AUTO(statement_free) struct statement *q = NULL;
	const struct id id = id_new(at_ns);
	TRY(STORE_SQL(s,
		"INSERT INTO incident_clock SELECT ?, company, incident, profile, duty,"
		" n_period + 1, stage, owes, owed_to, medium, instrument, instrument_row,"
		" certainty, text_en, text_zh, ?, ?, ? + every_minutes * 60000000000, CASE WHEN"
		" target_ns < 0 THEN -1 ELSE ? + target_ns - started_ns END, flags, ?, early,"
		" every_minutes, -1, '', drill FROM incident_clock WHERE id = ? AND every_minutes "
		"> 0",
		&q, e));
	bind_text(q, 1, id.text);
	for (int place = 2; place <= 5; place++)
		bind_int(q, place, at_ns);
	bind_int(q, 6, CLOCK_RUNNING);
	bind_text(q, 7, clock->text);
	return statement_run(q, e);
}
_Static_assert(NS_PER_MINUTE == 60000000000, "the statement above says so");

static enum status discharge_one(
	struct store *s, const struct id *clock, const struct discharge *d, struct error *e)
{
	AUTO(statement_free) struct statement *q = NULL;
	/* Lower bounds of a limit are inclusive: at the very instant is in time. */
	TRY(STORE_SQL(s,
		"UPDATE incident_clock SET state = CASE WHEN due_ns >= 0 AND due_ns < ? THEN ?"
		" ELSE ? END, done_ns = ?, done_by = ? WHERE id = ?",
		&q, e));
	bind_int(q, 1, d->at_ns);
	bind_int(q, 2, CLOCK_DONE_LATE);
	bind_int(q, 3, CLOCK_DONE);
	bind_int(q, 4, d->at_ns);
	bind_text(q, 5, d->by);
	bind_text(q, 6, clock->text);
	TRY(statement_run(q, e));
	return open_next_period(s, clock, d->at_ns, e);
}

enum { DISCHARGED_MAX = 256 };

/* The clocks that it answers: a telephone duty wants a call, a written one a submission. */
static enum status answered(struct store *s, const struct discharge *d,
	struct id out[DISCHARGED_MAX], size_t *out_n, struct error *e)
{
	AUTO(statement_free) struct statement *q = NULL;
	bool row = false;
	TRY(STORE_SQL(s,
		"SELECT id FROM incident_clock WHERE incident = ? AND stage = ?"
		" AND (? = '' OR profile = ?) AND (? = '' OR owed_to = ?)"
		" AND (medium = 'any' OR medium = ?)"
		" AND (state = ? OR (state = ? AND early = 1)) ORDER BY n_period LIMIT ?",
		&q, e));
	bind_text(q, 1, d->incident.text);
	bind_text(q, 2, d->stage);
	bind_text(q, 3, d->profile == NULL ? "" : d->profile);
	bind_text(q, 4, d->profile == NULL ? "" : d->profile);
	bind_text(q, 5, d->to == NULL ? "" : d->to);
	bind_text(q, 6, d->to == NULL ? "" : d->to);
	bind_text(q, 7, d->medium);
	bind_int(q, 8, CLOCK_RUNNING);
	bind_int(q, 9, CLOCK_WAITING);
	bind_int(q, 10, DISCHARGED_MAX);
	for (*out_n = 0; *out_n < DISCHARGED_MAX; (*out_n)++) {
		TRY(statement_step(q, &row, e));
		if (!row)
			break;
		if (!id_parse(column_text(q, 0), &out[*out_n]))
			return error_set(e, E_INVALID, "a clock in the database is damaged");
	}
	return OK;
}

enum status clocks_discharge(
	struct store *s, const struct discharge *d, size_t *out_n, struct error *e)
{
	struct id ids[DISCHARGED_MAX];
	size_t n = 0;
	TRY(answered(s, d, ids, &n, e));
	for (size_t i = 0; i < n; i++)
		TRY(discharge_one(s, &ids[i], d, e));
	*out_n = n;
	return OK;
}

enum status clocks_forget(struct store *s, const struct id *incident, struct error *e)
{
	static const char *const statements[] = {
		"DELETE FROM incident_clock_acknowledgement WHERE clock IN"
		" (SELECT id FROM incident_clock WHERE incident = ?)",
		"DELETE FROM incident_clock_silence WHERE clock IN"
		" (SELECT id FROM incident_clock WHERE incident = ?)",
		"DELETE FROM incident_clock WHERE incident = ?",
	};
	for (size_t i = 0; i < COUNT_OF(statements); i++) {
		AUTO(statement_free) struct statement *q = NULL;
		TRY(store_prepare(s, statements[i], &q, e));
		bind_text(q, 1, incident->text);
		TRY(statement_run(q, e));
	}
	return OK;
}
