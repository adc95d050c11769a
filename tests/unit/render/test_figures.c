/*
 * Numbers as people read them.
 */
#include <stdlib.h>
#include <time.h>

#include "render/figures.h"
#include "tests/lib/test.h"

#define NB "\xc2\xa0"

TEST(counts_have_thousands)
{
	CHECK_TEXT(figure_count(0).text, "0");
	CHECK_TEXT(figure_count(999).text, "999");
	CHECK_TEXT(figure_count(26752).text, "26,752");
	CHECK_TEXT(figure_count(UINT64_MAX).text, "18,446,744,073,709,551,615");
	CHECK_TEXT(figure_short(999999).text, "999,999");
	CHECK_TEXT(figure_short(4294967295).text, "4.3" NB "G");
	CHECK_TEXT(figure_short(UINT64_MAX).text, "18.4" NB "E");
}

TEST(durations_choose_their_unit)
{
	static const struct {
		int64_t ns;
		const char *text;
	} rows[] = {
		{ -1, "–" },
		{ 0, "0" NB "s" },
		{ 41 * NS_PER_MS, "41" NB "ms" },
		{ NS_PER_S, "1.0" NB "s" },
		{ 95 * NS_PER_S, "95" NB "s" },
		{ 119 * NS_PER_S, "119" NB "s" },
		{ 120 * NS_PER_S, "2" NB "min" NB "00" NB "s" },
		{ 3599 * NS_PER_S, "59" NB "min" NB "59" NB "s" },
		{ 3600 * NS_PER_S, "1" NB "h" NB "00" NB "min" },
		{ 48 * 3600 * NS_PER_S, "2" NB "days" NB "0" NB "h" },
		{ INT64_MAX, "106751" NB "days" },
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		CHECK_TEXT(figure_duration(rows[i].ns).text, rows[i].text);
}

TEST(a_share_that_is_not_nothing_never_reads_as_nothing)
{
	CHECK_TEXT(figure_share(0).text, "0" NB "%");
	CHECK_TEXT(figure_share(0.0001).text, "<" NB "0.1" NB "%");
	CHECK_TEXT(figure_share(0.07).text, "7.0" NB "%");
	CHECK_TEXT(figure_share(0.99999).text, ">" NB "99.9" NB "%");
	CHECK_TEXT(figure_share(1).text, "100" NB "%");
}

TEST(an_axis_has_round_times)
{
	CHECK_TEXT(figure_tick(0).text, "0" NB "s");
	CHECK_TEXT(figure_tick(500 * NS_PER_MS).text, "500" NB "ms");
	CHECK_TEXT(figure_tick(5 * NS_PER_S).text, "5" NB "s");
	CHECK_TEXT(figure_tick(120 * NS_PER_S).text, "2" NB "min");
	CHECK_TEXT(figure_tick(90 * NS_PER_S).text, "90" NB "s");
	CHECK_TEXT(figure_tick(7200 * NS_PER_S).text, "2" NB "h");
}

/* n_changed counts whole decoys: bytes may have been changed before the first is complete. */
TEST(at_once_is_before_the_first_changed_byte_and_not_before_the_first_changed_decoy)
{
	struct drill_result r = { .channels_named = true,
		.detect = DETECT_ALERTED,
		.contain = CONTAIN_KILLED,
		.t0_ns = 1795501407LL * NS_PER_S,
		.detect_ns = 3 * NS_PER_S,
		.contain_ns = 2 * NS_PER_S };
	CHECK_TEXT(figure_alert(&r).text, "3.0" NB "s");
	CHECK_TEXT(figure_contained(&r).text, "2.0" NB "s");
	r.detect_ns = -1;
	CHECK_TEXT(figure_alert(&r).text, "–");
	r.t0_ns = -1;
	CHECK_TEXT(figure_alert(&r).text, "at once");
	CHECK_TEXT(figure_contained(&r).text, "at once");
	/* A decoy that was found changed without a first byte of ours is no reason to say
	 * otherwise. */
	r.n_changed = 1;
	CHECK_TEXT(figure_contained(&r).text, "at once");
}

TEST(bytes_and_rates_and_times)
{
	(void)setenv("TZ", "Asia/Shanghai", 1);
	tzset();
	CHECK_TEXT(figure_bytes(0).text, "0" NB "B");
	CHECK_TEXT(figure_bytes(1023).text, "1023" NB "B");
	CHECK_TEXT(figure_bytes(1536).text, "1.5" NB "KiB");
	CHECK_TEXT(figure_bytes(401000000).text, "382" NB "MiB");
	CHECK_TEXT(figure_bytes(UINT64_MAX).text, "16.0" NB "EiB");
	CHECK_TEXT(figure_rate(0).text, "unlimited");
	CHECK_TEXT(figure_rate(39.8).text, "39.8" NB "files/s");
	CHECK_TEXT(figure_rate(282).text, "282" NB "files/s");
	CHECK_TEXT(figure_time(-1).text, "–");
	CHECK_TEXT(figure_date(-1).text, "–");
}

TEST(local_time_stands_with_its_offset)
{
	/* POSIX writes the sign the other way round. */
	(void)setenv("TZ", "CST-8", 1);
	tzset();
	CHECK_TEXT(
		figure_time(1795501407LL * NS_PER_S).text, "2026-11-24" NB "14:23:27" NB "+08:00");
	CHECK_TEXT(figure_moment(1795501407LL * NS_PER_S).text, "2026-11-24" NB "14:23:27");
	CHECK_TEXT(figure_date(1795501407LL * NS_PER_S).text, "2026-11-24");
	CHECK_TEXT(figure_offset(1795501407LL * NS_PER_S).text, "+08:00");
}
