// SPDX-License-Identifier: MIT
// random.c - xoshiro256** by Blackman and Vigna (public domain algorithm), seeded by a counter run
// through a mixer, so that near seeds give unlike sequences.
#include "lib/base/random.h"

#include "lib/base/bits.h"
#include "lib/base/hash.h"

void random_init(struct random *random, u64 seed)
{
	for (u32 i = 0; i < COUNT(random->state); i++)
		AT(random->state, i) = hash_pair(seed, i + 1);
	random->state[0] |= 1; // the state of all zeros would stay so
}

static u64 rotate(u64 value, u32 bits)
{
	return value << bits | value >> (64 - bits);
}

u64 random_u64(struct random *random)
{
	u64 *s = random->state;
	UNSAFE_BEGIN("four words, indexed by constants")
	u64 result = rotate(s[1] * 5, 7) * 9;
	u64 shifted = s[1] << 17;
	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= shifted;
	s[3] = rotate(s[3], 45);
	UNSAFE_END
	return result;
}

u64 random_below(struct random *random, u64 bound)
{
	assert(bound != 0);
	u64 mask = bits_mask(log2_ceil(bound));
	u64 value;
	do {
		value = random_u64(random) & mask;
	} while (value >= bound); // at least every second draw is good
	return value;
}

void random_fill(struct random *random, span_t span)
{
	for (usize at = 0; at < span.size; at += sizeof(u64)) {
		u64 word = random_u64(random);
		span_t part = span_clamp(span, at, sizeof(u64));
		memory_copy(part.data, &word, part.size);
	}
}
