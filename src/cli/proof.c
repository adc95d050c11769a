/*
 * Proofs of receipt: made from the outbox, checked without it.
 */
#include "cli/proof.h"

#include <fcntl.h>
#include <string.h>

#include "base/i18n.h"
#include "render/render.h"
#include "sys/file.h"

#define PROOF_BYTES_MAX ((size_t)64 * MIB)
enum { KEYS_MAX = ROUTES_MAX * SERVER_KEYS_MAX, ROWS_PROOF_MAX = 10000 };

static enum status add_receipts(
	struct session *s, const struct id *envelope, json_t *list, struct error *e)
{
	struct outbox_item *items = NULL;
	size_t n = 0;
	TRY(outbox_of_envelope(s->store, envelope, s->pool, &items, &n, e));
	for (size_t i = 0; i < n; i++) {
		if (items[i].receipt.len == 0)
			continue;
		json_t *row = json_pack("{s:s,s:s%,s:s%}", "id", envelope->text, "envelope",
			items[i].envelope.at, items[i].envelope.len, "receipt", items[i].receipt.at,
			items[i].receipt.len);
		if (row == NULL)
			return error_set(e, E_NO_SPACE, "memory is short");
		(void)json_array_append_new(list, row);
	}
	return OK;
}

enum status proof_of_incident(
	struct session *s, const struct incident *i, struct buf *out, struct error *e)
{
	AUTO_JSON json_t *list = json_array();
	for (size_t k = 0; k < i->n_submissions; k++)
		if (!i->submissions[k].draft)
			TRY(add_receipts(s, &i->submissions[k].id, list, e));
	if (json_array_size(list) == 0)
		return error_set(e, E_ABSENT, "nothing of incident %s was received yet", i->number);
	AUTO_JSON json_t *proof = json_pack("{s:i,s:s,s:s,s:O}", "tocsin_proof", 1, "incident",
		i->id.text, "number", i->number, "receipts", list);
	if (proof == NULL)
		return error_set(e, E_NO_SPACE, "memory is short");
	TRY(json_write(proof, out, e));
	buf_add_char(out, '\n');
	return buf_check(out, "proof", e);
}

/* --- checking --------------------------------------------------------------------------------- */

static struct view text_of(const json_t *row, const char *key)
{
	const json_t *value = json_object_get(row, key);
	return (struct view){ json_string_value(value), json_string_length(value) };
}

static json_t *check_row(
	const json_t *row, struct key *const *keys, size_t n_keys, struct pool *p, bool *out_valid)
{
	struct id id;
	struct receipt receipt;
	struct error why = ERROR_NONE;
	*out_valid = false;
	const struct view name = text_of(row, "id");
	if (name.at == NULL || !id_parse(name, &id))
		return json_pack("{s:s,s:b,s:s}", "envelope", "", "valid", 0, "reason",
			_("the row has no envelope's id"));
	const struct receipt_subject of = { &id, text_of(row, "envelope") };
	const struct view text = text_of(row, "receipt");
	if (of.bytes.at == NULL || text.at == NULL)
		return json_pack("{s:s,s:b,s:s}", "envelope", id.text, "valid", 0, "reason",
			_("the row lacks its envelope or its receipt"));
	if (receipt_check(text, keys, n_keys, &of, p, &receipt, &why) != OK)
		return json_pack(
			"{s:s,s:b,s:s}", "envelope", id.text, "valid", 0, "reason", why.text);
	*out_valid = true;
	return json_pack("{s:s,s:b,s:s,s:o,s:s}", "envelope", id.text, "valid", 1, "server",
		receipt.server, "received_at", render_time_json(receipt.received_ns), "sha256",
		receipt.sha256);
}

