/*
 * The ransomware drill: planted decoys, a confined emulator, a witness, a proven restore, a score.
 * This is all that the rest of the program knows of src/drill.
 *
 * A drill only ever touches decoys that it planted itself: see SECURITY.md. Nothing here prints,
 * reads options or makes HTML.
 *
 * Strings in result structs belong to the pool given to the call. Times: *_ns, wall (UTC since
 * 1970) where the name says wall or nothing, CLOCK_BOOTTIME where it says boot; durations are *_ns
 * or *_ms; INT64_C(-1) stands for "did not happen" or "not known" in durations and times.
 */
#ifndef DRILL_DRILL_H
#define DRILL_DRILL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/id.h"
#include "base/json.h"
#include "base/pool.h"
#include "sys/confine.h"
#include "sys/role.h"

struct store;
struct migration_area;

/* The drill's tables, for store_open. */
extern const struct migration_area drill_migrations;

struct drill_text {
	const char *en;
	const char *zh;
};

struct drill_context {
	const char *home;	   /* state folder, exists, 0700 */
	struct store *store;	   /* opened with drill_migrations */
	const struct clock *clock; /* NULL: the kernel's */
};

/* Rows for the program's role table. */
extern const struct role drill_roles[];
extern const size_t n_drill_roles;

/* --- scenarios -------------------------------------------------------------------------------- */

struct drill_scenario_row {
	const char *id;
	struct drill_text name;
	struct drill_text summary;
	struct drill_text source;
	const char *kind; /* "pattern", "drill", "benign" */
	const char *const *attack;
	size_t n_attack;
	double rate_files_per_s; /* 0: unlimited */
	uint32_t n_decoys;
	bool assumed; /* some branch rests on an unsure reference */
};
/* A file of the home's own that is no scenario. One of the same id that is built in is not used in
 * its stead: the user meant to replace it. */
struct drill_scenario_refused {
	const char *id;	    /* as the file's name says */
	const char *file;   /* absolute where the home is */
	const char *reason; /* place in the file and what is wrong there */
};
struct drill_scenario_list {
	/* The ready drills first ("standard" before all), the control, then the patterns. */
	struct drill_scenario_row *rows;
	size_t n_rows;
	struct drill_scenario_refused *refused; /* by id */
	size_t n_refused;
};
enum status drill_scenarios(const struct drill_context *c, struct pool *p,
	struct drill_scenario_list *out, struct error *e) MUST_CHECK;

/* --- request ---------------------------------------------------------------------------------- */

enum drill_guard { DRILL_GUARD_AUTO, DRILL_GUARD_OFF, DRILL_GUARD_EXTERNAL };

/* Who allowed it, and for what (printed on the operations desk's card, kept in the record). */
struct drill_authority {
	const char *allowed_by; /* "" : the user who runs it, named by uid */
	const char *scope;
	const char *call;	/* whom to call to stop it: name or number */
	int64_t window_from_ns; /* -1: no limit */
	int64_t window_to_ns;
};

struct drill_request {
	const char *id;	      /* of the run, as drill_plan gave it; NULL: the run makes one */
	const char *scenario; /* id; NULL: "standard" */
	const char *arena;    /* NULL: as drill.yaml says, or the default. Absent, empty, or planted
				 earlier by drill_plant from this home */
	int64_t n_decoys;     /* -1: the scenario's */
	double rate_files_per_s; /* -1: the scenario's; 0: unlimited */
	bool has_seed;		 /* repeatable plan: names, sizes, order. Never the content. */
	uint64_t seed;
	enum drill_guard guard;
	const char *const *channels; /* specs, see channel.h */
	size_t n_channels;
	const char *backup;		   /* command line run after planting, NULL: none */
	const char *restore;		   /* command line, NULL: recover is not assessed */
	int64_t restore_limit_ns;	   /* 0: 30 minutes */
	double rto_target_s;		   /* 0: 900 */
	double rpo_target_s;		   /* 0: 86400 */
	const char *const *restore_writes; /* folders outside the arena the restore may write */
	size_t n_restore_writes;
	const char *people_file; /* the controller's answers; NULL: none */
	bool people_terminal;	 /* ask through drill_watch.ask */
	const char *out_folder;	 /* where reports go; NULL: the drill's folder */
	const char *stop_file;	 /* NULL: <home>/drills/<id>/stop */
	struct drill_authority authority;
};

