// SPDX-License-Identifier: MIT
// txg.h - transaction groups: admission of changes, and the commit as a machine of phases that
// txg_work moves on. FORMAT.md, section 6.
#pragma once

#include "lib/sinter/btree.h"

NONNULL_BEGIN

// May a change with this need be made now? OK: it cannot fail any more for want of frames or space.
// ERR_WOULD_BLOCK: after a commit. ERR_NO_SPACE, ERR_READ_ONLY.
err_t txg_admit(struct sinter *pool, const struct need *need);

// A write failed: from now on the pool is read-only, and syncs answer ERR_IO.
void txg_fail(struct sinter *pool, err_t err);
void txg_want(struct sinter *pool, u64 txg); // commit until this one is durable
err_t txg_wait(struct sinter *pool); // what is open must be committed first: ERR_WOULD_BLOCK
void txg_work(struct sinter *pool);
err_t txg_durable(const struct sinter *pool, u64 txg); // ERR_WOULD_BLOCK: not yet; ERR_IO: never

// Opening and formatting: commits now, waiting.
err_t txg_commit_now(struct sinter *pool, bool is_closing);

NONNULL_END
