/*
 * What the conductor hands to the planter, and what comes back. Private to planting.c and
 * planter.c.
 */
#ifndef DRILL_PLANTER_H
#define DRILL_PLANTER_H

#include "base/pack.h"
#include "sys/role.h"

/* A sealed file in memory: the order, then the planned manifest; and the arena. */
enum { PLANTER_ORDER_FD = ROLE_FIRST_FD, PLANTER_ARENA_FD, PLANTER_FDS = 2 };
enum { PLANTER_ORDER_BYTES = 28 };
#define PLANTER_MAGIC 0x544e4c50U /* "PLNT" */

/* Everything from first_folder and first_file on is to be made. */
#define PLANTER_ORDER_FIELDS(F)                                                                    \
	F(u32, magic)                                                                              \
	F(u32, uid) F(u32, gid) F(u64, max_file_bytes) F(u32, first_folder) F(u32, first_file)
PACK_STRUCT(planter_order, PLANTER_ORDER_FIELDS)

/* The body of a WIRE_RESULT is one of these after the other, each behind a byte of planter_made.
 * The runs of a file follow it: u64 first, u64 n, n tags, n_runs times. */
enum planter_made { PLANTER_MADE_FOLDER = 1, PLANTER_MADE_FILE = 2 };
#define PLANTER_FOLDER_FIELDS(F) F(u32, index) F(u64, inode)
#define PLANTER_FILE_FIELDS(F) F(u32, index) F(u64, inode) F(digest, whole) F(u32, n_runs)
PACK_STRUCT(planter_folder, PLANTER_FOLDER_FIELDS)
PACK_STRUCT(planter_file, PLANTER_FILE_FIELDS)

#endif
