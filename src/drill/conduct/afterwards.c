/*
 * After a run, or instead of one: stop, undo, and planting on its own.
 */
#include "drill/conduct/afterwards.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/i18n.h"
#include "drill/conduct/conduct.h"
#include "drill/conduct/plan.h"
#include "drill/conduct/settings.h"
#include "drill/decoy/planting.h"
#include "drill/keep/history.h"
#include "drill/keep/keep.h"
#include "drill/restore/restore.h"
#include "drill/undo/undo.h"
#include "drill/witness/witness.h"
#include "sys/file.h"

#define SCENARIO_TEXT_MAX (256 * KIB)
#define JOURNAL_READ_MAX (256 * MIB)

/* --- stop --- */

enum status drill_stop(const struct drill_context *c, const char *id, struct error *e)
{
	AUTO_FD int keep = -1;
	TRY(keep_open(c->home, id, &keep, e));
	struct id holder;
	if (!keep_locked(c->home, &holder) || strcmp(holder.text, id) != 0)
		return error_set(e, E_CONFLICT, "drill %s is not running", id);
	AUTO_FD int fd = -1;
	return file_open_beneath(keep, KEEP_STOP, O_WRONLY | O_CREAT, 0600, &fd, e);
}

/* --- undo --- */

static enum status load_scenario(
	int keep_fd, struct pool *p, struct scenario **out, struct error *e)
{
	AUTO_BUF struct buf text;
	buf_init(&text, SCENARIO_TEXT_MAX + 1);
	*out = NULL;
	enum status status = file_read_all(keep_fd, KEEP_SCENARIO, SCENARIO_TEXT_MAX, &text, e);
	if (status == E_ABSENT)
		return OK;
	TRY(status);
	struct scenario *scenario = pool_take(p, 1, sizeof *scenario);
	if (scenario == NULL)
		return error_set(e, E_NO_SPACE, "no memory for the scenario");
	TRY(scenario_parse(buf_view(&text), KEEP_SCENARIO, p, scenario, e));
	*out = scenario;
	return OK;
}

enum status kept_load(int keep_fd, struct pool *p, struct kept *out, struct error *e)
{
	*out = (struct kept){ .planted = false };
	enum status status = planting_load_partial(keep_fd, p, &out->manifest, &out->partial, e);
	if (status == E_ABSENT)
		return OK;
	TRY(status);
	out->planted = true;
	TRY(keep_escrow_read(keep_fd, out->escrow, &out->ran, e));
	return load_scenario(keep_fd, p, &out->scenario, e);
}

/* A restore that ran as root, or a chown, may have left what is planted as root's. */
static void take_back(const struct kept *kept)
{
	AUTO_FD int arena = -1;
	struct error unused;
	struct take_back t = { &kept->manifest, kept->ran ? kept->scenario : NULL,
		kept->ran ? kept->escrow : NULL };
	if (geteuid() == 0 && file_open_folder(kept->manifest.arena, &arena, &unused) == OK)
		(void)restore_take_back(arena, &t); /* how many: undo counts them all */
}

static enum status restore_and_remove(const struct undo_place *place, const struct kept *kept,
	const struct drill_watch *w, struct pool *p, struct drill_undone *out, struct error *e)
{
	if (!kept->partial)
		take_back(kept);
	struct undo_request request = { .manifest = &kept->manifest,
		.keep_folder_fd = place->keep_fd,
		.escrow = kept->ran ? kept->escrow : NULL,
		.scenario = kept->ran ? kept->scenario : NULL,
		.twin = kept->scenario != NULL && kept->scenario->kind == SCENARIO_BENIGN,
		.partial = kept->partial,
		.watch = w };
	return undo_run(&request, p, out, e);
}

/* Sentinels that somebody changed stay, named like everything else that was left. */
static enum status sweep_sentinels(const struct undo_place *place, struct pool *p,
	struct drill_undone *undone, struct error *e)
{
	struct witness_left left;
	enum status status = witness_sweep(place->home, place->id, p, &left, e);
	for (size_t i = 0; i < left.n_lines; i++)
		TRY(undone_name_left(undone, p, view_of(left.lines[i]), "sentinel-changed", e));
	undone->n_left += left.n;
	undone->is_over = undone->is_over && left.n == 0;
	return status;
}

