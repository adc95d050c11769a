/*
 * Three-valued conditions over facts (Kleene's strong logic): a comparison with an unknown fact is
 * unknown; `all` is the least of its parts, `any` the greatest, `not` turns round, `count` is true
 * once so many parts are true and false once so many no longer can be. Compiled from YAML to a flat
 * postfix list: evaluating takes no memory and does not recurse.
 *
 *   { fact: direct_loss_fen, at_least: 100000000000, below: 1000000000000 }
 *   { fact: data_class, in: [important, core] }       { fact: cii, is: true }
 *   { fact: data_class, known: true }                 never unknown
 *   { all: […] }  { any: […] }  { not: {…} }  { count: { at_least: 2, of: […] } }
 *
 * Comparisons: at_least, above, at_most, below (two of them make a band), is, in. A choice compares
 * by its order where its fact has one.
 */
#ifndef INCIDENT_CONDITION_H
#define INCIDENT_CONDITION_H

#include "incident/rules/facts.h"

enum truth { TRUTH_NO, TRUTH_UNKNOWN, TRUTH_YES };

struct condition;

enum { CONDITION_STEPS_MAX = 64, CONDITION_DEPTH_MAX = 8 };

/* Reads one; `at` is its path for messages ("criteria[3].when"). The condition lives in the pool.
 * E_INVALID names the place: an unknown fact (and what is near it), a comparison that its kind does
 * not have, a value out of its bounds, a band that holds nothing. */
enum status condition_compile(const struct fact_catalogue *c, json_t *value, const char *at,
	struct pool *p, const struct condition **out, struct error *e) MUST_CHECK;
enum truth condition_truth(const struct condition *c, const struct facts *f);

/* Bits of the slots that it looks at. */
enum { FACT_WORDS = (FACTS_MAX + 63) / 64 };
void condition_wants(const struct condition *c, uint64_t bits[FACT_WORDS]);
/* True where it is one comparison with numbers: its fact and bounds (INT64_MIN and INT64_MAX:
 * none), both inclusive. The loader looks for gaps by it. */
bool condition_band(const struct condition *c, int *out_slot, int64_t *out_low, int64_t *out_high);

#endif
