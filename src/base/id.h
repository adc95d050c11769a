/*
 * Ids are UUIDv7 (RFC 9562, section 5.7) in lower-case text.
 */
#ifndef BASE_ID_H
#define BASE_ID_H

#include <stdbool.h>
#include <stdint.h>

#include "base/view.h"

enum { ID_TEXT_LEN = 36 };

struct id {
	char text[ID_TEXT_LEN + 1]; /* NUL-terminated */
};

struct id id_new(int64_t wall_ns);
/* Exactly the canonical lower-case form of a version 7 UUID. */
bool id_parse(struct view v, struct id *out) __attribute__((warn_unused_result));

#endif
