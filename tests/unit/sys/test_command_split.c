/*
 * Splitting a command line: a shell's quoting, and none of its powers.
 */
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "sys/command.h"
#include "tests/lib/faults.h"
#include "tests/lib/test.h"

/* The words, each followed by '|'. */
static void check_words(const char *line, const char *wanted)
{
	struct error e;
	char **argv = NULL;
	AUTO_BUF struct buf got;
	buf_init(&got, 1024);
	REQUIRE_OK(command_split(line, &argv, &e), e);
	for (size_t i = 0; argv[i] != NULL; i++)
		buf_addf(&got, "%s|", argv[i]);
	CHECK_TEXT(buf_text(&got), wanted);
	free(argv);
}

TEST(words_quotes_and_backslashes_are_a_shells)
{
	check_words("a", "a|");
	check_words("  restic  restore\tlatest ", "restic|restore|latest|");
	check_words("a 'b c' \"d e\" f\\ g", "a|b c|d e|f g|");
	check_words("a'b'\"c\"d", "abcd|");
	check_words("a '' \"\" b", "a|||b|");
	check_words("a 'x\\y' \"x\\y\" \"x\\\"y\\\\\"", "a|x\\y|x\\y|x\"y\\|");
	check_words("a \"$HOME;|&<>`()\" '$(x)'", "a|$HOME;|&<>`()|$(x)|");
	check_words("a \\$x \\; \\'", "a|$x|;|'|");
	check_words("恢复 '文件 一'", "恢复|文件 一|");
	check_words("a *.txt ~ #b {c}", "a|*.txt|~|#b|{c}|"); /* nothing is expanded */
}

TEST(what_only_a_shell_could_do_is_refused)
{
	static const char *const lines[] = { "a; b", "a | b", "a & b", "a > b", "a < b", "a `b`",
		"a $b", "a $(b)", "(a)", "a\nb", "a 'b", "a \"b", "a \\", "", "   ", "''", "'' a" };
	for (size_t i = 0; i < COUNT_OF(lines); i++) {
		struct error e = ERROR_NONE;
		char **argv = NULL;
		CHECK_INT(command_split(lines[i], &argv, &e), E_INVALID);
		CHECK(argv == NULL);
		CHECK(e.text[0] != '\0');
	}
}

TEST(a_line_has_a_ceiling_and_may_fill_it)
{
	struct error e;
	char **argv = NULL;
	enum { MOST = 64 * 1024 };
	char *line = malloc(MOST + 2);
	REQUIRE(line != NULL);
	for (size_t i = 0; i < MOST; i++)
		line[i] = i % 2 == 0 ? 'a' : ' ';
	line[MOST] = '\0';
	REQUIRE_OK(command_split(line, &argv, &e), e);
	size_t n = 0;
	while (argv[n] != NULL)
		n++;
	CHECK_INT(n, MOST / 2);
	free(argv);
	memset(line, 'a', MOST + 1);
	line[MOST + 1] = '\0';
	CHECK_INT(command_split(line, &argv, &e), E_TOO_BIG);
	free(line);
}

TEST(short_memory_is_told)
{
	NEEDS_FAULTS();
	struct error e;
	char **argv = NULL;
	fault_arm("command_split", 1);
	CHECK_INT(command_split("a b", &argv, &e), E_NO_SPACE);
}
