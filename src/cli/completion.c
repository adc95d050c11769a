/*
 * Shell completion from the command rows. bash and zsh read the same body, in the language that
 * both speak, between a head and a foot of their own; fish has rows. What a value may be follows
 * from the word that stands for it in the help ("DIR"), so a new option needs nothing here.
 */
#include <string.h>

#include "base/i18n.h"
#include "cli/help.h"

static const struct {
	const char *word;   /* msgid */
	const char *noun;   /* of which alone it is true; NULL: of all */
	const char *action; /* of the common body */
	const char *fish;   /* of an option's row */
	const char *fish_operand;
} values[] = {
	{ "DIR", NULL, "_tocsin_folders", "-x -a '(__fish_complete_directories)'",
		"-a '(__fish_complete_directories)'" },
	{ "FILE", NULL, "_tocsin_files", "-r -F", "-F" },
	{ "PATH…", NULL, "_tocsin_files", "-r -F", "-F" },
	{ "SCENARIO", "drill", "_tocsin_words \"$(_tocsin_scenarios)\"",
		"-x -a '(__tocsin_scenarios)'", "-a '(__tocsin_scenarios)'" },
	{ "ID", "drill", "_tocsin_words \"$(_tocsin_drills)\"", "-x -a '(__tocsin_drills)'",
		"-a '(__tocsin_drills)'" },
};

/* -1: nothing to offer. */
static int value_of(const char *noun, const char *word)
{
	for (int i = 0; i < (int)COUNT_OF(values); i++)
		if (strcmp(values[i].word, word) == 0 &&
			(values[i].noun == NULL || strcmp(values[i].noun, noun) == 0))
			return i;
	return -1;
}

static const char *verb_of(const struct cli_command *c)
{
	return c->verb == NULL ? "-" : c->verb;
}

static void each_command(const struct command_table *t,
	void (*each)(const struct cli_command *c, struct buf *out), struct buf *out)
{
	for (size_t i = 0; i < t->n_nouns; i++)
		for (size_t j = 0; j < t->nouns[i].n_commands; j++)
			each(t->nouns[i].commands[j], out);
}

static void add_choices(const struct option *o, struct buf *out)
{
	for (size_t i = 0; o->choices[i] != NULL; i++)
		buf_addf(out, "%s%s", i == 0 ? "" : " ", o->choices[i]);
}

/* --- bash and zsh --- */

static void add_option_value(
	const char *noun, const char *verb, const struct option *o, struct buf *out)
{
	if (o->value == NULL)
		return;
	int value = value_of(noun, o->value);
	buf_addf(out, "\t\"%s %s --%s\") ", noun, verb, o->name);
	if (o->choices != NULL) {
		buf_add_text(out, "_tocsin_words '");
		add_choices(o, out);
		buf_add_text(out, "'");
	} else {
		buf_add_text(out, value < 0 ? ":" : values[value].action);
	}
	buf_add_text(out, " ;;\n");
}

static void add_option_values(const struct cli_command *c, struct buf *out)
{
	for (size_t i = 0; i < c->n_options; i++)
		add_option_value(c->noun, verb_of(c), &c->options[i], out);
}

static void add_value_patterns(const struct cli_command *c, struct buf *out)
{
	for (size_t i = 0; i < c->n_options; i++)
		if (c->options[i].value != NULL)
			buf_addf(out, "|\"%s %s --%s\"", c->noun, verb_of(c), c->options[i].name);
}

static void add_option_names(const struct cli_command *c, struct buf *out)
{
	buf_addf(out, "\t\"%s %s\") _tocsin_words '", c->noun, verb_of(c));
	for (size_t i = 0; i < c->n_options; i++)
		buf_addf(out, "--%s ", c->options[i].name);
	for (size_t i = 0; i < n_common_options; i++)
		buf_addf(out, "%s--%s", i == 0 ? "" : " ", common_options[i].name);
	buf_add_text(out, "' ;;\n");
}

/* One line for each operand: where there is none any more, options are what may follow. */
static void add_operands(const struct cli_command *c, struct buf *out)
{
	for (size_t i = 0; i < c->n_operands; i++) {
		int value = value_of(c->noun, c->operands[i].name);
		bool many = strcmp(c->operands[i].name, "PATH…") == 0;
		if (value >= 0)
			buf_addf(out, "\t\"%s %s %zu\"%s) %s ;;\n", c->noun, verb_of(c), i,
				many ? "*" : "", values[value].action);
	}
}

