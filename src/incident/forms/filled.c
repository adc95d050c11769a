/*
 * The filled form as it grows: what is already known put in, what a person changed merged, what is
 * still missing named.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/utf8.h"
#include "incident/forms/form_value.h"

enum { REASON_BYTES_MAX = 1000 };
#define CLOCK_ERROR_NS (5 * 60 * NS_PER_S)

static enum status no_memory(struct error *e)
{
	return error_set(e, E_NO_SPACE, "no memory for the form");
}

/* The object under the key, made where it is not there. */
static json_t *object_in(json_t *filled, const char *key)
{
	json_t *object = json_object_get(filled, key);
	if (json_is_object(object))
		return object;
	if (json_object_set_new(filled, key, json_object()) != 0)
		return NULL;
	return json_object_get(filled, key);
}

static enum status set_head(
	const struct form *f, json_t *filled, json_t **out_fields, struct error *e)
{
	*out_fields = object_in(filled, "fields");
	if (*out_fields == NULL || json_object_set_new(filled, "form", json_string(f->id)) != 0 ||
		json_object_set_new(filled, "version", json_integer(f->version)) != 0)
		return no_memory(e);
	return OK;
}

/* --- merge ------------------------------------------------------------------------------------ */

struct merging {
	const struct form *form;
	const struct form_field *field;
	json_t *before; /* the field as it was; NULL */
	int64_t now_ns;
	struct pool *pool;
	struct field_faults *faults;
	struct error *e;
};

static bool is_wrapped(const json_t *change)
{
	return json_object_get(change, "value") != NULL ||
	       json_object_get(change, "unknown_reason") != NULL ||
	       json_object_get(change, "as_of") != NULL ||
	       json_object_get(change, "estimate") != NULL;
}

static void fault(const struct merging *m, const char *what)
{
	field_fault_add(m->faults, m->pool, m->field->key, "%s", what);
}

static enum status take_reason(const struct merging *m, json_t *reason, json_t *into)
{
	if (reason == NULL || json_is_null(reason))
		return OK;
	if (!json_is_string(reason)) {
		fault(m, _("unknown_reason is not text"));
		return OK;
	}
	const struct view v =
		view_trim((struct view){ json_string_value(reason), json_string_length(reason) });
	if (v.len > REASON_BYTES_MAX) {
		fault(m, _("unknown_reason is longer than 1000 bytes"));
		return OK;
	}
	const enum text_flaw flaw = text_flaw_of(v, TEXT_SEVERAL_LINES);
	if (flaw != TEXT_SOUND) {
		fault(m, text_flaw_words(flaw));
		return OK;
	}
	if (v.len == 0)
		return OK;
	if (!m->field->may_be_unknown) {
		fault(m, _("may not be left unknown"));
		return OK;
	}
	return json_object_set_new(into, "unknown_reason", json_stringn(v.at, v.len)) != 0
		       ? no_memory(m->e)
		       : OK;
}

static enum status take_as_of(const struct merging *m, json_t *as_of, json_t *into)
{
	int64_t at_ns = 0;
	if (as_of == NULL || json_is_null(as_of))
		return OK;
	if (!json_is_string(as_of) || !time_parse(view_of(json_string_value(as_of)), &at_ns))
		fault(m, _("as_of is not a time like 2026-11-24T14:23:00+08:00"));
	else if (at_ns > m->now_ns && at_ns - m->now_ns > CLOCK_ERROR_NS)
		fault(m, _("as_of lies in the future"));
	else if (json_object_set(into, "as_of", as_of) != 0)
		return no_memory(m->e);
	return OK;
}

static enum status take_estimate(const struct merging *m, json_t *estimate, json_t *into)
{
	if (estimate == NULL || json_is_null(estimate))
		return OK;
	if (!json_is_boolean(estimate))
		fault(m, _("estimate is neither true nor false"));
	else if (json_is_true(estimate) && !m->field->may_be_estimate)
		fault(m, _("may not be an estimate"));
	else if (json_is_true(estimate) && json_object_set_new(into, "estimate", json_true()) != 0)
		return no_memory(m->e);
	return OK;
}

