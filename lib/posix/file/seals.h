// SPDX-License-Identifier: MIT
// seals.h - what may no longer be done to a memfd: in its description, detail[0]. Seals are the
// word of the library that has it; who gets the memory itself through a socket gets a description
// of its own.
#pragma once

#include "lib/posix/file/operations.h"

NONNULL_BEGIN
i64 seals_allow_write(const struct file *file, const struct transfer *transfer);
i64 seals_allow_resize(const struct file *file, u64 size);
bool seals_allow_shared_writing(const struct file *file); // mmap
i64 seals_add(const struct file *file, u32 seals);        // fcntl
i64 seals_get(const struct file *file);
NONNULL_END
