/*
 * One field of a scenario file at a time: found, checked, put where it belongs.
 */
#include <stdio.h>
#include <string.h>

#include "drill/scenario/scenario_read.h"
#include "sys/file.h"

enum { VALUE_SHOWN_MAX = 60 };

char *field_path(struct field f, char out[FIELD_PATH_MAX])
{
	(void)snprintf(
		out, FIELD_PATH_MAX, "%s%s%s", f.in.at, f.in.at[0] == '\0' ? "" : ".", f.key);
	return out;
}

enum status field_value(struct field f, json_t **out, struct error *e)
{
	char path[FIELD_PATH_MAX];
	json_t *value = json_object_get(f.in.object, f.key);
	*out = json_is_null(value) ? NULL : value;
	if (*out == NULL && f.need == JSON_REQUIRED)
		return error_set(e, E_INVALID, "%s: missing", field_path(f, path));
	return OK;
}

enum status field_refuse(struct field f, const char *why, struct error *e)
{
	char path[FIELD_PATH_MAX];
	AUTO_BUF struct buf shown;
	buf_init(&shown, SCENARIO_TEXT_MAX * 8UL);
	json_t *value = json_object_get(f.in.object, f.key);
	if (value == NULL || json_write(value, &shown, NULL) != OK)
		buf_reset(&shown);
	size_t len = shown.len > VALUE_SHOWN_MAX ? VALUE_SHOWN_MAX : shown.len;
	/* Never end in the middle of a character. */
	while (len > 0 && len < shown.len && ((unsigned char)shown.at[len] & 0xC0) == 0x80)
		len--;
	return error_set(e, E_INVALID, "%s: %.*s%s %s", field_path(f, path), (int)len,
		buf_text(&shown), len < shown.len ? "…" : "", i18n_text(why));
}

struct unit {
	const char *name;
	uint64_t bytes;
};
static const struct unit units[] = {
	{ "", 1 },
	{ "B", 1 },
	{ "KiB", 1ULL << 10 },
	{ "MiB", 1ULL << 20 },
	{ "GiB", 1ULL << 30 },
	{ "TiB", 1ULL << 40 },
	{ "KB", 1000 },
	{ "MB", 1000 * 1000 },
	{ "GB", 1000ULL * 1000 * 1000 },
};

static bool size_of_text(struct view text, uint64_t *out)
{
	struct view number = text;
	while (number.len > 0 &&
		(number.at[number.len - 1] < '0' || number.at[number.len - 1] > '9'))
		number.len--;
	struct view unit = view_trim((struct view){ text.at + number.len, text.len - number.len });
	unsigned long long n;
	if (!view_to_u64(number, &n))
		return false;
	for (size_t i = 0; i < COUNT_OF(units); i++) {
		if (view_is(unit, units[i].name))
			return !__builtin_mul_overflow(n, units[i].bytes, out);
	}
	return false;
}

static bool size_of_value(const json_t *value, uint64_t *out)
{
	if (json_is_integer(value) && json_integer_value(value) >= 0) {
		*out = (uint64_t)json_integer_value(value);
		return true;
	}
	return json_is_string(value) &&
	       size_of_text(
		       (struct view){ json_string_value(value), json_string_length(value) }, out);
}

enum status field_size(struct field f, struct range r, uint64_t *out, struct error *e)
{
	json_t *value;
	uint64_t size;
	TRY(field_value(f, &value, e));
	if (value == NULL)
		return OK;
	if (!size_of_value(value, &size))
		return field_refuse(f,
			N_("is not a size: a whole number, or one with B, KiB, MiB, GiB, KB, MB or "
			   "GB"),
			e);
	if (size < r.low || size > r.high) {
		char why[120];
		(void)snprintf(why, sizeof why, "is not between %llu and %llu",
			(unsigned long long)r.low, (unsigned long long)r.high);
		return field_refuse(f, why, e);
	}
	*out = size;
	return OK;
}

enum status field_count(struct field f, struct range r, uint32_t *out, struct error *e)
{
	uint64_t n = *out;
	json_t *value;
	TRY(field_value(f, &value, e));
	if (value != NULL && !json_is_integer(value))
		return field_refuse(f, N_("is not a whole number"), e);
	TRY(field_size(f, r, &n, e));
	*out = (uint32_t)n;
	return OK;
}

