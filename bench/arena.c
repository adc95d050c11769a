/*
 * Planting and plain loops for the benchmarks. Not the product's code, and no test of it.
 */
#include "bench/arena.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>

#include "base/random.h"
#include "drill/attack/emulate.h"
#include "drill/decoy/budget.h"
#include "sys/file.h"

enum { TEXT_BYTES = 1 << 20, DATA_ENDS_BYTES = 256 * 1024 };
#define SPARSE_FROM (8 * MIB)

void bench_die(const char *what, const struct error *e)
{
	(void)fprintf(stderr, "bench: %s: %s\n", what, e == NULL ? strerror(errno) : e->text);
	exit(1);
}

double bench_now_s(void)
{
	return (double)clock_boot_ns(NULL) / 1e9;
}

static double seconds_of(const struct timeval *t)
{
	return (double)t->tv_sec + (double)t->tv_usec / 1e6;
}

struct bench_spent bench_spent_now(void)
{
	static const int whose[] = { RUSAGE_SELF, RUSAGE_CHILDREN };
	struct bench_spent t = { .wall_s = bench_now_s() };
	for (size_t i = 0; i < COUNT_OF(whose); i++) {
		struct rusage u;
		(void)getrusage(whose[i], &u);
		t.cpu_s += seconds_of(&u.ru_utime) + seconds_of(&u.ru_stime);
	}
	return t;
}

struct bench_spent bench_spent_since(struct bench_spent start)
{
	struct bench_spent now = bench_spent_now();
	return (struct bench_spent){ now.wall_s - start.wall_s, now.cpu_s - start.cpu_s };
}

void bench_say(FILE *out, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	va_list again;
	va_copy(again, args);
	(void)vprintf(format, args);
	(void)fflush(stdout);
	if (out != NULL)
		(void)vfprintf(out, format, again);
	va_end(again);
	va_end(args);
}

const char *bench_folder(void)
{
	static char folder[400];
	const char *base = getenv("TMPDIR");
	if (folder[0] == '\0') {
		(void)snprintf(folder, sizeof folder, "%s/tocsin-bench-XXXXXX",
			base == NULL || base[0] == '\0' ? "/var/tmp" : base);
		if (mkdtemp(folder) == NULL)
			bench_die(folder, NULL);
	}
	return folder;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st;
	(void)ftw;
	return kind == FTW_DP ? rmdir(path) : unlink(path);
}

