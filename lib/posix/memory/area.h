// SPDX-License-Identifier: MIT
// area.h - the program's address space as the library keeps it: the break, and what was mapped.
#pragma once

#include "lib/base/view.h"
#include "lib/posix/core/lock.h"

NONNULL_BEGIN

struct area_state {
	struct posix_lock lock;
	u64 break_start, break_end; // [start, end): set by exec, moved by brk
};

NONNULL_END
