/*
 * What the emulator's files share with each other and with the conductor's side of the attack: the
 * request, the messages, the steps and the work on one decoy. Private to attack*.c, destroy.c,
 * emulat*.c, order.c and pace.c.
 */
#ifndef DRILL_EMULATE_H
#define DRILL_EMULATE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/pack.h"
#include "drill/attack/attack.h"
#include "drill/decoy/planting.h"
#include "drill/wire.h"

/* --- what the conductor hands over --- */

enum {
	EMULATE_ARENA_FD = ROLE_FIRST_FD,
	EMULATE_SCENARIO_FD,
	EMULATE_MANIFEST_FD,
	EMULATE_REQUEST_FD,
	EMULATE_FDS = 4
};
enum { EMULATE_MAGIC = 0x71CE0001, EMULATE_HEAD_BYTES = 4 + 4 + 4 + 8 };
enum emulate_task { EMULATE_ATTACK = 1, EMULATE_DESTROY = 2 };

/* The head has a fixed size: it is read before the locks, everything else inside them. */
#define EMULATE_HEAD_FIELDS(F) F(u32, magic) F(u32, uid) F(u32, gid) F(u64, max_file_bytes)
/* The formatter does not settle on these lists. */
/* clang-format off */
#define EMULATE_REQUEST_FIELDS(F) \
	F(u8, task) F(text, id) F(text, call) F(digest, escrow) F(digest, scenario) \
	F(digest, manifest) F(u64, rate_micro) F(u64, order_seed) F(u64, max_files) \
	F(u64, max_bytes) F(i64, lease_boot_ns) F(bytes, files)
/* clang-format on */
PACK_STRUCT(emulate_head, EMULATE_HEAD_FIELDS)
PACK_STRUCT(emulate_request, EMULATE_REQUEST_FIELDS)

/* --- what the role tells --- */

/* WIRE_BATCH: u64 number, then for each record u8 kind (INTENT, NOTE) and its body as text.
 * WIRE_DONE: u32 notes made, then the bodies of JOURNAL_DONE records as text. WIRE_RESULT:
 * emulate_result, once, at the first change. WIRE_FINISHED: reason is an enum emulate_end. */
#define EMULATE_RESULT_FIELDS(F) F(i64, t0_boot_ns)
PACK_STRUCT(emulate_result, EMULATE_RESULT_FIELDS)

enum emulate_end {
	EMULATE_GOES_ON, /* never sent */
	EMULATE_COMPLETED,
	EMULATE_STOPPED, /* WIRE_STOP */
	EMULATE_LEASE_OVER,
	EMULATE_CHANNEL_LOST,
	EMULATE_READ_ONLY,
	EMULATE_NO_SPACE,
	EMULATE_BLOCKED, /* so many decoys in a row refused, missing or exchanged, or at the end */
	EMULATE_OVER_BUDGET,
	EMULATE_FAULTY /* a WIRE_FAULT went before */
};

enum {
	BATCH_TASKS_MAX = 512,
	BATCH_NEW_FILES_MAX = 64, /* each holds two descriptors until it is durable */
	BATCH_PACKET_BYTES = 32 * 1024,
	BATCH_MS = 50,
	BATCHES_AHEAD = 8,	     /* announced beyond the one in hand … */
	AHEAD_BYTES_MAX = 96 * 1024, /* … as far as the channel takes them without waiting */
	REPORT_MS = 50,		     /* between two reports while a batch is worked on */
	BLOCKED_IN_A_ROW = 32,
	BLOCKED_AT_THE_END = 8, /* a run whose last decoys all resisted got nowhere any more */
	NOTE_BYTES_MAX = 4096,
	FOOTER_BYTES_MAX = 4096,
	THREADS_MAX = 64
};

/* --- the order, simulated over the manifest --- */

enum step_kind { STEP_PROBE, STEP_NOTE, STEP_FILE };
struct step {
	enum step_kind kind;
	uint32_t index; /* file, or folder (FOLDER_ROOT: the arena) */
};
enum status order_make(const struct scenario *s, const struct manifest *m, uint64_t seed,
	struct pool *p, struct step **out, size_t *out_n, struct error *e) MUST_CHECK;

/* --- the pace --- */

struct pace {
	double rate_per_s; /* 0: unlimited */
	int64_t start_ns;
	int64_t last_ns;
	uint64_t n;
};
void pace_start(struct pace *p, double rate_per_s, int64_t now_ns);
/* When the next file may begin: never before now. */
int64_t pace_next(struct pace *p, int64_t now_ns);

/* --- notes --- */

/* The note's name for this run, and its text: DRILL in line one. At most NOTE_BYTES_MAX, so that
 * one write makes it: after a kill or a power cut a note is absent, empty or whole. */
