/*
 * The criteria of a profile: its own and those that it takes from another, sorted gravest first,
 * and the checks that no single row can make: rows that are there twice, grades that nothing leads
 * to, figures that fall between two rows.
 */
#include <stdio.h>
#include <string.h>

#include "incident/rules/profile_read.h"

static const char *const criterion_keys[] = { "metric", "instrument", "row", "certainty", "grade",
	"when", "pair", "otherwise", "applies", "zh", "en", NULL };

struct criteria_reader {
	const struct profile_loader *l;
	const struct profile *profile; /* its grades */
	struct class_threat *matrix;   /* NULL: no pairs */
	json_t *apply;		       /* criteria_apply, NULL */
	struct criterion *rows;
	size_t n;
	struct error *e;
};

/* --- pairs --- */

static enum status read_side(const struct criteria_reader *r, struct json_place in, const char *key,
	int *out_slot, size_t *out_n)
{
	const char *name = NULL;
	TRY(json_get_text(in, key, JSON_REQUIRED, &name, r->e));
	*out_slot = fact_slot(&r->l->catalogue, name);
	const struct fact_row *row = *out_slot < 0 ? NULL : &r->l->catalogue.rows[*out_slot];
	if (row == NULL || row->kind != FACT_CHOICE || !row->ordered ||
		row->n_choices > PAIR_SIDE_MAX)
		return error_set(r->e, E_INVALID,
			"%s.%s: must name a fact with at most %d ordered choices", in.at, key,
			(int)PAIR_SIDE_MAX);
	*out_n = row->n_choices;
	return OK;
}

static int choice_of(const struct fact_row *row, const char *word)
{
	for (size_t i = 0; word != NULL && i < row->n_choices; i++)
		if (strcmp(row->choices[i].key, word) == 0)
			return (int)i;
	return -1;
}

/* pairs: { class: data_class, threat: threat, candidate: core } */
static enum status read_pairs(struct criteria_reader *r, json_t *object)
{
	static const char *const known[] = { "class", "threat", "candidate", NULL };
	struct json_place in = { object, "pairs" };
	const char *candidate = NULL;
	if (object == NULL)
		return OK;
	struct class_threat *m = pool_take(r->l->pool, 1, sizeof *m);
	if (m == NULL)
		return rule_no_memory(r->e);
	if (!json_is_object(object))
		return error_set(r->e, E_INVALID, "pairs: must have class and threat");
	TRY(json_only_keys(in, known, r->e));
	TRY(read_side(r, in, "class", &m->class_slot, &m->n_classes));
	TRY(read_side(r, in, "threat", &m->threat_slot, &m->n_threats));
	TRY(json_get_text(in, "candidate", JSON_OPTIONAL, &candidate, r->e));
	m->candidate_class = choice_of(&r->l->catalogue.rows[m->class_slot], candidate);
	if (candidate != NULL && m->candidate_class < 0)
		return error_set(r->e, E_INVALID, "pairs.candidate: no choice of the class's fact");
	r->matrix = m;
	return OK;
}

/* pair: { class: [important, core], threat: especially_serious } */
static enum status read_pair(
	struct criteria_reader *r, struct json_place in, json_t *pair, struct criterion *c)
{
	static const char *const known[] = { "class", "threat", NULL };
	char path[RULE_PATH_MAX];
	struct class_threat *m = r->matrix;
	struct json_place at = { pair, rule_path(path, in.at, "pair") };
	json_t *classes = NULL;
	const char *threat = NULL;
	if (m == NULL)
		return error_set(r->e, E_INVALID, "%s: the profile says nothing of pairs", path);
	if (m->n_rows == PAIRS_MAX)
		return error_set(r->e, E_INVALID, "%s: more than %d pairs", path, (int)PAIRS_MAX);
	if (!json_is_object(pair))
		return error_set(r->e, E_INVALID, "%s: must have class and threat", path);
	TRY(json_only_keys(at, known, r->e));
	TRY(rule_list(at, "class", JSON_REQUIRED, PAIR_SIDE_MAX, &classes, r->e));
	TRY(json_get_text(at, "threat", JSON_REQUIRED, &threat, r->e));
	struct pair_row row = { .grade = c->grade };
	const int threat_choice = choice_of(&r->l->catalogue.rows[m->threat_slot], threat);
	if (threat_choice < 0)
		return error_set(r->e, E_INVALID, "%s.threat: no choice of that fact", path);
	row.threat = (uint8_t)threat_choice;
	for (size_t i = 0; i < json_array_size(classes); i++) {
		const int choice = choice_of(&r->l->catalogue.rows[m->class_slot],
			json_string_value(json_array_get(classes, i)));
		if (choice < 0)
			return error_set(
				r->e, E_INVALID, "%s.class[%zu]: no choice of that fact", path, i);
		row.classes = (uint8_t)(row.classes | 1U << choice);
	}
	c->pair = (int)m->n_rows;
	m->rows[m->n_rows++] = row;
	c->wants[m->class_slot / 64] |= 1ULL << (m->class_slot % 64);
	c->wants[m->threat_slot / 64] |= 1ULL << (m->threat_slot % 64);
	return OK;
}

