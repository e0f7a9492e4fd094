// SPDX-License-Identifier: MIT
// image_fuzz.c - hostile images: one of two good ones is changed as the input says
// (image_damage.c), then it is opened, walked, used and checked. Nothing may crash, take a second
// of CPU time or more memory than a good image does.
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/base/test.h"
#include "lib/sinter/check.h"
#include "test/sinter/fuzz/image.h"

constexpr i64 MEMORY_MAX = 8 << 20; // frames are 3 MiB of it
constexpr i64 CPU_MAX_NS = 1000000000;

static const struct sinter_new regular = { .mode = 0100644 }, folder = { .mode = 040755 };

// What is done with the image besides walking and checking it.
enum use : u8 { USE_CHANGE, USE_SETS, USE_READ_ONLY, USE_SCRUB };

static void ignore(void *context, view_t sentence)
{
	(void)context;
	(void)sentence;
}

static void look_at(struct sinter *pool, struct dataset *dataset, u64 inode)
{
	static u8 bytes[60000];
	struct inode_record attributes;
	struct sinter_entry entry = {};
	usize size;
	u64 at;
	(void)WAIT(pool, sinter_attributes(dataset, inode, &attributes));
	(void)WAIT(pool, sinter_read(dataset, inode, 0, span_of(bytes), &size));
	(void)WAIT(pool, sinter_seek(dataset, inode, 0, true, &at));
	(void)WAIT(pool, sinter_read_link(dataset, inode, span_of(bytes), &size));
	sinter_accessed(dataset, inode);
	for (u32 i = 0; i < 8; i++) {
		if (WAIT(pool, sinter_xattr_list(dataset, inode, entry.cookie, &entry)) != OK)
			return;
		view_t name = view_from(entry.name, entry.name_size);
		(void)WAIT(pool, sinter_xattr_get(dataset, inode, name, span_of(bytes), &size));
	}
}

static void walk(struct sinter *pool, struct dataset *dataset, u64 directory)
{
	struct sinter_entry entry = {};
	u64 inode;
	for (u32 i = 0; i < 24; i++) {
		if (WAIT(pool, sinter_read_directory(dataset, directory, entry.cookie, &entry)) != OK)
			return;
		look_at(pool, dataset, entry.inode);
		(void)WAIT(pool,
			sinter_lookup(dataset, directory, view_from(entry.name, entry.name_size), &inode));
	}
}

// Of the file that has an attribute with records: another value, and one more.
static void change_records(struct sinter *pool, struct dataset *dataset)
{
	static const u8 value[20000];
	u64 inode;
	if (WAIT(pool, sinter_lookup(dataset, INODE_ROOT, VIEW_TEXT("fn"), &inode)) != OK)
		return;
	(void)WAIT(pool,
		sinter_xattr_set(dataset, inode, VIEW_TEXT("user.records"), view_of(value), XATTRS_SET));
	(void)WAIT(
		pool, sinter_xattr_set(dataset, inode, VIEW_TEXT("user.more"), view_of(value), XATTRS_SET));
	(void)WAIT(pool,
		sinter_xattr_set(dataset, inode, VIEW_TEXT("user.records"), (view_t){}, XATTRS_REMOVE));
}

static void change(struct sinter *pool, struct dataset *dataset)
{
	struct sinter_name from = { INODE_ROOT, VIEW_TEXT("ff") }, to = { INODE_ROOT, VIEW_TEXT("fh") };
	u64 inode, found;
	if (WAIT(pool, sinter_lookup(dataset, INODE_ROOT, VIEW_TEXT("fd"), &found)) == OK) {
		(void)world_write(pool, (struct world_file){ dataset, found }, 20000, VIEW_TEXT("changed"));
		(void)WAIT(pool, sinter_punch(dataset, found, 0, 17000, &inode));
		(void)WAIT(pool, sinter_truncate(dataset, found, 3));
		(void)WAIT(pool,
			sinter_xattr_set(dataset, found, VIEW_TEXT("user.n"), VIEW_TEXT("v"), XATTRS_SET));
	}
	change_records(pool, dataset);
	(void)WAIT(pool, sinter_create(dataset, INODE_ROOT, VIEW_TEXT("new"), &regular, &inode));
	(void)WAIT(pool, sinter_unlink(dataset, INODE_ROOT, VIEW_TEXT("fl"), false));
	(void)WAIT(pool, sinter_rename(dataset, from, to, 0));
	(void)world_sync(pool);
}

static void send(struct sinter *pool, struct dataset *snapshot)
{
	static u8 frame[STREAM_FRAME_MAX];
	struct sinter_send stream = { .name = VIEW_TEXT("s"), .new = snapshot };
	usize size;
	for (u32 i = 0; i < 8; i++)
		if (WAIT(pool, sinter_send_frame(&stream, span_of(frame), &size)) != OK)
			return;
}

