/*
 * The head of the report: what must be read first, facts before judgement, and the order of the
 * rest.
 */
#include "render/report.h"

#include "base/i18n.h"
#include "render/charts.h"
#include "render/control.h"
#include "render/figures.h"
#include "render/paper.h"
#include "render/render.h"
#include "render/wording.h"

enum tone tone_of_score(double score)
{
	return score >= 70 ? TONE_GOOD : score >= 40 ? TONE_FAIR : TONE_POOR;
}

enum tone tone_of_rating(enum drill_rating rating)
{
	switch (rating) {
	case RATING_NOT_ASSESSED:
		return TONE_MUTED;
	case RATING_P:
		return TONE_GOOD;
	case RATING_S:
	case RATING_M:
		return TONE_FAIR;
	case RATING_U:
		return TONE_POOR;
	}
	return TONE_PLAIN;
}

static const char *sentence(struct document *d,
	void (*write)(const struct drill_result *r, struct buf *out), const struct drill_result *r)
{
	AUTO_BUF struct buf text;
	buf_init(&text, 128 * KIB);
	write(r, &text);
	if (text.failed)
		d->failed = true;
	return doc_text(d, buf_text(&text));
}

static void add_warnings(struct document *d, const struct drill_result *r)
{
	if (r->verdict == DRILL_VOIDED)
		add_banner(d, TONE_POOR,
			doc_textf(d, "%s%s%s", sentence(d, sentence_void, r),
				i18n_language() == LANGUAGE_ZH ? "" : " ",
				sentence(d, sentence_void_file, r)));
	if (drill_is_control(r) && !r->channels_named)
		add_banner(d, TONE_FAIR,
			_("No channel was named: this control run measured nothing. Name the "
			  "places where your tools report (--channel), and repeat it."));
	if (r->stopped.by != NULL && r->verdict != DRILL_VOIDED && !drill_is_control(r))
		add_banner(d, TONE_FAIR,
			_("The run was stopped before its end: it has a score for what happened "
			  "until then, but no grade."));
	if (is_witness(r, "replaced"))
		add_banner(d, TONE_FAIR, sentence_witness(r));
	if (r->safety.n_unattributed > 0)
		add_banner(d, TONE_FAIR,
			doc_textf(d,
				_("Files of yours that changed during the run without being "
				  "traced to the drill: %s. Most often a program at work; the "
				  "section on safety names them."),
				figure_count(r->safety.n_unattributed).text));
}

static void add_face(struct document *d, const struct drill_result *r)
{
	struct score_face face = {
		.score = "–", .of = _("of 100"), .no_grade = _("no grade"), .tone = TONE_MUTED
	};
	face.coverage = doc_text(d, figure_percent(r->coverage).text);
	face.coverage_share = r->coverage / 100;
	face.note = sentence(d, sentence_grade, r);
	if (drill_has_score(r)) {
		face.score = doc_text(d, figure_score(r->score).text);
		face.share = r->score / 100;
		face.grade = r->grade;
		face.tone = r->grade == NULL ? TONE_MUTED : tone_of_score(r->score);
	}
	if (drill_has_score(r)) {
		face.drawing = chart_parts(r, d->pool);
		face.narrow = chart_parts_narrow(r, d->pool);
	}
	add_score(d, face);
}

static void tile(struct rows *t, const char *label, struct cell value, const char *note)
{
	rows_cell(t, CELL(label));
	rows_cell(t, value);
	rows_cell(t, CELL(note));
}

static struct cell figure_cell(struct document *d, struct figure f, bool assessed)
{
	if (!assessed)
		return (struct cell){ .text = _("not assessed"), .tone = TONE_MUTED };
	return CELL_STRONG(doc_text(d, f.text));
}

static struct cell outside_cell(struct document *d, const struct drill_result *r)
{
	uint64_t n = (uint64_t)r->safety.n_sentinels_changed + r->safety.n_attributed;
	if (is_witness(r, "lost"))
		return CELL_TONE(_("not proven"), TONE_POOR);
	return CELL_TONE(doc_text(d, figure_count(n).text), n > 0 ? TONE_POOR : TONE_GOOD);
}

