/*
 * One incident under one profile. Criteria stand gravest first, so what is met first is the grade.
 */
#include "incident/rules/classify.h"

#include <limits.h>
#include <string.h>

#include "incident/rules/class_threat.h"

static void known_facts(const struct facts *f, uint64_t bits[FACT_WORDS])
{
	for (size_t word = 0; word < FACT_WORDS; word++) {
		uint64_t known = 0;
		for (size_t i = 0; i < 64; i++)
			known |= (uint64_t)(f->at[word * 64 + i] != FACT_UNKNOWN) << i;
		bits[word] = known;
	}
}

static enum truth truth_of(
	const struct criterion *c, const struct facts *f, const struct pair_outcome *pairs)
{
	return c->when != NULL ? condition_truth(c->when, f) : pair_truth(pairs, c->pair);
}

/* A criterion that does not apply is not even unknown; where nobody knows whether it does, it does.
 */
static bool applies(const struct criterion *c, const struct facts *f)
{
	return c->applies == NULL || condition_truth(c->applies, f) != TRUTH_NO;
}

/* What weighing the criteria found beside the lists. */
struct weighed {
	int otherwise;	  /* index of the criterion "otherwise", -1 */
	bool decided;	  /* some criterion is met or ruled out by its facts */
	bool pairs_apply; /* a pair of data class and threat was looked at */
};

static void weigh_one(const struct criterion *c, size_t i, enum truth truth,
	struct classification *out, struct weighed *w)
{
	switch (truth) {
	case TRUTH_YES:
		out->met[out->n_met++] = (uint16_t)i;
		w->decided = true;
		break;
	case TRUTH_UNKNOWN:
		out->could_raise[out->n_could_raise++] = (uint16_t)i;
		break;
	case TRUTH_NO:
		w->decided = true;
		break;
	}
	w->pairs_apply = w->pairs_apply || c->pair >= 0;
}

static struct weighed weigh(const struct profile *p, const struct facts *f,
	const struct pair_outcome *pairs, struct classification *out)
{
	struct weighed w = { .otherwise = -1 };
	uint64_t known[FACT_WORDS];
	known_facts(f, known);
	for (size_t i = 0; i < p->n_criteria; i++) {
		const struct criterion *c = &p->criteria[i];
		if (c->otherwise) {
			w.otherwise = (int)i;
			continue;
		}
		if (!applies(c, f))
			continue;
		for (size_t word = 0; word < FACT_WORDS; word++)
			out->unknown[word] |= c->wants[word] & ~known[word];
		weigh_one(c, i, truth_of(c, f, pairs), out, &w);
	}
	return w;
}

/* The row for all that no graver row is met by; its place is where its grade is. */
static void add_otherwise(const struct profile *p, int index, struct classification *out)
{
	size_t at = 0;
	while (at < out->n_met && out->met[at] < index)
		at++;
	if (at > 0 && p->criteria[out->met[0]].grade < p->criteria[index].grade)
		return;
	memmove(&out->met[at + 1], &out->met[at], (out->n_met - at) * sizeof out->met[0]);
	out->met[at] = (uint16_t)index;
	out->n_met++;
}

static void decide(const struct profile *p, struct classification *out)
{
	if (out->n_met > 0) {
		out->grade = p->criteria[out->met[0]].grade;
	} else if (out->n_could_raise > 0 && p->unfixed_grade >= 0) {
		out->grade = p->unfixed_grade;
		out->review |= REVIEW_UNFIXED;
	} else {
		out->grade = p->default_grade;
	}
}

/* Of what is unknown, only what is graver than the grade could raise it. */
static void keep_graver(const struct profile *p, struct classification *out)
{
	size_t kept = 0;
	for (size_t i = 0; i < out->n_could_raise; i++) {
		const int grade = p->criteria[out->could_raise[i]].grade;
		if (out->grade < 0 || grade < out->grade)
			out->could_raise[kept++] = out->could_raise[i];
	}
	out->n_could_raise = kept;
}

/* Undecided is where nothing is met and something still could be. The profile says whose duties run
 * until then; where it does not, and has no class for what meets no criterion, those of the gravest
 * that could be met. */
static int to_confirm(const struct profile *p, const struct classification *out)
{
	int gravest = INT_MAX;
	if (out->n_met > 0 || out->n_could_raise == 0)
		return -1;
	for (size_t i = 0; i < out->n_could_raise; i++)
		if (p->criteria[out->could_raise[i]].grade < gravest)
			gravest = p->criteria[out->could_raise[i]].grade;
	if (p->while_undecided < 0)
		return out->grade < 0 ? gravest : -1;
	const int grade = gravest > p->while_undecided ? gravest : p->while_undecided;
	return out->grade < 0 || grade < out->grade ? grade : -1;
}

