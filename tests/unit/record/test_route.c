/*
 * The routes: what routes.yaml may say, and files that will not do.
 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "record/record.h"
#include "tests/lib/faults.h"
#include "tests/lib/pki.h"
#include "tests/lib/test.h"

#define PROVINCE                                                                                   \
	"routes:\n"                                                                                \
	"  - name: province\n"                                                                     \
	"    for: [local_regulator, ministry]\n"                                                   \
	"    server_key: receipt.pem\n"                                                            \
	"    ca: ca.pem\n"                                                                         \
	"    certificate: client.pem\n"                                                            \
	"    key: client.key\n"                                                                    \
	"    ways:\n"

static enum status open_text(const char *text, struct routes **out, struct error *e)
{
	test_write_file(test_path("routes.yaml"), text, strlen(text));
	return routes_open(test_folder(), out, e);
}

static struct routes *open_good(const char *text)
{
	struct routes *r = NULL;
	struct error e = ERROR_NONE;
	REQUIRE_OK(open_text(text, &r, &e), e);
	return r;
}

TEST(without_a_file_there_is_no_route)
{
	AUTO(routes_free) struct routes *r = NULL;
	struct error e = ERROR_NONE;
	REQUIRE_OK(routes_open(test_folder(), &r, &e), e);
	CHECK_INT(routes_count(r), 0);
	CHECK(route_at(r, 0) == NULL && route_for(r, "ministry", false) == NULL);
	AUTO(routes_free) struct routes *none = open_good("routes: []\n");
	CHECK_INT(routes_count(none), 0);
}

TEST(ways_take_the_files_of_their_route_or_their_own)
{
	pki_make(test_folder());
	pki_make_recipient(test_folder(), "courier", "ec");
	AUTO(routes_free)
	struct routes *r = open_good(PROVINCE "      - url: https://report.example.org\n"
					      "      - url: https://192.0.2.7:8443/base/\n"
					      "        ca: strange-ca.pem\n"
					      "        proxy: http://proxy.example.org:3128/\n"
					      "      - url: https://[2001:db8::7]:8443\n"
					      "      - folder: /media/courier\n"
					      "        recipient: courier.pem\n");
	const struct route *p = route_named(r, "province");
	REQUIRE(p != NULL && p->n_ways == 4);
	CHECK(p->kind == DELIVERY_ENVELOPE && !p->drills && p->fault == NULL);
	CHECK_INT(p->n_server_keys, 1);
	CHECK_TEXT(p->ways[0].host, "report.example.org");
	CHECK_INT(p->ways[0].port, 443);
	CHECK_TEXT(p->ways[0].prefix, "");
	CHECK_TEXT(p->ways[0].ca, test_path("ca.pem"));
	CHECK_TEXT(p->ways[0].key, test_path("client.key"));
	CHECK_INT(p->ways[1].port, 8443);
	CHECK_TEXT(p->ways[1].prefix, "/base");
	CHECK_TEXT(p->ways[1].ca, test_path("strange-ca.pem"));
	CHECK_TEXT(p->ways[1].certificate, test_path("client.pem"));
	CHECK_TEXT(p->ways[1].proxy_host, "proxy.example.org");
	CHECK_INT(p->ways[1].proxy_port, 3128);
	CHECK_TEXT(p->ways[2].host, "2001:db8::7");
	CHECK(p->ways[3].kind == WAY_FOLDER && p->ways[3].certificate == NULL);
	CHECK_TEXT(p->ways[3].folder, "/media/courier");
	CHECK_TEXT(p->ways[3].recipient, test_path("courier.pem"));
	for (size_t i = 0; i < p->n_ways; i++)
		CHECK(p->ways[i].fault == NULL);
}

TEST(a_role_leads_to_the_first_route_that_takes_what_is_asked)
{
	pki_make(test_folder());
	AUTO(routes_free)
	struct routes *r = open_good(PROVINCE "      - url: https://a.example\n"
					      "  - name: exercise\n"
					      "    for: [ministry]\n"
					      "    drills: true\n"
					      "    server_key: [receipt.pem, wrong.pem]\n"
					      "    ways: [{url: \"https://b.example\"}]\n"
					      "  - name: other\n"
					      "    for: [ministry]\n"
					      "    server_key: receipt.pem\n"
					      "    ways: [{url: \"https://c.example\"}]\n");
	CHECK_TEXT(route_for(r, "ministry", false)->name, "province");
	CHECK_TEXT(route_for(r, "ministry", true)->name, "exercise");
	CHECK_INT(route_for(r, "ministry", true)->n_server_keys, 2);
	CHECK(route_for(r, "local_regulator", true) == NULL);
	CHECK(route_for(r, "cac", false) == NULL);
}

TEST(webhooks_and_syslog_are_routes_of_their_own_kind)
{
	static const char secret[] = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n";
	pki_make(test_folder());
	test_write_file(test_path("soc.whsec"), secret, sizeof secret - 1);
	REQUIRE(chmod(test_path("soc.whsec"), 0600) == 0);
	AUTO(routes_free)
	struct routes *r = open_good("routes:\n"
				     "  - name: soc\n"
				     "    kind: webhook\n"
				     "    ways:\n"
				     "      - url: https://soc.example.org/hook/?key=a%20b\n"
				     "        secret: soc.whsec\n"
				     "      - url: https://soc2.example.org\n"
				     "        secret: soc.whsec\n"
				     "  - name: siem\n"
				     "    kind: syslog\n"
				     "    ca: ca.pem\n"
				     "    ways:\n"
				     "      - url: syslog+tls://siem.example.org\n"
				     "      - url: syslog+tcp://127.0.0.1\n");
	const struct route *soc = route_named(r, "soc");
	const struct route *siem = route_named(r, "siem");
	REQUIRE(soc != NULL && siem != NULL);
	CHECK(soc->ways[0].fault == NULL);
	CHECK_TEXT(soc->ways[0].prefix, "/hook/?key=a%20b");
	CHECK_TEXT(soc->ways[1].prefix, "/");
	CHECK(siem->ways[0].kind == WAY_SYSLOG_TLS && siem->ways[0].port == 6514);
	CHECK(siem->ways[1].kind == WAY_SYSLOG_TCP && siem->ways[1].port == 601);
	CHECK(route_for(r, "ministry", false) == NULL);
}

TEST(every_fault_of_the_text_names_its_place)
{
	static const struct {
		const char *text, *place;
	} rows[] = {
		{ "", "routes.yaml" },
		{ "routes: 3\n", "routes.yaml: routes: not a list" },
		{ "route: []\n", "routes.yaml: route: unknown key" },
		{ "routes: []\nroutes: []\n", "routes" },
		{ "routes: [3]\n", "routes.yaml: routes[0]" },
		{ "routes: [{name: A, for: [a], server_key: k, ways: []}]\n", "routes[0].name" },
		{ "routes: [{name: a, kind: mail}]\n", "routes[0].kind" },
		{ "routes: [{name: a, server_key: k, ways: []}]\n", "routes[0].for: missing" },
		{ "routes: [{name: a, for: [], server_key: k, ways: []}]\n", "routes[0].for" },
		{ "routes: [{name: a, for: [3], server_key: k, ways: []}]\n", "routes[0].for[0]" },
		{ "routes: [{name: a, for: [a], ways: []}]\n", "routes[0].server_key: missing" },
		{ "routes: [{name: a, for: [a], server_key: 3, ways: []}]\n", "server_key" },
		{ "routes: [{name: a, for: [a], server_key: [], ways: []}]\n", "server_key" },
		{ "routes: [{name: a, for: [a], server_key: k, ways: []}]\n", "routes[0].ways" },
		{ "routes: [{name: a, kind: syslog, server_key: k, ways: []}]\n",
			"server_key: only for envelopes" },
		{ "routes: [{name: a, for: [a], server_key: k, drills: maybe, ways: []}]\n",
			"routes[0].drills" },
		{ "routes: [{name: a, for: [a], server_key: k, key: k, ways: []}]\n",
			"'certificate' and 'key' go together" },
		{ PROVINCE "      - {}\n", "ways[0]: a way has either" },
		{ PROVINCE "      - {url: \"https://a\", folder: b}\n",
			"ways[0]: a way has either" },
		{ PROVINCE "      - {folder: /media}\n", "ways[0].recipient: missing" },
		{ PROVINCE "      - {folder: /media, recipient: a, ca: b}\n", "ways[0].ca" },
		{ PROVINCE "      - {url: \"https://a\", recipient: a}\n", "ways[0].recipient" },
		{ PROVINCE "      - {url: \"https://a\", secret: a}\n", "ways[0].secret" },
		{ "routes: [{name: a, kind: webhook, ways: [{url: \"https://a\"}]}]\n",
			"ways[0].secret: missing" },
		{ "routes: [{name: a, kind: syslog, ways: [{folder: a}]}]\n",
			"ways[0].folder: only for envelopes" },
		{ "routes: [{name: a, kind: syslog, ways: [{url: \"https://a\"}]}]\n",
			"ways[0].url" },
		{ "routes: [{name: a, kind: syslog, ways: [{url: \"syslog+tls://a/b\"}]}]\n",
			"no path" },
		{ PROVINCE "      - url: https://a\n  - name: province\n    kind: syslog\n"
			   "    ways: [{url: \"syslog+tcp://a\"}]\n",
			"routes[1].name: 'province' comes twice" },
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		AUTO(routes_free) struct routes *r = NULL;
		struct error e = ERROR_NONE;
		CHECK_INT(open_text(rows[i].text, &r, &e), E_INVALID);
		if (strstr(e.text, rows[i].place) == NULL)
			test_fail(__FILE__, __LINE__, "row %zu: %s", i, e.text);
	}
}

TEST(an_address_is_exactly_what_it_says)
{
	static const char *const wrong[] = { "http://a.example", "HTTPS://a.example", "a.example",
		"https://", "https:///x", "https://user@a.example", "https://a:b@c.example",
		"https://a.example:0", "https://a.example:65536",
		"https://a.example:", "https://a.example:8443x", "https://a.example:-1",
		"https://[::1", "https://[::1]x", "https://[::g]", "https://[127.0.0.1]",
		"https://a b.example", "https://-a.example", "https://a.example/?q",
		"https://a.example/#f", "https://a.example/\\x", "https://a.example/a\\u0001",
		"https://a_b.example", "https://\xe8\xad\xa6.example", "syslog+tls://a.example",
		"ftp://a.example" };
	for (size_t i = 0; i < COUNT_OF(wrong); i++) {
		AUTO(routes_free) struct routes *r = NULL;
		struct error e = ERROR_NONE;
		char text[1024];
		(void)snprintf(text, sizeof text, "%s      - url: \"%s\"\n", PROVINCE, wrong[i]);
		CHECK_INT(open_text(text, &r, &e), E_INVALID);
		if (strstr(e.text, "ways[0].url") == NULL && strstr(e.text, "routes.yaml") == NULL)
			test_fail(__FILE__, __LINE__, "%s: %s", wrong[i], e.text);
	}
}

/* A sentence that is cut is cut between characters: it goes into JSON. */
TEST(long_foreign_names_are_cut_between_characters)
{
	static const char *const shapes[] = { "routes: [{name: %s}]\n",
		"routes: [{name: a, kind: %s}]\n",
		"routes: [{name: a, for: [b], server_key: k, ways: [{url: \"https://%s\"}]}]\n" };
	for (size_t i = 0; i < COUNT_OF(shapes); i++)
		for (size_t n_before = 0; n_before < 3; n_before++) {
			AUTO(routes_free) struct routes *r = NULL;
			AUTO_BUF struct buf name = { .ceiling = KIB };
			AUTO_JSON json_t *text = NULL;
			struct error e = ERROR_NONE;
			char all[2048];
			buf_add_text(&name, &"xy"[2 - n_before]);
			for (int k = 0; k < 100; k++)
				buf_add_text(&name, "警");
			(void)snprintf(all, sizeof all, shapes[i], buf_text(&name));
			CHECK_INT(open_text(all, &r, &e), E_INVALID);
			text = json_string(e.text); /* NULL where it is no UTF-8 */
			CHECK(text != NULL);
		}
}

