/*
 * One try against a server over real TLS, in every mood that it may have.
 */
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/phrase.h"
#include "tests/lib/delivery_fixture.h"
#include "tests/lib/faults.h"
#include "tests/lib/test.h"

/* Enough for a handshake on a loaded host: what is too slow is the answer alone. */
#define SHORT_NS (4 * NS_PER_S)
#define LONG_NS (20 * NS_PER_S)

static int as_role(int argc, char **argv)
{
	int exit_status = 2;
	(void)role_dispatch(argc, argv, sender_roles, n_sender_roles, &exit_status);
	return exit_status;
}
int (*test_role_main)(int argc, char **argv) = as_role;

static struct try_result try_once(struct delivery *d, const struct id *id, int64_t limit_ns)
{
	struct try_result t;
	struct error e = ERROR_NONE;
	struct outbox_item item = delivery_read(d, id);
	const struct route *r = route_named(d->routes, item.route);
	REQUIRE(r != NULL);
	REQUIRE_OK(sender_try(r, &item, limit_ns, d->p, &t, &e), e);
	t.why = phrase_words(d->p, t.why);
	REQUIRE(t.why != NULL);
	return t;
}

static void check_try(
	const struct try_result *t, enum try_end end, int http_status, const char *why)
{
	CHECK_INT(t->end, end);
	CHECK_INT(t->http_status, http_status);
	if (strstr(t->why, why) == NULL || (why[0] == '\0' && t->why[0] != '\0'))
		test_fail(__FILE__, __LINE__, "why is '%s', wanted '%s'", t->why, why);
}

TEST(an_envelope_is_delivered_with_a_receipt_that_proves_it)
{
	AUTO_DELIVERY struct delivery d = delivery_new(NULL);
	delivery_route(&d, NULL);
	struct id id = delivery_put(&d, "a", "province", 100);
	struct try_result t = try_once(&d, &id, LONG_NS);
	check_try(&t, TRY_DELIVERED, 200, "");
	CHECK_TEXT(t.receipt.envelope.text, id.text);
	CHECK_TEXT(t.receipt.server, "receiver.test");
	CHECK(strstr(t.way, "https://127.0.0.1:") == t.way);
	CHECK(t.receipt_text.len > 100);
	CHECK_INT(delivery_n_acks(&id), 1);
	const char *head = receiver_saw(d.receiver)->head;
	CHECK(strstr(head, "POST /api/v1/envelopes HTTP/1.1\r\n") == head);
	CHECK(strstr(head, "Content-Type: application/vnd.dsse.envelope.v1+json\r\n") != NULL);
	CHECK(strstr(head, "Expect:") == NULL && strstr(head, "User-Agent: tocsin/") != NULL);
	CHECK_INT(receiver_saw(d.receiver)->n_body, delivery_read(&d, &id).envelope.len);
	/* The same once more: the receipt that it already gave. */
	struct try_result again = try_once(&d, &id, LONG_NS);
	check_try(&again, TRY_DELIVERED, 409, "");
	CHECK(view_equal(again.receipt_text, t.receipt_text));
	CHECK_INT(delivery_n_acks(&id), 1);
}

TEST(a_large_envelope_is_delivered)
{
	AUTO_DELIVERY struct delivery d = delivery_new(NULL);
	delivery_route(&d, NULL);
	struct id id = delivery_put(&d, "a", "province", 11 * MIB);
	struct try_result t = try_once(&d, &id, LONG_NS);
	check_try(&t, TRY_DELIVERED, 200, "");
}

