/*
 * The stages of a run but the restore, one function each.
 */
#include "drill/conduct/conduct.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/i18n.h"
#include "drill/decoy/budget.h"
#include "drill/plain.h"
#include "sys/command.h"
#include "sys/file.h"

#define BACKUP_LIMIT_NS (30 * 60 * NS_PER_S)
#define JOURNAL_READ_MAX (256 * MIB)
/* How long a controller's file may be broken before it is given up. */
#define PEOPLE_FILE_PATIENCE_NS (10 * NS_PER_S)
/* How long an alert may come behind an attack that is over. */
#define LISTEN_ON_NS (5 * NS_PER_S)

static enum status note_phase(struct conduct *o, enum journal_phase phase, struct error *e)
{
	AUTO_BUF struct buf body;
	buf_init(&body, FAULT("phase_record") ? 0 : 64);
	struct journal_phase_record m = { (uint8_t)phase, sense_now_ns(&o->sense),
		clock_boot_ns(o->c->clock) };
	journal_phase_record_write(&body, &m);
	TRY(buf_check(&body, "journal", e));
	TRY(journal_add(o->journal, JOURNAL_PHASE, buf_view(&body), e));
	return journal_commit(o->journal, e);
}

/* --- plant --- */

/* The arena that the manifest speaks of, not another folder that stands there now. */
static enum status open_arena(struct conduct *o, struct error *e)
{
	TRY(file_open_folder(o->manifest.arena, &o->arena_fd, e));
	struct file_identity arena;
	TRY(file_identify(o->arena_fd, &arena, e));
	if (arena.device != o->manifest.device || arena.inode != o->manifest.arena_inode)
		return error_set(
			e, E_CONFLICT, "%s is not the folder that was planted", o->manifest.arena);
	return OK;
}

enum status conduct_plant(struct conduct *o, struct error *e)
{
	sense_progress(&o->sense, DRILL_STAGE_PLANT, 0, o->budget.n_decoys);
	if (o->planted_before) {
		TRY(budget_compute(
			o->scenario, &o->manifest, o->plan.rate_files_per_s, &o->budget, e));
		o->budget.free_kept_bytes = o->plan.budget.free_kept_bytes;
		TRY(budget_check(o->scenario, &o->budget, e));
		o->locks = o->plan.locks;
	} else {
		uint32_t n_decoys =
			o->r->n_decoys < 0 ? o->scenario->n_decoys : (uint32_t)o->r->n_decoys;
		struct planting_request request = { .scenario = o->scenario,
			.arena = o->plan.arena,
			.id = o->id,
			.n_decoys = n_decoys,
			.seed = o->seed,
			.wall_ns = sense_now_ns(&o->sense),
			.keep_folder_fd = o->keep_fd,
			.watch = &o->sense.watch };
		TRY(planting_make(&request, o->p, &o->manifest, &o->locks, e));
	}
	TRY(open_arena(o, e));
	return conduct_note_planted(o, e);
}

enum status conduct_witness(struct conduct *o, struct error *e)
{
	sense_progress(&o->sense, DRILL_STAGE_WITNESS, 0, 0);
	struct witness_request request = { .arena = o->manifest.arena,
		.home = o->c->home,
		.id = o->id,
		.sample_folders = o->looked_at,
		.n_sample_folders = o->n_looked_at,
		.sample_files_max = 256,
		.sample_bytes_max = 64 * MIB,
		.left_out = o->left_out,
		.n_left_out = o->n_left_out,
		.emulator_uid = o->manifest.uid };
	return witness_start(&request, &o->witness, e);
}

/* A backup of hard links: such a decoy is not the only name of its content any more, and nothing
 * that writes may touch it. Better told before the attack than found as a decoy that resists. */
static enum status check_links(struct conduct *o, struct error *e)
{
	struct arena_view view;
	enum status status = arena_view_open(o->arena_fd, &o->manifest, o->p, &view, e);
	for (uint32_t i = 0; i < o->manifest.n_files && status == OK; i++) {
		const struct manifest_file *f = &o->manifest.files[i];
		AUTO_FD int fd = -1;
		int folder_fd = -1;
		struct file_identity id;
		struct error unused;
		/* A decoy that cannot be looked at is the attack's to find. */
		if (arena_folder(&view, f->folder, &folder_fd, &unused) != OK ||
			file_open_beneath(folder_fd, f->name, O_PATH, 0, &fd, &unused) != OK ||
			file_identify(fd, &id, &unused) != OK)
			continue;
		o->is_linked = S_ISREG(id.mode) && id.n_links > 1;
		if (o->is_linked)
			status = error_set(e, E_CONFLICT,
				"the backup made hard links to the decoys (%.200s is one), which "
				"an attack may not touch: let it copy their content, and remove "
				"the links",
				f->name);
	}
	arena_view_close(&view);
	return status;
}

