/*
 * The questions of a first notice on a terminal, for somebody who has just been woken. Each answer
 * is checked where it is given and asked again where it will not do: none is lost to a slip in
 * another.
 */
#ifndef CLI_INCIDENT_ASK_H
#define CLI_INCIDENT_ASK_H

#include "cli/session.h"
#include "incident/incident.h"

/* Asks what `n` does not hold yet. `f` is the form first-notice: its choices and lengths. The
 * answers lie in the session's pool. E_INTERRUPTED; the end of the input leaves the rest unknown.
 */
enum status incident_ask(struct session *s, const struct form *f, struct first_notice *n,
	struct error *e) MUST_CHECK;

/* When something was noticed: "10" (minutes ago), "02:55" and "2026-11-28 02:55" by the machine's
 * own zone (a time of day that is still to come was yesterday's), or RFC 3339. False where it is
 * none of these, in the future or before 2000. */
bool incident_ask_when(struct view typed, int64_t now_ns, int64_t *out_ns) MUST_CHECK;
/* The choice that somebody typed: its number from 1, its key, its label, or the beginning of one
 * alone. NULL none. */
const struct fact_choice *incident_ask_choice(const struct form_field *f, struct view typed);

#endif