/* What a server may say and what becomes of it. */
TEST_WITHIN(every_answer_has_its_consequence, 120)
{
	static const struct {
		enum receiver_act act;
		enum try_end end;
		int http_status;
		const char *why;
	} rows[] = {
		{ RECEIVER_CUT, TRY_AGAIN, 200, "ended before the answer did" },
		{ RECEIVER_SILENT_CLOSE, TRY_AGAIN, 0, "ended before the answer did" },
		{ RECEIVER_NOT_HTTP, TRY_AGAIN, 0, "not HTTP" },
		{ RECEIVER_HUGE, TRY_AGAIN, 200, "too large" },
		{ RECEIVER_HUGE_HEADERS, TRY_AGAIN, 200, "too large" },
		{ RECEIVER_302, TRY_AGAIN, 302, "elsewhere, which is not followed" },
		{ RECEIVER_400_PROBLEM, TRY_REFUSED, 400,
			"refused (400): Not a member: this company is not enrolled" },
		{ RECEIVER_400_PLAIN, TRY_AGAIN, 400, "answered 400" },
		{ RECEIVER_403_HOSTILE, TRY_REFUSED, 403, "refused (403): [2J1mgone" },
		{ RECEIVER_404_PAGE, TRY_AGAIN, 404, "answered 404" },
		{ RECEIVER_409_EMPTY, TRY_AGAIN, 409, "without a receipt that counts" },
		{ RECEIVER_410, TRY_AGAIN, 410, "answered 410" },
		{ RECEIVER_422, TRY_REFUSED, 422, "another content under this id" },
		{ RECEIVER_429, TRY_AGAIN, 429, "answered 429: Slow down" },
		{ RECEIVER_500, TRY_AGAIN, 500, "answered 500: Disk full" },
		{ RECEIVER_503_RETRY, TRY_AGAIN, 503, "answered 503" },
		{ RECEIVER_204, TRY_AGAIN, 204, "answered 204" },
		{ RECEIVER_STORED_CUT, TRY_AGAIN, 0, "ended before the answer did" },
		{ RECEIVER_STORED_HALF, TRY_AGAIN, 200, "ended before the answer did" },
		{ RECEIVER_STORED_TWICE, TRY_DELIVERED, 200, "" },
		{ RECEIVER_STORED_INTERIM, TRY_DELIVERED, 200, "" },
		{ RECEIVER_WRONG_KEY, TRY_AGAIN, 200, "signed by a key that is not trusted" },
		{ RECEIVER_OTHER_HASH, TRY_AGAIN, 200, "another hash" },
		{ RECEIVER_OTHER_ENVELOPE, TRY_AGAIN, 200, "another envelope" },
		{ RECEIVER_CLOSE, TRY_AGAIN, 0, "" },
	};
	AUTO_DELIVERY struct delivery d = delivery_new(NULL);
	delivery_route(&d, NULL);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct id id = delivery_put(&d, "a", "province", 100);
		RECEIVER_WILL(d.receiver, rows[i].act);
		struct try_result t = try_once(&d, &id, LONG_NS);
		if (t.end != rows[i].end || t.http_status != rows[i].http_status ||
			strstr(t.why, rows[i].why) == NULL)
			test_fail(__FILE__, __LINE__, "act %d: end %d, status %d, '%s'",
				(int)rows[i].act, (int)t.end, t.http_status, t.why);
		/* Whatever went wrong, the next try of a server in good mood delivers. */
		if (t.end == TRY_AGAIN) {
			t = try_once(&d, &id, LONG_NS);
			CHECK_INT(t.end, TRY_DELIVERED);
		}
		CHECK_INT(delivery_n_acks(&id), t.end == TRY_REFUSED ? 0 : 1);
	}
}

TEST(a_server_that_asks_to_be_left_alone_is_heard_within_bounds)
{
	AUTO_DELIVERY struct delivery d = delivery_new(NULL);
	delivery_route(&d, NULL);
	struct id id = delivery_put(&d, "a", "province", 100);
	RECEIVER_WILL(d.receiver, RECEIVER_503_RETRY, RECEIVER_429, RECEIVER_500);
	CHECK_INT(try_once(&d, &id, LONG_NS).retry_after_ns, 7 * NS_PER_S);
	CHECK_INT(try_once(&d, &id, LONG_NS).retry_after_ns, OUTBOX_PAUSE_MAX_NS);
	CHECK_INT(try_once(&d, &id, LONG_NS).retry_after_ns, -1);
}

TEST(the_same_id_with_another_body_is_refused)
{
	AUTO_DELIVERY struct delivery d = delivery_new(NULL);
	delivery_route(&d, NULL);
	struct id id = delivery_put(&d, "a", "province", 100);
	CHECK_INT(try_once(&d, &id, LONG_NS).end, TRY_DELIVERED);
	struct outbox_item item = delivery_read(&d, &id);
	struct try_result t;
	struct error e = ERROR_NONE;
	item.envelope = VIEW("{\"payloadType\":\"" DELIVERY_TYPE "\",\"payload\":\"b3RoZXI=\"}");
	REQUIRE_OK(sender_try(route_at(d.routes, 0), &item, LONG_NS, d.p, &t, &e), e);
	check_try(&t, TRY_REFUSED, 422, "Same id, other body");
}

/* --- time --- */

static void check_slow(enum receiver_act act, int http_status, const char *why)
{
	AUTO_DELIVERY struct delivery d = delivery_new(NULL);
	delivery_route(&d, NULL);
	struct id id = delivery_put(&d, "a", "province", 100);
	RECEIVER_WILL(d.receiver, act);
	struct try_result t = try_once(&d, &id, SHORT_NS);
	check_try(&t, TRY_AGAIN, http_status, why);
	CHECK_INT(try_once(&d, &id, LONG_NS).end, TRY_DELIVERED);
}

