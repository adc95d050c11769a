/*
 * An incident with everything in it, made by the program's own functions: several regimes, new
 * facts, a person's grade, a call, reports that were received, that wait and that are drafts,
 * clocks that are done, running, waiting, held and silenced. Chinese and English text.
 */
#ifndef TESTS_LIB_FULL_INCIDENT_H
#define TESTS_LIB_FULL_INCIDENT_H

#include "tests/lib/incident_fixture.h"

/* In a fixture that is open. What lies in *out lies in the fixture's pool. */
void full_incident(struct incident_fixture *f, bool drill, struct incident *out);

enum filling {
	FILLING_NONE,
	FILLING_WHOLE,
	FILLING_LONG /* texts of many lines, lists as long as they may be */
};
/* A filled form with a value of the right kind in each field, every third that may be unknown
 * with a reason. In the pool. Each line of a long text ends in a number of its own: "〔12〕". */
json_t *filled_form(const struct form *form, bool chinese, enum filling filling, struct pool *p);

#endif
