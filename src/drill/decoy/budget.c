/*
 * Upper bounds, file by file over the plan. Disk use is counted in whole blocks; a changed byte in
 * a hole makes at most the block that holds it; a new file is counted beside its original, because
 * a kill may leave both.
 */
#include "drill/decoy/budget.h"

#include <string.h>

enum { FOLDER_ENTRY_BYTES = 600, TWIN_FILES_MAX = 16 };
#define TWIN_OWN_BYTES (64 * MIB)
#define SIZE_MOST (1ULL << 60)

/* A slow machine's pace, for the time limit alone: a call, a byte, a file. */
static const double call_s = 5e-6;
static const double byte_s = 1e-8;
static const double file_s = 5e-3;

struct sum {
	uint64_t n;
	bool overflow; /* sticks */
};

static void sum_add(struct sum *s, uint64_t n)
{
	s->overflow |= __builtin_add_overflow(s->n, n, &s->n);
}

static void sum_add_times(struct sum *s, uint64_t n, uint64_t each)
{
	uint64_t product;
	s->overflow |= __builtin_mul_overflow(n, each, &product);
	sum_add(s, product);
}

struct tally {
	struct sum disk;
	struct sum planted;
	struct sum changed;
	struct sum n_new;
	uint64_t largest;
	uint64_t n_touched;
	double own_s;
};

static uint64_t in_blocks(uint64_t n_bytes)
{
	return n_bytes > UINT64_MAX - BLOCK_BYTES
		       ? UINT64_MAX
		       : (n_bytes + BLOCK_BYTES - 1) / BLOCK_BYTES * BLOCK_BYTES;
}

static uint64_t planted_bytes(const struct manifest_file *f)
{
	if ((f->flags & MANIFEST_SPARSE) == 0)
		return f->size_bytes;
	uint64_t most = BUDGET_SPARSE_DATA_MAX;
	if (f->n_runs > 0) {
		struct sum blocks = { 0, false };
		for (uint32_t i = 0; i < f->n_runs; i++)
			sum_add(&blocks, f->runs[i].n);
		most = blocks.overflow || blocks.n > f->size_bytes / BLOCK_BYTES
			       ? f->size_bytes
			       : blocks.n * BLOCK_BYTES;
	}
	return most < f->size_bytes ? most : f->size_bytes;
}

static bool makes_new_files(const struct scenario *s)
{
	switch (s->write) {
	case WRITE_IN_PLACE:
	case WRITE_IN_PLACE_MMAP:
		return false;
	case WRITE_NEW_UNLINK:
	case WRITE_NEW_OVERWRITE_UNLINK:
		return true;
	}
	return false;
}

/* What holes grow by when the extents are written: every extent touches whole blocks at its ends.
 */
static uint64_t hole_growth(const struct manifest_file *f, const struct region_sum *sum)
{
	uint64_t all = in_blocks(f->size_bytes);
	uint64_t planted = in_blocks(planted_bytes(f));
	uint64_t left = all > planted ? all - planted : 0;
	struct sum touched = { sum->n_bytes, false };
	sum_add_times(&touched, sum->n_extents, 2UL * BLOCK_BYTES);
	uint64_t most = in_blocks(sum->end);
	if (!touched.overflow && touched.n < most)
		most = touched.n;
	return most < left ? most : left;
}

static void tally_attack(const struct scenario *s, const struct manifest_file *f,
	const struct region *region, struct tally *t)
{
	struct region_sum sum = region_sum_of(region, f->size_bytes, s->io_bytes);
	uint64_t whole = f->size_bytes + s->footer_bytes;
	t->n_touched++;
	t->own_s += (double)sum.n_calls * call_s + (double)sum.n_bytes * byte_s + file_s;
	if (makes_new_files(s)) {
		sum_add(&t->n_new, 1);
		sum_add(&t->disk, in_blocks(whole));
		sum_add(&t->changed, whole);
		t->own_s += (double)whole * byte_s;
		if (s->write == WRITE_NEW_OVERWRITE_UNLINK) {
			struct region_sum all = { f->size_bytes, 1, 1, f->size_bytes };
			sum_add(&t->changed, f->size_bytes);
			sum_add(&t->disk, hole_growth(f, &all));
			t->own_s += (double)f->size_bytes * byte_s;
		}
	} else {
		sum_add(&t->disk, hole_growth(f, &sum));
		sum_add(&t->changed, sum.n_bytes);
		sum_add(&t->changed, s->footer_bytes);
		if (s->footer_bytes > 0)
			sum_add(&t->disk, in_blocks(s->footer_bytes) + BLOCK_BYTES);
	}
	if (whole > t->largest)
		t->largest = whole;
}

/* The twin's programs pack each decoy twice (zip, tar and gzip), which hardly ever takes more than
 * the decoy itself; archives, a database and its dump are few. */
static void tally_twin(uint64_t planted, struct tally *t)
{
	t->n_touched++;
	t->own_s += file_s + (double)planted * byte_s * 10;
	sum_add_times(&t->disk, 2, in_blocks(planted) + BLOCK_BYTES);
}

static enum status tally_file(
	const struct scenario *s, const struct manifest_file *f, struct tally *t, struct error *e)
{
	char type[16];
	if (f->size_bytes > SIZE_MOST)
		return error_set(e, E_INVALID, "the plan holds a file of %llu bytes",
			(unsigned long long)f->size_bytes);
	uint64_t planted = planted_bytes(f);
	sum_add(&t->planted, planted);
	sum_add(&t->disk, in_blocks(planted));
	if (f->size_bytes > t->largest)
		t->largest = f->size_bytes;
	const struct region *region = scenario_region(s, f->size_bytes, manifest_type(f, type));
	if (region != NULL)
		tally_attack(s, f, region, t);
	if (s->kind == SCENARIO_BENIGN)
		tally_twin(planted, t);
	return OK;
}

