// SPDX-License-Identifier: MIT
// stream_fuzz.c - hostile streams: bytes of a good one are changed as the input says and the sums
// are made right again; then it is received. Whatever comes, nothing may crash, hang or ask for
// more memory, and the pool must be sound: with the stream's dataset, or without it.
#include <stdlib.h>
#include <string.h>

#include "lib/base/test.h"
#include "lib/sinter/stream.h"
#include "test/sinter/operate.h"

enum { FRAMES = 16 };

static struct {
	u8 *bytes; // owned, made once
	usize size;
} frames[FRAMES];
static u32 count;
static struct disk *target; // where they go

static const struct sinter_new regular = { .mode = 0100644 }, folder = { .mode = 040755 },
							   symbolic = { .mode = 0120777,
								   .target = { (const u8 *)"some/where", 10 } };

static void fill(struct sinter *pool, struct dataset *dataset)
{
	static u8 bytes[40000];
	u64 directory, inode;
	memset(bytes, 7, sizeof bytes);
	(void)sinter_create(dataset, INODE_ROOT, VIEW_TEXT("d"), &folder, &directory);
	(void)sinter_create(dataset, directory, VIEW_TEXT("link"), &symbolic, &inode);
	for (u32 i = 0; i < 12; i++) {
		char name[2] = { 'f', (char)('a' + i) };
		(void)sinter_create(
			dataset, i % 2 ? INODE_ROOT : directory, view_from(name, 2), &regular, &inode);
		(void)world_write(
			pool, (struct world_file){ dataset, inode }, 0, view_from(bytes, i % 6 ? 100 : 40000));
		(void)sinter_xattr_set(dataset, inode, VIEW_TEXT("user.x"), VIEW_TEXT("v"), XATTRS_SET);
	}
	(void)sinter_link(dataset, inode, INODE_ROOT, VIEW_TEXT("again"));
	(void)sinter_unlink(dataset, directory, VIEW_TEXT("fa"), false);
}

static void must(bool is_good)
{
	if (!is_good)
		abort();
}

static void make_frames(struct sinter *pool, struct dataset *dataset)
{
	static u8 frame[STREAM_FRAME_MAX];
	struct sinter_snapshot snapshot;
	struct sinter_send send = { .name = VIEW_TEXT("s") };
	u64 ticket;
	usize size;
	must(WAIT(pool, sinter_snapshot_begin(dataset, VIEW_TEXT("s"), &ticket)) == OK);
	must(WAIT(pool, sinter_sync_done(pool, ticket)) == OK);
	must(WAIT(pool, sinter_snapshot_next(dataset, 0, &snapshot)) == OK);
	send.new_guid = snapshot.guid;
	must(WAIT(pool, sinter_snapshot_open(dataset, snapshot.txg, &send.new)) == OK);
	while (WAIT(pool, sinter_send_frame(&send, span_of(frame), &size)) == OK) {
		must(count < FRAMES);
		frames[count].bytes = malloc(size);
		must(frames[count].bytes != nullptr);
		memcpy(frames[count].bytes, frame, size);
		frames[count++].size = size;
	}
}

static void make_good(void)
{
	static struct world world;
	struct sinter *pool;
	struct dataset *dataset;
	u64 id;
	world_init(&world, 1);
	struct disk *source = world_format(&world, WORLD_UNITS);
	must(world_open(&world, source, &pool) == OK);
	must(sinter_dataset_open(pool, DATASET_ROOT, &dataset) == OK);
	fill(pool, dataset);
	make_frames(pool, dataset);
	sinter_abandon(pool);
	disk_destroy(source);
	target = world_format(&world, WORLD_UNITS);
	must(world_open(&world, target, &pool) == OK);
	must(sinter_dataset_open(pool, DATASET_ROOT, &dataset) == OK);
	must(WAIT(pool, sinter_dataset_create(dataset, VIEW_TEXT("set"), &folder, &id)) == OK);
	must(sinter_close(pool) == OK);
}

static u64 take(const u8 **data, usize *size, usize bytes)
{
	u64 value = 0;
	for (usize i = 0; i < bytes && *size; i++, ++*data, --*size)
		value |= (u64) * *data << (8 * i);
	return value;
}

// Where the next item of a frame begins; its end when there is none.
static usize next_item(const u8 *frame, usize size, usize at)
{
	struct stream_item item;
	if (size - at < sizeof item)
		return size;
	memcpy(&item, frame + at, sizeof item);
	usize whole = sizeof item + ((item.size + 7) & ~(usize)7);
	return whole > size - at ? size : at + whole;
}

// Bytes change; or an item goes, or comes twice.
static void damage(u8 *frame, usize *size, const u8 **data, usize *left)
{
	usize start = sizeof(struct frame_header), at = start;
	u8 how = (u8)take(data, left, 1);
	for (u64 n = take(data, left, 1); n > 0 && next_item(frame, *size, at) < *size; n--)
		at = next_item(frame, *size, at);
	usize end = next_item(frame, *size, at);
	if (how % 8 == 0 && end > at) {
		memmove(frame + at, frame + end, *size - end);
		*size -= end - at;
	} else if (how % 8 == 1 && *size + (end - at) <= STREAM_FRAME_MAX) {
		memmove(frame + end + (end - at), frame + end, *size - end);
		memcpy(frame + end, frame + at, end - at);
		*size += end - at;
	} else if (end > at) {
		at += take(data, left, 1) % (end - at);
		frame[at] = (u8)take(data, left, 1);
	}
}

static err_t receive_all(
	struct sinter *pool, struct sinter_receive *receive, const u8 *data, usize left)
{
	static u8 frame[2 * STREAM_FRAME_MAX];
	u64 sum = 0;
	u32 which = (u32)take(&data, &left, 1) % count;
	for (u32 i = 0; i < count; i++) {
		usize size = frames[i].size;
		struct frame_header *header = (struct frame_header *)(void *)frame;
		memcpy(frame, frames[i].bytes, size);
		while (i == which && left)
			damage(frame, &size, &data, &left);
		header->size = (u32)(size - sizeof *header);
		view_t payload = view_from(frame + sizeof *header, header->size);
		header->sum = frame_sum(header, payload, sum);
		sum = header->sum.word[0];
		TRY(WAIT(pool, sinter_receive_frame(receive, view_from(frame, size))));
	}
	return OK;
}

int LLVMFuzzerTestOneInput(const u8 *data, usize size)
{
	struct world world;
	struct sinter *pool;
	struct dataset *root;
	struct sinter_receive receive = {};
	u64 id;
	if (!target)
		make_good();
	if (size < 4 || size > 200)
		return -1;
	struct disk *disk = disk_copy(target);
	world_init(&world, 2);
	must(world_open(&world, disk, &pool) == OK);
	must(sinter_dataset_open(pool, DATASET_ROOT, &root) == OK);
	must(WAIT(pool, sinter_dataset_find(root, VIEW_TEXT("set"), &id)) == OK);
	must(WAIT(pool, sinter_dataset_open(pool, id, &receive.dataset)) == OK);
	err_t err = receive_all(pool, &receive, data, size);
	if (err != OK)
		(void)WAIT(pool, sinter_receive_abort(receive.dataset));
	sinter_dataset_close(receive.dataset);
	if (err != OK)
		must(WAIT(pool, sinter_dataset_destroy(root, VIEW_TEXT("set"))) == OK);
	must(world_sync(pool) == OK);
	must(operate_check(pool, false));
	must(sinter_close(pool) == OK);
	must(!world.memory);
	disk_destroy(disk);
	return 0;
}
