/*
 * The drill's enums and rules in words for people, in the language of i18n_use. One place, so that
 * terminal, HTML and PDF say the same.
 */
#ifndef RENDER_WORDING_H
#define RENDER_WORDING_H

#include "base/buf.h"
#include "drill/drill.h"

const char *word_part(enum drill_part_id part);
const char *word_verdict(enum drill_verdict v);
const char *word_detect(enum drill_detect d);
const char *word_contain(enum drill_contain c);
const char *word_rating(enum drill_rating r);
/* "P", or "–" where not assessed. */
const char *letter_rating(enum drill_rating r);
const char *word_state(const char *state);	 /* of a drill_row */
const char *word_status(const char *status);	 /* of an improvement */
const char *word_kind(const char *kind);	 /* of scenarios, as a heading */
const char *word_verdict_name(const char *name); /* from its stable word */
/* A role of the plan; itself where it is a name that somebody typed; "–" where there is none. */
const char *word_role(const char *role);
/* A lock's stable name in words; itself where it is new. */
const char *word_lock(const char *name);

/* One or two sentences: what happened, facts only. */
void sentence_verdict(const struct drill_result *r, struct buf *out);
/* The bound of what the report proves, one sentence each; NULL past the last. */
const char *sentence_limit(size_t i);
/* Under the score: cap, void, coverage, next border, false and early alarms. Empty where nothing is
 * to say. */
void sentence_grade(const struct drill_result *r, struct buf *out);
/* What became of a channel: what it heard, or why it heard nothing. */
void sentence_channel(const struct drill_channel *c, struct buf *out);
/* False where its silence says nothing. */
bool channel_could_hear(const struct drill_channel *c);
/* Of a void run: that it is and why; and which file changed, "" where none is known. */
void sentence_void(const struct drill_result *r, struct buf *out);
void sentence_void_file(const struct drill_result *r, struct buf *out);
const char *sentence_void_reason(const struct drill_result *r);
/* By what a run was stopped; "" where it was not. */
const char *sentence_stopped_by(const struct drill_result *r);
/* Why the restore was not assessed, as a note beneath a figure and as a sentence; "" where it was.
 */
const char *word_restore_gap(enum drill_restore_gap gap);
const char *sentence_restore_gap(enum drill_restore_gap gap);
/* The witness's state is this stable word (drill_safety). */
bool is_witness(const struct drill_result *r, const char *state);
/* What a witness that was ended during the run still proves; "" where it was whole. */
const char *sentence_witness(const struct drill_result *r);
/* What the number of changes outside counts. */
const char *word_outside(const struct drill_result *r);
/* What of a file changed, from the witness's stable word; NULL where it is not known. */
const char *word_change(const char *what);

#endif
