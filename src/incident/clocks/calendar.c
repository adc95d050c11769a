/*
 * Calendars: a sorted list of days that differ from Monday to Friday, and the years for which that
 * list is complete.
 */
#include "incident/clocks/calendar.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/embed.h"
#include "base/json.h"
#include "sys/file.h"

extern const struct embedded_file calendar_files[];
extern const unsigned long calendar_files_n;

enum { YEARS_MAX = 100, DAYS_MAX = 4000, NAME_MAX_BYTES = 40, FIRST_YEAR = 1970, LAST_YEAR = 2261 };
#define CALENDAR_BYTES_MAX ((size_t)512 * 1024)
#define NS_PER_MINUTE (60 * NS_PER_S)
#define NS_PER_DAY (24 * 60 * NS_PER_MINUTE)

struct special_day {
	int64_t day;
	bool work;
};

struct calendar {
	struct special_day *days; /* sorted */
	size_t n_days;
	int years[YEARS_MAX];
	size_t n_years;
	char *trouble; /* NULL none */
};

/* --- days ------------------------------------------------------------------------------------- */

/* Rounds down, also before 1970. */
static int64_t floor_divide(int64_t a, int64_t b)
{
	return a / b - (a % b != 0 && (a < 0) != (b < 0) ? 1 : 0);
}

int64_t calendar_day(int64_t wall_ns, int64_t utc_offset_minutes)
{
	return floor_divide(wall_ns + utc_offset_minutes * NS_PER_MINUTE, NS_PER_DAY);
}

int64_t calendar_day_start_ns(int64_t day, int64_t utc_offset_minutes)
{
	return day * NS_PER_DAY - utc_offset_minutes * NS_PER_MINUTE;
}

/* Years that begin in March put the leap day last; 400 years are 146,097 days. */
int64_t calendar_date(int year, int month, int day)
{
	const int64_t y = month <= 2 ? (int64_t)year - 1 : (int64_t)year;
	const int64_t era = floor_divide(y, 400);
	const int64_t year_of_era = y - era * 400;
	const int64_t month_from_march = (month + 9) % 12;
	const int64_t day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
	const int64_t day_of_era =
		year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
	return era * 146097 + day_of_era - 719468;
}

