/*
 * The people's steps at the terminal, and what an organisation sets. The controller's file has
 * test_people_file.c.
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

static const struct drill_step *step(const struct drill_step *steps, const char *id)
{
	for (size_t i = 0; i < PEOPLE_STEPS; i++)
		if (strcmp(steps[i].id, id) == 0)
			return &steps[i];
	test_fail(__FILE__, __LINE__, "there is no step %s", id);
	return steps;
}

/* --- the steps --- */

TEST(every_step_is_bilingual_due_and_open_and_stands_in_the_order_of_its_due_time)
{
	struct people_settings settings;
	people_settings_init(&settings);
	for (int hours = 0; hours < 30; hours++) {
		struct drill_step steps[PEOPLE_STEPS];
		if (hours > 0)
			settings.authority_due_ns = hours * 3600 * NS_PER_S;
		people_steps(&settings, steps);
		for (size_t i = 0; i < PEOPLE_STEPS; i++) {
			(void)step(steps, people_step_id(i));
			CHECK(steps[i].title.en[0] != '\0' && steps[i].title.zh[0] != '\0');
			CHECK(steps[i].inject.en[0] != '\0' && steps[i].inject.zh[0] != '\0');
			CHECK(steps[i].due_ns > 0 && !steps[i].answered);
			CHECK_INT(steps[i].after_ns, -1);
			CHECK_TEXT(people_role(view_of(steps[i].role)), steps[i].role);
			CHECK(i == 0 || steps[i].due_ns >= steps[i - 1].due_ns);
		}
	}
}

TEST(the_authority_is_told_within_ten_minutes_and_the_rule_is_named)
{
	struct people_settings settings;
	struct drill_step steps[PEOPLE_STEPS];
	people_settings_init(&settings);
	people_steps(&settings, steps);
	const struct drill_step *authority = step(steps, "notify-authority");
	CHECK_INT(authority->due_ns, 600 * NS_PER_S);
	CHECK(strstr(authority->rule.en, "cn-miit") != NULL);
	CHECK(strstr(authority->rule.zh, "cn-miit") != NULL);
	CHECK_TEXT(step(steps, "classify")->rule.en, "");
	/* It is asked before what is due later. */
	CHECK(authority < step(steps, "notify-inside"));
}

TEST(roles_are_known_in_both_languages)
{
	CHECK_TEXT(people_role(VIEW("duty manager")), "duty manager");
	CHECK_TEXT(people_role(VIEW("值班负责人")), "duty manager");
	CHECK(people_role(VIEW("Duty Manager")) == NULL);
	CHECK(people_role(VIEW("")) == NULL);
}

/* --- settings --- */

static enum status settings_of(const char *text, struct people_settings *s, struct error *e)
{
	AUTO_JSON json_t *value = NULL;
	people_settings_init(s);
	REQUIRE_OK(yaml_read(view_of(text), 4096, "test", &value, e), *e);
	return people_settings_read((struct json_place){ value, "" }, pool(), s, e);
}

TEST(an_organisation_sets_its_own_term_and_its_own_roles)
{
	struct people_settings settings;
	struct error e = ERROR_NONE;
	struct drill_step steps[PEOPLE_STEPS];
	REQUIRE_OK(settings_of("authority_deadline_minutes: 240\n"
			       "authority_rule: our regulator's four hours\n"
			       "roles: {isolate: 系统管理员, notify-authority: duty manager}\n",
			   &settings, &e),
		e);
	people_steps(&settings, steps);
	CHECK_INT(step(steps, "notify-authority")->due_ns, 4 * 3600 * NS_PER_S);
	CHECK_TEXT(step(steps, "notify-authority")->rule.zh, "our regulator's four hours");
	CHECK_TEXT(step(steps, "notify-authority")->role, "duty manager");
	CHECK_TEXT(step(steps, "isolate")->role, "system administrator");
	CHECK_TEXT(step(steps, "classify")->role, "security officer");
	CHECK_TEXT(steps[PEOPLE_STEPS - 1].id, "notify-authority");
	REQUIRE_OK(settings_of("authority_deadline_minutes: 30", &settings, &e), e);
	CHECK(strstr(settings.authority_rule.en, "this organisation") != NULL);
	CHECK(strstr(settings.authority_rule.zh, "本单位") != NULL);
}

