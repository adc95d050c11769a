/*
 * tocsin incident report, export, status: what is written, what is handed on, what is known.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "cli/cmd_incident.h"
#include "cli/incident_copies.h"
#include "cli/incident_delivery.h"
#include "cli/proof.h"
#include "render/render.h"
#include "sys/file.h"

enum status write_output(const char *path, struct view content, struct error *e)
{
	if (path == NULL || strcmp(path, "-") == 0)
		return session_print(content, e);
	const char *slash = strrchr(path, '/');
	AUTO_FD int folder = -1;
	AUTO_FREE char *parent =
		slash == NULL ? strdup(".")
			      : strndup(path, slash == path ? 1 : (size_t)(slash - path));
	if (parent == NULL)
		return error_set(e, E_NO_SPACE, "memory is short");
	TRY(file_open_folder(parent, &folder, e));
	return file_replace(folder, slash == NULL ? path : slash + 1, content, 0600, e);
}

/* --- report ----------------------------------------------------------------------------------- */

static enum status read_changes(const struct report_args *a, json_t **out, struct error *e)
{
	AUTO_JSON json_t *changes = NULL;
	if (a->file != NULL)
		TRY(read_json_object(a->file, "form", &changes, e));
	else
		changes = json_object();
	if (changes == NULL)
		return error_set(e, E_NO_SPACE, "memory is short");
	TRY(read_form_values(&a->set, changes, e));
	*out = TAKE(changes);
	return OK;
}

static struct document_head head_of(const struct incident *i, const struct submission_row *row,
	const struct profile_set *profiles)
{
	const struct profile *p = NULL;
	const struct rule_word *stage = profile_word(profiles, RULE_STAGES, row->stage);
	struct error absent = ERROR_NONE;
	const bool known = profile_find(profiles, row->profile, &p, &absent) == OK;
	const struct bilingual profile_key = { row->profile, row->profile };
	const struct bilingual stage_key = { row->stage, row->stage };
	return (struct document_head){ .number = i->number,
		.profile = known ? p->name : profile_key,
		.stage = stage == NULL ? stage_key : stage->name,
		.what_changed = row->what_changed,
		.at_ns = row->at_ns,
		.utc_offset_minutes = known ? p->utc_offset_minutes : 0,
		.envelope = row->draft ? "" : row->id.text,
		.sha256 = row->sha256,
		.tlp = i->tlp,
		.drill = i->drill };
}

static enum status write_documents(const struct report_args *a, const struct form *f,
	json_t *filled, const struct document_head *h, struct error *e)
{
	AUTO_BUF struct buf bytes;
	buf_init(&bytes, RENDER_CEILING_BYTES);
	if (a->pdf != NULL) {
		TRY(render_form_pdf(f, filled, h, &bytes, e));
		TRY(write_output(a->pdf, buf_view(&bytes), e));
		buf_reset(&bytes);
	}
	if (a->html != NULL) {
		TRY(render_form_html(f, filled, h, &bytes, e));
		TRY(write_output(a->html, buf_view(&bytes), e));
	}
	return OK;
}

static enum status show_form(
	struct session *s, const struct form *f, json_t *filled, struct error *e)
{
	if (s->json)
		return session_print_json(json_incref(filled), e);
	AUTO_BUF struct buf text;
	const struct render_terminal t = { (size_t)s->width, s->colour };
	buf_init(&text, RENDER_CEILING_BYTES);
	TRY(render_form_terminal(f, filled, t, &text, e));
	return session_print(buf_view(&text), e);
}

static enum status show_only(struct session *s, struct incident_session *is,
	const struct report_args *a, const struct stage_submission *what, struct error *e)
{
	const struct form *form = NULL;
	json_t *filled = NULL;
	struct incident i;
	TRY(incident_form(&is->context, a->id, what, s->pool, &form, &filled, e));
	TRY(incident_read(&is->context, a->id, s->pool, &i, e));
	const struct submission_row draft = { .profile = what->profile,
		.stage = what->stage,
		.what_changed = what->what_changed == NULL ? "" : what->what_changed,
		.at_ns = clock_wall_ns(NULL) };
	const struct document_head head = head_of(&i, &draft, is->profiles);
	TRY(write_documents(a, form, filled, &head, e));
	return show_form(s, form, filled, e);
}

