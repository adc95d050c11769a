/*
 * tocsin incident new: the first notice. It is checked, signed and on disk before any network call,
 * and never prompts unless --ask says so.
 */
#include "cli/cmd_incident.h"

#include <string.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "render/render.h"

enum { ANSWER_BYTES_MAX = 2000 };

/* --- questions -------------------------------------------------------------------------------- */

struct question {
	const char **answer;
	const char *text;
};

static enum status ask_one(struct session *s, const struct question *q, struct error *e)
{
	char line[ANSWER_BYTES_MAX];
	if (*q->answer != NULL)
		return OK;
	(void)fprintf(stderr, "%s ", _(q->text));
	(void)fflush(stderr);
	if (fgets(line, sizeof line, stdin) == NULL) {
		if (session_interrupted())
			return error_set(e, E_INTERRUPTED, "interrupted; nothing was stored");
		return OK; /* the end of the input: the rest is unknown */
	}
	const struct view answer = view_trim(view_of(line));
	if (answer.len > 0)
		*q->answer = pool_text(s->pool, answer);
	return OK;
}

static enum status ask(struct session *s, struct first_notice *n, struct error *e)
{
	const struct question questions[] = {
		{ &n->company, N_("Company?") },
		{ &n->kind,
			N_("Kind (ransomware, leak, tampering, destruction, unauthorised_access, "
			   "abuse, illegal_transfer, outage, other)?") },
		{ &n->what, N_("What seems to be happening, in one line?") },
		{ &n->systems, N_("Which systems or data?") },
		{ &n->ongoing, N_("Still going on (yes, no)?") },
		{ &n->scale, N_("Roughly how large (persons, records, loss)?") },
		{ &n->action, N_("What was done so far?") },
		{ &n->callback, N_("Person and number to call back?") },
	};
	if (!s->input_is_terminal)
		return error_set(e, E_USAGE, "--ask needs a terminal");
	session_say(s, _("Enter alone answers 'unknown'."));
	for (size_t i = 0; i < COUNT_OF(questions); i++)
		TRY(ask_one(s, &questions[i], e));
	return OK;
}

/* --- from arguments to a notice --------------------------------------------------------------- */

static const char *ongoing_word(int index)
{
	static const char *const words[] = { "yes", "no", "unknown" };
	return index < 0 ? NULL : words[index];
}

static enum status notice_from(struct session *s, const struct notice_args *a, json_t *more,
	struct first_notice *out, struct error *e)
{
	*out = (struct first_notice){ .company = a->company,
		.discovered_ns = a->discovered_ns,
		.kind = a->kind,
		.what = a->what,
		.systems = a->systems,
		.ongoing = ongoing_word(a->ongoing),
		.scale = a->scale,
		.action = a->action,
		.callback = a->callback,
		.more = more,
		.drill = a->drill != NULL,
		.drill_id = a->drill == NULL ? "" : a->drill,
		.profiles = a->profiles.n == 0 ? NULL : a->profiles.at,
		.n_profiles = a->profiles.n,
		.tlp = a->tlp };
	TRY(read_assignments(&a->set, more, e));
	return a->ask ? ask(s, out, e) : OK;
}

/* --- after it --------------------------------------------------------------------------------- */

struct delivery {
	bool delivered; /* each recipient's receipt verified */
	bool late;	/* after its deadline, or still here past it */
};

static bool is_first(const struct clock_row *c)
{
	return strcmp(c->stage, "first_notice") == 0;
}

static struct delivery delivery_of(const struct incident *i)
{
	struct delivery d = { false, false };
	size_t n_sent = 0, n_received = 0;
	for (size_t k = 0; k < i->n_submissions; k++) {
		n_sent += i->submissions[k].n_recipients > 0 ? 1U : 0U;
		n_received += i->submissions[k].n_recipients > 0 &&
					      i->submissions[k].delivery == OUTBOX_DELIVERED
				      ? 1U
				      : 0U;
	}
	d.delivered = n_sent > 0 && n_received == n_sent;
	for (size_t k = 0; k < i->n_clocks; k++)
		if (is_first(&i->clocks[k]) && (i->clocks[k].state == CLOCK_DONE_LATE ||
						       i->clocks[k].state == CLOCK_OVERDUE))
			d.late = true;
	return d;
}

