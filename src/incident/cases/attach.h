/*
 * Files that go along with a submission: copied into <home>/incidents/<id>/<sha256>, so that what
 * was meant can still be shown years later. Between the files of this room only.
 */
#ifndef INCIDENT_ATTACH_H
#define INCIDENT_ATTACH_H

#include "incident/cases/spool.h"

#define ATTACHMENT_BYTES_MAX (256LL * 1024 * 1024)

/* Copies durably; a file that is there already is left as it is. All faults are named with the
 * path. */
struct attach_request {
	const char *const *paths;
	size_t n;
};
enum status attach_all(const struct desk *d, const struct id *incident,
	const struct attach_request *r, struct attachment *out, struct field_faults *faults,
	struct error *e) MUST_CHECK;
/* Removes the case's copies. */
enum status attach_remove(
	const struct desk *d, const struct id *incident, struct error *e) MUST_CHECK;

#endif
