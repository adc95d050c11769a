/*
 * The plan of a drill: where it would happen, what it could take, and what is refused before
 * anything is made.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "drill/conduct/plan.h"
#include "drill/decoy/budget.h"
#include "drill/decoy/corpus.h"
#include "tests/lib/test.h"

/* What is here once a plan was made; a home without a store, as a first plan would find it. */
struct bench {
	struct drill_context context;
	struct drill_request request;
	struct pool *pool;
	struct drill_plan plan;
	struct error e;
};

static void set_up(struct bench *b)
{
	*b = (struct bench){ .context = { .home = test_path("home") },
		.request = { .arena = test_path("arena"), .n_decoys = 40, .rate_files_per_s = -1 },
		.pool = pool_new(64 * MIB) };
	REQUIRE(b->pool != NULL);
	REQUIRE(mkdir(b->context.home, 0700) == 0);
}

static void tear_down(struct bench *b)
{
	pool_free(b->pool);
}
#define AUTO_BENCH __attribute__((cleanup(tear_down)))

static enum status plan(struct bench *b)
{
	return drill_plan(&b->context, &b->request, b->pool, &b->plan, &b->e);
}

static size_t n_entries(const char *path)
{
	size_t n = 0;
	DIR *folder = opendir(path);
	REQUIRE(folder != NULL);
	while (readdir(folder) != NULL)
		n++;
	(void)closedir(folder);
	return n - 2; /* "." and ".." */
}

TEST(a_plan_says_what_would_happen_and_makes_nothing)
{
	AUTO_BENCH struct bench b = { 0 };
	struct stat st;
	set_up(&b);
	REQUIRE_OK(plan(&b), b.e);
	CHECK_TEXT(b.plan.scenario.id, "standard");
	CHECK_TEXT(b.plan.arena, b.request.arena);
	CHECK(b.plan.rate_files_per_s == 40);
	CHECK(b.plan.budget.n_decoys > 40 && b.plan.budget.n_decoys < 60);
	CHECK(b.plan.budget.n_files > b.plan.budget.n_decoys);
	CHECK(b.plan.budget.free_kept_bytes >= GIB);
	CHECK(b.plan.free_bytes >= b.plan.budget.free_needed_bytes + b.plan.budget.free_kept_bytes);
	CHECK(b.plan.locks.seccomp);
	CHECK(b.plan.locks.landlock_abi >= 3 || b.plan.locks.mount_namespace);
	CHECK_INT(b.plan.locks.own_uid, test_is_root());
	CHECK_TEXT(b.plan.marker, "TOCSIN-DRILL");
	CHECK(strlen(b.plan.process_name) <= 15);
	CHECK(lstat(b.request.arena, &st) != 0);
	CHECK_INT(n_entries(b.context.home), 0);
}

TEST(the_budget_of_a_plan_is_that_of_the_decoys_it_names)
{
	AUTO_BENCH struct bench b = { 0 };
	set_up(&b);
	b.request.scenario = "size-class";
	REQUIRE_OK(plan(&b), b.e);
	struct drill_budget first = b.plan.budget;
	uint64_t seed = b.plan.seed;
	REQUIRE_OK(plan(&b), b.e);
	CHECK_INT(b.plan.seed, seed);

	struct scenario *s = pool_take(b.pool, 1, sizeof *s);
	struct manifest m;
	struct dice d;
	struct drill_budget again;
	REQUIRE(s != NULL);
	REQUIRE_OK(scenario_find(NULL, "size-class", b.pool, s, &b.e), b.e);
	dice_init(&d, seed);
	struct corpus_request r = { .scenario = s, .n_decoys = 40, .wall_ns = clock_wall_ns(NULL) };
	REQUIRE_OK(corpus_plan(&r, &d, b.pool, &m, &b.e), b.e);
	REQUIRE_OK(budget_compute(s, &m, b.plan.rate_files_per_s, &again, &b.e), b.e);
	CHECK_INT(again.n_bytes, first.n_bytes);
	CHECK_INT(again.n_files, first.n_files);
	CHECK_INT(again.bytes_changed, first.bytes_changed);

	b.request.has_seed = true;
	b.request.seed = 5;
	REQUIRE_OK(plan(&b), b.e);
	CHECK_INT(b.plan.seed, 5);
}

TEST(rate_and_decoys_of_the_request_go_before_the_scenarios)
{
	AUTO_BENCH struct bench b = { 0 };
	set_up(&b);
	b.request.scenario = "quick";
	b.request.rate_files_per_s = 0;
	REQUIRE_OK(plan(&b), b.e);
	CHECK(b.plan.rate_files_per_s == 0);
	CHECK(b.plan.budget.seconds > 0);
	b.request.n_decoys = -1;
	REQUIRE_OK(plan(&b), b.e);
	CHECK(b.plan.budget.n_decoys >= 240);
	b.request.n_decoys = 0;
	CHECK_INT(plan(&b), E_INVALID);
	b.request.n_decoys = 4800;
	CHECK_INT(plan(&b), E_INVALID);
	CHECK(strstr(b.e.text, "max_files of 'quick' is 5000") != NULL);
}

