/*
 * The manifest: what is written reads back, and what could harm is refused.
 */
#include "base/buf.h"
#include "base/fault.h"
#include "base/pack.h"
#include "base/random.h"
#include "drill/decoy/manifest.h"
#include "tests/lib/test.h"

#include <stdio.h>
#include <string.h>

enum { CEILING = 4 * 1024 * 1024 };

/* A small planting, open for a test to spoil. */
struct sample {
	struct manifest m;
	struct manifest_generation generations[2];
	struct manifest_folder folders[3];
	struct manifest_file files[3];
	struct manifest_run dense, sparse[2];
	unsigned char tags[8][TAG_BYTES];
};

static void sample_init(struct sample *s)
{
	*s = (struct sample){ .generations = { { 1700000000000000000, 2 },
				      { 1700086400000000000, 1 } },
		.folders = { { FOLDER_ROOT, "财务部", 11 }, { 0, "2025年度预算", 12 },
			{ FOLDER_ROOT, "Engineering", 13 } } };
	for (size_t i = 0; i < 8; i++)
		memset(s->tags[i], (int)i + 1, TAG_BYTES);
	s->dense = (struct manifest_run){ 0, 3, s->tags[0] };
	s->sparse[0] = (struct manifest_run){ 0, 1, s->tags[3] };
	s->sparse[1] = (struct manifest_run){ 9, 2, s->tags[4] };
	s->files[0] = (struct manifest_file){ .folder = 1,
		.name = "预算表.xlsx",
		.kind = DECOY_XLSX,
		.mode = 0600,
		.size_bytes = 2 * BLOCK_BYTES + 1,
		.inode = 21,
		.runs = &s->dense,
		.n_runs = 1 };
	s->files[1] = (struct manifest_file){ .folder = 2,
		.name = "Disk.IMG",
		.kind = DECOY_IMAGE,
		.flags = MANIFEST_SPARSE | MANIFEST_SIZE_CLASS,
		.mode = 0600,
		.size_bytes = 10 * BLOCK_BYTES + 100,
		.inode = 22,
		.runs = s->sparse,
		.n_runs = 2 };
	s->files[2] = (struct manifest_file){ .folder = FOLDER_ROOT,
		.name = "empty.txt",
		.kind = DECOY_TXT,
		.generation = 1,
		.mode = 0600,
		.inode = 23 };
	s->m = (struct manifest){ .id = "018f0000-0000-7000-8000-000000000001",
		.device = 5,
		.arena_inode = 10,
		.uid = 61184,
		.gid = 61184,
		.arena = "/srv/arena",
		.generations = s->generations,
		.n_generations = 2,
		.folders = s->folders,
		.n_folders = 3,
		.files = s->files,
		.n_files = 3 };
	memset(s->files[0].whole.bytes, 7, DIGEST_BYTES);
}

static void write_sample(struct sample *s, struct buf *out)
{
	struct error e = ERROR_NONE;
	buf_init(out, CEILING);
	REQUIRE_OK(manifest_write(&s->m, out, &e), e);
}

static enum status read_bytes(struct view bytes, struct error *e)
{
	AUTO(pool_free) struct pool *p = pool_new(CEILING);
	struct manifest m;
	return manifest_read(bytes, p, &m, e);
}

TEST(what_is_written_reads_back)
{
	struct sample s;
	AUTO_BUF struct buf bytes;
	sample_init(&s);
	write_sample(&s, &bytes);
	AUTO(pool_free) struct pool *p = pool_new(CEILING);
	struct error e = ERROR_NONE;
	struct manifest m;
	REQUIRE_OK(manifest_read(buf_view(&bytes), p, &m, &e), e);
	CHECK_TEXT(m.id, s.m.id);
	CHECK_TEXT(m.arena, "/srv/arena");
	CHECK_INT(m.uid, 61184);
	CHECK_INT(m.n_folders, 3);
	CHECK_TEXT(m.folders[1].name, "2025年度预算");
	CHECK_INT(m.folders[1].parent, 0);
	CHECK_INT(m.files[1].flags, MANIFEST_SPARSE | MANIFEST_SIZE_CLASS);
	CHECK_INT(m.files[1].runs[1].first, 9);
	CHECK_INT(m.files[2].generation, 1);
	CHECK(digest_equal(&m.files[0].whole, &s.files[0].whole));
	CHECK(digest_equal(&m.hash, &s.m.hash));
	AUTO_BUF struct buf again;
	buf_init(&again, CEILING);
	REQUIRE_OK(manifest_write(&m, &again, &e), e);
	CHECK(view_equal(buf_view(&again), buf_view(&bytes)));
}

