// SPDX-License-Identifier: MIT
// garbage.c - a tree that goes is not changed but walked once from left to right: records first,
// then the nodes that end where they end. The place reached is kept in its item, in the same
// transaction group that frees; so a crash repeats nothing, and no freed node is ever read again.
#include "lib/sinter/garbage.h"

#include "lib/sinter/btree_local.h"
#include "lib/sinter/cache.h"
#include "lib/sinter/dataset.h"
#include "lib/sinter/node.h"
#include "lib/sinter/space.h"
#include "lib/sinter/txg.h"

constexpr u32 FREED_MAX = 24; // blocks in a step, at most
constexpr u32 STEPS = 4;

struct garbage {
	struct sinter *pool;
	tree_key_t key;
	struct garbage_record record;
	struct btree tree;
	struct walk path[LEVEL_MAX + 1];
	u32 depth;
	pointer_t freed[FREED_MAX];
	u32 count;
};

static tree_key_t garbage_key(u64 number)
{
	return key_make(0, ITEM_GARBAGE, number);
}

err_t garbage_prepare(struct dataset *dataset, struct need *need)
{
	struct sinter *pool = dataset->tree.pool;
	TRY(dataset_settle(dataset));
	return btree_prepare_insert(
		&pool->tree, garbage_key(pool->super.next_object), sizeof(struct garbage_record), need);
}

void garbage_add(struct dataset *dataset, u64 keep)
{
	struct sinter *pool = dataset->tree.pool;
	struct garbage_record record = { .root = dataset->record.root,
		.lineage = dataset->record.lineage,
		.keep = keep,
		.dead_list = dataset->record.dead_list };
	btree_insert(&pool->tree, garbage_key(pool->super.next_object++), view_of(record));
	AT(pool->super.features, FEATURES_INCOMPATIBLE) |= FEATURE_GARBAGE;
	pool->has_garbage = true;
}

static err_t find(struct garbage *garbage)
{
	struct place place;
	struct btree *tree = &garbage->pool->tree;
	TRY(btree_seek_in(tree, garbage_key(0), &place));
	garbage->key = btree_key(tree, &place);
	view_t value = btree_value(tree, &place);
	if (value.size != sizeof garbage->record)
		return ERR_CORRUPT;
	TRY(view_load(value, 0, span_of(garbage->record)));
	dataset_tree(garbage->pool, &garbage->record.root, garbage->record.lineage, &garbage->tree);
	return OK;
}

// One item of the dead list goes; what it names belongs to others.
static err_t drop_dead(struct garbage *garbage)
{
	struct place place;
	struct btree *tree = &garbage->pool->tree;
	struct need need = { .is_freeing = true };
	TRY(btree_seek_in(tree, key_make(garbage->record.dead_list, ITEM_DEAD, 0), &place));
	tree_key_t key = btree_key(tree, &place);
	TRY(btree_prepare_remove(tree, key, &need));
	TRY(txg_admit(garbage->pool, &need));
	btree_remove(tree, key);
	return OK;
}

// All up to here is done: the position moves on, and nodes on the path that end here go too.
static void end_at(struct garbage *garbage, tree_key_t high)
{
	while (garbage->depth) {
		const struct walk *walk = &AT(garbage->path, garbage->depth - 1);
		if (key_compare(walk->high, high))
			break;
		AT(garbage->freed, garbage->count++) = walk->pointer;
		garbage->depth--;
	}
	garbage->record.position = high;
}

static err_t leaf_records(struct garbage *garbage, const struct node *node)
{
	u32 slot = node_lower_bound(node, garbage->record.position);
	for (; slot < node->count; slot++) {
		if (key_kind(node_key(node, slot)) != ITEM_DATA)
			continue;
		if (garbage->count + LEVEL_MAX + 1 >= FREED_MAX) {
			garbage->record.position = node_key(node, slot);
			return OK;
		}
		pointer_t pointer = node_pointer(node, slot);
		if (pointer_birth(&pointer) > garbage->record.keep)
			AT(garbage->freed, garbage->count++) = pointer;
	}
	end_at(garbage, node->high);
	return OK;
}

// From the root to the leaf at the position: what can be freed on the way.
static err_t collect(struct garbage *garbage)
{
	struct walk walk;
	if (pointer_is_hole(&garbage->tree.root) ||
		pointer_birth(&garbage->tree.root) <= garbage->record.keep) {
		garbage->record.position = KEY_LAST;
		return OK;
	}
	TRY(btree_walk_begin(&garbage->tree, &walk));
	while (true) {
		struct buffer *buffer;
		TRY(btree_walk_get(&garbage->tree, &walk, &buffer));
		AT(garbage->path, garbage->depth++) = walk;
		const struct node *node = cache_node(garbage->pool, buffer);
		if (!node->level)
			return leaf_records(garbage, node);
		btree_walk_down(node, node_child(node, garbage->record.position), &walk);
		if (pointer_birth(&walk.pointer) <= garbage->record.keep) {
			end_at(garbage, walk.high);
			return OK;
		}
	}
}

static err_t free_collected(struct garbage *garbage)
{
	struct sinter *pool = garbage->pool;
	struct need need = { .is_freeing = true };
	bool is_last = !key_compare(garbage->record.position, KEY_LAST);
	for (u32 i = 0; i < garbage->count; i++)
		TRY(space_load_for(pool, &AT(garbage->freed, i)));
	TRY(is_last ? btree_prepare_remove(&pool->tree, garbage->key, &need)
				: btree_prepare_edit(&pool->tree, garbage->key, &need));
	TRY(txg_admit(pool, &need));
	for (u32 i = 0; i < garbage->count; i++)
		space_free(pool, AT(garbage->freed, i).address, pointer_units(&AT(garbage->freed, i)));
	if (is_last)
		btree_remove(&pool->tree, garbage->key);
	else
		btree_store(&pool->tree, garbage->key, view_of(garbage->record));
	return OK;
}

static err_t step(struct sinter *pool)
{
	struct garbage garbage = { .pool = pool };
	pool->epoch++;
	TRY(find(&garbage));
	err_t err = drop_dead(&garbage);
	if (err != ERR_NOT_FOUND)
		return err;
	TRY(collect(&garbage));
	return free_collected(&garbage);
}

void garbage_work(struct sinter *pool)
{
	for (u32 i = 0; pool->has_garbage && i < STEPS; i++) {
		err_t err = step(pool);
		if (err == ERR_WOULD_BLOCK)
			return;
		if (err != OK)
			pool->has_garbage = false; // nothing, or not now
	}
	pool->is_tidying |= pool->has_garbage;
}
