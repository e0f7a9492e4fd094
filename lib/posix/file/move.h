// SPDX-License-Identifier: MIT
// move.h - bytes from any open file into any other (event/move.c).
#pragma once

#include "lib/posix/file/operations.h"

NONNULL_BEGIN

struct moving {
	struct file from, to;
	u64 *_Nullable from_offset, *_Nullable to_offset; // moved along; null: the descriptions'
	u64 size;
	bool waits;    // for the first bytes
	bool is_whole; // and for all others
};

// Bytes moved, 0 at the end of the source, or -errno.
[[gnu::weak]] i64 event_move(struct posix_thread *self, const struct moving *moving);

NONNULL_END
