// SPDX-License-Identifier: MIT
// garbage.h - trees that nobody uses any more, of destroyed datasets and of states that were rolled
// back: their blocks are freed in steps, after a crash too.
#pragma once

#include "lib/sinter/btree.h"

NONNULL_BEGIN

// The dataset's tree becomes garbage, but for blocks born up to keep; so does its dead list. The
// root is on the disk (dataset_settle). Prepare, then, when admitted, add.
err_t garbage_prepare(struct dataset *dataset, struct need *need);
void garbage_add(struct dataset *dataset, u64 keep);

void garbage_work(struct sinter *pool); // some steps

NONNULL_END
