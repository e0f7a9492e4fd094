// SPDX-License-Identifier: MIT
// pool_test.c - the first things a pool must do: be made, be opened, keep files over a close and
// over a power cut, refuse what is not one.
#include <stdio.h>
#include <string.h>

#include "lib/base/test.h"
#include "lib/sinter/check.h"
#include "lib/sinter/space.h"
#include "lib/sinter/verify.h"
#include "test/sinter/world.h"

static const struct sinter_new regular = { .mode = 0100644 }, folder = { .mode = 040755 };

static u8 bytes[300000], back[300000];

static struct world world;
static struct disk *disk;
static struct sinter *pool;
static struct dataset *dataset;

static bool open_again(void)
{
	return CHECK_OK(world_open_root(&world, disk, &pool, &dataset));
}

static bool start(u64 seed, u64 units)
{
	world_init(&world, seed);
	random_fill(&world.random, span_of(bytes));
	disk = world_format(&world, units);
	return open_again();
}

static void stop(void)
{
	disk_destroy(disk);
	CHECK_EQ(world.memory, 0);
}

static err_t write_file(u64 inode, u64 offset, usize size)
{
	return world_write(pool, (struct world_file){ dataset, inode }, offset, view_from(bytes, size));
}

// The file has so many bytes there, those that were written.
static bool holds(u64 inode, u64 offset, usize size)
{
	usize got;
	return CHECK_OK(world_read(
			   pool, (struct world_file){ dataset, inode }, offset, span_of(back), &got)) &&
	       CHECK_EQ(got, size) && CHECK(!memcmp(bytes, back, size));
}

TEST(pool_opens_after_format)
{
	struct inode_record attributes;
	REQUIRE(start(1, WORLD_UNITS));
	CHECK_OK(sinter_attributes(dataset, INODE_ROOT, &attributes));
	CHECK_EQ(attributes.mode, 040755);
	CHECK_EQ(attributes.links, 2);
	sinter_dataset_close(dataset);
	CHECK_OK(sinter_close(pool));
	stop();
}

TEST(pool_keeps_files_over_a_close)
{
	u64 directory, file, found;
	REQUIRE(start(2, WORLD_UNITS));
	REQUIRE_OK(WAIT(pool, sinter_create(dataset, INODE_ROOT, VIEW_TEXT("a"), &folder, &directory)));
	REQUIRE_OK(WAIT(pool, sinter_create(dataset, directory, VIEW_TEXT("b"), &regular, &file)));
	REQUIRE_OK(write_file(file, 0, sizeof bytes));
	REQUIRE_OK(sinter_close(pool));
	REQUIRE(open_again());
	REQUIRE_OK(sinter_lookup(dataset, INODE_ROOT, VIEW_TEXT("a"), &found));
	CHECK_EQ(found, directory);
	REQUIRE_OK(sinter_lookup(dataset, directory, VIEW_TEXT("b"), &found));
	CHECK_EQ(found, file);
	CHECK(holds(file, 0, sizeof bytes));
	sinter_abandon(pool);
	stop();
}

TEST(pool_replays_the_log_after_a_power_cut)
{
	u64 small, large, found;
	REQUIRE(start(3, WORLD_UNITS));
	REQUIRE_OK(sinter_create(dataset, INODE_ROOT, VIEW_TEXT("small"), &regular, &small));
	REQUIRE_OK(sinter_create(dataset, INODE_ROOT, VIEW_TEXT("large"), &regular, &large));
	REQUIRE_OK(write_file(small, 0, 100));
	REQUIRE_OK(write_file(large, 5000, 40000));
	u64 before = disk->flushes;
	REQUIRE_OK(world_fsync(pool, dataset, small));
	CHECK_EQ(disk->flushes, before + 1); // one flush, no commit
	REQUIRE_OK(world_fsync(pool, dataset, large));
	REQUIRE_OK(sinter_create(dataset, INODE_ROOT, VIEW_TEXT("lost"), &regular, &found));
	sinter_abandon(pool);
	REQUIRE(open_again());
	REQUIRE_OK(sinter_lookup(dataset, INODE_ROOT, VIEW_TEXT("large"), &found));
	CHECK_EQ(found, large);
	CHECK_EQ(sinter_lookup(dataset, INODE_ROOT, VIEW_TEXT("lost"), &found), ERR_NOT_FOUND);
	CHECK(holds(large, 5000, 40000));
	CHECK(holds(small, 0, 100));
	sinter_abandon(pool);
	stop();
}

