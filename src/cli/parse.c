/*
 * The command line into a command's argument struct, by the rows alone.
 */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/i18n.h"
#include "base/near.h"
#include "base/pool.h"
#include "base/view.h"
#include "cli/command.h"

#define COMMON(member) offsetof(struct common_args, member)

const struct option common_options[] = {
	{ "home", OPTION_TEXT, COMMON(home), N_("DIR"),
		N_("State folder; otherwise TOCSIN_HOME, then /var/lib/tocsin (root) or the XDG "
		   "state folder."),
		NULL },
	{ "json", OPTION_FLAG, COMMON(json), NULL, N_("Print one JSON object on standard output."),
		NULL },
	{ "lang", OPTION_TEXT, COMMON(language), N_("LANG"),
		N_("Language of messages: en or zh; otherwise from the environment."), NULL },
	{ "quiet", OPTION_FLAG, COMMON(quiet), NULL, N_("No progress and no hints."), NULL },
	{ "no-color", OPTION_FLAG, COMMON(no_colour), NULL,
		N_("No colours; also when NO_COLOR is set or the output is no terminal."), NULL },
	{ "help", OPTION_FLAG, COMMON(help), NULL, N_("Show help for the command."), NULL },
	{ "version", OPTION_FLAG, COMMON(version), NULL, N_("Show the version."), NULL },
};
const size_t n_common_options = sizeof common_options / sizeof common_options[0];

const char *nearest_name(const char *word, const char *const *names, size_t n)
{
	const char *best = NULL;
	unsigned best_distance = 3;
	for (size_t i = 0; i < n; i++) {
		unsigned distance = near_distance(word, names[i]);
		if (distance < best_distance && 2 * distance <= strlen(names[i])) {
			best_distance = distance;
			best = names[i];
		}
	}
	return best;
}

static bool parse_duration(const char *text, int64_t *out_ns)
{
	static const struct {
		const char *unit;
		int64_t ns;
	} units[] = { { "", NS_PER_S }, { "ms", NS_PER_MS }, { "s", NS_PER_S },
		{ "m", 60 * NS_PER_S }, { "h", 3600 * NS_PER_S }, { "d", 86400 * NS_PER_S } };
	size_t digits = strspn(text, "0123456789");
	unsigned long long n;
	if (!view_to_u64((struct view){ text, digits }, &n) || n > INT64_MAX)
		return false;
	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
		if (strcmp(text + digits, units[i].unit) == 0)
			return !__builtin_mul_overflow((int64_t)n, units[i].ns, out_ns);
	}
	return false;
}

static bool parse_number(const char *text, double *out)
{
	if (strcmp(text, "unlimited") == 0) {
		*out = 0;
		return true;
	}
	char *end = NULL;
	if (text[0] == '\0' || strspn(text, "0123456789.") != strlen(text) || strlen(text) > 20)
		return false;
	*out = strtod(text, &end);
	/* 0 would read as "unlimited" further down, which nobody means who types it. */
	return *end == '\0' && *out > 0;
}

static bool parse_choice(const char *text, const char *const *choices, int *out)
{
	for (int i = 0; choices[i] != NULL; i++) {
		if (strcmp(text, choices[i]) == 0) {
			*out = i;
			return true;
		}
	}
	return false;
}

static bool append_to_list(struct text_list *list, const char *text, struct pool *p)
{
	const char **grown = pool_take(p, list->n + 1, sizeof *grown);
	if (grown == NULL)
		return false;
	if (list->n > 0)
		memcpy(grown, list->at, list->n * sizeof *grown);
	grown[list->n] = text;
	list->at = grown;
	list->n++;
	return true;
}

static bool store_value(const struct option *o, const char *text, char *base, struct pool *p)
{
	void *place = base + o->offset;
	unsigned long long n;
	switch (o->kind) {
	case OPTION_FLAG:
		*(bool *)place = true;
		return true;
	case OPTION_TEXT:
		*(const char **)place = text;
		return true;
	case OPTION_INT:
		if (!view_to_u64(view_of(text), &n) || n > INT64_MAX)
			return false;
		*(int64_t *)place = (int64_t)n;
		return true;
	case OPTION_NUMBER:
		return parse_number(text, place);
	case OPTION_DURATION:
		return parse_duration(text, place);
	case OPTION_TIME:
		return time_parse(view_of(text), place);
	case OPTION_CHOICE:
		return parse_choice(text, o->choices, place);
	case OPTION_LIST:
		return append_to_list(place, text, p);
	}
	abort();
}

