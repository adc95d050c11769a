/*
 * Messages between the conductor and the witness, beside those of wire.h. The request goes over in
 * a sealed file in memory, since it is read before the locks are on. Private to the witness.
 */
#ifndef DRILL_WITNESS_WIRE_H
#define DRILL_WITNESS_WIRE_H

#include "base/pack.h"

enum witness_message {
	WITNESS_LOOK = 16,    /* conductor to witness */
	WITNESS_MARK = 17,    /* conductor to witness; answered by a summary */
	WITNESS_FINDING = 48, /* witness to conductor: one change */
	WITNESS_SUMMARY = 49, /* ends the answer to a look */
	WITNESS_SIGHT = 50 /* witness to conductor, before it is ready: a sentinel's first sight */
};

enum { WITNESS_FOLDERS_MAX = 32, WITNESS_FINDINGS_MAX = 200 };
#define WITNESS_REQUEST_BYTES_MAX (256 * 1024)

/* Then n_sentinel_folders and n_sample_folders times a text, n_left_out times u64 device and u64
 * inode, n_sights times a witness_sight_wire: what an earlier witness saw of the sentinels, each
 * folder and behind it its files, where this one is to compare with that. */
/* The formatter does not settle on these lists. */
/* clang-format off */
#define WITNESS_REQUEST_FIELDS(F) \
	F(u32, uid) F(u32, gid) F(u32, emulator_uid) F(u8, may_attribute) \
	F(u32, files_max) F(u64, bytes_max) F(u64, arena_device) F(u64, arena_inode) \
	F(u64, home_device) F(u64, home_inode) F(u64, seed) F(u32, n_sentinel_folders) \
	F(u32, n_sample_folders) F(u32, n_left_out) F(u32, n_sights)
/* clang-format on */
/* What sight_compare compares. */
/* clang-format off */
#define WITNESS_SIGHT_FIELDS(F) \
	F(u64, device) F(u64, inode) F(u32, uid) F(u32, gid) F(u32, mode) F(u32, n_links) \
	F(u64, size_bytes) F(i64, changed_ns) F(i64, modified_ns) F(digest, content) \
	F(digest, attributes)
/* clang-format on */
#define WITNESS_LOOK_FIELDS(F) F(u8, user_files)
#define WITNESS_FINDING_FIELDS(F) F(text, path) F(u8, what) F(u8, is_sentinel) F(u8, attributed)
/* The formatter does not settle on these lists. */
/* clang-format off */
#define WITNESS_SUMMARY_FIELDS(F) \
	F(u32, n_sentinels) F(u32, n_sentinels_changed) F(u32, n_user_files) \
	F(u32, n_unattributed) F(u32, n_attributed)
/* clang-format on */

PACK_STRUCT(witness_request_wire, WITNESS_REQUEST_FIELDS)
PACK_STRUCT(witness_sight_wire, WITNESS_SIGHT_FIELDS)
PACK_STRUCT(witness_look_wire, WITNESS_LOOK_FIELDS)
PACK_STRUCT(witness_finding_wire, WITNESS_FINDING_FIELDS)
PACK_STRUCT(witness_summary_wire, WITNESS_SUMMARY_FIELDS)

#endif
