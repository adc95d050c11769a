/*
 * A command line into arguments, by the quoting rules of the POSIX shell (2.2) and none of its
 * other powers: nothing is expanded, and what only a shell could carry out is refused.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/fault.h"
#include "sys/command.h"

enum { LINE_BYTES_MAX = 64 * 1024 };

enum quoting { PLAIN, SINGLE, DOUBLE };

/* Where the splitter is. */
struct split {
	const char *at;
	char *out; /* next byte of the strings */
	char **argv;
	size_t n_args;
	bool in_word;
	enum quoting quoting;
};

static void begin_word(struct split *s)
{
	if (!s->in_word)
		s->argv[s->n_args++] = s->out;
	s->in_word = true;
}

static void end_word(struct split *s)
{
	if (s->in_word)
		*s->out++ = '\0';
	s->in_word = false;
}

static void keep(struct split *s, char c)
{
	begin_word(s);
	*s->out++ = c;
}

/* Within "…" a backslash is itself but before these (POSIX 2.2.3). */
static bool escapes_in_double(char c)
{
	return c != '\0' && strchr("\"\\$`", c) != NULL;
}

static enum status take_backslash(struct split *s, struct error *e)
{
	char next = s->at[1];
	if (next == '\0')
		return error_set(e, E_INVALID, "the command ends with a backslash");
	if (s->quoting == DOUBLE && !escapes_in_double(next)) {
		keep(s, '\\');
		return OK;
	}
	s->at++;
	keep(s, next);
	return OK;
}

static enum status take_plain(struct split *s, struct error *e)
{
	char c = *s->at;
	if (c == ' ' || c == '\t') {
		end_word(s);
		return OK;
	}
	if (c == '\n' || c == '\r' || strchr(";|&<>`$()", c) != NULL)
		return error_set(e, E_INVALID,
			"the command holds '%c' outside quotes: no shell runs it, so quote it or "
			"put "
			"the commands into a script",
			c == '\n' || c == '\r' ? ' ' : c);
	if (c == '\'' || c == '"') {
		begin_word(s);
		s->quoting = c == '"' ? DOUBLE : SINGLE;
		return OK;
	}
	if (c == '\\')
		return take_backslash(s, e);
	keep(s, c);
	return OK;
}

static enum status take_quoted(struct split *s, struct error *e)
{
	char c = *s->at;
	if (c == (s->quoting == SINGLE ? '\'' : '"'))
		s->quoting = PLAIN;
	else if (s->quoting == DOUBLE && c == '\\')
		return take_backslash(s, e);
	else
		keep(s, c);
	return OK;
}

enum status command_split(const char *line, char ***out_argv, struct error *e)
{
	size_t len = strnlen(line, LINE_BYTES_MAX + 1);
	if (len > LINE_BYTES_MAX)
		return error_set(
			e, E_TOO_BIG, "the command is longer than %d bytes", LINE_BYTES_MAX);
	/* A word takes a byte of the line at least and another parts it from the next; each string
	 * is as long as its part of the line, and its NUL stands for the blank behind it. */
	size_t n_pointers = len / 2 + 2;
	AUTO_FREE char **block =
		FAULT("command_split") ? NULL : malloc(n_pointers * sizeof(char *) + len + 1);
	if (block == NULL)
		return error_sys(e, E_NO_SPACE, ENOMEM, "split the command");
	struct split s = { .at = line, .argv = block };
	s.out = (char *)(block + n_pointers);
	for (; *s.at != '\0'; s.at++)
		TRY(s.quoting == PLAIN ? take_plain(&s, e) : take_quoted(&s, e));
	if (s.quoting != PLAIN)
		return error_set(e, E_INVALID, "a quote is not closed in the command");
	end_word(&s);
	if (s.n_args == 0 || block[0][0] == '\0')
		return error_set(e, E_INVALID, "the command names no program");
	block[s.n_args] = NULL;
	*out_argv = TAKE(block);
	return OK;
}
