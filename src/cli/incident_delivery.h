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
	const char *unrouted; /* a role that no route serves; NULL none */
};

/* Of one submission; `late` is left to the caller. */
struct delivery delivery_of_submission(const struct submission_row *row);
/* Of all that a first notice put out, by its duties. */
struct delivery delivery_of_notice(const struct incident *i);
/* OK, E_LATE or E_QUEUED with the sentence that says what to do now. */
enum status delivery_outcome(struct session *s, const struct incident_session *is,
	const struct incident *i, struct delivery d, struct error *e) MUST_CHECK;

#endif
