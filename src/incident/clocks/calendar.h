/*
 * Working days and months in a regime's own days. China: rules/calendars/cn.yaml, the State
 * Council's yearly notice; a year without one counts Monday to Friday and is marked as estimated.
 */
#ifndef INCIDENT_CALENDAR_H
#define INCIDENT_CALENDAR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/auto.h"
#include "base/error.h"
#include "base/view.h"

struct calendar;
/* Built in ("cn", "weekdays"), or <home>/calendars/<name>.yaml, which wins. Where that one is
 * damaged the built-in one serves, since no notice may wait for it; each of its dates is then
 * estimated. */
enum status calendar_load(
	const char *home, const char *name, struct calendar **out, struct error *e) MUST_CHECK;
/* One file's text; `what` names it in errors, `name` is what it must call itself. */
enum status calendar_read(struct view text, const char *what, const char *name,
	struct calendar **out, struct error *e) MUST_CHECK;
/* What is wrong with the home's own calendar, "" nothing. The calendar's. */
const char *calendar_trouble(const struct calendar *c);
void calendar_free(struct calendar *c);
AUTO_TYPE(calendar_free, struct calendar *)

/* Days count from 1970-01-01 in the zone of utc_offset_minutes. */
int64_t calendar_day(int64_t wall_ns, int64_t utc_offset_minutes);
int64_t calendar_day_start_ns(int64_t day, int64_t utc_offset_minutes);
bool calendar_is_working(const struct calendar *c, int64_t day, bool *out_estimated);
/* The n-th working day after `day` (day itself does not count). *out_estimated is set where a year
 * without a table was passed, never cleared. */
int64_t calendar_add_working(const struct calendar *c, int64_t day, int64_t n, bool *out_estimated);
/* Same day of the month, or the month's last. */
int64_t calendar_add_months(int64_t day, int64_t n);
int64_t calendar_date(int year, int month, int day);
void calendar_split(int64_t day, int *out_year, int *out_month, int *out_day);

#endif
