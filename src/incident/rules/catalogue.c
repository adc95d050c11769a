/*
 * The rows of the catalogue of facts, from YAML.
 */
#include "incident/rules/catalogue.h"

#include <stdio.h>
#include <string.h>

#include "incident/rules/rule_read.h"

static const char *const kind_words[] = { "choice", "count", "money", "minutes", "share", "yes_no",
	"time", NULL };
static const char *const row_keys[] = { "key", "kind", "label", "question", "choices", "ordered",
	"qualifier", "most", "not_above", "only_if", "unit", NULL };

#define MOST_EVER 1000000000000000000LL /* leaves room for arithmetic in 64 bits */
enum { MOST_MINUTES_AHEAD = 10 * 366 * 24 * 60 };

static int slot_in(const struct fact_row *rows, size_t n, const char *key)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(rows[i].key, key) == 0)
			return (int)i;
	return -1;
}

int fact_slot(const struct fact_catalogue *c, const char *key)
{
	return slot_in(c->rows, c->n_rows, key);
}

static const char *key_at(const void *context, size_t i)
{
	return ((const struct fact_catalogue *)context)->rows[i].key;
}

const char *catalogue_near(const struct fact_catalogue *c, const char *key, char out[])
{
	return rule_near(key, (struct rule_names){ key_at, c, c->n_rows }, out);
}

static enum status read_choices(
	struct json_place in, struct pool *p, struct fact_row *row, struct error *e)
{
	static const char *const known[] = { "key", "zh", "en", NULL };
	char path[RULE_PATH_MAX], item[RULE_PATH_MAX];
	json_t *list = NULL;
	TRY(rule_list(in, "choices", JSON_REQUIRED, FACT_CHOICES_MAX, &list, e));
	struct fact_choice *choices = pool_take(p, json_array_size(list), sizeof *choices);
	if (choices == NULL)
		return rule_no_memory(e);
	(void)rule_path(path, in.at, "choices");
	for (size_t i = 0; i < json_array_size(list); i++) {
		struct json_place at = { json_array_get(list, i), rule_item(item, path, i) };
		TRY(rule_key(at, "key", JSON_REQUIRED, p, &choices[i].key, e));
		TRY(json_only_keys(at, known, e));
		TRY(rule_both_here(at, p, &choices[i].label, e));
		for (size_t k = 0; k < i; k++)
			if (strcmp(choices[k].key, choices[i].key) == 0)
				return error_set(e, E_INVALID, "%s: '%s' is there twice", item,
					choices[i].key);
		/* What a reader of facts takes for "nobody knows" cannot be an answer. */
		if (strcmp(choices[i].key, "unknown") == 0)
			return error_set(e, E_INVALID,
				"%s: 'unknown' is no choice: it says that nobody knows", item);
	}
	row->choices = choices;
	row->n_choices = json_array_size(list);
	return OK;
}

static enum status read_bounds(
	struct json_place in, struct pool *p, struct fact_row *row, struct error *e)
{
	const bool counts =
		row->kind == FACT_COUNT || row->kind == FACT_MONEY || row->kind == FACT_MINUTES;
	row->unit = "";
	TRY(rule_key(in, "unit", counts ? JSON_REQUIRED : JSON_OPTIONAL, p, &row->unit, e));
	if (counts)
		return rule_int(in, "most", JSON_REQUIRED, 1, MOST_EVER, &row->most, e);
	if (row->kind == FACT_TIME)
		return rule_int(in, "most", JSON_OPTIONAL, 0, MOST_MINUTES_AHEAD, &row->most, e);
	if (json_object_get(in.object, "most") != NULL)
		return error_set(
			e, E_INVALID, "%s.most: does not belong to a fact of this kind", in.at);
	row->most = row->kind == FACT_SHARE    ? FACT_SHARE_ONE
		    : row->kind == FACT_YES_NO ? 1
					       : (int64_t)row->n_choices - 1;
	return OK;
}

