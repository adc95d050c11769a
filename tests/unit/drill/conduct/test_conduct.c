/*
 * Whole drills from request to undo.
 */
#include <dirent.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/lib/conduct_fixture.h"
#include "tests/lib/faults.h"

TEST_WITHIN(a_drill_runs_is_scored_recorded_and_undone, 60)
{
	struct conduct_fixture *f = conduct_fixture_new();
	REQUIRE_OK(conduct_fixture_run(f), f->e);
	const struct drill_result *r = &f->result;
	CHECK_INT(r->verdict, DRILL_COMPLETED);
	CHECK_INT(r->n_planted, 24);
	CHECK_INT(r->n_changed, 24);
	CHECK_INT(r->n_lost, 24);
	CHECK(r->bytes_lost > 0 && r->bytes_changed > 0 && r->n_notes > 0);
	CHECK_INT(r->safety.n_sentinels_changed, 0);
	CHECK(r->safety.n_sentinels > 0);
	CHECK(r->safety.void_reason == NULL);
	CHECK(r->t0_ns >= r->started_ns && r->ended_ns >= r->t0_ns && r->attack_ns >= 0);
	CHECK(fabs(r->coverage - 40) < 0.01); /* damage and contain, nothing else was asked for */
	CHECK(r->grade == NULL);
	CHECK(!r->channels_named && !r->restore.assessed && !r->people_assessed);
	CHECK_TEXT(r->authority.allowed_by, "the test");
	CHECK(r->previous.id == NULL);
	conduct_fixture_verify(f, r->id);
	CHECK_TEXT(conduct_fixture_newest(f), "finished");
	struct drill_result shown;
	REQUIRE_OK(drill_show(&f->context, r->id, f->pool, &shown, &f->e), f->e);
	CHECK_INT(shown.n_lost, 24);
	CHECK(fabs(shown.score - r->score) < 0.001 && !shown.undone);
	static const char *const kept[] = { "manifest", "journal", "escrow.key", "scenario.yaml",
		"state", "evidence.jsonl", "result.json" };
	for (size_t i = 0; i < COUNT_OF(kept); i++)
		CHECK(conduct_fixture_exists(
			fixture_text("%s/drills/%s/%s", f->context.home, r->id, kept[i])));
	conduct_fixture_undo(f, r->id);
	CHECK_TEXT(conduct_fixture_newest(f), "undone");
	conduct_fixture_undo(f, r->id); /* twice in a row is fine */
	REQUIRE_OK(drill_show(&f->context, r->id, f->pool, &shown, &f->e), f->e);
	CHECK(shown.undone);
}

TEST_WITHIN(the_second_run_shows_the_first_beside_it, 60)
{
	struct conduct_fixture *f = conduct_fixture_new();
	REQUIRE_OK(conduct_fixture_run(f), f->e);
	const char *first = f->result.id;
	double score = f->result.score;
	/* The arena is not undone yet: a second run must not touch it. */
	CHECK_INT(conduct_fixture_run(f), E_CONFLICT);
	conduct_fixture_undo(f, first);
	REQUIRE_OK(conduct_fixture_run(f), f->e);
	REQUIRE(f->result.previous.id != NULL);
	CHECK_TEXT(f->result.previous.id, first);
	CHECK(fabs(f->result.previous.score - score) < 0.001);
	conduct_fixture_undo(f, f->result.id);
}

/* --- sensing --- */

static void alert_in_attack(struct conduct_fixture *f, const struct drill_progress *now)
{
	if (now->stage != DRILL_STAGE_ATTACK || now->n_done < 3 || f->acted)
		return;
	FILE *log = fopen(f->file, "a");
	REQUIRE(log != NULL);
	CHECK(fputs("agent: mass rename noticed\n", log) >= 0);
	CHECK_INT(fclose(log), 0);
	f->acted = true;
}

