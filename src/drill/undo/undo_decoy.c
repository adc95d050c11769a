/*
 * One decoy: where is it, what is in it, can it be put back, and is it proven. Every step may be
 * cut short by a kill or a power cut and is then simply taken again: writes go over blocks whose
 * plain bytes are proven, a rename happens only to a free name, and nothing is removed here.
 *
 * What makes it durable is the conductor's syncfs, before it journals that removal may begin. Until
 * then a power cut may leave any of it undone, in any order. That is no loss for the planted
 * object: its inode tells it under either name, its blocks are told one by one, and a size is set
 * only to the planted one. The run's new file is told by its name alone, so it gets the planted one
 * only once its contents are on the disk (contents_only); one of the planted size that has it
 * already is taken where every block of it is explained.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fault.h"
#include "drill/undo/undo_proof.h"
#include "drill/undo/undo_whole.h"
#include "drill/undo/undo_work.h"

enum { CHUNK_BLOCKS = UNDO_CHUNK_BYTES / BLOCK_BYTES };

struct scan {
	struct undo_work *work;
	uint32_t file;
	int fd;	       /* what is decided and, with `writes`, put right */
	int other_fd;  /* the run's new file, -1 */
	bool original; /* fd is an original beside a new file: its bytes are plain or gone */
	bool writes;
	struct piece_cursor cursor;
	uint64_t n_changed; /* blocks that were not plain */
	bool explained;
	int errno_value; /* a call that failed ended the scan */
};

/* --- deciding --- */

/* The next block that can hold anything: neither a hole in the file nor one in the manifest. */
static uint64_t next_block(const struct scan *s, uint64_t index)
{
	const struct manifest_file *f = &s->work->manifest->files[s->file];
	bool is_hole = false;
	if (manifest_tag(f, index, &is_hole) != NULL || !is_hole)
		return index;
	uint64_t planted = undo_next_planted(f, index);
	off_t data = lseek(s->fd, (off_t)(index * BLOCK_BYTES), SEEK_DATA);
	if (data < 0)
		return errno == ENXIO ? planted : index;
	uint64_t found = (uint64_t)data / BLOCK_BYTES;
	return found < planted ? found : planted;
}

/* What one block may cost, taken from what the job may: the rest is given back. */
static uint64_t borrow_search(struct undo_shared *s)
{
	unsigned long long left = atomic_load(&s->search_left);
	unsigned long long lent;
	do
		lent = left < BLOCK_CANDIDATES_MAX ? left : BLOCK_CANDIDATES_MAX;
	while (!atomic_compare_exchange_weak(&s->search_left, &left, left - lent));
	return lent;
}

static enum block_state decide(
	struct scan *s, struct block_question *q, bool may_search, unsigned char *out_plain)
{
	struct undo_shared *shared = s->work->shared;
	uint64_t lent = may_search ? borrow_search(shared) : 0;
	enum block_state state = block_decide(s->work->solver, q, &lent, out_plain);
	(void)atomic_fetch_add(&shared->search_left, lent);
	return state;
}

/* Puts the plain bytes of one block into `bytes`. False where nothing explains it. */
static bool solve_block(
	struct scan *s, uint64_t index, unsigned char *bytes, size_t n_bytes, bool *out_changed)
{
	struct undo_work *w = s->work;
	const struct manifest_file *f = &w->manifest->files[s->file];
	unsigned char stream[BLOCK_BYTES];
	unsigned char plain[BLOCK_BYTES];
	bool is_hole = false;
	struct block_question q = { .bytes = bytes,
		.stream = stream,
		.n_bytes = n_bytes,
		.pieces = w->pieces,
		.tag = manifest_tag(f, index, &is_hole) };
	size_t n_pieces = piece_cursor_block(&s->cursor, index, w->pieces);
	if (n_pieces > 0) {
		memset(stream, 0, n_bytes);
		keystream_apply(w->keystream, index * BLOCK_BYTES, stream, n_bytes);
	}
	q.n_pieces = s->original ? 0 : n_pieces;
	/* What was destroyed is mostly beyond the key: it may not cost the others their search. */
	bool may_search = !w->plan->decoys[s->file].destroyed ||
			  atomic_load(&w->shared->search_left) > w->shared->search_kept;
	enum block_state state = decide(s, &q, may_search, plain);
	if (state == BLOCK_UNEXPLAINED && s->other_fd >= 0) {
		ssize_t n = pread(s->other_fd, w->block, n_bytes, (off_t)(index * BLOCK_BYTES));
		if (n < 0 || (size_t)n != n_bytes)
			return false;
		q.bytes = w->block;
		q.n_pieces = n_pieces;
		state = decide(s, &q, may_search, plain);
		if (state == BLOCK_PLAIN)
			state = BLOCK_CHANGED; /* in the file itself it was not plain */
	}
	if (state == BLOCK_UNEXPLAINED)
		return false;
	*out_changed = state != BLOCK_PLAIN;
	if (*out_changed)
		memcpy(bytes, plain, n_bytes);
	return true;
}

