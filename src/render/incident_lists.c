/*
 * Lists of incidents and warnings, and what changed in a form, on a terminal.
 */
#include <string.h>

#include "base/i18n.h"
#include "render/incident_views.h"
#include "render/incident_words.h"
#include "render/render.h"
#include "render/terminal.h"

enum { NUMBER_CELLS = 12, KEY_CELLS = 26 };
#define CHINA_MINUTES (8 * 60)

static const char *tier_text(int tier)
{
	static const char *const texts[] = { "–", "⬣ I", "◆ II", "▲ III", "● IV" };
	return tier >= 0 && tier <= 4 ? texts[tier] : "–";
}

enum status render_incidents_terminal(const struct incident_row *rows, size_t n_rows,
	struct render_terminal t, struct buf *out, struct error *e)
{
	const struct screen s = screen_on(out, t, false);
	char time[ZONED_TIME_MAX];
	if (n_rows == 0)
		screen_line(&s, STYLE_MUTED, _("No incident is open."));
	for (size_t i = 0; i < n_rows; i++) {
		const struct incident_row *r = &rows[i];
		struct line l = line_start(&s);
		line_put(&l, STYLE_STRONG, r->number);
		line_to(&l, NUMBER_CELLS);
		line_put(&l, r->tier == 1 || r->tier == 2 ? STYLE_POOR : STYLE_PLAIN,
			tier_text(r->tier));
		line_to(&l, NUMBER_CELLS + 7);
		line_putf(&l, STYLE_PLAIN, "%s · %s", r->company, kind_name(r->kind));
		if (r->drill)
			line_put(&l, STYLE_FAIR, _(" · DRILL"));
		line_put_right(&l, STYLE_MUTED, life_words(r->life));
		line_end(&l);
		l = line_start(&s);
		line_to(&l, NUMBER_CELLS + 7);
		line_put(&l, STYLE_MUTED, r->what);
		line_end(&l);
		l = line_start(&s);
		line_to(&l, NUMBER_CELLS + 7);
		if (r->n_open_clocks == 0)
			line_put(&l, STYLE_MUTED, _("no open duty"));
		else
			line_putf(&l, STYLE_PLAIN, _("open duties: %zu; next due %s"),
				r->n_open_clocks, zoned_time(r->next_due_ns, CHINA_MINUTES, time));
		line_end(&l);
	}
	return buf_check(out, "list", e);
}

enum status render_difference_terminal(const struct form_change *changes, size_t n_changes,
	struct render_terminal t, struct buf *out, struct error *e)
{
	const struct screen s = screen_on(out, t, false);
	if (n_changes == 0)
		screen_line(&s, STYLE_MUTED, _("Nothing changed."));
	for (size_t i = 0; i < n_changes; i++) {
		const struct form_change *c = &changes[i];
		screen_paragraph(&s, STYLE_STRONG, "", 4, bilingual_pick(c->field->label));
		if (c->before != NULL)
			screen_paragraph(&s, STYLE_MUTED, "  - ", 4, c->before);
		if (c->after != NULL)
			screen_paragraph(&s, STYLE_PLAIN, "  + ", 4, c->after);
	}
	return buf_check(out, "difference", e);
}

static const char *level_text(const char *level)
{
	static const struct {
		const char *key, *text;
	} rows[] = { { "red", N_("⬣ red warning") }, { "orange", N_("◆ orange warning") },
		{ "yellow", N_("▲ yellow warning") }, { "blue", N_("● blue warning") } };
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (strcmp(rows[i].key, level) == 0)
			return _(rows[i].text);
	return level;
}

static void warning_lines(const struct screen *s, const struct warning_row *w)
{
	static const char *const shown[] = { "start", "scope", "harm", "notes", "measures",
		"deadline", "audience", "issuer" };
	char time[ZONED_TIME_MAX];
	const bool lifted = w->state == WARNING_LIFTED;
	json_t *fields = json_object_get(w->filled, "fields");
	struct line l = line_start(s);
	line_put(&l, STYLE_STRONG, w->number);
	line_to(&l, NUMBER_CELLS);
	line_put(&l, lifted ? STYLE_MUTED : STYLE_POOR, level_text(w->level));
	if (w->drill)
		line_put(&l, STYLE_FAIR, _(" · DRILL"));
	line_put_right(&l, STYLE_MUTED, lifted ? _("lifted") : _("in force"));
	line_end(&l);
	for (size_t i = 0; i < sizeof shown / sizeof shown[0]; i++) {
		json_t *field = json_object_get(fields, shown[i]);
		const char *text = json_string_value(json_object_get(field, "value"));
		if (text != NULL)
			screen_paragraph(s, STYLE_PLAIN, "            ", 12, text);
	}
	l = line_start(s);
	line_to(&l, NUMBER_CELLS);
	line_putf(&l, STYLE_MUTED, _("version %lld, %s"), (long long)w->n_version,
		zoned_time(w->changed_ns, CHINA_MINUTES, time));
	line_end(&l);
}

enum status render_warnings_terminal(const struct warning_row *rows, size_t n_rows,
	struct render_terminal t, struct buf *out, struct error *e)
{
	const struct screen s = screen_on(out, t, false);
	if (n_rows == 0)
		screen_line(&s, STYLE_MUTED, _("No warning is in force."));
	for (size_t i = 0; i < n_rows; i++)
		warning_lines(&s, &rows[i]);
	return buf_check(out, "list", e);
}