TEST_WITHIN(an_alert_during_the_attack_is_detected_and_timed, 60)
{
	struct conduct_fixture *f = conduct_fixture_new();
	f->file = test_path("edr.log");
	test_write_file(f->file, "mass rename long ago\n", 21);
	const char *channels[] = { fixture_text("file:%s:mass rename", f->file) };
	f->request.channels = channels;
	f->request.n_channels = 1;
	f->request.rate_files_per_s = 30;
	f->on_progress = alert_in_attack;
	REQUIRE_OK(conduct_fixture_run(f), f->e);
	const struct drill_result *r = &f->result;
	CHECK(r->channels_named);
	CHECK_INT(r->detect, DETECT_ALERTED);
	REQUIRE(r->n_alerts == 1);
	CHECK_TEXT(r->alerts[0].text, "agent: mass rename noticed");
	CHECK(r->detect_ns >= 0 && r->detect_ns <= r->ended_ns - r->t0_ns);
	CHECK_INT(r->contain, CONTAIN_NONE);
	CHECK(fabs(r->coverage - 60) < 0.01);
	CHECK(r->grade != NULL);
	CHECK(strstr(conduct_fixture_evidence(f, r->id), "\"alert\"") != NULL);
	conduct_fixture_undo(f, r->id);
}

TEST_WITHIN(an_alert_before_the_first_byte_is_counted_apart_from_control_runs, 60)
{
	struct conduct_fixture *f = conduct_fixture_new();
	const char *log = test_path("edr.log");
	const char *channels[] = { fixture_text("file:%s:virus", log) };
	f->request.channels = channels;
	f->request.n_channels = 1;
	f->request.backup = fixture_text("sh -c 'echo virus >> %s; sleep 0.3'", log);
	REQUIRE_OK(conduct_fixture_run(f), f->e);
	CHECK_INT(f->result.n_alerts, 1);
	CHECK(f->result.alerts[0].after_ns < 0);
	CHECK_INT(f->result.detect, DETECT_NONE);
	CHECK_INT(f->result.detect_ns, -1);
	CHECK_INT(f->result.early_alerts, 1);
	CHECK_INT(f->result.false_alarms, 0);
	REQUIRE(f->result.n_channels == 1);
	CHECK_INT(f->result.channels[0].n_alerts, 1);
	CHECK_INT(f->result.channels[0].n_false, 1);
	conduct_fixture_undo(f, f->result.id);
}

/* Our own children with the emulator's name. */
static pid_t find_child(const char *wanted)
{
	pid_t found = -1;
	DIR *proc = opendir("/proc");
	REQUIRE(proc != NULL);
	for (struct dirent *d; (d = readdir(proc)) != NULL;) {
		char path[300];
		char line[300] = "";
		(void)snprintf(path, sizeof path, "/proc/%.200s/stat", d->d_name);
		FILE *f = fopen(path, "r");
		if (f == NULL)
			continue;
		if (fgets(line, sizeof line, f) != NULL) {
			int pid = 0;
			int parent = 0;
			char name[40] = "";
			if (sscanf(line, "%d (%39[^)]) %*c %d", &pid, name, &parent) == 3 &&
				parent == getpid() && strcmp(name, wanted) == 0)
				found = pid;
		}
		(void)fclose(f);
	}
	(void)closedir(proc);
	return found;
}

static void kill_emulator(struct conduct_fixture *f, const struct drill_progress *now)
{
	if (now->stage != DRILL_STAGE_ATTACK || now->n_done < 3 || f->acted)
		return;
	pid_t pid = find_child("tocsin-emulator");
	REQUIRE(pid > 0);
	CHECK_INT(kill(pid, SIGKILL), 0);
	f->acted = true;
}

