// SPDX-License-Identifier: MIT
// sources.h - what this machine has that is random.
#pragma once

#include "lib/base/pool.h"

NONNULL_BEGIN
// Stirs what each source gives; enum entropy_source bits of those that gave something.
u32 sources_stir(struct pool *pool);
NONNULL_END
