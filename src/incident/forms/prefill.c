/*
 * What is known already, put into the fields that ask for it. Nothing here is a judgement: a value
 * that does not fit its field is left to a person.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "incident/forms/form_value.h"

enum { COMPOSED_BYTES_MAX = 32 * 1024 };

static enum status no_memory(struct error *e)
{
	return error_set(e, E_NO_SPACE, "no memory for the form");
}

struct prefilling {
	const struct form *form;
	json_t *notice;
	json_t *facts;
	int64_t now_ns;
	struct pool *pool;
	struct error *e;
};

/* The facts win: they are what is known now, the notice what was said first. */
static json_t *known_value(const struct prefilling *w, const char *key)
{
	json_t *value = json_object_get(w->facts, key);
	if (value == NULL || json_is_null(value))
		value = json_object_get(w->notice, key);
	return json_is_null(value) ? NULL : value;
}

static json_t *divided(json_t *value, int64_t divisor)
{
	if (divisor == 1 || !json_is_number(value))
		return json_incref(value);
	const double x = json_number_value(value) / (double)divisor;
	return floor(x) == x ? json_integer((json_int_t)x) : json_real(x);
}

/* A value as text in the form's own language. */
static enum status add_words(
	const struct prefilling *w, const struct form_source *s, json_t *value, struct buf *out)
{
	const bool zh = w->form->composed_in_chinese;
	AUTO_JSON json_t *shown = divided(value, s->divisor);
	if (shown == NULL)
		return no_memory(w->e);
	if (json_is_object(shown)) {
		const char *label = json_string_value(json_object_get(shown, zh ? "zh" : "en"));
		buf_add_text(out, label == NULL ? "" : label);
	} else if (json_is_string(shown)) {
		int64_t at_ns = 0;
		const char *text = json_string_value(shown);
		if (time_parse(view_of(text), &at_ns))
			text = form_time_text(
				form_time_at(at_ns, w->form->utc_offset_minutes, w->pool), zh,
				w->pool);
		buf_add_text(out, text);
	} else if (json_is_boolean(shown)) {
		buf_add_text(out, json_is_true(shown) ? (zh ? "是" : "yes") : (zh ? "否" : "no"));
	} else if (json_is_integer(shown)) {
		buf_addf(out, "%lld", (long long)json_integer_value(shown));
	} else if (json_is_real(shown)) {
		buf_addf(out, "%.15g", json_real_value(shown));
	}
	return OK;
}

static enum status compose(const struct prefilling *w, const struct form_field *field, json_t **out)
{
	AUTO_BUF struct buf text;
	const bool zh = w->form->composed_in_chinese;
	buf_init(&text, COMPOSED_BYTES_MAX);
	for (size_t i = 0; i < field->n_sources; i++) {
		const struct form_source *s = &field->sources[i];
		const char *label = zh ? s->label.zh : s->label.en;
		json_t *value = known_value(w, s->key);
		if (value == NULL)
			continue;
		buf_add_text(&text, text.len == 0     ? ""
				    : field->one_line ? (zh ? "；" : "; ")
						      : "\n");
		if (label[0] != '\0')
			buf_addf(&text, "%s%s", label, zh ? "：" : ": ");
		TRY(add_words(w, s, value, &text));
	}
	*out = text.failed || text.len == 0 ? NULL : json_stringn(text.at, text.len);
	return OK;
}

static enum status make_list(
	const struct prefilling *w, const struct form_field *field, json_t **out)
{
	AUTO_JSON json_t *list = json_array();
	for (size_t i = 0; list != NULL && i < field->n_sources; i++) {
		const struct form_source *s = &field->sources[i];
		json_t *value = known_value(w, s->key);
		AUTO_BUF struct buf text;
		buf_init(&text, COMPOSED_BYTES_MAX);
		if (value == NULL)
			continue;
		TRY(add_words(w, s, value, &text));
		if (!text.failed && text.len > 0 &&
			json_array_append_new(list, json_stringn(text.at, text.len)) != 0)
			return no_memory(w->e);
	}
	if (list == NULL)
		return no_memory(w->e);
	*out = json_array_size(list) == 0 ? NULL : TAKE(list);
	return OK;
}

