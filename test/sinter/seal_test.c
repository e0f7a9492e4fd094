// SPDX-License-Identifier: MIT
// seal_test.c - an encrypted dataset beside a model: through closes and power cuts, with snapshots
// and a clone. No name or contents of it is ever on the disk; without the key nothing is told.
// SINTER_SEED, SINTER_OPS.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/test.h"
#include "test/sinter/operate.h"

struct run {
	struct world world;
	struct disk *disk;
	struct sinter *pool;
	struct dataset *root, *set;
	u64 id;
	struct model model;
	struct random random;
	const char *passphrase;
};

static const struct sinter_new directory = { .mode = 0755 }, regular = { .mode = 0100644 };

static struct sinter_secret secret_of(const char *passphrase)
{
	return (struct sinter_secret){
		.passphrase = view_cstring(passphrase), .memory_kib = 64, .passes = 1
	};
}

static bool open_pool(struct run *run)
{
	if (!CHECK_OK(world_open(&run->world, run->disk, &run->pool)) ||
		!CHECK_OK(WAIT(run->pool, sinter_dataset_open(run->pool, DATASET_ROOT, &run->root))))
		return false;
	return !run->id ||
	       (CHECK_OK(WAIT(run->pool, sinter_dataset_open(run->pool, run->id, &run->set))) &&
			   CHECK_OK(WAIT(run->pool, sinter_key_load(run->set, view_cstring(run->passphrase)))));
}

static bool start(struct run *run, u64 seed)
{
	struct sinter_secret secret = secret_of("open sesame");
	run->passphrase = "open sesame";
	world_init(&run->world, seed);
	random_init(&run->random, seed);
	model_init(&run->model);
	run->disk = world_format(&run->world, 4 * WORLD_UNITS);
	return open_pool(run) &&
	       CHECK_OK(WAIT(run->pool,
			   sinter_dataset_create(run->root, VIEW_TEXT("set"), &directory, &run->id))) &&
	       CHECK_OK(WAIT(run->pool, sinter_dataset_open(run->pool, run->id, &run->set))) &&
	       CHECK_OK(WAIT(run->pool, sinter_key_protect(run->set, &secret)));
}

static void stop(struct run *run)
{
	disk_destroy(run->disk);
	model_fini(&run->model);
	free(run);
}

static bool reopen(struct run *run)
{
	return CHECK_OK(world_leave(run->pool, random_below(&run->random, 2))) && open_pool(run);
}

static bool verify(struct run *run)
{
	return CHECK(operate_compare(run->pool, run->set, &run->model)) &&
	       CHECK(operate_check(run->pool, false));
}

static bool random_run(struct run *run, u64 count)
{
	struct ops_limits limits = { .file_max = 90000, .names = 20, .nodes = 50 };
	for (u64 i = 0; i < count; i++) {
		bool is_full;
		struct op op = op_random(&run->random, &run->model, &limits);
		if (!CHECK(op_apply(&op, run->pool, run->set, &run->model, &is_full)))
			return false;
		if (random_below(&run->random, 80) == 0 && !reopen(run))
			return false;
		if (i % 250 == 249 && !verify(run))
			return false;
	}
	return verify(run) && reopen(run) && verify(run);
}

TEST(seal_random_operations)
{
	struct run *run = calloc(1, sizeof *run);
	u64 seed = world_setting("SINTER_SEED", 1);
	REQUIRE(run != nullptr);
	if (start(run, seed) && random_run(run, world_setting("SINTER_OPS", 1000)))
		CHECK_OK(sinter_close(run->pool));
	else
		printf("seed %llu\n", (unsigned long long)seed);
	stop(run);
}

static bool is_on_disk(const struct disk *disk, view_t text)
{
	for (u64 i = 0; i < disk->units; i++)
		if (disk->now[i] && memmem(disk->now[i]->bytes, DISK_UNIT, text.data, text.size))
			return true;
	return false;
}

static const view_t words = VIEW_TEXT("words that nobody else may read");

static void fill(struct run *run, struct dataset *dataset)
{
	static u8 bytes[60000];
	u64 inode;
	for (usize i = 0; i + words.size < sizeof bytes; i += words.size)
		memcpy(bytes + i, words.data, words.size);
	REQUIRE_OK(WAIT(run->pool,
		sinter_create(dataset, INODE_ROOT, VIEW_TEXT("telling-name"), &regular, &inode)));
	struct world_file file = { dataset, inode };
	REQUIRE_OK(world_write(run->pool, file, 0, words));
	REQUIRE_OK(world_fsync(run->pool, dataset, inode));
	REQUIRE_OK(world_write(run->pool, file, 100, view_of(bytes)));
	REQUIRE_OK(WAIT(run->pool,
		sinter_xattr_set(dataset, inode, VIEW_TEXT("user.telling-name"), words, XATTRS_SET)));
	REQUIRE_OK(world_fsync(run->pool, dataset, inode));
}

TEST(seal_nothing_is_in_clear)
{
	struct run *run = calloc(1, sizeof *run);
	REQUIRE(run != nullptr && start(run, 3));
	fill(run, run->set);
	CHECK_OK(world_sync(run->pool));
	CHECK(!is_on_disk(run->disk, words));
	CHECK(!is_on_disk(run->disk, VIEW_TEXT("telling-name")));
	fill(run, run->root); // the search does find what is in clear
	CHECK(is_on_disk(run->disk, words));
	CHECK(is_on_disk(run->disk, VIEW_TEXT("telling-name")));
	CHECK_OK(sinter_close(run->pool));
	stop(run);
}

