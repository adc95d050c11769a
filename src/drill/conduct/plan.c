/*
 * Puts the plan together: scenario, arena, planned decoys, budget, locks. Makes nothing but an
 * empty folder in the state folder, on which the locks are tried, and removes it.
 */
#include "drill/conduct/plan.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/random.h"
#include "drill/attack/attack.h"
#include "drill/conduct/conduct.h"
#include "drill/conduct/settings.h"
#include "drill/decoy/budget.h"
#include "drill/decoy/corpus.h"
#include "drill/keep/history.h"
#include "drill/people/authority.h"
#include "drill/plain.h"
#include "sys/host.h"

static enum status no_memory(struct error *e)
{
	return error_set(e, E_NO_SPACE, "no memory for the plan");
}

/* --- the list
 * ------------------------------------------------------------------------------------- */

static const char *kind_word(enum scenario_kind kind)
{
	switch (kind) {
	case SCENARIO_PATTERN:
		return "pattern";
	case SCENARIO_DRILL:
		return "drill";
	case SCENARIO_BENIGN:
		return "benign";
	}
	return "";
}

static enum status fill_row(
	const struct scenario *s, struct pool *p, struct drill_scenario_row *out, struct error *e)
{
	const char **attack = pool_take(p, s->n_attack + 1, sizeof *attack);
	if (attack == NULL)
		return no_memory(e);
	memcpy(attack, s->attack, s->n_attack * sizeof *attack);
	bool assumed = s->n_assumed > 0;
	for (size_t i = 0; i < s->n_regions; i++)
		assumed |= s->regions[i].assumed;
	*out = (struct drill_scenario_row){ .id = s->id,
		.name = s->name,
		.summary = s->summary,
		.source = s->source,
		.kind = kind_word(s->kind),
		.attack = attack,
		.n_attack = s->n_attack,
		.rate_files_per_s = s->rate_files_per_s,
		.n_decoys = s->n_decoys,
		.assumed = assumed };
	return OK;
}

/* What most people look for stands first: the ready drills in the order in which one comes to need
 * them, the control, scenarios of one's own, then the patterns that they are built on. */
static size_t rank_of(const struct drill_scenario_row *r)
{
	static const char *const first[] = { "standard", "fast-actor", "quick", "benign-twin" };
	static const char *const kinds[] = { "drill", "benign", "pattern" };
	size_t rank = 0;
	while (rank < COUNT_OF(first) && strcmp(first[rank], r->id) != 0)
		rank++;
	for (size_t i = 0; rank >= COUNT_OF(first) && i < COUNT_OF(kinds); i++)
		if (strcmp(kinds[i], r->kind) == 0)
			rank += i;
	return rank;
}

static int compare_rows(const void *left, const void *right)
{
	const struct drill_scenario_row *a = left;
	const struct drill_scenario_row *b = right;
	size_t rank_a = rank_of(a);
	size_t rank_b = rank_of(b);
	if (rank_a != rank_b)
		return rank_a < rank_b ? -1 : 1;
	return strcmp(a->id, b->id);
}

/* `why` begins with the file's name in the home, which `file` has whole. */
static enum status fill_refused(const struct drill_context *c, const char *id, const char *why,
	struct pool *p, struct drill_scenario_refused *out, struct error *e)
{
	const char *within = pool_textf(p, "scenarios/%s.yaml", id);
	if (within == NULL)
		return no_memory(e);
	struct view reason = view_of(why);
	if (view_starts_with(reason, view_of(within))) {
		reason.at += strlen(within);
		reason.len -= strlen(within);
		if (view_starts_with(reason, VIEW(": "))) {
			reason.at += 2;
			reason.len -= 2;
		}
	}
	*out = (struct drill_scenario_refused){ .id = id,
		.file = pool_textf(p, "%s/%s", c->home, within),
		.reason = plain_line(p, reason, 1024) };
	return out->file == NULL || out->reason == NULL ? no_memory(e) : OK;
}

enum status drill_scenarios(const struct drill_context *c, struct pool *p,
	struct drill_scenario_list *out, struct error *e)
{
	const char **ids;
	size_t n;
	TRY(scenario_ids(c->home, p, &ids, &n, e));
	struct scenario *s = pool_take(p, 1, sizeof *s);
	struct drill_scenario_list list = { .rows = pool_take(p, n, sizeof *list.rows),
		.refused = pool_take(p, n, sizeof *list.refused) };
	if (s == NULL || list.rows == NULL || list.refused == NULL)
		return no_memory(e);
	for (size_t i = 0; i < n; i++) {
		struct error why = ERROR_NONE;
		/* Those built in are sound (tests); what is not is a file of the home's. */
		if (scenario_find(c->home, ids[i], p, s, &why) == OK)
			TRY(fill_row(s, p, &list.rows[list.n_rows++], e));
		else
			TRY(fill_refused(
				c, ids[i], why.text, p, &list.refused[list.n_refused++], e));
	}
	qsort(list.rows, list.n_rows, sizeof *list.rows, compare_rows);
	*out = list;
	return OK;
}

