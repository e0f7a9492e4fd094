// SPDX-License-Identifier: MIT
// fault_test.c - dying disks and missing memory: any single unit overwritten with noise, one leg of
// a mirror full of noise, the n-th write or flush failing, the n-th allocation failing.
// SINTER_EVERY: every how many-th unit is overwritten (1: all).
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/test.h"
#include "test/sinter/operate.h"

static u64 from_environment(const char *name, u64 otherwise)
{
	const char *text = getenv(name);
	return text ? strtoull(text, nullptr, 0) : otherwise;
}

struct pool {
	struct world world;
	struct disk *disks[2];
	u32 legs;
	struct sinter *pool;
	struct dataset *dataset;
	struct model model;
};

static void format(struct pool *p, u32 legs, u8 copies)
{
	struct device devices[2];
	struct sinter_format format = { .guid = 77, .copies = copies };
	*p = (struct pool){ .legs = legs };
	world_init(&p->world, 5);
	model_init(&p->model);
	for (u32 i = 0; i < legs; i++) {
		p->disks[i] = disk_create(WORLD_UNITS);
		devices[i] = p->disks[i]->device;
	}
	if (sinter_format(&p->world.port, devices, legs, &format) != OK)
		abort();
}

static err_t open_pool(struct pool *p)
{
	struct device devices[2];
	struct sinter_options options = { .frames = 192, .loaded_zones = 48 };
	for (u32 i = 0; i < p->legs; i++)
		devices[i] = p->disks[p->legs - 1 - i]->device; // in any order
	TRY(sinter_open(&p->world.port, devices, p->legs, &options, &p->pool));
	err_t err = WAIT(p->pool, sinter_dataset_open(p->pool, DATASET_ROOT, &p->dataset));
	if (err != OK)
		sinter_abandon(p->pool);
	return err;
}

static bool fill(struct pool *p)
{
	struct ops_limits limits = { .file_max = 30000, .names = 40, .nodes = 60 };
	struct random random;
	random_init(&random, 3);
	for (u32 i = 0; i < 300; i++) {
		bool is_full;
		struct op op = op_random(&random, &p->model, &limits);
		if (!op_apply(&op, p->pool, p->dataset, &p->model, &is_full))
			return false;
	}
	return world_sync(p->pool) == OK;
}

static void stop(struct pool *p)
{
	for (u32 i = 0; i < p->legs; i++)
		disk_destroy(p->disks[i]);
	model_fini(&p->model);
	CHECK_EQ(p->world.memory, 0);
}

static void noise(struct disk *disk, u64 unit)
{
	struct random random;
	random_init(&random, unit + 1);
	random_fill(&random, span_of(*disk_unit_at(disk, unit)));
}

// With two copies of all: everything reads right, whatever unit is lost, and what was bad is good
// again.
static void one_unit(struct pool *p, struct disk *good, u64 unit)
{
	struct sinter_status status;
	disk_destroy(p->disks[0]);
	p->disks[0] = disk_copy(good);
	noise(p->disks[0], unit);
	if (!CHECK_OK(open_pool(p)))
		return;
	if (!CHECK(operate_compare(p->pool, p->dataset, &p->model)))
		printf("unit %llu\n", (unsigned long long)unit);
	world_settle(p->pool);
	sinter_status(p->pool, &status);
	CHECK_EQ(status.healed, status.bad_blocks);
	sinter_abandon(p->pool);
}

TEST(fault_any_unit_of_two_copies)
{
	struct pool p;
	format(&p, 1, 2);
	REQUIRE_OK(open_pool(&p));
	REQUIRE(fill(&p));
	REQUIRE_OK(sinter_close(p.pool));
	struct disk *good = disk_copy(p.disks[0]);
	u64 every = from_environment("SINTER_EVERY", 23), number = 0;
	for (u64 unit = 0; unit < good->units; unit++)
		if (good->now[unit] && number++ % every == 0)
			one_unit(&p, good, unit);
	disk_destroy(good);
	stop(&p);
}

// Data with one copy: right or an error, never other bytes; names and attributes are all there.
TEST(fault_any_unit_of_one_copy)
{
	struct pool p;
	format(&p, 1, 1);
	REQUIRE_OK(open_pool(&p));
	REQUIRE(fill(&p));
	REQUIRE_OK(sinter_close(p.pool));
	struct disk *good = disk_copy(p.disks[0]);
	u64 every = from_environment("SINTER_EVERY", 23), number = 0;
	for (u64 unit = 0; unit < good->units; unit++) {
		if (!good->now[unit] || number++ % every)
			continue;
		struct model *found = calloc(1, sizeof *found);
		REQUIRE(found != nullptr);
		disk_destroy(p.disks[0]);
		p.disks[0] = disk_copy(good);
		noise(p.disks[0], unit);
		REQUIRE_OK(open_pool(&p));
		CHECK(operate_scan(p.pool, p.dataset, found));
		CHECK_EQ(model_hash_names(found), model_hash_names(&p.model));
		for (u32 i = 0; i < MODEL_NODES; i++) {
			struct model_node *node = &found->nodes[i];
			if (node->inode && !node->is_unreadable && (node->mode & 0170000) == 0100000)
				CHECK_EQ(model_hash_file(node), model_hash_file(model_node(&p.model, node->inode)));
		}
		sinter_abandon(p.pool);
		model_fini(found);
		free(found);
	}
	disk_destroy(good);
	stop(&p);
}

