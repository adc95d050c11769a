/*
 * Filled fields as a person reads them, and what differs between two revisions.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "incident/forms/form_value.h"

enum { SHOWN_BYTES_MAX = 128 * 1024 };

const char *form_time_at(int64_t wall_ns, int64_t utc_offset_minutes, struct pool *p)
{
	char text[TIME_TEXT_MAX];
	const int64_t away = utc_offset_minutes < 0 ? -utc_offset_minutes : utc_offset_minutes;
	(void)time_text(wall_ns + utc_offset_minutes * 60 * NS_PER_S, text);
	if (utc_offset_minutes == 0)
		return pool_textf(p, "%.19sZ", text);
	return pool_textf(p, "%.19s%c%02d:%02d", text, utc_offset_minutes < 0 ? '-' : '+',
		(int)(away / 60), (int)(away % 60));
}

/* The offset is named, because readers of one form sit in several zones. */
const char *form_time_text(const char *rfc3339, bool chinese, struct pool *p)
{
	int64_t at_ns = 0;
	if (rfc3339 == NULL || !time_parse(view_of(rfc3339), &at_ns))
		return rfc3339 == NULL ? "" : rfc3339;
	const char *zone = rfc3339 + strcspn(rfc3339 + 19, "Zz+-") + 19;
	const char *utc = zone[0] == 'Z' || zone[0] == 'z' ? "" : zone;
	const char *text = NULL;
	if (chinese)
		text = pool_textf(p, "%.4s年%.2s月%.2s日 %.5s（UTC%s）", rfc3339, rfc3339 + 5,
			rfc3339 + 8, rfc3339 + 11, utc);
	else
		text = pool_textf(p, "%.10s %.5s (UTC%s)", rfc3339, rfc3339 + 11, utc);
	return text == NULL ? "" : text;
}

/* Readers of an authority's form expect its own zone, whatever the one who typed the time used. */
static const char *in_zone_of(const struct form_field *f, const char *rfc3339, struct pool *p)
{
	int64_t at_ns = 0;
	if (f->utc_offset_minutes == 0 || rfc3339 == NULL || !time_parse(view_of(rfc3339), &at_ns))
		return rfc3339;
	const char *text = form_time_at(at_ns, f->utc_offset_minutes, p);
	return text == NULL ? rfc3339 : text;
}

static bool chinese(void)
{
	return i18n_language() == LANGUAGE_ZH;
}

static void add_option(const struct form_field *f, const char *key, struct buf *out)
{
	const struct fact_choice *option = key == NULL ? NULL : form_option(f, key);
	/* A key that an older version of the form knew is shown as it is. */
	buf_add_text(out, option != NULL ? bilingual_pick(option->label) : key == NULL ? "" : key);
}

static void add_choice(const struct form_field *f, const json_t *value, struct buf *out)
{
	const char *text = json_string_value(json_object_get(value, "text"));
	add_option(f,
		json_string_value(json_is_object(value) ? json_object_get(value, "choice") : value),
		out);
	if (text != NULL)
		buf_addf(out, chinese() ? "：%s" : ": %s", text);
}

static void add_amount(const struct form_field *f, const json_t *value, struct buf *out)
{
	const json_t *number = json_object_get(value, "number");
	if (json_is_integer(number))
		buf_addf(out, "%lld ", (long long)json_integer_value(number));
	else if (json_is_real(number))
		buf_addf(out, "%.15g ", json_real_value(number));
	add_option(f, json_string_value(json_object_get(value, "unit")), out);
}

static void add_signature(const json_t *value, struct pool *p, struct buf *out)
{
	const char *role = json_string_value(json_object_get(value, "role"));
	const char *name = json_string_value(json_object_get(value, "name"));
	const char *who = name == NULL ? "" : name;
	if (role != NULL && role[0] != '\0')
		who = pool_textf(p, chinese() ? "%s（%s）" : "%s (%s)", who, role);
	if (who == NULL)
		return;
	if (json_is_true(json_object_get(value, "seal")))
		buf_addf(out, _("%s, sealed"), who);
	else
		buf_add_text(out, who);
}

