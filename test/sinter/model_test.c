// SPDX-License-Identifier: MIT
// model_test.c - random operations on a pool and on the model, with closes, power cuts after a
// sync, and checks in between. SINTER_OPS and SINTER_SEED make it longer and other.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/test.h"
#include "test/sinter/operate.h"

struct run {
	struct world world;
	struct disk *disk;
	struct sinter *pool;
	struct dataset *dataset;
	struct model model;
	struct random random, order;
	struct ops_limits limits;
	u32 fulls;
};

static u64 from_environment(const char *name, u64 otherwise)
{
	const char *text = getenv(name);
	return text ? strtoull(text, nullptr, 0) : otherwise;
}

static void start(struct run *run, u64 seed, u64 units, struct ops_limits limits)
{
	*run = (struct run){ .limits = limits };
	world_init(&run->world, seed);
	random_init(&run->random, seed);
	random_init(&run->order, seed + 1);
	model_init(&run->model);
	run->disk = world_format(&run->world, units);
}

static bool open_pool(struct run *run)
{
	return CHECK_OK(world_open(&run->world, run->disk, &run->pool)) &&
	       CHECK_OK(WAIT(run->pool, sinter_dataset_open(run->pool, DATASET_ROOT, &run->dataset)));
}

static void stop(struct run *run)
{
	disk_destroy(run->disk);
	model_fini(&run->model);
	CHECK_EQ(run->world.memory, 0);
}

static bool reopen(struct run *run)
{
	return CHECK_OK(world_leave(run->pool, random_below(&run->random, 2))) && open_pool(run);
}

static bool verify(struct run *run)
{
	return CHECK(operate_compare(run->pool, run->dataset, &run->model)) &&
	       CHECK(operate_check(run->pool, false));
}

static bool random_run(struct run *run, u64 count)
{
	for (u64 i = 0; i < count; i++) {
		bool is_full;
		struct op op = op_random(&run->random, &run->model, &run->limits);
		if (!CHECK(op_apply(&op, run->pool, run->dataset, &run->model, &is_full))) {
			printf("at operation %llu\n", (unsigned long long)i);
			return false;
		}
		run->fulls += is_full;
		if (random_below(&run->random, 400) == 0 && !reopen(run))
			return false;
		if (i % 1000 == 999 && !verify(run))
			return false;
	}
	return verify(run) && reopen(run) && verify(run);
}

static void whole_run(u64 seed, u64 units, struct ops_limits limits, u64 count, bool is_reordered)
{
	struct run *run = malloc(sizeof *run);
	REQUIRE(run != nullptr);
	start(run, seed, units, limits);
	run->disk->order = is_reordered ? &run->order : nullptr;
	if (open_pool(run) && random_run(run, count))
		CHECK_OK(sinter_close(run->pool));
	else
		printf("seed %llu\n", (unsigned long long)seed);
	stop(run);
	free(run);
}

TEST(model_small_files)
{
	struct ops_limits limits = { .file_max = 40000, .names = 30, .nodes = 100 };
	whole_run(from_environment("SINTER_SEED", 1), 2 * WORLD_UNITS, limits,
		from_environment("SINTER_OPS", 2000), false);
}

TEST(model_requests_end_in_any_order)
{
	struct ops_limits limits = { .file_max = 200000, .names = 20, .nodes = 30 };
	whole_run(from_environment("SINTER_SEED", 2), 4 * WORLD_UNITS, limits,
		from_environment("SINTER_OPS", 1500), true);
}

TEST(model_nearly_full_pool)
{
	struct ops_limits limits = { .file_max = 390000, .names = 60, .nodes = 100 };
	whole_run(from_environment("SINTER_SEED", 3), WORLD_UNITS, limits,
		from_environment("SINTER_OPS", 1000), false);
}
