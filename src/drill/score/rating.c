/*
 * P, S, M, U per objective, from four questions about facts: was the objective met, by plan,
 * without harm to other work, and was an improvement noted (HSEEP doctrine 2020). Never from the
 * points, so that number and rating can be held against each other.
 *
 *   P  met, by plan, no harm          S  the same, with an improvement noted
 *   M  met, but with harm or off plan  U  not met
 *
 * Both languages stand here because the sentences are kept in the record.
 */
#include "drill/score/score.h"

#include <string.h>

struct finding_row {
	enum drill_rating rating;
	struct drill_text why;
};

static struct finding_row rate_detect(const struct drill_result *r)
{
	double alert_s = score_alert_s(r);
	if (r->detect == DETECT_NONE)
		return (struct finding_row){ RATING_U,
			{ "No channel reported the attack while it ran.",
				"攻击进行期间没有任何渠道报告。" } };
	if (r->detect == DETECT_LOGGED)
		return (struct finding_row){ RATING_U,
			{ "The attack left a trace in a log, but nothing that a person would have "
			  "acted on.",
				"攻击在日志中留下了痕迹，但没有任何能促使人员采取行动的信息。" } };
	if (r->false_alarms > 0)
		return (struct finding_row){ RATING_M,
			{ "The attack was reported, but ordinary work was reported as an attack "
			  "too.",
				"攻击得到了报告，但正常业务也被误报为攻击。" } };
	if (r->early_alerts > 0)
		return (struct finding_row){ RATING_M,
			{ "The attack was reported, but alerts had come before it changed "
			  "anything, too.",
				"攻击得到了报告，但在它改动任何内容之前就已有告警。" } };
	if (alert_s < 0 || alert_s > SCORE_ALERT_GOAL_S)
		return (struct finding_row){ RATING_S,
			{ "The attack was reported, but later than one minute after the first "
			  "changed byte.",
				"攻击得到了报告，但距首个字节被改动已超过一分钟。" } };
	if (r->control_ns < 0)
		return (struct finding_row){ RATING_S,
			{ "The attack was reported within one minute; whether ordinary work would "
			  "be reported too is not known, because no control run listened to a "
			  "channel.",
				"攻击在一分钟内得到报告；由于没有指定了渠道的对照演练，"
				"正常业务是否也会被误报尚不清楚。" } };
	return (struct finding_row){ RATING_P,
		{ "The attack was reported within one minute and ordinary work was not.",
			"攻击在一分钟内得到报告，正常业务未被误报。" } };
}

/* --- an attack that the drill itself ended, not a defence --- */

struct stop_row {
	const char *by; /* of struct drill_stopped; NULL: all others */
	struct drill_text few_lost, not_contained;
};

static const struct stop_row stops[] = {
	{ "user",
		{ "Few decoys were lost, but because the run was stopped by its operator, not by a "
		  "defence.",
			"损失的诱饵文件不多，但原因是演练被操作人员停止，而非防御措施奏效。" },
		{ "Nothing contained the attack before the run was stopped by its operator.",
			"在演练被操作人员停止之前，没有任何措施遏制住攻击。" } },
	{ "stop-file",
		{ "Few decoys were lost, but because the run was stopped by its operator, not by a "
		  "defence.",
			"损失的诱饵文件不多，但原因是演练被操作人员停止，而非防御措施奏效。" },
		{ "Nothing contained the attack before the run was stopped by its operator.",
			"在演练被操作人员停止之前，没有任何措施遏制住攻击。" } },
	{ "window",
		{ "Few decoys were lost, but because the time window of the drill was over, not "
		  "because "
		  "of a defence.",
			"损失的诱饵文件不多，但原因是演练的时间窗口已结束，而非防御措施奏效。" },
		{ "Nothing contained the attack before the time window of the drill was over.",
			"在演练的时间窗口结束之前，没有任何措施遏制住攻击。" } },
	{ "lease",
		{ "Few decoys were lost, but because the emulator lost its lease (the drill's own "
		  "process "
		  "was held up), not because of a defence.",
			"损失的诱饵文件不多，但原因是模拟器的租约到期（指挥进程被耽搁），"
			"而非防御措施奏效。" },
		{ "Nothing contained the attack before the emulator lost its lease: the drill's "
		  "own "
		  "process was held up.",
			"在模拟器的租约到期（指挥进程被耽搁）之前，没有任何措施遏制住攻击"
			"。" } },
	{ "budget",
		{ "Few decoys were lost, but because the run was stopped by its budget, not by a "
		  "defence.",
			"损失的诱饵文件不多，但原因是演练被预算限制停止，而非防御措施奏效。" },
		{ "Nothing contained the attack before the run was stopped by its budget.",
			"在演练被预算限制停止之前，没有任何措施遏制住攻击。" } },
	{ "pressure",
		{ "Few decoys were lost, but because the host was under pressure and the run was "
		  "stopped, "
		  "not because of a defence.",
			"损失的诱饵文件不多，但原因是主机负载过高而停止了演练，而非防御措施奏效"
			"。" },
		{ "Nothing contained the attack before the run was stopped because the host was "
		  "under "
		  "pressure.",
			"在演练因主机负载过高而停止之前，没有任何措施遏制住攻击。" } },
	{ NULL,
		{ "Few decoys were lost, but because the run was stopped, not by a defence.",
			"损失的诱饵文件不多，但原因是演练被停止，而非防御措施奏效。" },
		{ "Nothing contained the attack before the run was stopped.",
			"在演练被停止之前，没有任何措施遏制住攻击。" } },
};

