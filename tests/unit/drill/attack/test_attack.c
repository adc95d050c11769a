/*
 * The attack from the conductor's side: its rate, its curve, and who ended it.
 */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fault.h"
#include "drill/attack/emulate.h"
#include "sys/file.h"
#include "tests/lib/arena_fixture.h"
#include "tests/lib/test.h"

int (*test_role_main)(int argc, char **argv) = arena_fixture_role;

/* Does something to the emulator once the attack has gone on for a while. */
struct meddler {
	int signal;
	int64_t after_ns;
	bool has_acted;
	bool asks_too;
	pid_t pid;
};

static bool meddle(int64_t t0_boot_ns, void *context)
{
	struct meddler *m = context;
	if (m->has_acted || t0_boot_ns < 0 || clock_boot_ns(NULL) - t0_boot_ns < m->after_ns)
		return false;
	m->has_acted = true;
	m->pid = fixture_emulator_pid(getpid());
	if (m->pid < 0 || kill(m->pid, m->signal) != 0)
		test_fail(__FILE__, __LINE__, "no emulator to send a signal to");
	return m->asks_too;
}

static struct arena_fixture *slow_arena(size_t n_files)
{
	AUTO(pool_free) struct pool *p = pool_new(4 * MIB);
	return arena_fixture_make(fixture_header_only, test_path("arena"),
		arena_fixture_many(p, n_files, 6000), n_files);
}

static double rate_error(double rate, size_t n_files, const char *name)
{
	struct error e = ERROR_NONE;
	struct attack_outcome out;
	AUTO(pool_free) struct pool *p = pool_new(4 * MIB);
	struct arena_fixture *a = arena_fixture_make(fixture_header_only, test_path(name),
		arena_fixture_many(p, n_files, 6000), n_files);
	struct attack_request r = arena_fixture_request(a);
	r.rate_files_per_s = rate;
	REQUIRE_OK(attack_run(&r, a->pool, &out, &e), e);
	CHECK_INT(out.end, ATTACK_COMPLETED);
	CHECK_INT(out.n_changed, n_files);
	arena_fixture_done(a);
	return out.rate_reached / rate - 1;
}

/* A busy build machine, or a busy neighbour of a virtual one, may take the processor away for
 * longer than a run lasts: eight tries, half a minute. Never faster than asked, in none of them. */
static void check_rate(double rate, size_t n_files)
{
	static const char *const names[] = { "a", "b", "c", "d", "e", "f", "g", "h" };
	double least = 1;
	for (size_t i = 0; i < COUNT_OF(names) && least > 0.02; i++) {
		double off = rate_error(rate, n_files, names[i]);
		CHECK(off < 0.02);
		least = fmin(least, fabs(off));
	}
	double load = 0;
	(void)getloadavg(&load, 1);
	if (least > 0.02 && load < 4 * (double)sysconf(_SC_NPROCESSORS_ONLN))
		test_fail(__FILE__, __LINE__, "asked for %g/s, %.1f %% off", rate, least * 100);
}

TEST_WITHIN(fourteen_files_a_second_are_fourteen, 120)
{
	check_rate(14.3, 60);
}

TEST_WITHIN(forty_files_a_second_are_forty, 120)
{
	check_rate(40, 160);
}

TEST_WITHIN(two_hundred_and_eighty_two_files_a_second_are_that_many, 120)
{
	check_rate(282, 1000);
}

/* No 50 ms hold more than what is due in them and the files on either border. */
TEST(files_come_evenly_and_not_in_bursts)
{
	struct error e = ERROR_NONE;
	struct attack_outcome out;
	struct arena_fixture *a = slow_arena(200);
	struct attack_request r = arena_fixture_request(a);
	r.rate_files_per_s = 100;
	REQUIRE_OK(attack_run(&r, a->pool, &out, &e), e);
	CHECK(out.n_curve > 10);
	for (size_t i = 1; i < out.n_curve; i++) {
		int64_t ns = out.curve[i].after_ns - out.curve[i - 1].after_ns;
		uint32_t n = out.curve[i].n_files - out.curve[i - 1].n_files;
		CHECK((double)n <= (double)(ns + 100 * NS_PER_MS) / 1e9 * 100 * 1.25 + 2);
	}
	arena_fixture_done(a);
}

