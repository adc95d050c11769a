/*
 * "Assume it got through": a sample is destroyed for good, the user's backup tool is called, and
 * what came back answers a nonce. Runs also where the attack was contained.
 */
#include "drill/conduct/conduct.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/random.h"
#include "drill/plain.h"
#include "drill/restore/outside.h"
#include "sys/command.h"

struct sample {
	uint32_t *files;
	size_t n;
	bool *gone; /* destroyed by the role, as it told */
	bool *came_back;
	struct digest *answers;
};

/* What was not destroyed cannot be restored: only what is gone is the sample from here on. */
static void keep_gone(struct sample *s)
{
	size_t n = 0;
	for (size_t i = 0; i < s->n; i++)
		if (s->gone[i])
			s->files[n++] = s->files[i];
	s->n = n;
}

static enum status destroy(struct conduct *o, struct sample *s, bool *out_done, struct error *e)
{
	size_t n_asked = s->n;
	sense_progress(&o->sense, DRILL_STAGE_DESTROY, 0, s->n);
	struct attack_request request = { .context = o->c,
		.id = o->id,
		.scenario = o->scenario,
		.manifest = &o->manifest,
		.budget = &o->budget,
		.call = o->authority.call,
		.arena_fd = o->arena_fd,
		.journal = o->journal,
		.stop_file = o->sense.stop_files[0],
		.watch = &o->sense.watch };
	memcpy(request.escrow, o->escrow, sizeof request.escrow);
	enum status status = attack_destroy(&request, s->files, s->n, s->gone, e);
	explicit_bzero(request.escrow, sizeof request.escrow);
	conduct_note_stop(o, "restore");
	keep_gone(s);
	o->n_destroyed = (uint32_t)s->n;
	*out_done = (status == OK || status == E_PARTLY) && s->n > 0;
	char nonce[2 * NONCE_BYTES + 1];
	const char *why = status == OK ? "" : status_name(status);
	const char *text = status == OK ? _("the decoys were gone already") : e->text;
	if (!*out_done)
		conduct_say(o,
			_("The restore is not assessed, because its sample was not destroyed: %s"),
			text);
	else if (s->n < n_asked)
		conduct_say(
			o, _("Only what was destroyed is the sample for the restore: %s"), text);
	if (*out_done && s->n < n_asked)
		TRY(restore_write_list(o->keep_fd, &o->manifest, s->files, s->n, e));
	return conduct_note(o, "sample-destroyed",
		json_pack("{s:I,s:I,s:s,s:s}", "files", (json_int_t)o->n_destroyed, "asked",
			(json_int_t)n_asked, "nonce", hex_text(o->nonce, sizeof o->nonce, nonce),
			"refused", why),
		e);
}

/* --- the call, between two looks at what lies outside --- */

static enum status look_outside(struct conduct *o, struct outside **out, struct error *e)
{
	const char **skip =
		pool_take(o->p, o->r->n_restore_writes + o->n_left_out + 3, sizeof *skip);
	if (skip == NULL)
		return error_set(e, E_NO_SPACE, "no memory to look at folders");
	size_t n = 0;
	skip[n++] = o->manifest.arena;
	skip[n++] = o->c->home;
	if (o->r->out_folder != NULL)
		skip[n++] = o->r->out_folder;
	for (size_t i = 0; i < o->r->n_restore_writes; i++)
		skip[n++] = o->r->restore_writes[i];
	/* A product that writes its log meanwhile, or a controller his answers, is not the tool. */
	for (size_t i = 0; i < o->n_left_out; i++)
		skip[n++] = o->left_out[i];
	struct outside_request request = { o->looked_at, o->n_looked_at, skip, n };
	return outside_look(&request, out, e);
}

static enum status name_changes(struct conduct *o, const struct outside *before,
	const struct outside *after, struct error *e)
{
	const char **paths = pool_take(o->p, DRILL_CHANGED_NAMED_MAX, sizeof *paths);
	if (paths == NULL)
		return error_set(e, E_NO_SPACE, "no memory for the result");
	uint32_t n = outside_changes(before, after, paths, DRILL_CHANGED_NAMED_MAX);
	o->restore.n_changed_outside = n;
	o->restore.changed_outside = paths;
	o->restore.n_changed_named = n < DRILL_CHANGED_NAMED_MAX ? n : DRILL_CHANGED_NAMED_MAX;
	for (size_t i = 0; i < o->restore.n_changed_named; i++) {
		paths[i] = plain_line(o->p, view_of(paths[i]), 1024);
		if (paths[i] == NULL)
			return error_set(e, E_NO_SPACE, "no memory for the result");
	}
	return OK;
}

