/*
 * Value structs of the capabilities in, bytes for people and other tools out: terminal text, HTML,
 * PDF, ATT&CK Navigator layers. This is all that other folders include of src/render.
 *
 * Nothing here opens files, decides or measures. Every call appends to the caller's buf and answers
 * with buf_check: on failure the buf holds a part. Texts come in the language chosen by i18n_use,
 * except the HTML report, which holds both languages.
 */
#ifndef RENDER_RENDER_H
#define RENDER_RENDER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/error.h"
#include "drill/drill.h"

/* Enough for any report of a drill within its ceilings (one report is about 150 KiB). */
enum { RENDER_CEILING_BYTES = 32 * 1024 * 1024 };

/* What the terminal can do. Columns are cells: a Chinese character takes two. */
struct render_terminal {
	size_t width; /* columns; 0: 80. Used between 48 and 100. */
	bool colour;  /* SGR sequences; without it the text alone must do, and does */
};

/* The card at the end of a run, and of `drill show`. */
enum status render_scorecard_terminal(const struct drill_result *r, struct render_terminal t,
	struct buf *out, struct error *e) MUST_CHECK;
/* What can happen at most, before anything happens. */
enum status render_plan_terminal(const struct drill_plan *plan, struct render_terminal t,
	struct buf *out, struct error *e) MUST_CHECK;
enum status render_scenarios_terminal(const struct drill_scenario_row *rows, size_t n_rows,
	struct render_terminal t, struct buf *out, struct error *e) MUST_CHECK;
/* The question for the arena's place, and numbered suggestions. */
enum status render_places_terminal(const struct drill_place *places, size_t n_places,
	struct render_terminal t, struct buf *out, struct error *e) MUST_CHECK;
enum status render_history_terminal(const struct drill_row *rows, size_t n_rows,
	struct render_terminal t, struct buf *out, struct error *e) MUST_CHECK;

/* The operations desk's card: id, marker, process name, scope, how to stop it, whom to call.
 * `id` NULL: the run has not got one yet. Plain text, fit for a printer: at most 76 columns, and
 * `width` (0: as many). */
enum status render_card_text(const struct drill_plan *plan, const char *id, size_t width,
	struct buf *out, struct error *e) MUST_CHECK;
/* A controller's file (docs/people.md) in which nothing is answered yet: fit to be saved and given
 * to a drill as it is. */
enum status render_people_template(const struct drill_step *steps, size_t n_steps, struct buf *out,
	struct error *e) MUST_CHECK;
/* The people steps on paper: injects, deadlines, boxes to tick, room for time, role and name; and
 * the template below them. */
enum status render_paper_card(const struct drill_step *steps, size_t n_steps, const char *id,
	struct buf *out, struct error *e) MUST_CHECK;

/* What stands on the screen while a drill runs: lines of less than `columns` cells (0: 80), all but
 * a last one that is being typed ended by a newline. No cursor movement, no colour. */
struct render_live {
	const struct drill_progress *now;      /* NULL: nothing was told yet */
	const struct drill_question *question; /* NULL: none is open */
	bool hears_alerts;		       /* what is typed is an operator's alert */
	const char *typed;		       /* so far; shown where it is heard */
};
enum status render_live(
	const struct render_live *v, size_t columns, struct buf *out, struct error *e) MUST_CHECK;
/* A question alone, for a terminal on which nothing can be drawn over. */
enum status render_question(const struct drill_question *q, size_t columns, struct buf *out,
	struct error *e) MUST_CHECK;
/* Lines that the text takes on a terminal of that width, which breaks what is longer. */
size_t render_rows(struct view text, size_t columns);
/* A stage of a run in words. */
const char *render_stage(enum drill_stage stage);

/* One self-contained file in English and Chinese: no script, nothing fetched, a strict content
 * security policy. Opens in the language of i18n_use. */
enum status render_report_html(
	const struct drill_result *r, struct buf *out, struct error *e) MUST_CHECK;
/* A4. E_ABSENT with a sentence where this machine has no font for the language (Chinese needs a CJK
 * font such as Noto Sans CJK). */
enum status render_report_pdf(
	const struct drill_result *r, struct buf *out, struct error *e) MUST_CHECK;
/* ATT&CK Navigator layer, format 4.5. E_ABSENT of a control run, which rehearses no technique. */
enum status render_navigator(
	const struct drill_result *r, struct buf *out, struct error *e) MUST_CHECK;

#include "render/incident_views.h"

#endif
