// SPDX-License-Identifier: MIT
// make.h - what making a pool and adding to it share.
#pragma once

#include "lib/sinter/pool.h"

NONNULL_BEGIN

// A new top-level device of this size in the table, without legs: where its zones are.
void make_vdev(struct sinter *pool, u32 number, u64 units);

NONNULL_END
