/*
 * Proof that notices were received: envelopes with the receivers' receipts in one file, to be kept
 * apart from this home and checked anywhere offline.
 */
#ifndef CLI_PROOF_H
#define CLI_PROOF_H

#include "cli/incident_session.h"

/* {"tocsin_proof": 1, "incident": …, "receipts": [{"id", "envelope": its exact text, "receipt": its
 * exact text}]}. E_ABSENT where nothing was received yet. */
enum status proof_of_incident(
	struct session *s, const struct incident *i, struct buf *out, struct error *e) MUST_CHECK;
/* Checks each receipt by the keys; `*out_valid` says that all hold. *out is a list of {"envelope",
 * "valid", "server", "received_at", "sha256"} or {"envelope", "valid", "reason"}. */
enum status proof_check(struct view text, struct key *const *keys, size_t n_keys, struct pool *p,
	json_t **out, bool *out_valid, struct error *e) MUST_CHECK;

/* tocsin evidence receipt */
extern const struct cli_command evidence_receipt_command;

#endif
