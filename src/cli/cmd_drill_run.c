/*
 * tocsin drill run: card, consent, run with a live view, reports, scorecard.
 */
#include "cli/cmd_drill.h"

#include <string.h>

#include "base/i18n.h"
#include "cli/arena.h"
#include "cli/hint.h"
#include "cli/live.h"
#include "cli/report.h"
#include "cli/signing.h"
#include "render/render.h"
#include "sys/file.h"

static enum status print_plan(
	const struct session *s, const struct drill_plan *plan, FILE *where, struct error *e)
{
	AUTO_BUF struct buf text;
	struct render_terminal t = { (size_t)s->width, false };
	buf_init(&text, RENDER_CEILING_BYTES);
	TRY(render_plan_terminal(plan, t, &text, e));
	buf_add_char(&text, '\n');
	TRY(render_card_text(plan, plan->id, t.width, &text, e));
	(void)fwrite(buf_text(&text), 1, text.len, where);
	return OK;
}

enum status drill_arena_of_args(
	struct session *s, const struct drill_args *args, const char **out, struct error *e)
{
	const struct drill_context context = drill_context_of(s);
	if (args->planted == NULL) {
		*out = args->arena;
		return OK;
	}
	if (args->arena != NULL)
		return error_set(e, E_USAGE,
			"--planted and --arena exclude each other: a planting has its place");
	return drill_planted_arena(&context, args->planted, s->pool, out, e);
}

static enum status consent(const struct session *s, const struct drill_args *args,
	const struct drill_plan *plan, struct error *e)
{
	if (!args->yes && !s->input_is_terminal)
		return error_set(e, E_USAGE,
			"a drill without a terminal needs --yes: nobody was asked, nothing was "
			"done");
	if (!s->quiet)
		TRY(print_plan(s, plan, stderr, e));
	if (args->yes)
		return OK;
	return session_confirm(
		_("Start this drill? It only touches decoys that it plants. Type 'yes':"), e);
}

static enum status print_result(struct session *s, const struct drill_result *r, struct error *e)
{
	if (s->json)
		return session_print_json(drill_answer_json(r), e);
	AUTO_BUF struct buf text;
	buf_init(&text, RENDER_CEILING_BYTES);
	struct render_terminal t = { (size_t)s->width, s->colour };
	TRY(render_scorecard_terminal(r, t, &text, e));
	return session_print(buf_view(&text), e);
}

/* A stopped or voided drill has a result all the same: printed, and told by the exit code. */
static enum status verdict_status(const struct drill_result *r)
{
	if (session_interrupted() && r->verdict != DRILL_VOIDED)
		return E_INTERRUPTED; /* contained or not: the people's steps were cut short */
	if (r->stopped.by != NULL && r->verdict != DRILL_VOIDED)
		return E_STOPPED; /* likewise */
	switch (r->verdict) {
	case DRILL_COMPLETED:
	case DRILL_CONTAINED:
		return OK;
	case DRILL_STOPPED:
		return E_STOPPED;
	case DRILL_VOIDED:
		return E_VOIDED;
	}
	return E_FAILED;
}

/* A drill is not run in vain: where its reports cannot go to the folder asked for, they go to the
 * drill's own. */
static enum status report_somewhere(struct session *s, const struct drill_request *request,
	struct drill_result *r, bool *out_astray, struct error *e)
{
	*out_astray = false;
	enum status status = report_write(s, report_folder(s, request, r), r, e);
	if (status == OK || request->out_folder == NULL)
		return status;
	struct drill_request own = *request;
	own.out_folder = NULL;
	const char *folder = report_folder(s, &own, r);
	(void)fprintf(stderr, "tocsin: %s\n", e->text);
	*e = ERROR_NONE;
	TRY(report_write(s, folder, r, e));
	*out_astray = true;
	return OK;
}

/* The drill has a result, kept and signed, and decoys to be undone: that must be told whatever
 * became of its reports (a full disk). */
void report_is_missing(struct session *s, struct drill_result *r, struct error *e)
{
	AUTO_BUF struct buf text;
	buf_init(&text, 16 * KIB);
	buf_addf(&text, _("tocsin: no reports: %s\n"), e->text);
	buf_addf(&text, _("The result is kept and signed in %s\n"), r->record);
	if (!r->undone)
		buf_addf(&text, _("Put everything back and remove the decoys: %s\n"),
			hint_command(s, "drill undo", r->id));
	(void)fputs(buf_text(&text), stderr);
	r->report = (struct drill_report_paths){ NULL, NULL, NULL, NULL };
	*e = ERROR_NONE;
}

enum status drill_run_and_report(struct session *s, const struct drill_request *request,
	struct drill_result *out, bool *out_astray, struct error *e)
{
	const struct drill_context context = drill_context_of(s);
	struct live live;
	struct drill_watch watch;
	live_start(&live, s, request->people_terminal, &watch);
	enum status status = drill_run(&context, request, &watch, s->pool, out, e);
	live_end(&live);
	TRY(status);
	if (report_somewhere(s, request, out, out_astray, e) != OK) {
		report_is_missing(s, out, e);
		*out_astray = true;
	} else if (drill_set_reports(&context, out->id, &out->report, e) != OK) {
		(void)fprintf(stderr, "tocsin: %s\n", e->text);
		*e = ERROR_NONE;
		*out_astray = true;
	}
	return OK;
}

enum status cmd_drill_run(struct session *s, const void *raw, struct error *e)
{
	const struct drill_args *args = raw;
	struct drill_request request;
	struct drill_plan plan;
	struct drill_result result;
	TRY(drill_args_check(args, e));
	drill_request_from(args, &request);
	/* Before the drill, which would be for nothing where its report has no place. */
	TRY(report_settle(s, &request, e));
	TRY(session_store(s, e));
	const struct drill_context context = drill_context_of(s);
	enum arena_ask how = args->yes || args->dry_run ? ARENA_TELL : ARENA_ASK;
	TRY(arena_settle(s, args, how, &request.arena, e));
	TRY(drill_plan(&context, &request, s->pool, &plan, e));
	TRY(report_outside(&request, plan.arena, e));
	if (args->dry_run)
		return s->json ? session_print_json(drill_plan_json(&plan), e)
			       : print_plan(s, &plan, stdout, e);
	TRY(signing_look(s, e)); /* before anything has happened */
	TRY(consent(s, args, &plan, e));
	request.arena = plan.arena;
	request.id = plan.id;
	bool astray = false;
	TRY(drill_run_and_report(s, &request, &result, &astray, e));
	TRY(print_result(s, &result, e));
	report_notify_finished(s, &result);
	s->told = true;
	enum status status = verdict_status(&result);
	return status == OK && astray ? E_PARTLY : status;
}
