/*
 * Days, months and working days against dates that anybody can look up.
 */
#include "incident/clocks/calendar.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "sys/file.h"
#include "tests/lib/test.h"

enum { BEIJING = 8 * 60 };

static struct error e;

static struct calendar *china(void)
{
	struct calendar *c = NULL;
	REQUIRE_OK(calendar_load(NULL, "cn", &c, &e), e);
	return c;
}

static int64_t at(const char *time)
{
	int64_t ns = 0;
	REQUIRE(time_parse(view_of(time), &ns));
	return ns;
}

TEST(days_and_dates_turn_into_each_other)
{
	static const struct {
		int year, month, day;
		int64_t n;
	} cases[] = { { 1970, 1, 1, 0 }, { 2000, 2, 29, 11016 }, { 2026, 11, 27, 20784 },
		{ 1969, 12, 31, -1 }, { 2100, 3, 1, 47541 } };
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		int year, month, day;
		CHECK_INT(calendar_date(cases[i].year, cases[i].month, cases[i].day), cases[i].n);
		calendar_split(cases[i].n, &year, &month, &day);
		CHECK_INT(year, cases[i].year);
		CHECK_INT(month, cases[i].month);
		CHECK_INT(day, cases[i].day);
	}
	for (int64_t n = -200000; n < 200000; n++) {
		int year, month, day;
		calendar_split(n, &year, &month, &day);
		REQUIRE(calendar_date(year, month, day) == n);
	}
}

TEST(a_day_begins_at_midnight_of_its_own_zone)
{
	const int64_t day = calendar_date(2026, 11, 27);
	CHECK_INT(calendar_day(at("2026-11-26T15:59:59Z"), BEIJING), day - 1);
	CHECK_INT(calendar_day(at("2026-11-26T16:00:00Z"), BEIJING), day);
	CHECK_INT(calendar_day_start_ns(day, BEIJING), at("2026-11-26T16:00:00Z"));
	CHECK_INT(calendar_day(-1, 0), -1);
}

TEST(a_month_later_is_the_same_day_or_the_months_last)
{
	CHECK_INT(calendar_add_months(calendar_date(2026, 1, 31), 1), calendar_date(2026, 2, 28));
	CHECK_INT(calendar_add_months(calendar_date(2028, 1, 31), 1), calendar_date(2028, 2, 29));
	CHECK_INT(calendar_add_months(calendar_date(2026, 12, 15), 1), calendar_date(2027, 1, 15));
	CHECK_INT(calendar_add_months(calendar_date(2026, 3, 31), -1), calendar_date(2026, 2, 28));
	CHECK_INT(calendar_add_months(calendar_date(2026, 5, 31), 13), calendar_date(2027, 6, 30));
}

TEST(holidays_are_off_and_the_days_that_make_up_for_them_are_worked)
{
	struct calendar *c = china();
	static const struct {
		int month, day;
		bool working;
	} cases[] = { { 1, 1, false }, { 1, 4, true /* a Sunday */ }, { 2, 14, true },
		{ 2, 16, false }, { 2, 24, true }, { 10, 1, false }, { 10, 8, true },
		{ 10, 10, true }, { 11, 27, true }, { 11, 28, false }, { 11, 29, false } };
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		bool estimated = false;
		const bool working = calendar_is_working(
			c, calendar_date(2026, cases[i].month, cases[i].day), &estimated);
		if (working != cases[i].working)
			test_fail(
				__FILE__, __LINE__, "2026-%02d-%02d", cases[i].month, cases[i].day);
		CHECK(!estimated);
	}
	calendar_free(c);
}

TEST(working_days_skip_a_holiday_week)
{
	struct calendar *c = china();
	bool estimated = false;
	/* Wednesday 30 September; 1 to 7 October are off; Thursday, Friday, Saturday are worked. */
	CHECK_INT(calendar_add_working(c, calendar_date(2026, 9, 30), 1, &estimated),
		calendar_date(2026, 10, 8));
	CHECK_INT(calendar_add_working(c, calendar_date(2026, 9, 30), 3, &estimated),
		calendar_date(2026, 10, 10));
	CHECK_INT(calendar_add_working(c, calendar_date(2026, 9, 30), 5, &estimated),
		calendar_date(2026, 10, 13));
	CHECK(!estimated);
	CHECK_INT(calendar_add_working(c, calendar_date(2026, 9, 30), 0, &estimated),
		calendar_date(2026, 9, 30));
	calendar_free(c);
}

