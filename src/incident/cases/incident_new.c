/*
 * The first notice: everything that must not be lost goes to disk in one transaction, signed,
 * before anybody is told or any network is touched.
 */
#include <string.h>

#include "base/fault.h"
#include "incident/cases/notice.h"
#include "incident/cases/owed.h"
#include "incident/cases/spool.h"

#define NOTICE_STAGE "first_notice"
#define NOTICE_FORM "first-notice"

struct filing {
	const struct desk *desk;
	const struct notice *notice;
	struct case_row row;
	struct handed_in envelopes[CASE_PROFILES_MAX];
	size_t n_envelopes;
};

static enum status open_case(struct filing *f, const struct first_notice *given, struct error *e)
{
	const struct desk *d = f->desk;
	f->row = (struct case_row){ .id = id_new(d->now.wall_ns),
		.life = LIFE_OPEN,
		.drill = given->drill,
		.drill_id = f->notice->drill_id,
		.tlp = f->notice->tlp,
		.created_ns = d->now.wall_ns,
		.closed_ns = -1,
		.notice = f->notice->notice,
		.facts = f->notice->facts,
		.values = f->notice->values,
		.n_profiles = f->notice->n_profiles };
	for (size_t i = 0; i < f->row.n_profiles; i++)
		f->row.profiles[i] = f->notice->profiles[i]->id;
	TRY(case_next_number(d, given->drill ? SERIES_DRILL : SERIES_REAL, &f->row.number, e));
	TRY(case_insert(d, &f->row, e));
	return case_revise(d, &f->row, f->notice->notice, f->notice->facts, e);
}

static enum status grade_all(struct filing *f, struct error *e)
{
	for (size_t i = 0; i < f->notice->n_profiles; i++) {
		struct classification k;
		classify(f->notice->profiles[i], &f->row.values, &k);
		const struct grade_decision g = { .profile = f->notice->profiles[i],
			.rules = &k,
			.grade = k.grade,
			.person = "",
			.reason = "" };
		TRY(grade_insert(f->desk, &f->row, &g, e));
	}
	return OK;
}

/* The eight facts as they were given, or the form that the regime has for the stage, filled with
 * what is known of it. What is not known is left open: nothing is asked for in these minutes. */
static enum status fill_in(struct filing *f, struct handed_in *h, int grade, struct error *e)
{
	const struct desk *d = f->desk;
	const struct form *form = spool_own_form(d, h->profile, h->stage);
	json_t *notice = NULL, *facts = NULL;
	h->form = NOTICE_FORM;
	h->filled = f->notice->filled;
	if (form == NULL || strcmp(form->id, NOTICE_FORM) == 0)
		return OK;
	h->form = form->id;
	h->filled = json_object();
	TRY(json_keep(d->pool, h->filled, e));
	TRY(notice_for_forms(d, &f->row, h->profile, grade, &notice, e));
	TRY(facts_for_forms(d, &f->row, &facts, e));
	return form_prefill(form, notice, facts, h->filled, d->now.wall_ns, e);
}

static void add_role(struct handed_in *h, const char *role)
{
	for (size_t i = 0; i < h->n_roles; i++)
		if (strcmp(h->roles[i], role) == 0)
			return;
	if (h->n_roles < RECIPIENTS_MAX)
		h->roles[h->n_roles++] = role;
}

struct running {
	struct clock_row *rows;
	size_t n;
};

/* `first` NULL: nobody is owed one, and it is kept here. */
static enum status hand_in(struct filing *f, const struct profile *p, const struct running *clocks,
	const struct clock_row *first, struct error *e)
{
	const struct profile_set *s = f->desk->c->profiles;
	struct handed_in *h = &f->envelopes[f->n_envelopes++];
	struct classification k;
	classify(p, &f->row.values, &k);
	*h = (struct handed_in){ .profile = p,
		.stage = first == NULL ? NOTICE_STAGE : first->stage,
		.what_changed = "" };
	for (size_t j = 0; first != NULL && j < p->n_duties; j++)
		for (size_t i = 0; i < clocks->n; i++)
			if (strcmp(clocks->rows[i].duty, p->duties[j].id) == 0 &&
				owed_with(s, first, &clocks->rows[i]))
				add_role(h, clocks->rows[i].to);
	TRY(fill_in(f, h, k.grade, e));
	return spool_put(f->desk, &f->row, h, e);
}

/* One for each regime that wants something now, in its own stage; where none does, one that is kept
 * here. */
static enum status hand_in_all(struct filing *f, struct error *e)
{
	const struct desk *d = f->desk;
	const struct clock_filter filter = { .incident = &f->row.id };
	struct running clocks = { .n = 0 };
	TRY(clocks_list(d->c->store, &filter, &d->now, d->pool, &clocks.rows, &clocks.n, e));
	for (size_t i = 0; i < f->notice->n_profiles; i++) {
		const struct profile *p = f->notice->profiles[i];
		const struct clock_row *first =
			owed_first(d->c->profiles, clocks.rows, clocks.n, p->id, OWED_BY_NOTICE);
		if (first != NULL)
			TRY(hand_in(f, p, &clocks, first, e));
	}
	return f->n_envelopes > 0 ? OK : hand_in(f, f->notice->profiles[0], &clocks, NULL, e);
}