/* --- plan: what can happen at most, before anything happens --------------------------------------
 */

struct drill_budget {
	uint64_t n_files; /* most files ever in the arena, notes and probes included */
	uint64_t n_bytes; /* most bytes on disk: planted + growth + new files + notes */
	double seconds;	  /* most seconds of attack */
	uint64_t n_folders;
	uint64_t n_decoys;
	uint64_t bytes_planted;
	uint64_t bytes_changed;	     /* most bytes that the emulator changes */
	uint64_t largest_file_bytes; /* RLIMIT_FSIZE */
	uint64_t free_needed_bytes;
	uint64_t free_kept_bytes; /* the run stops before free space falls below this */
};

/* Who answers the people's steps, and what sets the authority's term. */
struct drill_plan_people {
	bool terminal;
	const char *file; /* the controller's; NULL: none */
	int64_t authority_due_ns;
	struct drill_text authority_rule;
};

struct drill_plan {
	const char *id;	  /* that the run will have: a new one, or the planting's */
	const char *home; /* the state folder */
	struct drill_scenario_row scenario;
	struct drill_budget budget;
	const char *arena;	 /* absolute */
	const char *file_system; /* kind */
	uint64_t free_bytes;
	struct confine_locks locks;
	struct confine_reasons why_not; /* of the locks against the outside that are off */
	const char *marker;		/* string that every note and process carries */
	const char *process_name;
	double rate_files_per_s;
	/* Of the planting. Where the request has none it follows from host, scenario and the newest
	 * drill of this home, so that a plan holds for the run that comes next. */
	uint64_t seed;
	struct drill_plan_people people;
	struct drill_authority authority; /* as the record will say it, with what was not said */
	/* Only of drill_plan_look: the drill that used the arena and is not undone; NULL: none. */
	const char *blocked_by;
};
enum status drill_plan(const struct drill_context *c, const struct drill_request *r, struct pool *p,
	struct drill_plan *out, struct error *e) MUST_CHECK;
/* The same for somebody who only looks: an arena that holds a drill that is not undone yet is told
 * in blocked_by and no reason to refuse (E_CONFLICT), as it is for a run. */
enum status drill_plan_look(const struct drill_context *c, const struct drill_request *r,
	struct pool *p, struct drill_plan *out, struct error *e) MUST_CHECK;
/* Of drill_plant: with the generation that it would add. */
enum status drill_plan_planting(const struct drill_context *c, const struct drill_request *r,
	struct pool *p, struct drill_plan *out, struct error *e) MUST_CHECK;

/* --- where the decoys lie: the user's own backup must reach them --- */

struct drill_place {
	const char *path; /* absolute, without links above it */
	const char *file_system;
	uint64_t free_bytes;
	bool planted; /* decoys of this home wait there for their run */
};
/* What <home>/drill.yaml names, NULL where it names no place or is not there. E_INVALID, naming
 * file and key, where it is wrong. */
enum status drill_place_set(const struct drill_context *c, struct pool *p, const char **out,
	struct error *e) MUST_CHECK;
/* Where a drill plants when nothing names a place: /srv/tocsin-drill for root, $HOME/tocsin-drill.
 */
enum status drill_place_default(struct pool *p, const char **out, struct error *e) MUST_CHECK;
/* Whether one place would do; the error says why not. */
enum status drill_place_look(const struct drill_context *c, const char *path, struct pool *p,
	struct drill_place *out, struct error *e) MUST_CHECK;
/* Places that would do, one for each file system, the default first where it is among them. */
enum { DRILL_PLACES_MAX = 6 };
enum status drill_places(const struct drill_context *c, struct pool *p,
	struct drill_place out[DRILL_PLACES_MAX], size_t *out_n, struct error *e) MUST_CHECK;
