/*
 * Characters against every code point and every two-byte start; texts that may be signed and shown.
 */
#include <string.h>

#include "base/utf8.h"
#include "tests/lib/test.h"

/* RFC 3629, section 3, written the other way round. */
static size_t encode(uint32_t rune, unsigned char out[4])
{
	if (rune < 0x80) {
		out[0] = (unsigned char)rune;
		return 1;
	}
	const size_t len = rune < 0x800 ? 2 : rune < 0x10000 ? 3 : 4;
	static const unsigned char marks[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
	for (size_t i = len - 1; i > 0; i--) {
		out[i] = (unsigned char)(0x80 | (rune & 0x3f));
		rune >>= 6;
	}
	out[0] = (unsigned char)(marks[len] | rune);
	return len;
}

TEST(every_code_point_is_read_back_and_surrogates_are_not)
{
	for (uint32_t rune = 0; rune < 0x112000; rune++) {
		unsigned char bytes[4] = { 0 };
		uint32_t got = 0;
		const size_t len = encode(rune, bytes);
		const bool valid = rune <= 0x10ffff && (rune < 0xd800 || rune > 0xdfff);
		const size_t read = utf8_character(bytes, len, &got);
		if (read != (valid ? len : 0) || (valid && got != rune)) {
			test_fail(__FILE__, __LINE__, "U+%04X: %zu bytes, U+%04X", rune, read, got);
			return;
		}
		for (size_t cut = 0; cut < len; cut++)
			if (utf8_character(bytes, cut, NULL) != 0)
				test_fail(__FILE__, __LINE__, "U+%04X cut to %zu", rune, cut);
	}
}

TEST(a_longer_form_than_needed_is_no_character)
{
	static const char *const forms[] = { "\xc0\x80", "\xc1\xbf", "\xe0\x80\x80", "\xe0\x9f\xbf",
		"\xf0\x80\x80\x80", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80",
		"\xff", "\x80", "\xe4\xb8", "\xed\xa0\x80" };
	for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
		CHECK_INT(
			utf8_character((const unsigned char *)forms[i], strlen(forms[i]), NULL), 0);
}

TEST(each_flaw_of_a_text_is_told_apart)
{
	static const struct {
		const char *text;
		enum text_lines lines;
		enum text_flaw flaw;
	} rows[] = {
		{ "", TEXT_ONE_LINE, TEXT_SOUND },
		{ "华东制造 — 第 3 车间 𬭎", TEXT_ONE_LINE, TEXT_SOUND },
		{ "one\ntwo\tthree", TEXT_SEVERAL_LINES, TEXT_SOUND },
		{ "one\ntwo", TEXT_ONE_LINE, TEXT_CONTROL },
		{ "\x1b[31m", TEXT_SEVERAL_LINES, TEXT_CONTROL },
		{ "a\rb", TEXT_SEVERAL_LINES, TEXT_CONTROL },
		{ "\x7f", TEXT_SEVERAL_LINES, TEXT_CONTROL },
		{ "\xc2\x9b", TEXT_SEVERAL_LINES, TEXT_CONTROL },
		{ "\xef\xbb\xbf", TEXT_SEVERAL_LINES, TEXT_CONTROL },
		{ "\xe2\x80\xa8", TEXT_SEVERAL_LINES, TEXT_CONTROL },
		{ "\xe2\x80\xae", TEXT_SEVERAL_LINES, TEXT_DIRECTION },
		{ "\xe2\x81\xa6", TEXT_SEVERAL_LINES, TEXT_DIRECTION },
		{ "\xe2\x80\x8f", TEXT_ONE_LINE, TEXT_SOUND }, /* a mark that Uyghur needs */
		{ "\xef\xbf\xbd", TEXT_ONE_LINE, TEXT_DAMAGED },
		{ "\xef\xb7\x90", TEXT_ONE_LINE, TEXT_DAMAGED },
		{ "\xf0\x9f\xbf\xbe", TEXT_ONE_LINE, TEXT_DAMAGED },
		{ "\xc0\xc0\xcf\xf2", TEXT_ONE_LINE, TEXT_NOT_UTF8 }, /* GBK */
		{ "good, then \xff", TEXT_SEVERAL_LINES, TEXT_NOT_UTF8 },
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const enum text_flaw flaw = text_flaw_of(view_of(rows[i].text), rows[i].lines);
		CHECK_INT(flaw, rows[i].flaw);
		CHECK((text_flaw_words(flaw)[0] == '\0') == (flaw == TEXT_SOUND));
	}
	CHECK_INT(text_flaw_of((struct view){ "a\0b", 3 }, TEXT_SEVERAL_LINES), TEXT_CONTROL);
}
