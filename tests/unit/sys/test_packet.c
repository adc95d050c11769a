/*
 * Packets between two ends of a socket.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "sys/role.h"
#include "tests/lib/test.h"

static struct packet packet;
static char body[PACKET_BYTES_MAX + 16];

static void make_pair(int out[2])
{
	REQUIRE(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, out) == 0);
}

TEST(a_packet_arrives_whole_with_its_type)
{
	struct error e;
	int ends[2];
	bool got = false;
	make_pair(ends);
	memset(body, 'q', sizeof body);
	static const size_t sizes[] = { 0, 1, 4096, PACKET_BYTES_MAX };
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		REQUIRE_OK(packet_send(ends[0], (uint16_t)(0xfff0 + i),
				   (struct view){ body, sizes[i] }, &e),
			e);
		REQUIRE_OK(packet_receive(ends[1], 1000, &packet, &got, &e), e);
		CHECK(got);
		CHECK_INT(packet.type, 0xfff0 + i);
		CHECK_INT(packet.body.len, sizes[i]);
		CHECK(memcmp(packet.body.at, body, sizes[i]) == 0);
	}
	CHECK_INT(packet_send(ends[0], 1, (struct view){ body, PACKET_BYTES_MAX + 1 }, &e),
		E_TOO_BIG);
}

TEST(waiting_ends_when_the_time_is_over)
{
	struct error e;
	int ends[2];
	bool got = true;
	make_pair(ends);
	REQUIRE_OK(packet_receive(ends[0], 0, &packet, &got, &e), e);
	CHECK(!got);
	int64_t start_ns = clock_boot_ns(NULL);
	REQUIRE_OK(packet_receive(ends[0], 30, &packet, &got, &e), e);
	CHECK(!got);
	CHECK(clock_boot_ns(NULL) - start_ns >= 30 * NS_PER_MS);
}

TEST(a_gone_end_is_told_and_no_signal_ends_us)
{
	struct error e;
	int ends[2];
	bool got = false;
	make_pair(ends);
	(void)signal(SIGPIPE, SIG_DFL);
	REQUIRE_OK(packet_send(ends[1], 7, VIEW("last words"), &e), e);
	(void)close(ends[1]);
	CHECK_INT(packet_send(ends[0], 1, VIEW("x"), &e), E_ABSENT);
	REQUIRE_OK(packet_receive(ends[0], 100, &packet, &got, &e), e);
	CHECK(got && packet.type == 7);
	CHECK_INT(packet_receive(ends[0], 100, &packet, &got, &e), E_ABSENT);
	CHECK(!got);
}

TEST(last_words_are_heard_although_the_end_was_closed_with_a_packet_unread)
{
	struct error e;
	int ends[2];
	bool got = false;
	make_pair(ends);
	REQUIRE_OK(packet_send(ends[0], 1, VIEW("never read"), &e), e);
	REQUIRE_OK(packet_send(ends[1], 7, VIEW("last words"), &e), e);
	(void)close(ends[1]); /* the kernel tells a reset first, then what is in the queue */
	REQUIRE_OK(packet_receive(ends[0], 100, &packet, &got, &e), e);
	CHECK(got && packet.type == 7);
	CHECK_INT(packet_receive(ends[0], 100, &packet, &got, &e), E_ABSENT);
}

TEST(foreign_packets_are_refused)
{
	struct error e;
	int ends[2];
	bool got = false;
	make_pair(ends);
	static const struct {
		const char *bytes;
		size_t n;
	} bad[] = {
		{ "", 1 },
		{ "\1\0\1\0\0\0\0", 7 },    /* cut */
		{ "\2\0\1\0\0\0\0\0", 8 },  /* another version */
		{ "\1\1\1\0\0\0\0\0", 8 },  /* another version */
		{ "\1\0\1\0\1\0\0\0", 8 },  /* longer than it is */
		{ "\1\0\1\0\0\0\0\0x", 9 }, /* shorter than it is */
		{ "\1\0\1\0\377\377\377\377x", 9 },
	};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		REQUIRE(write(ends[0], bad[i].bytes, bad[i].n) == (ssize_t)bad[i].n);
		CHECK_INT(packet_receive(ends[1], 100, &packet, &got, &e), E_INVALID);
		CHECK(!got);
	}
	REQUIRE(write(ends[0], body, sizeof body) == (ssize_t)sizeof body);
	CHECK_INT(packet_receive(ends[1], 100, &packet, &got, &e), E_INVALID);
}

TEST(a_full_socket_is_waited_for)
{
	struct error e;
	int ends[2];
	bool got = false;
	make_pair(ends);
	REQUIRE(fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0);
	pid_t pid = fork();
	if (pid == 0) {
		int n = 0;
		while (n < 200 && packet_receive(ends[1], 5000, &packet, &got, &e) == OK && got)
			n++;
		_exit(n == 200 ? 0 : 1);
	}
	for (int i = 0; i < 200; i++)
		REQUIRE_OK(packet_send(ends[0], 1, (struct view){ body, 50000 }, &e), e);
	int status = 1;
	REQUIRE(waitpid(pid, &status, 0) == pid);
	CHECK_INT(status, 0);
}
