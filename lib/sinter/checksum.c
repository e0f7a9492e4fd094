// SPDX-License-Identifier: MIT
// checksum.c - see checksum.h. SipHash is written after its paper (Aumasson and Bernstein, 2012).
#include "lib/sinter/checksum.h"

#include "lib/sinter/pointer.h"
#include "ports/blake3/blake3_256.h"
#include "ports/xxhash/xxh3.h"

sum_t checksum(view_t bytes, u64 seed)
{
	struct xxh3_sum sum = xxh3_128(bytes, seed);
	return (sum_t){ { sum.low, sum.high } };
}

void checksum_block(pointer_t *pointer, view_t stored)
{
	u64 hash[4];
	if (pointer_check_kind(pointer) == CHECK_BLAKE3) {
		blake3_256(stored, pointer->info, hash);
		memory_copy(&pointer->sum, hash, sizeof pointer->sum);
		memory_copy(pointer->check_rest, &AT(hash, 2), sizeof pointer->check_rest);
	} else {
		pointer->sum = checksum(stored, pointer->info);
	}
}

struct sip {
	u64 a, b, c, d;
};

static u64 rotate(u64 value, u32 by)
{
	return value << by | value >> (64 - by);
}

static void sip_rounds(struct sip *sip, u32 rounds)
{
	for (u32 i = 0; i < rounds; i++) {
		sip->a += sip->b;
		sip->b = rotate(sip->b, 13) ^ sip->a;
		sip->a = rotate(sip->a, 32);
		sip->c += sip->d;
		sip->d = rotate(sip->d, 16) ^ sip->c;
		sip->a += sip->d;
		sip->d = rotate(sip->d, 21) ^ sip->a;
		sip->c += sip->b;
		sip->b = rotate(sip->b, 17) ^ sip->c;
		sip->c = rotate(sip->c, 32);
	}
}

static void sip_word(struct sip *sip, u64 word)
{
	sip->d ^= word;
	sip_rounds(sip, 2);
	sip->a ^= word;
}

u64 siphash(view_t bytes, const u64 key[2])
{
	UNSAFE_BEGIN("the parameter is an array of two")
	u64 low = key[0], high = key[1];
	UNSAFE_END
	struct sip sip = { low ^ 0x736f6d6570736575, high ^ 0x646f72616e646f6d,
		low ^ 0x6c7967656e657261, high ^ 0x7465646279746573 };
	usize whole = bytes.size & ~(usize)7;
	for (usize at = 0; at < whole; at += 8) {
		u64 word;
		memory_copy(&word, view_clamp(bytes, at, 8).data, 8);
		sip_word(&sip, word);
	}
	u64 last = (u64)bytes.size << 56;
	for (usize i = whole; i < bytes.size; i++)
		last |= (u64)view_at(bytes, i) << (8 * (i - whole));
	sip_word(&sip, last);
	sip.c ^= 0xff;
	sip_rounds(&sip, 4);
	return sip.a ^ sip.b ^ sip.c ^ sip.d;
}
