// SPDX-License-Identifier: MIT
// dataset.c - see dataset.h. Snapshots are in snapshot.c.
#include "lib/sinter/dataset.h"

#include "lib/sinter/cache.h"
#include "lib/sinter/pending.h"
#include "lib/sinter/snapshot.h"
#include "lib/sinter/txg.h"

tree_key_t dataset_key(u64 id)
{
	return key_make(id, ITEM_DATASET, 0);
}

bool dataset_keeps(const struct dataset *dataset, const pointer_t *pointer)
{
	return pointer_birth(pointer) <= dataset->record.newest_snapshot;
}

err_t dataset_prepare_dead(struct dataset *dataset, const pointer_t *pointer)
{
	if (!dataset_keeps(dataset, pointer) || dataset->dead.count + DEAD_OF_STEP <= DEAD_WAITING)
		return OK;
	txg_want(dataset->tree.pool, dataset->tree.pool->txg.open);
	return ERR_WOULD_BLOCK;
}

void dataset_add_dead(struct dataset *dataset, const pointer_t *pointer)
{
	struct dead_entry *entry = &AT(dataset->dead.entries, dataset->dead.count++);
	memory_copy(entry->address, pointer->address, sizeof entry->address);
	entry->logical = pointer->logical;
	entry->stored = pointer->stored;
	entry->info = pointer->info;
	dataset->is_changed = true;
}

static tree_key_t dead_key(const struct dataset *dataset, u64 txg, u32 part)
{
	return key_make(dataset->record.dead_list, ITEM_DEAD, txg << 8 | part);
}

static bool is_changed(const struct dataset *dataset)
{
	return dataset->is_used && !dataset->snapshot &&
	       (dataset->is_changed || pointer_is_memory(&dataset->tree.root));
}

err_t dataset_prepare_freeze(struct sinter *pool, struct need *need)
{
	for (u32 i = 0; i < DATASETS_MAX; i++) {
		struct dataset *dataset = &AT(pool->datasets, i);
		if (!is_changed(dataset))
			continue;
		TRY(btree_prepare_edit(&pool->tree, dataset_key(dataset->record.id), need));
		u32 size = sizeof(struct dead_entry) * DEAD_ENTRIES;
		for (u32 part = 0; part * DEAD_ENTRIES < dataset->dead.count; part++)
			TRY(btree_prepare_insert(
				&pool->tree, dead_key(dataset, pool->txg.open, part), size, need));
	}
	return snapshot_prepare_freeze(pool, need);
}

static void write_dead(struct dataset *dataset, u64 txg)
{
	struct dead_wait *dead = &dataset->dead;
	for (u32 part = 0; part * DEAD_ENTRIES < dead->count; part++) {
		usize at = part * DEAD_ENTRIES * sizeof(struct dead_entry);
		view_t all = view_clamp(view_of(dead->entries), 0, dead->count * sizeof(struct dead_entry));
		view_t items = view_clamp(all, at, DEAD_ENTRIES * sizeof(struct dead_entry));
		btree_insert(&dataset->tree.pool->tree, dead_key(dataset, txg, part), items);
	}
	dead->count = 0;
}

void dataset_freeze(struct sinter *pool, u64 txg)
{
	for (u32 i = 0; i < DATASETS_MAX; i++) {
		struct dataset *dataset = &AT(pool->datasets, i);
		if (!is_changed(dataset))
			continue;
		btree_freeze(&dataset->tree, txg);
		dataset->record.root = dataset->tree.root;
		write_dead(dataset, txg);
	}
	snapshot_freeze(pool, txg);
	for (u32 i = 0; i < DATASETS_MAX; i++) {
		struct dataset *dataset = &AT(pool->datasets, i);
		if (!dataset->is_used || dataset->snapshot ||
			!(dataset->is_changed || pointer_birth(&dataset->record.root) == txg))
			continue;
		span_t value = btree_edit(&pool->tree, dataset_key(dataset->record.id));
		err_t err = span_copy(value, view_of(dataset->record));
		assert(err == OK);
		dataset->is_changed = false;
	}
}

