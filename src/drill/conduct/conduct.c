/*
 * A drill from request to result: the order of things, and what is left where it ends early.
 */
#include "drill/conduct/conduct.h"

#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "drill/conduct/afterwards.h"
#include "drill/conduct/settings.h"
#include "drill/keep/history.h"
#include "drill/people/authority.h"
#include "sys/file.h"

static void conduct_done(struct conduct *o)
{
	witness_end(o->witness);
	channels_close(o->channels);
	journal_close(o->journal);
	evidence_close(o->evidence);
	keyring_free(o->ring);
	int *const fds[] = { &o->arena_fd, &o->keep_fd, &o->lock_fd };
	for (size_t i = 0; i < COUNT_OF(fds); i++)
		auto_fd(fds[i]);
	explicit_bzero(o->escrow, sizeof o->escrow);
}
#define AUTO_CONDUCT __attribute__((cleanup(conduct_done)))

/* --- the arena's owner --- */

/* The folder's links are followed here, once; the arena itself is none (planting_check). */
static enum status resolve_folder(
	const char *arena, struct pool *p, const char **out, struct error *e)
{
	const char *slash = strrchr(arena, '/');
	const char *folder = pool_text(p, (struct view){ arena, (size_t)(slash - arena) });
	AUTO_BUF struct buf found;
	buf_init(&found, PATH_MAX);
	if (folder == NULL)
		return error_set(e, E_NO_SPACE, "no memory for a path");
	TRY(file_resolve(folder[0] == '\0' ? "/" : folder, &found, e));
	*out = pool_textf(p, "%s%s", found.len == 1 ? "" : buf_text(&found), slash);
	return *out == NULL ? error_set(e, E_NO_SPACE, "no memory for a path") : OK;
}

enum status conduct_arena_path(const char *arena, struct pool *p, const char **out, struct error *e)
{
	*out = NULL;
	if (arena == NULL)
		return OK;
	struct view path = view_of(arena);
	while (path.len > 1 && path.at[path.len - 1] == '/')
		path.len--;
	char here[PATH_MAX] = "";
	if ((path.len == 0 || path.at[0] != '/') && getcwd(here, sizeof here) == NULL)
		return error_set(e, E_FAILED, "the working folder has no path");
	const char *from_root =
		pool_textf(p, "%s%s%.*s", here, here[0] == '\0' ? "" : "/", VIEW_ARGS(path));
	if (from_root == NULL)
		return error_set(e, E_NO_SPACE, "no memory for a path");
	return resolve_folder(from_root, p, out, e);
}

enum status arena_owner(const struct drill_context *c, const char *arena, struct pool *p,
	const char **out_id, struct error *e)
{
	*out_id = NULL;
	if (arena == NULL || c->store == NULL)
		return OK;
	const char *id = NULL;
	enum drill_state state = STATE_UNDONE;
	struct stat st;
	TRY(history_of_arena(c->store, arena, p, &id, &state, e));
	if (id == NULL || lstat(arena, &st) != 0)
		return OK;
	if (state != STATE_PLANTED)
		return error_set(e, E_CONFLICT,
			"'%s' was used by drill %s, which is not undone yet: tocsin drill undo %s",
			arena, id, id);
	*out_id = id;
	return OK;
}

/* --- before anything is made --- */

static bool look_at(struct conduct *o, const char *folder)
{
	if (folder == NULL || folder[0] != '/' || o->n_looked_at == LOOKED_AT_MAX)
		return false;
	o->looked_at[o->n_looked_at++] = folder;
	return true;
}

/* Where a mistake would hurt: beside the arena, and where people and programs keep their files. */
static enum status choose_folders(struct conduct *o, struct error *e)
{
	char *beside = pool_text(o->p, view_of(o->plan.arena));
	if (beside == NULL)
		return error_set(e, E_NO_SPACE, "no memory for a path");
	(void)look_at(o, dirname(beside));
	if (geteuid() != 0) {
		(void)look_at(o, getenv("HOME"));
		return OK;
	}
	static const char *const folders[] = { "/home", "/root", "/srv", "/etc" };
	for (size_t i = 0; i < COUNT_OF(folders); i++)
		(void)look_at(o, folders[i]);
	return OK;
}

/* What a channel reads is written while the drill runs, and the controller's answers are: their
 * change is no accident. A spec that does not parse is refused when the channels are opened. */
static enum status choose_left_out(struct conduct *o, struct error *e)
{
	struct error unused;
	for (size_t i = 0; i < o->r->n_channels && o->n_left_out < CHANNELS_MAX; i++) {
		struct channel_spec spec;
		if (channel_spec_parse(o->r->channels[i], &spec, &unused) != OK ||
			spec.path[0] == '\0')
			continue;
		const char *path = pool_text(o->p, view_of(spec.path));
		if (path == NULL)
			return error_set(e, E_NO_SPACE, "no memory for a path");
		o->left_out[o->n_left_out++] = path;
	}
	if (o->r->people_file != NULL)
		o->left_out[o->n_left_out++] = o->r->people_file;
	if (o->r->stop_file != NULL)
		o->left_out[o->n_left_out++] = o->r->stop_file;
	return OK;
}

