// SPDX-License-Identifier: MIT
// fault_test.c - dying disks and missing memory: any single unit overwritten with noise, one leg of
// a mirror full of noise, the n-th write or flush failing, the n-th allocation failing.
// SINTER_EVERY: every how many-th unit is overwritten (1: all).
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/test.h"
#include "test/sinter/rig.h"

static struct rig rig;

// Each used unit of the closed pool in turn (or every SINTER_EVERY-th) is noise when it is opened.
static void each_unit_lost(u64 every, void (*look)(u64 unit))
{
	u64 number = 0;
	struct disk *good = disk_copy(rig.disks[0]);
	for (u64 unit = 0; unit < good->units; unit++) {
		if (!good->now[unit] || number++ % every)
			continue;
		disk_destroy(rig.disks[0]);
		rig.disks[0] = disk_copy(good);
		rig_noise(rig.disks[0], unit);
		if (CHECK_OK(rig_open(&rig, RIG_ALL))) {
			look(unit);
			sinter_abandon(rig.pool);
		}
	}
	disk_destroy(good);
}

static void with_copies(u8 copies, void (*look)(u64 unit))
{
	rig_format(&rig, 1, 1, copies);
	REQUIRE_OK(rig_open(&rig, RIG_ALL));
	REQUIRE(rig_fill(&rig, 300));
	REQUIRE_OK(sinter_close(rig.pool));
	each_unit_lost(rig_from_environment("SINTER_EVERY", 23), look);
	rig_stop(&rig);
}

// With two copies of all: everything reads right, whatever unit is lost, and what was bad is good
// again.
static void all_is_right(u64 unit)
{
	struct sinter_status status;
	if (!CHECK(operate_compare(rig.pool, rig.dataset, &rig.model)))
		printf("unit %llu\n", (unsigned long long)unit);
	world_settle(rig.pool);
	sinter_status(rig.pool, &status);
	CHECK_EQ(status.healed, status.bad_blocks);
}

TEST(fault_any_unit_of_two_copies)
{
	with_copies(2, all_is_right);
}

// Data with one copy: right or an error, never other bytes; names and attributes are all there.
static void nothing_is_wrong(u64 unit)
{
	static struct model found;
	(void)unit;
	CHECK(operate_scan(rig.pool, rig.dataset, &found));
	CHECK_EQ(model_hash_names(&found), model_hash_names(&rig.model));
	for (u32 i = 0; i < MODEL_NODES; i++) {
		struct model_node *node = &found.nodes[i];
		if (node->inode && !node->is_unreadable && (node->mode & 0170000) == 0100000)
			CHECK_EQ(model_hash_file(node), model_hash_file(model_node(&rig.model, node->inode)));
	}
	model_fini(&found);
}

TEST(fault_any_unit_of_one_copy)
{
	with_copies(1, nothing_is_wrong);
}

TEST(fault_one_leg_full_of_noise)
{
	struct sinter_status status;
	rig_format(&rig, 2, 2, 1);
	REQUIRE_OK(rig_open(&rig, RIG_ALL));
	REQUIRE(rig_fill(&rig, 300));
	REQUIRE_OK(sinter_close(rig.pool));
	for (u64 unit = 448; unit < WORLD_UNITS - 128; unit++) // all zones
		if (rig.disks[0]->now[unit])
			rig_noise(rig.disks[0], unit);
	REQUIRE_OK(rig_open(&rig, RIG_ALL));
	CHECK(operate_compare(rig.pool, rig.dataset, &rig.model));
	world_settle(rig.pool);
	sinter_status(rig.pool, &status);
	CHECK(status.healed && status.healed == status.bad_blocks);
	REQUIRE_OK(sinter_close(rig.pool));
	rig_stop(&rig);
}

