/*
 * Timed steps for people: see people.h.
 */
#include "drill/people/people.h"

#include <fcntl.h>
#include <libgen.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>

#include "drill/plain.h"
#include "sys/file.h"

#define MINUTES(n) ((n)*60LL * NS_PER_S)
#define DAYS(n) ((n)*86400LL * NS_PER_S)

/* Due times: inside within 15 minutes is this project's target. The authority within 4 hours is the
 * term of the Cyberspace Administration of China's reporting measures (in force 1 November 2025)
 * for operators that are neither critical infrastructure (1 hour) nor state organs (2 hours). */
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
			    "say how"
			    " you did it.",
			"改动仍在继续。请在不关机的情况下隔离该主机，并说明做法。" },
		.role = "operator",
		.due_ns = MINUTES(10) },
	{ .id = "notify-inside",
		.title = { "Notify inside", "内部报告" },
		.inject = { "Who inside must know now? Reach the owner of the emergency plan and "
			    "name the"
			    " time.",
			"内部必须立即通知谁？请联系应急预案负责人并记下时间。" },
		.role = "duty manager",
		.due_ns = MINUTES(15) },
	{ .id = "classify",
		.title = { "Classify the incident", "事件定级" },
		.inject = { "Which systems and which data are affected, and how grave is the "
			    "incident"
			    " under your plan?",
			"影响了哪些系统和数据？按预案应定为哪一级？" },
		.role = "security officer",
		.due_ns = MINUTES(30) },
	{ .id = "notify-authority",
		.title = { "Notify the authority", "向主管部门报告" },
		.inject = { "Fill in the report for the authority (practice form, marked DRILL; it "
			    "is not"
			    " sent). When was it ready?",
			"请填写报送主管部门的报告（演练用表，标注“演练”，不发送）。何时完成？" },
		.role = "security officer",
		.due_ns = MINUTES(240) },
	{ .id = "restore",
		.title = { "Decide and start the restore", "决定并开始恢复" },
		.inject = { "Which backup is clean, who allows the restore, and what comes back "
			    "first?",
			"哪一份备份是干净的？谁批准恢复？先恢复什么？" },
		.role = "system administrator",
		.due_ns = MINUTES(60) },
};

void people_steps(struct drill_step out[PEOPLE_STEPS])
{
	for (size_t i = 0; i < PEOPLE_STEPS; i++) {
		out[i] = table[i];
		out[i].after_ns = -1;
		out[i].answer = "";
	}
}

/* --- the controller's file --- */

static enum status read_after(struct json_place place, const struct people_origin *t0,
	int64_t *out_after_ns, struct error *e)
{
	const json_t *value = json_object_get(place.object, "after");
	if (json_is_string(value)) {
		int64_t wall_ns = 0;
		struct view text = { json_string_value(value), json_string_length(value) };
		if (!time_parse(text, &wall_ns))
			return error_set(e, E_INVALID,
				"%s.after: neither seconds nor an RFC 3339 time", place.at);
		*out_after_ns = wall_ns - t0->wall_ns;
		if (t0->wall_ns < 0)
			*out_after_ns = 0; /* before the run only the form is checked */
	} else {
		double seconds = 0;
		TRY(json_get_number(place, "after", JSON_REQUIRED, &seconds, e));
		if (!isfinite(seconds) || fabs(seconds) > 7 * 86400.0)
			return error_set(e, E_INVALID, "%s.after: more than seven days", place.at);
		*out_after_ns = (int64_t)(seconds * 1e9);
	}
	if (*out_after_ns < 0)
		return error_set(e, E_INVALID, "%s.after: before the attack began", place.at);
	if (*out_after_ns > DAYS(7))
		return error_set(e, E_INVALID, "%s.after: more than seven days", place.at);
	return OK;
}

static enum status read_text(
	struct json_place place, const char *key, struct pool *p, const char **out, struct error *e)
{
	const char *text = NULL;
	TRY(json_get_text(place, key, JSON_OPTIONAL, &text, e));
	if (text == NULL)
		return OK;
	if (strlen(text) > PEOPLE_ANSWER_MAX)
		return error_set(e, E_INVALID, "%s.%s: longer than %d bytes", place.at, key,
			PEOPLE_ANSWER_MAX);
	AUTO_BUF struct buf clean;
	buf_init(&clean, PEOPLE_ANSWER_MAX + 1);
	plain_add(&clean, view_of(text), PEOPLE_ANSWER_MAX, true);
	*out = pool_text(p, buf_view(&clean));
	return *out == NULL ? error_set(e, E_NO_SPACE, "no memory for an answer") : OK;
}

static enum status read_step(struct json_place place, const struct people_origin *t0,
	struct pool *p, struct drill_step steps[PEOPLE_STEPS], struct error *e)
{
	static const char *const keys[] = { "step", "done", "after", "answer", "by", NULL };
	if (!json_is_object(place.object))
		return error_set(e, E_INVALID, "%s: not a step", place.at);
	TRY(json_only_keys(place, keys, e));
	const char *id = NULL;
	TRY(json_get_text(place, "step", JSON_REQUIRED, &id, e));
	size_t i = 0;
	while (i < PEOPLE_STEPS && strcmp(steps[i].id, id) != 0)
		i++;
	if (i == PEOPLE_STEPS)
		return error_set(e, E_INVALID, "%s.step: there is no step \"%.40s\"", place.at, id);
	struct drill_step *step = &steps[i];
	if (step->answered)
		return error_set(e, E_INVALID, "%s.step: %s is answered twice", place.at, id);
	TRY(json_get_bool(place, "done", JSON_REQUIRED, &step->done, e));
	TRY(read_text(place, "answer", p, &step->answer, e));
	TRY(read_text(place, "by", p, &step->role, e));
	if (step->done || json_object_get(place.object, "after") != NULL)
		TRY(read_after(place, t0, &step->after_ns, e));
	step->answered = true;
	return OK;
}

