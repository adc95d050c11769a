/*
 * The duties of a profile: who owes what to whom, and the clock. A clock is one of
 *
 *   { within: 10, from: discovered }                                 minutes
 *   { within: 240, from: judged, at_most: 1440, at_most_from: discovered }
 *   { immediately: true, from: judged, target: 10 }
 *   { every: 120, from: occurred }                                   minutes, until handling ended
 *   { within: 30, from: receipt, received_by: protection_and_police }
 *   { days: 30 | working_days: 5 | months: 1, from: handling_ended }
 *   { months: 1, from: submitted, after: intermediate, latest: true }
 *   { year_end: 12-31, from: discovered }
 *   { on_request: true }
 */
#include <string.h>

#include "incident/rules/profile_read.h"

static const char *const duty_keys[] = { "id", "stage", "instrument", "row", "certainty", "owes",
	"to", "medium", "from_grade", "when", "clock", "zh", "en", NULL };
static const char *const clock_keys[] = { "within", "immediately", "every", "days", "working_days",
	"months", "year_end", "on_request", "from", "from_if_unknown", "after", "at_most",
	"at_most_from", "target", "next_working_noon", "latest", "received_by", NULL };

/* In the order of enum moment. */
static const char *const moment_words[] = { "occurred", "discovered", "judged", "receipt",
	"handling_ended", "requested", "paid", "remedy", "new_facts", "submitted", NULL };

enum { MINUTES_MAX = 366 * 24 * 60, DAYS_MAX = 3660, MONTHS_MAX = 120 };

struct duty_reader {
	const struct profile_loader *l;
	const struct profile *profile;
	struct duty *rows;
	size_t n;
	struct error *e;
};

static enum status read_moment(struct duty_reader *r, struct json_place in, const char *key,
	enum json_need need, enum moment *out)
{
	int moment = (int)*out;
	TRY(rule_choice(in, key, need, moment_words, &moment, r->e));
	*out = (enum moment)moment;
	return OK;
}

static enum status need_true(struct duty_reader *r, struct json_place in, const char *key)
{
	return json_is_true(json_object_get(in.object, key))
		       ? OK
		       : error_set(r->e, E_INVALID, "%s.%s: can only be true", in.at, key);
}

/* "12-31" */
static enum status read_year_end(struct duty_reader *r, struct json_place in, struct duty *d)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	const char *text = NULL;
	unsigned long long month = 0;
	unsigned long long day = 0;
	TRY(json_get_text(in, "year_end", JSON_REQUIRED, &text, r->e));
	struct view rest = view_of(text);
	const struct view first = view_cut(&rest, '-');
	if (first.len != 2 || rest.len != 2 || !view_to_u64(first, &month) ||
		!view_to_u64(rest, &day) || month < 1 || month > 12 || day < 1 ||
		day > (unsigned long long)days[month - 1])
		return error_set(
			r->e, E_INVALID, "%s.year_end: not a day of any year such as 12-31", in.at);
	d->kind = CLOCK_YEAR_END;
	d->month = (int)month;
	d->day = (int)day;
	return OK;
}

/* Which of the kinds it is: exactly one. */
static enum status read_kind(struct duty_reader *r, struct json_place in, struct duty *d)
{
	static const struct {
		const char *key;
		enum clock_kind kind;
		int64_t most;
	} amounts[] = { { "within", CLOCK_WITHIN, MINUTES_MAX },
		{ "every", CLOCK_EVERY, MINUTES_MAX }, { "days", CLOCK_DAYS, DAYS_MAX },
		{ "working_days", CLOCK_WORKING_DAYS, DAYS_MAX },
		{ "months", CLOCK_MONTHS, MONTHS_MAX } };
	size_t n = 0;
	for (size_t i = 0; i < sizeof amounts / sizeof amounts[0]; i++) {
		if (json_object_get(in.object, amounts[i].key) == NULL)
			continue;
		n++;
		d->kind = amounts[i].kind;
		TRY(rule_int(
			in, amounts[i].key, JSON_REQUIRED, 1, amounts[i].most, &d->amount, r->e));
	}
	if (json_object_get(in.object, "immediately") != NULL) {
		n++;
		d->kind = CLOCK_IMMEDIATELY;
		TRY(need_true(r, in, "immediately"));
	}
	if (json_object_get(in.object, "on_request") != NULL) {
		n++;
		d->kind = CLOCK_ON_REQUEST;
		TRY(need_true(r, in, "on_request"));
	}
	if (json_object_get(in.object, "year_end") != NULL) {
		n++;
		TRY(read_year_end(r, in, d));
	}
	return n == 1 ? OK
		      : error_set(r->e, E_INVALID,
				"%s: exactly one of within, immediately, every, days, "
				"working_days, "
				"months, year_end and on_request",
				in.at);
}

