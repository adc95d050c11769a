/*
 * Where envelopes go: <home>/routes.yaml, several destinations, each with a primary, alternates and
 * a file for removable media. docs/delivery.md has the format.
 *
 *   routes:
 *     - name: province            # what a duty's `to` is resolved to
 *       for: [local_regulator, ministry]
 *       drills: false             # a real inbox: refuses drill payloads before any connection
 *       server_key: keys/province.pem         # whose receipts count (DSSE, Ed25519)
 *       ways:
 *         - url: https://report.example.org
 *           ca: ca.pem
 *           certificate: client.pem
 *           key: client.key
 *         - url: https://192.0.2.7:8443
 *         - folder: /media/courier
 *           recipient: province-cms.pem
 */
#ifndef RECORD_ROUTE_H
#define RECORD_ROUTE_H

#include <stdbool.h>

#include "base/error.h"
#include "base/pool.h"
#include "record/key.h"

enum { ROUTES_MAX = 32, WAYS_MAX = 8 };

struct way {
	const char *url;		    /* https://…; NULL for a folder */
	const char *folder;		    /* NULL for a URL */
	const char *ca, *certificate, *key; /* absolute paths; NULL */
	const char *recipient;		    /* X.509 certificate that files are encrypted to */
};
struct route {
	const char *name;
	const char *const *roles; /* "local_regulator", … */
	size_t n_roles;
	bool drills; /* takes drill payloads, and only those */
	struct key *server_key;
	struct way ways[WAYS_MAX];
	size_t n_ways;
};
struct routes;
/* No file is no route. Paths in it are relative to the home. E_INVALID names the line's place; a
 * private key that others may read is refused. */
enum status routes_open(const char *home, struct routes **out, struct error *e) MUST_CHECK;
void routes_free(struct routes *r);
AUTO_TYPE(routes_free, struct routes *)
size_t routes_count(const struct routes *r);
const struct route *route_at(const struct routes *r, size_t i);
const struct route *route_named(const struct routes *r, const char *name);
/* The first that serves the role and takes drills or not as asked; NULL none. */
const struct route *route_for(const struct routes *r, const char *role, bool drill);

#endif
