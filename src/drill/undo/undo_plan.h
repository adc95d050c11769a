/*
 * What a journal says about each decoy, in the form in which undo and assessment need it. Whatever
 * a journal holds, it becomes manifest indices and single names, or it is refused whole. Private to
 * undo.
 */
#ifndef DRILL_UNDO_PLAN_H
#define DRILL_UNDO_PLAN_H

#include "drill/attack/journal.h"
#include "drill/decoy/manifest.h"
#include "drill/scenario/scenario.h"

struct undo_decoy {
	const char *new_name;	  /* NULL: no intent, or it keeps its name */
	bool intended;		  /* something was going to be done to it */
	bool makes_new_file;	  /* new_name is another file, not another name */
	const char *working_name; /* of that file until it was complete; NULL: none */
	bool overwrites;	  /* the original may be overwritten before it goes */
	bool destroyed;		  /* for the restore test: outside the escrow */
};

struct undo_note {
	uint32_t folder;
	const char *name;
	struct digest content;
};

/* The body of JOURNAL_REMOVE: what phase one found. */
#define UNDO_REMOVE_FIELDS(F) F(u8, verified) F(u32, n_unproven)
PACK_STRUCT(undo_remove, UNDO_REMOVE_FIELDS)

struct undo_plan {
	bool started; /* there is a START */
	struct digest manifest;
	uint32_t uid;		   /* of the role, as START says */
	struct undo_decoy *decoys; /* n_files of the manifest */
	struct undo_note *notes;
	size_t n_notes;
	bool removing; /* phase one had come to its end */
	struct undo_remove found;
	bool undone;
};

enum { UNDO_NOTES_MAX = 400000 };

/* E_INVALID where a record does not fit the manifest; nothing of it is used then. Empty bytes: a
 * plan in which nothing was done. */
enum status undo_plan_read(struct view journal, const struct manifest *m, struct pool *p,
	struct undo_plan *out, struct error *e) MUST_CHECK;

#endif