static enum status read_cap(struct duty_reader *r, struct json_place in, struct duty *d)
{
	d->cap_from = d->from;
	if (json_object_get(in.object, "at_most") == NULL &&
		json_object_get(in.object, "at_most_from") == NULL)
		return OK;
	if (d->kind != CLOCK_WITHIN)
		return error_set(r->e, E_INVALID, "%s.at_most: belongs to within", in.at);
	TRY(rule_int(in, "at_most", JSON_REQUIRED, 1, MINUTES_MAX, &d->cap_minutes, r->e));
	TRY(read_moment(r, in, "at_most_from", JSON_REQUIRED, &d->cap_from));
	d->kind = CLOCK_EARLIEST;
	return OK;
}

static enum status read_after(struct duty_reader *r, struct json_place in, struct duty *d)
{
	const bool given = json_object_get(in.object, "after") != NULL;
	const bool wanted = d->from == MOMENT_SUBMITTED || d->cap_from == MOMENT_SUBMITTED ||
			    d->from_if_unknown == MOMENT_SUBMITTED;
	if (given != wanted)
		return error_set(r->e, E_INVALID,
			"%s.after: names the stage of a clock that runs from submitted, and only "
			"of "
			"such a clock",
			in.at);
	TRY(json_get_bool(in, "latest", JSON_OPTIONAL, &d->after_latest, r->e));
	if (d->after_latest && !given)
		return error_set(r->e, E_INVALID, "%s.latest: belongs to after", in.at);
	return given ? profile_read_word(r->l, RULE_STAGES, in, "after", &d->after, r->e) : OK;
}

/* Whose receipt it is that a relay counts from: that of who owes it, unless the report went to an
 * addressee of another name that includes it. */
static enum status read_receiver(struct duty_reader *r, struct json_place in, struct duty *d)
{
	d->received_by = d->owes;
	if (json_object_get(in.object, "received_by") == NULL)
		return OK;
	if (d->from != MOMENT_RECEIPT)
		return error_set(
			r->e, E_INVALID, "%s.received_by: belongs to from: receipt", in.at);
	return profile_read_word(r->l, RULE_ROLES, in, "received_by", &d->received_by, r->e);
}

static enum status read_clock(struct duty_reader *r, struct json_place in, struct duty *d)
{
	TRY(json_only_keys(in, clock_keys, r->e));
	TRY(read_kind(r, in, d));
	d->from = MOMENT_REQUESTED; /* of on_request, where nothing else can be meant */
	TRY(read_moment(r, in, "from", d->kind == CLOCK_ON_REQUEST ? JSON_OPTIONAL : JSON_REQUIRED,
		&d->from));
	d->from_if_unknown = d->from;
	TRY(read_moment(r, in, "from_if_unknown", JSON_OPTIONAL, &d->from_if_unknown));
	TRY(read_cap(r, in, d));
	TRY(read_after(r, in, d));
	TRY(read_receiver(r, in, d));
	TRY(json_get_bool(in, "next_working_noon", JSON_OPTIONAL, &d->next_working_noon, r->e));
	d->target_minutes = -1;
	TRY(rule_int(in, "target", d->kind == CLOCK_IMMEDIATELY ? JSON_REQUIRED : JSON_OPTIONAL, 1,
		MINUTES_MAX, &d->target_minutes, r->e));
	if (d->kind == CLOCK_WITHIN && d->target_minutes > d->amount)
		return error_set(
			r->e, E_INVALID, "%s.target: later than the limit that it is for", in.at);
	return OK;
}

