/*
 * Every shipped pattern on an arena that reaches each of its branches. What happened is measured
 * from outside: the arena afterwards against what was planted. The expected shapes in the table
 * below are written out by hand from the published analyses that the scenarios name; what is marked
 * assumed there is compared with the scenario's own extents only.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "drill/attack/emulate.h"
#include "sys/file.h"
#include "sys/role.h"
#include "tests/lib/arena_fixture.h"
#include "tests/lib/test.h"

int (*test_role_main)(int argc, char **argv) = arena_fixture_role;

/* --- what is expected --- */

#define K (UINT64_C(1) << 10)
#define M (UINT64_C(1) << 20)
#define G (UINT64_C(1) << 30)
#define ALL UINT64_MAX

/* n stretches (0: to the end) of `len` bytes from `start`, one every `stride`. */
struct stripes {
	uint64_t start, len, stride, n;
};

struct shape {
	const char *scenario;
	const char *type;
	uint64_t size;
	bool is_skipped;
	struct stripes want[2]; /* a len of 0: not used */
};

static const struct shape shapes[] = {
	{ "header-one-chunk", "txt", 4095, false, { { 0, ALL, 0, 1 } } },
	{ "header-one-chunk", "txt", 4097, false, { { 0, 4 * K, 0, 1 } } },
	{ "header-one-chunk", "txt", 8 * M, false, { { 0, 4 * K, 0, 1 } } },
	{ "header-one-chunk", "mdf", M - 1, false, { { 0, 4 * K, M, 2 } } },
	{ "header-one-chunk", "mdf", 6 * M - 1, false, { { 0, 4 * K, M, 4 } } },
	{ "header-one-chunk", "mdf", 6 * M, false, { { 0, 4 * K, M, 16 } } },
	{ "header-one-chunk", "mdf", 50 * M - 1, false, { { 0, 4 * K, M, 16 } } },
	{ "header-one-chunk", "mdf", 50 * M, false, { { 0, 4 * K, M, 32 } } },
	{ "header-one-chunk", "mdf", 100 * M, false, { { 0, 4 * K, M, 64 } } },
	{ "header-one-chunk", "mdf", 500 * M, false, { { 0, 4 * K, M, 128 } } },
	{ "header-one-chunk", "mdf", 2 * G, false, { { 0, 4 * K, M, 256 } } },
	{ "header-one-chunk", "mdf", 12 * G, false, { { 0, 4 * K, M, 512 } } },
	{ "three-chunk-percent", "txt", 16, true, { { 0 } } },
	{ "three-chunk-percent", "txt", 17, false, { { 0, ALL, 0, 1 } } },
	{ "three-chunk-percent", "txt", M, false, { { 0, ALL, 0, 1 } } },
	{ "three-chunk-percent", "txt", M + 1, false, { { 0, 94371, 477102, 3 } } },
	{ "three-chunk-percent", "txt", 8 * M, false, { { 0, 754974, 3816816, 3 } } },
	{ "size-class", "txt", M - 1, false, { { 0, ALL, 0, 1 } } },
	{ "size-class", "txt", 5 * M, false, { { 0, M, 0, 1 } } },
	{ "size-class", "txt", 5 * M + 1, false, { { 0, 367001, 2437939, 3 } } },
	{ "three-regions", "txt", 41943039, false, { { 0, ALL, 0, 1 } } },
	{ "three-regions", "txt", 41943040, false, { { 0, 10485760, 13981013, 3 } } },
	{ "three-regions", "txt", 200 * M, false, { { 0, 10485760, 69905066, 3 } } },
	{ "mode-switch", "txt", 8 * M, false, { { 0, ALL, 0, 1 } } },
	{ "mode-switch", "zip", M + 1, false, { { 0, M, 0, 1 } } },
	{ "mode-switch", "mdf", 4 * M + 1, false, { { 0, M, 4 * M, 0 } } },
	{ "block-mode", "txt", 512 * K - 1, false, { { 0, ALL, 0, 1 } } },
	{ "block-mode", "zip", 512 * K + 1, false, { { 0, 512 * K, 0, 1 } } },
	{ "first-mib", "txt", M, false, { { 0, ALL, 0, 1 } } },
	{ "first-mib", "txt", M + 1, false, { { 0, M, 0, 1 } } },
	{ "first-and-last", "txt", M - 1, false, { { 0, ALL, 0, 1 } } },
	{ "first-and-last", "txt", 5 * M, false, { { 0, ALL, 0, 1 } } },
	{ "first-and-last", "txt", 5 * M + 1, false, { { 0, M, 0, 1 }, { 4 * M + 1, M, 0, 1 } } },
	{ "first-and-last", "dat", G - 1, false, { { 0, M, 0, 1 }, { 1023 * M - 1, M, 0, 1 } } },
	{ "percent-from-start", "txt", 10, false, { { 0, 1, 0, 1 } } },
	{ "percent-from-start", "txt", 20480, false, { { 0, 2048, 0, 1 } } },
	{ "percent-from-start", "txt", 8 * M, false, { { 0, 838860, 0, 1 } } },
	{ "capped-head", "txt", 64 * M, false, { { 0, ALL, 0, 1 } } },
	{ "capped-head", "txt", 300 * M, false, { { 0, 64 * M, 0, 1 } } },
	{ "alternate-16", "txt", 15, false, { { 0, 16, 32, 0 } } },
	{ "alternate-16", "txt", 33, false, { { 0, 16, 32, 0 } } },
	{ "alternate-16", "txt", 8 * M, false, { { 0, 16, 32, 0 } } },
	{ "alternate-16", "pdf", 2 * M, false, { { 0, ALL, 0, 1 } } },
	{ "rename-first", "txt", 512 * K, false, { { 0, ALL, 0, 1 } } },
	{ "rename-first", "txt", 512 * K + 1, false, { { 0, ALL, 0, 1 } } },
	{ "rename-first", "txt", 1536 * K + 1, false, { { 0, 512 * K, 512 * K, 3 } } },
	{ "rename-first", "txt", 64 * M, false, { { 0, 1536 * K, 0, 1 } } },
	{ "small-dots", "csv", 703, false, { { 0, ALL, 0, 1 } } },
	{ "small-dots", "txt", 4999, false, { { 0, ALL, 0, 1 } } },
	{ "copy-then-destroy", "txt", 256 * K + 1, false, { { 0, ALL, 0, 1 } } },
	{ "big-file-blocks", "txt", 57000000, false, { { 0, ALL, 0, 1 } } },
	{ "image-stripes", "vmdk", 64 * M, false, { { 0, ALL, 0, 1 } } },
	{ "image-stripes", "vmem", 128 * M, false, { { 0, M, 2 * M, 0 } } },
	{ "image-stripes", "txt", 547174, true, { { 0 } } },
	{ "tiny-read-new-file", "txt", 11, false, { { 0, ALL, 0, 1 } } },
	{ "tiny-read-new-file", "txt", M, false, { { 0, ALL, 0, 1 } } },
};

