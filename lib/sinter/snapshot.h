// SPDX-License-Identifier: MIT
// snapshot.h - snapshots: their part of a freeze, and destroying them in steps.
#pragma once

#include "lib/sinter/btree.h"

NONNULL_BEGIN

err_t snapshot_prepare_freeze(struct sinter *pool, struct need *need);
void snapshot_freeze(struct sinter *pool, u64 txg);

// One step of the destruction of a dying snapshot of this dataset. OK also when there is none.
err_t snapshot_step(struct dataset *dataset);

tree_key_t snapshot_key(const struct dataset *dataset, u64 txg);
err_t snapshot_load(struct dataset *dataset, u64 txg, struct snapshot_record *out);

NONNULL_END
