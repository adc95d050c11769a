/*
 * Grades of a case: one row whenever a profile was classified or a person decided; the last is in
 * force. Between the files of this room only.
 */
#ifndef INCIDENT_GRADES_H
#define INCIDENT_GRADES_H

#include "incident/cases/case.h"

/* Index a is graver than b; -1 is no grade at all. */
bool grade_is_graver(int a, int b);
/* "especially_serious" … "general" for tiers, the class otherwise, "" none: as forms know it. */
const char *grade_key(const struct profile *p, int grade);
/* {"key","en","zh"} for pre-filling; NULL where there is no grade. A new reference. */
json_t *grade_word(const struct profile *p, int grade);

/* The grade whose duties run, to be confirmed, under the one in force; -1 none. What persons
 * decided is decided. */
int grade_to_confirm(const struct classification *rules, int in_force, bool by_person);

struct grade_decision {
	const struct profile *profile;
	const struct classification *rules;
	int grade;
	bool by_person;
	const char *person, *reason; /* "" */
	json_t *approvals;	     /* borrowed; NULL none */
};
enum status grade_insert(const struct desk *d, const struct case_row *row,
	const struct grade_decision *g, struct error *e) MUST_CHECK;
/* *out_there false: never graded. */
enum status grade_in_force(const struct desk *d, const struct id *incident, const char *profile,
	struct grade_row *out, bool *out_there, struct error *e) MUST_CHECK;
struct grade_times {
	int64_t since_ns;  /* since when the grade in force has held without a break; -1 no grade */
	int64_t raised_ns; /* when one was last reached from a weaker one: news like new facts; -1
			    */
};
enum status grade_times(const struct desk *d, const struct id *incident, const char *profile,
	struct grade_times *out, struct error *e) MUST_CHECK;
enum status grade_history(const struct desk *d, const struct id *incident, struct grade_row **out,
	size_t *out_n, struct error *e) MUST_CHECK;

/* New facts (null: unknown) become a revision, and every profile is graded anew: regrade.c. The
 * caller brings the clocks up to it. E_INVALID with all faults. */
enum status regrade_by_facts(const struct desk *d, struct case_row *row, json_t *new_facts,
	const char *note, struct field_faults *faults, struct error *e) MUST_CHECK;

#endif
