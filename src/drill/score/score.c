/*
 * Facts into points. The rule is written out for its users in docs/scoring.md; every constant here
 * appears there. Pure: nothing is read but the result itself.
 */
#include "drill/score/score.h"

#include <math.h>
#include <string.h>

/* Weights: what a victim lives with (damage, recovery) outweighs the means (detect, contain). */
static const double weights[PARTS] = { 20, 25, 15, 25, 15 };

#define ALERT_FULL_S 10.0
/* 42:52, the published average of the median encryption times of ten families (Splunk SURGe 2022).
 */
#define ALERT_ZERO_S 2572.0
#define CONTAIN_ZERO_S 3600.0
#define RATIO_ZERO 4.0
/* Of Recover; the rest is the RPO's. */
#define RTO_SHARE 0.6
#define NOTIFY_ZERO_S 14400.0
#define CAP_SCORE 59.0
#define COVERAGE_FOR_GRADE 60.0
#define FALSE_ALARM_POINTS 2.0
#define FALSE_ALARM_MOST 10.0
/* Files a second: LockBit's median and the headline average of the same study. */
#define LOCKBIT_RATE 281.6
#define HEADLINE_RATE 38.3

static double seconds(int64_t ns)
{
	return (double)ns / (double)NS_PER_S;
}

bool drill_attack_was_stopped(const struct drill_result *r)
{
	const char *during = r->stopped.during;
	return r->verdict == DRILL_STOPPED && during != NULL &&
	       (strcmp(during, "attack") == 0 || strcmp(during, "unknown") == 0);
}

bool drill_is_control(const struct drill_result *r)
{
	return r->scenario.kind != NULL && strcmp(r->scenario.kind, "benign") == 0;
}

static bool could_speak(const struct drill_channel *c)
{
	return !c->broken && !c->never_opened && (c->problem == NULL || c->problem[0] == '\0');
}

bool drill_control_measured(const struct drill_result *r)
{
	bool measured = drill_is_control(r) && r->false_alarms > 0;
	for (size_t i = 0; drill_is_control(r) && i < r->n_channels; i++)
		measured = measured || could_speak(&r->channels[i]);
	return measured;
}

bool drill_could_hear(const struct drill_result *r)
{
	/* The first format of a stored result does not say how its channels fared. */
	bool could = r->detect != DETECT_NONE || r->n_channels == 0;
	for (size_t i = 0; i < r->n_channels; i++)
		could = could || could_speak(&r->channels[i]);
	return r->channels_named && could;
}

enum drill_restore_gap drill_restore_gap(const struct drill_result *r)
{
	const char *command = r->restore.command;
	if (r->restore.assessed)
		return RESTORE_ASSESSED;
	if (command == NULL || command[0] == '\0')
		return RESTORE_NOT_ASKED;
	return r->stopped.by != NULL ? RESTORE_CUT_SHORT : RESTORE_NO_SAMPLE;
}

bool drill_has_score(const struct drill_result *r)
{
	return r->verdict != DRILL_VOIDED && !drill_is_control(r);
}

double score_curve(double x, double full, double zero)
{
	if (isnan(x) || x >= zero)
		return 0;
	if (x <= full)
		return 1;
	return 1 - log(x / full) / log(zero / full);
}

double score_alert_s(const struct drill_result *r)
{
	if (r->detect == DETECT_NONE)
		return -1;
	if (r->detect_ns >= 0)
		return seconds(r->detect_ns);
	int64_t first_ns = -1;
	for (size_t i = 0; i < r->n_alerts; i++) {
		/* An alert from before the first change is one at once. */
		int64_t after_ns = r->alerts[i].after_ns < 0 ? 0 : r->alerts[i].after_ns;
		if (r->alerts[i].kind != DETECT_NONE && (first_ns < 0 || after_ns < first_ns))
			first_ns = after_ns;
	}
	if (first_ns >= 0)
		return seconds(first_ns);
	return r->t0_ns < 0 || r->detect == DETECT_PREVENTED ? 0 : -1;
}

bool score_contained(const struct drill_result *r)
{
	switch (r->contain) {
	case CONTAIN_NONE:
		return false;
	case CONTAIN_QUARANTINED:
		/* One file taken away does not stop the rest. */
		return r->verdict == DRILL_CONTAINED;
	case CONTAIN_KILLED:
	case CONTAIN_FROZEN:
	case CONTAIN_READ_ONLY:
	case CONTAIN_BLOCKED:
	case CONTAIN_NETWORK:
		return true;
	}
	return false;
}

double score_contain_s(const struct drill_result *r)
{
	if (!score_contained(r))
		return -1;
	if (r->t0_ns < 0) /* no byte was changed */
		return 0;
	if (r->contain_ns >= 0)
		return seconds(r->contain_ns);
	if (r->attack_ns < 0)
		return -1;
	double alert_s = score_alert_s(r);
	double from_alert_s = seconds(r->attack_ns) - (alert_s > 0 ? alert_s : 0);
	return from_alert_s > 0 ? from_alert_s : 0;
}

