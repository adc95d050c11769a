/*
 * The JSON of an incident: for status, export and webhooks. Keys are stable and English.
 */
#include <string.h>

#include "base/clock.h"
#include "render/exchange.h"
#include "render/incident_views.h"
#include "render/incident_words.h"

json_t *render_time_json(int64_t wall_ns)
{
	char text[TIME_TEXT_MAX];
	return wall_ns < 0 ? json_null() : json_string(time_text(wall_ns, text));
}

static json_t *flags_json(unsigned flags)
{
	static const struct {
		unsigned flag;
		const char *word;
	} words[] = { { DUE_START_ASSUMED, "start-assumed" }, { DUE_ESTIMATED, "estimated" },
		{ DUE_CAPPED, "capped" }, { DUE_MOVED, "moved-to-working-day" },
		{ DUE_TO_CONFIRM, "to-be-confirmed" } };
	struct json_maker m = { false };
	AUTO_JSON json_t *list = json_array();
	for (size_t i = 0; i < COUNT_OF(words); i++)
		if ((flags & words[i].flag) != 0)
			exchange_push(&m, list, json_string(words[i].word));
	return m.failed ? NULL : TAKE(list);
}

json_t *render_clock_json(const struct clock_row *c, const struct profile_set *profiles)
{
	const char certainty[2] = { c->certainty, '\0' };
	json_t *remaining = c->remaining_ns == INT64_MAX
				    ? json_null()
				    : json_integer((json_int_t)(c->remaining_ns / NS_PER_S));
	json_t *clock = json_pack(
		"{s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:o,s:o,s:o,s:o,s:s,s:s,s:s,s:s,"
		"s:o,s:o,s:s,s:o,s:o,s:b,s:b,s:I}",
		"id", c->id.text, "incident", c->incident.text, "profile", c->profile, "duty",
		c->duty, "stage", c->stage, "owes", c->owes, "to", c->to, "to_name",
		rule_name(profiles, RULE_ROLES, c->to), "medium", c->medium, "state",
		clock_state_name(c->state), "started_at", render_time_json(c->started_ns), "due_at",
		render_time_json(c->due_ns), "internal_target", render_time_json(c->target_ns),
		"remaining_s", remaining, "instrument", c->instrument, "row", c->row, "certainty",
		certainty, "text", bilingual_pick(c->text), "flags", flags_json(c->flags),
		"done_at", render_time_json(c->done_ns), "acknowledged_by", c->acknowledged_by,
		"acknowledged_until", render_time_json(c->acknowledged_until_ns), "silenced_until",
		render_time_json(c->silenced_until_ns), "drill", (int)c->drill, "to_be_confirmed",
		(c->flags & DUE_TO_CONFIRM) != 0, "period", (json_int_t)c->n_period);
	if (clock != NULL && c->number[0] != '\0' &&
		json_object_set_new(clock, "number", json_string(c->number)) != 0) {
		json_decref(clock);
		return NULL;
	}
	return clock;
}

/* --- the incident ----------------------------------------------------------------------------- */

/* What says nothing of who and where. */
static json_t *redacted_notice(const struct exchange *x)
{
	return json_pack("{s:s,s:o,s:s}", "kind", x->kind, "discovered_at",
		render_time_json(x->discovered_ns), "ongoing", x->ongoing);
}

/* Facts are numbers, words of a list and times; a key that only an own profile knows is not. */
static json_t *redacted_facts(struct json_maker *m, const struct exchange *x)
{
	json_t *kept = json_object();
	const struct profile_set *profiles = x->options->profiles;
	const struct fact_catalogue *c = profiles == NULL ? NULL : profile_facts(profiles);
	for (size_t i = 0; c != NULL && i < c->n_rows; i++) {
		json_t *value = json_object_get(x->incident->facts, c->rows[i].key);
		if (value != NULL && c->rows[i].profile[0] == '\0')
			exchange_put(m, kept, c->rows[i].key, json_incref(value));
	}
	return kept;
}

static json_t *grade_json(const struct grade_row *g, bool redacted)
{
	return json_pack("{s:I,s:o,s:s,s:I,s:b,s:s,s:s,s:o,s:O}", "n", (json_int_t)g->n, "at",
		render_time_json(g->at_ns), "profile", g->profile, "profile_version",
		(json_int_t)g->profile_version, "by_person", (int)g->by_person, "person",
		redacted ? "" : g->person, "reason", redacted ? "" : g->reason, "approvals",
		redacted || g->approvals == NULL ? json_array() : json_incref(g->approvals),
		"classification", g->classification);
}

static json_t *grades_json(
	struct json_maker *m, const struct exchange *x, const struct grade_row *rows, size_t n)
{
	json_t *list = json_array();
	for (size_t i = 0; i < n; i++)
		if (exchange_shows(x, rows[i].profile))
			exchange_push(m, list, grade_json(&rows[i], x->redacted));
	return list;
}

