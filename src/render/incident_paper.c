/*
 * A filled form, a receipt and a whole incident as documents: pages and PDFs of record.
 */
#include <string.h>

#include "base/i18n.h"
#include "render/incident_views.h"
#include "render/incident_words.h"
#include "render/paper.h"
#include "render/render.h"

enum { SUBJECT_BYTES_MAX = 512, GRADE_BYTES_MAX = 512 };

static enum status finish(const struct document *d, struct error *e)
{
	return d->failed ? error_set(e, E_TOO_BIG, "the document does not fit into its memory")
			 : OK;
}

/* --- a form ----------------------------------------------------------------------------------- */

struct form_paper {
	const struct form *form;
	json_t *filled;
	const struct document_head *head;
};

static bool same_section(const char *a, const char *b)
{
	return strcmp(a == NULL ? "" : a, b == NULL ? "" : b) == 0;
}

static void add_field(struct rows *rows, struct document *d, const struct form_paper *f,
	const struct form_field *field)
{
	json_t *fields = json_object_get(f->filled, "fields");
	const char *text = form_value_text(field, json_object_get(fields, field->key), d->pool);
	const char *label = doc_textf(d, "%d. %s", field->number, bilingual_pick(field->label));
	rows_fact(rows, label, text[0] == '\0' ? (struct cell){ .text = "–" } : CELL(text));
}

static void add_fields(struct document *d, const struct form_paper *f)
{
	const struct form *form = f->form;
	size_t i = 0;
	while (i < form->n_fields) {
		const char *section = bilingual_pick(form->fields[i].section);
		if (section != NULL && section[0] != '\0')
			add_heading(d, doc_textf(d, "section-%zu", i), section);
		struct rows rows = rows_begin(d, BLOCK_FACTS, 2);
		for (; i < form->n_fields &&
			same_section(section, bilingual_pick(form->fields[i].section));
			i++)
			add_field(&rows, d, f, &form->fields[i]);
		rows_add(&rows);
	}
}

static void add_head_facts(struct document *d, const struct document_head *h)
{
	struct rows rows = rows_begin(d, BLOCK_FACTS, 2);
	rows_fact(&rows, _("Incident"), CELL_STRONG(h->number));
	if (h->profile[0] != '\0')
		rows_fact(&rows, _("Rules"), CELL(h->profile));
	rows_fact(&rows, _("Stage"), CELL(h->stage));
	if (h->what_changed != NULL && h->what_changed[0] != '\0')
		rows_fact(&rows, _("What changed"), CELL(h->what_changed));
	rows_fact(&rows, "TLP", CELL(h->tlp));
	rows_add(&rows);
}

static void add_proof(struct document *d, const struct document_head *h)
{
	if (h->envelope == NULL || h->envelope[0] == '\0') {
		add_note(d, _("Not handed in: this is how the form is filled so far."));
		return;
	}
	add_heading(d, "proof", _("Proof"));
	struct rows rows = rows_begin(d, BLOCK_FACTS, 2);
	rows_fact(&rows, _("Envelope"), CELL_CODE(h->envelope));
	if (h->sha256 != NULL && h->sha256[0] != '\0')
		rows_fact(&rows, "SHA-256", CELL_CODE(h->sha256));
	rows_add(&rows);
}

static enum status build_form(const void *what, struct document *d, struct error *e)
{
	const struct form_paper *f = what;
	char time[ZONED_TIME_MAX];
	d->title = bilingual_pick(f->form->title);
	d->subtitle = doc_textf(d, "%s · %s", f->head->number, f->head->stage);
	d->date = doc_text(d, zoned_time(f->head->at_ns, f->head->utc_offset_minutes, time));
	if (f->head->drill)
		add_banner(d, TONE_FAIR,
			_("DRILL. This is an exercise: nothing in it has happened, and it cannot "
			  "reach a real inbox."));
	if (f->head->redacted)
		add_banner(d, TONE_PLAIN, _("Redacted: parts are left out of this copy."));
	add_head_facts(d, f->head);
	add_fields(d, f);
	add_proof(d, f->head);
	return finish(d, e);
}

static struct paper form_paper_of(const struct form_paper *f)
{
	return (struct paper){ .build = build_form,
		.what = f,
		.brand = N_("Tocsin incident report"),
		.foot = N_("Made by Tocsin from the signed report, which is what counts. This page "
			   "fetches nothing."),
		.subject = f->head->number,
		.watermark = f->head->drill ? N_("DRILL") : NULL,
		.at_ns = f->head->at_ns };
}

enum status render_form_pdf(const struct form *f, json_t *filled, const struct document_head *h,
	struct buf *out, struct error *e)
{
	const struct form_paper what = { f, filled, h };
	const struct paper paper = form_paper_of(&what);
	return paper_pdf(&paper, out, e);
}

enum status render_form_html(const struct form *f, json_t *filled, const struct document_head *h,
	struct buf *out, struct error *e)
{
	const struct form_paper what = { f, filled, h };
	const struct paper paper = form_paper_of(&what);
	return paper_html(&paper, out, e);
}

