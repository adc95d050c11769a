/*
 * Running a program that the user named (backup, restore, webhook test): argument list, never a
 * shell; own process group; time limit; output captured under a ceiling. Its group is killed where
 * the caller dies; what leaves the group on purpose (setsid) is out of reach.
 */
#ifndef SYS_COMMAND_H
#define SYS_COMMAND_H

#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"

struct command {
	char *const *argv;  /* NULL-terminated; argv[0] is looked up in PATH */
	char *const *envp;  /* NULL: the caller's environment */
	const char *folder; /* working folder, NULL: unchanged */
	int64_t limit_ns;   /* 0: none. Over it: SIGTERM to the group, SIGKILL 5 s later */
	/* Called about every 100 ms while it runs; true ends the command early: SIGTERM to the
	 * group, SIGKILL half a second later. May be NULL. */
	bool (*tick)(void *context);
	void *context;
};

struct command_result {
	int exit_status; /* 128 + signal where a signal ended it */
	bool timed_out;
	bool ended_early; /* by tick */
	int64_t took_ns;
};

/* *output gets stdout and stderr in the order of arrival, cut at its ceiling (never failed).
 * E_ABSENT where the program does not exist. */
enum status command_run(const struct command *c, struct buf *output, struct command_result *out,
	struct error *e) MUST_CHECK;

/* Splits as a shell would, without a shell: blanks, '…', "…" and \. Any of ; | & < > ` $ ( )
 * outside quotes is E_INVALID: no such thing is ever interpreted. *out_argv and its strings are one
 * block: free(*out_argv). */
enum status command_split(const char *line, char ***out_argv, struct error *e) MUST_CHECK;

#endif