static enum status check_words(struct conduct *o, struct error *e)
{
	if (o->r->n_decoys == 0 || o->r->n_decoys > MANIFEST_FILES_MAX)
		return error_set(
			e, E_INVALID, "the number of decoys must be 1 to %d", MANIFEST_FILES_MAX);
	for (size_t i = 0; i < o->r->n_restore_writes; i++)
		if (o->r->restore_writes[i][0] != '/')
			return error_set(e, E_INVALID,
				"%s: a folder that the restore may write must begin with /",
				o->r->restore_writes[i]);
	return OK;
}

static enum status prepare_people(struct conduct *o, struct error *e)
{
	struct people_settings settings;
	bool complete = true;
	TRY(settings_of_people(o->c, o->r->people_file, o->p, &settings, &complete, e));
	people_init(&o->people, &settings, o->r->people_file, o->r->people_terminal, o->p);
	o->people.waits = !complete;
	return OK;
}

static enum status open_channels(struct conduct *o, const struct drill_watch *w, struct error *e)
{
	if (o->r->n_channels == 0)
		return OK;
	struct channels_request request = { o->r->channels, o->r->n_channels, o->c->clock, w };
	return channels_open(&request, &o->channels, e);
}

static enum status prepare(struct conduct *o, const struct drill_watch *w, struct error *e)
{
	o->planned_wall_ns = clock_wall_ns(o->c->clock);
	o->scenario = pool_take(o->p, 1, sizeof *o->scenario);
	if (o->scenario == NULL)
		return error_set(e, E_NO_SPACE, "no memory for the scenario");
	TRY(check_words(o, e));
	TRY(prepare_people(o, e));
	TRY(drill_plan(o->c, o->r, o->p, &o->plan, e));
	TRY(scenario_find(o->c->home, o->plan.scenario.id, o->p, o->scenario, e));
	o->is_benign = o->scenario->kind == SCENARIO_BENIGN;
	o->budget = o->plan.budget;
	TRY(arena_owner(o->c, o->plan.arena, o->p, &o->id, e));
	o->planted_before = o->id != NULL;
	TRY(authority_check(&o->r->authority, o->plan.arena, o->planned_wall_ns,
		o->plan.budget.seconds, o->p, &o->authority, e));
	TRY(choose_folders(o, e));
	TRY(choose_left_out(o, e));
	TRY(open_channels(o, w, e));
	o->seed = o->plan.seed;
	if (!o->planted_before) {
		struct id wanted;
		const char *id = o->r->id == NULL ? o->plan.id : o->r->id;
		if (!id_parse(view_of(id), &wanted))
			return error_set(e, E_INVALID, "'%s' is no id of a drill", id);
		o->id = id;
	}
	return o->id == NULL ? error_set(e, E_NO_SPACE, "no memory for an id") : OK;
}

static void start_sensing(struct conduct *o, const struct drill_watch *w)
{
	o->sense = (struct sense){ .clock = o->c->clock,
		.user = w,
		.channels = o->channels,
		.people = o->is_benign ? NULL : &o->people,
		.stop_files = { keep_path(o->p, o->c->home, o->id, KEEP_STOP), o->r->stop_file },
		.id = o->id,
		.window_to_boot_ns = -1 };
	sense_start(&o->sense);
	if (o->authority.window_to_ns > 0)
		o->sense.window_to_boot_ns = o->sense.start_boot_ns +
					     (o->authority.window_to_ns - o->sense.start_wall_ns);
}

/* --- the folder, and what stands in it before the first decoy --- */

static enum status move(struct conduct *o, enum drill_state state, struct error *e)
{
	TRY(history_move(o->c->store, o->id, state, e));
	return keep_write_state(
		o->keep_fd, state, sense_now_ns(&o->sense), o->scenario->id, o->plan.arena, e);
}

static enum status begin(struct conduct *o, struct error *e)
{
	struct history_start start = { o->id, o->scenario->id, o->plan.scenario.kind, o->plan.arena,
		o->plan.rate_files_per_s, o->sense.start_wall_ns };
	TRY(history_begin(o->c->store, &start, e));
	TRY(keep_write_state(o->keep_fd, STATE_RUNNING, o->sense.start_wall_ns, o->scenario->id,
		o->plan.arena, e));
	TRY(file_replace(o->keep_fd, KEEP_SCENARIO, o->scenario->text, 0600, e));
	TRY(keyring_open(o->c->home, true, &o->ring, e));
	TRY(evidence_create(o->keep_fd, KEEP_EVIDENCE, o->id, &o->evidence, e));
	if (o->planted_before)
		TRY(planting_load(o->keep_fd, o->p, &o->manifest, e));
	return conduct_note_authority(o, e);
}

