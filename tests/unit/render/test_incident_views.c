/*
 * Incidents on a terminal: no line wider than it, nothing cut off, both languages, colour only
 * where it is asked for.
 */
#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "render/render.h"
#include "render/terminal.h"
#include "tests/lib/drill_fixture.h"
#include "tests/lib/full_incident.h"
#include "tests/lib/page_check.h"

static struct error e;

static void check_width(const char *what, const struct buf *text, size_t width)
{
	struct view rest = buf_view(text);
	while (rest.len > 0) {
		AUTO_BUF struct buf line;
		buf_init(&line, MIB);
		buf_add(&line, view_cut(&rest, '\n'));
		if (text_cells(buf_text(&line)) > width)
			test_fail(
				__FILE__, __LINE__, "%s at %zu: %s", what, width, buf_text(&line));
	}
}

/* The text without any blank, so that it can be looked for across lines. */
static void squeeze(const char *text, struct buf *out)
{
	buf_init(out, 4 * MIB);
	for (; *text != '\0'; text++)
		if (*text != ' ' && *text != '\n')
			buf_add_char(out, *text);
}

static bool shows(const struct buf *screen, const char *words)
{
	AUTO_BUF struct buf all, wanted;
	squeeze(buf_text(screen), &all);
	squeeze(words, &wanted);
	return strstr(buf_text(&all), buf_text(&wanted)) != NULL;
}

enum view_kind {
	VIEW_INCIDENT,
	VIEW_NOTICE,
	VIEW_CLOCKS,
	VIEW_CLASSIFICATION,
	VIEW_LIST,
	VIEW_FORM,
	VIEW_DIFFERENCE,
	VIEWS
};

struct scene {
	struct incident_fixture *f;
	struct incident i;
	struct incident_row *rows;
	size_t n_rows;
};

static enum status show_form(const struct scene *s, struct render_terminal t, struct buf *out)
{
	const struct form *form = NULL;
	json_t *filled = NULL;
	const struct stage_submission what = { .stage = "follow_up" };
	TRY(incident_form(&s->f->c, "latest", &what, s->f->pool, &form, &filled, &e));
	return render_form_terminal(form, filled, t, out, &e);
}

static enum status show_difference(const struct scene *s, struct render_terminal t, struct buf *out)
{
	const struct form *form = NULL;
	struct form_change *changes = NULL;
	size_t n = 0;
	TRY(form_find(s->f->forms, "miit-incident-report", &form, &e));
	TRY(form_difference(form, filled_form(form, true, FILLING_NONE, s->f->pool),
		filled_form(form, false, FILLING_LONG, s->f->pool), s->f->pool, &changes, &n, &e));
	return render_difference_terminal(changes, n, t, out, &e);
}

static enum status show_classification(
	const struct scene *s, struct render_terminal t, struct buf *out)
{
	const struct profile *profile = NULL;
	struct classification k;
	struct facts facts;
	const struct facts_input in = {
		.object = s->i.facts, .keys = FACTS_ONLY, .now_ns = s->f->wall_ns
	};
	TRY(profile_find(s->f->profiles, "cn-miit", &profile, &e));
	TRY(facts_read(profile_facts(s->f->profiles), in, s->f->pool, &facts, &s->f->faults, &e));
	classify(profile, &facts, &k);
	return render_classification_terminal(profile_facts(s->f->profiles), &k, false, t, out, &e);
}

static void show(
	const struct scene *s, enum view_kind kind, struct render_terminal t, struct buf *out)
{
	const struct incident_receipt receipt = { .envelope = s->i.submissions[0].id,
		.sha256 = s->i.submissions[0].sha256,
		.at_ns = s->i.created_ns };
	const struct clock_table clocks = { s->i.clocks, s->i.n_clocks, &s->i.now, s->f->profiles };
	enum status status = OK;
	buf_init(out, 4 * MIB);
	switch (kind) {
	case VIEW_INCIDENT:
		status = render_incident_terminal(&s->i, s->f->profiles, t, out, &e);
		break;
	case VIEW_NOTICE:
		status = render_notice_terminal(&s->i, &receipt, s->f->profiles, t, out, &e);
		break;
	case VIEW_CLOCKS:
		status = render_clocks_terminal(&clocks, t, out, &e);
		break;
	case VIEW_CLASSIFICATION:
		status = show_classification(s, t, out);
		break;
	case VIEW_LIST:
		status = render_incidents_terminal(s->rows, s->n_rows, t, out, &e);
		break;
	case VIEW_FORM:
		status = show_form(s, t, out);
		break;
	case VIEW_DIFFERENCE:
		status = show_difference(s, t, out);
		break;
	case VIEWS:
		break;
	}
	REQUIRE_OK(status, e);
}

