// SPDX-License-Identifier: MIT
// node.h - one node of a tree in its frame: slots of sorted keys from the front, values from the
// back. Nothing here reads or writes the disk. A node from the disk goes through node_check first;
// all others rely on what that tells.
#pragma once

#include "lib/sinter/pointer.h"

NONNULL_BEGIN

void node_init(struct node *node, u8 level, u64 lineage, tree_key_t low, tree_key_t high);

// Structure only: order, fences, places and sizes of values, pointers of inner nodes. birth is
// the pointer's. ERR_CORRUPT.
err_t node_check(const struct node *node, u8 level, u64 birth);

// The first slot whose key is not below; count when there is none.
u32 node_lower_bound(const struct node *node, tree_key_t key);
bool node_has_key(const struct node *node, u32 slot, tree_key_t key); // at this slot
u32 node_child(const struct node *node, tree_key_t key); // inner node: the slot that leads to key
tree_key_t node_key(const struct node *node, u32 slot);
tree_key_t node_upper(const struct node *node, u32 slot); // where the keys of this child end

view_t node_value(const struct node *node, u32 slot);
span_t node_value_span(struct node *node, u32 slot);
pointer_t node_pointer(const struct node *node, u32 slot);
void node_set_pointer(struct node *node, u32 slot, const pointer_t *pointer);

// Bytes that an item of this value size takes; bytes that are free, counting what compaction gains;
// bytes that are used.
u32 node_item_size(u32 value_size);
u32 node_room(const struct node *node);
u32 node_used(const struct node *node);

void node_insert(struct node *node, u32 slot, tree_key_t key, view_t value); // there is room
void node_remove(struct node *node, u32 slot);
// The upper half of the items (is_append: only the last one) goes to right, which is empty; they
// meet at right's lower fence.
void node_split(struct node *node, struct node *right, bool is_append);
// All of right, the next one, goes to the end of node; there is room.
void node_merge(struct node *node, const struct node *right);

NONNULL_END
