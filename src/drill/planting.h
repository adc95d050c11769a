/*
 * Planting, from the conductor's side: makes the arena, runs the planter role in its locks, gets the
 * manifest back and keeps it. Nothing is left half-planted: what a failed planting made is removed by
 * undo from the journal-like partial manifest that the planter reports folder by folder.
 */
#ifndef DRILL_PLANTING_H
#define DRILL_PLANTING_H

#include "drill/drill.h"
#include "drill/manifest.h"
#include "drill/scenario.h"

struct planting_request {
	const struct scenario *scenario;
	const char *arena;           /* absolute; absent or empty, or holding `so_far` */
	const char *id;
	uint32_t n_decoys;
	uint64_t seed;               /* of the plan */
	uint32_t generation;         /* 0-based */
	int64_t wall_ns;
	const struct manifest *so_far; /* NULL for the first generation */
	int keep_folder_fd;          /* <home>/drills/<id>: where "manifest" is written */
	const struct drill_watch *watch;
};

/* Checks arena, parents and file system; makes the arena (0700, owned by the role's uid); plants;
 * writes <keep_folder>/manifest atomically. The same checks are used by the plan (planting_check). */
enum status planting_make(const struct planting_request *r, struct pool *p, struct manifest *out,
	struct confine_locks *out_locks, struct error *e) MUST_CHECK;
/* Everything that can be refused before anything is made; *out_file_system gets its kind. */
struct file_system;
enum status planting_check(const char *arena, const struct manifest *so_far,
	struct file_system *out, struct error *e) MUST_CHECK;
/* <keep_folder>/manifest. */
enum status planting_load(int keep_folder_fd, struct pool *p, struct manifest *out, struct error *e)
	MUST_CHECK;

int planter_role(size_t n_fds);

/* In any role that works in the arena: opens file `index` of the manifest through its folder chain and
 * checks the opened descriptor against the manifest (regular file, link count 1, owner, device, inode,
 * mount id of the arena). `name` NULL: the manifest's own. *out_folder_fd is its parent (checked the
 * same way), for rename and unlink by single name. */
struct arena_view {
	int root_fd;
	uint64_t root_mount_id;      /* as seen in the role */
	const struct manifest *manifest;
	int *folder_fds;             /* n_folders entries, -1: not opened yet; cached by arena_folder */
};
enum status arena_view_open(int root_fd, const struct manifest *m, struct pool *p,
	struct arena_view *out, struct error *e) MUST_CHECK;
/* Descriptor stays owned by the view. */
enum status arena_folder(struct arena_view *v, uint32_t folder, int *out_fd, struct error *e)
	MUST_CHECK;
enum status arena_open_file(struct arena_view *v, uint32_t file, const char *name, int flags,
	int *out_fd, struct error *e) MUST_CHECK;

#endif
