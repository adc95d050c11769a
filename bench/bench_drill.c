/*
 * The drill measured, each figure beside a plain loop of the same I/O in the same run:
 *
 *   bench_drill [--quick] [--pattern ID] [--out FILE]
 *
 * prints Markdown tables and also writes them to FILE.
 */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/arena.h"
#include "drill/decoy/budget.h"
#include "drill/decoy/planting.h"
#include "drill/keep/keep.h"
#include "drill/undo/undo.h"
#include "sys/file.h"
#include "sys/host.h"

static void say(FILE *out, const char *format, ...) PRINTF_LIKE(2, 3);
static void say(FILE *out, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	va_list again;
	va_copy(again, args);
	(void)vprintf(format, args);
	(void)fflush(stdout);
	if (out != NULL)
		(void)vfprintf(out, format, again);
	va_end(again);
	va_end(args);
}

static double run_attack(struct bench_arena *a, double rate, struct attack_outcome *out)
{
	struct error e = ERROR_NONE;
	struct attack_request r = bench_request(a);
	r.rate_files_per_s = rate;
	double start = bench_now_s();
	if (attack_run(&r, a->pool, out, &e) != OK)
		bench_die("attack", &e);
	if (out->end != ATTACK_COMPLETED)
		bench_die(out->sentence, NULL);
	return bench_now_s() - start;
}

/* --- patterns --- */

struct pattern {
	const char *id;
	size_t n_files;
	uint64_t size;
};

static const struct pattern patterns[] = {
	{ "header-one-chunk", 10000, 8192 },
	{ "fast-actor", 10000, 8192 },
	{ "three-chunk-percent", 600, 65536 },
	{ "size-class", 600, 65536 },
	{ "three-regions", 600, 65536 },
	{ "mode-switch", 600, 65536 },
	{ "block-mode", 600, 65536 },
	{ "first-mib", 600, 65536 },
	{ "first-and-last", 600, 65536 },
	{ "percent-from-start", 600, 65536 },
	{ "capped-head", 600, 65536 },
	{ "alternate-16", 600, 65536 },
	{ "rename-first", 600, 65536 },
	{ "small-dots", 200, 65536 },
	{ "operator-percent", 600, 65536 },
	{ "three-modes", 600, 65536 },
	{ "named-modes", 600, 65536 },
	{ "copy-then-destroy", 300, 65536 },
	{ "big-file-blocks", 600, 65536 },
	{ "image-stripes", 300, 65536 },
	{ "tiny-read-new-file", 100, 65536 },
	{ "standard", 600, 65536 },
	{ "quick", 600, 65536 },
};

/* The slowest file: the size classes alone, in the plain loop, which makes the same calls. */
static struct plain_result worst_file(const char *id)
{
	struct bench_arena a;
	bench_arena_make(&a, id, 0, 0, true);
	struct plain_result r = plain_attack(&a);
	bench_arena_done(&a);
	return r;
}

static void bench_pattern(FILE *out, const struct pattern *p, size_t divide)
{
	struct bench_arena a;
	struct attack_outcome o;
	size_t n = p->n_files / divide;
	bench_arena_make(&a, p->id, n, p->size, false);
	struct plain_result plain = plain_attack(&a);
	bench_arena_done(&a);
	bench_arena_make(&a, p->id, n, p->size, false);
	double whole_s = run_attack(&a, 0, &o);
	double per_min = o.rate_reached * 60;
	double plain_per_min = plain.n_files / plain.seconds * 60;
	unsigned threads = a.scenario->threads;
	bench_arena_done(&a);
	char threads_text[16] = "per CPU";
	if (threads > 0)
		(void)snprintf(threads_text, sizeof threads_text, "%u", threads);
	struct plain_result worst = worst_file(p->id);
	say(out, "| %s | %zu × %llu KiB | %s | %.0f | %.0f | %.2f | %.2f | %.0f | %.0f |\n", p->id,
		n, (unsigned long long)(p->size / 1024), threads_text, per_min, plain_per_min,
		per_min / plain_per_min, whole_s, worst.worst_file_s * 1000,
		worst.worst_file_cpu_s * 1000);
}

static void bench_patterns(FILE *out, size_t divide, const char *only)
{
	say(out, "## Emulator, unthrottled\n\n"
		 "Files a minute between the first and the last changed decoy, journal "
		 "group-committed "
		 "on the same disk, against a plain single-threaded loop (same files, calls and "
		 "cipher; "
		 "no locks, journal, checks or syncing). *whole* is the time from starting the "
		 "process "
		 "to its reaped end. *slowest* is the longest single file among the pattern's size "
		 "classes (plain loop, page cache warm), by the clock and in CPU time.\n\n"
		 "| pattern | files | threads | files/min | plain loop | ratio | whole, s | "
		 "slowest, ms | CPU, ms |\n|---|---|---|---:|---:|---:|---:|---:|---:|\n");
	for (size_t i = 0; i < COUNT_OF(patterns); i++)
		if (only == NULL || strcmp(only, patterns[i].id) == 0)
			bench_pattern(out, &patterns[i], divide);
}

