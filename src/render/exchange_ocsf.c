/*
 * OCSF 1.8.0, Incident Finding (class 2005 in category 2): the form that log stores take in.
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
	SEVERITY_UNKNOWN = 0
};

static int activity_of(const struct incident *i)
{
	if (i->life == LIFE_CLOSED)
		return ACTIVITY_CLOSE;
	return i->n_events <= 1 ? ACTIVITY_CREATE : ACTIVITY_UPDATE;
}

static int status_of(const struct incident *i)
{
	switch (i->life) {
	case LIFE_OPEN:
		return i->n_events <= 1 ? STATUS_NEW : STATUS_IN_PROGRESS;
	case LIFE_HANDLED:
		return STATUS_RESOLVED;
	case LIFE_CLOSED:
		return STATUS_CLOSED;
	}
	return STATUS_NEW;
}

/* OCSF's scale is its own (1 informational to 6 fatal): a tier is not translated into it. */
static json_t *enrichments(const struct incident *i)
{
	json_t *list = json_array();
	for (size_t k = 0; k < i->n_grades; k++)
		(void)json_array_append_new(
			list, json_pack("{s:s,s:s,s:O}", "name", "classification", "value",
				      i->grades[k].profile, "data", i->grades[k].classification));
	return list;
}

enum status render_ocsf(
	const struct incident *i, const struct export_options *o, struct buf *out, struct error *e)
{
	struct exchange x;
	exchange_from(i, o, &x);
	const int activity = activity_of(i);
	const int64_t at_ns = x.discovered_ns < 0 ? i->created_ns : x.discovered_ns;
	AUTO_JSON json_t *finding = json_pack(
		"{s:i,s:i,s:i,s:i,s:I,s:i,s:i,s:{s:s,s:{s:s,s:s,s:s},s:[s]},s:[{s:s,s:s,s:I}],"
		"s:{s:s},s:s,s:b,s:s,s:o}",
		"activity_id", activity, "category_uid", CATEGORY_UID, "class_uid", CLASS_UID,
		"type_uid", CLASS_UID * 100 + activity, "time",
		(json_int_t)(x.modified_ns / NS_PER_MS), "severity_id", SEVERITY_UNKNOWN,
		"status_id", status_of(i), "metadata", "version", "1.8.0", "product", "name",
		"Tocsin", "vendor_name", "Tocsin", "version", TOCSIN_VERSION, "labels",
		x.drill ? "exercise" : "real", "finding_info_list", "uid", i->id.text, "title",
		x.title, "created_time", (json_int_t)(at_ns / NS_PER_MS), "assignee_group", "name",
		x.company, "message", x.title, "is_suspected_breach", 1, "desc",
		x.what[0] == '\0' ? x.kind : x.what, "enrichments", enrichments(i));
	if (finding == NULL)
		return error_set(e, E_NO_SPACE, "memory is short");
	TRY(json_write(finding, out, e));
	buf_add_char(out, '\n');
	return buf_check(out, "OCSF", e);
}
