// SPDX-License-Identifier: MIT
// sets.c - datasets by name: a CHILD item below the parent, the dataset's record, its tree. All are
// changes of the pool tree in the open group. The intent log speaks of datasets by number and does
// not know of such changes, so until the next commit fsync commits.
#include "lib/sinter/sets.h"

#include "lib/sinter/compress.h"
#include "lib/sinter/garbage.h"
#include "lib/sinter/ilog.h"
#include "lib/sinter/inode.h"
#include "lib/sinter/names.h"
#include "lib/sinter/seal.h"
#include "lib/sinter/space.h"
#include "lib/sinter/txg.h"

constexpr u32 DEPTH_MAX = 16; // datasets below each other

static err_t find_child(struct dataset *parent, view_t name, struct found *found, u64 *out)
{
	struct entry entry;
	parent->tree.pool->epoch++;
	TRY(named_find(parent, parent->record.id, NAMED_CHILD, name, found));
	TRY(named_entry(found->value, &entry));
	*out = entry.inode;
	return OK;
}

err_t sinter_dataset_find(struct dataset *parent, view_t name, u64 *out)
{
	struct found found;
	return find_child(parent, name, &found, out);
}

err_t sinter_dataset_next(struct dataset *parent, u64 cookie, struct sinter_entry *out)
{
	parent->tree.pool->epoch++;
	return named_next(parent, parent->record.id, NAMED_CHILD, cookie, out);
}

// May something be made below this dataset? From it up to the root: it is not too far, and none of
// them is `other`.
static err_t climb(struct sinter *pool, u64 id, u64 other)
{
	for (u32 depth = 2; id != DATASET_ROOT; depth++) {
		struct dataset_record record;
		if (id == other)
			return ERR_INVALID;
		if (depth == DEPTH_MAX)
			return ERR_DEPTH;
		TRY(dataset_load_record(pool, id, &record));
		id = record.parent;
	}
	return OK;
}

static err_t prepare_name(
	struct dataset *parent, view_t name, struct found *found, struct need *need)
{
	struct btree *tree = &parent->tree.pool->tree;
	TRY(dataset_check_change(parent));
	TRY(named_check(name));
	if (view_find(name, '@') < name.size || view_find(name, ',') < name.size)
		return ERR_INVALID;
	err_t err = named_find(parent, parent->record.id, NAMED_CHILD, name, found);
	if (err != ERR_NOT_FOUND)
		return err == OK ? ERR_EXISTS : err;
	return btree_prepare_insert(tree, found->key, names_size(name), need);
}

err_t sets_prepare_new(struct dataset *parent, view_t name, struct found *found, struct need *need)
{
	struct sinter *pool = parent->tree.pool;
	pool->epoch++;
	TRY(prepare_name(parent, name, found, need));
	TRY(climb(pool, parent->record.id, 0));
	if (!dataset_slot(pool))
		return ERR_BUSY;
	return btree_prepare_insert(
		&pool->tree, dataset_key(pool->super.next_object), sizeof(struct dataset_record), need);
}

static void insert_name(struct dataset *parent, view_t name, tree_key_t key, u64 id)
{
	struct entry_value value = names_value(id, 0, name);
	btree_insert(&parent->tree.pool->tree, key, view_clamp(view_of(value.bytes), 0, value.size));
	ilog_cannot(parent->tree.pool);
}

struct dataset *sets_add(struct dataset *parent, view_t name, const struct found *found,
	const struct dataset_record *record)
{
	struct sinter *pool = parent->tree.pool;
	struct port *port = &pool->port;
	struct dataset *dataset = dataset_slot(pool);
	assert(dataset);
	*dataset = (struct dataset){ .record = *record, .is_used = true, .is_changed = true };
	dataset->record.id = pool->super.next_object++;
	dataset->record.parent = parent->record.id;
	dataset->record.guid = port->random(port->context);
	dataset->record.created_s = (u64)port->now(port->context).s;
	if (!dataset->record.lineage)
		dataset->record.lineage = dataset->record.id;
	dataset_plant(dataset, pool, &dataset->record.root);
	dataset->has_pending = true;
	memory_copy(dataset->name_key, dataset->record.hash_key, sizeof dataset->name_key);
	btree_insert(&pool->tree, dataset_key(dataset->record.id), view_of(dataset->record));
	insert_name(parent, name, found->key, dataset->record.id);
	return dataset;
}

