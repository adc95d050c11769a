/*
 * The order of the steps, on manifests that lie on no disk.
 */
#include <string.h>

#include "base/random.h"
#include "drill/attack/emulate.h"
#include "tests/lib/test.h"

/*
 *  0 Desktop   1 archive   2 archive/2024   3 archive/2024/q1   4 财务   5 财务/合同  6 zoo
 * two files in each folder, two in the arena.
 */
static struct manifest_folder folders[] = {
	{ FOLDER_ROOT, "Desktop", 0 },
	{ FOLDER_ROOT, "archive", 0 },
	{ 1, "2024", 0 },
	{ 2, "q1", 0 },
	{ FOLDER_ROOT, "财务", 0 },
	{ 4, "月结", 0 },
	{ FOLDER_ROOT, "zoo", 0 },
};
static struct manifest_file files[16];

static struct manifest a_manifest(void)
{
	for (uint32_t i = 0; i < 16; i++)
		files[i] = (struct manifest_file){
			.folder = i < 14 ? i / 2 : FOLDER_ROOT, .name = "f", .size_bytes = 1
		};
	return (struct manifest){
		.folders = folders, .n_folders = 7, .files = files, .n_files = 16
	};
}

struct made {
	struct step *steps;
	size_t n;
};

/* What a test asks for; the rest of a scenario does not matter here. */
struct wish {
	enum scenario_order order;
	enum scenario_note_place note_place;
	uint32_t note_folders;
	bool probe_file;
};

static struct made make(const struct wish *w, uint64_t seed, struct pool *p)
{
	static struct scenario s;
	s.order = w->order;
	s.note_place = w->note_place;
	s.note_folders = w->note_folders;
	s.probe_file = w->probe_file;
	struct error e = ERROR_NONE;
	struct made m;
	static struct manifest manifest;
	manifest = a_manifest();
	REQUIRE_OK(order_make(&s, &manifest, seed, p, &m.steps, &m.n, &e), e);
	return m;
}

/* The folders in the order in which their files come, each once. */
static size_t folder_order(const struct made *m, uint32_t out[64])
{
	size_t n = 0;
	for (size_t i = 0; i < m->n; i++) {
		if (m->steps[i].kind != STEP_FILE)
			continue;
		uint32_t folder = files[m->steps[i].index].folder;
		if (n == 0 || out[n - 1] != folder)
			out[n++] = folder;
	}
	return n;
}

static size_t place(const uint32_t *order, size_t n, uint32_t folder)
{
	for (size_t i = 0; i < n; i++)
		if (order[i] == folder)
			return i;
	return SIZE_MAX;
}

static void check_each_file_once(const struct made *m)
{
	unsigned seen[16] = { 0 };
	for (size_t i = 0; i < m->n; i++)
		if (m->steps[i].kind == STEP_FILE)
			seen[m->steps[i].index]++;
	for (size_t i = 0; i < 16; i++)
		CHECK_INT(seen[i], 1);
}

static size_t count(const struct made *m, enum step_kind kind)
{
	size_t n = 0;
	for (size_t i = 0; i < m->n; i++)
		n += m->steps[i].kind == kind;
	return n;
}

TEST(every_order_meets_every_file_once)
{
	AUTO(pool_free) struct pool *p = pool_new(MIB);
	for (int order = ORDER_DEPTH_FIRST; order <= ORDER_PER_ROOT; order++)
		for (uint64_t seed = 0; seed < 20; seed++) {
			struct wish s = { .order = (enum scenario_order)order };
			struct made m = make(&s, seed, p);
			CHECK_INT(m.n, 16);
			check_each_file_once(&m);
		}
}

