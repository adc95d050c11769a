/*
 * One item over the ways of its route.
 */
#include "record/sender_try.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/fault.h"
#include "base/i18n.h"
#include "base/json.h"
#include "base/phrase.h"
#include "record/answer.h"
#include "record/envelope.h"
#include "record/internal.h"
#include "record/parcel.h"
#include "record/webhook.h"

#define ENVELOPES_PATH "/api/v1/envelopes"
#define ENVELOPE_MEDIA "application/vnd.dsse.envelope.v1+json"

/* What a way gets at least, where the caller's limit leaves less. */
#define SHARE_MIN_NS (200 * NS_PER_MS)

struct attempt {
	struct trier *trier;
	const struct route *route;
	const struct outbox_item *item;
	struct pool *p;
	struct try_result *out;
	const char *why; /* of all ways so far, a phrase; NULL: memory was short */
	struct error *e;
};

static enum status no_memory(struct error *e)
{
	return error_sys(e, E_NO_SPACE, ENOMEM, "send");
}

void trier_done(struct trier *t)
{
	sender_link_close(t->link);
	t->link = NULL;
	t->way = NULL;
}

/* --- drills apart --- */

/* The flag was compared with the signed type when the item was put; here the type is looked at
 * again, since this is the last door. */
static enum status check_drill(struct attempt *a, bool *out_refused)
{
	const char *type = "";
	AUTO_JSON json_t *envelope = NULL;
	bool is_drill = a->item->drill;
	*out_refused = false;
	if (a->item->kind == DELIVERY_ENVELOPE) {
		TRY(json_read(a->item->envelope, OUTBOX_BYTES_MAX, "envelope", &envelope, a->e));
		TRY(json_get_text((struct json_place){ envelope, "envelope" }, "payloadType",
			JSON_REQUIRED, &type, a->e));
		/* Where flag and type disagree neither kind of route gets it. */
		if (envelope_type_is_drill(view_of(type)) != is_drill)
			is_drill = !a->route->drills;
	}
	if (is_drill == a->route->drills)
		return OK;
	*out_refused = true;
	a->out->end = TRY_REFUSED;
	a->out->why = is_drill
			      ? phrase_of(a->p, N_("a drill's; the route '%s' is a real inbox"),
					a->route->name)
			      : phrase_of(a->p, N_("a real one; the route '%s' is for drills only"),
					a->route->name);
	return a->out->why == NULL ? no_memory(a->e) : OK;
}

/* --- one way --- */

static void add_why(struct attempt *a, const struct way *w, const char *why)
{
	const char *one = phrase_of(a->p, N_("%s: %s"), w->url != NULL ? w->url : w->folder, why);
	if (a->why == NULL || one == NULL)
		a->why = NULL;
	else
		a->why = a->why[0] == '\0' ? one : phrase_of(a->p, N_("%s; %s"), a->why, one);
}

static enum status write_headers(const struct attempt *a, const struct way *w, struct buf *out)
{
	const struct outbox_item *i = a->item;
	if (i->kind == DELIVERY_SYSLOG)
		return OK;
	buf_addf(out, "User-Agent: tocsin/%s\n", TOCSIN_VERSION);
	if (i->kind == DELIVERY_ENVELOPE) {
		buf_addf(out,
			"Content-Type: " ENVELOPE_MEDIA "\n"
			"Accept: " ENVELOPE_MEDIA ", application/problem+json\n"
			"Idempotency-Key: %s\n",
			i->envelope_id.text);
		return buf_check(out, "headers", a->e);
	}
	AUTO_SECRET struct buf secrets = { .ceiling = 0 };
	const struct webhook_message m = { i->envelope_id.text, clock_wall_ns(a->trier->clock),
		i->envelope };
	TRY(guarded_read(w->secret, GUARD_SECRET, WEBHOOK_SECRETS_BYTES_MAX, &secrets, a->e));
	buf_add_text(out, "Content-Type: application/json\n");
	return webhook_headers(&m, buf_view(&secrets), out, a->e);
}

static enum status open_link(struct attempt *a, const struct way *w)
{
	char path[2048] = "";
	struct trier *t = a->trier;
	if (t->link != NULL && t->way == w)
		return OK;
	trier_done(t);
	int n = snprintf(path, sizeof path, "%s%s", w->prefix,
		a->item->kind == DELIVERY_ENVELOPE ? ENVELOPES_PATH : "");
	if (n < 0 || (size_t)n >= sizeof path)
		return error_set(a->e, E_TOO_BIG, "its path is too long");
	TRY(sender_link_open(w, path, &t->link, a->e));
	t->way = w;
	return OK;
}

/* OK with out->end set, or the status that this way could not be taken. */
static enum status try_url(struct attempt *a, const struct way *w, int64_t limit_ns)
{
	AUTO_BUF struct buf headers = { .ceiling = SENDER_HEADERS_MAX };
	struct sender_reply reply;
	TRY(write_headers(a, w, &headers));
	TRY(open_link(a, w));
	const struct sender_request request = { buf_view(&headers), a->item->envelope, limit_ns,
		a->trier->stop };
	(void)FAULT("sender_before_post");
	enum status status = sender_link_post(a->trier->link, &request, a->p, &reply, a->e);
	if (status != OK || !reply.can_serve_again)
		trier_done(a->trier);
	TRY(status);
	(void)FAULT("sender_after_post");
	a->out->way = w->url;
	TRY(answer_judge(a->route, a->item, &reply, a->p, a->out, a->e));
	if (a->out->end == TRY_AGAIN)
		add_why(a, w, a->out->why);
	return OK;
}

