/*
 * Receipts: what counts, and what does not.
 */
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "record/internal.h"
#include "record/record.h"
#include "tests/lib/faults.h"
#include "tests/lib/test.h"

#define ENVELOPE "{\"payloadType\":\"application/vnd.tocsin.incident+json\",\"payload\":\"aA==\"}"

static struct key *new_key(void)
{
	struct key *k = NULL;
	struct error e = ERROR_NONE;
	REQUIRE_OK(key_make(&k, &e), e);
	return k;
}

struct setting {
	struct key *key;
	struct id id;
	struct pool *p;
	struct buf text;
};

static struct receipt_statement statement_of(const struct setting *s)
{
	return (struct receipt_statement){ .of = { &s->id, VIEW(ENVELOPE) },
		.received_ns = 1764000000123000000,
		.server = "report.example.org" };
}

static struct setting new_setting(void)
{
	struct setting s = { new_key(), id_new(1), pool_new(MIB),
		{ .ceiling = RECEIPT_BYTES_MAX } };
	struct error e = ERROR_NONE;
	struct receipt_statement what = statement_of(&s);
	REQUIRE(s.p != NULL);
	REQUIRE_OK(receipt_sign(&what, s.key, &s.text, &e), e);
	return s;
}

static void setting_done(struct setting *s)
{
	key_free(s->key);
	pool_free(s->p);
	buf_done(&s->text);
}
#define AUTO_SETTING __attribute__((cleanup(setting_done)))

static enum status check(const struct setting *s, struct view text, struct receipt *out)
{
	struct receipt_subject of = { &s->id, VIEW(ENVELOPE) };
	return receipt_check(text, &s->key, 1, &of, s->p, out, NULL);
}

TEST(a_receipt_tells_who_received_what_and_when)
{
	AUTO_SETTING struct setting s = new_setting();
	struct receipt r;
	REQUIRE(check(&s, buf_view(&s.text), &r) == OK);
	CHECK_TEXT(r.envelope.text, s.id.text);
	CHECK_INT(r.received_ns, 1764000000123000000);
	CHECK_TEXT(r.server, "report.example.org");
	CHECK_INT(strlen(r.sha256), 64);
	CHECK(!r.late_known);
}

TEST(a_receipt_may_say_that_it_was_late_and_carry_a_log)
{
	AUTO_SETTING struct setting s = new_setting();
	AUTO_JSON json_t *log = json_pack("{s:s}", "checkpoint", "x");
	struct receipt_statement what = statement_of(&s);
	struct receipt r;
	struct error e = ERROR_NONE;
	what.late_known = what.late = true;
	what.log = log;
	buf_reset(&s.text);
	REQUIRE_OK(receipt_sign(&what, s.key, &s.text, &e), e);
	REQUIRE(check(&s, buf_view(&s.text), &r) == OK);
	CHECK(r.late_known && r.late);
}

TEST(any_of_the_pinned_keys_counts_and_no_other)
{
	AUTO_SETTING struct setting s = new_setting();
	AUTO(key_free) struct key *first = new_key();
	AUTO(key_free) struct key *third = new_key();
	struct key *pinned[] = { first, s.key, third };
	struct key *strange[] = { first, third };
	struct receipt_subject of = { &s.id, VIEW(ENVELOPE) };
	struct receipt r;
	struct error e = ERROR_NONE;
	CHECK_INT(receipt_check(buf_view(&s.text), pinned, 3, &of, s.p, &r, &e), OK);
	CHECK_INT(receipt_check(buf_view(&s.text), strange, 2, &of, s.p, &r, &e), E_DENIED);
	CHECK_INT(receipt_check(buf_view(&s.text), pinned, 0, &of, s.p, &r, &e), E_DENIED);
}

TEST(another_envelope_or_another_content_is_not_proved)
{
	AUTO_SETTING struct setting s = new_setting();
	struct receipt r;
	struct id other = id_new(2);
	struct receipt_subject of = { &other, VIEW(ENVELOPE) };
	CHECK_INT(receipt_check(buf_view(&s.text), &s.key, 1, &of, s.p, &r, NULL), E_INVALID);
	of = (struct receipt_subject){ &s.id, VIEW(ENVELOPE " ") };
	CHECK_INT(receipt_check(buf_view(&s.text), &s.key, 1, &of, s.p, &r, NULL), E_INVALID);
	of.bytes = VIEW_NONE;
	CHECK_INT(receipt_check(buf_view(&s.text), &s.key, 1, &of, s.p, &r, NULL), E_INVALID);
}

