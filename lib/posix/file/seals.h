// SPDX-License-Identifier: MIT
// seals.h - what may no longer be done to a memfd: in its description, detail[1]. Seals are the
// word of the library that has it: who gets the memory itself through a socket keeps to them, but
// is not told of them, since the sender could be lying (received.c).
#pragma once

#include "lib/posix/file/operations.h"
#include "lib/posix/linux/fcntl.h"

NONNULL_BEGIN
constexpr u32 SEALS_ALL =
	F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_FUTURE_WRITE;
constexpr u64 SEALS_UNPROVEN = 1u << 31; // another's word
i64 seals_allow_write(const struct file *file, const struct transfer *transfer);
i64 seals_allow_resize(const struct file *file, u64 size);
bool seals_allow_shared_writing(const struct file *file); // mmap
i64 seals_add(const struct file *file, u32 seals);        // fcntl
i64 seals_get(const struct file *file);
NONNULL_END
