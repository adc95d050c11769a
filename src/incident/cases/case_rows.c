/*
 * The row of a case, its revisions and its number; and what a call begins with.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/i18n.h"
#include "incident/cases/case.h"

#define DOCUMENT_BYTES_MAX (8 * MIB)

enum status case_no_memory(struct error *e)
{
	return error_sys(e, E_NO_SPACE, ENOMEM, "work on the incident");
}

/* --- the call --------------------------------------------------------------------------------- */

static enum status open_routes(const struct incident_context *c, struct desk *d, struct error *e)
{
	struct error why = ERROR_NONE;
	if (c->home == NULL || routes_open(c->home, &d->routes, &why) == OK)
		return OK;
	d->routes = NULL;
	d->trouble = pool_text(d->pool, view_of(why.text));
	return d->trouble == NULL ? case_no_memory(e) : OK;
}

enum status desk_open(const struct incident_context *c, struct pool *p, bool with_routes,
	struct desk *out, struct error *e)
{
	struct desk d = { .c = c, .company = c->company, .by = c->by, .pool = p, .trouble = "" };
	if (d.company == NULL)
		d.company = "";
	if (d.by == NULL || d.by[0] == '\0')
		d.by = pool_textf(p, "uid %u", (unsigned)getuid());
	if (d.by == NULL)
		return case_no_memory(e);
	TRY(case_check_text(d.by, WHO_BYTES_MAX, TEXT_ONE_LINE, "by", e));
	TRY(legal_time_note(c->store, c->clock, c->boot_id, &d.now, e));
	if (with_routes)
		TRY(open_routes(c, &d, e));
	*out = d;
	return OK;
}

void desk_close(struct desk *d)
{
	routes_free(d->routes);
	d->routes = NULL;
}

enum status case_json_text(struct pool *p, const json_t *value, struct view *out, struct error *e)
{
	AUTO_BUF struct buf text;
	buf_init(&text, DOCUMENT_BYTES_MAX);
	TRY(json_write(value, &text, e));
	const char *copy = pool_text(p, buf_view(&text));
	if (copy == NULL)
		return case_no_memory(e);
	*out = (struct view){ copy, text.len };
	return OK;
}

enum status case_json_of(struct pool *p, struct view text, json_t **out, struct error *e)
{
	json_t *value = NULL;
	if (json_read(text, DOCUMENT_BYTES_MAX, "database", &value, e) != OK)
		return error_wrap(e, "a row of an incident is damaged");
	TRY(json_keep(p, value, e));
	*out = value;
	return OK;
}

const char *case_column(struct pool *p, struct statement *q, int column, bool *failed)
{
	const char *text = pool_text(p, column_text(q, column));
	if (text == NULL)
		*failed = true;
	return text == NULL ? "" : text;
}

const char *case_text_flaw(
	const char *text, size_t most_bytes, enum text_lines lines, char out[FLAW_TEXT_MAX])
{
	const struct view v = view_trim(view_of(text));
	const enum text_flaw flaw = text_flaw_of(v, lines);
	if (v.len == 0)
		return _("is empty");
	if (flaw != TEXT_SOUND)
		return text_flaw_words(flaw);
	if (v.len <= most_bytes)
		return NULL;
	(void)snprintf(out, FLAW_TEXT_MAX, _("is longer than %zu bytes"), most_bytes);
	return out;
}

enum status case_check_text(const char *text, size_t most_bytes, enum text_lines lines,
	const char *what, struct error *e)
{
	char room[FLAW_TEXT_MAX];
	const char *flaw = case_text_flaw(text, most_bytes, lines, room);
	return flaw == NULL ? OK : error_set(e, E_INVALID, "%s: %s", what, flaw);
}

/* --- numbers ---------------------------------------------------------------------------------- */