enum status people_parse(struct view text, const struct people_origin *t0, struct pool *p,
	struct drill_step steps[PEOPLE_STEPS], bool *out_complete, struct error *e)
{
	static const char *const keys[] = { "complete", "steps", NULL };
	AUTO_JSON json_t *value = NULL;
	TRY(yaml_read(text, PEOPLE_FILE_BYTES_MAX, "people", &value, e));
	struct json_place top = { value, "" };
	if (!json_is_object(value))
		return error_set(e, E_INVALID, "people: expected the keys steps and complete");
	TRY(json_only_keys(top, keys, e));
	bool complete = true;
	TRY(json_get_bool(top, "complete", JSON_OPTIONAL, &complete, e));
	json_t *rows = NULL;
	TRY(json_get_array(top, "steps", JSON_REQUIRED, &rows, e));
	struct drill_step filled[PEOPLE_STEPS];
	people_steps(filled);
	for (size_t i = 0; i < json_array_size(rows); i++) {
		char at[32];
		(void)snprintf(at, sizeof at, "steps[%zu]", i);
		struct json_place place = { json_array_get(rows, i), at };
		TRY(read_step(place, t0, p, filled, e));
	}
	memcpy(steps, filled, sizeof filled);
	*out_complete = complete;
	return OK;
}

static enum status read_now(const char *file, struct buf *out, struct error *e)
{
	buf_init(out, PEOPLE_FILE_BYTES_MAX + 1);
	return file_read_all(AT_FDCWD, file, PEOPLE_FILE_BYTES_MAX, out, e);
}

enum status people_init(
	struct people *o, const char *file, bool terminal, struct pool *p, struct error *e)
{
	*o = (struct people){ .terminal = terminal, .file = file, .pool = p };
	people_steps(o->steps);
	if (file == NULL)
		return OK;
	AUTO_BUF struct buf text = { 0 };
	enum status status = read_now(file, &text, e);
	if (status == OK) {
		struct drill_step unused[PEOPLE_STEPS];
		struct people_origin unknown = { -1, -1 };
		bool complete = false;
		status = people_parse(buf_view(&text), &unknown, p, unused, &complete, e);
		return status == OK ? OK : error_wrap(e, "%s", file);
	}
	if (status != E_ABSENT)
		return status;
	/* The controller may write it during the exercise. */
	AUTO_FREE char *folder = strdup(file);
	struct stat st;
	if (folder == NULL)
		return error_set(e, E_NO_SPACE, "no memory for a path");
	if (stat(dirname(folder), &st) != 0 || !S_ISDIR(st.st_mode))
		return error_set(e, E_INVALID, "%s: its folder does not exist", file);
	return OK;
}

enum status people_read_file(
	struct people *o, const struct people_origin *t0, bool *out_complete, struct error *e)
{
	*out_complete = false;
	if (o->file == NULL) {
		*out_complete = true;
		return OK;
	}
	AUTO_BUF struct buf text = { 0 };
	enum status status = read_now(o->file, &text, e);
	if (status != OK)
		return status;
	struct drill_step steps[PEOPLE_STEPS];
	status = people_parse(buf_view(&text), t0, o->pool, steps, out_complete, e);
	if (status != OK)
		return error_wrap(e, "%s", o->file);
	/* What was answered at the terminal was timed here: it stands. */
	for (size_t i = 0; i < PEOPLE_STEPS; i++)
		if (!o->steps[i].answered)
			o->steps[i] = steps[i];
	return OK;
}

/* --- the terminal --- */

void people_tick(struct people *o, const struct people_origin *t0, int64_t now_boot_ns,
	const struct drill_watch *watch)
{
	if (!o->terminal || watch == NULL || watch->ask == NULL)
		return;
	struct drill_step *step = NULL;
	for (size_t i = 0; i < PEOPLE_STEPS && step == NULL; i++)
		if (!o->steps[i].answered)
			step = &o->steps[i];
	if (step == NULL)
		return;
	const char *answer = NULL;
	bool done = false;
	if (!watch->ask(step, &answer, &done, watch->context))
		return;
	step->answered = true;
	step->done = done;
	step->after_ns = now_boot_ns - t0->boot_ns;
	step->answer = plain_line(o->pool, view_of(answer), PEOPLE_ANSWER_MAX);
}

bool people_open(const struct people *o, const struct people_origin *t0, int64_t now_boot_ns)
{
	for (size_t i = 0; i < PEOPLE_STEPS; i++)
		if (!o->steps[i].answered && now_boot_ns - t0->boot_ns < o->steps[i].due_ns)
			return true;
	return false;
}

bool people_assessed(const struct people *o)
{
	for (size_t i = 0; i < PEOPLE_STEPS; i++)
		if (o->steps[i].answered)
			return true;
	return false;
}
