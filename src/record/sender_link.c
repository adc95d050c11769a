/*
 * Starting the role, handing over, and waiting for what it says: never longer than the limit,
 * whatever the process does.
 */
#include "record/sender_link.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/i18n.h"
#include "base/random.h"
#include "record/internal.h"
#include "sys/confine.h"
#include "sys/role.h"

enum { START_MS = 15 * 1000, SLICE_MS = 100, GRACE_MS = 1500 };

struct sender_link {
	struct role_process process;
	bool has_certificate;
	struct packet packet;
};

void sender_link_close(struct sender_link *l)
{
	if (l == NULL)
		return;
	role_end(&l->process);
	free(l);
}

/* --- what is handed over --- */

/* Where distributions keep the list of authorities that a browser would trust. */
static enum status read_system_authorities(struct buf *out, struct error *e)
{
	static const char *const paths[] = { "/etc/ssl/certs/ca-certificates.crt",
		"/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem" };
	for (size_t i = 0; i < COUNT_OF(paths); i++) {
		enum status status =
			guarded_read(paths[i], GUARD_TRUSTED, CERTIFICATES_BYTES_MAX, out, e);
		if (status != E_ABSENT)
			return status;
	}
	return error_set(e, E_ABSENT,
		"this system has no list of authorities; name one as 'ca' in routes.yaml");
}

struct files {
	struct buf ca, certificate, key;
};

static void files_done(struct files *f)
{
	buf_done(&f->ca);
	buf_done(&f->certificate);
	buf_wipe(&f->key);
}

static enum status read_files(const struct way *w, struct files *f, struct error *e)
{
	if (w->kind == WAY_SYSLOG_TCP)
		return OK;
	TRY(w->ca != NULL ? certificate_read(w->ca, &f->ca, e)
			  : read_system_authorities(&f->ca, e));
	if (w->certificate != NULL) {
		TRY(certificate_read(w->certificate, &f->certificate, e));
		TRY(private_key_read(w->key, &f->key, e));
	}
	return OK;
}

static enum status hand_over(
	int fd, const struct way *w, const char *path, const struct files *f, struct error *e)
{
	AUTO_BUF struct buf head = { .ceiling = 8 * KIB };
	uint64_t seed = 0;
	uid_t uid = 0;
	gid_t gid = 0;
	random_bytes(&seed, sizeof seed);
	TRY(confine_pick_uid(seed, &uid, &gid, e));
	const struct sender_open m = { (uint8_t)w->kind, view_of(w->host), w->port, view_of(path),
		view_of(w->proxy_host), w->proxy_port, uid, gid, (uint32_t)f->ca.len,
		(uint32_t)f->certificate.len, (uint32_t)f->key.len };
	sender_open_write(&head, &m);
	TRY(buf_check(&head, "request", e));
	TRY(packet_send(fd, SENDER_OPEN, buf_view(&head), e));
	TRY(sender_give(fd, buf_view(&f->ca), e));
	TRY(sender_give(fd, buf_view(&f->certificate), e));
	return sender_give(fd, buf_view(&f->key), e);
}

/* Words of the process in English: whatever else stands there is no word of ours. It may be under
 * somebody else's command. */
static const char *clean(struct view v, char out[SENDER_DETAIL_MAX])
{
	size_t n = 0;
	for (size_t i = 0; i < v.len && n < SENDER_DETAIL_MAX - 1; i++)
		out[n++] = v.at[i] >= ' ' && v.at[i] < 0x7f ? v.at[i] : '?';
	out[n] = '\0';
	return out;
}

static enum status take_fault(struct view body, struct error *e)
{
	struct unpack u;
	struct sender_fault m = { .status = 0 };
	unpack_init(&u, body);
	if (!sender_fault_read(&u, &m) || !pack_end(&u) || m.status == OK ||
		m.status > E_INTERRUPTED)
		return error_set(e, E_FAILED, "the sender's words make no sense");
	char text[SENDER_DETAIL_MAX];
	return error_set(e, (enum status)m.status, "the process that speaks to the network: %s",
		i18n_text(clean(m.sentence, text)));
}

static enum status wait_ready(struct sender_link *l, struct error *e)
{
	struct unpack u;
	struct sender_ready m = { .own_uid = 0 };
	bool got = false;
	TRY(packet_receive(l->process.channel_fd, START_MS, &l->packet, &got, e));
	if (!got)
		return error_set(e, E_FAILED, "the process that speaks to the network is silent");
	if (l->packet.type == SENDER_FAULT)
		return take_fault(l->packet.body, e);
	unpack_init(&u, l->packet.body);
	if (l->packet.type != SENDER_READY || !sender_ready_read(&u, &m) || !pack_end(&u))
		return error_set(e, E_FAILED, "the sender's words make no sense");
	return OK;
}

enum status sender_link_open(
	const struct way *w, const char *path, struct sender_link **out, struct error *e)
{
	__attribute__((cleanup(files_done))) struct files f = { .ca = { .ceiling = 0 } };
	TRY(read_files(w, &f, e));
	AUTO(sender_link_close)
	struct sender_link *l = FAULT("sender_link") ? NULL : calloc(1, sizeof *l);
	if (l == NULL)
		return error_sys(e, E_NO_SPACE, ENOMEM, "start the process '%s'", "sender");
	l->process = ROLE_PROCESS_NONE;
	l->has_certificate = w->certificate != NULL || w->kind == WAY_SYSLOG_TCP;
	const struct role_start start = { .role = "sender", .process_name = "tocsin-sender" };
	TRY(role_spawn(&start, &l->process, e));
	TRY(hand_over(l->process.channel_fd, w, path, &f, e));
	TRY(wait_ready(l, e));
	*out = TAKE(l);
	return OK;
}

