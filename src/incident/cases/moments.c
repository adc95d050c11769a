/*
 * What the clocks of a case count from, gathered out of its facts, history and submissions; and the
 * clocks brought up to it.
 */
#include <string.h>

#include "incident/cases/case.h"
#include "incident/cases/grades.h"

enum { STAGES_MAX = 256, RECEIVERS_MAX = 256 };

static int64_t fact_time(const struct desk *d, const struct case_row *row, const char *key)
{
	const int slot = fact_slot(profile_facts(d->c->profiles), key);
	const int64_t at_ns = slot < 0 ? FACT_UNKNOWN : row->values.at[slot];
	return at_ns == FACT_UNKNOWN ? -1 : at_ns;
}

/* Moments that are marked by a person (life.c): the last of each kind. The end of handling holds
 * until the case is opened again. */
static enum status marked_moments(
	const struct desk *d, const struct case_row *row, struct moments *m, struct error *e)
{
	AUTO(statement_free) struct statement *q = NULL;
	bool more = false;
	TRY(STORE_SQL(d->c->store,
		"SELECT kind, claimed_ns FROM incident_event WHERE company = ? AND incident = ?"
		" AND kind LIKE 'moment-%' ORDER BY n",
		&q, e));
	bind_text(q, 1, d->company);
	bind_text(q, 2, row->id.text);
	for (;;) {
		TRY(statement_step(q, &more, e));
		if (!more)
			break;
		for (size_t i = 0; i < MOMENT_SUBMITTED; i++)
			if (view_is(column_text(q, 0), moment_event((enum moment)i)))
				m->at[i] = column_int(q, 1);
	}
	if (row->life == LIFE_OPEN)
		m->at[MOMENT_HANDLING_ENDED] = -1;
	return OK;
}

/* The first proof that a report under this profile is with the other side starts what that side
 * owes under it: another regime's authority has nothing to relay. */
static enum status received_reports(const struct desk *d, const struct case_row *row,
	const char *profile, struct moments *m, struct error *e)
{
	AUTO(statement_free) struct statement *q = NULL;
	bool more = false;
	bool failed = false;
	struct received_report *reports = pool_take(d->pool, RECEIVERS_MAX, sizeof *reports);
	if (reports == NULL)
		return case_no_memory(e);
	TRY(STORE_SQL(d->c->store,
		"SELECT r.role, MIN(r.received_ns) FROM incident_recipient r"
		" JOIN incident_submission s ON s.company = r.company AND s.id = r.submission"
		" WHERE s.company = ? AND s.incident = ? AND s.profile = ? AND r.received_ns >= 0"
		" GROUP BY r.role",
		&q, e));
	bind_text(q, 1, d->company);
	bind_text(q, 2, row->id.text);
	bind_text(q, 3, profile);
	for (m->n_received = 0; m->n_received < RECEIVERS_MAX; m->n_received++) {
		TRY(statement_step(q, &more, e));
		if (!more)
			break;
		reports[m->n_received] =
			(struct received_report){ case_column(d->pool, q, 0, &failed),
				column_int(q, 1) };
	}
	m->received = reports;
	return failed ? case_no_memory(e) : OK;
}

static enum status new_facts_moment(
	const struct desk *d, const struct case_row *row, struct moments *m, struct error *e)
{
	AUTO(statement_free) struct statement *q = NULL;
	bool there = false;
	TRY(STORE_SQL(d->c->store,
		"SELECT at_ns FROM incident_revision"
		" WHERE company = ? AND incident = ? AND n = ? AND n > 1",
		&q, e));
	bind_text(q, 1, d->company);
	bind_text(q, 2, row->id.text);
	bind_int(q, 3, row->n_revision);
	TRY(statement_step(q, &there, e));
	if (there && column_int(q, 0) > m->at[MOMENT_NEW_FACTS])
		m->at[MOMENT_NEW_FACTS] = column_int(q, 0);
	return OK;
}

/* Stages that were handed in or told by telephone. A submission counts from its receipt where there
 * is one, else from when it was made. */
