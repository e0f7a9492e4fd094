// SPDX-License-Identifier: MIT
// clone.c - clones, promotion, rollback: roots change hands, no block is copied or freed here. A
// clone notes in its dead list also what it drops of its origin's blocks. That owns nothing until a
// promotion makes it the owner; so promotion moves a few records, whatever the size.
#include "lib/sinter/garbage.h"
#include "lib/sinter/ilog.h"
#include "lib/sinter/pending.h"
#include "lib/sinter/seal.h"
#include "lib/sinter/sets.h"
#include "lib/sinter/snapshot.h"
#include "lib/sinter/txg.h"

constexpr u32 PROMOTED_MAX = 64; // snapshots or clones that change hands in one step

// A clone of an encrypted dataset has a wrapped key of its own: a copy.
static err_t prepare_key(struct dataset *origin, struct key_record *wrapped, struct need *need)
{
	struct sinter *pool = origin->tree.pool;
	if (!origin->record.cipher)
		return OK;
	TRY(btree_load(&pool->tree, seal_key_item(origin->record.key_object), span_of(*wrapped)));
	u64 object = pool->super.next_object + 2; // behind the clone and its dead list
	return btree_prepare_insert(&pool->tree, seal_key_item(object), sizeof *wrapped, need);
}

static void copy_key(
	struct dataset *clone, const struct dataset *origin, const struct key_record *wrapped)
{
	struct sinter *pool = clone->tree.pool;
	if (!origin->record.cipher)
		return;
	clone->record.key_object = pool->super.next_object++;
	btree_insert(&pool->tree, seal_key_item(clone->record.key_object), view_of(*wrapped));
	if (origin->has_key)
		seal_use_key(clone, &origin->key);
}

err_t sinter_clone(struct dataset *origin, u64 txg, struct sinter_dataset_name name, u64 *out)
{
	struct sinter *pool = origin->tree.pool;
	struct snapshot_record snapshot;
	struct key_record wrapped;
	struct need need = {};
	struct found found;
	TRY(sets_prepare_new(name.parent, name.name, &found, &need));
	TRY(snapshot_load(origin, txg, &snapshot));
	if (snapshot.flags & SNAPSHOT_DYING)
		return ERR_NOT_FOUND;
	TRY(btree_prepare_edit(&pool->tree, snapshot_key(origin, txg), &need));
	TRY(prepare_key(origin, &wrapped, &need));
	TRY(txg_admit(pool, &need));
	struct dataset_record record = origin->record;
	record.root = snapshot.root;
	record.next_inode = snapshot.next_inode;
	record.newest_snapshot = record.origin_txg = txg;
	record.origin = origin->record.id;
	record.units = snapshot.units;
	record.quota = record.reservation = record.dead_list = record.flags = 0;
	struct dataset *clone = sets_add(name.parent, name.name, &found, &record);
	clone->record.dead_list = pool->super.next_object++;
	copy_key(clone, origin, &wrapped);
	snapshot.clones++;
	snapshot_store(origin, &snapshot);
	AT(pool->super.features, FEATURES_INCOMPATIBLE) |= FEATURE_CLONES;
	*out = clone->record.id;
	return OK;
}

err_t sinter_rollback(struct dataset *dataset, u64 txg)
{
	struct sinter *pool = dataset->tree.pool;
	struct dataset_record *record = &dataset->record;
	struct snapshot_record snapshot;
	struct need need = { .is_freeing = true };
	TRY(sets_prepare_alone(dataset));
	TRY(snapshot_check_none_dying(dataset));
	pool->epoch++;
	TRY(snapshot_load(dataset, txg, &snapshot));
	if (record->newest_snapshot != txg)
		return ERR_NOT_EMPTY;
	TRY(garbage_prepare(dataset, &need));
	TRY(txg_admit(pool, &need));
	garbage_add(dataset, txg);
	record->root = snapshot.root;
	record->units = snapshot.units;
	record->dead_list = pool->super.next_object++;
	dataset_plant(dataset, pool, &record->root);
	dataset->is_changed = true;
	pending_look_again(dataset);
	dataset_count_unfilled(dataset);
	ilog_cannot(pool);
	return OK;
}

struct promotion {
	struct dataset *clone, *origin;
	u64 snapshots[PROMOTED_MAX], clones[PROMOTED_MAX];
	u32 snapshot_count, clone_count;
	struct need need;
};

static err_t collect_snapshots(struct promotion *promotion)
{
	struct sinter_snapshot snapshot = {};
	while (true) {
		err_t err = sinter_snapshot_next(promotion->origin, snapshot.txg, &snapshot);
		if (err != OK)
			return err == ERR_NOT_FOUND ? OK : err;
		if (snapshot.txg > promotion->clone->record.origin_txg)
			return OK;
		if (promotion->snapshot_count == PROMOTED_MAX)
			return ERR_TOO_BIG;
		TRY(snapshot_check_name(
			promotion->clone, view_clamp(view_of(snapshot.name), 0, snapshot.name_size)));
		AT(promotion->snapshots, promotion->snapshot_count++) = snapshot.txg;
	}
}

