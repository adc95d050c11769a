/*
 * Fault points: armed by name or by number, once.
 */
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/lib/faults.h"
#include "tests/lib/test.h"

TEST(only_the_nth_pass_of_the_named_point_fails_and_once)
{
	NEEDS_FAULTS();
	fault_arm("here", 3);
	for (int i = 1; i <= 10; i++) {
		CHECK(!FAULT("elsewhere"));
		CHECK_INT(FAULT("here"), i == 3);
	}
}

TEST(no_name_means_every_point)
{
	NEEDS_FAULTS();
	fault_arm("", 2);
	CHECK(!FAULT("a"));
	CHECK(FAULT("b"));
	CHECK(!FAULT("c"));
}

TEST(a_point_that_waits_is_reached_by_its_own_name_alone)
{
	NEEDS_FAULTS();
	fault_arm("", 1);
	CHECK(!FAULT_BY_NAME("slow"));
	CHECK(FAULT("a"));
	fault_arm("slow", 1);
	CHECK(FAULT_BY_NAME("slow"));
	CHECK(!FAULT_BY_NAME("slow"));
}

TEST(disarmed_nothing_fails)
{
	NEEDS_FAULTS();
	CHECK(!FAULT("a"));
	fault_arm("a", 1);
	fault_disarm();
	CHECK(!FAULT("a"));
}

TEST(a_kill_point_ends_the_process)
{
	NEEDS_FAULTS();
	pid_t pid = fork();
	if (pid == 0) {
		(void)setenv("TOCSIN_FAULT", "here:2:kill", 1);
		fault_from_environment();
		if (FAULT("here"))
			_exit(1);
		(void)FAULT("here");
		_exit(2);
	}
	int status = 0;
	REQUIRE(waitpid(pid, &status, 0) == pid);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

TEST(nonsense_in_the_environment_arms_nothing)
{
	NEEDS_FAULTS();
	static const char *const rows[] = { "", ":", "here", "here:", "here:x", "here:-1", "::1",
		"averyveryveryveryveryveryveryveryveryveryveryveryveryverylongname:1" };
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		(void)setenv("TOCSIN_FAULT", rows[i], 1);
		fault_from_environment();
		CHECK(!FAULT("here"));
	}
}
