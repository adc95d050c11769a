/*
 * Strict YAML into JSON values.
 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "tests/lib/test.h"

static void check_reads(const char *yaml, const char *json)
{
	AUTO_JSON json_t *value = NULL;
	AUTO_BUF struct buf b = { .ceiling = MIB };
	struct error e = ERROR_NONE;
	REQUIRE_OK(yaml_read(view_of(yaml), MIB, "test", &value, &e), e);
	REQUIRE_OK(json_write(value, &b, &e), e);
	CHECK_TEXT(buf_text(&b), json);
}

TEST(documents_become_values)
{
	check_reads("a: 1\nb:\n  - x\n  - {c: d}\n", "{\"a\":1,\"b\":[\"x\",{\"c\":\"d\"}]}");
	check_reads("- 1\n- 2\n", "[1,2]");
	check_reads("text", "\"text\"");
	check_reads("a: |\n  勒索\n  line\n", "{\"a\":\"勒索\\nline\\n\"}");
	check_reads("# only a comment\na: 1 # more\n", "{\"a\":1}");
	check_reads("---\na: 1\n...\n", "{\"a\":1}");
	check_reads("a:\n", "{\"a\":null}");
}

TEST(plain_scalars_have_few_meanings)
{
	check_reads("[true, false, null, ~, 0, -0, 7, -7, 1.5, -0.5]",
		"[true,false,null,null,0,0,7,-7,1.5,-0.5]");
	check_reads("[yes, no, on, True, NULL, 0x10, 0o7, 0755, 007.5, 1e3, .5, 1., +1, -, 1_000]",
		"[\"yes\",\"no\",\"on\",\"True\",\"NULL\",\"0x10\",\"0o7\",\"0755\",\"007.5\","
		"\"1e3\","
		"\".5\",\"1.\",\"+1\",\"-\",\"1_000\"]");
	check_reads("[\"1\", 'true', \"~\", \"\"]", "[\"1\",\"true\",\"~\",\"\"]");
	check_reads("[999999999999999999, 9999999999999999999]",
		"[999999999999999999,\"9999999999999999999\"]");
	check_reads("[12:30:45, 2026-01-01]", "[\"12:30:45\",\"2026-01-01\"]");
}

TEST(what_would_surprise_a_reader_is_refused)
{
	static const char *const rows[] = { "", "# nothing\n", "a: &x 1\n", "a: &x 1\nb: *x\n",
		"*x", "a: !!str 1\n", "!x {}\n", "!!python/object:os.system {}\n", "a: 1\na: 2\n",
		"<<: {a: 1}\n", "a: 1\n---\nb: 2\n", "? [a]\n: 1\n", "? {a: 1}\n: 1\n", "&k a: 1\n",
		"a: [1, 2\n", "a: b: c\n", "\ta: 1\n", "a: \"\\0\"\n", "\"a\\0b\": 1\n",
		"a: \"\xff\"\n", "a: \"\\xff\n", "%YAML 9.9\n---\na: 1\n", "a: 'x\n", "}" };
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		json_t *value = NULL;
		struct error e = ERROR_NONE;
		if (yaml_read(view_of(rows[i]), MIB, "scenario", &value, &e) != E_INVALID)
			test_fail(__FILE__, __LINE__, "taken: %s", rows[i]);
		CHECK(value == NULL && strncmp(e.text, "scenario: ", 10) == 0);
	}
	json_t *value = NULL;
	CHECK_INT(yaml_read(VIEW_NONE, MIB, "x", &value, NULL), E_INVALID);
}

TEST(a_fault_is_named_with_its_line)
{
	json_t *value = NULL;
	struct error e = ERROR_NONE;
	CHECK_INT(yaml_read(VIEW("a: 1\nb: 2\na: 3\n"), MIB, "x", &value, &e), E_INVALID);
	CHECK_TEXT(e.text, "x: line 3: duplicate key");
}

TEST(size_and_nesting_are_limited)
{
	json_t *value = NULL;
	CHECK_INT(yaml_read(VIEW("a: 1"), 3, "x", &value, NULL), E_TOO_BIG);
	for (size_t depth = JSON_DEPTH_MAX; depth <= JSON_DEPTH_MAX + 1; depth++) {
		AUTO_BUF struct buf b = { .ceiling = 10000 };
		for (size_t i = 0; i < depth; i++)
			buf_add_char(&b, '[');
		for (size_t i = 0; i < depth; i++)
			buf_add_char(&b, ']');
		AUTO_JSON json_t *list = NULL;
		CHECK_INT(yaml_read(buf_view(&b), MIB, "x", &list, NULL),
			depth <= JSON_DEPTH_MAX ? OK : E_INVALID);
	}
	AUTO_BUF struct buf deep = { .ceiling = MIB };
	for (int i = 0; i < 500000; i++)
		buf_add_text(&deep, i % 2 == 0 ? "[" : "{");
	CHECK_INT(yaml_read(buf_view(&deep), MIB, "x", &value, NULL), E_INVALID);
	CHECK(value == NULL);
}

static long calls_left;

static void *failing_malloc(size_t n)
{
	return calls_left > 0 && --calls_left == 0 ? NULL : malloc(n);
}

TEST(memory_that_runs_out_while_reading_is_told_and_never_changes_a_value)
{
	json_set_alloc_funcs(failing_malloc, free);
	for (long n = 1;; n++) {
		AUTO_JSON json_t *value = NULL;
		REQUIRE(n < 500);
		calls_left = n;
		enum status status = yaml_read(
			VIEW("a: [1, 2.5, text]\nb: {c: true, d: 7}\n"), MIB, "x", &value, NULL);
		bool fired = calls_left == 0;
		calls_left = 0;
		if (status != OK) {
			CHECK(value == NULL);
			continue;
		}
		AUTO_BUF struct buf b = { .ceiling = MIB };
		REQUIRE(json_write(value, &b, NULL) == OK);
		CHECK_TEXT(buf_text(&b), "{\"a\":[1,2.5,\"text\"],\"b\":{\"c\":true,\"d\":7}}");
		if (!fired)
			return;
	}
}
