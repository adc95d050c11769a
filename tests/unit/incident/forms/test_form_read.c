/*
 * What a form file may say, and that each fault is named with its place.
 */
#include <string.h>

#include "incident/forms/forms.h"
#include "tests/lib/test.h"

#define HEAD                                                                                        \
	"id: small\nversion: 3\ntitle: { en: Small, zh: 小表 }\ninstrument: none\ncertainty: D\n" \
	"language: zh\nutc_offset_minutes: 480\nstages: [written, follow_up]\n"
#define NAME_FIELD "  - key: name\n    label: { en: Name, zh: 名称 }\n    type: text\n"

static enum status read_form(struct pool *p, const char *text, struct form *out, struct error *e)
{
	return form_read(view_of(text), "small.yaml", p, out, e);
}

TEST(a_form_is_read_whole)
{
	AUTO(pool_free) struct pool *p = pool_new(MIB);
	struct error e = ERROR_NONE;
	struct form f;
	REQUIRE_OK(read_form(p,
			   HEAD "fields:\n" NAME_FIELD "  - key: volume\n    number: '2.1'\n"
				"    label: { en: Volume, zh: 规模 }\n    type: amount\n"
				"    section: { en: Data, zh: 数据 }\n"
				"    hint: { en: How much., zh: 多少。 }\n"
				"    options:\n"
				"      - { key: gb, label: { en: GB, zh: GB } }\n"
				"      - { key: records, label: { en: records, zh: 条 } }\n"
				"    required: true\n    required_from_stage: follow_up\n"
				"    required_from_tier: 2\n"
				"    required_if: { key: kind, is: leak }\n"
				"    may_be_unknown: true\n    may_be_estimate: true\n"
				"    from: [ { key: bytes, unit: gb, divide: 1000 } ]\n"
				"    most_bytes: 99\n",
			   &f, &e),
		e);
	CHECK_TEXT(f.id, "small");
	CHECK_INT(f.version, 3);
	CHECK_TEXT(f.title.zh, "小表");
	CHECK_INT(f.certainty, 'D');
	CHECK(f.composed_in_chinese);
	CHECK_INT(f.utc_offset_minutes, 480);
	CHECK_INT(f.n_stages, 2);
	CHECK_INT(form_stage(&f, "follow_up"), 1);
	CHECK_INT(form_stage(&f, "summary"), -1);
	REQUIRE(f.n_fields == 2);
	CHECK_INT(f.fields[0].number, 1);
	CHECK_TEXT(f.fields[0].from, "");
	CHECK(!f.fields[0].required);
	const struct form_field *v = form_field_named(&f, "volume");
	REQUIRE(v == &f.fields[1]);
	CHECK_INT(v->number, 2);
	CHECK_TEXT(v->printed_number, "2.1");
	CHECK_TEXT(v->section.en, "Data");
	CHECK_TEXT(v->hint.zh, "多少。");
	CHECK_INT(v->type, FORM_AMOUNT);
	CHECK_INT(v->n_options, 2);
	CHECK_TEXT(v->required_from_stage, "follow_up");
	CHECK_INT(v->worst_grade_required, 2);
	CHECK_TEXT(v->required_if_key, "kind");
	CHECK_TEXT(v->required_if_value, "leak");
	CHECK(v->may_be_unknown && v->may_be_estimate && v->required);
	CHECK_TEXT(v->from, "bytes");
	CHECK_TEXT(v->sources[0].unit, "gb");
	CHECK_INT(v->sources[0].divisor, 1000);
	CHECK_INT(v->most_bytes, 99);
	CHECK(form_field_named(&f, "nothing") == NULL);
}

TEST(a_required_field_without_a_stage_is_required_from_the_first)
{
	AUTO(pool_free) struct pool *p = pool_new(MIB);
	struct error e = ERROR_NONE;
	struct form f;
	REQUIRE_OK(read_form(p, HEAD "fields:\n" NAME_FIELD "    required: true\n", &f, &e), e);
	CHECK_TEXT(f.fields[0].required_from_stage, "written");
}

