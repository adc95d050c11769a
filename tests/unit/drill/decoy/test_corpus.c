/*
 * The plan of a planting, over many seeds: names, depths, sizes, kinds, further generations.
 */
#include "base/clock.h"
#include "base/fault.h"
#include "drill/decoy/corpus.h"
#include "sys/file.h"
#include "tests/lib/test.h"

#include <stdio.h>
#include <string.h>

enum { SEEDS = 60 };
#define CEILING (256 * MIB)
#define DAY_NS (86400 * NS_PER_S)
#define MORNING_NS (1764000000LL * NS_PER_S)

static const struct scenario plain = { .id = "plain" };

static void plan(
	const struct scenario *s, uint32_t n, uint64_t seed, struct pool *p, struct manifest *m)
{
	struct dice d;
	struct error e = ERROR_NONE;
	dice_init(&d, seed);
	REQUIRE_OK(corpus_plan(&(struct corpus_request){ s, n, 0, MORNING_NS, NULL }, &d, p, m, &e),
		e);
}

/* With an id and an arena a plan must be a manifest that can be kept. */
static void check_keepable(struct manifest *m)
{
	struct error e = ERROR_NONE;
	AUTO_BUF struct buf bytes;
	buf_init(&bytes, MANIFEST_BYTES_MAX);
	memcpy(m->id, "a", 2);
	m->arena = "/arena";
	REQUIRE_OK(manifest_write(m, &bytes, &e), e);
}

TEST(a_plan_is_repeatable_from_its_seed)
{
	AUTO(pool_free) struct pool *p = pool_new(CEILING);
	struct manifest a;
	struct manifest b;
	struct manifest c;
	plan(&plain, 300, 1, p, &a);
	plan(&plain, 300, 1, p, &b);
	plan(&plain, 300, 2, p, &c);
	check_keepable(&a);
	check_keepable(&b);
	check_keepable(&c);
	CHECK(digest_equal(&a.hash, &b.hash));
	CHECK(!digest_equal(&a.hash, &c.hash));
}

TEST(every_plan_can_be_kept_and_holds_the_number_asked_for)
{
	static const uint32_t counts[] = { 1, 2, 7, 60, 499, 2400 };
	for (size_t i = 0; i < COUNT_OF(counts); i++)
		for (uint64_t seed = 0; seed < 10; seed++) {
			AUTO(pool_free) struct pool *p = pool_new(CEILING);
			struct manifest m;
			plan(&plain, counts[i], seed, p, &m);
			check_keepable(&m);
			CHECK_INT(m.n_files, counts[i]);
			CHECK_INT(m.n_generations, 1);
			CHECK_INT(m.generations[0].n_files, counts[i]);
			CHECK_INT(m.generations[0].planted_ns, MORNING_NS);
		}
}

struct sums {
	uint64_t n_small, n_big, small_bytes, low_bytes, all_bytes;
};

static void add_up(const struct manifest *m, struct sums *s)
{
	for (uint32_t i = 0; i < m->n_files; i++) {
		const struct manifest_file *f = &m->files[i];
		bool big = f->size_bytes >= 512 * KIB;
		CHECK(f->size_bytes <= 8 * MIB);
		CHECK(f->size_bytes >= 2 * KIB);
		CHECK(f->size_bytes >= decoy_min_bytes(f->kind));
		CHECK((f->flags & MANIFEST_SPARSE) == 0);
		CHECK(((f->flags & MANIFEST_LOW_ENTROPY) != 0) == decoy_is_low_entropy(f->kind));
		s->n_big += big;
		s->n_small += !big;
		s->small_bytes += big ? 0 : f->size_bytes;
		s->low_bytes += decoy_is_low_entropy(f->kind) ? f->size_bytes : 0;
		s->all_bytes += f->size_bytes;
	}
}

