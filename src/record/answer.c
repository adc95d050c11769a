/*
 * From an answer to what becomes of the item: see answer.h.
 */
#include "record/answer.h"

#include <errno.h>
#include <openssl/x509_vfy.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "base/json.h"
#include "base/phrase.h"

enum { WORDS_BYTES_MAX = 320 };

static enum status no_memory(struct error *e)
{
	return error_sys(e, E_NO_SPACE, ENOMEM, "read an answer");
}

/* --- words of the other side --- */

/* The code point at *at, which moves behind it. `text` is UTF-8: it came through the JSON reader.
 */
static uint32_t next_character(const unsigned char **at)
{
	uint32_t c = **at;
	size_t n_more = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : c >= 0xc0 ? 1 : 0;
	if (n_more > 0)
		c &= 0x3fU >> n_more;
	(*at)++;
	for (; n_more > 0 && (**at & 0xc0) == 0x80; n_more--, (*at)++)
		c = c << 6 | (**at & 0x3fU);
	return c;
}

/* Control characters, and what hides text or turns its direction. */
static bool is_for_nobody(uint32_t c)
{
	static const struct {
		uint32_t first, last;
	} ranges[] = {
		{ 0, 0x1f },
		{ 0x7f, 0x9f },
		{ 0x200b, 0x200f },
		{ 0x2028, 0x202e },
		{ 0x2060, 0x206f },
		{ 0xfeff, 0xfeff },
		{ 0xfff9, 0xfffb },
		{ 0xe0000, 0xe007f },
	};
	for (size_t i = 0; i < COUNT_OF(ranges); i++)
		if (c >= ranges[i].first && c <= ranges[i].last)
			return true;
	return false;
}

static void add_clean(struct buf *out, const char *text)
{
	const unsigned char *at = (const unsigned char *)text;
	while (*at != '\0') {
		const unsigned char *start = at;
		if (is_for_nobody(next_character(&at)))
			continue;
		size_t n = (size_t)(at - start);
		if (out->len + n > WORDS_BYTES_MAX) {
			buf_add_text(out, "…");
			return;
		}
		buf_add_bytes(out, start, n);
	}
}

const char *answer_problem(const struct sender_reply *reply, struct pool *p)
{
	static const char type[] = "application/problem+json";
	AUTO_JSON json_t *value = NULL;
	AUTO_BUF struct buf text = { .ceiling = WORDS_BYTES_MAX + 16 };
	const char *title = "";
	const char *detail = "";
	size_t n = sizeof type - 1;
	if (strncasecmp(reply->content_type, type, n) != 0 ||
		(reply->content_type[n] != '\0' && reply->content_type[n] != ';' &&
			reply->content_type[n] != ' '))
		return NULL;
	if (json_read(reply->body, RECEIPT_BYTES_MAX, "problem", &value, NULL) != OK ||
		!json_is_object(value))
		return NULL;
	struct json_place place = { value, "problem" };
	/* Members of another type are ignored (RFC 9457 3.1). */
	(void)!json_get_text(place, "title", JSON_OPTIONAL, &title, NULL);
	(void)!json_get_text(place, "detail", JSON_OPTIONAL, &detail, NULL);
	add_clean(&text, title);
	if (text.len > 0 && detail[0] != '\0')
		buf_add_text(&text, ": ");
	add_clean(&text, detail);
	if (text.len == 0)
		return phrase_sentence(p, N_("no reason given"));
	return pool_text(p, buf_view(&text));
}

/* --- Retry-After --- */

static int month_of(const char *text)
{
	static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	for (int i = 0; i < 12; i++)
		if (strncmp(names + 3 * (size_t)i, text, 3) == 0)
			return i;
	return -1;
}