TEST(what_falls_into_a_year_without_a_table_is_estimated)
{
	struct calendar *c = china();
	bool estimated = false;
	CHECK_INT(calendar_add_working(c, calendar_date(2026, 12, 30), 1, &estimated),
		calendar_date(2026, 12, 31));
	CHECK(!estimated);
	CHECK_INT(calendar_add_working(c, calendar_date(2026, 12, 30), 5, &estimated),
		calendar_date(2027, 1, 6));
	CHECK(estimated);
	calendar_free(c);
}

TEST(a_homes_own_calendar_goes_before_the_built_in_one)
{
	struct calendar *c = NULL;
	static const char own[] = "calendar: weekdays\nyears: [2026]\n"
				  "days:\n  - { date: '2026-12-25', kind: off, name: Christmas }\n";
	REQUIRE_OK(file_make_folders(test_path("home/calendars"), &e), e);
	test_write_file(test_path("home/calendars/weekdays.yaml"), own, strlen(own));
	REQUIRE_OK(calendar_load(test_path("home"), "weekdays", &c, &e), e);
	bool estimated = false;
	CHECK(!calendar_is_working(c, calendar_date(2026, 12, 25), &estimated));
	CHECK(!estimated);
	calendar_free(c);
	REQUIRE_OK(calendar_load(test_path("home"), "cn", &c, &e), e);
	calendar_free(c);
}

TEST(a_damaged_calendar_of_the_home_gives_way_to_the_built_in_one_and_its_dates_are_estimated)
{
	struct calendar *c = NULL;
	bool estimated = false;
	static const char damaged[] = "calendar: cn\nyears: [2026\n";
	REQUIRE_OK(file_make_folders(test_path("home/calendars"), &e), e);
	test_write_file(test_path("home/calendars/cn.yaml"), damaged, strlen(damaged));
	REQUIRE_OK(calendar_load(test_path("home"), "cn", &c, &e), e);
	CHECK(strstr(calendar_trouble(c), "calendars/cn.yaml") != NULL);
	CHECK(!calendar_is_working(c, calendar_date(2026, 10, 1), &estimated));
	CHECK(estimated);
	calendar_free(c);
	test_write_file(test_path("home/calendars/mars.yaml"), damaged, strlen(damaged));
	REQUIRE_OK(calendar_load(test_path("home"), "mars", &c, &e), e);
	CHECK(strstr(calendar_trouble(c), "calendars/mars.yaml") != NULL);
	calendar_free(c);
	REQUIRE_OK(calendar_load(NULL, "cn", &c, &e), e);
	CHECK_TEXT(calendar_trouble(c), "");
	calendar_free(c);
}

TEST(a_calendar_that_is_off_is_refused_by_the_place_of_its_fault)
{
	static const struct {
		const char *text, *word;
	} cases[] = {
		{ "calendar: cn\nyears: [2026]\n", "days" },
		{ "calendar: xx\nyears: []\ndays: []\n", "not the name of the file" },
		{ "calendar: cn\nyears: [1812]\ndays: []\n", "years[0]" },
		{ "calendar: cn\nyears: [2026]\ndays:\n  - { date: '2026-02-30', kind: off }\n",
			"is no day" },
		{ "calendar: cn\nyears: [2026]\ndays:\n  - { date: '2027-02-03', kind: off }\n",
			"not among the years" },
		{ "calendar: cn\nyears: [2026]\ndays:\n  - { date: '2026-02-03', kind: half }\n",
			"'off' or 'work'" },
		{ "calendar: cn\nyears: [2026]\ndays:\n  - { date: '2026-02-03', kind: off }\n"
		  "  - { date: '2026-02-03', kind: work }\n",
			"twice" },
		{ "calendar: cn\nyears: [2026]\ndays: [7]\n", "days[0]" },
		{ "calendar: cn\nyears: [2026]\ndays: []\nmore: 1\n", "more" },
		{ "- 1\n", "not a mapping" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct calendar *c = NULL;
		CHECK_INT(
			calendar_read(view_of(cases[i].text), "cn.yaml", "cn", &c, &e), E_INVALID);
		if (strstr(e.text, cases[i].word) == NULL)
			test_fail(__FILE__, __LINE__, "case %zu: %s", i, e.text);
	}
}

TEST(a_name_that_would_leave_the_folder_is_no_calendar)
{
	struct calendar *c = NULL;
	CHECK_INT(calendar_load(test_folder(), "../secret", &c, &e), E_INVALID);
	CHECK_INT(calendar_load(test_folder(), "", &c, &e), E_INVALID);
	CHECK_INT(calendar_load(test_folder(), "mars", &c, &e), E_ABSENT);
}
