/*
 * A report and the facts say one thing: a field that asks for a fact (docs/forms.md, `from`) shows
 * the fact as it is known now, and what a person writes into it becomes the fact, with all that
 * follows. Text is free and never read back; of text that was put together from several sources,
 * the lines that nobody touched follow what is known.
 *
 * Between the files of this room only.
 */
#ifndef INCIDENT_LEARN_H
#define INCIDENT_LEARN_H

#include "incident/cases/case.h"

struct known {
	json_t *notice, *facts; /* as forms are pre-filled from (notice.h) */
	const struct profile *profile;
};
#define LEARN_GRADE_KEY "grade"
/* Puts what is known now into the fields that ask for facts and for the grade, also where an
 * earlier value stands. */
enum status learn_refresh(const struct desk *d, const struct form *f, const struct known *k,
	json_t *filled, struct error *e) MUST_CHECK;
/* The facts that the form says otherwise than they are known: {"key": value}; the pool's. */
enum status learn_facts(const struct desk *d, const struct form *f, const struct known *k,
	json_t *filled, json_t **out, struct error *e) MUST_CHECK;
/* The field that a fact came out of; the fact's own key where there is none. */
const char *learn_field(const struct form *f, const char *fact);
/* A field of text and the same as it would be filled from nothing. */
struct form_lines {
	const struct form *form;
	const struct form_field *field;
	const json_t *anew;
};
/* Puts the lines of `field`, {"value", "as_of", …}, right that say no more than their sources did.
 */
enum status learn_lines(const struct desk *d, const struct known *k, const struct form_lines *of,
	json_t *field, struct error *e) MUST_CHECK;

#endif
