/*
 * What a server answers: a DSSE envelope by the server's key over {"envelope": id, "sha256": of the
 * envelope's bytes, "received_at", "server", "late"?, "log"?}. It counts only if it verifies
 * against the pinned key and names this envelope and its hash. Other keys are the server's affair.
 */
#ifndef RECORD_RECEIPT_H
#define RECORD_RECEIPT_H

#include "base/id.h"
#include "base/json.h"
#include "base/pool.h"
#include "record/key.h"

#define RECEIPT_PAYLOAD "application/vnd.tocsin.receipt+json"
enum { RECEIPT_BYTES_MAX = 64 * 1024, SHA256_TEXT_MAX = 65, SERVER_NAME_MAX = 255 };

struct receipt {
	struct id envelope;
	char sha256[SHA256_TEXT_MAX];
	int64_t received_ns; /* the server's time */
	const char *server;
	bool late_known, late; /* whether it came after its deadline, where the server says so */
};
/* What it is about: the exact bytes that were sent. */
struct receipt_subject {
	const struct id *envelope;
	struct view bytes;
};
/* E_DENIED: by none of the keys (a server changes its key some day, so several are pinned);
 * E_INVALID: form, another envelope, or another hash. */
enum status receipt_check(struct view text, struct key *const *keys, size_t n_keys,
	const struct receipt_subject *of, struct pool *p, struct receipt *out,
	struct error *e) MUST_CHECK;

/* What a server signs; the hub and the tests' receiver use it. */
struct receipt_statement {
	struct receipt_subject of;
	int64_t received_ns;
	const char *server;
	bool late_known, late;
	json_t *log; /* borrowed; NULL: no evidence log (inclusion proof and checkpoint) */
};
enum status receipt_sign(const struct receipt_statement *what, const struct key *key,
	struct buf *out, struct error *e) MUST_CHECK;

#endif
