/*
 * From what a run saw to its result: facts, verdict, score, record.
 */
#include "drill/conduct/conduct.h"

#include <string.h>

#include "drill/keep/history.h"
#include "drill/plain.h"
#include "sys/file.h"

#define RESULT_BYTES_MAX (32 * MIB)

/* --- facts --- */

/* A decoy counts as lost unless its planted content stands at its planted name, whoever saw to
 * that. */
static void fill_damage(const struct conduct *o, struct drill_result *r)
{
	const struct manifest *m = &o->manifest;
	uint32_t n_seen_changed = 0;
	r->n_planted = m->n_files;
	r->bytes_changed = o->attack.bytes_changed;
	r->n_notes = o->attack.n_notes;
	r->n_destroyed = o->n_destroyed;
	for (uint32_t i = 0; i < m->n_files; i++) {
		r->bytes_planted += m->files[i].size_bytes;
		if (o->states == NULL || o->states[i] == DECOY_INTACT)
			continue;
		n_seen_changed += o->states[i] == DECOY_MISSING ? 0 : 1;
		r->n_lost++;
		r->bytes_lost += m->files[i].size_bytes;
		r->n_quarantined += o->states[i] == DECOY_MISSING ? 1 : 0;
	}
	/* An emulator that was killed had no time to tell of its last files. In a benign run what
	 * differs is somebody else's work. */
	r->n_changed = o->attack.n_changed;
	if (n_seen_changed > r->n_changed && o->attack.t0_boot_ns >= 0)
		r->n_changed = n_seen_changed;
	if (o->states != NULL)
		return;
	uint64_t n_lost = (uint64_t)o->attack.n_changed + o->attack.n_missing;
	r->n_lost = n_lost > m->n_files ? m->n_files : (uint32_t)n_lost;
	r->bytes_lost = o->attack.bytes_changed;
	r->n_quarantined = o->attack.n_missing;
}

static enum drill_contain contained_by(const struct conduct *o)
{
	if (o->network_gone)
		return CONTAIN_NETWORK;
	switch (o->attack.end) {
	case ATTACK_KILLED:
		return CONTAIN_KILLED;
	case ATTACK_FROZEN:
		return CONTAIN_FROZEN;
	case ATTACK_READ_ONLY:
		return CONTAIN_READ_ONLY;
	case ATTACK_BLOCKED:
		return o->attack.n_missing > o->attack.n_refused ? CONTAIN_QUARANTINED
								 : CONTAIN_BLOCKED;
	case ATTACK_COMPLETED:
	case ATTACK_STOP_ASKED:
	case ATTACK_LEASE_LOST:
	case ATTACK_BUDGET:
	case ATTACK_PRESSURE:
	case ATTACK_CRASHED:
	case ATTACK_MEMORY_KILL:
	case ATTACK_LIMIT:
	case ATTACK_FAILED:
		break;
	}
	return CONTAIN_NONE;
}

static enum drill_verdict verdict(const struct conduct *o, enum drill_contain contain)
{
	if (o->is_void)
		return DRILL_VOIDED;
	if (contain != CONTAIN_NONE)
		return DRILL_CONTAINED;
	if (o->attack.end != ATTACK_COMPLETED || o->stopped.by != NULL)
		return DRILL_STOPPED;
	return DRILL_COMPLETED;
}

/* The first alert that somebody could act on; a line in a log only where nothing better came. */
static void weigh_alerts(struct drill_result *r, bool has_t0)
{
	int64_t logged_ns = -1;
	for (size_t i = 0; i < r->n_alerts; i++) {
		const struct drill_alert *a = &r->alerts[i];
		if (a->after_ns < 0)
			continue;
		if (a->kind > r->detect)
			r->detect = a->kind;
		if (a->kind == DETECT_LOGGED && logged_ns < 0)
			logged_ns = a->after_ns;
		if (a->kind > DETECT_LOGGED && r->detect_ns < 0)
			r->detect_ns = a->after_ns;
	}
	if (r->detect_ns < 0)
		r->detect_ns = logged_ns;
	/* Alerted and ended from outside before a single byte was changed is prevented. */
	if (r->detect == DETECT_ALERTED && !has_t0 && r->contain != CONTAIN_NONE)
		r->detect = DETECT_PREVENTED;
}

