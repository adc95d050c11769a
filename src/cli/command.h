/*
 * Commands are rows. A row carries its options, its help and its function; the parser, the help
 * pages, the manual pages and the shell completion are all made from the same rows.
 */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct session;

enum option_kind {
	OPTION_FLAG,	 /* bool, set to true */
	OPTION_TEXT,	 /* const char * */
	OPTION_INT,	 /* int64_t, not negative */
	OPTION_NUMBER,	 /* double, above 0; the word "unlimited" is 0 */
	OPTION_DURATION, /* int64_t ns: 90s, 15m, 4h, 2d; a bare number is seconds */
	OPTION_TIME,	 /* int64_t wall ns: RFC 3339 */
	OPTION_CHOICE,	 /* int: index into `choices` */
	OPTION_LIST	 /* struct text_list, may be repeated */
};

struct text_list {
	const char **at;
	size_t n;
};

struct option {
	const char *name; /* without dashes */
	enum option_kind kind;
	size_t offset;		    /* in the command's argument struct */
	const char *value;	    /* N_("DIR"); NULL for flags */
	const char *help;	    /* N_(whole sentence) */
	const char *const *choices; /* OPTION_CHOICE: NULL-terminated */
};

/* A word without dashes, in order. */
struct operand {
	const char *name; /* N_("SCENARIO") */
	size_t offset;	  /* const char * */
	bool required;
	const char *help;
};

struct cli_command {
	const char *noun;	 /* "drill" */
	const char *verb;	 /* "run"; NULL where the noun stands alone ("demo") */
	const char *summary;	 /* N_(one line) */
	const char *description; /* N_(a paragraph or more), NULL */
	const struct option *options;
	size_t n_options;
	const struct operand *operands;
	size_t n_operands;
	size_t args_size;     /* of the argument struct */
	const void *defaults; /* same size; NULL: zeros */
	/* Prints its data on stdout, messages on stderr. A failure is returned and told by the
	 * caller. */
	enum status (*run)(struct session *s, const void *args, struct error *e);
	/* N_(sentence): said before the reason where the words could not be read, by a command
	 * whose caller might believe that something was done. NULL: nothing. */
	const char *unread;
};

/* A group heads the help: "drill — …". */
struct noun {
	const char *name;
	const char *summary;
	const struct cli_command *const *commands;
	size_t n_commands;
};

struct command_table {
	const struct noun *nouns;
	size_t n_nouns;
};

/* Options that every command has; they may stand before the noun too. */
struct common_args {
	const char *home;
	const char *language;
	bool json;
	bool quiet;
	bool no_colour;
	bool help;
	bool version;
};
extern const struct option common_options[];
extern const size_t n_common_options;

struct parsed {
	const struct noun *noun;	   /* NULL: none was named */
	const struct cli_command *command; /* NULL: help of the noun, or of all */
	void *args;			   /* of the command, in memory of `p` */
	struct common_args common;
};

struct pool;
/* E_USAGE with a sentence that names the word and, where near, the one that was meant. */
enum status command_parse(const struct command_table *t, int argc, char **argv, struct pool *p,
	struct parsed *out, struct error *e) MUST_CHECK;
/* The one nearest to `word` of n names, NULL where none is near (edit distance at most 2). */
const char *nearest_name(const char *word, const char *const *names, size_t n);

#endif