TEST(fault_one_leg_fails_to_write)
{
	struct sinter_status status;
	rig_format(&rig, 2, 2, 1);
	REQUIRE_OK(rig_open(&rig, RIG_ALL));
	rig.disks[1]->fault = FAULT_ERROR;
	rig.disks[1]->fault_request = DEVICE_WRITE;
	rig.disks[1]->fault_at = 40;
	rig.disks[1]->is_fault_sticky = true;
	CHECK(rig_fill(&rig, 300));
	CHECK(operate_compare(rig.pool, rig.dataset, &rig.model));
	sinter_status(rig.pool, &status);
	CHECK_EQ(status.legs_failed, 1);
	CHECK_OK(sinter_close(rig.pool));
	rig_stop(&rig);
}

// A block of a file is lost, and the log holds a change of that file: the pool opens, with all
// else.
TEST(fault_lost_block_under_a_change_in_the_log)
{
	static u8 bytes[40000];
	const struct sinter_new regular = { .mode = 0100644 };
	u64 inode, other;
	usize size;
	rig_format(&rig, 1, 1, 1);
	REQUIRE_OK(rig_open(&rig, RIG_ALL));
	REQUIRE_OK(sinter_create(rig.dataset, INODE_ROOT, VIEW_TEXT("f"), &regular, &inode));
	memset(bytes, 0x77, sizeof bytes);
	struct world_file file = { rig.dataset, inode };
	REQUIRE_OK(world_write(rig.pool, file, 0, view_of(bytes)));
	REQUIRE_OK(world_sync(rig.pool));
	REQUIRE_OK(world_write(rig.pool, file, 5000, VIEW_TEXT("new")));
	REQUIRE_OK(world_fsync(rig.pool, rig.dataset, inode));
	REQUIRE_OK(sinter_create(rig.dataset, INODE_ROOT, VIEW_TEXT("g"), &regular, &other));
	REQUIRE_OK(world_fsync(rig.pool, rig.dataset, other));
	sinter_abandon(rig.pool);
	for (u64 unit = 448; unit < WORLD_UNITS - 128; unit++)
		if (rig.disks[0]->now[unit] && rig.disks[0]->now[unit]->bytes[100] == 0x77)
			rig_noise(rig.disks[0], unit);
	REQUIRE_OK(rig_open(&rig, RIG_ALL));
	CHECK_EQ(
		world_read(rig.pool, (struct world_file){ rig.dataset, inode }, 0, span_of(bytes), &size),
		ERR_CORRUPT);
	CHECK_OK(WAIT(rig.pool, sinter_lookup(rig.dataset, INODE_ROOT, VIEW_TEXT("g"), &other)));
	sinter_abandon(rig.pool);
	rig_stop(&rig);
}

// Files 0, 1, … each written and fsynced; answers how many were said to be safe.
static u32 write_until_error(struct rig *p)
{
	const struct sinter_new regular = { .mode = 0100644 };
	u8 bytes[3000];
	for (u32 i = 0; i < 40; i++) {
		char name[16];
		u64 inode;
		snprintf(name, sizeof name, "f%u", i);
		memset(bytes, (int)i + 1, sizeof bytes);
		if (WAIT(p->pool, sinter_create(p->dataset, INODE_ROOT, view_cstring(name), &regular,
							  &inode)) != OK ||
			world_write(p->pool, (struct world_file){ p->dataset, inode }, 0, view_of(bytes)) !=
				OK ||
			(i % 5 ? world_fsync(p->pool, p->dataset, inode) : world_sync(p->pool)) != OK)
			return i;
	}
	return 40;
}

