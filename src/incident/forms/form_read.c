/*
 * Reads and checks one form file. What could not be filled in, shown or required later is refused
 * here, with its place in the file.
 */
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "incident/forms/forms.h"

enum {
	ID_BYTES_MAX = 60,
	KEY_BYTES_MAX = 80,
	LABEL_BYTES_MAX = 400,
	HINT_BYTES_MAX = 2000,
	PLACE_BYTES_MAX = 32,
	VALUE_BYTES_MAX = 64 * 1024,
	TEXT_BYTES = 4000 /* of a value, where the form does not say */
};
#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"

struct reading {
	struct pool *pool;
	struct form *form;
	struct error *e;
};

static enum status no_memory(struct error *e)
{
	return error_set(e, E_TOO_BIG, "the form needs more memory than it may have");
}

static enum status refuse(struct reading *r, struct json_place in, const char *key, const char *why)
{
	return error_set(r->e, E_INVALID, "%s%s%s: %s", in.at, in.at[0] == '\0' ? "" : ".", key,
		i18n_text(why));
}

/* --- single fields ---------------------------------------------------------------------------- */

struct text_rule {
	enum json_need need;
	size_t most_bytes;
	enum text_lines lines;
	const char *only; /* characters; NULL any */
};

static enum status get_text(struct reading *r, struct json_place in, const char *key,
	struct text_rule rule, const char **out)
{
	const char *text = NULL;
	TRY(json_get_text(in, key, rule.need, &text, r->e));
	if (text == NULL) {
		*out = "";
		return OK;
	}
	const size_t len = strlen(text);
	if (len == 0)
		return refuse(r, in, key, N_("is empty"));
	if (len > rule.most_bytes)
		return error_set(r->e, E_INVALID, "%s%s%s: longer than %zu bytes", in.at,
			in.at[0] == '\0' ? "" : ".", key, rule.most_bytes);
	const enum text_flaw flaw = text_flaw_of(view_of(text), rule.lines);
	if (flaw != TEXT_SOUND)
		return error_set(r->e, E_INVALID, "%s%s%s: %s", in.at, in.at[0] == '\0' ? "" : ".",
			key, text_flaw_words(flaw));
	if (rule.only != NULL && strspn(text, rule.only) != len)
		return error_set(r->e, E_INVALID, "%s%s%s: '%.80s' holds other characters than %s",
			in.at, in.at[0] == '\0' ? "" : ".", key, text, rule.only);
	*out = pool_text(r->pool, view_of(text));
	return *out == NULL ? no_memory(r->e) : OK;
}

/* {en: …, zh: …}, both needed. */
static enum status get_both(struct reading *r, struct json_place in, const char *key,
	struct text_rule rule, struct bilingual *out)
{
	static const char *const known[] = { "en", "zh", NULL };
	json_t *both = NULL;
	TRY(json_get_object(in, key, rule.need, &both, r->e));
	if (both == NULL) {
		*out = (struct bilingual){ "", "" };
		return OK;
	}
	const char *at = pool_textf(r->pool, "%s%s%s", in.at, in.at[0] == '\0' ? "" : ".", key);
	if (at == NULL)
		return no_memory(r->e);
	const struct json_place place = { both, at };
	TRY(json_only_keys(place, known, r->e));
	rule.need = JSON_REQUIRED;
	TRY(get_text(r, place, "en", rule, &out->en));
	return get_text(r, place, "zh", rule, &out->zh);
}

static enum status get_int(struct reading *r, struct json_place in, const char *key, int64_t low,
	int64_t high, int64_t *out)
{
	TRY(json_get_int(in, key, JSON_OPTIONAL, out, r->e));
	if (json_object_get(in.object, key) != NULL && (*out < low || *out > high))
		return error_set(r->e, E_INVALID, "%s%s%s: not between %lld and %lld", in.at,
			in.at[0] == '\0' ? "" : ".", key, (long long)low, (long long)high);
	return OK;
}

static const struct text_rule id_rule = { JSON_REQUIRED, ID_BYTES_MAX, TEXT_ONE_LINE,
	LOWER DIGITS "-" };
