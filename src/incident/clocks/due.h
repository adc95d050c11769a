/*
 * When a duty falls due: pure arithmetic over a profile's duty and the moments of an incident.
 */
#ifndef INCIDENT_DUE_H
#define INCIDENT_DUE_H

#include "incident/clocks/calendar.h"
#include "incident/rules/profile.h"

/* Wall UTC ns; -1 unknown or not yet. */
struct moments {
	int64_t at[MOMENT_SUBMITTED]; /* by enum moment */
	const struct submitted_stage {
		const char *stage;
		int64_t first_ns, latest_ns; /* of its submissions */
	} * submitted;
	size_t n_submitted;
	const struct received_report {
		const char *role;
		int64_t at_ns; /* its first receipt */
	} * received;
	size_t n_received;
	int64_t last_period_ns; /* CLOCK_EVERY: when the last one of this duty was done, -1 */
};

enum due_flag {
	DUE_START_ASSUMED = 1, /* counted from `from_if_unknown` */
	DUE_ESTIMATED = 2,     /* a year without a holiday table was passed */
	DUE_CAPPED = 4,	       /* the second limit of CLOCK_EARLIEST is the nearer one */
	DUE_MOVED = 8,	       /* moved to noon of the next working day */
	DUE_TO_CONFIRM = 16    /* the class is undecided: it may turn out that nothing is owed */
};

struct due {
	bool running; /* false: its moment has not come (handling not ended, nothing requested) */
	int64_t started_ns;
	int64_t due_ns;	   /* -1: "immediately" */
	int64_t target_ns; /* internal target, -1 none */
	unsigned flags;
};

/* Does the duty apply to this grade and these facts? Unknown facts count as yes. */
bool duty_applies(const struct profile *p, const struct duty *d, const struct facts *f, int grade);

/* The grade in force, and what it may turn out to be. */
struct standing {
	int grade;
	bool undecided; /* then the duties of might_be run too, to be confirmed */
	int might_be;
};
enum duty_hold { DUTY_NOT_OWED, DUTY_TO_CONFIRM, DUTY_OWED };
enum duty_hold duty_hold(const struct profile *p, const struct duty *d, const struct facts *f,
	const struct standing *s);
void duty_due(const struct profile *p, const struct duty *d, const struct moments *m,
	const struct calendar *c, struct due *out);

#endif
