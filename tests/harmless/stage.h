/*
 * Where probes act: an outside with everything writable by everybody, so that no mode and no owner
 * does the work of a lock, and an arena in which somebody planted every kind of way out.
 */
#ifndef TESTS_HARMLESS_STAGE_H
#define TESTS_HARMLESS_STAGE_H

#include "tests/harmless/probe.h"

enum combination { BOTH_LOCKS, LANDLOCK_ALONE, MOUNTS_ALONE, NEITHER_LOCK };

struct stage {
	bool root; /* roles are started by root */
	char folder[STAGE_PATH_MAX];
	char outside[STAGE_PATH_MAX];
	char arena[STAGE_PATH_MAX];
	uid_t uid;
	gid_t gid;
	pid_t bystander;
	pid_t swapper;
	int victim_fd; /* open for writing here, for the planted link to it */
};

struct trial {
	bool refused; /* the locks could not be put on: error tells */
	struct error error;
	struct confine_locks locks;
	bool answered;
	int result;
	int wait_status;
};

/* Makes the kernel of this process and all its children as if it had only some locks. */
void stage_simulate(enum combination combination);
/* For root: a mount namespace of the test's own, so that a planted mount is nobody else's. For a
 * user half run by root: becomes another user. */
void stage_enter(struct stage *s, bool as_root);
void stage_build(struct stage *s);
void stage_clear(struct stage *s);
void stage_swap(struct stage *s, bool on);
struct trial stage_try(const struct stage *s, struct probe_order order);

#endif
