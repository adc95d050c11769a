/*
 * The escaper and the SVG writer.
 */
#include <math.h>
#include <string.h>

#include "render/html.h"
#include "tests/lib/test.h"

static void check(const char *text, const char *wanted)
{
	AUTO_BUF struct buf b;
	buf_init(&b, 4096);
	html_text(&b, text);
	CHECK_TEXT(buf_text(&b), wanted);
}

TEST(what_means_something_in_html_is_escaped)
{
	check("<script>alert('a' & \"b\")</script>",
		"&lt;script&gt;alert(&#39;a&#39; &amp; &quot;b&quot;)&lt;/script&gt;");
	check("&amp;", "&amp;amp;");
	check("演练 é", "演练 é");
	check("", "");
	check(NULL, "");
}

TEST(bytes_that_are_no_utf8_cannot_swallow_what_follows)
{
	check("a\xe6<b", "a\xef\xbf\xbd&lt;b");
	check("\xc0\xbc", "\xef\xbf\xbd\xef\xbf\xbd");
	check("\xff", "\xef\xbf\xbd");
	check("\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
}

TEST(characters_that_hide_or_turn_text_are_dropped)
{
	check("a\x1b[31mb\x7f\x01", "a[31mb");
	check("a\xe2\x80\xae"
	      "cod.exe\xe2\x81\xa6",
		"acod.exe");
	check("a\nb\tc", "a\nb\tc");
}

TEST(numbers_are_short_and_finite)
{
	AUTO_BUF struct buf b;
	buf_init(&b, 4096);
	html_number(&b, 1.0 / 3);
	HTML(&b, " ");
	html_number(&b, (double)NAN);
	HTML(&b, " ");
	html_number(&b, -HUGE_VAL);
	HTML(&b, " ");
	html_number(&b, 720);
	CHECK_TEXT(buf_text(&b), "0.33 0 0 720");
}

TEST(a_drawing_has_a_title_a_description_and_escaped_labels)
{
	AUTO(pool_free) struct pool *p = pool_new(MIB);
	AUTO_BUF struct buf b;
	struct drawing *d = drawing_new(p, 40, "Loss & <time>", "What it shows");
	REQUIRE(d != NULL);
	draw_rect(d, INK_ACCENT, (struct point){ 0, 0 }, (struct point){ 10, 4 });
	draw_text(d, INK_TEXT, (struct point){ 5, 5 }, ANCHOR_END, "<b>");
	buf_init(&b, 64 * KIB);
	html_svg(&b, d, "x");
	CHECK(strstr(buf_text(&b), "aria-labelledby=\"x-t x-d\"") != NULL);
	CHECK(strstr(buf_text(&b), "<title id=\"x-t\">Loss &amp; &lt;time&gt;</title>") != NULL);
	CHECK(strstr(buf_text(&b), "<desc id=\"x-d\">What it shows</desc>") != NULL);
	CHECK(strstr(buf_text(&b), ">&lt;b&gt;</text>") != NULL);
}

TEST(a_full_drawing_takes_no_more_and_stays_whole)
{
	AUTO(pool_free) struct pool *p = pool_new(MIB);
	struct drawing *d = drawing_new(p, 40, "t", "d");
	REQUIRE(d != NULL);
	for (int i = 0; i < 2 * SHAPES_MAX; i++)
		draw_rect(d, INK_TEXT, (struct point){ i, 0 }, (struct point){ 1, 1 });
	CHECK_INT(d->n_shapes, SHAPES_MAX);
}