static enum status make_amounts(
	const struct prefilling *w, const struct form_field *field, json_t **out)
{
	AUTO_JSON json_t *list = json_array();
	for (size_t i = 0; list != NULL && i < field->n_sources; i++) {
		const struct form_source *s = &field->sources[i];
		json_t *value = known_value(w, s->key);
		if (!json_is_number(value))
			continue;
		if (json_array_append_new(
			    list, json_pack("{s:o, s:s}", "number", divided(value, s->divisor),
					  "unit", s->unit)) != 0)
			return no_memory(w->e);
	}
	if (list == NULL)
		return no_memory(w->e);
	const size_t n = json_array_size(list);
	*out = n == 0 ? NULL : n == 1 ? json_incref(json_array_get(list, 0)) : TAKE(list);
	return OK;
}

static enum status make_value(
	const struct prefilling *w, const struct form_field *field, json_t **out)
{
	json_t *value = known_value(w, field->from);
	int64_t at_ns = 0;
	*out = NULL;
	switch (field->type) {
	case FORM_TEXT:
		return compose(w, field, out);
	case FORM_LIST:
		return make_list(w, field, out);
	case FORM_AMOUNT:
		return make_amounts(w, field, out);
	case FORM_DATETIME:
		if (json_is_string(value) && time_parse(view_of(json_string_value(value)), &at_ns))
			*out = json_string(
				form_time_at(at_ns, w->form->utc_offset_minutes, w->pool));
		return OK;
	case FORM_CHOICE:
	case FORM_CHOICES:
		if (json_is_boolean(value))
			*out = json_string(json_is_true(value) ? "yes" : "no");
		else
			*out = json_incref(
				json_is_object(value) ? json_object_get(value, "key") : value);
		return OK;
	case FORM_PHONE:
	case FORM_SIGNATURE:
	case FORM_FILES:
		*out = json_incref(value);
		return OK;
	}
	return OK;
}

static enum status prefill_field(
	const struct prefilling *w, const struct form_field *field, json_t *fields)
{
	AUTO_JSON json_t *made = NULL;
	json_t *read = NULL;
	const struct value_reader r = { field, w->now_ns, w->pool, NULL };
	TRY(make_value(w, field, &made));
	if (made == NULL)
		return OK;
	TRY(form_value_read(&r, made, &read, w->e));
	if (read == NULL)
		return OK;
	AUTO_JSON json_t *value = read;
	const char *now = form_time_at(w->now_ns, w->form->utc_offset_minutes, w->pool);
	if (now == NULL)
		return no_memory(w->e);
	json_t *one = json_pack("{s:O, s:s}", "value", value, "as_of", now);
	return json_object_set_new(fields, field->key, one) != 0 ? no_memory(w->e) : OK;
}

/* Keeps what `required_if` will ask for: it is not always a field of the form. */
static enum status keep_given(const struct prefilling *w, json_t *filled)
{
	AUTO_JSON json_t *given = json_object();
	for (size_t i = 0; given != NULL && i < w->form->n_fields; i++) {
		const char *key = w->form->fields[i].required_if_key;
		json_t *value = key == NULL ? NULL : known_value(w, key);
		if (value != NULL && json_object_set(given, key, value) != 0)
			return no_memory(w->e);
	}
	if (given == NULL || json_object_set(filled, "given", given) != 0)
		return no_memory(w->e);
	return OK;
}

enum status form_prefill(const struct form *f, json_t *notice, json_t *facts, json_t *filled,
	int64_t now_ns, struct error *e)
{
	AUTO(pool_free) struct pool *p = pool_new(4 * MIB);
	const struct prefilling w = { f, notice, facts, now_ns, p, e };
	json_t *fields = json_object_get(filled, "fields");
	if (p == NULL)
		return no_memory(e);
	if (!json_is_object(fields)) {
		if (json_object_set_new(filled, "fields", json_object()) != 0)
			return no_memory(e);
		fields = json_object_get(filled, "fields");
	}
	if (json_object_set_new(filled, "form", json_string(f->id)) != 0 ||
		json_object_set_new(filled, "version", json_integer(f->version)) != 0)
		return no_memory(e);
	TRY(keep_given(&w, filled));
	for (size_t i = 0; i < f->n_fields; i++)
		if (f->fields[i].from[0] != '\0' &&
			json_object_get(fields, f->fields[i].key) == NULL)
			TRY(prefill_field(&w, &f->fields[i], fields));
	return OK;
}
