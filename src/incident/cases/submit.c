/*
 * Stages: the next form opens filled with what is known, and each one that is handed in is a
 * revision that nothing overwrites.
 */
#include <string.h>

#include "incident/cases/attach.h"
#include "incident/cases/learn.h"
#include "incident/cases/notice.h"

#define GENERAL_FORM "general-report"

struct submitting {
	const struct desk *desk;
	const struct stage_submission *what;
	struct case_row row;
	const struct profile *profile;
	const struct form *form;
	const char *stage;
	int grade;
	json_t *before; /* the form as it was last kept; NULL never */
	bool before_is_draft;
	json_t *filled;
	struct known known;
	bool sent_before; /* something of this profile was handed in already */
	struct attachment files[ATTACHMENTS_MAX];
	size_t n_files;
	struct field_faults *faults;
};

/* --- which form ------------------------------------------------------------------------------- */

static enum status choose_profile(struct submitting *s, struct error *e)
{
	const char *id = s->what->profile;
	if (id == NULL)
		id = s->row.n_profiles > 0 ? s->row.profiles[0] : PROFILE_DEFAULT;
	return profile_find(s->desk->c->profiles, id, &s->profile, e);
}

static bool is_among(const char *names, const char *name)
{
	const size_t n = strlen(name);
	for (const char *at = strstr(names, name); at != NULL; at = strstr(at + n, name))
		if ((at == names || at[-1] == ' ') && (at[n] == ',' || at[n] == '\0'))
			return true;
	return false;
}

/* The stages that have a form under the profile, for the message that refuses another. */
static const char *reports_of(const struct submitting *s, const struct form *general)
{
	const char *names = "";
	for (size_t i = 0; i <= s->profile->n_forms; i++) {
		const struct form *f = general;
		struct error gone = ERROR_NONE;
		if (i < s->profile->n_forms &&
			form_find(s->desk->c->forms, s->profile->forms[i], &f, &gone) != OK)
			continue;
		for (size_t k = 0; names != NULL && k < f->n_stages; k++)
			if (!is_among(names, f->stages[k]))
				names = pool_textf(s->desk->pool, "%s%s%s", names,
					names[0] == '\0' ? "" : ", ", f->stages[k]);
		if (names == NULL || (names[0] != '\0' && i + 1 >= s->profile->n_forms))
			break;
	}
	return names == NULL ? "" : names;
}

/* The profile's own form for the stage, else the general one. */
static enum status choose_form(struct submitting *s, struct error *e)
{
	const struct form_set *forms = s->desk->c->forms;
	const struct form *f = NULL;
	if (s->what->form != NULL)
		return form_find(forms, s->what->form, &s->form, e);
	s->form = spool_own_form(s->desk, s->profile, s->stage);
	if (s->form != NULL)
		return OK;
	TRY(form_find(forms, GENERAL_FORM, &f, e));
	if (form_stage(f, s->stage) < 0)
		return error_set(e, E_INVALID, "stage: %s has no report '%.60s'; it has %s",
			s->profile->id, s->stage, reports_of(s, f));
	s->form = f;
	return OK;
}

/* Of a profile that the case does not run, the rules' grade: a copy for another authority. */
static enum status find_grade(struct submitting *s, struct error *e)
{
	struct grade_row grade;
	struct classification k;
	bool there = false;
	TRY(grade_in_force(s->desk, &s->row.id, s->profile->id, &grade, &there, e));
	classify(s->profile, &s->row.values, &k);
	s->grade = there ? grade.grade : k.grade;
	return OK;
}

/* The last filled form of the profile, a draft before what was handed in. */
static enum status read_before(struct submitting *s, struct error *e)
{
	AUTO(statement_free) struct statement *q = NULL;
	const struct desk *d = s->desk;
	bool there = false;
	TRY(STORE_SQL(d->c->store,
		"SELECT filled, draft FROM incident_submission"
		" WHERE company = ? AND incident = ? AND profile = ? AND form = ?"
		" ORDER BY draft DESC, n DESC LIMIT 1",
		&q, e));
	bind_text(q, 1, d->company);
	bind_text(q, 2, s->row.id.text);
	bind_text(q, 3, s->profile->id);
	bind_text(q, 4, s->form->id);
	TRY(statement_step(q, &there, e));
	s->before_is_draft = there && column_int(q, 1) != 0;
	return there ? case_json_of(d->pool, column_text(q, 0), &s->before, e) : OK;
}