/* What else the analyses tell of a pattern. -1 and NULL: unsure, so not asserted. */
struct habit {
	const char *scenario;
	enum scenario_rename rename; /* RENAME_NONE: not asserted */
	int footer;
	const char *suffix;		/* the end of every changed decoy's name */
	const char *note;		/* its name */
	enum scenario_note_place place; /* NOTE_NONE: not asserted */
	double text_after_from,
		text_after_to; /* entropy of 547,174 bytes of text; 0: not asserted */
	double random_blocks;  /* share of its 4 KiB blocks over 7.9 bits; -1 */
};

static const struct habit habits[] = {
	{ "header-one-chunk", RENAME_BEFORE, -1, ".lockbit", "Restore-My-Files.txt",
		NOTE_EVERY_FOLDER, 0.02, 0.12, 0.008 },
	{ "three-chunk-percent", RENAME_BEFORE, 92, NULL, "Restore-My-Files.txt", NOTE_EVERY_FOLDER,
		0, 0, 1 },
	{ "size-class", RENAME_NONE, -1, NULL, "readme.txt", NOTE_EVERY_FOLDER, 0, 0, 1 },
	{ "three-regions", RENAME_AFTER, -1, ".babyk", "How To Restore Your Files.txt", NOTE_NONE,
		0, 0, 1 },
	{ "mode-switch", RENAME_AFTER, 232, NULL, NULL, NOTE_FIRST_FOLDERS, 0, 0, 1 },
	{ "block-mode", RENAME_NONE, 144, NULL, NULL, NOTE_EVERY_FOLDER, 0, 0, -1 },
	{ "first-mib", RENAME_BEFORE, 132, NULL, NULL, NOTE_EVERY_FOLDER, 0, 0, 1 },
	{ "first-and-last", RENAME_AFTER, 1064, ".PLAY", "ReadMe.txt", NOTE_ROOT, 0, 0, 1 },
	{ "percent-from-start", RENAME_AFTER, -1, ".lock64", "README-FOR-DECRYPT.txt", NOTE_NONE,
		0.3, 1.0, 0.098 },
	{ "capped-head", RENAME_NONE, 313, NULL, "RecoveryManual.html", NOTE_EVERY_FOLDER, 0, 0,
		1 },
	{ "alternate-16", RENAME_AFTER, -1, ".lockfile", NULL, NOTE_NONE, 1.8, 2.8, 0 },
	{ "rename-first", RENAME_BEFORE, -1, ".Rook", "HowToRestoreYourFiles.txt",
		NOTE_EVERY_FOLDER, 0, 0, -1 },
	{ "small-dots", RENAME_NONE, -1, NULL, "instructions_read_me.txt", NOTE_NONE, 0, 0, -1 },
	{ "copy-then-destroy", RENAME_AFTER, -1, ".WNCRY", NULL, NOTE_NONE, 0, 0, 1 },
	{ "big-file-blocks", RENAME_NONE, -1, NULL, NULL, NOTE_NONE, 0, 0, 1 },
	{ "image-stripes", RENAME_NONE, -1, NULL, "How to Restore Your Files.html", NOTE_NONE, 0, 0,
		-1 },
	{ "tiny-read-new-file", RENAME_AFTER, -1, NULL, "Look at this instruction.txt", NOTE_NONE,
		0, 0, 1 },
};

