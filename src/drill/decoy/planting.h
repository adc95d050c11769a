/*
 * Planting, from the conductor's side: makes the arena, runs the planter role in its locks, gets
 * the manifest back and keeps it. Nothing is left half-planted: what a failed planting made is
 * removed by undo from the journal-like partial manifest that the planter reports folder by folder.
 */
#ifndef DRILL_PLANTING_H
#define DRILL_PLANTING_H

#include "drill/decoy/manifest.h"
#include "drill/drill.h"
#include "drill/scenario/scenario.h"

struct planting_request {
	const struct scenario *scenario;
	const char *arena; /* absolute; absent or empty, or holding `so_far` */
	const char *id;
	uint32_t n_decoys;
	uint64_t seed;	     /* of the plan */
	uint32_t generation; /* 0-based */
	int64_t wall_ns;
	const struct manifest *so_far; /* NULL for the first generation */
	int keep_folder_fd;	       /* <home>/drills/<id>: where "manifest" is written */
	const struct drill_watch *watch;
};

/* Checks arena, parents and file system; makes the arena (0700, owned by the role's uid); plants;
 * writes <keep_folder>/manifest, sealed, atomically. The same checks are used by the plan
 * (planting_check).
 */
enum status planting_make(const struct planting_request *r, struct pool *p, struct manifest *out,
	struct confine_locks *out_locks, struct error *e) MUST_CHECK;
/* Everything that can be refused before anything is made: the kind of file system, links, mounts,
 * who else could exchange a parent, what is there already. The arena's parent must exist. `home`:
 * the state folder, in which no arena may lie; NULL: not asked. *out gets the file system. */
struct file_system;
enum status planting_check(const char *arena, const char *home, const struct manifest *so_far,
	struct file_system *out, struct error *e) MUST_CHECK;
/* E_CONFLICT where the folder holds anything; `arena` is for the sentence. */
enum status planting_check_empty(int folder_fd, const char *arena, struct error *e) MUST_CHECK;
/* <keep_folder>/manifest, with the device on which the arena lies now: its number changes with a
 * restart or another mount. The hash is that of the record. E_DENIED where it does not bear the
 * seal of its state folder (drill/keep/seal.h), in words for the user. */
enum status planting_load(
	int keep_folder_fd, struct pool *p, struct manifest *out, struct error *e) MUST_CHECK;
/* For undo: everything that may be in the arena. *out_partial where a planting did not come to its
 * end: then *out is what it was going to make (objects of the unfinished generation have inode 0
 * and no tags), and an object is ours only where it stands at a planned name, belongs to out->uid
 * and lies in the arena whose device and inode are out's, which stands at its own name or still at
 * its first one. arena_inode 0: not even the arena is known to have been made; an empty folder of
 * the first name that belongs to out->uid or to us may be removed (rmdir), nothing else. E_ABSENT:
 * nothing was ever planted; E_DENIED as above, whichever of the two records it is. */
enum status planting_load_partial(int keep_folder_fd, struct pool *p, struct manifest *out,
	bool *out_partial, struct error *e) MUST_CHECK;

/* What the arena is called, in the folder that will hold it, until its inode is on record. */
enum { PLANTING_NAME_BYTES = 64 };
void planting_first_name(const struct manifest *m, char out[PLANTING_NAME_BYTES]);

int planter_role(size_t n_fds);

/*
 * In any role that works in the arena: opens folders and files of the manifest through their folder
 * chain, one checked name at a time. What is opened is compared with the manifest on the
 * descriptor: type, owner, device, inode, the arena's mount id and, for files, a link count of 1.
 *
 * E_ABSENT: no such name. E_DENIED with errno_value 0: what is there is not what was planted (a
 * link, a pipe, another inode, owner or mount, a second link); it was never opened for writing. Any
 * other status, or an errno_value: what the kernel said (EACCES, EPERM, EROFS …).
 *
 * A view belongs to one thread at a time.
 */
enum { ARENA_FOLDERS_OPEN_MAX = 512 };
struct arena_view {
	int root_fd;		/* borrowed */
	uint64_t root_mount_id; /* as seen in the role */
	const struct manifest *manifest;
	int *folder_fds; /* n_folders entries, -1: not opened; cached by arena_folder */
	/* Set by the caller after arena_view_open, where needed. */
	bool unfinished;     /* inode 0 in the manifest fits any (planting_load_partial) */
	bool any_inode;	     /* what a restore made anew has other inodes than the manifest */
	uint32_t n_open_max; /* ARENA_FOLDERS_OPEN_MAX; fewer where several views share a limit */
	uint32_t *open_folders; /* which entries are open, n_open of them */
	uint32_t n_open;
	uint64_t *last_used; /* by folder, in ticks */
	uint64_t tick;
};
/* E_DENIED where root_fd is not the manifest's arena. */
enum status arena_view_open(int root_fd, const struct manifest *m, struct pool *p,
	struct arena_view *out, struct error *e) MUST_CHECK;
/* FOLDER_ROOT gives root_fd. The descriptor stays owned by the view, and good until more than
 * n_open_max - MANIFEST_DEPTH_MAX other folders were asked for. */
enum status arena_folder(
	struct arena_view *v, uint32_t folder, int *out_fd, struct error *e) MUST_CHECK;
/* `name` NULL: the manifest's own, else a single name in the same folder (what a run renamed it
 * to). `flags`: O_RDONLY, O_RDWR or O_WRONLY, with O_DIRECT and its like; never O_CREAT or O_TRUNC.
 */
enum status arena_open_file(struct arena_view *v, uint32_t file, const char *name, int flags,
	int *out_fd, struct error *e) MUST_CHECK;
/* The same for who keeps a descriptor of the file's folder himself: touches nothing of the view, so
 * several threads may call it at once. */
struct arena_file {
	uint32_t file;
	const char *name; /* NULL: the manifest's own */
	int flags;
};
enum status arena_open_in(const struct arena_view *v, int folder_fd, const struct arena_file *which,
	int *out_fd, struct error *e) MUST_CHECK;
/* Closes the folders, not the root. Accepts a zeroed view. */
void arena_view_close(struct arena_view *v);

#endif
