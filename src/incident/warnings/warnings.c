/*
 * Early warnings in the store: each change is a new signed version, and only the issuer's level may
 * issue one.
 */
#include "incident/warnings/warnings.h"

#include <string.h>

#include "base/fault.h"
#include "incident/cases/case.h"
#include "incident/cases/spool.h"

#define STAGE "warning"

static const char *const state_names[] = {
	[WARNING_IN_FORCE] = "in-force", [WARNING_LIFTED] = "lifted"
};
/* Which may follow: issued, adjusted any number of times, lifted once. */
static const unsigned next_states[] = {
	[WARNING_IN_FORCE] = 1U << WARNING_IN_FORCE | 1U << WARNING_LIFTED, [WARNING_LIFTED] = 0
};

struct warning {
	struct warning_row row;
	const struct form *form;
};

/* --- who may ---------------------------------------------------------------------------------- */

static enum status check_issuer(const char *level, const char *role, struct error *e)
{
	const bool grave = strcmp(level, "red") == 0 || strcmp(level, "orange") == 0;
	if (strcmp(role, "ministry") == 0)
		return grave ? OK
			     : error_set(e, E_DENIED,
				       "yellow and blue warnings are issued by the local regulator "
				       "for its area (local_regulator)");
	if (strcmp(role, "local_regulator") == 0)
		return !grave ? OK
			      : error_set(e, E_DENIED,
					"red and orange warnings are issued by the ministry alone");
	return error_set(e, E_DENIED,
		"'%.60s' issues no warnings: ministry (red, orange) or local_regulator (yellow, "
		"blue)",
		role);
}

static const char *level_of(const json_t *filled)
{
	const char *level = json_string_value(json_object_get(
		json_object_get(json_object_get(filled, "fields"), "level"), "value"));
	return level == NULL ? "" : level;
}

/* A fault in one field leaves all changes out of the form: what was given is not missing then. */
static enum status check_form(const struct desk *d, struct warning *w, const json_t *changes,
	struct field_faults *faults, struct error *e)
{
	const struct form_occasion when = { STAGE, 0, d->now.latest_ns };
	const bool merged = faults->n + faults->n_more == 0;
	struct field_faults found = { .n = 0 };
	TRY(form_check(w->form, w->row.filled, &when, d->pool, &found, e));
	for (size_t i = 0; i < found.n; i++)
		if (merged || json_object_get(changes, found.at[i].field) == NULL)
			field_fault_add(faults, d->pool, found.at[i].field, "%s", found.at[i].what);
	faults->n_more += found.n_more;
	return OK;
}

static enum status fill(const struct desk *d, struct warning *w, json_t *changes,
	struct field_faults *faults, struct error *e)
{
	TRY(form_merge(w->form, w->row.filled, changes, d->now.latest_ns, d->pool, faults, e));
	TRY(check_form(d, w, changes, faults, e));
	TRY(field_faults_error(faults, e));
	w->row.level = pool_text(d->pool, view_of(level_of(w->row.filled)));
	return w->row.level == NULL ? case_no_memory(e) : OK;
}

/* --- storing ---------------------------------------------------------------------------------- */

static enum status sign(const struct desk *d, struct warning *w, struct view *out_text,
	const char **out_sha256, struct error *e)
{
	char issued[TIME_TEXT_MAX], changed[TIME_TEXT_MAX];
	const struct warning_row *r = &w->row;
	AUTO_JSON json_t *payload = json_pack(
		"{s:i, s:s, s:s, s:I, s:s, s:s, s:s, s:s, s:b, s:s, s:s, s:s, s:O, s:s}", "format",
		1, "id", r->id.text, "number", r->number, "version", (json_int_t)r->n_version,
		"change", w->row.change, "state", state_names[r->state], "level", r->level,
		"issuer", r->issuer_role, "drill", (int)r->drill, "issued_at",
		time_text(r->issued_ns, issued), "changed_at", time_text(r->changed_ns, changed),
		"reason", r->reason, "form", r->filled, "by", d->by);
	if (payload == NULL)
		return case_no_memory(e);
	return spool_sign(d, r->drill ? WARNING_DRILL_PAYLOAD : WARNING_PAYLOAD, payload, out_text,
		out_sha256, e);
}

