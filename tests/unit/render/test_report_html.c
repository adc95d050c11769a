/*
 * The HTML report: self-contained, well-formed, escaped, in two languages, for every kind of run.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/fault.h"
#include "base/i18n.h"
#include "render/render.h"
#include "tests/lib/drill_fixture.h"
#include "tests/lib/page_check.h"
#include "tests/lib/test.h"

static struct error e;

static void report(const struct drill_result *r, struct buf *out)
{
	buf_init(out, RENDER_CEILING_BYTES);
	REQUIRE_OK(render_report_html(r, out, &e), e);
}

static struct drill_result scored(enum fixture_run run, struct pool *p)
{
	struct drill_result r;
	fixture_result(run, p, &r);
	REQUIRE_OK(drill_score(&r, p, &e), e);
	return r;
}

TEST(every_kind_of_run_gives_a_whole_page_that_fetches_nothing)
{
	for (int run = 0; run < FIXTURE_RUNS; run++) {
		AUTO(pool_free) struct pool *p = pool_new(4 * MIB);
		AUTO_BUF struct buf html;
		struct drill_result r = scored((enum fixture_run)run, p);
		report(&r, &html);
		check_tags(buf_text(&html));
		check_unique_ids(buf_text(&html));
		check_self_contained(buf_text(&html));
	}
}

TEST(any_result_gives_a_whole_page)
{
	struct dice d;
	dice_init(&d, 11);
	for (int i = 0; i < 200; i++) {
		AUTO(pool_free) struct pool *p = pool_new(8 * MIB);
		AUTO_BUF struct buf html;
		struct drill_result r;
		fixture_random(&d, p, &r);
		REQUIRE_OK(drill_score(&r, p, &e), e);
		report(&r, &html);
		check_tags(buf_text(&html));
		CHECK(strstr(buf_text(&html), "\"nan") == NULL &&
			strstr(buf_text(&html), "-nan") == NULL);
	}
}

TEST(the_policy_allows_this_style_and_nothing_else)
{
	AUTO(pool_free) struct pool *p = pool_new(4 * MIB);
	AUTO_BUF struct buf html, policy;
	struct drill_result r = scored(FIXTURE_CLEAN, p);
	report(&r, &html);
	const char *from = strstr(buf_text(&html), "<style>");
	const char *to = strstr(buf_text(&html), "</style>");
	REQUIRE(from != NULL && to != NULL);
	struct digest hash = digest_of(from + 7, (size_t)(to - from - 7));
	buf_init(&policy, 4096);
	buf_add_text(&policy, "content=\"default-src 'none'; style-src 'sha256-");
	base64_add(&policy, hash.bytes, sizeof hash.bytes);
	buf_add_text(&policy, "'; base-uri 'none'; form-action 'none'\">");
	CHECK(strstr(buf_text(&html), buf_text(&policy)) != NULL);
}

TEST(hostile_text_in_any_field_stays_text)
{
	static const char evil[] = "</td><script>alert(1)</script>\"'><img src=x onerror=y>";
	AUTO(pool_free) struct pool *p = pool_new(4 * MIB);
	AUTO_BUF struct buf html;
	struct drill_result r = scored(FIXTURE_MIDDLING, p);
	struct drill_text both = { evil, evil };
	r.id = r.host = r.system = r.kernel = r.arena = r.file_system = r.record = evil;
	r.scenario.id = r.scenario.kind = evil;
	r.scenario.source = (struct drill_text){ evil, evil };
	r.scenario.name = r.scenario.summary = both;
	const char *const attack[] = { evil };
	r.scenario.attack = attack;
	r.scenario.n_attack = 1;
	r.authority.allowed_by = r.authority.scope = r.authority.call = evil;
	r.alerts[0].channel = r.alerts[0].text = evil;
	r.restore.command = r.restore.output = r.restore.nonce = evil;
	r.steps[0].id = r.steps[0].role = r.steps[0].answer = evil;
	r.steps[0].title = r.steps[0].inject = both;
	r.improvements[0].action = both;
	r.improvements[0].owner = r.improvements[0].status = evil;
	r.parts[0].why = (struct drill_text){ evil, evil };
	r.previous.id = evil;
	r.grade = evil;
	report(&r, &html);
	CHECK(strstr(buf_text(&html), "<script") == NULL);
	CHECK(strstr(buf_text(&html), "<img") == NULL);
	check_tags(buf_text(&html));
}

TEST(a_result_with_nothing_in_it_gives_a_page)
{
	AUTO(pool_free) struct pool *p = pool_new(4 * MIB);
	AUTO_BUF struct buf html;
	struct drill_result r = { .id = NULL };
	REQUIRE_OK(drill_score(&r, p, &e), e);
	report(&r, &html);
	check_tags(buf_text(&html));
}

TEST(a_void_run_says_so_first_and_shows_no_number)
{
	AUTO(pool_free) struct pool *p = pool_new(4 * MIB);
	AUTO_BUF struct buf html;
	struct drill_result r = scored(FIXTURE_VOID, p);
	report(&r, &html);
	const char *banner = strstr(buf_text(&html), "class=\"banner tone-4\"");
	const char *score = strstr(buf_text(&html), "class=\"score\"");
	REQUIRE(banner != NULL && score != NULL);
	CHECK(banner < score);
	CHECK(strstr(banner, "A sentinel outside the arena was changed") != NULL);
	CHECK(strstr(buf_text(&html), "62.8") == NULL);
}

TEST(a_void_run_names_the_file_and_the_files_that_others_changed)
{
	AUTO(pool_free) struct pool *p = pool_new(4 * MIB);
	AUTO_BUF struct buf html;
	struct drill_result r = scored(FIXTURE_VOID, p);
	report(&r, &html);
	const char *banner = strstr(buf_text(&html), "class=\"banner tone-4\"");
	const char *safety = strstr(buf_text(&html), "id=\"en-safety\"");
	const char *plan = strstr(buf_text(&html), "id=\"en-plan\"");
	REQUIRE(banner != NULL && safety != NULL && plan != NULL);
	CHECK(strstr(banner, "预算 2026.xlsx (its content was changed)") < safety);
	CHECK(safety < plan);
	CHECK(strstr(safety, "<code>/home/desk/notes.md</code>") != NULL);
}

TEST(a_control_run_has_a_report_of_its_own)
{
	static const enum fixture_run runs[] = { FIXTURE_CONTROL, FIXTURE_CONTROL_SILENT,
		FIXTURE_CONTROL_DEAF };
	static const char *const says[] = { "alerts 3, false alarms 1.",
		"loses no points for false alarms", "this control run measured nothing" };
	for (size_t i = 0; i < COUNT_OF(runs); i++) {
		AUTO(pool_free) struct pool *p = pool_new(4 * MIB);
		AUTO_BUF struct buf html;
		struct drill_result r = scored(runs[i], p);
		report(&r, &html);
		CHECK(strstr(buf_text(&html), "<h1>Control run: Benign twin</h1>") != NULL);
		CHECK(strstr(buf_text(&html), says[i]) != NULL);
		CHECK(strstr(buf_text(&html), "of 100") == NULL);
		CHECK(strstr(buf_text(&html), "Score by part") == NULL);
		CHECK(strstr(buf_text(&html), "decoys were lost") == NULL);
	}
}

/* The width of the bar that a row of the chart shows. */
static double bar_of(const char *html, const char *label)
{
	char text[80];
	(void)snprintf(text, sizeof text, ">%s</text><rect", label);
	const char *at = strstr(html, text);
	REQUIRE(at != NULL);
	at = strstr(at + strlen(text), "<rect"); /* behind the track */
	const char *width = at == NULL ? NULL : strstr(at, " width=\"");
	REQUIRE(width != NULL);
	return strtod(width + 8, NULL);
}