static void add_nouns(const struct command_table *t, struct buf *out)
{
	for (size_t i = 0; i < t->n_nouns; i++)
		buf_addf(out, "%s%s", i == 0 ? "" : " ", t->nouns[i].name);
}

static void add_verbs(const struct noun *n, struct buf *out)
{
	for (size_t i = 0; i < n->n_commands; i++)
		if (n->commands[i]->verb != NULL)
			buf_addf(out, "%s%s", i == 0 ? "" : " ", n->commands[i]->verb);
}

static const char common_head[] = "_tocsin_scenarios() {\n"
				  "\t\"$_tocsin_program\" drill list --lang en "
				  "${_tocsin_home:+\"--home=$_tocsin_home\"} 2>/dev/null |\n"
				  "\t\tsed -n 's/^\\([a-z0-9][a-z0-9-]*\\)  .*/\\1/p'\n}\n"
				  "_tocsin_drills() {\n"
				  "\t\"$_tocsin_program\" drill show --lang en "
				  "${_tocsin_home:+\"--home=$_tocsin_home\"} 2>/dev/null |\n"
				  "\t\tgrep -oE '[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}'\n}\n";

/* The words typed so far, one call each, without the one under the cursor. */
static void add_taker(const struct command_table *t, struct buf *out)
{
	buf_add_text(out,
		"_tocsin_take() {\n"
		"\tif [ -n \"$_tocsin_option\" ]; then\n"
		"\t\t[ \"$_tocsin_option\" != --home ] || _tocsin_home=$1\n"
		"\t\t_tocsin_option=\n\t\treturn\n\tfi\n"
		"\tcase \"$_tocsin_noun $_tocsin_verb $1\" in\n\t*\" --home\"|*\" --lang\"");
	each_command(t, add_value_patterns, out);
	buf_add_text(out, ") _tocsin_option=$1; return ;;\n\t*\" --home=\"*) "
			  "_tocsin_home=${1#--home=}; return ;;\n\tesac\n"
			  "\tcase \"$1\" in -*) return ;; esac\n"
			  "\tif [ -z \"$_tocsin_noun\" ]; then\n\t\t_tocsin_noun=$1\n"
			  "\t\tcase \"$1\" in ");
	bool first = true;
	for (size_t i = 0; i < t->n_nouns; i++) {
		if (t->nouns[i].n_commands != 1 || t->nouns[i].commands[0]->verb != NULL)
			continue;
		buf_addf(out, "%s%s", first ? "" : "|", t->nouns[i].name);
		first = false;
	}
	buf_add_text(out, ") _tocsin_verb=- ;; esac\n"
			  "\telif [ -z \"$_tocsin_verb\" ]; then\n\t\t_tocsin_verb=$1\n"
			  "\telse\n\t\t_tocsin_n=$((_tocsin_n + 1))\n\tfi\n}\n");
}

/* What fits at the cursor; $1 is what of the word stands there. */
static void add_offer(const struct command_table *t, struct buf *out)
{
	buf_add_text(out, "_tocsin_offer() {\n"
			  "\tcase \"$_tocsin_option\" in\n"
			  "\t--home) _tocsin_folders; return ;;\n"
			  "\t--lang) _tocsin_words 'en zh'; return ;;\n"
			  "\t?*)\n\tcase \"$_tocsin_noun $_tocsin_verb $_tocsin_option\" in\n");
	each_command(t, add_option_values, out);
	buf_add_text(out, "\tesac\n\treturn ;;\n\tesac\n"
			  "\tif [ -z \"$_tocsin_noun\" ]; then\n\t\t_tocsin_words '");
	add_nouns(t, out);
	for (size_t i = 0; i < n_common_options; i++)
		buf_addf(out, " --%s", common_options[i].name);
	buf_add_text(out, "'\n\t\treturn\n\tfi\n\tif [ -z \"$_tocsin_verb\" ]; then\n"
			  "\t\tcase \"$_tocsin_noun\" in\n");
	for (size_t i = 0; i < t->n_nouns; i++) {
		buf_addf(out, "\t\t%s) _tocsin_words '", t->nouns[i].name);
		add_verbs(&t->nouns[i], out);
		buf_add_text(out, "' ;;\n");
	}
	buf_add_text(out, "\t\tesac\n\t\treturn\n\tfi\n"
			  "\tcase \"$1\" in -*) _tocsin_options; return ;; esac\n"
			  "\tcase \"$_tocsin_noun $_tocsin_verb $_tocsin_n\" in\n\t\"help - 0\") "
			  "_tocsin_words 'man completion ");
	add_nouns(t, out);
	buf_add_text(out, "' ;;\n");
	each_command(t, add_operands, out);
	buf_add_text(out, "\t*) _tocsin_options ;;\n\tesac\n}\n");
}

