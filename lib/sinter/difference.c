// SPDX-License-Identifier: MIT
// difference.c - both trees are entered at one position; if the ways down meet in a block, all in
// it is the same and the position moves behind it. Nothing is kept between two calls.
#include "lib/sinter/difference.h"

#include "lib/sinter/btree_local.h"
#include "lib/sinter/cache.h"
#include "lib/sinter/node.h"

struct way {
	struct btree *tree;
	struct walk path[LEVEL_MAX + 1];
	u32 depth;
	struct place place;
	tree_key_t next; // of the item there, or where the leaf ends
	bool has_item;
};

static err_t enter(struct way *way, tree_key_t position)
{
	struct walk walk;
	way->depth = 0;
	way->next = KEY_LAST;
	way->has_item = false;
	if (pointer_is_hole(&way->tree->root))
		return OK;
	TRY(btree_walk_begin(way->tree, &walk));
	while (true) {
		TRY(btree_walk_get(way->tree, &walk, &way->place.leaf));
		AT(way->path, way->depth++) = walk;
		const struct node *node = cache_node(way->tree->pool, way->place.leaf);
		if (node->level) {
			btree_walk_down(node, node_child(node, position), &walk);
			continue;
		}
		way->place.slot = node_lower_bound(node, position);
		way->has_item = way->place.slot < node->count;
		way->next = way->has_item ? node_key(node, way->place.slot) : node->high;
		return OK;
	}
}

// The largest block that both ways lead through.
static const struct walk *_Nullable meet(const struct way *a, const struct way *b)
{
	for (u32 i = 0; i < a->depth; i++)
		for (u32 n = 0; n < b->depth; n++)
			if (pointer_equal(&AT(a->path, i).pointer, &AT(b->path, n).pointer))
				return &AT(a->path, i);
	return nullptr;
}

tree_key_t difference_behind(tree_key_t key)
{
	if (++key.item == 0)
		key.object++;
	return key;
}

err_t difference_find(
	struct btree *old, struct btree *new, tree_key_t position, struct difference *out)
{
	struct way before = { .tree = old }, after = { .tree = new };
	while (key_compare(position, KEY_LAST)) {
		old->pool->epoch++;
		TRY(enter(&before, position));
		TRY(enter(&after, position));
		const struct walk *same = meet(&before, &after);
		if (same) {
			position = same->high;
			continue;
		}
		bool is_older = key_compare(before.next, after.next) <= 0;
		position = is_older ? before.next : after.next;
		bool was_there = !key_compare(before.next, position);
		bool is_there = !key_compare(after.next, position);
		// Where a leaf ends, the next one may have an item.
		if ((was_there && !before.has_item) || (is_there && !after.has_item))
			continue;
		*out = (struct difference){ .key = position,
			.was_there = was_there,
			.is_there = is_there,
			.before = was_there ? btree_value(old, &before.place) : (view_t){},
			.after = is_there ? btree_value(new, &after.place) : (view_t){} };
		if (was_there != is_there || !view_equal(out->before, out->after))
			return OK;
		position = difference_behind(position);
	}
	return ERR_NOT_FOUND;
}
