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

enum { DIFFERENCE_BYTES_MAX = 64 * 1024 };

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

static void add_row(struct rows *rows, const char *label, const char *text)
{
	if (text_or_empty(text)[0] == '\0')
		return;
	rows_cell(rows, CELL(""));
	rows_cell(rows, CELL(label));
	rows_cell(rows, CELL(text));
}

/* "Time limit: within three days → today", a line each. */
static const char *difference_text(struct document *d, const struct form_paper *f)
{
	AUTO_BUF struct buf text;
	struct form_change *changes = NULL;
	size_t n = 0;
	struct error lost = ERROR_NONE;
	buf_init(&text, DIFFERENCE_BYTES_MAX);
	if (f->head->before == NULL || form_difference(f->form, f->head->before, f->filled, d->pool,
					       &changes, &n, &lost) != OK)
		return "";
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			buf_add_char(&text, '\n');
		form_change_words(&changes[i], &text);
	}
	return doc_text(d, buf_text(&text));
}

static void add_changes(struct document *d, const struct form_paper *f, struct rows *rows)
{
	const struct warning_row *w = f->head->warning;
	if (w == NULL) {
		add_row(rows, _("What changed since the report before"), f->head->what_changed);
		return;
	}
	add_row(rows, _("Changed since the version before"), difference_text(d, f));
	add_row(rows,
		w->state == WARNING_LIFTED ? _("Reason for lifting") : _("Reason for the change"),
		f->head->what_changed);
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
	if (f->copy != COPY_REDACTED)
		add_changes(d, f, &rows);
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
		add_note(d, h->warning != NULL
				    ? _("Not issued: this is how the warning would read.")
				    : _("Not handed in: this is how the form is filled so far."));
	if (text_or_empty(bilingual_pick(h->profile))[0] != '\0')
		add_note(d, doc_textf(d, _("Rules: %s"), bilingual_pick(h->profile)));
	if (is_handed_in(h))
		add_note(d,
			doc_textf(d,
				h->warning != NULL ? _("Id of the warning: %s") : _("Envelope: %s"),
				h->envelope));
	if (is_handed_in(h) && text_or_empty(h->sha256)[0] != '\0')
		add_note(d, doc_textf(d, "SHA-256: %s", h->sha256));
}

static const char *subtitle(struct document *d, const struct document_head *h)
{
	const char *stage = text_or_empty(bilingual_pick(h->stage));
	if (h->warning != NULL)
		return doc_textf(d, _("No. %s · version %lld, %s"), h->number,
			(long long)h->warning->n_version, warning_change_words(h->warning->change));
	return doc_textf(d, stage[0] == '\0' ? _("No. %s") : _("No. %s · %s"), h->number, stage);
}

static void add_banners(struct document *d, const struct document_head *h)
{
	char time[ZONED_TIME_MAX];
	if (h->drill)
		add_banner(d, TONE_POOR, drill_words());
	if (h->redacted)
		add_banner(d, TONE_PLAIN, redacted_words());
	if (h->warning != NULL && h->warning->state == WARNING_LIFTED)
		add_banner(d, TONE_PLAIN,
			doc_textf(d, _("Lifted at %s: this warning holds no longer."),
				zoned_time(h->at_ns, h->utc_offset_minutes, time)));
}

static enum status build_form(const void *what, struct document *d, struct error *e)
{
	const struct form_paper *f = what;
	char time[ZONED_TIME_MAX];
	d->title = bilingual_pick(f->form->title);
	d->source = strcmp(f->form->instrument, "the programme") == 0
			    ? _("Industrial data security programme")
			    : f->form->instrument;
	d->subtitle = subtitle(d, f->head);
	d->date = doc_text(d,
		f->head->at_ns < 0 ? ""
				   : zoned_time(f->head->at_ns, f->head->utc_offset_minutes, time));
	add_banners(d, f->head);
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
	const bool warning = f->head->warning != NULL;
	return (struct paper){ .build = build_form,
		.what = f,
		.brand = warning ? N_("Tocsin early warning") : N_("Tocsin incident report"),
		.foot = warning ? N_("Made by Tocsin from the signed warning, which is what "
				     "counts. This page fetches nothing.")
				: N_("Made by Tocsin from the signed report, which is what "
				     "counts. This page fetches nothing."),
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

/* What is read out to somebody must not leave them guessing what a stroke means. */
static const char *open_text(
	const struct form *f, const struct form_field *field, json_t *filled, bool redacted)
{
	const json_t *given = json_object_get(filled, "given");
	const struct form_occasion last = { f->n_stages == 0 ? "" : f->stages[f->n_stages - 1], 1,
		0 };
	if (redacted)
		return "–";
	if (field->required_if_key != NULL &&
		json_object_get(given, field->required_if_key) != NULL &&
		!form_field_required(f, field, filled, &last))
		return _("does not apply");
	return _("not clear yet");
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
		buf_addf(out, "%s\n",
			text[0] == '\0' ? open_text(f, field, filled, h->redacted) : text);
	}
	return buf_check(out, "text", e);
}
