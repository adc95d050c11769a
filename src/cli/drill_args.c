/*
 * Option rows of drill plan, plant and run.
 */
#include "cli/drill_args.h"

#include "base/i18n.h"

#define AT(member) offsetof(struct drill_args, member)

const struct drill_args drill_args_defaults = {
	.n_decoys = -1,
	.rate_files_per_s = -1,
	.seed = -1,
	.restore_limit_ns = -1,
	.rto_ns = -1,
	.rpo_ns = -1,
	.guard = DRILL_GUARD_AUTO,
	.from_ns = -1,
	.to_ns = -1,
};

static const char *const guard_choices[] = { "auto", "off", "external", NULL };

#define DECOYS_ROW                                                                                 \
	{                                                                                          \
		"decoys", OPTION_INT, AT(n_decoys), N_("N"),                                       \
			N_("How many decoys to plant; otherwise what the scenario says."), NULL    \
	}
#define ARENA_ROW                                                                                  \
	{                                                                                          \
		"arena", OPTION_TEXT, AT(arena), N_("DIR"),                                        \
			N_("The folder to plant in: absent, empty, or planted earlier. Choose a "  \
			   "place that your backup covers."),                                      \
			NULL                                                                       \
	}
#define RATE_ROW                                                                                   \
	{                                                                                          \
		"rate", OPTION_NUMBER, AT(rate_files_per_s), N_("N|unlimited"),                    \
			N_("Files a second; otherwise the scenario's published rate."), NULL       \
	}
#define SEED_ROW                                                                                   \
	{                                                                                          \
		"seed", OPTION_INT, AT(seed), N_("N"),                                             \
			N_("Repeat names, sizes and order of an earlier run; never the content."), \
			NULL                                                                       \
	}

#define PEOPLE_FILE_ROW                                                                            \
	{                                                                                          \
		"people-file", OPTION_TEXT, AT(people_file), N_("FILE"),                           \
			N_("The controller's answers to the people's steps (YAML or JSON, see "    \
			   "docs/people.md)."),                                                    \
			NULL                                                                       \
	}

const struct option drill_plan_options[N_DRILL_PLAN_OPTIONS] = {
	DECOYS_ROW,
	ARENA_ROW,
	RATE_ROW,
	SEED_ROW,
	PEOPLE_FILE_ROW,
	{ "paper-card", OPTION_FLAG, AT(paper_card), NULL,
		N_("Print the people's steps as a card for paper instead of the plan."), NULL },
};

const struct option drill_plant_options[N_DRILL_PLANT_OPTIONS] = {
	DECOYS_ROW,
	ARENA_ROW,
	SEED_ROW,
	{ "planted", OPTION_TEXT, AT(planted), N_("ID"),
		N_("Add a generation to the decoys of an earlier planting, wherever they lie."),
		NULL },
	{ "dry-run", OPTION_FLAG, AT(dry_run), NULL, N_("Show what would be planted, do nothing."),
		NULL },
};

