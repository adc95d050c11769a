/*
 * Rows of grades.
 */
#include "incident/cases/grades.h"

#include <string.h>

enum { GRADES_MAX = 10000 };

bool grade_is_graver(int a, int b)
{
	return a >= 0 && (b < 0 || a < b);
}

int grade_to_confirm(const struct classification *rules, int in_force, bool by_person)
{
	return !by_person && grade_is_graver(rules->to_confirm, in_force) ? rules->to_confirm : -1;
}

const char *grade_key(const struct profile *p, int grade)
{
	static const char *const tiers[] = { "", "especially_serious", "serious",
		"relatively_serious", "general" };
	if (grade < 0 || (size_t)grade >= p->n_grades)
		return "";
	const struct profile_grade *g = &p->grades[grade];
	if (g->class_key != NULL)
		return g->class_key;
	return g->tier >= 1 && g->tier <= 4 ? tiers[g->tier] : "";
}

json_t *grade_word(const struct profile *p, int grade)
{
	if (grade < 0 || (size_t)grade >= p->n_grades)
		return NULL;
	return json_pack("{s:s, s:s, s:s}", "key", grade_key(p, grade), "en",
		p->grades[grade].name.en, "zh", p->grades[grade].name.zh);
}

static json_t *tier_and_class(const struct profile *p, int grade)
{
	const struct profile_grade *g = grade < 0 ? NULL : &p->grades[grade];
	return json_pack("{s:o, s:o}", "tier",
		g == NULL || g->tier == 0 ? json_null() : json_integer(g->tier), "class",
		g == NULL || g->class_key == NULL ? json_null() : json_string(g->class_key));
}

/* The classification as it is in force, with what the rules alone said. */
static enum status classification_in_force(
	const struct desk *d, const struct grade_decision *g, struct view *out, struct error *e)
{
	struct classification k = *g->rules;
	AUTO_JSON json_t *object = NULL;
	k.grade = g->grade;
	k.to_confirm = grade_to_confirm(g->rules, g->grade, g->by_person);
	TRY(classification_to_json(profile_facts(d->c->profiles), &k, &object, e));
	if (json_object_set_new(object, "by_rules", tier_and_class(g->profile, g->rules->grade)) !=
			0 ||
		json_object_set_new(
			object, "decided_by", json_string(g->by_person ? "person" : "rules")) != 0)
		return case_no_memory(e);
	return case_json_text(d->pool, object, out, e);
}

static enum status next_n(
	const struct desk *d, const struct id *incident, int64_t *out, struct error *e)
{
	AUTO(statement_free) struct statement *q = NULL;
	bool row = false;
	TRY(STORE_SQL(d->c->store,
		"SELECT COALESCE(MAX(n), 0) + 1 FROM incident_grade"
		" WHERE company = ? AND incident = ?",
		&q, e));
	bind_text(q, 1, d->company);
	bind_text(q, 2, incident->text);
	TRY(statement_step(q, &row, e));
	*out = row ? column_int(q, 0) : 1;
	return OK;
}

/* The list shows the tier of the first profile. */
static enum status show_tier(const struct desk *d, const struct case_row *row,
	const struct grade_decision *g, struct error *e)
{
	AUTO(statement_free) struct statement *q = NULL;
	if (row->n_profiles == 0 || strcmp(row->profiles[0], g->profile->id) != 0)
		return OK;
	TRY(STORE_SQL(d->c->store, "UPDATE incident_case SET tier = ? WHERE company = ? AND id = ?",
		&q, e));
	bind_int(q, 1, g->grade < 0 ? 0 : g->profile->grades[g->grade].tier);
	bind_text(q, 2, d->company);
	bind_text(q, 3, row->id.text);
	return statement_run(q, e);
}

