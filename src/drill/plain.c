/*
 * Foreign text made fit to be shown: see plain.h.
 */
#include "drill/plain.h"

#include <assert.h>
#include <stdint.h>

/* RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF. */
size_t plain_character(const unsigned char *at, size_t n_left)
{
	static const struct {
		unsigned char first_low, first_high, second_low, second_high;
		size_t len;
	} forms[] = {
		{ 0xc2, 0xdf, 0x80, 0xbf, 2 },
		{ 0xe0, 0xe0, 0xa0, 0xbf, 3 },
		{ 0xe1, 0xec, 0x80, 0xbf, 3 },
		{ 0xed, 0xed, 0x80, 0x9f, 3 },
		{ 0xee, 0xef, 0x80, 0xbf, 3 },
		{ 0xf0, 0xf0, 0x90, 0xbf, 4 },
		{ 0xf1, 0xf3, 0x80, 0xbf, 4 },
		{ 0xf4, 0xf4, 0x80, 0x8f, 4 },
	};
	if (n_left == 0)
		return 0;
	if (at[0] < 0x80)
		return 1;
	for (size_t i = 0; i < COUNT_OF(forms); i++) {
		if (at[0] < forms[i].first_low || at[0] > forms[i].first_high)
			continue;
		if (n_left < forms[i].len || at[1] < forms[i].second_low ||
			at[1] > forms[i].second_high)
			return 0;
		for (size_t k = 2; k < forms[i].len; k++)
			if (at[k] < 0x80 || at[k] > 0xbf)
				return 0;
		return forms[i].len;
	}
	return 0;
}

void plain_add(struct buf *out, struct view text, size_t n_max, bool lines)
{
	const unsigned char *at = (const unsigned char *)text.at;
	size_t n_written = 0;
	for (size_t i = 0; i < text.len;) {
		size_t len = plain_character(at + i, text.len - i);
		bool control = len == 1 && (at[i] < 0x20 || at[i] == 0x7f);
		/* C1 controls are two bytes in UTF-8; terminals act on them too. */
		control = control || (len == 2 && at[i] == 0xc2 && at[i + 1] < 0xa0);
		size_t n_out = len == 0 || control ? 1 : len;
		if (n_out > n_max - n_written)
			return;
		if (len == 0)
			buf_add_char(out, '?');
		else if (control)
			buf_add_char(out, lines && at[i] == '\n' ? '\n' : ' ');
		else
			buf_add_bytes(out, at + i, len);
		n_written += n_out;
		i += len == 0 ? 1 : len;
	}
}

const char *plain_line(struct pool *p, struct view text, size_t n_max)
{
	assert(n_max <= 1024);
	struct view line = view_cut(&text, '\n');
	AUTO_BUF struct buf clean;
	buf_init(&clean, 2048);
	plain_add(&clean, view_trim(line), n_max, false);
	const char *kept = pool_text(p, buf_view(&clean));
	return kept == NULL ? "" : kept;
}
