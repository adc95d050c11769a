/*
 * A home with keys, certificates, routes and a store, and envelopes in its outbox, for tests of
 * delivery.
 */
#ifndef TESTS_LIB_DELIVERY_FIXTURE_H
#define TESTS_LIB_DELIVERY_FIXTURE_H

#include "record/record.h"
#include "tests/lib/receiver.h"

#define DELIVERY_TYPE "application/vnd.tocsin.incident+json"
#define DELIVERY_DRILL_TYPE "application/vnd.tocsin.incident-drill+json"

/* Everything lies in test_folder(). */
struct delivery {
	struct store *store;
	struct routes *routes;
	struct pool *p;
	struct receiver *receiver;
};
#define AUTO_DELIVERY __attribute__((cleanup(delivery_done)))

/* Certificates and a receiver that misbehaves in no way; no routes yet. */
struct delivery delivery_new(const struct receiver_options *o);
void delivery_done(struct delivery *d);
/* routes.yaml: one route "province" over `ways`, in which each %d is the receiver's port. NULL: one
 * way to https://127.0.0.1:<port>. */
void delivery_route(struct delivery *d, const char *ways);
/* The whole file. */
void delivery_routes(struct delivery *d, const char *text);
/* Envelopes of about `n_bytes` for the route; the id of the item and envelope. */
struct id delivery_put(struct delivery *d, const char *subject, const char *route, size_t n_bytes);
struct outbox_item delivery_read(struct delivery *d, const struct id *id);
/* All, once, at most `limit_ns`. */
struct flush_report delivery_flush(struct delivery *d, int64_t limit_ns);
/* Lines of acks.log that begin with the id; with NULL all of them. */
size_t delivery_n_acks(const struct id *id);

#endif