static enum status add_event(struct filing *f, const char *warning, struct error *e)
{
	const struct desk *d = f->desk;
	int64_t discovered_ns = -1;
	const char *text = json_string_value(json_object_get(f->row.facts, "discovered_at"));
	AUTO_JSON json_t *profiles = json_array();
	for (size_t i = 0; i < f->row.n_profiles; i++)
		if (json_array_append_new(profiles, json_string(f->row.profiles[i])) != 0)
			return case_no_memory(e);
	if (text != NULL && !time_parse(view_of(text), &discovered_ns))
		discovered_ns = -1;
	json_t *event = json_pack("{s:O, s:O, s:O, s:b, s:s, s:s}", "profiles", profiles, "notice",
		f->row.notice, "facts", f->row.facts, "drill", (int)f->row.drill, "drill_id",
		f->row.drill_id, "left_aside", warning);
	const char *note = d->c->keys_note;
	if (event != NULL && note != NULL && note[0] != '\0')
		(void)json_object_set_new(event, "keys", json_string(note));
	return history_add(d, &f->row.id, discovered_ns, "notice", event, e);
}

/* What was put where, by the key of this home: to be shown, printed, and checked offline. */
static enum status make_receipt(
	const struct filing *f, struct incident_receipt *out, struct error *e)
{
	const struct desk *d = f->desk;
	char at[TIME_TEXT_MAX], chain[CHAIN_TEXT_MAX];
	struct view text;
	AUTO_JSON json_t *list = json_array();
	for (size_t i = 0; i < f->n_envelopes; i++)
		if (json_array_append_new(list,
			    json_pack("{s:s, s:s, s:s, s:s}", "id", f->envelopes[i].id.text,
				    "sha256", f->envelopes[i].sha256, "profile",
				    f->envelopes[i].profile->id, "stage", f->envelopes[i].stage)) !=
			0)
			return case_no_memory(e);
	TRY(history_head(d, &f->row.id, chain, e));
	AUTO_JSON json_t *payload = json_pack("{s:i, s:s, s:s, s:b, s:s, s:O, s:s}", "format", 1,
		"incident", f->row.id.text, "number", f->row.number, "drill", (int)f->row.drill,
		"at", time_text(d->now.wall_ns, at), "envelopes", list, "history", chain);
	if (payload == NULL)
		return case_no_memory(e);
	const char *sha256 = "";
	TRY(spool_sign(d, INCIDENT_LOCAL_RECEIPT_PAYLOAD, payload, &text, &sha256, e));
	out->incident = f->row.id;
	out->envelope = f->envelopes[0].id;
	out->sha256 = f->envelopes[0].sha256;
	out->at_ns = d->now.wall_ns;
	out->number = f->row.number;
	return case_json_of(d->pool, text, &out->signed_form, e);
}

static const char *warning_of(const struct desk *d, const struct notice *n)
{
	if (n->trouble[0] == '\0')
		return d->trouble;
	if (d->trouble[0] == '\0')
		return n->trouble;
	return pool_textf(d->pool, "%s; %s", n->trouble, d->trouble);
}

static enum status store_all(struct filing *f, const struct first_notice *given,
	struct incident_receipt *out, struct error *e)
{
	AUTO_TRANSACTION struct transaction t = { NULL, false };
	struct incident_receipt receipt = { .warning = warning_of(f->desk, f->notice),
		.near = f->notice->near };
	if (receipt.warning == NULL)
		return case_no_memory(e);
	TRY(transaction_begin(f->desk->c->store, &t, e));
	TRY(open_case(f, given, e));
	TRY(grade_all(f, e));
	TRY(add_event(f, receipt.warning, e));
	TRY(case_sync(f->desk, &f->row, e)); /* what runs now says what goes to whom */
	TRY(hand_in_all(f, e));
	TRY(case_sync(f->desk, &f->row, e)); /* and what was handed in starts what follows it */
	TRY(make_receipt(f, &receipt, e));
	TRY(transaction_commit(&t, e));
	*out = receipt;
	return OK;
}

enum status incident_new(const struct incident_context *c, const struct first_notice *n,
	struct pool *p, struct incident_receipt *out, struct field_faults *faults, struct error *e)
{
	AUTO_DESK struct desk d = { .routes = NULL };
	struct notice notice;
	TRY(desk_open(c, p, true, &d, e));
	TRY(notice_read(&d, n, &notice, faults, e));
	TRY(field_faults_error(faults, e));
	struct filing *f = pool_take(p, 1, sizeof *f);
	if (f == NULL)
		return case_no_memory(e);
	*f = (struct filing){ .desk = &d, .notice = &notice };
	return store_all(f, n, out, e);
}

enum status incident_check(const struct incident_context *c, const struct first_notice *n,
	struct pool *p, struct checked_notice *out, struct field_faults *faults, struct error *e)
{
	const int64_t now_ns = clock_wall_ns(c->clock);
	const struct desk d = { .c = c,
		.company = "",
		.by = "",
		.now = { .wall_ns = now_ns, .latest_ns = now_ns },
		.pool = p,
		.trouble = "" };
	struct notice notice;
	TRY(notice_read(&d, n, &notice, faults, e));
	TRY(field_faults_error(faults, e));
	const char **ids = pool_take(p, CASE_PROFILES_MAX, sizeof *ids);
	if (ids == NULL)
		return case_no_memory(e);
	for (size_t i = 0; i < notice.n_profiles; i++)
		ids[i] = notice.profiles[i]->id;
	*out = (struct checked_notice){ notice.facts, ids, notice.n_profiles, notice.trouble,
		notice.near };
	return OK;
}
