/*
 * A result written and read back: nothing is lost, and nothing that was altered passes unnamed.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/fault.h"
#include "tests/lib/drill_fixture.h"
#include "tests/lib/test.h"

static struct error e;

static json_t *written(const struct drill_result *r)
{
	json_t *value = drill_result_json(r);
	REQUIRE(value != NULL);
	return value;
}

static void sorted_text(json_t *value, struct buf *out)
{
	buf_init(out, 64 * MIB);
	REQUIRE_OK(json_write_sorted(value, out, &e), e);
}

static struct drill_result middling(struct pool *p)
{
	struct drill_result r;
	fixture_result(FIXTURE_MIDDLING, p, &r);
	REQUIRE_OK(drill_score(&r, p, &e), e);
	return r;
}

TEST(what_scripts_ask_for_stands_at_the_top)
{
	static const char *const keys[] = { "id", "score", "coverage", "grade", "parts",
		"files_planted", "files_changed", "files_lost", "files_destroyed_for_restore",
		"stop_latency_ms", "outside_changes", "verdict", "record" };
	static const char *const reports[] = { "html", "json", "pdf", "navigator" };
	AUTO(pool_free) struct pool *p = pool_new(4 * MIB);
	struct drill_result r = middling(p);
	AUTO_JSON json_t *value = written(&r);
	for (size_t i = 0; i < COUNT_OF(keys); i++)
		CHECK(json_object_get(value, keys[i]) != NULL);
	AUTO_JSON json_t *answer = drill_answer_json(&r);
	REQUIRE(answer != NULL);
	for (size_t i = 0; i < COUNT_OF(reports); i++)
		CHECK(json_object_get(json_object_get(answer, "report"), reports[i]) != NULL);
	CHECK_TEXT(json_string_value(json_object_get(json_object_get(answer, "report"), "html")),
		r.report.html);
	CHECK(json_is_false(json_object_get(answer, "undone")));
	CHECK(json_number_value(json_object_get(value, "score")) == r.score);
	CHECK(json_number_value(json_object_get(value, "stop_latency_ms")) == 41);
	CHECK_INT(json_integer_value(json_object_get(value, "outside_changes")), 0);
	CHECK_TEXT(json_string_value(json_object_get(value, "verdict")), "contained");
	CHECK_TEXT(json_string_value(json_object_get(value, "grade")), "C");
	json_t *times = json_object_get(value, "times");
	CHECK_TEXT(json_string_value(json_object_get(times, "first_change")),
		"2026-11-24T06:23:27.500Z");
}

TEST(a_void_run_has_null_for_its_score)
{
	AUTO(pool_free) struct pool *p = pool_new(4 * MIB);
	struct drill_result r, back;
	fixture_result(FIXTURE_VOID, p, &r);
	REQUIRE_OK(drill_score(&r, p, &e), e);
	AUTO_JSON json_t *value = written(&r);
	CHECK(json_is_null(json_object_get(value, "score")));
	CHECK(json_is_null(json_object_get(value, "grade")));
	CHECK_INT(json_integer_value(json_object_get(value, "outside_changes")), 1);
	REQUIRE_OK(drill_result_read(value, p, &back, &e), e);
	CHECK(back.score == 0);
}

TEST(a_stored_result_says_nothing_of_what_is_known_only_afterwards)
{
	AUTO(pool_free) struct pool *p = pool_new(4 * MIB);
	struct drill_result r = middling(p);
	r.undone = true;
	AUTO_JSON json_t *value = written(&r);
	CHECK(json_object_get(value, "report") == NULL);
	CHECK(json_object_get(value, "undone") == NULL);
	AUTO_JSON json_t *answer = drill_answer_json(&r);
	REQUIRE(json_object_del(answer, "report") == 0 && json_object_del(answer, "undone") == 0);
	CHECK(json_equal(answer, value));
}

TEST(a_control_run_has_null_for_score_and_grade)
{
	static const enum fixture_run runs[] = { FIXTURE_CONTROL, FIXTURE_CONTROL_SILENT,
		FIXTURE_CONTROL_DEAF };
	for (size_t i = 0; i < COUNT_OF(runs); i++) {
		AUTO(pool_free) struct pool *p = pool_new(4 * MIB);
		struct drill_result r, back;
		fixture_result(runs[i], p, &r);
		REQUIRE_OK(drill_score(&r, p, &e), e);
		AUTO_JSON json_t *value = written(&r);
		CHECK(json_is_null(json_object_get(value, "score")));
		CHECK(json_is_null(json_object_get(value, "grade")));
		CHECK(json_is_object(json_object_get(value, "control")));
		REQUIRE_OK(drill_result_read(value, p, &back, &e), e);
		CHECK(drill_is_control(&back) && !drill_has_score(&back));
		CHECK_INT(back.control.n_files, 9600);
		CHECK_INT(back.n_channels, r.n_channels);
	}
}

TEST(both_languages_of_the_facts_behind_a_rating_are_stored)
{
	AUTO(pool_free) struct pool *p = pool_new(4 * MIB);
	struct drill_result r = middling(p), back;
	AUTO_JSON json_t *value = written(&r);
	json_t *why =
		json_object_get(json_object_get(json_object_get(value, "parts"), "damage"), "why");
	CHECK_TEXT(json_string_value(json_object_get(why, "en")), r.parts[PART_DAMAGE].why.en);
	CHECK(strstr(json_string_value(json_object_get(why, "zh")), "诱饵文件") != NULL);
	CHECK(json_is_null(json_object_get(value, "control")));
	REQUIRE_OK(drill_result_read(value, p, &back, &e), e);
	CHECK_TEXT(back.parts[PART_DAMAGE].why.zh, r.parts[PART_DAMAGE].why.zh);
}

TEST(what_changed_outside_is_kept_by_name)
{
	AUTO(pool_free) struct pool *p = pool_new(4 * MIB);
	struct drill_result r, back;
	fixture_result(FIXTURE_VOID, p, &r);
	REQUIRE_OK(drill_score(&r, p, &e), e);
	AUTO_JSON json_t *value = written(&r);
	REQUIRE_OK(drill_result_read(value, p, &back, &e), e);
	CHECK_TEXT(back.void_path, r.void_path);
	CHECK_TEXT(back.void_what, "content");
	REQUIRE(back.n_unattributed == 2);
	CHECK_TEXT(back.unattributed[1], "/home/desk/notes.md");
}

TEST(more_texts_than_the_reader_takes_are_left_out_when_written)
{
	AUTO(pool_free) struct pool *p = pool_new(4 * MIB);
	struct drill_result r = middling(p), back;
	const char *paths[300] = { "/first" };
	for (size_t i = 1; i < COUNT_OF(paths); i++)
		paths[i] = "/more";
	r.unattributed = paths;
	r.n_unattributed = COUNT_OF(paths);
	AUTO_JSON json_t *value = written(&r);
	REQUIRE_OK(drill_result_read(value, p, &back, &e), e);
	CHECK_INT(back.n_unattributed, 200);
	CHECK_TEXT(back.unattributed[0], "/first");
}

TEST(any_result_comes_back_without_loss)
{
	struct dice d;
	dice_init(&d, 3);
	for (int i = 0; i < 2000; i++) {
		AUTO(pool_free) struct pool *p = pool_new(8 * MIB);
		struct drill_result r, back;
		fixture_random(&d, p, &r);
		REQUIRE_OK(drill_score(&r, p, &e), e);
		AUTO_JSON json_t *first = written(&r);
		AUTO_BUF struct buf text, again;
		sorted_text(first, &text);
		AUTO_JSON json_t *parsed = NULL;
		REQUIRE_OK(json_read(buf_view(&text), 64 * MIB, "result", &parsed, &e), e);
		REQUIRE_OK(drill_result_read(parsed, p, &back, &e), e);
		AUTO_JSON json_t *second = written(&back);
		sorted_text(second, &again);
		CHECK_TEXT(buf_text(&again), buf_text(&text));
		/* Not only the same text: the same values. */
		CHECK(back.score == r.score && back.coverage == r.coverage);
		CHECK(back.detect_ns == r.detect_ns && back.t0_ns == r.t0_ns);
		CHECK(back.bytes_changed == r.bytes_changed && back.verdict == r.verdict);
		CHECK(digest_equal(&back.scenario_hash, &r.scenario_hash));
		CHECK(back.n_curve == r.n_curve && back.n_steps == r.n_steps);
		CHECK_TEXT(back.host, r.host);
	}
}

