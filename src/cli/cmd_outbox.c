/*
 * tocsin outbox: what is on its way, and the way by removable media.
 */
#include <string.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "cli/cli.h"
#include "cli/incident_copies.h"
#include "cli/incident_delivery.h"
#include "cli/incident_session.h"
#include "render/render.h"

struct outbox_list_args {
	bool all;
};
#define AT(member) offsetof(struct outbox_list_args, member)
static const struct option list_options[] = {
	{ "all", OPTION_FLAG, AT(all), NULL, N_("What is delivered or refused too."), NULL },
};
#undef AT

struct flush_args {
	int64_t wait_ns;
	bool dry_run;
};
static const struct flush_args flush_defaults = { .wait_ns = 30 * NS_PER_S };
#define AT(member) offsetof(struct flush_args, member)
static const struct option flush_options[] = {
	{ "wait", OPTION_DURATION, AT(wait_ns), N_("TIME"), N_("How long to try (30 s)."), NULL },
	{ "dry-run", OPTION_FLAG, AT(dry_run), NULL,
		N_("Check all of it and say what would be done; store and send nothing."), NULL },
};
#undef AT

struct parcel_args {
	const char *file;
	const char *route;
	const char *recipient;
	const char *certificate;
	const char *key;
	bool dry_run;
};
#define AT(member) offsetof(struct parcel_args, member)
static const struct option export_options[] = {
	{ "route", OPTION_TEXT, AT(route), N_("NAME"),
		N_("Of which destination; may be left out where there is only one."), NULL },
	{ "recipient", OPTION_TEXT, AT(recipient), N_("FILE"),
		N_("The recipient's X.509 certificate, PEM; otherwise the route's."), NULL },
	{ "dry-run", OPTION_FLAG, AT(dry_run), NULL,
		N_("Check all of it and say what would be done; store and send nothing."), NULL },
};
static const struct option import_options[] = {
	{ "certificate", OPTION_TEXT, AT(certificate), N_("FILE"),
		N_("Our X.509 certificate, PEM, where the file is encrypted to us."), NULL },
	{ "key", OPTION_TEXT, AT(key), N_("FILE"), N_("The private key that belongs to it."),
		NULL },
	{ "dry-run", OPTION_FLAG, AT(dry_run), NULL,
		N_("Check all of it and say what would be done; store and send nothing."), NULL },
};
static const struct operand file_operands[] = { { N_("FILE"), AT(file), true,
	N_("The file on the removable medium.") } };
#undef AT

/* --- list ------------------------------------------------------------------------------------- */

static json_t *item_json(const struct outbox_item *i)
{
	return json_pack("{s:s,s:s,s:s,s:s,s:s,s:b,s:o,s:o,s:I,s:s?,s:s?,s:s?,s:o,s:o}", "id",
		i->id.text, "envelope",
		i->envelope_id.text[0] == '\0' ? i->id.text : i->envelope_id.text, "incident",
		i->subject, "route", i->route, "state", outbox_state_name(i->state), "drill",
		(int)i->drill, "queued_at", render_time_json(i->queued_ns), "next_try_at",
		i->state == OUTBOX_QUEUED ? render_time_json(i->next_try_ns) : json_null(), "tries",
		(json_int_t)i->n_tries, "last_error", i->last_error, "way", i->way, "server",
		i->server, "received_at", render_time_json(i->received_ns), "exported_at",
		render_time_json(i->exported_ns));
}

/* What outbox list shows: the items, what never got that far, and the incidents' numbers. */
struct outbox_view {
	const struct outbox_item *items;
	size_t n_items;
	const struct unrouted_row *unrouted;
	size_t n_unrouted;
	const struct incident_row *incidents;
	size_t n_incidents;
	const struct profile_set *profiles;
};

static const char *zoned(const struct outbox_view *v, int64_t wall_ns, char out[TIME_TEXT_MAX])
{
	return delivery_time(v->profiles, NULL, wall_ns, out); /* as in every other list */
}

static const char *number_of(const struct outbox_view *v, const char *subject)
{
	const size_t n_copy = strlen(INCIDENT_COPY_SUBJECT);
	if (strncmp(subject, INCIDENT_COPY_SUBJECT, n_copy) == 0)
		subject += n_copy;
	for (size_t i = 0; i < v->n_incidents; i++)
		if (strcmp(v->incidents[i].id.text, subject) == 0)
			return v->incidents[i].number;
	return subject;
}

