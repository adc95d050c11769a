/*
 * The drill's rows of the program's role table: the only processes that ever touch an arena.
 */
#include "drill/attack/attack.h"
#include "drill/decoy/planting.h"
#include "drill/undo/undo.h"
#include "drill/witness/witness.h"

const struct role drill_roles[] = {
	{ "planter", planter_role },
	{ "emulator", emulator_role },
	{ "undo", undo_role },
	{ "witness", witness_role },
};
const size_t n_drill_roles = COUNT_OF(drill_roles);