static enum status look_back(struct submitting *s, struct error *e)
{
	AUTO(statement_free) struct statement *q = NULL;
	const struct desk *d = s->desk;
	TRY(STORE_SQL(d->c->store,
		"SELECT 1 FROM incident_submission"
		" WHERE company = ? AND incident = ? AND profile = ? AND draft = 0 LIMIT 1",
		&q, e));
	bind_text(q, 1, d->company);
	bind_text(q, 2, s->row.id.text);
	bind_text(q, 3, s->profile->id);
	return statement_step(q, &s->sent_before, e);
}

/* What is known now, for pre-filling and for comparing. */
static enum status look_at_known(struct submitting *s, struct error *e)
{
	TRY(find_grade(s, e));
	s->known.profile = s->profile;
	TRY(notice_for_forms(s->desk, &s->row, s->profile, s->grade, &s->known.notice, e));
	TRY(reported_for_forms(s->desk, &s->row, s->form, s->known.notice, e));
	return facts_for_forms(s->desk, &s->row, &s->known.facts, e);
}

/* What a draft says is not known yet to anybody else: it stands. */
static enum status open_form(struct submitting *s, struct error *e)
{
	const struct desk *d = s->desk;
	s->filled = s->before == NULL ? json_object() : json_deep_copy(s->before);
	TRY(json_keep(d->pool, s->filled, e));
	TRY(form_prefill(s->form, s->known.notice, s->known.facts, s->filled, d->now.wall_ns, e));
	return s->before_is_draft ? OK : learn_refresh(d, s->form, &s->known, s->filled, e);
}

static enum status prepare(struct submitting *s, const char *id, struct error *e)
{
	s->stage = s->what->stage == NULL ? "written" : s->what->stage;
	TRY(case_find(s->desk, id, &s->row, e));
	TRY(choose_profile(s, e));
	TRY(choose_form(s, e));
	TRY(look_at_known(s, e));
	TRY(read_before(s, e));
	return open_form(s, e);
}

enum status incident_form(const struct incident_context *c, const char *id,
	const struct stage_submission *what, struct pool *p, const struct form **out_form,
	json_t **out_filled, struct error *e)
{
	AUTO_DESK struct desk d = { .routes = NULL };
	struct field_faults faults = { .n = 0 };
	struct submitting *s = pool_take(p, 1, sizeof *s);
	if (s == NULL)
		return case_no_memory(e);
	*s = (struct submitting){ .desk = &d, .what = what, .grade = -1, .faults = &faults };
	TRY(desk_open(c, p, false, &d, e));
	TRY(prepare(s, id, e));
	if (what->changes != NULL)
		TRY(form_merge(s->form, s->filled, what->changes, d.now.latest_ns, p, &faults, e));
	TRY(field_faults_error(&faults, e));
	*out_form = s->form;
	*out_filled = s->filled;
	return OK;
}

/* --- handing in ------------------------------------------------------------------------------- */

/* The copies go into the form's own place for files. */
static enum status name_files(struct submitting *s, struct error *e)
{
	const struct desk *d = s->desk;
	const struct form_field *field = NULL;
	for (size_t i = 0; i < s->form->n_fields && field == NULL; i++)
		if (s->form->fields[i].type == FORM_FILES)
			field = &s->form->fields[i];
	if (field == NULL || s->n_files == 0)
		return OK;
	json_t *present = json_object_get(
		json_object_get(json_object_get(s->filled, "fields"), field->key), "value");
	AUTO_JSON json_t *list = present == NULL ? json_array() : json_copy(present);
	for (size_t i = 0; i < s->n_files; i++)
		if (json_array_append_new(
			    list, json_pack("{s:s, s:s, s:I}", "name", s->files[i].name, "sha256",
					  s->files[i].sha256, "bytes",
					  (json_int_t)s->files[i].n_bytes)) != 0)
			return case_no_memory(e);
	AUTO_JSON json_t *change = json_pack("{s:O}", field->key, list);
	if (change == NULL)
		return case_no_memory(e);
	return form_merge(s->form, s->filled, change, d->now.latest_ns, d->pool, s->faults, e);
}

