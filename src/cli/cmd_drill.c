/*
 * tocsin drill: the rows, and the commands that come before a run.
 */
#include "cli/cmd_drill.h"

#include "base/i18n.h"
#include "cli/arena.h"
#include "cli/cli.h"
#include "cli/hint.h"
#include "cli/live.h"
#include "cli/verify.h"
#include "render/render.h"

struct drill_context drill_context_of(const struct session *s)
{
	return (struct drill_context){ .home = s->home, .store = s->store, .clock = NULL };
}

static json_t *scenario_json(const struct drill_scenario_row *row)
{
	json_t *attack = json_array();
	for (size_t i = 0; i < row->n_attack; i++)
		(void)json_array_append_new(attack, json_string(row->attack[i]));
	bool zh = i18n_language() == LANGUAGE_ZH;
	return json_pack("{s:s,s:s,s:s,s:s,s:s,s:o,s:f,s:i,s:b}", "id", row->id, "name",
		zh ? row->name.zh : row->name.en, "summary", zh ? row->summary.zh : row->summary.en,
		"kind", row->kind, "source", zh ? row->source.zh : row->source.en, "attack", attack,
		"rate_files_per_s", row->rate_files_per_s, "decoys", (int)row->n_decoys, "assumed",
		(int)row->assumed);
}

static enum status print_scenarios(
	struct session *s, const struct drill_scenario_list *l, struct error *e)
{
	if (s->json) {
		json_t *list = json_array();
		json_t *refused = json_array();
		for (size_t i = 0; i < l->n_rows; i++)
			(void)json_array_append_new(list, scenario_json(&l->rows[i]));
		for (size_t i = 0; i < l->n_refused; i++)
			(void)json_array_append_new(refused,
				json_pack("{s:s,s:s,s:s}", "id", l->refused[i].id, "file",
					l->refused[i].file, "reason", l->refused[i].reason));
		return session_print_json(
			json_pack("{s:o,s:o}", "scenarios", list, "refused", refused), e);
	}
	AUTO_BUF struct buf text;
	buf_init(&text, RENDER_CEILING_BYTES);
	struct render_terminal t = { (size_t)s->width, s->colour };
	TRY(render_scenarios_terminal(l->rows, l->n_rows, t, &text, e));
	return session_print(buf_view(&text), e);
}

/* One bad file of the home's does not hide the others. */
static enum status cmd_list(struct session *s, const void *args, struct error *e)
{
	(void)args;
	struct drill_scenario_list list;
	const struct drill_context context = drill_context_of(s);
	TRY(drill_scenarios(&context, s->pool, &list, e));
	TRY(print_scenarios(s, &list, e));
	for (size_t i = 0; i < list.n_refused; i++)
		(void)fprintf(
			stderr, "tocsin: %s: %s\n", list.refused[i].file, list.refused[i].reason);
	s->told = true; /* each has been named */
	return list.n_refused == 0 ? OK : E_PARTLY;
}

static void append_lock(const char *name, void *context)
{
	(void)json_array_append_new(context, json_string(name));
}

static json_t *plan_json(const struct drill_plan *plan)
{
	const struct drill_budget *b = &plan->budget;
	json_t *locks = json_array();
	confine_lock_names(&plan->locks, append_lock, locks);
	json_t *budget = json_pack("{s:I,s:I,s:f,s:I,s:I,s:I,s:I,s:I,s:I,s:I}", "files",
		(json_int_t)b->n_files, "bytes", (json_int_t)b->n_bytes, "seconds", b->seconds,
		"folders", (json_int_t)b->n_folders, "decoys", (json_int_t)b->n_decoys,
		"bytes_planted", (json_int_t)b->bytes_planted, "bytes_changed",
		(json_int_t)b->bytes_changed, "largest_file_bytes",
		(json_int_t)b->largest_file_bytes, "free_needed_bytes",
		(json_int_t)b->free_needed_bytes, "free_kept_bytes",
		(json_int_t)b->free_kept_bytes);
	json_t *people = json_pack("{s:b,s:s?,s:I,s:s}", "terminal", (int)plan->people.terminal,
		"file", plan->people.file, "authority_due_s",
		(json_int_t)(plan->people.authority_due_ns / NS_PER_S), "authority_rule",
		plan->people.authority_rule.en);
	return json_pack("{s:s,s:o,s:o,s:s,s:s,s:I,s:f,s:s,s:s,s:o}", "scenario", plan->scenario.id,
		"budget", budget, "locks", locks, "arena", plan->arena, "file_system",
		plan->file_system, "free_bytes", (json_int_t)plan->free_bytes, "rate_files_per_s",
		plan->rate_files_per_s, "marker", plan->marker, "process_name", plan->process_name,
		"people", people);
}

