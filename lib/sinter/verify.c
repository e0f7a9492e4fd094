// SPDX-License-Identifier: MIT
// verify.c - walks trees by keys: no recursion, and no more frames than one path takes. A subtree
// whose pointer is older than wanted is skipped: everything below is older still.
#include "lib/sinter/verify.h"

#include "lib/sinter/cache.h"
#include "lib/sinter/dataset.h"
#include "lib/sinter/node.h"

struct level {
	pointer_t pointer;
	tree_key_t low, high;
	u32 slot;
};

struct walk {
	struct btree *tree;
	u64 min_birth;
	const struct verify_visitor *visitor;
	struct level levels[LEVEL_MAX + 1];
	u32 depth;
};

static err_t enter(struct walk *walk, const pointer_t *pointer, tree_key_t low, tree_key_t high)
{
	if (walk->depth > LEVEL_MAX)
		return ERR_CORRUPT;
	AT(walk->levels, walk->depth++) =
		(struct level){ .pointer = *pointer, .low = low, .high = high };
	return walk->visitor->visit(walk->visitor->context, walk->tree, pointer);
}

static err_t top_node(struct walk *walk, const struct node **out)
{
	struct sinter *pool = walk->tree->pool;
	const struct level *top = &AT(walk->levels, walk->depth - 1);
	struct buffer *buffer;
	pool->epoch++;
	TRY(cache_get(pool, &top->pointer, &buffer));
	const struct node *node = cache_node(pool, buffer);
	if (node->lineage != walk->tree->lineage || key_compare(node->low, top->low) ||
		key_compare(node->high, top->high))
		return ERR_CORRUPT;
	*out = node;
	return OK;
}

static bool is_data(const struct btree *tree, const struct node *node, u32 slot)
{
	return tree->dataset && key_kind(node_key(node, slot)) == ITEM_DATA;
}

// One item of the top node: down into it, or a record.
static err_t step(struct walk *walk, const struct node *node)
{
	u32 slot = AT(walk->levels, walk->depth - 1).slot++;
	if (!node->level && !is_data(walk->tree, node, slot))
		return OK;
	tree_key_t from = walk->visitor->from;
	bool is_below = node->level ? key_compare(node_upper(node, slot), from) <= 0
	                            : key_compare(node_key(node, slot), from) < 0;
	if (is_below)
		return OK;
	pointer_t pointer = node_pointer(node, slot);
	if (pointer_birth(&pointer) < walk->min_birth && !pointer_is_memory(&pointer))
		return OK;
	if (!node->level)
		return walk->visitor->visit(walk->visitor->context, walk->tree, &pointer);
	return enter(walk, &pointer, node_key(node, slot), node_upper(node, slot));
}

err_t verify_tree(struct btree *tree, u64 min_birth, const struct verify_visitor *visitor)
{
	struct walk walk = { .tree = tree, .min_birth = min_birth, .visitor = visitor };
	u8 type = tree->dataset ? BLOCK_NODE : BLOCK_POOL_NODE;
	if (pointer_is_hole(&tree->root) || pointer_birth(&tree->root) < min_birth)
		return OK;
	if (pointer_type(&tree->root) != type || pointer_level(&tree->root) > LEVEL_MAX)
		return ERR_CORRUPT;
	TRY(enter(&walk, &tree->root, KEY_FIRST, KEY_LAST));
	while (walk.depth) {
		const struct node *node;
		TRY(top_node(&walk, &node));
		if (AT(walk.levels, walk.depth - 1).slot < node->count)
			TRY(step(&walk, node));
		else
			walk.depth--;
	}
	return OK;
}

static err_t nothing(void *context, struct btree *tree, const pointer_t *pointer)
{
	(void)context;
	(void)tree;
	return pointer_birth(pointer) <= tree->pool->super.txg ? OK : ERR_CORRUPT;
}

err_t verify_recent(struct sinter *pool)
{
	struct verify_visitor visitor = { .visit = nothing };
	u64 txg = pool->super.txg, min_birth = txg > KEEP_ROOTS ? txg - KEEP_ROOTS : 1;
	tree_key_t key = KEY_FIRST;
	TRY(verify_tree(&pool->tree, min_birth, &visitor));
	while (true) {
		struct root root;
		err_t err = dataset_next_root(pool, &key, &root);
		if (err == ERR_NOT_FOUND)
			return OK;
		TRY(err);
		if (root.is_dying)
			continue;
		static struct dataset any; // only marks what kind of tree this is
		struct btree tree;
		btree_init(&tree, pool, &root.pointer, root.lineage);
		tree.dataset = &any;
		visitor.from = root.position;
		u64 own = root.is_garbage && root.keep >= min_birth ? root.keep + 1 : min_birth;
		TRY(verify_tree(&tree, own, &visitor));
	}
}
