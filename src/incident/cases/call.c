/*
 * A notice that was given by telephone (or handed over on paper): logged as a stage, it answers the
 * duties that may be met that way, and no others.
 */
#include <string.h>

#include "incident/cases/case.h"
#include "incident/cases/owed.h"

enum { SHORT_BYTES_MAX = 300, SAID_BYTES_MAX = 8000 };

struct calling {
	const struct desk *desk;
	struct case_row row;
	const char *to, *person, *number, *said, *stage, *profile, *medium;
	const char *role; /* "" where `to` names no role of the rules */
	int64_t at_ns;
	struct id id;
	size_t n_discharged;
	struct field_faults *faults;
};

static const char *checked(const struct calling *w, const char *text, const char *field,
	size_t most_bytes, enum text_lines lines)
{
	char room[FLAW_TEXT_MAX];
	const char *given = text == NULL ? "" : text;
	if (view_trim(view_of(given)).len == 0)
		return "";
	const char *flaw = case_text_flaw(given, most_bytes, lines, room);
	if (flaw != NULL)
		field_fault_add(w->faults, w->desk->pool, field, "%s", flaw);
	return given;
}

/* A role by its key, or by its name in either language. */
static const char *role_of(const struct desk *d, const char *to)
{
	const struct rule_word *words = NULL;
	const size_t n = profile_words(d->c->profiles, RULE_ROLES, &words);
	for (size_t i = 0; i < n; i++)
		if (strcmp(words[i].key, to) == 0 || strcmp(words[i].name.zh, to) == 0 ||
			strcmp(words[i].name.en, to) == 0)
			return words[i].key;
	return "";
}

static void check_words(struct calling *w, const struct incident_call *call)
{
	const struct desk *d = w->desk;
	bool ours = w->profile[0] == '\0';
	for (size_t i = 0; i < w->row.n_profiles; i++)
		ours = ours || strcmp(w->row.profiles[i], w->profile) == 0;
	if (!ours)
		field_fault_add(w->faults, d->pool, "profile", _("incident %s is not graded by it"),
			w->row.number);
	if (profile_word(d->c->profiles, RULE_STAGES, w->stage) == NULL)
		field_fault_add(
			w->faults, d->pool, "stage", _("there is no stage \"%.60s\""), w->stage);
	if (strcmp(w->medium, "telephone") != 0 && strcmp(w->medium, "written") != 0)
		field_fault_add(
			w->faults, d->pool, "medium", "%s", _("is neither telephone nor written"));
	if (call->to == NULL || w->to[0] == '\0')
		field_fault_add(w->faults, d->pool, "to", "%s", _("is missing"));
}

/* Without a stage the call is what is owed to them first: who telephones at three in the morning
 * does not know by which name their regime calls it. */
static enum status find_stage(struct calling *w, const char *named, struct error *e)
{
	const struct desk *d = w->desk;
	const struct clock_filter filter = { .incident = &w->row.id };
	struct clock_row *rows = NULL;
	size_t n = 0;
	w->stage = named == NULL ? "first_notice" : named;
	if (named != NULL || w->role[0] == '\0')
		return OK;
	TRY(clocks_list(d->c->store, &filter, &d->now, d->pool, &rows, &n, e));
	const struct clock_row *first = owed_to(
		d->c->profiles, (struct owed_clocks){ rows, n }, w->role, w->profile, w->medium);
	if (first != NULL)
		w->stage = first->stage;
	return OK;
}

static enum status check_call(struct calling *w, const struct incident_call *call, struct error *e)
{
	const struct desk *d = w->desk;
	struct error why = ERROR_NONE;
	w->to = checked(w, call->to, "to", SHORT_BYTES_MAX, TEXT_ONE_LINE);
	w->person = checked(w, call->person, "person", SHORT_BYTES_MAX, TEXT_ONE_LINE);
	w->number = checked(w, call->number, "number", SHORT_BYTES_MAX, TEXT_ONE_LINE);
	w->said = checked(w, call->said, "said", SAID_BYTES_MAX, TEXT_SEVERAL_LINES);
	w->profile = call->profile == NULL ? "" : call->profile;
	w->medium = call->medium == NULL ? "telephone" : call->medium;
	w->at_ns = call->at_ns < 0 ? d->now.wall_ns : call->at_ns;
	w->role = role_of(d, w->to);
	TRY(find_stage(w, call->stage, e));
	check_words(w, call);
	if (notice_check_time(d, &w->row, w->at_ns, &why) != OK)
		field_fault_add(w->faults, d->pool, "at", "%s", why.text);
	return OK;
}

/* A body that is no role of the rules discharges nothing: whoever was called, no duty names it. */
static enum status discharge(struct calling *w, struct error *e)
{
	const struct discharge d = { .incident = w->row.id,
		.profile = w->profile,
		.stage = w->stage,
		.to = w->role,
		.medium = w->medium,
		.by = w->id.text,
		.at_ns = w->at_ns };
	if (w->role[0] == '\0')
		return OK;
	return clocks_discharge(w->desk->c->store, &d, &w->n_discharged, e);
}

static enum status insert_call(const struct calling *w, struct error *e)
{
	AUTO(statement_free) struct statement *q = NULL;
	const struct desk *d = w->desk;
	const char *const texts[] = { w->to, w->role, w->person, w->number, w->said, w->stage,
		w->profile, w->medium };
	TRY(STORE_SQL(d->c->store,
		"INSERT INTO incident_call (company, incident, id, at_ns, claimed_ns, by_whom,"
		" addressee, role, person, number, said, stage, profile, medium, n_discharged)"
		" VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		&q, e));
	bind_text(q, 1, d->company);
	bind_text(q, 2, w->row.id.text);
	bind_text(q, 3, w->id.text);
	bind_int(q, 4, d->now.wall_ns);
	bind_int(q, 5, w->at_ns);
	bind_text(q, 6, d->by);
	for (size_t i = 0; i < COUNT_OF(texts); i++)
		bind_text(q, 7 + (int)i, texts[i]);
	bind_int(q, 15, (int64_t)w->n_discharged);
	return statement_run(q, e);
}

static enum status log_call(struct calling *w, struct error *e)
{
	const struct desk *d = w->desk;
	w->id = id_new(d->now.wall_ns);
	TRY(discharge(w, e));
	TRY(insert_call(w, e));
	TRY(history_add(d, &w->row.id, w->at_ns, "call",
		json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:I}", "id", w->id.text,
			"to", w->to, "role", w->role, "person", w->person, "number", w->number,
			"said", w->said, "stage", w->stage, "profile", w->profile, "medium",
			w->medium, "duties_answered", (json_int_t)w->n_discharged),
		e));
	return case_sync(d, &w->row, e);
}

enum status incident_call(const struct incident_context *c, const char *id,
	const struct incident_call *call, struct pool *p, struct call_result *out,
	struct field_faults *faults, struct error *e)
{
	AUTO_DESK struct desk d = { .routes = NULL };
	AUTO_TRANSACTION struct transaction t = { NULL, false };
	struct calling w = { .desk = &d, .faults = faults };
	TRY(desk_open(c, p, false, &d, e));
	TRY(transaction_begin(c->store, &t, e));
	TRY(case_find(&d, id, &w.row, e));
	TRY(check_call(&w, call, e));
	TRY(field_faults_error(faults, e));
	TRY(log_call(&w, e));
	TRY(transaction_commit(&t, e));
	*out = (struct call_result){ w.id, w.n_discharged, w.role,
		w.role[0] == '\0' ? "" : w.stage };
	return OK;
}