enum status case_next_number(
	const struct desk *d, enum case_series series, const char **out, struct error *e)
{
	static const char *const letters[] = { "", "D", "W", "DW" };
	AUTO(statement_free) struct statement *up = NULL;
	AUTO(statement_free) struct statement *q = NULL;
	bool row = false;
	char at[TIME_TEXT_MAX];
	/* The year of the programme's own zone, UTC+8, not of the host. */
	(void)time_text(d->now.wall_ns + 8 * 3600 * NS_PER_S, at);
	const char *key = pool_textf(d->pool, "%s%.4s", letters[series], at);
	if (key == NULL)
		return case_no_memory(e);
	TRY(STORE_SQL(d->c->store,
		"INSERT INTO incident_number (company, series, last) VALUES (?, ?, 1)"
		" ON CONFLICT (company, series) DO UPDATE SET last = incident_number.last + 1",
		&up, e));
	bind_text(up, 1, d->company);
	bind_text(up, 2, key);
	TRY(statement_run(up, e));
	TRY(STORE_SQL(d->c->store,
		"SELECT last FROM incident_number WHERE company = ? AND series = ?", &q, e));
	bind_text(q, 1, d->company);
	bind_text(q, 2, key);
	TRY(statement_step(q, &row, e));
	*out = pool_textf(d->pool, "%s-%04lld", key, (long long)(row ? column_int(q, 0) : 0));
	return *out == NULL ? case_no_memory(e) : OK;
}

/* --- finding ---------------------------------------------------------------------------------- */

/* The newest case of one kind; out->number "" where there is none. */
struct newest {
	struct id id;
	const char *number;
	int64_t created_ns;
	bool closed;
};

static enum status find_newest(
	const struct desk *d, bool drill, struct newest *out, struct error *e)
{
	AUTO(statement_free) struct statement *q = NULL;
	bool row = false, failed = false;
	*out = (struct newest){ .number = "", .created_ns = -1, .closed = true };
	TRY(STORE_SQL(d->c->store,
		"SELECT id, number, created_ns, life FROM incident_case"
		" WHERE company = ? AND drill = ? ORDER BY created_ns DESC, id DESC LIMIT 1",
		&q, e));
	bind_text(q, 1, d->company);
	bind_int(q, 2, drill ? 1 : 0);
	TRY(statement_step(q, &row, e));
	if (!row)
		return OK;
	if (!id_parse(column_text(q, 0), &out->id))
		return error_set(e, E_INVALID, "a row of an incident is damaged");
	out->number = case_column(d->pool, q, 1, &failed);
	out->created_ns = column_int(q, 2);
	out->closed = column_int(q, 3) == LIFE_CLOSED;
	return failed ? case_no_memory(e) : OK;
}

/* What is done in an exercise must not land on a real incident, nor the other way round: where the
 * newest is a drill and a real one still runs, nobody can tell which was meant. */
static enum status find_latest(
	const struct desk *d, const char *typed, struct id *out, struct error *e)
{
	struct newest real, drill;
	TRY(find_newest(d, false, &real, e));
	TRY(find_newest(d, true, &drill, e));
	const bool any = strcmp(typed, "latest") == 0;
	const bool wants_real = strcmp(typed, "latest-real") == 0;
	const bool drill_is_newer = drill.created_ns > real.created_ns;
	if (any && drill_is_newer && !real.closed)
		return error_set(e, E_CONFLICT,
			"'latest' may be incident %s, which is real and not closed, or the drill "
			"%s after it: name the number, latest-real or latest-drill",
			real.number, drill.number);
	const struct newest *found = wants_real || (any && !drill_is_newer) ? &real : &drill;
	if (found->created_ns < 0)
		return any	    ? error_set(e, E_ABSENT, "there is no incident yet")
		       : wants_real ? error_set(e, E_ABSENT, "there is no real incident yet")
				    : error_set(e, E_ABSENT, "there is no incident of a drill yet");
	*out = found->id;
	return OK;
}

static enum status find_id(const struct desk *d, const char *typed, struct id *out, struct error *e)
{
	AUTO(statement_free) struct statement *q = NULL;
	bool row = false;
	if (strcmp(typed, "latest") == 0 || strcmp(typed, "latest-real") == 0 ||
		strcmp(typed, "latest-drill") == 0)
		return find_latest(d, typed, out, e);
	TRY(STORE_SQL(d->c->store,
		"SELECT id FROM incident_case WHERE company = ? AND (id = ? OR number = ?)", &q,
		e));
	bind_text(q, 1, d->company);
	bind_text(q, 2, typed);
	bind_text(q, 3, typed);
	TRY(statement_step(q, &row, e));
	if (!row)
		return error_set(e, E_ABSENT, "there is no incident '%.60s'", typed);
	if (!id_parse(column_text(q, 0), out))
		return error_set(e, E_INVALID, "a row of an incident is damaged");
	return OK;
}

