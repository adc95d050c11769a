/*
 * Help pages, manual pages and shell completion, all from the command rows.
 */
#ifndef CLI_HELP_H
#define CLI_HELP_H

#include "base/buf.h"
#include "cli/command.h"

void help_all(const struct command_table *t, struct buf *out);
void help_noun(const struct noun *n, struct buf *out);
void help_command(const struct cli_command *c, struct buf *out);
/* roff (man(7)); command NULL: the page of the whole program. */
void man_page(const struct command_table *t, const struct cli_command *c, struct buf *out);
/* "bash", "zsh" or "fish". */
enum status completion_script(const struct command_table *t, const char *shell, struct buf *out,
	struct error *e) MUST_CHECK;

#endif
