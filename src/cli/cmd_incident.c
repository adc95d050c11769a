/*
 * tocsin incident new: the first notice. It is checked, signed and on disk before any network call,
 * and never prompts unless --ask says so.
 */
#include "cli/cmd_incident.h"

#include <string.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "cli/incident_ask.h"
#include "cli/incident_copies.h"
#include "cli/incident_delivery.h"
#include "render/render.h"

/* --- from arguments to a notice --------------------------------------------------------------- */

/* The facts file, and what was set key by key. */
struct facts_given {
	json_t *more, *set;
};

static const char *ongoing_word(int index)
{
	static const char *const words[] = { "yes", "no", "unknown" };
	return index < 0 ? NULL : words[index];
}

static enum status notice_from(struct session *s, const struct notice_args *a,
	struct facts_given given, struct first_notice *out, struct error *e)
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
		.more = given.more,
		.set = given.set,
		.drill = a->drill != NULL,
		.drill_id = a->drill == NULL ? "" : a->drill,
		.profiles = a->profiles.n == 0 ? NULL : a->profiles.at,
		.n_profiles = a->profiles.n,
		.tlp = a->tlp };
	AUTO(form_set_free) struct form_set *forms = NULL;
	const struct form *form = NULL;
	TRY(read_assignments(&a->set, given.set, e));
	if (!a->ask)
		return OK;
	TRY(incident_forms(s, &forms, e));
	TRY(form_find(forms, "first-notice", &form, e));
	return incident_ask(s, form, out, e);
}

/* Kept, but perhaps not what was meant: a slip of the pen must not hide the gravest fact. */
static void tell_near(struct session *s, json_t *near)
{
	const char *key;
	json_t *names;
	json_object_foreach(near, key, names)
	{
		const char *text = pool_textf(s->pool,
			_("'%s' is kept, but is no fact that is known here; near it: %s"), key,
			json_string_value(names));
		if (text != NULL)
			session_say(s, text);
	}
}

/* --- after it --------------------------------------------------------------------------------- */

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

static json_t *receipt_json(const struct incident_receipt *r)
{
	return json_pack("{s:s,s:s,s:o,s:O}", "envelope", r->envelope.text, "sha256", r->sha256,
		"at", render_time_json(r->at_ns), "signed", r->signed_form);
}

static json_t *notice_json(const struct incident_session *is, const struct incident *i,
	const struct incident_receipt *r, struct delivery d, const char *trouble)
{
	const char *telephone = d.by_telephone == NULL ? NULL : d.by_telephone->to;
	return json_pack("{s:s,s:s,s:o,s:o,s:o,s:b,s:b,s:b,s:s?,s:s?,s:O,s:b,s:s,s:o}", "id",
		i->id.text, "number", i->number, "receipt", receipt_json(r), "clocks",
		clocks_json(i, is->profiles), "classifications", grades_json(i), "delivered",
		(int)d.delivered, "late", (int)d.late, "refused", (int)d.refused, "no_route",
		d.unrouted, "telephone", telephone, "near", r->near, "drill", (int)i->drill,
		"trouble", trouble, "keys", signing_json(&is->signing));
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
	const struct delivery d = delivery_of_notice(is, &i);
	if (s->json)
		TRY(session_print_json(notice_json(is, &i, r, d, trouble), e));
	else if (trouble[0] != '\0' && strcmp(trouble, r->warning) != 0)
		session_say(s, trouble);
	else if (d.delivered)
		session_say(s, _("Delivered: the receipt is signed by the receiving server."));
	return delivery_outcome(s, is, &i, d, e);
}

/* The notice is on disk, and something after that failed (a disk that is full now, an output that
 * is closed): nobody may take that for a notice that was not recorded, and file it again. */
static enum status tell_at_least(struct session *s, const struct incident_receipt *r,
	const struct error *why, struct error *e)
{
	struct error lost = ERROR_NONE;
	if (s->json) /* where this fails too, standard error has the number */
		(void)!session_print_json(
			json_pack("{s:s,s:s,s:o,s:[],s:b,s:b,s:s}", "id", r->incident.text,
				"number", r->number, "receipt", receipt_json(r), "clocks",
				"delivered", 0, "late", 0, "trouble", why->text),
			&lost);
	(void)fprintf(stderr, _("Incident %s is recorded, signed and safe on this machine.\n"),
		r->number);
	s->told = s->json;
	return error_set(e, E_QUEUED, "what came after that failed: %.500s", why->text);
}

/* Checked as it would be filed, without a home where there is none yet. */
static enum status rehearse(struct session *s, const struct first_notice *notice, struct error *e)
{
	AUTO(profile_set_free) struct profile_set *profiles = NULL;
	AUTO(form_set_free) struct form_set *forms = NULL;
	struct error absent = ERROR_NONE;
	struct field_faults faults = { .n = 0 };
	struct checked_notice checked;
	TRY(incident_profiles(s, &profiles, e));
	TRY(incident_forms(s, &forms, e));
	const struct incident_context c = { .home = session_has_home(s, &absent) == OK ? s->home
										       : NULL,
		.profiles = profiles,
		.forms = forms };
	const enum status status = incident_check(&c, notice, s->pool, &checked, &faults, e);
	TRY(tell_faults(s, &faults, status, e));
	if (checked.trouble[0] != '\0')
		session_say(s, checked.trouble);
	tell_near(s, checked.near);
	const struct classify_args as_classify = { .profiles = {
							   checked.profiles, checked.n_profiles } };
	return classify_object(s, checked.facts, FACTS_AND_MORE, &as_classify, e);
}

