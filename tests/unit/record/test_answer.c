/*
 * What an answer means: bounds of time, words of strangers.
 */
#include <string.h>

#include "base/phrase.h"
#include "record/answer.h"
#include "tests/lib/test.h"

TEST(a_wish_to_wait_is_read_in_seconds_or_as_a_date_and_bounded)
{
	/* Sun, 06 Nov 1994 08:49:37 GMT */
	const int64_t then_ns = 784111777LL * NS_PER_S;
	static const struct {
		const char *text;
		int64_t wanted_s; /* -1: none */
	} rows[] = {
		{ "", -1 },
		{ "0", 0 },
		{ "120", 120 },
		{ "300", 300 },
		{ "301", 300 },
		{ "18446744073709551615", 300 },
		{ "18446744073709551616", -1 },
		{ "-5", -1 },
		{ "1.5", -1 },
		{ "soon", -1 },
		{ "Sun, 06 Nov 1994 08:49:37 GMT", 0 },
		{ "Sun, 06 Nov 1994 08:50:37 GMT", 60 },
		{ "Sun, 06 Nov 1994 08:49:36 GMT", 0 },
		{ "Sun, 06 Nov 2094 08:49:37 GMT", 300 },
		{ "Sun, 06 Nox 1994 08:50:37 GMT", -1 },
		{ "Sun, 06 Nov 1994 08:50:37 UTC", -1 },
		{ "Sun, 66 Nov 1994 08:50:37 GMT", -1 },
		{ "Sunday, 06-Nov-94 08:50:37 GMT", -1 },
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		int64_t wanted = rows[i].wanted_s < 0 ? -1 : rows[i].wanted_s * NS_PER_S;
		CHECK_INT(answer_retry_after(rows[i].text, then_ns), wanted);
	}
}

TEST(problem_details_are_cleaned_before_a_person_sees_them)
{
	static const struct {
		const char *type, *body, *wanted; /* NULL: none */
	} rows[] = {
		{ "application/problem+json", "{\"title\":\"a\",\"detail\":\"b\"}", "a: b" },
		{ "Application/Problem+JSON; charset=utf-8", "{\"title\":\"a\"}", "a" },
		{ "application/problem+json", "{\"detail\":\"b\"}", "b" },
		{ "application/problem+json", "{\"title\":7,\"detail\":[1]}", "no reason given" },
		{ "application/problem+json", "{}", "no reason given" },
		{ "application/problem+jsonx", "{\"title\":\"a\"}", NULL },
		{ "application/json", "{\"title\":\"a\"}", NULL },
		{ "application/problem+json", "[]", NULL },
		{ "application/problem+json", "{\"title\":\"a\"", NULL },
		{ "application/problem+json", "", NULL },
		{ "application/problem+json",
			"{\"title\":\"\\u001b]0;"
			"x\\u0007y\\u0085\\u200b\\u202e\\u2066\\ufeffz中文\"}",
			"]0;xyz中文" },
		{ "application/problem+json", "{\"title\":\"a\\n\\tb\\u007f\"}", "ab" },
	};
	AUTO(pool_free) struct pool *p = pool_new(MIB);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		const struct sender_reply reply = { .content_type = rows[i].type,
			.body = view_of(rows[i].body) };
		const char *problem = answer_problem(&reply, p);
		CHECK_TEXT(problem == NULL ? NULL : phrase_words(p, problem), rows[i].wanted);
	}
}

TEST(long_problem_details_are_cut_between_characters)
{
	AUTO(pool_free) struct pool *p = pool_new(MIB);
	AUTO_BUF struct buf body = { .ceiling = RECEIPT_BYTES_MAX };
	buf_add_text(&body, "{\"title\":\"");
	while (body.len < 5000)
		buf_add_text(&body, "警钟");
	buf_add_text(&body, "\"}");
	const struct sender_reply reply = { .content_type = "application/problem+json",
		.body = buf_view(&body) };
	const char *text = answer_problem(&reply, p);
	REQUIRE(text != NULL);
	size_t n = strlen(text);
	CHECK(n > 300 && n < 340);
	CHECK_TEXT(text + n - 6, "钟…");
}
