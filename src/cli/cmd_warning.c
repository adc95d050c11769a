/*
 * tocsin warning: early warnings, issued, adjusted and lifted by their issuer.
 */
#include <string.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "cli/cli.h"
#include "cli/incident_session.h"
#include "render/render.h"

struct warning_args {
	const char *id;
	const char *file;
	struct text_list set;
	const char *role;
	const char *reason;
	bool drill;
	bool all;
	bool dry_run;
};
#define AT(member) offsetof(struct warning_args, member)
static const struct option issue_options[] = {
	{ "file", OPTION_TEXT, AT(file), N_("FILE"),
		N_("Fields as a JSON file; '-' is standard input."), NULL },
	{ "set", OPTION_LIST, AT(set), N_("KEY=VALUE"),
		N_("One field: level, start, scope, harm, notes, measures, deadline, audience, "
		   "issuer. May be repeated."),
		NULL },
	{ "role", OPTION_TEXT, AT(role), N_("ROLE"),
		N_("Who issues: ministry (red, orange) or local_regulator (yellow, blue)."), NULL },
	{ "drill", OPTION_FLAG, AT(drill), NULL, N_("This is an exercise."), NULL },
	{ "dry-run", OPTION_FLAG, AT(dry_run), NULL,
		N_("Check all of it and say what would be done; store and send nothing."), NULL },
};
static const struct option adjust_options[] = {
	{ "file", OPTION_TEXT, AT(file), N_("FILE"),
		N_("Changed fields as a JSON file; '-' is standard input."), NULL },
	{ "set", OPTION_LIST, AT(set), N_("KEY=VALUE"), N_("One field. May be repeated."), NULL },
	{ "reason", OPTION_TEXT, AT(reason), N_("TEXT"), N_("Why."), NULL },
	{ "dry-run", OPTION_FLAG, AT(dry_run), NULL,
		N_("Check all of it and say what would be done; store and send nothing."), NULL },
};
static const struct option lift_options[] = {
	{ "reason", OPTION_TEXT, AT(reason), N_("TEXT"), N_("Why."), NULL },
	{ "dry-run", OPTION_FLAG, AT(dry_run), NULL,
		N_("Check all of it and say what would be done; store and send nothing."), NULL },
};
static const struct option list_options[] = {
	{ "all", OPTION_FLAG, AT(all), NULL, N_("Lifted ones too."), NULL },
};
static const struct operand id_operands[] = { { N_("WARNING"), AT(id), true,
	N_("The warning's number or id.") } };
#undef AT

static json_t *warning_json(const struct warning_row *w)
{
	return json_pack("{s:s,s:s,s:s,s:s,s:b,s:I,s:o,s:o,s:s,s:O}", "id", w->id.text, "number",
		w->number, "state", w->state == WARNING_LIFTED ? "lifted" : "in-force", "level",
		w->level, "drill", (int)w->drill, "version", (json_int_t)w->n_version, "issued_at",
		render_time_json(w->issued_ns), "changed_at", render_time_json(w->changed_ns),
		"reason", w->reason, "form", w->filled);
}

static enum status print_warnings(
	struct session *s, const struct warning_row *rows, size_t n, struct error *e)
{
	AUTO_BUF struct buf text;
	const struct render_terminal t = { (size_t)s->width, s->colour };
	buf_init(&text, RENDER_CEILING_BYTES);
	TRY(render_warnings_terminal(rows, n, t, &text, e));
	return session_print(buf_view(&text), e);
}

static enum status tell(struct session *s, const struct warning_row *w, struct error *e)
{
	incident_say_rehearsed(s);
	return s->json ? session_print_json(incident_answer(s, warning_json(w)), e)
		       : print_warnings(s, w, 1, e);
}

static enum status read_fields(const struct warning_args *a, json_t **out, struct error *e)
{
	AUTO_JSON json_t *fields = NULL;
	if (a->file != NULL)
		TRY(read_json_object(a->file, "form", &fields, e));
	else
		fields = json_object();
	if (fields == NULL)
		return error_set(e, E_NO_SPACE, "memory is short");
	TRY(read_assignments(&a->set, fields, e));
	*out = TAKE(fields);
	return OK;
}

