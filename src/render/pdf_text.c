/*
 * Text and shapes on a page.
 */
#include <math.h>
#include <stdlib.h>
#include <unistr.h>

#include "render/pdf.h"

struct colour colour_of_ink(enum ink ink)
{
	static const struct colour colours[INKS] = {
		[INK_TEXT] = { 0.11, 0.14, 0.19 },
		[INK_MUTED] = { 0.38, 0.42, 0.48 },
		[INK_LINE] = { 0.86, 0.85, 0.83 },
		[INK_TRACK] = { 0.93, 0.92, 0.90 },
		[INK_ACCENT] = { 0.15, 0.28, 0.43 },
		[INK_SOFT] = { 0.79, 0.84, 0.90 },
		[INK_GOOD] = { 0.17, 0.48, 0.29 },
		[INK_FAIR] = { 0.62, 0.38, 0.04 },
		[INK_POOR] = { 0.70, 0.15, 0.12 },
	};
	return colours[ink];
}

struct colour colour_of_tone(enum tone tone)
{
	switch (tone) {
	case TONE_PLAIN:
		return colour_of_ink(INK_TEXT);
	case TONE_MUTED:
		return colour_of_ink(INK_MUTED);
	case TONE_GOOD:
		return colour_of_ink(INK_GOOD);
	case TONE_FAIR:
		return colour_of_ink(INK_FAIR);
	case TONE_POOR:
		return colour_of_ink(INK_POOR);
	}
	return colour_of_ink(INK_TEXT);
}

void pdf_colour(struct pdf *p, struct colour c)
{
	cairo_set_source_rgb(p->cairo, c.red, c.green, c.blue);
}

/* Valid UTF-8 without control characters. */
static void clean(const char *text, struct buf *out)
{
	const uint8_t *at = (const uint8_t *)text;
	size_t left = strlen(text);
	while (left > 0) {
		ucs4_t c;
		int n = u8_mbtoucr(&c, at, left);
		bool control = n > 0 && ((c < 0x20 && c != '\n') || (c >= 0x7f && c < 0xa0) ||
						(c >= 0x202a && c <= 0x202e) ||
						(c >= 0x2066 && c <= 0x2069));
		if (n <= 0)
			buf_add_char(out, '?');
		else if (control)
			buf_add_char(out, ' ');
		else
			buf_add_bytes(out, at, (size_t)n);
		at += n > 0 ? n : 1;
		left -= n > 0 ? (size_t)n : 1;
	}
}

/* Marks where the characters begin that no font has. */
static void mark_unknown(PangoLayout *layout, bool *marks)
{
	PangoLayoutIter *iter = pango_layout_get_iter(layout);
	do {
		const PangoLayoutRun *run = pango_layout_iter_get_run_readonly(iter);
		for (int i = 0; run != NULL && i < run->glyphs->num_glyphs; i++)
			if ((run->glyphs->glyphs[i].glyph & PANGO_GLYPH_UNKNOWN_FLAG) != 0)
				marks[run->item->offset + run->glyphs->log_clusters[i]] = true;
	} while (pango_layout_iter_next_run(iter));
	pango_layout_iter_free(iter);
}

/* Where the ideographs, their punctuation and full-width forms begin. */
#define CJK_FIRST 0x2e80U

/* See PDF_CJK_FAMILIES. */
static PangoAttrList *cjk_families(const char *text, size_t n_bytes)
{
	PangoAttrList *list = pango_attr_list_new();
	for (size_t i = 0; i < n_bytes;) {
		const size_t from = i;
		while (i < n_bytes) {
			ucs4_t c;
			const int n = u8_mbtoucr(&c, (const uint8_t *)text + i, n_bytes - i);
			if (n <= 0 || c < CJK_FIRST)
				break;
			i += (size_t)n;
		}
		if (i == from) {
			i++;
			continue;
		}
		PangoAttribute *family = pango_attr_family_new(PDF_CJK_FAMILIES);
		family->start_index = (guint)from;
		family->end_index = (guint)i;
		pango_attr_list_insert(list, family);
	}
	return list;
}

static void set_clean(PangoLayout *layout, const struct buf *text)
{
	PangoAttrList *families = cjk_families(buf_text(text), text->len);
	pango_layout_set_attributes(layout, families);
	pango_attr_list_unref(families);
	pango_layout_set_text(layout, buf_text(text), (int)text->len);
}

static void replace_unknown(PangoLayout *layout, const struct buf *text)
{
	AUTO_BUF struct buf replaced;
	AUTO_FREE bool *marks = calloc(text->len + 1, sizeof *marks);
	buf_init(&replaced, MIB);
	if (marks != NULL)
		mark_unknown(layout, marks);
	for (size_t i = 0; i < text->len;) {
		const char *at = text->at + i;
		size_t n = 1;
		while (((unsigned char)at[n] & 0xC0U) == 0x80U)
			n++;
		/* Where memory is short, whatever a font may lack. */
		if (marks == NULL ? n > 1 : marks[i])
			buf_add_char(&replaced, '?');
		else
			buf_add_bytes(&replaced, at, n);
		i += n;
	}
	set_clean(layout, &replaced);
}

static void set_text(PangoLayout *layout, const char *text)
{
	AUTO_BUF struct buf cleaned;
	buf_init(&cleaned, MIB);
	clean(text, &cleaned);
	set_clean(layout, &cleaned);
	if (pango_layout_get_unknown_glyphs_count(layout) > 0)
		replace_unknown(layout, &cleaned);
}

