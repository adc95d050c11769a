/*
 * Starting and stopping the receiver, and its connections. What it answers stands in
 * receiver_answer.c.
 */
#include "tests/lib/receiver.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/lib/receiver_answer.h"
#include "tests/lib/test.h"

struct receiver {
	struct receiver_options options;
	struct receiver_shared *shared;
	int port;
	pid_t pid;
};

/* --- one connection --- */

bool wire_write(struct wire *w, const void *bytes, size_t n)
{
	const char *at = bytes;
	while (n > 0) {
		int step = n > 16384 ? 16384 : (int)n;
		ssize_t done = w->ssl != NULL ? SSL_write(w->ssl, at, step)
					      : send(w->fd, at, (size_t)step, MSG_NOSIGNAL);
		if (done <= 0)
			return false;
		at += done;
		n -= (size_t)done;
	}
	return true;
}

ssize_t wire_read(struct wire *w, void *room, size_t n)
{
	int most = n > 65536 ? 65536 : (int)n;
	return w->ssl != NULL ? SSL_read(w->ssl, room, most) : recv(w->fd, room, (size_t)most, 0);
}

static enum receiver_act next_act(struct receiver_shared *s)
{
	long i = atomic_fetch_add(&s->next_act, 1);
	return i < atomic_load(&s->n_acts) ? s->acts[i] : RECEIVER_GOOD;
}

/* An act that comes before the request is only taken where it is one. */
static bool takes_early_act(struct receiver_shared *s, enum receiver_act act)
{
	long i = atomic_load(&s->next_act);
	if (i >= atomic_load(&s->n_acts) || s->acts[i] != act)
		return false;
	atomic_fetch_add(&s->next_act, 1);
	return true;
}

/* What the other side still sends is read before the end, or the kernel would answer it with a
 * reset that overtakes our last words. */
static void close_politely(int fd)
{
	const struct timeval most = { 1, 0 };
	char room[4096];
	(void)shutdown(fd, SHUT_WR);
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &most, sizeof most);
	while (recv(fd, room, sizeof room, 0) > 0)
		continue;
	(void)close(fd);
}

struct accepted {
	struct receiver_server *server;
	int fd;
};

static void wait_for_ever(void)
{
	for (;;)
		(void)pause();
}

static void serve(struct receiver_server *server, struct wire *w)
{
	if (server->options.syslog) {
		receiver_take_frames(server, w);
		return;
	}
	while (receiver_take_request(server, w, next_act))
		continue;
}

static void *serve_connection(void *context)
{
	struct accepted a = *(struct accepted *)context;
	struct receiver_shared *s = a.server->shared;
	struct wire w = { .fd = a.fd };
	free(context);
	atomic_fetch_add(&s->n_connections, 1);
	if (takes_early_act(s, RECEIVER_STALL_TLS))
		wait_for_ever();
	bool close_at_once = takes_early_act(s, RECEIVER_CLOSE);
	if (!close_at_once && a.server->options.plain) {
		serve(a.server, &w);
	} else if (!close_at_once) {
		w.ssl = SSL_new(a.server->tls);
		if (w.ssl != NULL && SSL_set_fd(w.ssl, a.fd) == 1 && SSL_accept(w.ssl) == 1) {
			atomic_fetch_add(&s->n_handshakes, 1);
			serve(a.server, &w);
			(void)SSL_shutdown(w.ssl);
		}
		SSL_free(w.ssl);
	}
	close_politely(a.fd);
	return NULL;
}

/* --- the process --- */

static SSL_CTX *make_tls(const struct receiver_options *o)
{
	char path[4096];
	const char *name = o->certificate == NULL ? "server" : o->certificate;
	SSL_CTX *c = SSL_CTX_new(TLS_server_method());
	(void)snprintf(path, sizeof path, "%s/%s.pem", o->pki, name);
	if (c == NULL || SSL_CTX_use_certificate_chain_file(c, path) != 1)
		return NULL;
	(void)snprintf(path, sizeof path, "%s/%s.key", o->pki, name);
	if (SSL_CTX_use_PrivateKey_file(c, path, SSL_FILETYPE_PEM) != 1)
		return NULL;
	if (o->old_tls) {
		(void)SSL_CTX_set_cipher_list(c, "ALL:@SECLEVEL=0");
		(void)SSL_CTX_set_min_proto_version(c, TLS1_VERSION);
		(void)SSL_CTX_set_max_proto_version(c, TLS1_1_VERSION);
	}
	if (o->no_client_certificate)
		return c;
	(void)snprintf(path, sizeof path, "%s/ca.pem", o->pki);
	if (SSL_CTX_load_verify_locations(c, path, NULL) != 1)
		return NULL;
	SSL_CTX_set_verify(c, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	return c;
}

static _Noreturn void run_server(const struct receiver *r, int listen_fd)
{
	struct receiver_server server = { .options = r->options, .shared = r->shared };
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)pthread_mutex_init(&server.lock, NULL);
	server.tls = r->options.plain ? NULL : make_tls(&r->options);
	if ((server.tls == NULL && !r->options.plain) || !receiver_load(&server))
		_exit(1);
	for (;;) {
		pthread_t thread;
		struct accepted *a = malloc(sizeof *a);
		int fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC);
		if (fd < 0 || a == NULL) {
			free(a);
			continue;
		}
		*a = (struct accepted){ &server, fd };
		if (pthread_create(&thread, NULL, serve_connection, a) == 0)
			(void)pthread_detach(thread);
	}
}