static uint32_t at_most_u32(uint64_t n)
{
	return n > UINT32_MAX ? UINT32_MAX : (uint32_t)n;
}

/* Alerts about ordinary work: all of a control run, those before the first change of an attack. */
static enum status fill_channels(const struct conduct *o, const struct channel_alerts *heard,
	struct drill_result *r, struct error *e)
{
	uint64_t n_false = 0;
	r->channels = pool_take(o->p, heard->n_tallies, sizeof *r->channels);
	if (r->channels == NULL)
		return error_set(e, E_NO_SPACE, "no memory for the result's channels");
	r->n_channels = heard->n_tallies;
	for (size_t i = 0; i < heard->n_tallies; i++) {
		const struct channel_tally *t = &heard->tallies[i];
		size_t n = o->is_benign ? t->n_calls : t->n_early;
		r->channels[i] = (struct drill_channel){ t->spec, at_most_u32(t->n_all),
			at_most_u32(n), t->broken, t->never_opened, t->problem, t->n_unread };
		n_false += n;
	}
	if (o->is_benign)
		r->false_alarms = at_most_u32(n_false);
	else
		r->early_alerts = at_most_u32(n_false);
	return OK;
}

static enum status fill_detection(struct conduct *o, struct drill_result *r, struct error *e)
{
	struct people_origin t0 = sense_origin(&o->sense);
	struct channel_alerts heard = { .n = 0 };
	r->channels_named = o->channels != NULL;
	r->detect_ns = -1;
	r->control_ns = -1;
	if (!o->is_benign)
		TRY(history_last_control(o->c->store, &r->false_alarms, &r->control_ns, e));
	if (o->channels == NULL)
		return OK;
	channels_drain(o->channels);
	TRY(channels_alerts(o->channels, t0.boot_ns, t0.wall_ns, o->p, &heard, e));
	r->alerts = heard.alerts;
	r->n_alerts = heard.n;
	if (!o->is_benign)
		weigh_alerts(r, o->attack.t0_boot_ns >= 0);
	return fill_channels(o, &heard, r, e);
}

static void fill_times(const struct conduct *o, struct drill_result *r)
{
	struct people_origin t0 = sense_origin(&o->sense);
	bool has_t0 = o->attack.t0_boot_ns >= 0;
	r->planned_ns = o->planned_wall_ns;
	r->started_ns = o->sense.start_wall_ns;
	r->ended_ns = sense_now_ns(&o->sense);
	r->t0_ns = has_t0 ? t0.wall_ns : -1;
	r->attack_ns =
		has_t0 && o->attack.end_boot_ns >= 0 ? o->attack.end_boot_ns - t0.boot_ns : -1;
	r->contain_ns = -1;
	if (r->contain == CONTAIN_NONE || o->attack.end_boot_ns < 0)
		return;
	int64_t alert_ns = r->detect_ns > 0 ? r->detect_ns : 0;
	int64_t contain_ns = o->attack.end_boot_ns - t0.boot_ns - alert_ns;
	r->contain_ns = contain_ns < 0 ? 0 : contain_ns; /* ended first, told afterwards */
}

static void fill_safety(const struct conduct *o, struct drill_result *r)
{
	r->safety = (struct drill_safety){ .n_sentinels = o->sentinels.n_sentinels,
		.n_sentinels_changed = o->sentinels.n_sentinels_changed,
		.n_user_files = o->users.n_user_files,
		.n_unattributed = o->users.n_unattributed,
		.n_attributed = o->users.n_attributed,
		.stop_latency_ns = o->attack.stop_latency_ns >= 0 ? o->attack.stop_latency_ns
								  : o->stop_latency_ns,
		.memory_kill = o->attack.end == ATTACK_MEMORY_KILL,
		.witness = o->witness_state,
		.void_code = o->is_void ? drill_void_name(o->void_code) : NULL,
		.void_reason = o->is_void ? drill_void_sentence(o->void_code) : NULL,
		.locks = o->attack.locks };
}

static const char *fit(struct conduct *o, const char *text)
{
	return text == NULL ? NULL : plain_line(o->p, view_of(text), 1024);
}