TEST(nothing_is_given_away_in_a_home_that_others_write_in)
{
	AUTO_BENCH struct bench b = { 0 };
	struct stat before;
	struct stat after;
	set_up(&b);
	REQUIRE(mkdir(test_path("victim"), 0755) == 0);
	REQUIRE(stat(test_path("victim"), &before) == 0);
	REQUIRE(chmod(b.context.home, 0777) == 0);
	CHECK_INT(plan(&b), E_DENIED);
	CHECK(strstr(b.e.text, b.context.home) != NULL);
	REQUIRE(chmod(b.context.home, 0700) == 0 && rmdir(b.context.home) == 0);
	REQUIRE(symlink("victim", b.context.home) == 0);
	CHECK_INT(plan(&b), E_DENIED);
	REQUIRE(unlink(b.context.home) == 0);
	if (test_is_root()) {
		REQUIRE(mkdir(b.context.home, 0700) == 0);
		REQUIRE(chown(b.context.home, 4711, 4711) == 0);
		CHECK_INT(plan(&b), E_DENIED);
		CHECK(strstr(b.e.text, "4711") != NULL);
		CHECK_INT(n_entries(b.context.home), 0);
	}
	REQUIRE(stat(test_path("victim"), &after) == 0);
	CHECK(before.st_uid == after.st_uid && before.st_mode == after.st_mode);
	CHECK_INT(n_entries(test_path("victim")), 0);
}

TEST(an_unknown_scenario_and_an_unfit_arena_are_refused)
{
	AUTO_BENCH struct bench b = { 0 };
	set_up(&b);
	b.request.scenario = "standart";
	CHECK_INT(plan(&b), E_ABSENT);
	CHECK(strstr(b.e.text, "'standard'") != NULL);
	b.request.scenario = NULL;
	REQUIRE(mkdir(b.request.arena, 0700) == 0);
	REQUIRE_OK(plan(&b), b.e);
	test_write_file(test_path("arena/mine.txt"), "x", 1);
	CHECK_INT(plan(&b), E_CONFLICT);
	b.request.arena = test_path("home/arena");
	CHECK_INT(plan(&b), E_DENIED);
	b.request.arena = test_path("nowhere/arena");
	CHECK_INT(plan(&b), E_ABSENT);
	b.request.arena = "/proc/tocsin-drill";
	CHECK(plan(&b) != OK);
}

/* --- the default arena --- */

TEST(the_default_arena_is_the_configured_one)
{
	static const char text[] = "arena: /data/drill\n";
	AUTO_BENCH struct bench b = { 0 };
	const char *arena = NULL;
	set_up(&b);
	test_write_file(test_path("home/drill.yaml"), text, strlen(text));
	REQUIRE_OK(drill_default_arena(&b.context, b.pool, &arena, &b.e), b.e);
	CHECK_TEXT(arena, "/data/drill");
}

TEST(the_authoritys_term_comes_from_the_controllers_file_else_the_home_else_the_programme)
{
	static const char home[] = "authority_deadline_minutes: 240\nauthority_rule: ours\n";
	static const char file[] = "authority_deadline_minutes: 60\nsteps:\n";
	AUTO_BENCH struct bench b = { 0 };
	struct drill_step *steps = NULL;
	size_t n = 0;
	set_up(&b);
	REQUIRE_OK(drill_people_steps(&b.context, NULL, b.pool, &steps, &n, &b.e), b.e);
	CHECK(n == 6 && strcmp(steps[2].id, "notify-authority") == 0);
	CHECK_INT(steps[2].due_ns, 600 * NS_PER_S);
	test_write_file(test_path("home/drill.yaml"), home, strlen(home));
	REQUIRE_OK(drill_people_steps(&b.context, NULL, b.pool, &steps, &n, &b.e), b.e);
	CHECK_TEXT(steps[5].rule.en, "ours");
	CHECK_INT(steps[5].due_ns, 4 * 3600 * NS_PER_S);
	test_write_file(test_path("people.yaml"), file, strlen(file));
	REQUIRE_OK(
		drill_people_steps(&b.context, test_path("people.yaml"), b.pool, &steps, &n, &b.e),
		b.e);
	CHECK_INT(steps[5].due_ns, 3600 * NS_PER_S);
	CHECK_INT(drill_people_steps(&b.context, test_path("none.yaml"), b.pool, &steps, &n, &b.e),
		E_ABSENT);
}

TEST(without_a_setting_the_default_arena_goes_by_who_runs_it)
{
	AUTO_BENCH struct bench b = { 0 };
	const char *arena = NULL;
	set_up(&b);
	REQUIRE(setenv("HOME", "/home/someone", 1) == 0);
	REQUIRE_OK(drill_default_arena(&b.context, b.pool, &arena, &b.e), b.e);
	CHECK_TEXT(arena, test_is_root() ? "/srv/tocsin-drill" : "/home/someone/tocsin-drill");
	if (test_is_root())
		return;
	REQUIRE(setenv("HOME", "", 1) == 0);
	CHECK_INT(drill_default_arena(&b.context, b.pool, &arena, &b.e), E_INVALID);
}

