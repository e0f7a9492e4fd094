// SPDX-License-Identifier: MIT
// pending.c - see pending.h. Each step is a whole change: some items and the inode's count of
// units.
#include "lib/sinter/pending.h"

#include "lib/sinter/cache.h"
#include "lib/sinter/garbage.h"
#include "lib/sinter/inode.h"
#include "lib/sinter/snapshot.h"
#include "lib/sinter/txg.h"

tree_key_t pending_key(u64 inode)
{
	return key_make(0, ITEM_PENDING, inode);
}

void pending_look_again(struct dataset *dataset)
{
	dataset->has_pending = true;
	dataset->pending_at = 0;
}

struct batch {
	tree_key_t keys[PENDING_STEP];
	pointer_t pointers[PENDING_STEP]; // hole: the item has none
	u32 count;
};

static err_t collect(struct btree *tree, tree_key_t from, tree_key_t end, struct batch *batch)
{
	*batch = (struct batch){};
	while (batch->count < PENDING_STEP) {
		struct place place;
		err_t err = btree_seek(tree, from, &place);
		if (err == ERR_NOT_FOUND)
			return OK;
		TRY(err);
		tree_key_t key = btree_key(tree, &place);
		if (key_compare(key, end) >= 0)
			return OK;
		pointer_t pointer = {};
		if (key_kind(key) == ITEM_DATA)
			TRY(view_load(btree_value(tree, &place), 0, span_of(pointer)));
		AT(batch->keys, batch->count) = key;
		AT(batch->pointers, batch->count++) = pointer;
		from = (tree_key_t){ key.object, key.item + 1 };
	}
	return OK;
}

err_t pending_remove(struct dataset *dataset, tree_key_t from, tree_key_t end, u64 inode, u32 *out)
{
	struct btree *tree = &dataset->tree;
	struct sinter *pool = tree->pool;
	struct inode_record record;
	struct batch batch;
	struct need need = { .is_freeing = true };
	TRY(inode_begin(dataset, true));
	TRY(inode_load(dataset, inode, &record));
	TRY(collect(tree, from, end, &batch));
	*out = batch.count;
	if (!batch.count)
		return OK;
	TRY(inode_prepare(dataset, inode, &need));
	for (u32 i = 0; i < batch.count; i++) {
		TRY(btree_prepare_remove(tree, AT(batch.keys, i), &need));
		TRY(btree_prepare_free(tree, &AT(batch.pointers, i)));
	}
	TRY(txg_admit(pool, &need));
	for (u32 i = 0; i < batch.count; i++) {
		pointer_t *pointer = &AT(batch.pointers, i);
		btree_remove(tree, AT(batch.keys, i));
		record.units -= units_of_bytes(cache_logical(pool, pointer));
		btree_drop(tree, pointer);
	}
	inode_store(dataset, inode, &record);
	return OK;
}

static err_t remove_inode(struct dataset *dataset, u64 inode)
{
	struct need need = { .is_freeing = true };
	TRY(inode_begin(dataset, true));
	TRY(btree_prepare_remove(&dataset->tree, inode_key(inode), &need));
	TRY(btree_prepare_remove(&dataset->tree, pending_key(inode), &need));
	TRY(txg_admit(dataset->tree.pool, &need));
	btree_remove(&dataset->tree, inode_key(inode));
	btree_remove(&dataset->tree, pending_key(inode));
	return OK;
}

static err_t finish_trim(struct dataset *dataset, u64 inode, struct inode_record *record)
{
	struct place place;
	struct need need = { .is_freeing = true };
	TRY(inode_begin(dataset, true));
	err_t err = btree_find(&dataset->tree, pending_key(inode), &place);
	if (err != OK)
		return err == ERR_NOT_FOUND ? ERR_CORRUPT : err;
	TRY(inode_prepare(dataset, inode, &need));
	if (record->links) // one without a name keeps it
		TRY(btree_prepare_remove(&dataset->tree, pending_key(inode), &need));
	TRY(txg_admit(dataset->tree.pool, &need));
	record->tail = 0;
	inode_store(dataset, inode, record);
	if (record->links)
		btree_remove(&dataset->tree, pending_key(inode));
	return OK;
}

err_t pending_trim(struct dataset *dataset, u64 inode)
{
	while (true) {
		struct inode_record record;
		u32 removed;
		TRY(inode_load(dataset, inode, &record));
		if (!record.tail)
			return OK;
		u64 first = record.size / RECORD_SIZE + (record.size % RECORD_SIZE ? 1 : 0);
		TRY(pending_remove(dataset, key_make(inode, ITEM_DATA, first),
			key_make(inode, ITEM_DATA, XATTR_RECORDS), inode, &removed));
		if (removed)
			continue;
		TRY(inode_load(dataset, inode, &record));
		TRY(finish_trim(dataset, inode, &record));
	}
}

// One step for the inode of the next PENDING item. ERR_NOT_FOUND: there is no more to do now.
static err_t step(struct dataset *dataset)
{
	struct place place;
	struct inode_record record;
	u32 removed;
	TRY(inode_begin(dataset, true));
	TRY(btree_seek_in(&dataset->tree, pending_key(dataset->pending_at), &place));
	u64 inode = key_offset(btree_key(&dataset->tree, &place));
	TRY(inode_load(dataset, inode, &record));
	dataset->pending_at = inode;
	if (inode_is_held(dataset, inode) ||
		(record.links && !record.tail)) { // the latter: a bad image
		dataset->pending_at++;
		return OK;
	}
	if (record.links)
		return pending_trim(dataset, inode);
	TRY(pending_remove(
		dataset, key_make(inode, ITEM_INODE, 1), key_make(inode + 1, 0, 0), inode, &removed));
	return removed ? OK : remove_inode(dataset, inode);
}

// Nothing changed since the newest snapshot (or the origin): what is pending is kept by it anyway,
// and a received dataset stays as it came.
static bool is_as_snapshot(const struct dataset *dataset)
{
	const pointer_t *root = &dataset->tree.root;
	return !pointer_is_memory(root) && pointer_birth(root) <= dataset->record.newest_snapshot;
}

static void snapshot_work(struct dataset *dataset)
{
	err_t err = snapshot_step(dataset);
	if (err != OK && err != ERR_WOULD_BLOCK)
		dataset->may_have_dying = false; // not now
	dataset->tree.pool->is_tidying |= err == OK && dataset->may_have_dying;
}

void pending_work(struct sinter *pool)
{
	pool->is_tidying = false;
	if (pool->is_read_only || pool->log.is_replaying)
		return;
	for (u32 i = 0; i < DATASETS_MAX; i++) {
		struct dataset *dataset = &AT(pool->datasets, i);
		if (!dataset->users || dataset->snapshot)
			continue;
		if (dataset->may_have_dying)
			snapshot_work(dataset);
		if (is_as_snapshot(dataset))
			continue;
		err_t err = OK;
		for (u32 steps = 0; dataset->has_pending && err == OK && steps < 4; steps++)
			err = step(dataset);
		if (err != OK && err != ERR_WOULD_BLOCK)
			dataset->has_pending = false; // nothing, or not now: a later change asks again
		pool->is_tidying |= err == OK && dataset->has_pending;
	}
	garbage_work(pool);
}
