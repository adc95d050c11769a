/*
 * Emptying the outbox: take an item under a lease, try it, store its end, go on. A death between
 * any two of these leaves an item that is queued and that the next flush takes at once; the server
 * knows it by its id.
 */
#include "record/sender.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/fault.h"
#include "base/i18n.h"
#include "base/phrase.h"
#include "base/random.h"
#include "record/internal.h"
#include "record/sender_try.h"

#define FIRST_PAUSE_NS (1 * NS_PER_S)
#define LEAST_PAUSE_NS (250 * NS_PER_MS)
#define TRY_LIMIT_NS (90 * NS_PER_S) /* of one item over all its ways */
#define LEASE_EXTRA_NS (30 * NS_PER_S)
#define LOOK_NS (50 * NS_PER_MS)
/* A message without a receipt is not owed to anybody by law: after this it is given up. */
#define MESSAGE_LIFE_NS (3 * 24 * 3600 * NS_PER_S)
#define ITEM_POOL_BYTES (6 * OUTBOX_BYTES_MAX)

/* Routes all of whose ways failed just now. */
struct closed {
	const char *name;
	int64_t until_boot_ns;
	int64_t n_times;
};

struct run {
	struct store *store;
	const struct routes *routes;
	const struct clock *clock;
	struct flush what;
	struct pool *p;
	struct flush_report *report;
	struct trier trier;
	struct outbox_holder holder;
	struct closed closed[ROUTES_MAX];
	size_t n_closed;
	int64_t deadline_boot_ns; /* INT64_MAX none */
	struct error *e;
};

static bool is_stopped(const struct run *r)
{
	return r->what.stop != NULL && *r->what.stop;
}

static int64_t time_left_ns(const struct run *r)
{
	return r->deadline_boot_ns == INT64_MAX ? INT64_MAX
						: r->deadline_boot_ns - clock_boot_ns(r->clock);
}

/* --- routes that are left alone for a while --- */

static struct closed *find_closed(struct run *r, const char *route)
{
	for (size_t i = 0; i < r->n_closed; i++)
		if (strcmp(r->closed[i].name, route) == 0)
			return &r->closed[i];
	return NULL;
}

static void close_route(struct run *r, const struct route *route)
{
	uint64_t random = 0;
	struct closed *c = find_closed(r, route->name);
	if (c == NULL && r->n_closed < ROUTES_MAX) {
		c = &r->closed[r->n_closed++];
		*c = (struct closed){ .name = route->name };
	}
	if (c == NULL)
		return;
	random_bytes(&random, sizeof random);
	c->until_boot_ns = clock_boot_ns(r->clock) + LEAST_PAUSE_NS +
			   outbox_backoff_ns(c->n_times++, FIRST_PAUSE_NS,
				   OUTBOX_PAUSE_MAX_NS - LEAST_PAUSE_NS, random);
}

static void open_route(struct run *r, const char *route)
{
	struct closed *c = find_closed(r, route);
	if (c != NULL)
		*c = (struct closed){ .name = c->name };
}

static size_t list_closed(const struct run *r, const char *out[ROUTES_MAX])
{
	size_t n = 0;
	int64_t now_ns = clock_boot_ns(r->clock);
	for (size_t i = 0; i < r->n_closed; i++)
		if (r->closed[i].until_boot_ns > now_ns)
			out[n++] = r->closed[i].name;
	return n;
}

/* --- the end of a try --- */

static int64_t next_try_ns(
	const struct outbox_item *item, const struct try_result *t, int64_t now_ns)
{
	uint64_t random = 0;
	random_bytes(&random, sizeof random);
	int64_t pause_ns = LEAST_PAUSE_NS + outbox_backoff_ns(item->n_tries, FIRST_PAUSE_NS,
						    OUTBOX_PAUSE_MAX_NS - LEAST_PAUSE_NS, random);
	if (t->retry_after_ns > pause_ns)
		/* A tenth more at random, so that all who were told the same do not come together.
		 */
		pause_ns = t->retry_after_ns +
			   (int64_t)(random % (uint64_t)(t->retry_after_ns / 10 + 1));
	return now_ns + (pause_ns > OUTBOX_PAUSE_MAX_NS ? OUTBOX_PAUSE_MAX_NS : pause_ns);
}

