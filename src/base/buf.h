/*
 * A struct buf owns text or bytes that grow: always NUL-terminated, with a ceiling from birth.
 * Failure sticks, so that a run of appends is checked once (buf.failed, or buf_check).
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stddef.h>
#include <stdint.h>

#include "base/auto.h"
#include "base/error.h"
#include "base/view.h"

struct buf {
	char *at;	 /* NULL until the first byte; then NUL-terminated */
	size_t len;	 /* bytes, without the NUL */
	size_t capacity; /* bytes allocated */
	size_t ceiling;	 /* most bytes it may ever hold */
	bool failed;	 /* ceiling or memory was hit; later appends do nothing */
};

void buf_init(struct buf *b, size_t ceiling_bytes);
void buf_done(struct buf *b); /* accepts a zeroed struct; leaves it empty and usable */
#define AUTO_BUF __attribute__((cleanup(buf_done)))

void buf_add(struct buf *b, struct view v);
void buf_add_bytes(struct buf *b, const void *bytes, size_t n_bytes);
void buf_add_text(struct buf *b, const char *text);
void buf_add_char(struct buf *b, char c);
void buf_addf(struct buf *b, const char *format, ...) PRINTF_LIKE(2, 3);
/* Keeps the memory, drops the content and the failure. */
void buf_reset(struct buf *b);
/* n_bytes more that the caller fills; NULL (and failed) where they do not fit. */
void *buf_extend(struct buf *b, size_t n_bytes);

struct view buf_view(const struct buf *b);
/* "" before the first byte. */
const char *buf_text(const struct buf *b);
/* E_TOO_BIG where an append did not fit; `what` names the thing ("manifest"). */
enum status buf_check(const struct buf *b, const char *what, struct error *e) MUST_CHECK;

#endif