TEST(settings_that_are_off_are_refused_with_their_place)
{
	static const struct {
		const char *text, *wanted;
	} cases[] = { { "arena: relative", "drill.yaml: arena: 'relative' does not begin with /" },
		{ "arena: 5", "drill.yaml: arena: not text" },
		{ "arenas: /x", "drill.yaml: arenas: unknown" },
		{ "authority_deadline_minutes: 0",
			"drill.yaml: authority_deadline_minutes: must be" } };
	AUTO_BENCH struct bench b = { 0 };
	const char *arena = NULL;
	set_up(&b);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		test_write_file(test_path("home/drill.yaml"), cases[i].text, strlen(cases[i].text));
		CHECK_INT(drill_default_arena(&b.context, b.pool, &arena, &b.e), E_INVALID);
		if (strstr(b.e.text, cases[i].wanted) == NULL)
			test_fail(__FILE__, __LINE__, "case %zu: %s", i, b.e.text);
	}
}

TEST(the_list_holds_every_scenario_with_what_a_reader_needs)
{
	AUTO_BENCH struct bench b = { 0 };
	struct drill_scenario_list list;
	size_t n_patterns = 0;
	size_t n_drills = 0;
	set_up(&b);
	REQUIRE_OK(drill_scenarios(&b.context, b.pool, &list, &b.e), b.e);
	const struct drill_scenario_row *rows = list.rows;
	size_t n = list.n_rows;
	CHECK_INT(n, 24);
	CHECK_INT(list.n_refused, 0);
	for (size_t i = 0; i < n; i++) {
		CHECK(rows[i].name.en[0] != '\0' && rows[i].name.zh[0] != '\0');
		CHECK(rows[i].source.en[0] != '\0' && rows[i].source.zh[0] != '\0');
		CHECK(strcmp(rows[i].source.en, rows[i].source.zh) != 0);
		bool is_benign = strcmp(rows[i].kind, "benign") == 0;
		CHECK(is_benign ? rows[i].n_attack == 0 : rows[i].n_attack >= 1);
		n_patterns += strcmp(rows[i].kind, "pattern") == 0;
		n_drills += strcmp(rows[i].kind, "drill") == 0;
		if (strcmp(rows[i].id, "first-mib") == 0)
			CHECK(rows[i].assumed);
		if (strcmp(rows[i].id, "standard") == 0)
			CHECK(!rows[i].assumed);
	}
	CHECK_INT(n_patterns, 20);
	CHECK_INT(n_drills, 3);
}

TEST(bad_scenarios_of_the_home_are_named_and_hide_no_good_one)
{
	static const char half[] = "id: half\nversion: 1\nkind: drill\n";
	static const char wrong[] = "id: [\n";
	static const char other[] = "id: standard\n";
	AUTO_BENCH struct bench b = { 0 };
	struct drill_scenario_list list;
	struct drill_plan plan;
	set_up(&b);
	REQUIRE(mkdir(test_path("home/scenarios"), 0700) == 0);
	test_write_file(test_path("home/scenarios/half.yaml"), half, sizeof half - 1);
	test_write_file(test_path("home/scenarios/wrong.yaml"), wrong, sizeof wrong - 1);
	test_write_file(test_path("home/scenarios/fast-actor.yaml"), other, sizeof other - 1);
	REQUIRE(mkfifo(test_path("home/scenarios/pipe.yaml"), 0600) == 0);
	REQUIRE_OK(drill_scenarios(&b.context, b.pool, &list, &b.e), b.e);
	CHECK_INT(list.n_rows, 23); /* all that are built in but the one that was replaced */
	static const char *const wanted[][3] = { { "fast-actor", "fast-actor.yaml", "missing" },
		{ "half", "half.yaml", "name: missing" },
		{ "pipe", "pipe.yaml", "not a regular file" },
		{ "wrong", "wrong.yaml", "line 2: " } };
	REQUIRE(list.n_refused == COUNT_OF(wanted));
	for (size_t i = 0; i < COUNT_OF(wanted); i++) {
		const struct drill_scenario_refused *r = &list.refused[i];
		CHECK_TEXT(r->id, wanted[i][0]);
		CHECK(r->file[0] == '/' && strstr(r->file, wanted[i][1]) != NULL);
		if (strstr(r->reason, wanted[i][2]) == NULL || strstr(r->reason, ".yaml") != NULL)
			test_fail(__FILE__, __LINE__, "case %zu: %s", i, r->reason);
	}
	b.request.scenario = "quick";
	REQUIRE_OK(drill_plan(&b.context, &b.request, b.pool, &plan, &b.e), b.e);
	b.request.scenario = "half";
	CHECK_INT(drill_plan(&b.context, &b.request, b.pool, &plan, &b.e), E_INVALID);
	CHECK(strstr(b.e.text, "scenarios/half.yaml: name: missing") != NULL);
}
