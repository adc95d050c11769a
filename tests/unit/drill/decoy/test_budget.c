/*
 * The budget against runs that are played through: whatever a scenario does to a plan, no sum may
 * pass the bound that was stated before.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "drill/decoy/budget.h"
#include "drill/decoy/corpus.h"
#include "tests/lib/test.h"

static struct span_rule bytes(uint64_t n)
{
	return (struct span_rule){ .bytes = n, .of = 1, .align = 1 };
}

static struct comb random_comb(struct dice *d)
{
	return (struct comb){ .start = bytes(dice_below(d, 3) * dice_below(d, 20000)),
		.length = bytes(dice_between(d, 1, 9000)),
		.stride = bytes(dice_between(d, 1, 30000)),
		.until = bytes(0),
		.n_teeth = (uint32_t)dice_below(d, 6),
		.from_end = dice_below(d, 6) == 0 };
}

/* A scenario as the loader could have made it, of any shape. */
static void random_scenario(struct dice *d, struct scenario *s)
{
	memset(s, 0, sizeof *s);
	s->id = "random";
	s->write = (enum scenario_write)dice_below(d, 4);
	s->io_bytes = (uint32_t)dice_between(d, 1, 5000);
	s->footer_bytes = (uint32_t)(dice_below(d, 2) * dice_below(d, 4097));
	s->skip_under_bytes = dice_below(d, 2) * dice_below(d, 1000);
	s->probe_file = dice_below(d, 2) == 0;
	s->note_place = (enum scenario_note_place)dice_below(d, 4);
	s->note_folders = (uint32_t)dice_between(d, 1, 8);
	s->note_text = (struct drill_text){ "what this is", "这是什么" };
	s->max_files = 1000000;
	s->max_bytes = 1024 * GIB;
	s->max_seconds = 86400;
	s->n_regions = 2;
	uint64_t limit = dice_below(d, 100000);
	for (size_t i = 0; i < s->n_regions; i++) {
		struct region *r = &s->regions[i];
		r->size_from = i == 0 ? 0 : limit;
		r->size_below = i == 0 ? limit : UINT64_MAX;
		r->skip = dice_below(d, 8) == 0;
		r->n_combs = dice_below(d, 4);
		for (size_t k = 0; k < r->n_combs; k++)
			r->combs[k] = random_comb(d);
		r->label = "";
	}
}

struct played {
	uint64_t n_files;
	uint64_t disk;
	uint64_t changed;
	uint64_t largest;
};

static uint64_t blocks_of(uint64_t n_bytes)
{
	return (n_bytes + BLOCK_BYTES - 1) / BLOCK_BYTES;
}

/* Changes one file for real: a map of its blocks, and every byte counted. */
static void play_file(
	const struct scenario *s, const struct manifest_file *f, struct dice *d, struct played *p)
{
	uint64_t n_blocks = blocks_of(f->size_bytes + s->footer_bytes);
	bool *held = calloc(n_blocks + 1, sizeof *held);
	REQUIRE(held != NULL);
	for (uint64_t i = 0; i < blocks_of(f->size_bytes); i++)
		held[i] = (f->flags & MANIFEST_SPARSE) == 0 ||
			  (i < BUDGET_SPARSE_DATA_MAX / BLOCK_BYTES && dice_below(d, 9) == 0);
	p->n_files++;
	p->largest = f->size_bytes > p->largest ? f->size_bytes : p->largest;
	const struct region *r = scenario_region(s, f->size_bytes, VIEW("txt"));
	bool is_new = s->write == WRITE_NEW_UNLINK || s->write == WRITE_NEW_OVERWRITE_UNLINK;
	struct extent_walk w;
	struct extent x;
	extent_walk_start(&w, r, f->size_bytes);
	while (extent_walk_next(&w, &x)) {
		p->changed += is_new ? 0 : x.len;
		for (uint64_t at = x.offset; at < x.offset + x.len && !is_new; at++)
			held[at / BLOCK_BYTES] = true;
	}
	if (r != NULL) {
		uint64_t whole = f->size_bytes + s->footer_bytes;
		p->largest = whole > p->largest ? whole : p->largest;
		if (is_new) {
			p->n_files++;
			p->disk += blocks_of(whole) * BLOCK_BYTES;
			p->changed += whole;
		} else {
			for (uint64_t at = f->size_bytes; at < whole; at++)
				held[at / BLOCK_BYTES] = true;
			p->changed += s->footer_bytes;
		}
		if (s->write == WRITE_NEW_OVERWRITE_UNLINK) {
			memset(held, true, blocks_of(f->size_bytes));
			p->changed += f->size_bytes;
		}
	}
	for (uint64_t i = 0; i < n_blocks; i++)
		p->disk += held[i] ? (uint64_t)BLOCK_BYTES : 0;
	free(held);
}