enum status afterwards_undo(const struct undo_place *place, const struct drill_watch *w,
	struct pool *p, struct drill_undone *out, struct error *e)
{
	struct kept kept;
	TRY(kept_load(place->keep_fd, p, &kept, e));
	struct drill_undone undone = { .verified = true, .is_over = true };
	enum status status = kept.planted ? restore_and_remove(place, &kept, w, p, &undone, e) : OK;
	explicit_bzero(kept.escrow, sizeof kept.escrow);
	if (status != OK && status != E_PARTLY)
		return status;
	struct error swept = ERROR_NONE;
	enum status sweep = sweep_sentinels(place, p, &undone, &swept);
	*out = undone;
	if (status == OK && sweep != OK && sweep != E_ABSENT) {
		*e = swept;
		return error_wrap(e, "the decoys are undone, the witness's files are not");
	}
	return status;
}

/* The caller's watch, and the drill's stop file. */
struct undo_watch {
	const struct drill_watch *user; /* NULL: nobody watches */
	int keep_fd;
};

static bool undo_stop_wanted(void *context)
{
	const struct undo_watch *u = context;
	struct stat st;
	if (u->user != NULL && u->user->stop_wanted != NULL &&
		u->user->stop_wanted(u->user->context))
		return true;
	return fstatat(u->keep_fd, KEEP_STOP, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

static void undo_progress(const struct drill_progress *now, void *context)
{
	const struct undo_watch *u = context;
	if (u->user != NULL && u->user->progress != NULL)
		u->user->progress(now, u->user->context);
}

static void undo_say(const char *sentence, void *context)
{
	const struct undo_watch *u = context;
	if (u->user != NULL && u->user->say != NULL)
		u->user->say(sentence, u->user->context);
}

/* The drill's folder is enough to undo; what only remembers it may be lost, damaged, or on a disk
 * that is full. Then the answer stands all the same, and the next undo notes it. */
static void note_undone(
	const struct drill_context *c, const char *id, int keep, const struct drill_watch *w)
{
	struct error e = ERROR_NONE;
	enum status move = c->store == NULL ? OK : history_move(c->store, id, STATE_UNDONE, &e);
	if (move == OK || move == E_ABSENT) /* a home whose database was lost has no row */
		move = keep_write_state(keep, STATE_UNDONE, clock_wall_ns(c->clock), "-", "-", &e);
	if (move == OK)
		return;
	AUTO_BUF struct buf text;
	buf_init(&text, 8 * KIB);
	buf_addf(&text, _("The drill is undone, which could not be noted: %s."), e.text);
	w->say(buf_text(&text), w->context);
}

enum status drill_undo(const struct drill_context *c, const char *id, const struct drill_watch *w,
	struct pool *p, struct drill_undone *out, struct error *e)
{
	AUTO_FD int keep = -1;
	TRY(keep_open(c->home, id, &keep, e));
	AUTO_FD int lock = -1;
	TRY(keep_lock(c->home, id, &lock, e));
	struct undo_place place = { c->home, id, keep };
	struct drill_undone undone = { 0 };
	struct undo_watch asked = { w, keep };
	const struct drill_watch watch = { .progress = undo_progress,
		.say = undo_say,
		.stop_wanted = undo_stop_wanted,
		.context = &asked };
	/* One that is there already was for the run, or for an earlier undo. */
	if (unlinkat(keep, KEEP_STOP, 0) != 0 && errno != ENOENT)
		return error_sys(e, E_FAILED, errno, "remove the stop file of the drill");
	enum status status = afterwards_undo(&place, &watch, p, &undone, e);
	if (status != OK && status != E_PARTLY)
		return status;
	if (undone.verified || undone.is_over)
		note_undone(c, id, keep, &watch);
	*out = undone;
	return status;
}

static enum status look_without_touching(const struct kept *kept, int keep_fd, struct pool *p,
	struct assess_outcome *out, struct error *e)
{
	AUTO_FD int arena = -1;
	TRY(file_open_folder(kept->manifest.arena, &arena, e));
	AUTO_BUF struct buf journal;
	buf_init(&journal, JOURNAL_READ_MAX + 1);
	enum status status = file_read_all(keep_fd, KEEP_JOURNAL, JOURNAL_READ_MAX, &journal, e);
	if (status != OK && status != E_ABSENT)
		return status;
	struct assess_request request = { .manifest = &kept->manifest,
		.journal = buf_view(&journal),
		.arena_fd = arena,
		.escrow = kept->ran ? kept->escrow : NULL,
		.scenario = kept->ran ? kept->scenario : NULL };
	return undo_assess(&request, p, out, e);
}

static enum status name_left(const struct kept *kept, const struct assess_outcome *found,
	struct pool *p, struct drill_undone *out, struct error *e)
{
	enum { NAMED_MAX = 100 };
	out->left = pool_take(p, NAMED_MAX, sizeof *out->left);
	out->left_codes = pool_take(p, NAMED_MAX, sizeof *out->left_codes);
	if (out->left == NULL || out->left_codes == NULL)
		return error_set(e, E_NO_SPACE, "no memory for the preview");
	for (uint32_t i = 0; i < kept->manifest.n_files; i++) {
		bool gone = found->states[i] == DECOY_MISSING;
		if (found->states[i] == DECOY_INTACT || found->states[i] == DECOY_CHANGED)
			continue;
		out->n_left++;
		if (out->n_left_named == NAMED_MAX)
			continue;
		AUTO_BUF struct buf path;
		buf_init(&path, 8 * KIB);
		TRY(manifest_path(&kept->manifest, i, &path, e));
		const char *line = pool_textf(
			p, gone ? "%s: missing" : "%s: changed by others", buf_text(&path));
		if (line == NULL)
			return error_set(e, E_NO_SPACE, "no memory for the preview");
		out->left_codes[out->n_left_named] = gone ? "missing" : "changed-by-others";
		out->left[out->n_left_named++] = line;
	}
	return OK;
}

enum status drill_undo_preview(const struct drill_context *c, const char *id, struct pool *p,
	struct drill_undone *out, struct error *e)
{
	AUTO_FD int keep = -1;
	TRY(keep_open(c->home, id, &keep, e));
	AUTO_FD int lock = -1;
	TRY(keep_lock(c->home, id, &lock, e));
	struct kept kept;
	TRY(kept_load(keep, p, &kept, e));
	struct drill_undone undone = { .verified = true };
	if (kept.planted && !kept.partial) {
		struct assess_outcome found = { 0 };
		enum status status = look_without_touching(&kept, keep, p, &found, e);
		if (status == E_ABSENT) { /* the arena is gone: undone, or removed by somebody */
			*out = undone;
			return OK;
		}
		TRY(status);
		undone.n_restored = found.n_changed;
		undone.verified = found.n_lost == 0 && found.n_missing == 0;
		TRY(name_left(&kept, &found, p, &undone, e));
	}
	explicit_bzero(kept.escrow, sizeof kept.escrow);
	*out = undone;
	return OK;
}

/* --- planting --- */

enum status drill_planted_arena(const struct drill_context *c, const char *id, struct pool *p,
	const char **out, struct error *e)
{
	AUTO_FD int keep = -1;
	TRY(keep_open(c->home, id, &keep, e));
	enum drill_state state = STATE_UNDONE;
	bool there = false;
	TRY(history_state(c->store, id, &state, &there, e));
	if (!there)
		return error_set(e, E_ABSENT, "there is no drill %s", id);
	if (state != STATE_PLANTED)
		return error_set(e, E_CONFLICT, "drill %s is %s", id, _(drill_state_name(state)));
	struct manifest m;
	TRY(planting_load(keep, p, &m, e));
	*out = m.arena;
	return OK;
}

struct plant {
	const struct drill_context *c;
	const struct drill_request *r;
	const struct drill_watch *w;
	struct pool *p;
	struct scenario *scenario;
	struct drill_plan plan;
	const char *id;
	int64_t wall_ns;
	bool further; /* another generation of an arena that is planted already */
	struct manifest so_far, made;
	struct confine_locks locks;
};

static enum status plant_prepare(struct plant *o, struct error *e)
{
	o->scenario = pool_take(o->p, 1, sizeof *o->scenario);
	if (o->scenario == NULL)
		return error_set(e, E_NO_SPACE, "no memory for the scenario");
	TRY(plan_make(o->c, o->r, PLAN_GENERATION, o->p, &o->plan, e));
	TRY(scenario_find(o->c->home, o->plan.scenario.id, o->p, o->scenario, e));
	const char *found = NULL;
	TRY(arena_owner(o->c, o->plan.arena, o->p, &found, e));
	o->further = found != NULL;
	if (!o->further) {
		struct id id = id_new(o->wall_ns);
		found = pool_text(o->p, view_of(id.text));
		if (found == NULL)
			return error_set(e, E_NO_SPACE, "no memory for an id");
	}
	o->id = found;
	return OK;
}

static enum status plant_now(struct plant *o, int keep, struct error *e)
{
	if (o->further)
		TRY(planting_load(keep, o->p, &o->so_far, e));
	struct planting_request request = { .scenario = o->scenario,
		.arena = o->plan.arena,
		.id = o->id,
		.n_decoys = (uint32_t)(o->r->n_decoys < 0 ? o->scenario->n_decoys : o->r->n_decoys),
		.seed = o->plan.seed,
		.generation = o->further ? o->so_far.n_generations : 0,
		.wall_ns = o->wall_ns,
		.so_far = o->further ? &o->so_far : NULL,
		.keep_folder_fd = keep,
		.watch = o->w };
	return planting_make(&request, o->p, &o->made, &o->locks, e);
}

/* A first planting that failed is removed; a further one leaves the arena interrupted, for undo. */
static enum status plant_failed(struct plant *o, int keep, struct error *e)
{
	struct error later = ERROR_NONE;
	struct drill_undone undone;
	struct undo_place place = { o->c->home, o->id, keep };
	bool removed = !o->further && afterwards_undo(&place, o->w, o->p, &undone, &later) == OK;
	if (history_move(o->c->store, o->id, removed ? STATE_UNDONE : STATE_INTERRUPTED, &later) !=
		OK)
		return error_wrap(e, "drill %s cannot be noted as ended (%s)", o->id, later.text);
	return removed ? error_wrap(e, "nothing was left planted")
		       : error_wrap(e, "drill %s is interrupted and can be undone", o->id);
}

static enum status plant_all(struct plant *o, struct error *e)
{
	AUTO_FD int lock = -1;
	AUTO_FD int keep = -1;
	TRY(keep_lock(o->c->home, o->id, &lock, e));
	TRY(o->further ? keep_open(o->c->home, o->id, &keep, e)
		       : keep_make(o->c->home, o->id, &keep, e));
	struct history_start start = { o->id, o->scenario->id, o->plan.scenario.kind, o->plan.arena,
		o->plan.rate_files_per_s, o->wall_ns };
	TRY(history_begin(o->c->store, &start, e));
	enum status status = plant_now(o, keep, e);
	if (status == OK)
		status = keep_write_state(
			keep, STATE_PLANTED, o->wall_ns, o->scenario->id, o->plan.arena, e);
	if (status != OK)
		return plant_failed(o, keep, e);
	return history_move(o->c->store, o->id, STATE_PLANTED, e);
}

static void fill_planting(const struct plant *o, struct drill_planting *out)
{
	uint32_t last = o->made.n_generations - 1;
	*out = (struct drill_planting){ .id = o->id,
		.arena = o->plan.arena,
		.generation = last + 1,
		.planted_ns = o->made.generations[last].planted_ns,
		.locks = o->locks };
	for (uint32_t i = 0; i < o->made.n_files; i++)
		if (o->made.files[i].generation == last) {
			out->n_files++;
			out->n_bytes += o->made.files[i].size_bytes;
		}
}

enum status drill_plant(const struct drill_context *c, const struct drill_request *r,
	const struct drill_watch *w, struct pool *p, struct drill_planting *out, struct error *e)
{
	struct plant o = { .c = c, .r = r, .w = w, .p = p, .wall_ns = clock_wall_ns(c->clock) };
	TRY(plant_prepare(&o, e));
	TRY(plant_all(&o, e));
	assert(o.made.n_generations > 0);
	fill_planting(&o, out);
	return OK;
}

enum status drill_people_steps(const struct drill_context *c, const char *people_file,
	struct pool *p, struct drill_step **out, size_t *out_n, struct error *e)
{
	struct people_settings settings;
	bool complete = true;
	TRY(settings_of_people(c, people_file, p, &settings, &complete, e));
	struct drill_step *steps = pool_take(p, PEOPLE_STEPS, sizeof *steps);
	if (steps == NULL)
		return error_set(e, E_NO_SPACE, "no memory for the steps");
	people_steps(&settings, steps);
	*out = steps;
	*out_n = PEOPLE_STEPS;
	return OK;
}