static err_t root_of_dataset(view_t value, struct root *out)
{
	struct dataset_record record;
	if (value.size != sizeof record)
		return ERR_CORRUPT;
	TRY(view_load(value, 0, span_of(record)));
	*out = (struct root){ .dataset = record.id,
		.lineage = record.lineage,
		.pointer = record.root,
		.dead_list = record.dead_list,
		.next_inode = record.next_inode };
	return OK;
}

static err_t root_of_snapshot(view_t value, const struct root *dataset, struct root *out)
{
	struct snapshot_record record;
	TRY(view_load(value, 0, span_of(record)));
	*out = *dataset;
	out->snapshot = record.txg;
	out->pointer = record.root;
	out->dead_list = record.dead_list;
	out->next_inode = record.next_inode;
	out->is_dying = record.flags & SNAPSHOT_DYING;
	return OK;
}

err_t dataset_next_root(struct sinter *pool, tree_key_t *key, struct root *out)
{
	struct place place;
	struct root dataset;
	while (true) {
		TRY(btree_seek(&pool->tree, *key, &place));
		tree_key_t at = btree_key(&pool->tree, &place);
		u8 kind = key_kind(at);
		if (kind == ITEM_DATASET) {
			TRY(root_of_dataset(btree_value(&pool->tree, &place), out));
			*key = key_make(at.object, ITEM_SNAPSHOT, 0);
			return OK;
		}
		if (kind == ITEM_SNAPSHOT) {
			struct dataset_record record;
			view_t value = btree_value(&pool->tree, &place);
			TRY(btree_load(&pool->tree, dataset_key(at.object), span_of(record)));
			TRY(root_of_dataset(view_of(record), &dataset));
			TRY(root_of_snapshot(value, &dataset, out));
			*key = key_make(at.object, ITEM_SNAPSHOT, key_offset(at) + 1);
			return OK;
		}
		u8 next = kind < ITEM_SNAPSHOT ? ITEM_SNAPSHOT : 0;
		*key = next && at.object ? key_make(at.object, next, 0) : (tree_key_t){ at.object + 1, 0 };
	}
}

static struct dataset *_Nullable find_open(struct sinter *pool, u64 id, u64 snapshot)
{
	for (u32 i = 0; i < DATASETS_MAX; i++) {
		struct dataset *dataset = &AT(pool->datasets, i);
		if (dataset->is_used && dataset->record.id == id && dataset->snapshot == snapshot)
			return dataset;
	}
	return nullptr;
}

struct dataset *_Nullable dataset_slot(struct sinter *pool)
{
	for (u32 i = 0; i < DATASETS_MAX; i++) {
		struct dataset *dataset = &AT(pool->datasets, i);
		if (!dataset->is_used || (!dataset->users && !is_changed(dataset)))
			return dataset;
	}
	return nullptr;
}

err_t sinter_dataset_open(struct sinter *pool, u64 id, struct dataset **out)
{
	struct dataset_record record;
	struct dataset *dataset = find_open(pool, id, 0);
	pool->epoch++;
	if (!dataset) {
		dataset = dataset_slot(pool);
		if (!dataset)
			return ERR_BUSY;
		TRY(btree_load(&pool->tree, dataset_key(id), span_of(record)));
		if (record.id != id || !record.copies || record.copies > COPIES_MAX ||
			record.compression > COMPRESS_LZ4 || record.cipher || record.record_log2 != RECORD_LOG2)
			return ERR_UNSUPPORTED;
		*dataset = (struct dataset){ .record = record, .is_used = true };
		btree_init(&dataset->tree, pool, &record.root, record.lineage);
		dataset->tree.dataset = dataset;
		dataset->has_pending = dataset->may_have_dying = true; // until looked
	}
	dataset->users++;
	*out = dataset;
	return OK;
}

// Changes that are not committed yet need it: the place stays taken, without users, until they are.
void sinter_dataset_close(struct dataset *dataset)
{
	assert(dataset->users);
	dataset->users--;
}
