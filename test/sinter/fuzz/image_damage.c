// SPDX-License-Identifier: MIT
// image_damage.c - changes that know what they change: of a node its header, a slot, a value or a
// whole item; of anything else fields of all sizes; a thing in another's place. Most get right
// sums.
#include <string.h>

#include "test/sinter/fuzz/image.h"

struct input {
	const u8 *data;
	usize size;
};

static u64 take(struct input *input, usize bytes)
{
	u64 value = 0;
	for (usize i = 0; i < bytes && input->size; i++, input->data++, input->size--)
		value |= (u64)*input->data << (8 * i);
	return value;
}

// What an edit is: its lowest three bits what happens, the next two where in a node.
enum edit_what : u8 {
	EDIT_XOR,
	EDIT_SHORT,
	EDIT_LONG,
	EDIT_TELLING, // a number at which something may end
	EDIT_ADD,
	EDIT_COPY, // bytes from elsewhere
	EDIT_ITEM,
	EDIT_REPLACE // all of it by something else
};
enum edit_where : u8 { IN_HEADER, IN_SLOT, IN_VALUE, ANYWHERE };
enum edit_flag : u8 { AT_ALL_PLACES = 64, WITHOUT_SUM = 128 };

struct spot {
	struct thing *thing;
	u32 byte; // as the input says: what it means depends on the thing
};

struct edit {
	u8 how;
	struct spot at, from;
	u64 value;
};

static const u64 telling[] = { 0, 1, 2, 3, 4, 7, 8, 15, 16, 63, 64, 127, 255, 256, 679, 680, 681,
	2047, 2048, 2049, 4095, 4096, 4097, 16383, 16384, 16385, 32767, 65535, 65536, 131072, INT32_MAX,
	(u64)INT32_MAX + 1, UINT32_MAX, (u64)UINT32_MAX + 1, ((u64)1 << 48) - 1, (u64)1 << 48,
	((u64)1 << 55) - 1, (u64)1 << 55, ((u64)1 << 56) - 1, (u64)1 << 56, INT64_MAX,
	(u64)INT64_MAX + 1, UINT64_MAX - 1, UINT64_MAX, (u64)ITEM_INODE << 56, (u64)ITEM_INLINE << 56,
	(u64)ITEM_DIRENT << 56, (u64)ITEM_DATA << 56, (u64)ITEM_PENDING << 56 };

static struct node *node_of(struct image *image, struct thing *thing)
{
	return (struct node *)(void *)image_bytes(image, thing);
}

static u32 size_of(const struct thing *thing)
{
	return thing->units * DISK_UNIT;
}

// Slots as they are now, but never beyond the node.
static u32 slots_of(const struct node *node)
{
	return node->count < NODE_SLOTS ? node->count : NODE_SLOTS;
}

static u32 byte_in_node(const struct node *node, enum edit_where where, u32 at)
{
	u32 count = slots_of(node), slot = count ? (at & 255) % count : 0, inside = at >> 8;
	const struct node_slot *item = &node->slots[slot];
	switch (where) {
	case IN_HEADER: return at % NODE_HEADER;
	case IN_SLOT: return NODE_HEADER + slot * (u32)sizeof *item + inside % (u32)sizeof *item;
	case IN_VALUE: return (item->offset + (item->size ? inside % item->size : 0u)) % NODE_SIZE;
	case ANYWHERE: break;
	}
	return at % NODE_SIZE;
}

static u32 byte_of(struct image *image, const struct edit *edit, const struct spot *spot)
{
	if (spot->thing->kind == THING_NODE)
		return byte_in_node(node_of(image, spot->thing), edit->how >> 3 & 3, spot->byte);
	return spot->byte % size_of(spot->thing);
}

static struct spot take_spot(struct image *image, struct input *input)
{
	struct thing *thing = &image->things[take(input, 2) % image->thing_count];
	return (struct spot){ thing, (u32)take(input, 2) };
}

static struct edit take_edit(struct image *image, struct input *input)
{
	struct edit edit = { .how = (u8)take(input, 1), .at = take_spot(image, input) };
	edit.value = take(input, (edit.how & 7) == EDIT_LONG ? 8 : 2);
	if ((edit.how & 7) >= EDIT_COPY)
		edit.from = take_spot(image, input);
	return edit;
}

