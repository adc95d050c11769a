/*
 * Profiles.
 */
#include <stdio.h>
#include <string.h>

#include "incident/rules/classify.h"
#include "tests/lib/test.h"

TEST(the_built_in_profiles_can_be_loaded)
{
	struct error e = ERROR_NONE;
	AUTO(profile_set_free) struct profile_set *s = NULL;
	REQUIRE_OK(profile_set_load(NULL, &s, &e), e);
	for (size_t i = 0; i < profile_count(s); i++) {
		const struct profile *p = profile_at(s, i);
		printf("# %s %zu criteria %zu duties\n", p->id, p->n_criteria, p->n_duties);
	}
}