TEST(tags_are_found_by_block_and_holes_are_told_from_the_end)
{
	struct sample s;
	sample_init(&s);
	bool hole = true;
	CHECK(manifest_tag(&s.files[0], 0, &hole) == s.tags[0]);
	CHECK(manifest_tag(&s.files[0], 2, &hole) == s.tags[2]);
	CHECK(!hole);
	CHECK(manifest_tag(&s.files[0], 3, &hole) == NULL);
	CHECK(!hole);
	CHECK(manifest_tag(&s.files[1], 0, &hole) == s.tags[3]);
	CHECK(manifest_tag(&s.files[1], 1, &hole) == NULL);
	CHECK(hole);
	CHECK(manifest_tag(&s.files[1], 8, &hole) == NULL);
	CHECK(hole);
	CHECK(manifest_tag(&s.files[1], 9, &hole) == s.tags[4]);
	CHECK(manifest_tag(&s.files[1], 10, &hole) == s.tags[5]);
	CHECK(manifest_tag(&s.files[1], 11, &hole) == NULL);
	CHECK(!hole);
	CHECK_INT(manifest_n_blocks(&s.files[0]), 3);
	CHECK_INT(manifest_n_blocks(&s.files[2]), 0);
}

TEST(paths_and_types_follow_the_names)
{
	struct sample s;
	struct error e = ERROR_NONE;
	char type[16];
	sample_init(&s);
	AUTO_BUF struct buf path;
	buf_init(&path, 4096);
	REQUIRE_OK(manifest_path(&s.m, 0, &path, &e), e);
	CHECK_TEXT(buf_text(&path), "财务部/2025年度预算/预算表.xlsx");
	CHECK(view_is(manifest_type(&s.files[1], type), "img"));
	struct manifest_file none = { .name = "Makefile" };
	struct manifest_file hidden = { .name = ".profile" };
	struct manifest_file longer = { .name = "a.sixteen_letters1" };
	CHECK(view_is(manifest_type(&none, type), ""));
	CHECK(view_is(manifest_type(&hidden, type), ""));
	CHECK(view_is(manifest_type(&longer, type), ""));
}

TEST(a_block_is_zero_only_where_every_byte_is)
{
	unsigned char block[BLOCK_BYTES] = { 0 };
	CHECK(block_is_zero(block, sizeof block));
	CHECK(block_is_zero(block, 0));
	block[sizeof block - 1] = 1;
	CHECK(!block_is_zero(block, sizeof block));
	CHECK(block_is_zero(block, sizeof block - 1));
	block[0] = 1;
	CHECK(!block_is_zero(block, 1));
}

/* Each row spoils one promise. */
struct spoiled {
	const char *what;
	void (*spoil)(struct sample *s);
	enum status wanted;
};
static char long_name[300];
static void no_name(struct sample *s)
{
	s->files[0].name = "";
}
static void dot(struct sample *s)
{
	s->files[0].name = ".";
}
static void up(struct sample *s)
{
	s->files[0].name = "..";
}
static void slash(struct sample *s)
{
	s->files[0].name = "../../etc/passwd";
}
static void absolute(struct sample *s)
{
	s->files[0].name = "/etc/passwd";
}
static void name_256(struct sample *s)
{
	memset(long_name, 'a', 256);
	s->files[0].name = long_name;
}
static void folder_up(struct sample *s)
{
	s->folders[1].name = "..";
}
static void folder_slash(struct sample *s)
{
	s->folders[1].name = "a/b";
}
static void own_parent(struct sample *s)
{
	s->folders[1].parent = 1;
}
static void later_parent(struct sample *s)
{
	s->folders[0].parent = 2;
}
static void no_parent(struct sample *s)
{
	s->folders[2].parent = 77;
}
static void no_folder(struct sample *s)
{
	s->files[0].folder = 3;
}
static void twice(struct sample *s)
{
	s->files[0].folder = 2;
	s->files[0].name = "Disk.IMG";
}
static void file_and_folder(struct sample *s)
{
	s->files[2].name = "Engineering";
}
static void same_folder(struct sample *s)
{
	s->folders[2].name = "财务部";
}
static void set_uid_bit(struct sample *s)
{
	s->files[0].mode = 04755;
}
static void odd_flags(struct sample *s)
{
	s->files[0].flags = 1U << 20;
}
static void no_generation(struct sample *s)
{
	s->files[0].generation = 2;
}
static void generation_sum(struct sample *s)
{
	s->generations[0].n_files = 3;
}
static void run_past_end(struct sample *s)
{
	s->dense.n = 4;
}
static void run_far_away(struct sample *s)
{
	s->dense.first = UINT64_MAX;
}
static void run_empty(struct sample *s)
{
	s->dense.n = 0;
}
static void runs_overlap(struct sample *s)
{
	s->sparse[1].first = 0;
}
static void relative_arena(struct sample *s)
{
	s->m.arena = "arena";
}
static void no_arena(struct sample *s)
{
	s->m.arena = "";
}
static void no_id(struct sample *s)
{
	s->m.id[0] = '\0';
}
static void path_id(struct sample *s)
{
	memcpy(s->m.id, "../../x", 8);
}
static void huge(struct sample *s)
{
	s->files[2].size_bytes = UINT64_MAX;
}

