/*
 * Grading anew. New facts raise by themselves; what is in force is lowered only by two persons,
 * whatever the rules say of the new facts: a typing error must not end a duty.
 */
#include <string.h>

#include "base/digest.h"
#include "incident/cases/grades.h"
#include "incident/cases/notice.h"
#include "incident/cases/persons.h"

enum { STATEMENT_VERSION = 1 };

struct regrading {
	const struct desk *desk;
	struct case_row *row;
	const struct regrade *what;
	const char *note; /* beside new facts */
	bool new_facts;
	bool touched; /* something was decided or changed */
	json_t *events;
	struct field_faults *faults;
};

static const char *text_or_empty(const char *text)
{
	return text == NULL ? "" : text;
}

/* --- the statement ---------------------------------------------------------------------------- */

static enum status facts_sha256(
	const struct case_row *row, char out[DIGEST_HEX_LEN + 1], struct error *e)
{
	AUTO_BUF struct buf text;
	buf_init(&text, MIB);
	TRY(json_write_sorted(row->facts, &text, e));
	const struct digest d = digest_of(text.at, text.len);
	(void)digest_hex(&d, out);
	return OK;
}

static json_t *grade_of(const struct profile *p, int grade)
{
	json_t *word = grade_word(p, grade);
	return word == NULL ? json_null() : word;
}

/* Everything that two persons must agree on, and nothing that could be used again: the number of
 * the grade in force in the history changes with every step. */
static enum status make_statement(const struct case_row *row, const struct profile *p,
	const struct grade_row *present, int to, const char *reason, struct buf *out,
	struct error *e)
{
	char sha256[DIGEST_HEX_LEN + 1];
	TRY(facts_sha256(row, sha256, e));
	AUTO_JSON json_t *statement =
		json_pack("{s:s, s:i, s:s, s:s, s:b, s:s, s:I, s:I, s:o, s:o, s:s, s:s}",
			"statement", "lower the grade", "format", STATEMENT_VERSION, "incident",
			row->id.text, "number", row->number, "drill", (int)row->drill, "profile",
			p->id, "profile_version", (json_int_t)p->version, "after_grade",
			(json_int_t)present->n, "from", grade_of(p, present->grade), "to",
			grade_of(p, to), "reason", reason, "facts_sha256", sha256);
	if (statement == NULL)
		return case_no_memory(e);
	return json_write_sorted(statement, out, e);
}

/* The profile that is meant, as one of the case's. */
static enum status find_profile(const struct desk *d, const struct case_row *row,
	const struct regrade *what, const struct profile **out, struct error *e)
{
	const char *id = what->profile;
	if (id == NULL)
		id = row->n_profiles > 0 ? row->profiles[0] : PROFILE_DEFAULT;
	for (size_t i = 0; i < row->n_profiles; i++)
		if (strcmp(row->profiles[i], id) == 0)
			return profile_find(d->c->profiles, id, out, e);
	return error_set(
		e, E_ABSENT, "incident %s is not graded by the profile %.60s", row->number, id);
}

static enum status present_grade(const struct desk *d, const struct case_row *row,
	const struct profile *p, struct grade_row *out, struct error *e)
{
	bool there = false;
	TRY(grade_in_force(d, &row->id, p->id, out, &there, e));
	return there ? OK : error_set(e, E_INVALID, "a row of an incident is damaged");
}

/* What a person wants it to be; -1 is what the rules say. */
static enum status wanted_grade(const struct case_row *row, const struct profile *p,
	const struct regrade *what, int *out, struct error *e)
{
	struct classification k;
	if (what->grade >= 0 && (size_t)what->grade >= p->n_grades)
		return error_set(e, E_INVALID, "grade: %s has %zu", p->id, p->n_grades);
	if (what->grade == REGRADE_NONE && p->default_grade >= 0)
		return error_set(e, E_INVALID,
			"class none: by %s every incident has a grade; name its lowest", p->id);
	classify(p, &row->values, &k);
	*out = what->grade >= 0 ? what->grade : what->grade == REGRADE_BY_RULES ? k.grade : -1;
	return OK;
}