enum status render_form_text(const struct form *f, json_t *filled, const struct document_head *h,
	struct buf *out, struct error *e)
{
	AUTO(pool_free) struct pool *p = pool_new(8 * MIB);
	char time[ZONED_TIME_MAX];
	json_t *fields = json_object_get(filled, "fields");
	if (p == NULL)
		return error_set(e, E_NO_SPACE, "memory is short");
	if (h->drill)
		buf_addf(out, "%s\n\n", _("DRILL – DRILL – DRILL"));
	buf_addf(out, "%s\n%s · %s · TLP:%s\n\n", bilingual_pick(f->title), h->number,
		zoned_time(h->at_ns, h->utc_offset_minutes, time), h->tlp);
	for (size_t i = 0; i < f->n_fields; i++) {
		const struct form_field *field = &f->fields[i];
		const char *text =
			h->redacted && field->type == FORM_TEXT
				? _("(left out)")
				: form_value_text(field, json_object_get(fields, field->key), p);
		buf_addf(out, _("%d. %s: "), field->number, bilingual_pick(field->label));
		buf_addf(out, "%s\n", text[0] == '\0' ? "–" : text);
	}
	return buf_check(out, "text", e);
}

/* --- a receipt -------------------------------------------------------------------------------- */

struct receipt_paper {
	const struct incident *incident;
	const struct incident_receipt *receipt;
};

static const char *notice_text(const struct incident *i, const char *key)
{
	const char *text = json_string_value(json_object_get(i->notice, key));
	return text == NULL || text[0] == '\0' ? "–" : text;
}

static void add_notice(struct document *d, const struct incident *i)
{
	add_heading(d, "notice", _("First notice"));
	struct rows rows = rows_begin(d, BLOCK_FACTS, 2);
	rows_fact(&rows, _("Company"), CELL(notice_text(i, "company")));
	rows_fact(&rows, _("Kind"), CELL(kind_name(notice_text(i, "kind"))));
	rows_fact(&rows, _("What"), CELL(notice_text(i, "what")));
	rows_fact(&rows, _("Discovered"), CELL(notice_text(i, "discovered_at")));
	rows_fact(&rows, _("Systems, data"), CELL(notice_text(i, "systems")));
	rows_fact(&rows, _("Going on"), CELL(notice_text(i, "ongoing")));
	rows_fact(&rows, _("Scale"), CELL(notice_text(i, "scale")));
	rows_fact(&rows, _("Done so far"), CELL(notice_text(i, "action")));
	rows_fact(&rows, _("Call back"), CELL(notice_text(i, "callback")));
	rows_add(&rows);
}

static void add_drill_banner(struct document *d, const struct incident *i)
{
	if (i->drill)
		add_banner(d, TONE_FAIR,
			_("DRILL. This is an exercise: nothing in it has happened, and it cannot "
			  "reach a real inbox."));
}

static enum status build_receipt(const void *what, struct document *d, struct error *e)
{
	const struct receipt_paper *r = what;
	char time[ZONED_TIME_MAX];
	d->title = doc_textf(d, _("Receipt for incident %s"), r->incident->number);
	d->subtitle = notice_text(r->incident, "company");
	d->date = doc_text(d, zoned_time(r->receipt->at_ns, 8 * 60, time));
	add_drill_banner(d, r->incident);
	add_text(d,
		_("The notice was checked, signed and written to this machine's disk at the time "
		  "above, before any network call. This receipt proves that; delivery is proved by "
		  "the receiver's own receipt."));
	add_notice(d, r->incident);
	add_heading(d, "proof", _("Proof"));
	struct rows rows = rows_begin(d, BLOCK_FACTS, 2);
	rows_fact(&rows, _("Envelope"), CELL_CODE(r->receipt->envelope.text));
	rows_fact(&rows, "SHA-256", CELL_CODE(r->receipt->sha256));
	rows_add(&rows);
	return finish(d, e);
}

enum status render_receipt_pdf(const struct incident *i, const struct incident_receipt *r,
	struct buf *out, struct error *e)
{
	const struct receipt_paper what = { i, r };
	const struct paper paper = { .build = build_receipt,
		.what = &what,
		.brand = N_("Tocsin incident report"),
		.foot = N_("Made by Tocsin from the signed report, which is what counts. This page "
			   "fetches nothing."),
		.subject = i->number,
		.watermark = i->drill ? N_("DRILL") : NULL,
		.at_ns = r->at_ns };
	return paper_pdf(&paper, out, e);
}

/* --- a whole incident ------------------------------------------------------------------------- */

struct incident_paper {
	const struct incident *incident;
	const struct profile_set *profiles;
};