TEST(bytes_that_are_no_utf8_become_replacement_characters)
{
	AUTO(pool_free) struct pool *p = pool_new(4 * MIB);
	struct drill_result r = middling(p);
	r.arena = "/srv/\xff\xc0\xaf/\xed\xa0\x80/ok\xe8\xad\xa6";
	AUTO_JSON json_t *value = written(&r);
	CHECK_TEXT(json_string_value(json_object_get(json_object_get(value, "arena"), "path")),
		"/srv/\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd/\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd/ok"
		"\xe8\xad\xa6");
}

TEST(numbers_that_json_cannot_hold_are_zero)
{
	AUTO(pool_free) struct pool *p = pool_new(4 * MIB);
	struct drill_result r = middling(p), back;
	r.rate_reached = HUGE_VAL;
	r.restore.integrity = (double)NAN;
	r.bytes_lost = UINT64_MAX;
	AUTO_JSON json_t *value = written(&r);
	REQUIRE_OK(drill_result_read(value, p, &back, &e), e);
	CHECK(back.rate_reached == 0);
	CHECK(back.bytes_lost == INT64_MAX);
}

static enum status read_apart(json_t *top)
{
	AUTO(pool_free) struct pool *p = pool_new(4 * MIB);
	struct drill_result back;
	return drill_result_read(top, p, &back, &e);
}

