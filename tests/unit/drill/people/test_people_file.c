/*
 * The controller's file: its form, when it is read, and the examples of docs/people.md.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "drill/people/people.h"
#include "sys/file.h"
#include "tests/lib/test.h"

#define T0_WALL_NS (1767225600LL * NS_PER_S) /* 2026-01-01 */
static const struct people_origin t0 = { 100 * NS_PER_S, T0_WALL_NS };
/* Seven days and more after T0, so that nothing that may be said lies ahead. */
static const struct people_moment late = { T0_WALL_NS, T0_WALL_NS + 8 * 86400 * NS_PER_S };

/* One for the whole test. */
static struct pool *pool(void)
{
	static struct pool *p;
	if (p == NULL)
		p = pool_new(512 * MIB);
	REQUIRE(p != NULL);
	return p;
}

static enum status parse(const char *text, const struct people_moment *moment,
	struct people_sheet *out, struct error *e)
{
	struct people_settings settings;
	people_settings_init(&settings);
	return people_parse(view_of(text), moment, &settings, pool(), out, e);
}

static const struct drill_step *step(const struct people_sheet *sheet, const char *id)
{
	for (size_t i = 0; i < PEOPLE_STEPS; i++)
		if (strcmp(sheet->steps[i].id, id) == 0)
			return &sheet->steps[i];
	test_fail(__FILE__, __LINE__, "there is no step %s", id);
	return sheet->steps;
}

/* --- the form --- */

TEST(a_controllers_file_answers_with_seconds_or_times)
{
	static const char text[] =
		"steps:\n"
		"  - step: recognise\n"
		"    done: true\n"
		"    after: 95.5\n"
		"    answer: names had changed\n"
		"    by: backup administrator\n"
		"    name: night shift\n"
		"  - {step: isolate, done: true, after: '2026-01-01T08:02:00+08:00', by: "
		"operator}\n"
		"  - {step: restore, done: true, after: 9, by: operator}\n"
		"  - {step: notify-inside, done: true, after: 9}\n"
		"  - {step: classify, done: false}\n";
	struct people_sheet sheet;
	struct error e = ERROR_NONE;
	REQUIRE_OK(parse(text, &late, &sheet, &e), e);
	CHECK(sheet.complete);
	const struct drill_step *recognise = step(&sheet, "recognise");
	CHECK(recognise->answered && recognise->done && recognise->by_right_role);
	CHECK_INT(recognise->after_ns, 95500 * NS_PER_MS);
	CHECK_TEXT(recognise->answer, "names had changed");
	CHECK_TEXT(recognise->by, "backup administrator");
	CHECK_TEXT(recognise->role, "operator");
	CHECK_TEXT(recognise->name, "night shift");
	CHECK_INT(step(&sheet, "isolate")->after_ns, 120 * NS_PER_S);
	CHECK(step(&sheet, "isolate")->by_right_role);
	CHECK(step(&sheet, "restore")->done && !step(&sheet, "restore")->by_right_role);
	CHECK(step(&sheet, "notify-inside")->done && !step(&sheet, "notify-inside")->by_right_role);
	CHECK(step(&sheet, "classify")->answered && !step(&sheet, "classify")->done);
	CHECK_INT(step(&sheet, "classify")->after_ns, -1);
	CHECK(!step(&sheet, "notify-authority")->answered);
}

TEST(json_is_read_too_and_may_say_that_more_follows)
{
	static const char text[] = "{\"complete\": false, \"steps\": [{\"step\": \"restore\", "
				   "\"done\": true, \"after\": 60}]}";
	struct people_sheet sheet;
	struct error e = ERROR_NONE;
	REQUIRE_OK(parse(text, &late, &sheet, &e), e);
	CHECK(!sheet.complete && step(&sheet, "restore")->answered);
}