/* --- writing back --- */

/* A planted hole becomes a hole again where the file system can; zeros are as exact. */
static bool write_back(
	struct scan *s, uint64_t first, uint64_t n, const unsigned char *bytes, size_t n_bytes)
{
	if (!s->writes)
		return true;
	bool is_hole = true;
	const struct manifest_file *f = &s->work->manifest->files[s->file];
	for (uint64_t i = 0; i < n && is_hole; i++)
		(void)manifest_tag(f, first + i, &is_hole);
	if (is_hole && fallocate(s->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			       (off_t)(first * BLOCK_BYTES), (off_t)n_bytes) == 0)
		return true;
	return undo_write_at(s->fd, bytes, n_bytes, first * BLOCK_BYTES);
}

struct chunk {
	uint64_t first;
	size_t n_blocks;
	size_t n_bytes;
	uint64_t changed; /* one bit a block */
};

static bool write_chunk_back(struct scan *s, const struct chunk *c)
{
	for (size_t i = 0; i < c->n_blocks;) {
		if ((c->changed >> i & 1U) == 0) {
			i++;
			continue;
		}
		size_t end = i;
		bool is_hole = false;
		bool first_is_hole = false;
		const struct manifest_file *f = &s->work->manifest->files[s->file];
		(void)manifest_tag(f, c->first + i, &first_is_hole);
		is_hole = first_is_hole;
		while (end < c->n_blocks && (c->changed >> end & 1U) != 0 &&
			is_hole == first_is_hole) {
			end++;
			(void)manifest_tag(f, c->first + end, &is_hole);
		}
		size_t to = end * BLOCK_BYTES < c->n_bytes ? end * BLOCK_BYTES : c->n_bytes;
		if (!write_back(s, c->first + i, end - i, s->work->chunk + i * BLOCK_BYTES,
			    to - i * BLOCK_BYTES))
			return false;
		i = end;
	}
	return true;
}

static bool scan_chunk(struct scan *s, struct chunk *c)
{
	struct undo_work *w = s->work;
	if (!undo_read_at(s->fd, w->chunk, c->n_bytes, c->first * BLOCK_BYTES)) {
		s->errno_value = errno;
		return false;
	}
	for (size_t i = 0; i < c->n_blocks && s->explained; i++) {
		size_t at = i * BLOCK_BYTES;
		size_t len = c->n_bytes - at < BLOCK_BYTES ? c->n_bytes - at : BLOCK_BYTES;
		bool changed = false;
		s->explained = solve_block(s, c->first + i, w->chunk + at, len, &changed);
		if (s->explained && changed) {
			c->changed |= UINT64_C(1) << i;
			s->n_changed++;
		}
	}
	/* What is proven goes back even where a later block is not explained. */
	if (!write_chunk_back(s, c)) {
		s->errno_value = errno;
		return false;
	}
	undo_count(w, c->n_bytes);
	return s->explained;
}

static void scan_file(struct scan *s)
{
	struct undo_work *w = s->work;
	const struct manifest_file *f = &w->manifest->files[s->file];
	uint64_t n_blocks = manifest_n_blocks(f);
	const struct region *region = NULL;
	char type[16];
	if (w->scenario != NULL && w->escrow != NULL) {
		region = scenario_region(w->scenario, f->size_bytes, manifest_type(f, type));
		keystream_file(w->keystream, w->escrow, s->file);
	}
	uint32_t io_bytes = w->scenario == NULL ? BLOCK_BYTES : w->scenario->io_bytes;
	piece_cursor_start(&s->cursor, region, f->size_bytes, io_bytes);
	s->explained = true;
	uint64_t index = 0;
	while (index < n_blocks) {
		index = next_block(s, index);
		if (index >= n_blocks)
			return;
		struct chunk c = { .first = index };
		c.n_blocks = n_blocks - index < CHUNK_BLOCKS ? n_blocks - index : CHUNK_BLOCKS;
		uint64_t bytes_left = f->size_bytes - index * BLOCK_BYTES;
		c.n_bytes = bytes_left < UNDO_CHUNK_BYTES ? bytes_left : UNDO_CHUNK_BYTES;
		if (!scan_chunk(s, &c))
			return;
		index += c.n_blocks;
	}
}

