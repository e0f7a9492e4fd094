// SPDX-License-Identifier: MIT
// blake3_256.h - BLAKE3 with 256 bits, by its authors' C code.
#pragma once

#include "lib/base/view.h"

NONNULL_BEGIN

// Of the seed's eight bytes and then the others. Any size, also 0.
void blake3_256(view_t bytes, u64 seed, u64 out[4]);

NONNULL_END
