/*
 * Grading measured: a million incidents on one core under each profile, beside a plain loop of
 * comparisons over the same facts in the same run.
 *
 *   bench_incident [--quick] [--out FILE]
 *
 * prints a Markdown table and appends it to FILE.
 */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/random.h"
#include "incident/rules/classify.h"

enum { SETS = 1024, MILLION = 1000000 };

static void die(const char *what, const struct error *e)
{
	(void)fprintf(stderr, "bench_incident: %s: %s\n", what, e == NULL ? "" : e->text);
	exit(1);
}

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

/* Processor time: other programs share the machine. */
static double now_s(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* A third of the facts unknown, the rest spread over the orders of magnitude of their kind. */
static void fill(const struct fact_catalogue *c, struct dice *d, struct facts *f)
{
	facts_clear(f);
	for (size_t i = 0; i < c->n_rows; i++) {
		const struct fact_row *row = &c->rows[i];
		if (row->kind == FACT_TIME || dice_below(d, 3) == 0)
			continue;
		uint64_t most = (uint64_t)row->most;
		while (most > 16 && dice_below(d, 8) != 0)
			most /= 8;
		f->at[i] = (int64_t)dice_below(d, most + 1);
	}
}

/* --- the plain loop --- */

/* The facts of the plan's criteria by name, as a program would have them that knew one regime. */
struct plain {
	int domain, class, threat, production, outage, system, radio, loss, persons, sensitive,
		other;
};

static int slot(const struct fact_catalogue *c, const char *key)
{
	const int s = fact_slot(c, key);
	if (s < 0)
		die(key, NULL);
	return s;
}

static struct plain plain_slots(const struct fact_catalogue *c)
{
	return (struct plain){ slot(c, "data_domain"), slot(c, "data_class"), slot(c, "threat"),
		slot(c, "production_impact"), slot(c, "outage_minutes"), slot(c, "system_class"),
		slot(c, "radio_interference_minutes"), slot(c, "direct_loss_fen"),
		slot(c, "personal_information_persons"), slot(c, "sensitive_pi_persons"),
		slot(c, "other_harm") };
}

static int tier_of(int64_t v, int64_t third, int64_t second, int64_t first)
{
	return v >= first ? 1 : v >= second ? 2 : v >= third ? 3 : 4; /* unknown is less than all */
}

static int gravest(int a, int b)
{
	return a < b ? a : b;
}

static int plain_pair(int64_t class, int64_t threat)
{
	if (threat < 1) /* minor or unknown */
		return 4;
	if (threat == 1 || class < 1) /* relatively serious, or general or unknown data */
		return 3;
	return threat == 2 ? 2 : 1;
}

/* The tier of 工信部网安〔2024〕214号, and no more: no rows, no reasons, nothing of what is
 * unknown. */
static int plain_tier(const struct plain *p, const struct facts *f)
{
	const int64_t *v = f->at;
	const int64_t domain = v[p->domain];
	int tier = plain_pair(v[p->class], v[p->threat]);
	tier = gravest(tier, tier_of(v[p->loss], 5000000000, 10000000000, 100000000000));
	tier = gravest(tier, tier_of(v[p->persons], 1000000, 10000000, 100000000));
	tier = gravest(tier, tier_of(v[p->sensitive], 100000, 1000000, 10000000));
	tier = gravest(tier, tier_of(v[p->other], 2, 3, 4));
	if (domain == FACT_UNKNOWN || domain == 0)
		tier = gravest(tier, tier_of(v[p->production], 1, 2, 3));
	if (domain == FACT_UNKNOWN || domain == 1)
		tier = gravest(tier, v[p->system] >= 1
					     ? tier_of(v[p->outage], 480, 720, 1440)
					     : tier_of(v[p->outage], 480, INT64_MAX, INT64_MAX));
	if (domain == FACT_UNKNOWN || domain == 2)
		tier = gravest(tier, tier_of(v[p->radio], 480, 720, 1440));
	return tier;
}

/* --- the runs --- */

static double run_profile(const struct profile *p, const struct facts *sets, int n)
{
	struct classification k;
	unsigned sum = 0;
	const double start = now_s();
	for (int i = 0; i < n; i++) {
		classify(p, &sets[i % SETS], &k);
		sum += (unsigned)(k.grade + 1) + (unsigned)k.n_met;
	}
	const double seconds = now_s() - start;
	volatile unsigned kept = sum; /* so that the loop is not thrown away */
	(void)kept;
	return seconds;
}

static double run_plain(const struct plain *p, const struct facts *sets, int n)
{
	unsigned sum = 0;
	const double start = now_s();
	for (int i = 0; i < n; i++)
		sum += (unsigned)plain_tier(p, &sets[i % SETS]);
	const double seconds = now_s() - start;
	volatile unsigned kept = sum;
	(void)kept;
	return seconds;
}

/* Both must say the same, or there is nothing to compare. */
static void check_agreement(
	const struct profile *p, const struct plain *slots, const struct facts *sets)
{
	for (int i = 0; i < SETS; i++) {
		struct classification k;
		classify(p, &sets[i], &k);
		if (p->grades[k.grade].tier != plain_tier(slots, &sets[i]))
			die("the plain loop grades otherwise", NULL);
	}
}

static void table(FILE *out, const struct profile_set *set, int n)
{
	const struct fact_catalogue *c = profile_facts(set);
	struct facts *sets = calloc(SETS, sizeof *sets);
	struct dice d;
	struct error e = ERROR_NONE;
	const struct profile *plan = NULL;
	if (sets == NULL)
		die("no memory", NULL);
	dice_init(&d, 20261124);
	for (int i = 0; i < SETS; i++)
		fill(c, &d, &sets[i]);
	if (profile_find(set, "cn-miit-2024-214", &plan, &e) != OK)
		die("profile", &e);
	const struct plain slots = plain_slots(c);
	check_agreement(plan, &slots, sets);
	say(out,
		"\n## Grading\n\n"
		"%d classifications on one core, processor time, over %d sets of facts of which a "
		"third is unknown. The plain loop is written by hand for the plan of 2024 and "
		"gives "
		"its tier alone, the same one for every set; the ratio is the profile's time to "
		"that "
		"loop's in the same run.\n\n"
		"| profile | criteria | seconds | ns each | times the plain loop |\n"
		"|---|---:|---:|---:|---:|\n",
		n, SETS);
	for (size_t i = 0; i < profile_count(set); i++) {
		const struct profile *p = profile_at(set, i);
		const double plain = run_plain(&slots, sets, n);
		const double seconds = run_profile(p, sets, n);
		say(out, "| %s | %zu | %.3f | %.0f | %.1f |\n", p->id, p->n_criteria, seconds,
			seconds * 1e9 / n, seconds / plain);
	}
	free(sets);
}

int main(int argc, char **argv)
{
	bool quick = false;
	AUTO_FILE FILE *out = NULL;
	struct error e = ERROR_NONE;
	AUTO(profile_set_free) struct profile_set *set = NULL;
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--quick") == 0)
			quick = true;
		else if (strcmp(argv[i], "--out") == 0 && i + 1 < argc)
			out = fopen(argv[++i], "ae");
		else
			return 2;
	}
	cpu_set_t one;
	CPU_ZERO(&one);
	CPU_SET(0, &one);
	(void)sched_setaffinity(
		0, sizeof one, &one); /* where that is not allowed, anywhere will do */
	const double start = now_s();
	if (profile_set_load(NULL, &set, &e) != OK)
		die("load", &e);
	const double loaded_s = now_s() - start;
	table(out, set, quick ? MILLION / 10 : MILLION);
	say(out, "\nLoading all profiles takes %.1f ms of processor time.\n", loaded_s * 1e3);
	return 0;
}