static void scene_of(struct incident_fixture *f, bool drill, struct scene *out)
{
	*out = (struct scene){ .f = f };
	fixture_open(f);
	full_incident(f, drill, &out->i);
	REQUIRE_OK(incident_list(&f->c, true, f->pool, &out->rows, &out->n_rows, &f->e), f->e);
}

static const char *const names[VIEWS] = { "incident", "notice", "clocks", "classification", "list",
	"form", "difference" };

TEST_WITHIN(no_line_is_wider_than_the_terminal_in_either_language, 120)
{
	static const size_t widths[] = { 60, 80, 100 };
	AUTO_FIXTURE struct incident_fixture f;
	struct scene s;
	fixture_use_chinese();
	scene_of(&f, true, &s);
	for (int language = 0; language < 2; language++)
		for (size_t w = 0; w < COUNT_OF(widths); w++)
			for (int kind = 0; kind < VIEWS; kind++) {
				AUTO_BUF struct buf out;
				const struct render_terminal t = { widths[w], false };
				i18n_use(language == 0 ? LANGUAGE_EN : LANGUAGE_ZH);
				show(&s, (enum view_kind)kind, t, &out);
				CHECK(out.len > 0);
				check_width(names[kind], &out, widths[w]);
				CHECK(strchr(buf_text(&out), '\033') == NULL);
			}
}

TEST(colour_is_there_only_where_it_is_asked_for_and_is_always_ended)
{
	AUTO_FIXTURE struct incident_fixture f;
	struct scene s;
	scene_of(&f, false, &s);
	for (int kind = 0; kind < VIEWS; kind++) {
		AUTO_BUF struct buf plain, coloured;
		const struct render_terminal without = { 80, false }, with = { 80, true };
		show(&s, (enum view_kind)kind, without, &plain);
		show(&s, (enum view_kind)kind, with, &coloured);
		size_t starts = 0, ends = 0;
		AUTO_BUF struct buf bare;
		buf_init(&bare, 4 * MIB);
		for (const char *at = buf_text(&coloured); *at != '\0'; at++) {
			if (*at != '\033') {
				buf_add_char(&bare, *at);
				continue;
			}
			if (strncmp(at, "\033[0m", 4) == 0)
				ends++;
			else
				starts++;
			at = strchr(at, 'm');
		}
		CHECK(starts > 0 && starts == ends);
		CHECK_TEXT(buf_text(&bare), buf_text(&plain));
	}
}

/* What somebody wrote, and commands to be typed. */
static bool is_left_as_written(const char *at)
{
	static const char *const kept[] = { "he way", "way in", "in is", "is known",
		"phishing mail", "in a meeting", "meeting with", "outbox list", "tocsin incident",
		"incident status" };
	for (size_t i = 0; i < COUNT_OF(kept); i++)
		if (strncmp(at, kept[i], strlen(kept[i])) == 0)
			return true;
	return false;
}

TEST(the_chinese_views_have_no_english_sentence_left)
{
	AUTO_FIXTURE struct incident_fixture f;
	struct scene s;
	fixture_use_chinese();
	scene_of(&f, true, &s);
	for (int kind = 0; kind < VIEW_FORM; kind++) {
		AUTO_BUF struct buf out;
		const struct render_terminal t = { 100, false };
		show(&s, (enum view_kind)kind, t, &out);
		const char *at = buf_text(&out);
		for (; (at = english_in(at)) != NULL; at += strcspn(at, " "))
			if (!is_left_as_written(at))
				test_fail(__FILE__, __LINE__, "%s: %.60s", names[kind], at);
	}
}

