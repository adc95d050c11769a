/*
 * What time it is for a duty. Due times are absolute UTC in the store; a wall clock that is stepped
 * must neither win nor lose minutes silently. Each call notes (wall, boottime, boot id); within one
 * boot a difference of more than 2 s between both clocks' advances is a step: it is recorded, and
 * the time left of a clock is the lesser of what the wall clock and what boottime say. Slow drift
 * is not a step.
 */
#ifndef INCIDENT_LEGAL_TIME_H
#define INCIDENT_LEGAL_TIME_H

#include "base/clock.h"
#include "base/error.h"
#include "base/pool.h"
#include "store/store.h"

struct legal_now {
	int64_t wall_ns;   /* what the wall clock says */
	int64_t latest_ns; /* the later of wall and of boottime carried on from before the steps:
			      time left counts from it */
	bool stepped;	   /* a step was recorded in this boot, or just now */
};
struct time_step {
	int64_t seen_ns; /* wall, after the step */
	int64_t by_ns;	 /* positive: forward */
	const char *boot_id;
};
/* Notes the clocks and records a step where there is one, in a transaction of its own. Where that
 * cannot be written (a full disk, a lock that is held), the answer comes from what is on disk.
 * `boot_id` NULL: the kernel's. */
enum status legal_time_note(struct store *s, const struct clock *c, const char *boot_id,
	struct legal_now *out, struct error *e) MUST_CHECK;
enum status legal_time_steps(struct store *s, struct pool *p, struct time_step **out, size_t *out_n,
	struct error *e) MUST_CHECK;

#endif