static void play_notes(const struct scenario *s, uint32_t n_folders, struct played *p)
{
	for (uint32_t i = 0; i <= n_folders; i++) {
		bool wanted = s->note_place == NOTE_EVERY_FOLDER ||
			      (s->note_place == NOTE_ROOT && i == 0) ||
			      (s->note_place == NOTE_FIRST_FOLDERS && i < s->note_folders);
		p->n_files += (wanted ? 1U : 0U) + (s->probe_file ? 1U : 0U);
		p->disk += (wanted ? 2UL : 1UL) * BLOCK_BYTES;
	}
}

TEST(no_run_that_is_played_through_passes_its_budget)
{
	struct dice d;
	dice_init(&d, 3);
	struct scenario *s = calloc(1, sizeof *s);
	REQUIRE(s != NULL);
	for (int round = 0; round < 800; round++) {
		struct manifest_file files[40] = { 0 };
		struct manifest m = { .files = files,
			.n_files = (uint32_t)dice_below(&d, 40),
			.n_folders = (uint32_t)dice_below(&d, 9) };
		struct drill_budget b;
		struct played p = { 0 };
		struct error e = ERROR_NONE;
		random_scenario(&d, s);
		for (uint32_t i = 0; i < m.n_files; i++) {
			files[i].name = "a.txt";
			files[i].size_bytes = dice_below(&d, 1ULL << dice_between(&d, 1, 18));
			files[i].flags = dice_below(&d, 3) == 0 ? MANIFEST_SPARSE : 0;
			play_file(s, &files[i], &d, &p);
		}
		play_notes(s, m.n_folders, &p);
		REQUIRE_OK(budget_compute(s, &m, 0, &b, &e), e);
		CHECK(p.n_files <= b.n_files);
		CHECK(p.disk <= b.n_bytes);
		CHECK(p.changed <= b.bytes_changed);
		CHECK(p.largest <= b.largest_file_bytes);
		CHECK_INT(b.n_decoys, m.n_files);
		CHECK_INT(b.n_folders, m.n_folders + 1);
	}
	free(s);
}

TEST(growth_in_a_large_hole_is_bounded_by_what_is_touched)
{
	struct error e = ERROR_NONE;
	struct scenario *s = calloc(1, sizeof *s);
	REQUIRE(s != NULL);
	s->id = "head";
	s->io_bytes = 4096;
	s->max_seconds = 600;
	s->n_regions = 1;
	s->regions[0] = (struct region){ .size_below = UINT64_MAX, .n_combs = 1, .label = "" };
	s->regions[0].combs[0] = (struct comb){ .start = bytes(0),
		.length = bytes(4096),
		.stride = bytes(MIB),
		.until = bytes(0),
		.n_teeth = 512 };
	struct manifest_file f = {
		.name = "a.mdf", .size_bytes = 12 * GIB, .flags = MANIFEST_SPARSE
	};
	struct manifest m = { .files = &f, .n_files = 1 };
	struct drill_budget b;
	REQUIRE_OK(budget_compute(s, &m, 40, &b, &e), e);
	CHECK_INT(b.bytes_changed, 512 * 4096);
	CHECK_INT(b.largest_file_bytes, 12 * GIB);
	CHECK(b.n_bytes < 8 * MIB + 512 * 3 * 4096 + MIB);
	struct manifest_run run = { .first = 0, .n = 16 };
	f.runs = &run;
	f.n_runs = 1;
	REQUIRE_OK(budget_compute(s, &m, 40, &b, &e), e);
	CHECK_INT(b.bytes_planted, 16 * 4096);
	free(s);
}

static struct pool *shipped(const char *id, struct scenario **out)
{
	struct error e = ERROR_NONE;
	struct pool *pool = pool_new(64 * MIB);
	REQUIRE(pool != NULL);
	*out = pool_take(pool, 1, sizeof **out);
	REQUIRE(*out != NULL);
	REQUIRE_OK(scenario_find(NULL, id, pool, *out, &e), e);
	return pool;
}

static void plan_of(const struct scenario *s, uint32_t n_decoys, uint64_t seed, struct pool *pool,
	struct manifest *out)
{
	struct error e = ERROR_NONE;
	struct dice d;
	dice_init(&d, seed);
	struct corpus_request r = { .scenario = s, .n_decoys = n_decoys };
	REQUIRE_OK(corpus_plan(&r, &d, pool, out, &e), e);
}

TEST(every_shipped_scenario_fits_its_own_limits_with_its_own_decoys)
{
	struct error e = ERROR_NONE;
	const char **ids;
	size_t n;
	AUTO(pool_free) struct pool *names = pool_new(MIB);
	REQUIRE_OK(scenario_ids(NULL, names, &ids, &n, &e), e);
	for (size_t i = 0; i < n; i++) {
		struct scenario *s;
		struct manifest m;
		struct drill_budget b;
		AUTO(pool_free) struct pool *pool = shipped(ids[i], &s);
		plan_of(s, s->n_decoys, i, pool, &m);
		REQUIRE_OK(budget_compute(s, &m, s->rate_files_per_s, &b, &e), e);
		REQUIRE_OK(budget_check(s, &b, &e), e);
		CHECK(b.n_bytes < 2 * s->max_bytes / 3);
		CHECK(b.seconds >= (double)s->n_decoys / s->rate_files_per_s ||
			strcmp(s->id, "image-stripes") == 0);
	}
}