/* --- the arena
 * ------------------------------------------------------------------------------------ */

enum status drill_place_set(
	const struct drill_context *c, struct pool *p, const char **out, struct error *e)
{
	struct drill_settings settings;
	TRY(settings_read(c->home, p, &settings, e));
	*out = settings.arena;
	return OK;
}

enum status drill_place_default(struct pool *p, const char **out, struct error *e)
{
	const char *folder = geteuid() == 0 ? "/srv" : getenv("HOME");
	if (folder == NULL || folder[0] != '/')
		return error_set(e, E_INVALID, "HOME names no folder, so the arena must be named");
	*out = pool_textf(
		p, "%s%stocsin-drill", folder, folder[strlen(folder) - 1] == '/' ? "" : "/");
	return *out == NULL ? no_memory(e) : OK;
}

enum status drill_default_arena(
	const struct drill_context *c, struct pool *p, const char **out, struct error *e)
{
	TRY(drill_place_set(c, p, out, e));
	return *out == NULL ? drill_place_default(p, out, e) : OK;
}

/* --- one plan
 * ------------------------------------------------------------------------------------- */

struct planner {
	const struct drill_context *c;
	const struct drill_request *r;
	enum plan_for purpose;
	struct pool *p;
	struct scenario *scenario;
	const char *arena;
	const char *id; /* of the planting that stands there; NULL */
	const char *blocked_by;
	struct manifest *so_far; /* NULL: nothing stands there */
	struct manifest plan;
	struct file_system file_system;
	double rate;
	uint64_t seed;
};

/* What is to be undone first is in the way of a run and not of a plan. The file system is looked at
 * beside the arena, as if that were not there any more. */
static enum status look_beside(struct planner *pl, struct error *e)
{
	enum drill_state state = STATE_UNDONE;
	TRY(history_of_arena(pl->c->store, pl->arena, pl->p, &pl->blocked_by, &state, e));
	const char *beside = pool_textf(pl->p, "%s.next", pl->arena);
	if (beside == NULL)
		return no_memory(e);
	return planting_check(beside, pl->c->home, NULL, &pl->file_system, e);
}

static enum status find_arena(struct planner *pl, struct error *e)
{
	const char *wanted = pl->r->arena;
	if (wanted == NULL)
		TRY(drill_default_arena(pl->c, pl->p, &wanted, e));
	TRY(conduct_arena_path(wanted, pl->p, &pl->arena, e));
	enum status status = arena_owner(pl->c, pl->arena, pl->p, &pl->id, e);
	if (status == E_CONFLICT && pl->purpose == PLAN_LOOK)
		return look_beside(pl, e);
	TRY(status);
	if (pl->id != NULL) {
		AUTO_FD int keep_fd = -1;
		TRY(keep_open(pl->c->home, pl->id, &keep_fd, e));
		pl->so_far = pool_take(pl->p, 1, sizeof *pl->so_far);
		if (pl->so_far == NULL)
			return no_memory(e);
		TRY(planting_load(keep_fd, pl->p, pl->so_far, e));
	}
	return planting_check(pl->arena, pl->c->home, pl->so_far, &pl->file_system, e);
}

enum status drill_place_look(const struct drill_context *c, const char *path, struct pool *p,
	struct drill_place *out, struct error *e)
{
	const struct drill_request r = { .arena = path };
	struct planner pl = { .c = c, .r = &r, .p = p };
	TRY(find_arena(&pl, e));
	*out = (struct drill_place){ .path = pl.arena,
		.file_system = pool_text(p, view_of(pl.file_system.kind)),
		.free_bytes = pl.file_system.free_bytes,
		.planted = pl.id != NULL };
	return out->file_system == NULL ? no_memory(e) : OK;
}

