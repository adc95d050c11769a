/*
 * Running programs: their end, their output, their time.
 */
#include "sys/command.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/clock.h"
#include "tests/lib/faults.h"
#include "tests/lib/test.h"

struct fixture {
	struct buf output;
	struct command_result result;
	struct error e;
};

static enum status run_shell(struct fixture *f, const char *script, struct command c)
{
	char shell[] = "sh";
	char option[] = "-c";
	char *text = strdup(script);
	char *argv[] = { shell, option, text, NULL };
	if (f->output.ceiling == 0)
		buf_init(&f->output, 4096);
	c.argv = argv;
	enum status status = command_run(&c, &f->output, &f->result, &f->e);
	free(text);
	return status;
}

/* The pid that a script printed first. */
static pid_t printed_pid(const struct fixture *f)
{
	unsigned long long pid = 0;
	struct view rest = buf_view(&f->output);
	REQUIRE(view_to_u64(view_cut(&rest, '\n'), &pid) && pid > 1);
	return (pid_t)pid;
}

TEST(exit_status_and_output_are_told)
{
	struct fixture f = { .result = { .exit_status = -1 } };
	REQUIRE_OK(
		run_shell(&f, "echo one; echo two >&2; exit 3", (struct command){ .limit_ns = 0 }),
		f.e);
	CHECK_INT(f.result.exit_status, 3);
	CHECK(!f.result.timed_out && !f.result.ended_early);
	CHECK_TEXT(buf_text(&f.output), "one\ntwo\n");
	buf_done(&f.output);
}

TEST(a_signal_shows_as_a_shell_shows_it)
{
	struct fixture f = { .result = { .exit_status = -1 } };
	REQUIRE_OK(run_shell(&f, "kill -9 $$", (struct command){ .limit_ns = 0 }), f.e);
	CHECK_INT(f.result.exit_status, 137);
	buf_done(&f.output);
}

TEST(a_program_that_does_not_exist_is_absent)
{
	struct fixture f = { .result = { .exit_status = -1 } };
	char name[] = "no-such-program-anywhere";
	char *argv[] = { name, NULL };
	buf_init(&f.output, 100);
	CHECK_INT(command_run(&(struct command){ .argv = argv }, &f.output, &f.result, &f.e),
		E_ABSENT);
	char *none[] = { NULL };
	CHECK_INT(command_run(&(struct command){ .argv = none }, &f.output, &f.result, &f.e),
		E_INVALID);
	CHECK_INT(f.result.exit_status, -1);
}

TEST(folder_and_environment_are_the_callers_choice)
{
	struct fixture f = { .result = { .exit_status = -1 } };
	char variable[] = "COLOUR=blue";
	char path[] = "PATH=/usr/bin:/bin";
	char *envp[] = { variable, path, NULL };
	const struct command c = { .envp = envp, .folder = test_folder() };
	REQUIRE_OK(run_shell(&f, "pwd; echo $COLOUR $HOME", c), f.e);
	char wanted[512];
	(void)snprintf(wanted, sizeof wanted, "%s\nblue\n", test_folder());
	CHECK_TEXT(buf_text(&f.output), wanted);
	buf_done(&f.output);
	CHECK_INT(run_shell(&f, "true", (struct command){ .folder = test_path("none") }), E_FAILED);
	CHECK_INT(f.e.errno_value, ENOENT);
}