TEST(pool_many_files_in_little_memory)
{
	REQUIRE(start(4, 4 * WORLD_UNITS));
	for (u32 i = 0; i < 3000; i++) {
		char name[16];
		u64 inode;
		snprintf(name, sizeof name, "file%u", i);
		REQUIRE_OK(
			WAIT(pool, sinter_create(dataset, INODE_ROOT, view_cstring(name), &regular, &inode)));
		REQUIRE_OK(write_file(inode, 0, 1 + i % 3000));
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
	stop();
}

// Leaves that became empty beside full ones stayed, and a search had to go through all of them.
TEST(pool_empties_a_directory_in_order)
{
	constexpr u32 count = 5000;
	u64 inode;
	REQUIRE(start(5, 16 * WORLD_UNITS));
	for (u32 i = 0; i < count; i++) {
		char name[16];
		snprintf(name, sizeof name, "file%u", i);
		REQUIRE_OK(
			WAIT(pool, sinter_create(dataset, INODE_ROOT, view_cstring(name), &regular, &inode)));
		REQUIRE_OK(write_file(inode, 0, 1000));
	}
	for (u32 i = 0; i < count; i++) {
		char name[16];
		snprintf(name, sizeof name, "file%u", i);
		REQUIRE_OK(WAIT(pool, sinter_unlink(dataset, INODE_ROOT, view_cstring(name), false)));
	}
	for (u32 i = 0; i < count; i++)
		sinter_wait(pool); // each does some of what is unfinished
	REQUIRE_OK(world_sync(pool));
	struct sinter_check checked = {};
	REQUIRE_OK(sinter_check(pool, &checked));
	CHECK_EQ(checked.complaints, 0);
	CHECK(checked.nodes < 16); // there were some 400
	REQUIRE_OK(WAIT(pool, sinter_create(dataset, INODE_ROOT, VIEW_TEXT("one"), &regular, &inode)));
	REQUIRE_OK(sinter_close(pool));
	stop();
}

// What is left of a truncation is finished by the next write: the note that the file has no name
// must stay.
TEST(pool_forgets_no_file_without_a_name)
{
	u64 inode;
	REQUIRE(start(6, WORLD_UNITS));
	REQUIRE_OK(WAIT(pool, sinter_create(dataset, INODE_ROOT, VIEW_TEXT("held"), &regular, &inode)));
	REQUIRE_OK(write_file(inode, 0, 60000));
	REQUIRE_OK(sinter_hold(dataset, inode));
	REQUIRE_OK(WAIT(pool, sinter_unlink(dataset, INODE_ROOT, VIEW_TEXT("held"), false)));
	REQUIRE_OK(WAIT(pool, sinter_truncate(dataset, inode, 100)));
	REQUIRE_OK(write_file(inode, 50, 20000));
	struct sinter_check checked = {};
	REQUIRE_OK(sinter_check(pool, &checked));
	CHECK_EQ(checked.complaints, 0);
	sinter_release(dataset, inode);
	world_settle(pool);
	struct inode_record attributes;
	CHECK_EQ(WAIT(pool, sinter_attributes(dataset, inode, &attributes)), ERR_NOT_FOUND);
	REQUIRE_OK(sinter_close(pool));
	stop();
}

static i64 accessed(u64 inode)
{
	struct inode_record record = {};
	CHECK_OK(WAIT(pool, sinter_attributes(dataset, inode, &record)));
	return record.atime_s;
}

// As Linux' relatime; reading is never the reason for a commit.
TEST(pool_notes_access_times_with_the_next_commit)
{
	struct sinter_status before, after;
	struct dataset_record off = { .flags = DATASET_NO_ATIME };
	const struct inode_record old = { .atime_s = -5 };
	u64 inode;
	REQUIRE(start(31, WORLD_UNITS));
	REQUIRE_OK(WAIT(pool, sinter_create(dataset, INODE_ROOT, VIEW_TEXT("read"), &regular, &inode)));
	REQUIRE_OK(WAIT(pool, sinter_set_attributes(dataset, inode, &old, ATTRIBUTE_ACCESSED)));
	REQUIRE_OK(world_sync(pool));
	sinter_status(pool, &before);
	sinter_accessed(dataset, inode);
	i64 first = accessed(inode);
	CHECK(first > old.atime_s);
	sinter_accessed(dataset, inode);
	CHECK_EQ(accessed(inode), first); // known already
	REQUIRE_OK(world_sync(pool));
	sinter_status(pool, &after);
	CHECK_EQ(after.txg, before.txg);
	REQUIRE_OK(write_file(inode, 0, 10));
	REQUIRE_OK(world_sync(pool));
	sinter_dataset_close(dataset);
	sinter_abandon(pool);
	REQUIRE(open_again());
	CHECK_EQ(accessed(inode), first);
	REQUIRE_OK(WAIT(pool, sinter_set_properties(dataset, &off, PROPERTY_NO_ATIME)));
	sinter_accessed(dataset, inode);
	CHECK_EQ(accessed(inode), first); // it was written since, but nobody wants to know
	sinter_dataset_close(dataset);
	CHECK_OK(sinter_close(pool));
	stop();
}

TEST(pool_refuses_what_is_none)
{
	world_init(&world, 5);
	disk = disk_create(WORLD_UNITS);
	CHECK_EQ(world_open(&world, disk, &pool), ERR_NOT_FOUND);
	CHECK_EQ(disk->bytes_written, 0);
	stop();
}

static err_t count_together(void *context, struct btree *tree, const pointer_t *pointer)
{
	u32 *together = context;
	if (pointer_copies(pointer) > 1)
		*together += space_zone_of(tree->pool, pointer->address[0]) ==
		             space_zone_of(tree->pool, pointer->address[1]);
	return OK;
}

// What damages one part of a disk leaves the other copy.
TEST(pool_puts_copies_into_different_zones)
{
	u64 file;
	u32 together = 0;
	struct verify_visitor visitor = { .visit = count_together, .context = &together };
	REQUIRE(start(9, 4 * WORLD_UNITS));
	for (u32 i = 0; i < 200; i++) {
		char name[8];
		snprintf(name, sizeof name, "%u", i);
		REQUIRE_OK(
			WAIT(pool, sinter_create(dataset, INODE_ROOT, view_cstring(name), &regular, &file)));
		REQUIRE_OK(write_file(file, 0, 1000));
		if (i % 50 == 0)
			REQUIRE_OK(world_sync(pool));
	}
	REQUIRE_OK(world_sync(pool));
	CHECK(dataset->record.root.address[1] != 0);
	CHECK_OK(WAIT(pool, verify_tree(&pool->tree, 0, &visitor)));
	CHECK_OK(WAIT(pool, verify_tree(&dataset->tree, 0, &visitor)));
	CHECK_EQ(together, 0);
	sinter_abandon(pool);
	stop();
}
