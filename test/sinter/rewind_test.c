// SPDX-License-Identifier: MIT
// rewind_test.c - a device that ignored flushes loses the newest root, but not the groups of the
// log that followed it. The pool goes on from an older root, and a new root takes the lost one's
// number: what was logged behind the lost one must never come back.
#include <string.h>

#include "lib/base/test.h"
#include "test/sinter/operate.h"

static const struct sinter_new regular = { .mode = 0100644 };

static struct world world;
static struct disk *disk;
static struct sinter *pool;
static struct dataset *dataset;

static bool open_again(void)
{
	return CHECK_OK(world_open_root(&world, disk, &pool, &dataset));
}

static u64 create(view_t name)
{
	u64 inode = 0;
	CHECK_OK(WAIT(pool, sinter_create(dataset, INODE_ROOT, name, &regular, &inode)));
	return inode;
}

static err_t find(view_t name)
{
	u64 inode;
	return WAIT(pool, sinter_lookup(dataset, INODE_ROOT, name, &inode));
}

static err_t rename_file(view_t from, view_t to)
{
	return WAIT(pool, sinter_rename(dataset, (struct sinter_name){ INODE_ROOT, from },
						  (struct sinter_name){ INODE_ROOT, to }, 0));
}

// In all labels.
static u32 lose_newest_root(void)
{
	u64 newest = 0;
	u32 lost = 0;
	for (u32 turn = 0; turn < 2; turn++) {
		for (u64 unit = 0; unit < disk->units; unit++) {
			struct superblock *super = (struct superblock *)(void *)disk->now[unit];
			if (!super || super->magic != MAGIC_SUPERBLOCK)
				continue;
			if (turn && super->txg == newest) {
				memset(super, 0, UNIT_SIZE);
				lost++;
			} else if (super->txg > newest) {
				newest = super->txg;
			}
		}
	}
	return lost;
}

TEST(rewind_forgets_what_followed_the_lost_root)
{
	world_init(&world, 1);
	disk = world_format(&world, WORLD_UNITS);
	REQUIRE(open_again());
	u64 first = create(VIEW_TEXT("first"));
	REQUIRE_OK(world_sync(pool));
	create(VIEW_TEXT("logged"));
	REQUIRE_OK(world_fsync(pool, dataset, first));
	u64 last = create(VIEW_TEXT("of the lost root"));
	REQUIRE_OK(world_sync(pool));
	REQUIRE_OK(rename_file(VIEW_TEXT("of the lost root"), VIEW_TEXT("moved")));
	REQUIRE_OK(rename_file(VIEW_TEXT("logged"), VIEW_TEXT("logged and moved")));
	REQUIRE_OK(world_fsync(pool, dataset, last));
	sinter_abandon(pool);
	REQUIRE(lose_newest_root() != 0);
	for (u32 i = 0; i < 3; i++) {
		REQUIRE(open_again());
		CHECK_OK(find(VIEW_TEXT("first")));
		CHECK_OK(find(VIEW_TEXT("logged")));
		CHECK_EQ(find(VIEW_TEXT("moved")), ERR_NOT_FOUND);
		CHECK_EQ(find(VIEW_TEXT("logged and moved")), ERR_NOT_FOUND);
		CHECK(operate_check(pool, false));
		REQUIRE_OK(world_sync(pool));
		sinter_abandon(pool);
	}
	disk_destroy(disk);
	CHECK_EQ(world.memory, 0);
}
