/*
 * Writes a drill's reports into a folder: HTML, JSON, PDF, Navigator layer.
 */
#ifndef CLI_REPORT_H
#define CLI_REPORT_H

#include "cli/session.h"
#include "drill/drill.h"

/* Makes `folder` where absent. A report that cannot be made (no Chinese font for the PDF) is told
 * in a sentence and left out; a disk that is full is an error. Fills r->report. */
enum status report_write(const struct session *s, const char *folder, struct drill_result *r,
	struct error *e) MUST_CHECK;
/* Where the reports of a run go: the folder asked for, or the drill's own in the home. NULL where
 * memory is short. */
const char *report_folder(
	const struct session *s, const struct drill_request *request, const struct drill_result *r);
void report_notify_finished(const struct session *s, const struct drill_result *r);

#endif
