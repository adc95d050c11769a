/*
 * What a server answers: a DSSE envelope by the server's key over {"envelope": id, "sha256": of the
 * envelope's bytes, "received_at", "server", "late"?, "log"?}. It counts only if it verifies
 * against the pinned key and names this envelope's hash.
 */
#ifndef RECORD_RECEIPT_H
#define RECORD_RECEIPT_H

#include "base/id.h"
#include "base/json.h"
#include "base/pool.h"
#include "record/key.h"

#define RECEIPT_PAYLOAD "application/vnd.tocsin.receipt+json"
enum { RECEIPT_BYTES_MAX = 64 * 1024, SHA256_TEXT_MAX = 65 };

struct receipt {
	struct id envelope;
	char sha256[SHA256_TEXT_MAX];
	int64_t received_ns; /* the server's time */
	const char *server;
};
/* E_DENIED: not by that key; E_INVALID: form, another envelope, or another hash. */
enum status receipt_check(struct view text, const struct key *server_key, const struct id *envelope,
	struct view envelope_bytes, struct pool *p, struct receipt *out,
	struct error *e) MUST_CHECK;
/* What a server signs; the hub and the tests' receiver use it. */
enum status receipt_sign(const struct id *envelope, struct view envelope_bytes, int64_t received_ns,
	const char *server, const struct key *key, struct buf *out, struct error *e) MUST_CHECK;

#endif
