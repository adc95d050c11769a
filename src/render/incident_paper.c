/*
 * The receipt of a first notice and a whole incident as documents.
 */
#include <string.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "render/exchange.h"
#include "render/incident_views.h"
#include "render/incident_words.h"
#include "render/paper.h"

enum { TEXT_BYTES_MAX = 4096 };
#define CHINA_MINUTES (8 * 60)

static enum status finish(const struct document *d, struct error *e)
{
	return d->failed ? error_set(e, E_TOO_BIG, "the document does not fit into its memory")
			 : OK;
}

/* As the rules of the default profile show it. */
static const char *notice_time(struct document *d, const struct incident *i, const char *key)
{
	char time[ZONED_TIME_MAX];
	int64_t ns = -1;
	const char *text = json_string_value(json_object_get(i->notice, key));
	if (text == NULL || !time_parse(view_of(text), &ns))
		return _("unknown");
	return doc_text(d, zoned_time(ns, CHINA_MINUTES, time));
}

static void add_notice(struct document *d, const struct incident *i, bool redacted)
{
	static const struct {
		const char *key, *label;
	} free_text[] = { { "what", N_("What") }, { "systems", N_("Systems, data") },
		{ "scale", N_("Scale") }, { "action", N_("Done so far") },
		{ "callback", N_("Call back") } };
	add_heading(d, "notice", _("First notice"));
	struct rows rows = rows_begin(d, BLOCK_FACTS, 2);
	const char *kind = json_string_value(json_object_get(i->notice, "kind"));
	rows_fact(
		&rows, _("Company"), CELL(redacted ? _("(left out)") : notice_words(i, "company")));
	rows_fact(&rows, _("Kind"),
		CELL(kind_name(redacted && kind != NULL && !kind_known(kind) ? "other" : kind)));
	rows_fact(&rows, _("Discovered"), CELL(notice_time(d, i, "discovered_at")));
	if (!redacted || strcmp(notice_words(i, "ongoing"), "yes") == 0 ||
		strcmp(notice_words(i, "ongoing"), "no") == 0)
		rows_fact(&rows, _("Going on"), CELL(answer_words(notice_words(i, "ongoing"))));
	for (size_t k = 0; k < COUNT_OF(free_text); k++)
		rows_fact(&rows, _(free_text[k].label),
			CELL(redacted ? _("(left out)") : notice_words(i, free_text[k].key)));
	rows_add(&rows);
}

/* --- a receipt -------------------------------------------------------------------------------- */

struct receipt_paper {
	const struct incident *incident;
	const struct incident_receipt *receipt;
};

static enum status build_receipt(const void *what, struct document *d, struct error *e)
{
	const struct receipt_paper *r = what;
	char time[ZONED_TIME_MAX];
	d->title = doc_textf(d, _("Receipt for incident %s"), r->incident->number);
	d->subtitle = notice_words(r->incident, "company");
	d->date = doc_text(d, zoned_time(r->receipt->at_ns, CHINA_MINUTES, time));
	if (r->incident->drill)
		add_banner(d, TONE_POOR, drill_words());
	add_text(d,
		_("The notice was checked, signed and written to this machine's disk at the time "
		  "above, before any network call. This receipt proves that; delivery is proved by "
		  "the receiver's own receipt."));
	add_notice(d, r->incident, false);
	add_heading(d, "proof", _("Proof"));
	struct rows rows = rows_begin(d, BLOCK_FACTS, 2);
	rows_fact(&rows, _("Envelope"), CELL_CODE(r->receipt->envelope.text));
	rows_fact(&rows, "SHA-256", CELL_CODE(r->receipt->sha256));
	rows_add(&rows);
	return finish(d, e);
}

#define BRAND N_("Tocsin incident report")
#define FOOT                                                                                       \
	N_("Made by Tocsin from the signed report, which is what counts. This page fetches "       \
	   "nothing.")

enum status render_receipt_pdf(const struct incident *i, const struct incident_receipt *r,
	struct buf *out, struct error *e)
{
	const struct receipt_paper what = { i, r };
	const struct paper paper = { .build = build_receipt,
		.what = &what,
		.brand = BRAND,
		.foot = FOOT,
		.subject = i->number,
		.watermark = i->drill ? N_("DRILL") : NULL,
		.tlp = i->tlp,
		.at_ns = r->at_ns };
	return paper_pdf(&paper, out, e);
}

/* --- a whole incident ------------------------------------------------------------------------- */

/* Who decided, why, and whose keys signed it. */
static const char *decision_text(
	struct document *d, const struct grade_row *g, const char *since, int64_t zone)
{
	AUTO_BUF struct buf names;
	buf_init(&names, 64 * KIB);
	approval_words(g->approvals, zone, &names);
	if (names.len == 0)
		return doc_textf(d, "%s · %s · %s", since, g->person, g->reason);
	return doc_textf(
		d, _("%s · %s · %s · signed by %s"), since, g->person, g->reason, buf_text(&names));
}

