// SPDX-License-Identifier: MIT
// space.h - zones and their bitmaps: what is allocated, what may be, what a commit writes of it.
// FORMAT.md, section 5. A zone is used only while its bitmaps are loaded.
#pragma once

#include "lib/sinter/pool.h"

NONNULL_BEGIN

enum space_class : u8 { SPACE_METADATA, SPACE_DATA };

// Memory for the zones of all vdevs, once these are known. Zones have numbers of the whole pool
// here.
err_t space_init(struct sinter *pool, u32 loaded_zones);
void space_fini(struct sinter *pool);
void space_recount(struct sinter *pool); // after an init that failed, with the old zones

u64 space_zone_address(const struct sinter *pool, u32 zone); // of its first unit
u32 space_header_units(const struct sinter *pool);
struct zone *space_zone(struct sinter *pool, u32 zone);
u32 space_zone_of(const struct sinter *pool, u64 address); // the address is one of this pool
u32 space_bit_of(const struct sinter *pool, u64 address);  // number of the unit in its zone
tree_key_t space_zone_key(const struct sinter *pool, u32 zone);

// Bitmaps of the zone into memory. ERR_WOULD_BLOCK: being read, or all places are taken until a
// commit.
err_t space_load(struct sinter *pool, u32 zone);
bool space_is_crowded(struct sinter *pool); // some places are kept for the commit
void space_forget(struct sinter *pool);     // unloads all; nothing is changed or under way
err_t space_load_for(struct sinter *pool, const pointer_t *pointer); // all its zones, to free it
// Enough zones loaded to allocate so many chunks in the next freeze? ERR_NO_SPACE: the pool has not
// so many, even if all that is freed had matured... then *may_mature is false.
err_t space_ready(struct sinter *pool, u64 chunks, bool *may_mature);

// During freeze. space_ready promised that there is room: if there is none the image is corrupt,
// which pool->failure tells, and the answer is 0. Other copies are avoided.
u64 space_allocate(struct sinter *pool, u32 units, enum space_class class, const pointer_t *others);
// Zones are loaded. What is not allocated makes the pool fail: a damaged tree.
void space_free(struct sinter *pool, const u64 addresses[COPIES_MAX], u32 units);

// The zone has bitmaps on the disk and its record in the pool tree from the next root on.
void space_make_record(struct sinter *pool, u32 zone);

// Freeze: the changed zones get their next bitmap and record; space_write submits them (false: call
// again when requests ended). space_settle: the txg is durable.
void space_freeze(struct sinter *pool, u64 txg);
bool space_write(struct sinter *pool, struct work *work, u32 *next);
void space_settle(struct sinter *pool);
u64 space_units_free(struct sinter *pool); // by the records

NONNULL_END