/* --- a post --- */

static uint32_t ms_of(int64_t ns, int64_t most_ns)
{
	if (ns > most_ns)
		ns = most_ns;
	return ns < NS_PER_MS ? 1 : (uint32_t)(ns / NS_PER_MS);
}

static enum status give_request(
	struct sender_link *l, const struct sender_request *r, struct error *e)
{
	AUTO_BUF struct buf head = { .ceiling = SENDER_HEADERS_MAX + KIB };
	const struct sender_post m = { r->headers, (uint32_t)r->body.len,
		ms_of(r->limit_ns, SENDER_CONNECT_NS), ms_of(r->limit_ns, SENDER_FIRST_BYTE_NS),
		ms_of(r->limit_ns, SENDER_WHOLE_NS) };
	sender_post_write(&head, &m);
	TRY(buf_check(&head, "headers", e));
	TRY(packet_send(l->process.channel_fd, SENDER_POST, buf_view(&head), e));
	return sender_give(l->process.channel_fd, r->body, e);
}

static const char *keep(struct pool *p, struct view v, bool *failed)
{
	const char *text = pool_text(p, v);
	*failed = *failed || text == NULL;
	return text == NULL ? "" : text;
}

static enum status take_answer(
	struct sender_link *l, struct pool *p, struct sender_reply *out, struct error *e)
{
	struct unpack u;
	struct sender_answer m = { .end = 0 };
	bool failed = false;
	AUTO_BUF struct buf body = { .ceiling = RECEIPT_BYTES_MAX };
	unpack_init(&u, l->packet.body);
	if (!sender_answer_read(&u, &m) || !pack_end(&u) || m.end >= SENT_ENDED ||
		m.stage > STAGE_ANSWER || m.n_body > RECEIPT_BYTES_MAX || m.http_status > 999)
		return error_set(e, E_INVALID, "the sender's words make no sense");
	struct sender_reply r = { .end = (enum sent_end)m.end,
		.stage = (enum sent_stage)m.stage,
		.http_status = (int)m.http_status,
		.verify = m.verify,
		.can_serve_again = m.end == SENT_ANSWERED };
	char detail[SENDER_DETAIL_MAX];
	r.detail = keep(p, view_of(clean(m.detail, detail)), &failed);
	r.content_type = keep(p, m.content_type, &failed);
	r.retry_after = keep(p, m.retry_after, &failed);
	TRY(sender_take(l->process.channel_fd, m.n_body, GRACE_MS, &body, e));
	r.body = (struct view){ keep(p, buf_view(&body), &failed), body.len };
	if (failed)
		return error_sys(e, E_NO_SPACE, ENOMEM, "read an answer");
	*out = r;
	return OK;
}

static enum sent_stage stage_of(struct view body, enum sent_stage before)
{
	struct unpack u;
	struct sender_stage m = { .stage = 0 };
	unpack_init(&u, body);
	return sender_stage_read(&u, &m) && pack_end(&u) && m.stage <= STAGE_ANSWER
		       ? (enum sent_stage)m.stage
		       : before;
}

static const struct sender_reply no_reply = { .detail = "", .content_type = "", .retry_after = "" };

/* Waits in slices, so that a signal that wants us to stop is seen. */
static enum status wait_answer(struct sender_link *l, const struct sender_request *r,
	struct pool *p, struct sender_reply *out, struct error *e)
{
	int64_t deadline_ns = clock_boot_ns(NULL) + r->limit_ns + GRACE_MS * NS_PER_MS;
	enum sent_stage stage = STAGE_START;
	for (;;) {
		bool got = false;
		if (r->stop != NULL && *r->stop)
			return error_set(e, E_INTERRUPTED, "interrupted while sending");
		TRY(packet_receive(l->process.channel_fd, SLICE_MS, &l->packet, &got, e));
		if (got && l->packet.type == SENDER_ANSWER)
			return take_answer(l, p, out, e);
		if (got && l->packet.type == SENDER_FAULT)
			return take_fault(l->packet.body, e);
		if (got && l->packet.type == SENDER_STAGE)
			stage = stage_of(l->packet.body, stage);
		else if (got)
			return error_set(e, E_INVALID, "the sender's words make no sense");
		if (clock_boot_ns(NULL) < deadline_ns)
			continue;
		*out = no_reply;
		out->end = SENT_SLOW;
		out->stage = stage;
		return OK;
	}
}

enum status sender_link_post(struct sender_link *l, const struct sender_request *r, struct pool *p,
	struct sender_reply *out, struct error *e)
{
	struct error why = ERROR_NONE;
	enum status status = give_request(l, r, &why);
	if (status == OK)
		status = wait_answer(l, r, p, out, &why);
	if (status == OK)
		out->has_certificate = l->has_certificate;
	if (status == OK || status == E_INTERRUPTED || status == E_NO_SPACE) {
		if (e != NULL)
			*e = why;
		return status;
	}
	/* A process that ended or talks nonsense is a try that failed, like any other. */
	*out = no_reply;
	out->end = SENT_ENDED;
	out->detail = pool_text(p, view_of(why.text));
	return out->detail == NULL ? error_sys(e, E_NO_SPACE, ENOMEM, "read an answer") : OK;
}