static json_t *submission_json(const struct submission_row *row)
{
	return json_pack("{s:s,s:I,s:s,s:s,s:s,s:o,s:s,s:b,s:b,s:s,s:s,s:o}", "id", row->id.text,
		"revision", (json_int_t)row->n, "profile", row->profile, "stage", row->stage,
		"form", row->form, "at", render_time_json(row->at_ns), "what_changed",
		row->what_changed, "draft", (int)row->draft, "drill", (int)row->drill, "delivery",
		outbox_state_name(row->delivery), "received_by", row->received_by, "received_at",
		render_time_json(row->received_ns));
}

static const struct submission_row *sent_row(const struct incident *i, const struct id *id)
{
	for (size_t k = 0; k < i->n_submissions; k++)
		if (strcmp(i->submissions[k].id.text, id->text) == 0)
			return &i->submissions[k];
	return NULL;
}

/* What became of it. Handing in is done by now: a failure from here on is no reason to do it again.
 */
struct handed {
	const struct submission_row *row;
	const char *trouble; /* of sending */
	struct error paper;  /* of writing the documents */
};

static enum status tell_submission(struct session *s, const struct incident_session *is,
	const struct incident *i, const struct handed *h, struct error *e)
{
	const struct submission_row *row = h->row;
	const struct delivery d = delivery_of_submission(i, row);
	if (s->json) {
		json_t *object = submission_json(row);
		(void)json_object_set_new(object, "delivered", json_boolean(d.delivered));
		(void)json_object_set_new(object, "late", json_boolean(d.late));
		(void)json_object_set_new(object, "refused", json_boolean(d.refused));
		(void)json_object_set_new(object, "trouble", json_string(h->trouble));
		(void)json_object_set_new(object, "document_trouble", json_string(h->paper.text));
		TRY(session_print_json(object, e));
	} else if (row->draft) {
		session_say(s, _("The draft is kept; nothing was sent."));
	} else if (d.delivered) {
		session_say(s, _("Delivered: the receipt is signed by the receiving server."));
	} else if (h->trouble[0] != '\0') {
		session_say(s, h->trouble);
	}
	const enum status status = row->draft ? OK : delivery_outcome(s, is, i, d, e);
	if (h->paper.status == OK)
		return status;
	s->told = s->json;
	if (row->draft)
		return error_set(e, E_PARTLY,
			"the draft is kept, but the document was not written: %.500s",
			h->paper.text);
	return error_set(e, E_PARTLY,
		"the report is handed in, but the document was not written: %.500s", h->paper.text);
}

static void write_papers(const struct incident_session *is, const struct report_args *a,
	const struct incident *i, const struct submission_row *row, struct error *e)
{
	const struct form *form = NULL;
	const struct document_head head = head_of(i, row, is->profiles);
	if (a->pdf == NULL && a->html == NULL)
		return;
	if (form_find(is->forms, row->form, &form, e) == OK)
		(void)!write_documents(a, form, row->filled, &head, e); /* told by the caller */
}

static enum status hand_in(struct session *s, struct incident_session *is,
	const struct report_args *a, const struct stage_submission *what, struct error *e)
{
	struct field_faults faults = { .n = 0 };
	struct flush_report report = { .first_trouble = "" };
	struct submission_row row;
	struct incident i;
	struct error trouble = ERROR_NONE, lost = ERROR_NONE;
	struct handed h = { .row = &row, .trouble = "", .paper = ERROR_NONE };
	const enum status status =
		incident_submit(&is->context, a->id, what, s->pool, &row, &faults, e);
	TRY(tell_faults(s, &faults, status, e));
	if (!a->draft && incident_read(&is->context, a->id, s->pool, &i, &trouble) == OK &&
		incident_deliver(s, is, i.id.text, a->wait_ns, &report, &trouble) == OK)
		h.trouble = report.first_trouble;
	else
		h.trouble = trouble.text;
	if (incident_read(&is->context, a->id, s->pool, &i, &lost) != OK)
		return error_set(e, E_QUEUED,
			"it is kept here, but what came after that failed: %.500s", lost.text);
	if (sent_row(&i, &row.id) != NULL)
		h.row = sent_row(&i, &row.id);
	write_papers(is, a, &i, h.row, &h.paper);
	const enum status told = tell_submission(s, is, &i, &h, e);
	if (!a->draft)
		incident_copies(s, is, i.id.text, "incident.reported", a->wait_ns);
	return told;
}

/* "ministry, local regulator" */
static void recipient_names(
	const struct submission_row *row, const struct profile_set *profiles, struct buf *out)
{
	for (size_t k = 0; k < row->n_recipients; k++) {
		const struct recipient_row *r = &row->recipients[k];
		const struct rule_word *word = profile_word(profiles, RULE_ROLES, r->role);
		buf_addf(out, "%s%s", k == 0 ? "" : _(", "),
			word == NULL ? r->role : bilingual_pick(word->name));
		if (r->route[0] == '\0')
			buf_add_text(out, _(" (no route leads there)"));
	}
}

