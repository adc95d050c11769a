/*
 * What a person sees while a drill runs: a live view on a terminal, a line every ten seconds
 * otherwise; and the questions of the people steps.
 */
#ifndef CLI_LIVE_H
#define CLI_LIVE_H

#include "cli/session.h"
#include "drill/drill.h"

struct live {
	const struct session *session;
	int64_t drawn_ns;	/* boot time of the last drawing */
	enum drill_stage stage; /* of the last drawing */
	bool begun;
	unsigned n_lines;  /* on the screen, to be drawn over */
	const char *asked; /* id of the step that stands on the screen */
	char answer[512];
	size_t answer_len;
	bool hears_alerts; /* the channel "operator" was named without a file */
};

/* `people`: ask the people steps on the terminal. Where standard input is a terminal, a line typed
 * there is an operator's alert, unless it answers a step. *out_watch refers to *l. */
void live_start(
	struct live *l, const struct session *s, bool people, struct drill_watch *out_watch);
/* Removes the live view from the screen. */
void live_end(struct live *l);

#endif