/* As a product does that ends every process of one image. */
static void kill_emulator_and_witness(struct conduct_fixture *f, const struct drill_progress *now)
{
	if (now->stage != DRILL_STAGE_ATTACK || now->n_done < 3 || f->acted)
		return;
	pid_t emulator = find_child("tocsin-emulator");
	pid_t witness = find_child("tocsin-witness");
	REQUIRE(emulator > 0 && witness > 0);
	CHECK_INT(kill(emulator, SIGKILL), 0);
	CHECK_INT(kill(witness, SIGKILL), 0);
	f->acted = true;
}

TEST_WITHIN(a_witness_that_is_killed_along_with_the_emulator_is_replaced_and_the_run_contained, 60)
{
	struct conduct_fixture *f = conduct_fixture_new();
	f->request.rate_files_per_s = 20;
	f->on_progress = kill_emulator_and_witness;
	REQUIRE_OK(conduct_fixture_run(f), f->e);
	const struct drill_result *r = &f->result;
	CHECK_INT(r->verdict, DRILL_CONTAINED);
	CHECK_INT(r->contain, CONTAIN_KILLED);
	CHECK_TEXT(r->safety.witness, "replaced");
	CHECK(r->safety.n_sentinels > 0);
	CHECK_INT(r->safety.n_sentinels_changed, 0);
	CHECK_INT(r->safety.n_user_files, 0); /* of these nothing is proven */
	CHECK(strstr(conduct_fixture_evidence(f, r->id), "\"witness-lost\"") != NULL);
	conduct_fixture_verify(f, r->id);
	conduct_fixture_undo(f, r->id);
}

/* Whoever ends the second one too leaves nothing that could prove the outside. */
static void kill_every_witness(struct conduct_fixture *f, const struct drill_progress *now)
{
	if (now->stage == DRILL_STAGE_ATTACK && now->n_done >= 3 && !f->acted) {
		pid_t witness = find_child("tocsin-witness");
		REQUIRE(witness > 0);
		CHECK_INT(kill(witness, SIGKILL), 0);
		fault_arm("witness_second", 1);
		f->acted = true;
	}
}

TEST_WITHIN(a_run_whose_second_witness_cannot_look_is_void_and_has_a_result, 60)
{
	NEEDS_FAULTS();
	struct conduct_fixture *f = conduct_fixture_new();
	f->request.rate_files_per_s = 40;
	f->on_progress = kill_every_witness;
	enum status status = conduct_fixture_run(f);
	fault_disarm();
	REQUIRE_OK(status, f->e);
	const struct drill_result *r = &f->result;
	CHECK_INT(r->verdict, DRILL_VOIDED);
	CHECK_TEXT(r->safety.void_code, "witness-lost");
	CHECK_TEXT(r->safety.witness, "lost");
	CHECK(r->safety.void_reason != NULL && r->grade == NULL);
	CHECK_TEXT(conduct_fixture_newest(f), "voided");
	conduct_fixture_verify(f, r->id);
	conduct_fixture_undo(f, r->id);
}

TEST_WITHIN(killing_the_emulator_contains_the_attack_and_the_restore_is_tested_all_the_same, 60)
{
	struct conduct_fixture *f = conduct_fixture_new();
	f->request.rate_files_per_s = 20;
	f->request.restore = "true";
	f->on_progress = kill_emulator;
	REQUIRE_OK(conduct_fixture_run(f), f->e);
	const struct drill_result *r = &f->result;
	CHECK_INT(r->verdict, DRILL_CONTAINED);
	CHECK_INT(r->contain, CONTAIN_KILLED);
	CHECK(r->n_changed >= 3 && r->n_changed < 24);
	CHECK(r->n_lost >= r->n_changed && r->n_lost < 24);
	CHECK(r->contain_ns >= 0);
	CHECK(r->restore.assessed);
	CHECK_INT(r->n_destroyed, 8);
	CHECK_INT(r->restore.n_identical, 0);
	CHECK_INT(r->restore.rto_ns, -1);
	conduct_fixture_undo(f, r->id);
}

/* --- stopping --- */

static uint64_t n_at_stop; /* changed when the stop was asked for, at least */

