/*
 * Sentences kept without a language.
 */
#include <string.h>

#include "base/i18n.h"
#include "base/phrase.h"
#include "tests/lib/test.h"

static struct pool *open_pool(void)
{
	struct pool *p = pool_new(8 * MIB);
	REQUIRE(p != NULL);
	return p;
}

static const char *words(struct pool *p, const char *kept)
{
	const char *text = phrase_words(p, kept);
	REQUIRE(text != NULL);
	return text;
}

TEST(a_phrase_holds_its_format_and_what_goes_into_it)
{
	AUTO(pool_free) struct pool *p = open_pool();
	const char *kept = phrase_of(p, N_("refused (%d): %s"), 400, "not a member");
	CHECK_TEXT(kept, "\x1e[\"refused (%d): %s\",400,\"not a member\"]");
	CHECK_TEXT(words(p, kept), "refused (400): not a member");
}

TEST(a_phrase_may_hold_another)
{
	AUTO(pool_free) struct pool *p = open_pool();
	const char *inner = phrase_of(p, N_("no connection (%s)"), "100% gone");
	const char *kept = phrase_of(p, "%s: %s (%zu of %lld)", "https://a", inner, (size_t)2, 3LL);
	CHECK_TEXT(words(p, kept), "https://a: no connection (100% gone) (2 of 3)");
}

TEST(what_is_no_phrase_stays_as_it_is)
{
	AUTO(pool_free) struct pool *p = open_pool();
	static const char *const texts[] = { "", "[\"refused (%d): %s\",400]", "%s%n%d", "拒收" };
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		CHECK_TEXT(words(p, texts[i]), texts[i]);
		CHECK_TEXT(words(p, phrase_of(p, "%s", texts[i])), texts[i]);
	}
}

TEST(a_damaged_or_hostile_phrase_harms_nobody)
{
	AUTO(pool_free) struct pool *p = open_pool();
	static const char *const rows[][2] = { { "\x1e", "" }, { "\x1e[", "[" }, { "\x1e[]", "?" },
		{ "\x1e{\"a\":1}", "?" }, { "\x1e[\"%s%s%n\"]", "???" }, { "\x1e[\"%\"]", "?" },
		{ "\x1e[\"%9$s\",1]", "?" }, { "\x1e[\"%5000000$d\",7]", "7" },
		{ "\x1e[\"a\",[[[]]]]", "a" }, { "\x1e[1]", "?" }, { "\x1e[\"\"]", "?" } };
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		CHECK_TEXT(words(p, rows[i][0]), rows[i][1]);
	/* Deeper than any of ours. */
	const char *kept = "end";
	for (int i = 0; i < 40; i++)
		kept = phrase_of(p, "(%s)", kept);
	CHECK(strstr(words(p, kept), "?") != NULL);
}

TEST(text_that_is_not_utf8_does_not_lose_the_sentence)
{
	AUTO(pool_free) struct pool *p = open_pool();
	CHECK_TEXT(words(p, phrase_of(p, "answered %d: %s", 500, "\xff\xfe")), "answered 500: ?");
}

TEST(the_language_is_that_of_who_reads)
{
	AUTO(pool_free) struct pool *p = open_pool();
	const char *kept = phrase_of(p, N_("refused (%d): %s"), 403, "no");
	i18n_start("zh");
	if (strcmp(i18n_text("refused (%d): %s"), "refused (%d): %s") == 0)
		test_skip("the Chinese catalogue was not built");
	CHECK(strstr(words(p, kept), "refused") == NULL);
	CHECK(strstr(words(p, kept), "403") != NULL);
	i18n_use(LANGUAGE_EN);
	CHECK_TEXT(words(p, kept), "refused (403): no");
}

TEST(within_an_object_it_is_an_array)
{
	AUTO(pool_free) struct pool *p = open_pool();
	AUTO_JSON json_t *kept = phrase_to_json(phrase_of(p, N_("answered %d"), 500));
	AUTO_JSON json_t *plain = phrase_to_json("as it was");
	AUTO_JSON json_t *shown = phrase_json_words(kept);
	AUTO_JSON json_t *same = phrase_json_words(plain);
	CHECK(json_is_array(kept) && json_is_string(plain));
	CHECK_TEXT(json_string_value(shown), "answered 500");
	CHECK_TEXT(json_string_value(same), "as it was");
}
