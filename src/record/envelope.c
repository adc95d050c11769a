/*
 * DSSE: the bytes that are signed, writing an envelope, and opening one that others may have made.
 * Fields that the specification does not name are ignored, as it asks; a keyid is a hint that never
 * decides anything.
 */
#include "record/envelope.h"

#include <errno.h>
#include <string.h>

#include "base/digest.h"
#include "base/fault.h"
#include "record/internal.h"

bool envelope_type_is_drill(struct view payload_type)
{
	return view_ends_with(payload_type, VIEW("-drill+json"));
}

void envelope_encode(struct buf *out, const char *payload_type, struct view payload)
{
	buf_addf(out, "DSSEv1 %zu %s %zu ", strlen(payload_type), payload_type, payload.len);
	buf_add(out, payload);
}

static enum status encode(
	struct buf *out, const char *payload_type, struct view payload, struct error *e)
{
	envelope_encode(out, payload_type, payload);
	return buf_check(out, "envelope", e);
}

enum status envelope_cosign(json_t *envelope, const char *payload_type, struct view payload,
	const struct key *key, struct error *e)
{
	AUTO_BUF struct buf message = { .ceiling = ENVELOPE_BYTES_MAX + KIB };
	AUTO_BUF struct buf signature = { .ceiling = SIGNATURE_BYTES };
	AUTO_BUF struct buf text = { .ceiling = 2 * SIGNATURE_BYTES };
	TRY(encode(&message, payload_type, payload, e));
	TRY(key_sign(key, buf_view(&message), &signature, e));
	base64_add(&text, signature.at, signature.len);
	TRY(buf_check(&text, "signature", e));
	json_t *row = FAULT("envelope_row") ? NULL
					    : json_pack("{s:s, s:s}", "keyid", key_id(key), "sig",
						      buf_text(&text));
	if (json_array_append_new(json_object_get(envelope, "signatures"), row) != 0)
		return error_sys(e, E_NO_SPACE, ENOMEM, "sign an envelope");
	return OK;
}

enum status envelope_sign(const char *payload_type, struct view payload, const struct key *key,
	json_t **out, struct error *e)
{
	AUTO_BUF struct buf text = { .ceiling = ENVELOPE_BYTES_MAX };
	base64_add(&text, payload.at, payload.len);
	TRY(buf_check(&text, "envelope", e));
	AUTO_JSON json_t *envelope =
		FAULT("envelope_sign") ? NULL
				       : json_pack("{s:s, s:s, s:[]}", "payloadType", payload_type,
						 "payload", buf_text(&text), "signatures");
	if (envelope == NULL)
		return error_sys(e, E_NO_SPACE, ENOMEM, "sign an envelope");
	TRY(envelope_cosign(envelope, payload_type, payload, key, e));
	*out = TAKE(envelope);
	return OK;
}

/* Standard or URL-safe alphabet: a verifier must take both (protocol.md, "Base64()"). */
static enum status decode(const char *text, size_t ceiling, struct buf *out, struct error *e)
{
	size_t n = strlen(text);
	if (strpbrk(text, "-_") == NULL)
		return base64_parse(view_of(text), out, e);
	if (strpbrk(text, "+/") != NULL)
		return error_set(e, E_INVALID, "base64: two alphabets in one text");
	AUTO_BUF struct buf standard = { .ceiling = ceiling };
	buf_add_text(&standard, text);
	TRY(buf_check(&standard, "base64", e));
	for (size_t i = 0; i < n; i++) {
		if (standard.at[i] == '-')
			standard.at[i] = '+';
		else if (standard.at[i] == '_')
			standard.at[i] = '/';
	}
	return base64_parse(buf_view(&standard), out, e);
}

struct trust {
	const struct keyring *ring;
	const struct key *extra;
};

static size_t trust_count(struct trust t)
{
	return (t.ring == NULL ? 0 : keyring_count(t.ring)) + (t.extra != NULL);
}

static const struct key *trust_at(struct trust t, size_t i)
{
	size_t n_ring = t.ring == NULL ? 0 : keyring_count(t.ring);
	return i < n_ring ? keyring_at(t.ring, i) : t.extra;
}

/* Tries every trusted key; *out_named tells that the hint names one of them. */
static const struct key *find_signer(struct trust t, struct view message, struct view signature,
	const char *hint, bool *out_named)
{
	for (size_t i = 0; i < trust_count(t); i++) {
		const struct key *k = trust_at(t, i);
		if (strcmp(key_id(k), hint) == 0)
			*out_named = true;
		if (key_verify(k, message, signature))
			return k;
	}
	return NULL;
}

static enum status check_signatures(json_t *list, struct trust t, struct view message,
	const struct key **out_signer, struct error *e)
{
	size_t n = json_array_size(list);
	bool named = false;
	const char *hint = "";
	if (n == 0 || n > ENVELOPE_SIGNATURES_MAX)
		return error_set(e, E_INVALID, "signatures: %zu of them; 1 to %d are allowed", n,
			ENVELOPE_SIGNATURES_MAX);
	for (size_t i = 0; i < n; i++) {
		AUTO_BUF struct buf signature = { .ceiling = KIB };
		struct json_place place = { json_array_get(list, i), "signatures" };
		const char *text = NULL;
		hint = "";
		TRY(json_get_text(place, "sig", JSON_REQUIRED, &text, e));
		TRY(json_get_text(place, "keyid", JSON_OPTIONAL, &hint, e));
		TRY(decode(text, 2 * KIB, &signature, e));
		*out_signer = find_signer(t, message, buf_view(&signature), hint, &named);
		if (*out_signer != NULL)
			return OK;
	}
	if (named)
		return error_set(
			e, E_DENIED, "the signature is wrong: this is not what the key signed");
	return error_set(e, E_DENIED, "signed by a key that is not trusted here (%.40s)",
		hint[0] == '\0' ? "no key id" : hint);
}

enum status envelope_open_signed(json_t *envelope, const char *payload_type,
	const struct keyring *ring, const struct key *extra, struct buf *out_payload,
	const struct key **out_signer, struct error *e)
{
	struct json_place place = { envelope, "envelope" };
	const char *type = NULL;
	const char *text = NULL;
	const struct key *signer = NULL;
	json_t *list = NULL;
	AUTO_BUF struct buf payload = { .ceiling = ENVELOPE_BYTES_MAX };
	AUTO_BUF struct buf message = { .ceiling = ENVELOPE_BYTES_MAX + 64 * KIB };
	TRY(json_get_text(place, "payloadType", JSON_REQUIRED, &type, e));
	TRY(json_get_text(place, "payload", JSON_REQUIRED, &text, e));
	TRY(json_get_array(place, "signatures", JSON_REQUIRED, &list, e));
	if (payload_type != NULL && strcmp(type, payload_type) != 0)
		return error_set(e, E_INVALID, "envelope of type '%.80s', '%s' is wanted", type,
			payload_type);
	TRY(decode(text, ENVELOPE_BYTES_MAX, &payload, e));
	TRY(encode(&message, type, buf_view(&payload), e));
	TRY(check_signatures(list, (struct trust){ ring, extra }, buf_view(&message), &signer, e));
	buf_add(out_payload, buf_view(&payload));
	TRY(buf_check(out_payload, "payload", e));
	if (out_signer != NULL)
		*out_signer = signer;
	return OK;
}

enum status envelope_open(json_t *envelope, const char *payload_type, const struct keyring *ring,
	const struct key *extra, struct buf *out_payload, struct error *e)
{
	return envelope_open_signed(envelope, payload_type, ring, extra, out_payload, NULL, e);
}