/* Writes it into <home>/drill.yaml; what else stands there stays as it is. E_CONFLICT where a place
 * is named there. */
enum status drill_place_keep(
	const struct drill_context *c, const char *path, struct error *e) MUST_CHECK;

/* --- watching a run -----------------------------------------------------------------------------
 */

enum drill_stage {
	DRILL_STAGE_PLAN,
	DRILL_STAGE_PLANT,
	DRILL_STAGE_WITNESS,
	DRILL_STAGE_BACKUP,
	DRILL_STAGE_ATTACK,
	DRILL_STAGE_ASSESS,
	DRILL_STAGE_DESTROY,
	DRILL_STAGE_RESTORE,
	DRILL_STAGE_CHALLENGE,
	DRILL_STAGE_PEOPLE,
	DRILL_STAGE_SAFETY,
	DRILL_STAGE_SCORE,
	DRILL_STAGE_UNDO
};

struct drill_progress {
	enum drill_stage stage;
	const char *id;	    /* of the drill; NULL before it has one */
	int64_t elapsed_ns; /* of the stage */
	uint64_t n_done;
	uint64_t n_total; /* 0: not known */
	uint64_t n_bytes;
	double rate_per_s;
	const char *detection; /* NULL: none so far */
	const struct confine_locks *locks;
};

struct drill_step; /* below */

/* A people step that waits for its answer at the terminal. */
struct drill_question {
	const struct drill_step *step;
	size_t number, n_steps; /* from 1 */
	int64_t due_wall_ns;
	int64_t left_ns;		/* until due; negative: overdue */
	const struct drill_text *roles; /* "2: …" says that the second of these did it */
	size_t n_roles;
};
enum drill_ask { DRILL_ASK_OPEN, DRILL_ASK_ANSWERED, DRILL_ASK_NOBODY };

/* Every member may be NULL. Called from the run's own thread, about ten times a second. */
struct drill_watch {
	void (*progress)(const struct drill_progress *now, void *context);
	/* One sentence for the person (what was skipped and why). Already translated. */
	void (*say)(const char *sentence, void *context);
	/* True: the user asked to stop (Ctrl-C). */
	bool (*stop_wanted)(void *context);
	/* One people step waits: ANSWERED and a line in *out_line (valid until the next call), OPEN
	 * where nothing was entered yet, NOBODY where nobody can enter anything any more. An empty
	 * line, or "no", is "not done"; times are taken by the caller. Must return within about 100
	 * ms; asked again until answered. */
	enum drill_ask (*ask)(
		const struct drill_question *question, const char **out_line, void *context);
	/* True, and a line in *out_text (valid until the next call), where the operator entered
	 * what he saw: "alert …", "log …", "prevented …". Read by the channel "operator"; never
	 * blocks. */
	bool (*operator_alert)(const char **out_text, void *context);
	void *context;
};

/* --- result
 * --------------------------------------------------------------------------------------- */

enum drill_verdict { DRILL_COMPLETED, DRILL_CONTAINED, DRILL_STOPPED, DRILL_VOIDED };
enum drill_detect { DETECT_NONE, DETECT_LOGGED, DETECT_ALERTED, DETECT_PREVENTED };
/* HSEEP ratings, computed from facts, not from the number (reference: 2020 doctrine). */
enum drill_rating { RATING_NOT_ASSESSED, RATING_P, RATING_S, RATING_M, RATING_U };
enum drill_contain {
	CONTAIN_NONE,
	CONTAIN_KILLED,
	CONTAIN_FROZEN,
	CONTAIN_READ_ONLY,
	CONTAIN_BLOCKED,
	CONTAIN_QUARANTINED,
	CONTAIN_NETWORK
};
enum drill_part_id { PART_DETECT, PART_DAMAGE, PART_CONTAIN, PART_RECOVER, PART_PEOPLE, PARTS };