static uint64_t n_notes(const struct scenario *s, uint64_t n_folders)
{
	switch (s->note_place) {
	case NOTE_NONE:
		return 0;
	case NOTE_EVERY_FOLDER:
		return n_folders;
	case NOTE_FIRST_FOLDERS:
		return s->note_folders < n_folders ? s->note_folders : n_folders;
	case NOTE_ROOT:
		return 1;
	}
	return 0;
}

static uint64_t note_bytes(const struct scenario *s)
{
	if (s->note_place == NOTE_NONE)
		return 0;
	return strlen(s->note_text.en) + strlen(s->note_text.zh) + BUDGET_NOTE_FRAME_BYTES;
}

static double most_seconds(const struct scenario *s, const struct tally *t, double rate)
{
	double paced = rate > 0 ? (double)t->n_touched / rate : 0;
	double wanted = t->own_s > paced ? t->own_s : paced;
	double most = 2 * wanted + 30;
	return most > s->max_seconds ? s->max_seconds : (double)(uint64_t)most;
}

enum status budget_compute(const struct scenario *s, const struct manifest *plan,
	double rate_files_per_s, struct drill_budget *out, struct error *e)
{
	struct tally t = { 0 };
	uint64_t n_folders = plan->n_folders + 1ULL; /* and the arena itself */
	uint64_t notes = n_notes(s, n_folders);
	uint64_t probes = s->probe_file ? n_folders : 0;
	uint64_t note = note_bytes(s);
	if (!(rate_files_per_s >= 0 && rate_files_per_s <= 1e9))
		return error_set(e, E_INVALID, "the rate is not a number of files per second");
	for (uint32_t i = 0; i < plan->n_files; i++)
		TRY(tally_file(s, &plan->files[i], &t, e));
	if (s->kind == SCENARIO_BENIGN) {
		sum_add(&t.n_new, TWIN_FILES_MAX);
		sum_add(&t.disk, TWIN_OWN_BYTES);
	}
	if (rate_files_per_s > 0 && (double)t.n_touched / rate_files_per_s > s->max_seconds)
		return error_set(e, E_INVALID,
			"%llu files at %g a second take longer than max_seconds of '%s', %u",
			(unsigned long long)t.n_touched, rate_files_per_s, s->id, s->max_seconds);

	struct sum files = { plan->n_files, false };
	sum_add(&files, t.n_new.n);
	sum_add(&files, notes);
	sum_add(&files, probes);
	sum_add_times(&t.disk, notes, in_blocks(note));
	sum_add_times(&t.disk, probes, BUDGET_PROBE_BYTES);
	sum_add_times(&t.disk, n_folders, BLOCK_BYTES);
	/* A name that was given up may still take its place in a folder's blocks. */
	sum_add_times(&t.disk, files.n + t.n_touched, FOLDER_ENTRY_BYTES);
	if (t.disk.overflow || t.changed.overflow || t.planted.overflow || files.overflow)
		return error_set(
			e, E_INVALID, "the plan of '%s' is too large to be bounded", s->id);

	*out = (struct drill_budget){ .n_files = files.n,
		.n_bytes = t.disk.n,
		.seconds = most_seconds(s, &t, rate_files_per_s),
		.n_folders = n_folders,
		.n_decoys = plan->n_files,
		.bytes_planted = t.planted.n,
		.bytes_changed = t.changed.n,
		.largest_file_bytes = note > t.largest ? note : t.largest,
		.free_needed_bytes = t.disk.n,
		.free_kept_bytes = GIB };
	return OK;
}

enum status budget_check(const struct scenario *s, const struct drill_budget *b, struct error *e)
{
	if (b->n_files > s->max_files)
		return error_set(e, E_INVALID,
			"the plan needs %llu files, max_files of '%s' is %llu: fewer decoys fit",
			(unsigned long long)b->n_files, s->id, (unsigned long long)s->max_files);
	if (b->n_bytes > s->max_bytes)
		return error_set(e, E_INVALID,
			"the plan needs %llu bytes, max_bytes of '%s' is %llu: fewer decoys fit",
			(unsigned long long)b->n_bytes, s->id, (unsigned long long)s->max_bytes);
	if (!(b->seconds <= s->max_seconds))
		return error_set(e, E_INVALID,
			"the plan needs %.0f seconds, max_seconds of '%s' is %u", b->seconds, s->id,
			s->max_seconds);
	return OK;
}

enum status budget_fit(struct drill_budget *b, const struct file_system *fs, struct error *e)
{
	uint64_t share = fs->total_bytes / 20;
	b->free_kept_bytes = share > GIB ? share : GIB;
	if (b->n_files + b->n_folders > fs->free_inodes && fs->free_inodes > 0)
		return error_set(e, E_NO_SPACE, "the drill needs %llu inodes, %llu are free",
			(unsigned long long)(b->n_files + b->n_folders),
			(unsigned long long)fs->free_inodes);
	if (fs->free_bytes >= b->free_kept_bytes &&
		fs->free_bytes - b->free_kept_bytes >= b->free_needed_bytes)
		return OK;
	return error_set(e, E_NO_SPACE,
		"the drill needs %llu MiB and keeps %llu MiB free, but only %llu MiB are free",
		(unsigned long long)(b->free_needed_bytes / MIB + 1),
		(unsigned long long)(b->free_kept_bytes / MIB),
		(unsigned long long)(fs->free_bytes / MIB));
}