static const struct stop_row *stop_of(const struct drill_result *r)
{
	size_t i = 0;
	while (stops[i].by != NULL &&
		(r->stopped.by == NULL || strcmp(stops[i].by, r->stopped.by) != 0))
		i++;
	return &stops[i];
}

static struct finding_row rate_damage(const struct drill_result *r)
{
	double lost = score_lost_share(r);
	if (lost > SCORE_LOST_GOAL)
		return (struct finding_row){ RATING_U,
			{ "More than 5 % of the decoys were lost before anything ended the attack.",
				"在攻击被终止之前，超过 5% 的诱饵文件已经损失。" } };
	if (drill_attack_was_stopped(r))
		return (struct finding_row){ RATING_M, stop_of(r)->few_lost };
	if (lost > SCORE_LOST_BEST)
		return (struct finding_row){ RATING_S,
			{ "At most 5 % of the decoys were lost, more than the 0.2 % that good "
			  "detectors allow.",
				"损失的诱饵文件不超过 5%，但高于优秀检测手段所允许的 0.2%。" } };
	return (struct finding_row){ RATING_P,
		{ "At most 0.2 % of the decoys were lost.", "损失的诱饵文件不超过 0.2%。" } };
}

static struct finding_row rate_contain(const struct drill_result *r)
{
	double contain_s = score_contain_s(r);
	if (drill_attack_was_stopped(r))
		return (struct finding_row){ RATING_U, stop_of(r)->not_contained };
	if (!score_contained(r))
		return (struct finding_row){ RATING_U,
			{ "Nothing contained the attack: it ran to its end.",
				"没有任何措施遏制住攻击：攻击一直进行到结束。" } };
	if (contain_s < 0 || contain_s > SCORE_CONTAIN_GOAL_S)
		return (struct finding_row){ RATING_U,
			{ "The attack was contained, but later than one hour.",
				"攻击得到遏制，但耗时超过一小时。" } };
	if (drill_could_hear(r) && r->detect == DETECT_NONE)
		return (struct finding_row){ RATING_M,
			{ "The attack was contained, but no named channel told anybody.",
				"攻击得到遏制，但所指定的渠道没有通知任何人。" } };
	if (contain_s > SCORE_CONTAIN_BEST_S)
		return (struct finding_row){ RATING_S,
			{ "The attack was contained, but it took longer than one minute.",
				"攻击得到遏制，但耗时超过一分钟。" } };
	return (struct finding_row){ RATING_P,
		{ "The attack was contained within one minute.", "攻击在一分钟内得到遏制。" } };
}

static struct finding_row rate_recover(const struct drill_result *r)
{
	const struct drill_restore *restore = &r->restore;
	if (restore->timed_out)
		return (struct finding_row){ RATING_U,
			{ "The restore was not finished within its time limit.",
				"恢复未能在时限内完成。" } };
	if (restore->n_sample == 0 || restore->n_identical < restore->n_sample)
		return (struct finding_row){ RATING_U,
			{ "Not every destroyed decoy came back byte for byte.",
				"被销毁的诱饵文件未能全部逐字节恢复。" } };
	if (score_rto_ratio(r) >= 4 || (restore->rpo_assessed && score_rpo_ratio(r) >= 4))
		return (struct finding_row){ RATING_U,
			{ "Everything came back, but four times later or older than your own "
			  "target, or worse.",
				"全部文件均已恢复，但恢复时间或恢复点达到了自定目标的四倍甚至更差"
				"。" } };
	if (restore->exit_status != 0)
		return (struct finding_row){ RATING_M,
			{ "Everything came back, but the restore command reported an error.",
				"全部文件均已恢复，但恢复命令报告了错误。" } };
	if (restore->n_changed_outside > 0)
		return (struct finding_row){ RATING_M,
			{ "Everything came back, but files outside the arena changed while the "
			  "restore command ran.",
				"全部文件均已恢复，但恢复命令运行期间演练区以外有文件被改动。" } };
	if (score_rto_ratio(r) > 1 || (restore->rpo_assessed && score_rpo_ratio(r) > 1))
		return (struct finding_row){ RATING_M,
			{ "Everything came back, but later or older than your own target.",
				"全部文件均已恢复，但恢复时间或恢复点未达到自定目标。" } };
	if (!restore->rpo_assessed)
		return (struct finding_row){ RATING_S,
			{ "Everything came back in time; how old a backup may be (RPO) was not "
			  "assessed, because there were no dated generations.",
				"全部文件按时恢复；由于没有按日期分代的诱饵文件，未评估恢复点（RPO"
				"）。" } };
	return (struct finding_row){ RATING_P,
		{ "Everything came back byte for byte within your own targets.",
			"全部文件在自定目标内逐字节恢复。" } };
}

