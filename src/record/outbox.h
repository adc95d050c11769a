/*
 * The outbox: what must reach somebody, durable before any network call, in order within a subject
 * and route, kept until its end is stored. One envelope that goes to three routes is three items:
 * each has an id of its own, and all carry the id of the envelope, which is the Idempotency-Key on
 * every route. So a server that serves two routes sees one envelope twice and gives the same
 * receipt, and the pair (envelope_id, route) is in the outbox once.
 *
 * A capability puts items in its own transaction; sender.h takes them on.
 */
#ifndef RECORD_OUTBOX_H
#define RECORD_OUTBOX_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/id.h"
#include "base/pool.h"
#include "store/store.h"

/* An envelope's payload is at most ENVELOPE_BYTES_MAX, in base64. */
#define OUTBOX_BYTES_MAX (12 * MIB)

enum outbox_state { OUTBOX_QUEUED, OUTBOX_DELIVERED, OUTBOX_REFUSED };
/* "queued", "delivered", "refused": stable. */
const char *outbox_state_name(enum outbox_state state);

/* What a route carries, and so what an item holds. */
enum delivery_kind {
	DELIVERY_ENVELOPE, /* a DSSE envelope; delivered is: a receipt that verifies is stored */
	DELIVERY_WEBHOOK,  /* a body of the caller's; delivered is: the other side answered 2xx */
	DELIVERY_SYSLOG /* a line of RFC 5424; delivered is: handed to the connection, no proof */
};

struct outbox_item {
	struct id id;
	struct id envelope_id; /* "": the same as id */
	const char *subject;   /* order is kept within it (and the route) */
	const char *route;     /* name of a configured destination */
	enum delivery_kind kind;
	bool drill;	      /* must agree with the payload type of an envelope */
	struct view envelope; /* DSSE JSON, or the body for a webhook or a syslog line */
	int64_t queued_ns;    /* wall */
	int64_t next_try_ns;  /* wall */

	/* Written by the outbox itself; outbox_put does not look at them. */
	enum outbox_state state;
	int64_t n_tries;
	const char *last_error;	 /* in the language of i18n_use; NULL */
	const char *last_phrase; /* the same as it is kept (base/phrase.h) */
	const char *way;	 /* URL or folder that was last tried or that took it; NULL */
	int http_status;	 /* of the last answer, 0 none */
	int64_t tried_ns;	 /* wall; the last try, -1 never */
	int64_t exported_ns;	 /* wall; last put on removable media, -1 never */
	int64_t ended_ns;	 /* wall, ours: delivered or refused, -1 not yet */
	int64_t received_ns;	 /* wall, the server's, out of the receipt; -1 none */
	const char *server;	 /* out of the receipt; NULL */
	struct view receipt;	 /* empty where there is none */
	int64_t place;		 /* order of arrival */
};

/* The same envelope for the same route is OK and changes nothing (the id of the first put stays);
 * another content is E_CONFLICT. E_INVALID: an envelope that is no JSON object with a payloadType,
 * or whose type says another thing of being a drill than the item. */
enum status outbox_put(struct store *s, const struct outbox_item *item, struct error *e) MUST_CHECK;
enum status outbox_read(struct store *s, const struct id *id, struct pool *p,
	struct outbox_item *out, struct error *e) MUST_CHECK;
/* One for each of its routes, in the order of arrival; none is OK. */
enum status outbox_of_envelope(struct store *s, const struct id *envelope_id, struct pool *p,
	struct outbox_item **out, size_t *out_n, struct error *e) MUST_CHECK;

/* --- looking --- */

enum { OUTBOX_LIST_MAX = 10000 };
struct outbox_filter {
	const char *subject; /* NULL any */
	const char *route;   /* NULL any */
	unsigned states;     /* 1 << OUTBOX_QUEUED | …; 0 any */
	int64_t after_place; /* for the next page: the place of the last row, 0 from the start */
	int64_t limit;	     /* 0 OUTBOX_LIST_MAX */
};
/* In the order of arrival, without the bytes of envelope and receipt (both empty). */
enum status outbox_list(struct store *s, const struct outbox_filter *f, struct pool *p,
	struct outbox_item **out, size_t *out_n, struct error *e) MUST_CHECK;