/* --- one criterion --- */

static enum status read_when(struct criteria_reader *r, struct json_place in, struct criterion *c)
{
	char path[RULE_PATH_MAX];
	json_t *when = json_object_get(in.object, "when");
	json_t *pair = json_object_get(in.object, "pair");
	json_t *otherwise = json_object_get(in.object, "otherwise");
	if ((when != NULL) + (pair != NULL) + (otherwise != NULL) != 1)
		return error_set(r->e, E_INVALID, "%s: one of when, pair and otherwise", in.at);
	if (pair != NULL)
		return read_pair(r, in, pair, c);
	if (otherwise != NULL) {
		c->otherwise = true;
		return json_is_true(otherwise) ? OK
					       : error_set(r->e, E_INVALID,
							 "%s.otherwise: can only be true", in.at);
	}
	TRY(condition_compile(&r->l->catalogue, when, rule_path(path, in.at, "when"), r->l->pool,
		&c->when, r->e));
	condition_wants(c->when, c->wants);
	return OK;
}

/* What the profile says of all criteria, and what the row says itself. */
static enum status read_applies(
	struct criteria_reader *r, struct json_place in, struct criterion *c)
{
	char path[RULE_PATH_MAX];
	json_t *own = json_object_get(in.object, "applies");
	AUTO_JSON json_t *both = NULL;
	if (own != NULL && r->apply != NULL) {
		both = json_pack("{s[OO]}", "all", r->apply, own);
		if (both == NULL)
			return error_set(r->e, E_NO_SPACE, "no memory for the profiles");
	}
	json_t *applies = both != NULL ? both : own != NULL ? own : r->apply;
	if (applies == NULL)
		return OK;
	TRY(condition_compile(&r->l->catalogue, applies, rule_path(path, in.at, "applies"),
		r->l->pool, &c->applies, r->e));
	condition_wants(c->applies, c->wants);
	return OK;
}

static enum status read_criterion(struct criteria_reader *r, struct json_place in,
	struct rule_origin origin, struct criterion *c)
{
	TRY(rule_line(in, "row", JSON_REQUIRED, r->l->pool, &c->row, r->e));
	TRY(json_only_keys(in, criterion_keys, r->e));
	TRY(rule_key(in, "metric", JSON_REQUIRED, r->l->pool, &c->metric, r->e));
	TRY(rule_both_here(in, r->l->pool, &c->text, r->e));
	if (origin.instrument == NULL || origin.certainty == 0)
		return error_set(r->e, E_INVALID,
			"%s: needs an instrument and a certainty, here or under defaults", in.at);
	c->instrument = origin.instrument;
	c->certainty = origin.certainty;
	TRY(profile_read_grade(in, "grade", JSON_REQUIRED, r->profile, &c->grade, r->e));
	TRY(read_when(r, in, c));
	return read_applies(r, in, c);
}

static enum status add(struct criteria_reader *r, struct criterion c, const char *at)
{
	for (size_t i = 0; i < r->n; i++)
		if (strcmp(r->rows[i].row, c.row) == 0 &&
			strcmp(r->rows[i].instrument, c.instrument) == 0)
			return error_set(r->e, E_INVALID, "%s.row: '%s' of %s is there twice", at,
				c.row, c.instrument);
	for (size_t i = 0; c.otherwise && i < r->n; i++)
		if (r->rows[i].otherwise)
			return error_set(r->e, E_INVALID, "%s.otherwise: is there twice", at);
	if (r->n == PROFILE_CRITERIA_MAX)
		return error_set(r->e, E_TOO_BIG, "%s: more than %d criteria", at,
			(int)PROFILE_CRITERIA_MAX);
	r->rows[r->n++] = c;
	return OK;
}

/* `spec` (NULL: all) says which rows are taken, and whose they are called. */
static enum status read_list(
	struct criteria_reader *r, json_t *root, struct rule_origin defaults, json_t *spec)
{
	char item[RULE_PATH_MAX];
	struct json_place top = { root, "" };
	json_t *list = NULL;
	TRY(rule_list(top, "criteria", JSON_OPTIONAL, PROFILE_CRITERIA_MAX, &list, r->e));
	for (size_t i = 0; i < json_array_size(list); i++) {
		struct json_place in = { json_array_get(list, i), rule_item(item, "criteria", i) };
		struct criterion c = { .pair = -1 };
		struct rule_origin origin = defaults;
		TRY(profile_read_origin(r->l, in, &origin, r->e));
		if (spec != NULL) {
			const char *row = json_string_value(json_object_get(in.object, "row"));
			if (row == NULL || !profile_takes_row(spec, row))
				continue;
			TRY(profile_read_origin(
				r->l, (struct json_place){ spec, "criteria_from" }, &origin, r->e));
		}
		TRY(read_criterion(r, in, origin, &c));
		TRY(add(r, c, item));
	}
	return OK;
}

