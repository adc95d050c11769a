/*
 * The address of a way: https://host[:port][/path], syslog+tls://host[:port],
 * syslog+tcp://host[:port]. Strict on purpose: no user name, no fragment, a query only for a
 * webhook. A library that guesses what was meant never sees anything else.
 */
#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "record/internal.h"
#include "record/route_read.h"

enum { HOST_MAX = 253, HTTPS_PORT = 443, SYSLOG_TLS_PORT = 6514, SYSLOG_TCP_PORT = 601 };

static const struct scheme {
	const char *start;
	enum way_kind kind;
	uint16_t port; /* RFC 9110 4.2.2; RFC 5425 4.1; RFC 6587 3.2 */
	enum delivery_kind first, second;
} schemes[] = {
	{ "https://", WAY_HTTPS, HTTPS_PORT, DELIVERY_ENVELOPE, DELIVERY_WEBHOOK },
	{ "syslog+tls://", WAY_SYSLOG_TLS, SYSLOG_TLS_PORT, DELIVERY_SYSLOG, DELIVERY_SYSLOG },
	{ "syslog+tcp://", WAY_SYSLOG_TCP, SYSLOG_TCP_PORT, DELIVERY_SYSLOG, DELIVERY_SYSLOG },
};

static bool is_alphanumeric(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool holds_only(struct view v, const char *others)
{
	for (size_t i = 0; i < v.len; i++)
		if (!is_alphanumeric(v.at[i]) &&
			(v.at[i] == '\0' || strchr(others, v.at[i]) == NULL))
			return false;
	return true;
}

static enum status bad(const char *at, const char *why, struct view what, struct error *e)
{
	char text[201] = "";
	size_t n = what.len < sizeof text ? what.len : sizeof text - 1;
	if (n > 0)
		memcpy(text, what.at, n);
	text[n] = '\0';
	return error_set(e, E_INVALID, "%s: %s ('%.*s')", at, i18n_text(why),
		text_cut(text, sizeof text - 2), text);
}

/* "[::1]" or "host": cut from *rest, which keeps ":port" or nothing. */
static enum status cut_host(
	struct view *rest, const char *at, struct pool *p, const char **out, struct error *e)
{
	struct view whole = *rest;
	struct view host;
	struct in6_addr address;
	bool bracketed = rest->len > 0 && rest->at[0] == '[';
	if (bracketed) {
		struct view inside = { rest->at + 1, rest->len - 1 };
		host = view_cut(&inside, ']');
		if (host.len + 2 > whole.len)
			return bad(at, N_("'[' without ']'"), whole, e);
		*rest = inside;
	} else {
		const char *colon = memchr(rest->at, ':', rest->len);
		host = (struct view){ rest->at,
			colon == NULL ? rest->len : (size_t)(colon - rest->at) };
		*rest = (struct view){ rest->at + host.len, rest->len - host.len };
	}
	*out = pool_text(p, host);
	if (*out == NULL)
		return error_sys(e, E_NO_SPACE, ENOMEM, "read the routes");
	if (bracketed)
		return inet_pton(AF_INET6, *out, &address) == 1
			       ? OK
			       : bad(at, N_("not an IPv6 address"), host, e);
	for (size_t i = 0; i < host.len; i++)
		if ((unsigned char)host.at[i] >= 0x80)
			return bad(at, N_("write the host name in its xn-- form"), host, e);
	if (host.len == 0 || host.len > HOST_MAX || !holds_only(host, ".-") || host.at[0] == '.' ||
		host.at[0] == '-')
		return bad(at, N_("not a host name"), host, e);
	return OK;
}

/* ":8443", or nothing where a default is not 0. */
static enum status read_port(
	struct view rest, uint16_t otherwise, const char *at, uint16_t *out, struct error *e)
{
	unsigned long long port = otherwise;
	struct view digits = rest.len > 0 ? (struct view){ rest.at + 1, rest.len - 1 } : rest;
	bool good = rest.len == 0 || (rest.at[0] == ':' && digits.len > 0 && digits.len <= 5 &&
					     view_to_u64(digits, &port));
	if (!good || port == 0 || port > UINT16_MAX)
		return bad(at, N_("not a port"), rest, e);
	*out = (uint16_t)port;
	return OK;
}

static enum status read_path(struct view path, enum delivery_kind kind, const char *at,
	struct pool *p, struct way *w, struct error *e)
{
	bool is_webhook = kind == DELIVERY_WEBHOOK;
	if (!holds_only(path, is_webhook ? "/-._~!$&'()*+,;=:@%?" : "/-._~!$&'()*+,;=:@%"))
		return bad(at, N_("a character that a path may not hold"), path, e);
	while (!is_webhook && path.len > 0 && path.at[path.len - 1] == '/')
		path.len--;
	if (kind == DELIVERY_SYSLOG && path.len > 0)
		return bad(at, N_("an address of syslog has no path"), path, e);
	w->prefix = is_webhook && path.len == 0 ? "/" : pool_text(p, path);
	return w->prefix == NULL ? error_sys(e, E_NO_SPACE, ENOMEM, "read the routes") : OK;
}

enum status way_url_read(const char *text, enum delivery_kind kind, const char *at, struct pool *p,
	struct way *w, struct error *e)
{
	assert(text != NULL);
	const struct scheme *s = NULL;
	struct view url = view_of(text);
	for (size_t i = 0; i < COUNT_OF(schemes) && s == NULL; i++)
		if (view_starts_with(url, view_of(schemes[i].start)) &&
			(schemes[i].first == kind || schemes[i].second == kind))
			s = &schemes[i];
	if (s == NULL && kind == DELIVERY_SYSLOG)
		return bad(at, N_("begins with neither syslog+tls:// nor syslog+tcp://"), url, e);
	if (s == NULL)
		return bad(at, N_("does not begin with https://"), url, e);
	size_t n_start = strlen(s->start);
	struct view rest = { url.at + n_start, url.len - n_start };
	size_t n_authority = 0;
	while (n_authority < rest.len && strchr("/?#", rest.at[n_authority]) == NULL)
		n_authority++;
	struct view authority = { rest.at, n_authority };
	struct view path = { rest.at + n_authority, rest.len - n_authority };
	w->kind = s->kind;
	w->url = pool_text(p, url);
	if (w->url == NULL)
		return error_sys(e, E_NO_SPACE, ENOMEM, "read the routes");
	TRY(cut_host(&authority, at, p, &w->host, e));
	TRY(read_port(authority, s->port, at, &w->port, e));
	return read_path(path, kind, at, p, w, e);
}

enum status way_proxy_read(
	const char *text, const char *at, struct pool *p, struct way *w, struct error *e)
{
	assert(text != NULL);
	struct view start = VIEW("http://");
	struct view rest = view_of(text);
	if (!view_starts_with(rest, start))
		return bad(at, N_("does not begin with http://"), rest, e);
	rest = (struct view){ rest.at + start.len, rest.len - start.len };
	if (rest.len > 0 && rest.at[rest.len - 1] == '/')
		rest.len--;
	TRY(cut_host(&rest, at, p, &w->proxy_host, e));
	return read_port(rest, 0, at, &w->proxy_port, e);
}
