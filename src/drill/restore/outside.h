/*
 * What a restore command changed where it should not: metadata of a bounded number of files and
 * folders, taken before and after. Reads names and inodes only, never content; opens nothing.
 */
#ifndef DRILL_OUTSIDE_H
#define DRILL_OUTSIDE_H

#include <stdint.h>

#include "base/auto.h"
#include "base/error.h"

enum { OUTSIDE_ENTRIES_MAX = 20000, OUTSIDE_SECONDS_MAX = 5 };

struct outside;
struct outside_request {
	const char *const *folders; /* looked at, each on its own file system */
	size_t n_folders;
	const char *const *skip; /* absolute paths left out with all beneath */
	size_t n_skip;
};
/* Folders that are not there or may not be read are left out. */
enum status outside_look(
	const struct outside_request *r, struct outside **out, struct error *e) MUST_CHECK;
/* Files changed, new or gone between two snapshots of the same request, and new or gone folders.
 * The first `n_max` are named in `out_paths`, which borrow from the two. */
uint32_t outside_changes(const struct outside *before, const struct outside *after,
	const char **out_paths, size_t n_max);
void outside_free(struct outside *s);
AUTO_TYPE(outside_free, struct outside *)

#endif
