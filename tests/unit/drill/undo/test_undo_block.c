/*
 * The block decision, on synthetic blocks: every scenario's extents, every limit between two write
 * calls, every sector tear. Nothing here needs a disk.
 */
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "drill/keep/keystream.h"
#include "drill/undo/undo_block.h"
#include "lib/test.h"

struct bench {
	struct block_solver *solver;
	struct dice dice;
	unsigned char plain[BLOCK_BYTES];
	unsigned char stream[BLOCK_BYTES];
	unsigned char tag[TAG_BYTES];
	size_t n_bytes;
	struct piece *pieces;
	size_t n_pieces;
	uint64_t budget;
	/* Scratch, here because a test's stack is small. */
	unsigned char found[BLOCK_BYTES], before[BLOCK_BYTES], after[BLOCK_BYTES];
};

static struct bench *bench_new(void)
{
	struct bench *b = calloc(1, sizeof *b);
	REQUIRE(b != NULL);
	b->solver = block_solver_new();
	b->pieces = calloc(BLOCK_BYTES, sizeof *b->pieces);
	REQUIRE(b->solver != NULL && b->pieces != NULL);
	dice_init(&b->dice, 7);
	b->n_bytes = BLOCK_BYTES;
	b->budget = UINT64_MAX;
	return b;
}

static void bench_free(struct bench *b)
{
	block_solver_free(b->solver);
	free(b->pieces);
	free(b);
}

/* Text, as most decoys hold; a tag of n_bytes of it. */
static void bench_fill(struct bench *b, size_t n_bytes)
{
	b->n_bytes = n_bytes;
	for (size_t i = 0; i < n_bytes; i++)
		b->plain[i] = (unsigned char)('a' + dice_below(&b->dice, 26));
	dice_bytes(&b->dice, b->stream, sizeof b->stream);
	block_tag(b->plain, n_bytes, b->tag);
}

static size_t changed_bytes(const struct bench *b)
{
	size_t n = 0;
	for (size_t i = 0; i < b->n_pieces; i++)
		n += b->pieces[i].len;
	return n;
}

/* The block after `n` changed bytes in the order of change. */
static void state_after(const struct bench *b, size_t n, unsigned char *out)
{
	memcpy(out, b->plain, b->n_bytes);
	for (size_t i = 0; i < b->n_pieces && n > 0; i++) {
		size_t end = (size_t)b->pieces[i].from + b->pieces[i].len;
		for (size_t at = b->pieces[i].from; at < end && n > 0; at++, n--)
			out[at] ^= b->stream[at];
	}
}

static enum block_state decide(struct bench *b, const unsigned char *found, bool hole)
{
	unsigned char got[BLOCK_BYTES];
	struct block_question q = { .bytes = found,
		.stream = b->stream,
		.n_bytes = b->n_bytes,
		.pieces = b->pieces,
		.n_pieces = b->n_pieces,
		.tag = hole ? NULL : b->tag };
	enum block_state state = block_decide(b->solver, &q, &b->budget, got);
	if (state != BLOCK_UNEXPLAINED)
		CHECK(memcmp(got, b->plain, b->n_bytes) == 0);
	return state;
}

static void mix_sectors(const struct bench *b, const unsigned char *before,
	const unsigned char *after, unsigned mask, unsigned char *out)
{
	memcpy(out, before, b->n_bytes);
	for (size_t s = 0; s * 512 < b->n_bytes; s++)
		if ((mask >> s & 1U) != 0) {
			size_t len = b->n_bytes - s * 512 < 512 ? b->n_bytes - s * 512 : 512;
			memcpy(out + s * 512, after + s * 512, len);
		}
}

static void pieces_every(struct bench *b, size_t len, size_t stride)
{
	b->n_pieces = 0;
	for (size_t at = 0; at < b->n_bytes; at += stride) {
		size_t end = at + len < b->n_bytes ? at + len : b->n_bytes;
		b->pieces[b->n_pieces++] = (struct piece){ (uint16_t)at, (uint16_t)(end - at) };
	}
}