/* "12", "12.5" or "12.25" as hundredths. */
static bool hundredths(struct view v, uint32_t *out)
{
	struct view rest = v;
	struct view whole = view_cut(&rest, '.');
	unsigned long long a;
	unsigned long long b = 0;
	bool has_point = whole.len < v.len;
	if (!view_to_u64(whole, &a) || a > 100)
		return false;
	if (has_point && (rest.len > 2 || !view_to_u64(rest, &b)))
		return false;
	if (rest.len == 1)
		b *= 10;
	*out = (uint32_t)(a * 100 + b);
	return *out <= 10000;
}

static bool span_of_text(struct view text, struct span_rule *out)
{
	struct view rest = text;
	unsigned long long parts;
	unsigned long long of;
	if (text.len > 0 && text.at[text.len - 1] == '%') {
		text.len--;
		out->of = 10000;
		return hundredths(view_trim(text), &out->parts);
	}
	struct view head = view_cut(&rest, '/');
	if (head.len == text.len || !view_to_u64(head, &parts) || !view_to_u64(rest, &of))
		return false;
	if (of == 0 || of > 10000 || parts > of)
		return false;
	out->parts = (uint32_t)parts;
	out->of = (uint32_t)of;
	return true;
}

enum status field_span(struct field f, struct span_rule *out, struct error *e)
{
	struct span_rule r = { .of = 1, .align = 1 };
	json_t *value;
	TRY(field_value(f, &value, e));
	if (value == NULL)
		return OK;
	if (json_is_string(value) &&
		span_of_text(
			(struct view){ json_string_value(value), json_string_length(value) }, &r)) {
		*out = r;
		return OK;
	}
	if (!size_of_value(value, &r.bytes))
		return field_refuse(
			f, "is neither a size nor a share of the file: 40 KiB, 12.5 % or 1/3", e);
	if (r.bytes > SIZE_MAX_BYTES)
		return field_refuse(f, N_("is larger than 16 TiB"), e);
	*out = r;
	return OK;
}

enum status field_word(struct field f, const char *const *words, unsigned *out, struct error *e)
{
	json_t *value;
	TRY(field_value(f, &value, e));
	if (value == NULL)
		return OK;
	for (unsigned i = 0; words[i] != NULL; i++) {
		if (json_is_string(value) && strcmp(json_string_value(value), words[i]) == 0) {
			*out = i;
			return OK;
		}
	}
	char why[300] = "is none of";
	size_t len = strlen(why);
	for (unsigned i = 0; words[i] != NULL && len < sizeof why; i++)
		len += (size_t)snprintf(
			why + len, sizeof why - len, "%s %s", i == 0 ? "" : ",", words[i]);
	return field_refuse(f, why, e);
}

enum status field_bool(struct field f, bool *out, struct error *e)
{
	json_t *value;
	TRY(field_value(f, &value, e));
	if (value == NULL)
		return OK;
	if (!json_is_boolean(value))
		return field_refuse(f, N_("is neither true nor false"), e);
	*out = json_is_true(value);
	return OK;
}

static bool only_of(struct view v, const char *set)
{
	for (size_t i = 0; i < v.len; i++) {
		if (v.at[i] == '\0' || strchr(set, v.at[i]) == NULL)
			return false;
	}
	return true;
}

static bool no_controls(struct view v, bool line_feeds)
{
	for (size_t i = 0; i < v.len; i++) {
		unsigned char c = (unsigned char)v.at[i];
		if ((c < 0x20 && !(line_feeds && c == '\n')) || c == 0x7F)
			return false;
	}
	return true;
}

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

static bool is_attack_id(struct view v)
{
	if ((v.len != 5 && v.len != 9) || v.at[0] != 'T')
		return false;
	if (!only_of((struct view){ v.at + 1, 4 }, DIGITS))
		return false;
	return v.len == 5 || (v.at[5] == '.' && only_of((struct view){ v.at + 6, 3 }, DIGITS));
}

static bool is_long(struct view v, size_t least, size_t most)
{
	return v.len >= least && v.len <= most;
}

