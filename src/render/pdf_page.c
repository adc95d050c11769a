/*
 * What a block looks like on a page. Tables break between rows and repeat their headings; where a
 * page ends otherwise is decided in pdf_flow.c.
 */
#include <assert.h>

#include "base/i18n.h"
#include "render/pdf.h"

#define PAD (4 * p->air)

static struct text_style style_of(double size, enum ink ink)
{
	return (struct text_style){ .size = size, .colour = colour_of_ink(ink) };
}

/* A paragraph; one longer than a page is broken between its lines. */
static void paragraph(
	struct pdf *p, const char *text, const struct text_style *style, double x, double width)
{
	PangoLayout *layout = pdf_layout(p, text, style, width);
	PangoLayoutIter *iter = pango_layout_get_iter(layout);
	do {
		PangoRectangle extents;
		int top, bottom;
		pango_layout_iter_get_line_extents(iter, NULL, &extents);
		pango_layout_iter_get_line_yrange(iter, &top, &bottom);
		double height = (double)(bottom - top) / PANGO_SCALE;
		pdf_need(p, height);
		double baseline =
			(double)(pango_layout_iter_get_baseline(iter) - top) / PANGO_SCALE;
		if (!p->dry) {
			pdf_colour(p, style->colour);
			cairo_move_to(
				p->cairo, x + (double)extents.x / PANGO_SCALE, p->y + baseline);
			pango_cairo_show_layout_line(
				p->cairo, pango_layout_iter_get_line_readonly(iter));
		}
		p->y += height;
	} while (pango_layout_iter_next_line(iter));
	pango_layout_iter_free(iter);
	g_object_unref(layout);
}

static void banner(struct pdf *p, const struct block *x)
{
	struct text_style style = { .size = 10, .bold = true, .colour = colour_of_tone(x->tone) };
	PangoLayout *layout = pdf_layout(p, x->text, &style, BODY_W - 16);
	double height = pdf_height(layout) + 12;
	pdf_need(p, height);
	pdf_rect(p, style.colour, (struct point){ MARGIN_X, p->y }, (struct point){ 3, height });
	pdf_colour(p, style.colour);
	pdf_show(p, layout, MARGIN_X + 12, p->y + 6);
	g_object_unref(layout);
	p->y += height + 8;
}

static void coverage(struct pdf *p, const struct score_face *s, double x, double width)
{
	struct text_style style = style_of(8.5, INK_MUTED);
	pdf_text(p, _("Coverage (share of the weight that was assessed)"), &style,
		(struct point){ x, p->y + 9 }, -1);
	style.align = PANGO_ALIGN_RIGHT;
	style.bold = true;
	style.colour = colour_of_ink(INK_TEXT);
	pdf_text(p, s->coverage, &style, (struct point){ x, p->y + 9 }, width);
	pdf_rect(p, colour_of_ink(INK_TRACK), (struct point){ x, p->y + 27 },
		(struct point){ width, 5 });
	pdf_rect(p, colour_of_ink(INK_ACCENT), (struct point){ x, p->y + 27 },
		(struct point){ width * s->coverage_share, 5 });
}

/* A letter in a frame, or the words that there is none; answers where the next thing may begin. */
static double grade(struct pdf *p, const struct score_face *s, double x)
{
	struct text_style letter = { .size = 20, .bold = true, .colour = colour_of_tone(s->tone) };
	struct text_style words = style_of(9, INK_MUTED);
	if (s->grade == NULL && s->no_grade == NULL)
		return x;
	PangoLayout *layout = pdf_layout(p, s->grade == NULL ? s->no_grade : s->grade,
		s->grade == NULL ? &words : &letter, -1);
	double width = pdf_width(layout);
	double height = pdf_height(layout);
	double y = p->y + 22 - height / 2;
	pdf_colour(p, s->grade == NULL ? words.colour : letter.colour);
	pdf_frame(p, s->grade == NULL ? words.colour : letter.colour, (struct point){ x, y - 2 },
		(struct point){ width + 18, height + 4 });
	pdf_show(p, layout, x + 9, y);
	g_object_unref(layout);
	return x + width + 18 + 24;
}

