/*
 * The JSON of an incident: for status, export and webhooks. Keys are stable and English.
 */
#include <string.h>

#include "base/clock.h"
#include "render/incident_views.h"
#include "render/incident_words.h"

json_t *render_time_json(int64_t wall_ns)
{
	char text[TIME_TEXT_MAX];
	return wall_ns < 0 ? json_null() : json_string(time_text(wall_ns, text));
}

static json_t *flags_json(unsigned flags)
{
	json_t *list = json_array();
	if ((flags & DUE_START_ASSUMED) != 0)
		(void)json_array_append_new(list, json_string("start-assumed"));
	if ((flags & DUE_ESTIMATED) != 0)
		(void)json_array_append_new(list, json_string("estimated"));
	if ((flags & DUE_CAPPED) != 0)
		(void)json_array_append_new(list, json_string("capped"));
	if ((flags & DUE_MOVED) != 0)
		(void)json_array_append_new(list, json_string("moved-to-working-day"));
	return list;
}

json_t *render_clock_json(const struct clock_row *c, const struct profile_set *profiles)
{
	const char certainty[2] = { c->certainty, '\0' };
	json_t *remaining = c->remaining_ns == INT64_MAX
				    ? json_null()
				    : json_integer((json_int_t)(c->remaining_ns / NS_PER_S));
	return json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:o,s:o,s:o,s:o,s:s,s:s,s:s,s:s,"
			 "s:o,s:o,s:s,s:o,s:o,s:b,s:I}",
		"id", c->id.text, "incident", c->incident.text, "profile", c->profile, "duty",
		c->duty, "stage", c->stage, "owes", c->owes, "to", c->to, "to_name",
		rule_name(profiles, RULE_ROLES, c->to), "medium", c->medium, "state",
		clock_state_name(c->state), "started_at", render_time_json(c->started_ns), "due_at",
		render_time_json(c->due_ns), "internal_target", render_time_json(c->target_ns),
		"remaining_s", remaining, "instrument", c->instrument, "row", c->row, "certainty",
		certainty, "text", bilingual_pick(c->text), "flags", flags_json(c->flags),
		"done_at", render_time_json(c->done_ns), "acknowledged_by", c->acknowledged_by,
		"acknowledged_until", render_time_json(c->acknowledged_until_ns), "silenced_until",
		render_time_json(c->silenced_until_ns), "drill", (int)c->drill, "period",
		(json_int_t)c->n_period);
}

/* --- the incident ----------------------------------------------------------------------------- */

/* What says nothing of who and where. */
static json_t *redacted_notice(json_t *notice)
{
	static const char *const kept[] = { "kind", "discovered_at", "ongoing" };
	json_t *out = json_object();
	for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++) {
		json_t *value = json_object_get(notice, kept[i]);
		if (value != NULL)
			(void)json_object_set(out, kept[i], value);
	}
	return out;
}

static json_t *grade_json(const struct grade_row *g, bool redacted)
{
	return json_pack("{s:I,s:o,s:s,s:I,s:b,s:s,s:s,s:O}", "n", (json_int_t)g->n, "at",
		render_time_json(g->at_ns), "profile", g->profile, "profile_version",
		(json_int_t)g->profile_version, "by_person", (int)g->by_person, "person",
		redacted ? "" : g->person, "reason", redacted ? "" : g->reason, "classification",
		g->classification);
}

static json_t *grades_json(const struct grade_row *rows, size_t n, bool redacted)
{
	json_t *list = json_array();
	for (size_t i = 0; i < n; i++)
		(void)json_array_append_new(list, grade_json(&rows[i], redacted));
	return list;
}

static json_t *submission_json(const struct submission_row *r, bool redacted)
{
	json_t *object = json_pack("{s:s,s:I,s:o,s:s,s:s,s:s,s:b,s:s,s:s,s:o}", "envelope",
		r->id.text, "n", (json_int_t)r->n, "at", render_time_json(r->at_ns), "profile",
		r->profile, "stage", r->stage, "form", r->form, "draft", (int)r->draft, "delivery",
		r->draft ? "draft" : outbox_state_name(r->delivery), "received_by", r->received_by,
		"received_at", render_time_json(r->received_ns));
	if (object != NULL && !redacted) {
		(void)json_object_set_new(object, "what_changed", json_string(r->what_changed));
		(void)json_object_set(object, "fields", json_object_get(r->filled, "fields"));
	}
	return object;
}

static json_t *submissions_json(const struct incident *i, bool redacted)
{
	json_t *list = json_array();
	for (size_t k = 0; k < i->n_submissions; k++)
		(void)json_array_append_new(list, submission_json(&i->submissions[k], redacted));
	return list;
}

static json_t *clocks_json(const struct incident *i, const struct export_options *o)
{
	json_t *list = json_array();
	for (size_t k = 0; k < i->n_clocks; k++) {
		json_t *c = render_clock_json(&i->clocks[k], o->profiles);
		if (o->redacted)
			(void)json_object_set_new(c, "acknowledged_by", json_string(""));
		(void)json_array_append_new(list, c);
	}
	return list;
}

static json_t *events_json(const struct incident *i, bool redacted)
{
	json_t *list = json_array();
	for (size_t k = 0; k < i->n_events; k++) {
		const struct incident_event *ev = &i->events[k];
		json_t *object = json_pack("{s:I,s:o,s:o,s:s}", "n", (json_int_t)ev->n, "at",
			render_time_json(ev->at_ns), "claimed_at", render_time_json(ev->claimed_ns),
			"kind", ev->kind);
		if (object != NULL && !redacted) {
			(void)json_object_set_new(object, "by", json_string(ev->by));
			(void)json_object_set(object, "detail", ev->detail);
		}
		(void)json_array_append_new(list, object);
	}
	return list;
}

enum status render_incident_json(
	const struct incident *i, const struct export_options *o, json_t **out, struct error *e)
{
	const bool redacted = o->redacted;
	AUTO_JSON json_t *object = json_pack("{s:s,s:s,s:s,s:b,s:s,s:s,s:b,s:o,s:b}", "id",
		i->id.text, "number", i->number, "state", life_name(i->life), "drill",
		(int)i->drill, "drill_id", i->drill_id, "tlp", o->tlp == NULL ? i->tlp : o->tlp,
		"redacted", (int)redacted, "created_at", render_time_json(i->created_ns),
		"clock_was_stepped", (int)i->now.stepped);
	if (object == NULL)
		return error_set(e, E_NO_SPACE, "memory is short");
	int failed = json_object_set_new(
		object, "notice", redacted ? redacted_notice(i->notice) : json_incref(i->notice));
	failed |= json_object_set(object, "facts", i->facts);
	failed |= json_object_set_new(
		object, "grades", grades_json(i->grades, i->n_grades, redacted));
	failed |= json_object_set_new(object, "grade_history",
		grades_json(i->grade_history, i->n_grade_history, redacted));
	failed |= json_object_set_new(object, "clocks", clocks_json(i, o));
	failed |= json_object_set_new(object, "submissions", submissions_json(i, redacted));
	failed |= json_object_set_new(object, "history", events_json(i, redacted));
	if (failed != 0)
		return error_set(e, E_NO_SPACE, "memory is short");
	*out = TAKE(object);
	return OK;
}
