// SPDX-License-Identifier: MIT
// xattr_test.c - values of attributes of every size, in their items and in records: beside the
// inode's own contents, over closes and power cuts, in snapshots, to their end.
#include <stdio.h>
#include <string.h>

#include "lib/base/test.h"
#include "lib/sinter/check.h"
#include "test/sinter/world.h"

static const struct sinter_new regular = { .mode = 0100644 };
static const u32 sizes[] = { 0, 1, 4082, 4083, 16383, 16384, 16385, 32768, 40000, 49153, 65535,
	65536 };
enum { SIZES = sizeof sizes / sizeof sizes[0] };

static u8 bytes[XATTR_VALUE_MAX + 1], back[XATTR_VALUE_MAX];

static struct world world;
static struct disk *disk;
static struct sinter *pool;
static struct dataset *dataset;
static u64 file;

static bool start(u64 seed)
{
	world_init(&world, seed);
	random_fill(&world.random, span_of(bytes));
	disk = world_format(&world, 2 * WORLD_UNITS);
	return CHECK_OK(world_open_root(&world, disk, &pool, &dataset)) &&
	       CHECK_OK(
			   WAIT(pool, sinter_create(dataset, INODE_ROOT, VIEW_TEXT("file"), &regular, &file)));
}

static void stop(void)
{
	sinter_abandon(pool);
	disk_destroy(disk);
	CHECK_EQ(world.memory, 0);
}

static err_t set(const char *name, usize size)
{
	return WAIT(pool, sinter_xattr_set(dataset, file, view_cstring(name),
						  view_clamp(view_of(bytes), 0, size), XATTRS_SET));
}

static err_t get(struct dataset *from, const char *name, usize *out)
{
	memset(back, 0, sizeof back);
	return WAIT(pool, sinter_xattr_get(from, file, view_cstring(name), span_of(back), out));
}

static bool holds(struct dataset *from, const char *name, usize size)
{
	usize got;
	return CHECK_OK(get(from, name, &got)) && CHECK_EQ(got, size) &&
	       CHECK(!memcmp(back, bytes, size));
}

static void complain(void *context, view_t sentence)
{
	(void)context;
	printf("%.*s\n", (int)sentence.size, (const char *)sentence.data);
}

static bool is_clean(void)
{
	struct sinter_check check = { .complain = complain };
	return CHECK_OK(world_sync(pool)) && CHECK_OK(sinter_check(pool, &check)) &&
	       CHECK_EQ(check.complaints, 0);
}

static u64 free_units(void)
{
	struct sinter_status status;
	for (u32 i = 0; i < 6; i++) { // what older roots need comes back with later ones
		world_settle(pool);
		WAIT(pool, sinter_xattr_set(
					   dataset, INODE_ROOT, VIEW_TEXT("user.turn"), VIEW_TEXT("x"), XATTRS_SET));
		CHECK_OK(world_sync(pool));
	}
	sinter_status(pool, &status);
	return status.units_free;
}

TEST(xattr_each_size_over_each_size)
{
	usize got;
	REQUIRE(start(1));
	for (u32 i = 0; i < SIZES; i++) {
		for (u32 j = 0; j < SIZES; j++) {
			REQUIRE_OK(set("user.a", sizes[i]));
			REQUIRE_OK(set("user.a", sizes[j]));
			REQUIRE(holds(dataset, "user.a", sizes[j]));
			if (i % 4 == j % 4)
				REQUIRE(is_clean());
		}
	}
	CHECK_EQ(set("user.a", XATTR_VALUE_MAX + 1), ERR_TOO_BIG);
	REQUIRE(holds(dataset, "user.a", XATTR_VALUE_MAX));
	CHECK_OK(sinter_xattr_get(dataset, file, VIEW_TEXT("user.a"), (span_t){}, &got));
	CHECK_EQ(got, XATTR_VALUE_MAX);
	CHECK_EQ(sinter_xattr_get(dataset, file, VIEW_TEXT("user.a"), span_from(back, 65535), &got),
		ERR_RANGE);
	stop();
}

TEST(xattr_is_kept_over_power_cuts)
{
	REQUIRE(start(2));
	for (u32 i = 0; i < SIZES; i++) {
		char name[16];
		snprintf(name, sizeof name, "user.%u", i);
		REQUIRE_OK(set(name, sizes[i]));
		REQUIRE_OK(i % 2 ? world_fsync(pool, dataset, file) : world_sync(pool));
		sinter_abandon(pool);
		REQUIRE_OK(world_open_root(&world, disk, &pool, &dataset));
		for (u32 j = 0; j <= i; j++) {
			snprintf(name, sizeof name, "user.%u", j);
			REQUIRE(holds(dataset, name, sizes[j]));
		}
	}
	CHECK(is_clean());
	stop();
}

// Its records are behind those of the file: nothing that cuts, punches or looks for data meets
// them.
TEST(xattr_records_are_not_contents)
{
	u64 at;
	REQUIRE(start(3));
	REQUIRE_OK(set("user.a", 50000));
	CHECK_EQ(sinter_seek(dataset, file, 0, false, &at), ERR_NOT_FOUND);
	REQUIRE_OK(world_write(pool, (struct world_file){ dataset, file }, 5, view_from(bytes, 40000)));
	REQUIRE_OK(WAIT(pool, sinter_truncate(dataset, file, 20000)));
	REQUIRE_OK(WAIT(pool, sinter_punch(dataset, file, 0, 20000, &at)));
	CHECK_EQ(WAIT(pool, sinter_seek(dataset, file, 0, false, &at)), ERR_NOT_FOUND);
	REQUIRE_OK(WAIT(pool, sinter_truncate(dataset, file, FILE_SIZE_MAX)));
	CHECK_EQ(WAIT(pool, sinter_seek(dataset, file, 1, false, &at)), ERR_NOT_FOUND);
	REQUIRE_OK(WAIT(pool, sinter_seek(dataset, file, 1, true, &at)));
	CHECK_EQ(at, 1);
	REQUIRE_OK(WAIT(pool, sinter_truncate(dataset, file, 0)));
	world_settle(pool);
	CHECK(holds(dataset, "user.a", 50000));
	CHECK(is_clean());
	stop();
}

TEST(xattr_in_a_snapshot_and_its_space)
{
	u64 txg;
	struct dataset *past;
	REQUIRE(start(4));
	REQUIRE_OK(set("user.a", 10));
	u64 before = free_units();
	REQUIRE_OK(set("user.a", 60000));
	REQUIRE_OK(WAIT(pool, sinter_snapshot_begin(dataset, VIEW_TEXT("past"), &txg)));
	REQUIRE_OK(WAIT(pool, sinter_sync_done(pool, txg)));
	bytes[0] ^= 1;
	REQUIRE_OK(set("user.a", 30000));
	bytes[0] ^= 1;
	REQUIRE_OK(sinter_snapshot_open(dataset, txg, &past));
	CHECK(holds(past, "user.a", 60000));
	sinter_dataset_close(past);
	CHECK(is_clean());
	REQUIRE_OK(WAIT(pool, sinter_snapshot_destroy(dataset, txg)));
	REQUIRE_OK(set("user.a", 10));
	CHECK(is_clean());
	CHECK_EQ(free_units(), before);
	REQUIRE_OK(set("user.a", 60000));
	REQUIRE_OK(WAIT(pool, sinter_unlink(dataset, INODE_ROOT, VIEW_TEXT("file"), false)));
	CHECK(is_clean());
	CHECK(free_units() >= before);
	stop();
}