void bench_remove(const char *path)
{
	(void)nftw(path, remove_one, 32, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

static const char *text(void)
{
	static char kept[TEXT_BYTES];
	static const char *const words[] = { "order", "pump", "report", "and", "17", "measured",
		"the", "of", "delivery", "hall", "kg", "Tuesday" };
	struct dice d;
	dice_init(&d, 1);
	for (size_t at = 0; kept[TEXT_BYTES - 1] == '\0' && at < TEXT_BYTES;) {
		const char *word = words[dice_below(&d, COUNT_OF(words))];
		for (size_t i = 0; word[i] != '\0' && at < TEXT_BYTES; i++)
			kept[at++] = word[i];
		if (at < TEXT_BYTES)
			kept[at++] = ' ';
	}
	return kept;
}

static void write_run(struct bench_arena *a, struct manifest_run *run, int fd, uint64_t first,
	uint64_t end, uint64_t size)
{
	unsigned char *tags = pool_take(a->pool, end - first, TAG_BYTES);
	if (tags == NULL)
		bench_die("memory is short", NULL);
	for (uint64_t block = first; block < end; block++) {
		uint64_t at = block * BLOCK_BYTES;
		size_t n = size - at < BLOCK_BYTES ? (size_t)(size - at) : BLOCK_BYTES;
		const char *from = text() + at % (TEXT_BYTES - BLOCK_BYTES);
		if (pwrite(fd, from, n, (off_t)at) != (ssize_t)n)
			bench_die("plant", NULL);
		block_tag(from, n, tags + (block - first) * TAG_BYTES);
	}
	*run = (struct manifest_run){ first, end - first, tags };
}

static void add_file(struct bench_arena *a, uint32_t folder, const char *name, uint64_t size)
{
	struct manifest *m = &a->manifest;
	struct manifest_file *f = &m->files[m->n_files++];
	char path[1024];
	struct stat st;
	*f = (struct manifest_file){
		.folder = folder, .name = name, .mode = 0600, .size_bytes = size
	};
	(void)snprintf(path, sizeof path, "%s/%s/%s/%s", a->path,
		m->folders[m->folders[folder].parent].name, m->folders[folder].name, name);
	AUTO_FD int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 || ftruncate(fd, (off_t)size) != 0)
		bench_die(path, NULL);
	uint64_t n_blocks = (size + BLOCK_BYTES - 1) / BLOCK_BYTES;
	struct manifest_run *runs = pool_take(a->pool, 2, sizeof *runs);
	f->runs = runs;
	f->n_runs = 1;
	if (size > SPARSE_FROM) {
		f->flags = MANIFEST_SPARSE;
		f->n_runs = 2;
		write_run(a, &runs[0], fd, 0, DATA_ENDS_BYTES / BLOCK_BYTES, size);
		write_run(
			a, &runs[1], fd, n_blocks - DATA_ENDS_BYTES / BLOCK_BYTES, n_blocks, size);
	} else {
		write_run(a, &runs[0], fd, 0, n_blocks, size);
	}
	if (fchown(fd, m->uid, m->gid) != 0 || fstat(fd, &st) != 0)
		bench_die(path, NULL);
	f->inode = st.st_ino;
}

static void add_folder(struct bench_arena *a, uint32_t parent, const char *name)
{
	struct manifest *m = &a->manifest;
	char path[1024];
	struct stat st;
	if (parent == FOLDER_ROOT)
		(void)snprintf(path, sizeof path, "%s/%s", a->path, name);
	else
		(void)snprintf(
			path, sizeof path, "%s/%s/%s", a->path, m->folders[parent].name, name);
	if (mkdir(path, 0700) != 0 || chown(path, m->uid, m->gid) != 0 || stat(path, &st) != 0)
		bench_die(path, NULL);
	m->folders[m->n_folders++] = (struct manifest_folder){ parent, name, st.st_ino };
}

enum { TOPS = 4, INNER = 25 };

static void add_folders(struct bench_arena *a)
{
	for (uint32_t i = 0; i < TOPS; i++) {
		uint32_t top = a->manifest.n_folders;
		add_folder(a, FOLDER_ROOT, pool_textf(a->pool, "hall-%u", i));
		for (uint32_t k = 0; k < INNER; k++)
			add_folder(a, top, pool_textf(a->pool, "line-%u", k));
	}
}

static uint32_t folder_for(size_t i)
{
	return (uint32_t)(i % TOPS * (INNER + 1) + 1 + i / TOPS % INNER);
}

static void plant(struct bench_arena *a, size_t n, uint64_t size, bool classes)
{
	struct manifest *m = &a->manifest;
	struct scenario *s = a->scenario;
	struct error e = ERROR_NONE;
	struct stat st;
	AUTO_BUF struct buf bytes;
	if (confine_pick_uid(1, &m->uid, &m->gid, &e) != OK)
		bench_die("uid", &e);
	(void)snprintf(m->id, sizeof m->id, "%s", id_new(clock_wall_ns(NULL)).text);
	m->arena = a->path;
	m->files = pool_take(a->pool, n + s->n_size_classes, sizeof *m->files);
	m->folders = pool_take(a->pool, TOPS * (INNER + 1), sizeof *m->folders);
	m->generations = pool_take(a->pool, 1, sizeof *m->generations);
	m->n_generations = 1;
	if (fchown(a->fd, m->uid, m->gid) != 0 || fstat(a->fd, &st) != 0)
		bench_die(a->path, NULL);
	m->device = st.st_dev;
	m->arena_inode = st.st_ino;
	add_folders(a);
	static const char *const types[] = { "txt", "csv", "pdf", "sql", "docx", "log", "bmp",
		"xlsx" };
	bool images = strcmp(s->id, "image-stripes") == 0;
	for (size_t i = 0; i < n; i++)
		add_file(a, folder_for(i),
			pool_textf(a->pool, "Report-%zu.%s", i,
				images ? "vmdk" : types[i % COUNT_OF(types)]),
			size);
	for (size_t i = 0; classes && i < s->n_size_classes; i++)
		add_file(a, 1,
			pool_textf(a->pool, "Class-%zu.%s", i,
				s->size_class_types[i] == NULL ? "txt" : s->size_class_types[i]),
			s->size_classes[i]);
	m->generations[0] = (struct manifest_generation){ clock_wall_ns(NULL), m->n_files };
	buf_init(&bytes, MANIFEST_BYTES_MAX);
	if (manifest_write(m, &bytes, &e) != OK)
		bench_die("manifest", &e);
}

static void start_journal(struct bench_arena *a)
{
	struct error e = ERROR_NONE;
	AUTO_BUF struct buf body;
	char keep[600];
	(void)snprintf(keep, sizeof keep, "%s.keep", a->path);
	buf_init(&body, 1024);
	struct journal_start m = { .drill = view_of(a->manifest.id),
		.manifest = a->manifest.hash,
		.scenario = a->scenario->hash,
		.at_ns = clock_wall_ns(NULL),
		.uid = a->manifest.uid };
	journal_start_write(&body, &m);
	if (mkdir(keep, 0700) != 0 || file_open_folder(keep, &a->keep_fd, &e) != OK ||
		journal_create(a->keep_fd, "journal", &a->journal, &e) != OK ||
		journal_add(a->journal, JOURNAL_START, buf_view(&body), &e) != OK ||
		journal_commit(a->journal, &e) != OK)
		bench_die("journal", &e);
}

void bench_arena_make(
	struct bench_arena *a, const char *scenario, size_t n, uint64_t size, bool classes)
{
	struct error e = ERROR_NONE;
	*a = (struct bench_arena){ .fd = -1, .keep_fd = -1, .pool = pool_new(2 * GIB) };
	(void)snprintf(a->path, sizeof a->path, "%s/arena", bench_folder());
	a->context.home = bench_folder();
	a->scenario = pool_take(a->pool, 1, sizeof *a->scenario);
	memset(a->escrow, 0x33, sizeof a->escrow);
	if (a->scenario == NULL ||
		scenario_find(bench_folder(), scenario, a->pool, a->scenario, &e) != OK)
		bench_die(scenario, &e);
	if (mkdir(a->path, 0700) != 0 || file_open_folder(a->path, &a->fd, &e) != OK)
		bench_die(a->path, NULL);
	plant(a, n, size, classes);
	if (budget_compute(a->scenario, &a->manifest, 0, &a->budget, &e) != OK)
		bench_die("budget", &e);
	a->budget.seconds = 900;
	start_journal(a);
	sync(); /* planting must not be written out while the attack is measured */
}

void bench_arena_done(struct bench_arena *a)
{
	char keep[600];
	(void)snprintf(keep, sizeof keep, "%s.keep", a->path);
	journal_close(a->journal);
	(void)close(a->fd);
	(void)close(a->keep_fd);
	bench_remove(a->path);
	bench_remove(keep);
	pool_free(a->pool);
}

struct attack_request bench_request(struct bench_arena *a)
{
	struct attack_request r = { .context = &a->context,
		.id = a->manifest.id,
		.scenario = a->scenario,
		.manifest = &a->manifest,
		.budget = &a->budget,
		.order_seed = 1,
		.arena_fd = a->fd,
		.journal = a->journal };
	memcpy(r.escrow, a->escrow, sizeof r.escrow);
	return r;
}

double bench_attack(struct bench_arena *a, double rate, struct attack_outcome *out)
{
	struct error e = ERROR_NONE;
	struct attack_request r = bench_request(a);
	r.rate_files_per_s = rate;
	double start = bench_now_s();
	if (attack_run(&r, a->pool, out, &e) != OK)
		bench_die("attack", &e);
	if (out->end != ATTACK_COMPLETED)
		bench_die(out->sentence, NULL);
	return bench_now_s() - start;
}

/* --- the plain loop --- */

struct plain {
	struct bench_arena *a;
	struct keystream *k;
	unsigned char *bytes;
};

static void change_extents(
	const struct plain *p, int fd, const struct region *region, uint64_t size)
{
	size_t call = p->a->scenario->io_bytes;
	bool maps = p->a->scenario->write == WRITE_IN_PLACE_MMAP;
	struct extent_walk walk;
	struct extent x;
	unsigned char *map = NULL;
	if (maps)
		map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	extent_walk_start(&walk, region, size);
	while (extent_walk_next(&walk, &x)) {
		if (maps) {
			keystream_apply(p->k, x.offset, map + x.offset, x.len);
			continue;
		}
		for (uint64_t at = x.offset; at < x.offset + x.len;) {
			uint64_t left = x.offset + x.len - at;
			size_t n = left < call ? (size_t)left : call;
			if (pread(fd, p->bytes, n, (off_t)at) != (ssize_t)n)
				bench_die("read", NULL);
			keystream_apply(p->k, at, p->bytes, n);
			if (pwrite(fd, p->bytes, n, (off_t)at) != (ssize_t)n)
				bench_die("write", NULL);
			at += n;
		}
	}
	if (maps)
		(void)munmap(map, size);
}

static void copy_changed(
	const struct plain *p, int from, int to, const struct region *region, uint64_t size)
{
	struct extent_walk walk;
	struct extent x;
	extent_walk_start(&walk, region, size);
	bool has = extent_walk_next(&walk, &x);
	for (uint64_t at = 0; at < size;) {
		if (has && at >= x.offset + x.len)
			has = extent_walk_next(&walk, &x);
		bool inside = has && at >= x.offset;
		uint64_t end = !has ? size : inside ? x.offset + x.len : x.offset;
		size_t most = inside ? p->a->scenario->io_bytes : 256 * 1024;
		size_t n = end - at < most ? (size_t)(end - at) : most;
		if (pread(from, p->bytes, n, (off_t)at) != (ssize_t)n)
			bench_die("read", NULL);
		if (inside)
			keystream_apply(p->k, at, p->bytes, n);
		if (pwrite(to, p->bytes, n, (off_t)at) != (ssize_t)n)
			bench_die("write", NULL);
		at += n;
	}
}

static bool plain_file(const struct plain *p, uint32_t file)
{
	struct bench_arena *a = p->a;
	const struct scenario *s = a->scenario;
	const struct manifest_file *f = &a->manifest.files[file];
	const struct manifest_folder *folder = &a->manifest.folders[f->folder];
	struct error e = ERROR_NONE;
	char type[16], old[1024], new[1024], name[256];
	const struct region *region = scenario_region(s, f->size_bytes, manifest_type(f, type));
	if (region == NULL)
		return false;
	(void)snprintf(old, sizeof old, "%s/%s/%s/%s", a->path,
		a->manifest.folders[folder->parent].name, folder->name, f->name);
	if (scenario_renames(s) && attack_new_name(s, a->escrow, file, f->name, name, &e) != OK)
		bench_die("name", &e);
	(void)snprintf(new, sizeof new, "%s/%s/%s/%s", a->path,
		a->manifest.folders[folder->parent].name, folder->name, name);
	keystream_file(p->k, a->escrow, file);
	AUTO_FD int fd = open(old, O_RDWR | O_CLOEXEC);
	AUTO_FD int new_fd = -1;
	if (fd < 0)
		bench_die(old, NULL);
	if (scenario_makes_new_files(s)) {
		new_fd = open(new, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		copy_changed(p, fd, new_fd, region, f->size_bytes);
	} else {
		change_extents(p, fd, region, f->size_bytes);
	}
	memset(p->bytes, 0, s->footer_bytes);
	keystream_apply(p->k, f->size_bytes, p->bytes, s->footer_bytes);
	if (s->footer_bytes > 0 && pwrite(new_fd >= 0 ? new_fd : fd, p->bytes, s->footer_bytes,
					   (off_t)f->size_bytes) != (ssize_t)s->footer_bytes)
		bench_die("footer", NULL);
	if (s->write == WRITE_NEW_OVERWRITE_UNLINK)
		copy_changed(p, fd, fd, region, f->size_bytes);
	if (new_fd >= 0 ? unlink(old) != 0 : scenario_renames(s) && rename(old, new) != 0)
		bench_die(old, NULL);
	return true;
}

struct plain_result plain_attack(struct bench_arena *a)
{
	struct error e = ERROR_NONE;
	struct plain_result r = { 0 };
	struct plain p = { .a = a };
	struct step *steps;
	size_t n_steps;
	size_t n_bytes = a->scenario->io_bytes > 256 * KIB ? a->scenario->io_bytes : 256 * KIB;
	p.bytes = malloc(n_bytes);
	if (p.bytes == NULL || keystream_new(&p.k, &e) != OK ||
		order_make(a->scenario, &a->manifest, 1, a->pool, &steps, &n_steps, &e) != OK)
		bench_die("plain loop", &e);
	double start = bench_now_s();
	for (size_t i = 0; i < n_steps; i++) {
		if (steps[i].kind != STEP_FILE)
			continue;
		r.n_files += plain_file(&p, steps[i].index);
	}
	r.seconds = bench_now_s() - start;
	keystream_free(p.k);
	free(p.bytes);
	return r;
}