static json_t *step_json(const struct drill_step *step)
{
	return json_pack("{s:s,s:{s:s,s:s},s:{s:s,s:s},s:s,s:I,s:{s:s,s:s}}", "id", step->id,
		"title", "en", step->title.en, "zh", step->title.zh, "inject", "en",
		step->inject.en, "zh", step->inject.zh, "role", step->role, "due_s",
		(json_int_t)(step->due_ns / NS_PER_S), "rule", "en", step->rule.en, "zh",
		step->rule.zh);
}

static enum status print_paper_card(
	struct session *s, const struct drill_args *args, struct error *e)
{
	struct drill_step *steps;
	size_t n;
	const struct drill_context context = drill_context_of(s);
	TRY(drill_people_steps(&context, args->people_file, s->pool, &steps, &n, e));
	AUTO_BUF struct buf text;
	buf_init(&text, RENDER_CEILING_BYTES);
	if (s->json) {
		TRY(render_people_template(steps, n, &text, e));
		json_t *list = json_array();
		for (size_t i = 0; i < n; i++)
			(void)json_array_append_new(list, step_json(&steps[i]));
		return session_print_json(
			json_pack("{s:o,s:s}", "steps", list, "template", buf_text(&text)), e);
	}
	TRY(render_paper_card(steps, n, NULL, &text, e));
	return session_print(buf_view(&text), e);
}

static void append_off(json_t *list, bool in_force, const char *lock, const char *why_not)
{
	if (!in_force)
		(void)json_array_append_new(
			list, json_pack("{s:s,s:s}", "lock", lock, "reason", why_not));
}

static json_t *locks_off_json(const struct drill_plan *plan)
{
	json_t *off = json_array();
	append_off(off, plan->locks.landlock_abi > 0, "landlock", plan->why_not.landlock);
	append_off(
		off, plan->locks.mount_namespace, "mount-namespace", plan->why_not.mount_namespace);
	append_off(off, plan->locks.own_uid, "uid", _("the drill is not started by root"));
	return off;
}

json_t *drill_plan_json(const struct drill_plan *plan)
{
	json_t *o = plan_json(plan);
	(void)json_object_set_new(o, "locks_off", locks_off_json(plan));
	const struct drill_authority *a = &plan->authority;
	(void)json_object_set_new(o, "authority",
		json_pack("{s:s,s:s,s:s}", "allowed_by", a->allowed_by, "scope", a->scope, "call",
			a->call));
	(void)json_object_set_new(o, "blocked_by",
		plan->blocked_by == NULL ? json_null() : json_string(plan->blocked_by));
	return o;
}

static enum status print_plan(struct session *s, const struct drill_plan *plan, struct error *e)
{
	if (s->json)
		return session_print_json(drill_plan_json(plan), e);
	AUTO_BUF struct buf text;
	buf_init(&text, RENDER_CEILING_BYTES);
	struct render_terminal t = { (size_t)s->width, s->colour };
	TRY(render_plan_terminal(plan, t, &text, e));
	return session_print(buf_view(&text), e);
}

static enum status cmd_plan(struct session *s, const void *raw, struct error *e)
{
	if (((const struct drill_args *)raw)->paper_card)
		return print_paper_card(s, raw, e);
	struct drill_request request;
	struct drill_plan plan;
	drill_request_from(raw, &request);
	/* The next run's plan depends on the runs before it; a home that is not there has none. */
	enum status home = session_has_home(s, e);
	if (home != E_ABSENT)
		TRY(home);
	*e = ERROR_NONE;
	s->reads = true;
	if (home == OK)
		TRY(session_store(s, e));
	const struct drill_context context = drill_context_of(s);
	TRY(arena_settle(s, raw, ARENA_TELL, &request.arena, e));
	TRY(drill_plan_look(&context, &request, s->pool, &plan, e));
	TRY(print_plan(s, &plan, e));
	if (!s->json && plan.blocked_by == NULL)
		session_say(s, _("Nothing has happened yet: `tocsin drill run` with the same words "
				 "runs it."));
	return OK;
}

static enum status cmd_plant(struct session *s, const void *raw, struct error *e)
{
	const struct drill_args *args = raw;
	struct drill_request request;
	struct drill_planting planted;
	struct live live;
	struct drill_watch watch;
	drill_request_from(args, &request);
	TRY(session_store(s, e));
	const struct drill_context context = drill_context_of(s);
	TRY(arena_settle(s, args, args->dry_run ? ARENA_TELL : ARENA_ASK, &request.arena, e));
	if (args->dry_run) {
		struct drill_plan plan;
		TRY(drill_plan_planting(&context, &request, s->pool, &plan, e));
		return print_plan(s, &plan, e);
	}
	live_start(&live, s, false, &watch);
	enum status status = drill_plant(&context, &request, &watch, s->pool, &planted, e);
	live_end(&live);
	TRY(status);
	char at[TIME_TEXT_MAX];
	if (s->json)
		return session_print_json(
			json_pack("{s:s,s:s,s:i,s:i,s:I,s:s}", "id", planted.id, "arena",
				planted.arena, "generation", (int)planted.generation, "files",
				(int)planted.n_files, "bytes", (json_int_t)planted.n_bytes,
				"planted_at", time_text(planted.planted_ns, at)),
			e);
	AUTO_BUF struct buf text;
	buf_init(&text, 64 * KIB);
	buf_addf(&text, _("Planted generation %u: %u decoys, %.1f MiB, in %s"), planted.generation,
		planted.n_files, (double)planted.n_bytes / (double)MIB, planted.arena);
	buf_add_char(&text, '\n');
	buf_addf(&text,
		_("Let your backup run. Plant again on another day for a recovery point, or run "
		  "the drill: %s"),
		hint_command(s, "drill run --planted", planted.id));
	buf_add_char(&text, '\n');
	return session_print(buf_view(&text), e);
}

