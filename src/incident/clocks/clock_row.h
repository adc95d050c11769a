/*
 * How a clock lies in its table; between the files of this room only.
 */
#ifndef INCIDENT_CLOCK_ROW_H
#define INCIDENT_CLOCK_ROW_H

#include "incident/clocks/clocks.h"

/* The states that lie in the table: overdue is running, seen late. */
#define CLOCK_OPEN_STATES "(0, 1)"
_Static_assert(CLOCK_WAITING == 0 && CLOCK_RUNNING == 1, "CLOCK_OPEN_STATES says so");

struct kept_clock {
	struct id id;
	int64_t n_period;
	enum clock_state state;
	int64_t done_ns; /* -1 */
};
/* The latest period of a duty; *out_there false where it has none. */
enum status clock_latest(struct store *s, const struct clocks_sync *what, const struct duty *d,
	struct kept_clock *out, bool *out_there, struct error *e) MUST_CHECK;
/* Resolves what a person typed to one open clock. */
enum status clock_resolve(
	struct store *s, const char *typed, struct id *out, struct error *e) MUST_CHECK;

#endif
