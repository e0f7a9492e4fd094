// SPDX-License-Identifier: MIT
// pool_test.c - the first things a pool must do: be made, be opened, keep files over a close and
// over a power cut, refuse what is not one.
#include <stdio.h>
#include <string.h>

#include "lib/base/test.h"
#include "test/sinter/world.h"

static const struct sinter_new regular = { .mode = 0100644 }, folder = { .mode = 040755 };

static u8 bytes[300000], back[300000];

TEST(pool_opens_after_format)
{
	struct world world;
	struct sinter *pool;
	struct dataset *dataset;
	struct sinter_attributes attributes;
	world_init(&world, 1);
	struct disk *disk = world_format(&world, WORLD_UNITS);
	REQUIRE_OK(world_open(&world, disk, &pool));
	REQUIRE_OK(sinter_dataset_open(pool, DATASET_ROOT, &dataset));
	CHECK_OK(sinter_attributes(dataset, INODE_ROOT, &attributes));
	CHECK_EQ(attributes.mode, 040755);
	CHECK_EQ(attributes.links, 2);
	sinter_dataset_close(dataset);
	CHECK_OK(sinter_close(pool));
	disk_destroy(disk);
	CHECK_EQ(world.memory, 0);
}

TEST(pool_keeps_files_over_a_close)
{
	struct world world;
	struct sinter *pool;
	struct dataset *dataset;
	u64 directory, file, found;
	usize size;
	world_init(&world, 2);
	random_fill(&world.random, span_of(bytes));
	struct disk *disk = world_format(&world, WORLD_UNITS);
	REQUIRE_OK(world_open(&world, disk, &pool));
	REQUIRE_OK(sinter_dataset_open(pool, DATASET_ROOT, &dataset));
	REQUIRE_OK(WAIT(pool, sinter_create(dataset, INODE_ROOT, VIEW_TEXT("a"), &folder, &directory)));
	REQUIRE_OK(WAIT(pool, sinter_create(dataset, directory, VIEW_TEXT("b"), &regular, &file)));
	REQUIRE_OK(world_write(pool, (struct world_file){ dataset, file }, 0, view_of(bytes)));
	REQUIRE_OK(sinter_close(pool));
	REQUIRE_OK(world_open(&world, disk, &pool));
	REQUIRE_OK(sinter_dataset_open(pool, DATASET_ROOT, &dataset));
	REQUIRE_OK(sinter_lookup(dataset, INODE_ROOT, VIEW_TEXT("a"), &found));
	CHECK_EQ(found, directory);
	REQUIRE_OK(sinter_lookup(dataset, directory, VIEW_TEXT("b"), &found));
	CHECK_EQ(found, file);
	REQUIRE_OK(world_read(pool, (struct world_file){ dataset, file }, 0, span_of(back), &size));
	CHECK_EQ(size, sizeof bytes);
	CHECK(!memcmp(bytes, back, sizeof bytes));
	sinter_abandon(pool);
	disk_destroy(disk);
	CHECK_EQ(world.memory, 0);
}

TEST(pool_replays_the_log_after_a_power_cut)
{
	struct world world;
	struct sinter *pool;
	struct dataset *dataset;
	u64 small, large, found;
	usize size;
	world_init(&world, 3);
	random_fill(&world.random, span_of(bytes));
	struct disk *disk = world_format(&world, WORLD_UNITS);
	REQUIRE_OK(world_open(&world, disk, &pool));
	REQUIRE_OK(sinter_dataset_open(pool, DATASET_ROOT, &dataset));
	REQUIRE_OK(sinter_create(dataset, INODE_ROOT, VIEW_TEXT("small"), &regular, &small));
	REQUIRE_OK(sinter_create(dataset, INODE_ROOT, VIEW_TEXT("large"), &regular, &large));
	REQUIRE_OK(world_write(pool, (struct world_file){ dataset, small }, 0, view_from(bytes, 100)));
	REQUIRE_OK(
		world_write(pool, (struct world_file){ dataset, large }, 5000, view_from(bytes, 40000)));
	u64 before = disk->flushes;
	REQUIRE_OK(world_fsync(pool, dataset, small));
	CHECK_EQ(disk->flushes, before + 1); // one flush, no commit
	REQUIRE_OK(world_fsync(pool, dataset, large));
	REQUIRE_OK(sinter_create(dataset, INODE_ROOT, VIEW_TEXT("lost"), &regular, &found));
	sinter_abandon(pool);
	REQUIRE_OK(world_open(&world, disk, &pool));
	REQUIRE_OK(sinter_dataset_open(pool, DATASET_ROOT, &dataset));
	REQUIRE_OK(sinter_lookup(dataset, INODE_ROOT, VIEW_TEXT("large"), &found));
	CHECK_EQ(found, large);
	CHECK_EQ(sinter_lookup(dataset, INODE_ROOT, VIEW_TEXT("lost"), &found), ERR_NOT_FOUND);
	REQUIRE_OK(world_read(pool, (struct world_file){ dataset, large }, 5000, span_of(back), &size));
	CHECK_EQ(size, 40000);
	CHECK(!memcmp(bytes, back, size));
	REQUIRE_OK(world_read(pool, (struct world_file){ dataset, small }, 0, span_of(back), &size));
	CHECK_EQ(size, 100);
	CHECK(!memcmp(bytes, back, size));
	sinter_abandon(pool);
	disk_destroy(disk);
}

TEST(pool_many_files_in_little_memory)
{
	struct world world;
	struct sinter *pool;
	struct dataset *dataset;
	world_init(&world, 4);
	struct disk *disk = world_format(&world, 4 * WORLD_UNITS);
	REQUIRE_OK(world_open(&world, disk, &pool));
	REQUIRE_OK(sinter_dataset_open(pool, DATASET_ROOT, &dataset));
	for (u32 i = 0; i < 3000; i++) {
		char name[16];
		u64 inode;
		snprintf(name, sizeof name, "file%u", i);
		REQUIRE_OK(
			WAIT(pool, sinter_create(dataset, INODE_ROOT, view_cstring(name), &regular, &inode)));
		REQUIRE_OK(world_write(
			pool, (struct world_file){ dataset, inode }, 0, view_from(bytes, 1 + i % 3000)));
	}
	REQUIRE_OK(world_sync(pool));
	struct sinter_entry entry = {};
	u32 count = 0;
	while (WAIT(pool, sinter_read_directory(dataset, INODE_ROOT, entry.cookie, &entry)) == OK)
		count++;
	CHECK_EQ(count, 3000);
	for (u32 i = 0; i < 3000; i++) {
		char name[16];
		snprintf(name, sizeof name, "file%u", i);
		REQUIRE_OK(WAIT(pool, sinter_unlink(dataset, INODE_ROOT, view_cstring(name), false)));
	}
	world_settle(pool);
	CHECK_EQ(WAIT(pool, sinter_read_directory(dataset, INODE_ROOT, 0, &entry)), ERR_NOT_FOUND);
	REQUIRE_OK(sinter_close(pool));
	disk_destroy(disk);
}

TEST(pool_refuses_what_is_none)
{
	struct world world;
	struct sinter *pool;
	world_init(&world, 5);
	struct disk *disk = disk_create(WORLD_UNITS);
	CHECK_EQ(world_open(&world, disk, &pool), ERR_NOT_FOUND);
	CHECK_EQ(disk->bytes_written, 0);
	disk_destroy(disk);
	CHECK_EQ(world.memory, 0);
}
