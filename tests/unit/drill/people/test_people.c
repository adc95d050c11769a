/*
 * The people's steps: the controller's file and the terminal.
 */
#include "drill/people/people.h"

#include <stdio.h>
#include <string.h>

#include "tests/lib/test.h"

static const struct people_origin t0 = { 100 * NS_PER_S, 1767225600LL * NS_PER_S }; /* 2026-01-01 */

/* One for the whole test. */
static struct pool *pool(void)
{
	static struct pool *p;
	if (p == NULL)
		p = pool_new(512 * MIB);
	REQUIRE(p != NULL);
	return p;
}

TEST(every_step_is_bilingual_due_and_open)
{
	struct drill_step steps[PEOPLE_STEPS];
	people_steps(steps);
	static const char *const ids[] = { "recognise", "isolate", "notify-inside", "classify",
		"notify-authority", "restore" };
	for (size_t i = 0; i < PEOPLE_STEPS; i++) {
		bool known = false;
		for (size_t k = 0; k < COUNT_OF(ids); k++)
			known = known || strcmp(ids[k], steps[i].id) == 0;
		CHECK(known);
		CHECK(steps[i].title.en[0] != '\0' && steps[i].title.zh[0] != '\0');
		CHECK(steps[i].inject.en[0] != '\0' && steps[i].inject.zh[0] != '\0');
		CHECK(steps[i].due_ns > 0 && !steps[i].answered && steps[i].after_ns == -1);
	}
}

TEST(a_controllers_file_answers_with_seconds_or_times)
{
	static const char text[] =
		"steps:\n"
		"  - step: recognise\n"
		"    done: true\n"
		"    after: 95.5\n"
		"    answer: names had changed\n"
		"    by: night shift\n"
		"  - {step: isolate, done: true, after: '2026-01-01T08:02:00+08:00'}\n"
		"  - {step: classify, done: false}\n";
	struct drill_step steps[PEOPLE_STEPS];
	bool complete = false;
	struct error e = ERROR_NONE;
	REQUIRE_OK(people_parse(view_of(text), &t0, pool(), steps, &complete, &e), e);
	CHECK(complete);
	CHECK(steps[0].answered && steps[0].done);
	CHECK_INT(steps[0].after_ns, 95500 * NS_PER_MS);
	CHECK_TEXT(steps[0].answer, "names had changed");
	CHECK_TEXT(steps[0].role, "night shift");
	CHECK_INT(steps[1].after_ns, 120 * NS_PER_S);
	CHECK(!steps[2].answered);
	CHECK(steps[3].answered && !steps[3].done);
	CHECK_INT(steps[3].after_ns, -1);
}

TEST(json_is_read_too_and_may_say_that_more_follows)
{
	static const char text[] = "{\"complete\": false, \"steps\": [{\"step\": \"restore\", "
				   "\"done\": true, \"after\": 60}]}";
	struct drill_step steps[PEOPLE_STEPS];
	bool complete = true;
	struct error e = ERROR_NONE;
	REQUIRE_OK(people_parse(view_of(text), &t0, pool(), steps, &complete, &e), e);
	CHECK(!complete);
	CHECK(steps[5].answered);
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
		{ "steps: [{step: isolate, done: true, after: soon}]", "RFC 3339" },
		{ "steps: [{step: isolate, done: true, after: '2025-12-31T23:59:59Z'}]",
			"before the attack" },
		{ "steps: [{step: isolate, done: true, after: '2200-01-01T00:00:00Z'}]",
			"seven days" },
		{ "steps: [{step: isolate, done: true, after: 1, who: me}]", "who" },
		{ "steps: [{step: isolate, done: true, after: 1}, {step: isolate, done: false}]",
			"answered twice" },
		{ "steps: [{step: isolate, done: true, after: 1, answer: [1]}]", "answer" },
		{ "complete: perhaps\nsteps: []", "complete" },
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct drill_step steps[PEOPLE_STEPS];
		bool complete = false;
		struct error e = ERROR_NONE;
		CHECK_INT(people_parse(view_of(rows[i].text), &t0, pool(), steps, &complete, &e),
			E_INVALID);
		if (strstr(e.text, rows[i].says) == NULL)
			test_fail(__FILE__, __LINE__, "%s: \"%s\" does not say \"%s\"",
				rows[i].text, e.text, rows[i].says);
	}
}