/* Copied before the write lock is taken: a notice that somebody files meanwhile must not wait for a
 * large file. */
static enum status attach(struct submitting *s, const char *id, struct error *e)
{
	const struct attach_request files = { s->what->files, s->what->n_files };
	struct case_row row;
	if (files.n == 0)
		return OK;
	TRY(case_find(s->desk, id, &row, e));
	TRY(attach_all(s->desk, &row.id, &files, s->files, s->faults, e));
	s->n_files = s->faults->n + s->faults->n_more > 0 ? 0 : files.n;
	return OK;
}

static void check_what_changed(struct submitting *s)
{
	char room[FLAW_TEXT_MAX];
	const char *text = s->what->what_changed == NULL ? "" : s->what->what_changed;
	const struct view said = view_trim(view_of(text));
	const char *flaw = case_text_flaw(text, REASON_BYTES_MAX, TEXT_SEVERAL_LINES, room);
	if (said.len == 0 && s->sent_before)
		field_fault_add(s->faults, s->desk->pool, "what_changed", "%s",
			_("is missing: say what changed since the last report"));
	else if (said.len > 0 && flaw != NULL)
		field_fault_add(s->faults, s->desk->pool, "what_changed", "%s", flaw);
}

static int tier_of(const struct submitting *s)
{
	return s->grade < 0 ? 0 : s->profile->grades[s->grade].tier;
}

/* What the report says of facts becomes the facts, before it is signed: the grade follows. A fault
 * of a fact is one of the field that it came out of. */
static enum status learn(struct submitting *s, struct error *e)
{
	const struct desk *d = s->desk;
	struct field_faults faults = { .n = 0 };
	json_t *facts = NULL;
	TRY(learn_facts(d, s->form, &s->known, s->filled, &facts, e));
	const enum status status = regrade_by_facts(d, &s->row, facts, s->form->id, &faults, e);
	for (size_t i = 0; i < faults.n; i++)
		field_fault_add(s->faults, d->pool, learn_field(s->form, faults.at[i].field), "%s",
			faults.at[i].what);
	if (status != OK)
		return faults.n > 0 ? OK : status;
	return look_at_known(s, e);
}

/* The tier on paper is the one in force: another one is a regrade, not a word on a form. */
static void check_grade(struct submitting *s)
{
	const json_t *grade = json_object_get(s->known.notice, "grade");
	const char *in_force = json_string_value(json_object_get(grade, "key"));
	const char *word = json_string_value(
		json_object_get(grade, i18n_language() == LANGUAGE_ZH ? "zh" : "en"));
	for (size_t i = 0; i < s->form->n_fields; i++) {
		const struct form_field *field = &s->form->fields[i];
		json_t *fields = json_object_get(s->filled, "fields");
		const char *said = json_string_value(
			json_object_get(json_object_get(fields, field->key), "value"));
		if (field->type == FORM_CHOICE && strcmp(field->from, "grade") == 0 &&
			said != NULL && in_force != NULL && strcmp(said, in_force) != 0 &&
			json_object_get(s->what->changes, field->key) != NULL)
			field_fault_add(s->faults, s->desk->pool, field->key,
				_("is not the grade in force (%s): grade the incident anew first"),
				word == NULL ? in_force : word);
	}
}

/* A fault in one field leaves all changes out of the form: what was given is not missing then. */
static enum status check_form(struct submitting *s, bool merged, struct error *e)
{
	const struct desk *d = s->desk;
	const struct form_occasion when = { s->stage, tier_of(s), d->now.latest_ns };
	struct field_faults found = { .n = 0 };
	TRY(form_check(s->form, s->filled, &when, d->pool, &found, e));
	for (size_t i = 0; i < found.n; i++)
		if (merged || json_object_get(s->what->changes, found.at[i].field) == NULL)
			field_fault_add(
				s->faults, d->pool, found.at[i].field, "%s", found.at[i].what);
	s->faults->n_more += found.n_more;
	return OK;
}

