/*
 * STIX 2.1 (OASIS standard, 10 June 2021) with the incident extension suite of the OASIS common
 * object repository: incident core, impact, task. The suite's incident says what STIX's own stub
 * cannot. TLP 2.0 by the marking definitions of its extension.
 *
 * No tier becomes a STIX "criticality": a regime's tier is kept as a named score beside its name.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "render/exchange.h"

#define CORE_EXTENSION "extension-definition--ef765651-680c-498d-9894-99799f2fa126"
#define IMPACT_EXTENSION "extension-definition--7cc33dd6-f6a1-489b-98ea-522d351d71b9"
#define TASK_EXTENSION "extension-definition--2074a052-8be4-4932-849e-f5e7798e0030"
#define TLP_EXTENSION "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d"

struct bundle {
	const struct incident *incident;
	const struct exchange *x;
	json_t *objects;
	json_t *task_refs, *impact_refs;
	char identity[80], marking[80], created[TIME_TEXT_MAX], modified[TIME_TEXT_MAX];
};

static const struct {
	const char *label, *word, *id;
} tlp_rows[] = {
	{ "CLEAR", "clear", "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487" },
	{ "GREEN", "green", "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb" },
	{ "AMBER", "amber", "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421" },
	{ "AMBER+STRICT", "amber+strict",
		"marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003" },
	{ "RED", "red", "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1" },
};

static char *object_id(const struct bundle *b, const char *type, const char *word, char out[80])
{
	char uuid[ID_TEXT_LEN + 1];
	(void)snprintf(out, 80, "%s--%s", type, exchange_uuid(&b->incident->id, word, uuid));
	return out;
}

/* What every object of ours begins with. */
static json_t *start_object(const struct bundle *b, const char *type, const char *id)
{
	return json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:[s]}", "type", type, "spec_version", "2.1",
		"id", id, "created", b->created, "modified", b->modified, "created_by_ref",
		b->identity, "object_marking_refs", b->marking);
}

static void add_marking(struct bundle *b)
{
	size_t row = 2; /* AMBER, where the label is unknown */
	for (size_t i = 0; i < sizeof tlp_rows / sizeof tlp_rows[0]; i++)
		if (strcmp(tlp_rows[i].label, b->x->tlp) == 0)
			row = i;
	char name[32];
	(void)snprintf(name, sizeof name, "TLP:%s", tlp_rows[row].label);
	(void)snprintf(b->marking, sizeof b->marking, "%s", tlp_rows[row].id);
	(void)json_array_append_new(b->objects,
		json_pack("{s:s,s:s,s:s,s:s,s:s,s:{s:{s:s,s:s}}}", "type", "marking-definition",
			"spec_version", "2.1", "id", b->marking, "created",
			"2022-10-01T00:00:00.000Z", "name", name, "extensions", TLP_EXTENSION,
			"extension_type", "property-extension", "tlp_2_0", tlp_rows[row].word));
}

static void add_identity(struct bundle *b)
{
	json_t *object = start_object(b, "identity", b->identity);
	(void)json_object_del(object, "created_by_ref");
	(void)json_object_set_new(object, "name", json_string(b->x->company));
	(void)json_object_set_new(object, "identity_class", json_string("organization"));
	(void)json_array_append_new(b->objects, object);
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
	return "pending";
}

static void set_time(json_t *object, const char *key, int64_t wall_ns)
{
	char text[TIME_TEXT_MAX];
	if (wall_ns >= 0)
		(void)json_object_set_new(object, key, json_string(time_text(wall_ns, text)));
}

static void add_task(struct bundle *b, const struct clock_row *c)
{
	char id[80], text[CLOCK_TEXT_MAX];
	json_t *object = start_object(b, "task", object_id(b, "task", c->id.text, id));
	(void)json_object_set_new(object, "name", json_string(exchange_clock_text(c, text)));
	(void)json_object_set_new(object, "outcome", json_string(task_outcome(c->state)));
	set_time(object, "start_time", c->started_ns);
	if (c->state == CLOCK_DONE || c->state == CLOCK_DONE_LATE)
		set_time(object, "end_time", c->done_ns);
	(void)json_object_set_new(object, "extensions",
		json_pack("{s:{s:s}}", TASK_EXTENSION, "extension_type", "new-sdo"));
	(void)json_array_append_new(b->task_refs, json_string(id));
	(void)json_array_append_new(b->objects, object);
}

/* --- impacts ---------------------------------------------------------------------------------- */

static json_t *start_impact(struct bundle *b, const char *category, const char *word)
{
	char id[80];
	json_t *object = start_object(b, "impact", object_id(b, "impact", word, id));
	(void)json_object_set_new(object, "impact_category", json_string(category));
	(void)json_array_append_new(b->impact_refs, json_string(id));
	(void)json_array_append_new(b->objects, object); /* borrowed from here on */
	return object;
}

