// SPDX-License-Identifier: MIT
// choose.c - the host's CPU may have wider registers than those that all x86-64 have: xxh3.c is
// compiled twice there, and this chooses.
#include "ports/xxhash/xxh3.h"

struct xxh3_sum xxh3_128_narrow(view_t bytes, u64 seed);
struct xxh3_sum xxh3_128_wide(view_t bytes, u64 seed);

struct xxh3_sum xxh3_128(view_t bytes, u64 seed)
{
	return __builtin_cpu_supports("avx2") ? xxh3_128_wide(bytes, seed)
	                                      : xxh3_128_narrow(bytes, seed);
}
