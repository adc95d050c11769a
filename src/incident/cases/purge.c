/*
 * Removing a case for good, and not before its time (State Council order 790, art. 12: three
 * years).
 */
#include <string.h>

#include "incident/cases/attach.h"

enum { KEPT_YEARS = 3 };

/* Three years by the calendar are at most this many days. */
#define KEPT_NS ((KEPT_YEARS * 365LL + 1) * 86400 * NS_PER_S)

static enum status last_written(
	const struct desk *d, const struct case_row *row, int64_t *out_ns, struct error *e)
{
	AUTO(statement_free) struct statement *q = NULL;
	bool there = false;
	TRY(STORE_SQL(d->c->store,
		"SELECT MAX(at_ns) FROM incident_event WHERE company = ? AND incident = ?", &q, e));
	bind_text(q, 1, d->company);
	bind_text(q, 2, row->id.text);
	TRY(statement_step(q, &there, e));
	*out_ns = there && !column_is_null(q, 0) ? column_int(q, 0) : d->now.wall_ns;
	return OK;
}

static enum status may_purge(const struct desk *d, const struct case_row *row, struct error *e)
{
	char until[TIME_TEXT_MAX];
	int64_t written_ns = 0;
	if (row->life != LIFE_CLOSED)
		return error_set(e, E_CONFLICT, "incident %s is not closed", row->number);
	TRY(last_written(d, row, &written_ns, e));
	const int64_t from_ns = row->closed_ns > written_ns ? row->closed_ns : written_ns;
	/* A clock that was set forward must not make records old. */
	if (d->now.stepped)
		return error_set(e, E_DENIED,
			"the clock of this host was set since it started: nothing is removed "
			"before the next start");
	if (d->now.wall_ns - from_ns < KEPT_NS)
		return error_set(e, E_DENIED,
			"records of an incident are kept for three years at least; those of %s "
			"until %s",
			row->number, time_text(from_ns + KEPT_NS, until));
	return OK;
}

static enum status run_for_case(
	const struct desk *d, const char *sql, const struct case_row *row, struct error *e)
{
	AUTO(statement_free) struct statement *q = NULL;
	TRY(store_prepare(d->c->store, sql, &q, e));
	bind_text(q, 1, d->company);
	bind_text(q, 2, row->id.text);
	return statement_run(q, e);
}

static enum status remove_rows(const struct desk *d, const struct case_row *row, struct error *e)
{
	static const char *const statements[] = {
		"DELETE FROM incident_profile WHERE company = ? AND incident = ?",
		"DELETE FROM incident_revision WHERE company = ? AND incident = ?",
		"DELETE FROM incident_grade WHERE company = ? AND incident = ?",
		"DELETE FROM incident_submission WHERE company = ? AND incident = ?",
		"DELETE FROM incident_recipient WHERE company = ? AND incident = ?",
		"DELETE FROM incident_attachment WHERE company = ? AND incident = ?",
		"DELETE FROM incident_call WHERE company = ? AND incident = ?",
		"DELETE FROM incident_event WHERE company = ? AND incident = ?",
		"DELETE FROM incident_case WHERE company = ? AND id = ?",
	};
	for (size_t i = 0; i < COUNT_OF(statements); i++)
		TRY(run_for_case(d, statements[i], row, e));
	TRY(clocks_forget(d->c->store, &row->id, e));
	return outbox_forget(d->c->store, row->id.text, e);
}

/* What stays: that there was one, when, and the hash of its history. */
static enum status leave_a_line(const struct desk *d, const struct case_row *row, struct error *e)
{
	AUTO(statement_free) struct statement *q = NULL;
	char chain[CHAIN_TEXT_MAX];
	TRY(history_head(d, &row->id, chain, e));
	TRY(STORE_SQL(d->c->store,
		"INSERT INTO incident_purged (company, id, number, drill, created_ns, closed_ns,"
		" purged_ns, by_whom, chain) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
		&q, e));
	bind_text(q, 1, d->company);
	bind_text(q, 2, row->id.text);
	bind_text(q, 3, row->number);
	bind_int(q, 4, row->drill ? 1 : 0);
	bind_int(q, 5, row->created_ns);
	bind_int(q, 6, row->closed_ns);
	bind_int(q, 7, d->now.wall_ns);
	bind_text(q, 8, d->by);
	bind_text(q, 9, chain);
	return statement_run(q, e);
}

/* A purge may have died, or failed on a file, after its rows were gone. */
static enum status find_purged(
	const struct desk *d, const char *typed, struct id *out, bool *out_there, struct error *e)
{
	AUTO(statement_free) struct statement *q = NULL;
	TRY(STORE_SQL(d->c->store,
		"SELECT id FROM incident_purged WHERE company = ? AND (id = ? OR number = ?)", &q,
		e));
	bind_text(q, 1, d->company);
	bind_text(q, 2, typed);
	bind_text(q, 3, typed);
	TRY(statement_step(q, out_there, e));
	if (*out_there && !id_parse(column_text(q, 0), out))
		return error_set(e, E_INVALID, "a row of an incident is damaged");
	return OK;
}

static enum status find_to_purge(const struct desk *d, const char *id, struct case_row *out,
	bool *out_purged, struct error *e)
{
	struct error absent = ERROR_NONE;
	const enum status status = case_find(d, id, out, &absent);
	*out_purged = false;
	if (status == E_ABSENT && id != NULL)
		TRY(find_purged(d, id, &out->id, out_purged, e));
	if (status != OK && !*out_purged) {
		*e = absent;
		return status;
	}
	return OK;
}

static enum status purge_rows(const struct desk *d, const struct case_row *row, struct error *e)
{
	TRY(may_purge(d, row, e));
	TRY(leave_a_line(d, row, e));
	return remove_rows(d, row, e);
}

enum status incident_purge(const struct incident_context *c, const char *id, struct error *e)
{
	bool purged = false;
	AUTO(pool_free) struct pool *p = pool_new(32 * MIB);
	AUTO_DESK struct desk d = { .routes = NULL };
	AUTO_TRANSACTION struct transaction t = { NULL, false };
	struct case_row row;
	if (p == NULL)
		return case_no_memory(e);
	TRY(desk_open(c, p, false, &d, e));
	TRY(transaction_begin(c->store, &t, e));
	TRY(find_to_purge(&d, id, &row, &purged, e));
	if (!purged)
		TRY(purge_rows(&d, &row, e));
	TRY(transaction_commit(&t, e));
	if (c->rehearsal)
		return OK;
	/* The copies last: until here everything could still be shown. */
	return attach_remove(&d, &row.id, e);
}
