/*
 * Parcels: sealed to one recipient, exact to the byte, durable; and receipts that come back in one.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "record/internal.h"
#include "record/record.h"
#include "sys/file.h"
#include "tests/lib/faults.h"
#include "tests/lib/pki.h"
#include "tests/lib/test.h"

#define TYPE "application/vnd.tocsin.incident+json"
#define TEXT "{\"tocsin_parcel\":1,\"made_at\":\"2026-11-24T06:23:27Z\",\"route\":\"province\"}"

/* A home with one route, whose receipts are by receipt.key, and a store. */
struct home {
	struct store *store;
	struct routes *routes;
	struct key *server;
};

static struct home new_home(void)
{
	struct home h = { NULL, NULL, NULL };
	struct error e = ERROR_NONE;
	static const char text[] = "routes:\n"
				   "  - name: province\n"
				   "    for: [ministry]\n"
				   "    server_key: receipt.pem\n"
				   "    ways: [{folder: /media, recipient: courier.pem}]\n"
				   "  - name: other\n"
				   "    for: [ministry]\n"
				   "    server_key: wrong.pem\n"
				   "    ways: [{folder: /media, recipient: courier.pem}]\n";
	pki_make(test_folder());
	pki_make_recipient(test_folder(), "courier", "ec");
	test_write_file(test_path("routes.yaml"), text, sizeof text - 1);
	REQUIRE_OK(routes_open(test_folder(), &h.routes, &e), e);
	REQUIRE_OK(store_open(test_path("a.db"), &record_migrations, 1, &h.store, &e), e);
	REQUIRE_OK(key_read(test_path("receipt.key"), &h.server, &e), e);
	return h;
}

static void home_done(struct home *h)
{
	store_close(h->store);
	routes_free(h->routes);
	key_free(h->server);
}
#define AUTO_HOME __attribute__((cleanup(home_done)))

static struct id put(const struct home *h, const char *subject, const char *route, const char *said)
{
	struct error e = ERROR_NONE;
	AUTO_BUF struct buf text = { .ceiling = MIB };
	buf_addf(&text, "{\"payloadType\": \"" TYPE "\",\n \"payload\": \"%s\"}", said);
	struct outbox_item item = { .id = id_new(1),
		.subject = subject,
		.route = route,
		.envelope = buf_view(&text),
		.queued_ns = 1,
		.next_try_ns = 1 };
	REQUIRE_OK(outbox_put(h->store, &item, &e), e);
	return item.id;
}

static struct outbox_item read_item(const struct home *h, const struct id *id, struct pool *p)
{
	struct outbox_item item;
	struct error e = ERROR_NONE;
	REQUIRE_OK(outbox_read(h->store, id, p, &item, &e), e);
	return item;
}

static void read_bytes(const char *path, struct buf *out)
{
	struct error e = ERROR_NONE;
	REQUIRE_OK(file_read_all(AT_FDCWD, path, PARCEL_BYTES_MAX, out, &e), e);
}

static size_t n_files(const char *path)
{
	size_t n = 0;
	DIR *d = opendir(path);
	REQUIRE(d != NULL);
	while (readdir(d) != NULL)
		n++;
	(void)closedir(d);
	return n - 2;
}

static enum status export_to(const struct home *h, const char *subject, const char *name, size_t *n)
{
	const struct parcel_order order = { route_named(h->routes, "province"),
		test_path("courier.pem"), subject, test_path(name), 5, false };
	return parcel_export(h->store, &order, n, NULL);
}

/* What a recipient would read. */
static void open_parcel(const char *name, struct pool *p, struct parcel *out)
{
	struct error e = ERROR_NONE;
	AUTO_BUF struct buf sealed = { .ceiling = PARCEL_BYTES_MAX };
	AUTO_BUF struct buf certificate = { .ceiling = 0 };
	AUTO_BUF struct buf key = { .ceiling = 0 };
	AUTO_BUF struct buf text = { .ceiling = PARCEL_TEXT_MAX };
	read_bytes(test_path(name), &sealed);
	REQUIRE_OK(certificate_read(test_path("courier.pem"), &certificate, &e), e);
	REQUIRE_OK(private_key_read(test_path("courier.key"), &key, &e), e);
	REQUIRE_OK(
		parcel_open(buf_view(&sealed), buf_view(&certificate), buf_view(&key), &text, &e),
		e);
	REQUIRE_OK(parcel_read(buf_view(&text), p, out, &e), e);
}

