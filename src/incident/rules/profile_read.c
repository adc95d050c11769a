/*
 * One profile file: its head, its grades, its pairs, and what its rows have in common. The rows are
 * read by criteria_read.c and duty_read.c.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "incident/rules/profile_read.h"

static const char *const top_keys[] = { "id", "version", "name", "label", "status",
	"effective_from", "effective_to", "utc_offset_minutes", "calendar", "defaults", "grades",
	"default_grade", "unfixed_grade", "while_undecided", "pairs", "criteria_apply",
	"criteria_from", "criteria", "duties_from", "duties", "forms", "facts", "roles", "stages",
	"media", "instruments", NULL };
static const char *const status_words[] = { "programme", "in-force", "proposed", "draft",
	"superseded", NULL };
static const char *const certainty_words[] = { "A", "B", "C", "D", NULL };

enum { OFFSET_MAX = 14 * 60, OFFSET_LEAST = -12 * 60, TIERS_MAX = 4 };

/* --- what rows share --- */

static const char *word_at(const void *context, size_t i)
{
	return ((const struct rule_word_list *)context)->rows[i].key;
}

enum status profile_read_word(const struct profile_loader *l, enum rule_words kind,
	struct json_place in, const char *key, const char **out, struct error *e)
{
	char near[RULE_NEAR_MAX];
	const struct rule_word_list *all = l->words[kind];
	const char *text = NULL;
	TRY(json_get_text(in, key, JSON_REQUIRED, &text, e));
	for (size_t i = 0; i < all->n; i++) {
		if (strcmp(all->rows[i].key, text) == 0) {
			*out = all->rows[i].key;
			return OK;
		}
	}
	if (rule_near(text, (struct rule_names){ word_at, all, all->n }, near)[0] != '\0')
		return error_set(e, E_INVALID, "%s.%s: '%s' has no name; near it: %s", in.at, key,
			text, near);
	return error_set(e, E_INVALID, "%s.%s: '%s' has no name", in.at, key, text);
}

enum status profile_read_origin(const struct profile_loader *l, struct json_place in,
	struct rule_origin *inout, struct error *e)
{
	int certainty = -1;
	if (json_object_get(in.object, "instrument") != NULL)
		TRY(profile_read_word(
			l, RULE_INSTRUMENTS, in, "instrument", &inout->instrument, e));
	TRY(rule_choice(in, "certainty", JSON_OPTIONAL, certainty_words, &certainty, e));
	if (certainty >= 0)
		inout->certainty = certainty_words[certainty][0];
	return OK;
}

enum status profile_read_grade(struct json_place in, const char *key, enum json_need need,
	const struct profile *p, int *out, struct error *e)
{
	char path[RULE_PATH_MAX];
	const json_t *value = json_object_get(in.object, key);
	(void)rule_path(path, in.at, key);
	if (value == NULL || json_is_null(value))
		return need == JSON_OPTIONAL ? OK : error_set(e, E_INVALID, "%s: missing", path);
	for (size_t i = 0; i < p->n_grades; i++) {
		const struct profile_grade *g = &p->grades[i];
		if ((g->tier > 0 && json_is_integer(value) &&
			    json_integer_value(value) == g->tier) ||
			(g->class_key != NULL && json_is_string(value) &&
				strcmp(json_string_value(value), g->class_key) == 0)) {
			*out = (int)i;
			return OK;
		}
	}
	return error_set(e, E_INVALID, "%s: none of the profile's grades", path);
}

/* --- taking rows from another profile --- */

const struct profile_source *profile_source_find(const struct profile_loader *l, const char *id)
{
	for (size_t i = 0; i < l->n_sources; i++)
		if (strcmp(l->sources[i].id, id) == 0)
			return &l->sources[i];
	return NULL;
}

enum status profile_base(const struct profile_loader *l, struct json_place root, const char *key,
	const struct profile_source **out, json_t **out_spec, struct error *e)
{
	static const char *const known[] = { "profile", "only", "off", "instrument", "certainty",
		NULL };
	const char *id = NULL;
	json_t *spec = NULL;
	*out = NULL;
	TRY(json_get_object(root, key, JSON_OPTIONAL, &spec, e));
	if (spec == NULL)
		return OK;
	struct json_place in = { spec, key };
	TRY(json_only_keys(in, known, e));
	TRY(json_get_text(in, "profile", JSON_REQUIRED, &id, e));
	*out = profile_source_find(l, id);
	if (*out == NULL)
		return error_set(e, E_INVALID, "%s.profile: no profile '%s'", key, id);
	if (json_object_get((*out)->root, key) != NULL)
		return error_set(e, E_INVALID,
			"%s.profile: '%s' takes its rows from another profile itself", key, id);
	*out_spec = spec;
	return OK;
}

static bool lists(const json_t *list, const char *row)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *text = json_string_value(json_array_get(list, i));
		if (text != NULL && strcmp(text, row) == 0)
			return true;
	}
	return false;
}

