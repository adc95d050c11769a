/*
 * Detection channels: specs, and what each kind takes for an alert.
 */
#include "drill/sense/channel.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fault.h"
#include "sys/command.h"
#include "tests/lib/test.h"

static void append(const char *path, const char *text)
{
	FILE *f = fopen(path, "a");
	REQUIRE(f != NULL);
	CHECK(fputs(text, f) >= 0);
	CHECK(fclose(f) == 0);
}

static const char *textf(const char *format, ...) PRINTF_LIKE(1, 2);
static const char *textf(const char *format, ...)
{
	struct text {
		struct text *next;
		char *at;
	};
	static struct text *texts; /* kept until the process of the test ends */
	struct text *text = malloc(sizeof *text);
	va_list args;
	va_start(args, format);
	if (text == NULL || vasprintf(&text->at, format, args) < 0)
		abort();
	va_end(args);
	text->next = texts;
	texts = text;
	return text->at;
}

static struct channels *open_one(const char *spec, const struct drill_watch *watch)
{
	struct channels *c = NULL;
	struct error e = ERROR_NONE;
	struct channels_request request = { &spec, 1, NULL, watch };
	REQUIRE_OK(channels_open(&request, &c, &e), e);
	return c;
}

static int64_t stepped_boot_ns;
static int64_t stepped(void *context)
{
	(void)context;
	return stepped_boot_ns;
}

struct found {
	struct drill_alert *alerts;
	size_t n, n_all;
};

static struct found look(struct channels *c, int64_t origin_boot_ns)
{
	static struct pool *pool; /* until the next look */
	pool_free(pool);
	pool = pool_new(4 * MIB);
	struct channel_alerts heard = { 0 };
	struct error e = ERROR_NONE;
	channels_poll(c);
	REQUIRE_OK(channels_alerts(c, origin_boot_ns, 1000 * NS_PER_S, pool, &heard, &e), e);
	return (struct found){ heard.alerts, heard.n, heard.n_all };
}

/* --- specs --- */

TEST(every_form_of_a_channel_is_read)
{
	static const struct {
		const char *spec;
		enum channel_kind kind;
		enum drill_detect detect;
		const char *path;
		int port;
		const char *pattern;
		bool is_regex;
	} rows[] = {
		{ "file:/var/log/edr.log:blocked", CHANNEL_FILE, DETECT_ALERTED, "/var/log/edr.log",
			0, "blocked", false },
		{ "file,kind=logged:/l:a:b", CHANNEL_FILE, DETECT_LOGGED, "/l", 0, "a:b", false },
		{ "file,kind=prevented:/l:re:^x+$", CHANNEL_FILE, DETECT_PREVENTED, "/l", 0, "^x+$",
			true },
		{ "journal:ransom", CHANNEL_JOURNAL, DETECT_ALERTED, "", 0, "ransom", false },
		{ "journal:/var/log/j:re:a|b", CHANNEL_JOURNAL, DETECT_ALERTED, "/var/log/j", 0,
			"a|b", true },
		{ "file:/x:re:^[]+{9}]+ ([0-9]{1,3}\\.){3}[[:digit:]]+ a+ b+ c+ d+ e+ f+ g+ h+ i+$",
			CHANNEL_FILE, DETECT_ALERTED, "/x", 0,
			"^[]+{9}]+ ([0-9]{1,3}\\.){3}[[:digit:]]+ a+ b+ c+ d+ e+ f+ g+ h+ i+$",
			true },
		{ "webhook:0", CHANNEL_WEBHOOK, DETECT_ALERTED, "", 0, "", false },
		{ "webhook:65535:word", CHANNEL_WEBHOOK, DETECT_ALERTED, "", 65535, "word", false },
		{ "operator", CHANNEL_OPERATOR, DETECT_ALERTED, "", 0, "", false },
		{ "operator:/run/desk", CHANNEL_OPERATOR, DETECT_ALERTED, "/run/desk", 0, "",
			false },
		{ "file:/日志/告警.log:勒索", CHANNEL_FILE, DETECT_ALERTED, "/日志/告警.log", 0,
			"勒索", false },
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct channel_spec spec;
		struct error e = ERROR_NONE;
		REQUIRE_OK(channel_spec_parse(rows[i].spec, &spec, &e), e);
		CHECK_INT(spec.kind, rows[i].kind);
		CHECK_INT(spec.detect, rows[i].detect);
		CHECK_TEXT(spec.path, rows[i].path);
		CHECK_INT(spec.port, rows[i].port);
		CHECK_TEXT(spec.pattern, rows[i].pattern);
		CHECK(spec.is_regex == rows[i].is_regex);
	}
}