/* Everything that hand_in does, in a rehearsal, and no documents. */
static enum status rehearse(struct session *s, struct incident_session *is,
	const struct report_args *a, const struct stage_submission *what, struct error *e)
{
	struct field_faults faults = { .n = 0 };
	struct submission_row row;
	struct incident i;
	const struct form *form = NULL;
	AUTO_BUF struct buf text, names;
	buf_init(&text, 16 * KIB);
	buf_init(&names, 8 * KIB);
	const enum status status =
		incident_submit(&is->context, a->id, what, s->pool, &row, &faults, e);
	TRY(tell_faults(s, &faults, status, e));
	TRY(incident_read(&is->context, a->id, s->pool, &i, e));
	const struct submission_row *kept = sent_row(&i, &row.id);
	if (s->json)
		return session_print_json(
			incident_answer(s, submission_json(kept == NULL ? &row : kept)), e);
	TRY(form_find(is->forms, row.form, &form, e));
	TRY(show_form(s, form, row.filled, e));
	if (kept != NULL)
		recipient_names(kept, is->profiles, &names);
	if (a->draft)
		session_say(s, _("This would be kept as a draft."));
	else if (names.len == 0)
		session_say(s, _("This would be kept here: the rules name nobody to send it to."));
	else {
		buf_addf(&text, _("This would be handed in to: %s"), buf_text(&names));
		session_say(s, buf_text(&text));
	}
	incident_say_rehearsed(s);
	return OK;
}

enum status cmd_incident_report(struct session *s, const void *raw, struct error *e)
{
	const struct report_args *a = raw;
	AUTO_INCIDENT struct incident_session is = { .profiles = NULL };
	AUTO_JSON json_t *changes = NULL;
	const char *profile = a->profile;
	incident_rehearse(s, a->dry_run && !a->show);
	s->reads = a->show;
	TRY(session_has_home(s, e));
	TRY(read_changes(a, &changes, e));
	TRY(incident_session_open(s, &is, e));
	const char *stage = a->stage == NULL ? "written" : a->stage;
	if (profile == NULL)
		TRY(incident_profile_owing(s, &is, a->id, stage, &profile, e));
	const struct stage_submission what = { .profile = profile,
		.stage = stage,
		.form = a->form,
		.changes = changes,
		.what_changed = a->what_changed,
		.draft = a->draft,
		.files = a->attachments.at,
		.n_files = a->attachments.n };
	if (a->show)
		return show_only(s, &is, a, &what, e);
	return (a->dry_run ? rehearse : hand_in)(s, &is, a, &what, e);
}

/* --- export ----------------------------------------------------------------------------------- */

static enum status render_12387(const struct incident_session *is, struct session *s,
	const struct incident *i, const struct export_options *o, struct buf *out, struct error *e)
{
	const struct form *form = NULL;
	json_t *filled = NULL;
	const struct stage_submission what = {
		.profile = "cn-cac-2025", .stage = "first_notice", .form = "cac-2025-report"
	};
	const struct submission_row row = { .profile = what.profile,
		.stage = what.stage,
		.what_changed = "",
		.at_ns = clock_wall_ns(NULL) };
	struct document_head head = head_of(i, &row, is->profiles);
	head.redacted = o->redacted;
	head.tlp = o->tlp == NULL ? i->tlp : o->tlp;
	TRY(incident_form(&is->context, i->id.text, &what, s->pool, &form, &filled, e));
	return render_form_text(form, filled, &head, out, e);
}

static enum status render_latest_pdf(const struct incident_session *is, const struct incident *i,
	const struct export_options *o, struct buf *out, struct error *e)
{
	const struct form *form = NULL;
	if (i->n_submissions == 0)
		return error_set(e, E_ABSENT, "nothing was submitted yet");
	const struct submission_row *last = &i->submissions[i->n_submissions - 1];
	struct document_head head = head_of(i, last, is->profiles);
	head.redacted = o->redacted;
	head.tlp = o->tlp == NULL ? i->tlp : o->tlp;
	TRY(form_find(is->forms, last->form, &form, e));
	return render_form_pdf(form, last->filled, &head, out, e);
}

