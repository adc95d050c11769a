/*
 * Filled fields as a person reads them in either language, and the difference of two revisions.
 */
#include "tests/unit/incident/forms/form_fixture.h"

TEST(values_read_well_in_both_languages)
{
	static const struct {
		const char *key, *value, *en, *zh;
	} rows[] = {
		{ "name", "{\"value\":\"华东\"}", "华东", "华东" },
		{ "name", "\"plain\"", "plain", "plain" },
		{ "source", "{\"value\":\"third\"}", "Third party", "第三方" },
		{ "source", "{\"value\":{\"choice\":\"third\",\"text\":\"CNCERT\"}}",
			"Third party: CNCERT", "第三方：CNCERT" },
		{ "levels", "{\"value\":[\"general\",\"core\"]}", "General; Core", "一般；核心" },
		{ "levels", "{\"value\":[\"gone\"]}", "gone", "gone" },
		{ "at", "{\"value\":\"2026-11-24T14:23:45+08:00\"}", "2026-11-24 14:23 (UTC+08:00)",
			"2026年11月24日 14:23（UTC+08:00）" },
		{ "at", "{\"value\":\"2026-11-24T06:23:45.5Z\"}", "2026-11-24 14:23 (UTC+08:00)",
			"2026年11月24日 14:23（UTC+08:00）" },
		{ "at", "{\"value\":\"noon\"}", "noon", "noon" },
		{ "volume", "{\"value\":{\"number\":12.5,\"unit\":\"gb\"}}", "12.5 GB", "12.5 GB" },
		{ "volume",
			"{\"value\":[{\"number\":1,\"unit\":\"gb\"},{\"number\":300,\"unit\":"
			"\"records\"}]}",
			"1 GB; 300 records", "1 GB；300 条" },
		{ "volume", "{\"value\":{\"unit\":\"none\"}}", "None", "无" },
		{ "steps", "{\"value\":[\"a\",\"b\"]}", "1. a\n2. b", "1. a\n2. b" },
		{ "steps", "{\"value\":[\"a\"]}", "a", "a" },
		{ "sign", "{\"value\":{\"name\":\"张三\",\"role\":\"总经理\",\"seal\":false}}",
			"张三 (总经理)", "张三（总经理）" },
		{ "files", "{\"value\":[{\"name\":\"a.pdf\",\"sha256\":\"ab\",\"bytes\":1}]}",
			"a.pdf (SHA-256 ab)", "a.pdf (SHA-256 ab)" },
		{ "cause", "{\"value\":null}", "", "" },
		{ "cause", "null", "", "" },
	};
	AUTO(pool_free) struct pool *p = pool_new(16 * MIB);
	const struct form *f = every_type(p);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		AUTO_JSON json_t *value = json_of(rows[i].value);
		const struct form_field *field = form_field_named(f, rows[i].key);
		i18n_use(LANGUAGE_EN);
		CHECK_TEXT(form_value_text(field, value, p), rows[i].en);
		i18n_use(LANGUAGE_ZH);
		CHECK_TEXT(form_value_text(field, value, p), rows[i].zh);
		i18n_use(LANGUAGE_EN);
	}
}

TEST(an_estimate_and_an_unknown_say_so)
{
	AUTO(pool_free) struct pool *p = pool_new(MIB);
	const struct form *f = every_type(p);
	AUTO_JSON json_t *estimate =
		json_of("{\"value\":{\"number\":3,\"unit\":\"gb\"},\"estimate\":true}");
	AUTO_JSON json_t *unknown = json_of("{\"unknown_reason\":\"logs are being read\"}");
	CHECK_TEXT(form_value_text(form_field_named(f, "volume"), estimate, p), "3 GB (estimated)");
	CHECK_TEXT(form_value_text(form_field_named(f, "cause"), unknown, p),
		"not yet clear: logs are being read");
}

TEST(a_value_of_the_wrong_shape_is_shown_as_nothing_and_harms_nobody)
{
	static const char *const values[] = { "7", "[]", "[[]]", "{}", "{\"value\":[{}]}",
		"{\"value\":{\"value\":1}}", "true", "[null]", "{\"value\":[[1,2],{\"a\":1}]}" };
	AUTO(pool_free) struct pool *p = pool_new(16 * MIB);
	const struct form *f = every_type(p);
	for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
		AUTO_JSON json_t *value = json_of(values[i]);
		for (size_t k = 0; k < f->n_fields; k++)
			CHECK(form_value_text(&f->fields[k], value, p) != NULL);
	}
}

TEST(the_difference_names_what_was_added_changed_and_taken_out)
{
	AUTO(pool_free) struct pool *p = pool_new(MIB);
	struct error e = ERROR_NONE;
	AUTO_JSON json_t *before = json_of(
		"{\"fields\":{\"name\":{\"value\":\"N\",\"as_of\":\"a\"},\"phone\":{\"value\":"
		"\"110\"},"
		"\"volume\":{\"value\":{\"number\":1,\"unit\":\"gb\"},\"estimate\":true}}}");
	AUTO_JSON json_t *after =
		json_of("{\"fields\":{\"name\":{\"value\":\"N\",\"as_of\":\"b\"},\"source\":{"
			"\"value\":\"own\"},"
			"\"volume\":{\"value\":{\"number\":1,\"unit\":\"gb\"}}}}");
	struct form_change *rows = NULL;
	size_t n = 0;
	REQUIRE_OK(form_difference(every_type(p), before, after, p, &rows, &n, &e), e);
	REQUIRE(n == 3);
	CHECK_TEXT(rows[0].field->key, "source");
	CHECK(rows[0].before == NULL);
	CHECK_TEXT(rows[0].after, "Own");
	CHECK_TEXT(rows[1].field->key, "phone");
	CHECK_TEXT(rows[1].before, "110");
	CHECK(rows[1].after == NULL);
	CHECK_TEXT(rows[2].before, "1 GB (estimated)");
	CHECK_TEXT(rows[2].after, "1 GB");
	REQUIRE_OK(form_difference(every_type(p), after, after, p, &rows, &n, &e), e);
	CHECK_INT(n, 0);
	REQUIRE_OK(form_difference(every_type(p), NULL, after, p, &rows, &n, &e), e);
	CHECK_INT(n, 3);
}