static const struct spoiled spoiled[] = {
	{ "a file without a name", no_name, E_INVALID },
	{ "the folder itself", dot, E_INVALID },
	{ "the folder above", up, E_INVALID },
	{ "a way out", slash, E_INVALID },
	{ "an absolute path", absolute, E_INVALID },
	{ "a name too long", name_256, E_INVALID },
	{ "a folder called ..", folder_up, E_INVALID },
	{ "a folder with a slash", folder_slash, E_INVALID },
	{ "a folder in itself", own_parent, E_INVALID },
	{ "a parent that comes later", later_parent, E_INVALID },
	{ "a parent that is not there", no_parent, E_INVALID },
	{ "a file in no folder", no_folder, E_INVALID },
	{ "one name twice", twice, E_INVALID },
	{ "a file called as a folder", file_and_folder, E_INVALID },
	{ "one folder twice", same_folder, E_INVALID },
	{ "set-uid", set_uid_bit, E_INVALID },
	{ "unknown flags", odd_flags, E_INVALID },
	{ "no such generation", no_generation, E_INVALID },
	{ "generations that do not add up", generation_sum, E_INVALID },
	{ "blocks past the end", run_past_end, E_INVALID },
	{ "blocks far away", run_far_away, E_INVALID },
	{ "an empty run", run_empty, E_INVALID },
	{ "runs that overlap", runs_overlap, E_INVALID },
	{ "a relative arena", relative_arena, E_INVALID },
	{ "no arena", no_arena, E_INVALID },
	{ "no id", no_id, E_INVALID },
	{ "an id that is a path", path_id, E_INVALID },
	{ "a file without end", huge, E_TOO_BIG },
};

TEST(nothing_that_breaks_a_promise_is_written)
{
	for (size_t i = 0; i < COUNT_OF(spoiled); i++) {
		struct sample s;
		struct error e = ERROR_NONE;
		AUTO_BUF struct buf out;
		buf_init(&out, CEILING);
		sample_init(&s);
		spoiled[i].spoil(&s);
		if (manifest_write(&s.m, &out, &e) != spoiled[i].wanted)
			test_fail(__FILE__, __LINE__, "%s: %s", spoiled[i].what, e.text);
	}
}

