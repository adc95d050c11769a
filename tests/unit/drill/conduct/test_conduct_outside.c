/*
 * What changes outside the arena during a drill: named in the result, in the evidence and by undo.
 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/lib/conduct_fixture.h"

static void append(const char *path, const char *text)
{
	FILE *file = fopen(path, "a");
	REQUIRE(file != NULL);
	CHECK(fputs(text, file) >= 0);
	CHECK_INT(fclose(file), 0);
}

static const char *sentinel(struct conduct_fixture *f, const char *name)
{
	return fixture_text("%s/tocsin-sentinels-%s/%s", test_path("data"), f->id, name);
}

static void change_a_sentinel(struct conduct_fixture *f, const struct drill_progress *now)
{
	if (now->stage != DRILL_STAGE_ATTACK || f->acted)
		return;
	f->acted = true;
	append(sentinel(f, "contract.docx"), "somebody was here");
}

TEST_WITHIN(the_sentinel_that_voids_a_run_is_named_until_somebody_removes_it, 60)
{
	struct conduct_fixture *f = conduct_fixture_new();
	f->request.rate_files_per_s = 30;
	f->on_progress = change_a_sentinel;
	REQUIRE_OK(conduct_fixture_run(f), f->e);
	const char *id = f->result.id;
	const char *path = sentinel(f, "contract.docx");
	CHECK_INT(f->result.verdict, DRILL_VOIDED);
	CHECK_TEXT(f->result.void_path, path);
	CHECK_TEXT(f->result.void_what, "content");
	const char *evidence = conduct_fixture_evidence(f, id);
	CHECK(strstr(evidence, fixture_text("\"void_path\":\"%s\"", path)) != NULL);
	CHECK(strstr(evidence, "\"of\":\"sentinel\"") != NULL);
	conduct_fixture_verify(f, id);

	struct drill_undone undone = { 0 };
	for (int i = 0; i < 2; i++) {
		CHECK_INT(drill_undo(&f->context, id, NULL, f->pool, &undone, &f->e), E_PARTLY);
		CHECK(undone.verified && !undone.is_over);
		CHECK_INT(undone.n_left, 1);
		REQUIRE(undone.n_left_named == 1);
		CHECK_TEXT(undone.left[0],
			fixture_text("%s: a sentinel that somebody changed: its content is not the "
				     "planted one",
				path));
		CHECK(!conduct_fixture_exists(f->request.arena));
	}
	REQUIRE(unlink(path) == 0);
	conduct_fixture_undo(f, id);
	CHECK(!conduct_fixture_exists(sentinel(f, "")));
}

static void give_a_letter_away(struct conduct_fixture *f, const struct drill_progress *now)
{
	struct stat arena;
	if (now->stage != DRILL_STAGE_ATTACK || f->acted)
		return;
	f->acted = true;
	REQUIRE(stat(f->request.arena, &arena) == 0);
	REQUIRE(chown(test_path("data/letter.txt"), arena.st_uid, arena.st_gid) == 0);
}

TEST_WITHIN(a_users_file_that_became_the_emulators_voids_the_run_and_is_named, 60)
{
	if (!test_is_root())
		test_skip("only a run that root started has a uid of its own");
	struct conduct_fixture *f = conduct_fixture_new();
	test_write_file(test_path("data/letter.txt"), "a line\n", 7);
	f->request.rate_files_per_s = 30;
	f->on_progress = give_a_letter_away;
	REQUIRE_OK(conduct_fixture_run(f), f->e);
	CHECK_INT(f->result.verdict, DRILL_VOIDED);
	CHECK_INT(f->result.safety.n_attributed, 1);
	CHECK_TEXT(f->result.void_path, test_path("data/letter.txt"));
	CHECK_TEXT(f->result.safety.void_code, "user-file-changed");
	CHECK(f->result.grade == NULL);
	conduct_fixture_verify(f, f->result.id);
	conduct_fixture_undo(f, f->result.id);
	CHECK(conduct_fixture_exists(test_path("data/letter.txt")));
}

static void work_as_a_user(struct conduct_fixture *f, const struct drill_progress *now)
{
	if (now->stage != DRILL_STAGE_ATTACK || f->acted)
		return;
	f->acted = true;
	append(test_path("data/letter.txt"), "a second line\n");
	append(test_path("data/edr.log"), "agent: mass rename\n");
	append(test_path("data/answers.yaml"), "complete: true\n");
}

/* Other programs of this host may change files of their own meanwhile. */
static bool is_named(const struct drill_result *r, const char *name)
{
	const char *path = fixture_text("%s/%s", test_path("data"), name);
	for (size_t i = 0; i < r->n_unattributed; i++)
		if (strcmp(r->unattributed[i], path) == 0)
			return true;
	return false;
}

