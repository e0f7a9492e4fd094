// SPDX-License-Identifier: MIT
// volume.h - the legs of the pool: requests to one or to all of them, and waiting.
#pragma once

#include "lib/sinter/pool.h"

NONNULL_BEGIN

void volume_init(struct sinter *pool, const struct device *devices, u32 count);

// Asks one leg. There must be room for a request (volume_has_room).
bool volume_has_room(const struct sinter *pool, u32 requests);
bool volume_is_crowded(const struct sinter *pool); // no good moment for what is not needed yet
void volume_submit(struct sinter *pool, struct work *work, u32 leg, struct device_io io);

// Asks all legs that have not failed. False: no room at the moment, nothing was asked.
bool volume_write(struct sinter *pool, struct work *work, u64 unit, span_t bytes);
bool volume_flush(struct sinter *pool, struct work *work);

u32 volume_legs(const struct sinter *pool); // that have not failed
bool volume_is_busy(const struct sinter *pool);
void volume_wait(struct sinter *pool); // until some request ended, if any is under way
void volume_wait_for(struct sinter *pool, struct work *work); // until all of these ended

// The two at once, for opening and formatting.
err_t volume_read_now(struct sinter *pool, u32 leg, u64 unit, span_t bytes);
err_t volume_write_now(struct sinter *pool, u32 leg, u64 unit, span_t bytes);

NONNULL_END