static enum status cmd_issue(struct session *s, const void *raw, struct error *e)
{
	const struct warning_args *a = raw;
	AUTO_INCIDENT struct incident_session is = { .profiles = NULL };
	AUTO_JSON json_t *fields = NULL;
	struct field_faults faults = { .n = 0 };
	struct warning_row row;
	if (a->role == NULL)
		return error_set(e, E_USAGE, "say with --role who issues it");
	incident_rehearse(s, a->dry_run);
	TRY(read_fields(a, &fields, e));
	TRY(incident_session_open(s, &is, e));
	const struct warning_order order = { fields, a->role, a->drill };
	const enum status status = warning_issue(&is.context, &order, s->pool, &row, &faults, e);
	TRY(tell_faults(s, &faults, status, e));
	return tell(s, &row, e);
}

static enum status cmd_adjust(struct session *s, const void *raw, struct error *e)
{
	const struct warning_args *a = raw;
	AUTO_INCIDENT struct incident_session is = { .profiles = NULL };
	AUTO_JSON json_t *fields = NULL;
	struct field_faults faults = { .n = 0 };
	struct warning_row row;
	incident_rehearse(s, a->dry_run);
	TRY(session_has_home(s, e));
	TRY(read_fields(a, &fields, e));
	TRY(incident_session_open(s, &is, e));
	const struct warning_change change = { fields, a->reason };
	const enum status status =
		warning_adjust(&is.context, a->id, &change, s->pool, &row, &faults, e);
	TRY(tell_faults(s, &faults, status, e));
	return tell(s, &row, e);
}

static enum status cmd_lift(struct session *s, const void *raw, struct error *e)
{
	const struct warning_args *a = raw;
	AUTO_INCIDENT struct incident_session is = { .profiles = NULL };
	struct warning_row row;
	incident_rehearse(s, a->dry_run);
	TRY(session_has_home(s, e));
	TRY(incident_session_open(s, &is, e));
	TRY(warning_lift(&is.context, a->id, a->reason, s->pool, &row, e));
	return tell(s, &row, e);
}

static enum status cmd_list(struct session *s, const void *raw, struct error *e)
{
	const struct warning_args *a = raw;
	AUTO_INCIDENT struct incident_session is = { .profiles = NULL };
	struct warning_row *rows = NULL;
	size_t n = 0;
	s->reads = true;
	TRY(session_has_home(s, e));
	TRY(incident_session_open(s, &is, e));
	TRY(warning_list(&is.context, a->all, s->pool, &rows, &n, e));
	if (!s->json)
		return print_warnings(s, rows, n, e);
	json_t *list = json_array();
	for (size_t i = 0; i < n; i++)
		(void)json_array_append_new(list, warning_json(&rows[i]));
	return session_print_json(session_answer(s, json_pack("{s:o}", "warnings", list)), e);
}

static const struct cli_command issue_command = { "warning", "issue",
	N_("Issue an early warning: red, orange, yellow or blue."), NULL, issue_options,
	COUNT_OF(issue_options), NULL, 0, sizeof(struct warning_args), NULL, cmd_issue };
static const struct cli_command adjust_command = { "warning", "adjust",
	N_("Change a warning in force; every version is kept."), NULL, adjust_options,
	COUNT_OF(adjust_options), id_operands, COUNT_OF(id_operands), sizeof(struct warning_args),
	NULL, cmd_adjust };
static const struct cli_command lift_command = { "warning", "lift",
	N_("Lift a warning: the incident has become impossible or the risk is gone."), NULL,
	lift_options, COUNT_OF(lift_options), id_operands, COUNT_OF(id_operands),
	sizeof(struct warning_args), NULL, cmd_lift };
static const struct cli_command list_command = { "warning", "list",
	N_("Show the warnings in force."), NULL, list_options, COUNT_OF(list_options), NULL, 0,
	sizeof(struct warning_args), NULL, cmd_list };

static const struct cli_command *const commands[] = { &issue_command, &adjust_command,
	&lift_command, &list_command };
const struct noun cli_noun_warning = { "warning", N_("Early warnings"), commands,
	COUNT_OF(commands) };
