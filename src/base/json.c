/*
 * JSON in and out, and the getters.
 */
#include "base/json.h"

#include <string.h>

#include "base/utf8.h"

/*
 * jansson's own limit is 2,048 levels. Brackets are counted outside of text only, so that the limit
 * is the documented one before anything is built.
 */
static bool too_deep(struct view text)
{
	int depth = 0;
	bool in_text = false;
	for (size_t i = 0; i < text.len; i++) {
		char c = text.at[i];
		if (in_text && c == '\\')
			i++;
		else if (c == '"')
			in_text = !in_text;
		else if (!in_text && (c == '[' || c == '{') && ++depth > JSON_DEPTH_MAX)
			return true;
		else if (!in_text && (c == ']' || c == '}'))
			depth--;
	}
	return false;
}

/* The member in whose value the reader stopped: what a person looks for in a file of one line. The
 * last string that stands before `n` and has a colon behind it. */
static struct view last_key(struct view text, size_t n)
{
	struct view key = VIEW_NONE;
	for (size_t i = 0; i < n && i < text.len; i++) {
		if (text.at[i] != '"')
			continue;
		const size_t begin = ++i;
		for (; i < text.len && text.at[i] != '"'; i++)
			i += text.at[i] == '\\' ? 1 : 0;
		size_t behind = i + 1;
		while (behind < text.len && strchr(" \t\r\n", text.at[behind]) != NULL)
			behind++;
		if (i < n && behind < text.len && text.at[behind] == ':')
			key = (struct view){ text.at + begin, i - begin };
	}
	return key;
}

/* The reader's own words name an option of its own for two of them. */
static const char *why_words(const json_error_t *why)
{
	const enum json_error_code code = json_error_code(why);
	if (code == json_error_null_character || code == json_error_null_byte_in_key)
		return "the character \\u0000 is not allowed in a text";
	return code == json_error_numeric_overflow ? "the number is too big" : why->text;
}

static enum status refuse(
	struct view text, const char *what, const json_error_t *why, struct error *e)
{
	enum { KEY_SHOWN_MAX = 100 };
	const struct view key = last_key(text, why->position < 0 ? 0 : (size_t)why->position);
	const enum status status =
		json_error_code(why) == json_error_out_of_memory ? E_NO_SPACE : E_INVALID;
	if (key.len == 0 || key.len > KEY_SHOWN_MAX ||
		text_flaw_of(key, TEXT_ONE_LINE) != TEXT_SOUND)
		return error_set(e, status, "%s: line %d, column %d: %s", what, why->line,
			why->column, why_words(why));
	return error_set(e, status, "%s: '%.*s': line %d, column %d: %s", what, (int)key.len,
		key.at, why->line, why->column, why_words(why));
}

enum status json_read(
	struct view text, size_t ceiling_bytes, const char *what, json_t **out, struct error *e)
{
	if (text.len > ceiling_bytes)
		return error_set(e, E_TOO_BIG, "%s: larger than %zu bytes", what, ceiling_bytes);
	/* jansson takes a NUL for the end and would not see what follows. */
	if (text.len > 0 && memchr(text.at, '\0', text.len) != NULL)
		return error_set(e, E_INVALID, "%s: a NUL byte", what);
	if (too_deep(text))
		return error_set(
			e, E_INVALID, "%s: nested more than %d levels deep", what, JSON_DEPTH_MAX);
	json_error_t why;
	json_t *value = json_loadb(text.len == 0 ? "" : text.at, text.len,
		JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &why);
	if (value == NULL)
		return refuse(text, what, &why, e);
	*out = value;
	return OK;
}

static int append(const char *bytes, size_t n_bytes, void *b)
{
	buf_add_bytes(b, bytes, n_bytes);
	return ((struct buf *)b)->failed ? -1 : 0;
}

static enum status write_with(const json_t *value, size_t flags, struct buf *out, struct error *e)
{
	if (json_dump_callback(value, append, out, flags | JSON_COMPACT | JSON_ENCODE_ANY) != 0)
		out->failed = true;
	return buf_check(out, "JSON", e);
}