TEST(a_half_open_connection_is_ended)
{
	check_slow(RECEIVER_STALL_TLS, 0, "in time to the TLS handshake");
}

TEST(a_server_that_never_answers_is_left)
{
	check_slow(RECEIVER_STALL, 0, "in time to what was sent");
}

TEST(a_server_that_trickles_a_byte_a_second_is_left)
{
	check_slow(RECEIVER_TRICKLE, 200, "did not end in time");
}

TEST(an_answer_that_comes_too_late_is_found_with_the_next_try)
{
	AUTO_DELIVERY struct delivery d = delivery_new(NULL);
	delivery_route(&d, NULL);
	struct id id = delivery_put(&d, "a", "province", 100);
	RECEIVER_WILL(d.receiver, RECEIVER_STORED_LATE);
	struct try_result t = try_once(&d, &id, SHORT_NS);
	check_try(&t, TRY_AGAIN, 0, "in time to what was sent");
	t = try_once(&d, &id, LONG_NS);
	check_try(&t, TRY_DELIVERED, 409, "");
	CHECK_INT(delivery_n_acks(&id), 1);
}

/* --- TLS --- */

static void check_tls(const struct receiver_options *o, const char *ways, const char *why)
{
	AUTO_DELIVERY struct delivery d = delivery_new(o);
	delivery_route(&d, ways);
	struct id id = delivery_put(&d, "a", "province", 100);
	struct try_result t = try_once(&d, &id, LONG_NS);
	check_try(&t, TRY_AGAIN, 0, why);
	CHECK_INT(receiver_saw(d.receiver)->n_requests, 0);
}

TEST(an_expired_certificate_is_not_trusted)
{
	check_tls(&(struct receiver_options){ .certificate = "expired" }, NULL, "has expired");
}

TEST(a_certificate_for_another_name_is_not_trusted)
{
	check_tls(
		&(struct receiver_options){ .certificate = "elsewhere" }, NULL, "for another name");
}

TEST(a_certificate_by_another_authority_is_not_trusted)
{
	check_tls(&(struct receiver_options){ .certificate = "strange" }, NULL,
		"by an authority that is not trusted here");
}

TEST(a_server_with_an_old_tls_is_not_spoken_to)
{
	check_tls(&(struct receiver_options){ .old_tls = true }, NULL, "no TLS");
}

TEST(without_a_client_certificate_the_server_says_no)
{
	AUTO_DELIVERY struct delivery d = delivery_new(NULL);
	char text[512];
	(void)snprintf(text, sizeof text,
		"routes:\n  - name: province\n    for: [ministry]\n    server_key: receipt.pem\n"
		"    ca: ca.pem\n    ways: [{url: \"https://127.0.0.1:%d\"}]\n",
		receiver_port(d.receiver));
	delivery_routes(&d, text);
	struct id id = delivery_put(&d, "a", "province", 100);
	struct try_result t = try_once(&d, &id, LONG_NS);
	check_try(&t, TRY_AGAIN, 0, "client certificate");
	CHECK_INT(receiver_saw(d.receiver)->n_requests, 0);
}

TEST(a_client_certificate_of_another_authority_is_not_taken)
{
	check_tls(NULL,
		"      - {url: \"https://127.0.0.1:%d\", certificate: strange.pem, key: "
		"strange.key}\n",
		"client certificate");
}

/* --- ways --- */

TEST(where_the_first_way_is_dead_the_next_one_is_taken)
{
	AUTO_DELIVERY struct delivery d = delivery_new(NULL);
	delivery_route(&d, "      - {url: \"https://127.0.0.1:9\"}\n"
			   "      - {url: \"https://127.0.0.1:%d\", ca: none.pem}\n"
			   "      - {url: \"https://127.0.0.1:%d\", ca: strange-ca.pem}\n"
			   "      - {url: \"https://127.0.0.1:%d\"}\n");
	struct id id = delivery_put(&d, "a", "province", 100);
	struct try_result t = try_once(&d, &id, LONG_NS);
	check_try(&t, TRY_DELIVERED, 200, "");
}

TEST(the_reasons_of_all_ways_are_told)
{
	AUTO_DELIVERY struct delivery d = delivery_new(NULL);
	delivery_route(&d, "      - {url: \"https://127.0.0.1:9\"}\n"
			   "      - {url: \"https://127.0.0.1:%d\", ca: none.pem}\n"
			   "      - {url: \"https://127.0.0.1:%d\", ca: strange-ca.pem}\n");
	struct id id = delivery_put(&d, "a", "province", 100);
	struct try_result t = try_once(&d, &id, LONG_NS);
	check_try(&t, TRY_AGAIN, 0, "https://127.0.0.1:9: no connection (Connection refused); ");
	check_try(&t, TRY_AGAIN, 0, "none.pem");
	check_try(&t, TRY_AGAIN, 0, "not trusted");
}