/* An arena keeps the scenario that it was planted for: its size classes are that one's. */
static enum status find_scenario(struct planner *pl, struct error *e)
{
	struct drill_row *rows = NULL;
	size_t n = 0;
	const char *wanted = pl->r->scenario;
	if (pl->id != NULL && pl->c->store != NULL)
		TRY(drill_history(pl->c, pl->p, &rows, &n, e));
	for (size_t i = 0; i < n; i++) {
		if (strcmp(rows[i].id, pl->id) != 0)
			continue;
		if (wanted != NULL && strcmp(wanted, rows[i].scenario) != 0)
			return error_set(e, E_CONFLICT,
				"'%s' was planted for the scenario '%s', not for '%s'", pl->arena,
				rows[i].scenario, wanted);
		wanted = rows[i].scenario;
	}
	return scenario_find(
		pl->c->home, wanted == NULL ? "standard" : wanted, pl->p, pl->scenario, e);
}

/* The same for the plan and for the run that follows it, another one for the run after that. */
static enum status choose_seed(struct planner *pl, struct error *e)
{
	struct drill_row *rows = NULL;
	size_t n = 0;
	struct host_name host;
	struct digest d;
	pl->seed = pl->r->seed;
	if (pl->r->has_seed)
		return OK;
	if (pl->c->store != NULL)
		TRY(drill_history(pl->c, pl->p, &rows, &n, e));
	host_name_read(&host);
	const char *text = pool_textf(pl->p, "tocsin plan\n%s\n%s\n%s\n%s", host.machine_id,
		host.name, pl->scenario->id, n == 0 ? "first" : rows[0].id);
	if (text == NULL)
		return no_memory(e);
	d = digest_of(text, strlen(text));
	memcpy(&pl->seed, d.bytes, sizeof pl->seed);
	return OK;
}

static enum status plan_decoys(struct planner *pl, struct error *e)
{
	int64_t n = pl->r->n_decoys < 0 ? pl->scenario->n_decoys : pl->r->n_decoys;
	if (n == 0 || n > MANIFEST_FILES_MAX)
		return error_set(
			e, E_INVALID, "the number of decoys must be 1 to %d", MANIFEST_FILES_MAX);
	if (pl->so_far != NULL && pl->purpose != PLAN_GENERATION) {
		pl->plan = *pl->so_far;
		return OK;
	}
	struct dice d;
	dice_init(&d, pl->seed);
	uint32_t generation = pl->so_far == NULL ? 0 : pl->so_far->n_generations;
	struct corpus_request request = { pl->scenario, (uint32_t)n, generation,
		clock_wall_ns(pl->c->clock), pl->so_far };
	return corpus_plan(&request, &d, pl->p, &pl->plan, e);
}

static enum status plan_budget(struct planner *pl, struct drill_budget *out, struct error *e)
{
	TRY(budget_compute(pl->scenario, &pl->plan, pl->rate, out, e));
	TRY(budget_check(pl->scenario, out, e));
	if (pl->so_far != NULL) {
		/* What stands there already takes no more of the free space. */
		struct drill_budget standing;
		TRY(budget_compute(pl->scenario, pl->so_far, 0, &standing, e));
		out->free_needed_bytes -= standing.bytes_planted < out->free_needed_bytes
						  ? standing.bytes_planted
						  : out->free_needed_bytes;
	}
	return budget_fit(out, &pl->file_system, e);
}

/* All by descriptor, and given away only where it is the folder that was made: `within` may be one
 * that others make names in. */
static enum status try_locks_in(int within_fd, const char *name, uid_t uid, gid_t gid,
	struct drill_plan *out, struct error *e)
{
	AUTO_FD int folder_fd = -1;
	struct file_identity who;
	TRY(file_open_beneath(within_fd, name, O_RDONLY | O_DIRECTORY, 0, &folder_fd, e));
	TRY(file_identify(folder_fd, &who, e));
	if (who.uid != geteuid())
		return error_set(
			e, E_DENIED, "the folder '%s' was exchanged by uid %u", name, who.uid);
	if (geteuid() == 0 && fchown(folder_fd, uid, gid) != 0)
		return error_sys(e, E_FAILED, errno, "give away '%s'", name);
	return confine_probe(folder_fd, uid, gid, &out->locks, &out->why_not, e);
}

/* The locks are tried on a folder of the role's own, as the arena will be one; in the system's
 * place for such things where there is no state folder yet. */