static enum status submitted_stages(const struct desk *d, const struct case_row *row,
	const char *profile, struct moments *m, struct error *e)
{
	AUTO(statement_free) struct statement *q = NULL;
	bool more = false;
	bool failed = false;
	struct submitted_stage *stages = pool_take(d->pool, STAGES_MAX, sizeof *stages);
	if (stages == NULL)
		return case_no_memory(e);
	TRY(STORE_SQL(d->c->store,
		"SELECT s.stage, MIN(COALESCE(r.received_ns, s.at_ns)),"
		" MAX(COALESCE(r.received_ns, s.at_ns)) FROM incident_submission s"
		" LEFT JOIN incident_recipient r ON r.company = s.company AND r.submission = s.id"
		" AND r.received_ns >= 0"
		" WHERE s.company = ? AND s.incident = ? AND s.profile = ? AND s.draft = 0"
		" GROUP BY s.stage"
		" UNION ALL SELECT stage, MIN(claimed_ns), MAX(claimed_ns) FROM incident_call"
		" WHERE company = ? AND incident = ? AND (profile = '' OR profile = ?)"
		" GROUP BY stage",
		&q, e));
	for (int place = 0; place < 6; place += 3) {
		bind_text(q, place + 1, d->company);
		bind_text(q, place + 2, row->id.text);
		bind_text(q, place + 3, profile);
	}
	for (m->n_submitted = 0; m->n_submitted < STAGES_MAX; m->n_submitted++) {
		TRY(statement_step(q, &more, e));
		if (!more)
			break;
		stages[m->n_submitted] =
			(struct submitted_stage){ case_column(d->pool, q, 0, &failed),
				column_int(q, 1), column_int(q, 2) };
	}
	m->submitted = stages;
	return failed ? case_no_memory(e) : OK;
}

enum status case_moments(const struct desk *d, const struct case_row *row, const char *profile,
	struct moments *out, struct error *e)
{
	struct grade_times graded;
	struct moments m = { .last_period_ns = -1 };
	for (size_t i = 0; i < MOMENT_SUBMITTED; i++)
		m.at[i] = -1;
	TRY(marked_moments(d, row, &m, e));
	m.at[MOMENT_OCCURRED] = fact_time(d, row, "occurred_at");
	m.at[MOMENT_DISCOVERED] = fact_time(d, row, "discovered_at");
	m.at[MOMENT_JUDGED] = fact_time(d, row, "judged_at");
	/* Who files a notice has discovered it by then at the latest. */
	if (m.at[MOMENT_DISCOVERED] < 0)
		m.at[MOMENT_DISCOVERED] = row->created_ns;
	TRY(received_reports(d, row, profile, &m, e));
	TRY(new_facts_moment(d, row, &m, e));
	TRY(grade_times(d, &row->id, profile, &graded, e));
	/* A graver grade is news of its own: whoever was told the milder one hears of it. */
	if (graded.raised_ns > m.at[MOMENT_NEW_FACTS])
		m.at[MOMENT_NEW_FACTS] = graded.raised_ns;
	TRY(submitted_stages(d, row, profile, &m, e));
	*out = m;
	return OK;
}

enum status case_standing(const struct desk *d, const struct case_row *row,
	const struct profile *profile, struct standing *out, struct error *e)
{
	struct classification k;
	struct grade_row grade = { .grade = -1 };
	bool there = false;
	TRY(grade_in_force(d, &row->id, profile->id, &grade, &there, e));
	classify(profile, &row->values, &k);
	const int might_be = grade_to_confirm(&k, grade.grade, grade.by_person);
	*out = (struct standing){ grade.grade, there && might_be >= 0, might_be };
	return OK;
}

static enum status sync_profile(const struct desk *d, const struct case_row *row,
	const struct profile *profile, struct error *e)
{
	struct moments moments;
	struct standing standing;
	struct grade_times graded;
	TRY(case_moments(d, row, profile->id, &moments, e));
	TRY(case_standing(d, row, profile, &standing, e));
	/* Where nobody says when it was judged, it was when the present grade was first given here;
	 * what is undecided is not judged. */
	if (moments.at[MOMENT_JUDGED] < 0 && !standing.undecided) {
		TRY(grade_times(d, &row->id, profile->id, &graded, e));
		moments.at[MOMENT_JUDGED] = graded.since_ns;
	}
	const struct clocks_sync what = { .company = d->company,
		.incident = row->id,
		.drill = row->drill,
		.profile = profile,
		.facts = &row->values,
		.standing = standing,
		.moments = &moments,
		.closed = row->life == LIFE_CLOSED,
		.now_ns = d->now.wall_ns };
	return clocks_sync(d->c->store, d->c->home, &what, e);
}

enum status case_sync(const struct desk *d, const struct case_row *row, struct error *e)
{
	for (size_t i = 0; i < row->n_profiles; i++) {
		const struct profile *profile = NULL;
		struct error gone = ERROR_NONE;
		/* A profile of the home's that was taken away: its clocks stay as they are. */
		if (profile_find(d->c->profiles, row->profiles[i], &profile, &gone) != OK)
			continue;
		TRY(sync_profile(d, row, profile, e));
	}
	return OK;
}
