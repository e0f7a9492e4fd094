// SPDX-License-Identifier: MIT
// node.c - see node.h and FORMAT.md, section 4.
#include "lib/sinter/node.h"

constexpr u32 SLOT_SIZE = sizeof(struct node_slot);

static u32 slots_end(u32 count)
{
	return NODE_HEADER + count * SLOT_SIZE;
}

static u32 value_space(u32 size)
{
	return (size + 7) & ~7u;
}

u32 node_item_size(u32 value_size)
{
	return SLOT_SIZE + value_space(value_size);
}

void node_init(struct node *node, u8 level, u64 lineage, tree_key_t low, tree_key_t high)
{
	span_fill(span_of(*node), 0);
	node->magic = MAGIC_NODE;
	node->level = level;
	node->lineage = lineage;
	node->low = low;
	node->high = high;
	node->heap = NODE_SIZE;
}

tree_key_t node_key(const struct node *node, u32 slot)
{
	assert(slot < node->count);
	return AT(node->slots, slot).key;
}

tree_key_t node_upper(const struct node *node, u32 slot)
{
	return slot + 1 < node->count ? node_key(node, slot + 1) : node->high;
}

u32 node_lower_bound(const struct node *node, tree_key_t key)
{
	u32 low = 0, count = node->count;
	while (count) {
		u32 half = count / 2;
		bool is_right = key_is_less(AT(node->slots, low + half).key, key);
		low = is_right ? low + half + 1 : low;
		count = is_right ? count - half - 1 : half;
	}
	return low;
}

bool node_has_key(const struct node *node, u32 slot, tree_key_t key)
{
	return slot < node->count && !key_compare(AT(node->slots, slot).key, key);
}

u32 node_child(const struct node *node, tree_key_t key)
{
	u32 slot = node_lower_bound(node, key);
	if (node_has_key(node, slot, key))
		return slot;
	return slot ? slot - 1 : 0;
}

view_t node_value(const struct node *node, u32 slot)
{
	assert(slot < node->count);
	const struct node_slot *at = &AT(node->slots, slot);
	return view_clamp(view_of(*node), at->offset, at->size);
}

span_t node_value_span(struct node *node, u32 slot)
{
	assert(slot < node->count);
	const struct node_slot *at = &AT(node->slots, slot);
	return span_clamp(span_of(*node), at->offset, at->size);
}

pointer_t node_pointer(const struct node *node, u32 slot)
{
	pointer_t pointer = {};
	err_t err = view_load(node_value(node, slot), 0, span_of(pointer));
	assert(err == OK);
	return pointer;
}

void node_set_pointer(struct node *node, u32 slot, const pointer_t *pointer)
{
	span_t value = node_value_span(node, slot);
	assert(value.size >= sizeof *pointer);
	span_put(value, view_of(*pointer));
}

u32 node_room(const struct node *node)
{
	return node->heap - slots_end(node->count) + node->waste;
}

u32 node_used(const struct node *node)
{
	return NODE_SIZE - NODE_HEADER - node_room(node);
}

// Puts all values together at the end.
static void compact(struct node *node)
{
	static struct node old; // one thread; only in this function
	memory_copy(&old, node, sizeof old);
	node->heap = NODE_SIZE;
	node->waste = 0;
	for (u32 i = 0; i < node->count; i++) {
		view_t value = node_value(&old, i);
		node->heap = (u16)(node->heap - value_space((u32)value.size));
		AT(node->slots, i).offset = node->heap;
		span_put(span_clamp(span_of(*node), node->heap, value.size), value);
	}
	span_fill(
		span_clamp(span_of(*node), slots_end(node->count), node->heap - slots_end(node->count)), 0);
}

static void move_slots(struct node *node, u32 from, u32 to)
{
	usize size = (node->count - from) * (usize)SLOT_SIZE;
	view_t source = view_clamp(view_of(*node), slots_end(from), size);
	span_put(span_clamp(span_of(*node), slots_end(to), size), source);
}

void node_insert(struct node *node, u32 slot, tree_key_t key, view_t value)
{
	u32 space = value_space((u32)value.size);
	assert(slot <= node->count && value.size <= VALUE_MAX);
	assert(SLOT_SIZE + space <= node_room(node));
	if (node->heap - slots_end(node->count) < SLOT_SIZE + space)
		compact(node);
	move_slots(node, slot, slot + 1);
	node->heap = (u16)(node->heap - space);
	AT(node->slots, slot) =
		(struct node_slot){ .key = key, .offset = node->heap, .size = (u16)value.size };
	node->count++;
	span_t to = span_clamp(span_of(*node), node->heap, space);
	span_fill(to, 0);
	span_put(to, value);
}

