/*
 * A form on paper: the authority's table, filled in or to be filled in, and the same as plain text.
 */
#include <string.h>

#include "base/i18n.h"
#include "render/exchange.h"
#include "render/incident_cells.h"
#include "render/incident_views.h"
#include "render/incident_words.h"
#include "render/paper.h"

struct form_paper {
	const struct form *form;
	json_t *filled;
	const struct document_head *head;
	enum form_copy copy;
};

static const char *text_or_empty(const char *text)
{
	return text == NULL ? "" : text;
}

static bool is_handed_in(const struct document_head *h)
{
	return text_or_empty(h->envelope)[0] != '\0';
}

static json_t *value_of(const struct form_paper *f, const struct form_field *field)
{
	return json_object_get(json_object_get(f->filled, "fields"), field->key);
}

/* On a copy to be filled in, what must be filled in whatever the stage and tier. */
static bool is_marked(const struct form_paper *f, const struct form_field *field)
{
	return f->copy == COPY_DRAFT && field->required && field->worst_grade_required == 0 &&
	       (field->required_if_key == NULL || field->required_if_key[0] == '\0');
}

static void add_fields(struct document *d, const struct form_paper *f)
{
	struct rows rows = rows_begin(d, BLOCK_FORM, 3);
	rows.caption = d->title;
	for (size_t i = 0; i < f->form->n_fields; i++) {
		const struct form_field *field = &f->form->fields[i];
		rows_cell(&rows, CELL(text_or_empty(bilingual_pick(field->section))));
		rows_cell(&rows,
			CELL(doc_textf(d, "%s. %s%s", form_number(field, d->pool),
				bilingual_pick(field->label), is_marked(f, field) ? " *" : "")));
		rows_cell(&rows, form_cell(d, f->form, field, value_of(f, field), f->copy));
	}
	if (f->copy != COPY_REDACTED && text_or_empty(f->head->what_changed)[0] != '\0') {
		rows_cell(&rows, CELL(""));
		rows_cell(&rows, CELL(_("What changed since the report before")));
		rows_cell(&rows, CELL(f->head->what_changed));
	}
	rows_add(&rows);
}

static bool has_signature(const struct form *f)
{
	for (size_t i = 0; i < f->n_fields; i++)
		if (f->fields[i].type == FORM_SIGNATURE)
			return true;
	return false;
}

static void add_signatures(struct document *d, const struct form_paper *f)
{
	const bool warning = f->form->n_stages > 0 && strcmp(f->form->stages[0], "warning") == 0;
	struct rows rows = rows_begin(d, BLOCK_SIGN, 1);
	rows_cell(&rows,
		CELL(warning ? _("Approved by (signature)") : _("Filled in by (signature)")));
	rows_cell(&rows,
		CELL(warning ? _("Issuing authority (seal)") : _("Person in charge (signature)")));
	if (!warning)
		rows_cell(&rows, CELL(_("Reporting unit (seal)")));
	rows_cell(&rows, CELL(_("Date")));
	rows_add(&rows);
}

static void add_notes(struct document *d, const struct form_paper *f)
{
	const char *note = text_or_empty(bilingual_pick(f->form->note));
	const struct document_head *h = f->head;
	if (note[0] != '\0')
		add_note(d, doc_textf(d, _("Note: %s"), note));
	if (f->copy == COPY_DRAFT)
		add_note(d, _("* must be filled in. ■ chosen, □ not chosen."));
	if (f->copy == COPY_DRAFT)
		add_note(d, _("Not handed in: this is how the form is filled so far."));
	if (text_or_empty(bilingual_pick(h->profile))[0] != '\0')
		add_note(d, doc_textf(d, _("Rules: %s"), bilingual_pick(h->profile)));
	if (is_handed_in(h))
		add_note(d, doc_textf(d, _("Envelope: %s"), h->envelope));
	if (is_handed_in(h) && text_or_empty(h->sha256)[0] != '\0')
		add_note(d, doc_textf(d, "SHA-256: %s", h->sha256));
}