/* Where our own stop was asked for in the same moment, the signal is what tells. */
static void check_signal_after_asking(int sig, enum attack_end wanted)
{
	struct error e = ERROR_NONE;
	struct attack_outcome out;
	struct arena_fixture *a = slow_arena(300);
	struct attack_request r = arena_fixture_request(a);
	struct meddler m = { .signal = sig, .after_ns = 400 * NS_PER_MS, .asks_too = true };
	r.rate_files_per_s = 100;
	r.tick = meddle;
	r.tick_context = &m;
	REQUIRE_OK(attack_run(&r, a->pool, &out, &e), e);
	CHECK(m.has_acted);
	CHECK_INT(out.end, wanted);
	CHECK(out.sentence[0] != '\0');
	arena_fixture_done(a);
}

static struct attack_outcome run_and_signal(int sig)
{
	struct error e = ERROR_NONE;
	struct attack_outcome out;
	struct arena_fixture *a = slow_arena(300);
	struct attack_request r = arena_fixture_request(a);
	struct meddler m = { .signal = sig, .after_ns = 400 * NS_PER_MS };
	r.rate_files_per_s = 100;
	r.tick = meddle;
	r.tick_context = &m;
	REQUIRE_OK(attack_run(&r, a->pool, &out, &e), e);
	CHECK(m.has_acted);
	CHECK(out.n_changed > 5 && out.n_changed < 150);
	CHECK(out.sentence[0] != '\0');
	CHECK_INT(out.stop_latency_ns, -1);
	CHECK(kill(m.pid, 0) != 0 && errno == ESRCH); /* ended and reaped, whatever was sent */
	arena_fixture_done(a);
	out.curve = NULL;
	return out;
}

TEST(an_emulator_that_another_process_kills_was_contained)
{
	CHECK_INT(run_and_signal(SIGKILL).end, ATTACK_KILLED);
}

TEST(an_emulator_that_another_process_terminates_was_contained)
{
	CHECK_INT(run_and_signal(SIGTERM).end, ATTACK_KILLED);
}

TEST(an_emulator_that_another_process_stops_is_frozen_and_then_ended)
{
	CHECK_INT(run_and_signal(SIGSTOP).end, ATTACK_FROZEN);
}

TEST(a_fault_after_a_stop_was_asked_stays_a_fault)
{
	check_signal_after_asking(SIGSYS, ATTACK_CRASHED);
}

TEST(a_limit_after_a_stop_was_asked_stays_a_limit)
{
	check_signal_after_asking(SIGXFSZ, ATTACK_LIMIT);
}

TEST(a_process_is_held_where_another_one_stopped_it)
{
	pid_t pid = fork();
	REQUIRE(pid >= 0);
	while (pid == 0)
		(void)pause();
	siginfo_t info;
	CHECK(!role_is_held(pid));
	REQUIRE(kill(pid, SIGSTOP) == 0);
	REQUIRE(waitid(P_PID, (id_t)pid, &info, WSTOPPED | WNOWAIT) == 0);
	CHECK(role_is_held(pid));
	REQUIRE(kill(pid, SIGKILL) == 0);
	REQUIRE(waitpid(pid, NULL, 0) == pid);
	CHECK(!role_is_held(pid));
}

TEST(any_other_signal_is_a_crash)
{
	static const int signals[] = { SIGSEGV, SIGABRT, SIGBUS, SIGSYS, SIGHUP };
	for (size_t i = 0; i < COUNT_OF(signals); i++) {
		struct role_ending ending = {
			.has_ended = true, .was_killed = true, .signal = signals[i]
		};
		CHECK_INT(attack_end_of_death(&ending, false), ATTACK_CRASHED);
	}
	CHECK_INT(run_and_signal(SIGSEGV).end, ATTACK_CRASHED);
}

