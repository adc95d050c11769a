/*
 * STIX 2.1 (OASIS standard, 10 June 2021) with the incident extension suite 2.1 of the OASIS common
 * object repository (a draft; its revision 07 of 2 July 2024): incident core, event, impact, task.
 * The suite's incident says what STIX's own stub cannot. TLP 2.0 by the marking definitions of its
 * extension.
 *
 * No tier becomes a STIX "criticality": a regime's tier is kept as a named score, its class as a
 * label.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "render/exchange.h"

#define CORE_EXTENSION "extension-definition--ef765651-680c-498d-9894-99799f2fa126"
#define EVENT_EXTENSION "extension-definition--4ca6de00-5b0d-45ef-a1dc-ea7279ea910e"
#define IMPACT_EXTENSION "extension-definition--7cc33dd6-f6a1-489b-98ea-522d351d71b9"
#define TASK_EXTENSION "extension-definition--2074a052-8be4-4932-849e-f5e7798e0030"
#define TLP_EXTENSION "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d"

/* An identity is the same in every bundle, so its times cannot be those of an incident. */
#define IDENTITY_TIME "2026-01-01T00:00:00.000Z"

enum { OBJECT_ID_MAX = 80 };

struct bundle {
	const struct incident *incident;
	const struct exchange *x;
	struct json_maker maker;
	json_t *objects;
	json_t *task_refs, *impact_refs;
	char identity[OBJECT_ID_MAX], created[TIME_TEXT_MAX], modified[TIME_TEXT_MAX];
};

static char *object_id(
	const struct bundle *b, const char *type, const char *word, char out[OBJECT_ID_MAX])
{
	char uuid[ID_TEXT_LEN + 1];
	(void)snprintf(out, OBJECT_ID_MAX, "%s--%s", type, exchange_uuid(b->x, word, uuid));
	return out;
}

/* What every object of ours begins with. It belongs to the bundle from here on. */
static json_t *start_object(struct bundle *b, const char *type, const char *id)
{
	json_t *object = json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:[s]}", "type", type, "spec_version",
		"2.1", "id", id, "created", b->created, "modified", b->modified, "created_by_ref",
		b->identity, "object_marking_refs", b->x->tlp->marking);
	exchange_push(&b->maker, b->objects, object);
	return object;
}

static void put(struct bundle *b, json_t *object, const char *key, json_t *value)
{
	exchange_put(&b->maker, object, key, value);
}

static void put_time(struct bundle *b, json_t *object, const char *key, int64_t wall_ns)
{
	char text[TIME_TEXT_MAX];
	if (wall_ns >= 0)
		put(b, object, key, json_string(time_text(wall_ns, text)));
}

static json_t *new_kind(const char *extension)
{
	return json_pack("{s:{s:s}}", extension, "extension_type", "new-sdo");
}

static void add_marking(struct bundle *b)
{
	char name[32];
	(void)snprintf(name, sizeof name, "TLP:%s", b->x->tlp->label);
	exchange_push(&b->maker, b->objects,
		json_pack("{s:s,s:s,s:s,s:s,s:s,s:{s:{s:s,s:s}}}", "type", "marking-definition",
			"spec_version", "2.1", "id", b->x->tlp->marking, "created",
			"2022-10-01T00:00:00.000Z", "name", name, "extensions", TLP_EXTENSION,
			"extension_type", "property-extension", "tlp_2_0", b->x->tlp->word));
}

static void add_identity(struct bundle *b)
{
	exchange_push(&b->maker, b->objects,
		json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:[s]}", "type", "identity", "spec_version",
			"2.1", "id", b->identity, "created", IDENTITY_TIME, "modified",
			IDENTITY_TIME, "name", b->x->company, "identity_class", "organization",
			"object_marking_refs", b->x->tlp->marking));
}

/* --- tasks: the duties ------------------------------------------------------------------------ */

static const char *task_outcome(enum clock_state s)
{
	switch (s) {
	case CLOCK_WAITING:
		return "pending";
	case CLOCK_RUNNING:
	case CLOCK_OVERDUE:
		return "ongoing";
	case CLOCK_DONE:
	case CLOCK_DONE_LATE:
		return "successful";
	case CLOCK_CEASED:
		return "cancelled";
	}
	return "unknown";
}

static void add_task(struct bundle *b, const struct clock_row *c)
{
	char id[OBJECT_ID_MAX];
	AUTO_BUF struct buf text;
	const bool done = c->state == CLOCK_DONE || c->state == CLOCK_DONE_LATE;
	/* A call may have come before the moment that starts the clock; an end never does. */
	const bool early = done && c->done_ns < c->started_ns;
	json_t *object = start_object(b, "task", object_id(b, "task", c->id.text, id));
	buf_init(&text, 16 * KIB);
	exchange_clock_text(c, &text);
	put(b, object, "name", json_string(buf_text(&text)));
	put(b, object, "description", json_string(c->text.en));
	put(b, object, "task_types", json_pack("[s]", "reported"));
	put(b, object, "outcome", json_string(task_outcome(c->state)));
	put_time(b, object, "due_date", c->due_ns);
	put_time(b, object, "start_time", early ? c->done_ns : c->started_ns);
	if (done)
		put_time(b, object, "end_time", c->done_ns);
	if (c->state == CLOCK_DONE_LATE)
		put(b, object, "error", json_string("done after its due date"));
	put(b, object, "extensions", new_kind(TASK_EXTENSION));
	exchange_push(&b->maker, b->task_refs, json_string(id));
}

