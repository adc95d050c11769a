/*
 * What the receiver reads and answers.
 */
#include "tests/lib/receiver_answer.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/digest.h"

#define ACK_LINE_MAX (RECEIPT_BYTES_MAX + 256)

/* --- what it wrote down --- */

static bool remember(struct receiver_server *s, const char *id, const char *sha256,
	const char *receipt, size_t n_receipt)
{
	struct receiver_ack *more = reallocarray(s->acks, s->n_acks + 1, sizeof *more);
	if (more == NULL)
		return false;
	s->acks = more;
	struct receiver_ack *a = &more[s->n_acks++];
	(void)snprintf(a->id.text, sizeof a->id.text, "%.*s", ID_TEXT_LEN, id);
	(void)snprintf(a->sha256, sizeof a->sha256, "%.*s", SHA256_TEXT_MAX - 1, sha256);
	a->receipt = strndup(receipt, n_receipt);
	return a->receipt != NULL;
}

/* A line that a kill cut has no end: nobody was told of it. It is cut off, so that the next one
 * does not grow onto it. */
static bool load_acks(struct receiver_server *s)
{
	static char line[ACK_LINE_MAX];
	off_t good = 0;
	FILE *f = fdopen(fcntl(s->log_fd, F_DUPFD_CLOEXEC, 3), "r");
	if (f == NULL)
		return false;
	while (fgets(line, sizeof line, f) != NULL) {
		size_t n = strlen(line);
		if (line[n - 1] != '\n')
			break;
		good += (off_t)n;
		line[n - 1] = '\0';
		struct view rest = view_of(line);
		struct view id = view_cut(&rest, ' ');
		struct view sha256 = view_cut(&rest, ' ');
		char id_text[64];
		char sha256_text[128];
		(void)snprintf(id_text, sizeof id_text, "%.*s", VIEW_ARGS(id));
		(void)snprintf(sha256_text, sizeof sha256_text, "%.*s", VIEW_ARGS(sha256));
		if (!remember(s, id_text, sha256_text, rest.at, rest.len))
			return false;
	}
	(void)fclose(f);
	return ftruncate(s->log_fd, good) == 0;
}

bool receiver_load(struct receiver_server *s)
{
	char path[4096];
	(void)snprintf(path, sizeof path, "%s/acks.log", s->options.folder);
	s->log_fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (s->log_fd < 0 || !load_acks(s))
		return false;
	(void)snprintf(path, sizeof path, "%s/receipt.key", s->options.pki);
	if (key_read(path, &s->key, NULL) != OK)
		return false;
	(void)snprintf(path, sizeof path, "%s/wrong.key", s->options.pki);
	return key_read(path, &s->wrong_key, NULL) == OK;
}

static const struct receiver_ack *find_ack(const struct receiver_server *s, const char *id)
{
	for (size_t i = s->n_acks; i > 0; i--)
		if (strcmp(s->acks[i - 1].id.text, id) == 0)
			return &s->acks[i - 1];
	return NULL;
}

/* --- a request --- */

struct request {
	char head[RECEIVER_TEXT_MAX];
	char id[ID_TEXT_LEN + 16]; /* Idempotency-Key */
	size_t n_body;
	char *body;
};

/* Up to the empty line, byte by byte: nothing of the body is taken with it. */
static bool read_head(struct wire *w, struct request *r)
{
	size_t n = 0;
	while (n + 1 < sizeof r->head) {
		if (wire_read(w, r->head + n, 1) != 1)
			return false;
		r->head[++n] = '\0';
		if (n >= 4 && memcmp(r->head + n - 4, "\r\n\r\n", 4) == 0)
			return true;
	}
	return false;
}

static void find_header(const char *head, const char *name, char *out, size_t size)
{
	size_t n = strlen(name);
	out[0] = '\0';
	for (const char *at = strstr(head, "\r\n"); at != NULL; at = strstr(at + 2, "\r\n")) {
		if (strncasecmp(at + 2, name, n) != 0 || at[2 + n] != ':')
			continue;
		const char *value = at + 2 + n + 1 + strspn(at + 2 + n + 1, " ");
		(void)snprintf(out, size, "%.*s", (int)strcspn(value, "\r"), value);
		return;
	}
}