TEST(a_kill_for_want_of_memory_and_a_limit_are_no_containment)
{
	struct role_ending ending = { .has_ended = true, .was_killed = true, .signal = SIGKILL };
	CHECK_INT(attack_end_of_death(&ending, true), ATTACK_MEMORY_KILL);
	CHECK_INT(attack_end_of_death(&ending, false), ATTACK_KILLED);
	ending.signal = SIGXFSZ;
	CHECK_INT(attack_end_of_death(&ending, false), ATTACK_LIMIT);
	ending.signal = SIGXCPU;
	CHECK_INT(attack_end_of_death(&ending, false), ATTACK_LIMIT);
	ending = (struct role_ending){ .has_ended = true, .exit_status = 1 };
	CHECK_INT(attack_end_of_death(&ending, false), ATTACK_FAILED);
}

#ifdef TOCSIN_FAULTS
static enum attack_end run_with_fault(const char *fault)
{
	struct error e = ERROR_NONE;
	struct attack_outcome out;
	struct arena_fixture *a = slow_arena(40);
	struct attack_request r = arena_fixture_request(a);
	REQUIRE(setenv("TOCSIN_FAULT", fault, 1) == 0);
	REQUIRE_OK(attack_run(&r, a->pool, &out, &e), e);
	REQUIRE(unsetenv("TOCSIN_FAULT") == 0);
	arena_fixture_done(a);
	return out.end;
}

/* Nobody holds it: a host that hangs is no containment. */
TEST(silence_alone_is_no_containment)
{
	struct error e = ERROR_NONE;
	struct attack_outcome out;
	struct arena_fixture *a = slow_arena(300);
	struct attack_request r = arena_fixture_request(a);
	r.rate_files_per_s = 20;
	REQUIRE(setenv("TOCSIN_FAULT", "emulate_hang:3", 1) == 0);
	REQUIRE_OK(attack_run(&r, a->pool, &out, &e), e);
	REQUIRE(unsetenv("TOCSIN_FAULT") == 0);
	CHECK_INT(out.end, ATTACK_PRESSURE);
	CHECK_TEXT(out.sentence, "the emulator gave no sign of life");
	arena_fixture_done(a);
}

/* --- pressure of the host --- */

static struct host_pressure pressed; /* what the next readings say */
static int n_calm;		     /* so many readings before it say that all is calm */

static void read_pressed(struct host_pressure *out)
{
	*out = (struct host_pressure){ .known = true };
	if (n_calm-- <= 0)
		*out = pressed;
}

static void read_spike(struct host_pressure *out)
{
	*out = (struct host_pressure){ .known = true };
	if (n_calm-- == 0)
		*out = pressed;
}

static struct attack_outcome run_pressed(void (*read)(struct host_pressure *), const char *name)
{
	struct error e = ERROR_NONE;
	struct attack_outcome out;
	AUTO(pool_free) struct pool *p = pool_new(4 * MIB);
	struct arena_fixture *a = arena_fixture_make(
		fixture_header_only, test_path(name), arena_fixture_many(p, 90, 6000), 90);
	struct attack_request r = arena_fixture_request(a);
	r.rate_files_per_s = 20;
	r.read_pressure = read;
	REQUIRE_OK(attack_run(&r, a->pool, &out, &e), e);
	arena_fixture_done(a);
	return out;
}

TEST_WITHIN(a_host_under_lasting_pressure_ends_the_run, 60)
{
	static const struct host_pressure rows[] = { { true, 61, 0 }, { true, 0, 61 } };
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		pressed = rows[i];
		n_calm = 1; /* the reading of the start */
		struct attack_outcome out = run_pressed(read_pressed, i == 0 ? "io" : "memory");
		CHECK_INT(out.end, ATTACK_PRESSURE);
		CHECK_TEXT(out.sentence,
			"the host was under pressure: its work comes before the drill's");
		CHECK(out.n_changed > 0 && out.n_changed < 90);
	}
}

TEST_WITHIN(pressure_that_was_there_before_or_passes_ends_nothing, 60)
{
	pressed = (struct host_pressure){ true, 95, 95 };
	n_calm = 0;
	CHECK_INT(run_pressed(read_pressed, "before").end, ATTACK_COMPLETED);
	n_calm = 2;
	CHECK_INT(run_pressed(read_spike, "spike").end, ATTACK_COMPLETED);
}

