/*
 * Strict JSON and its getters.
 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "tests/lib/test.h"

static json_t *read_text(const char *text)
{
	json_t *value = NULL;
	struct error e = ERROR_NONE;
	REQUIRE_OK(json_read(view_of(text), MIB, "test", &value, &e), e);
	return value;
}

TEST(what_would_surprise_a_reader_is_refused)
{
	static const char *const rows[] = { "", " ", "{", "{\"a\":1,\"a\":2}", "{\"a\":1,}", "[1,]",
		"{'a':1}", "{\"a\":\"\\u0000\"}", "{\"a\\u0000b\":1}", "\"\xff\"", "\"\xc0\x80\"",
		"\"\xed\xa0\x80\"", "01", "1.", ".5", "+1", "NaN", "Infinity",
		"99999999999999999999", "1e999", "// x\n1", "1 2", "nul", "\"\n\"",
		"\xef\xbb\xbf{}" };
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		json_t *value = NULL;
		struct error e = ERROR_NONE;
		if (json_read(view_of(rows[i]), MIB, "facts", &value, &e) != E_INVALID)
			test_fail(__FILE__, __LINE__, "taken: %s", rows[i]);
		CHECK(value == NULL && strncmp(e.text, "facts: ", 7) == 0);
	}
	json_t *value = NULL;
	CHECK_INT(json_read((struct view){ "1\0", 2 }, MIB, "x", &value, NULL), E_INVALID);
	CHECK_INT(json_read(VIEW_NONE, MIB, "x", &value, NULL), E_INVALID);
}

TEST(the_ceiling_counts_bytes)
{
	json_t *value = NULL;
	CHECK_INT(json_read(VIEW("[1]"), 2, "x", &value, NULL), E_TOO_BIG);
	REQUIRE(json_read(VIEW("[1]"), 3, "x", &value, NULL) == OK);
	json_decref(value);
}

TEST(nesting_is_limited_outside_of_text_only)
{
	for (size_t depth = JSON_DEPTH_MAX; depth <= JSON_DEPTH_MAX + 1; depth++) {
		AUTO_BUF struct buf b = { .ceiling = 10000 };
		for (size_t i = 0; i < depth; i++)
			buf_add_text(&b, i % 2 == 0 ? "[" : "{\"a\":");
		buf_add_text(&b, "\"[[\\\"[[{{\"");
		for (size_t i = depth; i > 0; i--)
			buf_add_text(&b, (i - 1) % 2 == 0 ? "]" : "}");
		AUTO_JSON json_t *value = NULL;
		CHECK_INT(json_read(buf_view(&b), MIB, "x", &value, NULL),
			depth == JSON_DEPTH_MAX ? OK : E_INVALID);
	}
	AUTO_BUF struct buf brackets = { .ceiling = 10000 };
	buf_add_char(&brackets, '"');
	for (int i = 0; i < 5000; i++)
		buf_add_char(&brackets, '[');
	buf_add_char(&brackets, '"');
	AUTO_JSON json_t *text = NULL;
	CHECK_INT(json_read(buf_view(&brackets), MIB, "x", &text, NULL), OK);
	/* Deep enough for a naive reader's stack, closed or not. */
	AUTO_BUF struct buf deep = { .ceiling = 2 * MIB };
	for (int i = 0; i < 1000000; i++)
		buf_add_char(&deep, '[');
	json_t *none = NULL;
	CHECK_INT(json_read(buf_view(&deep), 2 * MIB, "x", &none, NULL), E_INVALID);
}

TEST(output_is_compact_and_in_the_order_asked_for)
{
	AUTO_JSON json_t *value = read_text(" { \"b\" : [ 1, 2.5 , null ] , \"a\" : \"警/\" } ");
	AUTO_BUF struct buf b = { .ceiling = 1000 };
	REQUIRE(json_write(value, &b, NULL) == OK);
	CHECK_TEXT(buf_text(&b), "{\"b\":[1,2.5,null],\"a\":\"警/\"}");
	buf_reset(&b);
	REQUIRE(json_write_sorted(value, &b, NULL) == OK);
	CHECK_TEXT(buf_text(&b), "{\"a\":\"警/\",\"b\":[1,2.5,null]}");
	AUTO_BUF struct buf small = { .ceiling = 5 };
	CHECK_INT(json_write(value, &small, NULL), E_TOO_BIG);
	CHECK_INT(json_write(NULL, &b, NULL), E_TOO_BIG);
}

