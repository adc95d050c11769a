/*
 * Text that came from somewhere else (a log line, a program's output, a controller's answer) made
 * fit to be shown and stored: valid UTF-8, no control characters, cut at a character's border.
 */
#ifndef DRILL_PLAIN_H
#define DRILL_PLAIN_H

#include "base/buf.h"
#include "base/pool.h"
#include "base/view.h"

/* Appends at most `n_max` bytes: a byte that is no UTF-8 becomes '?', a control character a blank;
 * with `lines`, a newline stays. */
void plain_add(struct buf *out, struct view text, size_t n_max, bool lines);
/* The first line in the pool, cut to `n_max` bytes (at most 1,024); "" where memory is short. */
const char *plain_line(struct pool *p, struct view text, size_t n_max);
/* Length of the UTF-8 character at `at` (1 to 4), 0 where there is none. */
size_t plain_character(const unsigned char *at, size_t n_left);

#endif