/* The leases that were sent meanwhile wait to be read, the oldest first, and most are over. */
TEST(an_emulator_that_takes_long_to_read_its_manifest_has_not_lost_its_lease)
{
	CHECK_INT(run_with_fault("emulate_slow_start:1"), ATTACK_COMPLETED);
}

TEST(a_forbidden_system_call_voids)
{
	CHECK_INT(run_with_fault("emulate_forbidden_call:10"), ATTACK_CRASHED);
}

TEST(the_file_size_limit_voids)
{
	CHECK_INT(run_with_fault("emulate_size_limit:10"), ATTACK_LIMIT);
}

TEST(a_crash_voids)
{
	CHECK_INT(run_with_fault("emulate_crash:10"), ATTACK_CRASHED);
}

/* Whatever fails first in the role: a status or an end, never a hang, and no decoy in between. */
TEST_WITHIN(every_failure_in_the_role_is_told, 120)
{
	AUTO(pool_free) struct pool *p = pool_new(MIB);
	size_t n_ok = 0;
	for (int n = 1; n < 400 && n_ok < 3; n += 1 + n / 12) {
		struct error e = ERROR_NONE;
		struct attack_outcome out = { .end = ATTACK_FAILED };
		char fault[32];
		char name[32];
		(void)snprintf(name, sizeof name, "arena-%d", n);
		(void)snprintf(fault, sizeof fault, ":%d", n);
		struct arena_fixture *a = arena_fixture_make(
			fixture_header_only, test_path(name), arena_fixture_many(p, 4, 6000), 4);
		struct attack_request r = arena_fixture_request(a);
		REQUIRE(setenv("TOCSIN_FAULT", fault, 1) == 0);
		enum status status = attack_run(&r, a->pool, &out, &e);
		REQUIRE(unsetenv("TOCSIN_FAULT") == 0);
		if (status != OK)
			CHECK(e.text[0] != '\0');
		else if (out.end == ATTACK_COMPLETED && out.n_changed == 4)
			n_ok++;
		else
			CHECK(out.sentence[0] != '\0' || out.n_changed < 4);
		arena_fixture_done(a);
	}
	CHECK_INT(n_ok, 3);
}

TEST(where_the_journal_cannot_be_written_nothing_is_changed)
{
	struct error e = ERROR_NONE;
	struct attack_outcome out;
	struct arena_fixture *a = slow_arena(30);
	struct attack_request r = arena_fixture_request(a);
	fault_arm("journal_sync", 1);
	CHECK_INT(attack_run(&r, a->pool, &out, &e), E_FAILED);
	fault_disarm();
	CHECK_INT(fixture_count_changed(a), 0);
	arena_fixture_done(a);
}
#endif

/* In a child, so that the conductor can be killed or stopped; it tells how it went. */
static pid_t conductor_in_a_child(struct arena_fixture *a, int tell_fd)
{
	pid_t pid = fork();
	if (pid != 0)
		return pid;
	struct error e = ERROR_NONE;
	struct attack_outcome out;
	struct attack_request r = arena_fixture_request(a);
	r.rate_files_per_s = 50;
	enum status status = attack_run(&r, a->pool, &out, &e);
	char end = (char)(status == OK ? (int)out.end : 100);
	_exit(write(tell_fd, &end, 1) == 1 ? 0 : 1);
}

/* While the emulator is at work, or was killed at it, a decoy may be neither planted nor changed.
 */
static size_t count_touched(const struct arena_fixture *a)
{
	size_t n = 0;
	for (uint32_t i = 0; i < a->manifest.n_files; i++)
		n += !fixture_is_planted(a, i, fixture_path(a, i, NULL));
	return n;
}

static pid_t wait_for_emulator(pid_t conductor, const struct arena_fixture *a)
{
	for (int i = 0; i < 4000; i++) {
		pid_t pid = fixture_emulator_pid(conductor);
		if (pid > 0 && count_touched(a) > 3)
			return pid;
		clock_sleep_ns(10 * NS_PER_MS);
	}
	test_fail(__FILE__, __LINE__, "no emulator came");
	test_end();
}