TEST(a_wrong_setting_is_refused_and_named)
{
	static const struct {
		const char *text, *says;
	} rows[] = {
		{ "authority_deadline_minutes: 0", "authority_deadline_minutes: must be 1 to" },
		{ "authority_deadline_minutes: 10081", "authority_deadline_minutes: must be 1 to" },
		{ "authority_deadline_minutes: -5", "authority_deadline_minutes: must be 1 to" },
		{ "authority_deadline_minutes: 1.5", "authority_deadline_minutes" },
		{ "authority_deadline_minutes: soon", "authority_deadline_minutes" },
		{ "authority_rule: ours", "authority_rule: stands only beside" },
		{ "roles: 5", "roles" },
		{ "roles: {dance: operator}", "roles.dance" },
		{ "roles: {isolate: caretaker}", "there is no role \"caretaker\"" },
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct people_settings settings;
		struct error e = ERROR_NONE;
		CHECK_INT(settings_of(rows[i].text, &settings, &e), E_INVALID);
		if (strstr(e.text, rows[i].says) == NULL)
			test_fail(__FILE__, __LINE__, "%s: \"%s\" does not say \"%s\"",
				rows[i].text, e.text, rows[i].says);
	}
}

/* --- the terminal --- */

struct terminal {
	int n_asked;
	struct drill_question last;
	enum drill_ask answers;
	const char *line;
	char said[512];
};

static enum drill_ask ask(const struct drill_question *q, const char **out_line, void *context)
{
	struct terminal *t = context;
	t->n_asked++;
	t->last = *q;
	*out_line = t->line;
	return t->answers;
}

static void say(const char *sentence, void *context)
{
	struct terminal *t = context;
	(void)snprintf(t->said, sizeof t->said, "%s", sentence);
}

static void begin(struct people *people)
{
	struct people_settings settings;
	people_settings_init(&settings);
	people_init(people, &settings, NULL, true, pool());
}

TEST(the_terminal_is_asked_one_step_after_the_other_with_the_time_that_is_left)
{
	struct terminal terminal = { .answers = DRILL_ASK_OPEN, .line = "done \x01so\nsecond" };
	struct drill_watch watch = { .ask = ask, .context = &terminal };
	struct people people;
	begin(&people);
	people_tick(&people, &t0, 101 * NS_PER_S, &watch);
	CHECK_TEXT(terminal.last.step->id, "recognise");
	CHECK_INT(terminal.last.number, 1);
	CHECK_INT(terminal.last.n_steps, PEOPLE_STEPS);
	CHECK_INT(terminal.last.left_ns, 299 * NS_PER_S);
	CHECK_INT(terminal.last.due_wall_ns, t0.wall_ns + 300 * NS_PER_S);
	CHECK(!people_assessed(&people) && people_open(&people, &t0, 101 * NS_PER_S));
	people_tick(&people, &t0, 401 * NS_PER_S, &watch);
	CHECK_INT(terminal.last.left_ns, -1 * NS_PER_S); /* asked on when it is overdue */
	terminal.answers = DRILL_ASK_ANSWERED;
	people_tick(&people, &t0, 403 * NS_PER_S, &watch);
	CHECK(people.steps[0].answered && people.steps[0].done && people.steps[0].by_right_role);
	CHECK_INT(people.steps[0].after_ns, 303 * NS_PER_S);
	CHECK_TEXT(people.steps[0].answer, "done  so");
	for (int i = 0; i < 10; i++)
		people_tick(&people, &t0, 404 * NS_PER_S, &watch);
	CHECK_INT(terminal.n_asked, 8); /* twice without an answer, then once a step */
	CHECK_INT(people_n_answered(&people), PEOPLE_STEPS);
	CHECK(!people_open(&people, &t0, 404 * NS_PER_S));
}

