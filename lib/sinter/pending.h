// SPDX-License-Identifier: MIT
// pending.h - work that is too long for one step: contents of inodes without names, records behind
// the end of a file. It stands in PENDING items, so a crash only delays it.
#pragma once

#include "lib/sinter/btree.h"

NONNULL_BEGIN

tree_key_t pending_key(u64 inode);

void pending_work(struct sinter *pool); // a few steps, of whatever dataset
// All of one file's records behind its end, before it may grow. ERR_WOULD_BLOCK: call again.
err_t pending_trim(struct dataset *dataset, u64 inode);

constexpr u32 PENDING_STEP = 8; // items removed in one step

// Removes up to PENDING_STEP items from key on, all of this inode and at most this kind; the step
// is a change of its own. *out: how many.
err_t pending_remove(struct dataset *dataset, tree_key_t from, tree_key_t end, u64 inode, u32 *out);

// Something in the dataset may be unfinished: from now on pending_work looks at it again.
void pending_look_again(struct dataset *dataset);

NONNULL_END