static void add_tiles(struct document *d, const struct drill_result *r)
{
	double lost = r->n_planted == 0 ? 0 : (double)r->n_lost / (double)r->n_planted;
	struct rows t = rows_begin(d, BLOCK_TILES, 3);
	tile(&t, _("Decoys lost"), CELL_STRONG(doc_text(d, figure_count(r->n_lost).text)),
		doc_textf(d, _("of %s planted, %s"), figure_count(r->n_planted).text,
			figure_share(lost).text));
	tile(&t, _("First alert"), figure_cell(d, figure_alert(r), drill_could_hear(r)),
		drill_could_hear(r) ? word_detect(r->detect)
		: r->channels_named ? _("no channel could have spoken")
				    : _("no channel was named"));
	tile(&t, _("Contained"), figure_cell(d, figure_contained(r), true),
		word_contain(r->contain));
	tile(&t, _("Restore (RTO)"),
		figure_cell(d, figure_duration(r->restore.rto_ns), r->restore.assessed),
		r->restore.assessed ? doc_textf(d, _("%s of %s samples identical"),
					      figure_count(r->restore.n_identical).text,
					      figure_count(r->restore.n_sample).text)
				    : word_restore_gap(drill_restore_gap(r)));
	tile(&t, _("Changed outside"), outside_cell(d, r), word_outside(r));
	tile(&t, _("Stop latency"),
		CELL_STRONG(doc_text(d, figure_duration(r->safety.stop_latency_ns).text)),
		r->safety.stop_latency_ns < 0 ? _("the run was not asked to stop")
					      : _("from asking to stopped"));
	rows_add(&t);
}

/* What was found and what to do come first, then how it came about, then the proof. */
static void build_attack(struct document *d, const struct drill_result *r)
{
	add_text(d, sentence(d, sentence_verdict, r));
	add_face(d, r);
	add_tiles(d, r);
	/* What voids a run is the first thing to look at; it has no points to be shown. */
	if (drill_has_score(r))
		section_parts(d, r);
	else
		section_safety(d, r);
	section_plan(d, r);
	section_timeline(d, r);
	section_restore(d, r);
	section_people(d, r);
	section_counterfactual(d, r);
	section_previous(d, r);
	if (drill_has_score(r))
		section_safety(d, r);
}

static void build_control(struct document *d, const struct drill_result *r)
{
	add_text(d, sentence(d, sentence_control, r));
	add_control_face(d, r);
	section_control(d, r);
	section_plan(d, r);
	section_safety(d, r);
}

enum status report_build(const struct drill_result *r, struct document *d, struct error *e)
{
	const char *name = text_in_language(r->scenario.name);
	d->title = drill_is_control(r) ? doc_textf(d, _("Control run: %s"), name)
				       : doc_textf(d, _("Ransomware drill: %s"), name);
	d->subtitle = doc_textf(
		d, "%s · %s", r->host == NULL ? "" : r->host, r->system == NULL ? "" : r->system);
	d->date = doc_text(d, figure_time(r->started_ns).text);
	add_warnings(d, r);
	if (drill_is_control(r))
		build_control(d, r);
	else
		build_attack(d, r);
	section_evidence(d, r);
	section_limits(d, r);
	section_about(d, r);
	if (d->failed)
		return error_set(e, E_TOO_BIG, "the report does not fit into its memory");
	return OK;
}

/* --- as a page and as a PDF ------------------------------------------------------------------- */

static enum status build(const void *what, struct document *d, struct error *e)
{
	return report_build(what, d, e);
}

static struct paper paper_of(const struct drill_result *r, const char *subject)
{
	return (struct paper){ .build = build,
		.what = r,
		.brand = N_("Tocsin drill report"),
		.foot = N_("Made by Tocsin. The signed record is what counts; this page is made "
			   "from it and fetches nothing."),
		.subject = subject,
		.at_ns = r->ended_ns };
}

enum status render_report_html(const struct drill_result *r, struct buf *out, struct error *e)
{
	AUTO_BUF struct buf subject;
	buf_init(&subject, 4 * KIB);
	buf_addf(&subject, "%s · %s", r->host == NULL ? "" : r->host, r->id == NULL ? "" : r->id);
	const struct paper paper = paper_of(r, buf_text(&subject));
	return paper_html(&paper, out, e);
}

enum status render_report_pdf(const struct drill_result *r, struct buf *out, struct error *e)
{
	const struct paper paper = paper_of(r, r->id == NULL ? "" : r->id);
	return paper_pdf(&paper, out, e);
}
