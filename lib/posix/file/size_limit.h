// SPDX-License-Identifier: MIT
// size_limit.h - RLIMIT_FSIZE: how large a file this process may make (setrlimit(2)).
#pragma once

#include "lib/posix/core/thread.h"

NONNULL_BEGIN

// Bytes from offset on: as many as the limit lets be written. -EFBIG: none, and SIGXFSZ is on its
// way.
i64 size_limit_write(struct posix_thread *self, u64 offset, u64 *size);

// The same for a length that a file shall grow to; what it already has it keeps.
i64 size_limit_grow(struct posix_thread *self, u64 length, u64 end);

NONNULL_END
