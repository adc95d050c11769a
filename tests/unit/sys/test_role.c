/*
 * Roles are re-executed for real: this program is its own role.
 */
#include "sys/role.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/buf.h"
#include "sys/file.h"
#include "sys/sanitizer.h"
#include "tests/lib/faults.h"
#include "tests/lib/test.h"

extern char **environ;

static enum status say(uint16_t type, const char *text)
{
	return packet_send(ROLE_CHANNEL_FD, type, view_of(text), NULL);
}

/* What a role finds at its entrance, as text. */
static int describe_role(size_t n_fds)
{
	AUTO_BUF struct buf b;
	buf_init(&b, 4096);
	char name[16] = "";
	int death = 0;
	(void)prctl(PR_GET_NAME, name);
	(void)prctl(PR_GET_PDEATHSIG, &death);
	buf_addf(&b, "n_fds=%zu name=%s death=%d parent=%d leader=%d", n_fds, name, death,
		role_parent() == getppid(), getsid(0) == getpid());
	for (int fd = 0; fd < 200; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			buf_addf(&b, " %d", fd);
	size_t n_environment = 0;
	while (environ[n_environment] != NULL)
		n_environment++;
	buf_addf(&b, " env=%zu", n_environment);
	return say(1, buf_text(&b)) == OK ? 7 : 1;
}

static int read_role(size_t n_fds)
{
	char text[64] = "";
	for (size_t i = 0; i < n_fds; i++) {
		size_t len = strlen(text);
		ssize_t n = pread(ROLE_FIRST_FD + (int)i, text + len, sizeof text - 1 - len, 0);
		if (n < 0)
			return 1;
		text[len + (size_t)n] = '\0';
	}
	return say(2, text) == OK ? 0 : 1;
}

static int wait_role(size_t n_fds)
{
	(void)n_fds;
	char text[32];
	(void)snprintf(text, sizeof text, "%d", (int)getpid());
	if (say(3, text) != OK)
		return 1;
	for (;;)
		(void)pause();
}

static const struct role roles[] = { { "describe", describe_role }, { "read", read_role },
	{ "wait", wait_role } };

static int run_role(int argc, char **argv)
{
	int status = 1;
	(void)role_dispatch(argc, argv, roles, COUNT_OF(roles), &status);
	return status;
}
int (*test_role_main)(int, char **) = run_role;

static struct packet packet;

static void spawn(const struct role_start *start, struct role_process *p)
{
	struct error e;
	REQUIRE_OK(role_spawn(start, p, &e), e);
}

static const char *hear(struct role_process *p)
{
	struct error e;
	bool got = false;
	REQUIRE_OK(packet_receive(p->channel_fd, 10000, &packet, &got, &e), e);
	REQUIRE(got);
	static char text[4096];
	(void)snprintf(text, sizeof text, "%.*s", VIEW_ARGS(packet.body));
	return text;
}

TEST(a_role_starts_with_its_channel_its_descriptors_and_nothing_else)
{
	struct role_process p = ROLE_PROCESS_NONE;
	int more = open("/dev/null", O_RDONLY); /* not close-on-exec: it must go all the same */
	REQUIRE(more >= 0 && dup2(more, 150) == 150);
	const struct role_start start = {
		.role = "describe", .process_name = "a-name", .fds = { more, more }, .n_fds = 2
	};
	spawn(&start, &p);
	char wanted[128];
	int n_environment = 0;
	static const char *const handed_on[] = { "TOCSIN_FAULT", "ASAN_OPTIONS", "UBSAN_OPTIONS",
		"TSAN_OPTIONS", "LSAN_OPTIONS" };
	for (size_t i = 0; SANITIZED && i < COUNT_OF(handed_on); i++)
		n_environment += getenv(handed_on[i]) != NULL;
	(void)snprintf(wanted, sizeof wanted,
		"n_fds=2 name=a-name death=%d parent=1 leader=1 0 1 2 3 4 5 env=%d", SIGKILL,
		n_environment);
	CHECK_TEXT(hear(&p), wanted);
	int status = 0;
	REQUIRE(waitpid(p.pid, &status, 0) == p.pid);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 7);
	role_end(&p);
	CHECK(p.pid == -1 && p.channel_fd == -1 && p.pid_fd == -1);
	role_end(&p);
}