TEST(a_file_without_answers_yet_is_a_file)
{
	static const char *const texts[] = { "complete: false\nsteps:\n", "steps: []",
		"complete: false", "steps:\n# - step: isolate\n" };
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		struct people_sheet sheet;
		struct error e = ERROR_NONE;
		REQUIRE_OK(parse(texts[i], &late, &sheet, &e), e);
		for (size_t k = 0; k < PEOPLE_STEPS; k++)
			CHECK(!sheet.steps[k].answered);
	}
}

TEST(a_wrong_file_is_refused_and_names_the_place)
{
	static const struct {
		const char *text;
		const char *says;
	} rows[] = {
		{ "", "people" },
		{ "[]", "expected" },
		{ "steps: 7", "steps" },
		{ "answers: []", "answers" },
		{ "steps: [7]", "steps[0]" },
		{ "steps: [{step: dance, done: true, after: 1}]", "no step \"dance\"" },
		{ "steps: [{done: true, after: 1}]", "steps[0].step" },
		{ "steps: [{step: isolate, after: 1}]", "steps[0].done" },
		{ "steps: [{step: isolate, done: true}]", "steps[0].after" },
		{ "steps: [{step: isolate, done: maybe, after: 1}]", "steps[0].done" },
		{ "steps: [{step: isolate, done: true, after: -1}]", "before the attack" },
		{ "steps: [{step: isolate, done: true, after: 604801}]", "seven days" },
		{ "steps: [{step: isolate, done: true, after: 1e300}]", "RFC 3339" },
		{ "steps: [{step: isolate, done: true, after: TIME}]", "RFC 3339" },
		{ "steps: [{step: isolate, done: true, after: '2025-12-31T23:59:59Z'}]",
			"isolate would be done before the attack" },
		{ "steps: [{step: isolate, done: true, after: '2200-01-01T00:00:00Z'}]",
			"seven days" },
		{ "steps: [{step: isolate, done: true, after: 1, who: me}]", "who" },
		{ "steps: [{step: isolate, done: true, after: 1, by: night shift}]",
			"steps[0].by: there is no role \"night shift\"" },
		{ "steps: [{step: isolate, done: true, after: 1}, {step: isolate, done: false}]",
			"answered twice" },
		{ "steps: [{step: isolate, done: true, after: 1, answer: [1]}]", "answer" },
		{ "complete: perhaps\nsteps: []", "complete" },
		{ "authority_deadline_minutes: 0\nsteps: []", "authority_deadline_minutes" },
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct people_sheet sheet;
		struct error e = ERROR_NONE;
		CHECK_INT(parse(rows[i].text, &late, &sheet, &e), E_INVALID);
		if (strstr(e.text, rows[i].says) == NULL)
			test_fail(__FILE__, __LINE__, "%s: \"%s\" does not say \"%s\"",
				rows[i].text, e.text, rows[i].says);
	}
}

TEST(texts_have_a_ceiling_and_lose_control_characters)
{
	static const struct {
		const char *key;
		int most;
	} keys[] = { { "answer", PEOPLE_ANSWER_MAX }, { "name", PEOPLE_LINE_MAX } };
	char text[PEOPLE_ANSWER_MAX + 200];
	for (size_t i = 0; i < COUNT_OF(keys); i++) {
		for (int over = 0; over < 2; over++) {
			(void)snprintf(text, sizeof text,
				"steps: [{step: isolate, done: true, after: 1, %s: '%0*d'}]",
				keys[i].key, keys[i].most + over, 7);
			struct people_sheet sheet;
			struct error e = ERROR_NONE;
			CHECK((parse(text, &late, &sheet, &e) == OK) == (over == 0));
		}
	}
	struct people_sheet sheet;
	struct error e = ERROR_NONE;
	REQUIRE_OK(parse("steps: [{step: isolate, done: true, after: 1, answer: \"a\\e[1mb\"}]",
			   &late, &sheet, &e),
		e);
	CHECK_TEXT(step(&sheet, "isolate")->answer, "a [1mb");
}

/* --- when --- */

