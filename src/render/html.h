/*
 * HTML by two doors: HTML() takes literals only, html_text() escapes everything else. There is no
 * third.
 */
#ifndef RENDER_HTML_H
#define RENDER_HTML_H

#include "base/buf.h"
#include "render/drawing.h"

/* Only a literal pastes with "": a variable does not compile. */
#define HTML(b, literal) buf_add((b), VIEW(literal))

/* For element content and quoted attribute values: & < > " ' are escaped, bytes that are no UTF-8
 * become U+FFFD, control characters (but line feed and tab) and characters that turn the direction
 * of text are dropped, because they could make a line read as something else. NULL is "". */
void html_text(struct buf *b, const char *text);
void html_number(struct buf *b, double x); /* two decimals at most, for SVG */
void html_int(struct buf *b, long long x);

/* Inline SVG. Colours are classes (ink-0 …), so that style sheet, dark mode and print decide. `id`
 * prefixes the ids of title and description and must be unique in the page. */
void html_svg(struct buf *b, const struct drawing *d, const char *id);

#endif