TEST(a_wrong_channel_is_refused_and_says_what_is_wrong)
{
	static const struct {
		const char *spec;
		const char *says;
	} rows[] = {
		{ "", "empty" },
		{ "fil:/x:y", "begins with" },
		{ "file", "file:PATH:PATTERN" },
		{ "file:", "file:PATH:PATTERN" },
		{ "file:/x", "file:PATH:PATTERN" },
		{ "file:x:y", "begin with /" },
		{ "file:/:y", "begin with /" },
		{ "file:/x:", "pattern is empty" },
		{ "file:/x:re:", "pattern is empty" },
		{ "file:/x:re:(", "not a regular expression" },
		{ "file:/x:re:(a)\\1", "back references" },
		{ "file:/x:re:a{2001}", "repetitions" },
		{ "file:/x:re:a++", "repetition of" },
		{ "file:/x:re:a{2}*", "repetition of" },
		{ "file:/x:re:a+{2}", "repetition of" },
		{ "file:/x:re:((((((((((((a+)+)+)+)+)+)+)+)+)+)+)+)+", "repetitions" },
		{ "file:/x:re:(((((((((((((((((((((a", "nested" },
		{ "file:/x:re:((a{50}){50})", "repetitions" },
		{ "file:/x:re:a{1,99999999999999999999}", "repetitions" },
		{ "file,kind=loud:/x:y", "kind=logged" },
		{ "file,:/x:y", "kind=logged" },
		{ "journal:", "journal:PATTERN" },
		{ "journal:/x", "must follow" },
		{ "webhook:", "port" },
		{ "webhook:65536", "port" },
		{ "webhook:-1", "port" },
		{ "webhook:80x", "port" },
		{ "webhook:80:", "pattern is empty" },
		{ "operator:", "begin with /" },
		{ "operator:desk", "begin with /" },
		{ "file:/x:a\nb", "control" },
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct channel_spec spec;
		struct error e = ERROR_NONE;
		CHECK_INT(channel_spec_parse(rows[i].spec, &spec, &e), E_INVALID);
		if (strstr(e.text, rows[i].says) == NULL)
			test_fail(__FILE__, __LINE__, "%s: \"%s\" does not say \"%s\"",
				rows[i].spec, e.text, rows[i].says);
	}
}

TEST(pattern_and_spec_have_a_ceiling_to_the_byte)
{
	struct channel_spec spec;
	struct error e = ERROR_NONE;
	char text[CHANNEL_SPEC_MAX + 3];
	for (size_t n = CHANNEL_PATTERN_MAX; n <= CHANNEL_PATTERN_MAX + 1; n++) {
		(void)snprintf(text, sizeof text, "file:/x:%0*d", (int)n, 7);
		CHECK((channel_spec_parse(text, &spec, &e) == OK) == (n == CHANNEL_PATTERN_MAX));
	}
	for (size_t n = CHANNEL_SPEC_MAX; n <= CHANNEL_SPEC_MAX + 1; n++) {
		(void)snprintf(text, sizeof text, "operator:/%0*d", (int)(n - 10), 7);
		CHECK_INT(strlen(text), n);
		CHECK((channel_spec_parse(text, &spec, &e) == OK) == (n == CHANNEL_SPEC_MAX));
	}
}

/* --- file --- */

TEST(only_lines_after_the_start_count)
{
	const char *path = test_path("edr.log");
	append(path, "old: ransom\n");
	AUTO(channels_close) struct channels *c = open_one(textf("file:%s:ransom", path), NULL);
	CHECK_INT(look(c, 0).n, 0);
	CHECK(channels_first(c) == NULL);
	append(path, "nothing here\nnew: ransom \x1b[31m\xff noticed\n");
	struct found f = look(c, 0);
	REQUIRE(f.n == 1);
	CHECK_TEXT(f.alerts[0].text, "new: ransom  [31m? noticed");
	CHECK_INT(f.alerts[0].kind, DETECT_ALERTED);
	CHECK_TEXT(channels_first(c), "new: ransom  [31m? noticed");
}

