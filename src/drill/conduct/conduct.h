/*
 * A run in progress, between conduct.c (the order of things) and conduct_*.c (the things).
 */
#ifndef DRILL_CONDUCT_H
#define DRILL_CONDUCT_H

#include "drill/attack/attack.h"
#include "drill/conduct/twin.h"
#include "drill/decoy/planting.h"
#include "drill/keep/keep.h"
#include "drill/restore/restore.h"
#include "drill/sense/sense.h"
#include "drill/undo/undo.h"
#include "drill/witness/witness.h"
#include "record/record.h"

enum { LOOKED_AT_MAX = 24 };

struct conduct {
	const struct drill_context *c;
	const struct drill_request *r;
	struct pool *p;

	struct scenario *scenario;
	struct drill_plan plan;
	struct drill_budget budget; /* of what is really planted */
	struct drill_authority authority;
	int64_t planned_wall_ns;
	uint64_t seed;
	const char *id;
	bool planted_before;		      /* by drill_plant */
	const char *looked_at[LOOKED_AT_MAX]; /* folders outside, watched for changes */
	size_t n_looked_at;
	const char *left_out[WITNESS_LEFT_OUT_MAX]; /* in there, and written while the drill runs */
	size_t n_left_out;

	int lock_fd, keep_fd, arena_fd;
	struct evidence *evidence;
	struct keyring *ring;
	struct journal *journal;
	struct channels *channels;
	struct people people;
	struct sense sense;
	struct witness *witness;

	struct manifest manifest;
	unsigned char escrow[ESCROW_KEY_BYTES];
	bool attack_began; /* something may be changed: only undo helps from here on */
	bool is_linked;	   /* decoys have other names: undo must wait until these are gone */
	bool network_gone; /* contained by isolating the host */
	struct attack_outcome attack;
	bool is_benign;
	struct twin_outcome twin;
	enum decoy_state *states; /* after the attack; NULL where they could not be told */
	struct confine_locks locks;
	unsigned char nonce[NONCE_BYTES];
	uint32_t n_destroyed;	 /* really, as the role told file by file */
	int64_t stop_latency_ns; /* outside the attack, see conduct_note_stop; -1: not asked */
	struct drill_restore restore;
	struct witness_outcome users, sentinels;
	const char *witness_state; /* as drill_safety's */
	bool is_void;
	enum drill_void void_code;		    /* where it is */
	const struct witness_finding *void_finding; /* what changed outside; NULL: no such reason */
	struct drill_stopped stopped;
};

/* --- conduct_stages.c: one stage each, in order --- */
enum status conduct_plant(struct conduct *o, struct error *e) MUST_CHECK;
enum status conduct_witness(struct conduct *o, struct error *e) MUST_CHECK;
enum status conduct_backup(struct conduct *o, struct error *e) MUST_CHECK;
enum status conduct_attack(struct conduct *o, struct error *e) MUST_CHECK;
enum status conduct_twin(struct conduct *o, struct error *e) MUST_CHECK;
enum status conduct_assess(struct conduct *o, struct error *e) MUST_CHECK;
void conduct_people(struct conduct *o);
enum status conduct_look_at_users(struct conduct *o, struct error *e) MUST_CHECK;
enum status conduct_look_at_sentinels(struct conduct *o, struct error *e) MUST_CHECK;

/* The journal so far, for assessing; empty in a benign run. */
enum status conduct_read_journal(struct conduct *o, struct buf *out, struct error *e) MUST_CHECK;

/* --- conduct_restore.c --- */
enum status conduct_restore(struct conduct *o, struct error *e) MUST_CHECK;

/* --- conduct_result.c --- */
enum status conduct_result(struct conduct *o, struct drill_result *out, struct error *e) MUST_CHECK;

/* --- conduct_record.c: evidence. `data` is taken, NULL means that memory was short --- */
enum status conduct_note(
	struct conduct *o, const char *event, json_t *data, struct error *e) MUST_CHECK;
enum status conduct_note_authority(struct conduct *o, struct error *e) MUST_CHECK;
enum status conduct_note_planted(struct conduct *o, struct error *e) MUST_CHECK;
enum status conduct_note_attack(struct conduct *o, struct error *e) MUST_CHECK;
enum status conduct_note_result(struct conduct *o, const struct drill_result *r,
	const struct digest *json_hash, struct error *e) MUST_CHECK;
const char *attack_end_word(enum attack_end end);

/* Called where the work of a stage has ended: whether the run was stopped in it, and how long that
 * took from the first sight of the wish until now, once. `stage` as in struct drill_stopped. */
void conduct_note_stop(struct conduct *o, const char *stage);
/* The same behind the attack, which a limit may have ended too, or a wish to stop just after it. */
void conduct_note_attack_stop(struct conduct *o);

/* A sentence with one text in it, translated and said. */
void conduct_say(const struct conduct *o, const char *format, const char *text);

/* Absolute, without slashes at its end, the links of the folders above it followed (file_resolve);
 * NULL where none was asked for. */
enum status conduct_arena_path(
	const char *arena, struct pool *p, const char **out, struct error *e) MUST_CHECK;
/* The planting of this home that waits in `arena`: its id, NULL where there is none. E_CONFLICT
 * where the arena was run already and is not undone. */
enum status arena_owner(const struct drill_context *c, const char *arena, struct pool *p,
	const char **out_id, struct error *e) MUST_CHECK;

#endif