struct drill_part {
	bool assessed;
	double weight; /* 20, 25, 15, 25, 15 */
	/* How much of it was assessed: all or nothing, and of Recover three fifths where there was
	 * no RPO to measure. */
	double weight_assessed;
	double share;  /* 0 … 1, of what was assessed */
	double points; /* weight_assessed × share */
	enum drill_rating rating;
	struct drill_text why; /* one sentence: the facts behind the rating */
};

/* One channel over the whole run. */
struct drill_channel {
	const char *spec;
	uint32_t n_alerts; /* all that it heard, lines of a log that nobody watches included */
	/* Of these: alerts that somebody would have acted on, about ordinary work. In an attack
	 * those before the first change, in a control run all. */
	uint32_t n_false;
	bool broken;	     /* it broke during the run and heard nothing from then on */
	bool never_opened;   /* there was never anything to read: its log never appeared */
	const char *problem; /* why it broke, or could not be read in the end; "" where it could */
	uint64_t n_unread;   /* bytes of a log that came faster than they could be looked at */
};

/* What a control run (scenario of kind "benign") did. */
struct drill_control {
	const char *missing; /* programs that this host lacks, "" none; NULL: an attack */
	uint32_t n_programs; /* calls of programs that ended well */
	uint32_t n_failed;
	uint32_t n_files; /* read, renamed or written by them */
};

struct drill_alert {
	int64_t at_ns;	     /* wall */
	int64_t after_ns;    /* since the first decoy byte changed; negative: before it */
	const char *channel; /* spec */
	const char *text;    /* first line, cut to 200 bytes, control characters removed */
	enum drill_detect kind;
};

struct drill_step {
	const char *id; /* recognise, isolate, classify, notify-inside, notify-authority, restore */
	struct drill_text title;
	struct drill_text inject; /* what the controller says */
	const char *role;	  /* whose step it is: a stable word, "duty manager" */
	int64_t due_ns;		  /* after T0 */
	struct drill_text rule;	  /* what sets the due time; "" where it is a target of the drill */
	int64_t after_ns;	  /* since T0 */
	const char *answer;
	const char *by;	  /* the role that did it: a stable word; "" where it was not said */
	const char *name; /* who did it, as typed; "" where it was not said */
	bool answered;
	bool done;
	bool by_right_role; /* done, and by the role whose step it is */
};

struct drill_improvement {
	const char *code; /* stable word for the finding behind it; "" where it is not known */
	struct drill_text action;
	const char *owner;  /* a role */
	int64_t due_ns;	    /* wall */
	const char *status; /* "open" */
	enum drill_part_id part;
};

/* One point of the loss curve. */
struct drill_sample {
	int64_t after_ns; /* since T0 */
	uint32_t n_files;
};

enum { DRILL_CHANGED_NAMED_MAX = 50 };

struct drill_restore {
	bool assessed;
	const char *command;
	int exit_status;
	bool timed_out;
	uint32_t n_sample;
	uint32_t n_identical;
	double integrity; /* n_identical / n_sample */
	int64_t rto_ns;
	bool rpo_assessed; /* only with dated generations */
	int64_t rpo_ns;
	double rto_target_s, rpo_target_s;
	uint32_t n_changed_outside;	    /* outside the arena, while the restore command ran */
	const char *nonce;		    /* hex */
	const char *output;		    /* tail of what it printed */
	const char *const *changed_outside; /* the first of n_changed_outside, by name */
	size_t n_changed_named;
};

/* Why a run is void. */
enum drill_void {
	VOID_UNKNOWN, /* an earlier version did not say it so that this one knows it */
	VOID_EMULATOR_CRASHED,
	VOID_MEMORY_KILL,
	VOID_RESOURCE_LIMIT,
	VOID_SENTINEL_CHANGED,
	VOID_USER_FILE_CHANGED,
	VOID_WITNESS_LOST
};

/* A run that was ended before its end, by what and in which of its stages. Stable words. A run
 * whose attack was contained, or came to its end, can be stopped too, in a stage behind it: what it
 * says of those stages is how far they got, and it has no grade. */
