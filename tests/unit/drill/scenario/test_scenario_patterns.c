/*
 * The shipped patterns against a second, plain statement of each: written from the published
 * shapes, without combs, compared extent by extent at every limit and one byte to either side of
 * it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "drill/decoy/corpus.h"
#include "drill/scenario/scenario.h"
#include "tests/lib/test.h"

enum { STRETCHES_MAX = 600000, LIMITS_MAX = 24, TYPES_MAX = 8 };

/* What a pattern changes in one file, in any order, overlapping or not. */
struct stretches {
	struct extent *x;
	size_t n;
	uint64_t size;
};

static void change(struct stretches *s, uint64_t from, uint64_t len)
{
	if (from >= s->size || len == 0)
		return;
	if (len > s->size - from)
		len = s->size - from;
	REQUIRE(s->n < STRETCHES_MAX);
	s->x[s->n++] = (struct extent){ from, len };
}

static void change_every(
	struct stretches *s, uint64_t from, uint64_t len, uint64_t step, uint64_t stop)
{
	for (uint64_t at = from; at < s->size && at < stop; at += step)
		change(s, at, at + len > stop ? stop - at : len);
}

static bool is_one_of(const char *type, const char *list)
{
	char padded[300];
	char word[32];
	(void)snprintf(padded, sizeof padded, " %s ", list);
	(void)snprintf(word, sizeof word, " %s ", type);
	return strstr(padded, word) != NULL;
}

/* --- the patterns, one by one --------------------------------------------------------------------
 */

#define FOREVER UINT64_MAX

static void header_one_chunk(struct stretches *s, const char *type)
{
	static const uint64_t below[] = { 1 * MIB, 6 * MIB, 50 * MIB, 100 * MIB, 500 * MIB, 2 * GIB,
		12 * GIB, UINT64_MAX };
	static const uint64_t chunks[] = { 2, 4, 16, 32, 64, 128, 256, 512 };
	if (!is_one_of(type, "mdf sql zip")) {
		change(s, 0, 4096);
		return;
	}
	size_t class = 0;
	while (s->size >= below[class])
		class ++;
	for (uint64_t i = 0; i < chunks[class]; i++)
		change(s, i * MIB, 4096);
}

static void three_chunk_percent(struct stretches *s, const char *type)
{
	(void)type;
	if (s->size < 17)
		return;
	if (s->size <= MIB) {
		change(s, 0, s->size);
		return;
	}
	uint64_t chunk = s->size * 9 / 100 < MIB ? s->size * 9 / 100 : MIB;
	for (uint64_t i = 0; i < 3; i++)
		change(s, i * (s->size * 455 / 1000), chunk);
}

static void size_class(struct stretches *s, const char *type)
{
	if (is_one_of(type, "mdf sql")) {
		change(s, 0, s->size);
	} else if (is_one_of(type, "vmdk") && s->size >= MIB) {
		for (uint64_t i = 0; i < 5; i++)
			change(s, i * (s->size * 225 / 1000), s->size / 10);
	} else if (s->size < MIB) {
		change(s, 0, s->size);
	} else if (s->size <= 5 * MIB) {
		change(s, 0, MIB);
	} else {
		for (uint64_t i = 0; i < 3; i++)
			change(s, i * (s->size * 465 / 1000), s->size * 7 / 100);
	}
}

static void three_regions(struct stretches *s, const char *type)
{
	(void)type;
	if (s->size < 41943040) {
		change(s, 0, s->size);
		return;
	}
	change(s, 0, 10485760);
	change(s, s->size / 3, 10485760);
	change(s, s->size / 3 * 2, 10485760);
}

static void mode_switch(struct stretches *s, const char *type)
{
	if (is_one_of(type, "pdf docx zip"))
		change(s, 0, MIB);
	else if (is_one_of(type, "sql bmp mdf vmdk"))
		change_every(s, 0, MIB, 4 * MIB, FOREVER);
	else
		change(s, 0, s->size);
}

static void block_mode(struct stretches *s, const char *type)
{
	if (is_one_of(type, "pdf docx zip"))
		change(s, 0, 512 * KIB);
	else if (is_one_of(type, "sql bmp mdf vmdk"))
		change_every(s, 0, 512 * KIB, 512 * KIB + s->size * 5 / 100, FOREVER);
	else
		change(s, 0, s->size);
}

