/*
 * A scenario is data: the I/O shape of one family of ransomware, or of a benign twin. It holds no
 * shell text and no path; notes and names are data with a length limit. Source of the shapes:
 * published analyses, named in each file under `source`.
 *
 * The loader refuses what cannot be bounded. Private to src/drill, except through drill.h.
 */
#ifndef DRILL_SCENARIO_H
#define DRILL_SCENARIO_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/pool.h"
#include "base/view.h"
#include "drill/drill.h"

/* A length or place in a file of `size` bytes: bytes + size × parts / of, rounded down to `align`.
 */
struct span_rule {
	uint64_t bytes;
	uint32_t parts; /* numerator, 0 for a fixed number */
	uint32_t of;	/* denominator, never 0 */
	uint64_t align; /* 1 where not rounded */
	uint64_t cap;	/* most, 0 for none */
};

/*
 * A comb: teeth of `length` bytes, the first at `start`, then one every `stride`, `n_teeth` of them
 * (0: to the end). Every region of the catalogue is one or two combs: full (one tooth of size),
 * head, step, chunks, thirds, first and last, percent, head then step. A tooth that would pass the
 * end of the file is cut; `until` (0: size) ends the comb.
 */
struct comb {
	struct span_rule start;
	struct span_rule length;
	struct span_rule stride;
	uint32_t n_teeth;
	bool from_end; /* start counts back from the end of the file */
	struct span_rule until;
};

enum { REGION_COMBS_MAX = 4, SCENARIO_REGIONS_MAX = 32, REGION_TYPES_MAX = 64 };

/* The first region whose size range and type fit is the one used. */
struct region {
	uint64_t size_from;  /* inclusive */
	uint64_t size_below; /* exclusive, UINT64_MAX for none */
	const char
		*types[REGION_TYPES_MAX]; /* extensions without dot, lower case; none: every type */
	size_t n_types;
	struct comb combs[REGION_COMBS_MAX];
	size_t n_combs;	   /* 0: the file's content is left alone (renamed only, or skipped) */
	bool skip;	   /* not touched at all */
	bool assumed;	   /* published sources are unsure or silent: not asserted in tests */
	const char *label; /* branch name, for tests and reports */
};

enum scenario_order {
	ORDER_DEPTH_FIRST,
	ORDER_BREADTH_FIRST,
	ORDER_IMPORTANT_FIRST,
	ORDER_PER_ROOT
};

enum scenario_write {
	WRITE_IN_PLACE,	     /* pread/pwrite on the original */
	WRITE_IN_PLACE_MMAP, /* stores into a shared mapping */
	/* In both new-file modes bytes outside the extents are copied as they are, in large calls.
	 */
	WRITE_NEW_UNLINK,	   /* new file, durable, then the original is unlinked */
	WRITE_NEW_OVERWRITE_UNLINK /* as before, the original is overwritten first */
};

enum scenario_rename { RENAME_NONE, RENAME_BEFORE, RENAME_AFTER };
enum scenario_suffix {
	SUFFIX_FIXED,	       /* text as it stands */
	SUFFIX_RANDOM_PER_RUN, /* `suffix_random` letters and digits, one for the whole run */
	SUFFIX_RANDOM_PER_FILE
};
enum scenario_note_place { NOTE_NONE, NOTE_EVERY_FOLDER, NOTE_FIRST_FOLDERS, NOTE_ROOT };
enum scenario_kind {
	SCENARIO_PATTERN, /* a family's shape */
	SCENARIO_DRILL,	  /* a ready drill built on a pattern (standard, fast-actor, quick) */
	SCENARIO_BENIGN	  /* benign-twin: real programs with fixed arguments */
};

struct scenario {
	const char *id;		/* [a-z0-9-]{2,40} */
	struct drill_text name; /* zh and en */
	struct drill_text summary;
	struct drill_text source;
	uint32_t version;
	enum scenario_kind kind;
	const char *attack[16]; /* ATT&CK technique ids, T1486 … */
	size_t n_attack;