static void stop_by_command(struct conduct_fixture *f, const struct drill_progress *now)
{
	if (now->stage != DRILL_STAGE_ATTACK || now->n_done < 2 || f->acted)
		return;
	REQUIRE_OK(drill_stop(&f->context, f->id, &f->e), f->e);
	f->acted = true;
	n_at_stop = now->n_done;
}

static void stop_by_key(struct conduct_fixture *f, const struct drill_progress *now)
{
	if (now->stage != DRILL_STAGE_ATTACK || now->n_done < 2 || f->stop)
		return;
	f->stop = true;
	n_at_stop = now->n_done;
}

static void stop_by_own_file(struct conduct_fixture *f, const struct drill_progress *now)
{
	if (now->stage != DRILL_STAGE_ATTACK || now->n_done < 2 || f->acted)
		return; /* planting tells of its progress too, where it takes long enough */
	test_write_file(f->request.stop_file, "", 0);
	f->acted = true;
	n_at_stop = now->n_done;
}

static void check_stopped(struct conduct_fixture *f, const char *by)
{
	f->request.rate_files_per_s = 10;
	f->request.restore = "true";
	REQUIRE_OK(conduct_fixture_run(f), f->e);
	CHECK_INT(f->result.verdict, DRILL_STOPPED);
	CHECK_TEXT(f->result.stopped.by, by);
	CHECK_TEXT(f->result.stopped.during, "attack");
	CHECK(f->result.n_changed >= 2 && f->result.n_changed < 24);
	CHECK(f->result.safety.stop_latency_ns >= 0);
	/* Within a second by the attack's own work: a clock would measure the host too. */
	CHECK(f->result.n_changed - n_at_stop <= 12);
	CHECK(!f->result.restore.assessed);
	CHECK_INT(f->result.n_destroyed, 0);
	CHECK(f->result.grade == NULL);
	conduct_fixture_verify(f, f->result.id);
	f->stop = false;
	conduct_fixture_undo(f, f->result.id);
}

TEST_WITHIN(drill_stop_ends_the_attack_within_a_second, 60)
{
	struct conduct_fixture *f = conduct_fixture_new();
	f->on_progress = stop_by_command;
	check_stopped(f, "stop-file");
}

TEST_WITHIN(a_key_ends_the_attack_within_a_second, 60)
{
	struct conduct_fixture *f = conduct_fixture_new();
	f->on_progress = stop_by_key;
	check_stopped(f, "user");
}

TEST_WITHIN(a_stop_file_of_ones_own_ends_the_attack_within_a_second, 60)
{
	struct conduct_fixture *f = conduct_fixture_new();
	f->request.stop_file = test_path("stop-now");
	f->on_progress = stop_by_own_file;
	check_stopped(f, "stop-file");
}

/* --- people --- */

static enum drill_ask answer(
	const struct drill_question *question, const char **out_line, void *context)
{
	(void)context;
	bool skips = strcmp(question->step->id, "classify") == 0;
	*out_line = skips ? "" : strcmp(question->step->id, "restore") == 0 ? "1: did" : "did";
	return DRILL_ASK_ANSWERED;
}

TEST_WITHIN(people_answer_at_the_terminal, 60)
{
	struct conduct_fixture *f = conduct_fixture_new();
	f->request.people_terminal = true;
	f->watch.ask = answer;
	REQUIRE_OK(conduct_fixture_run(f), f->e);
	CHECK(f->result.people_assessed && f->result.people_terminal);
	REQUIRE(f->result.n_steps == 6);
	for (size_t i = 0; i < f->result.n_steps; i++) {
		const struct drill_step *step = &f->result.steps[i];
		bool classify = strcmp(step->id, "classify") == 0;
		CHECK(step->answered && step->after_ns >= 0 && step->done == !classify);
		CHECK(step->by_right_role == (!classify && strcmp(step->id, "restore") != 0));
	}
	CHECK(fabs(f->result.coverage - 55) < 0.01);
	const char *evidence = conduct_fixture_evidence(f, f->result.id);
	CHECK(strstr(evidence, "\"people-step\"") != NULL);
	CHECK(strstr(evidence, "profile cn-miit") != NULL);
	conduct_fixture_undo(f, f->result.id);
}