/* --- impacts ---------------------------------------------------------------------------------- */

static json_t *start_impact(struct bundle *b, const char *category, const char *word)
{
	char id[OBJECT_ID_MAX];
	json_t *object = start_object(b, "impact", object_id(b, "impact", word, id));
	put(b, object, "impact_category", json_string(category));
	put(b, object, "extensions", new_kind(IMPACT_EXTENSION));
	exchange_push(&b->maker, b->impact_refs, json_string(id));
	return object;
}

static void put_impact(struct bundle *b, json_t *impact, const char *extension, json_t *value)
{
	put(b, json_object_get(impact, "extensions"), extension, value);
}

static void add_leak(struct bundle *b)
{
	const int64_t persons = exchange_fact(b->incident, "personal_information_persons");
	const int64_t records = exchange_fact(b->incident, "pi_records");
	const bool sure = exchange_answer(b->incident, "data_leaked_or_stolen") == 1;
	if (persons <= 0 && records <= 0)
		return;
	json_t *object = start_impact(b, "confidentiality", "personal-information");
	json_t *loss = json_pack("{s:s,s:s}", "information_type", "pii", "loss_type",
		sure ? "confirmed-loss" : "suspected-loss");
	if (records > 0)
		put(b, loss, "record_count", json_integer((json_int_t)records));
	put_impact(b, object, "confidentiality-ext", loss);
	if (persons > 0)
		put(b, object, "impacted_entity_counts",
			json_pack("[{s:s,s:I}]", "entity_type", "individual", "count",
				(json_int_t)persons));
}

/* Of the scale's steps (appendix A of the suite) "Denial" is the one that an outage is. */
enum { AVAILABILITY_DENIAL = 75 };

static void add_outage(struct bundle *b)
{
	const int64_t minutes = exchange_fact(b->incident, "outage_minutes");
	if (minutes <= 0)
		return;
	json_t *object = start_impact(b, "availability", "outage");
	put(b, object, "description", json_sprintf("outage of %lld minutes", (long long)minutes));
	put_time(b, object, "start_time", b->x->occurred_ns);
	put_impact(b, object, "availability-ext",
		json_pack("{s:i}", "availability_impact", AVAILABILITY_DENIAL));
}

static void add_money(struct bundle *b, const char *fact, const char *variety)
{
	const int64_t fen = exchange_fact(b->incident, fact);
	if (fen <= 0)
		return;
	/* What is demanded is the most that is lost, and nothing may be. */
	const double least = strcmp(variety, "ransom-demand") == 0 ? 0 : (double)fen / 100;
	json_t *object = start_impact(b, "economic", fact);
	put_impact(b, object, "economic-ext",
		json_pack("{s:s,s:s,s:f,s:f}", "variety", variety, "currency", "CNY", "min_amount",
			least, "max_amount", (double)fen / 100));
}

static void add_impacts(struct bundle *b)
{
	const bool paid = exchange_answer(b->incident, "ransom_paid") == 1;
	add_leak(b);
	add_outage(b);
	add_money(b, "direct_loss_fen", "uncategorized");
	add_money(b, "ransom_amount_fen", paid ? "ransom-payment" : "ransom-demand");
}

/* --- the incident ----------------------------------------------------------------------------- */

/* Terms of the suite's open vocabulary of event types. */
static const char *incident_type(const char *kind)
{
	static const struct {
		const char *kind, *term;
	} rows[] = { { "ransomware", "ransomware" }, { "leak", "unauthorized-release" },
		{ "tampering", "modification-information" }, { "destruction", "destruction" },
		{ "unauthorised_access", "unauthorized-access-information" },
		{ "abuse", "unauthorized-use" }, { "illegal_transfer", "policy-violation" },
		{ "outage", "denial-of-service" }, { "other", "unspecified" } };
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (strcmp(rows[i].kind, kind) == 0)
			return rows[i].term;
	return "undetermined";
}

static json_t *scores(struct bundle *b)
{
	json_t *list = json_array();
	for (size_t k = 0; k < b->incident->n_grades; k++) {
		const struct grade_row *g = &b->incident->grades[k];
		const json_t *tier = json_object_get(g->classification, "tier");
		if (json_is_integer(tier) && exchange_shows(b->x, g->profile))
			exchange_push(&b->maker, list,
				json_pack("{s:o,s:I,s:s}", "name",
					json_sprintf("%s tier", g->profile), "value",
					json_integer_value(tier), "description",
					"1 is the gravest of four"));
	}
	return list;
}

