/*
 * A decoy whose run came to its end is changed at every place of the pattern, one whose turn did
 * not come at none. So its planted content can be put together in memory without asking block by
 * block, and one hash over all of it proves it before a byte is written. What was written is then
 * read back and compared with what was proven: as strong as another hash, and much faster.
 *
 * A kill or a power cut in the middle leaves blocks that are plain up to some place and changed
 * behind it, or sectors of both, as everywhere in undo: see undo_block.c.
 */
#include "drill/undo/undo_whole.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/fault.h"
#include "drill/undo/undo_proof.h"

enum {
	APPLY_FROM_BYTES = 1024, /* a shorter part is taken from a stream made for many */
	BLOCKS_MAX = WHOLE_BYTES_MAX / BLOCK_BYTES
};
static_assert(UNDO_CHUNK_BYTES % (int)WHOLE_STREAM_BYTES == 0, "a chunk is made of whole streams");

/* The places of the change, asked for in rising order. */
struct places {
	struct extent_walk walk;
	struct extent now;
	bool open;
};

static void places_start(struct places *p, const struct region *region, uint64_t size_bytes)
{
	extent_walk_start(&p->walk, region, size_bytes);
	p->open = extent_walk_next(&p->walk, &p->now);
}

/* The next part that lies in [at, end); false where none is left. */
static bool places_next(struct places *p, uint64_t at, uint64_t end, struct extent *out)
{
	while (p->open && (p->now.len == 0 || p->now.offset + p->now.len <= at))
		p->open = extent_walk_next(&p->walk, &p->now);
	if (!p->open || at >= end || p->now.offset >= end)
		return false;
	uint64_t from = p->now.offset > at ? p->now.offset : at;
	uint64_t to = p->now.offset + p->now.len < end ? p->now.offset + p->now.len : end;
	*out = (struct extent){ from, to - from };
	return true;
}

/* --- taking the change back in memory --- */

struct whole_job {
	struct undo_work *work;
	const struct manifest_file *planted;
	const struct region *region; /* NULL: nothing can be changed */
	int fd;
	uint64_t touched[BLOCKS_MAX / 64]; /* blocks in which something was taken back */
};

static void mark(struct whole_job *j, const struct extent *x)
{
	uint64_t last = (x->offset + x->len - 1) / BLOCK_BYTES;
	for (uint64_t block = x->offset / BLOCK_BYTES; block <= last; block++)
		j->touched[block / 64] |= UINT64_C(1) << (block % 64);
}

static bool is_marked(const struct whole_job *j, uint64_t block)
{
	return (j->touched[block / 64] >> (block % 64) & 1U) != 0;
}

static void xor_bytes(unsigned char *to, const unsigned char *stream, size_t n)
{
	size_t i = 0;
	for (; n - i >= sizeof(uint64_t); i += sizeof(uint64_t)) {
		uint64_t a;
		uint64_t b;
		memcpy(&a, to + i, sizeof a);
		memcpy(&b, stream + i, sizeof b);
		a ^= b;
		memcpy(to + i, &a, sizeof a);
	}
	for (; i < n; i++)
		to[i] ^= stream[i];
}

/* Bytes [at, at + n) of the file, n at most WHOLE_STREAM_BYTES. */
static void take_back_window(
	struct whole_job *j, struct places *p, uint64_t at, unsigned char *bytes, size_t n)
{
	unsigned char *stream = j->work->stream;
	struct keystream *k = j->work->keystream;
	bool has_stream = false;
	struct extent x;
	for (uint64_t from = at; places_next(p, from, at + n, &x); from = x.offset + x.len) {
		size_t in = (size_t)(x.offset - at);
		mark(j, &x);
		if (x.len >= APPLY_FROM_BYTES) {
			keystream_apply(k, x.offset, bytes + in, x.len);
			continue;
		}
		if (!has_stream) {
			memset(stream, 0, n);
			keystream_apply(k, at, stream, n);
			has_stream = true;
		}
		xor_bytes(bytes + in, stream + in, x.len);
	}
}

/* --- which of the two is it --- */

/* Told by the first block that the run changes: with 128 bits of its hash it is no guess, and the
 * hash over all of it follows. */