static void check_answer(const char *line, bool done, const char *by, bool right, const char *text)
{
	struct terminal terminal = { .answers = DRILL_ASK_ANSWERED, .line = line };
	struct drill_watch watch = { .ask = ask, .context = &terminal };
	struct people people;
	begin(&people);
	people.steps[0].answered = true; /* what is asked is "isolate", of the operator */
	people_tick(&people, &t0, 101 * NS_PER_S, &watch);
	const struct drill_step *now = &people.steps[1];
	CHECK_TEXT(now->id, "isolate");
	if (!now->answered || now->done != done || now->by_right_role != right ||
		strcmp(now->by, by) != 0 || strcmp(now->answer, text) != 0)
		test_fail(__FILE__, __LINE__, "\"%s\": done %d, by \"%s\", right %d, \"%s\"", line,
			now->done, now->by, now->by_right_role, now->answer);
}

TEST(an_answer_says_what_was_done_and_by_which_role)
{
	check_answer("pulled the cable", true, "operator", true, "pulled the cable");
	check_answer("1: pulled the cable", true, "operator", true, "pulled the cable");
	check_answer(
		"4: pulled the cable", true, "system administrator", false, "pulled the cable");
	check_answer("4：拔掉网线", true, "system administrator", false, "拔掉网线");
	check_answer("  4:pulled  ", true, "system administrator", false, "pulled");
	check_answer("7: pulled", true, "operator", true, "7: pulled");
	check_answer("0: pulled", true, "operator", true, "0: pulled");
	check_answer("5:30 told the desk", true, "operator", true, "5:30 told the desk");
	check_answer("5", true, "operator", true, "5");
	check_answer("nobody was there", true, "operator", true, "nobody was there");
}

TEST(an_empty_line_and_no_are_not_done)
{
	static const char *const lines[] = { "", "   ", "no", "No", "NOT DONE", "-", "否", "没有",
		"4:", "4: no" };
	for (size_t i = 0; i < COUNT_OF(lines); i++)
		check_answer(lines[i], false, "", false, "");
}

TEST(whoever_notices_an_attack_is_the_right_one_to_say_so)
{
	struct terminal terminal = { .answers = DRILL_ASK_ANSWERED, .line = "5: odd names" };
	struct drill_watch watch = { .ask = ask, .context = &terminal };
	struct people people;
	begin(&people);
	people_tick(&people, &t0, 101 * NS_PER_S, &watch);
	CHECK_TEXT(people.steps[0].by, "backup administrator");
	CHECK(people.steps[0].by_right_role);
}

TEST(where_nobody_can_answer_any_more_nobody_is_waited_for)
{
	struct terminal terminal = { .answers = DRILL_ASK_NOBODY, .line = "" };
	struct drill_watch watch = { .ask = ask, .say = say, .context = &terminal };
	struct people people;
	begin(&people);
	people_tick(&people, &t0, 101 * NS_PER_S, &watch);
	CHECK(!people.terminal && !people_assessed(&people));
	CHECK(strstr(terminal.said, "Standard input has ended") != NULL);
	people_tick(&people, &t0, 102 * NS_PER_S, &watch);
	CHECK_INT(terminal.n_asked, 1);
}

TEST(an_exercise_ends_when_its_last_step_was_due)
{
	struct people people;
	begin(&people);
	int64_t last_ns = people.steps[PEOPLE_STEPS - 1].due_ns;
	CHECK(people_open(&people, &t0, t0.boot_ns + last_ns - 1));
	CHECK(!people_open(&people, &t0, t0.boot_ns + last_ns));
}

TEST(nobody_asked_is_not_assessed)
{
	struct people people;
	begin(&people);
	people.terminal = false;
	struct terminal terminal = { .answers = DRILL_ASK_ANSWERED, .line = "x" };
	struct drill_watch watch = { .ask = ask, .context = &terminal };
	people_tick(&people, &t0, 101 * NS_PER_S, &watch);
	CHECK_INT(terminal.n_asked, 0);
	CHECK(!people_assessed(&people));
}
