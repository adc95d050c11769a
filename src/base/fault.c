/*
 * The armed fault point. Compiled to nothing in a release.
 */
#include "base/fault.h"

#ifdef TOCSIN_FAULTS

#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/view.h"

static struct {
	char name[64];
	atomic_long passes_left; /* 0: nothing armed */
	bool kills;
} armed;

static void arm(const char *name, long nth, bool kills)
{
	(void)snprintf(armed.name, sizeof armed.name, "%s", name);
	armed.kills = kills;
	atomic_store(&armed.passes_left, nth);
}

void fault_arm(const char *name, long nth)
{
	arm(name, nth, false);
}

void fault_arm_kill(const char *name, long nth)
{
	arm(name, nth, true);
}

void fault_disarm(void)
{
	atomic_store(&armed.passes_left, 0);
}

bool fault_hit(const char *name)
{
	if (atomic_load(&armed.passes_left) <= 0)
		return false;
	if (armed.name[0] != '\0' && strcmp(armed.name, name) != 0)
		return false;
	if (atomic_fetch_sub(&armed.passes_left, 1) != 1)
		return false;
	if (armed.kills)
		(void)raise(SIGKILL); /* the locks of a role let it signal only itself */
	return true;
}

bool fault_hit_by_name(const char *name)
{
	return armed.name[0] != '\0' && fault_hit(name);
}

void fault_from_environment(void)
{
	struct view rest = view_of(getenv("TOCSIN_FAULT"));
	if (rest.len == 0)
		return;
	struct view name = view_cut(&rest, ':');
	unsigned long long nth = 0;
	char text[64];
	if (name.len >= sizeof text || !view_to_u64(view_cut(&rest, ':'), &nth))
		return;
	memcpy(text, name.at, name.len);
	text[name.len] = '\0';
	arm(text, (long)nth, view_is(rest, "kill"));
}

#endif