static enum status note_trouble(struct run *r, const char *why)
{
	if (why[0] == '\0' || r->report->first_trouble[0] != '\0')
		return OK;
	const char *words = phrase_words(r->p, why);
	const char *kept = words == NULL ? NULL : pool_text(r->p, view_of(words));
	if (kept == NULL)
		return error_sys(r->e, E_NO_SPACE, ENOMEM, "send");
	r->report->first_trouble = kept;
	return OK;
}

static enum status store_export(
	struct run *r, const struct outbox_item *item, const struct outbox_try *t, int64_t next_ns)
{
	AUTO_TRANSACTION struct transaction all = { NULL, false };
	TRY(transaction_begin(r->store, &all, r->e));
	TRY(outbox_exported(r->store, &item->id, t->at_ns, t->way, r->e));
	TRY(outbox_retry(r->store, &item->id, t, next_ns, r->e));
	return transaction_commit(&all, r->e);
}

static bool is_given_up(const struct outbox_item *item, int64_t now_ns)
{
	return item->kind != DELIVERY_ENVELOPE && now_ns - item->queued_ns > MESSAGE_LIFE_NS;
}

static enum status store_by_end(struct run *r, const struct outbox_item *item,
	const struct try_result *result, const struct outbox_try *t)
{
	int64_t next_ns = next_try_ns(item, result, t->at_ns);
	const struct outbox_proof none = { VIEW_NONE, -1, NULL };
	const struct outbox_proof proof = { result->receipt_text, result->receipt.received_ns,
		result->receipt.server };
	switch (result->end) {
	case TRY_DELIVERED:
		return outbox_delivered(r->store, &item->id, t,
			item->kind == DELIVERY_ENVELOPE ? &proof : &none, r->e);
	case TRY_REFUSED:
		return outbox_refused(r->store, &item->id, t, r->e);
	case TRY_EXPORTED:
		return store_export(r, item, t, next_ns);
	case TRY_AGAIN:
		break;
	}
	if (is_given_up(item, t->at_ns))
		return outbox_refused(r->store, &item->id, t, r->e);
	return outbox_retry(r->store, &item->id, t, next_ns, r->e);
}

static enum status store_end(
	struct run *r, const struct outbox_item *item, const struct try_result *result)
{
	const struct outbox_try t = { clock_wall_ns(r->clock), result->way, result->http_status,
		result->why };
	(void)FAULT("flush_before_store");
	enum status status = store_by_end(r, item, result, &t);
	(void)FAULT("flush_after_store");
	/* Another flush, or an import, ended it meanwhile: what is stored stands. */
	if (status == E_CONFLICT)
		return OK;
	TRY(status);
	r->report->n_delivered += result->end == TRY_DELIVERED;
	r->report->n_refused += result->end == TRY_REFUSED;
	r->report->n_exported += result->end == TRY_EXPORTED;
	return note_trouble(r, result->why);
}

/* --- one item --- */

static enum status try_item(
	struct run *r, const struct outbox_item *item, struct pool *p, struct try_result *out)
{
	const struct route *route = route_named(r->routes, item->route);
	int64_t limit_ns = time_left_ns(r);
	if (route == NULL) {
		*out = (struct try_result){ .end = TRY_AGAIN, .retry_after_ns = -1 };
		out->why = phrase_of(p, N_("no route '%s' in routes.yaml"), item->route);
		return out->why == NULL ? error_sys(r->e, E_NO_SPACE, ENOMEM, "send") : OK;
	}
	if (limit_ns > TRY_LIMIT_NS)
		limit_ns = TRY_LIMIT_NS;
	TRY(trier_try(&r->trier, route, item, limit_ns, p, out, r->e));
	/* An answer, even a bad one, is a sign of life; silence of all ways is not. */
	if (out->end == TRY_AGAIN && out->http_status == 0)
		close_route(r, route);
	else
		open_route(r, route->name);
	return OK;
}

