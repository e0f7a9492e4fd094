// SPDX-License-Identifier: MIT
// bits.h - scan, count and align. Alignments are powers of two. Results that could overflow on
// input from outside: use checked.h.
#pragma once

#include "lib/base/assert.h"

// Index of the lowest or highest set bit. The value is not 0.
static inline u32 bits_lowest(u64 value)
{
	debug_assert(value != 0);
	return (u32)__builtin_ctzll(value);
}

static inline u32 bits_highest(u64 value)
{
	debug_assert(value != 0);
	return 63 - (u32)__builtin_clzll(value);
}

static inline u32 bits_count(u64 value)
{
	return (u32)__builtin_popcountll(value);
}

// The lowest count bits set; count up to 64.
static inline u64 bits_mask(u32 count)
{
	return count >= 64 ? UINT64_MAX : ((u64)1 << count) - 1;
}

static inline bool bits_test(u64 value, u32 bit)
{
	return value >> bit & 1;
}

static inline bool is_power_of_two(u64 value)
{
	return value && !(value & (value - 1));
}

static inline u32 log2_floor(u64 value)
{
	return bits_highest(value);
}

static inline u32 log2_ceil(u64 value)
{
	return value <= 1 ? 0 : bits_highest(value - 1) + 1;
}

static inline u64 align_down(u64 value, u64 alignment)
{
	return value & ~(alignment - 1);
}

static inline u64 align_up(u64 value, u64 alignment)
{
	return align_down(value + alignment - 1, alignment);
}

static inline bool is_aligned(u64 value, u64 alignment)
{
	return !(value & (alignment - 1));
}

static inline u64 pages_of_size(u64 size)
{
	return size / PAGE_SIZE + (size & PAGE_MASK ? 1 : 0);
}

static inline u64 min_u64(u64 a, u64 b)
{
	return a < b ? a : b;
}

static inline u64 max_u64(u64 a, u64 b)
{
	return a > b ? a : b;
}
