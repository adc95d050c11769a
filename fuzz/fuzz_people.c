/*
 * The controller's answers: whatever is taken has known steps, bounded texts and sane times.
 */
#include <stdlib.h>
#include <string.h>

#include "drill/people/people.h"

#define T0_NS (1767225600LL * NS_PER_S)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct people_moment now = { T0_NS, T0_NS + 3600 * NS_PER_S };
	static const struct people_moment before = { -1, T0_NS };
	struct people_settings settings;
	struct people_sheet sheet;
	struct error e = ERROR_NONE;
	const struct drill_step *steps = sheet.steps;
	struct view text = { (const char *)data, size };
	people_settings_init(&settings);
	AUTO(pool_free) struct pool *p = pool_new(4 * MIB);
	if (p == NULL)
		return 0;
	if (people_parse(text, &before, &settings, p, &sheet, &e) == OK)
		for (size_t i = 0; i < PEOPLE_STEPS; i++)
			if (steps[i].done)
				abort();
	if (people_parse(text, &now, &settings, p, &sheet, &e) != OK)
		return 0;
	for (size_t i = 0; i < PEOPLE_STEPS; i++) {
		if (steps[i].id == NULL || strlen(steps[i].answer) > PEOPLE_ANSWER_MAX)
			abort();
		if (steps[i].after_ns < -1 || steps[i].after_ns > 3600 * NS_PER_S)
			abort();
		if (steps[i].by_right_role && !steps[i].done)
			abort();
		if (steps[i].done && (!steps[i].answered || steps[i].after_ns < 0))
			abort();
	}
	return 0;
}
