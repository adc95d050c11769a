/*
 * The block decision.
 *
 * A block was changed by XOR with a keystream, at places that the scenario's region fixes, in the
 * order of its write calls. So its content is one of few: as planted, fully changed, or something
 * in between that a kill or a power cut left. The manifest holds 128 bits of the planted block's
 * hash, so each candidate can be tested, and a match is proof.
 *
 * What "in between" can be:
 *  - the process died: the calls before that moment happened, the others did not. With a shared
 *    mapping or a copy that was cut short the limit may fall inside a call. Hence every prefix of
 * the changed bytes in the order of change is a candidate, and every prefix in the order of
 * addresses taken back, which is what an interrupted undo leaves.
 *  - the power went: a disk writes sectors of 512 bytes whole, but of a block's eight sectors some
 * may be from before and some from after. Hence sectors are candidates on their own: each of them
 *    unchanged or changed (2^8), and, as a page can reach the disk in the middle of its calls, one
 * or two of them at a limit between two calls, last one of them at any byte. The larger of these
 * sets are cut by a budget; what is not found is "unexplained", never guessed.
 *
 * A hole needs no search: each of its bytes was zero, so each tells its own state.
 */
#include "drill/undo/undo_block.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { SECTOR_BYTES = 512, SECTORS_MAX = BLOCK_BYTES / SECTOR_BYTES, CIPHER_STORE_BYTES = 16 };

/* One sector's share of the change: places in the order of change, and the limits between calls. */
struct sector {
	size_t at; /* first byte in the block */
	size_t len;
	size_t first;  /* in solver.places */
	size_t n;      /* changed bytes */
	size_t limits; /* in solver.limits */
	size_t n_limits;
};

struct block_solver {
	const struct block_question *q;
	unsigned char candidate[BLOCK_BYTES];
	unsigned char undone[BLOCK_BYTES]; /* every piece taken back */
	uint16_t places[BLOCK_BYTES]; /* changed bytes by sector, each in the order of change */
	uint16_t limits[BLOCK_BYTES + SECTORS_MAX]; /* counts of places, between two calls */
	struct sector sectors[SECTORS_MAX];
	size_t n_sectors;
	uint64_t left; /* candidates that may still be tried */
};

struct block_solver *block_solver_new(void)
{
	return calloc(1, sizeof(struct block_solver));
}

void block_solver_free(struct block_solver *s)
{
	free(s);
}

static bool is_planted(const struct block_question *q, const unsigned char *bytes)
{
	unsigned char tag[TAG_BYTES];
	block_tag(bytes, q->n_bytes, tag);
	return memcmp(tag, q->tag, TAG_BYTES) == 0;
}

/* True ends the search: found, or nothing left to spend (then left is 0 and *found stays false). */
static bool try_candidate(struct block_solver *s, bool *found)
{
	if (s->left == 0)
		return true;
	s->left--;
	*found = is_planted(s->q, s->candidate);
	return *found;
}

static void take_back_all(const struct block_question *q, unsigned char *bytes)
{
	for (size_t i = 0; i < q->n_pieces; i++) {
		const struct piece *p = &q->pieces[i];
		assert((size_t)p->from + p->len <= q->n_bytes);
		for (size_t at = p->from; at < (size_t)p->from + p->len; at++)
			bytes[at] ^= q->stream[at];
	}
}

static enum block_state decide_hole(
	struct block_solver *s, const struct block_question *q, unsigned char *out_plain)
{
	if (block_is_zero(q->bytes, q->n_bytes)) {
		memset(out_plain, 0, q->n_bytes);
		return BLOCK_PLAIN;
	}
	memcpy(s->undone, q->bytes, q->n_bytes);
	take_back_all(q, s->undone);
	bool changed = block_is_zero(s->undone, q->n_bytes);
	/* A byte outside every piece is the same in both, so it must be zero itself. */
	for (size_t i = 0; !changed && i < q->n_bytes; i++)
		if (q->bytes[i] != 0 && s->undone[i] != 0)
			return BLOCK_UNEXPLAINED;
	memset(out_plain, 0, q->n_bytes);
	return changed ? BLOCK_CHANGED : BLOCK_HALF;
}

static void add_place(struct sector *sector, uint16_t *places, size_t at)
{
	places[sector->first + sector->n] = (uint16_t)at;
	sector->n++;
}

