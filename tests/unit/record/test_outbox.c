/*
 * The outbox: once by envelope and route, in order by subject and route, held under leases, kept
 * until a receipt is there.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "record/record.h"
#include "tests/lib/test.h"

#define ENVELOPE "{\"payloadType\":\"application/vnd.tocsin.incident+json\",\"payload\":\"aA==\"}"
#define DRILL                                                                                      \
	"{\"payloadType\":\"application/vnd.tocsin.incident-drill+json\",\"payload\":\"aA==\"}"

static int64_t wall_now_ns;
static int64_t boot_now_ns = 1000;

static int64_t wall(void *context)
{
	(void)context;
	return wall_now_ns;
}

static int64_t boot(void *context)
{
	(void)context;
	return boot_now_ns;
}

static const struct clock clock_of_test = { wall, boot, NULL };

static struct store *new_store(void)
{
	struct store *s = NULL;
	struct error e = ERROR_NONE;
	REQUIRE_OK(store_open(test_path("a.db"), &record_migrations, 1, &s, &e), e);
	return s;
}

static struct outbox_item item_for(const char *subject, const char *route, int64_t at_ns)
{
	return (struct outbox_item){ .id = id_new(at_ns),
		.subject = subject,
		.route = route,
		.envelope = VIEW(ENVELOPE),
		.queued_ns = at_ns,
		.next_try_ns = at_ns };
}

static struct id put(struct store *s, const char *subject, const char *route, int64_t at_ns)
{
	struct error e = ERROR_NONE;
	struct outbox_item item = item_for(subject, route, at_ns);
	REQUIRE_OK(outbox_put(s, &item, &e), e);
	return item.id;
}

static struct outbox_item read_item(struct store *s, const struct id *id, struct pool *p)
{
	struct outbox_item item;
	struct error e = ERROR_NONE;
	REQUIRE_OK(outbox_read(s, id, p, &item, &e), e);
	return item;
}

/* Another process, alive until the test ends. */
static struct outbox_holder other_process(void)
{
	struct outbox_holder other = { "" };
	int from[2];
	REQUIRE(pipe2(from, 0) == 0);
	pid_t pid = fork();
	if (pid == 0) {
		if (outbox_holder(&other, NULL) != OK ||
			write(from[1], &other, sizeof other) != (ssize_t)sizeof other)
			_exit(1);
		for (;;)
			(void)pause();
	}
	REQUIRE(read(from[0], &other, sizeof other) == (ssize_t)sizeof other);
	return other;
}

/* Each take is by another living process. "" where there is nothing. */
static struct id take(struct store *s, const struct outbox_pick *pick)
{
	struct outbox_holder me = other_process();
	struct outbox_item item = { .place = 0 };
	struct error e = ERROR_NONE;
	bool got = false;
	AUTO(pool_free) struct pool *p = pool_new(MIB);
	struct outbox_pick mine = *pick;
	mine.holder = &me;
	mine.clock = &clock_of_test;
	REQUIRE_OK(outbox_take(s, &mine, p, &item, &got, &e), e);
	return got ? item.id : (struct id){ "" };
}

static struct id take_due(struct store *s, int64_t now_ns)
{
	wall_now_ns = now_ns;
	return take(s, &(struct outbox_pick){ .due_only = true, .lease_ns = NS_PER_S });
}

static void end_retry(struct store *s, const struct id *id, int64_t next_ns)
{
	struct error e = ERROR_NONE;
	struct outbox_try t = { .at_ns = 1, .way = "https://a", .why = "no route" };
	REQUIRE_OK(outbox_retry(s, id, &t, next_ns, &e), e);
}

static enum status deliver(struct store *s, const struct id *id, const char *receipt)
{
	struct outbox_try t = { .at_ns = 77, .way = "https://a", .http_status = 200, .why = "" };
	struct outbox_proof proof = { view_of(receipt), 70, "report.example.org" };
	return outbox_delivered(s, id, &t, &proof, NULL);
}