TEST(depth_first_finishes_a_folder_and_all_beneath_it_before_the_next)
{
	AUTO(pool_free) struct pool *p = pool_new(MIB);
	for (uint64_t seed = 0; seed < 20; seed++) {
		struct wish s = { .order = ORDER_DEPTH_FIRST };
		struct made m = make(&s, seed, p);
		uint32_t order[64];
		size_t n = folder_order(&m, order);
		CHECK_INT(n, 8);
		CHECK_INT(order[0], FOLDER_ROOT);
		CHECK_INT(place(order, n, 2), place(order, n, 1) + 1);
		CHECK_INT(place(order, n, 3), place(order, n, 2) + 1);
		CHECK_INT(place(order, n, 5), place(order, n, 4) + 1);
	}
}

TEST(breadth_first_goes_level_by_level)
{
	AUTO(pool_free) struct pool *p = pool_new(MIB);
	static const int depth[] = { 1, 1, 2, 3, 1, 2, 1 };
	for (uint64_t seed = 0; seed < 20; seed++) {
		struct wish s = { .order = ORDER_BREADTH_FIRST };
		struct made m = make(&s, seed, p);
		uint32_t order[64];
		size_t n = folder_order(&m, order);
		CHECK_INT(n, 8);
		for (size_t i = 2; i < n; i++)
			CHECK(depth[order[i]] >= depth[order[i - 1]]);
	}
}

TEST(important_folders_come_before_all_others)
{
	AUTO(pool_free) struct pool *p = pool_new(MIB);
	struct wish s = { .order = ORDER_IMPORTANT_FIRST };
	struct made m = make(&s, 5, p);
	uint32_t order[64];
	size_t n = folder_order(&m, order);
	CHECK(place(order, n, 0) < 3);
	CHECK(place(order, n, 4) < 3);
	CHECK(place(order, n, 5) < 3);
	CHECK(place(order, n, FOLDER_ROOT) >= 3);
}

TEST(one_walker_a_root_means_that_roots_take_turns)
{
	AUTO(pool_free) struct pool *p = pool_new(MIB);
	struct wish s = { .order = ORDER_PER_ROOT };
	struct made m = make(&s, 5, p);
	unsigned roots = 0;
	static const unsigned root_of[] = { 0, 1, 1, 1, 2, 2, 3 };
	for (size_t i = 0; i < 5; i++) {
		uint32_t folder = files[m.steps[i].index].folder;
		roots |= 1U << (folder == FOLDER_ROOT ? 4 : root_of[folder]);
	}
	CHECK_INT(roots, 31);
}

TEST(notes_and_probes_come_where_the_scenario_has_them)
{
	AUTO(pool_free) struct pool *p = pool_new(MIB);
	struct wish s = { .note_place = NOTE_EVERY_FOLDER, .probe_file = true };
	struct made m = make(&s, 1, p);
	CHECK_INT(count(&m, STEP_NOTE), 8);
	CHECK_INT(count(&m, STEP_PROBE), 8);
	CHECK(m.steps[0].kind == STEP_PROBE && m.steps[1].kind == STEP_NOTE);
	s = (struct wish){ .note_place = NOTE_FIRST_FOLDERS, .note_folders = 3 };
	m = make(&s, 1, p);
	CHECK_INT(count(&m, STEP_NOTE), 3);
	s = (struct wish){ .note_place = NOTE_ROOT };
	m = make(&s, 1, p);
	CHECK_INT(count(&m, STEP_NOTE), 1);
	CHECK_INT(m.steps[0].index, FOLDER_ROOT);
}

TEST(the_same_seed_gives_the_same_order_and_another_another)
{
	AUTO(pool_free) struct pool *p = pool_new(MIB);
	struct wish s = { .order = ORDER_DEPTH_FIRST };
	struct made a = make(&s, 11, p);
	struct made b = make(&s, 11, p);
	struct made c = make(&s, 12, p);
	CHECK(memcmp(a.steps, b.steps, a.n * sizeof *a.steps) == 0);
	CHECK(memcmp(a.steps, c.steps, a.n * sizeof *a.steps) != 0);
}
