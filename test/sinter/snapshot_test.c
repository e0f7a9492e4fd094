// SPDX-License-Identifier: MIT
// snapshot_test.c - snapshots keep what they saw, bit for bit, whatever happens to the dataset;
// destroying them gives back exactly what only they held; also with power cuts in between.
// SINTER_SEED, SINTER_OPS.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/test.h"
#include "test/sinter/operate.h"

enum { SNAPSHOTS = 6 };

struct kept {
	u64 txg; // 0: free
	struct model model;
};

struct run {
	struct world world;
	struct disk *disk;
	struct sinter *pool;
	struct dataset *dataset;
	struct model model;
	struct random random;
	struct kept kept[SNAPSHOTS];
	u32 names;
};

static u64 from_environment(const char *name, u64 otherwise)
{
	const char *text = getenv(name);
	return text ? strtoull(text, nullptr, 0) : otherwise;
}

static bool open_pool(struct run *run)
{
	return CHECK_OK(world_open(&run->world, run->disk, &run->pool)) &&
	       CHECK_OK(WAIT(run->pool, sinter_dataset_open(run->pool, DATASET_ROOT, &run->dataset)));
}

static bool take(struct run *run, struct kept *kept)
{
	char name[16];
	u64 ticket;
	struct sinter_snapshot snapshot = {};
	snprintf(name, sizeof name, "snap%u", run->names++);
	if (!CHECK_OK(
			WAIT(run->pool, sinter_snapshot_begin(run->dataset, view_cstring(name), &ticket))) ||
		!CHECK_OK(WAIT(run->pool, sinter_sync_done(run->pool, ticket))))
		return false;
	CHECK_EQ(WAIT(run->pool, sinter_snapshot_begin(run->dataset, view_cstring(name), &ticket)),
		ERR_EXISTS);
	while (WAIT(run->pool, sinter_snapshot_next(run->dataset, snapshot.txg, &snapshot)) == OK)
		kept->txg = snapshot.txg;
	model_copy(&kept->model, &run->model);
	return CHECK(kept->txg != 0);
}

static bool compare(struct run *run, struct kept *kept)
{
	struct dataset *snapshot;
	if (!CHECK_OK(WAIT(run->pool, sinter_snapshot_open(run->dataset, kept->txg, &snapshot))))
		return false;
	u64 inode;
	const struct sinter_new what = { .mode = 0100644 };
	CHECK_EQ(sinter_create(snapshot, INODE_ROOT, VIEW_TEXT("no"), &what, &inode), ERR_READ_ONLY);
	CHECK_EQ(WAIT(run->pool, sinter_snapshot_destroy(run->dataset, kept->txg)), ERR_BUSY);
	bool is_same = CHECK(operate_compare(run->pool, snapshot, &kept->model));
	sinter_dataset_close(snapshot);
	return is_same;
}

static bool destroy(struct run *run, struct kept *kept)
{
	err_t err = WAIT(run->pool, sinter_snapshot_destroy(run->dataset, kept->txg));
	if (err == ERR_BUSY)
		return true; // another one is still being destroyed
	model_fini(&kept->model);
	*kept = (struct kept){};
	return CHECK_OK(err);
}

static bool some_snapshot_work(struct run *run)
{
	struct kept *kept = &run->kept[random_below(&run->random, SNAPSHOTS)];
	if (!kept->txg)
		return take(run, kept);
	return random_below(&run->random, 2) ? compare(run, kept) : destroy(run, kept);
}

static bool reopen(struct run *run)
{
	return CHECK_OK(world_leave(run->pool, false)) && open_pool(run);
}

static bool verify(struct run *run)
{
	bool is_good = CHECK(operate_compare(run->pool, run->dataset, &run->model)) &&
	               CHECK(operate_check(run->pool, false));
	for (u32 i = 0; is_good && i < SNAPSHOTS; i++)
		is_good = !run->kept[i].txg || compare(run, &run->kept[i]);
	return is_good;
}

static bool random_run(struct run *run, u64 count)
{
	struct ops_limits limits = { .file_max = 60000, .names = 20, .nodes = 40 };
	for (u64 i = 0; i < count; i++) {
		bool is_full;
		struct op op = op_random(&run->random, &run->model, &limits);
		if (!CHECK(op_apply(&op, run->pool, run->dataset, &run->model, &is_full)))
			return false;
		if (random_below(&run->random, 25) == 0 && !some_snapshot_work(run))
			return false;
		if (random_below(&run->random, 150) == 0 && !reopen(run))
			return false;
		if (i % 250 == 249 && !verify(run))
			return false;
	}
	return verify(run);
}

