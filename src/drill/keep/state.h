/*
 * The life cycle of a drill as a table: which state may follow which. A row that says "running"
 * while nobody holds the home's lock for it is shown as interrupted (history.c).
 */
#ifndef DRILL_STATE_H
#define DRILL_STATE_H

#include <stdbool.h>

#include "base/view.h"

enum drill_state {
	STATE_RUNNING,	   /* being planted or run */
	STATE_PLANTED,	   /* decoys are there, nothing was run yet */
	STATE_FINISHED,	   /* has a result */
	STATE_VOIDED,	   /* has a result that does not count */
	STATE_INTERRUPTED, /* ended without a result */
	STATE_UNDONE	   /* every decoy was restored and removed */
};

const char *drill_state_name(enum drill_state s);
bool drill_state_find(struct view name, enum drill_state *out) __attribute__((warn_unused_result));
bool drill_state_may_follow(enum drill_state now, enum drill_state next);

#endif