static json_t *clocks_json(const struct incident *i, const struct profile_set *profiles)
{
	json_t *list = json_array();
	for (size_t k = 0; k < i->n_clocks; k++)
		(void)json_array_append_new(list, render_clock_json(&i->clocks[k], profiles));
	return list;
}

static json_t *grades_json(const struct incident *i)
{
	json_t *list = json_array();
	for (size_t k = 0; k < i->n_grades; k++)
		(void)json_array_append(list, i->grades[k].classification);
	return list;
}

static json_t *notice_json(const struct incident_session *is, const struct incident *i,
	const struct incident_receipt *r, struct delivery d, const char *trouble)
{
	return json_pack("{s:s,s:s,s:{s:s,s:s,s:o,s:O},s:o,s:o,s:b,s:b,s:b,s:s}", "id", i->id.text,
		"number", i->number, "receipt", "envelope", r->envelope.text, "sha256", r->sha256,
		"at", render_time_json(r->at_ns), "signed", r->signed_form, "clocks",
		clocks_json(i, is->profiles), "classifications", grades_json(i), "delivered",
		(int)d.delivered, "late", (int)d.late, "drill", (int)i->drill, "trouble", trouble);
}

static enum status outcome(struct session *s, struct delivery d, struct error *e)
{
	if (d.delivered && !d.late)
		return OK;
	s->told = s->json;
	if (d.delivered)
		return error_set(e, E_LATE, "delivered, but after its deadline");
	return d.late ? error_set(e, E_QUEUED,
				"not yet delivered, and its deadline is past: telephone now; it "
				"stays queued (tocsin outbox flush)")
		      : error_set(e, E_QUEUED,
				"signed and safe here, not yet delivered; it stays queued (tocsin "
				"outbox flush)");
}

static enum status tell_notice(struct session *s, const struct incident_session *is,
	const struct incident *i, const struct incident_receipt *r, struct error *e)
{
	AUTO_BUF struct buf text;
	const struct render_terminal t = { (size_t)s->width, s->colour };
	buf_init(&text, RENDER_CEILING_BYTES);
	TRY(render_notice_terminal(i, r, is->profiles, t, &text, e));
	return session_print(buf_view(&text), e);
}

/* The notice is safe: whatever goes wrong with sending is told, not returned. */
static const char *deliver(struct session *s, struct incident_session *is,
	const struct incident_receipt *r, int64_t wait_ns)
{
	struct flush_report report = { .first_trouble = "" };
	struct error trouble = ERROR_NONE;
	if (incident_deliver(s, is, r->incident.text, wait_ns, &report, &trouble) == OK)
		return report.first_trouble;
	const char *text = pool_text(s->pool, view_of(trouble.text));
	return text == NULL ? "" : text;
}

static enum status send_and_tell(struct session *s, struct incident_session *is,
	const struct notice_args *a, const struct incident_receipt *r, struct error *e)
{
	struct incident i;
	if (!s->json) { /* what matters first: it is safe, and what is due when */
		TRY(incident_read(&is->context, r->incident.text, s->pool, &i, e));
		TRY(tell_notice(s, is, &i, r, e));
	}
	const char *trouble = deliver(s, is, r, a->wait_ns);
	TRY(incident_read(&is->context, r->incident.text, s->pool, &i, e));
	const struct delivery d = delivery_of(&i);
	if (s->json)
		TRY(session_print_json(notice_json(is, &i, r, d, trouble), e));
	else if (trouble[0] != '\0')
		session_say(s, trouble);
	else if (d.delivered)
		session_say(s, _("Delivered: the receipt is signed by the receiving server."));
	return outcome(s, d, e);
}

static enum status rehearse(
	struct session *s, json_t *more, const struct notice_args *a, struct error *e)
{
	struct classify_args as_classify = { .profiles = a->profiles };
	return classify_object(s, more, FACTS_AND_MORE, &as_classify, e);
}

