/*
 * What a first notice answers. Regimes call their first stage by names of their own (first report,
 * brief, early warning, initial notification, …): the first notice is, for each profile of the
 * incident, whatever its most urgent own duty wants that is counted from the incident itself.
 */
#ifndef INCIDENT_OWED_H
#define INCIDENT_OWED_H

#include "incident/clocks/clocks.h"

enum owed_way {
	OWED_BY_NOTICE,	   /* a body that an envelope can reach */
	OWED_BY_TELEPHONE, /* by telephone and no other way */
	OWED_IN_PUBLIC,	   /* to users, persons concerned: they have no inbox */
	/* It is not decided yet whether it is owed at all, and there is time to find out (more than
	 * four hours from its start): a person confirms it before anything goes to an authority. */
	OWED_TO_CONFIRM
};
/* The most urgent such duty of the organisation's own that runs, of `profile` (NULL: of any); NULL
 * there is none. Not what recurs, comes once a year, is asked for, or follows another stage. */
const struct clock_row *owed_first(const struct profile_set *s, const struct clock_row *rows,
	size_t n_rows, const char *profile, enum owed_way way);
/* Of two running clocks, is the first one the more urgent? */
bool owed_sooner(const struct clock_row *a, const struct clock_row *b);
/* Is it to the same profile's same stage and in writing that this running clock is owed too? One
 * envelope answers both. */
bool owed_with(
	const struct profile_set *s, const struct clock_row *first, const struct clock_row *c);
/* The most urgent own duty to the role that runs and that the medium ("telephone", "written") may
 * answer, of `profile` ("": of any); NULL there is none. */
struct owed_clocks {
	const struct clock_row *rows;
	size_t n;
};
const struct clock_row *owed_to(const struct profile_set *s, struct owed_clocks clocks,
	const char *role, const char *profile, const char *medium);

#endif