static void first_mib(struct stretches *s, const char *type)
{
	uint64_t gap = 2 * MIB;
	if (!is_one_of(type, "mdf edb accdb")) {
		change(s, 0, MIB);
		return;
	}
	if (s->size >= 16 * MIB)
		gap = 16 * MIB;
	if (s->size >= 128 * MIB)
		gap = 128 * MIB;
	if (s->size >= GIB)
		gap = GIB;
	change_every(s, 0, MIB, MIB + gap, FOREVER);
}

static void first_and_last(struct stretches *s, const char *type)
{
	uint64_t n = 2;
	if (is_one_of(type, "log vmdk wav") && s->size >= MIB) {
		change_every(s, 0, MIB, 2 * MIB, FOREVER);
		return;
	}
	if (s->size <= 5 * MIB) {
		change(s, 0, s->size);
		return;
	}
	if (s->size >= GIB)
		n = 3;
	if (s->size >= 10 * GIB)
		n = 5;
	for (uint64_t i = 0; i + 1 < n; i++)
		change(s, s->size / (n - 1) * i, MIB);
	change(s, s->size - MIB, MIB);
}

static void percent_from_start(struct stretches *s, const char *type)
{
	(void)type;
	change(s, 0, s->size / 10);
}

static void capped_head(struct stretches *s, const char *type)
{
	(void)type;
	change(s, 0, 64 * MIB);
}

static void alternate_16(struct stretches *s, const char *type)
{
	if (is_one_of(type, "pdf docx zip"))
		change(s, 0, s->size);
	else
		change_every(s, 0, 16, 32, 8 * MIB);
}

static void rename_first(struct stretches *s, const char *type)
{
	(void)type;
	for (uint64_t i = 0; i < 3; i++)
		change(s, i * 512 * KIB, 512 * KIB);
}

static void small_dots(struct stretches *s, const char *type)
{
	if (is_one_of(type, "csv sql docx")) {
		if (s->size < 704)
			change(s, 0, s->size);
		else
			change_every(s, 0, 64, 192, 8 * MIB);
		return;
	}
	if (s->size < 5000) {
		change(s, 0, s->size);
		return;
	}
	bool is_large = s->size > 1000000000;
	if (is_large)
		change(s, 0, 5000);
	change_every(s, is_large ? 5000 : 0, 64, 256, 8 * MIB);
}

static void operator_percent(struct stretches *s, const char *type)
{
	bool five = is_one_of(type, "pdf docx bmp vmdk mdf");
	for (uint64_t i = 0; i < 10; i++)
		change(s, i * (s->size / 10), five ? s->size / 200 : s->size / 20);
}

static void three_modes(struct stretches *s, const char *type)
{
	if (is_one_of(type, "sql bmp mdf vmdk"))
		change_every(s, 0, MIB, 3 * MIB, FOREVER);
	else if (is_one_of(type, "txt csv docx log"))
		change(s, 0, s->size / 5);
	else
		change(s, 0, MIB);
}

static void named_modes(struct stretches *s, const char *type)
{
	if (is_one_of(type, "pdf docx")) {
		change(s, 0, 32 * KIB);
	} else if (is_one_of(type, "bmp wav")) {
		change_every(s, 0, 16 * KIB, 64 * KIB, FOREVER);
	} else if (is_one_of(type, "sql log")) {
		change(s, 0, 32 * KIB);
		for (uint64_t i = 0; i < 9; i++)
			change(s, s->size / 10 + i * (s->size / 10), s->size / 50);
	} else if (is_one_of(type, "mdf")) {
		change(s, 0, 32 * KIB);
		for (uint64_t i = 0; i < 4; i++)
			change(s, s->size / 3 + i * (s->size * 16 / 100), s->size / 100);
	} else if (is_one_of(type, "vmdk zip") && s->size >= 10 * MIB) {
		change_every(s, 0, MIB, 10 * MIB, FOREVER);
	} else {
		change(s, 0, s->size);
	}
}

static void copy_then_destroy(struct stretches *s, const char *type)
{
	(void)type;
	change(s, 0, s->size);
}

static void big_file_blocks(struct stretches *s, const char *type)
{
	(void)type;
	if (s->size <= 57000000)
		change(s, 0, s->size);
	else
		change_every(s, 0, 1000000, 2000000, 256000000);
}

