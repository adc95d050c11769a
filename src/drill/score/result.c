/*
 * A result as JSON: the rows of result_fields.c decide what is written; here is how.
 */
#include "drill/score/result_fields.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/fault.h"

struct writer {
	bool failed; /* memory was short somewhere: the whole is given up */
};

static void set(struct writer *w, json_t *object, const char *key, json_t *value)
{
	if (FAULT("result_set")) {
		json_decref(value);
		value = NULL;
	}
	if (value == NULL || json_object_set_new(object, key, value) != 0)
		w->failed = true;
}

/* How many bytes the UTF-8 sequence at `s` has; 0 where it is none (overlong, surrogate, cut). */
static size_t sequence_bytes(const unsigned char *s)
{
	if (s[0] < 0x80)
		return 1;
	size_t n = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;
	if (s[0] < 0xc2 || s[0] > 0xf4)
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	bool overlong = (s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xf0 && s[1] < 0x90);
	bool surrogate = s[0] == 0xed && s[1] > 0x9f;
	bool beyond = s[0] == 0xf4 && s[1] > 0x8f;
	return overlong || surrogate || beyond ? 0 : n;
}

/* Paths and alert lines may hold any bytes; JSON may not: what is no UTF-8 becomes U+FFFD. Text
 * over the reader's ceiling is cut. */
static json_t *text_value(const char *text)
{
	AUTO_BUF struct buf clean;
	buf_init(&clean, RESULT_TEXT_MAX);
	const unsigned char *s = (const unsigned char *)text;
	while (*s != '\0' && !clean.failed) {
		size_t n = sequence_bytes(s);
		if ((n == 0 ? 3 : n) > clean.ceiling - clean.len)
			break;
		if (n == 0)
			buf_add(&clean, VIEW("\xef\xbf\xbd"));
		else
			buf_add_bytes(&clean, s, n);
		s += n == 0 ? 1 : n;
	}
	return clean.failed ? NULL : json_stringn(buf_text(&clean), clean.len);
}

static json_t *whole(uint64_t x)
{
	return json_integer(x > INT64_MAX ? INT64_MAX : (json_int_t)x);
}

static json_t *number(double x)
{
	return json_real(isfinite(x) ? x : 0);
}

/* RFC 3339 with as many digits as are needed to read the same nanosecond back. */
static json_t *time_value(int64_t wall_ns)
{
	if (wall_ns < 0)
		return json_null();
	char text[TIME_TEXT_MAX];
	(void)time_text(wall_ns, text);
	if (wall_ns % NS_PER_MS != 0) {
		char *point = strchr(text, '.');
		size_t room = sizeof text - (size_t)(point - text);
		(void)snprintf(point, room, ".%09dZ", (int)(wall_ns % NS_PER_S));
	}
	return json_string(text);
}

static json_t *both_value(struct writer *w, const struct drill_text *text)
{
	json_t *object = json_object();
	if (object == NULL)
		return NULL;
	set(w, object, "en", text_value(text->en == NULL ? "" : text->en));
	set(w, object, "zh", text_value(text->zh == NULL ? "" : text->zh));
	return object;
}

/* No more than the reader takes back. */
static json_t *texts_value(
	struct writer *w, const struct field *f, const char *const *texts, size_t n)
{
	json_t *list = json_array();
	for (size_t i = 0; list != NULL && i < n && i < f->most; i++)
		if (json_array_append_new(list, text_value(texts[i] == NULL ? "" : texts[i])) != 0)
			w->failed = true;
	return list;
}

static void write_fields(
	struct writer *w, json_t *object, const struct field *fields, const char *base);

static json_t *object_value(struct writer *w, const struct field *fields, const char *base)
{
	json_t *object = json_object();
	if (object != NULL)
		write_fields(w, object, fields, base);
	return object;
}

static json_t *list_value(struct writer *w, const struct field *f, const char *items, size_t n)
{
	json_t *list = json_array();
	for (size_t i = 0; list != NULL && i < n && i < f->most; i++)
		if (json_array_append_new(
			    list, object_value(w, f->fields, items + i * f->item_bytes)) != 0)
			w->failed = true;
	return list;
}

/* The member of a kind whose C type is plain. */
#define MEMBER(type, place) (*(type const *)(const void *)(place))