/* Everything that is wrong, before anything is kept. */
static enum status take_changes(struct submitting *s, struct error *e)
{
	const struct desk *d = s->desk;
	size_t n_before = 0;
	bool ours = false;
	for (size_t i = 0; i < s->row.n_profiles; i++)
		ours = ours || strcmp(s->row.profiles[i], s->profile->id) == 0;
	if (!ours)
		field_fault_add(s->faults, d->pool, "profile", _("incident %s is not graded by it"),
			s->row.number);
	n_before = s->faults->n;
	if (s->what->changes != NULL)
		TRY(form_merge(s->form, s->filled, s->what->changes, d->now.latest_ns, d->pool,
			s->faults, e));
	const bool merged = s->faults->n == n_before;
	TRY(name_files(s, e));
	if (s->what->draft)
		return OK;
	if (ours)
		TRY(learn(s, e));
	check_grade(s);
	check_what_changed(s);
	TRY(learn_refresh(d, s->form, &s->known, s->filled, e));
	return check_form(s, merged, e);
}

static enum status changes_json(struct submitting *s, json_t **out, struct error *e)
{
	json_t *before = json_object_get(s->before, "fields");
	json_t *after = json_object_get(s->filled, "fields");
	return history_changes(before, after, out, e);
}

static enum status note_submission(struct submitting *s, const struct handed_in *h, struct error *e)
{
	json_t *changes = NULL;
	TRY(changes_json(s, &changes, e));
	return history_add(s->desk, &s->row.id, s->desk->now.wall_ns,
		h->draft ? "draft" : "submission",
		json_pack("{s:s, s:I, s:s, s:s, s:s, s:s, s:s, s:o}", "id", h->id.text, "revision",
			(json_int_t)h->n, "profile", h->profile->id, "stage", h->stage, "form",
			h->form, "what_changed", h->what_changed, "sha256", h->sha256, "changes",
			changes),
		e);
}

static enum status keep(struct submitting *s, struct handed_in *h, struct error *e)
{
	const struct desk *d = s->desk;
	const char *changed = s->what->what_changed == NULL ? "" : s->what->what_changed;
	*h = (struct handed_in){ .profile = s->profile,
		.stage = s->stage,
		.form = s->form->id,
		.filled = s->filled,
		.what_changed = pool_text(d->pool, view_trim(view_of(changed))),
		.draft = s->what->draft,
		.attachments = s->files,
		.n_attachments = s->n_files };
	if (h->what_changed == NULL)
		return case_no_memory(e);
	if (!h->draft)
		TRY(spool_recipients(d, &s->row, h, e));
	/* What no duty asks for goes to nobody else's authority by chance: a follow-up alone is for
	 * whoever has the notice that it follows. */
	if (!h->draft && h->n_roles == 0 && strcmp(h->stage, "follow_up") == 0)
		TRY(spool_told_before(d, &s->row, h, e));
	TRY(spool_drop_drafts(d, &s->row, h, e));
	TRY(spool_put(d, &s->row, h, e));
	TRY(note_submission(s, h, e));
	return h->draft ? OK : case_sync(d, &s->row, e);
}

static struct submission_row row_of(const struct submitting *s, const struct handed_in *h)
{
	return (struct submission_row){ .id = h->id,
		.n = h->n,
		.at_ns = s->desk->now.wall_ns,
		.profile = h->profile->id,
		.stage = h->stage,
		.form = h->form,
		.what_changed = h->what_changed,
		.filled = h->filled,
		.draft = h->draft,
		.drill = s->row.drill,
		.delivery = OUTBOX_QUEUED,
		.received_by = "",
		.received_ns = -1,
		.sha256 = h->sha256 };
}

enum status incident_submit(const struct incident_context *c, const char *id,
	const struct stage_submission *what, struct pool *p, struct submission_row *out,
	struct field_faults *faults, struct error *e)
{
	AUTO_DESK struct desk d = { .routes = NULL };
	AUTO_TRANSACTION struct transaction t = { NULL, false };
	struct handed_in h;
	struct submitting *s = pool_take(p, 1, sizeof *s);
	if (s == NULL)
		return case_no_memory(e);
	*s = (struct submitting){ .desk = &d, .what = what, .grade = -1, .faults = faults };
	TRY(desk_open(c, p, true, &d, e));
	TRY(attach(s, id, e));
	TRY(transaction_begin(c->store, &t, e));
	TRY(prepare(s, id, e));
	TRY(look_back(s, e));
	TRY(take_changes(s, e));
	TRY(field_faults_error(faults, e));
	TRY(keep(s, &h, e));
	TRY(transaction_commit(&t, e));
	*out = row_of(s, &h);
	return OK;
}
