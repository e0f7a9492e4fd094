// SPDX-License-Identifier: MIT
// check_local.h - what the two halves of the verifier share: blocks (check.c), names
// (check_names.c).
#pragma once

#include "lib/sinter/btree.h"
#include "lib/sinter/check.h"

NONNULL_BEGIN

void check_complain(struct sinter_check *check, const char *what, u64 a, u64 b);

// Datasets against each other: names, parents, origins, snapshots. ERR_NO_MEMORY.
err_t check_sets(struct sinter *pool, struct sinter_check *check);

// All items of a dataset's tree, against each other.
err_t check_names(struct btree *tree, struct sinter_check *check);

NONNULL_END
