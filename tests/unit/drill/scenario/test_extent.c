/*
 * The walk over extents, against a file of booleans: every byte that any tooth of any comb covers,
 * marked one by one.
 */
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/random.h"
#include "drill/scenario/scenario.h"
#include "tests/lib/test.h"

static struct span_rule bytes(uint64_t n)
{
	return (struct span_rule){ .bytes = n, .of = 1, .align = 1 };
}

static struct span_rule share(uint32_t parts, uint32_t of)
{
	return (struct span_rule){ .parts = parts, .of = of, .align = 1 };
}

static struct comb comb_of(uint64_t start, uint64_t length, uint64_t stride, uint32_t n_teeth)
{
	return (struct comb){ .start = bytes(start),
		.length = bytes(length),
		.stride = bytes(stride),
		.until = bytes(0),
		.n_teeth = n_teeth };
}

/* What scenario.h says of one rule, in 128 bits and without tricks. */
static uint64_t plain_value(const struct span_rule *r, uint64_t size)
{
	unsigned __int128 v = (unsigned __int128)size * r->parts / r->of + r->bytes;
	if (r->cap != 0 && v > r->cap)
		v = r->cap;
	return (uint64_t)(v - v % (r->align == 0 ? 1 : r->align));
}

static void mark(const struct comb *c, uint64_t size, bool *changed)
{
	uint64_t start = plain_value(&c->start, size);
	uint64_t length = plain_value(&c->length, size);
	uint64_t stride = plain_value(&c->stride, size);
	uint64_t until = plain_value(&c->until, size);
	if (c->until.bytes == 0 && c->until.parts == 0)
		until = size;
	if (c->from_end)
		start = start > size ? 0 : size - start;
	for (uint32_t tooth = 0; c->n_teeth == 0 || tooth < c->n_teeth; tooth++) {
		for (uint64_t k = 0; k < length; k++) {
			if (start + k < size && start + k < until)
				changed[start + k] = true;
		}
		start += stride;
		if (stride == 0 || start >= size)
			break;
	}
}

static void check_against_marks(const struct region *r, uint64_t size, uint32_t io)
{
	bool *changed = calloc(size + 1, sizeof *changed);
	REQUIRE(changed != NULL);
	for (size_t i = 0; i < r->n_combs; i++)
		mark(&r->combs[i], size, changed);
	uint64_t n_bytes = 0;
	uint64_t n_extents = 0;
	uint64_t n_calls = 0;
	struct extent_walk w;
	struct extent x = { 0, 0 };
	extent_walk_start(&w, r, size);
	for (uint64_t at = 0; at < size;) {
		if (!changed[at]) {
			at++;
			continue;
		}
		uint64_t end = at;
		while (end < size && changed[end])
			end++;
		REQUIRE(extent_walk_next(&w, &x));
		if (x.offset != at || x.len != end - at) {
			test_fail(__FILE__, __LINE__, "size %lu: %lu+%lu, wanted %lu+%lu",
				(unsigned long)size, (unsigned long)x.offset, (unsigned long)x.len,
				(unsigned long)at, (unsigned long)(end - at));
			test_end();
		}
		n_bytes += x.len;
		n_extents++;
		n_calls += (x.len + io - 1) / io;
		at = end;
	}
	CHECK(!extent_walk_next(&w, &x));
	CHECK(!extent_walk_next(&w, &x));
	struct region_sum sum = region_sum_of(r, size, io);
	CHECK_INT(sum.n_bytes, n_bytes);
	CHECK_INT(sum.n_extents, n_extents);
	CHECK_INT(sum.n_calls, n_calls);
	CHECK_INT(sum.end, n_extents == 0 ? 0 : x.offset + x.len);
	CHECK_INT(region_bytes(r, size), n_bytes);
	CHECK_INT(region_calls(r, size, io), n_calls);
	free(changed);
}

static struct span_rule random_rule(struct dice *d, uint64_t most)
{
	struct span_rule r = bytes(dice_below(d, most));
	switch (dice_below(d, 6)) {
	case 0:
		r = share((uint32_t)dice_below(d, 101), 100);
		break;
	case 1:
		r.cap = dice_below(d, most);
		break;
	case 2:
		r.align = dice_between(d, 1, 9);
		break;
	default:
		break;
	}
	return r;
}

