/*
 * The controller's file: its form, and what it says at the moment at which it is read. A file is
 * written by people in a hurry, so that every fault is named by its place and nothing is guessed.
 */
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "drill/people/people.h"
#include "drill/plain.h"
#include "sys/file.h"

enum { DAYS_MAX = 7, MINUTES_MAX = DAYS_MAX * 24 * 60 };
#define DAYS_MAX_NS (DAYS_MAX * 86400LL * NS_PER_S)

/* --- settings --- */

static enum status read_line(
	struct json_place place, const char *key, struct pool *p, const char **out, struct error *e)
{
	const char *text = NULL;
	TRY(json_get_text(place, key, JSON_OPTIONAL, &text, e));
	if (text == NULL)
		return OK;
	if (strlen(text) > PEOPLE_LINE_MAX)
		return error_set(e, E_INVALID, "%s%s%s: longer than %d bytes", place.at,
			place.at[0] == '\0' ? "" : ".", key, PEOPLE_LINE_MAX);
	*out = plain_line(p, view_of(text), PEOPLE_LINE_MAX);
	return OK;
}

static enum status no_role(const char *at, const char *key, const char *text, struct error *e)
{
	return error_set(e, E_INVALID,
		"%s.%s: there is no role \"%.40s\" (%s, %s, %s, %s, %s or %s)", at, key, text,
		people_roles[0].en, people_roles[1].en, people_roles[2].en, people_roles[3].en,
		people_roles[4].en, people_roles[5].en);
}

static enum status read_roles(json_t *roles, struct people_settings *s, struct error *e)
{
	const char *known[PEOPLE_STEPS + 1] = { NULL };
	for (size_t i = 0; i < PEOPLE_STEPS; i++)
		known[i] = people_step_id(i);
	struct json_place place = { roles, "roles" };
	TRY(json_only_keys(place, known, e));
	for (size_t i = 0; i < PEOPLE_STEPS; i++) {
		const char *text = NULL;
		TRY(json_get_text(place, known[i], JSON_OPTIONAL, &text, e));
		if (text == NULL)
			continue;
		s->roles[i] = people_role(view_of(text));
		if (s->roles[i] == NULL)
			return no_role("roles", known[i], text, e);
	}
	return OK;
}

enum status people_settings_read(
	struct json_place place, struct pool *p, struct people_settings *s, struct error *e)
{
	int64_t minutes = 0;
	const char *rule = NULL;
	json_t *roles = NULL;
	TRY(json_get_int(place, "authority_deadline_minutes", JSON_OPTIONAL, &minutes, e));
	TRY(read_line(place, "authority_rule", p, &rule, e));
	TRY(json_get_object(place, "roles", JSON_OPTIONAL, &roles, e));
	bool has_minutes = json_object_get(place.object, "authority_deadline_minutes") != NULL;
	if (has_minutes && (minutes < 1 || minutes > MINUTES_MAX))
		return error_set(e, E_INVALID,
			"authority_deadline_minutes: must be 1 to %d (seven days)", MINUTES_MAX);
	if (rule != NULL && !has_minutes)
		return error_set(e, E_INVALID,
			"authority_rule: stands only beside authority_deadline_minutes");
	if (has_minutes) {
		s->authority_due_ns = minutes * 60 * NS_PER_S;
		s->authority_rule.en = rule != NULL ? rule : "a term set by this organisation";
		s->authority_rule.zh = rule != NULL ? rule : "本单位设定的时限";
	}
	return roles == NULL ? OK : read_roles(roles, s, e);
}

/* --- answers --- */

struct reading {
	const struct people_moment *moment;
	struct pool *pool;
	struct people_sheet *sheet;
};

/* `after` as a time of day on a calendar. */
static enum status read_wall(const struct reading *r, struct json_place place, const char *id,
	int64_t *out_after_ns, struct error *e)
{
	const json_t *value = json_object_get(place.object, "after");
	struct view text = { json_string_value(value), json_string_length(value) };
	int64_t wall_ns = 0;
	char when[TIME_TEXT_MAX];
	char now[TIME_TEXT_MAX];
	if (!time_parse(text, &wall_ns))
		return error_set(
			e, E_INVALID, "%s.after: neither seconds nor an RFC 3339 time", place.at);
	(void)time_text(wall_ns, when);
	(void)time_text(r->moment->now_wall_ns, now);
	if (r->moment->t0_wall_ns < 0 && wall_ns > r->moment->now_wall_ns)
		return error_set(e, E_INVALID,
			"%s: %s is said to be done at %s, which is later than now (%s)", place.at,
			id, when, now);
	if (r->moment->t0_wall_ns < 0)
		return error_set(e, E_INVALID,
			"%s: %s is said to be done at %s, but the attack has not begun: leave a "
			"step out until it is done",
			place.at, id, when);
	*out_after_ns = wall_ns - r->moment->t0_wall_ns;
	return OK;
}

