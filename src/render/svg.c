/*
 * A drawing as inline SVG.
 */
#include "render/html.h"

static void attribute_ink(struct buf *b, enum ink ink)
{
	html_int(b, ink);
}

static void add_points(struct buf *b, const struct shape *s)
{
	HTML(b, " points=\"");
	for (size_t i = 0; i < s->n_points; i++) {
		if (i > 0)
			HTML(b, " ");
		html_number(b, s->points[i].x);
		HTML(b, ",");
		html_number(b, s->points[i].y);
	}
	HTML(b, "\"/>");
}

static void add_rect(struct buf *b, const struct shape *s)
{
	HTML(b, "<rect class=\"");
	if (s->dashed)
		HTML(b, "outline ");
	HTML(b, "ink-");
	attribute_ink(b, s->ink);
	HTML(b, "\" rx=\"2\" x=\"");
	html_number(b, s->x);
	HTML(b, "\" y=\"");
	html_number(b, s->y);
	HTML(b, "\" width=\"");
	html_number(b, s->w);
	HTML(b, "\" height=\"");
	html_number(b, s->h);
	HTML(b, "\"/>");
}

static void add_line(struct buf *b, const struct shape *s)
{
	HTML(b, "<line class=\"");
	if (s->dashed)
		HTML(b, "dashed ");
	HTML(b, "stroke-");
	attribute_ink(b, s->ink);
	HTML(b, "\" x1=\"");
	html_number(b, s->x);
	HTML(b, "\" y1=\"");
	html_number(b, s->y);
	HTML(b, "\" x2=\"");
	html_number(b, s->w);
	HTML(b, "\" y2=\"");
	html_number(b, s->h);
	HTML(b, "\"/>");
}

static void add_text(struct buf *b, const struct shape *s)
{
	HTML(b, "<text class=\"");
	if (s->bold)
		HTML(b, "strong ");
	if (s->anchor == ANCHOR_MIDDLE)
		HTML(b, "middle ");
	if (s->anchor == ANCHOR_END)
		HTML(b, "end ");
	HTML(b, "ink-");
	attribute_ink(b, s->ink);
	HTML(b, "\" x=\"");
	html_number(b, s->x);
	HTML(b, "\" y=\"");
	html_number(b, s->y);
	HTML(b, "\">");
	html_text(b, s->text);
	HTML(b, "</text>");
}

static void add_shape(struct buf *b, const struct shape *s)
{
	switch (s->kind) {
	case SHAPE_RECT:
		add_rect(b, s);
		break;
	case SHAPE_LINE:
		add_line(b, s);
		break;
	case SHAPE_PATH:
		HTML(b, "<polyline class=\"path stroke-");
		attribute_ink(b, s->ink);
		HTML(b, "\"");
		add_points(b, s);
		break;
	case SHAPE_AREA:
		HTML(b, "<polygon class=\"ink-");
		attribute_ink(b, s->ink);
		HTML(b, "\"");
		add_points(b, s);
		break;
	case SHAPE_TEXT:
		add_text(b, s);
		break;
	}
}

void html_svg(struct buf *b, const struct drawing *d, const char *id)
{
	HTML(b, "<svg role=\"img\" viewBox=\"0 0 ");
	html_number(b, d->width);
	HTML(b, " ");
	html_number(b, d->height);
	HTML(b, "\" aria-labelledby=\"");
	html_text(b, id);
	HTML(b, "-t ");
	html_text(b, id);
	HTML(b, "-d\"><title id=\"");
	html_text(b, id);
	HTML(b, "-t\">");
	html_text(b, d->title);
	HTML(b, "</title><desc id=\"");
	html_text(b, id);
	HTML(b, "-d\">");
	html_text(b, d->description);
	HTML(b, "</desc>");
	for (size_t i = 0; i < d->n_shapes; i++)
		add_shape(b, &d->shapes[i]);
	HTML(b, "</svg>\n");
}
