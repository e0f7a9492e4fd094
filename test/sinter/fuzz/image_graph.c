// SPDX-License-Identifier: MIT
// image_graph.c - what holds the sum of what: found once, from the superblocks and the log of the
// good image, which is trusted. Then changes, and sums that are right again.
#include <stdlib.h>
#include <string.h>

#include "lib/base/bits.h"
#include "lib/sinter/checksum.h"
#include "lib/sinter/ilog.h"
#include "lib/sinter/make.h"
#include "test/sinter/fuzz/image.h"

static u8 *unit_at(u8 *bytes, u64 unit)
{
	if (unit >= IMAGE_UNITS)
		abort();
	return bytes + unit * DISK_UNIT;
}

static u64 units_of(const struct image *image)
{
	return image->shape.units * image->shape.disks;
}

u8 *image_bytes(struct image *image, struct thing *thing)
{
	return unit_at(image->now, thing->place[0]);
}

void image_touch(struct image *image, u64 unit)
{
	if (image->dirty[unit / 64] >> unit % 64 & 1)
		return;
	image->dirty[unit / 64] |= (u64)1 << unit % 64;
	image->dirty_list[image->dirty_count++] = (u32)unit;
}

void image_change(struct image *image, struct thing *thing)
{
	thing->is_changed = true;
	for (u32 i = 0; i < thing->units; i++)
		image_touch(image, thing->place[0] + i);
}

void image_spread(struct image *image, struct thing *thing, const u8 *from)
{
	for (u32 place = 0; place < thing->places; place++)
		for (u32 i = 0; i < thing->units; i++) {
			image_touch(image, thing->place[place] + i);
			memmove(unit_at(image->now, thing->place[place] + i), from + i * DISK_UNIT, DISK_UNIT);
		}
}

void image_restore(struct image *image)
{
	for (u32 i = 0; i < image->dirty_count; i++) {
		u64 unit = image->dirty_list[i];
		memcpy(unit_at(image->now, unit), unit_at(image->good, unit), DISK_UNIT);
		image->dirty[unit / 64] = 0;
	}
	image->dirty_count = 0;
}

// Building.

static u32 add_thing(struct image *image, enum thing_kind kind, u64 unit, u32 units)
{
	struct thing *thing = &image->things[image->thing_count];
	if (image->thing_count == IMAGE_THINGS || units > IMAGE_THING_UNITS)
		abort();
	*thing = (struct thing){ .kind = kind, .units = units, .places = 1, .place = { unit } };
	return image->thing_count++;
}

static void add_place(struct image *image, u32 number, u64 unit)
{
	struct thing *thing = &image->things[number];
	if (thing->places == IMAGE_PLACES)
		abort();
	thing->place[thing->places++] = unit;
}

static void add_link(struct image *image, u32 parent, u32 child, u32 at)
{
	if (image->link_count == IMAGE_LINKS)
		abort();
	image->links[image->link_count++] = (struct link){ parent, child, at };
}

static u32 find_thing(const struct image *image, u64 unit)
{
	for (u32 i = 0; i < image->thing_count; i++)
		if (image->things[i].place[0] == unit)
			return i;
	return IMAGE_THINGS;
}

// Of all legs; the first is where it is edited.
static u64 place_of(const struct image *image, u64 address, u32 leg)
{
	u64 disk = address_vdev(address) * image->shape.legs + leg;
	return disk * image->shape.units + address_unit(address);
}

static u32 add_at_addresses(
	struct image *image, enum thing_kind kind, const u64 *addresses, u32 count, u32 units)
{
	u32 number = add_thing(image, kind, place_of(image, addresses[0], 0), units);
	for (u32 i = 1; i < count * image->shape.legs; i++)
		add_place(image, number, place_of(image, addresses[i % count], i / count));
	return number;
}

struct child {
	u32 thing, at;
};

// The bitmap that a zone record of the pool tree means; single devices and mirrors of one vdev.
static u32 bitmap_of(struct image *image, tree_key_t key, const struct zone_record *record)
{
	u64 log_units = max_u64(image->shape.units / 256, 256);
	u64 first = align_up(LOG_FIRST_UNIT + log_units, 64);
	u64 end = align_down(image->shape.units, LABEL_UNITS) - 2 * LABEL_UNITS;
	u64 units = align_down((end - first) / 4, 64);
	u64 addresses[2] = { first + key_offset(key) * units + record->place,
		first + record->copy_zone * units + BITMAP_PLACES + record->place };
	u32 found = find_thing(image, addresses[0]);
	if (found < IMAGE_THINGS)
		return found;
	return add_at_addresses(image, THING_BITMAP, addresses, 2, 1);
}