static void lay_out_sectors(struct block_solver *s)
{
	const struct block_question *q = s->q;
	s->n_sectors = (q->n_bytes + SECTOR_BYTES - 1) / SECTOR_BYTES;
	for (size_t i = 0; i < s->n_sectors; i++) {
		size_t at = i * SECTOR_BYTES;
		size_t len = q->n_bytes - at < SECTOR_BYTES ? q->n_bytes - at : SECTOR_BYTES;
		/* A sector has at most as many places and limits as bytes: shares of fixed size. */
		s->sectors[i] =
			(struct sector){ .at = at, .len = len, .first = at, .limits = at + i };
	}
	for (size_t i = 0; i < q->n_pieces; i++) {
		size_t end = (size_t)q->pieces[i].from + q->pieces[i].len;
		for (size_t at = q->pieces[i].from; at < end; at++) {
			struct sector *sector = &s->sectors[at / SECTOR_BYTES];
			add_place(sector, s->places, at);
			bool last = at + 1 == end || at + 1 == sector->at + sector->len;
			if (last) {
				s->limits[sector->limits + sector->n_limits] = (uint16_t)sector->n;
				sector->n_limits++;
			}
		}
	}
}

/* Puts one sector of the candidate into the state in which its first `n` places are taken back. */
static void set_sector(struct block_solver *s, size_t index, size_t n)
{
	const struct sector *sector = &s->sectors[index];
	if (n == sector->n) {
		memcpy(s->candidate + sector->at, s->undone + sector->at, sector->len);
		return;
	}
	memcpy(s->candidate + sector->at, s->q->bytes + sector->at, sector->len);
	for (size_t i = 0; i < n; i++) {
		size_t at = s->places[sector->first + i];
		s->candidate[at] ^= s->q->stream[at];
	}
}

/* Prefixes in the order of change: at the likely limits (between two calls, or where a store of the
 * cipher ended), or at every byte. */
static bool search_prefixes(struct block_solver *s, bool at_every_byte, bool *found)
{
	const struct block_question *q = s->q;
	memcpy(s->candidate, q->bytes, q->n_bytes);
	for (size_t i = 0; i < q->n_pieces; i++) {
		size_t end = (size_t)q->pieces[i].from + q->pieces[i].len;
		for (size_t at = q->pieces[i].from; at < end; at++) {
			s->candidate[at] ^= q->stream[at];
			bool likely = at + 1 == end || (at + 1) % CIPHER_STORE_BYTES == 0;
			if (likely != at_every_byte && try_candidate(s, found))
				return true;
		}
	}
	return false;
}

/* What an interrupted undo leaves: plain up to an address, changed behind it. */
static bool search_undone_prefixes(struct block_solver *s, bool *found)
{
	memcpy(s->candidate, s->undone, s->q->n_bytes);
	for (size_t at = 0; at < s->q->n_bytes; at++) {
		if (s->candidate[at] == s->q->bytes[at])
			continue;
		s->candidate[at] = s->q->bytes[at];
		if (try_candidate(s, found))
			return true;
	}
	return false;
}

/* Every choice of unchanged or changed for the sectors in `free_set`; the others stay as they are.
 */
static bool search_sectors(struct block_solver *s, unsigned free_set, bool *found)
{
	size_t list[SECTORS_MAX];
	size_t n = 0;
	for (size_t i = 0; i < s->n_sectors; i++)
		if ((free_set >> i & 1U) != 0 && s->sectors[i].n > 0) {
			set_sector(s, i, 0);
			list[n++] = i;
		}
	unsigned state = 0;
	/* Gray code: one sector changes between two candidates. */
	for (unsigned step = 1;; step++) {
		if (try_candidate(s, found))
			return true;
		if (step >= 1U << n)
			return false;
		unsigned bit = (unsigned)__builtin_ctz(step);
		state ^= 1U << bit;
		size_t sector = list[bit];
		set_sector(s, sector, (state >> bit & 1U) != 0 ? s->sectors[sector].n : 0);
	}
}

/* One sector between two of its calls. */
static bool search_one_partial(struct block_solver *s, bool *found)
{
	unsigned all = (1U << s->n_sectors) - 1;
	for (size_t i = 0; i < s->n_sectors; i++) {
		const struct sector *sector = &s->sectors[i];
		for (size_t k = 0; k + 1 < sector->n_limits; k++) {
			set_sector(s, i, s->limits[sector->limits + k]);
			if (search_sectors(s, all & ~(1U << i), found))
				return true;
		}
	}
	return false;
}

/* One sector inside a call, at multiples of `step`: stores into a mapping go on while its page is
 * written to the disk, and the cipher stores 16 bytes at a time. */
static bool search_one_inside(struct block_solver *s, size_t step, bool *found)
{
	unsigned all = (1U << s->n_sectors) - 1;
	for (size_t i = 0; i < s->n_sectors; i++) {
		const struct sector *sector = &s->sectors[i];
		for (size_t k = 1; k < sector->n; k++) {
			if (s->places[sector->first + k] % step != 0)
				continue;
			set_sector(s, i, k);
			if (search_sectors(s, all & ~(1U << i), found))
				return true;
		}
	}
	return false;
}