TEST(bars_that_are_compared_have_lengths_in_proportion)
{
	AUTO(pool_free) struct pool *p = pool_new(4 * MIB);
	AUTO_BUF struct buf html;
	struct drill_result r = scored(FIXTURE_MIDDLING, p);
	report(&r, &html);
	double slow = bar_of(buf_text(&html), "At 38.3 files/s");
	double fast = bar_of(buf_text(&html), "At 281.6 files/s");
	CHECK(slow > 0 && fast > 0);
	CHECK(slow / fast > 0.135 && slow / fast < 0.137); /* 26,618 of 195,712 */
	CHECK(strstr(buf_text(&html), "logarithmic") == NULL);
}

TEST(the_source_of_a_scenario_is_in_the_readers_language)
{
	AUTO(pool_free) struct pool *p = pool_new(4 * MIB);
	AUTO_BUF struct buf html;
	struct drill_result r = scored(FIXTURE_CLEAN, p);
	report(&r, &html);
	const char *zh = strstr(buf_text(&html), "<main lang=\"zh-Hans\">");
	REQUIRE(zh != NULL);
	CHECK(strstr(buf_text(&html), "published analyses of LockBit 2.0") < zh);
	CHECK(strstr(zh, "关于 LockBit 2.0 的公开分析") != NULL);
	CHECK(strstr(zh, "published analyses") == NULL);
}

TEST(what_is_not_assessed_is_shown_as_such)
{
	AUTO(pool_free) struct pool *p = pool_new(4 * MIB);
	AUTO_BUF struct buf html;
	struct drill_result r = scored(FIXTURE_UNASSESSED, p);
	report(&r, &html);
	CHECK(strstr(buf_text(&html), "Not assessed: no channel was named") != NULL);
	CHECK(strstr(buf_text(&html), "Not assessed: no restore command was given") != NULL);
	CHECK(strstr(buf_text(&html), "Not assessed: nobody answered") != NULL);
	CHECK(strstr(buf_text(&html), "class=\"outline ink-1\"") != NULL);
	CHECK(strstr(buf_text(&html), "No grade: only 40") != NULL);
}

