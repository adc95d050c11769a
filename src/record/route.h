/*
 * Where things go: <home>/routes.yaml, several destinations, each with a primary way, alternates
 * and a folder on removable media. docs/delivery.md has the format.
 *
 *   routes:
 *     - name: province
 *       for: [local_regulator, ministry]      # what a duty's `to` is resolved to
 *       drills: false             # a real inbox: refuses drill payloads before any connection
 *       server_key: keys/province.pem         # whose receipts count (Ed25519); or a list
 *       ca: ca.pem                            # for all ways that do not name their own
 *       certificate: client.pem
 *       key: client.key
 *       ways:
 *         - url: https://report.example.org
 *         - url: https://192.0.2.7:8443
 *         - folder: /media/courier
 *           recipient: province-cms.pem
 *     - name: soc
 *       kind: webhook                         # envelopes, webhook or syslog
 *       ways: [{url: "https://soc.example.org/hook", secret: soc.whsec}]
 *
 * What the file says must be right as a whole. A file that it names and that is missing, damaged or
 * open to others takes only its way out of service (`fault`): in the minutes that count, one
 * expired folder must not close the other doors.
 */
#ifndef RECORD_ROUTE_H
#define RECORD_ROUTE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/pool.h"
#include "record/key.h"
#include "record/outbox.h"

enum { ROUTES_MAX = 32, WAYS_MAX = 8, SERVER_KEYS_MAX = 4, ROLES_MAX = 32 };
#define ROUTES_BYTES_MAX (256 * KIB)

enum way_kind { WAY_HTTPS, WAY_FOLDER, WAY_SYSLOG_TLS, WAY_SYSLOG_TCP };

struct way {
	enum way_kind kind;
	const char *fault;  /* NULL: in order; else a sentence: it is not tried */
	const char *url;    /* as written; NULL for a folder */
	const char *host;   /* of the URL: a name in ASCII, or an address without [] */
	uint16_t port;	    /* of the URL */
	const char *prefix; /* of the URL: "" or "/base", without a '/' at the end */
	const char *folder; /* absolute; NULL for a URL */
	const char *ca;	    /* absolute paths; NULL: the system's authorities */
	const char *certificate, *key;
	const char *recipient;	/* X.509 certificate that files are encrypted to */
	const char *secret;	/* of a webhook: lines of whsec_… or whsk_… */
	const char *proxy_host; /* NULL: straight */
	uint16_t proxy_port;
};
struct route {
	const char *name;
	enum delivery_kind kind;
	const char *fault;	  /* NULL: in order; else no receipt could be checked */
	const char *const *roles; /* "local_regulator", … */
	size_t n_roles;
	bool drills;				/* takes drill payloads, and only those */
	const char *key_paths[SERVER_KEYS_MAX]; /* of the pinned keys */
	struct key *server_keys[SERVER_KEYS_MAX];
	size_t n_key_paths, n_server_keys; /* fewer keys than paths: `fault` says why */
	struct way ways[WAYS_MAX];
	size_t n_ways;
};
struct routes;
/* No file is no route. Paths in it are relative to the home. E_INVALID names the place. E_DENIED:
 * others may write in routes.yaml. */
enum status routes_open(const char *home, struct routes **out, struct error *e) MUST_CHECK;
void routes_free(struct routes *r);
AUTO_TYPE(routes_free, struct routes *)
size_t routes_count(const struct routes *r);
const struct route *route_at(const struct routes *r, size_t i);
const struct route *route_named(const struct routes *r, const char *name);
/* The first for envelopes that serves the role and takes drills or not as asked; NULL none. */
const struct route *route_for(const struct routes *r, const char *role, bool drill);
/* The next fault of a route or way behind *at (0 at first) as "province, way 2: …" in `out`; false
 * where there is none. For whoever shows the state of things. */
bool routes_next_fault(const struct routes *r, size_t *at, struct buf *out);

#endif
