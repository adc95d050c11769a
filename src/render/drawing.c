/*
 * Collecting shapes.
 */
#include "render/drawing.h"

struct drawing *drawing_new(
	struct pool *p, double height, const char *title, const char *description)
{
	struct drawing *d = pool_take(p, 1, sizeof *d);
	if (d != NULL) {
		d->width = 720;
		d->height = height;
		d->title = title;
		d->description = description;
	}
	return d;
}

static void add(struct drawing *d, struct shape s)
{
	if (d->n_shapes < SHAPES_MAX)
		d->shapes[d->n_shapes++] = s;
}

void draw_rect(struct drawing *d, enum ink ink, struct point corner, struct point size)
{
	add(d, (struct shape){ .kind = SHAPE_RECT,
		       .ink = ink,
		       .x = corner.x,
		       .y = corner.y,
		       .w = size.x,
		       .h = size.y });
}

void draw_outline(struct drawing *d, enum ink ink, struct point corner, struct point size)
{
	add(d, (struct shape){ .kind = SHAPE_RECT,
		       .ink = ink,
		       .x = corner.x,
		       .y = corner.y,
		       .w = size.x,
		       .h = size.y,
		       .dashed = true });
}

void draw_line(struct drawing *d, enum ink ink, struct point from, struct point to, bool dashed)
{
	add(d, (struct shape){ .kind = SHAPE_LINE,
		       .ink = ink,
		       .x = from.x,
		       .y = from.y,
		       .w = to.x,
		       .h = to.y,
		       .dashed = dashed });
}

static void add_text(struct drawing *d, enum ink ink, struct point at, enum anchor anchor,
	const char *text, bool bold)
{
	add(d, (struct shape){ .kind = SHAPE_TEXT,
		       .ink = ink,
		       .x = at.x,
		       .y = at.y,
		       .text = text,
		       .anchor = anchor,
		       .size = 13,
		       .bold = bold });
}

void draw_text(
	struct drawing *d, enum ink ink, struct point at, enum anchor anchor, const char *text)
{
	add_text(d, ink, at, anchor, text, false);
}

void draw_strong(
	struct drawing *d, enum ink ink, struct point at, enum anchor anchor, const char *text)
{
	add_text(d, ink, at, anchor, text, true);
}

void draw_points(struct drawing *d, enum shape_kind kind, enum ink ink, const struct point *points,
	size_t n_points)
{
	add(d, (struct shape){ .kind = kind, .ink = ink, .points = points, .n_points = n_points });
}
