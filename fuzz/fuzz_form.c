/*
 * Form files: whatever the bytes are, the reader ends in a sentence or in a form that can be
 * pre-filled, merged, checked and shown.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "incident/forms/forms.h"

#define NOW_NS 1795500000000000000

static json_t *known(void)
{
	return json_pack("{s:s, s:{s:s,s:s,s:s}, s:s, s:i, s:b, s:s, s:f}", "company", "华东",
		"kind", "key", "leak", "en", "Leak", "zh", "泄露", "discovered_at",
		"2026-11-24T05:00:00Z", "pi_records", 300, "ransomware", 1, "callback_number",
		"110", "direct_loss_fen", 12.5);
}

/* One value of each shape for each field. */
static void merge_all(const struct form *f, json_t *filled, struct pool *p)
{
	static const char *const values[] = { "\"x\"", "[\"x\",\"y\"]", "{\"value\":\"1 x\"}",
		"{\"unknown_reason\":\"why\"}", "{\"choice\":\"x\",\"text\":\"y\"}",
		"{\"number\":1,\"unit\":\"x\"}", "\"2026-11-24T05:00:00+08:00\"", "null" };
	for (size_t i = 0; i < f->n_fields; i++) {
		for (size_t k = 0; k < sizeof values / sizeof values[0]; k++) {
			struct error e = ERROR_NONE;
			struct field_faults faults = { .n = 0 };
			json_t *changes = json_object();
			if (json_object_set_new(changes, f->fields[i].key,
				    json_loads(values[k], JSON_DECODE_ANY, NULL)) == 0 &&
				form_merge(f, filled, changes, NOW_NS, p, &faults, &e) != OK &&
				e.text[0] == '\0')
				abort();
			json_decref(changes);
		}
	}
}

static void use(const struct form *f, struct pool *p)
{
	struct error e = ERROR_NONE;
	AUTO_JSON json_t *facts = known();
	AUTO_JSON json_t *filled = json_object();
	AUTO_JSON json_t *empty = json_object();
	struct form_change *changes = NULL;
	size_t n = 0;
	if (form_prefill(f, facts, facts, filled, NOW_NS, &e) != OK)
		return;
	merge_all(f, filled, p);
	for (size_t i = 0; i < f->n_stages; i++) {
		struct field_faults faults = { .n = 0 };
		const struct form_occasion when = { f->stages[i], 1, NOW_NS };
		if (form_check(f, filled, &when, p, &faults, &e) != OK)
			return;
	}
	if (form_difference(f, empty, filled, p, &changes, &n, &e) == OK && n > f->n_fields)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct error e = ERROR_NONE;
	struct form f;
	AUTO(pool_free) struct pool *p = pool_new(16 * MIB);
	if (p == NULL)
		return 0;
	if (form_read((struct view){ (const char *)data, size }, "fuzz", p, &f, &e) != OK) {
		if (e.text[0] == '\0')
			abort();
		return 0;
	}
	if (f.n_fields == 0 || f.n_stages == 0 || f.title.zh[0] == '\0')
		abort();
	use(&f, p);
	return 0;
}