static void score(struct pdf *p, const struct score_face *s)
{
	const double inset = 14;
	const double x = MARGIN_X + inset, width = BODY_W - 2 * inset;
	struct text_style big = { .size = 34, .bold = true, .colour = colour_of_tone(s->tone) };
	struct text_style small = style_of(9, INK_MUTED);
	p->y += 6 * p->air;
	double top = p->y;
	p->y += 8;
	PangoLayout *number = pdf_layout(p, s->score, &big, -1);
	PangoLayout *of = pdf_layout(p, s->of, &small, -1);
	pdf_colour(p, big.colour);
	pdf_show(p, number, x, p->y - 4);
	pdf_colour(p, small.colour);
	pdf_show(p, of, x + pdf_width(number) + 6, p->y + 25);
	double next = grade(p, s, x + pdf_width(number) + pdf_width(of) + 28);
	g_object_unref(number);
	g_object_unref(of);
	if (s->coverage != NULL)
		coverage(p, s, next, x + width - next);
	p->y += 46;
	if (s->note[0] != '\0')
		paragraph(p, s->note, &small, x, width);
	if (s->drawing != NULL) {
		p->y += 8;
		pdf_rule(p, colour_of_ink(INK_LINE), x, p->y, width);
		pdf_drawing(p, s->drawing, x, p->y + 6, width);
		p->y += s->drawing->height * width / s->drawing->width + 2;
	}
	p->y += 8;
	pdf_frame(p, colour_of_ink(INK_LINE), (struct point){ MARGIN_X, top },
		(struct point){ BODY_W, p->y - top });
	p->y += 12 * p->air;
}

static void tiles(struct pdf *p, const struct block *t)
{
	enum { ACROSS = 3, TILE_H = 56 };
	double width = BODY_W / ACROSS;
	struct text_style label = style_of(8, INK_MUTED);
	size_t lines = (t->n_rows + ACROSS - 1) / ACROSS;
	for (size_t i = 0; i < t->n_rows; i++) {
		const struct cell *c = &t->cells[i * 3];
		struct text_style value = { .size = c[1].tone == TONE_MUTED ? 11 : 14,
			.bold = c[1].tone != TONE_MUTED,
			.colour = colour_of_tone(c[1].tone) };
		double x = MARGIN_X + (double)(i % ACROSS) * width;
		size_t line = i / ACROSS;
		double y = p->y + (double)line * TILE_H;
		pdf_text(p, c[0].text, &label, (struct point){ x, y + 4 }, width - 10);
		pdf_text(p, c[1].text, &value, (struct point){ x, y + 16 }, width - 10);
		pdf_text(p, c[2].text, &label, (struct point){ x, y + 37 }, width - 10);
	}
	for (size_t i = 0; i <= lines; i++)
		pdf_rule(p, colour_of_ink(INK_LINE), MARGIN_X, p->y + (double)i * TILE_H, BODY_W);
	p->y += (double)lines * TILE_H + 8 * p->air;
}

static void heading(struct pdf *p, const char *text)
{
	struct text_style style = { .size = 12.5, .bold = true, .colour = colour_of_ink(INK_TEXT) };
	p->y += p->y <= MARGIN_TOP ? 0 : 14 * p->air;
	p->y += pdf_text(p, text, &style, (struct point){ MARGIN_X, p->y }, BODY_W) + 5 * p->air;
}

static PangoLayout *cell_layout(struct pdf *p, const struct cell *c, double width, bool is_head)
{
	const struct text_style style = {
		.size = c->code ? 7.5 : 8.5, .bold = c->strong || is_head, .code = c->code
	};
	return pdf_layout(p, c->text, &style, width * BODY_W - 8);
}

static double row_height(struct pdf *p, const struct cell *cells, size_t n, const double *widths)
{
	double highest = 0;
	for (size_t i = 0; i < n && i < COLUMNS_MAX; i++) {
		PangoLayout *layout = cell_layout(p, &cells[i], widths[i], false);
		const double height = pdf_height(layout);
		highest = height > highest ? height : highest;
		g_object_unref(layout);
	}
	return highest + 2 * PAD;
}

/* One row: makes the layouts, takes the highest, shows them. */
static void row(
	struct pdf *p, const struct cell *cells, size_t n, const double *widths, bool is_head)
{
	PangoLayout *layouts[COLUMNS_MAX];
	double highest = 0;
	for (size_t i = 0; i < n && i < COLUMNS_MAX; i++) {
		layouts[i] = cell_layout(p, &cells[i], widths[i], is_head);
		double height = pdf_height(layouts[i]);
		highest = height > highest ? height : highest;
	}
	/* A row higher than a page is cut by the page; no cell of a report is. */
	pdf_need(p, highest + 2 * PAD);
	double x = MARGIN_X;
	for (size_t i = 0; i < n && i < COLUMNS_MAX; i++) {
		pdf_colour(p, is_head ? colour_of_ink(INK_MUTED) : colour_of_tone(cells[i].tone));
		pdf_show(p, layouts[i], x, p->y + PAD);
		g_object_unref(layouts[i]);
		x += widths[i] * BODY_W;
	}
	p->y += highest + 2 * PAD;
	pdf_rule(p, colour_of_ink(is_head ? INK_MUTED : INK_LINE), MARGIN_X, p->y, BODY_W);
}

/* The whole row, so that the head stands above it where it goes to the next page; the last row but
 * one takes the last with it, which does not go to a page alone. */
static double row_need(struct pdf *p, const struct block *t, size_t i, const double *widths)
{
	double height = row_height(p, &t->cells[i * t->n_columns], t->n_columns, widths);
	if (i + 2 == t->n_rows)
		height += row_height(p, &t->cells[(i + 1) * t->n_columns], t->n_columns, widths);
	return height;
}

