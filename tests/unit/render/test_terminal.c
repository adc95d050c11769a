/*
 * Cards and lists: every line of a frame is as wide as the others in any language and width, and no
 * text commands the terminal.
 */
#include <string.h>
#include <uniwidth.h>

#include "base/i18n.h"
#include "render/terminal.h"
#include "tests/lib/drill_fixture.h"
#include "tests/lib/test.h"

static struct error e;

static struct drill_result scored(enum fixture_run run, struct pool *p)
{
	struct drill_result r;
	fixture_result(run, p, &r);
	REQUIRE_OK(drill_score(&r, p, &e), e);
	return r;
}

/* Cells of one line as a terminal counts them. */
static int cells(const char *line, size_t n)
{
	return u8_width((const uint8_t *)line, n, "UTF-8");
}

static void check_lines(const char *text, int width, bool exact)
{
	while (*text != '\0') {
		size_t n = strcspn(text, "\n");
		int got = cells(text, n);
		if (exact ? got != width : got > width)
			test_fail(__FILE__, __LINE__, "%d cells, wanted %d: %.*s", got, width,
				(int)n, text);
		text += n + (text[n] == '\n');
	}
}

static void check_scorecards(void)
{
	static const size_t widths[] = { 48, 61, 80, 100 };
	for (int run = 0; run < FIXTURE_RUNS; run++) {
		AUTO(pool_free) struct pool *p = pool_new(4 * MIB);
		struct drill_result r = scored((enum fixture_run)run, p);
		for (size_t i = 0; i < COUNT_OF(widths); i++) {
			AUTO_BUF struct buf out;
			buf_init(&out, MIB);
			REQUIRE_OK(
				render_scorecard_terminal(&r,
					(struct render_terminal){ .width = widths[i] }, &out, &e),
				e);
			check_lines(buf_text(&out), (int)widths[i], true);
			CHECK(strchr(buf_text(&out), '\033') == NULL);
		}
	}
}

TEST(a_scorecard_is_a_straight_box_in_english)
{
	check_scorecards();
}

TEST(a_scorecard_is_a_straight_box_in_chinese)
{
	fixture_use_chinese();
	check_scorecards();
}

TEST(random_results_keep_the_box_straight)
{
	struct dice d;
	dice_init(&d, 13);
	for (int i = 0; i < 500; i++) {
		AUTO(pool_free) struct pool *p = pool_new(8 * MIB);
		AUTO_BUF struct buf out;
		struct drill_result r;
		fixture_random(&d, p, &r);
		REQUIRE_OK(drill_score(&r, p, &e), e);
		buf_init(&out, MIB);
		REQUIRE_OK(render_scorecard_terminal(
				   &r, (struct render_terminal){ .width = 0 }, &out, &e),
			e);
		check_lines(buf_text(&out), 80, true);
	}
}

TEST(hostile_text_cannot_command_the_terminal)
{
	static const char evil[] = "\033]0;title\007\033[2J\x9b"
				   "31m\r\nnew\xe2\x80\xaeline";
	AUTO(pool_free) struct pool *p = pool_new(4 * MIB);
	AUTO_BUF struct buf out;
	struct drill_result r = scored(FIXTURE_VOID, p);
	r.host = r.id = r.safety.void_reason = evil;
	r.scenario.name = (struct drill_text){ evil, evil };
	r.improvements[0].action = r.scenario.name;
	r.improvements[0].owner = evil;
	buf_init(&out, MIB);
	REQUIRE_OK(render_scorecard_terminal(&r, (struct render_terminal){ .width = 80 }, &out, &e),
		e);
	for (size_t i = 0; i < out.len; i++)
		CHECK(out.at[i] == '\n' || (unsigned char)out.at[i] >= 0x20);
	CHECK(strstr(buf_text(&out), "\xe2\x80\xae") == NULL);
	check_lines(buf_text(&out), 80, true);
}

