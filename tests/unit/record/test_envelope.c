/*
 * DSSE: the published encoding, opening, and who is believed.
 */
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "record/internal.h"
#include "tests/lib/faults.h"
#include "tests/lib/test.h"

#define TYPE "http://example.com/HelloWorld"

static struct key *new_key(void)
{
	struct key *k = NULL;
	struct error e = ERROR_NONE;
	REQUIRE_OK(key_make(&k, &e), e);
	return k;
}

static json_t *sign(struct view payload, const struct key *k)
{
	json_t *envelope = NULL;
	struct error e = ERROR_NONE;
	REQUIRE_OK(envelope_sign(TYPE, payload, k, &envelope, &e), e);
	return envelope;
}

static enum status open_with(json_t *envelope, const struct key *k, struct error *e)
{
	AUTO_BUF struct buf payload = { .ceiling = ENVELOPE_BYTES_MAX };
	return envelope_open(envelope, TYPE, NULL, k, &payload, e);
}

static json_t *signature_of(json_t *envelope, size_t i)
{
	return json_array_get(json_object_get(envelope, "signatures"), i);
}

/* protocol.md of secure-systems-lab/dsse, "Test Vectors". */
TEST(the_signed_bytes_are_those_of_the_published_vector)
{
	AUTO_BUF struct buf pae = { .ceiling = 1000 };
	envelope_encode(&pae, TYPE, VIEW("hello world"));
	CHECK_TEXT(buf_text(&pae), "DSSEv1 29 http://example.com/HelloWorld 11 hello world");
	AUTO(key_free) struct key *k = new_key();
	AUTO_JSON json_t *envelope = sign(VIEW("hello world"), k);
	CHECK_TEXT(json_string_value(json_object_get(envelope, "payload")), "aGVsbG8gd29ybGQ=");
	CHECK_TEXT(json_string_value(json_object_get(envelope, "payloadType")), TYPE);
	AUTO_BUF struct buf signature = { .ceiling = 64 };
	struct error e = ERROR_NONE;
	const char *text = json_string_value(json_object_get(signature_of(envelope, 0), "sig"));
	REQUIRE_OK(base64_parse(view_of(text), &signature, &e), e);
	CHECK(key_verify(k, buf_view(&pae), buf_view(&signature)));
}

TEST(what_was_signed_comes_out_again)
{
	AUTO(key_free) struct key *k = new_key();
	struct error e = ERROR_NONE;
	unsigned char bytes[300];
	for (size_t n = 0; n < sizeof bytes; n++) {
		bytes[n] = (unsigned char)n;
		AUTO_JSON json_t *envelope = sign((struct view){ (const char *)bytes, n }, k);
		AUTO_BUF struct buf payload = { .ceiling = ENVELOPE_BYTES_MAX };
		REQUIRE_OK(envelope_open(envelope, NULL, NULL, k, &payload, &e), e);
		CHECK(view_equal(buf_view(&payload), (struct view){ (const char *)bytes, n }));
	}
}

TEST(an_unknown_signer_is_told_from_a_wrong_signature)
{
	AUTO(key_free) struct key *k = new_key();
	AUTO(key_free) struct key *other = new_key();
	AUTO_JSON json_t *envelope = sign(VIEW("hello"), k);
	struct error e = ERROR_NONE;
	CHECK_INT(open_with(envelope, other, &e), E_DENIED);
	CHECK(strstr(e.text, "not trusted here") != NULL);
	CHECK_INT(open_with(envelope, NULL, &e), E_DENIED);
	REQUIRE(json_object_set_new(envelope, "payload", json_string("aGVsbG8h")) == 0);
	CHECK_INT(open_with(envelope, k, &e), E_DENIED);
	CHECK(strstr(e.text, "signature is wrong") != NULL);
}

TEST(the_key_id_is_only_a_hint)
{
	AUTO(key_free) struct key *k = new_key();
	AUTO(key_free) struct key *other = new_key();
	AUTO_JSON json_t *envelope = sign(VIEW("hello"), k);
	struct error e = ERROR_NONE;
	json_t *row = signature_of(envelope, 0);
	REQUIRE(json_object_set_new(row, "keyid", json_string("some other scheme")) == 0);
	CHECK_INT(open_with(envelope, k, &e), OK);
	REQUIRE(json_object_del(row, "keyid") == 0);
	CHECK_INT(open_with(envelope, k, &e), OK);
	REQUIRE(json_object_set_new(row, "keyid", json_string(key_id(other))) == 0);
	CHECK_INT(open_with(envelope, other, &e), E_DENIED);
}

TEST(one_trusted_signature_among_others_is_enough)
{
	AUTO(key_free) struct key *a = new_key();
	AUTO(key_free) struct key *b = new_key();
	AUTO_JSON json_t *envelope = sign(VIEW("hello"), a);
	struct error e = ERROR_NONE;
	REQUIRE_OK(envelope_cosign(envelope, TYPE, VIEW("hello"), b, &e), e);
	CHECK_INT(open_with(envelope, a, &e), OK);
	CHECK_INT(open_with(envelope, b, &e), OK);
}

