/*
 * What conductor and role say to each other for undo and assessment, and the conductor's side of
 * the talk. Private to undo.
 */
#ifndef DRILL_UNDO_WIRE_H
#define DRILL_UNDO_WIRE_H

#include "drill/undo/undo_work.h"
#include "drill/wire.h"
#include "sys/role.h"

/* Descriptors of the role, from ROLE_FIRST_FD on. All but the first are sealed memory. */
enum undo_fd {
	UNDO_FD_ARENA,
	UNDO_FD_MANIFEST,
	UNDO_FD_JOURNAL,
	UNDO_FD_SCENARIO,
	UNDO_FD_REQUEST,
	UNDO_FDS
};

enum undo_task { UNDO_TASK_ASSESS = 1, UNDO_TASK_UNDO = 2 };

/* Empty bytes stand for "none"; `files` are u32 indices, none: all. `removing`: an earlier undo had
 * verified everything already, so that what is missing was removed by it. */
#define UNDO_CALL_FIELDS(F)                                                                        \
	F(u8, task)                                                                                \
	F(u8, twin)                                                                                \
	F(u8, partial)                                                                             \
	F(u8, removing)                                                                            \
	F(u32, uid)                                                                                \
	F(u32, gid) F(u64, max_file_bytes) F(bytes, escrow) F(bytes, nonce) F(bytes, files)
PACK_STRUCT(undo_call, UNDO_CALL_FIELDS)

/* Bodies of WIRE_RESULT: one byte of enum undo_says, then records of its kind. */
enum undo_says { UNDO_SAYS_DECOYS = 1, UNDO_SAYS_LEFT, UNDO_SAYS_PHASE };
/* `place`: in the list that was asked for, or the file. */
#define UNDO_DECOY_FIELDS(F)                                                                       \
	F(u32, place) F(u8, state) F(u8, reason) F(u32, errno_value) F(digest, answer)
#define UNDO_LEFT_FIELDS(F) F(u8, what) F(u32, index) F(u8, reason) F(u32, errno_value)
/* The end of a phase. */
#define UNDO_PHASE_FIELDS(F)                                                                       \
	F(u8, is_stopped) F(u32, n_restored) F(u32, n_unproven) F(u32, n_removed) F(u32, n_left)
PACK_STRUCT(undo_decoy_told, UNDO_DECOY_FIELDS)
PACK_STRUCT(undo_left_told, UNDO_LEFT_FIELDS)
PACK_STRUCT(undo_phase_told, UNDO_PHASE_FIELDS)

/* --- the conductor's side --- */

struct undo_talk {
	struct role_process process;
	struct packet *packet;
	const struct drill_watch *watch;
	const char *id;
	enum drill_stage stage;
	uint64_t n_total;
	struct wire_beat beat;
	struct confine_locks locks;
	bool is_ready;
	int64_t started_ns;
	int64_t shown_ns;
	int64_t stop_asked_ns; /* -1 */
};

struct undo_talk_start {
	enum undo_task task;
	const struct manifest *manifest;
	struct view journal;
	const struct scenario *scenario;
	const unsigned char *escrow;
	const unsigned char *nonce;
	const uint32_t *files;
	size_t n_files;
	bool twin;
	bool partial;
	bool removing;
	int arena_fd;
	const struct drill_watch *watch;
	enum drill_stage stage;
};
/* E_DENIED for a uid that the caller must not take: not his own, or, as root, outside the range
 * that confine_pick_uid chooses from. */
enum status undo_check_uid(const struct manifest *m, struct error *e) MUST_CHECK;
/* E_INVALID where the journal gives a decoy or a note another name than the run's scenario and key
 * do. */
enum status undo_check_names(
	const struct undo_plan *plan, const struct undo_request *r, struct error *e) MUST_CHECK;
/* Asks undo_check_uid first. */
enum status undo_talk_open(
	const struct undo_talk_start *s, struct undo_talk *out, struct error *e) MUST_CHECK;
/* The next WIRE_RESULT or WIRE_FINISHED, in talk->packet; progress and stop requests are seen to
 * meanwhile. E_STOPPED where the role did not heed a stop and was ended. */
enum status undo_talk_next(struct undo_talk *t, struct error *e) MUST_CHECK;
/* The role may start to remove. */
enum status undo_talk_go_on(struct undo_talk *t, struct error *e) MUST_CHECK;
void undo_talk_close(struct undo_talk *t);
#define AUTO_UNDO_TALK __attribute__((cleanup(undo_talk_close)))
/* A record that does not read: both ends are the same program, so it is a fault. */
enum status undo_talk_garbled(struct error *e);

#endif
