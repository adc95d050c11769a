/*
 * Lists on a terminal: scenarios, and the runs of this home.
 */
#include <stdio.h>

#include "base/i18n.h"
#include "render/figures.h"
#include "render/terminal.h"
#include "render/wording.h"

static size_t longest(size_t so_far, const char *text, size_t most)
{
	size_t cells = text == NULL ? 0 : text_cells(text);
	cells = cells > most ? most : cells;
	return cells > so_far ? cells : so_far;
}

enum status render_scenarios_terminal(const struct drill_scenario_row *rows, size_t n_rows,
	struct render_terminal t, struct buf *out, struct error *e)
{
	struct screen s = screen_on(out, t, false);
	size_t id_cells = 8;
	if (n_rows == 0)
		screen_line(&s, STYLE_MUTED, _("There is no scenario."));
	for (size_t i = 0; i < n_rows; i++)
		id_cells = longest(id_cells, rows[i].id, 28);
	for (size_t i = 0; i < n_rows; i++) {
		const struct drill_scenario_row *r = &rows[i];
		struct line l = line_start(&s);
		line_put_within(&l, STYLE_STRONG, r->id, id_cells);
		line_to(&l, id_cells + 2);
		line_put_within(
			&l, STYLE_PLAIN, text_in_language(r->name), s.width - id_cells - 2 - 18);
		line_put_right(&l, STYLE_MUTED, figure_rate(r->rate_files_per_s).text);
		line_end(&l);
		l = line_start(&s);
		line_to(&l, id_cells + 2);
		line_put(&l, STYLE_MUTED, word_kind(r->kind));
		for (size_t k = 0; k < r->n_attack; k++)
			line_putf(&l, STYLE_MUTED, " %.16s", r->attack[k]);
		if (r->assumed)
			line_putf(&l, STYLE_FAIR, " · %s", _("partly assumed"));
		line_end(&l);
	}
	return buf_check(out, "list", e);
}

enum status render_history_terminal(const struct drill_row *rows, size_t n_rows,
	struct render_terminal t, struct buf *out, struct error *e)
{
	struct screen s = screen_on(out, t, false);
	size_t name_cells = 8;
	if (n_rows == 0)
		screen_line(&s, STYLE_MUTED, _("There is no drill yet."));
	for (size_t i = 0; i < n_rows; i++)
		name_cells = longest(name_cells, rows[i].scenario, 26);
	for (size_t i = 0; i < n_rows; i++) {
		const struct drill_row *r = &rows[i];
		struct line l = line_start(&s);
		line_put(&l, STYLE_PLAIN, figure_moment(r->at_ns).text);
		line_to(&l, 21);
		line_put_within(&l, STYLE_STRONG, r->scenario, name_cells);
		line_to(&l, 23 + name_cells);
		if (r->has_score)
			line_putf(&l, STYLE_PLAIN, "%5.1f %s  %s", r->score,
				r->grade == NULL ? "–" : r->grade,
				figure_percent(r->coverage).text);
		else if (r->false_alarms >= 0)
			line_putf(&l, STYLE_PLAIN, _("false alarms: %s"),
				figure_count((uint64_t)r->false_alarms).text);
		line_put_right(&l, STYLE_MUTED, word_state(r->state));
		line_end(&l);
		l = line_start(&s);
		line_to(&l, 21);
		line_put(&l, STYLE_MUTED, r->id);
		line_end(&l);
	}
	return buf_check(out, "list", e);
}