struct drill_stopped {
	/* "user" (Ctrl-C), "stop-file" (drill stop), "window", "lease", "budget", "pressure",
	 * "unknown" (stored by an earlier version); NULL: it was not. */
	const char *by;
	/* "attack", "listening" (for late alerts), "assessment", "restore", "people", "unknown" */
	const char *during;
};

struct drill_safety {
	uint32_t n_sentinels;
	uint32_t n_sentinels_changed;
	uint32_t n_user_files;	 /* sample of the user's own files */
	uint32_t n_unattributed; /* changed by somebody, not traced to the emulator */
	uint32_t n_attributed;	 /* traced to the emulator: voids the run */
	int64_t stop_latency_ns; /* from asking to stopped; -1: was not asked */
	bool memory_kill;
	/* "whole"; "replaced": it was ended from outside, and a second one compared the sentinels
	 * with what was noted when they were planted (a sample of user files that the first had not
	 * looked at again by then is not proven: n_user_files is 0); "lost": nor could the second
	 * look, which voids the run. */
	const char *witness;
	const char *void_code; /* stable word, see drill_void_name; NULL where not voided */
	const char
		*void_reason; /* the same as an English sentence; NULL where not voided (msgid) */
	struct confine_locks locks;
};

struct drill_previous {
	const char *id; /* NULL: none with equal scenario and rate */
	int64_t at_ns;
	double score, coverage;
	double files_lost_share;
};

struct drill_report_paths {
	const char *html, *json, *pdf, *navigator; /* absolute; NULL where not written */
};

struct drill_result {
	const char *id;
	struct drill_scenario_row scenario;
	struct digest scenario_hash, manifest_hash;
	const char *host, *system, *kernel;
	struct drill_authority authority;
	const char *arena, *file_system;
	int64_t planned_ns, started_ns, ended_ns; /* wall */
	int64_t t0_ns;				  /* wall, first decoy byte changed; -1: none was */
	double rate_files_per_s;		  /* asked; 0 unlimited */
	double rate_reached;
	struct drill_budget budget;

	enum drill_verdict verdict;
	struct drill_stopped stopped;
	enum drill_detect detect;
	enum drill_contain contain;
	/* What ended the attack, a stable word: "completed", "killed", "lease-lost", …; "" where an
	 * earlier version did not keep it. */
	const char *attack_end;
	bool channels_named;
	struct drill_channel *channels;
	size_t n_channels;
	struct drill_control control;
	uint32_t n_planted, n_changed, n_lost, n_destroyed;
	uint64_t bytes_planted, bytes_changed, bytes_lost;
	uint32_t n_notes, n_quarantined;
	int64_t attack_ns;  /* T0 to the end of the attack */
	int64_t detect_ns;  /* T0 to the first alert, -1 */
	int64_t contain_ns; /* first alert (T0 where none) to contained, -1 */
	struct drill_sample *curve;
	size_t n_curve;
	struct drill_alert *alerts;
	size_t n_alerts;
	/* The counterfactual: the same reaction time at published speeds. An estimate, and marked
	 * so. */
	uint64_t lost_at_lockbit, lost_at_headline;

	struct drill_restore restore;
	bool people_assessed, people_terminal;
	const char *people_file;    /* the controller's; NULL: none */
	const char *people_problem; /* why its answers are missing at the end; NULL: they are not */
	struct drill_step *steps;
	size_t n_steps;
	struct drill_safety safety;
	/* What the witness saw change outside, as its user sees the paths. The file that voids the
	 * run and what of it changed (a stable word: "content", "name", "mode", "owner", "time",
	 * "attribute", "links", "gone", "new"); "" where none does or it is not known. */
	const char *void_path, *void_what;
	/* The user's own files behind safety.n_unattributed, as far as they are named. */
	const char *const *unattributed;
	size_t n_unattributed;

