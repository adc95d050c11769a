/*
 * The role `sender`: the one process that speaks to the network. It has what it was handed (an
 * address, authorities, a client certificate and its key, what is to be sent) and nothing else: no
 * home, no store, no signing keys, no environment, no file that it could open. What it says is
 * taken for what it is, an answer from the network: a receipt counts only by its signature, which
 * is checked elsewhere.
 */
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "record/internal.h"
#include "record/sender.h"
#include "record/sender_exchange.h"
#include "sys/confine.h"

enum { DNS_PORT = 53, HAND_OVER_MS = 10 * 1000 };

static enum status read_open(struct exchange *x, struct error *e)
{
	struct unpack u;
	bool got = false;
	x->head = malloc(sizeof *x->head);
	if (x->head == NULL)
		return error_set(e, E_NO_SPACE, "memory is short");
	TRY(packet_receive(x->channel_fd, HAND_OVER_MS, x->head, &got, e));
	if (!got || x->head->type != SENDER_OPEN)
		return error_set(e, E_INVALID, "the sender was started without a request");
	unpack_init(&u, x->head->body);
	if (!sender_open_read(&u, &x->open) || !pack_end(&u))
		return error_set(e, E_INVALID, "the sender was started without a request");
	uint64_t n = (uint64_t)x->open.n_ca + x->open.n_certificate + x->open.n_key;
	if (n > SENDER_OPEN_BYTES_MAX)
		return error_set(e, E_TOO_BIG, "certificates of more than %zu bytes",
			(size_t)SENDER_OPEN_BYTES_MAX);
	buf_init(&x->secrets, n);
	return sender_take(x->channel_fd, (size_t)n, HAND_OVER_MS, &x->secrets, e);
}

/* Whatever reads files, or loads code, at its first use does so here. */
static enum status warm_up(struct exchange *x, char *host, size_t size, struct error *e)
{
	struct view name = x->open.proxy_host.len > 0 ? x->open.proxy_host : x->open.host;
	if (name.len == 0 || name.len >= size)
		return error_set(e, E_INVALID, "a host name of %zu bytes", name.len);
	memcpy(host, name.at, name.len);
	host[name.len] = '\0';
	TRY(curl_api_load(&x->curl, e));
	if (x->curl.global_init(CURL_GLOBAL_ALL) != CURLE_OK)
		return error_set(e, E_FAILED, "libcurl does not start");
	x->easy = FAULT("sender_easy") ? NULL : x->curl.easy_init();
	if (x->easy == NULL)
		return error_set(e, E_NO_SPACE, "memory is short");
	sender_names_start();
	sender_name_init(&x->name, host);
	return OK;
}

static enum status enter_locks(struct exchange *x, struct error *e)
{
	static const int keep[] = { ROLE_CHANNEL_FD };
	AUTO_BUF struct buf body = { .ceiling = 64 };
	struct confine_locks locks;
	int folder_fd = -1;
	const uint16_t ports[] = { x->open.proxy_host.len > 0 ? x->open.proxy_port : x->open.port,
		DNS_PORT };
	const struct confine_request request = {
		.calls = CONFINE_CALLS_SENDER,
		.reach = CONFINE_REACH_NETWORK,
		.folder_fd = -1,
		.uid = x->open.uid,
		.gid = x->open.gid,
		.parent = role_parent(),
		.keep_fds = keep,
		.n_keep_fds = COUNT_OF(keep),
		.tcp_ports = ports,
		.n_tcp_ports = COUNT_OF(ports),
	};
	TRY(confine_enter(&request, &locks, &folder_fd, e));
	const struct sender_ready m = { (uint32_t)locks.landlock_abi, locks.own_uid };
	sender_ready_write(&body, &m);
	return packet_send(x->channel_fd, SENDER_READY, buf_view(&body), e);
}

static enum status answer(struct exchange *x, const struct outcome *o, struct error *e)
{
	AUTO_BUF struct buf head = { .ceiling = 4 * KIB };
	const struct sender_answer m = { (uint8_t)o->end, (uint8_t)o->stage,
		(uint32_t)o->http_status, o->verify, view_of(o->detail), view_of(o->content_type),
		view_of(o->retry_after), o->end == SENT_ANSWERED ? (uint32_t)o->body.len : 0 };
	sender_answer_write(&head, &m);
	TRY(buf_check(&head, "answer", e));
	TRY(packet_send(x->channel_fd, SENDER_ANSWER, buf_view(&head), e));
	return sender_give(x->channel_fd, (struct view){ o->body.at, (size_t)m.n_body }, e);
}

/* One post. *out_more false: the parent is done. */
static enum status serve_one(struct exchange *x, struct packet *p, bool *out_more, struct error *e)
{
	struct unpack u;
	struct sender_post post;
	bool got = false;
	AUTO_BUF struct buf body = { .ceiling = OUTBOX_BYTES_MAX };
	enum status status = packet_receive(x->channel_fd, -1, p, &got, e);
	*out_more = status == OK;
	if (status == E_ABSENT)
		return OK;
	TRY(status);
	unpack_init(&u, p->body);
	if (!got || p->type != SENDER_POST || !sender_post_read(&u, &post) || !pack_end(&u) ||
		post.n_body > OUTBOX_BYTES_MAX)
		return error_set(e, E_INVALID, "a packet that the sender does not know");
	TRY(sender_take(x->channel_fd, post.n_body, HAND_OVER_MS, &body, e));
	struct outcome o = { .end = SENT_ANSWERED, .body = { .ceiling = RECEIPT_BYTES_MAX } };
	if (x->open.way_kind == WAY_HTTPS)
		exchange_http(x, &post, buf_view(&body), &o);
	else
		exchange_syslog(x, &post, buf_view(&body), &o);
	status = answer(x, &o, e);
	buf_done(&o.body);
	return status;
}

static enum status serve(struct exchange *x, struct error *e)
{
	AUTO_FREE struct packet *p = malloc(sizeof *p);
	bool more = true;
	if (p == NULL)
		return error_set(e, E_NO_SPACE, "memory is short");
	while (more)
		TRY(serve_one(x, p, &more, e));
	return OK;
}

static void tell(int channel_fd, const struct error *e)
{
	AUTO_BUF struct buf body = { .ceiling = 2 * KIB };
	const struct sender_fault m = { (uint8_t)e->status, view_of(e->text) };
	sender_fault_write(&body, &m);
	(void)!packet_send(channel_fd, SENDER_FAULT, buf_view(&body), NULL); /* it may be gone */
}

static int run(size_t n_fds)
{
	struct exchange x = { .channel_fd = ROLE_CHANNEL_FD };
	struct error e = ERROR_NONE;
	char host[300];
	(void)n_fds;
	enum status status = read_open(&x, &e);
	if (status == OK)
		status = warm_up(&x, host, sizeof host, &e);
	if (status == OK)
		status = enter_locks(&x, &e);
	if (status == OK)
		status = serve(&x, &e);
	if (status != OK)
		tell(x.channel_fd, &e);
	if (x.secrets.at != NULL)
		OPENSSL_cleanse(x.secrets.at, x.secrets.capacity);
	/* Not the library's own end: it may wait for what no longer comes. */
	_exit(status == OK ? 0 : 1);
}

const struct role sender_roles[] = { { "sender", run } };
const size_t n_sender_roles = COUNT_OF(sender_roles);
