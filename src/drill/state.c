/*
 * The drill's states: see state.h.
 */
#include "drill/state.h"

#include "base/auto.h"

struct state_row {
	const char *name;
	unsigned next; /* bits of enum drill_state */
};

#define MAY(state) (1U << (state))
static const struct state_row rows[] = {
	[STATE_RUNNING] = { "running", MAY(STATE_PLANTED) | MAY(STATE_FINISHED) |
					       MAY(STATE_VOIDED) | MAY(STATE_INTERRUPTED) |
					       MAY(STATE_UNDONE) },
	[STATE_PLANTED] = { "planted", MAY(STATE_RUNNING) | MAY(STATE_UNDONE) },
	[STATE_FINISHED] = { "finished", MAY(STATE_UNDONE) },
	[STATE_VOIDED] = { "voided", MAY(STATE_UNDONE) },
	[STATE_INTERRUPTED] = { "interrupted", MAY(STATE_UNDONE) },
	[STATE_UNDONE] = { "undone", MAY(STATE_UNDONE) },
};
#undef MAY

const char *drill_state_name(enum drill_state s)
{
	return rows[s].name;
}

bool drill_state_find(struct view name, enum drill_state *out)
{
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (view_is(name, rows[i].name)) {
			*out = (enum drill_state)i;
			return true;
		}
	return false;
}

bool drill_state_may_follow(enum drill_state now, enum drill_state next)
{
	return (rows[now].next & (1U << next)) != 0;
}