TEST(descriptors_arrive_in_their_order_whatever_their_numbers_were)
{
	struct error e;
	struct role_process p = ROLE_PROCESS_NONE;
	struct role_start start = { .role = "read", .process_name = "reader", .n_fds = 8 };
	/* The very numbers that they will go to, the other way round. */
	for (int i = 0; i < 8; i++) {
		char digit[2] = { (char)('0' + i), '\0' };
		int fd = -1;
		REQUIRE_OK(file_memory("digit", view_of(digit), &fd, &e), e);
		REQUIRE(fcntl(fd, F_DUPFD_CLOEXEC, 100 + i) == 100 + i);
		(void)close(fd);
	}
	for (int i = 0; i < 8; i++) {
		start.fds[i] = ROLE_FIRST_FD + 7 - i;
		REQUIRE(dup2(100 + i, start.fds[i]) == start.fds[i]);
	}
	spawn(&start, &p);
	CHECK_TEXT(hear(&p), "01234567");
	role_end(&p);
}

TEST(a_role_dies_with_its_parent)
{
	int ends[2];
	REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
	pid_t parent = fork();
	if (parent == 0) {
		struct role_process p = ROLE_PROCESS_NONE;
		spawn(&(struct role_start){ .role = "wait", .process_name = "waits" }, &p);
		unsigned long long number = 0;
		if (!view_to_u64(view_of(hear(&p)), &number))
			_exit(1);
		int pid = (int)number;
		if (write(ends[1], &pid, sizeof pid) != sizeof pid)
			_exit(1);
		(void)pause();
	}
	int pid = 0;
	REQUIRE(read(ends[0], &pid, sizeof pid) == sizeof pid);
	int pid_fd = pidfd_open(pid, 0);
	REQUIRE(pid_fd >= 0);
	REQUIRE(kill(parent, SIGKILL) == 0);
	struct pollfd wait = { .fd = pid_fd, .events = POLLIN };
	CHECK_INT(poll(&wait, 1, 30000), 1);
}

TEST(ending_a_role_kills_and_reaps_it)
{
	struct role_process p = ROLE_PROCESS_NONE;
	spawn(&(struct role_start){ .role = "wait", .process_name = "waits" }, &p);
	pid_t pid = p.pid;
	(void)hear(&p);
	role_end(&p);
	CHECK(kill(pid, 0) != 0 && errno == ESRCH);
}

TEST(a_role_that_is_not_in_the_table_ends_at_once)
{
	struct role_process p = ROLE_PROCESS_NONE;
	spawn(&(struct role_start){ .role = "no-such", .process_name = "x" }, &p);
	int status = 0;
	REQUIRE(waitpid(p.pid, &status, 0) == p.pid);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 2);
	role_end(&p);
}

static int dispatch_by_hand(int channel_type, const char *parent)
{
	int status = 0;
	pid_t pid = fork();
	if (pid == 0) {
		int pair[2];
		(void)close(ROLE_CHANNEL_FD);
		if (channel_type != 0) {
			if (socketpair(AF_UNIX, channel_type, 0, pair) != 0)
				_exit(99);
			(void)dup2(pair[0], ROLE_CHANNEL_FD);
		}
		char words[5][32] = { "x", "--as", "describe", "0", "" };
		(void)snprintf(words[4], sizeof words[4], "%s", parent);
		char *argv[] = { words[0], words[1], words[2], words[3], words[4], NULL };
		int exit_status = 77;
		bool is_role = role_dispatch(5, argv, roles, COUNT_OF(roles), &exit_status);
		_exit(is_role ? exit_status : 55);
	}
	REQUIRE(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
	return WEXITSTATUS(status);
}

TEST(nobody_starts_a_role_by_hand)
{
	char self[32];
	(void)snprintf(self, sizeof self, "%d", (int)getpid());
	CHECK_INT(dispatch_by_hand(0, self), 2);
	CHECK_INT(dispatch_by_hand(SOCK_STREAM, self), 2);
	/* A fitting socket, but one that the role's own process made and not its parent. */
	CHECK_INT(dispatch_by_hand(SOCK_SEQPACKET, self), 2);
	CHECK_INT(dispatch_by_hand(SOCK_SEQPACKET, "1"), 2);
	CHECK_INT(dispatch_by_hand(SOCK_SEQPACKET, "-5"), 2);
	int status = 0;
	char word[] = "drill";
	char *argv[] = { word, word, NULL };
	CHECK(!role_dispatch(2, argv, roles, COUNT_OF(roles), &status));
}

TEST(a_start_that_fails_anywhere_leaves_neither_process_nor_descriptor)
{
	NEEDS_FAULTS();
	static const char *const points[] = { "role_channel", "role_fork" };
	for (size_t i = 0; i < COUNT_OF(points); i++) {
		struct error e;
		struct role_process p = ROLE_PROCESS_NONE;
		int before = dup(0);
		(void)close(before);
		fault_arm(points[i], 1);
		CHECK(role_spawn(&(struct role_start){ .role = "wait", .process_name = "x" }, &p,
			      &e) != OK);
		fault_disarm();
		int after = dup(0);
		CHECK_INT(after, before);
		(void)close(after);
		CHECK(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD);
	}
}
