/*
 * An incident on a terminal: its clocks, who received what, its history.
 */
#include <string.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "render/incident_views.h"
#include "render/incident_words.h"
#include "render/render.h"
#include "render/terminal.h"

enum { LABEL_CELLS = 16, PROFILE_CELLS = 20, SENTENCE_MAX = 1024, HISTORY_MAX = 40 };

/* A label in its column, the text beside it on as many lines as it takes. */
static void labelled_at(
	const struct screen *s, enum style style, const char *label, const char *text, size_t cells)
{
	AUTO_BUF struct buf lead;
	size_t n = text_cells(label);
	buf_init(&lead, KIB);
	buf_add_text(&lead, label);
	do
		buf_add_char(&lead, ' ');
	while (++n < cells);
	screen_paragraph(
		s, style, buf_text(&lead), cells, text == NULL || text[0] == '\0' ? "–" : text);
}

static void labelled(const struct screen *s, enum style style, const char *label, const char *text)
{
	labelled_at(s, style, label, text, LABEL_CELLS);
}

/* --- clocks ----------------------------------------------------------------------------------- */

static enum style clock_style(const struct clock_row *c)
{
	switch (c->state) {
	case CLOCK_OVERDUE:
	case CLOCK_DONE_LATE:
		return STYLE_POOR;
	case CLOCK_RUNNING:
		return c->remaining_ns < 0 ? STYLE_FAIR : STYLE_STRONG;
	case CLOCK_DONE:
		return STYLE_GOOD;
	case CLOCK_WAITING:
	case CLOCK_CEASED:
		return STYLE_MUTED;
	}
	return STYLE_PLAIN;
}

static void clock_time_left(const struct clock_row *c, struct buf *out)
{
	char span[SPAN_TEXT_MAX];
	switch (c->state) {
	case CLOCK_OVERDUE:
		buf_addf(out, _("overdue %s"), span_text(c->remaining_ns, span));
		return;
	case CLOCK_RUNNING:
		if (c->due_ns >= 0)
			buf_addf(out, _("left %s"), span_text(c->remaining_ns, span));
		else
			buf_add_text(out, _("at once"));
		return;
	case CLOCK_WAITING:
		buf_add_text(out, _("not yet"));
		return;
	case CLOCK_DONE:
		buf_add_text(out, _("done"));
		return;
	case CLOCK_DONE_LATE:
		buf_add_text(out, _("done late"));
		return;
	case CLOCK_CEASED:
		buf_add_text(out, _("no longer owed"));
		return;
	}
}

static void clock_due(const struct clock_row *c, int64_t zone, struct buf *out)
{
	char time[ZONED_TIME_MAX];
	if (c->state == CLOCK_WAITING)
		buf_add_text(out, _("begins when its moment comes"));
	else if (c->state == CLOCK_DONE || c->state == CLOCK_DONE_LATE)
		buf_addf(out, _("done %s"), zoned_time(c->done_ns, zone, time));
	else if (c->state == CLOCK_CEASED)
		buf_addf(out, _("ceased %s"), zoned_time(c->done_ns, zone, time));
	else if (c->due_ns >= 0)
		buf_addf(out, _("due %s"), zoned_time(c->due_ns, zone, time));
	else if (c->target_ns >= 0)
		buf_addf(out, _("without delay; own target %s"),
			zoned_time(c->target_ns, zone, time));
	else
		buf_add_text(out, _("without delay"));
	if (c->state == CLOCK_CEASED) /* when it would have been due is of no use to anybody */
		return;
	if ((c->flags & DUE_TO_CONFIRM) != 0)
		buf_add_text(out, _("; to be confirmed, the class is not decided yet"));
	if ((c->flags & DUE_START_ASSUMED) != 0)
		buf_add_text(out, _("; start assumed"));
	if ((c->flags & DUE_ESTIMATED) != 0)
		buf_add_text(out, _("; estimated, the year's holidays are not known"));
	if ((c->flags & DUE_CAPPED) != 0)
		buf_add_text(out, _("; by the outer limit"));
	if ((c->flags & DUE_MOVED) != 0)
		buf_add_text(out, _("; moved to a working day"));
}