static const struct text_rule key_rule = { JSON_REQUIRED, KEY_BYTES_MAX, TEXT_ONE_LINE,
	LOWER DIGITS "_." };
static const struct text_rule label_rule = { JSON_REQUIRED, LABEL_BYTES_MAX, TEXT_ONE_LINE, NULL };
static const struct text_rule hint_rule = { JSON_OPTIONAL, HINT_BYTES_MAX, TEXT_SEVERAL_LINES,
	NULL };

static struct text_rule optional(struct text_rule rule)
{
	rule.need = JSON_OPTIONAL;
	return rule;
}

/* --- a field's parts -------------------------------------------------------------------------- */

static enum status read_type(struct reading *r, struct json_place in, enum form_type *out)
{
	static const struct {
		const char *name;
		enum form_type type;
	} types[] = { { "text", FORM_TEXT }, { "choice", FORM_CHOICE }, { "choices", FORM_CHOICES },
		{ "datetime", FORM_DATETIME }, { "phone", FORM_PHONE }, { "amount", FORM_AMOUNT },
		{ "list", FORM_LIST }, { "signature", FORM_SIGNATURE }, { "files", FORM_FILES } };
	const char *name = NULL;
	TRY(json_get_text(in, "type", JSON_REQUIRED, &name, r->e));
	for (size_t i = 0; i < COUNT_OF(types); i++) {
		if (strcmp(types[i].name, name) == 0) {
			*out = types[i].type;
			return OK;
		}
	}
	return refuse(r, in, "type",
		N_("is none of text, choice, choices, datetime, phone, amount, list, signature, "
		   "files"));
}

static enum status read_option(
	struct reading *r, struct json_place in, struct fact_choice *rows, size_t i)
{
	static const char *const known[] = { "key", "label", NULL };
	if (!json_is_object(in.object))
		return error_set(r->e, E_INVALID, "%s: not an option: key and label", in.at);
	TRY(json_only_keys(in, known, r->e));
	TRY(get_text(r, in, "key", key_rule, &rows[i].key));
	TRY(get_both(r, in, "label", label_rule, &rows[i].label));
	/* A person may answer with a label: no two options may read the same. */
	for (size_t k = 0; k < i; k++)
		if (strcmp(rows[k].key, rows[i].key) == 0 ||
			strcmp(rows[k].label.zh, rows[i].label.zh) == 0 ||
			strcmp(rows[k].label.en, rows[i].label.en) == 0)
			return error_set(r->e, E_INVALID,
				"%s: the key or a label stands there twice", in.at);
	return OK;
}

static bool has_options(enum form_type type)
{
	return type == FORM_CHOICE || type == FORM_CHOICES || type == FORM_AMOUNT;
}

static enum status read_options(struct reading *r, struct json_place in, struct form_field *field)
{
	json_t *list = NULL;
	const enum json_need need = has_options(field->type) ? JSON_REQUIRED : JSON_OPTIONAL;
	TRY(json_get_array(in, "options", need, &list, r->e));
	if (list == NULL)
		return OK;
	if (!has_options(field->type))
		return refuse(r, in, "options", N_("belongs to choice, choices and amount alone"));
	const size_t n = json_array_size(list);
	if (n == 0 || n > FORM_OPTIONS_MAX)
		return error_set(r->e, E_INVALID, "%s.options: not a list of 1 to %d", in.at,
			FORM_OPTIONS_MAX);
	struct fact_choice *rows = pool_take(r->pool, n, sizeof *rows);
	if (rows == NULL)
		return no_memory(r->e);
	for (size_t i = 0; i < n; i++) {
		const char *at = pool_textf(r->pool, "%s.options[%zu]", in.at, i);
		if (at == NULL)
			return no_memory(r->e);
		TRY(read_option(r, (struct json_place){ json_array_get(list, i), at }, rows, i));
	}
	field->options = rows;
	field->n_options = n;
	return OK;
}