err_t sinter_dataset_create(
	struct dataset *parent, view_t name, const struct sinter_new *root, u64 *out)
{
	struct sinter *pool = parent->tree.pool;
	struct port *port = &pool->port;
	struct need need = { .nodes = 1 }; // its root
	struct found found;
	TRY(sets_prepare_new(parent, name, &found, &need));
	TRY(txg_admit(pool, &need));
	const struct dataset_record record = { .next_inode = INODE_ROOT + 1,
		.hash_key = { port->random(port->context), port->random(port->context) },
		.record_log2 = RECORD_LOG2,
		.compression = parent->record.compression,
		.check_kind = parent->record.check_kind,
		.copies = parent->record.copies };
	struct dataset *dataset = sets_add(parent, name, &found, &record);
	struct inode_record inode = inode_new(pool, (root->mode & 07777) | MODE_DIRECTORY);
	inode.user = root->user;
	inode.group = root->group;
	inode.parent = INODE_ROOT;
	btree_insert(&dataset->tree, inode_key(INODE_ROOT), view_of(inode));
	*out = dataset->record.id;
	return OK;
}

err_t sets_prepare_alone(struct dataset *dataset)
{
	struct sinter *pool = dataset->tree.pool;
	TRY(dataset_check_change(dataset));
	if (dataset->users > 1 || dataset_has_open(dataset, 0))
		return ERR_BUSY;
	for (u32 i = 0; i < HELD_MAX; i++)
		if (AT(pool->held, i).count && AT(pool->held, i).dataset == dataset)
			return ERR_BUSY;
	return dataset_settle(dataset);
}

// One clone of the origin's snapshot less. *is_there: it has one.
static err_t prepare_origin(
	struct dataset *dataset, tree_key_t *key, struct snapshot_record *record, struct need *need)
{
	struct btree *tree = &dataset->tree.pool->tree;
	struct place place;
	*key = key_make(dataset->record.origin, ITEM_SNAPSHOT, dataset->record.origin_txg);
	if (!dataset->record.origin)
		return OK;
	TRY(btree_find(tree, *key, &place));
	TRY(view_load(btree_value(tree, &place), 0, span_of(*record)) == OK ? OK : ERR_CORRUPT);
	return btree_prepare_edit(tree, *key, need);
}

static err_t destroy(struct dataset *parent, struct dataset *dataset, const struct found *found)
{
	struct sinter *pool = parent->tree.pool;
	struct need need = { .is_freeing = true };
	struct snapshot_record origin = {}; // none
	struct sinter_snapshot snapshot;
	struct sinter_entry child;
	tree_key_t origin_key, keys[] = { dataset_key(dataset->record.id), found->key,
		seal_key_item(dataset->record.key_object) };
	u32 key_count = dataset->record.cipher ? COUNT(keys) : COUNT(keys) - 1;
	TRY(sets_prepare_alone(dataset));
	err_t err = sinter_snapshot_next(dataset, 0, &snapshot);
	if (err == ERR_NOT_FOUND)
		err = sinter_dataset_next(dataset, 0, &child);
	if (err != ERR_NOT_FOUND)
		return err == OK ? ERR_NOT_EMPTY : err;
	pool->epoch++;
	TRY(prepare_origin(dataset, &origin_key, &origin, &need));
	for (u32 i = 0; i < key_count; i++)
		TRY(btree_prepare_remove(&pool->tree, AT(keys, i), &need));
	TRY(garbage_prepare(dataset, &need));
	TRY(txg_admit(pool, &need));
	if (dataset->record.origin) {
		origin.clones--;
		btree_store(&pool->tree, origin_key, view_of(origin));
	}
	for (u32 i = 0; i < key_count; i++)
		btree_remove(&pool->tree, AT(keys, i));
	garbage_add(dataset, dataset->record.newest_snapshot);
	pool->unfilled -= dataset->unfilled;
	dataset->is_used = false;
	ilog_cannot(pool);
	return OK;
}