TEST(an_envelope_is_taken_once_for_each_route)
{
	AUTO(store_close) struct store *s = new_store();
	AUTO(pool_free) struct pool *p = pool_new(MIB);
	struct error e = ERROR_NONE;
	struct outbox_item *rows;
	size_t n = 0;
	struct outbox_item first = item_for("incident 1", "province", 1);
	struct outbox_item second = item_for("incident 1", "ministry", 2);
	struct outbox_item again = item_for("incident 1", "province", 3);
	second.envelope_id = again.envelope_id = first.id;
	REQUIRE_OK(outbox_put(s, &first, &e), e);
	REQUIRE_OK(outbox_put(s, &second, &e), e);
	REQUIRE_OK(outbox_put(s, &again, &e), e);
	REQUIRE_OK(outbox_of_envelope(s, &first.id, p, &rows, &n, &e), e);
	REQUIRE(n == 2);
	CHECK_TEXT(rows[0].id.text, first.id.text);
	CHECK_TEXT(rows[0].envelope_id.text, first.id.text);
	CHECK_TEXT(rows[1].id.text, second.id.text);
	CHECK_TEXT(rows[1].envelope_id.text, first.id.text);
	CHECK_TEXT(rows[1].route, "ministry");
	CHECK(view_is(rows[1].envelope, ENVELOPE));
	CHECK(rows[0].last_error == NULL && rows[0].receipt.len == 0 && rows[0].way == NULL);
	CHECK(rows[0].tried_ns == -1 && rows[0].exported_ns == -1 && rows[0].ended_ns == -1);
	CHECK(rows[0].received_ns == -1 && rows[0].server == NULL);
	again.envelope = VIEW("{\"payloadType\":\"other\"}");
	CHECK_INT(outbox_put(s, &again, &e), E_CONFLICT);
	again = first;
	again.subject = "incident 2";
	CHECK_INT(outbox_put(s, &again, &e), E_CONFLICT);
}

TEST(a_drill_is_put_only_as_what_its_signed_type_says)
{
	AUTO(store_close) struct store *s = new_store();
	struct error e = ERROR_NONE;
	struct outbox_item item = item_for("a", "province", 1);
	item.drill = true;
	CHECK_INT(outbox_put(s, &item, &e), E_INVALID);
	item.envelope = VIEW(DRILL);
	CHECK_INT(outbox_put(s, &item, &e), OK);
	item = item_for("a", "province", 2);
	item.envelope = VIEW(DRILL);
	CHECK_INT(outbox_put(s, &item, &e), E_INVALID);
}

TEST(what_is_no_envelope_is_refused_and_a_line_need_not_be_one)
{
	static const char *const wrong[] = { "", "{}", "[]", "hello", "{\"payloadType\":1}",
		"{\"payloadType\":\"a\",\"payloadType\":\"b\"}" };
	AUTO(store_close) struct store *s = new_store();
	struct outbox_item item = item_for("a", "province", 1);
	for (size_t i = 0; i < COUNT_OF(wrong); i++) {
		item.envelope = view_of(wrong[i]);
		CHECK_INT(outbox_put(s, &item, NULL), E_INVALID);
	}
	item.kind = DELIVERY_SYSLOG;
	item.envelope = VIEW("<14>1 - - - - - -");
	CHECK_INT(outbox_put(s, &item, NULL), OK);
	item.id.text[0] = 'x';
	CHECK_INT(outbox_put(s, &item, NULL), E_INVALID);
	item = item_for("a", "", 1);
	CHECK_INT(outbox_put(s, &item, NULL), E_INVALID);
}

