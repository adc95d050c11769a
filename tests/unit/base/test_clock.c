/*
 * Times as text and back, and clocks that can be injected.
 */
#include <stdio.h>
#include <time.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/random.h"
#include "tests/lib/test.h"

static int64_t fixed_wall(void *context)
{
	return *(int64_t *)context;
}

TEST(an_injected_clock_is_asked_and_the_rest_is_the_kernels)
{
	int64_t now = 42;
	struct clock c = { .wall_ns = fixed_wall, .context = &now };
	CHECK_INT(clock_wall_ns(&c), 42);
	int64_t boot = clock_boot_ns(&c);
	CHECK(boot > 0 && clock_boot_ns(NULL) >= boot);
	CHECK(clock_wall_ns(NULL) > 1700000000LL * NS_PER_S);
}

TEST(a_sleep_is_at_least_as_long_as_asked)
{
	int64_t before = clock_boot_ns(NULL);
	clock_sleep_ns(20 * NS_PER_MS);
	CHECK(clock_boot_ns(NULL) - before >= 20 * NS_PER_MS);
	clock_sleep_ns(0);
	clock_sleep_ns(-1);
}

static const struct {
	const char *text;
	int64_t ns; /* -1: refused */
} rows[] = {
	{ "1970-01-01T00:00:00Z", 0 },
	{ "1970-01-01T00:00:00.000000001Z", 1 },
	{ "2026-11-24T06:23:27.123Z", 1795501407123000000 },
	{ "2026-11-24t06:23:27.123z", 1795501407123000000 },
	{ "2026-11-24 06:23:27.123Z", 1795501407123000000 },
	{ "2026-11-24T14:23:27.123+08:00", 1795501407123000000 },
	{ "2026-11-23T18:23:27.1230-12:00", 1795501407123000000 },
	{ "2000-02-29T00:00:00Z", 951782400000000000 },
	{ "2261-12-31T23:59:59.999999999Z", 9214646399999999999 },
	{ "2016-12-31T23:59:60Z", 1483228800000000000 },
	{ "2017-01-01T07:59:60+08:00", 1483228800000000000 },
	{ "2016-12-31T22:59:60Z", -1 },
	{ "2261-12-31T23:59:59-00:01", -1 },
	{ "2016-12-31T23:59:61Z", -1 },
	{ "1970-01-01T00:00:00+00:01", -1 },
	{ "1969-12-31T23:59:59Z", -1 },
	{ "2262-01-01T00:00:00Z", -1 },
	{ "2001-02-29T00:00:00Z", -1 },
	{ "2100-02-29T00:00:00Z", -1 },
	{ "2026-13-01T00:00:00Z", -1 },
	{ "2026-00-01T00:00:00Z", -1 },
	{ "2026-01-00T00:00:00Z", -1 },
	{ "2026-04-31T00:00:00Z", -1 },
	{ "2026-01-01T24:00:00Z", -1 },
	{ "2026-01-01T00:60:00Z", -1 },
	{ "2026-01-01T00:00:00", -1 },
	{ "2026-01-01T00:00:00.Z", -1 },
	{ "2026-01-01T00:00:00.1234567890Z", -1 },
	{ "2026-01-01T00:00:00Zx", -1 },
	{ "2026-01-01T00:00:00+0800", -1 },
	{ "2026-01-01T00:00:00+24:00", -1 },
	{ "2026-01-01T00:00:00+08:60", -1 },
	{ "2026-1-01T00:00:00Z", -1 },
	{ "26-01-01T00:00:00Z", -1 },
	{ "2026-01-01", -1 },
	{ "", -1 },
};

TEST(times_are_read_as_rfc_3339_says)
{
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		int64_t ns = -7;
		bool good = time_parse(view_of(rows[i].text), &ns);
		if (good != (rows[i].ns >= 0) || ns != (good ? rows[i].ns : -7))
			test_fail(__FILE__, __LINE__, "%s gave %lld", rows[i].text, (long long)ns);
	}
}

TEST(a_written_time_is_cut_to_milliseconds)
{
	char text[TIME_TEXT_MAX];
	CHECK_TEXT(time_text(1795501407123999999, text), "2026-11-24T06:23:27.123Z");
	CHECK_TEXT(time_text(0, text), "1970-01-01T00:00:00.000Z");
	CHECK_TEXT(time_text(-5, text), "1970-01-01T00:00:00.000Z");
	CHECK_TEXT(time_text(INT64_MAX, text), "2262-04-11T23:47:16.854Z");
}

/* Against the C library, over all of the range. */
TEST(dates_agree_with_the_c_library)
{
	struct dice d;
	dice_init(&d, 1);
	for (int i = 0; i < 20000; i++) {
		int64_t ms = (int64_t)dice_below(&d, 9214646400000ULL);
		time_t seconds = ms / 1000;
		struct tm tm;
		char wanted[64];
		char text[TIME_TEXT_MAX];
		REQUIRE(gmtime_r(&seconds, &tm) != NULL);
		(void)snprintf(wanted, sizeof wanted, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ",
			tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min,
			tm.tm_sec, (int)(ms % 1000));
		CHECK_TEXT(time_text(ms * NS_PER_MS, text), wanted);
		int64_t back = 0;
		CHECK(time_parse(view_of(text), &back) && back == ms * NS_PER_MS);
	}
}
