/*
 * What score.c, rating.c and improve.c share: the facts of a run, read the same way by all three.
 * Private to src/drill.
 */
#ifndef DRILL_SCORE_H
#define DRILL_SCORE_H

#include "drill/drill.h"

/* The share of a 0 … 1 scale that falls with the logarithm: 1 up to `full`, 0 from `zero` on,
 * because damage grows by factors. Anything that is not a number counts as `zero`. */
double score_curve(double x, double full, double zero);

/* Seconds from the first changed byte to the first alert; 0 where nothing was ever changed; -1:
 * none. */
double score_alert_s(const struct drill_result *r);
/* The emulator was stopped by somebody else, or its reach was cut. */
bool score_contained(const struct drill_result *r);
/* Seconds from the first alert (T0 where none) to contained, -1 where it was not. 0: at once. */
double score_contain_s(const struct drill_result *r);
/* 0 … 1; 0 where nothing was planted. */
double score_lost_share(const struct drill_result *r);
double score_rto_ratio(const struct drill_result *r);
double score_rpo_ratio(const struct drill_result *r);

const struct drill_step *score_step(const struct drill_result *r, const char *id);
/* Done, and no earlier than the steps that it rests on (where those were done at all, and are due
 * no later). */
bool score_step_in_order(const struct drill_result *r, const struct drill_step *step);
/* Done, in order, and by the role whose step it is. */
bool score_step_counts(const struct drill_result *r, const struct drill_step *step);
/* Seconds from the first alert (T0 where none) to the internal notice, -1: never. */
double score_notify_s(const struct drill_result *r);
bool score_authority_in_time(const struct drill_result *r);
bool score_people_answered(const struct drill_result *r);

/* Fills parts[].rating and .why from the facts, not from the points. */
void rate_parts(struct drill_result *r);
/* Fills improvements. */
enum status improve(struct drill_result *r, struct pool *p, struct error *e) MUST_CHECK;

/* Objectives behind the ratings and the improvement plan. */
#define SCORE_ALERT_GOAL_S 60.0
#define SCORE_LOST_BEST 0.002
#define SCORE_LOST_GOAL 0.05
#define SCORE_CONTAIN_BEST_S 60.0
#define SCORE_CONTAIN_GOAL_S 3600.0
#define SCORE_NOTIFY_GOAL_S 900.0
#define SCORE_CAP_SHARE 0.4

#endif
