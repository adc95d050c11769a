/*
 * The improvement plan: one concrete action for each weakness that the facts show, with the role
 * that owns it and a date. A drill without one changes nothing.
 *
 * Both languages stand here because the plan is kept in the record, which is not re-rendered.
 */
#include "drill/score/score.h"

#include <string.h>

#define DAY_NS (86400 * NS_PER_S)

struct improvement_row {
	enum drill_part_id part;
	const char *code; /* stable */
	bool (*applies)(const struct drill_result *r);
	struct drill_text action;
	const char *owner;
	int days;
};

static bool has_no_channel(const struct drill_result *r)
{
	return !r->channels_named;
}

static bool was_not_reported(const struct drill_result *r)
{
	return drill_could_hear(r) && r->detect == DETECT_NONE;
}

static bool has_dead_channel(const struct drill_result *r)
{
	return r->channels_named && !drill_could_hear(r);
}

static bool was_only_logged(const struct drill_result *r)
{
	return r->channels_named && r->detect == DETECT_LOGGED;
}

static bool was_reported_late(const struct drill_result *r)
{
	double alert_s = score_alert_s(r);
	return r->channels_named && r->detect >= DETECT_ALERTED &&
	       (alert_s < 0 || alert_s > SCORE_ALERT_GOAL_S);
}

static bool had_false_alarms(const struct drill_result *r)
{
	return r->false_alarms > 0;
}

static bool had_early_alerts(const struct drill_result *r)
{
	return r->early_alerts > 0;
}

static bool lacks_control(const struct drill_result *r)
{
	return r->channels_named && r->detect >= DETECT_ALERTED && r->control_ns < 0 &&
	       r->false_alarms == 0;
}

static bool lost_too_much(const struct drill_result *r)
{
	return score_lost_share(r) > SCORE_LOST_GOAL;
}

static bool lost_some(const struct drill_result *r)
{
	double lost = score_lost_share(r);
	return lost > SCORE_LOST_BEST && lost <= SCORE_LOST_GOAL;
}

static bool was_not_contained(const struct drill_result *r)
{
	return !score_contained(r);
}

static bool was_contained_slowly(const struct drill_result *r)
{
	return score_contained(r) && score_contain_s(r) > SCORE_CONTAIN_BEST_S;
}

static bool has_no_restore(const struct drill_result *r)
{
	return drill_restore_gap(r) == RESTORE_NOT_ASKED;
}

static bool was_restore_cut_short(const struct drill_result *r)
{
	return drill_restore_gap(r) == RESTORE_CUT_SHORT;
}

static bool has_no_sample(const struct drill_result *r)
{
	return drill_restore_gap(r) == RESTORE_NO_SAMPLE;
}

static bool restored_not_all(const struct drill_result *r)
{
	return r->restore.assessed && !r->restore.timed_out &&
	       r->restore.n_identical < r->restore.n_sample;
}

static bool restore_timed_out(const struct drill_result *r)
{
	return r->restore.assessed && r->restore.timed_out;
}

static bool restored_late(const struct drill_result *r)
{
	return r->restore.assessed && !r->restore.timed_out && score_rto_ratio(r) > 1;
}

static bool restored_old(const struct drill_result *r)
{
	return r->restore.assessed && r->restore.rpo_assessed && score_rpo_ratio(r) > 1;
}

static bool has_no_generations(const struct drill_result *r)
{
	return r->restore.assessed && !r->restore.rpo_assessed;
}

static bool restore_strayed(const struct drill_result *r)
{
	return r->restore.assessed && r->restore.n_changed_outside > 0;
}

static bool has_no_people(const struct drill_result *r)
{
	return !score_people_answered(r);
}

static bool missed(const struct drill_result *r, const char *id)
{
	const struct drill_step *step = score_step(r, id);
	return score_people_answered(r) && step != NULL && !(step->answered && step->done);
}

static bool missed_isolate(const struct drill_result *r)
{
	return missed(r, "isolate");
}

static bool missed_classify(const struct drill_result *r)
{
	return missed(r, "classify");
}

static bool notified_inside_late(const struct drill_result *r)
{
	double notify_s = score_notify_s(r);
	return score_people_answered(r) && score_step(r, "notify-inside") != NULL &&
	       (notify_s < 0 || notify_s > SCORE_NOTIFY_GOAL_S);
}

