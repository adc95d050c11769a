/*
 * For tests of the rules: the loaded profiles, facts by assignment, and the tables beside the tests
 * (tests/unit/incident/rules/: tiers.csv, criteria.csv, deadlines.csv), which were written from the
 * instruments' tables and not from the profiles.
 */
#ifndef TESTS_LIB_RULES_FIXTURE_H
#define TESTS_LIB_RULES_FIXTURE_H

#include "incident/rules/classify.h"
#include "tests/lib/test.h"

/* The built-in profiles; loaded once a process. */
const struct profile_set *rules_set(void);
const struct profile *rules_profile(const char *id);
/* Sets facts: "data_class=core threat=serious"; a fault ends the test. */
void rules_assign(struct facts *f, const char *assignments);
/* Every number 0, every yes/no "no", every choice the first; times unknown, and what belongs to a
 * "yes". */
void rules_harmless(struct facts *f);
/* Index of the criterion with that row (instrument NULL: any), -1. */
int rules_criterion(const struct profile *p, const char *instrument, const char *row);
bool rules_met(const struct classification *k, const char *row);
bool rules_could_raise(const struct classification *k, const char *row);
/* Tier of the grade, 0 where there is none. */
int rules_tier(const struct classification *k);

enum { TABLE_COLUMNS_MAX = 20, TABLE_ROWS_MAX = 800 };
struct table {
	char *names[TABLE_COLUMNS_MAX];
	size_t n_columns;
	char *cells[TABLE_ROWS_MAX][TABLE_COLUMNS_MAX];
	size_t n_rows;
};
/* tests/unit/incident/rules/<name>, read once a process. Text in double quotes may hold commas. */
const struct table *rules_table(const char *name);
const char *table_cell(const struct table *t, size_t row, const char *column);

void rules_check_tier(const char *instrument, const char *row);
void rules_check_criterion(const char *profile, const char *row);
void rules_check_deadline(const char *instrument, const char *row);

#endif
