/*
 * The table of pairs. See the header for the rule.
 */
#include "incident/rules/class_threat.h"

/* The row that names the pair, -1. */
static int named(const struct class_threat *m, size_t class, size_t threat)
{
	int best = -1;
	for (size_t i = 0; i < m->n_rows; i++) {
		const struct pair_row *r = &m->rows[i];
		if ((r->classes >> class & 1) != 0 && r->threat == threat &&
			(best < 0 || r->grade < m->rows[best].grade))
			best = (int)i;
	}
	return best;
}

/* The gravest row that names the class under a threat no greater than this one, -1. */
static int gravest_of_class(const struct class_threat *m, size_t class, size_t threat)
{
	int best = -1;
	for (size_t i = 0; i < m->n_rows; i++) {
		const struct pair_row *r = &m->rows[i];
		if ((r->classes >> class & 1) != 0 && r->threat <= threat &&
			(best < 0 || r->grade < m->rows[best].grade))
			best = (int)i;
	}
	return best;
}

static int row_of(const struct class_threat *m, size_t class, size_t threat, bool *out_nearest)
{
	int row = named(m, class, threat);
	*out_nearest = row < 0;
	for (size_t weaker = class; row < 0 && weaker > 0; weaker--)
		row = named(m, weaker - 1, threat);
	return row >= 0 ? row : gravest_of_class(m, class, threat);
}

static bool threat_is_named(const struct class_threat *m, size_t threat)
{
	for (size_t i = 0; i < m->n_rows; i++)
		if (m->rows[i].threat == threat)
			return true;
	return false;
}

/* Over all pairs that class and threat may turn out to be (n: unknown). */
static struct pair_outcome outcome_of(const struct class_threat *m, size_t class, size_t threat)
{
	struct pair_outcome o = { .met = -1 };
	bool all_met = true;
	const size_t first_class = class == m->n_classes ? 0 : class;
	const size_t last_class = class == m->n_classes ? m->n_classes - 1 : class;
	const size_t first_threat = threat == m->n_threats ? 0 : threat;
	const size_t last_threat = threat == m->n_threats ? m->n_threats - 1 : threat;
	for (size_t c = first_class; c <= last_class; c++) {
		for (size_t t = first_threat; t <= last_threat; t++) {
			bool nearest;
			const int row = row_of(m, c, t, &nearest);
			if (row < 0) {
				all_met = false;
				continue;
			}
			o.possible |= 1U << row;
			/* The weakest of them is what is certain. */
			if (o.met < 0 || m->rows[row].grade > m->rows[o.met].grade) {
				o.met = (int8_t)row;
				o.nearest = nearest;
			}
		}
	}
	const bool known = class < m->n_classes && threat < m->n_threats;
	/* A row names a threat: none is met while that is unknown. */
	if (!all_met || threat == m->n_threats) {
		o.met = -1;
		o.nearest = known && threat_is_named(m, threat);
	}
	o.candidate = m->candidate_class >= 0 && (size_t)m->candidate_class == class;
	return o;
}

void class_threat_work_out(struct class_threat *m)
{
	for (size_t c = 0; c <= m->n_classes; c++)
		for (size_t t = 0; t <= m->n_threats; t++)
			m->outcomes[c][t] = outcome_of(m, c, t);
}

const struct pair_outcome *class_threat_look(const struct class_threat *m, const struct facts *f)
{
	const int64_t class = f->at[m->class_slot];
	const int64_t threat = f->at[m->threat_slot];
	return &m->outcomes[class == FACT_UNKNOWN ? m->n_classes : (size_t) class]
			   [threat == FACT_UNKNOWN ? m->n_threats : (size_t)threat];
}

enum truth pair_truth(const struct pair_outcome *o, int pair)
{
	if (o->met == pair)
		return TRUTH_YES;
	return (o->possible >> pair & 1) != 0 ? TRUTH_UNKNOWN : TRUTH_NO;
}