/* --- rate --- */

static void bench_rates(FILE *out, bool quick)
{
	static const double rates[] = { 14.3, 40, 282 };
	say(out, "\n## Rate\n\n| asked, files/s | files | reached | error "
		 "|\n|---:|---:|---:|---:|\n");
	for (size_t i = 0; i < COUNT_OF(rates); i++) {
		struct bench_arena a;
		struct attack_outcome o;
		size_t n = (size_t)(rates[i] * (quick ? 4 : 12));
		bench_arena_make(&a, "fast-actor", n, 65536, false);
		(void)run_attack(&a, rates[i], &o);
		bench_arena_done(&a);
		say(out, "| %.1f | %zu | %.2f | %+.2f %% |\n", rates[i], n, o.rate_reached,
			(o.rate_reached / rates[i] - 1) * 100);
	}
}

/* --- planting and undo --- */

/* Writing, hashing per block and removing the same number of files of the same sizes. */
struct plain_files {
	double write_s;
	double undo_s;
};

static struct plain_files plain_files(const struct manifest *m)
{
	struct plain_files r;
	char path[600];
	static unsigned char bytes[8 * MIB];
	memset(bytes, 'a', sizeof bytes);
	(void)snprintf(path, sizeof path, "%s/plain", bench_folder());
	if (mkdir(path, 0700) != 0)
		bench_die(path, NULL);
	double start = bench_now_s();
	for (uint32_t i = 0; i < m->n_files; i++) {
		unsigned char tag[TAG_BYTES];
		size_t n = m->files[i].size_bytes < sizeof bytes ? (size_t)m->files[i].size_bytes
								 : 256 * 1024;
		(void)snprintf(path, sizeof path, "%s/plain/%u", bench_folder(), i);
		AUTO_FD int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		if (fd < 0 || write(fd, bytes, n) != (ssize_t)n)
			bench_die(path, NULL);
		for (size_t at = 0; at < n; at += BLOCK_BYTES)
			block_tag(bytes + at, n - at < BLOCK_BYTES ? n - at : BLOCK_BYTES, tag);
	}
	r.write_s = bench_now_s() - start;
	start = bench_now_s();
	for (uint32_t i = 0; i < m->n_files; i++) {
		(void)snprintf(path, sizeof path, "%s/plain/%u", bench_folder(), i);
		AUTO_FD int fd = open(path, O_RDWR | O_CLOEXEC);
		ssize_t n = fd < 0 ? -1 : read(fd, bytes, sizeof bytes);
		if (n < 0)
			bench_die(path, NULL);
		(void)digest_of(bytes, (size_t)n);
		if (pwrite(fd, bytes, (size_t)n, 0) != n || unlink(path) != 0)
			bench_die(path, NULL);
	}
	r.undo_s = bench_now_s() - start;
	(void)snprintf(path, sizeof path, "%s/plain", bench_folder());
	bench_remove(path);
	return r;
}

static uint64_t bytes_of(const struct manifest *m)
{
	uint64_t n = 0;
	for (uint32_t i = 0; i < m->n_files; i++)
		for (uint32_t k = 0; k < m->files[i].n_runs; k++)
			n += m->files[i].runs[k].n * BLOCK_BYTES;
	return n;
}

