/*
 * The inside of the receiver; only its own two files include this.
 */
#ifndef TESTS_LIB_RECEIVER_ANSWER_H
#define TESTS_LIB_RECEIVER_ANSWER_H

#include <openssl/ssl.h>
#include <pthread.h>
#include <stdatomic.h>

#include "record/record.h"
#include "tests/lib/receiver.h"

/* Between the test and the server. */
struct receiver_shared {
	atomic_long n_connections, n_handshakes, n_requests, n_acknowledged;
	atomic_long next_act, n_acts;
	enum receiver_act acts[RECEIVER_ACTS_MAX];
	struct receiver_seen seen;
};

struct receiver_ack {
	struct id id;
	char sha256[SHA256_TEXT_MAX];
	char *receipt;
};

struct receiver_server {
	struct receiver_options options;
	struct receiver_shared *shared;
	SSL_CTX *tls;
	struct key *key, *wrong_key;
	pthread_mutex_t lock; /* over what follows */
	int log_fd;
	struct receiver_ack *acks;
	size_t n_acks;
};

struct wire {
	int fd;
	SSL *ssl; /* NULL: plain */
};
bool wire_write(struct wire *w, const void *bytes, size_t n);
ssize_t wire_read(struct wire *w, void *room, size_t n); /* <= 0: the end */

/* Keys, and what acks.log holds. */
bool receiver_load(struct receiver_server *s);
/* One request; false: the connection ends. */
bool receiver_take_request(struct receiver_server *s, struct wire *w,
	enum receiver_act (*next_act)(struct receiver_shared *));
void receiver_take_frames(struct receiver_server *s, struct wire *w);

#endif
