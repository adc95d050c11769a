/*
 * Due times as iCalendar (RFC 5545): UTC, CRLF, lines folded at 75 octets between characters, one
 * VEVENT a clock, an alarm ten minutes before. The UID is the clock's id, so that importing again
 * moves an entry and does not double it.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "render/exchange.h"
#include "render/incident_words.h"

enum { LINE_OCTETS = 75 };

static void add_line(struct buf *out, const char *text)
{
	size_t in_line = 0;
	for (const char *at = text; *at != '\0';) {
		size_t n = 1;
		while (((unsigned char)at[n] & 0xC0U) == 0x80U)
			n++;
		if (in_line + n > LINE_OCTETS) {
			buf_add_text(out, "\r\n ");
			in_line = 1;
		}
		buf_add(out, (struct view){ at, n });
		in_line += n;
		at += n;
	}
	buf_add_text(out, "\r\n");
}

/* TEXT of RFC 5545 3.3.11. */
static void add_escaped(struct buf *out, const char *text)
{
	for (const char *at = text; *at != '\0'; at++) {
		if (*at == '\n')
			buf_add_text(out, "\\n");
		else if (*at == '\\' || *at == ';' || *at == ',') {
			buf_add_char(out, '\\');
			buf_add_char(out, *at);
		} else if ((unsigned char)*at >= 0x20)
			buf_add_char(out, *at);
	}
}

static void add_text(struct buf *out, const char *name, const char *text)
{
	AUTO_BUF struct buf line;
	buf_init(&line, 64 * KIB);
	buf_add_text(&line, name);
	add_escaped(&line, text);
	add_line(out, buf_text(&line));
}

/* 20261128T031000Z */
static void add_time(struct buf *out, const char *name, int64_t wall_ns)
{
	char zoned[ZONED_TIME_MAX];
	AUTO_BUF struct buf line;
	buf_init(&line, 256);
	(void)zoned_time(wall_ns, 0, zoned);
	buf_addf(&line, "%s%.4s%.2s%.2sT%.2s%.2s%.2sZ", name, zoned, zoned + 5, zoned + 8,
		zoned + 11, zoned + 14, zoned + 17);
	add_line(out, buf_text(&line));
}

static void add_event(struct buf *out, const struct incident *i, const struct exchange *x,
	const struct clock_row *c, const struct export_options *o)
{
	char text[CLOCK_TEXT_MAX];
	AUTO_BUF struct buf line;
	buf_init(&line, 64 * KIB);
	add_line(out, "BEGIN:VEVENT");
	buf_addf(&line, "UID:%s@tocsin", c->id.text);
	add_line(out, buf_text(&line));
	add_time(out, "DTSTAMP:", o->now_ns);
	add_time(out, "DTSTART:", c->due_ns);
	buf_reset(&line);
	buf_addf(&line, "%s%s: %s", x->drill ? "DRILL " : "", i->number, bilingual_pick(c->text));
	add_text(out, "SUMMARY:", buf_text(&line));
	add_text(out, "DESCRIPTION:", exchange_clock_text(c, text));
	add_line(out, c->state == CLOCK_CEASED ? "STATUS:CANCELLED" : "STATUS:CONFIRMED");
	add_line(out, "TRANSP:OPAQUE");
	if (c->state == CLOCK_RUNNING) {
		add_line(out, "BEGIN:VALARM");
		add_line(out, "ACTION:DISPLAY");
		add_line(out, "TRIGGER:-PT10M");
		add_text(out, "DESCRIPTION:", buf_text(&line));
		add_line(out, "END:VALARM");
	}
	add_line(out, "END:VEVENT");
}

enum status render_icalendar(const struct incident *const *all, size_t n,
	const struct export_options *o, struct buf *out, struct error *e)
{
	add_line(out, "BEGIN:VCALENDAR");
	add_line(out, "VERSION:2.0");
	add_line(out, "PRODID:-//Tocsin//Tocsin " TOCSIN_VERSION "//EN");
	add_line(out, "CALSCALE:GREGORIAN");
	for (size_t k = 0; k < n; k++) {
		struct exchange x;
		exchange_from(all[k], o, &x);
		for (size_t c = 0; c < all[k]->n_clocks; c++)
			if (all[k]->clocks[c].due_ns >= 0)
				add_event(out, all[k], &x, &all[k]->clocks[c], o);
	}
	add_line(out, "END:VCALENDAR");
	return buf_check(out, "iCalendar", e);
}
