/*
 * Conditions: YAML into a postfix list of steps, and the evaluation of that list.
 *
 * Every comparison is a range (low ≤ value ≤ high) or a set of choices; so "above x" is "at least
 * x + 1", which is exact since all facts are whole numbers in their smallest unit.
 */
#include "incident/rules/condition.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "incident/rules/catalogue.h"
#include "incident/rules/rule_read.h"

enum step_kind { STEP_RANGE, STEP_SET, STEP_KNOWN, STEP_NOT, STEP_ALL, STEP_ANY, STEP_COUNT };

struct step {
	uint8_t kind;
	uint8_t n_parts;   /* ALL, ANY, COUNT: how many results it takes */
	uint8_t least;	   /* COUNT */
	int16_t slot;	   /* RANGE, SET, KNOWN */
	int64_t low, high; /* RANGE; KNOWN: low is 1 for "is known" */
	uint64_t set;	   /* SET: bits of choices */
};

struct condition {
	size_t n_steps;
	struct step steps[];
};

/* --- evaluation --- */

static enum truth leaf(const struct step *s, int64_t value)
{
	if (s->kind == STEP_KNOWN)
		return (value != FACT_UNKNOWN) == (s->low == 1) ? TRUTH_YES : TRUTH_NO;
	if (value == FACT_UNKNOWN)
		return TRUTH_UNKNOWN;
	if (s->kind == STEP_RANGE)
		return value >= s->low && value <= s->high ? TRUTH_YES : TRUTH_NO;
	return value < 64 && (s->set >> value & 1) != 0 ? TRUTH_YES : TRUTH_NO;
}

static enum truth joined(const struct step *s, const uint8_t *parts)
{
	size_t n_yes = 0;
	size_t n_unknown = 0;
	for (size_t i = 0; i < s->n_parts; i++) {
		n_yes += parts[i] == TRUTH_YES;
		n_unknown += parts[i] == TRUTH_UNKNOWN;
	}
	/* all: so many as there are; any: one. */
	const size_t least = s->kind == STEP_ALL ? s->n_parts : s->kind == STEP_ANY ? 1 : s->least;
	if (n_yes >= least)
		return TRUTH_YES;
	return n_yes + n_unknown >= least ? TRUTH_UNKNOWN : TRUTH_NO;
}

enum truth condition_truth(const struct condition *c, const struct facts *f)
{
	uint8_t stack[CONDITION_STEPS_MAX] = { TRUTH_UNKNOWN };
	size_t n = 0;
	for (size_t i = 0; i < c->n_steps; i++) {
		const struct step *s = &c->steps[i];
		if (s->kind < STEP_NOT) {
			stack[n++] = (uint8_t)leaf(s, f->at[s->slot]);
			continue;
		}
		/* The compiler of conditions made sure that each step finds its parts. */
		assert(n >= (s->kind == STEP_NOT ? 1U : s->n_parts));
		if (s->kind == STEP_NOT) {
			stack[n - 1] = (uint8_t)(TRUTH_YES - stack[n - 1]);
		} else {
			n -= s->n_parts;
			stack[n] = (uint8_t)joined(s, &stack[n]);
			n++;
		}
	}
	return (enum truth)stack[0];
}

void condition_wants(const struct condition *c, uint64_t bits[FACT_WORDS])
{
	for (size_t i = 0; i < c->n_steps; i++)
		if (c->steps[i].kind < STEP_NOT)
			bits[c->steps[i].slot / 64] |= 1ULL << (c->steps[i].slot % 64);
}

bool condition_band(const struct condition *c, int *out_slot, int64_t *out_low, int64_t *out_high)
{
	if (c->n_steps != 1 || c->steps[0].kind != STEP_RANGE)
		return false;
	*out_slot = c->steps[0].slot;
	*out_low = c->steps[0].low;
	*out_high = c->steps[0].high;
	return true;
}

/* --- compilation --- */

struct compiler {
	const struct fact_catalogue *catalogue;
	struct step steps[CONDITION_STEPS_MAX];
	size_t n;
	struct error *e;
};

static const char *const leaf_keys[] = { "fact", "at_least", "above", "at_most", "below", "is",
	"in", "known", NULL };

static enum status add(struct compiler *k, const char *at, struct step s)
{
	if (k->n == CONDITION_STEPS_MAX)
		return error_set(k->e, E_INVALID, "%s: more than %d steps in one condition", at,
			(int)CONDITION_STEPS_MAX);
	k->steps[k->n++] = s;
	return OK;
}

static enum status read_fact(struct compiler *k, struct json_place in, int *out_slot)
{
	char near[RULE_NEAR_MAX];
	const char *key = NULL;
	TRY(json_get_text(in, "fact", JSON_REQUIRED, &key, k->e));
	*out_slot = fact_slot(k->catalogue, key);
	if (*out_slot >= 0)
		return OK;
	if (catalogue_near(k->catalogue, key, near)[0] != '\0')
		return error_set(
			k->e, E_INVALID, "%s.fact: no fact '%s'; near it: %s", in.at, key, near);
	return error_set(k->e, E_INVALID, "%s.fact: no fact '%s'", in.at, key);
}

