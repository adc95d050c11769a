/*
 * Digests by OpenSSL; hex and base64 by hand, since OpenSSL's decoder skips what it should refuse.
 */
#include "base/digest.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

struct digester {
	EVP_MD_CTX *context;
};

struct digest digest_of(const void *bytes, size_t n_bytes)
{
	struct digest d;
	if (EVP_Digest(bytes, n_bytes, d.bytes, NULL, EVP_sha256(), NULL) != 1)
		abort();
	return d;
}

struct digest digest_hmac(const void *key, size_t n_key, const void *bytes, size_t n_bytes)
{
	struct digest d;
	unsigned int len = 0;
	if (HMAC(EVP_sha256(), key, (int)n_key, bytes, n_bytes, d.bytes, &len) == NULL ||
		len != DIGEST_BYTES)
		abort();
	return d;
}

bool digest_equal(const struct digest *a, const struct digest *b)
{
	return CRYPTO_memcmp(a->bytes, b->bytes, DIGEST_BYTES) == 0;
}

struct digester *digester_new(void)
{
	struct digester *d = calloc(1, sizeof *d);
	if (d == NULL)
		return NULL;
	d->context = EVP_MD_CTX_new();
	if (d->context == NULL || EVP_DigestInit_ex(d->context, EVP_sha256(), NULL) != 1) {
		digester_free(d);
		return NULL;
	}
	return d;
}

void digester_add(struct digester *d, const void *bytes, size_t n_bytes)
{
	if (EVP_DigestUpdate(d->context, bytes, n_bytes) != 1)
		abort();
}

struct digest digester_result(struct digester *d)
{
	struct digest result;
	if (EVP_DigestFinal_ex(d->context, result.bytes, NULL) != 1 ||
		EVP_DigestInit_ex(d->context, NULL, NULL) != 1) /* the same again, not looked for */
		abort();
	return result;
}

void digester_free(struct digester *d)
{
	if (d == NULL)
		return;
	EVP_MD_CTX_free(d->context);
	free(d);
}

char *hex_text(const void *bytes, size_t n_bytes, char *out)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *at = bytes;
	for (size_t i = 0; i < n_bytes; i++) {
		out[2 * i] = digits[at[i] >> 4];
		out[2 * i + 1] = digits[at[i] & 15];
	}
	out[2 * n_bytes] = '\0';
	return out;
}

char *digest_hex(const struct digest *d, char out[DIGEST_HEX_LEN + 1])
{
	return hex_text(d->bytes, DIGEST_BYTES, out);
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool hex_parse(struct view v, void *out, size_t n_bytes)
{
	unsigned char *at = out;
	if (v.len % 2 != 0 || v.len / 2 != n_bytes)
		return false;
	for (size_t i = 0; i < n_bytes; i++) {
		int high = hex_value(v.at[2 * i]);
		int low = hex_value(v.at[2 * i + 1]);
		if (high < 0 || low < 0)
			return false;
		at[i] = (unsigned char)(high * 16 + low);
	}
	return true;
}

static const char base64_digits[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_add(struct buf *b, const void *bytes, size_t n_bytes)
{
	const unsigned char *at = bytes;
	size_t i = 0;
	for (; n_bytes - i >= 3; i += 3) {
		unsigned x = (unsigned)at[i] << 16 | (unsigned)at[i + 1] << 8 | at[i + 2];
		char four[4] = { base64_digits[x >> 18], base64_digits[x >> 12 & 63],
			base64_digits[x >> 6 & 63], base64_digits[x & 63] };
		buf_add_bytes(b, four, 4);
	}
	if (n_bytes - i == 1) {
		char four[4] = { base64_digits[at[i] >> 2], base64_digits[(at[i] & 3) << 4], '=',
			'=' };
		buf_add_bytes(b, four, 4);
	} else if (n_bytes - i == 2) {
		unsigned x = (unsigned)at[i] << 8 | at[i + 1];
		char four[4] = { base64_digits[x >> 10], base64_digits[x >> 4 & 63],
			base64_digits[(x & 15) << 2], '=' };
		buf_add_bytes(b, four, 4);
	}
}

static int base64_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+')
		return 62;
	return c == '/' ? 63 : -1;
}

/* One group of four, `pad` of them "=", of which the unused bits must be zero. */
static bool base64_group(const char *four, size_t pad, struct buf *out)
{
	int value[4] = { 0, 0, 0, 0 };
	for (size_t i = 0; i < 4 - pad; i++) {
		value[i] = base64_value(four[i]);
		if (value[i] < 0)
			return false;
	}
	unsigned x = (unsigned)value[0] << 18 | (unsigned)value[1] << 12 | (unsigned)value[2] << 6 |
		     (unsigned)value[3];
	if ((pad == 1 && (x & 0xff) != 0) || (pad == 2 && (x & 0xffff) != 0))
		return false;
	unsigned char three[3] = { (unsigned char)(x >> 16), (unsigned char)(x >> 8),
		(unsigned char)x };
	buf_add_bytes(out, three, 3 - pad);
	return true;
}

enum status base64_parse(struct view v, struct buf *out, struct error *e)
{
	if (v.len % 4 != 0)
		return error_set(e, E_INVALID, "base64: length %zu is no multiple of 4", v.len);
	size_t before = out->len;
	for (size_t i = 0; i < v.len; i += 4) {
		size_t pad = 0;
		if (i + 4 == v.len && v.at[i + 3] == '=')
			pad = v.at[i + 2] == '=' ? 2 : 1;
		if (!base64_group(v.at + i, pad, out)) {
			out->len = before; /* nothing is added where the whole is refused */
			if (out->at != NULL)
				out->at[before] = '\0';
			return error_set(e, E_INVALID, "base64: bad character near byte %zu", i);
		}
	}
	return buf_check(out, "base64", e);
}
