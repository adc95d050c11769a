/*
 * The usual decoy in one go: as planted from end to end, or changed wherever the run changes.
 * Whatever is neither is for undo_block.h. Private to undo.
 */
#ifndef DRILL_UNDO_WHOLE_H
#define DRILL_UNDO_WHOLE_H

#include "drill/undo/undo_work.h"

/* Room that it needs: undo_work's `whole` and `stream`. */
enum { WHOLE_BYTES_MAX = 8 * 1024 * 1024, WHOLE_STREAM_BYTES = 16 * 1024 };

enum whole {
	WHOLE_NEITHER, /* nothing was written */
	WHOLE_PLAIN,   /* the bytes behind `fd` up to the planted size are the planted ones */
	WHOLE_CHANGED, /* they were changed; with w->writes they are the planted ones again, and
			  were read back */
	WHOLE_FAILED   /* errno says why; some may be written */
};
/* `may_be_changed` false: only WHOLE_PLAIN or WHOLE_NEITHER is asked for. Proof is the hash over
 * all of the content. Decoys with holes, or larger than WHOLE_BYTES_MAX, are WHOLE_NEITHER. */
enum whole undo_whole(struct undo_work *w, uint32_t file, int fd, bool may_be_changed);

#endif
