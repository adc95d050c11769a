/*
 * Writes a drill's reports into a folder: HTML, JSON, PDF, Navigator layer.
 */
#ifndef CLI_REPORT_H
#define CLI_REPORT_H

#include "cli/session.h"
#include "drill/drill.h"

/* Before a drill: resolves request->out_folder (where there is one) and refuses it where somebody
 * else could write in it or exchange it: E_DENIED. Where root asks for a folder of another account,
 * that one is nobody else: the reports are written with its rights, and are its. */
enum status report_settle(
	const struct session *s, struct drill_request *request, struct error *e) MUST_CHECK;
/* E_INVALID where the settled folder lies in the arena of the plan. */
enum status report_outside(
	const struct drill_request *request, const char *arena, struct error *e) MUST_CHECK;
/* Makes `folder` where absent; as settled. A report that cannot be made (no Chinese font for the
 * PDF) is told in a sentence and left out; a disk that is full is an error. Fills r->report. */
enum status report_write(const struct session *s, const char *folder, struct drill_result *r,
	struct error *e) MUST_CHECK;
/* Where the reports of a run go: the folder asked for, or the drill's own in the home. NULL where
 * memory is short. */
const char *report_folder(
	const struct session *s, const struct drill_request *request, const struct drill_result *r);
void report_notify_finished(const struct session *s, const struct drill_result *r);

#endif
