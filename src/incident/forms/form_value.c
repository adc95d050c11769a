/*
 * Reading one value. A person types labels and "12 GB"; what is kept is one plain form for each
 * type.
 */
#include "incident/forms/form_value.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/utf8.h"

enum { NAME_BYTES_MAX = 400, NUMBER_BYTES_MAX = 32 };
#define AMOUNT_MAX 1e15
/* A clock of the host may be that much behind the one that the time was read from. */
#define CLOCK_ERROR_NS (5 * 60 * NS_PER_S)

static enum status no_memory(struct error *e)
{
	return error_set(e, E_NO_SPACE, "no memory for the form");
}

static void fault(const struct value_reader *r, const char *what)
{
	if (r->faults != NULL)
		field_fault_add(r->faults, r->pool, r->field->key, "%s", what);
}

const struct fact_choice *form_option(const struct form_field *f, const char *name)
{
	for (size_t i = 0; i < f->n_options; i++)
		if (strcmp(f->options[i].key, name) == 0 ||
			strcmp(f->options[i].label.zh, name) == 0 ||
			strcmp(f->options[i].label.en, name) == 0)
			return &f->options[i];
	return NULL;
}

static void fault_no_option(const struct value_reader *r, const char *name)
{
	AUTO_BUF struct buf all;
	buf_init(&all, 8 * KIB);
	for (size_t i = 0; i < r->field->n_options; i++)
		buf_addf(&all, "%s%s", i == 0 ? "" : ", ", r->field->options[i].key);
	if (r->faults != NULL)
		field_fault_add(r->faults, r->pool, r->field->key, _("\"%.60s\" is none of: %s"),
			name, buf_text(&all));
}

/* --- text ------------------------------------------------------------------------------------- */