static enum status try_folder(struct attempt *a, const struct way *w)
{
	char name[PARCEL_NAME_MAX];
	int64_t now_ns = clock_wall_ns(a->trier->clock);
	struct parcel_row row = { a->item->envelope_id, a->item->envelope };
	const struct parcel parcel = {
		.route = a->route->name, .made_ns = now_ns, .envelopes = &row, .n_envelopes = 1
	};
	a->out->end = TRY_AGAIN;
	if (a->item->exported_ns >= 0) {
		add_why(a, w, phrase_sentence(a->p, N_("it is on a medium already")));
		return OK;
	}
	const char *path = pool_textf(
		a->p, "%s/%s", w->folder, parcel_name(now_ns, &a->item->envelope_id, name));
	if (path == NULL)
		return no_memory(a->e);
	enum status status = parcel_write_file(&parcel, w->recipient, path, a->e);
	if (status == E_ABSENT)
		return error_set(a->e, E_ABSENT, "the folder is not there; is the medium mounted?");
	TRY(status);
	(void)FAULT("sender_after_parcel");
	a->out->end = TRY_EXPORTED;
	a->out->way = path;
	return OK;
}

/* A way that cannot be taken is a reason, not an end. */
static enum status try_way(struct attempt *a, const struct way *w, int64_t limit_ns)
{
	a->out->end = TRY_AGAIN;
	if (w->fault != NULL) {
		add_why(a, w, w->fault);
		return OK;
	}
	enum status status = w->kind == WAY_FOLDER ? try_folder(a, w) : try_url(a, w, limit_ns);
	if (status == OK || status == E_INTERRUPTED)
		return status;
	add_why(a, w, a->e->text);
	a->out->end = TRY_AGAIN;
	return OK;
}

/* --- all ways --- */

static size_t n_urls(const struct route *r, size_t from)
{
	size_t n = 0;
	for (size_t i = from; i < r->n_ways; i++)
		n += r->ways[i].kind != WAY_FOLDER && r->ways[i].fault == NULL;
	return n;
}

/* The first wish of a server that names one is kept: it is the primary's. */
static enum status try_ways(struct attempt *a, int64_t limit_ns)
{
	int64_t deadline_ns = clock_boot_ns(NULL) + limit_ns;
	int64_t retry_after_ns = -1;
	int http_status = 0;
	for (size_t i = 0; i < a->route->n_ways; i++) {
		const struct way *w = &a->route->ways[i];
		int64_t left_ns = deadline_ns - clock_boot_ns(NULL);
		size_t n = n_urls(a->route, i);
		int64_t share_ns = n <= 1 ? left_ns : left_ns / (int64_t)n;
		if (w->kind != WAY_FOLDER && left_ns < SHARE_MIN_NS && i > 0) {
			add_why(a, w, phrase_sentence(a->p, N_("no time was left for it")));
			continue;
		}
		a->out->retry_after_ns = -1;
		a->out->http_status = 0;
		TRY(try_way(a, w, share_ns < SHARE_MIN_NS ? SHARE_MIN_NS : share_ns));
		if (a->out->end != TRY_AGAIN)
			return OK;
		if (retry_after_ns < 0)
			retry_after_ns = a->out->retry_after_ns;
		if (a->out->http_status != 0)
			http_status = a->out->http_status;
	}
	a->out->retry_after_ns = retry_after_ns;
	a->out->http_status = http_status;
	return OK;
}

static enum status check_route(struct attempt *a, bool *out_is_closed)
{
	const struct route *r = a->route;
	*out_is_closed = true;
	a->out->end = TRY_AGAIN;
	if (r->kind != a->item->kind)
		a->out->why = phrase_of(
			a->p, N_("the route '%s' now carries something of another kind"), r->name);
	else if (r->kind == DELIVERY_ENVELOPE && r->n_server_keys == 0)
		a->out->why = phrase_of(a->p, N_("route '%s': %s"), r->name,
			r->fault == NULL
				? phrase_sentence(a->p, N_("no key is pinned for this route"))
				: r->fault);
	else
		*out_is_closed = false;
	return *out_is_closed && a->out->why == NULL ? no_memory(a->e) : OK;
}

enum status trier_try(struct trier *t, const struct route *r, const struct outbox_item *item,
	int64_t limit_ns, struct pool *p, struct try_result *out, struct error *e)
{
	struct error why = ERROR_NONE;
	struct try_result result = { .end = TRY_AGAIN, .why = "", .retry_after_ns = -1 };
	struct attempt a = { t, r, item, p, &result, "", e == NULL ? &why : e };
	bool is_done = false;
	TRY(check_drill(&a, &is_done));
	if (!is_done)
		TRY(check_route(&a, &is_done));
	if (!is_done) {
		TRY(try_ways(&a, limit_ns));
		/* An export too: why none of the ways before it would do. */
		if (result.end == TRY_AGAIN || result.end == TRY_EXPORTED)
			result.why = a.why;
		if (result.why == NULL)
			return no_memory(e);
	}
	*out = result;
	return OK;
}

enum status sender_try(const struct route *r, const struct outbox_item *item, int64_t limit_ns,
	struct pool *p, struct try_result *out, struct error *e)
{
	AUTO_TRIER struct trier t = { .link = NULL };
	return trier_try(&t, r, item, limit_ns, p, out, e);
}
