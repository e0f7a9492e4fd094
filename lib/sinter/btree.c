// SPDX-License-Identifier: MIT
// btree.c - finding and preparing. Nodes are met from the root down; each is compared with what its
// parent says about it. btree_change.c changes, btree_freeze.c writes.
#include "lib/sinter/btree.h"

#include "lib/base/hash.h"
#include "lib/sinter/btree_local.h"
#include "lib/sinter/cache.h"
#include "lib/sinter/dataset.h"
#include "lib/sinter/node.h"
#include "lib/sinter/seal.h"
#include "lib/sinter/space.h"

void btree_init(struct btree *tree, struct sinter *pool, const pointer_t *root, u64 lineage)
{
	*tree = (struct btree){
		.pool = pool, .root = *root, .lineage = lineage, .version = ++pool->versions
	};
	if (!address_is_sound(AT(root->address, 0))) // a hostile record: no pointer to our memory
		AT(tree->root.address, 0) = address_make(VDEVS_MAX, 0);
}

u8 btree_type(const struct btree *tree)
{
	return tree->dataset ? BLOCK_NODE : BLOCK_POOL_NODE;
}

err_t btree_walk_begin(const struct btree *tree, struct walk *walk)
{
	*walk = (struct walk){ .low = KEY_FIRST,
		.high = KEY_LAST,
		.level = pointer_level(&tree->root),
		.pointer = tree->root };
	if (pointer_type(&tree->root) != btree_type(tree) || walk->level > LEVEL_MAX)
		return ERR_CORRUPT;
	return OK;
}

err_t btree_walk_get(struct btree *tree, const struct walk *walk, struct buffer **out)
{
	struct buffer *buffer;
	TRY(cache_get(tree->pool, &walk->pointer, &buffer));
	const struct node *node = cache_node(tree->pool, buffer);
	if (node->level != walk->level || node->lineage != tree->lineage ||
		key_compare(node->low, walk->low) || key_compare(node->high, walk->high))
		return ERR_CORRUPT;
	// Without the key only the structure is there: those who need more have asked for it.
	if (tree->dataset && tree->dataset->has_key)
		TRY(seal_unseal(tree, buffer, KEY_FIRST));
	*out = buffer;
	return OK;
}

void btree_walk_down(const struct node *node, u32 slot, struct walk *walk)
{
	walk->low = node_key(node, slot);
	walk->high = node_upper(node, slot);
	walk->pointer = node_pointer(node, slot);
	walk->level = node->level - 1u;
}

static u32 *hint_place(const struct btree *tree, tree_key_t key)
{
	struct cache *cache = &tree->pool->cache;
	u64 hash = hash_mix(key.object * 0x9e3779b97f4a7c15 + key.item + tree->version);
	u32 count = cache->hash_size * HINTS;
	return &ITEM(cache->hints, count, hash & (count - 1));
}

// The leaf where the key was found before, if it still is a leaf of the tree and spans the key.
static struct buffer *_Nullable hinted(const struct btree *tree, tree_key_t key, u32 hint)
{
	struct buffer *buffer = cache_buffer(tree->pool, hint >> HINT_SLOT_BITS);
	if (!tree->version || buffer->version != tree->version || buffer->is_sealed)
		return nullptr;
	const struct node *node = cache_node(tree->pool, buffer);
	if (key_is_less(key, node->low) || !key_is_less(key, node->high))
		return nullptr;
	cache_use(tree->pool, buffer);
	return buffer;
}

static err_t walk_to_leaf(struct btree *tree, tree_key_t key, struct buffer **out)
{
	struct walk walk;
	if (pointer_is_hole(&tree->root))
		return ERR_NOT_FOUND;
	TRY(btree_walk_begin(tree, &walk));
	while (true) {
		TRY(btree_walk_get(tree, &walk, out));
		const struct node *node = cache_node(tree->pool, *out);
		if (!node->level)
			break;
		btree_walk_down(node, node_child(node, key), &walk);
	}
	(*out)->version = tree->version;
	return OK;
}

// The leaf where the key is or would be, and there the first slot that is not before it.
static err_t find_place(struct btree *tree, tree_key_t key, struct place *out)
{
	u32 *hint = hint_place(tree, key), slot = *hint & ((1u << HINT_SLOT_BITS) - 1);
	struct buffer *found = hinted(tree, key, *hint);
	if (!found)
		TRY(walk_to_leaf(tree, key, &found));
	const struct node *node = cache_node(tree->pool, found);
	out->leaf = found;
	out->slot = node_has_key(node, slot, key) ? slot : node_lower_bound(node, key);
	*hint = cache_index(tree->pool, found) << HINT_SLOT_BITS | out->slot;
	return OK;
}

err_t btree_seek(struct btree *tree, tree_key_t key, struct place *out)
{
	while (true) { // one round a leaf; each begins where the last one ended
		TRY(find_place(tree, key, out));
		const struct node *node = cache_node(tree->pool, out->leaf);
		if (out->slot < node->count)
			return OK;
		if (!key_compare(node->high, KEY_LAST))
			return ERR_NOT_FOUND;
		key = node->high;
	}
}

err_t btree_seek_in(struct btree *tree, tree_key_t key, struct place *out)
{
	TRY(btree_seek(tree, key, out));
	tree_key_t found = btree_key(tree, out);
	bool is_in = found.object == key.object && key_kind(found) == key_kind(key);
	return is_in ? OK : ERR_NOT_FOUND;
}