static int listen_on(bool v6, int port)
{
	int on = 1;
	struct sockaddr_in6 six = { .sin6_family = AF_INET6,
		.sin6_addr = IN6ADDR_LOOPBACK_INIT,
		.sin6_port = htons((uint16_t)port) };
	struct sockaddr_in four = { .sin_family = AF_INET,
		.sin_addr = { htonl(INADDR_LOOPBACK) },
		.sin_port = htons((uint16_t)port) };
	const struct sockaddr *at = v6 ? (struct sockaddr *)&six : (struct sockaddr *)&four;
	socklen_t n = v6 ? sizeof six : sizeof four;
	int fd = socket(v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 && v6)
		test_skip("no IPv6 here");
	REQUIRE(fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0);
	if (bind(fd, at, n) != 0 && v6 && errno == EADDRNOTAVAIL)
		test_skip("no IPv6 here");
	REQUIRE(listen(fd, 64) == 0);
	return fd;
}

static int port_of(int fd)
{
	union {
		struct sockaddr any;
		struct sockaddr_in four;
		struct sockaddr_in6 six;
	} at;
	socklen_t n = sizeof at;
	REQUIRE(getsockname(fd, &at.any, &n) == 0);
	return ntohs(at.any.sa_family == AF_INET6 ? at.six.sin6_port : at.four.sin_port);
}

/* It listens before this returns, so that nobody has to wait for it. */
static void start(struct receiver *r)
{
	int fd = listen_on(r->options.v6_only, r->port);
	r->port = port_of(fd);
	r->pid = fork();
	REQUIRE(r->pid >= 0);
	if (r->pid == 0)
		run_server(r, fd);
	(void)close(fd);
}

struct receiver *receiver_start(const struct receiver_options *o)
{
	struct receiver *r = calloc(1, sizeof *r);
	REQUIRE(r != NULL);
	r->options = *o;
	r->port = o->port;
	r->shared = mmap(
		NULL, sizeof *r->shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	REQUIRE(r->shared != MAP_FAILED);
	start(r);
	return r;
}

int receiver_port(const struct receiver *r)
{
	return r->port;
}

pid_t receiver_pid(const struct receiver *r)
{
	return r->pid;
}

void receiver_will(struct receiver *r, const enum receiver_act *acts, size_t n)
{
	REQUIRE(n <= RECEIVER_ACTS_MAX);
	atomic_store(&r->shared->n_acts, 0);
	memcpy(r->shared->acts, acts, n * sizeof *acts);
	atomic_store(&r->shared->next_act, 0);
	atomic_store(&r->shared->n_acts, (long)n);
}

const struct receiver_seen *receiver_saw(const struct receiver *r)
{
	struct receiver_seen *seen = &r->shared->seen;
	seen->n_connections = atomic_load(&r->shared->n_connections);
	seen->n_handshakes = atomic_load(&r->shared->n_handshakes);
	seen->n_requests = atomic_load(&r->shared->n_requests);
	seen->n_acknowledged = atomic_load(&r->shared->n_acknowledged);
	return seen;
}

void receiver_kill(struct receiver *r)
{
	if (r->pid <= 0)
		return;
	(void)kill(r->pid, SIGKILL);
	while (waitpid(r->pid, NULL, 0) < 0 && errno == EINTR)
		continue;
	r->pid = -1;
}

void receiver_restart(struct receiver *r)
{
	receiver_kill(r);
	start(r);
}

void receiver_free(struct receiver *r)
{
	if (r == NULL)
		return;
	receiver_kill(r);
	(void)munmap(r->shared, sizeof *r->shared);
	free(r);
}