static void add_impacts(struct bundle *b)
{
	const int64_t persons = exchange_fact(b->incident, "personal_information_persons");
	const int64_t minutes = exchange_fact(b->incident, "outage_minutes");
	if (persons > 0) {
		json_t *object = start_impact(b, "confidentiality", "persons");
		(void)json_object_set_new(object, "impacted_entity_counts",
			json_pack("[{s:s,s:I}]", "entity_type", "individual", "count",
				(json_int_t)persons));
		(void)json_object_set_new(object, "extensions",
			json_pack("{s:{s:s},s:{s:s,s:s,s:I}}", IMPACT_EXTENSION, "extension_type",
				"new-sdo", "confidentiality-ext", "information_type", "pii",
				"loss_type", "suspected-loss", "record_count",
				(json_int_t)persons));
	}
	if (minutes > 0) {
		json_t *object = start_impact(b, "availability", "outage");
		set_time(object, "start_time", b->x->discovered_ns);
		(void)json_object_set_new(object, "description",
			json_sprintf("outage of %lld minutes", (long long)minutes));
		(void)json_object_set_new(object, "extensions",
			json_pack("{s:{s:s},s:{s:i}}", IMPACT_EXTENSION, "extension_type",
				"new-sdo", "availability-ext", "availability_impact", 100));
	}
}

/* --- the incident ----------------------------------------------------------------------------- */

/* Terms of the suite's open vocabulary of event types. */
static const char *incident_type(const char *kind)
{
	static const struct {
		const char *kind, *term;
	} rows[] = { { "ransomware", "ransomware" }, { "leak", "unauthorized-release" },
		{ "tampering", "modification-of-information" },
		{ "destruction", "deletion-of-information" },
		{ "unauthorised_access", "unauthorized-access-information" },
		{ "abuse", "illegitimate-use-resources" },
		{ "illegal_transfer", "data-exfiltration" },
		{ "outage", "disruption-data-transmission" } };
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (strcmp(rows[i].kind, kind) == 0)
			return rows[i].term;
	return "undetermined";
}

static json_t *scores(const struct incident *i)
{
	json_t *list = json_array();
	for (size_t k = 0; k < i->n_grades; k++) {
		const json_t *c = i->grades[k].classification;
		const json_t *tier = json_object_get(c, "tier");
		char name[128];
		(void)snprintf(name, sizeof name, "%.100s tier", i->grades[k].profile);
		if (json_is_integer(tier))
			(void)json_array_append_new(
				list, json_pack("{s:s,s:I,s:s}", "name", name, "value",
					      json_integer_value(tier), "description",
					      "1 is the gravest of four"));
	}
	return list;
}

static void add_incident(struct bundle *b)
{
	const char *const states[] = { "open", "open", "closed" };
	char id[80];
	(void)snprintf(id, sizeof id, "incident--%s", b->incident->id.text);
	json_t *object = start_object(b, "incident", id);
	json_t *core = json_pack("{s:s,s:s,s:s,s:[s],s:[s]}", "extension_type",
		"property-extension", "determination", "suspected", "investigation_status",
		states[b->incident->life], "incident_types", incident_type(b->x->kind),
		"other_object_refs", b->identity);
	json_t *named = scores(b->incident);
	(void)json_object_set_new(object, "name", json_string(b->x->title));
	if (b->x->what[0] != '\0')
		(void)json_object_set_new(object, "description", json_string(b->x->what));
	if (b->x->drill)
		(void)json_object_set_new(object, "labels", json_pack("[s]", "exercise"));
	if (json_array_size(b->task_refs) > 0)
		(void)json_object_set(core, "task_refs", b->task_refs);
	if (json_array_size(b->impact_refs) > 0)
		(void)json_object_set(core, "impact_refs", b->impact_refs);
	if (json_array_size(named) > 0)
		(void)json_object_set(core, "scores", named);
	json_decref(named);
	(void)json_object_set_new(object, "extensions", json_pack("{s:o}", CORE_EXTENSION, core));
	(void)json_array_append_new(b->objects, object);
}

enum status render_stix(
	const struct incident *i, const struct export_options *o, struct buf *out, struct error *e)
{
	struct exchange x;
	char uuid[ID_TEXT_LEN + 1], id[80];
	exchange_from(i, o, &x);
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
	(void)object_id(&b, "identity", x.company, b.identity);
	add_marking(&b);
	add_identity(&b);
	for (size_t k = 0; k < i->n_clocks; k++)
		add_task(&b, &i->clocks[k]);
	add_impacts(&b);
	add_incident(&b);
	(void)snprintf(id, sizeof id, "bundle--%s", exchange_uuid(&i->id, "bundle", uuid));
	AUTO_JSON json_t *bundle =
		json_pack("{s:s,s:s,s:O}", "type", "bundle", "id", id, "objects", objects);
	if (bundle == NULL)
		return error_set(e, E_NO_SPACE, "memory is short");
	TRY(json_write(bundle, out, e));
	buf_add_char(out, '\n');
	return buf_check(out, "STIX", e);
}
