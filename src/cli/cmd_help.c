/*
 * tocsin help: help, manual pages and completion on standard output.
 */
#include <string.h>

#include "base/i18n.h"
#include "cli/cli.h"
#include "cli/help.h"
#include "cli/session.h"

struct help_args {
	const char *first;
	const char *second;
};

static const struct cli_command *find(
	const struct command_table *t, const char *noun, const char *verb)
{
	for (size_t i = 0; i < t->n_nouns; i++) {
		for (size_t j = 0; j < t->nouns[i].n_commands; j++) {
			const struct cli_command *c = t->nouns[i].commands[j];
			bool same_verb = verb == NULL
						 ? c->verb == NULL
						 : c->verb != NULL && strcmp(c->verb, verb) == 0;
			if (strcmp(c->noun, noun) == 0 && same_verb)
				return c;
		}
	}
	return NULL;
}

static enum status print_checked(struct buf *text, struct error *e)
{
	TRY(buf_check(text, "help", e));
	return session_print(buf_view(text), e);
}

static enum status run_all(struct session *s, const void *args, struct error *e)
{
	(void)args;
	AUTO_BUF struct buf text;
	buf_init(&text, MIB);
	help_all(s->table, &text);
	return print_checked(&text, e);
}

static enum status run_man(struct session *s, const void *raw, struct error *e)
{
	const struct help_args *args = raw;
	AUTO_BUF struct buf text;
	buf_init(&text, MIB);
	const struct cli_command *c = NULL;
	if (args->first != NULL) {
		c = find(s->table, args->first, args->second);
		if (c == NULL)
			return error_set(e, E_ABSENT, "no command '%s %s'", args->first,
				args->second == NULL ? "" : args->second);
	}
	man_page(s->table, c, &text);
	return print_checked(&text, e);
}

static enum status run_completion(struct session *s, const void *raw, struct error *e)
{
	const struct help_args *args = raw;
	AUTO_BUF struct buf text;
	buf_init(&text, MIB);
	TRY(completion_script(s->table, args->first, &text, e));
	return session_print(buf_view(&text), e);
}

static const struct operand man_operands[] = {
	{ N_("NOUN"), offsetof(struct help_args, first), false,
		N_("Of which command; without it, the page of the whole program.") },
	{ N_("VERB"), offsetof(struct help_args, second), false, N_("Of which command.") },
};

static const struct operand completion_operands[] = {
	{ N_("SHELL"), offsetof(struct help_args, first), true, N_("bash, zsh or fish.") },
};

static const struct cli_command help_all_command = { "help", "all", N_("List every command."), NULL,
	NULL, 0, NULL, 0, sizeof(struct help_args), NULL, run_all };
static const struct cli_command help_man = { "help", "man", N_("Print a manual page (roff)."), NULL,
	NULL, 0, man_operands, COUNT_OF(man_operands), sizeof(struct help_args), NULL, run_man };
static const struct cli_command help_completion = { "help", "completion",
	N_("Print a completion script for a shell."), NULL, NULL, 0, completion_operands,
	COUNT_OF(completion_operands), sizeof(struct help_args), NULL, run_completion };

static const struct cli_command *const commands[] = { &help_all_command, &help_man,
	&help_completion };
const struct noun cli_noun_help = { "help", N_("Help, manual pages, completion"), commands,
	COUNT_OF(commands) };
