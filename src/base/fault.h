/*
 * Fault points: places that tests make fail, or at which they kill the process.
 *
 *   void *p = FAULT("buf_grow") ? NULL : malloc(n);
 *
 * In a build without -Dfaults=true (every release) the macro is the constant false and the
 * functions do not exist. The armed state is one of the three mutable file-level variables that
 * the tree allows.
 */
#ifndef BASE_FAULT_H
#define BASE_FAULT_H

#include <stdbool.h>

#ifdef TOCSIN_FAULTS

/* The nth call of FAULT(name) from now on answers true, once. "" names every point. */
void fault_arm(const char *name, long nth);
/* The nth pass kills the process with SIGKILL instead: what a power cut looks like to a program. */
void fault_arm_kill(const char *name, long nth);
void fault_disarm(void);
bool fault_hit(const char *name);
bool fault_hit_by_name(const char *name);
/* Reads TOCSIN_FAULT=name:nth[:kill], for faults inside re-executed roles. */
void fault_from_environment(void);
#define FAULT(name) fault_hit("" name "")
/* A place that waits where others fail: only its own name reaches it, so that a test which tries
 * every point does not sit through it. */
#define FAULT_BY_NAME(name) fault_hit_by_name("" name "")

#else

#define FAULT(name) false
#define FAULT_BY_NAME(name) false
static inline void fault_from_environment(void)
{
}

#endif
#endif