static void image_stripes(struct stretches *s, const char *type)
{
	if (!is_one_of(type, "vmdk vmem"))
		return;
	if (s->size < 128 * MIB)
		change(s, 0, s->size);
	else if (is_one_of(type, "vmem"))
		change_every(s, 0, MIB, 2 * MIB, FOREVER);
	else
		change_every(s, 0, MIB, MIB + s->size / 100, FOREVER);
}

static void tiny_read_new_file(struct stretches *s, const char *type)
{
	(void)type;
	change(s, 0, MIB);
}

struct pattern {
	const char *id;
	void (*restate)(struct stretches *s, const char *type);
	uint64_t limits[LIMITS_MAX];
	const char *types[TYPES_MAX];
	enum scenario_write write;
	enum scenario_rename rename;
	uint32_t footer; /* as published; 0 where it is not */
};
static const struct pattern patterns[] = {
	{ "header-one-chunk", header_one_chunk,
		{ 4096, MIB, 6 * MIB, 50 * MIB, 100 * MIB, 500 * MIB, 2 * GIB, 12 * GIB },
		{ "txt", "mdf", "zip", "sql" }, WRITE_IN_PLACE, RENAME_BEFORE, 0 },
	{ "three-chunk-percent", three_chunk_percent, { 16, 17, MIB, 11650845, 12213386 },
		{ "txt", "mdf" }, WRITE_IN_PLACE, RENAME_BEFORE, 92 },
	{ "size-class", size_class, { MIB, 5 * MIB, 100 * MIB }, { "txt", "mdf", "vmdk", "sql" },
		WRITE_IN_PLACE, RENAME_AFTER, 0 },
	{ "three-regions", three_regions, { 41943040, 31457280, 200 * MIB }, { "txt" },
		WRITE_IN_PLACE_MMAP, RENAME_AFTER, 0 },
	{ "mode-switch", mode_switch, { MIB, 4 * MIB, 5 * MIB, 100 * MIB },
		{ "txt", "pdf", "zip", "sql", "mdf", "vmdk" }, WRITE_IN_PLACE, RENAME_AFTER, 232 },
	{ "block-mode", block_mode, { 512 * KIB, MIB, 10 * MIB, 100 * MIB },
		{ "txt", "pdf", "sql", "mdf", "vmdk" }, WRITE_IN_PLACE, RENAME_AFTER, 144 },
	{ "first-mib", first_mib, { MIB, 3 * MIB, 16 * MIB, 128 * MIB, GIB, GIB + MIB },
		{ "txt", "mdf", "edb", "accdb" }, WRITE_IN_PLACE, RENAME_BEFORE, 132 },
	{ "first-and-last", first_and_last, { MIB, 2 * MIB, 5 * MIB, GIB, 10 * GIB },
		{ "txt", "log", "vmdk", "dat" }, WRITE_IN_PLACE, RENAME_AFTER, 1064 },
	{ "percent-from-start", percent_from_start, { 10, 20, 20480, 8 * MIB }, { "txt" },
		WRITE_IN_PLACE, RENAME_AFTER, 0 },
	{ "capped-head", capped_head, { 64 * MIB, 256 * MIB }, { "txt", "dat" }, WRITE_IN_PLACE,
		RENAME_AFTER, 313 },
	{ "alternate-16", alternate_16, { 16, 32, 48, 8 * MIB, 9 * MIB }, { "txt", "pdf", "dat" },
		WRITE_IN_PLACE_MMAP, RENAME_AFTER, 0 },
	{ "rename-first", rename_first, { 512 * KIB, MIB, 1536 * KIB, 8 * MIB }, { "txt" },
		WRITE_IN_PLACE, RENAME_BEFORE, 0 },
	{ "small-dots", small_dots, { 64, 192, 256, 704, 5000, 8 * MIB, 1000000000 },
		{ "csv", "txt", "dat", "sql" }, WRITE_IN_PLACE, RENAME_AFTER, 0 },
	{ "operator-percent", operator_percent, { 20, 200, 1000, 8 * MIB },
		{ "txt", "pdf", "vmdk" }, WRITE_IN_PLACE, RENAME_AFTER, 0 },
	{ "three-modes", three_modes, { MIB, 3 * MIB, 4 * MIB, 30 * MIB },
		{ "txt", "sql", "mdf", "zip", "dat" }, WRITE_IN_PLACE, RENAME_AFTER, 0 },
	{ "named-modes", named_modes,
		{ 16 * KIB, 32 * KIB, 64 * KIB, 320 * KIB, 10 * MIB, 11 * MIB },
		{ "txt", "pdf", "wav", "sql", "mdf", "vmdk", "zip" }, WRITE_IN_PLACE, RENAME_AFTER,
		0 },
	{ "copy-then-destroy", copy_then_destroy, { 1, 256 * KIB, 8 * MIB }, { "txt", "pdf" },
		WRITE_NEW_OVERWRITE_UNLINK, RENAME_AFTER, 0 },
	{ "big-file-blocks", big_file_blocks, { 1000000, 57000000, 58000000, 256000000 }, { "txt" },
		WRITE_IN_PLACE, RENAME_AFTER, 0 },
	{ "image-stripes", image_stripes, { MIB, 128 * MIB, 129 * MIB, 256 * MIB },
		{ "vmdk", "vmem", "txt", "pdf" }, WRITE_IN_PLACE, RENAME_NONE, 0 },
	{ "tiny-read-new-file", tiny_read_new_file, { 10, 20, MIB, 8 * MIB }, { "txt", "dat" },
		WRITE_NEW_UNLINK, RENAME_AFTER, 0 },
};

