/*
 * Planting for tests. Nothing here uses what the tests are about.
 */
#include "tests/lib/arena_fixture.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/random.h"
#include "drill/attack/emulate.h"
#include "drill/decoy/budget.h"
#include "sys/file.h"
#include "sys/role.h"
#include "tests/lib/test.h"

enum { TEXT_BYTES = 65521, HEAD_BYTES = 256 * 1024, TAIL_BYTES = 64 * 1024 };
#define SPARSE_FROM (8 * MIB)

static const char *text(void)
{
	static char kept[TEXT_BYTES + 1];
	static const char *const words[] = { "order", "of", "the", "pump", "valve", "report",
		"delivery", "Tuesday", "quantity", "and", "inspection", "north", "hall", "paid",
		"until", "17", "2,450", "kg", "measured", "by", "hand", "zone", "meeting",
		"Quarter" };
	if (kept[0] != '\0')
		return kept;
	struct dice d;
	dice_init(&d, 4711);
	for (size_t at = 0; at < TEXT_BYTES;) {
		const char *word = words[dice_below(&d, COUNT_OF(words))];
		size_t n = strlen(word);
		for (size_t i = 0; i < n && at < TEXT_BYTES; i++)
			kept[at++] = word[i];
		if (at < TEXT_BYTES)
			kept[at++] = dice_below(&d, 11) == 0 ? '\n' : ' ';
	}
	return kept;
}

static bool is_data(uint64_t size, uint64_t block)
{
	if (size <= SPARSE_FROM || block * BLOCK_BYTES < HEAD_BYTES)
		return true;
	return block >= (size - TAIL_BYTES) / BLOCK_BYTES;
}

void fixture_content(
	const struct manifest_file *f, uint32_t file, uint64_t offset, void *out, size_t n_bytes)
{
	char *at = out;
	const char *from = text();
	while (n_bytes > 0) {
		uint64_t in_text = (offset + file * 7919ULL) % TEXT_BYTES;
		size_t n = BLOCK_BYTES - (size_t)(offset % BLOCK_BYTES);
		n = n < n_bytes ? n : n_bytes;
		n = n < TEXT_BYTES - in_text ? n : (size_t)(TEXT_BYTES - in_text);
		if (is_data(f->size_bytes, offset / BLOCK_BYTES))
			memcpy(at, from + in_text, n);
		else
			memset(at, 0, n);
		at += n;
		offset += n;
		n_bytes -= n;
	}
}

