/*
 * A first notice brought into the form in which it is kept, or all of its faults. Between the files
 * of this room only.
 */
#ifndef INCIDENT_NOTICE_H
#define INCIDENT_NOTICE_H

#include "incident/cases/case.h"

struct notice {
	json_t *notice; /* the eight facts, null where unknown; the pool's */
	json_t *facts;	/* known facts in their outside form, and the other keys that were given */
	json_t *filled; /* the form first-notice */
	struct facts values;
	const struct profile *profiles[CASE_PROFILES_MAX];
	size_t n_profiles;
	const char *tlp, *drill_id;
	const char *trouble; /* what of the home was left aside; "" */
	json_t *near;	     /* keys that are kept and are near a known one; the pool's */
};
/* All faults are in `faults`. Fails where memory is short or the form first-notice is not there. */
enum status notice_read(const struct desk *d, const struct first_notice *n, struct notice *out,
	struct field_faults *faults, struct error *e) MUST_CHECK;

/* Merges new facts (null: unknown) over those of a case; `*out` is what is known then. */
enum status notice_new_facts(const struct desk *d, json_t *present, json_t *changes, json_t **out,
	struct field_faults *faults, struct error *e) MUST_CHECK;

/* What forms are pre-filled from beside the facts (docs/forms.md); the pool's. `profile` and grade
 * -1 where none. */
enum status notice_for_forms(const struct desk *d, const struct case_row *row,
	const struct profile *profile, int grade, json_t **out, struct error *e) MUST_CHECK;
/* Adds what the latest reports on other forms of this incident say in words, each field as
 * "reported.<key>", in the language of `form`. */
enum status reported_for_forms(const struct desk *d, const struct case_row *row,
	const struct form *form, json_t *object, struct error *e) MUST_CHECK;
/* The facts, choices as {"key","en","zh"}; the pool's. */
enum status facts_for_forms(
	const struct desk *d, const struct case_row *row, json_t **out, struct error *e) MUST_CHECK;

#endif