TEST(a_stalled_way_leaves_time_for_the_next)
{
	AUTO_DELIVERY struct delivery d = delivery_new(NULL);
	delivery_route(&d, "      - {url: \"https://127.0.0.1:%d\"}\n"
			   "      - {url: \"https://localhost:%d\"}\n");
	struct id id = delivery_put(&d, "a", "province", 100);
	RECEIVER_WILL(d.receiver, RECEIVER_STALL_TLS);
	struct try_result t = try_once(&d, &id, 6 * NS_PER_S);
	check_try(&t, TRY_DELIVERED, 200, "");
}

TEST(a_name_leads_to_whichever_address_answers)
{
	{
		AUTO_DELIVERY struct delivery d = delivery_new(NULL);
		delivery_route(&d, "      - {url: \"https://localhost:%d\"}\n");
		struct id id = delivery_put(&d, "a", "province", 100);
		struct try_result t = try_once(&d, &id, LONG_NS);
		check_try(&t, TRY_DELIVERED, 200, "");
	}
	REQUIRE(unlink(test_path("tocsin.db")) == 0);
	const struct receiver_options six = { .v6_only = true };
	AUTO_DELIVERY struct delivery d = delivery_new(&six);
	delivery_route(&d, "      - {url: \"https://[::1]:%d\"}\n");
	struct id id = delivery_put(&d, "a", "province", 100);
	struct try_result t = try_once(&d, &id, LONG_NS);
	check_try(&t, TRY_DELIVERED, 200, "");
}

TEST(a_name_that_nobody_knows_is_told)
{
	AUTO_DELIVERY struct delivery d = delivery_new(NULL);
	delivery_route(&d, "      - {url: \"https://nowhere.invalid\"}\n");
	struct id id = delivery_put(&d, "a", "province", 100);
	struct try_result t = try_once(&d, &id, LONG_NS);
	check_try(&t, TRY_AGAIN, 0, "name");
}

TEST(proxies_of_the_environment_are_not_asked)
{
	REQUIRE(setenv("https_proxy", "http://127.0.0.1:9", 1) == 0);
	REQUIRE(setenv("ALL_PROXY", "http://127.0.0.1:9", 1) == 0);
	AUTO_DELIVERY struct delivery d = delivery_new(NULL);
	delivery_route(&d, NULL);
	struct id id = delivery_put(&d, "a", "province", 100);
	CHECK_INT(try_once(&d, &id, LONG_NS).end, TRY_DELIVERED);
	delivery_route(
		&d, "      - {url: \"https://127.0.0.1:%d\", proxy: \"http://127.0.0.1:9\"}\n");
	id = delivery_put(&d, "a", "province", 100);
	struct try_result t = try_once(&d, &id, LONG_NS);
	check_try(&t, TRY_AGAIN, 0, "no connection");
}

static void splice_until_end(int a, int b)
{
	char room[4096];
	struct pollfd p[2] = { { .fd = a, .events = POLLIN }, { .fd = b, .events = POLLIN } };
	for (;;) {
		if (poll(p, 2, -1) < 0)
			return;
		for (int i = 0; i < 2; i++) {
			if (p[i].revents == 0)
				continue;
			ssize_t n = read(p[i].fd, room, sizeof room);
			if (n <= 0 || write(p[1 - i].fd, room, (size_t)n) != n)
				return;
		}
	}
}

/* Takes one CONNECT to the receiver's port, whatever it names, and says no to the next. */
static int start_proxy(int target_port)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t n_at = sizeof at;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	REQUIRE(fd >= 0 && bind(fd, (struct sockaddr *)&at, sizeof at) == 0 && listen(fd, 4) == 0);
	REQUIRE(getsockname(fd, (struct sockaddr *)&at, &n_at) == 0);
	int port = ntohs(at.sin_port);
	pid_t pid = fork();
	REQUIRE(pid >= 0);
	if (pid > 0) {
		(void)close(fd);
		return port;
	}
	for (int turn = 0;; turn++) {
		static const char yes[] = "HTTP/1.1 200 Connection established\r\n\r\n";
		static const char no[] = "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n";
		char head[2048] = "";
		int from = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
		int to = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		at.sin_port = htons((uint16_t)target_port);
		if (read(from, head, sizeof head - 1) <= 0 || strncmp(head, "CONNECT ", 8) != 0 ||
			connect(to, (struct sockaddr *)&at, sizeof at) != 0)
			_exit(1);
		(void)!write(
			from, turn == 0 ? yes : no, turn == 0 ? sizeof yes - 1 : sizeof no - 1);
		if (turn == 0)
			splice_until_end(from, to);
		(void)close(from);
		(void)close(to);
	}
}

