/*
 * Envelopes of a case: made, signed, stored, put into the outbox.
 */
#include "incident/cases/spool.h"

#include <string.h>

#include "base/digest.h"
#include "base/fault.h"

#define ENVELOPE_TEXT_MAX OUTBOX_BYTES_MAX

/* --- recipients ------------------------------------------------------------------------------- */

static bool owed_by_us(const struct desk *d, const struct duty *duty)
{
	const struct rule_word *role = profile_word(d->c->profiles, RULE_ROLES, duty->owes);
	return role != NULL && role->own;
}

static bool has_role(const struct handed_in *h, const char *role)
{
	for (size_t i = 0; i < h->n_roles; i++)
		if (strcmp(h->roles[i], role) == 0)
			return true;
	return false;
}

enum status spool_recipients(
	const struct desk *d, const struct case_row *row, struct handed_in *h, struct error *e)
{
	struct standing standing;
	h->n_roles = 0;
	TRY(case_standing(d, row, h->profile, &standing, e));
	for (size_t i = 0; i < h->profile->n_duties; i++) {
		const struct duty *duty = &h->profile->duties[i];
		if (strcmp(duty->stage, h->stage) != 0 || !owed_by_us(d, duty) ||
			strcmp(duty->medium, "telephone") == 0)
			continue;
		if (duty_hold(h->profile, duty, &row->values, &standing) != DUTY_NOT_OWED &&
			!has_role(h, duty->to) && h->n_roles < RECIPIENTS_MAX)
			h->roles[h->n_roles++] = duty->to;
	}
	return OK;
}

const struct form *spool_own_form(const struct desk *d, const struct profile *p, const char *stage)
{
	for (size_t i = 0; i < p->n_forms; i++) {
		const struct form *f = NULL;
		struct error gone = ERROR_NONE;
		if (form_find(d->c->forms, p->forms[i], &f, &gone) == OK &&
			form_stage(f, stage) >= 0)
			return f;
	}
	return NULL;
}

enum status spool_told_before(
	const struct desk *d, const struct case_row *row, struct handed_in *h, struct error *e)
{
	AUTO(statement_free) struct statement *q = NULL;
	bool more = false, failed = false;
	TRY(STORE_SQL(d->c->store,
		"SELECT DISTINCT r.role FROM incident_recipient r JOIN incident_submission s"
		" ON s.company = r.company AND s.id = r.submission"
		" WHERE r.company = ? AND r.incident = ? AND s.profile = ? ORDER BY r.role LIMIT ?",
		&q, e));
	bind_text(q, 1, d->company);
	bind_text(q, 2, row->id.text);
	bind_text(q, 3, h->profile->id);
	bind_int(q, 4, RECIPIENTS_MAX);
	for (h->n_roles = 0; h->n_roles < RECIPIENTS_MAX; h->n_roles++) {
		TRY(statement_step(q, &more, e));
		if (!more)
			break;
		h->roles[h->n_roles] = case_column(d->pool, q, 0, &failed);
	}
	return failed ? case_no_memory(e) : OK;
}

/* --- payload ---------------------------------------------------------------------------------- */

static bool is_wanted(const struct profile *p, int slot)
{
	const size_t word = (size_t)slot / 64;
	const uint64_t bit = 1ULL << ((size_t)slot % 64);
	for (size_t i = 0; i < p->n_criteria; i++)
		if ((p->criteria[i].wants[word] & bit) != 0)
			return true;
	for (size_t i = 0; i < p->n_duties; i++) {
		uint64_t bits[FACT_WORDS] = { 0 };
		if (p->duties[i].when != NULL)
			condition_wants(p->duties[i].when, bits);
		if ((bits[word] & bit) != 0)
			return true;
	}
	return false;
}

/* Need to know: the facts that this regime's rules look at, the times, and the keys that are
 * nobody's (whoever put them into the notice wants them read). */
static enum status facts_for(const struct desk *d, const struct case_row *row,
	const struct profile *p, json_t **out, struct error *e)
{
	static const char *const always[] = { "occurred_at", "discovered_at", "judged_at",
		"ongoing" };
	const struct fact_catalogue *catalogue = profile_facts(d->c->profiles);
	AUTO_JSON json_t *facts = json_object();
	const char *key;
	json_t *value;
	json_object_foreach(row->facts, key, value)
	{
		const int slot = fact_slot(catalogue, key);
		bool wanted = slot < 0 || is_wanted(p, slot);
		for (size_t i = 0; i < COUNT_OF(always); i++)
			wanted = wanted || strcmp(always[i], key) == 0;
		if (wanted && json_object_set(facts, key, value) != 0)
			return case_no_memory(e);
	}
	if (facts == NULL)
		return case_no_memory(e);
	*out = TAKE(facts);
	return OK;
}

