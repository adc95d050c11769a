/*
 * Everything that can be known of a folder's content, to prove that something did not touch it:
 * names, bytes, modes, owners, times, link counts, extended attributes. Taking one disturbs
 * nothing, access times included (O_NOATIME), where the caller owns the files or is root.
 */
#ifndef TESTS_LIB_SNAPSHOT_H
#define TESTS_LIB_SNAPSHOT_H

#include <stddef.h>

#include "base/auto.h"

struct snapshot;

enum snapshot_ignore {
	SNAPSHOT_COMPARE_ALL = 0,
	SNAPSHOT_IGNORE_ACCESS_TIME = 1,
	SNAPSHOT_IGNORE_LINKS_AND_CHANGE_TIME = 2 /* of files; SECURITY.md names when that may be */
};

/* The folder itself and everything beneath it; another mount's content is not entered. Fails and
 * ends the test where something cannot be read. */
struct snapshot *snapshot_take(const char *folder);
/* The number of differences; each of the first 20 is printed as a "# …" line. */
size_t snapshot_compare(
	const struct snapshot *before, const struct snapshot *after, unsigned ignore);
size_t snapshot_n_entries(const struct snapshot *s);
void snapshot_free(struct snapshot *s);
AUTO_TYPE(snapshot_free, struct snapshot *)

#endif
