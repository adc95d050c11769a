/*
 * The Navigator layer against the published rules of format 4.5: required keys, their types, known
 * keys only, ids, colours.
 */
#include <string.h>

#include "render/render.h"
#include "tests/lib/drill_fixture.h"
#include "tests/lib/test.h"

static struct error e;

/* One row of the format: key, type, required. */
struct rule {
	const char *key;
	json_type type;
	bool required;
};

static const struct rule layer_rules[] = {
	{ "name", JSON_STRING, true },
	{ "versions", JSON_OBJECT, true },
	{ "domain", JSON_STRING, true },
	{ "description", JSON_STRING, false },
	{ "filters", JSON_OBJECT, false },
	{ "sorting", JSON_INTEGER, false },
	{ "layout", JSON_OBJECT, false },
	{ "hideDisabled", JSON_FALSE, false },
	{ "techniques", JSON_ARRAY, false },
	{ "gradient", JSON_OBJECT, false },
	{ "legendItems", JSON_ARRAY, false },
	{ "metadata", JSON_ARRAY, false },
	{ "links", JSON_ARRAY, false },
};
static const struct rule version_rules[] = {
	{ "attack", JSON_STRING, false },
	{ "navigator", JSON_STRING, true },
	{ "layer", JSON_STRING, true },
};
static const struct rule technique_rules[] = {
	{ "techniqueID", JSON_STRING, true },
	{ "tactic", JSON_STRING, false },
	{ "score", JSON_INTEGER, false },
	{ "color", JSON_STRING, false },
	{ "comment", JSON_STRING, false },
	{ "enabled", JSON_TRUE, false },
	{ "metadata", JSON_ARRAY, false },
	{ "links", JSON_ARRAY, false },
	{ "showSubtechniques", JSON_FALSE, false },
};
static const struct rule gradient_rules[] = {
	{ "colors", JSON_ARRAY, true },
	{ "minValue", JSON_INTEGER, true },
	{ "maxValue", JSON_INTEGER, true },
};
static const struct rule legend_rules[] = {
	{ "label", JSON_STRING, true },
	{ "color", JSON_STRING, true },
};
static const struct rule metadata_rules[] = {
	{ "name", JSON_STRING, true },
	{ "value", JSON_STRING, true },
};

static bool fits(json_type wanted, const json_t *value)
{
	bool boolean = wanted == JSON_TRUE || wanted == JSON_FALSE;
	return boolean ? json_is_boolean(value) : json_typeof(value) == wanted;
}

static void check_object(json_t *object, const struct rule *rules, size_t n_rules)
{
	const char *key;
	json_t *value;
	REQUIRE(json_is_object(object));
	for (size_t i = 0; i < n_rules; i++)
		CHECK(!rules[i].required || json_object_get(object, rules[i].key) != NULL);
	json_object_foreach(object, key, value)
	{
		bool known = false;
		for (size_t i = 0; i < n_rules; i++)
			if (strcmp(rules[i].key, key) == 0)
				known = fits(rules[i].type, value);
		if (!known)
			test_fail(
				__FILE__, __LINE__, "key '%s' is unknown or of another type", key);
	}
}

static bool is_colour(const char *text)
{
	return text != NULL && strlen(text) == 7 && text[0] == '#' &&
	       strspn(text + 1, "0123456789abcdef") == 6;
}

static void check_lists(json_t *layer)
{
	size_t i;
	json_t *item;
	json_array_foreach(json_object_get(layer, "techniques"), i, item)
	{
		check_object(item, technique_rules, COUNT_OF(technique_rules));
		json_t *colour = json_object_get(item, "color");
		CHECK(colour == NULL || is_colour(json_string_value(colour)));
		json_t *score = json_object_get(item, "score");
		CHECK(score == NULL ||
			(json_integer_value(score) >= 0 && json_integer_value(score) <= 100));
	}
	json_array_foreach(json_object_get(layer, "legendItems"), i, item)
	{
		check_object(item, legend_rules, COUNT_OF(legend_rules));
		CHECK(is_colour(json_string_value(json_object_get(item, "color"))));
	}
	json_array_foreach(json_object_get(layer, "metadata"), i, item)
		check_object(item, metadata_rules, COUNT_OF(metadata_rules));
	json_array_foreach(json_object_get(json_object_get(layer, "gradient"), "colors"), i, item)
		CHECK(is_colour(json_string_value(item)));
}

static json_t *layer_of(const struct drill_result *r)
{
	AUTO_BUF struct buf out;
	json_t *layer = NULL;
	buf_init(&out, MIB);
	REQUIRE_OK(render_navigator(r, &out, &e), e);
	REQUIRE_OK(json_read(buf_view(&out), MIB, "layer", &layer, &e), e);
	return layer;
}

static struct drill_result scored(enum fixture_run run, struct pool *p)
{
	struct drill_result r;
	fixture_result(run, p, &r);
	REQUIRE_OK(drill_score(&r, p, &e), e);
	return r;
}

