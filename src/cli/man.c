/*
 * Manual pages (man(7)) and shell completion from the command rows.
 */
#include <string.h>

#include "base/i18n.h"
#include "cli/help.h"

/* Text that roff must not read as its own: backslashes, and a dot or quote that begins a line. */
static void add_roff(struct buf *out, const char *text)
{
	bool line_start = true;
	for (const char *at = text; *at != '\0'; at++) {
		if (line_start && (*at == '.' || *at == '\''))
			buf_add_text(out, "\\&");
		if (*at == '\\')
			buf_add_text(out, "\\e");
		else if (*at == '-')
			buf_add_text(out, "\\-");
		else
			buf_add_char(out, *at);
		line_start = *at == '\n';
	}
}

static void add_man_options(struct buf *out, const struct option *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		buf_addf(out, ".TP\n\\fB\\-\\-");
		add_roff(out, rows[i].name);
		buf_add_text(out, "\\fR");
		if (rows[i].value != NULL) {
			buf_add_text(out, " \\fI");
			add_roff(out, _(rows[i].value));
			buf_add_text(out, "\\fR");
		}
		buf_add_char(out, '\n');
		add_roff(out, _(rows[i].help));
		buf_add_char(out, '\n');
	}
}

static void add_man_command(struct buf *out, const struct cli_command *c)
{
	buf_addf(out, ".SH NAME\ntocsin\\-%s%s%s \\- ", c->noun, c->verb == NULL ? "" : "\\-",
		c->verb == NULL ? "" : c->verb);
	add_roff(out, _(c->summary));
	buf_addf(out, "\n.SH SYNOPSIS\n\\fBtocsin %s%s%s\\fR", c->noun, c->verb == NULL ? "" : " ",
		c->verb == NULL ? "" : c->verb);
	for (size_t i = 0; i < c->n_operands; i++)
		buf_addf(out, c->operands[i].required ? " \\fI%s\\fR" : " [\\fI%s\\fR]",
			_(c->operands[i].name));
	buf_addf(out, " [\\fI%s\\fR]\n", _("options"));
	if (c->description != NULL) {
		buf_add_text(out, ".SH DESCRIPTION\n");
		add_roff(out, _(c->description));
		buf_add_char(out, '\n');
	}
	buf_add_text(out, ".SH OPTIONS\n");
	for (size_t i = 0; i < c->n_operands; i++) {
		buf_addf(out, ".TP\n\\fI%s\\fR\n", _(c->operands[i].name));
		add_roff(out, _(c->operands[i].help));
		buf_add_char(out, '\n');
	}
	add_man_options(out, c->options, c->n_options);
	add_man_options(out, common_options, n_common_options);
}

static void add_man_exit(struct buf *out)
{
	static const struct {
		int code;
		const char *meaning;
	} rows[] = {
		{ 0, N_("Done.") },
		{ 1, N_("Failed.") },
		{ 2, N_("The command line is off.") },
		{ 3, N_("Done in part; what is left is named.") },
		{ 4, N_("Not allowed.") },
		{ 5, N_("Not found, or a conflict.") },
		{ 6, N_("Invalid input; nothing was done.") },
		{ 7, N_("Accepted here, not yet delivered.") },
		{ 8, N_("Delivered, but after its deadline.") },
		{ 9, N_("Stopped on request or by its lease.") },
		{ 10, N_("Voided by the safety check.") },
		{ 130, N_("Interrupted.") },
	};
	buf_add_text(out, ".SH EXIT STATUS\n");
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		buf_addf(out, ".TP\n%d\n", rows[i].code);
		add_roff(out, _(rows[i].meaning));
		buf_add_char(out, '\n');
	}
}

void man_page(const struct command_table *t, const struct cli_command *c, struct buf *out)
{
	buf_addf(out, ".TH TOCSIN%s%s%s%s 1 \"\" \"tocsin %s\"\n", c == NULL ? "" : "\\-",
		c == NULL ? "" : c->noun, c == NULL || c->verb == NULL ? "" : "\\-",
		c == NULL || c->verb == NULL ? "" : c->verb, TOCSIN_VERSION);
	if (c != NULL) {
		add_man_command(out, c);
		add_man_exit(out);
		return;
	}
	buf_add_text(out, ".SH NAME\ntocsin \\- ");
	add_roff(out, _("rehearse ransomware, watch for it, report the breach in time"));
	buf_addf(out, "\n.SH SYNOPSIS\n\\fBtocsin\\fR \\fI%s\\fR \\fI%s\\fR [\\fI%s\\fR]\n",
		_("noun"), _("verb"), _("options"));
	buf_add_text(out, ".SH COMMANDS\n");
	for (size_t i = 0; i < t->n_nouns; i++) {
		for (size_t j = 0; j < t->nouns[i].n_commands; j++) {
			const struct cli_command *row = t->nouns[i].commands[j];
			buf_addf(out, ".TP\n\\fB%s%s%s\\fR\n", row->noun,
				row->verb == NULL ? "" : " ", row->verb == NULL ? "" : row->verb);
			add_roff(out, _(row->summary));
			buf_add_char(out, '\n');
		}
	}
	buf_add_text(out, ".SH OPTIONS\n");
	add_man_options(out, common_options, n_common_options);
	add_man_exit(out);
}

