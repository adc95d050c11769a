/*
 * The drills of a home, as rows. The row is the drill's state; the result itself is in its folder.
 */
#ifndef DRILL_HISTORY_H
#define DRILL_HISTORY_H

#include "drill/drill.h"
#include "drill/keep/state.h"
#include "store/store.h"

struct history_start {
	const char *id;
	const char *scenario;
	const char *kind; /* as in drill_scenario_row */
	const char *arena;
	double rate_files_per_s;
	int64_t wall_ns;
};

/* A new row in state running; or a planted one that goes back to running (E_CONFLICT from any other
 * state). */
enum status history_begin(
	struct store *s, const struct history_start *start, struct error *e) MUST_CHECK;
/* E_CONFLICT where the table of states says no, E_ABSENT where there is no such row. */
enum status history_move(
	struct store *s, const char *id, enum drill_state next, struct error *e) MUST_CHECK;
/* Stores the figures of a result and moves to finished or voided, in one transaction. */
enum status history_finish(
	struct store *s, const struct drill_result *r, struct error *e) MUST_CHECK;
/* The state as it is stored. *out_there false: no such row. */
enum status history_state(struct store *s, const char *id, enum drill_state *out, bool *out_there,
	struct error *e) MUST_CHECK;

/* The newest drill whose arena is `arena` and which was not undone; *out_id NULL: none. */
enum status history_of_arena(struct store *s, const char *arena, struct pool *p,
	const char **out_id, enum drill_state *out_state, struct error *e) MUST_CHECK;
/* The newest finished drill with equal scenario and rate; id NULL: none. */
enum status history_previous(struct store *s, const char *scenario, double rate_files_per_s,
	struct pool *p, struct drill_previous *out, struct error *e) MUST_CHECK;
/* The newest control run that went to its end and could hear something: its false alarms and when
 * it was. 0 and -1 where there was none. */
enum status history_last_control(struct store *s, uint32_t *out_false_alarms, int64_t *out_at_ns,
	struct error *e) MUST_CHECK;

#endif