static struct parcel_row receipt_for(
	const struct id *id, struct view envelope, const struct key *key, struct pool *p)
{
	AUTO_BUF struct buf text = { .ceiling = RECEIPT_BYTES_MAX };
	struct error e = ERROR_NONE;
	struct receipt_statement what = {
		.of = { id, envelope }, .received_ns = 7000000, .server = "report.example.org"
	};
	REQUIRE_OK(receipt_sign(&what, key, &text, &e), e);
	return (struct parcel_row){ *id, view_of(pool_text(p, buf_view(&text))) };
}

static enum status import(const struct home *h, const char *name, bool with_key, struct pool *p,
	struct parcel_import *out, struct error *e)
{
	const struct parcel_source from = { test_path(name),
		with_key ? test_path("courier.pem") : NULL,
		with_key ? test_path("courier.key") : NULL, 9 };
	return parcel_import(h->store, h->routes, &from, p, out, e);
}

static void write_plain(const char *name, const struct parcel *parcel)
{
	AUTO_BUF struct buf text = { .ceiling = PARCEL_TEXT_MAX };
	struct error e = ERROR_NONE;
	REQUIRE_OK(parcel_write(parcel, &text, &e), e);
	test_write_file(test_path(name), text.at, text.len);
}

TEST(what_is_exported_is_what_the_recipient_reads_to_the_byte)
{
	AUTO_HOME struct home h = new_home();
	AUTO(pool_free) struct pool *p = pool_new(MIB);
	size_t n = 0;
	struct id a = put(&h, "a", "province", "aA==");
	struct id b = put(&h, "b", "province", "YmI=");
	(void)put(&h, "a", "other", "Y2M=");
	REQUIRE(export_to(&h, NULL, "one.tocsin", &n) == OK);
	CHECK_INT(n, 2);
	struct parcel parcel;
	open_parcel("one.tocsin", p, &parcel);
	CHECK_TEXT(parcel.route, "province");
	CHECK_INT(parcel.made_ns, 0); /* to the millisecond */
	REQUIRE(parcel.n_envelopes == 2);
	CHECK_TEXT(parcel.envelopes[0].id.text, a.text);
	CHECK_TEXT(parcel.envelopes[1].id.text, b.text);
	CHECK(view_equal(parcel.envelopes[0].text, read_item(&h, &a, p).envelope));
	CHECK_INT(read_item(&h, &a, p).exported_ns, 5);
	CHECK_INT(read_item(&h, &a, p).state, OUTBOX_QUEUED);
	CHECK_TEXT(read_item(&h, &a, p).way, test_path("one.tocsin"));
}

TEST(an_export_takes_what_was_never_exported_and_then_all_again)
{
	AUTO_HOME struct home h = new_home();
	size_t n = 0;
	CHECK_INT(export_to(&h, NULL, "none.tocsin", &n), E_ABSENT);
	(void)put(&h, "a", "province", "aA==");
	REQUIRE(export_to(&h, NULL, "one.tocsin", &n) == OK && n == 1);
	(void)put(&h, "b", "province", "aA==");
	(void)put(&h, "c", "province", "aA==");
	REQUIRE(export_to(&h, "b", "b.tocsin", &n) == OK && n == 1);
	REQUIRE(export_to(&h, NULL, "two.tocsin", &n) == OK && n == 1);
	REQUIRE(export_to(&h, NULL, "all.tocsin", &n) == OK && n == 3);
	CHECK_INT(export_to(&h, "z", "z.tocsin", &n), E_ABSENT);
}