static void add_words(const struct cli_command *c, struct buf *out)
{
	for (size_t i = 0; c != NULL && i < c->n_options; i++)
		buf_addf(out, " --%s", c->options[i].name);
	for (size_t i = 0; i < n_common_options; i++)
		buf_addf(out, " --%s", common_options[i].name);
}

static void bash_script(const struct command_table *t, struct buf *out)
{
	buf_add_text(out, "_tocsin() {\n\tlocal cur=${COMP_WORDS[COMP_CWORD]} words=\n"
			  "\tcase \"${COMP_WORDS[1]} ${COMP_WORDS[2]}\" in\n");
	for (size_t i = 0; i < t->n_nouns; i++) {
		for (size_t j = 0; j < t->nouns[i].n_commands; j++) {
			const struct cli_command *c = t->nouns[i].commands[j];
			buf_addf(out, "\t\"%s %s\"*) words=\"", c->noun,
				c->verb == NULL ? "" : c->verb);
			add_words(c, out);
			buf_add_text(out, "\" ;;\n");
		}
	}
	buf_add_text(out, "\tesac\n\tif [ \"$COMP_CWORD\" -eq 1 ]; then words=\"");
	for (size_t i = 0; i < t->n_nouns; i++)
		buf_addf(out, " %s", t->nouns[i].name);
	buf_add_text(
		out, "\"\n\telif [ \"$COMP_CWORD\" -eq 2 ]; then\n\t\tcase ${COMP_WORDS[1]} in\n");
	for (size_t i = 0; i < t->n_nouns; i++) {
		buf_addf(out, "\t\t%s) words=\"", t->nouns[i].name);
		for (size_t j = 0; j < t->nouns[i].n_commands; j++)
			buf_addf(out, " %s",
				t->nouns[i].commands[j]->verb == NULL
					? ""
					: t->nouns[i].commands[j]->verb);
		buf_add_text(out, "\" ;;\n");
	}
	buf_add_text(out, "\t\tesac\n\tfi\n"
			  "\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n"
			  "\tif [ \"${#COMPREPLY[@]}\" -eq 0 ]; then\n"
			  "\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n\tfi\n}\n"
			  "complete -o filenames -F _tocsin tocsin\n");
}

/* Single quotes end a fish or zsh word: a help sentence that holds one is written without it. */
static void add_quoted(struct buf *out, const char *text)
{
	buf_add_char(out, '\'');
	for (const char *at = text; *at != '\0'; at++)
		buf_add_char(out, *at == '\'' ? ' ' : *at);
	buf_add_char(out, '\'');
}

static void fish_script(const struct command_table *t, struct buf *out)
{
	for (size_t i = 0; i < t->n_nouns; i++) {
		const struct noun *n = &t->nouns[i];
		buf_addf(out, "complete -c tocsin -f -n __fish_use_subcommand -a %s -d ", n->name);
		add_quoted(out, _(n->summary));
		buf_add_char(out, '\n');
		for (size_t j = 0; j < n->n_commands; j++) {
			const struct cli_command *c = n->commands[j];
			if (c->verb != NULL) {
				buf_addf(out,
					"complete -c tocsin -n '__fish_seen_subcommand_from %s' -a "
					"%s -d ",
					n->name, c->verb);
				add_quoted(out, _(c->summary));
				buf_add_char(out, '\n');
			}
			for (size_t k = 0; k < c->n_options; k++) {
				buf_addf(out,
					"complete -c tocsin -n '__fish_seen_subcommand_from %s' -l "
					"%s -d ",
					c->verb == NULL ? n->name : c->verb, c->options[k].name);
				add_quoted(out, _(c->options[k].help));
				buf_add_char(out, '\n');
			}
		}
	}
}

enum status completion_script(
	const struct command_table *t, const char *shell, struct buf *out, struct error *e)
{
	if (strcmp(shell, "bash") == 0) {
		bash_script(t, out);
	} else if (strcmp(shell, "zsh") == 0) {
		buf_add_text(out, "autoload -U +X bashcompinit && bashcompinit\n");
		bash_script(t, out);
	} else if (strcmp(shell, "fish") == 0) {
		fish_script(t, out);
	} else {
		return error_set(
			e, E_USAGE, "no completion for '%s': bash, zsh and fish are known", shell);
	}
	return buf_check(out, "completion", e);
}