TEST(a_block_as_planted_is_plain_and_costs_no_search)
{
	struct bench *b = bench_new();
	bench_fill(b, BLOCK_BYTES);
	pieces_every(b, 64, 192);
	b->budget = 0;
	CHECK(decide(b, b->plain, false) == BLOCK_PLAIN);
	bench_free(b);
}

TEST(a_fully_changed_block_comes_back_and_costs_no_search)
{
	struct bench *b = bench_new();
	for (size_t n = 1; n <= BLOCK_BYTES; n += n < 20 ? 1 : 509) {
		bench_fill(b, n);
		pieces_every(b, 16, 32);
		b->budget = 0;
		state_after(b, SIZE_MAX, b->found);
		CHECK(decide(b, b->found, false) == BLOCK_CHANGED);
	}
	bench_free(b);
}

TEST(every_byte_at_which_a_change_can_be_cut_short_is_found)
{
	struct bench *b = bench_new();
	bench_fill(b, BLOCK_BYTES);
	pieces_every(b, BLOCK_BYTES, BLOCK_BYTES);
	for (size_t n = 1; n < BLOCK_BYTES; n += 11) {
		state_after(b, n, b->found);
		CHECK(decide(b, b->found, false) == BLOCK_HALF);
	}
	bench_free(b);
}

TEST(every_byte_at_which_an_undo_can_be_cut_short_is_found)
{
	struct bench *b = bench_new();
	bench_fill(b, BLOCK_BYTES);
	pieces_every(b, 64, 192);
	for (size_t n = 1; n < BLOCK_BYTES; n += 61) {
		state_after(b, SIZE_MAX, b->found);
		memcpy(b->found, b->plain, n);
		CHECK(decide(b, b->found, false) != BLOCK_UNEXPLAINED);
	}
	bench_free(b);
}

TEST_WITHIN(every_tear_between_sectors_is_found, 120)
{
	static const struct {
		size_t n_bytes, len, stride;
	} shapes[] = {
		{ 4096, 4096, 4096 },
		{ 4096, 16, 32 },
		{ 4096, 64, 192 },
		{ 4096, 10, 10 },
		{ 4096, 512, 1024 },
		{ 3001, 4096, 4096 },
		{ 513, 64, 192 },
		{ 17, 4096, 4096 },
	};
	struct bench *b = bench_new();
	for (size_t i = 0; i < COUNT_OF(shapes); i++) {
		bench_fill(b, shapes[i].n_bytes);
		pieces_every(b, shapes[i].len, shapes[i].stride);
		state_after(b, SIZE_MAX, b->after);
		size_t n_sectors = (b->n_bytes + 511) / 512;
		for (unsigned mask = 0; mask < 1U << n_sectors; mask++) {
			mix_sectors(b, b->plain, b->after, mask, b->found);
			CHECK(decide(b, b->found, false) != BLOCK_UNEXPLAINED);
		}
	}
	bench_free(b);
}

TEST_WITHIN(a_tear_between_any_moment_and_the_end_or_the_beginning_is_found, 120)
{
	struct bench *b = bench_new();
	bench_fill(b, BLOCK_BYTES);
	pieces_every(b, 64, 192);
	state_after(b, SIZE_MAX, b->after);
	for (size_t call = 1; call < b->n_pieces; call++) {
		state_after(b, call * 64, b->before);
		for (unsigned i = 0; i < 6; i++) {
			unsigned mask = (unsigned)dice_below(&b->dice, 256);
			mix_sectors(b, b->before, b->after, mask, b->found);
			CHECK(decide(b, b->found, false) != BLOCK_UNEXPLAINED);
			mix_sectors(b, b->plain, b->before, mask, b->found);
			CHECK(decide(b, b->found, false) != BLOCK_UNEXPLAINED);
		}
	}
	bench_free(b);
}