enum { TEXT_SIZE = 547174 };

/* --- measuring --- */

struct stretches {
	struct extent *at;
	size_t n;
};

static void add_stretch(struct stretches *s, uint64_t offset, uint64_t len, uint64_t size)
{
	if (offset >= size || len == 0)
		return;
	if (s->n % 65536 == 0) {
		s->at = realloc(s->at, (s->n + 65536) * sizeof *s->at);
		REQUIRE(s->at != NULL);
	}
	s->at[s->n++] = (struct extent){ offset, len < size - offset ? len : size - offset };
}

static struct stretches from_shape(const struct shape *w)
{
	struct stretches s = { NULL, 0 };
	for (size_t i = 0; i < COUNT_OF(w->want); i++) {
		const struct stripes *p = &w->want[i];
		for (uint64_t k = 0; p->len > 0 && (p->n == 0 || k < p->n); k++) {
			if (p->start + k * p->stride >= w->size)
				break;
			add_stretch(&s, p->start + k * p->stride, p->len, w->size);
		}
	}
	return s;
}

static struct stretches from_extents(const struct region *region, uint64_t size)
{
	struct stretches s = { NULL, 0 };
	struct extent_walk walk;
	struct extent x;
	extent_walk_start(&walk, region, size);
	while (extent_walk_next(&walk, &x))
		add_stretch(&s, x.offset, x.len, size);
	return s;
}

