// SPDX-License-Identifier: MIT
// dataset.c - see dataset.h. Snapshots are in snapshot.c.
#include "lib/sinter/dataset.h"

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
	return txg_wait(dataset->tree.pool);
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

void dataset_count_less(struct dataset *dataset, const pointer_t *pointer)
{
	u64 *units = &dataset->record.units, less = pointer_units_of_copies(pointer);
	*units -= less < *units ? less : *units; // of a damaged pool they may be wrong
}

static tree_key_t dead_key(const struct dataset *dataset, u64 txg, u32 part)
{
	return key_make(dataset->record.dead_list, ITEM_DEAD, txg << 8 | part);
}

bool dataset_is_changed(const struct dataset *dataset)
{
	return dataset->is_used && !dataset->snapshot &&
	       (dataset->is_changed || pointer_is_memory(&dataset->tree.root));
}

err_t dataset_check_change(const struct dataset *dataset)
{
	bool is_closed = dataset->snapshot || dataset->tree.pool->is_read_only;
	return is_closed ? ERR_READ_ONLY : OK;
}

err_t dataset_settle(struct dataset *dataset)
{
	return dataset_is_changed(dataset) ? txg_wait(dataset->tree.pool) : OK;
}

u64 dataset_unfilled(const struct dataset_record *record)
{
	return record->reservation > record->units ? record->reservation - record->units : 0;
}

void dataset_count_unfilled(struct dataset *dataset)
{
	struct sinter *pool = dataset->tree.pool;
	pool->unfilled -= dataset->unfilled;
	dataset->unfilled = dataset_unfilled(&dataset->record);
	pool->unfilled += dataset->unfilled;
}

