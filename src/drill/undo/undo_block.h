/*
 * What state is one block of a decoy in, and what was in it? Pure: bytes in, bytes out. The answer
 * is never a guess: plain bytes are handed out only where the manifest's tag (or, for a hole, that
 * every byte is zero or the keystream's) proves them. Private to undo; the reasoning is in
 * undo_block.c.
 */
#ifndef DRILL_UNDO_BLOCK_H
#define DRILL_UNDO_BLOCK_H

#include "drill/decoy/manifest.h"
#include "drill/scenario/scenario.h"

/* The share that one write call has in a block; listed in the order of the calls. */
struct piece {
	uint16_t from;
	uint16_t len; /* never 0; from + len never passes the block */
};

enum block_state {
	BLOCK_PLAIN,	  /* as planted */
	BLOCK_CHANGED,	  /* every piece changed */
	BLOCK_HALF,	  /* some of it changed, and it is proven which */
	BLOCK_UNEXPLAINED /* none of that: somebody else wrote here, or the search ran out */
};

struct block_question {
	const unsigned char *bytes;  /* as found */
	const unsigned char *stream; /* the keystream at the block's place */
	size_t n_bytes;		     /* BLOCK_BYTES, less in a file's last block */
	const struct piece *pieces;  /* at most BLOCK_BYTES of them, no byte twice */
	size_t n_pieces;
	const unsigned char *tag; /* TAG_BYTES; NULL: the block was a hole */
};

/* Most candidates that one block may cost; each is one hash of a block (about 2 to 15 µs). */
#define BLOCK_CANDIDATES_MAX (UINT64_C(1) << 17)

struct block_solver; /* working memory, reused for every block */
/* NULL where memory is short. */
struct block_solver *block_solver_new(void);
void block_solver_free(struct block_solver *s);
AUTO_TYPE(block_solver_free, struct block_solver *)

/* `*budget` is what the whole job may still search; what is spent is taken off. The two usual
 * answers (plain, changed) cost nothing of it. `out_plain` (n_bytes) is written unless
 * BLOCK_UNEXPLAINED. */
enum block_state block_decide(struct block_solver *s, const struct block_question *q,
	uint64_t *budget, unsigned char *out_plain) MUST_CHECK;

/*
 * The pieces of a file's blocks, asked for in rising order of blocks: the extents of a region rise,
 * so one walk serves, whatever the size of the file.
 */
struct piece_cursor {
	struct extent_walk walk;
	struct extent now;
	bool open;
	uint32_t io_bytes;
};
/* `region` NULL: no pieces. */
void piece_cursor_start(struct piece_cursor *c, const struct region *region, uint64_t size_bytes,
	uint32_t io_bytes);
/* Fills at most BLOCK_BYTES pieces of block `index`, returns their number. */
size_t piece_cursor_block(struct piece_cursor *c, uint64_t index, struct piece *out);

#endif
