/*
 * The harmlessness suite: every probe, behind every combination of locks that a kernel may give, as
 * root and as a plain user. After each, nothing outside may differ in any byte, name, mode, owner,
 * time, attribute or link count. The last tests show that the probes do harm where no lock is.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"
#include "sys/role.h"
#include "tests/harmless/stage.h"
#include "tests/lib/snapshot.h"
#include "tests/lib/test.h"

static const struct role roles[] = { { "probe", probe_role } };

static int run_role(int argc, char **argv)
{
	int status = 1;
	(void)role_dispatch(argc, argv, roles, COUNT_OF(roles), &status);
	return status;
}
int (*test_role_main)(int, char **) = run_role;

static const struct {
	enum confine_calls calls;
	enum confine_reach reach;
	const char *name;
} kinds[] = {
	{ CONFINE_CALLS_EMULATOR, CONFINE_REACH_FOLDER, "emulator" },
	{ CONFINE_CALLS_UNDO, CONFINE_REACH_FOLDER, "undo or planter" },
	{ CONFINE_CALLS_WITNESS, CONFINE_REACH_READ_ALL, "witness" },
};

static const struct probe_row *row_of(size_t probe)
{
	return probe < n_file_probes ? &file_probes[probe] : &process_probes[probe - n_file_probes];
}

static size_t n_probes(void)
{
	return n_file_probes + n_process_probes;
}

static const char *how_it_ended(const struct trial *t, char *out, size_t size_bytes)
{
	if (WIFSIGNALED(t->wait_status))
		(void)snprintf(
			out, size_bytes, "killed by %s", sigabbrev_np(WTERMSIG(t->wait_status)));
	else if (t->answered)
		(void)snprintf(out, size_bytes, "%s",
			t->result == 0 ? "DONE" : strerrorname_np(t->result));
	else
		(void)snprintf(
			out, size_bytes, "no answer, exit status %d", WEXITSTATUS(t->wait_status));
	return out;
}

/* A filter that kills is the proof for calls; an error alone could have another cause. */
static bool is_stopped(const struct probe_row *row, bool aims_at_process, const struct trial *t)
{
	bool killed = WIFSIGNALED(t->wait_status) &&
		      (WTERMSIG(t->wait_status) == SIGSYS || WTERMSIG(t->wait_status) == SIGSEGV);
	if (aims_at_process && (row->flags & PROBE_ANSWERED) == 0)
		return killed;
	return killed || (t->answered && t->result != 0);
}