static enum status cmd_verify(struct session *s, const void *raw, struct error *e)
{
	return verify_file(s, raw, e);
}

static const struct option undo_options[] = {
	{ "dry-run", OPTION_FLAG, offsetof(struct drill_id_args, dry_run), NULL,
		N_("Show what would be put back, do nothing."), NULL },
};
static const struct operand id_operand[1] = {
	{ N_("ID"), offsetof(struct drill_id_args, id), true, N_("The drill or planting.") },
};
static const struct operand optional_id_operand[1] = {
	{ N_("ID"), offsetof(struct drill_id_args, id), false,
		N_("The drill; without it, the list of all.") },
};

static const struct cli_command list = { "drill", "list", N_("List the scenarios."), NULL, NULL, 0,
	NULL, 0, 0, NULL, cmd_list, NULL };
static const struct cli_command plan = { "drill", "plan",
	N_("Show what a drill can do at most, before anything happens."),
	N_("Prints the provable budget (files, bytes, seconds, folders), the free space that is "
	   "needed and "
	   "kept, and the locks that this kernel gives. Changes nothing."),
	drill_plan_options, N_DRILL_PLAN_OPTIONS, drill_scenario_operand, 1,
	sizeof(struct drill_args), &drill_args_defaults, cmd_plan, NULL };
static const struct cli_command plant = { "drill", "plant",
	N_("Plant decoys ahead of a drill, one dated generation a day."),
	N_("A restore can only be given a recovery point when decoys were planted on different "
	   "days and "
	   "your backup ran in between. Repeat with the same --arena."),
	drill_plant_options, N_DRILL_PLANT_OPTIONS, drill_scenario_operand, 1,
	sizeof(struct drill_args), &drill_args_defaults, cmd_plant, NULL };
static const struct cli_command run = { "drill", "run",
	N_("Run a ransomware drill on planted decoys, from plan to score."),
	N_("Plants decoys, changes them as a ransomware family would, senses who noticed and who "
	   "stopped it, "
	   "destroys a sample and lets your own backup tool bring it back, scores the outcome, "
	   "writes the "
	   "report and a signed record. Nothing outside the arena can be reached: the kernel "
	   "enforces it "
	   "(see SECURITY.md). 'drill undo' puts everything back and removes the decoys."),
	drill_run_options, N_DRILL_RUN_OPTIONS, drill_scenario_operand, 1,
	sizeof(struct drill_args), &drill_args_defaults, cmd_drill_run, NULL };
static const struct cli_command stop = { "drill", "stop",
	N_("Stop a running drill within a second."), NULL, NULL, 0, id_operand, 1,
	sizeof(struct drill_id_args), NULL, cmd_drill_stop, NULL };
static const struct cli_command undo = { "drill", "undo",
	N_("Put every decoy back, prove it by hash, then remove what was planted."),
	N_("Works after a kill or a power cut at any point, and twice in a row. What is not proven "
	   "to be "
	   "ours is left where it is and named."),
	undo_options, COUNT_OF(undo_options), id_operand, 1, sizeof(struct drill_id_args), NULL,
	cmd_drill_undo, NULL };
static const struct cli_command show = { "drill", "show",
	N_("Show a drill's scorecard, or list all drills."), NULL, NULL, 0, optional_id_operand, 1,
	sizeof(struct drill_id_args), NULL, cmd_drill_show, NULL };
static const struct cli_command verify = { "drill", "verify",
	N_("Check a drill's signed record: unchanged, complete, by a known key."),
	N_("Only the keys of this home, or the key that --key names, are trusted. The check proves "
	   "that "
	   "nothing was changed after signing; it does not prove that what was written is true."),
	verify_options, 1, verify_operands, 1, sizeof(struct verify_args), NULL, cmd_verify, NULL };

static const struct cli_command *const commands[] = { &list, &plan, &plant, &run, &stop, &undo,
	&show, &verify };
const struct noun cli_noun_drill = { "drill", N_("Ransomware drill on planted decoys"), commands,
	COUNT_OF(commands) };