TEST(a_line_in_pieces_is_one_line)
{
	const char *path = test_path("edr.log");
	append(path, "");
	AUTO(channels_close) struct channels *c = open_one(textf("file:%s:ransom", path), NULL);
	append(path, "ran");
	CHECK_INT(look(c, 0).n, 0);
	append(path, "som");
	CHECK_INT(look(c, 0).n, 0);
	append(path, "ware\n");
	CHECK_INT(look(c, 0).n, 1);
}

TEST(rotation_truncation_and_removal_are_followed)
{
	const char *path = test_path("edr.log");
	append(path, "a long line that was there before the start\n");
	const char *spec = textf("file,kind=logged:%s:re:^hit [0-9]$", path);
	struct clock clock = { .boot_ns = stepped };
	struct channels_request request = { &spec, 1, &clock, NULL };
	AUTO(channels_close) struct channels *c = NULL;
	struct error e = ERROR_NONE;
	REQUIRE_OK(channels_open(&request, &c, &e), e);
	append(path, "hit 1\n");
	CHECK_INT(rename(path, test_path("edr.log.1")), 0);
	channels_poll(c); /* the old file is read to its end first */
	append(path, "hit 2\n");
	stepped_boot_ns += 2 * NS_PER_S;
	channels_poll(c);
	CHECK_INT(truncate(path, 0), 0);
	stepped_boot_ns += 2 * NS_PER_S;
	channels_poll(c);
	append(path, "hit 3\n");
	channels_poll(c);
	CHECK_INT(unlink(path), 0);
	stepped_boot_ns += 2 * NS_PER_S;
	channels_poll(c);
	append(path, "hit 4\n");
	struct found f = look(c, 0);
	REQUIRE(f.n == 4);
	for (size_t i = 0; i < f.n; i++)
		CHECK_TEXT(f.alerts[i].text, textf("hit %zu", i + 1));
	CHECK_INT(f.alerts[0].kind, DETECT_LOGGED);
}

TEST(a_log_that_is_not_there_yet_is_waited_for)
{
	const char *path = test_path("later.log");
	AUTO(channels_close) struct channels *c = open_one(textf("file:%s:x", path), NULL);
	CHECK_INT(look(c, 0).n, 0);
	append(path, "x\n");
	CHECK_INT(look(c, 0).n, 1);
}

TEST(a_file_without_a_folder_a_folder_and_a_fifo_are_refused)
{
	struct error e = ERROR_NONE;
	struct channels *c = NULL;
	CHECK_INT(mkfifo(test_path("pipe"), 0600), 0);
	const char *const specs[] = { textf("file:%s/none/x.log:x", test_folder()),
		textf("file:%s:x", test_folder()), textf("file:%s:x", test_path("pipe")),
		textf("operator:%s/none/x", test_folder()), "operator" };
	for (size_t i = 0; i < COUNT_OF(specs); i++) {
		struct channels_request request = { &specs[i], 1, NULL, NULL };
		CHECK_INT(channels_open(&request, &c, &e), E_INVALID);
	}
	CHECK(c == NULL);
}

TEST(a_line_without_end_is_cut_and_the_next_is_heard)
{
	const char *path = test_path("edr.log");
	append(path, "");
	AUTO(channels_close) struct channels *c = open_one(textf("file:%s:needle", path), NULL);
	AUTO_FREE char *large = malloc(200001);
	REQUIRE(large != NULL);
	memset(large, 'x', 200000);
	large[200000] = '\0';
	append(path, large);
	append(path, "needle\n"); /* beyond the 64 KiB that are looked at */
	CHECK_INT(look(c, 0).n, 0);
	append(path, "needle\n");
	CHECK_INT(look(c, 0).n, 1);
}

