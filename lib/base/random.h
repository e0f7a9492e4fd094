// SPDX-License-Identifier: MIT
// random.h - a quick pseudo-random generator (xoshiro256**): for tests, back-off, sampling. Not for
// secrets: who sees some numbers can compute the rest.
#pragma once

#include "lib/base/view.h"

NONNULL_BEGIN

struct random {
	u64 state[4]; // not all zero
};

void random_init(struct random *random, u64 seed);
u64 random_u64(struct random *random);
u64 random_below(struct random *random, u64 bound); // 0 <= result < bound, all equally likely
void random_fill(struct random *random, span_t span);

NONNULL_END