void node_remove(struct node *node, u32 slot)
{
	assert(slot < node->count);
	node->waste = (u16)(node->waste + value_space(AT(node->slots, slot).size));
	move_slots(node, slot + 1, slot);
	node->count--;
	AT(node->slots, node->count) = (struct node_slot){};
}

// The first item of the right half, so that the larger half is as small as can be: no more than
// half of the node and half of the largest item, which leaves room for another one in either half.
static u32 split_point(const struct node *node)
{
	u32 used = node_used(node), left = 0, best = 1, best_size = UINT32_MAX;
	for (u32 slot = 1; slot < node->count; slot++) {
		left += node_item_size(AT(node->slots, slot - 1).size);
		u32 larger = left > used - left ? left : used - left;
		if (larger < best_size) {
			best = slot;
			best_size = larger;
		}
	}
	return best;
}

void node_split(struct node *node, struct node *right, bool is_append)
{
	assert(node->count >= 2);
	u32 point = is_append ? node->count - 1u : split_point(node);
	node_init(right, node->level, node->lineage, node_key(node, point), node->high);
	for (u32 i = point; i < node->count; i++)
		node_insert(right, i - point, node_key(node, i), node_value(node, i));
	node->high = right->low;
	while (node->count > point)
		node_remove(node, node->count - 1u);
	compact(node);
}

void node_merge(struct node *node, const struct node *right)
{
	assert(node->level == right->level && !key_compare(node->high, right->low));
	for (u32 i = 0; i < right->count; i++)
		node_insert(node, node->count, node_key(right, i), node_value(right, i));
	node->high = right->high;
}

static bool is_pointer_sound(const pointer_t *pointer, u8 level, u64 birth)
{
	u32 copies = pointer_copies(pointer);
	for (u32 i = 0; i < COPIES_MAX; i++) {
		u64 address = AT(pointer->address, i);
		if ((i < copies) != (address != 0) || !address_is_sound(address))
			return false; // one vdev; gang and memory bits too
	}
	return copies && pointer->logical && pointer->stored && pointer->stored <= pointer->logical &&
	       pointer->logical <= NODE_SIZE && pointer_birth(pointer) &&
	       pointer_birth(pointer) <= birth && pointer_level(pointer) == level &&
	       pointer_is_checked(pointer) && pointer_compression(pointer) <= COMPRESS_ZSTD;
}

static bool is_child_sound(const struct node *node, u32 slot, u64 birth)
{
	if (AT(node->slots, slot).size != sizeof(pointer_t))
		return false;
	pointer_t pointer = node_pointer(node, slot);
	u8 type = node->lineage == LINEAGE_POOL ? BLOCK_POOL_NODE : BLOCK_NODE;
	return is_pointer_sound(&pointer, node->level - 1, birth) && pointer_type(&pointer) == type &&
	       pointer.logical == NODE_SIZE && (slot || !key_compare(node_key(node, 0), node->low));
}

static bool is_data_sound(const struct node *node, u32 slot, u64 birth)
{
	if (node->lineage == LINEAGE_POOL || key_kind(AT(node->slots, slot).key) != ITEM_DATA)
		return true;
	if (AT(node->slots, slot).size != sizeof(pointer_t))
		return false;
	pointer_t pointer = node_pointer(node, slot);
	return is_pointer_sound(&pointer, 0, birth) && pointer_type(&pointer) == BLOCK_RECORD;
}

static bool is_slot_sound(const struct node *node, u32 slot)
{
	const struct node_slot *at = &AT(node->slots, slot);
	return at->size <= VALUE_MAX && at->offset % 8 == 0 && at->offset >= node->heap &&
	       at->offset + value_space(at->size) <= NODE_SIZE &&
	       key_compare(at->key, node->low) >= 0 && key_compare(at->key, node->high) < 0 &&
	       (!slot || key_compare(AT(node->slots, slot - 1).key, at->key) < 0);
}

err_t node_check(const struct node *node, u8 level, u64 birth)
{
	if (node->magic != MAGIC_NODE || node->level != level || level > LEVEL_MAX ||
		node->birth != birth || node->count > NODE_SLOTS || key_compare(node->low, node->high) >= 0)
		return ERR_CORRUPT;
	u32 end = slots_end(node->count), used = 0;
	if (node->heap < end || node->heap > NODE_SIZE || (level && !node->count))
		return ERR_CORRUPT;
	for (u32 i = 0; i < node->count; i++) {
		if (!is_slot_sound(node, i))
			return ERR_CORRUPT;
		if (!(level ? is_child_sound(node, i, birth) : is_data_sound(node, i, birth)))
			return ERR_CORRUPT;
		used += value_space(AT(node->slots, i).size);
	}
	// Values that overlapped would use more than there is: compaction relies on this.
	return used + node->waste == NODE_SIZE - (u32)node->heap ? OK : ERR_CORRUPT;
}
