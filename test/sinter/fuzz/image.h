// SPDX-License-Identifier: MIT
// image.h - a good image, prepared once, as a graph of what a sum protects: blocks, bitmaps, groups
// of the log, superblocks, labels. A run changes things of it, and only the sums along the way from
// a changed thing to its superblocks are made again. Afterwards only what differs is put back.
#pragma once

#include "lib/sinter/pointer.h"
#include "lib/sinter/seal.h"
#include "test/sinter/world.h"

NONNULL_BEGIN

enum {
	IMAGE_DISKS = 2,
	IMAGE_UNITS = WORLD_UNITS * IMAGE_DISKS,
	IMAGE_PLACES = LABELS * IMAGE_DISKS,
	IMAGE_THINGS = 1024,
	IMAGE_LINKS = 4096,
	IMAGE_THING_UNITS = 64,
};

enum thing_kind : u8 {
	THING_NODE,
	THING_RECORD,
	THING_BITMAP,
	THING_LOG,
	THING_SUPERBLOCK,
	THING_CONFIG
};

// What one sum protects, at all places where it stands. Edits are made at the first one.
struct thing {
	enum thing_kind kind;
	bool is_changed;
	u32 units, places;
	u64 place[IMAGE_PLACES]; // units of all disks in a row
};

// Thing `parent` holds, at byte `at`, the sum of thing `child`, or a pointer to it.
struct link {
	u32 parent, child, at;
};

struct image {
	struct world_shape shape;
	struct disk *disk; // owned; reads and writes go to `now`
	u8 *good, *now;    // owned, IMAGE_UNITS units
	u64 dirty[IMAGE_UNITS / 64];
	u32 dirty_list[IMAGE_UNITS], dirty_count; // what differs from good
	struct thing things[IMAGE_THINGS];        // a child is before its parents
	u32 thing_count;
	struct link links[IMAGE_LINKS];
	u32 link_count;
	u64 pool_items, dataset_items; // bit a kind: there is at least one
	struct seal_key key;           // of the encrypted dataset
	u64 sealed;                    // its number
};

// image_make.c: a pool with one of everything on one disk, or a smaller one on a mirror.
struct disk *image_make(struct image *image, bool is_mirror);

// image_graph.c. Takes the disk over.
void image_take(struct image *image, struct disk *disk);
u8 *image_bytes(struct image *image, struct thing *thing);                   // at its first place
void image_touch(struct image *image, u64 unit);                             // it will differ
void image_change(struct image *image, struct thing *thing);                 // the same of a thing
void image_spread(struct image *image, struct thing *thing, const u8 *from); // to all places
void image_mend(struct image *image);                                        // sums of what changed
void image_restore(struct image *image);

// image_damage.c: changes what the input says, mends, then changes what is to be wrong.
void image_damage(struct image *image, const u8 *data, usize size);

NONNULL_END
