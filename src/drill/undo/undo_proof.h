/*
 * Reading a decoy from end to end: is it what was planted, and what does it answer to a nonce.
 * Private to undo.
 */
#ifndef DRILL_UNDO_PROOF_H
#define DRILL_UNDO_PROOF_H

#include "drill/undo/undo_work.h"

enum { UNDO_CHUNK_BYTES = 256 * 1024 };
/* True where the content behind `fd` is exactly the planted one: size, the hash over what was
 * planted, and nothing but zeros in the holes. */
bool undo_prove(struct undo_work *w, uint32_t file, int fd);
/* HMAC-SHA-256(nonce, content); zero where the content cannot be read. */
void undo_answer(struct undo_work *w, uint32_t file, int fd, struct digest *out);

/* All bytes asked for; zeros behind the end of the file. False: errno says why. */
bool undo_read_at(int fd, void *bytes, size_t n_bytes, uint64_t offset);
/* All bytes, or false: errno says why, and some may be written. */
bool undo_write_at(int fd, const void *bytes, size_t n_bytes, uint64_t offset);
/* The first block from `index` on that was planted with content; the number of blocks where none
 * is. */
uint64_t undo_next_planted(const struct manifest_file *f, uint64_t index);
/* Counts work done, and lets the conductor know now and then. */
void undo_count(struct undo_work *w, uint64_t n_bytes);

#endif
