/*
 * Foreign text made fit to be shown: see plain.h.
 */
#include "drill/plain.h"

#include <assert.h>

#include "base/utf8.h"

size_t plain_character(const unsigned char *at, size_t n_left)
{
	return utf8_character(at, n_left, NULL);
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