bool profile_takes_row(json_t *spec, const char *row)
{
	const json_t *only = json_object_get(spec, "only");
	return (only == NULL || lists(only, row)) && !lists(json_object_get(spec, "off"), row);
}

static bool has_row(const json_t *rows, const char *key, const char *row)
{
	for (size_t i = 0; i < json_array_size(rows); i++) {
		const char *text = json_string_value(json_object_get(json_array_get(rows, i), key));
		if (text != NULL && strcmp(text, row) == 0)
			return true;
	}
	return false;
}

enum status profile_check_rows(
	struct json_place spec, json_t *rows, const char *key, struct error *e)
{
	static const char *const names[] = { "only", "off" };
	for (size_t k = 0; k < 2; k++) {
		json_t *list = NULL;
		TRY(rule_list(spec, names[k], JSON_OPTIONAL, PROFILE_CRITERIA_MAX, &list, e));
		for (size_t i = 0; i < json_array_size(list); i++) {
			const char *row = json_string_value(json_array_get(list, i));
			if (row == NULL || !has_row(rows, key, row))
				return error_set(e, E_INVALID,
					"%s.%s[%zu]: names no row of that profile", spec.at,
					names[k], i);
		}
	}
	return OK;
}

/* --- the head --- */

/* "2024-11-01": the beginning of that day where the profile is at home. */
static enum status read_date(struct json_place root, const char *key, int64_t utc_offset_minutes,
	int64_t *out, struct error *e)
{
	char text[TIME_TEXT_MAX];
	const char *date = NULL;
	TRY(json_get_text(root, key, JSON_OPTIONAL, &date, e));
	if (date == NULL)
		return OK;
	(void)snprintf(text, sizeof text, "%.10sT00:00:00Z", date);
	if (strlen(date) != strlen("2024-11-01") || !time_parse(view_of(text), out))
		return error_set(e, E_INVALID, "%s: not a date such as 2024-11-01", key);
	*out -= utc_offset_minutes * 60 * NS_PER_S;
	return OK;
}

static enum status read_dates(struct json_place root, struct profile *p, struct error *e)
{
	p->effective_from_ns = -1;
	p->effective_to_ns = -1;
	TRY(rule_int(root, "utc_offset_minutes", JSON_REQUIRED, OFFSET_LEAST, OFFSET_MAX,
		&p->utc_offset_minutes, e));
	TRY(read_date(root, "effective_from", p->utc_offset_minutes, &p->effective_from_ns, e));
	TRY(read_date(root, "effective_to", p->utc_offset_minutes, &p->effective_to_ns, e));
	if (p->effective_to_ns >= 0 && p->effective_to_ns <= p->effective_from_ns)
		return error_set(e, E_INVALID, "effective_to: not after effective_from");
	return OK;
}

static enum status read_head(
	const struct profile_loader *l, struct json_place root, struct profile *p, struct error *e)
{
	int status = 0;
	TRY(rule_both(root, "name", JSON_REQUIRED, l->pool, &p->name, e));
	p->label = (struct bilingual){ "", "" };
	TRY(rule_both(root, "label", JSON_OPTIONAL, l->pool, &p->label, e));
	TRY(rule_choice(root, "status", JSON_REQUIRED, status_words, &status, e));
	p->status = status_words[status];
	TRY(rule_key(root, "calendar", JSON_REQUIRED, l->pool, &p->calendar, e));
	return read_dates(root, p, e);
}

/* --- grades --- */

static enum status read_one_grade(const struct profile_loader *l, struct json_place in,
	struct profile_grade *g, struct error *e)
{
	static const char *const known[] = { "tier", "class", "zh", "en", "colour",
		"response_level", NULL };
	static const char *const colours[] = { "red", "orange", "yellow", "blue", NULL };
	static const char *const levels[] = { "I", "II", "III", "IV", NULL };
	int64_t tier = 0;
	int colour = -1;
	int level = -1;
	TRY(rule_both_here(in, l->pool, &g->name, e));
	TRY(json_only_keys(in, known, e));
	TRY(rule_int(in, "tier", JSON_OPTIONAL, 1, TIERS_MAX, &tier, e));
	TRY(rule_key(in, "class", JSON_OPTIONAL, l->pool, &g->class_key, e));
	TRY(rule_choice(in, "colour", JSON_OPTIONAL, colours, &colour, e));
	TRY(rule_choice(in, "response_level", JSON_OPTIONAL, levels, &level, e));
	if ((tier > 0) == (g->class_key != NULL))
		return error_set(e, E_INVALID, "%s: either a tier or a class", in.at);
	g->tier = (int)tier;
	g->colour = colour < 0 ? NULL : colours[colour];
	g->response_level = level < 0 ? NULL : levels[level];
	return OK;
}

