// SPDX-License-Identifier: MIT
// snapshot.h - snapshots: their part of a freeze, and destroying them in steps.
#pragma once

#include "lib/sinter/btree.h"

NONNULL_BEGIN

err_t snapshot_prepare_freeze(struct sinter *pool, struct need *need);
void snapshot_freeze(struct sinter *pool, u64 txg);

// Making one: prepare and, when admitted, add; it is there with the group whose number is answered.
// guid 0: a new one.
err_t snapshot_prepare(struct dataset *dataset, view_t name, struct need *need);
u64 snapshot_add(struct dataset *dataset, view_t name, u64 guid);

// Of all of a dataset the first with this name or, without one, that is being destroyed: its txg.
// Waits for the device.
err_t snapshot_search(struct dataset *dataset, view_t name, u64 *out);
err_t snapshot_check_name(struct dataset *dataset, view_t name); // ERR_EXISTS: one has it

// One step of the destruction of a dying snapshot of this dataset. OK also when there is none.
err_t snapshot_step(struct dataset *dataset);

tree_key_t snapshot_key(const struct dataset *dataset, u64 txg);
void snapshot_store(struct dataset *dataset, const struct snapshot_record *record);
err_t snapshot_load(struct dataset *dataset, u64 txg, struct snapshot_record *out);
err_t snapshot_check_none_dying(struct dataset *dataset); // ERR_BUSY: one is being destroyed

NONNULL_END
