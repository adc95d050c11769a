/*
 * Standard Webhooks 1.0.0: the three headers of a message, signed by each of the secrets that a
 * file holds, one a line (several while a secret is being changed):
 *
 *   whsec_<base64>   24 to 64 bytes: HMAC-SHA256, signature "v1,<base64>"
 *   whsk_<base64>    the 32 bytes of an Ed25519 seed: signature "v1a,<base64>"
 */
#ifndef RECORD_WEBHOOK_H
#define RECORD_WEBHOOK_H

#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"

enum { WEBHOOK_SECRETS_MAX = 8 };
#define WEBHOOK_SECRETS_BYTES_MAX (4 * KIB)

/* "webhook-id: …\nwebhook-timestamp: …\nwebhook-signature: …\n". `id` stays the same over retries;
 * the time is the try's, in whole seconds. */
struct webhook_message {
	const char *id;
	int64_t at_ns;
	struct view body;
};
enum status webhook_headers(const struct webhook_message *m, struct view secrets, struct buf *out,
	struct error *e) MUST_CHECK;
/* The file is private and every line of it is a secret. */
enum status webhook_secrets_check(const char *path, struct error *e) MUST_CHECK;

#endif
