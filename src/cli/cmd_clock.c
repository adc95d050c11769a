/*
 * tocsin clock: the running duties. Acknowledging and silencing are apart, and neither stops a
 * clock.
 */
#include <string.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "cli/cli.h"
#include "cli/incident_session.h"
#include "render/render.h"

struct clock_list_args {
	const char *incident;
	bool all;
	int drills;
};
static const char *const drill_choices[] = { "both", "real", "drills", NULL };
#define AT(member) offsetof(struct clock_list_args, member)
static const struct option list_options[] = {
	{ "incident", OPTION_TEXT, AT(incident), N_("INCIDENT"), N_("Only this incident's."),
		NULL },
	{ "all", OPTION_FLAG, AT(all), NULL, N_("Clocks that are done or ceased too."), NULL },
	{ "drills", OPTION_CHOICE, AT(drills), NULL,
		N_("Which clocks: both, real ones, or drills'."), drill_choices },
};
#undef AT

struct clock_hold_args {
	const char *clock;
	const char *person;
	const char *reason;
	int64_t for_ns;
};
#define AT(member) offsetof(struct clock_hold_args, member)
static const struct clock_hold_args hold_defaults = { .for_ns = 15 * 60 * NS_PER_S };
static const struct option hold_options[] = {
	{ "person", OPTION_TEXT, AT(person), N_("NAME"), N_("Who takes it."), NULL },
	{ "for", OPTION_DURATION, AT(for_ns), N_("TIME"),
		N_("How long it holds (15 min, at most 24 h)."), NULL },
	{ "reason", OPTION_TEXT, AT(reason), N_("TEXT"), N_("Why."), NULL },
};
static const struct operand hold_operands[] = { { N_("CLOCK"), AT(clock), true,
	N_("Its id, or the last digits that clock list shows.") } };
#undef AT

static enum status print_clocks(struct session *s, struct incident_session *is,
	const struct clock_filter *f, const struct legal_now *now, struct error *e)
{
	struct clock_row *rows = NULL;
	size_t n = 0;
	TRY(clocks_list(s->store, f, now, s->pool, &rows, &n, e));
	if (s->json) {
		json_t *list = json_array();
		for (size_t i = 0; i < n; i++)
			(void)json_array_append_new(
				list, render_clock_json(&rows[i], is->profiles));
		return session_print_json(json_pack("{s:o,s:o,s:b}", "clocks", list, "now",
						  render_time_json(now->wall_ns),
						  "clock_was_stepped", (int)now->stepped),
			e);
	}
	AUTO_BUF struct buf text;
	const struct render_terminal t = { (size_t)s->width, s->colour };
	buf_init(&text, RENDER_CEILING_BYTES);
	const struct clock_table table = { rows, n, now, is->profiles };
	TRY(render_clocks_terminal(&table, t, &text, e));
	return session_print(buf_view(&text), e);
}

static enum status cmd_list(struct session *s, const void *raw, struct error *e)
{
	static const int drills_of[] = { 0, -1, 1 };
	const struct clock_list_args *a = raw;
	AUTO_INCIDENT struct incident_session is = { .keys = NULL };
	struct legal_now now;
	struct incident i;
	struct clock_filter f = { .all = a->all, .drills = drills_of[a->drills] };
	TRY(session_has_home(s, e));
	TRY(incident_session_open(s, &is, e));
	TRY(legal_time_note(s->store, NULL, NULL, &now, e));
	if (a->incident != NULL) {
		TRY(incident_read(&is.context, a->incident, s->pool, &i, e));
		f.incident = &i.id;
	}
	return print_clocks(s, &is, &f, &now, e);
}

static enum status tell_hold(struct session *s, const struct clock_hold_args *a, int64_t until_ns,
	const char *sentence, struct error *e)
{
	char until[TIME_TEXT_MAX];
	if (s->json)
		return session_print_json(json_pack("{s:s,s:s,s:o}", "clock", a->clock, "person",
						  a->person, "until", render_time_json(until_ns)),
			e);
	AUTO_BUF struct buf text;
	buf_init(&text, 4096);
	buf_addf(&text, sentence, a->person, time_text(until_ns, until));
	buf_add_char(&text, '\n');
	TRY(buf_check(&text, "text", e));
	return session_print(buf_view(&text), e);
}

static enum status cmd_acknowledge(struct session *s, const void *raw, struct error *e)
{
	const struct clock_hold_args *a = raw;
	struct legal_now now;
	TRY(session_has_home(s, e));
	TRY(session_store(s, e));
	TRY(legal_time_note(s->store, NULL, NULL, &now, e));
	const int64_t until_ns = now.latest_ns + a->for_ns;
	TRY(clocks_acknowledge(s->store, a->clock, a->person, now.latest_ns, until_ns, e));
	return tell_hold(s, a, until_ns, _("%s has it until %s. The clock runs on."), e);
}

static enum status cmd_silence(struct session *s, const void *raw, struct error *e)
{
	const struct clock_hold_args *a = raw;
	struct legal_now now;
	TRY(session_has_home(s, e));
	TRY(session_store(s, e));
	TRY(legal_time_note(s->store, NULL, NULL, &now, e));
	const int64_t until_ns = now.latest_ns + a->for_ns;
	TRY(clocks_silence(s->store, a->clock, a->person, a->reason, now.latest_ns, until_ns, e));
	return tell_hold(s, a, until_ns, _("Silenced by %s until %s. The clock runs on."), e);
}

static const struct cli_command list_command = { "clock", "list",
	N_("Show every running duty: who owes what to whom, and the time left."), NULL,
	list_options, COUNT_OF(list_options), NULL, 0, sizeof(struct clock_list_args), NULL,
	cmd_list };
static const struct cli_command acknowledge_command = { "clock", "acknowledge",
	N_("Say who has a duty in hand. It expires, and the clock runs on."), NULL, hold_options,
	COUNT_OF(hold_options), hold_operands, COUNT_OF(hold_operands),
	sizeof(struct clock_hold_args), &hold_defaults, cmd_acknowledge };
static const struct cli_command silence_command = { "clock", "silence",
	N_("Mute a clock's alarm for a while. The clock runs on."), NULL, hold_options,
	COUNT_OF(hold_options), hold_operands, COUNT_OF(hold_operands),
	sizeof(struct clock_hold_args), &hold_defaults, cmd_silence };

static const struct cli_command *const commands[] = { &list_command, &acknowledge_command,
	&silence_command };
const struct noun cli_noun_clock = { "clock", N_("Legal clocks"), commands, COUNT_OF(commands) };
