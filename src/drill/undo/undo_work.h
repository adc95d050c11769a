/*
 * What undo's role works with: one decoy after the other is looked for, decided, put back and
 * proven (undo_decoy.c), then what was planted is removed (removal.c). Used inside the locks, and
 * by tests on a folder of their own. Private to undo.
 */
#ifndef DRILL_UNDO_WORK_H
#define DRILL_UNDO_WORK_H

#include <stdatomic.h>

#include "drill/decoy/planting.h"
#include "drill/keep/keystream.h"
#include "drill/undo/undo.h"
#include "drill/undo/undo_block.h"
#include "drill/undo/undo_plan.h"
#include "sys/file.h"

/* Why a decoy is not proven, or an object was left. */
enum undo_reason {
	REASON_NONE,
	REASON_MISSING,	  /* nothing at its name nor at the name that the run gave it */
	REASON_CONTENT,	  /* its content is neither the planted one nor explained by the run */
	REASON_OTHER,	  /* another object has its name */
	REASON_KIND,	  /* a link, a folder, a device, or a file with a second link */
	REASON_FOLDER,	  /* its folder is not the one that was planted */
	REASON_NOTE,	  /* a note whose text is not the run's */
	REASON_NOT_EMPTY, /* a folder that holds something which is not ours */
	REASON_SYSTEM	  /* the system refused: errno_value says why */
};

/* What was left, for the sentence that names it; `index` is of a file, note or folder. */
enum undo_left { LEFT_DECOY, LEFT_NEW_NAME, LEFT_WORKING_NAME, LEFT_NOTE, LEFT_FOLDER };

struct decoy_finding {
	bool decided; /* false where a stop came first */
	enum decoy_state state;
	enum undo_reason reason;
	int errno_value;	   /* with REASON_SYSTEM */
	bool restored;		   /* it was changed, and is back and proven */
	bool waits;		   /* contents_only: its name comes next */
	uint64_t proven_inode;	   /* of the object with the planted content; 0: none */
	int64_t proven_changed_ns; /* its ctime then: removal takes no other */
	struct digest answer;	   /* to the nonce, where intact */
};

/* What the whole job may still spend and has done, whichever thread it is. */
struct undo_shared {
	atomic_ullong search_left; /* candidates that may still be tried */
	uint64_t search_kept;	   /* of these, what destroyed decoys leave for the others */
	atomic_ullong n_bytes;	   /* read so far */
};
void undo_shared_start(struct undo_shared *s, bool writes);

/* One thread's. */
struct undo_work {
	const struct manifest *manifest;
	const struct undo_plan *plan;
	const struct scenario *scenario; /* NULL: never run */
	const unsigned char *escrow;	 /* NULL: never run */
	const unsigned char *nonce;	 /* NULL: no challenge */
	bool writes;			 /* false: looks only */
	/* The run's new files get their contents, not yet their names: what has a planted name is
	 * to be on the disk before it gets it. */
	bool contents_only;
	bool partial; /* inodes and hashes may be missing from the manifest */
	struct undo_shared *shared;
	uint32_t n_folders_open_max; /* arena_view's */
	/* Called every few MiB where the caller is the only thread: keeps the conductor informed.
	 * May be NULL. */
	void (*alive)(struct undo_work *w);
	void *context;

	struct arena_view view;
	struct keystream *keystream;
	struct block_solver *solver;
	unsigned char *whole;  /* WHOLE_BYTES_MAX: a decoy's content, put together */
	unsigned char *stream; /* WHOLE_STREAM_BYTES */
	unsigned char *chunk;
	unsigned char *block; /* for the other file's block and for plain bytes */
	struct piece *pieces;
	struct digester *digester;
};

/* What one look at a single name found. */
enum thing {
	THING_NONE,
	THING_OURS,   /* the object of the manifest */
	THING_MADE,   /* where a new file of the run can be: regular, one link, the role's uid */
	THING_LINKED, /* the object of the manifest with further links; opened for reading only */
	THING_OTHER,  /* a regular file with one link that is neither; opened for reading only */
	THING_FOREIGN /* anything else; not opened */
};
struct sight {
	enum thing thing;
	enum undo_reason reason; /* with THING_FOREIGN, THING_LINKED */
	int errno_value;
	int fd;
	int folder_fd; /* borrowed from the view, -1 where there is none */
	struct file_identity identity;
};
void sight_done(struct sight *s);
#define AUTO_SIGHT __attribute__((cleanup(sight_done)))

/* Looks at `name` in the manifest's folder `folder`; `file` is the decoy that it could be. `made`:
 * a new file of the run may stand there, `sized` only one of the planted size. Never opens for
 * writing what is not ours. */
enum { NO_FILE = UINT32_MAX };
struct look {
	uint32_t folder;
	uint32_t file; /* or NO_FILE: a note */
	const char *name;
	bool made;
	bool sized;
	bool writes;	 /* open for writing where it is ours or made */
	bool only_names; /* who it is suffices: nothing is opened */
};
void undo_look(struct undo_work *w, const struct look *l, struct sight *out);

enum status undo_work_start(
	struct undo_work *w, int arena_fd, struct pool *p, struct error *e) MUST_CHECK;
void undo_work_done(struct undo_work *w);

/* Decides one decoy and, where w->writes, puts it back. What cannot be done is in the finding. */
void undo_decoy(struct undo_work *w, uint32_t file, struct decoy_finding *out);
/* Destroyed for the restore test, and nothing brought it back: not expected to be proven. Where the
 * system refused, another undo may succeed. */
bool undo_is_excused(const struct undo_work *w, uint32_t file, const struct decoy_finding *f);

struct removal {
	uint32_t n_removed;
	uint32_t n_left;
	/* Called for each object that is left. */
	void (*left)(struct removal *r, enum undo_left what, uint32_t index, enum undo_reason why,
		int errno_value);
	void *context;
};
/* Removes decoy `file` and what the run made of it. */
void removal_decoy(
	struct undo_work *w, uint32_t file, const struct decoy_finding *f, struct removal *r);
void removal_note(struct undo_work *w, size_t index, struct removal *r);
void removal_folder(struct undo_work *w, uint32_t folder, struct removal *r);

#endif
