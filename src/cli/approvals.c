/*
 * Approvals of lower grades: is each signature by a key that the checker trusts, over a statement
 * of this incident, and are there two of them?
 */
#include "cli/approvals.h"

#include <fcntl.h>
#include <string.h>

#include "base/i18n.h"
#include "base/utf8.h"
#include "cli/incident_session.h"
#include "render/render.h"
#include "sys/file.h"

#define EXPORT_BYTES_MAX ((size_t)64 * MIB)
#define STATEMENT_BYTES_MAX ((size_t)MIB)
enum { TRUSTED_MAX = 64, GRADES_CHECKED_MAX = 10000 };

struct approvals_args {
	const char *file;
	struct text_list keys;
};

struct checking {
	struct key *keys[TRUSTED_MAX];
	size_t n_keys;
	const char *incident; /* its id */
	json_t *list;
	bool valid;
};

static void forget_keys(struct checking *w)
{
	for (size_t i = 0; i < w->n_keys; i++)
		key_free(w->keys[i]);
	json_decref(w->list);
}
#define AUTO_CHECKING __attribute__((cleanup(forget_keys)))

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));
	return text == NULL ? "" : text;
}

/* The key that signed it, NULL none that is trusted; then *out is the statement, parsed. */
static const struct key *signer(const struct checking *w, json_t *envelope, json_t **out)
{
	for (size_t i = 0; i < w->n_keys; i++) {
		struct error why = ERROR_NONE;
		AUTO_BUF struct buf payload;
		buf_init(&payload, STATEMENT_BYTES_MAX);
		if (envelope_open(envelope, INCIDENT_APPROVAL_PAYLOAD, NULL, w->keys[i], &payload,
			    &why) == OK &&
			json_read(buf_view(&payload), STATEMENT_BYTES_MAX, "statement", out,
				&why) == OK)
			return w->keys[i];
	}
	return NULL;
}

/* A statement holds for one step of one incident; a later row that facts alone made still shows
 * those who signed the grade that stayed. */
static const char *statement_flaw(
	const struct checking *w, const json_t *grade, const json_t *statement)
{
	if (strcmp(text_of(statement, "incident"), w->incident) != 0)
		return N_("it was signed for another incident");
	if (strcmp(text_of(statement, "profile"), text_of(grade, "profile")) != 0)
		return N_("it was signed for another regime");
	if (strcmp(text_of(statement, "reason"), text_of(grade, "reason")) != 0)
		return N_("it was signed for another reason");
	if (json_integer_value(json_object_get(statement, "after_grade")) >=
		json_integer_value(json_object_get(grade, "n")))
		return N_("it was signed for a later step");
	return NULL;
}

static enum status check_approval(struct checking *w, const json_t *grade, json_t *approval,
	const char **out_key, struct error *e)
{
	AUTO_JSON json_t *statement = NULL;
	json_t *envelope = json_object_get(approval, "envelope");
	const struct key *by = json_is_object(envelope) ? signer(w, envelope, &statement) : NULL;
	const char *flaw = by == NULL ? N_("no key that was named signed it")
				      : statement_flaw(w, grade, statement);
	*out_key = flaw == NULL ? key_id(by) : NULL;
	w->valid = w->valid && flaw == NULL;
	json_t *row = json_pack("{s:O,s:s,s:s,s:s,s:b,s:s,s:O?,s:O?}", "grade",
		json_object_get(grade, "n"), "profile", text_of(grade, "profile"), "person",
		text_of(approval, "person"), "key",
		by == NULL ? text_of(approval, "key") : key_id(by), "valid", flaw == NULL, "why",
		flaw == NULL ? "" : _(flaw), "from", json_object_get(statement, "from"), "to",
		json_object_get(statement, "to"));
	return json_array_append_new(w->list, row) == 0
		       ? OK
		       : error_set(e, E_INVALID, "grade_history: a grade has no number n");
}

/* What stands there is printed: it must not command a terminal. */
static enum status check_words(const json_t *grade, const json_t *approval, struct error *e)
{
	const char *const words[] = { text_of(grade, "profile"), text_of(approval, "person"),
		text_of(approval, "key") };
	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (text_flaw_of(view_of(words[i]), TEXT_ONE_LINE) != TEXT_SOUND)
			return error_set(e, E_INVALID,
				"grade_history: a name in it has characters that are no text");
	return OK;
}

/* The tier of the grade before it by the same regime, 0 none. */
static json_int_t tier_before(const json_t *history, size_t at)
{
	const char *profile = text_of(json_array_get(history, at), "profile");
	while (at-- > 0) {
		const json_t *grade = json_array_get(history, at);
		if (strcmp(text_of(grade, "profile"), profile) == 0)
			return json_integer_value(
				json_object_get(json_object_get(grade, "classification"), "tier"));
	}
	return 0;
}

/* Approvals that somebody took out of the export are missed where the tiers show the step. */
static enum status check_unsigned(
	struct checking *w, const json_t *history, size_t at, struct error *e)
{
	json_t *grade = json_array_get(history, at);
	const json_int_t before = tier_before(history, at);
	const json_int_t now = json_integer_value(
		json_object_get(json_object_get(grade, "classification"), "tier"));
	if (json_array_size(json_object_get(grade, "approvals")) > 0 || before == 0 ||
		(now != 0 && now <= before))
		return OK;
	w->valid = false;
	TRY(check_words(grade, NULL, e));
	return json_array_append_new(w->list,
		       json_pack("{s:O,s:s,s:s,s:s,s:b,s:s,s:n,s:n}", "grade",
			       json_object_get(grade, "n"), "profile", text_of(grade, "profile"),
			       "person", "", "key", "", "valid", false, "why",
			       _("the grade was lowered, and nobody signed it"), "from", "to")) == 0
		       ? OK
		       : error_set(e, E_INVALID, "grade_history: a grade has no number n");
}

