/*
 * tocsin warning: early warnings, issued, adjusted and lifted by their issuer, and their papers.
 */
#include <string.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "cli/cli.h"
#include "cli/cmd_incident.h"
#include "render/render.h"

struct paper_args {
	const char *pdf;
	const char *html;
	const char *tlp;
};
struct warning_args {
	const char *id;
	const char *file;
	struct text_list set;
	const char *role;
	const char *reason;
	struct paper_args paper;
	int64_t n_version;
	bool drill;
	bool all;
	bool dry_run;
};
#define AT(member) offsetof(struct warning_args, member)
#define PAPER_OPTIONS                                                                              \
	{ "pdf", OPTION_TEXT, AT(paper.pdf), N_("FILE"),                                           \
		N_("Write the ministry's form as a PDF too."), NULL },                             \
		{ "html", OPTION_TEXT, AT(paper.html), N_("FILE"),                                 \
			N_("Write the ministry's form as HTML too."), NULL },                      \
	{                                                                                          \
		"tlp", OPTION_TEXT, AT(paper.tlp), N_("LABEL"),                                    \
			N_("The label on the form: RED, AMBER+STRICT, AMBER, GREEN, CLEAR "        \
			   "(AMBER)."),                                                            \
			NULL                                                                       \
	}
#define REHEARSAL_OPTION                                                                           \
	{                                                                                          \
		"dry-run", OPTION_FLAG, AT(dry_run), NULL,                                         \
			N_("Check all of it and say what would be done; store and send nothing."), \
			NULL                                                                       \
	}
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
	PAPER_OPTIONS,
	REHEARSAL_OPTION,
};
static const struct option adjust_options[] = {
	{ "file", OPTION_TEXT, AT(file), N_("FILE"),
		N_("Changed fields as a JSON file; '-' is standard input."), NULL },
	{ "set", OPTION_LIST, AT(set), N_("KEY=VALUE"), N_("One field. May be repeated."), NULL },
	{ "reason", OPTION_TEXT, AT(reason), N_("TEXT"), N_("Why."), NULL },
	PAPER_OPTIONS,
	REHEARSAL_OPTION,
};
static const struct option lift_options[] = {
	{ "reason", OPTION_TEXT, AT(reason), N_("TEXT"), N_("Why."), NULL },
	PAPER_OPTIONS,
	REHEARSAL_OPTION,
};
static const struct option show_options[] = {
	{ "version", OPTION_INT, AT(n_version), N_("N"),
		N_("That version instead of the present one."), NULL },
	PAPER_OPTIONS,
};
static const struct option list_options[] = {
	{ "all", OPTION_FLAG, AT(all), NULL, N_("Lifted ones too."), NULL },
};
#define WARNING_HELP N_("The warning's number or id, or latest.")
static const struct operand id_operands[] = { { N_("WARNING"), AT(id), true, WARNING_HELP } };
static const struct operand show_operands[] = { { N_("WARNING"), AT(id), false,
	N_("The warning's number or id; without it, the latest.") } };
#undef AT

/* --- telling ---------------------------------------------------------------------------------- */

static json_t *warning_json(const struct warning_row *w)
{
	return json_pack("{s:s,s:s,s:s,s:s,s:b,s:s,s:I,s:s,s:s,s:o,s:o,s:s,s:s,s:O}", "id",
		w->id.text, "number", w->number, "state",
		w->state == WARNING_LIFTED ? "lifted" : "in-force", "level", w->level, "drill",
		(int)w->drill, "issuer_role", w->issuer_role, "version", (json_int_t)w->n_version,
		"change", w->change, "by", w->by, "issued_at", render_time_json(w->issued_ns),
		"changed_at", render_time_json(w->changed_ns), "reason", w->reason, "sha256",
		w->sha256, "form", w->filled);
}

static enum status changes_json(
	const struct warning_view *w, size_t k, struct pool *p, json_t **out, struct error *e)
{
	struct form_change *rows = NULL;
	size_t n = 0;
	AUTO_JSON json_t *list = json_array();
	if (k > 0)
		TRY(form_difference(w->form, w->versions[k - 1].filled, w->versions[k].filled, p,
			&rows, &n, e));
	for (size_t i = 0; i < n; i++)
		if (json_array_append_new(
			    list, json_pack("{s:s,s:s?,s:s?}", "field", rows[i].field->key,
					  "before", rows[i].before, "after", rows[i].after)) != 0)
			return error_set(e, E_NO_SPACE, "memory is short");
	*out = TAKE(list);
	return OK;
}

