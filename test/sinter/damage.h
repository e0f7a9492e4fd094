// SPDX-License-Identifier: MIT
// damage.h - what happens to a disk at rest: bits flip, writes were lost or went elsewhere. Where
// it can happen (every unit that a pool uses, every block of several units), and the damage itself,
// which is undone at once: reads and writes of the disk go through an overlay.
#pragma once

#include "lib/sinter/sinter.h"
#include "test/sinter/disk.h"

NONNULL_BEGIN

enum damage_kind : u8 {
	DAMAGE_FLIP,      // one bit
	DAMAGE_ZERO,      // zeros
	DAMAGE_STALE,     // what stood there before it was written last
	DAMAGE_MISDIRECT, // what another place of the same class holds
	DAMAGE_SWAP,      // and that one holds what belongs here
	DAMAGE_KINDS,
};

enum target_class : u8 {
	TARGET_CONFIG,
	TARGET_SUPERBLOCK,
	TARGET_LOG,
	TARGET_BITMAP,
	TARGET_NODE,
	TARGET_RECORD,
	TARGET_CLASSES,
};

struct target {
	u64 unit; // on its leg
	u32 units;
	u32 block; // its number; the same for all copies of a block and their units
	enum target_class class;
};

struct targets {
	struct target *_Nullable items; // owned, count; ordered by class
	u32 count, size, blocks;
	u32 first[TARGET_CLASSES + 1]; // of each class
};

// Labels, bitmaps and all blocks of the newest root of an open pool that has nothing unsynced, on
// one top-level device.
err_t targets_find(struct targets *targets, struct sinter *pool, const struct disk *disk);
void targets_add_log(struct targets *targets, u64 unit, u32 units); // one group
void targets_sort(struct targets *targets);                         // when all are there
void targets_fini(struct targets *targets);

struct damage {
	struct disk *disk;                             // borrowed
	struct disk_unit *_Nullable *_Nonnull changed; // owned; null: as on the disk
	const struct disk_unit *_Nullable
		*_Nonnull earlier; // borrowed from the disk's log, kept since it was formatted
	u64 *written;          // owned: units in changed
	u32 written_count;
};

void damage_init(struct damage *damage, struct disk *disk); // of what is on it now
void damage_fini(struct damage *damage);
void damage_undo(struct damage *damage); // and all that was written since

// What number of this target. seed chooses the bit and the other place. False: it would change
// nothing, and nothing was done.
struct damage_case {
	const struct target *target;
	enum damage_kind kind;
	u32 leg;
	u64 seed;
};
bool damage_do(struct damage *damage, const struct targets *targets, struct damage_case what);

// As it is now, each label of the leg holds the newest configuration.
bool damage_labels_are_whole(const struct damage *damage, u32 leg);

extern const char *_Nonnull const damage_names[DAMAGE_KINDS];
extern const char *_Nonnull const target_names[TARGET_CLASSES];

NONNULL_END
