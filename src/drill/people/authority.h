/*
 * Who allowed a drill, for what and when. Outside its window nothing begins; a window that closes
 * during the run ends the attack as a stop request does.
 */
#ifndef DRILL_AUTHORITY_H
#define DRILL_AUTHORITY_H

#include "drill/drill.h"

enum { AUTHORITY_TEXT_MAX = 300 };

/* Fills what was not said (who: the calling user's uid; scope: the arena) and cleans the texts for
 * print; a window that is none is -1. E_INVALID where a text is too long. */
enum status authority_settle(const struct drill_authority *asked, const char *arena, struct pool *p,
	struct drill_authority *out, struct error *e) MUST_CHECK;
/* authority_settle, and whether the drill may begin now: E_DENIED where `now_ns` lies outside the
 * window or `seconds` of attack would not end within it; E_INVALID where the window ends before it
 * begins. */
enum status authority_check(const struct drill_authority *asked, const char *arena, int64_t now_ns,
	double seconds, struct pool *p, struct drill_authority *out, struct error *e) MUST_CHECK;

#endif
