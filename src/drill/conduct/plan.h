/*
 * The plan: what a drill would do here, found out before anything is made. drill_plan (drill.h) is
 * the plan of a run.
 */
#ifndef DRILL_PLAN_H
#define DRILL_PLAN_H

#include "drill/drill.h"

enum plan_for {
	PLAN_LOOK,	/* drill_plan_look */
	PLAN_RUN,	/* in an arena that was planted before: of what stands there */
	PLAN_GENERATION /* one generation more than stands there */
};
enum status plan_make(const struct drill_context *c, const struct drill_request *r,
	enum plan_for purpose, struct pool *p, struct drill_plan *out, struct error *e) MUST_CHECK;

/* Where a drill plants when nobody names a place: the key `arena` of <home>/drill.yaml, else
 * /srv/tocsin-drill for root and $HOME/tocsin-drill for a user. It should lie where the user's
 * backup reaches it. */
enum status drill_default_arena(const struct drill_context *c, struct pool *p, const char **out,
	struct error *e) MUST_CHECK;

#endif
