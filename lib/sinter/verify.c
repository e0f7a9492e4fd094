// SPDX-License-Identifier: MIT
// verify.c - walks trees by keys: no recursion, and no more frames than one path takes. A subtree
// whose pointer is older than wanted is skipped: everything below is older still.
#include "lib/sinter/verify.h"

#include "lib/sinter/btree_local.h"
#include "lib/sinter/cache.h"
#include "lib/sinter/dataset.h"
#include "lib/sinter/node.h"

struct level {
	struct walk at;
	u32 slot; // the next one
};

struct verify {
	struct btree *tree;
	u64 min_birth;
	const struct verify_visitor *visitor;
	struct level levels[LEVEL_MAX + 1];
	u32 depth;
};

static err_t enter(struct verify *verify, const struct walk *at)
{
	if (verify->depth > LEVEL_MAX)
		return ERR_CORRUPT;
	AT(verify->levels, verify->depth++) = (struct level){ .at = *at };
	return verify->visitor->visit(verify->visitor->context, verify->tree, &at->pointer);
}

static bool is_data(const struct btree *tree, const struct node *node, u32 slot)
{
	return tree->dataset && key_kind(node_key(node, slot)) == ITEM_DATA;
}

// One item of the top node: down into it, or a record.
static err_t step(struct verify *verify, const struct node *node)
{
	u32 slot = AT(verify->levels, verify->depth - 1).slot++;
	if (!node->level && !is_data(verify->tree, node, slot))
		return OK;
	tree_key_t from = verify->visitor->from;
	bool is_below = node->level ? key_compare(node_upper(node, slot), from) <= 0
	                            : key_compare(node_key(node, slot), from) < 0;
	if (is_below)
		return OK;
	struct walk child;
	btree_walk_down(node, slot, &child);
	if (pointer_birth(&child.pointer) < verify->min_birth && !pointer_is_memory(&child.pointer))
		return OK;
	if (node->level)
		return enter(verify, &child);
	struct buffer *value;
	if (verify->visitor->reads_values && key_offset(node_key(node, slot)) >= XATTR_RECORDS)
		TRY(cache_get(verify->tree->pool, &child.pointer, &value));
	return verify->visitor->visit(verify->visitor->context, verify->tree, &child.pointer);
}

err_t verify_tree(struct btree *tree, u64 min_birth, const struct verify_visitor *visitor)
{
	struct verify verify = { .tree = tree, .min_birth = min_birth, .visitor = visitor };
	struct walk root;
	if (pointer_is_hole(&tree->root) || pointer_birth(&tree->root) < min_birth)
		return OK;
	TRY(btree_walk_begin(tree, &root));
	TRY(enter(&verify, &root));
	while (verify.depth) {
		struct level *top = &AT(verify.levels, verify.depth - 1);
		struct buffer *buffer;
		tree->pool->epoch++;
		TRY(btree_walk_get(tree, &top->at, &buffer));
		const struct node *node = cache_node(tree->pool, buffer);
		if (top->slot < node->count)
			TRY(step(&verify, node));
		else
			verify.depth--;
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
	struct verify_visitor visitor = { .visit = nothing, .reads_values = true };
	u64 txg = pool->super.txg, min_birth = txg > KEEP_ROOTS ? txg - KEEP_ROOTS : 1;
	tree_key_t key = KEY_FIRST;
	TRY(verify_tree(&pool->tree, min_birth, &visitor));
	while (true) {
		struct root root;
		pool->epoch++;
		err_t err = dataset_next_root(pool, &key, &root);
		if (err == ERR_NOT_FOUND)
			return OK;
		TRY(err);
		if (root.is_dying)
			continue;
		struct btree tree;
		dataset_tree(pool, &root.pointer, root.lineage, &tree);
		visitor.from = root.position;
		u64 own = root.is_garbage && root.keep >= min_birth ? root.keep + 1 : min_birth;
		TRY(verify_tree(&tree, own, &visitor));
	}
}