TEST_WITHIN(a_tear_between_two_moments_in_neighbouring_sectors_is_found, 120)
{
	struct bench *b = bench_new();
	bench_fill(b, BLOCK_BYTES);
	pieces_every(b, 64, 192);
	for (size_t first = 1; first + 4 < b->n_pieces; first++) {
		state_after(b, first * 64, b->before);
		state_after(b, (first + 3) * 64, b->after);
		mix_sectors(b, b->before, b->after, (unsigned)dice_below(&b->dice, 256), b->found);
		CHECK(decide(b, b->found, false) != BLOCK_UNEXPLAINED);
	}
	bench_free(b);
}

TEST_WITHIN(a_page_written_out_in_the_middle_of_its_stores_and_torn_is_found, 120)
{
	struct bench *b = bench_new();
	bench_fill(b, BLOCK_BYTES);
	pieces_every(b, BLOCK_BYTES, BLOCK_BYTES); /* one mapping, one extent: no limits of calls */
	state_after(b, SIZE_MAX, b->after);
	for (size_t n = 16; n < BLOCK_BYTES; n += 144) {
		state_after(b, n, b->before);
		mix_sectors(b, b->before, b->after, (unsigned)dice_below(&b->dice, 256), b->found);
		CHECK(decide(b, b->found, false) != BLOCK_UNEXPLAINED);
	}
	bench_free(b);
}

TEST(a_hole_tells_every_mixture_byte_by_byte)
{
	struct bench *b = bench_new();
	bench_fill(b, BLOCK_BYTES);
	memset(b->plain, 0, sizeof b->plain);
	pieces_every(b, 16, 32);
	b->budget = 0;
	CHECK(decide(b, b->plain, true) == BLOCK_PLAIN);
	state_after(b, SIZE_MAX, b->found);
	CHECK(decide(b, b->found, true) == BLOCK_CHANGED);
	for (unsigned i = 0; i < 500; i++) {
		state_after(b, SIZE_MAX, b->found);
		for (size_t at = 0; at < b->n_bytes; at++)
			if (dice_below(&b->dice, 2) == 0)
				b->found[at] = 0;
		CHECK(decide(b, b->found, true) == BLOCK_HALF);
	}
	b->found[17] = (unsigned char)(b->stream[17] ^ 1U); /* between two teeth: nobody of ours */
	CHECK(decide(b, b->found, true) == BLOCK_UNEXPLAINED);
	bench_free(b);
}

TEST(foreign_bytes_are_never_explained_and_cost_no_more_than_the_budget)
{
	struct bench *b = bench_new();
	bench_fill(b, BLOCK_BYTES);
	pieces_every(b, 64, 192);
	dice_bytes(&b->dice, b->found, sizeof b->found);
	b->budget = 5000;
	CHECK(decide(b, b->found, false) == BLOCK_UNEXPLAINED);
	CHECK_INT(b->budget, 0);
	b->budget = 10 * BLOCK_CANDIDATES_MAX;
	CHECK(decide(b, b->found, false) == BLOCK_UNEXPLAINED);
	CHECK(b->budget >= 9 * BLOCK_CANDIDATES_MAX);
	/* One bit off what the run would have left. */
	state_after(b, SIZE_MAX, b->found);
	b->found[100] ^= 1;
	b->budget = 20000;
	CHECK(decide(b, b->found, false) == BLOCK_UNEXPLAINED);
	/* A block that the run does not touch has nothing to search. */
	b->n_pieces = 0;
	b->budget = 77;
	CHECK(decide(b, b->found, false) == BLOCK_UNEXPLAINED);
	CHECK_INT(b->budget, 77);
	bench_free(b);
}

/* --- with the extents of the scenarios that ship --- */

static void each_region(struct pool *p,
	void (*each)(
		const struct scenario *s, const struct region *r, uint64_t size, void *context),
	void *context)
{
	struct error e = ERROR_NONE;
	const char **ids = NULL;
	size_t n_ids = 0;
	REQUIRE_OK(scenario_ids(test_folder(), p, &ids, &n_ids, &e), e);
	REQUIRE(n_ids >= 20);
	for (size_t i = 0; i < n_ids; i++) {
		struct scenario *s = pool_take(p, 1, sizeof *s);
		REQUIRE(s != NULL);
		REQUIRE_OK(scenario_find(test_folder(), ids[i], p, s, &e), e);
		for (size_t k = 0; k < s->n_regions; k++) {
			const struct region *r = &s->regions[k];
			uint64_t below = r->size_below < 64 * MIB ? r->size_below : 64 * MIB;
			uint64_t sizes[] = { r->size_from, r->size_from + 1, r->size_from + 70001,
				below - 1 };
			for (size_t j = 0; j < COUNT_OF(sizes); j++)
				if (sizes[j] > 0 && sizes[j] >= s->skip_under_bytes &&
					sizes[j] < r->size_below && !r->skip)
					each(s, r, sizes[j], context);
		}
	}
}

