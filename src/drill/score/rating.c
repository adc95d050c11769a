/*
 * P, S, M, U per objective, from four questions about facts: was the objective met, by plan,
 * without harm to other work, and was an improvement noted (HSEEP doctrine 2020). Never from the
 * points, so that number and rating can be held against each other.
 *
 *   P  met, by plan, no harm          S  the same, with an improvement noted
 *   M  met, but with harm or off plan  U  not met
 */
#include "base/i18n.h"
#include "drill/score/score.h"

struct finding_row {
	enum drill_rating rating;
	const char *why;
};

static struct finding_row rate_detect(const struct drill_result *r)
{
	double alert_s = score_alert_s(r);
	if (r->detect == DETECT_NONE)
		return (struct finding_row){ RATING_U,
			N_("No channel reported the attack while it ran.") };
	if (r->detect == DETECT_LOGGED)
		return (struct finding_row){ RATING_U,
			N_("The attack left a trace in a log, but nothing that a person would have "
			   "acted on.") };
	if (r->false_alarms > 0)
		return (struct finding_row){ RATING_M,
			N_("The attack was reported, but ordinary work was reported as an attack "
			   "too.") };
	if (alert_s < 0 || alert_s > SCORE_ALERT_GOAL_S)
		return (struct finding_row){ RATING_S,
			N_("The attack was reported, but later than one minute after the first "
			   "changed byte.") };
	return (struct finding_row){ RATING_P,
		N_("The attack was reported within one minute and ordinary work was not.") };
}

static struct finding_row rate_damage(const struct drill_result *r)
{
	double lost = score_lost_share(r);
	if (lost > SCORE_LOST_GOAL)
		return (struct finding_row){ RATING_U,
			/* xgettext:no-c-format */
			N_("More than 5 % of the decoys were lost before anything ended the "
			   "attack.") };
	if (r->verdict == DRILL_STOPPED)
		return (struct finding_row){ RATING_M, N_("Few decoys were lost, but because the "
							  "run was stopped by its operator or "
							  "its budget, not by a defence.") };
	if (lost > SCORE_LOST_BEST)
		return (struct finding_row){ RATING_S,
			/* xgettext:no-c-format */
			N_("At most 5 % of the decoys were lost, more than the 0.2 % that good "
			   "detectors allow.") };
	return (struct finding_row){ RATING_P,
		/* xgettext:no-c-format */
		N_("At most 0.2 % of the decoys were lost.") };
}

static struct finding_row rate_contain(const struct drill_result *r)
{
	double contain_s = score_contain_s(r);
	if (r->verdict == DRILL_STOPPED && !score_contained(r))
		return (struct finding_row){ RATING_U, N_("Nothing contained the attack before the "
							  "run was stopped by its operator "
							  "or its budget.") };
	if (!score_contained(r))
		return (struct finding_row){ RATING_U,
			N_("Nothing contained the attack: it ran to its end.") };
	if (contain_s < 0 || contain_s > SCORE_CONTAIN_GOAL_S)
		return (struct finding_row){ RATING_U,
			N_("The attack was contained, but later than one hour.") };
	if (r->channels_named && r->detect == DETECT_NONE)
		return (struct finding_row){ RATING_M,
			N_("The attack was contained, but no named channel told anybody.") };
	if (contain_s > SCORE_CONTAIN_BEST_S)
		return (struct finding_row){ RATING_S,
			N_("The attack was contained, but it took longer than one minute.") };
	return (struct finding_row){ RATING_P, N_("The attack was contained within one minute.") };
}

static struct finding_row rate_recover(const struct drill_result *r)
{
	const struct drill_restore *restore = &r->restore;
	if (restore->timed_out)
		return (struct finding_row){ RATING_U,
			N_("The restore was not finished within its time limit.") };
	if (restore->n_sample == 0 || restore->n_identical < restore->n_sample)
		return (struct finding_row){ RATING_U,
			N_("Not every destroyed decoy came back byte for byte.") };
	if (score_rto_ratio(r) >= 4 || (restore->rpo_assessed && score_rpo_ratio(r) >= 4))
		return (struct finding_row){ RATING_U,
			N_("Everything came back, but four times later or older than your own "
			   "target, or worse.") };
	if (restore->exit_status != 0)
		return (struct finding_row){ RATING_M,
			N_("Everything came back, but the restore command reported an error.") };
	if (restore->n_changed_outside > 0)
		return (struct finding_row){ RATING_M, N_("Everything came back, but the restore "
							  "command changed files outside the "
							  "arena as well.") };
	if (score_rto_ratio(r) > 1 || (restore->rpo_assessed && score_rpo_ratio(r) > 1))
		return (struct finding_row){ RATING_M,
			N_("Everything came back, but later or older than your own target.") };
	if (!restore->rpo_assessed)
		return (struct finding_row){ RATING_S,
			N_("Everything came back in time; how old a backup may be (RPO) was not "
			   "assessed, because there were no dated generations.") };
	return (struct finding_row){ RATING_P,
		N_("Everything came back byte for byte within your own targets.") };
}

static struct finding_row rate_people(const struct drill_result *r)
{
	size_t n_done = 0;
	size_t n_in_order = 0;
	for (size_t i = 0; i < r->n_steps; i++) {
		n_done += r->steps[i].answered && r->steps[i].done;
		n_in_order += score_step_counts(r, &r->steps[i]);
	}
	double notify_s = score_notify_s(r);
	if (n_done < r->n_steps)
		return (struct finding_row){ RATING_U,
			N_("Not every step that the plan asks of people was done.") };
	if (n_in_order < n_done)
		return (struct finding_row){ RATING_M,
			N_("Every step was done, but not in the order that the plan asks for.") };
	if (score_step(r, "notify-authority") != NULL && !score_authority_in_time(r))
		return (struct finding_row){ RATING_M,
			N_("Every step was done, but the authority's form was ready only after its "
			   "deadline.") };
	if (notify_s > SCORE_NOTIFY_GOAL_S)
		return (struct finding_row){ RATING_S, N_("Every step was done in time, but the "
							  "internal notice took longer than 15 "
							  "minutes.") };
	return (struct finding_row){ RATING_P,
		N_("Every step was done in order and inside its deadline.") };
}

static const char *why_not_assessed(enum drill_part_id part)
{
	switch (part) {
	case PART_DETECT:
		return N_("Not assessed: no channel was named in which an alert could be seen.");
	case PART_RECOVER:
		return N_("Not assessed: no restore command was given.");
	case PART_PEOPLE:
		return N_("Not assessed: nobody answered the steps for people.");
	case PART_DAMAGE:
	case PART_CONTAIN:
	case PARTS:
		break;
	}
	return N_("Not assessed.");
}

void rate_parts(struct drill_result *r)
{
	static struct finding_row (*const rate[PARTS])(const struct drill_result *) = {
		[PART_DETECT] = rate_detect,
		[PART_DAMAGE] = rate_damage,
		[PART_CONTAIN] = rate_contain,
		[PART_RECOVER] = rate_recover,
		[PART_PEOPLE] = rate_people,
	};
	for (int i = 0; i < PARTS; i++) {
		struct drill_part *part = &r->parts[i];
		struct finding_row row = { RATING_NOT_ASSESSED,
			why_not_assessed((enum drill_part_id)i) };
		if (r->verdict == DRILL_VOIDED)
			row.why = N_("The run is void: its figures do not count.");
		else if (part->assessed)
			row = rate[i](r);
		part->rating = row.rating;
		part->why = row.why;
	}
}
