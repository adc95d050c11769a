/*
 * Queueing and sending copies.
 */
#include "cli/incident_copies.h"

#include <string.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "render/render.h"

#define COPY_WAIT_NS (3 * NS_PER_S)
#define COPY_BYTES_MAX (8 * MIB)

struct copying {
	struct session *s;
	const struct incident *incident;
	struct export_options options;
	const char *event;
	const char *subject;
};

static enum status webhook_body(const struct copying *c, struct buf *out, struct error *e)
{
	json_t *incident = NULL;
	TRY(render_incident_json(c->incident, &c->options, &incident, e));
	AUTO_JSON json_t *body = json_pack("{s:s,s:o,s:o}", "type", c->event, "timestamp",
		render_time_json(c->options.now_ns), "data", incident);
	if (body == NULL)
		return error_set(e, E_NO_SPACE, "memory is short");
	TRY(json_write(body, out, e));
	return buf_check(out, "webhook", e);
}

static enum status put_copy(const struct copying *c, const struct route *r, struct error *e)
{
	AUTO_BUF struct buf body;
	buf_init(&body, COPY_BYTES_MAX);
	if (r->kind == DELIVERY_WEBHOOK)
		TRY(webhook_body(c, &body, e));
	else
		TRY(render_syslog(c->incident, &c->options, &body, e));
	const struct outbox_item item = { .id = id_new(c->options.now_ns),
		.subject = c->subject,
		.route = r->name,
		.kind = r->kind,
		.drill = c->incident->drill,
		.envelope = buf_view(&body),
		.queued_ns = c->options.now_ns,
		.next_try_ns = c->options.now_ns };
	return outbox_put(c->s->store, &item, e);
}

static bool wants_copy(const struct route *r, const struct incident *i)
{
	return r->kind != DELIVERY_ENVELOPE && r->drills == i->drill;
}

static enum status put_all(
	const struct copying *c, const struct routes *routes, size_t *out_n, struct error *e)
{
	*out_n = 0;
	for (size_t i = 0; i < routes_count(routes); i++) {
		const struct route *r = route_at(routes, i);
		if (!wants_copy(r, c->incident))
			continue;
		TRY(put_copy(c, r, e));
		(*out_n)++;
	}
	return OK;
}

/* What the copies are of; the event is there already. */
static enum status look_at(
	struct incident_session *is, const char *id, struct copying *c, struct error *e)
{
	struct session *s = c->s;
	struct incident *i = pool_take(s->pool, 1, sizeof *i);
	if (i == NULL)
		return error_set(e, E_NO_SPACE, "memory is short");
	TRY(incident_read(&is->context, id, s->pool, i, e));
	c->incident = i;
	c->options =
		(struct export_options){ .profiles = is->profiles, .now_ns = clock_wall_ns(NULL) };
	c->subject = pool_textf(s->pool, INCIDENT_COPY_SUBJECT "%s", i->id.text);
	return c->subject == NULL ? error_set(e, E_NO_SPACE, "memory is short") : OK;
}

static bool any_wants_copies(const struct routes *routes)
{
	for (size_t i = 0; i < routes_count(routes); i++)
		if (route_at(routes, i)->kind != DELIVERY_ENVELOPE)
			return true;
	return false;
}

void incident_copies(struct session *s, struct incident_session *is, const char *id,
	const char *event, int64_t limit_ns)
{
	AUTO(routes_free) struct routes *routes = NULL;
	AUTO_BUF struct buf text;
	buf_init(&text, 4 * KIB);
	struct error why = ERROR_NONE;
	struct flush_report report;
	struct copying c = { .s = s, .event = event };
	size_t n = 0;
	/* Routes that cannot be read were told by whoever had something to send. */
	if (routes_open(s->home, &routes, &why) != OK || !any_wants_copies(routes))
		return;
	enum status status = look_at(is, id, &c, &why);
	if (status == OK)
		status = put_all(&c, routes, &n, &why);
	if (status == OK && n > 0 && limit_ns > 0) {
		const struct flush once = { .subject = c.subject,
			.limit_ns = limit_ns < COPY_WAIT_NS ? limit_ns : COPY_WAIT_NS,
			.stop = session_stop() };
		status = sender_flush(s->store, routes, NULL, &once, s->pool, &report, &why);
	}
	if (status == OK)
		return;
	buf_addf(&text, _("A copy for your own desk did not go out: %s"), why.text);
	session_say(s, buf_text(&text));
}