/* "Sun, 06 Nov 1994 08:49:37 GMT", the one form that is still written. */
static bool read_http_date(const char *text, int64_t *out_ns)
{
	static const char shape[] = "aaa, 00 aaa 0000 00:00:00 GMT";
	struct tm t = { .tm_mon = -1 };
	if (strlen(text) != sizeof shape - 1)
		return false;
	for (size_t i = 0; i < sizeof shape - 1; i++) {
		bool is_digit = text[i] >= '0' && text[i] <= '9';
		if ((shape[i] == '0') != is_digit ||
			(shape[i] != '0' && shape[i] != 'a' && shape[i] != text[i]))
			return false;
	}
#define DIGIT(i) (text[i] - '0')
	t.tm_mday = DIGIT(5) * 10 + DIGIT(6);
	t.tm_mon = month_of(text + 8);
	t.tm_year = DIGIT(12) * 1000 + DIGIT(13) * 100 + DIGIT(14) * 10 + DIGIT(15) - 1900;
	t.tm_hour = DIGIT(17) * 10 + DIGIT(18);
	t.tm_min = DIGIT(20) * 10 + DIGIT(21);
	t.tm_sec = DIGIT(23) * 10 + DIGIT(24);
#undef DIGIT
	if (t.tm_mon < 0 || t.tm_year < 70 || t.tm_year > 350 || t.tm_mday < 1 || t.tm_mday > 31 ||
		t.tm_hour > 23 || t.tm_min > 59 || t.tm_sec > 60)
		return false;
	*out_ns = (int64_t)timegm(&t) * NS_PER_S;
	return true;
}

int64_t answer_retry_after(const char *text, int64_t wall_ns)
{
	unsigned long long seconds = 0;
	int64_t at_ns = 0;
	if (view_to_u64(view_of(text), &seconds))
		return seconds > (unsigned long long)(OUTBOX_PAUSE_MAX_NS / NS_PER_S)
			       ? OUTBOX_PAUSE_MAX_NS
			       : (int64_t)seconds * NS_PER_S;
	if (!read_http_date(text, &at_ns))
		return -1;
	if (at_ns <= wall_ns)
		return 0;
	return at_ns - wall_ns > OUTBOX_PAUSE_MAX_NS ? OUTBOX_PAUSE_MAX_NS : at_ns - wall_ns;
}

/* --- sentences --- */

static const char *why_not_trusted(const struct sender_reply *reply)
{
	switch (reply->verify) {
	case X509_V_ERR_CERT_HAS_EXPIRED:
		return N_("its certificate has expired");
	case X509_V_ERR_CERT_NOT_YET_VALID:
		return N_("its certificate is not valid yet; is the clock of this machine right?");
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
		return N_("its certificate is by an authority that is not trusted here");
	case X509_V_ERR_HOSTNAME_MISMATCH:
	case X509_V_ERR_IP_ADDRESS_MISMATCH:
		return N_("its certificate is for another name");
	default:
		/* libcurl compares the name itself, and has only words for it */
		return strstr(reply->detail, "subject name") != NULL
			       ? N_("its certificate is for another name")
			       : reply->detail;
	}
}

static const char *why_slow(enum sent_stage stage)
{
	switch (stage) {
	case STAGE_START:
	case STAGE_NAME:
		return N_("no answer in time while its name was looked up");
	case STAGE_CONNECT:
		return N_("no answer in time to the connection");
	case STAGE_TLS:
		return N_("no answer in time to the TLS handshake");
	case STAGE_SEND:
		return N_("no answer in time to what was sent");
	case STAGE_ANSWER:
		return N_("its answer did not end in time");
	}
	return "";
}

/* The process that speaks to the network knows no language; the reasons of the kernel
 * (base/error.c) are in the catalogue, and these of the resolver. Words of libraries stay as they
 * are. */
static const char *const of_the_resolver[] __attribute__((
	unused)) = { N_("Name or service not known"), N_("Temporary failure in name resolution"),
	N_("No address associated with hostname") };

static const char *why_unanswered(const struct sender_reply *reply, struct pool *p)
{
	const char *d = phrase_sentence(p, reply->detail);
	switch (reply->end) {
	case SENT_ANSWERED:
		return "";
	case SENT_NO_NAME:
		return phrase_of(p, N_("its name has no address (%s)"), d);
	case SENT_NO_CONNECTION:
		return phrase_of(p, N_("no connection (%s)"), d);
	case SENT_NO_PROXY:
		return phrase_of(p, N_("the proxy does not lead there (%s)"), d);
	case SENT_NOT_TRUSTED:
		return phrase_of(
			p, N_("not trusted: %s"), phrase_sentence(p, why_not_trusted(reply)));
	case SENT_NO_TLS:
		return phrase_of(p, N_("no TLS (%s)"), d);
	case SENT_OUR_CERTIFICATE:
		return phrase_sentence(
			p, N_("it does not accept our client certificate, or asks for one"));
	case SENT_CUT:
		/* Whether the alert arrives before the end of the connection is a matter of luck.
		 */
		return phrase_sentence(p,
			reply->has_certificate
				? N_("the connection ended before the answer did")
				: N_("the connection ended before the answer did; perhaps it asks "
				     "for a client certificate, and none is named in "
				     "routes.yaml"));
	case SENT_SLOW:
		return phrase_sentence(p, why_slow(reply->stage));
	case SENT_TOO_BIG:
		return phrase_sentence(p, N_("its answer is too large for a receipt"));
	case SENT_NOT_HTTP:
		return phrase_sentence(p, N_("its answer is not HTTP"));
	case SENT_OTHER:
		return d;
	case SENT_ENDED:
		return phrase_of(p, N_("the sending process ended (%s)"), d);
	}
	return d;
}

