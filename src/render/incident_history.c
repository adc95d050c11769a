/*
 * What a line of the history says beside its name.
 */
#include <string.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "render/incident_words.h"

enum { FACTS_NAMED_MAX = 6 };
#define CLAIM_APART_NS (60 * NS_PER_S)

const char *notice_words(const struct incident *i, const char *key)
{
	const char *text = json_string_value(json_object_get(i->notice, key));
	return text == NULL || text[0] == '\0' ? _("unknown") : text;
}

/* --- approvals -------------------------------------------------------------------------------- */

static const char *text_in(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));
	return text == NULL ? "" : text;
}

void approval_words(const json_t *approvals, int64_t utc_offset_minutes, struct buf *out)
{
	size_t i;
	const json_t *one;
	json_array_foreach(approvals, i, one)
	{
		char time[ZONED_TIME_MAX];
		int64_t at_ns = -1;
		buf_add_text(out, i == 0 ? "" : _(", "));
		if (time_parse(view_of(text_in(one, "at")), &at_ns))
			buf_addf(out, _("%s (key %s, %s)"), text_in(one, "person"),
				text_in(one, "key"), zoned_time(at_ns, utc_offset_minutes, time));
		else
			buf_addf(
				out, _("%s (key %s)"), text_in(one, "person"), text_in(one, "key"));
	}
}

static void add_approvals(const struct profile_set *profiles, const char *profile,
	const json_t *approvals, struct buf *out)
{
	AUTO_BUF struct buf names;
	buf_init(&names, 64 * KIB);
	approval_words(approvals, zone_of(profiles, profile), &names);
	if (names.len > 0)
		buf_addf(out, _(" · signed by %s"), buf_text(&names));
}

/* --- grades ----------------------------------------------------------------------------------- */

/* Mark, numeral and colour too where the profile is there and still has that grade. */
static void grade_word_text(const struct profile_set *profiles, const char *profile,
	const json_t *word, struct buf *out)
{
	const struct profile *p = NULL;
	struct error absent = ERROR_NONE;
	const char *en = json_string_value(json_object_get(word, "en"));
	const char *zh = json_string_value(json_object_get(word, "zh"));
	const struct bilingual name = { en == NULL ? "" : en, zh == NULL ? "" : zh };
	if (en != NULL && profiles != NULL && profile_find(profiles, profile, &p, &absent) == OK)
		for (size_t g = 0; g < p->n_grades; g++)
			if (strcmp(p->grades[g].name.en, en) == 0) {
				grade_text(p, (int)g, out);
				return;
			}
	buf_add_text(out, en == NULL ? _("no grade") : bilingual_pick(name));
}

static void begin_part(const struct incident *i, const char *profile, struct buf *out)
{
	if (out->len > 0)
		buf_add_text(out, _("; "));
	if (i->n_grades > 1)
		buf_addf(out, _("%s: "), profile);
}

/* Clocks that ran to be confirmed and cease, or begin to, are told: nobody else says why. */
static void undecided_words(const json_t *step, struct buf *out)
{
	const char *word = json_string_value(json_object_get(step, "undecided"));
	if (word == NULL)
		return;
	if (strcmp(word, "begun") == 0)
		buf_add_text(out, _(" · not decided yet: what may be owed runs, to be confirmed"));
	else if (json_is_null(json_object_get(step, "after")))
		buf_add_text(
			out, _(" · decided: nothing is owed, what ran to be confirmed ceases"));
	else
		buf_add_text(out, _(" · decided: what ran to be confirmed is owed"));
}

static void add_step(const struct incident *i, const struct profile_set *profiles,
	const json_t *step, bool changed, struct buf *out)
{
	const char *profile = json_string_value(json_object_get(step, "profile"));
	const char *person = json_string_value(json_object_get(step, "person"));
	const char *reason = json_string_value(json_object_get(step, "reason"));
	AUTO_BUF struct buf after;
	buf_init(&after, 4 * KIB);
	if (profile == NULL)
		return;
	begin_part(i, profile, out);
	grade_word_text(profiles, profile, json_object_get(step, "after"), &after);
	if (changed) {
		grade_word_text(profiles, profile, json_object_get(step, "before"), out);
		buf_addf(out, " → %s", buf_text(&after));
	} else {
		buf_addf(out, _("%s, as before"), buf_text(&after));
	}
	if (changed && person != NULL && person[0] != '\0')
		buf_addf(out, _(" · by %s: %s"), person, reason == NULL ? "" : reason);
	undecided_words(step, out);
	add_approvals(profiles, profile, json_object_get(step, "approvals"), out);
}

