/*
 * The life of a case: which step may follow which, moments that a person marks, close, open again.
 */
#include <string.h>

#include "base/fault.h"
#include "incident/cases/grades.h"

#define DAY_NS (24 * 3600 * NS_PER_S)
#define CLOCK_ERROR_NS (5 * 60 * NS_PER_S)
#define MAY(life) (1U << (life))

static const struct {
	const char *name;
	unsigned next; /* bits of enum life */
	bool closed;
} lives[] = {
	[LIFE_OPEN] = { "open", MAY(LIFE_HANDLED), false },
	[LIFE_HANDLED] = { "handled", MAY(LIFE_CLOSED) | MAY(LIFE_OPEN), false },
	[LIFE_CLOSED] = { "closed", MAY(LIFE_OPEN), true },
};

const char *life_name(enum life l)
{
	return lives[l].name;
}

const char *moment_event(enum moment m)
{
	switch (m) {
	case MOMENT_RECEIPT:
		return "moment-receipt";
	case MOMENT_HANDLING_ENDED:
		return "moment-handling-ended";
	case MOMENT_REQUESTED:
		return "moment-requested";
	case MOMENT_PAID:
		return "moment-paid";
	case MOMENT_REMEDY:
		return "moment-remedy";
	case MOMENT_NEW_FACTS:
		return "moment-new-facts";
	case MOMENT_OCCURRED:
	case MOMENT_DISCOVERED:
	case MOMENT_JUDGED:
	case MOMENT_SUBMITTED:
		return "";
	}
	return "";
}

/* What must hold of a case after each step. */
static enum status check_invariant(
	const struct desk *d, const struct case_row *row, struct error *e)
{
	AUTO(statement_free) struct statement *q = NULL;
	bool there = false;
	TRY(STORE_SQL(d->c->store,
		"SELECT c.life, c.closed_ns,"
		" COALESCE((SELECT MAX(n) FROM incident_event WHERE company = c.company"
		" AND incident = c.id AND kind = 'moment-handling-ended'), 0),"
		" COALESCE((SELECT MAX(n) FROM incident_event WHERE company = c.company"
		" AND incident = c.id AND kind = 'reopened'), 0)"
		" FROM incident_case c WHERE c.company = ? AND c.id = ?",
		&q, e));
	bind_text(q, 1, d->company);
	bind_text(q, 2, row->id.text);
	TRY(statement_step(q, &there, e));
	const int64_t life = there ? column_int(q, 0) : -1;
	const bool has_end = there && column_int(q, 2) > column_int(q, 3);
	const bool holds = life >= LIFE_OPEN && life <= LIFE_CLOSED &&
			   (column_int(q, 1) >= 0) == lives[life].closed &&
			   has_end == (life != LIFE_OPEN);
	return holds ? OK
		     : error_set(e, E_FAILED,
			       "the state of incident %s does not hold together; nothing was "
			       "changed",
			       row->number);
}

static enum status refuse_step(const struct case_row *row, struct error *e)
{
	switch (row->life) {
	case LIFE_OPEN:
		return error_set(e, E_CONFLICT, "incident %s is open", row->number);
	case LIFE_HANDLED:
		return error_set(
			e, E_CONFLICT, "the handling of incident %s has ended", row->number);
	case LIFE_CLOSED:
		return error_set(e, E_CONFLICT, "incident %s is closed", row->number);
	}
	return E_CONFLICT;
}

static enum status move(const struct desk *d, struct case_row *row, enum life to, struct error *e)
{
	AUTO(statement_free) struct statement *q = NULL;
	if ((lives[row->life].next & MAY(to)) == 0)
		return refuse_step(row, e);
	const int64_t closed_ns = lives[to].closed ? d->now.wall_ns : -1;
	TRY(STORE_SQL(d->c->store,
		"UPDATE incident_case SET life = ?, closed_ns = ?"
		" WHERE company = ? AND id = ? AND life = ?",
		&q, e));
	bind_int(q, 1, to);
	bind_int(q, 2, closed_ns);
	bind_text(q, 3, d->company);
	bind_text(q, 4, row->id.text);
	bind_int(q, 5, row->life);
	TRY(statement_run(q, e));
	row->life = to;
	row->closed_ns = closed_ns;
	return check_invariant(d, row, e);
}

/* --- moments ---------------------------------------------------------------------------------- */

