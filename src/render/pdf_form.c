/*
 * An authority's form on a page: a ruled table in which a row is broken between its lines where it
 * does not fit, its head, and the lines on which it is signed.
 */
#include "base/i18n.h"
#include "render/pdf.h"

#define FORM_PAD (4.5 * p->air)
#define SIDE 5.0
#define BOTTOM (PAGE_H - MARGIN_BOTTOM)
#define TEXT_SIZE 10.0

enum { SECTION, LABEL, VALUE, FORM_COLUMNS };

static const struct colour ink = { 0.15, 0.15, 0.15 };

struct grid {
	double left[FORM_COLUMNS + 1]; /* borders of the columns, the last at the right */
	int outer;		       /* the leftmost column: LABEL where there are no sections */
	int first;		       /* that of this row's label: SECTION where it has none */
	const char *section;	       /* of the cell that is open */
	double section_y;	       /* where it began on this page */
};

static void line(struct pdf *p, struct point from, struct point to)
{
	if (p->dry)
		return;
	pdf_colour(p, ink);
	cairo_set_line_width(p->cairo, 0.7);
	cairo_move_to(p->cairo, from.x, from.y);
	cairo_line_to(p->cairo, to.x, to.y);
	cairo_stroke(p->cairo);
}

static void horizontal(struct pdf *p, double from_x, double to_x, double y)
{
	line(p, (struct point){ from_x, y }, (struct point){ to_x, y });
}

static void verticals(struct pdf *p, const struct grid *g, double from_y, double to_y)
{
	for (int i = g->outer; i <= FORM_COLUMNS; i++)
		if (i != LABEL || g->first == LABEL)
			line(p, (struct point){ g->left[i], from_y },
				(struct point){ g->left[i], to_y });
}

static PangoLayout *cell_layout(struct pdf *p, const struct cell *c, double width, bool section)
{
	const struct text_style style = { .size = TEXT_SIZE,
		.bold = c->strong || section,
		.code = c->code,
		.colour = ink,
		.align = section ? PANGO_ALIGN_CENTER : PANGO_ALIGN_LEFT };
	return pdf_layout(p, c->text, &style, width - 2 * SIDE);
}

/* The section's cell ends at p->y: its text goes into its middle. */
static void close_section(struct pdf *p, struct grid *g)
{
	if (g->section[0] == '\0' || p->y <= g->section_y) {
		g->section_y = p->y;
		return;
	}
	const struct cell cell = { .text = g->section };
	PangoLayout *layout = cell_layout(p, &cell, g->left[LABEL] - g->left[SECTION], true);
	const double spare = p->y - g->section_y - pdf_height(layout);
	horizontal(p, g->left[SECTION], g->left[LABEL], p->y);
	pdf_colour(p, ink);
	pdf_show(p, layout, g->left[SECTION] + SIDE, g->section_y + (spare > 0 ? spare / 2 : 0));
	g_object_unref(layout);
	g->section_y = p->y;
}

static void turn_page(struct pdf *p, struct grid *g)
{
	close_section(p, g);
	pdf_need(p, BOTTOM); /* more than any page has left */
	g->section_y = p->y;
	horizontal(p, g->left[g->outer], g->left[FORM_COLUMNS], p->y);
}

static bool fits(const struct pdf *p, double height)
{
	return p->unbroken || p->y + height <= BOTTOM;
}

struct form_row {
	PangoLayout *label, *value;
	PangoLayout *label_again; /* where it goes on */
	struct colour colour;
};

/* The lines from `iter` on that fit under p->y; then p->y is below them. True: some are left. */
static bool value_lines(
	struct pdf *p, const struct grid *g, const struct form_row *r, PangoLayoutIter *iter)
{
	double y = p->y + FORM_PAD;
	bool more = true;
	while (more) {
		PangoRectangle extents;
		int top, bottom;
		pango_layout_iter_get_line_extents(iter, NULL, &extents);
		pango_layout_iter_get_line_yrange(iter, &top, &bottom);
		const double height = (double)(bottom - top) / PANGO_SCALE;
		if (!p->unbroken && y + height + FORM_PAD > BOTTOM && y > p->y + FORM_PAD)
			break;
		if (!p->dry) {
			pdf_colour(p, r->colour);
			cairo_move_to(p->cairo,
				g->left[VALUE] + SIDE + (double)extents.x / PANGO_SCALE,
				y + (double)(pango_layout_iter_get_baseline(iter) - top) /
						PANGO_SCALE);
			pango_cairo_show_layout_line(
				p->cairo, pango_layout_iter_get_line_readonly(iter));
		}
		y += height;
		more = pango_layout_iter_next_line(iter);
	}
	p->y = y + FORM_PAD;
	return more;
}

static void row_on_pages(struct pdf *p, struct grid *g, const struct form_row *r)
{
	PangoLayoutIter *iter = pango_layout_get_iter(r->value);
	const double label_height = pdf_height(r->label) + 2 * FORM_PAD;
	bool more = true;
	for (bool first = true; more; first = false) {
		const double top = p->y;
		more = value_lines(p, g, r, iter);
		pdf_colour(p, ink);
		pdf_show(p, first ? r->label : r->label_again, g->left[g->first] + SIDE,
			top + FORM_PAD);
		if (first && p->y < top + label_height)
			p->y = top + label_height;
		verticals(p, g, top, p->y);
		horizontal(p, g->left[g->first], g->left[FORM_COLUMNS], p->y);
		if (more)
			turn_page(p, g);
	}
	pango_layout_iter_free(iter);
}

