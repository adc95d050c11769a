/*
 * UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF. And what a
 * text that somebody typed may hold before we keep it, sign it and show it to others.
 */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stddef.h>
#include <stdint.h>

#include "base/view.h"

/* Length of the character at `at` (1 to 4 bytes), 0 where there is none; *out_rune (may be NULL) is
 * its number. */
size_t utf8_character(const unsigned char *at, size_t n_left, uint32_t *out_rune);

enum text_flaw {
	TEXT_SOUND,
	TEXT_NOT_UTF8,
	TEXT_CONTROL,	/* C0 and C1 controls, U+FEFF, U+2028, U+2029 */
	TEXT_DIRECTION, /* embeddings, overrides and isolates: what is shown is not what is stored
			 */
	TEXT_DAMAGED	/* U+FFFD or a code that is no character: a
			   conversion went wrong on its way */
};
enum text_lines { TEXT_ONE_LINE, TEXT_SEVERAL_LINES }; /* several: line feed and tab are fine */
/* The first flaw. */
enum text_flaw text_flaw_of(struct view v, enum text_lines lines);
/* A whole clause in the language of i18n_use, without its subject; "" where it is sound. */
const char *text_flaw_words(enum text_flaw flaw);

#endif