static enum status grade_for(const struct desk *d, const struct case_row *row,
	const struct profile *p, json_t **out, struct error *e)
{
	struct grade_row grade;
	bool there = false;
	TRY(grade_in_force(d, &row->id, p->id, &grade, &there, e));
	const struct profile_grade *g =
		there && grade.grade >= 0 && (size_t)grade.grade < p->n_grades
			? &p->grades[grade.grade]
			: NULL;
	*out = json_pack("{s:s, s:I, s:o, s:o, s:s, s:s}", "profile", p->id, "version",
		(json_int_t)p->version, "tier",
		g == NULL || g->tier == 0 ? json_null() : json_integer(g->tier), "class",
		g == NULL || g->class_key == NULL ? json_null() : json_string(g->class_key),
		"decided_by", there && grade.by_person ? "person" : "rules", "reason",
		there ? grade.reason : "");
	return *out == NULL ? case_no_memory(e) : OK;
}

/* The hash of the envelope before this one in the same profile: a receiver sees what it lacks. */
static enum status previous_sha256(const struct desk *d, const struct case_row *row,
	const char *profile, json_t **out, struct error *e)
{
	AUTO(statement_free) struct statement *q = NULL;
	bool there = false;
	TRY(STORE_SQL(d->c->store,
		"SELECT sha256 FROM incident_submission WHERE company = ? AND incident = ?"
		" AND profile = ? AND draft = 0 ORDER BY n DESC LIMIT 1",
		&q, e));
	bind_text(q, 1, d->company);
	bind_text(q, 2, row->id.text);
	bind_text(q, 3, profile);
	TRY(statement_step(q, &there, e));
	const struct view sha256 = there ? column_text(q, 0) : VIEW_NONE;
	*out = there ? json_stringn(sha256.at, sha256.len) : json_null();
	return *out == NULL ? case_no_memory(e) : OK;
}

static enum status add_lists(const struct handed_in *h, json_t *payload, struct error *e)
{
	AUTO_JSON json_t *to = json_array();
	AUTO_JSON json_t *files = json_array();
	for (size_t i = 0; i < h->n_roles; i++)
		if (json_array_append_new(to, json_string(h->roles[i])) != 0)
			return case_no_memory(e);
	for (size_t i = 0; i < h->n_attachments; i++)
		if (json_array_append_new(
			    files, json_pack("{s:s, s:s, s:I}", "name", h->attachments[i].name,
					   "sha256", h->attachments[i].sha256, "bytes",
					   (json_int_t)h->attachments[i].n_bytes)) != 0)
			return case_no_memory(e);
	if (json_object_set(payload, "to", to) != 0 ||
		json_object_set(payload, "attachments", files) != 0)
		return case_no_memory(e);
	return OK;
}

static enum status add_body(const struct desk *d, const struct case_row *row,
	const struct handed_in *h, json_t *payload, struct error *e)
{
	json_t *part = NULL;
	if (json_object_set(payload, "notice", row->notice) != 0 ||
		json_object_set(payload, "form", h->filled) != 0)
		return case_no_memory(e);
	TRY(facts_for(d, row, h->profile, &part, e));
	if (json_object_set_new(payload, "facts", part) != 0)
		return case_no_memory(e);
	TRY(grade_for(d, row, h->profile, &part, e));
	if (json_object_set_new(payload, "grade", part) != 0)
		return case_no_memory(e);
	TRY(previous_sha256(d, row, h->profile->id, &part, e));
	return json_object_set_new(payload, "previous", part) != 0 ? case_no_memory(e) : OK;
}

