// SPDX-License-Identifier: MIT
// receive.h - what the halves of receiving share: the stream (receive.c), one item
// (receive_item.c).
#pragma once

#include "lib/sinter/dataset.h"

NONNULL_BEGIN

// One step: puts, replaces or removes one item of the dataset's tree. ERR_CORRUPT: such an item
// cannot be in a tree.
err_t receive_item(struct dataset *dataset, const struct stream_item *item, view_t bytes);

NONNULL_END
