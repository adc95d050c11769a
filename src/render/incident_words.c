/*
 * Wording of times, tiers and keys.
 */
#include "render/incident_words.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/i18n.h"

#define NS_PER_MINUTE (60 * NS_PER_S)
enum { S_PER_DAY = 86400 };

const char *zoned_time(int64_t wall_ns, int64_t utc_offset_minutes, char out[ZONED_TIME_MAX])
{
	int year, month, day;
	if (wall_ns < 0)
		return "–";
	const int64_t days = calendar_day(wall_ns, utc_offset_minutes);
	const int64_t into_day_s =
		(wall_ns - calendar_day_start_ns(days, utc_offset_minutes)) / NS_PER_S;
	const int64_t offset = utc_offset_minutes < 0 ? -utc_offset_minutes : utc_offset_minutes;
	calendar_split(days, &year, &month, &day);
	(void)snprintf(out, ZONED_TIME_MAX, "%04d-%02d-%02d %02d:%02d:%02d %c%02d:%02d", year,
		month, day, (int)(into_day_s / 3600), (int)(into_day_s / 60 % 60),
		(int)(into_day_s % 60), utc_offset_minutes < 0 ? '-' : '+',
		(int)(offset / 60 % 100), (int)(offset % 60));
	return out;
}

const char *span_text(int64_t ns, char out[SPAN_TEXT_MAX])
{
	const int64_t s = (ns < 0 ? -ns : ns) / NS_PER_S;
	const int64_t days = s / S_PER_DAY;
	const int64_t rest = s % S_PER_DAY;
	if (days > 0)
		(void)snprintf(out, SPAN_TEXT_MAX, _("%lld d %02d:%02d"), (long long)days,
			(int)(rest / 3600), (int)(rest / 60 % 60));
	else
		(void)snprintf(out, SPAN_TEXT_MAX, "%02d:%02d:%02d", (int)(rest / 3600),
			(int)(rest / 60 % 60), (int)(rest % 60));
	return out;
}

const char *rule_name(const struct profile_set *s, enum rule_words kind, const char *key)
{
	const struct rule_word *w = s == NULL ? NULL : profile_word(s, kind, key);
	return w == NULL ? key : bilingual_pick(w->name);
}

int64_t zone_of(const struct profile_set *s, const char *profile)
{
	const struct profile *p = NULL;
	struct error absent = ERROR_NONE;
	if (s == NULL || profile_find(s, profile, &p, &absent) != OK)
		return 0;
	return p->utc_offset_minutes;
}

static const char *colour_name(const char *colour)
{
	static const struct {
		const char *key, *word;
	} rows[] = { { "red", N_("red") }, { "orange", N_("orange") }, { "yellow", N_("yellow") },
		{ "blue", N_("blue") } };
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (strcmp(rows[i].key, colour) == 0)
			return _(rows[i].word);
	return colour;
}

void grade_text(const struct profile *p, int grade, struct buf *out)
{
	static const char *const marks[] = { "", "⬣", "◆", "▲", "●" };
	static const char *const numerals[] = { "", "I", "II", "III", "IV" };
	if (grade < 0 || (size_t)grade >= p->n_grades) {
		buf_add_text(out, _("no grade"));
		return;
	}
	const struct profile_grade *g = &p->grades[grade];
	if (g->tier >= 1 && g->tier <= 4)
		buf_addf(out, "%s %s ", marks[g->tier], numerals[g->tier]);
	buf_add_text(out, bilingual_pick(g->name));
	if (g->colour != NULL)
		buf_addf(out, _(" (%s)"), colour_name(g->colour));
}

enum style grade_style(const struct profile *p, int grade)
{
	if (grade < 0 || (size_t)grade >= p->n_grades)
		return STYLE_MUTED;
	const int tier = p->grades[grade].tier;
	if (tier == 0)
		return grade == p->default_grade ? STYLE_PLAIN : STYLE_POOR;
	return tier <= 2 ? STYLE_POOR : tier == 3 ? STYLE_FAIR : STYLE_STRONG;
}

static const struct {
	const char *key, *name;
} kinds[] = { { "ransomware", N_("ransomware") }, { "leak", N_("leak") },
	{ "tampering", N_("tampering") }, { "destruction", N_("destruction or loss") },
	{ "unauthorised_access", N_("unauthorised access") },
	{ "abuse", N_("abuse or unlawful use") }, { "illegal_transfer", N_("unlawful transfer") },
	{ "outage", N_("outage") }, { "other", N_("other") }, { "unknown", N_("unknown") } };

const char *kind_name(const char *key)
{
	for (size_t i = 0; key != NULL && i < COUNT_OF(kinds); i++)
		if (strcmp(kinds[i].key, key) == 0)
			return _(kinds[i].name);
	return key == NULL ? _("unknown") : key;
}

bool kind_known(const char *key)
{
	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		if (strcmp(kinds[i].key, key) == 0)
			return true;
	return false;
}

const char *answer_words(const char *answer)
{
	static const char *const words[][2] = { { "yes", N_("yes") }, { "no", N_("no") },
		{ "unknown", N_("unknown") } };
	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (strcmp(words[i][0], answer) == 0)
			return _(words[i][1]);
	return answer;
}

