// SPDX-License-Identifier: MIT
// btree.h - trees of nodes, copy-on-write. Changing takes two halves: btree_prepare reads all that
// the change will touch and adds up what it needs, and may be repeated; then, once txg_admit
// agreed, the change itself is done in memory and cannot fail. Values stay where they are until the
// step ends or the tree changes.
#pragma once

#include "lib/sinter/pool.h"

NONNULL_BEGIN

// What a change needs at worst: frames for nodes and for records, bytes for the intent log.
struct need {
	u32 nodes, records;
	bool is_freeing;                         // may use the space kept back
	const struct dataset *_Nullable dataset; // whose quota it is
};

struct place {
	struct buffer *leaf;
	u32 slot;
};

void btree_init(struct btree *tree, struct sinter *pool, const pointer_t *root, u64 lineage);

// ERR_NOT_FOUND, ERR_WOULD_BLOCK, ERR_CORRUPT, ERR_IO.
err_t btree_find(struct btree *tree, tree_key_t key, struct place *out);
err_t btree_seek(
	struct btree *tree, tree_key_t key, struct place *out); // the first at or after key
err_t btree_seek_in(
	struct btree *tree, tree_key_t key, struct place *out); // with the key's object and kind
// The one behind it, with the same object and kind. A step of its own when it is in another leaf.
err_t btree_next_in(struct btree *tree, struct place *place);
view_t btree_value(struct btree *tree, const struct place *place);
tree_key_t btree_key(struct btree *tree, const struct place *place);
// Fills an object whose size the value must have; ERR_CORRUPT if not.
err_t btree_load(struct btree *tree, tree_key_t key, span_t object);

err_t btree_prepare_insert(struct btree *tree, tree_key_t key, u32 value_size, struct need *need);
// ERR_CORRUPT: it is not there.
err_t btree_prepare_remove(struct btree *tree, tree_key_t key, struct need *need);
err_t btree_prepare_edit(struct btree *tree, tree_key_t key, struct need *need); // same size

// The key is not there. If it is, the image contradicts itself, which pool->failure tells.
void btree_insert(struct btree *tree, tree_key_t key, view_t value);
void btree_remove(struct btree *tree, tree_key_t key); // it is there
span_t btree_edit(struct btree *tree, tree_key_t key); // it is there; the value to change
void btree_store(struct btree *tree, tree_key_t key, view_t value); // the same size
// Instead of the value that is there, or a new item: prepared as remove and insert.
void btree_put(struct btree *tree, tree_key_t key, bool is_there, view_t value);

// Freeze: gives every dirty node (and dirty record below) an address and a sum, from the leaves up.
// btree_assign only gives nodes addresses, so that the space they take is known.
void btree_assign(struct btree *tree);
void btree_freeze(struct btree *tree, u64 txg);

// Frees a block that the tree does not use any more, or keeps it for a snapshot. Prepared by
// btree_prepare_free.
err_t btree_prepare_free(struct btree *tree, const pointer_t *pointer);
void btree_free(struct btree *tree, const pointer_t *pointer);
// The same of a block that may also be in memory only, or a hole.
void btree_drop(struct btree *tree, const pointer_t *pointer);

NONNULL_END
