/*
 * Arenas for the benchmarks, made by a plain planter of their own, and the plain loops that the
 * product's figures are held against: the same files, the same calls, without locks, journal or
 * checks.
 */
#ifndef BENCH_ARENA_H
#define BENCH_ARENA_H

#include <stdio.h>

#include "drill/attack/attack.h"

struct bench_arena {
	struct pool *pool;
	char path[512];
	int fd;
	int keep_fd;
	struct scenario *scenario;
	struct manifest manifest;
	struct drill_budget budget;
	struct drill_context context;
	unsigned char escrow[ESCROW_KEY_BYTES];
	struct journal *journal;
};

/* n files of `size` bytes of text in folders three deep, and with `classes` one for each size class
 * of the scenario. Ends the program on failure. */
void bench_arena_make(
	struct bench_arena *a, const char *scenario, size_t n, uint64_t size, bool classes);
/* Removes everything beneath the benchmark's folder that this arena made. */
void bench_arena_done(struct bench_arena *a);
struct attack_request bench_request(struct bench_arena *a);

struct plain_result {
	double seconds;
	uint32_t n_files;
};
/* Works through the decoys in the scenario's order, in this thread. */
struct plain_result plain_attack(struct bench_arena *a);
/* The folder under which everything happens. */
const char *bench_folder(void);
_Noreturn void bench_die(const char *what, const struct error *e);
void bench_remove(const char *path);
double bench_now_s(void);

/* By the clock, and in processor time of this process and of those that it has reaped: on a busy
 * machine the steadier figure. */
struct bench_spent {
	double wall_s;
	double cpu_s;
};
struct bench_spent bench_spent_now(void);
struct bench_spent bench_spent_since(struct bench_spent start);

/* To the terminal and to `out` (may be NULL). */
void bench_say(FILE *out, const char *format, ...) PRINTF_LIKE(2, 3);
/* Runs the attack to its end; seconds from starting the process to its reaped end. */
double bench_attack(struct bench_arena *a, double rate, struct attack_outcome *out);

/* plant_undo.c */
void bench_plant_and_undo(FILE *out, bool quick);

#endif