TEST(colour_adds_sequences_and_nothing_else)
{
	AUTO(pool_free) struct pool *p = pool_new(4 * MIB);
	AUTO_BUF struct buf plain, coloured, stripped;
	struct drill_result r = scored(FIXTURE_MIDDLING, p);
	buf_init(&plain, MIB);
	buf_init(&coloured, MIB);
	buf_init(&stripped, MIB);
	REQUIRE_OK(render_scorecard_terminal(&r, (struct render_terminal){ 80, false }, &plain, &e),
		e);
	REQUIRE_OK(
		render_scorecard_terminal(&r, (struct render_terminal){ 80, true }, &coloured, &e),
		e);
	for (const char *at = buf_text(&coloured); *at != '\0'; at++) {
		if (*at == '\033')
			at = strchr(at, 'm');
		else
			buf_add_char(&stripped, *at);
	}
	CHECK(coloured.len > plain.len);
	CHECK_TEXT(buf_text(&stripped), buf_text(&plain));
}

TEST(a_scorecard_says_what_counts)
{
	static const char *const says[] = { "62.8", "Grade C", "Coverage 100", "168 of 2,400",
		"13.9 / 20", "195,712 files (estimate)", "landlock:7", "41.3 of 100",
		"3 more in the report." };
	AUTO(pool_free) struct pool *p = pool_new(4 * MIB);
	AUTO_BUF struct buf out;
	struct drill_result r = scored(FIXTURE_MIDDLING, p);
	buf_init(&out, MIB);
	REQUIRE_OK(render_scorecard_terminal(&r, (struct render_terminal){ .width = 90 }, &out, &e),
		e);
	for (size_t i = 0; i < COUNT_OF(says); i++) {
		AUTO_BUF struct buf shown;
		/* Blanks that do not break are blanks to a reader. */
		buf_init(&shown, MIB);
		for (size_t k = 0; k < out.len; k++)
			if ((unsigned char)out.at[k] == 0xc2 &&
				(unsigned char)out.at[k + 1] == 0xa0)
				buf_add_char(&shown, ' '), k++;
			else
				buf_add_char(&shown, out.at[k]);
		if (strstr(buf_text(&shown), says[i]) == NULL)
			test_fail(__FILE__, __LINE__, "the card does not say '%s'", says[i]);
	}
}

TEST(a_void_scorecard_has_no_score_and_says_why)
{
	AUTO(pool_free) struct pool *p = pool_new(4 * MIB);
	AUTO_BUF struct buf out;
	struct drill_result r = scored(FIXTURE_VOID, p);
	buf_init(&out, MIB);
	REQUIRE_OK(
		render_scorecard_terminal(&r, (struct render_terminal){ .width = 100 }, &out, &e),
		e);
	CHECK(strstr(buf_text(&out), "This run is void and has no score. A sentinel") != NULL);
	CHECK(strstr(buf_text(&out), "of 100") == NULL);
}

static void card(const struct drill_result *r, struct buf *out)
{
	buf_init(out, MIB);
	REQUIRE_OK(
		render_scorecard_terminal(r, (struct render_terminal){ .width = 100 }, out, &e), e);
}

TEST(a_void_scorecard_names_the_file_that_changed_and_how)
{
	AUTO(pool_free) struct pool *p = pool_new(4 * MIB);
	AUTO_BUF struct buf out;
	struct drill_result r = scored(FIXTURE_VOID, p);
	card(&r, &out);
	CHECK(strstr(buf_text(&out), "The file: /srv/share/.tocsin-sentinel-019ab4f2/预算") !=
		NULL);
	CHECK(strstr(buf_text(&out), "its content was changed") != NULL);
	CHECK(strstr(buf_text(&out), "/home/desk/notes.md") != NULL);
	CHECK(strstr(buf_text(&out), "and 1 more") != NULL);
}

