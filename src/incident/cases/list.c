/*
 * Lists and counts of cases, drills always apart.
 */
#include <string.h>

#include "incident/cases/case.h"

static enum status read_row(
	const struct desk *d, struct statement *q, struct incident_row *out, struct error *e)
{
	bool failed = false;
	*out = (struct incident_row){ .number = case_column(d->pool, q, 1, &failed),
		.company = case_column(d->pool, q, 2, &failed),
		.kind = case_column(d->pool, q, 3, &failed),
		.what = case_column(d->pool, q, 4, &failed),
		.life = (enum life)column_int(q, 5),
		.drill = column_int(q, 6) != 0,
		.discovered_ns = column_int(q, 7),
		.created_ns = column_int(q, 8),
		.tier = (int)column_int(q, 9),
		.next_due_ns = -1 };
	if (failed)
		return case_no_memory(e);
	if (!id_parse(column_text(q, 0), &out->id) || out->life < LIFE_OPEN ||
		out->life > LIFE_CLOSED)
		return error_set(e, E_INVALID, "a row of an incident is damaged");
	return OK;
}

/* What is next of ours and of others', as the clocks know it. */
static enum status look_at_clocks(const struct desk *d, struct incident_row *row, struct error *e)
{
	const struct clock_filter filter = { .incident = &row->id };
	struct clock_row *clocks = NULL;
	size_t n = 0;
	TRY(clocks_list(d->c->store, &filter, &d->now, d->pool, &clocks, &n, e));
	for (size_t i = 0; i < n; i++) {
		if (clocks[i].state == CLOCK_WAITING)
			continue;
		row->n_open_clocks++;
		if (clocks[i].due_ns >= 0 &&
			(row->next_due_ns < 0 || clocks[i].due_ns < row->next_due_ns))
			row->next_due_ns = clocks[i].due_ns;
	}
	return OK;
}

enum status incident_list(const struct incident_context *c, bool closed_too, struct pool *p,
	struct incident_row **out, size_t *out_n, struct error *e)
{
	AUTO_DESK struct desk d = { .routes = NULL };
	AUTO(statement_free) struct statement *q = NULL;
	bool more = false;
	size_t n = 0;
	struct incident_row *rows = pool_take(p, INCIDENT_LIST_MAX, sizeof *rows);
	if (rows == NULL)
		return case_no_memory(e);
	TRY(desk_open(c, p, false, &d, e));
	TRY(STORE_SQL(c->store,
		"SELECT id, number, name, kind, what, life, drill, discovered_ns, created_ns, tier"
		" FROM incident_case WHERE company = ? AND (? = 1 OR life <> ?)"
		" ORDER BY drill, created_ns DESC, id DESC LIMIT ?",
		&q, e));
	bind_text(q, 1, d.company);
	bind_int(q, 2, closed_too ? 1 : 0);
	bind_int(q, 3, LIFE_CLOSED);
	bind_int(q, 4, INCIDENT_LIST_MAX);
	while (n < INCIDENT_LIST_MAX) {
		TRY(statement_step(q, &more, e));
		if (!more)
			break;
		TRY(read_row(&d, q, &rows[n], e));
		n++;
	}
	for (size_t i = 0; i < n; i++)
		TRY(look_at_clocks(&d, &rows[i], e));
	*out = rows;
	*out_n = n;
	return OK;
}

enum status incident_number_clocks(const struct incident_context *c, struct pool *p,
	struct clock_row *rows, size_t n_rows, struct error *e)
{
	AUTO(statement_free) struct statement *q = NULL;
	bool failed = false;
	TRY(STORE_SQL(
		c->store, "SELECT number FROM incident_case WHERE company = ? AND id = ?", &q, e));
	for (size_t i = 0; i < n_rows && !failed; i++) {
		bool found = false;
		statement_reset(q);
		bind_text(q, 1, c->company == NULL ? "" : c->company);
		bind_text(q, 2, rows[i].incident.text);
		TRY(statement_step(q, &found, e));
		if (found)
			rows[i].number = case_column(p, q, 0, &failed);
	}
	return failed ? case_no_memory(e) : OK;
}

enum status incident_count(const struct incident_context *c, struct incident_counts *out_real,
	struct incident_counts *out_drills, struct error *e)
{
	AUTO(statement_free) struct statement *q = NULL;
	struct incident_counts counts[2] = { { 0 }, { 0 } };
	bool more = false;
	TRY(STORE_SQL(c->store,
		"SELECT drill, life, COUNT(*) FROM incident_case WHERE company = ?"
		" GROUP BY drill, life",
		&q, e));
	bind_text(q, 1, c->company == NULL ? "" : c->company);
	for (;;) {
		TRY(statement_step(q, &more, e));
		if (!more)
			break;
		struct incident_counts *one = &counts[column_int(q, 0) != 0];
		int64_t *const places[] = { &one->n_open, &one->n_handled, &one->n_closed };
		const int64_t life = column_int(q, 1);
		if (life < LIFE_OPEN || life > LIFE_CLOSED)
			return error_set(e, E_INVALID, "a row of an incident is damaged");
		*places[life] = column_int(q, 2);
	}
	*out_real = counts[0];
	*out_drills = counts[1];
	return OK;
}