static bool notified_authority_late(const struct drill_result *r)
{
	return score_people_answered(r) && score_step(r, "notify-authority") != NULL &&
	       !score_authority_in_time(r);
}

static bool was_out_of_order(const struct drill_result *r)
{
	for (size_t i = 0; score_people_answered(r) && i < r->n_steps; i++)
		if (r->steps[i].answered && r->steps[i].done &&
			!score_step_in_order(r, &r->steps[i]))
			return true;
	return false;
}

static bool was_by_others(const struct drill_result *r)
{
	for (size_t i = 0; score_people_answered(r) && i < r->n_steps; i++)
		if (r->steps[i].answered && r->steps[i].done && !r->steps[i].by_right_role)
			return true;
	return false;
}

static bool was_voided(const struct drill_result *r)
{
	return r->verdict == DRILL_VOIDED;
}

/* The order is the order of the plan: what hurts most first. */
static const struct improvement_row rows[] = {
	{ PART_RECOVER, "backup-incomplete", restored_not_all,
		{ "Find out which folders the backup misses or corrupts, correct the backup job, "
		  "and prove "
		  "it with a restore of a random sample.",
			"查明备份遗漏或损坏了哪些目录，修正备份任务，并通过随机抽样恢复加以验证"
			"。" },
		"backup administrator", 14 },
	{ PART_RECOVER, "restore-timed-out", restore_timed_out,
		{ "Find out why the restore did not end (credentials, network, size), and write "
		  "down a "
		  "procedure that ends within the target time.",
			"查明恢复为何未能完成（凭据、网络、数据量），"
			"并编写能在目标时间内完成的恢复规程。" },
		"backup administrator", 14 },
	{ PART_CONTAIN, "not-contained", was_not_contained,
		{ "Set up automatic isolation (end the process, make the share read-only, cut the "
		  "network) "
		  "when many files change in a short time, and practise the manual way.",
			"配置自动隔离（终止进程、共享改为只读、断开网络），"
			"在短时间内大量文件被改动时触发，并演练人工隔离。" },
		"security operations", 30 },
	{ PART_DETECT, "not-reported", was_not_reported,
		{ "Bring in a detector that watches mass changes and renames of files, and let its "
		  "alert "
		  "reach a person around the clock.",
			"部署能监测文件批量修改与改名的检测手段，并确保告警全天候送达值班人员。" },
		"security operations", 30 },
	{ PART_DETECT, "only-logged", was_only_logged,
		{ "Turn the log entry that was written into an alert with an owner, and test it "
		  "with this "
		  "drill again.",
			"将已产生的日志记录升级为有责任人的告警，并用本演练再次验证。" },
		"security operations", 14 },
	{ PART_DAMAGE, "too-much-lost", lost_too_much,
		{ "Cut what one account and one host can change: separate write rights by "
		  "department, turn "
		  "off shares that nobody needs, keep snapshots that a user cannot delete.",
			"压缩单个账号和单台主机可改动的范围：按部门分离写权限，关闭无人使用的共享，"
			"保留用户无法删除的快照。" },
		"system administrator", 45 },
	{ PART_CONTAIN, "contained-slowly", was_contained_slowly,
		{ "Shorten the way from alert to isolation: give the duty desk the right and the "
		  "tool to "
		  "isolate a host without asking.",
			"缩短从告警到隔离的路径：授权值班人员无需请示即可隔离主机，"
			"并配备相应工具。" },
		"security operations", 30 },
	{ PART_DETECT, "reported-late", was_reported_late,
		{ "Tune the detector to the first seconds (canary files, rate of renames), so that "
		  "the "
		  "first alert comes within one minute.",
			"将检测规则前移到最初几秒（诱饵文件、改名速率），使首次告警在一分钟内发出"
			"。" },
		"security operations", 30 },
	{ PART_DETECT, "false-alarms", had_false_alarms,
		{ "Tune the rules that took ordinary work for an attack, and run the benign twin "
		  "again "
		  "until it stays silent.",
			"调整将正常业务误判为攻击的规则，并重复运行对照演练，直至不再误报。" },
		"security operations", 30 },
	{ PART_DETECT, "early-alerts", had_early_alerts,
		{ "Find out what was reported before the attack had changed anything (another "
		  "event, the planting, too wide a pattern), and tune the rule or the channel's "
		  "pattern.",
			"查明攻击改动任何内容之前的告警因何而起（其他事件、布设过程、"
			"匹配模式过宽），并调整规则或渠道的匹配模式。" },
		"security operations", 30 },
	{ PART_PEOPLE, "authority-late", notified_authority_late,
		{ "Prepare the authority's form with the fixed fields filled in, name a deputy, "
		  "and practise "
		  "it until it is ready inside the deadline.",
			"预先填好上报表单的固定栏目，指定代理人，反复演练直至能在时限内完成上报"
			"。" },
		"compliance officer", 14 },
	{ PART_PEOPLE, "inside-notice-late", notified_inside_late,
		{ "Write one call list with deputies on one page, put it where the duty desk sits, "
		  "and test "
		  "it at night.",
			"将含代理人的通讯录整理为一页纸，放在值班台，并在夜间进行抽测。" },
		"security officer", 14 },
	{ PART_PEOPLE, "isolation-missed", missed_isolate,
		{ "Show everybody on duty how to isolate a host, and put the steps on a card "
		  "beside it.",
			"向所有值班人员讲解如何隔离主机，并将步骤卡片放在设备旁。" },
		"security officer", 30 },
	{ PART_PEOPLE, "classification-missed", missed_classify,
		{ "Practise the classification of an incident on three written cases.",
			"用三个书面案例演练事件定级。" },
		"compliance officer", 30 },
	{ PART_PEOPLE, "steps-out-of-order", was_out_of_order,
		{ "Go through the order of steps with those on duty: recognise, classify, then "
		  "report.",
			"与值班人员复盘步骤顺序：先识别，再定级，后报告。" },
		"security officer", 30 },
	{ PART_PEOPLE, "steps-by-others", was_by_others,
		{ "Write into the plan who holds each role and who stands in at night, and repeat "
		  "the drill with them.",
			"在预案中写明各角色由谁担任、夜间由谁代理，并由这些人员重新演练。" },
		"security officer", 30 },
	{ PART_RECOVER, "restore-late", restored_late,
		{ "Bring the restore inside its target: restore the most important data first, "
		  "measure the "
		  "throughput, or change the target with the owner's signature.",
			"使恢复时间达到目标：优先恢复最重要的数据，测量吞吐量；如需调整目标，"
			"须经业务负责人签字。" },
		"backup administrator", 45 },
	{ PART_RECOVER, "backup-old", restored_old,
		{ "Back up more often, or change the target for the age of a backup with the "
		  "owner's "
		  "signature.",
			"提高备份频率；如需放宽恢复点目标，须经业务负责人签字。" },
		"backup administrator", 30 },
	{ PART_RECOVER, "restore-strayed", restore_strayed,
		{ "Find out whether it was the restore command that changed files outside its "
		  "target folder, and restrict it to that folder.",
			"查明目标目录以外的文件是否由恢复命令改动；如是，将该命令限制在目标目录内"
			"。" },
		"backup administrator", 14 },
	{ PART_DAMAGE, "some-lost", lost_some,
		{ "Look at the files that were lost before the alert, and move the detector's "
		  "trigger to "
		  "fewer files.",
			"分析告警前损失的文件，将检测触发阈值调到更少的文件数。" },
		"security operations", 45 },
	{ PART_RECOVER, "restore-not-tested", has_no_restore,
		{ "Repeat the drill with your own restore command, so that the backup is proven "
		  "and not "
		  "assumed.",
			"使用本单位的恢复命令重新演练，用事实证明备份可用，而不是假定可用。" },
		"backup administrator", 30 },
	{ PART_RECOVER, "restore-cut-short", was_restore_cut_short,
		{ "Repeat the drill and let it come to its end: the restore command that was given "
		  "was not "
		  "put to the test.",
			"重新演练并让其进行到底：本次提供的恢复命令未得到检验。" },
		"backup administrator", 30 },
	{ PART_RECOVER, "restore-without-sample", has_no_sample,
		{ "Find out why no decoy could be destroyed for the restore (all gone, or the "
		  "folder "
		  "locked), and repeat the drill.",
			"查明为何未能销毁任何诱饵文件以供恢复（已全部消失，或目录被锁定），"
			"并重新演练。" },
		"backup administrator", 30 },
	{ PART_DETECT, "channel-dead", has_dead_channel,
		{ "Mend the channel (the log must be there and readable before the drill, and "
		  "last), and "
		  "repeat the drill: whether anybody would have been alerted is not known.",
			"修复渠道（日志须在演练前存在且可读，并在演练期间保持可用）后重新演练："
			"目前不知道是否会有人收到告警。" },
		"security operations", 14 },
	{ PART_DETECT, "no-channel", has_no_channel,
		{ "Name the places where an alert would appear (log, alert file, webhook), and "
		  "repeat the "
		  "drill.",
			"指明告警会出现的位置（日志、告警文件、回调接口），并重新演练。" },
		"security operations", 30 },
	{ PART_DETECT, "no-control-run", lacks_control,
		{ "Run the control run (scenario benign-twin) with the same channels, so that it "
		  "is known whether ordinary work raises alarms as well.",
			"使用相同的渠道运行对照演练（场景 "
			"benign-twin），以了解正常业务是否也会引发告警。" },
		"security operations", 30 },
	{ PART_PEOPLE, "people-not-asked", has_no_people,
		{ "Repeat the drill with the people on duty, at the terminal or on the printed "
		  "card.",
			"组织值班人员参与，在终端上或使用打印的演练卡重新演练。" },
		"security officer", 30 },
	{ PART_RECOVER, "no-generations", has_no_generations,
		{ "Plant decoys on several days before the next drill, so that the age of a backup "
		  "(RPO) can "
		  "be measured.",
			"在下次演练前分多天布设诱饵文件，以便测量恢复点（RPO）。" },
		"backup administrator", 60 },
};