TEST(the_score_stands_beside_its_coverage_and_the_proof_is_named)
{
	AUTO(pool_free) struct pool *p = pool_new(4 * MIB);
	AUTO_BUF struct buf html;
	struct drill_result r = scored(FIXTURE_MIDDLING, p);
	report(&r, &html);
	CHECK(strstr(buf_text(&html), ">62.8</span>") != NULL);
	CHECK(strstr(buf_text(&html), "Coverage (share of the weight") != NULL);
	CHECK(strstr(buf_text(&html), "<pre>tocsin drill verify /var/lib/tocsin/drills/") != NULL);
	CHECK(strstr(buf_text(&html), "195,712") != NULL); /* 695 s at LockBit's rate */
	CHECK(strstr(buf_text(&html), "(estimate)") != NULL);
}

/* Data of the fixture that no catalogue can know. */
static void without_english_data(struct drill_result *r)
{
	r->host = r->system = r->arena = r->file_system = "甲";
	r->authority = (struct drill_authority){ "甲", "甲", "甲", -1, -1 };
	r->restore.command = r->restore.output = "甲";
	for (size_t i = 0; i < r->n_alerts; i++)
		r->alerts[i].text = r->alerts[i].channel = "甲";
	for (size_t i = 0; i < r->n_steps; i++)
		r->steps[i].answer = "甲";
	for (size_t i = 0; i < r->n_channels; i++)
		r->channels[i].spec = "甲";
	if (r->safety.void_reason != NULL)
		r->safety.void_reason = "甲";
}

TEST(the_chinese_half_has_no_english_sentence_left)
{
	fixture_use_chinese();
	for (int run = 0; run < FIXTURE_RUNS; run++) {
		AUTO(pool_free) struct pool *p = pool_new(4 * MIB);
		AUTO_BUF struct buf html;
		struct drill_result r = scored((enum fixture_run)run, p);
		r.false_alarms = (uint32_t)run;
		r.early_alerts = 1;
		if (r.n_channels > 0)
			r.channels[0].broken = run % 2 == 0;
		r.safety.n_unattributed = 1;
		r.safety.memory_kill = true;
		r.n_quarantined = 1;
		r.scenario.assumed = true;
		without_english_data(&r);
		report(&r, &html);
		const char *zh = strstr(buf_text(&html), "<main lang=\"zh-Hans\">");
		REQUIRE(zh != NULL);
		const char *english = english_in(zh);
		if (english != NULL)
			test_fail(__FILE__, __LINE__, "run %d: %.60s", run, english);
	}
	CHECK(i18n_language() == LANGUAGE_ZH);
}

TEST(it_opens_in_the_language_of_the_caller_and_leaves_it_as_it_was)
{
	AUTO(pool_free) struct pool *p = pool_new(4 * MIB);
	AUTO_BUF struct buf en, zh;
	struct drill_result r = scored(FIXTURE_CLEAN, p);
	report(&r, &en);
	CHECK(strstr(buf_text(&en), "id=\"lang-en\" checked") != NULL);
	CHECK(strstr(buf_text(&en), "id=\"lang-zh\" checked") == NULL);
	i18n_use(LANGUAGE_ZH);
	report(&r, &zh);
	CHECK(strstr(buf_text(&zh), "id=\"lang-zh\" checked") != NULL);
	CHECK(i18n_language() == LANGUAGE_ZH);
}

TEST(short_memory_is_told_at_every_point)
{
#ifdef TOCSIN_FAULTS
	static const char *const points[] = { "pool_take", "pool_new" };
	AUTO(pool_free) struct pool *p = pool_new(4 * MIB);
	struct drill_result r = scored(FIXTURE_MIDDLING, p);
	for (size_t i = 0; i < COUNT_OF(points); i++) {
		long nth = 1;
		for (; nth < 200; nth++) {
			AUTO_BUF struct buf html;
			buf_init(&html, RENDER_CEILING_BYTES);
			fault_arm(points[i], nth);
			enum status status = render_report_html(&r, &html, &e);
			fault_disarm();
			if (status == OK)
				break;
			CHECK(status == E_TOO_BIG || status == E_NO_SPACE);
		}
		CHECK(nth > 1 && nth < 200);
	}
	AUTO_BUF struct buf small;
	buf_init(&small, 20000);
	CHECK_INT(render_report_html(&r, &small, &e), E_TOO_BIG);
	CHECK(i18n_language() == LANGUAGE_EN);
#else
	test_skip("needs a build with -Dfaults=true");
#endif
}

TEST(a_narrow_page_gets_the_parts_in_letters_that_can_be_read)
{
	AUTO(pool_free) struct pool *p = pool_new(4 * MIB);
	AUTO_BUF struct buf html;
	struct drill_result r = scored(FIXTURE_UNASSESSED, p);
	report(&r, &html);
	const char *wide = strstr(buf_text(&html), "<div class=\"chart wide\">");
	const char *narrow = strstr(buf_text(&html), "<div class=\"chart narrow\">");
	REQUIRE(wide != NULL && narrow != NULL);
	/* As many units as a telephone has pixels: 13 of them high, its letters are as high there.
	 */
	CHECK(strstr(narrow, "viewBox=\"0 0 320 ") == strstr(narrow, "viewBox="));
	CHECK(strstr(buf_text(&html), ".chart.wide{display:none}.chart.narrow{display:block}") !=
		NULL);
}
