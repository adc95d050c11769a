/*
 * Sentinels: files that a run plants outside its arena only to prove that nothing touched them.
 * They lie in folders of their own, under a name that carries the run's id; what is removed later
 * is what still has the planted content, and nothing else. Private to the witness.
 */
#ifndef DRILL_SENTINEL_H
#define DRILL_SENTINEL_H

#include "base/digest.h"
#include "base/error.h"
#include "base/pool.h"

struct witness_left;

enum { SENTINEL_PLACES = 2, SENTINEL_FILES = 6 };
enum { SENTINEL_SIGHTS_MAX = SENTINEL_PLACES * (1 + SENTINEL_FILES) };

struct sentinels {
	char folders[SENTINEL_PLACES][4096]; /* absolute; "" where that place takes none */
	struct digest content[SENTINEL_PLACES][SENTINEL_FILES];
	uint32_t n_files;
};

const char *sentinel_name(size_t file);
/* Writes <home>/drills/<id>/sentinels first, then the folders beside the arena and in the home. A
 * parent of the arena that we may not write in is left out; the home never is. */
enum status sentinels_plant(const char *arena, const char *home, const char *id,
	struct sentinels *out, struct error *e) MUST_CHECK;
/* Removes what <home>/drills/<id>/sentinels names and is still as planted. OK where there is no
 * such list; E_PARTLY where something else was found and left: named in *left (NULL: not asked). */
enum status sentinels_sweep(const char *home, const char *id, struct pool *p,
	struct witness_left *left, struct error *e) MUST_CHECK;

#endif