TEST_WITHIN(a_users_file_that_changes_is_named_and_a_channels_log_is_not, 60)
{
	struct conduct_fixture *f = conduct_fixture_new();
	test_write_file(test_path("data/letter.txt"), "a line\n", 7);
	test_write_file(test_path("data/untouched.txt"), "a line\n", 7);
	test_write_file(test_path("data/edr.log"), "long ago\n", 9);
	static const char answers[] = "steps: []\n"; /* nothing is done before it begins */
	test_write_file(test_path("data/answers.yaml"), answers, sizeof answers - 1);
	const char *channels[] = { fixture_text("file:%s:mass rename", test_path("data/edr.log")) };
	f->request.channels = channels;
	f->request.n_channels = 1;
	f->request.people_file = test_path("data/answers.yaml");
	f->request.rate_files_per_s = 30;
	f->on_progress = work_as_a_user;
	REQUIRE_OK(conduct_fixture_run(f), f->e);
	const struct drill_result *r = &f->result;
	CHECK_INT(r->verdict, DRILL_COMPLETED);
	CHECK_TEXT(r->void_path, "");
	CHECK(is_named(r, "letter.txt"));
	CHECK(!is_named(r, "untouched.txt") && !is_named(r, "edr.log"));
	CHECK(!is_named(r, "answers.yaml"));
	const char *evidence = conduct_fixture_evidence(f, r->id);
	CHECK(strstr(evidence, "\"of\":\"unattributed\"") != NULL);
	CHECK(strstr(evidence, "data/letter.txt") != NULL);
	struct drill_result shown;
	REQUIRE_OK(drill_show(&f->context, r->id, f->pool, &shown, &f->e), f->e);
	CHECK(is_named(&shown, "letter.txt"));
	conduct_fixture_undo(f, r->id);
}

static void change_many(struct conduct_fixture *f, const struct drill_progress *now)
{
	if (now->stage != DRILL_STAGE_ATTACK || f->acted)
		return;
	f->acted = true;
	for (int i = 0; i < 70; i++)
		append(fixture_text("%s/letter-%d.txt", test_path("data"), i), "more\n");
}

static size_t n_in(const char *text, const char *part)
{
	size_t n = 0;
	for (const char *at = text; (at = strstr(at, part)) != NULL; at++)
		n++;
	return n;
}

TEST_WITHIN(of_many_changed_files_the_evidence_names_some_and_counts_all, 60)
{
	struct conduct_fixture *f = conduct_fixture_new();
	for (int i = 0; i < 70; i++)
		test_write_file(fixture_text("%s/letter-%d.txt", test_path("data"), i), "a\n", 2);
	f->request.rate_files_per_s = 30;
	f->on_progress = change_many;
	REQUIRE_OK(conduct_fixture_run(f), f->e);
	/* Each folder that is looked at has its share of the sample. */
	CHECK(f->result.safety.n_unattributed > 50);
	CHECK_INT(f->result.n_unattributed, f->result.safety.n_unattributed);
	const char *evidence = conduct_fixture_evidence(f, f->result.id);
	CHECK_INT(n_in(evidence, "\"of\":\"unattributed\""), 50);
	CHECK(strstr(evidence, fixture_text("\"unattributed\":%u",
				       f->result.safety.n_unattributed)) != NULL);
	conduct_fixture_undo(f, f->result.id);
}