static enum drill_ask nobody(
	const struct drill_question *question, const char **out_line, void *context)
{
	(void)question;
	(void)out_line;
	(void)context;
	return DRILL_ASK_NOBODY;
}

TEST_WITHIN(a_terminal_at_which_nobody_can_answer_does_not_hold_up_the_run, 60)
{
	struct conduct_fixture *f = conduct_fixture_new();
	f->request.people_terminal = true;
	f->watch.ask = nobody;
	REQUIRE_OK(conduct_fixture_run(f), f->e);
	CHECK(!f->result.people_assessed && f->result.people_terminal);
	CHECK(strstr(f->said, "Standard input has ended") != NULL);
	conduct_fixture_undo(f, f->result.id);
}

/* The controller writes while people are at work. */
static void controller_writes(struct conduct_fixture *f, const struct drill_progress *now)
{
	static const char text[] =
		"steps: [{step: isolate, done: true, after: 0, by: operator, name: night shift},"
		" {step: classify, done: true, after: 5000, by: security officer}]";
	if (now->stage != DRILL_STAGE_PEOPLE || f->acted)
		return;
	f->acted = true;
	test_write_file(f->request.people_file, text, sizeof text - 1);
}

static struct conduct_fixture *with_people_file(const char *text)
{
	struct conduct_fixture *f = conduct_fixture_new();
	f->request.people_file = test_path("people.yaml");
	if (text != NULL)
		test_write_file(f->request.people_file, text, strlen(text));
	return f;
}

TEST_WITHIN(people_answer_through_a_controllers_file, 60)
{
	struct conduct_fixture *f = with_people_file("complete: false\nsteps:\n");
	f->on_progress = controller_writes;
	REQUIRE_OK(conduct_fixture_run(f), f->e);
	CHECK(f->result.people_assessed && f->result.people_problem == NULL);
	CHECK_TEXT(f->result.people_file, f->request.people_file);
	CHECK_TEXT(f->result.steps[1].id, "isolate");
	CHECK_INT(f->result.steps[1].after_ns, 0);
	CHECK_TEXT(f->result.steps[1].name, "night shift");
	CHECK(f->result.steps[1].by_right_role);
	/* What lies more than a minute ahead of the end is not answered, and the record tells it.
	 */
	CHECK(strstr(f->said, "classify is said to be done at") != NULL);
	for (size_t i = 0; i < f->result.n_steps; i++)
		CHECK(f->result.steps[i].answered == (i == 1));
	CHECK(strstr(conduct_fixture_evidence(f, f->result.id), "\"people-step-ahead\"") != NULL);
	conduct_fixture_undo(f, f->result.id);
}

static void controller_loses_the_file(struct conduct_fixture *f, const struct drill_progress *now)
{
	if (now->stage == DRILL_STAGE_ATTACK)
		(void)unlink(f->request.people_file);
}

TEST_WITHIN(a_controllers_file_that_is_gone_at_the_end_is_told, 60)
{
	struct conduct_fixture *f = with_people_file("steps:\n");
	f->on_progress = controller_loses_the_file;
	REQUIRE_OK(conduct_fixture_run(f), f->e);
	CHECK(!f->result.people_assessed);
	REQUIRE(f->result.people_problem != NULL);
	CHECK(strstr(f->result.people_problem, "people.yaml") != NULL);
	CHECK(strstr(f->said, "cannot be read") != NULL);
	CHECK(strstr(conduct_fixture_evidence(f, f->result.id), "\"people-file-unread\"") != NULL);
	conduct_fixture_undo(f, f->result.id);
}