static const char *state_words(enum outbox_state state)
{
	switch (state) {
	case OUTBOX_QUEUED:
		return _("waiting");
	case OUTBOX_DELIVERED:
		return _("delivered");
	case OUTBOX_REFUSED:
		return _("refused");
	}
	return "";
}

static void print_item(const struct outbox_view *v, const struct outbox_item *it, struct buf *text)
{
	char when[TIME_TEXT_MAX];
	buf_addf(text, "%s  %s · %s · %s", number_of(v, it->subject), it->route,
		state_words(it->state), zoned(v, it->queued_ns, when));
	if (it->drill)
		buf_add_text(text, _(" · DRILL"));
	buf_add_char(text, '\n');
	if (it->state == OUTBOX_QUEUED && it->exported_ns >= 0)
		buf_addf(text, _("    on removable media since %s, no receipt yet\n"),
			zoned(v, it->exported_ns, when));
	if (it->state == OUTBOX_QUEUED && it->last_error != NULL)
		buf_addf(text, _("    tried %lld times, last: %s\n"), (long long)it->n_tries,
			it->last_error);
	if (it->state == OUTBOX_REFUSED && it->last_error != NULL)
		buf_addf(text, _("    never sent again: %s\n"), it->last_error);
	if (it->state == OUTBOX_DELIVERED && it->server != NULL)
		buf_addf(text, _("    received by %s at %s\n"), it->server,
			zoned(v, it->received_ns, when));
}

static enum status print_view(
	const struct outbox_view *v, const struct profile_set *profiles, struct error *e)
{
	AUTO_BUF struct buf text;
	char when[TIME_TEXT_MAX];
	buf_init(&text, RENDER_CEILING_BYTES);
	if (v->n_items == 0 && v->n_unrouted == 0)
		buf_addf(&text, "%s\n", _("Nothing is waiting."));
	for (size_t i = 0; i < v->n_unrouted; i++) {
		const struct unrouted_row *r = &v->unrouted[i];
		const struct rule_word *word = profile_word(profiles, RULE_ROLES, r->role);
		buf_addf(&text, "%s  %s · %s · %s%s\n", r->number,
			word == NULL ? r->role : bilingual_pick(word->name),
			r->drill ? _("no route for drills") : _("no route"),
			zoned(v, r->at_ns, when), r->drill ? _(" · DRILL") : "");
	}
	if (v->n_unrouted > 0)
		buf_addf(&text, "    %s\n",
			_("No route of routes.yaml leads there: telephone, or name one and run "
			  "tocsin outbox flush."));
	for (size_t i = 0; i < v->n_items; i++)
		print_item(v, &v->items[i], &text);
	TRY(buf_check(&text, "text", e));
	return session_print(buf_view(&text), e);
}

static json_t *unrouted_json(const struct unrouted_row *r)
{
	return json_pack("{s:s,s:s,s:s,s:s,s:o,s:b}", "incident", r->incident.text, "number",
		r->number, "envelope", r->envelope.text, "role", r->role, "at",
		render_time_json(r->at_ns), "drill", (int)r->drill);
}

static enum status print_view_json(
	const struct session *s, const struct outbox_view *v, struct error *e)
{
	json_t *items = json_array();
	json_t *unrouted = json_array();
	for (size_t i = 0; i < v->n_items; i++)
		(void)json_array_append_new(items, item_json(&v->items[i]));
	for (size_t i = 0; i < v->n_unrouted; i++)
		(void)json_array_append_new(unrouted, unrouted_json(&v->unrouted[i]));
	return session_print_json(
		session_answer(s, json_pack("{s:o,s:o}", "items", items, "no_route", unrouted)), e);
}

static enum status open_view(struct session *s, struct incident_session *is, unsigned states,
	struct outbox_view *out, struct error *e)
{
	struct outbox_item *items = NULL;
	struct unrouted_row *unrouted = NULL;
	struct incident_row *incidents = NULL;
	const struct outbox_filter f = { .states = states };
	*out = (struct outbox_view){ .profiles = is->profiles };
	TRY(outbox_list(s->store, &f, s->pool, &items, &out->n_items, e));
	TRY(incident_unrouted(&is->context, s->pool, &unrouted, &out->n_unrouted, e));
	TRY(incident_list(&is->context, true, s->pool, &incidents, &out->n_incidents, e));
	out->items = items;
	out->unrouted = unrouted;
	out->incidents = incidents;
	return OK;
}