/* What changed; where nothing did, what stayed. */
static void grade_remark(const struct incident *i, const struct profile_set *profiles,
	json_t *steps, struct buf *out)
{
	size_t n_changed = 0, k;
	json_t *step;
	json_array_foreach(steps, k, step)
	{
		const bool same =
			json_equal(json_object_get(step, "before"), json_object_get(step, "after"));
		if (same && json_object_get(step, "undecided") == NULL)
			continue;
		add_step(i, profiles, step, !same, out);
		n_changed++;
	}
	if (n_changed == 0 && json_array_size(steps) == 1)
		add_step(i, profiles, json_array_get(steps, 0), false, out);
	else if (n_changed == 0)
		buf_add_text(out, _("all grades as before"));
}

/* With the first notice came the first grades. */
static void first_grades(const struct incident *i, const struct incident_event *ev,
	const struct profile_set *profiles, struct buf *out)
{
	for (size_t k = 0; k < i->n_grade_history; k++) {
		const struct grade_row *g = &i->grade_history[k];
		const struct profile *p = NULL;
		struct error absent = ERROR_NONE;
		if (g->at_ns != ev->at_ns || profiles == NULL ||
			profile_find(profiles, g->profile, &p, &absent) != OK)
			continue;
		begin_part(i, g->profile, out);
		grade_text(p, g->grade, out);
	}
}

/* --- the others ------------------------------------------------------------------------------- */

/* The facts that changed, by their names. */
static void facts_remark(const struct profile_set *profiles, json_t *changes, struct buf *out)
{
	const struct fact_catalogue *c = profiles == NULL ? NULL : profile_facts(profiles);
	const size_t n = json_array_size(changes);
	for (size_t i = 0; i < n && i < FACTS_NAMED_MAX; i++) {
		const char *key =
			json_string_value(json_object_get(json_array_get(changes, i), "field"));
		const int slot = c == NULL || key == NULL ? -1 : fact_slot(c, key);
		if (key != NULL)
			buf_addf(out, "%s%s", out->len == 0 ? "" : _(", "),
				slot < 0 ? key : bilingual_pick(c->rows[slot].label));
	}
	if (n > FACTS_NAMED_MAX)
		buf_addf(out, _(" and %zu more"), n - FACTS_NAMED_MAX);
}

static void add_part(const char *text, struct buf *out)
{
	buf_addf(out, "%s%s", out->len == 0 ? "" : " · ", text);
}

static void words_remark(json_t *detail, struct buf *out)
{
	static const char *const keys[] = { "what_changed", "reason", "said", "note", "server",
		"why" };
	for (size_t i = 0; i < COUNT_OF(keys); i++) {
		const char *text = json_string_value(json_object_get(detail, keys[i]));
		if (text != NULL && text[0] != '\0') {
			add_part(text, out);
			return;
		}
	}
}

/* Which stage it was, and whom it was told. */
static void stage_remark(json_t *detail, const struct profile_set *profiles, struct buf *out)
{
	const char *stage = json_string_value(json_object_get(detail, "stage"));
	const char *role = json_string_value(json_object_get(detail, "role"));
	const char *to = json_string_value(json_object_get(detail, "to"));
	const char *person = json_string_value(json_object_get(detail, "person"));
	if (stage != NULL && stage[0] != '\0')
		add_part(rule_name(profiles, RULE_STAGES, stage), out);
	if (role != NULL && role[0] != '\0')
		add_part(rule_name(profiles, RULE_ROLES, role), out);
	else if (to != NULL && to[0] != '\0')
		add_part(to, out);
	if (person != NULL && person[0] != '\0')
		add_part(person, out);
}

/* A call or a moment may be logged later than it is said to have been: both times count. */
static void claimed_remark(
	const struct incident_event *ev, const struct profile_set *profiles, struct buf *out)
{
	char time[ZONED_TIME_MAX];
	const int64_t apart = ev->at_ns - ev->claimed_ns;
	AUTO_BUF struct buf text;
	buf_init(&text, 4 * KIB); /* before any way out */
	if (strcmp(ev->kind, "call") != 0 && strncmp(ev->kind, "moment-", 7) != 0)
		return;
	if (ev->claimed_ns < 0 || (apart < CLAIM_APART_NS && apart > -CLAIM_APART_NS))
		return;
	buf_addf(&text, _("said to have been at %s"),
		zoned_time(ev->claimed_ns, zone_of(profiles, PROFILE_DEFAULT), time));
	add_part(buf_text(&text), out);
}

void event_remark(const struct incident *i, const struct incident_event *ev,
	const struct profile_set *profiles, struct buf *out)
{
	if (strcmp(ev->kind, "notice") == 0)
		first_grades(i, ev, profiles, out);
	else if (strcmp(ev->kind, "grade") == 0)
		grade_remark(i, profiles, json_object_get(ev->detail, "grades"), out);
	else
		stage_remark(ev->detail, profiles, out);
	claimed_remark(ev, profiles, out);
	words_remark(ev->detail, out);
	if (out->len == 0 && strcmp(ev->kind, "facts") == 0)
		facts_remark(profiles, json_object_get(ev->detail, "changes"), out);
}
