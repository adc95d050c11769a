/*
 * The escaper.
 */
#include "render/html.h"

#include <math.h>
#include <unistr.h>

/* Marks and overrides of direction (Unicode Standard Annex 9). */
static bool turns_direction(ucs4_t c)
{
	return c == 0x061c || c == 0x200e || c == 0x200f || (c >= 0x202a && c <= 0x202e) ||
	       (c >= 0x2066 && c <= 0x2069);
}

static void add_character(struct buf *b, ucs4_t c, const uint8_t *at, size_t n_bytes)
{
	bool control = (c < 0x20 && c != '\n' && c != '\t') || (c >= 0x7f && c < 0xa0);
	if (control || turns_direction(c))
		return;
	switch (c) {
	case '&':
		HTML(b, "&amp;");
		break;
	case '<':
		HTML(b, "&lt;");
		break;
	case '>':
		HTML(b, "&gt;");
		break;
	case '"':
		HTML(b, "&quot;");
		break;
	case '\'':
		HTML(b, "&#39;");
		break;
	default:
		buf_add_bytes(b, at, n_bytes);
	}
}

void html_text(struct buf *b, const char *text)
{
	const uint8_t *at = (const uint8_t *)(text == NULL ? "" : text);
	size_t left = text == NULL ? 0 : strlen(text);
	while (left > 0) {
		ucs4_t c;
		int n = u8_mbtoucr(&c, at, left);
		if (n <= 0) {
			HTML(b, "\xef\xbf\xbd");
			n = 1;
		} else {
			add_character(b, c, at, (size_t)n);
		}
		at += n;
		left -= (size_t)n;
	}
}

void html_number(struct buf *b, double x)
{
	double rounded = round(x * 100) / 100;
	buf_addf(b, "%g", isfinite(rounded) ? rounded : 0);
}

void html_int(struct buf *b, long long x)
{
	buf_addf(b, "%lld", x);
}