TEST(only_the_first_of_each_subject_and_route_is_taken)
{
	AUTO(store_close) struct store *s = new_store();
	AUTO(pool_free) struct pool *p = pool_new(MIB);
	struct id a1 = put(s, "a", "province", 10);
	struct id b1 = put(s, "b", "province", 20);
	struct id a2 = put(s, "a", "province", 30);
	struct id a1_ministry = put(s, "a", "ministry", 40);
	CHECK_TEXT(take_due(s, 100).text, a1.text);
	CHECK_TEXT(take_due(s, 100).text, b1.text);
	CHECK_TEXT(take_due(s, 100).text, a1_ministry.text);
	CHECK_TEXT(take_due(s, 100).text, "");
	/* While the first waits for its next try, the later ones of its subject wait too. */
	end_retry(s, &a1, 500);
	CHECK_TEXT(take_due(s, 100).text, "");
	CHECK_TEXT(take_due(s, 500).text, a1.text);
	struct outbox_item item = read_item(s, &a1, p);
	CHECK_INT(item.n_tries, 1);
	CHECK_TEXT(item.last_error, "no route");
	CHECK_TEXT(item.way, "https://a");
	CHECK_INT(item.tried_ns, 1);
	CHECK_INT(deliver(s, &a1, "receipt"), OK);
	CHECK_TEXT(take_due(s, 500).text, a2.text);
}

TEST(what_ended_tells_when_by_whom_and_why)
{
	AUTO(store_close) struct store *s = new_store();
	AUTO(pool_free) struct pool *p = pool_new(MIB);
	struct error e = ERROR_NONE;
	struct id a = put(s, "a", "province", 10);
	struct id b = put(s, "b", "province", 20);
	struct outbox_try refused = { 90, "https://b", 403, "not a member" };
	CHECK_INT(deliver(s, &a, "receipt"), OK);
	REQUIRE_OK(outbox_refused(s, &b, &refused, &e), e);
	struct outbox_item item = read_item(s, &a, p);
	CHECK_INT(item.state, OUTBOX_DELIVERED);
	CHECK(view_is(item.receipt, "receipt"));
	CHECK_INT(item.received_ns, 70);
	CHECK_INT(item.ended_ns, 77);
	CHECK_INT(item.http_status, 200);
	CHECK_TEXT(item.server, "report.example.org");
	CHECK(item.last_error == NULL);
	item = read_item(s, &b, p);
	CHECK_INT(item.state, OUTBOX_REFUSED);
	CHECK_INT(item.http_status, 403);
	CHECK_INT(item.ended_ns, 90);
	CHECK_TEXT(item.last_error, "not a member");
	/* A person mends what was wrong. */
	REQUIRE_OK(outbox_again(s, &b, 95, &e), e);
	CHECK_INT(read_item(s, &b, p).state, OUTBOX_QUEUED);
	CHECK_INT(read_item(s, &b, p).ended_ns, -1);
	CHECK_INT(outbox_again(s, &b, 95, &e), E_CONFLICT);
	CHECK_INT(outbox_again(s, &a, 95, &e), E_CONFLICT);
}

TEST(an_item_ends_once_but_a_receipt_outweighs_a_refusal)
{
	AUTO(store_close) struct store *s = new_store();
	AUTO(pool_free) struct pool *p = pool_new(MIB);
	struct id a = put(s, "a", "province", 10);
	struct id b = put(s, "b", "province", 10);
	struct id absent = id_new(1);
	struct outbox_try t = { 1, NULL, 0, "late" };
	CHECK_INT(deliver(s, &a, "receipt"), OK);
	CHECK_INT(deliver(s, &a, "receipt"), OK);
	CHECK_INT(read_item(s, &a, p).n_tries, 1);
	CHECK_INT(deliver(s, &a, "another"), E_CONFLICT);
	CHECK_INT(outbox_retry(s, &a, &t, 1, NULL), E_CONFLICT);
	CHECK_INT(outbox_refused(s, &a, &t, NULL), E_CONFLICT);
	CHECK_INT(outbox_exported(s, &a, 1, "/media", NULL), E_CONFLICT);
	CHECK_INT(deliver(s, &absent, "r"), E_ABSENT);
	CHECK_INT(outbox_refused(s, &b, &t, NULL), OK);
	CHECK_INT(outbox_retry(s, &b, &t, 1, NULL), E_CONFLICT);
	CHECK_INT(deliver(s, &b, "receipt"), OK);
	CHECK_INT(read_item(s, &b, p).ended_ns, 77);
}

