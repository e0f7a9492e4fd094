// SPDX-License-Identifier: MIT
// scrub.h - walking all blocks while the pool is in use: a scrub verifies every copy on every leg
// and writes bad ones again; a resilver writes what a leg that is behind has missed.
#pragma once

#include "lib/sinter/btree.h"

NONNULL_BEGIN

void scrub_load(struct sinter *pool); // at opening: one that was interrupted goes on
void scrub_work(struct sinter *pool); // a few blocks
bool scrub_is_active(const struct sinter *pool);
// Freeze: how far it is stands in the pool tree.
err_t scrub_prepare_freeze(struct sinter *pool, struct need *need);
void scrub_freeze(struct sinter *pool);

// The next block on the disk at or behind the walk's place that was born at min_birth or later.
// ERR_NOT_FOUND: no more. Trees may change between two calls: what is older than the walk's begin
// and still in use at its end is met.
err_t scrub_walk_next(struct sinter *pool, struct scrub_walk *walk, pointer_t *out);

NONNULL_END