enum status conduct_backup(struct conduct *o, struct error *e)
{
	if (o->r->backup == NULL)
		return OK;
	sense_progress(&o->sense, DRILL_STAGE_BACKUP, 0, 0);
	struct restore_command command = { .line = o->r->backup,
		.arena = o->manifest.arena,
		.list = "",
		.id = o->id,
		.limit_ns = BACKUP_LIMIT_NS,
		.tick = sense_command_tick,
		.context = &o->sense };
	struct command_result result;
	const char *output = "";
	if (restore_call(&command, o->p, &output, &result, e) != OK)
		return error_wrap(e, "the backup before the attack");
	if (result.ended_early)
		return error_set(e, E_STOPPED, "stopped while the backup ran");
	if (result.timed_out || result.exit_status != 0)
		return error_set(e, E_FAILED,
			"the backup before the attack ended with exit status %d: %.400s",
			result.exit_status, output);
	TRY(check_links(o, e));
	return conduct_note(o, "backed-up",
		json_pack("{s:I,s:I}", "exit_status", (json_int_t)result.exit_status, "took_ms",
			(json_int_t)(result.took_ns / NS_PER_MS)),
		e);
}

/* --- attack --- */

/* Key, journal and copy of the scenario are on disk before the first change. */
static enum status get_undo_ready(struct conduct *o, struct error *e)
{
	TRY(keep_escrow_make(o->keep_fd, o->escrow, e));
	TRY(journal_create(o->keep_fd, KEEP_JOURNAL, &o->journal, e));
	AUTO_BUF struct buf body;
	buf_init(&body, KIB);
	struct journal_start m = { .drill = view_of(o->id),
		.manifest = o->manifest.hash,
		.scenario = o->scenario->hash,
		.at_ns = sense_now_ns(&o->sense),
		.uid = o->manifest.uid };
	journal_start_write(&body, &m);
	TRY(buf_check(&body, "journal", e));
	TRY(journal_add(o->journal, JOURNAL_START, buf_view(&body), e));
	TRY(journal_commit(o->journal, e));
	TRY(file_sync_folder(o->keep_fd, e));
	return note_phase(o, PHASE_ATTACK, e);
}

static bool tick(int64_t t0_boot_ns, void *context)
{
	struct conduct *o = context;
	o->network_gone = o->network_gone || sense_tick(t0_boot_ns, &o->sense);
	return o->network_gone;
}

/* A tool may take a moment to speak: waited for only while it has not. */
static void listen_on(struct conduct *o)
{
	if (o->channels == NULL)
		return;
	struct people_origin t0 = sense_origin(&o->sense);
	int64_t until_boot_ns = clock_boot_ns(o->c->clock) + LISTEN_ON_NS;
	while (!channels_noticed(o->channels, t0.boot_ns) &&
		clock_boot_ns(o->c->clock) < until_boot_ns && !sense_look(&o->sense))
		clock_sleep_ns(50 * NS_PER_MS);
}

static void fill_void(struct conduct *o, enum attack_end end)
{
	switch (end) {
	case ATTACK_CRASHED:
		o->void_code = VOID_EMULATOR_CRASHED;
		break;
	case ATTACK_MEMORY_KILL:
		o->void_code = VOID_MEMORY_KILL;
		break;
	case ATTACK_LIMIT:
		o->void_code = VOID_RESOURCE_LIMIT;
		break;
	case ATTACK_COMPLETED:
	case ATTACK_STOP_ASKED:
	case ATTACK_LEASE_LOST:
	case ATTACK_BUDGET:
	case ATTACK_PRESSURE:
	case ATTACK_KILLED:
	case ATTACK_FROZEN:
	case ATTACK_READ_ONLY:
	case ATTACK_BLOCKED:
	case ATTACK_FAILED:
		return;
	}
	o->is_void = true;
}

static struct attack_request attack_request(struct conduct *o)
{
	struct attack_request request = { .context = o->c,
		.id = o->id,
		.scenario = o->scenario,
		.manifest = &o->manifest,
		.budget = &o->budget,
		.call = o->authority.call,
		.rate_files_per_s = o->plan.rate_files_per_s,
		.order_seed = o->seed,
		.arena_fd = o->arena_fd,
		.journal = o->journal,
		.stop_file = o->sense.stop_files[0],
		.watch = &o->sense.watch,
		.tick = tick,
		.tick_context = o };
	memcpy(request.escrow, o->escrow, sizeof request.escrow);
	return request;
}

