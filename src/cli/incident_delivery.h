/*
 * What became of something that was handed in, in one sentence and one exit code: delivered, late,
 * on its way, refused, or without a way.
 */
#ifndef CLI_INCIDENT_DELIVERY_H
#define CLI_INCIDENT_DELIVERY_H

#include "cli/incident_session.h"

struct delivery {
	bool nobody;	      /* these rules name nobody to send it to: it is kept here */
	bool delivered;	      /* each recipient's receipt verified */
	bool late;	      /* after its deadline, or still here past it */
	bool refused;	      /* by a receiver, for good */
	const char *unrouted; /* the role that no route serves and that is owed it first; NULL none
			       */
	const struct clock_row *unrouted_due; /* what it is owed; NULL nothing that runs */
	size_t n_unrouted;
	/* The most urgent duty that what is not delivered yet would answer; NULL none runs. */
	const struct clock_row *due;
	/* What a first notice leaves to be told by a person: by telephone only, or, where the
	 * notice goes to nobody, to people who have no inbox; NULL none. */
	const struct clock_row *by_telephone, *in_public;
	const struct clock_row *to_confirm; /* not sent before a person confirms it; NULL none */
};

/* Of one submission. */
struct delivery delivery_of_submission(const struct incident *i, const struct submission_row *row);
/* Of all that a first notice put out, by its duties. */
struct delivery delivery_of_notice(const struct incident_session *is, const struct incident *i);
/* OK, E_LATE or E_QUEUED with the sentence that says what to do now. */
enum status delivery_outcome(struct session *s, const struct incident_session *is,
	const struct incident *i, struct delivery d, struct error *e) MUST_CHECK;

/* "2026-11-28 03:10:00 +08:00", in the profile's zone (NULL: the default profile's). */
const char *delivery_time(const struct profile_set *profiles, const char *profile, int64_t wall_ns,
	char out[TIME_TEXT_MAX]);

#endif
