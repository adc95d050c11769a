/*
 * Where to, how it is secured, and what a failure of libcurl means. What libcurl would take from
 * its surroundings (proxies, its own list of authorities, other protocols, redirects) is shut here.
 */
#include "record/sender_exchange.h"

#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "sys/role.h"

enum { CONNECT_SHARE_MS_MIN = 1 };

void exchange_stage(struct exchange *x, struct outcome *out, enum sent_stage stage)
{
	AUTO_BUF struct buf body = { .ceiling = 16 };
	const struct sender_stage m = { (uint8_t)stage };
	if (out->stage == stage)
		return;
	out->stage = stage;
	sender_stage_write(&body, &m);
	/* Only for a sentence of the parent's. */
	(void)!packet_send(x->channel_fd, SENDER_STAGE, buf_view(&body), NULL);
}

static struct curl_blob piece(const struct exchange *x, size_t start, size_t n)
{
	return (struct curl_blob){
		.data = x->secrets.at + start, .len = n, .flags = CURL_BLOB_NOCOPY
	};
}

/* The first failure is the answer: an option that could not be set must not be left out. */
struct setting {
	struct exchange *x;
	struct started *started;
	CURLcode code;
};
#define SET(s, option, value)                                                                      \
	((s)->code = (s)->code != CURLE_OK                                                         \
			     ? (s)->code                                                           \
			     : (s)->x->curl.easy_setopt((s)->x->easy, (option), (value)))

/* Called where the connection stands and its handshake begins. Nothing of the context is touched.
 */
static CURLcode on_handshake(CURL *easy, void *tls_context, void *context)
{
	struct started *at = context;
	(void)easy;
	(void)tls_context;
	exchange_stage(at->x, at->out, STAGE_TLS);
	return CURLE_OK;
}

