/*
 * The outbox: once by id, in order by subject, kept until a receipt is there.
 */
#include <string.h>

#include "record/record.h"
#include "tests/lib/test.h"

static struct store *new_store(void)
{
	struct store *s = NULL;
	struct error e = ERROR_NONE;
	REQUIRE_OK(store_open(test_path("a.db"), &record_migrations, 1, &s, &e), e);
	return s;
}

static struct id put(struct store *s, const char *subject, int64_t at_ns)
{
	struct error e = ERROR_NONE;
	struct outbox_item item = { .id = id_new(at_ns),
		.subject = subject,
		.route = "ministry",
		.envelope = VIEW("{\"payload\":\"aA==\"}"),
		.queued_ns = at_ns,
		.next_try_ns = at_ns };
	REQUIRE_OK(outbox_put(s, &item, &e), e);
	return item.id;
}

static size_t due(struct store *s, int64_t now_ns, struct pool *p, struct outbox_item **out)
{
	struct error e = ERROR_NONE;
	size_t n = 0;
	REQUIRE_OK(outbox_due(s, now_ns, 100, p, out, &n, &e), e);
	return n;
}

TEST(an_item_is_taken_once_by_its_id)
{
	AUTO(store_close) struct store *s = new_store();
	AUTO(pool_free) struct pool *p = pool_new(MIB);
	struct error e = ERROR_NONE;
	struct outbox_item *rows;
	struct outbox_item item = { .id = id_new(1),
		.subject = "incident 1",
		.route = "ministry",
		.envelope = VIEW("{}"),
		.queued_ns = 1,
		.next_try_ns = 1 };
	REQUIRE_OK(outbox_put(s, &item, &e), e);
	REQUIRE_OK(outbox_put(s, &item, &e), e);
	REQUIRE(due(s, 1, p, &rows) == 1);
	CHECK_TEXT(rows[0].id.text, item.id.text);
	CHECK_TEXT(rows[0].route, "ministry");
	CHECK(view_is(rows[0].envelope, "{}"));
	CHECK(rows[0].last_error == NULL && rows[0].receipt.len == 0);
	item.envelope = VIEW("{\"other\":1}");
	CHECK_INT(outbox_put(s, &item, &e), E_CONFLICT);
}

TEST(only_the_first_of_each_subject_is_due)
{
	AUTO(store_close) struct store *s = new_store();
	AUTO(pool_free) struct pool *p = pool_new(MIB);
	struct error e = ERROR_NONE;
	struct outbox_item *rows;
	struct id a1 = put(s, "a", 10);
	struct id b1 = put(s, "b", 20);
	struct id a2 = put(s, "a", 30);
	REQUIRE(due(s, 100, p, &rows) == 2);
	CHECK_TEXT(rows[0].id.text, a1.text);
	CHECK_TEXT(rows[1].id.text, b1.text);
	/* While the first waits for its next try, the later ones of its subject wait too. */
	REQUIRE_OK(outbox_retry(s, &a1, 500, "no route", &e), e);
	REQUIRE(due(s, 100, p, &rows) == 1);
	REQUIRE(due(s, 500, p, &rows) == 2);
	CHECK_INT(rows[0].n_tries, 1);
	CHECK_TEXT(rows[0].last_error, "no route");
	REQUIRE_OK(outbox_delivered(s, &a1, VIEW("receipt"), &e), e);
	REQUIRE(due(s, 500, p, &rows) == 2);
	CHECK_TEXT(rows[1].id.text, a2.text);
	REQUIRE_OK(outbox_refused(s, &a2, "not a member", &e), e);
	CHECK_INT(due(s, 500, p, &rows), 1);
}

TEST(nothing_is_due_before_its_time)
{
	AUTO(store_close) struct store *s = new_store();
	AUTO(pool_free) struct pool *p = pool_new(MIB);
	struct outbox_item *rows;
	(void)put(s, "a", 10);
	CHECK_INT(due(s, 9, p, &rows), 0);
	CHECK_INT(due(s, 10, p, &rows), 1);
}

TEST(an_item_ends_once)
{
	AUTO(store_close) struct store *s = new_store();
	struct error e = ERROR_NONE;
	struct id a = put(s, "a", 10);
	struct id absent = id_new(1);
	REQUIRE_OK(outbox_delivered(s, &a, VIEW("receipt"), &e), e);
	REQUIRE_OK(outbox_delivered(s, &a, VIEW("receipt"), &e), e);
	CHECK_INT(outbox_delivered(s, &a, VIEW("another"), &e), E_CONFLICT);
	CHECK_INT(outbox_retry(s, &a, 1, "late", &e), E_CONFLICT);
	CHECK_INT(outbox_refused(s, &a, "late", &e), E_CONFLICT);
	CHECK_INT(outbox_delivered(s, &absent, VIEW("r"), &e), E_ABSENT);
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
