/*
 * Randomness: the kernel's for keys and ids, a seeded generator where a run must be repeatable
 * (plans, corpora, tests). The seeded one is never used for anything secret.
 */
#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/* From getrandom(2); does not return where the kernel has none. */
void random_bytes(void *out, size_t n_bytes);

/* xoshiro256** (Blackman and Vigna 2018), seeded by splitmix64. A value: copy it freely. */
struct dice {
	uint64_t state[4];
};
void dice_init(struct dice *d, uint64_t seed);
uint64_t dice_u64(struct dice *d);
/* Uniform in [0, bound), bound > 0, without modulo bias. */
uint64_t dice_below(struct dice *d, uint64_t bound);
/* Uniform in [low, high]. */
uint64_t dice_between(struct dice *d, uint64_t low, uint64_t high);
void dice_bytes(struct dice *d, void *out, size_t n_bytes);

#endif