TEST(small_files_average_64_kib_and_one_in_twenty_is_big)
{
	for (uint64_t seed = 0; seed < SEEDS; seed++) {
		AUTO(pool_free) struct pool *p = pool_new(CEILING);
		struct manifest m;
		struct sums s = { 0 };
		plan(&plain, 2400, seed, p, &m);
		add_up(&m, &s);
		CHECK_INT(s.n_big, 120);
		double mean = (double)s.small_bytes / (double)s.n_small;
		CHECK(mean > 63 * 1024 && mean < 65 * 1024);
		CHECK(s.all_bytes < 700 * 1000 * 1000ULL);
	}
}

TEST(sizes_are_skewed_as_in_real_trees)
{
	AUTO(pool_free) struct pool *p = pool_new(CEILING);
	struct manifest m;
	plan(&plain, 2400, 3, p, &m);
	uint32_t below_32 = 0;
	uint32_t above_160 = 0;
	for (uint32_t i = 0; i < m.n_files; i++) {
		below_32 += m.files[i].size_bytes < 32 * KIB;
		above_160 += m.files[i].size_bytes > 160 * KIB;
	}
	CHECK(below_32 > 900);
	CHECK(above_160 > 240);
}

TEST(at_least_half_of_the_bytes_are_of_low_entropy_whatever_the_seed)
{
	static const uint32_t counts[] = { 1, 3, 20, 61, 400, 2400 };
	for (size_t i = 0; i < COUNT_OF(counts); i++)
		for (uint64_t seed = 0; seed < SEEDS; seed++) {
			AUTO(pool_free) struct pool *p = pool_new(CEILING);
			struct manifest m;
			struct sums s = { 0 };
			plan(&plain, counts[i], seed, p, &m);
			add_up(&m, &s);
			CHECK(2 * s.low_bytes >= s.all_bytes);
		}
}

TEST(every_kind_but_disk_images_occurs_in_a_standard_plan)
{
	AUTO(pool_free) struct pool *p = pool_new(CEILING);
	struct manifest m;
	uint32_t n_of[DECOY_KINDS] = { 0 };
	plan(&plain, 2400, 4, p, &m);
	for (uint32_t i = 0; i < m.n_files; i++)
		n_of[m.files[i].kind]++;
	for (unsigned kind = 0; kind < DECOY_KINDS; kind++)
		if (kind != DECOY_IMAGE && kind != DECOY_DATABASE)
			CHECK(n_of[kind] > 0);
}

static uint32_t depth_of(const struct manifest *m, uint32_t folder)
{
	uint32_t depth = 0;
	for (; folder != FOLDER_ROOT; folder = m->folders[folder].parent)
		depth++;
	return depth;
}

static bool has_chinese(const char *name)
{
	for (; *name != '\0'; name++)
		if ((unsigned char)*name >= 0x80)
			return true;
	return false;
}

TEST(files_lie_two_to_six_deep_under_chinese_and_english_names)
{
	for (uint64_t seed = 0; seed < 10; seed++) {
		AUTO(pool_free) struct pool *p = pool_new(CEILING);
		struct manifest m;
		uint32_t at_depth[8] = { 0 };
		uint32_t n_chinese = 0;
		plan(&plain, 2400, seed, p, &m);
		for (uint32_t i = 0; i < m.n_files; i++) {
			uint32_t depth = depth_of(&m, m.files[i].folder) + 1;
			REQUIRE(depth >= 2 && depth <= 6);
			at_depth[depth]++;
			n_chinese += has_chinese(m.files[i].name);
			CHECK(strlen(m.files[i].name) <= 160);
			CHECK(file_is_single_name(view_of(m.files[i].name)));
		}
		for (uint32_t depth = 2; depth <= 6; depth++)
			CHECK(at_depth[depth] > 0);
		CHECK(n_chinese > 600 && n_chinese < 1800);
		CHECK(m.n_folders >= 150 && m.n_folders <= 400);
	}
}