static enum status read_after(const struct reading *r, struct json_place place, const char *id,
	int64_t *out_after_ns, struct error *e)
{
	if (json_is_string(json_object_get(place.object, "after"))) {
		TRY(read_wall(r, place, id, out_after_ns, e));
	} else {
		double seconds = 0;
		TRY(json_get_number(place, "after", JSON_REQUIRED, &seconds, e));
		if (!isfinite(seconds) || fabs(seconds) > DAYS_MAX * 86400.0)
			return error_set(e, E_INVALID, "%s.after: more than seven days", place.at);
		*out_after_ns = (int64_t)(seconds * 1e9);
	}
	if (*out_after_ns < 0)
		return error_set(e, E_INVALID, "%s.after: %s would be done before the attack began",
			place.at, id);
	if (*out_after_ns > DAYS_MAX_NS)
		return error_set(e, E_INVALID, "%s.after: more than seven days", place.at);
	if (r->moment->t0_wall_ns < 0)
		return error_set(e, E_INVALID,
			"%s: %s is said to be done %.0f s after the attack began, but the attack "
			"has not begun: leave a step out until it is done",
			place.at, id, (double)*out_after_ns / 1e9);
	return OK;
}

static enum status read_answer(
	struct json_place place, struct pool *p, struct drill_step *step, struct error *e)
{
	const char *text = NULL;
	TRY(json_get_text(place, "answer", JSON_OPTIONAL, &text, e));
	if (text != NULL && strlen(text) > PEOPLE_ANSWER_MAX)
		return error_set(e, E_INVALID, "%s.answer: longer than %d bytes", place.at,
			PEOPLE_ANSWER_MAX);
	if (text != NULL) {
		AUTO_BUF struct buf clean;
		buf_init(&clean, PEOPLE_ANSWER_MAX + 1);
		plain_add(&clean, view_of(text), PEOPLE_ANSWER_MAX, true);
		step->answer = pool_text(p, buf_view(&clean));
		if (step->answer == NULL)
			return error_set(e, E_NO_SPACE, "no memory for an answer");
	}
	TRY(read_line(place, "name", p, &step->name, e));
	text = NULL;
	TRY(json_get_text(place, "by", JSON_OPTIONAL, &text, e));
	if (text == NULL)
		return OK;
	step->by = people_role(view_of(text));
	return step->by == NULL ? no_role(place.at, "by", text, e) : OK;
}

static enum status read_step(const struct reading *r, struct json_place place, struct error *e)
{
	static const char *const keys[] = { "step", "done", "after", "by", "name", "answer", NULL };
	struct drill_step *steps = r->sheet->steps;
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
	if (step->answered || r->sheet->ahead_ns[i] >= 0)
		return error_set(e, E_INVALID, "%s.step: %s is answered twice", place.at, id);
	TRY(json_get_bool(place, "done", JSON_REQUIRED, &step->done, e));
	TRY(read_answer(place, r->pool, step, e));
	if (step->done || json_object_get(place.object, "after") != NULL)
		TRY(read_after(r, place, id, &step->after_ns, e));
	step->by_right_role = step->done && people_role_fits(step, step->by);
	step->answered = true;
	if (step->after_ns <= r->moment->now_wall_ns - r->moment->t0_wall_ns)
		return OK;
	r->sheet->ahead_ns[i] = step->after_ns;
	step->answered = step->done = step->by_right_role = false;
	step->after_ns = -1;
	return OK;
}

static enum status read_steps(const struct reading *r, struct json_place top, struct error *e)
{
	json_t *rows = json_object_get(top.object, "steps");
	/* "steps:" with nothing but comments below is how a prepared file begins. */
	if (rows == NULL || json_is_null(rows))
		return OK;
	TRY(json_get_array(top, "steps", JSON_REQUIRED, &rows, e));
	for (size_t i = 0; i < json_array_size(rows); i++) {
		char at[32];
		(void)snprintf(at, sizeof at, "steps[%zu]", i);
		TRY(read_step(r, (struct json_place){ json_array_get(rows, i), at }, e));
	}
	return OK;
}