static struct finding_row rate_people(const struct drill_result *r)
{
	size_t n_done = 0;
	size_t n_in_order = 0;
	size_t n_counted = 0;
	size_t n_late = 0;
	for (size_t i = 0; i < r->n_steps; i++) {
		const struct drill_step *step = &r->steps[i];
		n_done += step->answered && step->done;
		n_in_order += score_step_in_order(r, step);
		n_counted += score_step_counts(r, step);
		n_late += step->answered && step->done && step->after_ns > step->due_ns;
	}
	double notify_s = score_notify_s(r);
	if (n_done < r->n_steps)
		return (struct finding_row){ RATING_U,
			{ "Not every step that the plan asks of people was done.",
				"预案要求人员完成的步骤未全部完成。" } };
	if (n_in_order < n_done)
		return (struct finding_row){ RATING_M,
			{ "Every step was done, but not in the order that the plan asks for.",
				"所有步骤均已完成，但未按预案规定的顺序进行。" } };
	if (n_counted < n_in_order)
		return (struct finding_row){ RATING_M,
			{ "Every step was done, but not each by the role whose step it is.",
				"所有步骤均已完成，但并非每一步都由应负责的角色完成。" } };
	if (score_step(r, "notify-authority") != NULL && !score_authority_in_time(r))
		return (struct finding_row){ RATING_M,
			{ "Every step was done, but the authority's form was ready only after its "
			  "deadline.",
				"所有步骤均已完成，但上报表单在时限之后才完成。" } };
	if (notify_s > SCORE_NOTIFY_GOAL_S)
		return (struct finding_row){ RATING_S,
			{ "Every step was done, but the internal notice took longer than 15 "
			  "minutes.",
				"所有步骤均已完成，但内部通报耗时超过 15 分钟。" } };
	if (n_late > 0)
		return (struct finding_row){ RATING_S,
			{ "Every step was done, but not every one by the time it was due.",
				"所有步骤均已完成，但并非每一步都在到期前完成。" } };
	return (struct finding_row){ RATING_P,
		{ "Every step was done in order, by the right role and by the time it was due.",
			"所有步骤均由应负责的角色按顺序、按时完成。" } };
}

static struct drill_text why_not_recovered(const struct drill_result *r)
{
	switch (drill_restore_gap(r)) {
	case RESTORE_ASSESSED:
	case RESTORE_NOT_ASKED:
		break;
	case RESTORE_CUT_SHORT:
		return (struct drill_text){
			"Not assessed: the run was stopped before the restore was over.",
			"未评估：演练在恢复完成之前被停止。"
		};
	case RESTORE_NO_SAMPLE:
		return (struct drill_text){
			"Not assessed: no decoy could be destroyed for the restore to bring "
			"back.",
			"未评估：未能销毁任何诱饵文件以供恢复。"
		};
	}
	return (struct drill_text){ "Not assessed: no restore command was given.",
		"未评估：未提供恢复命令。" };
}

static struct drill_text why_not_assessed(const struct drill_result *r, enum drill_part_id part)
{
	static const struct drill_text why[PARTS] = {
		[PART_DETECT] = { "Not assessed: no channel was named in which an alert could be "
				  "seen.",
			"未评估：未指定可以看到告警的渠道。" },
		[PART_DAMAGE] = { "Not assessed.", "未评估。" },
		[PART_CONTAIN] = { "Not assessed.", "未评估。" },
		[PART_PEOPLE] = { "Not assessed: nobody answered the steps for people.",
			"未评估：无人应答人员步骤。" },
	};
	if (part == PART_RECOVER)
		return why_not_recovered(r);
	if (part == PART_DETECT && r->channels_named)
		return (struct drill_text){
			"Not assessed: no channel that was named could have spoken. None "
			"could be read, or it broke.",
			"未评估：所指定的渠道均不可用（无法读取，或在演练中中断）。"
		};
	return why[part];
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
	static const struct drill_text voided = { "The run is void: its figures do not count.",
		"本次演练作废：各项数据不计入。" };
	static const struct drill_text control = {
		"A control run attacks nothing: there is nothing to assess.",
		"对照演练不模拟攻击，没有可评估的内容。"
	};
	for (int i = 0; i < PARTS; i++) {
		struct drill_part *part = &r->parts[i];
		struct finding_row row = { RATING_NOT_ASSESSED,
			why_not_assessed(r, (enum drill_part_id)i) };
		if (r->verdict == DRILL_VOIDED)
			row.why = voided;
		else if (drill_is_control(r))
			row.why = control;
		else if (part->assessed)
			row = rate[i](r);
		part->rating = row.rating;
		part->why = row.why;
	}
}