static void add_grades(struct document *d, const struct exchange *x)
{
	static const double widths[] = { 0.22, 0.30, 0.48 };
	const struct incident *i = x->incident;
	const struct profile_set *profiles = x->options->profiles;
	char time[ZONED_TIME_MAX];
	add_heading(d, "grades", _("Grades"));
	struct rows rows = rows_begin(d, BLOCK_TABLE, 3);
	rows.caption = _("Grades, by regime and time");
	rows.widths = widths;
	rows_cell(&rows, CELL(_("Rules")));
	rows_cell(&rows, CELL(_("Tier or class")));
	rows_cell(&rows, CELL(_("Since, by whom, why")));
	for (size_t k = 0; k < i->n_grade_history; k++) {
		const struct grade_row *g = &i->grade_history[k];
		const struct profile *profile = NULL;
		struct error absent = ERROR_NONE;
		AUTO_BUF struct buf text;
		if (!exchange_shows(x, g->profile))
			continue;
		buf_init(&text, TEXT_BYTES_MAX);
		if (profile_find(profiles, g->profile, &profile, &absent) == OK)
			grade_text(profile, g->grade, &text);
		rows_cell(&rows, CELL(g->profile));
		rows_cell(&rows, CELL_STRONG(doc_text(d, buf_text(&text))));
		const char *since = zoned_time(g->at_ns, zone_of(profiles, g->profile), time);
		rows_cell(&rows, CELL(!g->by_person    ? doc_textf(d, _("%s, by the rules"), since)
					 : x->redacted ? doc_textf(d, _("%s, by a person"), since)
						       : decision_text(d, g, since,
								 zone_of(profiles, g->profile))));
	}
	rows_add(&rows);
}

static enum tone clock_tone(enum clock_state s)
{
	if (s == CLOCK_OVERDUE || s == CLOCK_DONE_LATE)
		return TONE_POOR;
	return s == CLOCK_DONE ? TONE_GOOD : TONE_PLAIN;
}

static const char *due_text(struct document *d, const struct clock_row *c, int64_t zone)
{
	char time[ZONED_TIME_MAX];
	if (c->state == CLOCK_WAITING)
		return _("begins when its moment comes");
	if (c->due_ns < 0)
		return _("without delay");
	return doc_text(d, zoned_time(c->due_ns, zone, time));
}

static void add_clocks(struct document *d, const struct exchange *x)
{
	static const double widths[] = { 0.51, 0.27, 0.22 };
	const struct incident *i = x->incident;
	const struct profile_set *profiles = x->options->profiles;
	char time[ZONED_TIME_MAX];
	AUTO_BUF struct buf names;
	buf_init(&names, TEXT_BYTES_MAX);
	add_heading(d, "clocks", _("Clocks"));
	struct rows rows = rows_begin(d, BLOCK_TABLE, 3);
	rows.caption = _("Duties and their clocks");
	rows.widths = widths;
	rows_cell(&rows, CELL(_("Duty")));
	rows_cell(&rows, CELL(_("Due")));
	rows_cell(&rows, CELL(_("State")));
	for (size_t k = 0; k < i->n_clocks; k++) {
		const struct clock_row *c = &i->clocks[k];
		const int64_t zone = zone_of(x->options->profiles, c->profile);
		if (!exchange_shows(x, c->profile) || clock_is_repeat(i->clocks, k))
			continue;
		buf_reset(&names);
		clock_profiles(i->clocks, i->n_clocks, k, &names);
		buf_add_text(&names, " · ");
		clock_clause(c, &names);
		rows_cell(
			&rows, CELL(doc_textf(d, "%s · %s → %s · %s", bilingual_pick(c->text),
				       rule_name(profiles, RULE_ROLES, c->owes),
				       rule_name(profiles, RULE_ROLES, c->to), buf_text(&names))));
		rows_cell(&rows, c->due_ns < 0 || c->state == CLOCK_WAITING
					 ? CELL(due_text(d, c, zone))
					 : CELL_TIGHT(due_text(d, c, zone)));
		rows_cell(&rows,
			CELL_TONE(c->done_ns < 0
					  ? clock_state_words(c->state)
					  : doc_textf(d, "%s %s", clock_state_words(c->state),
						    zoned_time(c->done_ns, zone, time)),
				clock_tone(c->state)));
	}
	rows_add(&rows);
}

static const char *delivery_text(
	struct document *d, const struct exchange *x, const struct submission_row *r)
{
	const int64_t zone = zone_of(x->options->profiles, r->profile);
	char time[ZONED_TIME_MAX];
	AUTO_BUF struct buf text;
	buf_init(&text, TEXT_BYTES_MAX);
	if (x->redacted && r->delivery == OUTBOX_DELIVERED && !r->draft)
		return doc_textf(d, _("received at %s, receipt verified"),
			zoned_time(r->received_ns, zone, time));
	delivery_words(r, zone, &text);
	return doc_text(d, buf_text(&text));
}