struct measured {
	uint64_t stray;	   /* changed outside the stretches */
	uint64_t inside;   /* bytes in the stretches that were looked at */
	uint64_t same;	   /* of them, not changed (a keystream byte of zero: one in 256) */
	uint64_t in_holes; /* of the stretches, where the file still has a hole */
};

/* Rounding of a percentage may fall to either side: that near to a border nothing is said. */
enum { BORDER = 4 };

struct piece {
	const char *got, *planted;
	uint64_t at;
	size_t n;
};

static void measure_piece(
	const struct piece *p, const struct stretches *s, size_t *cursor, struct measured *m)
{
	for (size_t i = 0; i < p->n; i++) {
		uint64_t o = p->at + i;
		while (*cursor < s->n && s->at[*cursor].offset + s->at[*cursor].len <= o)
			(*cursor)++;
		bool inside = *cursor < s->n && o >= s->at[*cursor].offset;
		bool changed = p->got[i] != p->planted[i];
		if (inside) {
			m->inside++;
			m->same += !changed;
		} else if (changed) {
			bool near_next = *cursor < s->n && s->at[*cursor].offset - o <= BORDER;
			bool near_last =
				*cursor > 0 &&
				o - (s->at[*cursor - 1].offset + s->at[*cursor - 1].len) < BORDER;
			m->stray += !near_next && !near_last;
		}
	}
}

static struct measured measure(
	const struct arena_fixture *a, uint32_t file, int fd, const struct stretches *s)
{
	enum { PIECE = 64 * 1024 };
	static char got[PIECE];
	static char planted[PIECE];
	const struct manifest_file *f = &a->manifest.files[file];
	struct measured m = { 0 };
	size_t cursor = 0;
	uint64_t wanted = 0;
	for (size_t i = 0; i < s->n; i++)
		wanted += s->at[i].len;
	off_t data = lseek(fd, 0, SEEK_DATA);
	while (data >= 0 && (uint64_t)data < f->size_bytes) {
		off_t hole = lseek(fd, data, SEEK_HOLE);
		uint64_t end = (uint64_t)hole < f->size_bytes ? (uint64_t)hole : f->size_bytes;
		for (uint64_t at = (uint64_t)data; at < end;) {
			size_t n = end - at < PIECE ? (size_t)(end - at) : PIECE;
			REQUIRE(pread(fd, got, n, (off_t)at) == (ssize_t)n);
			fixture_content(f, file, at, planted, n);
			struct piece piece = { got, planted, at, n };
			measure_piece(&piece, s, &cursor, &m);
			at += n;
		}
		data = lseek(fd, hole, SEEK_DATA);
	}
	m.in_holes = wanted - m.inside;
	return m;
}

static void check_measured(const char *what, const struct manifest_file *f, struct measured m)
{
	if (m.stray == 0 && m.in_holes == 0 && m.same <= m.inside / 64 + 3)
		return;
	test_fail(__FILE__, __LINE__,
		"%s, %s of %llu bytes: %llu stray, %llu of %llu unchanged, %llu in holes", what,
		f->name, (unsigned long long)f->size_bytes, (unsigned long long)m.stray,
		(unsigned long long)m.same, (unsigned long long)m.inside,
		(unsigned long long)m.in_holes);
}

static double entropy(const unsigned char *bytes, size_t n)
{
	size_t count[256] = { 0 };
	double sum = 0;
	for (size_t i = 0; i < n; i++)
		count[bytes[i]]++;
	for (size_t i = 0; i < 256; i++) {
		double share = (double)count[i] / (double)n;
		if (count[i] > 0)
			sum -= share * log2(share);
	}
	return sum;
}

