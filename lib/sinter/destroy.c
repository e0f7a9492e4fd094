// SPDX-License-Identifier: MIT
// destroy.c - taking a snapshot apart. What only it still held stands in the dead list of the next
// newer one (or of the dataset): blocks born after the one before it. Those are freed, a few in
// each step; then its own dead list joins the next one's; then it is gone. Each step is a change of
// its own, and doing one twice does no harm, so a crash only delays.
#include "lib/sinter/dataset.h"
#include "lib/sinter/snapshot.h"
#include "lib/sinter/space.h"
#include "lib/sinter/txg.h"

constexpr u32 FREED_IN_STEP = 16;

struct destroy {
	struct dataset *dataset;
	struct btree *tree; // the pool's
	struct snapshot_record record, next;
	u64 list; // the next one's dead list
	bool has_next;
};

err_t snapshot_check_none_dying(struct dataset *dataset)
{
	u64 txg;
	err_t err = snapshot_search(dataset, (view_t){}, &txg);
	return err == ERR_NOT_FOUND ? OK : err == OK ? ERR_BUSY : err;
}

err_t sinter_snapshot_destroy(struct dataset *dataset, u64 txg)
{
	struct sinter *pool = dataset->tree.pool;
	struct destroy destroy = { .dataset = dataset, .tree = &pool->tree };
	struct need need = { .is_freeing = true };
	TRY(dataset_check_change(dataset));
	pool->epoch++;
	TRY(snapshot_load(dataset, txg, &destroy.record));
	TRY(snapshot_check_none_dying(dataset));
	if (dataset_has_open(dataset, txg) || destroy.record.clones)
		return ERR_BUSY;
	TRY(btree_prepare_edit(destroy.tree, snapshot_key(dataset, txg), &need));
	TRY(txg_admit(pool, &need));
	destroy.record.flags |= SNAPSHOT_DYING;
	snapshot_store(dataset, &destroy.record);
	// From now on the dataset frees by itself what only this one would have kept.
	if (dataset->record.newest_snapshot == txg)
		dataset->record.newest_snapshot = destroy.record.previous;
	dataset->is_changed = true;
	dataset->may_have_dying = true;
	dataset->dying_at = 0;
	dataset->dying_from = pool->txg.open;
	return OK;
}

static err_t load(struct dataset *dataset, struct destroy *destroy)
{
	struct sinter_snapshot next;
	u64 txg;
	*destroy = (struct destroy){ .dataset = dataset, .tree = &dataset->tree.pool->tree };
	TRY(snapshot_search(dataset, (view_t){}, &txg));
	TRY(snapshot_load(dataset, txg, &destroy->record));
	destroy->list = dataset->record.dead_list;
	err_t err = sinter_snapshot_next(dataset, txg, &next);
	if (err == ERR_NOT_FOUND)
		return OK;
	TRY(err);
	destroy->has_next = true;
	TRY(snapshot_load(dataset, next.txg, &destroy->next));
	destroy->list = destroy->next.dead_list;
	return OK;
}

struct split {
	struct dead_entry kept[DEAD_ENTRIES];
	pointer_t freed[FREED_IN_STEP];
	u32 kept_count, freed_count;
};

static err_t split_item(view_t value, u64 born_after, struct split *split)
{
	split->kept_count = split->freed_count = 0;
	if (value.size % sizeof(struct dead_entry) ||
		value.size > DEAD_ENTRIES * sizeof(struct dead_entry))
		return ERR_CORRUPT;
	for (usize at = 0; at < value.size; at += sizeof(struct dead_entry)) {
		pointer_t pointer = {};
		span_t head = span_clamp(span_of(pointer), 0, sizeof(struct dead_entry));
		TRY(view_load(value, at, head));
		if (pointer_birth(&pointer) > born_after && split->freed_count < FREED_IN_STEP) {
			AT(split->freed, split->freed_count++) = pointer;
			continue;
		}
		struct dead_entry *kept = &AT(split->kept, split->kept_count++);
		span_put(span_of(*kept), span_view(head));
	}
	return OK;
}

