// SPDX-License-Identifier: MIT
// fuse_past.c - the directory .snapshots of a mount, which no listing of the root shows: in it each
// snapshot by its name, to read only. Inode numbers in there have the number of an opened snapshot
// in their upper bits; snapshots that nobody used for long are closed again, and their numbers are
// never used a second time soon: then the kernel looks the name up again.
#include "tools/sinter/mount.h"

#include <sys/stat.h>

constexpr u32 PAST_SHIFT = 55;
constexpr u32 PAST_DIRECTORY = 511; // number of .snapshots itself
constexpr u64 INODE_MASK = ((u64)1 << PAST_SHIFT) - 1;

bool mount_is_past(u64 inode)
{
	return inode >> PAST_SHIFT != 0;
}

bool mount_is_past_directory(u64 inode)
{
	return inode >> PAST_SHIFT == PAST_DIRECTORY;
}

static u64 join(u64 number, u64 inode)
{
	return number << PAST_SHIFT | inode;
}

u64 mount_past_directory(void)
{
	return join(PAST_DIRECTORY, INODE_ROOT);
}

u64 mount_outside(u64 near, u64 inode)
{
	return join(near >> PAST_SHIFT, inode);
}

err_t mount_place(struct mount *mount, u64 inode, struct mount_place *out)
{
	*out = (struct mount_place){ .dataset = mount->image->root, .inode = inode & INODE_MASK };
	if (!mount_is_past(inode))
		return OK;
	for (u32 i = 0; i < COUNT(mount->past); i++) {
		struct past *past = &AT(mount->past, i);
		if (!past->dataset || past->number != inode >> PAST_SHIFT)
			continue;
		past->used = ++mount->uses;
		out->dataset = past->dataset;
		out->past = past;
		return OK;
	}
	return ERR_REVOKED;
}

// A free place, or that of the snapshot longest not used.
static struct past *_Nullable find_free(struct mount *mount)
{
	struct past *best = nullptr;
	for (u32 i = 0; i < COUNT(mount->past); i++) {
		struct past *past = &AT(mount->past, i);
		if (!past->dataset)
			return past;
		if (!past->opens && (!best || past->used < best->used))
			best = past;
	}
	if (best) {
		sinter_dataset_close(best->dataset);
		best->dataset = nullptr;
	}
	return best;
}

static err_t open_past(struct mount *mount, u64 txg, u64 *out)
{
	for (u32 i = 0; i < COUNT(mount->past); i++) {
		struct past *past = &AT(mount->past, i);
		if (past->dataset && past->txg == txg)
			return *out = join(past->number, INODE_ROOT), OK;
	}
	struct past *past = find_free(mount);
	if (!past)
		return ERR_BUSY;
	TRY(MOUNT_WAIT(mount, sinter_snapshot_open(mount->image->root, txg, &past->dataset)));
	mount->numbers = mount->numbers % (PAST_DIRECTORY - 1) + 1;
	past->number = mount->numbers;
	past->txg = txg;
	past->used = ++mount->uses;
	*out = join(past->number, INODE_ROOT);
	return OK;
}

err_t mount_past_lookup(struct mount *mount, view_t name, u64 *out)
{
	struct sinter_snapshot snapshot = {};
	while (true) {
		TRY(MOUNT_WAIT(mount, sinter_snapshot_next(mount->image->root, snapshot.txg, &snapshot)));
		if (!snapshot.is_dying &&
			view_equal(name, view_clamp(view_of(snapshot.name), 0, snapshot.name_size)))
			return open_past(mount, snapshot.txg, out);
	}
}

// The cookie is the snapshot's txg.
err_t mount_past_next(struct mount *mount, u64 cookie, struct sinter_entry *out)
{
	struct sinter_snapshot snapshot = { .txg = cookie };
	do
		TRY(MOUNT_WAIT(mount, sinter_snapshot_next(mount->image->root, snapshot.txg, &snapshot)));
	while (snapshot.is_dying);
	*out = (struct sinter_entry){
		.inode = snapshot.txg, .cookie = snapshot.txg, .type = 4, .name_size = snapshot.name_size
	};
	memory_copy(out->name, snapshot.name, snapshot.name_size);
	return OK;
}

void mount_past_stat(struct stat *out)
{
	*out = (struct stat){ .st_ino = mount_past_directory(),
		.st_mode = S_IFDIR | 0555,
		.st_nlink = 2,
		.st_blksize = RECORD_SIZE };
}

void mount_close_past(struct mount *mount)
{
	for (u32 i = 0; i < COUNT(mount->past); i++)
		if (AT(mount->past, i).dataset)
			sinter_dataset_close(AT(mount->past, i).dataset);
}
