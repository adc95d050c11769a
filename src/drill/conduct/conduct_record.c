/*
 * The facts of a run as lines of evidence. Paths and foreign text are made fit for JSON first.
 */
#include "drill/conduct/conduct.h"

#include "drill/plain.h"

enum { CHANGED_NAMED_MAX = 50 };

static const char *fit(struct conduct *o, const char *text)
{
	return plain_line(o->p, view_of(text == NULL ? "" : text), 1024);
}

static json_t *hex_json(const struct digest *d)
{
	char text[DIGEST_HEX_LEN + 1];
	return json_string(digest_hex(d, text));
}

static void add_lock(const char *name, void *context)
{
	(void)json_array_append_new(context, json_string(name)); /* a missing name shows as such */
}

static json_t *locks_json(const struct confine_locks *locks)
{
	json_t *list = json_array();
	confine_lock_names(locks, add_lock, list);
	return list;
}

enum status conduct_note(struct conduct *o, const char *event, json_t *data, struct error *e)
{
	if (data == NULL)
		return error_set(e, E_NO_SPACE, "no memory for the evidence of %s", event);
	TRY(evidence_add(o->evidence, sense_now_ns(&o->sense), event, data, e));
	return evidence_sync(o->evidence, e);
}

static const char *guard_word(enum drill_guard guard)
{
	switch (guard) {
	case DRILL_GUARD_AUTO:
		return "auto";
	case DRILL_GUARD_OFF:
		return "off";
	case DRILL_GUARD_EXTERNAL:
		return "external";
	}
	return "";
}

static json_t *time_or_null(int64_t wall_ns)
{
	char text[TIME_TEXT_MAX];
	return wall_ns < 0 ? json_null() : json_string(time_text(wall_ns, text));
}

enum status conduct_note_authority(struct conduct *o, struct error *e)
{
	const struct drill_authority *a = &o->authority;
	const struct drill_budget *b = &o->budget;
	TRY(conduct_note(o, "authorised",
		json_pack("{s:s,s:s,s:s,s:o,s:o}", "by", a->allowed_by, "scope", a->scope, "call",
			a->call, "window_from", time_or_null(a->window_from_ns), "window_to",
			time_or_null(a->window_to_ns)),
		e));
	json_t *channels = json_array();
	for (size_t i = 0; i < o->r->n_channels; i++)
		(void)json_array_append_new(channels, json_string(fit(o, o->r->channels[i])));
	json_t *budget = json_pack("{s:I,s:I,s:f,s:I,s:I,s:I}", "files", (json_int_t)b->n_files,
		"bytes", (json_int_t)b->n_bytes, "seconds", b->seconds, "folders",
		(json_int_t)b->n_folders, "bytes_changed", (json_int_t)b->bytes_changed,
		"free_kept_bytes", (json_int_t)b->free_kept_bytes);
	return conduct_note(o, "planned",
		json_pack("{s:s,s:o,s:f,s:s,s:s,s:s,s:o,s:o,s:s,s:b}", "scenario", o->scenario->id,
			"scenario_sha256", hex_json(&o->scenario->hash), "rate_files_per_s",
			o->plan.rate_files_per_s, "arena", fit(o, o->plan.arena), "file_system",
			o->plan.file_system, "guard", guard_word(o->r->guard), "budget", budget,
			"channels", channels, "restore", fit(o, o->r->restore), "planted_before",
			(int)o->planted_before),
		e);
}

enum status conduct_note_planted(struct conduct *o, struct error *e)
{
	json_t *generations = json_array();
	for (uint32_t i = 0; i < o->manifest.n_generations; i++)
		(void)json_array_append_new(generations,
			json_pack("{s:o,s:I}", "at",
				time_or_null(o->manifest.generations[i].planted_ns), "files",
				(json_int_t)o->manifest.generations[i].n_files));
	return conduct_note(o, "planted",
		json_pack("{s:I,s:I,s:o,s:o,s:o}", "files", (json_int_t)o->manifest.n_files,
			"folders", (json_int_t)o->manifest.n_folders, "manifest_sha256",
			hex_json(&o->manifest.hash), "generations", generations, "locks",
			locks_json(&o->locks)),
		e);
}

const char *attack_end_word(enum attack_end end)
{
	switch (end) {
	case ATTACK_COMPLETED:
		return "completed";
	case ATTACK_STOP_ASKED:
		return "stop-asked";
	case ATTACK_LEASE_LOST:
		return "lease-lost";
	case ATTACK_BUDGET:
		return "budget";
	case ATTACK_PRESSURE:
		return "pressure";
	case ATTACK_KILLED:
		return "killed";
	case ATTACK_FROZEN:
		return "frozen";
	case ATTACK_READ_ONLY:
		return "read-only";
	case ATTACK_BLOCKED:
		return "blocked";
	case ATTACK_CRASHED:
		return "crashed";
	case ATTACK_MEMORY_KILL:
		return "memory-kill";
	case ATTACK_LIMIT:
		return "limit";
	case ATTACK_FAILED:
		return "failed";
	}
	return "";
}

