/*
 * What forms are pre-filled from: the notice with the words of its choices, parts of it that no
 * fact holds, and what other reports said in words.
 */
#include <string.h>

#include "incident/cases/grades.h"
#include "incident/cases/notice.h"

static enum status set_word(const struct form_field *f, json_t *object, struct error *e)
{
	const char *key = json_string_value(json_object_get(object, f->key));
	const struct fact_choice *option = key == NULL ? NULL : form_option(f, key);
	if (option == NULL)
		return OK;
	return json_object_set_new(object, f->key,
		       json_pack("{s:s, s:s, s:s}", "key", option->key, "en", option->label.en,
			       "zh", option->label.zh)) != 0
		       ? case_no_memory(e)
		       : OK;
}

/* The stretch from `at` on that looks like a number; *out_digits of it are digits. */
static size_t number_stretch(struct view v, size_t at, size_t *out_digits)
{
	size_t n = at;
	*out_digits = 0;
	for (; n < v.len; n++) {
		const bool digit = v.at[n] >= '0' && v.at[n] <= '9';
		if (!digit && memchr("+-() ", v.at[n], 5) == NULL)
			break;
		*out_digits += digit ? 1 : 0;
	}
	return n - at;
}

static struct view longest_number(struct view v)
{
	enum { LEAST_DIGITS = 5 };
	struct view best = VIEW_NONE;
	for (size_t i = 0; i < v.len;) {
		size_t n_digits = 0;
		const size_t len = number_stretch(v, i, &n_digits);
		if (n_digits >= LEAST_DIGITS && len > best.len)
			best = (struct view){ v.at + i, len };
		i += len == 0 ? 1 : len;
	}
	return best;
}

static enum status set_text(json_t *object, const char *key, struct view v, struct error *e)
{
	const struct view text = view_trim(v);
	if (text.len == 0)
		return OK;
	return json_object_set_new(object, key, json_stringn(text.at, text.len)) != 0
		       ? case_no_memory(e)
		       : OK;
}

/* "张三 138-0013-8000": the longest stretch that looks like a number, and what stands before it (or
 * behind, where nothing does). */
static enum status split_callback(const char *text, json_t *object, struct error *e)
{
	const struct view all = view_of(text);
	const struct view number = longest_number(all);
	if (number.len == 0)
		return set_text(object, "callback_person", all, e);
	const struct view before = { all.at, (size_t)(number.at - all.at) };
	const struct view behind = { number.at + number.len, all.len - before.len - number.len };
	TRY(set_text(object, "callback_number", number, e));
	return set_text(object, "callback_person", view_trim(before).len > 0 ? before : behind, e);
}

static enum status set_today(
	const struct desk *d, const struct profile *profile, json_t *object, struct error *e)
{
	char at[TIME_TEXT_MAX];
	const int64_t offset_ns =
		(profile == NULL ? 480 : profile->utc_offset_minutes) * 60 * NS_PER_S;
	(void)time_text(d->now.wall_ns + offset_ns, at);
	return json_object_set_new(object, "today", json_stringn(at, 10)) != 0 ? case_no_memory(e)
									       : OK;
}

enum status notice_for_forms(const struct desk *d, const struct case_row *row,
	const struct profile *profile, int grade, json_t **out, struct error *e)
{
	const struct form *form = NULL;
	json_t *object = json_copy(row->notice);
	TRY(json_keep(d->pool, object, e));
	TRY(form_find(d->c->forms, "first-notice", &form, e));
	for (size_t i = 0; i < form->n_fields; i++)
		TRY(set_word(&form->fields[i], object, e));
	const char *callback = json_string_value(json_object_get(object, "callback"));
	if (callback != NULL)
		TRY(split_callback(callback, object, e));
	json_t *word = profile == NULL ? NULL : grade_word(profile, grade);
	if (word != NULL && json_object_set_new(object, "grade", word) != 0)
		return case_no_memory(e);
	TRY(set_today(d, profile, object, e));
	if (json_object_set_new(object, "number", json_string(row->number)) != 0)
		return case_no_memory(e);
	*out = object;
	return OK;
}

