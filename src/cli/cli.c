/*
 * From argv to an exit code: parse, run the row, tell what went wrong.
 */
#include "cli/cli.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "base/pool.h"
#include "base/utf8.h"
#include "cli/exit.h"
#include "cli/help.h"
#include "cli/session.h"

/* The language must be known before the first sentence, also one about a wrong option. */
static const char *wanted_language(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--lang") == 0 && i + 1 < argc)
			return argv[i + 1];
		if (strncmp(argv[i], "--lang=", 7) == 0)
			return argv[i] + 7;
	}
	return NULL;
}

static bool wants_json(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--json") == 0)
			return true;
	}
	return false;
}

/* A sentence may quote a file or an argument: what would act on a terminal, or is no text, becomes
 * a question mark. */
static void clean(char *text)
{
	const size_t n = strlen(text);
	size_t to = 0;
	for (size_t at = 0; at < n;) {
		uint32_t rune = 0;
		const size_t len = utf8_character((const unsigned char *)text + at, n - at, &rune);
		const bool shown = len > 0 && (rune >= 0xa0 || (rune >= 0x20 && rune < 0x7f) ||
						      rune == '\n' || rune == '\t');
		if (shown)
			memmove(text + to, text + at, len);
		else
			text[to] = '?';
		to += shown ? len : 1;
		at += len > 0 ? len : 1;
	}
	text[to] = '\0';
}

static int tell(enum status status, struct error *e, bool json)
{
	clean(e->text);
	/* The reader of a pipe that has seen enough (head, a pager) need not hear of it. */
	if (ferror(stdout) != 0 && e->errno_value == EPIPE)
		return (int)exit_code_of(status);
	(void)fprintf(stderr, "tocsin: %s\n", e->text);
	if (json) {
		struct error ignored = ERROR_NONE;
		/* The exit code and standard error have told already. */
		(void)!session_print_json(json_pack("{s:{s:s,s:s}}", "error", "status",
						  status_name(status), "message", e->text),
			&ignored);
	}
	return (int)exit_code_of(status);
}

static enum status show_help(
	const struct command_table *t, const struct parsed *parsed, struct error *e)
{
	AUTO_BUF struct buf text;
	buf_init(&text, MIB);
	if (parsed->common.version)
		buf_addf(&text, "tocsin %s\n", TOCSIN_VERSION);
	else if (parsed->command != NULL)
		help_command(parsed->command, &text);
	else if (parsed->noun != NULL)
		help_noun(parsed->noun, &text);
	else
		help_all(t, &text);
	TRY(buf_check(&text, "help", e));
	return session_print(buf_view(&text), e);
}

static enum status run_parsed(
	const struct command_table *t, const struct parsed *parsed, bool *out_told, struct error *e)
{
	struct session s;
	session_settle_process();
	enum status status = session_open(&s, parsed->common.home, parsed->common.json, e);
	if (status != OK)
		return status;
	s.table = t;
	s.quiet = parsed->common.quiet;
	s.colour = s.colour && !parsed->common.no_colour;
	session_catch_signals();
	status = parsed->command->run(&s, parsed->args, e);
	if (status == E_STOPPED && session_interrupted())
		status = E_INTERRUPTED; /* by a signal, not on request */
	*out_told = s.told;
	session_close(&s);
	return status;
}

int cli_main(const struct command_table *t, int argc, char **argv)
{
	struct error e = ERROR_NONE;
	struct parsed parsed;
	const char *language = wanted_language(argc, argv);
	bool language_known = language == NULL || strncmp(language, "en", 2) == 0 ||
			      strncmp(language, "zh", 2) == 0;
	/* One that is not known is complained of in the user's own. */
	i18n_start(language_known ? language : NULL);
	AUTO(pool_free) struct pool *p = pool_new(MIB);
	enum status status = p == NULL ? error_set(&e, E_NO_SPACE, "memory is short")
				       : command_parse(t, argc, argv, p, &parsed, &e);
	if (status != OK) {
		if (p != NULL && parsed.command != NULL && parsed.command->unread != NULL)
			(void)fprintf(stderr, "%s\n", _(parsed.command->unread));
		return tell(status, &e, wants_json(argc, argv));
	}
	if (!language_known) {
		status = error_set(
			&e, E_USAGE, "option --lang: '%s' is neither en nor zh", language);
		return tell(status, &e, parsed.common.json);
	}
	bool help_wanted = parsed.common.help || parsed.common.version;
	bool told = false;
	if (help_wanted || parsed.command == NULL) {
		status = show_help(t, &parsed, &e);
		if (status == OK && !help_wanted && parsed.noun != NULL)
			return (int)EXIT_USAGE;
	} else {
		status = run_parsed(t, &parsed, &told, &e);
	}
	if (status == OK || told)
		return (int)exit_code_of(status);
	return tell(status, &e, parsed.common.json);
}
