// SPDX-License-Identifier: MIT
// read.h - reading one block: which copies on which legs to try, what makes one good, healing.
#pragma once

#include "lib/sinter/volume.h"

NONNULL_BEGIN

// Could this pointer lead to a block of this pool at all?
bool read_is_possible(const struct sinter *pool, const pointer_t *pointer);
bool read_is_address(const struct sinter *pool, u64 address, u32 units);

// Are these the stored bytes that the pointer means?
bool read_is_good(const pointer_t *pointer, view_t stored);

// Attempt a at a block: copy a mod copies, on leg a / copies of its vdev.
u32 read_attempts(const pointer_t *pointer);
u64 read_address(const pointer_t *pointer, u32 attempt);
u32 read_leg(const pointer_t *pointer, u32 attempt);

void read_start(struct sinter *pool, struct buffer *buffer);
// What arrived is the block; it is unpacked, and bad copies found on the way are written again.
// Else ERR_CORRUPT.
err_t read_verify(struct sinter *pool, struct buffer *buffer);
// Asks for the next copy. ERR_CORRUPT or ERR_IO: that was the last one.
err_t read_try_next(struct sinter *pool, struct buffer *buffer);

NONNULL_END