/* Every path of the value, one after the other: without it, the reader must name it. */
static void check_missing(json_t *top, json_t *object, const char *path, struct pool *p)
{
	const char *keys[64];
	size_t n = 0;
	const char *each;
	json_t *value;
	json_object_foreach(object, each, value)
	{
		REQUIRE(n < COUNT_OF(keys));
		keys[n++] = pool_text(p, view_of(each));
	}
	for (size_t i = 0; i < n; i++) {
		const char *key = keys[i];
		const char *here = pool_textf(p, "%s%s%s", path, path[0] == '\0' ? "" : ".", key);
		/* Derived from other fields, not read back. */
		if (strcmp(key, "stop_latency_ms") == 0 || strcmp(key, "outside_changes") == 0)
			continue;
		if (strcmp(key, "format") == 0) /* without it: a first format, see below */
			continue;
		AUTO_JSON json_t *kept = json_incref(json_object_get(object, key));
		if (json_is_object(kept))
			check_missing(top, kept, here, p);
		REQUIRE(json_object_del(object, key) == 0);
		CHECK_INT(read_apart(top), E_INVALID);
		CHECK_TEXT(e.text, pool_textf(p, "%s: missing", here));
		/* And of a type that fits nowhere. */
		REQUIRE(json_object_set_new(object, key, json_pack("[[i]]", 7)) == 0);
		CHECK_INT(read_apart(top), E_INVALID);
		CHECK(strncmp(e.text, here, strlen(here)) == 0);
		REQUIRE(json_object_set(object, key, kept) == 0);
	}
}

