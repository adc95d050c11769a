/*
 * Reading a manifest, which may have been made by anybody: ceilings first, then the closing hash,
 * then the fields, then every promise of manifest.h.
 */
#include <string.h>

#include "base/fault.h"
#include "base/pack.h"
#include "drill/decoy/manifest.h"
#include "drill/decoy/manifest_form.h"
#include "sys/file.h"

/* Bytes of the shortest record of each kind: a count that cannot fit is refused before memory is
 * taken for it. */
enum { GENERATION_BYTES_MIN = 12, FOLDER_BYTES_MIN = 15, FILE_BYTES_MIN = 72, RUN_BYTES_MIN = 32 };

static enum status no_memory(struct error *e)
{
	return error_set(e, E_NO_SPACE, "the manifest does not fit the memory set aside for it");
}

/* --- promises --- */

struct named {
	uint32_t parent;
	const char *name;
};

static int compare_named(const void *a, const void *b)
{
	const struct named *x = a;
	const struct named *y = b;
	if (x->parent != y->parent)
		return x->parent < y->parent ? -1 : 1;
	return strcmp(x->name, y->name);
}

static enum status check_unique(const struct manifest *m, struct error *e)
{
	size_t n = (size_t)m->n_folders + m->n_files;
	if (n == 0)
		return OK;
	AUTO_FREE struct named *all = FAULT("manifest_names") ? NULL : calloc(n, sizeof *all);
	if (all == NULL)
		return no_memory(e);
	for (uint32_t i = 0; i < m->n_folders; i++)
		all[i] = (struct named){ m->folders[i].parent, m->folders[i].name };
	for (uint32_t i = 0; i < m->n_files; i++)
		all[m->n_folders + i] = (struct named){ m->files[i].folder, m->files[i].name };
	qsort(all, n, sizeof *all, compare_named);
	for (size_t i = 1; i < n; i++)
		if (compare_named(&all[i - 1], &all[i]) == 0)
			return error_set(e, E_INVALID, "the manifest names an object twice: %.200s",
				all[i].name);
	return OK;
}

static enum status check_folders(const struct manifest *m, struct error *e)
{
	if (m->n_folders == 0)
		return OK;
	AUTO_FREE unsigned char *depth = FAULT("manifest_depth") ? NULL : calloc(m->n_folders, 1);
	if (depth == NULL)
		return no_memory(e);
	for (uint32_t i = 0; i < m->n_folders; i++) {
		const struct manifest_folder *f = &m->folders[i];
		if (!file_is_single_name(view_of(f->name)))
			return error_set(
				e, E_INVALID, "folder %u of the manifest has no plain name", i);
		if (f->parent != FOLDER_ROOT && f->parent >= i)
			return error_set(e, E_INVALID,
				"folder %u of the manifest has a parent that does not come before "
				"it",
				i);
		depth[i] = (unsigned char)(f->parent == FOLDER_ROOT ? 1 : depth[f->parent] + 1);
		if (depth[i] > MANIFEST_DEPTH_MAX)
			return error_set(e, E_INVALID,
				"folder %u of the manifest is nested deeper than %d", i,
				MANIFEST_DEPTH_MAX);
	}
	return OK;
}

static enum status check_runs(const struct manifest_file *f, uint32_t i, struct error *e)
{
	uint64_t n_blocks = manifest_n_blocks(f);
	uint64_t from = 0;
	for (uint32_t k = 0; k < f->n_runs; k++) {
		const struct manifest_run *r = &f->runs[k];
		if (r->n == 0 || r->first < from || r->first > n_blocks ||
			r->n > n_blocks - r->first)
			return error_set(e, E_INVALID,
				"file %u of the manifest has blocks that do not fit its size", i);
		from = r->first + r->n;
	}
	return OK;
}

