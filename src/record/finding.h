/*
 * A finding: something a capability noticed about a subject, for people and for other capabilities.
 */
#ifndef RECORD_FINDING_H
#define RECORD_FINDING_H

#include <stdint.h>

#include "base/error.h"
#include "base/id.h"
#include "base/pool.h"
#include "store/store.h"

enum finding_severity { FINDING_INFO, FINDING_LOW, FINDING_MEDIUM, FINDING_HIGH, FINDING_CRITICAL };

struct finding {
	struct id id;
	const char *source;	 /* "drill", "guard", "examine" … */
	const char *rule;	 /* stable id of what found it */
	const char *rule_author; /* who wrote the rule; shown wherever a match is shown */
	const char *subject;	 /* what it is about: a host, path, account */
	enum finding_severity severity;
	const char *technique; /* ATT&CK id, NULL */
	const char *evidence;  /* what was seen */
	const char *remediation;
	int64_t at_ns; /* wall */
};

extern const struct migration_area record_migrations;

enum status finding_add(struct store *s, const struct finding *f, struct error *e) MUST_CHECK;
/* Newest first; source NULL: all. */
enum status finding_list(struct store *s, const char *source, int64_t limit, struct pool *p,
	struct finding **out, size_t *out_n, struct error *e) MUST_CHECK;
const char *finding_severity_name(enum finding_severity s);

#endif
