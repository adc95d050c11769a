/*
 * Growing text: ceilings, sticking failure, borrowed and formatted input.
 */
#include <stdint.h>
#include <string.h>

#include "base/buf.h"
#include "tests/lib/faults.h"
#include "tests/lib/test.h"

TEST(an_untouched_buf_reads_as_empty_text)
{
	AUTO_BUF struct buf b;
	buf_init(&b, 10);
	CHECK_TEXT(buf_text(&b), "");
	CHECK_INT(buf_view(&b).len, 0);
	CHECK_INT(buf_check(&b, "x", NULL), OK);
	buf_add(&b, VIEW_NONE);
	buf_add_text(&b, "");
	CHECK_TEXT(buf_text(&b), "");
}

TEST(exactly_the_ceiling_fits_and_not_a_byte_more)
{
	for (size_t ceiling = 0; ceiling < 600; ceiling += 37) {
		AUTO_BUF struct buf b;
		buf_init(&b, ceiling);
		for (size_t i = 0; i < ceiling; i++)
			buf_add_char(&b, 'a');
		CHECK(!b.failed);
		CHECK_INT(b.len, (long long)ceiling);
		CHECK_INT(strlen(buf_text(&b)), (long long)ceiling);
		buf_add_char(&b, 'b');
		CHECK(b.failed);
		CHECK_INT(b.len, (long long)ceiling);
	}
}

TEST(a_failure_sticks_until_the_reset)
{
	AUTO_BUF struct buf b;
	struct error e = ERROR_NONE;
	buf_init(&b, 4);
	buf_add_text(&b, "abc");
	buf_add_text(&b, "de");
	buf_add_text(&b, "f"); /* would fit, but the text would have a hole */
	CHECK_TEXT(buf_text(&b), "abc");
	CHECK_INT(buf_check(&b, "manifest", &e), E_TOO_BIG);
	CHECK(strstr(e.text, "manifest") != NULL && strstr(e.text, "4 bytes") != NULL);
	buf_reset(&b);
	CHECK_TEXT(buf_text(&b), "");
	buf_add_text(&b, "defg");
	CHECK_INT(buf_check(&b, "x", &e), OK);
	CHECK_TEXT(buf_text(&b), "defg");
}

TEST(formatted_text_obeys_the_ceiling_too)
{
	AUTO_BUF struct buf b;
	buf_init(&b, 6);
	buf_addf(&b, "%d-%s", 42, "abc");
	CHECK_TEXT(buf_text(&b), "42-abc");
	buf_addf(&b, "%s", "");
	CHECK(!b.failed);
	buf_addf(&b, "%c", 'x');
	CHECK(b.failed);
	CHECK_TEXT(buf_text(&b), "42-abc");
}

TEST(bytes_with_zeros_are_kept)
{
	AUTO_BUF struct buf b;
	buf_init(&b, 100);
	buf_add_bytes(&b, "a\0b", 3);
	CHECK_INT(b.len, 3);
	CHECK(memcmp(b.at, "a\0b", 4) == 0);
}

TEST(room_is_the_callers_to_fill)
{
	AUTO_BUF struct buf b;
	buf_init(&b, 1000);
	char *room = buf_extend(&b, 1000);
	REQUIRE(room != NULL);
	memset(room, 'x', 1000);
	CHECK_INT(b.at[1000], 0);
	CHECK(buf_extend(&b, 1) == NULL && b.failed);
}

TEST(sizes_near_the_end_of_the_address_space_do_not_wrap)
{
	AUTO_BUF struct buf b;
	buf_init(&b, SIZE_MAX);
	buf_add_text(&b, "abc");
	CHECK(!b.failed);
	CHECK(buf_extend(&b, SIZE_MAX - 3) == NULL);
	buf_reset(&b);
	CHECK(buf_extend(&b, SIZE_MAX) == NULL);
}

TEST(a_done_buf_can_be_used_again)
{
	struct buf b;
	buf_init(&b, 5);
	buf_add_text(&b, "hello");
	buf_done(&b);
	buf_done(&b);
	buf_add_text(&b, "again");
	CHECK_TEXT(buf_text(&b), "again");
	buf_done(&b);
}

TEST(memory_that_runs_out_is_a_failure_that_sticks)
{
	NEEDS_FAULTS();
	for (int n = 1;; n++) {
		AUTO_BUF struct buf b;
		buf_init(&b, 10000);
		REQUIRE(n < 20);
		fault_arm("buf_grow", n);
		for (int i = 0; i < 1000; i++)
			buf_addf(&b, "%d,", i);
		fault_disarm();
		if (!b.failed) {
			CHECK(n > 3);
			return;
		}
		CHECK(strlen(buf_text(&b)) == b.len);
	}
}