TEST(nothing_is_due_before_its_time_unless_the_clock_was_set_back)
{
	AUTO(store_close) struct store *s = new_store();
	int64_t far_ns = 10 * OUTBOX_PAUSE_MAX_NS;
	struct id a = put(s, "a", "province", far_ns);
	CHECK_TEXT(take_due(s, far_ns - 1).text, "");
	CHECK_TEXT(take_due(s, far_ns - OUTBOX_PAUSE_MAX_NS).text, "");
	CHECK_TEXT(take_due(s, far_ns - OUTBOX_PAUSE_MAX_NS - 1).text, a.text);
	end_retry(s, &a, far_ns);
	CHECK_TEXT(take_due(s, far_ns).text, a.text);
	end_retry(s, &a, far_ns);
	wall_now_ns = far_ns - 1;
	CHECK_TEXT(take(s, &(struct outbox_pick){ .lease_ns = 1 }).text, a.text);
}

TEST(a_pick_leaves_out_routes_subjects_and_earlier_places)
{
	AUTO(store_close) struct store *s = new_store();
	AUTO(pool_free) struct pool *p = pool_new(MIB);
	static const char *const skip[] = { "ministry", "province" };
	struct id a = put(s, "a", "province", 10);
	struct id b = put(s, "b", "elsewhere", 20);
	struct outbox_pick pick = { .skip_routes = skip, .n_skip_routes = 2, .lease_ns = 1 };
	CHECK_TEXT(take(s, &pick).text, b.text);
	pick = (struct outbox_pick){ .subject = "b", .lease_ns = 1 };
	boot_now_ns += 2;
	CHECK_TEXT(take(s, &pick).text, b.text);
	pick = (struct outbox_pick){ .after_place = read_item(s, &a, p).place, .lease_ns = 1 };
	boot_now_ns += 2;
	CHECK_TEXT(take(s, &pick).text, b.text);
	pick.after_place = read_item(s, &b, p).place;
	boot_now_ns += 2;
	CHECK_TEXT(take(s, &pick).text, "");
}

static bool take_as(struct store *s, const struct outbox_holder *holder)
{
	struct outbox_item item;
	struct error e = ERROR_NONE;
	bool got = false;
	AUTO(pool_free) struct pool *p = pool_new(MIB);
	const struct outbox_pick pick = {
		.holder = holder, .clock = &clock_of_test, .lease_ns = NS_PER_S
	};
	REQUIRE_OK(outbox_take(s, &pick, p, &item, &got, &e), e);
	return got;
}

TEST(a_lease_holds_for_its_time_and_can_be_given_back)
{
	AUTO(store_close) struct store *s = new_store();
	struct error e = ERROR_NONE;
	struct outbox_holder first = other_process();
	struct outbox_holder second = other_process();
	struct id a = put(s, "a", "province", 10);
	CHECK(take_as(s, &first));
	CHECK(!take_as(s, &second));
	/* Its own holder may: an earlier flush of this process could not note its end. */
	CHECK(take_as(s, &first));
	boot_now_ns += NS_PER_S - 1;
	CHECK(!take_as(s, &second));
	boot_now_ns += 1;
	CHECK(take_as(s, &second));
	REQUIRE_OK(outbox_release(s, &a, &first, &e), e);
	CHECK(!take_as(s, &first));
	REQUIRE_OK(outbox_release(s, &a, &second, &e), e);
	CHECK(take_as(s, &first));
}