static enum status choice_of(const struct fact_row *row, const json_t *value, const char *path,
	int64_t *out, struct error *e)
{
	const char *word = json_string_value(value);
	for (size_t i = 0; word != NULL && i < row->n_choices; i++) {
		if (strcmp(row->choices[i].key, word) == 0) {
			*out = (int64_t)i;
			return OK;
		}
	}
	return error_set(e, E_INVALID, "%s: no choice of the fact '%s'", path, row->key);
}

/* A value to compare with, in the fact's own unit. */
static enum status operand(const struct fact_row *row, const json_t *value, const char *path,
	int64_t *out, struct error *e)
{
	switch (row->kind) {
	case FACT_CHOICE:
		return choice_of(row, value, path, out, e);
	case FACT_YES_NO:
		if (!json_is_boolean(value))
			return error_set(e, E_INVALID, "%s: neither true nor false", path);
		*out = json_is_true(value) ? 1 : 0;
		return OK;
	case FACT_SHARE:
		if (!json_is_number(value) || !(json_number_value(value) >= 0) ||
			json_number_value(value) > 1)
			return error_set(e, E_INVALID, "%s: not a share from 0 to 1", path);
		*out = llround(json_number_value(value) * (double)FACT_SHARE_ONE);
		return OK;
	case FACT_TIME:
		return error_set(e, E_INVALID, "%s: a time can only be known or unknown", path);
	case FACT_COUNT:
	case FACT_MONEY:
	case FACT_MINUTES:
		break;
	}
	if (!json_is_integer(value) || json_integer_value(value) < 0)
		return error_set(e, E_INVALID, "%s: not a whole number, 0 or more", path);
	*out = json_integer_value(value);
	/* One more than what is believed is the end of "below". */
	if (*out > row->most)
		return error_set(e, E_INVALID, "%s: above %lld, the most that '%s' can be", path,
			(long long)row->most, row->key);
	return OK;
}

static enum status read_set(struct compiler *k, struct json_place in, const struct fact_row *row,
	json_t *list, struct step *s)
{
	char path[RULE_PATH_MAX], item[RULE_PATH_MAX];
	(void)rule_path(path, in.at, "in");
	if (row->kind != FACT_CHOICE || !json_is_array(list) || json_array_size(list) == 0)
		return error_set(k->e, E_INVALID,
			"%s: must be a list of choices of a fact that has them", path);
	s->kind = STEP_SET;
	for (size_t i = 0; i < json_array_size(list); i++) {
		int64_t choice = 0;
		TRY(choice_of(
			row, json_array_get(list, i), rule_item(item, path, i), &choice, k->e));
		if ((s->set >> choice & 1) != 0)
			return error_set(k->e, E_INVALID, "%s: there twice", item);
		s->set |= 1ULL << choice;
	}
	return OK;
}

/* at_least, above, at_most, below: at most one for each end. */
static enum status read_range(
	struct compiler *k, struct json_place in, const struct fact_row *row, struct step *s)
{
	static const struct {
		const char *key;
		bool lower;
		int64_t step;
	} ends[] = { { "at_least", true, 0 }, { "above", true, 1 }, { "at_most", false, 0 },
		{ "below", false, -1 } };
	size_t n_ends[2] = { 0, 0 };
	char path[RULE_PATH_MAX];
	s->kind = STEP_RANGE;
	s->low = INT64_MIN;
	s->high = INT64_MAX;
	for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
		const json_t *value = json_object_get(in.object, ends[i].key);
		int64_t n = 0;
		if (value == NULL)
			continue;
		(void)rule_path(path, in.at, ends[i].key);
		if (row->kind == FACT_YES_NO || (row->kind == FACT_CHOICE && !row->ordered))
			return error_set(k->e, E_INVALID, "%s: '%s' has no order", path, row->key);
		if (n_ends[ends[i].lower]++ > 0)
			return error_set(k->e, E_INVALID, "%s: this end is given twice", path);
		TRY(operand(row, value, path, &n, k->e));
		*(ends[i].lower ? &s->low : &s->high) = n + ends[i].step;
	}
	if (n_ends[0] + n_ends[1] == 0)
		return error_set(k->e, E_INVALID,
			"%s: compares with nothing: at_least, above, at_most, below, is, in or "
			"known",
			in.at);
	if (s->low > s->high || s->low > row->most || s->high < 0)
		return error_set(k->e, E_INVALID, "%s: no value can lie in it", in.at);
	return OK;
}