	double score;	      /* 0 … 100 over the assessed parts; see drill_has_score */
	double coverage;      /* 0 … 100: assessed weight, the sum of weight_assessed */
	const char *grade;    /* "A" … "E", NULL below 60 % coverage or where voided */
	double to_next_grade; /* points to the border above, 0 at A */
	bool capped;	      /* 59 because Recover or People is below 40 % of its weight */
	/* Of the last control run of this home that measured them; in a control run, its own. */
	uint32_t false_alarms;
	int64_t control_ns;    /* when that run was; -1: none so far, or this is one */
	uint32_t early_alerts; /* in this attack, before its first change; 0 in a control run */
	struct drill_part parts[PARTS];
	struct drill_improvement *improvements;
	size_t n_improvements;
	struct drill_previous previous;
	struct drill_report_paths report;
	const char *record; /* evidence file */
	bool undone;
	/* Of a result that an earlier version stored: what that did not record, by its path in the
	 * JSON without the places in lists ("early_alerts", "people.steps.by"). The members are 0
	 * or empty; drill_answer_json says null. */
	const char *const *not_recorded;
	size_t n_not_recorded;
};

/* Runs a drill to its end and leaves result and evidence in <home>/drills/<id>. A run that was
 * stopped, contained or voided is a result too (OK); the caller maps out->verdict to an exit code.
 * An error means that there is no result; whatever was planted can be undone by id (named in *e).
 */
enum status drill_run(const struct drill_context *c, const struct drill_request *r,
	const struct drill_watch *w, struct pool *p, struct drill_result *out,
	struct error *e) MUST_CHECK;

/* --- planting apart from running: dated generations
 * ------------------------------------------------ */

struct drill_planting {
	const char *id;
	const char *arena;
	uint32_t generation; /* 1 for the first */
	uint32_t n_files;    /* of this generation */
	uint64_t n_bytes;
	int64_t planted_ns;
	struct confine_locks locks;
};
/* Plants a new arena, or a further generation where r->arena was planted from this home and not yet
 * run. E_CONFLICT where it was run. */
enum status drill_plant(const struct drill_context *c, const struct drill_request *r,
	const struct drill_watch *w, struct pool *p, struct drill_planting *out,
	struct error *e) MUST_CHECK;

/* --- afterwards
 * ------------------------------------------------------------------------------------- */

/* Asks a running drill to stop (its stop file). E_ABSENT: no such drill; E_CONFLICT: not running.
 */
enum status drill_stop(const struct drill_context *c, const char *id, struct error *e) MUST_CHECK;

struct drill_undone {
	uint32_t n_restored; /* changed decoys brought back, each proven by hash */
	uint32_t n_removed;  /* objects removed: decoys, notes, folders, the arena */
	uint32_t n_left;     /* not ours, or not proven: left where they are */
	bool verified;	     /* every decoy not destroyed on purpose was proven by hash */
	bool is_over;	     /* nothing of the drill is there any more, proven or not */
	const char **left;   /* paths beneath the arena and why, one line each (at most 100) */
	/* For each line a stable word: "missing", "content", "other-object", "kind", "folder",
	 * "note", "not-empty", "system", "sentinel-changed", "changed-by-others". */
	const char **left_codes;
	size_t n_left_named;
};
/* E_PARTLY where something was left or is not proven. Twice in a row is fine. Accepts a drill's or
 * a planting's id. The drill's own stop (drill_stop) is heeded: E_STOPPED, to be called again. The
 * store may be NULL, and where it cannot note that the drill is undone, that is said. E_DENIED
 * where this state folder did not seal the drill's record (keep/seal.h). */
enum status drill_undo(const struct drill_context *c, const char *id, const struct drill_watch *w,
	struct pool *p, struct drill_undone *out, struct error *e) MUST_CHECK;

/* The stored result; id NULL: the newest. */
enum status drill_show(const struct drill_context *c, const char *id, struct pool *p,
	struct drill_result *out, struct error *e) MUST_CHECK;
struct drill_row {
	const char *id, *scenario;
	const char *state; /* planted, running, finished, voided, undone, interrupted */
	int64_t at_ns;
	bool has_score; /* score and coverage count; see drill_has_score */
	double score, coverage;
	int64_t false_alarms; /* of a control run that measured them; -1 */
	const char *grade, *verdict;
};
enum status drill_history(const struct drill_context *c, struct pool *p,
	struct drill_row **out_rows, size_t *out_n, struct error *e) MUST_CHECK;

