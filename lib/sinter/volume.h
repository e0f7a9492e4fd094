// SPDX-License-Identifier: MIT
// volume.h - the legs of the pool: requests to one or to all of them, and waiting.
#pragma once

#include "lib/sinter/pool.h"

NONNULL_BEGIN

struct leg *volume_leg(struct sinter *pool, u32 leg);
u32 volume_leg_number(u32 vdev, u32 leg);
// It is no leg of the pool any more.
void volume_forget_leg(struct sinter *pool, u32 leg);
u64 *volume_behind(struct sinter *pool, u32 leg); // in the table: FORMAT.md, section 1
struct leg_errors *volume_errors(struct sinter *pool, u32 leg);
bool volume_is_written(const struct sinter *pool, u32 leg); // good or behind: it can be asked
u32 volume_good_legs(const struct sinter *pool, u32 vdev);

// Asks one leg. There must be room for a request (volume_has_room).
bool volume_has_room(const struct sinter *pool, u32 requests);
bool volume_is_crowded(const struct sinter *pool); // no good moment for what is not needed yet
void volume_submit(struct sinter *pool, struct work *work, u32 leg, struct device_io io);

// Asks all legs of the address's vdev (of all) that are written. False: no room at the moment,
// nothing was asked.
bool volume_write(struct sinter *pool, struct work *work, u64 address, span_t bytes);
bool volume_flush(struct sinter *pool, struct work *work);

bool volume_is_busy(const struct sinter *pool);
void volume_wait(struct sinter *pool); // until some request ended, if any is under way
void volume_wait_for(struct sinter *pool, struct work *work); // until all of these ended

// The three at once, for opening and formatting.
err_t volume_read_now(struct sinter *pool, u32 leg, u64 unit, span_t bytes);
err_t volume_write_now(struct sinter *pool, u32 leg, u64 unit, span_t bytes);
err_t volume_flush_now(struct sinter *pool);

// The value of an expression that waits for devices instead of answering ERR_WOULD_BLOCK.
#define VOLUME_WAITING(pool, expression)                                                           \
	({                                                                                             \
		bool volume_was_blocking = (pool)->is_blocking;                                            \
		(pool)->is_blocking = true;                                                                \
		err_t volume_err = (expression);                                                           \
		(pool)->is_blocking = volume_was_blocking;                                                 \
		volume_err;                                                                                \
	})

NONNULL_END