TEST(the_lease_of_a_dead_process_or_an_earlier_boot_is_void)
{
	AUTO(store_close) struct store *s = new_store();
	AUTO(pool_free) struct pool *p = pool_new(MIB);
	struct error e = ERROR_NONE;
	struct id a = put(s, "a", "province", 10);
	int go[2];
	REQUIRE(pipe2(go, 0) == 0);
	pid_t pid = fork();
	if (pid == 0) {
		AUTO(store_close) struct store *theirs = NULL;
		struct outbox_holder mine;
		char c = 'x';
		if (store_open(test_path("a.db"), &record_migrations, 1, &theirs, NULL) != OK ||
			outbox_holder(&mine, NULL) != OK || !take_as(theirs, &mine) ||
			write(go[1], &c, 1) != 1)
			_exit(1);
		for (;;)
			(void)pause();
	}
	char c = 0;
	REQUIRE(read(go[0], &c, 1) == 1);
	CHECK_TEXT(take_due(s, 100).text, "");
	REQUIRE(kill(pid, SIGKILL) == 0 && waitpid(pid, NULL, 0) == pid);
	CHECK_TEXT(take_due(s, 100).text, a.text);
	end_retry(s, &a, 100);
	struct outbox_holder before = { "00000000-0000-0000-0000-000000000000 1 1" };
	struct outbox_item item;
	bool got = false;
	struct outbox_pick pick = {
		.holder = &before, .clock = &clock_of_test, .lease_ns = NS_PER_S
	};
	REQUIRE_OK(outbox_take(s, &pick, p, &item, &got, &e), e);
	REQUIRE(got);
	CHECK_TEXT(take_due(s, 100).text, a.text);
}

TEST(an_exported_item_waits_for_its_receipt)
{
	AUTO(store_close) struct store *s = new_store();
	AUTO(pool_free) struct pool *p = pool_new(MIB);
	struct error e = ERROR_NONE;
	struct outbox_counts n;
	struct id a = put(s, "a", "province", 10);
	CHECK_TEXT(take_due(s, 10).text, a.text);
	REQUIRE_OK(outbox_exported(s, &a, 50, "/media/courier", &e), e);
	CHECK_TEXT(take_due(s, 10).text, "");
	struct outbox_item item = read_item(s, &a, p);
	CHECK_INT(item.state, OUTBOX_QUEUED);
	CHECK_INT(item.exported_ns, 50);
	CHECK_TEXT(item.way, "/media/courier");
	REQUIRE_OK(outbox_count(s, &(struct outbox_filter){ .limit = 0 }, &n, &e), e);
	CHECK_INT(n.n_exported, 1);
	CHECK_INT(deliver(s, &a, "receipt"), OK);
	CHECK_INT(read_item(s, &a, p).exported_ns, 50);
}

TEST(a_list_is_filtered_and_paged_and_counted)
{
	AUTO(store_close) struct store *s = new_store();
	AUTO(pool_free) struct pool *p = pool_new(8 * MIB);
	struct error e = ERROR_NONE;
	struct outbox_item *rows;
	struct outbox_counts counts;
	size_t n = 0;
	struct id first = put(s, "a", "province", 500);
	for (int i = 0; i < 40; i++)
		(void)put(s, i % 2 == 0 ? "a" : "b", i % 4 == 0 ? "ministry" : "province", 600 + i);
	CHECK_INT(deliver(s, &first, "receipt"), OK);
	struct outbox_filter f = { .limit = 0 };
	REQUIRE_OK(outbox_list(s, &f, p, &rows, &n, &e), e);
	REQUIRE(n == 41);
	CHECK(rows[0].state == OUTBOX_DELIVERED && rows[0].receipt.len == 0);
	CHECK(rows[0].envelope.len == 0);
	f = (struct outbox_filter){ .subject = "a", .route = "ministry", .limit = 7 };
	REQUIRE_OK(outbox_list(s, &f, p, &rows, &n, &e), e);
	REQUIRE(n == 7);
	f.after_place = rows[6].place;
	REQUIRE_OK(outbox_list(s, &f, p, &rows, &n, &e), e);
	CHECK_INT(n, 3);
	f = (struct outbox_filter){ .states = 1U << OUTBOX_DELIVERED | 1U << OUTBOX_REFUSED };
	REQUIRE_OK(outbox_list(s, &f, p, &rows, &n, &e), e);
	REQUIRE(n == 1);
	CHECK_TEXT(rows[0].id.text, first.text);
	REQUIRE_OK(outbox_count(s, &(struct outbox_filter){ .subject = "a" }, &counts, &e), e);
	CHECK_INT(counts.n_queued, 20);
	CHECK_INT(counts.n_delivered, 1);
	CHECK_INT(counts.oldest_queued_ns, 600);
	CHECK_INT(counts.next_try_ns, 600);
	int64_t n_waiting = -1;
	REQUIRE_OK(outbox_waiting(s, "a", &n_waiting, &e), e);
	CHECK_INT(n_waiting, 20);
	REQUIRE_OK(outbox_waiting(s, NULL, &n_waiting, &e), e);
	CHECK_INT(n_waiting, 40);
	REQUIRE_OK(outbox_count(s, &(struct outbox_filter){ .subject = "z" }, &counts, &e), e);
	CHECK(counts.n_queued == 0 && counts.oldest_queued_ns == -1);
}

