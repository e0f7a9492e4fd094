// SPDX-License-Identifier: MIT
// contents.h - bytes of memory objects and the program's memory.
#pragma once

#include "lib/posix/file/operations.h"

NONNULL_BEGIN
// Bytes moved, or -errno if none were. Reading ends at the length.
i64 contents_read(handle_t memory, u64 offset, u64 address, u64 size);
i64 contents_write(handle_t memory, u64 offset, u64 address, u64 size);
// Of an open regular file or memfd.
i64 contents_length(const struct file *file, u64 *out);
NONNULL_END