TEST(nothing_that_was_written_is_cut_off)
{
	static const char what[] =
		"MES "
		"服务器上的全部图纸、工艺文件和排产计划在凌晨三点左右被加密，文件名后面都加了同一个"
		"后"
		"缀，屏幕上出现了要求联系某个邮箱的勒索信，备份服务器上的两份快照也同时被删除";
	static const char systems[] =
		"https://mes.example.org/a/very/long/path/that/no/terminal/has/"
		"ever/shown/on/one/line/because/it/is/longer/than/that";
	AUTO_FIXTURE struct incident_fixture f;
	fixture_open(&f);
	struct first_notice n = fixture_notice(&f);
	n.what = what;
	n.systems = systems;
	const struct incident_receipt receipt = fixture_new(&f, &n);
	const struct incident i = fixture_read(&f, "latest");
	const struct render_terminal t = { 60, false };
	AUTO_BUF struct buf out, first;
	buf_init(&out, MIB);
	REQUIRE_OK(render_incident_terminal(&i, f.profiles, t, &out, &e), e);
	CHECK(shows(&out, what));
	CHECK(shows(&out, systems));
	CHECK(strstr(buf_text(&out), "…") == NULL);
	check_width("incident", &out, 60);
	buf_init(&first, MIB);
	REQUIRE_OK(render_notice_terminal(&i, &receipt, f.profiles, t, &first, &e), e);
	CHECK(shows(&first, receipt.sha256));
	check_width("notice", &first, 60);
}

TEST(after_a_notice_what_is_owed_here_comes_first_and_the_rest_is_counted)
{
	AUTO_FIXTURE struct incident_fixture f;
	AUTO_BUF struct buf out;
	const struct render_terminal t = { 80, false };
	fixture_open(&f);
	static const char *const profiles[] = { "cn-miit", "cn-cac-2025" };
	struct first_notice n = fixture_notice(&f);
	n.profiles = profiles;
	n.n_profiles = COUNT_OF(profiles);
	n.more = fixture_json(&f, "{\"data_domain\":\"industrial\",\"data_class\":\"important\","
				  "\"threat\":\"serious\"}");
	const struct incident_receipt receipt = fixture_new(&f, &n);
	const struct incident i = fixture_read(&f, "latest");
	buf_init(&out, MIB);
	REQUIRE_OK(render_notice_terminal(&i, &receipt, f.profiles, t, &out, &e), e);
	const char *text = buf_text(&out);
	CHECK(strstr(text, "Local industry regulator → ") == NULL);
	CHECK(shows(&out, "Duties of authorities that run: "));
	CHECK(shows(&out, "Duties that begin later: "));
	CHECK(strstr(text, "begins when its moment comes") == NULL);
	const char *at_once = strstr(text, "\nat once");
	const char *yearly = strstr(text, "Yearly report");
	CHECK(at_once != NULL && yearly != NULL && at_once < yearly);
}

TEST(an_incident_tells_who_received_what_who_has_which_duty_and_why_it_was_graded)
{
	AUTO_FIXTURE struct incident_fixture f;
	struct scene s;
	AUTO_BUF struct buf out;
	scene_of(&f, false, &s);
	const struct render_terminal t = { 100, false };
	show(&s, VIEW_INCIDENT, t, &out);
	CHECK(shows(&out, "received by report.example.org at "));
	CHECK(shows(&out, "Local industry regulator: received by report.example.org"));
	CHECK(shows(&out, "值班员 李强 has it until"));
	CHECK(shows(&out, "silenced until"));
	CHECK(shows(&out, "by 陈立: 上级要求按特别重大处置"));
	CHECK(shows(&out, "draft, not sent"));
	CHECK(shows(&out, "The way in is known: a phishing mail"));
	CHECK(shows(&out, "已电话报告，对方要求三十分钟内书面报告"));
	CHECK(shows(&out, "told by telephone or by hand"));
	CHECK(shows(&out, "First notice · Local industry regulator · 值班室 刘工"));
	CHECK(!shows(&out, "The history does not fit together"));
	s.i.first_bad_event = 1;
	AUTO_BUF struct buf changed;
	show(&s, VIEW_INCIDENT, t, &changed);
	CHECK(shows(&changed, "The history does not fit together"));
}

