/*
 * The attack, from the conductor's side: spawns the emulator in its locks, journals its intents
 * before they happen, renews its lease, watches budget, host pressure and stop requests, and tells
 * how it ended. The emulator itself (emulator.c) iterates the manifest.
 */
#ifndef DRILL_ATTACK_H
#define DRILL_ATTACK_H

#include "drill/attack/journal.h"
#include "drill/decoy/manifest.h"
#include "drill/drill.h"
#include "drill/keep/keystream.h"
#include "drill/scenario/scenario.h"
#include "sys/host.h"

/* Carried by every note, and the name under which ps shows the emulator: a desk that looks for them
 * tells drill from attack in seconds. */
#define DRILL_MARKER "TOCSIN-DRILL"
#define EMULATOR_PROCESS_NAME "tocsin-emulator"

enum attack_end {
	ATTACK_COMPLETED,
	ATTACK_STOP_ASKED, /* user, stop file, drill stop */
	ATTACK_LEASE_LOST,
	ATTACK_BUDGET,	    /* seconds, bytes or free space */
	ATTACK_PRESSURE,    /* PSI */
	ATTACK_KILLED,	    /* SIGKILL or SIGTERM by another process */
	ATTACK_FROZEN,	    /* SIGSTOP or frozen: no progress, process alive */
	ATTACK_READ_ONLY,   /* EROFS */
	ATTACK_BLOCKED,	    /* EPERM/EACCES on decoys, or decoys gone, so that nothing more works */
	ATTACK_CRASHED,	    /* any other signal, SIGSYS among them: voids */
	ATTACK_MEMORY_KILL, /* out of memory: voids */
	ATTACK_LIMIT,	    /* SIGXFSZ, SIGXCPU: voids */
	ATTACK_FAILED	    /* an error of ours */
};

enum file_result {
	FILE_CHANGED,
	FILE_SKIPPED,
	FILE_MISSING /* quarantined? */,
	FILE_REFUSED /* EPERM, EACCES */,
	FILE_READ_ONLY,
	FILE_NO_SPACE,
	FILE_FOREIGN /* identity differs: never touched */,
	FILE_FAILED
};

struct attack_request {
	const struct drill_context *context;
	const char *id;
	const struct scenario *scenario;
	const struct manifest *manifest;
	const struct drill_budget *budget;
	const char *call; /* whom to call, for the notes; NULL or "": the security desk */
	unsigned char escrow[ESCROW_KEY_BYTES];
	double rate_files_per_s; /* 0 unlimited */
	uint64_t order_seed;
	int arena_fd;
	struct journal *journal; /* START is written already */
	const char *stop_file;	 /* path polled for existence */
	/* Where the host's pressure comes from; NULL: the kernel (host_pressure_read). */
	void (*read_pressure)(struct host_pressure *out);
	const struct drill_watch *watch;
	/* Called about ten times a second with T0 (boot ns, -1 before) while the attack runs:
	 * channels are read there. True: contained from outside (the network is gone): end it. */
	bool (*tick)(int64_t t0_boot_ns, void *context);
	void *tick_context;
};

struct attack_outcome {
	enum attack_end end;
	struct confine_locks locks;
	int64_t t0_boot_ns, t0_wall_ns; /* first byte changed; -1 */
	int64_t end_boot_ns, end_wall_ns;
	int64_t stop_latency_ns; /* -1: not asked */
	/* A decoy counts as changed from its first changed byte on. Where something then kept the
	 * emulator from going on with it, it counts there as well, and as unfinished. */
	uint32_t n_changed, n_skipped, n_missing, n_refused, n_foreign, n_failed, n_notes;
	uint32_t n_unfinished;
	/* Of a single decoy, the longest: by the clock, and in processor time. */
	int64_t slowest_ns, slowest_cpu_ns;
	uint64_t bytes_changed;
	double rate_reached;	    /* files per second between first and last */
	struct drill_sample *curve; /* at most 600 points, in the pool */
	size_t n_curve;
	char sentence[ERROR_TEXT_MAX]; /* what happened where it was not completed; "" otherwise */
};

enum status attack_run(const struct attack_request *r, struct pool *p, struct attack_outcome *out,
	struct error *e) MUST_CHECK;

/* "Assume it got through": destroys the named decoys for good (key from the kernel inside the role,
 * forgotten), in the same locks, journaled as DESTROY first, whatever state the attack left them
 * in. E_PARTLY where some were left. out_gone[n_files], may be NULL: true for each that this call
 * destroyed, whatever it returns; a decoy that was missing before is not among them. */
enum status attack_destroy(const struct attack_request *r, const uint32_t *files, size_t n_files,
	bool *out_gone, struct error *e) MUST_CHECK;

int emulator_role(size_t n_fds);

/* Deterministic names, shared with undo's tests: the name that `file` gets (new file or rename). */
enum status attack_new_name(const struct scenario *s, const unsigned char escrow[ESCROW_KEY_BYTES],
	uint32_t file, const char *old_name, char out[256], struct error *e) MUST_CHECK;

#endif
