/*
 * A stored result back into its struct. The file may have been altered: every field is checked for
 * presence, type and range, and the first that is off is named by its path.
 */
#include "drill/score/result_fields.h"
#include "drill/score/score.h"

#include <limits.h>
#include <math.h>
#include <string.h>

/* More than there are rows since the first format. */
enum { NOT_RECORDED_MAX = 64 };

/* What is read, and what was found missing because an earlier version stored it. */
struct reading {
	int format;
	const char **not_recorded;
	size_t n_not_recorded;
};

struct place {
	struct pool *pool;
	const char *path; /* of the object, "" at the top */
	struct reading *reading;
	struct error *e;
};

static enum status wrong(const struct place *p, const char *key, const char *what)
{
	return error_set(
		p->e, E_INVALID, "%s%s%s: %s", p->path, p->path[0] == '\0' ? "" : ".", key, what);
}

static enum status no_memory(const struct place *p)
{
	return error_set(p->e, E_TOO_BIG, "the stored result does not fit into its memory");
}

static enum status below(const struct place *p, const char *key, long index, struct place *out)
{
	const char *dot = p->path[0] == '\0' ? "" : ".";
	const char *path = index < 0 ? pool_textf(p->pool, "%s%s%s", p->path, dot, key)
				     : pool_textf(p->pool, "%s%s%s[%ld]", p->path, dot, key, index);
	if (path == NULL)
		return no_memory(p);
	*out = (struct place){ p->pool, path, p->reading, p->e };
	return OK;
}

static enum status read_text(const struct place *p, const char *key, json_t *v, const char **out)
{
	if (!json_is_string(v))
		return wrong(p, key, "not text");
	size_t len = json_string_length(v);
	if (len > RESULT_TEXT_MAX)
		return wrong(p, key, "too long");
	if (memchr(json_string_value(v), '\0', len) != NULL)
		return wrong(p, key, "holds a NUL character");
	char *text = pool_text(p->pool, (struct view){ json_string_value(v), len });
	if (text == NULL)
		return no_memory(p);
	*out = text;
	return OK;
}

static enum status read_whole(
	const struct place *p, const char *key, json_t *v, int64_t low, int64_t high, int64_t *out)
{
	if (!json_is_integer(v))
		return wrong(p, key, "not a whole number");
	if (json_integer_value(v) < low || json_integer_value(v) > high)
		return wrong(p, key, "out of range");
	*out = json_integer_value(v);
	return OK;
}

static enum status read_time(const struct place *p, const char *key, json_t *v, int64_t *out)
{
	if (json_is_null(v)) {
		*out = -1;
		return OK;
	}
	if (!json_is_string(v) ||
		!time_parse((struct view){ json_string_value(v), json_string_length(v) }, out))
		return wrong(p, key, "not a time in RFC 3339");
	return OK;
}

static enum status read_number(const struct place *p, const char *key, json_t *v, double *out)
{
	if (!json_is_number(v))
		return wrong(p, key, "not a number");
	double x = json_number_value(v);
	if (!isfinite(x) || x < 0)
		return wrong(p, key, "out of range");
	*out = x;
	return OK;
}

static enum status read_word(const struct place *p, const struct field *f, json_t *v, int *out)
{
	for (int i = 0; json_is_string(v) && i < f->n_words; i++) {
		if (strcmp(f->word(i), json_string_value(v)) == 0) {
			*out = i;
			return OK;
		}
	}
	return wrong(p, f->key, "not one of the known words");
}

#define MEMBER(type, place) (*(type *)(void *)(place))

static enum status read_integer(const struct place *p, const struct field *f, json_t *v, char *at)
{
	int64_t x = -1;
	bool is_duration = f->kind == FIELD_DURATION;
	if (is_duration && json_is_null(v)) {
		MEMBER(int64_t, at) = -1;
		return OK;
	}
	int64_t low = f->kind == FIELD_INT ? INT_MIN : f->kind == FIELD_SIGNED ? INT64_MIN : 0;
	int64_t high = f->kind == FIELD_INT   ? INT_MAX
		       : f->kind == FIELD_U32 ? UINT32_MAX
					      : INT64_MAX;
	TRY(read_whole(p, f->key, v, low, high, &x));
	if (f->kind == FIELD_U32)
		MEMBER(uint32_t, at) = (uint32_t)x;
	else if (f->kind == FIELD_U64)
		MEMBER(uint64_t, at) = (uint64_t)x;
	else if (f->kind == FIELD_INT)
		MEMBER(int, at) = (int)x;
	else
		MEMBER(int64_t, at) = x;
	return OK;
}