err_t dataset_prepare_freeze(struct sinter *pool, struct need *need)
{
	for (u32 i = 0; i < DATASETS_MAX; i++) {
		struct dataset *dataset = &AT(pool->datasets, i);
		if (!dataset_is_changed(dataset))
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
		if (!dataset_is_changed(dataset))
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
		btree_store(&pool->tree, dataset_key(dataset->record.id), view_of(dataset->record));
		dataset->is_changed = false;
		dataset_count_unfilled(dataset);
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

err_t dataset_load_record(struct sinter *pool, u64 id, struct dataset_record *out)
{
	const struct dataset *dataset = find_open(pool, id, 0);
	if (!dataset)
		return btree_load(&pool->tree, dataset_key(id), span_of(*out));
	*out = dataset->record;
	return OK;
}

static struct root root_of_record(const struct dataset_record *record)
{
	return (struct root){ .dataset = record->id,
		.lineage = record->lineage,
		.pointer = record->root,
		.dead_list = record->dead_list,
		.next_inode = record->next_inode,
		.previous = record->newest_snapshot,
		.origin_txg = record->origin_txg };
}

static err_t root_of_snapshot(view_t value, const struct dataset_record *dataset, struct root *out)
{
	struct snapshot_record record;
	TRY(view_load(value, 0, span_of(record)));
	*out = root_of_record(dataset);
	out->snapshot = record.txg;
	out->pointer = record.root;
	out->previous = record.previous;
	out->dead_list = record.dead_list;
	out->next_inode = record.next_inode;
	out->is_dying = record.flags & SNAPSHOT_DYING;
	return OK;
}

static err_t root_of_garbage(view_t value, struct root *out)
{
	struct garbage_record record;
	if (value.size != sizeof record)
		return ERR_CORRUPT;
	TRY(view_load(value, 0, span_of(record)));
	*out = (struct root){ .lineage = record.lineage,
		.pointer = record.root,
		.dead_list = record.dead_list,
		.is_garbage = true,
		.keep = record.keep,
		.position = record.position };
	return OK;
}

// Behind an item that is no root.
static tree_key_t skip_to(tree_key_t at)
{
	u8 root = at.object ? ITEM_SNAPSHOT : ITEM_GARBAGE;
	if (key_kind(at) < root)
		return key_make(at.object, root, 0);
	return at.object == UINT64_MAX ? KEY_LAST : (tree_key_t){ at.object + 1, 0 };
}

err_t dataset_next_root(struct sinter *pool, tree_key_t *key, struct root *out)
{
	struct place place;
	struct dataset_record record;
	while (true) {
		TRY(btree_seek(&pool->tree, *key, &place));
		tree_key_t at = btree_key(&pool->tree, &place);
		u8 kind = key_kind(at);
		if (kind == ITEM_DATASET) {
			TRY(dataset_load_record(pool, at.object, &record));
			*out = root_of_record(&record);
			*key = key_make(at.object, ITEM_SNAPSHOT, 0);
			return OK;
		}
		if (kind == ITEM_SNAPSHOT) {
			view_t value = btree_value(&pool->tree, &place);
			TRY(dataset_load_record(pool, at.object, &record));
			TRY(root_of_snapshot(value, &record, out));
			*key = key_make(at.object, ITEM_SNAPSHOT, key_offset(at) + 1);
			return OK;
		}
		if (kind == ITEM_GARBAGE && !at.object) {
			*key = key_make(0, ITEM_GARBAGE, key_offset(at) + 1);
			return root_of_garbage(btree_value(&pool->tree, &place), out);
		}
		*key = skip_to(at);
	}
}

err_t dataset_next_live(struct sinter *pool, tree_key_t *key, struct dataset_record *out)
{
	struct root root;
	pool->epoch++;
	do {
		TRY(dataset_next_root(pool, key, &root));
		if (root.snapshot) // however many there are
			*key = skip_to(key_make(root.dataset, ITEM_SNAPSHOT, 0));
	} while (root.snapshot || root.is_garbage);
	return dataset_load_record(pool, root.dataset, out);
}

err_t dataset_count_all(struct sinter *pool)
{
	tree_key_t key = KEY_FIRST;
	struct dataset_record record;
	err_t err;
	pool->unfilled = 0;
	while ((err = dataset_next_live(pool, &key, &record)) == OK)
		pool->unfilled += dataset_unfilled(&record);
	return err == ERR_NOT_FOUND ? OK : err;
}

bool dataset_has_open(const struct dataset *dataset, u64 snapshot)
{
	for (u32 i = 0; i < DATASETS_MAX; i++) {
		const struct dataset *other = &AT(dataset->tree.pool->datasets, i);
		if (other->users && other->record.id == dataset->record.id && other->snapshot &&
			(!snapshot || other->snapshot == snapshot))
			return true;
	}
	return false;
}

struct dataset *_Nullable dataset_slot(struct sinter *pool)
{
	for (u32 i = 0; i < DATASETS_MAX; i++) {
		struct dataset *dataset = &AT(pool->datasets, i);
		if (!dataset->is_used || (!dataset->users && !dataset_is_changed(dataset)))
			return dataset;
	}
	return nullptr;
}

void dataset_plant(struct dataset *dataset, struct sinter *pool, const pointer_t *root)
{
	btree_init(&dataset->tree, pool, root, dataset->record.lineage);
	dataset->tree.dataset = dataset;
}

void dataset_tree(struct sinter *pool, const pointer_t *root, u64 lineage, struct btree *out)
{
	static struct dataset any; // only marks what kind of tree this is
	btree_init(out, pool, root, lineage);
	out->dataset = &any;
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
			record.compression > COMPRESS_ZSTD || record.cipher > CIPHER_XCHACHA ||
			record.record_log2 != RECORD_LOG2)
			return ERR_UNSUPPORTED;
		*dataset = (struct dataset){ .record = record, .is_used = true };
		dataset_plant(dataset, pool, &record.root);
		dataset->unfilled = dataset_unfilled(&record);
		memory_copy(dataset->name_key, record.hash_key, sizeof dataset->name_key);
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
