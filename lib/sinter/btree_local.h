// SPDX-License-Identifier: MIT
// btree_local.h - what the parts of the tree share.
#pragma once

#include "lib/sinter/btree.h"

NONNULL_BEGIN

constexpr u32 FEW_BYTES = NODE_SIZE / 4;

u8 btree_type(const struct btree *tree);

// From the root down, a node at a time: what the next one must be.
struct walk {
	tree_key_t low, high; // the fences that it must have
	u32 level;            // and its level
	pointer_t pointer;
};
err_t btree_walk_begin(
	const struct btree *tree, struct walk *walk); // at the root, which is no hole
err_t btree_walk_get(
	struct btree *tree, const struct walk *walk, struct buffer *_Nonnull *_Nonnull out);
void btree_walk_down(const struct node *node, u32 slot, struct walk *walk);

// Would a node with so many bytes, less so many, be merged?
static inline bool btree_is_few(u32 used, u32 less)
{
	return used < FEW_BYTES + less;
}

static inline u32 btree_sibling(const struct node *parent, u32 slot)
{
	if (slot + 1 < parent->count)
		return slot + 1;
	return slot ? slot - 1 : NONE;
}

NONNULL_END
