/*
 * The drill's reversible change: XOR with AES-256-CTR, keyed for each decoy from the run's escrowed
 * key, positioned by the byte's offset in the file. The key is kept in the drill's folder from
 * before the first change, so secrecy is nil: right for decoys, and undo needs no second copy of
 * the data.
 */
#ifndef DRILL_KEYSTREAM_H
#define DRILL_KEYSTREAM_H

#include <stddef.h>
#include <stdint.h>

#include "base/auto.h"
#include "base/error.h"

enum { ESCROW_KEY_BYTES = 32 };

struct keystream;

/* Key of file `file` = HMAC-SHA-256(escrow, "tocsin decoy" || u32 file). One object per thread. */
enum status keystream_new(struct keystream **out, struct error *e) MUST_CHECK;
void keystream_file(
	struct keystream *k, const unsigned char escrow[ESCROW_KEY_BYTES], uint32_t file);
/* bytes[i] ^= stream[offset + i]. */
void keystream_apply(struct keystream *k, uint64_t offset, void *bytes, size_t n_bytes);
void keystream_free(struct keystream *k); /* wipes */
AUTO_TYPE(keystream_free, struct keystream *)

#endif
