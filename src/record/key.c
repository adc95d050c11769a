/*
 * One key: Ed25519 (RFC 8032) by OpenSSL, PEM in and out, its id.
 */
#include "record/key.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <string.h>

#include "base/digest.h"
#include "base/fault.h"
#include "base/i18n.h"
#include "record/internal.h"
#include "sys/file.h"

struct key {
	EVP_PKEY *pkey;
	bool is_private;
	char id[KEY_ID_LEN + 1];
};

AUTO_TYPE(BIO_free_all, BIO *)
AUTO_TYPE(EVP_MD_CTX_free, EVP_MD_CTX *)

void key_free(struct key *k)
{
	if (k == NULL)
		return;
	EVP_PKEY_free(k->pkey); /* OpenSSL wipes the private half */
	free(k);
}

const char *key_id(const struct key *k)
{
	return k->id;
}

bool key_is_private(const struct key *k)
{
	return k->is_private;
}

static enum status crypto_fail(struct error *e, const char *doing)
{
	unsigned long code = ERR_get_error();
	const char *why = code == 0 ? NULL : ERR_reason_error_string(code);
	ERR_clear_error();
	return error_set(
		e, E_FAILED, "%s: %s", i18n_text(doing), why == NULL ? _("no reason given") : why);
}

/* Takes the reference to `pkey`, also on failure. */
static enum status adopt(EVP_PKEY *pkey, bool is_private, struct key **out, struct error *e)
{
	AUTO(key_free) struct key *k = FAULT("key_adopt") ? NULL : calloc(1, sizeof *k);
	if (k == NULL) {
		EVP_PKEY_free(pkey);
		return error_sys(e, E_NO_SPACE, ENOMEM, "hold a key");
	}
	k->pkey = pkey;
	k->is_private = is_private;
	unsigned char *der = NULL;
	int n = i2d_PUBKEY(pkey, &der);
	if (n <= 0)
		return crypto_fail(e, N_("encode a public key"));
	struct digest d = digest_of(der, (size_t)n);
	OPENSSL_free(der);
	char hex[DIGEST_HEX_LEN + 1];
	memcpy(k->id, digest_hex(&d, hex), KEY_ID_LEN);
	*out = TAKE(k);
	return OK;
}

enum status key_make(struct key **out, struct error *e)
{
	EVP_PKEY *pkey = FAULT("key_make") ? NULL : EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	if (pkey == NULL)
		return crypto_fail(e, N_("make a key"));
	return adopt(pkey, true, out, e);
}

/* OpenSSL would ask at the terminal; a key under a password is not ours. */
static int no_password(char *room, int size, int for_writing, void *context)
{
	(void)room;
	(void)size;
	(void)for_writing;
	(void)context;
	return -1;
}

enum status key_parse(struct view pem, const char *what, struct key **out, struct error *e)
{
	if (pem.len > PEM_BYTES_MAX)
		return error_set(e, E_TOO_BIG, "%s: too large for a key", what);
	bool is_private = true;
	EVP_PKEY *pkey = NULL;
	for (int pass = 0; pass < 2 && pkey == NULL; pass++) {
		AUTO(BIO_free_all)
		BIO *in = BIO_new_mem_buf(pem.len == 0 ? "" : pem.at, (int)pem.len);
		if (in == NULL)
			return error_sys(e, E_NO_SPACE, ENOMEM, "read a key");
		is_private = pass == 0;
		pkey = is_private ? PEM_read_bio_PrivateKey(in, NULL, no_password, NULL)
				  : PEM_read_bio_PUBKEY(in, NULL, no_password, NULL);
	}
	ERR_clear_error();
	if (pkey == NULL)
		return error_set(
			e, E_INVALID, "%s: not a key in PEM form without a password", what);
	if (EVP_PKEY_get_base_id(pkey) != EVP_PKEY_ED25519) {
		EVP_PKEY_free(pkey);
		return error_set(e, E_INVALID, "%s: not an Ed25519 key", what);
	}
	return adopt(pkey, is_private, out, e);
}

enum status key_read(const char *path, struct key **out, struct error *e)
{
	AUTO_BUF struct buf pem = { .ceiling = PEM_BYTES_MAX };
	TRY(file_read_all(AT_FDCWD, path, PEM_BYTES_MAX, &pem, e));
	enum status status = key_parse(buf_view(&pem), path, out, e);
	if (pem.at != NULL)
		OPENSSL_cleanse(pem.at, pem.capacity);
	return status;
}

static enum status write_pem(
	const struct key *k, bool private_half, struct buf *out, struct error *e)
{
	AUTO(BIO_free_all) BIO *text = FAULT("key_pem") ? NULL : BIO_new(BIO_s_mem());
	if (text == NULL)
		return error_sys(e, E_NO_SPACE, ENOMEM, "write a key");
	int done = private_half
			   ? PEM_write_bio_PKCS8PrivateKey(text, k->pkey, NULL, NULL, 0, NULL, NULL)
			   : PEM_write_bio_PUBKEY(text, k->pkey);
	char *at = NULL;
	long n = BIO_get_mem_data(text, &at);
	if (done != 1 || n <= 0)
		return crypto_fail(e, N_("write a key"));
	buf_add_bytes(out, at, (size_t)n);
	OPENSSL_cleanse(at, (size_t)n);
	return buf_check(out, "key", e);
}

enum status key_public_pem(const struct key *k, struct buf *out, struct error *e)
{
	return write_pem(k, false, out, e);
}

enum status key_private_pem(const struct key *k, struct buf *out, struct error *e)
{
	return write_pem(k, true, out, e);
}

enum status key_sign(
	const struct key *k, struct view message, struct buf *out_signature, struct error *e)
{
	if (!k->is_private)
		return error_set(e, E_DENIED, "key %s has no private half here", k->id);
	AUTO(EVP_MD_CTX_free) EVP_MD_CTX *context = FAULT("key_sign") ? NULL : EVP_MD_CTX_new();
	if (context == NULL)
		return error_sys(e, E_NO_SPACE, ENOMEM, "sign");
	unsigned char signature[SIGNATURE_BYTES];
	size_t n = sizeof signature;
	const unsigned char *at = (const unsigned char *)(message.len == 0 ? "" : message.at);
	if (EVP_DigestSignInit(context, NULL, NULL, NULL, k->pkey) != 1 ||
		EVP_DigestSign(context, signature, &n, at, message.len) != 1 ||
		n != sizeof signature)
		return crypto_fail(e, N_("sign"));
	buf_add_bytes(out_signature, signature, n);
	return buf_check(out_signature, "signature", e);
}

bool key_verify(const struct key *k, struct view message, struct view signature)
{
	AUTO(EVP_MD_CTX_free) EVP_MD_CTX *context = EVP_MD_CTX_new();
	if (context == NULL || signature.len != SIGNATURE_BYTES)
		return false;
	const unsigned char *at = (const unsigned char *)(message.len == 0 ? "" : message.at);
	bool good = EVP_DigestVerifyInit(context, NULL, NULL, NULL, k->pkey) == 1 &&
		    EVP_DigestVerify(context, (const unsigned char *)signature.at, signature.len,
			    at, message.len) == 1;
	ERR_clear_error();
	return good;
}
