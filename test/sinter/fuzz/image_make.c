// SPDX-License-Identifier: MIT
// image_make.c - the smallest pools that hold one of everything: all kinds of files and items,
// records plain and packed, snapshots, a clone, dead lists, a tree that goes, half a stream, a
// paused scrub, an encrypted dataset, a log with all kinds of records, a mirror.
#include <stdlib.h>
#include <string.h>

#include "lib/sinter/dataset.h"
#include "test/sinter/fuzz/image.h"

static const struct sinter_new regular = { .mode = 0100644 }, folder = { .mode = 040755 },
							   node = { .mode = 020600, .device = 0x103 },
							   symbolic = { .mode = 0120777,
								   .target = { (const u8 *)"some/where", 10 } };

static void must(bool is_good)
{
	if (!is_good)
		abort();
}

static u64 create(struct sinter *pool, struct dataset *dataset, u64 directory, view_t name,
	const struct sinter_new *what)
{
	u64 inode;
	must(WAIT(pool, sinter_create(dataset, directory, name, what, &inode)) == OK);
	return inode;
}

static void write_bytes(
	struct sinter *pool, struct dataset *dataset, u64 inode, u64 offset, u32 size)
{
	static u8 bytes[40000];
	memset(bytes, 7, sizeof bytes);
	for (u32 i = 0; i < size; i += 64)
		bytes[i] = (u8)i;
	must(world_write(pool, (struct world_file){ dataset, inode }, offset, view_from(bytes, size)) ==
		 OK);
}

// More than one leaf of small files; a large one with a hole; attributes small and large.
static void fill_root(struct sinter *pool, struct dataset *root)
{
	static u8 value[33000];
	u64 directory = create(pool, root, INODE_ROOT, VIEW_TEXT("d"), &folder), inode = 0;
	(void)create(pool, root, directory, VIEW_TEXT("link"), &symbolic);
	(void)create(pool, root, directory, VIEW_TEXT("node"), &node);
	for (u32 i = 0; i < 14; i++) {
		char name[2] = { 'f', (char)('a' + i) };
		inode = create(pool, root, i % 2 ? INODE_ROOT : directory, view_from(name, 2), &regular);
		write_bytes(pool, root, inode, 0, i == 3 ? 20000 : 1500);
	}
	write_bytes(pool, root, inode, 70000, 9000);
	must(sinter_link(root, inode, directory, VIEW_TEXT("again")) == OK);
	must(sinter_xattr_set(root, inode, VIEW_TEXT("user.x"), VIEW_TEXT("value"), XATTRS_SET) == OK);
	view_t large = view_clamp(view_of(value), 0, 3000);
	must(sinter_xattr_set(root, inode, VIEW_TEXT("user.large"), large, XATTRS_SET) == OK);
	must(
		sinter_xattr_set(root, inode, VIEW_TEXT("user.records"), view_of(value), XATTRS_SET) == OK);
	inode =
		create(pool, root, INODE_ROOT, VIEW_TEXT(""), &regular); // without a name: unfinished work
	must(sinter_hold(root, inode) == OK);
}

static struct dataset *add_set(struct sinter *pool, struct dataset *parent, view_t name)
{
	struct dataset *set;
	u64 id;
	must(WAIT(pool, sinter_dataset_create(parent, name, &folder, &id)) == OK);
	must(WAIT(pool, sinter_dataset_open(pool, id, &set)) == OK);
	return set;
}

static struct sinter_snapshot add_snapshot(struct sinter *pool, struct dataset *set, view_t name)
{
	struct sinter_snapshot snapshot = {};
	u64 ticket;
	must(WAIT(pool, sinter_snapshot_begin(set, name, &ticket)) == OK);
	must(WAIT(pool, sinter_sync_done(pool, ticket)) == OK);
	do
		must(WAIT(pool, sinter_snapshot_next(set, snapshot.txg, &snapshot)) == OK);
	while (!view_equal(view_from(snapshot.name, snapshot.name_size), name));
	return snapshot;
}

// What a stream that broke off after its first items left.
static void receive_half(
	struct sinter *pool, struct dataset *root, struct dataset *set, struct sinter_snapshot snapshot)
{
	static u8 frame[STREAM_FRAME_MAX];
	struct sinter_send send = { .name = VIEW_TEXT("s"), .new_guid = snapshot.guid };
	struct sinter_receive receive = { .dataset = add_set(pool, root, VIEW_TEXT("half")) };
	usize size;
	must(WAIT(pool, sinter_snapshot_open(set, snapshot.txg, &send.new)) == OK);
	for (u32 i = 0; i < 2; i++) {
		must(WAIT(pool, sinter_send_frame(&send, span_of(frame), &size)) == OK);
		must(WAIT(pool, sinter_receive_frame(&receive, view_from(frame, size))) == OK);
	}
	sinter_dataset_close(send.new);
	sinter_dataset_close(receive.dataset);
}

