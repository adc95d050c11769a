/*
 * Packets between our own processes over a SEQPACKET socket: eight bytes of header, then the body.
 * read, writev, poll and the signal mask are all it needs, so a confined role can use it.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fault.h"
#include "sys/role.h"

enum { PACKET_VERSION = 1, HEADER_BYTES = 8, SEND_LIMIT_MS = 10 * 1000 };

static void put_header(unsigned char out[HEADER_BYTES], uint16_t type, size_t n_body)
{
	out[0] = PACKET_VERSION;
	out[1] = 0;
	out[2] = (unsigned char)(type & 0xff);
	out[3] = (unsigned char)(type >> 8);
	for (size_t i = 0; i < 4; i++)
		out[4 + i] = (unsigned char)(n_body >> (8 * i) & 0xff);
}

/* As writev(2), but a gone reader is an answer (EPIPE) and never a signal to the whole program. */
static ssize_t write_quietly(int fd, const struct iovec *pieces, int n_pieces)
{
	sigset_t pipe_signal;
	sigset_t before;
	sigset_t pending;
	(void)sigemptyset(&pipe_signal);
	(void)sigaddset(&pipe_signal, SIGPIPE);
	bool was_pending = sigpending(&pending) == 0 && sigismember(&pending, SIGPIPE) == 1;
	(void)pthread_sigmask(SIG_BLOCK, &pipe_signal, &before);
	ssize_t n = writev(fd, pieces, n_pieces);
	int errno_value = errno;
	if (n < 0 && errno_value == EPIPE && !was_pending) {
		struct timespec at_once = { 0, 0 };
		(void)sigtimedwait(&pipe_signal, NULL, &at_once);
	}
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	errno = errno_value;
	return n;
}

/* True where the descriptor got ready; false at the deadline. deadline -1: none. */
static bool wait_ready(int fd, short events, int64_t deadline_ns)
{
	for (;;) {
		int timeout_ms = -1;
		if (deadline_ns >= 0) {
			int64_t left = deadline_ns - clock_boot_ns(NULL);
			timeout_ms = left <= 0 ? 0 : (int)((left + NS_PER_MS - 1) / NS_PER_MS);
		}
		struct pollfd p = { .fd = fd, .events = events };
		int n = poll(&p, 1, timeout_ms);
		if (n > 0)
			return true;
		if (n == 0 && timeout_ms >= 0 &&
			(timeout_ms == 0 || clock_boot_ns(NULL) >= deadline_ns))
			return false;
		if (n < 0 && errno != EINTR)
			return true; /* the read or write that follows will tell */
	}
}

enum status packet_send(int fd, uint16_t type, struct view body, struct error *e)
{
	if (body.len > PACKET_BYTES_MAX)
		return error_set(e, E_TOO_BIG, "a packet of %zu bytes", body.len);
	unsigned char header[HEADER_BYTES];
	put_header(header, type, body.len);
	union {
		const void *in;
		void *out;
	} body_at = { body.at }; /* writev(2) only reads */
	struct iovec pieces[2] = {
		{ header, HEADER_BYTES },
		{ body_at.out, body.len },
	};
	int64_t deadline_ns = clock_boot_ns(NULL) + SEND_LIMIT_MS * NS_PER_MS;
	for (;;) {
		ssize_t n = FAULT("packet_send") ? (errno = EPIPE, -1)
						 : write_quietly(fd, pieces, body.len == 0 ? 1 : 2);
		if (n >= 0 && (size_t)n == HEADER_BYTES + body.len)
			return OK;
		if (n >= 0)
			return error_set(e, E_FAILED, "a packet was cut while it was sent");
		if (errno == EPIPE || errno == ECONNRESET || errno == ENOTCONN)
			return error_set(e, E_ABSENT, "the other process is gone");
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN && errno != ENOBUFS)
			return error_sys(e, E_FAILED, errno, "send a packet");
		if (!wait_ready(fd, POLLOUT, deadline_ns))
			return error_set(e, E_FAILED,
				"the other process did not take a packet within %d s",
				SEND_LIMIT_MS / 1000);
	}
}

static enum status check_header(struct packet *p, struct error *e)
{
	const unsigned char *h = p->bytes;
	if (p->n_bytes < HEADER_BYTES || h[0] != PACKET_VERSION || h[1] != 0)
		return error_set(e, E_INVALID, "a packet of another version");
	uint64_t n_body = 0;
	for (size_t i = 0; i < 4; i++)
		n_body |= (uint64_t)h[4 + i] << (8 * i);
	if (n_body != p->n_bytes - HEADER_BYTES)
		return error_set(e, E_INVALID, "a packet of another size than it says");
	p->type = (uint16_t)(h[2] | h[3] << 8);
	p->body = (struct view){ (const char *)p->bytes + HEADER_BYTES, (size_t)n_body };
	return OK;
}

enum status packet_receive(
	int fd, int timeout_ms, struct packet *out, bool *out_got, struct error *e)
{
	int64_t deadline_ns = timeout_ms < 0 ? -1 : clock_boot_ns(NULL) + timeout_ms * NS_PER_MS;
	bool was_reset = false;
	for (;;) {
		*out_got = false;
		if (!wait_ready(fd, POLLIN, deadline_ns))
			return OK;
		ssize_t n = read(fd, out->bytes, sizeof out->bytes);
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		/* An end closed with something unread is told first, before what it had sent
		 * itself: its last words are still in the queue, and the closed end comes after
		 * them. */
		if (n < 0 && errno == ECONNRESET && !was_reset) {
			was_reset = true;
			continue;
		}
		if (n == 0 || (n < 0 && errno == ECONNRESET) || FAULT("packet_receive"))
			return error_set(e, E_ABSENT, "the other process is gone");
		if (n < 0)
			return error_sys(e, E_FAILED, errno, "receive a packet");
		out->n_bytes = (size_t)n;
		TRY(check_header(out, e));
		*out_got = true;
		return OK;
	}
}
