/*
 * Due times. Sources of each rule stand in the profiles; here is only arithmetic.
 */
#include "incident/clocks/due.h"

#include <string.h>

#include "base/clock.h"
#include "incident/rules/condition.h"

#define NS_PER_MINUTE (60 * NS_PER_S)
#define NS_PER_DAY (24 * 60 * NS_PER_MINUTE)
enum { NOON_MINUTES = 12 * 60 };

bool duty_applies(const struct profile *p, const struct duty *d, const struct facts *f, int grade)
{
	(void)p; /* a grade is an index of this profile: no other is comparable */
	if (d->worst_grade >= 0 && (grade < 0 || grade > d->worst_grade))
		return false;
	return d->when == NULL || condition_truth(d->when, f) != TRUTH_NO;
}

enum duty_hold duty_hold(const struct profile *p, const struct duty *d, const struct facts *f,
	const struct standing *s)
{
	if (duty_applies(p, d, f, s->grade))
		return DUTY_OWED;
	return s->undecided && duty_applies(p, d, f, s->might_be) ? DUTY_TO_CONFIRM : DUTY_NOT_OWED;
}

/* The first submission starts a limit, and handing it in again does not move it; where the rule
 * says the latest, that one. */
static int64_t submitted_ns(const struct moments *m, const struct duty *d)
{
	int64_t at_ns = -1;
	for (size_t i = 0; i < m->n_submitted; i++) {
		const struct submitted_stage *s = &m->submitted[i];
		if (d->after == NULL || strcmp(s->stage, d->after) != 0)
			continue;
		if (d->after_latest)
			at_ns = s->latest_ns > at_ns ? s->latest_ns : at_ns;
		else
			at_ns = at_ns < 0 || s->first_ns < at_ns ? s->first_ns : at_ns;
	}
	return at_ns;
}

/* A person may have marked it; else the first proof that the one who relays has the report. */
static int64_t receipt_ns(const struct moments *m, const struct duty *d)
{
	int64_t at_ns = m->at[MOMENT_RECEIPT];
	if (at_ns >= 0 || d->received_by == NULL)
		return at_ns;
	for (size_t i = 0; i < m->n_received; i++)
		if (strcmp(m->received[i].role, d->received_by) == 0 &&
			(at_ns < 0 || m->received[i].at_ns < at_ns))
			at_ns = m->received[i].at_ns;
	return at_ns;
}

static int64_t moment_ns(const struct moments *m, const struct duty *d, enum moment which)
{
	if (which == MOMENT_SUBMITTED)
		return submitted_ns(m, d);
	return which == MOMENT_RECEIPT ? receipt_ns(m, d) : m->at[which];
}

/* Where a clock counts from, -1 where that has not come or is not known. */
static int64_t start_of(const struct duty *d, const struct moments *m, unsigned *flags)
{
	int64_t start_ns = moment_ns(m, d, d->from);
	if (start_ns < 0 && d->from_if_unknown != d->from) {
		start_ns = moment_ns(m, d, d->from_if_unknown);
		if (start_ns >= 0)
			*flags |= DUE_START_ASSUMED;
	}
	return start_ns;
}

/* The last second of a day in the regime's zone: a limit in days ends with its day. */
static int64_t end_of_day_ns(int64_t day, int64_t utc_offset_minutes)
{
	return calendar_day_start_ns(day + 1, utc_offset_minutes) - NS_PER_S;
}

static int64_t months_later_ns(int64_t start_ns, int64_t n, int64_t utc_offset_minutes)
{
	const int64_t day = calendar_day(start_ns, utc_offset_minutes);
	const int64_t into_day = start_ns - calendar_day_start_ns(day, utc_offset_minutes);
	return calendar_day_start_ns(calendar_add_months(day, n), utc_offset_minutes) + into_day;
}

/* The end of that date in the year of `start_ns`, or in the next where it is past. */
static int64_t next_date_ns(
	int64_t start_ns, int month, int day_of_month, int64_t utc_offset_minutes)
{
	int year, start_month, start_day;
	const int64_t day = calendar_day(start_ns, utc_offset_minutes);
	calendar_split(day, &year, &start_month, &start_day);
	int64_t due_day = calendar_date(year, month, day_of_month);
	if (due_day < day)
		due_day = calendar_date(year + 1, month, day_of_month);
	return end_of_day_ns(due_day, utc_offset_minutes);
}