static void failing_request(enum device_request request, u64 at)
{
	rig_format(&rig, 1, 1, 1);
	REQUIRE_OK(rig_open(&rig, RIG_ALL));
	rig.disks[0]->fault = FAULT_ERROR;
	rig.disks[0]->fault_request = request;
	rig.disks[0]->fault_at = at;
	rig.disks[0]->fault_seen = 0;
	rig.disks[0]->is_fault_sticky = at % 2;
	u32 safe = write_until_error(&rig);
	CHECK(at > 40 || safe < 40); // there are at least as many requests: the error is told
	if (safe < 40) {
		struct sinter_status status;
		sinter_status(rig.pool, &status);
		CHECK(status.is_read_only && status.failure != OK);
		CHECK_EQ(world_sync(rig.pool), ERR_IO); // sticky, though the disk may work again
	}
	sinter_abandon(rig.pool);
	rig.disks[0]->fault = FAULT_NONE;
	REQUIRE_OK(rig_open(&rig, RIG_ALL));
	for (u32 i = 0; i < safe; i++) {
		char name[16];
		u8 bytes[3001];
		usize size;
		u64 inode;
		snprintf(name, sizeof name, "f%u", i);
		REQUIRE_OK(
			WAIT(rig.pool, sinter_lookup(rig.dataset, INODE_ROOT, view_cstring(name), &inode)));
		REQUIRE_OK(world_read(
			rig.pool, (struct world_file){ rig.dataset, inode }, 0, span_of(bytes), &size));
		CHECK_EQ(size, 3000);
		CHECK_EQ(bytes[0], i + 1);
		CHECK_EQ(bytes[2999], i + 1);
	}
	CHECK(operate_check(rig.pool, false));
	sinter_abandon(rig.pool);
	rig_stop(&rig);
}

// A leg that says it wrote, and did not, or wrote somewhere else: nobody notices at once, nothing
// wrong is ever read, and a scrub makes the leg whole.
static void silent_write(enum disk_fault fault, u64 at)
{
	struct sinter_scrub scrub;
	rig_format(&rig, 2, 2, 1);
	REQUIRE_OK(rig_open(&rig, RIG_ALL));
	rig.disks[0]->fault = fault;
	rig.disks[0]->fault_request = DEVICE_WRITE;
	rig.disks[0]->fault_at = at;
	REQUIRE(rig_fill(&rig, 60));
	CHECK(operate_compare(rig.pool, rig.dataset, &rig.model));
	sinter_abandon(rig.pool);
	rig.disks[0]->fault = FAULT_NONE;
	REQUIRE_OK(rig_open(&rig, RIG_ALL));
	CHECK(operate_compare(rig.pool, rig.dataset, &rig.model));
	REQUIRE_OK(sinter_scrub_begin(rig.pool));
	world_settle(rig.pool);
	sinter_scrub_status(rig.pool, &scrub);
	CHECK_EQ(scrub.record.lost, 0);
	REQUIRE_OK(sinter_close(rig.pool));
	REQUIRE_OK(rig_open(&rig, 0b01));
	if (!CHECK(rig_is_right(&rig)))
		printf("fault %u at write %llu\n", fault, (unsigned long long)at);
	sinter_abandon(rig.pool);
	rig_stop(&rig);
}

TEST(fault_nth_write_is_lost_or_misplaced)
{
	u64 every = rig_from_environment("SINTER_EVERY", 23);
	for (u64 at = 1; at < 60; at += every) {
		silent_write(FAULT_LOST, at);
		silent_write(FAULT_MISPLACED, at);
	}
}

TEST(fault_nth_write_fails)
{
	for (u64 at = 1; at < 200; at += 6)
		failing_request(DEVICE_WRITE, at);
}

TEST(fault_nth_flush_fails)
{
	for (u64 at = 1; at < 60; at += 3)
		failing_request(DEVICE_FLUSH, at);
}

TEST(fault_nth_allocation_fails)
{
	struct disk *disk = disk_create(WORLD_UNITS);
	struct world world;
	struct sinter *pool;
	err_t err = ERR_NO_MEMORY;
	for (u64 at = 1; err == ERR_NO_MEMORY && at < 100; at++) {
		world_init(&world, 1);
		world.fail_allocation = at;
		err = sinter_format(&world.port, &disk->device, 1, &(struct sinter_format){});
		CHECK_EQ(world.memory, 0);
	}
	CHECK_OK(err);
	err = ERR_NO_MEMORY;
	for (u64 at = 1; err == ERR_NO_MEMORY && at < 100; at++) {
		world_init(&world, 1);
		world.fail_allocation = at;
		err = world_open(&world, disk, &pool);
		if (err != OK)
			CHECK_EQ(world.memory, 0);
	}
	REQUIRE_OK(err);
	sinter_abandon(pool);
	disk_destroy(disk);
}
