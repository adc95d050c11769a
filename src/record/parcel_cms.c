/*
 * Sealing to a certificate and opening, by OpenSSL's CMS. AES-256-GCM (AuthEnvelopedData) rather
 * than the customary CBC: what was changed on its way is then no plaintext at all, and not one that
 * somebody may be led to act on.
 */
#include <errno.h>
#include <openssl/bio.h>
#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "base/fault.h"
#include "base/i18n.h"
#include "record/parcel.h"

AUTO_TYPE(BIO_free_all, BIO *)
AUTO_TYPE(X509_free, X509 *)
AUTO_TYPE(EVP_PKEY_free, EVP_PKEY *)
AUTO_TYPE(CMS_ContentInfo_free, CMS_ContentInfo *)

enum { RSA_BITS_MIN = 2048, EC_BITS_MIN = 224 };

static enum status cms_fail(enum status status, const char *doing, struct error *e)
{
	unsigned long code = ERR_peek_last_error();
	const char *why = code == 0 ? NULL : ERR_reason_error_string(code);
	ERR_clear_error();
	return error_set(
		e, status, "%s: %s", i18n_text(doing), why == NULL ? _("no reason given") : why);
}

static BIO *reader(struct view v)
{
	return FAULT("parcel_bio") ? NULL : BIO_new_mem_buf(v.len == 0 ? "" : v.at, (int)v.len);
}

static enum status no_memory(struct error *e)
{
	ERR_clear_error();
	return error_sys(e, E_NO_SPACE, ENOMEM, "encrypt or decrypt a parcel");
}

static enum status read_certificate(struct view pem, X509 **out, struct error *e)
{
	AUTO(BIO_free_all) BIO *in = reader(pem);
	if (in == NULL)
		return no_memory(e);
	*out = PEM_read_bio_X509(in, NULL, NULL, NULL);
	return *out == NULL ? cms_fail(E_INVALID, N_("read the recipient's certificate"), e) : OK;
}

/* --- sealing --- */

static enum status check_strength(X509 *certificate, struct error *e)
{
	EVP_PKEY *key = X509_get0_pubkey(certificate);
	int kind = key == NULL ? 0 : EVP_PKEY_get_base_id(key);
	int bits = key == NULL ? 0 : EVP_PKEY_get_bits(key);
	bool good = (kind == EVP_PKEY_RSA && bits >= RSA_BITS_MIN) ||
		    (kind == EVP_PKEY_EC && bits >= EC_BITS_MIN);
	if (!good)
		return error_set(e, E_INVALID,
			"the recipient's certificate has no RSA key of %d bits or more and no "
			"elliptic curve key of %d",
			RSA_BITS_MIN, EC_BITS_MIN);
	uint32_t usage = X509_get_key_usage(certificate); /* all bits where it does not say */
	uint32_t wanted = kind == EVP_PKEY_RSA ? KU_KEY_ENCIPHERMENT : KU_KEY_AGREEMENT;
	if ((usage & wanted) == 0)
		return error_set(
			e, E_INVALID, "the recipient's certificate is not for encrypting keys");
	return OK;
}

/* OpenSSL's own choice would be PKCS #1 v1.5, or a key derivation by SHA-1. */
static bool choose_algorithms(CMS_RecipientInfo *recipient, X509 *certificate)
{
	EVP_PKEY_CTX *context = CMS_RecipientInfo_get0_pkey_ctx(recipient);
	if (context == NULL)
		return false;
	if (EVP_PKEY_get_base_id(X509_get0_pubkey(certificate)) == EVP_PKEY_RSA)
		return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING) > 0 &&
		       EVP_PKEY_CTX_set_rsa_oaep_md(context, EVP_sha256()) > 0 &&
		       EVP_PKEY_CTX_set_rsa_mgf1_md(context, EVP_sha256()) > 0;
	return EVP_PKEY_CTX_set_ecdh_kdf_md(context, EVP_sha256()) > 0;
}

