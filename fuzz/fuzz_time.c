/*
 * Times, ids and numbers as text: whatever is taken is written back as the same value.
 */
#include <stdlib.h>

#include "base/clock.h"
#include "base/id.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view v = { (const char *)data, size };
	char text[TIME_TEXT_MAX];
	int64_t ns = 0;
	int64_t again = 0;
	struct id id;
	unsigned long long number = 0;
	if (time_parse(v, &ns)) {
		if (ns < 0 || !time_parse(view_of(time_text(ns, text)), &again))
			abort();
		if (again != ns - ns % NS_PER_MS)
			abort();
	}
	if (id_parse(v, &id) && !view_is(v, id.text))
		abort();
	if (view_to_u64(v, &number) && size > 20)
		abort();
	return 0;
}