static enum status read_source(struct reading *r, struct json_place in,
	const struct form_field *field, struct form_source *out)
{
	static const char *const known[] = { "key", "label", "unit", "divide", NULL };
	*out = (struct form_source){ .label = { "", "" }, .unit = "", .divisor = 1 };
	if (!json_is_object(in.object))
		return error_set(r->e, E_INVALID,
			"%s: not a source: a key, or key, label, unit and divide", in.at);
	TRY(json_only_keys(in, known, r->e));
	TRY(get_text(r, in, "key", key_rule, &out->key));
	TRY(get_both(r, in, "label", optional(label_rule), &out->label));
	TRY(get_text(r, in, "unit", optional(key_rule), &out->unit));
	TRY(get_int(r, in, "divide", 1, 1000000, &out->divisor));
	if (field->type != FORM_AMOUNT)
		return out->unit[0] == '\0' ? OK
					    : refuse(r, in, "unit", N_("belongs to amount alone"));
	for (size_t i = 0; i < field->n_options; i++)
		if (strcmp(field->options[i].key, out->unit) == 0)
			return OK;
	return refuse(r, in, "unit", N_("is none of the options"));
}

/* "from: company", or a list of sources. */
static enum status read_sources(struct reading *r, struct json_place in, struct form_field *field)
{
	json_t *from = json_object_get(in.object, "from");
	field->from = "";
	if (from == NULL || json_is_null(from))
		return OK;
	AUTO_JSON json_t *wrapped = NULL;
	if (json_is_string(from)) {
		wrapped = json_pack("[{s:O}]", "key", from);
		if (wrapped == NULL)
			return no_memory(r->e);
		from = wrapped;
	}
	const size_t n = json_array_size(from);
	if (!json_is_array(from) || n == 0 || n > FORM_SOURCES_MAX)
		return refuse(r, in, "from", N_("is neither a key nor a list of sources"));
	if (n > 1 && field->type != FORM_TEXT && field->type != FORM_LIST &&
		field->type != FORM_AMOUNT)
		return refuse(r, in, "from", N_("may be a list for text, list and amount alone"));
	struct form_source *rows = pool_take(r->pool, n, sizeof *rows);
	if (rows == NULL)
		return no_memory(r->e);
	for (size_t i = 0; i < n; i++) {
		const char *at = pool_textf(r->pool, "%s.from[%zu]", in.at, i);
		if (at == NULL)
			return no_memory(r->e);
		TRY(read_source(
			r, (struct json_place){ json_array_get(from, i), at }, field, &rows[i]));
	}
	field->sources = rows;
	field->n_sources = n;
	field->from = rows[0].key;
	return OK;
}

static enum status read_condition(struct reading *r, struct json_place in, struct form_field *field)
{
	static const char *const known[] = { "key", "is", NULL };
	json_t *condition = NULL;
	TRY(json_get_object(in, "required_if", JSON_OPTIONAL, &condition, r->e));
	if (condition == NULL)
		return OK;
	const char *at = pool_textf(r->pool, "%s.required_if", in.at);
	if (at == NULL)
		return no_memory(r->e);
	const struct json_place place = { condition, at };
	TRY(json_only_keys(place, known, r->e));
	TRY(get_text(r, place, "key", key_rule, &field->required_if_key));
	return get_text(r, place, "is", key_rule, &field->required_if_value);
}

/* When the field must be filled in. */
static enum status read_need(struct reading *r, struct json_place in, struct form_field *field)
{
	int64_t tier = 0;
	TRY(json_get_bool(in, "required", JSON_OPTIONAL, &field->required, r->e));
	TRY(get_text(
		r, in, "required_from_stage", optional(key_rule), &field->required_from_stage));
	TRY(get_int(r, in, "required_from_tier", 1, 4, &tier));
	TRY(read_condition(r, in, field));
	TRY(json_get_bool(in, "may_be_unknown", JSON_OPTIONAL, &field->may_be_unknown, r->e));
	TRY(json_get_bool(in, "may_be_estimate", JSON_OPTIONAL, &field->may_be_estimate, r->e));
	field->worst_grade_required = (int)tier;
	const bool conditional = tier != 0 || field->required_from_stage[0] != '\0' ||
				 field->required_if_key != NULL;
	if (!field->required && conditional)
		return refuse(r, in, "required",
			N_("must be true where a stage, tier or condition is named"));
	if (field->required && field->required_from_stage[0] == '\0')
		field->required_from_stage = r->form->stages[0];
	if (field->required && form_stage(r->form, field->required_from_stage) < 0)
		return refuse(r, in, "required_from_stage", N_("is no stage of this form"));
	return OK;
}