/* FACT_UNKNOWN where nobody said. */
static int64_t told_discovery(const struct desk *d, const struct case_row *row)
{
	const int slot = fact_slot(profile_facts(d->c->profiles), "discovered_at");
	return slot < 0 ? FACT_UNKNOWN : row->values.at[slot];
}

static int64_t discovered_ns(const struct desk *d, const struct case_row *row)
{
	const int64_t at_ns = told_discovery(d, row);
	return at_ns == FACT_UNKNOWN ? row->created_ns : at_ns;
}

enum status moment_check_time(
	const struct desk *d, const struct case_row *row, int64_t at_ns, struct error *e)
{
	char text[TIME_TEXT_MAX];
	if (at_ns > d->now.latest_ns + CLOCK_ERROR_NS)
		return error_set(e, E_INVALID, "%s lies in the future", time_text(at_ns, text));
	if (at_ns < discovered_ns(d, row) - DAY_NS)
		return error_set(e, E_INVALID,
			"%s lies more than a day before the incident was discovered",
			time_text(at_ns, text));
	return OK;
}

enum status notice_check_time(
	const struct desk *d, const struct case_row *row, int64_t at_ns, struct error *e)
{
	char text[TIME_TEXT_MAX], since[TIME_TEXT_MAX];
	const int64_t told_ns = told_discovery(d, row);
	TRY(moment_check_time(d, row, at_ns, e));
	if (told_ns != FACT_UNKNOWN && at_ns < told_ns - CLOCK_ERROR_NS)
		return error_set(e, E_INVALID, "%s lies before the incident was discovered, %s",
			time_text(at_ns, text), time_text(told_ns, since));
	return OK;
}

/* Occurred, discovered, judged: a new revision of the facts. */
static enum status revise_time(const struct desk *d, struct case_row *row, const char *key,
	int64_t at_ns, const char *note, struct error *e)
{
	struct field_faults faults = { .n = 0 };
	char text[TIME_TEXT_MAX];
	AUTO_JSON json_t *change = json_pack("{s:s}", key, time_text(at_ns, text));
	return change == NULL ? case_no_memory(e)
			      : regrade_by_facts(d, row, change, note, &faults, e);
}

static const char *fact_of(enum moment m)
{
	switch (m) {
	case MOMENT_OCCURRED:
		return "occurred_at";
	case MOMENT_DISCOVERED:
		return "discovered_at";
	case MOMENT_JUDGED:
		return "judged_at";
	case MOMENT_RECEIPT:
	case MOMENT_HANDLING_ENDED:
	case MOMENT_REQUESTED:
	case MOMENT_PAID:
	case MOMENT_REMEDY:
	case MOMENT_NEW_FACTS:
	case MOMENT_SUBMITTED:
		return NULL;
	}
	return NULL;
}

static enum status mark(const struct desk *d, struct case_row *row, enum moment m, int64_t at_ns,
	const char *note, struct error *e)
{
	const char *fact = fact_of(m);
	if (fact != NULL)
		return revise_time(d, row, fact, at_ns, note, e);
	TRY(moment_check_time(d, row, at_ns, e));
	if (m == MOMENT_HANDLING_ENDED && row->life != LIFE_OPEN)
		return error_set(e, E_CONFLICT,
			"the handling of incident %s has ended already; open it again first",
			row->number);
	TRY(history_add(d, &row->id, at_ns, moment_event(m), json_pack("{s:s}", "note", note), e));
	return m == MOMENT_HANDLING_ENDED ? move(d, row, LIFE_HANDLED, e) : OK;
}

enum status incident_moment(const struct incident_context *c, const char *id, enum moment m,
	int64_t at_ns, const char *note, struct error *e)
{
	AUTO(pool_free) struct pool *p = pool_new(16 * MIB);
	AUTO_DESK struct desk d = { .routes = NULL };
	AUTO_TRANSACTION struct transaction t = { NULL, false };
	struct case_row row;
	const char *said = note == NULL ? "" : note;
	if (p == NULL)
		return case_no_memory(e);
	if (m == MOMENT_SUBMITTED)
		return error_set(e, E_INVALID, "a stage is handed in, not marked");
	if (said[0] != '\0')
		TRY(case_check_text(said, REASON_BYTES_MAX, TEXT_SEVERAL_LINES, "note", e));
	TRY(desk_open(c, p, false, &d, e));
	TRY(transaction_begin(c->store, &t, e));
	TRY(case_find(&d, id, &row, e));
	TRY(mark(&d, &row, m, at_ns < 0 ? d.now.wall_ns : at_ns, said, e));
	TRY(case_sync(&d, &row, e));
	return transaction_commit(&t, e);
}