TEST(a_missing_or_wrong_field_is_named_by_its_path)
{
	AUTO(pool_free) struct pool *p = pool_new(256 * MIB);
	struct drill_result r = middling(p), back;
	AUTO_JSON json_t *value = written(&r);
	check_missing(value, value, "", p);
	REQUIRE_OK(drill_result_read(value, p, &back, &e), e);
	json_t *steps = json_object_get(json_object_get(value, "people"), "steps");
	REQUIRE(json_object_del(json_array_get(steps, 3), "role") == 0);
	CHECK_INT(drill_result_read(value, p, &back, &e), E_INVALID);
	CHECK_TEXT(e.text, "people.steps[3].role: missing");
}

/* --- what earlier versions stored --- */

/* Of a drill that a program of the first format ran. */
static json_t *first_format(void)
{
	AUTO_BUF struct buf text;
	char path[512];
	char piece[4096];
	json_t *value = NULL;
	(void)snprintf(path, sizeof path, "%s/tests/unit/drill/score/result_format_1.json",
		test_source_folder());
	FILE *f = fopen(path, "re");
	REQUIRE(f != NULL);
	buf_init(&text, MIB);
	for (size_t n; (n = fread(piece, 1, sizeof piece, f)) > 0;)
		buf_add_bytes(&text, piece, n);
	(void)fclose(f);
	REQUIRE_OK(json_read(buf_view(&text), MIB, path, &value, &e), e);
	return value;
}

static bool lacks(const struct drill_result *r, const char *path)
{
	for (size_t i = 0; i < r->n_not_recorded; i++)
		if (strcmp(r->not_recorded[i], path) == 0)
			return true;
	return false;
}

TEST(a_result_of_the_first_format_is_read_and_what_it_lacks_is_unknown)
{
	AUTO(pool_free) struct pool *p = pool_new(4 * MIB);
	struct drill_result r;
	AUTO_JSON json_t *value = first_format();
	REQUIRE_OK(drill_result_read(value, p, &r, &e), e);
	CHECK_TEXT(r.scenario.id, "quick");
	CHECK_TEXT(r.grade, "E");
	CHECK(r.score == 27.5 && r.coverage == 100);
	CHECK_TEXT(
		r.parts[PART_CONTAIN].why.en, "Nothing contained the attack: it ran to its end.");
	/* Stored in English alone; the facts say the same in Chinese. */
	CHECK_TEXT(r.parts[PART_CONTAIN].why.zh, "没有任何措施遏制住攻击：攻击一直进行到结束。");
	CHECK(r.stopped.by == NULL && r.safety.void_code == NULL);
	REQUIRE(r.n_steps == 6);
	CHECK_TEXT(r.steps[0].answer, "seen on the desk");
	CHECK_TEXT(r.steps[0].by, "");
	CHECK(r.control_ns == -1 && r.n_channels == 0);
	/* A part counted whole or not at all, as the coverage says that stands there. */
	CHECK(r.parts[PART_RECOVER].weight_assessed == 25);
	CHECK_TEXT(r.safety.witness, "whole");
	static const char *const lacking[] = { "control_at", "early_alerts", "stopped",
		"attack.channels", "control", "people.steps.by", "people.steps.by_right_role",
		"people.steps.rule", "people.steps.name", "people.terminal", "people.file",
		"people.problem", "safety.void_path", "safety.void_what",
		"safety.unattributed_paths", "improvements.code", "attack.end",
		"restore.changed_outside_paths" };
	for (size_t i = 0; i < COUNT_OF(lacking); i++)
		if (!lacks(&r, lacking[i]))
			test_fail(__FILE__, __LINE__, "%s is not said to be missing", lacking[i]);
	CHECK_INT(r.n_not_recorded, COUNT_OF(lacking));
}

