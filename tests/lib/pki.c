/*
 * Certificates by OpenSSL: see pki.h.
 */
#include "tests/lib/pki.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/random.h"
#include "tests/lib/test.h"

enum { HOUR_S = 3600, YEAR_S = 366 * 24 * HOUR_S };

struct party {
	X509 *certificate;
	EVP_PKEY *key;
};

static void write_pem(const char *folder, const char *name, X509 *certificate, EVP_PKEY *key)
{
	char path[4096];
	(void)snprintf(path, sizeof path, "%s/%s", folder, name);
	FILE *f = fopen(path, "we");
	REQUIRE(f != NULL);
	REQUIRE(fchmod(fileno(f), key != NULL ? 0600 : 0644) == 0);
	if (key != NULL)
		REQUIRE(PEM_write_PKCS8PrivateKey(f, key, NULL, NULL, 0, NULL, NULL) == 1);
	else
		REQUIRE(PEM_write_X509(f, certificate) == 1);
	REQUIRE(fclose(f) == 0);
}

static void write_pair(const char *folder, const char *name, const struct party *p)
{
	char file[128];
	(void)snprintf(file, sizeof file, "%s.pem", name);
	write_pem(folder, file, p->certificate, NULL);
	(void)snprintf(file, sizeof file, "%s.key", name);
	write_pem(folder, file, NULL, p->key);
}

static void add_extension(X509 *certificate, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX context;
	X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
	X509_EXTENSION *x = X509V3_EXT_conf_nid(NULL, &context, nid, value);
	REQUIRE(x != NULL && X509_add_ext(certificate, x, -1) == 1);
	X509_EXTENSION_free(x);
}

struct wish {
	const char *common_name;
	const char *names; /* subjectAltName, NULL none */
	const char *usage; /* extendedKeyUsage, NULL none */
	const char *key_usage;
	long ends_s; /* from now */
	bool is_authority;
	bool is_rsa;
};

static void set_serial(X509 *certificate)
{
	unsigned char bytes[8];
	random_bytes(bytes, sizeof bytes);
	bytes[0] &= 0x7f;
	BIGNUM *n = BN_bin2bn(bytes, sizeof bytes, NULL);
	REQUIRE(n != NULL && BN_to_ASN1_INTEGER(n, X509_get_serialNumber(certificate)) != NULL);
	BN_free(n);
}

/* `issuer` NULL: itself. */
static struct party make(const struct wish *w, const struct party *issuer)
{
	struct party p = { X509_new(), w->is_rsa ? EVP_RSA_gen(2048) : EVP_EC_gen("P-256") };
	REQUIRE(p.certificate != NULL && p.key != NULL);
	const struct party *by = issuer == NULL ? &p : issuer;
	X509_NAME *name = X509_get_subject_name(p.certificate);
	REQUIRE(X509_set_version(p.certificate, 2) == 1);
	set_serial(p.certificate);
	REQUIRE(X509_gmtime_adj(X509_getm_notBefore(p.certificate), -2 * HOUR_S) != NULL);
	REQUIRE(X509_gmtime_adj(X509_getm_notAfter(p.certificate), w->ends_s) != NULL);
	REQUIRE(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
			(const unsigned char *)w->common_name, -1, -1, 0) == 1);
	REQUIRE(X509_set_issuer_name(p.certificate, X509_get_subject_name(by->certificate)) == 1);
	REQUIRE(X509_set_pubkey(p.certificate, p.key) == 1);
	add_extension(p.certificate, by->certificate, NID_basic_constraints,
		w->is_authority ? "critical,CA:TRUE" : "critical,CA:FALSE");
	add_extension(p.certificate, by->certificate, NID_subject_key_identifier, "hash");
	if (w->key_usage != NULL)
		add_extension(p.certificate, by->certificate, NID_key_usage, w->key_usage);
	if (w->names != NULL)
		add_extension(p.certificate, by->certificate, NID_subject_alt_name, w->names);
	if (w->usage != NULL)
		add_extension(p.certificate, by->certificate, NID_ext_key_usage, w->usage);
	REQUIRE(X509_sign(p.certificate, by->key, EVP_sha256()) > 0);
	return p;
}

static void drop(struct party *p)
{
	X509_free(p->certificate);
	EVP_PKEY_free(p->key);
}

static void make_one(
	const char *folder, const char *file, const struct wish *w, const struct party *issuer)
{
	struct party p = make(w, issuer);
	write_pair(folder, file, &p);
	drop(&p);
}

static void make_receipt_key(const char *folder, const char *name)
{
	char path[4096];
	char file[128];
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	REQUIRE(key != NULL);
	(void)snprintf(file, sizeof file, "%s.key", name);
	write_pem(folder, file, NULL, key);
	(void)snprintf(path, sizeof path, "%s/%s.pem", folder, name);
	FILE *f = fopen(path, "we");
	REQUIRE(f != NULL && fchmod(fileno(f), 0644) == 0);
	REQUIRE(PEM_write_PUBKEY(f, key) == 1 && fclose(f) == 0);
	EVP_PKEY_free(key);
}

#define HERE "DNS:localhost,DNS:report.test,IP:127.0.0.1,IP:::1"

void pki_make(const char *folder)
{
	const struct wish authority = { "Test authority", NULL, NULL, "critical,keyCertSign",
		YEAR_S, true, false };
	const struct wish strange = { "Strange authority", NULL, NULL, "critical,keyCertSign",
		YEAR_S, true, false };
	const struct wish server = { "server", HERE, "serverAuth", NULL, YEAR_S, false, false };
	const struct wish expired = { "server", HERE, "serverAuth", NULL, -HOUR_S, false, false };
	const struct wish elsewhere = { "server", "DNS:elsewhere.example", "serverAuth", NULL,
		YEAR_S, false, false };
	const struct wish client = { "client", NULL, "clientAuth", NULL, YEAR_S, false, false };
	const struct wish both = { "strange", HERE, "clientAuth,serverAuth", NULL, YEAR_S, false,
		false };
	struct party ca = make(&authority, NULL);
	struct party other = make(&strange, NULL);
	write_pem(folder, "ca.pem", ca.certificate, NULL);
	write_pem(folder, "strange-ca.pem", other.certificate, NULL);
	make_one(folder, "server", &server, &ca);
	make_one(folder, "expired", &expired, &ca);
	make_one(folder, "elsewhere", &elsewhere, &ca);
	make_one(folder, "client", &client, &ca);
	make_one(folder, "strange", &both, &other);
	make_receipt_key(folder, "receipt");
	make_receipt_key(folder, "wrong");
	drop(&ca);
	drop(&other);
}

void pki_make_recipient(const char *folder, const char *name, const char *kind)
{
	bool is_rsa = strcmp(kind, "rsa") == 0;
	const struct wish w = { name, NULL, NULL,
		is_rsa ? "critical,keyEncipherment" : "critical,keyAgreement", YEAR_S, false,
		is_rsa };
	make_one(folder, name, &w, NULL);
}
