/*
 * A small reader of HTML for tests.
 */
#include "tests/lib/page_check.h"

#include <string.h>

#include "base/auto.h"
#include "tests/lib/test.h"

/* --- a small checker of tags: every one that opens is closed, in order --- */

enum { DEPTH_MAX = 64, TAG_MAX = 32 };

static bool is_void_element(const char *name)
{
	static const char *const names[] = { "meta", "input", "col", "br", "!DOCTYPE" };
	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

void check_tags(const char *html)
{
	char open[DEPTH_MAX][TAG_MAX];
	size_t depth = 0;
	const char *at = html;
	while ((at = strchr(at, '<')) != NULL) {
		char name[TAG_MAX] = "";
		bool closes = at[1] == '/';
		const char *from = at + 1 + closes;
		size_t n = strcspn(from, " >/\n");
		const char *end = strchr(at, '>');
		REQUIRE(n > 0 && n < sizeof name && end != NULL);
		memcpy(name, from, n);
		if (strcmp(name, "style") == 0 && !closes)
			end = strstr(end, "</style") - 1;
		if (closes) {
			REQUIRE(depth > 0);
			CHECK_TEXT(name, open[--depth]);
		} else if (end[-1] != '/' && !is_void_element(name)) {
			REQUIRE(depth < DEPTH_MAX);
			memcpy(open[depth++], name, sizeof name);
		}
		at = end + 1;
	}
	CHECK_INT(depth, 0);
}

void check_unique_ids(const char *html)
{
	for (const char *at = html; (at = strstr(at, " id=\"")) != NULL; at += 5) {
		char id[80];
		size_t n = strcspn(at + 5, "\"") + 6;
		REQUIRE(n < sizeof id);
		memcpy(id, at, n);
		id[n] = '\0';
		CHECK(strstr(at + n, id) == NULL);
	}
}

void check_self_contained(const char *html)
{
	static const char *const fetches[] = { "<script", "<link", "<img", "<iframe", "<object",
		" src=", " href=", "url(", "@import", "javascript:", " onload", " style=\"",
		"http:", "https:" };
	for (size_t i = 0; i < COUNT_OF(fetches); i++) {
		CHECK(strstr(html, fetches[i]) == NULL);
		if (strstr(html, fetches[i]) != NULL)
			test_fail(__FILE__, __LINE__, "the report holds '%s'", fetches[i]);
	}
	CHECK(strstr(html, "nan") == NULL || strstr(html, "\"nan") == NULL);
	CHECK(strstr(html, "\"inf") == NULL);
}

static bool is_small(char c)
{
	return c >= 'a' && c <= 'z';
}

/* Two small letters or more; what goes on with a sign, as "first_notice" does, is a name. */
static size_t word_at(const char *text)
{
	size_t n = 0;
	while (is_small(text[n]))
		n++;
	return n >= 2 && text[n] != '_' && text[n] != '-' ? n : 0;
}

/* No tail of a word and no part of a name. */
static bool starts_word(const char *html, const char *at)
{
	return at == html || (!is_small(at[-1]) && at[-1] != '-' && at[-1] != '_');
}

const char *english_in(const char *html)
{
	bool in_tag = false;
	for (const char *at = html; *at != '\0'; at++) {
		if (strncmp(at, "<pre>", 5) == 0 || strncmp(at, "<code>", 6) == 0)
			at = strstr(at, *(at + 1) == 'p' ? "</pre>" : "</code>");
		if (strncmp(at, "tocsin drill undo", 17) == 0)
			at += 17;
		if (*at == '<')
			in_tag = true;
		else if (*at == '>')
			in_tag = false;
		const size_t first = in_tag || !starts_word(html, at) ? 0 : word_at(at);
		if (first > 0 && at[first] == ' ' && word_at(at + first + 1) > 0)
			return at;
	}
	return NULL;
}
