/*
 * Takes the outbox to the network: one try of one item over its route's ways, and a loop with
 * backoff and jitter. docs/delivery.md has the contract with the server.
 *
 * An envelope is POSTed to <url>/api/v1/envelopes over TLS 1.2+ with the client's certificate; body
 * one DSSE envelope; Idempotency-Key the envelope's id. 200 with a receipt that verifies:
 * delivered. 409 with the receipt it already gave for the same id and body: delivered. 422 (same
 * id, other body), and other 4xx with problem details but 408, 425 and 429: refused, with the
 * problem's title and detail, never tried again. All else is tried again, a 4xx without problem
 * details too: a proxy or a captive portal may have said it.
 *
 * A drill's item for a real route, and a real one for a drill's, is refused before any connection.
 *
 * The network is spoken by the role `sender`, a process of its own for each way, which has what it
 * is handed and no home, no store, no signing keys; so a fault in a TLS library holds none of them.
 */
#ifndef RECORD_SENDER_H
#define RECORD_SENDER_H

#include "base/clock.h"
#include "record/outbox.h"
#include "record/receipt.h"
#include "record/route.h"
#include "sys/role.h"

extern const struct role sender_roles[];
extern const size_t n_sender_roles;

enum try_end { TRY_DELIVERED, TRY_REFUSED, TRY_AGAIN, TRY_EXPORTED };
struct try_result {
	enum try_end end;
	const char *way; /* URL that answered last, or the file that was written; NULL none */
	int http_status; /* 0: no answer */
	const char *why; /* a sentence; "" where delivered */
	int64_t retry_after_ns;	  /* the server's wish, at most OUTBOX_PAUSE_MAX_NS; -1 none */
	struct view receipt_text; /* empty for webhooks and syslog */
	struct receipt receipt;
};
/* One way after the other until one ends it. At most `limit_ns` in all, shared among the ways that
 * are left. Touches no store. */
enum status sender_try(const struct route *r, const struct outbox_item *item, int64_t limit_ns,
	struct pool *p, struct try_result *out, struct error *e) MUST_CHECK;

struct flush_report {
	size_t n_delivered, n_refused, n_exported; /* by this flush */
	size_t n_waiting;			   /* afterwards, of the subject or all */
	const char *first_trouble; /* "" none, or nothing waits and nothing was refused */
};
struct flush {
	const char *subject; /* only this incident's; NULL all */
	bool due_only;	     /* false: also those whose next try is later */
	int64_t limit_ns;    /* boot time from now; 0: each item once, however long that takes */
	bool until_empty;    /* go on with backoff until empty or the limit (--wait) */
	const bool *stop;    /* NULL; set by a signal */
};
/* Each end is in the store before the next try begins. Two flushes of one home at once are safe: an
 * item is taken under a lease. A route all of whose ways failed is left alone for a while, so that
 * one dead server does not hold up the others. E_INTERRUPTED: *stop was set; what was done counts.
 */
enum status sender_flush(struct store *s, const struct routes *r, const struct clock *c,
	const struct flush *what, struct pool *p, struct flush_report *out,
	struct error *e) MUST_CHECK;

#endif
