/*
 * A form on a terminal: what is filled in, and for each field what may be filled in and how, as
 * `incident report --set` and --file take it.
 */
#include <string.h>

#include "base/i18n.h"
#include "render/incident_cells.h"
#include "render/incident_views.h"
#include "render/render.h"
#include "render/terminal.h"

/* More options than that stand behind each other, not below. */
enum { OPTION_LINES_MAX = 12, HELP_INDENT = 6 };

static void value_lines(const struct screen *s, const char *text)
{
	struct view rest = view_of(text);
	while (rest.len > 0) {
		AUTO_BUF struct buf line;
		buf_init(&line, 256 * KIB);
		buf_add(&line, view_cut(&rest, '\n'));
		screen_paragraph(s, STYLE_PLAIN, "    ", 4, buf_text(&line));
	}
}

static void help_line(const struct screen *s, const char *text)
{
	if (text != NULL && text[0] != '\0')
		screen_paragraph(s, STYLE_MUTED, "      ", HELP_INDENT, text);
}

/* --- options ---------------------------------------------------------------------------------- */

static void option_lines(const struct screen *s, const struct form_field *f, json_t *value)
{
	AUTO_BUF struct buf text;
	buf_init(&text, 4 * KIB);
	for (size_t i = 0; i < f->n_options; i++) {
		const struct fact_choice *o = &f->options[i];
		buf_reset(&text);
		buf_addf(&text, "%s [%s]", bilingual_pick(o->label), o->key);
		screen_paragraph(s, STYLE_MUTED,
			form_option_chosen(value, o) ? "      ■ " : "      □ ", HELP_INDENT + 2,
			buf_text(&text));
	}
}

/* Those of a long list behind each other; what is chosen stands above as the value. */
static void option_paragraph(const struct screen *s, const struct form_field *f)
{
	AUTO_BUF struct buf text;
	buf_init(&text, 32 * KIB);
	for (size_t i = 0; i < f->n_options; i++)
		buf_addf(&text, "%s%s [%s]", i == 0 ? "" : _("; "),
			bilingual_pick(f->options[i].label), f->options[i].key);
	help_line(s, buf_text(&text));
}

static void choice_help(const struct screen *s, const struct form_field *f, json_t *value)
{
	if (f->n_options == 0)
		return;
	help_line(s, f->type == FORM_CHOICE ? _("One of these, by its name or key:")
					    : _("One or more of these, by name or key:"));
	if (f->n_options <= OPTION_LINES_MAX)
		option_lines(s, f, value);
	else
		option_paragraph(s, f);
}

static void amount_help(const struct screen *s, const struct form_field *f)
{
	AUTO_BUF struct buf units, text;
	const char *example = NULL;
	buf_init(&units, 8 * KIB);
	buf_init(&text, 16 * KIB);
	for (size_t i = 0; i < f->n_options; i++) {
		const struct fact_choice *o = &f->options[i];
		buf_addf(&units, "%s%s", i == 0 ? "" : _(", "), bilingual_pick(o->label));
		if (example == NULL && strcmp(o->key, "none") != 0)
			example = bilingual_pick(o->label);
	}
	if (example == NULL)
		return;
	buf_addf(&text, _("A number and its unit, such as \"12 %s\". Units: %s"), example,
		buf_text(&units));
	help_line(s, buf_text(&text));
}

/* --- a field ---------------------------------------------------------------------------------- */

static void type_help(const struct screen *s, const struct form_field *f, json_t *value)
{
	switch (f->type) {
	case FORM_CHOICE:
	case FORM_CHOICES:
		choice_help(s, f, value);
		return;
	case FORM_AMOUNT:
		amount_help(s, f);
		return;
	case FORM_DATETIME:
		help_line(s, _("A time, such as 2026-11-28T02:55:00+08:00."));
		return;
	case FORM_LIST:
		help_line(s, _("Text, or several as a JSON list: [\"…\", \"…\"]."));
		return;
	case FORM_FILES:
		help_line(s, _("Files go along with --attach FILE."));
		return;
	case FORM_TEXT:
	case FORM_PHONE:
	case FORM_SIGNATURE:
		return;
	}
}

static void empty_help(const struct screen *s, const struct form_field *f)
{
	if (f->may_be_estimate)
		help_line(s, _("An estimate is marked: {\"value\": …, \"estimate\": true}"));
	if (f->may_be_unknown)
		help_line(s, _("Not yet clear, with the reason: {\"unknown_reason\": \"…\"}"));
}

/* The key stands behind the label: it is what --set takes. */
static void field_lines(
	const struct screen *s, const struct form_field *f, json_t *value, struct pool *p)
{
	const char *text = form_value_text(f, value, p);
	const bool empty = text[0] == '\0';
	AUTO_BUF struct buf label;
	buf_init(&label, 16 * KIB);
	buf_addf(&label, "%s. %s [%s]", form_number(f, p), bilingual_pick(f->label), f->key);
	screen_paragraph(s, f->required ? STYLE_STRONG : STYLE_PLAIN, "", 4, buf_text(&label));
	if (empty)
		screen_line(s, f->required ? STYLE_FAIR : STYLE_MUTED,
			f->required ? _("    not filled in") : _("    empty"));
	else
		value_lines(s, text);
	if (empty)
		help_line(s, bilingual_pick(f->hint));
	if (empty || ((f->type == FORM_CHOICE || f->type == FORM_CHOICES) &&
			     f->n_options <= OPTION_LINES_MAX))
		type_help(s, f, value);
	if (empty)
		empty_help(s, f);
}

enum status render_form_terminal(const struct form *f, json_t *filled, struct render_terminal t,
	struct buf *out, struct error *e)
{
	const struct screen s = screen_on(out, t, false);
	json_t *fields = json_object_get(filled, "fields");
	const char *section = "";
	AUTO(pool_free) struct pool *p = pool_new(8 * MIB);
	if (p == NULL)
		return error_set(e, E_NO_SPACE, "memory is short");
	screen_paragraph(&s, STYLE_STRONG, "", 0, bilingual_pick(f->title));
	for (size_t i = 0; i < f->n_fields; i++) {
		const char *own = bilingual_pick(f->fields[i].section);
		screen_blank(&s);
		if (own != NULL && own[0] != '\0' && strcmp(own, section) != 0) {
			section = own;
			screen_line(&s, STYLE_STRONG, section);
			screen_blank(&s);
		}
		field_lines(&s, &f->fields[i], json_object_get(fields, f->fields[i].key), p);
	}
	return buf_check(out, "form", e);
}
