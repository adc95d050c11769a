/*
 * Digests against published vectors; hex and base64 at their edges.
 */
#include <string.h>

#include "base/digest.h"
#include "tests/lib/test.h"

static const char *hex_of(struct digest d)
{
	static char hex[DIGEST_HEX_LEN + 1];
	return digest_hex(&d, hex);
}

/* FIPS 180-4 examples and RFC 4231, test case 2. */
TEST(digests_are_the_published_ones)
{
	CHECK_TEXT(hex_of(digest_of("", 0)),
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	CHECK_TEXT(hex_of(digest_of("abc", 3)),
		"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	CHECK_TEXT(hex_of(digest_hmac("Jefe", 4, "what do ya want for nothing?", 28)),
		"5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
	struct digest a = digest_of("a", 1);
	struct digest b = digest_of("b", 1);
	CHECK(digest_equal(&a, &a) && !digest_equal(&a, &b));
	CHECK(memcmp(digest_of(NULL, 0).bytes, digest_of("", 0).bytes, DIGEST_BYTES) == 0);
}

TEST(pieces_give_the_digest_of_the_whole_and_it_starts_anew)
{
	AUTO(digester_free) struct digester *d = digester_new();
	REQUIRE(d != NULL);
	char text[1000];
	memset(text, 'q', sizeof text);
	for (size_t step = 1; step < 200; step += 13) {
		for (size_t i = 0; i < sizeof text; i += step)
			digester_add(d, text + i, sizeof text - i < step ? sizeof text - i : step);
		struct digest whole = digest_of(text, sizeof text);
		struct digest pieces = digester_result(d);
		CHECK(digest_equal(&whole, &pieces));
	}
}

TEST(hex_is_read_in_both_cases_and_whole_only)
{
	unsigned char bytes[3] = { 1, 1, 1 };
	char text[7];
	CHECK(hex_parse(VIEW("00fFaB"), bytes, 3));
	CHECK_TEXT(hex_text(bytes, 3, text), "00ffab");
	CHECK(!hex_parse(VIEW("00ffa"), bytes, 3) && !hex_parse(VIEW("00ffabcc"), bytes, 3));
	CHECK(!hex_parse(VIEW("00ffag"), bytes, 3) && !hex_parse(VIEW("0x00ff"), bytes, 3));
	CHECK(hex_parse(VIEW(""), bytes, 0));
}

/* RFC 4648, section 10. */
TEST(base64_is_the_published_one)
{
	static const char *const rows[][2] = { { "", "" }, { "f", "Zg==" }, { "fo", "Zm8=" },
		{ "foo", "Zm9v" }, { "foob", "Zm9vYg==" }, { "fooba", "Zm9vYmE=" },
		{ "foobar", "Zm9vYmFy" } };
	struct error e = ERROR_NONE;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		AUTO_BUF struct buf text = { .ceiling = 100 };
		AUTO_BUF struct buf bytes = { .ceiling = 100 };
		base64_add(&text, rows[i][0], strlen(rows[i][0]));
		CHECK_TEXT(buf_text(&text), rows[i][1]);
		REQUIRE_OK(base64_parse(view_of(rows[i][1]), &bytes, &e), e);
		CHECK_TEXT(buf_text(&bytes), rows[i][0]);
	}
}

TEST(every_byte_goes_through_base64_and_back)
{
	unsigned char all[256];
	struct error e = ERROR_NONE;
	for (size_t i = 0; i < sizeof all; i++)
		all[i] = (unsigned char)i;
	for (size_t n = 0; n <= sizeof all; n++) {
		AUTO_BUF struct buf text = { .ceiling = 1000 };
		AUTO_BUF struct buf bytes = { .ceiling = 1000 };
		base64_add(&text, all, n);
		REQUIRE_OK(base64_parse(buf_view(&text), &bytes, &e), e);
		CHECK(view_equal(buf_view(&bytes), (struct view){ (char *)all, n }));
	}
}

TEST(anything_but_canonical_base64_is_refused_and_adds_nothing)
{
	static const char *const rows[] = { "Z", "Zg",
		"Zg=", "Zg===", "Zh==", "Zm9=", "====", "=g==", "Zg==Zg==", "Zm9v\n", "Zm 9v",
		"Zm9v Zg=", "Zm-_", "Zm9vYm.y", "Z=g=" };
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		AUTO_BUF struct buf bytes = { .ceiling = 100 };
		buf_add_text(&bytes, "kept");
		CHECK_INT(base64_parse(view_of(rows[i]), &bytes, NULL), E_INVALID);
		CHECK_TEXT(buf_text(&bytes), "kept");
	}
	AUTO_BUF struct buf small = { .ceiling = 2 };
	CHECK_INT(base64_parse(VIEW("Zm9v"), &small, NULL), E_TOO_BIG);
}