	enum scenario_order order;
	enum scenario_write write;
	uint32_t io_bytes;	   /* bytes per call, 1 to 8 MiB */
	uint64_t skip_under_bytes; /* files smaller than this are left alone */
	struct region regions[SCENARIO_REGIONS_MAX];
	size_t n_regions;

	enum scenario_rename rename;
	enum scenario_suffix suffix_kind;
	const char *suffix;	/* with its dot; "" for none */
	uint32_t suffix_random; /* length of the random part */
	bool lower_case_name;
	uint32_t footer_bytes; /* appended; at most 4,096 */
	bool footer_first;     /* appended before the content changes */
	bool probe_file;       /* makes and removes a probe file in each folder first */

	enum scenario_note_place note_place;
	uint32_t note_folders;	     /* with NOTE_FIRST_FOLDERS */
	const char *note_name;	     /* may hold "<id>" */
	struct drill_text note_text; /* own wording; DRILL in line one is added by the engine */

	uint32_t threads; /* 1 to 64; 0: threads_per_processor for each */
	uint32_t threads_per_processor;
	uint32_t threads_max;
	double rate_files_per_s; /* 0: unlimited */

	uint32_t n_decoys;		  /* default number planted, size-class files not counted */
	uint64_t size_classes[32];	  /* one more file of each size, sparse above 8 MiB */
	const char *size_class_types[32]; /* extension for it, NULL: any */
	size_t n_size_classes;

	const char *assumed[16]; /* top-level keys whose value no published source settles */
	size_t n_assumed;

	uint64_t max_files; /* hard budget; the loader checks that the plan fits */
	uint64_t max_bytes;
	uint32_t max_seconds;

	struct digest hash; /* of the file's text */
	struct view text;   /* the file itself, kept for the record */
};

/* Reads and checks one scenario. Everything lives in `p`. `what` names the source in errors. */
enum status scenario_parse(struct view text, const char *what, struct pool *p, struct scenario *out,
	struct error *e) MUST_CHECK;
/* By id: <home>/scenarios/<id>.yaml first, then those built in. E_ABSENT names near ids. */
enum status scenario_find(const char *home, const char *id, struct pool *p, struct scenario *out,
	struct error *e) MUST_CHECK;
/* Ids of all that scenario_find knows, sorted, in `p`. */
enum status scenario_ids(const char *home, struct pool *p, const char ***out_ids, size_t *out_n,
	struct error *e) MUST_CHECK;

/* --- what happens to one file --- */

struct extent {
	uint64_t offset;
	uint64_t len; /* never 0; offset + len never passes the file's size */
};

/* A comb worked out for one size: teeth of `length` bytes from `first` on, one every `stride`, none
 * past `end`. stride 0: one tooth from first to end. first == end: nothing. */
struct comb_teeth {
	uint64_t first;
	uint64_t length;
	uint64_t stride;
	uint64_t end;
};

/* Walks the extents that the scenario changes in a file, from its start to its end, merged over
 * overlapping and touching combs (no byte is yielded twice). A value; no memory is taken. */
struct extent_walk {
	uint64_t size_bytes;
	uint64_t done_to; /* everything below was yielded or is not changed */
	struct comb_teeth combs[REGION_COMBS_MAX];
	size_t n_combs;
};
/* The region for a file, NULL where it is skipped. `type` is the extension in lower case. */
const struct region *scenario_region(
	const struct scenario *s, uint64_t size_bytes, struct view type);
void extent_walk_start(struct extent_walk *w, const struct region *region, uint64_t size_bytes);
bool extent_walk_next(struct extent_walk *w, struct extent *out);
/* Sum of the extents, without walking millions of teeth where a formula serves. */
uint64_t region_bytes(const struct region *region, uint64_t size_bytes);
/* Number of write calls with the scenario's io size. */
uint64_t region_calls(const struct region *region, uint64_t size_bytes, uint32_t io_bytes);
/* All three at once, exact. */
struct region_sum {
	uint64_t n_bytes;
	uint64_t n_extents;
	uint64_t n_calls;
	uint64_t end; /* behind the last changed byte, 0 where none is */
};
struct region_sum region_sum_of(
	const struct region *region, uint64_t size_bytes, uint32_t io_bytes);

#endif
