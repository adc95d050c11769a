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
/* Reads TOCSIN_FAULT=name:nth[:kill], for faults inside re-executed roles. */
void fault_from_environment(void);
#define FAULT(name) fault_hit("" name "")

#else

#define FAULT(name) false
static inline void fault_from_environment(void)
{
}

#endif
#endif