static enum status read_limits(struct reading *r, struct json_place in, struct form_field *field)
{
	TRY(json_get_bool(in, "may_be_future", JSON_OPTIONAL, &field->may_be_future, r->e));
	TRY(json_get_bool(in, "one_line", JSON_OPTIONAL, &field->one_line, r->e));
	if (field->may_be_future && field->type != FORM_DATETIME)
		return refuse(r, in, "may_be_future", N_("belongs to datetime alone"));
	if (field->one_line && field->type != FORM_TEXT)
		return refuse(r, in, "one_line", N_("belongs to text alone"));
	field->most_bytes = field->type == FORM_TEXT || field->type == FORM_DATETIME ||
					    field->type == FORM_PHONE
				    ? TEXT_BYTES
				    : 4 * TEXT_BYTES;
	return get_int(r, in, "most_bytes", 1, VALUE_BYTES_MAX, &field->most_bytes);
}

static enum status read_number(struct reading *r, struct json_place in, struct form_field *field)
{
	static const struct text_rule rule = { JSON_OPTIONAL, 12, TEXT_ONE_LINE, LOWER DIGITS "." };
	json_t *number = json_object_get(in.object, "number");
	int64_t whole = field->number;
	field->printed_number = "";
	if (json_is_string(number))
		return get_text(r, in, "number", rule, &field->printed_number);
	TRY(get_int(r, in, "number", 1, 999, &whole));
	field->number = (int)whole;
	return OK;
}

static enum status read_field(struct reading *r, struct json_place in, struct form_field *field)
{
	static const char *const known[] = { "key", "number", "label", "hint", "section", "type",
		"options", "required", "required_from_stage", "required_from_tier", "required_if",
		"may_be_unknown", "may_be_estimate", "may_be_future", "one_line", "from",
		"most_bytes", NULL };
	if (!json_is_object(in.object))
		return error_set(r->e, E_INVALID, "%s: not a field", in.at);
	TRY(json_only_keys(in, known, r->e));
	TRY(get_text(r, in, "key", key_rule, &field->key));
	TRY(read_number(r, in, field));
	TRY(get_both(r, in, "label", label_rule, &field->label));
	TRY(get_both(r, in, "hint", hint_rule, &field->hint));
	TRY(get_both(r, in, "section", optional(label_rule), &field->section));
	TRY(read_type(r, in, &field->type));
	TRY(read_options(r, in, field));
	TRY(read_sources(r, in, field));
	TRY(read_need(r, in, field));
	return read_limits(r, in, field);
}

/* --- the form --------------------------------------------------------------------------------- */

static enum status read_stages(struct reading *r, struct json_place top)
{
	json_t *list = NULL;
	TRY(json_get_array(top, "stages", JSON_REQUIRED, &list, r->e));
	const size_t n = json_array_size(list);
	if (n == 0 || n > FORM_STAGES_MAX)
		return error_set(r->e, E_INVALID, "stages: not a list of 1 to %d", FORM_STAGES_MAX);
	const char **stages = pool_take(r->pool, n, sizeof *stages);
	if (stages == NULL)
		return no_memory(r->e);
	r->form->stages = stages;
	for (size_t i = 0; i < n; i++) {
		char at[PLACE_BYTES_MAX];
		(void)snprintf(at, sizeof at, "stages[%zu]", i);
		AUTO_JSON json_t *wrapped = json_pack("{s:O}", at, json_array_get(list, i));
		if (wrapped == NULL)
			return no_memory(r->e);
		TRY(get_text(r, (struct json_place){ wrapped, "" }, at, key_rule, &stages[i]));
		if (form_stage(r->form, stages[i]) >= 0)
			return error_set(r->e, E_INVALID, "%s: stands there twice", at);
		r->form->n_stages++;
	}
	return OK;
}

