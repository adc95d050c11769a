/*
 * The outbox: envelopes that must reach somebody, durable before any network call, ordered per
 * subject, idempotent by id, kept until a receipt is stored. The sender comes with the first
 * capability that sends; this is the queue it will find.
 */
#ifndef RECORD_OUTBOX_H
#define RECORD_OUTBOX_H

#include <stdint.h>

#include "base/error.h"
#include "base/id.h"
#include "base/pool.h"
#include "store/store.h"

enum outbox_state { OUTBOX_QUEUED, OUTBOX_DELIVERED, OUTBOX_REFUSED };

struct outbox_item {
	struct id id;	      /* idempotency key */
	const char *subject;  /* order is kept within it */
	const char *route;    /* name of a configured destination */
	struct view envelope; /* DSSE JSON */
	enum outbox_state state;
	int64_t queued_ns;   /* wall */
	int64_t next_try_ns; /* wall */
	int64_t n_tries;
	const char *last_error; /* NULL */
	struct view receipt;	/* empty until delivered */
};

/* The same id with the same envelope is OK and changes nothing; with another it is E_CONFLICT. */
enum status outbox_put(struct store *s, const struct outbox_item *item, struct error *e) MUST_CHECK;
/* Items due at `now_ns`, oldest first, at most one of each subject (its first that is queued). */
enum status outbox_due(struct store *s, int64_t now_ns, int64_t limit, struct pool *p,
	struct outbox_item **out, size_t *out_n, struct error *e) MUST_CHECK;
enum status outbox_delivered(
	struct store *s, const struct id *id, struct view receipt, struct error *e) MUST_CHECK;
enum status outbox_retry(struct store *s, const struct id *id, int64_t next_try_ns, const char *why,
	struct error *e) MUST_CHECK;
enum status outbox_refused(
	struct store *s, const struct id *id, const char *why, struct error *e) MUST_CHECK;
/* Exponential with full jitter: at most cap_ns; `tries` so far, `random` any number. */
int64_t outbox_backoff_ns(int64_t n_tries, int64_t first_ns, int64_t cap_ns, uint64_t random);

#endif