TEST(the_standard_drill_stays_near_what_is_promised)
{
	struct error e = ERROR_NONE;
	struct scenario *s;
	struct manifest m;
	struct drill_budget b;
	AUTO(pool_free) struct pool *pool = shipped("standard", &s);
	plan_of(s, s->n_decoys, 1, pool, &m);
	REQUIRE_OK(budget_compute(s, &m, 40, &b, &e), e);
	CHECK_INT(b.n_decoys, s->n_decoys + s->n_size_classes);
	CHECK(b.bytes_planted < 800 * MIB);
	CHECK(b.n_bytes < GIB);
	CHECK(b.seconds >= 60 && b.seconds <= 200);
	CHECK_INT(b.free_needed_bytes, b.n_bytes);
}

TEST(what_does_not_fit_is_refused_and_the_limit_named)
{
	struct error e = ERROR_NONE;
	struct scenario *s;
	struct manifest m;
	struct drill_budget b;
	AUTO(pool_free) struct pool *pool = shipped("quick", &s);
	plan_of(s, 240, 1, pool, &m);
	REQUIRE_OK(budget_compute(s, &m, 40, &b, &e), e);
	REQUIRE_OK(budget_check(s, &b, &e), e);

	struct drill_budget exact = b;
	s->max_files = b.n_files;
	s->max_bytes = b.n_bytes;
	REQUIRE_OK(budget_check(s, &exact, &e), e);
	s->max_files = b.n_files - 1;
	CHECK_INT(budget_check(s, &exact, &e), E_INVALID);
	CHECK(strstr(e.text, "max_files of 'quick'") != NULL);
	s->max_files = b.n_files;
	s->max_bytes = b.n_bytes - 1;
	CHECK_INT(budget_check(s, &exact, &e), E_INVALID);
	CHECK(strstr(e.text, "max_bytes of 'quick'") != NULL);

	CHECK_INT(budget_compute(s, &m, 0.5, &b, &e), E_INVALID);
	CHECK(strstr(e.text, "take longer than max_seconds of 'quick', 300") != NULL);
	CHECK_INT(budget_compute(s, &m, -1, &b, &e), E_INVALID);
	CHECK_INT(budget_compute(s, &m, 0.0 / 0.0, &b, &e), E_INVALID);
	REQUIRE_OK(budget_compute(s, &m, 0, &b, &e), e);
	CHECK(b.seconds > 0 && b.seconds <= s->max_seconds);
}

TEST(a_plan_that_cannot_be_bounded_is_refused)
{
	struct error e = ERROR_NONE;
	struct scenario *s;
	struct drill_budget b = { .n_files = 77 };
	AUTO(pool_free) struct pool *pool = shipped("copy-then-destroy", &s);
	struct manifest_file files[2] = { { .name = "a.txt", .size_bytes = UINT64_MAX },
		{ .name = "b.txt", .size_bytes = 1 } };
	struct manifest m = { .files = files, .n_files = 2 };
	CHECK_INT(budget_compute(s, &m, 0, &b, &e), E_INVALID);
	struct manifest_file many[40];
	for (size_t i = 0; i < COUNT_OF(many); i++)
		many[i] = (struct manifest_file){ .name = "a.txt", .size_bytes = 1ULL << 60 };
	m = (struct manifest){ .files = many, .n_files = COUNT_OF(many) };
	CHECK_INT(budget_compute(s, &m, 0, &b, &e), E_INVALID);
	CHECK_TEXT(e.text, "the plan of 'copy-then-destroy' is too large to be bounded");
	CHECK_INT(b.n_files, 77);
}

TEST(free_space_is_kept_for_the_host)
{
	struct error e = ERROR_NONE;
	struct drill_budget b = { .free_needed_bytes = 100 * MIB, .n_files = 10, .n_folders = 2 };
	struct file_system fs = {
		.total_bytes = 10 * GIB, .free_bytes = GIB + 100 * MIB, .free_inodes = 12
	};
	REQUIRE_OK(budget_fit(&b, &fs, &e), e);
	CHECK_INT(b.free_kept_bytes, GIB);
	fs.free_bytes--;
	CHECK_INT(budget_fit(&b, &fs, &e), E_NO_SPACE);
	fs.total_bytes = 100 * GIB;
	fs.free_bytes = 5 * GIB + 100 * MIB;
	REQUIRE_OK(budget_fit(&b, &fs, &e), e);
	CHECK_INT(b.free_kept_bytes, 5 * GIB);
	fs.free_bytes = 5 * GIB - 1;
	CHECK_INT(budget_fit(&b, &fs, &e), E_NO_SPACE);
	CHECK_TEXT(e.text,
		"the drill needs 101 MiB and keeps 5120 MiB free, but only 5119 MiB are free");
	fs.free_bytes = 50 * GIB;
	fs.free_inodes = 11;
	CHECK_INT(budget_fit(&b, &fs, &e), E_NO_SPACE);
	fs.free_inodes = 0; /* btrfs does not count them */
	REQUIRE_OK(budget_fit(&b, &fs, &e), e);
}