TEST(fault_one_leg_full_of_noise)
{
	struct pool p;
	struct sinter_status status;
	format(&p, 2, 1);
	REQUIRE_OK(open_pool(&p));
	REQUIRE(fill(&p));
	REQUIRE_OK(sinter_close(p.pool));
	for (u64 unit = 448; unit < WORLD_UNITS - 128; unit++) // all zones
		if (p.disks[0]->now[unit])
			noise(p.disks[0], unit);
	REQUIRE_OK(open_pool(&p));
	CHECK(operate_compare(p.pool, p.dataset, &p.model));
	world_settle(p.pool);
	sinter_status(p.pool, &status);
	CHECK(status.healed && status.healed == status.bad_blocks);
	REQUIRE_OK(sinter_close(p.pool));
	stop(&p);
}

TEST(fault_one_leg_fails_to_write)
{
	struct pool p;
	struct sinter_status status;
	format(&p, 2, 1);
	REQUIRE_OK(open_pool(&p));
	p.disks[1]->fault = FAULT_ERROR;
	p.disks[1]->fault_request = DEVICE_WRITE;
	p.disks[1]->fault_at = 40;
	p.disks[1]->is_fault_sticky = true;
	CHECK(fill(&p));
	CHECK(operate_compare(p.pool, p.dataset, &p.model));
	sinter_status(p.pool, &status);
	CHECK_EQ(status.legs_failed, 1);
	CHECK_OK(sinter_close(p.pool));
	stop(&p);
}

// A block of a file is lost, and the log holds a change of that file: the pool opens, with all
// else.
TEST(fault_lost_block_under_a_change_in_the_log)
{
	static u8 bytes[40000];
	const struct sinter_new regular = { .mode = 0100644 };
	u64 inode, other;
	usize size;
	struct pool p;
	format(&p, 1, 1);
	REQUIRE_OK(open_pool(&p));
	REQUIRE_OK(sinter_create(p.dataset, INODE_ROOT, VIEW_TEXT("f"), &regular, &inode));
	memset(bytes, 0x77, sizeof bytes);
	struct world_file file = { p.dataset, inode };
	REQUIRE_OK(world_write(p.pool, file, 0, view_of(bytes)));
	REQUIRE_OK(world_sync(p.pool));
	REQUIRE_OK(world_write(p.pool, file, 5000, VIEW_TEXT("new")));
	REQUIRE_OK(world_fsync(p.pool, p.dataset, inode));
	REQUIRE_OK(sinter_create(p.dataset, INODE_ROOT, VIEW_TEXT("g"), &regular, &other));
	REQUIRE_OK(world_fsync(p.pool, p.dataset, other));
	sinter_abandon(p.pool);
	for (u64 unit = 448; unit < WORLD_UNITS - 128; unit++)
		if (p.disks[0]->now[unit] && p.disks[0]->now[unit]->bytes[100] == 0x77)
			noise(p.disks[0], unit);
	REQUIRE_OK(open_pool(&p));
	CHECK_EQ(world_read(p.pool, (struct world_file){ p.dataset, inode }, 0, span_of(bytes), &size),
		ERR_CORRUPT);
	CHECK_OK(WAIT(p.pool, sinter_lookup(p.dataset, INODE_ROOT, VIEW_TEXT("g"), &other)));
	sinter_abandon(p.pool);
	stop(&p);
}

// Files 0, 1, … each written and fsynced; answers how many were said to be safe.
static u32 write_until_error(struct pool *p)
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
	struct pool p;
	format(&p, 1, 1);
	REQUIRE_OK(open_pool(&p));
	p.disks[0]->fault = FAULT_ERROR;
	p.disks[0]->fault_request = request;
	p.disks[0]->fault_at = at;
	p.disks[0]->fault_seen = 0;
	p.disks[0]->is_fault_sticky = at % 2;
	u32 safe = write_until_error(&p);
	if (safe < 40) {
		struct sinter_status status;
		sinter_status(p.pool, &status);
		CHECK(status.is_read_only && status.failure != OK);
		CHECK_EQ(world_sync(p.pool), ERR_IO); // sticky, though the disk may work again
	}
	sinter_abandon(p.pool);
	p.disks[0]->fault = FAULT_NONE;
	REQUIRE_OK(open_pool(&p));
	for (u32 i = 0; i < safe; i++) {
		char name[16];
		u8 bytes[3001];
		usize size;
		u64 inode;
		snprintf(name, sizeof name, "f%u", i);
		REQUIRE_OK(WAIT(p.pool, sinter_lookup(p.dataset, INODE_ROOT, view_cstring(name), &inode)));
		REQUIRE_OK(
			world_read(p.pool, (struct world_file){ p.dataset, inode }, 0, span_of(bytes), &size));
		CHECK_EQ(size, 3000);
		CHECK_EQ(bytes[0], i + 1);
		CHECK_EQ(bytes[2999], i + 1);
	}
	CHECK(operate_check(p.pool, false));
	sinter_abandon(p.pool);
	stop(&p);
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
