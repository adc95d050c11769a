/*
 * The repeatable generator against its published form, and fair dice.
 */
#include <string.h>

#include "base/random.h"
#include "tests/lib/test.h"

/* splitmix64 from seed 1234567 (Vigna's reference code gives these), then xoshiro256** by hand. */
TEST(the_sequence_is_the_published_one)
{
	struct dice d;
	dice_init(&d, 1234567);
	CHECK(d.state[0] == 6457827717110365317ULL);
	CHECK(d.state[1] == 3203168211198807973ULL);
	CHECK(d.state[2] == 9817491932198370423ULL);
	CHECK(d.state[3] == 4593380528125082431ULL);
	/* The reference implementation of xoshiro256** with state 1, 2, 3, 4. */
	struct dice s = { { 1, 2, 3, 4 } };
	static const uint64_t wanted[] = { 11520, 0, 1509978240, 1215971899390074240ULL };
	for (size_t i = 0; i < 4; i++)
		CHECK(dice_u64(&s) == wanted[i]);
}

TEST(the_same_seed_gives_the_same_run)
{
	struct dice a;
	struct dice b;
	char x[1000];
	char y[1000];
	dice_init(&a, 5);
	dice_init(&b, 5);
	dice_bytes(&a, x, sizeof x);
	dice_bytes(&b, y, sizeof y);
	CHECK(memcmp(x, y, sizeof x) == 0);
	dice_init(&b, 6);
	dice_bytes(&b, y, sizeof y);
	CHECK(memcmp(x, y, sizeof x) != 0);
}

TEST(dice_stay_within_their_bounds_and_reach_them)
{
	struct dice d;
	unsigned seen[6] = { 0 };
	dice_init(&d, 3);
	for (int i = 0; i < 60000; i++)
		seen[dice_below(&d, 6)]++;
	for (int i = 0; i < 6; i++)
		CHECK(seen[i] > 9500 && seen[i] < 10500);
	for (int i = 0; i < 1000; i++) {
		CHECK_INT(dice_below(&d, 1), 0);
		CHECK_INT(dice_between(&d, 7, 7), 7);
		uint64_t x = dice_between(&d, UINT64_MAX - 1, UINT64_MAX);
		CHECK(x >= UINT64_MAX - 1);
		CHECK(dice_below(&d, UINT64_MAX) < UINT64_MAX);
	}
	(void)dice_between(&d, 0, UINT64_MAX);
}

TEST(kernel_randomness_fills_all_bytes)
{
	unsigned char sum[64] = { 0 };
	for (int i = 0; i < 16; i++) {
		unsigned char bytes[64];
		random_bytes(bytes, sizeof bytes);
		for (size_t k = 0; k < sizeof bytes; k++)
			sum[k] |= bytes[k];
	}
	for (size_t k = 0; k < sizeof sum; k++)
		CHECK(sum[k] != 0);
	random_bytes(NULL, 0);
}