static u32 block_of(struct image *image, const pointer_t *pointer);

// Where a slot of a good node has a pointer or a bitmap's sum: its child. False: nowhere.
static bool child_of(struct image *image, const struct node *node, u32 slot, struct child *out)
{
	const struct node_slot *item = &node->slots[slot];
	const u8 *value = (const u8 *)node + item->offset;
	u32 kind = key_kind(item->key);
	*out = (struct child){ .at = item->offset };
	if (!node->level && node->lineage == LINEAGE_POOL) {
		image->pool_items |= (u64)1 << kind;
		if (kind == ITEM_ZONE) {
			out->at += offsetof(struct zone_record, sum);
			out->thing =
				bitmap_of(image, item->key, (const struct zone_record *)(const void *)value);
			return true;
		}
		if (kind == ITEM_DATASET)
			out->at += offsetof(struct dataset_record, root);
		else if (kind != ITEM_SNAPSHOT && kind != ITEM_GARBAGE)
			return false;
	} else if (!node->level) {
		image->dataset_items |= (u64)1 << kind;
		if (kind != ITEM_DATA)
			return false;
	}
	const pointer_t *pointer = (const pointer_t *)(const void *)((const u8 *)node + out->at);
	if (pointer_is_hole(pointer))
		return false;
	out->thing = block_of(image, pointer);
	return true;
}

// The thing of a pointer of the good image; children first.
static u32 block_of(struct image *image, const pointer_t *pointer)
{
	struct child children[NODE_SLOTS];
	u32 count = 0, found = find_thing(image, place_of(image, pointer->address[0], 0));
	bool is_record = pointer_type(pointer) == BLOCK_RECORD;
	if (found < IMAGE_THINGS)
		return found;
	u64 unit = place_of(image, pointer->address[0], 0);
	const struct node *node = (const struct node *)(const void *)unit_at(image->good, unit);
	for (u32 i = 0; !is_record && i < node->count; i++)
		count += child_of(image, node, i, &children[count]);
	u32 number = add_at_addresses(image, is_record ? THING_RECORD : THING_NODE, pointer->address,
		pointer_copies(pointer), pointer_units(pointer));
	for (u32 i = 0; i < count; i++)
		add_link(image, number, children[i].thing, children[i].at);
	return number;
}

static void add_superblock(struct image *image, u64 unit)
{
	const struct superblock *super =
		(const struct superblock *)(const void *)unit_at(image->good, unit);
	if (super->magic != MAGIC_SUPERBLOCK)
		return;
	for (u32 i = 0; i < image->thing_count; i++)
		if (image->things[i].kind == THING_SUPERBLOCK &&
			!memcmp(image_bytes(image, &image->things[i]), super, DISK_UNIT)) {
			add_place(image, i, unit);
			return;
		}
	u32 root = block_of(image, &super->root);
	add_link(image, add_thing(image, THING_SUPERBLOCK, unit, 1), root,
		offsetof(struct superblock, root));
}

static void add_labels(struct image *image)
{
	u64 units = image->shape.units;
	for (u32 i = 0; i < LABELS * image->shape.disks; i++) {
		u64 label = i % LABELS < 2 ? LABEL_FIRST_UNIT + i % LABELS * LABEL_UNITS
		                           : units - (4 - i % LABELS) * LABEL_UNITS;
		label += i / LABELS * units;
		(void)add_thing(image, THING_CONFIG, label, 1);
		(void)add_thing(image, THING_CONFIG, label + 1, 1);
		for (u32 place = 0; place < RING_PLACES; place++)
			add_superblock(image, label + LABEL_RING_UNIT + place);
	}
}

// Groups in the order in which they stand, each with the sum of the one before.
static void add_log(struct image *image)
{
	u32 before = IMAGE_THINGS;
	u64 end = LOG_FIRST_UNIT + 256;
	for (u64 unit = LOG_FIRST_UNIT, units; unit < end; unit += units) {
		const struct log_header *header =
			(const struct log_header *)(const void *)unit_at(image->good, unit);
		units = 1;
		if (header->magic != MAGIC_LOG)
			continue;
		units = units_of_bytes(sizeof *header + header->payload);
		u32 number = add_thing(image, THING_LOG, unit, (u32)units);
		for (u32 leg = 1; leg < image->shape.legs; leg++)
			add_place(image, number, place_of(image, unit, leg));
		if (before < IMAGE_THINGS &&
			((const struct log_header *)(void *)image_bytes(image, &image->things[before]))
					->sum.word[0] == header->previous)
			add_link(image, number, before, offsetof(struct log_header, previous));
		before = number;
	}
}

