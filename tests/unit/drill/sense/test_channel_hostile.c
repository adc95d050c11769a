/*
 * Channels and whoever may write what they read: long lines, no lines, bytes of any kind, logs that
 * are cut, exchanged or made into something else, and floods. None may end the drill, hold it up,
 * or hide an alert that stands beside it.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "drill/sense/channel.h"
#include "sys/command.h"
#include "sys/mapped.h"
#include "tests/lib/test.h"

static void add(const char *path, const void *bytes, size_t n)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
	REQUIRE(fd >= 0);
	CHECK(write(fd, bytes, n) == (ssize_t)n);
	CHECK(close(fd) == 0);
}

static void add_text(const char *path, const char *text)
{
	add(path, text, strlen(text));
}

struct listener {
	char said[2048];
	int n_said;
};

static void hear(const char *sentence, void *context)
{
	struct listener *l = context;
	size_t n = strlen(l->said);
	l->n_said++;
	(void)snprintf(l->said + n, sizeof l->said - n, "%s\n", sentence);
}

struct desk {
	struct channels *c;
	struct listener l;
	struct drill_watch watch;
	char spec[CHANNEL_SPEC_MAX];
	char path[512];
};

/* A channel of `kind` ("file", "operator") on a log of the test's own; `pattern` with its colon. */
static struct desk *open_desk(const char *kind, const char *pattern)
{
	struct desk *d = calloc(1, sizeof *d);
	struct error e = ERROR_NONE;
	REQUIRE(d != NULL);
	(void)snprintf(d->path, sizeof d->path, "%s", test_path("edr.log"));
	(void)snprintf(d->spec, sizeof d->spec, "%s:%s%s", kind, d->path, pattern);
	d->watch = (struct drill_watch){ .say = hear, .context = &d->l };
	const char *spec = d->spec;
	struct channels_request request = { &spec, 1, NULL, &d->watch };
	REQUIRE_OK(channels_open(&request, &d->c, &e), e);
	return d;
}

struct state {
	size_t n;
	struct channel_tally tally;
	const char *first;
};

static struct state state_of(struct desk *d)
{
	static struct pool *p; /* until the next one */
	pool_free(p);
	p = pool_new(4 * MIB);
	struct channel_alerts heard = { 0 };
	struct error e = ERROR_NONE;
	REQUIRE_OK(channels_alerts(d->c, 0, 0, p, &heard, &e), e);
	return (struct state){ heard.n_all, heard.tallies[0],
		heard.n == 0 ? "" : heard.alerts[0].text };
}

static void close_desk(struct desk *d)
{
	channels_close(d->c);
	free(d);
}

/* --- lines --- */

TEST(an_alert_whose_line_has_no_end_is_heard_once)
{
	static const char *const kinds[] = { "file", "operator" };
	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		(void)unlink(test_path("edr.log"));
		add_text(test_path("edr.log"), "");
		struct desk *d = open_desk(kinds[i], i == 0 ? ":ransom" : "");
		add_text(d->path, "alert ran");
		channels_poll(d->c);
		if (i == 0) /* two pieces with nothing between two looks are one line */
			CHECK_INT(state_of(d).n, 0);
		add_text(d->path, "som seen");
		channels_poll(d->c);
		channels_poll(d->c);
		CHECK_INT(state_of(d).n, 1);
		CHECK(strstr(state_of(d).first, "som seen") != NULL);
		/* What follows on that line is no second alert, the next line is. */
		add_text(d->path, " and ransom again");
		for (int k = 0; k < 3; k++)
			channels_poll(d->c);
		CHECK_INT(channels_noticed(d->c, clock_boot_ns(NULL)), 0);
		CHECK_INT(state_of(d).tally.n_all, 1);
		close_desk(d);
	}
}