static enum status check_file(const struct manifest *m, uint32_t i, struct error *e)
{
	const struct manifest_file *f = &m->files[i];
	const uint32_t known = MANIFEST_SIZE_CLASS | MANIFEST_SPARSE | MANIFEST_LOW_ENTROPY;
	if (!file_is_single_name(view_of(f->name)))
		return error_set(e, E_INVALID, "file %u of the manifest has no plain name", i);
	if (f->folder != FOLDER_ROOT && f->folder >= m->n_folders)
		return error_set(e, E_INVALID, "file %u of the manifest is in no folder of it", i);
	if ((unsigned)f->kind >= DECOY_KINDS || (f->flags & ~known) != 0)
		return error_set(e, E_INVALID, "file %u of the manifest is of an unknown kind", i);
	if (f->generation >= m->n_generations)
		return error_set(
			e, E_INVALID, "file %u of the manifest is of no generation of it", i);
	if ((f->mode & ~0777U) != 0)
		return error_set(
			e, E_INVALID, "file %u of the manifest has more than permission bits", i);
	if (f->size_bytes > MANIFEST_FILE_BYTES_MAX || f->n_runs > MANIFEST_RUNS_MAX)
		return error_set(e, E_TOO_BIG, "file %u of the manifest is larger than a decoy", i);
	return check_runs(f, i, e);
}

static enum status check_generations(const struct manifest *m, struct error *e)
{
	uint64_t n_files = 0;
	for (uint32_t i = 0; i < m->n_generations; i++)
		n_files += m->generations[i].n_files;
	if (n_files != m->n_files)
		return error_set(
			e, E_INVALID, "the generations of the manifest do not add up to its files");
	return OK;
}

static bool is_id(const char *id)
{
	return id[0] != '\0' && strspn(id, "0123456789abcdefghijklmnopqrstuvwxyz-") == strlen(id);
}

enum status manifest_check(const struct manifest *m, struct error *e)
{
	if (m->n_folders > MANIFEST_FOLDERS_MAX || m->n_files > MANIFEST_FILES_MAX ||
		m->n_generations > MANIFEST_GENERATIONS_MAX)
		return error_set(e, E_TOO_BIG, "the manifest counts more than a planting can have");
	if (!is_id(m->id))
		return error_set(e, E_INVALID, "the manifest has no id");
	if (m->arena == NULL || m->arena[0] != '/' || strlen(m->arena) > MANIFEST_ARENA_MAX)
		return error_set(e, E_INVALID, "the manifest's arena is not an absolute path");
	TRY(check_generations(m, e));
	TRY(check_folders(m, e));
	for (uint32_t i = 0; i < m->n_files; i++)
		TRY(check_file(m, i, e));
	return check_unique(m, e);
}

/* --- fields --- */

static enum status truncated(struct error *e)
{
	return error_set(e, E_INVALID, "the manifest ends too early, or holds more than it says");
}

/* A NUL inside would make two different names look the same to later code. */
static enum status take_text(struct unpack *u, struct pool *p, const char **out, struct error *e)
{
	struct view v = pack_get_text(u);
	if (u->failed)
		return truncated(e);
	if (v.len > 0 && memchr(v.at, '\0', v.len) != NULL)
		return error_set(e, E_INVALID, "the manifest holds a name with a NUL byte");
	*out = pool_text(p, v);
	return *out == NULL ? no_memory(e) : OK;
}

static enum status read_head(struct unpack *u, struct pool *p, struct manifest *m, struct error *e)
{
	const unsigned char *magic = pack_get_raw(u, sizeof MANIFEST_MAGIC - 1);
	if (magic == NULL || memcmp(magic, MANIFEST_MAGIC, sizeof MANIFEST_MAGIC - 1) != 0)
		return error_set(e, E_INVALID, "this is no manifest of this version");
	const char *id = NULL;
	TRY(take_text(u, p, &id, e));
	size_t id_len = strlen(id);
	if (id_len >= sizeof m->id)
		return error_set(e, E_INVALID, "the manifest has no id");
	memcpy(m->id, id, id_len + 1);
	m->device = pack_get_u64(u);
	m->arena_inode = pack_get_u64(u);
	m->uid = pack_get_u32(u);
	m->gid = pack_get_u32(u);
	TRY(take_text(u, p, &m->arena, e));
	m->n_generations = pack_get_u32(u);
	m->n_folders = pack_get_u32(u);
	m->n_files = pack_get_u32(u);
	if (u->failed)
		return truncated(e);
	if (m->n_folders > MANIFEST_FOLDERS_MAX || m->n_files > MANIFEST_FILES_MAX ||
		m->n_generations > MANIFEST_GENERATIONS_MAX)
		return error_set(e, E_TOO_BIG, "the manifest counts more than a planting can have");
	if ((size_t)m->n_generations * GENERATION_BYTES_MIN +
			(size_t)m->n_folders * FOLDER_BYTES_MIN +
			(size_t)m->n_files * FILE_BYTES_MIN >
		u->left)
		return truncated(e);
	return OK;
}

