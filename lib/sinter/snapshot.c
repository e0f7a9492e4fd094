// SPDX-License-Identifier: MIT
// snapshot.c - a snapshot is made at freeze: the dataset's root, kept. destroy.c takes one apart.
#include "lib/sinter/snapshot.h"

#include "lib/sinter/dataset.h"
#include "lib/sinter/named.h"
#include "lib/sinter/txg.h"

tree_key_t snapshot_key(const struct dataset *dataset, u64 txg)
{
	return key_make(dataset->record.id, ITEM_SNAPSHOT, txg);
}

// The value is the record, then the name.
static err_t load_value(view_t value, u64 txg, struct snapshot_record *out)
{
	TRY(view_load(value, 0, span_of(*out)) == OK ? OK : ERR_CORRUPT);
	return out->txg == txg && value.size == sizeof *out + out->name_size ? OK : ERR_CORRUPT;
}

err_t snapshot_load(struct dataset *dataset, u64 txg, struct snapshot_record *out)
{
	struct place place;
	struct btree *tree = &dataset->tree.pool->tree;
	TRY(btree_find(tree, snapshot_key(dataset, txg), &place));
	return load_value(btree_value(tree, &place), txg, out);
}

void snapshot_store(struct dataset *dataset, const struct snapshot_record *record)
{
	btree_store(&dataset->tree.pool->tree, snapshot_key(dataset, record->txg), view_of(*record));
}

err_t sinter_snapshot_next(struct dataset *dataset, u64 after_txg, struct sinter_snapshot *out)
{
	struct btree *tree = &dataset->tree.pool->tree;
	struct snapshot_record record;
	struct place place;
	dataset->tree.pool->epoch++;
	if (after_txg >= BIRTH_MASK)
		return ERR_NOT_FOUND;
	TRY(btree_seek_in(tree, snapshot_key(dataset, after_txg + 1), &place));
	TRY(load_value(btree_value(tree, &place), key_offset(btree_key(tree, &place)), &record));
	view_t name = view_from_offset(btree_value(tree, &place), sizeof record);
	*out = (struct sinter_snapshot){ .txg = record.txg,
		.created_s = record.created_s,
		.units = record.units,
		.guid = record.guid,
		.is_dying = record.flags & SNAPSHOT_DYING,
		.name_size = (u8)name.size };
	return span_copy(span_of(out->name), name) == OK ? OK : ERR_CORRUPT;
}

static bool is_wanted(view_t value, view_t name)
{
	struct snapshot_record record;
	if (name.size)
		return view_equal(name, view_from_offset(value, sizeof record));
	return view_load(value, 0, span_of(record)) == OK && record.flags & SNAPSHOT_DYING;
}

err_t snapshot_search(struct dataset *dataset, view_t name, u64 *out)
{
	struct sinter *pool = dataset->tree.pool;
	struct place place;
	bool was_blocking = pool->is_blocking;
	pool->epoch++;
	pool->is_blocking = true; // were it called again, the cache might forget the first by the last
	err_t err = btree_seek_in(&pool->tree, snapshot_key(dataset, 0), &place);
	while (err == OK && !is_wanted(btree_value(&pool->tree, &place), name))
		err = btree_next_in(&pool->tree, &place);
	pool->is_blocking = was_blocking;
	if (err == OK)
		*out = key_offset(btree_key(&pool->tree, &place));
	return err;
}

err_t snapshot_check_name(struct dataset *dataset, view_t name)
{
	u64 txg;
	err_t err = snapshot_search(dataset, name, &txg);
	return err == ERR_NOT_FOUND ? OK : err == OK ? ERR_EXISTS : err;
}

static err_t check_name(struct dataset *dataset, view_t name)
{
	struct sinter *pool = dataset->tree.pool;
	TRY(named_check(name));
	for (u32 i = 0; i < pool->snapshot_count; i++) {
		const struct snapshot_wait *wait = &AT(pool->snapshots, i);
		if (wait->dataset == dataset &&
			view_equal(name, view_clamp(view_of(wait->name), 0, wait->name_size)))
			return ERR_EXISTS;
	}
	return snapshot_check_name(dataset, name);
}