static void add_grades(struct document *d, const struct incident_paper *p)
{
	static const double widths[] = { 0.24, 0.34, 0.42 };
	const struct incident *i = p->incident;
	char time[ZONED_TIME_MAX];
	add_heading(d, "grades", _("Grades"));
	struct rows rows = rows_begin(d, BLOCK_TABLE, 3);
	rows.caption = _("Grades, by regime and time");
	rows.widths = widths;
	rows_cell(&rows, CELL(_("Rules")));
	rows_cell(&rows, CELL(_("Grade")));
	rows_cell(&rows, CELL(_("Since, by whom, why")));
	for (size_t k = 0; k < i->n_grade_history; k++) {
		const struct grade_row *g = &i->grade_history[k];
		const struct profile *profile = NULL;
		struct error absent = ERROR_NONE;
		AUTO_BUF struct buf text;
		buf_init(&text, GRADE_BYTES_MAX);
		if (profile_find(p->profiles, g->profile, &profile, &absent) == OK)
			grade_text(profile, g->grade, &text);
		rows_cell(&rows, CELL(g->profile));
		rows_cell(&rows, CELL_STRONG(doc_text(d, buf_text(&text))));
		rows_cell(
			&rows, CELL(doc_textf(d, "%s %s %s",
				       zoned_time(g->at_ns, zone_of(p->profiles, g->profile), time),
				       g->by_person ? g->person : _("by the rules"), g->reason)));
	}
	rows_add(&rows);
}

static enum tone clock_tone(enum clock_state s)
{
	if (s == CLOCK_OVERDUE || s == CLOCK_DONE_LATE)
		return TONE_POOR;
	return s == CLOCK_DONE ? TONE_GOOD : TONE_PLAIN;
}

static void add_clocks(struct document *d, const struct incident_paper *p)
{
	static const double widths[] = { 0.40, 0.30, 0.30 };
	const struct incident *i = p->incident;
	char time[ZONED_TIME_MAX];
	add_heading(d, "clocks", _("Clocks"));
	struct rows rows = rows_begin(d, BLOCK_TABLE, 3);
	rows.caption = _("Duties and their clocks");
	rows.widths = widths;
	rows_cell(&rows, CELL(_("Duty")));
	rows_cell(&rows, CELL(_("Due")));
	rows_cell(&rows, CELL(_("State")));
	for (size_t k = 0; k < i->n_clocks; k++) {
		const struct clock_row *c = &i->clocks[k];
		const int64_t zone = zone_of(p->profiles, c->profile);
		rows_cell(&rows, CELL(doc_textf(d, "%s (%s %s)", bilingual_pick(c->text),
					 c->instrument, c->row)));
		rows_cell(&rows,
			CELL(c->due_ns < 0 ? _("without delay")
					   : doc_text(d, zoned_time(c->due_ns, zone, time))));
		rows_cell(&rows,
			CELL_TONE(c->done_ns < 0
					  ? clock_state_words(c->state)
					  : doc_textf(d, "%s %s", clock_state_words(c->state),
						    zoned_time(c->done_ns, zone, time)),
				clock_tone(c->state)));
	}
	rows_add(&rows);
}

static void add_submissions(struct document *d, const struct incident_paper *p)
{
	static const double widths[] = { 0.30, 0.30, 0.40 };
	const struct incident *i = p->incident;
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
		const int64_t zone = zone_of(p->profiles, r->profile);
		const bool received = r->delivery == OUTBOX_DELIVERED && !r->draft;
		rows_cell(
			&rows, CELL(doc_textf(d, "%s · %s",
				       rule_name(p->profiles, RULE_STAGES, r->stage), r->profile)));
		rows_cell(&rows, CELL(doc_text(d, zoned_time(r->at_ns, zone, time))));
		rows_cell(&rows, CELL(received ? doc_textf(d, "%s %s", r->received_by,
							 zoned_time(r->received_ns, zone, time))
					       : _("not yet received")));
	}
	rows_add(&rows);
}

static enum status build_incident(const void *what, struct document *d, struct error *e)
{
	const struct incident_paper *p = what;
	char time[ZONED_TIME_MAX];
	d->title = doc_textf(d, _("Incident %s"), p->incident->number);
	d->subtitle = notice_text(p->incident, "what");
	d->date = doc_text(d, zoned_time(p->incident->created_ns, 8 * 60, time));
	add_drill_banner(d, p->incident);
	add_notice(d, p->incident);
	add_grades(d, p);
	add_clocks(d, p);
	add_submissions(d, p);
	return finish(d, e);
}

enum status render_incident_html(const struct incident *i, const struct profile_set *profiles,
	struct buf *out, struct error *e)
{
	const struct incident_paper what = { i, profiles };
	const struct paper paper = { .build = build_incident,
		.what = &what,
		.brand = N_("Tocsin incident report"),
		.foot = N_("Made by Tocsin from the signed report, which is what counts. This page "
			   "fetches nothing."),
		.subject = i->number,
		.watermark = i->drill ? N_("DRILL") : NULL,
		.at_ns = i->created_ns };
	return paper_html(&paper, out, e);
}
