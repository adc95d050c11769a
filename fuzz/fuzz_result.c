/*
 * Stored results of unknown origin: what is accepted is scored again within its bounds, and is the
 * same after it was written and read once more.
 */
#include <math.h>
#include <stdlib.h>

#include "drill/drill.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_again(struct drill_result *r, struct pool *p)
{
	struct error e = ERROR_NONE;
	struct drill_result back;
	AUTO_JSON json_t *first = drill_result_json(r);
	if (first == NULL || drill_result_read(first, p, &back, &e) != OK)
		abort();
	AUTO_JSON json_t *second = drill_result_json(&back);
	if (second == NULL || !json_equal(first, second))
		abort();
	if (drill_score(r, p, &e) != OK)
		return;
	if (!isfinite(r->score) || r->score < 0 || r->score > 100 || r->coverage > 100)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct error e = ERROR_NONE;
	struct drill_result r;
	AUTO(pool_free) struct pool *p = pool_new(64 * MIB);
	AUTO_JSON json_t *value = NULL;
	if (p == NULL || json_read((struct view){ (const char *)data, size }, MIB, "input", &value,
				 &e) != OK)
		return 0;
	if (drill_result_read(value, p, &r, &e) == OK)
		check_again(&r, p);
	else if (e.status != E_INVALID && e.status != E_TOO_BIG)
		abort();
	return 0;
}
