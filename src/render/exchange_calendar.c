/*
 * Due times as iCalendar (RFC 5545): UTC, CRLF, lines folded at 75 octets between characters, one
 * VEVENT a clock, an alarm before it. The UID is the clock's id and SEQUENCE grows with the
 * incident's history, so that importing again moves an entry and does not double it.
 *
 * An entry and no VTODO: the calendars that people have on their telephones show no tasks.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "render/exchange.h"
#include "render/incident_words.h"

enum { LINE_OCTETS = 75, LINE_BYTES_MAX = 64 * 1024, ALARM_MINUTES = 10 };

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
		} else if ((unsigned char)*at >= 0x20 && *at != 0x7F)
			buf_add_char(out, *at);
	}
}

static void add_text(struct buf *out, const char *name, const struct buf *text)
{
	AUTO_BUF struct buf line;
	buf_init(&line, LINE_BYTES_MAX);
	buf_add_text(&line, name);
	add_escaped(&line, buf_text(text));
	if (line.failed || text->failed)
		out->failed = true; /* told once, by the caller */
	add_line(out, buf_text(&line));
}

/* 20261128T031000Z */
static void add_time(struct buf *out, const char *name, int64_t wall_ns)
{
	char zoned[ZONED_TIME_MAX], line[128];
	(void)zoned_time(wall_ns, 0, zoned);
	(void)snprintf(line, sizeof line, "%s%.4s%.2s%.2sT%.2s%.2s%.2sZ", name, zoned, zoned + 5,
		zoned + 8, zoned + 11, zoned + 14, zoned + 17);
	add_line(out, line);
}

static const char *class_of(const struct tlp *tlp)
{
	return strcmp(tlp->label, "CLEAR") == 0 ? "CLASS:PUBLIC" : "CLASS:CONFIDENTIAL";
}

static bool is_open(const struct clock_row *c)
{
	return c->state == CLOCK_RUNNING || c->state == CLOCK_OVERDUE || c->state == CLOCK_WAITING;
}

static void add_summary(
	struct buf *out, const char *name, const struct exchange *x, const struct clock_row *c)
{
	AUTO_BUF struct buf text;
	buf_init(&text, LINE_BYTES_MAX);
	buf_addf(&text, "%s%s: ", x->drill ? _("DRILL ") : "", x->incident->number);
	if (!is_open(c))
		buf_addf(&text, "[%s] ", clock_state_words(c->state));
	buf_add_text(&text, bilingual_pick(c->text));
	add_text(out, name, &text);
}

/* At half of what is left where the duty is shorter than that. */
static void add_alarm(struct buf *out, const struct exchange *x, const struct clock_row *c)
{
	char line[64];
	const int64_t span_min =
		c->started_ns < 0 ? 0 : (c->due_ns - c->started_ns) / (60 * NS_PER_S);
	const int64_t before_min =
		span_min >= 2 * ALARM_MINUTES || span_min <= 1 ? ALARM_MINUTES : span_min / 2;
	add_line(out, "BEGIN:VALARM");
	add_line(out, "ACTION:DISPLAY");
	(void)snprintf(line, sizeof line, "TRIGGER:-PT%dM", (int)before_min);
	add_line(out, line);
	add_summary(out, "DESCRIPTION:", x, c);
	add_line(out, "END:VALARM");
}

/* For a person who opens the entry: names, in their language. */
static void clock_text(const struct exchange *x, const struct clock_row *c, struct buf *out)
{
	const struct profile_set *s = x->options->profiles;
	buf_addf(out, _("%s → %s: %s (%s, %s)"), rule_name(s, RULE_ROLES, c->owes),
		rule_name(s, RULE_ROLES, c->to), rule_name(s, RULE_STAGES, c->stage), c->profile,
		strcmp(c->instrument, "programme") == 0 ? _("Industrial data security programme")
							: c->instrument);
}

static void add_event(struct buf *out, const struct exchange *x, const struct clock_row *c)
{
	char line[128];
	AUTO_BUF struct buf text;
	buf_init(&text, LINE_BYTES_MAX);
	add_line(out, "BEGIN:VEVENT");
	(void)snprintf(line, sizeof line, "UID:%s", c->id.text);
	add_line(out, line);
	(void)snprintf(line, sizeof line, "SEQUENCE:%zu", x->incident->n_events);
	add_line(out, line);
	/* Without a METHOD this is the last revision too, not the export (3.8.7.2). */
	add_time(out, "DTSTAMP:", x->modified_ns);
	add_time(out, "LAST-MODIFIED:", x->modified_ns);
	add_time(out, "DTSTART:", c->due_ns);
	add_summary(out, "SUMMARY:", x, c);
	buf_addf(&text, "TLP:%s\n", x->tlp->label);
	clock_text(x, c, &text);
	add_text(out, "DESCRIPTION:", &text);
	(void)snprintf(line, sizeof line, "CATEGORIES:TLP:%s%s", x->tlp->label,
		x->drill ? ",EXERCISE" : "");
	add_line(out, line);
	add_line(out, class_of(x->tlp));
	add_line(out, c->state == CLOCK_CEASED ? "STATUS:CANCELLED" : "STATUS:CONFIRMED");
	add_line(out, is_open(c) ? "TRANSP:OPAQUE" : "TRANSP:TRANSPARENT");
	if (is_open(c))
		add_alarm(out, x, c);
	add_line(out, "END:VEVENT");
}

/* A calendar holds one component at least (RFC 5545 3.6). Where nothing has a date this one is it:
 * what subscribes to the file must not be told that it is broken. */
static void add_zone(struct buf *out)
{
	static const char *const lines[] = { "BEGIN:VTIMEZONE", "TZID:Etc/UTC", "BEGIN:STANDARD",
		"DTSTART:19700101T000000", "TZOFFSETFROM:+0000", "TZOFFSETTO:+0000", "TZNAME:UTC",
		"END:STANDARD", "END:VTIMEZONE" };
	for (size_t i = 0; i < COUNT_OF(lines); i++)
		add_line(out, lines[i]);
}

enum status render_icalendar(const struct incident *const *all, size_t n,
	const struct export_options *o, struct buf *out, struct error *e)
{
	add_line(out, "BEGIN:VCALENDAR");
	add_line(out, "VERSION:2.0");
	add_line(out, "PRODID:-//Tocsin//Tocsin " TOCSIN_VERSION "//EN");
	add_line(out, "CALSCALE:GREGORIAN");
	size_t n_events = 0;
	for (size_t k = 0; k < n; k++) {
		struct exchange x;
		TRY(exchange_from(all[k], o, &x, e));
		for (size_t c = 0; c < all[k]->n_clocks; c++) {
			if (all[k]->clocks[c].due_ns < 0 ||
				!exchange_shows(&x, all[k]->clocks[c].profile))
				continue;
			add_event(out, &x, &all[k]->clocks[c]);
			n_events++;
		}
	}
	if (n_events == 0)
		add_zone(out);
	add_line(out, "END:VCALENDAR");
	return buf_check(out, "iCalendar", e);
}