enum status note_name(const struct scenario *s, const unsigned char escrow[ESCROW_KEY_BYTES],
	char out[256], struct error *e) MUST_CHECK;
enum status note_text(const struct scenario *s, const char *id, struct view call, struct buf *out,
	struct error *e) MUST_CHECK;
extern const char probe_name[];

/* --- one task --- */

struct task {
	struct step step;
	const struct region *region; /* NULL: skipped */
	bool is_paced;
	bool was_done; /* worked on; false where the run ended before its turn */
	bool is_over;  /* nothing more is done with it (written under the emulation's lock) */
	bool was_told; /* in a report */
	enum file_result result;
	bool touched; /* a byte of the decoy was changed or added, whatever the result */
	uint64_t bytes_changed;
	int64_t at_boot_ns;
	int64_t took_ns, cpu_ns; /* of the work on it, without what a whole batch waits for */
	/* New-file modes, between writing and the original's end. */
	int old_fd, new_fd, folder_fd;
	bool at_working_name; /* the new file still has it */
	char new_name[256];   /* "" where the name stays */
};

/* How long something takes, by the clock and in processor time of this thread. */
struct stopwatch {
	int64_t boot_ns, cpu_ns;
};
struct stopwatch stopwatch_start(void);
/* Adds what went by since then. */
void stopwatch_add(const struct stopwatch *since, struct task *t);

struct emulation;
struct worker {
	struct emulation *emulation;
	struct keystream *keystream;
	unsigned char *bytes; /* n_bytes: a call of the scenario's, and a footer */
	size_t n_bytes;
	uint32_t folder; /* of folder_fd */
	int folder_fd;	 /* own descriptor; -1 */
};

struct emulation {
	const struct scenario *scenario;
	const struct manifest *manifest;
	struct emulate_request request;
	struct buf note;
	char note_name[256];
	struct digest note_digest;

	pthread_mutex_t arena_lock;
	struct arena_view view;

	atomic_int end; /* enum emulate_end; the first to set it wins */
	atomic_llong lease_boot_ns;
	atomic_llong t0_boot_ns; /* -1 */
	atomic_bool is_leaving;	 /* the control thread may go */
	atomic_uint n_files;
	atomic_ullong n_bytes;
	atomic_uint n_in_a_row; /* decoys that could not be touched */

	pthread_mutex_t lock; /* guards the rest */
	pthread_cond_t moved;
	struct error fault; /* of the first failure that is nobody's containment */
	uint64_t committed; /* last batch that is on disk */
	struct task *tasks; /* the batch in hand */
	size_t n_tasks, next_task, n_finished;
	bool no_more_tasks;
	struct pace pace;

	pthread_t threads[THREADS_MAX + 1]; /* workers, then the control thread */
	struct worker workers[THREADS_MAX];
	size_t n_workers;
	bool has_control;
};

/* emulator_threads.c: the control thread listens to the conductor, keeps the lease and beats; the
 * workers take tasks of the batch in hand at the pace. */
enum status emulation_start_control(struct emulation *em, struct error *e) MUST_CHECK;
enum status emulation_start_workers(struct emulation *em, size_t n, struct error *e) MUST_CHECK;
/* Hands a batch to the workers, and waits until each of its tasks was done or passed over. False:
 * REPORT_MS are over and some are not. */
void emulation_hand_over(struct emulation *em, struct task *tasks, size_t n_tasks);
bool emulation_wait_finished(struct emulation *em);
/* False where the run ended first. */
bool emulation_wait_committed(struct emulation *em, uint64_t number);
/* The last batch that is on disk. */
uint64_t emulation_committed(struct emulation *em);
void emulation_join(struct emulation *em);

enum status worker_init(struct worker *w, struct emulation *em, struct error *e) MUST_CHECK;
void worker_done(struct worker *w);

void emulation_end(struct emulation *em, enum emulate_end why);
/* What the outcome of one decoy means for the run. */
void emulation_weigh(struct emulation *em, enum file_result result);
/* The run has come to its end by itself: so it was completed, unless its last decoys all resisted.
 */
void emulation_conclude(struct emulation *em);
/* True where no further file may be begun: an end is set, or the lease is lost. While that is not
 * clear it waits, at most about a second. */
bool emulation_is_over(struct emulation *em);
/* Called right before the first byte that this process changes. */
void emulation_mark_t0(struct emulation *em);

/* Opens the task's decoy as it was planted. Where it is not: the result says why. */
bool worker_open_file(struct worker *w, const struct task *t, int flags, int *out_fd,
	enum file_result *out_result);
/* The folder's own descriptor, kept until another folder is asked for. */
enum status worker_folder(
	struct worker *w, uint32_t folder, int *out_fd, struct error *e) MUST_CHECK;
