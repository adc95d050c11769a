/*
 * A line that is being typed, gathered without waiting for it. On a terminal the keys come one by
 * one and unseen, so that the live view shows them where it is not drawn over; from a pipe, lines.
 * Not for passwords.
 */
#ifndef CLI_ENTRY_H
#define CLI_ENTRY_H

#include <stdbool.h>
#include <stddef.h>

enum { ENTRY_BYTES_MAX = 512 };

struct entry {
	char text[ENTRY_BYTES_MAX]; /* so far; the whole line once entry_poll has told so */
	size_t len;
	bool taken; /* text was given away: the next key begins a new line */
	bool keys;  /* the terminal gives keys */
	bool ended; /* nothing can come any more */
	enum { ENTRY_PLAIN, ENTRY_ESCAPE, ENTRY_SEQUENCE } state; /* within an arrow key's bytes */
};

/* `keys`: standard input is a terminal that may be switched to give keys. Interrupts stay. */
void entry_open(struct entry *n, bool keys);
/* Takes what there is. True: entry->text is a whole line, without its newline; what does not fit is
 * left out. Never waits, and never touches a terminal in whose background the program runs. */
bool entry_poll(struct entry *n);
/* As the terminal was, for whoever comes next. */
void entry_close(struct entry *n);
/* The same from a signal handler, where nothing is known of an entry. */
void entry_restore_terminal(void);

#endif
