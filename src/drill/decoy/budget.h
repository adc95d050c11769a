/*
 * The budget: what a planned drill can take at most, provable before anything happens and enforced
 * while it runs. Everything is an upper bound: it may say more than will be used, never less.
 */
#ifndef DRILL_BUDGET_H
#define DRILL_BUDGET_H

#include "drill/decoy/manifest.h"
#include "drill/drill.h"
#include "drill/scenario/scenario.h"
#include "sys/file.h"

/* Bytes that a planter may write into a sparse file whose runs the plan does not list. */
#define BUDGET_SPARSE_DATA_MAX (8 * MIB)
/* What the engine puts around the texts of a note: DRILL, ids, the number to call. */
enum { BUDGET_NOTE_FRAME_BYTES = 4096, BUDGET_PROBE_BYTES = 4096 };

/* The bounds for a plan (folders, files, sizes; inodes and tags are not looked at). `rate` 0:
 * unlimited. E_INVALID where a number does not fit. free_kept is at least 1 GiB; budget_fit knows
 * the disk. */
enum status budget_compute(const struct scenario *s, const struct manifest *plan,
	double rate_files_per_s, struct drill_budget *out, struct error *e) MUST_CHECK;
/* Against the scenario's max_files, max_bytes and max_seconds. E_INVALID says which and by how
 * much. */
enum status budget_check(
	const struct scenario *s, const struct drill_budget *b, struct error *e) MUST_CHECK;
/* Fills free_kept_bytes for the disk: the larger of 1 GiB and 5 % of it. E_NO_SPACE where less than
 * needed + kept is free. Tells the emulator's engine where to stop. */
enum status budget_fit(
	struct drill_budget *b, const struct file_system *fs, struct error *e) MUST_CHECK;

#endif