static enum status read_profiles(const struct desk *d, struct case_row *row, struct error *e)
{
	AUTO(statement_free) struct statement *q = NULL;
	bool more = false;
	bool failed = false;
	TRY(STORE_SQL(d->c->store,
		"SELECT profile FROM incident_profile WHERE company = ? AND incident = ? ORDER BY "
		"place",
		&q, e));
	bind_text(q, 1, d->company);
	bind_text(q, 2, row->id.text);
	for (row->n_profiles = 0; row->n_profiles < CASE_PROFILES_MAX; row->n_profiles++) {
		TRY(statement_step(q, &more, e));
		if (!more)
			break;
		row->profiles[row->n_profiles] = case_column(d->pool, q, 0, &failed);
	}
	return failed ? case_no_memory(e) : OK;
}

/* What was sound when it was stored may name a choice that a newer catalogue no longer has: such a
 * fact is unknown. */
static enum status read_values(const struct desk *d, struct case_row *row, struct error *e)
{
	struct field_faults ignored = { .n = 0 };
	const struct facts_input in = { row->facts, FACTS_AND_MORE, d->now.latest_ns };
	return facts_read(profile_facts(d->c->profiles), in, d->pool, &row->values, &ignored, e);
}

static enum status read_revision(const struct desk *d, struct case_row *row, struct error *e)
{
	AUTO(statement_free) struct statement *q = NULL;
	bool there = false;
	TRY(STORE_SQL(d->c->store,
		"SELECT notice, facts FROM incident_revision"
		" WHERE company = ? AND incident = ? AND n = ?",
		&q, e));
	bind_text(q, 1, d->company);
	bind_text(q, 2, row->id.text);
	bind_int(q, 3, row->n_revision);
	TRY(statement_step(q, &there, e));
	if (!there)
		return error_set(e, E_INVALID, "a row of an incident is damaged");
	TRY(case_json_of(d->pool, column_text(q, 0), &row->notice, e));
	TRY(case_json_of(d->pool, column_text(q, 1), &row->facts, e));
	return read_values(d, row, e);
}

enum status case_find(
	const struct desk *d, const char *typed, struct case_row *out, struct error *e)
{
	AUTO(statement_free) struct statement *q = NULL;
	struct case_row row = { .life = LIFE_OPEN };
	bool there = false;
	bool failed = false;
	TRY(find_id(d, typed == NULL ? "latest" : typed, &row.id, e));
	TRY(STORE_SQL(d->c->store,
		"SELECT number, life, drill, drill_id, tlp, created_ns, closed_ns, n_revision"
		" FROM incident_case WHERE company = ? AND id = ?",
		&q, e));
	bind_text(q, 1, d->company);
	bind_text(q, 2, row.id.text);
	TRY(statement_step(q, &there, e));
	if (!there)
		return error_set(e, E_ABSENT, "there is no incident '%.60s'", row.id.text);
	row.number = case_column(d->pool, q, 0, &failed);
	row.life = (enum life)column_int(q, 1);
	row.drill = column_int(q, 2) != 0;
	row.drill_id = case_column(d->pool, q, 3, &failed);
	row.tlp = case_column(d->pool, q, 4, &failed);
	row.created_ns = column_int(q, 5);
	row.closed_ns = column_int(q, 6);
	row.n_revision = column_int(q, 7);
	if (failed)
		return case_no_memory(e);
	if (row.life < LIFE_OPEN || row.life > LIFE_CLOSED)
		return error_set(e, E_INVALID, "a row of an incident is damaged");
	TRY(read_profiles(d, &row, e));
	TRY(read_revision(d, &row, e));
	*out = row;
	return OK;
}

/* --- writing ---------------------------------------------------------------------------------- */

static const char *notice_text(const json_t *notice, const char *key)
{
	const char *text = json_string_value(json_object_get(notice, key));
	return text == NULL ? "" : text;
}

