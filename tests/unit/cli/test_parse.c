/*
 * The command line, by rows: every kind of option, and what a person is told who mistypes.
 */
#include <string.h>

#include "base/clock.h"
#include "base/pool.h"
#include "cli/command.h"
#include "tests/lib/test.h"

struct toy_args {
	const char *first;
	const char *second;
	bool flag;
	const char *text;
	int64_t n;
	double number;
	int64_t ns;
	int64_t at_ns;
	int choice;
	struct text_list list;
};

static enum status no_run(struct session *s, const void *args, struct error *e)
{
	(void)s;
	(void)args;
	(void)e;
	return OK;
}

static const char *const colours[] = { "red", "green", NULL };
static const struct toy_args defaults = { .n = -1 };
static const struct option options[] = {
	{ "flag", OPTION_FLAG, offsetof(struct toy_args, flag), NULL, "f", NULL },
	{ "text", OPTION_TEXT, offsetof(struct toy_args, text), "T", "t", NULL },
	{ "count", OPTION_INT, offsetof(struct toy_args, n), "N", "n", NULL },
	{ "rate", OPTION_NUMBER, offsetof(struct toy_args, number), "N", "n", NULL },
	{ "limit", OPTION_DURATION, offsetof(struct toy_args, ns), "TIME", "n", NULL },
	{ "at", OPTION_TIME, offsetof(struct toy_args, at_ns), "TIME", "n", NULL },
	{ "colour", OPTION_CHOICE, offsetof(struct toy_args, choice), "C", "n", colours },
	{ "item", OPTION_LIST, offsetof(struct toy_args, list), "X", "n", NULL },
};
static const struct operand operands[] = {
	{ "FIRST", offsetof(struct toy_args, first), true, "a" },
	{ "SECOND", offsetof(struct toy_args, second), false, "b" },
};
static const struct cli_command play = { "toy", "play", "Play.", NULL, options, COUNT_OF(options),
	operands, COUNT_OF(operands), sizeof(struct toy_args), &defaults, no_run, NULL };
static const struct cli_command halt = { "toy", "halt", "Halt.", NULL, NULL, 0, NULL, 0, 0, NULL,
	no_run, NULL };
static const struct cli_command *const toy_commands[] = { &play, &halt };
static const struct cli_command demo = { "demo", NULL, "Demo.", NULL, NULL, 0, NULL, 0, 0, NULL,
	no_run, NULL };
static const struct cli_command *const demo_commands[] = { &demo };
static const struct noun nouns[] = { { "toy", "Toys", toy_commands, 2 },
	{ "demo", "Demo", demo_commands, 1 } };
static const struct command_table table = { nouns, 2 };

static struct pool *memory;

static enum status parse(struct parsed *out, struct error *e, const char *line)
{
	static char copy[512];
	static char *argv[32];
	int argc = 0;
	pool_free(memory); /* of the call before */
	memory = pool_new(64 * KIB);
	(void)snprintf(copy, sizeof copy, "%s", line);
	for (char *word = copy; word != NULL && argc < 31; argc++) {
		argv[argc] = word;
		word = strchr(word, ' ');
		if (word != NULL)
			*word++ = '\0';
	}
	*e = ERROR_NONE;
	return command_parse(&table, argc, argv, memory, out, e);
}

TEST(every_kind_of_option_lands_in_its_member)
{
	struct parsed p;
	struct error e;
	REQUIRE_OK(parse(&p, &e,
			   "tocsin toy play a b --flag --text x --count 7 --rate 2.5 --limit 15m "
			   "--at 2026-11-24T08:00:00+08:00 --colour green --item 1 --item=2"),
		e);
	const struct toy_args *a = p.args;
	CHECK(p.command == &play);
	CHECK_TEXT(a->first, "a");
	CHECK_TEXT(a->second, "b");
	CHECK(a->flag);
	CHECK_TEXT(a->text, "x");
	CHECK_INT(a->n, 7);
	CHECK(a->number > 2.49 && a->number < 2.51);
	CHECK_INT(a->ns, 900 * NS_PER_S);
	CHECK_INT(a->at_ns, 1795478400LL * NS_PER_S);
	CHECK_INT(a->choice, 1);
	REQUIRE(a->list.n == 2);
	CHECK_TEXT(a->list.at[0], "1");
	CHECK_TEXT(a->list.at[1], "2");
}

TEST(defaults_stand_where_nothing_was_said)
{
	struct parsed p;
	struct error e;
	REQUIRE_OK(parse(&p, &e, "tocsin toy play a"), e);
	CHECK_INT(((const struct toy_args *)p.args)->n, -1);
	CHECK(((const struct toy_args *)p.args)->second == NULL);
}