/* Damaged keys are no reason to lose a notice. They are replaced for one that will do, not for one
 * that is refused all the same. */
static enum status find_keys(struct session *s, const struct first_notice *notice,
	struct incident_session *is, struct error *e)
{
	struct field_faults faults = { .n = 0 };
	struct checked_notice checked;
	enum status status = incident_session_sign(s, is, SIGNING_USUAL, e);
	if (status != E_INVALID)
		return status;
	*e = ERROR_NONE;
	status = incident_check(&is->context, notice, s->pool, &checked, &faults, e);
	TRY(tell_faults(s, &faults, status, e));
	return incident_session_sign(s, is, SIGNING_CANNOT_WAIT, e);
}

static enum status file_notice(struct session *s, const struct notice_args *a,
	const struct first_notice *notice, struct incident_session *is,
	struct incident_receipt *out, struct error *e)
{
	struct field_faults faults = { .n = 0 };
	TRY(incident_session_open_unsigned(s, is, e));
	is->context.by = a->by == NULL ? "" : a->by;
	TRY(find_keys(s, notice, is, e));
	const enum status status = incident_new(&is->context, notice, s->pool, out, &faults, e);
	return tell_faults(s, &faults, status, e);
}

static enum status read_notice(struct session *s, const struct notice_args *a, json_t **more,
	json_t *set, struct first_notice *out, struct error *e)
{
	if (a->facts != NULL)
		TRY(read_json_object(a->facts, "facts", more, e));
	else
		*more = json_object();
	if (*more == NULL || set == NULL)
		return error_set(e, E_NO_SPACE, "memory is short");
	return notice_from(s, a, (struct facts_given){ *more, set }, out, e);
}

enum status cmd_incident_new(struct session *s, const void *raw, struct error *e)
{
	const struct notice_args *a = raw;
	AUTO_INCIDENT struct incident_session is = { .profiles = NULL };
	AUTO_JSON json_t *more = NULL;
	AUTO_JSON json_t *set = json_object();
	struct incident_receipt receipt;
	struct first_notice notice;
	struct error why = ERROR_NONE;
	const enum status read = read_notice(s, a, &more, set, &notice, e);
	if (read != OK && !s->told && !a->dry_run)
		(void)fprintf(stderr, "%s\n",
			_("The notice is NOT recorded. Correct the command, or telephone now."));
	if (read != OK)
		return read;
	if (a->dry_run)
		return rehearse(s, &notice, e);
	const enum status filed = file_notice(s, a, &notice, &is, &receipt, e);
	if (filed != OK && !s->told)
		(void)fprintf(stderr, "%s\n",
			_("The notice is NOT recorded. Telephone now; or name another folder with "
			  "--home."));
	if (filed != OK)
		return filed;
	if (receipt.warning[0] != '\0')
		session_say(s, receipt.warning);
	tell_near(s, receipt.near);
	const enum status told = send_and_tell(s, &is, a, &receipt, &why);
	incident_copies(s, &is, receipt.incident.text, "incident.new", a->wait_ns);
	if (told != OK && told != E_QUEUED && told != E_LATE)
		return tell_at_least(s, &receipt, &why, e);
	*e = why;
	return told;
}

/* --- classify --------------------------------------------------------------------------------- */

static enum status print_classification(struct session *s, const struct fact_catalogue *c,
	const struct classification *k, bool all, struct error *e)
{
	AUTO_BUF struct buf text;
	const struct render_terminal t = { (size_t)s->width, s->colour };
	buf_init(&text, RENDER_CEILING_BYTES);
	TRY(render_classification_terminal(c, k, all, t, &text, e));
	return session_print(buf_view(&text), e);
}

/* One profile gives one object, as scripts know it; several give a list. */
static enum status classify_by(struct session *s, const struct profile_set *profiles,
	const struct facts *facts, const struct classify_args *a, struct error *e)
{
	static const char *const by_default[] = { PROFILE_DEFAULT };
	const struct text_list *names = &a->profiles;
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
			TRY(print_classification(s, profile_facts(profiles), &k, a->all, e));
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
	return classify_by(s, profiles, &facts, a, e);
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
	AUTO_INCIDENT struct incident_session is = { .profiles = NULL };
	struct incident i;
	s->reads = true;
	TRY(session_has_home(s, e));
	TRY(incident_session_open(s, &is, e));
	TRY(incident_read(&is.context, a->id, s->pool, &i, e));
	return classify_object(s, i.facts, FACTS_AND_MORE, a, e);
}
