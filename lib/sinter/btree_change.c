// SPDX-License-Identifier: MIT
// btree_change.c - changes of prepared trees, in memory, from the root down: every node on the way
// becomes dirty; one that is full is split before it is entered, so no change goes back up.
#include "lib/sinter/btree_local.h"
#include "lib/sinter/cache.h"
#include "lib/sinter/node.h"
#include "lib/sinter/space.h"

struct step {
	struct buffer *buffer;
	u32 slot; // that leads further down
};

struct path {
	struct step steps[LEVEL_MAX + 1];
	u32 depth; // of the last step
};

static struct step *path_step(struct path *path, u32 depth)
{
	return &AT(path->steps, depth);
}

static struct buffer *make_dirty(struct btree *tree, const pointer_t *pointer)
{
	struct buffer *buffer = cache_make_dirty(tree->pool, pointer);
	if (!pointer_is_memory(pointer))
		btree_free(tree, pointer);
	return buffer;
}

static struct buffer *dirty_root(struct btree *tree)
{
	struct buffer *buffer;
	if (pointer_is_hole(&tree->root)) {
		buffer = cache_make(tree->pool, btree_type(tree), 0);
		node_init(cache_node(tree->pool, buffer), 0, tree->lineage, KEY_FIRST, KEY_LAST);
	} else {
		buffer = make_dirty(tree, &tree->root);
	}
	tree->root = cache_pointer(tree->pool, buffer);
	return buffer;
}

static struct buffer *dirty_child(struct btree *tree, struct node *parent, u32 slot)
{
	pointer_t pointer = node_pointer(parent, slot);
	struct buffer *buffer = make_dirty(tree, &pointer);
	pointer = cache_pointer(tree->pool, buffer);
	node_set_pointer(parent, slot, &pointer);
	return buffer;
}

static void path_to(struct btree *tree, tree_key_t key, struct path *path)
{
	*path = (struct path){ .steps = { { .buffer = dirty_root(tree) } } };
	while (true) {
		struct step *step = path_step(path, path->depth);
		struct node *node = cache_node(tree->pool, step->buffer);
		if (!node->level)
			return;
		step->slot = node_child(node, key);
		struct buffer *child = dirty_child(tree, node, step->slot);
		path->depth++;
		path_step(path, path->depth)->buffer = child;
	}
}

// The leaf where the key is, dirty as all on the way to it. Null: it is not there, which only a
// hostile image can bring about; no commit will write what became of it.
static struct node *_Nullable leaf_of(
	struct btree *tree, tree_key_t key, struct path *path, u32 *slot)
{
	path_to(tree, key, path);
	struct node *leaf = cache_node(tree->pool, path_step(path, path->depth)->buffer);
	*slot = node_lower_bound(leaf, key);
	if (node_has_key(leaf, *slot, key))
		return leaf;
	pool_is_damaged(tree->pool);
	return nullptr;
}

// Puts a new root above the old one, so that this can be split.
static struct buffer *grow(struct btree *tree)
{
	pointer_t old = tree->root;
	u8 level = pointer_level(&old) + 1;
	struct buffer *root = cache_make(tree->pool, btree_type(tree), level);
	struct node *node = cache_node(tree->pool, root);
	assert(level <= LEVEL_MAX);
	node_init(node, level, tree->lineage, KEY_FIRST, KEY_LAST);
	node_insert(node, 0, KEY_FIRST, view_of(old));
	tree->root = cache_pointer(tree->pool, root);
	return root;
}

static bool is_full(struct btree *tree, const struct buffer *buffer, u32 value_size)
{
	const struct node *node = cache_node(tree->pool, buffer);
	return node_room(node) < node_item_size(node->level ? sizeof(pointer_t) : value_size);
}

// Splits a full dirty child; answers the half that the key belongs to.
static struct buffer *split_child(
	struct btree *tree, struct node *parent, u32 slot, struct buffer *child, tree_key_t key)
{
	struct node *left = cache_node(tree->pool, child);
	struct buffer *buffer = cache_make(tree->pool, btree_type(tree), left->level);
	struct node *right = cache_node(tree->pool, buffer);
	bool is_append = key_compare(key, node_key(left, left->count - 1u)) > 0 &&
	                 slot + 1 == parent->count && left->count > 8;
	node_split(left, right, is_append);
	pointer_t pointer = cache_pointer(tree->pool, buffer);
	node_insert(parent, slot + 1, right->low, view_of(pointer));
	return key_compare(key, right->low) < 0 ? child : buffer;
}

