// SPDX-License-Identifier: MIT
// image_fuzz.c - hostile images: bytes of a good image are changed as the input says, sums along
// the way are made right again (the input decides which), then the pool is opened, walked, changed
// and checked. Nothing may crash, hang or ask for more memory.
#include <stdlib.h>
#include <string.h>

#include "lib/base/test.h"
#include "lib/sinter/check.h"
#include "lib/sinter/checksum.h"
#include "lib/sinter/ilog.h"
#include "lib/sinter/pointer.h"
#include "test/sinter/world.h"

static struct disk *good;    // made once
static struct disk *damaged; // what the input makes of it

static const struct sinter_new regular = { .mode = 0100644 }, folder = { .mode = 040755 },
							   symbolic = { .mode = 0120777,
								   .target = { (const u8 *)"some/where", 10 } };

static void fill(struct sinter *pool, struct dataset *dataset)
{
	static u8 bytes[50000];
	u64 directory, inode;
	memset(bytes, 7, sizeof bytes);
	(void)sinter_create(dataset, INODE_ROOT, VIEW_TEXT("d"), &folder, &directory);
	(void)sinter_create(dataset, directory, VIEW_TEXT("link"), &symbolic, &inode);
	for (u32 i = 0; i < 120; i++) {
		char name[3] = { 'f', (char)('a' + i / 16), (char)('a' + i % 16) };
		(void)sinter_create(
			dataset, i % 2 ? INODE_ROOT : directory, view_from(name, 3), &regular, &inode);
		(void)world_write(
			pool, (struct world_file){ dataset, inode }, 0, view_from(bytes, i % 8 ? 100 : 50000));
	}
	(void)sinter_xattr_set(dataset, inode, VIEW_TEXT("user.x"), VIEW_TEXT("value"), XATTRS_SET);
	(void)world_sync(pool);
	(void)sinter_create(dataset, INODE_ROOT, VIEW_TEXT("logged"), &regular, &inode);
	(void)world_write(pool, (struct world_file){ dataset, inode }, 0, view_from(bytes, 9000));
	(void)sinter_xattr_change(dataset, inode,
		&(struct sinter_xattr){ .name = VIEW_TEXT("user.y"),
			.value = VIEW_TEXT("z"),
			.sets_mode = true,
			.mode = 0640 });
	(void)world_fsync(pool, dataset, inode);
}

static void make_good(void)
{
	static struct world world;
	struct sinter *pool;
	struct dataset *dataset;
	world_init(&world, 1);
	good = world_format(&world, WORLD_UNITS);
	if (world_open(&world, good, &pool) != OK ||
		sinter_dataset_open(pool, DATASET_ROOT, &dataset) != OK)
		abort();
	fill(pool, dataset);
	sinter_abandon(pool);
}

static u64 take(const u8 **data, usize *size, usize bytes)
{
	u64 value = 0;
	for (usize i = 0; i < bytes && *size; i++, ++*data, --*size)
		value |= (u64) * *data << (8 * i);
	return value;
}

// Makes the pointer's sum, and those of all above it, right again: the root is in the newest
// superblock.
static bool mend(struct disk *disk, pointer_t *pointer, u32 depth);

static u8 *bytes_at(struct disk *disk, u64 unit, u32 units, u8 *to)
{
	if (unit + units > disk->units || units > CHUNK_UNITS)
		return nullptr;
	for (u32 i = 0; i < units; i++)
		memcpy(to + i * DISK_UNIT, disk_unit_at(disk, unit + i)->bytes, DISK_UNIT);
	return to;
}

static void mend_children(struct disk *disk, struct node *node, u32 depth)
{
	if (node->magic != MAGIC_NODE || node->count > NODE_SLOTS || depth > 4)
		return;
	for (u32 i = 0; i < node->count; i++) {
		struct node_slot *slot = &node->slots[i];
		if (slot->offset + sizeof(pointer_t) > NODE_SIZE || slot->offset % 8)
			continue;
		bool is_pointer =
			node->level || (node->lineage != LINEAGE_POOL && key_kind(slot->key) == ITEM_DATA);
		u32 at = node->lineage == LINEAGE_POOL && key_kind(slot->key) == ITEM_DATASET ? 40 : 0;
		if ((is_pointer || at) && slot->offset + at + sizeof(pointer_t) <= NODE_SIZE)
			(void)mend(disk, (pointer_t *)(void *)((u8 *)node + slot->offset + at), depth + 1);
	}
}