TEST(a_line_that_is_no_alert_yet_may_become_one)
{
	add_text(test_path("edr.log"), "");
	struct desk *d = open_desk("file", ":ransom");
	add_text(d->path, "the beginning of ran");
	for (int i = 0; i < 5; i++)
		channels_poll(d->c);
	CHECK_INT(state_of(d).n, 0);
	add_text(d->path, "somware\n");
	channels_poll(d->c);
	CHECK_INT(state_of(d).n, 1);
	CHECK_TEXT(state_of(d).first, "the beginning of ransomware");
	close_desk(d);
}

TEST(a_line_of_a_megabyte_is_looked_at_where_it_begins_and_the_next_one_is_heard)
{
	enum { BYTES = 1024 * 1024 };
	add_text(test_path("edr.log"), "");
	struct desk *d = open_desk("file", ":ransom");
	AUTO_FREE char *large = malloc(BYTES);
	REQUIRE(large != NULL);
	memset(large, 'x', BYTES);
	add(d->path, large, BYTES);
	add_text(d->path, "ransom beyond what is looked at\n");
	memcpy(large, "ransom ", 7);
	add(d->path, large, BYTES);
	channels_drain(d->c);
	CHECK_INT(state_of(d).n, 1);
	CHECK_INT(strlen(state_of(d).first), CHANNEL_TEXT_MAX);
	add_text(d->path, "\nransom\n");
	channels_drain(d->c);
	CHECK_INT(state_of(d).tally.n_unread, 0);
	close_desk(d);
}

TEST(bytes_of_any_kind_neither_hide_an_alert_nor_reach_the_report)
{
	/* GBK, a lone continuation byte, NUL, an overlong form, a surrogate, escapes. */
	static const char line[] =
		"user \xc0\xcb\xcb\xf7 \x80 \0 \xc0\xaf \xed\xa0\x80 \x1b[31m ransom\n";
	static const char *const patterns[] = { ":ransom", ":re:^user .* ransom$",
		":re:^user .+ransom" };
	for (size_t i = 0; i < COUNT_OF(patterns); i++) {
		(void)unlink(test_path("edr.log"));
		add_text(test_path("edr.log"), "");
		struct desk *d = open_desk("file", patterns[i]);
		add(d->path, line, sizeof line - 1);
		channels_poll(d->c);
		struct state s = state_of(d);
		CHECK_INT(s.n, 1);
		for (const char *at = s.first; *at != '\0'; at++)
			CHECK((unsigned char)*at >= 0x20 && *at != 0x7f);
		AUTO_JSON json_t *value = json_string(s.first); /* refuses what is no UTF-8 */
		CHECK(value != NULL);
		close_desk(d);
	}
}

TEST(a_character_of_several_bytes_is_repeated_as_a_whole)
{
	static const struct {
		const char *pattern, *line;
		bool heard;
	} rows[] = {
		{ ":re:勒索+病毒", "发现勒索索索病毒", true },
		{ ":re:勒索?病毒", "发现勒病毒", true },
		{ ":re:勒{2}索", "勒勒索", true },
		{ ":re:勒{2}索", "勒索", false },
		{ ":re:(勒索|加密)病毒", "加密病毒", true },
		{ ":re:\\勒索", "勒索", true },
		{ ":re:[[:alpha:]]+勒索$", "abc勒索", true },
		{ ":re:^a\\.b", "a.b", true },
		{ ":re:^a\\.b", "axb", false },
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		(void)unlink(test_path("edr.log"));
		add_text(test_path("edr.log"), "");
		struct desk *d = open_desk("file", rows[i].pattern);
		add_text(d->path, rows[i].line);
		add_text(d->path, "\n");
		channels_poll(d->c);
		if ((state_of(d).n == 1) != rows[i].heard)
			test_fail(
				__FILE__, __LINE__, "%s on \"%s\"", rows[i].pattern, rows[i].line);
		close_desk(d);
	}
	struct channel_spec spec;
	struct error e = ERROR_NONE;
	CHECK_INT(channel_spec_parse("file:/a:re:[中文]", &spec, &e), E_INVALID);
	CHECK(strstr(e.text, "ASCII") != NULL);
}

/* --- logs that become something else --- */

