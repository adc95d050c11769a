/*
 * Cards for paper: the operations desk's card and the people's steps. Plain text of at most 76
 * columns.
 */
#include <stdio.h>

#include "base/i18n.h"
#include "render/figures.h"
#include "render/terminal.h"
#include "render/wording.h"

enum { PAPER_CELLS = 76 };

static struct screen card_screen(size_t width, struct buf *out)
{
	width = width == 0 || width > PAPER_CELLS ? PAPER_CELLS : width;
	return screen_on(out, (struct render_terminal){ .width = width }, true);
}

static void put(const struct screen *s, const char *label, const char *value)
{
	char lead[128];
	const size_t column = 16;
	size_t cells = text_cells(label);
	int blanks = cells < column ? (int)(column - cells) : 1;
	(void)snprintf(lead, sizeof lead, "%.90s%*s", label, blanks, "");
	screen_paragraph(
		s, STYLE_PLAIN, lead, column, value == NULL || value[0] == '\0' ? "–" : value);
}

static void put_window(const struct screen *s, const struct drill_authority *a)
{
	char text[200];
	if (a->window_from_ns < 0 && a->window_to_ns < 0)
		(void)snprintf(text, sizeof text, "%s", _("no limit"));
	else
		(void)snprintf(text, sizeof text, "%s – %s", figure_time(a->window_from_ns).text,
			figure_time(a->window_to_ns).text);
	put(s, _("Time window"), text);
}

/* Who answers, and by when the authority is told: what nobody answers is not assessed. */
static void put_people(const struct screen *s, const struct drill_plan_people *people)
{
	AUTO_BUF struct buf text;
	buf_init(&text, 8 * KIB);
	if (people->file != NULL && people->terminal)
		buf_addf(&text, _("asked at this terminal, and the controller's file %s"),
			people->file);
	else if (people->file != NULL)
		buf_addf(&text, _("the controller's file %s"), people->file);
	else
		buf_add_text(&text, people->terminal
					    ? _("asked at this terminal")
					    : _("nobody is asked: people are not assessed"));
	put(s, _("People"), buf_text(&text));
	if (people->file == NULL && !people->terminal)
		return;
	buf_reset(&text);
	buf_addf(&text, _("within %s (%s)"), figure_duration(people->authority_due_ns).text,
		text_in_language(people->authority_rule));
	put(s, _("Authority"), buf_text(&text));
}

enum status render_card_text(const struct drill_plan *plan, const char *id, size_t width,
	struct buf *out, struct error *e)
{
	const struct drill_authority *authority = &plan->authority;
	struct screen s = card_screen(width, out);
	char stop[160];
	screen_rule(&s, RULE_TOP);
	screen_line(&s, STYLE_PLAIN, _("DRILL: card for the operations desk"));
	screen_paragraph(&s, STYLE_PLAIN, "", 0,
		_("A ransomware drill runs on this host. It changes only decoys that it planted "
		  "itself. "
		  "Treat its alerts as you would treat real ones, and note the time."));
	screen_rule(&s, RULE_MIDDLE);
	put(&s, _("Drill"), id == NULL ? _("gets its id when it starts") : id);
	put(&s, _("Scenario"), text_in_language(plan->scenario.name));
	put(&s, _("Marker"), plan->marker);
	put(&s, _("Process name"), plan->process_name);
	put(&s, _("Arena"), plan->arena);
	put(&s, _("Most files"), figure_count(plan->budget.n_files).text);
	screen_rule(&s, RULE_MIDDLE);
	put(&s, _("Allowed by"), authority->allowed_by);
	put(&s, _("Scope"), authority->scope);
	put_window(&s, authority);
	screen_rule(&s, RULE_MIDDLE);
	put_people(&s, &plan->people);
	screen_rule(&s, RULE_MIDDLE);
	(void)snprintf(stop, sizeof stop, "tocsin drill stop %.64s", id == NULL ? "ID" : id);
	put(&s, _("Stop it with"), stop);
	put(&s, _("State folder"), plan->home);
	put(&s, _("Whom to call"), authority->call);
	screen_rule(&s, RULE_BOTTOM);
	return buf_check(out, "card", e);
}

