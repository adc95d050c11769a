/*
 * Kernel randomness and the repeatable generator.
 */
#include "base/random.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

void random_bytes(void *out, size_t n_bytes)
{
	char *at = out;
	while (n_bytes > 0) {
		ssize_t n = getrandom(at, n_bytes, 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			abort(); /* a key made of anything else would be worse */
		at += n;
		n_bytes -= (size_t)n;
	}
}

static uint64_t splitmix64(uint64_t *x)
{
	uint64_t z = (*x += 0x9e3779b97f4a7c15ULL);
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

void dice_init(struct dice *d, uint64_t seed)
{
	for (size_t i = 0; i < 4; i++)
		d->state[i] = splitmix64(&seed);
}

static uint64_t rotate_left(uint64_t x, unsigned n)
{
	return (x << n) | (x >> (64 - n));
}

uint64_t dice_u64(struct dice *d)
{
	uint64_t *s = d->state;
	uint64_t result = rotate_left(s[1] * 5, 7) * 9;
	uint64_t t = s[1] << 17;
	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = rotate_left(s[3], 45);
	return result;
}

uint64_t dice_below(struct dice *d, uint64_t bound)
{
	assert(bound > 0);
	uint64_t reject_under = (0 - bound) % bound;
	uint64_t x;
	do
		x = dice_u64(d);
	while (x < reject_under);
	return x % bound;
}

uint64_t dice_between(struct dice *d, uint64_t low, uint64_t high)
{
	assert(low <= high);
	if (low == 0 && high == UINT64_MAX)
		return dice_u64(d);
	return low + dice_below(d, high - low + 1);
}

void dice_bytes(struct dice *d, void *out, size_t n_bytes)
{
	char *at = out;
	while (n_bytes > 0) {
		uint64_t x = dice_u64(d);
		size_t n = n_bytes < sizeof x ? n_bytes : sizeof x;
		memcpy(at, &x, n);
		at += n;
		n_bytes -= n;
	}
}