// Other clones of these snapshots have another origin then.
static err_t collect_clones(struct promotion *promotion)
{
	tree_key_t key = KEY_FIRST;
	struct dataset_record record;
	err_t err;
	while ((err = dataset_next_live(promotion->clone->tree.pool, &key, &record)) == OK) {
		if (record.id == promotion->clone->record.id ||
			record.origin != promotion->origin->record.id ||
			record.origin_txg > promotion->clone->record.origin_txg)
			continue;
		if (promotion->clone_count == PROMOTED_MAX)
			return ERR_TOO_BIG;
		AT(promotion->clones, promotion->clone_count++) = record.id;
	}
	return err == ERR_NOT_FOUND ? OK : err;
}

static err_t prepare_promotion(struct promotion *promotion)
{
	struct btree *tree = &promotion->clone->tree.pool->tree;
	struct need *need = &promotion->need;
	tree->pool->epoch++;
	for (u32 i = 0; i < promotion->snapshot_count; i++) {
		u64 txg = AT(promotion->snapshots, i);
		u32 size = sizeof(struct snapshot_record) + NAME_SIZE_MAX;
		TRY(btree_prepare_remove(tree, snapshot_key(promotion->origin, txg), need));
		TRY(btree_prepare_insert(tree, snapshot_key(promotion->clone, txg), size, need));
	}
	for (u32 i = 0; i < promotion->clone_count; i++)
		TRY(btree_prepare_edit(tree, dataset_key(AT(promotion->clones, i)), need));
	return txg_admit(tree->pool, need);
}

static void move_snapshot(struct promotion *promotion, u64 txg)
{
	struct btree *tree = &promotion->clone->tree.pool->tree;
	u8 bytes[sizeof(struct snapshot_record) + NAME_SIZE_MAX];
	struct place place;
	err_t err = btree_find(tree, snapshot_key(promotion->origin, txg), &place);
	assert(err == OK); // it was prepared
	view_t value = btree_value(tree, &place);
	span_put(span_of(bytes), value);
	view_t copy = view_clamp(view_of(bytes), 0, value.size);
	btree_remove(tree, snapshot_key(promotion->origin, txg));
	btree_insert(tree, snapshot_key(promotion->clone, txg), copy);
}

// In its record, and where it is open in memory.
static void set_origin(struct sinter *pool, u64 id, u64 origin)
{
	span_t value = btree_edit(&pool->tree, dataset_key(id));
	struct dataset_record record;
	err_t err = view_load(span_view(value), 0, span_of(record));
	assert(err == OK);
	record.origin = origin;
	span_put(value, view_of(record));
	for (u32 i = 0; i < DATASETS_MAX; i++) {
		struct dataset *dataset = &AT(pool->datasets, i);
		if (dataset->is_used && dataset->record.id == id)
			dataset->record.origin = origin;
	}
}

static err_t promote(struct promotion *promotion)
{
	struct dataset *clone = promotion->clone, *origin = promotion->origin;
	struct sinter *pool = clone->tree.pool;
	if (dataset_has_open(clone, 0) || dataset_has_open(origin, 0))
		return ERR_BUSY;
	TRY(snapshot_check_none_dying(clone));
	TRY(snapshot_check_none_dying(origin));
	TRY(dataset_settle(clone));
	TRY(dataset_settle(origin));
	TRY(collect_snapshots(promotion));
	TRY(collect_clones(promotion));
	TRY(prepare_promotion(promotion));
	for (u32 i = 0; i < promotion->snapshot_count; i++)
		move_snapshot(promotion, AT(promotion->snapshots, i));
	for (u32 i = 0; i < promotion->clone_count; i++)
		set_origin(pool, AT(promotion->clones, i), clone->record.id);
	u64 txg = clone->record.origin_txg;
	clone->record.origin = origin->record.origin;
	clone->record.origin_txg = origin->record.origin_txg;
	origin->record.origin = clone->record.id;
	origin->record.origin_txg = txg;
	clone->is_changed = origin->is_changed = true;
	ilog_cannot(pool);
	return OK;
}

err_t sinter_promote(struct dataset *clone)
{
	struct promotion promotion = { .clone = clone };
	struct sinter *pool = clone->tree.pool;
	TRY(dataset_check_change(clone));
	if (!clone->record.origin)
		return ERR_STATE;
	pool->epoch++;
	TRY(sinter_dataset_open(pool, clone->record.origin, &promotion.origin));
	err_t err = promote(&promotion);
	sinter_dataset_close(promotion.origin);
	return err;
}
