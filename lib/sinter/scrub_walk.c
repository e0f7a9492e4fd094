// SPDX-License-Identifier: MIT
// scrub_walk.c - from block to block over all trees, by keys, so that it can stop anywhere: the
// pool tree, then each dataset and its snapshots. A block is met in the oldest snapshot that has
// it: the next ones are only walked for what was born since.
#include "lib/sinter/btree_local.h"
#include "lib/sinter/cache.h"
#include "lib/sinter/dataset.h"
#include "lib/sinter/node.h"
#include "lib/sinter/scrub.h"

constexpr u32 NODES_OF_CALL = 64;
constexpr u32 LEVEL_NONE = LEVEL_MAX + 1;
constexpr tree_key_t ROOT_FIRST = { 0, 1 }; // of the datasets; 0, 0 is the pool tree itself

static void move_to(struct scrub_walk *walk, tree_key_t key)
{
	walk->key = key;
	walk->level = LEVEL_NONE;
	walk->is_entering = false;
}

static void leave_tree(struct scrub_walk *walk, tree_key_t next)
{
	walk->root = next;
	walk->behind_root = KEY_FIRST;
	move_to(walk, KEY_FIRST);
}

// Is the snapshot before this root there and whole? Then it has all that is older.
static err_t has_previous(struct sinter *pool, const struct root *root, bool *out)
{
	struct place place;
	struct snapshot_record record;
	*out = false;
	if (!root->previous)
		return OK;
	err_t err =
		btree_find(&pool->tree, key_make(root->dataset, ITEM_SNAPSHOT, root->previous), &place);
	if (err == ERR_NOT_FOUND)
		return OK;
	TRY(err);
	TRY(view_load(btree_value(&pool->tree, &place), 0, span_of(record)));
	*out = !(record.flags & SNAPSHOT_DYING);
	return OK;
}

// A tree being destroyed has nothing below its position but the nodes that lead there.
static void enter_garbage(struct scrub_walk *walk, const struct root *root, u64 *min_birth)
{
	if (root->keep >= *min_birth)
		*min_birth = root->keep + 1;
	if (key_compare(walk->key, root->position) >= 0)
		return;
	move_to(walk, root->position);
	walk->is_entering = true;
}

// The tree in which the walk is. ERR_NOT_FOUND: there is none any more.
static err_t find_tree(
	struct sinter *pool, struct scrub_walk *walk, struct btree *tree, u64 *min_birth)
{
	struct root root;
	*min_birth = walk->min_birth;
	*tree = pool->tree;
	tree->version = 0; // a copy, that does not see its changes
	if (!key_compare(walk->root, KEY_FIRST))
		return OK;
	tree_key_t behind = walk->root;
	do
		TRY(dataset_next_root(pool, &behind, &root));
	while (root.is_dying);
	bool is_pruned;
	TRY(has_previous(pool, &root, &is_pruned));
	if (is_pruned && root.previous >= *min_birth)
		*min_birth = root.previous + 1;
	bool is_known = key_compare(walk->behind_root, KEY_FIRST);
	if (is_known && key_compare(walk->behind_root, behind)) // the one we were in is gone
		move_to(walk, KEY_FIRST);
	walk->behind_root = behind;
	if (root.is_garbage)
		enter_garbage(walk, &root, min_birth);
	dataset_tree(pool, &root.pointer, root.lineage, tree);
	return OK;
}

// In a leaf: the next record.
static bool find_record(
	struct scrub_walk *walk, const struct node *node, u64 min_birth, pointer_t *out)
{
	for (u32 slot = node_lower_bound(node, walk->key); slot < node->count; slot++) {
		tree_key_t key = node_key(node, slot);
		if (key_kind(key) != ITEM_DATA)
			continue;
		*out = node_pointer(node, slot);
		if (pointer_is_memory(out) || pointer_is_hole(out) || pointer_birth(out) < min_birth)
			continue;
		move_to(walk, (tree_key_t){ key.object, key.item + 1 });
		return true;
	}
	return false;
}

enum found { FOUND_NOTHING, FOUND_BLOCK, FOUND_END };

// One way from the root to where the walk is: a node that it begins at, a record, or on behind this
// part of the tree.
static err_t descend(
	struct btree *tree, struct scrub_walk *walk, u64 min_birth, pointer_t *out, enum found *found)
{
	struct walk at = { .high = KEY_LAST };
	*found = FOUND_NOTHING;
	if (!pointer_is_hole(&tree->root))
		TRY(btree_walk_begin(tree, &at));
	while (!pointer_is_hole(&at.pointer)) {
		struct buffer *buffer;
		bool is_memory = pointer_is_memory(&at.pointer);
		if (!is_memory && pointer_birth(&at.pointer) < min_birth)
			break;
		bool is_begin = walk->is_entering || !key_compare(at.low, walk->key);
		if (!is_memory && is_begin && at.level < walk->level) {
			walk->level = at.level;
			*out = at.pointer;
			*found = FOUND_BLOCK;
			return OK;
		}
		TRY(btree_walk_get(tree, &at, &buffer));
		const struct node *node = cache_node(tree->pool, buffer);
		if (!node->level) {
			if (tree->dataset && find_record(walk, node, min_birth, out))
				*found = FOUND_BLOCK;
			break;
		}
		btree_walk_down(node, node_child(node, walk->key), &at);
	}
	if (*found == FOUND_BLOCK)
		return OK;
	if (!key_compare(at.high, KEY_LAST))
		*found = FOUND_END;
	else
		move_to(walk, at.high);
	return OK;
}

err_t scrub_walk_next(struct sinter *pool, struct scrub_walk *walk, pointer_t *out)
{
	for (u32 i = 0; i < NODES_OF_CALL; i++) {
		struct btree tree;
		u64 min_birth;
		enum found found;
		pool->epoch++;
		TRY(find_tree(pool, walk, &tree, &min_birth));
		TRY(descend(&tree, walk, min_birth, out, &found));
		if (found == FOUND_BLOCK)
			return OK;
		if (found == FOUND_END)
			leave_tree(walk, key_compare(walk->root, KEY_FIRST) ? walk->behind_root : ROOT_FIRST);
	}
	return ERR_WOULD_BLOCK;
}
