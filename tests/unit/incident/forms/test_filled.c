/*
 * Merging what a person typed, and what is still missing.
 */
#include <stdio.h>

#include "tests/unit/incident/forms/form_fixture.h"

static size_t merge(
	struct pool *p, json_t *filled, const char *changes, struct field_faults *faults)
{
	struct error e = ERROR_NONE;
	AUTO_JSON json_t *object = json_of(changes);
	*faults = (struct field_faults){ .n = 0 };
	REQUIRE_OK(form_merge(every_type(p), filled, object, FORM_NOW_NS, p, faults, &e), e);
	return faults->n;
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

TEST(what_a_person_types_is_kept_in_one_form_for_each_type)
{
	static const struct {
		const char *key, *typed, *kept;
	} rows[] = {
		{ "name", "\"  Huadong  \"", "\"Huadong\"" },
		{ "story", "\"line one\\nline two\"", "\"line one\\nline two\"" },
		{ "source", "\"own\"", "\"own\"" },
		{ "source", "\"自主\"", "\"own\"" },
		{ "source", "\"Third party\"", "\"third\"" },
		{ "source", "{\"choice\":\"第三方\",\"text\":\"CNCERT\"}",
			"{\"choice\":\"third\",\"text\":\"CNCERT\"}" },
		{ "source", "{\"choice\":\"own\"}", "\"own\"" },
		{ "levels", "\"core\"", "[\"core\"]" },
		{ "levels", "[\"核心\",\"general\",\"core\"]", "[\"core\",\"general\"]" },
		{ "at", "\"2026-11-24T13:59:00+08:00\"", "\"2026-11-24T13:59:00+08:00\"" },
		{ "at", "\"2026-11-24T06:04:59Z\"", "\"2026-11-24T06:04:59Z\"" }, /* clock error */
		{ "until", "\"2027-01-01T00:00:00Z\"", "\"2027-01-01T00:00:00Z\"" },
		{ "phone", "\"+86 138-0013-8000\"", "\"+86 138-0013-8000\"" },
		{ "phone", "13800138000", "\"13800138000\"" },
		{ "phone", "\"010-62770000 转 8001\"", "\"010-62770000 转 8001\"" },
		{ "volume", "\"12.5 GB\"", "{\"number\":12.5,\"unit\":\"gb\"}" },
		{ "volume", "\"300条\"", "{\"number\":300,\"unit\":\"records\"}" },
		{ "volume", "\"None\"", "{\"unit\":\"none\"}" },
		{ "volume", "{\"number\":0,\"unit\":\"无\"}", "{\"unit\":\"none\"}" },
		{ "volume", "[\"1 GB\",\"7 records\"]",
			"[{\"number\":1,\"unit\":\"gb\"},{\"number\":7,\"unit\":\"records\"}]" },
		{ "steps", "\"cut off\"", "[\"cut off\"]" },
		{ "steps", "[\"cut off\",\"  \",\"restored\"]", "[\"cut off\",\"restored\"]" },
		{ "sign", "\"Zhang San\"",
			"{\"name\":\"Zhang San\",\"role\":\"\",\"seal\":false}" },
		{ "sign", "{\"name\":\"Zhang San\",\"role\":\"head\",\"seal\":true}",
			"{\"name\":\"Zhang San\",\"role\":\"head\",\"seal\":true}" },
		{ "name", "\"   \"", "absent" },
		{ "name", "null", "absent" },
		{ "steps", "[]", "absent" },
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		AUTO(pool_free) struct pool *p = pool_new(4 * MIB);
		AUTO_JSON json_t *filled = json_object();
		struct field_faults faults;
		const char *changes = pool_textf(p, "{\"%s\":%s}", rows[i].key, rows[i].typed);
		if (merge(p, filled, changes, &faults) != 0)
			test_fail(__FILE__, __LINE__, "%s: %s", changes, faults.at[0].what);
		check_value(filled, rows[i].key, rows[i].kept);
	}
}

TEST(what_may_not_be_kept_is_a_fault_of_its_field)
{
	static const struct {
		const char *key, *typed, *said;
	} rows[] = {
		{ "name", "7", "is not text" },
		{ "name", "\"a\\nb\"", "more than one line" },
		{ "name", "\"a\\u0007b\"", "control characters" },
		{ "name", "\"a\\u202eb\"", "direction" },
		{ "name", "\"a\\ufffdb\"", "replacement character" },
		{ "name", "\"0123456789012345678901234567890123456789012345678901234567890\"",
			"longer than 60 bytes" },
		{ "name", "{\"value\":\"x\",\"colour\":1}", "other keys" },
		{ "name", "{\"value\":\"x\",\"estimate\":true}", "may not be an estimate" },
		{ "name", "{\"unknown_reason\":\"who knows\"}", "may not be left unknown" },
		{ "source", "\"gossip\"", "is none of: own, third" },
		{ "source", "{\"choice\":\"own\",\"more\":1}", "is not a choice" },
		{ "levels", "[\"core\",\"secret\"]", "is none of: general, core" },
		{ "levels", "[7]", "is not text" },
		{ "at", "\"yesterday\"", "is not a time like" },
		{ "at", "\"2026-11-24T06:05:01Z\"", "lies in the future" },
		{ "at", "1795500000", "is not text" },
		{ "phone", "\"call me\"", "is not a telephone number" },
		{ "phone", "\"12\"", "is not a telephone number" },
		{ "volume", "\"much\"", "is not an amount" },
		{ "volume", "\"12 TB\"", "is not an amount" },
		{ "volume", "12", "is not an amount" },
		{ "volume", "{\"number\":-1,\"unit\":\"gb\"}", "is negative" },
		{ "volume", "{\"number\":1e300,\"unit\":\"gb\"}", "absurdly large" },
		{ "volume", "{\"number\":1,\"unit\":\"none\"}", "says none" },
		{ "volume", "{\"unit\":\"gb\"}", "has no number" },
		{ "volume", "{\"number\":1,\"unit\":\"kg\"}", "is none of" },
		{ "steps", "{\"a\":1}", "is not text" },
		{ "sign", "{\"title\":\"x\"}", "is not a signature" },
		{ "files", "\"a.pdf\"", "is not a file" },
		{ "files", "[{\"name\":\"a\",\"sha256\":\"00\",\"bytes\":1}]", "is not a file" },
		{ "cause", "{\"value\":\"x\",\"unknown_reason\":\"y\"}",
			"has a value, and a reason" },
		{ "cause", "{\"value\":\"x\",\"as_of\":\"2027-01-01T00:00:00Z\"}",
			"as_of lies in the future" },
		{ "cause", "{\"value\":\"x\",\"as_of\":\"noon\"}", "as_of is not a time" },
		{ "cause", "{\"unknown_reason\":7}", "unknown_reason is not text" },
		{ "colour", "\"red\"", "is no field of the form" },
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		AUTO(pool_free) struct pool *p = pool_new(4 * MIB);
		AUTO_JSON json_t *filled = json_object();
		struct field_faults faults;
		const char *changes =
			pool_textf(p, "{\"story\":\"good\",\"%s\":%s}", rows[i].key, rows[i].typed);
		CHECK(merge(p, filled, changes, &faults) >= 1);
		check_fault(&faults, rows[i].key, rows[i].said);
		check_value(filled, "story", "absent"); /* all or nothing */
	}
}

TEST(all_faults_are_told_at_once)
{
	AUTO(pool_free) struct pool *p = pool_new(4 * MIB);
	AUTO_JSON json_t *filled = json_object();
	struct field_faults faults;
	CHECK_INT(merge(p, filled, "{\"name\":7,\"at\":\"noon\",\"phone\":\"x\",\"extra\":1}",
			  &faults),
		4);
}

static const char *as_of(json_t *filled, const char *key)
{
	json_t *one = json_object_get(json_object_get(filled, "fields"), key);
	const char *text = json_string_value(json_object_get(one, "as_of"));
	return text == NULL ? "" : text;
}

TEST(a_changed_field_is_as_of_now_and_an_unchanged_one_keeps_its_time)
{
	AUTO(pool_free) struct pool *p = pool_new(4 * MIB);
	AUTO_JSON json_t *filled = json_object();
	struct field_faults faults;
	CHECK_INT(merge(p, filled,
			  "{\"story\":{\"value\":\"a\",\"as_of\":\"2026-11-01T00:00:00Z\"},"
			  "\"name\":\"N\"}",
			  &faults),
		0);
	CHECK_TEXT(as_of(filled, "story"), "2026-11-01T00:00:00Z");
	CHECK_TEXT(as_of(filled, "name"), "2026-11-24T14:00:00+08:00");
	CHECK_INT(merge(p, filled, "{\"story\":\"a\"}", &faults), 0);
	CHECK_TEXT(as_of(filled, "story"), "2026-11-01T00:00:00Z");
	CHECK_INT(merge(p, filled, "{\"story\":\"b\"}", &faults), 0);
	CHECK_TEXT(as_of(filled, "story"), "2026-11-24T14:00:00+08:00");
	CHECK_INT(merge(p, filled, "{\"cause\":{\"value\":\"c\",\"estimate\":true}}", &faults), 0);
	CHECK_INT(merge(p, filled, "{\"cause\":\"c\"}", &faults), 0); /* no longer an estimate */
	json_t *cause = json_object_get(json_object_get(filled, "fields"), "cause");
	CHECK(json_object_get(cause, "estimate") == NULL);
}

TEST(fields_lie_in_the_forms_order_and_older_ones_stay)
{
	AUTO(pool_free) struct pool *p = pool_new(4 * MIB);
	AUTO_JSON json_t *filled = json_of(
		"{\"fields\":{\"gone\":{\"value\":\"old\"},\"phone\":{\"value\":\"110\"}}}");
	struct field_faults faults;
	CHECK_INT(merge(p, filled, "{\"story\":\"a\",\"name\":\"n\"}", &faults), 0);
	const char *key;
	json_t *one;
	char order[60] = "";
	size_t len = 0;
	json_object_foreach(json_object_get(filled, "fields"), key, one) len +=
		(size_t)snprintf(order + len, sizeof order - len, "%s ", key);
	CHECK_TEXT(order, "name story phone gone ");
	CHECK_TEXT(json_string_value(json_object_get(filled, "form")), "every-type");
	CHECK_INT(json_integer_value(json_object_get(filled, "version")), 2);
}

/* --- check ------------------------------------------------------------------------------------ */

static size_t check(struct pool *p, const char *filled, const char *stage, int tier,
	struct field_faults *faults)
{
	struct error e = ERROR_NONE;
	AUTO_JSON json_t *object = json_of(filled);
	*faults = (struct field_faults){ .n = 0 };
	const struct form_occasion when = { stage, tier, FORM_NOW_NS };
	REQUIRE_OK(form_check(every_type(p), object, &when, p, faults, &e), e);
	return faults->n;
}

#define AT "\"at\":{\"value\":\"2026-11-24T06:00:00Z\"}"
#define NAME "\"name\":{\"value\":\"N\"}"

TEST(what_is_required_depends_on_stage_tier_and_condition)
{
	AUTO(pool_free) struct pool *p = pool_new(16 * MIB);
	struct field_faults faults;
	CHECK_INT(check(p, "{\"form\":\"every-type\",\"fields\":{" NAME "," AT "}}", "written", 4,
			  &faults),
		0);
	CHECK_INT(check(p, "{\"form\":\"every-type\",\"fields\":{}}", "written", 4, &faults), 2);
	check_fault(&faults, "name", "is missing");
	check_fault(&faults, "at", "say why");
	CHECK_INT(check(p, "{\"form\":\"every-type\",\"fields\":{" NAME "," AT "}}", "follow_up", 4,
			  &faults),
		1);
	check_fault(&faults, "cause", "is missing");
	CHECK_INT(check(p,
			  "{\"form\":\"every-type\",\"fields\":{" NAME "," AT
			  ",\"cause\":{\"unknown_reason\":\"under analysis\"}}}",
			  "follow_up", 4, &faults),
		0);
	for (int tier = 0; tier <= 4; tier++) {
		const bool needed = tier == 1 || tier == 2;
		CHECK_INT(check(p, "{\"form\":\"every-type\",\"fields\":{" NAME "," AT "}}",
				  "written", tier, &faults),
			needed ? 1 : 0);
		if (needed)
			check_fault(&faults, "sign", "is missing");
	}
	CHECK_INT(check(p,
			  "{\"form\":\"every-type\",\"given\":{\"kind\":\"ransomware\"},\"fields\":"
			  "{" NAME "," AT "}}",
			  "written", 4, &faults),
		1);
	check_fault(&faults, "ransom", "is missing");
	CHECK_INT(check(p,
			  "{\"form\":\"every-type\",\"given\":{\"kind\":{\"key\":\"leak\"}},"
			  "\"fields\":{" NAME "," AT "}}",
			  "written", 4, &faults),
		0);
	(void)check(
		p, "{\"form\":\"every-type\",\"fields\":{" NAME "," AT "}}", "summary", 4, &faults);
	check_fault(&faults, "files", "is missing");
}

TEST(a_filled_form_from_elsewhere_is_checked_like_typed_input)
{
	AUTO(pool_free) struct pool *p = pool_new(16 * MIB);
	struct field_faults faults;
	(void)check(p, "{\"form\":\"other\",\"fields\":{\"name\":{\"value\":\"a\\u0001\"}," AT "}}",
		"written", 4, &faults);
	check_fault(&faults, "form", "is not every-type");
	check_fault(&faults, "name", "control characters");
	CHECK_INT(check(p, "{\"form\":\"every-type\",\"fields\":7}", "written", 4, &faults), 2);
	CHECK_INT(check(p, "{\"form\":\"every-type\",\"fields\":{}}", "noon", 4, &faults), 1);
	check_fault(&faults, "stage", "is not handed in as \"noon\"");
	CHECK_INT(check(p, "7", "written", 4, &faults), 3);
}

TEST(an_empty_value_does_not_stand_for_a_required_one)
{
	AUTO(pool_free) struct pool *p = pool_new(16 * MIB);
	struct field_faults faults;
	CHECK_INT(
		check(p,
			"{\"form\":\"every-type\",\"fields\":{\"name\":{\"value\":\"  \"}," AT "}}",
			"written", 4, &faults),
		1);
	check_fault(&faults, "name", "is missing");
}

TEST(a_megabyte_of_text_is_refused_with_its_field)
{
	AUTO(pool_free) struct pool *p = pool_new(16 * MIB);
	AUTO_JSON json_t *filled = json_object();
	AUTO_BUF struct buf text;
	struct field_faults faults;
	buf_init(&text, 2 * MIB);
	buf_add_text(&text, "{\"story\":\"");
	for (size_t i = 0; i < MIB; i++)
		buf_add_char(&text, 'a');
	buf_add_text(&text, "\"}");
	CHECK_INT(merge(p, filled, buf_text(&text), &faults), 1);
	check_fault(&faults, "story", "longer than 4000 bytes");
}

TEST(fields_that_are_too_long_together_are_refused)
{
	AUTO(pool_free) struct pool *p = pool_new(64 * MIB);
	AUTO_BUF struct buf form;
	AUTO_BUF struct buf changes;
	struct error e = ERROR_NONE;
	struct form f;
	buf_init(&form, 64 * KIB);
	buf_init(&changes, 8 * MIB);
	buf_add_text(&form,
		"id: wide\nversion: 1\ntitle: { en: W, zh: 宽 }\ninstrument: none\ncertainty: D\n"
		"language: zh\nstages: [written]\nfields:\n");
	for (int i = 0; i < 20; i++) {
		buf_addf(&form,
			"  - { key: f%d, label: { en: F, zh: 字 }, type: text, most_bytes: 65536 "
			"}\n",
			i);
		buf_addf(&changes, "%s\"f%d\":\"", i == 0 ? "{" : ",", i);
		for (int k = 0; k < 60000; k++)
			buf_add_char(&changes, 'x');
		buf_add_char(&changes, '"');
	}
	buf_add_char(&changes, '}');
	REQUIRE_OK(form_read(buf_view(&form), "wide.yaml", p, &f, &e), e);
	AUTO_JSON json_t *filled = json_object();
	AUTO_JSON json_t *object = json_of(buf_text(&changes));
	struct field_faults faults = { .n = 0 };
	REQUIRE_OK(form_merge(&f, filled, object, FORM_NOW_NS, p, &faults, &e), e);
	check_fault(&faults, "fields", "longer than 1048576 bytes together");
	CHECK_INT(json_object_size(json_object_get(filled, "fields")), 0);
}
