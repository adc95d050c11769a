/*
 * A server for tests, over real TLS, in a process of its own: it takes envelopes as
 * docs/delivery.md has it, writes down durably what it acknowledges before it does, and can
 * misbehave in every way that a test asks for.
 *
 * acks.log in its folder: one line for each id that was acknowledged: "<id> <sha256> <receipt>".
 */
#ifndef TESTS_LIB_RECEIVER_H
#define TESTS_LIB_RECEIVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum receiver_act {
	RECEIVER_GOOD, /* 200 with a receipt; 409 with the same one, or 422, for an id it knows */
	/* before the request is read */
	RECEIVER_STALL_TLS, /* takes the connection and says nothing */
	RECEIVER_CLOSE,	    /* closes at once */
	/* after the request is read, before anything is stored */
	RECEIVER_STALL,
	RECEIVER_CUT, /* half of an answer, then the end */
	RECEIVER_SILENT_CLOSE,
	RECEIVER_NOT_HTTP,
	RECEIVER_TRICKLE, /* a byte a second */
	RECEIVER_HUGE,	  /* an answer without end */
	RECEIVER_HUGE_HEADERS,
	RECEIVER_302,
	RECEIVER_400_PROBLEM,
	RECEIVER_400_PLAIN,
	RECEIVER_403_HOSTILE, /* problem details full of control characters */
	RECEIVER_404_PAGE,
	RECEIVER_409_EMPTY,
	RECEIVER_410,
	RECEIVER_422,
	RECEIVER_429,
	RECEIVER_500,
	RECEIVER_503_RETRY, /* Retry-After: 7 */
	RECEIVER_204,
	/* after it is stored */
	RECEIVER_STORED_CUT,	 /* closes without an answer */
	RECEIVER_STORED_HALF,	 /* half of the answer */
	RECEIVER_STORED_LATE,	 /* when the client has given up */
	RECEIVER_STORED_TWICE,	 /* the answer two times over */
	RECEIVER_STORED_INTERIM, /* a 103 before it */
	RECEIVER_WRONG_KEY,
	RECEIVER_OTHER_HASH,
	RECEIVER_OTHER_ENVELOPE,
	RECEIVER_ACTS
};

enum { RECEIVER_ACTS_MAX = 64, RECEIVER_TEXT_MAX = 4096 };

struct receiver_options {
	const char *pki;	 /* folder of pki_make */
	const char *folder;	 /* for acks.log; exists */
	const char *certificate; /* "server", "expired", "elsewhere", "strange"; NULL: "server" */
	bool no_client_certificate; /* do not ask for one */
	bool old_tls;		    /* 1.1 and before */
	bool plain;		    /* no TLS at all: syslog over TCP */
	bool syslog;		    /* frames into syslog.log instead of HTTP */
	bool webhook;		    /* 200 without a receipt for any POST */
	bool v6_only;		    /* on ::1 alone; else on 127.0.0.1 alone */
	bool no_sync;		    /* acks.log survives a kill, but not a power cut */
	int port;		    /* 0: any */
};

/* What the tests may read at any time. */
struct receiver_seen {
	long n_connections, n_handshakes, n_requests, n_acknowledged;
	char head[RECEIVER_TEXT_MAX]; /* of the last request: line and headers */
	size_t n_body;
};

struct receiver;
struct receiver *receiver_start(const struct receiver_options *o);
int receiver_port(const struct receiver *r);
pid_t receiver_pid(const struct receiver *r);
/* The next requests are answered so, one after the other; those behind them well. */
void receiver_will(struct receiver *r, const enum receiver_act *acts, size_t n);
#define RECEIVER_WILL(r, ...)                                                                      \
	receiver_will((r), (const enum receiver_act[]){ __VA_ARGS__ },                             \
		sizeof((const enum receiver_act[]){ __VA_ARGS__ }) / sizeof(enum receiver_act))
const struct receiver_seen *receiver_saw(const struct receiver *r);
/* Kills it (SIGKILL) and waits; the port is free again. The handle stays good for restart and free.
 */
void receiver_kill(struct receiver *r);
void receiver_restart(struct receiver *r); /* on the same port, with what acks.log holds */
void receiver_free(struct receiver *r);

#endif
