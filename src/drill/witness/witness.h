/*
 * The witness: a process of its own that can read and not write. It hashes sentinels that were
 * planted outside the arena (any change voids the run) and a sample of the user's own files (a
 * change is "unattributed" unless it is traced to the emulator's uid and time).
 */
#ifndef DRILL_WITNESS_H
#define DRILL_WITNESS_H

#include "drill/drill.h"

struct witness; /* the running process and its first look */

struct witness_request {
	const char *arena; /* sentinels go into its parent and into the state folder, in folders
			      that this run makes (0700) */
	const char *home;
	const char *id;
	const char *const *sample_folders; /* where user files are sampled (O_NOATIME); bounded in
					      count, bytes and time */
	size_t n_sample_folders;
	uint32_t sample_files_max; /* 256 */
	uint64_t sample_bytes_max; /* 64 MiB */
	/* Files and folders in there that change by their nature (a channel's log): no sample. Of
	 * those that are not there nothing is asked. */
	const char *const *left_out;
	size_t n_left_out; /* at most WITNESS_LEFT_OUT_MAX */
	uid_t emulator_uid;
};
enum { WITNESS_LEFT_OUT_MAX = 32 };
struct witness_finding {
	const char *path; /* logged for the user's eyes only, never sent */
	const char *what; /* content, name, mode, owner, time, attribute, links, gone, new */
	bool is_sentinel;
	bool attributed;
};
struct witness_outcome {
	uint32_t n_sentinels, n_sentinels_changed;
	uint32_t n_user_files, n_unattributed, n_attributed;
	struct witness_finding *findings;
	size_t n_findings; /* at most 200 named */
};

/* Plants the sentinels, starts the role, takes the first look. */
enum status witness_start(
	const struct witness_request *r, struct witness **out, struct error *e) MUST_CHECK;
/* To be called right before the attack: what belongs to the emulator's uid outside by now was put
 * there by somebody else (a backup that keeps owners, an arena of an earlier drill), and is only
 * traced to the emulator if it changes from here on. */
enum status witness_mark(struct witness *w, struct error *e) MUST_CHECK;
/* Second look; may be called more than once (user files: before a restore starts; sentinels: last).
 */
enum status witness_look(struct witness *w, bool user_files, struct pool *p,
	struct witness_outcome *out, struct error *e) MUST_CHECK;
/* Where the first witness cannot answer any more (it was ended from outside, or hangs): ends it for
 * good and starts a second one, which compares the sentinels with what the first saw when it began.
 * The first one's sample of user files is gone with it. A second call finds nothing to compare
 * with: E_FAILED, as where the second witness does not answer either. */
enum status witness_look_again(
	struct witness *w, struct pool *p, struct witness_outcome *out, struct error *e) MUST_CHECK;
/* Ends the role and removes the sentinels that are still the planted ones. */
void witness_end(struct witness *w);
AUTO_TYPE(witness_end, struct witness *)

/* Sentinels that are not as planted, and what lies beside them: "path: why" for people. */
struct witness_left {
	const char **lines; /* in the pool; of n the first WITNESS_LEFT_MAX */
	size_t n_lines;
	uint32_t n;
};
enum { WITNESS_LEFT_MAX = 50 };
/* Removes the sentinels that a run left behind (names are in <home>/drills/<id>/sentinels).
 * E_PARTLY, with *out: some were changed, and stay. */
enum status witness_sweep(const char *home, const char *id, struct pool *p,
	struct witness_left *out, struct error *e) MUST_CHECK;

int witness_role(size_t n_fds);

#endif
