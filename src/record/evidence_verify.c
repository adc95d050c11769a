/*
 * Checking an evidence file of unknown origin. Every byte of it is covered: ordinary lines by the
 * chain, the chain's head by the signature, and the closing line by being rebuilt and compared.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/i18n.h"
#include "record/evidence.h"
#include "record/evidence_line.h"
#include "record/internal.h"

struct walk {
	const struct keyring *ring;
	const struct key *extra;
	struct view rest;   /* lines not yet looked at */
	struct digest head; /* of the line before */
	uint64_t number;    /* of the line at hand */
	struct evidence_check *out;
};

static void bad(struct walk *w, uint64_t line, const char *reason)
{
	w->out->valid = false;
	w->out->first_bad_line = line;
	(void)snprintf(w->out->reason, sizeof w->out->reason, "%s", reason);
}

/* n and prev of any line. */
static enum status read_links(
	json_t *line, int64_t *out_n, struct digest *out_prev, struct error *e)
{
	struct json_place p = { line, "" };
	const char *prev = NULL;
	TRY(json_get_int(p, "n", JSON_REQUIRED, out_n, e));
	TRY(json_get_text(p, "prev", JSON_REQUIRED, &prev, e));
	if (strpbrk(prev, "ABCDEF") != NULL ||
		!hex_parse(view_of(prev), out_prev->bytes, sizeof out_prev->bytes))
		return error_set(e, E_INVALID, "prev: not 64 hex digits");
	return OK;
}

static enum status check_event(json_t *line, struct error *e)
{
	static const char *const known[] = { "n", "prev", "at", "event", "data", NULL };
	struct json_place p = { line, "" };
	const char *at = NULL;
	const char *event = NULL;
	json_t *data = NULL;
	int64_t at_ns = 0;
	TRY(json_only_keys(p, known, e));
	TRY(json_get_text(p, "at", JSON_REQUIRED, &at, e));
	TRY(json_get_text(p, "event", JSON_REQUIRED, &event, e));
	TRY(json_get_object(p, "data", JSON_REQUIRED, &data, e));
	if (!time_parse(view_of(at), &at_ns))
		return error_set(e, E_INVALID, "at: not a time");
	return OK;
}

struct closing {
	struct digest head;
	int64_t n_lines;
	char subject[64];
	const struct key *signer;
};

static enum status read_claim(struct view payload, struct closing *out, struct error *e)
{
	static const char *const known[] = { "head", "lines", "subject", "at", NULL };
	AUTO_JSON json_t *claim = NULL;
	const char *head = NULL;
	const char *subject = NULL;
	const char *at = NULL;
	TRY(json_read(payload, 64 * KIB, "payload", &claim, e));
	struct json_place p = { claim, "payload" };
	TRY(json_only_keys(p, known, e));
	TRY(json_get_text(p, "head", JSON_REQUIRED, &head, e));
	TRY(json_get_int(p, "lines", JSON_REQUIRED, &out->n_lines, e));
	TRY(json_get_text(p, "subject", JSON_REQUIRED, &subject, e));
	TRY(json_get_text(p, "at", JSON_REQUIRED, &at, e));
	if (!hex_parse(view_of(head), out->head.bytes, sizeof out->head.bytes) ||
		strlen(subject) >= sizeof out->subject)
		return error_set(e, E_INVALID, "payload: not what this program signs");
	memcpy(out->subject, subject, strlen(subject) + 1);
	return OK;
}

/*
 * The signature covers the payload alone. So that nothing on the closing line can be changed
 * unnoticed, the line is built again from the parts that count and must be the same bytes: no other
 * spacing, order, field, second signature, key id or alphabet.
 */
static enum status check_bytes(const struct walk *w, json_t *envelope, const struct key *signer,
	struct view line, struct error *e)
{
	const char *payload = json_string_value(json_object_get(envelope, "payload"));
	json_t *row = json_array_get(json_object_get(envelope, "signatures"), 0);
	const char *signature = json_string_value(json_object_get(row, "sig"));
	AUTO_BUF struct buf wanted = { .ceiling = EVIDENCE_LINE_BYTES_MAX };
	if (signature == NULL || strpbrk(payload, "-_") != NULL || strpbrk(signature, "-_") != NULL)
		return error_set(e, E_INVALID, "not written as this program writes it");
	AUTO_JSON json_t *again =
		json_pack("{s:s, s:s, s:[{s:s, s:s}]}", "payloadType", EVIDENCE_TYPE, "payload",
			payload, "signatures", "keyid", key_id(signer), "sig", signature);
	TRY(evidence_closing_line(w->number, &w->head, again, &wanted, e));
	if (!view_equal(buf_view(&wanted), line))
		return error_set(e, E_INVALID, "not written as this program writes it");
	return OK;
}