/* A telephone number of digits alone is typed as a number, and is text all the same. */
static json_t *as_text(json_t *value)
{
	char digits[32];
	if (!json_is_integer(value))
		return json_incref(value);
	(void)snprintf(digits, sizeof digits, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
	return json_string(digits);
}

/* The trimmed text; false where it may not be kept. */
static bool sound_text(
	const struct value_reader *r, const json_t *value, enum text_lines lines, struct view *out)
{
	if (!json_is_string(value)) {
		fault(r, _("is not text"));
		return false;
	}
	const struct view v = { json_string_value(value), json_string_length(value) };
	const enum text_flaw flaw = text_flaw_of(v, lines);
	if (flaw == TEXT_CONTROL && lines == TEXT_ONE_LINE &&
		text_flaw_of(v, TEXT_SEVERAL_LINES) == TEXT_SOUND)
		fault(r, _("is more than one line"));
	else if (flaw != TEXT_SOUND)
		fault(r, text_flaw_words(flaw));
	*out = view_trim(v);
	return flaw == TEXT_SOUND;
}

static enum status read_text(
	const struct value_reader *r, json_t *value, json_t **out, struct error *e)
{
	struct view v;
	if (!sound_text(r, value, r->field->one_line ? TEXT_ONE_LINE : TEXT_SEVERAL_LINES, &v) ||
		v.len == 0)
		return OK;
	*out = json_stringn(v.at, v.len);
	return *out == NULL ? no_memory(e) : OK;
}

/* ITU-T E.123 and what people write: digits, blanks, + - ( ) . / and an extension after x or 转. */
static bool is_phone(struct view v)
{
	const struct view extension = VIEW("转");
	size_t n_digits = 0;
	while (v.len > 0) {
		size_t n = 1;
		if (view_starts_with(v, extension))
			n = extension.len;
		else if (v.at[0] >= '0' && v.at[0] <= '9')
			n_digits++;
		else if (strchr("+-()./ x,;", v.at[0]) == NULL)
			return false;
		v.at += n;
		v.len -= n;
	}
	return n_digits >= 3 && n_digits <= 30;
}

static enum status read_phone(
	const struct value_reader *r, json_t *value, json_t **out, struct error *e)
{
	struct view v;
	AUTO_JSON json_t *text = as_text(value);
	if (text == NULL)
		return no_memory(e);
	if (!sound_text(r, text, TEXT_ONE_LINE, &v) || v.len == 0)
		return OK;
	if (!is_phone(v)) {
		fault(r, _("is not a telephone number"));
		return OK;
	}
	*out = json_stringn(v.at, v.len);
	return *out == NULL ? no_memory(e) : OK;
}

static enum status read_datetime(
	const struct value_reader *r, json_t *value, json_t **out, struct error *e)
{
	struct view v;
	int64_t at_ns = 0;
	if (!sound_text(r, value, TEXT_ONE_LINE, &v) || v.len == 0)
		return OK;
	if (!time_parse(v, &at_ns)) {
		fault(r, _("is not a time like 2026-11-24T14:23:00+08:00"));
		return OK;
	}
	if (!r->field->may_be_future && at_ns > r->now_ns && at_ns - r->now_ns > CLOCK_ERROR_NS) {
		fault(r, _("lies in the future"));
		return OK;
	}
	*out = json_stringn(v.at, v.len);
	return *out == NULL ? no_memory(e) : OK;
}

/* --- choices ---------------------------------------------------------------------------------- */

static enum status read_choice(
	const struct value_reader *r, json_t *value, json_t **out, struct error *e)
{
	struct view text = VIEW_NONE;
	struct view name;
	json_t *more = json_is_object(value) ? json_object_get(value, "text") : NULL;
	json_t *choice = json_is_object(value) ? json_object_get(value, "choice") : value;
	if (json_is_object(value) && json_object_size(value) != (more == NULL ? 1U : 2U)) {
		fault(r, _("is not a choice: a word, or choice and text"));
		return OK;
	}
	if (!sound_text(r, choice, TEXT_ONE_LINE, &name) || name.len == 0)
		return OK;
	if (more != NULL && !sound_text(r, more, TEXT_ONE_LINE, &text))
		return OK;
	const char *typed = pool_text(r->pool, name);
	if (typed == NULL)
		return no_memory(e);
	const struct fact_choice *option = form_option(r->field, typed);
	if (option == NULL) {
		fault_no_option(r, typed);
		return OK;
	}
	*out = text.len == 0
		       ? json_string(option->key)
		       : json_pack("{s:s, s:s%}", "choice", option->key, "text", text.at, text.len);
	return *out == NULL ? no_memory(e) : OK;
}

static const char *choice_key(const json_t *choice)
{
	return json_string_value(
		json_is_object(choice) ? json_object_get(choice, "choice") : choice);
}

static bool chosen_already(const json_t *list, const json_t *choice)
{
	size_t i;
	json_t *item;
	json_array_foreach(list, i, item)
	{
		if (strcmp(choice_key(item), choice_key(choice)) == 0)
			return true;
	}
	return false;
}

/* --- amounts ---------------------------------------------------------------------------------- */

/* "12.5 GB", "300 条", "none". */
static json_t *amount_of_text(const struct form_field *f, struct view v)
{
	char number[NUMBER_BYTES_MAX];
	size_t n = 0;
	char unit[NAME_BYTES_MAX];
	while (n < v.len && ((v.at[n] >= '0' && v.at[n] <= '9') || v.at[n] == '.'))
		n++;
	const struct view rest = view_trim((struct view){ v.at + n, v.len - n });
	if (n >= sizeof number || rest.len >= sizeof unit)
		return NULL;
	memcpy(number, v.at, n);
	number[n] = '\0';
	memcpy(unit, rest.at, rest.len);
	unit[rest.len] = '\0';
	const struct fact_choice *option = form_option(f, unit);
	if (option == NULL && f->n_options == 1 && rest.len == 0)
		option = &f->options[0];
	if (option == NULL)
		return NULL;
	if (n == 0)
		return json_pack("{s:s}", "unit", option->key);
	char *end = NULL;
	const double x = strtod(number, &end);
	if (*end != '\0')
		return NULL;
	const bool whole = floor(x) == x && x <= AMOUNT_MAX;
	return json_pack("{s:o, s:s}", "number", whole ? json_integer((json_int_t)x) : json_real(x),
		"unit", option->key);
}

static bool amount_fits(const struct value_reader *r, const json_t *amount)
{
	const json_t *number = json_object_get(amount, "number");
	const char *unit = json_string_value(json_object_get(amount, "unit"));
	const bool without = unit != NULL && strcmp(unit, "none") == 0;
	if (unit == NULL || json_object_size(amount) != (number == NULL ? 1U : 2U)) {
		fault(r, _("is not an amount: a number and a unit, as in \"12 GB\""));
		return false;
	}
	if (form_option(r->field, unit) == NULL) {
		fault_no_option(r, unit);
		return false;
	}
	if (without && number != NULL && json_number_value(number) != 0) {
		fault(r, _("says none, and a number"));
		return false;
	}
	if (!without && !json_is_number(number)) {
		fault(r, _("has no number"));
		return false;
	}
	const double x = without ? 0 : json_number_value(number);
	if (!(x >= 0 && x <= AMOUNT_MAX)) {
		fault(r, x < 0 ? _("is negative") : _("is absurdly large"));
		return false;
	}
	return true;
}

/* One amount, its unit as the option's key. */
static enum status read_amount(
	const struct value_reader *r, json_t *value, json_t **out, struct error *e)
{
	struct view v;
	AUTO_JSON json_t *amount = NULL;
	if (json_is_string(value)) {
		if (!sound_text(r, value, TEXT_ONE_LINE, &v) || v.len == 0)
			return OK;
		amount = amount_of_text(r->field, v);
		if (amount == NULL) {
			fault(r, _("is not an amount: a number and a unit, as in \"12 GB\""));
			return OK;
		}
	} else {
		amount = json_deep_copy(value);
		if (amount == NULL)
			return no_memory(e);
	}
	if (!json_is_object(amount))
		fault(r, _("is not an amount: a number and a unit, as in \"12 GB\""));
	if (!json_is_object(amount) || !amount_fits(r, amount))
		return OK;
	const char *unit = json_string_value(json_object_get(amount, "unit"));
	const struct fact_choice *option = unit == NULL ? NULL : form_option(r->field, unit);
	if (option == NULL)
		return OK; /* amount_fits has looked */
	if (strcmp(option->key, "none") == 0)
		(void)json_object_del(amount, "number"); /* it may be absent */
	if (json_object_set_new(amount, "unit", json_string(option->key)) != 0)
		return no_memory(e);
	*out = TAKE(amount);
	return OK;
}

/* --- signature, files ------------------------------------------------------------------------- */

static enum status read_signature(
	const struct value_reader *r, json_t *value, json_t **out, struct error *e)
{
	struct view name;
	struct view role = VIEW_NONE;
	json_t *seal = json_object_get(value, "seal");
	json_t *by = json_object_get(value, "role");
	const size_t n_known = 1U + (seal != NULL) + (by != NULL);
	if (json_is_object(value) &&
		(json_object_get(value, "name") == NULL || json_object_size(value) != n_known ||
			(seal != NULL && !json_is_boolean(seal)))) {
		fault(r, _("is not a signature: name, role and seal"));
		return OK;
	}
	if (!sound_text(r, json_is_object(value) ? json_object_get(value, "name") : value,
		    TEXT_ONE_LINE, &name) ||
		name.len == 0 || (by != NULL && !sound_text(r, by, TEXT_ONE_LINE, &role)))
		return OK;
	*out = json_pack("{s:s%, s:s%, s:b}", "name", name.at, name.len, "role",
		role.len == 0 ? "" : role.at, role.len, "seal", json_is_true(seal));
	return *out == NULL ? no_memory(e) : OK;
}

static enum status read_file(
	const struct value_reader *r, json_t *value, json_t **out, struct error *e)
{
	struct view name;
	const char *sha256 = json_string_value(json_object_get(value, "sha256"));
	const json_t *bytes = json_object_get(value, "bytes");
	if (!json_is_object(value) || json_object_size(value) != 3 || sha256 == NULL ||
		strlen(sha256) != 64 || strspn(sha256, "0123456789abcdef") != 64 ||
		!json_is_integer(bytes) || json_integer_value(bytes) < 0) {
		fault(r, _("is not a file: name, sha256 and bytes"));
		return OK;
	}
	if (!sound_text(r, json_object_get(value, "name"), TEXT_ONE_LINE, &name) || name.len == 0)
		return OK;
	*out = json_deep_copy(value);
	return *out == NULL ? no_memory(e) : OK;
}

/* --- lists, and all of it --------------------------------------------------------------------- */

typedef enum status read_one(
	const struct value_reader *r, json_t *value, json_t **out, struct error *e);

static enum status read_list(
	const struct value_reader *r, json_t *value, read_one *one, json_t **out, struct error *e)
{
	AUTO_JSON json_t *kept = json_array();
	AUTO_JSON json_t *wrapped =
		json_is_array(value) ? json_incref(value) : json_pack("[O]", value);
	size_t i;
	json_t *item;
	if (kept == NULL || wrapped == NULL)
		return no_memory(e);
	if (json_array_size(wrapped) > FORM_LIST_MAX) {
		fault(r, _("is a list of more than 64"));
		return OK;
	}
	json_array_foreach(wrapped, i, item)
	{
		json_t *read = NULL;
		const size_t n_before = r->faults == NULL ? 0 : r->faults->n + r->faults->n_more;
		TRY(one(r, item, &read, e));
		if (read == NULL &&
			(r->faults == NULL || r->faults->n + r->faults->n_more > n_before))
			return OK;
		if (read == NULL)
			continue; /* an empty line */
		if (one == read_choice && chosen_already(kept, read)) {
			json_decref(read);
			continue;
		}
		if (json_array_append_new(kept, read) != 0)
			return no_memory(e);
	}
	*out = json_array_size(kept) == 0 ? NULL : TAKE(kept);
	return OK;
}

static bool short_enough(const struct value_reader *r, const json_t *value)
{
	AUTO_BUF struct buf text;
	const size_t most = (size_t)r->field->most_bytes;
	buf_init(&text, most);
	if (json_is_string(value) && json_string_length(value) <= most)
		return true;
	if (!json_is_string(value) && json_write(value, &text, NULL) == OK)
		return true;
	if (r->faults != NULL)
		field_fault_add(r->faults, r->pool, r->field->key, _("is longer than %lld bytes"),
			(long long)r->field->most_bytes);
	return false;
}

static enum status read_typed(
	const struct value_reader *r, json_t *value, json_t **out, struct error *e)
{
	switch (r->field->type) {
	case FORM_TEXT:
		return read_text(r, value, out, e);
	case FORM_CHOICE:
		return read_choice(r, value, out, e);
	case FORM_CHOICES:
		return read_list(r, value, read_choice, out, e);
	case FORM_DATETIME:
		return read_datetime(r, value, out, e);
	case FORM_PHONE:
		return read_phone(r, value, out, e);
	case FORM_AMOUNT:
		return json_is_array(value) ? read_list(r, value, read_amount, out, e)
					    : read_amount(r, value, out, e);
	case FORM_LIST:
		return read_list(r, value, read_text, out, e);
	case FORM_SIGNATURE:
		return read_signature(r, value, out, e);
	case FORM_FILES:
		return read_list(r, value, read_file, out, e);
	}
	return OK;
}

enum status form_value_read(
	const struct value_reader *r, json_t *value, json_t **out, struct error *e)
{
	json_t *read = NULL;
	*out = NULL;
	/* Before anything is copied: a megabyte of text is refused, not carried around. */
	if (json_is_string(value) && json_string_length(value) > (size_t)r->field->most_bytes) {
		(void)short_enough(r, value);
		return OK;
	}
	TRY(read_typed(r, value, &read, e));
	if (read != NULL && !short_enough(r, read)) {
		json_decref(read);
		return OK;
	}
	*out = read;
	return OK;
}
