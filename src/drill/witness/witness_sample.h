/*
 * Choosing the user's files that the witness remembers, and finding files that belong to the
 * emulator's uid where none may be. Private to the witness.
 */
#ifndef DRILL_WITNESS_SAMPLE_H
#define DRILL_WITNESS_SAMPLE_H

#include "base/pool.h"
#include "base/random.h"
#include "drill/witness/witness_sight.h"

/* How the witness may open: without a trace on access times, whatever locks there are. */
struct witness_eye {
	bool read_only_mounts; /* reading leaves no access time */
};
/* E_DENIED where only a reading that leaves a trace would be possible. `own`: a sentinel, whose
 * access time does not count. */
enum status witness_open(const struct witness_eye *eye, int folder_fd, const char *name, int flags,
	bool own, int *out, struct error *e) MUST_CHECK;

enum { SAMPLE_ENTRIES_MAX = 20000 }; /* in all folders together */

struct sample_file {
	int folder_fd;	   /* of the sample folder; stays open */
	const char *shown; /* the sample folder's path */
	const char *path;  /* beneath it */
	struct sight first;
};

struct sample_walk {
	const struct witness_eye *eye;
	struct pool *pool;
	struct dice dice;
	int folder_fd;
	const char *shown;
	const struct file_identity *left_out; /* not looked at, nor what is in them */
	size_t n_left_out;
	int64_t deadline_boot_ns;
	uint32_t n_seen; /* entries, against n_seen_max */
	uint32_t n_seen_max;
	/* Called for every file and folder with its path beneath the sample folder. */
	void (*each)(struct sample_walk *w, const char *path, const struct file_identity *who);
	void *context;
};
/* Breadth is bounded by entries, depth and time; other mounts and links are not entered. */
void sample_walk(struct sample_walk *w);

#endif
