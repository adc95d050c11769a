/*
 * Where pages end: what belongs together stays on one page, and what is shorter than a page is set
 * a little tighter or wider, so that no page is spent on a few lines.
 */
#include "base/i18n.h"
#include "render/pdf.h"

/* As FIRST asks of documents: in capitals, 12 points, at the right above and below, its colour on
 * black. */
static void tlp_label(struct pdf *p, double y)
{
	static const struct {
		const char *label;
		struct colour colour;
	} rows[] = { { "RED", { 1, 0.169, 0.169 } }, { "AMBER", { 1, 0.753, 0 } },
		{ "AMBER+STRICT", { 1, 0.753, 0 } }, { "GREEN", { 0.2, 1, 0 } },
		{ "CLEAR", { 1, 1, 1 } } };
	struct text_style style = { .size = 12, .bold = true, .colour = { 1, 1, 1 } };
	AUTO_BUF struct buf text = { .ceiling = 64 };
	if (p->tlp == NULL)
		return;
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (strcmp(rows[i].label, p->tlp) == 0)
			style.colour = rows[i].colour;
	buf_addf(&text, "TLP:%s", p->tlp);
	PangoLayout *layout = pdf_layout(p, buf_text(&text), &style, -1);
	const double width = pdf_width(layout) + 10;
	const double left = PAGE_W - MARGIN_X - width;
	pdf_rect(p, (struct colour){ 0, 0, 0 }, (struct point){ left, y },
		(struct point){ width, pdf_height(layout) + 2 });
	pdf_colour(p, style.colour);
	pdf_show(p, layout, left + 5, y + 1);
	g_object_unref(layout);
}

/* Then the number of the page stands between the title at the left and the label at the right. */
static bool is_marked(const struct pdf *p)
{
	return p->official || p->tlp != NULL;
}

static void page_number(struct pdf *p, double y)
{
	struct text_style style = { .size = p->official ? 9 : 7.5,
		.colour = colour_of_ink(INK_MUTED),
		.align = is_marked(p) ? PANGO_ALIGN_CENTER : PANGO_ALIGN_RIGHT };
	const double left = is_marked(p) ? 0.4 : 0.8;
	AUTO_BUF struct buf number;
	buf_init(&number, 64);
	if (p->official)
		buf_addf(&number, _("Page %d of %d"), p->page, p->n_pages);
	else
		buf_addf(&number, "%d / %d", p->page, p->n_pages);
	pdf_text(p, buf_text(&number), &style, (struct point){ MARGIN_X + BODY_W * left, y },
		BODY_W * 0.2);
}

static PangoLayout *line_of_foot(struct pdf *p, const char *text, const struct text_style *style)
{
	PangoLayout *line = pdf_layout(p, text, style, BODY_W * (is_marked(p) ? 0.38 : 0.8));
	pango_layout_set_ellipsize(line, PANGO_ELLIPSIZE_END);
	pango_layout_set_height(line, -1);
	return line;
}

/* A sheet that got loose is put back by its number: where both are too long, the title gives way.
 */
static PangoLayout *name_of_sheet(struct pdf *p, const struct text_style *style)
{
	AUTO_BUF struct buf name;
	buf_init(&name, 4 * KIB);
	if (!p->official)
		return line_of_foot(p, p->document->title, style);
	buf_addf(&name, "%s %s", p->document->title, p->document->subtitle);
	PangoLayout *both = line_of_foot(p, buf_text(&name), style);
	if (p->document->subtitle[0] == '\0' || !pango_layout_is_ellipsized(both))
		return both;
	g_object_unref(both);
	return line_of_foot(p, p->document->subtitle, style);
}

static void foot(struct pdf *p)
{
	struct text_style style = { .size = 7.5, .colour = colour_of_ink(INK_MUTED) };
	double y = PAGE_H - MARGIN_BOTTOM + 24;
	pdf_rule(p, colour_of_ink(INK_LINE), MARGIN_X, y - 6, BODY_W);
	PangoLayout *title = name_of_sheet(p, &style);
	pdf_colour(p, style.colour);
	pdf_show(p, title, MARGIN_X, y);
	g_object_unref(title);
	page_number(p, y);
	tlp_label(p, y - 2);
	tlp_label(p, 20);
}

/* Large, light and across the page: a copy of one sheet still says what it is. */
static void watermark(struct pdf *p)
{
	const struct text_style style = { .size = 96, .bold = true };
	if (p->watermark == NULL || p->dry)
		return;
	PangoLayout *layout = pdf_layout(p, p->watermark, &style, -1);
	cairo_save(p->cairo);
	cairo_translate(p->cairo, PAGE_W / 2, PAGE_H / 2);
	cairo_rotate(p->cairo, -0.42);
	cairo_set_source_rgba(p->cairo, 0.70, 0.15, 0.12, 0.10);
	cairo_move_to(p->cairo, -pdf_width(layout) / 2, -pdf_height(layout) / 2);
	pango_cairo_show_layout(p->cairo, layout);
	cairo_restore(p->cairo);
	g_object_unref(layout);
}

static void end_page(struct pdf *p)
{
	watermark(p);
	foot(p);
	if (!p->dry)
		cairo_show_page(p->cairo);
}

void pdf_need(struct pdf *p, double height)
{
	if (p->unbroken || p->y + height <= PAGE_H - MARGIN_BOTTOM || p->y <= MARGIN_TOP)
		return;
	end_page(p);
	p->page++;
	p->y = MARGIN_TOP;
}

static double height_of(const struct pdf *p, const struct block *x)
{
	struct pdf probe = *p;
	probe.dry = probe.unbroken = true;
	probe.y = MARGIN_TOP + 1; /* as if something stood above it */
	pdf_block(&probe, x);
	return probe.y - MARGIN_TOP - 1;
}

/* "…:" leads to what follows it. */
static bool leads_on(const struct block *x)
{
	size_t n = strlen(x->text);
	return (n > 0 && x->text[n - 1] == ':') ||
	       (n >= 3 && memcmp(x->text + n - 3, "\xef\xbc\x9a", 3) == 0);
}

/* What must be on one page with the beginning of x. */
static double least_of(const struct pdf *p, const struct block *x)
{
	enum { ROWS_TOGETHER = 3 };
	struct block some = *x;
	switch (x->kind) {
	case BLOCK_HEADING:
		return height_of(p, x) + (x->next == NULL ? 0 : least_of(p, x->next));
	case BLOCK_TEXT:
	case BLOCK_NOTE:
		return height_of(p, x) +
		       (x->next == NULL || !leads_on(x) ? 0 : least_of(p, x->next));
	case BLOCK_LIST:
	case BLOCK_FACTS:
	case BLOCK_TABLE:
		some.n_rows = x->n_rows < ROWS_TOGETHER ? x->n_rows : ROWS_TOGETHER;
		return height_of(p, &some);
	case BLOCK_CODE:
		return 24;
	case BLOCK_FORM:
		return 60; /* it breaks its rows itself */
	case BLOCK_BANNER:
	case BLOCK_SCORE:
	case BLOCK_TILES:
	case BLOCK_CHART:
	case BLOCK_SIGN:
		return height_of(p, x);
	}
	return 0;
}

void pdf_blocks(struct pdf *p)
{
	p->y = MARGIN_TOP;
	p->page = 1;
	pdf_head(p);
	for (const struct block *x = p->document->first; x != NULL; x = x->next) {
		pdf_need(p, least_of(p, x));
		pdf_block(p, x);
	}
	end_page(p);
}