enum status people_parse(struct view text, const struct people_moment *moment,
	const struct people_settings *settings, struct pool *p, struct people_sheet *out,
	struct error *e)
{
	static const char *const keys[] = { "complete", "steps", PEOPLE_SETTING_KEYS, NULL };
	AUTO_JSON json_t *value = NULL;
	TRY(yaml_read(text, PEOPLE_FILE_BYTES_MAX, "people", &value, e));
	struct json_place top = { value, "" };
	if (!json_is_object(value))
		return error_set(e, E_INVALID, "people: expected the keys steps and complete");
	TRY(json_only_keys(top, keys, e));
	struct people_sheet sheet = { .settings = *settings, .complete = true };
	TRY(json_get_bool(top, "complete", JSON_OPTIONAL, &sheet.complete, e));
	TRY(people_settings_read(top, p, &sheet.settings, e));
	/* Nobody moves a deadline past his answer: once the attack began they are only checked. */
	if (moment->t0_wall_ns >= 0)
		sheet.settings = *settings;
	people_steps(&sheet.settings, sheet.steps);
	for (size_t i = 0; i < PEOPLE_STEPS; i++)
		sheet.ahead_ns[i] = -1;
	struct reading reading = { moment, p, &sheet };
	TRY(read_steps(&reading, top, e));
	*out = sheet;
	return OK;
}

/* --- the file --- */

static enum status read_sheet(const char *file, const struct people_moment *moment,
	const struct people_settings *settings, struct pool *p, struct people_sheet *out,
	struct error *e)
{
	AUTO_BUF struct buf text;
	buf_init(&text, PEOPLE_FILE_BYTES_MAX + 1);
	TRY(file_read_all(AT_FDCWD, file, PEOPLE_FILE_BYTES_MAX, &text, e));
	if (people_parse(buf_view(&text), moment, settings, p, out, e) != OK)
		return error_wrap(e, "%s", file);
	return OK;
}

enum status people_check_file(const char *file, int64_t now_wall_ns, struct pool *p,
	struct people_settings *s, bool *out_complete, struct error *e)
{
	struct people_sheet sheet = { .complete = true };
	struct people_moment before = { -1, now_wall_ns };
	enum status status = read_sheet(file, &before, s, p, &sheet, e);
	if (status != OK)
		return error_wrap(e, "the controller's file");
	*s = sheet.settings;
	*out_complete = sheet.complete;
	return OK;
}

static void say_ahead(struct people *o, size_t i, int64_t t0_wall_ns, int64_t now_wall_ns,
	const struct drill_watch *watch)
{
	if (o->told_ahead[i] || watch == NULL || watch->say == NULL)
		return;
	o->told_ahead[i] = true;
	char when[TIME_TEXT_MAX];
	char now[TIME_TEXT_MAX];
	AUTO_BUF struct buf sentence;
	buf_init(&sentence, 4 * KIB);
	buf_addf(&sentence,
		_("%s: %s is said to be done at %s, which is later than now (%s). It does not "
		  "count before that time."),
		o->file, o->steps[i].id, time_text(t0_wall_ns + o->ahead_ns[i], when),
		time_text(now_wall_ns, now));
	watch->say(buf_text(&sentence), watch->context);
}

enum status people_read_file(struct people *o, const struct people_origin *t0, int64_t now_boot_ns,
	const struct drill_watch *watch, struct error *e)
{
	if (o->file == NULL)
		return OK;
	int64_t now_after_ns = now_boot_ns - t0->boot_ns;
	struct people_moment now = { t0->wall_ns, t0->wall_ns + now_after_ns };
	struct people_sheet sheet = { .complete = true };
	enum status status = read_sheet(o->file, &now, &o->settings, o->pool, &sheet, e);
	o->problem = status == OK ? NULL : plain_line(o->pool, view_of(e->text), PEOPLE_ANSWER_MAX);
	if (status != OK)
		return status;
	o->waits = !sheet.complete;
	for (size_t i = 0; i < PEOPLE_STEPS; i++) {
		/* What was answered at the terminal was timed here: it stands. */
		if (o->at_terminal[i])
			continue;
		o->steps[i] = sheet.steps[i];
		o->ahead_ns[i] = sheet.ahead_ns[i];
		if (o->ahead_ns[i] < 0)
			continue;
		say_ahead(o, i, t0->wall_ns, now.now_wall_ns, watch);
		if (o->ahead_ns[i] - now_after_ns <= PEOPLE_AHEAD_WAIT_NS)
			o->waits = true;
	}
	return OK;
}
