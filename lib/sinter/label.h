// SPDX-License-Identifier: MIT
// label.h - the four labels of each leg: configuration and the ring of superblocks.
#pragma once

#include "lib/sinter/pool.h"

NONNULL_BEGIN

u64 label_unit(u64 units, u32 label); // of a device so large: where label 0 to 3 begins

// The newest valid configuration of one leg. ERR_NOT_FOUND: no pool. ERR_UNSUPPORTED: a newer
// version.
err_t label_read_config(struct sinter *pool, u32 leg, struct config_block *out);
err_t label_write_config(struct sinter *pool, u32 leg, struct config_block *config);

err_t label_clear(struct sinter *pool, u32 leg); // zeros, for format

// The newest valid superblock below txg, of all legs and labels. ERR_NOT_FOUND.
err_t label_find_super(struct sinter *pool, u64 below, struct superblock *out);
// Erases superblocks of txgs above this one: roots that do not verify.
err_t label_erase_above(struct sinter *pool, u64 txg);

// Submits txg.super to its two labels on all legs. False: call again.
bool label_write_super(struct sinter *pool, struct work *work, u32 *next);

NONNULL_END