enum file_result result_of(const struct error *e);
/* The name in the folder still leads to the object behind fd. */
bool name_leads_to(int folder_fd, const char *name, int fd);
/* write(2)-like calls with results instead of statuses; all or nothing told. */
/* *out_touched (may be NULL) is set once a byte was written. */
enum file_result write_at(
	int fd, uint64_t offset, const void *bytes, size_t n_bytes, bool *out_touched);
enum file_result read_at(int fd, uint64_t offset, void *bytes, size_t n_bytes);
/* The footer: the keystream behind the file's end, so that undo can tell it from foreign bytes. */
enum file_result write_footer(struct worker *w, uint64_t size_bytes, int fd, bool *out_touched);

/* emulate_file.c: in place. */
enum file_result emulate_in_place(struct worker *w, struct task *t);
/* emulate_new.c: first the new file; then, for a whole batch, durable; then each original's end. */
enum file_result emulate_new_write(struct worker *w, struct task *t);
void emulate_new_make_durable(struct worker *w, struct task *tasks, size_t n_tasks);
void emulate_new_settle(struct worker *w, struct task *t);
/* emulate_note.c */
enum file_result emulate_note(struct worker *w, const struct task *t);
/* destroy.c: the role's side of attack_destroy. */
enum status destroy_files(struct emulation *em, struct error *e) MUST_CHECK;

bool scenario_makes_new_files(const struct scenario *s);
bool scenario_renames(const struct scenario *s);

/* --- the conductor's side: attack.c, attack_start.c, attack_watch.c, attack_end.c, destroy.c ---
 */

/* One run of the role, as the conductor sees it. */
struct attack {
	const struct attack_request *request;
	enum emulate_task task;
	const uint32_t *files; /* to destroy; NULL in an attack */
	size_t n_files;
	bool *gone; /* n_files entries: destroyed; may be NULL */
	struct attack_outcome *out;
	struct role_process role;
	struct packet *packet;
	int64_t started_boot_ns;

	bool is_ready, has_finished, has_fault;
	enum emulate_end reason;
	int64_t stopped_boot_ns;
	struct error fault;
	uint64_t last_batch;
	bool owes_commit; /* batches came that are not on disk yet */

	int64_t asked_boot_ns; /* WIRE_STOP was sent; -1 */
	enum attack_end asked_as;
	bool was_killed_by_us;
	bool has_beat; /* what it was handed is read: from here on silence counts at once */
	bool is_held;  /* silent, and stopped or frozen by another process */

	int64_t lease_at_ns, look_at_ns, tick_at_ns, slow_look_at_ns;
	int64_t beat_ns, loop_ns;
	int64_t slowest_commit_ns;
	uint64_t oom_before;
	double io_before, memory_before;
	int64_t pressure_since_ns; /* -1 */
	int64_t first_done_ns, last_done_ns;
	int64_t curve_step_ns;
};

/* attack_start.c: packs scenario, manifest and request into sealed memory and starts the role. */
enum status attack_start(struct attack *a, struct error *e) MUST_CHECK;
/* attack.c: from the start to the reaped process; *a says what happened. */
enum status attack_conduct(struct attack *a, struct error *e) MUST_CHECK;
/* attack_watch.c: lease, stop requests, budget, pressure, progress: all that is due now. */
enum status attack_watch(struct attack *a, int64_t now_ns, struct error *e) MUST_CHECK;
void attack_watch_start(struct attack *a, int64_t now_ns);
enum status attack_renew_lease(struct attack *a, struct error *e) MUST_CHECK;
/* Asks once; the first reason stays. */
void attack_ask_stop(struct attack *a, enum attack_end why, const char *sentence);
/* A point of the loss curve, thinned out where it grows too long. */
void attack_curve_add(struct attack *a, int64_t at_boot_ns);

/* attack_end.c: how a role ended, as far as its process tells. */
struct role_ending {
	bool has_ended;
	bool is_stopped; /* SIGSTOP and its like */
	bool was_killed; /* by a signal */
	int signal;
	int exit_status;
};
void role_ending_look(const struct role_process *role, struct role_ending *out);
/* True where the process lives and another one holds it: stopped by a signal or a tracer, or in a
 * frozen control group (cgroup.events, or freezer.state of version 1). */
bool role_is_held(pid_t pid);
/* What a death that the role did not announce means. */
enum attack_end attack_end_of_death(const struct role_ending *ending, bool memory_kill_counted);
/* What the role itself said, and a sentence for every end (translated; "" where completed). */
enum attack_end attack_end_of_reason(const struct attack *a);
const char *attack_end_sentence(enum attack_end end);

#endif
