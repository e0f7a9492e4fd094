// SPDX-License-Identifier: MIT
// random.c - see random.h.
#include "lib/posix/exec/random.h"

#include <cpuid.h>

#include "lib/base/hash.h"
#include "lib/posix/core/posix.h"

constexpr u32 TRIES = 16; // more than the manual says are ever needed

static bool has_instruction(void)
{
	u32 a, b, c = 0, d;
	return __get_cpuid(1, &a, &b, &c, &d) && c & bit_RDRND;
}

static bool processor_word(u64 *out)
{
	for (u32 i = 0; i < TRIES; i++) {
		bool is_there;
		__asm__ volatile("rdrand %0" : "=r"(*out), "=@ccc"(is_there) : : "cc");
		if (is_there)
			return true;
	}
	return false;
}

u64 random_word(void)
{
	u64 word;
	if (has_instruction() && processor_word(&word))
		return word;
	struct area_state *areas = &posix_self()->areas;
	areas->random = hash_mix(areas->random ^ __builtin_ia32_rdtsc());
	return areas->random;
}

void random_bytes(span_t out)
{
	while (out.size) {
		u64 word = random_word();
		view_t part = view_clamp(view_of(word), 0, out.size);
		(void)span_copy(out, part);
		out = span_from_offset(out, part.size);
	}
}