enum status conduct_attack(struct conduct *o, struct error *e)
{
	TRY(witness_mark(o->witness, e)); /* without a witness nothing is attacked */
	TRY(get_undo_ready(o, e));
	TRY(conduct_note(o, "attack-started", json_object(), e));
	o->sense.attack_boot_ns = clock_boot_ns(o->c->clock);
	o->attack_began = true;
	struct attack_request request = attack_request(o);
	enum status status = attack_run(&request, o->p, &o->attack, e);
	explicit_bzero(request.escrow, sizeof request.escrow);
	TRY(status);
	if (o->attack.t0_boot_ns >= 0)
		o->sense.t0_boot_ns = o->attack.t0_boot_ns;
	o->locks = o->attack.locks;
	TRY(note_phase(o, PHASE_ATTACK_ENDED, e));
	TRY(conduct_note_attack(o, e));
	if (o->attack.end == ATTACK_FAILED)
		return error_set(e, E_FAILED, "%s", o->attack.sentence);
	fill_void(o, o->attack.end);
	if (o->attack.end != ATTACK_STOP_ASKED || o->network_gone)
		listen_on(o);
	return OK;
}

/* A mark in the folder: what undo finds of a killed twin is swept first (by the scenario's copy).
 */
enum status conduct_twin(struct conduct *o, struct error *e)
{
	TRY(conduct_note(o, "twin-started", json_object(), e));
	o->sense.attack_boot_ns = clock_boot_ns(o->c->clock);
	o->attack_began = true;
	struct twin_request request = { &o->manifest, o->plan.rate_files_per_s, &o->sense };
	TRY(twin_run(&request, o->p, &o->twin, e));
	if (o->twin.missing[0] != '\0')
		conduct_say(
			o, _("Left out of the benign twin, not installed: %s"), o->twin.missing);
	o->attack = (struct attack_outcome){ .end = o->twin.stopped ? ATTACK_STOP_ASKED
								    : ATTACK_COMPLETED,
		.locks = o->locks,
		.t0_boot_ns = -1,
		.t0_wall_ns = -1,
		.end_boot_ns = clock_boot_ns(o->c->clock),
		.stop_latency_ns = -1 };
	listen_on(o);
	return conduct_note(o, "twin-ended",
		json_pack("{s:I,s:I,s:I,s:s,s:b}", "programs", (json_int_t)o->twin.n_programs,
			"failed", (json_int_t)o->twin.n_failed, "files",
			(json_int_t)o->twin.n_files, "missing", o->twin.missing, "stopped",
			(int)o->twin.stopped),
		e);
}

/* --- assess --- */

enum status conduct_read_journal(struct conduct *o, struct buf *out, struct error *e)
{
	buf_init(out, JOURNAL_READ_MAX + 1);
	enum status status = file_read_all(o->keep_fd, KEEP_JOURNAL, JOURNAL_READ_MAX, out, e);
	return status == E_ABSENT && o->is_benign ? OK : status;
}

enum status conduct_assess(struct conduct *o, struct error *e)
{
	sense_progress(&o->sense, DRILL_STAGE_ASSESS, 0, o->manifest.n_files);
	AUTO_BUF struct buf journal = { 0 };
	TRY(conduct_read_journal(o, &journal, e));
	struct assess_request request = { .manifest = &o->manifest,
		.journal = buf_view(&journal),
		.arena_fd = o->arena_fd,
		.escrow = o->is_benign ? NULL : o->escrow,
		.scenario = o->is_benign ? NULL : o->scenario,
		.watch = &o->sense.watch };
	struct assess_outcome found = { 0 };
	o->sense.to_the_end = true;
	enum status status = undo_assess(&request, o->p, &found, e);
	o->sense.to_the_end = false;
	if (status != OK) {
		/* An arena that was taken away or locked cannot be read: what the attack counted
		 * stands. */
		conduct_say(
			o, _("The decoys could not be looked at after the attack: %s"), e->text);
		return conduct_note(
			o, "assess-failed", json_pack("{s:s}", "status", status_name(status)), e);
	}
	o->states = found.states;
	return conduct_note(o, "assessed",
		json_pack("{s:I,s:I,s:I,s:I}", "intact", (json_int_t)found.n_intact, "changed",
			(json_int_t)found.n_changed, "lost", (json_int_t)found.n_lost, "missing",
			(json_int_t)found.n_missing),
		e);
}

/* --- people and safety --- */

/* A file that an editor is just writing, or that a slip of the pen broke, is read again: said at
 * once, and given up only after a while, unless the controller has told that more is to come. */