static void put_step(const struct screen *s, size_t number, const struct drill_step *step)
{
	char lead[32];
	struct line l;
	(void)snprintf(lead, sizeof lead, "%zu. ", number);
	screen_paragraph(s, STYLE_PLAIN, lead, 3, text_in_language(step->title));
	screen_paragraph(s, STYLE_PLAIN, "   ", 3, text_in_language(step->inject));
	l = line_start(s);
	line_to(&l, 3);
	line_putf(&l, STYLE_PLAIN, _("Role: %s"), word_role(step->role));
	line_to(&l, 38);
	line_putf(&l, STYLE_PLAIN, _("Due after: %s"), figure_duration(step->due_ns).text);
	line_end(&l);
	if (text_in_language(step->rule)[0] != '\0') {
		AUTO_BUF struct buf text;
		buf_init(&text, 4 * KIB);
		buf_addf(&text, _("Rule: %s"), text_in_language(step->rule));
		screen_paragraph(s, STYLE_PLAIN, "   ", 3, buf_text(&text));
	}
	l = line_start(s);
	line_to(&l, 3);
	line_putf(&l, STYLE_PLAIN, "[ ] %s", _("done"));
	line_to(&l, 15);
	line_putf(&l, STYLE_PLAIN, "%s ____:____:____", _("Time"));
	line_to(&l, 36);
	line_putf(&l, STYLE_PLAIN, "%s ____________", _("Role"));
	line_to(&l, 55);
	line_putf(&l, STYLE_PLAIN, "%s ____________", _("Name"));
	line_end(&l);
}

enum status render_people_template(
	const struct drill_step *steps, size_t n_steps, struct buf *out, struct error *e)
{
	static const char *const notes[] = {
		N_("The controller's file: name it with --people-file before the drill starts."),
		N_("When a step was done, take the # away and write its time for TIME:"),
		N_("seconds since T0, or a time with its offset, 2026-11-24T14:23:27+08:00."),
		N_("A step that was not done: - {step: classify, done: false}"),
		N_("by: is the role that did it; name: and answer: may be added."),
		N_("When the last answer stands, write complete: true"),
	};
	for (size_t i = 0; i < COUNT_OF(notes); i++)
		buf_addf(out, "# %s\n", _(notes[i]));
	for (size_t i = 0; i < n_steps; i++)
		if (steps[i].rule.en[0] != '\0')
			buf_addf(out, "# authority_deadline_minutes: %lld\n",
				(long long)(steps[i].due_ns / (60 * NS_PER_S)));
	buf_add_text(out, "complete: false\nsteps:\n");
	for (size_t i = 0; i < n_steps; i++)
		buf_addf(out, "#- {step: %s, done: true, after: TIME, by: %s}\n", steps[i].id,
			steps[i].role);
	return buf_check(out, "template", e);
}

enum status render_paper_card(const struct drill_step *steps, size_t n_steps, const char *id,
	struct buf *out, struct error *e)
{
	struct screen s = card_screen(PAPER_CELLS, out);
	screen_rule(&s, RULE_TOP);
	screen_line(&s, STYLE_PLAIN, _("DRILL: card for people"));
	put(&s, _("Drill"), id == NULL ? _("gets its id when it starts") : id);
	screen_paragraph(&s, STYLE_PLAIN, "", 0,
		_("The controller reads each line aloud when it is due. Tick what was done and "
		  "write down "
		  "the time and your name. Nothing of this goes to a real authority."));
	for (size_t i = 0; i < n_steps; i++) {
		screen_rule(&s, RULE_MIDDLE);
		put_step(&s, i + 1, &steps[i]);
	}
	screen_rule(&s, RULE_MIDDLE);
	screen_paragraph(&s, STYLE_PLAIN, "", 0,
		_("Start of the drill (T0): ____:____:____   Controller: ________________"));
	screen_rule(&s, RULE_BOTTOM);
	buf_add_char(out, '\n');
	return render_people_template(steps, n_steps, out, e);
}
