// SPDX-License-Identifier: MIT
// tree.c - AVL: the heights of two siblings differ by at most one. Every change starts somewhere
// below and rises: at each node recompute height and summary, rotate where one side is two taller.
#include "lib/base/tree.h"

static u32 height(const struct tree_node *_Nullable node)
{
	return node ? node->height : 0;
}

// True when the height or the summary changed.
static bool recompute(struct tree *tree, struct tree_node *node)
{
	u32 before = node->height;
	u32 left = height(node->left);
	u32 right = height(node->right);
	node->height = 1 + (left > right ? left : right);
	bool is_changed = node->height != before;
	if (tree->update)
		is_changed |= tree->update(node);
	return is_changed;
}

// Where the parent (or the root) pointed to old, it points to new.
static void replace(struct tree *tree, struct tree_node *old, struct tree_node *_Nullable new)
{
	struct tree_node *parent = old->parent;
	if (!parent)
		tree->root = new;
	else if (parent->left == old)
		parent->left = new;
	else
		parent->right = new;
	if (new)
		new->parent = parent;
}

static struct tree_node *rotate_left(struct tree *tree, struct tree_node *node)
{
	struct tree_node *top = node->right;
	replace(tree, node, top);
	node->right = top->left;
	if (node->right)
		node->right->parent = node;
	top->left = node;
	node->parent = top;
	recompute(tree, node);
	recompute(tree, top);
	return top;
}

static struct tree_node *rotate_right(struct tree *tree, struct tree_node *node)
{
	struct tree_node *top = node->left;
	replace(tree, node, top);
	node->left = top->right;
	if (node->left)
		node->left->parent = node;
	top->right = node;
	node->parent = top;
	recompute(tree, node);
	recompute(tree, top);
	return top;
}

// Returns the node that is now at the top of this subtree.
static struct tree_node *balance(struct tree *tree, struct tree_node *node)
{
	u32 left = height(node->left);
	u32 right = height(node->right);
	if (left > right + 1) {
		if (height(node->left->right) > height(node->left->left))
			rotate_left(tree, node->left);
		return rotate_right(tree, node);
	}
	if (right > left + 1) {
		if (height(node->right->left) > height(node->right->right))
			rotate_right(tree, node->right);
		return rotate_left(tree, node);
	}
	return node;
}

// Up to the root, or, when allowed, until nothing changes any more. Without summaries that is where
// the height is right.
static void rise(struct tree *tree, struct tree_node *_Nullable node, bool may_stop)
{
	while (node) {
		u32 left = height(node->left), right = height(node->right);
		bool is_level = left <= right + 1 && right <= left + 1;
		u32 wanted = 1 + (left > right ? left : right);
		if (is_level && !tree->update) {
			if (may_stop && node->height == wanted)
				return;
			node->height = wanted;
			node = node->parent;
			continue;
		}
		bool is_changed = recompute(tree, node);
		struct tree_node *top = balance(tree, node);
		if (may_stop && top == node && !is_changed)
			return;
		node = top->parent;
	}
}

void tree_insert_at(struct tree *tree, struct tree_slot slot, struct tree_node *node)
{
	assert(!slot.here && !tree_node_is_linked(node));
	*node = (struct tree_node){ .parent = slot.parent };
	if (!slot.parent)
		tree->root = node;
	else if (slot.is_right)
		slot.parent->right = node;
	else
		slot.parent->left = node;
	recompute(tree, node);
	rise(tree, slot.parent, true);
}

// With two children, the next node in order leaves its place (it has no left child) and takes the
// removed one's and its height. Its summary is then of another subtree, so if there are summaries
// rising may not stop early.
void tree_remove(struct tree *tree, struct tree_node *node)
{
	assert(tree_node_is_linked(node));
	struct tree_node *lowest = node->parent;
	if (node->left && node->right) {
		struct tree_node *next = NOT_NULL(tree_next(node));
		lowest = next->parent == node ? next : next->parent;
		replace(tree, next, next->right);
		next->left = node->left;
		next->left->parent = next;
		next->right = node->right;
		if (next->right)
			next->right->parent = next;
		next->height = node->height;
		replace(tree, node, next);
	} else {
		replace(tree, node, node->left ? node->left : node->right);
	}
	*node = (struct tree_node){};
	rise(tree, lowest, !tree->update);
}

struct tree_node *_Nullable tree_take_leaf(struct tree *tree)
{
	struct tree_node *node = tree->root;
	if (!node)
		return nullptr;
	while (node->left || node->right)
		node = node->left ? node->left : node->right;
	replace(tree, node, nullptr);
	*node = (struct tree_node){};
	return node;
}

void tree_refresh(struct tree *tree, struct tree_node *node)
{
	assert(tree_node_is_linked(node));
	rise(tree, node, true);
}

static struct tree_node *leftmost(struct tree_node *node)
{
	while (node->left)
		node = node->left;
	return node;
}

static struct tree_node *rightmost(struct tree_node *node)
{
	while (node->right)
		node = node->right;
	return node;
}

struct tree_node *tree_first(const struct tree *tree)
{
	return tree->root ? leftmost(tree->root) : nullptr;
}

struct tree_node *tree_last(const struct tree *tree)
{
	return tree->root ? rightmost(tree->root) : nullptr;
}

struct tree_node *tree_next(const struct tree_node *node)
{
	if (node->right)
		return leftmost(node->right);
	struct tree_node *parent = node->parent;
	while (parent && parent->right == node) {
		node = parent;
		parent = node->parent;
	}
	return parent;
}

struct tree_node *tree_prev(const struct tree_node *node)
{
	if (node->left)
		return rightmost(node->left);
	struct tree_node *parent = node->parent;
	while (parent && parent->left == node) {
		node = parent;
		parent = node->parent;
	}
	return parent;
}