/* A row moves to the next page whole where that leaves no great hole. */
static void form_row(struct pdf *p, struct grid *g, const struct cell *cells)
{
	enum { GREAT_HOLE = 160, FEW_LINES = 60 };
	const struct cell again = { .text = _("(continued)") };
	const double label_width = g->left[VALUE] - g->left[g->first];
	const double value_width = g->left[FORM_COLUMNS] - g->left[VALUE];
	const struct form_row r = { .label = cell_layout(p, &cells[LABEL], label_width, false),
		.value = cell_layout(p, &cells[VALUE], value_width, false),
		.label_again = cell_layout(p, &again, label_width, false),
		.colour = cells[VALUE].tone == TONE_MUTED ? colour_of_ink(INK_MUTED) : ink };
	const double label = pdf_height(r.label), value = pdf_height(r.value);
	const double height = (label > value ? label : value) + 2 * FORM_PAD;
	const double least = label + 2 * FORM_PAD > FEW_LINES ? label + 2 * FORM_PAD : FEW_LINES;
	if (!fits(p, height) && (height < GREAT_HOLE || !fits(p, least)))
		turn_page(p, g);
	row_on_pages(p, g, &r);
	g_object_unref(r.label);
	g_object_unref(r.value);
	g_object_unref(r.label_again);
}

static struct grid grid_of(const struct block *x)
{
	struct grid g = { .outer = LABEL, .section = "" };
	for (size_t i = 0; i < x->n_rows; i++)
		if (x->cells[i * FORM_COLUMNS + SECTION].text[0] != '\0')
			g.outer = SECTION;
	const double section = g.outer == LABEL ? 0 : i18n_language() == LANGUAGE_ZH ? 0.14 : 0.17;
	const double label = g.outer == LABEL ? 0.30 : 0.25;
	g.left[SECTION] = MARGIN_X;
	g.left[LABEL] = MARGIN_X + section * BODY_W;
	g.left[VALUE] = g.left[LABEL] + label * BODY_W;
	g.left[FORM_COLUMNS] = MARGIN_X + BODY_W;
	return g;
}

void pdf_form(struct pdf *p, const struct block *x)
{
	struct grid g = grid_of(x);
	g.section_y = p->y;
	horizontal(p, g.left[g.outer], g.left[FORM_COLUMNS], p->y);
	for (size_t i = 0; i < x->n_rows; i++) {
		const struct cell *cells = &x->cells[i * FORM_COLUMNS];
		if (i > 0 && strcmp(cells[SECTION].text, g.section) != 0)
			close_section(p, &g);
		g.section = cells[SECTION].text;
		g.first = g.section[0] == '\0' ? g.outer : LABEL;
		form_row(p, &g, cells);
	}
	close_section(p, &g);
	p->y += 10 * p->air;
}

void pdf_sign(struct pdf *p, const struct block *x)
{
	enum { ACROSS = 2, LINE_H = 34 };
	const struct text_style style = { .size = TEXT_SIZE, .colour = ink };
	const double width = BODY_W / ACROSS;
	const size_t lines = (x->n_rows + ACROSS - 1) / ACROSS;
	pdf_need(p, (double)lines * LINE_H);
	for (size_t i = 0; i < x->n_rows; i++) {
		const double left = MARGIN_X + (double)(i % ACROSS) * width;
		const size_t line = i / ACROSS;
		const double y = p->y + (double)line * LINE_H + 14;
		PangoLayout *layout = pdf_layout(p, x->cells[i].text, &style, -1);
		const double begins = left + pdf_width(layout) + 6;
		pdf_colour(p, ink);
		pdf_show(p, layout, left, y);
		horizontal(p, begins, left + width - 14, y + pdf_height(layout));
		g_object_unref(layout);
	}
	p->y += (double)lines * LINE_H + 6;
}

void pdf_official_head(struct pdf *p)
{
	const struct text_style title = {
		.size = 20, .bold = true, .colour = ink, .align = PANGO_ALIGN_CENTER
	};
	const struct text_style source = {
		.size = 9.5, .colour = colour_of_ink(INK_MUTED), .align = PANGO_ALIGN_CENTER
	};
	struct text_style small = { .size = 9.5, .colour = ink };
	const struct document *d = p->document;
	p->y += 4;
	p->y += pdf_text(p, d->title, &title, (struct point){ MARGIN_X, p->y }, BODY_W) + 3;
	if (d->source[0] != '\0')
		p->y += pdf_text(p, d->source, &source, (struct point){ MARGIN_X, p->y }, BODY_W);
	p->y += 8;
	const double left =
		pdf_text(p, d->subtitle, &small, (struct point){ MARGIN_X, p->y }, BODY_W * 0.62);
	small.align = PANGO_ALIGN_RIGHT;
	const double right = pdf_text(p, d->date, &small,
		(struct point){ MARGIN_X + BODY_W * 0.62, p->y }, BODY_W * 0.38);
	p->y += (left > right ? left : right) + 5;
}
