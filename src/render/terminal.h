/*
 * Lines of cells for a terminal or a printer: a Chinese character takes two cells, control
 * characters never pass (what a file or a log holds must not command the terminal).
 */
#ifndef RENDER_TERMINAL_H
#define RENDER_TERMINAL_H

#include "base/buf.h"
#include "render/render.h"

enum style { STYLE_PLAIN, STYLE_STRONG, STYLE_MUTED, STYLE_GOOD, STYLE_FAIR, STYLE_POOR };

/* Where lines go. With a frame each stands between two borders. */
struct screen {
	struct buf *out;
	size_t width; /* cells inside the frame */
	bool colour;
	bool framed;
	const char *indent; /* before each line without a frame */
};
struct screen screen_on(struct buf *out, struct render_terminal t, bool framed);

/* One line under construction. */
struct line {
	const struct screen *screen;
	size_t cells;
};
struct line line_start(const struct screen *s);
/* Cleaned, and cut with "…" where the line is full. */
void line_put(struct line *l, enum style style, const char *text);
void line_putf(struct line *l, enum style style, const char *format, ...) PRINTF_LIKE(3, 4);
/* At most `most` cells of it. */
void line_put_within(struct line *l, enum style style, const char *text, size_t most);
/* Blanks up to that cell. */
void line_to(struct line *l, size_t cell);
/* Text that ends at the right border. */
void line_put_right(struct line *l, enum style style, const char *text);
void line_end(struct line *l);

/* A whole line, and an empty one. */
void screen_line(const struct screen *s, enum style style, const char *text);
void screen_blank(const struct screen *s);
/* As many lines as it takes, broken where the language allows (Unicode Annex 14); the lines after
 * the first begin `hang` cells further right. `lead` stands before the first and counts. */
void screen_paragraph(
	const struct screen *s, enum style style, const char *lead, size_t hang, const char *text);
enum rule { RULE_TOP, RULE_MIDDLE, RULE_BOTTOM };
void screen_rule(const struct screen *s, enum rule rule);
/* A bar of `cells` cells, 0 … 1; below 0: an empty outline (not assessed). */
void line_bar(struct line *l, enum style style, double share, size_t cells);

/* Cells of a text as line_put would show it. */
size_t text_cells(const char *text);

#endif
