/*
 * Which running duty a first notice answers.
 */
#include "incident/cases/owed.h"

#include <string.h>

static bool is_public(const struct profile_set *s, const struct clock_row *c)
{
	const struct rule_word *role = profile_word(s, RULE_ROLES, c->to);
	return role != NULL && role->in_public;
}

static bool is_own(const struct profile_set *s, const struct clock_row *c)
{
	const struct rule_word *role = profile_word(s, RULE_ROLES, c->owes);
	return role != NULL && role->own;
}

static bool runs(const struct clock_row *c)
{
	return c->state == CLOCK_RUNNING || c->state == CLOCK_OVERDUE;
}

/* Its place among the duties of its profile, -1 where profile or duty was taken away. */
static int place_of(const struct profile_set *s, const struct clock_row *c, const struct duty **out)
{
	const struct profile *p = NULL;
	struct error gone = ERROR_NONE;
	if (profile_find(s, c->profile, &p, &gone) != OK)
		return -1;
	for (size_t i = 0; i < p->n_duties; i++) {
		*out = &p->duties[i];
		if (strcmp(p->duties[i].id, c->duty) == 0)
			return (int)i;
	}
	return -1;
}

/* Counted from the incident itself, once. */
static bool is_first(const struct duty *d)
{
	return (d->from == MOMENT_OCCURRED || d->from == MOMENT_DISCOVERED ||
		       d->from == MOMENT_JUDGED) &&
	       d->kind != CLOCK_EVERY && d->kind != CLOCK_YEAR_END && d->kind != CLOCK_ON_REQUEST;
}

static int64_t urgent_ns(const struct clock_row *c)
{
	if (c->due_ns >= 0)
		return c->due_ns;
	return c->target_ns >= 0 ? c->target_ns : c->started_ns;
}

/* What leaves less time goes out at once, with its class empty. */
#define CONFIRM_FIRST_NS (4 * INT64_C(3600) * NS_PER_S)

static enum owed_way way_of(const struct profile_set *s, const struct clock_row *c)
{
	if (is_public(s, c))
		return OWED_IN_PUBLIC;
	if ((c->flags & DUE_TO_CONFIRM) != 0 && c->due_ns - c->started_ns > CONFIRM_FIRST_NS)
		return OWED_TO_CONFIRM;
	return strcmp(c->medium, "telephone") == 0 ? OWED_BY_TELEPHONE : OWED_BY_NOTICE;
}

const struct clock_row *owed_first(const struct profile_set *s, const struct clock_row *rows,
	size_t n_rows, const char *profile, enum owed_way way)
{
	const struct clock_row *best = NULL;
	int best_place = -1;
	for (size_t i = 0; i < n_rows; i++) {
		const struct clock_row *c = &rows[i];
		const struct duty *d = NULL;
		if ((profile != NULL && strcmp(profile, c->profile) != 0) || !runs(c) ||
			way_of(s, c) != way || !is_own(s, c))
			continue;
		const int place = place_of(s, c, &d);
		if (place < 0 || !is_first(d))
			continue;
		/* Of two that are due together, the one that the profile names first. */
		if (best == NULL || urgent_ns(c) < urgent_ns(best) ||
			(urgent_ns(c) == urgent_ns(best) && place < best_place)) {
			best = c;
			best_place = place;
		}
	}
	return best;
}

bool owed_sooner(const struct clock_row *a, const struct clock_row *b)
{
	if (urgent_ns(a) != urgent_ns(b))
		return urgent_ns(a) < urgent_ns(b);
	return a->due_ns >= 0 && b->due_ns < 0; /* a limit of the law before a target of our own */
}

bool owed_with(
	const struct profile_set *s, const struct clock_row *first, const struct clock_row *c)
{
	return strcmp(first->profile, c->profile) == 0 && strcmp(first->stage, c->stage) == 0 &&
	       runs(c) && way_of(s, c) == OWED_BY_NOTICE && is_own(s, c);
}

const struct clock_row *owed_to(const struct profile_set *s, struct owed_clocks clocks,
	const char *role, const char *profile, const char *medium)
{
	for (size_t i = 0; i < clocks.n; i++) {
		const struct clock_row *c = &clocks.rows[i];
		if (runs(c) && strcmp(c->to, role) == 0 && is_own(s, c) &&
			(profile[0] == '\0' || strcmp(profile, c->profile) == 0) &&
			(strcmp(c->medium, "any") == 0 || strcmp(c->medium, medium) == 0))
			/* cppcheck-suppress returnDanglingLifetime ; the rows are the caller's */
			return c;
	}
	return NULL;
}