/* A sentence for each kind, so that each can be translated as a whole. */
static enum status refuse_choice(const struct option *o, const char *value, struct error *e)
{
	AUTO_BUF struct buf known;
	buf_init(&known, 512);
	for (size_t i = 0; o->choices[i] != NULL; i++)
		buf_addf(&known, "%s%s", i == 0 ? "" : ", ", o->choices[i]);
	return error_set(
		e, E_USAGE, "option --%s: '%s' is none of %s", o->name, value, buf_text(&known));
}

static enum status refuse_value(const struct option *o, const char *value, struct error *e)
{
	switch (o->kind) {
	case OPTION_INT:
		return error_set(
			e, E_USAGE, "option --%s: '%s' is not a whole number", o->name, value);
	case OPTION_NUMBER:
		return error_set(e, E_USAGE,
			"option --%s: '%s' is neither a number above 0 nor 'unlimited'", o->name,
			value);
	case OPTION_DURATION:
		return error_set(e, E_USAGE,
			"option --%s: '%s' is not a duration such as 90s, 15m, 4h or 2d", o->name,
			value);
	case OPTION_TIME:
		return error_set(e, E_USAGE,
			"option --%s: '%s' is not a time such as 2026-11-24T08:00:00+08:00",
			o->name, value);
	case OPTION_CHOICE:
		return refuse_choice(o, value, e);
	case OPTION_FLAG:
	case OPTION_TEXT:
	case OPTION_LIST: /* take any text: nothing but memory can be short */
		break;
	}
	return error_set(e, E_NO_SPACE, "memory is short");
}

struct words {
	int argc;
	char **argv;
	int at;
};

static const struct option *find_option(const struct option *rows, size_t n, struct view name)
{
	for (size_t i = 0; i < n; i++) {
		if (view_is(name, rows[i].name))
			return &rows[i];
	}
	return NULL;
}

static enum status unknown_option(const struct cli_command *c, const char *word, struct error *e)
{
	const char *names[128];
	size_t n = 0;
	for (size_t i = 0; i < n_common_options; i++)
		names[n++] = common_options[i].name;
	for (size_t i = 0; c != NULL && i < c->n_options && n < COUNT_OF(names); i++)
		names[n++] = c->options[i].name;
	const char *near = nearest_name(word + 2, names, n);
	if (near == NULL)
		return error_set(e, E_USAGE, "unknown option '%s'", word);
	return error_set(e, E_USAGE, "unknown option '%s'; did you mean '--%s'?", word, near);
}

static enum status take_option(struct words *w, const struct cli_command *c, struct parsed *out,
	struct pool *p, struct error *e)
{
	const char *word = w->argv[w->at++];
	if (strcmp(word, "-h") == 0) {
		out->common.help = true;
		return OK;
	}
	struct view rest = view_of(word + 2);
	bool joined = strchr(rest.at, '=') != NULL;
	struct view name = view_cut(&rest, '=');
	char *base = out->args;
	const struct option *o =
		c == NULL || word[1] != '-' ? NULL : find_option(c->options, c->n_options, name);
	if (o == NULL && word[1] == '-') {
		o = find_option(common_options, n_common_options, name);
		base = (char *)&out->common;
	}
	if (o == NULL)
		return unknown_option(c, word, e);
	const char *value = rest.at;
	if (o->kind == OPTION_FLAG && joined)
		return error_set(e, E_USAGE, "option --%s takes no value", o->name);
	if (o->kind != OPTION_FLAG && !joined) {
		if (w->at >= w->argc)
			return error_set(e, E_USAGE, "option --%s needs a value", o->name);
		value = w->argv[w->at++];
		/* Most often the value was forgotten, and the next option would be swallowed. */
		if (strncmp(value, "--", 2) == 0)
			return error_set(e, E_USAGE,
				"option --%s needs a value; where '%s' is the value, write "
				"--%s=%s",
				o->name, value, o->name, value);
	}
	/* Most often a variable of a script that was not set. */
	if (o->kind != OPTION_FLAG && value[0] == '\0')
		return error_set(e, E_USAGE, "option --%s: the value is empty", o->name);
	if (!store_value(o, value, base, p))
		return refuse_value(o, value, e);
	return OK;
}