enum status parcel_seal(
	struct view text, struct view recipient_pem, struct buf *out, struct error *e)
{
	const unsigned flags = CMS_BINARY | CMS_PARTIAL;
	AUTO(X509_free) X509 *certificate = NULL;
	if (text.len > PARCEL_TEXT_MAX)
		return error_set(e, E_TOO_BIG, "a parcel of %zu bytes", text.len);
	TRY(read_certificate(recipient_pem, &certificate, e));
	TRY(check_strength(certificate, e));
	AUTO(BIO_free_all) BIO *in = reader(text);
	AUTO(BIO_free_all) BIO *sealed = BIO_new(BIO_s_mem());
	if (in == NULL || sealed == NULL)
		return no_memory(e);
	AUTO(CMS_ContentInfo_free)
	CMS_ContentInfo *cms = CMS_encrypt(NULL, NULL, EVP_aes_256_gcm(), flags);
	CMS_RecipientInfo *recipient = cms == NULL ? NULL
						   : CMS_add1_recipient(cms, certificate, NULL,
							     NULL, flags | CMS_KEY_PARAM);
	if (recipient == NULL || !choose_algorithms(recipient, certificate) ||
		CMS_final(cms, in, NULL, flags) != 1 || i2d_CMS_bio(sealed, cms) != 1)
		return cms_fail(E_FAILED, N_("encrypt a parcel"), e);
	char *at = NULL;
	long n = BIO_get_mem_data(sealed, &at);
	buf_add_bytes(out, at, (size_t)n);
	return buf_check(out, "parcel", e);
}

/* --- opening --- */

static int no_password(char *room, int size, int for_writing, void *context)
{
	(void)room;
	(void)size;
	(void)for_writing;
	(void)context;
	return -1;
}

static enum status read_cms(struct view sealed, CMS_ContentInfo **out, struct error *e)
{
	AUTO(BIO_free_all) BIO *in = reader(sealed);
	if (in == NULL)
		return no_memory(e);
	AUTO(CMS_ContentInfo_free) CMS_ContentInfo *cms = d2i_CMS_bio(in, NULL);
	if (cms == NULL)
		return cms_fail(E_INVALID, N_("not a parcel"), e);
	if (BIO_pending(in) != 0)
		return error_set(e, E_INVALID, "not a parcel: bytes follow its end");
	int kind = OBJ_obj2nid(CMS_get0_type(cms));
	if (kind != NID_pkcs7_enveloped && kind != NID_id_smime_ct_authEnvelopedData)
		return error_set(e, E_INVALID, "not a parcel: its content is not encrypted");
	*out = TAKE(cms);
	return OK;
}

enum status parcel_open(struct view sealed, struct view certificate_pem, struct view key_pem,
	struct buf *out, struct error *e)
{
	AUTO(X509_free) X509 *certificate = NULL;
	AUTO(CMS_ContentInfo_free) CMS_ContentInfo *cms = NULL;
	if (sealed.len > PARCEL_BYTES_MAX)
		return error_set(e, E_TOO_BIG, "a parcel of %zu bytes", sealed.len);
	TRY(read_certificate(certificate_pem, &certificate, e));
	AUTO(BIO_free_all) BIO *key_in = reader(key_pem);
	AUTO(BIO_free_all) BIO *text = BIO_new(BIO_s_mem());
	if (key_in == NULL || text == NULL)
		return no_memory(e);
	AUTO(EVP_PKEY_free)
	EVP_PKEY *key = PEM_read_bio_PrivateKey(key_in, NULL, no_password, NULL);
	if (key == NULL)
		return cms_fail(E_INVALID, N_("read the key"), e);
	TRY(read_cms(sealed, &cms, e));
	if (CMS_decrypt(cms, key, certificate, NULL, text, CMS_BINARY) != 1) {
		ERR_clear_error();
		return error_set(e, E_DENIED,
			"the parcel is not for this key, or it was changed on its way");
	}
	char *at = NULL;
	long n = BIO_get_mem_data(text, &at);
	buf_add_bytes(out, at, (size_t)n);
	return buf_check(out, "parcel", e);
}