static void clock_hold(const struct clock_row *c, int64_t zone, struct buf *out)
{
	char time[ZONED_TIME_MAX];
	if (c->acknowledged_by[0] != '\0')
		buf_addf(out, _(" · %s has it until %s"), c->acknowledged_by,
			zoned_time(c->acknowledged_until_ns, zone, time));
	if (c->silenced_until_ns >= 0)
		buf_addf(out, _(" · silenced until %s"),
			zoned_time(c->silenced_until_ns, zone, time));
}

enum { LEFT_CELLS = 20 };

/* The time left as a lead of LEFT_CELLS cells. */
static const char *clock_lead(const struct clock_row *c, struct buf *out)
{
	clock_time_left(c, out);
	size_t cells = text_cells(buf_text(out));
	do
		buf_add_char(out, ' ');
	while (++cells < LEFT_CELLS);
	return buf_text(out);
}

static void clock_lines(const struct screen *s, const struct clock_table *table, size_t k)
{
	const struct clock_row *c = &table->rows[k];
	static const char lead[LEFT_CELLS + 1] = "                    ";
	AUTO_BUF struct buf left, text;
	const int64_t zone = zone_of(table->profiles, c->profile);
	buf_init(&left, 4 * KIB);
	buf_init(&text, 16 * KIB);
	buf_addf(&text, _("%s: %s → %s"), rule_name(table->profiles, RULE_STAGES, c->stage),
		rule_name(table->profiles, RULE_ROLES, c->owes),
		rule_name(table->profiles, RULE_ROLES, c->to));
	if (strcmp(c->medium, "any") != 0)
		buf_addf(&text, " · %s", rule_name(table->profiles, RULE_MEDIA, c->medium));
	if (c->drill)
		buf_add_text(&text, _(" · DRILL"));
	screen_paragraph(s, clock_style(c), clock_lead(c, &left), LEFT_CELLS, buf_text(&text));
	buf_reset(&text);
	clock_due(c, zone, &text);
	clock_hold(c, zone, &text);
	screen_paragraph(s, STYLE_PLAIN, lead, LEFT_CELLS, buf_text(&text));
	buf_reset(&text);
	/* As `clock acknowledge` takes it; no line is broken behind this mark. */
	if (c->number[0] != '\0')
		buf_addf(&text, "%s · ", c->number);
	clock_profiles(table->rows, table->n_rows, k, &text);
	buf_add_text(&text, " · ");
	clock_clause(c, &text);
	buf_addf(&text, _(" · certainty %c · "), c->certainty);
	clock_handles(table->rows, table->n_rows, k, &text);
	screen_paragraph(s, STYLE_MUTED, lead, LEFT_CELLS, buf_text(&text));
}

enum status render_clocks_terminal(
	const struct clock_table *c, struct render_terminal t, struct buf *out, struct error *e)
{
	const struct screen s = screen_on(out, t, false);
	if (c->n_rows == 0)
		screen_line(&s, STYLE_MUTED, _("No clock is running."));
	for (size_t i = 0; i < c->n_rows; i++)
		if (!clock_is_repeat(c->rows, i))
			clock_lines(&s, c, i);
	if (c->now != NULL && c->now->stepped)
		screen_paragraph(&s, STYLE_FAIR, "", 0,
			_("This machine's clock was set while duties were running. The shorter of "
			  "both "
			  "readings counts; the step is in the history."));
	return buf_check(out, "clocks", e);
}

/* --- a first notice --------------------------------------------------------------------------- */

/* Undecided is not "nothing": what it may owe runs already. */
static void to_confirm_words(const struct grade_row *g, struct buf *out)
{
	const json_t *grade = json_object_get(g->classification, "to_be_confirmed");
	const char *en = json_string_value(json_object_get(grade, "name_en"));
	const char *zh = json_string_value(json_object_get(grade, "name_zh"));
	const struct bilingual name = { en == NULL ? "" : en, zh == NULL ? "" : zh };
	buf_addf(out, _(" · not decided yet; what '%s' owes runs, to be confirmed"),
		bilingual_pick(name));
}