static bool is_suffix(struct view v)
{
	if (v.len == 0)
		return true;
	return is_long(v, 1, 32) && v.at[0] == '.' && only_of(v, LOWER UPPER DIGITS "._-");
}

bool text_has_shape(struct view v, struct text_rule rule)
{
	switch (rule.shape) {
	case TEXT_LINE:
		return is_long(v, 1, rule.max_bytes) && no_controls(v, false);
	case TEXT_LINES:
		return is_long(v, 1, rule.max_bytes) && no_controls(v, true);
	case TEXT_ID:
		return is_long(v, 2, 40) && only_of(v, LOWER DIGITS "-");
	case TEXT_LABEL:
		return is_long(v, 1, 60) && only_of(v, LOWER UPPER DIGITS " ._<>=+%/-");
	case TEXT_TYPE:
		return is_long(v, 1, 15) && only_of(v, LOWER DIGITS "_");
	case TEXT_SUFFIX:
		return is_suffix(v);
	case TEXT_NAME:
		return is_long(v, 0, 100) && no_controls(v, false) && file_is_single_name(v);
	case TEXT_ATTACK:
		return is_attack_id(v);
	}
	return false;
}

static const char *shape_sentence(enum text_shape shape)
{
	switch (shape) {
	case TEXT_LINE:
		return N_("is not one line of text, or is empty or too long");
	case TEXT_LINES:
		return N_("is not plain text, or is empty or too long");
	case TEXT_ID:
		return N_("is not 2 to 40 of a-z, 0-9 and -");
	case TEXT_LABEL:
		return N_("is not a label of 1 to 60 letters, digits, blanks and ._<>=+%/-");
	case TEXT_TYPE:
		return N_("is not a file type: lower case, without its dot");
	case TEXT_SUFFIX:
		return N_("is not a suffix: a dot, then at most 31 letters, digits and ._-");
	case TEXT_NAME:
		return N_("is not a single file name of at most 100 bytes");
	case TEXT_ATTACK:
		return N_("is not the id of an ATT&CK technique, such as T1486 or T1491.001");
	}
	return "";
}

static enum status take_text(struct field f, const json_t *value, struct text_rule rule,
	struct pool *p, const char **out, struct error *e)
{
	struct view v = { json_string_value(value), json_string_length(value) };
	if (!json_is_string(value) || !text_has_shape(v, rule))
		return field_refuse(f, shape_sentence(rule.shape), e);
	const char *copy = pool_text(p, v);
	if (copy == NULL)
		return error_set(e, E_TOO_BIG, "the scenario needs more memory than it may have");
	*out = copy;
	return OK;
}

enum status field_text(
	struct field f, struct text_rule rule, struct pool *p, const char **out, struct error *e)
{
	json_t *value;
	TRY(field_value(f, &value, e));
	return value == NULL ? OK : take_text(f, value, rule, p, out, e);
}

enum status field_both(struct field f, struct text_rule rule, struct pool *p,
	struct drill_text *out, struct error *e)
{
	static const char *const known[] = { "en", "zh", NULL };
	char path[FIELD_PATH_MAX];
	json_t *value;
	TRY(field_value(f, &value, e));
	if (value == NULL)
		return OK;
	struct json_place both = { value, field_path(f, path) };
	if (!json_is_object(value))
		return field_refuse(f, N_("is not a pair of en and zh"), e);
	TRY(json_only_keys(both, known, e));
	TRY(field_text(FIELD_NEEDED(both, "en"), rule, p, &out->en, e));
	return field_text(FIELD_NEEDED(both, "zh"), rule, p, &out->zh, e);
}

enum status field_list(struct field f, struct text_rule rule, struct pool *p, struct word_list *out,
	struct error *e)
{
	json_t *value;
	json_t *item;
	size_t i;
	TRY(field_value(f, &value, e));
	if (value == NULL)
		return OK;
	if (!json_is_array(value) || json_array_size(value) > out->most) {
		char why[80];
		(void)snprintf(why, sizeof why, "is not a list of at most %zu", out->most);
		return field_refuse(f, why, e);
	}
	json_array_foreach(value, i, item) TRY(take_text(f, item, rule, p, &out->words[i], e));
	*out->n = json_array_size(value);
	return OK;
}
