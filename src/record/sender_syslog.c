/*
 * Messages of RFC 5424 over TCP (RFC 6587) or TLS (RFC 5425), framed by counting octets. The
 * protocol acknowledges nothing: what is known at the end is that the connection stood and took it.
 */
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "record/route.h"
#include "record/sender_exchange.h"

/* Time for the other side to say that it does not want our certificate, or us. */
enum { LISTEN_MS = 300 };

static CURLcode wait_socket(struct exchange *x, short events, int timeout_ms, bool *out_ready)
{
	curl_socket_t fd = CURL_SOCKET_BAD;
	CURLcode code = x->curl.easy_getinfo(x->easy, CURLINFO_ACTIVESOCKET, &fd);
	if (code != CURLE_OK)
		return code;
	if (fd == CURL_SOCKET_BAD)
		return CURLE_SEND_ERROR;
	struct pollfd p = { .fd = fd, .events = events };
	*out_ready = poll(&p, 1, timeout_ms < 0 ? 0 : timeout_ms) > 0;
	return CURLE_OK;
}

static CURLcode send_all(struct exchange *x, struct view bytes, int64_t deadline_ns)
{
	while (bytes.len > 0) {
		size_t n = 0;
		CURLcode code = x->curl.easy_send(x->easy, bytes.at, bytes.len, &n);
		if (code == CURLE_OK) {
			bytes = (struct view){ bytes.at + n, bytes.len - n };
			continue;
		}
		int64_t left_ms = (deadline_ns - clock_boot_ns(NULL)) / NS_PER_MS;
		bool ready = false;
		if (code != CURLE_AGAIN)
			return code;
		if (left_ms <= 0)
			return CURLE_OPERATION_TIMEDOUT;
		code = wait_socket(x, POLLOUT, (int)left_ms, &ready);
		if (code != CURLE_OK)
			return code;
	}
	return CURLE_OK;
}

/* A receiver of syslog says nothing; whatever is there to read is the end of the connection. */
static CURLcode listen_for_refusal(struct exchange *x)
{
	char bytes[64];
	size_t n = 0;
	bool ready = false;
	CURLcode code = wait_socket(x, POLLIN, LISTEN_MS, &ready);
	if (code != CURLE_OK || !ready)
		return code;
	code = x->curl.easy_recv(x->easy, bytes, sizeof bytes, &n);
	if (code == CURLE_AGAIN) /* a session ticket of TLS */
		return CURLE_OK;
	return code == CURLE_OK && n == 0 ? CURLE_GOT_NOTHING : code;
}

static CURLcode connect_once(
	struct exchange *x, const struct sender_post *post, bool *out_aimed, struct outcome *out)
{
	bool is_tls = x->open.way_kind == WAY_SYSLOG_TLS;
	struct curl_slist *resolve = NULL;
	*out_aimed = exchange_aim(x, post, is_tls ? "https" : "http", &resolve, out);
	CURLcode code = CURLE_OK;
	if (*out_aimed) {
		exchange_stage(x, out, STAGE_CONNECT);
		code = x->curl.easy_setopt(x->easy, CURLOPT_CONNECT_ONLY, 1L);
		if (code == CURLE_OK)
			code = x->curl.easy_perform(x->easy);
		(void)x->curl.easy_setopt(x->easy, CURLOPT_RESOLVE, NULL);
	}
	x->curl.slist_free_all(resolve);
	return code;
}

void exchange_syslog(
	struct exchange *x, const struct sender_post *post, struct view body, struct outcome *out)
{
	char message[CURL_ERROR_SIZE] = "";
	AUTO_BUF struct buf frame = { .ceiling = body.len + 32 };
	CURLcode code = x->curl.easy_setopt(x->easy, CURLOPT_ERRORBUFFER, message);
	bool aimed = true;
	if (code == CURLE_OK && !x->is_connected)
		code = connect_once(x, post, &aimed, out);
	if (!aimed)
		return;
	buf_addf(&frame, "%zu ", body.len);
	buf_add(&frame, body);
	if (code == CURLE_OK && frame.failed)
		code = CURLE_OUT_OF_MEMORY;
	if (code == CURLE_OK) {
		exchange_stage(x, out, STAGE_SEND);
		code = send_all(x, buf_view(&frame),
			clock_boot_ns(NULL) + (int64_t)post->whole_ms * NS_PER_MS);
	}
	if (code == CURLE_OK)
		code = listen_for_refusal(x);
	x->is_connected = code == CURLE_OK;
	if (code != CURLE_OK)
		exchange_fail(x, code, message, out);
	(void)x->curl.easy_setopt(x->easy, CURLOPT_ERRORBUFFER, NULL);
}
