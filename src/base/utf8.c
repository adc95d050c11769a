/*
 * Characters one at a time, and the ones that have no place in a text which is signed and shown.
 */
#include "base/utf8.h"

#include "base/auto.h"
#include "base/i18n.h"

size_t utf8_character(const unsigned char *at, size_t n_left, uint32_t *out_rune)
{
	static const struct {
		unsigned char first_low, first_high, second_low, second_high;
		unsigned char len, payload; /* bits of the first byte that count */
	} forms[] = {
		{ 0xc2, 0xdf, 0x80, 0xbf, 2, 0x1f },
		{ 0xe0, 0xe0, 0xa0, 0xbf, 3, 0x0f },
		{ 0xe1, 0xec, 0x80, 0xbf, 3, 0x0f },
		{ 0xed, 0xed, 0x80, 0x9f, 3, 0x0f },
		{ 0xee, 0xef, 0x80, 0xbf, 3, 0x0f },
		{ 0xf0, 0xf0, 0x90, 0xbf, 4, 0x07 },
		{ 0xf1, 0xf3, 0x80, 0xbf, 4, 0x07 },
		{ 0xf4, 0xf4, 0x80, 0x8f, 4, 0x07 },
	};
	uint32_t rune = 0;
	size_t len = 0;
	if (n_left == 0)
		return 0;
	if (at[0] < 0x80) {
		rune = at[0];
		len = 1;
	}
	for (size_t i = 0; i < COUNT_OF(forms) && len == 0; i++) {
		if (at[0] < forms[i].first_low || at[0] > forms[i].first_high)
			continue;
		if (n_left < forms[i].len || at[1] < forms[i].second_low ||
			at[1] > forms[i].second_high)
			return 0;
		len = forms[i].len;
		rune = at[0] & forms[i].payload;
	}
	for (size_t k = 1; k < len; k++) {
		if (at[k] < 0x80 || at[k] > 0xbf)
			return 0;
		rune = rune << 6 | (at[k] & 0x3f);
	}
	if (out_rune != NULL && len > 0)
		*out_rune = rune;
	return len;
}

static enum text_flaw flaw_of_rune(uint32_t rune, enum text_lines lines)
{
	if (lines == TEXT_SEVERAL_LINES && (rune == '\n' || rune == '\t'))
		return TEXT_SOUND;
	if (rune < 0x20 || (rune >= 0x7f && rune < 0xa0) || rune == 0xfeff || rune == 0x2028 ||
		rune == 0x2029)
		return TEXT_CONTROL;
	if ((rune >= 0x202a && rune <= 0x202e) || (rune >= 0x2066 && rune <= 0x2069))
		return TEXT_DIRECTION;
	if (rune == 0xfffd || (rune >= 0xfdd0 && rune <= 0xfdef) || (rune & 0xfffe) == 0xfffe)
		return TEXT_DAMAGED;
	return TEXT_SOUND;
}

enum text_flaw text_flaw_of(struct view v, enum text_lines lines)
{
	const unsigned char *at = (const unsigned char *)v.at;
	for (size_t i = 0; i < v.len;) {
		uint32_t rune = 0;
		const size_t len = utf8_character(at + i, v.len - i, &rune);
		if (len == 0)
			return TEXT_NOT_UTF8;
		const enum text_flaw flaw = flaw_of_rune(rune, lines);
		if (flaw != TEXT_SOUND)
			return flaw;
		i += len;
	}
	return TEXT_SOUND;
}

const char *text_flaw_words(enum text_flaw flaw)
{
	switch (flaw) {
	case TEXT_SOUND:
		return "";
	case TEXT_NOT_UTF8:
		return _("is not UTF-8; save the text as UTF-8 and try again");
	case TEXT_CONTROL:
		return _("holds control characters");
	case TEXT_DIRECTION:
		return _("holds characters that turn the direction of text");
	case TEXT_DAMAGED:
		return _("holds a replacement character: it was damaged when it was converted");
	}
	return "";
}