static const struct disk_unit *view_read(void *view, u64 unit)
{
	struct image *image = view;
	return (const struct disk_unit *)(const void *)unit_at(image->now, unit);
}

static void view_write(void *view, u64 unit, const struct disk_unit *data)
{
	struct image *image = view;
	image_touch(image, unit);
	memcpy(unit_at(image->now, unit), data, DISK_UNIT);
}

void image_take(struct image *image, struct disk *disk)
{
	image->disk = disk;
	image->good = calloc(IMAGE_UNITS, DISK_UNIT);
	image->now = calloc(IMAGE_UNITS, DISK_UNIT);
	if (!image->good || !image->now)
		abort();
	for (u64 unit = 0; unit < units_of(image); unit++)
		if (disk->now[unit])
			memcpy(unit_at(image->good, unit), disk->now[unit], DISK_UNIT);
	memcpy(image->now, image->good, (usize)IMAGE_UNITS * DISK_UNIT);
	add_log(image);
	add_labels(image);
	disk->view = image;
	disk->view_read = view_read;
	disk->view_write = view_write;
}

// Mending.

// The sum of what a pointer leads to now, whatever it says.
static void mend_pointer(struct image *image, pointer_t *pointer)
{
	u64 unit = place_of(image, pointer->address[0], 0);
	if (address_vdev(pointer->address[0]) || !pointer->stored || pointer->stored > NODE_SIZE ||
		unit + pointer_units(pointer) > units_of(image))
		return;
	sum_t sum = checksum(view_from(unit_at(image->now, unit), pointer->stored), pointer->info);
	if (pointer_check_kind(pointer) == CHECK_SEALED)
		pointer->check_rest[1] = sum.word[0];
	else
		pointer->sum = sum;
}

static void mend_link(struct image *image, const struct link *link)
{
	struct thing *parent = &image->things[link->parent], *child = &image->things[link->child];
	u8 *at = image_bytes(image, parent) + link->at, *from = image_bytes(image, child);
	const u8 *good = unit_at(image->good, parent->place[0]) + link->at;
	bool is_sum = child->kind == THING_BITMAP, is_previous = child->kind == THING_LOG;
	if (!child->is_changed && !(parent->is_changed && !is_sum && !is_previous &&
								  memcmp(at, good, sizeof(pointer_t)) != 0))
		return;
	image_change(image, parent);
	if (is_sum)
		memcpy(at, from + offsetof(struct bitmap_header, sum), sizeof(sum_t));
	else if (is_previous)
		memcpy(at, from + offsetof(struct log_header, sum), sizeof(u64));
	else
		mend_pointer(image, (pointer_t *)(void *)at);
}

// The sum that stands in the thing itself.
static void mend_own(struct image *image, struct thing *thing)
{
	u8 *bytes = image_bytes(image, thing);
	sum_t *last = (sum_t *)(void *)(bytes + DISK_UNIT - sizeof(sum_t));
	struct superblock *super = (struct superblock *)(void *)bytes;
	struct config_block *config = (struct config_block *)(void *)bytes;
	struct bitmap_header *bitmap = (struct bitmap_header *)(void *)bytes;
	struct log_header *log = (struct log_header *)(void *)bytes;
	u64 place = (thing->place[0] % image->shape.units - LABEL_FIRST_UNIT) % LABEL_UNITS;
	view_t block = view_from(bytes, DISK_UNIT - sizeof(sum_t));
	switch (thing->kind) {
	case THING_NODE:
	case THING_RECORD: return;
	case THING_SUPERBLOCK:
		*last = checksum(block, super->pool_guid ^ (place - LABEL_RING_UNIT));
		return;
	case THING_CONFIG: *last = checksum(block, config->pool_guid); return;
	case THING_BITMAP:
		bitmap->sum = (sum_t){};
		bitmap->sum = checksum(view_from(bytes, DISK_UNIT), bitmap->zone);
		return;
	case THING_LOG:
		if (log->payload <= thing->units * DISK_UNIT - sizeof *log)
			log->sum = ilog_sum(log, view_from(bytes + sizeof *log, log->payload));
	}
}

void image_mend(struct image *image)
{
	u32 link = 0;
	for (u32 i = 0; i < image->thing_count; i++) {
		struct thing *thing = &image->things[i];
		for (; link < image->link_count && image->links[link].parent == i; link++)
			mend_link(image, &image->links[link]);
		if (!thing->is_changed)
			continue;
		mend_own(image, thing);
		image_spread(image, thing, image_bytes(image, thing));
	}
	for (u32 i = 0; i < image->thing_count; i++)
		image->things[i].is_changed = false;
}
