/*
 * Envelopes on removable media: one file <time>-<short id>.tocsin, CMS (RFC 5652) encrypted to the
 * recipient's X.509 certificate (RSA-OAEP or ECDH with SHA-256; AES-256-GCM in AuthEnvelopedData,
 * RFC 5083), of a JSON object that holds envelopes or receipts:
 *
 *   {"tocsin_parcel": 1, "made_at": "…", "route": "province",
 *    "envelopes": [{"id": "…", "envelope": "<its exact text>"}],
 *    "receipts":  [{"id": "…", "receipt": "<its exact text>"}]}
 *
 * The answer comes back the same way, encrypted or plain: receipts are signed and no secret.
 */
#ifndef RECORD_PARCEL_H
#define RECORD_PARCEL_H

#include "record/outbox.h"
#include "record/route.h"

#define PARCEL_BYTES_MAX (64 * MIB)
#define PARCEL_TEXT_MAX (48 * MIB) /* of what is inside */
enum { PARCEL_ROWS_MAX = 10000, PARCEL_NAME_MAX = 48 };

/* --- what is inside --- */

struct parcel_row {
	struct id id; /* of the envelope */
	struct view text;
};
struct parcel {
	const char *route; /* name at the sender's */
	int64_t made_ns;
	struct parcel_row *envelopes;
	size_t n_envelopes;
	struct parcel_row *receipts;
	size_t n_receipts;
};
enum status parcel_write(const struct parcel *what, struct buf *out, struct error *e) MUST_CHECK;
enum status parcel_read(
	struct view text, struct pool *p, struct parcel *out, struct error *e) MUST_CHECK;

/* Certificate and key in PEM; DER out and in. parcel_open also takes EnvelopedData, and refuses
 * bytes behind its end. E_DENIED: not for this key, or changed on its way. */
enum status parcel_seal(
	struct view text, struct view recipient_pem, struct buf *out, struct error *e) MUST_CHECK;
enum status parcel_open(struct view sealed, struct view certificate_pem, struct view key_pem,
	struct buf *out, struct error *e) MUST_CHECK;

/* --- files --- */

/* "20261124T062327Z-1a2b3c4d.tocsin". Returns `out`. */
char *parcel_name(int64_t now_ns, const struct id *id, char out[PARCEL_NAME_MAX]);
/* Sealed, to `path`, which must not be there yet (E_CONFLICT); durable before this returns. A path
 * that is there afterwards holds all of it. */
enum status parcel_write_file(const struct parcel *what, const char *recipient_path,
	const char *path, struct error *e) MUST_CHECK;

/* Writes what waits for the route (or one subject of it) to `path`: first what was never exported;
 * where everything was, all of it again. The items stay queued until a receipt comes. E_ABSENT:
 * nothing waits. E_PARTLY: not all of it fitted, the rest is for a next file. */
struct parcel_order {
	const struct route *route;
	const char *recipient_path; /* NULL: that of the route's first folder */
	const char *subject;	    /* NULL any */
	const char *path;
	int64_t now_ns;
	bool rehearse; /* gather and seal, but write no file */
};
enum status parcel_export(struct store *s, const struct parcel_order *what, size_t *out_n,
	struct error *e) MUST_CHECK;

/* Reads receipts and marks what they prove. `key_path`, `certificate_path`: to decrypt, NULL where
 * the file is plain. Receipts that prove nothing are counted and the first is named, the others
 * still count (E_PARTLY). */
struct parcel_source {
	const char *path;
	const char *certificate_path, *key_path;
	int64_t now_ns;
};
struct parcel_import {
	size_t n_delivered; /* items */
	size_t n_known;	    /* receipts of what was delivered already */
	size_t n_wrong;
	const char *first_wrong; /* "" none */
};
enum status parcel_import(struct store *s, const struct routes *r, const struct parcel_source *from,
	struct pool *p, struct parcel_import *out, struct error *e) MUST_CHECK;

#endif
