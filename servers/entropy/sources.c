// SPDX-License-Identifier: MIT
// sources.c - RDSEED and RDRAND (Intel SDM 1, 7.3.17), how long small work takes, and what the
// kernel drew at boot. None is trusted alone: they are all stirred together.
#include "servers/entropy/sources.h"

#include "ifc/entropy.h"
#include "lib/os/process.h"
#include "lib/os/start.h"

constexpr u32 WORDS = 8, TRIES = 10, SAMPLES = 512;
constexpr u32 CPUID_FEATURES = 1, CPUID_EXTENDED = 7, RDRAND_BIT = 30, RDSEED_BIT = 18;

static void cpuid(u32 leaf, u32 *b, u32 *c)
{
	u32 a = leaf, d;
	*c = 0;
	__asm__ volatile("cpuid" : "+a"(a), "=b"(*b), "+c"(*c), "=d"(d));
}

static bool has_instruction(u32 leaf, u32 bit)
{
	u32 highest_b, c, b;
	u32 highest = 0;
	__asm__ volatile("cpuid" : "+a"(highest), "=b"(highest_b), "=c"(c) : : "edx");
	if (leaf > highest)
		return false;
	cpuid(leaf, &b, &c);
	return (leaf == CPUID_FEATURES ? c : b) >> bit & 1;
}

static bool read_random(u64 *out)
{
	bool is_good;
	__asm__ volatile("rdrand %0" : "=r"(*out), "=@ccc"(is_good));
	return is_good;
}

static bool read_seed(u64 *out)
{
	bool is_good;
	__asm__ volatile("rdseed %0" : "=r"(*out), "=@ccc"(is_good));
	return is_good;
}

static bool stir_words(struct pool *pool, bool (*take)(u64 *out))
{
	u64 words[WORDS];
	u32 count = 0;
	for (u32 i = 0; i < WORDS * TRIES && count < WORDS; i++)
		count += take(&AT(words, count));
	pool_stir(pool, view_clamp(view_of(words), 0, count * sizeof(u64)));
	return count == WORDS;
}

// The time that memory accesses take varies by caches, interrupts and the emulator's host.
static void stir_jitter(struct pool *pool)
{
	static u8 work[4096];
	u64 last = __builtin_ia32_rdtsc(), deltas[32] = {};
	for (u32 i = 0; i < SAMPLES; i++) {
		u64 place = last * 0x9e37'79b9'7f4a'7c15 >> 52;
		AT(work, place)++;
		u64 now = __builtin_ia32_rdtsc();
		AT(deltas, i % 32) = AT(deltas, i % 32) << 7 ^ (now - last);
		last = now;
		if (i % 32 == 31)
			pool_stir(pool, view_of(deltas));
	}
}

u32 sources_stir(struct pool *pool)
{
	u32 found = ENTROPY_SOURCE_JITTER | ENTROPY_SOURCE_BOOT;
	u64 now = clock_read();
	pool_stir(pool, view_of(start_self()->random));
	pool_stir(pool, view_of(now));
	stir_jitter(pool);
	if (has_instruction(CPUID_EXTENDED, RDSEED_BIT) && stir_words(pool, read_seed))
		found |= ENTROPY_SOURCE_INSTRUCTION;
	if (has_instruction(CPUID_FEATURES, RDRAND_BIT) && stir_words(pool, read_random))
		found |= ENTROPY_SOURCE_INSTRUCTION;
	return found;
}