static bool search_pair(struct block_solver *s, size_t i, size_t j, bool *found)
{
	unsigned others = ((1U << s->n_sectors) - 1) & ~(1U << i) & ~(1U << j);
	const struct sector *a = &s->sectors[i];
	const struct sector *b = &s->sectors[j];
	for (size_t k = 0; k + 1 < a->n_limits; k++)
		for (size_t l = 0; l + 1 < b->n_limits; l++) {
			set_sector(s, i, s->limits[a->limits + k]);
			set_sector(s, j, s->limits[b->limits + l]);
			if (search_sectors(s, others, found))
				return true;
		}
	return false;
}

static bool search_two_partial(struct block_solver *s, bool *found)
{
	/* Neighbours first: two moments of writing are close to each other. */
	for (size_t apart = 1; apart < s->n_sectors; apart++)
		for (size_t i = 0; i + apart < s->n_sectors; i++)
			if (search_pair(s, i, i + apart, found))
				return true;
	return false;
}

/* The likely ones first: most answers come within a few hundred candidates. */
static bool search(struct block_solver *s)
{
	bool found = false;
	unsigned all = (1U << ((s->q->n_bytes + SECTOR_BYTES - 1) / SECTOR_BYTES)) - 1;
	lay_out_sectors(s);
	memcpy(s->candidate, s->q->bytes, s->q->n_bytes);
	if (search_sectors(s, all, &found) || search_prefixes(s, false, &found) ||
		search_one_partial(s, &found) || search_prefixes(s, true, &found) ||
		search_undone_prefixes(s, &found))
		return found;
	if (search_one_inside(s, CIPHER_STORE_BYTES, &found) || search_two_partial(s, &found) ||
		search_one_inside(s, 1, &found))
		return found;
	return false;
}

enum block_state block_decide(struct block_solver *s, const struct block_question *q,
	uint64_t *budget, unsigned char *out_plain)
{
	assert(q->n_bytes > 0 && q->n_bytes <= BLOCK_BYTES);
	if (q->tag == NULL)
		return decide_hole(s, q, out_plain);
	if (is_planted(q, q->bytes)) {
		memcpy(out_plain, q->bytes, q->n_bytes);
		return BLOCK_PLAIN;
	}
	if (q->n_pieces == 0)
		return BLOCK_UNEXPLAINED;
	memcpy(s->undone, q->bytes, q->n_bytes);
	take_back_all(q, s->undone);
	if (is_planted(q, s->undone)) {
		memcpy(out_plain, s->undone, q->n_bytes);
		return BLOCK_CHANGED;
	}
	s->q = q;
	uint64_t limit = *budget < BLOCK_CANDIDATES_MAX ? *budget : BLOCK_CANDIDATES_MAX;
	s->left = limit;
	bool found = search(s);
	*budget -= limit - s->left;
	if (!found)
		return BLOCK_UNEXPLAINED;
	memcpy(out_plain, s->candidate, q->n_bytes);
	return BLOCK_HALF;
}

/* --- pieces --- */

void piece_cursor_start(
	struct piece_cursor *c, const struct region *region, uint64_t size_bytes, uint32_t io_bytes)
{
	assert(io_bytes > 0);
	*c = (struct piece_cursor){ .io_bytes = io_bytes };
	extent_walk_start(&c->walk, region, size_bytes);
	c->open = extent_walk_next(&c->walk, &c->now);
}

/* The part of one extent that lies in the block, cut where the write calls are. */
static size_t cut_extent(const struct piece_cursor *c, const struct extent *x, uint64_t block_at,
	struct piece *out, size_t n)
{
	uint64_t block_end = block_at + BLOCK_BYTES;
	uint64_t end = x->offset + x->len < block_end ? x->offset + x->len : block_end;
	uint64_t at = x->offset > block_at ? x->offset : block_at;
	while (at < end && n < BLOCK_BYTES) {
		uint64_t call = (at - x->offset) / c->io_bytes;
		uint64_t call_end = x->offset + (call + 1) * c->io_bytes;
		uint64_t to = call_end < end ? call_end : end;
		out[n++] = (struct piece){ (uint16_t)(at - block_at), (uint16_t)(to - at) };
		at = to;
	}
	return n;
}

size_t piece_cursor_block(struct piece_cursor *c, uint64_t index, struct piece *out)
{
	uint64_t block_at = index * BLOCK_BYTES;
	uint64_t block_end = block_at + BLOCK_BYTES;
	size_t n = 0;
	while (c->open && c->now.offset + c->now.len <= block_at)
		c->open = extent_walk_next(&c->walk, &c->now);
	while (c->open && c->now.offset < block_end) {
		n = cut_extent(c, &c->now, block_at, out, n);
		if (c->now.offset + c->now.len > block_end)
			break; /* it goes on in the next block */
		c->open = extent_walk_next(&c->walk, &c->now);
	}
	return n;
}