static void check_passes(struct desk *d, const char *says)
{
	for (int i = 0; i < 3; i++)
		channels_poll(d->c);
	if (strstr(d->l.said, says) == NULL || d->l.n_said != 1)
		test_fail(__FILE__, __LINE__, "%d times \"%s\", wanted once \"%s\"", d->l.n_said,
			d->l.said, says);
	CHECK(!state_of(d).tally.broken);
	CHECK(state_of(d).tally.problem[0] != '\0');
	REQUIRE(remove(d->path) == 0);
	add_text(d->path, "ransom\n");
	channels_poll(d->c);
	CHECK_INT(state_of(d).n, 1);
	CHECK_TEXT(state_of(d).tally.problem, "");
	CHECK(strstr(d->l.said, "can be read again") != NULL);
	close_desk(d);
}

static struct desk *replaced(void)
{
	add_text(test_path("edr.log"), "old\n");
	struct desk *d = open_desk("file", ":ransom");
	channels_poll(d->c);
	REQUIRE(remove(d->path) == 0);
	return d;
}

TEST(a_log_that_becomes_a_fifo_is_neither_waited_for_nor_lost_for_good)
{
	struct desk *d = replaced();
	REQUIRE(mkfifo(d->path, 0600) == 0);
	check_passes(d, "not a regular file");
}

TEST(a_log_that_becomes_a_folder_is_said_and_tried_again)
{
	struct desk *d = replaced();
	REQUIRE(mkdir(d->path, 0700) == 0);
	check_passes(d, "not a regular file");
}

TEST(a_log_that_becomes_a_link_to_a_device_is_not_opened)
{
	struct desk *d = replaced();
	REQUIRE(symlink("/dev/zero", d->path) == 0);
	check_passes(d, "not a regular file");
}

TEST(a_log_whose_permission_is_lost_is_tried_again)
{
	if (test_is_root())
		test_skip("root may read it");
	struct desk *d = replaced();
	add_text(d->path, "");
	REQUIRE(chmod(d->path, 0) == 0);
	check_passes(d, "open");
}

TEST(a_link_of_ones_own_is_followed_and_one_that_somebody_else_made_is_not)
{
	struct desk *d = replaced();
	add_text(test_path("other.log"), "ransom by way of a link\n");
	REQUIRE(symlink(test_path("other.log"), d->path) == 0);
	channels_poll(d->c);
	CHECK_INT(state_of(d).n, 1);
	close_desk(d);
	if (!test_is_root())
		test_skip("only root can make a link of somebody else");
	(void)unlink(test_path("edr.log"));
	d = replaced();
	REQUIRE(symlink(test_path("other.log"), d->path) == 0);
	REQUIRE(lchown(d->path, 4711, 4711) == 0);
	channels_poll(d->c);
	CHECK_INT(state_of(d).n, 0);
	check_passes(d, "is a link made by uid 4711");
}

TEST(a_log_that_never_appears_is_told_from_one_that_is_silent)
{
	struct desk *d = open_desk("file", ":ransom");
	channels_drain(d->c);
	CHECK(state_of(d).tally.never_opened);
	add_text(d->path, "");
	channels_poll(d->c);
	CHECK(!state_of(d).tally.never_opened);
	REQUIRE(remove(d->path) == 0);
	channels_poll(d->c);
	CHECK(!state_of(d).tally.never_opened);
	close_desk(d);
}

/* --- floods --- */

static int64_t ticking_ns;
static int64_t ticking(void *context)
{
	(void)context;
	ticking_ns += NS_PER_MS; /* every question for the time takes a while */
	return ticking_ns;
}

