// SPDX-License-Identifier: MIT
// pool.h - a ChaCha20 key that everything random is stirred into and that each answer replaces, so
// that nobody can compute earlier answers from the pool (D. J. Bernstein, "Fast-key-erasure
// random-number generators", 2017).
#pragma once

#include "lib/base/chacha.h"

NONNULL_BEGIN
struct pool {
	u32 key[8];
};
void pool_stir(struct pool *pool, view_t bytes);
void pool_fill(struct pool *pool, span_t to);
NONNULL_END