double score_lost_share(const struct drill_result *r)
{
	if (r->n_planted == 0)
		return 0;
	double share = (double)r->n_lost / (double)r->n_planted;
	return share > 1 ? 1 : share;
}

/* A target that is missing or senseless is never met. */
static double ratio_to(int64_t took_ns, double target_s)
{
	if (took_ns < 0 || !(target_s > 0))
		return HUGE_VAL;
	return seconds(took_ns) / target_s;
}

double score_rto_ratio(const struct drill_result *r)
{
	return ratio_to(r->restore.rto_ns, r->restore.rto_target_s);
}

double score_rpo_ratio(const struct drill_result *r)
{
	return ratio_to(r->restore.rpo_ns, r->restore.rpo_target_s);
}

const struct drill_step *score_step(const struct drill_result *r, const char *id)
{
	for (size_t i = 0; i < r->n_steps; i++)
		if (r->steps[i].id != NULL && strcmp(r->steps[i].id, id) == 0)
			return &r->steps[i];
	return NULL;
}

/* Which step must not come before which: nobody classifies or reports what nobody has recognised,
 * and an authority is told a class where the class is due first (a notice within ten minutes does
 * not wait for it). */
static const char *const order[][2] = {
	{ "recognise", "classify" },
	{ "recognise", "notify-inside" },
	{ "recognise", "notify-authority" },
	{ "classify", "notify-authority" },
};

static bool is_done(const struct drill_step *step)
{
	return step != NULL && step->answered && step->done && step->id != NULL;
}

bool score_step_in_order(const struct drill_result *r, const struct drill_step *step)
{
	if (!is_done(step))
		return false;
	for (size_t i = 0; i < COUNT_OF(order); i++) {
		if (strcmp(order[i][1], step->id) != 0)
			continue;
		const struct drill_step *earlier = score_step(r, order[i][0]);
		if (is_done(earlier) && earlier->due_ns <= step->due_ns &&
			earlier->after_ns > step->after_ns)
			return false;
	}
	return true;
}

bool score_step_counts(const struct drill_result *r, const struct drill_step *step)
{
	return score_step_in_order(r, step) && step->by_right_role;
}

double score_notify_s(const struct drill_result *r)
{
	const struct drill_step *step = score_step(r, "notify-inside");
	if (step == NULL || !step->answered || !step->done || step->after_ns < 0)
		return -1;
	double alert_s = score_alert_s(r);
	double from_alert_s = seconds(step->after_ns) - (alert_s > 0 ? alert_s : 0);
	return from_alert_s > 0 ? from_alert_s : 0;
}

bool score_authority_in_time(const struct drill_result *r)
{
	const struct drill_step *step = score_step(r, "notify-authority");
	return step != NULL && step->answered && step->done && step->after_ns >= 0 &&
	       step->after_ns <= step->due_ns;
}

bool score_people_answered(const struct drill_result *r)
{
	if (!r->people_assessed)
		return false;
	for (size_t i = 0; i < r->n_steps; i++)
		if (r->steps[i].answered)
			return true;
	return false;
}

static double detect_share(const struct drill_result *r)
{
	static const double verdict[] = { 0, 0.3, 0.8, 1 };
	double alert_s = score_alert_s(r);
	if (r->detect == DETECT_NONE)
		return 0;
	double speed = alert_s < 0 ? 0 : score_curve(alert_s, ALERT_FULL_S, ALERT_ZERO_S);
	return 0.5 * verdict[r->detect] + 0.5 * speed;
}

static double contain_share(const struct drill_result *r)
{
	double contain_s = score_contain_s(r);
	return contain_s < 0 ? 0 : score_curve(contain_s, SCORE_CONTAIN_BEST_S, CONTAIN_ZERO_S);
}

static double recover_share(const struct drill_result *r)
{
	const struct drill_restore *restore = &r->restore;
	double integrity = restore->n_sample == 0
				   ? 0
				   : (double)restore->n_identical / (double)restore->n_sample;
	if (integrity > 1)
		integrity = 1;
	double rto = score_curve(score_rto_ratio(r), 1, RATIO_ZERO);
	/* Without dated generations there is no RPO to measure: the RTO then speaks for its own
	 * share of the part alone (assessed_of). */
	if (!restore->rpo_assessed)
		return integrity * rto;
	return integrity *
	       (RTO_SHARE * rto + (1 - RTO_SHARE) * score_curve(score_rpo_ratio(r), 1, RATIO_ZERO));
}