static json_t *plain_value(const struct field *f, const char *at)
{
	switch (f->kind) {
	case FIELD_TEXT: {
		const char *text = MEMBER(char *, at);
		return text_value(text == NULL ? "" : text);
	}
	case FIELD_TEXT_OR_NULL: {
		const char *text = MEMBER(char *, at);
		return text == NULL ? json_null() : text_value(text);
	}
	case FIELD_U32:
		return json_integer(MEMBER(uint32_t, at));
	case FIELD_U64:
		return whole(MEMBER(uint64_t, at));
	case FIELD_INT:
		return json_integer(MEMBER(int, at));
	case FIELD_NUMBER:
		return number(MEMBER(double, at));
	case FIELD_BOOL:
		return json_boolean(MEMBER(bool, at));
	case FIELD_TIME:
		return time_value(MEMBER(int64_t, at));
	case FIELD_DURATION:
		return MEMBER(int64_t, at) < 0 ? json_null() : json_integer(MEMBER(int64_t, at));
	case FIELD_SIGNED:
		return json_integer(MEMBER(int64_t, at));
	case FIELD_DIGEST: {
		char hex[DIGEST_HEX_LEN + 1];
		return json_string(digest_hex(&MEMBER(struct digest, at), hex));
	}
	case FIELD_ENUM:
		return json_string(f->word(MEMBER(int, at)));
	case FIELD_BOTH:
	case FIELD_TEXTS:
	case FIELD_OBJECT:
	case FIELD_LIST:
		break;
	}
	return NULL;
}

static void write_fields(
	struct writer *w, json_t *object, const struct field *fields, const char *base)
{
	for (const struct field *f = fields; f->key != NULL; f++) {
		const char *at = base + f->at;
		json_t *value = NULL;
		if (f->kind == FIELD_OBJECT && f->most == 1 &&
			MEMBER(char *, at + f->fields[0].at) == NULL)
			value = json_null();
		else if (f->kind == FIELD_OBJECT)
			value = object_value(w, f->fields, at);
		else if (f->kind == FIELD_LIST)
			value = list_value(
				w, f, MEMBER(char *, at), MEMBER(size_t, base + f->count_at));
		else if (f->kind == FIELD_TEXTS)
			value = texts_value(w, f, MEMBER(const char *const *, at),
				MEMBER(size_t, base + f->count_at));
		else if (f->kind == FIELD_BOTH)
			value = both_value(w, &MEMBER(struct drill_text, at));
		else
			value = plain_value(f, at);
		set(w, object, f->key, value);
	}
}

json_t *drill_result_json(const struct drill_result *r)
{
	struct writer w = { false };
	AUTO_JSON json_t *object = json_object();
	if (object == NULL)
		return NULL;
	set(&w, object, "format", json_integer(RESULT_FORMAT));
	write_fields(&w, object, drill_result_fields, (const char *)r);
	if (!drill_has_score(r))
		set(&w, object, "score", json_null());
	int64_t latency_ns = r->safety.stop_latency_ns;
	set(&w, object, "stop_latency_ms",
		latency_ns < 0 ? json_null() : number((double)latency_ns / (double)NS_PER_MS));
	set(&w, object, "outside_changes",
		whole((uint64_t)r->safety.n_sentinels_changed + r->safety.n_attributed));
	return w.failed ? NULL : TAKE(object);
}

enum status drill_result_write(const struct drill_result *r, struct buf *out, struct error *e)
{
	AUTO_JSON json_t *value = drill_result_json(r);
	if (value == NULL)
		return error_set(e, E_NO_SPACE, "no memory for the result");
	TRY(json_write(value, out, e));
	buf_add_char(out, '\n');
	return buf_check(out, "result", e);
}

/* The member at the end of `path` becomes null, in every object of a list on the way. */
static void forget(struct writer *w, json_t *value, struct view path)
{
	char key[64];
	struct view rest = path;
	struct view first = view_cut(&rest, '.');
	size_t i;
	json_t *item;
	(void)snprintf(key, sizeof key, "%.*s", VIEW_ARGS(first));
	if (json_is_array(value)) {
		json_array_foreach(value, i, item) forget(w, item, path);
	} else if (json_is_object(value) && rest.len == 0) {
		set(w, value, key, json_null());
	} else {
		item = json_object_get(value, key);
		if (item != NULL)
			forget(w, item, rest);
	}
}

static json_t *not_recorded(struct writer *w, json_t *object, const struct drill_result *r)
{
	json_t *list = json_array();
	for (size_t i = 0; list != NULL && i < r->n_not_recorded; i++) {
		forget(w, object, view_of(r->not_recorded[i]));
		if (json_array_append_new(list, json_string(r->not_recorded[i])) != 0)
			w->failed = true;
	}
	return list;
}

json_t *drill_answer_json(const struct drill_result *r)
{
#define PATH(name)                                                                                 \
	{                                                                                          \
#name, FIELD_TEXT_OR_NULL, offsetof(struct drill_report_paths, name), 0, NULL, 0,  \
			0, NULL, 0, 1                                                              \
	}
	static const struct field paths[] = { PATH(html), PATH(json), PATH(pdf), PATH(navigator),
		{ NULL, FIELD_TEXT, 0, 0, NULL, 0, 0, NULL, 0, 1 } };
#undef PATH
	struct writer w = { false };
	AUTO_JSON json_t *object = drill_result_json(r);
	if (object == NULL)
		return NULL;
	set(&w, object, "report", object_value(&w, paths, (const char *)&r->report));
	set(&w, object, "undone", json_boolean(r->undone));
	if (r->n_not_recorded > 0)
		set(&w, object, "not_recorded", not_recorded(&w, object, r));
	return w.failed ? NULL : TAKE(object);
}