enum status cmd_incident_new(struct session *s, const void *raw, struct error *e)
{
	const struct notice_args *a = raw;
	AUTO_INCIDENT struct incident_session is = { .keys = NULL };
	AUTO_JSON json_t *more = NULL;
	struct field_faults faults = { .n = 0 };
	struct incident_receipt receipt;
	struct first_notice notice;
	if (a->facts != NULL)
		TRY(read_json_object(a->facts, "facts", &more, e));
	else
		more = json_object();
	if (more == NULL)
		return error_set(e, E_NO_SPACE, "memory is short");
	TRY(notice_from(s, a, more, &notice, e));
	if (a->dry_run)
		return rehearse(s, more, a, e);
	TRY(incident_session_open(s, &is, e));
	is.context.by = a->by == NULL ? "" : a->by;
	const enum status status =
		incident_new(&is.context, &notice, s->pool, &receipt, &faults, e);
	TRY(tell_faults(s, &faults, status, e));
	if (receipt.warning != NULL && receipt.warning[0] != '\0')
		session_say(s, receipt.warning);
	return send_and_tell(s, &is, a, &receipt, e);
}

/* --- classify --------------------------------------------------------------------------------- */

static enum status print_classification(struct session *s, const struct fact_catalogue *c,
	const struct classification *k, struct error *e)
{
	AUTO_BUF struct buf text;
	const struct render_terminal t = { (size_t)s->width, s->colour };
	buf_init(&text, RENDER_CEILING_BYTES);
	TRY(render_classification_terminal(c, k, t, &text, e));
	return session_print(buf_view(&text), e);
}

/* One profile gives one object, as scripts know it; several give a list. */
static enum status classify_by(struct session *s, const struct profile_set *profiles,
	const struct facts *facts, const struct text_list *names, struct error *e)
{
	static const char *const by_default[] = { PROFILE_DEFAULT };
	const char *const *ids = names->n == 0 ? by_default : names->at;
	const size_t n = names->n == 0 ? 1 : names->n;
	AUTO_JSON json_t *list = json_array();
	for (size_t i = 0; i < n; i++) {
		const struct profile *p = NULL;
		struct classification k;
		json_t *object = NULL;
		TRY(profile_find(profiles, ids[i], &p, e));
		classify(p, facts, &k);
		if (!s->json) {
			TRY(print_classification(s, profile_facts(profiles), &k, e));
			continue;
		}
		TRY(classification_to_json(profile_facts(profiles), &k, &object, e));
		(void)json_array_append_new(list, object);
	}
	if (!s->json)
		return OK;
	if (n == 1)
		return session_print_json(json_incref(json_array_get(list, 0)), e);
	return session_print_json(json_pack("{s:O}", "classifications", list), e);
}

enum status classify_object(struct session *s, json_t *object, enum facts_keys keys,
	const struct classify_args *a, struct error *e)
{
	AUTO(profile_set_free) struct profile_set *profiles = NULL;
	struct field_faults faults = { .n = 0 };
	struct facts facts;
	const int64_t now_ns = clock_wall_ns(NULL);
	TRY(incident_profiles(s, &profiles, e));
	TRY(facts_read(profile_facts(profiles), (struct facts_input){ object, keys, now_ns },
		s->pool, &facts, &faults, e));
	TRY(tell_faults(s, &faults, faults.n == 0 ? OK : E_INVALID, e));
	for (size_t i = 0; i < a->what_if.n; i++)
		TRY(facts_set(profile_facts(profiles), &facts, a->what_if.at[i], now_ns, e));
	return classify_by(s, profiles, &facts, &a->profiles, e);
}

enum status cmd_incident_classify(struct session *s, const void *raw, struct error *e)
{
	const struct classify_args *a = raw;
	AUTO_JSON json_t *object = NULL;
	if (a->facts != NULL && a->id != NULL)
		return error_set(e, E_USAGE, "give an incident or --facts, not both");
	if (a->facts != NULL) {
		TRY(read_json_object(a->facts, "facts", &object, e));
		return classify_object(s, object, FACTS_ONLY, a, e);
	}
	if (a->id == NULL)
		return error_set(
			e, E_USAGE, "nothing to classify: name --facts FILE or an incident");
	AUTO_INCIDENT struct incident_session is = { .keys = NULL };
	struct incident i;
	TRY(session_has_home(s, e));
	TRY(incident_session_open(s, &is, e));
	TRY(incident_read(&is.context, a->id, s->pool, &i, e));
	return classify_object(s, i.facts, FACTS_AND_MORE, a, e);
}