TEST(alerts_are_timed_against_t0_and_bursts_are_one_alert)
{
	const char *path = test_path("edr.log");
	append(path, "");
	const char *spec = textf("file:%s:hit", path);
	struct clock clock = { .boot_ns = stepped };
	struct channels_request request = { &spec, 1, &clock, NULL };
	AUTO(channels_close) struct channels *c = NULL;
	struct error e = ERROR_NONE;
	REQUIRE_OK(channels_open(&request, &c, &e), e);
	static const int64_t at_ms[] = { 9000, 9800, 10100, 10900, 11950, 20000 };
	for (size_t i = 0; i < COUNT_OF(at_ms); i++) {
		stepped_boot_ns = at_ms[i] * NS_PER_MS;
		append(path, "hit\n");
		channels_poll(c);
	}
	/* T0 at 10 s: 9.0 and 9.8 are one before it, 10.1 and 10.9 one behind it. */
	struct found f = look(c, 10 * NS_PER_S);
	REQUIRE(f.n == 4);
	CHECK_INT(f.alerts[0].after_ns, -1 * NS_PER_S);
	CHECK_INT(f.alerts[1].after_ns, 100 * NS_PER_MS);
	CHECK_INT(f.alerts[1].at_ns, 1000 * NS_PER_S + 100 * NS_PER_MS);
	CHECK_INT(f.alerts[2].after_ns, 1950 * NS_PER_MS);
	CHECK_INT(f.alerts[3].after_ns, 10 * NS_PER_S);
	CHECK(channels_noticed(c, 20 * NS_PER_S));
	CHECK(!channels_noticed(c, 20 * NS_PER_S + 1));
}

TEST(a_flood_of_alerts_is_counted_and_bounded)
{
	const char *path = test_path("edr.log");
	append(path, "");
	const char *spec = textf("file:%s:hit", path);
	struct clock clock = { .boot_ns = stepped };
	struct channels_request request = { &spec, 1, &clock, NULL };
	AUTO(channels_close) struct channels *c = NULL;
	struct error e = ERROR_NONE;
	REQUIRE_OK(channels_open(&request, &c, &e), e);
	for (int i = 0; i < CHANNEL_ALERTS_MAX + 50; i++) {
		stepped_boot_ns += 2 * NS_PER_S;
		append(path, "hit\n");
		channels_poll(c);
	}
	struct found f = look(c, 0);
	CHECK_INT(f.n, CHANNEL_ALERTS_MAX);
	CHECK_INT(f.n_all, CHANNEL_ALERTS_MAX + 50);
}

TEST(alerts_are_counted_by_channel_and_what_is_only_logged_calls_nobody)
{
	const char *alerts = test_path("edr.log");
	const char *lines = test_path("audit.log");
	append(alerts, "");
	append(lines, "");
	const char *specs[] = { textf("file:%s:hit", alerts),
		textf("file,kind=logged:%s:hit", lines), textf("file:%s:never", alerts) };
	struct clock clock = { .boot_ns = stepped };
	struct channels_request request = { specs, 3, &clock, NULL };
	AUTO(channels_close) struct channels *c = NULL;
	AUTO(pool_free) struct pool *p = pool_new(MIB);
	struct channel_alerts heard = { 0 };
	struct error e = ERROR_NONE;
	REQUIRE_OK(channels_open(&request, &c, &e), e);
	int64_t origin_boot_ns = 0;
	for (int i = 0; i < 3; i++) {
		stepped_boot_ns += 2 * NS_PER_S;
		origin_boot_ns = i == 1 ? stepped_boot_ns : origin_boot_ns;
		append(alerts, "hit\n");
		append(lines, "hit\n");
		channels_poll(c);
	}
	REQUIRE_OK(channels_alerts(c, origin_boot_ns, 0, p, &heard, &e), e);
	CHECK_INT(heard.n_all, 6);
	REQUIRE(heard.n_tallies == 3);
	CHECK_TEXT(heard.tallies[0].spec, specs[0]);
	CHECK_INT(heard.tallies[0].n_all, 3);
	CHECK_INT(heard.tallies[0].n_calls, 3);
	CHECK_INT(heard.tallies[0].n_early, 1);
	CHECK_INT(heard.tallies[1].n_all, 3);
	CHECK_INT(heard.tallies[1].n_calls, 0);
	CHECK_INT(heard.tallies[2].n_all, 0);
	CHECK(!heard.tallies[0].broken && !heard.tallies[2].broken);
}