static enum status read_head(struct reading *r, struct json_place top)
{
	static const struct text_rule letter = { JSON_REQUIRED, 1, TEXT_ONE_LINE, "ABCD" };
	static const struct text_rule language = { JSON_REQUIRED, 2, TEXT_ONE_LINE, LOWER };
	struct form *form = r->form;
	const char *certainty = "";
	const char *words = "";
	form->version = 0;
	TRY(get_text(r, top, "id", id_rule, &form->id));
	TRY(json_get_int(top, "version", JSON_REQUIRED, &form->version, r->e));
	TRY(get_int(r, top, "version", 1, 1000000, &form->version));
	TRY(get_both(r, top, "title", label_rule, &form->title));
	TRY(get_both(r, top, "note", hint_rule, &form->note));
	TRY(get_text(r, top, "instrument", label_rule, &form->instrument));
	TRY(get_text(r, top, "certainty", letter, &certainty));
	TRY(get_text(r, top, "language", language, &words));
	TRY(get_int(r, top, "utc_offset_minutes", -14 * 60, 14 * 60, &form->utc_offset_minutes));
	if (strcmp(words, "zh") != 0 && strcmp(words, "en") != 0)
		return refuse(r, top, "language", N_("is neither zh nor en"));
	form->certainty = certainty[0];
	form->composed_in_chinese = words[0] == 'z';
	return read_stages(r, top);
}

static enum status read_fields(struct reading *r, struct json_place top)
{
	json_t *list = NULL;
	TRY(json_get_array(top, "fields", JSON_REQUIRED, &list, r->e));
	const size_t n = json_array_size(list);
	if (n == 0 || n > FORM_FIELDS_MAX)
		return error_set(r->e, E_INVALID, "fields: not a list of 1 to %d", FORM_FIELDS_MAX);
	struct form_field *fields = pool_take(r->pool, n, sizeof *fields);
	if (fields == NULL)
		return no_memory(r->e);
	r->form->fields = fields;
	for (size_t i = 0; i < n; i++) {
		char at[PLACE_BYTES_MAX];
		(void)snprintf(at, sizeof at, "fields[%zu]", i);
		const struct json_place place = { json_array_get(list, i), at };
		fields[i].number = (int)i + 1;
		fields[i].utc_offset_minutes = r->form->utc_offset_minutes;
		TRY(read_field(r, place, &fields[i]));
		if (form_field_named(r->form, fields[i].key) != NULL)
			return error_set(r->e, E_INVALID, "%s.key: '%s' stands there twice", at,
				fields[i].key);
		r->form->n_fields++;
	}
	return OK;
}

enum status form_read(
	struct view text, const char *what, struct pool *p, struct form *out, struct error *e)
{
	static const char *const known[] = { "id", "version", "title", "note", "instrument",
		"certainty", "language", "utc_offset_minutes", "stages", "fields", NULL };
	AUTO_JSON json_t *top = NULL;
	struct form form = { .source = "" };
	struct reading r = { p, &form, e };
	TRY(yaml_read(text, FORM_BYTES_MAX, what, &top, e));
	const struct json_place place = { top, "" };
	if (!json_is_object(top))
		return error_set(e, E_INVALID, "%s: not a form", what);
	enum status status = json_only_keys(place, known, e);
	if (status == OK)
		status = read_head(&r, place);
	if (status == OK)
		status = read_fields(&r, place);
	if (status != OK)
		return error_wrap(e, "%s", what);
	form.source = pool_text(p, view_of(what));
	if (form.source == NULL)
		return no_memory(e);
	*out = form;
	return OK;
}

const struct form_field *form_field_named(const struct form *f, const char *key)
{
	for (size_t i = 0; i < f->n_fields; i++)
		if (strcmp(f->fields[i].key, key) == 0)
			return &f->fields[i];
	return NULL;
}

int form_stage(const struct form *f, const char *stage)
{
	for (size_t i = 0; i < f->n_stages; i++)
		if (strcmp(f->stages[i], stage) == 0)
			return (int)i;
	return -1;
}