// An item goes, comes twice, or takes another's place in the order.
static void edit_item(struct image *image, struct thing *thing, u32 choice)
{
	struct node *node = node_of(image, thing);
	u32 count = slots_of(node);
	if (thing->kind != THING_NODE || !count)
		return;
	u32 slot = (choice >> 2) % count;
	usize rest = (count - slot - 1) * sizeof *node->slots;
	if (choice % 4 == 0) {
		memmove(&node->slots[slot], &node->slots[slot + 1], rest);
		node->count--;
	} else if (choice % 4 == 1 && count < NODE_SLOTS) {
		memmove(&node->slots[slot + 1], &node->slots[slot], rest + sizeof *node->slots);
		node->count++;
	} else if (choice % 4 == 2) {
		node->slots[slot].offset = node->slots[(slot + 1) % count].offset;
		node->slots[slot].size = node->slots[(slot + 1) % count].size;
	} else {
		struct node_slot kept = node->slots[slot];
		node->slots[slot] = node->slots[(slot + 1) % count];
		node->slots[(slot + 1) % count] = kept;
	}
}

static void put(struct image *image, const struct edit *edit, u64 value, u32 bytes)
{
	u8 *to = image_bytes(image, edit->at.thing);
	u32 at = byte_of(image, edit, &edit->at), size = size_of(edit->at.thing);
	for (u32 i = 0; i < bytes && at + i < size; i++)
		to[at + i] = (u8)(value >> 8 * i);
}

static u64 get(struct image *image, const struct edit *edit, u32 bytes)
{
	const u8 *from = image_bytes(image, edit->at.thing);
	u32 at = byte_of(image, edit, &edit->at), size = size_of(edit->at.thing);
	u64 value = 0;
	for (u32 i = 0; i < bytes && at + i < size; i++)
		value |= (u64)from[at + i] << 8 * i;
	return value;
}

static void copy(struct image *image, const struct edit *edit)
{
	u8 *to = image_bytes(image, edit->at.thing), *from = image_bytes(image, edit->from.thing);
	u32 at = byte_of(image, edit, &edit->at), first = byte_of(image, edit, &edit->from);
	u32 size = size_of(edit->at.thing), size_from = size_of(edit->from.thing);
	for (u32 i = 0; i <= (edit->value & 255) && at + i < size; i++)
		to[at + i] = from[(first + i) % size_from];
}

static void replace(struct image *image, struct thing *thing, struct thing *by)
{
	u32 units = thing->units < by->units ? thing->units : by->units;
	memmove(image_bytes(image, thing), image_bytes(image, by), units * DISK_UNIT);
}

static void apply(struct image *image, const struct edit *edit)
{
	u64 value = edit->value;
	u32 width = 1u << (value >> 8 & 3);
	switch ((enum edit_what)(edit->how & 7)) {
	case EDIT_XOR: put(image, edit, get(image, edit, 1) ^ (1 + value % 255), 1); break;
	case EDIT_SHORT: put(image, edit, value, 2); break;
	case EDIT_LONG: put(image, edit, value, 8); break;
	case EDIT_TELLING:
		put(image, edit, telling[(value & 255) % (sizeof telling / sizeof *telling)], width);
		break;
	case EDIT_ADD:
		put(image, edit, get(image, edit, width) + (u64)(i64)(i8)(value & 255), width);
		break;
	case EDIT_COPY: copy(image, edit); break;
	case EDIT_ITEM: edit_item(image, edit->at.thing, (u32)value); break;
	case EDIT_REPLACE: replace(image, edit->at.thing, edit->from.thing);
	}
}

static void apply_some(struct image *image, struct input input, bool is_without_sum)
{
	while (input.size) {
		struct edit edit = take_edit(image, &input);
		struct thing *thing = edit.at.thing;
		if (is_without_sum != ((edit.how & WITHOUT_SUM) != 0))
			continue;
		image_change(image, thing);
		apply(image, &edit);
		if (is_without_sum && (edit.how & AT_ALL_PLACES) != 0)
			image_spread(image, thing, image_bytes(image, thing));
	}
}

void image_damage(struct image *image, const u8 *data, usize size)
{
	struct input input = { data, size };
	apply_some(image, input, false);
	image_mend(image);
	apply_some(image, input, true);
	for (u32 i = 0; i < image->thing_count; i++)
		image->things[i].is_changed = false;
}
