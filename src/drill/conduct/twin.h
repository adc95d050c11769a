/*
 * The benign twin: the everyday programs whose file operations look most like an attack's (zip, tar
 * and gzip, renaming of pictures, a database dump) work over a planted arena with fixed arguments,
 * as the arena's owner. Every alert during it is a false alarm.
 *
 * The programs are the system's own and run outside the emulator's locks: what they do is in a
 * const table and touches the arena alone. What they make is removed by name; undo
 * does that for a run that was killed (twin_sweep.h).
 */
#ifndef DRILL_TWIN_H
#define DRILL_TWIN_H

#include "drill/decoy/manifest.h"
#include "drill/sense/sense.h"

struct twin_request {
	const struct manifest *manifest;
	double rate_files_per_s; /* of the renames; 0 unlimited */
	struct sense *sense;
};
struct twin_outcome {
	uint32_t n_programs; /* calls that ended well */
	uint32_t n_failed;
	uint32_t n_files;    /* files read, renamed or written */
	const char *missing; /* names of programs that this host lacks, "" for none; in the pool */
	bool stopped;
};
enum status twin_run(const struct twin_request *r, struct pool *p, struct twin_outcome *out,
	struct error *e) MUST_CHECK;

#endif
