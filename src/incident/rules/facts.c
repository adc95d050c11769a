/*
 * Facts from JSON and from "key=value", and back. One table-driven check of a value, then what two
 * facts say of each other; every fault is kept.
 */
#include "incident/rules/facts.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/utf8.h"
#include "incident/rules/catalogue.h"
#include "incident/rules/rule_read.h"

#define EARLIEST_NS (946684800LL * NS_PER_S) /* 2000-01-01: nobody reports what is older */
#define CLOCK_ERROR_NS (300 * NS_PER_S)
#define NS_PER_MINUTE (60 * NS_PER_S)

void facts_clear(struct facts *f)
{
	for (size_t i = 0; i < FACTS_MAX; i++)
		f->at[i] = FACT_UNKNOWN;
}

/* Where faults go: into a list, or the first one into an error. */
struct reading {
	const struct fact_catalogue *catalogue;
	int64_t now_ns;
	struct pool *pool;
	struct field_faults *faults;
};

static void fault(struct reading *r, const struct fact_row *row, const char *what)
{
	field_fault_add(r->faults, r->pool, row->key, "%s", what);
}

/* "a, b, c", for a refusal. */
static const char *choices_text(const struct fact_row *row, struct buf *out)
{
	for (size_t i = 0; i < row->n_choices; i++)
		buf_addf(out, "%s%s", i == 0 ? "" : ", ", row->choices[i].key);
	return buf_text(out);
}

static bool read_choice(
	struct reading *r, const struct fact_row *row, const json_t *value, int64_t *out)
{
	AUTO_BUF struct buf all;
	const char *word = json_string_value(value);
	buf_init(&all, 2048);
	for (size_t i = 0; word != NULL && i < row->n_choices; i++) {
		if (strcmp(row->choices[i].key, word) == 0) {
			*out = (int64_t)i;
			return true;
		}
	}
	field_fault_add(r->faults, r->pool, row->key, _("must be one of %s, or unknown"),
		choices_text(row, &all));
	return false;
}

static bool read_yes_no(
	struct reading *r, const struct fact_row *row, const json_t *value, int64_t *out)
{
	const char *word = json_string_value(value);
	if (json_is_boolean(value)) {
		*out = json_is_true(value) ? 1 : 0;
		return true;
	}
	if (word != NULL && (strcmp(word, "yes") == 0 || strcmp(word, "no") == 0)) {
		*out = word[0] == 'y' ? 1 : 0;
		return true;
	}
	fault(r, row, _("must be true, false or unknown"));
	return false;
}

static bool read_whole(
	struct reading *r, const struct fact_row *row, const json_t *value, int64_t *out)
{
	if (!json_is_integer(value)) {
		fault(r, row,
			json_is_real(value)
				? _("must be a whole number, without a point or an exponent")
				: _("must be a whole number or unknown"));
		return false;
	}
	const int64_t n = json_integer_value(value);
	if (n < 0) {
		fault(r, row, _("must not be negative"));
		return false;
	}
	if (n > row->most) {
		field_fault_add(r->faults, r->pool, row->key,
			_("must not be above %lld: more is not believed"), (long long)row->most);
		return false;
	}
	*out = n;
	return true;
}

static bool read_share(
	struct reading *r, const struct fact_row *row, const json_t *value, int64_t *out)
{
	const double share = json_is_number(value) ? json_number_value(value) : -1;
	if (!(share >= 0 && share <= 1)) {
		fault(r, row, _("must be a share from 0 to 1, such as 0.5, or unknown"));
		return false;
	}
	/* To the nearest: what twelve places cannot tell apart is an error of floating point. */
	*out = llround(share * (double)FACT_SHARE_ONE);
	return true;
}

static bool read_time(
	struct reading *r, const struct fact_row *row, const json_t *value, int64_t *out)
{
	int64_t ns = 0;
	if (!json_is_string(value) || !time_parse(view_of(json_string_value(value)), &ns)) {
		fault(r, row, _("must be a time such as 2026-11-24T08:30:00+08:00, or unknown"));
		return false;
	}
	if (ns < EARLIEST_NS) {
		fault(r, row, _("lies before the year 2000"));
		return false;
	}
	const int64_t ahead_ns = row->most > 0 ? row->most * NS_PER_MINUTE : CLOCK_ERROR_NS;
	if (ns > r->now_ns && ns - r->now_ns > ahead_ns) {
		fault(r, row,
			row->most > 0 ? _("lies too far in the future") : _("lies in the future"));
		return false;
	}
	*out = ns;
	return true;
}

static bool is_unknown(const json_t *value)
{
	return value == NULL || json_is_null(value) ||
	       (json_is_string(value) && strcmp(json_string_value(value), "unknown") == 0);
}

/* *out is FACT_UNKNOWN where the value says so; false where it is wrong. */
static bool read_value(
	struct reading *r, const struct fact_row *row, const json_t *value, int64_t *out)
{
	*out = FACT_UNKNOWN;
	if (is_unknown(value))
		return true;
	switch (row->kind) {
	case FACT_CHOICE:
		return read_choice(r, row, value, out);
	case FACT_YES_NO:
		return read_yes_no(r, row, value, out);
	case FACT_SHARE:
		return read_share(r, row, value, out);
	case FACT_TIME:
		return read_time(r, row, value, out);
	case FACT_COUNT:
	case FACT_MONEY:
	case FACT_MINUTES:
		break;
	}
	return read_whole(r, row, value, out);
}