enum status proof_check(struct view text, struct key *const *keys, size_t n_keys, struct pool *p,
	json_t **out, bool *out_valid, struct error *e)
{
	AUTO_JSON json_t *proof = NULL;
	json_t *rows = NULL;
	TRY(json_read(text, PROOF_BYTES_MAX, "proof", &proof, e));
	if (!json_is_object(proof))
		return error_set(e, E_INVALID, "the proof is not a JSON object");
	TRY(json_get_array((struct json_place){ proof, "" }, "receipts", JSON_REQUIRED, &rows, e));
	if (json_array_size(rows) == 0 || json_array_size(rows) > ROWS_PROOF_MAX)
		return error_set(
			e, E_INVALID, "a proof holds 1 to %d receipts", (int)ROWS_PROOF_MAX);
	AUTO_JSON json_t *list = json_array();
	*out_valid = true;
	for (size_t i = 0; i < json_array_size(rows); i++) {
		bool valid = false;
		json_t *row = check_row(json_array_get(rows, i), keys, n_keys, p, &valid);
		if (row == NULL)
			return error_set(e, E_NO_SPACE, "memory is short");
		(void)json_array_append_new(list, row);
		*out_valid = *out_valid && valid;
	}
	*out = TAKE(list);
	return OK;
}

/* --- evidence receipt ------------------------------------------------------------------------- */

struct receipt_args {
	const char *file;
	const char *key;
};

/* Those that the home's routes pin. Borrowed from `routes`. */
static size_t pinned_keys(const struct routes *routes, struct key *out[KEYS_MAX])
{
	size_t n = 0;
	for (size_t i = 0; i < routes_count(routes); i++) {
		const struct route *r = route_at(routes, i);
		for (size_t k = 0; k < r->n_server_keys && n < KEYS_MAX; k++)
			out[n++] = r->server_keys[k];
	}
	return n;
}

static enum status print_receipts(json_t *list, bool valid, struct error *e)
{
	AUTO_BUF struct buf text;
	buf_init(&text, RENDER_CEILING_BYTES);
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *row = json_array_get(list, i);
		const char *id = json_string_value(json_object_get(row, "envelope"));
		if (json_is_true(json_object_get(row, "valid")))
			buf_addf(&text, _("valid: %s was received by %s at %s\n"), id,
				json_string_value(json_object_get(row, "server")),
				json_string_value(json_object_get(row, "received_at")));
		else
			buf_addf(&text, _("not valid: %s: %s\n"), id,
				json_string_value(json_object_get(row, "reason")));
	}
	if (valid)
		buf_addf(&text, "%s\n",
			_("This proves that these exact envelopes were received, not that what "
			  "they "
			  "say is true."));
	TRY(buf_check(&text, "text", e));
	return session_print(buf_view(&text), e);
}

static enum status run_receipt(struct session *s, const void *raw, struct error *e)
{
	const struct receipt_args *a = raw;
	AUTO(routes_free) struct routes *routes = NULL;
	AUTO(key_free) struct key *named = NULL;
	AUTO_JSON json_t *list = NULL;
	AUTO_BUF struct buf text;
	struct key *keys[KEYS_MAX];
	size_t n_keys = 0;
	bool valid = false;
	buf_init(&text, PROOF_BYTES_MAX);
	TRY(file_read_all(AT_FDCWD, a->file, PROOF_BYTES_MAX, &text, e));
	if (a->key != NULL) {
		TRY(key_read(a->key, &named, e));
		keys[n_keys++] = named;
	} else {
		TRY(session_has_home(s, e));
		TRY(routes_open(s->home, &routes, e));
		n_keys = pinned_keys(routes, keys);
	}
	if (n_keys == 0)
		return error_set(
			e, E_USAGE, "no receiver's key is known here: name one with --key");
	TRY(proof_check(buf_view(&text), keys, n_keys, s->pool, &list, &valid, e));
	if (s->json)
		TRY(session_print_json(
			json_pack("{s:b,s:O}", "valid", (int)valid, "receipts", list), e));
	else
		TRY(print_receipts(list, valid, e));
	s->told = true;
	return valid ? OK : E_FAILED;
}

static const struct option receipt_options[] = {
	{ "key", OPTION_TEXT, offsetof(struct receipt_args, key), N_("FILE"),
		N_("Trust this receiver's key (PEM) instead of those that routes.yaml pins."),
		NULL },
};
static const struct operand receipt_operands[] = {
	{ N_("FILE"), offsetof(struct receipt_args, file), true,
		N_("A proof (incident export --format proof).") },
};
const struct cli_command evidence_receipt_command = { "evidence", "receipt",
	N_("Check offline that notices were received."),
	N_("Each receipt must be signed by the receiver's key and name the exact envelope beside "
	   "it."),
	receipt_options, COUNT_OF(receipt_options), receipt_operands, COUNT_OF(receipt_operands),
	sizeof(struct receipt_args), NULL, run_receipt, NULL };