TEST(a_long_path_keeps_its_end)
{
	static const char *const paths[] = {
		"/srv/甲/乙/丙/"
		"一个很长的目录名称一个很长的目录名称一个很长的目录名称一个很长的目录/账本.xlsx",
		"\x80\x80\xff\xff"
	};
	AUTO(pool_free) struct pool *p = pool_new(4 * MIB);
	AUTO_BUF struct buf out;
	struct drill_result r = scored(FIXTURE_VOID, p);
	r.unattributed = paths;
	r.n_unattributed = r.safety.n_unattributed = 2;
	buf_init(&out, MIB);
	REQUIRE_OK(render_scorecard_terminal(&r, (struct render_terminal){ .width = 80 }, &out, &e),
		e);
	CHECK(strstr(buf_text(&out), "/账本.xlsx ") != NULL);
	CHECK(strstr(buf_text(&out), " …") != NULL && strstr(buf_text(&out), "/srv/甲") == NULL);
	check_lines(buf_text(&out), 80, true);
}

TEST(a_control_card_counts_false_alarms_and_says_what_they_cost)
{
	AUTO(pool_free) struct pool *p = pool_new(4 * MIB);
	AUTO_BUF struct buf out, silent;
	struct drill_result r = scored(FIXTURE_CONTROL, p);
	card(&r, &out);
	CHECK(strstr(buf_text(&out), "Control run: alerts 3, false alarms 1.") != NULL);
	CHECK(strstr(buf_text(&out), "journal:re:^edrd: .*mass rename") != NULL);
	CHECK(strstr(buf_text(&out), "rated M at best") != NULL);
	CHECK(strstr(buf_text(&out), "of 100") == NULL);
	CHECK(strstr(buf_text(&out), "Coverage") == NULL && strstr(buf_text(&out), "lost") == NULL);
	r = scored(FIXTURE_CONTROL_SILENT, p);
	card(&r, &silent);
	CHECK(strstr(buf_text(&silent), "No channel took ordinary work for an attack") != NULL);
}

TEST(a_control_card_without_a_channel_says_that_nothing_was_measured)
{
	AUTO(pool_free) struct pool *p = pool_new(4 * MIB);
	AUTO_BUF struct buf out;
	struct drill_result r = scored(FIXTURE_CONTROL_DEAF, p);
	card(&r, &out);
	CHECK(strstr(buf_text(&out), "Control run: nothing was measured.") != NULL);
	CHECK(strstr(buf_text(&out), "tocsin drill run benign-twin --channel 'file:") != NULL);
	CHECK(strstr(buf_text(&out), "false alarms 0") == NULL);
}

TEST(false_alarms_and_early_alerts_are_two_counts_and_two_sentences)
{
	AUTO(pool_free) struct pool *p = pool_new(4 * MIB);
	AUTO_BUF struct buf both, early;
	struct drill_result r = scored(FIXTURE_MIDDLING, p);
	r.false_alarms = 4;
	r.early_alerts = 3;
	REQUIRE_OK(drill_score(&r, p, &e), e);
	card(&r, &both);
	CHECK(strstr(buf_text(&both), "False alarms in the last control run, on 2026-10-25: 4.") !=
		NULL);
	CHECK(strstr(buf_text(&both), "before anything was changed: 3;") != NULL);
	r.false_alarms = 0;
	REQUIRE_OK(drill_score(&r, p, &e), e);
	card(&r, &early);
	CHECK(strstr(buf_text(&early), "control run, on") == NULL);
	CHECK(strstr(buf_text(&early), "before anything was changed: 3;") != NULL);
}

