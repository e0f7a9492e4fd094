// SPDX-License-Identifier: MIT
// rig.h - a pool of several disks beside its model: made, opened with some of the disks, filled.
#pragma once

#include "test/sinter/operate.h"

NONNULL_BEGIN

enum { RIG_DISKS = 8 };

struct rig {
	struct world world;
	struct disk *_Nullable disks[RIG_DISKS]; // owned
	u32 count;
	struct sinter *pool;
	struct dataset *dataset;
	struct model model;
	u64 round; // of filling
};

// Top-level devices of so many legs each.
void rig_format(struct rig *rig, u32 disks, u32 legs, u8 copies);
// With the disks whose bits are set, in another order than they were made with.
err_t rig_open(struct rig *rig, u32 disks);
constexpr u32 RIG_ALL = UINT32_MAX;
bool rig_fill(struct rig *rig, u32 operations); // random operations, then a sync
bool rig_load(struct rig *rig);                 // some files of 100 KB
bool rig_is_right(struct rig *rig);             // as the model says; and check finds nothing
void rig_stop(struct rig *rig);                 // the pool is closed already; all memory is back

void rig_noise(struct disk *disk, u64 unit);
u64 rig_from_environment(const char *name, u64 otherwise);

NONNULL_END
