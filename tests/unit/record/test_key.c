/*
 * One key: known answers, PEM in and out, what is refused.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/digest.h"
#include "record/internal.h"
#include "tests/lib/faults.h"
#include "tests/lib/test.h"

/* RFC 8410, section 10.3 and 10.1. */
static const char private_pem[] =
	"-----BEGIN PRIVATE KEY-----\n"
	"MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n"
	"-----END PRIVATE KEY-----\n";
static const char public_pem[] = "-----BEGIN PUBLIC KEY-----\n"
				 "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n"
				 "-----END PUBLIC KEY-----\n";
/* RFC 8032, section 7.1, TEST 2: the secret key as PKCS #8. */
static const char rfc8032_secret[] =
	"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb";
static const char rfc8032_signature[] =
	"92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
	"085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00";

static struct key *parse(const char *pem)
{
	struct key *k = NULL;
	struct error e = ERROR_NONE;
	REQUIRE_OK(key_parse(view_of(pem), "test", &k, &e), e);
	return k;
}

TEST(the_public_half_of_the_published_pair_is_the_published_one)
{
	AUTO(key_free) struct key *both = parse(private_pem);
	AUTO(key_free) struct key *public = parse(public_pem);
	struct error e = ERROR_NONE;
	AUTO_BUF struct buf pem = { .ceiling = 4096 };
	CHECK(key_is_private(both) && !key_is_private(public));
	CHECK_TEXT(key_id(both), key_id(public));
	CHECK_INT(strlen(key_id(both)), KEY_ID_LEN);
	REQUIRE_OK(key_public_pem(both, &pem, &e), e);
	CHECK_TEXT(buf_text(&pem), public_pem);
	buf_reset(&pem);
	REQUIRE_OK(key_private_pem(both, &pem, &e), e);
	CHECK_TEXT(buf_text(&pem), private_pem);
}

TEST(the_key_id_is_the_digest_of_the_encoded_public_key)
{
	AUTO(key_free) struct key *k = parse(public_pem);
	AUTO_BUF struct buf der = { .ceiling = 100 };
	struct error e = ERROR_NONE;
	char hex[DIGEST_HEX_LEN + 1];
	REQUIRE_OK(
		base64_parse(VIEW("MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE="),
			&der, &e),
		e);
	struct digest d = digest_of(der.at, der.len);
	digest_hex(&d, hex)[KEY_ID_LEN] = '\0';
	CHECK_TEXT(key_id(k), hex);
}

TEST(signatures_are_those_of_rfc_8032)
{
	/* PKCS #8 of RFC 8410 with the secret in its last 32 bytes. */
	unsigned char der[48] = { 0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4,
		0x20 };
	REQUIRE(hex_parse(view_of(rfc8032_secret), der + 16, 32));
	AUTO_BUF struct buf pem = { .ceiling = 4096 };
	AUTO_BUF struct buf signature = { .ceiling = 64 };
	struct error e = ERROR_NONE;
	char hex[129];
	buf_add_text(&pem, "-----BEGIN PRIVATE KEY-----\n");
	base64_add(&pem, der, sizeof der);
	buf_add_text(&pem, "\n-----END PRIVATE KEY-----\n");
	AUTO(key_free) struct key *k = parse(buf_text(&pem));
	REQUIRE_OK(key_sign(k, VIEW("\x72"), &signature, &e), e);
	CHECK_TEXT(hex_text(signature.at, 64, hex), rfc8032_signature);
	CHECK(key_verify(k, VIEW("\x72"), buf_view(&signature)));
}