struct listener {
	char said[512];
	const char *entry;
};

static void hear(const char *sentence, void *context)
{
	struct listener *l = context;
	(void)snprintf(l->said, sizeof l->said, "%s", sentence);
}

TEST(a_channel_that_breaks_is_said_once_and_left_out)
{
#ifdef TOCSIN_FAULTS
	const char *path = test_path("edr.log");
	append(path, "");
	struct listener l = { .said = "" };
	struct drill_watch watch = { .say = hear, .context = &l };
	AUTO(channels_close) struct channels *c = open_one(textf("file:%s:x", path), &watch);
	append(path, "x\n");
	fault_arm("tail_read", 1);
	channels_poll(c);
	CHECK(strstr(l.said, "edr.log") != NULL);
	l.said[0] = '\0';
	CHECK_INT(look(c, 0).n, 0);
	CHECK_TEXT(l.said, "");
	AUTO(pool_free) struct pool *p = pool_new(MIB);
	struct channel_alerts heard = { 0 };
	struct error e = ERROR_NONE;
	REQUIRE_OK(channels_alerts(c, 0, 0, p, &heard, &e), e);
	CHECK(heard.tallies[0].broken && !heard.tallies[0].never_opened);
	CHECK(strstr(heard.tallies[0].problem, "edr.log") != NULL);
#else
	test_skip("built without fault points");
#endif
}

/* --- operator --- */

TEST(the_operators_lines_say_what_they_weigh)
{
	const char *path = test_path("desk");
	append(path, "alert before the start\n");
	AUTO(channels_close) struct channels *c = open_one(textf("operator:%s", path), NULL);
	append(path, "\nALERT: screen shows a ransom note\nlog seen in the console\n"
		     "prevented by the agent\n");
	struct found f = look(c, 0);
	REQUIRE(f.n == 3);
	CHECK_TEXT(f.alerts[0].text, "screen shows a ransom note");
	CHECK_INT(f.alerts[0].kind, DETECT_ALERTED);
	CHECK_INT(f.alerts[1].kind, DETECT_LOGGED);
	CHECK_INT(f.alerts[2].kind, DETECT_PREVENTED);
}

TEST(the_operator_may_write_to_a_fifo_again_and_again)
{
	const char *path = test_path("desk.fifo");
	CHECK_INT(mkfifo(path, 0600), 0);
	AUTO(channels_close) struct channels *c = open_one(textf("operator:%s", path), NULL);
	for (int i = 0; i < 2; i++) {
		int fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
		REQUIRE(fd >= 0);
		const char *text = i == 0 ? "告警 文件被加密\n" : "logbook is not the word log\n";
		CHECK(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
		CHECK_INT(close(fd), 0);
		channels_poll(c);
	}
	CHECK_TEXT(channels_first(c), "文件被加密");
	CHECK_INT(look(c, 0).n, 1); /* both are alerts of one second */
}

static bool enter(const char **out_text, void *context)
{
	struct listener *l = context;
	*out_text = l->entry;
	l->entry = NULL;
	return *out_text != NULL;
}

TEST(the_operator_enters_at_the_terminal)
{
	struct listener l = { .entry = NULL };
	struct drill_watch watch = { .operator_alert = enter, .context = &l };
	AUTO(channels_close) struct channels *c = open_one("operator", &watch);
	CHECK_INT(look(c, 0).n, 0);
	l.entry = "prevented";
	struct found f = look(c, 0);
	REQUIRE(f.n == 1);
	CHECK_INT(f.alerts[0].kind, DETECT_PREVENTED);
	CHECK_TEXT(f.alerts[0].text, "prevented");
}

/* --- webhook --- */

static unsigned port_said(const struct listener *l)
{
	const char *colon = strrchr(l->said, ':');
	unsigned port = 0;
	REQUIRE(colon != NULL && sscanf(colon, ":%u/", &port) == 1);
	return port;
}

static int connect_to(unsigned port)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	REQUIRE(fd >= 0 && connect(fd, (struct sockaddr *)&a, sizeof a) == 0);
	return fd;
}

