/*
 * Commands that are printed for a person to copy: with the program's path where the shell would not
 * find it, with the home where it is not the one taken by itself, and quoted for a shell.
 */
#ifndef CLI_HINT_H
#define CLI_HINT_H

#include "cli/session.h"

/* hint_command(s, "drill undo", id): "tocsin drill undo ID --home '/a b'". "" where memory is
 * short. */
const char *hint_command(const struct session *s, const char *verbs, const char *word);
/* As one word of a shell: as it is where nothing in it means anything to a shell. NULL where memory
 * is short. */
const char *hint_quoted(struct pool *p, const char *text);

#endif
