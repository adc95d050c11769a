/*
 * Probes: each tries one way to touch something outside the arena, or another process, by bare
 * system calls. What a probe aims at is made by the test itself and thrown away.
 */
#ifndef TESTS_HARMLESS_PROBE_H
#define TESTS_HARMLESS_PROBE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "sys/confine.h"

/* Descriptors that the role gets from its parent; behind the locks only the arena is left. */
enum {
	FD_ORDER = 4,
	FD_ARENA = 5,
	FD_LEAKED_FILE = 6,  /* outside, open for writing */
	FD_LEAKED_FOLDER = 7 /* outside */
};

enum { STAGE_PATH_MAX = 512 };

enum probe_mode { MODE_LOCKED, MODE_FREE };

/* What the test tells the role, over a file in memory. */
struct probe_order {
	size_t probe; /* row of probes[] */
	enum probe_mode mode;
	enum confine_calls calls;
	enum confine_reach reach;
	uid_t uid;
	gid_t gid;
	pid_t bystander; /* another process, to be left alone */
	char outside[STAGE_PATH_MAX];
	char arena[STAGE_PATH_MAX];
};

struct probe_place {
	int arena_fd; /* -1 with READ_ALL */
	const struct probe_order *order;
};

enum probe_flag {
	PROBE_TRACE = 1,       /* without locks the outside differs afterwards */
	PROBE_ROOT = 2,	       /* a plain user could not do it even without locks */
	PROBE_MAYBE = 4,       /* not every kernel offers it: not tried without locks */
	PROBE_EXECS = 8,       /* becomes another program where it succeeds */
	PROBE_MOUNT_LOCK = 16, /* only where the mount namespace is in force; see its comment */
	PROBE_OWN_LINK = 32,   /* the documented exception: links and change time */
	PROBE_ANSWERED = 64,   /* of a process: refused by an error, where the others are killed */
	PROBE_ARENA = 256,     /* begins at the arena, which the witness does not have */
	PROBE_RACE = 128       /* a folder of the arena is exchanged for a link all the while */
};

struct probe_row {
	const char *name;
	/* 0: it was done. An errno otherwise. */
	int (*run)(const struct probe_place *p);
	unsigned flags;
};

extern const struct probe_row file_probes[];
extern const size_t n_file_probes;
extern const struct probe_row process_probes[];
extern const size_t n_process_probes;

/* The role: reads its order, puts on the locks (or none, in MODE_FREE), says so, probes, tells. */
int probe_role(size_t n_fds);

enum probe_message { PROBE_READY = 1, PROBE_REFUSED = 2, PROBE_RESULT = 3 };

#endif
