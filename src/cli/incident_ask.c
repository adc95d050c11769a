/*
 * Asking for the eight facts of a first notice.
 */
#include "cli/incident_ask.h"

#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "base/utf8.h"

enum { LINE_BYTES_MAX = 4096, WHEN_BYTES_MAX = 64 };
#define NS_PER_MINUTE (60 * NS_PER_S)
/* As in the facts: a clock may be that much behind, and none of ours began before 2000. */
#define CLOCK_ERROR_NS (5 * NS_PER_MINUTE)
#define EARLIEST_NS (946684800LL * NS_PER_S)

/* --- what is typed ---------------------------------------------------------------------------- */

/* A Chinese keyboard gives a wide colon. */
static bool plain_colons(struct view typed, char out[WHEN_BYTES_MAX])
{
	const struct view wide = VIEW("：");
	size_t n = 0;
	while (typed.len > 0 && n + 1 < WHEN_BYTES_MAX) {
		const bool is_wide = view_starts_with(typed, wide);
		out[n++] = is_wide ? ':' : typed.at[0];
		typed.at += is_wide ? wide.len : 1;
		typed.len -= is_wide ? wide.len : 1;
	}
	out[n] = '\0';
	return typed.len == 0;
}

/* All of it, by that form; *out is only written where it fits. */
static bool reads_as(const char *typed, const char *form, struct tm *out)
{
	struct tm t = *out;
	const char *end = strptime(typed, form, &t);
	if (end == NULL || *end != '\0')
		return false;
	*out = t;
	return true;
}

static bool by_local_clock(const char *typed, int64_t now_ns, int64_t *out_ns)
{
	const time_t now = (time_t)(now_ns / NS_PER_S);
	struct tm day;
	if (localtime_r(&now, &day) == NULL)
		return false;
	struct tm t = { .tm_year = day.tm_year, .tm_mon = day.tm_mon, .tm_mday = day.tm_mday };
	t.tm_isdst = -1;
	const bool with_day =
		reads_as(typed, "%Y-%m-%d %H:%M", &t) || reads_as(typed, "%Y-%m-%dT%H:%M", &t);
	if (!with_day && !reads_as(typed, "%H:%M", &t))
		return false;
	if (t.tm_hour < 0 || t.tm_hour > 23 || t.tm_min < 0 || t.tm_min > 59)
		return false;
	const struct tm asked = t;
	const time_t at = mktime(&t); /* it puts the 31st of February right: that is no answer */
	if (at == (time_t)-1 || t.tm_mday != asked.tm_mday || t.tm_mon != asked.tm_mon)
		return false;
	*out_ns = (int64_t)at * NS_PER_S;
	if (!with_day && *out_ns > now_ns + CLOCK_ERROR_NS) {
		t = asked;
		t.tm_mday--;
		*out_ns = (int64_t)mktime(&t) * NS_PER_S;
	}
	return true;
}

bool incident_ask_when(struct view typed, int64_t now_ns, int64_t *out_ns)
{
	char text[WHEN_BYTES_MAX];
	unsigned long long minutes;
	int64_t at_ns = 0;
	typed = view_trim(typed);
	if (!plain_colons(typed, text))
		return false;
	/* 0255 may be meant for 02:55: it is asked again. */
	if (typed.len <= 3 && view_to_u64(view_of(text), &minutes))
		at_ns = now_ns - (int64_t)minutes * NS_PER_MINUTE;
	else if (!time_parse(view_of(text), &at_ns) && !by_local_clock(text, now_ns, &at_ns))
		return false;
	if (at_ns > now_ns + CLOCK_ERROR_NS || at_ns < EARLIEST_NS)
		return false;
	*out_ns = at_ns;
	return true;
}

static bool begins(const char *text, struct view typed)
{
	return view_starts_with(view_of(text), typed);
}

const struct fact_choice *incident_ask_choice(const struct form_field *f, struct view typed)
{
	const struct fact_choice *found = NULL;
	unsigned long long n;
	typed = view_trim(typed);
	if (typed.len == 0)
		return NULL;
	if (view_to_u64(typed, &n))
		return n >= 1 && n <= f->n_options ? &f->options[n - 1] : NULL;
	for (size_t i = 0; i < f->n_options; i++) {
		const struct fact_choice *o = &f->options[i];
		if (view_is(typed, o->key) || view_is(typed, o->label.en) ||
			view_is(typed, o->label.zh))
			return o;
	}
	for (size_t i = 0; i < f->n_options; i++) {
		const struct fact_choice *o = &f->options[i];
		if (!begins(o->key, typed) && !begins(o->label.en, typed) &&
			!begins(o->label.zh, typed))
			continue;
		if (found != NULL)
			return NULL;
		found = o;
	}
	return found;
}

/* --- asking ----------------------------------------------------------------------------------- */

struct asking {
	struct session *s;
	const struct form *form;
	bool ended; /* the input */
	size_t n;   /* questions so far */
	struct error *e;
};
enum { QUESTIONS = 9 };

static enum status keep_answer(struct asking *a, struct view text, const char **answer)
{
	*answer = pool_text(a->s->pool, text);
	return *answer == NULL ? error_set(a->e, E_NO_SPACE, "memory is short") : OK;
}