TEST(a_file_that_is_there_is_never_overwritten_and_nothing_half_is_left)
{
	AUTO_HOME struct home h = new_home();
	size_t n = 0;
	(void)put(&h, "a", "province", "aA==");
	REQUIRE(mkdir(test_path("stick"), 0700) == 0);
	test_write_file(test_path("stick/one.tocsin"), "mine", 4);
	CHECK_INT(export_to(&h, NULL, "stick/one.tocsin", &n), E_CONFLICT);
	AUTO_BUF struct buf bytes = { .ceiling = KIB };
	read_bytes(test_path("stick/one.tocsin"), &bytes);
	CHECK_TEXT(buf_text(&bytes), "mine");
	CHECK_INT(n_files(test_path("stick")), 1);
	CHECK_INT(export_to(&h, NULL, "nowhere/one.tocsin", &n), E_ABSENT);
	CHECK_INT(export_to(&h, NULL, "stick/..", &n), E_INVALID);
	CHECK_INT(n_files(test_path("stick")), 1);
}

TEST(what_leaves_is_encrypted_to_the_recipient_that_the_route_names_or_not_at_all)
{
	AUTO_HOME struct home h = new_home();
	AUTO(pool_free) struct pool *p = pool_new(MIB);
	struct parcel parcel;
	size_t n = 0;
	(void)put(&h, "a", "province", "aA==");
	struct parcel_order order = { .route = route_named(h.routes, "province"),
		.path = test_path("one.tocsin") };
	REQUIRE(parcel_export(h.store, &order, &n, NULL) == OK);
	open_parcel("one.tocsin", p, &parcel);
	CHECK_INT(parcel.n_envelopes, 1);
	struct route bare = *order.route;
	bare.n_ways = 0;
	order.route = &bare;
	order.path = test_path("two.tocsin");
	CHECK_INT(parcel_export(h.store, &order, &n, NULL), E_INVALID);
	struct stat st;
	CHECK(stat(test_path("two.tocsin"), &st) != 0);
}

TEST(an_export_that_fails_at_any_step_leaves_a_whole_file_or_none)
{
	NEEDS_FAULTS();
	AUTO_HOME struct home h = new_home();
	AUTO(pool_free) struct pool *p = pool_new(64 * MIB);
	struct parcel parcel;
	size_t n = 0;
	(void)put(&h, "a", "province", "aA==");
	REQUIRE(mkdir(test_path("stick"), 0700) == 0);
	long nth = 1;
	for (; nth < 500; nth++) {
		fault_arm("", nth);
		enum status status = export_to(&h, NULL, "stick/one.tocsin", &n);
		fault_disarm();
		bool there = n_files(test_path("stick")) == 1;
		CHECK(n_files(test_path("stick")) <= 1);
		if (there) {
			open_parcel("stick/one.tocsin", p, &parcel);
			CHECK_INT(parcel.n_envelopes, 1);
			REQUIRE(unlink(test_path("stick/one.tocsin")) == 0);
		}
		if (status == OK)
			break;
	}
	CHECK(nth > 20 && nth < 500);
}

TEST(more_than_a_parcel_holds_is_left_for_the_next)
{
	AUTO_HOME struct home h = new_home();
	struct error e = ERROR_NONE;
	size_t n = 0;
	const size_t n_said = 9 * MIB;
	AUTO_FREE char *said = malloc(n_said + 1);
	REQUIRE(said != NULL);
	memset(said, 'A', n_said);
	said[n_said] = '\0';
	for (int i = 0; i < 4; i++) {
		AUTO_BUF struct buf text = { .ceiling = OUTBOX_BYTES_MAX };
		buf_addf(&text, "{\"payloadType\":\"" TYPE "\",\"payload\":\"%s\"}", said);
		struct outbox_item item = { .id = id_new(1),
			.subject = "a",
			.route = "province",
			.envelope = buf_view(&text) };
		REQUIRE_OK(outbox_put(h.store, &item, &e), e);
	}
	CHECK_INT(export_to(&h, NULL, "one.tocsin", &n), E_PARTLY);
	CHECK_INT(n, 2);
	CHECK_INT(export_to(&h, NULL, "two.tocsin", &n), OK);
	CHECK_INT(n, 2);
}