static enum status take(
	struct run *r, int64_t after_place, struct pool *p, struct outbox_item *item, bool *out_got)
{
	const char *skip[ROUTES_MAX];
	const struct outbox_pick pick = { .holder = &r->holder,
		.clock = r->clock,
		.subject = r->what.subject,
		.due_only = r->what.due_only,
		.after_place = after_place,
		.skip_routes = skip,
		.n_skip_routes = list_closed(r, skip),
		.lease_ns = TRY_LIMIT_NS + LEASE_EXTRA_NS };
	return outbox_take(r->store, &pick, p, item, out_got, r->e);
}

/* One item from the place on. *place moves behind it; *out_got false: there is none. */
static enum status do_next(struct run *r, int64_t *place, bool *out_got)
{
	AUTO(pool_free) struct pool *p = pool_new(ITEM_POOL_BYTES);
	struct outbox_item item;
	struct try_result result;
	if (p == NULL)
		return error_sys(r->e, E_NO_SPACE, ENOMEM, "send");
	TRY(take(r, *place, p, &item, out_got));
	if (!*out_got)
		return OK;
	*place = item.place;
	(void)FAULT("flush_taken");
	enum status status = try_item(r, &item, p, &result);
	if (status == OK)
		status = store_end(r, &item, &result);
	if (status != OK)
		/* Where even this cannot be written, the lease ends by itself. */
		(void)!outbox_release(r->store, &item.id, &r->holder, NULL);
	return status;
}

/* --- the whole --- */

static enum status pass(struct run *r)
{
	int64_t place = 0;
	bool got = true;
	while (got) {
		if (is_stopped(r))
			return error_set(r->e, E_INTERRUPTED, "interrupted while sending");
		if (time_left_ns(r) <= 0)
			return OK;
		TRY(do_next(r, &place, &got));
	}
	return OK;
}

/* Until something may be due, in short slices: another flush, or a clock that is set, may make it
 * due earlier. */
static void rest(const struct run *r)
{
	int64_t left_ns = time_left_ns(r);
	clock_sleep_ns(left_ns < LOOK_NS ? (left_ns > 0 ? left_ns : 0) : LOOK_NS);
}

static enum status run_passes(struct run *r)
{
	int64_t n = 0;
	TRY(pass(r));
	TRY(outbox_waiting(r->store, r->what.subject, &n, r->e));
	r->what.due_only = true; /* what was tried waits for its time */
	while (r->what.until_empty && n > 0 && time_left_ns(r) > 0) {
		rest(r);
		TRY(pass(r));
		TRY(outbox_waiting(r->store, r->what.subject, &n, r->e));
	}
	r->report->n_waiting = (size_t)n;
	/* What was mended on the way is nobody's trouble any more. */
	if (n == 0 && r->report->n_refused == 0)
		r->report->first_trouble = "";
	return OK;
}

enum status sender_flush(struct store *s, const struct routes *routes, const struct clock *c,
	const struct flush *what, struct pool *p, struct flush_report *out, struct error *e)
{
	struct error why = ERROR_NONE;
	struct flush_report report = { .first_trouble = "" };
	struct run r = { .store = s,
		.routes = routes,
		.clock = c,
		.what = *what,
		.p = p,
		.report = &report,
		.trier = { .clock = c, .stop = what->stop },
		.deadline_boot_ns =
			what->limit_ns <= 0 ? INT64_MAX : clock_boot_ns(c) + what->limit_ns,
		.e = &why };
	TRY(outbox_holder(&r.holder, e));
	enum status status = run_passes(&r);
	trier_done(&r.trier);
	if (e != NULL && status != OK)
		*e = why;
	*out = report;
	return status;
}