static void use_snapshots(struct sinter *pool, struct dataset *root, struct dataset *set)
{
	struct sinter_snapshot found = {};
	struct sinter_change difference = {};
	struct dataset *snapshot;
	u64 id, newest = 0;
	for (u32 i = 0; i < 4; i++) {
		if (WAIT(pool, sinter_snapshot_next(set, found.txg, &found)) != OK)
			break;
		newest = found.txg;
		if (WAIT(pool, sinter_snapshot_open(set, found.txg, &snapshot)) != OK)
			continue;
		walk(pool, snapshot, INODE_ROOT);
		send(pool, snapshot);
		for (u32 n = 0; n < 16; n++)
			if (WAIT(pool, sinter_difference(snapshot, set, &difference)) != OK)
				break;
		sinter_dataset_close(snapshot);
	}
	struct sinter_dataset_name clone = { root, VIEW_TEXT("another") };
	(void)WAIT(pool, sinter_clone(set, newest, clone, &id));
	(void)WAIT(pool, sinter_rollback(set, newest));
	(void)WAIT(pool, sinter_snapshot_destroy(set, newest));
}

static void use_clone(struct sinter *pool, struct dataset *root)
{
	struct dataset *clone;
	u64 id;
	if (WAIT(pool, sinter_dataset_find(root, VIEW_TEXT("clone"), &id)) != OK ||
		WAIT(pool, sinter_dataset_open(pool, id, &clone)) != OK)
		return;
	(void)WAIT(pool, sinter_promote(clone));
	sinter_dataset_close(clone);
}

static void use_sets(struct image *image, struct sinter *pool, struct dataset *root)
{
	struct sinter_entry entry = {};
	for (u32 i = 0; i < 8; i++) {
		struct dataset *set;
		struct sinter_resume resume;
		if (WAIT(pool, sinter_dataset_next(root, entry.cookie, &entry)) != OK)
			break;
		if (WAIT(pool, sinter_dataset_open(pool, entry.inode, &set)) != OK)
			continue;
		if (entry.inode == image->sealed && sinter_properties(set)->cipher)
			seal_use_key(set, &image->key);
		walk(pool, set, INODE_ROOT);
		if (WAIT(pool, sinter_receive_state(set, &resume)) == OK)
			(void)WAIT(pool, sinter_receive_abort(set));
		use_snapshots(pool, root, set);
		sinter_dataset_close(set);
	}
	use_clone(pool, root);
	(void)WAIT(pool, sinter_dataset_destroy(root, VIEW_TEXT("half")));
	(void)WAIT(pool, sinter_dataset_create(root, VIEW_TEXT("new"), &folder, &entry.inode));
	(void)world_sync(pool);
}

// As a mount does when it is idle: unfinished work, the scrub.
static void settle(struct sinter *pool)
{
	for (u32 i = 0; i < 200 && sinter_is_busy(pool); i++)
		sinter_wait(pool);
}

static void try_pool(struct image *image, struct sinter *pool, enum use use)
{
	struct dataset *root;
	struct sinter_check check = { .complain = ignore };
	if (WAIT(pool, sinter_dataset_open(pool, DATASET_ROOT, &root)) == OK) {
		walk(pool, root, INODE_ROOT);
		walk(pool, root, 2);
		if (use == USE_CHANGE)
			change(pool, root);
		else if (use == USE_SETS)
			use_sets(image, pool, root);
	}
	if (use == USE_SCRUB && sinter_scrub_begin(pool) == OK)
		settle(pool);
	(void)sinter_check(pool, &check);
	(void)sinter_close(pool);
}

static i64 cpu_ns(void)
{
	struct timespec now;
	if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now) != 0)
		abort();
	return now.tv_sec * 1000000000L + now.tv_nsec;
}

static void run(struct image *image, enum use use)
{
	static struct world world; // memory is kept from one image to the next
	struct world before = world;
	struct sinter *pool;
	world_init_again(&world, &before, 2);
	world.memory_max = MEMORY_MAX;
	if (world_open_to(&world, image->disk, use == USE_READ_ONLY, &pool) == OK)
		try_pool(image, pool, use);
	if (world.memory)
		abort();
}

static void begin(struct image *images)
{
	constexpr u64 pool_items = 1 << ITEM_DATASET | 1 << ITEM_CHILD | 1 << ITEM_SNAPSHOT |
	                           1 << ITEM_ZONE | 1 << ITEM_DEAD | 1 << ITEM_KEY | 1 << ITEM_RECEIVE |
	                           1 << ITEM_SCRUB | 1 << ITEM_GARBAGE;
	constexpr u64 dataset_items = 1 << ITEM_INODE | 1 << ITEM_INLINE | 1 << ITEM_XATTR |
	                              1 << ITEM_DIRENT | 1 << ITEM_DATA | 1 << ITEM_PENDING;
	for (u32 i = 0; i < 2; i++)
		image_take(&images[i], image_make(&images[i], i == 1));
	if ((images[0].pool_items & pool_items) != pool_items ||
		(images[0].dataset_items & dataset_items) != dataset_items)
		abort(); // not of everything one
}

int LLVMFuzzerTestOneInput(const u8 *data, usize size)
{
	static struct image images[2]; // made once
	if (!images[0].disk)
		begin(images);
	if (size < 7 || size > 200)
		return -1;
	struct image *image = &images[data[0] >> 2 & 1];
	i64 start = cpu_ns();
	image_damage(image, data + 1, size - 1);
	run(image, data[0] & 3);
	image_restore(image);
	if (cpu_ns() - start > CPU_MAX_NS)
		abort();
	return 0;
}
