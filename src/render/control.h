/*
 * A control run in words, and its report: how often ordinary work raised an alarm, and what that
 * means for the next drill. It has neither score nor grade.
 */
#ifndef RENDER_CONTROL_H
#define RENDER_CONTROL_H

#include "base/buf.h"
#include "drill/drill.h"
#include "render/document.h"

/* Alerts of all channels, lines that were only logged included. */
uint64_t control_alerts(const struct drill_result *r);
enum tone control_tone(const struct drill_result *r);
/* "Control run: alerts 3, false alarms 1. …" */
void sentence_control(const struct drill_result *r, struct buf *out);
/* What it means for the Detect part of the next drill. */
void sentence_control_meaning(const struct drill_result *r, struct buf *out);
/* The command that names a channel: to be shown where none was. */
const char *control_command(void);
/* Bounds of what a control run shows, one sentence each; NULL past the last. */
const char *sentence_control_limit(size_t i);

/* The face, the tiles and the sections that a control run alone has. */
void add_control_face(struct document *d, const struct drill_result *r);
void section_control(struct document *d, const struct drill_result *r);

#endif
