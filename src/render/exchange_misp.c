/*
 * MISP core format (draft-18 and later): numbers travel as JSON strings, info is at most 256
 * characters, the tier is a tag of our own, since threat_level_id has fixed values that no regime
 * shares: it stays 4, undefined.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "render/exchange.h"
#include "render/incident_words.h"

static const char *tlp_tag(const char *label)
{
	static const struct {
		const char *label, *tag;
	} rows[] = { { "CLEAR", "tlp:clear" }, { "GREEN", "tlp:green" }, { "AMBER", "tlp:amber" },
		{ "AMBER+STRICT", "tlp:amber+strict" }, { "RED", "tlp:red" } };
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (strcmp(rows[i].label, label) == 0)
			return rows[i].tag;
	return "tlp:amber";
}

static void add_attribute(json_t *list, const struct incident *i, const char *type,
	const char *category, const char *comment, const char *value)
{
	char uuid[ID_TEXT_LEN + 1], stamp[24];
	if (value[0] == '\0')
		return;
	(void)snprintf(stamp, sizeof stamp, "%lld", (long long)(i->created_ns / NS_PER_S));
	(void)json_array_append_new(
		list, json_pack("{s:s,s:s,s:s,s:s,s:b,s:s,s:s,s:s}", "uuid",
			      exchange_uuid(&i->id, comment, uuid), "type", type, "category",
			      category, "value", value, "to_ids", 0, "timestamp", stamp,
			      "distribution", "5", "comment", comment));
}

static json_t *attributes(const struct incident *i, const struct exchange *x)
{
	json_t *list = json_array();
	char number[24], time[TIME_TEXT_MAX];
	const int64_t persons = exchange_fact(i, "personal_information_persons");
	add_attribute(list, i, "text", "Internal reference", "incident number", i->number);
	add_attribute(list, i, "text", "Other", "kind", x->kind);
	add_attribute(list, i, "comment", "Other", "what", x->what);
	if (x->discovered_ns >= 0)
		add_attribute(list, i, "datetime", "Other", "discovered at",
			time_text(x->discovered_ns, time));
	if (persons >= 0) {
		(void)snprintf(number, sizeof number, "%lld", (long long)persons);
		add_attribute(list, i, "counter", "Other", "persons concerned", number);
	}
	return list;
}

static json_t *tags(const struct incident *i, const struct exchange *x)
{
	json_t *list = json_array();
	char name[128];
	(void)json_array_append_new(list, json_pack("{s:s}", "name", tlp_tag(x->tlp)));
	for (size_t k = 0; k < i->n_grades; k++) {
		const json_t *tier = json_object_get(i->grades[k].classification, "tier");
		if (!json_is_integer(tier))
			continue;
		(void)snprintf(name, sizeof name, "tocsin:%.80s=\"tier-%lld\"",
			i->grades[k].profile, (long long)json_integer_value(tier));
		(void)json_array_append_new(list, json_pack("{s:s}", "name", name));
	}
	if (x->drill)
		(void)json_array_append_new(list, json_pack("{s:s}", "name", "exercise:generic"));
	return list;
}

static json_t *organisation(const struct incident *i, const struct exchange *x)
{
	char uuid[ID_TEXT_LEN + 1];
	return json_pack("{s:s,s:s,s:s}", "id", "0", "name", x->company, "uuid",
		exchange_uuid(&i->id, x->company, uuid));
}

enum status render_misp(
	const struct incident *i, const struct export_options *o, struct buf *out, struct error *e)
{
	/* 0 initial, 1 ongoing, 2 completed */
	static const char *const analysis[] = { "0", "1", "2" };
	struct exchange x;
	char date[ZONED_TIME_MAX], stamp[24], count[24];
	exchange_from(i, o, &x);
	(void)snprintf(stamp, sizeof stamp, "%lld", (long long)(x.modified_ns / NS_PER_S));
	const char *day =
		zoned_time(x.discovered_ns < 0 ? i->created_ns : x.discovered_ns, 0, date);
	date[10] = '\0'; /* the date alone */
	json_t *list = attributes(i, &x);
	(void)snprintf(count, sizeof count, "%zu", json_array_size(list));
	AUTO_JSON json_t *event = json_pack(
		"{s:{s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:b,s:s,s:s,s:o,s:o,s:o,s:o}}",
		"Event", "uuid", i->id.text, "id", "0", "info", x.title, "date", day, "timestamp",
		stamp, "publish_timestamp", "0", "org_id", "0", "orgc_id", "0", "threat_level_id",
		"4", "analysis", analysis[i->life], "published", 0, "distribution", "0",
		"attribute_count", count, "Org", organisation(i, &x), "Orgc", organisation(i, &x),
		"Attribute", list, "Tag", tags(i, &x));
	if (event == NULL)
		return error_set(e, E_NO_SPACE, "memory is short");
	TRY(json_write(event, out, e));
	buf_add_char(out, '\n');
	return buf_check(out, "MISP", e);
}