TEST(before_the_attack_no_step_can_be_done)
{
	static const struct people_moment before = { -1, T0_WALL_NS };
	static const struct {
		const char *after, *says;
	} rows[] = {
		{ "95", "isolate is said to be done 95 s after the attack began" },
		{ "0", "0 s after the attack began, but the attack has not begun" },
		{ "'2026-01-01T00:00:01Z'",
			"isolate is said to be done at 2026-01-01T00:00:01.000Z, which is later "
			"than now (2026-01-01T00:00:00.000Z)" },
		{ "'2099-01-01T00:00:00Z'", "later than now" },
		{ "'2025-12-31T00:00:00Z'", "but the attack has not begun" },
	};
	struct people_sheet sheet;
	struct error e = ERROR_NONE;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		char text[200];
		(void)snprintf(text, sizeof text, "steps: [{step: isolate, done: true, after: %s}]",
			rows[i].after);
		CHECK_INT(parse(text, &before, &sheet, &e), E_INVALID);
		if (strstr(e.text, rows[i].says) == NULL || strstr(e.text, "steps[0]") == NULL)
			test_fail(__FILE__, __LINE__, "%s: \"%s\" does not say \"%s\"", text,
				e.text, rows[i].says);
	}
	REQUIRE_OK(parse("steps: [{step: isolate, done: false}]", &before, &sheet, &e), e);
}

TEST(a_step_that_lies_ahead_of_now_is_not_answered)
{
	static const struct people_moment now = { T0_WALL_NS, T0_WALL_NS + 60 * NS_PER_S };
	static const struct {
		const char *after;
		bool counts;
	} rows[] = { { "60", true }, { "60.001", false }, { "'2026-01-01T00:01:00Z'", true },
		{ "'2026-01-01T00:01:00.5Z'", false }, { "604800", false } };
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		char text[200];
		struct people_sheet sheet;
		struct error e = ERROR_NONE;
		(void)snprintf(text, sizeof text,
			"steps: [{step: isolate, done: true, after: %s, by: operator}]",
			rows[i].after);
		REQUIRE_OK(parse(text, &now, &sheet, &e), e);
		CHECK(step(&sheet, "isolate")->answered == rows[i].counts);
		CHECK(step(&sheet, "isolate")->done == rows[i].counts);
		CHECK(step(&sheet, "isolate")->by_right_role == rows[i].counts);
		size_t at = (size_t)(step(&sheet, "isolate") - sheet.steps);
		CHECK((sheet.ahead_ns[at] < 0) == rows[i].counts);
	}
}

TEST(settings_hold_from_the_start_and_are_not_moved_by_an_answer)
{
	static const char text[] =
		"authority_deadline_minutes: 600\n"
		"roles: {isolate: duty manager}\n"
		"steps: [{step: isolate, done: true, after: 1, by: duty manager}]";
	struct people_sheet sheet;
	struct error e = ERROR_NONE;
	REQUIRE_OK(parse(text, &late, &sheet, &e), e);
	CHECK_INT(step(&sheet, "notify-authority")->due_ns, 600 * NS_PER_S);
	CHECK(!step(&sheet, "isolate")->by_right_role);
	static const struct people_moment before = { -1, T0_WALL_NS };
	REQUIRE_OK(parse("authority_deadline_minutes: 600", &before, &sheet, &e), e);
	CHECK_INT(step(&sheet, "notify-authority")->due_ns, 36000 * NS_PER_S);
}

/* --- the file --- */

static void put(const char *name, const char *text)
{
	test_write_file(test_path(name), text, strlen(text));
}