static enum status find_command(
	const struct command_table *t, struct words *w, struct parsed *out, struct error *e)
{
	const char *names[64];
	size_t n = 0;
	const char *word = w->argv[w->at++];
	for (size_t i = 0; i < t->n_nouns; i++) {
		names[n++] = t->nouns[i].name;
		if (strcmp(t->nouns[i].name, word) == 0)
			out->noun = &t->nouns[i];
	}
	const char *near = out->noun == NULL ? nearest_name(word, names, n) : NULL;
	if (near != NULL)
		return error_set(
			e, E_USAGE, "unknown command '%s'; did you mean '%s'?", word, near);
	if (out->noun == NULL)
		return error_set(
			e, E_USAGE, "unknown command '%s'; 'tocsin help' names all of them", word);
	if (out->noun->n_commands == 1 && out->noun->commands[0]->verb == NULL)
		out->command = out->noun->commands[0];
	return OK;
}

static enum status find_verb(struct words *w, struct parsed *out, struct error *e)
{
	const char *names[64];
	size_t n = 0;
	const char *word = w->argv[w->at++];
	for (size_t i = 0; i < out->noun->n_commands; i++) {
		const struct cli_command *c = out->noun->commands[i];
		names[n++] = c->verb;
		if (strcmp(c->verb, word) == 0)
			out->command = c;
	}
	if (out->command != NULL)
		return OK;
	const char *near = nearest_name(word, names, n);
	if (near == NULL)
		return error_set(e, E_USAGE,
			"'%s' has no command '%s'; 'tocsin %s' names all of them", out->noun->name,
			word, out->noun->name);
	return error_set(e, E_USAGE, "'%s' has no command '%s'; did you mean '%s'?",
		out->noun->name, word, near);
}

static enum status make_args(struct parsed *out, struct pool *p, struct error *e)
{
	const struct cli_command *c = out->command;
	out->args = pool_take(p, 1, c->args_size == 0 ? 1 : c->args_size);
	if (out->args == NULL)
		return error_set(e, E_NO_SPACE, "memory is short");
	if (c->defaults != NULL)
		memcpy(out->args, c->defaults, c->args_size);
	return OK;
}

static enum status take_operand(
	const char *word, size_t *n_taken, struct parsed *out, struct pool *p, struct error *e)
{
	const struct cli_command *c = out->command;
	if (word[0] == '\0' && c->n_operands > 0)
		return error_set(e, E_USAGE, "%s: the word is empty",
			_(c->operands[*n_taken < c->n_operands ? *n_taken : c->n_operands - 1]
					.name));
	if (c->n_operands > 0 && *n_taken >= c->n_operands - 1 &&
		strcmp(c->operands[c->n_operands - 1].name, "PATH…") == 0) {
		struct option as_list = { .kind = OPTION_LIST,
			.offset = c->operands[c->n_operands - 1].offset };
		(*n_taken)++;
		return store_value(&as_list, word, out->args, p)
			       ? OK
			       : error_set(e, E_NO_SPACE, "memory is short");
	}
	if (*n_taken >= c->n_operands)
		return error_set(e, E_USAGE, "unexpected word '%s'", word);
	*(const char **)((char *)out->args + c->operands[*n_taken].offset) = word;
	(*n_taken)++;
	return OK;
}

static enum status take_word(const struct command_table *t, struct words *w, size_t *n_operands,
	struct parsed *out, struct pool *p, struct error *e)
{
	if (out->noun == NULL)
		TRY(find_command(t, w, out, e));
	else if (out->command == NULL)
		TRY(find_verb(w, out, e));
	else
		return take_operand(w->argv[w->at++], n_operands, out, p, e);
	return out->command != NULL ? make_args(out, p, e) : OK;
}

enum status command_parse(const struct command_table *t, int argc, char **argv, struct pool *p,
	struct parsed *out, struct error *e)
{
	struct words w = { argc, argv, 1 };
	size_t n_operands = 0;
	bool only_words = false;
	*out = (struct parsed){ 0 };
	while (w.at < w.argc) {
		const char *word = w.argv[w.at];
		if (!only_words && strcmp(word, "--") == 0) {
			only_words = true;
			w.at++;
		} else if (!only_words && word[0] == '-' && word[1] != '\0') {
			TRY(take_option(&w, out->command, out, p, e));
		} else {
			TRY(take_word(t, &w, &n_operands, out, p, e));
		}
	}
	if (out->common.help || out->common.version || out->command == NULL)
		return OK;
	if (n_operands < out->command->n_operands && out->command->operands[n_operands].required)
		return error_set(
			e, E_USAGE, "%s is missing", _(out->command->operands[n_operands].name));
	return OK;
}
