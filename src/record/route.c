/*
 * The routes of a home: opening them, and finding the one for a duty.
 */
#include "record/route.h"

#include <errno.h>
#include <string.h>

#include "base/fault.h"
#include "record/internal.h"
#include "record/route_read.h"

#define POOL_BYTES_MAX (2 * MIB)

struct routes {
	struct pool *p;
	struct route rows[ROUTES_MAX];
	size_t n;
};

void routes_free(struct routes *r)
{
	if (r == NULL)
		return;
	for (size_t i = 0; i < ROUTES_MAX; i++)
		for (size_t k = 0; k < SERVER_KEYS_MAX; k++)
			key_free(r->rows[i].server_keys[k]);
	pool_free(r->p);
	free(r);
}

static enum status load(struct routes *r, const char *home, struct error *e)
{
	AUTO_BUF struct buf text = { .ceiling = ROUTES_BYTES_MAX };
	const char *path = pool_textf(r->p, "%s/routes.yaml", home);
	if (path == NULL)
		return error_sys(e, E_NO_SPACE, ENOMEM, "read the routes");
	enum status status = guarded_read(path, GUARD_TRUSTED, ROUTES_BYTES_MAX, &text, e);
	if (status == E_ABSENT)
		return OK;
	TRY(status);
	TRY(routes_read(buf_view(&text), home, r->p, r->rows, &r->n, e));
	for (size_t i = 0; i < r->n; i++)
		TRY(route_check_files(&r->rows[i], r->p, e));
	return OK;
}

enum status routes_open(const char *home, struct routes **out, struct error *e)
{
	AUTO(routes_free) struct routes *r = FAULT("routes_open") ? NULL : calloc(1, sizeof *r);
	if (r == NULL)
		return error_sys(e, E_NO_SPACE, ENOMEM, "read the routes");
	r->p = FAULT("routes_open") ? NULL : pool_new(POOL_BYTES_MAX);
	if (r->p == NULL)
		return error_sys(e, E_NO_SPACE, ENOMEM, "read the routes");
	TRY(load(r, home, e));
	*out = TAKE(r);
	return OK;
}

size_t routes_count(const struct routes *r)
{
	return r->n;
}

const struct route *route_at(const struct routes *r, size_t i)
{
	return i < r->n ? &r->rows[i] : NULL;
}

const struct route *route_named(const struct routes *r, const char *name)
{
	for (size_t i = 0; i < r->n; i++)
		if (strcmp(r->rows[i].name, name) == 0)
			return &r->rows[i];
	return NULL;
}

const struct route *route_for(const struct routes *r, const char *role, bool drill)
{
	for (size_t i = 0; i < r->n; i++) {
		const struct route *row = &r->rows[i];
		if (row->kind != DELIVERY_ENVELOPE || row->drills != drill)
			continue;
		for (size_t k = 0; k < row->n_roles; k++)
			if (strcmp(row->roles[k], role) == 0)
				return row;
	}
	return NULL;
}

/* *at counts the route itself and then each of its ways. */
bool routes_next_fault(const struct routes *r, size_t *at, struct buf *out)
{
	for (; *at < ROUTES_MAX * (WAYS_MAX + 1); (*at)++) {
		const struct route *row = route_at(r, *at / (WAYS_MAX + 1));
		size_t way = *at % (WAYS_MAX + 1);
		if (row == NULL)
			return false;
		const char *fault = way == 0		    ? row->fault
				    : way - 1 < row->n_ways ? row->ways[way - 1].fault
							    : NULL;
		if (fault == NULL)
			continue;
		buf_reset(out);
		if (way == 0)
			buf_addf(out, _("route '%s': %s"), row->name, fault);
		else
			buf_addf(out, _("route '%s', way %zu: %s"), row->name, way, fault);
		(*at)++;
		return true;
	}
	return false;
}
