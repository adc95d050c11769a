/*
 * Planting and undo of the standard drill's corpus, beside plain loops over files of the same
 * sizes. Each step is taken several times; the median counts.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/arena.h"
#include "drill/decoy/budget.h"
#include "drill/decoy/planting.h"
#include "drill/keep/keep.h"
#include "drill/undo/undo.h"
#include "sys/file.h"

enum { ROUNDS_MAX = 5 };
/* ext4 does not use an inode again within five seconds of its end, and searches past such ones:
 * what one round removed would slow the next one. */
#define BETWEEN_ROUNDS_NS (6 * NS_PER_S)

enum step { STEP_PLANT, STEP_UNDO, STEPS };

/* One step in one round. */
struct figures {
	struct bench_spent ours;
	struct bench_spent plain;
	double flush_s; /* more, for the plain loop's bytes to be on the disk */
};

struct rounds {
	struct figures of[STEPS][ROUNDS_MAX];
	size_t n;
	uint32_t n_files;
	double mib;
};

/* --- the plain loops --- */

static void flush_all(const char *path)
{
	AUTO_FD int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || syncfs(fd) != 0)
		bench_die(path, NULL);
}

static void plain_write(const struct manifest *m, unsigned char *bytes, size_t n_most)
{
	char path[600];
	for (uint32_t i = 0; i < m->n_files; i++) {
		unsigned char tag[TAG_BYTES];
		size_t n = m->files[i].size_bytes < n_most ? (size_t)m->files[i].size_bytes
							   : 256 * 1024;
		(void)snprintf(path, sizeof path, "%s/plain/%u", bench_folder(), i);
		AUTO_FD int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		if (fd < 0 || write(fd, bytes, n) != (ssize_t)n)
			bench_die(path, NULL);
		for (size_t at = 0; at < n; at += BLOCK_BYTES)
			block_tag(bytes + at, n - at < BLOCK_BYTES ? n - at : BLOCK_BYTES, tag);
	}
}

static void plain_undo(const struct manifest *m, unsigned char *bytes, size_t n_most)
{
	char path[600];
	for (uint32_t i = 0; i < m->n_files; i++) {
		(void)snprintf(path, sizeof path, "%s/plain/%u", bench_folder(), i);
		AUTO_FD int fd = open(path, O_RDWR | O_CLOEXEC);
		ssize_t n = fd < 0 ? -1 : read(fd, bytes, n_most);
		if (n < 0)
			bench_die(path, NULL);
		(void)digest_of(bytes, (size_t)n);
		if (pwrite(fd, bytes, (size_t)n, 0) != n || unlink(path) != 0)
			bench_die(path, NULL);
	}
}

static void plain_loops(const struct manifest *m, struct rounds *r)
{
	static unsigned char bytes[8 * MIB];
	char path[600];
	struct figures *plant = &r->of[STEP_PLANT][r->n];
	struct figures *undo = &r->of[STEP_UNDO][r->n];
	memset(bytes, 'a', sizeof bytes);
	(void)snprintf(path, sizeof path, "%s/plain", bench_folder());
	if (mkdir(path, 0700) != 0)
		bench_die(path, NULL);
	struct bench_spent start = bench_spent_now();
	plain_write(m, bytes, sizeof bytes);
	plant->plain = bench_spent_since(start);
	start = bench_spent_now();
	flush_all(path);
	plant->flush_s = bench_spent_since(start).wall_s;
	start = bench_spent_now();
	plain_undo(m, bytes, sizeof bytes);
	undo->plain = bench_spent_since(start);
	bench_remove(path);
}

/* --- the product --- */

static void prepare(struct bench_arena *a, const char *home, const char *id)
{
	struct error e = ERROR_NONE;
	*a = (struct bench_arena){ .fd = -1, .keep_fd = -1, .pool = pool_new(2 * GIB) };
	(void)snprintf(a->path, sizeof a->path, "%s/planted", bench_folder());
	a->context.home = home;
	a->scenario = pool_take(a->pool, 1, sizeof *a->scenario);
	if (a->scenario == NULL ||
		scenario_find(home, "standard", a->pool, a->scenario, &e) != OK ||
		keep_make(home, id, &a->keep_fd, &e) != OK ||
		keep_escrow_make(a->keep_fd, a->escrow, &e) != OK)
		bench_die("prepare", &e);
}

static void plant(struct bench_arena *a, const char *id, uint32_t n_decoys, struct figures *f)
{
	struct error e = ERROR_NONE;
	struct confine_locks locks;
	struct planting_request request = { .scenario = a->scenario,
		.arena = a->path,
		.id = id,
		.n_decoys = n_decoys,
		.seed = 1,
		.wall_ns = clock_wall_ns(NULL),
		.keep_folder_fd = a->keep_fd };
	struct bench_spent start = bench_spent_now();
	if (planting_make(&request, a->pool, &a->manifest, &locks, &e) != OK)
		bench_die("planting", &e);
	f->ours = bench_spent_since(start);
}

