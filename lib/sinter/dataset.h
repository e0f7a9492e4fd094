// SPDX-License-Identifier: MIT
// dataset.h - open datasets: their records, their part of a freeze, blocks kept for snapshots.
#pragma once

#include "lib/sinter/btree.h"

NONNULL_BEGIN

tree_key_t dataset_key(u64 id);

// Blocks that a snapshot still needs are not freed but noted.
bool dataset_keeps(const struct dataset *dataset, const pointer_t *pointer);
err_t dataset_prepare_dead(struct dataset *dataset, const pointer_t *pointer);
void dataset_add_dead(struct dataset *dataset, const pointer_t *pointer);

err_t dataset_prepare_freeze(struct sinter *pool, struct need *need);
void dataset_freeze(struct sinter *pool, u64 txg);

// The next tree root that the pool tree holds, of a dataset or a snapshot: at or after *key, which
// is moved behind it. ERR_NOT_FOUND: no more.
struct root {
	u64 dataset, snapshot; // txg, or 0
	u64 lineage;
	pointer_t pointer;
	u64 dead_list, next_inode;
	bool is_dying; // a snapshot that is being destroyed: its blocks may be gone
};
struct dataset *_Nullable dataset_slot(struct sinter *pool); // a free place; null: none
err_t dataset_next_root(struct sinter *pool, tree_key_t *key, struct root *out);

NONNULL_END