static bool mend(struct disk *disk, pointer_t *pointer, u32 depth)
{
	static u8 frames[8][NODE_SIZE];
	u32 units = pointer_units(pointer);
	u64 unit = address_unit(pointer->address[0]);
	u8 *bytes = frames[depth % 8];
	if (!pointer->stored || pointer->stored > NODE_SIZE || depth > 6 ||
		!bytes_at(disk, unit, units, bytes))
		return false;
	if (pointer_type(pointer) != BLOCK_RECORD)
		mend_children(disk, (struct node *)(void *)bytes, depth);
	for (u32 copy = 0; copy < COPIES_MAX; copy++) {
		u64 to = address_unit(pointer->address[copy]);
		for (u32 i = 0; to && to + units <= disk->units && i < units; i++)
			memcpy(disk_unit_at(disk, to + i)->bytes, bytes + i * DISK_UNIT, DISK_UNIT);
	}
	pointer->sum = checksum(view_from(bytes, pointer->stored), pointer->info);
	return true;
}

static void mend_superblocks(struct disk *disk)
{
	static const u64 labels[] = { 16, 80, WORLD_UNITS - 128, WORLD_UNITS - 64 };
	for (u32 i = 0; i < 4 * RING_PLACES; i++) {
		u64 unit = labels[i / RING_PLACES] + LABEL_RING_UNIT + i % RING_PLACES;
		struct superblock *super = (struct superblock *)(void *)disk_unit_at(disk, unit);
		if (super->magic != MAGIC_SUPERBLOCK)
			continue;
		(void)mend(disk, &super->root, 0);
		super->sum = checksum(
			view_from(super, UNIT_SIZE - sizeof(sum_t)), super->pool_guid ^ (i % RING_PLACES));
	}
}

// The log's groups have right sums too, so what they say is looked at.
static void mend_log(struct disk *disk)
{
	static u8 group[LOG_GROUP_MAX];
	struct log_header *header = (struct log_header *)(void *)group;
	enum { FIRST = 144, UNITS = 256 }; // of this small pool
	for (u64 unit = FIRST; unit < FIRST + UNITS; unit++) {
		memcpy(group, disk_unit_at(disk, unit)->bytes, DISK_UNIT);
		if (header->magic != MAGIC_LOG || header->payload > sizeof group - sizeof *header)
			continue;
		u64 units = (sizeof *header + header->payload + DISK_UNIT - 1) / DISK_UNIT;
		for (u64 i = 1; i < units && unit + i < disk->units; i++)
			memcpy(group + i * DISK_UNIT, disk_unit_at(disk, unit + i)->bytes, DISK_UNIT);
		header->sum = ilog_sum(header, view_from(group + sizeof *header, header->payload));
		memcpy(disk_unit_at(disk, unit)->bytes, group, DISK_UNIT);
	}
}

// The n-th unit that holds anything.
static struct disk_unit *used_unit(struct disk *disk, u64 n)
{
	static u64 used[WORLD_UNITS];
	static u32 count;
	for (u64 i = 0; !count && i < disk->units; i++) {
		static const struct disk_unit zero;
		if (good->now[i] && memcmp(good->now[i], &zero, sizeof zero) != 0)
			used[count++] = i;
		if (i + 1 == disk->units)
			break;
	}
	return disk_unit_at(disk, used[n % count]);
}

