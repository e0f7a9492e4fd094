// SPDX-License-Identifier: MIT
// slab.h - small kernel memory by size class (32 bytes to 2 KiB; above: whole frames). Zeroed on
// allocation; poisoned on release in debug builds.
#pragma once

#include "abi/errors.h"
#include "lib/base/attributes.h"

NONNULL_BEGIN
void slabs_init(void);                                       // called by frames_init
err_t slab_alloc(usize size, void *_Nullable *_Nonnull out); // ERR_NO_MEMORY; zeroed
void slab_free(void *memory, usize size);                    // same size as allocated
NONNULL_END