enum status conduct_note_attack(struct conduct *o, struct error *e)
{
	const struct attack_outcome *a = &o->attack;
	struct people_origin t0 = sense_origin(&o->sense);
	return conduct_note(o, "attack-ended",
		json_pack(
			"{s:s,s:s,s:o,s:o,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:f,s:I,s:I,s:I,s:o,s:s}",
			"end", attack_end_word(a->end), "sentence", fit(o, a->sentence), "t0",
			time_or_null(a->t0_boot_ns < 0 ? -1 : t0.wall_ns), "ended",
			time_or_null(sense_wall_ns(&o->sense, a->end_boot_ns)), "files_changed",
			(json_int_t)a->n_changed, "unfinished", (json_int_t)a->n_unfinished,
			"bytes_changed", (json_int_t)a->bytes_changed, "skipped",
			(json_int_t)a->n_skipped, "missing", (json_int_t)a->n_missing, "refused",
			(json_int_t)a->n_refused, "foreign", (json_int_t)a->n_foreign, "notes",
			(json_int_t)a->n_notes, "rate_reached", a->rate_reached, "slowest_file_ms",
			(json_int_t)(a->slowest_ns / NS_PER_MS), "slowest_file_cpu_ms",
			(json_int_t)(a->slowest_cpu_ns / NS_PER_MS), "stop_latency_ms",
			(json_int_t)(a->stop_latency_ns < 0 ? -1 : a->stop_latency_ns / NS_PER_MS),
			"locks", locks_json(&a->locks), "stopped_by",
			o->sense.stopped_by == NULL ? "" : o->sense.stopped_by),
		e);
}

/* --- the end --- */

static enum status note_alerts(struct conduct *o, const struct drill_result *r, struct error *e)
{
	for (size_t i = 0; i < r->n_alerts; i++) {
		const struct drill_alert *a = &r->alerts[i];
		TRY(evidence_add(o->evidence, sense_now_ns(&o->sense), "alert",
			json_pack("{s:o,s:I,s:s,s:s,s:s}", "at", time_or_null(a->at_ns), "after_ms",
				(json_int_t)(a->after_ns / NS_PER_MS), "channel",
				fit(o, a->channel), "kind", drill_detect_name(a->kind), "text",
				a->text),
			e));
	}
	return OK;
}

static json_t *step_json(const struct drill_step *s)
{
	return json_pack("{s:s,s:b,s:I,s:I,s:s,s:s,s:s,s:b,s:s,s:s}", "step", s->id, "done",
		(int)s->done, "after_s",
		(json_int_t)(s->after_ns < 0 ? -1 : s->after_ns / NS_PER_S), "due_s",
		(json_int_t)(s->due_ns / NS_PER_S), "rule", s->rule.en, "role", s->role, "by",
		s->by, "by_right_role", (int)s->by_right_role, "name", s->name, "answer",
		s->answer);
}

static enum status note_people(struct conduct *o, const struct drill_result *r, struct error *e)
{
	for (size_t i = 0; i < r->n_steps; i++) {
		const struct drill_step *s = &r->steps[i];
		int64_t now_ns = sense_now_ns(&o->sense);
		if (s->answered)
			TRY(evidence_add(o->evidence, now_ns, "people-step", step_json(s), e));
		else if (o->people.ahead_ns[i] >= 0)
			TRY(evidence_add(o->evidence, now_ns, "people-step-ahead",
				json_pack("{s:s,s:I}", "step", s->id, "said_after_s",
					(json_int_t)(o->people.ahead_ns[i] / NS_PER_S)),
				e));
	}
	if (r->people_problem == NULL)
		return OK;
	return evidence_add(o->evidence, sense_now_ns(&o->sense), "people-file-unread",
		json_pack("{s:s,s:s}", "file", fit(o, r->people_file), "why",
			fit(o, r->people_problem)),
		e);
}

static enum status note_clock(struct conduct *o, struct error *e)
{
	for (size_t i = 0; i < o->sense.n_steps; i++)
		TRY(evidence_add(o->evidence, sense_now_ns(&o->sense), "clock-stepped",
			json_pack("{s:o,s:I}", "at",
				time_or_null(
					sense_wall_ns(&o->sense, o->sense.steps[i].at_boot_ns)),
				"by_ms", (json_int_t)(o->sense.steps[i].by_ns / NS_PER_MS)),
			e));
	return OK;
}

/* Each with its state: silence means something only of a channel that could have spoken. */
static enum status note_channels(struct conduct *o, const struct drill_result *r, struct error *e)
{
	for (size_t i = 0; i < r->n_channels; i++) {
		const struct drill_channel *c = &r->channels[i];
		TRY(evidence_add(o->evidence, sense_now_ns(&o->sense), "channel",
			json_pack("{s:s,s:I,s:b,s:b,s:s,s:I}", "channel", fit(o, c->spec), "alerts",
				(json_int_t)c->n_alerts, "never_opened", (int)c->never_opened,
				"broken", (int)c->broken, "problem", c->problem, "unread_bytes",
				(json_int_t)c->n_unread),
			e));
	}
	return OK;
}