TEST(a_duty_that_two_profiles_take_from_one_row_is_shown_once_with_both_clocks)
{
	AUTO_FIXTURE struct incident_fixture f;
	const struct render_terminal t = { 200, false };
	static const char *const profiles[] = { "cn-miit", "cn-miit-2024-214" };
	AUTO_BUF struct buf out, held;
	fixture_open(&f);
	struct first_notice n = fixture_notice(&f);
	n.more = fixture_json(&f, "{\"data_class\":\"core\",\"threat\":\"serious\"}");
	n.profiles = profiles;
	n.n_profiles = COUNT_OF(profiles);
	(void)fixture_new(&f, &n);
	struct incident i = fixture_read(&f, "latest");
	const struct clock_row *phone = NULL;
	const char *handles[2] = { "", "" }; /* of each of the two clocks */
	size_t n_phone = 0;
	for (size_t k = 0; k < i.n_clocks; k++)
		if (strcmp(i.clocks[k].row, "incident_phone") == 0) {
			phone = &i.clocks[k];
			if (n_phone < COUNT_OF(handles))
				handles[n_phone] = phone->id.text + ID_TEXT_LEN - 6;
			n_phone++;
		}
	REQUIRE(n_phone == 2); /* in the store each has its own */
	buf_init(&out, MIB);
	buf_init(&held, MIB);
	const struct clock_table all = { i.clocks, i.n_clocks, &i.now, f.profiles };
	REQUIRE_OK(render_clocks_terminal(&all, t, &out, &e), e);
	char both[32];
	(void)snprintf(both, sizeof both, "#%.6s, #%.6s", handles[0], handles[1]);
	CHECK(shows(&out, "cn-miit, cn-miit-2024-214 · MIIT-214-2024 · certainty "));
	CHECK(shows(&out, both));
	/* Where somebody has one of them in hand, they are no longer the same. */
	REQUIRE_OK(clocks_acknowledge(f.c.store, phone->id.text, "李强", i.now.latest_ns,
			   i.now.latest_ns + MINUTES_NS(5), &e),
		e);
	i = fixture_read(&f, "latest");
	const struct clock_table again = { i.clocks, i.n_clocks, &i.now, f.profiles };
	REQUIRE_OK(render_clocks_terminal(&again, t, &held, &e), e);
	CHECK(!shows(&held, both));
	CHECK(shows(&held, handles[0]) && shows(&held, handles[1]));
}

TEST(a_form_shows_for_each_open_field_what_may_stand_there_and_how)
{
	AUTO_FIXTURE struct incident_fixture f;
	const struct render_terminal t = { 100, false };
	const struct form *form = NULL;
	json_t *filled = NULL;
	AUTO_BUF struct buf out;
	fixture_open(&f);
	const struct first_notice n = fixture_notice(&f);
	(void)fixture_new(&f, &n);
	const struct stage_submission what = { .stage = "written",
		.changes = fixture_json(&f, "{\"event.source\":\"published\"}") };
	REQUIRE_OK(incident_form(&f.c, "latest", &what, f.pool, &form, &filled, &e), e);
	buf_init(&out, MIB);
	REQUIRE_OK(render_form_terminal(form, filled, t, &out, &e), e);
	CHECK(shows(&out, "Cause and course in a few sentences."));
	CHECK(shows(&out, "Own monitoring [own_monitoring]"));
	CHECK(shows(&out, "such as \"12 GB\". Units: GB, records"));
	CHECK(shows(&out, "A time, such as 2026-11-28T02:55:00+08:00."));
	CHECK(shows(&out, "{\"unknown_reason\": \"…\"}"));
	CHECK(shows(&out, "■ General [general]"));
}

TEST(the_history_names_the_grade_and_where_several_rules_run_which)
{
	AUTO_FIXTURE struct incident_fixture f;
	const struct render_terminal t = { 100, false };
	static const char *const profiles[] = { "cn-miit", "cn-miit-2024-214" };
	AUTO_BUF struct buf one, two;
	fixture_open(&f);
	struct first_notice n = fixture_notice(&f);
	(void)fixture_new(&f, &n);
	const struct regrade what = { .new_facts = fixture_json(&f,
					      "{\"data_class\":\"core\",\"threat\":\"serious\"}"),
		.grade = -1 };
	struct regrade_result result;
	struct field_faults faults = { .n = 0 };
	REQUIRE_OK(incident_regrade(&f.c, "latest", &what, f.pool, &result, &faults, &e), e);
	struct incident i = fixture_read(&f, "latest");
	buf_init(&one, MIB);
	REQUIRE_OK(render_incident_terminal(&i, f.profiles, t, &one, &e), e);
	CHECK(shows(&one, "● IV general (blue) → "));
	CHECK(shows(&one, "Class of the data, Threat to national security"));
	CHECK(!shows(&one, "cn-miit: ●"));
	f.wall_ns += MINUTES_NS(1);
	n.profiles = profiles;
	n.n_profiles = COUNT_OF(profiles);
	(void)fixture_new(&f, &n);
	i = fixture_read(&f, "latest");
	buf_init(&two, MIB);
	REQUIRE_OK(render_incident_terminal(&i, f.profiles, t, &two, &e), e);
	CHECK(shows(&two, "cn-miit: ● IV general (blue); cn-miit-2024-214: ● IV general (blue)"));
}

