// SPDX-License-Identifier: MIT
// tree_test.c - random insertions and removals; after each the whole tree is examined: order,
// balance, parents, summaries.
#include "lib/base/tree.h"

#include "lib/base/random.h"
#include "lib/base/test.h"

constexpr u32 ITEMS = 300;

struct item {
	u32 key;
	u32 value;
	u32 lowest; // value in the subtree
	struct tree_node node;
};

static struct item *item_of(const struct tree_node *node)
{
	return container_of(node, struct item, node);
}

static u32 lowest_of(const struct item *item)
{
	u32 lowest = item->value;
	const struct tree_node *left = item->node.left;
	const struct tree_node *right = item->node.right;
	if (left && item_of(left)->lowest < lowest)
		lowest = item_of(left)->lowest;
	if (right && item_of(right)->lowest < lowest)
		lowest = item_of(right)->lowest;
	return lowest;
}

static bool update(struct tree_node *node)
{
	struct item *item = item_of(node);
	u32 before = item->lowest;
	item->lowest = lowest_of(item);
	return item->lowest != before;
}

static int compare(const struct tree_node *a, const struct tree_node *b)
{
	u32 x = item_of(a)->key;
	u32 y = item_of(b)->key;
	return x < y ? -1 : x > y;
}

static int compare_key(const void *key, const struct tree_node *node)
{
	u32 x = *(const u32 *)key;
	u32 y = item_of(node)->key;
	return x < y ? -1 : x > y;
}

static u32 height(const struct tree_node *node)
{
	return node ? node->height : 0;
}

static bool node_is_good(const struct tree_node *node)
{
	u32 left = height(node->left);
	u32 right = height(node->right);
	u32 taller = left > right ? left : right;
	return node->height == taller + 1 && left <= right + 1 && right <= left + 1 &&
	       (!node->left || node->left->parent == node) &&
	       (!node->right || node->right->parent == node) &&
	       item_of(node)->lowest == lowest_of(item_of(node));
}

// Number of nodes; 0 also when something is wrong.
static u32 examine(const struct tree *tree)
{
	u32 count = 0;
	const struct tree_node *before = nullptr;
	if (tree->root && tree->root->parent)
		return 0;
	TREE_EACH(node, tree) {
		if (!node_is_good(node) || (before && compare(before, node) > 0) ||
			tree_prev(node) != before)
			return 0;
		before = node;
		count++;
	}
	return tree_last(tree) == before ? count : 0;
}

TEST(tree_survives_random_changes)
{
	static struct item item[ITEMS];
	struct tree tree;
	struct random random;
	u32 count = 0;
	tree_init(&tree, update);
	random_init(&random, 42);
	for (u32 step = 0; step < 20000; step++) {
		struct item *any = &item[random_below(&random, ITEMS)];
		if (tree_node_is_linked(&any->node) && step % 3 == 0) {
			any->value = (u32)random_below(&random, 1000);
			tree_refresh(&tree, &any->node);
		} else if (tree_node_is_linked(&any->node)) {
			tree_remove(&tree, &any->node);
			count--;
		} else {
			any->key = (u32)random_below(&random, 200); // equal keys, too
			any->value = (u32)random_below(&random, 1000);
			tree_insert(&tree, &any->node, compare);
			count++;
		}
		REQUIRE(examine(&tree) == count);
	}
	CHECK(height(tree.root) <= 12); // 1.44 log2 300
	while (tree_first(&tree))
		tree_remove(&tree, tree_first(&tree));
	CHECK(tree_is_empty(&tree));
}

TEST(tree_insert_in_order_stays_flat)
{
	static struct item item[ITEMS];
	struct tree tree = {};
	for (u32 i = 0; i < ITEMS; i++) {
		item[i].key = i;
		struct tree_slot slot = tree_slot_root(&tree);
		while (slot.here)
			tree_slot_descend(&slot, i >= item_of(slot.here)->key);
		tree_insert_at(&tree, slot, &item[i].node);
	}
	CHECK_EQ(height(tree.root), 9);
	u32 expected = 0;
	TREE_EACH(node, &tree)
		CHECK_EQ(item_of(node)->key, expected++);
	CHECK_EQ(expected, ITEMS);
}

TEST(tree_lower_bound_and_find)
{
	static struct item item[10];
	struct tree tree = {};
	u32 key = 5;
	CHECK(tree_lower_bound(&tree, &key, compare_key) == nullptr);
	CHECK(tree_first(&tree) == nullptr && tree_last(&tree) == nullptr);
	for (u32 i = 0; i < 10; i++) {
		item[i].key = i / 2 * 10; // 0 0 10 10 ... 40 40
		tree_insert(&tree, &item[i].node, compare);
	}
	CHECK(tree_lower_bound(&tree, &key, compare_key) == &item[2].node);
	CHECK(tree_find(&tree, &key, compare_key) == nullptr);
	key = 20;
	CHECK(tree_find(&tree, &key, compare_key) == &item[4].node); // the first of the equal
	key = 41;
	CHECK(tree_lower_bound(&tree, &key, compare_key) == nullptr);
}