/* Of the first notice: what was put on this machine's disk, and when. */
static enum status render_first_receipt(
	const struct incident *i, const struct export_options *o, struct buf *out, struct error *e)
{
	if (o->redacted)
		return error_set(e, E_USAGE,
			"a receipt shows the notice that it is for: there is no redacted one");
	for (size_t k = 0; k < i->n_submissions; k++) {
		const struct submission_row *row = &i->submissions[k];
		if (row->draft) /* what was handed in first is the notice, whatever its stage */
			continue;
		const struct incident_receipt receipt = { .incident = i->id,
			.envelope = row->id,
			.sha256 = row->sha256,
			.at_ns = row->at_ns,
			.number = i->number,
			.warning = "" };
		return render_receipt_pdf(i, &receipt, out, e);
	}
	return error_set(e, E_ABSENT, "this incident has no first notice that was sent");
}

static enum status render_export(struct session *s, const struct incident_session *is,
	const struct export_args *a, const struct incident *i, struct buf *out, struct error *e)
{
	const struct export_options o = { .tlp = a->tlp,
		.redacted = a->redact,
		.profiles = is->profiles,
		.now_ns = clock_wall_ns(NULL) };
	AUTO_JSON json_t *object = NULL;
	switch ((enum export_format)a->format) {
	case EXPORT_JSON:
		TRY(render_incident_json(i, &o, &object, e));
		TRY(json_write(object, out, e));
		buf_add_char(out, '\n');
		return OK;
	case EXPORT_STIX:
		return render_stix(i, &o, out, e);
	case EXPORT_MISP:
		return render_misp(i, &o, out, e);
	case EXPORT_OCSF:
		return render_ocsf(i, &o, out, e);
	case EXPORT_CSV:
		return render_incidents_csv(&i, 1, &o, out, e);
	case EXPORT_XLSX:
		return render_incidents_xlsx(&i, 1, &o, out, e);
	case EXPORT_ICALENDAR:
		return render_icalendar(&i, 1, &o, out, e);
	case EXPORT_SYSLOG:
		TRY(render_syslog(i, &o, out, e));
		buf_add_char(out, '\n');
		return OK;
	case EXPORT_HTML:
		return render_incident_html(i, &o, out, e);
	case EXPORT_PDF:
		return render_latest_pdf(is, i, &o, out, e);
	case EXPORT_DOSSIER:
		return render_incident_pdf(i, &o, out, e);
	case EXPORT_RECEIPT:
		return render_first_receipt(i, &o, out, e);
	case EXPORT_PROOF:
		return proof_of_incident(s, i, out, e);
	case EXPORT_12387:
		return render_12387(is, s, i, &o, out, e);
	}
	return error_set(e, E_USAGE, "no such format");
}

enum status cmd_incident_export(struct session *s, const void *raw, struct error *e)
{
	const struct export_args *a = raw;
	AUTO_INCIDENT struct incident_session is = { .profiles = NULL };
	AUTO_BUF struct buf bytes;
	struct incident i;
	buf_init(&bytes, RENDER_CEILING_BYTES);
	const bool binary = a->format == EXPORT_XLSX || a->format == EXPORT_PDF ||
			    a->format == EXPORT_DOSSIER || a->format == EXPORT_RECEIPT;
	if (binary && a->out == NULL && isatty(STDOUT_FILENO) == 1)
		return error_set(e, E_USAGE, "this format is no text: name a file with --out");
	if (a->redact && a->format == EXPORT_PROOF)
		return error_set(e, E_USAGE,
			"a proof holds what was signed, whole: nothing can be left out of it");
	s->reads = true;
	TRY(session_has_home(s, e));
	TRY(incident_session_open(s, &is, e));
	TRY(incident_read(&is.context, a->id, s->pool, &i, e));
	TRY(render_export(s, &is, a, &i, &bytes, e));
	TRY(buf_check(&bytes, "export", e));
	TRY(write_output(a->out, buf_view(&bytes), e));
	if (s->json && a->out != NULL)
		return session_print_json(json_pack("{s:s,s:s,s:I}", "id", i.id.text, "file",
						  a->out, "bytes", (json_int_t)bytes.len),
			e);
	return OK;
}

/* --- status ----------------------------------------------------------------------------------- */

static json_t *incident_row_json(const struct incident_row *r)
{
	return json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:b,s:o,s:o,s:o,s:I,s:o}", "id", r->id.text,
		"number", r->number, "company", r->company, "kind", r->kind, "what", r->what,
		"state", life_name(r->life), "drill", (int)r->drill, "discovered_at",
		render_time_json(r->discovered_ns), "created_at", render_time_json(r->created_ns),
		"tier", r->tier == 0 ? json_null() : json_integer(r->tier), "open_clocks",
		(json_int_t)r->n_open_clocks, "next_due_at", render_time_json(r->next_due_ns));
}