TEST(a_look_ends_when_its_time_is_over_and_the_rest_is_read_in_the_next)
{
	enum { LINES = 2000 };
	const char *path = test_path("edr.log");
	add_text(path, "");
	char spec[CHANNEL_SPEC_MAX];
	(void)snprintf(spec, sizeof spec, "file:%s:re:ransom$", path);
	const char *specs[] = { spec };
	struct clock clock = { .boot_ns = ticking };
	struct channels_request request = { specs, 1, &clock, NULL };
	struct desk d = { .c = NULL };
	struct error e = ERROR_NONE;
	REQUIRE_OK(channels_open(&request, &d.c, &e), e);
	FILE *f = fopen(path, "ae");
	REQUIRE(f != NULL);
	for (int i = 0; i < LINES; i++)
		CHECK(fprintf(f, "%0100d\n", i) > 0);
	CHECK(fputs("ransom\n", f) >= 0 && fclose(f) == 0);
	channels_poll(d.c);
	CHECK(state_of(&d).tally.n_unread > 0);
	CHECK_INT(state_of(&d).n, 0);
	channels_drain(d.c);
	CHECK_INT(state_of(&d).tally.n_unread, 0);
	CHECK_INT(state_of(&d).n, 1);
	channels_close(d.c);
}

static int connect_to(unsigned port)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	REQUIRE(fd >= 0);
	REQUIRE(connect(fd, (struct sockaddr *)&to, sizeof to) == 0);
	return fd;
}

/* Gives the listener turns until it has answered or closed. */
static void post(struct channels *c, unsigned port, const void *body, size_t n, char answer[64])
{
	char head[200];
	int fd = connect_to(port);
	int n_head = snprintf(head, sizeof head,
		"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n",
		n);
	(void)fcntl(fd, F_SETFL, O_NONBLOCK);
	CHECK(write(fd, head, (size_t)n_head) == n_head);
	size_t sent = 0;
	size_t got = 0;
	for (int turn = 0; turn < 5000 && got < 63; turn++) {
		if (sent < n) {
			ssize_t k = write(fd, (const char *)body + sent, n - sent);
			sent += k > 0 ? (size_t)k : 0;
		}
		channels_poll(c);
		struct pollfd wait = { .fd = fd, .events = POLLIN };
		if (poll(&wait, 1, 1) != 1)
			continue;
		ssize_t k = read(fd, answer + got, 63 - got);
		if (k <= 0)
			break;
		got += (size_t)k;
	}
	answer[got] = '\0';
	CHECK_INT(close(fd), 0);
}

TEST(a_webhook_takes_bodies_of_any_bytes_and_refuses_a_megabyte)
{
	enum { BYTES = 1024 * 1024 };
	struct desk d = { .watch = { .say = hear } };
	d.watch.context = &d.l;
	const char *spec = "webhook:0:ransom";
	struct channels_request request = { &spec, 1, NULL, &d.watch };
	struct error e = ERROR_NONE;
	char answer[64];
	REQUIRE_OK(channels_open(&request, &d.c, &e), e);
	const char *at = strrchr(d.l.said, ':');
	REQUIRE(at != NULL);
	unsigned port = (unsigned)strtoul(at + 1, NULL, 10);
	AUTO_FREE char *large = malloc(BYTES);
	REQUIRE(large != NULL);
	memset(large, 'x', BYTES);
	memcpy(large, "ransom", 6);
	post(d.c, port, large, BYTES, answer);
	CHECK(strstr(answer, "413") != NULL);
	CHECK_INT(state_of(&d).n, 0);
	static const char bytes[] = "\xff\xfe\0\x80 no line's end, ransom \xc0";
	post(d.c, port, bytes, sizeof bytes - 1, answer);
	CHECK(strstr(answer, "200") != NULL);
	CHECK_INT(state_of(&d).n, 1);
	/* Those who connect and say nothing do not keep out the one who speaks. */
	int idle[8];
	for (size_t i = 0; i < COUNT_OF(idle); i++)
		idle[i] = connect_to(port);
	channels_poll(d.c);
	post(d.c, port, "ransom", 6, answer);
	CHECK(strstr(answer, "200") != NULL);
	for (size_t i = 0; i < COUNT_OF(idle); i++)
		CHECK_INT(close(idle[i]), 0);
	channels_close(d.c);
}