/* Noon of the next working day where it falls on a day off (Regulation (EU) 2025/301, art. 5). */
static int64_t past_days_off_ns(
	int64_t due_ns, const struct calendar *c, int64_t utc_offset_minutes, unsigned *flags)
{
	bool estimated = false;
	const int64_t day = calendar_day(due_ns, utc_offset_minutes);
	if (calendar_is_working(c, day, &estimated)) {
		if (estimated) /* a public holiday that nobody entered would move it */
			*flags |= DUE_ESTIMATED;
		return due_ns;
	}
	const int64_t next = calendar_add_working(c, day, 1, &estimated);
	*flags |= DUE_MOVED | (estimated ? DUE_ESTIMATED : 0U);
	return calendar_day_start_ns(next, utc_offset_minutes) + NOON_MINUTES * NS_PER_MINUTE;
}

static int64_t working_days_ns(const struct duty *d, int64_t start_ns, const struct calendar *c,
	int64_t utc_offset_minutes, unsigned *flags)
{
	bool estimated = false;
	const int64_t day = calendar_add_working(
		c, calendar_day(start_ns, utc_offset_minutes), d->amount, &estimated);
	if (estimated)
		*flags |= DUE_ESTIMATED;
	return end_of_day_ns(day, utc_offset_minutes);
}

/* The nearer of two limits, either of which may not have begun. */
static bool earliest(
	const struct duty *d, const struct moments *m, int64_t start_ns, struct due *out)
{
	const int64_t cap_from_ns = moment_ns(m, d, d->cap_from);
	const int64_t first_ns = start_ns < 0 ? -1 : start_ns + d->amount * NS_PER_MINUTE;
	const int64_t cap_ns = cap_from_ns < 0 ? -1 : cap_from_ns + d->cap_minutes * NS_PER_MINUTE;
	if (first_ns < 0 && cap_ns < 0)
		return false;
	if (first_ns < 0 || (cap_ns >= 0 && cap_ns < first_ns)) {
		out->flags |= DUE_CAPPED;
		out->started_ns = cap_from_ns;
		out->due_ns = cap_ns;
		return true;
	}
	out->started_ns = start_ns;
	out->due_ns = first_ns;
	return true;
}

static bool periodic(
	const struct duty *d, const struct moments *m, int64_t start_ns, struct due *out)
{
	if (start_ns < 0 || m->at[MOMENT_HANDLING_ENDED] >= 0)
		return false;
	out->started_ns = m->last_period_ns >= 0 ? m->last_period_ns : start_ns;
	out->due_ns = out->started_ns + d->amount * NS_PER_MINUTE;
	return true;
}

void duty_due(const struct profile *p, const struct duty *d, const struct moments *m,
	const struct calendar *c, struct due *out)
{
	const int64_t zone = p->utc_offset_minutes;
	*out = (struct due){ .started_ns = -1, .due_ns = -1, .target_ns = -1 };
	const int64_t start_ns = start_of(d, m, &out->flags);
	out->started_ns = start_ns;
	out->running = start_ns >= 0;
	switch (d->kind) {
	case CLOCK_EARLIEST:
		out->running = earliest(d, m, start_ns, out);
		break;
	case CLOCK_EVERY:
		out->running = periodic(d, m, start_ns, out);
		break;
	case CLOCK_WITHIN:
		out->due_ns = start_ns + d->amount * NS_PER_MINUTE;
		break;
	case CLOCK_DAYS:
		out->due_ns = start_ns + d->amount * NS_PER_DAY;
		break;
	case CLOCK_WORKING_DAYS:
		if (out->running)
			out->due_ns = working_days_ns(d, start_ns, c, zone, &out->flags);
		break;
	case CLOCK_MONTHS:
		if (out->running)
			out->due_ns = months_later_ns(start_ns, d->amount, zone);
		break;
	case CLOCK_YEAR_END:
		if (out->running)
			out->due_ns = next_date_ns(start_ns, d->month, d->day, zone);
		break;
	case CLOCK_IMMEDIATELY:
	case CLOCK_ON_REQUEST:
		break;
	}
	if (!out->running) {
		*out = (struct due){ .started_ns = -1, .due_ns = -1, .target_ns = -1 };
		return;
	}
	if (d->next_working_noon && out->due_ns >= 0)
		out->due_ns = past_days_off_ns(out->due_ns, c, zone, &out->flags);
	if (d->target_minutes >= 0)
		out->target_ns = out->started_ns + d->target_minutes * NS_PER_MINUTE;
}