TEST(before_a_run_a_file_that_is_missing_or_wrong_is_refused)
{
	struct people_settings settings;
	struct error e = ERROR_NONE;
	bool complete = false;
	people_settings_init(&settings);
	int64_t now_ns = T0_WALL_NS;
	CHECK_INT(
		people_check_file(test_path("none.yaml"), now_ns, pool(), &settings, &complete, &e),
		E_ABSENT);
	CHECK(strstr(e.text, "none.yaml") != NULL);
	CHECK_INT(people_check_file(test_folder(), now_ns, pool(), &settings, &complete, &e),
		E_INVALID);
	put("bad.yaml", "steps: 7");
	CHECK_INT(
		people_check_file(test_path("bad.yaml"), now_ns, pool(), &settings, &complete, &e),
		E_INVALID);
	CHECK(strstr(e.text, "bad.yaml") != NULL);
	REQUIRE(mkfifo(test_path("fifo"), 0600) == 0);
	CHECK_INT(people_check_file(test_path("fifo"), now_ns, pool(), &settings, &complete, &e),
		E_INVALID);
	char *big = calloc(1, PEOPLE_FILE_BYTES_MAX + 2);
	REQUIRE(big != NULL);
	memset(big, '#', PEOPLE_FILE_BYTES_MAX + 1);
	put("big.yaml", big);
	free(big);
	CHECK_INT(
		people_check_file(test_path("big.yaml"), now_ns, pool(), &settings, &complete, &e),
		E_TOO_BIG);
	CHECK_INT(settings.authority_due_ns, 600 * NS_PER_S);
	put("good.yaml", "authority_deadline_minutes: 60\ncomplete: false\nsteps:\n");
	REQUIRE_OK(
		people_check_file(test_path("good.yaml"), now_ns, pool(), &settings, &complete, &e),
		e);
	CHECK(!complete);
	CHECK_INT(settings.authority_due_ns, 3600 * NS_PER_S);
}

static char said[1024];
static int n_said;

static void say(const char *sentence, void *context)
{
	(void)context;
	n_said++;
	(void)snprintf(said, sizeof said, "%s", sentence);
}

struct desk {
	struct people people;
	struct drill_watch watch;
};

static void begin(struct desk *d, const char *file)
{
	struct people_settings settings;
	people_settings_init(&settings);
	people_init(&d->people, &settings, file, false, pool());
	d->watch = (struct drill_watch){ .say = say };
}

static enum status read_at(struct desk *d, int64_t after_s, struct error *e)
{
	return people_read_file(&d->people, &t0, t0.boot_ns + after_s * NS_PER_S, &d->watch, e);
}

TEST(the_file_is_read_again_until_it_is_complete_and_answers_may_be_corrected)
{
	struct desk d;
	struct error e = ERROR_NONE;
	put("desk.yaml", "complete: false\nsteps:\n");
	begin(&d, test_path("desk.yaml"));
	REQUIRE_OK(read_at(&d, 5, &e), e);
	CHECK(d.people.waits && !people_assessed(&d.people));
	put("desk.yaml", "complete: false\nsteps: [{step: isolate, done: true, after: 6}]");
	REQUIRE_OK(read_at(&d, 10, &e), e);
	CHECK(d.people.waits && people_n_answered(&d.people) == 1);
	put("desk.yaml", "steps: [{step: isolate, done: true, after: 8, by: operator}]");
	REQUIRE_OK(read_at(&d, 11, &e), e);
	CHECK(!d.people.waits);
	CHECK_INT(d.people.steps[1].after_ns, 8 * NS_PER_S);
	CHECK(d.people.steps[1].by_right_role);
}

TEST(a_file_that_goes_away_or_breaks_leaves_what_was_read_and_says_why)
{
	struct desk d;
	struct error e = ERROR_NONE;
	put("desk.yaml", "complete: false\nsteps: [{step: isolate, done: true, after: 1}]");
	begin(&d, test_path("desk.yaml"));
	REQUIRE_OK(read_at(&d, 5, &e), e);
	CHECK(d.people.problem == NULL);
	REQUIRE(unlink(test_path("desk.yaml")) == 0);
	CHECK_INT(read_at(&d, 6, &e), E_ABSENT);
	CHECK(d.people.problem != NULL && strstr(d.people.problem, "desk.yaml") != NULL);
	CHECK(d.people.waits && people_n_answered(&d.people) == 1);
	put("desk.yaml", "steps: [{step: iso");
	CHECK_INT(read_at(&d, 7, &e), E_INVALID);
	CHECK(people_n_answered(&d.people) == 1);
	put("desk.yaml", "steps: []");
	REQUIRE_OK(read_at(&d, 8, &e), e);
	CHECK(d.people.problem == NULL && !people_assessed(&d.people));
}

