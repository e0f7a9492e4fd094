// SPDX-License-Identifier: MIT
// sums_test.c - both compilations of XXH3 for the host (ports/xxhash/host) answer the same.
#include "lib/base/test.h"
#include "ports/xxhash/xxh3.h"

struct xxh3_sum xxh3_128_narrow(view_t bytes, u64 seed);
struct xxh3_sum xxh3_128_wide(view_t bytes, u64 seed);

TEST(host_sums_are_the_same)
{
	static u8 bytes[70000];
	if (!__builtin_cpu_supports("avx2"))
		return;
	for (usize i = 0; i < sizeof bytes; i++)
		AT(bytes, i) = (u8)(i * 131 + (i >> 7));
	for (usize size = 0; size <= sizeof bytes; size += size < 2100 ? 1 : 977) {
		struct xxh3_sum narrow = xxh3_128_narrow(view_from(bytes, size), size * 3);
		struct xxh3_sum wide = xxh3_128_wide(view_from(bytes, size), size * 3);
		CHECK_EQ(narrow.low, wide.low);
		CHECK_EQ(narrow.high, wide.high);
	}
}