static enum status insert_version(const struct desk *d, struct warning *w, struct error *e)
{
	AUTO(statement_free) struct statement *q = NULL;
	struct view envelope = { 0 };
	struct view filled = { 0 };
	w->row.by = d->by;
	TRY(sign(d, w, &envelope, &w->row.sha256, e));
	TRY(case_json_of(d->pool, envelope, &w->row.signed_form, e));
	TRY(case_json_text(d->pool, w->row.filled, &filled, e));
	TRY(STORE_SQL(d->c->store,
		"INSERT INTO incident_warning_version (company, warning, n, at_ns, by_whom, change,"
		" reason, filled, envelope, sha256) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		&q, e));
	bind_text(q, 1, d->company);
	bind_text(q, 2, w->row.id.text);
	bind_int(q, 3, w->row.n_version);
	bind_int(q, 4, d->now.wall_ns);
	bind_text(q, 5, d->by);
	bind_text(q, 6, w->row.change);
	bind_text(q, 7, w->row.reason);
	bind_view(q, 8, filled);
	bind_view(q, 9, envelope);
	bind_text(q, 10, w->row.sha256);
	return statement_run(q, e);
}

static enum status insert_warning(const struct desk *d, const struct warning *w, struct error *e)
{
	AUTO(statement_free) struct statement *q = NULL;
	TRY(STORE_SQL(d->c->store,
		"INSERT INTO incident_warning (company, id, number, drill, state, level,"
		" issuer_role, issued_ns, changed_ns, n_version)"
		" VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 1)",
		&q, e));
	bind_text(q, 1, d->company);
	bind_text(q, 2, w->row.id.text);
	bind_text(q, 3, w->row.number);
	bind_int(q, 4, w->row.drill ? 1 : 0);
	bind_int(q, 5, w->row.state);
	bind_text(q, 6, w->row.level);
	bind_text(q, 7, w->row.issuer_role);
	bind_int(q, 8, w->row.issued_ns);
	bind_int(q, 9, w->row.changed_ns);
	return statement_run(q, e);
}

static enum status update_warning(const struct desk *d, const struct warning *w, struct error *e)
{
	AUTO(statement_free) struct statement *q = NULL;
	TRY(STORE_SQL(d->c->store,
		"UPDATE incident_warning SET state = ?, level = ?, changed_ns = ?, n_version = ?"
		" WHERE company = ? AND id = ? AND n_version = ?",
		&q, e));
	bind_int(q, 1, w->row.state);
	bind_text(q, 2, w->row.level);
	bind_int(q, 3, w->row.changed_ns);
	bind_int(q, 4, w->row.n_version);
	bind_text(q, 5, d->company);
	bind_text(q, 6, w->row.id.text);
	bind_int(q, 7, w->row.n_version - 1);
	TRY(statement_run(q, e));
	if (store_changes(d->c->store) != 1)
		return error_set(e, E_CONFLICT, "warning %s was changed meanwhile; try again",
			w->row.number);
	return OK;
}

enum status warning_issue(const struct incident_context *c, const struct warning_order *order,
	struct pool *p, struct warning_row *out, struct field_faults *faults, struct error *e)
{
	AUTO_DESK struct desk d = { .routes = NULL };
	AUTO_TRANSACTION struct transaction t = { NULL, false };
	struct warning w = { .form = NULL };
	const char *role = order->issuer_role == NULL ? "" : order->issuer_role;
	TRY(desk_open(c, p, false, &d, e));
	w.row = (struct warning_row){ .id = id_new(d.now.wall_ns),
		.state = WARNING_IN_FORCE,
		.drill = order->drill,
		.n_version = 1,
		.issued_ns = d.now.wall_ns,
		.changed_ns = d.now.wall_ns,
		.filled = json_object(),
		.change = "issue",
		.reason = "",
		.issuer_role = pool_text(p, view_of(role)) };
	TRY(json_keep(p, w.row.filled, e));
	if (w.row.issuer_role == NULL)
		return case_no_memory(e);
	TRY(form_find(c->forms, WARNING_FORM, &w.form, e));
	TRY(fill(&d, &w, order->fields, faults, e));
	TRY(check_issuer(w.row.level, role, e));
	TRY(transaction_begin(c->store, &t, e));
	TRY(case_next_number(
		&d, order->drill ? SERIES_WARNING_DRILL : SERIES_WARNING, &w.row.number, e));
	TRY(insert_warning(&d, &w, e));
	TRY(insert_version(&d, &w, e));
	TRY(transaction_commit(&t, e));
	*out = w.row;
	return OK;
}

/* --- reading ---------------------------------------------------------------------------------- */

#define WARNING_COLUMNS                                                                            \
	"w.id, w.number, w.state, w.level, w.drill, w.issuer_role, w.issued_ns, v.n, v.at_ns,"     \
	" v.reason, v.filled, v.envelope, v.change, v.by_whom, v.sha256"

static enum status read_row(
	const struct desk *d, struct statement *q, struct warning_row *out, struct error *e)
{
	bool failed = false;
	const int64_t state = column_int(q, 2);
	*out = (struct warning_row){ .number = case_column(d->pool, q, 1, &failed),
		.state = (enum warning_state)state,
		.level = case_column(d->pool, q, 3, &failed),
		.drill = column_int(q, 4) != 0,
		.issuer_role = case_column(d->pool, q, 5, &failed),
		.issued_ns = column_int(q, 6),
		.n_version = column_int(q, 7),
		.changed_ns = column_int(q, 8),
		.reason = case_column(d->pool, q, 9, &failed),
		.change = case_column(d->pool, q, 12, &failed),
		.by = case_column(d->pool, q, 13, &failed),
		.sha256 = case_column(d->pool, q, 14, &failed) };
	if (failed)
		return case_no_memory(e);
	if (!id_parse(column_text(q, 0), &out->id) || state < WARNING_IN_FORCE ||
		state > WARNING_LIFTED)
		return error_set(e, E_INVALID, "a row of a warning is damaged");
	TRY(case_json_of(d->pool, column_text(q, 10), &out->filled, e));
	return case_json_of(d->pool, column_text(q, 11), &out->signed_form, e);
}

static enum status find(
	const struct desk *d, const char *typed, struct warning *out, struct error *e)
{
	AUTO(statement_free) struct statement *q = NULL;
	bool there = false;
	const char *wanted = typed == NULL ? "latest" : typed;
	TRY(STORE_SQL(d->c->store,
		"SELECT " WARNING_COLUMNS " FROM incident_warning w"
		" JOIN incident_warning_version v ON v.company = w.company AND v.warning = w.id"
		" AND v.n = w.n_version WHERE w.company = ?"
		" AND (? = 'latest' OR w.id = ? OR w.number = ?)"
		" ORDER BY w.drill, w.issued_ns DESC, w.id DESC LIMIT 1",
		&q, e));
	bind_text(q, 1, d->company);
	for (int place = 2; place <= 4; place++)
		bind_text(q, place, wanted);
	TRY(statement_step(q, &there, e));
	if (!there)
		return error_set(e, E_ABSENT, "there is no warning '%.60s'", wanted);
	return read_row(d, q, &out->row, e);
}

/* --- adjust, lift ----------------------------------------------------------------------------- */

static enum status step(const struct desk *d, struct warning *w, enum warning_state to,
	const char *reason, struct error *e)
{
	w->row.change = to == WARNING_LIFTED ? "lift" : "adjust";
	if ((next_states[w->row.state] & (1U << to)) == 0)
		return error_set(e, E_CONFLICT, "warning %s is lifted", w->row.number);
	w->row.state = to;
	w->row.reason = pool_text(d->pool, view_trim(view_of(reason)));
	if (w->row.reason == NULL)
		return case_no_memory(e);
	w->row.n_version++;
	w->row.changed_ns = d->now.wall_ns;
	TRY(update_warning(d, w, e));
	return insert_version(d, w, e);
}

static enum status check_reason(const char *reason, struct error *e)
{
	return case_check_text(
		reason == NULL ? "" : reason, REASON_BYTES_MAX, TEXT_SEVERAL_LINES, "reason", e);
}

enum status warning_adjust(const struct incident_context *c, const char *id,
	const struct warning_change *change, struct pool *p, struct warning_row *out,
	struct field_faults *faults, struct error *e)
{
	AUTO_DESK struct desk d = { .routes = NULL };
	AUTO_TRANSACTION struct transaction t = { NULL, false };
	struct warning w = { .form = NULL };
	TRY(check_reason(change->reason, e));
	TRY(desk_open(c, p, false, &d, e));
	TRY(form_find(c->forms, WARNING_FORM, &w.form, e));
	TRY(transaction_begin(c->store, &t, e));
	TRY(find(&d, id, &w, e));
	TRY(fill(&d, &w, change->changes, faults, e));
	TRY(check_issuer(w.row.level, w.row.issuer_role, e));
	TRY(step(&d, &w, WARNING_IN_FORCE, change->reason, e));
	TRY(transaction_commit(&t, e));
	*out = w.row;
	return OK;
}

enum status warning_lift(const struct incident_context *c, const char *id, const char *reason,
	struct pool *p, struct warning_row *out, struct error *e)
{
	AUTO_DESK struct desk d = { .routes = NULL };
	AUTO_TRANSACTION struct transaction t = { NULL, false };
	struct warning w = { .form = NULL };
	TRY(check_reason(reason, e));
	TRY(desk_open(c, p, false, &d, e));
	TRY(transaction_begin(c->store, &t, e));
	TRY(find(&d, id, &w, e));
	TRY(step(&d, &w, WARNING_LIFTED, reason, e));
	TRY(transaction_commit(&t, e));
	*out = w.row;
	return OK;
}

/* --- lists ------------------------------------------------------------------------------------ */

static enum status read_rows(const struct desk *d, struct statement *q, struct warning_row **out,
	size_t *out_n, struct error *e)
{
	bool more = false;
	size_t n = 0;
	struct warning_row *rows = pool_take(d->pool, WARNING_LIST_MAX, sizeof *rows);
	if (rows == NULL)
		return case_no_memory(e);
	while (n < WARNING_LIST_MAX) {
		TRY(statement_step(q, &more, e));
		if (!more)
			break;
		TRY(read_row(d, q, &rows[n], e));
		n++;
	}
	*out = rows;
	*out_n = n;
	return OK;
}

enum status warning_list(const struct incident_context *c, bool lifted_too, struct pool *p,
	struct warning_row **out, size_t *out_n, struct error *e)
{
	AUTO_DESK struct desk d = { .routes = NULL };
	AUTO(statement_free) struct statement *q = NULL;
	TRY(desk_open(c, p, false, &d, e));
	TRY(STORE_SQL(c->store,
		"SELECT " WARNING_COLUMNS " FROM incident_warning w"
		" JOIN incident_warning_version v ON v.company = w.company AND v.warning = w.id"
		" AND v.n = w.n_version WHERE w.company = ? AND (? = 1 OR w.state = ?)"
		" ORDER BY w.drill, w.issued_ns DESC, w.id DESC LIMIT ?",
		&q, e));
	bind_text(q, 1, d.company);
	bind_int(q, 2, lifted_too ? 1 : 0);
	bind_int(q, 3, WARNING_IN_FORCE);
	bind_int(q, 4, WARNING_LIST_MAX);
	return read_rows(&d, q, out, out_n, e);
}

/* The state and level of a version are in its own envelope; the row's columns are of now. */
static enum status as_it_was(
	const struct desk *d, struct warning_row *row, size_t n_versions, size_t i, struct error *e)
{
	row->level = pool_text(d->pool, view_of(level_of(row->filled)));
	if (row->level == NULL)
		return case_no_memory(e);
	if (i + 1 < n_versions)
		row->state = WARNING_IN_FORCE; /* nothing follows a lift */
	return OK;
}

enum status warning_history(const struct incident_context *c, const char *id, struct pool *p,
	struct warning_row **out, size_t *out_n, struct error *e)
{
	AUTO_DESK struct desk d = { .routes = NULL };
	AUTO(statement_free) struct statement *q = NULL;
	struct warning w = { .form = NULL };
	struct warning_row *rows = NULL;
	size_t n = 0;
	TRY(desk_open(c, p, false, &d, e));
	TRY(find(&d, id, &w, e));
	TRY(STORE_SQL(c->store,
		"SELECT " WARNING_COLUMNS " FROM incident_warning w"
		" JOIN incident_warning_version v ON v.company = w.company AND v.warning = w.id"
		" WHERE w.company = ? AND w.id = ? ORDER BY v.n LIMIT ?",
		&q, e));
	bind_text(q, 1, d.company);
	bind_text(q, 2, w.row.id.text);
	bind_int(q, 3, WARNING_LIST_MAX);
	TRY(read_rows(&d, q, &rows, &n, e));
	for (size_t i = 0; i < n; i++)
		TRY(as_it_was(&d, &rows[i], n, i, e));
	*out = rows;
	*out_n = n;
	return OK;
}
