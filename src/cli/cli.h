/*
 * The command line: the only thing that src/main knows of it.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include "cli/command.h"

/* Runs one call and returns the process's exit code. */
int cli_main(const struct command_table *t, int argc, char **argv);

/* The nouns that exist so far, for main's table. */
extern const struct noun cli_noun_drill;
extern const struct noun cli_noun_incident;
extern const struct noun cli_noun_warning;
extern const struct noun cli_noun_clock;
extern const struct noun cli_noun_outbox;
extern const struct noun cli_noun_evidence;
extern const struct noun cli_noun_demo;
extern const struct noun cli_noun_help;

#endif