static enum status make_payload(const struct desk *d, const struct case_row *row,
	const struct handed_in *h, json_t **out, struct error *e)
{
	char at[TIME_TEXT_MAX], created[TIME_TEXT_MAX], chain[CHAIN_TEXT_MAX];
	TRY(history_head(d, &row->id, chain, e));
	AUTO_JSON json_t *payload = json_pack(
		"{s:i, s:s, s:s, s:s, s:s, s:I, s:s, s:b, s:s, s:s, s:s, s:s, s:s, s:s, s:s}",
		"format", 1, "id", h->id.text, "incident", row->id.text, "number", row->number,
		"stage", h->stage, "revision", (json_int_t)h->n, "profile", h->profile->id, "drill",
		(int)row->drill, "drill_id", row->drill_id, "at", time_text(d->now.wall_ns, at),
		"incident_at", time_text(row->created_ns, created), "company_id", d->company, "by",
		d->by, "tlp", row->tlp, "what_changed", h->what_changed);
	if (payload == NULL || json_object_set_new(payload, "history", json_string(chain)) != 0)
		return case_no_memory(e);
	TRY(add_lists(h, payload, e));
	TRY(add_body(d, row, h, payload, e));
	*out = TAKE(payload);
	return OK;
}

enum status spool_sign(const struct desk *d, const char *payload_type, json_t *payload,
	struct view *out_text, const char **out_sha256, struct error *e)
{
	const struct key *key = d->c->keys == NULL ? NULL : keyring_current(d->c->keys);
	AUTO_JSON json_t *envelope = NULL;
	AUTO_BUF struct buf text;
	struct view payload_text, envelope_text;
	char sha256[DIGEST_HEX_LEN + 1];
	buf_init(&text, ENVELOPE_TEXT_MAX);
	if (key == NULL || !key_is_private(key))
		return error_set(e, E_DENIED, "there is no key here to sign with");
	TRY(case_json_text(d->pool, payload, &payload_text, e));
	TRY(envelope_sign(payload_type, payload_text, key, &envelope, e));
	if (FAULT("spool_sign"))
		return case_no_memory(e);
	TRY(json_write(envelope, &text, e));
	envelope_text = (struct view){ pool_text(d->pool, buf_view(&text)), text.len };
	const struct digest digest = digest_of(text.at, text.len);
	const char *hex = pool_text(d->pool, view_of(digest_hex(&digest, sha256)));
	if (envelope_text.at == NULL || hex == NULL)
		return case_no_memory(e);
	*out_text = envelope_text;
	*out_sha256 = hex;
	return OK;
}

/* --- storing ---------------------------------------------------------------------------------- */

static enum status next_n(
	const struct desk *d, const struct case_row *row, int64_t *out, struct error *e)
{
	AUTO(statement_free) struct statement *q = NULL;
	bool there = false;
	TRY(STORE_SQL(d->c->store,
		"SELECT COALESCE(MAX(n), 0) + 1 FROM incident_submission"
		" WHERE company = ? AND incident = ?",
		&q, e));
	bind_text(q, 1, d->company);
	bind_text(q, 2, row->id.text);
	TRY(statement_step(q, &there, e));
	*out = there ? column_int(q, 0) : 1;
	return OK;
}