static bool read_request(struct receiver_server *s, struct wire *w, struct request *r)
{
	char length[32];
	if (!read_head(w, r))
		return false;
	find_header(r->head, "Idempotency-Key", r->id, sizeof r->id);
	find_header(r->head, "Content-Length", length, sizeof length);
	r->n_body = strtoul(length, NULL, 10);
	if (r->n_body > OUTBOX_BYTES_MAX)
		return false;
	r->body = malloc(r->n_body + 1);
	for (size_t n = 0; r->body != NULL && n < r->n_body;) {
		ssize_t got = wire_read(w, r->body + n, r->n_body - n);
		if (got <= 0)
			return false;
		n += (size_t)got;
	}
	(void)pthread_mutex_lock(&s->lock); /* several connections may bring one at once */
	memcpy(s->shared->seen.head, r->head, sizeof r->head);
	s->shared->seen.n_body = r->n_body;
	(void)pthread_mutex_unlock(&s->lock);
	atomic_fetch_add(&s->shared->n_requests, 1);
	return r->body != NULL;
}

/* --- answers --- */

static void build(
	struct buf *out, const char *status, const char *type, const char *more, struct view body)
{
	buf_addf(out, "HTTP/1.1 %s\r\nContent-Type: %s\r\n%sContent-Length: %zu\r\n\r\n", status,
		type, more, body.len);
	buf_add(out, body);
}

static bool send_answer(
	struct wire *w, const char *status, const char *type, const char *more, struct view body)
{
	AUTO_BUF struct buf out = { .ceiling = MIB };
	build(&out, status, type, more, body);
	return wire_write(w, out.at, out.len);
}

static bool write_text(struct wire *w, const char *text)
{
	return wire_write(w, text, strlen(text));
}

static bool send_problem(struct wire *w, const char *status, const char *more, const char *body)
{
	return send_answer(
		w, status, "application/problem+json; charset=utf-8", more, view_of(body));
}

