/*
 * tocsin help: help, manual pages and completion on standard output.
 */
#include <string.h>

#include "base/i18n.h"
#include "cli/cli.h"
#include "cli/help.h"
#include "cli/session.h"

struct help_args {
	const char *words[3];
};

static const struct noun *find_noun(const struct command_table *t, const char *name)
{
	for (size_t i = 0; i < t->n_nouns; i++) {
		if (strcmp(t->nouns[i].name, name) == 0)
			return &t->nouns[i];
	}
	return NULL;
}

/* *out_command stays NULL where the words name a noun with verbs alone. */
static enum status find(const struct command_table *t, const char *noun, const char *verb,
	const struct noun **out_noun, const struct cli_command **out_command, struct error *e)
{
	*out_command = NULL;
	*out_noun = find_noun(t, noun);
	if (*out_noun == NULL)
		return error_set(e, E_ABSENT, "no command '%s'", noun);
	for (size_t i = 0; i < (*out_noun)->n_commands; i++) {
		const struct cli_command *c = (*out_noun)->commands[i];
		if (verb == NULL ? c->verb == NULL : c->verb != NULL && strcmp(c->verb, verb) == 0)
			*out_command = c;
	}
	if (verb != NULL && *out_command == NULL)
		return error_set(e, E_ABSENT, "no command '%s %s'", noun, verb);
	return OK;
}

static enum status add_man(
	const struct command_table *t, const char *const *words, struct buf *out, struct error *e)
{
	const struct noun *noun = NULL;
	const struct cli_command *command = NULL;
	if (words[0] != NULL)
		TRY(find(t, words[0], words[1], &noun, &command, e));
	if (words[0] != NULL && command == NULL)
		return error_set(
			e, E_USAGE, "the manual has a page for each command: name its verb too");
	man_page(t, command, out);
	return OK;
}

static enum status add_help(
	const struct command_table *t, const char *const *words, struct buf *out, struct error *e)
{
	const struct noun *noun = NULL;
	const struct cli_command *command = NULL;
	if (words[2] != NULL)
		return error_set(e, E_USAGE, "unexpected word '%s'", words[2]);
	TRY(find(t, words[0], words[1], &noun, &command, e));
	if (command != NULL)
		help_command(command, out);
	else
		help_noun(noun, out);
	return OK;
}

static enum status run_help(struct session *s, const void *raw, struct error *e)
{
	const struct help_args *args = raw;
	const char *const *words = args->words;
	AUTO_BUF struct buf text;
	buf_init(&text, MIB);
	if (words[0] == NULL) {
		help_all(s->table, &text);
	} else if (strcmp(words[0], "man") == 0) {
		TRY(add_man(s->table, words + 1, &text, e));
	} else if (strcmp(words[0], "completion") == 0) {
		if (words[1] == NULL)
			return error_set(e, E_USAGE, "for which shell: bash, zsh or fish?");
		if (words[2] != NULL)
			return error_set(e, E_USAGE, "unexpected word '%s'", words[2]);
		TRY(completion_script(s->table, words[1], &text, e));
	} else {
		TRY(add_help(s->table, words, &text, e));
	}
	TRY(buf_check(&text, "help", e));
	return session_print(buf_view(&text), e);
}

static const struct operand operands[] = {
	{ N_("WHAT"), offsetof(struct help_args, words[0]), false,
		N_("A noun such as drill; or 'man' for a manual page (roff), 'completion' for a "
		   "script "
		   "for bash, zsh or fish. Without it, every command is listed.") },
	{ N_("NOUN"), offsetof(struct help_args, words[1]), false,
		N_("The verb; or, after 'man', the noun; or, after 'completion', the shell.") },
	{ N_("VERB"), offsetof(struct help_args, words[2]), false, N_("After 'man': the verb.") },
};

static const struct cli_command help = { "help", NULL,
	N_("Show help, manual pages and completion scripts."),
	N_("tocsin help drill run · tocsin help man drill run · tocsin help completion bash"), NULL,
	0, operands, COUNT_OF(operands), sizeof(struct help_args), NULL, run_help, NULL };

static const struct cli_command *const commands[] = { &help };
const struct noun cli_noun_help = { "help", N_("Help, manual pages, completion"), commands,
	COUNT_OF(commands) };