/* Each version with its signed form: that is what an auditor checks. */
static enum status versions_json(
	const struct warning_view *w, struct pool *p, json_t **out, struct error *e)
{
	AUTO_JSON json_t *list = json_array();
	for (size_t i = 0; i < w->n_versions; i++) {
		const struct warning_row *v = &w->versions[i];
		json_t *changes = NULL;
		TRY(changes_json(w, i, p, &changes, e));
		if (json_array_append_new(
			    list, json_pack("{s:I,s:s,s:o,s:s,s:s,s:s,s:s,s:o,s:O}", "version",
					  (json_int_t)v->n_version, "change", v->change, "at",
					  render_time_json(v->changed_ns), "by", v->by, "reason",
					  v->reason, "level", v->level, "sha256", v->sha256,
					  "changes", changes, "envelope", v->signed_form)) != 0)
			return error_set(e, E_NO_SPACE, "memory is short");
	}
	*out = TAKE(list);
	return OK;
}

/* Checked before anything is stored. */
static enum status check_paper(const struct paper_args *a, struct error *e)
{
	if (a->tlp != NULL && !render_tlp_known(a->tlp))
		return error_set(e, E_INVALID,
			"TLP: '%.40s' is none of RED, AMBER+STRICT, AMBER, GREEN, CLEAR", a->tlp);
	return OK;
}

static enum status write_papers(
	const struct paper_args *a, const struct warning_view *w, struct error *e)
{
	AUTO_BUF struct buf bytes;
	buf_init(&bytes, RENDER_CEILING_BYTES);
	if (a->pdf != NULL) {
		TRY(render_warning_pdf(w, &bytes, e));
		TRY(write_output(a->pdf, buf_view(&bytes), e));
		buf_reset(&bytes);
	}
	if (a->html != NULL) {
		TRY(render_warning_html(w, &bytes, e));
		TRY(write_output(a->html, buf_view(&bytes), e));
	}
	return OK;
}

static enum status view_of_warning(struct session *s, const struct incident_session *is,
	const struct warning_args *a, const char *id, struct warning_view *out, struct error *e)
{
	struct warning_row *rows = NULL;
	size_t n = 0;
	TRY(warning_history(&is->context, id, s->pool, &rows, &n, e));
	TRY(form_find(is->forms, WARNING_FORM, &out->form, e));
	out->versions = rows;
	out->n_versions = n;
	out->shown = n - 1;
	out->tlp = a->paper.tlp == NULL ? "AMBER" : a->paper.tlp;
	out->draft = s->rehearsal;
	return OK;
}

static enum status print_view(struct session *s, const struct warning_view *w, struct error *e)
{
	AUTO_BUF struct buf text;
	const struct render_terminal t = { (size_t)s->width, s->colour };
	buf_init(&text, RENDER_CEILING_BYTES);
	TRY(render_warning_terminal(w, t, &text, e));
	return session_print(buf_view(&text), e);
}

/* What was done. It is done by now: a paper that cannot be written does not undo it. */
static enum status tell(struct session *s, const struct incident_session *is,
	const struct warning_args *a, const struct warning_row *row, struct error *e)
{
	struct warning_view view;
	struct error lost = ERROR_NONE;
	TRY(view_of_warning(s, is, a, row->id.text, &view, e));
	const bool written = write_papers(&a->paper, &view, &lost) == OK;
	incident_say_rehearsed(s);
	if (s->json) {
		json_t *answer = incident_answer(s, warning_json(row));
		(void)json_object_set_new(answer, "document_trouble", json_string(lost.text));
		TRY(session_print_json(answer, e));
	} else {
		TRY(print_view(s, &view, e));
	}
	if (written)
		return OK;
	s->told = s->json;
	return error_set(e, E_PARTLY,
		"the warning is kept, but the document was not written: %.500s", lost.text);
}

/* --- doing ------------------------------------------------------------------------------------ */

static enum status read_fields(const struct warning_args *a, json_t **out, struct error *e)
{
	AUTO_JSON json_t *fields = NULL;
	if (a->file != NULL)
		TRY(read_json_object(a->file, "form", &fields, e));
	else
		fields = json_object();
	if (fields == NULL)
		return error_set(e, E_NO_SPACE, "memory is short");
	TRY(read_form_values(&a->set, fields, e));
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
	TRY(check_paper(&a->paper, e));
	incident_rehearse(s, a->dry_run);
	TRY(read_fields(a, &fields, e));
	TRY(incident_session_open(s, &is, e));
	const struct warning_order order = { fields, a->role, a->drill };
	const enum status status = warning_issue(&is.context, &order, s->pool, &row, &faults, e);
	TRY(tell_faults(s, &faults, status, e));
	return tell(s, &is, a, &row, e);
}