TEST(names_end_in_the_extension_of_their_kind)
{
	AUTO(pool_free) struct pool *p = pool_new(CEILING);
	struct manifest m;
	plan(&plain, 500, 5, p, &m);
	for (uint32_t i = 0; i < m.n_files; i++) {
		char type[16];
		CHECK(view_is(manifest_type(&m.files[i], type), decoy_extension(m.files[i].kind)));
	}
}

TEST(each_size_class_gets_a_file_and_large_ones_are_sparse)
{
	static const uint64_t sizes[] = { 0, 1, 16, 17, 4095, 4096, 1048575, 1048576, 8388608,
		8388609, 104857600, 12884901889ULL, 57000000, 700, 20000, 20000 };
	static const char *const types[COUNT_OF(sizes)] = { [10] = "mdf",
		[11] = "vmdk",
		[12] = "docx",
		[13] = "pdf",
		[14] = "mdf",
		[15] = "xlsx" };
	static struct scenario s = { .id = "classes", .n_size_classes = COUNT_OF(sizes) };
	memcpy(s.size_classes, sizes, sizeof sizes);
	memcpy(s.size_class_types, types, sizeof types);
	AUTO(pool_free) struct pool *p = pool_new(CEILING);
	struct manifest m;
	plan(&s, 40, 6, p, &m);
	check_keepable(&m);
	REQUIRE(m.n_files == 40 + COUNT_OF(sizes));
	uint64_t on_disk = 0;
	for (size_t i = 0; i < COUNT_OF(sizes); i++) {
		const struct manifest_file *f = &m.files[40 + i];
		char type[16];
		CHECK_INT(f->size_bytes, sizes[i]);
		CHECK((f->flags & MANIFEST_SIZE_CLASS) != 0);
		CHECK(((f->flags & MANIFEST_SPARSE) != 0) == (sizes[i] > 8 * MIB));
		CHECK(f->size_bytes >= decoy_min_bytes(f->kind));
		if (types[i] != NULL)
			CHECK(view_is(manifest_type(f, type), types[i]));
		if ((f->flags & MANIFEST_SPARSE) != 0) {
			CHECK(f->kind == DECOY_IMAGE || f->kind == DECOY_DATABASE);
			on_disk += decoy_disk_bytes(f);
		}
	}
	CHECK(on_disk < 8 * MIB);
}

/* Rules by type must not catch a file that is there for a rule by size. */
TEST(a_size_class_without_a_type_avoids_the_types_that_have_rules)
{
	static struct scenario s = { .id = "rules",
		.n_regions = 1,
		.n_size_classes = 2,
		.size_classes = { 1000, 100 * MIB } };
	s.regions[0].types[0] = "txt";
	s.regions[0].types[1] = "img";
	s.regions[0].n_types = 2;
	AUTO(pool_free) struct pool *p = pool_new(CEILING);
	struct manifest m;
	char type[16];
	plan(&s, 10, 1, p, &m);
	CHECK(!view_is(manifest_type(&m.files[10], type), "txt"));
	CHECK(!view_is(manifest_type(&m.files[11], type), "img"));
}

static void plan_further(const struct manifest *so_far, uint32_t n, int64_t wall_ns, struct pool *p,
	struct manifest *m)
{
	struct dice d;
	struct error e = ERROR_NONE;
	dice_init(&d, so_far->n_files);
	REQUIRE_OK(corpus_plan(&(struct corpus_request){ &plain, n, so_far->n_generations, wall_ns,
				       so_far },
			   &d, p, m, &e),
		e);
}

