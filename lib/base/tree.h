// SPDX-License-Identifier: MIT
// tree.h - balanced (AVL) search tree whose links live in the elements. The caller compares, so
// the descent is inlined code over its own keys; the tree balances. Optionally each node carries a
// value summed up over its subtree (a minimum, a maximum), kept current by an update function.
// An unlinked node is all zero, so is an empty tree without update. The tree locks nothing.
#pragma once

#include "lib/base/assert.h"
#include "lib/base/container.h"

NONNULL_BEGIN

struct tree_node {
	struct tree_node *_Nullable left;
	struct tree_node *_Nullable right;
	struct tree_node *_Nullable parent;
	u32 height; // of the subtree; 0 while in no tree, a leaf has 1
};

// Recomputes the node's summary from its own value and its two children's summaries. True when it
// changed: then the parent must be asked too.
typedef bool tree_update(struct tree_node *node);

struct tree {
	struct tree_node *_Nullable root;
	tree_update *_Nullable update;
};

// Where a new node would hang. To find it, inline:
//     struct tree_slot slot = tree_slot_root(&tree);
//     while (slot.here)
//         tree_slot_descend(&slot, key >= container_of(slot.here, struct item, node)->key);
//     tree_insert_at(&tree, slot, &item->node);
struct tree_slot {
	struct tree_node *_Nullable parent;
	struct tree_node *_Nullable here; // null once the slot is free
	bool is_right;
};

static inline struct tree_slot tree_slot_root(const struct tree *tree)
{
	return (struct tree_slot){ .here = tree->root };
}

static inline void tree_slot_descend(struct tree_slot *slot, bool to_right)
{
	slot->parent = slot->here;
	slot->here = to_right ? slot->parent->right : slot->parent->left;
	slot->is_right = to_right;
}

static inline void tree_init(struct tree *tree, tree_update *_Nullable update)
{
	*tree = (struct tree){ .update = update };
}

static inline bool tree_is_empty(const struct tree *tree)
{
	return !tree->root;
}

static inline bool tree_node_is_linked(const struct tree_node *node)
{
	return node->height != 0;
}

void tree_insert_at(struct tree *tree, struct tree_slot slot, struct tree_node *node);
void tree_remove(struct tree *tree, struct tree_node *node);
// Any node that has none below it, without balancing: to empty a tree that is not inserted into any
// more. Null: it is empty.
struct tree_node *_Nullable tree_take_leaf(struct tree *tree);

// The node's own value changed, but not its place in the order: brings the summaries up to date.
void tree_refresh(struct tree *tree, struct tree_node *node);

struct tree_node *_Nullable tree_first(const struct tree *tree);
struct tree_node *_Nullable tree_last(const struct tree *tree);
struct tree_node *_Nullable tree_next(const struct tree_node *node);
struct tree_node *_Nullable tree_prev(const struct tree_node *node);

// Negative: a before b; 0: equal; positive: a after b.
typedef int tree_compare(const struct tree_node *a, const struct tree_node *b);
typedef int tree_compare_key(const void *key, const struct tree_node *node);

// Inserts behind all that are equal to it.
static inline void tree_insert(struct tree *tree, struct tree_node *node, tree_compare *compare)
{
	struct tree_slot slot = tree_slot_root(tree);
	while (slot.here)
		tree_slot_descend(&slot, compare(node, slot.here) >= 0);
	tree_insert_at(tree, slot, node);
}

// The first node that is not before the key.
static inline struct tree_node *_Nullable tree_lower_bound(
	const struct tree *tree, const void *key, tree_compare_key *compare)
{
	struct tree_node *best = nullptr;
	struct tree_node *node = tree->root;
	while (node) {
		bool is_before = compare(key, node) > 0;
		if (!is_before)
			best = node;
		node = is_before ? node->right : node->left;
	}
	return best;
}

static inline struct tree_node *_Nullable tree_find(
	const struct tree *tree, const void *key, tree_compare_key *compare)
{
	struct tree_node *node = tree_lower_bound(tree, key, compare);
	return node && compare(key, node) == 0 ? node : nullptr;
}

// In order. The body must not remove: a loop that does takes tree_first until it is null.
#define TREE_EACH(node, tree)                                                                      \
	for (struct tree_node *node = tree_first(tree); node; node = tree_next(node))

NONNULL_END
