/*
 * tocsin incident regrade, approve, call, mark, close: what happens to an incident after its first
 * notice.
 */
#include <fcntl.h>
#include <string.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "cli/cmd_incident.h"
#include "render/render.h"
#include "sys/file.h"

#define STATEMENT_BYTES_MAX ((size_t)MIB)

/* --- regrade ---------------------------------------------------------------------------------- */

static enum status find_grade(
	const struct profile *p, const struct regrade_args *a, int *out, struct error *e)
{
	*out = -1;
	if (a->tier < 0 && a->class_key == NULL)
		return OK;
	for (size_t i = 0; i < p->n_grades; i++) {
		const struct profile_grade *g = &p->grades[i];
		const bool by_tier = a->tier > 0 && g->tier == a->tier;
		const bool by_class = a->class_key != NULL && g->class_key != NULL &&
				      strcmp(g->class_key, a->class_key) == 0;
		if (by_tier || by_class) {
			*out = (int)i;
			return OK;
		}
	}
	if (a->class_key != NULL)
		return error_set(e, E_INVALID, "%s has no class '%.60s'", p->id, a->class_key);
	return error_set(e, E_INVALID, "%s has no tier %lld", p->id, (long long)a->tier);
}

static json_t *clock_list_json(
	const struct clock_row *rows, size_t n, const struct profile_set *profiles)
{
	json_t *list = json_array();
	for (size_t i = 0; i < n; i++)
		(void)json_array_append_new(list, render_clock_json(&rows[i], profiles));
	return list;
}

static enum status print_regrade(struct session *s, const struct incident_session *is,
	const struct regrade_result *r, struct error *e)
{
	AUTO_BUF struct buf text;
	const struct render_terminal t = { (size_t)s->width, s->colour };
	struct legal_now now;
	buf_init(&text, RENDER_CEILING_BYTES);
	TRY(legal_time_note(s->store, is->context.clock, is->context.boot_id, &now, e));
	buf_addf(&text, "%s\n", _("Clocks before:"));
	const struct clock_table before = { r->before, r->n_before, &now, is->profiles };
	TRY(render_clocks_terminal(&before, t, &text, e));
	buf_addf(&text, "\n%s\n", _("Clocks after:"));
	const struct clock_table after = { r->after, r->n_after, &now, is->profiles };
	TRY(render_clocks_terminal(&after, t, &text, e));
	TRY(buf_check(&text, "clocks", e));
	return session_print(buf_view(&text), e);
}

static enum status tell_regrade(struct session *s, const struct incident_session *is,
	const struct regrade_result *r, struct error *e)
{
	if (!s->json)
		return print_regrade(s, is, r, e);
	return session_print_json(
		json_pack("{s:O,s:s,s:o,s:o}", "classification", r->grade->classification, "reason",
			r->grade->reason, "clocks_before",
			clock_list_json(r->before, r->n_before, is->profiles), "clocks_after",
			clock_list_json(r->after, r->n_after, is->profiles)),
		e);
}

static enum status read_new_facts(const struct regrade_args *a, json_t **out, struct error *e)
{
	AUTO_JSON json_t *facts = NULL;
	if (a->facts == NULL && a->set.n == 0)
		return OK;
	if (a->facts != NULL)
		TRY(read_json_object(a->facts, "facts", &facts, e));
	else
		facts = json_object();
	TRY(read_assignments(&a->set, facts, e));
	*out = TAKE(facts);
	return OK;
}

static enum status print_statement(const struct incident_session *is, const char *id,
	const struct regrade *what, struct error *e)
{
	AUTO_BUF struct buf text;
	buf_init(&text, STATEMENT_BYTES_MAX);
	TRY(regrade_statement(&is->context, id, what, &text, e));
	return session_print(buf_view(&text), e);
}

enum status cmd_incident_regrade(struct session *s, const void *raw, struct error *e)
{
	const struct regrade_args *a = raw;
	AUTO_INCIDENT struct incident_session is = { .keys = NULL };
	AUTO_JSON json_t *facts = NULL;
	struct field_faults faults = { .n = 0 };
	struct flush_report report;
	struct regrade_result result;
	const struct profile *p = NULL;
	struct regrade what = { .profile = a->profile == NULL ? PROFILE_DEFAULT : a->profile,
		.reason = a->reason,
		.person = a->person,
		.approvals = a->approvals.at,
		.n_approvals = a->approvals.n };
	TRY(session_has_home(s, e));
	TRY(incident_session_open(s, &is, e));
	TRY(profile_find(is.profiles, what.profile, &p, e));
	TRY(find_grade(p, a, &what.grade, e));
	TRY(read_new_facts(a, &facts, e));
	if (a->statement)
		return print_statement(&is, a->id, &what, e);
	what.new_facts = facts;
	const enum status status =
		incident_regrade(&is.context, a->id, &what, s->pool, &result, &faults, e);
	TRY(tell_faults(s, &faults, status, e));
	TRY(tell_regrade(s, &is, &result, e));
	struct error trouble = ERROR_NONE; /* the new grade is kept whatever the network does */
	if (incident_deliver(s, &is, NULL, a->wait_ns, &report, &trouble) != OK)
		session_say(s, trouble.text);
	return OK;
}

