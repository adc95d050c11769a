/*
 * A profile: the criteria, duties and forms of one regime, as data (rules/profiles/<id>.yaml, built
 * in; <home>/profiles/ adds to them or replaces by id with a higher version). Each row names its
 * instrument, its row key there and its certainty (A: the instrument's own text was read, B: two
 * derived texts agree, C: secondary, D: recollection). One regime's tier is never mapped to
 * another's.
 *
 * The YAML is documented in docs/profiles.md. Roles, stages, media and instruments are named in
 * rules/roles.yaml; a profile may add its own.
 */
#ifndef INCIDENT_PROFILE_H
#define INCIDENT_PROFILE_H

#include "incident/rules/condition.h"

enum { PROFILE_CRITERIA_MAX = 160, PROFILE_DUTIES_MAX = 32, PROFILE_GRADES_MAX = 8 };

/* One step of a regime's scale, gravest first. */
struct profile_grade {
	int tier;	       /* 1 to 4; 0 where the regime has no four tiers */
	const char *class_key; /* "significant", "major", …; NULL where the regime has tiers */
	struct bilingual name; /* 特别重大 / especially serious */
	const char *colour;    /* "red"; NULL: the regime has none */
	const char *response_level; /* "I"; NULL */
};

struct criterion {
	const char *metric; /* "direct_loss" */
	const char *instrument;
	const char *row; /* "1.3" */
	char certainty;	 /* 'A' to 'D' */
	int grade;	 /* index into grades */
	struct bilingual text;
	const struct condition *when;	 /* NULL: a pair (class_threat.h), or otherwise */
	const struct condition *applies; /* NULL: always. Unknown counts as yes */
	int pair;	/* index into the profile's pairs of data class and threat, -1 none */
	bool otherwise; /* met where something is known and nothing graver is met */
	uint64_t wants[FACT_WORDS]; /* slots that it looks at */
};

/* What a clock counts from. */
enum moment {
	MOMENT_OCCURRED,
	MOMENT_DISCOVERED, /* also "awareness", "noticing" */
	MOMENT_JUDGED,	   /* preliminary judgement or classification */
	MOMENT_RECEIPT,	   /* this actor received the report */
	MOMENT_HANDLING_ENDED,
	MOMENT_REQUESTED,
	MOMENT_PAID,
	MOMENT_REMEDY, /* a corrective or mitigating measure is available */
	MOMENT_NEW_FACTS,
	MOMENT_SUBMITTED /* the stage that the duty names in `after` was first submitted */
};

enum clock_kind {
	CLOCK_WITHIN,	    /* minutes from the moment */
	CLOCK_IMMEDIATELY,  /* no due time; an internal target of its own */
	CLOCK_EARLIEST,	    /* minutes from one moment, but at most … from a second */
	CLOCK_EVERY,	    /* recurring until handling ended */
	CLOCK_DAYS,	    /* calendar days: the same time of day */
	CLOCK_WORKING_DAYS, /* end of the n-th working day of the regime's calendar */
	CLOCK_MONTHS,	    /* the same day of the month n months on, or that month's last day */
	CLOCK_YEAR_END,	    /* a date (month, day) of the year after the moment */
	CLOCK_ON_REQUEST
};

struct duty {
	const char *id;	   /* "incident_phone" */
	const char *stage; /* what discharges it: "first_notice", "written", "follow_up", "summary",
			      … */
	const char *instrument;
	const char *row;
	char certainty;
	const char *
		owes; /* role keys, rules/roles.yaml: "company", "local_regulator", "ministry", … */
	const char *to;
	const char *medium; /* "telephone", "written", "any", … */
	struct bilingual text;
	int worst_grade; /* applies from this grade index up to 0; -1: whatever the grade */
	const struct condition *when; /* NULL: always */
	enum clock_kind kind;
	enum moment from;
	enum moment from_if_unknown; /* same as `from` where there is no second choice; the clock is
					flagged */
	const char *after;	     /* stage, for MOMENT_SUBMITTED */
	bool after_latest;	     /* its latest submission counts, not its first (DORA) */
	const char *received_by;     /* role whose receipt MOMENT_RECEIPT is; `owes` by default */
	int64_t amount;		     /* minutes, days or months */
	enum moment cap_from;	     /* CLOCK_EARLIEST */
	int64_t cap_minutes;
	bool next_working_noon; /* a due time on a day off moves to noon of the next working day
				   (DORA) */
	int64_t target_minutes; /* internal target, counted like the clock; -1 none */
	int month, day;		/* CLOCK_YEAR_END */
};

