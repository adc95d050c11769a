/*
 * Strict YAML: whatever is taken is a JSON value like any other.
 */
#include <stdlib.h>

#include "base/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct error e = ERROR_NONE;
	AUTO_JSON json_t *value = NULL;
	AUTO_JSON json_t *again = NULL;
	AUTO_BUF struct buf text = { .ceiling = 16 * MIB };
	if (yaml_read((struct view){ (const char *)data, size }, 64 * KIB, "input", &value, &e) !=
		OK)
		return 0;
	if (json_write(value, &text, &e) != OK)
		abort();
	if (json_read(buf_view(&text), 16 * MIB, "output", &again, &e) != OK)
		abort();
	if (!json_equal(value, again))
		abort();
	return 0;
}