static int64_t notice_time(const json_t *notice, const char *key)
{
	int64_t at_ns = -1;
	return time_parse(view_of(notice_text(notice, key)), &at_ns) ? at_ns : -1;
}

static enum status insert_profiles(
	const struct desk *d, const struct case_row *row, struct error *e)
{
	for (size_t i = 0; i < row->n_profiles; i++) {
		AUTO(statement_free) struct statement *q = NULL;
		TRY(STORE_SQL(d->c->store,
			"INSERT INTO incident_profile (company, incident, place, profile)"
			" VALUES (?, ?, ?, ?)",
			&q, e));
		bind_text(q, 1, d->company);
		bind_text(q, 2, row->id.text);
		bind_int(q, 3, (int64_t)i);
		bind_text(q, 4, row->profiles[i]);
		TRY(statement_run(q, e));
	}
	return OK;
}

enum status case_insert(const struct desk *d, const struct case_row *row, struct error *e)
{
	AUTO(statement_free) struct statement *q = NULL;
	TRY(STORE_SQL(d->c->store,
		"INSERT INTO incident_case (company, id, number, drill, drill_id, life, tlp,"
		" created_ns, closed_ns, name, kind, what, discovered_ns, tier, n_revision)"
		" VALUES (?, ?, ?, ?, ?, ?, ?, ?, -1, ?, ?, ?, ?, 0, 0)",
		&q, e));
	bind_text(q, 1, d->company);
	bind_text(q, 2, row->id.text);
	bind_text(q, 3, row->number);
	bind_int(q, 4, row->drill ? 1 : 0);
	bind_text(q, 5, row->drill_id);
	bind_int(q, 6, row->life);
	bind_text(q, 7, row->tlp);
	bind_int(q, 8, row->created_ns);
	bind_text(q, 9, notice_text(row->notice, "company"));
	bind_text(q, 10, notice_text(row->notice, "kind"));
	bind_text(q, 11, notice_text(row->notice, "what"));
	bind_int(q, 12, notice_time(row->notice, "discovered_at"));
	TRY(statement_run(q, e));
	return insert_profiles(d, row, e);
}

static enum status insert_revision(const struct desk *d, const struct case_row *row, int64_t n,
	json_t *notice, json_t *facts, struct error *e)
{
	AUTO(statement_free) struct statement *q = NULL;
	struct view notice_json, facts_json;
	TRY(case_json_text(d->pool, notice, &notice_json, e));
	TRY(case_json_text(d->pool, facts, &facts_json, e));
	TRY(STORE_SQL(d->c->store,
		"INSERT INTO incident_revision (company, incident, n, at_ns, by_whom, notice, "
		"facts)"
		" VALUES (?, ?, ?, ?, ?, ?, ?)",
		&q, e));
	bind_text(q, 1, d->company);
	bind_text(q, 2, row->id.text);
	bind_int(q, 3, n);
	bind_int(q, 4, d->now.wall_ns);
	bind_text(q, 5, d->by);
	bind_view(q, 6, notice_json);
	bind_view(q, 7, facts_json);
	return statement_run(q, e);
}

enum status case_revise(
	const struct desk *d, struct case_row *row, json_t *notice, json_t *facts, struct error *e)
{
	AUTO(statement_free) struct statement *q = NULL;
	const int64_t n = row->n_revision + 1;
	TRY(insert_revision(d, row, n, notice, facts, e));
	TRY(STORE_SQL(d->c->store,
		"UPDATE incident_case SET n_revision = ?, discovered_ns = ?"
		" WHERE company = ? AND id = ? AND n_revision = ?",
		&q, e));
	bind_int(q, 1, n);
	bind_int(q, 2, notice_time(facts, "discovered_at"));
	bind_text(q, 3, d->company);
	bind_text(q, 4, row->id.text);
	bind_int(q, 5, row->n_revision);
	TRY(statement_run(q, e));
	if (store_changes(d->c->store) != 1)
		return error_set(
			e, E_CONFLICT, "incident %s was changed meanwhile; try again", row->number);
	row->n_revision = n;
	row->notice = notice;
	row->facts = facts;
	return read_values(d, row, e);
}
