/*
 * A document as PDF, in the language of i18n_use. cairo hands its bytes to our buf and opens no
 * file; fontconfig reads the fonts of the machine, of which cairo embeds the glyphs that are used.
 */
#include <cairo-pdf.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "render/paper.h"
#include "render/pdf.h"

AUTO_TYPE(cairo_surface_destroy, cairo_surface_t *)
AUTO_TYPE(cairo_destroy, cairo_t *)
AUTO_TYPE(cairo_font_options_destroy, cairo_font_options_t *)
AUTO_TYPE(pango_font_description_free, PangoFontDescription *)

static cairo_status_t append(void *context, const unsigned char *bytes, unsigned int n_bytes)
{
	struct buf *out = context;
	buf_add_bytes(out, bytes, n_bytes);
	return out->failed ? CAIRO_STATUS_WRITE_ERROR : CAIRO_STATUS_SUCCESS;
}

/* True where some font of the machine has every character of the sample. */
static bool has_font(struct pdf *p, const char *sample)
{
	PangoLayout *layout = pango_layout_new(p->context);
	pango_layout_set_font_description(layout, p->plain);
	pango_layout_set_text(layout, sample, -1);
	bool has = pango_layout_get_unknown_glyphs_count(layout) == 0;
	g_object_unref(layout);
	return has;
}

static void describe(cairo_surface_t *surface, const struct paper *paper, const struct document *d)
{
	char time[TIME_TEXT_MAX];
	/* Not the present: the same content gives the same file. */
	(void)time_text(paper->at_ns, time);
	time[sizeof "2026-11-24T06:23:27" - 1] = '\0';
	cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_TITLE, d->title);
	cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_SUBJECT, paper->subject);
	cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_CREATOR, "Tocsin");
	cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_CREATE_DATE, time);
	cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_MOD_DATE, time);
}

struct setting {
	int n_pages; /* 0: to be found out */
	double air;
};

/* The fewest pages; of equals the widest, so that the last page is not left nearly empty. */
static struct setting choose_setting(struct pdf p)
{
	static const double airs[] = { 1.3, 1.15, 1, 0.85, 0.7 };
	struct setting best = { 0, 1 };
	p.dry = true;
	for (size_t i = 0; i < COUNT_OF(airs); i++) {
		p.air = airs[i];
		pdf_blocks(&p);
		if (best.n_pages == 0 || p.page < best.n_pages)
			best = (struct setting){ p.page, airs[i] };
	}
	return best;
}

/* Without a number of pages onto nothing, only to find out how it is to be set (subsetting fonts is
 * what takes the time). Metrics are not hinted, so that all passes break lines alike. */
static enum status set(const struct paper *paper, const struct document *d, struct setting *setting,
	struct buf *out, struct error *e)
{
	int n_pages = setting->n_pages;
	bool zh = i18n_language() == LANGUAGE_ZH;
	AUTO(cairo_surface_destroy)
	cairo_surface_t *surface =
		n_pages == 0 ? cairo_recording_surface_create(CAIRO_CONTENT_COLOR, NULL)
			     : cairo_pdf_surface_create_for_stream(append, out, PAGE_W, PAGE_H);
	AUTO(cairo_destroy) cairo_t *cairo = cairo_create(surface);
	AUTO(pango_font_description_free)
	PangoFontDescription *plain = pango_font_description_from_string(
		paper->official || zh ? PDF_CJK_FAMILIES ", Noto Serif, DejaVu Serif"
				      : "Noto Sans CJK SC, Noto Sans, DejaVu Sans, sans-serif");
	AUTO(pango_font_description_free)
	PangoFontDescription *code = pango_font_description_from_string(
		"Noto Sans Mono CJK SC, DejaVu Sans Mono, monospace");
	struct pdf p = { .cairo = cairo,
		.plain = plain,
		.code = code,
		.n_pages = n_pages,
		.air = setting->air,
		.document = d,
		.brand = _(paper->brand),
		.watermark = paper->watermark == NULL ? NULL : _(paper->watermark),
		.tlp = paper->tlp,
		.official = paper->official };
	AUTO(cairo_font_options_destroy)
	cairo_font_options_t *options = cairo_font_options_create();
	if (n_pages > 0)
		describe(surface, paper, d);
	cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
	cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
	/* A font map of our own: pango's default one keeps what it has read until the process ends.
	 */
	PangoFontMap *fonts = pango_cairo_font_map_new();
	p.context = pango_font_map_create_context(fonts);
	pango_cairo_update_context(cairo, p.context);
	pango_cairo_context_set_font_options(p.context, options);
	pango_context_set_language(p.context, pango_language_from_string(zh ? "zh-cn" : "en"));
	bool readable = has_font(&p, zh ? "勒索演练诱饵恢复" : "Aa");
	if (readable && n_pages == 0)
		*setting = choose_setting(p);
	else if (readable)
		pdf_blocks(&p);
	g_object_unref(p.context);
	g_object_unref(fonts);
	if (!readable)
		return error_set(e, E_ABSENT,
			"no PDF: this machine has no font for the report's "
			"language (on Debian: apt install fonts-noto-cjk)");
	cairo_surface_finish(surface);
	cairo_status_t status = cairo_surface_status(surface);
	if (status == CAIRO_STATUS_SUCCESS)
		status = cairo_status(cairo);
	if (status != CAIRO_STATUS_SUCCESS && !out->failed)
		return error_set(e, E_FAILED, "PDF: %s", cairo_status_to_string(status));
	return OK;
}

enum status paper_pdf(const struct paper *paper, struct buf *out, struct error *e)
{
	AUTO(pool_free) struct pool *pool = pool_new(PAPER_POOL_BYTES);
	struct document d;
	struct setting setting = { 0, 1 };
	if (pool == NULL)
		return error_set(e, E_NO_SPACE, "memory for the report is short");
	document_init(&d, pool);
	TRY(paper->build(paper->what, &d, e));
	TRY(set(paper, &d, &setting, out, e));
	TRY(set(paper, &d, &setting, out, e));
	return buf_check(out, "PDF", e);
}
