/*
 * The drill measured, each figure beside a plain loop of the same I/O in the same run:
 *
 *   bench_drill [--quick] [--only patterns|rates|plant] [--pattern ID] [--out FILE]
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

/* The slowest file: the size classes alone, by the emulator itself at the pattern's own pace. */
static void slowest_file(const char *id, struct attack_outcome *out)
{
	struct bench_arena a;
	bench_arena_make(&a, id, 0, 0, true);
	(void)bench_attack(&a, a.scenario->rate_files_per_s, out);
	bench_arena_done(&a);
}

static void bench_pattern(FILE *out, const struct pattern *p, size_t divide)
{
	struct bench_arena a;
	struct attack_outcome o;
	size_t n = p->n_files / divide;
	bench_arena_make(&a, p->id, n, p->size, false);
	struct bench_spent start = bench_spent_now();
	struct plain_result plain = plain_attack(&a);
	struct bench_spent plain_spent = bench_spent_since(start);
	bench_arena_done(&a);
	bench_arena_make(&a, p->id, n, p->size, false);
	start = bench_spent_now();
	double whole_s = bench_attack(&a, 0, &o);
	struct bench_spent spent = bench_spent_since(start);
	double per_min = o.rate_reached * 60;
	double plain_per_min = plain.n_files / plain.seconds * 60;
	unsigned threads = a.scenario->threads;
	bench_arena_done(&a);
	char threads_text[32] = "per CPU";
	if (threads == 0 && a.scenario->threads_per_processor > 1)
		(void)snprintf(threads_text, sizeof threads_text, "%u per CPU",
			(unsigned)a.scenario->threads_per_processor);
	if (threads > 0)
		(void)snprintf(threads_text, sizeof threads_text, "%u", threads);
	struct attack_outcome slowest;
	slowest_file(p->id, &slowest);
	bench_say(out,
		"| %s | %zu × %llu KiB | %s | %.0f | %.0f | %.2f | %.2f | %.2f | %.0f | %.0f |\n",
		p->id, n, (unsigned long long)(p->size / 1024), threads_text, per_min,
		plain_per_min, per_min / plain_per_min, plain_spent.cpu_s / spent.cpu_s, whole_s,
		(double)slowest.slowest_ns / 1e6, (double)slowest.slowest_cpu_ns / 1e6);
}

static void bench_patterns(FILE *out, size_t divide, const char *only)
{
	bench_say(out,
		"## Emulator, unthrottled\n\n"
		"Files a minute between the first and the last changed decoy, journal "
		"group-committed on the same disk, against a plain single-threaded loop (same "
		"files, calls and cipher; no locks, journal, checks or syncing). *CPU ratio* is "
		"the "
		"loop's processor time to that of conductor and emulator together, start and end "
		"included. *whole* is the time from starting the process to its reaped end. "
		"*slowest* is the longest single file when the emulator works through the "
		"pattern's "
		"size classes at the pattern's own pace, by the clock and in CPU time.\n\n"
		"| pattern | files | threads | files/min | plain loop | ratio | CPU ratio | whole, "
		"s | "
		"slowest, ms | CPU, ms |\n|---|---|---|---:|---:|---:|---:|---:|---:|---:|\n");
	for (size_t i = 0; i < COUNT_OF(patterns); i++)
		if (only == NULL || strcmp(only, patterns[i].id) == 0)
			bench_pattern(out, &patterns[i], divide);
}

/* --- rate --- */

static void bench_rates(FILE *out, bool quick)
{
	static const double rates[] = { 14.3, 40, 282 };
	bench_say(out, "\n## Rate\n\n| asked, files/s | files | reached | error "
		       "|\n|---:|---:|---:|---:|\n");
	for (size_t i = 0; i < COUNT_OF(rates); i++) {
		struct bench_arena a;
		struct attack_outcome o;
		size_t n = (size_t)(rates[i] * (quick ? 4 : 12));
		bench_arena_make(&a, "fast-actor", n, 65536, false);
		(void)bench_attack(&a, rates[i], &o);
		bench_arena_done(&a);
		bench_say(out, "| %.1f | %zu | %.2f | %+.2f %% |\n", rates[i], n, o.rate_reached,
			(o.rate_reached / rates[i] - 1) * 100);
	}
}

/* --- the machine --- */

static void describe(FILE *out)
{
	struct host_name h;
	struct file_system fs;
	struct error e = ERROR_NONE;
	char at[TIME_TEXT_MAX];
	int fd = -1;
	double load = 0;
	(void)getloadavg(&load, 1); /* 0 where the system does not say */
	host_name_read(&h);
	if (file_open_folder(bench_folder(), &fd, &e) != OK || file_system_of(fd, &fs, &e) != OK)
		bench_die("file system", &e);
	(void)close(fd);
	bench_say(out,
		"Measured %.10s on %ld virtual CPUs, Linux %s, %s, %s; load average before: "
		"%.1f.\n\n",
		time_text(clock_wall_ns(NULL), at), sysconf(_SC_NPROCESSORS_ONLN), h.kernel,
		h.system, fs.kind, load);
}

static void memory(FILE *out)
{
	struct rusage own, roles;
	(void)getrusage(RUSAGE_SELF, &own);
	(void)getrusage(RUSAGE_CHILDREN, &roles);
	bench_say(out,
		"\n## Memory\n\nPeak resident size over all of the above (up to 10,000 decoys): "
		"conductor %ld MiB, largest role %ld MiB.\n",
		own.ru_maxrss / 1024, roles.ru_maxrss / 1024);
}

static bool is_wanted(const char *part, const char *name)
{
	return part == NULL || strcmp(part, name) == 0;
}

int main(int argc, char **argv)
{
	int code = 0;
	bool quick = false;
	const char *only = NULL;
	const char *part = NULL; /* all */
	AUTO_FILE FILE *out = NULL;
	if (role_dispatch(argc, argv, drill_roles, n_drill_roles, &code))
		return code;
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--quick") == 0)
			quick = true;
		else if (strcmp(argv[i], "--pattern") == 0 && i + 1 < argc)
			only = argv[++i];
		else if (strcmp(argv[i], "--only") == 0 && i + 1 < argc)
			part = argv[++i];
		else if (strcmp(argv[i], "--out") == 0 && i + 1 < argc)
			out = fopen(argv[++i], "we");
		else
			return 2;
	}
	describe(out);
	if (only != NULL || is_wanted(part, "patterns"))
		bench_patterns(out, quick ? 10 : 1, only);
	if (only == NULL && is_wanted(part, "rates"))
		bench_rates(out, quick);
	if (only == NULL && is_wanted(part, "plant"))
		bench_plant_and_undo(out, quick);
	if (only == NULL && part == NULL)
		memory(out);
	bench_remove(bench_folder());
	return 0;
}
