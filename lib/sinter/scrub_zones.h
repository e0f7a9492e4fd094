// SPDX-License-Identifier: MIT
// scrub_zones.h - what a scrub or resilver looks at besides blocks: bitmaps and labels. These wait
// for the device: they are few.
#pragma once

#include "lib/sinter/pool.h"

NONNULL_BEGIN

bool scrub_zone(struct sinter *pool, u32 zone); // false: call again
void scrub_labels(struct sinter *pool);         // configurations that are damaged are written again
void scrub_drop_leaving(struct sinter *pool);   // replaced legs leave the table

NONNULL_END
