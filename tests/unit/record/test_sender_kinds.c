/*
 * The other kinds of way: a folder on a medium, webhooks, syslog; and what a way of one kind does
 * for a route.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "record/internal.h"
#include "record/syslog.h"
#include "record/webhook.h"
#include "sys/file.h"
#include "tests/lib/delivery_fixture.h"
#include "tests/lib/pki.h"
#include "tests/lib/test.h"

#define SECRET "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

static int as_role(int argc, char **argv)
{
	int exit_status = 2;
	(void)role_dispatch(argc, argv, sender_roles, n_sender_roles, &exit_status);
	return exit_status;
}
int (*test_role_main)(int argc, char **argv) = as_role;

static struct id put_kind(
	struct delivery *d, const char *route, enum delivery_kind kind, struct view body)
{
	struct error e = ERROR_NONE;
	const struct outbox_item item = { .id = id_new(clock_wall_ns(NULL)),
		.subject = "a",
		.route = route,
		.kind = kind,
		.envelope = body,
		.queued_ns = clock_wall_ns(NULL) };
	REQUIRE_OK(outbox_put(d->store, &item, &e), e);
	return item.id;
}

static size_t n_files(const char *path, char *out_name, size_t size)
{
	size_t n = 0;
	DIR *d = opendir(path);
	REQUIRE(d != NULL);
	for (const struct dirent *x = readdir(d); x != NULL; x = readdir(d))
		if (x->d_name[0] != '.') {
			(void)snprintf(out_name, size, "%s", x->d_name);
			n++;
		}
	(void)closedir(d);
	return n;
}

/* --- a folder --- */

TEST(where_no_server_answers_a_medium_takes_it_once_and_it_stays_queued)
{
	AUTO_DELIVERY struct delivery d = delivery_new(NULL);
	char name[256] = "";
	char ways[512];
	pki_make_recipient(test_folder(), "courier", "ec");
	REQUIRE(mkdir(test_path("stick"), 0700) == 0);
	(void)snprintf(ways, sizeof ways,
		"      - {url: \"https://127.0.0.1:9\"}\n"
		"      - {folder: \"%s\", recipient: courier.pem}\n",
		test_path("stick"));
	delivery_route(&d, ways);
	struct id id = delivery_put(&d, "a", "province", 100);
	struct flush_report r = delivery_flush(&d, 0);
	CHECK(r.n_exported == 1 && r.n_delivered == 0 && r.n_waiting == 1);
	CHECK(strstr(r.first_trouble, "https://127.0.0.1:9: no connection") == r.first_trouble);
	struct outbox_item item = delivery_read(&d, &id);
	CHECK_INT(item.state, OUTBOX_QUEUED);
	CHECK(item.exported_ns > 0 && item.n_tries == 1);
	CHECK_INT(n_files(test_path("stick"), name, sizeof name), 1);
	CHECK(strstr(name, ".tocsin") != NULL && strstr(item.way, name) != NULL);
	r = delivery_flush(&d, 0);
	CHECK(r.n_exported == 0 && r.n_waiting == 1);
	CHECK(strstr(r.first_trouble, "it is on a medium already") != NULL);
	CHECK_INT(n_files(test_path("stick"), name, sizeof name), 1);
	/* The server is back: the receipt ends it, whatever the courier brings later. */
	delivery_route(&d, NULL);
	r = delivery_flush(&d, 0);
	CHECK(r.n_delivered == 1 && r.n_waiting == 0);
}

TEST(a_medium_that_is_not_there_is_a_reason_and_no_end)
{
	AUTO_DELIVERY struct delivery d = delivery_new(NULL);
	pki_make_recipient(test_folder(), "courier", "ec");
	delivery_route(&d, "      - {folder: nowhere, recipient: courier.pem}\n"
			   "      - {url: \"https://127.0.0.1:%d\"}\n");
	struct id id = delivery_put(&d, "a", "province", 100);
	RECEIVER_WILL(d.receiver, RECEIVER_500);
	struct flush_report r = delivery_flush(&d, 0);
	CHECK_INT(r.n_waiting, 1);
	CHECK(strstr(r.first_trouble, "is the medium mounted?") != NULL);
	CHECK_INT(delivery_read(&d, &id).exported_ns, -1);
	r = delivery_flush(&d, 0);
	CHECK_INT(r.n_delivered, 1);
}

/* --- webhooks --- */