static void add_file(const json_t *value, struct buf *out)
{
	const char *name = json_string_value(json_object_get(value, "name"));
	const char *sha256 = json_string_value(json_object_get(value, "sha256"));
	buf_addf(out, "%s (SHA-256 %s)", name == NULL ? "" : name, sha256 == NULL ? "" : sha256);
}

static void add_one(
	const struct form_field *f, const json_t *value, struct pool *p, struct buf *out)
{
	switch (f->type) {
	case FORM_TEXT:
	case FORM_PHONE:
	case FORM_LIST:
		buf_add_text(out, json_is_string(value) ? json_string_value(value) : "");
		break;
	case FORM_DATETIME:
		buf_add_text(out,
			form_time_text(in_zone_of(f, json_string_value(value), p), chinese(), p));
		break;
	case FORM_CHOICE:
	case FORM_CHOICES:
		add_choice(f, value, out);
		break;
	case FORM_AMOUNT:
		add_amount(f, value, out);
		break;
	case FORM_SIGNATURE:
		add_signature(value, p, out);
		break;
	case FORM_FILES:
		add_file(value, out);
		break;
	}
}

static void add_value(
	const struct form_field *f, const json_t *value, struct pool *p, struct buf *out)
{
	size_t i;
	json_t *item;
	if (!json_is_array(value)) {
		add_one(f, value, p, out);
		return;
	}
	const bool numbered = f->type == FORM_LIST && json_array_size(value) > 1;
	json_array_foreach(value, i, item)
	{
		if (i > 0 && (f->type == FORM_LIST || f->type == FORM_FILES))
			buf_add_char(out, '\n');
		else if (i > 0)
			buf_add_text(out, chinese() ? "；" : "; ");
		if (numbered)
			buf_addf(out, "%zu. ", i + 1);
		add_one(f, item, p, out);
	}
}

const char *form_value_text(const struct form_field *f, json_t *value, struct pool *p)
{
	AUTO_BUF struct buf out;
	buf_init(&out, SHOWN_BYTES_MAX);
	const json_t *inner = json_object_get(value, "value");
	const char *reason = json_string_value(json_object_get(value, "unknown_reason"));
	if (inner != NULL)
		add_value(f, inner, p, &out);
	else if (reason != NULL)
		buf_addf(&out, _("not yet clear: %s"), reason);
	else if (value != NULL && !json_is_null(value))
		add_value(f, value, p, &out);
	const bool estimated = inner != NULL && json_is_true(json_object_get(value, "estimate"));
	const char *text = out.failed  ? NULL
			   : estimated ? pool_textf(p, _("%s (estimated)"), buf_text(&out))
				       : pool_text(p, buf_view(&out));
	return text == NULL ? "" : text;
}

static json_t *field_of(json_t *filled, const char *key)
{
	json_t *one = json_object_get(json_object_get(filled, "fields"), key);
	return json_is_null(one) ? NULL : one;
}

enum status form_difference(const struct form *f, json_t *before, json_t *after, struct pool *p,
	struct form_change **out, size_t *out_n, struct error *e)
{
	size_t n = 0;
	struct form_change *rows = pool_take(p, f->n_fields, sizeof *rows);
	if (rows == NULL)
		return error_set(e, E_NO_SPACE, "no memory for the form");
	for (size_t i = 0; i < f->n_fields; i++) {
		const struct form_field *field = &f->fields[i];
		json_t *a = field_of(before, field->key);
		json_t *b = field_of(after, field->key);
		const char *was = a == NULL ? NULL : form_value_text(field, a, p);
		const char *is = b == NULL ? NULL : form_value_text(field, b, p);
		if ((was == NULL) == (is == NULL) && (was == NULL || strcmp(was, is) == 0))
			continue;
		rows[n++] = (struct form_change){ field, was, is };
	}
	*out = rows;
	*out_n = n;
	return OK;
}