TEST(answers_have_a_ceiling_and_lose_control_characters)
{
	char text[PEOPLE_ANSWER_MAX + 200];
	for (int over = 0; over < 2; over++) {
		(void)snprintf(text, sizeof text,
			"steps: [{step: isolate, done: true, after: 1, answer: '%0*d'}]",
			PEOPLE_ANSWER_MAX + over, 7);
		struct drill_step steps[PEOPLE_STEPS];
		bool complete = false;
		struct error e = ERROR_NONE;
		CHECK((people_parse(view_of(text), &t0, pool(), steps, &complete, &e) == OK) ==
			(over == 0));
	}
	struct drill_step steps[PEOPLE_STEPS];
	bool complete = false;
	struct error e = ERROR_NONE;
	REQUIRE_OK(people_parse(VIEW("steps: [{step: isolate, done: true, after: 1, answer: "
				     "\"a\\e[1mb\"}]"),
			   &t0, pool(), steps, &complete, &e),
		e);
	CHECK_TEXT(steps[1].answer, "a [1mb");
}

TEST(a_file_that_is_wrong_is_refused_before_the_run_and_one_to_come_is_not)
{
	struct people people;
	struct error e = ERROR_NONE;
	test_write_file(test_path("bad.yaml"), "steps: 7", 8);
	CHECK_INT(people_init(&people, test_path("bad.yaml"), false, pool(), &e), E_INVALID);
	CHECK(strstr(e.text, "bad.yaml") != NULL);
	CHECK_INT(people_init(&people, test_path("none/later.yaml"), false, pool(), &e), E_INVALID);
	REQUIRE_OK(people_init(&people, test_path("later.yaml"), false, pool(), &e), e);
	bool complete = true;
	CHECK_INT(people_read_file(&people, &t0, &complete, &e), E_ABSENT);
	CHECK(!complete && !people_assessed(&people));
	static const char text[] = "steps: [{step: isolate, done: true, after: 5}]";
	test_write_file(test_path("later.yaml"), text, sizeof text - 1);
	REQUIRE_OK(people_read_file(&people, &t0, &complete, &e), e);
	CHECK(complete && people_assessed(&people));
}

TEST(a_file_with_a_time_is_accepted_before_t0_is_known)
{
	struct people people;
	struct error e = ERROR_NONE;
	static const char text[] =
		"steps: [{step: isolate, done: true, after: '2026-01-01T00:01:00Z'}]";
	test_write_file(test_path("times.yaml"), text, sizeof text - 1);
	REQUIRE_OK(people_init(&people, test_path("times.yaml"), false, pool(), &e), e);
	CHECK(!people.steps[1].answered);
}

struct terminal {
	int n_asked;
	const char *last;
	bool answers;
};

static bool ask(
	const struct drill_step *step, const char **out_answer, bool *out_done, void *context)
{
	struct terminal *t = context;
	t->n_asked++;
	t->last = step->id;
	*out_answer = "done \x01so\nsecond line";
	*out_done = true;
	return t->answers;
}

TEST(the_terminal_is_asked_one_step_after_the_other)
{
	struct terminal terminal = { .answers = false };
	struct drill_watch watch = { .ask = ask, .context = &terminal };
	struct people people;
	struct error e = ERROR_NONE;
	REQUIRE_OK(people_init(&people, NULL, true, pool(), &e), e);
	people_tick(&people, &t0, 101 * NS_PER_S, &watch);
	CHECK_TEXT(terminal.last, "recognise");
	CHECK(!people_assessed(&people) && people_open(&people, &t0, 101 * NS_PER_S));
	terminal.answers = true;
	people_tick(&people, &t0, 103 * NS_PER_S, &watch);
	CHECK(people.steps[0].answered && people.steps[0].done);
	CHECK_INT(people.steps[0].after_ns, 3 * NS_PER_S);
	CHECK_TEXT(people.steps[0].answer, "done  so");
	for (int i = 0; i < 10; i++)
		people_tick(&people, &t0, 104 * NS_PER_S, &watch);
	CHECK_INT(terminal.n_asked, 7); /* once without an answer, then once a step */
	CHECK(!people_open(&people, &t0, 104 * NS_PER_S));
}

TEST(an_exercise_ends_when_its_last_step_was_due)
{
	struct people people;
	struct error e = ERROR_NONE;
	REQUIRE_OK(people_init(&people, NULL, true, pool(), &e), e);
	int64_t last_ns = 0;
	for (size_t i = 0; i < PEOPLE_STEPS; i++)
		if (people.steps[i].due_ns > last_ns)
			last_ns = people.steps[i].due_ns;
	CHECK(people_open(&people, &t0, t0.boot_ns + last_ns - 1));
	CHECK(!people_open(&people, &t0, t0.boot_ns + last_ns));
}

TEST(nobody_asked_is_not_assessed)
{
	struct people people;
	struct error e = ERROR_NONE;
	REQUIRE_OK(people_init(&people, NULL, false, pool(), &e), e);
	struct terminal terminal = { .answers = true };
	struct drill_watch watch = { .ask = ask, .context = &terminal };
	people_tick(&people, &t0, 101 * NS_PER_S, &watch);
	CHECK_INT(terminal.n_asked, 0);
	CHECK(!people_assessed(&people));
}