/* The same table through the reader: the bytes are made by a writer that checks nothing. */
static void forge(const struct manifest *m, struct buf *out)
{
	buf_add(out, VIEW("TOCSIN-MANIFEST-1\n"));
	pack_put_text(out, view_of(m->id));
	pack_put_u64(out, m->device);
	pack_put_u64(out, m->arena_inode);
	pack_put_u32(out, m->uid);
	pack_put_u32(out, m->gid);
	pack_put_text(out, view_of(m->arena));
	pack_put_u32(out, m->n_generations);
	pack_put_u32(out, m->n_folders);
	pack_put_u32(out, m->n_files);
	for (uint32_t i = 0; i < m->n_generations; i++) {
		pack_put_i64(out, m->generations[i].planted_ns);
		pack_put_u32(out, m->generations[i].n_files);
	}
	for (uint32_t i = 0; i < m->n_folders; i++) {
		pack_put_u32(out, m->folders[i].parent);
		pack_put_text(out, view_of(m->folders[i].name));
		pack_put_u64(out, m->folders[i].inode);
	}
	for (uint32_t i = 0; i < m->n_files; i++) {
		const struct manifest_file *f = &m->files[i];
		pack_put_u32(out, f->folder);
		pack_put_text(out, view_of(f->name));
		pack_put_u8(out, (uint8_t)f->kind);
		pack_put_u32(out, f->flags);
		pack_put_u32(out, f->generation);
		pack_put_u32(out, f->mode);
		pack_put_u64(out, f->size_bytes);
		pack_put_u64(out, f->inode);
		pack_put_digest(out, f->whole);
		pack_put_u32(out, f->n_runs);
		for (uint32_t k = 0; k < f->n_runs; k++) {
			size_t n = f->runs[k].n <= 4 ? (size_t)f->runs[k].n * TAG_BYTES : 0;
			pack_put_u64(out, f->runs[k].first);
			pack_put_u64(out, f->runs[k].n);
			buf_add_bytes(out, f->runs[k].tags, n);
		}
	}
	pack_put_digest(out, digest_of(out->at, out->len));
}

TEST(hostile_manifests_are_refused)
{
	for (size_t i = 0; i < COUNT_OF(spoiled); i++) {
		struct sample s;
		struct error e = ERROR_NONE;
		AUTO_BUF struct buf out;
		buf_init(&out, CEILING);
		sample_init(&s);
		spoiled[i].spoil(&s);
		forge(&s.m, &out);
		if (read_bytes(buf_view(&out), &e) != spoiled[i].wanted)
			test_fail(__FILE__, __LINE__, "%s: %s", spoiled[i].what, e.text);
	}
}

TEST(the_unspoiled_forgery_is_accepted)
{
	struct sample s;
	struct error e = ERROR_NONE;
	AUTO_BUF struct buf out;
	buf_init(&out, CEILING);
	sample_init(&s);
	forge(&s.m, &out);
	REQUIRE_OK(read_bytes(buf_view(&out), &e), e);
}

static void check_depth(uint32_t depth, enum status wanted)
{
	struct manifest_folder folders[MANIFEST_DEPTH_MAX + 1];
	struct error e = ERROR_NONE;
	AUTO_BUF struct buf out;
	buf_init(&out, CEILING);
	for (uint32_t i = 0; i < depth; i++)
		folders[i] = (struct manifest_folder){ i == 0 ? FOLDER_ROOT : i - 1, "deeper", 1 };
	struct manifest m = { .id = "a", .arena = "/a", .folders = folders, .n_folders = depth };
	CHECK_INT(manifest_write(&m, &out, &e), wanted);
}

TEST(folders_nest_sixteen_deep_and_no_deeper)
{
	check_depth(MANIFEST_DEPTH_MAX, OK);
	check_depth(MANIFEST_DEPTH_MAX + 1, E_INVALID);
}

/* A name with a NUL inside would look shorter to everybody but the writer of the bytes. */
TEST(a_name_with_a_nul_is_refused)
{
	struct sample s;
	struct error e = ERROR_NONE;
	AUTO_BUF struct buf out;
	sample_init(&s);
	s.files[2].name = "ab!cd";
	write_sample(&s, &out);
	char *at = memmem(out.at, out.len, "ab!cd", 5);
	REQUIRE(at != NULL);
	at[2] = '\0';
	struct digest hash = digest_of(out.at, out.len - DIGEST_BYTES);
	memcpy(out.at + out.len - DIGEST_BYTES, hash.bytes, DIGEST_BYTES);
	CHECK_INT(read_bytes(buf_view(&out), &e), E_INVALID);
}

TEST(every_cut_and_every_flipped_byte_is_noticed)
{
	struct sample s;
	struct error e = ERROR_NONE;
	AUTO_BUF struct buf out;
	sample_init(&s);
	write_sample(&s, &out);
	for (size_t n = 0; n < out.len; n++) {
		CHECK_INT(read_bytes((struct view){ out.at, n }, &e), E_INVALID);
		out.at[n] ^= 0x10;
		CHECK_INT(read_bytes(buf_view(&out), &e), E_INVALID);
		out.at[n] ^= 0x10;
	}
	REQUIRE_OK(read_bytes(buf_view(&out), &e), e);
}

