/*
 * Results of drills that never took place, for tests of scoring, storing and rendering. All memory
 * comes from the pool; nothing is scored unless the test asks for it (drill_score).
 */
#ifndef TESTS_LIB_DRILL_FIXTURE_H
#define TESTS_LIB_DRILL_FIXTURE_H

#include "base/random.h"
#include "drill/drill.h"

enum fixture_run {
	FIXTURE_CLEAN,	    /* stopped at once, clean restore: 100 */
	FIXTURE_MIDDLING,   /* alert 95 s, 7 % lost, isolated 10 min, RTO 1.6x …: 62.8 */
	FIXTURE_OVERRUN,    /* only logged, all lost, 60 % restorable: 12.1 */
	FIXTURE_BLOCKER,    /* blocks everything, cannot restore: 74.2, capped at 59 */
	FIXTURE_UNASSESSED, /* no channel, no restore, no people: coverage 40 % */
	FIXTURE_VOID,	    /* a sentinel changed */
	FIXTURE_STOPPED,    /* by its operator */
	FIXTURE_CONTROL,    /* ordinary programs: three alerts, one of them false */
	FIXTURE_CONTROL_SILENT,
	FIXTURE_CONTROL_DEAF, /* no channel was named: it measured nothing */
	FIXTURE_RUNS
};

void fixture_result(enum fixture_run run, struct pool *p, struct drill_result *out);
/* Every field at random within its type: for reading back and for bounds. */
void fixture_random(struct dice *d, struct pool *p, struct drill_result *out);
/* Switches to Chinese with the catalogue of this build; ends the test as skipped where it was not
 * built. */
void fixture_use_chinese(void);
void fixture_plan(struct pool *p, struct drill_plan *out);

#endif
