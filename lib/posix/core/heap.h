// SPDX-License-Identifier: MIT
// heap.h - memory in the process area: private to the process, copied by fork (copy-on-write) and
// handed on by exec at the same addresses, so pointers in it hold. Power-of-two pieces from 32
// bytes on; freed pieces are kept for their size. Any thread may call.
#pragma once

#include "abi/errors.h"
#include "lib/base/view.h"
#include "lib/posix/core/lock.h"

NONNULL_BEGIN

constexpr u32 HEAP_CLASSES = 24; // 32 bytes ... 256 MiB

struct heap {
	struct posix_lock lock;
	u64 free[HEAP_CLASSES]; // address of the first free piece; each begins with the next's
};

// Zeroed memory; null: the area is full (-ENOMEM).
void *_Nullable heap_take(usize size);
void heap_give(void *_Nullable memory, usize size); // the size it was taken with

NONNULL_END
