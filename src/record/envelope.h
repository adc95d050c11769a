/*
 * DSSE v1 envelopes (secure-systems-lab/dsse, protocol.md): payloadType, payload (base64),
 * signatures of keyid and sig over PAE(type, payload).
 */
#ifndef RECORD_ENVELOPE_H
#define RECORD_ENVELOPE_H

#include "base/error.h"
#include "base/json.h"
#include "record/key.h"

#define ENVELOPE_BYTES_MAX (8 * MIB)
enum { ENVELOPE_SIGNATURES_MAX = 16 };

/* By convention the payload types of a drill, of whatever capability, end in "-drill+json": what
 * delivers them can tell them from real ones and knows no capability. */
bool envelope_type_is_drill(struct view payload_type);

/* A new JSON object, signed by one key. */
enum status envelope_sign(const char *payload_type, struct view payload, const struct key *key,
	json_t **out, struct error *e) MUST_CHECK;
/* Checks form, type (NULL: any) and that at least one signature is by a key of the ring or `extra`
 * (either may be NULL). On OK *out_payload holds the decoded payload. E_INVALID: form; E_DENIED: no
 * trusted signature, the sentence tells an unknown signer from a wrong signature. */
enum status envelope_open(json_t *envelope, const char *payload_type, const struct keyring *ring,
	const struct key *extra, struct buf *out_payload, struct error *e) MUST_CHECK;

#endif