static json_t *recipient_json(const struct recipient_row *r, bool redacted)
{
	json_t *object = json_pack("{s:s,s:s,s:o}", "role", r->role, "delivery",
		outbox_state_name(r->state), "received_at", render_time_json(r->received_ns));
	if (object != NULL && (r->flags & RECEIPT_SAYS_LATE) != 0)
		(void)json_object_set_new(object, "late", json_true());
	if (object != NULL && (r->flags & RECEIPT_BEFORE_ENVELOPE) != 0)
		(void)json_object_set_new(object, "before_envelope", json_true());
	if (object == NULL || redacted)
		return object;
	struct json_maker m = { false };
	exchange_put(&m, object, "route", json_string(r->route));
	exchange_put(&m, object, "received_by", json_string(r->server));
	exchange_put(&m, object, "trouble", json_string(r->trouble));
	if (!m.failed)
		return object;
	json_decref(object);
	return NULL;
}

static json_t *submission_json(struct json_maker *m, const struct submission_row *r, bool redacted)
{
	json_t *recipients = json_array();
	json_t *object = json_pack("{s:s,s:I,s:o,s:s,s:s,s:b,s:s,s:o,s:s}", "envelope", r->id.text,
		"n", (json_int_t)r->n, "at", render_time_json(r->at_ns), "profile", r->profile,
		"stage", r->stage, "draft", (int)r->draft, "delivery",
		r->draft ? "draft" : outbox_state_name(r->delivery), "received_at",
		render_time_json(r->received_ns), "sha256", r->sha256 == NULL ? "" : r->sha256);
	for (size_t i = 0; i < r->n_recipients; i++)
		exchange_push(m, recipients, recipient_json(&r->recipients[i], redacted));
	exchange_put(m, object, "recipients", recipients);
	if (redacted)
		return object;
	exchange_put(m, object, "form", json_string(r->form));
	exchange_put(m, object, "received_by", json_string(r->received_by));
	exchange_put(m, object, "what_changed", json_string(r->what_changed));
	json_t *fields = json_object_get(r->filled, "fields");
	exchange_put(m, object, "fields", fields == NULL ? json_object() : json_incref(fields));
	return object;
}

static json_t *submissions_json(struct json_maker *m, const struct exchange *x)
{
	const struct incident *i = x->incident;
	json_t *list = json_array();
	for (size_t k = 0; k < i->n_submissions; k++)
		if (exchange_shows(x, i->submissions[k].profile))
			exchange_push(m, list, submission_json(m, &i->submissions[k], x->redacted));
	return list;
}

static json_t *clocks_json(struct json_maker *m, const struct exchange *x)
{
	json_t *list = json_array();
	for (size_t k = 0; k < x->incident->n_clocks; k++) {
		const struct clock_row *row = &x->incident->clocks[k];
		if (!exchange_shows(x, row->profile))
			continue;
		json_t *c = render_clock_json(row, x->options->profiles);
		if (c != NULL && x->redacted)
			exchange_put(m, c, "acknowledged_by", json_string(""));
		exchange_push(m, list, c);
	}
	return list;
}

static json_t *event_json(struct json_maker *m, const struct incident_event *ev, bool redacted)
{
	json_t *object = json_pack("{s:I,s:o,s:o,s:s}", "n", (json_int_t)ev->n, "at",
		render_time_json(ev->at_ns), "claimed_at", render_time_json(ev->claimed_ns), "kind",
		ev->kind);
	if (object != NULL && !redacted) {
		exchange_put(m, object, "by", json_string(ev->by));
		exchange_put(m, object, "detail",
			ev->detail == NULL ? json_null() : json_incref(ev->detail));
	}
	return object;
}

static json_t *events_json(struct json_maker *m, const struct exchange *x)
{
	json_t *list = json_array();
	for (size_t k = 0; k < x->incident->n_events; k++)
		exchange_push(m, list, event_json(m, &x->incident->events[k], x->redacted));
	return list;
}

enum status render_incident_json(
	const struct incident *i, const struct export_options *o, json_t **out, struct error *e)
{
	struct exchange x;
	struct json_maker m = { false };
	TRY(exchange_from(i, o, &x, e));
	AUTO_JSON json_t *object = json_pack("{s:s,s:s,s:s,s:b,s:s,s:s,s:b,s:o,s:b,s:b}", "id",
		i->id.text, "number", i->number, "state", life_name(i->life), "drill",
		(int)i->drill, "drill_id", x.redacted ? "" : i->drill_id, "tlp", x.tlp->label,
		"redacted", (int)x.redacted, "created_at", render_time_json(i->created_ns),
		"clock_was_stepped", (int)i->now.stepped, "history_intact", i->first_bad_event < 0);
	exchange_put(
		&m, object, "notice", x.redacted ? redacted_notice(&x) : json_incref(i->notice));
	exchange_put(
		&m, object, "facts", x.redacted ? redacted_facts(&m, &x) : json_incref(i->facts));
	exchange_put(&m, object, "grades", grades_json(&m, &x, i->grades, i->n_grades));
	exchange_put(&m, object, "grade_history",
		grades_json(&m, &x, i->grade_history, i->n_grade_history));
	exchange_put(&m, object, "clocks", clocks_json(&m, &x));
	exchange_put(&m, object, "submissions", submissions_json(&m, &x));
	exchange_put(&m, object, "history", events_json(&m, &x));
	if (m.failed)
		return error_set(e, E_NO_SPACE, "memory is short");
	*out = TAKE(object);
	return OK;
}