/* --- what was reported ------------------------------------------------------------------------ */

enum { REPORTED_BYTES_MAX = 32 * 1024, REPORTS_MAX = 1000 };

static void add_lines(const json_t *list, struct buf *out)
{
	size_t i;
	const json_t *item;
	json_array_foreach(list, i, item)
	{
		const char *text = json_string_value(item);
		if (text != NULL && json_array_size(list) > 1)
			buf_addf(out, "%s%zu. %s", i == 0 ? "" : "\n", i + 1, text);
		else if (text != NULL)
			buf_add_text(out, text);
	}
}

/* Words alone; an estimate stays one, and what was said to be unclear stays unclear. */
static void add_reported(const json_t *field, bool zh, struct buf *out)
{
	const json_t *value = json_object_get(field, "value");
	const char *reason = json_string_value(json_object_get(field, "unknown_reason"));
	if (json_is_string(value))
		buf_add_text(out, json_string_value(value));
	else if (json_is_array(value))
		add_lines(value, out);
	else if (value == NULL && reason != NULL)
		buf_addf(out, zh ? "暂不清楚：%s" : "not yet clear: %s", reason);
	if (out->len > 0 && json_is_true(json_object_get(field, "estimate")))
		buf_add_text(out, zh ? "（估计）" : " (estimated)");
}

static enum status take_reported(json_t *fields, bool zh, json_t *object, struct error *e)
{
	const char *key;
	json_t *field;
	json_object_foreach(fields, key, field)
	{
		AUTO_BUF struct buf name, text;
		buf_init(&name, KIB);
		buf_init(&text, REPORTED_BYTES_MAX);
		buf_addf(&name, "reported.%s", key);
		add_reported(field, zh, &text);
		if (name.failed || text.failed || text.len == 0)
			continue; /* longer than a field can be: left to a person */
		if (json_object_set_new(object, buf_text(&name), json_stringn(text.at, text.len)) !=
			0)
			return case_no_memory(e);
	}
	return OK;
}

enum status reported_for_forms(const struct desk *d, const struct case_row *row,
	const struct form *form, json_t *object, struct error *e)
{
	AUTO(statement_free) struct statement *q = NULL;
	bool more = false;
	/* Oldest first: what a later report says stands. */
	TRY(STORE_SQL(d->c->store,
		"SELECT filled FROM incident_submission WHERE company = ? AND incident = ?"
		" AND draft = 0 AND form <> ? ORDER BY n LIMIT ?",
		&q, e));
	bind_text(q, 1, d->company);
	bind_text(q, 2, row->id.text);
	bind_text(q, 3, form->id);
	bind_int(q, 4, REPORTS_MAX);
	for (;;) {
		json_t *filled = NULL;
		TRY(statement_step(q, &more, e));
		if (!more)
			return OK;
		TRY(case_json_of(d->pool, column_text(q, 0), &filled, e));
		TRY(take_reported(
			json_object_get(filled, "fields"), form->composed_in_chinese, object, e));
	}
}

enum status facts_for_forms(
	const struct desk *d, const struct case_row *row, json_t **out, struct error *e)
{
	const struct fact_catalogue *catalogue = profile_facts(d->c->profiles);
	json_t *object = json_copy(row->facts);
	TRY(json_keep(d->pool, object, e));
	/* A fact hides the notice's word of the same name. */
	(void)json_object_del(object, "ongoing");
	for (size_t i = 0; i < catalogue->n_rows; i++) {
		const struct fact_row *fact = &catalogue->rows[i];
		const int64_t value = row->values.at[i];
		if (fact->kind != FACT_CHOICE || value == FACT_UNKNOWN || value < 0 ||
			(size_t)value >= fact->n_choices)
			continue;
		const struct fact_choice *choice = &fact->choices[value];
		if (json_object_set_new(object, fact->key,
			    json_pack("{s:s, s:s, s:s}", "key", choice->key, "en", choice->label.en,
				    "zh", choice->label.zh)) != 0)
			return case_no_memory(e);
	}
	*out = object;
	return OK;
}
