// SPDX-License-Identifier: MIT
// sets.h - what datasets (sets.c), clones (clone.c) and received ones (receive.c) share.
#pragma once

#include "lib/sinter/dataset.h"
#include "lib/sinter/named.h"

NONNULL_BEGIN

// Where a new dataset is inserted: ERR_EXISTS, ERR_DEPTH, names that cannot be.
err_t sets_prepare_new(struct dataset *parent, view_t name, struct found *found, struct need *need);
// Puts a dataset of this record there; answers its place, with no users yet. The record's id,
// parent, guid, times and keys are filled in. A place is free.
struct dataset *sets_add(struct dataset *parent, view_t name, const struct found *found,
	const struct dataset_record *record);

// Nobody but the caller has it open, and all it did is frozen.
err_t sets_prepare_alone(struct dataset *dataset);

NONNULL_END