struct class_threat;
struct profile {
	const char *id;
	int64_t version;
	struct bilingual name;
	struct bilingual label;	    /* "the programme's rule, not the letter of the law"; "" none */
	const char *status;	    /* "programme", "in-force", "proposed", "draft", "superseded" */
	int64_t effective_from_ns;  /* -1 unknown */
	int64_t effective_to_ns;    /* -1 open */
	int64_t utc_offset_minutes; /* of its days and months */
	const char *calendar;	    /* "cn", "weekdays" */
	const struct profile_grade *grades;
	size_t n_grades;
	int default_grade;   /* where no criterion is met; -1: none, class null */
	int unfixed_grade;   /* at least this where none is met but an unknown fact could meet one
				(PBOC: "if the tier cannot be fixed"); -1: no such rule */
	int while_undecided; /* the grade whose duties run, to be confirmed, while none is met and
				an unknown fact could meet one; -1: the gravest of those, where the
				profile has no default */
	const struct criterion *criteria; /* gravest first */
	size_t n_criteria;
	const struct duty *duties;
	size_t n_duties;
	const char *const *forms; /* ids of rules/forms that it uses, by stage order */
	size_t n_forms;
	const char *source;		    /* "built in", or the path */
	const struct class_threat *matrix;  /* pairs of data class and threat; NULL none */
	int occurred_slot, discovered_slot; /* of those facts, -1 */
	int class_slot;			    /* of data_class, in a profile of tiers; -1 */
	int64_t core_class;		    /* its choice "core": always a candidate for tier I */
	uint64_t qualifiers[FACT_WORDS];    /* slots of facts that only say what a thing is */
};

struct profile_set;
/* The built-in ones and those in <home>/profiles (home NULL: none). E_INVALID names the file and
 * its line or the path in it; a caller who must go on at any price loads again with home NULL.
 * Immutable afterwards. */
enum status profile_set_load(
	const char *home, struct profile_set **out, struct error *e) MUST_CHECK;
void profile_set_free(struct profile_set *s);
AUTO_TYPE(profile_set_free, struct profile_set *)
const struct fact_catalogue *profile_facts(const struct profile_set *s);
size_t profile_count(const struct profile_set *s);
const struct profile *profile_at(const struct profile_set *s, size_t i); /* in order of id */
/* E_ABSENT names the nearest. */
enum status profile_find(const struct profile_set *s, const char *id, const struct profile **out,
	struct error *e) MUST_CHECK;

/* A key of a rule that a person reads as a name: roles ("company"), stages ("first_notice"), media
 * ("telephone"), instruments ("MIIT-214-2024"). */
struct rule_word {
	const char *key;
	struct bilingual name;
	bool own;	/* a role that the reporting organisation itself plays */
	bool in_public; /* a role without an inbox, told in public or one by one: users, persons */
};
enum rule_words { RULE_ROLES, RULE_STAGES, RULE_MEDIA, RULE_INSTRUMENTS };
/* NULL where there is none. */
const struct rule_word *profile_word(
	const struct profile_set *s, enum rule_words kind, const char *key);
size_t profile_words(
	const struct profile_set *s, enum rule_words kind, const struct rule_word **out);

#define PROFILE_DEFAULT "cn-miit"

#endif