static void add_common_body(const struct command_table *t, struct buf *out)
{
	buf_add_text(out, common_head);
	buf_add_text(out, "_tocsin_options() {\n\tcase \"$_tocsin_noun $_tocsin_verb\" in\n");
	each_command(t, add_option_names, out);
	buf_add_text(out, "\tesac\n}\n");
	add_taker(t, out);
	add_offer(t, out);
}

static void bash_script(const struct command_table *t, struct buf *out)
{
	add_common_body(t, out);
	buf_add_text(out,
		"_tocsin_words() { mapfile -t COMPREPLY < <(compgen -W \"$1\" -- "
		"\"$_tocsin_cur\"); }\n"
		"_tocsin_folders() { compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < "
		"<(compgen -d -- \"$_tocsin_cur\"); }\n"
		"_tocsin_files() { compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < "
		"<(compgen -f -- \"$_tocsin_cur\"); }\n"
		"_tocsin() {\n"
		"\tlocal _tocsin_program=${COMP_WORDS[0]} _tocsin_noun= _tocsin_verb= _tocsin_n=0\n"
		"\tlocal _tocsin_option= _tocsin_home= _tocsin_cur=${COMP_WORDS[COMP_CWORD]} i\n"
		"\tCOMPREPLY=()\n"
		"\t# bash cuts words at '=': --guard=off arrives as three\n"
		"\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
		"\t\t[ \"${COMP_WORDS[i]}\" = = ] || _tocsin_take \"${COMP_WORDS[i]}\"\n"
		"\tdone\n"
		"\t[ \"$_tocsin_cur\" != = ] || _tocsin_cur=\n"
		"\t_tocsin_offer \"$_tocsin_cur\"\n}\n"
		"complete -F _tocsin tocsin\n");
}

static void zsh_script(const struct command_table *t, struct buf *out)
{
	buf_add_text(out, "#compdef tocsin\n");
	add_common_body(t, out);
	buf_add_text(out,
		"_tocsin_words() { compadd -- ${=1}; }\n"
		"_tocsin_folders() { _files -/; }\n"
		"_tocsin_files() { _files; }\n"
		"_tocsin() {\n"
		"\tlocal _tocsin_program=${words[1]} _tocsin_noun= _tocsin_verb= _tocsin_n=0\n"
		"\tlocal _tocsin_option= _tocsin_home= _tocsin_cur=${words[CURRENT]} i\n"
		"\tfor ((i = 2; i < CURRENT; i++)); do _tocsin_take \"${words[i]}\"; done\n"
		"\tcase $_tocsin_cur in\n"
		"\t--*=*)\n"
		"\t\t_tocsin_option=${_tocsin_cur%%=*}\n"
		"\t\tcompset -P '*='\n"
		"\t\t_tocsin_cur=${_tocsin_cur#*=} ;;\n"
		"\tesac\n"
		"\t_tocsin_offer \"$_tocsin_cur\"\n}\n"
		"if [[ $funcstack[1] = _tocsin ]]; then _tocsin \"$@\"; else compdef _tocsin "
		"tocsin; fi\n");
}

/* --- fish --- */

static void add_quoted(struct buf *out, const char *text)
{
	buf_add_char(out, '\'');
	for (const char *at = text; *at != '\0'; at++) {
		if (*at == '\'' || *at == '\\')
			buf_add_char(out, '\\');
		buf_add_char(out, *at);
	}
	buf_add_char(out, '\'');
}

static void add_fish_takers(const struct cli_command *c, struct buf *out)
{
	for (size_t i = 0; i < c->n_options; i++)
		if (c->options[i].value != NULL)
			buf_addf(out, " --%s", c->options[i].name);
}

static void add_fish_option(const struct cli_command *c, const struct option *o, struct buf *out)
{
	buf_add_text(out, "complete -c tocsin");
	if (c != NULL)
		buf_addf(out, " -n '__tocsin_begins %s%s%s'", c->noun, c->verb == NULL ? "" : " ",
			c->verb == NULL ? "" : c->verb);
	buf_addf(out, " -l %s", o->name);
	int value = o->value == NULL ? -1 : value_of(c == NULL ? "" : c->noun, o->value);
	if (o->choices != NULL) {
		buf_add_text(out, " -x -a '");
		add_choices(o, out);
		buf_add_char(out, '\'');
	} else if (c == NULL && strcmp(o->name, "lang") == 0) {
		buf_add_text(out, " -x -a 'en zh'");
	} else if (o->value != NULL) {
		buf_addf(out, " %s", value < 0 ? "-x" : values[value].fish);
	}
	buf_add_text(out, " -d ");
	add_quoted(out, _(o->help));
	buf_add_char(out, '\n');
}