/* That nothing is owed while the rules cannot tell is a step too: it ends clocks that run. */
static bool ends_undecided(const struct case_row *row, const struct profile *p,
	const struct regrade *what, const struct grade_row *present)
{
	struct classification k;
	classify(p, &row->values, &k);
	return what->grade == REGRADE_NONE && present->grade < 0 &&
	       grade_to_confirm(&k, present->grade, present->by_person) >= 0;
}

enum status regrade_statement(const struct incident_context *c, const char *id,
	const struct regrade *what, struct buf *out, struct error *e)
{
	AUTO(pool_free) struct pool *p = pool_new(32 * MIB);
	AUTO_DESK struct desk d = { .routes = NULL };
	const struct profile *profile = NULL;
	struct grade_row present;
	struct case_row row;
	int to = -1;
	if (p == NULL)
		return case_no_memory(e);
	TRY(case_check_text(
		text_or_empty(what->reason), REASON_BYTES_MAX, TEXT_SEVERAL_LINES, "reason", e));
	TRY(desk_open(c, p, false, &d, e));
	TRY(case_find(&d, id, &row, e));
	TRY(find_profile(&d, &row, what, &profile, e));
	TRY(present_grade(&d, &row, profile, &present, e));
	TRY(wanted_grade(&row, profile, what, &to, e));
	if (to == present.grade && !ends_undecided(&row, profile, what, &present))
		return error_set(e, E_CONFLICT, "that grade is in force already");
	if (grade_is_graver(to, present.grade))
		return error_set(e, E_CONFLICT,
			"that is a graver grade: raising needs a reason, no approvals");
	return make_statement(&row, profile, &present, to, what->reason, out, e);
}

/* --- deciding --------------------------------------------------------------------------------- */

static enum status need_reason(const struct regrading *w, struct error *e)
{
	TRY(case_check_text(
		text_or_empty(w->what->reason), REASON_BYTES_MAX, TEXT_SEVERAL_LINES, "reason", e));
	return case_check_text(
		text_or_empty(w->what->person), WHO_BYTES_MAX, TEXT_ONE_LINE, "person", e);
}

static enum status lower(struct regrading *w, struct grade_decision *g,
	const struct grade_row *present, int to, struct error *e)
{
	AUTO_PERSONS struct persons persons = { .n_keys = 0 };
	AUTO_BUF struct buf statement;
	const struct approval_files files = { w->what->approvals, w->what->n_approvals };
	buf_init(&statement, MIB);
	if (w->new_facts)
		return error_set(e, E_INVALID,
			"facts: change them first, then lower the grade: the approvals are of the "
			"facts that were known");
	TRY(case_check_text(
		text_or_empty(w->what->reason), REASON_BYTES_MAX, TEXT_SEVERAL_LINES, "reason", e));
	TRY(make_statement(w->row, g->profile, present, to, w->what->reason, &statement, e));
	TRY(persons_open(w->desk->c, w->desk->pool, &persons, e));
	TRY(approvals_check(w->desk, &persons, &files, buf_view(&statement), &g->approvals, e));
	g->grade = to;
	g->by_person = true;
	g->person = text_or_empty(w->what->person);
	g->reason = w->what->reason;
	return OK;
}

/* A person's decision over what the rules and the history give. */
static enum status decide(struct regrading *w, struct grade_decision *g,
	const struct grade_row *present, struct error *e)
{
	int to = -1;
	TRY(wanted_grade(w->row, g->profile, w->what, &to, e));
	const bool by_person = w->what->grade != REGRADE_BY_RULES;
	if (!by_person && w->what->n_approvals == 0)
		return OK;
	if (grade_is_graver(to, g->grade)) {
		TRY(need_reason(w, e));
		g->grade = to;
		g->by_person = true;
		g->person = w->what->person;
		g->reason = w->what->reason;
		g->approvals = NULL;
		return OK;
	}
	if (ends_undecided(w->row, g->profile, w->what, present) && g->grade < 0)
		return lower(w, g, present, to, e);
	if (to == g->grade && (to != present->grade || w->new_facts))
		return OK; /* the new facts have done it */
	if (to == g->grade)
		return error_set(e, E_CONFLICT, "that grade is in force already");
	return lower(w, g, present, to, e);
}