PangoLayout *pdf_layout(
	struct pdf *p, const char *text, const struct text_style *style, double width)
{
	PangoLayout *layout = pango_layout_new(p->context);
	PangoFontDescription *font = style->code ? p->code : p->plain;
	pango_font_description_set_absolute_size(font, style->size * PANGO_SCALE);
	pango_font_description_set_weight(
		font, style->bold ? PANGO_WEIGHT_BOLD : PANGO_WEIGHT_NORMAL);
	pango_layout_set_font_description(layout, font);
	pango_layout_set_wrap(layout, PANGO_WRAP_WORD_CHAR);
	pango_layout_set_spacing(layout, (int)(style->size * 0.18 * PANGO_SCALE));
	pango_layout_set_alignment(layout, style->align);
	if (width >= 0)
		pango_layout_set_width(layout, (int)(width * PANGO_SCALE));
	set_text(layout, text);
	return layout;
}

double pdf_height(PangoLayout *layout)
{
	int width, height;
	pango_layout_get_size(layout, &width, &height);
	return (double)height / PANGO_SCALE;
}

double pdf_width(PangoLayout *layout)
{
	int width, height;
	pango_layout_get_size(layout, &width, &height);
	return (double)width / PANGO_SCALE;
}

void pdf_show(struct pdf *p, PangoLayout *layout, double x, double y)
{
	if (p->dry)
		return;
	cairo_move_to(p->cairo, x, y);
	pango_cairo_show_layout(p->cairo, layout);
}

double pdf_text(struct pdf *p, const char *text, const struct text_style *style, struct point at,
	double width)
{
	PangoLayout *layout = pdf_layout(p, text, style, width);
	double height = pdf_height(layout);
	pdf_colour(p, style->colour);
	pdf_show(p, layout, at.x, at.y);
	g_object_unref(layout);
	return height;
}

void pdf_rect(struct pdf *p, struct colour c, struct point corner, struct point size)
{
	if (p->dry)
		return;
	pdf_colour(p, c);
	cairo_rectangle(p->cairo, corner.x, corner.y, size.x, size.y);
	cairo_fill(p->cairo);
}

void pdf_frame(struct pdf *p, struct colour c, struct point corner, struct point size)
{
	const double r = 4;
	double right = corner.x + size.x, low = corner.y + size.y;
	if (p->dry)
		return;
	pdf_colour(p, c);
	cairo_set_line_width(p->cairo, 0.75);
	cairo_new_path(p->cairo);
	cairo_arc(p->cairo, right - r, corner.y + r, r, -G_PI / 2, 0);
	cairo_arc(p->cairo, right - r, low - r, r, 0, G_PI / 2);
	cairo_arc(p->cairo, corner.x + r, low - r, r, G_PI / 2, G_PI);
	cairo_arc(p->cairo, corner.x + r, corner.y + r, r, G_PI, 1.5 * G_PI);
	cairo_close_path(p->cairo);
	cairo_stroke(p->cairo);
}

void pdf_rule(struct pdf *p, struct colour c, double x, double y, double width)
{
	if (p->dry)
		return;
	pdf_colour(p, c);
	cairo_set_line_width(p->cairo, 0.5);
	cairo_move_to(p->cairo, x, y);
	cairo_line_to(p->cairo, x + width, y);
	cairo_stroke(p->cairo);
}

static void draw_label(struct pdf *p, const struct shape *s)
{
	struct text_style style = {
		.size = s->size, .bold = s->bold, .colour = colour_of_ink(s->ink)
	};
	PangoLayout *layout = pdf_layout(p, s->text, &style, -1);
	double shift = s->anchor == ANCHOR_START ? 0 : pdf_width(layout);
	if (s->anchor == ANCHOR_MIDDLE)
		shift /= 2;
	double above = (double)pango_layout_get_baseline(layout) / PANGO_SCALE;
	pdf_colour(p, style.colour);
	pdf_show(p, layout, s->x - shift, s->y - above);
	g_object_unref(layout);
}

static void trace(struct pdf *p, const struct shape *s)
{
	for (size_t i = 0; i < s->n_points; i++)
		cairo_line_to(p->cairo, s->points[i].x, s->points[i].y);
}

static void draw_shape(struct pdf *p, const struct shape *s)
{
	static const double dashes[] = { 4, 3 };
	pdf_colour(p, colour_of_ink(s->ink));
	cairo_new_path(p->cairo);
	cairo_set_line_width(p->cairo, s->kind == SHAPE_PATH ? 2 : 1);
	cairo_set_dash(p->cairo, dashes, s->dashed ? 2 : 0, 0);
	switch (s->kind) {
	case SHAPE_RECT:
		cairo_rectangle(p->cairo, s->x, s->y, s->w, s->h);
		if (s->dashed)
			cairo_stroke(p->cairo);
		else
			cairo_fill(p->cairo);
		break;
	case SHAPE_LINE:
		cairo_move_to(p->cairo, s->x, s->y);
		cairo_line_to(p->cairo, s->w, s->h);
		cairo_stroke(p->cairo);
		break;
	case SHAPE_PATH:
		trace(p, s);
		cairo_stroke(p->cairo);
		break;
	case SHAPE_AREA:
		trace(p, s);
		cairo_close_path(p->cairo);
		cairo_fill(p->cairo);
		break;
	case SHAPE_TEXT:
		draw_label(p, s);
		break;
	}
}

void pdf_drawing(struct pdf *p, const struct drawing *d, double x, double y, double width)
{
	if (p->dry)
		return;
	cairo_save(p->cairo);
	cairo_translate(p->cairo, x, y);
	cairo_scale(p->cairo, width / d->width, width / d->width);
	pango_cairo_update_context(p->cairo, p->context);
	for (size_t i = 0; i < d->n_shapes; i++)
		draw_shape(p, &d->shapes[i]);
	cairo_restore(p->cairo);
	pango_cairo_update_context(p->cairo, p->context);
}