// Frees some of one item. ERR_NOT_FOUND: no item is left to look at.
static err_t free_some(struct destroy *destroy)
{
	static struct split split; // one thread; only in this function
	struct dataset *dataset = destroy->dataset;
	struct sinter *pool = dataset->tree.pool;
	struct place place;
	struct need need = { .is_freeing = true };
	TRY(btree_seek_in(
		destroy->tree, key_make(destroy->list, ITEM_DEAD, dataset->dying_at), &place));
	tree_key_t key = btree_key(destroy->tree, &place);
	TRY(split_item(btree_value(destroy->tree, &place), destroy->record.previous, &split));
	dataset->dying_at = key_offset(key);
	if (!split.freed_count) {
		dataset->dying_at++;
		return OK;
	}
	for (u32 i = 0; i < split.freed_count; i++)
		TRY(space_load_for(pool, &AT(split.freed, i)));
	TRY(btree_prepare_remove(destroy->tree, key, &need));
	TRY(txg_admit(pool, &need));
	for (u32 i = 0; i < split.freed_count; i++)
		space_free(pool, AT(split.freed, i).address, pointer_units(&AT(split.freed, i)));
	view_t kept = view_clamp(view_of(split.kept), 0, split.kept_count * sizeof(struct dead_entry));
	if (kept.size)
		btree_put(destroy->tree, key, true, kept);
	else
		btree_remove(destroy->tree, key);
	return OK;
}

// Moves one item of the dying one's list to the next one's; numbers hold the txg, so none meet.
static err_t move_item(struct destroy *destroy)
{
	u8 bytes[DEAD_ENTRIES * sizeof(struct dead_entry)];
	struct place place;
	struct need need = { .is_freeing = true };
	TRY(btree_seek_in(destroy->tree, key_make(destroy->record.dead_list, ITEM_DEAD, 0), &place));
	tree_key_t from = btree_key(destroy->tree, &place);
	tree_key_t to = key_make(destroy->list, ITEM_DEAD, key_offset(from));
	view_t value = btree_value(destroy->tree, &place);
	TRY(span_copy(span_of(bytes), value) == OK ? OK : ERR_CORRUPT);
	if (btree_find(destroy->tree, to, &place) != ERR_NOT_FOUND || !destroy->list)
		return ERR_CORRUPT;
	TRY(btree_prepare_remove(destroy->tree, from, &need));
	TRY(btree_prepare_insert(destroy->tree, to, (u32)value.size, &need));
	TRY(txg_admit(destroy->dataset->tree.pool, &need));
	view_t copy = view_clamp(view_of(bytes), 0, value.size);
	btree_remove(destroy->tree, from);
	btree_insert(destroy->tree, to, copy);
	return OK;
}

static err_t finish(struct destroy *destroy)
{
	struct dataset *dataset = destroy->dataset;
	struct need need = { .is_freeing = true };
	tree_key_t key = snapshot_key(dataset, destroy->record.txg);
	TRY(btree_prepare_remove(destroy->tree, key, &need));
	if (destroy->has_next)
		TRY(btree_prepare_edit(destroy->tree, snapshot_key(dataset, destroy->next.txg), &need));
	TRY(txg_admit(dataset->tree.pool, &need));
	if (destroy->has_next) {
		destroy->next.previous = destroy->record.previous;
		snapshot_store(dataset, &destroy->next);
	}
	btree_remove(destroy->tree, key);
	return OK;
}

err_t snapshot_step(struct dataset *dataset)
{
	struct sinter *pool = dataset->tree.pool;
	struct destroy destroy;
	pool->epoch++;
	err_t err = load(dataset, &destroy);
	if (err == ERR_NOT_FOUND) {
		dataset->may_have_dying = false;
		return OK;
	}
	TRY(err);
	if (pool->txg.open == dataset->dying_from) // what waits in memory may be to be freed too
		return txg_wait(pool);
	pool->epoch++;
	err = free_some(&destroy);
	if (err == ERR_NOT_FOUND)
		err = move_item(&destroy);
	return err == ERR_NOT_FOUND ? finish(&destroy) : err;
}
