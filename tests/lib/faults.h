/*
 * For tests that need fault points: the first line NEEDS_FAULTS() skips them in a build without.
 * There the functions stand in as nothing, so that the test still compiles and is counted.
 */
#ifndef TESTS_LIB_FAULTS_H
#define TESTS_LIB_FAULTS_H

#include "base/fault.h"
#include "tests/lib/test.h"

#ifdef TOCSIN_FAULTS
#define NEEDS_FAULTS() (void)0
#else
#define NEEDS_FAULTS() test_skip("built without fault points")
static inline void fault_arm(const char *name, long nth)
{
	(void)name;
	(void)nth;
}
static inline void fault_arm_kill(const char *name, long nth)
{
	(void)name;
	(void)nth;
}
static inline void fault_disarm(void)
{
}
static inline bool fault_hit(const char *name)
{
	(void)name;
	return false;
}
#endif

#endif