/* The field as it is to be kept; *out NULL where the change takes it out. */
static enum status read_change(const struct merging *m, json_t *change, json_t **out)
{
	static const char *const known[] = { "value", "estimate", "unknown_reason", "as_of", NULL };
	AUTO_JSON json_t *kept = json_object();
	const bool wrapped = json_is_object(change) && is_wrapped(change);
	json_t *value = wrapped ? json_object_get(change, "value") : change;
	json_t *read = NULL;
	const struct value_reader r = { m->field, m->now_ns, m->pool, m->faults };
	if (kept == NULL)
		return no_memory(m->e);
	if (wrapped && json_only_keys((struct json_place){ change, "" }, known, NULL) != OK)
		fault(m, _("has other keys than value, estimate, unknown_reason and as_of"));
	if (value != NULL && !json_is_null(value))
		TRY(form_value_read(&r, value, &read, m->e));
	if (read != NULL && json_object_set_new(kept, "value", read) != 0)
		return no_memory(m->e);
	if (wrapped) {
		TRY(take_reason(m, json_object_get(change, "unknown_reason"), kept));
		TRY(take_as_of(m, json_object_get(change, "as_of"), kept));
		TRY(take_estimate(m, json_object_get(change, "estimate"), kept));
	}
	if (read != NULL && json_object_get(kept, "unknown_reason") != NULL)
		fault(m, _("has a value, and a reason why it is unknown"));
	if (read == NULL)
		(void)json_object_del(kept, "estimate"); /* of nothing */
	if (read == NULL && json_object_get(kept, "unknown_reason") == NULL) {
		*out = NULL;
		return OK;
	}
	*out = TAKE(kept);
	return OK;
}

static bool same_but_for_its_time(const json_t *a, const json_t *b)
{
	static const char *const keys[] = { "value", "estimate", "unknown_reason" };
	for (size_t i = 0; i < COUNT_OF(keys); i++) {
		const json_t *x = json_object_get(a, keys[i]);
		const json_t *y = json_object_get(b, keys[i]);
		if ((x == NULL) != (y == NULL) || (x != NULL && !json_equal(x, y)))
			return false;
	}
	return true;
}

static enum status put_change(const struct merging *m, json_t *change, json_t *fields)
{
	AUTO_JSON json_t *kept = NULL;
	TRY(read_change(m, change, &kept));
	if (kept == NULL) {
		(void)json_object_del(fields, m->field->key); /* it may be absent */
		return OK;
	}
	if (json_object_get(kept, "as_of") == NULL) {
		if (m->before != NULL && same_but_for_its_time(m->before, kept))
			return OK;
		const char *now = form_time_at(m->now_ns, m->form->utc_offset_minutes, m->pool);
		if (now == NULL || json_object_set_new(kept, "as_of", json_string(now)) != 0)
			return no_memory(m->e);
	}
	return json_object_set(fields, m->field->key, kept) != 0 ? no_memory(m->e) : OK;
}

/* As on paper: the fields lie in the form's order, whatever the order of answering; what an older
 * version of the form asked stays behind them. */
static enum status put_in_order(const struct form *f, json_t *fields, json_t **out, struct error *e)
{
	AUTO_JSON json_t *ordered = json_object();
	for (size_t i = 0; ordered != NULL && i < f->n_fields; i++) {
		json_t *one = json_object_get(fields, f->fields[i].key);
		if (one != NULL && json_object_set(ordered, f->fields[i].key, one) != 0)
			return no_memory(e);
	}
	if (ordered == NULL || json_object_update_missing(ordered, fields) != 0)
		return no_memory(e);
	*out = TAKE(ordered);
	return OK;
}

static bool fits_as_a_whole(const json_t *fields)
{
	AUTO_BUF struct buf text;
	buf_init(&text, FILLED_BYTES_MAX);
	return json_write(fields, &text, NULL) == OK;
}