static void check_other_cards(void)
{
	AUTO(pool_free) struct pool *p = pool_new(4 * MIB);
	AUTO_BUF struct buf out;
	struct drill_plan plan;
	struct drill_result r = scored(FIXTURE_CLEAN, p);
	fixture_plan(p, &plan);
	buf_init(&out, MIB);
	REQUIRE_OK(
		render_plan_terminal(&plan, (struct render_terminal){ .width = 72 }, &out, &e), e);
	check_lines(buf_text(&out), 72, true);
	buf_reset(&out);
	REQUIRE_OK(render_card_text(&plan, r.id, 0, &out, &e), e);
	CHECK(strstr(buf_text(&out), "tocsin drill stop 019ab4f2-6c1e-7a40-9d53-0f2c41d7e8aa") !=
		NULL);
	CHECK(strstr(buf_text(&out), plan.marker) != NULL);
	CHECK(strstr(buf_text(&out), plan.process_name) != NULL);
	CHECK(strstr(buf_text(&out), r.authority.call) != NULL);
	check_lines(buf_text(&out), 76, true);
	buf_reset(&out);
	REQUIRE_OK(render_card_text(&plan, NULL, 60, &out, &e), e);
	check_lines(buf_text(&out), 60, true);
	buf_reset(&out);
	/* The card is a box, and below it stands the template of the controller's file. */
	REQUIRE_OK(render_paper_card(r.steps, r.n_steps, r.id, &out, &e), e);
	char *template = strstr((char *)(uintptr_t)buf_text(&out), "\n\n");
	REQUIRE(template != NULL);
	check_lines(template + 2, 76, false);
	CHECK(strstr(template, "\ncomplete: false\nsteps:\n") != NULL);
	template[1] = '\0';
	check_lines(buf_text(&out), 76, true);
}

TEST(plan_and_cards_are_straight_boxes)
{
	check_other_cards();
	fixture_use_chinese();
	check_other_cards();
}

static struct drill_question question_of(struct drill_step *step, int64_t left_ns)
{
	static const struct drill_text roles[] = { { "operator", "操作人员" },
		{ "duty manager", "值班负责人" } };
	step->rule = (struct drill_text){ "within ten minutes", "10 分钟内" };
	return (struct drill_question){ .step = step,
		.number = 2,
		.n_steps = 6,
		.due_wall_ns = 1795501380LL * NS_PER_S,
		.left_ns = left_ns,
		.roles = roles,
		.n_roles = COUNT_OF(roles) };
}

static void check_live(const char *typed, int64_t left_ns, const char *says)
{
	static const size_t columns[] = { 24, 48, 80, 200, 0 };
	AUTO(pool_free) struct pool *p = pool_new(4 * MIB);
	struct drill_result r = scored(FIXTURE_CLEAN, p);
	struct drill_question question = question_of(&r.steps[1], left_ns);
	struct drill_progress now = { .stage = DRILL_STAGE_ATTACK,
		.n_done = 7,
		.n_total = 60,
		.detection = "a line of a log \033[31m that is long and holds 中文 as well" };
	for (int kind = 0; kind < 3; kind++) {
		struct render_live view = { .now = kind == 2 ? NULL : &now,
			.question = kind == 0 ? NULL : &question,
			.hears_alerts = kind == 0,
			.typed = typed };
		for (size_t i = 0; i < COUNT_OF(columns); i++) {
			AUTO_BUF struct buf out;
			buf_init(&out, MIB);
			REQUIRE_OK(render_live(&view, columns[i], &out, &e), e);
			int most = columns[i] == 0 ? 79 : (int)columns[i] - 1;
			check_lines(buf_text(&out), most, false);
			CHECK(strchr(buf_text(&out), '\033') == NULL);
			CHECK(kind == 0 || columns[i] < 80 || strstr(buf_text(&out), says) != NULL);
			/* No line is broken by the terminal, so that the rows are the lines. */
			size_t rows = 1;
			for (const char *at = buf_text(&out); *at != '\0'; at++)
				rows += *at == '\n';
			CHECK_INT(render_rows(buf_view(&out), columns[i]), rows);
		}
	}
}

TEST(the_live_view_stays_within_the_terminal_and_shows_the_end_of_what_is_typed)
{
	check_live("", 299 * NS_PER_S, "4:59 left");
	check_live("seen", -5400 * NS_PER_S, "overdue by 1:30:00");
	check_live("文件名全部被改了，桌面上出现了勒索信，共享目录也打不开了 and so on and on to "
		   "the end",
		NS_PER_S, "to the end");
	fixture_use_chinese();
	check_live("文件名全部被改了", 299 * NS_PER_S, "4:59");
}