struct outbox_counts {
	int64_t n_queued, n_delivered, n_refused;
	int64_t n_exported;	  /* of the queued: on removable media, no receipt yet */
	int64_t oldest_queued_ns; /* -1 none */
	int64_t next_try_ns;	  /* soonest of the queued, -1 none */
};
/* `states`, `after_place` and `limit` of the filter are not looked at. */
enum status outbox_count(struct store *s, const struct outbox_filter *f, struct outbox_counts *out,
	struct error *e) MUST_CHECK;
/* n_queued alone, which is cheap however much was delivered before. */
enum status outbox_waiting(
	struct store *s, const char *subject, int64_t *out_n, struct error *e) MUST_CHECK;

/* --- taking items on --- */

/* Who holds an item: this boot of the machine, this process. A lease is void once its process or
 * its boot is gone, so that nothing waits for the dead, and at the latest after lease_ns of boot
 * time. A holder may take again what it holds. */
enum { OUTBOX_HOLDER_MAX = 96 };
struct outbox_holder {
	char text[OUTBOX_HOLDER_MAX];
};
enum status outbox_holder(struct outbox_holder *out, struct error *e) MUST_CHECK;

/* No pause is longer, so an item whose next try lies further off (the clock was set back) is due.
 */
#define OUTBOX_PAUSE_MAX_NS (300 * NS_PER_S)

struct outbox_pick {
	const struct outbox_holder *holder;
	const struct clock *clock; /* NULL: the kernel's */
	const char *subject;	   /* NULL any */
	bool due_only;		   /* false: also what waits for its next try */
	int64_t after_place;	   /* only items behind it */
	const char *const *skip_routes;
	size_t n_skip_routes;
	int64_t lease_ns;
};
/* Takes the first item that is at the head of its subject and route and that nobody holds.
 * *out_got false: there is none. */
enum status outbox_take(struct store *s, const struct outbox_pick *pick, struct pool *p,
	struct outbox_item *out, bool *out_got, struct error *e) MUST_CHECK;
enum status outbox_release(struct store *s, const struct id *id, const struct outbox_holder *holder,
	struct error *e) MUST_CHECK;

/* The ends of a try; each also gives the lease back. */
struct outbox_try {
	int64_t at_ns;	 /* wall */
	const char *way; /* NULL none was reached */
	int http_status;
	const char *why; /* a phrase (base/phrase.h), or text; "" nothing to tell */
};
struct outbox_proof {
	struct view receipt;
	int64_t received_ns;
	const char *server;
}; /* all empty, -1, NULL for kinds without receipts */
/* The same receipt again is OK. An item that was refused meanwhile becomes delivered: a receipt
 * outweighs. */
enum status outbox_delivered(struct store *s, const struct id *id, const struct outbox_try *t,
	const struct outbox_proof *proof, struct error *e) MUST_CHECK;
enum status outbox_retry(struct store *s, const struct id *id, const struct outbox_try *t,
	int64_t next_try_ns, struct error *e) MUST_CHECK;
enum status outbox_refused(struct store *s, const struct id *id, const struct outbox_try *t,
	struct error *e) MUST_CHECK;
/* It is on removable media now. It stays queued, and its lease and next try as they are: only a
 * receipt ends it. */
enum status outbox_exported(struct store *s, const struct id *id, int64_t at_ns, const char *way,
	struct error *e) MUST_CHECK;
/* A refused item, queued anew by a person who mended what was wrong. */
enum status outbox_again(
	struct store *s, const struct id *id, int64_t now_ns, struct error *e) MUST_CHECK;
/* Removes what is delivered or refused of a subject; E_CONFLICT while any of it is queued. */
enum status outbox_forget(struct store *s, const char *subject, struct error *e) MUST_CHECK;
/* Exponential with full jitter: at most cap_ns; `tries` so far, `random` any number. */
int64_t outbox_backoff_ns(int64_t n_tries, int64_t first_ns, int64_t cap_ns, uint64_t random);

#endif