enum status form_merge(const struct form *f, json_t *filled, json_t *changes, int64_t now_ns,
	struct pool *p, struct field_faults *faults, struct error *e)
{
	struct merging m = { .form = f, .now_ns = now_ns, .pool = p, .faults = faults, .e = e };
	const size_t n_before = faults->n + faults->n_more;
	json_t *fields = NULL;
	const char *key;
	json_t *change;
	TRY(set_head(f, filled, &fields, e));
	AUTO_JSON json_t *merged = json_copy(fields);
	AUTO_JSON json_t *ordered = NULL;
	if (merged == NULL)
		return no_memory(e);
	if (changes != NULL && !json_is_object(changes))
		field_fault_add(faults, p, "fields", "%s", _("is not an object of fields"));
	json_object_foreach(changes, key, change)
	{
		m.field = form_field_named(f, key);
		m.before = json_object_get(fields, key);
		if (m.field == NULL)
			field_fault_add(faults, p, key, _("is no field of the form %s"), f->id);
		else
			TRY(put_change(&m, change, merged));
	}
	if (faults->n + faults->n_more > n_before)
		return OK;
	TRY(put_in_order(f, merged, &ordered, e));
	if (!fits_as_a_whole(ordered)) {
		field_fault_add(faults, p, "fields", _("are longer than %d bytes together"),
			FILLED_BYTES_MAX);
		return OK;
	}
	return json_object_set(filled, "fields", ordered) != 0 ? no_memory(e) : OK;
}

/* --- check ------------------------------------------------------------------------------------ */

/* What `required_if` compares with: the text, the key of a choice, the number, true or false. */
static bool given_is(const json_t *given, const char *wanted)
{
	char number[32];
	const json_t *value = json_is_object(given) ? json_object_get(given, "key") : given;
	if (json_is_string(value))
		return strcmp(json_string_value(value), wanted) == 0;
	if (json_is_boolean(value))
		return strcmp(json_is_true(value) ? "true" : "false", wanted) == 0;
	if (!json_is_integer(value))
		return false;
	(void)snprintf(number, sizeof number, "%lld", (long long)json_integer_value(value));
	return strcmp(number, wanted) == 0;
}

bool form_field_required(const struct form *f, const struct form_field *field, json_t *filled,
	const struct form_occasion *when)
{
	const int worst = field->worst_grade_required;
	if (!field->required ||
		form_stage(f, when->stage) < form_stage(f, field->required_from_stage))
		return false;
	if (worst != 0 && (when->tier == 0 || when->tier > worst))
		return false;
	return field->required_if_key == NULL ||
	       given_is(json_object_get(json_object_get(filled, "given"), field->required_if_key),
		       field->required_if_value);
}

static enum status check_field(const struct merging *m, json_t *one, bool required)
{
	AUTO_JSON json_t *read = NULL;
	const size_t n_before = m->faults->n + m->faults->n_more;
	if (one == NULL || json_is_null(one)) {
		if (required)
			fault(m, m->field->may_be_unknown
					 ? _("is missing; where it is not known yet, say why")
					 : _("is missing"));
		return OK;
	}
	TRY(read_change(m, one, &read));
	if (read == NULL && required && m->faults->n + m->faults->n_more == n_before)
		fault(m, _("is missing"));
	return OK;
}

enum status form_check(const struct form *f, json_t *filled, const struct form_occasion *when,
	struct pool *p, struct field_faults *faults, struct error *e)
{
	struct merging m = {
		.form = f, .now_ns = when->now_ns, .pool = p, .faults = faults, .e = e
	};
	const char *id = json_string_value(json_object_get(filled, "form"));
	json_t *fields = json_object_get(filled, "fields");
	if (id == NULL || strcmp(id, f->id) != 0)
		field_fault_add(faults, p, "form", _("is not %s"), f->id);
	if (form_stage(f, when->stage) < 0) {
		field_fault_add(faults, p, "stage", _("the form %s is not handed in as \"%.40s\""),
			f->id, when->stage);
		return OK;
	}
	for (size_t i = 0; i < f->n_fields; i++) {
		m.field = &f->fields[i];
		TRY(check_field(&m, json_object_get(fields, m.field->key),
			form_field_required(f, m.field, filled, when)));
	}
	return OK;
}
