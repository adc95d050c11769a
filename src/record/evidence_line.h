/*
 * The closing line of an evidence file, as writer and checker build it: the same bytes, always.
 */
#ifndef RECORD_EVIDENCE_LINE_H
#define RECORD_EVIDENCE_LINE_H

#include <stdint.h>

#include "base/digest.h"
#include "base/json.h"

#define EVIDENCE_LINE_BYTES_MAX (16 * MIB)

/* Appends the line without its newline. Borrows `envelope`. */
enum status evidence_closing_line(uint64_t number, const struct digest *prev, json_t *envelope,
	struct buf *out, struct error *e) MUST_CHECK;

#endif
