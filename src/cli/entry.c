/*
 * A line that is being typed. Switching is done by two bits (line by line, echo): they are put back
 * without remembering anything, also from a signal handler.
 */
#include "cli/entry.h"

#include <errno.h>
#include <poll.h>
#include <termios.h>
#include <unistd.h>

/* Touching the terminal from the background would stop the program. */
static bool in_foreground(void)
{
	return tcgetpgrp(STDIN_FILENO) == getpgrp();
}

static void switch_terminal(bool keys)
{
	struct termios t;
	if (!in_foreground() || tcgetattr(STDIN_FILENO, &t) != 0)
		return;
	tcflag_t wanted = keys ? t.c_lflag & ~(tcflag_t)(ICANON | ECHO)
			       : t.c_lflag | (tcflag_t)(ICANON | ECHO);
	if (t.c_lflag == wanted)
		return;
	t.c_lflag = wanted;
	t.c_cc[VMIN] = keys ? 1 : t.c_cc[VMIN];
	t.c_cc[VTIME] = keys ? 0 : t.c_cc[VTIME];
	(void)tcsetattr(STDIN_FILENO, TCSANOW, &t); /* then keys are echoed: no harm */
}

void entry_open(struct entry *n, bool keys)
{
	*n = (struct entry){ .keys = keys };
	if (keys)
		switch_terminal(true);
}

void entry_close(struct entry *n)
{
	if (n->keys)
		switch_terminal(false);
	n->keys = false;
}

void entry_restore_terminal(void)
{
	int before = errno;
	switch_terminal(false);
	errno = before;
}

/* By whole characters: the bytes after the first of one begin with the bits 10. */
static void rub_out(struct entry *n)
{
	while (n->len > 0 && ((unsigned char)n->text[--n->len] & 0xc0) == 0x80)
		continue;
}

static void rub_out_word(struct entry *n)
{
	while (n->len > 0 && n->text[n->len - 1] == ' ')
		n->len--;
	while (n->len > 0 && n->text[n->len - 1] != ' ')
		n->len--;
}

/* True where the byte belongs to a key that is no text (arrows and the like). */
static bool in_sequence(struct entry *n, unsigned char c)
{
	bool was_plain = n->state == ENTRY_PLAIN;
	if (c == 0x1b)
		n->state = ENTRY_ESCAPE;
	else if (n->state == ENTRY_ESCAPE)
		n->state = c == '[' || c == 'O' ? ENTRY_SEQUENCE : ENTRY_PLAIN;
	else if (n->state == ENTRY_SEQUENCE && c >= 0x40 && c <= 0x7e)
		n->state = ENTRY_PLAIN;
	return !was_plain || c == 0x1b;
}

static void take_key(struct entry *n, unsigned char c)
{
	enum { CTRL_H = 8, CTRL_U = 21, CTRL_W = 23, DELETE = 127 };
	if (n->keys && in_sequence(n, c))
		return;
	if (n->keys && (c == DELETE || c == CTRL_H))
		rub_out(n);
	else if (n->keys && c == CTRL_U)
		n->len = 0;
	else if (n->keys && c == CTRL_W)
		rub_out_word(n);
	else if ((c >= 0x20 || c == '\t') && c != DELETE && n->len + 1 < sizeof n->text)
		n->text[n->len++] = c == '\t' ? ' ' : (char)c;
}

/* A character that the ceiling cut in two. */
static void drop_torn_end(struct entry *n)
{
	size_t at = n->len;
	while (at > 0 && n->len - at < 4 && ((unsigned char)n->text[at - 1] & 0xc0) == 0x80)
		at--;
	if (at == 0)
		return;
	unsigned char first = (unsigned char)n->text[at - 1];
	size_t wanted = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1;
	if (n->len - (at - 1) < wanted)
		n->len = at - 1;
}

bool entry_poll(struct entry *n)
{
	struct pollfd wait = { .fd = STDIN_FILENO, .events = POLLIN };
	if (n->taken)
		n->len = 0;
	n->taken = false;
	if (isatty(STDIN_FILENO) == 1 && !in_foreground())
		return false;
	if (n->keys)
		switch_terminal(true); /* somebody may have switched back: a shell, after a pause */
	/* Whoever holds a key down or feeds a pipe without newlines does not hold up the run. */
	for (int i = 0; i < 4096 && !n->ended && poll(&wait, 1, 0) == 1; i++) {
		char c;
		ssize_t got = read(STDIN_FILENO, &c, 1);
		if (got < 0 && errno == EINTR)
			continue;
		n->ended = got != 1;
		bool whole = got == 1 && (c == '\n' || c == '\r');
		if (whole || (n->ended && n->len > 0)) {
			n->taken = true;
			drop_torn_end(n);
			break;
		}
		if (got == 1)
			take_key(n, (unsigned char)c);
	}
	n->text[n->len] = '\0';
	return n->taken;
}
