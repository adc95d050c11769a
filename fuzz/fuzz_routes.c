/*
 * A file of routes of unknown origin: whatever is taken keeps what route.h promises.
 */
#include <stdlib.h>
#include <string.h>

#include "record/route_read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_way(const struct way *w)
{
	if (w->kind == WAY_FOLDER) {
		if (w->folder == NULL || w->folder[0] != '/' || w->recipient == NULL)
			abort();
		return;
	}
	if (w->url == NULL || w->host == NULL || w->host[0] == '\0' || w->port == 0 ||
		w->prefix == NULL || strpbrk(w->host, " \r\n/@[]") != NULL ||
		strpbrk(w->prefix, " \r\n") != NULL)
		abort();
	if ((w->certificate == NULL) != (w->key == NULL))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct route rows[ROUTES_MAX];
	size_t n = 0;
	struct view v = { (const char *)data, size };
	AUTO(pool_free) struct pool *p = pool_new(4 * MIB);
	if (p == NULL)
		abort();
	if (routes_read(v, "/home", p, rows, &n, NULL) != OK)
		return 0;
	for (size_t i = 0; i < n; i++) {
		if (rows[i].name == NULL || rows[i].n_ways == 0 ||
			(rows[i].n_key_paths == 0) != (rows[i].kind != DELIVERY_ENVELOPE))
			abort();
		for (size_t k = 0; k < rows[i].n_ways; k++)
			check_way(&rows[i].ways[k]);
	}
	return 0;
}
