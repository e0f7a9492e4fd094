// SPDX-License-Identifier: MIT
// dataset.h - open datasets: their records, their part of a freeze, blocks kept for snapshots.
#pragma once

#include "lib/sinter/btree.h"

NONNULL_BEGIN

tree_key_t dataset_key(u64 id);
// As it is now: an open one may differ from the disk.
err_t dataset_load_record(struct sinter *pool, u64 id, struct dataset_record *out);

// Blocks that a snapshot still needs are not freed but noted.
bool dataset_keeps(const struct dataset *dataset, const pointer_t *pointer);
err_t dataset_prepare_dead(struct dataset *dataset, const pointer_t *pointer);
void dataset_add_dead(struct dataset *dataset, const pointer_t *pointer);
void dataset_count_less(struct dataset *dataset, const pointer_t *pointer); // units referenced

// Has it changes that no freeze has seen? Its place is kept until then, and its tree has no root on
// the disk.
bool dataset_is_changed(const struct dataset *dataset);
err_t dataset_check_change(const struct dataset *dataset); // ERR_READ_ONLY
// Waits until it has none: ERR_WOULD_BLOCK.
err_t dataset_settle(struct dataset *dataset);
// Units that it may claim later: they are kept for it.
u64 dataset_unfilled(const struct dataset_record *record);
void dataset_count_unfilled(struct dataset *dataset); // after its record changed
err_t dataset_count_all(struct sinter *pool);         // when the pool is opened

err_t dataset_prepare_freeze(struct sinter *pool, struct need *need);
void dataset_freeze(struct sinter *pool, u64 txg);

// The next tree root that the pool tree holds, of a dataset or a snapshot: at or after *key, which
// is moved behind it. ERR_NOT_FOUND: no more.
struct root {
	u64 dataset, snapshot; // txg, or 0
	u64 lineage;
	pointer_t pointer;
	u64 dead_list, next_inode;
	u64 origin_txg; // dead entries up to it own nothing
	bool is_dying;  // a snapshot that is being destroyed: its blocks may be gone
	bool is_garbage;
	u64 keep;            // garbage: its blocks born up to this txg are not its own
	tree_key_t position; // garbage: what is below is gone
	u64 previous;        // txg of the snapshot before, or 0: it has all blocks born up to then
};
err_t dataset_next_root(struct sinter *pool, tree_key_t *key, struct root *out);
// The same of datasets alone, as they are now: their records.
err_t dataset_next_live(struct sinter *pool, tree_key_t *key, struct dataset_record *out);

// Has somebody opened this snapshot of it (0: any)?
bool dataset_has_open(const struct dataset *dataset, u64 snapshot);
struct dataset *_Nullable dataset_slot(struct sinter *pool); // a free place; null: none
// Its tree is the one from this root on.
void dataset_plant(struct dataset *dataset, struct sinter *pool, const pointer_t *root);
// A tree of blocks that no open dataset stands for: to be walked, not changed.
void dataset_tree(struct sinter *pool, const pointer_t *root, u64 lineage, struct btree *out);

NONNULL_END