static enum status read_both(
	const struct place *p, const struct field *f, json_t *v, struct drill_text *out)
{
	struct place inner = *p;
	/* The first format has some of these in English alone. */
	if (p->reading->format == 1 && json_is_string(v)) {
		TRY(read_text(p, f->key, v, &out->en));
		out->zh = out->en;
		return OK;
	}
	if (!json_is_object(v))
		return wrong(p, f->key, "not an object");
	TRY(below(p, f->key, -1, &inner));
	json_t *en = json_object_get(v, "en");
	json_t *zh = json_object_get(v, "zh");
	if (en == NULL || zh == NULL)
		return wrong(&inner, en == NULL ? "en" : "zh", "missing");
	TRY(read_text(&inner, "en", en, &out->en));
	return read_text(&inner, "zh", zh, &out->zh);
}

static enum status read_bool(const struct place *p, const char *key, json_t *v, bool *out)
{
	if (!json_is_boolean(v))
		return wrong(p, key, "neither true nor false");
	*out = json_is_true(v);
	return OK;
}

static enum status read_digest(
	const struct place *p, const char *key, json_t *v, struct digest *out)
{
	struct view hex = { json_string_value(v), json_string_length(v) };
	if (!json_is_string(v) || !hex_parse(hex, out->bytes, DIGEST_BYTES))
		return wrong(p, key, "not a SHA-256 hash in hex");
	return OK;
}

static enum status read_plain(const struct place *p, const struct field *f, json_t *v, char *at)
{
	switch (f->kind) {
	case FIELD_TEXT_OR_NULL:
		if (json_is_null(v)) {
			MEMBER(const char *, at) = NULL;
			return OK;
		}
		return read_text(p, f->key, v, &MEMBER(const char *, at));
	case FIELD_TEXT:
		return read_text(p, f->key, v, &MEMBER(const char *, at));
	case FIELD_U32:
	case FIELD_U64:
	case FIELD_INT:
	case FIELD_DURATION:
	case FIELD_SIGNED:
		return read_integer(p, f, v, at);
	case FIELD_NUMBER:
		return read_number(p, f->key, v, &MEMBER(double, at));
	case FIELD_BOOL:
		return read_bool(p, f->key, v, &MEMBER(bool, at));
	case FIELD_TIME:
		return read_time(p, f->key, v, &MEMBER(int64_t, at));
	case FIELD_DIGEST:
		return read_digest(p, f->key, v, &MEMBER(struct digest, at));
	case FIELD_ENUM:
		return read_word(p, f, v, &MEMBER(int, at));
	case FIELD_BOTH:
		return read_both(p, f, v, &MEMBER(struct drill_text, at));
	case FIELD_TEXTS:
	case FIELD_OBJECT:
	case FIELD_LIST:
		break;
	}
	return wrong(p, f->key, "not known");
}

static enum status read_fields(
	const struct place *p, const struct field *fields, json_t *object, char *base);

/* A list of objects, or of texts where the row has no fields. */
static enum status read_list(const struct place *p, const struct field *f, json_t *v, char *base)
{
	bool texts = f->kind == FIELD_TEXTS;
	size_t item_bytes = texts ? sizeof(char *) : f->item_bytes;
	if (!json_is_array(v))
		return wrong(p, f->key, "not a list");
	size_t n = json_array_size(v);
	if (n > f->most)
		return wrong(p, f->key, "too long");
	char *items = pool_take(p->pool, n, item_bytes);
	if (items == NULL)
		return no_memory(p);
	for (size_t i = 0; i < n; i++) {
		json_t *item = json_array_get(v, i);
		char *at = items + i * item_bytes;
		struct place inner = *p;
		TRY(below(p, f->key, (long)i, &inner));
		if (texts) {
			if (!json_is_string(item))
				return error_set(p->e, E_INVALID, "%s: not text", inner.path);
			TRY(read_text(p, f->key, item, &MEMBER(const char *, at)));
		} else {
			TRY(read_fields(&inner, f->fields, item, at));
		}
	}
	MEMBER(char *, base + f->at) = items;
	MEMBER(size_t, base + f->count_at) = n;
	return OK;
}