static enum status read_row(
	struct catalogue_builder *b, struct json_place in, struct fact_row *row, struct error *e)
{
	int kind = FACT_COUNT;
	TRY(rule_key(in, "key", JSON_REQUIRED, b->pool, &row->key, e));
	TRY(json_only_keys(in, row_keys, e));
	if (slot_in(b->rows, b->n, row->key) >= 0)
		return error_set(
			e, E_INVALID, "%s.key: the fact '%s' is there already", in.at, row->key);
	TRY(rule_choice(in, "kind", JSON_REQUIRED, kind_words, &kind, e));
	row->kind = (enum fact_kind)kind;
	TRY(rule_both(in, "label", JSON_REQUIRED, b->pool, &row->label, e));
	TRY(rule_both(in, "question", JSON_REQUIRED, b->pool, &row->question, e));
	if (row->kind == FACT_CHOICE) {
		TRY(read_choices(in, b->pool, row, e));
		TRY(json_get_bool(in, "ordered", JSON_OPTIONAL, &row->ordered, e));
		TRY(json_get_bool(in, "qualifier", JSON_OPTIONAL, &row->qualifier, e));
	} else if (json_object_get(in.object, "choices") != NULL ||
		   json_object_get(in.object, "ordered") != NULL ||
		   json_object_get(in.object, "qualifier") != NULL) {
		return error_set(e, E_INVALID,
			"%s: choices, ordered and qualifier belong to kind: choice", in.at);
	}
	return read_bounds(in, b->pool, row, e);
}

/* The slot that a row's key names; the row itself may stand later in the list. */
static enum status read_reference(const struct catalogue_builder *b, struct json_place in,
	const char *key, int *out_slot, struct error *e)
{
	char near[RULE_NEAR_MAX];
	const char *name = NULL;
	*out_slot = -1;
	TRY(json_get_text(in, key, JSON_OPTIONAL, &name, e));
	if (name == NULL)
		return OK;
	*out_slot = slot_in(b->rows, b->n, name);
	if (*out_slot >= 0)
		return OK;
	const struct fact_catalogue all = { b->rows, b->n };
	if (catalogue_near(&all, name, near)[0] != '\0')
		return error_set(
			e, E_INVALID, "%s.%s: no fact '%s'; near it: %s", in.at, key, name, near);
	return error_set(e, E_INVALID, "%s.%s: no fact '%s'", in.at, key, name);
}

static enum status read_references(
	struct catalogue_builder *b, struct json_place in, struct fact_row *row, struct error *e)
{
	TRY(read_reference(b, in, "not_above", &row->not_above, e));
	TRY(read_reference(b, in, "only_if", &row->only_if, e));
	const struct fact_row *above = row->not_above < 0 ? row : &b->rows[row->not_above];
	if (above->kind != row->kind || (row->not_above >= 0 && row->kind == FACT_CHOICE))
		return error_set(e, E_INVALID,
			"%s.not_above: both facts must be numbers or times of one kind", in.at);
	if (row->only_if >= 0 && b->rows[row->only_if].kind != FACT_YES_NO)
		return error_set(e, E_INVALID, "%s.only_if: '%s' is no yes/no fact", in.at,
			b->rows[row->only_if].key);
	return OK;
}

enum status catalogue_add(struct catalogue_builder *b, json_t *list, const char *profile,
	const char *at, struct error *e)
{
	char item[RULE_PATH_MAX];
	const size_t first = b->n;
	if (!json_is_array(list))
		return error_set(e, E_INVALID, "%s: not a list of facts", at);
	for (size_t i = 0; i < json_array_size(list); i++) {
		struct json_place in = { json_array_get(list, i), rule_item(item, at, i) };
		if (b->n == FACTS_MAX)
			return error_set(e, E_TOO_BIG, "%s: more than %d facts in all", item,
				(int)FACTS_MAX);
		struct fact_row row = { .profile = profile, .not_above = -1, .only_if = -1 };
		TRY(read_row(b, in, &row, e));
		b->rows[b->n++] = row;
	}
	for (size_t i = first; i < b->n; i++) {
		struct json_place in = { json_array_get(list, i - first),
			rule_item(item, at, i - first) };
		TRY(read_references(b, in, &b->rows[i], e));
	}
	return OK;
}
