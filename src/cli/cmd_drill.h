/*
 * What the files of the drill's commands share.
 */
#ifndef CLI_CMD_DRILL_H
#define CLI_CMD_DRILL_H

#include "cli/drill_args.h"
#include "cli/session.h"
#include "drill/drill.h"

/* After session_store. */
struct drill_context drill_context_of(const struct session *s);
json_t *drill_plan_json(const struct drill_plan *plan);

/* Where the options say that the decoys lie: the place of an earlier planting, or the one named;
 * NULL where neither is. After session_store. */
enum status drill_arena_of_args(struct session *s, const struct drill_args *args, const char **out,
	struct error *e) MUST_CHECK;
/* request->out_folder as report_settle left it. *out_astray: the reports could not be written there
 * (told on standard error) and lie in the drill's own folder, or nowhere: out->report is empty
 * then. */
enum status drill_run_and_report(struct session *s, const struct drill_request *request,
	struct drill_result *out, bool *out_astray, struct error *e) MUST_CHECK;

/* Says on standard error why there are no reports, where the result is and how to undo; empties
 * r->report and *e. */
void report_is_missing(struct session *s, struct drill_result *r, struct error *e);

enum status cmd_drill_run(struct session *s, const void *args, struct error *e);
enum status cmd_drill_stop(struct session *s, const void *args, struct error *e);
enum status cmd_drill_undo(struct session *s, const void *args, struct error *e);
enum status cmd_drill_show(struct session *s, const void *args, struct error *e);

#endif
