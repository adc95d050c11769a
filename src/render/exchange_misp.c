/*
 * MISP core format (draft-dulaunoy-misp-core-format-18 and later): numbers travel as JSON strings,
 * info is at most 256 characters, the tier is a tag of our own, since threat_level_id has fixed
 * values that no regime shares: it stays 4, undefined.
 *
 * Ids are those of a MISP server, which gives them when it takes the event in: 0 until then.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "render/exchange.h"
#include "render/incident_words.h"

struct event {
	const struct incident *incident;
	const struct exchange *x;
	struct json_maker maker;
	json_t *list; /* of attributes */
};

/* One "type" in one "category" that may hold it, and what it is in `comment`. */
struct attribute {
	const char *type, *category, *comment, *value;
};

static void add_attribute(struct event *v, struct attribute a)
{
	char uuid[ID_TEXT_LEN + 1], stamp[24];
	if (a.value[0] == '\0')
		return;
	(void)snprintf(
		stamp, sizeof stamp, "%lld", (long long)(v->incident->created_ns / NS_PER_S));
	exchange_push(&v->maker, v->list,
		json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:b,s:s,s:s,s:s,s:b,s:s}", "id", "0",
			"event_id", "0", "uuid", exchange_uuid(v->x, a.comment, uuid), "type",
			a.type, "category", a.category, "value", a.value, "to_ids", 0, "timestamp",
			stamp, "distribution", "5", "sharing_group_id", "0", "deleted", 0,
			"comment", a.comment));
}

static void add_time(struct event *v, const char *comment, int64_t wall_ns)
{
	char time[TIME_TEXT_MAX];
	if (wall_ns >= 0)
		add_attribute(v, (struct attribute){
					 "datetime", "Other", comment, time_text(wall_ns, time) });
}

static void add_count(struct event *v, const char *comment, const char *fact)
{
	char number[24];
	const int64_t count = exchange_fact(v->incident, fact);
	if (count < 0)
		return;
	(void)snprintf(number, sizeof number, "%lld", (long long)count);
	add_attribute(v, (struct attribute){ "counter", "Other", comment, number });
}

static void add_attributes(struct event *v)
{
	const struct incident *i = v->incident;
	add_attribute(v,
		(struct attribute){ "text", "Internal reference", "incident number", i->number });
	add_attribute(
		v, (struct attribute){ "text", "Internal reference", "incident id", i->id.text });
	add_attribute(v, (struct attribute){ "text", "Other", "kind", v->x->kind });
	add_attribute(v, (struct attribute){ "text", "Other", "still going on", v->x->ongoing });
	add_attribute(v, (struct attribute){ "comment", "Other", "what", v->x->what });
	add_time(v, "occurred at", v->x->occurred_ns);
	add_time(v, "discovered at", v->x->discovered_ns);
	add_count(v, "persons concerned", "personal_information_persons");
	add_count(v, "minutes of outage", "outage_minutes");
}

static void add_tag(struct event *v, json_t *tags, const char *name, const char *colour)
{
	exchange_push(&v->maker, tags,
		json_pack("{s:s,s:s,s:s,s:b}", "id", "0", "name", name, "colour", colour,
			"exportable", 1));
}

static void add_grade(struct event *v, json_t *tags, const struct grade_row *g)
{
	const json_t *tier = json_object_get(g->classification, "tier");
	const char *class = json_string_value(json_object_get(g->classification, "class"));
	AUTO_BUF struct buf name;
	buf_init(&name, KIB);
	if (json_is_integer(tier))
		buf_addf(&name, "tocsin:%s=\"tier-%lld\"", g->profile,
			(long long)json_integer_value(tier));
	else if (class != NULL)
		buf_addf(&name, "tocsin:%s=\"%s\"", g->profile, class);
	if (name.len > 0)
		add_tag(v, tags, buf_text(&name), "#27476e");
}

static json_t *tags_of(struct event *v)
{
	char name[40];
	json_t *tags = json_array();
	(void)snprintf(name, sizeof name, "tlp:%s", v->x->tlp->word);
	add_tag(v, tags, name, v->x->tlp->colour);
	for (size_t k = 0; k < v->incident->n_grades; k++)
		if (exchange_shows(v->x, v->incident->grades[k].profile))
			add_grade(v, tags, &v->incident->grades[k]);
	/* The taxonomy "exercise" has no value for an exercise without a name but a check of
	 * telephones; that of incidents has one for what is a test. */
	if (v->x->drill) {
		add_tag(v, tags, "rsit:test=\"test\"", "#0eb100");
		add_tag(v, tags, "tocsin:exercise=\"drill\"", "#0eb100");
	}
	return tags;
}

static json_t *organisation(const struct exchange *x)
{
	char uuid[ID_TEXT_LEN + 1];
	return json_pack("{s:s,s:s,s:s}", "id", "0", "name", x->company, "uuid",
		exchange_company_uuid(x, uuid));
}

enum status render_misp(
	const struct incident *i, const struct export_options *o, struct buf *out, struct error *e)
{
	/* 0 initial, 1 ongoing, 2 complete */
	static const char *const analysis[] = { "0", "1", "2" };
	struct exchange x;
	char date[TIME_TEXT_MAX], stamp[24], count[24], uuid[ID_TEXT_LEN + 1];
	TRY(exchange_from(i, o, &x, e));
	AUTO_JSON json_t *list = json_array();
	struct event v = { .incident = i, .x = &x, .list = list };
	const int64_t day_ns = x.occurred_ns >= 0     ? x.occurred_ns
			       : x.discovered_ns >= 0 ? x.discovered_ns
						      : i->created_ns;
	(void)snprintf(stamp, sizeof stamp, "%lld", (long long)(x.modified_ns / NS_PER_S));
	time_text(day_ns, date)[10] = '\0'; /* the date alone */
	add_attributes(&v);
	(void)snprintf(count, sizeof count, "%zu", json_array_size(list));
	AUTO_JSON json_t *event = json_pack("{s:{s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:"
					    "b,s:b,s:s,s:o,s:o,s:O,s:o}}",
		"Event", "uuid", exchange_uuid(&x, "incident", uuid), "id", "0", "info", x.title,
		"date", date, "timestamp", stamp, "publish_timestamp", "0", "first_publication",
		"0", "org_id", "0", "orgc_id", "0", "threat_level_id", "4", "analysis",
		analysis[i->life], "distribution", "0", "published", 0, "locked", 0,
		"attribute_count", count, "Org", organisation(&x), "Orgc", organisation(&x),
		"Attribute", list, "Tag", tags_of(&v));
	exchange_put(
		&v.maker, json_object_get(event, "Event"), "sharing_group_id", json_string("0"));
	exchange_put(&v.maker, json_object_get(event, "Event"), "extends_uuid", json_string(""));
	return exchange_finish(&v.maker, event, out, "MISP", e);
}