static void stop_in_peoples_steps(struct conduct_fixture *f, const struct drill_progress *now)
{
	f->stop = f->stop || now->stage == DRILL_STAGE_PEOPLE;
}

TEST_WITHIN(who_stops_while_people_are_asked_stops_the_run, 60)
{
	struct conduct_fixture *f = with_people_file("complete: false\nsteps:\n");
	f->on_progress = stop_in_peoples_steps;
	REQUIRE_OK(conduct_fixture_run(f), f->e);
	CHECK_INT(f->result.verdict, DRILL_STOPPED);
	CHECK_TEXT(f->result.stopped.during, "people");
	CHECK(f->result.grade == NULL && !f->result.people_assessed);
	/* The attack had come to its end, and the stop is no excuse for it. */
	CHECK(strstr(f->result.parts[PART_CONTAIN].why.en, "it ran to its end") != NULL);
	conduct_fixture_undo(f, f->result.id);
}

static void kill_then_stop(struct conduct_fixture *f, const struct drill_progress *now)
{
	kill_emulator(f, now);
	if (now->stage == DRILL_STAGE_PEOPLE) /* again and again: once or more is the same */
		REQUIRE_OK(drill_stop(&f->context, f->id, &f->e), f->e);
}

TEST_WITHIN(a_contained_run_that_is_stopped_in_the_peoples_steps_is_both, 60)
{
	struct conduct_fixture *f = with_people_file("complete: false\nsteps:\n");
	struct drill_result shown;
	f->request.rate_files_per_s = 10;
	f->on_progress = kill_then_stop;
	REQUIRE_OK(conduct_fixture_run(f), f->e);
	CHECK_INT(f->result.verdict, DRILL_CONTAINED);
	CHECK_INT(f->result.contain, CONTAIN_KILLED);
	CHECK_TEXT(f->result.stopped.by, "stop-file");
	CHECK_TEXT(f->result.stopped.during, "people");
	CHECK(f->result.grade == NULL && drill_has_score(&f->result));
	CHECK(strstr(f->result.parts[PART_CONTAIN].why.en, "was contained") != NULL);
	CHECK(strstr(conduct_fixture_evidence(f, f->result.id), "\"stopped_during\":\"people\"") !=
		NULL);
	REQUIRE_OK(drill_show(&f->context, f->result.id, f->pool, &shown, &f->e), f->e);
	CHECK_TEXT(shown.stopped.during, "people");
	conduct_fixture_undo(f, f->result.id);
}

/* --- clock --- */

static struct conduct_fixture *stepping;
static int64_t wall_with_a_step(void *context)
{
	(void)context;
	int64_t now_ns = clock_wall_ns(NULL);
	return stepping != NULL && stepping->acted ? now_ns + 3600 * NS_PER_S : now_ns;
}

static void step_clock(struct conduct_fixture *f, const struct drill_progress *now)
{
	if (now->stage == DRILL_STAGE_ATTACK && now->n_done >= 2)
		f->acted = true;
}

TEST_WITHIN(a_clock_that_is_stepped_is_noted_and_changes_no_interval, 60)
{
	struct conduct_fixture *f = conduct_fixture_new();
	struct clock clock = { .wall_ns = wall_with_a_step };
	stepping = f;
	f->context.clock = &clock;
	f->request.rate_files_per_s = 30;
	f->on_progress = step_clock;
	REQUIRE_OK(conduct_fixture_run(f), f->e);
	CHECK_INT(f->result.verdict, DRILL_COMPLETED);
	CHECK(f->result.ended_ns - f->result.started_ns < 60 * NS_PER_S);
	CHECK(f->result.attack_ns < 30 * NS_PER_S);
	CHECK(strstr(conduct_fixture_evidence(f, f->result.id), "\"clock-stepped\"") != NULL);
	conduct_fixture_undo(f, f->result.id);
}