static err_t open_child(
	struct dataset *parent, view_t name, struct found *found, struct dataset **out)
{
	u64 id;
	TRY(find_child(parent, name, found, &id));
	return sinter_dataset_open(parent->tree.pool, id, out);
}

err_t sinter_dataset_destroy(struct dataset *parent, view_t name)
{
	struct dataset *dataset;
	struct found found;
	TRY(dataset_check_change(parent));
	TRY(open_child(parent, name, &found, &dataset));
	err_t err = destroy(parent, dataset, &found);
	sinter_dataset_close(dataset);
	return err;
}

static err_t rename_to(
	struct dataset *dataset, const struct found *old, struct sinter_dataset_name to)
{
	struct sinter *pool = dataset->tree.pool;
	struct need need = {};
	struct found found;
	TRY(climb(pool, to.parent->record.id, dataset->record.id));
	TRY(prepare_name(to.parent, to.name, &found, &need));
	TRY(btree_prepare_remove(&pool->tree, old->key, &need));
	TRY(txg_admit(pool, &need));
	btree_remove(&pool->tree, old->key);
	insert_name(to.parent, to.name, found.key, dataset->record.id);
	dataset->record.parent = to.parent->record.id;
	dataset->is_changed = true;
	return OK;
}

err_t sinter_dataset_rename(struct sinter_dataset_name from, struct sinter_dataset_name to)
{
	struct dataset *dataset;
	struct found found;
	TRY(open_child(from.parent, from.name, &found, &dataset));
	err_t err = rename_to(dataset, &found, to);
	sinter_dataset_close(dataset);
	return err;
}

const struct dataset_record *sinter_properties(const struct dataset *dataset)
{
	return &dataset->record;
}

static err_t check_properties(
	const struct dataset *dataset, const struct dataset_record *values, u32 mask)
{
	struct sinter *pool = dataset->tree.pool;
	u64 free = space_units_free(pool), kept = pool->unfilled - dataset->unfilled;
	if (mask & PROPERTY_COMPRESSION && values->compression > COMPRESS_ZSTD)
		return ERR_INVALID;
	if (mask & PROPERTY_COPIES && (!values->copies || values->copies > COPIES_MAX))
		return ERR_INVALID;
	if (!(mask & PROPERTY_RESERVATION) || values->reservation <= dataset->record.units)
		return OK;
	u64 more = values->reservation - dataset->record.units, slack = pool->space.units_total / 8;
	return kept + more + slack <= free ? OK : ERR_NO_SPACE;
}

err_t sinter_set_properties(struct dataset *dataset, const struct dataset_record *values, u32 mask)
{
	struct sinter *pool = dataset->tree.pool;
	struct dataset_record *record = &dataset->record;
	u32 flags = mask & (DATASET_READ_ONLY | DATASET_NO_ATIME);
	struct need need = { .nodes = LEVEL_MAX, .is_freeing = true };
	TRY(dataset_check_change(dataset));
	TRY(check_properties(dataset, values, mask));
	TRY(txg_admit(pool, &need));
	if (mask & PROPERTY_QUOTA)
		record->quota = values->quota;
	if (mask & PROPERTY_RESERVATION)
		record->reservation = values->reservation;
	if (mask & PROPERTY_COMPRESSION)
		record->compression = values->compression;
	AT(pool->super.features, FEATURES_INCOMPATIBLE) |= compress_feature(record->compression);
	if (mask & PROPERTY_COPIES)
		record->copies = values->copies;
	record->flags = (record->flags & ~flags) | (values->flags & flags);
	dataset->is_changed = true;
	dataset_count_unfilled(dataset);
	return OK;
}