static void damage(struct disk *disk, const u8 *data, usize size)
{
	while (size >= 6) {
		struct disk_unit *unit = used_unit(disk, take(&data, &size, 2));
		u64 at = take(&data, &size, 2) % DISK_UNIT, kind = take(&data, &size, 1);
		u64 value = take(&data, &size, kind % 4 == 3 ? 8 : 1);
		if (kind % 4 == 0)
			unit->bytes[at] ^= (u8)(1 + value % 255);
		else if (kind % 4 == 1)
			unit->bytes[at] = (u8)value;
		else if (kind % 4 == 2)
			memcpy(unit, used_unit(disk, value * 7 + at), sizeof *unit);
		else
			for (u32 i = 0; i < 8 && at / 8 * 8 + i < DISK_UNIT; i++)
				unit->bytes[at / 8 * 8 + i] = (u8)(value >> 8 * i);
	}
}

static void ignore(void *context, view_t sentence)
{
	(void)context;
	(void)sentence;
}

static void walk(struct sinter *pool, struct dataset *dataset, u64 directory)
{
	static u8 bytes[60000];
	struct sinter_entry entry = {};
	for (u32 i = 0; i < 400; i++) {
		struct inode_record attributes;
		usize size;
		u64 inode;
		if (WAIT(pool, sinter_read_directory(dataset, directory, entry.cookie, &entry)) != OK)
			return;
		(void)WAIT(pool, sinter_attributes(dataset, entry.inode, &attributes));
		(void)WAIT(pool, sinter_read(dataset, entry.inode, 0, span_of(bytes), &size));
		sinter_accessed(dataset, entry.inode);
		(void)WAIT(pool,
			sinter_xattr_get(dataset, entry.inode, VIEW_TEXT("user.y"), span_of(bytes), &size));
		(void)WAIT(pool, sinter_read_link(dataset, entry.inode, span_of(bytes), &size));
		(void)WAIT(pool,
			sinter_lookup(dataset, directory, view_from(entry.name, entry.name_size), &inode));
	}
}

static void change(struct sinter *pool, struct dataset *dataset)
{
	u64 inode, found;
	if (WAIT(pool, sinter_lookup(dataset, INODE_ROOT, VIEW_TEXT("fab"), &found)) == OK) {
		(void)world_write(pool, (struct world_file){ dataset, found }, 20000, VIEW_TEXT("changed"));
		(void)WAIT(pool, sinter_truncate(dataset, found, 3));
	}
	(void)WAIT(pool, sinter_create(dataset, INODE_ROOT, VIEW_TEXT("new"), &regular, &inode));
	(void)WAIT(pool, sinter_unlink(dataset, INODE_ROOT, VIEW_TEXT("fad"), false));
	(void)WAIT(pool, sinter_rename(dataset, (struct sinter_name){ INODE_ROOT, VIEW_TEXT("faf") },
						 (struct sinter_name){ INODE_ROOT, VIEW_TEXT("fah") }, 0));
	(void)world_sync(pool);
}

// As good again: only what differs is written.
static void restore(void)
{
	for (u64 i = 0; i < damaged->units; i++) {
		struct disk_unit *unit = damaged->now[i];
		if (unit && !good->now[i])
			memset(unit, 0, sizeof *unit);
		else if (unit && memcmp(unit, good->now[i], sizeof *unit) != 0)
			memcpy(unit, good->now[i], sizeof *unit);
	}
}

static void try_pool(struct sinter *pool)
{
	struct dataset *dataset;
	struct sinter_check check = { .complain = ignore };
	if (WAIT(pool, sinter_dataset_open(pool, DATASET_ROOT, &dataset)) == OK) {
		walk(pool, dataset, INODE_ROOT);
		walk(pool, dataset, 2);
		change(pool, dataset);
	}
	(void)sinter_check(pool, &check);
	(void)sinter_close(pool);
}

int LLVMFuzzerTestOneInput(const u8 *data, usize size)
{
	static struct world world; // memory is kept from one image to the next
	struct sinter *pool;
	if (!good) {
		make_good();
		damaged = disk_copy(good);
	}
	if (size < 7 || size > 200)
		return -1;
	restore();
	damage(damaged, data + 1, size - 1);
	if (data[0] & 1) {
		mend_superblocks(damaged);
		mend_log(damaged);
	}
	struct world before = world;
	world_init_again(&world, &before, 2);
	if (world_open(&world, damaged, &pool) == OK)
		try_pool(pool);
	if (world.memory)
		abort();
	return 0;
}