TEST(a_further_generation_keeps_the_old_and_adds_a_dated_branch)
{
	AUTO(pool_free) struct pool *p = pool_new(CEILING);
	struct manifest first;
	struct manifest second;
	struct manifest third;
	plan(&plain, 200, 1, p, &first);
	for (uint32_t i = 0; i < first.n_files; i++)
		first.files[i].inode = 100 + i;
	check_keepable(&first);
	plan_further(&first, 50, MORNING_NS + DAY_NS, p, &second);
	check_keepable(&second);
	CHECK_INT(second.n_files, 250);
	CHECK_INT(second.n_generations, 2);
	CHECK_INT(second.generations[1].n_files, 50);
	CHECK_INT(second.files[199].inode, 299);
	CHECK_TEXT(second.folders[first.n_folders].name, "归档_2025-11-25");
	for (uint32_t i = 200; i < 250; i++) {
		uint32_t top = second.files[i].folder;
		CHECK_INT(second.files[i].inode, 0);
		CHECK_INT(second.files[i].generation, 1);
		CHECK(depth_of(&second, top) + 1 <= 6);
		while (second.folders[top].parent != FOLDER_ROOT)
			top = second.folders[top].parent;
		CHECK_INT(top, first.n_folders);
	}
	/* Twice on one day: another branch. */
	plan_further(&second, 10, MORNING_NS + DAY_NS, p, &third);
	CHECK_TEXT(third.folders[second.n_folders].name, "归档_2025-11-25_2");
}

TEST(four_hundred_generations_fit_and_one_more_does_not)
{
	AUTO(pool_free) struct pool *p = pool_new(3 * GIB);
	struct manifest m;
	plan(&plain, 500, 1, p, &m);
	for (int i = 1; i < MANIFEST_GENERATIONS_MAX; i++)
		plan_further(&m, 10, MORNING_NS + i * DAY_NS, p, &m);
	check_keepable(&m);
	struct dice d;
	struct error e = ERROR_NONE;
	dice_init(&d, 1);
	CHECK_INT(corpus_plan(&(struct corpus_request){ &plain, 10, MANIFEST_GENERATIONS_MAX,
				      MORNING_NS, &m },
			  &d, p, &m, &e),
		E_TOO_BIG);
}

TEST(a_plan_that_cannot_be_is_refused)
{
	AUTO(pool_free) struct pool *p = pool_new(CEILING);
	struct manifest m;
	struct dice d;
	struct error e = ERROR_NONE;
	dice_init(&d, 1);
	CHECK_INT(corpus_plan(&(struct corpus_request){ &plain, 0, 0, 0, NULL }, &d, p, &m, &e),
		E_INVALID);
	CHECK_INT(corpus_plan(&(struct corpus_request){ &plain, 10, 1, 0, NULL }, &d, p, &m, &e),
		E_INVALID);
	CHECK_INT(
		corpus_plan(&(struct corpus_request){ &plain, MANIFEST_FILES_MAX + 1, 0, 0, NULL },
			&d, p, &m, &e),
		E_TOO_BIG);
	CHECK_INT(corpus_plan(&(struct corpus_request){ &plain, UINT32_MAX, 0, 0, NULL }, &d, p, &m,
			  &e),
		E_TOO_BIG);
}

TEST(the_largest_plan_still_finds_names)
{
	AUTO(pool_free) struct pool *p = pool_new(CEILING);
	struct manifest m;
	plan(&plain, MANIFEST_FILES_MAX, 1, p, &m);
	CHECK_INT(m.n_files, MANIFEST_FILES_MAX);
	check_keepable(&m);
}

#ifdef TOCSIN_FAULTS
TEST(memory_may_fail_at_any_point)
{
	bool went_well = false;
	for (long nth = 1; nth < 1000 && !went_well; nth++) {
		AUTO(pool_free) struct pool *p = pool_new(CEILING);
		struct manifest m;
		struct dice d;
		struct error e = ERROR_NONE;
		dice_init(&d, 1);
		fault_arm("pool_take", nth);
		enum status status =
			corpus_plan(&(struct corpus_request){ &plain, 900, 0, MORNING_NS, NULL },
				&d, p, &m, &e);
		fault_disarm();
		went_well = status == OK;
		CHECK(status == OK || status == E_NO_SPACE);
	}
	CHECK(went_well);
}
#endif