static double random_block_share(const unsigned char *bytes, size_t n)
{
	size_t n_random = 0;
	for (size_t at = 0; at + BLOCK_BYTES <= n; at += BLOCK_BYTES)
		n_random += entropy(bytes + at, BLOCK_BYTES) > 7.9;
	return (double)n_random / (double)(n / BLOCK_BYTES);
}

/* --- one pattern --- */

/* A file for each size class, one text of the size that published measurements used, and small ones
 * in folders of several depths. */
static struct fixture_file *choose_files(const struct scenario *s, struct pool *p, size_t *out_n)
{
	static const char *const places[] = { "", "Desktop", "archive/2024/q1", "财务/合同",
		"zoo" };
	struct fixture_file *files = pool_take(p, 200, sizeof *files);
	size_t n = 0;
	REQUIRE(files != NULL);
	files[n++] = (struct fixture_file){ "", "measured.txt", TEXT_SIZE };
	for (size_t i = 0; i < s->n_size_classes; i++)
		files[n++] = (struct fixture_file){ "classes",
			pool_textf(p, "Class-%zu.%s", i,
				s->size_class_types[i] == NULL ? "txt" : s->size_class_types[i]),
			s->size_classes[i] };
	for (size_t i = 0; i < s->n_regions; i++)
		for (size_t k = 0; k < s->regions[i].n_types && k < 2; k++)
			files[n++] = (struct fixture_file){ "types",
				pool_textf(p, "Type-%zu-%zu.%s", i, k, s->regions[i].types[k]),
				30000 };
	for (size_t i = 0; i < 20; i++)
		files[n++] = (struct fixture_file){ places[i % COUNT_OF(places)],
			pool_textf(p, "Plan-%zu.csv", i), 9000 + i };
	*out_n = n;
	return files;
}

static const struct shape *shape_of(const char *scenario, const struct manifest_file *f)
{
	char type[16];
	struct view t = manifest_type(f, type);
	for (size_t i = 0; i < COUNT_OF(shapes); i++)
		if (strcmp(shapes[i].scenario, scenario) == 0 && shapes[i].size == f->size_bytes &&
			view_is(t, shapes[i].type))
			return &shapes[i];
	return NULL;
}

static void check_file(const struct arena_fixture *a, uint32_t file, bool *seen_region)
{
	const struct scenario *s = &a->scenario;
	const struct manifest_file *f = &a->manifest.files[file];
	char type[16];
	const struct region *region = scenario_region(s, f->size_bytes, manifest_type(f, type));
	const struct shape *shape = shape_of(s->id, f);
	struct stat st;
	if (shape != NULL)
		CHECK_INT(shape->is_skipped, region == NULL);
	if (region == NULL) {
		CHECK(fixture_is_planted(a, file, fixture_path(a, file, NULL)));
		return;
	}
	for (size_t i = 0; i < s->n_regions; i++)
		seen_region[i] |= region == &s->regions[i];
	const char *name = fixture_new_name(a, file);
	bool is_new = scenario_makes_new_files(s);
	if (strcmp(name, f->name) != 0)
		CHECK(lstat(fixture_path(a, file, NULL), &st) != 0 && errno == ENOENT);
	AUTO_FD int fd = open(fixture_path(a, file, name), O_RDONLY | O_CLOEXEC);
	REQUIRE(fd >= 0 && fstat(fd, &st) == 0);
	CHECK_INT(st.st_size, f->size_bytes + s->footer_bytes);
	CHECK_INT((uint64_t)st.st_ino != f->inode, is_new);
	struct stretches by_engine = from_extents(region, f->size_bytes);
	check_measured("by the scenario", f, measure(a, file, fd, &by_engine));
	free(by_engine.at);
	if (shape == NULL)
		return;
	struct stretches by_hand = from_shape(shape);
	check_measured("by the analyses", f, measure(a, file, fd, &by_hand));
	free(by_hand.at);
}