static uint32_t add_folder(struct arena_fixture *a, const char *path)
{
	struct manifest *m = &a->manifest;
	uint32_t parent = FOLDER_ROOT;
	struct view rest = view_of(path);
	int fd = dup(a->fd);
	while (rest.len > 0) {
		struct view name = view_cut(&rest, '/');
		uint32_t i = 0;
		struct stat st;
		while (i < m->n_folders &&
			!(m->folders[i].parent == parent && view_is(name, m->folders[i].name)))
			i++;
		if (i == m->n_folders) {
			m->folders[i] = (struct manifest_folder){ .parent = parent,
				.name = pool_text(a->pool, name) };
			REQUIRE(mkdirat(fd, m->folders[i].name, 0700) == 0);
			m->n_folders++;
		}
		int inner = openat(fd, m->folders[i].name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		REQUIRE(inner >= 0 && fstat(inner, &st) == 0);
		REQUIRE(fchown(inner, m->uid, m->gid) == 0);
		m->folders[i].inode = st.st_ino;
		(void)close(fd);
		fd = inner;
		parent = i;
	}
	(void)close(fd);
	return parent;
}

static void add_run(struct arena_fixture *a, struct manifest_file *f, uint32_t file, int fd,
	uint64_t first, uint64_t n)
{
	struct manifest_run *run = pool_take(a->pool, 1, sizeof *run);
	unsigned char *tags = pool_take(a->pool, n, TAG_BYTES);
	char block[BLOCK_BYTES];
	REQUIRE(run != NULL && tags != NULL);
	for (uint64_t i = 0; i < n; i++) {
		uint64_t offset = (first + i) * BLOCK_BYTES;
		size_t len = f->size_bytes - offset < BLOCK_BYTES ? (size_t)(f->size_bytes - offset)
								  : BLOCK_BYTES;
		fixture_content(f, file, offset, block, len);
		REQUIRE(pwrite(fd, block, len, (off_t)offset) == (ssize_t)len);
		block_tag(block, len, tags + i * TAG_BYTES);
	}
	*run = (struct manifest_run){ first, n, tags };
	if (f->runs == NULL) {
		f->runs = run;
		f->n_runs = 1;
		return;
	}
	struct manifest_run *both = pool_take(a->pool, 2, sizeof *both);
	both[0] = f->runs[0];
	both[1] = *run;
	f->runs = both;
	f->n_runs = 2;
}

/* As the manifest wants it: over what is in the runs. */
static void hash_whole(struct manifest_file *f, uint32_t file)
{
	char block[BLOCK_BYTES];
	struct digester *d = digester_new();
	for (uint64_t at = 0; at < f->size_bytes; at += BLOCK_BYTES) {
		size_t n = f->size_bytes - at < BLOCK_BYTES ? (size_t)(f->size_bytes - at)
							    : BLOCK_BYTES;
		if (!is_data(f->size_bytes, at / BLOCK_BYTES))
			continue;
		fixture_content(f, file, at, block, n);
		digester_add(d, block, n);
	}
	f->whole = digester_result(d);
	digester_free(d);
}

static void add_file(struct arena_fixture *a, const struct fixture_file *wanted)
{
	struct manifest *m = &a->manifest;
	uint32_t file = m->n_files;
	struct manifest_file *f = &m->files[file];
	*f = (struct manifest_file){ .folder = add_folder(a, wanted->folder),
		.name = pool_text(a->pool, view_of(wanted->name)),
		.kind = DECOY_TXT,
		.mode = 0600,
		.size_bytes = wanted->size_bytes };
	char path[2048];
	(void)snprintf(path, sizeof path, "%s/%s%s%s", a->path, wanted->folder,
		wanted->folder[0] == '\0' ? "" : "/", wanted->name);
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	struct stat st;
	REQUIRE(fd >= 0 && ftruncate(fd, (off_t)f->size_bytes) == 0);
	uint64_t n_blocks = (f->size_bytes + BLOCK_BYTES - 1) / BLOCK_BYTES;
	if (f->size_bytes > SPARSE_FROM) {
		uint64_t tail = (f->size_bytes - TAIL_BYTES) / BLOCK_BYTES;
		f->flags = MANIFEST_SPARSE;
		add_run(a, f, file, fd, 0, HEAD_BYTES / BLOCK_BYTES);
		add_run(a, f, file, fd, tail, n_blocks - tail);
	} else if (n_blocks > 0) {
		add_run(a, f, file, fd, 0, n_blocks);
	}
	REQUIRE(fchown(fd, m->uid, m->gid) == 0 && fstat(fd, &st) == 0);
	f->inode = st.st_ino;
	(void)close(fd);
	hash_whole(f, file);
	m->n_files++;
}

static void read_scenario(struct arena_fixture *a, const char *scenario)
{
	struct error e = ERROR_NONE;
	const char *kept = pool_text(a->pool, view_of(scenario));
	if (strchr(kept, '\n') != NULL)
		REQUIRE_OK(scenario_parse(view_of(kept), "test", a->pool, &a->scenario, &e), e);
	else
		REQUIRE_OK(scenario_find(test_folder(), scenario, a->pool, &a->scenario, &e), e);
}

static void plant(struct arena_fixture *a, const struct fixture_file *files, size_t n_files)
{
	struct manifest *m = &a->manifest;
	struct error e = ERROR_NONE;
	struct stat st;
	AUTO_BUF struct buf bytes;
	uid_t uid;
	gid_t gid;
	REQUIRE_OK(confine_pick_uid(4711, &uid, &gid, &e), e);
	(void)snprintf(m->id, sizeof m->id, "%s", id_new(clock_wall_ns(NULL)).text);
	m->uid = uid;
	m->gid = gid;
	m->arena = a->path;
	m->files = pool_take(a->pool, n_files + 1, sizeof *m->files);
	m->folders = pool_take(a->pool, n_files * 4 + 1, sizeof *m->folders);
	m->generations = pool_take(a->pool, 1, sizeof *m->generations);
	m->n_generations = 1;
	m->generations[0] = (struct manifest_generation){ clock_wall_ns(NULL), (uint32_t)n_files };
	REQUIRE(fchown(a->fd, uid, gid) == 0 && fstat(a->fd, &st) == 0);
	m->device = st.st_dev;
	m->arena_inode = st.st_ino;
	for (size_t i = 0; i < n_files; i++)
		add_file(a, &files[i]);
	buf_init(&bytes, MANIFEST_BYTES_MAX);
	REQUIRE_OK(manifest_write(m, &bytes, &e), e);
}

static void start_journal(struct arena_fixture *a)
{
	struct error e = ERROR_NONE;
	AUTO_BUF struct buf body;
	const char *keep = pool_textf(a->pool, "%s.keep", a->path);
	buf_init(&body, 1024);
	REQUIRE(mkdir(keep, 0700) == 0);
	REQUIRE_OK(file_open_folder(keep, &a->keep_fd, &e), e);
	REQUIRE_OK(journal_create(a->keep_fd, "journal", &a->journal, &e), e);
	struct journal_start m = { .drill = view_of(a->manifest.id),
		.manifest = a->manifest.hash,
		.scenario = a->scenario.hash,
		.at_ns = clock_wall_ns(NULL),
		.uid = a->manifest.uid };
	journal_start_write(&body, &m);
	REQUIRE_OK(journal_add(a->journal, JOURNAL_START, buf_view(&body), &e), e);
	REQUIRE_OK(journal_commit(a->journal, &e), e);
}

struct arena_fixture *arena_fixture_make(
	const char *scenario, const char *path, const struct fixture_file *files, size_t n_files)
{
	struct error e = ERROR_NONE;
	struct arena_fixture *a = calloc(1, sizeof *a);
	REQUIRE(a != NULL);
	*a = (struct arena_fixture){ .path = path, .fd = -1, .keep_fd = -1 };
	a->pool = pool_new(GIB);
	REQUIRE(a->pool != NULL);
	memset(a->escrow, 0x5a, sizeof a->escrow);
	a->context.home = test_folder();
	read_scenario(a, scenario);
	REQUIRE(mkdir(path, 0700) == 0 || errno == EEXIST);
	REQUIRE_OK(file_open_folder(path, &a->fd, &e), e);
	plant(a, files, n_files);
	REQUIRE_OK(budget_compute(&a->scenario, &a->manifest, 0, &a->budget, &e), e);
	a->budget.free_kept_bytes = 0;
	start_journal(a);
	return a;
}

void arena_fixture_done(struct arena_fixture *a)
{
	journal_close(a->journal);
	if (a->fd >= 0)
		(void)close(a->fd);
	if (a->keep_fd >= 0)
		(void)close(a->keep_fd);
	pool_free(a->pool);
	pool_free(a->names);
	free(a);
}

struct attack_request arena_fixture_request(struct arena_fixture *a)
{
	struct attack_request r = { .context = &a->context,
		.id = a->manifest.id,
		.scenario = &a->scenario,
		.manifest = &a->manifest,
		.budget = &a->budget,
		.call = "duty desk, extension 4711",
		.order_seed = 7,
		.arena_fd = a->fd,
		.journal = a->journal };
	memcpy(r.escrow, a->escrow, sizeof r.escrow);
	return r;
}

struct fixture_file *arena_fixture_many(struct pool *p, size_t n, uint64_t size_bytes)
{
	struct fixture_file *files = pool_take(p, n, sizeof *files);
	REQUIRE(files != NULL);
	for (size_t i = 0; i < n; i++)
		files[i] = (struct fixture_file){ pool_textf(p, "hall-%zu/line-%zu/%s", i % 3,
							  i % 5, i % 2 ? "合同" : "plans"),
			pool_textf(p, "Report-%zu.txt", i), size_bytes };
	return files;
}

const char *fixture_path(const struct arena_fixture *a, uint32_t file, const char *name)
{
	const struct manifest_file *f = &a->manifest.files[file];
	const char *path = name == NULL ? f->name : name;
	for (uint32_t at = f->folder; at != FOLDER_ROOT; at = a->manifest.folders[at].parent)
		path = pool_textf(a->pool, "%s/%s", a->manifest.folders[at].name, path);
	return pool_textf(a->pool, "%s/%s", a->path, path);
}

const char *fixture_new_name(const struct arena_fixture *a, uint32_t file)
{
	struct error e = ERROR_NONE;
	char name[256];
	const struct scenario *s = &a->scenario;
	bool keeps = s->rename == RENAME_NONE &&
		     (s->write == WRITE_IN_PLACE || s->write == WRITE_IN_PLACE_MMAP);
	if (keeps)
		return a->manifest.files[file].name;
	REQUIRE_OK(attack_new_name(s, a->escrow, file, a->manifest.files[file].name, name, &e), e);
	return pool_text(a->pool, view_of(name));
}

bool fixture_is_planted(const struct arena_fixture *a, uint32_t file, const char *path)
{
	const struct manifest_file *f = &a->manifest.files[file];
	char got[BLOCK_BYTES];
	char wanted[BLOCK_BYTES];
	struct stat st;
	AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) != 0 || (uint64_t)st.st_size != f->size_bytes)
		return false;
	for (uint64_t at = 0; at < f->size_bytes; at += BLOCK_BYTES) {
		size_t n = f->size_bytes - at < BLOCK_BYTES ? (size_t)(f->size_bytes - at)
							    : BLOCK_BYTES;
		fixture_content(f, file, at, wanted, n);
		if (pread(fd, got, n, (off_t)at) != (ssize_t)n || memcmp(got, wanted, n) != 0)
			return false;
	}
	return true;
}