static enum status read_duty(
	struct duty_reader *r, struct json_place in, struct rule_origin origin, struct duty *d)
{
	char path[RULE_PATH_MAX];
	json_t *clock = NULL;
	json_t *when = json_object_get(in.object, "when");
	TRY(rule_key(in, "id", JSON_REQUIRED, r->l->pool, &d->id, r->e));
	TRY(json_only_keys(in, duty_keys, r->e));
	d->row = d->id;
	TRY(rule_line(in, "row", JSON_OPTIONAL, r->l->pool, &d->row, r->e));
	if (origin.instrument == NULL || origin.certainty == 0)
		return error_set(r->e, E_INVALID,
			"%s: needs an instrument and a certainty, here or under defaults", in.at);
	d->instrument = origin.instrument;
	d->certainty = origin.certainty;
	TRY(profile_read_word(r->l, RULE_STAGES, in, "stage", &d->stage, r->e));
	TRY(profile_read_word(r->l, RULE_ROLES, in, "owes", &d->owes, r->e));
	TRY(profile_read_word(r->l, RULE_ROLES, in, "to", &d->to, r->e));
	TRY(profile_read_word(r->l, RULE_MEDIA, in, "medium", &d->medium, r->e));
	TRY(rule_both_here(in, r->l->pool, &d->text, r->e));
	d->worst_grade = -1;
	TRY(profile_read_grade(in, "from_grade", JSON_OPTIONAL, r->profile, &d->worst_grade, r->e));
	if (when != NULL)
		TRY(condition_compile(&r->l->catalogue, when, rule_path(path, in.at, "when"),
			r->l->pool, &d->when, r->e));
	TRY(json_get_object(in, "clock", JSON_REQUIRED, &clock, r->e));
	return read_clock(r, (struct json_place){ clock, rule_path(path, in.at, "clock") }, d);
}

static enum status add(struct duty_reader *r, struct duty d, const char *at)
{
	for (size_t i = 0; i < r->n; i++)
		if (strcmp(r->rows[i].id, d.id) == 0)
			return error_set(r->e, E_INVALID, "%s.id: '%s' is there twice", at, d.id);
	if (r->n == PROFILE_DUTIES_MAX)
		return error_set(
			r->e, E_TOO_BIG, "%s: more than %d duties", at, (int)PROFILE_DUTIES_MAX);
	r->rows[r->n++] = d;
	return OK;
}

static enum status read_list(
	struct duty_reader *r, json_t *root, struct rule_origin defaults, json_t *spec)
{
	char item[RULE_PATH_MAX];
	json_t *list = NULL;
	TRY(rule_list((struct json_place){ root, "" }, "duties", JSON_OPTIONAL, PROFILE_DUTIES_MAX,
		&list, r->e));
	for (size_t i = 0; i < json_array_size(list); i++) {
		struct json_place in = { json_array_get(list, i), rule_item(item, "duties", i) };
		struct duty d = { .worst_grade = -1 };
		struct rule_origin origin = defaults;
		TRY(profile_read_origin(r->l, in, &origin, r->e));
		if (spec != NULL) {
			const char *id = json_string_value(json_object_get(in.object, "id"));
			if (id == NULL || !profile_takes_row(spec, id))
				continue;
			TRY(profile_read_origin(
				r->l, (struct json_place){ spec, "duties_from" }, &origin, r->e));
		}
		TRY(read_duty(r, in, origin, &d));
		TRY(add(r, d, item));
	}
	return OK;
}

enum status duties_read(const struct profile_loader *l, struct json_place root,
	struct rule_origin defaults, struct profile *out, struct error *e)
{
	struct duty_reader r = { .l = l, .profile = out, .e = e };
	const struct profile_source *base = NULL;
	json_t *spec = NULL;
	r.rows = pool_take(l->pool, PROFILE_DUTIES_MAX, sizeof *r.rows);
	if (r.rows == NULL)
		return rule_no_memory(e);
	TRY(profile_base(l, root, "duties_from", &base, &spec, e));
	/* Its own first: they are what the profile is for. */
	TRY(read_list(&r, root.object, defaults, NULL));
	if (base != NULL) {
		struct rule_origin origin = { NULL, 0 };
		json_t *given = json_object_get(base->root, "defaults");
		TRY(profile_check_rows((struct json_place){ spec, "duties_from" },
			json_object_get(base->root, "duties"), "id", e));
		if (given != NULL)
			TRY(profile_read_origin(
				l, (struct json_place){ given, "defaults" }, &origin, e));
		if (read_list(&r, base->root, origin, spec) != OK)
			return error_wrap(e, "%s", base->what);
	}
	out->duties = r.rows;
	out->n_duties = r.n;
	return OK;
}
