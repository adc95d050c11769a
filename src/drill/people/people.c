/*
 * Timed steps for people, asked at the terminal: see people.h. The controller's file is in
 * people_file.c.
 */
#include "drill/people/people.h"

#include <ctype.h>
#include <string.h>

#include "base/i18n.h"
#include "drill/plain.h"

#define MINUTES(n) ((n)*60LL * NS_PER_S)

const struct drill_text people_roles[PEOPLE_ROLES] = {
	{ "operator", "操作人员" },
	{ "duty manager", "值班负责人" },
	{ "security officer", "安全负责人" },
	{ "system administrator", "系统管理员" },
	{ "backup administrator", "备份管理员" },
	{ "compliance officer", "合规负责人" },
};

/* The authority's term is a setting: people_settings_init says whence. The other due times are
 * targets of this project; 15 minutes inside is also where docs/scoring.md gives full points. */
static const struct drill_step table[PEOPLE_STEPS] = {
	{ .id = "recognise",
		.title = { "Recognise the attack", "识别攻击" },
		.inject = { "Users report that documents no longer open and that file names have"
			    " changed. What is happening, and where?",
			"用户反映文档打不开、文件名被改。发生了什么？在哪台主机上？" },
		.role = "operator",
		.due_ns = MINUTES(5) },
	{ .id = "isolate",
		.title = { "Isolate the host", "隔离主机" },
		.inject = { "The change goes on. Cut the host off without switching it off, and "
			    "say how you did it.",
			"改动仍在继续。请在不关机的情况下隔离该主机，并说明做法。" },
		.role = "operator",
		.due_ns = MINUTES(10) },
	{ .id = "notify-inside",
		.title = { "Notify inside", "内部报告" },
		.inject = { "Who inside must know now? Reach the owner of the emergency plan and "
			    "name the time.",
			"内部必须立即通知谁？请联系应急预案负责人并记下时间。" },
		.role = "duty manager",
		.due_ns = MINUTES(15) },
	{ .id = "classify",
		.title = { "Classify the incident", "事件定级" },
		.inject = { "Which systems and which data are affected, and how grave is the "
			    "incident under your plan?",
			"影响了哪些系统和数据？按预案应定为哪一级？" },
		.role = "security officer",
		.due_ns = MINUTES(30) },
	{ .id = "notify-authority",
		.title = { "Notify the authority", "向主管部门报告" },
		.inject = { "Fill in the first notice to the authority (practice form, marked "
			    "DRILL; it is not sent; what is not known yet is \"unknown\"). When "
			    "was it ready?",
			"请填写向主管部门的首报（演练用表，标注“演练”，不发送；"
			"尚不清楚的填“未知”）。何时完成？" },
		.role = "security officer" },
	{ .id = "restore",
		.title = { "Decide and start the restore", "决定并开始恢复" },
		.inject = { "Which backup is clean, who allows the restore, and what comes back "
			    "first?",
			"哪一份备份是干净的？谁批准恢复？先恢复什么？" },
		.role = "system administrator",
		.due_ns = MINUTES(60) },
};

/* The default profile of the programme, cn-miit: any data breach is reported to the ministry within
 * ten minutes of its occurrence. It is the programme's rule, not the letter of the law; other terms
 * are set by hand (docs/people.md lists some with their sources). */
void people_settings_init(struct people_settings *s)
{
	*s = (struct people_settings){ .authority_due_ns = MINUTES(10),
		.authority_rule = { "the programme's rule, profile cn-miit: within 10 minutes of "
				    "the occurrence",
			"本计划规则，cn-miit 规则集：事件发生后 10 分钟内" } };
}

const char *people_role(struct view text)
{
	for (size_t i = 0; i < PEOPLE_ROLES; i++)
		if (view_is(text, people_roles[i].en) || view_is(text, people_roles[i].zh))
			return people_roles[i].en;
	return NULL;
}

const char *people_step_id(size_t i)
{
	return table[i].id;
}

bool people_role_fits(const struct drill_step *step, const char *by)
{
	/* Whoever notices an attack is the right one to say so. */
	return strcmp(step->id, "recognise") == 0 || strcmp(step->role, by) == 0;
}