/* Could a fact that is still unknown start a duty? */
static bool could_owe_more(const struct incident *i)
{
	for (size_t k = 0; k < i->n_grades; k++)
		if (json_array_size(json_object_get(i->grades[k].classification, "could_raise")) >
			0)
			return true;
	return false;
}

static void grade_lines(
	const struct screen *s, const struct incident *i, const struct profile_set *profiles)
{
	AUTO_BUF struct buf text;
	buf_init(&text, 64 * KIB);
	for (size_t k = 0; k < i->n_grades; k++) {
		const struct grade_row *g = &i->grades[k];
		const struct profile *p = NULL;
		struct error absent = ERROR_NONE;
		if (profile_find(profiles, g->profile, &p, &absent) != OK)
			continue;
		buf_reset(&text);
		grade_text(p, g->grade, &text);
		if (g->by_person)
			buf_addf(&text, _(" · by %s: %s"), g->person, g->reason);
		else if (json_is_object(json_object_get(g->classification, "to_be_confirmed")))
			to_confirm_words(g, &text);
		else if (json_is_true(json_object_get(g->classification, "needs_review")))
			buf_add_text(&text, _(" · a person must confirm"));
		labelled_at(
			s, grade_style(p, g->grade), g->profile, buf_text(&text), PROFILE_CELLS);
		buf_reset(&text);
		approval_words(g->approvals, p->utc_offset_minutes, &text);
		if (text.len > 0)
			labelled_at(
				s, STYLE_PLAIN, _("  signed by"), buf_text(&text), PROFILE_CELLS);
	}
}

static bool is_own(const struct profile_set *profiles, const struct clock_row *c)
{
	const struct rule_word *role = profile_word(profiles, RULE_ROLES, c->owes);
	return role == NULL || role->own;
}

/* What is due within hours, what must not be delayed, what has time: in this order. */
enum when { WITHIN_A_DAY, AT_ONCE, AFTER_THAT };

static enum when when_of(const struct clock_row *c)
{
	if (c->due_ns < 0)
		return AT_ONCE;
	return c->remaining_ns < 24 * 3600 * NS_PER_S ? WITHIN_A_DAY : AFTER_THAT;
}

/* What this organisation owes now stands in full: there are minutes to read it. The rest is
 * counted. */
static void open_clock_lines(
	const struct screen *s, const struct incident *i, const struct profile_set *profiles)
{
	const struct clock_table table = { i->clocks, i->n_clocks, &i->now, profiles };
	size_t n_own = 0, n_others = 0, n_later = 0;
	AUTO_BUF struct buf text;
	buf_init(&text, SENTENCE_MAX);
	for (enum when when = WITHIN_A_DAY; when <= AFTER_THAT; when++)
		for (size_t k = 0; k < i->n_clocks; k++) {
			const struct clock_row *c = &i->clocks[k];
			if (c->state > CLOCK_OVERDUE || when_of(c) != when ||
				clock_is_repeat(i->clocks, k))
				continue;
			if (c->state == CLOCK_WAITING)
				n_later++;
			else if (!is_own(profiles, c))
				n_others++;
			else if (++n_own > 0)
				clock_lines(s, &table, k);
		}
	if (n_own == 0 && could_owe_more(i)) {
		buf_addf(&text,
			_("No duty of this organisation runs, but facts that are still unknown "
			  "could start one: tocsin incident classify %s"),
			i->number);
		screen_paragraph(s, STYLE_FAIR, "", 0, buf_text(&text));
		buf_reset(&text);
	} else if (n_own == 0) {
		screen_line(s, STYLE_MUTED, _("Nothing is owed by this organisation now."));
	}
	if (n_others > 0)
		buf_addf(&text, _("Duties of authorities that run: %zu. "), n_others);
	if (n_later > 0)
		buf_addf(&text, _("Duties that begin later: %zu. "), n_later);
	if (n_others + n_later > 0) {
		buf_addf(&text, _("All of them: tocsin incident status %s"), i->number);
		screen_paragraph(s, STYLE_MUTED, "", 0, buf_text(&text));
	}
}

