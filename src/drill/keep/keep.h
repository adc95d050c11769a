/*
 * What a drill keeps: <home>/drills/<id>/ (0700), and the lock that lets one drill of a home run at
 * a time. docs/modules/drill.md lists the files.
 */
#ifndef DRILL_KEEP_H
#define DRILL_KEEP_H

#include <stdbool.h>

#include "base/id.h"
#include "base/pool.h"
#include "drill/drill.h"
#include "drill/keep/keystream.h"
#include "drill/keep/state.h"

#define KEEP_MANIFEST "manifest"
#define KEEP_JOURNAL "journal"
#define KEEP_ESCROW "escrow.key"
#define KEEP_SCENARIO "scenario.yaml"
#define KEEP_STATE "state"
#define KEEP_STOP "stop"
#define KEEP_EVIDENCE "evidence.jsonl"
#define KEEP_RESULT "result.json"
#define KEEP_LIST "restore.list"

/* E_CONFLICT where it is there already. */
enum status keep_make(const char *home, const char *id, int *out_fd, struct error *e) MUST_CHECK;
/* E_ABSENT where there is none, or `id` is no id. */
enum status keep_open(const char *home, const char *id, int *out_fd, struct error *e) MUST_CHECK;
/* <home>/drills/<id>/<name>; NULL where memory is short. */
const char *keep_path(struct pool *p, const char *home, const char *id, const char *name);

/* A new key, on disk (file and folder) before this returns. E_CONFLICT where there is one. */
enum status keep_escrow_make(
	int keep_fd, unsigned char out[ESCROW_KEY_BYTES], struct error *e) MUST_CHECK;
/* *out_there is false before a run. */
enum status keep_escrow_read(int keep_fd, unsigned char out[ESCROW_KEY_BYTES], bool *out_there,
	struct error *e) MUST_CHECK;
/* One line for people and for a home whose database was lost: "finished 2026-… scenario arena". */
enum status keep_write_state(int keep_fd, enum drill_state state, int64_t wall_ns,
	const char *scenario, const char *arena, struct error *e) MUST_CHECK;

/* The home's lock, held for `id` until *out_fd is closed (also by a kill). E_CONFLICT names the
 * drill that holds it. */
enum status keep_lock(const char *home, const char *id, int *out_fd, struct error *e) MUST_CHECK;
/* True, and its id, where a process holds the lock. */
bool keep_locked(const char *home, struct id *out_id);

#endif