const struct option drill_run_options[N_DRILL_RUN_OPTIONS] = {
	DECOYS_ROW,
	ARENA_ROW,
	RATE_ROW,
	SEED_ROW,
	{ "planted", OPTION_TEXT, AT(planted), N_("ID"),
		N_("Run on the arena that 'drill plant' made, with its dated generations."), NULL },
	{ "guard", OPTION_CHOICE, AT(guard), N_("auto|off|external"),
		N_("Which protection is being rehearsed: ours where it runs, none, or another "
		   "product."),
		guard_choices },
	{ "channel", OPTION_LIST, AT(channels), N_("SPEC"),
		N_("Where an alert would show: file:PATH:PATTERN, journal:PATTERN, webhook:PORT, "
		   "operator. May be repeated. Without one, detection is not assessed."),
		NULL },
	{ "backup", OPTION_TEXT, AT(backup), N_("CMD"),
		N_("Your own backup tool, run once after planting; {arena} is the folder. No "
		   "shell."),
		NULL },
	{ "restore", OPTION_TEXT, AT(restore), N_("CMD"),
		N_("Your own restore tool, run after a sample of decoys was destroyed; {arena} is "
		   "the folder, {list} a file naming the sample. No shell. Without it, recovery is "
		   "not assessed."),
		NULL },
	{ "restore-limit", OPTION_DURATION, AT(restore_limit_ns), N_("TIME"),
		N_("Longest time the restore may take (30m)."), NULL },
	{ "restore-writes", OPTION_LIST, AT(restore_writes), N_("DIR"),
		N_("A folder outside the arena that the restore may change. May be repeated."),
		NULL },
	{ "rto", OPTION_DURATION, AT(rto_ns), N_("TIME"), N_("Your recovery time objective (15m)."),
		NULL },
	{ "rpo", OPTION_DURATION, AT(rpo_ns), N_("TIME"), N_("Your recovery point objective (1d)."),
		NULL },
	{ "people", OPTION_FLAG, AT(people), NULL, N_("Ask the people's steps at this terminal."),
		NULL },
	PEOPLE_FILE_ROW,
	{ "out", OPTION_TEXT, AT(out), N_("DIR"),
		N_("Where the reports go; otherwise the drill's folder in the home."), NULL },
	{ "stop-file", OPTION_TEXT, AT(stop_file), N_("FILE"),
		N_("The drill stops within a second once this file exists."), NULL },
	{ "allowed-by", OPTION_TEXT, AT(allowed_by), N_("NAME"), N_("Who allowed this drill."),
		NULL },
	{ "scope", OPTION_TEXT, AT(scope), N_("TEXT"), N_("What the permission covers."), NULL },
	{ "call", OPTION_TEXT, AT(call), N_("TEXT"),
		N_("Whom the operations desk calls to stop it."), NULL },
	{ "from", OPTION_TIME, AT(from_ns), N_("TIME"), N_("Not before this time."), NULL },
	{ "to", OPTION_TIME, AT(to_ns), N_("TIME"), N_("Not after this time."), NULL },
	{ "yes", OPTION_FLAG, AT(yes), NULL,
		N_("Do not ask; needed where standard input is no terminal."), NULL },
	{ "dry-run", OPTION_FLAG, AT(dry_run), NULL, N_("Show plan and card, do nothing."), NULL },
};

const struct operand drill_scenario_operand[1] = {
	{ N_("SCENARIO"), AT(scenario), false,
		N_("Which scenario ('drill list' names them); otherwise 'standard'.") },
};

enum status drill_args_check(const struct drill_args *args, struct error *e)
{
	const struct {
		const char *name;
		int64_t ns;
	} times[] = { { "restore-limit", args->restore_limit_ns }, { "rto", args->rto_ns },
		{ "rpo", args->rpo_ns } };
	for (size_t i = 0; i < COUNT_OF(times); i++)
		if (times[i].ns == 0)
			return error_set(e, E_USAGE, "option --%s: a time of 0 cannot be met",
				times[i].name);
	return OK;
}

/* Not said, for the drill. */
static int64_t or_none(int64_t ns)
{
	return ns < 0 ? 0 : ns;
}

void drill_request_from(const struct drill_args *args, struct drill_request *out)
{
	*out = (struct drill_request){
		.scenario = args->scenario,
		.arena = args->arena,
		.n_decoys = args->n_decoys,
		.rate_files_per_s = args->rate_files_per_s,
		.has_seed = args->seed >= 0,
		.seed = args->seed >= 0 ? (uint64_t)args->seed : 0,
		.guard = (enum drill_guard)args->guard,
		.channels = args->channels.at,
		.n_channels = args->channels.n,
		.backup = args->backup,
		.restore = args->restore,
		.restore_limit_ns = or_none(args->restore_limit_ns),
		.rto_target_s = (double)or_none(args->rto_ns) / (double)NS_PER_S,
		.rpo_target_s = (double)or_none(args->rpo_ns) / (double)NS_PER_S,
		.restore_writes = args->restore_writes.at,
		.n_restore_writes = args->restore_writes.n,
		.people_file = args->people_file,
		.people_terminal = args->people,
		.out_folder = args->out,
		.stop_file = args->stop_file,
		.authority = {
			.allowed_by = args->allowed_by == NULL ? "" : args->allowed_by,
			.scope = args->scope == NULL ? "" : args->scope,
			.call = args->call == NULL ? "" : args->call,
			.window_from_ns = args->from_ns,
			.window_to_ns = args->to_ns,
		},
	};
}
