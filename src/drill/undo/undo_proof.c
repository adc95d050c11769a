/*
 * The proof of a decoy's content, and its answer to a restore challenge. Holes are found with
 * SEEK_DATA and cost no reading.
 */
#include "drill/undo/undo_proof.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/fault.h"

enum { HMAC_BLOCK_BYTES = 64, ALIVE_EVERY_BYTES = 4 * 1024 * 1024 };

void undo_count(struct undo_work *w, uint64_t n_bytes)
{
	uint64_t before = atomic_fetch_add(&w->shared->n_bytes, n_bytes);
	if (w->alive != NULL &&
		before / ALIVE_EVERY_BYTES != (before + n_bytes) / ALIVE_EVERY_BYTES)
		w->alive(w);
}

bool undo_read_at(int fd, void *bytes, size_t n_bytes, uint64_t offset)
{
	unsigned char *at = bytes;
	while (n_bytes > 0) {
		ssize_t n = pread(fd, at, n_bytes, (off_t)offset);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		if (n == 0) {
			memset(at, 0, n_bytes);
			return true;
		}
		at += n;
		offset += (uint64_t)n;
		n_bytes -= (size_t)n;
	}
	return true;
}

bool undo_write_at(int fd, const void *bytes, size_t n_bytes, uint64_t offset)
{
	const unsigned char *from = bytes;
	while (n_bytes > 0) {
		ssize_t n = FAULT("undo_write") ? (errno = EIO, -1)
						: pwrite(fd, from, n_bytes, (off_t)offset);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		from += n;
		n_bytes -= (size_t)n;
		offset += (uint64_t)n;
	}
	return true;
}

uint64_t undo_next_planted(const struct manifest_file *f, uint64_t index)
{
	uint32_t low = 0;
	uint32_t high = f->n_runs;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (f->runs[middle].first + f->runs[middle].n > index)
			high = middle;
		else
			low = middle + 1;
	}
	if (low == f->n_runs)
		return manifest_n_blocks(f);
	return f->runs[low].first > index ? f->runs[low].first : index;
}

/* The next place at or behind `at` where the file holds data; `size` where there is none. */
static uint64_t next_data(int fd, uint64_t at, uint64_t size)
{
	off_t data = lseek(fd, (off_t)at, SEEK_DATA);
	if (data < 0)
		return errno == ENXIO ? size : at;
	return (uint64_t)data < size ? (uint64_t)data : size;
}

/* Feeds the whole content to the digester. */
static bool digest_content(struct undo_work *w, uint64_t size, int fd)
{
	uint64_t at = 0;
	uint64_t data = 0;
	while (at < size) {
		if (data <= at)
			data = next_data(fd, at, size);
		uint64_t n = size - at < UNDO_CHUNK_BYTES ? size - at : UNDO_CHUNK_BYTES;
		if (data > at) {
			n = data - at < n ? data - at : n;
			memset(w->chunk, 0, n);
		} else if (!undo_read_at(fd, w->chunk, n, at)) {
			return false;
		}
		digester_add(w->digester, w->chunk, n);
		undo_count(w, n);
		at += n;
	}
	return true;
}

/* Blocks first to end - 1, all of one kind: of a run (hashed), or of none (must be zero). */
static bool prove_stretch(struct undo_work *w, const struct manifest_file *f, int fd,
	uint64_t first, uint64_t end, bool run)
{
	uint64_t at = first * BLOCK_BYTES;
	uint64_t to = end * BLOCK_BYTES < f->size_bytes ? end * BLOCK_BYTES : f->size_bytes;
	while (at < to) {
		if (!run)
			at = next_data(fd, at, to);
		uint64_t n = to - at < UNDO_CHUNK_BYTES ? to - at : UNDO_CHUNK_BYTES;
		if (!undo_read_at(fd, w->chunk, n, at))
			return false;
		if (run)
			digester_add(w->digester, w->chunk, n);
		else if (!block_is_zero(w->chunk, n))
			return false;
		undo_count(w, n);
		at += n;
	}
	return true;
}

static bool prove_content(struct undo_work *w, const struct manifest_file *f, int fd)
{
	uint64_t at = 0;
	for (uint32_t i = 0; i < f->n_runs; i++) {
		const struct manifest_run *run = &f->runs[i];
		if (!prove_stretch(w, f, fd, at, run->first, false) ||
			!prove_stretch(w, f, fd, run->first, run->first + run->n, true))
			return false;
		at = run->first + run->n;
	}
	return prove_stretch(w, f, fd, at, manifest_n_blocks(f), false);
}

bool undo_prove(struct undo_work *w, uint32_t file, int fd)
{
	const struct manifest_file *f = &w->manifest->files[file];
	struct file_identity now;
	if (file_identify(fd, &now, NULL) != OK || now.size_bytes != f->size_bytes)
		return false;
	bool fits = prove_content(w, f, fd);
	struct digest got = digester_result(w->digester); /* also starts anew */
	return fits && digest_equal(&got, &f->whole);
}

/* RFC 2104, written out because the content is too large to hold. */
void undo_answer(struct undo_work *w, uint32_t file, int fd, struct digest *out)
{
	unsigned char pad[HMAC_BLOCK_BYTES];
	memset(pad, 0x36, sizeof pad);
	for (size_t i = 0; i < DIGEST_BYTES; i++)
		pad[i] ^= w->nonce[i];
	digester_add(w->digester, pad, sizeof pad);
	bool read = digest_content(w, w->manifest->files[file].size_bytes, fd);
	struct digest inner = digester_result(w->digester);
	if (!read)
		return;
	for (size_t i = 0; i < sizeof pad; i++)
		pad[i] ^= 0x36 ^ 0x5c;
	digester_add(w->digester, pad, sizeof pad);
	digester_add(w->digester, inner.bytes, DIGEST_BYTES);
	*out = digester_result(w->digester);
}