// A dataset with packed records, two snapshots, dead blocks, a quota, and a clone of the first.
static void fill_set(struct sinter *pool, struct dataset *root, u8 method)
{
	struct dataset *set = add_set(pool, root, VIEW_TEXT("set"));
	struct dataset_record values = { .compression = method, .quota = 1000, .reservation = 10 };
	u64 id, inode;
	must(WAIT(pool, sinter_set_properties(set, &values,
						PROPERTY_COMPRESSION | PROPERTY_QUOTA | PROPERTY_RESERVATION)) == OK);
	inode = create(pool, set, INODE_ROOT, VIEW_TEXT("packed"), &regular);
	write_bytes(pool, set, inode, 0, 30000);
	(void)create(pool, set, INODE_ROOT, VIEW_TEXT("old"), &regular);
	struct sinter_snapshot first = add_snapshot(pool, set, VIEW_TEXT("s"));
	write_bytes(pool, set, inode, 3000, 20000);
	must(WAIT(pool, sinter_unlink(set, INODE_ROOT, VIEW_TEXT("old"), false)) == OK);
	(void)add_snapshot(pool, set, VIEW_TEXT("t"));
	write_bytes(pool, set, inode, 100, 100);
	struct sinter_dataset_name clone = { root, VIEW_TEXT("clone") };
	must(WAIT(pool, sinter_clone(set, first.txg, clone, &id)) == OK);
	receive_half(pool, root, set, first);
	sinter_dataset_close(set);
}

static void fill_sealed(struct image *image, struct sinter *pool, struct dataset *root)
{
	struct sinter_secret secret = { .passphrase = VIEW_TEXT("x"), .memory_kib = 8, .passes = 1 };
	struct dataset *set = add_set(pool, root, VIEW_TEXT("sealed"));
	must(WAIT(pool, sinter_key_protect(set, &secret)) == OK);
	image->key = set->key;
	image->sealed = set->record.id;
	write_bytes(pool, set, create(pool, set, INODE_ROOT, VIEW_TEXT("secret"), &regular), 0, 5000);
	sinter_dataset_close(set);
}

// Two datasets with more than one leaf each are destroyed: the second tree is still there.
static void destroy_some(struct sinter *pool, struct dataset *root)
{
	static const view_t names[] = { VIEW_TEXT("gone"), VIEW_TEXT("going") };
	for (u32 i = 0; i < 2; i++) {
		struct dataset *set = add_set(pool, root, names[i]);
		for (u32 n = 0; n < 12; n++)
			write_bytes(pool, set,
				create(pool, set, INODE_ROOT, view_from(&"abcdefghijkl"[n], 1), &regular), 0, 1900);
		must(world_sync(pool) == OK);
		sinter_dataset_close(set);
	}
	for (u32 i = 0; i < 2; i++)
		must(WAIT(pool, sinter_dataset_destroy(root, names[i])) == OK);
}

// One record of each kind behind the last root, in two groups.
static void fill_log(struct sinter *pool, struct dataset *root)
{
	struct sinter_xattr change = {
		.name = VIEW_TEXT("user.y"), .value = VIEW_TEXT("z"), .sets_mode = true, .mode = 0640
	};
	struct inode_record values = { .mode = 0600, .user = 5 };
	u64 inode = create(pool, root, INODE_ROOT, VIEW_TEXT("logged"), &regular);
	write_bytes(pool, root, inode, 0, 5000);
	must(sinter_xattr_change(root, inode, &change) == OK);
	must(world_fsync(pool, root, inode) == OK);
	must(sinter_link(root, inode, INODE_ROOT, VIEW_TEXT("linked")) == OK);
	must(sinter_rename(root, (struct sinter_name){ INODE_ROOT, VIEW_TEXT("fb") },
			 (struct sinter_name){ INODE_ROOT, VIEW_TEXT("fh") }, RENAMES_EXCHANGE) == OK);
	must(sinter_set_attributes(root, inode, &values, ATTRIBUTE_MODE | ATTRIBUTE_USER) == OK);
	must(WAIT(pool, sinter_unlink(root, INODE_ROOT, VIEW_TEXT("fj"), false)) == OK);
	must(WAIT(pool, sinter_truncate(root, inode, 4000)) == OK);
	must(world_fsync(pool, root, inode) == OK);
}

struct disk *image_make(struct image *image, bool is_mirror)
{
	static struct world world;
	struct sinter *pool;
	struct dataset *root;
	world_init(&world, 1);
	image->shape = (struct world_shape){
		.units = WORLD_UNITS, .disks = is_mirror ? 2 : 1, .legs = is_mirror ? 2 : 1
	};
	struct disk *disk = world_format_shape(&world, image->shape);
	must(world_open_root(&world, disk, &pool, &root) == OK);
	fill_root(pool, root);
	if (!is_mirror) {
		fill_set(pool, root, COMPRESS_ZSTD);
		fill_sealed(image, pool, root);
		must(sinter_scrub_begin(pool) == OK && sinter_scrub_pause(pool) == OK);
		destroy_some(pool, root);
	}
	must(world_sync(pool) == OK);
	fill_log(pool, root);
	sinter_abandon(pool);
	return disk;
}
