/*
 * Grades an incident by one profile. Pure: no clock, no store, no allocation; about a microsecond.
 *
 * Any one criterion suffices and the gravest wins; lower bounds are inclusive (policy: the national
 * plan's annex and 国家网络安全事件报告管理办法, annex). Unknown never lowers: a criterion whose
 * facts are unknown is told as one that could still raise the grade. A pair of data class and
 * threat that no row names takes the row that the next weaker class would meet, else the gravest
 * row that names the class, and asks for a person (needs_review); core data is always a candidate
 * for tier I. Where no criterion is met and one still could be, the class is undecided: the duties
 * of to_confirm then run, to be confirmed.
 */
#ifndef INCIDENT_CLASSIFY_H
#define INCIDENT_CLASSIFY_H

#include "incident/rules/profile.h"

enum review_reason {
	REVIEW_NOTHING_KNOWN = 1,  /* no criterion has its facts */
	REVIEW_PAIR_NOT_NAMED = 2, /* data class and threat by the nearest row */
	REVIEW_CORE_DATA = 4,	   /* candidate for tier I */
	REVIEW_COULD_RAISE = 8,	 /* the weakest grade or none, and an unknown fact could raise it */
	REVIEW_RULE_UNSURE = 16, /* the deciding row's certainty is C or D */
	REVIEW_NOT_IN_FORCE = 32,   /* the profile is a proposal, a draft or superseded, or the
				       incident lies outside its dates */
	REVIEW_UNFIXED = 64,	    /* the grade could not be fixed: the profile's least for that */
	REVIEW_QUALIFIER = 128,	    /* one unknown word on what it is decides on a graver grade */
	REVIEW_FACTS_CHANGED = 256, /* persons lowered it, over other facts than those of now */
	REVIEW_LAST = REVIEW_FACTS_CHANGED
};

struct classification {
	const struct profile *profile;
	int grade;	/* index into profile->grades, -1 none */
	int candidate;	/* a graver grade that a person must decide on, -1 none */
	int to_confirm; /* undecided: the grade whose duties run, to be confirmed; -1 otherwise */
	uint16_t met[PROFILE_CRITERIA_MAX]; /* indices of criteria, gravest first */
	size_t n_met;
	uint16_t could_raise[PROFILE_CRITERIA_MAX]; /* not met, but graver and not yet ruled out */
	size_t n_could_raise;
	uint64_t unknown[FACT_WORDS]; /* slots that some applicable criterion wants */
	unsigned review;	      /* bits of review_reason */
	bool needs_review;
};

void classify(const struct profile *p, const struct facts *f, struct classification *out);
bool classification_unknown(const struct classification *c, int slot);
/* A whole sentence, translated. */
const char *review_sentence(enum review_reason r);
/* The object of `incident classify --json`: profile, version, tier, class, tier_zh, tier_en,
 * colour, response_level, met, could_raise, unknown, to_be_confirmed, needs_review, review. */
enum status classification_to_json(const struct fact_catalogue *c, const struct classification *k,
	json_t **out, struct error *e) MUST_CHECK;

#endif