/* Two different keys at least: one person who signs twice is one. */
static enum status check_grade(struct checking *w, json_t *grade, struct error *e)
{
	json_t *approvals = json_object_get(grade, "approvals");
	const char *first = NULL, *second = NULL;
	size_t i;
	json_t *approval;
	json_array_foreach(approvals, i, approval)
	{
		const char *key = NULL;
		TRY(check_words(grade, approval, e));
		TRY(check_approval(w, grade, approval, &key, e));
		if (key != NULL && first == NULL)
			first = key;
		else if (key != NULL && strcmp(key, first) != 0)
			second = key;
	}
	if (json_array_size(approvals) > 0 && second == NULL)
		w->valid = false;
	return OK;
}

static enum status check_export(struct checking *w, const json_t *incident, struct error *e)
{
	json_t *history = json_object_get(incident, "grade_history");
	size_t i;
	json_t *grade;
	if (text_of(incident, "id")[0] == '\0' || !json_is_array(history) ||
		json_array_size(history) > GRADES_CHECKED_MAX)
		return error_set(e, E_INVALID,
			"it is no export of an incident (incident export --format json)");
	w->incident = text_of(incident, "id");
	json_array_foreach(history, i, grade)
	{
		TRY(check_unsigned(w, history, i, e));
		TRY(check_grade(w, grade, e));
	}
	if (json_array_size(w->list) == 0)
		return error_set(e, E_ABSENT,
			"no approval is in it: nothing was lowered, or the "
			"export is a redacted one");
	return OK;
}

static enum status print_checked(const struct checking *w, struct error *e)
{
	AUTO_BUF struct buf text;
	size_t i;
	const json_t *row;
	buf_init(&text, RENDER_CEILING_BYTES);
	json_array_foreach(w->list, i, row)
	{
		const struct bilingual to = { text_of(json_object_get(row, "to"), "en"),
			text_of(json_object_get(row, "to"), "zh") };
		if (json_is_true(json_object_get(row, "valid")))
			buf_addf(&text, _("valid: %s, key %s, agreed to: %s, %s\n"),
				text_of(row, "person"), text_of(row, "key"),
				text_of(row, "profile"), bilingual_pick(to));
		else
			buf_addf(&text, _("not valid: %s, key %s: %s\n"), text_of(row, "person"),
				text_of(row, "key"), text_of(row, "why"));
	}
	buf_addf(&text, "%s\n",
		w->valid ? _("Each lower grade was signed with two different keys of those that "
			     "were named.")
			 : _("A lower grade lacks two signatures by the keys that were named."));
	TRY(buf_check(&text, "text", e));
	return session_print(buf_view(&text), e);
}

static enum status run_approvals(struct session *s, const void *raw, struct error *e)
{
	const struct approvals_args *a = raw;
	AUTO_CHECKING struct checking w = { .list = json_array(), .valid = true };
	AUTO_JSON json_t *incident = NULL;
	AUTO_BUF struct buf text;
	buf_init(&text, EXPORT_BYTES_MAX);
	if (a->keys.n == 0 || a->keys.n > TRUSTED_MAX)
		return error_set(e, E_USAGE,
			"name with --key the public keys of the persons who may approve, 1 to %d",
			(int)TRUSTED_MAX);
	for (; w.n_keys < a->keys.n; w.n_keys++)
		TRY(key_read(a->keys.at[w.n_keys], &w.keys[w.n_keys], e));
	TRY(file_read_all(AT_FDCWD, a->file, EXPORT_BYTES_MAX, &text, e));
	TRY(json_read(buf_view(&text), EXPORT_BYTES_MAX, a->file, &incident, e));
	TRY(check_export(&w, incident, e));
	if (s->json)
		TRY(session_print_json(
			json_pack("{s:b,s:O}", "valid", (int)w.valid, "approvals", w.list), e));
	else
		TRY(print_checked(&w, e));
	s->told = true;
	return w.valid ? OK : E_FAILED;
}

static const struct option approvals_options[] = {
	{ "key", OPTION_LIST, offsetof(struct approvals_args, keys), N_("FILE"),
		N_("A person's public key (PEM), as that person gave it to you. May be repeated."),
		NULL },
};
static const struct operand approvals_operands[] = {
	{ N_("FILE"), offsetof(struct approvals_args, file), true,
		N_("An incident (incident export --format json).") },
};
const struct cli_command evidence_approvals_command = { "evidence", "approvals",
	N_("Check offline who signed that a grade be lowered."),
	N_("Each approval must be signed with a key that --key names, over a statement of this "
	   "incident, regime and reason; each lower grade needs two different keys. The keys that "
	   "the export brings along are not trusted."),
	approvals_options, COUNT_OF(approvals_options), approvals_operands,
	COUNT_OF(approvals_operands), sizeof(struct approvals_args), NULL, run_approvals, NULL };