/* Whatever a byte is turned into, either nothing changed for the reader or it is refused. */
TEST(a_receipt_changed_in_any_byte_does_not_count)
{
	AUTO_SETTING struct setting s = new_setting();
	static const unsigned char turns[] = { 0x01, 0x20, 0x80 };
	for (size_t i = 0; i < s.text.len; i++)
		for (size_t k = 0; k < sizeof turns; k++) {
			struct receipt r = { .received_ns = -1 };
			s.text.at[i] = (char)(s.text.at[i] ^ (char)turns[k]);
			if (check(&s, buf_view(&s.text), &r) == OK) {
				/* The key id is a hint, which no signature covers. */
				CHECK_INT(r.received_ns, 1764000000123000000);
				const char *at = strstr(s.text.at, "\"keyid\"");
				CHECK(at == NULL || (size_t)(at - s.text.at) <= i);
			}
			s.text.at[i] = (char)(s.text.at[i] ^ (char)turns[k]);
		}
	for (size_t n = 0; n < s.text.len; n++) {
		struct receipt r;
		CHECK(check(&s, (struct view){ s.text.at, n }, &r) != OK);
	}
}

static enum status check_payload(struct setting *s, const char *format, const char *type)
{
	AUTO_BUF struct buf payload = { .ceiling = 8 * KIB };
	AUTO_BUF struct buf text = { .ceiling = RECEIPT_BYTES_MAX };
	AUTO_JSON json_t *envelope = NULL;
	char hex[DIGEST_HEX_LEN + 1];
	struct digest d = digest_of(ENVELOPE, sizeof ENVELOPE - 1);
	struct receipt r;
	struct error e = ERROR_NONE;
	buf_addf(&payload, format, s->id.text, digest_hex(&d, hex));
	REQUIRE_OK(envelope_sign(type, buf_view(&payload), s->key, &envelope, &e), e);
	REQUIRE_OK(json_write(envelope, &text, &e), e);
	return check(s, buf_view(&text), &r);
}

TEST(a_signed_payload_of_another_form_does_not_count)
{
	AUTO_SETTING struct setting s = new_setting();
#define BEGIN "{\"envelope\":\"%s\",\"sha256\":\"%s\""
	static const char good[] =
		BEGIN ",\"received_at\":\"2026-11-24T06:23:27Z\",\"server\":\"a\"}";
	static const char *const wrong[] = {
		BEGIN ",\"received_at\":\"yesterday\",\"server\":\"a\"}",
		BEGIN ",\"received_at\":\"2026-11-24T06:23:27Z\",\"server\":\"\"}",
		BEGIN ",\"received_at\":\"2026-11-24T06:23:27Z\",\"server\":\"a\\u001b[2J\"}",
		BEGIN ",\"received_at\":\"2026-11-24T06:23:27Z\"}",
		BEGIN ",\"server\":\"a\"}",
		BEGIN ",\"received_at\":\"2026-11-24T06:23:27Z\",\"server\":\"a\",\"late\":\"no\"}",
		"[\"%s\",\"%s\"]",
	};
	CHECK_INT(check_payload(&s, good, RECEIPT_PAYLOAD), OK);
	CHECK_INT(check_payload(&s, good, "application/json"), E_INVALID);
	for (size_t i = 0; i < COUNT_OF(wrong); i++)
		CHECK_INT(check_payload(&s, wrong[i], RECEIPT_PAYLOAD), E_INVALID);
}

TEST(no_failure_on_the_way_makes_a_receipt_count_or_leaks_one)
{
	NEEDS_FAULTS();
	AUTO_SETTING struct setting s = new_setting();
	struct receipt_statement what = statement_of(&s);
	long n = 1;
	for (; n < 200; n++) {
		AUTO_BUF struct buf out = { .ceiling = RECEIPT_BYTES_MAX };
		struct error e = ERROR_NONE;
		fault_arm("", n);
		enum status status = receipt_sign(&what, s.key, &out, &e);
		fault_disarm();
		if (status == OK)
			break;
		CHECK(e.text[0] != '\0');
	}
	CHECK(n > 5 && n < 200);
	for (n = 1; n < 200; n++) {
		struct receipt r;
		fault_arm("", n);
		enum status status = check(&s, buf_view(&s.text), &r);
		fault_disarm();
		if (status == OK)
			break;
	}
	CHECK(n > 5 && n < 200);
}
