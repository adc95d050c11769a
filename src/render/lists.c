/*
 * Lists on a terminal: scenarios, and the runs of this home.
 */
#include <stdio.h>
#include <string.h>

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

static void put_scenario(
	const struct screen *s, const struct drill_scenario_row *r, size_t id_cells)
{
	char lead[256];
	size_t cells = text_cells(r->id);
	int blanks = cells < id_cells ? (int)(id_cells - cells) + 2 : 2;
	(void)snprintf(lead, sizeof lead, "%.160s%*s", r->id, blanks, "");
	screen_paragraph(s, STYLE_STRONG, lead, id_cells + 2, text_in_language(r->name));
	AUTO_BUF struct buf facts;
	buf_init(&facts, 4 * KIB);
	buf_addf(&facts, _("%s decoys, %s"), figure_count(r->n_decoys).text,
		figure_rate(r->rate_files_per_s).text);
	for (size_t k = 0; k < r->n_attack; k++)
		buf_addf(&facts, "%s%.16s", k == 0 ? " · " : " ", r->attack[k]);
	if (r->assumed)
		buf_addf(&facts, " · %s", _("partly assumed"));
	(void)snprintf(lead, sizeof lead, "%*s", (int)id_cells + 2, "");
	screen_paragraph(s, STYLE_MUTED, lead, id_cells + 2, buf_text(&facts));
}

enum status render_scenarios_terminal(const struct drill_scenario_row *rows, size_t n_rows,
	struct render_terminal t, struct buf *out, struct error *e)
{
	struct screen s = screen_on(out, t, false);
	size_t id_cells = 8;
	if (n_rows == 0)
		screen_line(&s, STYLE_MUTED, _("There is no scenario."));
	for (size_t i = 0; i < n_rows; i++)
		id_cells = longest(id_cells, rows[i].id, 20);
	for (size_t i = 0; i < n_rows; i++) {
		bool is_new = i == 0 || strcmp(rows[i].kind, rows[i - 1].kind) != 0;
		if (is_new && i > 0)
			screen_blank(&s);
		if (is_new)
			screen_line(&s, STYLE_MUTED, word_kind(rows[i].kind));
		put_scenario(&s, &rows[i], id_cells);
	}
	if (n_rows > 0) {
		screen_blank(&s);
		screen_paragraph(&s, STYLE_MUTED, "", 0,
			_("What one of them may do at most: tocsin drill plan SCENARIO"));
	}
	return buf_check(out, "list", e);
}

enum status render_history_terminal(const struct drill_row *rows, size_t n_rows,
	struct render_terminal t, struct buf *out, struct error *e)
{
	struct screen s = screen_on(out, t, false);
	size_t name_cells = 8;
	bool interrupted = false;
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
		interrupted |= r->state != NULL && strcmp(r->state, "interrupted") == 0;
	}
	if (interrupted)
		screen_paragraph(&s, STYLE_FAIR, "", 0,
			_("What an interrupted drill left is put back by: tocsin drill undo ID"));
	return buf_check(out, "list", e);
}

enum status render_places_terminal(const struct drill_place *places, size_t n_places,
	struct render_terminal t, struct buf *out, struct error *e)
{
	struct screen s = screen_on(out, t, false);
	screen_paragraph(&s, STYLE_PLAIN, "", 0,
		_("Where should the decoys lie? Choose a place that your own backup reaches: only "
		  "then can the drill prove that it brings files back. The folder is made new, "
		  "holds "
		  "nothing but decoys, and is removed when the drill is undone."));
	for (size_t i = 0; i < n_places; i++) {
		char lead[32];
		AUTO_BUF struct buf text;
		buf_init(&text, 16 * KIB);
		(void)snprintf(lead, sizeof lead, "%3zu  ", i + 1);
		buf_addf(&text, _("%s (%s, %s free)"), places[i].path, places[i].file_system,
			figure_bytes(places[i].free_bytes).text);
		screen_paragraph(&s, STYLE_PLAIN, lead, 5, buf_text(&text));
		if (places[i].planted)
			screen_paragraph(&s, STYLE_MUTED, "     ", 5,
				_("decoys that were planted earlier wait there"));
	}
	return buf_check(out, "list", e);
}