TEST(nothing_of_ours_is_inherited)
{
	struct fixture f = { .result = { .exit_status = -1 } };
	REQUIRE(dup2(STDERR_FILENO, 77) == 77); /* not close-on-exec */
	sigset_t all;
	(void)sigfillset(&all);
	(void)sigprocmask(SIG_BLOCK, &all, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
	REQUIRE_OK(run_shell(&f,
			   "ls /proc/self/fd | wc -l; grep -E 'Sig(Blk|Ign)' /proc/self/status | "
			   "grep -c 0000000000000000; cat",
			   (struct command){ .limit_ns = 20 * NS_PER_S }),
		f.e);
	CHECK_TEXT(buf_text(&f.output), "4\n2\n"); /* 0, 1, 2 and the folder that ls reads */
	buf_done(&f.output);
}

TEST(output_beyond_the_ceiling_is_cut_and_the_program_goes_on)
{
	struct fixture f = { .result = { .exit_status = -1 } };
	buf_init(&f.output, 1000);
	REQUIRE_OK(run_shell(&f, "yes | head -c 300000; exit 5", (struct command){ .limit_ns = 0 }),
		f.e);
	CHECK_INT(f.result.exit_status, 5);
	CHECK_INT(f.output.len, 1000);
	CHECK(!f.output.failed);
	buf_done(&f.output);
}

TEST(over_its_limit_a_program_is_ended)
{
	struct fixture f = { .result = { .exit_status = -1 } };
	const struct command c = { .limit_ns = 200 * NS_PER_MS };
	REQUIRE_OK(run_shell(&f, "sleep 60", c), f.e);
	CHECK(f.result.timed_out && !f.result.ended_early);
	CHECK_INT(f.result.exit_status, 143);
	CHECK(f.result.took_ns >= 200 * NS_PER_MS && f.result.took_ns < 10 * NS_PER_S);
	buf_done(&f.output);
}

/* True once the script has made its file. */
static bool is_ready(void *context)
{
	struct stat st;
	return stat(context, &st) == 0;
}

static bool has_ended(pid_t pid)
{
	char path[64];
	char state = 'Z';
	(void)snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	FILE *stat_file = fopen(path, "r");
	if (stat_file == NULL)
		return true;
	if (fscanf(stat_file, "%*d (%*[^)]) %c", &state) != 1)
		state = 'Z';
	(void)fclose(stat_file);
	return state == 'Z' || state == 'X';
}

static struct command until_ready(void)
{
	union {
		const char *in;
		void *out;
	} path = { test_path("ready") };
	return (struct command){ .folder = test_folder(), .tick = is_ready, .context = path.out };
}

TEST(the_whole_group_ends_with_its_leader)
{
	struct fixture f = { .result = { .exit_status = -1 } };
	REQUIRE_OK(run_shell(&f, "sleep 60 & echo $!; : > ready; sleep 60", until_ready()), f.e);
	CHECK(f.result.ended_early);
	CHECK_INT(f.result.exit_status, 143);
	pid_t pid = printed_pid(&f);
	bool gone = false;
	for (int i = 0; i < 2000 && !gone; i++) {
		gone = has_ended(pid);
		clock_sleep_ns(5 * NS_PER_MS);
	}
	CHECK(gone);
	buf_done(&f.output);
}

TEST_WITHIN(a_program_that_ignores_the_request_is_killed_within_a_second, 60)
{
	struct fixture f = { .result = { .exit_status = -1 } };
	REQUIRE_OK(run_shell(&f, "trap '' TERM; : > ready; while :; do sleep 0.05; echo; done",
			   until_ready()),
		f.e);
	CHECK(f.result.ended_early);
	CHECK_INT(f.result.exit_status, 137);
	/* By what it still did, as a loaded host is slow to start it: twenty lines a second at
	 * most, and far from the five seconds of a program over its limit. */
	CHECK(f.output.len > 0 && f.output.len < 80);
	buf_done(&f.output);
}

TEST_WITHIN(a_program_over_its_limit_has_five_seconds_to_put_things_right, 60)
{
	struct fixture f = { .result = { .exit_status = -1 } };
	const struct command c = { .limit_ns = 200 * NS_PER_MS };
	REQUIRE_OK(run_shell(&f, "trap '' TERM; while :; do sleep 0.05; done", c), f.e);
	CHECK(f.result.timed_out && !f.result.ended_early);
	CHECK_INT(f.result.exit_status, 137);
	CHECK(f.result.took_ns >= 5 * NS_PER_S);
	buf_done(&f.output);
}

static pid_t pid_in(const char *name)
{
	pid_t pid = 0;
	FILE *file = fopen(test_path(name), "r");
	REQUIRE(file != NULL && fscanf(file, "%d", &pid) == 1);
	CHECK_INT(fclose(file), 0);
	return pid;
}

static bool ends(pid_t pid)
{
	bool gone = has_ended(pid);
	for (int i = 0; i < 2000 && !gone; i++) {
		clock_sleep_ns(5 * NS_PER_MS);
		gone = has_ended(pid);
	}
	return gone;
}

static void caller_is_killed(const char *script)
{
	pid_t caller = fork();
	if (caller == 0) {
		struct fixture f = { .result = { .exit_status = -1 } };
		const struct command c = { .folder = test_folder() };
		(void)run_shell(&f, script, c);
		_exit(0);
	}
	struct stat st;
	for (int i = 0; i < 4000 && stat(test_path("ready"), &st) != 0; i++)
		clock_sleep_ns(5 * NS_PER_MS);
	(void)kill(caller, SIGKILL);
	REQUIRE(waitpid(caller, NULL, 0) == caller);
	CHECK(ends(pid_in("child")));
	CHECK(ends(pid_in("leader")));
	CHECK_INT(unlink(test_path("ready")), 0);
}

TEST_WITHIN(where_the_caller_is_killed_nothing_of_the_group_goes_on, 60)
{
	caller_is_killed("echo $$ > leader; sleep 77 & echo $! > child; : > ready; wait");
	caller_is_killed("trap '' TERM HUP; echo $$ > leader; (trap '' TERM HUP; while :; do sleep "
			 "0.1; done) & echo $! > child; : > ready; wait");
}

TEST(a_guard_that_cannot_be_started_is_told_and_nothing_runs)
{
	NEEDS_FAULTS();
	struct fixture f = { .result = { .exit_status = -1 } };
	fault_arm("command_guard", 1);
	CHECK_INT(run_shell(&f, "sleep 60", (struct command){ .limit_ns = 0 }), E_FAILED);
	fault_disarm();
	CHECK(waitpid(-1, NULL, WNOHANG) < 0);
}

static bool third_time(void *context)
{
	int *n = context;
	return ++*n == 3;
}

TEST(the_tick_can_end_it)
{
	struct fixture f = { .result = { .exit_status = -1 } };
	int n = 0;
	const struct command c = { .tick = third_time, .context = &n };
	REQUIRE_OK(run_shell(&f, "sleep 60", c), f.e);
	CHECK(f.result.ended_early && !f.result.timed_out);
	CHECK_INT(n, 3);
	CHECK(f.result.took_ns >= 250 * NS_PER_MS && f.result.took_ns < 10 * NS_PER_S);
	buf_done(&f.output);
}

TEST(a_child_left_in_the_background_does_not_hold_us)
{
	struct fixture f = { .result = { .exit_status = -1 } };
	REQUIRE_OK(run_shell(&f, "sleep 30 & echo $!; exit 0", (struct command){ .limit_ns = 0 }),
		f.e);
	CHECK_INT(f.result.exit_status, 0);
	CHECK(f.result.took_ns < 10 * NS_PER_S);
	(void)kill(printed_pid(&f), SIGKILL);
	buf_done(&f.output);
}

TEST(a_fork_that_fails_is_told)
{
	NEEDS_FAULTS();
	struct fixture f = { .result = { .exit_status = -1 } };
	fault_arm("command_fork", 1);
	CHECK_INT(run_shell(&f, "true", (struct command){ .limit_ns = 0 }), E_FAILED);
	fault_disarm();
	CHECK(waitpid(-1, NULL, WNOHANG) < 0);
}
