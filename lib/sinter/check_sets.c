// SPDX-License-Identifier: MIT
// check_sets.c - datasets against each other: each but the root has one name, below its parent; a
// clone's origin is there and counts it; snapshots follow each other.
#include "lib/sinter/check_local.h"
#include "lib/sinter/dataset.h"
#include "lib/sinter/snapshot.h"

// Calls see for each dataset but the one given: no more than what one record says.
struct look {
	struct sinter *pool;
	struct sinter_check *check;
	u64 id;    // the dataset that is looked at
	u64 txg;   // or this snapshot of it
	u64 count; // how many clones it has
};

static err_t count_clones(struct look *look)
{
	tree_key_t key = KEY_FIRST;
	struct dataset_record record;
	err_t err;
	look->count = 0;
	while ((err = dataset_next_live(look->pool, &key, &record)) == OK)
		look->count += record.origin == look->id && record.origin_txg == look->txg;
	return err == ERR_NOT_FOUND ? OK : err;
}

static err_t check_name(struct look *look, const struct dataset_record *record)
{
	struct dataset *parent;
	struct sinter_entry child = {};
	u64 names = 0;
	if (look->id == DATASET_ROOT)
		return OK;
	err_t err = sinter_dataset_open(look->pool, record->parent, &parent);
	while (err == OK) {
		err = sinter_dataset_next(parent, child.cookie, &child);
		names += err == OK && child.inode == look->id;
		if (err != OK)
			sinter_dataset_close(parent);
	}
	if (names != 1)
		check_complain(look->check, "a dataset has not one name (dataset, names)", look->id, names);
	return err == ERR_NO_MEMORY ? err : OK;
}

static err_t check_children(struct look *look, struct dataset *dataset)
{
	struct sinter_entry child = {};
	err_t err;
	while ((err = sinter_dataset_next(dataset, child.cookie, &child)) == OK) {
		struct dataset_record record;
		if (dataset_load_record(look->pool, child.inode, &record) != OK ||
			record.parent != look->id)
			check_complain(
				look->check, "a name of no dataset below this one", look->id, child.inode);
	}
	return err == ERR_NO_MEMORY ? err : OK;
}

static err_t check_snapshots(struct look *look, struct dataset *dataset)
{
	u64 previous = dataset->record.origin_txg, newest = previous;
	struct sinter_snapshot snapshot = {};
	err_t err;
	while ((err = sinter_snapshot_next(dataset, snapshot.txg, &snapshot)) == OK) {
		struct snapshot_record kept;
		look->txg = snapshot.txg;
		err = snapshot_load(dataset, snapshot.txg, &kept);
		if (err != OK || count_clones(look) != OK)
			break;
		// A newer one may have been made before or while the one between is destroyed.
		if (kept.previous != previous && kept.previous != newest)
			check_complain(
				look->check, "a snapshot follows another one than it says", look->id, snapshot.txg);
		if (kept.clones != look->count)
			check_complain(
				look->check, "a snapshot counts its clones wrongly", snapshot.txg, look->count);
		previous = snapshot.txg;
		if (!snapshot.is_dying)
			newest = snapshot.txg;
	}
	if (dataset->record.newest_snapshot != newest)
		check_complain(look->check, "the newest snapshot is another", look->id, newest);
	return err == ERR_NO_MEMORY ? err : OK;
}

static err_t check_origin(struct look *look, const struct dataset_record *record)
{
	struct place place;
	if (!record->origin)
		return OK;
	err_t err = btree_find(
		&look->pool->tree, key_make(record->origin, ITEM_SNAPSHOT, record->origin_txg), &place);
	if (err != OK)
		check_complain(look->check, "the origin of a clone is not there", look->id, record->origin);
	return err == ERR_NO_MEMORY ? err : OK;
}

static err_t check_open(struct look *look)
{
	struct dataset *dataset;
	err_t err = sinter_dataset_open(look->pool, look->id, &dataset);
	if (err != OK)
		return err == ERR_NO_MEMORY ? err : OK;
	err = check_children(look, dataset);
	if (err == OK)
		err = check_snapshots(look, dataset);
	sinter_dataset_close(dataset);
	return err;
}

err_t check_sets(struct sinter *pool, struct sinter_check *check)
{
	tree_key_t key = KEY_FIRST;
	struct dataset_record record;
	err_t err;
	while ((err = dataset_next_live(pool, &key, &record)) == OK) {
		struct look look = { .pool = pool, .check = check, .id = record.id };
		TRY(check_name(&look, &record));
		TRY(check_origin(&look, &record));
		TRY(check_open(&look));
	}
	if (err != ERR_NOT_FOUND && err != ERR_NO_MEMORY)
		check_complain(check, "datasets cannot be listed", 0, 0);
	return err == ERR_NO_MEMORY ? err : OK;
}