// Opened without the key: named, counted, verified, destroyed, but not looked into.
TEST(seal_without_the_key)
{
	struct run *run = calloc(1, sizeof *run);
	struct inode_record attributes;
	struct sinter_snapshot snapshot;
	struct sinter_change change = {};
	struct dataset *past;
	u64 inode, ticket;
	REQUIRE(run != nullptr && start(run, 4));
	fill(run, run->set);
	REQUIRE_OK(WAIT(run->pool, sinter_snapshot_begin(run->set, VIEW_TEXT("s"), &ticket)));
	REQUIRE_OK(WAIT(run->pool, sinter_sync_done(run->pool, ticket)));
	CHECK_OK(sinter_close(run->pool));
	REQUIRE_OK(world_open(&run->world, run->disk, &run->pool));
	REQUIRE_OK(WAIT(run->pool, sinter_dataset_open(run->pool, DATASET_ROOT, &run->root)));
	REQUIRE_OK(WAIT(run->pool, sinter_dataset_open(run->pool, run->id, &run->set)));
	struct sinter *pool = run->pool;
	CHECK_EQ(WAIT(pool, sinter_attributes(run->set, INODE_ROOT, &attributes)), ERR_RIGHTS);
	CHECK_EQ(WAIT(pool, sinter_lookup(run->set, INODE_ROOT, VIEW_TEXT("telling-name"), &inode)),
		ERR_RIGHTS);
	CHECK_EQ(WAIT(pool, sinter_create(run->set, INODE_ROOT, VIEW_TEXT("x"), &regular, &inode)),
		ERR_RIGHTS);
	REQUIRE_OK(WAIT(pool, sinter_snapshot_next(run->set, 0, &snapshot)));
	REQUIRE_OK(WAIT(pool, sinter_snapshot_open(run->set, snapshot.txg, &past)));
	CHECK_EQ(WAIT(pool, sinter_difference(past, run->set, &change)), ERR_RIGHTS);
	sinter_dataset_close(past);
	CHECK_EQ(WAIT(pool, sinter_key_load(run->set, VIEW_TEXT("open simsim"))), ERR_RIGHTS);
	CHECK(operate_check(pool, false));
	CHECK_OK(WAIT(pool, sinter_key_load(run->set, VIEW_TEXT("open sesame"))));
	CHECK_OK(WAIT(pool, sinter_lookup(run->set, INODE_ROOT, VIEW_TEXT("telling-name"), &inode)));
	CHECK_OK(sinter_close(pool));
	REQUIRE_OK(world_open(&run->world, run->disk, &run->pool));
	pool = run->pool;
	REQUIRE_OK(WAIT(pool, sinter_dataset_open(pool, DATASET_ROOT, &run->root)));
	REQUIRE_OK(WAIT(pool, sinter_dataset_open(pool, run->id, &run->set)));
	CHECK_OK(WAIT(pool, sinter_snapshot_destroy(run->set, snapshot.txg)));
	do
		CHECK_OK(world_sync(pool));
	while (WAIT(pool, sinter_snapshot_next(run->set, 0, &snapshot)) == OK);
	sinter_dataset_close(run->set);
	CHECK_OK(WAIT(pool, sinter_dataset_destroy(run->root, VIEW_TEXT("set"))));
	CHECK_OK(world_sync(pool));
	for (u32 i = 0; i < 100; i++)
		world_settle(pool);
	CHECK(operate_check(pool, false));
	CHECK_OK(sinter_close(pool));
	stop(run);
}

TEST(seal_another_passphrase_and_a_clone)
{
	struct run *run = calloc(1, sizeof *run);
	struct sinter_secret secret = secret_of("second");
	struct sinter_snapshot snapshot;
	struct dataset *clone;
	u64 ticket, id, inode;
	REQUIRE(run != nullptr && start(run, 5));
	fill(run, run->set);
	REQUIRE_OK(WAIT(run->pool, sinter_snapshot_begin(run->set, VIEW_TEXT("s"), &ticket)));
	REQUIRE_OK(WAIT(run->pool, sinter_sync_done(run->pool, ticket)));
	REQUIRE_OK(WAIT(run->pool, sinter_snapshot_next(run->set, 0, &snapshot)));
	struct sinter_dataset_name name = { run->root, VIEW_TEXT("clone") };
	REQUIRE_OK(WAIT(run->pool, sinter_clone(run->set, snapshot.txg, name, &id)));
	u64 before = run->disk->bytes_written;
	CHECK_OK(WAIT(run->pool, sinter_key_change(run->set, &secret)));
	CHECK_OK(world_sync(run->pool));
	CHECK(run->disk->bytes_written - before < 200000);
	CHECK_OK(sinter_close(run->pool));
	run->passphrase = "second";
	REQUIRE(open_pool(run));
	REQUIRE_OK(WAIT(run->pool, sinter_dataset_open(run->pool, id, &clone)));
	CHECK_EQ(WAIT(run->pool, sinter_key_load(clone, VIEW_TEXT("second"))), ERR_RIGHTS);
	REQUIRE_OK(WAIT(run->pool, sinter_key_load(clone, VIEW_TEXT("open sesame"))));
	fill(run, run->root);
	REQUIRE_OK(WAIT(run->pool, sinter_unlink(clone, INODE_ROOT, VIEW_TEXT("telling-name"), false)));
	fill(run, clone);
	CHECK_OK(world_sync(run->pool));
	CHECK_OK(
		WAIT(run->pool, sinter_lookup(run->set, INODE_ROOT, VIEW_TEXT("telling-name"), &inode)));
	CHECK(operate_check(run->pool, false));
	CHECK_OK(sinter_close(run->pool));
	stop(run);
}