/* --- comparing
 * ------------------------------------------------------------------------------------- */

static int by_offset(const void *a, const void *b)
{
	uint64_t x = ((const struct extent *)a)->offset;
	uint64_t y = ((const struct extent *)b)->offset;
	return x < y ? -1 : x > y;
}

static void merge(struct stretches *s)
{
	size_t kept = 0;
	qsort(s->x, s->n, sizeof *s->x, by_offset);
	for (size_t i = 0; i < s->n; i++) {
		struct extent *last = kept == 0 ? NULL : &s->x[kept - 1];
		uint64_t end = s->x[i].offset + s->x[i].len;
		if (last == NULL || s->x[i].offset > last->offset + last->len)
			s->x[kept++] = s->x[i];
		else if (end > last->offset + last->len)
			last->len = end - last->offset;
	}
	s->n = kept;
}

static void compare(const struct scenario *s, const struct pattern *p, struct stretches *wanted,
	uint64_t size, const char *type)
{
	*wanted = (struct stretches){ wanted->x, 0, size };
	p->restate(wanted, type);
	merge(wanted);
	const struct region *r = scenario_region(s, size, view_of(type));
	struct extent_walk w;
	struct extent x = { 0, 0 };
	uint64_t n_bytes = 0;
	uint64_t n_calls = 0;
	extent_walk_start(&w, r, size);
	for (size_t i = 0; i < wanted->n; i++) {
		bool got = extent_walk_next(&w, &x);
		if (!got || x.offset != wanted->x[i].offset || x.len != wanted->x[i].len) {
			test_fail(__FILE__, __LINE__,
				"%s %lu %s: extent %zu is %lu+%lu, wanted %lu+%lu", p->id,
				(unsigned long)size, type, i, (unsigned long)x.offset,
				(unsigned long)x.len, (unsigned long)wanted->x[i].offset,
				(unsigned long)wanted->x[i].len);
			test_end();
		}
		n_bytes += x.len;
		n_calls += (x.len + s->io_bytes - 1) / s->io_bytes;
	}
	if (extent_walk_next(&w, &x))
		test_fail(__FILE__, __LINE__, "%s %lu %s: one extent too many", p->id,
			(unsigned long)size, type);
	CHECK_INT(region_bytes(r, size), n_bytes);
	CHECK_INT(region_calls(r, size, s->io_bytes), n_calls);
}

static struct pool *find(const char *id, struct scenario **out)
{
	struct error e = ERROR_NONE;
	struct pool *pool = pool_new(16 * MIB);
	REQUIRE(pool != NULL);
	*out = pool_take(pool, 1, sizeof **out);
	REQUIRE(*out != NULL);
	REQUIRE_OK(scenario_find(NULL, id, pool, *out, &e), e);
	return pool;
}

