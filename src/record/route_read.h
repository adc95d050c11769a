/*
 * From the text of routes.yaml to its structs. Private to this folder.
 */
#ifndef RECORD_ROUTE_READ_H
#define RECORD_ROUTE_READ_H

#include "base/i18n.h"
#include "base/json.h"
#include "record/route.h"

/* At most ROUTES_MAX routes into `out`. Relative paths get `home` before them. Touches no other
 * file. */
enum status routes_read(struct view text, const char *home, struct pool *p,
	struct route out[ROUTES_MAX], size_t *out_n, struct error *e) MUST_CHECK;
/* `at` names the place in errors. */
enum status way_url_read(const char *text, enum delivery_kind kind, const char *at, struct pool *p,
	struct way *w, struct error *e) MUST_CHECK;
enum status way_proxy_read(const char *text, const char *at, struct pool *p, struct way *w,
	struct error *e) MUST_CHECK;
/* Sets `fault` of the route and of its ways where a file that they name will not do, and takes the
 * server's keys. E_NO_SPACE only. */
enum status route_check_files(struct route *r, struct pool *p, struct error *e) MUST_CHECK;

#endif