/* --- the order of things --- */

static enum status before_attack(struct conduct *o, struct error *e)
{
	TRY(begin(o, e));
	if (sense_look(&o->sense))
		return error_set(e, E_STOPPED, "stopped before anything was planted");
	TRY(conduct_plant(o, e));
	TRY(conduct_witness(o, e));
	TRY(conduct_backup(o, e));
	if (sense_look(&o->sense))
		return error_set(e, E_STOPPED, "stopped before the attack");
	return OK;
}

static enum status from_attack_on(struct conduct *o, struct drill_result *out, struct error *e)
{
	TRY(o->is_benign ? conduct_twin(o, e) : conduct_attack(o, e));
	conduct_note_attack_stop(o);
	TRY(conduct_assess(o, e));
	conduct_note_stop(o, "assessment");
	TRY(conduct_look_at_users(o, e));
	TRY(conduct_restore(o, e));
	conduct_note_stop(o, "restore");
	conduct_people(o);
	conduct_note_stop(o, "people");
	TRY(conduct_look_at_sentinels(o, e));
	TRY(conduct_result(o, out, e));
	TRY(history_finish(o->c->store, out, e));
	return keep_write_state(o->keep_fd,
		out->verdict == DRILL_VOIDED ? STATE_VOIDED : STATE_FINISHED,
		sense_now_ns(&o->sense), o->scenario->id, o->plan.arena, e);
}

/* --- an early end --- */

static void close_record(struct conduct *o, const struct error *why)
{
	struct error unused;
	if (o->evidence == NULL || o->ring == NULL || keyring_current(o->ring) == NULL)
		return;
	/* The first error is the one to tell: a record that cannot be closed stays open. */
	enum status status = conduct_note(
		o, "ended-early", json_pack("{s:s}", "status", status_name(why->status)), &unused);
	if (status == OK)
		status = evidence_sign(
			o->evidence, sense_now_ns(&o->sense), keyring_current(o->ring), &unused);
	(void)status;
}

/* The generations that were planted earlier stay for another try. */
static bool back_to_planted(struct conduct *o)
{
	static const char *const made[] = { KEEP_JOURNAL, KEEP_ESCROW, KEEP_SCENARIO, KEEP_EVIDENCE,
		KEEP_STOP };
	struct error unused;
	for (size_t i = 0; i < COUNT_OF(made); i++)
		(void)unlinkat(
			o->keep_fd, made[i], 0); /* absent is fine; others show at the next try */
	return move(o, STATE_PLANTED, &unused) == OK;
}

static enum status end_early(struct conduct *o, struct error *e)
{
	struct error later = ERROR_NONE;
	struct error why = *e;
	close_record(o, &why);
	journal_close(TAKE(o->journal));
	witness_end(TAKE(o->witness));
	if (!o->attack_began && o->planted_before && back_to_planted(o))
		return error_wrap(e, "the arena stays planted");
	if (!o->attack_began && !o->planted_before && !o->is_linked) {
		struct drill_undone undone;
		struct undo_place place = { o->c->home, o->id, o->keep_fd };
		if (afterwards_undo(&place, NULL, o->p, &undone, &later) == OK &&
			move(o, STATE_UNDONE, &later) == OK)
			return error_wrap(e, "nothing was left planted");
	}
	if (move(o, STATE_INTERRUPTED, &later) != OK)
		sense_say(&o->sense, later.text); /* a full disk: the lock tells it too */
	return error_wrap(e, "drill %s ended early and can be undone", o->id);
}

enum status drill_run(const struct drill_context *c, const struct drill_request *r,
	const struct drill_watch *w, struct pool *p, struct drill_result *out, struct error *e)
{
	struct error unused = ERROR_NONE;
	e = e == NULL ? &unused : e;
	AUTO_CONDUCT struct conduct o = { .c = c,
		.r = r,
		.p = p,
		.lock_fd = -1,
		.keep_fd = -1,
		.arena_fd = -1,
		.witness_state = "whole",
		.stop_latency_ns = -1 };
	TRY(prepare(&o, w, e));
	start_sensing(&o, w);
	if (o.sense.stop_files[0] == NULL)
		return error_set(e, E_NO_SPACE, "no memory for a path");
	TRY(keep_lock(c->home, o.id, &o.lock_fd, e));
	TRY(o.planted_before ? keep_open(c->home, o.id, &o.keep_fd, e)
			     : keep_make(c->home, o.id, &o.keep_fd, e));
	struct drill_result result;
	enum status status = before_attack(&o, e);
	if (status == OK)
		status = from_attack_on(&o, &result, e);
	if (status != OK)
		return end_early(&o, e);
	*out = result;
	return OK;
}