/* A zombie that nobody reaps (containers without an init) does nothing any more. */
static bool is_alive(pid_t pid)
{
	char path[64];
	char line[256] = "";
	(void)snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	AUTO_FILE FILE *f = fopen(path, "re");
	const char *name_end =
		f != NULL && fgets(line, sizeof line, f) != NULL ? strrchr(line, ')') : NULL;
	return name_end != NULL && name_end[2] != 'Z';
}

static bool goes(pid_t pid)
{
	for (int i = 0; i < 4000; i++) {
		if (!is_alive(pid))
			return true;
		clock_sleep_ns(5 * NS_PER_MS);
	}
	return false;
}

/* Within a second by its own work, at fifty files a second: a clock would measure the host too. */
TEST(the_emulator_dies_with_its_conductor)
{
	struct arena_fixture *a = slow_arena(300);
	int tell[2];
	REQUIRE(pipe2(tell, O_CLOEXEC) == 0);
	pid_t conductor = conductor_in_a_child(a, tell[1]);
	pid_t emulator = wait_for_emulator(conductor, a);
	REQUIRE(kill(conductor, SIGKILL) == 0);
	size_t before = count_touched(a);
	CHECK(goes(emulator));
	CHECK(count_touched(a) - before <= 50);
	REQUIRE(waitpid(conductor, NULL, 0) == conductor);
	arena_fixture_done(a);
}

TEST(without_a_renewed_lease_the_emulator_ends_within_a_second)
{
	struct arena_fixture *a = slow_arena(600);
	int tell[2];
	char end = -1;
	REQUIRE(pipe2(tell, O_CLOEXEC) == 0);
	pid_t conductor = conductor_in_a_child(a, tell[1]);
	pid_t emulator = wait_for_emulator(conductor, a);
	REQUIRE(kill(conductor, SIGSTOP) == 0);
	clock_sleep_ns(NS_PER_S); /* what is measured: a second without a conductor */
	size_t after_a_second = fixture_count_changed(a);
	clock_sleep_ns(500 * NS_PER_MS);
	CHECK_INT(fixture_count_changed(a), after_a_second);
	CHECK(goes(emulator)); /* before the conductor can renew anything */
	REQUIRE(kill(conductor, SIGCONT) == 0);
	REQUIRE(read(tell[0], &end, 1) == 1);
	/* Where it was stopped while it waited for the disk, its own commit looks slow. */
	CHECK(end == ATTACK_LEASE_LOST || end == ATTACK_PRESSURE);
	REQUIRE(waitpid(conductor, NULL, 0) == conductor);
	arena_fixture_done(a);
}

/* Both processes stand still for longer than a lease, as on a host that does. */
static char end_after_a_pause(const char *name)
{
	AUTO(pool_free) struct pool *p = pool_new(4 * MIB);
	struct arena_fixture *a = arena_fixture_make(
		fixture_header_only, test_path(name), arena_fixture_many(p, 100, 6000), 100);
	int tell[2];
	char end = -1;
	REQUIRE(pipe2(tell, O_CLOEXEC) == 0);
	pid_t conductor = conductor_in_a_child(a, tell[1]);
	pid_t emulator = wait_for_emulator(conductor, a);
	REQUIRE(kill(conductor, SIGSTOP) == 0 && kill(emulator, SIGSTOP) == 0);
	clock_sleep_ns(1500 * NS_PER_MS);
	REQUIRE(kill(emulator, SIGCONT) == 0 && kill(conductor, SIGCONT) == 0);
	REQUIRE(read(tell[0], &end, 1) == 1);
	REQUIRE(waitpid(conductor, NULL, 0) == conductor);
	arena_fixture_done(a);
	return end;
}

/* Three tries: between the two signals this process may be kept from running itself. */
TEST(a_host_that_stands_still_for_a_while_ends_no_attack)
{
	static const char *const names[] = { "a", "b", "c" };
	int end = -1;
	for (size_t i = 0; i < COUNT_OF(names) && end != ATTACK_COMPLETED; i++)
		end = end_after_a_pause(names[i]);
	CHECK_INT(end, ATTACK_COMPLETED);
}
