/*
 * Lines of cells.
 */
#include "render/terminal.h"

#include <stdarg.h>
#include <stdio.h>
#include <unilbrk.h>
#include <unistr.h>
#include <uniwidth.h>

static const char *const sgr[] = {
	[STYLE_PLAIN] = "",
	[STYLE_STRONG] = "1",
	[STYLE_MUTED] = "2",
	[STYLE_GOOD] = "32",
	[STYLE_FAIR] = "33",
	[STYLE_POOR] = "1;31",
};

struct screen screen_on(struct buf *out, struct render_terminal t, bool framed)
{
	size_t width = t.width == 0 ? 80 : t.width;
	width = width < 48 ? 48 : width > 100 ? 100 : width;
	return (struct screen){ .out = out,
		.width = framed ? width - 4 : width,
		.colour = t.colour,
		.framed = framed,
		.indent = "" };
}

/* One character of `text`: its bytes and cells; what must not reach a terminal is 0 cells and is
 * not shown, what is no UTF-8 is shown as "?". */
struct glyph {
	const char *at;
	size_t n_bytes;
	size_t cells;
	size_t taken; /* bytes of the text */
};

static struct glyph next_glyph(const uint8_t *text, size_t left)
{
	ucs4_t c;
	int n = u8_mbtoucr(&c, text, left);
	if (n <= 0)
		return (struct glyph){ "?", 1, 1, 1 };
	struct glyph g = { (const char *)text, (size_t)n, 0, (size_t)n };
	if (c == '\n' || c == '\t')
		return (struct glyph){ " ", 1, 1, (size_t)n };
	bool turns = c == 0x061c || c == 0x200e || c == 0x200f || (c >= 0x202a && c <= 0x202e) ||
		     (c >= 0x2066 && c <= 0x2069);
	int width = uc_width(c, "UTF-8");
	if (c < 0x20 || (c >= 0x7f && c < 0xa0) || turns || width < 0)
		g.n_bytes = 0;
	else
		g.cells = (size_t)width;
	return g;
}

size_t text_cells(const char *text)
{
	size_t cells = 0;
	size_t left = strlen(text);
	while (left > 0) {
		struct glyph g = next_glyph((const uint8_t *)text, left);
		cells += g.cells;
		text += g.taken;
		left -= g.taken;
	}
	return cells;
}

struct line line_start(const struct screen *s)
{
	buf_add_text(s->out, s->framed ? "│ " : s->indent);
	return (struct line){ s, 0 };
}

static void put_glyphs(struct line *l, const char *text, size_t most)
{
	struct buf *out = l->screen->out;
	bool cut = text_cells(text) > most;
	size_t room = cut && most > 0 ? most - 1 : most;
	size_t left = strlen(text);
	while (left > 0) {
		struct glyph g = next_glyph((const uint8_t *)text, left);
		if (g.cells > room)
			break;
		buf_add_bytes(out, g.at, g.n_bytes);
		room -= g.cells;
		l->cells += g.cells;
		text += g.taken;
		left -= g.taken;
	}
	if (cut && most > 0) {
		buf_add_text(out, "…");
		l->cells++;
	}
}

void line_put_within(struct line *l, enum style style, const char *text, size_t most)
{
	struct buf *out = l->screen->out;
	size_t room = l->screen->width - l->cells;
	bool coloured = l->screen->colour && style != STYLE_PLAIN;
	if (coloured)
		buf_addf(out, "\033[%sm", sgr[style]);
	put_glyphs(l, text == NULL ? "" : text, most < room ? most : room);
	if (coloured)
		buf_add_text(out, "\033[0m");
}

void line_put(struct line *l, enum style style, const char *text)
{
	line_put_within(l, style, text, l->screen->width);
}

void line_putf(struct line *l, enum style style, const char *format, ...)
{
	char text[512];
	va_list args;
	va_start(args, format);
	(void)vsnprintf(text, sizeof text, format, args); /* a line is far shorter */
	va_end(args);
	line_put(l, style, text);
}

void line_to(struct line *l, size_t cell)
{
	for (; l->cells < cell && l->cells < l->screen->width; l->cells++)
		buf_add_char(l->screen->out, ' ');
}

void line_put_right(struct line *l, enum style style, const char *text)
{
	size_t cells = text_cells(text);
	if (cells < l->screen->width)
		line_to(l, l->screen->width - cells);
	line_put(l, style, text);
}

void line_end(struct line *l)
{
	if (l->screen->framed) {
		line_to(l, l->screen->width);
		buf_add_text(l->screen->out, " │");
	}
	buf_add_char(l->screen->out, '\n');
}