TEST(an_answer_ahead_of_now_is_said_once_and_waited_for_by_a_minute)
{
	struct desk d;
	struct error e = ERROR_NONE;
	put("desk.yaml", "steps: [{step: isolate, done: true, after: 90}]");
	begin(&d, test_path("desk.yaml"));
	REQUIRE_OK(read_at(&d, 29, &e), e);
	CHECK(!d.people.waits && !people_assessed(&d.people));
	CHECK(strstr(said, "isolate is said to be done at 2026-01-01T00:01:30.000Z") != NULL);
	CHECK(strstr(said, "later than now (2026-01-01T00:00:29.000Z)") != NULL);
	REQUIRE_OK(read_at(&d, 30, &e), e);
	CHECK(d.people.waits);
	CHECK_INT(n_said, 1);
	CHECK_INT(d.people.ahead_ns[1], 90 * NS_PER_S);
	REQUIRE_OK(read_at(&d, 90, &e), e);
	CHECK(!d.people.waits && people_assessed(&d.people));
	CHECK_INT(d.people.ahead_ns[1], -1);
}

TEST(what_was_answered_at_the_terminal_stands)
{
	struct desk d;
	struct error e = ERROR_NONE;
	put("desk.yaml", "steps: [{step: isolate, done: false}]");
	begin(&d, test_path("desk.yaml"));
	d.people.steps[1].answered = d.people.steps[1].done = d.people.at_terminal[1] = true;
	REQUIRE_OK(read_at(&d, 5, &e), e);
	CHECK(d.people.steps[1].done);
}

/* --- the page --- */

/* Calls `each` with every fenced block of the page in that language. Returns how many. */
static int each_block(const char *fence, void (*each)(const char *text, int number))
{
	AUTO_BUF struct buf page;
	struct error e = ERROR_NONE;
	char path[1024];
	int n = 0;
	(void)snprintf(path, sizeof path, "%s/docs/people.md", test_source_folder());
	buf_init(&page, MIB);
	REQUIRE_OK(file_read_all(-1, path, MIB, &page, &e), e);
	for (char *at = (char *)(uintptr_t)buf_text(&page); (at = strstr(at, fence)) != NULL;) {
		at += strlen(fence);
		char *end = strstr(at, "\n```");
		REQUIRE(end != NULL);
		char block[4096];
		(void)snprintf(block, sizeof block, "%.*s\n", (int)(end - at), at);
		each(block, n++);
		at = end + 4;
	}
	return n;
}

/* T0 at 2026-11-24T06:23:00Z, read four hours later, when all of the page's answers were given. */
static const struct people_moment of_page = { 1795501380LL * NS_PER_S,
	(1795501380LL + 4 * 3600) * NS_PER_S };

static void check_block(const char *text, int number)
{
	static const struct people_moment before = { -1, 1795501380LL * NS_PER_S };
	struct people_sheet sheet;
	struct error e = ERROR_NONE;
	bool prepared = number == 0 && strstr(text, "complete: false") != NULL;
	if (parse(text, prepared ? &before : &of_page, &sheet, &e) != OK)
		test_fail(__FILE__, __LINE__, "block %d of the page: %s", number, e.text);
	if (!prepared)
		CHECK(sheet.complete && step(&sheet, "recognise")->after_ns == 95 * NS_PER_S);
}

TEST(every_example_of_the_page_is_a_file_that_is_taken)
{
	CHECK_INT(each_block("```yaml\n", check_block), 2);
	CHECK_INT(each_block("```json\n", check_block), 1);
}