/* "begun" or "ended" where the duties to be confirmed come or cease, NULL where they stay. */
static const char *undecided_step(const struct grade_decision *g, const struct grade_row *present)
{
	const bool before =
		json_is_object(json_object_get(present->classification, "to_be_confirmed"));
	const bool after = grade_to_confirm(g->rules, g->grade, g->by_person) >= 0;
	return before == after ? NULL : after ? "begun" : "ended";
}

static enum status note_grade(struct regrading *w, const struct grade_decision *g,
	const struct grade_row *present, struct error *e)
{
	json_t *step = json_pack("{s:s, s:o, s:o, s:o, s:s, s:s, s:s}", "profile", g->profile->id,
		"before", grade_of(g->profile, present->grade), "after",
		grade_of(g->profile, g->grade), "by_rules", grade_of(g->profile, g->rules->grade),
		"decided_by", g->by_person ? "person" : "rules", "person", g->person, "reason",
		g->reason);
	const char *undecided = undecided_step(g, present);
	if (json_array_append_new(w->events, step) != 0)
		return case_no_memory(e);
	if (undecided != NULL &&
		json_object_set_new(step, "undecided", json_string(undecided)) != 0)
		return case_no_memory(e);
	/* In the chained history too, so that a signature cannot be taken out later. */
	if (g->approvals != NULL && g->approvals != present->approvals &&
		json_object_set(step, "approvals", g->approvals) != 0)
		return case_no_memory(e);
	return OK;
}

/* Was this row met when the grade in force was written down? */
static bool was_met(const struct grade_row *present, const struct criterion *c)
{
	json_t *met = json_object_get(present->classification, "met");
	json_t *item;
	size_t i;
	json_array_foreach(met, i, item)
	{
		const char *instrument = json_string_value(json_object_get(item, "instrument"));
		const char *row = json_string_value(json_object_get(item, "row"));
		if (instrument != NULL && row != NULL && strcmp(instrument, c->instrument) == 0 &&
			strcmp(row, c->row) == 0)
			return true;
	}
	return false;
}

/* A row graver than the grade in force that was not met yet: persons agreed over other facts. */
static bool meets_a_graver_row(const struct grade_row *present, const struct classification *k)
{
	for (size_t i = 0; i < k->n_met; i++) {
		const struct criterion *c = &k->profile->criteria[k->met[i]];
		if (grade_is_graver(c->grade, present->grade) && !was_met(present, c))
			return true;
	}
	return false;
}

/* Do the rules say more than what is in force? What persons lowered stays lowered until the rules
 * find more than they found then, or a graver row is met that was not: another fact alone must not
 * undo it, and what they never saw must not hide behind it. */
static bool rules_raise(const struct grade_row *present, const struct classification *k)
{
	return grade_is_graver(k->grade, present->grade) &&
	       (!present->by_person || grade_is_graver(k->grade, present->by_rules) ||
		       meets_a_graver_row(present, k));
}

/* The grade of one profile after the facts: the graver of what is in force and what the rules say.
 */
static enum status regrade_profile(
	struct regrading *w, const struct profile *p, bool asked, struct error *e)
{
	struct classification k;
	struct grade_row present;
	TRY(present_grade(w->desk, w->row, p, &present, e));
	classify(p, &w->row->values, &k);
	struct grade_decision g = { .profile = p,
		.rules = &k,
		.grade = present.grade,
		.by_person = present.by_person,
		.person = present.person,
		.reason = present.reason,
		.approvals = present.approvals };
	if (rules_raise(&present, &k)) {
		g.grade = k.grade;
		g.by_person = false;
		g.person = "";
		g.reason = "";
		g.approvals = NULL;
	} else if (present.by_person && w->new_facts && grade_is_graver(k.grade, present.grade)) {
		k.review |= REVIEW_FACTS_CHANGED;
		k.needs_review = true;
	}
	if (asked)
		TRY(decide(w, &g, &present, e));
	if (g.grade == present.grade && g.by_person == present.by_person &&
		k.grade == present.by_rules && !w->new_facts)
		return OK;
	w->touched = true;
	TRY(note_grade(w, &g, &present, e));
	return grade_insert(w->desk, w->row, &g, e);
}