/* Once for all items of a list: "people.steps[3]" and "by" are "people.steps.by". */
static enum status note_missing(const struct place *p, const char *key)
{
	AUTO_BUF struct buf path;
	buf_init(&path, 256);
	bool inside = false;
	for (const char *s = p->path; *s != '\0'; s++) {
		inside = inside ? *s != ']' : *s == '[';
		if (!inside && *s != ']')
			buf_add_char(&path, *s);
	}
	buf_addf(&path, "%s%s", path.len == 0 ? "" : ".", key);
	struct reading *r = p->reading;
	for (size_t i = 0; i < r->n_not_recorded; i++)
		if (view_is(buf_view(&path), r->not_recorded[i]))
			return OK;
	if (path.failed || r->n_not_recorded == NOT_RECORDED_MAX)
		return no_memory(p);
	const char *kept = pool_text(p->pool, buf_view(&path));
	if (kept == NULL)
		return no_memory(p);
	r->not_recorded[r->n_not_recorded++] = kept;
	return OK;
}

/* What this version did not record, or the other one did not: nothing is known of it. */
static enum status read_nothing(const struct place *p, const struct field *f, char *base)
{
	char *at = base + f->at;
	if (p->reading->format >= f->since)
		return wrong(p, f->key, "missing");
	if (f->kind == FIELD_TEXT)
		MEMBER(const char *, at) = "";
	else if (f->kind == FIELD_BOTH)
		MEMBER(struct drill_text, at) = (struct drill_text){ "", "" };
	else if (f->kind == FIELD_TIME || f->kind == FIELD_DURATION)
		MEMBER(int64_t, at) = -1;
	return note_missing(p, f->key); /* the others are 0 or NULL */
}

static enum status read_fields(
	const struct place *p, const struct field *fields, json_t *object, char *base)
{
	if (!json_is_object(object))
		return error_set(p->e, E_INVALID, "%s: not an object",
			p->path[0] == '\0' ? "result" : p->path);
	for (const struct field *f = fields; f->key != NULL; f++) {
		json_t *v = json_object_get(object, f->key);
		struct place inner = *p;
		if (v == NULL) {
			TRY(read_nothing(p, f, base));
			continue;
		}
		if (f->kind == FIELD_OBJECT && f->most == 1 && json_is_null(v))
			continue;
		if (f->kind == FIELD_OBJECT) {
			TRY(below(p, f->key, -1, &inner));
			TRY(read_fields(&inner, f->fields, v, base + f->at));
		} else if (f->kind == FIELD_LIST || f->kind == FIELD_TEXTS) {
			TRY(read_list(p, f, v, base));
		} else {
			TRY(read_plain(p, f, v, base + f->at));
		}
	}
	return OK;
}

/* What the types alone do not say. */
static enum status check(const struct place *p, const struct drill_result *r)
{
	static const char *const grades[] = { "A", "B", "C", "D", "E" };
	bool known = r->grade == NULL;
	for (size_t i = 0; i < COUNT_OF(grades) && !known; i++)
		known = strcmp(r->grade, grades[i]) == 0;
	if (!known)
		return wrong(p, "grade", "not one of A to E");
	if (r->score > 100)
		return wrong(p, "score", "out of range");
	if (r->coverage > 100)
		return wrong(p, "coverage", "out of range");
	for (int i = 0; i < PARTS; i++) {
		const struct drill_part *part = &r->parts[i];
		if (part->share > 1 || part->weight > 100 || part->points > part->weight ||
			part->weight_assessed > part->weight)
			return error_set(p->e, E_INVALID, "parts.%s: out of range",
				drill_part_name((enum drill_part_id)i));
	}
	return OK;
}

static bool is_word(json_t *value, const char *word)
{
	return json_is_string(value) && strcmp(json_string_value(value), word) == 0;
}

