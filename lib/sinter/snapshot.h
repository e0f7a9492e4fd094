// SPDX-License-Identifier: MIT
// snapshot.h - snapshots: their part of a freeze.
#pragma once

#include "lib/sinter/btree.h"

NONNULL_BEGIN

err_t snapshot_prepare_freeze(struct sinter *pool, struct need *need);
void snapshot_freeze(struct sinter *pool, u64 txg);

NONNULL_END
