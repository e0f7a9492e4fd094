// SPDX-License-Identifier: MIT
// xxh3.c - the one function of xxhash.h that we use, compiled into this file.
#include "ports/xxhash/xxh3.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

struct xxh3_sum xxh3_128(view_t bytes, u64 seed)
{
	XXH128_hash_t sum = XXH3_128bits_withSeed(bytes.data, bytes.size, seed);
	return (struct xxh3_sum){ sum.low64, sum.high64 };
}