static enum status list_incidents(
	struct session *s, struct incident_session *is, bool all, struct error *e)
{
	struct incident_row *rows = NULL;
	size_t n = 0;
	TRY(incident_list(&is->context, all, s->pool, &rows, &n, e));
	if (s->json) {
		json_t *list = json_array();
		for (size_t i = 0; i < n; i++)
			(void)json_array_append_new(list, incident_row_json(&rows[i]));
		return session_print_json(
			session_answer(s, json_pack("{s:o}", "incidents", list)), e);
	}
	AUTO_BUF struct buf text;
	const struct render_terminal t = { (size_t)s->width, s->colour };
	buf_init(&text, RENDER_CEILING_BYTES);
	TRY(render_incidents_terminal(rows, n, t, &text, e));
	return session_print(buf_view(&text), e);
}

/* The last report of the stage, and the one before it on the same form, of whatever stage. */
static bool two_reports(const struct incident *i, const char *stage,
	const struct submission_row **out_before, const struct submission_row **out_after)
{
	*out_before = *out_after = NULL;
	for (size_t k = 0; k < i->n_submissions; k++)
		if (strcmp(i->submissions[k].stage, stage) == 0 && !i->submissions[k].draft)
			*out_after = &i->submissions[k];
	for (const struct submission_row *r = i->submissions; *out_after != NULL && r < *out_after;
		r++)
		if (!r->draft && strcmp(r->form, (*out_after)->form) == 0 &&
			strcmp(r->profile, (*out_after)->profile) == 0)
			*out_before = r;
	return *out_before != NULL;
}

static json_t *difference_json(const struct submission_row *before,
	const struct submission_row *after, const struct form_change *changes, size_t n)
{
	json_t *list = json_array();
	for (size_t i = 0; i < n; i++)
		(void)json_array_append_new(
			list, json_pack("{s:s,s:s,s:s?,s:s?}", "field", changes[i].field->key,
				      "label", bilingual_pick(changes[i].field->label), "before",
				      changes[i].before, "after", changes[i].after));
	return json_pack("{s:I,s:I,s:s,s:s,s:o}", "revision_before", (json_int_t)before->n,
		"revision", (json_int_t)after->n, "stage", after->stage, "what_changed",
		after->what_changed, "changes", list);
}

static enum status show_difference(struct session *s, const struct incident_session *is,
	const struct incident *i, const char *stage, struct error *e)
{
	const struct submission_row *before = NULL, *after = NULL;
	const struct form *form = NULL;
	struct form_change *changes = NULL;
	size_t n = 0;
	AUTO_BUF struct buf text;
	const struct render_terminal t = { (size_t)s->width, s->colour };
	buf_init(&text, RENDER_CEILING_BYTES);
	if (!two_reports(i, stage, &before, &after))
		return error_set(e, E_ABSENT,
			"there is no report of the stage '%.60s' with one before it to compare",
			stage);
	TRY(form_find(is->forms, after->form, &form, e));
	TRY(form_difference(form, before->filled, after->filled, s->pool, &changes, &n, e));
	if (s->json)
		return session_print_json(
			session_answer(s, difference_json(before, after, changes, n)), e);
	TRY(render_difference_terminal(changes, n, t, &text, e));
	return session_print(buf_view(&text), e);
}

enum status cmd_incident_status(struct session *s, const void *raw, struct error *e)
{
	const struct status_args *a = raw;
	AUTO_INCIDENT struct incident_session is = { .profiles = NULL };
	struct incident i;
	s->reads = true;
	TRY(session_has_home(s, e));
	TRY(incident_session_open(s, &is, e));
	if (a->id == NULL)
		return list_incidents(s, &is, a->all, e);
	TRY(incident_read(&is.context, a->id, s->pool, &i, e));
	if (a->stage != NULL)
		return show_difference(s, &is, &i, a->stage, e);
	if (s->json) {
		const struct export_options o = { .profiles = is.profiles,
			.now_ns = clock_wall_ns(NULL) };
		json_t *object = NULL;
		TRY(render_incident_json(&i, &o, &object, e));
		return session_print_json(session_answer(s, object), e);
	}
	AUTO_BUF struct buf text;
	const struct render_terminal t = { (size_t)s->width, s->colour };
	buf_init(&text, RENDER_CEILING_BYTES);
	TRY(render_incident_terminal(&i, is.profiles, t, &text, e));
	return session_print(buf_view(&text), e);
}