static void check_entropy(const struct arena_fixture *a, const struct habit *h)
{
	static unsigned char after[TEXT_SIZE];
	static unsigned char before[TEXT_SIZE];
	AUTO_FD int fd = open(fixture_path(a, 0, fixture_new_name(a, 0)), O_RDONLY | O_CLOEXEC);
	fixture_content(&a->manifest.files[0], 0, 0, before, sizeof before);
	REQUIRE(fd >= 0 && pread(fd, after, sizeof after, 0) == TEXT_SIZE);
	double rise = entropy(after, sizeof after) - entropy(before, sizeof before);
	double blocks = random_block_share(after, sizeof after);
	CHECK_INT(random_block_share(before, sizeof before) * 1000, 0);
	if (h->text_after_to > 0)
		CHECK(rise > h->text_after_from && rise < h->text_after_to);
	if (h->random_blocks >= 0 && h->random_blocks < 1)
		CHECK(fabs(blocks - h->random_blocks) < 0.01);
	if (h->random_blocks >= 1)
		CHECK(blocks > 0.99 && entropy(after, sizeof after) > 7.999);
}

/* Everything in the arena that is neither a decoy nor a folder. */
static size_t count_notes(const struct arena_fixture *a, const char *name, size_t *out_in_root)
{
	size_t n = 0;
	*out_in_root = 0;
	for (uint32_t i = 0; i <= a->manifest.n_folders; i++) {
		uint32_t folder = i == a->manifest.n_folders ? FOLDER_ROOT : i;
		const char *path = name;
		struct stat st;
		char head[6] = "";
		for (uint32_t at = folder; at != FOLDER_ROOT; at = a->manifest.folders[at].parent)
			path = pool_textf(a->pool, "%s/%s", a->manifest.folders[at].name, path);
		path = pool_textf(a->pool, "%s/%s", a->path, path);
		if (lstat(path, &st) != 0)
			continue;
		AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
		REQUIRE(fd >= 0 && read(fd, head, 5) == 5);
		CHECK_TEXT(head, "DRILL");
		CHECK(st.st_size > 300 && st.st_size <= NOTE_BYTES_MAX);
		n++;
		*out_in_root += folder == FOLDER_ROOT;
	}
	return n;
}

static void check_notes(const struct arena_fixture *a, const struct habit *h)
{
	const struct scenario *s = &a->scenario;
	struct error e = ERROR_NONE;
	char name[256];
	size_t in_root;
	REQUIRE_OK(note_name(s, a->escrow, name, &e), e);
	size_t n = count_notes(a, name, &in_root);
	size_t n_folders = a->manifest.n_folders + 1;
	if (h != NULL && h->note != NULL)
		CHECK_TEXT(name, h->note);
	enum scenario_note_place place =
		h != NULL && h->place != NOTE_NONE ? h->place : s->note_place;
	switch (place) {
	case NOTE_NONE:
		CHECK_INT(n, 0);
		break;
	case NOTE_EVERY_FOLDER:
		CHECK_INT(n, n_folders);
		break;
	case NOTE_FIRST_FOLDERS:
		CHECK_INT(n, s->note_folders < n_folders ? s->note_folders : n_folders);
		break;
	case NOTE_ROOT:
		CHECK_INT(n, 1);
		CHECK_INT(in_root, 1);
		break;
	}
}

static void check_habit(const struct arena_fixture *a, const struct habit *h)
{
	const struct scenario *s = &a->scenario;
	if (h->footer >= 0)
		CHECK_INT(s->footer_bytes, h->footer);
	const char *name = fixture_new_name(a, a->manifest.n_files - 1);
	if (h->suffix != NULL)
		CHECK(view_ends_with(view_of(name), view_of(h->suffix)));
	if (strcmp(s->id, "alternate-16") == 0)
		CHECK(view_starts_with(view_of(name), VIEW("plan-")));
	check_entropy(a, h);
}

/* --- when the name changes: what the kernel tells of a folder --- */

