/*
 * What people type when they are asked: times, and one of several choices.
 */
#include "cli/incident_ask.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "tests/lib/test.h"

#define MINUTE_NS (60 * NS_PER_S)
/* 2026-11-28T03:10:00+08:00 */
#define NIGHT_NS ((1795806600LL) * NS_PER_S)

static int64_t when(const char *typed)
{
	int64_t ns = 0;
	return incident_ask_when(view_of(typed), NIGHT_NS, &ns) ? (NIGHT_NS - ns) / MINUTE_NS : -1;
}

static void in_china(void)
{
	CHECK_INT(setenv("TZ", "CST-8", 1), 0);
	tzset();
}

TEST(a_number_is_minutes_ago)
{
	CHECK_INT(when("0"), 0);
	CHECK_INT(when(" 10 "), 10);
	CHECK_INT(when("600"), 600);
	CHECK_INT(when("0255"), -1); /* minutes, or 02:55? */
	CHECK_INT(when("-5"), -1);
}

TEST(a_time_of_day_is_by_the_clock_of_the_machine_and_yesterdays_where_it_is_still_to_come)
{
	in_china();
	CHECK_INT(when("02:55"), 15);
	CHECK_INT(when("2:55"), 15);
	CHECK_INT(when("02：55"), 15);
	CHECK_INT(when("03:10"), 0);
	CHECK_INT(when("23:10"), 4 * 60);
	CHECK_INT(when("2026-11-28 02:55"), 15);
	CHECK_INT(when("2026-11-27T03:10"), 24 * 60);
	CHECK_INT(when("2026-11-28T02:55:00+08:00"), 15);
	CHECK_INT(when("2026-11-27T18:55:00Z"), 15);
}

TEST(what_is_no_time_or_not_past_is_asked_again)
{
	static const char *const rows[] = { "", "soon", "25:00", "02:60", "02:55x",
		"2026-02-31 02:55", "2026-11-28 04:00", "2026-11-28T04:00:00+08:00",
		"1999-01-01 00:00",
		"2026-11-28 02:55 and a half or perhaps a little later than that, nobody knows",
		"02:55:10:11" };
	in_china();
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (when(rows[i]) != -1)
			test_fail(__FILE__, __LINE__, "'%s' was taken", rows[i]);
}

TEST(a_choice_is_its_number_its_name_or_a_beginning_that_is_one_choices_alone)
{
	static const struct fact_choice options[] = { { "leak", { "Data leak", "数据泄露" } },
		{ "tampering", { "Data tampered with", "数据篡改" } }, { "yes", { "Yes", "是" } } };
	const struct form_field f = { .options = options, .n_options = 3 };
	static const struct {
		const char *typed, *key;
	} rows[] = { { "1", "leak" }, { " 2 ", "tampering" }, { "y", "yes" }, { "是", "yes" },
		{ "数据篡改", "tampering" }, { "数据泄", "leak" }, { "lea", "leak" },
		{ "Data l", "leak" }, { "Data", NULL }, { "数据", NULL }, { "0", NULL },
		{ "4", NULL }, { "", NULL }, { "earthquake", NULL }, { "\xff", NULL } };
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct fact_choice *o = incident_ask_choice(&f, view_of(rows[i].typed));
		const char *key = o == NULL ? "" : o->key;
		if (strcmp(key, rows[i].key == NULL ? "" : rows[i].key) != 0)
			test_fail(__FILE__, __LINE__, "'%s' is '%s'", rows[i].typed, key);
	}
}