/* What two facts say of each other. */
static void check_pairs(struct reading *r, const struct facts *f)
{
	const struct fact_catalogue *c = r->catalogue;
	for (size_t i = 0; i < c->n_rows; i++) {
		const struct fact_row *row = &c->rows[i];
		const int64_t value = f->at[i];
		if (value == FACT_UNKNOWN)
			continue;
		const int64_t above = row->not_above < 0 ? FACT_UNKNOWN : f->at[row->not_above];
		if (above != FACT_UNKNOWN && value > above)
			field_fault_add(r->faults, r->pool, row->key,
				row->kind == FACT_TIME ? _("is later than %s")
						       : _("is more than %s"),
				c->rows[row->not_above].key);
		const bool counts = row->kind == FACT_COUNT || row->kind == FACT_MONEY ||
				    row->kind == FACT_MINUTES || row->kind == FACT_YES_NO;
		if (row->only_if >= 0 && f->at[row->only_if] == 0 && !(counts && value == 0))
			field_fault_add(r->faults, r->pool, row->key,
				_("is given, although %s is no"), c->rows[row->only_if].key);
	}
}

static void check_keys(struct reading *r, json_t *object)
{
	char near[RULE_NEAR_MAX];
	const char *key;
	json_t *value;
	json_object_foreach(object, key, value)
	{
		if (fact_slot(r->catalogue, key) >= 0)
			continue;
		if (catalogue_near(r->catalogue, key, near)[0] != '\0')
			field_fault_add(r->faults, r->pool, key,
				_("is no fact that is known here; near it: %s"), near);
		else
			field_fault_add(
				r->faults, r->pool, key, "%s", _("is no fact that is known here"));
	}
}

enum status facts_read(const struct fact_catalogue *c, struct facts_input in, struct pool *p,
	struct facts *out, struct field_faults *faults, struct error *e)
{
	struct reading r = { c, in.now_ns, p, faults };
	if (!json_is_object(in.object))
		return error_set(e, E_INVALID, "facts are an object: {\"key\": value, …}");
	facts_clear(out);
	for (size_t i = 0; i < c->n_rows; i++) {
		const json_t *value = json_object_get(in.object, c->rows[i].key);
		if (!read_value(&r, &c->rows[i], value, &out->at[i]))
			out->at[i] = FACT_UNKNOWN;
	}
	check_pairs(&r, out);
	if (in.keys == FACTS_ONLY)
		check_keys(&r, in.object);
	return OK;
}

/* The right side of an assignment: JSON, or a bare word. NULL where memory is short. */
static json_t *assigned(const char *text)
{
	json_t *value = json_loads(text, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, NULL);
	return value != NULL ? value : json_string(text);
}

static enum status no_such_fact(const struct fact_catalogue *c, const char *key, struct error *e)
{
	char near[RULE_NEAR_MAX];
	if (catalogue_near(c, key, near)[0] != '\0')
		return error_set(e, E_INVALID, "no fact '%s'; near it: %s", key, near);
	return error_set(e, E_INVALID, "no fact '%s'", key);
}

enum status facts_set(const struct fact_catalogue *c, struct facts *f, const char *assignment,
	int64_t now_ns, struct error *e)
{
	enum { POOL_BYTES = 256 * 1024 };
	char key[RULE_KEY_MAX + 1];
	const char *equals = strchr(assignment, '=');
	const size_t len = equals == NULL ? 0 : (size_t)(equals - assignment);
	if (len == 0 || len > RULE_KEY_MAX ||
		text_flaw_of(view_of(assignment), TEXT_ONE_LINE) != TEXT_SOUND)
		return error_set(e, E_INVALID, "a fact is set as key=value");
	memcpy(key, assignment, len);
	key[len] = '\0';
	const int slot = fact_slot(c, key);
	if (slot < 0)
		return no_such_fact(c, key, e);
	AUTO(pool_free) struct pool *p = pool_new(POOL_BYTES);
	AUTO_JSON json_t *value = assigned(equals + 1);
	struct field_faults *faults = p == NULL ? NULL : pool_take(p, 1, sizeof *faults);
	struct facts *changed = p == NULL ? NULL : pool_take(p, 1, sizeof *changed);
	if (faults == NULL || changed == NULL || value == NULL)
		return error_set(e, E_NO_SPACE, "no memory for a fact");
	struct reading r = { c, now_ns, p, faults };
	*changed = *f;
	if (read_value(&r, &c->rows[slot], value, &changed->at[slot]))
		check_pairs(&r, changed);
	TRY(field_faults_error(faults, e));
	*f = *changed;
	return OK;
}

static json_t *value_to_json(const struct fact_row *row, int64_t value)
{
	char text[TIME_TEXT_MAX];
	switch (row->kind) {
	case FACT_CHOICE:
		return value >= 0 && (size_t)value < row->n_choices
			       ? json_string(row->choices[value].key)
			       : NULL;
	case FACT_YES_NO:
		return json_boolean(value != 0);
	case FACT_SHARE:
		return json_real((double)value / (double)FACT_SHARE_ONE);
	case FACT_TIME:
		return json_string(time_text(value, text));
	case FACT_COUNT:
	case FACT_MONEY:
	case FACT_MINUTES:
		break;
	}
	return json_integer(value);
}

enum status facts_to_json(
	const struct fact_catalogue *c, const struct facts *f, json_t **out, struct error *e)
{
	AUTO_JSON json_t *object = json_object();
	for (size_t i = 0; object != NULL && i < c->n_rows; i++) {
		if (f->at[i] == FACT_UNKNOWN)
			continue;
		if (json_object_set_new(
			    object, c->rows[i].key, value_to_json(&c->rows[i], f->at[i])) != 0)
			return error_set(e, E_NO_SPACE, "no memory for the facts");
	}
	if (object == NULL)
		return error_set(e, E_NO_SPACE, "no memory for the facts");
	*out = TAKE(object);
	return OK;
}
