/*
 * tocsin incident regrade, approve, call, mark, close: what happens to an incident after its first
 * notice.
 */
#include <fcntl.h>
#include <string.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "cli/cmd_incident.h"
#include "cli/incident_copies.h"
#include "render/render.h"
#include "sys/file.h"

#define STATEMENT_BYTES_MAX ((size_t)MIB)
#define COPY_LIMIT_NS (3 * NS_PER_S)

/* --- regrade ---------------------------------------------------------------------------------- */

static enum status find_grade(
	const struct profile *p, const struct regrade_args *a, int *out, struct error *e)
{
	*out = REGRADE_BY_RULES;
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
	if (a->class_key != NULL && strcmp(a->class_key, "none") == 0) {
		*out = REGRADE_NONE;
		return OK;
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

static const char *const numerals[] = { "I", "II", "III", "IV" };

/* "II serious" or "significant" out of a classification, in the language of i18n_use. */
static void grade_words(const json_t *classification, struct buf *out)
{
	const bool chinese = i18n_language() == LANGUAGE_ZH;
	const json_int_t tier = json_integer_value(json_object_get(classification, "tier"));
	const char *name =
		json_string_value(json_object_get(classification, chinese ? "tier_zh" : "tier_en"));
	if (name == NULL)
		name = json_string_value(
			json_object_get(classification, chinese ? "class_zh" : "class_en"));
	if (tier >= 1 && tier <= 4)
		buf_addf(out, "%s ", numerals[tier - 1]);
	buf_add_text(out, name == NULL ? _("no grade") : name);
}

static bool is_open(const struct clock_row *c)
{
	return c->state <= CLOCK_OVERDUE;
}

static bool was_open(const struct regrade_result *r, const struct clock_row *c)
{
	for (size_t i = 0; i < r->n_before; i++)
		if (strcmp(r->before[i].id.text, c->id.text) == 0)
			return is_open(&r->before[i]);
	return false;
}

/* Those that run, and after it those that it made cease. */
static struct clock_row *open_clocks(struct session *s, const struct regrade_result *r,
	const struct clock_row *rows, size_t n, size_t *out_n)
{
	struct clock_row *open = pool_take(s->pool, n + 1, sizeof *open);
	*out_n = 0;
	for (size_t i = 0; open != NULL && i < n; i++)
		if (is_open(&rows[i]) || was_open(r, &rows[i]))
			open[(*out_n)++] = rows[i];
	return open;
}

static bool same_clocks(
	const struct clock_row *a, size_t n_a, const struct clock_row *b, size_t n_b)
{
	bool same = n_a == n_b;
	for (size_t i = 0; same && i < n_a; i++)
		same = strcmp(a[i].id.text, b[i].id.text) == 0 && a[i].state == b[i].state &&
		       a[i].due_ns == b[i].due_ns;
	return same;
}

/* What the rules find weaker is recorded and changes nothing: who corrected a figure must hear it.
 */
static enum status milder_rules(const struct incident_session *is, const struct grade_row *g,
	struct buf *out, struct error *e)
{
	const struct profile *p = NULL;
	AUTO_BUF struct buf grade;
	buf_init(&grade, KIB);
	if (g->grade < 0 || (g->by_rules >= 0 && g->by_rules <= g->grade))
		return OK;
	TRY(profile_find(is->profiles, g->profile, &p, e));
	if (g->by_rules >= 0 && p->grades[g->by_rules].tier > 0)
		buf_addf(&grade, "%s ", numerals[p->grades[g->by_rules].tier - 1]);
	buf_add_text(&grade,
		g->by_rules < 0 ? _("no grade") : bilingual_pick(p->grades[g->by_rules].name));
	buf_addf(out,
		_("By the facts of now the rules give: %s. The graver grade stays in force until "
		  "two "
		  "persons sign to lower it (--statement, then tocsin incident approve).\n"),
		buf_text(&grade));
	return OK;
}

/* The grade in force under a profile, NULL none. */
static const struct grade_row *grade_under(const struct incident *i, const char *profile)
{
	for (size_t k = i->n_grades; k > 0; k--)
		if (strcmp(i->grades[k - 1].profile, profile) == 0)
			return &i->grades[k - 1];
	return NULL;
}

static json_t *classification_under(const struct incident *i, const char *profile)
{
	const struct grade_row *g = grade_under(i, profile);
	return g == NULL ? NULL : g->classification;
}

/* A regrade as a person sees it. New facts are every regime's, and another one may have risen than
 * the one that was asked for. */
struct regraded {
	const struct incident *before, *after;
	const struct regrade_result *result;
};

static bool other_rose(const struct regraded *r, size_t k)
{
	const struct grade_row *now = &r->after->grades[k];
	const struct grade_row *was = grade_under(r->before, now->profile);
	return strcmp(now->profile, r->result->grade->profile) != 0 && was != NULL &&
	       was->grade != now->grade && grade_under(r->after, now->profile) == now;
}

static void regraded_line(const struct regraded *r, const char *profile, struct buf *out)
{
	buf_addf(out, _("%s: "), profile);
	grade_words(classification_under(r->before, profile), out);
	buf_add_text(out, " → ");
	grade_words(classification_under(r->after, profile), out);
	if (json_is_true(json_object_get(classification_under(r->after, profile), "needs_review")))
		buf_add_text(out, _(" · a person must confirm"));
}

static json_t *others_json(const struct regraded *r)
{
	json_t *list = json_array();
	for (size_t k = 0; k < r->after->n_grades; k++) {
		const char *profile = r->after->grades[k].profile;
		if (other_rose(r, k))
			(void)json_array_append_new(list,
				json_pack("{s:s,s:O,s:O?}", "profile", profile, "classification",
					r->after->grades[k].classification, "classification_before",
					classification_under(r->before, profile)));
	}
	return list;
}

static enum status print_regrade(struct session *s, const struct incident_session *is,
	const struct regraded *seen, struct error *e)
{
	const struct regrade_result *r = seen->result;
	AUTO_BUF struct buf text;
	const struct render_terminal t = { (size_t)s->width, s->colour };
	struct legal_now now;
	struct clock_table before = { .now = &now, .profiles = is->profiles }, after = before;
	buf_init(&text, RENDER_CEILING_BYTES);
	TRY(legal_time_note(s->store, is->context.clock, is->context.boot_id, &now, e));
	before.rows = open_clocks(s, r, r->before, r->n_before, &before.n_rows);
	after.rows = open_clocks(s, r, r->after, r->n_after, &after.n_rows);
	if (before.rows == NULL || after.rows == NULL)
		return error_set(e, E_NO_SPACE, "memory is short");
	regraded_line(seen, r->grade->profile, &text);
	buf_addf(&text, "%s%s\n", r->grade->reason[0] == '\0' ? "" : " · ", r->grade->reason);
	for (size_t k = 0; k < seen->after->n_grades; k++) {
		if (!other_rose(seen, k))
			continue;
		regraded_line(seen, seen->after->grades[k].profile, &text);
		buf_add_char(&text, '\n');
	}
	TRY(milder_rules(is, r->grade, &text, e));
	buf_add_char(&text, '\n');
	if (same_clocks(before.rows, before.n_rows, after.rows, after.n_rows)) {
		buf_addf(&text, "%s\n", _("The clocks stay as they were:"));
	} else {
		buf_addf(&text, "%s\n", _("Clocks before:"));
		TRY(render_clocks_terminal(&before, t, &text, e));
		buf_addf(&text, "\n%s\n", _("Clocks after:"));
	}
	TRY(render_clocks_terminal(&after, t, &text, e));
	TRY(buf_check(&text, "clocks", e));
	return session_print(buf_view(&text), e);
}

static enum status tell_regrade(struct session *s, const struct incident_session *is,
	const struct regraded *seen, struct error *e)
{
	const struct regrade_result *r = seen->result;
	if (!s->json)
		return print_regrade(s, is, seen, e);
	return session_print_json(
		incident_answer(
			s, json_pack("{s:O,s:O?,s:o,s:s,s:o,s:o}", "classification",
				   r->grade->classification, "classification_before",
				   classification_under(seen->before, r->grade->profile), "others",
				   others_json(seen), "reason", r->grade->reason, "clocks_before",
				   clock_list_json(r->before, r->n_before, is->profiles),
				   "clocks_after",
				   clock_list_json(r->after, r->n_after, is->profiles))),
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
	AUTO_INCIDENT struct incident_session is = { .profiles = NULL };
	AUTO_JSON json_t *facts = NULL;
	struct incident before, after;
	struct field_faults faults = { .n = 0 };
	struct flush_report report;
	struct regrade_result result;
	const struct profile *p = NULL;
	struct regrade what = { .reason = a->reason,
		.person = a->person,
		.approvals = a->approvals.at,
		.n_approvals = a->approvals.n };
	incident_rehearse(s, a->dry_run && !a->statement);
	s->reads = a->statement;
	TRY(session_has_home(s, e));
	TRY(incident_session_open(s, &is, e));
	TRY(incident_profile_of(s, &is, a->id, a->profile, &what.profile, e));
	TRY(profile_find(is.profiles, what.profile, &p, e));
	TRY(find_grade(p, a, &what.grade, e));
	TRY(read_new_facts(a, &facts, e));
	if (a->statement)
		return print_statement(&is, a->id, &what, e);
	what.new_facts = facts;
	TRY(incident_read(&is.context, a->id, s->pool, &before, e));
	const enum status status =
		incident_regrade(&is.context, a->id, &what, s->pool, &result, &faults, e);
	TRY(tell_faults(s, &faults, status, e));
	TRY(incident_read(&is.context, before.id.text, s->pool, &after, e));
	TRY(tell_regrade(s, &is, &(struct regraded){ &before, &after, &result }, e));
	incident_say_rehearsed(s);
	if (a->dry_run)
		return OK;
	struct error trouble = ERROR_NONE; /* the new grade is kept whatever the network does */
	if (incident_deliver(s, &is, before.id.text, a->wait_ns, &report, &trouble) != OK)
		session_say(s, trouble.text);
	incident_copies(s, &is, before.id.text, "incident.regraded", a->wait_ns);
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

static void call_words(const struct call_args *a, const struct call_result *r, struct buf *out)
{
	const size_t n_answered = r->n_discharged;
	const bool dry = a->dry_run;
	if (n_answered > 0 && dry)
		buf_addf(out,
			_("The call would be logged. Open duties that it would answer: %zu\n"),
			n_answered);
	else if (n_answered > 0)
		buf_addf(out, _("The call is logged. Open duties that it answers: %zu\n"),
			n_answered);
	else if (r->role[0] == '\0')
		buf_addf(out,
			dry ? _("The call would be logged. It would answer no duty: '%s' is no "
				"role of the rules (ministry, local_regulator, … as clock list "
				"--json names them).\n")
			    : _("The call is logged. It answers no duty: '%s' is no role of the "
				"rules (ministry, local_regulator, … as clock list --json names "
				"them).\n"),
			a->to);
	else
		buf_addf(out, "%s\n",
			dry ? _("The call would be logged. It would answer no open duty: a "
				"written one may still be owed (clock list).")
			    : _("The call is logged. It answers no open duty: a written one may "
				"still be owed (clock list)."));
}

enum status cmd_incident_call(struct session *s, const void *raw, struct error *e)
{
	const struct call_args *a = raw;
	AUTO_INCIDENT struct incident_session is = { .profiles = NULL };
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
	incident_rehearse(s, a->dry_run);
	TRY(session_has_home(s, e));
	TRY(incident_session_open(s, &is, e));
	const enum status status =
		incident_call(&is.context, a->id, &call, s->pool, &result, &faults, e);
	TRY(tell_faults(s, &faults, status, e));
	if (!a->dry_run)
		incident_copies(s, &is, a->id, "incident.called", COPY_LIMIT_NS);
	incident_say_rehearsed(s);
	if (s->json)
		TRY(session_print_json(
			incident_answer(
				s, json_pack("{s:s,s:I,s:s,s:s}", "call", result.id.text,
					   "clocks_answered", (json_int_t)result.n_discharged,
					   "role", result.role, "stage", result.stage)),
			e));
	AUTO_BUF struct buf text;
	buf_init(&text, 16 * KIB);
	if (!s->json) {
		call_words(a, &result, &text);
		TRY(session_print(buf_view(&text), e));
	}
	/* It is logged, and who meant an authority has not told it by that. */
	s->told = true;
	return result.role[0] == '\0' ? E_PARTLY : OK;
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
	AUTO_INCIDENT struct incident_session is = { .profiles = NULL };
	enum moment moment = MOMENT_HANDLING_ENDED;
	struct incident i;
	incident_rehearse(s, a->dry_run);
	TRY(find_moment(a->moment, &moment, e));
	TRY(session_has_home(s, e));
	TRY(incident_session_open(s, &is, e));
	TRY(incident_moment(&is.context, a->id, moment,
		a->at_ns < 0 ? clock_wall_ns(NULL) : a->at_ns, a->note, e));
	if (!a->dry_run)
		incident_copies(s, &is, a->id, "incident.marked", COPY_LIMIT_NS);
	incident_say_rehearsed(s);
	TRY(incident_read(&is.context, a->id, s->pool, &i, e));
	if (s->json)
		return session_print_json(
			incident_answer(
				s, json_pack("{s:s,s:o}", "id", i.id.text, "clocks",
					   clock_list_json(i.clocks, i.n_clocks, is.profiles))),
			e);
	AUTO_BUF struct buf text;
	const struct render_terminal t = { (size_t)s->width, s->colour };
	buf_init(&text, RENDER_CEILING_BYTES);
	const struct clock_table table = { i.clocks, i.n_clocks, &i.now, is.profiles };
	TRY(render_clocks_terminal(&table, t, &text, e));
	return session_print(buf_view(&text), e);
}

static const char *close_words(const struct close_args *a)
{
	if (a->purge)
		return a->dry_run ? _("The incident and its records would be removed.")
				  : _("The incident and its records are removed.");
	if (a->reopen)
		return a->dry_run ? _("The incident would be open again.")
				  : _("The incident is open again.");
	return a->dry_run ? _("The incident would be closed; its records would be kept for three "
			      "years at least.")
			  : _("The incident is closed; its records are kept for three years at "
			      "least.");
}

enum status cmd_incident_close(struct session *s, const void *raw, struct error *e)
{
	const struct close_args *a = raw;
	AUTO_INCIDENT struct incident_session is = { .profiles = NULL };
	incident_rehearse(s, a->dry_run);
	TRY(session_has_home(s, e));
	TRY(incident_session_open(s, &is, e));
	if (a->purge)
		TRY(incident_purge(&is.context, a->id, e));
	else if (a->reopen)
		TRY(incident_reopen(&is.context, a->id, a->reason, e));
	else
		TRY(incident_close(&is.context, a->id, a->reason, a->anyway, e));
	if (!a->purge && !a->dry_run)
		incident_copies(s, &is, a->id, a->reopen ? "incident.reopened" : "incident.closed",
			COPY_LIMIT_NS);
	incident_say_rehearsed(s);
	if (s->json)
		return session_print_json(
			incident_answer(s, json_pack("{s:s,s:s}", "id", a->id, "state",
						   a->purge    ? "purged"
						   : a->reopen ? "open"
							       : "closed")),
			e);
	session_say(s, close_words(a));
	return OK;
}