void screen_line(const struct screen *s, enum style style, const char *text)
{
	struct line l = line_start(s);
	line_put(&l, style, text);
	line_end(&l);
}

void screen_blank(const struct screen *s)
{
	struct line l = { s, 0 };
	if (s->framed)
		l = line_start(s);
	line_end(&l);
}

static void repeat(struct buf *out, const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_add_text(out, text);
}

void screen_rule(const struct screen *s, enum rule rule)
{
	static const char *const left[] = { "╭", "├", "╰" };
	static const char *const right[] = { "╮", "┤", "╯" };
	if (!s->framed) {
		buf_add_text(s->out, s->indent);
		repeat(s->out, "─", s->width);
	} else {
		buf_add_text(s->out, left[rule]);
		repeat(s->out, "─", s->width + 2);
		buf_add_text(s->out, right[rule]);
	}
	buf_add_char(s->out, '\n');
}

void line_bar(struct line *l, enum style style, double share, size_t cells)
{
	char bar[3 * 100 + 1];
	size_t full = share <= 0 ? 0 : share >= 1 ? cells : (size_t)(share * (double)cells + 0.5);
	size_t at = 0;
	/* Something is never drawn as nothing, nor less than all as all. */
	if (share > 0 && full == 0)
		full = 1;
	if (share < 1 && full == cells && cells > 0)
		full = cells - 1;
	for (size_t i = 0; i < cells && at + 3 < sizeof bar; i++) {
		memcpy(bar + at, share < 0 ? "·\0" : i < full ? "█" : "░", 3);
		at += share < 0 ? 2 : 3;
	}
	bar[at] = '\0';
	line_put(l, share < 0 ? STYLE_MUTED : style, bar);
}

/* A word that is wider than a line (a digest, an address) goes on in the next: nothing is cut off.
 * `at` is the cell in which the text begins. */
static void break_words(const struct buf *text, size_t at, size_t hang, size_t width, char *breaks)
{
	size_t cells = at;
	for (size_t i = 0; i < text->len;) {
		const struct glyph g = next_glyph((const uint8_t *)text->at + i, text->len - i);
		if (breaks[i] == UC_BREAK_POSSIBLE || breaks[i] == UC_BREAK_MANDATORY)
			cells = hang;
		if (cells + g.cells > width && text->at[i] != ' ' && i > 0) {
			breaks[i] = UC_BREAK_POSSIBLE;
			cells = hang;
		}
		cells += g.cells;
		i += g.taken;
	}
}

void screen_paragraph(
	const struct screen *s, enum style style, const char *lead, size_t hang, const char *text)
{
	AUTO_BUF struct buf clean;
	buf_init(&clean, 256 * KIB);
	for (size_t left = strlen(text); left > 0;) {
		struct glyph g = next_glyph((const uint8_t *)text, left);
		buf_add_bytes(&clean, g.at, g.n_bytes);
		text += g.taken;
		left -= g.taken;
	}
	AUTO_FREE char *breaks = malloc(clean.len + 1);
	if (breaks == NULL || clean.failed) {
		s->out->failed = true;
		return;
	}
	int room = (int)(s->width - hang);
	(void)u8_width_linebreaks((const uint8_t *)buf_text(&clean), clean.len, room,
		(int)text_cells(lead) - (int)hang, 0, NULL, "UTF-8", breaks);
	break_words(&clean, text_cells(lead), hang, s->width, breaks);
	struct line l = line_start(s);
	line_put(&l, s->framed ? STYLE_MUTED : STYLE_PLAIN, lead);
	size_t from = 0;
	for (size_t i = 0; i <= clean.len; i++) {
		bool ends = i == clean.len;
		if (!ends && breaks[i] != UC_BREAK_POSSIBLE && breaks[i] != UC_BREAK_MANDATORY)
			continue;
		if (i == 0)
			continue;
		/* The blank at which the line is broken is not shown. */
		struct view piece = { buf_text(&clean) + from, i - from };
		while (!ends && piece.len > 0 && piece.at[piece.len - 1] == ' ')
			piece.len--;
		AUTO_BUF struct buf shown;
		buf_init(&shown, 256 * KIB);
		buf_add(&shown, piece);
		line_put(&l, style, buf_text(&shown));
		line_end(&l);
		from = i;
		if (!ends) {
			l = line_start(s);
			line_to(&l, hang);
		}
	}
	if (clean.len == 0)
		line_end(&l);
}