TEST(getters_read_what_is_there)
{
	AUTO_JSON json_t *o =
		read_text("{\"t\":\"x\",\"i\":-9223372036854775808,\"r\":1.5,\"b\":true,"
			  "\"a\":[],\"o\":{},\"n\":null}");
	struct json_place p = { o, "" };
	const char *text = NULL;
	int64_t i = 0;
	double r = 0;
	bool b = false;
	json_t *a = NULL;
	json_t *inner = NULL;
	struct error e = ERROR_NONE;
	REQUIRE_OK(json_get_text(p, "t", JSON_REQUIRED, &text, &e), e);
	REQUIRE_OK(json_get_int(p, "i", JSON_REQUIRED, &i, &e), e);
	REQUIRE_OK(json_get_number(p, "r", JSON_REQUIRED, &r, &e), e);
	REQUIRE_OK(json_get_bool(p, "b", JSON_REQUIRED, &b, &e), e);
	REQUIRE_OK(json_get_array(p, "a", JSON_REQUIRED, &a, &e), e);
	REQUIRE_OK(json_get_object(p, "o", JSON_REQUIRED, &inner, &e), e);
	CHECK_TEXT(text, "x");
	CHECK(i == INT64_MIN && r > 1.4 && r < 1.6 && b && json_is_array(a) &&
		json_is_object(inner));
	REQUIRE_OK(json_get_number(p, "i", JSON_REQUIRED, &r, &e), e);
	CHECK(r < -9e18);
}

TEST(an_optional_key_that_is_absent_changes_nothing)
{
	AUTO_JSON json_t *o = read_text("{\"n\":null}");
	struct json_place p = { o, "facts" };
	int64_t i = 7;
	struct error e = ERROR_NONE;
	REQUIRE_OK(json_get_int(p, "absent", JSON_OPTIONAL, &i, &e), e);
	REQUIRE_OK(json_get_int(p, "n", JSON_OPTIONAL, &i, &e), e);
	CHECK_INT(i, 7);
	CHECK_INT(json_get_int(p, "absent", JSON_REQUIRED, &i, &e), E_INVALID);
	CHECK_TEXT(e.text, "facts.absent: missing");
	CHECK_INT(json_get_int(p, "n", JSON_REQUIRED, &i, &e), E_INVALID);
	CHECK_INT(i, 7);
}

TEST(another_type_is_named_with_its_path)
{
	AUTO_JSON json_t *o =
		read_text("{\"t\":1,\"i\":1.5,\"r\":\"1\",\"b\":0,\"a\":{},\"o\":[]}");
	struct json_place p = { o, "facts" };
	struct error e = ERROR_NONE;
	const char *text = "was";
	int64_t i = 7;
	double r = 7;
	bool b = true;
	json_t *any = NULL;
	CHECK_INT(json_get_text(p, "t", JSON_OPTIONAL, &text, &e), E_INVALID);
	CHECK_TEXT(e.text, "facts.t: not text");
	CHECK_INT(json_get_int(p, "i", JSON_OPTIONAL, &i, &e), E_INVALID);
	CHECK_TEXT(e.text, "facts.i: not a whole number");
	CHECK_INT(json_get_number(p, "r", JSON_OPTIONAL, &r, &e), E_INVALID);
	CHECK_INT(json_get_bool(p, "b", JSON_OPTIONAL, &b, &e), E_INVALID);
	CHECK_INT(json_get_array(p, "a", JSON_OPTIONAL, &any, &e), E_INVALID);
	CHECK_INT(json_get_object(p, "o", JSON_OPTIONAL, &any, &e), E_INVALID);
	CHECK(any == NULL && i == 7 && b);
	CHECK_TEXT(text, "was");
	struct json_place list = { json_object_get(o, "o"), "" };
	CHECK_INT(json_get_int(list, "x", JSON_OPTIONAL, &i, &e), E_INVALID);
	CHECK_TEXT(e.text, "document: not an object");
	CHECK_INT(json_get_int((struct json_place){ NULL, "" }, "x", JSON_OPTIONAL, &i, &e),
		E_INVALID);
}

TEST(an_unknown_key_is_named)
{
	static const char *const known[] = { "a", "b", NULL };
	AUTO_JSON json_t *o = read_text("{\"a\":1,\"bb\":2}");
	struct error e = ERROR_NONE;
	CHECK_INT(json_only_keys((struct json_place){ o, "x" }, known, &e), E_INVALID);
	CHECK_TEXT(e.text, "x.bb: unknown key");
	REQUIRE(json_object_del(o, "bb") == 0);
	REQUIRE_OK(json_only_keys((struct json_place){ o, "x" }, known, &e), e);
}

/* jansson lets its allocator be set: the n-th call fails. */
static long calls_left;

static void *failing_malloc(size_t n)
{
	return calls_left > 0 && --calls_left == 0 ? NULL : malloc(n);
}

TEST(memory_that_runs_out_while_reading_is_told)
{
	json_set_alloc_funcs(failing_malloc, free);
	for (long n = 1;; n++) {
		json_t *value = NULL;
		struct error e = ERROR_NONE;
		REQUIRE(n < 500);
		calls_left = n;
		enum status status =
			json_read(VIEW("{\"a\":[1,2.5,\"text\",{\"b\":null,\"c\":true}]}"), MIB,
				"x", &value, &e);
		bool fired = calls_left == 0;
		calls_left = 0;
		if (status == OK) {
			json_decref(value);
			if (!fired)
				return;
		} else {
			CHECK(value == NULL && e.text[0] != '\0');
		}
	}
}
