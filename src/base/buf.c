/*
 * Growing text under a ceiling.
 */
#include "base/buf.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/fault.h"

void buf_init(struct buf *b, size_t ceiling_bytes)
{
	*b = (struct buf){ .ceiling = ceiling_bytes };
}

void buf_done(struct buf *b)
{
	free(b->at);
	*b = (struct buf){ .ceiling = b->ceiling };
}

void buf_reset(struct buf *b)
{
	b->len = 0;
	b->failed = false;
	if (b->at != NULL)
		b->at[0] = '\0';
}

static bool reserve(struct buf *b, size_t n_bytes)
{
	if (b->failed)
		return false;
	/* The second bound is for a ceiling of SIZE_MAX: one byte more is kept for the NUL. */
	if (n_bytes > b->ceiling - b->len || n_bytes > SIZE_MAX / 4 - b->len) {
		b->failed = true;
		return false;
	}
	size_t needed = b->len + n_bytes + 1;
	if (needed <= b->capacity)
		return true;
	size_t grown = b->capacity < 128 ? 128 : b->capacity * 2;
	if (grown < needed)
		grown = needed;
	if (grown - 1 > b->ceiling)
		grown = b->ceiling + 1;
	char *at = FAULT("buf_grow") ? NULL : realloc(b->at, grown);
	if (at == NULL) {
		b->failed = true;
		return false;
	}
	b->at = at;
	b->capacity = grown;
	return true;
}

void *buf_extend(struct buf *b, size_t n_bytes)
{
	if (!reserve(b, n_bytes))
		return NULL;
	char *start = b->at + b->len;
	b->len += n_bytes;
	b->at[b->len] = '\0';
	return start;
}

void buf_add_bytes(struct buf *b, const void *bytes, size_t n_bytes)
{
	if (n_bytes == 0)
		return;
	void *room = buf_extend(b, n_bytes);
	if (room != NULL)
		memcpy(room, bytes, n_bytes);
}

void buf_add(struct buf *b, struct view v)
{
	buf_add_bytes(b, v.at, v.len);
}

void buf_add_text(struct buf *b, const char *text)
{
	buf_add(b, view_of(text));
}

void buf_add_char(struct buf *b, char c)
{
	buf_add_bytes(b, &c, 1);
}

void buf_addf(struct buf *b, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	va_list again;
	va_copy(again, args);
	int n = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (n >= 0 && reserve(b, (size_t)n)) {
		(void)vsnprintf(b->at + b->len, (size_t)n + 1, format, again);
		b->len += (size_t)n;
	} else {
		b->failed = true;
	}
	va_end(again);
}

struct view buf_view(const struct buf *b)
{
	return (struct view){ b->at, b->len };
}

const char *buf_text(const struct buf *b)
{
	return b->at == NULL ? "" : b->at;
}

enum status buf_check(const struct buf *b, const char *what, struct error *e)
{
	if (!b->failed)
		return OK;
	return error_set(
		e, E_TOO_BIG, "%s: larger than %zu bytes, or memory is short", what, b->ceiling);
}