static void trickle(struct wire *w)
{
	bool good = write_text(w, "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
	while (good) {
		good = write_text(w, "x");
		clock_sleep_ns(NS_PER_S);
	}
}

static bool flood(struct wire *w, bool headers)
{
	static const char line[] =
		"X-Filler: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\n";
	static const char start[] = "HTTP/1.1 200 OK\r\n";
	bool good = wire_write(w, start, sizeof start - 1);
	if (good && !headers)
		good = wire_write(w, "\r\n", 2);
	while (good)
		good = wire_write(w, line, sizeof line - 1);
	return false;
}

static _Noreturn void stall(void)
{
	for (;;)
		(void)pause();
}

/* The acts that store nothing. True: *out_keep says whether the connection goes on. */
static bool answer_unstored(struct wire *w, enum receiver_act act, bool *out_keep)
{
	static const char page[] = "<html>Please log in</html>";
	static const char problem[] = "{\"type\":\"about:blank\",\"title\":\"Not a member\","
				      "\"detail\":\"this company is not enrolled\",\"status\":400}";
	*out_keep = false;
	switch ((int)act) {
	case RECEIVER_STALL:
		stall();
	case RECEIVER_CUT:
		(void)write_text(w, "HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\n{\"pay");
		return true;
	case RECEIVER_SILENT_CLOSE:
		return true;
	case RECEIVER_NOT_HTTP:
		(void)write_text(w, "220 mail.example.org ESMTP\r\n");
		return true;
	case RECEIVER_TRICKLE:
		trickle(w);
		return true;
	case RECEIVER_HUGE:
	case RECEIVER_HUGE_HEADERS:
		(void)flood(w, act == RECEIVER_HUGE_HEADERS);
		return true;
	case RECEIVER_302:
		*out_keep = send_answer(w, "302 Found", "text/html",
			"Location: https://localhost:1/elsewhere\r\n", VIEW(""));
		return true;
	case RECEIVER_400_PROBLEM:
		*out_keep = send_problem(w, "400 Bad Request", "", problem);
		return true;
	case RECEIVER_400_PLAIN:
		*out_keep = send_answer(w, "400 Bad Request", "text/plain", "", VIEW("no"));
		return true;
	case RECEIVER_403_HOSTILE:
		*out_keep = send_problem(w, "403 Forbidden", "",
			"{\"title\":\"\\u001b[2J\\u009b1m\\u202egone\\n\\u0007\","
			"\"detail\":[\"a list\"]}");
		return true;
	case RECEIVER_404_PAGE:
		*out_keep = send_answer(w, "404 Not Found", "text/html", "", view_of(page));
		return true;
	case RECEIVER_409_EMPTY:
		*out_keep = send_problem(w, "409 Conflict", "", "{\"title\":\"Busy\"}");
		return true;
	case RECEIVER_410:
		*out_keep = send_answer(w, "410 Gone", "text/plain", "", VIEW(""));
		return true;
	case RECEIVER_422:
		*out_keep = send_problem(
			w, "422 Unprocessable Content", "", "{\"title\":\"Same id, other body\"}");
		return true;
	case RECEIVER_429:
		*out_keep = send_problem(w, "429 Too Many Requests", "Retry-After: 100000\r\n",
			"{\"title\":\"Slow down\"}");
		return true;
	case RECEIVER_500:
		*out_keep = send_problem(
			w, "500 Internal Server Error", "", "{\"title\":\"Disk full\"}");
		return true;
	case RECEIVER_503_RETRY:
		*out_keep = send_answer(
			w, "503 Service Unavailable", "text/plain", "Retry-After: 7\r\n", VIEW(""));
		return true;
	case RECEIVER_204:
		*out_keep = write_text(w, "HTTP/1.1 204 No Content\r\n\r\n");
		return true;
	default:
		return false;
	}
}

static bool make_receipt(
	struct receiver_server *s, const struct request *r, enum receiver_act act, struct buf *out)
{
	struct id id;
	struct id other = id_new(1);
	if (!id_parse(view_of(r->id), &id))
		return false;
	struct view bytes = { r->body, r->n_body };
	const struct receipt_statement what = {
		.of = { act == RECEIVER_OTHER_ENVELOPE ? &other : &id,
			act == RECEIVER_OTHER_HASH ? VIEW("{}") : bytes },
		.received_ns = clock_wall_ns(NULL),
		.server = "receiver.test",
	};
	return receipt_sign(&what, act == RECEIVER_WRONG_KEY ? s->wrong_key : s->key, out, NULL) ==
	       OK;
}

/* Under the lock. First to disk, then to the sender. */
static bool acknowledge(struct receiver_server *s, const struct request *r, const char *sha256,
	const struct buf *receipt)
{
	AUTO_BUF struct buf line = { .ceiling = ACK_LINE_MAX };
	buf_addf(&line, "%s %s %s\n", r->id, sha256, buf_text(receipt));
	if (line.failed || write(s->log_fd, line.at, line.len) != (ssize_t)line.len ||
		(!s->options.no_sync && fdatasync(s->log_fd) != 0))
		return false;
	atomic_fetch_add(&s->shared->n_acknowledged, 1);
	return remember(s, r->id, sha256, receipt->at, receipt->len);
}

/* Fills `out` with the whole answer. */
static bool decide(
	struct receiver_server *s, const struct request *r, enum receiver_act act, struct buf *out)
{
	static const char type[] = "application/vnd.dsse.envelope.v1+json";
	char sha256[DIGEST_HEX_LEN + 1];
	struct digest d = digest_of(r->body, r->n_body);
	AUTO_BUF struct buf receipt = { .ceiling = RECEIPT_BYTES_MAX };
	const struct receiver_ack *known = find_ack(s, r->id);
	(void)digest_hex(&d, sha256);
	if (known != NULL && strcmp(known->sha256, sha256) != 0) {
		build(out, "422 Unprocessable Content", "application/problem+json", "",
			VIEW("{\"title\":\"Same id, other body\"}"));
		return !out->failed;
	}
	if (known != NULL) {
		build(out, "409 Conflict", type, "", view_of(known->receipt));
		return !out->failed;
	}
	if (!make_receipt(s, r, act, &receipt))
		return false;
	/* A receipt that cannot count acknowledges nothing. */
	if (act < RECEIVER_WRONG_KEY && !acknowledge(s, r, sha256, &receipt))
		return false;
	build(out, "200 OK", type, "", buf_view(&receipt));
	return !out->failed;
}

static bool send_stored(struct wire *w, enum receiver_act act, const struct buf *answer)
{
	static const char interim[] = "HTTP/1.1 103 Early Hints\r\nContent-Type: text/html\r\n"
				      "Retry-After: 9\r\n\r\n";
	char c = 0;
	switch ((int)act) {
	case RECEIVER_STORED_CUT:
		return false;
	case RECEIVER_STORED_HALF:
		(void)wire_write(w, answer->at, answer->len / 2);
		return false;
	case RECEIVER_STORED_LATE:
		while (wire_read(w, &c, 1) > 0)
			continue;
		return wire_write(w, answer->at, answer->len);
	case RECEIVER_STORED_TWICE:
		return wire_write(w, answer->at, answer->len) &&
		       wire_write(w, answer->at, answer->len);
	case RECEIVER_STORED_INTERIM:
		return wire_write(w, interim, sizeof interim - 1) &&
		       wire_write(w, answer->at, answer->len);
	default:
		return wire_write(w, answer->at, answer->len);
	}
}

static bool answer(
	struct receiver_server *s, struct wire *w, const struct request *r, enum receiver_act act)
{
	AUTO_BUF struct buf out = { .ceiling = MIB };
	bool keep = false;
	if (answer_unstored(w, act, &keep))
		return keep;
	if (s->options.webhook)
		return send_answer(w, "200 OK", "text/plain", "", VIEW("ok"));
	(void)pthread_mutex_lock(&s->lock);
	bool good = decide(s, r, act, &out);
	(void)pthread_mutex_unlock(&s->lock);
	return good ? send_stored(w, act, &out)
		    : send_answer(w, "500 Internal Server Error", "text/plain", "", VIEW(""));
}

bool receiver_take_request(struct receiver_server *s, struct wire *w,
	enum receiver_act (*next_act)(struct receiver_shared *))
{
	struct request *r = calloc(1, sizeof *r);
	bool keep = r != NULL && read_request(s, w, r) && answer(s, w, r, next_act(s->shared));
	if (r != NULL)
		free(r->body);
	free(r);
	return keep;
}

/* --- syslog --- */

static bool read_frame(struct wire *w, struct buf *out)
{
	size_t n = 0;
	char c = 0;
	while (wire_read(w, &c, 1) == 1 && c >= '0' && c <= '9' && n < 1000000)
		n = n * 10 + (size_t)(c - '0');
	if (c != ' ' || n == 0)
		return false;
	for (; n > 0; n--) {
		if (wire_read(w, &c, 1) != 1)
			return false;
		buf_add_char(out, c);
	}
	return !out->failed;
}

void receiver_take_frames(struct receiver_server *s, struct wire *w)
{
	char path[4096];
	(void)snprintf(path, sizeof path, "%s/syslog.log", s->options.folder);
	for (;;) {
		AUTO_BUF struct buf frame = { .ceiling = MIB };
		if (!read_frame(w, &frame))
			return;
		buf_add_char(&frame, '\n');
		AUTO_FD int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
		if (fd < 0 || write(fd, frame.at, frame.len) != (ssize_t)frame.len)
			return;
		atomic_fetch_add(&s->shared->n_requests, 1);
	}
}
