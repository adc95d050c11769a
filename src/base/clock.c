/*
 * Clocks and RFC 3339 (section 5.6). Civil dates are computed here, without the time zone database,
 * so that a confined role can do it too.
 */
#include "base/clock.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>

static int64_t kernel_ns(clockid_t id)
{
	struct timespec t = { 0, 0 };
	(void)clock_gettime(id, &t); /* cannot fail for these two clocks */
	return (int64_t)t.tv_sec * NS_PER_S + t.tv_nsec;
}

int64_t clock_wall_ns(const struct clock *c)
{
	return c != NULL && c->wall_ns != NULL ? c->wall_ns(c->context) : kernel_ns(CLOCK_REALTIME);
}

int64_t clock_boot_ns(const struct clock *c)
{
	return c != NULL && c->boot_ns != NULL ? c->boot_ns(c->context) : kernel_ns(CLOCK_BOOTTIME);
}

void clock_sleep_ns(int64_t ns)
{
	if (ns <= 0)
		return;
	if (ns > 3600 * NS_PER_S)
		ns = 3600 * NS_PER_S;
	struct timespec left = { ns / NS_PER_S, ns % NS_PER_S };
	while (clock_nanosleep(CLOCK_MONOTONIC, 0, &left, &left) == EINTR)
		continue;
}

/* Days since 1970-01-01 of a civil date, and back, in the proleptic Gregorian calendar, with years
 * that begin in March so that the leap day is the last of the year. */
static int64_t days_from_civil(int64_t year, int64_t month, int64_t day)
{
	year -= month <= 2;
	int64_t era = year / 400;
	int64_t year_of_era = year - era * 400;
	int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
	return era * 146097 + day_of_era - 719468;
}

static void civil_from_days(int64_t days, int *out_year, int *out_month, int *out_day)
{
	days += 719468;
	int64_t era = days / 146097;
	int64_t day_of_era = days - era * 146097;
	int64_t year_of_era =
		(day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	int64_t day_of_year =
		day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int64_t shifted = (5 * day_of_year + 2) / 153;
	*out_day = (int)(day_of_year - (153 * shifted + 2) / 5 + 1);
	*out_month = (int)(shifted < 10 ? shifted + 3 : shifted - 9);
	*out_year = (int)(year_of_era + era * 400 + (*out_month <= 2));
}

char *time_text(int64_t wall_ns, char out[TIME_TEXT_MAX])
{
	if (wall_ns < 0)
		wall_ns = 0;
	int64_t seconds = wall_ns / NS_PER_S;
	int64_t of_day = seconds % 86400;
	int year, month, day;
	civil_from_days(seconds / 86400, &year, &month, &day);
	(void)snprintf(out, TIME_TEXT_MAX, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", year, month, day,
		(int)(of_day / 3600), (int)(of_day / 60 % 60), (int)(of_day % 60),
		(int)(wall_ns % NS_PER_S / NS_PER_MS));
	return out;
}

/* Takes `n` digits off the front. */
static bool take_digits(struct view *v, size_t n, int *out)
{
	int sum = 0;
	if (v->len < n)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (v->at[i] < '0' || v->at[i] > '9')
			return false;
		sum = sum * 10 + (v->at[i] - '0');
	}
	v->at += n;
	v->len -= n;
	*out = sum;
	return true;
}

static bool take_one_of(struct view *v, const char *set, char *out)
{
	if (v->len == 0 || strchr(set, v->at[0]) == NULL || v->at[0] == '\0')
		return false;
	*out = v->at[0];
	v->at++;
	v->len--;
	return true;
}

static int days_in_month(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	return month == 2 && leap ? 29 : days[month - 1];
}

static bool take_date(struct view *v, int64_t *out_days)
{
	int year, month, day;
	char c;
	if (!take_digits(v, 4, &year) || !take_one_of(v, "-", &c) || !take_digits(v, 2, &month) ||
		!take_one_of(v, "-", &c) || !take_digits(v, 2, &day))
		return false;
	if (year < 1970 || year > 2261 || month < 1 || month > 12 || day < 1 ||
		day > days_in_month(year, month))
		return false;
	*out_days = days_from_civil(year, month, day);
	return true;
}

static bool take_fraction(struct view *v, int64_t *out_ns)
{
	char c;
	int digit;
	int64_t unit = NS_PER_S / 10;
	*out_ns = 0;
	if (!take_one_of(v, ".", &c))
		return true;
	if (v->len == 0 || v->at[0] < '0' || v->at[0] > '9')
		return false;
	while (unit > 0 && take_digits(v, 1, &digit)) {
		*out_ns += digit * unit;
		unit /= 10;
	}
	return true;
}

static bool take_offset(struct view *v, int64_t *out_seconds)
{
	char sign;
	int hours, minutes;
	char c;
	*out_seconds = 0;
	if (take_one_of(v, "Zz", &sign))
		return true;
	if (!take_one_of(v, "+-", &sign) || !take_digits(v, 2, &hours) ||
		!take_one_of(v, ":", &c) || !take_digits(v, 2, &minutes) || hours > 23 ||
		minutes > 59)
		return false;
	*out_seconds = (hours * 3600 + minutes * 60) * (sign == '+' ? 1 : -1);
	return true;
}

bool time_parse(struct view v, int64_t *out_wall_ns)
{
	int64_t days, fraction_ns, offset_s;
	int hour, minute, second;
	char c;
	if (!take_date(&v, &days) || !take_one_of(&v, "Tt ", &c) || !take_digits(&v, 2, &hour) ||
		!take_one_of(&v, ":", &c) || !take_digits(&v, 2, &minute) ||
		!take_one_of(&v, ":", &c) || !take_digits(&v, 2, &second))
		return false;
	if (hour > 23 || minute > 59 || second > 60 || !take_fraction(&v, &fraction_ns) ||
		!take_offset(&v, &offset_s) || v.len != 0)
		return false;
	int64_t seconds = days * 86400 + hour * 3600 + minute * 60 + second - offset_s;
	/* Leap seconds end a day in UTC (RFC 3339, section 5.7); they count as the next second. */
	if (seconds < 0 || seconds >= days_from_civil(2262, 1, 1) * 86400 ||
		(second == 60 && seconds % 86400 != 0))
		return false;
	*out_wall_ns = seconds * NS_PER_S + fraction_ns;
	return true;
}
