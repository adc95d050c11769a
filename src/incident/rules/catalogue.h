/*
 * Builds the catalogue of facts from rules/facts.yaml and the `facts:` of profiles. Private to the
 * loaders; afterwards the catalogue is immutable.
 */
#ifndef INCIDENT_CATALOGUE_H
#define INCIDENT_CATALOGUE_H

#include "incident/rules/facts.h"

struct catalogue_builder {
	struct fact_row rows[FACTS_MAX];
	size_t n;
	struct pool *pool; /* the rows' texts */
};
/* Adds the facts of one list; `profile` "" for the common ones, `at` its path. E_INVALID names the
 * place: unknown key, a key that is there already, a reference to no fact. */
enum status catalogue_add(struct catalogue_builder *b, json_t *list, const char *profile,
	const char *at, struct error *e) MUST_CHECK;
/* The keys near one that is not there, as rule_near. */
const char *catalogue_near(const struct fact_catalogue *c, const char *key, char out[]);

#endif