static void drill_line(const struct screen *s, const struct incident *i)
{
	if (i->drill)
		screen_paragraph(s, STYLE_FAIR, "", 0,
			_("DRILL: an exercise, which cannot reach a real inbox."));
}

enum status render_notice_terminal(const struct incident *i, const struct incident_receipt *r,
	const struct profile_set *profiles, struct render_terminal t, struct buf *out,
	struct error *e)
{
	const struct screen s = screen_on(out, t, false);
	char time[ZONED_TIME_MAX];
	AUTO_BUF struct buf text;
	buf_init(&text, SENTENCE_MAX);
	buf_addf(&text, _("Incident %s is recorded, signed and safe on this machine."), i->number);
	screen_paragraph(&s, STYLE_STRONG, "", 0, buf_text(&text));
	drill_line(&s, i);
	labelled(&s, STYLE_PLAIN, _("Recorded"),
		zoned_time(r->at_ns, zone_of(profiles, PROFILE_DEFAULT), time));
	labelled(&s, STYLE_MUTED, _("Envelope"), r->envelope.text);
	labelled(&s, STYLE_MUTED, "SHA-256", r->sha256);
	grade_lines(&s, i, profiles);
	screen_blank(&s);
	screen_line(&s, STYLE_STRONG, _("What is owed now"));
	open_clock_lines(&s, i, profiles);
	return buf_check(out, "notice", e);
}

/* --- the whole incident ----------------------------------------------------------------------- */

static enum style delivery_style(const struct submission_row *r)
{
	if (r->draft)
		return STYLE_MUTED;
	return r->delivery == OUTBOX_DELIVERED ? STYLE_GOOD
	       : r->delivery == OUTBOX_REFUSED ? STYLE_POOR
					       : STYLE_FAIR;
}

static void recipient_line(const struct screen *s, const struct profile_set *profiles,
	const struct recipient_row *r, int64_t zone)
{
	char time[ZONED_TIME_MAX];
	const char *role = rule_name(profiles, RULE_ROLES, r->role);
	AUTO_BUF struct buf text;
	buf_init(&text, 16 * KIB);
	if (r->state == OUTBOX_DELIVERED)
		buf_addf(&text, _("%s: received by %s at %s"), role, r->server,
			zoned_time(r->received_ns, zone, time));
	else if (r->route[0] == '\0')
		buf_addf(&text, _("%s: no route leads there (routes.yaml)"), role);
	else if (r->trouble[0] != '\0')
		buf_addf(&text, _("%s: not received: %s"), role, r->trouble);
	else
		buf_addf(&text, _("%s: not yet received"), role);
	if ((r->flags & RECEIPT_SAYS_LATE) != 0)
		buf_add_text(&text, _("; the receiver signed that it came late"));
	if ((r->flags & RECEIPT_BEFORE_ENVELOPE) != 0)
		buf_add_text(
			&text, _("; the receiver's clock says that it came before it was made: "
				 "that time here is taken"));
	screen_paragraph(s, STYLE_MUTED, "    · ", 6, buf_text(&text));
}

static void submission_lines(
	const struct screen *s, const struct incident *i, const struct profile_set *profiles)
{
	char time[ZONED_TIME_MAX];
	AUTO_BUF struct buf text;
	buf_init(&text, 16 * KIB);
	if (i->n_submissions == 0)
		screen_line(s, STYLE_MUTED, _("Nothing was handed in yet."));
	for (size_t k = 0; k < i->n_submissions; k++) {
		const struct submission_row *r = &i->submissions[k];
		const int64_t zone = zone_of(profiles, r->profile);
		buf_reset(&text);
		buf_addf(&text, "%s · %s · %s", zoned_time(r->at_ns, zone, time),
			rule_name(profiles, RULE_STAGES, r->stage), r->profile);
		screen_paragraph(s, STYLE_PLAIN, "", 4, buf_text(&text));
		buf_reset(&text);
		delivery_words(r, zone, &text);
		screen_paragraph(s, delivery_style(r), "    ", 4, buf_text(&text));
		for (size_t n = 0; n < r->n_recipients; n++)
			recipient_line(s, profiles, &r->recipients[n], zone);
	}
}