static void table(struct pdf *p, const struct block *t)
{
	static const double halves[] = { 0.28, 0.72 };
	const double *widths = t->kind == BLOCK_FACTS ? halves : t->widths;
	assert(t->kind != BLOCK_FACTS || t->n_columns == COUNT_OF(halves));
	for (size_t i = 0; i < t->n_rows; i++) {
		bool is_head = t->kind == BLOCK_TABLE && i == 0;
		int page = p->page;
		pdf_need(p, row_need(p, t, i, widths));
		if (t->kind == BLOCK_TABLE && page != p->page && !is_head)
			row(p, t->cells, t->n_columns, widths, true);
		row(p, &t->cells[i * t->n_columns], t->n_columns, widths, is_head);
	}
	p->y += 6 * p->air;
}

static void list(struct pdf *p, const struct block *l)
{
	for (size_t i = 0; i < l->n_rows; i++) {
		struct text_style style = { .size = 9, .colour = colour_of_tone(l->cells[i].tone) };
		pdf_need(p, 24);
		style.code = l->cells[i].code;
		pdf_text(p, "•", &style, (struct point){ MARGIN_X, p->y }, -1);
		paragraph(p, l->cells[i].text, &style, MARGIN_X + 12, BODY_W - 12);
		p->y += 3 * p->air;
	}
	p->y += 3 * p->air;
}

static void chart(struct pdf *p, const struct drawing *d)
{
	double height = d->height * BODY_W / d->width;
	pdf_need(p, height + 8);
	pdf_drawing(p, d, MARGIN_X, p->y + 2, BODY_W);
	p->y += height + 8 * p->air;
}

static void code(struct pdf *p, const char *text)
{
	const double inset = 8;
	struct text_style style = style_of(7.5, INK_TEXT);
	style.code = true;
	PangoLayout *layout = pdf_layout(p, text, &style, BODY_W - 2 * inset);
	double height = pdf_height(layout) + 2 * inset;
	g_object_unref(layout);
	/* One that may run over a page has no ground. */
	bool has_ground = height < 150;
	if (has_ground) {
		pdf_need(p, height);
		pdf_rect(p, colour_of_ink(INK_TRACK), (struct point){ MARGIN_X, p->y },
			(struct point){ BODY_W, height - 4 });
	}
	p->y += inset - 2;
	paragraph(p, text, &style, MARGIN_X + inset, BODY_W - 2 * inset);
	p->y += inset;
}

static void text(struct pdf *p, const char *words, double size, enum ink ink)
{
	struct text_style style = style_of(size, ink);
	paragraph(p, words, &style, MARGIN_X, BODY_W);
	p->y += 4;
}

void pdf_block(struct pdf *p, const struct block *x)
{
	switch (x->kind) {
	case BLOCK_BANNER:
		banner(p, x);
		break;
	case BLOCK_SCORE:
		score(p, &x->score);
		break;
	case BLOCK_TILES:
		tiles(p, x);
		break;
	case BLOCK_HEADING:
		heading(p, x->text);
		break;
	case BLOCK_TEXT:
		text(p, x->text, 9.5, INK_TEXT);
		break;
	case BLOCK_NOTE:
		text(p, x->text, 8, INK_MUTED);
		break;
	case BLOCK_LIST:
		list(p, x);
		break;
	case BLOCK_FACTS:
	case BLOCK_TABLE:
		table(p, x);
		break;
	case BLOCK_CHART:
		chart(p, x->drawing);
		break;
	case BLOCK_CODE:
		code(p, x->text);
		break;
	case BLOCK_FORM:
		pdf_form(p, x);
		break;
	case BLOCK_SIGN:
		pdf_sign(p, x);
		break;
	}
}

void pdf_head(struct pdf *p)
{
	struct text_style brand = {
		.size = 8.5, .bold = true, .colour = colour_of_ink(INK_ACCENT)
	};
	struct text_style title = { .size = 19, .bold = true, .colour = colour_of_ink(INK_TEXT) };
	struct text_style small = style_of(8.5, INK_MUTED);
	if (p->official) {
		pdf_official_head(p);
		return;
	}
	p->y += pdf_text(p, p->brand, &brand, (struct point){ MARGIN_X, p->y }, BODY_W);
	p->y += 4;
	p->y += pdf_text(p, p->document->title, &title, (struct point){ MARGIN_X, p->y }, BODY_W) +
		2;
	p->y += pdf_text(
		p, p->document->subtitle, &small, (struct point){ MARGIN_X, p->y }, BODY_W);
	p->y += pdf_text(p, p->document->date, &small, (struct point){ MARGIN_X, p->y }, BODY_W) +
		8;
	pdf_rule(p, colour_of_ink(INK_LINE), MARGIN_X, p->y, BODY_W);
	p->y += 12;
}
