/*
 * Looking at borrowed bytes.
 */
#include "base/auto.h"
#include "base/view.h"
#include "tests/lib/test.h"

TEST(equal_means_the_same_bytes)
{
	CHECK(view_is(VIEW("abc"), "abc"));
	CHECK(!view_is(VIEW("abc"), "abcd") && !view_is(VIEW("abcd"), "abc"));
	CHECK(view_equal(VIEW_NONE, VIEW("")));
	CHECK(view_equal((struct view){ "a\0b", 3 }, (struct view){ "a\0b", 3 }));
	CHECK(!view_equal((struct view){ "a\0b", 3 }, (struct view){ "a\0c", 3 }));
	CHECK_INT(view_of(NULL).len, 0);
}

TEST(beginnings_and_ends)
{
	CHECK(view_starts_with(VIEW("drill.yaml"), VIEW("drill")));
	CHECK(view_ends_with(VIEW("drill.yaml"), VIEW(".yaml")));
	CHECK(view_starts_with(VIEW("a"), VIEW("")) && view_ends_with(VIEW_NONE, VIEW("")));
	CHECK(!view_starts_with(VIEW("a"), VIEW("ab")) && !view_ends_with(VIEW("b"), VIEW("ab")));
}

TEST(cutting_walks_through_all_parts)
{
	struct view rest = VIEW("a,,b,");
	CHECK(view_is(view_cut(&rest, ','), "a"));
	CHECK(view_is(view_cut(&rest, ','), ""));
	CHECK(view_is(view_cut(&rest, ','), "b"));
	CHECK_INT(rest.len, 0);
	CHECK(view_is(view_cut(&rest, ','), ""));
	rest = VIEW_NONE;
	CHECK(view_is(view_cut(&rest, ','), ""));
	rest = VIEW("whole");
	CHECK(view_is(view_cut(&rest, ','), "whole"));
	CHECK_INT(rest.len, 0);
}

TEST(trimming_takes_blanks_at_both_ends_only)
{
	CHECK(view_is(view_trim(VIEW(" \t a b\r\n")), "a b"));
	CHECK(view_is(view_trim(VIEW(" \n ")), ""));
	CHECK(view_is(view_trim(VIEW_NONE), ""));
}

TEST(numbers_are_whole_decimal_and_fit)
{
	static const struct {
		const char *text;
		bool good;
		unsigned long long value;
	} rows[] = {
		{ "0", true, 0 },
		{ "007", true, 7 },
		{ "18446744073709551615", true, 18446744073709551615ULL },
		{ "18446744073709551616", false, 0 },
		{ "99999999999999999999", false, 0 },
		{ "100000000000000000000", false, 0 },
		{ "", false, 0 },
		{ "-1", false, 0 },
		{ "+1", false, 0 },
		{ " 1", false, 0 },
		{ "1 ", false, 0 },
		{ "1e3", false, 0 },
		{ "0x10", false, 0 },
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		unsigned long long x = 12345;
		CHECK_INT(view_to_u64(view_of(rows[i].text), &x), rows[i].good);
		CHECK(x == (rows[i].good ? rows[i].value : 12345));
	}
}
