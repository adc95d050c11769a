/*
 * The webhook channel: an HTTP listener on 127.0.0.1 for the alert call of the user's tool, through
 * libmicrohttpd, driven from channels_poll: no thread. Any process of this host can post to it; a
 * pattern may hold a secret word where that matters.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>

#include "base/fault.h"
#include "base/i18n.h"
#include "drill/sense/channel_source.h"

enum {
	BODY_BYTES_MAX = 64 * 1024,
	CONNECTIONS_MAX = 16,
	CONNECTION_SECONDS = 10,
	TURNS_A_LOOK_MAX = 16
};

struct webhook_channel {
	struct MHD_Daemon *daemon;
	int epoll_fd;
	const struct channel_look *look; /* set while MHD_run runs */
};

struct posting {
	struct buf body;
	bool too_big;
};

static enum MHD_Result answer(struct MHD_Connection *connection, unsigned status, const char *text)
{
	/* The text is a literal: MHD only reads it. */
	struct MHD_Response *response = MHD_create_response_from_buffer(
		strlen(text), (void *)(uintptr_t)text, MHD_RESPMEM_PERSISTENT);
	if (response == NULL)
		return MHD_NO;
	(void)MHD_add_response_header(response, "Content-Type", "text/plain"); /* a courtesy */
	enum MHD_Result result = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result begin(
	struct MHD_Connection *connection, const char *method, void **connection_data)
{
	if (strcmp(method, "POST") != 0 && strcmp(method, "PUT") != 0)
		return answer(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "POST only\n");
	/* A page in a browser of this host must not be able to raise an alert. */
	if (MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Origin") != NULL)
		return answer(connection, MHD_HTTP_FORBIDDEN, "not from a browser\n");
	struct posting *p = FAULT("webhook_begin") ? NULL : calloc(1, sizeof *p);
	if (p == NULL)
		return MHD_NO;
	buf_init(&p->body, BODY_BYTES_MAX + 1);
	*connection_data = p;
	return MHD_YES;
}

static enum MHD_Result on_request(void *self, struct MHD_Connection *connection, const char *url,
	const char *method, const char *version, const char *data, size_t *n_data,
	void **connection_data)
{
	(void)url;
	(void)version;
	struct webhook_channel *w = self;
	if (*connection_data == NULL)
		return begin(connection, method, connection_data);
	struct posting *p = *connection_data;
	if (*n_data > 0) {
		if (*n_data > BODY_BYTES_MAX - p->body.len)
			p->too_big = true;
		if (!p->too_big)
			buf_add_bytes(&p->body, data, *n_data);
		*n_data = 0;
		return MHD_YES;
	}
	if (p->too_big || p->body.failed)
		return answer(connection, MHD_HTTP_CONTENT_TOO_LARGE, "at most 64 KiB\n");
	(void)w->look->sink(buf_view(&p->body), DETECT_NONE, w->look->context);
	return answer(connection, MHD_HTTP_OK, "noted\n");
}

static void on_end(void *self, struct MHD_Connection *connection, void **connection_data,
	enum MHD_RequestTerminationCode why)
{
	(void)self;
	(void)connection;
	(void)why;
	struct posting *p = *connection_data;
	if (p == NULL)
		return;
	buf_done(&p->body);
	free(p);
	*connection_data = NULL;
}

static void webhook_close(void *self)
{
	struct webhook_channel *w = self;
	if (w->daemon != NULL)
		MHD_stop_daemon(w->daemon);
	free(w);
}
AUTO_TYPE(webhook_close, struct webhook_channel *)

static void say_port(const struct drill_watch *watch, unsigned port)
{
	if (watch == NULL || watch->say == NULL)
		return;
	AUTO_BUF struct buf sentence;
	buf_init(&sentence, 512);
	buf_addf(&sentence, _("The webhook channel listens at http://127.0.0.1:%u/"), port);
	watch->say(buf_text(&sentence), watch->context);
}

static enum status webhook_open(const struct channel_spec *spec, const struct drill_watch *watch,
	void **out_self, struct error *e)
{
	AUTO(webhook_close)
	struct webhook_channel *w = FAULT("channel_webhook_open") ? NULL : calloc(1, sizeof *w);
	if (w == NULL)
		return error_set(e, E_NO_SPACE, "no memory for a channel");
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_port = htons(spec->port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	errno = 0;
	w->daemon =
		MHD_start_daemon(MHD_USE_EPOLL, 0, NULL, NULL, on_request, w, MHD_OPTION_SOCK_ADDR,
			&address, MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX,
			MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)CONNECTION_SECONDS,
			MHD_OPTION_NOTIFY_COMPLETED, on_end, NULL, MHD_OPTION_END);
	if (w->daemon == NULL && errno != 0)
		return error_sys(e, E_INVALID, errno, "listen at 127.0.0.1:%u", spec->port);
	if (w->daemon == NULL)
		return error_set(e, E_INVALID, "cannot listen at 127.0.0.1:%u", spec->port);
	const union MHD_DaemonInfo *port =
		MHD_get_daemon_info(w->daemon, MHD_DAEMON_INFO_BIND_PORT);
	const union MHD_DaemonInfo *fd = MHD_get_daemon_info(w->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	if (port == NULL || fd == NULL)
		return error_set(e, E_FAILED, "the HTTP library does not tell its port");
	w->epoll_fd = fd->epoll_fd;
	say_port(watch, port->port);
	*out_self = TAKE(w);
	return OK;
}

static enum status webhook_poll(void *self, const struct channel_look *look, struct error *e)
{
	struct webhook_channel *w = self;
	w->look = look;
	for (int turn = 0; turn < TURNS_A_LOOK_MAX; turn++) {
		if (MHD_run(w->daemon) != MHD_YES)
			return error_set(e, E_FAILED, "the webhook's listener failed");
		struct pollfd ready = { .fd = w->epoll_fd, .events = POLLIN };
		MHD_UNSIGNED_LONG_LONG wait_ms = 1;
		bool at_once = MHD_get_timeout(w->daemon, &wait_ms) == MHD_YES && wait_ms == 0;
		if ((!at_once && poll(&ready, 1, 0) <= 0) || channel_look_over(look))
			break;
	}
	return OK;
}

const struct channel_type channel_type_webhook = { "webhook", webhook_open, webhook_poll, NULL,
	NULL, webhook_close };
