/*
 * The report of a drill as a document, in the language of i18n_use.
 */
#ifndef RENDER_REPORT_H
#define RENDER_REPORT_H

#include "drill/drill.h"
#include "render/document.h"

enum status report_build(
	const struct drill_result *r, struct document *d, struct error *e) MUST_CHECK;

/* Its sections, in their order (report_sections.c). */
void section_safety(struct document *d, const struct drill_result *r);
void section_timeline(struct document *d, const struct drill_result *r);
void section_parts(struct document *d, const struct drill_result *r);
void section_counterfactual(struct document *d, const struct drill_result *r);
void section_restore(struct document *d, const struct drill_result *r);
void section_people(struct document *d, const struct drill_result *r);
void section_plan(struct document *d, const struct drill_result *r);
void section_previous(struct document *d, const struct drill_result *r);
void section_evidence(struct document *d, const struct drill_result *r);
void section_limits(struct document *d, const struct drill_result *r);
void section_about(struct document *d, const struct drill_result *r);

/* What the channels heard, at most twenty lines of it. */
void add_alerts(struct document *d, const struct drill_result *r);

enum tone tone_of_score(double score);
enum tone tone_of_rating(enum drill_rating rating);

#endif