// Without snapshots all space they held is free again: as much as a pool with these files alone
// has.
static bool all_space_comes_back(struct run *run)
{
	struct sinter_status status;
	struct sinter_snapshot left;
	for (u32 i = 0; i < SNAPSHOTS; i++)
		while (run->kept[i].txg) {
			if (!destroy(run, &run->kept[i]))
				return false;
			sinter_work(run->pool);
		}
	for (u32 i = 0; i < 5000; i++)
		world_settle(run->pool);
	if (!CHECK_OK(world_sync(run->pool)) || !CHECK(operate_check(run->pool, false)))
		return false;
	CHECK_EQ(sinter_snapshot_next(run->dataset, 0, &left), ERR_NOT_FOUND);
	for (u32 i = 0; i < MODEL_NAMES; i++) { // and with no files either
		struct model_name *name = &run->model.names[i];
		if (!name->directory)
			continue;
		struct model_node *node = model_node(&run->model, name->inode);
		bool is_directory = (node->mode & 0170000) == 040000;
		if (is_directory && model_entries(&run->model, node->inode))
			continue;
		struct op op = { .kind = is_directory ? OP_RMDIR : OP_UNLINK,
			.directory = name->directory };
		bool is_full;
		memcpy(op.name, name->name, sizeof op.name);
		if (!CHECK(op_apply(&op, run->pool, run->dataset, &run->model, &is_full)))
			return false;
		i = (u32)-1; // a directory may be empty now
	}
	for (u32 i = 0; i < 1000; i++)
		world_settle(run->pool);
	if (!CHECK_OK(world_sync(run->pool)))
		return false;
	sinter_status(run->pool, &status);
	return CHECK(status.units - status.units_free < 140); // headers of zones, a few nodes
}

static void whole_run(u64 seed, u64 count)
{
	struct run *run = calloc(1, sizeof *run);
	REQUIRE(run != nullptr);
	world_init(&run->world, seed);
	random_init(&run->random, seed);
	model_init(&run->model);
	run->disk = world_format(&run->world, 4 * WORLD_UNITS);
	if (open_pool(run) && random_run(run, count) && all_space_comes_back(run))
		CHECK_OK(sinter_close(run->pool));
	else
		printf("seed %llu\n", (unsigned long long)seed);
	for (u32 i = 0; i < SNAPSHOTS; i++)
		model_fini(&run->kept[i].model);
	disk_destroy(run->disk);
	model_fini(&run->model);
	free(run);
}

TEST(snapshot_random_operations)
{
	whole_run(from_environment("SINTER_SEED", 1), from_environment("SINTER_OPS", 1000));
}

static err_t take_long(struct run *run, u32 number)
{
	char name[NAME_SIZE_MAX + 1];
	u64 ticket;
	snprintf(name, sizeof name, "%0255u", number);
	TRY(WAIT(run->pool, sinter_snapshot_begin(run->dataset, view_cstring(name), &ticket)));
	return WAIT(run->pool, sinter_sync_done(run->pool, ticket));
}

// All are looked at for a name, or for one that is being destroyed: that ends, although the first
// are forgotten before the last are read.
TEST(snapshot_more_than_the_cache_holds)
{
	constexpr u32 MANY = 7000; // 36 in a leaf
	static struct run run;
	u64 first;
	struct sinter_snapshot snapshot = {};
	world_init(&run.world, 12);
	run.disk = world_format(&run.world, 4 * WORLD_UNITS);
	run.world.frames = 1024;
	REQUIRE(open_pool(&run));
	for (u32 i = 0; i < MANY; i++)
		REQUIRE_OK(take_long(&run, i));
	REQUIRE_OK(sinter_close(run.pool));
	run.world.frames = 192;
	REQUIRE(open_pool(&run));
	CHECK_OK(take_long(&run, MANY));
	CHECK_EQ(take_long(&run, MANY - 1), ERR_EXISTS);
	REQUIRE_OK(WAIT(run.pool, sinter_snapshot_next(run.dataset, 0, &snapshot)));
	first = snapshot.txg;
	CHECK_OK(WAIT(run.pool, sinter_snapshot_destroy(run.dataset, first)));
	world_settle(run.pool);
	REQUIRE_OK(WAIT(run.pool, sinter_snapshot_next(run.dataset, 0, &snapshot)));
	CHECK(snapshot.txg > first);
	sinter_abandon(run.pool);
	disk_destroy(run.disk);
	CHECK_EQ(run.world.memory, 0);
}
