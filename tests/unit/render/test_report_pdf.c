/*
 * The PDF of record. What it looks like is for eyes; here: it is one, it is the same for the same
 * result, its fonts are inside, and a machine without a font is told so.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "base/i18n.h"
#include "render/render.h"
#include "tests/lib/drill_fixture.h"
#include "tests/lib/test.h"

/* cairo 1.16 loses 768 bytes a subset font, fontconfig 288 bytes a process (both inside the
 * library); the sanitizer asks for such names. Ours are not among them. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libcairo\nleak:libfontconfig\n";
}

static struct error e;

static struct drill_result scored(enum fixture_run run, struct pool *p)
{
	struct drill_result r;
	fixture_result(run, p, &r);
	REQUIRE_OK(drill_score(&r, p, &e), e);
	return r;
}

/* Skips where the machine has no font at all for the language. */
static void report(const struct drill_result *r, struct buf *out)
{
	buf_init(out, RENDER_CEILING_BYTES);
	enum status status = render_report_pdf(r, out, &e);
	if (status == E_ABSENT)
		test_skip(e.text);
	REQUIRE_OK(status, e);
}

static bool holds(const struct buf *b, const char *text)
{
	return memmem(b->at, b->len, text, strlen(text)) != NULL;
}

TEST(every_kind_of_run_gives_a_pdf_with_its_fonts_inside)
{
	for (int run = 0; run < FIXTURE_RUNS; run++) {
		AUTO(pool_free) struct pool *p = pool_new(4 * MIB);
		AUTO_BUF struct buf pdf;
		struct drill_result r = scored((enum fixture_run)run, p);
		report(&r, &pdf);
		REQUIRE(pdf.len > 10000);
		CHECK(memcmp(pdf.at, "%PDF-1.", 7) == 0);
		CHECK(holds(&pdf, "/FontFile"));
		CHECK(holds(&pdf, "%%EOF"));
	}
}

/* Of an uncompressed object: "/Type /Pages … /Count n". */
static int pages_of(const struct buf *pdf)
{
	const char *at = memmem(pdf->at, pdf->len, "/Type /Pages", 12);
	const char *count = at == NULL ? NULL : strstr(at, "/Count ");
	REQUIRE(count != NULL);
	return atoi(count + 7);
}

TEST(a_short_report_takes_few_pages)
{
	static const struct {
		enum fixture_run run;
		int most;
	} rows[] = { { FIXTURE_CONTROL, 3 }, { FIXTURE_CONTROL_DEAF, 3 }, { FIXTURE_UNASSESSED, 5 },
		{ FIXTURE_CLEAN, 5 }, { FIXTURE_MIDDLING, 6 } };
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		AUTO(pool_free) struct pool *p = pool_new(4 * MIB);
		AUTO_BUF struct buf pdf;
		struct drill_result r = scored(rows[i].run, p);
		report(&r, &pdf);
		CHECK(pages_of(&pdf) <= rows[i].most);
	}
}

TEST(the_same_result_gives_the_same_file)
{
	AUTO(pool_free) struct pool *p = pool_new(4 * MIB);
	AUTO_BUF struct buf one, two;
	struct drill_result r = scored(FIXTURE_MIDDLING, p);
	report(&r, &one);
	report(&r, &two);
	CHECK(view_equal(buf_view(&one), buf_view(&two)));
}

TEST(chinese_is_set_where_there_is_a_font)
{
	AUTO(pool_free) struct pool *p = pool_new(4 * MIB);
	AUTO_BUF struct buf pdf;
	struct drill_result r = scored(FIXTURE_MIDDLING, p);
	fixture_use_chinese();
	report(&r, &pdf);
	CHECK(holds(&pdf, "CJK") || holds(&pdf, "CIDFont"));
}

/* A font configuration that knows one folder only. Must be set before pango is first used. */
static void use_fonts_of(const char *folder)
{
	char text[600];
	int n = snprintf(text, sizeof text,
		"<?xml version=\"1.0\"?><!DOCTYPE fontconfig SYSTEM "
		"\"fonts.dtd\"><fontconfig><dir>%s</dir>"
		"<cachedir>%s</cachedir></fontconfig>",
		folder, test_path("cache"));
	test_write_file(test_path("fonts.conf"), text, (size_t)n);
	(void)setenv("FONTCONFIG_FILE", test_path("fonts.conf"), 1);
}

TEST(a_machine_without_a_chinese_font_is_told_so_and_gets_no_boxes)
{
	AUTO(pool_free) struct pool *p = pool_new(4 * MIB);
	AUTO_BUF struct buf pdf;
	struct drill_result r = scored(FIXTURE_CLEAN, p);
	static const char folder[] = "/usr/share/fonts/truetype/dejavu";
	if (access(folder, R_OK) != 0)
		test_skip("needs the DejaVu fonts");
	use_fonts_of(folder);
	i18n_use(LANGUAGE_ZH);
	buf_init(&pdf, RENDER_CEILING_BYTES);
	CHECK_INT(render_report_pdf(&r, &pdf, &e), E_ABSENT);
	CHECK(strstr(e.text, "fonts-noto-cjk") != NULL || strstr(e.text, "字体") != NULL);
	CHECK_INT(pdf.len, 0);
	/* English goes on, and a Chinese name in it becomes question marks, not boxes. */
	i18n_use(LANGUAGE_EN);
	r.host = "演练主机";
	REQUIRE_OK(render_report_pdf(&r, &pdf, &e), e);
	CHECK(pdf.len > 10000);
}

TEST(huge_and_hostile_texts_are_set_too)
{
	AUTO(pool_free) struct pool *p = pool_new(4 * MIB);
	AUTO_BUF struct buf pdf;
	static char long_text[20001];
	struct drill_result r = scored(FIXTURE_MIDDLING, p);
	memset(long_text, 'x', sizeof long_text - 1);
	r.restore.output = long_text;
	r.arena = "\xff\xfe\x1b[31m\xe2\x80\xae<b>&";
	r.alerts[0].text = "line\nline\r\n\x07";
	report(&r, &pdf);
	CHECK(pdf.len > 10000);
}

TEST(any_result_gives_a_pdf)
{
	struct dice d;
	dice_init(&d, 12);
	for (int i = 0; i < 4; i++) {
		AUTO(pool_free) struct pool *p = pool_new(8 * MIB);
		AUTO_BUF struct buf pdf;
		struct drill_result r;
		fixture_random(&d, p, &r);
		REQUIRE_OK(drill_score(&r, p, &e), e);
		report(&r, &pdf);
		CHECK(pdf.len > 10000);
	}
}

TEST(a_ceiling_or_short_memory_is_told)
{
	AUTO(pool_free) struct pool *p = pool_new(4 * MIB);
	AUTO_BUF struct buf small, pdf;
	struct drill_result r = scored(FIXTURE_CLEAN, p);
	report(&r, &pdf);
	buf_init(&small, 5000);
	CHECK_INT(render_report_pdf(&r, &small, &e), E_TOO_BIG);
#ifdef TOCSIN_FAULTS
	for (long nth = 1; nth < 60; nth += 19) {
		AUTO_BUF struct buf failing;
		buf_init(&failing, RENDER_CEILING_BYTES);
		fault_arm("pool_take", nth);
		enum status status = render_report_pdf(&r, &failing, &e);
		fault_disarm();
		CHECK(status == OK || status == E_TOO_BIG || status == E_NO_SPACE);
	}
#endif
}