static bool read_people(struct conduct *o, const struct people_origin *t0, int64_t now_boot_ns,
	int64_t *failing_since_ns)
{
	struct error e = ERROR_NONE;
	struct people *people = &o->people;
	if (people_read_file(people, t0, now_boot_ns, o->sense.user, &e) == OK) {
		*failing_since_ns = -1;
		return people->waits;
	}
	if (*failing_since_ns < 0) {
		*failing_since_ns = now_boot_ns;
		conduct_say(o, _("The controller's answers cannot be read: %s"), people->problem);
	}
	return people->waits || now_boot_ns - *failing_since_ns < PEOPLE_FILE_PATIENCE_NS;
}

void conduct_people(struct conduct *o)
{
	struct people *people = &o->people;
	if (o->is_benign || (people->file == NULL && !o->r->people_terminal))
		return;
	struct people_origin t0 = sense_origin(&o->sense);
	bool file_waits = false;
	int64_t failing_since_ns = -1;
	for (int64_t next_ns = 0;;) {
		int64_t now_ns = clock_boot_ns(o->c->clock);
		bool stop = sense_look(&o->sense);
		if (people->file != NULL && (now_ns >= next_ns || stop)) {
			next_ns = now_ns + NS_PER_S;
			file_waits = read_people(o, &t0, now_ns, &failing_since_ns);
		}
		bool waits = people->terminal || file_waits;
		if (stop || !waits || !people_open(people, &t0, now_ns))
			return;
		sense_progress(
			&o->sense, DRILL_STAGE_PEOPLE, people_n_answered(people), PEOPLE_STEPS);
		clock_sleep_ns(50 * NS_PER_MS);
	}
}

/* A product that ends every process of one image ends the witness along with the emulator: that is
 * a way to contain an attack, and no reason to throw its measurement away. Of the outside a second
 * witness proves what it can (conduct_look_at_sentinels). */
static enum status witness_is_lost(struct conduct *o, const char *why, struct error *e)
{
	o->witness_state = "replaced";
	conduct_say(o, _("The witness cannot answer any more, a second one takes over: %s"), why);
	return conduct_note(o, "witness-lost",
		json_pack("{s:s}", "why", plain_line(o->p, view_of(why), 1024)), e);
}

enum status conduct_look_at_users(struct conduct *o, struct error *e)
{
	if (o->witness == NULL)
		return OK;
	sense_progress(&o->sense, DRILL_STAGE_SAFETY, 0, 0);
	if (witness_look(o->witness, true, o->p, &o->users, e) != OK)
		return witness_is_lost(o, e->text, e);
	return OK;
}

static const struct witness_finding *find_finding(
	const struct witness_outcome *seen, bool is_sentinel, bool attributed)
{
	for (size_t i = 0; i < seen->n_findings; i++)
		if (seen->findings[i].is_sentinel == is_sentinel &&
			seen->findings[i].attributed == attributed)
			return &seen->findings[i];
	return NULL;
}

static enum status look_at_sentinels(struct conduct *o, struct error *e)
{
	bool was_whole = strcmp(o->witness_state, "whole") == 0;
	if (was_whole && witness_look(o->witness, false, o->p, &o->sentinels, e) == OK)
		return OK;
	if (was_whole)
		TRY(witness_is_lost(o, e->text, e));
	if (witness_look_again(o->witness, o->p, &o->sentinels, e) == OK)
		return conduct_note(o, "witness-replaced", json_object(), e);
	o->witness_state = "lost";
	conduct_say(o, _("The second witness could not look either: %s"), e->text);
	return conduct_note(o, "witness-not-replaced",
		json_pack("{s:s}", "why", plain_line(o->p, view_of(e->text), 1024)), e);
}

enum status conduct_look_at_sentinels(struct conduct *o, struct error *e)
{
	if (o->witness == NULL)
		return OK;
	sense_progress(&o->sense, DRILL_STAGE_SAFETY, 0, 0);
	TRY(look_at_sentinels(o, e));
	if (!o->is_void && strcmp(o->witness_state, "lost") == 0) {
		o->is_void = true;
		o->void_code = VOID_WITNESS_LOST;
	} else if (o->sentinels.n_sentinels_changed > 0) {
		o->is_void = true;
		o->void_code = VOID_SENTINEL_CHANGED;
		o->void_finding = find_finding(&o->sentinels, true, false);
	} else if (o->users.n_attributed > 0) {
		o->is_void = true;
		o->void_code = VOID_USER_FILE_CHANGED;
		o->void_finding = find_finding(&o->users, false, true);
	}
	return OK;
}