static enum status compile_leaf(struct compiler *k, struct json_place in)
{
	char path[RULE_PATH_MAX];
	int slot = -1;
	TRY(json_only_keys(in, leaf_keys, k->e));
	TRY(read_fact(k, in, &slot));
	const struct fact_row *row = &k->catalogue->rows[slot];
	struct step s = { .slot = (int16_t)slot };
	json_t *is = json_object_get(in.object, "is");
	json_t *set = json_object_get(in.object, "in");
	json_t *known = json_object_get(in.object, "known");
	if ((is != NULL || set != NULL || known != NULL) && json_object_size(in.object) != 2)
		return error_set(k->e, E_INVALID, "%s: is, in and known stand alone", in.at);
	if (is != NULL) {
		s.kind = STEP_RANGE;
		TRY(operand(row, is, rule_path(path, in.at, "is"), &s.low, k->e));
		s.high = s.low;
	} else if (set != NULL) {
		TRY(read_set(k, in, row, set, &s));
	} else if (known != NULL) {
		s.kind = STEP_KNOWN;
		if (!json_is_boolean(known))
			return error_set(
				k->e, E_INVALID, "%s.known: neither true nor false", in.at);
		s.low = json_is_true(known) ? 1 : 0;
	} else {
		TRY(read_range(k, in, row, &s));
	}
	return add(k, in.at, s);
}

static enum status compile(struct compiler *k, struct json_place in, unsigned depth);

/* The parts of a list, then the step that joins them. */
static enum status compile_list(
	struct compiler *k, json_t *list, const char *at, struct step s, unsigned depth)
{
	char item[RULE_PATH_MAX];
	const size_t n = json_is_array(list) ? json_array_size(list) : 0;
	if (n == 0 || n > CONDITION_STEPS_MAX)
		return error_set(k->e, E_INVALID, "%s: must be a list of conditions", at);
	for (size_t i = 0; i < n; i++) {
		struct json_place part = { json_array_get(list, i), rule_item(item, at, i) };
		TRY(compile(k, part, depth + 1));
	}
	s.n_parts = (uint8_t)n;
	return add(k, at, s);
}

static enum status compile_count(struct compiler *k, struct json_place in, unsigned depth)
{
	static const char *const known[] = { "at_least", "of", NULL };
	char path[RULE_PATH_MAX];
	json_t *of = NULL;
	int64_t least = 0;
	if (!json_is_object(in.object))
		return error_set(k->e, E_INVALID, "%s: must have at_least and of", in.at);
	TRY(json_only_keys(in, known, k->e));
	TRY(rule_list(in, "of", JSON_REQUIRED, CONDITION_STEPS_MAX, &of, k->e));
	TRY(rule_int(in, "at_least", JSON_REQUIRED, 1, (int64_t)json_array_size(of), &least, k->e));
	const struct step s = { .kind = STEP_COUNT, .least = (uint8_t)least };
	return compile_list(k, of, rule_path(path, in.at, "of"), s, depth);
}

static enum status compile(struct compiler *k, struct json_place in, unsigned depth)
{
	char path[RULE_PATH_MAX];
	if (!json_is_object(in.object) || json_object_size(in.object) == 0)
		return error_set(k->e, E_INVALID, "%s: not a condition", in.at);
	if (depth > CONDITION_DEPTH_MAX)
		return error_set(
			k->e, E_INVALID, "%s: conditions within conditions too deep", in.at);
	if (json_object_get(in.object, "fact") != NULL)
		return compile_leaf(k, in);
	const char *word = json_object_iter_key(json_object_iter(in.object));
	json_t *value = json_object_get(in.object, word);
	(void)rule_path(path, in.at, word);
	if (json_object_size(in.object) != 1)
		return error_set(
			k->e, E_INVALID, "%s: more than one of all, any, not, count", in.at);
	if (strcmp(word, "all") == 0)
		return compile_list(k, value, path, (struct step){ .kind = STEP_ALL }, depth);
	if (strcmp(word, "any") == 0)
		return compile_list(k, value, path, (struct step){ .kind = STEP_ANY }, depth);
	if (strcmp(word, "count") == 0)
		return compile_count(k, (struct json_place){ value, path }, depth);
	if (strcmp(word, "not") != 0)
		return error_set(k->e, E_INVALID, "%s: must be fact, all, any, not or count", path);
	TRY(compile(k, (struct json_place){ value, path }, depth + 1));
	return add(k, path, (struct step){ .kind = STEP_NOT });
}

enum status condition_compile(const struct fact_catalogue *c, json_t *value, const char *at,
	struct pool *p, const struct condition **out, struct error *e)
{
	struct compiler k = { .catalogue = c, .e = e };
	TRY(compile(&k, (struct json_place){ value, at }, 0));
	struct condition *made = pool_take(p, 1, sizeof *made + k.n * sizeof made->steps[0]);
	if (made == NULL)
		return rule_no_memory(e);
	made->n_steps = k.n;
	memcpy(made->steps, k.steps, k.n * sizeof k.steps[0]);
	*out = made;
	return OK;
}
