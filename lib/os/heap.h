// SPDX-License-Identifier: MIT
// heap.h - memory by size: power-of-two classes up to 32 KiB out of 1 MiB pieces, above that whole
// mappings. Thread-safe. Returned memory is zeroed.
#pragma once

#include "lib/base/view.h"

NONNULL_BEGIN
err_t heap_alloc(usize size, void *_Nullable *_Nonnull out);
void heap_free(void *memory, usize size); // the size it was allocated with
NONNULL_END
