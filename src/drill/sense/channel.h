/*
 * Detection channels: where the user's own tools say that they noticed something. No vendor's API:
 * a log or alert file, the journal, a webhook on loopback, the operator's entry.
 *
 *   file:PATH:PATTERN          lines appended to PATH; rotation and truncation are followed
 *   journal:PATTERN            the system's journal
 *   journal:DIR:PATTERN        journal files of a folder
 *   webhook:PORT[:PATTERN]     POST to http://127.0.0.1:PORT/; port 0: a free one is taken and said
 *   operator                   entered at the terminal (drill_watch.operator_alert)
 *   operator:FILE              lines "alert …", "log …", "prevented …" appended to a file or FIFO
 *
 * PATTERN is literal text, or "re:" and a POSIX extended regular expression, matched byte by byte.
 * The name may carry the weight of a match: "file,kind=logged:…" (logged, alerted, prevented;
 * alerted where not said). Only what arrives after channels_open counts. Times are those of
 * arrival, read ten times a second.
 */
#ifndef DRILL_CHANNEL_H
#define DRILL_CHANNEL_H

#include <stdbool.h>
#include <stdint.h>

#include "drill/drill.h"

enum {
	CHANNELS_MAX = 16,
	CHANNEL_SPEC_MAX = 1024,   /* bytes of a spec */
	CHANNEL_PATTERN_MAX = 256, /* bytes of a pattern */
	CHANNEL_TEXT_MAX = 200,	   /* bytes kept of a matching line */
	CHANNEL_ALERTS_MAX = 200   /* alerts in a result; further ones are counted */
};

enum channel_kind { CHANNEL_FILE, CHANNEL_JOURNAL, CHANNEL_WEBHOOK, CHANNEL_OPERATOR };

/* A spec, read but not opened. */
struct channel_spec {
	enum channel_kind kind;
	enum drill_detect detect;
	char text[CHANNEL_SPEC_MAX + 1]; /* as given */
	char path[CHANNEL_SPEC_MAX + 1]; /* "" where the kind has none */
	uint16_t port;
	char pattern[CHANNEL_PATTERN_MAX + 1]; /* "" : everything matches */
	bool is_regex;
};
/* E_INVALID names what is wrong. The pattern is compiled once to see that it is one. */
enum status channel_spec_parse(
	const char *text, struct channel_spec *out, struct error *e) MUST_CHECK;

struct channels;

struct channels_request {
	const char *const *specs;
	size_t n_specs;
	const struct clock *clock;
	const struct drill_watch *watch; /* says the webhook's port; gives the operator's entries */
};
enum status channels_open(
	const struct channels_request *r, struct channels **out, struct error *e) MUST_CHECK;
/* Reads what arrived, as far as some milliseconds allow. Never blocks and never fails: a channel
 * that cannot be read is said once and tried again, one that broke is said and left out. */
void channels_poll(struct channels *c);
/* At the end: also what came faster than it could be read, as far as three seconds allow. */
void channels_drain(struct channels *c);
/* The first line that counted, NULL so far: for the live view. */
const char *channels_first(const struct channels *c);
/* True once something that counts arrived at or after `since_boot_ns`. */
bool channels_noticed(const struct channels *c, int64_t since_boot_ns);
struct channel_tally {
	const char *spec;
	size_t n_all;	     /* alerts, those left out too */
	size_t n_calls;	     /* of these: not only logged, somebody would have acted */
	size_t n_early;	     /* of the calls: before the origin */
	bool never_opened;   /* there was never anything to read: the log never appeared */
	bool broken;	     /* it heard nothing from then on */
	const char *problem; /* why, or why it could not be read in the end; "" where it could */
	uint64_t n_unread;   /* bytes that came faster than they could be looked at */
};

/* All alerts so far, oldest first. Lines of one channel and kind within a second of each other are
 * one alert. */
struct channel_alerts {
	struct drill_alert *alerts; /* at most CHANNEL_ALERTS_MAX, in the pool */
	size_t n;
	size_t n_all;		       /* those left out too */
	struct channel_tally *tallies; /* one for each channel as named, in the pool */
	size_t n_tallies;
};
/* `origin_*`: the same instant on both clocks, T0 where it came. */
enum status channels_alerts(const struct channels *c, int64_t origin_boot_ns,
	int64_t origin_wall_ns, struct pool *p, struct channel_alerts *out,
	struct error *e) MUST_CHECK;
void channels_close(struct channels *c);
AUTO_TYPE(channels_close, struct channels *)

#endif
