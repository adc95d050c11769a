/*
 * SHA-256 and HMAC-SHA-256 through OpenSSL, and the text forms of bytes (hex, base64).
 */
#ifndef BASE_DIGEST_H
#define BASE_DIGEST_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"

enum { DIGEST_BYTES = 32, DIGEST_HEX_LEN = 64 };

struct digest {
	unsigned char bytes[DIGEST_BYTES];
};

/* Whole input at once. Aborts only where OpenSSL has no memory for its context. */
struct digest digest_of(const void *bytes, size_t n_bytes);
struct digest digest_hmac(const void *key, size_t n_key, const void *bytes, size_t n_bytes);
bool digest_equal(const struct digest *a, const struct digest *b);

/* Piece by piece. */
struct digester;
struct digester *digester_new(void);
void digester_add(struct digester *d, const void *bytes, size_t n_bytes);
struct digest digester_result(struct digester *d); /* and starts anew */
void digester_free(struct digester *d);
AUTO_TYPE(digester_free, struct digester *)

char *digest_hex(const struct digest *d, char out[DIGEST_HEX_LEN + 1]);
/* Lower-case hex of any bytes; out has 2 × n + 1. */
char *hex_text(const void *bytes, size_t n_bytes, char *out);
/* False unless exactly 2 × n_bytes hex digits. */
bool hex_parse(struct view v, void *out, size_t n_bytes) MUST_CHECK;
/* RFC 4648 with padding. */
void base64_add(struct buf *b, const void *bytes, size_t n_bytes);
/* Appends the decoded bytes; E_INVALID for anything but canonical base64. */
enum status base64_parse(struct view v, struct buf *out, struct error *e) MUST_CHECK;

#endif