TEST(common_options_stand_anywhere)
{
	struct parsed p;
	struct error e;
	REQUIRE_OK(parse(&p, &e, "tocsin --home /h toy --json play a --quiet"), e);
	CHECK_TEXT(p.common.home, "/h");
	CHECK(p.common.json);
	CHECK(p.common.quiet);
}

TEST(two_dashes_end_the_options)
{
	struct parsed p;
	struct error e;
	REQUIRE_OK(parse(&p, &e, "tocsin toy play -- --flag"), e);
	CHECK_TEXT(((const struct toy_args *)p.args)->first, "--flag");
	CHECK(!((const struct toy_args *)p.args)->flag);
}

TEST(a_joined_value_may_begin_with_two_dashes)
{
	struct parsed p;
	struct error e;
	REQUIRE_OK(parse(&p, &e, "tocsin toy play a --text=--flag"), e);
	CHECK_TEXT(((const struct toy_args *)p.args)->text, "--flag");
	CHECK(!((const struct toy_args *)p.args)->flag);
}

TEST(unlimited_is_a_rate_of_zero)
{
	struct parsed p;
	struct error e;
	REQUIRE_OK(parse(&p, &e, "tocsin toy play a --rate unlimited"), e);
	CHECK(!(((const struct toy_args *)p.args)->number > 0));
}

TEST(a_noun_without_verbs_is_a_command)
{
	struct parsed p;
	struct error e;
	REQUIRE_OK(parse(&p, &e, "tocsin demo"), e);
	CHECK(p.command == &demo);
}

TEST(wrong_calls_name_the_word_and_what_was_meant)
{
	static const struct {
		const char *line;
		const char *sentence;
	} cases[] = {
		{ "tocsin toys play", "unknown command 'toys'; did you mean 'toy'?" },
		{ "tocsin toy plya", "'toy' has no command 'plya'; did you mean 'play'?" },
		{ "tocsin toy dance",
			"'toy' has no command 'dance'; 'tocsin toy' names all of them" },
		{ "tocsin toy play a --flga", "unknown option '--flga'; did you mean '--flag'?" },
		{ "tocsin toy play a --flag=1", "option --flag takes no value" },
		{ "tocsin toy play a --text", "option --text needs a value" },
		{ "tocsin toy play a --text --flag",
			"option --text needs a value; where '--flag' is the value, write "
			"--text=--flag" },
		{ "tocsin toy play a --count -3", "option --count: '-3' is not a whole number" },
		{ "tocsin toy play a --count 99999999999999999999",
			"option --count: '99999999999999999999' is not a whole number" },
		{ "tocsin toy play a --rate 1e9",
			"option --rate: '1e9' is neither a number above 0 nor 'unlimited'" },
		{ "tocsin toy play a --rate 0",
			"option --rate: '0' is neither a number above 0 nor 'unlimited'" },
		{ "tocsin toy play a --rate 0.0",
			"option --rate: '0.0' is neither a number above 0 nor 'unlimited'" },
		{ "tocsin toy play a --rate .",
			"option --rate: '.' is neither a number above 0 nor 'unlimited'" },
		{ "tocsin toy play a --limit 5w",
			"option --limit: '5w' is not a duration such as 90s, 15m, 4h or 2d" },
		{ "tocsin toy play a --limit 99999999999d",
			"option --limit: '99999999999d' is not a duration such as 90s, 15m, 4h or "
			"2d" },
		{ "tocsin toy play a --at yesterday", "option --at: 'yesterday' is not a time such "
						      "as 2026-11-24T08:00:00+08:00" },
		{ "tocsin toy play a --colour blue",
			"option --colour: 'blue' is none of red, green" },
		{ "tocsin toy play a --text=", "option --text: the value is empty" },
		{ "tocsin toy play a --text  b", "option --text: the value is empty" },
		{ "tocsin toy play  b", "FIRST: the word is empty" },
		{ "tocsin toy play a b c", "unexpected word 'c'" },
		{ "tocsin toy play", "FIRST is missing" },
		{ "tocsin toy play a -x", "unknown option '-x'" },
	};
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct parsed p;
		struct error e;
		CHECK_INT(parse(&p, &e, cases[i].line), E_USAGE);
		CHECK_TEXT(e.text, cases[i].sentence);
	}
}

TEST(help_wins_over_missing_words)
{
	struct parsed p;
	struct error e;
	REQUIRE_OK(parse(&p, &e, "tocsin toy play --help"), e);
	CHECK(p.common.help);
	REQUIRE_OK(parse(&p, &e, "tocsin toy -h"), e);
	CHECK(p.common.help && p.command == NULL && p.noun == &nouns[0]);
}