static enum status call(struct conduct *o, struct command_result *out, struct error *e)
{
	AUTO(outside_free) struct outside *before = NULL;
	AUTO(outside_free) struct outside *after = NULL;
	struct restore_command command = { .line = o->r->restore,
		.arena = o->manifest.arena,
		.list = keep_path(o->p, o->c->home, o->id, KEEP_LIST),
		.id = o->id,
		.limit_ns = o->r->restore_limit_ns > 0 ? o->r->restore_limit_ns : RESTORE_LIMIT_NS,
		.tick = sense_command_tick,
		.context = &o->sense };
	if (command.list == NULL)
		return error_set(e, E_NO_SPACE, "no memory for a path");
	TRY(look_outside(o, &before, e));
	sense_progress(&o->sense, DRILL_STAGE_RESTORE, 0, 0);
	o->restore.rto_ns = clock_boot_ns(o->c->clock); /* the start, until the challenge is over */
	enum status status = restore_call(&command, o->p, &o->restore.output, out, e);
	conduct_note_stop(o, "restore");
	if (status != OK) {
		/* A tool that cannot be started restores nothing: that is a result. */
		o->restore.output = pool_text(o->p, view_of(e->text));
		*out = (struct command_result){ .exit_status = 127 };
		if (o->restore.output == NULL)
			return status;
	}
	TRY(look_outside(o, &after, e));
	TRY(name_changes(o, before, after, e));
	o->restore.exit_status = out->exit_status;
	o->restore.timed_out = out->timed_out;
	return OK;
}

/* --- the challenge --- */

static enum status ask_role(struct conduct *o, struct sample *s, struct error *e)
{
	AUTO_BUF struct buf journal = { 0 };
	TRY(conduct_read_journal(o, &journal, e));
	struct assess_request request = { .manifest = &o->manifest,
		.journal = buf_view(&journal),
		.arena_fd = o->arena_fd,
		.escrow = o->escrow,
		.scenario = o->scenario,
		.files = s->files,
		.n_files = s->n,
		.nonce = o->nonce,
		.watch = &o->sense.watch };
	struct assess_outcome found = { 0 };
	o->sense.to_the_end = true;
	enum status status = undo_assess(&request, o->p, &found, e);
	o->sense.to_the_end = false;
	TRY(status);
	for (size_t i = 0; i < s->n; i++) {
		s->came_back[i] = found.states[i] == DECOY_INTACT;
		s->answers[i] = found.answers[i];
	}
	return OK;
}

/* What the role will not look into: files under another owner, and folders that the tool made anew
 * (the arena too) instead of filling those that were planted. The bytes are what counts. */
