/*
 * One POST: HTTP/1.1 over TLS, an answer within bounds of size and time.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "record/sender_exchange.h"

enum { HEADERS_BYTES_MAX = 64 * 1024 };

struct reading {
	struct exchange *x;
	struct outcome *out;
	size_t n_header_bytes;
	int64_t sent_boot_ns; /* all of ours is sent; 0 not yet */
	int64_t first_byte_ns;
	bool is_over; /* of a limit of size */
};

/* The value of a header of that name, without blanks; false for another header. */
static bool header_value(struct view line, const char *name, char *out, size_t size)
{
	size_t n = strlen(name);
	if (line.len <= n || line.at[n] != ':' || strncasecmp(line.at, name, n) != 0)
		return false;
	struct view value = view_trim((struct view){ line.at + n + 1, line.len - n - 1 });
	if (value.len < size) {
		memcpy(out, value.at, value.len);
		out[value.len] = '\0';
	}
	return true;
}

/* An interim answer (1xx) comes before the final one and must leave nothing behind. */
static size_t on_header(char *bytes, size_t size, size_t n, void *context)
{
	struct reading *r = context;
	struct view line = { bytes, size * n };
	exchange_stage(r->x, r->out, STAGE_ANSWER);
	r->n_header_bytes += line.len;
	if (r->n_header_bytes > HEADERS_BYTES_MAX) {
		r->is_over = true;
		return 0;
	}
	if (view_starts_with(line, VIEW("HTTP/"))) {
		r->out->content_type[0] = '\0';
		r->out->retry_after[0] = '\0';
	}
	(void)header_value(line, "content-type", r->out->content_type, sizeof r->out->content_type);
	(void)header_value(line, "retry-after", r->out->retry_after, sizeof r->out->retry_after);
	return line.len;
}

static size_t on_body(char *bytes, size_t size, size_t n, void *context)
{
	struct reading *r = context;
	buf_add_bytes(&r->out->body, bytes, size * n);
	r->is_over = r->out->body.failed;
	return r->is_over ? 0 : size * n;
}

/* Called at least once a second. */
static int on_progress(void *context, curl_off_t n_down_all, curl_off_t n_down, curl_off_t n_up_all,
	curl_off_t n_up)
{
	struct reading *r = context;
	(void)n_down_all;
	(void)n_down;
	if (r->out->stage < STAGE_SEND && n_up > 0)
		exchange_stage(r->x, r->out, STAGE_SEND);
	if (n_up_all <= 0 || n_up < n_up_all || r->out->stage == STAGE_ANSWER)
		return 0;
	int64_t now_ns = clock_boot_ns(NULL);
	if (r->sent_boot_ns == 0)
		r->sent_boot_ns = now_ns;
	return now_ns - r->sent_boot_ns > r->first_byte_ns ? 1 : 0;
}

static struct curl_slist *add_header(
	struct exchange *x, struct curl_slist *list, struct view line, bool *failed)
{
	char text[SENDER_HEADERS_MAX];
	if (*failed || line.len >= sizeof text)
		return list;
	memcpy(text, line.at, line.len);
	text[line.len] = '\0';
	struct curl_slist *longer = x->curl.slist_append(list, text);
	*failed = longer == NULL;
	return longer == NULL ? list : longer;
}

static struct curl_slist *make_headers(struct exchange *x, struct view lines, bool *failed)
{
	struct curl_slist *list = NULL;
	while (lines.len > 0) {
		struct view line = view_cut(&lines, '\n');
		if (line.len > 0)
			list = add_header(x, list, line, failed);
	}
	/* Not to wait for a leave to send the body. */
	return add_header(x, list, VIEW("Expect:"), failed);
}

static CURLcode set_post(
	struct exchange *x, struct reading *r, struct view body, struct curl_slist *headers)
{
	const struct {
		CURLoption option;
		void *value;
	} pointers[] = {
		{ CURLOPT_HEADERDATA, r },
		{ CURLOPT_WRITEDATA, r },
		{ CURLOPT_XFERINFODATA, r },
		{ CURLOPT_HTTPHEADER, headers },
	};
	CURLcode code = x->curl.easy_setopt(x->easy, CURLOPT_POST, 1L);
	for (size_t i = 0; i < COUNT_OF(pointers) && code == CURLE_OK; i++)
		code = x->curl.easy_setopt(x->easy, pointers[i].option, pointers[i].value);
	if (code == CURLE_OK)
		code = x->curl.easy_setopt(
			x->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.len);
	if (code == CURLE_OK)
		code = x->curl.easy_setopt(
			x->easy, CURLOPT_POSTFIELDS, body.len == 0 ? "" : body.at);
	if (code == CURLE_OK)
		code = x->curl.easy_setopt(x->easy, CURLOPT_HEADERFUNCTION, on_header);
	if (code == CURLE_OK)
		code = x->curl.easy_setopt(x->easy, CURLOPT_WRITEFUNCTION, on_body);
	if (code == CURLE_OK)
		code = x->curl.easy_setopt(x->easy, CURLOPT_XFERINFOFUNCTION, on_progress);
	if (code == CURLE_OK)
		code = x->curl.easy_setopt(x->easy, CURLOPT_NOPROGRESS, 0L);
	if (code == CURLE_OK) /* what a proxy says is not the server's answer */
		code = x->curl.easy_setopt(x->easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	if (code == CURLE_OK)
		code = x->curl.easy_setopt(
			x->easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	return code;
}

void exchange_http(
	struct exchange *x, const struct sender_post *post, struct view body, struct outcome *out)
{
	char message[CURL_ERROR_SIZE] = "";
	struct curl_slist *resolve = NULL;
	bool failed = false;
	struct reading r = {
		.x = x, .out = out, .first_byte_ns = (int64_t)post->first_byte_ms * NS_PER_MS
	};
	struct curl_slist *headers = make_headers(x, post->headers, &failed);
	if (exchange_aim(x, post, "https", &resolve, out)) {
		CURLcode code = failed ? CURLE_OUT_OF_MEMORY : set_post(x, &r, body, headers);
		if (code == CURLE_OK)
			code = x->curl.easy_setopt(x->easy, CURLOPT_ERRORBUFFER, message);
		exchange_stage(x, out, STAGE_CONNECT);
		if (code == CURLE_OK)
			code = x->curl.easy_perform(x->easy);
		if (code != CURLE_OK)
			exchange_fail(x, code, message, out);
		(void)x->curl.easy_getinfo(x->easy, CURLINFO_RESPONSE_CODE, &out->http_status);
		if (r.is_over)
			out->end = SENT_TOO_BIG;
		(void)x->curl.easy_setopt(x->easy, CURLOPT_ERRORBUFFER, NULL);
		(void)x->curl.easy_setopt(x->easy, CURLOPT_RESOLVE, NULL);
		(void)x->curl.easy_setopt(x->easy, CURLOPT_HTTPHEADER, NULL);
	}
	x->curl.slist_free_all(resolve);
	x->curl.slist_free_all(headers);
}