static void webhook_routes(struct delivery *d)
{
	char text[512];
	test_write_file(test_path("soc.whsec"), SECRET "\n", sizeof SECRET);
	REQUIRE(chmod(test_path("soc.whsec"), 0600) == 0);
	(void)snprintf(text, sizeof text,
		"routes:\n  - name: soc\n    kind: webhook\n    ca: ca.pem\n"
		"    ways: [{url: \"https://127.0.0.1:%d/hook/in?k=v\", secret: soc.whsec}]\n",
		receiver_port(d->receiver));
	delivery_routes(d, text);
}

static void find_line(const char *head, const char *name, char *out, size_t size)
{
	const char *at = strstr(head, name);
	REQUIRE(at != NULL);
	at += strlen(name);
	(void)snprintf(out, size, "%.*s", (int)strcspn(at, "\r"), at);
}

TEST(a_webhook_is_signed_and_any_2xx_is_enough)
{
	const struct receiver_options o = { .webhook = true, .no_client_certificate = true };
	AUTO_DELIVERY struct delivery d = delivery_new(&o);
	char timestamp[64];
	char signature[256];
	webhook_routes(&d);
	struct view body = VIEW("{\"type\":\"incident.created\"}");
	struct id id = put_kind(&d, "soc", DELIVERY_WEBHOOK, body);
	RECEIVER_WILL(d.receiver, RECEIVER_204);
	struct flush_report r = delivery_flush(&d, 0);
	CHECK_INT(r.n_delivered, 1);
	struct outbox_item item = delivery_read(&d, &id);
	CHECK_INT(item.state, OUTBOX_DELIVERED);
	CHECK(item.receipt.len == 0 && item.received_ns == -1 && item.server == NULL);
	const char *head = receiver_saw(d.receiver)->head;
	CHECK(strstr(head, "POST /hook/in?k=v HTTP/1.1\r\n") == head);
	CHECK(strstr(head, "Content-Type: application/json\r\n") != NULL);
	find_line(head, "webhook-id: ", timestamp, sizeof timestamp);
	CHECK_TEXT(timestamp, id.text);
	find_line(head, "webhook-timestamp: ", timestamp, sizeof timestamp);
	find_line(head, "webhook-signature: ", signature, sizeof signature);
	/* The other side computes the same. */
	AUTO_BUF struct buf wanted = { .ceiling = KIB };
	struct error e = ERROR_NONE;
	unsigned long long seconds = 0;
	REQUIRE(view_to_u64(view_of(timestamp), &seconds));
	const struct webhook_message m = { id.text, (int64_t)seconds * NS_PER_S, body };
	REQUIRE_OK(webhook_headers(&m, VIEW(SECRET), &wanted, &e), e);
	CHECK(strstr(buf_text(&wanted), signature) != NULL && signature[0] == 'v');
}

TEST(a_webhook_that_is_wanted_no_more_is_refused_and_other_troubles_are_tried_again)
{
	const struct receiver_options o = { .webhook = true, .no_client_certificate = true };
	AUTO_DELIVERY struct delivery d = delivery_new(&o);
	webhook_routes(&d);
	struct id id = put_kind(&d, "soc", DELIVERY_WEBHOOK, VIEW("{}"));
	RECEIVER_WILL(d.receiver, RECEIVER_400_PROBLEM, RECEIVER_500, RECEIVER_302, RECEIVER_410);
	for (int i = 0; i < 3; i++) {
		(void)delivery_flush(&d, 0);
		CHECK_INT(delivery_read(&d, &id).state, OUTBOX_QUEUED);
	}
	struct flush_report r = delivery_flush(&d, 0);
	CHECK_INT(r.n_refused, 1);
	CHECK_INT(delivery_read(&d, &id).state, OUTBOX_REFUSED);
	CHECK(strstr(r.first_trouble, "wanted no more") != NULL);
}

TEST(a_message_that_nobody_is_owed_is_given_up_after_three_days)
{
	const struct receiver_options o = { .webhook = true, .no_client_certificate = true };
	AUTO_DELIVERY struct delivery d = delivery_new(&o);
	struct error e = ERROR_NONE;
	webhook_routes(&d);
	struct outbox_item item = { .id = id_new(1),
		.subject = "a",
		.route = "soc",
		.kind = DELIVERY_WEBHOOK,
		.envelope = VIEW("{}"),
		.queued_ns = clock_wall_ns(NULL) - 73LL * 3600 * NS_PER_S };
	REQUIRE_OK(outbox_put(d.store, &item, &e), e);
	RECEIVER_WILL(d.receiver, RECEIVER_500);
	CHECK_INT(delivery_flush(&d, 0).n_waiting, 0);
	CHECK_INT(delivery_read(&d, &item.id).state, OUTBOX_REFUSED);
	/* A notice is never given up. */
	delivery_route(&d, NULL);
	struct id notice = delivery_put(&d, "b", "province", 100);
	AUTO(statement_free) struct statement *q = NULL;
	REQUIRE_OK(
		STORE_SQL(d.store, "UPDATE record_outbox SET queued_ns = 1 WHERE id = ?", &q, &e),
		e);
	bind_text(q, 1, notice.text);
	REQUIRE_OK(statement_run(q, &e), e);
	RECEIVER_WILL(d.receiver, RECEIVER_500);
	CHECK_INT(delivery_flush(&d, 0).n_waiting, 1);
}

