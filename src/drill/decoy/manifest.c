/*
 * The manifest as a value: writing it, and looking things up in it. Reading is in manifest_read.c.
 */
#include "drill/decoy/manifest.h"

#include <assert.h>
#include <ctype.h>
#include <string.h>

#include "base/pack.h"
#include "drill/decoy/manifest_form.h"

static void write_head(const struct manifest *m, struct buf *out)
{
	buf_add(out, VIEW(MANIFEST_MAGIC));
	pack_put_text(out, view_of(m->id));
	pack_put_u64(out, m->device);
	pack_put_u64(out, m->arena_inode);
	pack_put_u32(out, m->uid);
	pack_put_u32(out, m->gid);
	pack_put_text(out, view_of(m->arena));
	pack_put_u32(out, m->n_generations);
	pack_put_u32(out, m->n_folders);
	pack_put_u32(out, m->n_files);
}

static void write_file(const struct manifest_file *f, struct buf *out)
{
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
	for (uint32_t i = 0; i < f->n_runs; i++) {
		pack_put_u64(out, f->runs[i].first);
		pack_put_u64(out, f->runs[i].n);
		buf_add_bytes(out, f->runs[i].tags, f->runs[i].n * TAG_BYTES);
	}
}

enum status manifest_write(struct manifest *m, struct buf *out, struct error *e)
{
	TRY(manifest_check(m, e));
	size_t start = out->len;
	write_head(m, out);
	for (uint32_t i = 0; i < m->n_generations; i++) {
		pack_put_i64(out, m->generations[i].planted_ns);
		pack_put_u32(out, m->generations[i].n_files);
	}
	for (uint32_t i = 0; i < m->n_folders; i++) {
		pack_put_u32(out, m->folders[i].parent);
		pack_put_text(out, view_of(m->folders[i].name));
		pack_put_u64(out, m->folders[i].inode);
	}
	for (uint32_t i = 0; i < m->n_files; i++)
		write_file(&m->files[i], out);
	TRY(buf_check(out, "manifest", e));
	if (out->len - start > MANIFEST_BYTES_MAX - DIGEST_BYTES)
		return error_set(e, E_TOO_BIG, "the manifest is larger than %zu bytes",
			(size_t)MANIFEST_BYTES_MAX);
	struct digest hash = digest_of(out->at + start, out->len - start);
	pack_put_digest(out, hash);
	TRY(buf_check(out, "manifest", e));
	m->hash = hash;
	return OK;
}

uint64_t manifest_n_blocks(const struct manifest_file *f)
{
	return f->size_bytes / BLOCK_BYTES + (f->size_bytes % BLOCK_BYTES != 0);
}

const unsigned char *manifest_tag(const struct manifest_file *f, uint64_t index, bool *is_hole)
{
	*is_hole = false;
	if (index >= manifest_n_blocks(f))
		return NULL;
	uint32_t low = 0;
	uint32_t high = f->n_runs;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (f->runs[middle].first > index)
			high = middle;
		else
			low = middle + 1;
	}
	if (low > 0) {
		const struct manifest_run *r = &f->runs[low - 1];
		if (index - r->first < r->n)
			return r->tags + (index - r->first) * TAG_BYTES;
	}
	*is_hole = true;
	return NULL;
}

void block_tag(const void *bytes, size_t n_bytes, unsigned char out[TAG_BYTES])
{
	assert(n_bytes <= BLOCK_BYTES);
	struct digest d = digest_of(bytes, n_bytes);
	memcpy(out, d.bytes, TAG_BYTES);
}

void block_tag_by(
	struct digester *d, const void *bytes, size_t n_bytes, unsigned char out[TAG_BYTES])
{
	assert(n_bytes <= BLOCK_BYTES);
	digester_add(d, bytes, n_bytes);
	struct digest whole = digester_result(d);
	memcpy(out, whole.bytes, TAG_BYTES);
}

bool block_is_zero(const void *bytes, size_t n_bytes)
{
	const unsigned char *at = bytes;
	/* Every byte equals its successor and the first is zero: one memcmp, which is fast. */
	return n_bytes == 0 || (at[0] == 0 && memcmp(at, at + 1, n_bytes - 1) == 0);
}

struct view manifest_type(const struct manifest_file *f, char out[16])
{
	const char *dot = strrchr(f->name, '.');
	if (dot == NULL || dot == f->name || strlen(dot + 1) >= 16)
		return VIEW("");
	size_t len = strlen(dot + 1);
	for (size_t i = 0; i < len; i++)
		out[i] = (char)tolower((unsigned char)dot[1 + i]);
	out[len] = '\0';
	return (struct view){ out, len };
}

enum status manifest_path(const struct manifest *m, uint32_t file, struct buf *out, struct error *e)
{
	assert(file < m->n_files);
	uint32_t chain[MANIFEST_DEPTH_MAX];
	size_t depth = 0;
	for (uint32_t at = m->files[file].folder; at != FOLDER_ROOT; at = m->folders[at].parent) {
		if (depth == MANIFEST_DEPTH_MAX)
			return error_set(e, E_INVALID,
				"the manifest's folders are nested deeper than %d",
				MANIFEST_DEPTH_MAX);
		chain[depth++] = at;
	}
	while (depth > 0) {
		buf_add_text(out, m->folders[chain[--depth]].name);
		buf_add_char(out, '/');
	}
	buf_add_text(out, m->files[file].name);
	return buf_check(out, "path", e);
}
