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
	bool dry_run;
};
#define AT(member) offsetof(struct clock_hold_args, member)
static const struct clock_hold_args hold_defaults = { .for_ns = 15 * 60 * NS_PER_S };
static const struct option hold_options[] = {
	{ "person", OPTION_TEXT, AT(person), N_("NAME"), N_("Who takes it."), NULL },
	{ "for", OPTION_DURATION, AT(for_ns), N_("TIME"),
		N_("How long it holds (15 min, at most 24 h)."), NULL },
	{ "reason", OPTION_TEXT, AT(reason), N_("TEXT"), N_("Why."), NULL },
	{ "dry-run", OPTION_FLAG, AT(dry_run), NULL,
		N_("Check all of it and say what would be done; store and send nothing."), NULL },
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
	TRY(incident_number_clocks(&is->context, s->pool, rows, n, e));
	if (s->json) {
		json_t *list = json_array();
		for (size_t i = 0; i < n; i++) /* a clock that is left out is a duty missed */
			if (json_array_append_new(
				    list, render_clock_json(&rows[i], is->profiles)) != 0) {
				json_decref(list);
				return error_set(e, E_NO_SPACE, "memory is short");
			}
		return session_print_json(
			session_answer(s, json_pack("{s:o,s:o,s:b}", "clocks", list, "now",
						  render_time_json(now->wall_ns),
						  "clock_was_stepped", (int)now->stepped)),
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
	AUTO_INCIDENT struct incident_session is = { .profiles = NULL };
	struct legal_now now;
	struct incident i;
	struct clock_filter f = { .all = a->all, .drills = drills_of[a->drills] };
	s->reads = true;
	TRY(session_has_home(s, e));
	TRY(incident_session_open(s, &is, e));
	TRY(legal_time_note(s->store, NULL, NULL, &now, e));
	if (a->incident != NULL) {
		TRY(incident_read(&is.context, a->incident, s->pool, &i, e));
		f.incident = &i.id;
	}
	return print_clocks(s, &is, &f, &now, e);
}

/* The clock itself, to show that it runs on. `typed` has named one open clock. */
static enum status show_clock(struct session *s, struct incident_session *is, const char *typed,
	const struct legal_now *now, struct error *e)
{
	AUTO_BUF struct buf text;
	const struct render_terminal t = { (size_t)s->width, s->colour };
	const struct clock_filter open = { .all = false };
	struct clock_row *rows = NULL;
	size_t n = 0;
	const size_t n_typed = strlen(typed);
	buf_init(&text, RENDER_CEILING_BYTES);
	TRY(clocks_list(s->store, &open, now, s->pool, &rows, &n, e));
	TRY(incident_number_clocks(&is->context, s->pool, rows, n, e));
	for (size_t i = 0; i < n; i++) {
		const char *id = rows[i].id.text;
		const size_t n_id = strlen(id);
		if (n_typed > n_id || strcmp(id + n_id - n_typed, typed) != 0)
			continue;
		const struct clock_table table = { &rows[i], 1, now, is->profiles };
		TRY(render_clocks_terminal(&table, t, &text, e));
	}
	return session_print(buf_view(&text), e);
}

struct hold {
	const struct clock_hold_args *args;
	struct legal_now now;
	int64_t until_ns;
};

static enum status begin_hold(struct session *s, const struct clock_hold_args *a,
	struct incident_session *is, struct hold *out, struct error *e)
{
	out->args = a;
	incident_rehearse(s, a->dry_run);
	TRY(session_has_home(s, e));
	TRY(incident_session_open(s, is, e));
	TRY(legal_time_note(s->store, NULL, NULL, &out->now, e));
	if (__builtin_add_overflow(out->now.latest_ns, a->for_ns, &out->until_ns))
		return error_set(e, E_INVALID, "it may hold for 24 hours at most");
	return OK;
}

static enum status tell_hold(
	struct session *s, struct incident_session *is, const struct hold *h, struct error *e)
{
	if (s->json)
		return session_print_json(
			incident_answer(s,
				json_pack("{s:s,s:s,s:o}", "clock", h->args->clock, "person",
					h->args->person, "until", render_time_json(h->until_ns))),
			e);
	incident_say_rehearsed(s);
	if (!s->rehearsal)
		session_say(s, _("Noted. The clock runs on."));
	return show_clock(s, is, h->args->clock, &h->now, e);
}

static enum status cmd_acknowledge(struct session *s, const void *raw, struct error *e)
{
	const struct clock_hold_args *a = raw;
	AUTO_INCIDENT struct incident_session is = { .profiles = NULL };
	struct hold h;
	TRY(begin_hold(s, a, &is, &h, e));
	TRY(clocks_acknowledge(s->store, a->clock, a->person, h.now.latest_ns, h.until_ns, e));
	return tell_hold(s, &is, &h, e);
}

static enum status cmd_silence(struct session *s, const void *raw, struct error *e)
{
	const struct clock_hold_args *a = raw;
	AUTO_INCIDENT struct incident_session is = { .profiles = NULL };
	struct hold h;
	TRY(begin_hold(s, a, &is, &h, e));
	TRY(clocks_silence(
		s->store, a->clock, a->person, a->reason, h.now.latest_ns, h.until_ns, e));
	return tell_hold(s, &is, &h, e);
}

static const struct cli_command list_command = { "clock", "list",
	N_("Show every running duty: who owes what to whom, and the time left."), NULL,
	list_options, COUNT_OF(list_options), NULL, 0, sizeof(struct clock_list_args), NULL,
	cmd_list, NULL };
static const struct cli_command acknowledge_command = { "clock", "acknowledge",
	N_("Say who has a duty in hand. It expires, and the clock runs on."), NULL, hold_options,
	COUNT_OF(hold_options), hold_operands, COUNT_OF(hold_operands),
	sizeof(struct clock_hold_args), &hold_defaults, cmd_acknowledge, NULL };
static const struct cli_command silence_command = { "clock", "silence",
	N_("Mute a clock's alarm for a while. The clock runs on."), NULL, hold_options,
	COUNT_OF(hold_options), hold_operands, COUNT_OF(hold_operands),
	sizeof(struct clock_hold_args), &hold_defaults, cmd_silence, NULL };

static const struct cli_command *const commands[] = { &list_command, &acknowledge_command,
	&silence_command };
const struct noun cli_noun_clock = { "clock", N_("Legal clocks"), commands, COUNT_OF(commands) };
