// SPDX-License-Identifier: MIT
// told.h - what was told last of some files of /proc, for who reads on. Forgotten in turn.
#pragma once

#include "abi/types.h"
#include "lib/base/attributes.h"

NONNULL_BEGIN

constexpr u32 FILE_TEXT_MAX = 256 * 1024;

struct told {
	u64 badge; // which file, to whom
	u64 next;  // where the last read ended
	u64 made_ns;
	usize used, room; // as much of it as was wanted: room full: there may be more
	u8 text[FILE_TEXT_MAX];
};

// The one of which the next part is wanted, or any if it is of now: many may read one file at once.
struct told *_Nullable told_find(u64 badge, u64 offset);
// In place of the one before of the same file, or of the oldest.
struct told *told_make(u64 badge);

NONNULL_END