err_t snapshot_prepare(struct dataset *dataset, view_t name, struct need *need)
{
	struct sinter *pool = dataset->tree.pool;
	if (dataset->snapshot || pool->is_read_only)
		return ERR_READ_ONLY;
	TRY(check_name(dataset, name));
	// Two snapshots of one dataset need two groups.
	for (u32 i = 0; i < pool->snapshot_count; i++)
		if (AT(pool->snapshots, i).dataset == dataset || pool->snapshot_count == SNAPSHOTS_WAITING)
			return ERR_WOULD_BLOCK;
	need->nodes += LEVEL_MAX;
	return OK;
}

u64 snapshot_add(struct dataset *dataset, view_t name, u64 guid)
{
	struct sinter *pool = dataset->tree.pool;
	struct port *port = &pool->port;
	struct snapshot_wait *wait = &AT(pool->snapshots, pool->snapshot_count++);
	*wait = (struct snapshot_wait){ .dataset = dataset,
		.guid = guid ? guid : port->random(port->context),
		.name_size = (u8)name.size };
	span_put(span_of(wait->name), name);
	dataset->is_changed = true;
	txg_want(pool, pool->txg.open);
	return pool->txg.open;
}

err_t sinter_snapshot_begin(struct dataset *dataset, view_t name, u64 *out)
{
	struct need need = {};
	if (dataset->record.flags & DATASET_RECEIVING)
		return ERR_STATE;
	TRY(snapshot_prepare(dataset, name, &need));
	TRY(txg_admit(dataset->tree.pool, &need));
	*out = snapshot_add(dataset, name, 0);
	return OK;
}

err_t snapshot_prepare_freeze(struct sinter *pool, struct need *need)
{
	for (u32 i = 0; i < pool->snapshot_count; i++) {
		struct snapshot_wait *wait = &AT(pool->snapshots, i);
		assert(wait->dataset);
		u32 size = sizeof(struct snapshot_record) + wait->name_size;
		TRY(btree_prepare_insert(
			&pool->tree, snapshot_key(wait->dataset, pool->txg.open), size, need));
	}
	return OK;
}

static void make(struct sinter *pool, struct snapshot_wait *wait, u64 txg)
{
	struct dataset *dataset = wait->dataset;
	struct dataset_record *record = &dataset->record;
	struct snapshot_record snapshot = { .root = record->root,
		.txg = txg,
		.created_s = (u64)pool->port.now(pool->port.context).s,
		.guid = wait->guid,
		.dead_list = record->dead_list,
		.units = record->units,
		.next_inode = record->next_inode,
		.previous = record->newest_snapshot,
		.name_size = wait->name_size };
	u8 value[sizeof snapshot + NAME_SIZE_MAX];
	span_put(span_of(value), view_of(snapshot));
	span_put(span_from_offset(span_of(value), sizeof snapshot),
		view_clamp(view_of(wait->name), 0, wait->name_size));
	btree_insert(&pool->tree, snapshot_key(dataset, txg),
		view_clamp(view_of(value), 0, sizeof snapshot + wait->name_size));
	record->newest_snapshot = txg;
	record->dead_list = pool->super.next_object++;
	dataset->is_changed = true;
	AT(pool->super.features, FEATURES_INCOMPATIBLE) |= FEATURE_SNAPSHOTS;
}

void snapshot_freeze(struct sinter *pool, u64 txg)
{
	for (u32 i = 0; i < pool->snapshot_count; i++)
		make(pool, &AT(pool->snapshots, i), txg);
	pool->snapshot_count = 0;
}

err_t sinter_snapshot_open(struct dataset *dataset, u64 txg, struct dataset **out)
{
	struct sinter *pool = dataset->tree.pool;
	struct snapshot_record record;
	pool->epoch++;
	TRY(snapshot_load(dataset, txg, &record));
	if (record.flags & SNAPSHOT_DYING)
		return ERR_NOT_FOUND;
	struct dataset *slot = dataset_slot(pool);
	if (!slot)
		return ERR_BUSY;
	*slot =
		(struct dataset){ .record = dataset->record, .is_used = true, .users = 1, .snapshot = txg };
	slot->record.root = record.root;
	slot->record.next_inode = record.next_inode;
	memory_copy(slot->name_key, dataset->name_key, sizeof slot->name_key);
	slot->key = dataset->key;
	slot->has_key = dataset->has_key;
	dataset_plant(slot, pool, &record.root);
	*out = slot;
	return OK;
}