void btree_insert(struct btree *tree, tree_key_t key, view_t value)
{
	struct sinter *pool = tree->pool;
	struct buffer *buffer = dirty_root(tree);
	if (is_full(tree, buffer, (u32)value.size)) {
		struct buffer *root = grow(tree);
		buffer = split_child(tree, cache_node(pool, root), 0, buffer, key);
	}
	while (cache_node(pool, buffer)->level) {
		struct node *node = cache_node(pool, buffer);
		u32 slot = node_child(node, key);
		struct buffer *child = dirty_child(tree, node, slot);
		if (is_full(tree, child, (u32)value.size))
			child = split_child(tree, node, slot, child, key);
		buffer = child;
	}
	struct node *leaf = cache_node(pool, buffer);
	u32 slot = node_lower_bound(leaf, key);
	if (node_has_key(leaf, slot, key)) // only in a hostile image: no commit will write it
		pool_is_damaged(pool);
	else
		node_insert(leaf, slot, key, value);
}

span_t btree_edit(struct btree *tree, tree_key_t key)
{
	struct path path;
	u32 slot;
	struct node *leaf = leaf_of(tree, key, &path, &slot);
	return leaf ? node_value_span(leaf, slot) : span_of(tree->pool->scratch);
}

void btree_store(struct btree *tree, tree_key_t key, view_t value)
{
	span_put(btree_edit(tree, key), value);
}

static bool is_zone_loaded(struct btree *tree, const pointer_t *pointer)
{
	for (u32 i = 0; !pointer_is_memory(pointer) && i < pointer_copies(pointer); i++)
		if (space_zone(tree->pool, space_zone_of(tree->pool, AT(pointer->address, i)))->loaded ==
			NONE)
			return false;
	return true;
}

// A neighbour that can take part in a merge now. Normally prepare saw to it; else, null, it is left
// for later.
static struct buffer *_Nullable at_hand(struct btree *tree, const pointer_t *pointer)
{
	struct buffer *buffer = cache_peek(tree->pool, pointer);
	if (!buffer || buffer->state == BUFFER_READING || buffer->is_sealed ||
		!is_zone_loaded(tree, pointer))
		return nullptr;
	bool is_free = buffer->state != BUFFER_WRITING;
	return is_free || cache_room(tree->pool) > tree->pool->frames_reserved ? buffer : nullptr;
}

// Merges a child that has few items with its neighbour. True: the parent lost an item.
static bool merge_child(struct btree *tree, struct node *parent, u32 slot)
{
	u32 other = btree_sibling(parent, slot);
	if (other == NONE)
		return false;
	u32 first = slot < other ? slot : other;
	pointer_t left_pointer = node_pointer(parent, first);
	pointer_t right_pointer = node_pointer(parent, first + 1);
	struct buffer *left = at_hand(tree, &left_pointer), *right = at_hand(tree, &right_pointer);
	if (!left || !right)
		return false;
	const struct node *left_node = cache_node(tree->pool, left);
	const struct node *right_node = cache_node(tree->pool, right);
	u32 left_used = node_used(left_node), right_used = node_used(right_node);
	// An empty one goes even beside a full one: many of them would make searching long.
	if (left_used && right_used && left_used + right_used > NODE_SIZE / 4 * 3)
		return false;
	left = dirty_child(tree, parent, first);
	node_merge(cache_node(tree->pool, left), right_node);
	right->version = 0;
	btree_drop(tree, &right_pointer);
	node_remove(parent, first + 1);
	return true;
}

static void shrink(struct btree *tree)
{
	while (pointer_level(&tree->root)) {
		struct buffer *root = cache_peek(tree->pool, &tree->root);
		assert(root && root->state == BUFFER_DIRTY);
		struct node *node = cache_node(tree->pool, root);
		if (node->count > 1)
			return;
		tree->root = node_pointer(node, 0);
		cache_drop(tree->pool, root);
		if (!pointer_is_memory(&tree->root))
			return; // clean: it stays as it is
	}
}

void btree_remove(struct btree *tree, tree_key_t key)
{
	struct path path;
	u32 slot;
	struct node *leaf = leaf_of(tree, key, &path, &slot);
	if (!leaf)
		return;
	node_remove(leaf, slot);
	for (u32 depth = path.depth; depth > 0; depth--) {
		struct node *node = cache_node(tree->pool, path_step(&path, depth)->buffer);
		struct step *above = path_step(&path, depth - 1);
		if (!btree_is_few(node_used(node), 0) ||
			!merge_child(tree, cache_node(tree->pool, above->buffer), above->slot))
			break;
	}
	shrink(tree);
}

void btree_put(struct btree *tree, tree_key_t key, bool is_there, view_t value)
{
	struct path path;
	u32 slot;
	if (is_there) {
		struct node *leaf = leaf_of(tree, key, &path, &slot);
		if (!leaf)
			return;
		node_remove(leaf, slot);
	}
	btree_insert(tree, key, value);
}
