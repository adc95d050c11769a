/*
 * The reversible change: the same stream whatever the cut, a known answer, other files other
 * streams.
 */
#include <string.h>

#include "base/digest.h"
#include "base/fault.h"
#include "base/random.h"
#include "drill/keep/keystream.h"
#include "tests/lib/test.h"

static void some_key(unsigned char key[ESCROW_KEY_BYTES])
{
	for (int i = 0; i < ESCROW_KEY_BYTES; i++)
		key[i] = (unsigned char)i;
}

TEST(any_cut_of_a_file_gives_the_same_bytes_as_the_whole)
{
	AUTO(keystream_free) struct keystream *k = NULL;
	struct error e = ERROR_NONE;
	unsigned char key[ESCROW_KEY_BYTES];
	unsigned char whole[3000] = { 0 };
	unsigned char cut[3000] = { 0 };
	struct dice d;
	some_key(key);
	dice_init(&d, 1);
	REQUIRE_OK(keystream_new(&k, &e), e);
	for (int round = 0; round < 200; round++) {
		uint64_t base = dice_below(&d, 3) == 0 ? (UINT64_C(1) << 40) : dice_below(&d, 100);
		memset(whole, 0, sizeof whole);
		memset(cut, 0, sizeof cut);
		keystream_file(k, key, 9);
		keystream_apply(k, base, whole, sizeof whole);
		for (size_t at = 0; at < sizeof cut;) {
			size_t n = 1 + (size_t)dice_below(&d, 70);
			if (n > sizeof cut - at)
				n = sizeof cut - at;
			keystream_apply(k, base + at, cut + at, n);
			at += n;
		}
		CHECK(memcmp(whole, cut, sizeof whole) == 0);
	}
}

TEST(applying_it_twice_brings_the_bytes_back)
{
	AUTO(keystream_free) struct keystream *k = NULL;
	struct error e = ERROR_NONE;
	unsigned char key[ESCROW_KEY_BYTES];
	char text[] = "The pump in hall 3 was inspected on Tuesday.";
	some_key(key);
	REQUIRE_OK(keystream_new(&k, &e), e);
	keystream_file(k, key, 3);
	keystream_apply(k, 12345, text, sizeof text);
	CHECK(strcmp(text, "The pump in hall 3 was inspected on Tuesday.") != 0);
	keystream_apply(k, 12345, text, sizeof text);
	CHECK_TEXT(text, "The pump in hall 3 was inspected on Tuesday.");
	keystream_apply(k, 5, text, 0);
	CHECK_TEXT(text, "The pump in hall 3 was inspected on Tuesday.");
}

/* Computed apart from this code: key = HMAC-SHA-256(00 … 1f, "tocsin decoy" 07 00 00 00), then
 * AES-256-CTR from counter 0 with `openssl enc`. */
TEST(the_stream_is_the_documented_one)
{
	AUTO(keystream_free) struct keystream *k = NULL;
	struct error e = ERROR_NONE;
	unsigned char key[ESCROW_KEY_BYTES];
	unsigned char bytes[32] = { 0 };
	char hex[65];
	some_key(key);
	REQUIRE_OK(keystream_new(&k, &e), e);
	keystream_file(k, key, 7);
	keystream_apply(k, 0, bytes, sizeof bytes);
	CHECK_TEXT(hex_text(bytes, sizeof bytes, hex),
		"20c301f7eb8da8f3c4e5d76eceb27ee29591978eb87be59bd4401bedea0eab56");
}

TEST(two_files_have_two_streams)
{
	AUTO(keystream_free) struct keystream *k = NULL;
	struct error e = ERROR_NONE;
	unsigned char key[ESCROW_KEY_BYTES];
	unsigned char a[64] = { 0 };
	unsigned char b[64] = { 0 };
	some_key(key);
	REQUIRE_OK(keystream_new(&k, &e), e);
	keystream_file(k, key, 1);
	keystream_apply(k, 0, a, sizeof a);
	keystream_file(k, key, 256);
	keystream_apply(k, 0, b, sizeof b);
	CHECK(memcmp(a, b, sizeof a) != 0);
}

#ifdef TOCSIN_FAULTS
TEST(short_memory_is_a_status)
{
	struct keystream *k = NULL;
	struct error e = ERROR_NONE;
	fault_arm("keystream_new", 1);
	CHECK_INT(keystream_new(&k, &e), E_NO_SPACE);
	CHECK(k == NULL);
}
#else
TEST(short_memory_is_a_status)
{
	test_skip("built without fault points");
}
#endif