static const char *finding_word(const struct witness_finding *f)
{
	if (f->is_sentinel)
		return "sentinel";
	return f->attributed ? "attributed" : "unattributed";
}

/* The last look at the sentinels holds what the one at the user's files saw of them. */
static json_t *changed_outside(struct conduct *o)
{
	const struct witness_outcome *const looks[] = { &o->sentinels, &o->users };
	json_t *list = json_array();
	for (size_t k = 0; k < COUNT_OF(looks); k++)
		for (size_t i = 0; i < looks[k]->n_findings; i++) {
			const struct witness_finding *f = &looks[k]->findings[i];
			if (f->is_sentinel != (k == 0) ||
				json_array_size(list) == CHANGED_NAMED_MAX)
				continue;
			(void)json_array_append_new(
				list, json_pack("{s:s,s:s,s:s}", "path", fit(o, f->path), "what",
					      f->what, "of", finding_word(f)));
		}
	return list;
}

static enum status note_safety(struct conduct *o, const struct drill_result *r, struct error *e)
{
	const struct drill_safety *s = &r->safety;
	return evidence_add(o->evidence, sense_now_ns(&o->sense), "safety",
		json_pack("{s:I,s:I,s:I,s:I,s:I,s:b,s:I,s:s,s:s,s:s,s:s,s:o}", "sentinels",
			(json_int_t)s->n_sentinels, "sentinels_changed",
			(json_int_t)s->n_sentinels_changed, "user_files",
			(json_int_t)s->n_user_files, "unattributed", (json_int_t)s->n_unattributed,
			"attributed", (json_int_t)s->n_attributed, "memory_kill",
			(int)s->memory_kill, "stop_latency_ms",
			(json_int_t)(s->stop_latency_ns < 0 ? -1 : s->stop_latency_ns / NS_PER_MS),
			"void_code", s->void_code == NULL ? "" : s->void_code, "void_reason",
			s->void_reason == NULL ? "" : s->void_reason, "void_path", r->void_path,
			"void_what", r->void_what, "changed", changed_outside(o)),
		e);
}

enum status conduct_note_result(struct conduct *o, const struct drill_result *r,
	const struct digest *json_hash, struct error *e)
{
	TRY(note_alerts(o, r, e));
	TRY(note_people(o, r, e));
	TRY(note_clock(o, e));
	TRY(note_channels(o, r, e));
	TRY(note_safety(o, r, e));
	bool has_score = drill_has_score(r);
	return conduct_note(o, "scored",
		json_pack("{s:s,s:s?,s:s?,s:o,s:f,s:s?,s:I,s:I,s:I,s:I,s:o}", "verdict",
			drill_verdict_name(r->verdict), "stopped_by", r->stopped.by,
			"stopped_during", r->stopped.during, "score",
			has_score ? json_real(r->score) : json_null(), "coverage", r->coverage,
			"grade", r->grade, "files_planted", (json_int_t)r->n_planted, "files_lost",
			(json_int_t)r->n_lost, "false_alarms", (json_int_t)r->false_alarms,
			"early_alerts", (json_int_t)r->early_alerts, "result_sha256",
			hex_json(json_hash)),
		e);
}

/* What ended the attack before its end, where nobody contained it. */
static const char *attack_stopped_by(const struct conduct *o)
{
	switch (o->attack.end) {
	case ATTACK_STOP_ASKED:
		return o->sense.stopped_by == NULL ? "user" : o->sense.stopped_by;
	case ATTACK_LEASE_LOST:
		return "lease";
	case ATTACK_BUDGET:
		return "budget";
	case ATTACK_PRESSURE:
		return "pressure";
	case ATTACK_COMPLETED:
	case ATTACK_KILLED:
	case ATTACK_FROZEN:
	case ATTACK_READ_ONLY:
	case ATTACK_BLOCKED:
	case ATTACK_CRASHED:
	case ATTACK_MEMORY_KILL:
	case ATTACK_LIMIT:
	case ATTACK_FAILED:
		break;
	}
	return NULL;
}

void conduct_note_attack_stop(struct conduct *o)
{
	const char *by = attack_stopped_by(o);
	if (by != NULL)
		o->stopped = (struct drill_stopped){ by, "attack" };
	conduct_note_stop(o, "listening");
}

void conduct_note_stop(struct conduct *o, const char *stage)
{
	if (!o->sense.stopped)
		return;
	if (o->stopped.by == NULL)
		o->stopped = (struct drill_stopped){ o->sense.stopped_by, stage };
	if (o->stop_latency_ns < 0)
		o->stop_latency_ns = clock_boot_ns(o->c->clock) - o->sense.stop_boot_ns;
}

void conduct_say(const struct conduct *o, const char *format, const char *text)
{
	AUTO_BUF struct buf sentence;
	buf_init(&sentence, 8 * KIB);
	buf_addf(&sentence, format, text);
	sense_say(&o->sense, buf_text(&sentence));
}
