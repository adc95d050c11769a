/*
 * Facts of an incident that rules look at: integers by key, each known or unknown. The catalogue of
 * keys is data (rules/facts.yaml, and the `facts:` of a profile); reading checks every value
 * against it and names every fault with its field.
 *
 * Units: money in fen (or the smallest unit that the key names, such as _eur_cents), durations in
 * minutes, shares in parts of FACT_SHARE_ONE (JSON 0 to 1; fine enough that neither "or more" nor
 * "more than" is missed by rounding), times as UTC ns (JSON: RFC 3339), yes/no as 1/0, choices as
 * the index in the catalogue's order.
 */
#ifndef INCIDENT_FACTS_H
#define INCIDENT_FACTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bilingual.h"
#include "base/error.h"
#include "base/json.h"
#include "base/pool.h"

enum { FACTS_MAX = 192, FACT_CHOICES_MAX = 24 };
#define FACT_UNKNOWN INT64_MIN
#define FACT_SHARE_ONE INT64_C(1000000000000)

enum fact_kind {
	FACT_CHOICE,
	FACT_COUNT,
	FACT_MONEY,
	FACT_MINUTES,
	FACT_SHARE,
	FACT_YES_NO,
	FACT_TIME
};

struct fact_choice {
	const char *key;
	struct bilingual label;
};

struct fact_row {
	const char *key;
	enum fact_kind kind;
	struct bilingual label; /* a noun, as on a form */
	struct bilingual question;
	const struct fact_choice *choices; /* FACT_CHOICE, weakest first where they have an order */
	size_t n_choices;
	bool ordered;	  /* FACT_CHOICE: at_least and below have a meaning */
	bool qualifier;	  /* FACT_CHOICE: says what a thing is, beside figures of how bad it is */
	int64_t most;	  /* greatest value that is believed; FACT_TIME: minutes after now */
	int not_above;	  /* slot of a fact that this one cannot exceed or come after, -1 none */
	int only_if;	  /* slot of a yes/no fact without which this one is 0 or none, -1 */
	const char *unit; /* "fen", "eur_cents", "min", "persons"; "" none */
	const char *profile; /* id of the profile that brought it, "" the common catalogue */
};

/* All rows that are loaded, in slot order; immutable, owned by the profile set. */
struct fact_catalogue {
	const struct fact_row *rows;
	size_t n_rows;
};
/* Slot of a key, -1 where there is none. */
int fact_slot(const struct fact_catalogue *c, const char *key);

struct facts {
	int64_t at[FACTS_MAX]; /* FACT_UNKNOWN, or the value */
};
void facts_clear(struct facts *f); /* everything unknown */

/* One fault of an input: the field as the user wrote it, and a whole translated sentence. */
struct field_fault {
	const char *field;
	const char *what;
};
enum { FIELD_FAULTS_MAX = 64 };
struct field_faults {
	struct field_fault at[FIELD_FAULTS_MAX];
	size_t n;      /* kept */
	size_t n_more; /* beyond the ceiling */
};
/* Copies into the pool; never fails (a fault that finds no memory is counted in n_more). */
void field_fault_add(struct field_faults *all, struct pool *p, const char *field,
	const char *format, ...) PRINTF_LIKE(4, 5);
/* E_INVALID with a sentence that holds as many of them as fit; OK where there are none. */
enum status field_faults_error(const struct field_faults *all, struct error *e) MUST_CHECK;

enum facts_keys {
	FACTS_ONLY,    /* an unknown key is a fault (classify) */
	FACTS_AND_MORE /* other keys are somebody else's (a first notice) */
};
struct facts_input {
	json_t *object;
	enum facts_keys keys;
	int64_t now_ns;
};
/* Reads `object`; null and the text "unknown" are unknown. Faults: unknown key, wrong type,
 * negative, above `most`, a time after now_ns (+ 5 min of clock error), text that is no choice (the
 * choices are named), what contradicts another fact (not_above: occurred_at after discovered_at,
 * more sensitive persons than persons; only_if: an outage of critical infrastructure where there is
 * none). All faults are collected; *out holds what was good. Fails only where memory is short or
 * where `object` is no object. */
enum status facts_read(const struct fact_catalogue *c, struct facts_input in, struct pool *p,
	struct facts *out, struct field_faults *faults, struct error *e) MUST_CHECK;
/* "key=value" as --what-if and --set take it: value is JSON or a bare word; "unknown" and "null"
 * are unknown. E_INVALID names the key. */
enum status facts_set(const struct fact_catalogue *c, struct facts *f, const char *assignment,
	int64_t now_ns, struct error *e) MUST_CHECK;
/* The known facts as JSON in their outside form (choices as keys, times RFC 3339). */
enum status facts_to_json(const struct fact_catalogue *c, const struct facts *f, json_t **out,
	struct error *e) MUST_CHECK;

#endif
