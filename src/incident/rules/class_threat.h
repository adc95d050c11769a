/*
 * Pairs of data class and threat: which row a pair takes, worked out once for every pair, unknown
 * ones included, when a profile is loaded.
 *
 * A row names a set of classes and one threat. A pair that no row names takes the row that the next
 * weaker class would meet under the same threat; where none does, the gravest row that names the
 * class under a lesser threat; then the pair is `nearest` and goes before a person. (The national
 * plan names core data only with an especially serious threat and general data at most with a
 * relatively serious one.)
 */
#ifndef INCIDENT_CLASS_THREAT_H
#define INCIDENT_CLASS_THREAT_H

#include "incident/rules/profile.h"

enum { PAIR_SIDE_MAX = 8, PAIRS_MAX = 32 };

struct pair_row {
	uint8_t classes; /* bits of choices */
	uint8_t threat;
	int grade;
};

struct pair_outcome {
	int8_t met; /* index of the pair that is met whatever the unknown turns out to be, -1 */
	uint32_t possible; /* pairs that some value of the unknown would meet */
	bool nearest;	   /* no row names the pair: it took the nearest */
	bool candidate;	   /* the class alone makes it a candidate for the gravest grade */
};

struct class_threat {
	int class_slot, threat_slot;
	size_t n_classes, n_threats;
	int candidate_class; /* choice, -1 none */
	struct pair_row rows[PAIRS_MAX];
	size_t n_rows;
	/* The last row and column are for unknown. */
	struct pair_outcome outcomes[PAIR_SIDE_MAX + 1][PAIR_SIDE_MAX + 1];
};

/* Fills `outcomes` from the rest. */
void class_threat_work_out(struct class_threat *m);
const struct pair_outcome *class_threat_look(const struct class_threat *m, const struct facts *f);
enum truth pair_truth(const struct pair_outcome *o, int pair);

#endif