TEST(both_alphabets_of_base64_are_taken_but_not_mixed)
{
	AUTO(key_free) struct key *k = new_key();
	/* >>>??? becomes Pj4+Pz8/, which has both letters in question. */
	AUTO_JSON json_t *envelope = sign(VIEW(">>>???"), k);
	struct error e = ERROR_NONE;
	CHECK_TEXT(json_string_value(json_object_get(envelope, "payload")), "Pj4+Pz8/");
	REQUIRE(json_object_set_new(envelope, "payload", json_string("Pj4-Pz8_")) == 0);
	CHECK_INT(open_with(envelope, k, &e), OK);
	REQUIRE(json_object_set_new(envelope, "payload", json_string("Pj4+Pz8_")) == 0);
	CHECK_INT(open_with(envelope, k, &e), E_INVALID);
}

TEST(fields_that_are_not_known_are_ignored)
{
	AUTO(key_free) struct key *k = new_key();
	AUTO_JSON json_t *envelope = sign(VIEW("hello"), k);
	struct error e = ERROR_NONE;
	REQUIRE(json_object_set_new(envelope, "extra", json_true()) == 0);
	REQUIRE(json_object_set_new(signature_of(envelope, 0), "cert", json_string("x")) == 0);
	CHECK_INT(open_with(envelope, k, &e), OK);
}

TEST(another_type_of_payload_is_refused)
{
	AUTO(key_free) struct key *k = new_key();
	AUTO_JSON json_t *envelope = sign(VIEW("hello"), k);
	AUTO_BUF struct buf payload = { .ceiling = 100 };
	struct error e = ERROR_NONE;
	CHECK_INT(envelope_open(envelope, "text/plain", NULL, k, &payload, &e), E_INVALID);
	/* The type is under the signature too. */
	REQUIRE(json_object_set_new(envelope, "payloadType", json_string("text/plain")) == 0);
	CHECK_INT(envelope_open(envelope, "text/plain", NULL, k, &payload, &e), E_DENIED);
	CHECK_INT(payload.len, 0);
}

TEST(a_broken_form_is_invalid)
{
	static const char *const rows[] = { "{}", "[]", "1", "{\"payloadType\":1}",
		"{\"payloadType\":\"" TYPE "\",\"payload\":\"aA==\"}",
		"{\"payloadType\":\"" TYPE "\",\"payload\":\"aA==\",\"signatures\":[]}",
		"{\"payloadType\":\"" TYPE "\",\"payload\":\"aA==\",\"signatures\":{}}",
		"{\"payloadType\":\"" TYPE "\",\"payload\":\"aA==\",\"signatures\":[1]}",
		"{\"payloadType\":\"" TYPE "\",\"payload\":\"aA==\",\"signatures\":[{}]}",
		"{\"payloadType\":\"" TYPE
		"\",\"payload\":\"aA==\",\"signatures\":[{\"sig\":\"!\"}]}",
		"{\"payloadType\":\"" TYPE
		"\",\"payload\":\"aB==\",\"signatures\":[{\"sig\":\"aA==\"}]}",
		"{\"payloadType\":\"" TYPE
		"\",\"payload\":\"aA\",\"signatures\":[{\"sig\":\"aA==\"}]}" };
	AUTO(key_free) struct key *k = new_key();
	struct error e = ERROR_NONE;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		AUTO_JSON json_t *envelope = NULL;
		REQUIRE_OK(json_read(view_of(rows[i]), 10000, "row", &envelope, &e), e);
		CHECK_INT(open_with(envelope, k, &e), E_INVALID);
	}
}

TEST(too_many_signatures_are_refused)
{
	AUTO(key_free) struct key *k = new_key();
	AUTO_JSON json_t *envelope = sign(VIEW("hello"), k);
	struct error e = ERROR_NONE;
	for (int i = 1; i < ENVELOPE_SIGNATURES_MAX; i++)
		REQUIRE_OK(envelope_cosign(envelope, TYPE, VIEW("hello"), k, &e), e);
	CHECK_INT(open_with(envelope, k, &e), OK);
	REQUIRE_OK(envelope_cosign(envelope, TYPE, VIEW("hello"), k, &e), e);
	CHECK_INT(open_with(envelope, k, &e), E_INVALID);
}

TEST(a_payload_over_the_ceiling_is_refused)
{
	AUTO(key_free) struct key *k = new_key();
	json_t *envelope = NULL;
	struct error e = ERROR_NONE;
	AUTO_FREE char *big = calloc(1, ENVELOPE_BYTES_MAX);
	REQUIRE(big != NULL);
	CHECK_INT(envelope_sign(TYPE, (struct view){ big, ENVELOPE_BYTES_MAX }, k, &envelope, &e),
		E_TOO_BIG);
	CHECK(envelope == NULL);
}

TEST(whatever_fails_while_signing_is_told)
{
	NEEDS_FAULTS();
	AUTO(key_free) struct key *k = new_key();
	int n = 1;
	for (;; n++) {
		struct error e = ERROR_NONE;
		AUTO_JSON json_t *envelope = NULL;
		REQUIRE(n < 50);
		fault_arm("", n);
		enum status status = envelope_sign(TYPE, VIEW("hello"), k, &envelope, &e);
		fault_disarm();
		if (status == OK)
			break;
		CHECK(envelope == NULL && e.text[0] != '\0');
	}
	CHECK(n > 5);
}
