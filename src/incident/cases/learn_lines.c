/*
 * Text that was put together from several sources has a line for each of them. A line that says no
 * more than its source did is put right when the source has changed; whatever a person wrote there
 * stays as it is.
 */
#include "incident/cases/learn.h"

#include <string.h>

enum { LINES_BYTES_MAX = 64 * 1024 };

/* What stands behind "label：" on the line that begins so; at NULL where no line does. */
static struct view behind_label(struct view text, struct view label, struct view colon)
{
	while (text.len > 0) {
		struct view line = view_cut(&text, '\n');
		if (!view_starts_with(line, label))
			continue;
		line = (struct view){ line.at + label.len, line.len - label.len };
		if (view_starts_with(line, colon))
			return (struct view){ line.at + colon.len, line.len - colon.len };
	}
	return VIEW_NONE;
}

static bool is_either(struct view words, const struct bilingual *names)
{
	return view_is(words, names->zh) || view_is(words, names->en);
}

static bool is_grade(const struct profile *p, struct view words)
{
	for (size_t i = 0; i < p->n_grades; i++)
		if (is_either(words, &p->grades[i].name))
			return true;
	return false;
}

static bool is_choice(const struct fact_row *fact, struct view words)
{
	for (size_t i = 0; i < fact->n_choices; i++)
		if (is_either(words, &fact->choices[i].label))
			return true;
	return false;
}

static bool is_number(struct view words)
{
	for (size_t i = 0; i < words.len; i++)
		if (strchr("0123456789.", words.at[i]) == NULL)
			return false;
	return words.len > 0;
}

/* 2026年11月28日 11:27（UTC+08:00） or 2026-11-28 11:27 (UTC+08:00), as form_time_text writes it.
 */
static bool is_time(struct view words)
{
	const struct view zh = VIEW("）"), en = VIEW(")");
	return words.len > 0 && words.at[0] >= '0' && words.at[0] <= '9' &&
	       memmem(words.at, words.len, "UTC", 3) != NULL &&
	       (view_ends_with(words, zh) || view_ends_with(words, en));
}

/* Could the source itself have said these words? What it may be of words is never sure of free
 * text, which no fact holds. */
static bool may_be_said(
	const struct desk *d, const struct known *k, const char *key, struct view words)
{
	static const struct bilingual yes = { .en = "yes", .zh = "是" };
	static const struct bilingual no = { .en = "no", .zh = "否" };
	const struct fact_catalogue *c = profile_facts(d->c->profiles);
	const int slot = fact_slot(c, key);
	if (strcmp(key, LEARN_GRADE_KEY) == 0)
		return is_grade(k->profile, words);
	if (slot < 0)
		return false;
	switch (c->rows[slot].kind) {
	case FACT_CHOICE:
		return is_choice(&c->rows[slot], words);
	case FACT_YES_NO:
		return is_either(words, &yes) || is_either(words, &no);
	case FACT_TIME:
		return is_time(words);
	case FACT_COUNT:
	case FACT_MONEY:
	case FACT_MINUTES:
	case FACT_SHARE:
		return is_number(words);
	}
	return false;
}

struct learn_line {
	const struct form_source *source;
	bool zh;
	struct view anew; /* the whole text as it would be now */
};

/* *text with one source's line put right, in the pool; the same where nothing is to be done. */
static enum status refresh_line(const struct desk *d, const struct known *k,
	const struct learn_line *line, struct view *text, struct error *e)
{
	AUTO_BUF struct buf out;
	buf_init(&out, LINES_BYTES_MAX);
	const struct view colon = view_of(line->zh ? "：" : ": ");
	const struct view label =
		view_of(line->zh ? line->source->label.zh : line->source->label.en);
	if (label.len == 0)
		return OK;
	const struct view was = behind_label(*text, label, colon);
	const struct view is = behind_label(line->anew, label, colon);
	if (was.at == NULL || is.at == NULL || view_equal(was, is) ||
		!may_be_said(d, k, line->source->key, was))
		return OK;
	const size_t before = (size_t)(was.at - text->at);
	buf_add(&out, (struct view){ text->at, before });
	buf_add(&out, is);
	buf_add(&out, (struct view){ was.at + was.len, text->len - before - was.len });
	TRY(buf_check(&out, "form", e));
	const char *kept = pool_text(d->pool, buf_view(&out));
	if (kept == NULL)
		return case_no_memory(e);
	*text = view_of(kept);
	return OK;
}

enum status learn_lines(const struct desk *d, const struct known *k, const struct form_lines *of,
	json_t *field, struct error *e)
{
	json_t *value = json_object_get(field, "value");
	const json_t *anew = json_object_get(of->anew, "value");
	if (!json_is_string(value) || !json_is_string(anew))
		return OK;
	struct view text = view_of(json_string_value(value));
	for (size_t i = 0; i < of->field->n_sources; i++) {
		const struct learn_line line = { &of->field->sources[i],
			of->form->composed_in_chinese, view_of(json_string_value(anew)) };
		TRY(refresh_line(d, k, &line, &text, e));
	}
	if (view_is(text, json_string_value(value)) || text.len > (size_t)of->field->most_bytes)
		return OK;
	if (json_object_set_new(field, "value", json_stringn(text.at, text.len)) != 0 ||
		json_object_set(field, "as_of", json_object_get(of->anew, "as_of")) != 0)
		return case_no_memory(e);
	return OK;
}