static enum status cmd_list(struct session *s, const void *raw, struct error *e)
{
	const struct outbox_list_args *a = raw;
	AUTO_INCIDENT struct incident_session is = { .profiles = NULL };
	struct outbox_view v;
	const unsigned states = a->all ? 0U : 1U << OUTBOX_QUEUED | 1U << OUTBOX_REFUSED;
	s->reads = true;
	TRY(session_has_home(s, e));
	TRY(incident_session_open(s, &is, e));
	TRY(open_view(s, &is, states, &v, e));
	return s->json ? print_view_json(s, &v, e) : print_view(&v, is.profiles, e);
}

/* --- flush ------------------------------------------------------------------------------------ */

/* Exercises without an inbox of their own are no trouble of the real ones. */
static size_t count_real(const struct unrouted_row *rows, size_t n)
{
	size_t n_real = 0;
	for (size_t i = 0; i < n; i++)
		n_real += rows[i].drill ? 0U : 1U;
	return n_real;
}

static enum status tell_flush(
	struct session *s, const struct flush_report *r, size_t n_unrouted, struct error *e)
{
	if (s->json)
		return session_print_json(
			json_pack("{s:I,s:I,s:I,s:I,s:I,s:s}", "delivered",
				(json_int_t)r->n_delivered, "refused", (json_int_t)r->n_refused,
				"waiting", (json_int_t)r->n_waiting, "exported",
				(json_int_t)r->n_exported, "no_route", (json_int_t)n_unrouted,
				"trouble", r->first_trouble),
			e);
	AUTO_BUF struct buf text;
	buf_init(&text, 16 * KIB);
	buf_addf(&text, _("%zu delivered, %zu refused, %zu still waiting.\n"), r->n_delivered,
		r->n_refused, r->n_waiting);
	if (n_unrouted > 0)
		buf_addf(&text,
			_("%zu more have no route: telephone, or name one in routes.yaml (outbox "
			  "list).\n"),
			n_unrouted);
	if (r->first_trouble[0] != '\0')
		buf_addf(&text, "%s\n", r->first_trouble);
	TRY(buf_check(&text, "text", e));
	return session_print(buf_view(&text), e);
}

/* What would be tried, one by one. Whether the other side would answer, only a try can tell. */
static enum status rehearse_flush(struct session *s, struct incident_session *is, struct error *e)
{
	AUTO(routes_free) struct routes *routes = NULL;
	struct outbox_view v;
	struct flush_report r;
	TRY(routes_open(s->home, &routes, e));
	TRY(incident_deliver(s, is, NULL, 0, &r, e));
	TRY(open_view(s, is, 1U << OUTBOX_QUEUED, &v, e));
	incident_say_rehearsed(s);
	if (!s->json)
		return print_view(&v, is->profiles, e);
	json_t *items = json_array();
	for (size_t i = 0; i < v.n_items; i++)
		(void)json_array_append_new(items, item_json(&v.items[i]));
	return session_print_json(
		incident_answer(s,
			json_pack("{s:I,s:I,s:o}", "waiting", (json_int_t)v.n_items, "no_route",
				(json_int_t)count_real(v.unrouted, v.n_unrouted), "items", items)),
		e);
}

static enum status cmd_flush(struct session *s, const void *raw, struct error *e)
{
	const struct flush_args *a = raw;
	AUTO_INCIDENT struct incident_session is = { .profiles = NULL };
	struct unrouted_row *unrouted = NULL;
	struct flush_report r;
	size_t n = 0;
	incident_rehearse(s, a->dry_run);
	TRY(session_has_home(s, e));
	TRY(incident_session_open(s, &is, e));
	if (a->dry_run)
		return rehearse_flush(s, &is, e);
	TRY(incident_deliver(s, &is, NULL, a->wait_ns, &r, e));
	TRY(incident_unrouted(&is.context, s->pool, &unrouted, &n, e));
	n = count_real(unrouted, n);
	TRY(tell_flush(s, &r, n, e));
	s->told = true;
	if (r.n_waiting + n > 0)
		return E_QUEUED;
	return r.n_refused > 0 ? E_PARTLY : OK;
}

/* --- parcels ---------------------------------------------------------------------------------- */

static enum status choose_route(
	const struct routes *routes, const char *name, const struct route **out, struct error *e)
{
	if (name != NULL) {
		*out = route_named(routes, name);
		return *out != NULL ? OK
				    : error_set(e, E_ABSENT, "routes.yaml has no route '%s'", name);
	}
	if (routes_count(routes) != 1)
		return error_set(e, E_USAGE, "say with --route which destination it is for");
	*out = route_at(routes, 0);
	return OK;
}

