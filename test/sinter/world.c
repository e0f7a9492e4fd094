// SPDX-License-Identifier: MIT
// world.c - see world.h.
#include "test/sinter/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *kept_find(struct world *world, usize size)
{
	for (u32 i = 0; i < WORLD_KEPT; i++) {
		void *memory = world->kept[i].memory;
		if (!memory || world->kept[i].size != size)
			continue;
		world->kept[i].memory = nullptr;
		return memory;
	}
	return nullptr;
}

static void *allocate_blocks(void *context, usize size)
{
	struct world *world = context;
	if (++world->allocations == world->fail_allocation)
		return nullptr;
	void *memory = kept_find(world, size);
	world->memory += (i64)size;
	if (world->memory_max && world->memory > world->memory_max)
		abort();
	if (memory)
		return memory;
	memory = aligned_alloc(4096, (size + 4095) & ~(usize)4095);
	if (!memory)
		abort();
	memset(memory, 0xa5, size); // whoever trusts it is found
	return memory;
}

static void *allocate(void *context, usize size)
{
	void *memory = allocate_blocks(context, size);
	if (memory)
		memset(memory, 0, size);
	return memory;
}

static void release(void *context, void *memory, usize size)
{
	struct world *world = context;
	world->memory -= (i64)size;
	if (!world->keeps_memory) {
		free(memory);
		return;
	}
	u32 at = 0;
	while (at < WORLD_KEPT && world->kept[at].memory)
		at++;
	if (at == WORLD_KEPT) { // of sizes that hostile images wanted once
		at = world->kept_at++ % WORLD_KEPT;
		free(world->kept[at].memory);
	}
	world->kept[at] = (struct world_memory){ memory, size };
}

static struct sinter_time now(void *context)
{
	struct world *world = context;
	world->clock += 1000;
	return (
		struct sinter_time){ (i64)(world->clock / 1000000000), (u32)(world->clock % 1000000000) };
}

static u64 random_number(void *context)
{
	struct world *world = context;
	return random_u64(&world->random);
}

static void report(void *context, view_t sentence)
{
	struct world *world = context;
	world->reports++;
	if (getenv("SINTER_VERBOSE"))
		fprintf(stderr, "sinter: %.*s\n", (int)sentence.size, (const char *)sentence.data);
}

void world_init(struct world *world, u64 seed)
{
	*world = (struct world){ .check_kind = seed % 3 ? CHECK_XXH3 : CHECK_BLAKE3,
		.clock = 1000000000000,
		.frames = 192,
		.port = { .allocate = allocate,
			.allocate_blocks = allocate_blocks,
			.release = release,
			.now = now,
			.random = random_number,
			.report = report,
			.context = world } };
	random_init(&world->random, seed);
}

void world_init_again(struct world *world, const struct world *before, u64 seed)
{
	struct world_memory kept[WORLD_KEPT];
	u32 kept_at = before->kept_at;
	memcpy(kept, before->kept, sizeof kept);
	world_init(world, seed);
	memcpy(world->kept, kept, sizeof kept);
	world->kept_at = kept_at;
	world->keeps_memory = true;
}

void world_fini(struct world *world)
{
	for (u32 i = 0; i < WORLD_KEPT; i++) {
		free(world->kept[i].memory);
		world->kept[i].memory = nullptr;
	}
}

u64 world_setting(const char *name, u64 otherwise)
{
	const char *text = getenv(name);
	return text ? strtoull(text, nullptr, 0) : otherwise;
}

static u32 devices_of(struct disk *disk, u32 opened, struct device *devices)
{
	u32 count = 0;
	for (u32 i = 0; i < disk->slice_count; i++)
		if (!opened || opened >> i & 1)
			devices[count++] = disk->slices[i].device;
	return count;
}

struct disk *world_format_shape(struct world *world, struct world_shape shape)
{
	struct disk *disk = disk_create_slices(shape.units, shape.disks);
	struct device devices[DISK_SLICES];
	struct sinter_format format = { .name = VIEW_TEXT("test"),
		.guid = 0x5eed,
		.check_kind = world->check_kind,
		.legs = shape.legs };
	if (sinter_format(&world->port, devices, devices_of(disk, 0, devices), &format) != OK)
		abort();
	return disk;
}

struct disk *world_format(struct world *world, u64 units)
{
	return world_format_shape(world, (struct world_shape){ .units = units, .disks = 1, .legs = 1 });
}

static err_t open_with(
	struct world *world, struct disk *disk, u32 opened, bool is_read_only, struct sinter **out)
{
	struct device devices[DISK_SLICES];
	struct sinter_options options = {
		.frames = world->frames, .loaded_zones = 48, .is_read_only = is_read_only
	};
	*out = nullptr;
	return sinter_open(&world->port, devices, devices_of(disk, opened, devices), &options, out);
}

err_t world_open_some(struct world *world, struct disk *disk, u32 opened, struct sinter **out)
{
	return open_with(world, disk, opened, false, out);
}

err_t world_open_to(struct world *world, struct disk *disk, bool is_read_only, struct sinter **out)
{
	return open_with(world, disk, 0, is_read_only, out);
}

err_t world_open(struct world *world, struct disk *disk, struct sinter **out)
{
	return world_open_some(world, disk, 0, out);
}

err_t world_open_root(
	struct world *world, struct disk *disk, struct sinter **out, struct dataset **out_root)
{
	TRY(world_open(world, disk, out));
	return WAIT(*out, sinter_dataset_open(*out, DATASET_ROOT, out_root));
}

void world_wait(struct sinter *pool, u32 *rounds)
{
	sinter_wait(pool);
	if (++*rounds > 100000) {
		fputs("a call never ends\n", stderr);
		abort();
	}
}

void world_settle(struct sinter *pool)
{
	u32 rounds = 0;
	do
		world_wait(pool, &rounds);
	while (sinter_is_busy(pool));
}

err_t world_sync(struct sinter *pool)
{
	u64 ticket = sinter_sync_begin(pool);
	return WAIT(pool, sinter_sync_done(pool, ticket));
}

err_t world_leave(struct sinter *pool, bool is_orderly)
{
	if (is_orderly)
		return sinter_close(pool);
	TRY(world_sync(pool));
	sinter_abandon(pool);
	return OK;
}

err_t world_fsync(struct sinter *pool, struct dataset *dataset, u64 inode)
{
	u64 ticket;
	TRY(WAIT(pool, sinter_fsync_begin(dataset, inode, &ticket)));
	return WAIT(pool, sinter_fsync_done(pool, ticket));
}

err_t world_write(struct sinter *pool, struct world_file file, u64 offset, view_t from)
{
	while (from.size) {
		usize written;
		TRY(WAIT(pool, sinter_write(file.dataset, file.inode, offset, from, &written)));
		offset += written;
		from = view_from_offset(from, written);
	}
	return OK;
}

err_t world_read(struct sinter *pool, struct world_file file, u64 offset, span_t to, usize *out)
{
	return WAIT(pool, sinter_read(file.dataset, file.inode, offset, to, out));
}
