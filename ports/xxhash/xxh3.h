// SPDX-License-Identifier: MIT
// xxh3.h - XXH3 with 128 bits, by the xxhash of Debian's source package.
#pragma once

#include "lib/base/view.h"

NONNULL_BEGIN

struct xxh3_sum {
	u64 low, high;
};

// Any size, also 0. Not keyed against an attacker.
struct xxh3_sum xxh3_128(view_t bytes, u64 seed);

NONNULL_END
