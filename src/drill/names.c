/*
 * Stable English words of the drill's enums, for JSON, evidence and other programs. What people
 * read is worded in src/render.
 */
#include "base/i18n.h"
#include "drill/drill.h"

const char *drill_verdict_name(enum drill_verdict v)
{
	switch (v) {
	case DRILL_COMPLETED:
		return "completed";
	case DRILL_CONTAINED:
		return "contained";
	case DRILL_STOPPED:
		return "stopped";
	case DRILL_VOIDED:
		return "voided";
	}
	return "unknown";
}

const char *drill_detect_name(enum drill_detect d)
{
	switch (d) {
	case DETECT_NONE:
		return "none";
	case DETECT_LOGGED:
		return "logged";
	case DETECT_ALERTED:
		return "alerted";
	case DETECT_PREVENTED:
		return "prevented";
	}
	return "unknown";
}

const char *drill_contain_name(enum drill_contain c)
{
	switch (c) {
	case CONTAIN_NONE:
		return "none";
	case CONTAIN_KILLED:
		return "killed";
	case CONTAIN_FROZEN:
		return "frozen";
	case CONTAIN_READ_ONLY:
		return "read-only";
	case CONTAIN_BLOCKED:
		return "blocked";
	case CONTAIN_QUARANTINED:
		return "quarantined";
	case CONTAIN_NETWORK:
		return "network";
	}
	return "unknown";
}

const char *drill_rating_name(enum drill_rating r)
{
	switch (r) {
	case RATING_NOT_ASSESSED:
		return "not-assessed";
	case RATING_P:
		return "P";
	case RATING_S:
		return "S";
	case RATING_M:
		return "M";
	case RATING_U:
		return "U";
	}
	return "unknown";
}

const char *drill_part_name(enum drill_part_id p)
{
	switch (p) {
	case PART_DETECT:
		return "detect";
	case PART_DAMAGE:
		return "damage";
	case PART_CONTAIN:
		return "contain";
	case PART_RECOVER:
		return "recover";
	case PART_PEOPLE:
		return "people";
	case PARTS:
		break;
	}
	return "unknown";
}

const char *drill_void_name(enum drill_void v)
{
	switch (v) {
	case VOID_UNKNOWN:
		break;
	case VOID_EMULATOR_CRASHED:
		return "emulator-crashed";
	case VOID_MEMORY_KILL:
		return "memory-kill";
	case VOID_RESOURCE_LIMIT:
		return "resource-limit";
	case VOID_SENTINEL_CHANGED:
		return "sentinel-changed";
	case VOID_USER_FILE_CHANGED:
		return "user-file-changed";
	case VOID_WITNESS_LOST:
		return "witness-lost";
	}
	return "unknown";
}

const char *drill_void_sentence(enum drill_void v)
{
	switch (v) {
	case VOID_UNKNOWN:
		break;
	case VOID_EMULATOR_CRASHED:
		return N_("The emulator crashed or was ended by its own system call filter.");
	case VOID_MEMORY_KILL:
		return N_("The host ran out of memory and ended the emulator.");
	case VOID_RESOURCE_LIMIT:
		return N_("The emulator met a resource limit.");
	case VOID_SENTINEL_CHANGED:
		return N_("A sentinel outside the arena was changed during the drill.");
	case VOID_USER_FILE_CHANGED:
		return N_("A file outside the arena was changed by the emulator.");
	case VOID_WITNESS_LOST:
		return N_("The witness was lost and could not be replaced: nothing proves what "
			  "lies outside "
			  "the arena.");
	}
	return NULL;
}
