/*
 * Signatures of Standard Webhooks. What is signed is "<id>.<timestamp>.<body>", byte for byte what
 * is sent.
 */
#include "record/webhook.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <string.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/fault.h"
#include "record/internal.h"

enum { SEED_BYTES = 32, SECRET_BYTES_MIN = 24, SECRET_BYTES_MAX = 64 };

AUTO_TYPE(EVP_PKEY_free, EVP_PKEY *)
AUTO_TYPE(EVP_MD_CTX_free, EVP_MD_CTX *)

struct secret {
	bool is_seed;
	struct buf bytes;
};

static void secret_done(struct secret *s)
{
	buf_wipe(&s->bytes);
}
#define AUTO_ONE_SECRET __attribute__((cleanup(secret_done)))

/* Nothing of the line goes into the sentence. */
static enum status read_secret(struct view line, size_t number, struct secret *out, struct error *e)
{
	static const struct view hmac = { "whsec_", 6 };
	static const struct view seed = { "whsk_", 5 };
	out->is_seed = view_starts_with(line, seed);
	size_t n_start = out->is_seed ? seed.len : hmac.len;
	if (!out->is_seed && !view_starts_with(line, hmac))
		return error_set(
			e, E_INVALID, "secret %zu begins with neither whsec_ nor whsk_", number);
	struct view text = { line.at + n_start, line.len - n_start };
	/* A seed may be followed by the public half, as some libraries write it. */
	if (base64_parse(text, &out->bytes, NULL) != OK ||
		(out->is_seed && out->bytes.len != SEED_BYTES &&
			out->bytes.len != 2 * (size_t)SEED_BYTES) ||
		(!out->is_seed &&
			(out->bytes.len < SECRET_BYTES_MIN || out->bytes.len > SECRET_BYTES_MAX)))
		return error_set(
			e, E_INVALID, "secret %zu is not base64 of the right length", number);
	return OK;
}

static enum status sign_by_seed(
	const struct secret *s, struct view signed_text, struct buf *out, struct error *e)
{
	unsigned char signature[SIGNATURE_BYTES];
	size_t n = sizeof signature;
	AUTO(EVP_PKEY_free)
	EVP_PKEY *key = EVP_PKEY_new_raw_private_key(
		EVP_PKEY_ED25519, NULL, (const unsigned char *)s->bytes.at, SEED_BYTES);
	AUTO(EVP_MD_CTX_free) EVP_MD_CTX *context = FAULT("webhook_sign") ? NULL : EVP_MD_CTX_new();
	bool good = key != NULL && context != NULL &&
		    EVP_DigestSignInit(context, NULL, NULL, NULL, key) == 1 &&
		    EVP_DigestSign(context, signature, &n, (const unsigned char *)signed_text.at,
			    signed_text.len) == 1;
	ERR_clear_error();
	if (!good)
		return error_sys(e, E_NO_SPACE, ENOMEM, "sign a webhook");
	buf_add_text(out, "v1a,");
	base64_add(out, signature, n);
	return OK;
}

static enum status sign(
	const struct secret *s, struct view signed_text, struct buf *out, struct error *e)
{
	if (s->is_seed)
		return sign_by_seed(s, signed_text, out, e);
	struct digest d = digest_hmac(s->bytes.at, s->bytes.len, signed_text.at, signed_text.len);
	buf_add_text(out, "v1,");
	base64_add(out, d.bytes, sizeof d.bytes);
	return OK;
}

/* Signs with each line; with a NULL text only looks at them. */
static enum status each_secret(
	struct view secrets, struct view signed_text, struct buf *out, struct error *e)
{
	size_t n = 0;
	for (size_t number = 1; secrets.len > 0; number++) {
		struct view line = view_trim(view_cut(&secrets, '\n'));
		AUTO_ONE_SECRET struct secret s = { .bytes = { .ceiling = KIB } };
		if (line.len == 0 || line.at[0] == '#')
			continue;
		if (++n > WEBHOOK_SECRETS_MAX)
			return error_set(e, E_INVALID, "more than %d secrets", WEBHOOK_SECRETS_MAX);
		TRY(read_secret(line, number, &s, e));
		if (signed_text.at == NULL)
			continue;
		if (n > 1)
			buf_add_char(out, ' ');
		TRY(sign(&s, signed_text, out, e));
	}
	return n > 0 ? OK : error_set(e, E_INVALID, "no secret");
}

enum status webhook_headers(
	const struct webhook_message *m, struct view secrets, struct buf *out, struct error *e)
{
	AUTO_BUF struct buf text = { .ceiling = m->body.len + 128 };
	long long seconds = m->at_ns / NS_PER_S;
	buf_addf(&text, "%s.%lld.", m->id, seconds);
	buf_add(&text, m->body);
	TRY(buf_check(&text, "webhook", e));
	buf_addf(out, "webhook-id: %s\nwebhook-timestamp: %lld\nwebhook-signature: ", m->id,
		seconds);
	TRY(each_secret(secrets, buf_view(&text), out, e));
	buf_add_char(out, '\n');
	return buf_check(out, "webhook", e);
}

enum status webhook_secrets_check(const char *path, struct error *e)
{
	AUTO_SECRET struct buf text = { .ceiling = 0 };
	TRY(guarded_read(path, GUARD_SECRET, WEBHOOK_SECRETS_BYTES_MAX, &text, e));
	enum status status = each_secret(buf_view(&text), VIEW_NONE, NULL, e);
	if (status != OK)
		(void)error_wrap(e, "'%s'", path);
	return status;
}