static void add_submissions(struct document *d, const struct exchange *x)
{
	static const double widths[] = { 0.30, 0.28, 0.42 };
	const struct incident *i = x->incident;
	const struct profile_set *profiles = x->options->profiles;
	char time[ZONED_TIME_MAX];
	if (i->n_submissions == 0)
		return;
	add_heading(d, "submissions", _("Handed in"));
	struct rows rows = rows_begin(d, BLOCK_TABLE, 3);
	rows.caption = _("Reports and their receipts");
	rows.widths = widths;
	rows_cell(&rows, CELL(_("Stage")));
	rows_cell(&rows, CELL(_("At")));
	rows_cell(&rows, CELL(_("Receipt")));
	for (size_t k = 0; k < i->n_submissions; k++) {
		const struct submission_row *r = &i->submissions[k];
		if (!exchange_shows(x, r->profile))
			continue;
		rows_cell(&rows, CELL(doc_textf(d, "%s · %s",
					 rule_name(profiles, RULE_STAGES, r->stage), r->profile)));
		rows_cell(
			&rows, CELL_TIGHT(doc_text(d,
				       zoned_time(r->at_ns, zone_of(profiles, r->profile), time))));
		rows_cell(&rows, CELL(delivery_text(d, x, r)));
	}
	rows_add(&rows);
}

static const char *remark_text(
	struct document *d, const struct exchange *x, const struct incident_event *ev)
{
	AUTO_BUF struct buf text;
	buf_init(&text, 256 * KIB);
	event_remark(x->incident, ev, x->options->profiles, &text);
	return doc_text(d, buf_text(&text));
}

static void add_history(struct document *d, const struct exchange *x)
{
	static const double widths[] = { 0.27, 0.17, 0.14, 0.42 }, halves[] = { 0.4, 0.6 };
	const struct incident *i = x->incident;
	const int64_t zone = zone_of(x->options->profiles, PROFILE_DEFAULT);
	const size_t first = i->n_events >= ROWS_MAX ? i->n_events - ROWS_MAX + 1 : 0;
	char time[ZONED_TIME_MAX];
	if (i->n_events == 0)
		return;
	add_heading(d, "history", _("History"));
	if (i->first_bad_event >= 0)
		add_banner(d, TONE_POOR, broken_history_words());
	if (first > 0)
		add_note(d, doc_textf(d, _("Lines left out at the beginning: %zu."), first));
	struct rows rows = rows_begin(d, BLOCK_TABLE, x->redacted ? 2 : 4);
	rows.caption = _("Entries, in order");
	rows.widths = x->redacted ? halves : widths;
	rows_cell(&rows, CELL(_("At")));
	rows_cell(&rows, CELL(_("Entry")));
	if (!x->redacted) {
		rows_cell(&rows, CELL(_("By")));
		rows_cell(&rows, CELL(_("Remark")));
	}
	for (size_t k = first; k < i->n_events; k++) {
		const struct incident_event *ev = &i->events[k];
		rows_cell(&rows, CELL_TIGHT(doc_text(d, zoned_time(ev->at_ns, zone, time))));
		rows_cell(&rows, CELL(event_words(ev->kind)));
		if (x->redacted)
			continue;
		rows_cell(&rows, CELL(ev->by));
		rows_cell(&rows, CELL(remark_text(d, x, ev)));
	}
	rows_add(&rows);
}

static enum status build_incident(const void *what, struct document *d, struct error *e)
{
	const struct exchange *x = what;
	char time[ZONED_TIME_MAX];
	d->title = doc_textf(d, _("Incident %s"), x->incident->number);
	d->subtitle = x->redacted ? kind_name(x->kind) : notice_words(x->incident, "what");
	d->date = doc_text(d, zoned_time(x->incident->created_ns, CHINA_MINUTES, time));
	if (x->drill)
		add_banner(d, TONE_POOR, drill_words());
	if (x->redacted)
		add_banner(d, TONE_FAIR, redacted_words());
	add_notice(d, x->incident, x->redacted);
	add_grades(d, x);
	add_clocks(d, x);
	add_submissions(d, x);
	add_history(d, x);
	return finish(d, e);
}

static struct paper incident_paper_of(const struct exchange *x)
{
	return (struct paper){ .build = build_incident,
		.what = x,
		.brand = BRAND,
		.foot = FOOT,
		.subject = x->incident->number,
		.watermark = x->drill ? N_("DRILL") : NULL,
		.tlp = x->tlp->label,
		.at_ns = x->incident->created_ns };
}

enum status render_incident_html(
	const struct incident *i, const struct export_options *o, struct buf *out, struct error *e)
{
	struct exchange x;
	TRY(exchange_from(i, o, &x, e));
	const struct paper paper = incident_paper_of(&x);
	return paper_html(&paper, out, e);
}

enum status render_incident_pdf(
	const struct incident *i, const struct export_options *o, struct buf *out, struct error *e)
{
	struct exchange x;
	TRY(exchange_from(i, o, &x, e));
	const struct paper paper = incident_paper_of(&x);
	return paper_pdf(&paper, out, e);
}
