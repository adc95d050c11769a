/*
 * Receipts: checking what a server answered, and making one.
 */
#include "record/receipt.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/fault.h"
#include "record/envelope.h"

/* A name that a terminal may be given: no control characters, within a bound. */
static enum status read_server(
	struct json_place place, struct pool *p, const char **out, struct error *e)
{
	const char *server = NULL;
	TRY(json_get_text(place, "server", JSON_REQUIRED, &server, e));
	size_t n = strlen(server);
	bool good = n > 0 && n <= SERVER_NAME_MAX;
	for (size_t i = 0; good && i < n; i++)
		good = (unsigned char)server[i] >= ' ' && server[i] != 0x7f;
	if (!good)
		return error_set(e, E_INVALID, "receipt: 'server' is empty, too long or no text");
	*out = pool_text(p, view_of(server));
	return *out == NULL ? error_sys(e, E_NO_SPACE, ENOMEM, "read a receipt") : OK;
}

static enum status check_subject(struct json_place place, const struct receipt_subject *of,
	struct receipt *r, struct error *e)
{
	const char *id = NULL;
	const char *sha256 = NULL;
	struct digest digest = digest_of(of->bytes.at, of->bytes.len);
	TRY(json_get_text(place, "envelope", JSON_REQUIRED, &id, e));
	TRY(json_get_text(place, "sha256", JSON_REQUIRED, &sha256, e));
	if (!id_parse(view_of(id), &r->envelope) || strcmp(id, of->envelope->text) != 0)
		return error_set(e, E_INVALID, "the receipt is for another envelope (%.40s)", id);
	(void)digest_hex(&digest, r->sha256);
	if (strcmp(sha256, r->sha256) != 0)
		return error_set(e, E_INVALID,
			"the receipt names another hash than this envelope has (%.64s)", sha256);
	return OK;
}

static enum status read_payload(struct view payload, const struct receipt_subject *of,
	struct pool *p, struct receipt *out, struct error *e)
{
	AUTO_JSON json_t *value = NULL;
	struct receipt r = { .received_ns = -1 };
	const char *at = NULL;
	TRY(json_read(payload, RECEIPT_BYTES_MAX, "receipt", &value, e));
	struct json_place place = { value, "receipt" };
	TRY(check_subject(place, of, &r, e));
	TRY(json_get_text(place, "received_at", JSON_REQUIRED, &at, e));
	if (!time_parse(view_of(at), &r.received_ns) || r.received_ns < 0)
		return error_set(e, E_INVALID, "receipt: 'received_at' is not a time (%.40s)", at);
	TRY(read_server(place, p, &r.server, e));
	r.late_known = json_object_get(value, "late") != NULL;
	TRY(json_get_bool(place, "late", JSON_OPTIONAL, &r.late, e));
	*out = r;
	return OK;
}

static enum status open_by_any(json_t *envelope, struct key *const *keys, size_t n_keys,
	struct buf *payload, struct error *e)
{
	enum status status = error_set(e, E_DENIED, "no key is pinned for this route");
	for (size_t i = 0; i < n_keys && status == E_DENIED; i++) {
		buf_reset(payload);
		status = envelope_open(envelope, RECEIPT_PAYLOAD, NULL, keys[i], payload, e);
	}
	return status;
}

enum status receipt_check(struct view text, struct key *const *keys, size_t n_keys,
	const struct receipt_subject *of, struct pool *p, struct receipt *out, struct error *e)
{
	AUTO_JSON json_t *envelope = NULL;
	AUTO_BUF struct buf payload = { .ceiling = RECEIPT_BYTES_MAX };
	TRY(json_read(text, RECEIPT_BYTES_MAX, "receipt", &envelope, e));
	enum status status = open_by_any(envelope, keys, n_keys, &payload, e);
	if (status != OK) {
		(void)error_wrap(e, "receipt");
		return status;
	}
	return read_payload(buf_view(&payload), of, p, out, e);
}

enum status receipt_sign(const struct receipt_statement *what, const struct key *key,
	struct buf *out, struct error *e)
{
	AUTO_BUF struct buf payload = { .ceiling = RECEIPT_BYTES_MAX };
	AUTO_JSON json_t *envelope = NULL;
	char at[TIME_TEXT_MAX];
	char hex[DIGEST_HEX_LEN + 1];
	struct digest digest = digest_of(what->of.bytes.at, what->of.bytes.len);
	AUTO_JSON json_t *value =
		FAULT("receipt_sign")
			? NULL
			: json_pack("{s:s, s:s, s:s, s:s}", "envelope", what->of.envelope->text,
				  "sha256", digest_hex(&digest, hex), "received_at",
				  time_text(what->received_ns, at), "server", what->server);
	if (value == NULL ||
		(what->late_known &&
			json_object_set_new(value, "late", json_boolean(what->late)) != 0) ||
		(what->log != NULL && json_object_set(value, "log", what->log) != 0))
		return error_sys(e, E_NO_SPACE, ENOMEM, "write a receipt");
	TRY(json_write(value, &payload, e));
	TRY(envelope_sign(RECEIPT_PAYLOAD, buf_view(&payload), key, &envelope, e));
	return json_write(envelope, out, e);
}