/* Tiers are 1, 2, 3, … without a gap; classes differ; never both in one profile. */
static enum status check_grade(const struct profile_grade *all, size_t i, struct error *e)
{
	if (all[i].tier > 0 && all[i].tier != (int)i + 1)
		return error_set(e, E_INVALID, "grades[%zu]: tier %d is missing before tier %d", i,
			(int)i + 1, all[i].tier);
	for (size_t k = 0; k < i; k++) {
		if ((all[k].tier > 0) != (all[i].tier > 0))
			return error_set(
				e, E_INVALID, "grades[%zu]: tiers and classes in one profile", i);
		if (all[i].class_key != NULL && strcmp(all[k].class_key, all[i].class_key) == 0)
			return error_set(e, E_INVALID, "grades[%zu]: '%s' is there twice", i,
				all[i].class_key);
	}
	return OK;
}

static enum status read_grades(
	const struct profile_loader *l, struct json_place root, struct profile *p, struct error *e)
{
	char item[RULE_PATH_MAX];
	json_t *list = NULL;
	TRY(rule_list(root, "grades", JSON_REQUIRED, PROFILE_GRADES_MAX, &list, e));
	struct profile_grade *grades = pool_take(l->pool, json_array_size(list), sizeof *grades);
	if (grades == NULL)
		return rule_no_memory(e);
	for (size_t i = 0; i < json_array_size(list); i++) {
		struct json_place in = { json_array_get(list, i), rule_item(item, "grades", i) };
		TRY(read_one_grade(l, in, &grades[i], e));
		TRY(check_grade(grades, i, e));
	}
	p->grades = grades;
	p->n_grades = json_array_size(list);
	p->default_grade = -1;
	p->unfixed_grade = -1;
	p->while_undecided = -1;
	TRY(profile_read_grade(root, "default_grade", JSON_OPTIONAL, p, &p->default_grade, e));
	TRY(profile_read_grade(root, "unfixed_grade", JSON_OPTIONAL, p, &p->unfixed_grade, e));
	return profile_read_grade(
		root, "while_undecided", JSON_OPTIONAL, p, &p->while_undecided, e);
}

/* 核心数据 stands in tier I alone in every plan that was read, and qualifiers are marked in
 * rules/facts.yaml: neither depends on which rows a profile took over. */
static void find_slots(const struct fact_catalogue *c, struct profile *p)
{
	p->occurred_slot = fact_slot(c, "occurred_at");
	p->discovered_slot = fact_slot(c, "discovered_at");
	p->class_slot = p->grades[0].tier > 0 ? fact_slot(c, "data_class") : -1;
	p->core_class = FACT_UNKNOWN;
	for (size_t i = 0; p->class_slot >= 0 && i < c->rows[p->class_slot].n_choices; i++)
		if (strcmp(c->rows[p->class_slot].choices[i].key, "core") == 0)
			p->core_class = (int64_t)i;
	for (size_t i = 0; i < c->n_rows; i++)
		if (c->rows[i].qualifier)
			p->qualifiers[i / 64] |= UINT64_C(1) << (i % 64);
}

static enum status read_forms(
	const struct profile_loader *l, struct json_place root, struct profile *p, struct error *e)
{
	json_t *list = NULL;
	TRY(rule_list(root, "forms", JSON_OPTIONAL, PROFILE_FORMS_MAX, &list, e));
	const char **forms = pool_take(l->pool, PROFILE_FORMS_MAX, sizeof *forms);
	if (forms == NULL)
		return rule_no_memory(e);
	for (size_t i = 0; i < json_array_size(list); i++) {
		/* Each as a key of its own, so that the reader of keys can be used. */
		AUTO_JSON json_t *wrapped = json_pack("{sO}", "forms", json_array_get(list, i));
		if (wrapped == NULL)
			return error_set(e, E_NO_SPACE, "no memory for the profiles");
		TRY(rule_key((struct json_place){ wrapped, "" }, "forms", JSON_REQUIRED, l->pool,
			&forms[i], e));
	}
	p->forms = forms;
	p->n_forms = json_array_size(list);
	return OK;
}

enum status profile_read(const struct profile_loader *l, const struct profile_source *s,
	struct profile *out, struct error *e)
{
	struct json_place root = { s->root, "" };
	struct rule_origin defaults = { NULL, 0 };
	static const char *const default_keys[] = { "instrument", "certainty", NULL };
	json_t *object = NULL;
	struct profile p = { .id = s->id, .version = s->version, .source = s->source };
	TRY(json_only_keys(root, top_keys, e));
	TRY(read_head(l, root, &p, e));
	TRY(read_grades(l, root, &p, e));
	find_slots(&l->catalogue, &p);
	TRY(read_forms(l, root, &p, e));
	TRY(json_get_object(root, "defaults", JSON_OPTIONAL, &object, e));
	if (object != NULL) {
		struct json_place in = { object, "defaults" };
		TRY(json_only_keys(in, default_keys, e));
		TRY(profile_read_origin(l, in, &defaults, e));
	}
	TRY(criteria_read(l, root, defaults, &p, e));
	TRY(duties_read(l, root, defaults, &p, e));
	*out = p;
	return OK;
}