static json_t *labels(struct bundle *b)
{
	json_t *list = json_array();
	if (b->x->drill)
		exchange_push(&b->maker, list, json_string("exercise"));
	if (b->x->redacted)
		exchange_push(&b->maker, list, json_string("redacted"));
	for (size_t k = 0; k < b->incident->n_grades; k++) {
		const struct grade_row *g = &b->incident->grades[k];
		const char *class = json_string_value(json_object_get(g->classification, "class"));
		if (class != NULL && exchange_shows(b->x, g->profile))
			exchange_push(&b->maker, list, json_sprintf("%s:%s", g->profile, class));
	}
	return list;
}

static const char *investigation(const struct incident *i)
{
	if (i->life == LIFE_CLOSED)
		return "closed";
	return i->life == LIFE_OPEN && i->n_events <= 1 ? "new" : "open";
}

/* A list that is empty is left out: STIX knows none. */
static void put_list(struct bundle *b, json_t *object, const char *key, json_t *list)
{
	if (list != NULL && json_array_size(list) == 0)
		json_decref(list);
	else
		put(b, object, key, list);
}

static json_t *core_of(struct bundle *b, const char *event)
{
	const bool sure = exchange_answer(b->incident, "harm_caused") == 1 ||
			  exchange_answer(b->incident, "data_leaked_or_stolen") == 1;
	json_t *core = json_pack("{s:s,s:s,s:s,s:[s],s:[s]}", "extension_type",
		"property-extension", "determination", sure ? "confirmed" : "suspected",
		"investigation_status", investigation(b->incident), "incident_types",
		incident_type(b->x->kind), "event_refs", event);
	put_list(b, core, "impact_refs", json_incref(b->impact_refs));
	put_list(b, core, "scores", scores(b));
	put_list(b, core, "task_refs", json_incref(b->task_refs));
	return core;
}

static void put_what(struct bundle *b, json_t *object)
{
	if (b->x->what[0] != '\0')
		put(b, object, "description", json_string(b->x->what));
}

static void add_event(struct bundle *b, const char *id)
{
	const char *status = strcmp(b->x->ongoing, "yes") == 0	? "ongoing"
			     : strcmp(b->x->ongoing, "no") == 0 ? "occurred"
								: "undetermined";
	json_t *object = start_object(b, "event", id);
	put(b, object, "name", json_string(b->x->kind));
	put_what(b, object);
	put(b, object, "status", json_string(status));
	put(b, object, "event_types", json_pack("[s]", incident_type(b->x->kind)));
	put_time(b, object, "start_time", b->x->occurred_ns);
	put(b, object, "extensions", new_kind(EVENT_EXTENSION));
}

static void add_incident(struct bundle *b)
{
	char id[OBJECT_ID_MAX], event[OBJECT_ID_MAX], relation[OBJECT_ID_MAX];
	(void)object_id(b, "event", "event", event);
	(void)object_id(b, "incident", "incident", id);
	add_event(b, event);
	json_t *object = start_object(b, "incident", id);
	put(b, object, "name", json_string(b->x->title));
	put_what(b, object);
	put_list(b, object, "labels", labels(b));
	put(b, object, "external_references",
		json_pack("[{s:s,s:s},{s:s,s:s}]", "source_name", "tocsin", "external_id",
			b->incident->id.text, "source_name", "tocsin incident number",
			"external_id", b->incident->number));
	put(b, object, "extensions", json_pack("{s:o}", CORE_EXTENSION, core_of(b, event)));
	object = start_object(b, "relationship", object_id(b, "relationship", "impacts", relation));
	put(b, object, "relationship_type", json_string("impacts"));
	put(b, object, "source_ref", json_string(id));
	put(b, object, "target_ref", json_string(b->identity));
}

enum status render_stix(
	const struct incident *i, const struct export_options *o, struct buf *out, struct error *e)
{
	struct exchange x;
	char uuid[ID_TEXT_LEN + 1], id[OBJECT_ID_MAX];
	TRY(exchange_from(i, o, &x, e));
	AUTO_JSON json_t *objects = json_array();
	AUTO_JSON json_t *tasks = json_array();
	AUTO_JSON json_t *impacts = json_array();
	struct bundle b = { .incident = i,
		.x = &x,
		.objects = objects,
		.task_refs = tasks,
		.impact_refs = impacts };
	(void)time_text(i->created_ns, b.created);
	(void)time_text(x.modified_ns, b.modified);
	(void)snprintf(
		b.identity, sizeof b.identity, "identity--%s", exchange_company_uuid(&x, uuid));
	add_marking(&b);
	add_identity(&b);
	for (size_t k = 0; k < i->n_clocks; k++)
		if (exchange_shows(&x, i->clocks[k].profile))
			add_task(&b, &i->clocks[k]);
	add_impacts(&b);
	add_incident(&b);
	AUTO_JSON json_t *bundle = json_pack("{s:s,s:s,s:O}", "type", "bundle", "id",
		object_id(&b, "bundle", "bundle", id), "objects", objects);
	return exchange_finish(&b.maker, bundle, out, "STIX", e);
}