/* Sends and polls the channel until an answer's status line is there; "" where none came. */
static const char *post(
	struct channels *c, unsigned port, const char *head, const char *body, size_t n_body)
{
	AUTO_FD int fd = connect_to(port);
	static char answer[1024];
	size_t n_answer = 0;
	size_t n_head = strlen(head);
	size_t sent = 0;
	answer[0] = '\0';
	for (int turn = 0; turn < 500 && strchr(answer, '\n') == NULL; turn++) {
		while (sent < n_head + n_body) {
			const char *from = sent < n_head ? head + sent : body + (sent - n_head);
			size_t n = sent < n_head ? n_head - sent : n_head + n_body - sent;
			ssize_t k = send(fd, from, n, MSG_DONTWAIT | MSG_NOSIGNAL);
			if (k <= 0)
				break;
			sent += (size_t)k;
		}
		channels_poll(c);
		struct pollfd p = { .fd = fd, .events = POLLIN };
		if (poll(&p, 1, 10) > 0) {
			ssize_t k = recv(fd, answer + n_answer, sizeof answer - 1 - n_answer, 0);
			if (k <= 0)
				break;
			n_answer += (size_t)k;
			answer[n_answer] = '\0';
		}
	}
	return answer;
}

static const char *post_text(struct channels *c, unsigned port, const char *body)
{
	const char *head =
		textf("POST /any/path HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: %zu\r\n\r\n",
			strlen(body));
	return post(c, port, head, body, strlen(body));
}

TEST(a_webhook_takes_a_post_on_a_free_port_of_loopback)
{
	struct listener l = { .said = "" };
	struct drill_watch watch = { .say = hear, .context = &l };
	AUTO(channels_close) struct channels *c = open_one("webhook:0:ransom", &watch);
	unsigned port = port_said(&l);
	CHECK(port > 0);
	CHECK(strstr(post_text(c, port, "{\"alert\":\"all is well\"}"), "200") != NULL);
	CHECK_INT(look(c, 0).n, 0);
	CHECK(strstr(post_text(c, port, "line one\n{\"alert\":\"ransom\"}\nrest"), "200") != NULL);
	struct found f = look(c, 0);
	REQUIRE(f.n == 1);
	CHECK_TEXT(f.alerts[0].text, "{\"alert\":\"ransom\"}");
}

TEST(a_webhook_refuses_what_is_no_alert_call)
{
	struct listener l = { .said = "" };
	struct drill_watch watch = { .say = hear, .context = &l };
	AUTO(channels_close) struct channels *c = open_one("webhook:0", &watch);
	unsigned port = port_said(&l);
	CHECK(strstr(post(c, port, "GET / HTTP/1.1\r\nHost: x\r\n\r\n", "", 0), "405") != NULL);
	CHECK(strstr(post(c, port,
			     "POST / HTTP/1.1\r\nHost: x\r\nOrigin: http://evil\r\n"
			     "Content-Length: 1\r\n\r\n",
			     "x", 1),
		      "403") != NULL);
	AUTO_FREE char *large = malloc(64 * 1024 + 2);
	REQUIRE(large != NULL);
	memset(large, 'a', 64 * 1024 + 1);
	CHECK(strstr(post(c, port, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 65537\r\n\r\n",
			     large, 65537),
		      "413") != NULL);
	CHECK_INT(look(c, 0).n, 0);
	CHECK(strstr(post(c, port, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 65536\r\n\r\n",
			     large, 65536),
		      "200") != NULL);
	CHECK_INT(look(c, 0).n, 1);
	/* Garbage ends its own connection and nothing else. */
	(void)post(c, port, "\x16\x03\x01 no http at all\r\n\r\n", "", 0);
	CHECK(strstr(post_text(c, port, ""), "200") != NULL);
}

TEST(a_webhook_port_in_use_is_refused)
{
	struct listener l = { .said = "" };
	struct drill_watch watch = { .say = hear, .context = &l };
	AUTO(channels_close) struct channels *c = open_one("webhook:0", &watch);
	const char *spec = textf("webhook:%u", port_said(&l));
	struct channels_request request = { &spec, 1, NULL, NULL };
	struct channels *second = NULL;
	struct error e = ERROR_NONE;
	CHECK_INT(channels_open(&request, &second, &e), E_INVALID);
}

/* --- journal --- */