TEST(the_answer_has_null_for_what_an_earlier_version_did_not_record)
{
	AUTO(pool_free) struct pool *p = pool_new(4 * MIB);
	struct drill_result r;
	AUTO_JSON json_t *value = first_format();
	REQUIRE_OK(drill_result_read(value, p, &r, &e), e);
	AUTO_JSON json_t *answer = drill_answer_json(&r);
	REQUIRE(answer != NULL);
	json_t *steps = json_object_get(json_object_get(answer, "people"), "steps");
	CHECK(json_is_null(json_object_get(answer, "early_alerts")));
	CHECK(json_is_null(json_object_get(json_object_get(answer, "attack"), "channels")));
	REQUIRE(json_array_size(steps) == 6);
	CHECK(json_is_null(json_object_get(json_array_get(steps, 5), "by_right_role")));
	CHECK(json_is_true(json_object_get(json_array_get(steps, 0), "done")));
	CHECK_INT(json_array_size(json_object_get(answer, "not_recorded")), r.n_not_recorded);
	/* A result of this version lacks nothing. */
	struct drill_result own = middling(p);
	AUTO_JSON json_t *whole = drill_answer_json(&own);
	CHECK(json_object_get(whole, "not_recorded") == NULL);
	CHECK_INT(json_integer_value(json_object_get(whole, "format")), RESULT_FORMAT);
}

TEST(a_verdict_of_the_first_format_is_told_in_the_words_of_this_one)
{
	static const struct {
		const char *verdict, *reason, *code, *by;
	} rows[] = { { "stopped", NULL, NULL, "unknown" },
		{ "voided", "The emulator met a resource limit.", "resource-limit", NULL },
		{ "voided", "Something that no version says.", "unknown", NULL },
		{ "voided", NULL, "unknown", NULL } };
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		AUTO(pool_free) struct pool *p = pool_new(4 * MIB);
		struct drill_result r;
		AUTO_JSON json_t *value = first_format();
		json_t *safety = json_object_get(value, "safety");
		REQUIRE(json_object_set_new(value, "verdict", json_string(rows[i].verdict)) == 0 &&
			json_object_set_new(safety, "void_reason",
				rows[i].reason == NULL ? json_null()
						       : json_string(rows[i].reason)) == 0);
		REQUIRE_OK(drill_result_read(value, p, &r, &e), e);
		CHECK_TEXT(r.safety.void_code, rows[i].code);
		CHECK_TEXT(r.stopped.by, rows[i].by);
		CHECK_INT(lacks(&r, "stopped"), rows[i].by == NULL);
	}
}

TEST(a_first_format_may_lack_only_what_came_later_and_a_newer_one_is_refused)
{
	AUTO(pool_free) struct pool *p = pool_new(16 * MIB);
	struct drill_result r;
	AUTO_JSON json_t *old = first_format();
	REQUIRE(json_object_del(old, "files_lost") == 0);
	CHECK_INT(drill_result_read(old, p, &r, &e), E_INVALID);
	CHECK_TEXT(e.text, "files_lost: missing");
	struct drill_result own = middling(p);
	AUTO_JSON json_t *value = written(&own);
	REQUIRE(json_object_set_new(value, "format", json_integer(RESULT_FORMAT + 1)) == 0);
	CHECK_INT(drill_result_read(value, p, &r, &e), E_INVALID);
	CHECK_TEXT(e.text, "stored by a newer version of the program, in format 5; this one reads "
			   "1 to 4");
	REQUIRE(json_object_set_new(value, "format", json_integer(0)) == 0);
	CHECK_INT(drill_result_read(value, p, &r, &e), E_INVALID);
	CHECK_TEXT(e.text, "format: out of range");
	/* What this version wrote may not lack anything, whatever it is. */
	REQUIRE(json_object_set_new(value, "format", json_integer(RESULT_FORMAT)) == 0 &&
		json_object_del(value, "early_alerts") == 0);
	CHECK_INT(drill_result_read(value, p, &r, &e), E_INVALID);
	CHECK_TEXT(e.text, "early_alerts: missing");
	/* Between the two, results without a number had it, and the number is believed. */
	REQUIRE(json_object_del(value, "format") == 0);
	REQUIRE_OK(drill_result_read(value, p, &r, &e), e);
	CHECK(lacks(&r, "early_alerts") && r.n_not_recorded == 1);
}

