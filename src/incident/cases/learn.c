/*
 * Between fields and facts, both ways.
 */
#include "incident/cases/learn.h"

#include <math.h>
#include <string.h>

static bool is_free_text(enum form_type type)
{
	return type == FORM_TEXT || type == FORM_LIST || type == FORM_PHONE ||
	       type == FORM_SIGNATURE || type == FORM_FILES;
}

static const struct fact_row *fact_of(const struct desk *d, const char *key)
{
	const struct fact_catalogue *c = profile_facts(d->c->profiles);
	const int slot = fact_slot(c, key);
	return slot < 0 ? NULL : &c->rows[slot];
}

/* Does the field ask for a fact, or for the grade? */
static bool is_bound(const struct desk *d, const struct form_field *field)
{
	if (is_free_text(field->type) || field->n_sources == 0)
		return false;
	if (strcmp(field->from, LEARN_GRADE_KEY) == 0)
		return true;
	for (size_t i = 0; i < field->n_sources; i++)
		if (fact_of(d, field->sources[i].key) == NULL)
			return false;
	return field->type == FORM_AMOUNT || field->n_sources == 1;
}

/* The fields as they would be filled from nothing. */
static enum status fill_anew(const struct desk *d, const struct form *f, const struct known *k,
	json_t **out_fields, struct error *e)
{
	json_t *filled = json_object();
	TRY(json_keep(d->pool, filled, e));
	TRY(form_prefill(f, k->notice, k->facts, filled, d->now.wall_ns, e));
	*out_fields = json_object_get(filled, "fields");
	return OK;
}

static json_t *value_in(const json_t *fields, const char *key)
{
	return json_object_get(json_object_get(fields, key), "value");
}

static const char *chosen(const json_t *value)
{
	return json_string_value(json_is_object(value) ? json_object_get(value, "choice") : value);
}

/* Place of the choice in the fact's order, -1 none. */
static int choice_place(const struct fact_row *fact, const json_t *value)
{
	const char *key = chosen(value);
	for (size_t i = 0; key != NULL && i < fact->n_choices; i++)
		if (strcmp(fact->choices[i].key, key) == 0)
			return (int)i;
	return -1;
}

/* Of several the gravest, where the fact has an order. */
static json_t *choice_fact(const struct fact_row *fact, const json_t *value)
{
	int best = -1;
	if (fact->kind == FACT_YES_NO) {
		const char *key = chosen(value);
		if (key == NULL || (strcmp(key, "yes") != 0 && strcmp(key, "no") != 0))
			return NULL;
		return json_boolean(strcmp(key, "yes") == 0);
	}
	if (fact->kind != FACT_CHOICE)
		return NULL;
	if (!json_is_array(value))
		best = choice_place(fact, value);
	else if (!fact->ordered && json_array_size(value) != 1)
		return NULL;
	for (size_t i = 0; i < json_array_size(value); i++) {
		const int place = choice_place(fact, json_array_get(value, i));
		best = place > best ? place : best;
	}
	return best < 0 ? NULL : json_string(fact->choices[best].key);
}

static json_t *amount_in_unit(const json_t *value, const char *unit)
{
	const json_t *one = value;
	for (size_t i = 0; i < json_array_size(value); i++) {
		const json_t *item = json_array_get(value, i);
		const char *its = json_string_value(json_object_get(item, "unit"));
		if (its != NULL && strcmp(its, unit) == 0)
			one = item;
	}
	const char *its = json_string_value(json_object_get(one, "unit"));
	return its != NULL && strcmp(its, unit) == 0 ? json_object_get(one, "number") : NULL;
}

static json_t *amount_fact(
	const struct fact_row *fact, const struct form_source *s, const json_t *value)
{
	const json_t *number = amount_in_unit(value, s->unit);
	const double x = json_number_value(number) * (double)s->divisor;
	const bool whole =
		fact->kind == FACT_COUNT || fact->kind == FACT_MONEY || fact->kind == FACT_MINUTES;
	if (number == NULL || !whole || !(x >= 0 && x < 9e18))
		return NULL;
	return json_integer((json_int_t)llround(x));
}

static json_t *fact_from(
	const struct fact_row *fact, const struct form_field *field, size_t source, json_t *value)
{
	switch (field->type) {
	case FORM_DATETIME:
		return fact->kind == FACT_TIME ? json_incref(value) : NULL;
	case FORM_CHOICE:
	case FORM_CHOICES:
		return choice_fact(fact, value);
	case FORM_AMOUNT:
		return amount_fact(fact, &field->sources[source], value);
	case FORM_TEXT:
	case FORM_PHONE:
	case FORM_LIST:
	case FORM_SIGNATURE:
	case FORM_FILES:
		return NULL;
	}
	return NULL;
}