TEST(a_proxy_of_the_route_leads_to_the_server_or_says_no)
{
	AUTO_DELIVERY struct delivery d = delivery_new(NULL);
	char ways[256];
	/* The name is the proxy's to look up; TLS goes through to the server. */
	(void)snprintf(ways, sizeof ways,
		"      - {url: \"https://localhost:%%d\", proxy: \"http://localhost:%d\"}\n",
		start_proxy(receiver_port(d.receiver)));
	delivery_route(&d, ways);
	struct id id = delivery_put(&d, "a", "province", 100);
	struct try_result t = try_once(&d, &id, LONG_NS);
	check_try(&t, TRY_DELIVERED, 200, "");
	t = try_once(&d, &id, LONG_NS);
	check_try(&t, TRY_AGAIN, 0, "the proxy does not lead there");
}

/* --- what the process lacks --- */

TEST(a_system_without_libcurl_is_told_which_package_it_needs)
{
	NEEDS_FAULTS();
	AUTO_DELIVERY struct delivery d = delivery_new(NULL);
	delivery_route(&d, NULL);
	struct id id = delivery_put(&d, "a", "province", 100);
	REQUIRE(setenv("TOCSIN_FAULT", "curl_load:1", 1) == 0);
	struct try_result t = try_once(&d, &id, LONG_NS);
	check_try(&t, TRY_AGAIN, 0, "libcurl.so.4 is not installed");
}

TEST(locks_that_cannot_be_put_on_keep_the_process_from_the_network)
{
	NEEDS_FAULTS();
	static const char *const points[] = { "calls_load:1", "calls_init:1", "landlock_create:1",
		"landlock_restrict:1" };
	AUTO_DELIVERY struct delivery d = delivery_new(NULL);
	delivery_route(&d, NULL);
	struct id id = delivery_put(&d, "a", "province", 100);
	for (size_t i = 0; i < COUNT_OF(points); i++) {
		REQUIRE(setenv("TOCSIN_FAULT", points[i], 1) == 0);
		struct try_result t = try_once(&d, &id, LONG_NS);
		check_try(&t, TRY_AGAIN, 0, "the process that speaks to the network: ");
	}
	CHECK_INT(receiver_saw(d.receiver)->n_connections, 0);
}

/* --- drills --- */

TEST(a_drill_never_reaches_a_real_inbox_nor_a_real_notice_a_drills)
{
	static const char drill[] =
		"{\"payloadType\":\"" DELIVERY_DRILL_TYPE "\",\"payload\":\"\"}";
	AUTO_DELIVERY struct delivery d = delivery_new(NULL);
	struct try_result t;
	struct error e = ERROR_NONE;
	delivery_route(&d, NULL);
	struct route exercise = *route_at(d.routes, 0);
	exercise.drills = true;
	struct id id = delivery_put(&d, "a", "province", 100);
	struct outbox_item real = delivery_read(&d, &id);
	struct outbox_item rehearsed = real;
	rehearsed.drill = true;
	rehearsed.envelope = view_of(drill);
	REQUIRE_OK(sender_try(route_at(d.routes, 0), &rehearsed, LONG_NS, d.p, &t, &e), e);
	t.why = phrase_words(d.p, t.why);
	check_try(&t, TRY_REFUSED, 0, "a drill's; the route 'province' is a real inbox");
	REQUIRE_OK(sender_try(&exercise, &real, LONG_NS, d.p, &t, &e), e);
	check_try(&t, TRY_REFUSED, 0, "is for drills only");
	/* A flag that lies is no way in either. */
	rehearsed.drill = false;
	REQUIRE_OK(sender_try(route_at(d.routes, 0), &rehearsed, LONG_NS, d.p, &t, &e), e);
	CHECK_INT(t.end, TRY_REFUSED);
	REQUIRE_OK(sender_try(&exercise, &rehearsed, LONG_NS, d.p, &t, &e), e);
	CHECK_INT(t.end, TRY_REFUSED);
	CHECK_INT(receiver_saw(d.receiver)->n_connections, 0);
	rehearsed.drill = true;
	REQUIRE_OK(sender_try(&exercise, &rehearsed, LONG_NS, d.p, &t, &e), e);
	check_try(&t, TRY_DELIVERED, 200, "");
}
