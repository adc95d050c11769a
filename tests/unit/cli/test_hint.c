/*
 * Commands that a person copies must reach a shell as they were meant.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/hint.h"
#include "tests/lib/test.h"

TEST(words_are_quoted_where_a_shell_would_read_them_otherwise)
{
	static const struct {
		const char *text, *wanted;
	} cases[] = {
		{ "/srv/tocsin-drill/a_b.c,d", "/srv/tocsin-drill/a_b.c,d" },
		{ "/srv/演练", "/srv/演练" },
		{ "", "''" },
		{ "/a b", "'/a b'" },
		{ "it's", "'it'\\''s'" },
		{ "$(reboot)", "'$(reboot)'" },
		{ "a;b", "'a;b'" },
		{ "~", "'~'" },
	};
	AUTO(pool_free) struct pool *p = pool_new(64 * KIB);
	REQUIRE(p != NULL);
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		CHECK_TEXT(hint_quoted(p, cases[i].text), cases[i].wanted);
}

TEST(a_command_names_program_and_home_where_a_shell_would_not_find_them)
{
	AUTO(pool_free) struct pool *p = pool_new(64 * KIB);
	REQUIRE(p != NULL);
	struct session s = { .pool = p, .home = "/my home" };
	REQUIRE(setenv("TOCSIN_HOME", "/other", 1) == 0);
	const char *line = hint_command(&s, "drill undo", "17");
	CHECK(line[0] == '/'); /* the test program is not tocsin */
	CHECK(strstr(line, " drill undo 17 --home '/my home'") != NULL);
	REQUIRE(setenv("TOCSIN_HOME", "/my home", 1) == 0);
	CHECK(strstr(hint_command(&s, "drill undo", "17"), "--home") == NULL);
}