TEST(what_nobody_knows_of_a_notice_is_called_unknown)
{
	AUTO_FIXTURE struct incident_fixture f;
	const struct render_terminal t = { 100, false };
	AUTO_BUF struct buf out;
	fixture_open(&f);
	struct first_notice n = { .company = "Example Steel", .discovered_ns = -1 };
	(void)fixture_new(&f, &n);
	const struct incident i = fixture_read(&f, "latest");
	buf_init(&out, MIB);
	REQUIRE_OK(render_incident_terminal(&i, f.profiles, t, &out, &e), e);
	CHECK(shows(&out, "Scale unknown"));
	CHECK(shows(&out, "Discovered unknown"));
	CHECK(shows(&out, "Kind unknown"));
	CHECK(strstr(buf_text(&out), "–\n") == NULL);
}

TEST(of_fifty_criteria_that_could_raise_it_the_nearest_are_shown_and_the_rest_counted)
{
	AUTO_FIXTURE struct incident_fixture f;
	const struct render_terminal t = { 100, false };
	const struct profile *p = NULL;
	struct classification k;
	struct facts facts;
	struct field_faults faults = { .n = 0 };
	AUTO_BUF struct buf few, all;
	fixture_open(&f);
	const struct facts_input in = { fixture_json(&f, "{}"), FACTS_ONLY, 0 };
	REQUIRE_OK(profile_find(f.profiles, "eu-nis2", &p, &e), e);
	REQUIRE_OK(facts_read(profile_facts(f.profiles), in, f.pool, &facts, &faults, &e), e);
	classify(p, &facts, &k);
	CHECK(k.n_could_raise > 40);
	buf_init(&few, MIB);
	buf_init(&all, MIB);
	REQUIRE_OK(
		render_classification_terminal(profile_facts(f.profiles), &k, false, t, &few, &e),
		e);
	REQUIRE_OK(render_classification_terminal(profile_facts(f.profiles), &k, true, t, &all, &e),
		e);
	CHECK(shows(&few, "Exfiltration of trade secrets"));
	CHECK(!shows(&few, "Online marketplace"));
	CHECK(shows(&few, "more with --all"));
	CHECK(shows(&all, "Online marketplace"));
	CHECK(!shows(&all, "more with --all"));
}

TEST(what_a_file_holds_does_not_command_the_terminal)
{
	AUTO_FIXTURE struct incident_fixture f;
	struct scene s;
	scene_of(&f, false, &s);
	s.i.notice = fixture_json(
		&f, "{\"what\":\"\\u001b[2J\\u0007\\u202e\",\"company\":\"a\\r\\nb\"}");
	s.rows[0].company = s.rows[0].what = "\033]0;x\007\xff";
	for (int kind = 0; kind < VIEWS; kind++) {
		AUTO_BUF struct buf out;
		const struct render_terminal t = { 80, false };
		show(&s, (enum view_kind)kind, t, &out);
		for (const char *at = buf_text(&out); *at != '\0'; at++)
			CHECK((unsigned char)*at >= 0x20 || *at == '\n');
	}
}

TEST(empty_lists_say_so)
{
	const struct render_terminal t = { 60, false };
	AUTO_BUF struct buf out;
	const struct clock_table none = { NULL, 0, NULL, NULL };
	buf_init(&out, MIB);
	REQUIRE_OK(render_incidents_terminal(NULL, 0, t, &out, &e), e);
	REQUIRE_OK(render_warnings_terminal(NULL, 0, t, &out, &e), e);
	REQUIRE_OK(render_clocks_terminal(&none, t, &out, &e), e);
	REQUIRE_OK(render_difference_terminal(NULL, 0, t, &out, &e), e);
	CHECK(strstr(buf_text(&out), "No incident is open.") != NULL);
	CHECK(strstr(buf_text(&out), "No warning is in force.") != NULL);
	CHECK(strstr(buf_text(&out), "No clock is running.") != NULL);
	CHECK(strstr(buf_text(&out), "Nothing changed.") != NULL);
}

TEST(a_full_buffer_is_told)
{
	AUTO_FIXTURE struct incident_fixture f;
	struct scene s;
	scene_of(&f, false, &s);
	const struct render_terminal t = { 80, false };
	AUTO_BUF struct buf small;
	buf_init(&small, 200);
	CHECK_INT(render_incident_terminal(&s.i, f.profiles, t, &small, &e), E_TOO_BIG);
	buf_reset(&small);
	small.ceiling = 20;
	CHECK_INT(render_incidents_terminal(s.rows, s.n_rows, t, &small, &e), E_TOO_BIG);
}