/* A figure that is known and grave enough, and a word that nobody said: an outage of a day is III
 * or I by what it is of. The gravest grade that hangs on such words alone, -1 none. */
static int hangs_on_a_word(const struct profile *p, const struct classification *out)
{
	int gravest = -1;
	for (size_t i = 0; i < out->n_could_raise; i++) {
		const struct criterion *c = &p->criteria[out->could_raise[i]];
		uint64_t words = 0, others = 0;
		for (size_t word = 0; word < FACT_WORDS; word++) {
			const uint64_t missing = c->wants[word] & out->unknown[word];
			words |= missing & p->qualifiers[word];
			others |= missing & ~p->qualifiers[word];
		}
		if (words != 0 && others == 0 && (gravest < 0 || c->grade < gravest))
			gravest = c->grade;
	}
	return gravest;
}

/* The rules of a draft or a proposal bind nobody, and others only within their dates: those of the
 * discovery, since that is when duties arise, else of the occurrence. */
static bool in_force(const struct profile *p, const struct facts *f)
{
	const int64_t discovered_ns =
		p->discovered_slot < 0 ? FACT_UNKNOWN : f->at[p->discovered_slot];
	const int64_t occurred_ns = p->occurred_slot < 0 ? FACT_UNKNOWN : f->at[p->occurred_slot];
	const int64_t when_ns = discovered_ns != FACT_UNKNOWN ? discovered_ns : occurred_ns;
	if (strcmp(p->status, "in-force") != 0 && strcmp(p->status, "programme") != 0)
		return false;
	if (when_ns == FACT_UNKNOWN)
		return true;
	return (p->effective_from_ns < 0 || when_ns >= p->effective_from_ns) &&
	       (p->effective_to_ns < 0 || when_ns < p->effective_to_ns);
}

/* Whether every row that gave the grade is of certainty C or D. */
static bool rule_unsure(const struct profile *p, const struct classification *out)
{
	for (size_t i = 0; i < out->n_met; i++) {
		const struct criterion *c = &p->criteria[out->met[i]];
		if (c->grade == out->grade && c->certainty < 'C')
			return false;
	}
	return out->n_met > 0;
}

/* What a person must decide on. */
static void name_candidate(const struct profile *p, const struct facts *f,
	const struct pair_outcome *pairs, struct classification *out)
{
	const bool core = p->class_slot >= 0 && p->core_class != FACT_UNKNOWN &&
			  f->at[p->class_slot] == p->core_class;
	const int word = hangs_on_a_word(p, out);
	out->candidate = -1;
	if (word >= 0) {
		out->candidate = word;
		out->review |= REVIEW_QUALIFIER;
	}
	if ((core || pairs->candidate) && out->grade != 0) {
		out->candidate = 0;
		out->review |= REVIEW_CORE_DATA;
	}
}

void classify(const struct profile *p, const struct facts *f, struct classification *out)
{
	static const struct pair_outcome no_pairs = { .met = -1 };
	const struct pair_outcome *pairs =
		p->matrix == NULL ? &no_pairs : class_threat_look(p->matrix, f);
	out->profile = p;
	out->n_met = 0;
	out->n_could_raise = 0;
	out->review = 0;
	memset(out->unknown, 0, sizeof out->unknown);

	const struct weighed w = weigh(p, f, pairs, out);
	const bool nothing_known = !w.decided && p->n_criteria > 0;
	if (w.otherwise >= 0 && w.decided)
		add_otherwise(p, w.otherwise, out);
	decide(p, out);
	keep_graver(p, out);
	if (nothing_known)
		out->review |= REVIEW_NOTHING_KNOWN;
	if (pairs->nearest && w.pairs_apply && out->grade != 0)
		out->review |= REVIEW_PAIR_NOT_NAMED;
	name_candidate(p, f, pairs, out);
	out->to_confirm = to_confirm(p, out);
	if (out->n_could_raise > 0 && out->grade == p->default_grade)
		out->review |= REVIEW_COULD_RAISE;
	if (rule_unsure(p, out))
		out->review |= REVIEW_RULE_UNSURE;
	if (!in_force(p, f))
		out->review |= REVIEW_NOT_IN_FORCE;
	out->needs_review = out->review != 0;
}

bool classification_unknown(const struct classification *c, int slot)
{
	return slot >= 0 && slot < FACTS_MAX && (c->unknown[slot / 64] >> (slot % 64) & 1) != 0;
}
