/*
 * The restore test: a random sample of decoys is destroyed for good, the user's own backup tool is
 * called, and what came back is proven by hash and by keyed answers to a nonce that did not exist
 * before. docs/restore.md says it to users.
 */
#ifndef DRILL_RESTORE_H
#define DRILL_RESTORE_H

#include "drill/decoy/manifest.h"
#include "drill/drill.h"
#include "drill/undo/undo.h"

enum {
	NONCE_BYTES = 32,
	RESTORE_SAMPLE_MIN = 8,
	RESTORE_SAMPLE_MAX = 50,
	RESTORE_OUTPUT_MAX = 4096
};
#define RESTORE_LIMIT_NS (30 * 60 * NS_PER_S)

/* max(8, min(50, 5 %)) decoys by lot from the nonce: at least one of each generation (newest first)
 * and of each kind while they fit. Names with a newline cannot stand in the list and are left out.
 */
enum status restore_sample(const struct manifest *m, const unsigned char nonce[NONCE_BYTES],
	struct pool *p, uint32_t **out_files, size_t *out_n, struct error *e) MUST_CHECK;

struct restore_command {
	const char *line; /* {arena}, {list} and {id} are replaced in each argument */
	const char *arena, *list, *id;
	int64_t limit_ns;
	bool (*tick)(void *context);
	void *context;
};
/* E_INVALID where the line cannot be split, names no program, or holds a {word} that nobody
 * replaces: checked before anything is planted. */
enum status restore_check(const char *line, struct error *e) MUST_CHECK;
/* Runs it in "/" with TOCSIN_ARENA, TOCSIN_LIST and TOCSIN_DRILL. *output: its tail, fit to show.
 */
struct command_result;
enum status restore_call(const struct restore_command *c, struct pool *p, const char **output,
	struct command_result *out, struct error *e) MUST_CHECK;
/* <keep>/restore.list: absolute paths of the files, one a line. */
enum status restore_write_list(int keep_fd, const struct manifest *m, const uint32_t *files,
	size_t n_files, struct error *e) MUST_CHECK;

/* Files that came back under another owner than the decoys' (a copy made by root) cannot be read by
 * the role that checks the rest. This reads them, and only reads: beneath the arena without links,
 * regular, link count 1, planted size; *out_same and the keyed answer where the content is the
 * planted one. */
enum status challenge_as_caller(int arena_fd, const struct manifest *m, uint32_t file,
	const unsigned char nonce[NONCE_BYTES], bool *out_same, struct digest *out_answer,
	struct error *e) MUST_CHECK;

/* A restore that ran as root (rsync without -o, a chown) may leave root's folders and files in the
 * arena, in which the drill's roles cannot work then. Both give back to the decoys' owner, and do
 * so only as root, only where the arena is the manifest's own and its uid one that no account has,
 * only beneath that arena, and only on the descriptor that was looked at (decision 0062).
 *
 * The arena, and its planted folders: where they are still those of the manifest, and root's. */
void restore_take_back_folders(int arena_fd, const struct manifest *m);
/* These, and files: with planted content, whoever restored them; and root's where they are still
 * the planted ones, or have the name that the run gave its new file or its note. Returns how many
 * decoys. */
struct take_back {
	const struct manifest *manifest;
	const struct scenario *scenario; /* of the run, with its key: both give the run's names; or
					    NULL */
	const unsigned char *escrow;
};
uint32_t restore_take_back(int arena_fd, const struct take_back *t);

/* The newest generation, by its date, of which every sampled decoy came back as it was planted. A
 * backup that was made later than that generation brought it back, so the age at T0 is the RPO. */
struct restore_point {
	uint32_t generation; /* from 1; 0: none came back */
	int64_t planted_ns;  /* wall; where one came back */
	int64_t age_ns;	     /* -1: none came back */
};
/* False where it cannot be told: no generation was planted 20 hours or more after another one. A
 * generation that is dated behind T0 has no date that could count. */
bool restore_rpo(const struct manifest *m, const uint32_t *files, const bool *came_back,
	size_t n_files, int64_t t0_wall_ns, struct restore_point *out);

#endif