TEST(each_fault_of_a_form_is_named_with_its_place)
{
	static const struct {
		const char *text;
		const char *said;
	} rows[] = {
		{ "", "small.yaml" },
		{ "[]", "not a form" },
		{ "id: [", "line" },
		{ HEAD "fields: []\n", "fields: not a list of 1 to" },
		{ HEAD "fields:\n" NAME_FIELD "extra: 1\n", "extra: unknown key" },
		{ "id: S\nversion: 1\n", "id: 'S' holds other characters" },
		{ "id: s\n", "version: missing" },
		{ "id: s\nversion: 0\n", "version: not between" },
		{ "id: s\nversion: 1\ntitle: { en: A }\n", "title.zh: missing" },
		{ "id: s\nversion: 1\ntitle: { en: A, zh: '' }\n", "title.zh: is empty" },
		{ "id: s\nversion: 1\ntitle: { en: A, zh: B, fr: C }\n", "title.fr: unknown key" },
		{ HEAD "fields:\n  - 7\n", "fields[0]: not a field" },
		{ HEAD "fields:\n  - key: Name\n", "fields[0].key: 'Name' holds other" },
		{ HEAD "fields:\n" NAME_FIELD NAME_FIELD,
			"fields[1].key: 'name' stands there twice" },
		{ HEAD "fields:\n" NAME_FIELD "    colour: red\n",
			"fields[0].colour: unknown key" },
		{ HEAD "fields:\n" NAME_FIELD "    required: 1\n",
			"fields[0].required: neither true nor false" },
		{ HEAD "fields:\n" NAME_FIELD "    required_from_tier: 2\n",
			"fields[0].required: must be true" },
		{ HEAD "fields:\n" NAME_FIELD "    required: true\n    required_from_tier: 5\n",
			"fields[0].required_from_tier: not between 1 and 4" },
		{ HEAD "fields:\n" NAME_FIELD
		       "    required: true\n    required_from_stage: summary\n",
			"fields[0].required_from_stage: is no stage" },
		{ HEAD "fields:\n" NAME_FIELD
		       "    options: [ { key: a, label: { en: A, zh: 甲 } } ]\n",
			"fields[0].options: belongs to" },
		{ HEAD "fields:\n" NAME_FIELD "    may_be_future: true\n",
			"fields[0].may_be_future: belongs to datetime" },
		{ HEAD "fields:\n" NAME_FIELD "    most_bytes: 0\n", "fields[0].most_bytes: not" },
		{ HEAD "fields:\n" NAME_FIELD "    from: []\n", "fields[0].from: is neither" },
		{ HEAD "fields:\n" NAME_FIELD "    from: [ { key: a, unit: gb } ]\n",
			"fields[0].from[0].unit: belongs to amount" },
		{ HEAD "fields:\n  - { key: a, label: { en: A, zh: 甲 }, type: colour }\n",
			"fields[0].type: is none of" },
		{ HEAD "fields:\n  - { key: a, label: { en: A, zh: 甲 }, type: choice }\n",
			"fields[0].options: missing" },
		{ HEAD "fields:\n  - key: a\n    label: { en: A, zh: 甲 }\n    type: choice\n"
		       "    options:\n      - { key: x, label: { en: X, zh: 子 } }\n"
		       "      - { key: y, label: { en: X, zh: 丑 } }\n",
			"fields[0].options[1]: the key or a label stands there twice" },
		{ HEAD "fields:\n  - key: a\n    label: { en: A, zh: 甲 }\n    type: amount\n"
		       "    options: [ { key: x, label: { en: X, zh: 子 } } ]\n"
		       "    from: [ { key: b, unit: y } ]\n",
			"fields[0].from[0].unit: is none of the options" },
		{ "id: s\nversion: 1\ntitle: { en: A, zh: \"a\\u202eb\" }\n",
			"title.zh: holds characters that turn" },
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		AUTO(pool_free) struct pool *p = pool_new(MIB);
		struct error e = ERROR_NONE;
		struct form f;
		if (read_form(p, rows[i].text, &f, &e) != E_INVALID)
			test_fail(__FILE__, __LINE__, "row %zu was not refused: %s", i, e.text);
		if (strstr(e.text, rows[i].said) == NULL)
			test_fail(__FILE__, __LINE__, "row %zu: \"%s\" does not say \"%s\"", i,
				e.text, rows[i].said);
		if (strstr(e.text, "small.yaml") == NULL)
			test_fail(__FILE__, __LINE__, "row %zu: no file in \"%s\"", i, e.text);
	}
}

TEST(a_stage_that_stands_there_twice_is_refused)
{
	AUTO(pool_free) struct pool *p = pool_new(MIB);
	struct error e = ERROR_NONE;
	struct form f;
	CHECK_INT(read_form(p,
			  "id: small\nversion: 3\ntitle: { en: S, zh: 小 }\ninstrument: none\n"
			  "certainty: D\nlanguage: zh\nstages: [written, "
			  "written]\nfields:\n" NAME_FIELD,
			  &f, &e),
		E_INVALID);
	CHECK(strstr(e.text, "stages[1]: stands there twice") != NULL);
}
