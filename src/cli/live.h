/*
 * What a person sees while a drill runs: a live view on a terminal, a line every ten seconds
 * otherwise; and the questions of the people steps.
 */
#ifndef CLI_LIVE_H
#define CLI_LIVE_H

#include "base/buf.h"
#include "cli/entry.h"
#include "cli/session.h"
#include "drill/drill.h"

struct live {
	const struct session *session;
	bool draws;	  /* the terminal can be drawn over */
	struct buf frame; /* what stands on the screen; empty: nothing of ours */
	int64_t drawn_ns; /* boot time of the last drawing, or of the last line */
	bool changed;	  /* to be drawn before its time */
	bool told;	  /* progress was told at least once */
	struct drill_progress now;
	char detection[256];	    /* now.detection points here */
	struct confine_locks locks; /* and now.locks here */
	enum drill_stage stage;	    /* that was told last */
	int64_t stage_began_ns;
	int64_t asked_ns;		/* boot time of the last asking */
	bool answered;			/* the question, and no other was asked since */
	struct drill_question question; /* asked last; step NULL: none so far */
	bool hears_alerts;		/* the channel "operator" was named without a file */
	struct entry entry;
};

/* `people`: ask the people steps on the terminal. Where standard input is a terminal, a line typed
 * there is an operator's alert, unless it answers a step. *out_watch refers to *l. */
void live_start(
	struct live *l, const struct session *s, bool people, struct drill_watch *out_watch);
/* Removes the live view from the screen. */
void live_end(struct live *l);

#endif