static void add_fish_command(const struct cli_command *c, struct buf *out)
{
	if (c->verb != NULL) {
		buf_addf(out, "complete -c tocsin -n '__tocsin_is %s' -a %s -d ", c->noun, c->verb);
		add_quoted(out, _(c->summary));
		buf_add_char(out, '\n');
	}
	for (size_t i = 0; i < c->n_operands; i++) {
		int value = value_of(c->noun, c->operands[i].name);
		if (value < 0 || i > 0)
			continue;
		buf_addf(out, "complete -c tocsin -n '__tocsin_is %s%s%s' %s\n", c->noun,
			c->verb == NULL ? "" : " ", c->verb == NULL ? "" : c->verb,
			values[value].fish_operand);
	}
	for (size_t i = 0; i < c->n_options; i++)
		add_fish_option(c, &c->options[i], out);
}

static void fish_script(const struct command_table *t, struct buf *out)
{
	buf_add_text(out, "function __tocsin_tokens\n"
			  "\tset -l tokens (commandline -opc)\n\tset -l skip 0\n"
			  "\tset -e tokens[1]\n\tfor word in $tokens\n"
			  "\t\tif test $skip -eq 1\n\t\t\tset skip 0\n\t\t\tcontinue\n\t\tend\n"
			  "\t\tswitch $word\n\t\t\tcase --home --lang");
	each_command(t, add_fish_takers, out);
	buf_add_text(out,
		"\n\t\t\t\tset skip 1\n\t\t\tcase '-*'\n\t\t\tcase '*'\n\t\t\t\techo $word\n"
		"\t\tend\n\tend\nend\n"
		"function __tocsin_is\n\tset -l words (__tocsin_tokens)\n"
		"\ttest \"$words\" = \"$argv\"\nend\n"
		"function __tocsin_begins\n\tset -l words (__tocsin_tokens)\n"
		"\tset -l n (count $argv)\n\ttest (count $words) -ge $n; "
		"and test \"$words[1..$n]\" = \"$argv\"\nend\n"
		"function __tocsin_call\n\tset -l tokens (commandline -opc)\n"
		"\ttype -q $tokens[1]; or return\n"
		"\tset -l home\n\tset -l at (contains -i -- --home $tokens)\n"
		"\tand set home --home=$tokens[(math $at + 1)]\n"
		"\t$tokens[1] $argv --lang en $home 2>/dev/null\nend\n"
		"function __tocsin_scenarios\n\t__tocsin_call drill list | "
		"string replace -rf '^([a-z0-9][a-z0-9-]*)  +(.*)$' '$1\\t$2'\nend\n"
		"function __tocsin_drills\n\t__tocsin_call drill show | "
		"string match -r '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}'\nend\n"
		"complete -c tocsin -f\n");
	for (size_t i = 0; i < t->n_nouns; i++) {
		buf_addf(out, "complete -c tocsin -n '__tocsin_is' -a %s -d ", t->nouns[i].name);
		add_quoted(out, _(t->nouns[i].summary));
		buf_add_char(out, '\n');
	}
	buf_add_text(out, "complete -c tocsin -n '__tocsin_is help' -a 'man completion ");
	add_nouns(t, out);
	buf_add_text(out, "'\n");
	each_command(t, add_fish_command, out);
	for (size_t i = 0; i < n_common_options; i++)
		add_fish_option(NULL, &common_options[i], out);
}

enum status completion_script(
	const struct command_table *t, const char *shell, struct buf *out, struct error *e)
{
	static const struct {
		const char *name;
		void (*write)(const struct command_table *t, struct buf *out);
	} shells[] = { { "bash", bash_script }, { "zsh", zsh_script }, { "fish", fish_script } };
	for (size_t i = 0; i < COUNT_OF(shells); i++) {
		if (strcmp(shells[i].name, shell) != 0)
			continue;
		shells[i].write(t, out);
		return buf_check(out, "completion", e);
	}
	return error_set(e, E_USAGE, "no completion for '%s': bash, zsh and fish are known", shell);
}
