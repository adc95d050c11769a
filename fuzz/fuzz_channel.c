/*
 * Channel specs, and the lines that an accepted pattern is held against: the first line of the
 * input is the spec, the rest arrives in the operator's file in two pieces.
 */
#include <stdlib.h>

#include "drill/plain.h"
#include "drill/sense/channel_source.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool take(struct view text, enum drill_detect kind, void *context)
{
	size_t *n = context;
	(void)kind;
	AUTO_BUF struct buf clean;
	buf_init(&clean, CHANNEL_TEXT_MAX + 1);
	plain_add(&clean, text, CHANNEL_TEXT_MAX, false);
	if (clean.failed || clean.len > CHANNEL_TEXT_MAX || text.len > LINE_BYTES_MAX)
		abort();
	*n += 1;
	return (text.len & 1) != 0; /* some lines are alerts */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view rest = { (const char *)data, size };
	struct view first = view_cut(&rest, '\n');
	AUTO_FREE char *text = strndup(first.len == 0 ? "" : first.at, first.len);
	struct channel_spec spec;
	struct error e = ERROR_NONE;
	if (text == NULL)
		return 0;
	if (channel_spec_parse(text, &spec, &e) == OK &&
		(spec.detect == DETECT_NONE || strlen(spec.pattern) > CHANNEL_PATTERN_MAX))
		abort();
	struct lines lines;
	size_t n = 0;
	size_t half = rest.len / 2;
	lines_init(&lines);
	lines_add(&lines, (struct view){ rest.at, half }, take, &n);
	lines_rest(&lines, take, &n);
	lines_add(&lines, (struct view){ rest.at + half, rest.len - half }, take, &n);
	lines_flush(&lines, take, &n);
	lines_done(&lines);
	return n > size + 2 ? (abort(), 0) : 0;
}