int arena_fixture_role(int argc, char **argv)
{
	static const struct role roles[] = { { "emulator", emulator_role } };
	int code = 2;
	(void)role_dispatch(argc, argv, roles, COUNT_OF(roles), &code);
	return code;
}

#define SCENARIO_TOP                                                                               \
	"id: test-pattern\nversion: 1\nkind: pattern\n"                                            \
	"name: { en: Test, zh: 测试 }\nsummary: { en: Test., zh: 测试。 }\n"                  \
	"source: test\nattack: [T1486]\norder: depth-first\n"
#define SCENARIO_END                                                                               \
	"suffix: .locked\nfooter: 92\n"                                                            \
	"note:\n  where: every-folder\n  name: README.txt\n"                                       \
	"  text:\n    en: Call the desk.\n    zh: 请致电。\n"                                  \
	"threads: 2\nrate: unlimited\ndecoys: 10\nsize_classes: []\n"                              \
	"max_files: 30000\nmax_bytes: 8 GiB\nmax_seconds: 900\n"

const char fixture_header_only[] =
	SCENARIO_TOP "write: in-place\nio: 4 KiB\nregion:\n  - label: head\n    head: 4 KiB\n"
		     "rename: before\n" SCENARIO_END;

const char *fixture_whole_files(struct pool *p, const char *write)
{
	return pool_textf(p,
		SCENARIO_TOP "write: %s\nio: 64 KiB\nregion:\n  - label: full\n    full: true\n"
			     "rename: after\n" SCENARIO_END,
		write);
}