static enum status read_folders(
	struct unpack *u, struct pool *p, struct manifest *m, struct error *e)
{
	m->generations = pool_take(p, m->n_generations, sizeof *m->generations);
	m->folders = pool_take(p, m->n_folders, sizeof *m->folders);
	m->files = pool_take(p, m->n_files, sizeof *m->files);
	if (m->generations == NULL || m->folders == NULL || m->files == NULL)
		return no_memory(e);
	for (uint32_t i = 0; i < m->n_generations; i++) {
		m->generations[i].planted_ns = pack_get_i64(u);
		m->generations[i].n_files = pack_get_u32(u);
	}
	for (uint32_t i = 0; i < m->n_folders; i++) {
		m->folders[i].parent = pack_get_u32(u);
		TRY(take_text(u, p, &m->folders[i].name, e));
		m->folders[i].inode = pack_get_u64(u);
	}
	return OK;
}

static enum status read_runs(
	struct unpack *u, struct pool *p, struct manifest_file *f, struct error *e)
{
	if (f->n_runs > MANIFEST_RUNS_MAX || (size_t)f->n_runs * RUN_BYTES_MIN > u->left)
		return truncated(e);
	struct manifest_run *runs = pool_take(p, f->n_runs, sizeof *runs);
	if (runs == NULL)
		return no_memory(e);
	for (uint32_t k = 0; k < f->n_runs; k++) {
		runs[k].first = pack_get_u64(u);
		runs[k].n = pack_get_u64(u);
		if (u->failed || runs[k].n > u->left / TAG_BYTES)
			return truncated(e);
		size_t n_bytes = (size_t)runs[k].n * TAG_BYTES;
		const unsigned char *tags = pack_get_raw(u, n_bytes);
		unsigned char *kept = pool_take(p, 1, n_bytes);
		if (kept == NULL)
			return no_memory(e);
		if (n_bytes > 0)
			memcpy(kept, tags, n_bytes);
		runs[k].tags = kept;
	}
	f->runs = runs;
	return OK;
}

static enum status read_file(
	struct unpack *u, struct pool *p, struct manifest_file *f, struct error *e)
{
	f->folder = pack_get_u32(u);
	TRY(take_text(u, p, &f->name, e));
	uint8_t kind = pack_get_u8(u);
	f->flags = pack_get_u32(u);
	f->generation = pack_get_u32(u);
	f->mode = pack_get_u32(u);
	f->size_bytes = pack_get_u64(u);
	f->inode = pack_get_u64(u);
	f->whole = pack_get_digest(u);
	f->n_runs = pack_get_u32(u);
	if (u->failed)
		return truncated(e);
	if (kind >= DECOY_KINDS)
		return error_set(e, E_INVALID, "the manifest holds a file of an unknown kind");
	f->kind = (enum decoy_kind)kind;
	return read_runs(u, p, f, e);
}

enum status manifest_read(struct view bytes, struct pool *p, struct manifest *out, struct error *e)
{
	if (bytes.len > MANIFEST_BYTES_MAX)
		return error_set(e, E_TOO_BIG, "the manifest is larger than %zu bytes",
			(size_t)MANIFEST_BYTES_MAX);
	if (bytes.len < DIGEST_BYTES)
		return truncated(e);
	struct manifest m = { 0 };
	size_t n_body = bytes.len - DIGEST_BYTES;
	memcpy(m.hash.bytes, bytes.at + n_body, DIGEST_BYTES);
	struct digest hash = digest_of(bytes.at, n_body);
	if (!digest_equal(&hash, &m.hash))
		return error_set(e, E_INVALID, "the manifest does not match its closing hash");
	struct unpack u;
	unpack_init(&u, (struct view){ bytes.at, n_body });
	TRY(read_head(&u, p, &m, e));
	TRY(read_folders(&u, p, &m, e));
	for (uint32_t i = 0; i < m.n_files; i++)
		TRY(read_file(&u, p, &m.files[i], e));
	if (!pack_end(&u))
		return truncated(e);
	TRY(manifest_check(&m, e));
	*out = m;
	return OK;
}