TEST(values_out_of_range_are_refused)
{
	static const struct {
		const char *path[3];
		const char *value;
		const char *says;
	} rows[] = {
		{ { "score" }, "101", "score: out of range" },
		{ { "score" }, "null", "score: not a number" },
		{ { "score" }, "-1", "score: out of range" },
		{ { "coverage" }, "100.1", "coverage: out of range" },
		{ { "grade" }, "\"A+\"", "grade: not one of A to E" },
		{ { "verdict" }, "\"won\"", "verdict: not one of the known words" },
		{ { "files_lost" }, "4294967296", "files_lost: out of range" },
		{ { "files_lost" }, "1.5", "files_lost: not a whole number" },
		{ { "parts", "detect", "share" }, "1.01", "parts.detect: out of range" },
		{ { "parts", "people" }, "7", "parts.people: not an object" },
		{ { "times", "started" }, "\"yesterday\"",
			"times.started: not a time in RFC 3339" },
		{ { "scenario", "hash" }, "\"abc\"", "scenario.hash: not a SHA-256 hash in hex" },
		{ { "scenario", "attack" }, "[1]", "scenario.attack[0]: not text" },
		{ { "attack", "curve" }, "[3]", "attack.curve[0]: not an object" },
		{ { "host", "name" }, "\"a\\u0000b\"", "host.name: holds a NUL character" },
		{ { "attack", "attack_ns" }, "-5", "attack.attack_ns: out of range" },
	};
	AUTO(pool_free) struct pool *p = pool_new(64 * MIB);
	struct drill_result r = middling(p), back;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		AUTO_JSON json_t *value = written(&r);
		json_t *at = value;
		size_t k = 0;
		for (; k < 2 && rows[i].path[k + 1] != NULL; k++)
			at = json_object_get(at, rows[i].path[k]);
		json_t *wrong = json_loads(rows[i].value, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
		REQUIRE(wrong != NULL && json_object_set_new(at, rows[i].path[k], wrong) == 0);
		CHECK_INT(drill_result_read(value, p, &back, &e), E_INVALID);
		CHECK_TEXT(e.text, rows[i].says);
	}
}

TEST(a_result_that_is_no_object_is_refused)
{
	AUTO(pool_free) struct pool *p = pool_new(MIB);
	struct drill_result back;
	AUTO_JSON json_t *list = json_array();
	CHECK_INT(drill_result_read(list, p, &back, &e), E_INVALID);
	CHECK_TEXT(e.text, "result: not an object");
}

TEST(too_long_a_list_is_refused_before_memory_is_taken)
{
	AUTO(pool_free) struct pool *p = pool_new(4 * MIB);
	struct drill_result r = middling(p), back;
	AUTO_JSON json_t *value = written(&r);
	AUTO_JSON json_t *many = json_array();
	for (int i = 0; i < 257; i++)
		REQUIRE(json_array_append_new(many, json_object()) == 0);
	REQUIRE(json_object_set(value, "improvements", many) == 0);
	CHECK_INT(drill_result_read(value, p, &back, &e), E_INVALID);
	CHECK_TEXT(e.text, "improvements: too long");
}

TEST(short_memory_gives_no_half_result)
{
#ifdef TOCSIN_FAULTS
	AUTO(pool_free) struct pool *p = pool_new(4 * MIB);
	struct drill_result r = middling(p);
	long nth = 1;
	for (; nth < 2000; nth++) {
		fault_arm("result_set", nth);
		AUTO_JSON json_t *value = drill_result_json(&r);
		fault_disarm();
		if (value != NULL)
			break;
	}
	CHECK(nth > 150); /* about as many as there are fields */
	AUTO(pool_free) struct pool *tiny = pool_new(256);
	AUTO_JSON json_t *value = written(&r);
	struct drill_result back = { .id = "untouched" };
	CHECK_INT(drill_result_read(value, tiny, &back, &e), E_TOO_BIG);
	CHECK_TEXT(back.id, "untouched");
#else
	test_skip("needs a build with -Dfaults=true");
#endif
}
