/*
 * Forms are data (rules/forms/<id>.yaml): fields with labels in both languages, the stage from
 * which each is required, whether it may be an estimate or unknown with a reason. A filled form is
 * one object that grows: each submission freezes a revision of it. docs/forms.md tells how to write
 * one.
 */
#ifndef INCIDENT_FORMS_H
#define INCIDENT_FORMS_H

#include "base/bilingual.h"
#include "base/json.h"
#include "base/pool.h"
#include "incident/rules/facts.h"

enum {
	FORM_FIELDS_MAX = 128,
	FORM_OPTIONS_MAX = 64,
	FORM_STAGES_MAX = 32,
	FORM_SOURCES_MAX = 16,
	FORM_LIST_MAX = 64,	       /* items of a list, files */
	FORM_BYTES_MAX = 256 * 1024,   /* of a form's YAML */
	FILLED_BYTES_MAX = 1024 * 1024 /* of a filled form as JSON */
};

/* How a value lies in a filled form. What a person types may be plainer: a choice by its label, an
 * amount as "12 GB", a list of one as its only item. */
enum form_type {
	FORM_TEXT,     /* "…" */
	FORM_CHOICE,   /* "key", or {"choice": "key", "text": "…"} */
	FORM_CHOICES,  /* a list of such */
	FORM_DATETIME, /* RFC 3339, kept with the offset it was given in */
	FORM_PHONE,    /* "…" */
	FORM_AMOUNT, /* {"number", "unit": option}, or a list of such; unit "none" has no number */
	FORM_LIST,   /* ["…"] */
	FORM_SIGNATURE, /* {"name", "role", "seal": whether it is sealed} */
	FORM_FILES	/* [{"name", "sha256", "bytes"}] of files that go along */
};

/* Where a field is pre-filled from: a key of the notice or of the facts. */
struct form_source {
	const char *key;
	struct bilingual label; /* put before the value where several are joined; "" none */
	const char *unit;	/* FORM_AMOUNT: an option; "" */
	int64_t divisor;	/* of a number (fen to yuan: 100); 1 */
};

struct form_field {
	const char *key;
	int number;		    /* place on the form, from 1 */
	const char *printed_number; /* as the instrument prints it: "2.10"; "" like number */
	struct bilingual label;
	struct bilingual hint;
	struct bilingual section;
	enum form_type type;
	const struct fact_choice *options;
	size_t n_options;
	bool required;
	const char *required_from_stage; /* a stage of the form: from there on; "" never */
	int worst_grade_required;	 /* required only from this tier up (1 to 4), 0: always */
	const char *required_if_key;	 /* required only where the notice or facts have this key */
	const char *required_if_value;	 /* with this value; NULL: always */
	bool may_be_unknown;		 /* 尚不明确, with a reason */
	bool may_be_estimate;
	bool may_be_future;	    /* FORM_DATETIME: an expected time */
	int64_t utc_offset_minutes; /* FORM_DATETIME: the form's, in which a time is shown; 0: a
				       time is shown in the zone that it was given in */
	bool one_line;		    /* FORM_TEXT */
	const char *from;	    /* the first source's key, "" none */
	const struct form_source *sources;
	size_t n_sources;
	int64_t most_bytes; /* of the value as JSON */
};

struct form {
	const char *id; /* "miit-incident-report" */
	int64_t version;
	struct bilingual title;
	struct bilingual note; /* what the reader of the form must know: gaps, handling; "" none */
	const char *instrument;
	char certainty;
	bool composed_in_chinese;   /* the language of what pre-filling joins */
	int64_t utc_offset_minutes; /* times are pre-filled in it */
	const char *const *stages;  /* stages that are handed in with it, in order */
	size_t n_stages;
	const struct form_field *fields;
	size_t n_fields;
	const char *source; /* "built in", or the path */
};

struct form_set;
/* The built-in ones and those in <home>/forms (home NULL: none), which add to them or replace by id
 * with a higher version. E_INVALID names file and place. Immutable afterwards. */
enum status form_set_load(const char *home, struct form_set **out, struct error *e) MUST_CHECK;
void form_set_free(struct form_set *s);
AUTO_TYPE(form_set_free, struct form_set *)
/* E_ABSENT names those that there are. */
enum status form_find(const struct form_set *s, const char *id, const struct form **out,
	struct error *e) MUST_CHECK;
size_t form_count(const struct form_set *s);
const struct form *form_at(const struct form_set *s, size_t i); /* in order of id */
/* One file's text; `what` names it in errors. What *out points to is in the pool. */
enum status form_read(struct view text, const char *what, struct pool *p, struct form *out,
	struct error *e) MUST_CHECK;

const struct form_field *form_field_named(const struct form *f, const char *key); /* NULL: none */
/* The option that a key or a label in either language names, NULL none. */
const struct fact_choice *form_option(const struct form_field *f, const char *name);
/* Place of the stage in the form's list, -1 where it is handed in by another form. */
int form_stage(const struct form *f, const char *stage);

/*
 * A filled form as JSON: {"form", "version", "given", "fields": {key: {"value", "estimate",
 * "unknown_reason", "as_of"}}}. "given" keeps what `required_if` asks for. In changes a plain value
 * stands for {"value": it}, and null takes a field out.
 */
/* Fills what is absent from the notice and facts (never overwrites). Either may be NULL. Their
 * values are text, numbers, true or false, or {"key", "en", "zh"} for a choice. What does not fit
 * the field is left open. */
enum status form_prefill(const struct form *f, json_t *notice, json_t *facts, json_t *filled,
	int64_t now_ns, struct error *e) MUST_CHECK;
/* Merges `changes` over `filled`; each changed field gets as_of now unless it says so itself. All
 * faults are in `faults`; where there is one, `filled` is as it was. */
enum status form_merge(const struct form *f, json_t *filled, json_t *changes, int64_t now_ns,
	struct pool *p, struct field_faults *faults, struct error *e) MUST_CHECK;
/* When a form is looked at. */
struct form_occasion {
	const char *stage;
	int tier; /* 0: the regime has none */
	int64_t now_ns;
};
/* What is missing or wrong for this stage and tier. */
enum status form_check(const struct form *f, json_t *filled, const struct form_occasion *when,
	struct pool *p, struct field_faults *faults, struct error *e) MUST_CHECK;
/* Must this field have a value (or a reason why not)? */
bool form_field_required(const struct form *f, const struct form_field *field, json_t *filled,
	const struct form_occasion *when);

struct form_change {
	const struct form_field *field;
	const char *before; /* as a person reads it in the language of i18n_use; NULL absent */
	const char *after;
};
enum status form_difference(const struct form *f, json_t *before, json_t *after, struct pool *p,
	struct form_change **out, size_t *out_n, struct error *e) MUST_CHECK;
/* A field of a filled form ({"value", …} or the plain value) as a person reads it, with its unit,
 * "estimated", or why it is unknown; "" where it is empty. */
const char *form_value_text(const struct form_field *f, json_t *value, struct pool *p);

#endif