/* The score of a void run and of a control run is null; all others have one. */
static bool may_lack_score(json_t *value)
{
	json_t *scenario = json_object_get(value, "scenario");
	return is_word(json_object_get(value, "verdict"), drill_verdict_name(DRILL_VOIDED)) ||
	       is_word(json_object_get(scenario, "kind"), "benign");
}

static enum status read_format(const struct place *top, json_t *value, int *out)
{
	json_t *format = json_object_get(value, "format");
	int64_t n = RESULT_FORMAT_OLDEST; /* which did not say so */
	if (format != NULL)
		TRY(read_whole(top, "format", format, RESULT_FORMAT_OLDEST, INT_MAX, &n));
	if (n > RESULT_FORMAT)
		return error_set(top->e, E_INVALID,
			"stored by a newer version of the program, in format %d; this one reads %d "
			"to %d",
			(int)n, RESULT_FORMAT_OLDEST, RESULT_FORMAT);
	*out = (int)n;
	return OK;
}

/* The first format has the facts behind a rating in English alone. The same facts say the same
 * today in both languages; where they say something else, what was stored stands. */
static void complete_facts(struct drill_result *r)
{
	struct drill_result again = *r;
	rate_parts(&again);
	for (int i = 0; i < PARTS; i++)
		if (strcmp(again.parts[i].why.en, r->parts[i].why.en) == 0)
			r->parts[i].why.zh = again.parts[i].why.zh;
}

/* Before the third format a part counted with all of its weight or none of it, and a run whose
 * witness was lost had no result. */
static void complete_second(struct drill_result *r)
{
	for (int i = 0; i < PARTS; i++)
		r->parts[i].weight_assessed = r->parts[i].assessed ? r->parts[i].weight : 0;
	r->safety.witness = "whole";
}

/* What the first format says in other words. */
static void complete_first(struct drill_result *r)
{
	complete_facts(r);
	if (r->verdict == DRILL_STOPPED && r->stopped.by == NULL)
		r->stopped = (struct drill_stopped){ "unknown", "unknown" };
	if (r->verdict != DRILL_VOIDED || r->safety.void_code != NULL)
		return;
	r->safety.void_code = drill_void_name(VOID_UNKNOWN);
	for (int v = VOID_UNKNOWN + 1; v <= (int)VOID_WITNESS_LOST; v++)
		if (r->safety.void_reason != NULL &&
			strcmp(r->safety.void_reason, drill_void_sentence((enum drill_void)v)) == 0)
			r->safety.void_code = drill_void_name((enum drill_void)v);
}

/* That can be said after all is not missing. */
static bool is_completed(const struct drill_result *r, const char *path)
{
	static const char weight[] = ".weight_assessed";
	return (strcmp(path, "stopped") == 0 && r->verdict == DRILL_STOPPED) ||
	       strcmp(path, "safety.void_code") == 0 || strcmp(path, "safety.witness") == 0 ||
	       view_ends_with(view_of(path), view_of(weight));
}

enum status drill_result_read(
	json_t *value, struct pool *p, struct drill_result *out, struct error *e)
{
	struct reading reading = { .not_recorded = pool_take(
					   p, NOT_RECORDED_MAX, sizeof *reading.not_recorded) };
	struct place top = { p, "", &reading, e };
	struct drill_result r = { .id = NULL };
	if (reading.not_recorded == NULL)
		return no_memory(&top);
	TRY(read_format(&top, value, &reading.format));
	AUTO_JSON json_t *copy = NULL;
	if (json_is_null(json_object_get(value, "score")) && may_lack_score(value)) {
		copy = json_copy(value);
		if (copy == NULL || json_object_set_new(copy, "score", json_real(0)) != 0)
			return no_memory(&top);
		value = copy;
	}
	TRY(read_fields(&top, drill_result_fields, value, (char *)&r));
	TRY(check(&top, &r));
	if (reading.format < 3)
		complete_second(&r);
	if (reading.format == 1)
		complete_first(&r);
	for (size_t i = 0; i < reading.n_not_recorded; i++)
		if (!is_completed(&r, reading.not_recorded[i]))
			reading.not_recorded[r.n_not_recorded++] = reading.not_recorded[i];
	r.not_recorded = reading.not_recorded;
	*out = r;
	return OK;
}