static void write_journal(const char *folder, const char *name, const char *message, int number)
{
	const char *tool = "/lib/systemd/systemd-journal-remote";
	struct stat st;
	if (stat(tool, &st) != 0)
		test_skip("systemd-journal-remote is not installed");
	const char *source = test_path(textf("export-%d", number));
	const char *entry = textf("__REALTIME_TIMESTAMP=%lld\n__MONOTONIC_TIMESTAMP=%d\n"
				  "_BOOT_ID=0123456789abcdef0123456789abcdef\n"
				  "SYSLOG_IDENTIFIER=edrd\nMESSAGE=%s\n\n",
		(long long)(clock_wall_ns(NULL) / 1000), 1000 + number, message);
	test_write_file(source, entry, strlen(entry));
	const char *argv[] = { tool, textf("--output=%s/%s", folder, name), source, NULL };
	struct command command = { .argv = (char *const *)(uintptr_t)argv,
		.limit_ns = 20 * NS_PER_S };
	struct command_result result;
	struct error e = ERROR_NONE;
	AUTO_BUF struct buf output;
	buf_init(&output, 4096);
	REQUIRE_OK(command_run(&command, &output, &result, &e), e);
	if (result.exit_status != 0)
		test_skip(textf("systemd-journal-remote: %s", buf_text(&output)));
}

TEST(a_journal_folder_is_read_from_its_end_on)
{
	const char *folder = test_path("journal");
	CHECK_INT(mkdir(folder, 0700), 0);
	write_journal(folder, "edr.journal", "ransom long ago", 1);
	AUTO(channels_close)
	struct channels *c = open_one(textf("journal:%s:re:^edrd: ransom", folder), NULL);
	CHECK_INT(look(c, 0).n, 0);
	write_journal(folder, "edr.journal", "harmless", 2);
	CHECK_INT(look(c, 0).n, 0);
	write_journal(folder, "edr.journal", "ransom noticed", 3);
	struct found f = look(c, 0);
	REQUIRE(f.n == 1);
	CHECK_TEXT(f.alerts[0].text, "edrd: ransom noticed");
}

TEST(a_journal_file_that_appears_later_is_read)
{
	const char *folder = test_path("journal");
	CHECK_INT(mkdir(folder, 0700), 0);
	AUTO(channels_close)
	struct channels *c = open_one(textf("journal:%s:ransom", folder), NULL);
	write_journal(folder, "new.journal", "ransom", 1);
	CHECK_INT(look(c, 0).n, 1);
}

TEST(a_journal_folder_that_is_not_there_is_refused)
{
	const char *spec = textf("journal:%s/none:x", test_folder());
	struct channels_request request = { &spec, 1, NULL, NULL };
	struct channels *c = NULL;
	struct error e = ERROR_NONE;
	CHECK_INT(channels_open(&request, &c, &e), E_INVALID);
}

/* --- memory --- */

TEST(every_failing_allocation_is_an_error_and_leaks_nothing)
{
#ifdef TOCSIN_FAULTS
	append(test_path("a"), "");
	const char *const specs[] = { textf("file:%s:x", test_path("a")),
		textf("operator:%s", test_path("b")), "webhook:0" };
	struct channels_request request = { specs, COUNT_OF(specs), NULL, NULL };
	bool done = false;
	for (long nth = 1; nth < 50 && !done; nth++) {
		struct channels *c = NULL;
		struct error e = ERROR_NONE;
		fault_arm("", nth);
		done = channels_open(&request, &c, &e) == OK;
		fault_disarm();
		CHECK(done == (c != NULL));
		channels_close(c);
	}
	CHECK(done);
#else
	test_skip("built without fault points");
#endif
}

TEST(too_many_channels_are_refused)
{
	const char *specs[CHANNELS_MAX + 1];
	for (size_t i = 0; i < COUNT_OF(specs); i++)
		specs[i] = textf("operator:%s", test_path("desk"));
	struct channels *c = NULL;
	struct error e = ERROR_NONE;
	struct channels_request request = { specs, CHANNELS_MAX + 1, NULL, NULL };
	CHECK_INT(channels_open(&request, &c, &e), E_INVALID);
	request.n_specs = CHANNELS_MAX;
	REQUIRE_OK(channels_open(&request, &c, &e), e);
	channels_close(c);
}
