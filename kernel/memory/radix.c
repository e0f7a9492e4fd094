// SPDX-License-Identifier: MIT
// radix.c - see radix.h. Every walk is a loop over at most RADIX_HEIGHT_MAX levels.
#include "kernel/memory/radix.h"

#include "kernel/memory/slab.h"
#include "lib/base/bits.h"
#include "lib/base/memory.h"
#include "lib/base/view.h"

struct radix_node {
	u64 slot[1 << RADIX_BITS]; // leaf: page slots; above: pointers to nodes
	u64 present;
	u64 dirty;
};

static u32 shift_of(u32 height)
{
	return RADIX_BITS * (height - 1);
}

static u32 slot_number(u64 index, u32 height)
{
	return (u32)(index >> shift_of(height)) & ((1 << RADIX_BITS) - 1);
}

static struct radix_node *_Nullable child_of(struct radix_node *node, u32 number)
{
	UNSAFE_BEGIN("slots above the leaves hold pointers to nodes")
	return (struct radix_node *)(uintptr_t)AT(node->slot, number);
	UNSAFE_END
}

static bool covers(const struct radix *radix, u64 index)
{
	return radix->height && !(index >> (RADIX_BITS * radix->height));
}

static struct radix_node *_Nullable leaf_of(const struct radix *radix, u64 index)
{
	if (!covers(radix, index))
		return nullptr;
	struct radix_node *node = radix->root;
	for (u32 height = radix->height; node && height > 1; height--)
		node = child_of(node, slot_number(index, height));
	return node;
}

u64 *_Nullable radix_find(const struct radix *radix, u64 index)
{
	struct radix_node *leaf = leaf_of(radix, index);
	if (!leaf)
		return nullptr;
	u64 *slot = &AT(leaf->slot, slot_number(index, 1));
	return *slot ? slot : nullptr;
}

bool radix_insert_easily(struct radix *radix, u64 index, u64 slot)
{
	struct radix_node *leaf = leaf_of(radix, index);
	if (!leaf)
		return false;
	u32 number = slot_number(index, 1);
	assert(slot && !AT(leaf->slot, number));
	AT(leaf->slot, number) = slot;
	leaf->present |= 1ull << number;
	return true;
}

static u32 height_for(u64 index)
{
	return index ? bits_highest(index) / RADIX_BITS + 1 : 1;
}

static err_t node_create(struct radix *radix, struct radix_node *_Nullable *_Nonnull out)
{
	void *node;
	TRY(slab_alloc(sizeof(struct radix_node), &node));
	radix->nodes++;
	*out = node;
	return OK;
}

static void node_free(struct radix *radix, struct radix_node *node)
{
	radix->nodes--;
	slab_free(node, sizeof *node);
}

static void node_set_child(struct radix_node *node, u32 number, struct radix_node *child)
{
	AT(node->slot, number) = (u64)(uintptr_t)child;
	node->present |= 1ull << number;
	if (child->dirty)
		node->dirty |= 1ull << number;
}

static err_t radix_grow(struct radix *radix, u32 wanted)
{
	while (radix->height < wanted) {
		struct radix_node *node;
		TRY(node_create(radix, &node));
		if (radix->root)
			node_set_child(node, 0, radix->root);
		radix->root = node;
		radix->height++;
		if (radix->height < wanted && !node->present) { // empty so far: it can be the top at once
			radix->height = wanted;
		}
	}
	return OK;
}

// A root that leads to nothing, or only to its first child, is not needed.
static void radix_shrink(struct radix *radix)
{
	while (radix->height) {
		struct radix_node *root = NOT_NULL(radix->root);
		if (root->present > 1 || (root->present == 1 && radix->height == 1))
			return;
		radix->root = root->present ? child_of(root, 0) : nullptr;
		radix->height = root->present ? radix->height - 1 : 0;
		node_free(radix, root);
	}
}

// The nodes from the root to a leaf: path[height - 1] is the one of that height.
struct path {
	struct radix_node *_Nullable node[RADIX_HEIGHT_MAX];
};

// The leaf.
static struct radix_node *_Nullable path_find(
	const struct radix *radix, u64 index, struct path *path)
{
	if (!covers(radix, index))
		return nullptr;
	struct radix_node *node = radix->root;
	for (u32 height = radix->height; node; height--) {
		AT(path->node, height - 1) = node;
		if (height == 1)
			break;
		node = child_of(node, slot_number(index, height));
	}
	return node;
}

// Takes nodes that lead to nothing off the path, from the given height up, then off the top.
static void path_prune(struct radix *radix, const struct path *path, u64 index, u32 height)
{
	for (; height < radix->height && !NOT_NULL(AT(path->node, height - 1))->present; height++) {
		node_free(radix, AT(path->node, height - 1));
		struct radix_node *above = AT(path->node, height);
		u32 number = slot_number(index, height + 1);
		AT(above->slot, number) = 0;
		above->present &= ~(1ull << number);
		above->dirty &= ~(1ull << number);
	}
	radix_shrink(radix);
}

// The leaf for an index, which must not stay empty.
static err_t leaf_make(struct radix *radix, u64 index, struct radix_node *_Nullable *_Nonnull out)
{
	assert(index < RADIX_INDEX_END);
	err_t error = radix_grow(radix, height_for(index));
	if (error != OK) {
		radix_shrink(radix);
		return error;
	}
	struct path path = {};
	struct radix_node *node = NOT_NULL(radix->root);
	for (u32 height = radix->height; height > 1; height--) {
		AT(path.node, height - 1) = node;
		u32 number = slot_number(index, height);
		struct radix_node *child = child_of(node, number);
		if (!child) {
			error = node_create(radix, &child);
			if (error != OK) {
				path_prune(radix, &path, index, height);
				return error;
			}
			node_set_child(node, number, child);
		}
		node = child;
	}
	*out = node;
	return OK;
}

