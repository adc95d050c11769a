/*
 * The files that a route names, looked at when the routes are opened: what will not do is told
 * then, and not in the minute in which it is needed. The sender reads them anew for each try, since
 * certificates are renewed while a service runs.
 */
#include <errno.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <string.h>

#include "base/fault.h"
#include "record/internal.h"
#include "record/route_read.h"
#include "record/webhook.h"

AUTO_TYPE(BIO_free_all, BIO *)
AUTO_TYPE(X509_free, X509 *)
AUTO_TYPE(EVP_PKEY_free, EVP_PKEY *)

/* Not an end: the sentence stays with the way. */
static enum status set_fault(enum status status, const struct error *why, struct pool *p,
	const char **out, struct error *e)
{
	if (status == OK)
		return OK;
	*out = pool_text(p, view_of(why->text));
	return *out == NULL ? error_sys(e, E_NO_SPACE, ENOMEM, "read the routes") : OK;
}

static enum status parse_certificate(struct view pem, const char *path, X509 **out, struct error *e)
{
	AUTO(BIO_free_all) BIO *in = BIO_new_mem_buf(pem.len == 0 ? "" : pem.at, (int)pem.len);
	*out = in == NULL ? NULL : PEM_read_bio_X509(in, NULL, NULL, NULL);
	ERR_clear_error();
	if (*out == NULL)
		return error_set(e, E_INVALID, "'%s' holds no certificate in PEM form", path);
	return OK;
}

enum status certificate_read(const char *path, struct buf *pem, struct error *e)
{
	AUTO(X509_free) X509 *certificate = NULL;
	TRY(guarded_read(path, GUARD_TRUSTED, CERTIFICATES_BYTES_MAX, pem, e));
	return parse_certificate(buf_view(pem), path, &certificate, e);
}

/* OpenSSL would ask at the terminal. */
static int no_password(char *room, int size, int for_writing, void *context)
{
	(void)room;
	(void)size;
	(void)for_writing;
	(void)context;
	return -1;
}

enum status private_key_read(const char *path, struct buf *pem, struct error *e)
{
	TRY(guarded_read(path, GUARD_SECRET, PRIVATE_KEY_BYTES_MAX, pem, e));
	AUTO(BIO_free_all) BIO *in = BIO_new_mem_buf(buf_text(pem), (int)pem->len);
	AUTO(EVP_PKEY_free)
	EVP_PKEY *key = in == NULL ? NULL : PEM_read_bio_PrivateKey(in, NULL, no_password, NULL);
	ERR_clear_error();
	if (key == NULL)
		return error_set(e, E_INVALID,
			"'%s' holds no private key in PEM form without a password", path);
	return OK;
}

static enum status check_pair(const struct way *w, struct error *e)
{
	AUTO_BUF struct buf certificate_pem = { .ceiling = 0 };
	AUTO_SECRET struct buf key_pem = { .ceiling = 0 };
	AUTO(X509_free) X509 *certificate = NULL;
	TRY(certificate_read(w->certificate, &certificate_pem, e));
	TRY(private_key_read(w->key, &key_pem, e));
	TRY(parse_certificate(buf_view(&certificate_pem), w->certificate, &certificate, e));
	AUTO(BIO_free_all) BIO *in = BIO_new_mem_buf(buf_text(&key_pem), (int)key_pem.len);
	AUTO(EVP_PKEY_free)
	EVP_PKEY *key = in == NULL ? NULL : PEM_read_bio_PrivateKey(in, NULL, no_password, NULL);
	bool fits = key != NULL && X509_check_private_key(certificate, key) == 1;
	ERR_clear_error();
	if (!fits)
		return error_set(
			e, E_INVALID, "'%s' is not the key of '%s'", w->key, w->certificate);
	return OK;
}

static enum status check_way(const struct way *w, struct error *e)
{
	AUTO_BUF struct buf pem = { .ceiling = 0 };
	if (w->ca != NULL)
		TRY(certificate_read(w->ca, &pem, e));
	if (w->certificate != NULL)
		TRY(check_pair(w, e));
	if (w->recipient != NULL)
		TRY(certificate_read(w->recipient, &pem, e));
	if (w->secret != NULL)
		TRY(webhook_secrets_check(w->secret, e));
	return OK;
}

static enum status read_server_key(const char *path, struct key **out, struct error *e)
{
	AUTO_BUF struct buf pem = { .ceiling = 0 };
	AUTO(key_free) struct key *k = NULL;
	TRY(guarded_read(path, GUARD_TRUSTED, PEM_BYTES_MAX, &pem, e));
	TRY(key_parse(buf_view(&pem), path, &k, e));
	if (key_is_private(k))
		return error_set(e, E_INVALID,
			"'%s' holds the server's private key; only the public one belongs here",
			path);
	*out = TAKE(k);
	return OK;
}

enum status route_check_files(struct route *r, struct pool *p, struct error *e)
{
	struct error why = ERROR_NONE;
	for (size_t i = 0; i < r->n_key_paths; i++) {
		struct key **key = &r->server_keys[r->n_server_keys];
		enum status status = read_server_key(r->key_paths[i], key, &why);
		if (status == OK)
			r->n_server_keys++;
		TRY(set_fault(status, &why, p, &r->fault, e));
	}
	for (size_t i = 0; i < r->n_ways; i++)
		TRY(set_fault(check_way(&r->ways[i], &why), &why, p, &r->ways[i].fault, e));
	return OK;
}
