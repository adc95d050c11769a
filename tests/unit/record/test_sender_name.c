/*
 * Names that only a name server knows: asked behind the locks, in a network of the test's own.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/phrase.h"
#include "tests/lib/delivery_fixture.h"
#include "tests/lib/test.h"

static int as_role(int argc, char **argv)
{
	int exit_status = 2;
	(void)role_dispatch(argc, argv, sender_roles, n_sender_roles, &exit_status);
	return exit_status;
}
int (*test_role_main)(int argc, char **argv) = as_role;

static void mount_over(const char *path, const char *content)
{
	char *real = realpath(path, NULL);
	const char *ours = test_path(strrchr(path, '/') + 1);
	test_write_file(ours, content, strlen(content));
	if (real == NULL)
		test_skip("this system has no resolv.conf or hosts");
	REQUIRE(mount(ours, real, NULL, MS_BIND, NULL) == 0);
	free(real);
}

/* A network with nothing but a loopback, and files of our own in /etc. */
static void enter_own_network(const char *resolv_conf, const char *hosts)
{
	struct ifreq lo = { .ifr_name = "lo" };
	if (!test_is_root() || unshare(CLONE_NEWNET | CLONE_NEWNS) != 0)
		test_skip("a network of its own takes root");
	REQUIRE(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	REQUIRE(fd >= 0 && ioctl(fd, SIOCGIFFLAGS, &lo) == 0);
	lo.ifr_flags = (short)(lo.ifr_flags | IFF_UP);
	REQUIRE(ioctl(fd, SIOCSIFFLAGS, &lo) == 0 && close(fd) == 0);
	mount_over("/etc/resolv.conf", resolv_conf);
	mount_over("/etc/hosts", hosts);
}

/* RFC 1035: the question comes back with one answer, 127.0.0.1, to each question for an A. */
static size_t answer_query(unsigned char *m, size_t n)
{
	static const unsigned char record[] = { 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 127, 0, 0,
		1 };
	size_t end = 12;
	while (end < n && m[end] != 0)
		end += m[end] + 1U;
	end += 5; /* the root, type and class */
	if (end > n)
		return 0;
	bool asks_a = m[end - 4] == 0 && m[end - 3] == 1;
	m[2] = 0x81;
	m[3] = 0x80;
	memset(m + 6, 0, 6); /* answers, authorities, further records */
	if (!asks_a)
		return end;
	m[7] = 1;
	memcpy(m + end, record, sizeof record);
	return end + sizeof record;
}

static void start_name_server(bool silent)
{
	struct sockaddr_in at = {
		.sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) }, .sin_port = htons(53)
	};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	REQUIRE(fd >= 0 && bind(fd, (struct sockaddr *)&at, sizeof at) == 0);
	pid_t pid = fork();
	REQUIRE(pid >= 0);
	if (pid > 0) {
		(void)close(fd);
		return;
	}
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		unsigned char m[1500];
		struct sockaddr_in from;
		socklen_t n_from = sizeof from;
		ssize_t n = recvfrom(fd, m, sizeof m - 64, 0, (struct sockaddr *)&from, &n_from);
		size_t n_answer = n < 12 || silent ? 0 : answer_query(m, (size_t)n);
		if (n_answer > 0)
			(void)sendto(fd, m, n_answer, 0, (struct sockaddr *)&from, n_from);
	}
}

static struct try_result try_once(struct delivery *d, const struct id *id)
{
	struct try_result t;
	struct error e = ERROR_NONE;
	struct outbox_item item = delivery_read(d, id);
	REQUIRE_OK(sender_try(route_at(d->routes, 0), &item, 20 * NS_PER_S, d->p, &t, &e), e);
	t.why = phrase_words(d->p, t.why);
	REQUIRE(t.why != NULL);
	return t;
}

TEST(a_name_server_is_asked_behind_the_locks)
{
	enter_own_network("nameserver 127.0.0.1\n", "127.0.0.1 localhost\n");
	start_name_server(false);
	AUTO_DELIVERY struct delivery d = delivery_new(NULL);
	delivery_route(&d, "      - url: https://report.test:%d\n");
	struct id id = delivery_put(&d, "a", "province", 100);
	struct try_result t = try_once(&d, &id);
	CHECK_TEXT(t.why, "");
	CHECK_INT(t.end, TRY_DELIVERED);
}

TEST(what_the_hosts_file_knows_needs_no_name_server)
{
	enter_own_network("nameserver 127.0.0.1\n", "127.0.0.1 report.test\n");
	AUTO_DELIVERY struct delivery d = delivery_new(NULL);
	delivery_route(&d, "      - url: https://report.test:%d\n");
	struct id id = delivery_put(&d, "a", "province", 100);
	struct try_result t = try_once(&d, &id);
	CHECK_TEXT(t.why, "");
	CHECK_INT(t.end, TRY_DELIVERED);
}

/* The other family has nobody, or no road at all. */
static void check_fallback(bool v6_only, const char *hosts)
{
	const struct receiver_options o = { .v6_only = v6_only };
	enter_own_network("nameserver 127.0.0.1\n", hosts);
	AUTO_DELIVERY struct delivery d = delivery_new(&o);
	delivery_route(&d, "      - url: https://report.test:%d\n");
	struct id id = delivery_put(&d, "a", "province", 100);
	struct try_result t = try_once(&d, &id);
	CHECK_TEXT(t.why, "");
	CHECK_INT(t.end, TRY_DELIVERED);
}

TEST(a_server_that_only_ipv4_reaches_is_reached)
{
	check_fallback(false, "::1 report.test\n2001:db8::1 report.test\n127.0.0.1 report.test\n");
}

TEST(a_server_that_only_ipv6_reaches_is_reached)
{
	check_fallback(true, "127.0.0.1 report.test\n192.0.2.1 report.test\n::1 report.test\n");
}

TEST(a_silent_name_server_does_not_hold_up_the_other_way)
{
	enter_own_network("nameserver 127.0.0.1\n", "127.0.0.1 localhost\n");
	start_name_server(true);
	AUTO_DELIVERY struct delivery d = delivery_new(NULL);
	delivery_route(&d, "      - url: https://report.test:%d\n"
			   "      - url: https://127.0.0.1:%d\n");
	struct id id = delivery_put(&d, "a", "province", 100);
	struct try_result t = try_once(&d, &id);
	CHECK_TEXT(t.why, "");
	CHECK_INT(t.end, TRY_DELIVERED);
	CHECK(strstr(t.way, "127.0.0.1") != NULL);
}

TEST(where_names_are_gone_the_reason_says_so)
{
	enter_own_network("nameserver 127.0.0.1\n", "127.0.0.1 localhost\n");
	AUTO_DELIVERY struct delivery d = delivery_new(NULL);
	delivery_route(&d, "      - url: https://report.test:%d\n");
	struct id id = delivery_put(&d, "a", "province", 100);
	struct try_result t = try_once(&d, &id);
	CHECK_INT(t.end, TRY_AGAIN);
	CHECK(strstr(t.why, "its name has no address") != NULL);
}