/* --- what is mapped --- */

static char read_behind_the_end(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	REQUIRE(fd >= 0 && ftruncate(fd, 8192) == 0);
	char *at = mmap(NULL, 8192, PROT_READ, MAP_SHARED, fd, 0);
	REQUIRE(at != MAP_FAILED && ftruncate(fd, 0) == 0);
	volatile char *page = at;
	return page[5000];
}

TEST(a_mapped_file_that_is_cut_reads_as_zeros_and_only_while_that_is_asked_for)
{
	struct mapped_reading guard;
	mapped_reading_begin(&guard);
	CHECK_INT(read_behind_the_end(test_path("mapped")), 0);
	mapped_reading_end(&guard);
	pid_t child = fork();
	REQUIRE(child >= 0);
	if (child == 0) {
		(void)read_behind_the_end(test_path("mapped"));
		_exit(0);
	}
	int status = 0;
	REQUIRE(waitpid(child, &status, 0) == child);
	CHECK(status != 0); /* ended by the signal; the sanitizers make an exit status of it */
}

static void write_journal(const char *folder, int n_entries)
{
	static const char tool[] = "/lib/systemd/systemd-journal-remote";
	struct stat st;
	if (stat(tool, &st) != 0)
		test_skip("systemd-journal-remote is not installed");
	char source[512];
	char output[600];
	(void)snprintf(source, sizeof source, "%s", test_path("export"));
	(void)snprintf(output, sizeof output, "--output=%s/edr.journal", folder);
	FILE *f = fopen(source, "we");
	REQUIRE(f != NULL);
	for (int i = 0; i < n_entries; i++)
		CHECK(fprintf(f,
			      "__REALTIME_TIMESTAMP=%lld\n__MONOTONIC_TIMESTAMP=%d\n"
			      "_BOOT_ID=0123456789abcdef0123456789abcdef\n"
			      "SYSLOG_IDENTIFIER=edrd\nMESSAGE=ransom %0200d\n\n",
			      (long long)(clock_wall_ns(NULL) / 1000), 1000 + i, i) > 0);
	CHECK(fclose(f) == 0);
	const char *argv[] = { tool, output, source, NULL };
	struct command command = { .argv = (char *const *)(uintptr_t)argv,
		.limit_ns = 20 * NS_PER_S };
	struct command_result result;
	struct error e = ERROR_NONE;
	AUTO_BUF struct buf text;
	buf_init(&text, 4096);
	REQUIRE_OK(command_run(&command, &text, &result, &e), e);
	if (result.exit_status != 0)
		test_skip("systemd-journal-remote cannot write here");
}

TEST(a_journal_that_is_cut_while_it_is_read_does_not_end_the_drill)
{
	static const off_t lengths[] = { 0, 100, 4096, 65536 };
	for (size_t i = 0; i < COUNT_OF(lengths); i++) {
		const char *folder = test_path("journal");
		const char *file = test_path("journal/edr.journal");
		CHECK(mkdir(folder, 0700) == 0 || i > 0);
		(void)unlink(file);
		write_journal(folder, 20);
		struct desk d = { .watch = { .say = hear } };
		d.watch.context = &d.l;
		(void)snprintf(d.spec, sizeof d.spec, "journal:%s:ransom", folder);
		const char *spec = d.spec;
		struct channels_request request = { &spec, 1, NULL, &d.watch };
		struct error e = ERROR_NONE;
		REQUIRE_OK(channels_open(&request, &d.c, &e), e);
		write_journal(folder, 400);
		channels_poll(d.c);
		CHECK(state_of(&d).n > 0);
		write_journal(folder, 400);
		REQUIRE(truncate(file, lengths[i]) == 0);
		for (int k = 0; k < 5; k++)
			channels_poll(d.c);
		/* Broken or not is the library's judgement; if it is, the card tells why. */
		CHECK(state_of(&d).tally.broken == (state_of(&d).tally.problem[0] != '\0'));
		channels_close(d.c);
	}
}
