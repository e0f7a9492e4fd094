// SPDX-License-Identifier: MIT
// btree_local.h - what the parts of the tree share.
#pragma once

#include "lib/sinter/btree.h"

NONNULL_BEGIN

constexpr u32 FEW_BYTES = NODE_SIZE / 4;

u8 btree_type(const struct btree *tree);

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