static void seal_and_open(const char *name, enum status wanted)
{
	AUTO_BUF struct buf sealed = { .ceiling = PARCEL_BYTES_MAX };
	AUTO_BUF struct buf text = { .ceiling = PARCEL_TEXT_MAX };
	AUTO_BUF struct buf certificate = { .ceiling = 0 };
	AUTO_BUF struct buf key = { .ceiling = 0 };
	struct error e = ERROR_NONE;
	char file[64];
	(void)snprintf(file, sizeof file, "%s.pem", name);
	REQUIRE_OK(certificate_read(test_path(file), &certificate, &e), e);
	(void)snprintf(file, sizeof file, "%s.key", name);
	REQUIRE_OK(private_key_read(test_path(file), &key, &e), e);
	CHECK_INT(parcel_seal(VIEW(TEXT), buf_view(&certificate), &sealed, &e), wanted);
	if (wanted != OK)
		return;
	REQUIRE_OK(
		parcel_open(buf_view(&sealed), buf_view(&certificate), buf_view(&key), &text, &e),
		e);
	CHECK_TEXT(buf_text(&text), TEXT);
}

TEST(rsa_and_elliptic_curves_serve_and_what_is_not_for_encrypting_does_not)
{
	pki_make(test_folder());
	pki_make_recipient(test_folder(), "rsa", "rsa");
	pki_make_recipient(test_folder(), "ec", "ec");
	seal_and_open("rsa", OK);
	seal_and_open("ec", OK);
	/* A client's certificate does not say what it is for: it may be used. */
	seal_and_open("client", OK);
	AUTO_BUF struct buf authority = { .ceiling = 0 };
	AUTO_BUF struct buf out = { .ceiling = MIB };
	struct error e = ERROR_NONE;
	REQUIRE_OK(certificate_read(test_path("ca.pem"), &authority, &e), e);
	CHECK_INT(parcel_seal(VIEW(TEXT), buf_view(&authority), &out, &e), E_INVALID);
	CHECK_INT(parcel_seal(VIEW(TEXT), VIEW("hello"), &out, &e), E_INVALID);
}

TEST(a_foreign_tool_can_open_a_parcel)
{
	pki_make_recipient(test_folder(), "rsa", "rsa");
	AUTO_BUF struct buf certificate = { .ceiling = 0 };
	AUTO_BUF struct buf sealed = { .ceiling = MIB };
	AUTO_BUF struct buf text = { .ceiling = MIB };
	struct error e = ERROR_NONE;
	REQUIRE_OK(certificate_read(test_path("rsa.pem"), &certificate, &e), e);
	REQUIRE_OK(parcel_seal(VIEW(TEXT), buf_view(&certificate), &sealed, &e), e);
	test_write_file(test_path("a.tocsin"), sealed.at, sealed.len);
	char command[8192];
	(void)snprintf(command, sizeof command,
		"openssl cms -decrypt -binary -inform DER -in %s -recip %s -inkey %s -out %s",
		test_path("a.tocsin"), test_path("rsa.pem"), test_path("rsa.key"),
		test_path("a.json"));
	if (system("openssl version >/dev/null 2>&1") != 0)
		test_skip("no openssl command here");
	REQUIRE(system(command) == 0);
	read_bytes(test_path("a.json"), &text);
	CHECK_TEXT(buf_text(&text), TEXT);
}