static enum whole tell_by_first_block(struct whole_job *j)
{
	struct undo_work *w = j->work;
	struct places p;
	bool is_hole = false;
	if (j->region == NULL)
		return WHOLE_PLAIN;
	places_start(&p, j->region, j->planted->size_bytes);
	if (!p.open)
		return WHOLE_PLAIN;
	uint64_t block = p.now.offset / BLOCK_BYTES;
	uint64_t at = block * BLOCK_BYTES;
	uint64_t left = j->planted->size_bytes - at;
	size_t n = left < BLOCK_BYTES ? (size_t)left : BLOCK_BYTES;
	const unsigned char *wanted = manifest_tag(j->planted, block, &is_hole);
	unsigned char tag[TAG_BYTES];
	if (wanted == NULL || !undo_read_at(j->fd, w->block, n, at))
		return WHOLE_NEITHER;
	block_tag(w->block, n, tag);
	if (memcmp(tag, wanted, TAG_BYTES) == 0)
		return WHOLE_PLAIN;
	take_back_window(j, &p, at, w->block, n);
	block_tag(w->block, n, tag);
	return memcmp(tag, wanted, TAG_BYTES) == 0 ? WHOLE_CHANGED : WHOLE_NEITHER;
}

/* --- the whole --- */

/* What the planted content would be, into w->whole; true where the hash says that it is. */
static bool put_together(struct whole_job *j, bool changed)
{
	struct undo_work *w = j->work;
	uint64_t size = j->planted->size_bytes;
	struct places p = { .open = false };
	memset(j->touched, 0, sizeof j->touched);
	if (changed)
		places_start(&p, j->region, size);
	bool read = true;
	for (uint64_t at = 0; at < size && read; at += UNDO_CHUNK_BYTES) {
		size_t n = size - at < UNDO_CHUNK_BYTES ? (size_t)(size - at) : UNDO_CHUNK_BYTES;
		read = undo_read_at(j->fd, w->whole + at, n, at);
		for (size_t in = 0; in < n && p.open; in += WHOLE_STREAM_BYTES)
			take_back_window(j, &p, at + in, w->whole + at + in,
				n - in < WHOLE_STREAM_BYTES ? n - in : WHOLE_STREAM_BYTES);
		digester_add(w->digester, w->whole + at, n);
		undo_count(w, n);
	}
	struct digest got = digester_result(w->digester); /* also starts anew */
	return read && digest_equal(&got, &j->planted->whole);
}

/* Whole blocks, neighbours in one call. */
static bool write_touched(struct whole_job *j)
{
	uint64_t size = j->planted->size_bytes;
	uint64_t n_blocks = manifest_n_blocks(j->planted);
	for (uint64_t first = 0; first < n_blocks;) {
		uint64_t end = first;
		while (end < n_blocks && is_marked(j, end))
			end++;
		uint64_t at = first * BLOCK_BYTES;
		uint64_t to = end * BLOCK_BYTES < size ? end * BLOCK_BYTES : size;
		if (end > first && !undo_write_at(j->fd, j->work->whole + at, to - at, at))
			return false;
		first = end + 1;
	}
	return true;
}

static bool read_back(struct whole_job *j)
{
	struct undo_work *w = j->work;
	uint64_t size = j->planted->size_bytes;
	for (uint64_t at = 0; at < size; at += UNDO_CHUNK_BYTES) {
		size_t n = size - at < UNDO_CHUNK_BYTES ? (size_t)(size - at) : UNDO_CHUNK_BYTES;
		if (!undo_read_at(j->fd, w->chunk, n, at))
			return false;
		if (FAULT("undo_read_back") || memcmp(w->chunk, w->whole + at, n) != 0) {
			errno = EIO; /* somebody else writes to it, or the disk lost it */
			return false;
		}
		undo_count(w, n);
	}
	return true;
}

static bool is_dense(const struct manifest_file *f)
{
	return f->size_bytes > 0 && f->size_bytes <= WHOLE_BYTES_MAX && f->n_runs == 1 &&
	       f->runs[0].first == 0 && f->runs[0].n == manifest_n_blocks(f);
}

enum whole undo_whole(struct undo_work *w, uint32_t file, int fd, bool may_be_changed)
{
	const struct manifest_file *f = &w->manifest->files[file];
	struct whole_job j = { .work = w, .planted = f, .fd = fd };
	char type[16];
	if (!is_dense(f))
		return WHOLE_NEITHER;
	if (may_be_changed && w->scenario != NULL && w->escrow != NULL) {
		j.region = scenario_region(w->scenario, f->size_bytes, manifest_type(f, type));
		keystream_file(w->keystream, w->escrow, file);
	}
	enum whole told = tell_by_first_block(&j);
	if (told == WHOLE_NEITHER || !put_together(&j, told == WHOLE_CHANGED))
		return WHOLE_NEITHER;
	if (told == WHOLE_CHANGED && w->writes && (!write_touched(&j) || !read_back(&j)))
		return WHOLE_FAILED;
	return told;
}
