// SPDX-License-Identifier: MIT
// zone.h - the bitmaps of one zone: the open one, and those of the roots that must stay intact.
#pragma once

#include "lib/sinter/space.h"

NONNULL_BEGIN

constexpr u64 FIRST_OF_CHUNKS = 0x1111111111111111; // bit 0 of each four

// A bit for the first unit of each chunk of the word that is wholly free.
static inline u64 zone_chunks(u64 busy)
{
	u64 any = busy | busy >> 1;
	any |= any >> 2;
	return ~any & FIRST_OF_CHUNKS;
}

u64 *zone_word(struct sinter *pool, u32 zone, u32 word); // of the open bitmap
u64 zone_busy(struct sinter *pool, u32 zone, u32 word);  // allocated now or in a kept root
u32 zone_free_chunks(struct sinter *pool, u32 zone);     // of the open bitmap
void zone_count(struct sinter *pool, u32 zone);          // sets available
// Where bitmap number place of a zone stands, and where its copy does.
u64 zone_place(const struct sinter *pool, u32 zone, u32 place);
u64 zone_copy_place(struct sinter *pool, u32 zone, u32 place);
// Bitmap number version of a loaded zone, 0 the newest that is on the disk, and its place. False:
// it is not kept.
bool zone_version(struct sinter *pool, u32 zone, u32 version, span_t *bitmap, u32 *place);
// Is it the bitmap of this zone, undamaged?
bool zone_verify(const struct sinter *pool, u32 zone, struct bitmap *bitmap);

NONNULL_END