/* --- syslog --- */

static void syslog_routes(struct delivery *d, const char *scheme)
{
	char text[512];
	(void)snprintf(text, sizeof text,
		"routes:\n  - name: siem\n    kind: syslog\n    ca: ca.pem\n"
		"    certificate: client.pem\n    key: client.key\n"
		"    ways: [{url: \"%s://127.0.0.1:%d\"}]\n",
		scheme, receiver_port(d->receiver));
	delivery_routes(d, text);
}

static void put_line(struct delivery *d, const char *said)
{
	AUTO_BUF struct buf line = { .ceiling = SYSLOG_LINE_MAX };
	struct error e = ERROR_NONE;
	const struct syslog_message m = { .facility = SYSLOG_FACILITY_LOCAL0,
		.severity = SYSLOG_ALERT,
		.app = "tocsin",
		.text = said };
	REQUIRE_OK(syslog_line(&m, &line, &e), e);
	(void)put_kind(d, "siem", DELIVERY_SYSLOG, buf_view(&line));
}

static void check_syslog(const struct receiver_options *o, const char *scheme)
{
	AUTO_DELIVERY struct delivery d = delivery_new(o);
	AUTO_BUF struct buf got = { .ceiling = MIB };
	struct error e = ERROR_NONE;
	syslog_routes(&d, scheme);
	put_line(&d, "警钟 one");
	put_line(&d, "two");
	put_line(&d, "three");
	struct flush_report r = delivery_flush(&d, 0);
	CHECK_TEXT(r.first_trouble, "");
	CHECK(r.n_delivered == 3 && r.n_waiting == 0);
	/* One connection serves all. */
	CHECK_INT(receiver_saw(d.receiver)->n_connections, 1);
	REQUIRE_OK(file_read_all(AT_FDCWD, test_path("syslog.log"), MIB, &got, &e), e);
#define HEAD "<129>1 1970-01-01T00:00:00.000Z - tocsin - - - \xef\xbb\xbf"
	CHECK_TEXT(buf_text(&got), HEAD "警钟 one\n" HEAD "two\n" HEAD "three\n");
}

TEST(lines_of_syslog_go_over_tls_counted_by_octets)
{
	check_syslog(&(struct receiver_options){ .syslog = true }, "syslog+tls");
}

TEST(lines_of_syslog_go_over_bare_tcp_where_a_route_says_so)
{
	check_syslog(&(struct receiver_options){ .syslog = true, .plain = true }, "syslog+tcp");
}

TEST(a_line_that_nobody_took_stays)
{
	const struct receiver_options o = { .syslog = true };
	AUTO_DELIVERY struct delivery d = delivery_new(&o);
	syslog_routes(&d, "syslog+tls");
	put_line(&d, "one");
	RECEIVER_WILL(d.receiver, RECEIVER_CLOSE);
	struct flush_report r = delivery_flush(&d, 0);
	CHECK(r.n_delivered == 0 && r.n_waiting == 1 && r.first_trouble[0] != '\0');
	receiver_kill(d.receiver);
	r = delivery_flush(&d, 0);
	CHECK(r.n_waiting == 1 && strstr(r.first_trouble, "no connection") != NULL);
	receiver_restart(d.receiver);
	r = delivery_flush(&d, 0);
	CHECK(r.n_delivered == 1 && r.n_waiting == 0);
}

TEST(a_syslog_server_that_does_not_want_our_certificate_is_heard)
{
	const struct receiver_options o = { .syslog = true };
	AUTO_DELIVERY struct delivery d = delivery_new(&o);
	char text[512];
	(void)snprintf(text, sizeof text,
		"routes:\n  - name: siem\n    kind: syslog\n    ca: ca.pem\n"
		"    ways: [{url: \"syslog+tls://127.0.0.1:%d\"}]\n",
		receiver_port(d.receiver));
	delivery_routes(&d, text);
	put_line(&d, "one");
	struct flush_report r = delivery_flush(&d, 0);
	CHECK(r.n_delivered == 0 && r.n_waiting == 1);
	CHECK(strstr(r.first_trouble, "client certificate") != NULL);
}