/* --- one decoy --- */

struct decoy {
	struct undo_work *work;
	uint32_t file;
	const struct manifest_file *planted;
	const struct undo_decoy *plan;
	struct sight at_name;	  /* what stands at the planted name */
	struct sight at_new_name; /* and at the name that the run gave */
	struct decoy_finding *out;
};

static void lost(struct decoy *d, enum undo_reason reason, int errno_value)
{
	d->out->state = DECOY_LOST;
	d->out->reason = reason;
	d->out->errno_value = errno_value;
}

static void proven(struct decoy *d, enum decoy_state state, int fd)
{
	struct file_identity now;
	if (file_identify(fd, &now, NULL) != OK) {
		lost(d, REASON_SYSTEM, errno);
		return;
	}
	d->out->state = state;
	d->out->proven_inode = now.inode;
	d->out->proven_changed_ns = now.changed_ns;
	if (d->work->nonce != NULL && state == DECOY_INTACT)
		undo_answer(d->work, d->file, fd, &d->out->answer);
}

static bool set_size(struct decoy *d, int fd)
{
	int done = FAULT("undo_truncate") ? (errno = EIO, -1)
					  : ftruncate(fd, (off_t)d->planted->size_bytes);
	if (done != 0) {
		lost(d, REASON_SYSTEM, errno);
		return false;
	}
	return true;
}

/* From the run's name back to the planted one. Where that is taken the decoy keeps the run's. */
static bool rename_back(struct decoy *d, const struct sight *from)
{
	if (FAULT("undo_rename"))
		errno = EIO;
	else if (renameat2(from->folder_fd, d->plan->new_name, from->folder_fd, d->planted->name,
			 RENAME_NOREPLACE) == 0)
		return true;
	if (errno == EEXIST)
		return true; /* it is proven where it is; what took its name will be named */
	lost(d, REASON_SYSTEM, errno);
	return false;
}

static bool scan_explains(struct decoy *d, struct scan *scan, enum undo_reason otherwise)
{
	scan_file(scan);
	if (scan->errno_value != 0)
		lost(d, REASON_SYSTEM, scan->errno_value);
	else if (!scan->explained)
		lost(d, otherwise, 0);
	return scan->errno_value == 0 && scan->explained;
}

static bool has_planted_size(const struct decoy *d, int fd)
{
	struct file_identity now;
	return file_identify(fd, &now, NULL) == OK && now.size_bytes == d->planted->size_bytes;
}

struct outcome {
	bool sized;   /* it has another size than planted */
	bool touched; /* something of it was not as planted */
	bool proven;  /* its content up to the planted size is, on this descriptor */
};

/* The contents are right: now size and name, and the proof. A new file waits with its name until
 * the contents of all are on disk. */
static void finish(struct decoy *d, struct sight *s, const struct outcome *o)
{
	struct undo_work *w = d->work;
	bool renamed = s == &d->at_new_name;
	if (renamed && w->contents_only && d->plan->makes_new_file) {
		d->out->state = DECOY_CHANGED;
		d->out->waits = true;
		return;
	}
	if (o->sized && !set_size(d, s->fd))
		return;
	if (renamed && !rename_back(d, s))
		return;
	if (o->proven ? !has_planted_size(d, s->fd) : !undo_prove(w, d->file, s->fd)) {
		lost(d, REASON_CONTENT, 0);
		return;
	}
	proven(d, o->touched ? DECOY_CHANGED : DECOY_INTACT, s->fd);
	d->out->restored = o->touched && d->out->state == DECOY_CHANGED;
}

/* Block by block: whatever a kill or a power cut left of it. */
static bool bring_back_blocks(
	struct decoy *d, struct sight *s, const struct sight *beside, bool moved, bool *out_changed)
{
	struct undo_work *w = d->work;
	struct scan scan = { .work = w,
		.file = d->file,
		.fd = s->fd,
		.other_fd = beside == NULL ? -1 : beside->fd,
		.original = d->plan->makes_new_file && s != &d->at_new_name && !moved,
		.writes = w->writes && !moved };
	if (!scan_explains(d, &scan, moved ? REASON_OTHER : REASON_CONTENT))
		return false;
	scan.writes = w->writes;
	if (moved && w->writes && !scan_explains(d, &scan, REASON_CONTENT))
		return false;
	*out_changed = scan.n_changed > 0;
	return true;
}