TEST(a_parcel_changed_in_any_byte_opens_to_nothing_else)
{
	pki_make_recipient(test_folder(), "ec", "ec");
	AUTO_BUF struct buf certificate = { .ceiling = 0 };
	AUTO_BUF struct buf key = { .ceiling = 0 };
	AUTO_BUF struct buf sealed = { .ceiling = MIB };
	struct error e = ERROR_NONE;
	size_t n_opened = 0;
	REQUIRE_OK(certificate_read(test_path("ec.pem"), &certificate, &e), e);
	REQUIRE_OK(private_key_read(test_path("ec.key"), &key, &e), e);
	REQUIRE_OK(parcel_seal(VIEW(TEXT), buf_view(&certificate), &sealed, &e), e);
	for (size_t i = 0; i < sealed.len; i++) {
		AUTO_BUF struct buf text = { .ceiling = MIB };
		sealed.at[i] = (char)(sealed.at[i] ^ 0x10);
		if (parcel_open(buf_view(&sealed), buf_view(&certificate), buf_view(&key), &text,
			    NULL) == OK) {
			CHECK_TEXT(buf_text(&text), TEXT);
			n_opened++;
		}
		sealed.at[i] = (char)(sealed.at[i] ^ 0x10);
	}
	CHECK(n_opened < sealed.len / 8); /* versions and optional fields that decide nothing */
	for (size_t n = 0; n < sealed.len; n++) {
		AUTO_BUF struct buf text = { .ceiling = MIB };
		CHECK(parcel_open((struct view){ sealed.at, n }, buf_view(&certificate),
			      buf_view(&key), &text, NULL) != OK);
	}
	buf_add_char(&sealed, '\0');
	AUTO_BUF struct buf text = { .ceiling = MIB };
	CHECK_INT(parcel_open(buf_view(&sealed), buf_view(&certificate), buf_view(&key), &text, &e),
		E_INVALID);
}

TEST(receipts_come_back_plain_or_sealed_and_count_once)
{
	AUTO_HOME struct home h = new_home();
	AUTO(pool_free) struct pool *p = pool_new(4 * MIB);
	struct error e = ERROR_NONE;
	struct parcel_import n;
	struct id a = put(&h, "a", "province", "aA==");
	struct id b = put(&h, "b", "province", "YmI=");
	struct parcel_row rows[2];
	rows[0] = receipt_for(&a, read_item(&h, &a, p).envelope, h.server, p);
	rows[1] = receipt_for(&b, read_item(&h, &b, p).envelope, h.server, p);
	struct parcel parcel = { .route = "province", .receipts = rows, .n_receipts = 1 };
	write_plain("one.json", &parcel);
	REQUIRE_OK(import(&h, "one.json", false, p, &n, &e), e);
	CHECK(n.n_delivered == 1 && n.n_known == 0 && n.n_wrong == 0);
	struct outbox_item item = read_item(&h, &a, p);
	CHECK_INT(item.state, OUTBOX_DELIVERED);
	CHECK_INT(item.received_ns, 7000000);
	CHECK_TEXT(item.way, test_path("one.json"));
	CHECK(view_equal(item.receipt, rows[0].text));
	parcel.n_receipts = 2;
	REQUIRE_OK(
		parcel_write_file(&parcel, test_path("courier.pem"), test_path("two.tocsin"), &e),
		e);
	CHECK_INT(import(&h, "two.tocsin", false, p, &n, &e), E_INVALID);
	REQUIRE_OK(import(&h, "two.tocsin", true, p, &n, &e), e);
	CHECK(n.n_delivered == 1 && n.n_known == 1 && n.n_wrong == 0);
	CHECK_INT(read_item(&h, &b, p).state, OUTBOX_DELIVERED);
}

TEST(a_receipt_counts_only_for_the_routes_whose_key_signed_it)
{
	AUTO_HOME struct home h = new_home();
	AUTO(pool_free) struct pool *p = pool_new(4 * MIB);
	struct error e = ERROR_NONE;
	struct parcel_import n;
	struct id a = put(&h, "a", "province", "aA==");
	struct outbox_item first = read_item(&h, &a, p);
	struct outbox_item second = first;
	second.id = id_new(2);
	second.envelope_id = a;
	second.route = "other";
	REQUIRE_OK(outbox_put(h.store, &second, &e), e);
	struct parcel_row row = receipt_for(&a, first.envelope, h.server, p);
	const struct parcel parcel = { .route = "province", .receipts = &row, .n_receipts = 1 };
	write_plain("one.json", &parcel);
	REQUIRE_OK(import(&h, "one.json", false, p, &n, &e), e);
	CHECK_INT(n.n_delivered, 1);
	CHECK_INT(read_item(&h, &a, p).state, OUTBOX_DELIVERED);
	CHECK_INT(read_item(&h, &second.id, p).state, OUTBOX_QUEUED);
}