static uint32_t attack(struct bench_arena *a, const char *id)
{
	struct error e = ERROR_NONE;
	struct attack_outcome o;
	AUTO_BUF struct buf body;
	buf_init(&body, 1024);
	struct journal_start m = { .drill = view_of(id),
		.manifest = a->manifest.hash,
		.scenario = a->scenario->hash,
		.at_ns = clock_wall_ns(NULL),
		.uid = a->manifest.uid };
	journal_start_write(&body, &m);
	if (file_open_folder(a->path, &a->fd, &e) != OK ||
		budget_compute(a->scenario, &a->manifest, 0, &a->budget, &e) != OK ||
		journal_create(a->keep_fd, KEEP_JOURNAL, &a->journal, &e) != OK ||
		journal_add(a->journal, JOURNAL_START, buf_view(&body), &e) != OK ||
		journal_commit(a->journal, &e) != OK)
		bench_die("journal", &e);
	(void)bench_attack(a, 0, &o);
	journal_close(TAKE(a->journal));
	return o.n_changed;
}

static void undo(struct bench_arena *a, uint32_t n_changed, struct figures *f)
{
	struct error e = ERROR_NONE;
	struct drill_undone undone;
	struct undo_request request = { .manifest = &a->manifest,
		.keep_folder_fd = a->keep_fd,
		.escrow = a->escrow,
		.scenario = a->scenario };
	struct bench_spent start = bench_spent_now();
	if (undo_run(&request, a->pool, &undone, &e) != OK)
		bench_die("undo", &e);
	f->ours = bench_spent_since(start);
	if (!undone.verified || undone.n_restored != n_changed)
		bench_die("undo left something changed", NULL);
}

static double mib_of(const struct manifest *m)
{
	uint64_t n = 0;
	for (uint32_t i = 0; i < m->n_files; i++)
		for (uint32_t k = 0; k < m->files[i].n_runs; k++)
			n += m->files[i].runs[k].n * BLOCK_BYTES;
	return (double)n / (double)MIB;
}

static void one_round(const char *home, uint32_t n_decoys, struct rounds *r)
{
	struct bench_arena a;
	struct id id = id_new(clock_wall_ns(NULL));
	prepare(&a, home, id.text);
	clock_sleep_ns(BETWEEN_ROUNDS_NS);
	sync(); /* what others, and the round before, left to be written is not ours */
	plant(&a, id.text, n_decoys, &r->of[STEP_PLANT][r->n]);
	clock_sleep_ns(BETWEEN_ROUNDS_NS);
	plain_loops(&a.manifest, r);
	uint32_t n_changed = attack(&a, id.text);
	sync();
	undo(&a, n_changed, &r->of[STEP_UNDO][r->n]);
	r->n_files = a.manifest.n_files;
	r->mib = mib_of(&a.manifest);
	r->n++;
	(void)close(a.fd);
	(void)close(a.keep_fd);
	pool_free(a.pool);
}

/* --- the table --- */

static int by_size(const void *a, const void *b)
{
	const double *x = a;
	const double *y = b;
	return (*x > *y) - (*x < *y);
}

static double median(double *values, size_t n)
{
	qsort(values, n, sizeof *values, by_size);
	return values[n / 2];
}

static void row(FILE *out, const char *name, const struct figures *f, const struct rounds *r)
{
	double ours[ROUNDS_MAX], cpu[ROUNDS_MAX], plain[ROUNDS_MAX], plain_cpu[ROUNDS_MAX];
	double flush[ROUNDS_MAX], ratio[ROUNDS_MAX], cpu_ratio[ROUNDS_MAX];
	for (size_t i = 0; i < r->n; i++) {
		ours[i] = f[i].ours.wall_s;
		cpu[i] = f[i].ours.cpu_s;
		plain[i] = f[i].plain.wall_s;
		plain_cpu[i] = f[i].plain.cpu_s;
		flush[i] = f[i].plain.wall_s + f[i].flush_s;
		ratio[i] = flush[i] / ours[i];
		cpu_ratio[i] = plain_cpu[i] / cpu[i];
	}
	double ours_s = median(ours, r->n);
	bench_say(out,
		"| %s | %u | %.0f | %.2f | %.0f | %.2f | %.2f | %.2f | %.2f | %.2f | %.2f |\n",
		name, r->n_files, r->mib, ours_s, r->n_files / ours_s, median(cpu, r->n),
		median(plain, r->n), median(flush, r->n), median(plain_cpu, r->n),
		median(ratio, r->n), median(cpu_ratio, r->n));
}

void bench_plant_and_undo(FILE *out, bool quick)
{
	static struct rounds rounds;
	char home[600];
	bench_say(out,
		"\n## Planting and undo\n\nThe standard drill's corpus, median of %d rounds. Plain "
		"loops: planting against writing and hashing files of the same sizes, and flushing "
		"them, as planting does; undo against reading, hashing, writing back and unlinking "
		"them, without any flush. *ratio* is by the clock, plain loop (flushed) to "
		"product; "
		"*CPU ratio* the same in processor time, which other programs disturb less.\n\n"
		"| step | files | MiB | seconds | files/s | CPU, s | plain, s | flushed, s | plain "
		"CPU, s "
		"| ratio | CPU ratio |\n|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n",
		quick ? 1 : ROUNDS_MAX);
	(void)snprintf(home, sizeof home, "%s/home", bench_folder());
	if (mkdir(home, 0700) != 0)
		bench_die(home, NULL);
	while (rounds.n < (size_t)(quick ? 1 : ROUNDS_MAX))
		one_round(home, quick ? 300 : 1200, &rounds);
	row(out, "planting", rounds.of[STEP_PLANT], &rounds);
	row(out, "undo (restore, prove, remove)", rounds.of[STEP_UNDO], &rounds);
}
