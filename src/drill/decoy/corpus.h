/*
 * The decoy corpus: which folders and files a planting makes (the plan) and what is in them (the
 * content). The plan is repeatable from a seed; the content never is.
 */
#ifndef DRILL_CORPUS_H
#define DRILL_CORPUS_H

#include "base/random.h"
#include "drill/decoy/manifest.h"
#include "drill/scenario/scenario.h"

/* Names, depths, kinds and sizes of one generation: 95 % of files around 64 KiB (mean), 5 % between
 * 0.5 and 8 MiB, plus one file for each size class of the scenario (generation 0 only); at least
 * half of the bytes in low-entropy kinds, size classes apart. Folders of `so_far` are reused and a
 * further generation gets its own dated branch. Fills out->folders and out->files with inode 0 and
 * no tags. */
struct corpus_request {
	const struct scenario *scenario;
	uint32_t n_decoys;
	uint32_t generation; /* so_far's number of them */
	int64_t wall_ns;
	const struct manifest *so_far; /* NULL for generation 0 */
};
enum status corpus_plan(const struct corpus_request *r, struct dice *d, struct pool *p,
	struct manifest *out, struct error *e) MUST_CHECK;

/* The bytes of one decoy, valid for its kind (opens in the usual programs), exactly size_bytes
 * long, without valid identifiers or names of real people or firms. `d` is seeded by the planter
 * from the kernel and forgotten. Sparse kinds: only the runs to write are produced; `write` is
 * called with (offset, bytes) in order. */
enum status content_make(const struct manifest_file *f, struct dice *d,
	enum status (*write)(
		uint64_t offset, const void *bytes, size_t n, void *context, struct error *e),
	void *context, struct error *e) MUST_CHECK;

/* The fewest bytes with which a decoy of that kind is still valid (content_make refuses less). */
uint64_t decoy_min_bytes(enum decoy_kind kind);
/* Bytes that the decoy takes on disk, rounded up to blocks: for a sparse one what content_make
 * writes. */
uint64_t decoy_disk_bytes(const struct manifest_file *f);
const char *decoy_extension(enum decoy_kind kind);
bool decoy_is_low_entropy(enum decoy_kind kind);

#endif