/* `s` is ours or made by the run: its blocks tell what it was. `beside`: the run's new file, where
 * `s` is the original. */
static void bring_back(struct decoy *d, struct sight *s, const struct sight *beside)
{
	struct undo_work *w = d->work;
	bool renamed = s == &d->at_new_name;
	bool moved = !renamed && s->thing == THING_MADE; /* anybody's, until it is explained */
	bool changed = false;
	struct outcome o = { .sized = s->identity.size_bytes != d->planted->size_bytes };
	enum whole whole = WHOLE_NEITHER;
	/* Beside a new file the original's bytes are plain or gone. */
	if (beside == NULL && s->identity.size_bytes >= d->planted->size_bytes)
		whole = undo_whole(w, d->file, s->fd, !d->plan->makes_new_file || renamed || moved);
	if (whole == WHOLE_FAILED) {
		lost(d, REASON_SYSTEM, errno);
		return;
	}
	if (whole == WHOLE_NEITHER && !bring_back_blocks(d, s, beside, moved, &changed))
		return;
	o.proven = whole != WHOLE_NEITHER;
	o.touched = changed || whole == WHOLE_CHANGED || o.sized || renamed;
	if (!w->writes) {
		proven(d, o.touched ? DECOY_CHANGED : DECOY_INTACT, s->fd);
		return;
	}
	finish(d, s, &o);
}

/* The run left it alone, or it is a file that the user's restore made: all or nothing. */
static bool is_exact(struct decoy *d, const struct sight *s)
{
	return s->identity.size_bytes == d->planted->size_bytes &&
	       undo_prove(d->work, d->file, s->fd);
}

static bool is_run_s(const struct sight *s)
{
	return s->thing == THING_OURS || s->thing == THING_MADE;
}

static void decide_decoy(struct decoy *d)
{
	const struct sight *here = &d->at_name;
	bool beside = is_run_s(&d->at_new_name);
	/* Where an original is only ever unlinked, it is whole as long as it is there. A file at
	 * its name that is not can have its inode again, so it is never written to. */
	bool decides = d->plan->intended && (!d->plan->makes_new_file || d->plan->overwrites);
	if (here->thing == THING_OURS && decides) {
		bring_back(
			d, &d->at_name, beside && d->plan->makes_new_file ? &d->at_new_name : NULL);
		return;
	}
	if (here->thing != THING_NONE && here->thing != THING_FOREIGN && is_exact(d, here)) {
		proven(d, DECOY_INTACT, here->fd);
		return;
	}
	if (beside) {
		bring_back(d, &d->at_new_name, NULL);
		return;
	}
	if (here->thing == THING_MADE) {
		bring_back(d, &d->at_name, NULL);
		return;
	}
	if (here->thing == THING_NONE && d->at_new_name.thing == THING_NONE) {
		d->out->state = DECOY_MISSING;
		d->out->reason = REASON_MISSING;
	} else if (here->thing == THING_OURS) {
		lost(d, REASON_CONTENT, 0);
	} else if (here->thing == THING_FOREIGN || here->thing == THING_LINKED) {
		lost(d, here->reason, here->errno_value);
	} else {
		lost(d, REASON_OTHER, 0);
	}
}

bool undo_is_excused(const struct undo_work *w, uint32_t file, const struct decoy_finding *f)
{
	return w->plan->decoys[file].destroyed && f->proven_inode == 0 &&
	       f->reason != REASON_SYSTEM;
}

void undo_decoy(struct undo_work *w, uint32_t file, struct decoy_finding *out)
{
	const struct undo_decoy *plan = &w->plan->decoys[file];
	const struct manifest_file *f = &w->manifest->files[file];
	*out = (struct decoy_finding){ .state = DECOY_MISSING };
	AUTO_SIGHT struct sight here = { .thing = THING_NONE, .fd = -1 };
	AUTO_SIGHT struct sight there = { .thing = THING_NONE, .fd = -1 };
	struct look look = { .folder = f->folder, .file = file, .writes = w->writes };
	if (plan->new_name != NULL) {
		look.name = plan->new_name;
		look.made = plan->makes_new_file;
		undo_look(w, &look, &there);
	}
	/* It has one link: where it is not under the run's name it can be under the planted one. */
	look.name = f->name;
	look.made = look.made && there.thing == THING_NONE;
	look.sized = true;
	undo_look(w, &look, &here);
	struct decoy d = { .work = w,
		.file = file,
		.planted = f,
		.plan = plan,
		.at_name = here,
		.at_new_name = there,
		.out = out };
	decide_decoy(&d);
	out->decided = true;
}