static enum status cmd_export(struct session *s, const void *raw, struct error *e)
{
	const struct parcel_args *a = raw;
	AUTO(routes_free) struct routes *routes = NULL;
	const struct route *route = NULL;
	size_t n = 0;
	incident_rehearse(s, a->dry_run);
	TRY(session_has_home(s, e));
	TRY(session_store(s, e));
	TRY(routes_open(s->home, &routes, e));
	TRY(choose_route(routes, a->route, &route, e));
	const struct parcel_order order = { .route = route,
		.recipient_path = a->recipient,
		.path = a->file,
		.now_ns = clock_wall_ns(NULL),
		.rehearse = a->dry_run };
	const enum status status = parcel_export(s->store, &order, &n, e);
	if (status != OK && status != E_PARTLY)
		return status;
	incident_say_rehearsed(s);
	if (s->json)
		return session_print_json(
			incident_answer(s,
				json_pack("{s:s,s:I,s:b}", "file", a->file, "envelopes",
					(json_int_t)n, "more_waiting", (int)(status == E_PARTLY))),
			e);
	AUTO_BUF struct buf text;
	buf_init(&text, 8192);
	if (a->dry_run)
		buf_addf(&text, _("Envelopes that would be written to %s: %zu\n"), a->file, n);
	else
		buf_addf(&text,
			_("Envelopes in %s, encrypted to the recipient: %zu. Each stays queued "
			  "until its receipt comes back (outbox import).\n"),
			a->file, n);
	return session_print(buf_view(&text), e);
}

static enum status cmd_import(struct session *s, const void *raw, struct error *e)
{
	const struct parcel_args *a = raw;
	AUTO(routes_free) struct routes *routes = NULL;
	AUTO_INCIDENT struct incident_session is = { .profiles = NULL };
	struct parcel_import r = { .first_wrong = "" };
	size_t n_taken = 0;
	incident_rehearse(s, a->dry_run);
	TRY(session_has_home(s, e));
	TRY(incident_session_open(s, &is, e));
	TRY(routes_open(s->home, &routes, e));
	const struct parcel_source source = { a->file, a->certificate, a->key,
		clock_wall_ns(NULL) };
	const enum status status = parcel_import(s->store, routes, &source, s->pool, &r, e);
	if (status != OK && status != E_PARTLY)
		return status;
	TRY(incident_take_receipts(&is.context, &n_taken, e));
	incident_say_rehearsed(s);
	if (s->json) {
		TRY(session_print_json(
			incident_answer(s,
				json_pack("{s:I,s:I,s:I,s:s}", "delivered",
					(json_int_t)r.n_delivered, "known", (json_int_t)r.n_known,
					"wrong", (json_int_t)r.n_wrong, "first_wrong",
					r.first_wrong == NULL ? "" : r.first_wrong)),
			e));
	} else {
		AUTO_BUF struct buf text;
		buf_init(&text, 8192);
		buf_addf(&text,
			_("%zu notices are proved received, %zu were known, %zu proofs do "
			  "not hold.\n"),
			r.n_delivered, r.n_known, r.n_wrong);
		if (r.n_wrong > 0)
			buf_addf(&text, "%s\n", r.first_wrong);
		TRY(session_print(buf_view(&text), e));
	}
	s->told = true;
	return status;
}

static const struct cli_command list_command = { "outbox", "list",
	N_("Show what is on its way and what was refused."), NULL, list_options,
	COUNT_OF(list_options), NULL, 0, sizeof(struct outbox_list_args), NULL, cmd_list, NULL };
static const struct cli_command flush_command = { "outbox", "flush",
	N_("Send now what is waiting."), NULL, flush_options, COUNT_OF(flush_options), NULL, 0,
	sizeof(struct flush_args), &flush_defaults, cmd_flush, NULL };
static const struct cli_command export_command = { "outbox", "export",
	N_("Write what is waiting to a file for removable media, encrypted to its recipient."),
	NULL, export_options, COUNT_OF(export_options), file_operands, COUNT_OF(file_operands),
	sizeof(struct parcel_args), NULL, cmd_export, NULL };
static const struct cli_command import_command = { "outbox", "import",
	N_("Read receipts from removable media."), NULL, import_options, COUNT_OF(import_options),
	file_operands, COUNT_OF(file_operands), sizeof(struct parcel_args), NULL, cmd_import,
	NULL };

static const struct cli_command *const commands[] = { &list_command, &flush_command,
	&export_command, &import_command };
const struct noun cli_noun_outbox = { "outbox", N_("Delivery"), commands, COUNT_OF(commands) };
