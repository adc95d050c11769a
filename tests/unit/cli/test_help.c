/*
 * Help, manual pages and completion are made from the rows, so every row must show up in them.
 */
#include <string.h>

#include "cli/cli.h"
#include "cli/help.h"
#include "tests/lib/test.h"

static void fill(struct noun *nouns, struct command_table *t)
{
	nouns[0] = cli_noun_drill;
	nouns[1] = cli_noun_evidence;
	nouns[2] = cli_noun_demo;
	nouns[3] = cli_noun_help;
	*t = (struct command_table){ nouns, 4 };
}

TEST(every_command_and_option_is_in_help_manual_and_completion)
{
	struct noun nouns[4];
	struct command_table t;
	fill(nouns, &t);
	AUTO_BUF struct buf bash;
	struct error e = ERROR_NONE;
	buf_init(&bash, MIB);
	REQUIRE_OK(completion_script(&t, "bash", &bash, &e), e);
	for (size_t i = 0; i < t.n_nouns; i++) {
		for (size_t j = 0; j < nouns[i].n_commands; j++) {
			const struct cli_command *c = nouns[i].commands[j];
			AUTO_BUF struct buf help;
			AUTO_BUF struct buf man;
			buf_init(&help, MIB);
			buf_init(&man, MIB);
			help_command(c, &help);
			man_page(&t, c, &man);
			for (size_t k = 0; k < c->n_options; k++) {
				CHECK(strstr(buf_text(&help), c->options[k].name) != NULL);
				CHECK(strstr(buf_text(&bash), c->options[k].name) != NULL);
				CHECK(c->options[k].help != NULL && c->options[k].help[0] != '\0');
			}
			CHECK(strstr(buf_text(&man), "EXIT STATUS") != NULL);
			CHECK(c->verb == NULL || strstr(buf_text(&bash), c->verb) != NULL);
		}
	}
}

TEST(every_choice_list_ends_and_every_kind_that_needs_one_has_it)
{
	struct noun nouns[4];
	struct command_table t;
	fill(nouns, &t);
	for (size_t i = 0; i < t.n_nouns; i++) {
		for (size_t j = 0; j < nouns[i].n_commands; j++) {
			const struct cli_command *c = nouns[i].commands[j];
			for (size_t k = 0; k < c->n_options; k++) {
				const struct option *o = &c->options[k];
				CHECK((o->kind == OPTION_CHOICE) == (o->choices != NULL));
				CHECK((o->kind == OPTION_FLAG) == (o->value == NULL));
				CHECK(o->offset < c->args_size);
			}
		}
	}
}

TEST(roff_never_reads_our_text_as_a_request)
{
	static const struct option odd[] = { { "odd", OPTION_TEXT, 0, "X",
		".so /etc/passwd\n'x \\f", NULL } };
	static const struct cli_command c = { "toy", "play", "Play.", NULL, odd, 1, NULL, 0, 8,
		NULL, NULL, NULL };
	AUTO_BUF struct buf man;
	buf_init(&man, MIB);
	man_page(NULL, &c, &man);
	CHECK(strstr(buf_text(&man), "\n.so") == NULL);
	CHECK(strstr(buf_text(&man), "\n'x") == NULL);
	CHECK(strstr(buf_text(&man), "\\ef") != NULL);
}

TEST(the_title_of_a_manual_page_is_in_capitals_and_names_the_command)
{
	struct noun nouns[4];
	struct command_table t;
	AUTO_BUF struct buf man;
	fill(nouns, &t);
	buf_init(&man, MIB);
	man_page(&t, nouns[0].commands[0], &man);
	CHECK(strstr(buf_text(&man), ".TH TOCSIN\\-DRILL\\-LIST 1 ") != NULL);
	CHECK(strstr(buf_text(&man), "\n.SH NAME\ntocsin\\-drill\\-list \\- ") != NULL);
	buf_reset(&man);
	man_page(&t, NULL, &man);
	CHECK(strstr(buf_text(&man), ".TH TOCSIN 1 ") != NULL);
	CHECK(strstr(buf_text(&man), "\n.SH COMMANDS\n") != NULL);
}

TEST(an_unknown_shell_is_refused)
{
	struct noun nouns[4];
	struct command_table t;
	struct error e = ERROR_NONE;
	AUTO_BUF struct buf out;
	fill(nouns, &t);
	buf_init(&out, MIB);
	CHECK_INT(completion_script(&t, "tcsh", &out, &e), E_USAGE);
}

/* The shift makes each mark fall on each place near the edge. */
TEST(no_line_of_help_ends_in_a_blank_or_begins_with_a_closing_mark)
{
	for (size_t shift = 0; shift < 8; shift++) {
		AUTO_BUF struct buf text;
		AUTO_BUF struct buf help;
		buf_init(&text, 4 * KIB);
		buf_init(&help, MIB);
		for (size_t i = 0; i < shift; i++)
			buf_add_char(&text, 'x');
		for (size_t i = 0; i < 12; i++)
			buf_add_text(&text, "演练区，（诱饵）。“清单”：a word of it。");
		const struct cli_command c = { "toy", "play", "Play.", buf_text(&text), NULL, 0,
			NULL, 0, 8, NULL, NULL, NULL };
		help_command(&c, &help);
		CHECK(strstr(buf_text(&help), " \n") == NULL);
		static const char *const never[] = { "\n，", "\n。", "\n）", "\n”", "\n：", "（\n",
			"“\n" };
		for (size_t i = 0; i < COUNT_OF(never); i++)
			CHECK(strstr(buf_text(&help), never[i]) == NULL);
		CHECK(strstr(buf_text(&help), "\n") != NULL);
	}
}
