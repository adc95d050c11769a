/*
 * Fields in and out, and messages that are too short, too long or lying.
 */
#include <string.h>

#include "base/pack.h"
#include "base/random.h"
#include "tests/lib/test.h"

#define PROBE_FIELDS(F)                                                                            \
	F(u8, a)                                                                                   \
	F(u16, b) F(u32, c) F(u64, d) F(i64, e) F(text, name) F(bytes, body) F(digest, hash)
PACK_STRUCT(probe, PROBE_FIELDS)
PACK_CODE(probe, PROBE_FIELDS)

static struct probe sample(void)
{
	return (struct probe){ .a = 0x81,
		.b = 0xfedc,
		.c = 0x89abcdef,
		.d = 0xfedcba9876543210,
		.e = INT64_MIN,
		.name = VIEW("警钟.docx"),
		.body = VIEW("bytes"),
		.hash = digest_of("x", 1) };
}

TEST(a_message_comes_back_as_it_went_out)
{
	AUTO_BUF struct buf b = { .ceiling = 1000 };
	struct probe in = sample();
	struct probe out;
	struct unpack u;
	probe_write(&b, &in);
	unpack_init(&u, buf_view(&b));
	REQUIRE(probe_read(&u, &out) && pack_end(&u));
	CHECK(out.a == in.a && out.b == in.b && out.c == in.c && out.d == in.d && out.e == in.e);
	CHECK(view_equal(out.name, in.name) && view_equal(out.body, in.body));
	CHECK(digest_equal(&out.hash, &in.hash));
}

TEST(bytes_lie_in_little_endian_order)
{
	AUTO_BUF struct buf b = { .ceiling = 100 };
	pack_put_u32(&b, 0x01020304);
	pack_put_text(&b, VIEW("ab"));
	pack_put_i64(&b, -2);
	CHECK(memcmp(b.at, "\4\3\2\1\2\0ab\xfe\xff\xff\xff\xff\xff\xff\xff", 16) == 0);
	CHECK_INT(b.len, 16);
}

TEST(a_message_cut_anywhere_fails_and_reads_nothing_beyond)
{
	AUTO_BUF struct buf b = { .ceiling = 1000 };
	struct probe in = sample();
	probe_write(&b, &in);
	for (size_t n = 0; n < b.len; n++) {
		/* A copy of exactly that size, so that a sanitizer sees any byte too far. */
		AUTO_FREE char *copy = malloc(n + (n == 0));
		REQUIRE(copy != NULL);
		memcpy(copy, b.at, n);
		struct unpack u;
		struct probe out;
		unpack_init(&u, (struct view){ copy, n });
		CHECK(!probe_read(&u, &out));
		CHECK(!pack_end(&u));
		CHECK_INT(pack_get_u64(&u), 0);
	}
}

TEST(what_is_left_over_fails)
{
	AUTO_BUF struct buf b = { .ceiling = 1000 };
	struct probe in = sample();
	struct probe out;
	struct unpack u;
	probe_write(&b, &in);
	buf_add_char(&b, 0);
	unpack_init(&u, buf_view(&b));
	CHECK(probe_read(&u, &out));
	CHECK(!pack_end(&u));
}

TEST(lengths_that_lie_are_not_believed)
{
	struct unpack u;
	unpack_init(&u, (struct view){ "\xff\xff\xff\xff"
				       "abcd",
				8 });
	CHECK_INT(pack_get_bytes(&u).len, 0);
	CHECK(u.failed);
	unpack_init(&u, (struct view){ "\x05\x00"
				       "abcd",
				6 });
	CHECK_INT(pack_get_text(&u).len, 0);
	CHECK(u.failed);
	unpack_init(&u, VIEW_NONE);
	CHECK(pack_end(&u));
	CHECK(pack_get_raw(&u, 0) == NULL || !u.failed);
}

TEST(text_over_its_length_field_fails_the_writer)
{
	AUTO_BUF struct buf b = { .ceiling = MIB };
	AUTO_FREE char *text = calloc(1, 65536);
	REQUIRE(text != NULL);
	pack_put_text(&b, (struct view){ text, 65535 });
	CHECK(!b.failed);
	pack_put_text(&b, (struct view){ text, 65536 });
	CHECK(b.failed);
}

TEST(any_bytes_are_read_without_harm)
{
	struct dice d;
	dice_init(&d, 7);
	for (int i = 0; i < 20000; i++) {
		unsigned char bytes[128];
		struct unpack u;
		struct probe out;
		size_t n = dice_below(&d, sizeof bytes + 1);
		dice_bytes(&d, bytes, n);
		unpack_init(&u, (struct view){ (char *)bytes, n });
		bool read = probe_read(&u, &out);
		CHECK(read == !u.failed);
		if (read)
			CHECK(out.name.len + out.body.len <= n);
	}
}