void radix_set_dirty(struct radix *radix, u64 index, bool is_dirty)
{
	struct path path;
	if (!path_find(radix, index, &path))
		return;
	for (u32 height = 1; height <= radix->height; height++) {
		struct radix_node *node = AT(path.node, height - 1);
		u64 bit = 1ull << slot_number(index, height);
		node->dirty = is_dirty ? node->dirty | bit : node->dirty & ~bit;
		is_dirty = node->dirty != 0;
	}
}

bool radix_is_dirty(const struct radix *radix, u64 index)
{
	struct radix_node *leaf = leaf_of(radix, index);
	return leaf && bits_test(leaf->dirty, slot_number(index, 1));
}

// One descent from the root. True: *index is the answer, or RADIX_NONE. False: nothing before the
// new *index, descend anew.
static bool next_step(const struct radix *radix, u64 *index, bool dirty)
{
	if (!covers(radix, *index)) {
		*index = RADIX_NONE;
		return true;
	}
	struct radix_node *node = NOT_NULL(radix->root);
	for (u32 height = radix->height;; height--) {
		u32 number = slot_number(*index, height);
		u64 set = (dirty ? node->dirty : node->present) >> number;
		if (!set) { // on to the next node of this height
			u32 above = shift_of(height) + RADIX_BITS;
			*index = ((*index >> above) + 1) << above;
			return false;
		}
		u32 skipped = bits_lowest(set);
		if (skipped) {
			u32 shift = shift_of(height);
			*index = ((*index >> shift) + skipped) << shift;
		}
		if (height == 1)
			return true;
		node = NOT_NULL(child_of(node, number + skipped));
	}
}

static u64 next_of(const struct radix *radix, u64 from, u64 end, bool dirty)
{
	struct radix_node *leaf = leaf_of(radix, from);
	u64 near = leaf ? (dirty ? leaf->dirty : leaf->present) >> slot_number(from, 1) : 0;
	u64 index = from + (near ? bits_lowest(near) : 0);
	if (near)
		return index < end ? index : RADIX_NONE;
	while (!next_step(radix, &index, dirty))
		if (index >= end)
			return RADIX_NONE;
	return index < end ? index : RADIX_NONE;
}

u64 radix_next(const struct radix *radix, u64 from, u64 end)
{
	return next_of(radix, from, end, false);
}

u64 radix_next_dirty(const struct radix *radix, u64 from, u64 end)
{
	return next_of(radix, from, end, true);
}

u64 radix_next_absent(const struct radix *radix, u64 from, u64 end)
{
	u64 index = from;
	while (index < end) {
		struct radix_node *leaf = leaf_of(radix, index);
		u64 absent = leaf ? ~leaf->present >> slot_number(index, 1) : 1;
		if (absent) {
			index += bits_lowest(absent);
			return index < end ? index : RADIX_NONE;
		}
		index = ((index >> RADIX_BITS) + 1) << RADIX_BITS;
	}
	return RADIX_NONE;
}

bool radix_next_run(const struct radix *radix, u64 from, u64 end, struct radix_run *out)
{
	u64 index = radix_next(radix, from, end);
	if (index == RADIX_NONE)
		return false;
	struct radix_node *leaf = NOT_NULL(leaf_of(radix, index));
	u32 number = slot_number(index, 1);
	u64 count = end - index;
	u64 within = count < RADIX_RUN ? (1ull << count) - 1 : UINT64_MAX;
	*out = (struct radix_run){ index - number, leaf->present & within << number, &leaf->slot };
	return true;
}

u32 radix_remove_run(struct radix *radix, const struct radix_run *run)
{
	struct path path = {};
	struct radix_node *leaf = path_find(radix, run->first, &path);
	assert(leaf);
	u32 dirty = bits_count(leaf->dirty & run->present);
	leaf->present &= ~run->present;
	leaf->dirty &= ~run->present;
	for (u64 left = leaf->present ? run->present : 0; left; left &= left - 1) // else it goes
		AT(leaf->slot, bits_lowest(left)) = 0;
	if (dirty)
		radix_set_dirty(radix, run->first + bits_lowest(run->present), false); // and above
	path_prune(radix, &path, run->first, 1);
	return dirty;
}

err_t radix_insert_run(struct radix *radix, struct radix_run *run)
{
	u32 shift = slot_number(run->first, 1);
	while (run->present) {
		u32 i = bits_lowest(run->present);
		u64 index = run->first + i;
		struct radix_node *leaf = leaf_of(radix, index);
		if (!leaf)
			TRY(leaf_make(radix, index, &leaf));
		bool is_first = i + shift < RADIX_RUN; // of the two leaves
		u64 low = UINT64_MAX >> shift;
		u64 part = run->present & (is_first ? low : ~low);
		if (part == UINT64_MAX)
			memory_copy(leaf->slot, run->slot, sizeof leaf->slot);
		for (u64 left = part == UINT64_MAX ? 0 : part; left; left &= left - 1) {
			i = bits_lowest(left);
			AT(leaf->slot, (i + shift) % RADIX_RUN) = AT(*run->slot, i);
		}
		leaf->present |= is_first ? part << shift : part >> (RADIX_RUN - shift);
		run->present &= ~part;
	}
	return OK;
}
