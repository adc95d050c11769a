/*
 * Cells of forms: what was filled in, with the options that a person could have chosen; room to
 * write where it was not.
 */
#include "render/incident_cells.h"

#include <string.h>

#include "base/i18n.h"
#include "render/terminal.h"

enum { CELL_BYTES_MAX = 256 * 1024, OPTIONS_SHOWN_MAX = 10 };

/* Marks that every font with Chinese has. */
#define CHOSEN "■ "
#define NOT_CHOSEN "□ "

const char *form_number(const struct form_field *field, struct pool *p)
{
	if (field->printed_number != NULL && field->printed_number[0] != '\0')
		return field->printed_number;
	const char *text = pool_textf(p, "%d", field->number);
	return text == NULL ? "" : text;
}

/* --- choices ---------------------------------------------------------------------------------- */

static json_t *inner_of(json_t *value)
{
	json_t *inner = json_object_get(value, "value");
	return inner == NULL ? value : inner;
}

static const char *choice_key(const json_t *one)
{
	return json_string_value(json_is_object(one) ? json_object_get(one, "choice") : one);
}

/* The chosen item of the option, NULL where it is not chosen. */
static json_t *chosen(json_t *value, const struct fact_choice *option)
{
	size_t i;
	json_t *item;
	if (!json_is_array(value)) {
		const char *key = choice_key(value);
		return key != NULL && strcmp(key, option->key) == 0 ? value : NULL;
	}
	json_array_foreach(value, i, item)
	{
		const char *key = choice_key(item);
		if (key != NULL && strcmp(key, option->key) == 0)
			return item;
	}
	return NULL;
}

bool form_option_chosen(json_t *value, const struct fact_choice *option)
{
	return value != NULL && chosen(inner_of(value), option) != NULL;
}

static size_t options_chosen(const struct form_field *f, json_t *value)
{
	size_t n = 0;
	for (size_t i = 0; i < f->n_options; i++)
		n += chosen(value, &f->options[i]) != NULL;
	return n;
}

/* More than a line of the cell: then each option has a line of its own, and none is broken. */
enum { LINE_CELLS = 52 };

static bool one_each(const struct form_field *f)
{
	size_t cells = 0;
	for (size_t i = 0; i < f->n_options; i++)
		cells += text_cells(bilingual_pick(f->options[i].label)) + 4;
	return cells > LINE_CELLS;
}

static void add_option(const struct form_field *f, const struct fact_choice *option,
	const json_t *item, bool words, struct buf *out)
{
	const char *text = json_string_value(json_object_get(item, "text"));
	if (out->len > 0)
		buf_add_text(out, one_each(f) ? "\n" : "　");
	buf_addf(out, "%s%s", item == NULL ? NOT_CHOSEN : CHOSEN, bilingual_pick(option->label));
	if (words && text != NULL)
		buf_addf(out, _(": %s"), text);
}

/* Long lists are shown in full only where somebody is to choose. */
static void add_options(
	const struct form_field *f, json_t *value, enum form_copy copy, struct buf *out)
{
	const bool all = f->n_options <= OPTIONS_SHOWN_MAX ||
			 (copy == COPY_DRAFT && options_chosen(f, value) == 0);
	for (size_t i = 0; i < f->n_options; i++) {
		json_t *item = chosen(value, &f->options[i]);
		if (all || item != NULL)
			add_option(f, &f->options[i], item, copy != COPY_REDACTED, out);
	}
}

/* --- room to write ---------------------------------------------------------------------------- */

static const char *room_for_time(const struct form *f)
{
	return f->utc_offset_minutes == 8 * 60 ? _("______-____-____  ____:____  (UTC+08:00)")
					       : _("______-____-____  ____:____  UTC______");
}

static void add_units(const struct form_field *f, struct buf *out)
{
	for (size_t i = 0; i < f->n_options; i++) {
		const bool box = strcmp(f->options[i].key, "none") == 0;
		buf_addf(out, "%s%s%s",
			i == 0	      ? ""
			: one_each(f) ? "\n"
				      : "　",
			box ? NOT_CHOSEN : "________ ", bilingual_pick(f->options[i].label));
	}
}