static enum status insert_submission(const struct desk *d, const struct case_row *row,
	const struct handed_in *h, struct view envelope, struct error *e)
{
	AUTO(statement_free) struct statement *q = NULL;
	struct view filled;
	TRY(case_json_text(d->pool, h->filled, &filled, e));
	TRY(STORE_SQL(d->c->store,
		"INSERT INTO incident_submission (company, incident, n, id, at_ns, by_whom, "
		"profile,"
		" stage, form, what_changed, filled, draft, drill, envelope, sha256)"
		" VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		&q, e));
	bind_text(q, 1, d->company);
	bind_text(q, 2, row->id.text);
	bind_int(q, 3, h->n);
	bind_text(q, 4, h->id.text);
	bind_int(q, 5, d->now.wall_ns);
	bind_text(q, 6, d->by);
	bind_text(q, 7, h->profile->id);
	bind_text(q, 8, h->stage);
	bind_text(q, 9, h->form);
	bind_text(q, 10, h->what_changed);
	bind_view(q, 11, filled);
	bind_int(q, 12, h->draft ? 1 : 0);
	bind_int(q, 13, row->drill ? 1 : 0);
	bind_view(q, 14, envelope);
	bind_text(q, 15, h->sha256);
	return statement_run(q, e);
}

static enum status insert_attachments(const struct desk *d, const struct case_row *row,
	const struct handed_in *h, struct error *e)
{
	for (size_t i = 0; i < h->n_attachments; i++) {
		AUTO(statement_free) struct statement *q = NULL;
		TRY(STORE_SQL(d->c->store,
			"INSERT INTO incident_attachment (company, incident, submission, place,"
			" name, sha256, bytes) VALUES (?, ?, ?, ?, ?, ?, ?)",
			&q, e));
		bind_text(q, 1, d->company);
		bind_text(q, 2, row->id.text);
		bind_text(q, 3, h->id.text);
		bind_int(q, 4, (int64_t)i);
		bind_text(q, 5, h->attachments[i].name);
		bind_text(q, 6, h->attachments[i].sha256);
		bind_int(q, 7, h->attachments[i].n_bytes);
		TRY(statement_run(q, e));
	}
	return OK;
}

static enum status insert_recipient(
	const struct desk *d, const struct spooled *s, const char *role, struct error *e)
{
	AUTO(statement_free) struct statement *q = NULL;
	TRY(STORE_SQL(d->c->store,
		"INSERT INTO incident_recipient (company, incident, submission, role, route, state,"
		" server, received_ns, trouble) VALUES (?, ?, ?, ?, '', 0, '', -1, '')",
		&q, e));
	bind_text(q, 1, d->company);
	bind_text(q, 2, s->incident.text);
	bind_text(q, 3, s->submission.text);
	bind_text(q, 4, role);
	return statement_run(q, e);
}
_Static_assert(OUTBOX_QUEUED == 0, "the statement above says so");

enum status spool_route(const struct desk *d, const struct spooled *s, const char *role,
	const struct route *route, struct error *e)
{
	AUTO(statement_free) struct statement *q = NULL;
	const struct outbox_item item = { .id = id_new(d->now.wall_ns),
		.envelope_id = s->submission,
		.subject = s->incident.text,
		.route = route->name,
		.kind = DELIVERY_ENVELOPE,
		.drill = s->drill,
		.envelope = s->envelope,
		.queued_ns = d->now.wall_ns,
		.next_try_ns = d->now.wall_ns };
	/* A route that serves two roles takes the envelope once. */
	TRY(outbox_put(d->c->store, &item, e));
	TRY(STORE_SQL(d->c->store,
		"UPDATE incident_recipient SET route = ?"
		" WHERE company = ? AND submission = ? AND role = ?",
		&q, e));
	bind_text(q, 1, route->name);
	bind_text(q, 2, d->company);
	bind_text(q, 3, s->submission.text);
	bind_text(q, 4, role);
	return statement_run(q, e);
}

static enum status send_to_all(
	const struct desk *d, const struct handed_in *h, const struct spooled *s, struct error *e)
{
	for (size_t i = 0; i < h->n_roles; i++) {
		const struct route *route =
			d->routes == NULL ? NULL : route_for(d->routes, h->roles[i], s->drill);
		TRY(insert_recipient(d, s, h->roles[i], e));
		if (route != NULL)
			TRY(spool_route(d, s, h->roles[i], route, e));
	}
	return OK;
}

enum status spool_drop_drafts(const struct desk *d, const struct case_row *row,
	const struct handed_in *h, struct error *e)
{
	AUTO(statement_free) struct statement *q = NULL;
	TRY(STORE_SQL(d->c->store,
		"DELETE FROM incident_submission WHERE company = ? AND incident = ?"
		" AND profile = ? AND form = ? AND draft = 1",
		&q, e));
	bind_text(q, 1, d->company);
	bind_text(q, 2, row->id.text);
	bind_text(q, 3, h->profile->id);
	bind_text(q, 4, h->form);
	return statement_run(q, e);
}

enum status spool_put(
	const struct desk *d, const struct case_row *row, struct handed_in *h, struct error *e)
{
	AUTO_JSON json_t *payload = NULL;
	struct view envelope = VIEW("");
	h->id = id_new(d->now.wall_ns);
	h->sha256 = "";
	TRY(next_n(d, row, &h->n, e));
	if (h->draft)
		return insert_submission(d, row, h, envelope, e);
	TRY(make_payload(d, row, h, &payload, e));
	TRY(spool_sign(d, row->drill ? INCIDENT_DRILL_PAYLOAD : INCIDENT_PAYLOAD, payload,
		&envelope, &h->sha256, e));
	TRY(insert_submission(d, row, h, envelope, e));
	TRY(insert_attachments(d, row, h, e));
	const struct spooled s = { h->id, row->id, row->drill, envelope };
	return send_to_all(d, h, &s, e);
}