static void set_tls(struct setting *s)
{
	const struct sender_open *o = &s->x->open;
	struct curl_blob ca = piece(s->x, 0, o->n_ca);
	struct curl_blob certificate = piece(s->x, o->n_ca, o->n_certificate);
	struct curl_blob key = piece(s->x, o->n_ca + o->n_certificate, o->n_key);
	SET(s, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	SET(s, CURLOPT_SSL_VERIFYPEER, 1L);
	SET(s, CURLOPT_SSL_VERIFYHOST, 2L);
	SET(s, CURLOPT_CAINFO, NULL); /* the library's own list would count beside ours */
	SET(s, CURLOPT_CAPATH, NULL);
	SET(s, CURLOPT_CAINFO_BLOB, &ca);
	SET(s, CURLOPT_SSL_CTX_FUNCTION, on_handshake);
	SET(s, CURLOPT_SSL_CTX_DATA, s->started);
	if (o->n_certificate == 0)
		return;
	SET(s, CURLOPT_SSLCERTTYPE, "PEM");
	SET(s, CURLOPT_SSLCERT_BLOB, &certificate);
	SET(s, CURLOPT_SSLKEYTYPE, "PEM");
	SET(s, CURLOPT_SSLKEY_BLOB, &key);
}

static void set_limits(struct setting *s, const struct sender_post *post)
{
	SET(s, CURLOPT_NOSIGNAL, 1L);
	SET(s, CURLOPT_CONNECTTIMEOUT_MS, (long)post->connect_ms);
	SET(s, CURLOPT_TIMEOUT_MS, (long)post->whole_ms);
	SET(s, CURLOPT_FOLLOWLOCATION, 0L);
	SET(s, CURLOPT_TCP_KEEPALIVE, 1L);
	SET(s, CURLOPT_SSL_ENABLE_ALPN, 0L);
}

static void set_target(struct setting *s, const char *scheme, struct curl_slist **resolve)
{
	const struct sender_open *o = &s->x->open;
	char host[300];
	char text[4096];
	bool is_v6 = memchr(o->host.at, ':', o->host.len) != NULL;
	(void)snprintf(host, sizeof host, is_v6 ? "[%.*s]" : "%.*s", VIEW_ARGS(o->host));
	(void)snprintf(text, sizeof text, "%s://%s:%u%.*s", scheme, host, (unsigned)o->port,
		VIEW_ARGS(o->path));
	SET(s, CURLOPT_URL, text);
#if LIBCURL_VERSION_NUM >= 0x075500
	SET(s, CURLOPT_PROTOCOLS_STR, scheme);
#else
	SET(s, CURLOPT_PROTOCOLS,
		strcmp(scheme, "https") == 0 ? (long)CURLPROTO_HTTPS : (long)CURLPROTO_HTTP);
#endif
	bool by_proxy = o->proxy_host.len > 0;
	is_v6 = memchr(o->proxy_host.at == NULL ? "" : o->proxy_host.at, ':', o->proxy_host.len) !=
		NULL;
	(void)snprintf(text, sizeof text, is_v6 ? "http://[%.*s]:%u" : "http://%.*s:%u",
		VIEW_ARGS(o->proxy_host), (unsigned)o->proxy_port);
	SET(s, CURLOPT_PROXY, by_proxy ? text : ""); /* "": none, whatever the environment says */
	if (s->x->name.is_address)
		return;
	(void)snprintf(text, sizeof text, "%s:%u:%s", s->x->name.host,
		(unsigned)(by_proxy ? o->proxy_port : o->port), buf_text(&s->x->name.addresses));
	*resolve = s->x->curl.slist_append(NULL, text);
	if (*resolve == NULL)
		s->code = CURLE_OUT_OF_MEMORY;
	SET(s, CURLOPT_RESOLVE, *resolve);
}

bool exchange_aim(struct exchange *x, const struct sender_post *post, const char *scheme,
	struct curl_slist **out_resolve, struct outcome *out)
{
	struct setting s = { x, &x->started, CURLE_OK };
	const char *why = "";
	x->started = (struct started){ x, out };
	exchange_stage(x, out, STAGE_NAME);
	if (!sender_name_ask(&x->name, &why)) {
		out->end = SENT_NO_NAME;
		(void)snprintf(out->detail, sizeof out->detail, "%s", why);
		return false;
	}
	set_target(&s, scheme, out_resolve);
	set_limits(&s, post);
	if (strcmp(scheme, "https") == 0)
		set_tls(&s);
	if (s.code != CURLE_OK)
		exchange_fail(x, s.code, "", out);
	return s.code == CURLE_OK;
}

/* --- what a failure means --- */

static bool says(const char *text, const char *part)
{
	return strstr(text, part) != NULL;
}

/* Alerts about our certificate come while reading, after the handshake of TLS 1.3 (RFC
 * 8446 4.4.2.4), or within that of TLS 1.2; OpenSSL names them in its text. */
static bool is_about_our_certificate(const char *message)
{
	static const char *const alerts[] = { "alert certificate required", "alert bad certificate",
		"alert unknown ca", "alert certificate unknown", "alert certificate expired",
		"alert certificate revoked", "alert unsupported certificate" };
	for (size_t i = 0; i < COUNT_OF(alerts); i++)
		if (says(message, alerts[i]))
			return true;
	return false;
}

static enum sent_end end_of_code(CURLcode code, const char *message)
{
	static const struct {
		CURLcode code;
		enum sent_end end;
	} rows[] = {
		{ CURLE_COULDNT_RESOLVE_HOST, SENT_NO_NAME },
		{ CURLE_COULDNT_CONNECT, SENT_NO_CONNECTION },
		{ CURLE_COULDNT_RESOLVE_PROXY, SENT_NO_PROXY },
		{ CURLE_PROXY, SENT_NO_PROXY },
		{ CURLE_PEER_FAILED_VERIFICATION, SENT_NOT_TRUSTED },
		{ CURLE_SSL_CONNECT_ERROR, SENT_NO_TLS },
		{ CURLE_SSL_CACERT_BADFILE, SENT_NO_TLS },
		{ CURLE_SSL_CERTPROBLEM, SENT_NO_TLS },
		{ CURLE_SSL_CIPHER, SENT_NO_TLS },
		{ CURLE_OPERATION_TIMEDOUT, SENT_SLOW },
		{ CURLE_ABORTED_BY_CALLBACK, SENT_SLOW },
		{ CURLE_GOT_NOTHING, SENT_CUT },
		{ CURLE_SEND_ERROR, SENT_CUT },
		{ CURLE_RECV_ERROR, SENT_CUT },
		{ CURLE_PARTIAL_FILE, SENT_CUT },
		{ CURLE_WRITE_ERROR, SENT_TOO_BIG },
		{ CURLE_WEIRD_SERVER_REPLY, SENT_NOT_HTTP },
		{ CURLE_UNSUPPORTED_PROTOCOL, SENT_NOT_HTTP },
	};
	if (is_about_our_certificate(message))
		return SENT_OUR_CERTIFICATE;
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (rows[i].code == code)
			return rows[i].end;
	return SENT_OTHER;
}

void exchange_fail(struct exchange *x, CURLcode code, const char *message, struct outcome *out)
{
	long errno_value = 0;
	out->end = end_of_code(code, message);
	(void)x->curl.easy_getinfo(x->easy, CURLINFO_SSL_VERIFYRESULT, &out->verify);
	(void)x->curl.easy_getinfo(x->easy, CURLINFO_OS_ERRNO, &errno_value);
	/* A tunnel that the proxy refused is reported as a failed reception. */
	if (out->end == SENT_CUT && says(message, "CONNECT tunnel failed"))
		out->end = SENT_NO_PROXY;
	if (out->end == SENT_NO_CONNECTION && errno_value != 0)
		message = strerror((int)errno_value);
	else if (message[0] == '\0')
		message = x->curl.easy_strerror(code);
	(void)snprintf(out->detail, sizeof out->detail, "%s", message);
}