void calendar_split(int64_t day, int *out_year, int *out_month, int *out_day)
{
	const int64_t shifted = day + 719468;
	const int64_t era = floor_divide(shifted, 146097);
	const int64_t day_of_era = shifted - era * 146097;
	const int64_t year_of_era =
		(day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	const int64_t day_of_year =
		day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	const int64_t month_from_march = (5 * day_of_year + 2) / 153;
	*out_day = (int)(day_of_year - (153 * month_from_march + 2) / 5 + 1);
	*out_month = (int)(month_from_march < 10 ? month_from_march + 3 : month_from_march - 9);
	*out_year = (int)(year_of_era + era * 400 + (*out_month <= 2 ? 1 : 0));
}

static int days_of_month(int year, int month)
{
	const int64_t next =
		month == 12 ? calendar_date(year + 1, 1, 1) : calendar_date(year, month + 1, 1);
	return (int)(next - calendar_date(year, month, 1));
}

int64_t calendar_add_months(int64_t day, int64_t n)
{
	int year, month, day_of_month;
	calendar_split(day, &year, &month, &day_of_month);
	const int64_t months = (int64_t)year * 12 + (month - 1) + n;
	const int new_year = (int)floor_divide(months, 12);
	const int new_month = (int)(months - (int64_t)new_year * 12) + 1;
	const int last = days_of_month(new_year, new_month);
	return calendar_date(new_year, new_month, day_of_month < last ? day_of_month : last);
}

/* --- working days ----------------------------------------------------------------------------- */

static bool year_is_known(const struct calendar *c, int year)
{
	for (size_t i = 0; i < c->n_years; i++)
		if (c->years[i] == year)
			return true;
	return false;
}

static int compare_days(const void *a, const void *b)
{
	const struct special_day *x = a, *y = b;
	return (x->day > y->day) - (x->day < y->day);
}

bool calendar_is_working(const struct calendar *c, int64_t day, bool *out_estimated)
{
	int year, month, day_of_month;
	calendar_split(day, &year, &month, &day_of_month);
	if (!year_is_known(c, year) || c->trouble != NULL)
		*out_estimated = true;
	const struct special_day key = { day, false };
	/* A list of a calendar without special days has no first element to search from. */
	const struct special_day *special =
		c->n_days == 0 ? NULL : bsearch(&key, c->days, c->n_days, sizeof key, compare_days);
	if (special != NULL)
		return special->work;
	const int64_t weekday = day + 3 - floor_divide(day + 3, 7) * 7; /* 1970-01-01: Thursday */
	return weekday < 5;
}

int64_t calendar_add_working(const struct calendar *c, int64_t day, int64_t n, bool *out_estimated)
{
	/* No calendar has a year without a working day: the bound only stops a broken one. */
	const int64_t last = day + n * 7 + 400;
	while (n > 0 && day < last) {
		day++;
		if (calendar_is_working(c, day, out_estimated))
			n--;
	}
	return day;
}

/* --- reading ---------------------------------------------------------------------------------- */

static bool parse_number(const char *text, size_t n, int *out)
{
	*out = 0;
	for (size_t i = 0; i < n; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		*out = *out * 10 + (text[i] - '0');
	}
	return true;
}

/* "2026-01-04", a day that exists. */
static bool parse_date(const char *text, int64_t *out_day, int *out_year)
{
	int month = 0, day = 0;
	if (strlen(text) != 10 || text[4] != '-' || text[7] != '-')
		return false;
	if (!parse_number(text, 4, out_year) || !parse_number(text + 5, 2, &month) ||
		!parse_number(text + 8, 2, &day))
		return false;
	if (*out_year < FIRST_YEAR || *out_year > LAST_YEAR || month < 1 || month > 12 || day < 1 ||
		day > days_of_month(*out_year, month))
		return false;
	*out_day = calendar_date(*out_year, month, day);
	return true;
}

static enum status read_years(struct calendar *c, json_t *years, const char *what, struct error *e)
{
	size_t i;
	json_t *year;
	json_array_foreach(years, i, year)
	{
		const json_int_t y = json_is_integer(year) ? json_integer_value(year) : 0;
		if (y < FIRST_YEAR || y > LAST_YEAR)
			return error_set(e, E_INVALID, "%s: years[%zu]: a year from %d to %d", what,
				i, FIRST_YEAR, LAST_YEAR);
		if (c->n_years == YEARS_MAX)
			return error_set(e, E_TOO_BIG, "%s: years: more than %d", what, YEARS_MAX);
		c->years[c->n_years++] = (int)y;
	}
	return OK;
}

static enum status read_day(
	struct calendar *c, json_t *row, const char *what, size_t i, struct error *e)
{
	static const char *const known[] = { "date", "kind", "name", NULL };
	const char *date = NULL, *kind = NULL, *name = NULL;
	const struct json_place at = { row, "" };
	struct special_day *d = &c->days[c->n_days];
	int year = 0;
	if (!json_is_object(row))
		return error_set(e, E_INVALID, "%s: days[%zu]: not a mapping", what, i);
	enum status s = json_only_keys(at, known, e);
	if (s == OK)
		s = json_get_text(at, "date", JSON_REQUIRED, &date, e);
	if (s == OK)
		s = json_get_text(at, "kind", JSON_REQUIRED, &kind, e);
	if (s == OK)
		s = json_get_text(at, "name", JSON_OPTIONAL, &name, e);
	if (s != OK)
		return error_wrap(e, "%s: days[%zu]", what, i);
	if (!parse_date(date, &d->day, &year))
		return error_set(
			e, E_INVALID, "%s: days[%zu]: date '%.40s' is no day", what, i, date);
	if (!year_is_known(c, year))
		return error_set(
			e, E_INVALID, "%s: days[%zu]: %d is not among the years", what, i, year);
	d->work = strcmp(kind, "work") == 0;
	if (!d->work && strcmp(kind, "off") != 0)
		return error_set(e, E_INVALID,
			"%s: days[%zu]: kind is 'off' or 'work', not '%.40s'", what, i, kind);
	c->n_days++;
	return OK;
}

static enum status read_days(struct calendar *c, json_t *days, const char *what, struct error *e)
{
	const size_t n = json_array_size(days);
	if (n > DAYS_MAX)
		return error_set(e, E_TOO_BIG, "%s: days: more than %d", what, DAYS_MAX);
	c->days = calloc(n + 1, sizeof *c->days);
	if (c->days == NULL)
		return error_sys(e, E_NO_SPACE, errno, "read %s", what);
	for (size_t i = 0; i < n; i++)
		TRY(read_day(c, json_array_get(days, i), what, i, e));
	qsort(c->days, c->n_days, sizeof *c->days, compare_days);
	for (size_t i = 1; i < c->n_days; i++)
		if (c->days[i].day == c->days[i - 1].day)
			return error_set(e, E_INVALID, "%s: days: a date stands there twice", what);
	return OK;
}

enum status calendar_read(struct view text, const char *what, const char *name,
	struct calendar **out, struct error *e)
{
	static const char *const known[] = { "calendar", "name", "years", "days", NULL };
	AUTO_JSON json_t *root = NULL;
	json_t *years = NULL, *days = NULL, *title = NULL;
	const char *own_name = NULL;
	TRY(yaml_read(text, CALENDAR_BYTES_MAX, what, &root, e));
	if (!json_is_object(root))
		return error_set(e, E_INVALID, "%s: not a mapping", what);
	const struct json_place at = { root, "" };
	enum status s = json_only_keys(at, known, e);
	if (s == OK)
		s = json_get_text(at, "calendar", JSON_REQUIRED, &own_name, e);
	if (s == OK)
		s = json_get_object(at, "name", JSON_OPTIONAL, &title, e);
	if (s == OK)
		s = json_get_array(at, "years", JSON_REQUIRED, &years, e);
	if (s == OK)
		s = json_get_array(at, "days", JSON_REQUIRED, &days, e);
	if (s != OK)
		return error_wrap(e, "%s", what);
	if (strcmp(own_name, name) != 0)
		return error_set(e, E_INVALID, "%s: calendar: '%.40s' is not the name of the file",
			what, own_name);
	AUTO(calendar_free) struct calendar *c = calloc(1, sizeof *c);
	if (c == NULL)
		return error_sys(e, E_NO_SPACE, errno, "read %s", what);
	TRY(read_years(c, years, what, e));
	TRY(read_days(c, days, what, e));
	*out = TAKE(c);
	return OK;
}

static bool is_plain_name(const char *name)
{
	const size_t n = strlen(name);
	return n > 0 && n <= NAME_MAX_BYTES &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == n;
}

static enum status load_own(
	const char *home, const char *name, struct calendar **out, struct error *e)
{
	char place[NAME_MAX_BYTES + 32];
	AUTO_FD int home_fd = -1;
	AUTO_BUF struct buf text;
	buf_init(&text, CALENDAR_BYTES_MAX);
	TRY(file_open_folder(home, &home_fd, e));
	(void)snprintf(place, sizeof place, "calendars/%s.yaml", name); /* fits: is_plain_name */
	TRY(file_read_all(home_fd, place, CALENDAR_BYTES_MAX, &text, e));
	return calendar_read(buf_view(&text), place, name, out, e);
}

static enum status load_built_in(const char *name, struct calendar **out, struct error *e)
{
	char file[NAME_MAX_BYTES + 8];
	(void)snprintf(file, sizeof file, "%s.yaml", name); /* fits: is_plain_name */
	for (unsigned long i = 0; i < calendar_files_n; i++) {
		const struct embedded_file *f = &calendar_files[i];
		if (strcmp(f->name, file) == 0)
			return calendar_read(
				(struct view){ f->bytes, f->n_bytes }, file, name, out, e);
	}
	return error_set(e, E_ABSENT, "there is no calendar '%s'", name);
}

enum status calendar_load(
	const char *home, const char *name, struct calendar **out, struct error *e)
{
	struct error none = ERROR_NONE;
	if (!is_plain_name(name))
		return error_set(e, E_INVALID, "'%.40s' is no name of a calendar", name);
	const enum status s = home == NULL ? E_ABSENT : load_own(home, name, out, e);
	if (s == OK || s == E_NO_SPACE)
		return s;
	if (s == E_ABSENT)
		return load_built_in(name, out, e);
	AUTO(calendar_free) struct calendar *c = NULL;
	if (load_built_in(name, &c, &none) != OK)
		TRY(load_built_in("weekdays", &c, &none));
	c->trouble = strdup(e->text);
	if (c->trouble == NULL)
		return error_sys(e, E_NO_SPACE, errno, "read the calendar");
	*out = TAKE(c);
	return OK;
}

const char *calendar_trouble(const struct calendar *c)
{
	return c->trouble == NULL ? "" : c->trouble;
}

void calendar_free(struct calendar *c)
{
	if (c == NULL)
		return;
	free(c->trouble);
	free(c->days);
	free(c);
}