TEST_WITHIN(each_pattern_changes_what_was_published_at_every_limit_and_beside_it, 120)
{
	static const uint64_t common[] = { 0, 1, 15, 63, 65537, 547174, 3000001, 8 * MIB };
	struct stretches wanted = { calloc(STRETCHES_MAX, sizeof(struct extent)), 0, 0 };
	REQUIRE(wanted.x != NULL);
	for (size_t i = 0; i < COUNT_OF(patterns); i++) {
		const struct pattern *p = &patterns[i];
		struct scenario *s;
		AUTO(pool_free) struct pool *pool = find(p->id, &s);
		for (size_t t = 0; t < TYPES_MAX && p->types[t] != NULL; t++) {
			for (size_t k = 0; k < LIMITS_MAX && p->limits[k] != 0; k++) {
				for (uint64_t size = p->limits[k] - 1; size <= p->limits[k] + 1;
					size++)
					compare(s, p, &wanted, size, p->types[t]);
			}
			for (size_t k = 0; k < COUNT_OF(common); k++)
				compare(s, p, &wanted, common[k], p->types[t]);
		}
	}
	free(wanted.x);
}

TEST(random_sizes_agree_as_well)
{
	struct dice d;
	dice_init(&d, 20);
	struct stretches wanted = { calloc(STRETCHES_MAX, sizeof(struct extent)), 0, 0 };
	REQUIRE(wanted.x != NULL);
	for (size_t i = 0; i < COUNT_OF(patterns); i++) {
		const struct pattern *p = &patterns[i];
		struct scenario *s;
		AUTO(pool_free) struct pool *pool = find(p->id, &s);
		for (int round = 0; round < 60; round++) {
			uint64_t size = dice_below(&d, 1ULL << dice_between(&d, 4, 24));
			size_t n_types = 0;
			while (n_types < TYPES_MAX && p->types[n_types] != NULL)
				n_types++;
			compare(s, p, &wanted, size, p->types[dice_below(&d, n_types)]);
		}
	}
	free(wanted.x);
}

TEST(write_mode_rename_and_footer_are_the_published_ones)
{
	for (size_t i = 0; i < COUNT_OF(patterns); i++) {
		const struct pattern *p = &patterns[i];
		struct scenario *s;
		AUTO(pool_free) struct pool *pool = find(p->id, &s);
		CHECK_INT(s->kind, SCENARIO_PATTERN);
		CHECK_INT(s->write, p->write);
		CHECK_INT(s->rename, p->rename);
		if (p->footer > 0)
			CHECK_INT(s->footer_bytes, p->footer);
		CHECK_TEXT(s->attack[0], "T1486");
		CHECK(strstr(s->source.en, "hape of ") != NULL);
		CHECK(s->note_place != NOTE_NONE);
	}
}

TEST(the_speeds_are_the_published_medians_where_there_are_any)
{
	static const struct {
		const char *id;
		double rate;
	} cases[] = { { "header-one-chunk", 281.6 }, { "three-regions", 250.2 },
		{ "big-file-blocks", 113.3 }, { "mode-switch", 67.7 }, { "first-mib", 38.2 },
		{ "block-mode", 36.6 }, { "size-class", 27.6 } };
	size_t n_measured = 0;
	for (size_t i = 0; i < COUNT_OF(patterns); i++) {
		struct scenario *s;
		AUTO(pool_free) struct pool *pool = find(patterns[i].id, &s);
		bool is_assumed = false;
		for (size_t k = 0; k < s->n_assumed; k++)
			is_assumed |= strcmp(s->assumed[k], "rate") == 0;
		for (size_t k = 0; k < COUNT_OF(cases); k++) {
			if (strcmp(cases[k].id, s->id) != 0)
				continue;
			CHECK(s->rate_files_per_s == cases[k].rate);
			CHECK(!is_assumed);
			n_measured++;
		}
		if (s->rate_files_per_s == 40)
			CHECK(is_assumed);
	}
	CHECK_INT(n_measured, COUNT_OF(cases));
}

/* --- what is planted
 * --------------------------------------------------------------------------------- */

static void plan_of(
	const struct scenario *s, uint32_t n_decoys, struct pool *pool, struct manifest *out)
{
	struct error e = ERROR_NONE;
	struct dice d;
	dice_init(&d, 11);
	struct corpus_request r = { .scenario = s, .n_decoys = n_decoys };
	REQUIRE_OK(corpus_plan(&r, &d, pool, out, &e), e);
}

