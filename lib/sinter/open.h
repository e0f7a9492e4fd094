// SPDX-License-Identifier: MIT
// open.h - what opening and formatting share: the memory of a pool.
#pragma once

#include "lib/sinter/pool.h"

NONNULL_BEGIN

// Device i is leg i until the table tells where it belongs (table.h).
struct sinter *_Nullable open_allocate(
	const struct port *port, const struct device *devices, u32 count);
err_t open_memory(struct sinter *pool, u32 frames); // cache, log. 0: the usual size
// Zones, once the table is known; also again. 0: as many loaded as usual.
err_t open_space(struct sinter *pool, u32 loaded_zones);
err_t open_zone_records(struct sinter *pool); // what the tree says of all zones
void open_report(struct sinter *pool, const char *sentence, u64 number);

NONNULL_END