enum status json_write(const json_t *value, struct buf *out, struct error *e)
{
	return write_with(value, 0, out, e);
}

enum status json_write_sorted(const json_t *value, struct buf *out, struct error *e)
{
	return write_with(value, JSON_SORT_KEYS, out, e);
}

static void drop(void *value)
{
	json_decref(value);
}

enum status json_keep(struct pool *p, json_t *value, struct error *e)
{
	if (value == NULL || !pool_keep(p, value, drop))
		return error_set(e, E_NO_SPACE, "no memory for a JSON value");
	return OK;
}

static const char *dot(struct json_place p)
{
	return p.at[0] == '\0' ? "" : ".";
}

/* Finds the key; OK with *out NULL where it is absent (or null) and optional. */
static enum status find(
	struct json_place p, const char *key, enum json_need need, json_t **out, struct error *e)
{
	*out = NULL;
	if (!json_is_object(p.object))
		return error_set(
			e, E_INVALID, "%s: not an object", p.at[0] == '\0' ? "document" : p.at);
	json_t *value = json_object_get(p.object, key);
	if (value == NULL || json_is_null(value)) {
		if (need == JSON_REQUIRED)
			return error_set(e, E_INVALID, "%s%s%s: missing", p.at, dot(p), key);
		return OK;
	}
	*out = value;
	return OK;
}

enum status json_get_text(struct json_place p, const char *key, enum json_need need,
	const char **out, struct error *e)
{
	json_t *value;
	TRY(find(p, key, need, &value, e));
	if (value == NULL)
		return OK;
	if (!json_is_string(value))
		return error_set(e, E_INVALID, "%s%s%s: not text", p.at, dot(p), key);
	*out = json_string_value(value);
	return OK;
}

enum status json_get_int(
	struct json_place p, const char *key, enum json_need need, int64_t *out, struct error *e)
{
	json_t *value;
	TRY(find(p, key, need, &value, e));
	if (value == NULL)
		return OK;
	if (!json_is_integer(value))
		return error_set(e, E_INVALID, "%s%s%s: not a whole number", p.at, dot(p), key);
	*out = json_integer_value(value);
	return OK;
}

enum status json_get_number(
	struct json_place p, const char *key, enum json_need need, double *out, struct error *e)
{
	json_t *value;
	TRY(find(p, key, need, &value, e));
	if (value == NULL)
		return OK;
	if (!json_is_number(value))
		return error_set(e, E_INVALID, "%s%s%s: not a number", p.at, dot(p), key);
	*out = json_number_value(value);
	return OK;
}

enum status json_get_bool(
	struct json_place p, const char *key, enum json_need need, bool *out, struct error *e)
{
	json_t *value;
	TRY(find(p, key, need, &value, e));
	if (value == NULL)
		return OK;
	if (!json_is_boolean(value))
		return error_set(e, E_INVALID, "%s%s%s: neither true nor false", p.at, dot(p), key);
	*out = json_is_true(value);
	return OK;
}

enum status json_get_array(
	struct json_place p, const char *key, enum json_need need, json_t **out, struct error *e)
{
	json_t *value;
	TRY(find(p, key, need, &value, e));
	if (value == NULL)
		return OK;
	if (!json_is_array(value))
		return error_set(e, E_INVALID, "%s%s%s: not a list", p.at, dot(p), key);
	*out = value;
	return OK;
}

enum status json_get_object(
	struct json_place p, const char *key, enum json_need need, json_t **out, struct error *e)
{
	json_t *value;
	TRY(find(p, key, need, &value, e));
	if (value == NULL)
		return OK;
	if (!json_is_object(value))
		return error_set(e, E_INVALID, "%s%s%s: not an object", p.at, dot(p), key);
	*out = value;
	return OK;
}

enum status json_only_keys(struct json_place p, const char *const *known, struct error *e)
{
	const char *key;
	json_t *value;
	json_object_foreach(p.object, key, value)
	{
		size_t i = 0;
		while (known[i] != NULL && strcmp(known[i], key) != 0)
			i++;
		if (known[i] == NULL)
			return error_set(e, E_INVALID, "%s%s%s: unknown key", p.at, dot(p), key);
	}
	return OK;
}