void people_steps(const struct people_settings *s, struct drill_step out[PEOPLE_STEPS])
{
	for (size_t i = 0; i < PEOPLE_STEPS; i++) {
		struct drill_step step = table[i];
		step.after_ns = -1;
		step.answer = step.by = step.name = "";
		step.rule = (struct drill_text){ "", "" };
		if (s->roles[i] != NULL)
			step.role = s->roles[i];
		if (strcmp(step.id, "notify-authority") == 0) {
			step.due_ns = s->authority_due_ns;
			step.rule = s->authority_rule;
		}
		size_t at = i;
		for (; at > 0 && out[at - 1].due_ns > step.due_ns; at--)
			out[at] = out[at - 1];
		out[at] = step;
	}
}

void people_init(struct people *o, const struct people_settings *settings, const char *file,
	bool terminal, struct pool *p)
{
	*o = (struct people){
		.settings = *settings, .terminal = terminal, .file = file, .pool = p
	};
	people_steps(settings, o->steps);
	for (size_t i = 0; i < PEOPLE_STEPS; i++)
		o->ahead_ns[i] = -1;
}

/* --- the terminal --- */

static bool says_not_done(struct view line)
{
	static const char *const words[] = { "", "-", "n", "no", "not done", "否", "未", "没有",
		"未完成", "没有完成" };
	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (line.len == strlen(words[i]) &&
			(line.len == 0 || strncasecmp(line.at, words[i], line.len) == 0))
			return true;
	return false;
}

/* "4: pulled the cable" is done by the fourth role; "5:30 called the manager" is a time. */
static const char *take_role(struct view *line)
{
	const struct view wide = VIEW("：");
	size_t n_colon = 0;
	if (line->len < 2 || line->at[0] < '1' || line->at[0] > '0' + PEOPLE_ROLES)
		return NULL;
	struct view rest = { line->at + 1, line->len - 1 };
	if (rest.at[0] == ':')
		n_colon = 1;
	else if (view_starts_with(rest, wide))
		n_colon = wide.len;
	if (n_colon == 0 || (rest.len > n_colon && isdigit((unsigned char)rest.at[n_colon])))
		return NULL;
	const char *role = people_roles[line->at[0] - '1'].en;
	*line = view_trim((struct view){ rest.at + n_colon, rest.len - n_colon });
	return role;
}

static void take_line(struct people *o, struct drill_step *step, struct view line)
{
	const char *other = take_role(&line);
	step->answered = true;
	step->done = !says_not_done(line);
	step->by = !step->done ? "" : other == NULL ? step->role : other;
	step->by_right_role = step->done && people_role_fits(step, step->by);
	step->answer = step->done ? plain_line(o->pool, line, PEOPLE_ANSWER_MAX) : "";
}

void people_tick(struct people *o, const struct people_origin *t0, int64_t now_boot_ns,
	const struct drill_watch *watch)
{
	if (!o->terminal || watch == NULL || watch->ask == NULL)
		return;
	size_t i = 0;
	while (i < PEOPLE_STEPS && o->steps[i].answered)
		i++;
	if (i == PEOPLE_STEPS)
		return;
	struct drill_step *step = &o->steps[i];
	int64_t after_ns = now_boot_ns - t0->boot_ns;
	struct drill_question question = { .step = step,
		.number = i + 1,
		.n_steps = PEOPLE_STEPS,
		.due_wall_ns = t0->wall_ns + step->due_ns,
		.left_ns = step->due_ns - after_ns,
		.roles = people_roles,
		.n_roles = PEOPLE_ROLES };
	const char *line = "";
	switch (watch->ask(&question, &line, watch->context)) {
	case DRILL_ASK_OPEN:
		return;
	case DRILL_ASK_NOBODY:
		o->terminal = false;
		if (watch->say != NULL)
			watch->say(_("Standard input has ended: nobody answers the people's steps "
				     "here any more."),
				watch->context);
		return;
	case DRILL_ASK_ANSWERED:
		break;
	}
	take_line(o, step, view_trim(view_of(line)));
	step->after_ns = after_ns;
	o->at_terminal[i] = true;
}

bool people_open(const struct people *o, const struct people_origin *t0, int64_t now_boot_ns)
{
	for (size_t i = 0; i < PEOPLE_STEPS; i++)
		if (!o->steps[i].answered && now_boot_ns - t0->boot_ns < o->steps[i].due_ns)
			return true;
	return false;
}

size_t people_n_answered(const struct people *o)
{
	size_t n = 0;
	for (size_t i = 0; i < PEOPLE_STEPS; i++)
		n += o->steps[i].answered;
	return n;
}

bool people_assessed(const struct people *o)
{
	return people_n_answered(o) > 0;
}
