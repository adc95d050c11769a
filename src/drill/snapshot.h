/*
 * What a restore command changed where it should not: metadata of a bounded number of files and
 * folders, taken before and after. Reads names and inodes only, never content; opens nothing.
 */
#ifndef DRILL_SNAPSHOT_H
#define DRILL_SNAPSHOT_H

#include <stdint.h>

#include "base/auto.h"
#include "base/error.h"

enum { SNAPSHOT_ENTRIES_MAX = 20000, SNAPSHOT_SECONDS_MAX = 5 };

struct snapshot;
struct snapshot_request {
	const char *const *folders; /* looked at, each on its own file system */
	size_t n_folders;
	const char *const *skip; /* absolute paths left out with all beneath */
	size_t n_skip;
};
/* Folders that are not there or may not be read are left out. */
enum status snapshot_take(
	const struct snapshot_request *r, struct snapshot **out, struct error *e) MUST_CHECK;
/* Files changed, new or gone between two snapshots of the same request, and new or gone folders. */
uint32_t snapshot_changes(const struct snapshot *before, const struct snapshot *after);
void snapshot_free(struct snapshot *s);
AUTO_TYPE(snapshot_free, struct snapshot *)

#endif