static const struct improvement_row void_row = { PART_DAMAGE, "voided", was_voided,
	{ "Find out what changed outside the arena or ended the run, before any further drill on "
	  "this host.",
		"在本主机再次演练之前，查明是什么改动了演练区以外的内容或中断了演练。" },
	"security officer", 7 };

/* A control run has two findings only, and both are about its channels. */
static const struct improvement_row control_rows[] = {
	{ PART_DETECT, "false-alarms", had_false_alarms,
		{ "Tune the rules that took ordinary work for an attack, and repeat the control "
		  "run until it stays silent.",
			"调整将正常业务误判为攻击的规则，并重复运行对照演练，直至不再误报。" },
		"security operations", 30 },
	{ PART_DETECT, "no-channel", has_no_channel,
		{ "Repeat the control run with the channels in which an alert would appear "
		  "(--channel): without one it measures nothing.",
			"指定告警会出现的渠道（--channel）后重新运行对照演练："
			"不指定渠道就什么也测量不到。" },
		"security operations", 14 },
};

static void fill(const struct drill_result *r, const struct improvement_row *row,
	struct drill_improvement *out)
{
	int64_t from_ns = r->ended_ns > 0 ? r->ended_ns : 0;
	*out = (struct drill_improvement){
		.code = row->code,
		.action = row->action,
		.owner = row->owner,
		.status = "open",
		.part = row->part,
		.due_ns = from_ns > INT64_MAX - row->days * DAY_NS ? from_ns
								   : from_ns + row->days * DAY_NS,
	};
}

enum status improve(struct drill_result *r, struct pool *p, struct error *e)
{
	bool control = drill_is_control(r);
	const struct improvement_row *from = control ? control_rows : rows;
	size_t n_from = control ? COUNT_OF(control_rows) : COUNT_OF(rows);
	struct drill_improvement *list = pool_take(p, COUNT_OF(rows), sizeof *list);
	if (list == NULL)
		return error_set(e, E_NO_SPACE, "memory for the improvement plan is short");
	size_t n = 0;
	if (was_voided(r))
		fill(r, &void_row, &list[n++]);
	for (size_t i = 0; i < n_from && !was_voided(r); i++)
		if (from[i].applies(r))
			fill(r, &from[i], &list[n++]);
	r->improvements = list;
	r->n_improvements = n;
	return OK;
}