/* --- close, reopen ---------------------------------------------------------------------------- */

/* Duties of ours that run. The yearly report is one for all incidents and holds none open. */
static enum status open_duties(
	const struct desk *d, const struct case_row *row, struct buf *out, struct error *e)
{
	const struct clock_filter filter = { .incident = &row->id };
	struct clock_row *rows = NULL;
	size_t n = 0;
	TRY(clocks_list(d->c->store, &filter, &d->now, d->pool, &rows, &n, e));
	for (size_t i = 0; i < n; i++) {
		const struct rule_word *owes =
			profile_word(d->c->profiles, RULE_ROLES, rows[i].owes);
		if (owes == NULL || !owes->own || rows[i].state == CLOCK_WAITING ||
			strcmp(rows[i].stage, "annual_report") == 0)
			continue;
		const struct rule_word *stage =
			profile_word(d->c->profiles, RULE_STAGES, rows[i].stage);
		buf_addf(out, "%s%s (%s)", out->len == 0 ? "" : ", ",
			stage == NULL ? rows[i].stage : bilingual_pick(stage->name),
			rows[i].profile);
	}
	return OK;
}

static enum status may_close(const struct desk *d, const struct case_row *row, bool anyway,
	struct buf *open, struct error *e)
{
	if (row->life == LIFE_OPEN)
		return error_set(e, E_CONFLICT,
			"the handling of incident %s has not ended: mark when it did, then close "
			"it (tocsin incident mark %s handled)",
			row->number, row->number);
	if (row->life == LIFE_CLOSED)
		return error_set(e, E_CONFLICT, "incident %s is closed already", row->number);
	TRY(open_duties(d, row, open, e));
	if (open->len > 0 && !anyway)
		return error_set(
			e, E_CONFLICT, "incident %s: still owed: %s", row->number, buf_text(open));
	return OK;
}

enum status incident_close(const struct incident_context *c, const char *id, const char *reason,
	bool anyway, struct error *e)
{
	AUTO(pool_free) struct pool *p = pool_new(32 * MIB);
	AUTO_DESK struct desk d = { .routes = NULL };
	AUTO_TRANSACTION struct transaction t = { NULL, false };
	AUTO_BUF struct buf open;
	struct case_row row;
	const char *why = reason == NULL ? "" : reason;
	buf_init(&open, 64 * KIB);
	if (p == NULL)
		return case_no_memory(e);
	if (anyway || why[0] != '\0')
		TRY(case_check_text(why, REASON_BYTES_MAX, TEXT_SEVERAL_LINES, "reason", e));
	TRY(desk_open(c, p, false, &d, e));
	TRY(transaction_begin(c->store, &t, e));
	TRY(case_find(&d, id, &row, e));
	TRY(may_close(&d, &row, anyway, &open, e));
	TRY(history_add(&d, &row.id, d.now.wall_ns, "closed",
		json_pack("{s:s, s:s}", "reason", why, "still_owed", buf_text(&open)), e));
	TRY(move(&d, &row, LIFE_CLOSED, e));
	TRY(case_sync(&d, &row, e));
	return transaction_commit(&t, e);
}

enum status incident_reopen(
	const struct incident_context *c, const char *id, const char *reason, struct error *e)
{
	AUTO(pool_free) struct pool *p = pool_new(32 * MIB);
	AUTO_DESK struct desk d = { .routes = NULL };
	AUTO_TRANSACTION struct transaction t = { NULL, false };
	struct case_row row;
	if (p == NULL)
		return case_no_memory(e);
	TRY(case_check_text(
		reason == NULL ? "" : reason, REASON_BYTES_MAX, TEXT_SEVERAL_LINES, "reason", e));
	TRY(desk_open(c, p, false, &d, e));
	TRY(transaction_begin(c->store, &t, e));
	TRY(case_find(&d, id, &row, e));
	TRY(history_add(&d, &row.id, d.now.wall_ns, "reopened",
		json_pack("{s:s, s:s}", "reason", reason, "from", life_name(row.life)), e));
	TRY(move(&d, &row, LIFE_OPEN, e));
	TRY(case_sync(&d, &row, e));
	return transaction_commit(&t, e);
}
