// SPDX-License-Identifier: MIT
// label.h - the four labels of each leg: configuration and the ring of superblocks.
#pragma once

#include "lib/sinter/pool.h"

NONNULL_BEGIN

u64 label_unit(u64 units, u32 label); // of a device so large: where label 0 to 3 begins

// The newest valid configuration of one leg. ERR_NOT_FOUND: no pool. ERR_UNSUPPORTED: a newer
// version.
err_t label_read_config(struct sinter *pool, u32 leg, struct config_block *out);
// Writes what the pool is now, with the next sequence number, to the places of leg->label_units.
err_t label_write_config(struct sinter *pool, u32 leg);
bool label_is_whole(struct sinter *pool, u32 leg); // all labels hold its newest configuration
err_t label_clear(struct sinter *pool, u32 leg);   // zeros: no pool is found here any more

// What the rings of all legs hold.
struct label_newest {
	u64 txg; // 0: none
	sum_t root;
};
struct label_found {
	u8 ring[RING_PLACES * UNIT_SIZE];         // one being read
	struct superblock supers[KEEP_ROOTS + 1]; // the newest, of different txgs, newest first
	u32 count;
	struct label_newest newest[LEGS_ALL]; // of each leg
};
void label_find_supers(struct sinter *pool, struct label_found *found); // starts zeroed

// Erases superblocks of txgs above this one from a leg: roots that do not verify, or of a time
// when it was away.
err_t label_erase_above(struct sinter *pool, u32 leg, u64 txg);

// Submits txg.super to its two labels on all good legs. False: call again.
bool label_write_super(struct sinter *pool, struct work *work, u32 *next);

NONNULL_END