/* The witness names at most 200 changes, of whatever kind; the numbers count all. */
static enum status fill_changed(struct conduct *o, struct drill_result *r, struct error *e)
{
	const struct witness_finding *f = o->void_finding;
	r->void_path = f == NULL ? "" : fit(o, f->path);
	r->void_what = f == NULL ? "" : f->what;
	const char **paths = pool_take(o->p, o->users.n_findings + 1, sizeof *paths);
	if (paths == NULL)
		return error_set(e, E_NO_SPACE, "no memory for the result");
	for (size_t i = 0; i < o->users.n_findings; i++) {
		f = &o->users.findings[i];
		if (!f->is_sentinel && !f->attributed)
			paths[r->n_unattributed++] = fit(o, f->path);
	}
	r->unattributed = paths;
	return OK;
}

static enum status fill_names(struct conduct *o, struct drill_result *r, struct error *e)
{
	struct host_name host;
	host_name_read(&host);
	r->id = o->id;
	r->scenario = o->plan.scenario;
	r->scenario_hash = o->scenario->hash;
	r->manifest_hash = o->manifest.hash;
	r->host = fit(o, host.name);
	r->system = fit(o, host.system);
	r->kernel = fit(o, host.kernel);
	r->authority = o->authority;
	r->arena = fit(o, o->manifest.arena);
	r->file_system = o->plan.file_system;
	r->rate_files_per_s = o->plan.rate_files_per_s;
	r->rate_reached = o->attack.rate_reached;
	r->budget = o->budget;
	r->curve = o->attack.curve;
	r->n_curve = o->attack.n_curve;
	r->restore = o->restore;
	r->restore.command = fit(o, o->restore.command);
	r->record = keep_path(o->p, o->c->home, o->id, KEEP_EVIDENCE);
	r->n_steps = o->is_benign ? 0 : PEOPLE_STEPS;
	r->steps = pool_take(o->p, PEOPLE_STEPS, sizeof *r->steps);
	if (r->record == NULL || r->steps == NULL)
		return error_set(e, E_NO_SPACE, "no memory for the result");
	memcpy(r->steps, o->people.steps, sizeof o->people.steps);
	r->people_assessed = !o->is_benign && people_assessed(&o->people);
	r->people_terminal = !o->is_benign && o->r->people_terminal;
	r->people_file = o->is_benign ? NULL : fit(o, o->people.file);
	r->people_problem = o->is_benign ? NULL : o->people.problem;
	if (o->is_benign)
		r->control = (struct drill_control){ o->twin.missing, o->twin.n_programs,
			o->twin.n_failed, o->twin.n_files };
	return OK;
}

/* --- score --- */

static enum status score(struct conduct *o, struct drill_result *r, struct error *e)
{
	if (!o->is_benign)
		TRY(history_previous(o->c->store, o->scenario->id, o->plan.rate_files_per_s, o->p,
			&r->previous, e));
	return drill_score(r, o->p, e);
}

static enum status write_result(
	struct conduct *o, const struct drill_result *r, struct buf *text, struct error *e)
{
	TRY(drill_result_write(r, text, e));
	TRY(file_replace(o->keep_fd, KEEP_RESULT, buf_view(text), 0600, e));
	return OK;
}

enum status conduct_result(struct conduct *o, struct drill_result *out, struct error *e)
{
	sense_progress(&o->sense, DRILL_STAGE_SCORE, 0, 0);
	struct drill_result r = { .t0_ns = -1 };
	TRY(fill_names(o, &r, e));
	fill_damage(o, &r);
	r.contain = contained_by(o);
	r.verdict = verdict(o, r.contain);
	r.stopped = o->stopped;
	r.attack_end = o->is_benign ? "" : attack_end_word(o->attack.end);
	TRY(fill_detection(o, &r, e));
	fill_times(o, &r);
	fill_safety(o, &r);
	TRY(fill_changed(o, &r, e));
	TRY(score(o, &r, e));
	AUTO_BUF struct buf text;
	buf_init(&text, RESULT_BYTES_MAX);
	TRY(write_result(o, &r, &text, e));
	struct digest hash = digest_of(text.at, text.len);
	TRY(conduct_note_result(o, &r, &hash, e));
	TRY(evidence_sign(o->evidence, sense_now_ns(&o->sense), keyring_current(o->ring), e));
	*out = r;
	return OK;
}