TEST(random_combs_yield_each_marked_byte_once_and_no_other)
{
	struct dice d;
	dice_init(&d, 7);
	for (int round = 0; round < 20000; round++) {
		struct region r = { .n_combs = dice_below(&d, REGION_COMBS_MAX + 1) };
		for (size_t i = 0; i < r.n_combs; i++) {
			struct comb *c = &r.combs[i];
			c->start = random_rule(&d, 60);
			c->length = random_rule(&d, 20);
			c->stride = random_rule(&d, 40);
			c->until = dice_below(&d, 3) == 0 ? random_rule(&d, 150) : bytes(0);
			c->n_teeth = (uint32_t)dice_below(&d, 5);
			c->from_end = dice_below(&d, 5) == 0;
		}
		check_against_marks(&r, dice_below(&d, 200), (uint32_t)dice_between(&d, 1, 12));
	}
}

TEST(an_empty_file_has_no_extent)
{
	struct region r = { .combs = { comb_of(0, 10, 20, 0) }, .n_combs = 1 };
	struct extent_walk w;
	struct extent x;
	extent_walk_start(&w, &r, 0);
	CHECK(!extent_walk_next(&w, &x));
	extent_walk_start(&w, NULL, 100);
	CHECK(!extent_walk_next(&w, &x));
	CHECK_INT(region_bytes(NULL, 100), 0);
}

TEST(a_tooth_that_would_pass_the_end_is_cut)
{
	struct region r = { .combs = { comb_of(0, 10, 20, 0) }, .n_combs = 1 };
	CHECK_INT(region_bytes(&r, 20), 10);
	CHECK_INT(region_bytes(&r, 21), 11);
	CHECK_INT(region_bytes(&r, 29), 19);
	CHECK_INT(region_bytes(&r, 30), 20);
	CHECK_INT(region_bytes(&r, 31), 20);
}

TEST(fine_combs_over_terabytes_are_summed_without_a_walk)
{
	struct region dots = { .combs = { comb_of(0, 5000, 0, 1), comb_of(5000, 64, 192, 0) },
		.n_combs = 2 };
	uint64_t size = 16384 * GIB;
	struct region_sum sum = region_sum_of(&dots, size, 64);
	uint64_t teeth = (size - 5000) / 192;
	uint64_t rest = (size - 5000) % 192;
	uint64_t last = rest > 64 ? 64 : rest;
	CHECK_INT(sum.n_bytes, 5000 + teeth * 64 + last);
	/* The first tooth touches the head and is one extent with it. */
	CHECK_INT(sum.n_extents, teeth + (last > 0 ? 1 : 0));
}

TEST(a_fine_comb_under_many_blocks_is_still_exact)
{
	struct region r = { .combs = { comb_of(3, 2, 5, 0), comb_of(1, 7, 31, 40),
				    comb_of(0, 9, 0, 1) },
		.n_combs = 3 };
	for (uint64_t size = 0; size < 2000; size += 13)
		check_against_marks(&r, size, 3);
}

TEST(numbers_at_the_edge_of_64_bits_do_not_wrap)
{
	struct region r = { .combs = { { .start = bytes(UINT64_MAX - 5),
				    .length = bytes(UINT64_MAX),
				    .stride = bytes(UINT64_MAX),
				    .until = bytes(0) } },
		.n_combs = 1 };
	CHECK_INT(region_bytes(&r, 1000), 0);
	r.combs[0].start = bytes(10);
	CHECK_INT(region_bytes(&r, 1000), 990);
	r.combs[0].stride = bytes(UINT64_MAX / 2);
	r.combs[0].length = bytes(1);
	r.combs[0].n_teeth = 65536;
	CHECK_INT(region_bytes(&r, UINT64_MAX), 2);
	r.combs[0].length = share(10000, 10000);
	CHECK(region_bytes(&r, UINT64_MAX) == UINT64_MAX - 10);
}