TEST(a_text_takes_as_many_rows_as_the_terminal_breaks_it_into)
{
	CHECK_INT(render_rows(VIEW(""), 10), 0);
	CHECK_INT(render_rows(VIEW("0123456789"), 10), 1);
	CHECK_INT(render_rows(VIEW("0123456789a"), 10), 2);
	CHECK_INT(render_rows(VIEW("0123456789a\n\nb\n"), 10), 4);
	CHECK_INT(render_rows(VIEW("中文中文中文"), 10), 2);
}

TEST(lists_fit_their_width)
{
	AUTO(pool_free) struct pool *p = pool_new(4 * MIB);
	AUTO_BUF struct buf out;
	struct drill_result r = scored(FIXTURE_CLEAN, p);
	struct drill_scenario_row scenarios[2] = { r.scenario, r.scenario };
	scenarios[1].id = "an-id-that-is-longer-than-any-column-of-this-list";
	scenarios[1].name = (struct drill_text){ "A name that does not fit into its column at all",
		"放不进这一列的特别长的名称放不进这一列的特别长的名称" };
	struct drill_row rows[] = {
		{ r.id, "standard", "finished", r.started_ns, true, 62.8, 100, -1, "C",
			"contained" },
		{ r.id, "quick", "voided", r.started_ns, false, 0, 0, -1, NULL, "voided" },
		{ r.id, "benign-twin", "finished", r.started_ns, false, 0, 0, 2, NULL,
			"completed" },
		{ r.id, "benign-twin", "finished", r.started_ns, false, 0, 0, -1, NULL,
			"completed" },
		{ r.id, "quick", "planted", -1, false, 0, 0, -1, NULL, NULL },
	};
	buf_init(&out, MIB);
	struct render_terminal t = { .width = 70 };
	REQUIRE_OK(render_scenarios_terminal(scenarios, 2, t, &out, &e), e);
	check_lines(buf_text(&out), 70, false);
	CHECK(strstr(buf_text(&out), "T1486") != NULL);
	buf_reset(&out);
	REQUIRE_OK(render_history_terminal(rows, COUNT_OF(rows), t, &out, &e), e);
	check_lines(buf_text(&out), 70, false);
	CHECK(strstr(buf_text(&out), "62.8 C") != NULL);
	CHECK(strstr(buf_text(&out), " 0.0") == NULL);
	CHECK(strstr(buf_text(&out), "false alarms: 2") != NULL);
	CHECK(strstr(buf_text(&out), "false alarms: 0") == NULL);
	buf_reset(&out);
	REQUIRE_OK(render_history_terminal(NULL, 0, t, &out, &e), e);
	CHECK_TEXT(buf_text(&out), "There is no drill yet.\n");
}

TEST(a_paragraph_breaks_chinese_anywhere_and_english_at_blanks)
{
	AUTO_BUF struct buf out;
	buf_init(&out, MIB);
	struct screen s = screen_on(&out, (struct render_terminal){ .width = 48 }, false);
	s.width = 11;
	screen_paragraph(&s, STYLE_PLAIN, "1. ", 3, "one two three");
	CHECK_TEXT(buf_text(&out), "1. one two\n   three\n");
	buf_reset(&out);
	screen_paragraph(&s, STYLE_PLAIN, "", 0, "一二三四五六七");
	CHECK_TEXT(buf_text(&out), "一二三四五\n六七\n");
	buf_reset(&out);
	screen_paragraph(&s, STYLE_PLAIN, "", 2, "");
	CHECK_TEXT(buf_text(&out), "\n");
}

TEST(a_full_buffer_is_told)
{
	AUTO(pool_free) struct pool *p = pool_new(4 * MIB);
	AUTO_BUF struct buf out;
	struct drill_result r = scored(FIXTURE_MIDDLING, p);
	buf_init(&out, 500);
	CHECK_INT(render_scorecard_terminal(&r, (struct render_terminal){ .width = 80 }, &out, &e),
		E_TOO_BIG);
}
