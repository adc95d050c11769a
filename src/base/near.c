/*
 * Levenshtein's distance, one row at a time.
 */
#include "base/near.h"

#include <string.h>

unsigned near_distance(const char *a, const char *b)
{
	unsigned row[NEAR_NAME_MAX + 1];
	const size_t n = strnlen(b, NEAR_NAME_MAX + 1);
	if (n > NEAR_NAME_MAX || strnlen(a, NEAR_NAME_MAX + 1) > NEAR_NAME_MAX)
		return NEAR_NAME_MAX;
	for (size_t k = 0; k <= n; k++)
		row[k] = (unsigned)k;
	for (size_t i = 0; a[i] != '\0'; i++) {
		unsigned diagonal = row[0];
		row[0] = (unsigned)i + 1;
		for (size_t k = 0; k < n; k++) {
			unsigned best = diagonal + (a[i] != b[k]);
			diagonal = row[k + 1];
			if (row[k] + 1 < best)
				best = row[k] + 1;
			if (row[k + 1] + 1 < best)
				best = row[k + 1] + 1;
			row[k + 1] = best;
		}
	}
	return row[n];
}