TEST(any_changed_bit_breaks_a_signature)
{
	AUTO(key_free) struct key *k = parse(private_pem);
	AUTO(key_free) struct key *public = parse(public_pem);
	AUTO_BUF struct buf signature = { .ceiling = 64 };
	struct error e = ERROR_NONE;
	char message[] = "drill 7 begins";
	struct view m = { message, sizeof message - 1 };
	REQUIRE_OK(key_sign(k, m, &signature, &e), e);
	REQUIRE(key_verify(public, m, buf_view(&signature)));
	for (size_t i = 0; i < 64 * 8; i++) {
		signature.at[i / 8] = (char)(signature.at[i / 8] ^ (1 << i % 8));
		CHECK(!key_verify(public, m, buf_view(&signature)));
		signature.at[i / 8] = (char)(signature.at[i / 8] ^ (1 << i % 8));
	}
	for (size_t i = 0; i < m.len; i++) {
		message[i]++;
		CHECK(!key_verify(public, m, buf_view(&signature)));
		message[i]--;
	}
	CHECK(!key_verify(public, m, (struct view){ signature.at, 63 }));
	CHECK(!key_verify(public, m, VIEW_NONE));
}

TEST(the_empty_message_can_be_signed)
{
	AUTO(key_free) struct key *k = parse(private_pem);
	AUTO_BUF struct buf signature = { .ceiling = 64 };
	struct error e = ERROR_NONE;
	REQUIRE_OK(key_sign(k, VIEW_NONE, &signature, &e), e);
	CHECK(key_verify(k, VIEW(""), buf_view(&signature)));
}

TEST(a_public_key_cannot_sign)
{
	AUTO(key_free) struct key *k = parse(public_pem);
	AUTO_BUF struct buf signature = { .ceiling = 64 };
	struct error e = ERROR_NONE;
	CHECK_INT(key_sign(k, VIEW("x"), &signature, &e), E_DENIED);
	CHECK_INT(signature.len, 0);
}

TEST(other_kinds_of_key_are_refused)
{
	static const char p256[] =
		"-----BEGIN PUBLIC KEY-----\n"
		"MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEaxfR8uEsQkf4vOblY6RA8ncDfYEt\n"
		"6zOg9KE5RdiYwpZP40Li/hp/m47n60p8D54WK84zV2sxXs7LtkBoN79R9Q==\n"
		"-----END PUBLIC KEY-----\n";
	static const char *const rows[] = {
		p256, "", "not a key",
		"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
		"-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n"
	};
	struct error e = ERROR_NONE;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct key *k = NULL;
		CHECK_INT(key_parse(view_of(rows[i]), "test", &k, &e), E_INVALID);
		CHECK(k == NULL);
	}
}

TEST(a_key_is_read_from_the_file_that_the_user_names)
{
	AUTO(key_free) struct key *k = NULL;
	struct key *none = NULL;
	struct error e = ERROR_NONE;
	AUTO_FREE char *big = calloc(1, 100000);
	test_write_file(test_path("k.pem"), public_pem, sizeof public_pem - 1);
	test_write_file(test_path("big.pem"), big, 100000);
	REQUIRE_OK(key_read(test_path("k.pem"), &k, &e), e);
	CHECK(!key_is_private(k));
	CHECK_INT(key_read(test_path("absent.pem"), &none, &e), E_ABSENT);
	CHECK_INT(key_read(test_path("big.pem"), &none, &e), E_TOO_BIG);
}

static enum status make_and_sign(struct error *e)
{
	AUTO(key_free) struct key *k = NULL;
	AUTO(key_free) struct key *copy = NULL;
	AUTO_BUF struct buf pem = { .ceiling = 4096 };
	AUTO_BUF struct buf signature = { .ceiling = 64 };
	TRY(key_make(&k, e));
	TRY(key_private_pem(k, &pem, e));
	TRY(key_parse(buf_view(&pem), "copy", &copy, e));
	return key_sign(copy, VIEW("x"), &signature, e);
}

TEST(whatever_fails_while_a_key_is_made_is_told)
{
	NEEDS_FAULTS();
	int n = 1;
	for (;; n++) {
		struct error e = ERROR_NONE;
		REQUIRE(n < 50);
		fault_arm("", n);
		enum status status = make_and_sign(&e);
		fault_disarm();
		if (status == OK)
			break;
		CHECK(e.text[0] != '\0');
	}
	CHECK(n > 4);
}