static enum status build_form(const void *what, struct document *d, struct error *e)
{
	const struct form_paper *f = what;
	const char *stage = text_or_empty(bilingual_pick(f->head->stage));
	char time[ZONED_TIME_MAX];
	d->title = bilingual_pick(f->form->title);
	d->source = strcmp(f->form->instrument, "the programme") == 0 ? _("the programme")
								      : f->form->instrument;
	d->subtitle = doc_textf(
		d, stage[0] == '\0' ? _("No. %s") : _("No. %s · %s"), f->head->number, stage);
	d->date = doc_text(d,
		f->head->at_ns < 0 ? ""
				   : zoned_time(f->head->at_ns, f->head->utc_offset_minutes, time));
	if (f->head->drill)
		add_banner(d, TONE_POOR, drill_words());
	if (f->head->redacted)
		add_banner(d, TONE_PLAIN, redacted_words());
	add_fields(d, f);
	if (f->copy != COPY_REDACTED && !has_signature(f->form))
		add_signatures(d, f);
	add_notes(d, f);
	return d->failed ? error_set(e, E_TOO_BIG, "the document does not fit into its memory")
			 : OK;
}

/* What a person wrote into a form of their own may name them: no rule can leave that out. */
static enum status check_head(const struct form *f, const struct document_head *h, struct error *e)
{
	if (h->tlp != NULL && tlp_find(h->tlp) == NULL)
		return error_set(e, E_INVALID,
			"TLP: '%.40s' is none of RED, AMBER+STRICT, AMBER, GREEN, CLEAR", h->tlp);
	if (h->redacted && strcmp(f->source, "built in") != 0)
		return error_set(e, E_DENIED,
			"the form '%.60s' is your own, and its words may say what a redacted copy "
			"must not: there is no redacted copy of it",
			f->id);
	return OK;
}

static struct form_paper paper_with(
	const struct form *f, json_t *filled, const struct document_head *h)
{
	return (struct form_paper){ .form = f,
		.filled = filled,
		.head = h,
		.copy = h->redacted	  ? COPY_REDACTED
			: is_handed_in(h) ? COPY_RECORD
					  : COPY_DRAFT };
}

static struct paper paper_of(const struct form_paper *f)
{
	return (struct paper){ .build = build_form,
		.what = f,
		.brand = N_("Tocsin incident report"),
		.foot = N_("Made by Tocsin from the signed report, which is what counts. This page "
			   "fetches nothing."),
		.subject = f->head->number,
		.watermark = f->head->drill ? N_("DRILL") : NULL,
		.tlp = f->head->tlp,
		.official = true,
		.at_ns = f->head->at_ns };
}

enum status render_form_pdf(const struct form *f, json_t *filled, const struct document_head *h,
	struct buf *out, struct error *e)
{
	TRY(check_head(f, h, e));
	const struct form_paper what = paper_with(f, filled, h);
	const struct paper paper = paper_of(&what);
	return paper_pdf(&paper, out, e);
}

enum status render_form_html(const struct form *f, json_t *filled, const struct document_head *h,
	struct buf *out, struct error *e)
{
	TRY(check_head(f, h, e));
	const struct form_paper what = paper_with(f, filled, h);
	const struct paper paper = paper_of(&what);
	return paper_html(&paper, out, e);
}

/* --- as text ---------------------------------------------------------------------------------- */

static void add_text_head(const struct form_paper *f, struct buf *out)
{
	char time[ZONED_TIME_MAX];
	const struct document_head *h = f->head;
	if (h->drill)
		buf_addf(out, "%s\n%s\n\n", _("DRILL – DRILL – DRILL"), drill_words());
	if (h->redacted)
		buf_addf(out, "%s\n\n", redacted_words());
	buf_addf(out, "%s\n%s · %s", bilingual_pick(f->form->title), h->number,
		zoned_time(h->at_ns, h->utc_offset_minutes, time));
	if (h->tlp != NULL)
		buf_addf(out, " · TLP:%s", h->tlp);
	buf_add_text(out, "\n\n");
}

enum status render_form_text(const struct form *f, json_t *filled, const struct document_head *h,
	struct buf *out, struct error *e)
{
	AUTO(pool_free) struct pool *p = pool_new(8 * MIB);
	if (p == NULL)
		return error_set(e, E_NO_SPACE, "memory is short");
	TRY(check_head(f, h, e));
	const struct form_paper what = paper_with(f, filled, h);
	add_text_head(&what, out);
	for (size_t i = 0; i < f->n_fields; i++) {
		const struct form_field *field = &f->fields[i];
		json_t *value = value_of(&what, field);
		const char *text = h->redacted ? form_redacted_text(field, value, p)
					       : form_value_text(field, value, p);
		buf_addf(out, _("%s. %s: "), form_number(field, p), bilingual_pick(field->label));
		if (strchr(text, '\n') != NULL)
			buf_add_char(out, '\n');
		buf_addf(out, "%s\n", text[0] == '\0' ? "–" : text);
	}
	return buf_check(out, "text", e);
}
