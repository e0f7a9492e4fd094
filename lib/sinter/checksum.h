// SPDX-License-Identifier: MIT
// checksum.h - sums of blocks (XXH3-128, or BLAKE3-256 in pools that are made so) and of names
// (SipHash-2-4).
#pragma once

#include "lib/base/view.h"
#include "lib/sinter/format.h"

NONNULL_BEGIN

sum_t checksum(view_t bytes, u64 seed);

// A block by the kind that its info says, not sealed: the pointer's sum and what is behind it.
void checksum_block(pointer_t *pointer, view_t stored);

static inline bool sum_equal(sum_t a, sum_t b)
{
	return view_equal(view_of(a), view_of(b));
}

// Keyed, so that nobody can choose names that collide without knowing the key.
u64 siphash(view_t bytes, const u64 key[2]);

NONNULL_END