static void check_fault(const struct route *p, size_t way, const char *part)
{
	const char *fault = p->ways[way].fault;
	if (fault == NULL || strstr(fault, part) == NULL)
		test_fail(__FILE__, __LINE__, "way %zu: '%s', wanted '%s'", way,
			fault == NULL ? "(in order)" : fault, part);
}

TEST(a_file_that_will_not_do_closes_its_way_and_no_other)
{
	pki_make(test_folder());
	test_write_file(test_path("garbage.pem"), "hello\n", 6);
	test_write_file(test_path("open.key"), "hello\n", 6);
	REQUIRE(chmod(test_path("open.key"), 0640) == 0);
	test_write_file(test_path("shared.pem"), "hello\n", 6);
	REQUIRE(chmod(test_path("shared.pem"), 0666) == 0);
	AUTO(routes_free)
	struct routes *r = open_good(
		PROVINCE "      - {url: \"https://a\", ca: none.pem}\n"
			 "      - {url: \"https://a\", ca: garbage.pem}\n"
			 "      - {url: \"https://a\", certificate: client.pem, key: open.key}\n"
			 "      - {url: \"https://a\", certificate: client.pem, key: server.key}\n"
			 "      - {url: \"https://a\", ca: shared.pem}\n"
			 "      - {url: \"https://a\", certificate: client.pem, key: client.pem}\n"
			 "      - {folder: /media, recipient: client.key}\n"
			 "      - {url: \"https://a\"}\n");
	const struct route *p = route_named(r, "province");
	REQUIRE(p != NULL);
	check_fault(p, 0, "none.pem");
	check_fault(p, 1, "garbage.pem' holds no certificate");
	check_fault(p, 2, "others may read");
	check_fault(p, 3, "server.key' is not the key of");
	check_fault(p, 4, "others may write");
	check_fault(p, 5, "others may read");
	check_fault(p, 6, "client.key' holds no certificate");
	CHECK(p->ways[7].fault == NULL && p->fault == NULL);
	AUTO_BUF struct buf text = { .ceiling = 2 * KIB };
	size_t at = 0;
	size_t n = 0;
	for (; routes_next_fault(r, &at, &text); n++)
		CHECK(strstr(buf_text(&text), "route 'province', way ") == buf_text(&text));
	CHECK_INT(n, 7);
}