TEST(every_kind_of_run_gives_a_layer_of_format_4_5)
{
	for (int run = 0; run < FIXTURE_RUNS; run++) {
		AUTO(pool_free) struct pool *p = pool_new(4 * MIB);
		struct drill_result r = scored((enum fixture_run)run, p);
		if (drill_is_control(&r))
			continue;
		AUTO_JSON json_t *layer = layer_of(&r);
		check_object(layer, layer_rules, COUNT_OF(layer_rules));
		json_t *versions = json_object_get(layer, "versions");
		check_object(versions, version_rules, COUNT_OF(version_rules));
		CHECK_TEXT(json_string_value(json_object_get(versions, "layer")), "4.5");
		CHECK_TEXT(
			json_string_value(json_object_get(layer, "domain")), "enterprise-attack");
		check_object(json_object_get(layer, "gradient"), gradient_rules,
			COUNT_OF(gradient_rules));
		check_lists(layer);
		CHECK_INT(json_array_size(json_object_get(layer, "techniques")), 3);
	}
}

TEST(the_score_of_a_technique_follows_detection_and_containment)
{
	static const struct {
		enum fixture_run run;
		int score;
	} rows[] = { { FIXTURE_CLEAN, 100 }, { FIXTURE_MIDDLING, 75 }, { FIXTURE_OVERRUN, 25 },
		{ FIXTURE_STOPPED, -1 }, { FIXTURE_UNASSESSED, -1 } };
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		AUTO(pool_free) struct pool *p = pool_new(4 * MIB);
		struct drill_result r = scored(rows[i].run, p);
		AUTO_JSON json_t *layer = layer_of(&r);
		json_t *first = json_array_get(json_object_get(layer, "techniques"), 0);
		CHECK_TEXT(json_string_value(json_object_get(first, "techniqueID")), "T1486");
		/* What nobody could have told is neither "nothing" nor good: no score, grey. */
		json_t *score = json_object_get(first, "score");
		CHECK_INT(score == NULL ? -1 : json_integer_value(score), rows[i].score);
		CHECK_INT(
			strcmp(json_string_value(json_object_get(first, "color")), "#c8ccd2") == 0,
			rows[i].score < 0);
	}
}

TEST(nothing_is_said_only_of_an_attack_that_somebody_listened_to)
{
	AUTO(pool_free) struct pool *p = pool_new(4 * MIB);
	struct drill_result r = scored(FIXTURE_OVERRUN, p);
	r.detect = DETECT_NONE;
	AUTO_JSON json_t *silent = layer_of(&r);
	json_t *first = json_array_get(json_object_get(silent, "techniques"), 0);
	CHECK(json_is_integer(json_object_get(first, "score")));
	CHECK_INT(json_integer_value(json_object_get(first, "score")), 0);
	r.channels[0].never_opened = true;
	AUTO_JSON json_t *deaf = layer_of(&r);
	first = json_array_get(json_object_get(deaf, "techniques"), 0);
	CHECK(json_object_get(first, "score") == NULL);
	CHECK(strstr(json_string_value(json_object_get(first, "comment")),
		      "detect: not assessed") != NULL);
	json_t *legend = json_object_get(deaf, "legendItems");
	json_t *last = json_array_get(legend, json_array_size(legend) - 1);
	CHECK_TEXT(json_string_value(json_object_get(last, "label")), "not assessed");
}

TEST(prevented_is_what_was_contained_before_the_first_byte)
{
	AUTO(pool_free) struct pool *p = pool_new(4 * MIB);
	struct drill_result r = scored(FIXTURE_MIDDLING, p);
	r.detect = DETECT_NONE;
	r.n_changed = 0; /* one decoy was begun, none is complete */
	AUTO_JSON json_t *begun = layer_of(&r);
	json_t *first = json_array_get(json_object_get(begun, "techniques"), 0);
	CHECK_INT(json_integer_value(json_object_get(first, "score")), 50);
	r.t0_ns = -1;
	AUTO_JSON json_t *blocked = layer_of(&r);
	first = json_array_get(json_object_get(blocked, "techniques"), 0);
	CHECK_INT(json_integer_value(json_object_get(first, "score")), 100);
}

TEST(a_control_run_has_no_layer)
{
	AUTO(pool_free) struct pool *p = pool_new(4 * MIB);
	AUTO_BUF struct buf out;
	struct drill_result r = scored(FIXTURE_CONTROL, p);
	buf_init(&out, MIB);
	CHECK_INT(render_navigator(&r, &out, &e), E_ABSENT);
	CHECK_INT(out.len, 0);
}

TEST(a_void_run_scores_no_technique)
{
	AUTO(pool_free) struct pool *p = pool_new(4 * MIB);
	struct drill_result r = scored(FIXTURE_VOID, p);
	AUTO_JSON json_t *layer = layer_of(&r);
	json_t *first = json_array_get(json_object_get(layer, "techniques"), 0);
	CHECK(json_object_get(first, "score") == NULL);
	CHECK(json_is_false(json_object_get(first, "enabled")));
}

TEST(what_is_no_technique_id_is_left_out)
{
	static const char *const attack[] = { "T1486", "T1491.001", "t1486", "T14861", "T1486.01",
		"\xff", "" };
	AUTO(pool_free) struct pool *p = pool_new(4 * MIB);
	struct drill_result r = scored(FIXTURE_CLEAN, p);
	r.scenario.attack = attack;
	r.scenario.n_attack = COUNT_OF(attack);
	r.host = "\xff\xfe";
	AUTO_JSON json_t *layer = layer_of(&r);
	CHECK_INT(json_array_size(json_object_get(layer, "techniques")), 2);
	check_lists(layer);
}
