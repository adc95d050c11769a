/*
 * What the benign twin makes and renames, by fixed names, and taking it back where a twin was
 * killed. Works in the undo role, inside its locks, on checked descriptors; starts no program.
 */
#ifndef DRILL_TWIN_SWEEP_H
#define DRILL_TWIN_SWEEP_H

#include "drill/decoy/planting.h"

/* In the arena's root; removed afterwards. No planted name begins so. */
#define TWIN_MADE "tocsin-twin"
/* Before a picture's name. */
#define TWIN_RENAMED "twin-"
enum { TWIN_N_MADE = 3 };
extern const char *const twin_made[TWIN_N_MADE];

/* Removes what a killed twin made, where it is a plain file of the arena's owner, and gives
 * pictures that are the planted objects their names back. What is anything else stays. */
enum status twin_sweep(struct arena_view *v, struct error *e) MUST_CHECK;

bool twin_is_picture(const struct manifest_file *f);

#endif