enum status grade_insert(const struct desk *d, const struct case_row *row,
	const struct grade_decision *g, struct error *e)
{
	AUTO(statement_free) struct statement *q = NULL;
	struct view classification = { 0 };
	struct view approvals = VIEW("[]");
	int64_t n = 0;
	TRY(classification_in_force(d, g, &classification, e));
	if (g->approvals != NULL)
		TRY(case_json_text(d->pool, g->approvals, &approvals, e));
	TRY(next_n(d, &row->id, &n, e));
	TRY(STORE_SQL(d->c->store,
		"INSERT INTO incident_grade (company, incident, n, at_ns, profile, profile_version,"
		" grade, by_rules, by_person, person, reason, approvals, classification)"
		" VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		&q, e));
	bind_text(q, 1, d->company);
	bind_text(q, 2, row->id.text);
	bind_int(q, 3, n);
	bind_int(q, 4, d->now.wall_ns);
	bind_text(q, 5, g->profile->id);
	bind_int(q, 6, g->profile->version);
	bind_int(q, 7, g->grade);
	bind_int(q, 8, g->rules->grade);
	bind_int(q, 9, g->by_person ? 1 : 0);
	bind_text(q, 10, g->person);
	bind_text(q, 11, g->reason);
	bind_view(q, 12, approvals);
	bind_view(q, 13, classification);
	TRY(statement_run(q, e));
	return show_tier(d, row, g, e);
}

/* --- reading ---------------------------------------------------------------------------------- */

#define GRADE_COLUMNS                                                                              \
	"n, at_ns, profile, profile_version, grade, by_rules, by_person, person, reason,"          \
	" classification, approvals"

static enum status read_grade(
	const struct desk *d, struct statement *q, struct grade_row *out, struct error *e)
{
	bool failed = false;
	*out = (struct grade_row){ .n = column_int(q, 0),
		.at_ns = column_int(q, 1),
		.profile = case_column(d->pool, q, 2, &failed),
		.profile_version = column_int(q, 3),
		.grade = (int)column_int(q, 4),
		.by_rules = (int)column_int(q, 5),
		.by_person = column_int(q, 6) != 0,
		.person = case_column(d->pool, q, 7, &failed),
		.reason = case_column(d->pool, q, 8, &failed) };
	if (failed)
		return case_no_memory(e);
	if (out->grade < -1 || out->grade >= PROFILE_GRADES_MAX)
		return error_set(e, E_INVALID, "a row of an incident is damaged");
	TRY(case_json_of(d->pool, column_text(q, 9), &out->classification, e));
	return case_json_of(d->pool, column_text(q, 10), &out->approvals, e);
}

enum status grade_in_force(const struct desk *d, const struct id *incident, const char *profile,
	struct grade_row *out, bool *out_there, struct error *e)
{
	AUTO(statement_free) struct statement *q = NULL;
	TRY(STORE_SQL(d->c->store,
		"SELECT " GRADE_COLUMNS " FROM incident_grade"
		" WHERE company = ? AND incident = ? AND profile = ? ORDER BY n DESC LIMIT 1",
		&q, e));
	bind_text(q, 1, d->company);
	bind_text(q, 2, incident->text);
	bind_text(q, 3, profile);
	TRY(statement_step(q, out_there, e));
	return *out_there ? read_grade(d, q, out, e) : OK;
}

/* Oldest first. */
static enum status select_marks(const struct desk *d, const struct id *incident,
	const char *profile, struct statement **out, struct error *e)
{
	TRY(STORE_SQL(d->c->store,
		"SELECT grade, at_ns FROM incident_grade"
		" WHERE company = ? AND incident = ? AND profile = ? ORDER BY n",
		out, e));
	bind_text(*out, 1, d->company);
	bind_text(*out, 2, incident->text);
	bind_text(*out, 3, profile);
	return OK;
}

enum status grade_times(const struct desk *d, const struct id *incident, const char *profile,
	struct grade_times *out, struct error *e)
{
	AUTO(statement_free) struct statement *q = NULL;
	bool row = false;
	int before = -1;
	struct grade_times t = { -1, -1 };
	TRY(select_marks(d, incident, profile, &q, e));
	for (;;) {
		TRY(statement_step(q, &row, e));
		if (!row)
			break;
		const int grade = (int)column_int(q, 0);
		const int64_t at_ns = column_int(q, 1);
		if (t.since_ns < 0 || grade != before)
			t.since_ns = at_ns;
		/* The first class that an undecided incident gets is no raise of one. */
		if (before >= 0 && grade_is_graver(grade, before))
			t.raised_ns = at_ns;
		before = grade;
	}
	*out = t;
	return OK;
}

enum status grade_history(const struct desk *d, const struct id *incident, struct grade_row **out,
	size_t *out_n, struct error *e)
{
	AUTO(statement_free) struct statement *q = NULL;
	bool row = false;
	size_t n = 0;
	int64_t n_most = 0;
	TRY(next_n(d, incident, &n_most, e));
	if (n_most > GRADES_MAX)
		return error_set(e, E_TOO_BIG, "an incident has more than %d grades", GRADES_MAX);
	struct grade_row *rows = pool_take(d->pool, (size_t)n_most, sizeof *rows);
	if (rows == NULL)
		return case_no_memory(e);
	TRY(STORE_SQL(d->c->store,
		"SELECT " GRADE_COLUMNS " FROM incident_grade WHERE company = ? AND incident = ?"
		" ORDER BY n LIMIT ?",
		&q, e));
	bind_text(q, 1, d->company);
	bind_text(q, 2, incident->text);
	bind_int(q, 3, n_most);
	for (;;) {
		TRY(statement_step(q, &row, e));
		if (!row)
			break;
		TRY(read_grade(d, q, &rows[n], e));
		n++;
	}
	*out = rows;
	*out_n = n;
	return OK;
}