static enum status read_base(
	struct criteria_reader *r, const struct profile_source *base, json_t *spec)
{
	struct rule_origin origin = { NULL, 0 };
	struct json_place at = { spec, "criteria_from" };
	json_t *defaults = json_object_get(base->root, "defaults");
	json_t *own_apply = r->apply;
	TRY(profile_check_rows(at, json_object_get(base->root, "criteria"), "row", r->e));
	if (defaults != NULL)
		TRY(profile_read_origin(
			r->l, (struct json_place){ defaults, "defaults" }, &origin, r->e));
	/* The other's own condition comes with its rows. */
	json_t *base_apply = json_object_get(base->root, "criteria_apply");
	AUTO_JSON json_t *both = NULL;
	if (base_apply != NULL && own_apply != NULL) {
		both = json_pack("{s[OO]}", "all", own_apply, base_apply);
		if (both == NULL)
			return error_set(r->e, E_NO_SPACE, "no memory for the profiles");
	}
	r->apply = both != NULL ? both : base_apply != NULL ? base_apply : own_apply;
	const enum status status = read_list(r, base->root, origin, spec);
	r->apply = own_apply;
	return status == OK ? OK : error_wrap(r->e, "%s", base->what);
}

/* --- the whole list --- */

/* Stable: the order within a grade is that of the file. */
static void sort_by_grade(struct criterion *rows, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		const struct criterion c = rows[i];
		size_t at = i;
		while (at > 0 && rows[at - 1].grade > c.grade) {
			rows[at] = rows[at - 1];
			at--;
		}
		rows[at] = c;
	}
}

static enum status check_grades(const struct criteria_reader *r)
{
	const struct profile *p = r->profile;
	for (int grade = 0; grade < (int)p->n_grades; grade++) {
		bool reached = grade == p->default_grade || grade == p->unfixed_grade;
		for (size_t i = 0; i < r->n && !reached; i++)
			reached = r->rows[i].grade == grade;
		if (!reached)
			return error_set(
				r->e, E_INVALID, "grades[%d]: no criterion leads to it", grade);
	}
	return OK;
}

/* A row that stops below a figure needs a graver one that begins there: else what lies between
 * meets no row and falls to the default. */
static enum status check_gaps(const struct criteria_reader *r)
{
	for (size_t i = 0; i < r->n; i++) {
		int slot;
		int64_t low, high;
		const struct criterion *c = &r->rows[i];
		if (c->when == NULL || !condition_band(c->when, &slot, &low, &high) ||
			high == INT64_MAX || low == high || c->grade == 0)
			continue;
		const struct fact_row *fact = &r->l->catalogue.rows[slot];
		if (fact->kind == FACT_CHOICE || fact->kind == FACT_YES_NO)
			continue;
		bool closed = false;
		for (size_t k = 0; k < r->n && !closed; k++) {
			int other;
			int64_t other_low, other_high;
			closed = r->rows[k].grade < c->grade && r->rows[k].when != NULL &&
				 condition_band(r->rows[k].when, &other, &other_low, &other_high) &&
				 other == slot && other_low <= high + 1;
		}
		if (!closed)
			return error_set(r->e, E_INVALID,
				"criteria: row %s stops at %lld of %s, and no graver row begins "
				"there: "
				"a gap",
				c->row, (long long)high, fact->key);
	}
	return OK;
}

enum status criteria_read(const struct profile_loader *l, struct json_place root,
	struct rule_origin defaults, struct profile *out, struct error *e)
{
	struct criteria_reader r = { .l = l, .profile = out, .e = e };
	const struct profile_source *base = NULL;
	json_t *spec = NULL;
	r.rows = pool_take(l->pool, PROFILE_CRITERIA_MAX, sizeof *r.rows);
	if (r.rows == NULL)
		return rule_no_memory(e);
	r.apply = json_object_get(root.object, "criteria_apply");
	TRY(profile_base(l, root, "criteria_from", &base, &spec, e));
	json_t *pairs = json_object_get(root.object, "pairs");
	if (pairs == NULL && base != NULL)
		pairs = json_object_get(base->root, "pairs");
	TRY(read_pairs(&r, pairs));
	if (base != NULL)
		TRY(read_base(&r, base, spec));
	TRY(read_list(&r, root.object, defaults, NULL));
	sort_by_grade(r.rows, r.n);
	TRY(check_grades(&r));
	TRY(check_gaps(&r));
	if (r.matrix != NULL && r.matrix->n_rows > 0) {
		class_threat_work_out(r.matrix);
		out->matrix = r.matrix;
	}
	out->criteria = r.rows;
	out->n_criteria = r.n;
	return OK;
}