/* The locks that this kernel gives, cut to what the combination leaves of them. */
static struct confine_locks expected_locks(struct stage *s, enum combination combination)
{
	struct confine_locks l;
	struct confine_reasons why_not;
	struct error e;
	AUTO_FD int fd = open(s->arena, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	REQUIRE_OK(confine_probe(fd, s->uid, s->gid, &l, &why_not, &e), e);
	if (combination == LANDLOCK_ALONE && l.landlock_abi == 0)
		test_skip("this kernel has no Landlock of version 3 or later");
	if (combination == MOUNTS_ALONE && !l.mount_namespace)
		test_skip("this kernel gives no mount namespace");
	if (combination == LANDLOCK_ALONE)
		l.mount_namespace = false;
	if (combination == MOUNTS_ALONE)
		l.landlock_abi = 0;
	return l;
}

static void check_locks(const struct confine_locks *expected, const struct confine_locks *got)
{
	CHECK_INT(got->landlock_abi, expected->landlock_abi);
	CHECK_INT(got->mount_namespace, expected->mount_namespace);
	CHECK_INT(got->own_uid, expected->own_uid);
	CHECK(got->seccomp && got->no_new_privileges);
}

/* True where the outside is as before. */
static bool probe_once(struct stage *s, struct probe_order order, unsigned ignore,
	bool *out_only_read, struct trial *out)
{
	const struct probe_row *row = row_of(order.probe);
	AUTO(snapshot_free) struct snapshot *before = snapshot_take(s->outside);
	if ((row->flags & PROBE_RACE) != 0)
		stage_swap(s, true);
	*out = stage_try(s, order);
	if ((row->flags & PROBE_RACE) != 0)
		stage_swap(s, false);
	AUTO(snapshot_free) struct snapshot *after = snapshot_take(s->outside);
	if (snapshot_compare(before, after, ignore) == 0)
		return true;
	*out_only_read = snapshot_compare(before, after, ignore | SNAPSHOT_IGNORE_ACCESS_TIME) == 0;
	return false;
}

/* An access time changes too when some program of the host walks by, which is not the probe's work
 * and does not happen three times in a row; the stage is built anew, since a second reading need
 * not show (relatime). */
static void try_one(
	struct stage *s, const struct confine_locks *expected, size_t probe, size_t kind)
{
	const struct probe_row *row = row_of(probe);
	struct probe_order order = { .probe = probe, .mode = MODE_LOCKED };
	order.calls = kinds[kind].calls;
	order.reach = kinds[kind].reach;
	unsigned ignore = (row->flags & PROBE_OWN_LINK) != 0 ? SNAPSHOT_IGNORE_LINKS_AND_CHANGE_TIME
							     : SNAPSHOT_COMPARE_ALL;
	struct trial t;
	char how[64];
	bool only_read = true;
	bool same = false;
	for (int i = 0; i < 3 && !same && only_read; i++) {
		if (i > 0) {
			stage_clear(s);
			stage_build(s);
		}
		same = probe_once(s, order, ignore, &only_read, &t);
	}
	if (t.refused)
		test_fail(__FILE__, __LINE__, "%s as %s: %s", row->name, kinds[kind].name,
			t.error.text);
	else if (!is_stopped(row, probe >= n_file_probes, &t))
		test_fail(__FILE__, __LINE__, "%s as %s: %s", row->name, kinds[kind].name,
			how_it_ended(&t, how, sizeof how));
	else if (kind == 0)
		(void)printf("# %s: %s\n", row->name, how_it_ended(&t, how, sizeof how));
	if (!same)
		test_fail(__FILE__, __LINE__, "%s as %s changed the outside", row->name,
			kinds[kind].name);
	check_locks(expected, &t.locks);
}

/* Undo and planter have one list of calls, and beyond the emulator's only two that make or stamp
 * files: probes that aim at processes have nothing new to find there. */
static bool is_tried(size_t probe, const struct confine_locks *locks, size_t kind)
{
	const struct probe_row *row = row_of(probe);
	bool witness = kinds[kind].reach == CONFINE_REACH_READ_ALL;
	if ((row->flags & PROBE_MOUNT_LOCK) != 0 && !locks->mount_namespace)
		return false; /* the own opening refuses it there: its row is tried */
	if (witness)
		return (row->flags & PROBE_ARENA) == 0;
	return kind == 0 || (probe < n_file_probes && (row->flags & PROBE_RACE) == 0);
}

static void try_all(enum combination combination, bool as_root)
{
	struct stage s;
	struct confine_locks expected = { .landlock_abi = 0 };
	stage_enter(&s, as_root);
	for (size_t kind = 0; kind < COUNT_OF(kinds); kind++) {
		stage_build(&s);
		if (kind == 0) {
			expected = expected_locks(&s, combination);
			stage_simulate(combination);
		}
		for (size_t probe = 0; probe < n_probes(); probe++)
			if (is_tried(probe, &expected, kind))
				try_one(&s, &expected, probe, kind);
		stage_clear(&s);
	}
}

static void need_root(void)
{
	if (!test_is_root())
		test_skip("started by a plain user");
}

TEST_WITHIN(both_locks_stop_every_probe_of_a_role_that_root_started, 240)
{
	need_root();
	try_all(BOTH_LOCKS, true);
}

TEST_WITHIN(both_locks_stop_every_probe_of_a_role_that_a_user_started, 240)
{
	try_all(BOTH_LOCKS, false);
}

TEST_WITHIN(landlock_alone_stops_every_probe_of_a_role_that_root_started, 240)
{
	need_root();
	try_all(LANDLOCK_ALONE, true);
}

TEST_WITHIN(landlock_alone_stops_every_probe_of_a_role_that_a_user_started, 240)
{
	try_all(LANDLOCK_ALONE, false);
}

TEST_WITHIN(the_mount_namespace_alone_stops_every_probe_of_a_role_that_root_started, 240)
{
	need_root();
	try_all(MOUNTS_ALONE, true);
}

TEST_WITHIN(the_mount_namespace_alone_stops_every_probe_of_a_role_that_a_user_started, 240)
{
	try_all(MOUNTS_ALONE, false);
}

static void expect_refusal(bool as_root)
{
	struct stage s;
	stage_enter(&s, as_root);
	stage_build(&s);
	stage_simulate(NEITHER_LOCK);
	for (size_t kind = 0; kind < COUNT_OF(kinds); kind++) {
		struct probe_order order = { .probe = 0, .mode = MODE_LOCKED };
		order.calls = kinds[kind].calls;
		order.reach = kinds[kind].reach;
		AUTO(snapshot_free) struct snapshot *before = snapshot_take(s.outside);
		struct trial t = stage_try(&s, order);
		AUTO(snapshot_free) struct snapshot *after = snapshot_take(s.outside);
		CHECK(t.refused && !t.answered);
		CHECK_INT(t.error.status, E_DENIED);
		CHECK(strstr(t.error.text, "Landlock: ") != NULL);
		CHECK(strstr(t.error.text, "Mount namespace: ") != NULL);
		CHECK_INT(snapshot_compare(before, after, SNAPSHOT_COMPARE_ALL), 0);
	}
}

TEST(without_either_lock_nothing_starts_and_root_is_told_why)
{
	need_root();
	expect_refusal(true);
}

TEST(without_either_lock_nothing_starts_and_a_user_is_told_why)
{
	expect_refusal(false);
}

/* The check can fail: each probe does what it says where nothing holds it. */
static void expect_harm(bool as_root)
{
	struct stage s;
	stage_enter(&s, as_root);
	for (size_t probe = 0; probe < n_probes(); probe++) {
		const struct probe_row *row = row_of(probe);
		if ((row->flags & PROBE_ROOT) != 0 && !as_root)
			continue;
		bool must = (row->flags & PROBE_MAYBE) == 0;
		stage_build(&s);
		struct probe_order order = { .probe = probe, .mode = MODE_FREE };
		AUTO(snapshot_free) struct snapshot *before = snapshot_take(s.outside);
		if ((row->flags & PROBE_RACE) != 0)
			stage_swap(&s, true);
		struct trial t = stage_try(&s, order);
		if ((row->flags & PROBE_RACE) != 0)
			stage_swap(&s, false);
		AUTO(snapshot_free) struct snapshot *after = snapshot_take(s.outside);
		char how[64];
		bool became_another = (row->flags & PROBE_EXECS) != 0 && t.wait_status == 0;
		bool done = became_another || (t.answered && t.result == 0) ||
			    (row->flags & PROBE_RACE) != 0;
		(void)printf("# without locks, %s: %s\n", row->name,
			became_another ? "DONE" : how_it_ended(&t, how, sizeof how));
		if (must && !done)
			test_fail(__FILE__, __LINE__, "%s does nothing", row->name);
		if (must && (row->flags & PROBE_TRACE) != 0 &&
			snapshot_compare(before, after, SNAPSHOT_COMPARE_ALL) == 0)
			test_fail(__FILE__, __LINE__, "%s leaves no trace to be seen", row->name);
		stage_clear(&s);
	}
}

TEST_WITHIN(every_probe_of_root_does_harm_without_the_locks, 120)
{
	need_root();
	expect_harm(true);
}

TEST_WITHIN(every_probe_of_a_user_does_harm_without_the_locks, 120)
{
	expect_harm(false);
}
