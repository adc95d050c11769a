/*
 * Messages between the conductor and its roles (packets of sys/role.h). The number goes up whenever
 * a list changes; both ends are the same executable, so a mismatch is a fault, not a negotiation.
 */
#ifndef DRILL_WIRE_H
#define DRILL_WIRE_H

#include "base/pack.h"

enum wire_type {
	/* conductor to role */
	WIRE_COMMITTED = 1, /* intents up to `sequence` are on disk: go */
	WIRE_LEASE,	    /* go on until boot time `until_boot_ns` */
	WIRE_STOP,	    /* end between two files */
	/* role to conductor */
	WIRE_READY = 32, /* locks are on */
	WIRE_BATCH,	 /* intents and notes to journal: body is journal records' bodies */
	WIRE_DONE,	 /* files done */
	WIRE_BEAT,	 /* alive; several a second */
	WIRE_RESULT,	 /* a role's own result, once or in pieces */
	WIRE_FAULT,	 /* an error: status and sentence */
	WIRE_FINISHED	 /* nothing more follows; the role exits */
};

#define WIRE_COMMITTED_FIELDS(F) F(u64, sequence)
#define WIRE_LEASE_FIELDS(F) F(i64, until_boot_ns)
#define WIRE_STOP_FIELDS(F) F(i64, asked_boot_ns)
#define WIRE_READY_FIELDS(F)                                                                       \
	F(u32, landlock_abi)                                                                       \
	F(u8, mount_namespace) F(u8, seccomp) F(u8, own_uid) F(u8, no_new_privileges)
#define WIRE_FAULT_FIELDS(F) F(u8, status) F(u32, errno_value) F(text, sentence)
#define WIRE_BEAT_FIELDS(F) F(i64, at_boot_ns) F(u32, n_files) F(u64, n_bytes)
#define WIRE_FINISHED_FIELDS(F) F(u8, reason) F(i64, stopped_boot_ns)

PACK_STRUCT(wire_committed, WIRE_COMMITTED_FIELDS)
PACK_STRUCT(wire_lease, WIRE_LEASE_FIELDS)
PACK_STRUCT(wire_stop, WIRE_STOP_FIELDS)
PACK_STRUCT(wire_ready, WIRE_READY_FIELDS)
PACK_STRUCT(wire_fault, WIRE_FAULT_FIELDS)
PACK_STRUCT(wire_beat, WIRE_BEAT_FIELDS)
PACK_STRUCT(wire_finished, WIRE_FINISHED_FIELDS)

#endif
