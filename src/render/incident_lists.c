/*
 * Lists of incidents, and what changed in a form, on a terminal.
 */
#include <string.h>

#include "base/i18n.h"
#include "render/incident_views.h"
#include "render/incident_words.h"
#include "render/render.h"
#include "render/terminal.h"

enum { NUMBER_CELLS = 12 };
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