static double people_share(const struct drill_result *r)
{
	size_t n_counted = 0;
	for (size_t i = 0; i < r->n_steps; i++)
		n_counted += score_step_counts(r, &r->steps[i]);
	double steps = r->n_steps == 0 ? 0 : (double)n_counted / (double)r->n_steps;
	double notify_s = score_notify_s(r);
	double notify =
		notify_s < 0 ? 0 : score_curve(notify_s, SCORE_NOTIFY_GOAL_S, NOTIFY_ZERO_S);
	return 0.5 * steps + 0.3 * notify + (score_authority_in_time(r) ? 0.2 : 0);
}

/* How much of its weight a part was assessed on, 0 … 1. */
static double assessed_of(const struct drill_result *r, enum drill_part_id part)
{
	switch (part) {
	case PART_DETECT:
		return drill_could_hear(r) ? 1 : 0;
	case PART_DAMAGE:
	case PART_CONTAIN:
		return 1;
	case PART_RECOVER:
		if (!r->restore.assessed)
			return 0;
		return r->restore.rpo_assessed ? 1 : RTO_SHARE;
	case PART_PEOPLE:
		return score_people_answered(r) ? 1 : 0;
	case PARTS:
		break;
	}
	return 0;
}

static void fill_parts(struct drill_result *r)
{
	const double share[PARTS] = {
		[PART_DETECT] = detect_share(r),
		[PART_DAMAGE] = score_curve(score_lost_share(r), SCORE_LOST_BEST, 1),
		[PART_CONTAIN] = contain_share(r),
		[PART_RECOVER] = recover_share(r),
		[PART_PEOPLE] = people_share(r),
	};
	bool counts = drill_has_score(r);
	for (int i = 0; i < PARTS; i++) {
		struct drill_part *part = &r->parts[i];
		double assessed = counts ? assessed_of(r, (enum drill_part_id)i) : 0;
		*part = (struct drill_part){ .weight = weights[i],
			.weight_assessed = weights[i] * assessed,
			.assessed = assessed > 0 };
		part->share = part->assessed ? share[i] : 0;
		part->points = part->weight_assessed * part->share;
	}
}

static double to_tenth(double x)
{
	return round(x * 10) / 10;
}

static void fill_grade(struct drill_result *r)
{
	static const struct {
		double from;
		const char *grade;
	} grades[] = { { 85, "A" }, { 70, "B" }, { 60, "C" }, { 40, "D" }, { 0, "E" } };
	r->grade = NULL;
	r->to_next_grade = 0;
	/* A run that its own operator ended says how far it got, not how well the firm is defended.
	 */
	if (r->stopped.by != NULL || r->coverage < COVERAGE_FOR_GRADE)
		return;
	size_t i = 0;
	while (r->score < grades[i].from)
		i++;
	r->grade = grades[i].grade;
	if (i > 0)
		r->to_next_grade = to_tenth(grades[i - 1].from - r->score);
}

static bool below_cap(const struct drill_part *part)
{
	return part->assessed && part->share < SCORE_CAP_SHARE;
}

static void fill_score(struct drill_result *r)
{
	double points = 0;
	r->coverage = 0;
	for (int i = 0; i < PARTS; i++) {
		points += r->parts[i].points;
		r->coverage += r->parts[i].weight_assessed;
	}
	double score = r->coverage > 0 ? 100 * points / r->coverage : 0;
	double n_alarms = (double)r->false_alarms + r->early_alerts;
	score -= fmin(FALSE_ALARM_POINTS * n_alarms, FALSE_ALARM_MOST);
	score = to_tenth(fmax(score, 0));
	bool cap = below_cap(&r->parts[PART_RECOVER]) || below_cap(&r->parts[PART_PEOPLE]);
	r->capped = cap && score > CAP_SCORE;
	r->score = r->capped ? CAP_SCORE : score;
}

static void fill_counterfactual(struct drill_result *r)
{
	double reaction_s = 0;
	double contain_s = score_contain_s(r);
	double alert_s = score_alert_s(r);
	if (r->t0_ns >= 0 && contain_s >= 0)
		reaction_s = contain_s + (alert_s > 0 ? alert_s : 0);
	else if (r->t0_ns >= 0 && r->attack_ns > 0)
		reaction_s = seconds(r->attack_ns); /* nobody reacted: at least that many */
	r->lost_at_lockbit = (uint64_t)round(reaction_s * LOCKBIT_RATE);
	r->lost_at_headline = (uint64_t)round(reaction_s * HEADLINE_RATE);
}

enum status drill_score(struct drill_result *r, struct pool *p, struct error *e)
{
	fill_parts(r);
	r->score = r->coverage = r->to_next_grade = 0;
	r->capped = false;
	r->grade = NULL;
	fill_counterfactual(r);
	rate_parts(r);
	if (drill_has_score(r)) {
		fill_score(r);
		fill_grade(r);
	}
	return improve(r, p, e);
}
