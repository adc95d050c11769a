/*
 * The running duties of all incidents, in the store. A clock is opened when its duty applies, is
 * discharged by the stage that answers it, and is closed without being discharged only where the
 * duty ceases (re-grading, close). Acknowledging names a person and expires; silencing mutes;
 * neither stops a clock.
 *
 * Tables: incident_clock, incident_acknowledgement, incident_silence, incident_time_*.
 */
#ifndef INCIDENT_CLOCKS_H
#define INCIDENT_CLOCKS_H

#include "base/id.h"
#include "incident/clocks/due.h"
#include "incident/clocks/legal_time.h"

/* Its tables, for store_open (beside incident_migrations). */
struct migration_area;
extern const struct migration_area incident_clock_migrations;

enum clock_state {
	CLOCK_WAITING, /* applies, its moment has not come */
	CLOCK_RUNNING,
	CLOCK_OVERDUE, /* running, past due; derived when read */
	CLOCK_DONE,
	CLOCK_DONE_LATE,
	CLOCK_CEASED /* no longer applies */
};
const char *clock_state_name(enum clock_state s);

struct clock_row {
	struct id id;
	struct id incident;
	const char *number; /* the incident's, where incident_number_clocks asked for it; else "" */
	const char *profile, *duty, *stage, *owes, *to, *medium, *instrument, *row;
	char certainty;
	struct bilingual text;
	int64_t n_period;				  /* CLOCK_EVERY: 1, 2, …; else 1 */
	int64_t opened_ns, started_ns, due_ns, target_ns; /* -1 */
	unsigned flags;					  /* due_flag */
	enum clock_state state;
	int64_t done_ns;      /* -1 */
	const char *done_by;  /* what discharged it: submission or call id, "" */
	int64_t remaining_ns; /* to due_ns, else to target_ns; negative overdue; INT64_MAX: neither
			       */
	bool drill;
	const char *acknowledged_by;			  /* "" nobody, or expired */
	int64_t acknowledged_until_ns, silenced_until_ns; /* -1 */
};

struct clocks_sync {
	const char *company; /* distribution key; NULL: "" */
	struct id incident;
	bool drill;
	const struct profile *profile;
	const struct facts *facts;
	struct standing standing;
	const struct moments *moments;
	bool closed; /* handling ended and the incident is closed: what still has to be done goes on
		      */
	int64_t now_ns;
};
/* Opens, moves and ceases the clocks of one incident and profile; what is done stays done. Inside
 * the caller's transaction. Idempotent. */
enum status clocks_sync(struct store *s, const char *home, const struct clocks_sync *what,
	struct error *e) MUST_CHECK;
/* Discharges the oldest open clock of each duty whose `stage` this is, of the profile or of all
 * (""); `to` NULL: whoever it is owed to; `medium` as in the call ("telephone") or submission. A
 * recurring duty opens its next period. */
struct discharge {
	struct id incident;
	const char *profile; /* "": all */
	const char *stage;
	const char *to;	    /* NULL: any */
	const char *medium; /* "written", "telephone" */
	const char *by;	    /* id of the submission or call */
	int64_t at_ns;
};
enum status clocks_discharge(
	struct store *s, const struct discharge *d, size_t *out_n, struct error *e) MUST_CHECK;

/* Removes all clocks of an incident, and who had them: for a purge. Inside the caller's
 * transaction.
 */
enum status clocks_forget(struct store *s, const struct id *incident, struct error *e) MUST_CHECK;

struct clock_filter {
	const struct id *incident; /* NULL: all */
	bool all;		   /* done and ceased too */
	int drills;		   /* 0 both, 1 only drills, -1 only real */
	size_t limit;		   /* 0: no limit */
};
/* Those that run first, by when they fall due, "immediately" by its target (without one: by when it
 * began); then those that wait, then those that are over. */
enum status clocks_list(struct store *s, const struct clock_filter *f, const struct legal_now *now,
	struct pool *p, struct clock_row **out, size_t *out_n, struct error *e) MUST_CHECK;
/* `clock_id`: the UUID, or at least its last four digits where only one open clock ends so.
 * `until_ns` at most 24 h ahead. E_ABSENT, E_CONFLICT where it is done. `who` is a line of text,
 * not empty. */
enum status clocks_acknowledge(struct store *s, const char *clock_id, const char *who,
	int64_t now_ns, int64_t until_ns, struct error *e) MUST_CHECK;
enum status clocks_silence(struct store *s, const char *clock_id, const char *who,
	const char *reason, int64_t now_ns, int64_t until_ns, struct error *e) MUST_CHECK;

#endif