TEST(receipts_that_prove_nothing_are_counted_and_the_others_count)
{
	AUTO_HOME struct home h = new_home();
	AUTO(pool_free) struct pool *p = pool_new(4 * MIB);
	AUTO(key_free) struct key *wrong = NULL;
	struct error e = ERROR_NONE;
	struct parcel_import n;
	struct id absent = id_new(3);
	REQUIRE_OK(key_read(test_path("wrong.key"), &wrong, &e), e);
	struct id a = put(&h, "a", "province", "aA==");
	struct id b = put(&h, "b", "province", "YmI=");
	struct id c = put(&h, "c", "province", "Y2M=");
	struct view envelope = read_item(&h, &a, p).envelope;
	struct parcel_row rows[] = {
		receipt_for(&a, envelope, wrong, p),	     /* another key */
		receipt_for(&b, envelope, h.server, p),	     /* another hash */
		receipt_for(&absent, envelope, h.server, p), /* nobody knows it */
		{ c, VIEW("hello") },			     /* no receipt */
		receipt_for(&c, read_item(&h, &c, p).envelope, h.server, p),
	};
	const struct parcel parcel = { .route = "province", .receipts = rows, .n_receipts = 5 };
	write_plain("one.json", &parcel);
	CHECK_INT(import(&h, "one.json", false, p, &n, &e), E_PARTLY);
	CHECK(n.n_delivered == 1 && n.n_wrong == 4 && n.n_known == 0);
	CHECK(strstr(n.first_wrong, a.text) != NULL && strstr(e.text, a.text) != NULL);
	CHECK_INT(read_item(&h, &a, p).state, OUTBOX_QUEUED);
	CHECK_INT(read_item(&h, &b, p).state, OUTBOX_QUEUED);
	CHECK_INT(read_item(&h, &c, p).state, OUTBOX_DELIVERED);
}

TEST(what_is_no_parcel_of_receipts_is_refused)
{
	static const char *const wrong[] = { "", "hello", "{}", "{\"tocsin_parcel\":2}",
		"{\"tocsin_parcel\":1,\"made_at\":\"x\",\"route\":\"a\"}", TEXT,
		"{\"tocsin_parcel\":1,\"made_at\":\"2026-11-24T06:23:27Z\",\"route\":\"a\","
		"\"receipts\":[{\"id\":\"x\",\"receipt\":\"y\"}]}",
		"{\"tocsin_parcel\":1,\"made_at\":\"2026-11-24T06:23:27Z\",\"route\":\"a\","
		"\"receipts\":[3]}",
		"{\"tocsin_parcel\":1,\"made_at\":\"2026-11-24T06:23:27Z\",\"route\":\"a\","
		"\"more\":1}" };
	AUTO_HOME struct home h = new_home();
	AUTO(pool_free) struct pool *p = pool_new(4 * MIB);
	struct parcel_import n;
	for (size_t i = 0; i < COUNT_OF(wrong); i++) {
		struct error e = ERROR_NONE;
		test_write_file(test_path("one.json"), wrong[i], strlen(wrong[i]));
		CHECK_INT(import(&h, "one.json", false, p, &n, &e), E_INVALID);
		CHECK(e.text[0] != '\0');
	}
	CHECK_INT(import(&h, "none.json", false, p, &n, NULL), E_ABSENT);
}

TEST(a_name_of_a_parcel_tells_its_time_and_its_envelope)
{
	char name[PARCEL_NAME_MAX];
	struct id id = { "01890a5d-ac96-774b-bcce-b302099a8057" };
	CHECK_TEXT(parcel_name(1764051807123456789, &id, name), "20251125T062327Z-099a8057.tocsin");
}
