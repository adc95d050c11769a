/*
 * Facts: whatever the bytes are, each value that is taken lies within its fact's bounds, what was
 * taken can be written and read again, and every other one has a fault.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "incident/rules/classify.h"

#define NOW_NS (1795000000LL * NS_PER_S)
enum { POOL_BYTES = 1024 * 1024, INPUT_BYTES = 1024 * 1024 };

static const struct profile_set *set(void)
{
	static struct profile_set *loaded;
	struct error e = ERROR_NONE;
	if (loaded == NULL && profile_set_load(NULL, &loaded, &e) != OK)
		abort();
	return loaded;
}

static void check(const struct fact_catalogue *c, const struct facts *f, struct pool *p)
{
	struct error e = ERROR_NONE;
	AUTO_JSON json_t *object = NULL;
	struct facts again;
	struct field_faults *faults = pool_take(p, 1, sizeof *faults);
	for (size_t i = 0; i < c->n_rows; i++)
		if (f->at[i] != FACT_UNKNOWN && c->rows[i].kind != FACT_TIME &&
			(f->at[i] < 0 || f->at[i] > c->rows[i].most))
			abort();
	if (faults == NULL || facts_to_json(c, f, &object, &e) != OK ||
		facts_read(c, (struct facts_input){ object, FACTS_ONLY, NOW_NS }, p, &again, faults,
			&e) != OK)
		abort();
	for (size_t i = 0; i < c->n_rows; i++)
		if (c->rows[i].kind != FACT_TIME && f->at[i] != again.at[i])
			abort();
	for (size_t i = 0; i < profile_count(set()); i++) {
		struct classification k;
		classify(profile_at(set(), i), f, &k);
		if (k.grade < -1)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct error e = ERROR_NONE;
	AUTO_JSON json_t *object = NULL;
	AUTO(pool_free) struct pool *p = pool_new(POOL_BYTES);
	struct field_faults *faults = p == NULL ? NULL : pool_take(p, 1, sizeof *faults);
	const struct fact_catalogue *c = profile_facts(set());
	struct facts f;
	const struct view text = { (const char *)data, size };
	if (faults == NULL || json_read(text, INPUT_BYTES, "fuzz", &object, &e) != OK)
		return 0;
	if (facts_read(c, (struct facts_input){ object, FACTS_ONLY, NOW_NS }, p, &f, faults, &e) !=
		OK)
		return 0;
	if (field_faults_error(faults, &e) != OK && e.text[0] == '\0')
		abort();
	check(c, &f, p);
	return 0;
}
