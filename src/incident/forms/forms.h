/*
 * Forms are data (rules/forms/<id>.yaml): fields with labels in both languages, the stage from
 * which each is required, whether it may be an estimate or unknown with a reason. A filled form is
 * one object that grows: each submission freezes a revision of it.
 */
#ifndef INCIDENT_FORMS_H
#define INCIDENT_FORMS_H

#include "base/bilingual.h"
#include "base/json.h"
#include "base/pool.h"
#include "incident/rules/facts.h"

enum form_type {
	FORM_TEXT,
	FORM_CHOICE,
	FORM_CHOICES,
	FORM_DATETIME,
	FORM_PHONE,
	FORM_AMOUNT, /* number and unit */
	FORM_LIST,
	FORM_SIGNATURE,
	FORM_FILES /* names and SHA-256 of files that go along */
};

struct form_field {
	const char *key;
	int number;
	struct bilingual label;
	struct bilingual hint;
	struct bilingual section;
	enum form_type type;
	const struct fact_choice *options;
	size_t n_options;
	bool required;
	const char *required_from_stage; /* "first_notice": from the start; "" never */
	int worst_grade_required;	 /* required only from this tier up (1 to 4), 0: always */
	bool may_be_unknown;		 /* 尚不明确, with a reason */
	bool may_be_estimate;
	const char *from; /* fact or notice key it is pre-filled from, "" none */
	int64_t most_bytes;
};

struct form {
	const char *id; /* "miit-incident-report" */
	int64_t version;
	struct bilingual title;
	const char *instrument;
	char certainty;
	const char *const *stages; /* stages that are handed in with it */
	size_t n_stages;
	const struct form_field *fields;
	size_t n_fields;
};

struct form_set;
enum status form_set_load(const char *home, struct form_set **out, struct error *e) MUST_CHECK;
void form_set_free(struct form_set *s);
AUTO_TYPE(form_set_free, struct form_set *)
enum status form_find(const struct form_set *s, const char *id, const struct form **out,
	struct error *e) MUST_CHECK;
size_t form_count(const struct form_set *s);
const struct form *form_at(const struct form_set *s, size_t i);

/*
 * A filled form as JSON: {"form","version","fields":{key: {"value", "estimate", "unknown_reason",
 * "as_of"}}}. A plain value instead of the object is taken as {"value": it}.
 */
/* Fills what is absent from the notice and facts (never overwrites). */
enum status form_prefill(const struct form *f, json_t *notice, json_t *facts, json_t *filled,
	int64_t now_ns, struct error *e) MUST_CHECK;
/* Merges `changes` over `filled`; each changed field gets as_of now unless it says so itself. */
enum status form_merge(const struct form *f, json_t *filled, json_t *changes, int64_t now_ns,
	struct pool *p, struct field_faults *faults, struct error *e) MUST_CHECK;
/* What is missing or wrong for this stage and tier (0: none). */
enum status form_check(const struct form *f, json_t *filled, const char *stage, int tier,
	int64_t now_ns, struct pool *p, struct field_faults *faults, struct error *e) MUST_CHECK;

struct form_change {
	const struct form_field *field;
	const char *before; /* as a person reads it in the language of i18n_use; NULL absent */
	const char *after;
};
enum status form_difference(const struct form *f, json_t *before, json_t *after, struct pool *p,
	struct form_change **out, size_t *out_n, struct error *e) MUST_CHECK;
/* A field's value as a person reads it, "" where it is empty. */
const char *form_value_text(const struct form_field *f, json_t *value, struct pool *p);

#endif