/* The hint, and lines for what takes words. */
static void add_room(const struct form *f, const struct form_field *field, struct buf *out)
{
	const char *hint = bilingual_pick(field->hint);
	switch (field->type) {
	case FORM_DATETIME:
		buf_add_text(out, room_for_time(f));
		return;
	case FORM_AMOUNT:
		add_units(field, out);
		return;
	case FORM_SIGNATURE:
		buf_addf(out, "%s\n\n\n", _("Signature: ________________    (seal)"));
		return;
	case FORM_CHOICE:
	case FORM_CHOICES:
		add_options(field, NULL, COPY_DRAFT, out);
		return;
	case FORM_TEXT:
	case FORM_PHONE:
	case FORM_LIST:
	case FORM_FILES:
		break;
	}
	buf_add_text(out, hint == NULL ? "" : hint);
	if (field->type == FORM_LIST || (field->type == FORM_TEXT && !field->one_line))
		buf_add_text(out, "\n\n\n");
}

/* --- a cell ----------------------------------------------------------------------------------- */

static bool is_empty(json_t *value)
{
	const json_t *inner = inner_of(value);
	return value == NULL || json_is_null(value) ||
	       (json_object_get(value, "value") == NULL &&
		       json_object_get(value, "unknown_reason") == NULL && json_is_object(value) &&
		       json_object_get(value, "choice") == NULL &&
		       json_object_get(value, "unit") == NULL &&
		       json_object_get(value, "name") == NULL) ||
	       (json_is_string(inner) && json_string_length(inner) == 0);
}

static bool may_show(const struct form_field *f)
{
	return f->type == FORM_CHOICE || f->type == FORM_CHOICES || f->type == FORM_DATETIME ||
	       f->type == FORM_AMOUNT;
}

const char *form_redacted_text(const struct form_field *f, json_t *value, struct pool *p)
{
	AUTO_BUF struct buf text;
	const char *out = NULL;
	buf_init(&text, CELL_BYTES_MAX);
	if (is_empty(value))
		return "–";
	/* Why it is unknown, and a time that is none, are words of somebody. */
	if (!may_show(f) || json_object_get(value, "unknown_reason") != NULL)
		return _("(left out)");
	if (f->type == FORM_CHOICE || f->type == FORM_CHOICES)
		add_options(f, inner_of(value), COPY_REDACTED, &text);
	else
		out = form_value_text(f, value, p);
	if (out == NULL)
		out = pool_text(p, buf_view(&text));
	return out == NULL || out[0] == '\0' ? "–" : out;
}

static bool is_choice(const struct form_field *f)
{
	return (f->type == FORM_CHOICE || f->type == FORM_CHOICES) && f->n_options > 0;
}

/* A choice by its options, with the rest of what is known about it behind. */
static const char *choice_text(
	struct document *d, const struct form_field *f, json_t *value, enum form_copy copy)
{
	AUTO_BUF struct buf text;
	buf_init(&text, CELL_BYTES_MAX);
	json_t *inner = inner_of(value);
	if (json_object_get(value, "unknown_reason") != NULL || options_chosen(f, inner) == 0)
		return form_value_text(f, value, d->pool); /* unknown, or an older form's option */
	add_options(f, inner, copy, &text);
	if (json_is_true(json_object_get(value, "estimate")))
		return doc_textf(d, _("%s (estimated)"), buf_text(&text));
	return doc_text(d, buf_text(&text));
}

/* What a first notice leaves open is answered by "unknown"; other forms ask for a reason then. */
static struct cell empty_cell(struct document *d, const struct form *f,
	const struct form_field *field, enum form_copy copy)
{
	AUTO_BUF struct buf text;
	buf_init(&text, CELL_BYTES_MAX); /* before any way out */
	if (copy != COPY_DRAFT)
		return CELL(strcmp(f->id, "first-notice") == 0 ? _("unknown") : "–");
	add_room(f, field, &text);
	struct cell cell = CELL(doc_text(d, buf_text(&text)));
	if (field->type == FORM_TEXT || field->type == FORM_PHONE || field->type == FORM_LIST ||
		field->type == FORM_FILES)
		cell.tone = TONE_MUTED;
	return cell;
}

struct cell form_cell(struct document *d, const struct form *f, const struct form_field *field,
	json_t *value, enum form_copy copy)
{
	if (is_empty(value))
		return empty_cell(d, f, field, copy);
	if (copy == COPY_REDACTED)
		return CELL(form_redacted_text(field, value, d->pool));
	if (is_choice(field))
		return CELL(choice_text(d, field, value, copy));
	const char *text = form_value_text(field, value, d->pool);
	if (field->type == FORM_SIGNATURE && text[0] != '\0')
		return CELL(doc_textf(d, "%s\n\n\n", text)); /* room for the seal */
	return text[0] == '\0' ? empty_cell(d, f, field, copy) : CELL(text);
}