enum { ORDER_FILE_BYTES = 16 * 1024, EVENTS_BYTES = 256 * 1024 };

struct order_seen {
	size_t n_before, n_after; /* writes to the decoy before and after it got its new name */
	char from[NAME_MAX + 1], to[NAME_MAX + 1]; /* of the renaming */
	size_t n_renames;
};

static void take_event(const struct inotify_event *event, struct order_seen *o)
{
	CHECK((event->mask & IN_Q_OVERFLOW) == 0);
	const char *name = event->len == 0 ? "" : event->name;
	if ((event->mask & IN_MOVED_FROM) != 0) {
		(void)snprintf(o->from, sizeof o->from, "%s", name);
		o->n_renames++;
	} else if ((event->mask & IN_MOVED_TO) != 0) {
		(void)snprintf(o->to, sizeof o->to, "%s", name);
	} else if ((event->mask & IN_MODIFY) != 0) {
		o->n_before += o->n_renames == 0 && view_starts_with(view_of(name), VIEW("plan"));
		o->n_after += o->n_renames > 0 && strcmp(name, o->to) == 0;
	}
}

static void read_events(int fd, struct order_seen *o)
{
	_Alignas(struct inotify_event) static char events[EVENTS_BYTES];
	for (;;) {
		ssize_t n = read(fd, events, sizeof events);
		if (n <= 0)
			return;
		for (char *at = events; at < events + n;) {
			struct inotify_event event;
			memcpy(&event, at, sizeof event);
			const void *whole = at;
			take_event(whole, o);
			at += sizeof event + event.len;
		}
	}
}

static void check_order(const struct habit *h)
{
	struct error e = ERROR_NONE;
	struct attack_outcome out;
	struct order_seen seen = { .n_renames = 0 };
	/* One file in the root, so that there is one order of things. */
	struct fixture_file file = {
		.folder = "", .name = "plan.txt", .size_bytes = ORDER_FILE_BYTES
	};
	struct arena_fixture *a = arena_fixture_make(h->scenario, test_path(h->scenario), &file, 1);
	struct attack_request r = arena_fixture_request(a);
	AUTO_FD int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	REQUIRE(fd >= 0 && inotify_add_watch(fd, a->path, IN_MODIFY | IN_MOVE) >= 0);
	REQUIRE_OK(attack_run(&r, a->pool, &out, &e), e);
	CHECK_INT(out.n_changed, 1);
	read_events(fd, &seen);
	CHECK_INT(seen.n_renames, 1);
	CHECK_TEXT(seen.to, fixture_new_name(a, 0));
	CHECK((seen.n_before > 0) == (h->rename == RENAME_AFTER));
	CHECK((seen.n_after > 0) == (h->rename == RENAME_BEFORE));
	if (strcmp(h->scenario, "copy-then-destroy") == 0)
		CHECK_TEXT(seen.from, "plan.txt.WNCRYT");
	else if (a->scenario.write < WRITE_NEW_UNLINK)
		CHECK_TEXT(seen.from, "plan.txt");
	arena_fixture_done(a);
}

TEST_WITHIN(the_name_changes_before_or_after_the_content_as_published, 120)
{
	for (size_t i = 0; i < COUNT_OF(habits); i++)
		if (habits[i].rename != RENAME_NONE)
			check_order(&habits[i]);
}