/* --- what becomes of it --- */

static enum status again(struct try_result *out, const char *why, struct error *e)
{
	out->end = TRY_AGAIN;
	out->why = why;
	return why == NULL ? no_memory(e) : OK;
}

static enum status refused(struct try_result *out, const char *why, struct error *e)
{
	out->end = TRY_REFUSED;
	out->why = why;
	return why == NULL ? no_memory(e) : OK;
}

static enum status judge_receipt(const struct route *r, const struct outbox_item *item,
	const struct sender_reply *reply, struct pool *p, struct try_result *out, struct error *e)
{
	struct error why = ERROR_NONE;
	struct receipt_subject of = { &item->envelope_id, item->envelope };
	enum status status = receipt_check(
		reply->body, r->server_keys, r->n_server_keys, &of, p, &out->receipt, &why);
	if (status != OK)
		return again(out,
			phrase_of(p, N_("answered %d without a receipt that counts: %s"),
				reply->http_status, why.text),
			e);
	out->end = TRY_DELIVERED;
	out->why = "";
	out->receipt_text = reply->body;
	return OK;
}

static bool is_for_later(int http_status)
{
	return http_status == 408 || http_status == 425 || http_status == 429;
}

static enum status judge_envelope(const struct route *r, const struct outbox_item *item,
	const struct sender_reply *reply, struct pool *p, struct try_result *out, struct error *e)
{
	int status = reply->http_status;
	if (status == 200 || status == 409)
		return judge_receipt(r, item, reply, p, out, e);
	const char *problem = answer_problem(reply, p);
	if (status == 422)
		return refused(out,
			phrase_of(p,
				N_("refused (422): the server has another content under this id: "
				   "%s"),
				problem == NULL ? phrase_sentence(p, N_("no reason given"))
						: problem),
			e);
	if (status >= 400 && status < 500 && !is_for_later(status) && problem != NULL)
		return refused(out, phrase_of(p, N_("refused (%d): %s"), status, problem), e);
	if (problem != NULL)
		return again(out, phrase_of(p, N_("answered %d: %s"), status, problem), e);
	if (status >= 300 && status < 400)
		return again(out,
			phrase_of(p,
				N_("answered %d: it sends us elsewhere, which is not followed"),
				status),
			e);
	return again(out, phrase_of(p, N_("answered %d"), status), e);
}

static enum status judge_webhook(
	const struct sender_reply *reply, struct pool *p, struct try_result *out, struct error *e)
{
	int status = reply->http_status;
	if (status >= 200 && status < 300) {
		out->end = TRY_DELIVERED;
		return OK;
	}
	if (status == 410)
		return refused(
			out, phrase_of(p, N_("answered %d: it is wanted no more"), status), e);
	return again(out, phrase_of(p, N_("answered %d"), status), e);
}

enum status answer_judge(const struct route *r, const struct outbox_item *item,
	const struct sender_reply *reply, struct pool *p, struct try_result *out, struct error *e)
{
	out->http_status = reply->http_status;
	out->retry_after_ns = answer_retry_after(reply->retry_after, clock_wall_ns(NULL));
	out->why = "";
	if (reply->end != SENT_ANSWERED)
		return again(out, why_unanswered(reply, p), e);
	switch (r->kind) {
	case DELIVERY_ENVELOPE:
		return judge_envelope(r, item, reply, p, out, e);
	case DELIVERY_WEBHOOK:
		return judge_webhook(reply, p, out, e);
	case DELIVERY_SYSLOG:
		break;
	}
	out->end = TRY_DELIVERED;
	return OK;
}