static void plant_and_undo(FILE *out, const char *home, uint32_t n_decoys)
{
	struct error e = ERROR_NONE;
	struct confine_locks locks;
	struct attack_outcome o;
	struct drill_undone undone;
	struct bench_arena a = { .fd = -1, .keep_fd = -1, .pool = pool_new(2 * GIB) };
	struct id id = id_new(clock_wall_ns(NULL));
	AUTO_BUF struct buf body;
	buf_init(&body, 1024);
	(void)snprintf(a.path, sizeof a.path, "%s/planted", bench_folder());
	a.context.home = home;
	a.scenario = pool_take(a.pool, 1, sizeof *a.scenario);
	if (a.scenario == NULL || scenario_find(home, "standard", a.pool, a.scenario, &e) != OK ||
		keep_make(home, id.text, &a.keep_fd, &e) != OK ||
		keep_escrow_make(a.keep_fd, a.escrow, &e) != OK)
		bench_die("prepare", &e);
	struct planting_request plant = { .scenario = a.scenario,
		.arena = a.path,
		.id = id.text,
		.n_decoys = n_decoys,
		.seed = 1,
		.wall_ns = clock_wall_ns(NULL),
		.keep_folder_fd = a.keep_fd };
	double start = bench_now_s();
	if (planting_make(&plant, a.pool, &a.manifest, &locks, &e) != OK)
		bench_die("planting", &e);
	double plant_s = bench_now_s() - start;
	struct plain_files plain = plain_files(&a.manifest);
	double mib = (double)bytes_of(&a.manifest) / (double)MIB;
	say(out, "| planting | %u | %.0f | %.2f | %.0f | %.0f | %.2f | %.2f |\n",
		a.manifest.n_files, mib, plant_s, a.manifest.n_files / plant_s, mib / plant_s,
		plain.write_s, plain.write_s / plant_s);

	struct journal_start m = { .drill = view_of(id.text),
		.manifest = a.manifest.hash,
		.scenario = a.scenario->hash,
		.at_ns = clock_wall_ns(NULL),
		.uid = a.manifest.uid };
	journal_start_write(&body, &m);
	if (file_open_folder(a.path, &a.fd, &e) != OK ||
		budget_compute(a.scenario, &a.manifest, 0, &a.budget, &e) != OK ||
		journal_create(a.keep_fd, KEEP_JOURNAL, &a.journal, &e) != OK ||
		journal_add(a.journal, JOURNAL_START, buf_view(&body), &e) != OK ||
		journal_commit(a.journal, &e) != OK)
		bench_die("journal", &e);
	(void)run_attack(&a, 0, &o);
	journal_close(TAKE(a.journal));
	sync();
	struct undo_request undo = { .manifest = &a.manifest,
		.keep_folder_fd = a.keep_fd,
		.escrow = a.escrow,
		.scenario = a.scenario };
	start = bench_now_s();
	if (undo_run(&undo, a.pool, &undone, &e) != OK)
		bench_die("undo", &e);
	double undo_s = bench_now_s() - start;
	say(out,
		"| undo (restore, prove, remove) | %u | %.0f | %.2f | %.0f | %.0f | %.2f | %.2f "
		"|\n",
		a.manifest.n_files, mib, undo_s, a.manifest.n_files / undo_s, mib / undo_s,
		plain.undo_s, plain.undo_s / undo_s);
	if (!undone.verified || undone.n_restored != o.n_changed)
		bench_die("undo left something changed", NULL);
	pool_free(a.pool);
}

static void bench_plant_and_undo(FILE *out, bool quick)
{
	say(out, "\n## Planting and undo\n\nThe standard drill's corpus. Plain loops: planting "
		 "against "
		 "writing and hashing files of the same sizes; undo against reading, hashing, "
		 "writing "
		 "back and unlinking them.\n\n"
		 "| step | files | MiB | seconds | files/s | MiB/s | plain loop, s | ratio |\n"
		 "|---|---:|---:|---:|---:|---:|---:|---:|\n");
	char home[600];
	(void)snprintf(home, sizeof home, "%s/home", bench_folder());
	if (mkdir(home, 0700) != 0)
		bench_die(home, NULL);
	plant_and_undo(out, home, quick ? 300 : 1200);
}

/* --- the machine --- */

static void describe(FILE *out)
{
	struct host_name h;
	struct file_system fs;
	struct error e = ERROR_NONE;
	char at[TIME_TEXT_MAX];
	int fd = -1;
	host_name_read(&h);
	if (file_open_folder(bench_folder(), &fd, &e) != OK || file_system_of(fd, &fs, &e) != OK)
		bench_die("file system", &e);
	(void)close(fd);
	say(out,
		"Measured %.10s on %ld virtual CPUs, Linux %s, %s, %s; other programs were "
		"running.\n\n",
		time_text(clock_wall_ns(NULL), at), sysconf(_SC_NPROCESSORS_ONLN), h.kernel,
		h.system, fs.kind);
}

static void memory(FILE *out)
{
	struct rusage own, roles;
	(void)getrusage(RUSAGE_SELF, &own);
	(void)getrusage(RUSAGE_CHILDREN, &roles);
	say(out,
		"\n## Memory\n\nPeak resident size over all of the above (up to 10,000 decoys): "
		"conductor %ld MiB, largest role %ld MiB.\n",
		own.ru_maxrss / 1024, roles.ru_maxrss / 1024);
}

int main(int argc, char **argv)
{
	int code = 0;
	bool quick = false;
	const char *only = NULL;
	AUTO_FILE FILE *out = NULL;
	if (role_dispatch(argc, argv, drill_roles, n_drill_roles, &code))
		return code;
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--quick") == 0)
			quick = true;
		else if (strcmp(argv[i], "--pattern") == 0 && i + 1 < argc)
			only = argv[++i];
		else if (strcmp(argv[i], "--out") == 0 && i + 1 < argc)
			out = fopen(argv[++i], "we");
		else
			return 2;
	}
	describe(out);
	bench_patterns(out, quick ? 10 : 1, only);
	if (only != NULL) {
		bench_remove(bench_folder());
		return 0;
	}
	bench_rates(out, quick);
	bench_plant_and_undo(out, quick);
	memory(out);
	bench_remove(bench_folder());
	return 0;
}
