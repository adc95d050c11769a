/*
 * Looking at the arena after something happened to it, and putting it back. The role works in the
 * same locks as the emulator, on the manifest and the journal alone.
 */
#ifndef DRILL_UNDO_H
#define DRILL_UNDO_H

#include "drill/decoy/manifest.h"
#include "drill/drill.h"
#include "drill/keep/keystream.h"
#include "drill/scenario/scenario.h"

enum decoy_state {
	DECOY_INTACT,  /* planted content at the planted name (whatever inode: a restore makes new
			  ones) */
	DECOY_CHANGED, /* changed by the run, and the key brings it back */
	DECOY_LOST,    /* there, but neither planted content nor explained by the run */
	DECOY_MISSING  /* nothing at its name nor at the name that the run gave it */
};

struct assess_request {
	const struct manifest *manifest;
	struct view journal; /* its bytes; empty before a run */
	int arena_fd;
	const unsigned char *escrow;	 /* ESCROW_KEY_BYTES, NULL before a run */
	const struct scenario *scenario; /* of the run: it says what a half-way block looks like;
					    NULL before a run */
	const uint32_t *files;		 /* NULL: all */
	size_t n_files;
	/* Restore challenge: with a nonce each intact file answers HMAC-SHA-256(nonce, content). */
	const unsigned char *nonce; /* 32 bytes or NULL */
	const struct drill_watch *watch;
};
struct assess_outcome {
	enum decoy_state *states; /* one for each asked file, in the pool */
	struct digest *answers;	  /* with a nonce; zero where not intact */
	uint32_t n_intact, n_changed, n_lost, n_missing;
	struct confine_locks locks;
};
/* Reads only: changes nothing in the arena. */
enum status undo_assess(const struct assess_request *r, struct pool *p, struct assess_outcome *out,
	struct error *e) MUST_CHECK;

struct undo_request {
	const struct manifest *manifest;
	int keep_folder_fd; /* <home>/drills/<id>: its journal (keep.h) is read, PHASE and REMOVE
			       are added */
	const unsigned char *escrow;	 /* NULL: never run */
	const struct scenario *scenario; /* NULL: never run */
	bool twin;    /* a benign run: what a killed twin left is swept first (twin_sweep.h) */
	bool partial; /* the manifest is of an unfinished planting (planting_load_partial) */
	const struct drill_watch *watch;
};
/* Restores every changed decoy bit-exactly and proves it by hash, then removes what was planted and
 * nothing else, the arena last. Idempotent, also after a kill or power cut at any point. */
enum status undo_run(const struct undo_request *r, struct pool *p, struct drill_undone *out,
	struct error *e) MUST_CHECK;

/* Names one object more that was left ("path: why", and the stable word for why), as long as there
 * is room. */
enum { UNDO_NAMED_MAX = 100 };
enum status undone_name_left(struct drill_undone *d, struct pool *p, struct view line,
	const char *code, struct error *e) MUST_CHECK;

int undo_role(size_t n_fds);

#endif
