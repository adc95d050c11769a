/*
 * The controller's answers: whatever is taken has known steps, bounded texts and sane times.
 */
#include <stdlib.h>
#include <string.h>

#include "drill/people/people.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct people_origin t0 = { 0, 1767225600LL * NS_PER_S };
	struct drill_step steps[PEOPLE_STEPS];
	struct error e = ERROR_NONE;
	bool complete = false;
	AUTO(pool_free) struct pool *p = pool_new(4 * MIB);
	if (p == NULL || people_parse((struct view){ (const char *)data, size }, &t0, p, steps,
				 &complete, &e) != OK)
		return 0;
	for (size_t i = 0; i < PEOPLE_STEPS; i++) {
		if (steps[i].id == NULL || strlen(steps[i].answer) > PEOPLE_ANSWER_MAX)
			abort();
		if (steps[i].after_ns < -1 || steps[i].after_ns > 7 * 86400 * NS_PER_S)
			abort();
		if (steps[i].done && (!steps[i].answered || steps[i].after_ns < 0))
			abort();
	}
	return 0;
}
