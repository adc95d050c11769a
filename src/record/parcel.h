/*
 * Envelopes on removable media: one file <time>-<short id>.tocsin, CMS EnvelopedData (RFC 5652)
 * encrypted to the recipient's X.509 certificate (RSA-OAEP or ECDH, AES-256), of a JSON object that
 * holds envelopes or receipts. The answer comes back the same way.
 */
#ifndef RECORD_PARCEL_H
#define RECORD_PARCEL_H

#include "record/outbox.h"
#include "record/route.h"

enum { PARCEL_BYTES_MAX = 64 * 1024 * 1024 };

/* Writes what waits for the route (or one subject) to `path` (not there yet; durable before this
 * returns). The items stay queued until a receipt comes. */
enum status parcel_export(struct store *s, const struct route *r, const char *recipient_path,
	const char *subject, const char *path, int64_t now_ns, size_t *out_n,
	struct error *e) MUST_CHECK;
/* Reads receipts and marks what they prove. `key_path`, `certificate_path`: to decrypt, NULL where
 * the file is plain. Receipts that prove nothing are counted and named, the others still count
 * (E_PARTLY). */
struct parcel_import {
	size_t n_delivered, n_known, n_wrong;
	const char *first_wrong;
};
enum status parcel_import(struct store *s, const struct routes *r, const char *path,
	const char *certificate_path, const char *key_path, struct pool *p,
	struct parcel_import *out, struct error *e) MUST_CHECK;

#endif