static void history_lines(
	const struct screen *s, const struct incident *i, const struct profile_set *profiles)
{
	char time[ZONED_TIME_MAX];
	const int64_t zone = zone_of(profiles, PROFILE_DEFAULT);
	const size_t first = i->n_events > HISTORY_MAX ? i->n_events - HISTORY_MAX : 0;
	AUTO_BUF struct buf text, remark;
	buf_init(&text, 256 * KIB);
	buf_init(&remark, 256 * KIB);
	if (i->first_bad_event >= 0)
		screen_paragraph(s, STYLE_POOR, "", 0, broken_history_words());
	if (first > 0) {
		buf_addf(&text, _("Lines left out at the beginning: %zu."), first);
		screen_line(s, STYLE_MUTED, buf_text(&text));
	}
	for (size_t k = first; k < i->n_events; k++) {
		const struct incident_event *ev = &i->events[k];
		buf_reset(&remark);
		event_remark(i, ev, profiles, &remark);
		buf_reset(&text);
		buf_addf(
			&text, "%s · %s", zoned_time(ev->at_ns, zone, time), event_words(ev->kind));
		if (ev->by[0] != '\0')
			buf_addf(&text, " · %s", ev->by);
		if (remark.len > 0)
			buf_addf(&text, " · %s", buf_text(&remark));
		screen_paragraph(s, STYLE_PLAIN, "", 4, buf_text(&text));
	}
}

/* As the default profile's zone shows it; what is no time as it is. */
static const char *discovered(
	const struct incident *i, const struct profile_set *profiles, char out[ZONED_TIME_MAX])
{
	int64_t ns = -1;
	const char *text = notice_words(i, "discovered_at");
	if (!time_parse(view_of(text), &ns))
		return text;
	return zoned_time(ns, zone_of(profiles, PROFILE_DEFAULT), out);
}

enum status render_incident_terminal(const struct incident *i, const struct profile_set *profiles,
	struct render_terminal t, struct buf *out, struct error *e)
{
	const struct screen s = screen_on(out, t, false);
	const struct clock_table clocks = { i->clocks, i->n_clocks, &i->now, profiles };
	struct line l = line_start(&s);
	char time[ZONED_TIME_MAX];
	line_put(&l, STYLE_STRONG, i->number);
	line_put_right(&l, STYLE_MUTED, life_words(i->life));
	line_end(&l);
	drill_line(&s, i);
	labelled(&s, STYLE_STRONG, _("What"), notice_words(i, "what"));
	labelled(&s, STYLE_PLAIN, _("Company"), notice_words(i, "company"));
	labelled(&s, STYLE_PLAIN, _("Kind"), kind_name(notice_words(i, "kind")));
	labelled(&s, STYLE_PLAIN, _("Discovered"), discovered(i, profiles, time));
	labelled(&s, STYLE_PLAIN, _("Systems, data"), notice_words(i, "systems"));
	labelled(&s, STYLE_PLAIN, _("Going on"), answer_words(notice_words(i, "ongoing")));
	labelled(&s, STYLE_PLAIN, _("Scale"), notice_words(i, "scale"));
	labelled(&s, STYLE_PLAIN, _("Done so far"), notice_words(i, "action"));
	labelled(&s, STYLE_PLAIN, _("Call back"), notice_words(i, "callback"));
	labelled(&s, STYLE_MUTED, "TLP", i->tlp);
	grade_lines(&s, i, profiles);
	screen_blank(&s);
	screen_line(&s, STYLE_STRONG, _("Clocks"));
	TRY(render_clocks_terminal(&clocks, t, out, e));
	screen_blank(&s);
	screen_line(&s, STYLE_STRONG, _("Handed in"));
	submission_lines(&s, i, profiles);
	screen_blank(&s);
	screen_line(&s, STYLE_STRONG, _("History"));
	history_lines(&s, i, profiles);
	return buf_check(out, "incident", e);
}
