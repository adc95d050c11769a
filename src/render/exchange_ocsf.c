/*
 * OCSF 1.8.0, Incident Finding (class 2005 in category 2): the form that log stores take in.
 *
 * OCSF's severity and impact are scales of its own: no tier is translated into them. What the
 * regimes say is an enrichment each.
 */
#include <string.h>

#include "base/clock.h"
#include "render/exchange.h"

enum {
	CLASS_UID = 2005,
	CATEGORY_UID = 2,
	ACTIVITY_CREATE = 1,
	ACTIVITY_UPDATE = 2,
	ACTIVITY_CLOSE = 3,
	STATUS_NEW = 1,
	STATUS_IN_PROGRESS = 2,
	STATUS_RESOLVED = 4,
	STATUS_CLOSED = 5,
	SEVERITY_UNKNOWN = 0,
	VERDICT_TEST = 6
};

struct word {
	int id;
	const char *name;
};

static struct word activity_of(const struct incident *i)
{
	if (i->life == LIFE_CLOSED)
		return (struct word){ ACTIVITY_CLOSE, "Close" };
	return i->n_events <= 1 ? (struct word){ ACTIVITY_CREATE, "Create" }
				: (struct word){ ACTIVITY_UPDATE, "Update" };
}

static struct word status_of(const struct incident *i)
{
	switch (i->life) {
	case LIFE_OPEN:
		return i->n_events <= 1 ? (struct word){ STATUS_NEW, "New" }
					: (struct word){ STATUS_IN_PROGRESS, "In Progress" };
	case LIFE_HANDLED:
		return (struct word){ STATUS_RESOLVED, "Resolved" };
	case LIFE_CLOSED:
		return (struct word){ STATUS_CLOSED, "Closed" };
	}
	return (struct word){ STATUS_NEW, "New" };
}

static json_t *ms(int64_t wall_ns)
{
	return json_integer((json_int_t)(wall_ns / NS_PER_MS));
}

/* An enrichment names an attribute of the event and its value: here the finding's uid. */
static json_t *enrichments(struct json_maker *m, const struct exchange *x)
{
	json_t *list = json_array();
	for (size_t k = 0; k < x->incident->n_grades; k++) {
		const struct grade_row *g = &x->incident->grades[k];
		if (exchange_shows(x, g->profile))
			exchange_push(m, list,
				json_pack("{s:s,s:s,s:s,s:s,s:o,s:O}", "name",
					"finding_info_list.uid", "value", x->incident->id.text,
					"type", "classification", "provider", "Tocsin",
					"created_time", ms(g->at_ns), "data", g->classification));
	}
	return list;
}

static json_t *metadata(const struct exchange *x)
{
	return json_pack("{s:s,s:{s:s,s:s,s:s},s:[s],s:[s],s:o,s:[{s:s,s:s},{s:s,s:s}]}", "version",
		"1.8.0", "product", "name", "Tocsin", "vendor_name", "Tocsin", "version",
		TOCSIN_VERSION, "profiles", "incident", "labels", x->drill ? "exercise" : "real",
		"modified_time", ms(x->modified_ns), "tags", "name", "tlp", "value", x->tlp->label,
		"name", "redacted", "value", x->redacted ? "true" : "false");
}

static json_t *finding_info(struct json_maker *m, const struct exchange *x)
{
	const struct incident *i = x->incident;
	json_t *info = json_pack("{s:s,s:s,s:s,s:[s],s:o,s:o}", "uid", i->id.text, "uid_alt",
		i->number, "title", x->title, "types", x->kind, "created_time", ms(i->created_ns),
		"modified_time", ms(x->modified_ns));
	if (x->occurred_ns >= 0)
		exchange_put(m, info, "first_seen_time", ms(x->occurred_ns));
	return info;
}

/* 1 suspected, 0 ruled out, -1 nobody can tell: then it is not said. */
static int suspected_breach(const struct exchange *x)
{
	static const char *const kinds[] = { "leak", "unauthorised_access", "illegal_transfer" };
	const int known = exchange_answer(x->incident, "data_leaked_or_stolen");
	for (size_t i = 0; known < 0 && i < COUNT_OF(kinds); i++)
		if (strcmp(x->kind, kinds[i]) == 0)
			return 1;
	return known;
}

enum status render_ocsf(
	const struct incident *i, const struct export_options *o, struct buf *out, struct error *e)
{
	struct exchange x;
	struct json_maker m = { false };
	TRY(exchange_from(i, o, &x, e));
	const struct word activity = activity_of(i), status = status_of(i);
	const int breach = suspected_breach(&x);
	AUTO_JSON json_t *finding = json_pack("{s:i,s:s,s:i,s:s,s:i,s:s,s:i,s:i,s:s,s:i,s:s}",
		"activity_id", activity.id, "activity_name", activity.name, "category_uid",
		CATEGORY_UID, "category_name", "Findings", "class_uid", CLASS_UID, "class_name",
		"Incident Finding", "type_uid", CLASS_UID * 100 + activity.id, "severity_id",
		SEVERITY_UNKNOWN, "severity", "Unknown", "status_id", status.id, "status",
		status.name);
	exchange_put(&m, finding, "time", ms(x.modified_ns));
	exchange_put(&m, finding, "metadata", metadata(&x));
	exchange_put(&m, finding, "finding_info_list", json_pack("[o]", finding_info(&m, &x)));
	exchange_put(&m, finding, "assignee_group", json_pack("{s:s}", "name", x.company));
	exchange_put(&m, finding, "message", json_string(x.title));
	exchange_put(&m, finding, "desc", json_string(x.what[0] == '\0' ? x.kind : x.what));
	if (x.drill) {
		exchange_put(&m, finding, "verdict_id", json_integer(VERDICT_TEST));
		exchange_put(&m, finding, "verdict", json_string("Test"));
	}
	if (breach >= 0)
		exchange_put(&m, finding, "is_suspected_breach", json_boolean(breach));
	if (x.occurred_ns >= 0)
		exchange_put(&m, finding, "start_time", ms(x.occurred_ns));
	exchange_put(&m, finding, "enrichments", enrichments(&m, &x));
	return exchange_finish(&m, finding, out, "OCSF", e);
}
