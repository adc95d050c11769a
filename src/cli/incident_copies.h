/*
 * Copies of what happens to an incident for one's own desk: the webhook and syslog routes of
 * routes.yaml. Never owed to anybody, so nothing that goes wrong with them stops or delays a report
 * for long, and a dead one is given up by the sender after days.
 */
#ifndef CLI_INCIDENT_COPIES_H
#define CLI_INCIDENT_COPIES_H

#include "cli/incident_session.h"

/* Before the incident's UUID in the outbox: copies are not waited for as its reports are. */
#define INCIDENT_COPY_SUBJECT "copy:"

/* Queues one copy for each such route (those for drills where it is one) and tries them once, for
 * at most a few seconds and `limit_ns`. `id` as a person types it; `event`: "incident.new", …
 * (docs/delivery.md). What goes wrong is told. */
void incident_copies(struct session *s, struct incident_session *is, const char *id,
	const char *event, int64_t limit_ns);

#endif