/* *out is the trimmed line, empty for unknown. */
static enum status read_line(struct asking *a, char line[LINE_BYTES_MAX], struct view *out)
{
	*out = VIEW_NONE;
	a->ended = a->ended || !session_read_line(line, LINE_BYTES_MAX);
	if (session_interrupted())
		return error_set(a->e, E_INTERRUPTED, "interrupted; nothing was stored");
	if (!a->ended)
		*out = view_trim(view_of(line));
	return OK;
}

static void put_question(struct asking *a, const char *text)
{
	(void)fprintf(stderr, "%zu/%d  %s ", ++a->n, QUESTIONS, text);
	(void)fflush(stderr);
}

/* Says why an answer will not do; the next line is read as the same question's. */
static void ask_again(const char *why)
{
	(void)fprintf(stderr, _("     %s: "), why);
	(void)fflush(stderr);
}

/* An arrow key leaves a control character in the line, and nobody sees it. */
static const char *flaw_of(const struct form_field *f, struct view text)
{
	const enum text_flaw flaw = text_flaw_of(text, TEXT_ONE_LINE);
	if (flaw != TEXT_SOUND)
		return text_flaw_words(flaw);
	if (f != NULL && f->most_bytes > 0 && text.len > (size_t)f->most_bytes - 2)
		return _("is too long");
	return NULL;
}

static enum status ask_text(
	struct asking *a, const char *key, const char *question, const char **answer)
{
	char line[LINE_BYTES_MAX];
	struct view text = VIEW_NONE;
	const char *flaw = NULL;
	if (*answer != NULL)
		return OK;
	put_question(a, _(question));
	do {
		TRY(read_line(a, line, &text));
		flaw = flaw_of(form_field_named(a->form, key), text);
		if (flaw != NULL)
			ask_again(flaw);
	} while (flaw != NULL && !a->ended);
	return text.len == 0 || flaw != NULL ? OK : keep_answer(a, text, answer);
}

static enum status ask_choice(
	struct asking *a, const char *key, const char *question, const char **answer)
{
	const struct form_field *f = form_field_named(a->form, key);
	const struct fact_choice *chosen = NULL;
	char line[LINE_BYTES_MAX];
	struct view text = VIEW_NONE;
	if (*answer != NULL || f == NULL)
		return OK;
	put_question(a, _(question));
	(void)fputc('\n', stderr);
	for (size_t i = 0; i < f->n_options; i++)
		(void)fprintf(stderr, "     %zu  %s\n", i + 1, bilingual_pick(f->options[i].label));
	ask_again(_("number"));
	for (;;) {
		TRY(read_line(a, line, &text));
		chosen = incident_ask_choice(f, text);
		if (text.len == 0 || chosen != NULL)
			break;
		ask_again(_("none of these; its number is enough, Enter is 'unknown'"));
	}
	return chosen == NULL ? OK : keep_answer(a, view_of(chosen->key), answer);
}

/* Many servers run on UTC while the person who types looks at a clock on the wall. */
static const char *local_time(int64_t at_ns, const char *format, char out[WHEN_BYTES_MAX])
{
	const time_t at = (time_t)(at_ns / NS_PER_S);
	struct tm t;
	if (localtime_r(&at, &t) == NULL || strftime(out, WHEN_BYTES_MAX, format, &t) == 0)
		out[0] = '\0';
	return out;
}

static enum status ask_when(struct asking *a, int64_t *answer)
{
	char line[LINE_BYTES_MAX], shown[WHEN_BYTES_MAX];
	AUTO_BUF struct buf question;
	const int64_t now_ns = clock_wall_ns(NULL);
	struct view text = VIEW_NONE;
	buf_init(&question, LINE_BYTES_MAX);
	if (*answer >= 0)
		return OK;
	buf_addf(&question, _("When was it noticed (10: ten minutes ago; or 02:55, UTC%s)?"),
		local_time(now_ns, "%z", shown));
	put_question(a, buf_text(&question));
	for (;;) {
		TRY(read_line(a, line, &text));
		if (text.len == 0)
			return OK;
		if (incident_ask_when(text, now_ns, answer))
			break;
		ask_again(_("no time that is past; minutes ago, 02:55, or 2026-11-28 02:55"));
	}
	(void)fprintf(stderr, "     = %s\n", local_time(*answer, "%F %R %z", shown));
	return OK;
}

enum status incident_ask(
	struct session *s, const struct form *f, struct first_notice *n, struct error *e)
{
	struct asking a = { .s = s, .form = f, .e = e };
	if (!s->input_is_terminal)
		return error_set(e, E_USAGE, "--ask needs a terminal");
	session_say(s,
		_("Enter alone is 'unknown'; company and call-back then come from incident.yaml, "
		  "where they stand there. Ctrl-C: nothing is stored."));
	TRY(ask_text(&a, "company", N_("Company?"), &n->company));
	TRY(ask_when(&a, &n->discovered_ns));
	TRY(ask_choice(&a, "kind", N_("What seems to be happening?"), &n->kind));
	TRY(ask_text(&a, "what", N_("In one line, what do people see?"), &n->what));
	TRY(ask_text(&a, "systems", N_("Which systems or data?"), &n->systems));
	TRY(ask_choice(&a, "ongoing", N_("Is it still going on?"), &n->ongoing));
	TRY(ask_text(&a, "scale", N_("Roughly how large (persons, records, loss)?"), &n->scale));
	TRY(ask_text(&a, "action", N_("What was done so far?"), &n->action));
	return ask_text(&a, "callback", N_("Person and number to call back?"), &n->callback);
}
