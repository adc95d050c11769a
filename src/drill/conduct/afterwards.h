/*
 * Undo without the lock, for drill_undo and for a run that ends before its attack.
 */
#ifndef DRILL_AFTERWARDS_H
#define DRILL_AFTERWARDS_H

#include "drill/decoy/manifest.h"
#include "drill/drill.h"
#include "drill/scenario/scenario.h"

/* What a drill's folder says was planted and run. */
struct kept {
	struct manifest manifest;
	bool planted; /* false: nothing ever was */
	bool partial; /* a planting that did not come to its end */
	bool ran;     /* there is a key: an attack may have begun */
	unsigned char escrow[32];
	struct scenario *scenario; /* NULL where there is no copy */
};
enum status kept_load(int keep_fd, struct pool *p, struct kept *out, struct error *e) MUST_CHECK;

struct undo_place {
	const char *home;
	const char *id;
	int keep_fd;
};
/* Restores and removes; the caller holds the home's lock and moves the state. E_PARTLY fills *out
 * too. */
enum status afterwards_undo(const struct undo_place *place, const struct drill_watch *w,
	struct pool *p, struct drill_undone *out, struct error *e) MUST_CHECK;

#endif