static void check_pattern(const char *id)
{
	struct error e = ERROR_NONE;
	struct attack_outcome out;
	bool seen[SCENARIO_REGIONS_MAX] = { false };
	size_t n_files = 0;
	AUTO(pool_free) struct pool *p = pool_new(64 * MIB);
	struct scenario *s = pool_take(p, 1, sizeof *s);
	REQUIRE_OK(scenario_find(test_folder(), id, p, s, &e), e);
	struct fixture_file *files = choose_files(s, p, &n_files);
	struct arena_fixture *a = arena_fixture_make(id, test_path("arena"), files, n_files);
	struct attack_request r = arena_fixture_request(a);
	REQUIRE_OK(attack_run(&r, a->pool, &out, &e), e);
	CHECK_TEXT(out.sentence, "");
	CHECK_INT(out.end, ATTACK_COMPLETED);
	CHECK_INT(out.n_changed + out.n_skipped, n_files);
	CHECK_INT(out.n_missing + out.n_refused + out.n_foreign + out.n_failed, 0);
	for (uint32_t i = 0; i < a->manifest.n_files; i++)
		check_file(a, i, seen);
	for (size_t i = 0; i < a->scenario.n_regions; i++)
		if (!seen[i] && !a->scenario.regions[i].skip)
			test_fail(__FILE__, __LINE__, "branch '%s' was not run",
				a->scenario.regions[i].label);
	const struct habit *habit = NULL;
	for (size_t i = 0; i < COUNT_OF(habits); i++)
		if (strcmp(habits[i].scenario, id) == 0)
			habit = &habits[i];
	check_notes(a, habit);
	if (habit != NULL)
		check_habit(a, habit);
	arena_fixture_done(a);
}

TEST_WITHIN(alternate_16_has_its_published_shape, 120)
{
	check_pattern("alternate-16");
}

TEST_WITHIN(big_file_blocks_has_its_published_shape, 120)
{
	check_pattern("big-file-blocks");
}

TEST_WITHIN(block_mode_has_its_published_shape, 120)
{
	check_pattern("block-mode");
}

TEST_WITHIN(capped_head_has_its_published_shape, 120)
{
	check_pattern("capped-head");
}

TEST_WITHIN(copy_then_destroy_has_its_published_shape, 120)
{
	check_pattern("copy-then-destroy");
}

TEST_WITHIN(fast_actor_has_its_published_shape, 120)
{
	check_pattern("fast-actor");
}

TEST_WITHIN(first_and_last_has_its_published_shape, 120)
{
	check_pattern("first-and-last");
}

TEST_WITHIN(first_mib_has_its_published_shape, 120)
{
	check_pattern("first-mib");
}

TEST_WITHIN(header_one_chunk_has_its_published_shape, 120)
{
	check_pattern("header-one-chunk");
}

TEST_WITHIN(image_stripes_has_its_published_shape, 120)
{
	check_pattern("image-stripes");
}

TEST_WITHIN(mode_switch_has_its_published_shape, 120)
{
	check_pattern("mode-switch");
}

TEST_WITHIN(named_modes_has_its_published_shape, 120)
{
	check_pattern("named-modes");
}

TEST_WITHIN(operator_percent_has_its_published_shape, 120)
{
	check_pattern("operator-percent");
}

TEST_WITHIN(percent_from_start_has_its_published_shape, 120)
{
	check_pattern("percent-from-start");
}

TEST_WITHIN(quick_has_its_published_shape, 120)
{
	check_pattern("quick");
}

TEST_WITHIN(rename_first_has_its_published_shape, 120)
{
	check_pattern("rename-first");
}

TEST_WITHIN(size_class_has_its_published_shape, 120)
{
	check_pattern("size-class");
}

TEST_WITHIN(small_dots_has_its_published_shape, 120)
{
	check_pattern("small-dots");
}

TEST_WITHIN(standard_has_its_published_shape, 120)
{
	check_pattern("standard");
}

TEST_WITHIN(three_chunk_percent_has_its_published_shape, 120)
{
	check_pattern("three-chunk-percent");
}

TEST_WITHIN(three_modes_has_its_published_shape, 120)
{
	check_pattern("three-modes");
}

TEST_WITHIN(three_regions_has_its_published_shape, 120)
{
	check_pattern("three-regions");
}

TEST_WITHIN(tiny_read_new_file_has_its_published_shape, 120)
{
	check_pattern("tiny-read-new-file");
}
