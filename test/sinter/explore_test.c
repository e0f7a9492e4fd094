// SPDX-License-Identifier: MIT
// explore_test.c - the explorer itself, on a toy that commits a counter with a root that holds the
// sum of a block: right as it stands, and with each of three mistakes, which must be found.
#include <string.h>

#include "lib/base/hash.h"
#include "lib/base/test.h"
#include "test/sinter/explore.h"

enum { ROUNDS = 12, UNITS = 64, ROOTS = 4 };

struct toy {
	bool has_barrier;     // before the root
	bool reuses_early;    // the block of the last root
	bool does_not_verify; // takes the newest root without looking at its block
};

struct root {
	u64 round, block, sum, own;
};

static void done(struct device_io *io)
{
	(void)io;
}

static void request(struct disk *disk, enum device_request what, u64 unit, void *bytes)
{
	struct device_io io = { .request = what,
		.unit = unit,
		.bytes = span_from(bytes, bytes ? DISK_UNIT : 0),
		.done = done };
	disk->device.ops->submit(disk->device.context, &io);
}

static u64 sum(const void *bytes, usize size)
{
	return hash_view(view_from(bytes, size), 1);
}

static void work(struct disk *disk, const struct toy *toy)
{
	for (u64 round = 1; round <= ROUNDS; round++) {
		u8 block[DISK_UNIT];
		memset(block, (int)round, sizeof block);
		u64 at = ROOTS + round % (toy->reuses_early ? 1 : 4);
		request(disk, DEVICE_WRITE, at, block);
		if (toy->has_barrier)
			request(disk, DEVICE_FLUSH, 0, nullptr);
		u8 bytes[DISK_UNIT] = {};
		struct root root = { round, at, sum(block, sizeof block), 0 };
		root.own = sum(&root, offsetof(struct root, own));
		memcpy(bytes, &root, sizeof root);
		request(disk, DEVICE_WRITE, round % ROOTS, bytes);
		request(disk, DEVICE_FLUSH, 0, nullptr);
	}
}

static bool load_block(struct disk *disk, const struct root *root, u64 *value)
{
	u8 block[DISK_UNIT];
	request(disk, DEVICE_READ, root->block % UNITS, block);
	*value = block[0];
	for (usize i = 1; i < sizeof block; i++)
		if (block[i] != block[0])
			*value = 0;
	return sum(block, sizeof block) == root->sum;
}

// Answers the counter, 0 when there is none.
static u64 recover(struct disk *disk, const struct toy *toy)
{
	u64 best = 0, best_round = 0;
	for (u64 i = 0; i < ROOTS; i++) {
		u8 bytes[DISK_UNIT];
		struct root root;
		u64 value;
		request(disk, DEVICE_READ, i, bytes);
		memcpy(&root, bytes, sizeof root);
		if (root.own != sum(&root, offsetof(struct root, own)) || root.round <= best_round)
			continue;
		if (!load_block(disk, &root, &value) && !toy->does_not_verify)
			continue;
		best_round = root.round;
		best = value;
	}
	return best;
}

static bool check(void *context, struct disk *crashed, const struct crash *crash)
{
	const struct toy *toy = context;
	u64 per_round = toy->has_barrier ? 2 : 1;
	u64 must = crash->flushes / per_round;
	u64 got = recover(crashed, toy);
	return got >= must && got <= must + 1;
}

static struct explore_result explore(struct toy toy, struct explore_options options)
{
	struct disk *base = disk_create(UNITS);
	struct disk *disk = disk_create(UNITS);
	disk_start_log(disk);
	work(disk, &toy);
	struct explore_result result = explore_crashes(base, disk, &options, check, &toy);
	disk_destroy(disk);
	disk_destroy(base);
	return result;
}

TEST(explore_finds_nothing_in_a_right_commit)
{
	struct explore_result result =
		explore((struct toy){ .has_barrier = true }, (struct explore_options){ .is_torn = true });
	CHECK_EQ(result.violations, 0);
	CHECK_EQ(result.points, 2 * ROUNDS);
	CHECK(result.executions > 4 * ROUNDS);
	CHECK_EQ(result.cuts, 0);
}

TEST(explore_finds_a_block_that_is_used_again_too_early)
{
	struct explore_result result = explore(
		(struct toy){ .has_barrier = true, .reuses_early = true }, (struct explore_options){});
	CHECK(result.violations > 0);
}

TEST(explore_finds_a_missing_barrier_where_nothing_is_verified)
{
	struct explore_result result =
		explore((struct toy){ .does_not_verify = true }, (struct explore_options){});
	CHECK(result.violations > 0);
}

TEST(explore_a_missing_barrier_is_mended_by_verification)
{
	struct explore_result result =
		explore((struct toy){}, (struct explore_options){ .is_torn = true });
	CHECK_EQ(result.violations, 0);
}

TEST(explore_finds_what_a_lying_device_loses)
{
	struct explore_result result =
		explore((struct toy){ .does_not_verify = true, .has_barrier = true },
			(struct explore_options){ .lies = 1 });
	CHECK(result.violations > 0);
}

TEST(explore_every_write_sees_at_least_as_much)
{
	struct explore_options options = { .is_torn = true };
	struct explore_result ends = explore((struct toy){ .has_barrier = true }, options);
	options.at_every_write = true;
	struct explore_result all = explore((struct toy){ .has_barrier = true }, options);
	CHECK(all.executions >= ends.executions);
	CHECK_EQ(all.violations, 0);
}

TEST(disk_requests_end_in_another_order)
{
	struct disk *disk = disk_create(UNITS);
	struct random order;
	random_init(&order, 7);
	disk->order = &order;
	struct disk_unit units[8] = {};
	struct device_io io[8] = {};
	for (u32 i = 0; i < 8; i++) {
		units[i].bytes[0] = (u8)(i + 1);
		io[i] = (struct device_io){ .request = DEVICE_WRITE,
			.unit = i,
			.bytes = span_of(units[i]),
			.result = ERR_STATE,
			.done = done };
		disk->device.ops->submit(disk->device.context, &io[i]);
	}
	CHECK_EQ(disk->pendings, 8);
	for (u32 i = 0; i < 8; i++)
		disk->device.ops->wait(disk->device.context);
	for (u32 i = 0; i < 8; i++) {
		CHECK_OK(io[i].result);
		CHECK_EQ(disk_unit_at(disk, i)->bytes[0], i + 1);
	}
	disk_destroy(disk);
}

TEST(disk_faults_hit_the_request_they_should)
{
	struct disk *disk = disk_create(UNITS);
	u8 bytes[DISK_UNIT];
	memset(bytes, 1, sizeof bytes);
	disk->fault = FAULT_LOST;
	disk->fault_request = DEVICE_WRITE;
	disk->fault_at = 2;
	for (u64 i = 0; i < 3; i++)
		request(disk, DEVICE_WRITE, i, bytes);
	CHECK_EQ(disk_unit_at(disk, 0)->bytes[0], 1);
	CHECK_EQ(disk_unit_at(disk, 1)->bytes[0], 0);
	CHECK_EQ(disk_unit_at(disk, 2)->bytes[0], 1);
	disk_destroy(disk);
}