static void ask_here(struct conduct *o, struct sample *s)
{
	/* A link in its place is not followed. */
	AUTO_FD int now_fd =
		open(o->manifest.arena, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int arena_fd = now_fd >= 0 ? now_fd : o->arena_fd;
	for (size_t i = 0; i < s->n; i++) {
		struct error unused;
		bool same = false;
		/* What cannot be opened has not come back. */
		if (!s->came_back[i] && challenge_as_caller(arena_fd, &o->manifest, s->files[i],
						o->nonce, &same, &s->answers[i], &unused) == OK)
			s->came_back[i] = same;
	}
}

static enum status challenge(struct conduct *o, struct sample *s, struct error *e)
{
	sense_progress(&o->sense, DRILL_STAGE_CHALLENGE, 0, s->n);
	/* A restore by root may have made the folders root's, where the role cannot look then. */
	restore_take_back_folders(o->arena_fd, &o->manifest);
	enum status status = ask_role(o, s, e);
	if (status != OK && geteuid() != 0)
		conduct_say(o, _("The restored files could not be checked: %s"), e->text);
	ask_here(o, s);
	int64_t now_ns = clock_boot_ns(o->c->clock);
	AUTO(digester_free) struct digester *all = digester_new();
	for (size_t i = 0; i < s->n; i++)
		if (s->came_back[i]) {
			o->restore.n_identical++;
			digester_add(all, s->answers[i].bytes, DIGEST_BYTES);
		}
	struct digest answers = digester_result(all);
	char text[DIGEST_HEX_LEN + 1];
	o->restore.n_sample = (uint32_t)s->n;
	o->restore.integrity = s->n == 0 ? 0 : (double)o->restore.n_identical / (double)s->n;
	o->restore.rto_ns = o->restore.n_identical > 0 ? now_ns - o->restore.rto_ns : -1;
	struct restore_point point;
	o->restore.rpo_assessed = restore_rpo(&o->manifest, s->files, s->came_back, s->n,
		sense_origin(&o->sense).wall_ns, &point);
	o->restore.rpo_ns = point.age_ns;
	char at[TIME_TEXT_MAX];
	return conduct_note(o, "challenge",
		json_pack("{s:s,s:I,s:I,s:s,s:b,s:s?,s:I}", "nonce", o->restore.nonce, "sample",
			(json_int_t)s->n, "identical", (json_int_t)o->restore.n_identical,
			"answers_sha256", digest_hex(&answers, text), "rpo_assessed",
			(int)o->restore.rpo_assessed, "newest_generation_back",
			point.generation == 0 ? NULL : time_text(point.planted_ns, at), "rpo_s",
			(json_int_t)(point.age_ns < 0 ? -1 : point.age_ns / NS_PER_S)),
		e);
}

/* --- the whole --- */

/* Where the operator ended the run, or the host needed its disk, nothing more is done to it. */
static bool is_wanted(const struct conduct *o)
{
	if (o->r->restore == NULL || o->is_void || o->is_benign)
		return false;
	switch (o->attack.end) {
	case ATTACK_COMPLETED:
	case ATTACK_KILLED:
	case ATTACK_FROZEN:
	case ATTACK_READ_ONLY:
	case ATTACK_BLOCKED:
		return !o->sense.stopped;
	case ATTACK_STOP_ASKED:
		return o->network_gone && !o->sense.stopped;
	case ATTACK_LEASE_LOST:
	case ATTACK_BUDGET:
	case ATTACK_PRESSURE:
	case ATTACK_CRASHED:
	case ATTACK_MEMORY_KILL:
	case ATTACK_LIMIT:
	case ATTACK_FAILED:
		break;
	}
	return false;
}

static enum status take_sample(struct conduct *o, struct sample *out, struct error *e)
{
	char nonce[2 * NONCE_BYTES + 1];
	random_bytes(o->nonce, sizeof o->nonce);
	TRY(restore_sample(&o->manifest, o->nonce, o->p, &out->files, &out->n, e));
	size_t room = out->n == 0 ? 1 : out->n;
	out->came_back = pool_take(o->p, room, sizeof *out->came_back);
	out->gone = pool_take(o->p, room, sizeof *out->gone);
	out->answers = pool_take(o->p, room, sizeof *out->answers);
	o->restore.nonce = pool_text(o->p, view_of(hex_text(o->nonce, sizeof o->nonce, nonce)));
	if (out->came_back == NULL || out->gone == NULL || out->answers == NULL ||
		o->restore.nonce == NULL)
		return error_set(e, E_NO_SPACE, "no memory for the sample");
	return restore_write_list(o->keep_fd, &o->manifest, out->files, out->n, e);
}

enum status conduct_restore(struct conduct *o, struct error *e)
{
	o->restore = (struct drill_restore){ .command = o->r->restore,
		.rto_ns = -1,
		.rpo_ns = -1,
		.rto_target_s = o->r->rto_target_s > 0 ? o->r->rto_target_s : 900,
		.rpo_target_s = o->r->rpo_target_s > 0 ? o->r->rpo_target_s : 86400,
		.output = "",
		.nonce = "" };
	if (!is_wanted(o))
		return OK;
	struct sample sample = { 0 };
	struct command_result result = { 0 };
	bool destroyed = false;
	TRY(take_sample(o, &sample, e));
	if (sample.n == 0)
		return OK;
	TRY(destroy(o, &sample, &destroyed, e));
	if (!destroyed)
		return OK;
	TRY(call(o, &result, e));
	TRY(conduct_note(o, "restored",
		json_pack("{s:I,s:b,s:b,s:I,s:I}", "exit_status", (json_int_t)result.exit_status,
			"timed_out", (int)result.timed_out, "ended_early", (int)result.ended_early,
			"took_ms", (json_int_t)(result.took_ns / NS_PER_MS), "changed_outside",
			(json_int_t)o->restore.n_changed_outside),
		e));
	if (result.ended_early) { /* half a restore proves nothing */
		o->restore.rto_ns = -1;
		return OK;
	}
	TRY(challenge(o, &sample, e));
	o->restore.assessed = true;
	return OK;
}
