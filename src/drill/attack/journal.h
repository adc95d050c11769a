/*
 * The journal of a run: what is going to be done is on disk before it is done. The conductor alone
 * writes it (group commit: one fdatasync for a batch of intents); undo reads it.
 *
 * On disk: records of u32 length, u8 kind, u64 sequence, body, and 16 bytes of chain (SHA-256 over
 * the chain before and the record, cut). A torn tail is what a power cut leaves and is dropped; a
 * record that does not fit the chain before the tail ends the reading with E_INVALID. Nothing in a
 * journal can name a place outside: names are single components, folders and files are manifest
 * indices.
 */
#ifndef DRILL_JOURNAL_H
#define DRILL_JOURNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/pack.h"
#include "drill/keep/keystream.h"

#define JOURNAL_BYTES_MAX (256 * MIB)

enum journal_kind {
	JOURNAL_START = 1,  /* first record */
	JOURNAL_INTENT = 2, /* a decoy is going to be changed */
	JOURNAL_NOTE = 3,   /* a note (or probe file) is going to be made */
	JOURNAL_DONE = 4,   /* a decoy was changed */
	JOURNAL_DESTROY =
		5, /* a decoy is going to be destroyed for the restore test: outside escrow */
	JOURNAL_PHASE = 6, /* the run moved on (enum journal_phase) */
	JOURNAL_REMOVE = 7 /* undo has verified everything and starts to remove */
};

enum journal_phase {
	PHASE_ATTACK = 1,
	PHASE_ATTACK_ENDED,
	PHASE_DESTROY,
	PHASE_RESTORE,
	PHASE_FINISHED,
	PHASE_UNDONE
};

#define JOURNAL_START_FIELDS(F)                                                                    \
	F(text, drill) F(digest, manifest) F(digest, scenario) F(i64, at_ns) F(u32, uid)
/* In-place modes: the object is renamed to new_name (empty: keeps its name) before or after.
 * New-file modes: new_name is the new file in the same folder; the original goes afterwards. With
 * rename `after` it is written under its working name and gets new_name once it is complete and on
 * the disk, so the working name never holds the only copy of anything. */
#define JOURNAL_INTENT_FIELDS(F)                                                                   \
	F(u32, file) F(u8, write) F(u8, rename) F(text, new_name) F(u32, footer_bytes)
#define JOURNAL_NOTE_FIELDS(F) F(u32, folder) F(text, name) F(digest, content) F(u8, is_probe)
/* `touched`: the decoy is not what was planted any more, from the first byte that was changed or
 * added on, whatever the work on it ended with. The last two: how long that took, by the clock and
 * in processor time. */
#define JOURNAL_DONE_FIELDS(F)                                                                     \
	F(u32, file)                                                                               \
	F(u8, result)                                                                              \
	F(u8, touched) F(u64, bytes_changed) F(i64, at_boot_ns) F(u64, took_ns) F(u64, cpu_ns)
#define JOURNAL_DESTROY_FIELDS(F) F(u32, file)
#define JOURNAL_PHASE_FIELDS(F) F(u8, phase) F(i64, at_ns) F(i64, at_boot_ns)

PACK_STRUCT(journal_start, JOURNAL_START_FIELDS)
PACK_STRUCT(journal_intent, JOURNAL_INTENT_FIELDS)
PACK_STRUCT(journal_note, JOURNAL_NOTE_FIELDS)
PACK_STRUCT(journal_done, JOURNAL_DONE_FIELDS)
PACK_STRUCT(journal_destroy, JOURNAL_DESTROY_FIELDS)
PACK_STRUCT(journal_phase_record, JOURNAL_PHASE_FIELDS)

/* The working name of a new file: new_name and a T. False where that is too long for a name. */
bool journal_working_name(const char *new_name, char out[256]);

struct journal;

/* Makes the file (O_EXCL) in the drill's folder, or opens it and goes on behind its last good
 * record (a torn tail is cut off). */
enum status journal_create(
	int folder_fd, const char *name, struct journal **out, struct error *e) MUST_CHECK;
enum status journal_resume(
	int folder_fd, const char *name, struct journal **out, struct error *e) MUST_CHECK;
/* Buffered; on disk only after journal_commit (one write, one fdatasync). After a failure every
 * later call fails: nothing may be done that is not journaled. */
enum status journal_add(
	struct journal *j, enum journal_kind kind, struct view body, struct error *e) MUST_CHECK;
enum status journal_commit(struct journal *j, struct error *e) MUST_CHECK;
void journal_close(struct journal *j);
AUTO_TYPE(journal_close, struct journal *)

/* Calls `each` for every good record in order; a status other than OK from it ends the reading and
 * is returned. *out_torn: a tail was dropped. */
struct journal_record {
	enum journal_kind kind;
	uint64_t sequence;
	struct view body;
};
enum status journal_read(struct view bytes,
	enum status (*each)(const struct journal_record *r, void *context, struct error *e),
	void *context, bool *out_torn, struct error *e) MUST_CHECK;

#endif
