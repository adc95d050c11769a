/*
 * A classification as JSON, and the reasons for a review as sentences.
 */
#include <string.h>

#include "incident/rules/classify.h"

static const struct {
	enum review_reason reason;
	const char *key;
	const char *sentence;
} reasons[] = {
	{ REVIEW_NOTHING_KNOWN, "nothing-known",
		N_("No criterion has its facts yet: this grade says nothing about how grave it "
		   "is.") },
	{ REVIEW_PAIR_NOT_NAMED, "pair-not-named",
		N_("No row names this data class together with this threat: the nearest row was "
		   "taken, and a person must decide.") },
	{ REVIEW_CORE_DATA, "core-data",
		N_("Core data is involved: a person must decide whether it is of the gravest "
		   "tier.") },
	{ REVIEW_COULD_RAISE, "could-raise",
		N_("Facts that are still unknown could make it graver than this, the lowest "
		   "grade.") },
	{ REVIEW_RULE_UNSURE, "rule-unsure",
		N_("The row that decides was read in secondary sources only.") },
	{ REVIEW_NOT_IN_FORCE, "not-in-force",
		N_("These rules are a draft, a proposal or superseded, or the incident lies "
		   "outside "
		   "the time in which they are in force.") },
	{ REVIEW_UNFIXED, "unfixed",
		N_("The grade cannot be fixed yet: until then it counts as at least this one.") },
	{ REVIEW_QUALIFIER, "qualifier",
		N_("A word on what is affected is still unknown, and it alone decides whether it "
		   "is "
		   "graver.") },
	{ REVIEW_FACTS_CHANGED, "facts-changed",
		N_("Persons lowered this grade over other facts than those known now: a person "
		   "must "
		   "confirm it.") },
};

const char *review_sentence(enum review_reason r)
{
	for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
		if (reasons[i].reason == r)
			return i18n_text(reasons[i].sentence);
	return "";
}

static json_t *text_or_null(const char *text)
{
	return text == NULL ? json_null() : json_string(text);
}

static json_t *tier_or_null(const struct profile_grade *g)
{
	return g == NULL || g->tier == 0 ? json_null() : json_integer(g->tier);
}

static const struct profile_grade *grade_at(const struct profile *p, int grade)
{
	return grade < 0 ? NULL : &p->grades[grade];
}

/* The facts that a criterion wants and that nobody knows, as keys. */
static json_t *missing_of(
	const struct fact_catalogue *c, const struct classification *k, const uint64_t *wants)
{
	json_t *list = json_array();
	for (size_t i = 0; list != NULL && i < c->n_rows; i++) {
		if (!classification_unknown(k, (int)i) ||
			(wants != NULL && (wants[i / 64] >> (i % 64) & 1) == 0))
			continue;
		if (json_array_append_new(list, json_string(c->rows[i].key)) != 0) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

static json_t *criterion_json(const struct fact_catalogue *c, const struct classification *k,
	size_t index, bool could_raise)
{
	const struct criterion *row = &k->profile->criteria[index];
	const struct profile_grade *g = &k->profile->grades[row->grade];
	const char certainty[2] = { row->certainty, '\0' };
	json_t *object = json_pack("{ssssssss so so ssss}", "criterion", row->metric, "instrument",
		row->instrument, "row", row->row, "certainty", certainty, "tier", tier_or_null(g),
		"class", text_or_null(g->class_key), "text_zh", row->text.zh, "text_en",
		row->text.en);
	if (object != NULL && could_raise &&
		json_object_set_new(object, "needs", missing_of(c, k, row->wants)) != 0) {
		json_decref(object);
		return NULL;
	}
	return object;
}

static json_t *criteria_json(const struct fact_catalogue *c, const struct classification *k,
	const uint16_t *indices, size_t n)
{
	json_t *list = json_array();
	for (size_t i = 0; list != NULL && i < n; i++) {
		if (json_array_append_new(list,
			    criterion_json(c, k, indices[i], indices == k->could_raise)) != 0) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

static json_t *review_json(const struct classification *k)
{
	json_t *list = json_array();
	for (size_t i = 0; list != NULL && i < sizeof reasons / sizeof reasons[0]; i++) {
		if ((k->review & reasons[i].reason) == 0)
			continue;
		if (json_array_append_new(
			    list, json_pack("{ssss}", "reason", reasons[i].key, "sentence",
					  i18n_text(reasons[i].sentence))) != 0) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

static json_t *named_grade_json(const struct profile *p, int grade)
{
	const struct profile_grade *g = grade_at(p, grade);
	if (g == NULL)
		return json_null();
	return json_pack("{so so ssss}", "tier", tier_or_null(g), "class",
		text_or_null(g->class_key), "name_zh", g->name.zh, "name_en", g->name.en);
}

enum status classification_to_json(const struct fact_catalogue *c, const struct classification *k,
	json_t **out, struct error *e)
{
	const struct profile *p = k->profile;
	const struct profile_grade *g = grade_at(p, k->grade);
	const bool tiers = p->grades[0].tier > 0;
	const char *zh = g == NULL ? NULL : g->name.zh;
	const char *en = g == NULL ? NULL : g->name.en;
	AUTO_JSON json_t *object = json_pack("{ss sI ss ss ss ss ss}", "profile", p->id, "version",
		(json_int_t)p->version, "profile_zh", p->name.zh, "profile_en", p->name.en,
		"label_zh", p->label.zh, "label_en", p->label.en, "status", p->status);
	const struct {
		const char *key;
		json_t *value;
	} members[] = {
		{ "tier", tier_or_null(g) },
		{ "class", text_or_null(g == NULL ? NULL : g->class_key) },
		{ "tier_zh", text_or_null(tiers ? zh : NULL) },
		{ "tier_en", text_or_null(tiers ? en : NULL) },
		{ "class_zh", text_or_null(tiers ? NULL : zh) },
		{ "class_en", text_or_null(tiers ? NULL : en) },
		{ "colour", text_or_null(g == NULL ? NULL : g->colour) },
		{ "response_level", text_or_null(g == NULL ? NULL : g->response_level) },
		{ "met", criteria_json(c, k, k->met, k->n_met) },
		{ "could_raise", criteria_json(c, k, k->could_raise, k->n_could_raise) },
		{ "unknown", missing_of(c, k, NULL) },
		{ "candidate", named_grade_json(p, k->candidate) },
		{ "to_be_confirmed", named_grade_json(p, k->to_confirm) },
		{ "needs_review", json_boolean(k->needs_review) },
		{ "review", review_json(k) },
	};
	bool failed = object == NULL;
	for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
		/* json_object_set_new takes the value even where it fails. */
		failed = json_object_set_new(object, members[i].key, members[i].value) != 0 ||
			 failed;
	}
	if (failed)
		return error_set(e, E_NO_SPACE, "no memory for a classification");
	*out = TAKE(object);
	return OK;
}
