/*
 * Strict JSON: whatever is taken can be written, read again and is the same.
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
	if (json_read((struct view){ (const char *)data, size }, MIB, "input", &value, &e) != OK)
		return 0;
	if (json_write_sorted(value, &text, &e) != OK)
		abort();
	if (json_read(buf_view(&text), 16 * MIB, "output", &again, &e) != OK)
		abort();
	if (!json_equal(value, again))
		abort();
	struct json_place p = { value, "" };
	const char *word = NULL;
	int64_t number = 0;
	json_t *list = NULL;
	(void)!json_get_text(p, "a", JSON_OPTIONAL, &word, &e);
	(void)!json_get_int(p, "a", JSON_REQUIRED, &number, &e);
	(void)!json_get_array(p, "a", JSON_OPTIONAL, &list, &e);
	return 0;
}