static bool is_emulator_of(const char *pid, pid_t parent)
{
	char path[300];
	char line[256] = "";
	(void)snprintf(path, sizeof path, "/proc/%s/stat", pid);
	AUTO_FILE FILE *f = fopen(path, "re");
	if (f == NULL || fgets(line, sizeof line, f) == NULL)
		return false;
	const char *name = strstr(line, "(" EMULATOR_PROCESS_NAME ") ");
	int found = -1;
	return name != NULL &&
	       sscanf(name + sizeof EMULATOR_PROCESS_NAME + 2, "%*c %d", &found) == 1 &&
	       found == parent;
}

pid_t fixture_emulator_pid(pid_t parent)
{
	DIR *d = opendir("/proc");
	pid_t found = -1;
	REQUIRE(d != NULL);
	for (struct dirent *entry = readdir(d); entry != NULL && found < 0; entry = readdir(d)) {
		unsigned long long pid;
		if (view_to_u64(view_of(entry->d_name), &pid) &&
			is_emulator_of(entry->d_name, parent))
			found = (pid_t)pid;
	}
	(void)closedir(d);
	return found;
}

/* The bytes that the scenario leaves in a file that it is through with. */
static bool is_fully_changed(const struct arena_fixture *a, uint32_t file, const char *path)
{
	const struct manifest_file *f = &a->manifest.files[file];
	struct error e = ERROR_NONE;
	AUTO(keystream_free) struct keystream *k = NULL;
	char type[16];
	struct stat st;
	AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t n = (size_t)f->size_bytes;
	AUTO_FREE char *got = malloc(n + 1);
	AUTO_FREE char *wanted = malloc(n + 1);
	REQUIRE_OK(keystream_new(&k, &e), e);
	REQUIRE(got != NULL && wanted != NULL);
	if (fd < 0 || fstat(fd, &st) != 0 ||
		(uint64_t)st.st_size != f->size_bytes + a->scenario.footer_bytes ||
		pread(fd, got, n, 0) != (ssize_t)n)
		return false;
	fixture_content(f, file, 0, wanted, n);
	keystream_file(k, a->escrow, file);
	struct extent_walk walk;
	struct extent x;
	extent_walk_start(
		&walk, scenario_region(&a->scenario, n, manifest_type(f, type)), f->size_bytes);
	while (extent_walk_next(&walk, &x))
		keystream_apply(k, x.offset, wanted + x.offset, x.len);
	return memcmp(got, wanted, n) == 0;
}

size_t fixture_count_changed(const struct arena_fixture *a)
{
	size_t n = 0;
	for (uint32_t i = 0; i < a->manifest.n_files; i++) {
		if (fixture_is_planted(a, i, fixture_path(a, i, NULL)))
			continue;
		bool changed = is_fully_changed(a, i, fixture_path(a, i, fixture_new_name(a, i)));
		if (!changed)
			test_fail(__FILE__, __LINE__, "%s is neither planted nor changed",
				fixture_path(a, i, NULL));
		n += changed;
	}
	return n;
}
