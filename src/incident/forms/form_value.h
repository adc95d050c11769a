/*
 * One value of one field: what was typed brought into the form in which it is kept, or a fault.
 * Between the files of this room only.
 */
#ifndef INCIDENT_FORM_VALUE_H
#define INCIDENT_FORM_VALUE_H

#include "incident/forms/forms.h"

struct value_reader {
	const struct form_field *field;
	int64_t now_ns;
	struct pool *pool;
	struct field_faults *faults; /* NULL: only whether it fits */
};
/* *out is a new reference; NULL where the value does not fit (a fault was added) or is empty text
 * or an empty list. Fails only where memory is short. */
enum status form_value_read(
	const struct value_reader *r, json_t *value, json_t **out, struct error *e) MUST_CHECK;

/* "2026-11-24 14:23 (UTC+08:00)", or 2026年11月24日 14:23…; the text itself where it is no time. */
const char *form_time_text(const char *rfc3339, bool chinese, struct pool *p);
/* RFC 3339 to the second in the offset. */
const char *form_time_at(int64_t wall_ns, int64_t utc_offset_minutes, struct pool *p);

#endif