TEST(a_server_key_that_will_not_do_is_the_fault_of_its_route)
{
	pki_make(test_folder());
	AUTO(routes_free)
	struct routes *r = open_good("routes:\n"
				     "  - name: a\n"
				     "    for: [ministry]\n"
				     "    server_key: receipt.key\n"
				     "    ways: [{url: \"https://a\"}]\n"
				     "  - name: b\n"
				     "    for: [ministry]\n"
				     "    server_key: [none.pem, receipt.pem]\n"
				     "    ways: [{url: \"https://a\"}]\n"
				     "  - name: c\n"
				     "    for: [ministry]\n"
				     "    server_key: ca.pem\n"
				     "    ways: [{url: \"https://a\"}]\n");
	CHECK(strstr(route_at(r, 0)->fault, "private key") != NULL);
	CHECK_INT(route_at(r, 0)->n_server_keys, 0);
	CHECK(strstr(route_at(r, 1)->fault, "none.pem") != NULL);
	CHECK_INT(route_at(r, 1)->n_server_keys, 1);
	CHECK(strstr(route_at(r, 2)->fault, "not a key") != NULL);
}

TEST(a_file_of_routes_that_others_may_write_is_refused)
{
	AUTO(routes_free) struct routes *r = NULL;
	struct error e = ERROR_NONE;
	test_write_file(test_path("routes.yaml"), "routes: []\n", 11);
	REQUIRE(chmod(test_path("routes.yaml"), 0664) == 0);
	CHECK_INT(routes_open(test_folder(), &r, &e), E_DENIED);
	REQUIRE(chmod(test_path("routes.yaml"), 0644) == 0);
	CHECK_INT(routes_open(test_folder(), &r, &e), OK);
}

TEST(no_failure_on_the_way_leaves_half_a_route)
{
	NEEDS_FAULTS();
	pki_make(test_folder());
	test_write_file(test_path("routes.yaml"), PROVINCE "      - url: https://a\n",
		strlen(PROVINCE "      - url: https://a\n"));
	long n = 1;
	for (; n < 2000; n++) {
		AUTO(routes_free) struct routes *r = NULL;
		struct error e = ERROR_NONE;
		fault_arm("", n);
		enum status status = routes_open(test_folder(), &r, &e);
		fault_disarm();
		if (status != OK) {
			CHECK(r == NULL && e.text[0] != '\0');
			continue;
		}
		const struct route *p = route_named(r, "province");
		REQUIRE(p != NULL);
		if (p->fault == NULL && p->ways[0].fault == NULL)
			break; /* the fault lay behind the last point, or did no harm */
	}
	CHECK(n > 3 && n < 2000);
}
