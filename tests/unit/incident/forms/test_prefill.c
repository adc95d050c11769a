/*
 * What is known already goes into the fields that ask for it, and nothing is overwritten.
 */
#include "tests/unit/incident/forms/form_fixture.h"

static json_t *prefill(struct pool *p, const char *notice, const char *facts, const char *filled)
{
	struct error e = ERROR_NONE;
	AUTO_JSON json_t *n = json_of(notice);
	AUTO_JSON json_t *f = json_of(facts);
	json_t *out = json_of(filled);
	REQUIRE_OK(form_prefill(every_type(p), n, f, out, FORM_NOW_NS, &e), e);
	return out;
}

static void check_value(json_t *filled, const char *key, const char *wanted)
{
	struct error e = ERROR_NONE;
	AUTO_BUF struct buf text;
	buf_init(&text, MIB);
	json_t *one = json_object_get(json_object_get(filled, "fields"), key);
	if (one == NULL)
		buf_add_text(&text, "absent");
	else
		REQUIRE_OK(json_write(json_object_get(one, "value"), &text, &e), e);
	CHECK_TEXT(buf_text(&text), wanted);
}

TEST(what_the_notice_and_the_facts_say_is_filled_in)
{
	AUTO(pool_free) struct pool *p = pool_new(4 * MIB);
	AUTO_JSON json_t *filled = prefill(p,
		"{\"company\":\"华东制造\",\"kind\":{\"key\":\"leak\",\"en\":\"Leak\",\"zh\":"
		"\"泄露\"},"
		"\"what\":\"files gone\",\"action\":\"断网\",\"number\":\"13800138000\","
		"\"how\":\"own\"}",
		"{\"seen_at\":\"2026-11-24T05:50:00Z\",\"loss_fen\":1234500,\"cii\":true,"
		"\"n_records\":300,\"level\":{\"key\":\"core\",\"en\":\"Core\",\"zh\":\"核心\"}}",
		"{}");
	check_value(filled, "name", "\"华东制造\"");
	check_value(filled, "story",
		"\"类型：泄露\\nfiles gone\\n损失（元）：12345\\n发现：2026年11月24日 "
		"13:50（UTC+08:00）\\n关基：是\"");
	check_value(filled, "source", "\"own\"");
	check_value(filled, "levels", "[\"core\"]");
	check_value(filled, "at", "\"2026-11-24T13:50:00+08:00\"");
	check_value(filled, "phone", "\"13800138000\"");
	check_value(filled, "volume", "{\"number\":300,\"unit\":\"records\"}");
	check_value(filled, "steps", "[\"断网\"]");
	check_value(filled, "cause", "absent");
	json_t *name = json_object_get(json_object_get(filled, "fields"), "name");
	CHECK_TEXT(json_string_value(json_object_get(name, "as_of")), "2026-11-24T14:00:00+08:00");
}

TEST(nothing_is_overwritten)
{
	AUTO(pool_free) struct pool *p = pool_new(4 * MIB);
	AUTO_JSON json_t *filled = prefill(p, "{\"company\":\"New\"}", "{}",
		"{\"fields\":{\"name\":{\"value\":\"Old\"},\"at\":{\"unknown_reason\":\"why\"}}}");
	check_value(filled, "name", "\"Old\"");
	CHECK(json_object_get(json_object_get(json_object_get(filled, "fields"), "at"), "value") ==
		NULL);
}

TEST(what_does_not_fit_a_field_is_left_to_a_person)
{
	AUTO(pool_free) struct pool *p = pool_new(4 * MIB);
	AUTO_JSON json_t *filled = prefill(p,
		"{\"company\":\"a name that is far longer than the sixty bytes which the field "
		"allows it\",\"number\":\"ask the desk\",\"how\":\"gossip\"}",
		"{\"seen_at\":\"noon\",\"n_records\":\"many\",\"level\":\"secret\"}", "{}");
	CHECK_INT(json_object_size(json_object_get(filled, "fields")), 1);
	check_value(filled, "story", "\"发现：noon\"");
}

TEST(a_fact_goes_before_what_the_notice_said_first)
{
	AUTO(pool_free) struct pool *p = pool_new(4 * MIB);
	AUTO_JSON json_t *filled = prefill(p, "{\"seen_at\":\"2026-11-24T01:00:00Z\"}",
		"{\"seen_at\":\"2026-11-24T02:00:00Z\"}", "{}");
	check_value(filled, "at", "\"2026-11-24T10:00:00+08:00\"");
}

TEST(what_a_condition_asks_for_is_kept_beside_the_fields)
{
	AUTO(pool_free) struct pool *p = pool_new(4 * MIB);
	AUTO_JSON json_t *filled =
		prefill(p, "{\"kind\":\"ransomware\",\"what\":\"x\"}", "{}", "{}");
	json_t *given = json_object_get(filled, "given");
	CHECK_TEXT(json_string_value(json_object_get(given, "kind")), "ransomware");
	CHECK_INT(json_object_size(given), 1);
	const struct form_occasion when = { "written", 4, FORM_NOW_NS };
	CHECK(form_field_required(
		every_type(p), form_field_named(every_type(p), "ransom"), filled, &when));
}

TEST(nothing_known_fills_nothing)
{
	AUTO(pool_free) struct pool *p = pool_new(4 * MIB);
	struct error e = ERROR_NONE;
	AUTO_JSON json_t *filled = json_object();
	REQUIRE_OK(form_prefill(every_type(p), NULL, NULL, filled, FORM_NOW_NS, &e), e);
	CHECK_INT(json_object_size(json_object_get(filled, "fields")), 0);
	CHECK_TEXT(json_string_value(json_object_get(filled, "form")), "every-type");
}