static enum status open_closing(
	const struct walk *w, json_t *line, struct closing *out, struct error *e)
{
	static const char *const known[] = { "n", "prev", "envelope", NULL };
	AUTO_BUF struct buf payload = { .ceiling = ENVELOPE_BYTES_MAX };
	TRY(json_only_keys((struct json_place){ line, "" }, known, e));
	TRY(envelope_open_signed(json_object_get(line, "envelope"), EVIDENCE_TYPE, w->ring,
		w->extra, &payload, &out->signer, e));
	return read_claim(buf_view(&payload), out, e);
}

static void check_closing(struct walk *w, json_t *line, struct view text)
{
	struct closing c = { .n_lines = 0 };
	struct error e = ERROR_NONE;
	if (open_closing(w, line, &c, &e) != OK) {
		bad(w, w->number, e.text);
		return;
	}
	if (!digest_equal(&c.head, &w->head)) {
		bad(w, w->number > 1 ? w->number - 1 : 1,
			_("another line than the one that was signed; lines before it may have "
			  "been "
			  "rewritten too"));
		return;
	}
	if ((uint64_t)c.n_lines != w->number - 1) {
		bad(w, w->number, _("another number of lines than the one that was signed"));
		return;
	}
	if (check_bytes(w, json_object_get(line, "envelope"), c.signer, text, &e) != OK) {
		bad(w, w->number, e.text);
		return;
	}
	if (w->rest.len > 0) {
		bad(w, w->number + 1, _("something follows the closing line"));
		return;
	}
	memcpy(w->out->key_id, key_id(c.signer), KEY_ID_LEN + 1);
	memcpy(w->out->subject, c.subject, sizeof c.subject);
	w->out->valid = true;
}

/*
 * The line at hand does not continue the one before: which of the two was changed? Where the next
 * line (or the signature) vouches for this one, it was the one before.
 */
static uint64_t blame(const struct walk *w, json_t *line, struct view text)
{
	if (w->number == 1)
		return 1;
	if (json_object_get(line, "envelope") != NULL) {
		struct closing c;
		bool head_stands =
			open_closing(w, line, &c, NULL) == OK && digest_equal(&c.head, &w->head);
		return head_stands ? w->number : w->number - 1;
	}
	struct view rest = w->rest;
	struct view next = view_cut(&rest, '\n');
	AUTO_JSON json_t *after = NULL;
	struct digest prev;
	int64_t n = 0;
	if (json_read(next, EVIDENCE_LINE_BYTES_MAX, "line", &after, NULL) != OK ||
		read_links(after, &n, &prev, NULL) != OK)
		return w->number - 1;
	struct digest here = digest_of(text.at, text.len);
	return digest_equal(&prev, &here) ? w->number - 1 : w->number;
}

/* True while there is more to look at. */
static bool check_line(struct walk *w, struct view text)
{
	AUTO_JSON json_t *line = NULL;
	struct error e = ERROR_NONE;
	struct digest prev;
	int64_t n = 0;
	if (text.len > 0 && memchr(text.at, '\r', text.len) != NULL) {
		bad(w, w->number, _("the line ends were changed"));
		return false;
	}
	if (json_read(text, EVIDENCE_LINE_BYTES_MAX, _("line"), &line, &e) != OK ||
		read_links(line, &n, &prev, &e) != OK) {
		bad(w, w->number, e.text);
		return false;
	}
	if (n < 0 || (uint64_t)n != w->number) {
		bad(w, w->number, _("out of order: a line was removed, added or moved"));
		return false;
	}
	if (!digest_equal(&prev, &w->head)) {
		bad(w, blame(w, line, text), _("changed after it was written"));
		return false;
	}
	if (json_object_get(line, "envelope") != NULL) {
		check_closing(w, line, text);
		return false;
	}
	if (check_event(line, &e) != OK) {
		bad(w, w->number, e.text);
		return false;
	}
	w->head = digest_of(text.at, text.len);
	return true;
}

enum status evidence_verify(struct view bytes, const struct keyring *ring, const struct key *extra,
	struct evidence_check *out, struct error *e)
{
	if (bytes.len > EVIDENCE_BYTES_MAX)
		return error_set(e, E_TOO_BIG, "evidence: larger than %zu bytes",
			(size_t)EVIDENCE_BYTES_MAX);
	*out = (struct evidence_check){ .valid = false };
	struct walk w = { .ring = ring, .extra = extra, .rest = bytes, .out = out };
	for (size_t i = 0; i < bytes.len; i++)
		out->n_lines += bytes.at[i] == '\n';
	while (w.rest.len > 0) {
		w.number++;
		if (memchr(w.rest.at, '\n', w.rest.len) == NULL) {
			out->n_lines++;
			bad(&w, w.number, _("the line has no end: the file was cut off"));
			return OK;
		}
		struct view text = view_cut(&w.rest, '\n');
		if (!check_line(&w, text))
			return OK;
	}
	bad(&w, w.number + 1, _("the closing line is missing: the end was cut off"));
	return OK;
}
