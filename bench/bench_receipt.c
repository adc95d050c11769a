/*
 * What a first notice costs until its local receipt is there, beside a bare durable insert of as
 * many bytes into the same kind of database, in turn with it:
 *
 *   bench_receipt [--quick] [--out FILE]
 *
 * The goal is 100 ms from the start of the work to the receipt; what a program adds at its start
 * (key, profiles, forms, database) is measured too.
 */
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "incident/incident.h"
#include "record/record.h"
#include "store/store.h"

enum { ROUNDS = 300, QUICK_ROUNDS = 40, INSERT_BYTES = 6000 };

static void say(FILE *out, const char *format, ...) PRINTF_LIKE(2, 3);
static void say(FILE *out, const char *format, ...)
{
	va_list args, again;
	va_start(args, format);
	va_copy(again, args);
	(void)vprintf(format, args);
	if (out != NULL)
		(void)vfprintf(out, format, again);
	va_end(again);
	va_end(args);
}

_Noreturn static void die(const char *what, const struct error *e)
{
	(void)fprintf(stderr, "bench_receipt: %s: %s\n", what, e == NULL ? "" : e->text);
	exit(1);
}

static double now_s(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int by_size(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;
	return x < y ? -1 : x > y;
}

/* --- a home ----------------------------------------------------------------------------------- */

struct home {
	char path[128];
	struct store *store, *plain;
	struct keyring *keys;
	struct profile_set *profiles;
	struct form_set *forms;
	struct incident_context c;
};

static void path_in(const struct home *h, const char *name, char out[256])
{
	(void)snprintf(out, 256, "%s/%s", h->path, name);
}

static void make_folder(struct home *h)
{
	const char *temporary = getenv("TMPDIR");
	(void)snprintf(h->path, sizeof h->path, "%.80s/tocsin-receipt-XXXXXX",
		temporary == NULL ? "/var/tmp" : temporary);
	if (mkdtemp(h->path) == NULL)
		die("no folder to work in", NULL);
}

/* All that `tocsin incident new` opens. */
static void open_home(struct home *h)
{
	const struct migration_area areas[] = { record_migrations, incident_migrations,
		incident_clock_migrations };
	struct error e = ERROR_NONE;
	char path[256];
	path_in(h, "tocsin.db", path);
	if (store_open(path, areas, COUNT_OF(areas), &h->store, &e) != OK ||
		keyring_open(h->path, true, &h->keys, &e) != OK ||
		profile_set_load(h->path, &h->profiles, &e) != OK ||
		form_set_load(h->path, &h->forms, &e) != OK)
		die("open", &e);
	h->c = (struct incident_context){ .home = h->path,
		.store = h->store,
		.keys = h->keys,
		.profiles = h->profiles,
		.forms = h->forms,
		.by = "bench" };
}

static void close_home(struct home *h)
{
	store_close(h->store);
	keyring_free(h->keys);
	profile_set_free(h->profiles);
	form_set_free(h->forms);
	h->store = NULL;
}

static void open_plain(struct home *h)
{
	static const struct migration row = { 1, "plain",
		"CREATE TABLE plain_row (n INTEGER PRIMARY KEY, text TEXT NOT NULL);" };
	const struct migration_area area = { "plain", &row, 1 };
	struct error e = ERROR_NONE;
	char path[256];
	path_in(h, "plain.db", path);
	if (store_open(path, &area, 1, &h->plain, &e) != OK)
		die("open", &e);
}

static int remove_entry(const char *path, const struct stat *st, int kind, struct FTW *where)
{
	(void)st;
	(void)kind;
	(void)where;
	return remove(path);
}

static void remove_home(struct home *h)
{
	store_close(h->plain);
	if (nftw(h->path, remove_entry, 8, FTW_DEPTH | FTW_PHYS) != 0)
		(void)fprintf(stderr, "bench_receipt: %s stays behind\n", h->path);
}

/* --- the two ---------------------------------------------------------------------------------- */

static double file_notice(struct home *h)
{
	struct error e = ERROR_NONE;
	struct field_faults faults = { .n = 0 };
	struct incident_receipt receipt;
	AUTO(pool_free) struct pool *p = pool_new(64 * MIB);
	const struct first_notice n = { .company = "华东制造有限公司",
		.discovered_ns = -1,
		.kind = "ransomware",
		.what = "文件无法打开，屏幕上有勒索信",
		.systems = "MES 生产执行系统",
		.ongoing = "yes",
		.scale = "约 300 台主机",
		.action = "已断网",
		.callback = "张三 13800138000" };
	const double start = now_s();
	if (incident_new(&h->c, &n, p, &receipt, &faults, &e) != OK)
		die("incident_new", &e);
	return now_s() - start;
}

static double insert_plain(struct home *h)
{
	static const char text[INSERT_BYTES] = "";
	struct error e = ERROR_NONE;
	AUTO(statement_free) struct statement *q = NULL;
	AUTO_TRANSACTION struct transaction t = { NULL, false };
	const double start = now_s();
	if (transaction_begin(h->plain, &t, &e) != OK ||
		STORE_SQL(h->plain, "INSERT INTO plain_row (text) VALUES (?)", &q, &e) != OK)
		die("insert", &e);
	bind_bytes(q, 1, (struct view){ text, sizeof text });
	if (statement_run(q, &e) != OK || transaction_commit(&t, &e) != OK)
		die("insert", &e);
	return now_s() - start;
}

static double file_from_the_start(struct home *h)
{
	close_home(h);
	const double start = now_s();
	open_home(h);
	(void)file_notice(h);
	return now_s() - start;
}

static void row(FILE *out, const char *what, double *seconds, int n, double plain_median)
{
	qsort(seconds, (size_t)n, sizeof *seconds, by_size);
	const double median = seconds[n / 2];
	say(out, "| %s | %.1f | %.1f | %.1f | %.1f |\n", what, median * 1e3,
		seconds[n * 95 / 100] * 1e3, seconds[n - 1] * 1e3, median / plain_median);
}

static void measure(FILE *out, struct home *h, int n)
{
	double *plain = calloc((size_t)n, sizeof *plain);
	double *warm = calloc((size_t)n, sizeof *warm);
	double *cold = calloc((size_t)n, sizeof *cold);
	if (plain == NULL || warm == NULL || cold == NULL)
		die("no memory", NULL);
	(void)file_notice(h);
	(void)insert_plain(h);
	for (int i = 0; i < n; i++) { /* in turn, so that all see the same disk */
		plain[i] = insert_plain(h);
		warm[i] = file_notice(h);
		cold[i] = file_from_the_start(h);
	}
	qsort(plain, (size_t)n, sizeof *plain, by_size);
	const double median = plain[n / 2];
	row(out, "bare insert, committed and synced", plain, n, median);
	row(out, "`incident_new`, to the local receipt", warm, n, median);
	row(out, "the same with opening database, key, profiles, forms", cold, n, median);
	free(plain);
	free(warm);
	free(cold);
}

int main(int argc, char **argv)
{
	bool quick = false;
	AUTO_FILE FILE *out = NULL;
	struct home h = { .store = NULL };
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--quick") == 0)
			quick = true;
		else if (strcmp(argv[i], "--out") == 0 && i + 1 < argc)
			out = fopen(argv[++i], "ae");
		else
			return 2;
	}
	const int n = quick ? QUICK_ROUNDS : ROUNDS;
	make_folder(&h);
	open_home(&h);
	open_plain(&h);
	say(out,
		"\n## First notice\n\n"
		"%d rounds, the three in turn on the same disk: a bare row of %d bytes in a "
		"transaction of its own (WAL, synchronous=FULL), a first notice checked, graded, "
		"signed and stored with its clocks until the local receipt is signed, and the same "
		"with all that the command opens first. Milliseconds by the clock; *times* is the "
		"ratio of the medians.\n\n"
		"| what | median | 95 %% | worst | times |\n|---|---:|---:|---:|---:|\n",
		n, INSERT_BYTES);
	measure(out, &h, n);
	close_home(&h);
	remove_home(&h);
	return 0;
}
