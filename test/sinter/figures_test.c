// SPDX-License-Identifier: MIT
// figures_test.c - what operations cost, counted at the disk: bytes and flushes do not depend on
// how busy the machine is. Limits are those of the plan; the figures stand in docs/sinter.md.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/test.h"
#include "test/sinter/world.h"

struct measured {
	struct world world;
	struct disk *disk;
	struct sinter *pool;
	struct dataset *dataset;
};

static const struct sinter_new regular = { .mode = 0100644 };
static u8 bytes[1 << 20];

static bool start(struct measured *m, u64 units)
{
	struct sinter_options options = { .frames = 1024 };
	world_init(&m->world, 1);
	m->disk = world_format(&m->world, units);
	return CHECK_OK(sinter_open(&m->world.port, &m->disk->device, 1, &options, &m->pool)) &&
	       CHECK_OK(WAIT(m->pool, sinter_dataset_open(m->pool, DATASET_ROOT, &m->dataset)));
}

static void stop(struct measured *m)
{
	CHECK_OK(sinter_close(m->pool));
	disk_destroy(m->disk);
}

static err_t make_file(struct measured *m, const char *name, u64 *out)
{
	return WAIT(m->pool, sinter_create(m->dataset, INODE_ROOT, view_cstring(name), &regular, out));
}

static u64 per_operation(const struct measured *m, const char *what, u64 before, u32 count)
{
	u64 each = (m->disk->bytes_written - before) / count;
	printf("bytes written per %s: %llu\n", what, (unsigned long long)each);
	return each;
}

TEST(figures_bytes_per_created_file)
{
	struct measured m;
	enum { FILES = 5000 };
	REQUIRE(start(&m, 65536));
	u64 before = m.disk->bytes_written;
	for (u32 i = 0; i < FILES; i++) {
		char name[16];
		u64 inode;
		snprintf(name, sizeof name, "file%05u", i);
		REQUIRE_OK(make_file(&m, name, &inode));
		REQUIRE_OK(world_write(
			m.pool, (struct world_file){ m.dataset, inode }, 0, view_from(bytes, 1024)));
	}
	REQUIRE_OK(world_sync(m.pool));
	CHECK(per_operation(&m, "created 1 KiB file", before, FILES) <= 6 * 1024);
	stop(&m);
}

TEST(figures_bytes_per_random_overwrite)
{
	struct measured m;
	enum { WRITES = 4000 };
	u64 inode, size = (u64)64 << 20;
	REQUIRE(start(&m, 65536));
	REQUIRE_OK(make_file(&m, "f", &inode));
	struct world_file file = { m.dataset, inode };
	for (u64 at = 0; at < size; at += sizeof bytes)
		REQUIRE_OK(world_write(m.pool, file, at, view_of(bytes)));
	REQUIRE_OK(world_sync(m.pool));
	u64 before = m.disk->bytes_written;
	for (u32 i = 0; i < WRITES; i++) {
		u64 at = random_below(&m.world.random, size / 4096) * 4096;
		REQUIRE_OK(world_write(m.pool, file, at, view_from(bytes, 4096)));
	}
	REQUIRE_OK(world_sync(m.pool));
	CHECK(per_operation(&m, "random 4 KiB overwrite", before, WRITES) <= 24 * 1024);
	stop(&m);
}

TEST(figures_fsync_is_one_write_and_one_flush)
{
	struct measured m;
	u64 inode;
	REQUIRE(start(&m, 65536));
	REQUIRE_OK(make_file(&m, "f", &inode));
	REQUIRE_OK(world_sync(m.pool));
	for (u32 i = 0; i < 50; i++) {
		u64 flushes = m.disk->flushes, before = m.disk->bytes_written, requests = m.disk->requests;
		REQUIRE_OK(world_write(m.pool, (struct world_file){ m.dataset, inode }, (u64)i * 4096,
			view_from(bytes, 4096)));
		REQUIRE_OK(world_fsync(m.pool, m.dataset, inode));
		CHECK_EQ(m.disk->flushes, flushes + 1);
		CHECK_EQ(m.disk->requests, requests + 2);
		CHECK_EQ(m.disk->bytes_written, before + 8192);
	}
	stop(&m);
}

TEST(figures_snapshot_does_not_depend_on_size)
{
	struct measured m;
	u64 inode, ticket, written[2];
	REQUIRE(start(&m, 65536));
	REQUIRE_OK(make_file(&m, "f", &inode));
	for (u32 i = 0; i < 2; i++) {
		char name[2] = { (char)('a' + i), 0 };
		REQUIRE_OK(world_sync(m.pool));
		u64 before = m.disk->bytes_written;
		REQUIRE_OK(WAIT(m.pool, sinter_snapshot_begin(m.dataset, view_cstring(name), &ticket)));
		REQUIRE_OK(WAIT(m.pool, sinter_sync_done(m.pool, ticket)));
		written[i] = m.disk->bytes_written - before;
		for (u64 at = 0; at < (u64)50 << 20; at += sizeof bytes)
			REQUIRE_OK(
				world_write(m.pool, (struct world_file){ m.dataset, inode }, at, view_of(bytes)));
	}
	printf("bytes written by a snapshot: %llu of an empty pool, %llu of 50 MiB\n",
		(unsigned long long)written[0], (unsigned long long)written[1]);
	CHECK(written[1] <= written[0] + 65536);
	stop(&m);
}