static enum status cmd_adjust(struct session *s, const void *raw, struct error *e)
{
	const struct warning_args *a = raw;
	AUTO_INCIDENT struct incident_session is = { .profiles = NULL };
	AUTO_JSON json_t *fields = NULL;
	struct field_faults faults = { .n = 0 };
	struct warning_row row;
	TRY(check_paper(&a->paper, e));
	incident_rehearse(s, a->dry_run);
	TRY(session_has_home(s, e));
	TRY(read_fields(a, &fields, e));
	TRY(incident_session_open(s, &is, e));
	const struct warning_change change = { fields, a->reason };
	const enum status status =
		warning_adjust(&is.context, a->id, &change, s->pool, &row, &faults, e);
	TRY(tell_faults(s, &faults, status, e));
	return tell(s, &is, a, &row, e);
}

static enum status cmd_lift(struct session *s, const void *raw, struct error *e)
{
	const struct warning_args *a = raw;
	AUTO_INCIDENT struct incident_session is = { .profiles = NULL };
	struct warning_row row;
	TRY(check_paper(&a->paper, e));
	incident_rehearse(s, a->dry_run);
	TRY(session_has_home(s, e));
	TRY(incident_session_open(s, &is, e));
	TRY(warning_lift(&is.context, a->id, a->reason, s->pool, &row, e));
	return tell(s, &is, a, &row, e);
}

static enum status print_shown(struct session *s, const struct warning_view *w, struct error *e)
{
	json_t *versions = NULL;
	if (!s->json)
		return print_view(s, w, e);
	TRY(versions_json(w, s->pool, &versions, e));
	json_t *answer = warning_json(&w->versions[w->shown]);
	(void)json_object_set_new(answer, "versions", versions);
	return session_print_json(session_answer(s, answer), e);
}

static enum status cmd_show(struct session *s, const void *raw, struct error *e)
{
	const struct warning_args *a = raw;
	AUTO_INCIDENT struct incident_session is = { .profiles = NULL };
	struct warning_view view;
	s->reads = true;
	TRY(check_paper(&a->paper, e));
	TRY(session_has_home(s, e));
	TRY(incident_session_open(s, &is, e));
	TRY(view_of_warning(s, &is, a, a->id, &view, e));
	if (a->n_version > (int64_t)view.n_versions)
		return error_set(e, E_ABSENT, "warning %s has no version %lld: it has %zu",
			view.versions[0].number, (long long)a->n_version, view.n_versions);
	if (a->n_version > 0)
		view.shown = (size_t)a->n_version - 1;
	TRY(write_papers(&a->paper, &view, e));
	return print_shown(s, &view, e);
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
	if (!s->json) {
		AUTO_BUF struct buf text;
		const struct render_terminal t = { (size_t)s->width, s->colour };
		buf_init(&text, RENDER_CEILING_BYTES);
		TRY(render_warnings_terminal(rows, n, t, &text, e));
		return session_print(buf_view(&text), e);
	}
	json_t *list = json_array();
	for (size_t i = 0; i < n; i++)
		(void)json_array_append_new(list, warning_json(&rows[i]));
	return session_print_json(session_answer(s, json_pack("{s:o}", "warnings", list)), e);
}

static const struct cli_command issue_command = { "warning", "issue",
	N_("Issue an early warning: red, orange, yellow or blue."), NULL, issue_options,
	COUNT_OF(issue_options), NULL, 0, sizeof(struct warning_args), NULL, cmd_issue, NULL };
static const struct cli_command adjust_command = { "warning", "adjust",
	N_("Change a warning in force; every version is kept."), NULL, adjust_options,
	COUNT_OF(adjust_options), id_operands, COUNT_OF(id_operands), sizeof(struct warning_args),
	NULL, cmd_adjust, NULL };
static const struct cli_command lift_command = { "warning", "lift",
	N_("Lift a warning: the incident has become impossible or the risk is gone."), NULL,
	lift_options, COUNT_OF(lift_options), id_operands, COUNT_OF(id_operands),
	sizeof(struct warning_args), NULL, cmd_lift, NULL };
static const struct cli_command show_command = { "warning", "show",
	N_("Show a warning field by field, with all its versions and what each changed."),
	N_("--pdf and --html write it as the ministry's early-warning form, of any version. With "
	   "--json each version holds its signed envelope."),
	show_options, COUNT_OF(show_options), show_operands, COUNT_OF(show_operands),
	sizeof(struct warning_args), NULL, cmd_show, NULL };
static const struct cli_command list_command = { "warning", "list",
	N_("Show the warnings in force."), NULL, list_options, COUNT_OF(list_options), NULL, 0,
	sizeof(struct warning_args), NULL, cmd_list, NULL };

static const struct cli_command *const commands[] = { &issue_command, &adjust_command,
	&lift_command, &show_command, &list_command };
const struct noun cli_noun_warning = { "warning", N_("Early warnings"), commands,
	COUNT_OF(commands) };