struct coverage {
	struct piece *pieces;
	unsigned n_walked;
};

static void pieces_are_the_extents(
	const struct scenario *s, const struct region *r, uint64_t size, void *context)
{
	struct coverage *c = context;
	struct piece_cursor cursor;
	uint64_t sum = 0;
	uint64_t n_calls = 0;
	uint64_t n_blocks = (size + BLOCK_BYTES - 1) / BLOCK_BYTES;
	piece_cursor_start(&cursor, r, size, s->io_bytes);
	for (uint64_t b = 0; b < n_blocks; b++) {
		size_t n = piece_cursor_block(&cursor, b, c->pieces);
		n_calls += n;
		for (size_t i = 0; i < n; i++) {
			sum += c->pieces[i].len;
			CHECK(c->pieces[i].len > 0);
			CHECK(b * BLOCK_BYTES + c->pieces[i].from + c->pieces[i].len <= size);
		}
	}
	CHECK_INT(sum, region_bytes(r, size));
	/* A call that crosses a block is one piece in each. */
	CHECK(n_calls >= region_calls(r, size, s->io_bytes));
	c->n_walked++;
}

TEST_WITHIN(pieces_of_all_blocks_are_exactly_the_extents_of_every_scenario, 120)
{
	struct pool *p = pool_new(256 * MIB);
	struct coverage c = { .pieces = calloc(BLOCK_BYTES, sizeof *c.pieces) };
	each_region(p, pieces_are_the_extents, &c);
	CHECK(c.n_walked > 40);
	free(c.pieces);
	pool_free(p);
}

/* At every limit between two calls, torn and whole. */
static void limits_are_found(
	const struct scenario *s, const struct region *r, uint64_t size, void *context)
{
	struct bench *b = context;
	struct piece_cursor cursor;
	uint64_t n_blocks = (size + BLOCK_BYTES - 1) / BLOCK_BYTES;
	piece_cursor_start(&cursor, r, size, s->io_bytes);
	unsigned n_tested = 0;
	for (uint64_t i = 0; i < n_blocks && n_tested < 3; i++) {
		b->n_pieces = piece_cursor_block(&cursor, i, b->pieces);
		/* The first blocks that are touched, and the last of the file. */
		if (b->n_pieces == 0 || (n_tested == 2 && i + 1 < n_blocks))
			continue;
		n_tested++;
		uint64_t left = size - i * BLOCK_BYTES;
		bench_fill(b, left < BLOCK_BYTES ? left : BLOCK_BYTES);
		size_t done = 0;
		state_after(b, SIZE_MAX, b->after);
		size_t step = b->n_pieces / 6 + 1;
		for (size_t k = 0; k < b->n_pieces; k++) {
			done += b->pieces[k].len;
			if (k % step != 0)
				continue;
			state_after(b, done, b->found);
			CHECK(decide(b, b->found, false) != BLOCK_UNEXPLAINED);
		}
		CHECK_INT(done, changed_bytes(b));
		for (unsigned mask = 1; mask < 256; mask += 37) {
			mix_sectors(b, b->plain, b->after, mask, b->found);
			CHECK(decide(b, b->found, false) != BLOCK_UNEXPLAINED);
		}
	}
}

TEST_WITHIN(every_limit_between_two_calls_of_every_scenario_is_found, 240)
{
	struct pool *p = pool_new(256 * MIB);
	struct bench *b = bench_new();
	each_region(p, limits_are_found, b);
	bench_free(b);
	pool_free(p);
}
