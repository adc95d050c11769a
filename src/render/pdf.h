/*
 * Setting a document on A4 by pango and cairo. Units are points; y grows downwards.
 */
#ifndef RENDER_PDF_H
#define RENDER_PDF_H

#include <cairo.h>
#include <pango/pangocairo.h>

#include "base/buf.h"
#include "render/document.h"

#define PAGE_W 595.28
#define PAGE_H 841.89
#define MARGIN_X 50.0
#define MARGIN_TOP 50.0
#define MARGIN_BOTTOM 60.0
#define BODY_W (PAGE_W - 2 * MARGIN_X)

/* What Chinese is set in, on every paper: the subsets that cairo 1.16 makes of Noto Sans CJK lose
 * the outlines of some characters ("如" among them), which then print as nothing. Decision 0081. */
#define PDF_CJK_FAMILIES "Noto Serif CJK SC, Songti SC, SimSun"

struct colour {
	double red, green, blue;
};
struct colour colour_of_ink(enum ink ink);
struct colour colour_of_tone(enum tone tone);

struct pdf {
	cairo_t *cairo;
	PangoContext *context;
	PangoFontDescription *plain, *code;
	double y;      /* where the next thing goes */
	int page;      /* 1-based */
	int n_pages;   /* 0 while that is being found out */
	bool dry;      /* measures and draws nothing */
	bool unbroken; /* one block is being measured: no page ends */
	double air;    /* factor of the white space between things, about 1 */
	const struct document *document;
	const char *brand;     /* above the title */
	const char *watermark; /* across each page; NULL: none */
	const char *tlp;       /* above and below each page; NULL: none */
	bool official;	       /* paper.h */
};

struct text_style {
	double size; /* points */
	bool bold;
	bool code;
	struct colour colour;
	PangoAlignment align;
};

/* A layout of the text, `width` wide (below 0: one line). A character without a glyph in any font
 * of the machine becomes "?", so that no empty boxes are printed. Unreference it. */
PangoLayout *pdf_layout(
	struct pdf *p, const char *text, const struct text_style *style, double width);
double pdf_height(PangoLayout *layout);
double pdf_width(PangoLayout *layout);
void pdf_show(struct pdf *p, PangoLayout *layout, double x, double y);
/* Makes, shows and forgets; answers its height. */
double pdf_text(struct pdf *p, const char *text, const struct text_style *style, struct point at,
	double width);
void pdf_colour(struct pdf *p, struct colour c);
void pdf_rect(struct pdf *p, struct colour c, struct point corner, struct point size);
void pdf_frame(struct pdf *p, struct colour c, struct point corner, struct point size);
void pdf_rule(struct pdf *p, struct colour c, double x, double y, double width);
void pdf_drawing(struct pdf *p, const struct drawing *d, double x, double y, double width);

/* Starts a new page where fewer than `height` points are left. */
void pdf_need(struct pdf *p, double height);
/* The head of the first page, and one block at p->y (pdf_page.c). */
void pdf_head(struct pdf *p);
void pdf_block(struct pdf *p, const struct block *x);
/* The head of an official paper, and its blocks (pdf_form.c). */
void pdf_official_head(struct pdf *p);
void pdf_form(struct pdf *p, const struct block *x);
void pdf_sign(struct pdf *p, const struct block *x);
/* The document, one block after the other, on pages (pdf_flow.c). */
void pdf_blocks(struct pdf *p);

#endif