static const char *const drills[] = { "standard", "quick", "fast-actor" };

static const char *id_at(size_t i)
{
	return i < COUNT_OF(patterns) ? patterns[i].id : drills[i - COUNT_OF(patterns)];
}

TEST(the_planted_size_classes_reach_every_branch)
{
	for (size_t i = 0; i < COUNT_OF(patterns) + COUNT_OF(drills); i++) {
		struct scenario *s;
		struct manifest m;
		AUTO(pool_free) struct pool *pool = find(id_at(i), &s);
		plan_of(s, 30, pool, &m);
		bool reached[SCENARIO_REGIONS_MAX] = { false };
		for (uint32_t k = 0; k < m.n_files; k++) {
			char type[16];
			struct view v = manifest_type(&m.files[k], type);
			const struct region *r = scenario_region(s, m.files[k].size_bytes, v);
			/* Ordinary decoys may come close, but only the planted classes are sure. */
			if (r != NULL && (m.files[k].flags & MANIFEST_SIZE_CLASS) != 0)
				reached[r - s->regions] = true;
		}
		for (size_t k = 0; k < s->n_regions; k++) {
			if (!reached[k] && !s->regions[k].skip)
				test_fail(__FILE__, __LINE__, "%s: no file reaches '%s'", s->id,
					s->regions[k].label);
		}
	}
}

TEST(no_single_planted_file_is_a_long_piece_of_work)
{
	for (size_t i = 0; i < COUNT_OF(patterns) + COUNT_OF(drills); i++) {
		struct scenario *s;
		struct manifest m;
		AUTO(pool_free) struct pool *pool = find(id_at(i), &s);
		plan_of(s, 600, pool, &m);
		for (uint32_t k = 0; k < m.n_files; k++) {
			char type[16];
			uint64_t size = m.files[k].size_bytes;
			const struct region *r =
				scenario_region(s, size, manifest_type(&m.files[k], type));
			struct region_sum sum = region_sum_of(r, size, s->io_bytes);
			/* Stores into a mapping are no calls. */
			uint64_t calls =
				s->write == WRITE_IN_PLACE_MMAP ? sum.n_calls / 4 : sum.n_calls;
			if (calls > 110000 || sum.n_bytes > 320 * MIB)
				test_fail(__FILE__, __LINE__,
					"%s: %lu bytes %s: %lu calls, %lu bytes", s->id,
					(unsigned long)size, type, (unsigned long)calls,
					(unsigned long)sum.n_bytes);
		}
	}
}

TEST(every_note_is_in_two_languages_and_says_whom_to_call)
{
	for (size_t i = 0; i < COUNT_OF(patterns) + COUNT_OF(drills); i++) {
		struct scenario *s;
		AUTO(pool_free) struct pool *pool = find(id_at(i), &s);
		CHECK(strstr(s->note_text.en, "emergency drill") != NULL);
		CHECK(strstr(s->note_text.en, "Call the contact") != NULL);
		CHECK(strstr(s->note_text.zh, "演练") != NULL);
		CHECK(strstr(s->note_text.zh, "联系电话") != NULL);
		/* The engine's frame is below 1 KiB and the whole note below 4 KiB. */
		CHECK(strlen(s->note_text.en) + strlen(s->note_text.zh) < 3000);
	}
}

TEST(the_drills_have_the_promised_size_and_speed)
{
	static const struct {
		const char *id;
		uint32_t n_decoys;
		double rate;
		enum scenario_kind kind;
	} cases[] = { { "standard", 2400, 40, SCENARIO_DRILL },
		{ "fast-actor", 3000, 282, SCENARIO_DRILL }, { "quick", 240, 40, SCENARIO_DRILL },
		{ "benign-twin", 2400, 40, SCENARIO_BENIGN } };
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct scenario *s;
		AUTO(pool_free) struct pool *pool = find(cases[i].id, &s);
		CHECK_INT(s->n_decoys, cases[i].n_decoys);
		CHECK(s->rate_files_per_s == cases[i].rate);
		CHECK_INT(s->kind, cases[i].kind);
	}
}