static enum status try_locks(const struct planner *pl, struct drill_plan *out, struct error *e)
{
	uid_t uid = pl->so_far == NULL ? 0 : pl->so_far->uid;
	gid_t gid = pl->so_far == NULL ? 0 : pl->so_far->gid;
	AUTO_FD int within_fd = -1;
	uint64_t number;
	char name[32];
	if (pl->so_far == NULL)
		TRY(confine_pick_uid(pl->seed, &uid, &gid, e));
	struct stat st;
	const char *within = lstat(pl->c->home, &st) == 0 ? pl->c->home : "/tmp";
	if (within == pl->c->home)
		TRY(file_check_own_folder(within, e));
	TRY(file_open_folder(within, &within_fd, e));
	random_bytes(&number, sizeof number);
	(void)snprintf(name, sizeof name, "locks.%016llx", (unsigned long long)number);
	if (mkdirat(within_fd, name, 0700) != 0)
		return error_sys(e, E_FAILED, errno, "make a folder in '%s'", within);
	enum status status = try_locks_in(within_fd, name, uid, gid, out, e);
	if (unlinkat(within_fd, name, AT_REMOVEDIR) != 0 && status == OK)
		status = error_sys(e, E_FAILED, errno, "remove '%s/%s'", within, name);
	return status;
}

static const char *id_of_run(const struct planner *pl)
{
	if (pl->id != NULL)
		return pl->id;
	struct id fresh = id_new(clock_wall_ns(pl->c->clock));
	return pool_text(pl->p, view_of(fresh.text));
}

static enum status fill_people(
	const struct planner *pl, struct drill_plan_people *out, struct error *e)
{
	struct people_settings settings;
	bool complete = true;
	TRY(settings_of_people(pl->c, pl->r->people_file, pl->p, &settings, &complete, e));
	*out = (struct drill_plan_people){ .terminal = pl->r->people_terminal,
		.file = pl->r->people_file,
		.authority_due_ns = settings.authority_due_ns,
		.authority_rule = settings.authority_rule };
	return OK;
}

static enum status fill_plan(struct planner *pl, struct drill_plan *out, struct error *e)
{
	TRY(fill_row(pl->scenario, pl->p, &out->scenario, e));
	TRY(plan_budget(pl, &out->budget, e));
	TRY(try_locks(pl, out, e));
	out->id = id_of_run(pl);
	out->home = pl->c->home;
	out->arena = pl->arena;
	out->file_system = pool_text(pl->p, view_of(pl->file_system.kind));
	out->free_bytes = pl->file_system.free_bytes;
	out->marker = DRILL_MARKER;
	out->process_name = EMULATOR_PROCESS_NAME;
	out->rate_files_per_s = pl->rate;
	out->seed = pl->seed;
	out->blocked_by = pl->blocked_by;
	TRY(authority_settle(&pl->r->authority, pl->arena, pl->p, &out->authority, e));
	return out->file_system == NULL || out->id == NULL ? no_memory(e) : OK;
}

/* Here, so that nobody reads a card and consents to a drill that is then refused. */
static enum status check_commands(const struct drill_request *r, struct error *e)
{
	if (r->restore != NULL && restore_check(r->restore, e) != OK)
		return error_wrap(e, "--restore");
	if (r->backup != NULL && restore_check(r->backup, e) != OK)
		return error_wrap(e, "--backup");
	return OK;
}

enum status plan_make(const struct drill_context *c, const struct drill_request *r,
	enum plan_for purpose, struct pool *p, struct drill_plan *out, struct error *e)
{
	struct planner pl = { .c = c, .r = r, .purpose = purpose, .p = p };
	struct drill_plan plan = { .free_bytes = 0 };
	pl.scenario = pool_take(p, 1, sizeof *pl.scenario);
	if (pl.scenario == NULL)
		return no_memory(e);
	TRY(check_commands(r, e));
	TRY(fill_people(&pl, &plan.people, e));
	if (r->scenario != NULL) /* a name that is none is told whatever stands in the arena */
		TRY(scenario_find(c->home, r->scenario, p, pl.scenario, e));
	TRY(find_arena(&pl, e));
	TRY(find_scenario(&pl, e));
	/* Any negative rate stands for the scenario's own. */
	pl.rate = r->rate_files_per_s < 0 ? pl.scenario->rate_files_per_s : r->rate_files_per_s;
	TRY(choose_seed(&pl, e));
	TRY(plan_decoys(&pl, e));
	TRY(fill_plan(&pl, &plan, e));
	*out = plan;
	return OK;
}

enum status drill_plan(const struct drill_context *c, const struct drill_request *r, struct pool *p,
	struct drill_plan *out, struct error *e)
{
	return plan_make(c, r, PLAN_RUN, p, out, e);
}

enum status drill_plan_look(const struct drill_context *c, const struct drill_request *r,
	struct pool *p, struct drill_plan *out, struct error *e)
{
	return plan_make(c, r, PLAN_LOOK, p, out, e);
}

enum status drill_plan_planting(const struct drill_context *c, const struct drill_request *r,
	struct pool *p, struct drill_plan *out, struct error *e)
{
	return plan_make(c, r, PLAN_GENERATION, p, out, e);
}