/* The arena of a planting that has not been run, by the planting's id. E_ABSENT, E_CONFLICT. */
enum status drill_planted_arena(const struct drill_context *c, const char *id, struct pool *p,
	const char **out, struct error *e) MUST_CHECK;
/* What drill_undo would find, without touching anything: n_restored counts what can be brought
 * back, n_removed stays 0, `left` names what cannot. */
enum status drill_undo_preview(const struct drill_context *c, const char *id, struct pool *p,
	struct drill_undone *out, struct error *e) MUST_CHECK;
/* The people's steps as a paper card needs them, before any run: with the terms and roles that
 * <home>/drill.yaml and a controller's file (NULL: none) set. */
enum status drill_people_steps(const struct drill_context *c, const char *people_file,
	struct pool *p, struct drill_step **out, size_t *out_n, struct error *e) MUST_CHECK;

/* Records where the reports went; render makes them after the run. */
enum status drill_set_reports(const struct drill_context *c, const char *id,
	const struct drill_report_paths *paths, struct error *e) MUST_CHECK;

/* Stable English words of the enums, as JSON and reports use them ("completed", "prevented", "P").
 */
const char *drill_verdict_name(enum drill_verdict v);
const char *drill_detect_name(enum drill_detect d);
const char *drill_contain_name(enum drill_contain c);
const char *drill_rating_name(enum drill_rating r);
const char *drill_part_name(enum drill_part_id p);
const char *drill_void_name(enum drill_void v);
/* An English sentence (msgid). NULL for VOID_UNKNOWN. */
const char *drill_void_sentence(enum drill_void v);

/* A run of ordinary programs: it has false alarms, and neither score nor grade. */
bool drill_is_control(const struct drill_result *r);
/* A control run that could hear something: a channel was named and one of them lasted, or heard. */
bool drill_control_measured(const struct drill_result *r);
/* A channel was named, and one of them could have spoken: it was open and lasted, or it spoke. Only
 * of such a run silence is a finding. */
bool drill_could_hear(const struct drill_result *r);
/* Why there is nothing to say of the restore. */
enum drill_restore_gap {
	RESTORE_ASSESSED,
	RESTORE_NOT_ASKED, /* no restore command was given */
	RESTORE_CUT_SHORT, /* one was given, and the run was stopped before it was over */
	RESTORE_NO_SAMPLE  /* one was given, and no decoy could be destroyed for it */
};
enum drill_restore_gap drill_restore_gap(const struct drill_result *r);
/* False of a void run and of a control run: their score is null, not 0. */
bool drill_has_score(const struct drill_result *r);

/* Whether the attack itself was cut off by an operator or a limit: then a small loss is no merit.
 */
bool drill_attack_was_stopped(const struct drill_result *r);

/* The format that drill_result_json writes, and the oldest that drill_result_read takes. What each
 * of them holds: docs/results.md. */
enum { RESULT_FORMAT = 4, RESULT_FORMAT_OLDEST = 1 };

/* A result as it stands in the signed record by its hash: facts and score. Neither report paths nor
 * whether it was undone, which are known only afterwards. A new reference. */
json_t *drill_result_json(const struct drill_result *r);
/* The exact bytes of result.json; a report.json is a copy of them. */
enum status drill_result_write(
	const struct drill_result *r, struct buf *out, struct error *e) MUST_CHECK;
/* What a command answers: the same, with "report", "undone" and "not_recorded", and null for what
 * that names. A new reference. */
json_t *drill_answer_json(const struct drill_result *r);
/* Any format from RESULT_FORMAT_OLDEST to RESULT_FORMAT; a newer one is E_INVALID and says so. */
enum status drill_result_read(
	json_t *value, struct pool *p, struct drill_result *out, struct error *e) MUST_CHECK;

/* Fills score, parts, grade, ratings, counterfactual and improvements from the facts in *r. Pure.
 */
enum status drill_score(struct drill_result *r, struct pool *p, struct error *e) MUST_CHECK;

#endif