err_t btree_next_in(struct btree *tree, struct place *place)
{
	tree_key_t key = btree_key(tree, place);
	if (++place->slot == cache_node(tree->pool, place->leaf)->count) {
		tree->pool->epoch++;
		return btree_seek_in(tree, (tree_key_t){ key.object, key.item + 1 }, place);
	}
	tree_key_t next = btree_key(tree, place);
	return next.object == key.object && key_kind(next) == key_kind(key) ? OK : ERR_NOT_FOUND;
}

err_t btree_find(struct btree *tree, tree_key_t key, struct place *out)
{
	TRY(find_place(tree, key, out));
	const struct node *node = cache_node(tree->pool, out->leaf);
	return node_has_key(node, out->slot, key) ? OK : ERR_NOT_FOUND;
}

view_t btree_value(struct btree *tree, const struct place *place)
{
	return node_value(cache_node(tree->pool, place->leaf), place->slot);
}

tree_key_t btree_key(struct btree *tree, const struct place *place)
{
	return node_key(cache_node(tree->pool, place->leaf), place->slot);
}

err_t btree_load(struct btree *tree, tree_key_t key, span_t object)
{
	struct place place;
	TRY(btree_find(tree, key, &place));
	view_t value = btree_value(tree, &place);
	if (value.size != object.size)
		return ERR_CORRUPT;
	return span_copy(object, value);
}

err_t btree_prepare_free(struct btree *tree, const pointer_t *pointer)
{
	if (pointer_is_memory(pointer) || pointer_is_hole(pointer))
		return OK;
	TRY(space_load_for(tree->pool, pointer));
	return tree->dataset ? dataset_prepare_dead(tree->dataset, pointer) : OK;
}

void btree_free(struct btree *tree, const pointer_t *pointer)
{
	if (tree->dataset)
		dataset_count_less(tree->dataset, pointer);
	if (tree->dataset && dataset_keeps(tree->dataset, pointer))
		dataset_add_dead(tree->dataset, pointer);
	else
		space_free(tree->pool, pointer->address, pointer_units(pointer));
}

void btree_drop(struct btree *tree, const pointer_t *pointer)
{
	if (pointer_is_memory(pointer))
		cache_drop(tree->pool, cache_buffer(tree->pool, pointer_memory_index(pointer)));
	else if (!pointer_is_hole(pointer))
		btree_free(tree, pointer);
}

// A node on the way of a change: if it is clean it will be copied, and its old block freed.
static err_t prepare_node(struct btree *tree, const pointer_t *pointer, struct need *need)
{
	if (pointer_is_memory(pointer))
		return OK;
	need->nodes++;
	return btree_prepare_free(tree, pointer);
}

enum change { CHANGE_EDIT, CHANGE_INSERT, CHANGE_REMOVE };

// The neighbour that a node with few items would be merged with.
static err_t prepare_sibling(
	struct btree *tree, const struct node *parent, u32 slot, struct need *need)
{
	struct walk walk;
	struct buffer *sibling;
	u32 other = btree_sibling(parent, slot);
	if (other == NONE)
		return OK;
	btree_walk_down(parent, other, &walk);
	TRY(btree_walk_get(tree, &walk, &sibling));
	return prepare_node(tree, &walk.pointer, need);
}

// A node that gets an item may be split; the root also gets one above it.
static err_t prepare_split(const struct node *node, u32 item, bool is_root, struct need *need)
{
	if (node_room(node) >= 2 * item + 512)
		return OK;
	if (node->level == LEVEL_MAX)
		return ERR_NO_SPACE; // no tree that was ever made is so high
	need->nodes += is_root ? 2 : 1;
	return OK;
}

static err_t prepare(
	struct btree *tree, tree_key_t key, u32 size, enum change change, struct need *need)
{
	struct walk walk;
	const struct node *parent = nullptr;
	if (tree->dataset)
		need->dataset = tree->dataset;
	u32 slot = 0;
	if (pointer_is_hole(&tree->root)) {
		need->nodes++;
		return OK;
	}
	TRY(btree_walk_begin(tree, &walk));
	while (true) {
		struct buffer *buffer;
		TRY(btree_walk_get(tree, &walk, &buffer));
		TRY(prepare_node(tree, &walk.pointer, need));
		const struct node *node = cache_node(tree->pool, buffer);
		u32 item = node_item_size(node->level ? sizeof(pointer_t) : size);
		if (change == CHANGE_INSERT)
			TRY(prepare_split(node, item, !parent, need));
		if (change == CHANGE_REMOVE && parent && btree_is_few(node_used(node), 2 * item))
			TRY(prepare_sibling(tree, parent, slot, need));
		if (!node->level) {
			bool is_there = node_has_key(node, node_lower_bound(node, key), key);
			return is_there || change == CHANGE_INSERT ? OK : ERR_CORRUPT;
		}
		parent = node;
		slot = node_child(node, key);
		btree_walk_down(node, slot, &walk);
	}
}

err_t btree_prepare_insert(struct btree *tree, tree_key_t key, u32 value_size, struct need *need)
{
	return prepare(tree, key, value_size, CHANGE_INSERT, need);
}

err_t btree_prepare_remove(struct btree *tree, tree_key_t key, struct need *need)
{
	return prepare(tree, key, VALUE_MAX, CHANGE_REMOVE, need);
}

err_t btree_prepare_edit(struct btree *tree, tree_key_t key, struct need *need)
{
	return prepare(tree, key, 0, CHANGE_EDIT, need);
}