static enum status take_facts(struct regrading *w, struct error *e)
{
	const struct desk *d = w->desk;
	json_t *new_facts = w->what->new_facts;
	json_t *facts = NULL;
	json_t *changes = NULL;
	if (new_facts == NULL || json_object_size(new_facts) == 0)
		return OK;
	TRY(notice_new_facts(d, w->row->facts, new_facts, &facts, w->faults, e));
	TRY(field_faults_error(w->faults, e));
	TRY(history_changes(w->row->facts, facts, &changes, e));
	TRY(json_keep(d->pool, changes, e));
	if (json_array_size(changes) == 0)
		return OK;
	w->new_facts = true;
	TRY(history_add(d, &w->row->id, d->now.wall_ns, "facts",
		json_pack("{s:O, s:s}", "changes", changes, "note", w->note), e));
	return case_revise(d, w->row, w->row->notice, facts, e);
}

static enum status regrade_all(struct regrading *w, const struct profile *asked, struct error *e)
{
	const struct desk *d = w->desk;
	w->events = json_array();
	TRY(json_keep(d->pool, w->events, e));
	for (size_t i = 0; i < w->row->n_profiles; i++) {
		const struct profile *p = NULL;
		struct error gone = ERROR_NONE;
		if (profile_find(d->c->profiles, w->row->profiles[i], &p, &gone) != OK)
			continue; /* a profile of the home's that was taken away */
		TRY(regrade_profile(w, p, p == asked, e));
	}
	if (!w->touched)
		return OK;
	return history_add(d, &w->row->id, d->now.wall_ns, "grade",
		json_pack("{s:O}", "grades", w->events), e);
}

enum status regrade_by_facts(const struct desk *d, struct case_row *row, json_t *new_facts,
	const char *note, struct field_faults *faults, struct error *e)
{
	const struct regrade what = { .new_facts = new_facts, .grade = -1 };
	struct regrading w = {
		.desk = d, .row = row, .what = &what, .note = note, .faults = faults
	};
	TRY(take_facts(&w, e));
	return w.new_facts ? regrade_all(&w, NULL, e) : OK;
}

static enum status list_clocks(const struct desk *d, const struct case_row *row,
	struct clock_row **out, size_t *out_n, struct error *e)
{
	const struct clock_filter filter = { .incident = &row->id, .all = true };
	return clocks_list(d->c->store, &filter, &d->now, d->pool, out, out_n, e);
}

static enum status regrade_in(struct regrading *w, struct regrade_result *out, struct error *e)
{
	const struct desk *d = w->desk;
	const struct profile *asked = NULL;
	struct grade_row *grade = pool_take(d->pool, 1, sizeof *grade);
	bool there = false;
	if (grade == NULL)
		return case_no_memory(e);
	TRY(find_profile(d, w->row, w->what, &asked, e));
	TRY(list_clocks(d, w->row, &out->before, &out->n_before, e));
	TRY(take_facts(w, e));
	TRY(regrade_all(w, asked, e));
	TRY(case_sync(d, w->row, e));
	TRY(list_clocks(d, w->row, &out->after, &out->n_after, e));
	TRY(grade_in_force(d, &w->row->id, asked->id, grade, &there, e));
	out->grade = grade;
	return OK;
}

enum status incident_regrade(const struct incident_context *c, const char *id,
	const struct regrade *what, struct pool *p, struct regrade_result *out,
	struct field_faults *faults, struct error *e)
{
	static const struct regrade by_rules = { .grade = -1 };
	AUTO_DESK struct desk d = { .routes = NULL };
	AUTO_TRANSACTION struct transaction t = { NULL, false };
	struct regrade_result result = { .grade = NULL };
	struct case_row row;
	struct regrading w = { .desk = &d,
		.row = &row,
		.what = what == NULL ? &by_rules : what,
		.note = "",
		.faults = faults };
	TRY(desk_open(c, p, false, &d, e));
	TRY(transaction_begin(c->store, &t, e));
	TRY(case_find(&d, id, &row, e));
	TRY(regrade_in(&w, &result, e));
	TRY(transaction_commit(&t, e));
	*out = result;
	return OK;
}