static enum status read_counts(uint32_t generations, uint32_t folders, uint32_t files)
{
	struct error e = ERROR_NONE;
	AUTO_BUF struct buf out;
	buf_init(&out, CEILING);
	buf_add(&out, VIEW("TOCSIN-MANIFEST-1\n"));
	pack_put_text(&out, VIEW("a"));
	pack_put_u64(&out, 1);
	pack_put_u64(&out, 1);
	pack_put_u32(&out, 1);
	pack_put_u32(&out, 1);
	pack_put_text(&out, VIEW("/a"));
	pack_put_u32(&out, generations);
	pack_put_u32(&out, folders);
	pack_put_u32(&out, files);
	pack_put_digest(&out, digest_of(out.at, out.len));
	return read_bytes(buf_view(&out), &e);
}

TEST(counts_over_the_ceilings_take_no_memory)
{
	CHECK_INT(read_counts(MANIFEST_GENERATIONS_MAX + 1, 0, 0), E_TOO_BIG);
	CHECK_INT(read_counts(0, MANIFEST_FOLDERS_MAX + 1, 0), E_TOO_BIG);
	CHECK_INT(read_counts(0, 0, MANIFEST_FILES_MAX + 1), E_TOO_BIG);
	CHECK_INT(read_counts(0, 0, UINT32_MAX), E_TOO_BIG);
	CHECK_INT(read_counts(0, 0, MANIFEST_FILES_MAX), E_INVALID);
	CHECK_INT(read_counts(0, MANIFEST_FOLDERS_MAX, 0), E_INVALID);
	CHECK_INT(read_counts(0, 0, 0), OK);
}

TEST(random_damage_behind_a_right_hash_never_crashes)
{
	struct sample s;
	struct dice d;
	struct error e = ERROR_NONE;
	AUTO_BUF struct buf out;
	sample_init(&s);
	write_sample(&s, &out);
	dice_init(&d, 20);
	AUTO_FREE char *copy = malloc(out.len);
	REQUIRE(copy != NULL);
	size_t n_body = out.len - DIGEST_BYTES;
	for (int i = 0; i < 20000; i++) {
		memcpy(copy, out.at, out.len);
		for (uint64_t k = dice_between(&d, 1, 4); k > 0; k--)
			copy[dice_below(&d, n_body)] = (char)dice_u64(&d);
		struct digest hash = digest_of(copy, n_body);
		memcpy(copy + n_body, hash.bytes, DIGEST_BYTES);
		enum status status = read_bytes((struct view){ copy, out.len }, &e);
		CHECK(status == OK || status == E_INVALID || status == E_TOO_BIG);
	}
}

TEST(a_pool_that_is_too_small_is_an_error)
{
	struct sample s;
	struct error e = ERROR_NONE;
	AUTO_BUF struct buf out;
	sample_init(&s);
	write_sample(&s, &out);
	for (size_t ceiling = 0; ceiling < 4096; ceiling += 64) {
		AUTO(pool_free) struct pool *p = pool_new(ceiling);
		struct manifest m;
		enum status status = manifest_read(buf_view(&out), p, &m, &e);
		CHECK(status == OK || status == E_NO_SPACE);
	}
}

#ifdef TOCSIN_FAULTS
TEST(memory_may_fail_at_any_point)
{
	struct sample s;
	AUTO_BUF struct buf bytes;
	sample_init(&s);
	write_sample(&s, &bytes);
	bool went_well = false;
	for (long nth = 1; nth < 1000 && !went_well; nth++) {
		AUTO(pool_free) struct pool *p = pool_new(CEILING);
		AUTO_BUF struct buf out;
		struct manifest m;
		struct error e = ERROR_NONE;
		buf_init(&out, CEILING);
		fault_arm("", nth);
		enum status status = manifest_read(buf_view(&bytes), p, &m, &e);
		if (status == OK)
			status = manifest_write(&m, &out, &e);
		fault_disarm();
		went_well = status == OK;
		CHECK(status == OK || status == E_NO_SPACE || status == E_TOO_BIG);
		CHECK(status == OK || e.text[0] != '\0');
	}
	CHECK(went_well);
}
#endif
