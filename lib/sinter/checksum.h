// SPDX-License-Identifier: MIT
// checksum.h - sums of blocks (XXH3-128) and of names (SipHash-2-4).
#pragma once

#include "lib/base/view.h"
#include "lib/sinter/format.h"

NONNULL_BEGIN

sum_t checksum(view_t bytes, u64 seed);

static inline bool sum_equal(sum_t a, sum_t b)
{
	return view_equal(view_of(a), view_of(b));
}

// Keyed, so that nobody can choose names that collide without knowing the key.
u64 siphash(view_t bytes, const u64 key[2]);

NONNULL_END
