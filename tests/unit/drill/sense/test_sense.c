/*
 * The look at everything while a drill runs: who asks to stop, the wall clock, the network.
 */
#include "drill/sense/sense.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sys/command.h"
#include "tests/lib/test.h"

static int64_t wall_ns, boot_ns;
static int64_t read_wall(void *context)
{
	(void)context;
	return wall_ns;
}
static int64_t read_boot(void *context)
{
	(void)context;
	return boot_ns;
}
static const struct clock injected = { .wall_ns = read_wall, .boot_ns = read_boot };

static bool wants_stop;
static bool stop_wanted(void *context)
{
	(void)context;
	return wants_stop;
}
static const struct drill_watch user = { .stop_wanted = stop_wanted };

static void begin(struct sense *s)
{
	wall_ns = 1000 * NS_PER_S;
	boot_ns = 500 * NS_PER_S;
	*s = (struct sense){ .clock = &injected, .user = &user, .window_to_boot_ns = -1 };
	sense_start(s);
}

static void pass(int64_t ns)
{
	wall_ns += ns;
	boot_ns += ns;
}

TEST(a_stop_is_remembered_and_says_who_asked)
{
	struct sense s;
	begin(&s);
	CHECK(!sense_look(&s));
	pass(100 * NS_PER_MS);
	wants_stop = true;
	CHECK(sense_look(&s));
	wants_stop = false;
	pass(100 * NS_PER_MS);
	CHECK(sense_look(&s));
	CHECK_TEXT(s.stopped_by, "user");
}

TEST(a_stop_file_stops_whatever_kind_of_file_it_is)
{
	struct sense s;
	begin(&s);
	s.stop_files[1] = test_path("stop");
	CHECK(!sense_look(&s));
	CHECK_INT(symlink("nowhere", s.stop_files[1]), 0);
	pass(100 * NS_PER_MS);
	CHECK(sense_look(&s));
	CHECK_TEXT(s.stopped_by, "stop-file");
}

TEST(the_window_closes_by_the_boot_clock)
{
	struct sense s;
	begin(&s);
	s.window_to_boot_ns = s.start_boot_ns + 10 * NS_PER_S;
	pass(9 * NS_PER_S);
	wall_ns += 3600 * NS_PER_S; /* stepped: changes nothing */
	CHECK(!sense_look(&s));
	pass(NS_PER_S);
	CHECK(sense_look(&s));
	CHECK_TEXT(s.stopped_by, "window");
}

TEST(a_part_that_goes_to_its_end_is_not_told_to_stop)
{
	struct sense s;
	begin(&s);
	wants_stop = true;
	s.to_the_end = true;
	CHECK(!s.watch.stop_wanted(s.watch.context));
	CHECK(s.stopped);
	s.to_the_end = false;
	CHECK(s.watch.stop_wanted(s.watch.context));
}

TEST(steps_of_the_wall_clock_are_noted_once_and_drift_adds_up)
{
	struct sense s;
	begin(&s);
	for (int i = 0; i < 10; i++) {
		pass(100 * NS_PER_MS);
		wall_ns += 20 * NS_PER_MS; /* slewed: 200 ms in all */
		(void)sense_look(&s);
	}
	CHECK_INT(s.n_steps, 0);
	wall_ns -= 3600 * NS_PER_S;
	for (int i = 0; i < 3; i++) {
		pass(100 * NS_PER_MS);
		(void)sense_look(&s);
	}
	REQUIRE(s.n_steps == 1);
	CHECK_INT(s.steps[0].by_ns / NS_PER_S, -3599);
	/* Wall time of the run goes on as if nothing had happened. */
	CHECK_INT(sense_now_ns(&s), s.start_wall_ns + (boot_ns - s.start_boot_ns));
	for (int i = 0; i < CLOCK_STEPS_MAX + 5; i++) {
		pass(100 * NS_PER_MS);
		wall_ns += 60 * NS_PER_S;
		(void)sense_look(&s);
	}
	CHECK_INT(s.n_steps, CLOCK_STEPS_MAX);
}

TEST(people_are_timed_from_t0_else_from_the_start_of_the_attack)
{
	struct sense s;
	begin(&s);
	CHECK_INT(sense_origin(&s).boot_ns, s.start_boot_ns);
	s.attack_boot_ns = s.start_boot_ns + 5;
	CHECK_INT(sense_origin(&s).boot_ns, s.start_boot_ns + 5);
	CHECK(!sense_tick(s.start_boot_ns + 9, &s));
	CHECK_INT(sense_origin(&s).boot_ns, s.start_boot_ns + 9);
	CHECK_INT(sense_origin(&s).wall_ns, s.start_wall_ns + 9);
	CHECK(!sense_tick(s.start_boot_ns + 99, &s)); /* T0 stays */
	CHECK_INT(sense_origin(&s).boot_ns, s.start_boot_ns + 9);
}

static bool run(const char *line)
{
	AUTO_FREE char **argv = NULL;
	struct command_result result;
	struct error e = ERROR_NONE;
	AUTO_BUF struct buf output;
	buf_init(&output, 4096);
	REQUIRE_OK(command_split(line, &argv, &e), e);
	struct command command = { .argv = argv, .limit_ns = 10 * NS_PER_S };
	return command_run(&command, &output, &result, &e) == OK && result.exit_status == 0;
}

/* The kernel says in its own time that a link runs or not: it is asked until it does. */
static bool links(const char *state)
{
	char line[64];
	struct host_network now;
	(void)snprintf(line, sizeof line, "ip link set drill0 %s", state);
	bool done = run(line);
	(void)snprintf(line, sizeof line, "ip link set drill1 %s", state);
	done = run(line) && done;
	unsigned wanted = strcmp(state, "up") == 0 ? 2 : 0;
	int64_t until_ns = clock_boot_ns(NULL) + 10 * NS_PER_S;
	do
		host_network_read(&now);
	while (done && now.n_links_up != wanted && clock_boot_ns(NULL) < until_ns);
	return done;
}

TEST(a_host_whose_network_is_gone_for_a_second_is_isolated)
{
	if (!test_is_root() || unshare(CLONE_NEWNET) != 0)
		test_skip("needs a network of its own");
	if (!run("ip link add drill0 type veth peer name drill1") || !links("up"))
		test_skip("this kernel has no veth links, or ip is not installed");
	struct sense s;
	begin(&s);
	if (s.network.n_links_up == 0)
		test_skip("a veth link does not count as up here");
	pass(NS_PER_S);
	CHECK(!sense_tick(-1, &s));
	CHECK(links("down"));
	pass(NS_PER_S);
	CHECK(!sense_tick(-1, &s)); /* seen for the first time */
	CHECK(links("up"));
	pass(NS_PER_S);
	CHECK(!sense_tick(-1, &s)); /* a link that flaps */
	CHECK(links("down"));
	pass(NS_PER_S);
	CHECK(!sense_tick(-1, &s));
	pass(NS_PER_S);
	CHECK(sense_tick(-1, &s));
}
