/*
 * Memory for one job.
 */
#include <stdint.h>
#include <string.h>

#include "base/pool.h"
#include "tests/lib/faults.h"
#include "tests/lib/test.h"

TEST(what_is_taken_is_zeroed_aligned_and_apart)
{
	AUTO(pool_free) struct pool *p = pool_new(10 * MIB);
	REQUIRE(p != NULL);
	unsigned char *before = NULL;
	for (size_t n = 0; n < 300; n++) {
		unsigned char *at = pool_take(p, n, 3);
		REQUIRE(at != NULL);
		CHECK_INT((uintptr_t)at % 16, 0);
		for (size_t i = 0; i < n * 3; i++)
			REQUIRE(at[i] == 0);
		CHECK(at != before);
		memset(at, 0xff, n * 3);
		before = at;
	}
}

TEST(the_ceiling_holds)
{
	AUTO(pool_free) struct pool *p = pool_new(160);
	CHECK(pool_take(p, 1, 161) == NULL);
	CHECK(pool_take(p, 1, 160) != NULL);
	CHECK(pool_take(p, 1, 1) == NULL);
	CHECK_INT(pool_used(p), 160);
	AUTO(pool_free) struct pool *none = pool_new(0);
	CHECK(pool_take(none, 1, 1) == NULL);
}

TEST(sizes_that_overflow_are_refused)
{
	AUTO(pool_free) struct pool *p = pool_new(SIZE_MAX);
	CHECK(pool_take(p, SIZE_MAX, 2) == NULL);
	CHECK(pool_take(p, SIZE_MAX / 2 + 1, 2) == NULL);
	CHECK(pool_take(p, 1, SIZE_MAX) == NULL);
	CHECK(pool_take(p, 1, SIZE_MAX - 8) == NULL);
	CHECK(pool_text(p, (struct view){ "x", SIZE_MAX }) == NULL);
	CHECK(pool_take(p, 4, 4) != NULL);
}

TEST(large_and_small_pieces_mix)
{
	AUTO(pool_free) struct pool *p = pool_new(10 * MIB);
	char *small = pool_textf(p, "%s %d", "first", 1);
	char *large = pool_take(p, 1, MIB);
	char *text = pool_text(p, VIEW("last"));
	REQUIRE(small != NULL && large != NULL && text != NULL);
	memset(large, 'x', MIB);
	CHECK_TEXT(small, "first 1");
	CHECK_TEXT(text, "last");
	CHECK_TEXT(pool_text(p, VIEW_NONE), "");
}

TEST(memory_that_runs_out_leaves_the_pool_usable)
{
	NEEDS_FAULTS();
	fault_arm("pool_new", 1);
	CHECK(pool_new(100) == NULL);
	fault_disarm();
	AUTO(pool_free) struct pool *p = pool_new(MIB);
	fault_arm("pool_take", 1);
	CHECK(pool_take(p, 1, 10) == NULL);
	CHECK(pool_take(p, 1, 10) != NULL);
	fault_disarm();
}

static void note_done(void *object)
{
	char **order = object;
	*(*order)++ = 'x';
}

struct noted {
	char **order;
	char letter;
};

static void note_letter(void *object)
{
	struct noted *n = object;
	*(*n->order)++ = n->letter;
}

TEST(what_a_pool_keeps_is_done_with_when_it_is_freed_the_last_first)
{
	char seen[8] = "";
	char *order = seen;
	struct noted a = { &order, 'a' }, b = { &order, 'b' };
	struct pool *p = pool_new(MIB);
	REQUIRE(p != NULL);
	CHECK(pool_keep(p, &a, note_letter));
	CHECK(pool_keep(p, &b, note_letter));
	CHECK_TEXT(seen, "");
	pool_free(p);
	CHECK_TEXT(seen, "ba");
}

TEST(what_a_full_pool_cannot_keep_is_done_with_at_once)
{
	char seen[8] = "";
	char *order = seen;
	AUTO(pool_free) struct pool *p = pool_new(1);
	REQUIRE(p != NULL);
	CHECK(!pool_keep(p, &order, note_done));
	CHECK_TEXT(seen, "x");
}