const char *clock_state_words(enum clock_state s)
{
	switch (s) {
	case CLOCK_WAITING:
		return _("not yet");
	case CLOCK_RUNNING:
		return _("running");
	case CLOCK_OVERDUE:
		return _("overdue");
	case CLOCK_DONE:
		return _("done");
	case CLOCK_DONE_LATE:
		return _("done late");
	case CLOCK_CEASED:
		return _("no longer owed");
	}
	return "";
}

void clock_clause(const struct clock_row *c, struct buf *out)
{
	if (strcmp(c->instrument, "programme") == 0)
		buf_add_text(out, _("Industrial data security programme"));
	else
		buf_add_text(out, c->instrument);
	if (strcspn(c->row, "0123456789") < strlen(c->row))
		buf_addf(out, " %s", c->row);
}

static bool same_duty(const struct clock_row *a, const struct clock_row *b)
{
	return strcmp(a->incident.text, b->incident.text) == 0 &&
	       strcmp(a->instrument, b->instrument) == 0 && strcmp(a->row, b->row) == 0 &&
	       strcmp(a->stage, b->stage) == 0 && strcmp(a->owes, b->owes) == 0 &&
	       strcmp(a->to, b->to) == 0 && strcmp(a->medium, b->medium) == 0 &&
	       a->due_ns == b->due_ns && a->target_ns == b->target_ns && a->state == b->state &&
	       a->n_period == b->n_period && a->done_ns == b->done_ns &&
	       strcmp(a->acknowledged_by, b->acknowledged_by) == 0 &&
	       a->acknowledged_until_ns == b->acknowledged_until_ns &&
	       a->silenced_until_ns == b->silenced_until_ns && strcmp(a->profile, b->profile) != 0;
}

bool clock_is_repeat(const struct clock_row *rows, size_t k)
{
	for (size_t i = 0; i < k; i++)
		if (same_duty(&rows[i], &rows[k]))
			return true;
	return false;
}

void clock_profiles(const struct clock_row *rows, size_t n_rows, size_t k, struct buf *out)
{
	buf_add_text(out, rows[k].profile);
	for (size_t i = k + 1; i < n_rows; i++)
		if (same_duty(&rows[k], &rows[i]))
			buf_addf(out, "%s%s", _(", "), rows[i].profile);
}

void clock_handles(const struct clock_row *rows, size_t n_rows, size_t k, struct buf *out)
{
	buf_addf(out, "#%s", rows[k].id.text + ID_TEXT_LEN - 6);
	for (size_t i = k + 1; i < n_rows; i++)
		if (same_duty(&rows[k], &rows[i]))
			buf_addf(out, "%s#%s", _(", "), rows[i].id.text + ID_TEXT_LEN - 6);
}

const char *life_words(enum life l)
{
	switch (l) {
	case LIFE_OPEN:
		return _("open");
	case LIFE_HANDLED:
		return _("handled");
	case LIFE_CLOSED:
		return _("closed");
	}
	return "";
}

const char *event_words(const char *kind)
{
	static const struct {
		const char *key, *words;
	} rows[] = { { "notice", N_("first notice") }, { "facts", N_("new facts") },
		{ "grade", N_("graded") }, { "draft", N_("draft kept") },
		{ "submission", N_("handed in") }, { "routed", N_("route found") },
		{ "receipt", N_("receipt") }, { "refused", N_("refused") },
		{ "call", N_("told by telephone or by hand") }, { "closed", N_("closed") },
		{ "reopened", N_("opened again") },
		{ "moment-handling-ended", N_("handling ended") },
		{ "moment-requested", N_("a report was requested") },
		{ "moment-paid", N_("a ransom was paid") },
		{ "moment-remedy", N_("a remedy is available") },
		{ "moment-receipt", N_("the report was received here") },
		{ "moment-new-facts", N_("new facts came up") } };
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (strcmp(rows[i].key, kind) == 0)
			return _(rows[i].words);
	return kind;
}

void delivery_words(const struct submission_row *r, int64_t zone, struct buf *out)
{
	char time[ZONED_TIME_MAX];
	if (r->draft)
		buf_add_text(out, _("draft, not sent"));
	else if (r->delivery == OUTBOX_DELIVERED)
		buf_addf(out, _("received by %s at %s, receipt verified"), r->received_by,
			zoned_time(r->received_ns, zone, time));
	else if (r->delivery == OUTBOX_REFUSED)
		buf_add_text(out, _("refused by the receiver (outbox list)"));
	else
		buf_add_text(out, _("not yet delivered (outbox list)"));
}

void form_change_words(const struct form_change *change, struct buf *out)
{
	buf_addf(out, _("%s: %s → %s"), bilingual_pick(change->field->label),
		change->before == NULL ? "–" : change->before,
		change->after == NULL ? "–" : change->after);
}

const char *drill_words(void)
{
	return _("DRILL. This is an exercise: nothing in it has happened, and it cannot reach a "
		 "real inbox.");
}

const char *redacted_words(void)
{
	return _("Redacted: company, persons, numbers, addresses and free text are left out of "
		 "this copy.");
}

const char *broken_history_words(void)
{
	return _("The history does not fit together: a line of it was changed after it was "
		 "written.");
}
