// SPDX-License-Identifier: MIT
// open.h - what opening and formatting share: the memory of a pool.
#pragma once

#include "lib/sinter/pool.h"

NONNULL_BEGIN

struct sinter *_Nullable open_allocate(
	const struct port *port, const struct device *devices, u32 count);
// Once the configuration is known: cache, zones, log. 0: the usual size.
err_t open_memory(struct sinter *pool, u32 frames, u32 loaded_zones);

NONNULL_END
