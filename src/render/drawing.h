/*
 * A chart as a list of shapes: built once (charts.c), written as SVG (svg.c) or drawn by cairo
 * (pdf_text.c). Units are CSS pixels of a 720 wide drawing; y grows downwards.
 */
#ifndef RENDER_DRAWING_H
#define RENDER_DRAWING_H

#include <stdbool.h>
#include <stddef.h>

#include "base/pool.h"

enum ink {
	INK_TEXT,
	INK_MUTED,
	INK_LINE,
	INK_TRACK,
	INK_ACCENT,
	INK_SOFT,
	INK_GOOD,
	INK_FAIR,
	INK_POOR,
	INKS
};
enum anchor { ANCHOR_START, ANCHOR_MIDDLE, ANCHOR_END };
enum shape_kind { SHAPE_RECT, SHAPE_LINE, SHAPE_PATH, SHAPE_AREA, SHAPE_TEXT };

struct point {
	double x, y;
};

struct shape {
	enum shape_kind kind;
	enum ink ink;
	double x, y; /* rect: corner; line: start; text: anchor on the base line */
	double w, h; /* rect: size; line: end */
	const char *text;
	enum anchor anchor;
	double size; /* of text */
	bool bold;
	bool dashed; /* lines; for a rect: an outline instead of a filled one */
	const struct point *points;
	size_t n_points;
};

enum { SHAPES_MAX = 160 };

struct drawing {
	double width, height;
	const char *title; /* for those who cannot see it */
	const char *description;
	struct shape shapes[SHAPES_MAX];
	size_t n_shapes;
};

/* NULL where memory is short. */
struct drawing *drawing_new(
	struct pool *p, double height, const char *title, const char *description);
/* A full drawing takes no more shapes: charts are bounded far below SHAPES_MAX. */
void draw_rect(struct drawing *d, enum ink ink, struct point corner, struct point size);
void draw_outline(struct drawing *d, enum ink ink, struct point corner, struct point size);
void draw_line(struct drawing *d, enum ink ink, struct point from, struct point to, bool dashed);
void draw_text(
	struct drawing *d, enum ink ink, struct point at, enum anchor anchor, const char *text);
void draw_strong(
	struct drawing *d, enum ink ink, struct point at, enum anchor anchor, const char *text);
void draw_points(struct drawing *d, enum shape_kind kind, enum ink ink, const struct point *points,
	size_t n_points);

#endif
