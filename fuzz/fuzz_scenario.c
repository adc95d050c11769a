/*
 * Scenario files: whatever the bytes are, the reader ends in a sentence or in a scenario whose
 * extents stay inside the file and add up.
 */
#include <stdlib.h>

#include "drill/scenario/scenario.h"

enum { STEPS_MAX = 4000 };

static void walk(const struct scenario *s, uint64_t size_bytes, const char *type)
{
	const struct region *r = scenario_region(s, size_bytes, view_of(type));
	struct region_sum sum = region_sum_of(r, size_bytes, s->io_bytes);
	struct extent_walk w;
	struct extent x;
	uint64_t at = 0;
	uint64_t n_bytes = 0;
	extent_walk_start(&w, r, size_bytes);
	for (int i = 0; i < STEPS_MAX; i++) {
		if (!extent_walk_next(&w, &x)) {
			if (n_bytes != sum.n_bytes || at != sum.end)
				abort();
			return;
		}
		if (x.len == 0 || x.offset < at || x.offset > size_bytes ||
			x.len > size_bytes - x.offset)
			abort();
		at = x.offset + x.len;
		n_bytes += x.len;
	}
	if (n_bytes > sum.n_bytes)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint64_t sizes[] = { 0, 1, 4095, 4096, 547174, 8 * MIB, 3 * GIB };
	struct error e = ERROR_NONE;
	AUTO(pool_free) struct pool *p = pool_new(4 * MIB);
	struct scenario *s = p == NULL ? NULL : pool_take(p, 1, sizeof *s);
	if (s == NULL)
		return 0;
	if (scenario_parse((struct view){ (const char *)data, size }, "fuzz", p, s, &e) != OK) {
		if (e.text[0] == '\0')
			abort();
		return 0;
	}
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		walk(s, sizes[i], "txt");
		walk(s, sizes[i], "mdf");
	}
	return 0;
}