enum status cmd_incident_approve(struct session *s, const void *raw, struct error *e)
{
	const struct approve_args *a = raw;
	(void)s; /* a statement is JSON in any case */
	AUTO(key_free) struct key *key = NULL;
	AUTO_JSON json_t *envelope = NULL;
	AUTO_BUF struct buf statement;
	buf_init(&statement, STATEMENT_BYTES_MAX);
	if (a->key == NULL)
		return error_set(e, E_USAGE, "name the approver's key with --key");
	TRY(file_read_all(AT_FDCWD, a->file, STATEMENT_BYTES_MAX, &statement, e));
	TRY(key_read(a->key, &key, e));
	if (!key_is_private(key))
		return error_set(e, E_INVALID, "%s: holds no private key to sign with", a->key);
	TRY(envelope_sign(INCIDENT_APPROVAL_PAYLOAD, buf_view(&statement), key, &envelope, e));
	return session_print_json(TAKE(envelope), e);
}

/* --- call ------------------------------------------------------------------------------------- */

enum status cmd_incident_call(struct session *s, const void *raw, struct error *e)
{
	const struct call_args *a = raw;
	AUTO_INCIDENT struct incident_session is = { .keys = NULL };
	struct field_faults faults = { .n = 0 };
	struct call_result result;
	const struct incident_call call = { .to = a->to,
		.person = a->person,
		.number = a->number,
		.at_ns = a->at_ns,
		.said = a->said,
		.stage = a->stage,
		.profile = a->profile,
		.medium = a->medium };
	TRY(session_has_home(s, e));
	TRY(incident_session_open(s, &is, e));
	const enum status status =
		incident_call(&is.context, a->id, &call, s->pool, &result, &faults, e);
	TRY(tell_faults(s, &faults, status, e));
	if (s->json)
		return session_print_json(
			json_pack("{s:s,s:I}", "call", result.id.text, "clocks_answered",
				(json_int_t)result.n_discharged),
			e);
	AUTO_BUF struct buf text;
	buf_init(&text, 4096);
	if (result.n_discharged == 0)
		buf_addf(&text, "%s\n",
			_("The call is logged. It answers no open duty: a written one may still be "
			  "owed (clock list)."));
	else
		buf_addf(&text, _("The call is logged and answers %zu open duties.\n"),
			result.n_discharged);
	return session_print(buf_view(&text), e);
}

/* --- mark, close ------------------------------------------------------------------------------ */

static enum status find_moment(const char *word, enum moment *out, struct error *e)
{
	static const struct {
		const char *word;
		enum moment moment;
	} rows[] = { { "handled", MOMENT_HANDLING_ENDED },
		{ "handling_ended", MOMENT_HANDLING_ENDED }, { "judged", MOMENT_JUDGED },
		{ "requested", MOMENT_REQUESTED }, { "paid", MOMENT_PAID },
		{ "remedy", MOMENT_REMEDY }, { "received", MOMENT_RECEIPT },
		{ "new_facts", MOMENT_NEW_FACTS } };
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (strcmp(rows[i].word, word) == 0) {
			*out = rows[i].moment;
			return OK;
		}
	return error_set(e, E_USAGE,
		"'%.60s' is no moment: handled, judged, requested, paid, remedy, received, "
		"new_facts",
		word);
}

enum status cmd_incident_mark(struct session *s, const void *raw, struct error *e)
{
	const struct mark_args *a = raw;
	AUTO_INCIDENT struct incident_session is = { .keys = NULL };
	enum moment moment = MOMENT_HANDLING_ENDED;
	struct incident i;
	TRY(find_moment(a->moment, &moment, e));
	TRY(session_has_home(s, e));
	TRY(incident_session_open(s, &is, e));
	TRY(incident_moment(&is.context, a->id, moment,
		a->at_ns < 0 ? clock_wall_ns(NULL) : a->at_ns, a->note, e));
	TRY(incident_read(&is.context, a->id, s->pool, &i, e));
	if (s->json)
		return session_print_json(
			json_pack("{s:s,s:o}", "id", i.id.text, "clocks",
				clock_list_json(i.clocks, i.n_clocks, is.profiles)),
			e);
	AUTO_BUF struct buf text;
	const struct render_terminal t = { (size_t)s->width, s->colour };
	buf_init(&text, RENDER_CEILING_BYTES);
	const struct clock_table table = { i.clocks, i.n_clocks, &i.now, is.profiles };
	TRY(render_clocks_terminal(&table, t, &text, e));
	return session_print(buf_view(&text), e);
}

enum status cmd_incident_close(struct session *s, const void *raw, struct error *e)
{
	const struct close_args *a = raw;
	AUTO_INCIDENT struct incident_session is = { .keys = NULL };
	TRY(session_has_home(s, e));
	TRY(incident_session_open(s, &is, e));
	if (a->purge)
		TRY(incident_purge(&is.context, a->id, e));
	else if (a->reopen)
		TRY(incident_reopen(&is.context, a->id, a->reason, e));
	else
		TRY(incident_close(&is.context, a->id, a->reason, a->anyway, e));
	if (s->json)
		return session_print_json(json_pack("{s:s,s:s}", "id", a->id, "state",
						  a->purge    ? "purged"
						  : a->reopen ? "open"
							      : "closed"),
			e);
	session_say(
		s, a->purge ? _("The incident and its records are removed.")
			    : _("The incident is closed; its records are kept for three years at "
				"least."));
	return OK;
}
