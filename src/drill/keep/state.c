/*
 * The drill's states: see state.h.
 */
#include "drill/keep/state.h"

#include "base/auto.h"
#include "base/i18n.h"

struct state_row {
	const char *name;
	unsigned next; /* bits of enum drill_state */
};

#define MAY(state) (1U << (state))
static const struct state_row rows[] = {
	[STATE_RUNNING] = { N_("running"), MAY(STATE_PLANTED) | MAY(STATE_FINISHED) |
						   MAY(STATE_VOIDED) | MAY(STATE_INTERRUPTED) |
						   MAY(STATE_UNDONE) },
	[STATE_PLANTED] = { N_("planted"), MAY(STATE_RUNNING) | MAY(STATE_UNDONE) },
	[STATE_FINISHED] = { N_("finished"), MAY(STATE_UNDONE) },
	[STATE_VOIDED] = { N_("voided"), MAY(STATE_UNDONE) },
	[STATE_INTERRUPTED] = { N_("interrupted"), MAY(STATE_UNDONE) },
	[STATE_UNDONE] = { N_("undone"), MAY(STATE_UNDONE) },
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