/* --- both ways -------------------------------------------------------------------------------- */

/* Does what a field says agree with what is known? */
static bool is_known(const json_t *said, const json_t *known)
{
	int64_t x = 0, y = 0;
	const json_t *plain = json_is_object(known) ? json_object_get(known, "key") : known;
	if (plain == NULL)
		return false;
	/* A time is the same in another zone, and to the second. */
	if (json_is_string(said) && json_is_string(plain) &&
		time_parse(view_of(json_string_value(said)), &x) &&
		time_parse(view_of(json_string_value(plain)), &y))
		return x / NS_PER_S == y / NS_PER_S;
	return json_equal(said, plain);
}

struct comparing {
	const struct desk *desk;
	const struct known *known;
	json_t *learned; /* NULL: only look */
	bool differs;
};

/* A field that says nothing of the fact (an amount in another unit) does not contradict it. */
static enum status compare_field(
	struct comparing *w, const struct form_field *field, json_t *value, struct error *e)
{
	w->differs = false;
	for (size_t i = 0; i < field->n_sources; i++) {
		const struct fact_row *fact = fact_of(w->desk, field->sources[i].key);
		AUTO_JSON json_t *said = fact == NULL ? NULL : fact_from(fact, field, i, value);
		if (said == NULL || is_known(said, json_object_get(w->known->facts, fact->key)))
			continue;
		w->differs = true;
		if (w->learned != NULL && json_object_set(w->learned, fact->key, said) != 0)
			return case_no_memory(e);
	}
	return OK;
}

static bool says_another_grade(const struct known *k, const json_t *value)
{
	const json_t *grade = json_object_get(json_object_get(k->notice, LEARN_GRADE_KEY), "key");
	return grade != NULL && !json_equal(grade, value);
}

/* Only facts that are known are put in: what nobody knows yet stays as the form has it. */
static bool all_known(const struct known *k, const struct form_field *field)
{
	for (size_t i = 0; i < field->n_sources; i++)
		if (json_object_get(k->facts, field->sources[i].key) == NULL)
			return false;
	return true;
}

enum status learn_refresh(const struct desk *d, const struct form *f, const struct known *k,
	json_t *filled, struct error *e)
{
	json_t *now = NULL;
	json_t *fields = json_object_get(filled, "fields");
	struct comparing w = { .desk = d, .known = k };
	TRY(fill_anew(d, f, k, &now, e));
	for (size_t i = 0; i < f->n_fields; i++) {
		const struct form_field *field = &f->fields[i];
		json_t *value = value_in(fields, field->key);
		json_t *anew = json_object_get(now, field->key);
		if (value == NULL || anew == NULL)
			continue;
		if (field->type == FORM_TEXT)
			TRY(learn_lines(d, k, &(struct form_lines){ f, field, anew },
				json_object_get(fields, field->key), e));
		if (!is_bound(d, field))
			continue;
		TRY(compare_field(&w, field, value, e));
		const bool stale = strcmp(field->from, LEARN_GRADE_KEY) == 0
					   ? says_another_grade(k, value)
					   : w.differs && all_known(k, field);
		if (stale && json_object_set(fields, field->key, anew) != 0)
			return case_no_memory(e);
	}
	return OK;
}

enum status learn_facts(const struct desk *d, const struct form *f, const struct known *k,
	json_t *filled, json_t **out, struct error *e)
{
	json_t *fields = json_object_get(filled, "fields");
	struct comparing w = { .desk = d, .known = k, .learned = json_object() };
	TRY(json_keep(d->pool, w.learned, e));
	for (size_t i = 0; i < f->n_fields; i++) {
		json_t *value = value_in(fields, f->fields[i].key);
		if (value != NULL && is_bound(d, &f->fields[i]))
			TRY(compare_field(&w, &f->fields[i], value, e));
	}
	*out = w.learned;
	return OK;
}

const char *learn_field(const struct form *f, const char *fact)
{
	for (size_t i = 0; i < f->n_fields; i++)
		for (size_t k = 0; k < f->fields[i].n_sources; k++)
			if (!is_free_text(f->fields[i].type) &&
				strcmp(f->fields[i].sources[k].key, fact) == 0)
				return f->fields[i].key;
	return fact;
}