TEST(a_subject_is_forgotten_only_when_all_of_it_ended)
{
	AUTO(store_close) struct store *s = new_store();
	struct error e = ERROR_NONE;
	struct outbox_counts n;
	struct id a = put(s, "a", "province", 10);
	struct id b = put(s, "b", "province", 10);
	CHECK_INT(outbox_forget(s, "a", &e), E_CONFLICT);
	CHECK_INT(deliver(s, &a, "receipt"), OK);
	REQUIRE_OK(outbox_forget(s, "a", &e), e);
	REQUIRE_OK(outbox_count(s, &(struct outbox_filter){ .limit = 0 }, &n, &e), e);
	CHECK(n.n_queued == 1 && n.n_delivered == 0);
	CHECK_INT(deliver(s, &a, "receipt"), E_ABSENT);
	CHECK_INT(deliver(s, &b, "receipt"), OK);
}

TEST(an_outbox_of_an_earlier_version_is_carried_over)
{
	struct error e = ERROR_NONE;
	struct migration_area before = record_migrations;
	before.n_rows = 2;
	struct id a = id_new(1);
	{
		AUTO(store_close) struct store *s = NULL;
		AUTO(statement_free) struct statement *q = NULL;
		REQUIRE_OK(store_open(test_path("old.db"), &before, 1, &s, &e), e);
		REQUIRE_OK(STORE_SQL(s,
				   "INSERT INTO record_outbox (id, subject, route, envelope, "
				   "state, queued_ns, next_try_ns, n_tries)"
				   " VALUES (?, 'a', 'province', '{}', 0, 5, 5, 3)",
				   &q, &e),
			e);
		bind_text(q, 1, a.text);
		REQUIRE_OK(statement_run(q, &e), e);
	}
	AUTO(store_close) struct store *s = NULL;
	AUTO(pool_free) struct pool *p = pool_new(MIB);
	REQUIRE_OK(store_open(test_path("old.db"), &record_migrations, 1, &s, &e), e);
	struct outbox_item item = read_item(s, &a, p);
	CHECK_TEXT(item.envelope_id.text, a.text);
	CHECK_INT(item.kind, DELIVERY_ENVELOPE);
	CHECK_INT(item.n_tries, 3);
	CHECK_TEXT(take_due(s, 5).text, a.text);
}

TEST(the_pause_grows_to_its_cap_and_is_spread)
{
	for (int64_t tries = 0; tries < 200; tries++) {
		int64_t got = outbox_backoff_ns(tries, 1, 1000, UINT64_MAX);
		CHECK(got >= 0 && got <= 1000);
		CHECK(outbox_backoff_ns(tries, 1, 1000, 0) == 0);
		if (tries < 9)
			CHECK_INT(outbox_backoff_ns(tries, 1, 1000, (uint64_t)1 << tries),
				1LL << tries);
	}
	CHECK_INT(outbox_backoff_ns(63, INT64_MAX / 2, INT64_MAX, INT64_MAX), INT64_MAX);
	CHECK_INT(outbox_backoff_ns(3, 0, 1000, 77), 0);
}
